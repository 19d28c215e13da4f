"""Tokens made without a login, and the `auth=` objects that carry them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest
import requests

from pytest_apigee import App, FakeEdge, Request, Response, Token, TokenFactory

MOMENT = "2026-01-02T03:04:05.678Z"
TOKEN = Token(value="opaque-value", expires_at=datetime(2030, 1, 31, tzinfo=UTC), scopes=("READ",))


@pytest.fixture
def edge() -> FakeEdge:
    edge = FakeEdge(seed=7)
    edge.clock.freeze(MOMENT)
    return edge


# Token


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (str(TOKEN), "opaque-value"),
        (f"Bearer {TOKEN}", "Bearer opaque-value"),
        (f"{TOKEN:>14}", "  opaque-value"),
        (f"{TOKEN!s:.6}", "opaque"),
        ("%s" % TOKEN, "opaque-value"),  # noqa: UP031 - one of the ways to write it
        (f"{TOKEN}", "opaque-value"),
    ],
)
def test_writes_the_real_value_of_a_token(written: str, text: str) -> None:
    """`str` and `format` give the token as it goes on the wire."""
    assert written == text


def test_hides_the_value_of_a_token_in_its_repr() -> None:
    """The repr of a token shows all but its value."""
    assert repr(TOKEN) == (
        "Token(expires_at=datetime.datetime(2030, 1, 31, 0, 0, tzinfo=datetime.timezone.utc), scopes=('READ',))"
    )


# TokenFactory


def test_makes_a_token_without_asking_the_proxy(edge: FakeEdge) -> None:
    """A token is made without any exchange, and lasts an hour."""
    token = TokenFactory(edge)(edge.app())

    assert len(edge.calls) == 0
    assert token.expires_at == datetime(2026, 1, 2, 4, 4, 5, 678_000, tzinfo=UTC)


def test_makes_tokens_of_the_default_app(edge: FakeEdge) -> None:
    """Without an app, the token is one of the default app, good for every protected API."""
    api = edge.proxy("/weather")
    token = TokenFactory(edge)()

    response = edge.handle(Request(url=api.url, headers={"Authorization": f"Bearer {token}"}))

    assert response.status == 200
    assert edge.calls.last.app == edge.default_app.name


@pytest.mark.parametrize(
    ("scope", "scopes"), [(None, ("READ", "WRITE")), ("WRITE", ("WRITE",)), ("WRITE ADMIN", ("WRITE",)), ("ADMIN", ())]
)
def test_grants_scopes_as_the_proxy_would(edge: FakeEdge, scope: str | None, scopes: tuple[str, ...]) -> None:
    """A token has the scopes that a token request with this `scope` would get."""
    edge.product("weather", scopes=["READ", "WRITE"])

    assert TokenFactory(edge)(edge.app(products=["weather"]), scope=scope).scopes == scopes


@pytest.mark.parametrize("lifetime", [timedelta(), timedelta(milliseconds=1), timedelta(days=1)])
def test_makes_tokens_of_any_lifetime(edge: FakeEdge, lifetime: timedelta) -> None:
    """A token is refused from `expires_at` on, and accepted a millisecond before."""
    api = edge.proxy("/weather", products=["weather"])
    token = TokenFactory(edge)(edge.app(products=["weather"]), lifetime=lifetime)
    request = Request(url=api.url, headers={"Authorization": f"Bearer {token}"})
    statuses = []
    for moment in (token.expires_at - timedelta(milliseconds=1), token.expires_at):
        edge.clock.travel_to(moment)
        statuses.append(edge.handle(request).status)

    assert token.expires_at - lifetime == datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    assert statuses == [200, 401]


# BearerAuth


def by_requests(auth: Callable[[requests.PreparedRequest], object], url: str, headers: dict[str, str]) -> str | None:
    prepared = requests.Request("GET", url, headers=headers, auth=auth).prepare()
    return prepared.headers.get("Authorization")


def by_httpx(auth: Callable[[httpx.Request], httpx.Request], url: str, headers: dict[str, str]) -> str | None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        client.get(url, headers=headers, auth=auth)
    return seen[0].headers.get("Authorization")


by_both = pytest.mark.parametrize("send", [by_requests, by_httpx])


@by_both
def test_authenticates_to_a_protected_api(edge: FakeEdge, send: Callable[..., str | None]) -> None:
    """`auth` works for requests and for httpx: the call carries a token that Edge accepts."""
    api = edge.proxy("/weather")

    sent = send(edge.auth(), api.url, {})

    assert edge.handle(Request(url=api.url, headers={"Authorization": sent})).status == 200


@by_both
def test_authenticates_as_the_app_it_was_given(edge: FakeEdge, send: Callable[..., str | None]) -> None:
    """The token is one of the app that `auth` was given."""
    app: App = edge.app(products=["weather"])
    api = edge.proxy("/weather", products=["weather"])

    edge.handle(Request(url=api.url, headers={"Authorization": send(edge.auth(app), api.url, {})}))

    assert edge.calls.last.app == app.name


@by_both
@pytest.mark.parametrize(
    "url",
    [
        "https://acme-test.apigee.net/weather",
        "https://acme-prod.apigee.net",
        "http://acme-test.apigee.net:80/weather?a=b",
        "https://ACME-TEST.apigee.net/weather",
        "https://api.globex.example:8443/weather",
    ],
)
def test_adds_the_token_for_every_gateway_host(edge: FakeEdge, send: Callable[..., str | None], url: str) -> None:
    """Every host of a gateway of this Edge gets the token."""
    edge.organization("globex", hosts={"api.globex.example": "test"})

    assert send(edge.auth(), url, {}).startswith("Bearer ")


@by_both
@pytest.mark.parametrize(
    "url",
    [
        "https://login.apigee.com/oauth/token",
        "https://api.enterprise.apigee.com/v1/o/acme",
        "https://typo-test.apigee.net/weather",
        "https://other.example/",
        "https://other.example/acme-test.apigee.net",
        "https://other.example/@acme-test.apigee.net/",
        "https://other.example?u=https://acme-test.apigee.net/",
        "https://other.example?@acme-test.apigee.net/",
        "https://other.example#@acme-test.apigee.net/",
        "https://acme-test.apigee.net.other.example/",
        "https://acme-test.apigee.net@other.example/",
        "https://acme-test.apigee.net:443@other.example/",
    ],
)
def test_adds_the_token_for_no_other_host(edge: FakeEdge, send: Callable[..., str | None], url: str) -> None:
    """No other host ever sees the token, whatever else its URL holds."""
    sent = send(edge.auth(), url, {})

    assert sent is None or not sent.startswith("Bearer ")


@by_both
@pytest.mark.parametrize("header", ["Authorization", "authorization"])
def test_leaves_an_authorization_header_alone(edge: FakeEdge, send: Callable[..., str | None], header: str) -> None:
    """A header that the client set itself stays."""
    assert send(edge.auth(), edge.gateway_url, {header: "Bearer mine"}) == "Bearer mine"


@by_both
def test_keeps_its_token_until_it_expires(edge: FakeEdge, send: Callable[..., str | None]) -> None:
    """One token serves until the instant at which it expires; then there is a new one."""
    auth = edge.auth()
    sent = [send(auth, edge.gateway_url, {})]
    for milliseconds in (3_599_999, 1, 1):
        edge.clock.advance(milliseconds=milliseconds)
        sent.append(send(auth, edge.gateway_url, {}))

    assert sent[0] == sent[1]
    assert sent[1] != sent[2]
    assert sent[2] == sent[3]


def test_renews_no_token_that_was_revoked(edge: FakeEdge) -> None:
    """A client cannot know that its token was revoked: it goes on sending it."""
    api = edge.proxy("/weather")
    auth = edge.auth()
    first = by_requests(auth, api.url, {})
    edge.revoke(first.removeprefix("Bearer "))

    assert by_requests(auth, api.url, {}) == first


def test_makes_no_token_before_it_is_needed(edge: FakeEdge) -> None:
    """An `auth` that meets no gateway makes no token, so nothing is drawn from the seed."""
    auth, other = edge.auth(edge.app()), FakeEdge(seed=7)
    other.app()
    by_requests(auth, "https://other.example/", {})

    assert edge.new_uuid() == other.new_uuid()


@by_both
def test_authenticates_to_the_management_api(edge: FakeEdge, send: Callable[..., str | None]) -> None:
    """`management_auth` works for the management API, as an administrator unless said otherwise, and renews."""
    url = "https://api.enterprise.apigee.com/v1/o/acme"
    auth = edge.management_auth()

    first = send(auth, url, {})
    edge.clock.advance(hours=12)
    second = send(auth, url, {})

    assert first != second
    assert isinstance(response := edge.handle(Request(url=url, headers={"Authorization": second})), Response)
    assert response.status == 200


def test_authenticates_to_the_management_api_as_a_user(edge: FakeEdge) -> None:
    """`management_auth` logs in as the user that it was given, and at no other host."""
    user = edge.user("ops@acme.example", roles={})
    url = "https://api.enterprise.apigee.com/v1/o/acme"
    auth = edge.management_auth(user)

    response = edge.handle(Request(url=url, headers={"Authorization": by_requests(auth, url, {})}))

    assert (response.status, edge.calls.last.user) == (403, "ops@acme.example")
    assert by_requests(auth, edge.gateway_url, {}) is None


@by_both
@pytest.mark.parametrize("skew", [timedelta(hours=2), timedelta(hours=-2)], ids=["ahead", "behind"])
def test_renews_by_the_clock_of_the_client(edge: FakeEdge, send: Callable[..., str | None], skew: timedelta) -> None:
    """A client knows nothing of Edge's skew: it keeps its token until its own clock shows the expiry."""
    auth = edge.auth()
    first = send(auth, edge.gateway_url, {})
    edge.clock.skew(skew)
    skewed = send(auth, edge.gateway_url, {})
    edge.clock.advance(hours=1)

    assert skewed == first
    assert send(auth, edge.gateway_url, {}) != first


def test_renews_a_token_of_the_management_api_when_its_jwt_expires(edge: FakeEdge) -> None:
    """The token of `management_auth` is renewed in the very second that its claim `exp` names."""
    url = "https://api.enterprise.apigee.com/v1/o/acme"
    auth = edge.management_auth()
    first = by_requests(auth, url, {})
    expires_at = jwt.decode(first.removeprefix("Bearer "), options={"verify_signature": False})["exp"]
    edge.clock.travel_to(datetime.fromtimestamp(expires_at, UTC) - timedelta(milliseconds=1))
    before = by_requests(auth, url, {})
    edge.clock.advance(milliseconds=1)
    after = by_requests(auth, url, {})
    statuses = [edge.handle(Request(url=url, headers={"Authorization": sent})).status for sent in (before, after)]

    assert before == first
    assert statuses == [401, 200]
