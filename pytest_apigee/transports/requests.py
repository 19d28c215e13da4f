"""The door for clients of requests and urllib3, in the process of the test."""

import errno
import io
import socket
from collections.abc import Callable, Collection
from typing import Any, Self

import requests
from requests import sessions
from urllib3 import HTTPConnectionPool, HTTPResponse
from urllib3.exceptions import NameResolutionError

from pytest_apigee.edge.message import ConnectionFailure, FailureKind, Request, Response, host_of
from pytest_apigee.transports.adapter import adapter_seam, door_adapter
from pytest_apigee.transports.engine import Engine, Envelope
from pytest_apigee.transports.fence import watch
from pytest_apigee.transports.genuine import HTTPAdapter, responses
from pytest_apigee.transports.handler import Handler
from pytest_apigee.transports.switchboard import Fenced, Seam, Sent, Switchboard, host_in, switchboard
from pytest_apigee.transports.urllib3 import urllib3_seam
from pytest_apigee.transports.wire import raw_response

STUBBED = "answered by a stub on apigee.responses"
USED_A_FAKE = "this process used a fake Edge"


def open_door(handler: Handler, *, released: Collection[str] = ()) -> "Door":
    """Open a door: from here on, clients of requests and urllib3 reach the handler at the hosts that it owns.

    Args:
        released: Hosts to leave to the user's own mock. The fence stands around them all the same.
    """
    board = switchboard()
    door = Door(board, handler, released=released)
    watch(board)
    board.open(door, (adapter_seam(board), urllib3_seam(board), _netrc_seam(board)))
    return door


class Door:
    """An open door, and a context manager that closes it."""

    def __init__(self, board: Switchboard, handler: Handler, *, released: Collection[str]) -> None:
        self._board = board
        self._handler = handler
        self._released = frozenset(host_of(host) for host in released)
        self._engine = Engine(self._ask, answers=self.answers)
        self._is_open = True

    @property
    def responses(self) -> responses.RequestsMock:
        """The mock whose stubs are asked before the handler is."""
        return self._engine

    def requests_mock_matcher(self, request: requests.PreparedRequest) -> requests.Response | None:
        """Answer for the hosts of this door in a `requests_mock` mocker: ``m.add_matcher(...)``."""
        host = host_in(str(request.url))
        if not self._is_open or not self.answers(host):
            return None
        return door_adapter(HTTPAdapter()).send(request.copy())

    def owns(self, host: str) -> bool:
        """Say whether the host is one of the world behind this door."""
        return self._handler.owns(host)

    def releases(self, host: str) -> bool:
        """Say whether the host is left to the user's own mock."""
        return host in self._released

    def answers(self, host: str) -> bool:
        """Say whether the host is answered through this door."""
        return self.owns(host) and not self.releases(host)

    def complain(self, kind: str, message: str) -> bool:
        """Fail the test at its end, and return whether that will be."""
        return self._handler.complain(kind, message)

    def exchange(self, sent: Sent, pool: HTTPConnectionPool) -> HTTPResponse | Exception:
        """Answer one request: from a stub, or else from the handler.

        Returns:
            The raw response, or the error as which the network of a urllib3 client fails.

        Raises:
            Exception: Whatever a stub or the handler raised.
        """
        envelope = Envelope.of(sent)
        try:
            response = self._engine.answer(envelope, **sent.options)
        except _NoAnswerError as error:
            return _network_error(error.failure, pool)
        except Exception as error:
            if not envelope.fake_was_asked:
                self._handler.record(envelope.sent, _failure_of(error), STUBBED)
            raise
        return response.raw if envelope.fake_was_asked else self._stubbed(envelope, response)

    def close(self) -> None:
        """Close the door. Its hosts stay fenced for the rest of the process."""
        if self._is_open:
            self._is_open = False
            self._board.close(self, Fenced(test=self._handler.host_test, because=USED_A_FAKE))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _ask(self, envelope: Envelope) -> HTTPResponse:
        outcome = self._handler.handle(envelope.sent)
        if isinstance(outcome, ConnectionFailure):
            raise _NoAnswerError(outcome)
        return raw_response(outcome, method=envelope.sent.method, date=self._handler.http_date())

    def _stubbed(self, envelope: Envelope, response: requests.Response) -> HTTPResponse:
        """Record what a stub answered, and leave the stub's own record of it readable."""
        raw: HTTPResponse = response.raw
        raw.enforce_content_length = False  # whether it is right is the client's to find out
        body = raw.read(decode_content=False)
        response.raw = _again(raw, body, envelope.sent)
        outcome = Response(status=raw.status, headers=raw.headers.items(), body=body)
        self._handler.record(envelope.sent, outcome, STUBBED)
        return _again(raw, body, envelope.sent)


class _NoAnswerError(Exception):
    def __init__(self, failure: ConnectionFailure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def _again(raw: HTTPResponse, body: bytes, request: Request) -> HTTPResponse:
    """Make the raw response of a stub once more, from its body as it was read."""
    return HTTPResponse(
        body=io.BytesIO(body),
        headers=raw.headers,
        status=raw.status,
        version=11,
        reason=raw.reason,
        preload_content=False,
        original_response=raw._original_response,  # noqa: SLF001 - where requests looks for cookies
        request_method=request.method,
    )


def _network_error(failure: ConnectionFailure, pool: HTTPConnectionPool) -> Exception:
    """Return what a connection of urllib3 raises when the network fails in this way."""
    if failure.kind == FailureKind.UNKNOWN_HOST:
        reason = socket.gaierror(socket.EAI_NONAME, failure.message)
        return NameResolutionError(pool.host, pool, reason)  # type: ignore[arg-type]  # only shown in the message
    if failure.kind == FailureKind.TIMEOUT:
        return TimeoutError(failure.message)
    return ConnectionResetError(errno.ECONNRESET, failure.message)


def _failure_of(error: Exception) -> ConnectionFailure:
    is_timeout = isinstance(error, requests.Timeout | TimeoutError)
    return ConnectionFailure(kind=FailureKind.TIMEOUT if is_timeout else FailureKind.RESET, message=repr(error))


def _netrc_seam(board: Switchboard) -> Seam:
    """Return the seam that keeps ``~/.netrc`` from replacing a bearer token."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def get_netrc_auth(url: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - passes through
            return original(url, *args, **options) if board.answering(host_in(url)) is None else None

        return get_netrc_auth

    return Seam(owner=sessions, name="get_netrc_auth", make=make)
