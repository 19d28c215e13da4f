"""The same test has the same values, in every run, order and worker; two tests have different ones."""

import re

import pytest

SHOW = """
    import pytest, requests

    def shown(edge, name):
        edge.clock.freeze("2030-01-31T12:00:00Z")
        app = edge.app(products=["weather"])
        user = edge.user()
        form = {"grant_type": "password", "username": user.email, "password": user.password}
        jwt = requests.post(f"{edge.login_url}/oauth/token", data=form, auth=("edgecli", "edgeclisecret")).json()
        token = requests.post(edge.token_url, auth=(app.consumer_key, app.consumer_secret)).json()["access_token"]
        values = [app.consumer_key, app.consumer_secret, app.app_id, user.user_id, user.password, token]
        with open("shown", "a") as file:
            print("SHOWN", name, *values, jwt["access_token"], jwt["refresh_token"], file=file)

    @pytest.mark.parametrize("name", ["a", "b", "c", "d"])
    def test_it(apigee, name):
        shown(apigee, name)
"""


@pytest.fixture
def usual(run, values):
    assert run(SHOW).counts == {"passed": 4}
    return values()


@pytest.mark.parametrize(
    ("args", "plugins"),
    [
        ([], ()),
        (["--randomly-seed=3"], ("pytest_randomly",)),
        (["-n2"], ("xdist",)),
        (["test_it.py::test_it[d]", "test_it.py::test_it[a]"], ()),
        (["--apigee-seed=0"], ()),
    ],
)
def test_the_same_test_has_the_same_values(run_apart, values, usual, args, plugins):
    """A test draws the same keys, secrets, ids, tokens and JWTs in another run, order, selection or worker."""
    done = run_apart(SHOW, *args, plugins=plugins)

    again = values()
    assert done.exit_code == 0
    assert again == {name: usual[name] for name in again}
    assert {"a", "d"} <= set(again)


def test_two_tests_have_different_values(usual):
    """No two tests of a run draw a value in common."""
    drawn = [value for values in usual.values() for value in values]

    assert len(drawn) == len(set(drawn)) == 4 * 8


def test_an_option_changes_them(run, values, usual):
    """`--apigee-seed` gives every test other values."""
    run(SHOW, "--apigee-seed=7")

    again = values()
    assert [one for name in usual for one in usual[name] if one in again[name]] == []


@pytest.mark.parametrize(
    ("world", "args", "seed"),
    [
        ("{'seed': 7}", [], "'7 test_it.py::test_it'"),
        ("{'seed': 'mine'}", [], "'mine test_it.py::test_it'"),
        ("{'seed': 7}", ["--apigee-seed=8"], "'8 test_it.py::test_it'"),
        ("{}", [], "'0 test_it.py::test_it'"),
    ],
)
def test_a_world_may_bring_one(run, world, args, seed):
    """The seed of a world stands in for `--apigee-seed`, where that is not given; tests still differ."""
    conftest = f"import pytest\n\n@pytest.fixture\ndef apigee_world():\n    return {world}"

    done = run("def test_it(apigee): assert False", *args, conftest__py=conftest)

    assert f" seed {seed}\n" in done.sections["test_it call"]


def test_a_world_may_bring_one_for_all(run):
    """The seed of a world holds for the shared Edge, too."""
    conftest = "import pytest\n\n@pytest.fixture(scope='session')\ndef apigee_world():\n    return {'seed': 7}"

    done = run("def test_it(apigee_shared): assert False", conftest__py=conftest)

    assert " seed '7 apigee_shared'\n" in done.sections["test_it call"]


def test_a_marker_sets_them(run):
    """A seed by marker changes what a test draws, the same in each run; two tests do not share it."""
    done = run("""
        import pytest

        from pytest_apigee import fake_edge

        KEYS = set()

        @pytest.mark.apigee(seed=7)
        @pytest.mark.parametrize("time", [1, 2])
        def test_it(apigee_app, time):
            KEYS.add(apigee_app.consumer_key)
            with fake_edge(seed=f"7 test_it.py::test_it[{time}]") as edge:
                assert edge.default_app.consumer_key == apigee_app.consumer_key
            assert len(KEYS) == time
    """)

    assert (done.counts, done.failures) == ({"passed": 2}, {})


def test_fake_edge_takes_the_running_tests(run):
    """`fake_edge()` draws what its test draws in every run, and takes a seed of its own."""
    source = """
        from pytest_apigee import fake_edge

        def test_it():
            with fake_edge() as edge, fake_edge(seed=5) as other:
                print("SHOWN", edge.seed, edge.default_app.consumer_key, other.default_app.consumer_key)
    """
    first, second = (re.search(r"SHOWN (.*)", run(source, "-s").output)[1] for _ in range(2))

    assert first == second
    assert first.startswith("test_it.py::test_it ")
    assert len(set(first.split())) == 3
