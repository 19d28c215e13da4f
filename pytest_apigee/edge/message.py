"""HTTP messages as plain values, and the readers of what they carry.

Rules of this file:

* A message never changes once it is made.
* Reading what a client sent never raises.
* What a client sends may be anything; what we answer with must be fit for the wire, so `Response` checks itself.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qsl, unquote

from pytest_apigee.errors import ConfigurationError

HeadersLike = Mapping[str, str] | Iterable[tuple[str, str]]

_URL = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?", re.IGNORECASE)
FINAL_STATUSES = range(200, 600)
_PHRASES = {int(status): status.phrase for status in HTTPStatus}
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNFIT_HEADER_VALUE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
_SECRETS_FOLLOW = re.compile(r"keys|.*tokens|authorizationcodes", re.IGNORECASE)
_MALFORMED_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Headers:
    """Header fields in their order, looked up in any letter case."""

    __slots__ = ("_pairs",)

    def __init__(self, headers: HeadersLike = ()) -> None:
        self._pairs = _text_pairs(headers)

    def get(self, name: str) -> str | None:
        """Return the first value of a header, or None."""
        wanted = name.lower()
        for key, value in self._pairs:
            if key.lower() == wanted:
                return value
        return None

    def __getitem__(self, name: str) -> str:
        """Return the first value of a header, which must be there.

        Raises:
            KeyError: It is not.
        """
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def all(self, name: str) -> list[str]:
        """Return every value of a header, in order."""
        wanted = name.lower()
        return [value for key, value in self._pairs if key.lower() == wanted]

    def without(self, *names: str) -> "Headers":
        """Return these headers less the named ones."""
        dropped = {name.lower() for name in names}
        return Headers((key, value) for key, value in self._pairs if key.lower() not in dropped)

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._pairs == other._pairs

    def __hash__(self) -> int:
        return hash(self._pairs)

    def __repr__(self) -> str:
        return f"<Headers: {', '.join(name for name, _ in self._pairs)}>"


class _Message:
    """What request and response have in common: a body, and how to read it."""

    __slots__ = ()

    body: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8, with replacement characters where it is not."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:  # noqa: ANN401 - JSON may be anything
        """Return the body read as JSON.

        Raises:
            ValueError: The body is not JSON.
        """
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Request(_Message):
    """One request as a client sent it.

    Args:
        method: The verb, as sent.
        url: An absolute http or https URL; its path stays percent-encoded as sent.
        headers: A mapping, or pairs where a name comes twice.
        body: Bytes, or text to send as UTF-8; a lone surrogate becomes a question mark.
        reached_at: The origin at which the client reached this host, as ``http://127.0.0.1:8080``, where that is not
            the origin of the URL: Edge says it of itself, in links and as the issuer of tokens.

    Raises:
        ConfigurationError: The URL is not an absolute http or https URL, or something is of another type.
    """

    method: str
    url: str
    headers: Headers
    body: bytes
    reached_at: str
    scheme: str = field(compare=False)
    host: str = field(compare=False)
    path: str = field(compare=False)
    query_string: str = field(compare=False)

    def __init__(
        self,
        *,
        method: str = "GET",
        url: str,
        headers: HeadersLike = (),
        body: bytes | str = b"",
        reached_at: str = "",
    ) -> None:
        parts = _parts_of(url)
        assign = object.__setattr__
        assign(self, "method", _checked_method(method))
        assign(self, "url", url)
        assign(self, "headers", Headers(headers))
        assign(self, "body", _bytes_of(body))
        assign(self, "reached_at", reached_at)
        assign(self, "scheme", parts["scheme"].lower())
        assign(self, "host", host_of(parts["authority"]))
        assign(self, "path", parts["path"] or "/")
        assign(self, "query_string", parts["query"] or "")

    @property
    def origin(self) -> str:
        """Scheme, host and port, as sent: what an absolute URL on the same server starts with."""
        return f"{self.scheme}://{_parts_of(self.url)['authority'].rpartition('@')[2]}"

    @property
    def public_origin(self) -> str:
        """What an absolute URL on the same server starts with for the client."""
        return self.reached_at or self.origin

    @property
    def shown(self) -> str:
        """The request in one line for people: without its query, and without the secrets that some paths hold."""
        return f"{self.method} {self.scheme}://{self.host}{_without_secrets(self.path)}"

    @property
    def query(self) -> "Fields":
        """The fields of the query string."""
        return Fields.decode(self.query_string)

    @property
    def form(self) -> "Fields":
        """The fields of a form-encoded body; none where the Content-Type says it is something else."""
        return Fields.decode(self.body.decode("utf-8", "replace")) if self.has_form else Fields(())

    @property
    def has_form(self) -> bool:
        """Whether the Content-Type says that the body is form-encoded."""
        media_type = (self.headers.get("Content-Type") or "").partition(";")[0]
        return media_type.strip().lower() == "application/x-www-form-urlencoded"

    @property
    def has_malformed_form(self) -> bool:
        """Whether the body claims to be form-encoded and holds a percent sign that escapes nothing."""
        return self.has_form and _MALFORMED_PERCENT.search(self.body.decode("latin-1")) is not None

    def with_headers(self, headers: HeadersLike) -> "Request":
        """Return the same request with these headers instead of its own."""
        return Request(method=self.method, url=self.url, headers=headers, body=self.body, reached_at=self.reached_at)

    def with_url(self, url: str) -> "Request":
        """Return the same request for another URL."""
        return Request(method=self.method, url=url, headers=self.headers, body=self.body, reached_at=self.reached_at)

    def __repr__(self) -> str:
        return f"<Request {self.shown}>"


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Response(_Message):
    """One response, fit for the wire.

    Args:
        status: 200 to 599.
        headers: A mapping, or pairs where a name comes twice. Doors add Content-Length and Date.
        body: Bytes, or text to send as UTF-8; a lone surrogate becomes a question mark.
        reason: The reason phrase; by default the one that HTTP gives the status, empty where it names none.

    Raises:
        ConfigurationError: The status, the reason or a header cannot be sent.
    """

    status: int
    headers: Headers
    body: bytes
    reason: str

    def __init__(
        self, *, status: int = 200, headers: HeadersLike = (), body: bytes | str = b"", reason: str | None = None
    ) -> None:
        if type(status) is not int or status not in FINAL_STATUSES:
            msg = f"A Response needs a final status from 200 to 599, not {status!r}."
            raise ConfigurationError(msg)
        assign = object.__setattr__
        assign(self, "status", status)
        assign(self, "headers", Headers(headers))
        assign(self, "body", _bytes_of(body))
        assign(self, "reason", _PHRASES.get(status, "") if reason is None else _checked_reason(reason))
        for name, value in self.headers:
            if not _HEADER_NAME.fullmatch(name) or _UNFIT_HEADER_VALUE.search(value):
                msg = f"The header {name!r} of a Response cannot be sent: no control characters, and Latin-1 only."
                raise ConfigurationError(msg)

    @classmethod
    def of_json(cls, value: object, *, status: int = 200, headers: HeadersLike = ()) -> Self:
        """Make a response that carries a value as JSON, ``application/json`` unless the headers say otherwise."""
        given = Headers(headers)
        kind = () if "Content-Type" in given else (("Content-Type", "application/json"),)
        try:
            body = json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            msg = f"A target's answer must be JSON, a Response, or a callable that returns one of them: {error}."
            raise ConfigurationError(msg) from None
        return cls(status=status, headers=(*kind, *given), body=body)

    def with_headers(self, headers: HeadersLike) -> "Response":
        """Return the same response with these headers instead of its own."""
        return Response(status=self.status, headers=headers, body=self.body, reason=self.reason)

    def with_body(self, body: bytes | str) -> "Response":
        """Return the same response with another body."""
        return Response(status=self.status, headers=self.headers, body=body, reason=self.reason)

    def with_status(self, status: int, reason: str | None = None) -> "Response":
        """Return the same response with another status and its reason phrase."""
        return Response(status=status, headers=self.headers, body=self.body, reason=reason)

    def __repr__(self) -> str:
        return f"<Response {self.status} {len(self.body)} bytes>"


class FailureKind(StrEnum):
    """The ways in which a connection fails without any answer."""

    UNKNOWN_HOST = "unknown_host"
    RESET = "reset"
    TIMEOUT = "timeout"


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionFailure:
    """No answer at all: each door fails as its clients would see the network fail."""

    kind: FailureKind
    message: str


class Fields:
    """Decoded form or query fields in their order; the first of several values counts."""

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._pairs = tuple(pairs)

    @classmethod
    def decode(cls, text: str) -> Self:
        """Decode ``a=1&b=2``, never failing: what does not decode stays as it is."""
        return cls(parse_qsl(text, keep_blank_values=True, errors="replace"))

    def get(self, name: str) -> str | None:
        """Return the first value of a field, or None."""
        return next((value for key, value in self._pairs if key == name), None)

    def __getitem__(self, name: str) -> str:
        """Return the first value of a field, which must be there.

        Raises:
            KeyError: It is not.
        """
        return dict(reversed(self._pairs))[name]

    def merged_with(self, other: "Fields") -> "Fields":
        """Return these fields followed by others, so that these win."""
        return Fields((*self, *other))

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self._pairs)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)


def _without_secrets(path: str) -> str:
    """Return a path without the tokens, codes and keys in it, however their place is spelled."""
    shown, words = [], path.split("/")
    for place, word in enumerate(words):
        before = unquote(words[place - 1]) if place else ""
        is_word = before.lower() == "keys" and word == "create" and place == len(words) - 1
        is_secret = word and not is_word and _SECRETS_FOLLOW.fullmatch(before)
        shown.append("[hidden]" if is_secret else word)
    return "/".join(shown)


def _parts_of(url: object) -> re.Match[str]:
    parts = _URL.match(url) if isinstance(url, str) else None
    if parts is None:
        msg = "The URL of a Request must be absolute and http or https, as in 'https://login.apigee.com/oauth/token'."
        raise ConfigurationError(msg)
    return parts


def _checked_method(method: object) -> str:
    if not isinstance(method, str):
        msg = f"The method of a Request is text, as 'GET', not {type(method).__name__}."
        raise ConfigurationError(msg)
    return method


def _checked_reason(reason: object) -> str:
    if not isinstance(reason, str) or _UNFIT_HEADER_VALUE.search(reason):
        msg = "The reason of a Response cannot be sent: text without control characters, and Latin-1 only."
        raise ConfigurationError(msg)
    return reason


def _text_pairs(headers: Any) -> tuple[tuple[str, str], ...]:  # noqa: ANN401 - whatever a tester gave
    try:
        pairs = tuple((name, value) for name, value in (headers.items() if isinstance(headers, Mapping) else headers))
    except (TypeError, ValueError):
        pairs = ((None, None),)
    if all(isinstance(text, str) for pair in pairs for text in pair):
        return pairs
    msg = "Headers are a dict of texts, or pairs of texts, as {'Accept': 'application/json'}."
    raise ConfigurationError(msg)


def _bytes_of(body: object) -> bytes:
    if isinstance(body, str):
        return body.encode("utf-8", "replace")
    if isinstance(body, bytes):
        return body
    msg = f"A body is bytes or text, not {type(body).__name__}."
    raise ConfigurationError(msg)


def header_safe(text: str) -> str:
    """Return a client's text made fit for a header value: a blank for each character that cannot be sent."""
    return _UNFIT_HEADER_VALUE.sub(" ", text)


def host_of(authority: str) -> str:
    """Return the host of a URL's authority in lower case, without user, port and trailing dot."""
    host = authority.rpartition("@")[2]
    if not host.startswith("["):
        host = host.partition(":")[0]
    return host.lower().rstrip(".")
