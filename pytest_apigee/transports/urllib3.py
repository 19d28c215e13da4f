"""The seam of urllib3: pools whose connections are answered from memory, and the place where they step in.

`HTTPConnectionPool.urlopen` is where every urllib3 client passes, whatever its connections are (proxies, SOCKS, pools
from before the door, pools with connections of their own). For a host that a door answers, the same `urlopen` runs on
a pool of ours, with retries, redirects, timeouts and errors its own; the other pool's connections are not touched.

A replacement of `urlopen` that is not ours (a guard, a tracer) sees no request that a door answers, unless it was put
over ours and a client of urllib3 itself calls: then it decides.
"""

import weakref
from collections.abc import Callable, Mapping
from typing import Any

from requests import PreparedRequest
from urllib3 import HTTPResponse

from pytest_apigee.transports.genuine import HTTPConnectionPool, PrivateConnection, PrivatePool
from pytest_apigee.transports.switchboard import OpenDoor, Seam, Sent, Switchboard, host_in
from pytest_apigee.transports.wire import read_request

_PORTS = {"http": 80, "https": 443}


class Call:
    """What one request of a client carries past its pool: retries are of the same call."""

    def __init__(
        self, door: OpenDoor, *, prepared: PreparedRequest | None = None, options: Mapping[str, Any] | None = None
    ) -> None:
        self._door: OpenDoor | None = door
        self._prepared = prepared
        self._options = options or {}
        self._mistake: Exception | None = None

    def run(self, client: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the client returns
        """Run the client, and raise what a stub or the handler raised as it is, past the client's own handling."""
        try:
            return client()
        except _MistakeError:
            mistake, self._mistake = self._mistake, None
        finally:
            self._door = self._prepared = None
        assert mistake is not None  # noqa: S101 - for mypy: it was put there before the raise
        raise mistake

    def answer(self, wire: bytes, pool: "AnsweringPool") -> HTTPResponse:
        """Return what the door answers, or raise as the network fails."""
        assert self._door is not None  # noqa: S101 - for mypy: a call is answered while it runs
        method, target, headers, body = read_request(wire)
        sent = Sent(
            method=method,
            url=self._url(target, pool),
            headers=headers,
            body=body,
            prepared=self._prepared,
            options=self._options,
        )
        try:
            answer = self._door.exchange(sent, pool)
        except Exception as error:
            self._mistake = error
            raise _MistakeError from error
        if isinstance(answer, Exception):
            raise answer
        answer.url = target
        return answer

    def _url(self, target: str, pool: "AnsweringPool") -> str:
        if self._prepared is not None:
            return str(self._prepared.url)
        return target if host_in(target) else f"{pool.scheme}://{pool.authority}{target}"


class _MistakeError(Exception):
    """Carries the news of an error that is not the network's past what handles errors of the network."""


class AnsweringConnection(PrivateConnection):
    """A connection that keeps what it sends and is answered by a door. It has no socket and never opens one."""

    def __init__(self, host: str, port: int, *, pool: "weakref.ref[AnsweringPool]", **options: Any) -> None:  # noqa: ANN401 - as urllib3's
        super().__init__(host, port, **options)
        self._pool = pool  # weakly: urllib3 keeps the connections of a pool until the pool is gone
        self._wire = bytearray()
        self._reading: dict[str, Any] = {}

    def request(self, method: str, url: str, **options: Any) -> None:  # type: ignore[override]  # noqa: ANN401 - as urllib3's
        """Send a request, and remember how its response shall be read."""
        self._reading = options
        super().request(method, url, **options)

    def send(self, data: bytes) -> None:  # type: ignore[override]  # urllib3 sends bytes only
        """Keep what goes onto the wire."""
        self._wire += data

    @property
    def default_port(self) -> int:  # type: ignore[override]  # of the class at urllib3
        """The port that the Host header does not name."""
        return _PORTS[self._asked().scheme]

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3's
        """Return the door's answer; the connection is then as new."""
        wire, pool = bytes(self._wire), self._asked()
        self.close()
        response = pool.call.answer(wire, pool)
        response.decode_content = self._reading["decode_content"]
        response.enforce_content_length = self._reading["enforce_content_length"]
        if self._reading["preload_content"]:
            response.read(decode_content=response.decode_content, cache_content=True)
        return response

    def close(self) -> None:
        """Forget what was sent."""
        super().close()
        self._wire.clear()

    def _asked(self) -> "AnsweringPool":
        pool = self._pool()
        assert pool is not None  # noqa: S101 - for mypy: the pool is what calls
        return pool


class AnsweringPool(PrivatePool):
    """A pool of one host for one call."""

    ConnectionCls = AnsweringConnection  # type: ignore[assignment]  # urllib3 means what its own class has

    def __init__(self, call: Call, *, scheme: str, host: str, port: int | None, **options: Any) -> None:  # noqa: ANN401 - as urllib3's
        self.scheme: str = scheme
        self.call = call
        super().__init__(host, _PORTS[scheme] if port is None else port, pool=weakref.ref(self), **options)

    def __str__(self) -> str:
        kind = {"http": "HTTPConnectionPool", "https": "HTTPSConnectionPool"}[self.scheme]
        return f"{kind}(host={self.host!r}, port={self.port!r})"

    @classmethod
    def like(cls, pool: HTTPConnectionPool, call: Call) -> "AnsweringPool":
        """Make one that differs from a pool in where its answers come from, and has no proxy."""
        options = {"timeout": pool.timeout, "headers": pool.headers, "retries": pool.retries}
        return cls(call, scheme=str(pool.scheme), host=pool.host, port=pool.port, **options)

    @property
    def authority(self) -> str:
        """The host with its port, without the port that the scheme implies."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"


def urllib3_seam(board: Switchboard) -> Seam:
    """Return the seam for clients of urllib3."""
    return Seam(owner=HTTPConnectionPool, name="urlopen", make=lambda original: _switched(board, original))


def _switched(board: Switchboard, original: Callable[..., Any]) -> Callable[..., Any]:
    def urlopen(pool: HTTPConnectionPool, method: str, url: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - passes through
        door = board.answering(host_in(url) or pool.host.rstrip("."))
        if door is None:
            return original(pool, method, url, *args, **options)
        call = Call(door)
        return call.run(lambda: AnsweringPool.like(pool, call).urlopen(method, url, *args, **options))

    return urlopen
