"""The journal: every exchange that a world answered, the last 10,000 of them, and the questions one asks of it."""

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, overload

from pytest_apigee.edge.message import ConnectionFailure, Request, Response

LONGEST = 10_000


class Service(StrEnum):
    """The parts of Edge that answer."""

    SSO = "sso"
    GATEWAY = "gateway"
    MANAGEMENT = "management"
    MOCK_TARGET = "mocktarget"
    STUB = "stub"
    NOBODY = "nobody"


@dataclass(kw_only=True, slots=True)
class Notes:
    """What a service learns about an exchange while it answers."""

    service: Service = Service.NOBODY
    reason: str = ""
    was_refused: bool = False
    organization: str = ""
    environment: str = ""
    proxy: str = ""
    app: str = ""
    user: str = ""
    issued_token: str = field(default="", repr=False)
    is_fault: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """One request with its outcome, and why it came out so.

    `reason` is empty where there is nothing to explain. `at_ms` is Edge's time in milliseconds since the epoch. `app`
    and `user` are the names of who was recognised, `proxy` that of the API proxy that answered.
    """

    number: int
    at_ms: int
    request: Request
    outcome: Response | ConnectionFailure
    service: Service
    reason: str = ""
    was_refused: bool = False
    organization: str = ""
    environment: str = ""
    proxy: str = ""
    app: str = ""
    user: str = ""
    issued_token: str = field(default="", repr=False)

    @property
    def status(self) -> int | None:
        """The status of the response, or None where the connection failed."""
        return self.outcome.status if isinstance(self.outcome, Response) else None

    def __str__(self) -> str:
        answer = self.status or f"no answer ({getattr(self.outcome, 'kind', '')})"
        why = f"  {self.reason}" if self.reason else ""
        return f"{self.request.shown} -> {answer}{why}"


class _Named(Protocol):
    @property
    def name(self) -> str: ...


class Calls(Sequence[Exchange]):
    """Some exchanges, in order. Each property narrows them down and gives `Calls` again."""

    def __init__(self, exchanges: Iterable[Exchange] = ()) -> None:
        self._kept: Collection[Exchange] = tuple(exchanges)

    @property
    def sso(self) -> "Calls":
        """Those with login.apigee.com and its zones."""
        return self.where(lambda exchange: exchange.service is Service.SSO)

    @property
    def gateway(self) -> "Calls":
        """Those with the gateway of any environment, the `oauth` proxy included."""
        return self.where(lambda exchange: exchange.service is Service.GATEWAY)

    @property
    def management(self) -> "Calls":
        """Those with api.enterprise.apigee.com."""
        return self.where(lambda exchange: exchange.service is Service.MANAGEMENT)

    @property
    def tokens_issued(self) -> "Calls":
        """Those that gave somebody a new access token."""
        return self.where(lambda exchange: bool(exchange.issued_token))

    @property
    def refused(self) -> "Calls":
        """Those that did not get what they asked for; `reason` says why."""
        return self.where(lambda exchange: exchange.was_refused)

    @property
    def last(self) -> Exchange:
        """The last one.

        Raises:
            AssertionError: There is none.
        """
        exchanges = self._snapshot()
        if not exchanges:
            msg = "Nothing was asked of Edge here."
            raise AssertionError(msg)
        return exchanges[-1]

    @property
    def only(self) -> Exchange:
        """The one and only.

        Raises:
            AssertionError: There is none, or more than one.
        """
        exchanges = self._snapshot()
        if len(exchanges) != 1:
            msg = f"Expected exactly one exchange, found {len(exchanges)}:\n{self}"
            raise AssertionError(msg)
        return exchanges[0]

    def to(self, proxy: "str | _Named") -> "Calls":
        """Return those that an API proxy answered: its name, or what `apigee.proxy` returned."""
        name = proxy if isinstance(proxy, str) else proxy.name
        return self.where(lambda exchange: exchange.proxy == name)

    def where(self, holds: Callable[[Exchange], bool]) -> "Calls":
        """Return those for which a condition holds."""
        return Calls(filter(holds, self._snapshot()))

    @overload
    def __getitem__(self, index: int) -> Exchange: ...
    @overload
    def __getitem__(self, index: slice) -> "Calls": ...
    def __getitem__(self, index: int | slice) -> "Exchange | Calls":
        exchanges = self._snapshot()
        return Calls(exchanges[index]) if isinstance(index, slice) else exchanges[index]

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._snapshot())

    def __str__(self) -> str:
        return "\n".join(f"  {exchange}" for exchange in self._snapshot())

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self)}>"

    def _snapshot(self) -> tuple[Exchange, ...]:
        return tuple(self._kept)


class Journal(Calls):
    """The last 10,000 exchanges as they come in; what its properties give stays as it was then."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: deque[Exchange] = deque(maxlen=LONGEST)
        self._count = 0
        self._lock = threading.Lock()

    @property
    def total(self) -> int:
        """How many exchanges there were, forgotten ones included."""
        return self._count

    def add(self, request: Request, outcome: Response | ConnectionFailure, notes: Notes, *, at_ms: int) -> None:
        """Write down one exchange."""
        with self._lock:
            self._count += 1
            exchange = Exchange(
                number=self._count,
                at_ms=at_ms,
                request=request,
                outcome=outcome,
                service=notes.service,
                reason=notes.reason,
                was_refused=notes.was_refused,
                organization=notes.organization,
                environment=notes.environment,
                proxy=notes.proxy,
                app=notes.app,
                user=notes.user,
                issued_token=notes.issued_token,
            )
            self._kept.append(exchange)

    def _snapshot(self) -> tuple[Exchange, ...]:
        with self._lock:
            return super()._snapshot()
