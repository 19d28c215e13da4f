"""The seam of requests: the adapter that a session gets for a host which a door answers.

It is the session's own adapter in all but where its requests go: same class below it, same attributes (one `__dict__`
for both), so its retries, its `build_response`, its `add_headers` and its own `send` run as they would. What runs is
`HTTPAdapter.send` as requests wrote it, never a replacement of it, over a pool that answers from memory.

An adapter of another kind (a `BaseAdapter` that delegates or answers on its own) that is mounted for a host of a door
is passed over while the door is open; one of requests_mock was mounted to answer, and is treated as a stub is.
"""

import types
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from urllib3.util import parse_url

from pytest_apigee.transports.genuine import HTTPAdapter, HTTPConnectionPool, Session, adapter_send
from pytest_apigee.transports.stubs import refuse_users_mock
from pytest_apigee.transports.switchboard import OpenDoor, Seam, Switchboard, host_in, switchboard
from pytest_apigee.transports.urllib3 import AnsweringPool, Call

Timeout = float | tuple[float, float] | tuple[float, None] | None
Cert = bytes | str | tuple[bytes | str, bytes | str] | None


class DoorAdapter(HTTPAdapter):
    """Sends to the door that answers for a host, or else as the adapter that it stands for."""

    __slots__ = ("_inner", "_pool")

    _inner: BaseAdapter
    _pool: AnsweringPool | None

    def send(  # noqa: PLR0913, PLR0917 - the signature of requests
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - the signature of requests
        timeout: Timeout = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002 - the signature of requests
        cert: Cert = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request; proxies are not for a host that is answered here."""
        options = {"stream": stream, "timeout": timeout, "verify": verify, "cert": cert, "proxies": proxies}
        door = switchboard().answering(host_in(str(request.url)))
        if door is None:
            return self._send_as_inner(request, options)
        refuse_users_mock(door, self._inner, request)
        return self._send_to(door, request, options)

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> HTTPConnectionPool:  # noqa: ANN401 - passes through
        """Return the pool that answers from memory; outside of a `send`, the inner adapter's."""
        return self._pool or self._inner.get_connection_with_tls_context(*args, **options)  # type: ignore[attr-defined]  # an HTTPAdapter

    def get_connection(self, *args: Any, **options: Any) -> HTTPConnectionPool:  # noqa: ANN401 - passes through
        """Return the same, as requests before 2.32 asks for it."""
        return self._pool or self._inner.get_connection(*args, **options)  # type: ignore[attr-defined]  # an HTTPAdapter

    def cert_verify(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passes through
        """Look for no certificate files where no certificate is shown."""
        if self._pool is None:
            self._inner.cert_verify(*args, **options)  # type: ignore[attr-defined]  # an HTTPAdapter

    def _send_as_inner(self, request: PreparedRequest, options: Mapping[str, Any]) -> Response:
        if _is_http_adapter(self._inner):
            return HTTPAdapter.send(self._inner, request, **options)
        return self._inner.send(request, **options)

    def _send_to(self, door: OpenDoor, request: PreparedRequest, options: Mapping[str, Any]) -> Response:
        call = Call(door, prepared=request, options=options)
        adapter = _view(type(self), self._inner, vars(self))
        adapter._pool = _pool_for(str(request.url), call)  # noqa: SLF001 - another one of this class
        try:
            sent = call.run(lambda: adapter_send(adapter, request, **{**options, "proxies": {}}))
        finally:
            adapter._pool = None  # noqa: SLF001 - another one of this class
        assert isinstance(sent, Response)  # noqa: S101 - for mypy: what an adapter returns
        return sent


_OURS = ("get_connection_with_tls_context", "get_connection", "cert_verify")


def door_adapter(inner: BaseAdapter) -> BaseAdapter:
    """Return the adapter of ours that stands for a session's own."""
    if isinstance(inner, DoorAdapter):
        return inner
    if not _is_http_adapter(inner):
        return _view(DoorAdapter, inner, vars(HTTPAdapter()))
    try:
        return _view(_kind_of(type(inner)), inner, vars(inner))
    except TypeError:  # a class that cannot be subclassed runs as it is, and the seam of urllib3 answers below it
        return inner


def adapter_seam(board: Switchboard) -> Seam:
    """Return the seam for clients of requests."""
    return Seam(owner=Session, name="get_adapter", make=lambda original: _switched(board, original))


def _is_http_adapter(adapter: BaseAdapter) -> TypeGuard[HTTPAdapter]:
    return issubclass(type(adapter), HTTPAdapter)  # a mock only says that it is an instance


def _switched(board: Switchboard, original: Callable[..., BaseAdapter]) -> Callable[..., BaseAdapter]:
    def get_adapter(session: Session, url: str) -> BaseAdapter:
        inner = original(session, url=url)
        return inner if board.answering(host_in(url)) is None else door_adapter(inner)

    return get_adapter


def _kind_of(kind: type[HTTPAdapter]) -> type[DoorAdapter]:
    """Return a class that is both; a class knows its subclasses, so it is found again there."""
    if kind is HTTPAdapter:
        return DoorAdapter
    bases = (kind, DoorAdapter)
    known = (found for found in kind.__subclasses__() if found.__bases__ == bases)
    return next(known, None) or types.new_class(
        kind.__name__, bases, exec_body=lambda body: body.update({name: vars(DoorAdapter)[name] for name in _OURS})
    )


def _view(kind: type[DoorAdapter], inner: BaseAdapter, state: dict[str, Any]) -> DoorAdapter:
    adapter = object.__new__(kind)
    adapter.__dict__ = state
    adapter._inner, adapter._pool = inner, None
    return adapter


def _pool_for(url: str, call: Call) -> AnsweringPool:
    parts = parse_url(url)
    return AnsweringPool(call, scheme=str(parts.scheme), host=str(parts.host), port=parts.port)
