"""`edge.serve()` and `apigee_server`: the local server of a fake Edge, its proxy, and what they tell their clients."""

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import urllib.request
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit

import certifi
import jwt
import pytest
import requests
import urllib3

from pytest_apigee import ConfigurationError, FakeEdge, fake_edge
from pytest_apigee.transports.connection import Site
from pytest_apigee.transports.proxy import Tunnels
from pytest_apigee.transports.server import Server, ServerOptions
from pytest_apigee.transports.tls import Authority
from tests.transports.server_support import Wire, threads_of_servers

EMAIL, PASSWORD = "ops@acme.example", "correct horse"
VERSION = '{"cliVersion":"2.0"}'
CUSTOM = "api.acme.example"


@pytest.fixture(autouse=True)
def nothing_left():
    """No test leaves a thread of a server behind."""
    yield
    assert threads_of_servers() == []


@pytest.fixture
def edge() -> FakeEdge:
    edge = FakeEdge(world={"organizations": [{"name": "acme", "hosts": {CUSTOM: "prod"}}]})
    edge.organization("globex", environments=["stage"])
    edge.user(EMAIL, password=PASSWORD)
    edge.app("weatherapp", products=["weather"], consumer_key="key", consumer_secret="secret")
    edge.proxy("/weather", products=["weather"], target={"temp": 21})
    edge.proxy("/open", security="none", target=lambda request: {"host": request.headers["Host"]})
    edge.proxy("/prod", security="none", env="prod", target={"env": "prod"})
    return edge


def fetch(url: str, **options: object) -> requests.Response:
    """Return what requests gets without any setting of this machine."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request(options.pop("method", "GET"), url, **options)


def login(url: str, **options: object) -> dict[str, object]:
    form = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}
    answer = fetch(f"{url}/oauth/token", method="POST", data=form, auth=("edgecli", "edgeclisecret"), **options)
    return answer.json()


def issuer_in(token: object) -> object:
    return jwt.decode(str(token), options={"verify_signature": False})["iss"]


def test_each_part_has_a_url_of_its_own(edge):
    """The SSO, the management API and each gateway have a port of their own, which stays."""
    with edge.serve() as server:
        urls = [server.login_url, server.management_url, server.gateway_url, server.url_for("globex", "stage")]

        assert len(set(urls)) == 4
        assert all(url.startswith("http://127.0.0.1:") for url in urls)
        assert [server.login_url, server.management_url, server.url_for()] == urls[:3]
        assert repr(server) == "<EdgeServer of <FakeEdge acme/test>>"


def test_a_client_is_told_the_urls_of_this_machine(edge):
    """A client works as on Edge: it gets a token, calls an API, logs in and asks the management API."""
    with edge.serve() as server:
        token = fetch(server.token_url, method="POST", auth=("key", "secret")).json()["access_token"]
        called = fetch(f"{server.gateway_url}/weather", headers={"Authorization": f"Bearer {token}"})
        bearer = {"Authorization": f"Bearer {login(server.login_url)['access_token']}"}
        listed = fetch(f"{server.management_url}/v1/o/acme/environments", headers=bearer)

    assert called.json() == {"temp": 21}
    assert listed.json() == ["test", "prod"]


def test_tokens_name_the_url_of_the_server(edge):
    """The issuer of a token is where it was asked for; each is good at every door of the same world."""
    with edge.serve() as server, edge.serve() as other:
        tokens = [login(url)["access_token"] for url in (server.login_url, other.login_url)]
        environments = f"{server.management_url}/v1/o/acme/environments"
        statuses = [fetch(environments, headers={"Authorization": f"Bearer {token}"}).status_code for token in tokens]

        assert [issuer_in(token) for token in tokens] == [server.login_url, other.login_url]
    assert statuses == [200, 200]


def test_a_request_may_name_a_host_of_edge(edge):
    """Who names a host of Edge is answered for it at whichever port, and tokens are then issued by that host."""
    with edge.serve() as server:
        gateway = fetch(f"{server.login_url}/open", headers={"Host": "acme-test.apigee.net"})
        custom = fetch(f"{server.login_url}/prod", headers={"Host": CUSTOM})
        token = login(server.gateway_url, headers={"Host": "login.apigee.com"})["access_token"]

    assert gateway.json() == {"host": "acme-test.apigee.net"}
    assert custom.json() == {"env": "prod"}
    assert issuer_in(token) == "https://login.apigee.com"


def test_a_host_of_edge_that_is_unknown_is_told(edge):
    """A host of Edge that the world lacks is 421, with the words of the complaint."""
    with edge.serve() as server:
        answer = fetch(f"{server.login_url}/", headers={"Host": "nope-test.apigee.net"})

    assert answer.status_code == 421
    assert answer.text.startswith("The fake Edge has no host 'nope-test.apigee.net'. Known: ")
    assert [grievance.kind for grievance in edge.take_grievances()] == ["unknown_host"]


def test_zones_have_a_url_of_their_own(edge):
    """The SSO of a SAML zone has a port of its own, and names it."""
    zone = edge.zone("acme")
    with edge.serve() as server:
        info = fetch(f"{server.zone_url(zone)}/login", headers={"Accept": "application/json"}).json()

        assert server.zone_url("acme") == server.zone_url(zone) != server.login_url
        assert server.zone_url("uaa") == server.login_url
        assert info["links"]["login"] == server.zone_url(zone)


def test_urls_of_edge_become_those_of_the_server(edge):
    """`local` keeps path and query of a URL of Edge, and takes what `apigee.proxy` returned."""
    api = edge.find_proxy("weather")
    with edge.serve() as server:
        assert server.local(api) == f"{server.gateway_url}/weather"
        assert server.local("https://login.apigee.com/a%2Fb?c=d#e") == f"{server.login_url}/a%2Fb?c=d#e"
        assert server.local(f"http://{CUSTOM}") not in (server.url_for(env="prod"), server.gateway_url)
        assert server.local(edge.token_url) == server.token_url


def test_other_urls_do_not(edge):
    """A URL of a host that the world lacks is a mistake."""
    with edge.serve() as server, pytest.raises(ConfigurationError) as caught:
        server.local("https://example.com/x")

    assert str(caught.value).startswith("'example.com' is no host of this fake Edge. Known: acme-prod.apigee.net, ")


def test_a_browser_stays_at_the_server(edge):
    """Redirects lead to the server's own URL, and its cookie is sent over plain http as well."""
    with edge.serve() as server:
        page = fetch(f"{server.login_url}/passcode", allow_redirects=False)

        assert page.headers["Location"] == f"{server.login_url}/login"
        assert "Secure" not in page.headers["Set-Cookie"]


def test_it_speaks_https(edge):
    """With `tls` its ports speak HTTPS with certificates of an authority that `ca_path` names."""
    with edge.serve(tls=True) as server:
        answer = fetch(f"{server.login_url}/version", verify=str(server.ca_path))
        by_name = fetch(f"{server.login_url.replace('127.0.0.1', 'localhost')}/version", verify=str(server.ca_path))
        issuer = issuer_in(login(server.login_url, verify=str(server.ca_path))["access_token"])

        assert server.login_url.startswith("https://127.0.0.1:")
        assert answer.text == by_name.text == VERSION
        assert issuer == server.login_url
        with pytest.raises(requests.exceptions.SSLError):
            fetch(f"{server.login_url}/version")


def test_https_ports_show_the_certificates_of_edge(edge):
    """A client that names a host of Edge in its greeting is shown a certificate of that host."""
    with edge.serve(tls=True) as server:
        parts = urlsplit(server.login_url)
        context = ssl.create_default_context(cafile=str(server.ca_path))
        with (
            socket.create_connection((parts.hostname, parts.port)) as plain,
            context.wrap_socket(plain, server_hostname="login.apigee.com") as sock,
        ):
            names = sock.getpeercert()["subjectAltName"]

    assert names == (("DNS", "login.apigee.com"),)


def ports_of(server):
    parts = ("login", "management", "gateway", "proxy")
    return {part: urlsplit(getattr(server, f"{part}_url")).port for part in parts}


def test_ports_may_be_chosen(edge):
    """Each part listens at the port that is asked for."""
    with edge.serve() as first:
        ports = ports_of(first)
    with edge.serve(ports=ports) as server:
        assert ports_of(server) == ports


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"ports": {"logn": 1}},
            "Unknown port 'logn'. Allowed in ports: gateway, login, management, proxy. Did you mean 'login'?",
        ),
        ({"ports": {"login": 65_536}}, "The port of login is a number from 0 to 65535, 0 for a free one, not 65536."),
        ({"ports": {"login": True}}, "The port of login is a number from 0 to 65535, 0 for a free one, not True."),
        (
            {"ports": 8080},
            "ports are numbers by name, as {'proxy': 8080}, not 8080. Names: gateway, login, management, proxy.",
        ),
        ({"tls": "yes"}, "tls takes True or False, not str."),
        ({"host": 1}, "host takes text, not int."),
    ],
)
def test_a_setting_that_cannot_be_is_told(edge, settings, message):
    """A mistake in a setting says what was wrong and what is allowed."""
    with pytest.raises(ConfigurationError) as caught:
        edge.serve(**settings)

    assert str(caught.value) == message


def test_it_serves_every_address(edge):
    """A server that listens at every address is reached on loopback."""
    with edge.serve(host="0.0.0.0", tls=True) as server:  # noqa: S104 - what is proven
        assert fetch(f"{server.login_url}/version", verify=str(server.ca_path)).text == VERSION


def test_it_serves_ipv6(edge):
    """An IPv6 address stands in brackets."""
    with edge.serve(host="::1") as server:
        assert server.login_url.startswith("http://[::1]:")
        assert fetch(f"{server.login_url}/version").text == VERSION


def test_the_proxy_answers_at_the_urls_of_edge(edge):
    """Through the proxy Edge's own URLs lead to the fake, over TLS and without; tokens are issued by Edge's host."""
    with edge.serve() as server:
        through = {"proxies": dict.fromkeys(("http", "https"), server.proxy_url), "verify": str(server.ca_path)}
        texts = [
            fetch(url, **through).text
            for url in (
                "https://login.apigee.com/version",
                "https://acme-test.apigee.net/open",
                f"https://{CUSTOM}/prod",
            )
        ]
        plain = fetch("http://acme-test.apigee.net/open", **through)
        token = login("https://login.apigee.com", **through)["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        listed = fetch("https://api.enterprise.apigee.com/v1/o/acme/environments", headers=bearer, **through)

    assert texts == [VERSION, '{"host": "acme-test.apigee.net"}', '{"env": "prod"}']
    assert plain.json() == {"host": "acme-test.apigee.net"}
    assert issuer_in(token) == "https://login.apigee.com"
    assert listed.json() == ["test", "prod"]
    assert {exchange.request.reached_at for exchange in edge.calls} == {""}


def connect(server, target: str) -> http.client.HTTPResponse:
    """Return the answer to CONNECT."""
    parts = urlsplit(server.proxy_url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.request("CONNECT", target)
    answer = connection.getresponse()
    answer.text = answer.read().decode() if answer.status != 200 else ""
    connection.close()
    return answer


REFUSED = (
    "pytest-apigee's proxy answers for hosts of Apigee Edge and sends nothing on to 'example.com'. Allow that host "
    "where the server is made, or name it in NO_PROXY.\n"
)


def test_the_proxy_refuses_other_hosts(edge):
    """What is not Edge's is not reached, by tunnel or by plain http, and the client reads why."""
    with edge.serve() as server:
        tunnel = connect(server, "example.com:443")
        plain = fetch("http://example.com/", proxies={"http": server.proxy_url})

    assert (tunnel.status, tunnel.text) == (403, REFUSED)
    assert (plain.status_code, plain.text) == (403, REFUSED)


def test_the_proxy_names_unknown_hosts_of_edge(edge):
    """A host of Edge that the world lacks is 502, and a complaint."""
    with edge.serve() as server:
        answer = connect(server, "nope-test.apigee.net:443")

    assert answer.status == 502
    assert answer.text.startswith("The fake Edge has no host 'nope-test.apigee.net'. Known: ")
    assert [grievance.kind for grievance in edge.take_grievances()] == ["unknown_host"]


def test_plain_http_goes_through_a_tunnel(edge):
    """Some clients open a tunnel for http too."""
    with edge.serve() as server:
        parts = urlsplit(server.proxy_url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
        connection.set_tunnel("acme-test.apigee.net", 80)
        connection.request("GET", "/open")
        body = connection.getresponse().read()
        connection.close()

    assert body == b'{"host": "acme-test.apigee.net"}'
    assert edge.calls.last.request.url == "http://acme-test.apigee.net/open"


@pytest.fixture
def backend():
    """A server of the test's own, which is none of Edge's."""
    with FakeEdge().serve() as server:
        server.login_url  # noqa: B018 - opens its port
        yield server


@pytest.mark.parametrize("allowed", ["localhost", ".localhost"])
def test_the_proxy_reaches_hosts_that_are_allowed(edge, backend, allowed):
    """An allowed host is reached, by tunnel and by plain http, also with a body; a dot allows those below."""
    host = f"{'sub' if allowed.startswith('.') else ''}{allowed}"
    port = urlsplit(backend.login_url).port
    with edge.serve(allow_hosts=[allowed]) as server:
        through = {"http": server.proxy_url}
        if host == "localhost":
            url = f"http://localhost:{port}"
            assert fetch(f"{url}/version", proxies=through).text == VERSION
            assert fetch(f"{url}/oauth/token", method="POST", data={"a": "b"}, proxies=through).status_code == 401
            parts = urlsplit(server.proxy_url)
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
            connection.set_tunnel("localhost", port)
            connection.request("GET", "/version")
            assert connection.getresponse().read().decode() == VERSION
            connection.close()
        else:
            answer = connect(server, f"{host}:1")
            assert answer.status == 502
            assert answer.text.startswith(f"{host}:1 cannot be reached: ")


def test_a_proxy_sends_chunks_on_as_a_body(edge, backend):
    """A body that came in chunks is sent on with its length."""
    with edge.serve(allow_hosts=["localhost"]) as server:
        url = f"http://localhost:{urlsplit(backend.login_url).port}/oauth/token"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = fetch(
            url, method="POST", data=iter([b"grant_type=", b"x"]), headers=form, proxies={"http": server.proxy_url}
        )

    assert answer.status_code == 401


def test_the_environment_of_a_subprocess(edge, monkeypatch, tmp_path):
    """`env` is this process's environment with all that leads clients to the proxy, and nothing that leads past it."""
    own = tmp_path / "company.pem"
    own.write_text("# the company's own\n", encoding="utf-8")
    for name in ("ALL_PROXY", "all_proxy", "https_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "http://elsewhere.example:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(own))
    monkeypatch.setenv("KEPT", "yes")
    with edge.serve() as server:
        env = server.env
        bundle = Path(env["SSL_CERT_FILE"]).read_bytes()

        assert {env[name] for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy")} == {server.proxy_url}
        assert {env[name] for name in ("NO_PROXY", "no_proxy")} == {"localhost,127.0.0.1,::1"}
        assert not {"ALL_PROXY", "all_proxy"} & env.keys()
        assert env["REQUESTS_CA_BUNDLE"] == env["CURL_CA_BUNDLE"] == env["SSL_CERT_FILE"]
        assert env["NODE_EXTRA_CA_CERTS"] == str(server.ca_path)
        assert env["NODE_USE_ENV_PROXY"] == "1"
        assert Path(env["WGETRC"]).read_text(encoding="utf-8") == f"ca_certificate = {env['SSL_CERT_FILE']}\n"
        assert env["SSO_LOGIN_URL"] == "https://login.apigee.com"
        assert env["KEPT"] == "yes"
        for part in (Path(certifi.where()).read_bytes(), own.read_bytes(), server.ca_path.read_bytes()):
            assert part in bundle
    assert not Path(env["SSL_CERT_FILE"]).exists()


def test_the_sso_of_a_subprocess_is_that_of_its_organization(edge):
    """Where the default organization has a SAML zone, tools log in there."""
    zone = edge.zone("acme")
    with edge.serve() as server:
        assert server.env["SSO_LOGIN_URL"] == zone.url


def test_it_may_be_activated_for_this_process(edge, monkeypatch):
    """`activate` gives this process the same environment, until the server ends."""
    monkeypatch.setenv("ALL_PROXY", "http://elsewhere.example:3128")
    before = dict(os.environ)
    with edge.serve() as server:
        server.activate()
        assert os.environ["HTTPS_PROXY"] == server.proxy_url
        assert "ALL_PROXY" not in os.environ
    assert dict(os.environ) == before


CLIENTS = {
    "requests": "import requests; print(requests.get(URL).text)",
    "urllib3": """
import os, urllib3
proxy = urllib3.ProxyManager(os.environ["HTTPS_PROXY"], ca_certs=os.environ["SSL_CERT_FILE"])
print(proxy.request("GET", URL).data.decode())
""",
    "urllib": """
import urllib.error, urllib.request
try:
    answer = urllib.request.urlopen(URL)
except urllib.error.HTTPError as error:
    answer = error
with answer:
    print(answer.read().decode())
""",
    "httpx": "import httpx; print(httpx.get(URL).text)",
    "aiohttp": """
import aiohttp, asyncio
async def main():
    async with aiohttp.ClientSession(trust_env=True) as session, session.get(URL) as answer:
        print(await answer.text())
asyncio.run(main())
""",
}
URLS = {
    "https://login.apigee.com/version": VERSION,
    "https://acme-test.apigee.net/open": '{"host": "acme-test.apigee.net"}',
    "https://api.enterprise.apigee.com/v1/o/acme/environments": "",
}


def run_with(server, command):
    return subprocess.run(command, env=server.env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("client", CLIENTS)
def test_clients_in_python_need_no_change(edge, client):
    """A client in another process reaches the fake at Edge's own URLs, with the certificates verified."""
    with edge.serve() as server:
        for url, text in URLS.items():
            script = f"URL = {url!r}\n{CLIENTS[client]}"
            run = run_with(server, [sys.executable, "-c", script])
            assert (run.stdout.rstrip("\n"), run.returncode) == (text, 0), run.stderr
    assert len(edge.calls) == 3


@pytest.mark.parametrize("command", [["curl", "-sS"], ["wget", "-qO-", "--content-on-error"]], ids=["curl", "wget"])
def test_programs_need_no_change(edge, command):
    """Curl and wget reach the fake at Edge's own URLs, with the certificates verified."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    with edge.serve() as server:
        for url, text in URLS.items():
            run = run_with(server, [*command, url])
            assert run.stdout == text, run.stderr
    assert len(edge.calls) == 3


def test_urlopen_learns_of_the_proxy_and_forgets_it(edge, backend):
    """What `urlopen` keeps from its first call is put away while the proxy is there, and put back."""
    url = f"{backend.login_url}/version"
    with urllib.request.urlopen(url, timeout=20) as before, edge.serve() as server:  # noqa: S310 - a URL of our own
        server.activate()
        with urllib.request.urlopen("https://login.apigee.com/version", timeout=20) as answer:
            assert answer.read() == before.read() == VERSION.encode()
    with urllib.request.urlopen(url, timeout=20) as after:  # noqa: S310 - as above
        assert after.read() == VERSION.encode()


@pytest.mark.parametrize("client", ["httpx", "urllib"])
def test_clients_of_this_process_need_no_change(client):
    """With `activate` clients that are not answered in process pass the fence, to the proxy and no further."""
    with fake_edge(seed=1) as edge, edge.serve() as server:
        server.activate()
        printed: list[str] = []
        script = f"URL = 'https://login.apigee.com/version'\n{CLIENTS[client]}"
        exec(script, {"print": printed.append})  # noqa: S102 - the same script as in another process

    assert printed == [VERSION]


def test_requests_stays_in_process_when_activated():
    """What is answered in process goes through no proxy."""
    with fake_edge(seed=1) as edge, edge.serve() as server:
        server.activate()
        assert requests.get("https://login.apigee.com/version", timeout=20).text == VERSION
        assert urllib3.request("GET", "https://login.apigee.com/version").data.decode() == VERSION


def test_a_missing_package_is_named(edge, monkeypatch):
    """HTTPS takes the extra `server`, and says so; plain http does not."""
    monkeypatch.setitem(sys.modules, "trustme", None)
    message = 'HTTPS at a local port needs the package trustme: pip install "pytest-apigee[server]".'

    with edge.serve() as server:
        assert fetch(f"{server.login_url}/version").text == VERSION
        with pytest.raises(ConfigurationError) as caught:
            server.proxy_url  # noqa: B018 - opens it
        assert str(caught.value) == message
    with edge.serve(tls=True) as server, pytest.raises(ConfigurationError) as caught:
        server.login_url  # noqa: B018 - opens it
    assert str(caught.value) == message


def test_many_certificates_are_kept_and_not_too_many(edge, monkeypatch):
    """Certificates are made once for each host; after very many of them they are made anew."""
    from pytest_apigee.transports import tls

    monkeypatch.setattr(tls, "_MOST_CERTIFICATES", 2)
    authority = tls.Authority()
    one = authority.context_of("a.example")

    assert authority.context_of("a.example") is one
    for host in ("b.example", "c.example"):
        authority.context_of(host)
    assert authority.context_of("a.example") is not one


def test_a_target_may_call_edge_at_the_server(edge):
    """A target that calls Edge again, through the server that serves it, works."""
    with edge.serve() as server:
        inner = server.local(edge.find_proxy("open"))
        edge.proxy("/outer", security="none", target=lambda _: fetch(inner).json())

        assert fetch(f"{server.gateway_url}/outer").json() == {"host": urlsplit(inner).netloc}


def test_basic_credentials_and_uploads_arrive(edge):
    """What a client sends comes to the world as it was sent: headers, body, chunks."""
    with edge.serve() as server:
        basic = b64encode(f"{EMAIL}:{PASSWORD}".encode()).decode()
        body = iter([b'{"email": "a@b.c", "firstName": "A",', b' "lastName": "B", "userName": "ab"}'])
        answer = fetch(
            f"{server.management_url}/v1/o/acme/developers",
            method="POST",
            data=body,
            headers={"Authorization": f"Basic {basic}", "Content-Type": "application/json"},
        )

    assert answer.status_code == 201
    assert answer.json()["email"] == "a@b.c"


def test_the_urls_of_a_server_end_with_it(edge):
    """A URL that was not asked for before the end is none."""
    with edge.serve() as server:
        url = server.login_url

    assert server.login_url == url
    for name in ("management_url", "proxy_url"):
        with pytest.raises(ConfigurationError) as caught:
            getattr(server, name)
        assert str(caught.value) == "This server of a fake Edge was closed: ask for its URLs while it is open."


def test_a_tunnel_that_is_silent_ends(edge, backend):
    """A tunnel through which nothing comes is closed after a while."""
    with Server(edge, options=ServerOptions(idle_s=0.05)) as server:
        tunnels = Tunnels(edge, server=server, authority=Authority(), allowed=["localhost"])
        address = "127.0.0.1", server.listen(lambda _: Site(tunnels=tunnels))
        with Wire(address) as wire:
            wire.send(f"CONNECT localhost:{urlsplit(backend.login_url).port} HTTP/1.1\r\n\r\n")
            assert wire.line() == b"HTTP/1.1 200 Connection established\r\n"
            assert wire.line() == b"\r\n"
            assert wire.is_over()


def test_threads_and_sockets_end_with_it(edge):
    """When it ends nothing is left: no thread, no port, no file."""
    before = threading.active_count()
    with edge.serve(tls=True) as server:
        url = server.login_url
        fetch(f"{url}/version", verify=str(server.ca_path))
    parts = urlsplit(url)

    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((parts.hostname, parts.port), timeout=20)
