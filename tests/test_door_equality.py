"""One world, many doors: the same conversation comes out the same, byte for byte, whichever door it went through.

What a door may add to an answer is said in `_by_rule`; nothing else may differ. Clients at the server name the hosts
of Edge, so that tokens and links do; what it says of itself otherwise is in `test_serving`.
"""

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.client import HTTPResponse
from types import ModuleType
from typing import Self
from urllib.parse import urlsplit

import httpx
import httpx2
import pytest
import requests
import urllib3
import werkzeug.test

from pytest_apigee import FakeEdge, Request, Response, fake_edge
from pytest_apigee.edge.journal import Exchange
from pytest_apigee.serving import EdgeServer
from tests.door_corpus import CORPUS, SEED, Conversation, Outcome, furnish

PATIENCE_S = 20
ALLOWED = ["not_modelled", "target_error"]
Send = Callable[[Request], Outcome]


def talk(edge: FakeEdge, send: Send) -> Conversation:
    """Send the corpus to a world, and return what came back."""
    furnish(edge)
    past = Conversation(edge)
    for name, step in CORPUS.items():
        past.outcomes[name] = send(step(past))
    return past


def _by_rule(edge: FakeEdge, request: Request, response: Response) -> Outcome:
    """Return what every client has to see of a response: Date and Content-Length are added where they are missing."""
    headers = list(response.headers)
    if "Date" not in response.headers:
        headers.append(("Date", edge.http_date()))
    has_body = response.status not in (204, 304)
    if has_body and "Content-Length" not in response.headers:
        headers.append(("Content-Length", str(len(response.body))))
    body = response.body if has_body and request.method != "HEAD" else b""
    return Outcome(status=response.status, reason=response.reason, headers=headers, body=body)


def _read(parsed: HTTPResponse, body: bytes) -> Outcome:
    return Outcome(status=parsed.status, reason=parsed.reason, headers=parsed.msg.items(), body=body)


@contextmanager
def by_handle() -> Iterator[tuple[FakeEdge, Send]]:
    """Ask the core itself."""
    edge = FakeEdge(seed=SEED)

    def send(request: Request) -> Outcome:
        response = edge.handle(request)
        assert isinstance(response, Response)
        return _by_rule(edge, request, response)

    yield edge, send


@contextmanager
def by_requests() -> Iterator[tuple[FakeEdge, Send]]:
    """Ask as an application does."""
    with fake_edge(seed=SEED, allow=ALLOWED) as edge:

        def send(request: Request) -> Outcome:
            with requests.Session() as session:
                session.headers.clear()
                answer = session.request(
                    request.method,
                    request.url,
                    headers=dict(request.headers),
                    data=request.body or None,
                    allow_redirects=False,
                )
            return _read(answer.raw._original_response, answer.content)  # noqa: SLF001 - the order of headers

        yield edge, send


@contextmanager
def by_urllib3() -> Iterator[tuple[FakeEdge, Send]]:
    """Ask as a library without requests does."""
    with fake_edge(seed=SEED, allow=ALLOWED) as edge, urllib3.PoolManager(retries=False) as pool:

        def send(request: Request) -> Outcome:
            answer = pool.request(
                request.method, request.url, headers=dict(request.headers), body=request.body or None, redirect=False
            )
            return _read(answer._original_response, answer.data)  # noqa: SLF001 - the order of headers

        yield edge, send


def _of_httpx(answer: httpx.Response | httpx2.Response) -> Outcome:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw]
    return Outcome(status=answer.status_code, reason=answer.reason_phrase, headers=headers, body=answer.content)


def _httpx_request(module: ModuleType, request: Request) -> httpx.Request:
    sent: httpx.Request = module.Request(
        request.method, request.url, headers=list(request.headers), content=request.body or None
    )
    return sent


def by_transport(module: ModuleType, transport_of: Callable[[FakeEdge], object]) -> Callable[[], object]:
    """Ask through a transport of a module."""

    @contextmanager
    def door() -> Iterator[tuple[FakeEdge, Send]]:
        edge = FakeEdge(seed=SEED)
        with module.Client(transport=transport_of(edge)) as client:
            yield edge, lambda request: _of_httpx(client.send(_httpx_request(module, request)))

    return door


def by_async_transport(module: ModuleType, transport_of: Callable[[FakeEdge], object]) -> Callable[[], object]:
    """Ask through a transport of a module, without waiting."""

    @contextmanager
    def door() -> Iterator[tuple[FakeEdge, Send]]:
        edge = FakeEdge(seed=SEED)
        client = module.AsyncClient(transport=transport_of(edge))
        with asyncio.Runner() as runner:
            yield edge, lambda request: _of_httpx(runner.run(client.send(_httpx_request(module, request))))
            runner.run(client.aclose())

    return door


class Socket:
    """A client that sends each byte itself, and keeps its connections.

    Args:
        connect: Connects to the place that answers for an origin.
        target_of: Returns what the first line of a request names.
    """

    def __init__(self, connect: Callable[[str], socket.socket], target_of: Callable[[Request], str]) -> None:
        self._connect = connect
        self._target_of = target_of
        self._stack = ExitStack()
        self._open: dict[str, socket.socket] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()

    def send(self, request: Request) -> Outcome:
        if request.origin not in self._open:
            self._open[request.origin] = self._stack.enter_context(self._connect(request.origin))
        sock = self._open[request.origin]
        headers = [("Host", urlsplit(request.url).netloc), *request.headers]
        if request.body or request.method in ("POST", "PUT"):
            headers.append(("Content-Length", str(len(request.body))))
        first = f"{request.method} {self._target_of(request)} HTTP/1.1"
        lines = [first, *(f"{name}: {value}" for name, value in headers)]
        sock.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + request.body)
        with HTTPResponse(sock, method=request.method) as answer:
            answer.begin()
            assert not answer.will_close
            return _read(answer, answer.read())


def _origin_form(request: Request) -> str:
    return request.url.removeprefix(request.origin)


def _absolute_if_plain(request: Request) -> str:
    """Return what names the scheme: the Host header of a request to the server cannot."""
    return request.url if request.scheme == "http" else _origin_form(request)


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


@contextmanager
def by_server() -> Iterator[tuple[FakeEdge, Send]]:
    """Ask at one port of the server, by the Host header."""
    edge = FakeEdge(seed=SEED)
    with (
        edge.serve() as server,
        Socket(lambda _: socket.create_connection(_address(server.login_url), PATIENCE_S), _absolute_if_plain) as sock,
    ):
        yield edge, sock.send


def _greeted(server: EdgeServer, plain: socket.socket, host: str | None) -> ssl.SSLSocket:
    return ssl.create_default_context(cafile=str(server.ca_path)).wrap_socket(plain, server_hostname=host)


@contextmanager
def by_tls_server() -> Iterator[tuple[FakeEdge, Send]]:
    """Ask at one port of the server with TLS, naming the host in the greeting as well."""
    edge = FakeEdge(seed=SEED)
    with edge.serve(tls=True) as server:

        def connect(origin: str) -> ssl.SSLSocket:
            plain = socket.create_connection(_address(server.gateway_url), PATIENCE_S)
            return _greeted(server, plain, urlsplit(origin).hostname)

        with Socket(connect, _absolute_if_plain) as sock:
            yield edge, sock.send


@contextmanager
def by_proxy() -> Iterator[tuple[FakeEdge, Send]]:
    """Ask at Edge's own URLs through the proxy: by a tunnel for https, with whole URLs for http."""
    edge = FakeEdge(seed=SEED)
    with edge.serve() as server:

        def connect(origin: str) -> socket.socket:
            plain = socket.create_connection(_address(server.proxy_url), PATIENCE_S)
            parts = urlsplit(origin)
            if parts.scheme == "http":
                return plain
            plain.sendall(f"CONNECT {parts.hostname}:443 HTTP/1.1\r\nHost: {parts.hostname}:443\r\n\r\n".encode())
            assert plain.recv(1024) == b"HTTP/1.1 200 Connection established\r\n\r\n"
            return _greeted(server, plain, parts.hostname)

        with Socket(connect, _absolute_if_plain) as sock:
            yield edge, sock.send


@contextmanager
def by_tunnel() -> Iterator[tuple[FakeEdge, Send]]:
    """Ask through tunnels for http as well."""
    edge = FakeEdge(seed=SEED)
    with edge.serve() as server:

        def connect(origin: str) -> socket.socket:
            plain = socket.create_connection(_address(server.proxy_url), PATIENCE_S)
            parts = urlsplit(origin)
            plain.sendall(f"CONNECT {parts.hostname}:1 HTTP/1.1\r\n\r\n".encode())
            assert plain.recv(1024) == b"HTTP/1.1 200 Connection established\r\n\r\n"
            return plain if parts.scheme == "http" else _greeted(server, plain, parts.hostname)

        with Socket(connect, _origin_form) as sock:
            yield edge, sock.send


@contextmanager
def by_wsgi() -> Iterator[tuple[FakeEdge, Send]]:
    """Ask an application as a WSGI server does which keeps what was sent."""
    edge = FakeEdge(seed=SEED)
    client = werkzeug.test.Client(edge.wsgi_app(), use_cookies=False)

    def send(request: Request) -> Outcome:
        answer = client.open(
            path=_origin_form(request),
            base_url=request.origin,
            method=request.method,
            headers=list(request.headers),
            data=request.body,
        )
        return Outcome(
            status=answer.status_code,
            reason=answer.status.partition(" ")[2],
            headers=list(answer.headers),
            body=answer.data,
        )

    yield edge, send


@contextmanager
def by_asgi() -> Iterator[tuple[FakeEdge, Send]]:
    """Ask an application as an ASGI server does."""
    edge = FakeEdge(seed=SEED)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(edge.asgi_app(), raise_app_exceptions=True))
    with asyncio.Runner() as runner:
        yield edge, lambda request: _of_httpx(runner.run(client.send(_httpx_request(httpx, request))))
        runner.run(client.aclose())


DOORS = {
    "requests": by_requests,
    "urllib3": by_urllib3,
    "httpx": by_transport(httpx, FakeEdge.httpx_transport),
    "httpx async": by_async_transport(httpx, FakeEdge.httpx_transport),
    "httpx2": by_transport(httpx2, FakeEdge.httpx2_transport),
    "httpx2 async": by_async_transport(httpx2, FakeEdge.httpx2_transport),
    "server": by_server,
    "server with TLS": by_tls_server,
    "proxy": by_proxy,
    "tunnel": by_tunnel,
    "WSGI": by_wsgi,
    "ASGI": by_asgi,
}


def _as_asgi_says(outcome: Outcome) -> Outcome:
    """Return an outcome with names in lower case and the client's own phrases: ASGI carries no others."""
    reason = httpx.codes.get_reason_phrase(outcome.status)
    return replace(outcome, reason=reason, headers=[(name.lower(), value) for name, value in outcome.headers])


RULES = {"ASGI": _as_asgi_says}


@pytest.fixture(scope="module")
def expected() -> Conversation:
    with by_handle() as (edge, send):
        return talk(edge, send)


def test_the_corpus_is_a_conversation(expected: Conversation) -> None:
    """The corpus has exchanges of every kind, and no step of it fails for want of another one."""
    statuses = Counter(outcome.status for outcome in expected.outcomes.values())

    assert statuses == {
        200: 32,
        201: 5,
        202: 4,
        204: 2,
        299: 1,
        301: 1,
        302: 4,
        304: 1,
        400: 8,
        401: 10,
        403: 3,
        404: 5,
        405: 1,
        409: 1,
        418: 2,
        429: 1,
        500: 1,
        501: 3,
        503: 1,
    }
    assert statuses.total() >= 60


def seen(exchange: Exchange) -> tuple[str, str, object, str]:
    return exchange.request.method, exchange.request.url, exchange.outcome, exchange.reason


@pytest.mark.parametrize("name", DOORS)
def test_every_door_gives_what_the_core_gives(expected: Conversation, name: str) -> None:
    """The same conversation with the same world comes out byte for byte the same through every door."""
    rule = RULES.get(name, lambda outcome: outcome)
    with DOORS[name]() as (edge, send):
        found = talk(edge, send)
        exchanges = list(map(seen, edge.calls))

    assert found.outcomes == {step: rule(outcome) for step, outcome in expected.outcomes.items()}
    assert exchanges == list(map(seen, expected.edge.calls))
