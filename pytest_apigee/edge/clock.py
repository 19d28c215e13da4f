"""Edge's clock: the only reader of wall time.

Rules of this file:

* Time is integer milliseconds since the epoch, UTC.
* Edge's time is wall time plus its skew. `advance`, `travel_to` and `freeze` move wall time, and so client and Edge
  together; `skew` moves Edge alone.
* Whatever moved is put back by `restore`.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from pytest_apigee.errors import ConfigurationError

MILLISECOND = timedelta(milliseconds=1)
_NANOSECONDS_PER_MICROSECOND = 1_000
_MICROSECONDS_PER_MILLISECOND = 1_000
EPOCH = datetime.fromtimestamp(0, UTC)
_LAST_MS = (datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC) - EPOCH) // MILLISECOND


def moment_at(moment_ms: int) -> datetime:
    """Return a moment in UTC; one beyond the year 9999 is the last there is."""
    return EPOCH + min(moment_ms, _LAST_MS) * MILLISECOND


def java_date(moment: datetime) -> str:
    """Write a moment in UTC as Java's `Date.toString` does: ``Sun Mar 31 12:00:00 UTC 2024``."""
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    day, month = days[moment.weekday()], months[moment.month - 1]
    return f"{day} {month} {moment:%d %H:%M:%S} UTC {moment.year}"


def wall_ms() -> int:
    """Return wall time, moved or not, in milliseconds since the epoch.

    Rounded to microseconds first: tools that move time keep their destination as a float, which is up to 256 ns off.
    """
    microseconds = (time.time_ns() + _NANOSECONDS_PER_MICROSECOND // 2) // _NANOSECONDS_PER_MICROSECOND
    return microseconds // _MICROSECONDS_PER_MILLISECOND


class Wall(Protocol):
    """Wall time, and how to move it."""

    @property
    def is_frozen(self) -> bool:
        """Whether time stands still because we stopped it."""
        ...

    def now_ms(self) -> int:
        """Return the time that the client sees, in milliseconds since the epoch."""
        ...

    def run_from(self, moment_ms: int) -> None:
        """Set the time and let it run on."""
        ...

    def stop_at(self, moment_ms: int) -> None:
        """Set the time and stop it."""
        ...

    def restore(self) -> None:
        """Give real time back."""
        ...


class OwnWall:
    """A wall for a fake without doors: moving it moves no process, only who asks it."""

    def __init__(self) -> None:
        self._shift_ms = 0
        self._stopped_at_ms: int | None = None

    @property
    def is_frozen(self) -> bool:
        """Whether time stands still because we stopped it."""
        return self._stopped_at_ms is not None

    def now_ms(self) -> int:
        """Return the time of this wall in milliseconds since the epoch."""
        return wall_ms() + self._shift_ms if self._stopped_at_ms is None else self._stopped_at_ms

    def run_from(self, moment_ms: int) -> None:
        """Set the time and let it run on."""
        self._shift_ms = moment_ms - wall_ms()
        self._stopped_at_ms = None

    def stop_at(self, moment_ms: int) -> None:
        """Set the time and stop it."""
        self._stopped_at_ms = moment_ms

    def restore(self) -> None:
        """Give real time back."""
        self._shift_ms = 0
        self._stopped_at_ms = None


class Clock:
    """The time at Edge, and the power to move it.

    `advance`, `travel_to` and `freeze` raise `ConfigurationError` where another tool (freezegun, time-machine) holds
    the process's clock; Edge then follows that tool, and `skew` still works. Not moved: ``time.monotonic``, and
    other processes.
    """

    def __init__(self, wall: Wall | None = None) -> None:
        self._wall: Wall = OwnWall() if wall is None else wall
        self._skew_ms = 0
        self._moved_ms = 0

    @property
    def now_ms(self) -> int:
        """The time at Edge in milliseconds since the epoch."""
        return self._wall.now_ms() + self._skew_ms

    @property
    def now(self) -> datetime:
        """The time at Edge, in UTC."""
        return moment_at(self.now_ms)

    @property
    def client_now(self) -> datetime:
        """The time at the client, in UTC: Edge's without its skew."""
        return moment_at(self._wall.now_ms())

    @property
    def history(self) -> str:
        """What was done to this clock, in words for a report; empty where nothing was."""
        moved = f"the test moved the clock by {self._moved_ms * MILLISECOND}" if self._moved_ms else ""
        skewed = f"the test set Edge's clock off by {self._skew_ms * MILLISECOND}" if self._skew_ms else ""
        return " and ".join(filter(None, (moved, skewed)))

    def advance(  # noqa: PLR0913 - one keyword for each unit
        self,
        delta: timedelta = timedelta(),
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        milliseconds: float = 0,
    ) -> None:
        """Move client and Edge forward together, by a timedelta or by the units named.

        Raises:
            ConfigurationError: The sum is negative, or another tool holds the clock.
        """
        total = _sum(delta, days=days, hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds)
        if total < timedelta():
            msg = f"clock.advance moves forward only, not by {total}. To go back, use clock.travel_to(moment)."
            raise ConfigurationError(msg)
        self._move_to(self._wall.now_ms() + total // MILLISECOND)

    def travel_to(self, moment: datetime | str) -> None:
        """Set the time of client and Edge; it runs on from there, unless it was frozen.

        Args:
            moment: A datetime with a time zone, or ISO 8601 text with one, as ``2030-01-31T12:00:00Z``.

        Raises:
            ConfigurationError: There is no time zone, it is not a time, or another tool holds the clock.
        """
        self._move_to(_milliseconds(moment))

    def freeze(self, moment: datetime | str | None = None) -> None:
        """Stop the time of client and Edge, now or at a moment as for `travel_to`.

        Raises:
            ConfigurationError: As for `travel_to`.
        """
        now_ms = self._wall.now_ms()
        moment_ms = now_ms if moment is None else _milliseconds(moment)
        self._wall.stop_at(self._in_range(moment_ms))
        self._moved_ms += moment_ms - now_ms

    def skew(
        self,
        delta: timedelta = timedelta(),
        *,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        milliseconds: float = 0,
    ) -> None:
        """Set how far Edge's clock runs ahead of the client's; behind where negative, and equal for ``skew()``."""
        total = _sum(delta, hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds)
        _check_range(self._wall.now_ms() + total // MILLISECOND)
        self._skew_ms = total // MILLISECOND

    def restore(self) -> None:
        """Give real time back to client and Edge."""
        self._wall.restore()
        self._skew_ms = 0
        self._moved_ms = 0

    def _move_to(self, moment_ms: int) -> None:
        now_ms = self._wall.now_ms()
        move = self._wall.stop_at if self._wall.is_frozen else self._wall.run_from
        move(self._in_range(moment_ms))
        self._moved_ms += moment_ms - now_ms

    def _in_range(self, moment_ms: int) -> int:
        """Return a moment that client and Edge can both tell."""
        _check_range(moment_ms)
        _check_range(moment_ms + self._skew_ms)
        return moment_ms


def _milliseconds(moment: object) -> int:
    allowed = "Give a datetime with a time zone, or ISO 8601 text with one, as '2030-01-31T12:00:00Z'."
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            msg = f"{moment!r} is not a moment in time. {allowed}"
            raise ConfigurationError(msg) from None
    if not isinstance(moment, datetime):
        msg = f"{moment!r} is not a moment in time. {allowed}"
        raise ConfigurationError(msg)
    if moment.tzinfo is None:
        msg = f"The moment {moment.isoformat()} has no time zone. {allowed}"
        raise ConfigurationError(msg)
    return (moment - EPOCH) // MILLISECOND


def _sum(delta: object, **units: float) -> timedelta:
    """Return a timedelta plus so many of each unit."""
    try:
        return timedelta(**units) + delta  # type: ignore[operator]  # what is no timedelta is caught
    except (TypeError, ValueError, OverflowError):
        msg = f"Not a span of time: {delta!r}, {units}. Give a timedelta, or numbers of units, as hours=1."
        raise ConfigurationError(msg) from None


def _check_range(moment_ms: int) -> None:
    if not 0 <= moment_ms <= _LAST_MS:
        msg = "The clock goes from 1970-01-01T00:00:00Z to 9999-12-31T23:59:59Z, and not beyond."
        raise ConfigurationError(msg)
