"""The environment that leads clients to the proxy, and real clients that it leads there, unmodified."""

import os
import shutil
import sys
import urllib.request
from pathlib import Path

import certifi
import pytest
import requests
import urllib3

from pytest_apigee import FakeEdge, fake_edge
from tests.serving_support import VERSION, furnished, run_with
from tests.transports.server_support import threads_of_servers


@pytest.fixture(autouse=True)
def nothing_left():
    """No test leaves a thread of a server behind."""
    yield
    assert threads_of_servers() == []


@pytest.fixture
def edge() -> FakeEdge:
    return furnished()


@pytest.fixture
def backend():
    """A server of the test's own, which is none of Edge's."""
    with FakeEdge().serve() as server:
        server.login_url  # noqa: B018 - opens its port
        yield server


def test_the_environment_of_a_subprocess(edge, monkeypatch, tmp_path):
    """`env` is this process's environment with all that leads clients to the proxy, and nothing that leads past it."""
    own = tmp_path / "company.pem"
    own.write_text("# the company's own\n", encoding="utf-8")
    node = tmp_path / "node.pem"
    node.write_text("# the company's own, for Node\n", encoding="utf-8")
    for name in ("ALL_PROXY", "all_proxy", "https_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "http://elsewhere.example:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(own))
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(node))
    monkeypatch.setenv("KEPT", "yes")
    with edge.serve() as server:
        env = server.env
        bundle = Path(env["SSL_CERT_FILE"]).read_bytes()

        assert {env[name] for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy")} == {server.proxy_url}
        assert {env[name] for name in ("NO_PROXY", "no_proxy")} == {"localhost,127.0.0.1,::1"}
        assert not {"ALL_PROXY", "all_proxy"} & env.keys()
        assert env["REQUESTS_CA_BUNDLE"] == env["CURL_CA_BUNDLE"] == env["SSL_CERT_FILE"]
        assert Path(env["NODE_EXTRA_CA_CERTS"]).read_bytes() == node.read_bytes() + b"\n" + server.ca_path.read_bytes()
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


def test_the_environment_does_not_grow(edge, monkeypatch):
    """Asked for again, also where it is this process's own by then, the environment is the same."""
    monkeypatch.delenv("NODE_EXTRA_CA_CERTS", raising=False)
    with edge.serve() as server:
        env = server.env
        bundle = Path(env["SSL_CERT_FILE"]).read_bytes()
        server.activate()

        assert server.env == env
        assert Path(env["SSL_CERT_FILE"]).read_bytes() == bundle
        assert Path(env["NODE_EXTRA_CA_CERTS"]).read_bytes() == server.ca_path.read_bytes()


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


@pytest.mark.parametrize("client", CLIENTS)
def test_clients_in_python_need_no_change(edge, client):
    """A client in another process reaches the fake at Edge's own URLs, with the certificates verified."""
    with edge.serve() as server:
        for url, text in URLS.items():
            script = f"URL = {url!r}\n{CLIENTS[client]}"
            run = run_with(server, [sys.executable, "-c", script])
            assert (run.stdout.rstrip("\n"), run.returncode) == (text, 0), run.stderr
    assert len(edge.calls) == 3


@pytest.mark.parametrize(
    ("client", "start"),
    [
        ("requests", "requests.exceptions.ProxyError: "),
        ("urllib3", "urllib3.exceptions.MaxRetryError: "),
        ("urllib", "urllib.error.URLError: "),
        ("httpx", "httpx.ProxyError: "),
        ("aiohttp", "aiohttp.client_exceptions.ClientHttpProxyError: "),
    ],
)
def test_clients_show_why_they_are_refused(edge, client, start):
    """Clients show no body of an answer to CONNECT, but its reason phrase: it says what to do."""
    with edge.serve() as server:
        run = run_with(server, [sys.executable, "-c", f"URL = 'https://nobody.invalid/'\n{CLIENTS[client]}"])

    last = run.stderr.rstrip().splitlines()[-1]
    assert last.startswith(start)
    assert "sends nothing on to 'nobody.invalid'. Allow that host by allow_hosts=['nobody.invalid'], or name" in last


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


@pytest.mark.parametrize("command", [["curl", "-sSv"], ["wget", "-O-", "--tries=1"]], ids=["curl", "wget"])
def test_programs_show_why_they_are_refused(edge, command):
    """Curl, asked to tell more, and wget show the reason phrase too."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    with edge.serve() as server:
        run = run_with(server, [*command, "https://nobody.invalid/"])

    assert run.returncode != 0
    assert "Allow that host by allow_hosts=['nobody.invalid']" in run.stderr


def test_a_proxy_at_every_address_is_passed_by_the_fence():
    """A server that listens at every address is known to the fence at the one where it is reached."""
    with fake_edge(seed=1) as edge, edge.serve(host="0.0.0.0") as server:  # noqa: S104 - what is proven
        server.activate()
        with urllib.request.urlopen("https://login.apigee.com/version", timeout=20) as answer:
            assert answer.read() == VERSION.encode()


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
