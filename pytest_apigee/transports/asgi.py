"""A world as an ASGI application (ASGI 3, the protocols `http` and `lifespan`)."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from pytest_apigee.edge.message import Headers
from pytest_apigee.transports.application import Answered, Application, Asked, below, escaped
from pytest_apigee.transports.reading import RefusedError, too_long

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]


class AsgiApp:
    """A world as an ASGI application.

    Args:
        application: What answers.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        """Answer one request, or say that there is nothing to start or to end.

        Raises:
            RuntimeError: The server speaks a protocol that Edge does not.
        """
        match scope["type"]:
            case "http":
                await self._answer(scope, receive, send)
            case "lifespan":
                await _live(receive, send)
            case "websocket":  # Edge has none; closed before it is accepted, it is answered 403
                await receive()
                await send({"type": "websocket.close", "code": 1000})
            case kind:
                raise RuntimeError(f"This application of a fake Edge speaks http, and no {kind!r}.")

    async def _answer(self, scope: Event, receive: Receive, send: Send) -> None:
        asked = _asked(scope)
        try:
            body = await _body(receive, longest=self._application.longest_body)
        except RefusedError as refused:
            answered = self._application.refusal(asked.method, refused)
        else:
            if body is None:
                return
            answered = await _beside_the_loop(lambda: self._application.answer(asked, body))
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answered.headers]
        await send({"type": "http.response.start", "status": answered.status, "headers": headers})
        await send({"type": "http.response.body", "body": answered.body})


async def _beside_the_loop(answer: Callable[[], Answered]) -> Answered:
    """Let a target that takes its time, or that calls this server again, not hold up the event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:  # the loop is that of another library
        return answer()
    return await asyncio.to_thread(answer)


def _asked(scope: Event) -> Asked:
    prefix = scope.get("root_path", "").rstrip("/")
    headers = [(name.decode("latin-1").title(), value.decode("latin-1")) for name, value in scope["headers"]]
    if not any(name == "Host" for name, _ in headers) and scope.get("server"):
        name, port = scope["server"]
        headers.insert(0, ("Host", name if port is None else f"{name}:{port}"))
    return Asked(
        method=scope["method"],
        scheme=scope.get("scheme", "http"),
        prefix=prefix,
        path=_path(scope, prefix),
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=Headers(headers),
    )


def _path(scope: Event, prefix: str) -> str:
    raw = scope.get("raw_path")
    if raw is not None:
        whole = raw.partition(b"?")[0].decode("latin-1")
        return below(whole, prefix, quote(prefix)) or whole
    whole = scope["path"]
    return escaped(below(whole, prefix) or whole)


async def _body(receive: Receive, *, longest: int) -> bytes | None:
    """Return the body of a request; None where its client is gone."""
    body = bytearray()
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        body += event.get("body", b"")
        if len(body) > longest:
            raise too_long(longest)
        if not event.get("more_body", False):
            return bytes(body)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        event = await receive()
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return
