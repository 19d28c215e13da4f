"""Clients of urllib3 are answered from memory, whatever their pools are."""

import gc
import re
import socket

import pytest
import requests
import urllib3
from pytest_socket import disable_socket, enable_socket
from urllib3.exceptions import HostChangedError, MaxRetryError, NameResolutionError, ProtocolError, ReadTimeoutError

from pytest_apigee.edge.message import FailureKind, Response
from pytest_apigee.transports.requests import open_door
from pytest_apigee.transports.urllib3 import AnsweringConnection, AnsweringPool, Call


def test_answers_a_pool_manager(world, door):
    """A plain PoolManager gets the handler's answer, read and decoded."""
    world.answers(Response(status=201, headers={"X-A": "1"}, body="fake"))

    response = urllib3.PoolManager().request("POST", world.url, body=b"sent", headers={"X-B": "2"})

    assert (response.status, response.data, response.headers["X-A"], response.reason) == (201, b"fake", "1", "Created")
    assert (world.requests[0].url, world.requests[0].body) == (world.url, b"sent")
    assert world.requests[0].headers.get("X-B") == "2"


def test_answers_a_pool_of_one_host(make_world):
    """A pool made before the door works, with its own default headers, port and scheme."""
    world = make_world()
    pool = urllib3.HTTPConnectionPool(world.host.upper() + ".", 8080, headers={"X-Default": "1"})

    with open_door(world):
        assert pool.request("GET", "/a?b=c").data == b"fake"

    assert world.requests[0].url == f"http://{world.host}.:8080/a?b=c"
    assert world.requests[0].headers.get("X-Default") == "1"


def test_streams_from_a_pool(world, door):
    """`preload_content=False` leaves the body to be read, and the connection goes back."""
    response = urllib3.PoolManager().request("GET", world.url, preload_content=False)

    assert (response.read(2), response.read()) == (b"fa", b"ke")
    response.release_conn()


def test_follows_redirects_and_retries(world, door):
    """Redirects and retries are urllib3's own."""
    there = Response(status=302, headers={"Location": "/there"})
    world.answers(there, Response(status=503), Response(body="there"))

    response = urllib3.PoolManager().request("GET", world.url, retries=urllib3.Retry(3, status_forcelist=[503]))

    assert response.data == b"there"
    assert [request.path for request in world.requests] == ["/oauth/token", "/there", "/there"]


def test_does_not_leave_its_host(world, door):
    """A pool of one host refuses an absolute URL of another, as it does on the network."""
    with pytest.raises(HostChangedError):
        urllib3.HTTPSConnectionPool("elsewhere.test").request("GET", world.url)
    assert world.requests == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_asks_no_proxy(world, door, listener, scheme):
    """A ProxyManager's request is answered without its proxy."""
    response = urllib3.ProxyManager(listener.url).request("GET", f"{scheme}://{world.host}/x")

    assert (response.data, listener.lines) == (b"fake", [])
    assert world.requests[0].url == f"{scheme}://{world.host}/x"


def test_leaves_other_hosts_alone(door, listener):
    """A request to another host runs over the network, on urllib3's own connection."""
    with urllib3.PoolManager() as manager:
        assert manager.request("GET", listener.url).data == b"real"
        assert type(manager.connection_from_url(listener.url)) is urllib3.HTTPConnectionPool
    assert listener.lines == [b"GET / HTTP/1.1"]


def test_uses_no_idle_connection(make_world, listener, monkeypatch):
    """A connection that a pool kept from before the door carries no request to an owned host."""
    world, resolve = make_world(), socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest: resolve("127.0.0.1", *rest))
    with urllib3.HTTPConnectionPool(world.host, listener.port) as pool:
        assert pool.request("GET", "/before").data == b"real"
        with open_door(world):
            assert pool.request("GET", "/within").data == b"fake"
        with pytest.raises(MaxRetryError, match="no request may reach the real one"):
            pool.request("GET", "/after", retries=0)
    assert listener.lines == [b"GET /before HTTP/1.1"]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FailureKind.UNKNOWN_HOST, NameResolutionError),
        (FailureKind.RESET, ProtocolError),
        (FailureKind.TIMEOUT, ReadTimeoutError),
    ],
)
def test_fails_as_the_network_would(world, door, kind, error):
    """A connection failure is urllib3's error for it, retried and wrapped as urllib3 does."""
    world.fails(kind)

    with pytest.raises(MaxRetryError) as caught:
        urllib3.PoolManager().request("GET", world.url, retries=2)
    assert type(caught.value.reason) is error
    assert len(world.requests) == 3


def test_says_why_a_host_is_unknown(world, door):
    """The text of a failed name resolution carries the handler's message."""
    world.fails(FailureKind.UNKNOWN_HOST, "No such organization.")

    with pytest.raises(MaxRetryError, match=re.escape(f"Failed to resolve '{world.host}'")) as caught:
        urllib3.PoolManager(retries=0).request("GET", world.url)
    assert "No such organization." in str(caught.value)


@pytest.mark.parametrize(("scheme", "kind"), [("http", "HTTPConnectionPool"), ("https", "HTTPSConnectionPool")])
@pytest.mark.parametrize("get", [requests.get, lambda url: urllib3.request("GET", url, retries=0)])
def test_reads_as_urllib3_does(world, door, caplog, get, scheme, kind):
    """Errors and debug lines show the pool and the port that urllib3 would show."""
    url, port = f"{scheme}://{world.host}/x", {"http": 80, "https": 443}[scheme]
    caplog.set_level("DEBUG", "urllib3")

    get(url)
    world.fails(FailureKind.UNKNOWN_HOST)
    with pytest.raises((requests.ConnectionError, MaxRetryError)) as caught:
        get(url)

    assert f'{scheme}://{world.host}:{port} "GET /x HTTP/1.1" 200' in caplog.text
    assert f"{kind}(host='{world.host}', port={port}): Max retries exceeded" in str(caught.value)


@pytest.mark.parametrize("get", [requests.get, lambda url: urllib3.request("GET", url)])
def test_leaves_nothing_of_a_request(world, door, get):
    """A pool and its call are gone with their request, though urllib3 keeps the connections of a living pool."""

    def count():
        gc.collect()
        return sum(type(one) in (AnsweringPool, AnsweringConnection, Call) for one in gc.get_objects())

    before = count()
    for _ in range(50):
        get(world.url)

    assert count() == before


def test_raises_a_mistake_of_the_handler(world, door):
    """An error of the handler reaches the caller as it is."""
    world.answer = lambda request: 1 / 0

    with pytest.raises(ZeroDivisionError):
        urllib3.PoolManager().request("GET", world.url)


def test_makes_no_socket(world, door):
    """Under pytest-socket's `--disable-socket` owned hosts are answered, and no socket is made."""
    disable_socket()
    try:
        assert urllib3.PoolManager().request("GET", world.url).data == b"fake"
    finally:
        enable_socket()
