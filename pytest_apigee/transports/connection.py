"""One connection of a client: requests over HTTP/1.1 in, what a world answers out.

Rules of this file:

* Lines and headers are read by the standard library, where they are what it takes them for. The target of a request
  stays as it was sent.
* A body is read whole before the world is asked, and never more of it than the limit.
* One answer is one write: a second small write would wait for the client's delayed acknowledgement of the first.
* What a client does wrong ends its own connection and nothing else; it gets to read why.
"""

import re
import socket
import struct
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_apigee.edge.message import ConnectionFailure, FailureKind, Headers, Request, Response, host_of
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.transports.handler import Answering
from pytest_apigee.transports.reading import LONGEST_BODY, PIECE, Reader, RefusedError, length_of
from pytest_apigee.transports.wire import written

if TYPE_CHECKING:
    from pytest_apigee.transports.proxy import Tunnels

_MOST_UNREAD = 256 * 1024 * 1024
_LINGER_S = 10.0
_FOLD = re.compile(r"\r?\n[ \t]+")
_TEXT = "text/plain; charset=utf-8"
_MISDIRECTED = HTTPStatus.MISDIRECTED_REQUEST


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """What a port stands for.

    Args:
        origin: The origin for requests whose Host is none of the world's; empty where there is none.
        reached_at: The origin at which its clients reach that; empty where it is the same.
        scheme: That of requests which name a host of the world in their Host header.
        tunnels: What answers CONNECT; None where the port is no proxy.
    """

    origin: str = ""
    reached_at: str = ""
    scheme: str = "https"
    tunnels: "Tunnels | None" = None


class Connection(BaseHTTPRequestHandler):
    """Serves one connection until it is closed.

    Args:
        sock: The connected socket; whoever made it closes it.
        handler: The world.
        site: What the port stands for.
        longest_body: How many bytes the body of a request may have.
        idle_s: After how many seconds of silence the connection is closed.
    """

    protocol_version = "HTTP/1.1"
    rbufsize = PIECE
    rfile: Reader  # type: ignore[assignment]  # as much of a file as is used

    def __init__(
        self,
        sock: socket.socket,
        *,
        handler: Answering,
        site: Site,
        longest_body: int = LONGEST_BODY,
        idle_s: float = 60.0,
    ) -> None:
        self._handler = handler
        self._site = site
        self._longest_body = longest_body
        self._idle_s = idle_s
        self._target = ""
        super().__init__(sock, None, None)  # type: ignore[arg-type]  # neither its address nor its server is asked for

    def setup(self) -> None:
        """Make the connection ready: no write waits for another, and no read waits for ever."""
        self.request.settimeout(self._idle_s)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()
        self.rfile = Reader(self.rfile)  # type: ignore[arg-type]  # what the library put there

    def handle(self) -> None:
        """Answer requests until the client or an answer ends the connection."""
        with suppress(OSError):  # the client is gone, or silent for too long
            super().handle()

    def handle_one_request(self) -> None:
        """Read one request and answer it."""
        self.close_connection = True
        self.command = ""
        try:
            self.raw_requestline = self._without_target(self.rfile.request_line())
            if self.parse_request():
                self._answer()
        except RefusedError as refused:
            self.send_error(refused.status, refused.text)

    def handle_expect_100(self) -> bool:
        """Ask for the body, unless it is one that is refused."""
        self.rfile.check_headers()
        length_of(self.headers, longest=self._longest_body)
        self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no request that the world could be asked."""
        self.close_connection = True
        self._send(_plain(code, f"{' '.join(part for part in (message, explain) if part)}\n"))
        self._linger()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the library gives it
        """Write nothing: what was asked stands in the journal."""

    def _without_target(self, line: bytes) -> bytes:
        """Return a request line for the standard library, which takes some bytes of a target for blanks."""
        words = line.split()
        self._target = words[1].decode("latin-1") if len(words) > 1 else ""
        return b" ".join((words[0], b"/", words[2])) + b"\r\n" if len(words) == 3 else line  # noqa: PLR2004

    def _answer(self) -> None:
        self.rfile.check_headers()
        if _has_close(self.headers.get_all("Connection", [])):
            self.close_connection = True
        if self.command == "CONNECT" and self._site.tunnels is not None:
            self._open(self._site.tunnels)
            return
        headers = [(name, _FOLD.sub(" ", value).strip(" \t")) for name, value in self.headers.items()]
        request = self._request(headers, self.rfile.body(self.headers, longest=self._longest_body))
        if request is None:
            return
        outcome = self._handler.handle(request)
        if isinstance(outcome, ConnectionFailure):
            self._fail(outcome)
            return
        if self.request_version < "HTTP/1.1" or _has_close(outcome.headers.all("Connection")):
            self.close_connection = True
        self._send(outcome)

    def _open(self, tunnels: "Tunnels") -> None:
        self.close_connection = True
        self.connection.settimeout(0)
        if self.rfile.has_more():  # it would be lost: a tunnel reads from the socket
            self.connection.settimeout(self._idle_s)
            raise RefusedError(HTTPStatus.BAD_REQUEST, "A client has to wait for the answer to CONNECT.")
        self.connection.settimeout(self._idle_s)
        tunnels.open(self.connection, self._target)

    def _request(self, headers: list[tuple[str, str]], body: bytes) -> Request | None:
        """Return the request as the world shall see it; None where it was answered here."""
        target, host = self._target, host_of(self.headers.get("Host") or "")
        reached_at = ""
        if target == "*":  # RFC 9112 3.2.4: the server as a whole
            target = "/"
        if self._site.reached_at and target.startswith(f"{self._site.reached_at}/"):
            target = target.removeprefix(self._site.reached_at)  # RFC 9112 3.2.2: servers take whole URLs as well
        if target.startswith("/"):
            if self._handler.owns(host):
                url = f"{self._site.scheme}://{host}{target}"
            elif self._site.origin:
                url, reached_at = f"{self._site.origin}{target}", self._site.reached_at
            else:
                raise RefusedError(_MISDIRECTED, f"This port answers for hosts of Apigee Edge, and not for {host!r}.")
        else:
            url = self._absolute(target, headers, body)
        if not url:
            return None
        try:
            return Request(method=self.command, url=url, headers=headers, body=body, reached_at=reached_at)
        except ConfigurationError:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "The target of this request is no URL.") from None

    def _absolute(self, target: str, headers: list[tuple[str, str]], body: bytes) -> str:
        """Return the URL of a request as clients of a proxy send it; empty where it was sent on."""
        try:
            host = host_of(urlsplit(target).netloc)
        except ValueError:
            host = ""
        if not host:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "The target of this request is no URL.")
        if self._handler.owns(host):
            return target
        if self._site.tunnels is None:
            raise RefusedError(_MISDIRECTED, f"This port answers for hosts of Apigee Edge, and not for {host!r}.")
        self.close_connection = True
        self._site.tunnels.forward(self.connection, self.command, target, headers, body)
        return ""

    def _linger(self) -> None:
        """Read what the client is still sending: a socket that is closed before that takes the answer away from it."""
        self.connection.shutdown(socket.SHUT_WR)
        left, until = _MOST_UNREAD, time.monotonic() + _LINGER_S
        while left > 0 and (patience := until - time.monotonic()) > 0:
            self.connection.settimeout(patience)
            piece = self.connection.recv(PIECE)
            left -= len(piece) if piece else left

    def _fail(self, failure: ConnectionFailure) -> None:
        self.close_connection = True
        if failure.kind == FailureKind.UNKNOWN_HOST:
            self._send(_plain(_MISDIRECTED, f"{failure.message}\n"))
        elif failure.kind == FailureKind.TIMEOUT:
            self.connection.settimeout(None)
            while self.connection.recv(PIECE):  # until the client gives up, or the server is closed
                pass
        else:
            # Closed without lingering, a socket tells its peer that the connection was reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _send(self, response: Response) -> None:
        if self.close_connection and "Connection" not in response.headers:
            response = response.with_headers((*response.headers, ("Connection", "close")))
        self.connection.sendall(written(response, method=self.command or "", date=self._handler.http_date()))


def _has_close(values: Iterable[str]) -> bool:
    return any(option.strip().lower() == "close" for value in values for option in value.split(","))


def _plain(status: int, text: str) -> Response:
    return Response(status=int(status), headers=Headers([("Content-Type", _TEXT)]), body=text)
