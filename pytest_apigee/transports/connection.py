"""One connection of a client: requests over HTTP/1.1 in, what a world answers out.

Rules of this file:

* Lines and headers are read by the standard library. The target of a request stays as it was sent.
* A body is read whole before the world is asked, and never more of it than the limit.
* One answer is one write: a second small write would wait for the client's delayed acknowledgement of the first.
* What a client does wrong ends its own connection and nothing else.
"""

import re
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_apigee.edge.message import ConnectionFailure, FailureKind, Headers, Request, Response, host_of
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.transports.handler import Answering
from pytest_apigee.transports.wire import written

if TYPE_CHECKING:
    from io import BufferedIOBase

    from pytest_apigee.transports.proxy import Tunnels

LONGEST_BODY = 16 * 1024 * 1024
_LONGEST_LINE = 65_536
_LONGEST_CHUNK_LINE = 1_024
_MOST_TRAILERS = 100
_MOST_DISCARDED = 256 * 1024 * 1024
_DISCARD_S = 5.0
_PIECE = 64 * 1024
_FOLD = re.compile(r"\r\n[ \t]+")
_DIGITS = re.compile(r"[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(;[^\r\n]*)?\r?\n")
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
    rbufsize = _PIECE

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
        super().__init__(sock, None, None)  # type: ignore[arg-type]  # neither its address nor its server is asked for

    def setup(self) -> None:
        """Make the connection ready: no write waits for another, and no read waits for ever."""
        self.request.settimeout(self._idle_s)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()
        self.rfile = _Reader(self.rfile)  # type: ignore[assignment]  # as much of it as is used

    def handle(self) -> None:
        """Answer requests until the client or an answer ends the connection."""
        with suppress(OSError):  # the client is gone, or silent for too long
            super().handle()

    def handle_one_request(self) -> None:
        """Read one request and answer it."""
        self.close_connection = True
        line = self.rfile.readline(_LONGEST_LINE + 1)
        while line in (b"\r\n", b"\n"):  # RFC 9112 2.2: lines that are empty go before a request
            line = self.rfile.readline(_LONGEST_LINE + 1)
        if len(line) > _LONGEST_LINE:
            self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
            return
        self.raw_requestline = line
        try:
            if self.parse_request():
                self._answer()
        except _RefusedError as refused:
            self._refuse(refused)

    def handle_expect_100(self) -> bool:
        """Ask for the body, unless it is one that is refused."""
        self._check_length()
        self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no request that the world could be asked."""
        self.close_connection = True
        text = " ".join(part for part in (message or HTTPStatus(code).description, explain) if part)
        self._send(_plain(code, f"{text or HTTPStatus(code).phrase}\n"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the library gives it
        """Write nothing: what was asked stands in the journal."""

    def _answer(self) -> None:
        if self.command == "CONNECT" and self._site.tunnels is not None:
            self._site.tunnels.open(self.connection, self._target())
            return
        headers = [(name, _FOLD.sub(" ", value).strip(" \t")) for name, value in self.headers.items()]
        request = self._request(headers, self._body())
        if request is None:
            return
        outcome = self._handler.handle(request)
        if isinstance(outcome, ConnectionFailure):
            self._fail(outcome)
            return
        if self.request_version < "HTTP/1.1" or "close" in (outcome.headers.get("Connection") or "").lower():
            self.close_connection = True
        self._send(outcome)

    def _request(self, headers: list[tuple[str, str]], body: bytes) -> Request | None:
        """Return the request as the world shall see it; None where it was answered here."""
        target, host = self._target(), host_of(self.headers.get("Host") or "")
        reached_at = ""
        if self._site.reached_at and target.startswith(f"{self._site.reached_at}/"):
            target = target.removeprefix(self._site.reached_at)  # RFC 9112 3.2.2: servers take whole URLs as well
        if target.startswith("/"):
            if self._handler.owns(host):
                url = f"{self._site.scheme}://{host}{target}"
            elif self._site.origin:
                url, reached_at = f"{self._site.origin}{target}", self._site.reached_at
            else:
                raise _RefusedError(_MISDIRECTED, f"This port answers for hosts of Apigee Edge, and not for {host!r}.")
        elif target == "*":
            url, reached_at = f"{self._site.origin or 'https://' + host}/", self._site.reached_at
        else:
            url = self._absolute(target, headers, body)
        if not url:
            return None
        try:
            return Request(method=self.command, url=url, headers=headers, body=body, reached_at=reached_at)
        except ConfigurationError:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "The target of this request is no URL.") from None

    def _absolute(self, target: str, headers: list[tuple[str, str]], body: bytes) -> str:
        """Return the URL of a request as clients of a proxy send it; empty where it was sent on."""
        try:
            host = host_of(urlsplit(target).netloc)
        except ValueError:
            host = ""
        if not host:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "The target of this request is no URL.")
        if self._handler.owns(host):
            return target
        if self._site.tunnels is None:
            raise _RefusedError(_MISDIRECTED, f"This port answers for hosts of Apigee Edge, and not for {host!r}.")
        self.close_connection = True
        self._site.tunnels.forward(self.connection, self.command, target, headers, body)
        return ""

    def _target(self) -> str:
        return self.requestline.split()[1]  # `self.path` is without slashes that were sent

    def _check_length(self) -> int | None:
        """Return how long the body is; None for one in chunks.

        Raises:
            _RefusedError: It is too long, or it is not clear how long it is.
        """
        lengths = {value.strip() for value in self.headers.get_all("Content-Length", [])}
        codings = [value.strip().lower() for value in self.headers.get_all("Transfer-Encoding", [])]
        if codings and lengths:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "Content-Length and Transfer-Encoding exclude each other.")
        if codings:
            if codings != ["chunked"]:
                raise _RefusedError(HTTPStatus.NOT_IMPLEMENTED, "The only transfer coding that is read is chunked.")
            return None
        if len(lengths) > 1 or not all(map(_DIGITS.fullmatch, lengths)):
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "The Content-Length is no number.")
        length = int(next(iter(lengths), "0"))
        if length > self._longest_body:
            raise self._too_long(length)
        return length

    def _body(self) -> bytes:
        length = self._check_length()
        if length is None:
            return self._chunked_body()
        return self.rfile.read(length) if length else b""

    def _chunked_body(self) -> bytes:
        body = bytearray()
        while size := self._chunk_size():
            if len(body) + size > self._longest_body:
                raise self._too_long(_MOST_DISCARDED)
            piece = self.rfile.read(size)
            if self.rfile.readline(3).rstrip(b"\r\n"):
                raise _RefusedError(HTTPStatus.BAD_REQUEST, "A chunk of the body has another length than it says.")
            body += piece
        for _ in range(_MOST_TRAILERS):
            if not self.rfile.readline(_LONGEST_LINE).rstrip(b"\r\n"):
                return bytes(body)
        raise _RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "Too many trailers.")

    def _chunk_size(self) -> int:
        found = _CHUNK_SIZE.fullmatch(self.rfile.readline(_LONGEST_CHUNK_LINE))
        if found is None:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "A chunk of the body does not start with its length.")
        return int(found[1], 16)

    def _too_long(self, length: int) -> "_RefusedError":
        text = f"The body of this request is longer than {self._longest_body:,} bytes."
        return _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text, unread=length)

    def _refuse(self, refused: "_RefusedError") -> None:
        self.close_connection = True
        self._send(_plain(refused.status, f"{refused.text}\n"))
        self._discard(refused.unread)

    def _discard(self, unread: int) -> None:
        """Read what the client is still sending: a reset would take the answer away from it."""
        if unread:
            self.connection.settimeout(_DISCARD_S)
            self.connection.shutdown(socket.SHUT_WR)
            rest = min(unread, _MOST_DISCARDED)
            while rest > 0 and (piece := self.connection.recv(_PIECE)):
                rest -= len(piece)

    def _fail(self, failure: ConnectionFailure) -> None:
        self.close_connection = True
        if failure.kind == FailureKind.UNKNOWN_HOST:
            self._send(_plain(_MISDIRECTED, f"{failure.message}\n"))
        elif failure.kind == FailureKind.TIMEOUT:
            self.connection.settimeout(None)
            self.connection.recv(1)  # until the client gives up, or the server is closed
        else:
            # Closed without lingering, a socket tells its peer that the connection was reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _send(self, response: Response) -> None:
        command = getattr(self, "command", None) or ""
        if self.close_connection and "Connection" not in response.headers:
            response = response.with_headers((*response.headers, ("Connection", "close")))
        self.connection.sendall(written(response, method=command, date=self._handler.http_date()))


class _Reader:
    """What a client sends: a request that ends too early is none, whichever part of it is missing.

    Args:
        file: The socket's.
    """

    def __init__(self, file: "BufferedIOBase") -> None:
        self._file = file

    def readline(self, limit: int) -> bytes:
        """Return a line, or as much of one as the limit says."""
        line = self._file.readline(limit)
        if len(line) < limit and not line.endswith(b"\n"):
            raise ConnectionAbortedError
        return line

    def read(self, length: int) -> bytes:
        """Return so many bytes."""
        content = self._file.read(length)
        if len(content) < length:
            raise ConnectionAbortedError
        return content

    def close(self) -> None:
        """Let go of the socket."""
        self._file.close()


class _RefusedError(Exception):
    """A request that the world is not asked."""

    def __init__(self, status: int, text: str, *, unread: int = 0) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.unread = unread


def _plain(status: int, text: str) -> Response:
    return Response(status=int(status), headers=Headers([("Content-Type", _TEXT)]), body=text)
