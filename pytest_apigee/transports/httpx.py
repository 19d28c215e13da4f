"""The door for httpx, and for httpx2, which is like it: a transport that a client is given, so nothing is replaced.

One object serves sync and async clients, as `httpx.MockTransport` does. It answers where it is asked, in the order of
the requests: what a seed decides does not depend on threads.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from pytest_apigee.edge.message import ConnectionFailure, FailureKind, Request, host_of
from pytest_apigee.transports.handler import Answering
from pytest_apigee.transports.wire import raw_response

_ERRORS = {
    FailureKind.UNKNOWN_HOST: "ConnectError",
    FailureKind.RESET: "ReadError",
    FailureKind.TIMEOUT: "ReadTimeout",
}
_IS_OVER = (
    "The fake Edge behind this transport was closed with its test. Give a client the transport of the test that it is "
    "used in, and make it there."
)


def transport(httpx: ModuleType, handler: Answering, *, is_over: Callable[[], bool]) -> Any:  # noqa: ANN401 - of either module
    """Return a transport for clients of a module.

    Args:
        httpx: The module `httpx` or `httpx2`.
        handler: The world that answers.
        is_over: Whether that world is closed.
    """

    class Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):  # type: ignore[name-defined, misc]  # of either module
        """Answers from a world."""

        def handle_request(self, request: Any) -> Any:  # noqa: ANN401 - as above
            """Answer a request of a `Client`."""
            return _answer(httpx, handler, request, request.read(), is_over=is_over())

        async def handle_async_request(self, request: Any) -> Any:  # noqa: ANN401 - as above
            """Answer a request of an `AsyncClient`."""
            return _answer(httpx, handler, request, await request.aread(), is_over=is_over())

    return Transport()


def _answer(httpx: ModuleType, handler: Answering, request: Any, body: bytes, *, is_over: bool) -> Any:  # noqa: ANN401 - as above
    host = host_of(request.url.host)
    if is_over:
        raise httpx.ConnectError(_IS_OVER, request=request)
    if not handler.owns(host):
        message = (
            f"This transport answers for hosts of Apigee Edge, and {host!r} is none. Mount it for Edge's hosts alone: "
            f"{httpx.__name__}.Client(mounts={{'all://*.apigee.net': transport, 'all://*.apigee.com': transport}})."
        )
        raise httpx.ConnectError(message, request=request)
    sent = Request(
        method=request.method,
        url=f"{request.url.scheme}://{request.url.netloc.decode('ascii')}{request.url.raw_path.decode('latin-1')}",
        headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw],
        body=body,
    )
    outcome = handler.handle(sent)
    if isinstance(outcome, ConnectionFailure):
        raise getattr(httpx, _ERRORS[outcome.kind])(outcome.message, request=request)
    raw = raw_response(outcome, method=request.method, date=handler.http_date())
    return httpx.Response(
        raw.status,
        headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in raw.headers.iteritems()],
        stream=httpx.ByteStream(raw.read(decode_content=False)),
        extensions={"http_version": b"HTTP/1.1", "reason_phrase": outcome.reason.encode("latin-1")},
    )
