"""Between the bytes of HTTP/1.1 and our messages, with the standard library as the parser.

What a client gets is what `http.client` and urllib3 make of bytes, so that cookies, versions, reasons, chunks and
lengths are those of a real server.
"""

import io
import re
from collections.abc import Sequence
from http.client import HTTPResponse as ParsedResponse

from urllib3 import HTTPHeaderDict, HTTPResponse

from pytest_apigee.edge.message import Headers, Response

_FOLD = re.compile(rb"\r\n[ \t]+")
_BODILESS = (204, 304)


def read_request(wire: bytes) -> tuple[str, str, list[tuple[str, str]], bytes]:
    """Take a request as bytes apart.

    Returns:
        Method, request target, headers in their order, and the body without its chunks.
    """
    head, _, payload = wire.partition(b"\r\n\r\n")
    first, *lines = _FOLD.sub(b" ", head).decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = [(name, value.strip(" \t")) for name, _, value in (line.partition(":") for line in lines)]
    return method, target, headers, _dechunked(payload) if _is_chunked(headers) else payload


def raw_response(response: Response, *, method: str, date: str) -> HTTPResponse:
    """Make the raw response that urllib3 would have read from the wire."""
    parsed = _parsed(written(response, method=method, date=date), method)
    raw = HTTPResponse(
        body=parsed,
        headers=HTTPHeaderDict(parsed.msg.items()),
        status=parsed.status,
        version=parsed.version,
        reason=parsed.reason,
        preload_content=False,
        original_response=parsed,
        request_method=method,
    )
    raw.version_string = "HTTP/1.1"
    return raw


def written(response: Response, *, method: str, date: str) -> bytes:
    """Return a response as bytes of the wire."""
    headers, body = completed(response, date=date), body_of(response, method=method)
    if response.status not in _BODILESS and method != "HEAD" and _is_chunked(headers):
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    lines = [
        f"HTTP/1.1 {response.status} {response.reason}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def completed(response: Response, *, date: str) -> list[tuple[str, str]]:
    """Return the headers of a response with Date and, where it says nothing of it, how long its body is."""
    headers = list(response.headers)
    if "Date" not in response.headers:
        headers.append(("Date", date))
    if response.status not in _BODILESS and "Content-Length" not in response.headers and not _is_chunked(headers):
        headers.append(("Content-Length", str(len(response.body))))
    return headers


def body_of(response: Response, *, method: str) -> bytes:
    """Return what of a response's body is sent."""
    return b"" if method == "HEAD" or response.status in _BODILESS else response.body


def _is_chunked(headers: Sequence[tuple[str, str]]) -> bool:
    given = Headers(headers)
    return "chunked" in (given.get("Transfer-Encoding") or "").lower() and "Content-Length" not in given


def _dechunked(payload: bytes) -> bytes:
    return _parsed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + payload, "GET").read()


class _Wire:
    """As much of a socket as the parser asks for."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, mode: str) -> io.BytesIO:  # noqa: ARG002 - the signature of a socket
        return io.BytesIO(self._content)


def _parsed(content: bytes, method: str) -> ParsedResponse:
    parsed = ParsedResponse(_Wire(content), method=method)  # type: ignore[arg-type]  # all that it asks of a socket
    parsed.begin()
    return parsed
