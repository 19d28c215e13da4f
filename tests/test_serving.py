"""`edge.serve()` and `apigee_server`: the local server of a fake Edge, and what it tells its clients of itself."""

import socket
import sys
import threading
from base64 import b64encode
from urllib.parse import urlsplit

import pytest
import requests

from pytest_apigee import ConfigurationError, FakeEdge, fake_edge
from pytest_apigee.transports import tls
from tests.serving_support import (
    CUSTOM,
    EMAIL,
    PASSWORD,
    VERSION,
    fetch,
    furnished,
    issuer_in,
    login,
    through,
    trusting,
)
from tests.transports.server_support import threads_of_servers


@pytest.fixture(autouse=True)
def nothing_left():
    """No test leaves a thread of a server behind."""
    yield
    assert threads_of_servers() == []


@pytest.fixture
def edge() -> FakeEdge:
    return furnished()


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


def test_tokens_name_the_url_at_which_they_were_asked_for(edge):
    """The issuer of a token is where it was asked for; each is good at every door of the same world."""
    with edge.serve() as server, edge.serve(tls=True) as encrypted:
        trust = {"verify": str(encrypted.ca_path)}
        tokens = [
            login(server.login_url),
            login(encrypted.login_url, **trust),
            login("https://login.apigee.com", **through(server)),
            {"access_token": edge.token.sso(edge.find_user(EMAIL))},
        ]
        doors = [
            (server.management_url, {}),
            (encrypted.management_url, trust),
            ("https://api.enterprise.apigee.com", through(server)),
        ]
        statuses = [
            fetch(
                f"{url}/v1/o/acme", headers={"Authorization": f"Bearer {token['access_token']}"}, **options
            ).status_code
            for token in tokens
            for url, options in doors
        ]

        assert [issuer_in(token["access_token"]) for token in tokens] == [
            server.login_url,
            encrypted.login_url,
            "https://login.apigee.com",
            "https://login.apigee.com",
        ]
    assert statuses == [200] * 12


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


KNOWN = (
    "Known: acme-prod.apigee.net, acme-test.apigee.net, api.acme.example, api.enterprise.apigee.com, "
    "globex-stage.apigee.net, login.apigee.com, mocktarget.apigee.net."
)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("https://127.0.0.1/x", f"'127.0.0.1' is no host of this fake Edge. {KNOWN}"),
        (
            "https://acme-tset.apigee.net",
            f"'acme-tset.apigee.net' is no host of this fake Edge. {KNOWN} Did you mean 'acme-test.apigee.net'?",
        ),
        (
            "login.apigee.com/oauth/token",
            (
                "'login.apigee.com/oauth/token' is no URL of Edge: write all of it, as "
                "'https://login.apigee.com/oauth/token'."
            ),
        ),
        ("", "local takes text, not an empty text."),
        (7, "local takes text, not int."),
    ],
)
def test_other_urls_do_not(edge, target, message):
    """A URL of a host that the world lacks is a mistake, as is what is no URL."""
    with edge.serve() as server, pytest.raises(ConfigurationError) as caught:
        server.local(target)

    assert str(caught.value) == message


def test_a_browser_stays_at_the_server(edge):
    """Redirects lead to the server's own URL, and its cookie is sent over plain http as well."""
    with edge.serve() as server:
        page = fetch(f"{server.login_url}/passcode", allow_redirects=False)

        assert page.headers["Location"] == f"{server.login_url}/login"
        assert "Secure" not in page.headers["Set-Cookie"]


def test_a_connection_that_fails_does_so_for_real_clients(edge):
    """A fault that resets a connection or lets it wait is what a client of the server meets."""
    with edge.serve() as server:
        edge.faults.reset()
        with pytest.raises(requests.ConnectionError):
            fetch(f"{server.login_url}/version", timeout=20)
        edge.faults.time_out()
        with pytest.raises(requests.ReadTimeout):
            fetch(f"{server.login_url}/version", timeout=0.1)
        assert fetch(f"{server.login_url}/version", timeout=20).text == VERSION


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
        with (
            socket.create_connection((parts.hostname, parts.port)) as plain,
            trusting(server).wrap_socket(plain, server_hostname="login.apigee.com") as sock,
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


def test_a_port_that_is_taken_is_told(edge):
    """A port that cannot be opened is a mistake in the settings, which says what to do."""
    with edge.serve() as first:
        port = urlsplit(first.login_url).port
        with edge.serve(ports={"login": port}) as server, pytest.raises(ConfigurationError) as caught:
            server.login_url  # noqa: B018 - opens it

    assert str(caught.value) == (
        f"Port {port} cannot be opened at 127.0.0.1: Address already in use. Choose another one, or 0 for any."
    )


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
        (
            {"allow_hosts": "pypi.org"},
            "allow_hosts takes a list of names, as allow_hosts=['.example.com'], not 'pypi.org'.",
        ),
        *(
            (
                {"allow_hosts": ["pypi.org", host]},
                (
                    f"'{host}' in allow_hosts cannot be a host: write its name alone, as 'pypi.org', or '.example.com' "
                    "for all hosts below that domain."
                ),
            )
            for host in ("https://pypi.org", "pypi.org:443", "*.example.com", ".", "a b")
        ),
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


CLOSED = "This server of a fake Edge was closed: ask for its URLs while it is open."


def test_the_urls_of_a_server_end_with_it(edge):
    """A URL that was not asked for before the end is none."""
    with edge.serve() as server:
        url = server.login_url

    assert server.login_url == url
    for name in ("management_url", "proxy_url"):
        with pytest.raises(ConfigurationError) as caught:
            getattr(server, name)
        assert str(caught.value) == CLOSED


def test_what_leads_to_a_server_ends_with_it(edge):
    """The environment and the files of a server are there as long as it is."""
    with edge.serve() as server:
        server.proxy_url  # noqa: B018 - opens its port

    for ask in (lambda: server.env, lambda: server.ca_path, server.activate):
        with pytest.raises(ConfigurationError) as caught:
            ask()
        assert str(caught.value) == CLOSED
    server.close()


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


def test_ports_are_opened_once(edge):
    """Threads that ask for the same URL at once are told the same one."""
    with edge.serve(tls=True) as server:
        urls: list[str] = []
        everyone = threading.Barrier(8, timeout=20)

        def ask() -> None:
            everyone.wait()
            urls.extend((server.login_url, server.proxy_url, str(server.ca_path)))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(urls) == 24
        assert len(set(urls)) == 3


def test_a_server_may_be_opened_beside_the_doors_of_this_process():
    """Requests at Edge's own URLs are answered in process, those at the server's by the server, of one world."""
    with fake_edge(seed=1) as edge, edge.serve() as server:
        api = edge.proxy("/weather", security="none", target={"temp": 21})
        answers = [requests.get(url, timeout=20).json() for url in (api.url, server.local(api))]

        assert answers == [{"temp": 21}] * 2
        assert [exchange.request.reached_at for exchange in edge.calls] == ["", server.gateway_url]
