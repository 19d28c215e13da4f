"""Tokens as tests hold them, and the factory of an app's tokens."""

from datetime import UTC, datetime, timedelta

import pytest

from pytest_apigee import ApiKey, ConfigurationError, FakeEdge, Token, TokenFactory
from tests.edge.gateway_support import EXPIRED, REVOKED, Answer, answer, bearer, frozen_edge, get

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
TOKEN = Token(value="opaque-value", expires_at=datetime(2030, 1, 31, tzinfo=UTC), scopes=("READ",))
KEY = ApiKey(value="opaque-value", secret="hidden", app="weather")


@pytest.fixture
def edge() -> FakeEdge:
    return frozen_edge()


def asked_with(edge: FakeEdge, token: Token) -> Answer:
    """Return what a new API says to a token."""
    return answer(edge, get(edge.proxy("/weather").url, bearer(token)))


# Token and ApiKey


@pytest.mark.parametrize("secret", [TOKEN, KEY], ids=["token", "key"])
@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("{}", "opaque-value"),
        ("Bearer {}", "Bearer opaque-value"),
        ("{:>14}", "  opaque-value"),
        ("{!s:.6}", "opaque"),
        ("{0:}", "opaque-value"),
    ],
)
def test_writes_the_real_value(secret: Token | ApiKey, written: str, text: str) -> None:
    """`format` gives a token or key as it goes on the wire."""
    assert written.format(secret) == text


@pytest.mark.parametrize("secret", [TOKEN, KEY], ids=["token", "key"])
def test_is_its_value_as_text(secret: Token | ApiKey) -> None:
    """`str` gives a token or key as it goes on the wire."""
    assert [str(secret), "%s" % secret] == ["opaque-value", "opaque-value"]  # noqa: UP031 - one of the ways to write it


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        (
            TOKEN,
            "Token(expires_at=datetime.datetime(2030, 1, 31, 0, 0, tzinfo=datetime.timezone.utc), scopes=('READ',))",
        ),
        (KEY, "ApiKey(app='weather', expires_at=None)"),
    ],
    ids=["token", "key"],
)
def test_hides_the_value_in_the_repr(secret: Token | ApiKey, shown: str) -> None:
    """The repr of a token or key shows all but its value."""
    assert repr(secret) == shown


# The guard of every factory

OF_APPS, OF_USERS = "apigee_token.with_scope('READ')()", "apigee_token.sso.for_user(user)()"
FACTORIES = {
    "app": (lambda mint: mint, OF_APPS),
    "app_of": (lambda mint: mint.with_scope("READ"), OF_APPS),
    "sso": (lambda mint: mint.sso, OF_USERS),
    "sso_refresh": (lambda mint: mint.sso_refresh.with_scope("openid"), OF_USERS),
    "api_key": (lambda mint: mint.api_key, "apigee_token.api_key()"),
}
each_factory = pytest.mark.parametrize(("of", "call"), FACTORIES.values(), ids=FACTORIES)


@each_factory
@pytest.mark.parametrize("write", [str, "Bearer {}".format, "{:>9}".format], ids=["str", "format", "padded"])
def test_refuses_to_be_written_as_a_token(edge: FakeEdge, of, call, write) -> None:
    """A factory that was not called is no token: to write it fails, and says what to do."""
    factory = of(TokenFactory(edge))

    with pytest.raises(ConfigurationError) as raised:
        write(factory)

    assert str(raised.value) == f"This is a factory, not what it makes: call it, as in {call}."


@each_factory
def test_shows_no_secret_of_its_edge(edge: FakeEdge, of, call) -> None:
    """The repr of a factory names its class and nothing that it holds."""
    edge.app()

    factory = of(TokenFactory(edge))

    assert repr(factory) == f"<pytest_apigee.factories.{type(factory).__name__} object at {id(factory):#x}>"


def test_scopes_stay_when_it_goes_on_to_users(edge: FakeEdge) -> None:
    """Scopes that were asked for before the user are those of the user's token."""
    mint, user = TokenFactory(edge).with_scope("openid scim.me"), edge.user()

    tokens = [mint.for_user(user)(), mint.sso(), mint.sso_refresh.expired()]

    assert [token.scopes for token in tokens] == [("openid", "scim.me")] * 3


@pytest.mark.parametrize(
    "go_on", [lambda mint: mint.sso, lambda mint: mint.sso_refresh, lambda mint: mint.for_user(None)]
)
def test_a_token_is_an_apps_or_a_users(edge: FakeEdge, go_on) -> None:
    """An app that was asked for does not get lost on the way to a user's tokens."""
    with pytest.raises(ConfigurationError) as raised:
        go_on(TokenFactory(edge).for_app(edge.app()))

    assert str(raised.value) == (
        "A token is an app's or a user's: leave for_app out before sso, sso_refresh and for_user."
    )


def test_an_api_key_has_no_scopes(edge: FakeEdge) -> None:
    """Scopes that were asked for do not get lost on the way to an API key."""
    with pytest.raises(ConfigurationError) as raised:
        TokenFactory(edge).with_scope("READ").api_key  # noqa: B018 - what is looked at refuses

    assert str(raised.value) == "An API key has no scopes of its own: leave with_scope out before api_key."


# TokenFactory


def test_makes_a_token_without_asking_the_proxy(edge: FakeEdge) -> None:
    """A token is made without any exchange, and lasts an hour."""
    token = TokenFactory(edge)(edge.app())

    assert len(edge.calls) == 0
    assert token.expires_at == NOW + timedelta(hours=1)


def test_makes_tokens_of_the_default_app(edge: FakeEdge) -> None:
    """Without an app, the token is one of the default app, good for every protected API."""
    token = TokenFactory(edge)()

    assert asked_with(edge, token)[0] == 200
    assert edge.calls.last.app == edge.default_app.name


@pytest.mark.parametrize(
    "make",
    [
        lambda edge, app: TokenFactory(edge)(app),
        lambda edge, app: TokenFactory(edge).for_app(app)(),
        lambda edge, app: TokenFactory(edge).for_app(app).expiring_in(timedelta(seconds=1)),
        lambda edge, app: TokenFactory(edge).for_app(edge.app("other"))(app),
    ],
    ids=["call", "for_app", "for_app.expiring_in", "call after for_app"],
)
def test_makes_tokens_of_an_app(edge: FakeEdge, make) -> None:
    """An app that is named, in the call or before it, is whose token it is; the call has the last word."""
    app = edge.app("forecast", products=["weather"])
    token = make(edge, app)

    assert asked_with(edge, token)[0] == 200
    assert edge.calls.last.app == "forecast"


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        (None, ("READ", "WRITE")),
        ("", ("READ", "WRITE")),
        ("WRITE", ("WRITE",)),
        ("WRITE ADMIN", ("WRITE",)),
        ("ADMIN", ()),
    ],
)
def test_grants_scopes_as_the_proxy_would(edge: FakeEdge, scope: str | None, scopes: tuple[str, ...]) -> None:
    """A token has the scopes that a token request with this `scope` would get."""
    edge.product("weather", scopes=["READ", "WRITE"])

    assert TokenFactory(edge)(edge.app(products=["weather"]), scope=scope).scopes == scopes


@pytest.mark.parametrize(
    "make",
    [
        lambda mint: mint(),
        lambda mint: mint.expired(),
        lambda mint: mint.expiring_in(timedelta(seconds=1)),
        lambda mint: mint.revoked(),
        lambda mint: mint.with_scope("READ").with_scope("WRITE")(),
        lambda mint: mint.with_scope("READ")(scope="WRITE"),
    ],
    ids=["call", "expired", "expiring_in", "revoked", "with_scope again", "call with scope"],
)
def test_asks_for_a_scope(edge: FakeEdge, make) -> None:
    """`with_scope` holds for whatever the factory makes, until another one is named."""
    edge.product("weather", scopes=["READ", "WRITE"])
    mint = TokenFactory(edge).for_app(edge.app(products=["weather"]))

    assert make(mint.with_scope("WRITE")).scopes == ("WRITE",)


@pytest.mark.parametrize("lifetime", [timedelta(), timedelta(milliseconds=1), timedelta(days=1)])
@pytest.mark.parametrize(
    "make",
    [lambda mint, span: mint(lifetime=span), lambda mint, span: mint.expiring_in(span)],
    ids=["lifetime", "expiring_in"],
)
def test_makes_tokens_of_any_lifetime(edge: FakeEdge, make, lifetime: timedelta) -> None:
    """A token is refused from `expires_at` on, and accepted a millisecond before."""
    request = get(edge.proxy("/weather").url, bearer(token := make(TokenFactory(edge), lifetime)))
    answers = []
    for moment in (token.expires_at - timedelta(milliseconds=1), token.expires_at):
        edge.clock.travel_to(moment)
        answers.append(answer(edge, request))

    assert token.expires_at == NOW + lifetime
    assert [answers[0][0], answers[1]] == [200, EXPIRED]


@pytest.mark.parametrize("ago", [timedelta(), timedelta(milliseconds=1), timedelta(days=2)])
def test_makes_tokens_that_expired_some_time_ago(edge: FakeEdge, ago: timedelta) -> None:
    """An expired token was good once, until so long ago."""
    token = TokenFactory(edge).expired(ago)

    assert token.expires_at == NOW - ago
    assert asked_with(edge, token) == EXPIRED


def test_makes_tokens_that_expired_an_hour_ago(edge: FakeEdge) -> None:
    """Without an age, an expired token expired an hour ago."""
    assert TokenFactory(edge).expired().expires_at == NOW - timedelta(hours=1)


def test_makes_tokens_that_were_revoked(edge: FakeEdge) -> None:
    """A revoked token has its time before it, and is refused nevertheless."""
    token = TokenFactory(edge).revoked()

    assert token.expires_at == NOW + timedelta(hours=1)
    assert asked_with(edge, token) == REVOKED


def test_makes_every_token_anew(edge: FakeEdge) -> None:
    """No two tokens of a factory are the same."""
    mint = TokenFactory(edge).for_app(edge.app())

    assert len({str(token) for token in (mint(), mint(), mint.expired(), mint.revoked())}) == 4


def test_makes_tokens_in_the_organization_of_the_app(edge: FakeEdge) -> None:
    """The token of an app of another organization is good there, not in the default one."""
    edge.organization("globex")
    here, there = edge.proxy("/weather"), edge.proxy("/weather", org="globex")
    token = TokenFactory(edge)(edge.app(org="globex", products=["weather"]))

    statuses = [answer(edge, get(api.url, bearer(token)))[0] for api in (here, there)]

    assert statuses == [401, 200]


# Mistakes


def refused(make) -> str:
    with pytest.raises(ConfigurationError) as raised:
        make()
    return str(raised.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda mint: mint("weather"), "app takes an App, not str."),
        (lambda mint: mint.for_app("weather")(), "app takes an App, not str."),
        (lambda mint: mint(scope=7), "scope takes text, not int."),
        (lambda mint: mint.with_scope(7)(), "scope takes text, not int."),
        (lambda mint: mint(lifetime=3600), "lifetime takes a timedelta, not int."),
        (lambda mint: mint.expiring_in(3600), "remaining takes a timedelta, not int."),
        (
            lambda mint: mint.expiring_in(timedelta(seconds=-1)),
            "remaining takes a span of time from now, not -1 day, 23:59:59.",
        ),
        (lambda mint: mint.expired(3600), "ago takes a timedelta, not int."),
        (lambda mint: mint.expired(timedelta(-1)), "ago takes a span of time from now, not -1 day, 0:00:00."),
        (lambda mint: mint.expired(timedelta(36_501)), "ago takes at most 36500 days, not 36501 days, 0:00:00."),
    ],
)
def test_names_a_mistake(edge: FakeEdge, make, message: str) -> None:
    """What cannot be made is refused with what was allowed."""
    assert refused(lambda: make(TokenFactory(edge))) == message


@pytest.mark.parametrize(
    "make",
    [
        lambda mint, app: mint(app),
        lambda mint, app: mint.for_app(app)(),
        lambda mint, app: mint.for_app(app).expired(),
        lambda mint, app: mint.for_app(app).revoked(),
    ],
    ids=["call", "for_app", "expired", "revoked"],
)
@pytest.mark.parametrize("org", ["acme", "globex"])
def test_refuses_an_app_of_another_edge(edge: FakeEdge, make, org: str) -> None:
    """The app of another fake Edge is told from an own one of the same name."""
    edge.app("forecast")
    stranger = FakeEdge(seed=8, org=org).app("forecast")

    assert refused(lambda: make(TokenFactory(edge), stranger)) == (
        "The app 'forecast' is not one of this fake Edge; it was declared in another one."
    )
