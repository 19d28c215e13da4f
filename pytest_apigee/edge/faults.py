"""Faults that a tester arms: what the next exchanges get in place of Edge's own answer.

Faults are met in the order in which they were armed; the first that fits an exchange answers it, until it has done so
as many times as it was armed for. What Edge's own bodies are in such a case is the tester's to say: a fault says
nothing that it was not told.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import RLock

from pytest_apigee.edge import checks, hosts
from pytest_apigee.edge.locking import locked
from pytest_apigee.edge.message import ConnectionFailure, FailureKind, HeadersLike, Request, Response, host_of
from pytest_apigee.errors import ConfigurationError, listed, nearest

LOGIN, MANAGEMENT, GATEWAY = "login", "management", "gateway"
SERVICES = (LOGIN, MANAGEMENT, GATEWAY)
_TOO_MANY_REQUESTS = 429
_URL = re.compile(r"https?://(?P<authority>[^/?#]+)(?P<path>[^?#]*)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A fault that was armed.

    Args:
        outcome: What an exchange gets that meets it.
        at: Where: `login`, `management`, `gateway`, a URL or a path that the request's starts with; empty for anywhere.
        method: The verb; empty for any.
        times: How many exchanges meet it; None for all.
        number: Tells it from other faults.
    """

    outcome: Response | ConnectionFailure = field(repr=False)
    at: str = ""
    method: str = ""
    times: int | None = 1
    number: int = 0

    def fits(self, request: Request) -> bool:
        """Return whether an exchange is one that it is for."""
        return self.method in ("", request.method) and self._is_at(request)

    def _is_at(self, request: Request) -> bool:
        if self.at in SERVICES:
            return service_of(request.host) == self.at
        if self.at.startswith("/"):
            return request.path.startswith(self.at)
        url = _URL.match(self.at)
        return url is None or (
            request.host == host_of(url["authority"]) and request.path.startswith(url["path"] or "/")
        )

    def __str__(self) -> str:
        outcome = self.outcome
        what = str(outcome.status) if isinstance(outcome, Response) else f"connection {outcome.kind}"
        return f"{what} at {self.at or 'any host'}{f' for {self.method}' if self.method else ''}"


class Faults:
    """Arms faults.

    Args:
        lock: The world's.
    """

    def __init__(self, *, lock: RLock) -> None:
        self._lock = lock
        self._met: dict[Fault, int] = {}
        self._count = 0

    @property
    def armed(self) -> tuple[Fault, ...]:
        """Those that exchanges can still meet, in the order in which they were armed."""
        return tuple(fault for fault, met in self._met.items() if fault.times is None or met < fault.times)

    def met(self, fault: Fault) -> int:
        """Return how many exchanges have met a fault."""
        return self._met.get(fault, 0)

    def respond(  # noqa: PLR0913 - keyword-only settings, none needed
        self,
        status: int = 503,
        *,
        body: bytes | str = b"",
        json: object = None,
        headers: HeadersLike = (),
        at: str = "",
        method: str = "",
        times: int | None = 1,
    ) -> Fault:
        """Arm an answer of your own.

        Args:
            status: Its status, 200 to 599.
            body: Its body.
            json: Its body as a value to be sent as JSON instead.
            headers: Its headers.
            at: Where: `login`, `management`, `gateway`, a URL or a path that the request's starts with.
            method: The verb of the requests that get it; any by default.
            times: How many requests get it; None for all.

        Raises:
            ConfigurationError: Some of it cannot be.
        """
        if json is not None and body:
            msg = "A fault has a body or json, not both."
            raise ConfigurationError(msg)
        own = Response(status=status, headers=headers, body=body)
        response = own if json is None else Response.of_json(json, status=status, headers=headers)
        return self._arm(response, at=at, method=method, times=times)

    def rate_limit(self, retry_after: int = 1, *, at: str = "", method: str = "", times: int | None = 1) -> Fault:
        """Arm an answer 429 that says after how many seconds to come again. Its body is empty.

        Raises:
            ConfigurationError: Some of it cannot be.
        """
        headers = {"Retry-After": str(checks.count("retry_after", retry_after))}
        return self.respond(_TOO_MANY_REQUESTS, headers=headers, at=at, method=method, times=times)

    def reset(self, *, at: str = "", method: str = "", times: int | None = 1) -> Fault:
        """Arm a connection that is reset before any answer.

        Raises:
            ConfigurationError: Some of it cannot be.
        """
        failure = ConnectionFailure(kind=FailureKind.RESET, message="the connection was reset: a fault was armed")
        return self._arm(failure, at=at, method=method, times=times)

    def time_out(self, *, at: str = "", method: str = "", times: int | None = 1) -> Fault:
        """Arm an answer that does not come in time: in process at once, at a server when the client gives up.

        Raises:
            ConfigurationError: Some of it cannot be.
        """
        failure = ConnectionFailure(kind=FailureKind.TIMEOUT, message="no answer came in time: a fault was armed")
        return self._arm(failure, at=at, method=method, times=times)

    def arm(self, settings: Mapping[str, object]) -> Fault:
        """Arm a fault that is described by data, as ``{"kind": "respond", "status": 503}``.

        Args:
            settings: The name of one of the methods above as `kind`, and what it takes by name.

        Raises:
            ConfigurationError: There is no such kind, or it takes no such thing.
        """
        kinds = {"respond": self.respond, "rate_limit": self.rate_limit, "reset": self.reset, "time_out": self.time_out}
        given = dict(settings)
        kind = given.pop("kind", "")
        if not isinstance(kind, str) or kind not in kinds:
            msg = f"Unknown kind of fault {kind!r}. Allowed: {listed(kinds)}.{nearest(str(kind), kinds)}"
            raise ConfigurationError(msg)
        own = {"respond": ("status", "body", "json", "headers"), "rate_limit": ("retry_after",)}.get(kind, ())
        allowed = (*own, "at", "method", "times")
        for name in given:
            if name not in allowed:
                hint = nearest(str(name), allowed)
                msg = f"A fault {kind!r} does not take {name!r}. Allowed: {listed(allowed)}.{hint}"
                raise ConfigurationError(msg)
        armed: Fault = kinds[kind](**given)  # type: ignore[operator]  # each checks what it is given
        return armed

    @locked
    def disarm(self, fault: Fault) -> None:
        """Take a fault back; nobody hears of it any more."""
        self._met.pop(fault, None)

    @locked
    def clear(self) -> None:
        """Take all faults back."""
        self._met.clear()

    def meet(self, request: Request) -> Fault | None:
        """Return the fault that an exchange meets, if any."""
        if not self._met:  # as in most worlds: no lock is taken
            return None
        with self._lock:
            fault = next((fault for fault in self.armed if fault.fits(request)), None)
            if fault is not None:
                self._met[fault] += 1
            return fault

    @locked
    def take_unmet(self) -> tuple[Fault, ...]:
        """Return those that no exchange has met, and take all faults back."""
        unmet = tuple(fault for fault, met in self._met.items() if not met)
        self._met.clear()
        return unmet

    @locked
    def _arm(self, outcome: Response | ConnectionFailure, *, at: str, method: str, times: int | None) -> Fault:
        _check_place(checks.string("at", at))
        if times is not None and (type(times) is not int or times < 1):
            msg = f"times takes a number of requests above zero, or None for all, not {times!r}."
            raise ConfigurationError(msg)
        self._count += 1
        verb = checks.string("method", method).upper()
        fault = Fault(outcome=outcome, at=at, method=verb, times=times, number=self._count)
        self._met[fault] = 0
        return fault


def service_of(host: str) -> str:
    """Return which part of Edge answers at a host."""
    if host == hosts.LOGIN or hosts.zone_of(host) is not None:
        return LOGIN
    return MANAGEMENT if host == hosts.MANAGEMENT else GATEWAY


def _check_place(at: str) -> None:
    if at and at not in SERVICES and not at.startswith("/") and not _URL.match(at):
        msg = (
            f"at takes one of {listed(SERVICES)}, a URL or a path that starts with '/', not {at!r}."
            f"{nearest(at, SERVICES)}"
        )
        raise ConfigurationError(msg)
