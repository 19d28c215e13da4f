"""The retries of a session's own adapter run as over the network."""

import time

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NameResolutionError, ProtocolError, ReadTimeoutError, ResponseError
from urllib3.util import Retry

from pytest_apigee.edge.message import ConnectionFailure, FailureKind, Response

BUSY = Response(status=503, body="busy")


def session_with(retries):
    session = requests.Session()
    session.mount("https://", HTTPAdapter(max_retries=retries))
    return session


def test_retries_by_status(world, door):
    """A status of the adapter's `status_forcelist` is retried, and the retries are in the raw response."""
    world.answers(BUSY, BUSY, Response(body="done"))

    response = session_with(Retry(3, status_forcelist=[503])).get(world.url)

    assert (response.text, len(world.requests)) == ("done", 3)
    assert [entry.status for entry in response.raw.retries.history] == [503, 503]


def test_raises_when_the_retries_by_status_are_spent(world, door):
    """The error is requests' own RetryError, for urllib3's reason."""
    world.answer = lambda request: BUSY

    with pytest.raises(requests.exceptions.RetryError) as caught:
        session_with(Retry(2, status_forcelist=[503])).get(world.url)

    cause = caught.value.args[0]
    assert isinstance(cause, MaxRetryError)
    assert isinstance(cause.reason, ResponseError)
    assert str(cause.reason) == "too many 503 error responses"
    assert len(world.requests) == 3


def test_returns_the_last_response_where_it_may_not_raise(world, door):
    """With `raise_on_status=False` the last response is returned, its body readable."""
    world.answer = lambda request: BUSY

    response = session_with(Retry(1, status_forcelist=[503], raise_on_status=False)).get(world.url)

    assert (response.status_code, response.text, len(world.requests)) == (503, "busy", 2)


def test_retries_no_method_that_is_not_allowed(world, door):
    """POST is not retried unless the Retry says so."""
    world.answer = lambda request: BUSY

    assert session_with(Retry(3, status_forcelist=[503])).post(world.url).status_code == 503
    assert len(world.requests) == 1


def test_sends_the_body_again(world, door):
    """A retry sends the body once more."""
    world.answers(BUSY, Response())

    session_with(Retry(1, status_forcelist=[503], allowed_methods=None)).post(world.url, data="abc")

    assert [request.body for request in world.requests] == [b"abc", b"abc"]


@pytest.mark.parametrize(
    ("retry_after", "slept"),
    [({"Retry-After": "7"}, [7]), ({}, [4.0])],
)
def test_waits_between_retries(world, door, monkeypatch, retry_after, slept):
    """Retry-After is respected, and otherwise the backoff of the adapter's Retry."""
    naps = []
    monkeypatch.setattr(time, "sleep", naps.append)
    busy = Response(status=503, headers=retry_after)
    world.answers(*([busy] if retry_after else [busy, busy]), Response())

    session_with(Retry(3, status_forcelist=[503], backoff_factor=2)).get(world.url)

    assert naps == slept


def test_retries_without_a_list_where_the_server_says_when(world, door):
    """Retry-After alone makes a 503 be retried, as urllib3 does."""
    world.answers(Response(status=503, headers={"Retry-After": "0"}), Response(body="done"))

    assert session_with(Retry(1)).get(world.url).text == "done"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (FailureKind.UNKNOWN_HOST, NameResolutionError),
        (FailureKind.RESET, ProtocolError),
        (FailureKind.TIMEOUT, ReadTimeoutError),
    ],
)
def test_counts_failures_of_the_connection(world, door, kind, reason):
    """A connection failure is retried, and ends in the error that requests makes of it."""
    world.fails(kind)

    with pytest.raises(requests.ConnectionError) as caught:
        session_with(Retry(2)).get(world.url)

    assert isinstance(caught.value.args[0].reason, reason)
    assert len(world.requests) == 3


def test_recovers_from_a_failure_of_the_connection(world, door):
    """A retry after a reset gets its answer."""
    world.answers(ConnectionFailure(kind=FailureKind.RESET, message="reset"), Response(body="done"))

    assert session_with(1).get(world.url).text == "done"


def test_does_not_retry_by_default(world, door):
    """Without retries in the adapter each failure is the caller's."""
    world.fails(FailureKind.RESET)

    with pytest.raises(requests.ConnectionError):
        requests.get(world.url, timeout=5)
    assert len(world.requests) == 1


def test_does_not_retry_a_mistake(world, door):
    """An error that the handler raises is not the network's, and not retried."""
    world.answer = lambda request: (_ for _ in ()).throw(OSError("mine"))

    with pytest.raises(OSError, match="mine"):
        session_with(Retry(3)).get(world.url)
    assert len(world.requests) == 1
