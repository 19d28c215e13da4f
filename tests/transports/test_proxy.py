"""The proxy: what it answers for hosts of a world, what it refuses, and what it sends on."""

import http.client
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_apigee import ConnectionFailure, FakeEdge, Response
from pytest_apigee.edge.message import FailureKind
from pytest_apigee.transports.connection import Site
from pytest_apigee.transports.proxy import Tunnels
from pytest_apigee.transports.server import Server, ServerOptions
from pytest_apigee.transports.tls import Authority
from tests.serving_support import CUSTOM, VERSION, fetch, furnished, issuer_in, login, through
from tests.transports.server_support import DATE, PATIENCE_S, Echo, Wire, ask, threads_of_servers

GET = "GET / HTTP/1.1\r\nHost: edge.example\r\n\r\n"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n"
AUTHORITY = Authority()


@pytest.fixture(autouse=True)
def nothing_left():
    """No test leaves a thread of a server behind."""
    yield
    assert threads_of_servers() == []


class Everywhere(Echo):
    """A world that answers at each of its hosts."""

    def answers(self, host: str) -> bool:
        return True


@contextmanager
def proxying(handler: Echo, *allowed: str, **options: object) -> Iterator[tuple[str, int]]:
    """Open a proxy, and give its address."""
    with Server(handler, options=ServerOptions(**options)) as server:  # type: ignore[arg-type]  # whatever a test sets
        tunnels = Tunnels(handler, server=server, authority=AUTHORITY, allowed=allowed)
        yield "127.0.0.1", server.listen(lambda _: Site(tunnels=tunnels))


@contextmanager
def tunnelled(address: tuple[str, int], target: str) -> Iterator[Wire]:
    """Open a tunnel."""
    with Wire(address) as wire:
        wire.send(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n")
        assert (wire.line(), wire.line()) == (ESTABLISHED, b"\r\n")
        yield wire


@contextmanager
def backend(host: str = "127.0.0.1") -> Iterator[socket.socket]:
    """Listen as a host that is none of the world's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        listener.settimeout(PATIENCE_S)
        yield listener


def text_of(host: str) -> bytes:
    return (
        f"pytest-apigee's proxy answers for hosts of Apigee Edge and sends nothing on to '{host}'. Allow that host by "
        f"allow_hosts=['{host}'], or name it in NO_PROXY."
    ).encode()


def test_a_host_that_is_not_allowed_is_refused_in_whole_words():
    """The answer to CONNECT says in its reason phrase and in its body what to do, and the connection ends."""
    with proxying(Echo()) as address, Wire(address) as wire:
        wire.send("CONNECT else.example:443 HTTP/1.1\r\nHost: else.example\r\n\r\n")

        text = text_of("else.example")
        assert wire.rest() == (
            b"HTTP/1.1 403 "
            + text
            + b"\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nDate: "
            + DATE.encode()
            + b"\r\nContent-Length: %d\r\n\r\n" % (len(text) + 1)
            + text
            + b"\n"
        )


@pytest.mark.parametrize(
    ("target", "allowed", "host"),
    [
        ("else.example:443", "other.example", "else.example"),
        ("other.example.evil:443", "other.example", "other.example.evil"),
        ("sub.other.example:443", "other.example", "sub.other.example"),
        ("other.example:443", ".other.example", "other.example"),
        ("another.example:443", ".other.example", "another.example"),
        ("[::1]:443", "127.0.0.1", "::1"),
        ("127.0.0.1:443", "localhost", "127.0.0.1"),
        (":443", ".", ""),
    ],
)
def test_what_is_allowed_is_meant_exactly(target, allowed, host):
    """A host that is allowed is that one alone; a dot before it stands for those below it alone."""
    with proxying(Echo(), allowed) as address, Wire(address) as wire:
        wire.send(f"CONNECT {target} HTTP/1.1\r\n\r\n")

        assert wire.response()[2] == text_of(host) + b"\n"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (f"{'a' * 64}.else.example:1", f"'{'a' * 64}.else.example' cannot be the name of a host.\n"),
        ("..else.example:1", "'..else.example' cannot be the name of a host.\n"),
        ("localhost:0", "localhost:0 cannot be reached: "),
        ("localhost:65536", "localhost:443 cannot be reached: "),
        ("localhost:x", "localhost:443 cannot be reached: "),
        ("localhost", "localhost:443 cannot be reached: "),
        ("LOCALHOST.:1", "localhost:1 cannot be reached: "),
    ],
)
def test_a_host_that_cannot_be_reached_is_told(target, message):
    """A host that is allowed and not there is 502, with what the system says of it."""
    with proxying(Echo(), "localhost", ".else.example") as address, Wire(address) as wire:
        wire.send(f"CONNECT {target} HTTP/1.1\r\n\r\n")
        status, _, body = wire.response()

        assert status == 502
        assert body.decode().startswith(message)
        assert wire.is_over()


@pytest.mark.parametrize(
    "host", ["a_b.c_d.edge.example", f"{'x' * 64}.y{'z' * 64}.edge.example", "a..edge.example", "..edge.example"]
)
def test_a_host_that_no_certificate_can_name_is_told(host):
    """A name of the world's that is no name for a certificate is 502."""
    with proxying(Everywhere()) as address, Wire(address) as wire:
        wire.send(f"CONNECT {host}:443 HTTP/1.1\r\n\r\n")
        status, _, body = wire.response()

    assert (status, body.decode()) == (502, f"No certificate can name the host '{host}'.\n")


@pytest.mark.parametrize("host", ["edge.example", "ab--cd.edge.example", "EDGE.Example"])
def test_a_tunnel_shows_the_certificate_of_its_host(host):
    """A client that trusts our authority alone verifies each host, also one whose name is unusual."""
    context = ssl.create_default_context(cadata=AUTHORITY.certificate.decode())
    with (
        proxying(Everywhere()) as address,
        tunnelled(address, f"{host}:443") as wire,
        context.wrap_socket(wire.sock, server_hostname=host) as sock,
    ):
        sock.sendall(b"GET /x HTTP/1.1\r\nHost: else.example\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: sock.recv(1024), b""))

    assert answer.endswith(f"\r\n\r\nGET https://{host.lower()}/x".encode())


def test_a_port_shows_its_own_certificate_where_none_can_be_made():
    """A client that names an impossible host in its greeting is shown another certificate, and turns away."""
    echo = Everywhere()
    client = ssl.create_default_context(cadata=AUTHORITY.certificate.decode())
    with Server(echo) as server:
        context = AUTHORITY.context_of_port(echo.owns, address="127.0.0.1")
        address = "127.0.0.1", server.listen(lambda _: Site(origin="https://edge.example"), tls=context)
        with socket.create_connection(address) as plain, pytest.raises(ssl.SSLCertVerificationError):
            client.wrap_socket(plain, server_hostname="a_b.c_d.edge.example")


def test_a_tunnel_ends_with_what_is_in_it():
    """Where a client asks in the tunnel for the end of the connection, the tunnel ends too."""
    with proxying(Echo()) as address, tunnelled(address, "edge.example:80") as wire:
        wire.send("GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")

        assert wire.rest().endswith(b"\r\n\r\nGET http://edge.example/x")


@contextmanager
def encrypted(address: tuple[str, int]) -> Iterator[ssl.SSLSocket]:
    """Open a tunnel with TLS in it."""
    context = ssl.create_default_context(cadata=AUTHORITY.certificate.decode())
    with (
        tunnelled(address, "edge.example:443") as wire,
        context.wrap_socket(wire.sock, server_hostname="edge.example") as sock,
    ):
        yield sock


def test_a_reset_in_a_tunnel_is_one():
    """Where the world says that the connection is reset, that of the tunnel is."""
    echo = Echo(lambda _: ConnectionFailure(kind=FailureKind.RESET, message=""))
    with proxying(echo) as address, encrypted(address) as sock, socket.socket(fileno=os.dup(sock.fileno())) as plain:
        plain.settimeout(PATIENCE_S)
        sock.sendall(GET.encode())

        with pytest.raises(ConnectionResetError):  # of which Python's TLS makes an end
            list(iter(lambda: plain.recv(1024), b""))


def test_a_silence_in_a_tunnel_is_one():
    """Where the world says that no answer comes in time, none comes through the tunnel, until the server closes."""
    echo = Echo(lambda _: ConnectionFailure(kind=FailureKind.TIMEOUT, message=""))
    with proxying(echo) as address, encrypted(address) as sock:
        sock.sendall(GET.encode())
        sock.settimeout(0.1)

        with pytest.raises(TimeoutError):
            sock.recv(1)


def test_a_client_has_to_wait_for_its_tunnel():
    """Who sends on before the tunnel is there would be misunderstood: it is told."""
    with proxying(Echo()) as address, Wire(address) as wire:
        wire.send("CONNECT edge.example:443 HTTP/1.1\r\n\r\n\x16\x03\x01")
        status, _, body = wire.response()

        assert (status, body) == (400, b"A client has to wait for the answer to CONNECT.\n")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (ConnectionFailure(kind=FailureKind.UNKNOWN_HOST, message="No such host\u2026"), "No such host\u2026"),
        (Response(status=503), "Nobody answers at 'no.edge.example'."),
    ],
)
def test_a_host_that_the_world_does_not_know_is_told(answer, text):
    """For a host of the world that it does not know, it says why itself."""
    with proxying(Echo(lambda _: answer)) as address, Wire(address) as wire:
        wire.send("CONNECT no.edge.example:443 HTTP/1.1\r\n\r\n")
        status, _, body = wire.response()

        assert (status, body.decode()) == (502, f"{text}\n")


@pytest.mark.parametrize(("listens_at", "target"), [("127.0.0.1", "localhost"), ("::1", "[::1]")])
def test_a_tunnel_to_another_host_carries_all_both_ways(listens_at, target):
    """What goes through is not touched; one side may end before the other."""
    with (
        backend(listens_at) as listener,
        proxying(Echo(), "localhost", "::1") as address,
        tunnelled(address, f"{target}:{listener.getsockname()[1]}") as wire,
    ):
        remote, _ = listener.accept()
        with remote, remote.makefile("rb") as incoming:
            wire.send(b"\x16\0\xff", b"ask")
            wire.sock.shutdown(socket.SHUT_WR)
            assert incoming.read() == b"\x16\0\xffask"
            remote.sendall(b"late answer")
            remote.shutdown(socket.SHUT_WR)
            assert wire.rest() == b"late answer"


def test_a_request_over_plain_http_is_sent_on_as_it_came():
    """Path, headers and body stay; what is between client and proxy goes, and the length is said."""
    with backend() as listener, proxying(Echo(), "127.0.0.1") as address, Wire(address) as wire:
        port = listener.getsockname()[1]
        wire.send(
            f"POST http://127.0.0.1:{port}//a%2Fb?c=%zz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-A: 1\r\nx-a: 2\r\n"
            "Proxy-Authorization: Basic eDp5\r\nProxy-Connection: keep-alive\r\nConnection: keep-alive\r\n"
            "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        )
        remote, _ = listener.accept()
        with remote, remote.makefile("rb") as incoming:
            head = b"".join(iter(incoming.readline, b"\r\n"))
            body = incoming.read(3)
            remote.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

        assert head.decode() == (
            f"POST //a%2Fb?c=%zz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-A: 1\r\nx-a: 2\r\n"
            "Content-Length: 3\r\nConnection: close\r\n"
        )
        assert body == b"abc"
        assert wire.rest() == b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.mark.parametrize(
    ("target", "headers", "sent"),
    [("", "", "GET / HTTP/1.1\r\n"), ("?a=b", "Content-Length: 0\r\n", "GET /?a=b HTTP/1.1\r\nContent-Length: 0\r\n")],
)
def test_a_url_without_path_is_sent_on_with_one(target, headers, sent):
    """A request has a path; it has a length where its client said so."""
    with backend() as listener, proxying(Echo(), "127.0.0.1") as address, Wire(address) as wire:
        wire.send(f"GET http://127.0.0.1:{listener.getsockname()[1]}{target} HTTP/1.1\r\n{headers}\r\n")
        remote, _ = listener.accept()
        with remote, remote.makefile("rb") as incoming:
            assert b"".join(iter(incoming.readline, b"\r\n")).decode() == f"{sent}Connection: close\r\n"


def test_a_proxy_takes_no_https_in_the_open():
    """An https URL of another host without a tunnel is no request that could be sent on."""
    with proxying(Echo(), "127.0.0.1") as address:
        status, _, body = ask(address, "GET https://127.0.0.1/ HTTP/1.1\r\n\r\n")

    assert (status, body) == (400, b"This proxy sends plain http on; for https use CONNECT.\n")


@pytest.mark.parametrize("target", ["/", "*"])
def test_a_request_to_the_proxy_itself_is_refused(target):
    """A port that is a proxy stands for no host of its own."""
    echo = Echo()
    with proxying(echo) as address:
        status, _, body = ask(address, f"OPTIONS {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

    assert (status, body) == (421, b"This port answers for hosts of Apigee Edge, and not for '127.0.0.1'.\n")
    assert echo.seen == []


def test_closing_ends_tunnels():
    """When the server closes, tunnels end: to the world, to another host, and where no greeting came yet."""
    context = ssl.create_default_context(cadata=AUTHORITY.certificate.decode())
    with backend() as listener:
        with proxying(Echo(), "127.0.0.1") as address:
            wires = [Wire(address) for _ in range(3)]
            targets = ("edge.example:443", "edge.example:443", f"127.0.0.1:{listener.getsockname()[1]}")
            for wire, target in zip(wires, targets, strict=True):
                wire.send(f"CONNECT {target} HTTP/1.1\r\n\r\n")
                assert wire.line() == ESTABLISHED
                wire.line()
            greeted = context.wrap_socket(wires[0].sock, server_hostname="edge.example")
            remote, _ = listener.accept()
        with greeted, remote:
            assert greeted.recv(1) == b""
            assert remote.recv(1) == b""
        for wire in wires[1:]:
            assert wire.is_over()
        for wire in wires:
            wire.__exit__()


CONNECTS = st.builds(
    lambda host, port, end, after: f"CONNECT {host}{port} HTTP/1.1{end}".encode() + after,
    st.one_of(
        st.sampled_from(["edge.example", "a.edge.example", "_._.edge.example", "[::1]", "localhost", "else.example"]),
        st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20),
    ),
    st.sampled_from(["", ":443", ":1", ":0", ":99999", ":x"]),
    st.sampled_from(["\r\n\r\n", "\n\n", "\r\nHost: edge.example\r\n\r\n", "\r\nContent-Length: 5\r\n\r\n"]),
    st.binary(max_size=20),
)


def test_nothing_that_is_sent_kills_the_proxy():
    """Whatever is asked of the proxy ends in an answer or in the end of the connection, and the next one is served."""
    with proxying(Everywhere(), "localhost", ".else.example", idle_s=5) as address:

        @settings(max_examples=150, deadline=None)
        @given(CONNECTS)
        def send(raw: bytes) -> None:
            with Wire(address) as wire:
                wire.send(raw)
                wire.sock.shutdown(socket.SHUT_WR)
                try:
                    answer = wire.rest()
                except ConnectionResetError:
                    return
            assert not answer or answer.startswith(b"HTTP/1.1 ")

        send()
        with tunnelled(address, "edge.example:80") as wire:
            wire.send(GET)
            assert wire.response()[0] == 200


@pytest.fixture
def edge() -> FakeEdge:
    return furnished()


@pytest.fixture
def other():
    """A server of the test's own, which is none of Edge's."""
    with FakeEdge().serve() as server:
        server.login_url  # noqa: B018 - opens its port
        yield server


def test_the_proxy_answers_at_the_urls_of_edge(edge):
    """Through the proxy Edge's own URLs lead to the fake, over TLS and without; tokens are issued by Edge's host."""
    with edge.serve() as server:
        options = through(server)
        texts = [
            fetch(url, **options).text
            for url in (
                "https://login.apigee.com/version",
                "https://acme-test.apigee.net/open",
                f"https://{CUSTOM}/prod",
            )
        ]
        plain = fetch("http://acme-test.apigee.net/open", **options)
        token = login("https://login.apigee.com", **options)["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        listed = fetch("https://api.enterprise.apigee.com/v1/o/acme/environments", headers=bearer, **options)

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


def test_the_proxy_refuses_other_hosts(edge):
    """What is not Edge's is not reached, by tunnel or by plain http, and the client reads why."""
    with edge.serve() as server:
        tunnel = connect(server, "example.com:443")
        plain = fetch("http://example.com/", proxies={"http": server.proxy_url})

    assert (tunnel.status, tunnel.text) == (403, f"{text_of('example.com').decode()}\n")
    assert (plain.status_code, plain.text) == (403, f"{text_of('example.com').decode()}\n")


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


@pytest.mark.parametrize("allowed", ["localhost", ".localhost"])
def test_the_proxy_reaches_hosts_that_are_allowed(edge, other, allowed):
    """An allowed host is reached, by tunnel and by plain http, also with a body; a dot allows those below."""
    host = f"{'sub' if allowed.startswith('.') else ''}{allowed}"
    port = urlsplit(other.login_url).port
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


def test_a_proxy_sends_chunks_on_as_a_body(edge, other):
    """A body that came in chunks is sent on with its length."""
    with edge.serve(allow_hosts=["localhost"]) as server:
        url = f"http://localhost:{urlsplit(other.login_url).port}/oauth/token"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = fetch(
            url, method="POST", data=iter([b"grant_type=", b"x"]), headers=form, proxies={"http": server.proxy_url}
        )

    assert answer.status_code == 401


def test_a_tunnel_that_is_silent_ends(edge, other):
    """A tunnel through which nothing comes is closed after a while."""
    with Server(edge, options=ServerOptions(idle_s=0.05)) as server:
        tunnels = Tunnels(edge, server=server, authority=Authority(), allowed=["localhost"])
        address = "127.0.0.1", server.listen(lambda _: Site(tunnels=tunnels))
        with Wire(address) as wire:
            wire.send(f"CONNECT localhost:{urlsplit(other.login_url).port} HTTP/1.1\r\n\r\n")
            assert wire.line() == b"HTTP/1.1 200 Connection established\r\n"
            assert wire.line() == b"\r\n"
            assert wire.is_over()
