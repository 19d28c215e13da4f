"""A world as a WSGI application (PEP 3333)."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from pytest_apigee.edge.message import Headers
from pytest_apigee.transports.application import Application, Asked, below, escaped
from pytest_apigee.transports.reading import PIECE, RefusedError, length_in, too_long

if TYPE_CHECKING:
    from wsgiref.types import InputStream, StartResponse, WSGIEnvironment

# WSGI decodes the path. Where a server keeps what was sent, it does so under one of these.
_AS_SENT = ("REQUEST_URI", "RAW_URI")
_HEADERS_WITHOUT_PREFIX = ("CONTENT_TYPE", "CONTENT_LENGTH")


class WsgiApp:
    """A world as a WSGI application.

    Args:
        application: What answers.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        asked = _asked(environ)
        try:
            body = _body(environ, longest=self._application.longest_body)
        except RefusedError as refused:
            answered = self._application.refusal(asked.method, refused)
        else:
            answered = self._application.answer(asked, body)
        start_response(f"{answered.status} {answered.reason}", answered.headers)
        return [answered.body]


def _asked(environ: "WSGIEnvironment") -> Asked:
    prefix = environ.get("SCRIPT_NAME", "").rstrip("/")
    headers = [(_name_of(key), value) for key, value in environ.items() if key.startswith("HTTP_")]
    headers += [(_name_of(key), environ[key]) for key in _HEADERS_WITHOUT_PREFIX if environ.get(key)]
    if "HTTP_HOST" not in environ:
        headers.insert(0, ("Host", f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"))
    return Asked(
        method=environ["REQUEST_METHOD"],
        scheme=environ["wsgi.url_scheme"],
        prefix=prefix,
        path=_path(environ, prefix),
        query=environ.get("QUERY_STRING", ""),
        headers=Headers(headers),
    )


def _path(environ: "WSGIEnvironment", prefix: str) -> str:
    decoded = environ.get("PATH_INFO", "").encode("latin-1")
    for name in _AS_SENT:
        whole = environ.get(name, "").partition("?")[0]
        if not whole.startswith("/"):  # a whole URL, as clients of a proxy send it
            whole = f"/{whole.partition('://')[2].partition('/')[2]}"
        for path in (below(whole, prefix, quote(prefix.encode("latin-1"))), whole):  # some leave the prefix out
            if path is not None and unquote_to_bytes(path) == (decoded or b"/"):  # no middleware has changed it
                return path
    return escaped(decoded) or "/"


def _body(environ: "WSGIEnvironment", *, longest: int) -> bytes:
    length = environ.get("CONTENT_LENGTH", "")
    stream: InputStream = environ["wsgi.input"]
    if not length:
        # Without it a stream has no end, but where the server says that it has.
        return _read(stream, longest + 1, longest=longest) if environ.get("wsgi.input_terminated") else b""
    wanted = length_in((length,), longest=longest)
    body = _read(stream, wanted, longest=longest)
    if len(body) < wanted:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "The body of this request is shorter than its Content-Length.")
    return body


def _read(stream: "InputStream", most: int, *, longest: int) -> bytes:
    body = bytearray()
    while len(body) < most and (piece := stream.read(min(most - len(body), PIECE))):
        body += piece
    if len(body) > longest:
        raise too_long(longest)
    return bytes(body)


def _name_of(key: str) -> str:
    return key.removeprefix("HTTP_").replace("_", "-").title()
