"""The fixtures work in an empty project, and pytest's own listings describe them."""

import re

import pytest

FIXTURES = {
    "apigee_faults": (
        "Arms faults in this test's Edge (`Faults`): answers of your own, connections that are reset or time out."
    ),
    "apigee_server": "A real local server and proxy over this test's Edge (`EdgeServer`), for clients in any language.",
    "apigee": (
        "A fake Apigee Edge of this test alone (`FakeEdge`): `requests` and `urllib3` reach it at Edge's own URLs."
    ),
    "apigee_shared": (
        "One fake Apigee Edge for the whole run (per xdist worker), for suites whose tests build on each other."
    ),
    "apigee_world": (
        "What each fake Edge starts with: override it to return a world file's path, or a dict of the same shape."
    ),
    "apigee_app": "A developer app (`App`) that is subscribed to every API product of the default organization.",
    "apigee_token": (
        "Call it for a fresh access token (`Token`), or ask it for others: `.expired()`, `.sso()`, `.api_key()` ..."
    ),
    "apigee_session": "A `requests.Session` that authenticates itself to protected APIs, as `apigee_app`.",
    "apigee_management": (
        "A `requests.Session` that authenticates itself to the management API, as an SSO user with role orgadmin."
    ),
    "apigee_clock": (
        "The clock of this test's Edge (`Clock`): `advance`, `travel_to`, `freeze`, `skew`; real time is back after it."
    ),
    "apigee_calls": "What was asked of this test's Edge, and why it answered so (`Calls`).",
    "apigee_home": (
        "A temporary home directory (`Home`), where `HOME` points: with the cache of `get_token` on request."
    ),
    "apigee_faker": (
        "A `faker.Faker` that makes values of Edge, as `apigee_faker.apigee_app()`; needs the extra [faker]."
    ),
}

USES = {
    "apigee": 'assert (apigee.org, apigee.env, apigee.era) == ("acme", "test", "current")',
    "apigee_shared": 'assert apigee_shared.token_url.startswith("https://acme-test.apigee.net/oauth/")',
    "apigee_world": "assert apigee_world is None",
    "apigee_app": "assert len(apigee_app.consumer_key) == 32",
    "apigee_token": "assert len(str(apigee_token())) == 28",
    "apigee_session": 'assert apigee_session.get("https://acme-test.apigee.net/x").status_code == 404',
    "apigee_management": (
        "assert apigee_management.get("
        '"https://api.enterprise.apigee.com/v1/organizations/acme").json()["name"] == "acme"'
    ),
    "apigee_clock": "assert abs(apigee_clock.now_ms / 1000 - __import__('time').time()) < 60",
    "apigee_calls": "assert len(apigee_calls) == 0",
    "apigee_faults": "assert apigee_faults.armed == ()",
    "apigee_server": 'assert apigee_server.login_url.startswith("http://127.0.0.1:")',
    "apigee_home": "assert __import__('os').environ['HOME'] == str(apigee_home)",
    "apigee_faker": "assert len(apigee_faker.apigee_consumer_key()) == 32",
}


@pytest.mark.parametrize("name", FIXTURES)
def test_works_in_an_empty_project(run, name):
    """Each fixture works in an empty project, without configuration."""
    done = run(f"def test_it({name}):\n    {USES[name]}")

    assert (done.counts, done.failures) == ({"passed": 1}, {})


@pytest.mark.parametrize("name", FIXTURES)
def test_is_described(run, name):
    """`pytest --fixtures` says in the first line what a fixture is, and its scope where that is not the test."""
    done = run("", "--fixtures")

    scope = r" \[session scope\]" if name in ("apigee_shared", "apigee_world") else ""
    assert re.search(
        rf"^{name}{scope} -- .*plugin\.py:\d+\n    {re.escape(FIXTURES[name])}$", done.output, re.MULTILINE
    )


def test_all_are_described(run):
    """`pytest --fixtures` lists no fixture of ours that is not described here."""
    done = run("", "--fixtures")

    assert set(re.findall(r"^(apigee\w*)", done.output, re.MULTILINE)) == set(FIXTURES)


def test_the_marker_is_listed(run):
    """`pytest --markers` lists the marker with all that it takes."""
    done = run("", "--markers")

    assert (
        "@pytest.mark.apigee(*, org, env, era, seed, guesses, release, allow, tls, allow_hosts): settings of the fake "
        "Edge in this test, merged keyword by keyword from class and module, the nearest winning; release: hosts left "
        "to your own mock; allow: complaints that shall not fail the test; tls, allow_hosts: of apigee_server."
    ) in done.output


@pytest.mark.parametrize(
    "text",
    [
        "Apigee Edge:",
        "--apigee-org=NAME",
        "--apigee-env=NAME",
        "--apigee-era=NAME",
        "--apigee-world=PATH",
        "--apigee-seed=N",
        "apigee_org (string):",
        "apigee_env (string):",
        "apigee_era (string):",
        "apigee_world (string):",
        "apigee_hosts (linelist):",
        "apigee_fence (string):",
    ],
)
def test_help_shows(run, text):
    """`pytest --help` shows each option and ini value."""
    done = run("", "--help")

    assert text in done.output


def test_collecting_opens_nothing(run_apart):
    """`pytest --collect-only` opens no door and imports no library."""
    done = run_apart(
        "def test_it(apigee, apigee_shared): pass",
        "--collect-only",
        conftest__py="""
            import sys

            def pytest_sessionfinish():
                print("LOADED", [name for name in sys.modules if name.startswith("pytest_apigee.")])
        """,
    )

    assert done.exit_code == 0
    assert "LOADED ['pytest_apigee.plugin']" in done.output


def test_app_and_session_are_of_one_app(run):
    """`apigee_session` authenticates as `apigee_app`, `apigee_token` is the same app's, `apigee_calls` saw both."""
    done = run("""
        import requests

        def test_it(apigee, apigee_app, apigee_session, apigee_token, apigee_calls):
            api = apigee.proxy("/weather", target={"temp": 21})

            assert apigee_session.get(api.url).json() == {"temp": 21}
            bearer = {"Authorization": f"Bearer {apigee_token()}"}
            assert requests.get(api.url, headers=bearer).json() == {"temp": 21}
            assert [call.app for call in apigee_calls] == [apigee_app.name, apigee_app.name]
    """)

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_in_a_test_case(run):
    """The fixture works in a `unittest.TestCase` through an autouse fixture."""
    done = run("""
        import unittest, pytest, requests

        class TestClient(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _edge(self, apigee):
                self.edge = apigee

            @pytest.mark.apigee(org="globex")
            def test_it(self):
                assert requests.get(f"{self.edge.gateway_url}/x").status_code == 404
                assert self.edge.calls.last.organization == "globex"
    """)

    assert (done.counts, done.failures) == ({"passed": 1}, {})
