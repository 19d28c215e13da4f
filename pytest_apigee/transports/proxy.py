"""What a port does that is a proxy: it answers for the hosts of a world, and sends nothing on that is not allowed."""

import re
import selectors
import socket
from collections.abc import Collection
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import urlsplit

from pytest_apigee.edge.message import ConnectionFailure, Request, Response, header_safe, host_of
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.transports.connection import Site
from pytest_apigee.transports.handler import Answering
from pytest_apigee.transports.server import Server
from pytest_apigee.transports.tls import Authority
from pytest_apigee.transports.wire import written

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_TLS_RECORD = b"\x16"
_HTTPS_PORT, _HTTP_PORT = 443, 80
_LAST_PORT = 65_535
_CONNECT_S = 10.0
_PIECE = 64 * 1024
_PORT = re.compile(r":([0-9]{1,5})")
_HOP_BY_HOP = frozenset(
    {"connection", "expect", "keep-alive", "proxy-authorization", "proxy-connection", "te", "transfer-encoding"}
)


class Tunnels:
    """Opens tunnels to a world, and to the hosts that are allowed beside it.

    What is refused is said in the reason phrase as well: of an answer to CONNECT most clients show no more.

    Args:
        handler: The world.
        server: Whose port this is.
        authority: What its certificates come from.
        allowed: Other hosts that may be reached; those below one that starts with a dot as well.
    """

    def __init__(self, handler: Answering, *, server: Server, authority: Authority, allowed: Collection[str]) -> None:
        self._handler = handler
        self._server = server
        self._authority = authority
        self._allowed = tuple(host.lower() for host in allowed)

    def open(self, client: socket.socket, target: str) -> None:
        """Answer CONNECT, and serve what comes through the tunnel until it ends.

        Args:
            client: The connection of the client.
            target: Host and port as the client names them.
        """
        host, port = _place(target, _HTTPS_PORT)
        if not self._handler.owns(host):
            if not self._allows(host):
                self._refuse(client, HTTPStatus.FORBIDDEN, self._objection(host))
            else:
                self._connect(client, host, port, _ESTABLISHED, b"")
            return
        if not self._handler.answers(host):
            outcome = self._handler.handle(Request(method="CONNECT", url=f"https://{host}/"))
            told = outcome.message if isinstance(outcome, ConnectionFailure) else f"Nobody answers at {host!r}."
            self._refuse(client, HTTPStatus.BAD_GATEWAY, told)
            return
        try:
            context = self._authority.context_of(host)
        except ConfigurationError as error:
            self._refuse(client, HTTPStatus.BAD_GATEWAY, str(error))
            return
        client.sendall(_ESTABLISHED)
        if client.recv(1, socket.MSG_PEEK) != _TLS_RECORD:
            self._server.serve(client, Site(origin=f"http://{host}", scheme="http"))
            return
        with self._server.encrypted(client, context) as wrapped:
            self._server.serve(wrapped, Site(origin=f"https://{host}"))

    def forward(
        self, client: socket.socket, method: str, url: str, headers: Collection[tuple[str, str]], body: bytes
    ) -> None:
        """Send a request over plain http on to a host that is allowed, and its answer back."""
        parts = urlsplit(url)
        host, port = _place(parts.netloc, _HTTP_PORT)
        if not self._allows(host):
            self._refuse(client, HTTPStatus.FORBIDDEN, self._objection(host))
            return
        if parts.scheme != "http":
            self._refuse(client, HTTPStatus.BAD_REQUEST, "This proxy sends plain http on; for https use CONNECT.")
            return
        path = url[len(f"{parts.scheme}://{parts.netloc}") :]
        dropped = {*_HOP_BY_HOP, "content-length"}
        kept = [(name, value) for name, value in headers if name.lower() not in dropped]
        if body or any(name.lower() in ("content-length", "transfer-encoding") for name, _ in headers):
            kept.append(("Content-Length", str(len(body))))
        lines = [
            f"{method} {path if path.startswith('/') else f'/{path}'} HTTP/1.1",
            *(f"{name}: {value}" for name, value in (*kept, ("Connection", "close"))),
        ]
        self._connect(client, host, port, b"", "\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def _allows(self, host: str) -> bool:
        return any(host == known or (known.startswith(".") and host.endswith(known)) for known in self._allowed)

    @staticmethod
    def _objection(host: str) -> str:
        return (
            f"pytest-apigee's proxy answers for hosts of Apigee Edge and sends nothing on to {host!r}. Allow that "
            f"host by allow_hosts=[{host!r}], or name it in NO_PROXY."
        )

    def _refuse(self, client: socket.socket, status: HTTPStatus, text: str) -> None:
        headers = {"Content-Type": "text/plain; charset=utf-8", "Connection": "close"}
        response = Response(status=int(status), headers=headers, body=f"{text}\n", reason=header_safe(text))
        client.sendall(written(response, method="GET", date=self._handler.http_date()))

    def _connect(self, client: socket.socket, host: str, port: int, greeting: bytes, first: bytes) -> None:
        """Connect to a real host and copy what comes, both ways, until both sides have ended it."""
        try:
            remote = socket.create_connection((host, port), timeout=_CONNECT_S)
        except OSError as error:
            self._refuse(client, HTTPStatus.BAD_GATEWAY, f"{host}:{port} cannot be reached: {error}.")
            return
        except UnicodeError:  # which no resolver was asked
            self._refuse(client, HTTPStatus.BAD_GATEWAY, f"{host!r} cannot be the name of a host.")
            return
        with self._server.held(remote):
            remote.settimeout(self._server.options.idle_s)
            client.sendall(greeting)
            remote.sendall(first)
            _relay(client, remote, idle_s=self._server.options.idle_s)


def _relay(one: socket.socket, other: socket.socket, *, idle_s: float) -> None:
    with selectors.DefaultSelector() as selector, suppress(OSError):
        for source, drain in ((one, other), (other, one)):
            selector.register(source, selectors.EVENT_READ, (source, drain))
        while selector.get_map() and (ready := selector.select(idle_s)):
            for key, _ in ready:
                source, drain = key.data
                piece = source.recv(_PIECE)
                if piece:
                    drain.sendall(piece)
                else:
                    selector.unregister(source)
                    drain.shutdown(socket.SHUT_WR)


def _place(authority: str, usual: int) -> tuple[str, int]:
    """Return host and port; the host of an IPv6 address is that without its brackets."""
    host, bracket, rest = host_of(authority).partition("]")
    if not bracket:
        rest = authority[authority.rfind(":") :]
    port = int(found[1]) if (found := _PORT.fullmatch(rest)) else usual
    return host.removeprefix("["), port if port <= _LAST_PORT else usual
