"""No request of this process reaches a real host that a fake owns or owned."""

import asyncio
import gc
import http.client
import re
import socket
import ssl
import sys
import urllib.error
import urllib.request
import weakref

import aiohttp
import httpx
import pytest
import requests
import urllib3

from pytest_apigee.errors import FencedHostError
from pytest_apigee.transports.fence import admit, fence_hosts
from pytest_apigee.transports.requests import open_door
from pytest_apigee.transports.switchboard import Fenced, Switchboard, switchboard


def not_answered(host):
    return (
        f"{host} is a host of Apigee Edge and a fake Edge is open, but this client is not answered in process: "
        "requests and urllib3 are. Use one of them here, or call the fake itself: apigee.handle(Request(...))."
    )


def closed(host, because="this process used a fake Edge"):
    return (
        f"{host} is a host of Apigee Edge and {because}, so no request may reach the real one. "
        "Open a fake (the apigee fixture or fake_edge()) around this call (in a test that uses apigee_shared or "
        "a fixture of yours, name that fixture among the test's arguments)."
    )


def by_socket(url, proxy):
    socket.create_connection((url.host, 443), timeout=5)


def by_bytes(url, proxy):
    socket.getaddrinfo(url.host.encode(), None)


def by_gethostbyname(url, proxy):
    socket.gethostbyname(url.host)


def by_gethostbyname_ex(url, proxy):
    socket.gethostbyname_ex(url.host)


def by_gethostbyaddr(url, proxy):
    socket.gethostbyaddr(url.host)


def by_raw_socket(url, proxy):
    sys.audit("socket.connect", None, (url.host, 443))  # what `connect` tells when it has resolved the name


def by_http_client(url, proxy):
    http.client.HTTPSConnection(url.host, timeout=5).request("GET", "/")


def by_http_client_through_a_proxy(url, proxy):
    client = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=5)
    client.set_tunnel(url.host)
    client.request("GET", "/")


def by_http_client_with_a_whole_url(url, proxy):
    client = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)
    try:
        client.request("GET", f"http://{url.host}/x")
    finally:
        client.close()


def by_urllib(url, proxy):
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"https://{url.host}/", timeout=5)


def by_urllib_through_a_proxy(url, proxy):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy.url}))
    opener.open(f"http://{url.host}/", timeout=5)


def by_urllib_through_a_tunnel(url, proxy):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"https": proxy.url}))
    opener.open(f"https://{url.host}/", timeout=5)


def by_httpx(url, proxy):
    httpx.get(f"https://{url.host}/", trust_env=False, timeout=5)


def by_httpx_through_a_proxy(url, proxy):
    with httpx.Client(proxy=proxy.url, trust_env=False) as client:
        client.get(f"http://{url.host}/", timeout=5)


def by_async_httpx(url, proxy):
    async def get():
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.get(f"https://{url.host}/", timeout=5)

    asyncio.run(get())


def by_async_httpx_through_a_proxy(url, proxy):
    async def get():
        async with httpx.AsyncClient(proxy=proxy.url, trust_env=False) as client:
            await client.get(f"https://{url.host}/", timeout=5)

    asyncio.run(get())


def by_asyncio(url, proxy):
    async def connect():
        await asyncio.get_running_loop().create_connection(asyncio.Protocol, url.host, 443, ssl=True)

    asyncio.run(connect())


def by_aiohttp(url, proxy):
    async def get():
        async with aiohttp.ClientSession() as session, session.get(f"https://{url.host}/"):
            pass

    asyncio.run(get())


def by_aiohttp_through_a_proxy(url, proxy):
    async def get():
        async with aiohttp.ClientSession() as session, session.get(f"https://{url.host}/", proxy=proxy.url):
            pass

    asyncio.run(get())


def by_tls(url, proxy):
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as raw:
        ssl.create_default_context().wrap_socket(raw, server_hostname=url.host)


def by_tls_in_memory(url, proxy):
    context = ssl.create_default_context()
    context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), False, url.host)  # noqa: FBT003 - by position, on purpose


CLIENTS = [value for name, value in sorted(globals().items()) if name.startswith("by_")]
THROUGH_A_PROXY = {by_aiohttp_through_a_proxy: [b"CONNECT"]}  # its request to the proxy goes out; TLS through it not

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # aiohttp leaks where TLS fails


@pytest.fixture(autouse=True)
def collect():
    """Let what a client leaked go where it was leaked."""
    yield
    gc.collect()


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
def test_stops_every_other_client_while_a_door_is_open(world, door, listener, client):
    """A client that is not answered in process is refused before it reaches anyone, and the test is told."""
    with pytest.raises(Exception, match=re.escape(not_answered(world.host))):
        client(httpx.URL(world.url), listener)

    assert set(world.complaints) == {("fence", not_answered(world.host))}
    assert [line.split()[0] for line in listener.lines] == THROUGH_A_PROXY.get(client, [])


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
def test_stops_every_client_when_the_door_has_closed(world, listener, client):
    """For the rest of the process the hosts of a closed door stay fenced."""
    with open_door(world):
        pass

    with pytest.raises(Exception, match=re.escape(closed(world.host))):
        client(httpx.URL(world.url), listener)

    assert world.complaints == []
    assert [line.split()[0] for line in listener.lines] == THROUGH_A_PROXY.get(client, [])


@pytest.mark.parametrize("proxied", [False, True])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_stops_requests_when_the_door_has_closed(world, listener, scheme, proxied):
    """Clients of requests and urllib3 fail as if the network did, through a proxy too."""
    with open_door(world):
        pass
    proxies = {scheme: listener.url} if proxied else {}
    manager = urllib3.ProxyManager(listener.url) if proxied else urllib3.PoolManager()

    with pytest.raises(requests.ConnectionError, match=re.escape(closed(world.host))):
        requests.get(f"{scheme}://{world.host}/", proxies=proxies, timeout=5)
    with pytest.raises(urllib3.exceptions.MaxRetryError, match=re.escape(closed(world.host))):
        manager.request("GET", f"{scheme}://{world.host}/", retries=0)

    assert listener.lines == []
    manager.clear()


def test_raises_an_error_of_its_own_kind(world, door):
    """The refusal is a FencedHostError, which is an OSError."""
    with pytest.raises(FencedHostError) as caught:
        socket.getaddrinfo(world.host.upper() + ".", 443)

    assert str(caught.value) == not_answered(world.host)
    assert isinstance(caught.value, OSError)


def test_leaves_everyone_else_alone(door, listener, tmp_path):
    """Other hosts, addresses and kinds of sockets are as they were."""
    assert requests.get(listener.url, timeout=5).text == "real"
    assert httpx.get(listener.url, trust_env=False).text == "real"
    assert httpx.get("http://elsewhere.test/", proxy=listener.url, trust_env=False).text == "real"
    assert urllib.request.urlopen(listener.url, timeout=5).read() == b"real"  # noqa: S310 - a URL of our own
    assert socket.getaddrinfo(None, 80, type=socket.SOCK_STREAM)
    context = ssl.create_default_context()
    assert context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="elsewhere.test")
    with socket.socket(socket.AF_UNIX) as unix, pytest.raises(FileNotFoundError):
        unix.connect(str(tmp_path / "none"))
    with socket.create_connection(("127.0.0.1", listener.port)) as raw, pytest.raises(ssl.SSLError):
        context.wrap_socket(raw, server_hostname="elsewhere.test")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_never_stands_around_this_machine(host):
    """A predicate that owns everything fences no address and not localhost."""
    with fence_hosts(lambda _: True):
        assert socket.getaddrinfo(host, 80)


def test_admits_our_own_servers(world, door, listener):
    """A proxy of our own may be asked for an owned host, while it is admitted."""
    with admit(("127.0.0.1", listener.port)):
        by_http_client_with_a_whole_url(httpx.URL(world.url), listener)
        by_httpx_through_a_proxy(httpx.URL(world.url), listener)
        by_tls_in_memory(httpx.URL(world.url), listener)
        with pytest.raises(ssl.SSLError):
            by_tls(httpx.URL(world.url), listener)
    assert world.complaints == []
    with pytest.raises(FencedHostError):
        by_tls(httpx.URL(world.url), listener)


def test_lets_a_released_host_be_played_on_loopback(world, listener, monkeypatch):
    """A user's own server on loopback may play a released host, through a resolver of the user's own."""
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: resolve("127.0.0.1", *rest, **more))

    with open_door(world, released=[world.host]):
        client = http.client.HTTPConnection(world.host, listener.port)
        client.request("GET", "/")
        assert client.getresponse().read() == b"real"
        client.close()
    assert world.complaints == []


def test_stops_an_idle_connection(world, listener, monkeypatch):
    """A connection of http.client from before the door carries no request while one is open."""
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: resolve("127.0.0.1", *rest, **more))
    client = http.client.HTTPConnection(world.host, listener.port)
    client.request("GET", "/before")
    client.getresponse().read()

    with open_door(world), pytest.raises(FencedHostError):
        client.request("GET", "/within")

    client.close()
    assert listener.lines == [b"GET /before HTTP/1.1"]


def test_lets_fake_sockets_be(world, door):
    """A mock of sockets may play an owned host to http.client: nothing leaves the process."""

    class Sink:
        def sendall(self, data):
            self.data = data

        def close(self):
            pass

    client = http.client.HTTPConnection(world.host)
    client.sock = sink = Sink()
    client.request("GET", "/", body=iter([b"ab"]), headers={"Transfer-Encoding": "chunked"}, encode_chunked=True)
    client.close()

    assert sink.data.endswith(b"0\r\n\r\n")


def test_fences_a_tunnel_over_a_socket_without_a_peer(world, door):
    """A socket that does not say where it goes is not taken for one of ours."""
    client = http.client.HTTPConnection("127.0.0.1", 1)
    client.set_tunnel(world.host)
    client.sock = object()

    with pytest.raises(FencedHostError):
        client.send(b"CONNECT")


def test_fences_before_a_door_was_opened(make_world):
    """`fence_hosts` fences from the start, says why, and ends when it is lifted."""
    world = make_world()

    with fence_hosts(world.host_test), pytest.raises(FencedHostError) as caught:
        socket.getaddrinfo(world.host, 443)

    assert str(caught.value) == closed(world.host, "the ini option apigee_fence is 'run'")
    assert switchboard().fence_around(world.host) is None


def test_lifts_its_own_fence_alone(make_world):
    """Of two fences around the same hosts (a run of pytest within another) each is lifted for itself."""
    world = make_world()

    with fence_hosts(world.host_test):
        with fence_hosts(world.host_test):
            pass

        assert switchboard().fence_around(world.host) is not None
    assert switchboard().fence_around(world.host) is None


def test_keeps_one_fence_for_many_worlds(make_world):
    """Five hundred worlds with the same hosts leave one fence, and no world."""
    switches = switchboard()
    before = len(switches._left)  # noqa: SLF001 - what must not grow shows nowhere else
    kept = []
    for _ in range(500):
        world = make_world("same-hosts.test")
        with open_door(world):
            pass
        kept.append(weakref.ref(world))
    del world
    gc.collect()

    assert len(switches._left) == before + 1  # noqa: SLF001 - as above
    assert [ref for ref in kept if ref() is not None] == []


def test_keeps_the_last_thousand_fences_of_worlds_that_differ(make_world):
    """Worlds with hosts of their own leave a thousand fences at most; those that were closed last stay."""
    board, lasting = Switchboard(), Fenced(test=make_world("lasting.test").host_test, because="")
    board.fence(lasting)
    for name in [*(f"hosts-{number}.test" for number in range(1001)), "hosts-1.test", "one-more.test"]:
        board.close(None, Fenced(test=make_world(name).host_test, because=""))

    hosts = ["hosts-0.test", "hosts-1.test", "hosts-2.test", "hosts-3.test", "one-more.test", "lasting.test"]
    stands = [board.fence_around(host) is not None for host in hosts]
    assert stands == [False, True, False, True, True, True]


def test_keeps_no_world_in_a_response(make_world):
    """A response that outlives its door keeps neither the door nor its world alive."""
    world = make_world()
    with open_door(world):
        response = requests.get(world.url, stream=True, timeout=5)
        raw = urllib3.PoolManager().request("GET", world.url, preload_content=False)
    ref = weakref.ref(world)
    del world
    gc.collect()

    assert ref() is None
    assert (response.content, raw.data) == (b"fake", b"fake")


def test_imports_no_httpx_of_its_own(world, monkeypatch):
    """Where nobody imported httpx, a door does not either."""
    for name in ("httpx", "httpcore"):
        monkeypatch.delitem(sys.modules, name)

    with open_door(world):
        assert not {"httpx", "httpcore"} & sys.modules.keys()


def test_fences_httpx_that_is_imported_late(run_python):
    """A client of httpx that is imported after the door was opened is stopped at TLS through a proxy."""
    done = run_python(
        """
from conftest import Listener, World
from pytest_apigee.transports.requests import open_door
import sys, threading
world = World("late.test")
with Listener() as proxy, open_door(world):
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    assert "httpcore" not in sys.modules
    import httpx
    with httpx.Client(proxy=proxy.url, trust_env=False) as client:
        try:
            client.get("https://login.late.test/")
        except Exception as error:
            print(type(error).__name__, error)
    proxy.shutdown()
"""
    )

    assert done.stderr == ""
    assert not_answered("login.late.test") in done.stdout


def test_serves_two_copies_of_this_package(run_python):
    """A second copy of the package finds the switchboard of the first: doors of both answer, one fence stands."""
    done = run_python(
        """
import sys, socket, requests
from conftest import World
from pytest_apigee.transports.requests import open_door
from pytest_apigee.transports.switchboard import switchboard
first, mine = World("first.test"), switchboard()
outer = open_door(first)
for name in [name for name in sys.modules if name.startswith(("pytest_apigee", "conftest"))]:
    del sys.modules[name]
from conftest import World as Again, ConnectionFailure
from pytest_apigee.errors import FencedHostError
from pytest_apigee.transports.requests import open_door as open_again
from pytest_apigee.transports.switchboard import switchboard as again
assert Again is not World and again() is mine
second = Again("second.test")
inner = open_again(second)
print(requests.get(first.url).text, requests.get(second.url).text)
second.fails("reset", "told by the second")
try:
    requests.get(second.url)
except requests.ConnectionError as error:
    print(error)
second.answer = lambda request: 1 / 0
try:
    requests.get(second.url)
except ZeroDivisionError as error:
    print(error)
outer.close()
inner.close()
try:
    socket.getaddrinfo(second.host, 443)
except FencedHostError as error:
    print(error)
"""
    )

    assert done.stderr == ""
    assert done.stdout.splitlines()[0] == "fake fake"
    assert "told by the second" in done.stdout
    assert "division by zero" in done.stdout
    assert closed("login.second.test") in done.stdout


def test_ends_without_a_trace(run_python):
    """A process that ends with an open door and unread responses ends quietly, with warnings as errors."""
    done = run_python(
        """
import requests
from conftest import World
from pytest_apigee.transports.requests import open_door
world = World()
door = open_door(world)
response = requests.get(world.url, stream=True)
print(response.status_code)
"""
    )

    assert (done.stdout, done.stderr, done.returncode) == ("200\n", "", 0)


@pytest.mark.parametrize(("asked_for", "traced"), [("1", True), ("", False)])
def test_is_not_traced_unless_asked(run_python, monkeypatch, asked_for, traced):
    """A debugger does not step into the fence, and a traced process is not slowed by it; our own coverage sees it."""
    monkeypatch.setenv("PYTEST_APIGEE_TRACE_FENCE", asked_for)
    done = run_python(
        """
import os, sys
from conftest import World
from pytest_apigee.transports.requests import open_door
seen = []
with open_door(World()):
    before = sys.gettrace()
    sys.settrace(lambda frame, event, arg: seen.append(frame.f_code.co_name))
    os.listdir(".")
    sys.settrace(before)
print("hook" in seen)
"""
    )

    assert (done.stderr, done.stdout) == ("", f"{traced}\n")
