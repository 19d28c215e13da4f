"""`fake_edge` as a decorator, what it takes from the run, and what it tells of a failure."""

import pytest
import requests

from pytest_apigee import ConfigurationError, fake_edge

DECORATED = {
    "a coroutine function": """
import asyncio, requests
from pytest_apigee import fake_edge

@fake_edge()
async def ask():
    await asyncio.sleep(0)
    return requests.get("https://acme-test.apigee.net/w").status_code

def test_it():
    assert asyncio.run(ask()) == 404
""",
    "an asynchronous test case": """
import unittest, requests
from pytest_apigee import fake_edge

class TestIt(unittest.IsolatedAsyncioTestCase):
    @fake_edge()
    async def test_it(self):
        assert requests.get("https://acme-test.apigee.net/w").status_code == 404
""",
    "a generator fixture": """
import pytest, requests
from pytest_apigee import fake_edge

@pytest.fixture
@fake_edge()
def opened():
    yield requests.get("https://acme-test.apigee.net/w").status_code

def test_it(opened):
    assert (opened, requests.get("https://acme-test.apigee.net/w").status_code) == (404, 404)
""",
    "an asynchronous generator": """
import asyncio, requests
from pytest_apigee import fake_edge

@fake_edge()
async def answers():
    yield requests.get("https://acme-test.apigee.net/w").status_code

def test_it():
    async def collect():
        return [answer async for answer in answers()]
    assert asyncio.run(collect()) == [404]
""",
    "a method of a test case": """
import unittest, requests
from pytest_apigee import fake_edge

class TestIt(unittest.TestCase):
    @fake_edge()
    def test_it(self):
        assert requests.get("https://acme-test.apigee.net/w").status_code == 404
""",
}


@pytest.mark.parametrize("kind", DECORATED)
def test_a_fake_is_open_while_the_decorated_runs(run, kind):
    """As a decorator it opens a fake for each call, whatever kind of function it decorates."""
    done = run(DECORATED[kind])

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_a_decorated_coroutine_function_can_fail(run):
    """What an asynchronous test asserts is run."""
    done = run(DECORATED["an asynchronous test case"].replace("== 404", "== 200"))

    assert done.counts == {"failed": 1}


def test_a_class_is_not_decorated():
    """A class is refused, for its tests would be lost."""
    with pytest.raises(ConfigurationError) as caught:
        fake_edge()(type("TestIt", (), {}))

    assert str(caught.value) == (
        "fake_edge() does not decorate the class TestIt: its tests would be lost. Open it in setUp, by "
        "self.enterContext(fake_edge()), or decorate the methods."
    )


def test_an_error_carries_what_the_fake_saw():
    """An exception that leaves the block has a note with the settings and the exchanges, and their reasons."""

    @fake_edge(seed=7)
    def check() -> None:
        assert requests.get("https://acme-test.apigee.net/oauth/client_credential/x").status_code == 401

    with pytest.raises(AssertionError) as caught:
        check()

    [note] = caught.value.__notes__
    assert note == (
        "Apigee Edge (fake): organization acme, environment test, era current, seed 7\n"
        "exchanges: 1\n"
        "  GET https://acme-test.apigee.net/oauth/client_credential/x -> 200  no policy of the proxy 'oauth' answers "
        "GET /oauth/client_credential/x, and it has no target, so Edge echoes the request"
    )


def test_the_runs_settings_hold(run):
    """Organization, environment, era, world, seed and hosts of the run hold for it, too, unless it says otherwise."""
    done = run(
        """
        import requests
        from pytest_apigee import fake_edge

        def test_it():
            with fake_edge() as edge:
                assert (edge.org, edge.env, edge.era) == ("globex", "prod", "2016")
                assert edge.seed == "5 test_it.py::test_it"
                assert requests.get("https://api.globex.example/w").json() == 1
                assert requests.get("https://other.globex.example/w").json() == 1
            with fake_edge({}, org="initech", env="test", era="current", seed=7) as edge:
                assert (edge.org, edge.env, edge.era, edge.seed) == ("initech", "test", "current", 7)
        """,
        "--apigee-env=prod",
        "--apigee-seed=5",
        pytest__ini="""
        [pytest]
        apigee_world = w.toml
        apigee_era = 2016
        apigee_hosts = other.globex.example=prod
        """,
        w__toml="""
        [[organizations]]
        name = "globex"
        hosts = { "api.globex.example" = "prod" }

        [[organizations.apis]]
        name = "w"
        security = "none"
        environments = ["prod"]
        target = { json = 1 }
        """,
    )

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_the_runs_settings_end_with_the_run(run):
    """What one run says does not hold for the next one in the process."""
    source = (
        "from pytest_apigee import fake_edge\ndef test_it():\n    with fake_edge() as edge: assert edge.org == {!r}"
    )

    first = run(source.format("globex"), "--apigee-org=globex")
    second = run(source.format("acme"))

    assert (first.counts, second.counts) == ({"passed": 1}, {"passed": 1})


def test_a_released_host_must_be_edges():
    """A host that is none of Edge's cannot be released: most likely it is a mistake."""
    with pytest.raises(ConfigurationError) as caught, fake_edge(release=["login.apige.com"]):
        pass

    assert str(caught.value) == (
        "The host 'login.apige.com' cannot be released: it is none of Edge's. Known: acme-prod.apigee.net, "
        "acme-test.apigee.net, api.enterprise.apigee.com, login.apigee.com, mocktarget.apigee.net. "
        "Did you mean 'login.apigee.com'?"
    )


@pytest.mark.parametrize("fixture", ["apigee", "apigee_shared"])
def test_a_released_host_that_is_not_edges_fails_its_test(run, fixture):
    """The same mistake in a marker fails its test, without a traceback."""
    done = run(f"""
        import pytest

        @pytest.mark.apigee(release=["https://login.apigee.com/"])
        def test_it({fixture}): pass
    """)

    [failure] = done.failures.values()
    assert failure == ("'https://login.apigee.com/' cannot be a host: write its name alone, as 'api.acme.example'.")


@pytest.mark.parametrize("stop", ["raise KeyboardInterrupt", "pytest.exit('enough')"])
def test_an_interrupt_after_a_complaint_ends_cleanly(run_apart, stop):
    """A run that is interrupted in a test with a complaint ends as any interrupted run."""
    done = run_apart(f"""
        import pytest, requests

        def test_it(apigee):
            requests.get("https://login.apigee.com/oauth/authorize")
            {stop}
    """)

    assert done.exit_code == 2
    assert "INTERNALERROR" not in done.output + done.errors
    assert "Traceback" not in done.output + done.errors


def test_the_shared_edge_is_open_where_a_modules_fixture_ends(run):
    """A module-scoped fixture may call the shared Edge at its end, though the module's last test does not use it."""
    done = run("""
        import pytest, requests

        @pytest.fixture(scope="module")
        def declared(apigee_shared):
            api = apigee_shared.proxy("/w", security="none")
            yield api
            assert requests.get(api.url).ok

        def test_one(declared): pass

        def test_last():
            with pytest.raises(requests.ConnectionError):
                requests.get("https://acme-test.apigee.net/w")
    """)

    assert (done.counts, done.failures) == ({"passed": 2}, {})


def test_another_fakes_clock_is_named():
    """Where one fake moved the process's time, another one says so and moves nothing."""
    with fake_edge() as edge, fake_edge() as other:
        edge.clock.freeze("2030-01-31T12:00:00Z")
        with pytest.raises(ConfigurationError) as caught:
            other.clock.advance(hours=1)

        assert str(caught.value).startswith("the clock of another fake Edge holds this process's clock")
        assert other.clock.now == edge.clock.now


def test_the_whole_run_is_fenced_for_the_hosts_of_its_world(run_apart):
    """`apigee_fence = run` covers the custom domains of the world file."""
    done = run_apart(
        """
        import requests

        def test_it():
            try:
                requests.get("https://api.globex.invalid/w", timeout=5)
            except requests.ConnectionError as error:
                assert "api.globex.invalid is a host of Apigee Edge" in str(error)
            else:
                assert False
        """,
        pytest__ini="[pytest]\napigee_fence = run\napigee_world = w.toml",
        w__toml="[[organizations]]\nname = 'globex'\nhosts = {'api.globex.invalid' = 'test'}",
    )

    assert done.counts == {"passed": 1}
