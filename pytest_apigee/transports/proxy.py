"""What a port does that is a proxy: it answers for the hosts of a world, and sends nothing on that is not allowed."""

import selectors
import socket
from collections.abc import Collection
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import urlsplit

from pytest_apigee.edge.message import ConnectionFailure, Request, Response, host_of
from pytest_apigee.transports.connection import Site
from pytest_apigee.transports.handler import Answering
from pytest_apigee.transports.server import Server
from pytest_apigee.transports.tls import Authority
from pytest_apigee.transports.wire import written

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_TLS_RECORD = b"\x16"
_HTTPS_PORT, _HTTP_PORT = 443, 80
_CONNECT_S = 10.0
_PIECE = 64 * 1024
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authorization", "proxy-connection", "te", "transfer-encoding"}
)


class Tunnels:
    """Opens tunnels to a world, and to the hosts that are allowed beside it.

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
        host = host_of(target)
        if not self._handler.owns(host):
            if not self._allows(host):
                self._refuse(client, HTTPStatus.FORBIDDEN, self._objection(host))
            else:
                self._connect(client, host, _port_of(target, _HTTPS_PORT), _ESTABLISHED, b"")
            return
        if not self._handler.answers(host):
            outcome = self._handler.handle(Request(method="CONNECT", url=f"https://{host}/"))
            assert isinstance(outcome, ConnectionFailure)  # noqa: S101 - for mypy: what nobody answers
            self._refuse(client, HTTPStatus.BAD_GATEWAY, outcome.message)
            return
        client.sendall(_ESTABLISHED)
        if client.recv(1, socket.MSG_PEEK) != _TLS_RECORD:
            self._server.serve(client, Site(origin=f"http://{host}", scheme="http"))
            return
        with self._server.encrypted(client, self._authority.context_of(host)) as wrapped:
            self._server.serve(wrapped, Site(origin=f"https://{host}"))

    def forward(
        self, client: socket.socket, method: str, url: str, headers: Collection[tuple[str, str]], body: bytes
    ) -> None:
        """Send a request over plain http on to a host that is allowed, and its answer back."""
        parts = urlsplit(url)
        host = host_of(parts.netloc)
        if not self._allows(host):
            self._refuse(client, HTTPStatus.FORBIDDEN, self._objection(host))
            return
        path = url[len(f"{parts.scheme}://{parts.netloc}") :] or "/"
        kept = [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]
        if body and not any(name.lower() == "content-length" for name, _ in kept):
            kept.append(("Content-Length", str(len(body))))
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (*kept, ("Connection", "close")))]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self._connect(client, host, _port_of(parts.netloc, _HTTP_PORT), b"", head + body)

    def _allows(self, host: str) -> bool:
        return any(host == known or (known.startswith(".") and host.endswith(known)) for known in self._allowed)

    @staticmethod
    def _objection(host: str) -> str:
        return (
            f"pytest-apigee's proxy answers for hosts of Apigee Edge and sends nothing on to {host!r}. Allow that host "
            "where the server is made, or name it in NO_PROXY."
        )

    def _refuse(self, client: socket.socket, status: HTTPStatus, text: str) -> None:
        headers = {"Content-Type": "text/plain; charset=utf-8", "Connection": "close"}
        response = Response(status=int(status), headers=headers, body=f"{text}\n")
        client.sendall(written(response, method="GET", date=self._handler.http_date()))

    def _connect(self, client: socket.socket, host: str, port: int, greeting: bytes, first: bytes) -> None:
        """Connect to a real host and copy what comes, both ways, until one side ends it."""
        try:
            remote = socket.create_connection((host, port), timeout=_CONNECT_S)
        except OSError as error:
            self._refuse(client, HTTPStatus.BAD_GATEWAY, f"{host}:{port} cannot be reached: {error}.")
            return
        with self._server.held(remote):
            client.sendall(greeting)
            remote.sendall(first)
            _relay(client, remote, idle_s=self._server.options.idle_s)


def _relay(one: socket.socket, other: socket.socket, *, idle_s: float) -> None:
    with selectors.DefaultSelector() as selector, suppress(OSError):
        for source, drain in ((one, other), (other, one)):
            selector.register(source, selectors.EVENT_READ, (source, drain))
        while ready := selector.select(idle_s):
            for key, _ in ready:
                source, drain = key.data
                piece = source.recv(_PIECE)
                if not piece:
                    return
                drain.sendall(piece)


def _port_of(authority: str, usual: int) -> int:
    port = authority.rpartition(":")[2]
    return int(port) if port.isascii() and port.isdecimal() and len(port) <= 5 else usual  # noqa: PLR2004 - digits
