"""What the gateway counts of the traffic of one organization: for Quota and SpikeArrest.

Rules of this file:

* Moments are milliseconds since the epoch, and days begin at midnight GMT.
* A window goes from its begin to just before its end. One that is over is forgotten, and so is one that begins in the
  future because a test moved the clock back.
* What is refused uses nothing up (GUESS).

Source: "Quota policy types" and "How Spike Arrest works" in Edge's documentation.
"""

from calendar import monthrange
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import MAXYEAR
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from pytest_apigee.edge.clock import EPOCH, MILLISECOND, moment_at

Key = tuple[str, ...]
"""Whose traffic is counted: environment, proxy, policy, identifier ..."""

_MICROSECONDS = 1_000
_DAY_MS = 86_400_000
_MONTHS = 12
_FIRST_SUNDAY_MS = 3 * _DAY_MS  # 1970-01-04
_FIRST_MONDAY_MS = 4 * _DAY_MS
_FEWEST_BEFORE_PURGE = 100


class TimeUnit(StrEnum):
    """The units of a quota's interval, in Edge's words."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_LENGTHS_MS = {
    TimeUnit.SECOND: 1_000,
    TimeUnit.MINUTE: 60_000,
    TimeUnit.HOUR: 3_600_000,
    TimeUnit.DAY: _DAY_MS,
    TimeUnit.WEEK: 7 * _DAY_MS,
    TimeUnit.MONTH: 28 * _DAY_MS,
}


class QuotaType(StrEnum):
    """When the counter of a quota starts again, in Edge's words."""

    DEFAULT = "default"
    """With the next minute, hour, day ... of the calendar."""
    CALENDAR = "calendar"
    """Each interval after a start time."""
    FLEXI = "flexi"
    """An interval after the first call."""
    ROLLING_WINDOW = "rollingwindow"
    """Never: the calls of the last interval count."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QuotaPeriod:
    """How long the windows of a quota are, and when they begin.

    Args:
        type: When a window begins.
        interval: How many units long it is.
        time_unit: The unit.
        start_ms: When the first window of type `calendar` begins.
        has_calendar_months: Whether a month of other types than the default is one of the calendar, not 28 days.
        has_sunday_first: Whether weeks begin with Sunday, not Monday.
    """

    type: QuotaType
    interval: int
    time_unit: TimeUnit
    start_ms: int = 0
    has_calendar_months: bool = False
    has_sunday_first: bool = False

    def has_begun(self, now_ms: int) -> bool:
        """Return whether it is later than the start time."""
        return self.type is not QuotaType.CALENDAR or now_ms >= self.start_ms

    def window_at(self, now_ms: int) -> tuple[int, int]:
        """Return begin and end of the window that a first call opens now."""
        if self.type is QuotaType.DEFAULT:
            begin_ms = self._begin_of_unit(now_ms)
            return begin_ms, self._later(begin_ms, 1, by_calendar=True)
        if self.type is QuotaType.CALENDAR:
            count = self._whole_windows_until(now_ms)
            return self._of_calendar(count), self._of_calendar(count + 1)
        return now_ms, self._later(now_ms, 1, by_calendar=self.has_calendar_months)

    def _of_calendar(self, count: int) -> int:
        return self._later(self.start_ms, count, by_calendar=self.has_calendar_months)

    def _later(self, moment_ms: int, windows: int, *, by_calendar: bool) -> int:
        units = windows * self.interval
        if self.time_unit is TimeUnit.MONTH and by_calendar:
            return _months_later(moment_ms, units)
        return moment_ms + units * _LENGTHS_MS[self.time_unit]

    def _whole_windows_until(self, now_ms: int) -> int:
        if self.time_unit is TimeUnit.MONTH and self.has_calendar_months:
            start, now = moment_at(self.start_ms), moment_at(now_ms)
            count = ((now.year - start.year) * _MONTHS + now.month - start.month) // self.interval
            return count if self._of_calendar(count) <= now_ms else count - 1
        return (now_ms - self.start_ms) // (self.interval * _LENGTHS_MS[self.time_unit])

    def _begin_of_unit(self, now_ms: int) -> int:
        if self.time_unit is TimeUnit.MONTH:
            first = moment_at(now_ms).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
            return (first - EPOCH) // MILLISECOND
        first_ms = 0
        if self.time_unit is TimeUnit.WEEK:
            first_ms = _FIRST_SUNDAY_MS if self.has_sunday_first else _FIRST_MONDAY_MS
        return now_ms - (now_ms - first_ms) % _LENGTHS_MS[self.time_unit]


@dataclass(frozen=True, kw_only=True, slots=True)
class QuotaCount:
    """What a quota has counted once a call came.

    Args:
        used: What was used up in this window.
        exceeding: How many calls of this window were refused.
        ends_at_ms: When the window ends; for a rolling one, when this call is forgotten.
        has_exceeded: Whether this call is refused.
    """

    used: int
    exceeding: int
    ends_at_ms: int
    has_exceeded: bool


class TrafficCounters:
    """The counters of one organization; whoever uses them holds the world's lock."""

    def __init__(self) -> None:
        self._quotas = _Counters(_Tally)
        self._paces = _Counters(_Pace)
        self._exceeding: dict[Key, int] = {}

    def __len__(self) -> int:
        """Return how many counters are kept."""
        return len(self._quotas) + len(self._paces)

    def count(self, key: Key, period: QuotaPeriod, *, allowed: int, weight: int, now_ms: int) -> QuotaCount:
        """Count a call against a quota, unless it exceeds it."""
        if not period.has_begun(now_ms):
            return QuotaCount(used=0, exceeding=0, ends_at_ms=period.start_ms, has_exceeded=False)
        tally = self._quotas.at(key, now_ms)
        has_exceeded = tally.used + weight > allowed
        ends_at_ms = tally.add(period, 0 if has_exceeded else weight, now_ms)
        tally.exceeding += has_exceeded
        return QuotaCount(used=tally.used, exceeding=tally.exceeding, ends_at_ms=ends_at_ms, has_exceeded=has_exceeded)

    def total_exceeding(self, key: Key, count: QuotaCount) -> int:
        """Return how many calls were refused in all windows, this one included; never forgotten, so for few keys."""
        total = self._exceeding.get(key, 0) + count.has_exceeded
        if count.has_exceeded:
            self._exceeding[key] = total
        return total

    def wait_us(self, key: Key, *, interval_us: int, slack_us: int, weight: int, now_ms: int) -> int:
        """Let a call pass, or return for how many microseconds none does.

        Args:
            key: Whose calls.
            interval_us: How long a call keeps the next one waiting.
            slack_us: By how much calls may be early that follow a rest.
            weight: As how many calls this one counts.
            now_ms: The time.
        """
        pace, now_us = self._paces.at(key, now_ms), now_ms * _MICROSECONDS
        free_at_us = max(pace.free_at_us, now_us)
        if free_at_us > now_us + slack_us:
            return free_at_us - slack_us - now_us
        pace.seen_at_ms, pace.free_at_us = now_ms, free_at_us + weight * interval_us
        return 0


@dataclass(slots=True)
class _Tally:
    """What one quota counts of one caller; all its windows that are not over, the latest last."""

    windows: deque[tuple[int, int, int]] = field(default_factory=deque)
    """Begin, end, and what was used up in it: one of them, but for a rolling window one for each moment of a call."""
    used: int = 0
    exceeding: int = 0

    def forget(self, now_ms: int) -> bool:
        """Forget what is over, and return whether that is all."""
        while self.windows and self.windows[0][1] <= now_ms:
            self.used -= self.windows.popleft()[2]
        while self.windows and self.windows[-1][0] > now_ms:
            self.used -= self.windows.pop()[2]
        return not self.windows

    def add(self, period: QuotaPeriod, weight: int, now_ms: int) -> int:
        """Use something up, and return when the window ends."""
        is_rolling = period.type is QuotaType.ROLLING_WINDOW
        begin_ms, end_ms = period.window_at(now_ms) if is_rolling or not self.windows else self.windows[-1][:2]
        used = 0
        if self.windows and self.windows[-1][:2] == (begin_ms, end_ms):
            used = self.windows.pop()[2]
        if used or weight or not is_rolling:
            self.windows.append((begin_ms, end_ms, used + weight))
        self.used += weight
        return end_ms


@dataclass(slots=True)
class _Pace:
    """When one SpikeArrest lets the next call of one caller through."""

    seen_at_ms: int = 0
    free_at_us: int = 0

    def forget(self, now_ms: int) -> bool:
        """Forget what is over, and return whether that is all."""
        return self.free_at_us <= now_ms * _MICROSECONDS or self.seen_at_ms > now_ms


class _Counter(Protocol):
    def forget(self, now_ms: int) -> bool: ...


_Kept = TypeVar("_Kept", bound=_Counter)


class _Counters(Generic[_Kept]):
    """Counters by key; those that are over go whenever their number has doubled."""

    def __init__(self, new: Callable[[], _Kept]) -> None:
        self._new = new
        self._kept: dict[Key, _Kept] = {}
        self._most = _FEWEST_BEFORE_PURGE

    def __len__(self) -> int:
        return len(self._kept)

    def at(self, key: Key, now_ms: int) -> _Kept:
        """Return the counter of a key, a new one where there is none or it is over."""
        counter = self._kept.get(key)
        if counter is None or counter.forget(now_ms):
            self._purge(now_ms)
            counter = self._kept[key] = self._new()
        return counter

    def _purge(self, now_ms: int) -> None:
        if len(self._kept) >= self._most:
            self._kept = {key: counter for key, counter in self._kept.items() if not counter.forget(now_ms)}
            self._most = max(_FEWEST_BEFORE_PURGE, 2 * len(self._kept))


def _months_later(moment_ms: int, months: int) -> int:
    """Return the same day of a later month, or its last day; beyond the year 9999 months have 28 days."""
    moment = moment_at(moment_ms)
    year, month = divmod(moment.year * _MONTHS + moment.month - 1 + months, _MONTHS)
    if year > MAXYEAR:
        return moment_ms + months * _LENGTHS_MS[TimeUnit.MONTH]
    day = min(moment.day, monthrange(year, month + 1)[1])
    return (moment.replace(year=year, month=month + 1, day=day) - EPOCH) // MILLISECOND
