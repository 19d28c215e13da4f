"""A world behind a server that is not ours: what WSGI and ASGI have in common.

Rules of this file:

* A request is for the host of Edge that its Host header names, else for the one that the application stands for.
* What an answer says of its connection is left to the server.
* Where there is no answer, a gateway's words say why: an application cannot break its client's connection.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote
from wsgiref.util import is_hop_by_hop

from pytest_apigee.edge.message import ConnectionFailure, FailureKind, Headers, Request, Response, host_of
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.transports.handler import Answering
from pytest_apigee.transports.reading import LONGEST_BODY, RefusedError
from pytest_apigee.transports.wire import body_of, completed

_AUTHORITY = re.compile(r"[A-Za-z0-9._-]*(:[0-9]*)?|\[[0-9A-Fa-f:.]+\](:[0-9]*)?")
_UNESCAPED = "/:;=@!$&'()*+,~"  # what may stand in a path as it is (RFC 3986 3.3)
_STATUSES = {
    FailureKind.UNKNOWN_HOST: HTTPStatus.MISDIRECTED_REQUEST,
    FailureKind.RESET: HTTPStatus.BAD_GATEWAY,
    FailureKind.TIMEOUT: HTTPStatus.GATEWAY_TIMEOUT,
}
_IS_OVER = (
    "The fake Edge behind this application was closed with its test. Make an application in the test that it is used "
    "in."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A request as a server hands it over.

    Args:
        method: As sent.
        scheme: How the client reached the server.
        prefix: The path at which the application is mounted, decoded.
        path: What follows it, as sent.
        query: As sent, without the question mark.
        headers: In their order.
    """

    method: str
    scheme: str
    prefix: str
    path: str
    query: str
    headers: Headers


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """An answer as a server is to send it."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes


class Application:
    """Answers from a world.

    Args:
        handler: The world.
        origin: The origin for requests whose Host is none of the world's; empty where there is none.
        is_over: Whether the world is closed.
        longest_body: How many bytes the body of a request may have.
    """

    def __init__(
        self, handler: Answering, *, origin: str, is_over: Callable[[], bool], longest_body: int = LONGEST_BODY
    ) -> None:
        self._handler = handler
        self._origin = origin
        self._is_over = is_over
        self.longest_body = longest_body

    def answer(self, asked: Asked, body: bytes) -> Answered:
        """Answer one request."""
        try:
            outcome = self._outcome(asked, body)
        except RefusedError as refused:
            return self.refusal(asked.method, refused)
        if isinstance(outcome, ConnectionFailure):
            return self.refusal(asked.method, RefusedError(_STATUSES[outcome.kind], outcome.message))
        return self._answered(asked.method, outcome)

    def refusal(self, method: str, refused: RefusedError) -> Answered:
        """Answer one that the world is not asked."""
        headers = [("Content-Type", "text/plain; charset=utf-8")]
        return self._answered(method, Response(status=int(refused.status), headers=headers, body=f"{refused.text}\n"))

    def _outcome(self, asked: Asked, body: bytes) -> Response | ConnectionFailure:
        if self._is_over():
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, _IS_OVER)
        authority = asked.headers.get("Host") or ""
        if not _AUTHORITY.fullmatch(authority):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "The Host header of this request is no host.")
        host = host_of(authority)
        origin, reached_at = f"{asked.scheme}://{authority}", f"{asked.scheme}://{authority}{quote(asked.prefix)}"
        if not self._handler.owns(host):
            if not self._origin:
                text = (
                    f"This application answers for hosts of Apigee Edge, and not for {host!r}. Make it with at=URL, as "
                    "at=apigee.login_url."
                )
                raise RefusedError(HTTPStatus.MISDIRECTED_REQUEST, text)
            origin = self._origin
        target = f"{asked.path}?{asked.query}" if asked.query else asked.path
        try:
            request = Request(
                method=asked.method,
                url=f"{origin}{target}",
                headers=asked.headers,
                body=body,
                reached_at="" if reached_at == origin else reached_at,
            )
        except ConfigurationError:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "The target of this request is no URL.") from None
        return self._handler.handle(request)

    def _answered(self, method: str, response: Response) -> Answered:
        headers = [(name, value) for name, value in response.headers if not is_hop_by_hop(name)]
        sent = response.with_headers(headers)
        return Answered(
            status=sent.status,
            reason=sent.reason,
            headers=completed(sent, date=self._handler.http_date()),
            body=body_of(sent, method=method),
        )


def below(path: str, *prefixes: str) -> str | None:
    """Return what of a path follows the first of some prefixes that it has; None where it has none of them."""
    for prefix in prefixes:
        if path == prefix or path.startswith(f"{prefix}/"):
            return path.removeprefix(prefix) or "/"
    return None


def escaped(path: str | bytes) -> str:
    """Return a decoded path as a client would have sent it."""
    return quote(path, safe=_UNESCAPED)
