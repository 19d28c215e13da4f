"""The factory of API keys: what it makes, and what the token endpoint makes of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pytest_apigee import ApiKey, ApiKeyFactory, App, ConfigurationError, FakeEdge, TokenFactory
from pytest_apigee.edge.records import Credential
from tests.edge.gateway_support import Answer, answer, basic, bearer, flat, frozen_edge, get, token_request

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
JSON = [("Content-Type", "application/json")]

Make = Callable[[ApiKeyFactory], ApiKey]


@pytest.fixture
def edge() -> FakeEdge:
    return frozen_edge()


@pytest.fixture
def mint(edge: FakeEdge) -> ApiKeyFactory:
    return TokenFactory(edge).api_key


def credential_of(edge: FakeEdge, key: ApiKey) -> Credential:
    """Return a key with its secret, as its app holds them now."""
    return next(held for held in edge.find_app(key.app).credentials if held.consumer_key == key.value)


def asked_with(edge: FakeEdge, key: ApiKey) -> Answer:
    """Return what the token endpoint says to a key and its secret."""
    sent = basic(key.value, key.secret)
    request = token_request(edge.token_url)
    return answer(edge, request.with_headers([*request.headers, sent]))


def token_by(edge: FakeEdge, key: ApiKey) -> str:
    """Return the access token that a key gets."""
    assert asked_with(edge, key)[0] == 200
    return edge.calls.last.issued_token


@pytest.mark.parametrize(
    "make",
    [lambda mint: mint(), lambda mint: mint.expiring_in(timedelta(milliseconds=1))],
    ids=["call", "expiring_in"],
)
def test_gets_a_token_by_a_key(edge: FakeEdge, mint: ApiKeyFactory, make: Make) -> None:
    """A new key and its secret get a token, which is good for what its app may call."""
    api = edge.proxy("/weather")
    token = token_by(edge, make(mint))

    assert answer(edge, get(api.url, bearer(token)))[0] == 200
    assert edge.calls.last.app == edge.default_app.name


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda mint: mint.expired(), (401, JSON, flat("invalid_client", "Consumer key has expired"))),
        (lambda mint: mint.expired(timedelta()), (401, JSON, flat("invalid_client", "Consumer key has expired"))),
        (
            lambda mint: mint.expiring_in(timedelta()),
            (401, JSON, flat("invalid_client", "Consumer key has expired")),
        ),
        (lambda mint: mint.revoked(), (401, JSON, flat("invalid_client", "Client Id not Approved"))),
    ],
    ids=["expired", "expired just now", "expiring just now", "revoked"],
)
def test_gets_no_token_by_a_bad_key(edge: FakeEdge, mint: ApiKeyFactory, make: Make, expected: Answer) -> None:
    """A key that expired or was revoked gets no token, although its secret is right."""
    assert asked_with(edge, make(mint)) == expected


def test_is_good_until_the_instant_of_its_expiry(edge: FakeEdge, mint: ApiKeyFactory) -> None:
    """A key is refused from `expires_at` on, and accepted a millisecond before."""
    key = mint.expiring_in(timedelta(seconds=5))
    statuses = []
    for moment in (key.expires_at - timedelta(milliseconds=1), key.expires_at):
        edge.clock.travel_to(moment)
        statuses.append(asked_with(edge, key)[0])

    assert statuses == [200, 401]


@pytest.mark.parametrize(
    ("make", "expires_at"),
    [
        (lambda mint: mint(), None),
        (lambda mint: mint.revoked(), None),
        (lambda mint: mint.expired(), NOW - timedelta(hours=1)),
        (lambda mint: mint.expired(timedelta(milliseconds=1)), NOW - timedelta(milliseconds=1)),
        (lambda mint: mint.expiring_in(timedelta(days=1)), NOW + timedelta(days=1)),
    ],
    ids=["call", "revoked", "expired", "expired a moment ago", "expiring_in"],
)
def test_tells_when_it_expires(mint: ApiKeyFactory, make: Make, expires_at: datetime | None) -> None:
    """A key knows when it expires, or that it never does."""
    assert make(mint).expires_at == expires_at


@pytest.mark.parametrize(
    "make",
    [
        lambda mint, app: mint.api_key(app),
        lambda mint, app: mint.api_key.for_app(app)(),
        lambda mint, app: mint.for_app(app).api_key(),
        lambda mint, app: mint.api_key.for_app(app).expired(),
        lambda mint, app: mint.api_key.for_app(app).expiring_in(timedelta(days=1)),
        lambda mint, app: mint.api_key.for_app(app).revoked(),
    ],
    ids=["call", "for_app", "for_app of tokens", "expired", "expiring_in", "revoked"],
)
def test_makes_keys_of_an_app(edge: FakeEdge, make: Callable[[TokenFactory, App], ApiKey]) -> None:
    """A key is one more of the app that was named, with the API products of its first key."""
    app = edge.app("forecast", products=["weather", "traffic"])
    key = make(TokenFactory(edge), app)

    assert key.app == "forecast"
    assert edge.find_app("forecast").consumer_key == app.consumer_key
    assert credential_of(edge, key).products == app.credentials[0].products


def test_leaves_the_first_key_as_it_is(edge: FakeEdge, mint: ApiKeyFactory) -> None:
    """Whatever becomes of a new key, the first key of its app goes on."""
    app = edge.app(products=["weather"])
    mint.for_app(app).revoked()
    mint.for_app(app).expired()

    assert edge.find_app(app.name).credentials[0] == app.credentials[0]


def test_has_the_products_that_its_app_got_since(edge: FakeEdge, mint: ApiKeyFactory) -> None:
    """A key has the API products that its app has now, whenever the test got hold of the app."""
    app = edge.default_app
    api = edge.proxy("/weather")

    assert answer(edge, get(api.url, bearer(token_by(edge, mint(app)))))[0] == 200


def test_follows_the_products_that_come_later(edge: FakeEdge, mint: ApiKeyFactory) -> None:
    """A key of the default app is good for an API that is declared after it."""
    key = mint()
    api = edge.proxy("/weather")

    assert answer(edge, get(api.url, bearer(token_by(edge, key))))[0] == 200


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda mint: mint("weather"), "app takes an App, not str."),
        (lambda mint: mint(""), "app takes an App, not an empty text."),
        (lambda mint: mint.for_app("weather")(), "app takes an App, not str."),
        (lambda mint: mint.expired(3600), "ago takes a timedelta, not int."),
        (lambda mint: mint.expired(timedelta(-1)), "ago takes a span of time from now, not -1 day, 0:00:00."),
        (lambda mint: mint.expired(timedelta(36_501)), "ago takes at most 36500 days, not 36501 days, 0:00:00."),
        (lambda mint: mint.expiring_in(3600), "remaining takes a timedelta, not int."),
        (
            lambda mint: mint.expiring_in(timedelta(-1)),
            "remaining takes a span of time from now, not -1 day, 0:00:00.",
        ),
    ],
)
def test_names_a_mistake(mint: ApiKeyFactory, make: Make, message: str) -> None:
    """What cannot be made is refused with what was allowed."""
    with pytest.raises(ConfigurationError) as raised:
        make(mint)

    assert str(raised.value) == message


@pytest.mark.parametrize(
    "make",
    [
        lambda mint, app: mint(app),
        lambda mint, app: mint.for_app(app).expired(),
        lambda mint, app: mint.for_app(app).revoked(),
    ],
    ids=["call", "expired", "revoked"],
)
@pytest.mark.parametrize("org", ["acme", "globex"])
def test_refuses_an_app_of_another_edge(edge: FakeEdge, mint: ApiKeyFactory, make, org: str) -> None:
    """The app of another fake Edge is told from an own one of the same name, which gets no key by it."""
    own = edge.app("forecast")
    stranger = FakeEdge(seed=8, org=org).app("forecast")

    with pytest.raises(ConfigurationError) as raised:
        make(mint, stranger)

    assert str(raised.value) == "The app 'forecast' is not one of this fake Edge; it was declared in another one."
    assert edge.find_app("forecast") == own
