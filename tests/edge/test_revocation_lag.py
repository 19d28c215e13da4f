"""Revocation lag: for how long the gateway remembers what it looked up. Source: runtime.md section 4.5."""

import gc
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from pytest_apigee import App, ConfigurationError, FakeEdge, Proxy, Request, TokenFactory
from pytest_apigee.edge.entity_cache import EntityCache
from pytest_apigee.edge.gateway.policies.oauth_v2_info import DeleteOAuthV2Info
from tests.edge.flow_variable_support import proxy_of
from tests.edge.gateway_support import (
    EXPIRED,
    JSON,
    MOMENT,
    NO_MATCH,
    REVOKED,
    UNKNOWN_TOKEN,
    Answer,
    answer,
    basic,
    bearer,
    fault,
    flat,
    frozen_edge,
    get,
    token_request,
    unauthorized,
)

OK = (200, [JSON], b'{"temp": 21}')
LAG_MS = 180_000


def key_refused(text: str, code: str) -> Answer:
    return 401, [JSON], fault(text, code)


@dataclass(frozen=True, kw_only=True)
class World:
    """An organization with a lag, an app in it, and two proxies: one for its token, one for its key."""

    edge: FakeEdge
    app: App
    by_token: Proxy
    by_key: Proxy
    token: str

    @property
    def doors(self) -> dict[str, Request]:
        """The calls that its credentials let through."""
        return {
            "token": get(self.by_token.url, bearer(self.token)),
            "key": get(f"{self.by_key.url}?apikey={self.app.consumer_key}"),
        }

    def call(self, door: str) -> Answer:
        return answer(self.edge, self.doors[door])


def world(lag: int = 180) -> World:
    edge = frozen_edge()
    edge.organization("globex", revocation_lag=lag)
    developer = edge.developer("ada@example.com", org="globex").email
    app = edge.app("forecast", products=["gold"], developer=developer, org="globex")
    settings = {"products": ["gold"], "target": {"temp": 21}, "org": "globex"}
    return World(
        edge=edge,
        app=app,
        by_token=edge.proxy("/by-token", **settings),
        by_key=edge.proxy("/by-key", security="apikey", **settings),
        token=str(TokenFactory(edge)(app)),
    )


def revoke_token(it: World) -> None:
    it.edge.revoke(it.token)


def revoke_key(it: World) -> None:
    it.edge.set_key_status(it.app, "revoked")


def revoke_app(it: World) -> None:
    it.edge.set_app_status(it.app, "revoked")


def deactivate_developer(it: World) -> None:
    it.edge.set_developer_status(it.app.developer, "inactive", org="globex")


def revoke_product(it: World) -> None:
    it.edge.set_product_status(it.app, "gold", "revoked")


APP_CODE = "keymanagement.service.invalid_client-app_not_approved"
DEVELOPER = ("Developer Status is not Active", "keymanagement.service.DeveloperStatusNotActive")
ROWS = [
    pytest.param(revoke_token, "token", REVOKED, id="token"),
    pytest.param(
        revoke_key,
        "token",
        unauthorized("Client Id not Approved", "keymanagement.service.invalid_client-client_id_not_approved"),
        id="key of a token",
    ),
    pytest.param(revoke_app, "token", unauthorized("App not Approved", APP_CODE), id="app of a token"),
    pytest.param(deactivate_developer, "token", unauthorized(*DEVELOPER), id="developer of a token"),
    pytest.param(revoke_product, "token", NO_MATCH, id="product of a token"),
    pytest.param(
        revoke_key, "key", key_refused("API Key is not approved", "oauth.v2.ApiKeyNotApproved"), id="key of a key"
    ),
    pytest.param(revoke_app, "key", key_refused("App not Approved", APP_CODE), id="app of a key"),
    pytest.param(deactivate_developer, "key", key_refused(*DEVELOPER), id="developer of a key"),
    pytest.param(
        revoke_product,
        "key",
        key_refused("Invalid ApiKey for given resource", "oauth.v2.InvalidApiKeyForGivenResource"),
        id="product of a key",
    ),
]
Revoke = Callable[[World], None]


@pytest.mark.parametrize(("revoke", "door", "refused"), ROWS)
def test_lets_through_for_180_seconds_what_was_used_a_moment_ago(revoke: Revoke, door: str, refused: Answer) -> None:
    """What was used just before it was revoked works for 180 s, and not a millisecond longer."""
    it = world()
    before = it.call(door)
    revoke(it)

    at_once = it.call(door)
    it.edge.clock.advance(milliseconds=LAG_MS - 1)
    at_last = it.call(door)
    it.edge.clock.advance(milliseconds=1)

    assert (before, at_once, at_last, it.call(door)) == (OK, OK, OK, refused)


@pytest.mark.parametrize(("revoke", "door", "refused"), ROWS)
def test_refuses_at_once_what_was_never_used(revoke: Revoke, door: str, refused: Answer) -> None:
    """What the gateway never looked up is refused from the first call on."""
    it = world()
    revoke(it)

    assert it.call(door) == refused


@pytest.mark.parametrize(("revoke", "door", "refused"), ROWS)
def test_has_no_lag_by_default(revoke: Revoke, door: str, refused: Answer) -> None:
    """Without a lag, what is revoked is refused at once, used before or not."""
    it = world(lag=0)
    before = it.call(door)
    revoke(it)

    assert (before, it.call(door)) == (OK, refused)


@pytest.mark.parametrize(("revoke", "door", "refused"), ROWS)
def test_counts_from_when_it_was_looked_up(revoke: Revoke, door: str, refused: Answer) -> None:
    """The time counts from the first use, whatever is used meanwhile, and not from the revocation."""
    it = world()
    it.call(door)
    it.edge.clock.advance(seconds=100)
    revoke(it)
    it.edge.clock.advance(milliseconds=79_999)

    before = it.call(door)
    it.edge.clock.advance(milliseconds=1)

    assert (before, it.call(door)) == (OK, refused)


@pytest.mark.parametrize(("revoke", "door", "refused"), ROWS)
def test_believes_nothing_that_was_looked_up_in_the_future(revoke: Revoke, door: str, refused: Answer) -> None:
    """Where the test sets the time back, what was looked up later than now is looked up anew."""
    it = world()
    it.edge.clock.advance(seconds=10)
    it.call(door)
    revoke(it)
    it.edge.clock.travel_to(MOMENT)

    assert it.call(door) == refused


def test_takes_another_number_of_seconds() -> None:
    """The lag is as many seconds as the organization says."""
    it = world(lag=7)
    it.call("token")
    revoke_token(it)
    it.edge.clock.advance(milliseconds=6_999)

    before = it.call("token")
    it.edge.clock.advance(milliseconds=1)

    assert (before, it.call("token")) == (OK, REVOKED)


def test_forgets_what_is_old_and_keeps_what_is_not() -> None:
    """Each thing has its own time: what was looked up later is remembered longer."""
    it = world()
    late = str(TokenFactory(it.edge)(it.app))
    it.call("token")
    it.edge.clock.advance(seconds=100)
    answer(it.edge, get(it.by_token.url, bearer(late)))
    for token in (it.token, late):
        it.edge.revoke(token)
    it.edge.clock.advance(seconds=80)

    assert (it.call("token"), answer(it.edge, get(it.by_token.url, bearer(late)))) == (REVOKED, OK)


# What has no lag


def test_expires_without_lag() -> None:
    """A token that was used a moment ago is refused from the millisecond at which it expires."""
    it = world()
    it.edge.clock.advance(milliseconds=3_599_999)

    before = it.call("token")
    it.edge.clock.advance(milliseconds=1)

    assert (before, it.call("token")) == (OK, EXPIRED)


def test_expires_a_key_without_lag() -> None:
    """A key that was used a moment ago is refused from the millisecond at which it expires."""
    it = world()
    key = it.edge.add_key(it.app, expires_in=timedelta(milliseconds=2)).consumer_key
    request = get(f"{it.by_key.url}?apikey={key}")
    it.edge.clock.advance(milliseconds=1)

    before = answer(it.edge, request)
    it.edge.clock.advance(milliseconds=1)

    assert (before, answer(it.edge, request)) == (
        OK,
        key_refused("Consumer key has expired", "keymanagement.service.consumer_key_expired"),
    )


def test_remembers_nothing_that_does_not_exist() -> None:
    """A key that was unknown a moment ago is good as soon as it is declared."""
    it = world()
    request = get(f"{it.by_key.url}?apikey=new")

    before = answer(it.edge, request)
    it.edge.app(consumer_key="new", products=["gold"], org="globex")

    assert (before[0], answer(it.edge, request)) == (401, OK)


def test_revokes_a_refresh_token_at_once() -> None:
    """The token endpoint looks at refresh tokens themselves."""
    it = world()
    server = it.edge.authorization_server(users={"ada": "secret"}, reuse_refresh_token=True, org="globex")
    client = {"client_id": it.app.consumer_key, "client_secret": it.app.consumer_secret}
    form = token_request(server.token_url, grant_type="password", username="ada", password="secret", **client)
    refresh = it.edge.handle(form).json()["refresh_token"]
    request = token_request(server.token_url, grant_type="refresh_token", refresh_token=refresh, **client)

    before = answer(it.edge, request)[0]
    it.edge.revoke(refresh)

    assert (before, answer(it.edge, request)) == (200, (400, [JSON], flat("invalid_request", "Invalid Refresh Token")))


def test_leaves_other_organizations_alone() -> None:
    """A lag is one organization's, and no other one's."""
    it = world()
    edge, app = it.edge, it.edge.app(products=["gold"])
    api, token = edge.proxy("/weather", products=["gold"], target={"temp": 21}), TokenFactory(edge)(app)
    request = get(api.url, bearer(token))

    before = answer(edge, request)
    edge.revoke(token)

    assert (before, answer(edge, request)) == (OK, REVOKED)


# What else has a lag


def test_refuses_for_as_long_what_is_approved_again() -> None:
    """An approval takes its time like a revocation."""
    it = world()
    revoke_app(it)
    it.call("key")
    it.edge.set_app_status(it.app, "approved")

    it.edge.clock.advance(milliseconds=LAG_MS - 1)
    at_last = it.call("key")
    it.edge.clock.advance(milliseconds=1)

    assert (at_last, it.call("key")) == (key_refused("App not Approved", APP_CODE), OK)


def test_lets_a_deleted_token_through() -> None:
    """A token that was used a moment ago and deleted since works on."""
    it = world()
    it.call("token")
    policy = DeleteOAuthV2Info(name="delete", access_token="request.queryparam.t")
    it.edge.handle(get(f"{proxy_of(it.edge, '/delete', policy, org='globex').url}?t={it.token}"))

    at_once = it.call("token")
    it.edge.clock.advance(milliseconds=LAG_MS)

    assert (at_once, it.call("token")) == (OK, UNKNOWN_TOKEN)


def test_gives_tokens_to_an_app_that_was_just_revoked() -> None:
    """The token endpoint knows an app as the gateway remembers it."""
    it = world()
    request = Request(
        method="POST",
        url=it.edge.token_url_for("globex"),
        headers=[basic(it.app.consumer_key, it.app.consumer_secret)],
    )
    it.call("key")
    revoke_app(it)

    at_once = answer(it.edge, request)[0]
    it.edge.clock.advance(milliseconds=LAG_MS)

    assert (at_once, answer(it.edge, request)) == (200, (401, [JSON], flat("invalid_client", "App not Approved")))


def test_opens_a_new_proxy_when_its_product_is_looked_up_anew() -> None:
    """A product that was used a moment ago does not know a proxy that was deployed since."""
    it = world()
    it.call("key")
    new = it.edge.proxy("/new", products=["gold"], security="apikey", target={"temp": 21}, org="globex")
    request = get(f"{new.url}?apikey={it.app.consumer_key}")

    at_once = answer(it.edge, request)
    it.edge.clock.advance(milliseconds=LAG_MS)

    assert (at_once[0], answer(it.edge, request)) == (401, OK)


# The memory itself


def test_loads_each_thing_once_while_it_is_fresh() -> None:
    """Kinds and keys are told apart, and what is fresh is not loaded again."""
    cache, loaded = EntityCache(timedelta(seconds=1)), []

    def load(key: str) -> str:
        loaded.append(key)
        return f"{key}{len(loaded)}"

    got = [
        cache.get(kind, key, load, now_ms=now_ms)
        for kind, key, now_ms in [("a", "x", 0), ("b", "x", 0), ("a", "y", 500), ("a", "x", 999), ("a", "x", 1_000)]
    ]

    assert got == ["x1", "x2", "y3", "x1", "x4"]
    assert loaded == ["x", "x", "y", "x"]


@pytest.mark.parametrize("again", ["y", "x"])
def test_forgets_what_is_old(again: str) -> None:
    """What nobody asked for again is forgotten at the next question, so that memory stays flat."""
    cache = EntityCache(timedelta(seconds=1))
    loaded = weakref.WeakSet[Kept]()

    def load(_: str) -> Kept:
        kept = Kept()
        loaded.add(kept)
        return kept

    for number in range(10):
        cache.get("token", f"{number}", load, now_ms=number)
    cache.get("token", "x", load, now_ms=900)
    cache.get("token", again, load, now_ms=1_950)
    gc.collect()

    assert len(loaded) == 1


class Kept:
    """Something that is remembered."""


# Declarations


@pytest.mark.parametrize("lag", [-1, 86_401, 1.5, True, "180", None, timedelta(seconds=180)])
def test_refuses_a_lag_that_cannot_be(lag: object) -> None:
    """A lag is a whole number of seconds, a day at most."""
    with pytest.raises(ConfigurationError) as caught:
        frozen_edge().organization("globex", revocation_lag=lag)

    assert str(caught.value) == f"revocation_lag takes whole seconds from 0 to 86400, not {lag!r}."
