"""Living with other plugins, and without ours."""

import importlib.metadata
import textwrap

import pytest

ours = "apigee" in importlib.metadata.entry_points(group="pytest11").names
installed = pytest.mark.skipif(not ours, reason="needs the plugin installed, as `pip install -e .` does")

SUITE = """
    import pytest, requests, time

    @pytest.mark.apigee(org="globex")
    @pytest.mark.parametrize("number", range(4))
    def test_marked(apigee, number):
        api = apigee.proxy(f"/{number}", security="none", target=number)
        assert requests.get(api.url).json() == number
        assert len(apigee.calls) == 1

    def test_session(apigee, apigee_session, apigee_clock):
        api = apigee.proxy("/weather", target={"temp": 21})
        assert apigee_session.get(api.url).json() == {"temp": 21}
        apigee_clock.advance(hours=2)
        assert apigee_session.get(api.url).json() == {"temp": 21}

    def test_management(apigee_management):
        reply = apigee_management.get("https://api.enterprise.apigee.com/v1/o/acme")
        assert reply.json()["environments"] == ["test", "prod"]

    def test_shared(apigee_shared):
        assert requests.get(apigee_shared.gateway_url).status_code == 404
"""
INI = """
    [pytest]
    asyncio_default_fixture_loop_scope = function
"""


@pytest.mark.parametrize(
    ("args", "plugins"),
    [
        (["-n", "2"], ("xdist",)),
        (["-n", "2", "--randomly-seed=2"], ("xdist", "pytest_randomly")),
        (["-W", "error"], ()),
    ],
)
def test_runs_apart_with(run_apart, args, plugins):
    """A suite on the fake passes in workers, in any order, and with warnings as errors."""
    done = run_apart(SUITE, *args, plugins=plugins)

    assert done.counts == {"passed": 7}
    assert done.exit_code == 0


@pytest.mark.parametrize(
    ("args", "plugins"),
    [
        (["--randomly-seed=1"], ("pytest_randomly",)),
        (["--disable-socket"], ("pytest_socket",)),
        (["--disable-socket", "--allow-hosts=127.0.0.1"], ("pytest_socket",)),
        (["--allow-hosts=127.0.0.1"], ("pytest_socket",)),
        (["--timeout=30"], ("pytest_timeout",)),
        (["--timeout=30", "--timeout-method=thread"], ("pytest_timeout",)),
        (["--strict-markers", "--strict-config"], ()),
        (["--doctest-modules"], ()),
        (["--setup-show"], ()),
        (["--import-mode=importlib"], ()),
    ],
)
def test_runs_with(run, args, plugins):
    """A suite on the fake passes with the other plugins and switches of a user's run."""
    done = run(SUITE, *args, plugins=plugins)

    assert (done.counts, done.failures) == ({"passed": 7}, {})


def test_runs_without_the_terminal(run_apart):
    """The suite passes where another plugin takes the place of pytest's terminal."""
    done = run_apart(SUITE, "-p", "no:terminal")

    assert (done.exit_code, done.output) == (0, "")


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="the ini value `strict` came with pytest 9")
def test_runs_in_strict_mode(run):
    """The suite passes with `strict = true`, with all of our ini values known."""
    settings = "strict = true\napigee_org = acme\napigee_env = test\napigee_era = current\napigee_fence = used\n"

    done = run(SUITE, pytest__ini=f"[pytest]\n{settings}apigee_hosts = api.acme.example=test\n")

    assert (done.counts, done.failures) == ({"passed": 7}, {})


@installed
def test_runs_with_all_that_is_installed(run_installed):
    """Installed, the plugin is there unasked, and the suite passes with all others installed, warnings as errors."""
    done = run_installed(SUITE, "-W", "error", "--strict-markers", "--strict-config", pytest__ini=INI)

    assert done.header == ["apigee: fake Edge, organization acme, environment test, era current (defaults)"]
    assert done.counts == {"passed": 7}
    assert done.exit_code == 0


@installed
def test_can_be_left_out(run_installed):
    """With `-p no:apigee` the fixtures, options and header are gone, and all else works."""
    done = run_installed("def test_with(apigee): pass\n\ndef test_without(): pass", "-p", "no:apigee", pytest__ini=INI)

    assert done.counts == {"passed": 1, "errors": 1}
    assert "fixture 'apigee' not found" in done.output
    assert done.header == []


@installed
def test_left_out_it_knows_no_option(run_installed):
    """With `-p no:apigee` our options are unknown, as those of any plugin that is not there."""
    done = run_installed("def test_it(): pass", "-p", "no:apigee", "--apigee-org=globex", pytest__ini=INI)

    assert done.exit_code == pytest.ExitCode.USAGE_ERROR
    assert "unrecognized arguments: --apigee-org=globex" in done.errors


def test_sockets_stay_blocked(run):
    """Where pytest-socket blocks sockets, Edge's hosts answer and all others stay blocked."""
    done = run(
        """
        import pytest, pytest_socket, requests, socket

        def test_it(apigee):
            assert requests.get(apigee.gateway_url).status_code == 404
            with pytest.raises(pytest_socket.SocketBlockedError):
                socket.socket()
        """,
        "--disable-socket",
        "-W",
        "ignore:A test tried to use socket",
        plugins=("pytest_socket",),
    )

    assert (done.counts, done.failures) == ({"passed": 1}, {})


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_async_tests_use_it(run_apart, mode):
    """An asynchronous test uses the fixtures, and its loop runs on when time moves."""
    # Apart: older versions of pytest-asyncio leave an open loop, which a later test of this process would pay for.
    done = run_apart(
        """
        import asyncio, pytest, requests

        @pytest.mark.asyncio
        async def test_it(apigee, apigee_clock):
            apigee_clock.advance(days=365)
            await asyncio.wait_for(asyncio.sleep(0.001), timeout=10)
            reply = await asyncio.to_thread(requests.get, apigee.gateway_url)
            assert reply.status_code == 404
            apigee_clock.freeze()
            await asyncio.wait_for(asyncio.sleep(0.001), timeout=10)
        """,
        f"--asyncio-mode={mode}",
        plugins=("pytest_asyncio.plugin",),
        pytest__ini=textwrap.dedent(INI),
    )

    assert done.counts == {"passed": 1}


def test_a_moved_clock_fires_no_timeout(run):
    """pytest-timeout measures real time: moving the clock by a year fires nothing."""
    done = run(
        "def test_it(apigee_clock): apigee_clock.advance(days=365)",
        "--timeout=60",
        plugins=("pytest_timeout",),
    )

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_durations_are_real(run):
    """The durations in pytest's reports are real time, whatever a test did to the clock."""
    done = run("def test_it(apigee_clock): apigee_clock.advance(days=365)", "--durations=0", "-vv")

    assert done.counts == {"passed": 1}
    assert "31536000" not in done.output


def test_names_need_no_configuration_of_ours(run):
    """A user's own fixture overrides ours by name, as with any plugin."""
    done = run("""
        import pytest

        @pytest.fixture
        def apigee_app(apigee):
            return apigee.app("mine", products=["weather"])

        def test_it(apigee_app):
            assert apigee_app.name == "mine"
    """)

    assert (done.counts, done.failures) == ({"passed": 1}, {})
