"""The one place of a process that knows which doors are open and which hosts are fenced.

Rules of this file:

* There is one switchboard per process, and it is kept in the `socket` module, whose resolver it fences: a second copy
  of this package (a pytest run inside a test imports one) finds the same switchboard, not another.
* Copies of this package may differ in their classes, so nothing here compares the class of what came from a door.
* The door that was opened last and owns the host decides. Doors close in any order.
* Closed doors leave one fence for all with the same hosts, and that of the last thousand that differ: enough for a run
  in which each test makes hosts of its own, and Edge's own hosts are behind every one of them.
* A replacement is put back only where it is still in place; left in place, it passes through.
"""

import socket
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import urlsplit

from pytest_apigee.edge.message import host_of
from pytest_apigee.transports.handler import HostTest

if TYPE_CHECKING:
    from requests import PreparedRequest
    from urllib3 import HTTPConnectionPool, HTTPResponse

_HOME = "_pytest_apigee_switchboard"
_MARK = "_pytest_apigee_replaced"
_MOST_LEFT = 1000

Address = tuple[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """One request as a client put it on the wire.

    Args:
        headers: In their order, as sent.
        prepared: What requests prepared, where it came through an adapter of ours.
        options: What the adapter's `send` was called with: stream, timeout, verify, cert, proxies.
    """

    method: str
    url: str
    headers: Sequence[tuple[str, str]] = field(repr=False)
    body: bytes = field(repr=False)
    prepared: "PreparedRequest | None" = field(default=None, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)


class OpenDoor(Protocol):
    """A door as the switchboard and its seams see it."""

    def owns(self, host: str) -> bool:
        """Say whether the host is one of the world behind the door."""

    def releases(self, host: str) -> bool:
        """Say whether the host is left to the user's own mock."""

    def exchange(self, sent: Sent, pool: "HTTPConnectionPool") -> "HTTPResponse | Exception":
        """Return the raw response, or the error as which the network of a client fails."""

    def complain(self, kind: str, message: str) -> bool:
        """Fail the test at its end, and return whether that will be: a test may allow complaints of this kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seam:
    """An attribute to replace: `make` gets what is there and returns what stands before it."""

    owner: object
    name: str
    make: Callable[[Any], Callable[..., Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fenced:
    """Hosts that stay fenced while no door is open, and why."""

    test: HostTest
    because: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Replaced:
    owner: object
    name: str
    original: object
    replacement: object


def switchboard() -> "Switchboard":
    """Return the switchboard of this process, made on first use."""
    return cast("Switchboard", vars(socket).setdefault(_HOME, Switchboard()))


def host_in(url: str) -> str:
    """Return the host of an http or https URL as a handler expects it, or an empty string."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return host_of(parts.netloc) if parts.scheme in ("http", "https") else ""


class Switchboard:
    """The open doors, the fenced hosts, and what was replaced for them."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._doors: tuple[OpenDoor, ...] = ()
        self._fenced: tuple[Fenced, ...] = ()
        self._left: tuple[Fenced, ...] = ()
        self._admitted: tuple[Address, ...] = ()
        self._replaced: list[_Replaced] = []
        self._watching = False
        self._opened = 0

    def open(self, door: OpenDoor, seams: Iterable[Seam]) -> None:
        """Add a door, and replace what its clients pass through."""
        with self._lock:
            self._opened += 1
            self._doors += (door,)
            self._replaced += self._replace(seams)

    def close(self, door: OpenDoor, fenced: Fenced) -> None:
        """Take a door away and leave a fence around its hosts; with the last door, put back what was replaced."""
        with self._lock:
            self._doors = tuple(other for other in self._doors if other is not door)
            others = tuple(other for other in self._left if other != fenced)
            self._left = (*others, fenced)[-_MOST_LEFT:]
            if not self._doors:
                self._put_back()

    def fence(self, fenced: Fenced) -> None:
        """Fence hosts for the time in which no open door owns them."""
        with self._lock:
            self._fenced += (fenced,)

    def unfence(self, fenced: Fenced) -> None:
        """Take away one fence."""
        with self._lock:
            self._fenced = tuple(other for other in self._fenced if other is not fenced)

    def watch(self, start: Callable[[], None], seams: Iterable[Seam]) -> None:
        """Start what must run for the rest of the process, once, and replace what stays replaced."""
        with self._lock:
            if not self._watching:
                self._watching = True
                start()
            self._replace(seams)

    def admit(self, address: Address) -> None:
        """Let requests for fenced hosts go to this address: it is a server or proxy of our own."""
        with self._lock:
            self._admitted += (address,)

    def dismiss(self, address: Address) -> None:
        """Take back one `admit` of this address."""
        with self._lock:
            rest = list(self._admitted)
            rest.remove(address)
            self._admitted = tuple(rest)

    @property
    def opened(self) -> int:
        """How many doors this process has opened so far."""
        return self._opened

    @property
    def admitted(self) -> tuple[Address, ...]:
        """The addresses of our own servers and proxies."""
        return self._admitted

    def owner_of(self, host: str) -> OpenDoor | None:
        """Return the door that decides about a host: the one opened last of those that own it."""
        return next((door for door in reversed(self._doors) if host and door.owns(host)), None)

    def answering(self, host: str) -> OpenDoor | None:
        """Return the door that answers for a host; none where it was released."""
        door = self.owner_of(host)
        return None if door is None or door.releases(host) else door

    def fence_around(self, host: str) -> Fenced | None:
        """Return the fence that a host stands behind though no open door owns it."""
        return next((fenced for fenced in (*self._fenced, *self._left) if host and fenced.test(host)), None)

    def _replace(self, seams: Iterable[Seam]) -> list[_Replaced]:
        done = []
        for seam in seams:
            original = getattr(seam.owner, seam.name)
            if getattr(original, _MARK, None) is self:
                continue
            replacement = seam.make(original)
            setattr(replacement, _MARK, self)
            setattr(seam.owner, seam.name, replacement)
            done.append(
                _Replaced(owner=seam.owner, name=seam.name, original=original, replacement=replacement),
            )
        return done

    def _put_back(self) -> None:
        for one in reversed(self._replaced):
            if getattr(one.owner, one.name) is one.replacement:
                setattr(one.owner, one.name, one.original)
        self._replaced.clear()
