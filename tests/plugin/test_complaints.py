"""What a passing test would hide fails it at teardown, unless it says that it is meant."""

import pytest

HEAD = "The fake Edge complains of what this test would hide:\n"
FOOT = "\nIf that is meant, say so: @pytest.mark.apigee(allow=['{kind}']), or allow=['{kind}'] of fake_edge."

ACTS = {
    "unknown_host": """
        with contextlib.suppress(requests.ConnectionError):
            requests.get("https://typo-test.apigee.net")
        """,
    "not_modelled": """
        assert requests.get("https://login.apigee.com/oauth/authorize").status_code == 501
        """,
    "target_error": """
        edge.proxy("/w", security="none", target=lambda request: 1 / 0)
        assert requests.get("https://acme-test.apigee.net/w").status_code == 503
        """,
    "user_stub": """
        with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
            mock.get("https://login.apigee.com/x")
            with contextlib.suppress(Exception):
                requests.get("https://login.apigee.com/x")
        """,
    "fence": """
        with contextlib.suppress(OSError):
            http.client.HTTPSConnection("login.apigee.com", timeout=5).request("GET", "/")
        """,
}
MESSAGES = {
    "unknown_host": (
        "The fake Edge has no host 'typo-test.apigee.net'. Known: acme-prod.apigee.net, acme-test.apigee.net, "
        "api.enterprise.apigee.com, login.apigee.com, mocktarget.apigee.net. Did you mean 'acme-test.apigee.net'? "
        "Declare its organization and environment with apigee.organization(name, environments=[...])."
    ),
    "not_modelled": "pytest-apigee does not model GET https://login.apigee.com/oauth/authorize.",
    "target_error": "the target of proxy 'w' raised ZeroDivisionError: division by zero (test_it.py:5)",
    "user_stub": (
        "A stub of your own `responses` matches https://login.apigee.com/x, but the fake answers for login.apigee.com. "
        "Stub it on `apigee.responses` instead, or leave the host to your mock: "
        '@pytest.mark.apigee(release=["login.apigee.com"]) or fake_edge(release=["login.apigee.com"]).'
    ),
    "fence": (
        "login.apigee.com is a host of Apigee Edge and a fake Edge is open, but this client is not answered in process:"
        " requests and urllib3 are. Use one of them here, or call the fake itself: apigee.handle(Request(...))."
    ),
}


def act(kind: str, *, allow: str = "", edge: str = "apigee") -> str:
    body = ACTS[kind].replace("\n        ", "\n    ")
    mark = f"@pytest.mark.apigee(allow=[{allow!r}])\n" if allow else ""
    imports = "import contextlib, http.client, pytest, requests, responses\n\n"
    return f"{imports}{mark}def test_it({edge}):\n    edge = {edge}{body}\ndef test_next({edge}): pass\n"


@pytest.mark.parametrize("kind", ACTS)
@pytest.mark.parametrize("edge", ["apigee", "apigee_shared"])
def test_fails_at_teardown(run, kind, edge):
    """A complaint fails its test at teardown with the whole message, though the client swallowed what happened."""
    done = run(act(kind, edge=edge))

    assert done.failures == {"test_it teardown": f"{HEAD}  {kind}: {MESSAGES[kind]}{FOOT.format(kind=kind)}"}
    assert done.counts == {"passed": 2, "errors": 1}


@pytest.mark.parametrize("kind", ACTS)
@pytest.mark.parametrize("edge", ["apigee", "apigee_shared"])
def test_is_allowed(run, kind, edge):
    """`allow` stops the complaint of its kind."""
    done = run(act(kind, allow=kind, edge=edge))

    assert (done.counts, done.failures) == ({"passed": 2}, {})


def test_allowing_one_kind_stops_no_other(run):
    """`allow` names kinds: the others still fail the test."""
    done = run(act("unknown_host", allow="not_modelled"))

    assert list(done.failures) == ["test_it teardown"]


def test_each_is_told_once(run):
    """Several complaints are told together, each once however often it happened."""
    done = run("""
        import contextlib, requests

        def test_it(apigee):
            for _ in range(3):
                requests.get("https://login.apigee.com/oauth/authorize")
                requests.get("https://login.apigee.com/Users")
                with contextlib.suppress(requests.ConnectionError):
                    requests.get("https://typo-test.apigee.net")
    """)

    kinds = "['not_modelled', 'unknown_host']"
    assert done.failures == {
        "test_it teardown": (
            f"{HEAD}"
            "  not_modelled: pytest-apigee does not model GET https://login.apigee.com/oauth/authorize.\n"
            "  not_modelled: pytest-apigee does not model GET https://login.apigee.com/Users.\n"
            f"  unknown_host: {MESSAGES['unknown_host']}\n"
            f"If that is meant, say so: @pytest.mark.apigee(allow={kinds}), or allow={kinds} of fake_edge."
        )
    }


def test_comes_beside_the_tests_own_failure(run):
    """A test that fails by itself is told of both."""
    done = run("""
        import requests

        def test_it(apigee):
            assert requests.get("https://login.apigee.com/oauth/authorize").status_code == 200
    """)

    assert list(done.failures) == ["test_it call", "test_it teardown"]
    assert done.counts == {"failed": 1, "errors": 1}


def test_a_fixtures_teardown_may_complain(run):
    """What a fixture's teardown asks of Edge counts for the test as well."""
    done = run("""
        import pytest, requests

        @pytest.fixture
        def cleaning(apigee):
            yield
            requests.get("https://login.apigee.com/oauth/authorize")

        def test_it(cleaning): pass
    """)

    assert list(done.failures) == ["test_it teardown"]
    assert MESSAGES["not_modelled"] in done.failures["test_it teardown"]


def test_a_marker_may_be_added_while_the_test_runs(run):
    """`request.applymarker` in a fixture before the Edge's works as a decorator does."""
    done = run("""
        import pytest, requests

        @pytest.fixture
        def lenient(request):
            request.applymarker(pytest.mark.apigee(allow=["not_modelled"]))

        def test_it(lenient, apigee):
            requests.get("https://login.apigee.com/oauth/authorize")
    """)

    assert (done.counts, done.failures) == ({"passed": 1}, {})
