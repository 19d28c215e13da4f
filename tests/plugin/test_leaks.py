"""What a run leaves behind: nothing that grows, and everything as it was."""

import time

import pytest
import requests
import responses
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool

from pytest_apigee.transports.switchboard import switchboard

SUITE = """
    import gc, pytest, requests, weakref

    EDGES = []

    @pytest.mark.parametrize("number", range(50))
    def test_it(apigee, apigee_session, number):
        EDGES.append(weakref.ref(apigee))
        api = apigee.proxy("/weather")
        assert apigee_session.get(api.url).status_code == 200

    def test_none_is_left():
        gc.collect()
        assert [edge() for edge in EDGES if edge() is not None] == []
"""


def replaced():
    """Return what the doors replace while they are open."""
    return (
        requests.Session.get_adapter,
        requests.sessions.get_netrc_auth,
        HTTPAdapter.send,
        HTTPConnectionPool.urlopen,
    )


def test_no_edge_outlives_its_test(run):
    """Fifty tests leave none of their Edges behind."""
    done = run(SUITE)

    assert (done.counts, done.failures) == ({"passed": 51}, {})


def test_no_edge_outlives_a_test_that_failed(run_apart):
    """Tests that fail leave no Edge behind but the last one's, whose error Python itself keeps."""
    done = run_apart("""
        import gc, pytest, requests, weakref

        EDGES = []

        @pytest.mark.parametrize("number", range(5))
        def test_fails(apigee, number):
            EDGES.append(weakref.ref(apigee))
            assert requests.get(apigee.gateway_url).status_code == 200

        @pytest.mark.parametrize("number", range(5))
        def test_complains(apigee, number):
            EDGES.append(weakref.ref(apigee))
            requests.get("https://login.apigee.com/oauth/authorize")

        def test_none_is_left():
            gc.collect()
            assert [edge() for edge in EDGES[:-1] if edge() is not None] == []
    """)

    assert done.counts == {"failed": 5, "passed": 6, "errors": 5}


def test_the_fence_does_not_grow(run):
    """Fifty equal worlds leave one entry in the fence, and no open door."""
    run(SUITE)
    board = switchboard()
    fenced = board._fenced  # noqa: SLF001 - what must not grow is not public

    run(SUITE)

    assert board._fenced == fenced  # noqa: SLF001 - likewise
    assert board._doors == ()  # noqa: SLF001 - likewise


def test_everything_replaced_is_put_back(run):
    """After a run, what was replaced in requests and urllib3 is as it was."""
    before = replaced()

    run(SUITE)

    assert replaced() == before


def test_other_hosts_are_as_before(run):
    """After a run other hosts get the session's own adapters, and a user's mock answers for them."""
    run(SUITE)

    with requests.Session() as session, responses.RequestsMock() as mock:
        mock.get("https://example.com/", body="mine")
        assert session.get_adapter("https://example.com/") is session.adapters["https://"]
        assert session.get("https://example.com/").text == "mine"


def test_time_is_real_after_a_run(run):
    """After a run that moved time, time is real."""
    real, monotonic = time.time(), time.monotonic()

    done = run("def test_it(apigee_clock, apigee_shared): apigee_clock.travel_to('2040-01-01T00:00:00Z')")

    assert done.counts == {"passed": 1}
    assert abs((time.time() - real) - (time.monotonic() - monotonic)) < 1


@pytest.mark.parametrize("fixture", ["apigee", "apigee_shared"])
def test_interrupted_it_closes(run_apart, fixture):
    """A run that the user interrupts closes its doors and gives real time back."""
    done = run_apart(
        f"""
        import time

        def test_it({fixture}):
            {fixture}.clock.advance(days=365)
            raise KeyboardInterrupt
        """,
        conftest__py="""
            import time

            REAL = time.time()

            def pytest_unconfigure():
                from pytest_apigee.transports.switchboard import switchboard

                print("LEFT", switchboard()._doors, time.time() - REAL < 600)
        """,
    )

    assert done.exit_code == pytest.ExitCode.INTERRUPTED
    assert "LEFT () True" in done.output
