"""Faults that a tester arms, at the core (doors render them as any other outcome)."""

import pytest

from pytest_apigee import ConfigurationError, ConnectionFailure, FakeEdge, Request, Response
from pytest_apigee.edge.world import Grievance

LOGIN, MANAGEMENT, GATEWAY = (
    "https://login.apigee.com/version",
    "https://api.enterprise.apigee.com/v1/o/acme",
    "https://acme-test.apigee.net/open/x",
)
ZONE = "https://acme.login.apigee.com/version"


@pytest.fixture
def edge() -> FakeEdge:
    edge = FakeEdge()
    edge.zone("acme")
    edge.proxy("/open", security="none", target={"temp": 21})
    return edge


def status(edge, url, method="GET"):
    outcome = edge.handle(Request(method=method, url=url))
    return outcome.status if isinstance(outcome, Response) else str(outcome.kind)


def test_an_answer_is_as_it_was_armed(edge):
    """A fault answers with the status, headers and body that it was told, and nothing more."""
    edge.faults.respond(503, body="later", headers=[("X-A", "1"), ("X-A", "2")])

    outcome = edge.handle(Request(url=GATEWAY))

    assert isinstance(outcome, Response)
    assert (outcome.status, list(outcome.headers), outcome.body) == (503, [("X-A", "1"), ("X-A", "2")], b"later")


def test_an_answer_may_be_json(edge):
    """A value is sent as JSON."""
    edge.faults.respond(json={"error": "x"})

    outcome = edge.handle(Request(url=LOGIN))

    assert isinstance(outcome, Response)
    assert (outcome.status, outcome.json()) == (503, {"error": "x"})
    assert outcome.headers["Content-Type"] == "application/json"


def test_a_rate_limit_says_when_to_come_again(edge):
    """A rate limit is 429 with Retry-After in seconds."""
    edge.faults.rate_limit(30)

    outcome = edge.handle(Request(url=LOGIN))

    assert isinstance(outcome, Response)
    assert (outcome.status, list(outcome.headers), outcome.body) == (429, [("Retry-After", "30")], b"")


@pytest.mark.parametrize(("name", "kind"), [("reset", "reset"), ("time_out", "timeout")])
def test_a_connection_fails(edge, name, kind):
    """A connection is reset, or no answer comes in time."""
    getattr(edge.faults, name)()

    outcome = edge.handle(Request(url=LOGIN))

    assert isinstance(outcome, ConnectionFailure)
    assert str(outcome.kind) == kind


@pytest.mark.parametrize(("times", "statuses"), [(1, [503, 200, 200]), (2, [503, 503, 200]), (None, [503, 503, 503])])
def test_a_fault_is_met_so_many_times(edge, times, statuses):
    """After that Edge answers again; None is for all exchanges."""
    fault = edge.faults.respond(times=times)

    assert [status(edge, LOGIN) for _ in range(3)] == statuses
    assert edge.faults.met(fault) == statuses.count(503)
    assert (fault in edge.faults.armed) == (times is None)


@pytest.mark.parametrize(
    ("at", "hit"),
    [
        ("", [LOGIN, ZONE, MANAGEMENT, GATEWAY]),
        ("login", [LOGIN, ZONE]),
        ("management", [MANAGEMENT]),
        ("gateway", [GATEWAY]),
        ("https://acme-test.apigee.net", [GATEWAY]),
        ("http://ACME-test.apigee.net:443/open", [GATEWAY]),
        ("https://acme-test.apigee.net/other", []),
        ("HTTPS://acme-test.apigee.net./open/x?y", [GATEWAY]),
        ("https://[x", []),
        ("/version", [LOGIN, ZONE]),
        ("/v1/o", [MANAGEMENT]),
    ],
)
def test_a_fault_is_at_a_place(edge, at, hit):
    """A fault is for a part of Edge, for URLs, or for paths."""
    edge.faults.respond(418, at=at, times=None)

    assert [url for url in (LOGIN, ZONE, MANAGEMENT, GATEWAY) if status(edge, url) == 418] == hit


def test_a_fault_may_be_for_a_method(edge):
    """A fault for a verb leaves the others alone."""
    edge.faults.respond(418, method="post")

    assert [status(edge, LOGIN), status(edge, LOGIN, "POST")] == [200, 418]


def test_the_first_fault_that_fits_is_met_first(edge):
    """Faults are met in the order in which they were armed."""
    for code in (500, 502, 503):
        edge.faults.respond(code)

    assert [status(edge, LOGIN) for _ in range(4)] == [500, 502, 503, 200]


def test_the_journal_says_so(edge):
    """The journal has the exchange, and that a fault answered it, at the service that was asked."""
    edge.faults.respond(503, at="management", method="GET")
    status(edge, MANAGEMENT)

    assert edge.calls.last.reason == "a fault that the test armed: 503 at management for GET"
    assert (str(edge.calls.last.service), edge.calls.last.was_refused) == ("management", True)


def test_a_fault_can_be_taken_back(edge):
    """What was disarmed or cleared is never met, and nobody complains of it."""
    one = edge.faults.respond(500)
    edge.faults.disarm(one)
    edge.faults.disarm(one)
    edge.faults.reset()
    edge.faults.clear()
    edge.complain_of_unmet_faults()

    assert status(edge, LOGIN) == 200
    assert edge.take_grievances() == ()


def test_an_unmet_fault_is_complained_of(edge):
    """A fault that nobody met is a complaint; one that was met less often than it could have been is none."""
    edge.faults.respond(times=5)
    edge.faults.time_out(at="/never")
    status(edge, LOGIN)
    edge.complain_of_unmet_faults()

    message = "no exchange has met the fault that was armed: connection timeout at /never"
    assert edge.take_grievances() == (Grievance(kind="unmet_fault", message=message),)
    assert edge.faults.armed == ()


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({"kind": "respond", "status": 500, "body": "x", "headers": {"A": "b"}, "at": "login"}, "500 at login"),
        ({"kind": "rate_limit", "retry_after": 5, "times": None}, "429 at any host"),
        ({"kind": "reset", "method": "get"}, "connection reset at any host for GET"),
        ({"kind": "time_out", "at": "/v1"}, "connection timeout at /v1"),
    ],
)
def test_a_fault_can_be_described_by_data(edge, settings, shown):
    """What the control API gets is a fault like any other."""
    assert str(edge.faults.arm(settings)) == shown


PLACES = "at takes one of gateway, login, management, a URL or a path that starts with '/', not"
UNKNOWN_FIELD = "A fault 'respond' does not take 'heders'. Allowed: at, body, headers, json, method, status, times."
TIMES = "times takes a number of requests above zero, or None for all, not"


@pytest.mark.parametrize(
    ("arm", "message"),
    [
        (lambda faults: faults.respond(99), "A Response needs a final status from 200 to 599, not 99."),
        (lambda faults: faults.respond(body="a", json=1), "A fault has a body or json, not both."),
        (lambda faults: faults.respond(at="logon"), f"{PLACES} 'logon'. Did you mean 'login'?"),
        (lambda faults: faults.respond(at="https://"), f"{PLACES} 'https://'."),
        (lambda faults: faults.reset(times=0), f"{TIMES} 0."),
        (lambda faults: faults.reset(times=True), f"{TIMES} True."),
        (lambda faults: faults.reset(at=1), "at takes text, not int."),
        (lambda faults: faults.reset(method=1), "method takes text, not int."),
        (
            lambda faults: faults.arm({"kind": "resett"}),
            "Unknown kind of fault 'resett'. Allowed: rate_limit, reset, respond, time_out. Did you mean 'reset'?",
        ),
        (
            lambda faults: faults.arm({"kind": 1}),
            "Unknown kind of fault 1. Allowed: rate_limit, reset, respond, time_out.",
        ),
        (
            lambda faults: faults.arm({"kind": "reset", "status": 1}),
            "A fault 'reset' does not take 'status'. Allowed: at, method, times. Did you mean 'at'?",
        ),
        (
            lambda faults: faults.arm({"kind": "respond", "heders": {}}),
            f"{UNKNOWN_FIELD} Did you mean 'headers'?",
        ),
    ],
)
def test_what_cannot_be_is_told(edge, arm, message):
    """A mistake says what was wrong and what is allowed, and arms nothing."""
    with pytest.raises(ConfigurationError) as caught:
        arm(edge.faults)

    assert str(caught.value) == message
    assert edge.faults.armed == ()
