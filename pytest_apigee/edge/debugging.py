"""Debug sessions, which Edge's user interface calls trace: what calls left behind while one was open.

The gateway writes `Recording`s, the management API opens sessions and reads them; they meet here, in an organization's
`DebugSessions`. The values of headers, variables and bodies are what a user of trace asks for; no repr shows them.

Source: debug-sessions.yaml for the bounds: 20 messages, and 600 seconds unless a session says otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from threading import RLock

from pytest_apigee.edge.locking import locked
from pytest_apigee.edge.message import Request

MOST_MESSAGES = 20
DEFAULT_TIMEOUT_S = 600
LONGEST_TEXT = 5_120
"""GUESS: how many characters of a body or of a variable's value are kept: Apigee hybrid's usual `tracesize`."""
_CUT = "....."  # public clients of Edge tell by these that a body was cut


def shortened(text: str) -> str:
    """Return a text as a debug session keeps it: long ones are cut, and end in five dots."""
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}{_CUT}"


class MessageKind(StrEnum):
    """What a message in debug data is called."""

    REQUEST = "RequestMessage"
    RESPONSE = "ResponseMessage"
    ERROR = "ErrorMessage"


class AccessKind(StrEnum):
    """What was done to a flow variable."""

    GET = "Get"
    SET = "Set"
    REMOVE = "Remove"


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """A flow variable that was read, set or removed, and its value as text; None where it has none."""

    kind: AccessKind
    name: str
    value: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageSnapshot:
    """A message as it was at one point; `verb` and `uri` are a request's, `status` and `reason` an answer's."""

    kind: MessageKind
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    content: str = field(default="", repr=False)
    verb: str = ""
    uri: str = field(default="", repr=False)
    status: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One thing that happened to a call.

    Args:
        id: Its kind, as `StateChange` or `Execution`.
        at_ms: When, by Edge's clock.
        properties: What Edge says of it, in order; none for a point without any result.
        message: The message after it.
        accesses: The flow variables that it read and set.
    """

    id: str
    at_ms: int
    properties: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    message: MessageSnapshot | None = None
    accesses: tuple[Access, ...] = field(default=(), repr=False)


class Recording:
    """What one call leaves behind; it grows while the call runs.

    Args:
        transaction_id: The id under which a session lists it.
        lock: The world's.
    """

    def __init__(self, transaction_id: str, *, lock: RLock) -> None:
        self.transaction_id = transaction_id
        self._lock = lock
        self._points: list[Point] = []
        self._is_completed = False

    @property
    def is_completed(self) -> bool:
        """Whether the call is over."""
        return self._is_completed

    @property
    def points(self) -> tuple[Point, ...]:
        """What happened so far."""
        return tuple(self._points)

    @locked
    def add(self, point: Point) -> None:
        """Write down one point."""
        self._points.append(point)

    @locked
    def complete(self) -> None:
        """Say that the call is over."""
        self._is_completed = True

    def __repr__(self) -> str:
        return f"<Recording {self.transaction_id} of {len(self._points)} points>"


@dataclass(frozen=True, kw_only=True, slots=True)
class Traced:
    """What a session is about: a revision of an API proxy in an environment."""

    environment: str
    api: str
    revision: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which calls a session captures: those whose every named header and query parameter has the value given.

    Args:
        headers: Names, in any letter case, and values.
        query: Names and values of query parameters.
    """

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def takes(self, request: Request) -> bool:
        """Return whether a call is captured."""
        sent = set(request.query)
        return all(value in request.headers.all(name) for name, value in self.headers) and sent.issuperset(self.query)


class DebugSession:
    """One session: what it captures, how long it lasts, and what it has captured.

    Args:
        name: The name that its user gave it.
        expires_at_ms: When it is discarded with all its data.
        chosen: Which calls it captures.
    """

    def __init__(self, name: str, *, expires_at_ms: int, chosen: Filter) -> None:
        self.name = name
        self.expires_at_ms = expires_at_ms
        self._chosen = chosen
        self._recordings: dict[str, Recording] = {}

    @property
    def transaction_ids(self) -> list[str]:
        """The ids of what it has captured, in order."""
        return list(self._recordings)

    def find(self, transaction_id: str) -> Recording | None:
        """Return what one call left behind, or None."""
        return self._recordings.get(transaction_id)

    def wants(self, request: Request) -> bool:
        """Return whether it captures a call: a full session captures no more, and keeps what it has."""
        return len(self._recordings) < MOST_MESSAGES and self._chosen.takes(request)

    def add(self, recording: Recording) -> None:
        """Take in what one call leaves behind."""
        self._recordings[recording.transaction_id] = recording

    def __repr__(self) -> str:
        return f"<DebugSession {self.name!r} of {len(self._recordings)} messages>"


class DebugSessions:
    """The debug sessions of one organization.

    Args:
        lock: The world's.
    """

    def __init__(self, *, lock: RLock) -> None:
        self._lock = lock
        self._sessions: dict[Traced, dict[str, DebugSession]] = {}

    @property
    def is_idle(self) -> bool:
        """Whether there is no session at all, so that calls need not ask for one."""
        return not self._sessions

    @locked
    def open(self, traced: Traced, session: DebugSession, *, now_ms: int) -> None:
        """Open a session, and forget all those whose time is up."""
        for other in tuple(self._sessions):
            self._live(other, now_ms)
        self._sessions.setdefault(traced, {})[session.name] = session

    @locked
    def of(self, traced: Traced, *, now_ms: int) -> dict[str, DebugSession]:
        """Return the sessions of a revision whose time is not up, by name, in the order in which they were opened."""
        return dict(self._live(traced, now_ms))

    @locked
    def close(self, traced: Traced, name: str) -> None:
        """Discard a session and its data; calls that run go on."""
        del self._sessions[traced][name]
        if not self._sessions[traced]:
            del self._sessions[traced]

    @locked
    def forget(self, api: str, revision: str = "") -> None:
        """Discard the sessions of an API proxy that is gone, or of one of its revisions."""
        for traced in tuple(self._sessions):
            if traced.api == api and revision in ("", traced.revision):
                del self._sessions[traced]

    @locked
    def record(self, traced: Traced, request: Request, *, now_ms: int, new_id: Callable[[], str]) -> Recording | None:
        """Return where a call is to be written down, or None where no session captures it.

        Args:
            traced: The revision that answers the call.
            request: The call.
            now_ms: Edge's time.
            new_id: Makes the id of a transaction; GUESS: all sessions that capture the call list it under one.
        """
        wanting = [session for session in self._live(traced, now_ms).values() if session.wants(request)]
        if not wanting:
            return None
        recording = Recording(new_id(), lock=self._lock)
        for session in wanting:
            session.add(recording)
        return recording

    def _live(self, traced: Traced, now_ms: int) -> dict[str, DebugSession]:
        sessions = self._sessions.get(traced, {})
        for session in tuple(sessions.values()):
            if session.expires_at_ms <= now_ms:
                self.close(traced, session.name)
        return self._sessions.get(traced, {})
