"""Time: moved for client and Edge together, and real again after each test, however it ended."""

import pytest

HELD = (
    "{tool} holds this process's clock, and Edge follows it. Move time with {tool}, "
    "or leave it out of this test and use apigee.clock; clock.skew(...) works either way."
)
MOVES = ["advance(days=30)", "travel_to('2040-01-01T00:00:00Z')", "freeze('2040-01-01T00:00:00Z')", "freeze()"]


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize(
    ("ending", "counts"),
    [
        ("pass", {"passed": 2}),
        ("assert False", {"passed": 1, "failed": 1}),
        ("pytest.skip('enough')", {"passed": 1, "skipped": 1}),
        ("pytest.xfail('known')", {"passed": 1, "xfailed": 1}),
        ("raise SystemExit", {"passed": 1, "failed": 1}),
    ],
)
def test_is_real_again_after_a_test(run, move, ending, counts):
    """Real time is back after a test that moved it, whether it passed, failed, skipped or was stopped."""
    done = run(f"""
        import time, pytest

        REAL = time.time()

        def test_moves(apigee_clock):
            apigee_clock.{move}
            {ending}

        def test_next():
            assert 0 <= time.time() - REAL < 60
            first = time.time_ns()
            assert any(time.time_ns() > first for _ in range(1_000_000))
    """)

    assert done.counts == counts
    assert "test_next call" not in done.failures


@pytest.mark.parametrize("before", ["", "yield\n    "])
def test_is_real_again_after_a_failing_fixture(run, before):
    """Real time is back after a fixture that moved it and then failed, at setup or teardown."""
    done = run(f"""
import time, pytest

REAL = time.time()

@pytest.fixture
def moving(apigee_clock):
    apigee_clock.advance(days=30)
    {before}raise RuntimeError("moved and failed")

def test_moves(moving): pass

def test_next():
    assert 0 <= time.time() - REAL < 60
""")

    assert done.counts["errors"] == 1
    assert "RuntimeError: moved and failed" in done.output
    assert "test_next call" not in done.failures


def test_is_real_again_after_a_complaint(run):
    """Real time is back, and a complaint told, where a test has both."""
    done = run("""
        import time, requests

        REAL = time.time()

        def test_moves(apigee, apigee_clock):
            apigee_clock.advance(days=30)
            requests.get("https://login.apigee.com/oauth/authorize")

        def test_next():
            assert 0 <= time.time() - REAL < 60
    """)

    assert list(done.failures) == ["test_moves teardown"]


def test_client_and_edge_move_together(run):
    """A token is good one millisecond before it expires and refused from then on; the client sees the same time."""
    done = run("""
        import datetime, time, requests

        def test_it(apigee, apigee_clock, apigee_token):
            apigee_clock.freeze("2030-01-31T12:00:00Z")
            api = apigee.proxy("/weather")
            bearer = {"Authorization": f"Bearer {apigee_token(lifetime=datetime.timedelta(hours=1))}"}

            apigee_clock.advance(hours=1, milliseconds=-1)
            assert requests.get(api.url, headers=bearer).status_code == 200
            apigee_clock.advance(milliseconds=1)
            assert requests.get(api.url, headers=bearer).status_code == 401
            assert time.time() == datetime.datetime(2030, 1, 31, 13, tzinfo=datetime.UTC).timestamp()
    """)

    assert (done.counts, done.failures) == ({"passed": 1}, {})


TOOLS = {
    "freezegun": (
        "import freezegun\n\n@freezegun.freeze_time('2030-01-31T12:00:00Z')\ndef test_it(apigee):\n",
        (),
    ),
    "freezegun inside": (
        "import freezegun\n\ndef test_it(apigee):\n  with freezegun.freeze_time('2030-01-31T12:00:00Z'):\n",
        (),
    ),
    "time-machine": (
        "def test_it(time_machine, apigee):\n    time_machine.move_to(MOMENT, tick=False)\n",
        ("time_machine",),
    ),
    "time-machine inside": (
        "import time_machine\n\ndef test_it(apigee):\n  with time_machine.travel(MOMENT, tick=False):\n",
        (),
    ),
}


def held(tool: str, body: str) -> str:
    start = "import datetime, pytest, requests\nfrom pytest_apigee import ConfigurationError\n"
    return f"{start}MOMENT = datetime.datetime(2030, 1, 31, 12, tzinfo=datetime.UTC)\n{TOOLS[tool][0]}    {body}\n"


@pytest.mark.parametrize("tool", TOOLS)
def test_edge_follows_another_tool(run, tool):
    """Where freezegun or time-machine holds the clock, Edge follows it."""
    done = run(held(tool, "assert apigee.clock.now == MOMENT"), plugins=TOOLS[tool][1])

    assert (done.counts, done.failures) == ({"passed": 1}, {})


@pytest.mark.parametrize("tool", TOOLS)
def test_skew_works_beside_another_tool(run, tool):
    """`skew` moves Edge alone, whoever holds the clock."""
    body = "apigee.clock.skew(minutes=5); assert apigee.clock.now - MOMENT == datetime.timedelta(minutes=5)"

    done = run(held(tool, body), plugins=TOOLS[tool][1])

    assert (done.counts, done.failures) == ({"passed": 1}, {})


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("move", MOVES)
def test_moving_beside_another_tool_names_it(run, tool, move):
    """`advance`, `travel_to` and `freeze` refuse where another tool holds the clock, and name that tool."""
    done = run(held(tool, f"apigee.clock.{move}"), plugins=TOOLS[tool][1])

    message = HELD.format(tool=tool.removesuffix(" inside"))
    assert f"pytest_apigee.errors.ConfigurationError: {message}\n" in done.failures["test_it call"]
    assert done.counts == {"failed": 1}


@pytest.mark.parametrize("block", ["freezegun.freeze_time(MOMENT)", "time_machine.travel(MOMENT, tick=False)"])
def test_another_tool_may_come_after_ours(run, block):
    """A tool that takes the clock in a block is followed there, and ours goes on afterwards."""
    done = run(f"""
        import datetime, freezegun, time_machine

        MOMENT = datetime.datetime(2030, 1, 31, 12, tzinfo=datetime.UTC)

        def test_it(apigee_clock):
            apigee_clock.travel_to("2035-01-01T00:00:00Z")
            with {block}:
                assert apigee_clock.now == MOMENT
            apigee_clock.advance(days=1)
            assert apigee_clock.now.date() == datetime.date(2035, 1, 2)
    """)

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_a_journey_that_goes_on_is_left_alone(run):
    """A journey that a test starts after ours and does not end goes on after it; with its end, time is real."""
    done = run("""
        import datetime, time, time_machine

        REAL = time.time()
        JOURNEY = time_machine.travel(datetime.datetime(2030, 1, 31, 12, tzinfo=datetime.UTC), tick=False)

        def test_starts(apigee_clock):
            apigee_clock.advance(days=1)
            JOURNEY.start()

        def test_goes_on():
            assert time.gmtime()[:4] == (2030, 1, 31, 12)
            JOURNEY.stop()
            assert 0 <= time.time() - REAL < 60
    """)

    assert (done.counts, done.failures) == ({"passed": 2}, {})
