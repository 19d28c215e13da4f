"""`fake_edge()`: the same Edge for everything that is not a fixture."""

import pytest

START = """
import contextlib, time, unittest, pytest, requests
from pytest_apigee import Complaint, ConfigurationError, FencedHostError, fake_edge

def status(path="/x", org="acme"):
    return requests.get(f"https://{org}-test.apigee.net{path}", timeout=5).status_code

def typo():
    with contextlib.suppress(requests.ConnectionError):
        requests.get("https://typo-test.apigee.net")

def closed():
    with pytest.raises(requests.ConnectionError, match="is a host of Apigee Edge and this process used a fake Edge"):
        status()
    return True
"""
WAYS = {
    "context manager": """
def test_it():
    with fake_edge() as edge:
        assert status() == 404
        assert len(edge.calls) == 1
    assert closed()
""",
    "decorator": """
@fake_edge(org="globex")
def ask():
    return status(org="globex")

def test_it():
    assert ask() == 404
    assert ask() == 404
    assert closed()
""",
    "decorator of a test": """
@pytest.mark.parametrize("path", ["/a", "/b"])
@fake_edge()
def test_it(path):
    assert status(path) == 404
""",
    "unittest": """
class TestClient(unittest.TestCase):
    def setUp(self):
        self.edge = self.enterContext(fake_edge())

    def test_one(self):
        self.edge.proxy("/w", security="none")
        self.assertEqual(status("/w"), 200)

    def test_two(self):
        self.assertEqual(status("/w"), 404)

    @fake_edge(org="globex")
    def test_three(self):
        self.assertEqual(status(org="globex"), 404)
""",
    "class-scoped fixture": """
@pytest.fixture(scope="class")
def edge():
    with fake_edge() as edge:
        yield edge

@pytest.mark.usefixtures("edge")
class TestClient:
    def test_one(self, edge):
        edge.proxy("/w", security="none")
        assert status("/w") == 200

    def test_two(self):
        assert status("/w") == 200

def test_outside():
    assert closed()
""",
    "hypothesis": """
import hypothesis, hypothesis.strategies as st

KEYS = set()

@hypothesis.settings(max_examples=5, database=None)
@hypothesis.given(st.integers(100, 104).map(str))
@fake_edge()
def test_decorated(path):
    assert status(f"/{path}") == 404

@hypothesis.settings(max_examples=5, database=None)
@hypothesis.given(st.integers())
def test_inside(number):
    with fake_edge() as edge:
        KEYS.add(edge.default_app.consumer_key)
        edge.clock.advance(seconds=abs(number) % 1000)
        assert status() == 404
        assert len(edge.calls) == 1
        assert len(KEYS) == 1
""",
    "async": """
import asyncio

@fake_edge()
def test_it():
    async def ask():
        return await asyncio.to_thread(status)

    async def both():
        return await asyncio.gather(ask(), ask())

    assert asyncio.run(both()) == [404, 404]
""",
}


@pytest.fixture
def run_with_start(run):
    return lambda source: run(START + source)


@pytest.mark.parametrize("way", WAYS)
def test_works_as(run_with_start, way):
    """It works as a context manager and as a decorator, in `unittest`, class-scoped fixtures and Hypothesis."""
    done = run_with_start(WAYS[way])

    assert done.failures == {}
    assert set(done.counts) == {"passed"}


def test_in_a_script(pytester, monkeypatch):
    """It works in a script, without pytest, and imports none; each fake there draws values of its own."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    script = pytester.makepyfile(
        script="""
        import sys, requests
        from pytest_apigee import fake_edge

        for _ in range(2):
            with fake_edge() as edge:
                print(requests.get(edge.gateway_url).status_code, edge.seed, "pytest" in sys.modules)
        """
    )

    assert pytester.runpython(script).outlines == ["404 fake_edge 0 False", "404 fake_edge 1 False"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("era='2017'", "Unknown era '2017'. Allowed: 2016, current. Did you mean '2016'?"),
        (
            "allow=['unknown-host']",
            (
                "Unknown complaint 'unknown-host' in allow. "
                "Allowed: fence, not_modelled, target_error, unknown_host, unmet_fault, user_stub. "
                "Did you mean 'unknown_host'?"
            ),
        ),
        (
            "org='A'",
            "'A' cannot be the name of an organization: lower-case letters, digits and inner hyphens only.",
        ),
        ("7", "A world is a dict, or the path of a .toml or .json file or of a directory, not int."),
    ],
)
def test_a_mistake_is_a_configuration_error(run_with_start, arguments, message):
    """A mistaken argument is a `ConfigurationError` that says what is allowed, and nothing is opened."""
    done = run_with_start(f"""
def test_it():
    with pytest.raises(ConfigurationError) as caught, fake_edge({arguments}):
        raise RuntimeError("the block ran")
    assert str(caught.value) == {message!r}
""")

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_takes_every_setting(run_with_start):
    """Each argument sets what it says."""
    done = run_with_start("""
def test_it():
    with fake_edge({"users": []}, org="globex", env="stage", era="2016", seed=5,
                   guesses={"mocktarget_text": "Guessed"}) as edge:
        assert (edge.org, edge.env, edge.era, edge.seed) == ("globex", "stage", "2016", 5)
        assert requests.get("https://mocktarget.apigee.net").text == "Guessed"
""")

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_release_leaves_a_host_to_the_users_mock(run_with_start):
    """`release` leaves a host to the user's own mock."""
    done = run_with_start("""
import responses

@responses.activate
def test_it():
    responses.get("https://login.apigee.com/x", body="mine")
    with fake_edge(release=["login.apigee.com"]):
        assert requests.get("https://login.apigee.com/x").text == "mine"
""")

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_complains_at_the_end_of_a_clean_block(run_with_start):
    """A block that raised nothing ends with the complaint, its whole message, and real time is back."""
    done = run_with_start("""
def test_it():
    real = time.time()
    with pytest.raises(Complaint) as caught:
        with fake_edge() as edge:
            edge.clock.advance(days=1)
            requests.get("https://login.apigee.com/oauth/authorize")
    assert str(caught.value) == (
        "The fake Edge complains of what this test would hide:\\n"
        "  not_modelled: pytest-apigee does not model GET https://login.apigee.com/oauth/authorize.\\n"
        "If that is meant, say so: "
        "@pytest.mark.apigee(allow=['not_modelled']), or allow=['not_modelled'] of fake_edge."
    )
    assert isinstance(caught.value, AssertionError)
    assert time.time() - real < 60
""")

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_does_not_mask_the_blocks_own_exception(run_with_start):
    """The exception of a block comes out as it is, though there is something to complain of; real time is back."""
    done = run_with_start("""
def test_it():
    real = time.time()
    with pytest.raises(KeyError, match="own"):
        with fake_edge() as edge:
            edge.clock.advance(days=1)
            typo()
            raise KeyError("own")
    assert time.time() - real < 60
    assert closed()
""")

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_allow_stops_a_complaint(run_with_start):
    """`allow` stops the complaint of its kind."""
    done = run_with_start("""
@fake_edge(allow=["unknown_host"])
def test_it():
    typo()
""")

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_a_target_error_is_the_cause(run_with_start):
    """What a target raised is the cause of the complaint."""
    done = run_with_start("""
def test_it():
    with pytest.raises(Complaint) as caught, fake_edge() as edge:
        edge.proxy("/w", security="none", target=lambda request: {}["missing"])
        status("/w")
    assert repr(caught.value.__cause__) == "KeyError('missing')"
""")

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_nests_with_the_fixture(run_with_start):
    """Within a block the inner Edge answers for its hosts, the outer one for its own, and afterwards for all."""
    done = run_with_start("""
def test_it(apigee):
    apigee.organization("initech")
    with fake_edge() as inner:
        status()
        assert (len(inner.calls), len(apigee.calls)) == (1, 0)
    status()
    status(org="initech")
    assert (len(inner.calls), len(apigee.calls)) == (1, 2)
""")

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_an_inner_complaint_stays_inside(run_with_start):
    """What the inner Edge complains of is not the outer one's."""
    done = run_with_start("""
def test_it(apigee):
    with pytest.raises(Complaint), fake_edge():
        typo()
""")

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_the_inner_clock_holds(run_with_start):
    """Time that the outer Edge moved is moved for the inner one, and the outer one's again after the inner's block."""
    done = run_with_start("""
def test_it(apigee):
    apigee.clock.freeze("2030-01-31T12:00:00Z")
    with fake_edge() as inner:
        assert inner.clock.now == apigee.clock.now
    apigee.clock.advance(hours=1)
    assert apigee.clock.now.hour == 13
""")

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_tells_when_no_door_is_open(run_with_start):
    """An Edge that outlived its block says so where a door is needed."""
    done = run_with_start("""
def test_it():
    with fake_edge() as edge:
        pass
    with pytest.raises(ConfigurationError) as caught:
        edge.responses
    assert str(caught.value) == (
        "No door for requests is open: use the fixture apigee, or 'with fake_edge() as edge:'."
    )
""")

    assert (done.counts, done.failures) == ({"passed": 1}, {})
