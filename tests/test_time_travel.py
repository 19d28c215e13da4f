"""The clock of a fake that clients reach in process: it moves the process, and gives it back."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import freezegun
import pytest
import time_machine
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_apigee import ConfigurationError
from pytest_apigee.edge.clock import Clock
from pytest_apigee.time_travel import ProcessWall

MOMENT = "2026-01-02T03:04:05.678Z"
MOMENT_MS = 1_767_323_045_678
THEIRS = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
THEIRS_MS = 1_927_857_906_000
SLACK_MS = 30_000
"""How long a test may take at most."""


def process_clock() -> Clock:
    return Clock(ProcessWall())


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = process_clock()
    yield clock
    clock.restore()


@pytest.fixture
def in_kiritimati(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the process where it is 14 hours later than in UTC."""
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def is_real(moment_ms: float) -> bool:
    real_ms = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000_000 + _BOOT_MS
    return abs(moment_ms - real_ms) < SLACK_MS


_BOOT_MS = (time.time_ns() - time.clock_gettime_ns(time.CLOCK_MONOTONIC)) // 1_000_000


def test_moves_nothing_before_it_is_used(clock: Clock) -> None:
    """A clock that nobody touched shows the time of the process, and starts no traveller."""
    assert is_real(clock.now_ms)
    assert not time_machine.escape_hatch.is_travelling()


@pytest.mark.parametrize(
    "read",
    [
        time.time,
        lambda: time.time_ns() / 1e9,
        lambda: datetime.now(UTC).timestamp(),
        lambda: datetime.now().timestamp(),  # noqa: DTZ005 - what many clients do
        lambda: datetime.now(ZoneInfo("Asia/Tokyo")).timestamp(),
        lambda: time.mktime(time.localtime()) + 0.678,
        lambda: time.clock_gettime(time.CLOCK_REALTIME),
    ],
    ids=["time", "time_ns", "datetime in UTC", "datetime", "datetime in Tokyo", "localtime", "clock_gettime"],
)
@pytest.mark.usefixtures("in_kiritimati")
def test_moves_the_time_of_the_process(clock: Clock, read: Callable[[], float]) -> None:
    """Client code sees the moved time, however it asks and wherever it is."""
    clock.freeze(MOMENT)

    assert read() == pytest.approx(1_767_323_045.678, abs=1e-5)


def test_moves_today(clock: Clock) -> None:
    """The date moves too."""
    clock.freeze("2030-06-15T12:00:00Z")

    assert date.today() == date(2030, 6, 15)  # noqa: DTZ011 - what many clients do


@pytest.mark.usefixtures("in_kiritimati")
@pytest.mark.parametrize(
    "moment", [MOMENT, datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=ZoneInfo("Asia/Tokyo"))]
)
@pytest.mark.parametrize("way", [Clock.freeze, Clock.travel_to])
def test_leaves_the_time_zone_alone(
    clock: Clock, way: Callable[[Clock, datetime | str], None], moment: datetime | str
) -> None:
    """No move changes the local time zone, whatever zone the moment is in."""
    way(clock, moment)

    assert os.environ["TZ"] == "Pacific/Kiritimati"
    assert datetime.now().astimezone().utcoffset() == timedelta(hours=14)


@given(st.integers(min_value=0, max_value=7_258_118_400_000))
@example(0)
@example(MOMENT_MS)
def test_is_exact_to_the_millisecond(moment_ms: int) -> None:
    """A frozen process shows exactly the millisecond that it was set to, up to the year 2200."""
    clock = process_clock()
    try:
        clock.freeze(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=moment_ms))

        assert clock.now_ms == moment_ms
    finally:
        clock.restore()


@pytest.mark.skipif(not hasattr(time_machine, "_timedelta_to_ns"), reason="older ones keep time as a float")
@given(st.integers(min_value=0, max_value=253_402_300_799_999))
@example(253_402_300_799_999)
def test_is_exact_in_far_years(moment_ms: int) -> None:
    """It is exact up to the last millisecond of the year 9999, where time-machine counts nanoseconds."""
    clock = process_clock()
    try:
        clock.freeze(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=moment_ms))

        assert (clock.now_ms, time.time_ns()) == (moment_ms, moment_ms * 1_000_000)
    finally:
        clock.restore()


@given(st.lists(st.integers(min_value=0, max_value=100_000_000_000), min_size=1, max_size=5))
def test_adds_up_to_the_millisecond(steps: list[int]) -> None:
    """What is advanced while frozen adds up exactly."""
    clock = process_clock()
    try:
        clock.freeze(MOMENT)
        for milliseconds in steps:
            clock.advance(timedelta(milliseconds=milliseconds))

        assert clock.now_ms == MOMENT_MS + sum(steps)
    finally:
        clock.restore()


def test_stands_still_when_frozen(clock: Clock) -> None:
    """Two looks at a frozen process show one time."""
    clock.freeze()

    assert time.time_ns() == time.time_ns()


def test_runs_on_after_a_move(clock: Clock) -> None:
    """A process that was moved but not stopped runs on from there."""
    clock.travel_to(MOMENT)
    clock.advance(hours=1)
    first = time.time_ns()
    deadline = time.monotonic() + 5
    while time.time_ns() == first and time.monotonic() < deadline:
        pass

    assert time.time_ns() > first
    assert 0 <= clock.now_ms - MOMENT_MS - 3_600_000 < SLACK_MS


def test_leaves_monotonic_time_alone(clock: Clock) -> None:
    """`time.monotonic`, by which timeouts are measured, does not move."""
    before = time.monotonic()
    clock.advance(days=365)

    assert 0 <= time.monotonic() - before < SLACK_MS / 1_000


def test_skews_edge_and_not_the_process(clock: Clock) -> None:
    """`skew` moves Edge alone, and starts no traveller."""
    clock.skew(hours=1)

    assert is_real(clock.now_ms - 3_600_000)
    assert is_real(time.time() * 1_000)
    assert not time_machine.escape_hatch.is_travelling()


def test_restores_real_time() -> None:
    """`restore` gives the process its time back, and a second one does no harm."""
    clock = process_clock()
    clock.freeze(MOMENT)
    clock.advance(hours=1)
    clock.skew(hours=1)

    clock.restore()
    clock.restore()

    assert is_real(time.time() * 1_000)
    assert is_real(clock.now_ms)
    assert not time_machine.escape_hatch.is_travelling()


def test_moves_again_after_it_was_restored(clock: Clock) -> None:
    """A restored clock can be moved again, and runs."""
    clock.freeze(MOMENT)
    clock.restore()
    clock.travel_to(MOMENT)
    first = time.time_ns()

    assert 0 <= clock.now_ms - MOMENT_MS < SLACK_MS
    assert time.time_ns() > first


def test_restores_real_time_after_a_failing_test(pytester: pytest.Pytester) -> None:
    """A test that fails with its clock moved leaves the next one in real time."""
    pytester.makepyfile(
        """
        import time

        STARTED = time.time()

        def test_fails(apigee):
            apigee.clock.freeze("2100-01-01T00:00:00Z")
            assert time.time() == 0

        def test_sees_real_time():
            assert 0 <= time.time() - STARTED < 60
        """
    )

    result = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:cacheprovider")

    result.assert_outcomes(failed=1, passed=1)


# Other tools that hold the clock

Tool = Callable[[], AbstractContextManager[Any]]
TOOLS: list[Any] = [
    pytest.param("freezegun", lambda: freezegun.freeze_time(THEIRS), id="freezegun"),
    pytest.param("time-machine", lambda: time_machine.travel(THEIRS, tick=False), id="time-machine"),
]
MOVES: list[Any] = [
    pytest.param(lambda clock: clock.advance(hours=1), id="advance"),
    pytest.param(lambda clock: clock.travel_to(MOMENT), id="travel_to"),
    pytest.param(lambda clock: clock.freeze(), id="freeze"),
]


def holds_the_clock(holder: str) -> str:
    return (
        f"{holder} holds this process's clock, and Edge follows it. Move time with {holder}, "
        "or leave it out of this test and use apigee.clock; clock.skew(...) works either way."
    )


@pytest.mark.parametrize(("holder", "tool"), TOOLS)
def test_follows_a_tool_that_holds_the_clock(clock: Clock, holder: str, tool: Tool) -> None:
    """While another tool holds the clock, Edge shows its time, and real time afterwards."""
    with tool():
        during = clock.now_ms

    assert during == THEIRS_MS
    assert is_real(clock.now_ms)


def test_follows_a_tool_that_moves_on(clock: Clock) -> None:
    """Each move of the other tool is Edge's too."""
    with freezegun.freeze_time(THEIRS) as frozen:
        frozen.tick(timedelta(milliseconds=1))
        by_freezegun = clock.now_ms
    with time_machine.travel(THEIRS, tick=False) as traveller:
        traveller.shift(timedelta(milliseconds=1))
        by_time_machine = clock.now_ms

    assert (by_freezegun, by_time_machine) == (THEIRS_MS + 1, THEIRS_MS + 1)


@freezegun.freeze_time(THEIRS)
def test_follows_the_decorator_of_freezegun() -> None:
    """A test under freezegun's decorator sees its time at Edge."""
    assert process_clock().now_ms == THEIRS_MS


@time_machine.travel(THEIRS, tick=False)
def test_follows_the_decorator_of_time_machine() -> None:
    """A test under time-machine's decorator sees its time at Edge."""
    assert process_clock().now_ms == THEIRS_MS


@pytest.mark.parametrize(("holder", "tool"), TOOLS)
def test_skews_under_a_tool_that_holds_the_clock(clock: Clock, holder: str, tool: Tool) -> None:
    """`skew` works whoever holds the clock."""
    with tool():
        clock.skew(minutes=5)

        assert clock.now_ms == THEIRS_MS + 300_000


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize(("holder", "tool"), TOOLS)
def test_names_the_tool_that_holds_the_clock(
    clock: Clock, holder: str, tool: Tool, move: Callable[[Clock], None]
) -> None:
    """The clock moves nothing that another tool holds, and says which tool that is."""
    with tool():
        with pytest.raises(ConfigurationError) as caught:
            move(clock)

        assert str(caught.value) == holds_the_clock(holder)
        assert clock.now_ms == THEIRS_MS
        assert clock.history == ""


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize(("holder", "tool"), TOOLS)
def test_names_the_tool_that_took_the_clock_over(
    clock: Clock, holder: str, tool: Tool, move: Callable[[Clock], None]
) -> None:
    """A tool that was started after our own move holds the clock until it ends; then ours is back."""
    clock.freeze(MOMENT)
    with tool():
        during = clock.now_ms
        with pytest.raises(ConfigurationError) as caught:
            move(clock)
    after = clock.now_ms
    clock.advance(hours=1)

    assert (during, after, clock.now_ms) == (THEIRS_MS, MOMENT_MS, MOMENT_MS + 3_600_000)
    assert str(caught.value) == holds_the_clock(holder)


@pytest.mark.parametrize(("holder", "tool"), TOOLS)
def test_leaves_the_clock_to_who_holds_it(holder: str, tool: Tool) -> None:
    """`restore` takes nothing from a tool that came first."""
    clock = process_clock()
    with tool():
        clock.skew(minutes=5)
        clock.restore()

        assert clock.now_ms == THEIRS_MS


def test_restores_real_time_where_another_journey_outlives_its_own() -> None:
    """Whoever ends first, ours or that of another tool on top of it, real time is back when both have ended."""
    clock = process_clock()
    clock.freeze(MOMENT)
    theirs = time_machine.travel(THEIRS, tick=False)
    theirs.start()

    clock.restore()
    between = clock.now_ms
    theirs.stop()

    assert between == THEIRS_MS
    assert is_real(time.time() * 1_000)
    assert not time_machine.escape_hatch.is_travelling()


def test_restores_nothing_that_another_tool_has_ended() -> None:
    """Where another tool's stop ended our journey, `restore` does no harm."""
    clock = process_clock()
    clock.freeze(MOMENT)
    time_machine.travel(THEIRS).stop()

    clock.restore()

    assert is_real(clock.now_ms)


def test_finds_no_tool_that_is_loaded_and_idle(clock: Clock) -> None:
    """A tool that is imported but holds nothing is not in the way."""
    with freezegun.freeze_time(THEIRS):
        pass
    with time_machine.travel(THEIRS):
        pass
    clock.freeze(MOMENT)

    assert time.time() == pytest.approx(1_767_323_045.678)
