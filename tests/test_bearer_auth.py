"""The `auth=` objects that carry a bearer token."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest
import requests

from pytest_apigee import App, ConfigurationError, FakeEdge, Request, Response
from tests.edge.gateway_support import frozen_edge


@pytest.fixture
def edge() -> FakeEdge:
    return frozen_edge()


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


def test_authenticates_to_an_organization_with_saml(edge: FakeEdge) -> None:
    """Where the default organization has a SAML zone, `management_auth` logs in a user of that zone."""
    edge.zone("acme-sso")
    url = "https://api.enterprise.apigee.com/v1/o/acme"

    response = edge.handle(Request(url=url, headers={"Authorization": by_requests(edge.management_auth(), url, {})}))

    assert isinstance(response, Response)
    assert response.status == 200


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda edge: edge.auth("weather"), "app takes an App, not str."),
        (lambda edge: edge.management_auth("ops@acme.example"), "user takes a User, not str."),
        (
            lambda edge: edge.management_auth(FakeEdge(seed=8).user("x@y.example")),
            "The SSO user 'x@y.example' is not one of this fake Edge; it was declared in another one.",
        ),
    ],
)
def test_names_a_mistake(edge: FakeEdge, make, message: str) -> None:
    """Whom nobody could authenticate as is refused when `auth` is made, not when it is first used."""
    with pytest.raises(ConfigurationError) as raised:
        make(edge)

    assert str(raised.value) == message


def test_refuses_an_app_of_another_edge(edge: FakeEdge) -> None:
    """The app of another fake Edge has no token here."""
    auth = edge.auth(FakeEdge(seed=8).app("forecast"))

    with pytest.raises(ConfigurationError) as raised:
        by_requests(auth, edge.gateway_url, {})

    assert str(raised.value) == ("The app 'forecast' is not one of this fake Edge; it was declared in another one.")
