"""One world, many doors: the same exchange comes out the same, byte for byte, whichever door it went through."""

from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import requests
import urllib3

from pytest_apigee import ConfigurationError, ConnectionFailure, FakeEdge, Request, Response, fake_edge

MOMENT = "2030-01-31T12:00:00Z"
SEED = 7
ADDED_BY_DOORS = ("content-length", "date")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
EDGECLI = ("Authorization", "Basic ZWRnZWNsaTplZGdlY2xpc2VjcmV0")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a client sees of an answer, less what doors add to it."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def furnish(edge: FakeEdge) -> None:
    """Put the same things into each world that the corpus is sent to."""
    edge.clock.freeze(MOMENT)
    edge.app("weatherapp", products=["weather"], consumer_key="key", consumer_secret="secret")
    edge.proxy("/weather", products=["weather"], target={"temp": 21, "città": "Forlì"})
    edge.proxy("/scoped", products=["weather"], scope="READ")
    edge.proxy(
        "/teapot", security="none", target=Response(status=418, headers=[("A", "1"), ("A", "2")], body=b"\0\xff")
    )
    edge.organization("globex")  # declared in frozen time, so that its times are the same
    edge.user("ops@acme.example", password="correct horse", roles={"globex": ["orgadmin"]})


def bearer(edge: FakeEdge) -> tuple[str, str]:
    """Return the header of a token that the app just got."""
    answer = edge.handle(
        Request(method="POST", url=edge.token_url, headers=[FORM], body="client_id=key&client_secret=secret")
    )
    assert isinstance(answer, Response)
    return ("Authorization", f"Bearer {answer.json()['access_token']}")


CORPUS: dict[str, Callable[[FakeEdge], Request]] = {
    "an app token": lambda edge: Request(
        method="POST", url=edge.token_url, headers=[FORM], body="client_id=key&client_secret=secret"
    ),
    "a wrong secret": lambda edge: Request(
        method="POST", url=edge.token_url, headers=[FORM], body="client_id=key&client_secret=wrong"
    ),
    "a form that does not decode": lambda edge: Request(
        method="POST", url=edge.token_url, headers=[FORM], body="a=%zz"
    ),
    "a protected call": lambda edge: Request(url=f"{edge.gateway_url}/weather/x?y=1", headers=[bearer(edge)]),
    "a call without a token": lambda edge: Request(url=f"{edge.gateway_url}/weather"),
    "a call without the scope": lambda edge: Request(url=f"{edge.gateway_url}/scoped", headers=[bearer(edge)]),
    "a call to no proxy": lambda edge: Request(url=f"{edge.gateway_url}/nowhere"),
    "a call over http": lambda edge: Request(url="http://acme-test.apigee.net/weather"),
    "a target's own response": lambda edge: Request(url=f"{edge.gateway_url}/teapot"),
    "a HEAD": lambda edge: Request(method="HEAD", url=f"{edge.gateway_url}/teapot"),
    "a login": lambda edge: Request(
        method="POST",
        url=f"{edge.login_url}/oauth/token",
        headers=[FORM, EDGECLI],
        body="grant_type=password&username=ops%40acme.example&password=correct+horse",
    ),
    "a wrong login": lambda edge: Request(
        method="POST",
        url=f"{edge.login_url}/oauth/token",
        headers=[FORM, EDGECLI],
        body="grant_type=password&username=ops%40acme.example&password=wrong",
    ),
    "an organization": lambda edge: Request(
        url=f"{edge.management_url}/v1/o/globex",
        headers=[("Authorization", f"Basic {b64encode(b'ops@acme.example:correct horse').decode()}")],
    ),
    "an organization without credentials": lambda edge: Request(url=f"{edge.management_url}/v1/o/acme"),
    "the mock target": lambda edge: Request(url="https://mocktarget.apigee.net/"),
}


def by_handle(request: Request, edge: FakeEdge) -> Outcome:
    """Ask the core itself."""
    answer = edge.handle(request)
    assert isinstance(answer, Response)
    body = b"" if request.method == "HEAD" else answer.body
    return Outcome(status=answer.status, headers=list(answer.headers), body=body)


def by_requests(request: Request, edge: FakeEdge) -> Outcome:
    """Ask as an application does."""
    with requests.Session() as session:
        session.headers.clear()
        answer = session.request(request.method, request.url, headers=dict(request.headers), data=request.body or None)
    return Outcome(status=answer.status_code, headers=_sent(answer.raw.headers), body=answer.content)


def by_urllib3(request: Request, edge: FakeEdge) -> Outcome:
    """Ask as a library without requests does."""
    with urllib3.PoolManager(retries=False) as pool:
        answer = pool.request(request.method, request.url, headers=dict(request.headers), body=request.body or None)
    return Outcome(status=answer.status, headers=_sent(answer.headers), body=answer.data)


def _sent(headers: urllib3.HTTPHeaderDict) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers.iteritems() if name.lower() not in ADDED_BY_DOORS]


@pytest.mark.parametrize("door", [by_requests, by_urllib3])
@pytest.mark.parametrize("exchange", CORPUS)
def test_every_door_gives_what_the_core_gives(door: Callable[[Request, FakeEdge], Outcome], exchange: str) -> None:
    """The same exchange in the same world comes out byte for byte the same through every door."""
    alone = FakeEdge(seed=SEED)
    furnish(alone)
    expected = by_handle(CORPUS[exchange](alone), alone)

    with fake_edge(seed=SEED) as edge:
        furnish(edge)
        found = door(CORPUS[exchange](edge), edge)

    assert found == expected
    assert alone.calls.last.reason == edge.calls.last.reason


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
