"""What a client sends, as it is read off a connection: lines, headers and bodies.

Rules of this file:

* A request that ends too early is none, whichever part of it is missing.
* Where it is not clear how long a request is, it is refused: what is left of it would be taken for the next one.
* Memory is taken for what was sent, not for what was announced, and never for more than the limit.
"""

import re
from collections.abc import Collection
from email.message import Message
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import BufferedReader

LONGEST_BODY = 16 * 1024 * 1024
_LONGEST_LINE = 65_536
PIECE = 64 * 1024
_LONGEST_CHUNK_LINE = 1_024
_MOST_TRAILERS = 100
_DIGITS = re.compile(r"[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(;[^\r\n]*)?\r?\n")
# The standard library takes what it cannot read for the end of the headers, and a bare CR for the end of a line.
_HEADERS = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*\r?\n(?:[ \t][^\r\n\0]*\r?\n)*)*\r?\n")


class RefusedError(Exception):
    """A request that the world is not asked.

    Args:
        status: What it is answered with.
        text: Why.
    """

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Reader:
    """A connection's incoming side, in the place of the file that `http.server` reads.

    Args:
        file: The socket's.
    """

    def __init__(self, file: "BufferedReader") -> None:
        self._file = file
        self._headers = bytearray()

    def request_line(self) -> bytes:
        """Return the first line of a request.

        Raises:
            RefusedError: It is too long.
        """
        line = b"\r\n"
        while line in (b"\r\n", b"\n"):  # RFC 9112 2.2: lines that are empty go before a request
            line = self._line(_LONGEST_LINE + 1)
        if len(line) > _LONGEST_LINE:
            raise RefusedError(HTTPStatus.REQUEST_URI_TOO_LONG, "The first line of this request is too long.")
        self._headers.clear()
        return line

    def readline(self, limit: int) -> bytes:
        """Return a line of the headers, or as much of one as the limit says: the standard library asks for it."""
        line = self._line(limit)
        self._headers += line
        return line

    def check_headers(self) -> None:
        """Check the headers that were read as lines after the request line.

        Raises:
            RefusedError: One of them is none.
        """
        if not _HEADERS.fullmatch(self._headers):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "A header of this request is not a name, a colon and a value.")

    def body(self, headers: Message, *, longest: int) -> bytes:
        """Return the body of a request.

        Raises:
            RefusedError: It is too long, or it is not clear how long it is.
        """
        length = length_of(headers, longest=longest)
        return self._chunks(longest) if length is None else self._exactly(length)

    def has_more(self) -> bool:
        """Return whether the client sent on; only where reading does not wait."""
        return bool(self._file.peek(1))

    def close(self) -> None:
        """Let go of the socket."""
        self._file.close()

    def _exactly(self, length: int) -> bytes:
        content = bytearray()
        while len(content) < length:
            piece = self._file.read1(min(length - len(content), PIECE))
            if not piece:
                raise ConnectionAbortedError
            content += piece
        return bytes(content)

    def _chunks(self, longest: int) -> bytes:
        body = bytearray()
        while size := self._chunk_size():
            if len(body) + size > longest:
                raise too_long(longest)
            body += self._exactly(size)
            if self._line(3).rstrip(b"\r\n"):
                raise RefusedError(HTTPStatus.BAD_REQUEST, "A chunk of the body has another length than it says.")
        for _ in range(_MOST_TRAILERS):
            if not self._line(_LONGEST_LINE).rstrip(b"\r\n"):
                return bytes(body)
        raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "Too many trailers.")

    def _chunk_size(self) -> int:
        found = _CHUNK_SIZE.fullmatch(self._line(_LONGEST_CHUNK_LINE))
        if found is None:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "A chunk of the body does not start with its length.")
        return int(found[1], 16)

    def _line(self, limit: int) -> bytes:
        line = self._file.readline(limit)
        if len(line) < limit and not line.endswith(b"\n"):
            raise ConnectionAbortedError
        return line


def length_of(headers: Message, *, longest: int) -> int | None:
    """Return how long a body is; None for one in chunks.

    Raises:
        RefusedError: It is too long, or it is not clear how long it is.
    """
    lengths = {value.strip(" \t") for value in headers.get_all("Content-Length", [])}
    codings = [value.strip(" \t").lower() for value in headers.get_all("Transfer-Encoding", [])]
    if codings and lengths:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "Content-Length and Transfer-Encoding exclude each other.")
    if codings:
        if codings != ["chunked"]:
            raise RefusedError(HTTPStatus.NOT_IMPLEMENTED, "The only transfer coding that is read is chunked.")
        return None
    return length_in(lengths, longest=longest)


def length_in(values: Collection[str], *, longest: int) -> int:
    """Return how long a body is that has these different values of Content-Length.

    Raises:
        RefusedError: It is too long, or it is not clear how long it is.
    """
    if len(values) > 1 or not all(map(_DIGITS.fullmatch, values)):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "The Content-Length is no number.")
    length = int(next(iter(values), "0"))
    if length > longest:
        raise too_long(longest)
    return length


def too_long(longest: int) -> RefusedError:
    """Return the refusal of a body that is longer than it may be."""
    return RefusedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body of this request is longer than {longest:,} bytes."
    )
