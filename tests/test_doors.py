"""The doors of this process together with a fake: hosts that are unknown, threads, Edge's time, stubs."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from pytest_apigee import ConfigurationError, ConnectionFailure, fake_edge

MOMENT = "2030-01-31T12:00:00Z"


def test_an_unknown_host_fails_as_the_network_would() -> None:
    """An Edge host that was not declared is a connection error, which names the known hosts and the nearest one."""
    with fake_edge(allow=["unknown_host"]) as edge, pytest.raises(requests.ConnectionError) as caught:
        requests.get("https://acme-tset.apigee.net/weather")

    outcome = edge.calls.only.outcome
    assert isinstance(outcome, ConnectionFailure)
    assert outcome.message == (
        "The fake Edge has no host 'acme-tset.apigee.net'. Known: acme-prod.apigee.net, acme-test.apigee.net, "
        "api.enterprise.apigee.com, login.apigee.com, mocktarget.apigee.net. Did you mean 'acme-test.apigee.net'? "
        "Declare its organization and environment with apigee.organization(name, environments=[...])."
    )
    assert "Did you mean 'acme-test.apigee.net'?" in str(caught.value).replace("\\'", "'")


def test_eight_threads_share_one_session() -> None:
    """Eight threads with one session and one fake lose no exchange and get nobody else's answer."""
    threads, rounds = 8, 40

    with fake_edge() as edge, requests.Session() as session:
        api = edge.proxy("/echo", target=lambda request: {"asked": request.query.get("n")})
        session.auth = edge.auth()

        def ask(thread: int) -> list[bool]:
            numbers = [f"{thread}-{turn}" for turn in range(rounds)]
            return [session.get(api.url, params={"n": n}).json() == {"asked": n} for n in numbers]

        with ThreadPoolExecutor(threads) as executor:
            answers = [right for batch in executor.map(ask, range(threads)) for right in batch]

    assert answers == [True] * threads * rounds
    assert len(edge.calls.to("echo")) == threads * rounds
    assert [exchange.number for exchange in edge.calls] == list(range(1, threads * rounds + 1))


def test_the_date_header_is_edges_time() -> None:
    """Where the clocks disagree, the Date header tells the client Edge's time."""
    with fake_edge() as edge:
        edge.clock.freeze(MOMENT)
        edge.clock.skew(minutes=5)
        answer = requests.get("https://mocktarget.apigee.net/")

    assert answer.headers["Date"] == "Thu, 31 Jan 2030 12:05:00 GMT"


def test_the_stubs_of_an_open_door_are_its_own() -> None:
    """While a door is open, the fake gives the stubs and the matcher of that door."""
    with fake_edge() as edge:
        stubs, matcher = edge.responses, edge.requests_mock_matcher

        assert edge.responses is stubs
        assert callable(matcher)

    with pytest.raises(ConfigurationError):
        _ = edge.responses
