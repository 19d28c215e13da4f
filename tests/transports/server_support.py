"""A handler without Edge, and a client that speaks HTTP/1.1 byte by byte."""

import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from typing import Self

from pytest_apigee import ConnectionFailure, Request, Response
from pytest_apigee.transports.connection import Site
from pytest_apigee.transports.server import Server, ServerOptions

DATE = "Thu, 01 Jan 2026 00:00:00 GMT"
PATIENCE_S = 20
Answer = Callable[[Request], Response | ConnectionFailure]


class Echo:
    """A world with one host, which tells what it was asked."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.seen: list[Request] = []
        self._answer = answer or self.echo

    def owns(self, host: str) -> bool:
        return host.endswith("edge.example")

    def answers(self, host: str) -> bool:
        return host == "edge.example"

    def handle(self, request: Request) -> Response | ConnectionFailure:
        self.seen.append(request)
        return self._answer(request)

    def http_date(self) -> str:
        return DATE

    @staticmethod
    def echo(request: Request) -> Response:
        return Response(headers={"X-Body": str(len(request.body))}, body=f"{request.method} {request.url}")


@contextmanager
def serving(handler: Echo, site: Site | None = None, **options: object) -> Iterator[tuple[str, int]]:
    """Serve a handler at a port, and give its address."""
    with Server(handler, options=ServerOptions(**options)) as server:  # type: ignore[arg-type]  # whatever a test sets
        origin = Site(origin="https://edge.example") if site is None else site
        yield "127.0.0.1", server.listen(lambda _: origin)


class Wire:
    """A connection on which a test writes and reads what it will."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.sock = socket.create_connection(address, timeout=PATIENCE_S)
        self.file = self.sock.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.file.close()
        self.sock.close()

    def send(self, *pieces: bytes | str) -> None:
        for piece in pieces:
            self.sock.sendall(piece.encode("latin-1") if isinstance(piece, str) else piece)

    def line(self) -> bytes:
        return self.file.readline()

    def rest(self) -> bytes:
        """Return all until the server ends the connection."""
        return self.file.read()

    def response(self, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        """Read one response off the connection."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.file.readline()
            assert line, f"the connection ended after {head!r}"
            head += line
        headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:-2])
        length = 0 if method == "HEAD" else int(headers.get("Content-Length", 0))
        return int(head.split()[1]), headers, self.file.read(length)

    def is_over(self) -> bool:
        """Return whether the server has ended the connection, for which this waits."""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True


def ask(address: tuple[str, int], raw: bytes | str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """Return the response to one request of its own connection."""
    with Wire(address) as wire:
        wire.send(raw)
        return wire.response(method)


def threads_of_servers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("apigee-port")]


def parsed(raw: bytes) -> HTTPResponse:
    class Source:
        def makefile(self, mode: str) -> io.BytesIO:
            return io.BytesIO(raw)

    response = HTTPResponse(Source())  # type: ignore[arg-type]  # all that it asks of a socket
    response.begin()
    return response
