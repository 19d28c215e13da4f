"""`apigee_shared`: one Edge for the run, open only in the tests that use it."""

import pytest

NOT_BOTH = "A test uses either apigee or apigee_shared, not both: drop one of them, here or in its fixtures."
CLOSED = (
    "{host} is a host of Apigee Edge and this process used a fake Edge, so no request may reach the real one. "
    "Open a fake (the apigee fixture or fake_edge()) around this call (in a test that uses apigee_shared or a fixture "
    "of yours, name that fixture among the test's arguments)."
)
TYPO = """
import pytest, requests

def typo(name="typo"):
    with pytest.raises(requests.ConnectionError):
        requests.get(f"https://{name}-test.apigee.net")
"""


@pytest.fixture
def run_with_typo(run):
    return lambda source: run(TYPO + source)


def test_its_state_stays(run):
    """What one test declares is there in the next, and the journal goes on."""
    done = run("""
        import requests

        def test_first(apigee_shared):
            api = apigee_shared.proxy("/weather", security="none", target={"temp": 21})
            assert requests.get(api.url).json() == {"temp": 21}

        def test_without(): pass

        def test_second(apigee_shared):
            assert requests.get("https://acme-test.apigee.net/weather").json() == {"temp": 21}
            assert apigee_shared.calls.total == 2
    """)

    assert (done.counts, done.failures) == ({"passed": 3}, {})


@pytest.mark.parametrize("scope", ["function", "class", "module", "session"])
def test_is_open_through_a_fixture(run, scope):
    """The doors are open where a fixture of any scope asks for it, from that fixture's setup to its teardown."""
    done = run(f"""
        import pytest, requests

        URL = "https://acme-test.apigee.net/weather"

        @pytest.fixture(scope="{scope}")
        def api(apigee_shared):
            if not apigee_shared.calls:
                apigee_shared.proxy("/weather", security="none", target={{"temp": 21}})
            assert requests.get(URL).json() == {{"temp": 21}}
            yield
            assert requests.get(URL).json() == {{"temp": 21}}

        class TestIt:
            def test_one(self, api):
                assert requests.get(URL).json() == {{"temp": 21}}

            def test_two(self, api):
                assert requests.get(URL).json() == {{"temp": 21}}
    """)

    assert (done.counts, done.failures) == ({"passed": 2}, {})


def test_is_closed_in_other_tests(run):
    """In a test that does not use it, a request for Edge is stopped, and the world does not see it."""
    done = run(
        """
        import pytest, requests

        def ask():
            return requests.get("https://acme-test.apigee.net/x", timeout=5)

        def test_before(apigee_shared):
            assert ask().status_code == 404

        def test_closed():
            with pytest.raises(requests.ConnectionError) as caught:
                ask()
            print(caught.value)

        def test_after(apigee_shared):
            assert ask().status_code == 404
            assert apigee_shared.calls.total == 2
    """,
        "-s",
    )

    assert (done.counts, done.failures) == ({"passed": 3}, {})
    assert CLOSED.format(host="acme-test.apigee.net") in done.output


def test_time_is_back_after_each_test(run):
    """Time that one test set is real again in the next, and the world is the same."""
    done = run("""
        import time

        REAL = time.time()

        def test_moves(apigee_shared, apigee_clock):
            apigee_clock.advance(days=30)
            apigee_clock.skew(hours=1)
            assert time.time() - REAL > 29 * 86400
            apigee_shared.developer("ada@example.com")

        def test_elsewhere():
            assert time.time() - REAL < 600

        def test_later(apigee_shared):
            assert apigee_shared.clock.now_ms / 1000 - REAL < 600
            assert apigee_shared.app(developer="ada@example.com")
    """)

    assert (done.counts, done.failures) == ({"passed": 3}, {})


@pytest.mark.parametrize(
    "source",
    [
        "def test_it(apigee, apigee_shared): pass",
        "def test_it(apigee_shared, apigee): pass",
        "import pytest\n@pytest.fixture\ndef api(apigee): pass\ndef test_it(api, apigee_shared): pass",
        "def test_it(request, apigee_shared): request.getfixturevalue('apigee')",
    ],
)
def test_is_not_used_with_apigee(run, source):
    """Asking for both Edges in one test is an error that says so, and stays in that test."""
    done = run(f"{source}\ndef test_next(apigee): pass\n\ndef test_last(apigee_shared): pass")

    assert [text.splitlines()[-1] for text in done.failures.values()] == [NOT_BOTH]
    assert done.counts["passed"] == 2


@pytest.mark.parametrize("fixture", ["apigee_app", "apigee_session", "apigee_token", "apigee_clock", "apigee_calls"])
def test_the_other_fixtures_follow_it(run, fixture):
    """In a test that uses it, the other fixtures are of the shared Edge."""
    same = {
        "apigee_app": "apigee_app is apigee_shared.default_app",
        "apigee_session": "apigee_session.get(apigee_shared.gateway_url) is not None and len(apigee_shared.calls) == 1",
        "apigee_token": "apigee_shared.revoke(apigee_token()) is None",
        "apigee_clock": "apigee_clock is apigee_shared.clock",
        "apigee_calls": "apigee_calls is apigee_shared.calls",
    }[fixture]

    done = run(f"def test_it({fixture}, apigee_shared):\n    assert {same}")

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_management_follows_it(run):
    """`apigee_management` logs in at the shared Edge."""
    done = run("""
        def test_it(apigee_management, apigee_shared):
            apigee_shared.organization("initech")
            reply = apigee_management.get("https://api.enterprise.apigee.com/v1/o/acme")
            assert (reply.status_code, len(apigee_shared.calls)) == (200, 1)
    """)

    assert (done.counts, done.failures) == ({"passed": 1}, {})


@pytest.mark.parametrize("name", ["test_first", "test_second", "test_last"])
def test_a_complaint_fails_its_own_test(run_with_typo, name):
    """A complaint fails the test in which it happened, be it the first or the last of the run, and no other."""
    source = "".join(
        f"def {test}(apigee_shared): {'typo()' if test == name else 'pass'}\n\n"
        for test in ("test_first", "test_second", "test_last")
    )

    done = run_with_typo(source)

    assert list(done.failures) == [f"{name} teardown"]
    (message,), (section,) = done.failures.values(), done.sections.values()
    assert "  unknown_host: The fake Edge has no host 'typo-test.apigee.net'. Known: " in message
    assert "  GET https://typo-test.apigee.net/ -> no answer (unknown_host)" in section


def test_a_complaint_of_a_test_that_fails_otherwise_stays_there(run_with_typo):
    """A complaint of a test whose teardown fails does not fail the next one."""
    done = run_with_typo("""
@pytest.fixture
def broken(apigee_shared):
    yield
    typo()
    raise RuntimeError("broken")

def test_one(broken): pass

def test_two(apigee_shared): pass
""")

    assert list(done.failures) == ["test_one teardown"]
    assert "RuntimeError: broken" in done.failures["test_one teardown"]


def test_a_marker_allows_complaints(run_with_typo):
    """`allow` works in a single test of the shared Edge."""
    done = run_with_typo("""
@pytest.mark.apigee(allow=["unknown_host"])
def test_lenient(apigee_shared): typo()

def test_strict(apigee_shared): typo("other")
""")

    assert list(done.failures) == ["test_strict teardown"]


def test_a_marker_releases_hosts(run):
    """`release` works in a single test of the shared Edge, also in the first."""
    done = run("""
        import pytest, requests, responses

        @pytest.mark.apigee(release=["login.apigee.com"])
        @responses.activate
        @pytest.mark.parametrize("time", [1, 2])
        def test_it(apigee_shared, time):
            responses.get("https://login.apigee.com/x", body="mine")
            assert requests.get("https://login.apigee.com/x").text == "mine"

        def test_back(apigee_shared):
            assert requests.get("https://login.apigee.com/x").status_code == 404
    """)

    assert (done.counts, done.failures) == ({"passed": 3}, {})


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        (
            "org='globex', allow=['fence'], era='2016'",
            (
                "apigee_shared is one Edge for the whole run, so @pytest.mark.apigee cannot set era, org in a test "
                "that uses it. Allowed with apigee_shared: allow, allow_hosts, release, tls. Set the rest for the "
                "run, by an option or ini value, or use the fixture apigee."
            ),
        ),
        (
            "alow=['fence']",
            (
                "@pytest.mark.apigee does not take 'alow'. Did you mean 'allow'? "
                "Allowed: allow, allow_hosts, env, era, guesses, org, release, seed, tls."
            ),
        ),
    ],
)
def test_what_a_marker_cannot_set(run, marker, message):
    """A marker that one test of a shared Edge cannot set fails that test at setup, and its neighbours run."""
    done = run(f"""
        import pytest

        def test_one(apigee_shared): pass

        @pytest.mark.apigee({marker})
        def test_two(apigee_shared): pass

        def test_three(apigee_shared): pass
    """)

    assert done.failures == {"test_two setup": message}
    assert done.counts == {"passed": 2, "errors": 1}


def test_a_mistaken_marker_of_the_first_test(run):
    """A mistaken marker of the first test that uses it fails that test before its body, and not those after it."""
    done = run("""
        import pytest

        @pytest.mark.apigee(org=7)
        def test_one(apigee_shared): raise RuntimeError("its body ran")

        def test_two(apigee_shared): pass
    """)

    assert done.failures == {"test_one call": "@pytest.mark.apigee(org=...) takes a name, not 7."}
    assert done.counts == {"passed": 1, "failed": 1}


def test_options_set_it(run):
    """Options and ini values hold for the shared Edge as for any other."""
    done = run(
        "def test_it(apigee_shared): assert (apigee_shared.org, apigee_shared.era) == ('globex', '2016')",
        "--apigee-org=globex",
        pytest__ini="[pytest]\napigee_era = 2016",
    )

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_a_parametrized_world_gives_one_each(run):
    """A session-wide `apigee_world` with parameters gives one shared Edge for each."""
    done = run("""
        import pytest, requests

        @pytest.fixture(scope="session", params=["acme", "globex"])
        def apigee_world(request):
            return {"organizations": [{"name": request.param}]}

        def test_one(apigee_shared):
            assert requests.get(apigee_shared.gateway_url).status_code == 404

        def test_two(apigee_shared):
            assert [call.request.host for call in apigee_shared.calls] == [f"{apigee_shared.org}-test.apigee.net"]
    """)

    assert (done.counts, done.failures) == ({"passed": 4}, {})


def test_each_worker_has_one(run_apart):
    """Under xdist each worker has an Edge of its own."""
    done = run_apart(
        """
        import pytest, requests

        GROUPS = [pytest.param(number, marks=pytest.mark.xdist_group(f"g{number % 2}")) for number in range(4)]

        @pytest.mark.parametrize("number", GROUPS)
        def test_it(apigee_shared, number):
            requests.get(apigee_shared.gateway_url)
            assert apigee_shared.calls.total == 1 + number // 2
        """,
        "-n2",
        "--dist=loadgroup",
        plugins=("xdist",),
    )

    assert done.counts == {"passed": 4}
