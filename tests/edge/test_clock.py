"""Edge's clock over a wall of its own, which moves no process."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_apigee import ConfigurationError
from pytest_apigee.edge.clock import Clock

MOMENT = "2026-01-02T03:04:05.678Z"
MOMENT_MS = 1_767_323_045_678
HOUR_MS = 3_600_000
SLACK_MS = 30_000
"""How long a test may take at most."""


def frozen_clock() -> Clock:
    clock = Clock()
    clock.freeze(MOMENT)
    return clock


def real_ms() -> int:
    return time.time_ns() // 1_000_000


def is_near(clock: Clock, moment_ms: int) -> bool:
    return -1 <= clock.now_ms - moment_ms < SLACK_MS


def test_follows_wall_time() -> None:
    """A clock that nobody touched shows wall time, and has no history."""
    clock = Clock()

    assert is_near(clock, real_ms())
    assert clock.history == ""


def test_shows_the_time_in_utc() -> None:
    """`now` is the same moment as `now_ms`, in UTC."""
    assert frozen_clock().now == datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    assert frozen_clock().now_ms == MOMENT_MS


@pytest.mark.parametrize(
    ("advance", "moved_ms"),
    [
        (lambda clock: clock.advance(timedelta(seconds=2)), 2_000),
        (lambda clock: clock.advance(days=1), 24 * HOUR_MS),
        (lambda clock: clock.advance(hours=1.5), 5_400_000),
        (lambda clock: clock.advance(minutes=1), 60_000),
        (lambda clock: clock.advance(seconds=1), 1_000),
        (lambda clock: clock.advance(milliseconds=1), 1),
        (lambda clock: clock.advance(timedelta(days=1), hours=1, minutes=1, seconds=1, milliseconds=1), 90_061_001),
        (lambda clock: clock.advance(hours=1, minutes=-59), 60_000),
        (lambda clock: clock.advance(), 0),
        (lambda clock: clock.advance(timedelta(microseconds=999)), 0),
    ],
)
def test_advances(advance: Callable[[Clock], None], moved_ms: int) -> None:
    """`advance` moves by a timedelta, by the units named, or by both, in whole milliseconds."""
    clock = frozen_clock()
    advance(clock)

    assert clock.now_ms == MOMENT_MS + moved_ms


def test_adds_up() -> None:
    """What is advanced adds up."""
    clock = frozen_clock()
    for _ in range(3):
        clock.advance(hours=1)

    assert clock.now_ms == MOMENT_MS + 3 * HOUR_MS


def test_runs_on_after_a_move() -> None:
    """A clock that was moved but not stopped runs on from there."""
    clock = Clock()
    clock.travel_to(MOMENT)
    clock.advance(hours=1)
    first = clock.now_ms
    deadline = time.monotonic() + 5
    while clock.now_ms == first and time.monotonic() < deadline:
        pass

    assert is_near(clock, MOMENT_MS + HOUR_MS)
    assert clock.now_ms > first


def test_stands_still_when_frozen() -> None:
    """A frozen clock stands still, also after it was moved."""
    clock = frozen_clock()
    clock.travel_to("2030-01-31T12:00:00Z")
    clock.advance(hours=1)
    deadline = time.monotonic() + 0.01
    while time.monotonic() < deadline:
        pass

    assert clock.now == datetime(2030, 1, 31, 13, tzinfo=UTC)


def test_freezes_at_its_own_time() -> None:
    """`freeze()` stops the clock where it is."""
    clock = Clock()
    clock.freeze()
    stopped = clock.now_ms

    assert is_near(clock, real_ms() - SLACK_MS + 1) or is_near(clock, real_ms())
    assert clock.now_ms == stopped


def test_stays_frozen_where_it_is_frozen_twice() -> None:
    """`freeze()` of a frozen clock leaves its time alone."""
    clock = frozen_clock()
    clock.freeze()

    assert clock.now_ms == MOMENT_MS


@pytest.mark.parametrize(
    ("moment", "expected_ms"),
    [
        ("2026-01-02T03:04:05.678Z", MOMENT_MS),
        ("2026-01-02T04:04:05.678+01:00", MOMENT_MS),
        ("20260102T030405.678Z", MOMENT_MS),
        (datetime(2026, 1, 2, 3, 4, 5, 678_999, tzinfo=UTC), MOMENT_MS),
        (datetime(2026, 1, 1, 22, 4, 5, 678_000, tzinfo=timezone(timedelta(hours=-5))), MOMENT_MS),
        ("1970-01-01T00:00:00Z", 0),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ],
)
@pytest.mark.parametrize("way", [Clock.travel_to, Clock.freeze])
def test_goes_to_a_moment(
    way: Callable[[Clock, datetime | str], None], moment: datetime | str, expected_ms: int
) -> None:
    """A moment is a datetime with a time zone, or ISO 8601 text with one; forward or back."""
    clock = frozen_clock()
    way(clock, moment)

    assert clock.now_ms == expected_ms


@given(st.integers(min_value=0, max_value=253_402_300_799_999))
def test_is_exact_to_the_millisecond(moment_ms: int) -> None:
    """A frozen clock shows exactly the millisecond that it was set to."""
    clock = Clock()
    clock.freeze(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=moment_ms))

    assert clock.now_ms == moment_ms
    assert clock.now == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=moment_ms)


@pytest.mark.parametrize(
    ("skew", "skew_ms"),
    [
        (lambda clock: clock.skew(timedelta(seconds=2)), 2_000),
        (lambda clock: clock.skew(hours=1, minutes=1, seconds=1, milliseconds=1), 3_661_001),
        (lambda clock: clock.skew(minutes=-5), -300_000),
        (lambda clock: clock.skew(), 0),
    ],
)
def test_skews_edge_alone(skew: Callable[[Clock], None], skew_ms: int) -> None:
    """`skew` sets how far Edge's clock is ahead of the client's, or behind; it does not add up."""
    clock = frozen_clock()
    clock.skew(hours=9)
    skew(clock)

    assert clock.now_ms == MOMENT_MS + skew_ms


def test_keeps_the_skew_in_a_move() -> None:
    """A move sets the client's time, and Edge stays off by its skew; `freeze()` does not add it twice."""
    clock = Clock()
    clock.skew(minutes=1)
    clock.freeze(MOMENT)
    clock.freeze()
    clock.advance(hours=1)

    assert clock.now_ms == MOMENT_MS + 60_000 + HOUR_MS


@pytest.mark.parametrize("way", [Clock.freeze, Clock.travel_to])
def test_restores_real_time(way: Callable[[Clock, str], None]) -> None:
    """`restore` undoes every move, stop and skew."""
    clock = Clock()
    way(clock, MOMENT)
    clock.skew(hours=1)

    clock.restore()

    assert is_near(clock, real_ms())
    assert clock.history == ""


@pytest.mark.parametrize(
    ("change", "history"),
    [
        (lambda clock: clock.advance(days=1, hours=2), "the test moved the clock by 1 day, 2:00:00"),
        (lambda clock: clock.travel_to("2026-01-02T03:04:06Z"), "the test moved the clock by 0:00:00.322000"),
        (lambda clock: clock.freeze("2026-01-02T02:04:05.678Z"), "the test moved the clock by -1 day, 23:00:00"),
        (lambda clock: clock.freeze(), ""),
        (lambda clock: clock.skew(minutes=5), "the test set Edge's clock off by 0:05:00"),
        (
            lambda clock: (clock.advance(hours=1), clock.skew(minutes=5)),
            "the test moved the clock by 1:00:00 and the test set Edge's clock off by 0:05:00",
        ),
        (lambda clock: (clock.advance(hours=1), clock.travel_to(MOMENT)), ""),
    ],
)
def test_tells_what_was_done_to_it(change: Callable[[Clock], object], history: str) -> None:
    """The history says by how much a test moved the clock, and set Edge's off."""
    clock = Clock(FrozenWall())
    change(clock)

    assert clock.history == history


class FrozenWall:
    """A wall that starts at `MOMENT`, so that moves can be told to the millisecond."""

    is_frozen = True

    def __init__(self) -> None:
        self._now_ms = MOMENT_MS

    def now_ms(self) -> int:
        return self._now_ms

    def run_from(self, moment_ms: int) -> None:
        self._now_ms = moment_ms

    def stop_at(self, moment_ms: int) -> None:
        self._now_ms = moment_ms

    def restore(self) -> None:
        self._now_ms = MOMENT_MS


ALLOWED = "Give a datetime with a time zone, or ISO 8601 text with one, as '2030-01-31T12:00:00Z'."


@pytest.mark.parametrize(
    ("moment", "message"),
    [
        ("tomorrow", f"'tomorrow' is not a moment in time. {ALLOWED}"),
        ("", f"'' is not a moment in time. {ALLOWED}"),
        ("2030-01-31T12:00:00", f"The moment 2030-01-31T12:00:00 has no time zone. {ALLOWED}"),
        ("2030-01-31", f"The moment 2030-01-31T00:00:00 has no time zone. {ALLOWED}"),
        (datetime(2030, 1, 31), f"The moment 2030-01-31T00:00:00 has no time zone. {ALLOWED}"),  # noqa: DTZ001 - the mistake
    ],
)
@pytest.mark.parametrize("way", [Clock.travel_to, Clock.freeze])
def test_explains_what_is_no_moment(
    way: Callable[[Clock, datetime | str], None], moment: datetime | str, message: str
) -> None:
    """What is no moment, or has no time zone, is refused and moves nothing."""
    clock = frozen_clock()

    with pytest.raises(ConfigurationError) as caught:
        way(clock, moment)

    assert str(caught.value) == message
    assert clock.now_ms == MOMENT_MS


BOUNDS = "The clock goes from 1970-01-01T00:00:00Z to 9999-12-31T23:59:59Z, and not beyond."


@pytest.mark.parametrize(
    "move",
    [
        lambda clock: clock.travel_to("1969-12-31T23:59:59.999Z"),
        lambda clock: clock.freeze("1969-12-31T23:59:59.999Z"),
        lambda clock: clock.travel_to("0001-01-01T00:00:00+14:00"),
        lambda clock: clock.travel_to("9999-12-31T23:59:59.999-14:00"),
        lambda clock: clock.advance(days=3_000_000),
        lambda clock: clock.skew(timedelta(days=3_000_000)),
        lambda clock: clock.skew(timedelta(days=-30_000)),
        lambda clock: (clock.skew(hours=1), clock.travel_to("9999-12-31T23:30:00Z")),
        lambda clock: (clock.skew(hours=1), clock.freeze("9999-12-31T23:30:00Z")),
        lambda clock: (clock.skew(hours=-1), clock.travel_to("1970-01-01T00:30:00Z")),
    ],
)
def test_explains_its_bounds(move: Callable[[Clock], object]) -> None:
    """Neither client nor Edge leaves the years that every party can tell; a refused move moves nothing."""
    clock = frozen_clock()

    with pytest.raises(ConfigurationError) as caught:
        move(clock)

    assert str(caught.value) == BOUNDS
    assert clock.client_now.isoformat() == "2026-01-02T03:04:05.678000+00:00"


@pytest.mark.parametrize(
    ("move", "message"),
    [
        (
            lambda clock: clock.advance(5),
            (
                "Not a span of time: 5, {'days': 0, 'hours': 0, 'minutes': 0, 'seconds': 0, 'milliseconds': 0}. "
                "Give a timedelta, or numbers of units, as hours=1."
            ),
        ),
        (
            lambda clock: clock.advance(hours=float("nan")),
            (
                "Not a span of time: datetime.timedelta(0), "
                "{'days': 0, 'hours': nan, 'minutes': 0, 'seconds': 0, 'milliseconds': 0}. "
                "Give a timedelta, or numbers of units, as hours=1."
            ),
        ),
        (
            lambda clock: clock.skew(seconds="5"),
            (
                "Not a span of time: datetime.timedelta(0), "
                "{'hours': 0, 'minutes': 0, 'seconds': '5', 'milliseconds': 0}. "
                "Give a timedelta, or numbers of units, as hours=1."
            ),
        ),
        (
            lambda clock: clock.skew(hours=float("inf")),
            (
                "Not a span of time: datetime.timedelta(0), "
                "{'hours': inf, 'minutes': 0, 'seconds': 0, 'milliseconds': 0}. "
                "Give a timedelta, or numbers of units, as hours=1."
            ),
        ),
        (lambda clock: clock.travel_to(5), f"5 is not a moment in time. {ALLOWED}"),
        (lambda clock: clock.freeze(b"now"), f"b'now' is not a moment in time. {ALLOWED}"),
        (lambda clock: clock.travel_to(None), f"None is not a moment in time. {ALLOWED}"),
    ],
)
def test_explains_what_is_no_time(move: Callable[[Clock], object], message: str) -> None:
    """A span or moment of another type is refused and moves nothing."""
    clock = frozen_clock()

    with pytest.raises(ConfigurationError) as caught:
        move(clock)

    assert str(caught.value) == message
    assert clock.now_ms == MOMENT_MS


def test_tells_the_time_of_the_client() -> None:
    """The client's time is Edge's without the skew."""
    clock = frozen_clock()
    clock.skew(hours=2)

    assert clock.client_now.isoformat() == "2026-01-02T03:04:05.678000+00:00"
    assert clock.now.isoformat() == "2026-01-02T05:04:05.678000+00:00"


def test_explains_that_it_advances_forward_only() -> None:
    """A negative advance is refused and moves nothing."""
    clock = frozen_clock()

    with pytest.raises(ConfigurationError) as caught:
        clock.advance(hours=-1)

    assert str(caught.value) == (
        "clock.advance moves forward only, not by -1 day, 23:00:00. To go back, use clock.travel_to(moment)."
    )
    assert clock.now_ms == MOMENT_MS


def test_moves_no_process() -> None:
    """A clock without doors moves nobody but who asks it."""
    clock = Clock()
    before = real_ms()
    clock.freeze("2100-01-01T00:00:00Z")

    assert 0 <= real_ms() - before < SLACK_MS
