"""The factories of the SSO's JWTs: what the tokens claim, whose they are and how long they last."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pytest_apigee import ConfigurationError, FakeEdge, Token, TokenFactory, User
from tests.edge.gateway_support import frozen_edge
from tests.edge.sso_support import NOON_S, claims_of, edge_at_noon, log_in
from tests.sso_factory_support import NOW_S, at_management, at_userinfo, each_era, each_kind, factory, is_taken

HOUR_S = 3_600
LIFETIMES = {  # sso.md 2.1
    ("current", "sso"): 43_200,
    ("current", "sso_refresh"): 2_592_000,
    ("2016", "sso"): 1_800,
    ("2016", "sso_refresh"): 84_600,
}
ORDERS = {  # sso.md 2.2
    "sso": "jti sub scope client_id cid azp grant_type user_id origin user_name email auth_time al rev_sig iat exp iss "
    "zid aud",
    "sso_refresh": "jti sub scope iat exp cid client_id iss zid grant_type user_name origin user_id al rev_sig aud",
}


@pytest.fixture
def edge() -> FakeEdge:
    return frozen_edge()


def times(token: Token) -> tuple[object, ...]:
    """Return when a token was issued, is valid from and expires, in seconds."""
    claims = claims_of(token.value)
    return claims["iat"], claims.get("nbf"), claims["exp"]


# Claims


@each_kind
@each_era
def test_claims_what_edge_claims_in_its_order(era: str, kind: str) -> None:
    """The claims of a token come in the order of the real ones (sso.md 2.2), in both eras."""
    token = factory(frozen_edge(era=era), kind)()

    assert list(claims_of(token.value)) == ORDERS[kind].split()


@each_era
@pytest.mark.parametrize(("kind", "field"), [("sso", "access_token"), ("sso_refresh", "refresh_token")])
def test_is_the_token_that_a_login_gives(era: str, kind: str, field: str) -> None:
    """A token that was made claims what one from a login at the same time claims, but for its own id."""
    edge = edge_at_noon(era=era)
    user = edge.find_user("ops@acme.example")

    made, given = claims_of(factory(edge, kind)(user).value), claims_of(log_in(edge)[field])

    assert made.pop("jti") != given.pop("jti")
    assert list(made.items()) == list(given.items())
    assert made["iat"] == NOON_S


@each_kind
@each_era
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda mint: mint(), lambda lifetime: (NOW_S, None, NOW_S + lifetime)),
        (lambda mint: mint.revoked(), lambda lifetime: (NOW_S, None, NOW_S + lifetime)),
        (lambda mint: mint.flawed("wrong_audience"), lambda lifetime: (NOW_S, None, NOW_S + lifetime)),
        (lambda mint: mint.expired(), lambda lifetime: (NOW_S - HOUR_S - lifetime, None, NOW_S - HOUR_S)),
        (lambda mint: mint.expired(timedelta()), lambda lifetime: (NOW_S - lifetime, None, NOW_S)),
        (
            lambda mint: mint.expired(timedelta(milliseconds=1)),
            lambda lifetime: (NOW_S - lifetime, None, NOW_S),
        ),
        (
            lambda mint: mint.expiring_in(timedelta(minutes=5)),
            lambda lifetime: (NOW_S + 301 - lifetime, None, NOW_S + 301),
        ),
        (
            lambda mint: mint.expiring_in(timedelta(seconds=1, milliseconds=999)),
            lambda lifetime: (NOW_S + 3 - lifetime, None, NOW_S + 3),
        ),
        (lambda mint: mint.expiring_in(timedelta(days=60)), lambda _: (NOW_S, None, NOW_S + 60 * 24 * HOUR_S + 1)),
        (lambda mint: mint.not_yet_valid(), lambda lifetime: (NOW_S, NOW_S + HOUR_S, NOW_S + HOUR_S + lifetime)),
        (
            lambda mint: mint.not_yet_valid(timedelta(seconds=1)),
            lambda lifetime: (NOW_S, NOW_S + 1, NOW_S + 1 + lifetime),
        ),
    ],
    ids=[
        *("call", "revoked", "flawed", "expired", "expired just now", "expired a moment ago", "expiring_in"),
        *("expiring_in, rounded up", "expiring_in far", "not_yet_valid", "not_yet_valid soon"),
    ],
)
def test_lasts_as_long_as_in_its_era(era: str, kind: str, make, expected) -> None:
    """Unless it ends later, a token lasts as long as one of its era, in whole seconds, and never less than asked."""
    token = make(factory(frozen_edge(era=era), kind))

    assert times(token) == expected(LIFETIMES[era, kind])
    assert token.expires_at == datetime.fromtimestamp(claims_of(token.value)["exp"], UTC)


@each_era
def test_was_logged_in_for_when_it_was_issued(era: str) -> None:
    """`auth_time` is `iat`, of an expired token too."""
    claims = claims_of(TokenFactory(frozen_edge(era=era)).sso.expired().value)

    assert claims["auth_time"] == claims["iat"]


@each_era
def test_writes_the_answer_to_an_earlier_login(era: str) -> None:
    """`login_answer` gives the body of a token answer, with tokens of the age that was asked for, without a login."""
    edge = edge_at_noon(era=era)
    body = json.loads(edge.login_answer(edge.find_user("ops@acme.example"), ago=timedelta(hours=1)))
    given = log_in(edge)
    spans = [(claims["iat"], claims["exp"]) for claims in map(claims_of, (body["access_token"], body["refresh_token"]))]

    issued = NOON_S - HOUR_S
    assert spans == [(issued, issued + LIFETIMES[era, kind]) for kind in ("sso", "sso_refresh")]
    assert edge.calls.sso.only.issued_token == given["access_token"]
    assert list(body) == list(given)
    assert {name: body[name] for name in ("token_type", "expires_in", "scope")} == {
        name: given[name] for name in ("token_type", "expires_in", "scope")
    }


# Users


@pytest.mark.parametrize(
    "make",
    [
        lambda mint, user, _: mint.sso(user),
        lambda mint, user, _: mint.sso.for_user(user)(),
        lambda mint, user, _: mint.for_user(user)(),
        lambda mint, user, other: mint.sso.for_user(other)(user),
        lambda mint, user, other: mint.for_user(other).for_user(user)(),
        lambda mint, user, _: mint.for_user(user).with_scope("scim.me").expired(),
        lambda mint, user, _: mint.sso_refresh(user),
        lambda mint, user, _: mint.sso_refresh.for_user(user).revoked(),
        lambda mint, user, _: mint.sso_refresh.for_user(user).flawed("wrong_issuer"),
    ],
)
def test_makes_tokens_of_a_user(edge: FakeEdge, make: Callable[[TokenFactory, User, User], Token]) -> None:
    """The user who is named last is whose token it is; their e-mail is in lower case."""
    user, other = edge.user("Ops@acme.example"), edge.user()
    claims = claims_of(make(TokenFactory(edge), user, other).value)

    assert (claims["user_id"], claims["user_name"]) == (user.user_id, "ops@acme.example")


@each_kind
def test_makes_tokens_of_the_default_user(edge: FakeEdge, kind: str) -> None:
    """Without a user, every token is of one and the same, an administrator of the default organization."""
    tokens = [factory(edge, kind)(), factory(edge, kind).expired()]

    assert {str(claims_of(token.value)["user_id"]) for token in tokens} == {edge.default_user.user_id}
    assert edge.default_user.roles == {"acme": ("orgadmin",)}
    assert edge.default_user is edge.find_user("apigee-user@acme.example")


def test_makes_tokens_of_the_zone_of_the_organization(edge: FakeEdge) -> None:
    """Where the default organization has SAML, the default user is one of its zone, and the zone is the issuer."""
    zone = edge.zone("acme-sso")
    token = TokenFactory(edge).sso()
    claims = claims_of(token.value)

    assert (claims["iss"], claims["zid"]) == ("https://acme-sso.login.apigee.com", zone.zone_id)
    assert [at_management(edge, token)[0], at_userinfo(edge, token, zone.url)[0], at_userinfo(edge, token)[0]] == [
        *(200, 200, 401),
    ]


@each_kind
def test_makes_tokens_of_the_user_as_they_are_now(edge: FakeEdge, kind: str) -> None:
    """A token is good although the test holds the user as they were before their password changed."""
    user = edge.user("ops@acme.example")
    mint = factory(edge, kind).for_user(user)
    edge.set_password("ops@acme.example", "another")

    assert is_taken(edge, kind, mint())


# Scopes


@each_kind
@pytest.mark.parametrize(
    ("scope", "scopes", "audience"),
    [
        ("scim.me", ("scim.me",), ["edgecli", "scim"]),
        ("uaa.admin  openid", ("uaa.admin", "openid"), ["edgecli", "uaa", "openid"]),
        ("scim.me scim.emails.read scim.me", ("scim.me", "scim.emails.read"), ["edgecli", "scim", "scim.emails"]),
        ("", (), ["edgecli"]),
    ],
)
def test_has_the_scopes_that_it_was_given(
    edge: FakeEdge, kind: str, scope: str, scopes: tuple[str, ...], audience: list[str]
) -> None:
    """A token has the scopes of `with_scope`, even those that no login gives, and the audience that follows."""
    token = factory(edge, kind).with_scope("openid").with_scope(scope)()
    claims = claims_of(token.value)

    assert token.scopes == scopes
    assert (claims["scope"], claims["aud"]) == (list(scopes), audience)


@each_era
def test_has_the_scopes_of_its_era(era: str) -> None:
    """Without `with_scope`, a token has the scopes that a login gives."""
    edge = edge_at_noon(era=era)

    assert " ".join(TokenFactory(edge).sso().scopes) == log_in(edge)["scope"]


# Mistakes

STRANGER = "The SSO user 'x@y.example' is not one of this fake Edge; it was declared in another one."


@each_kind
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda mint, _: mint("ops@acme.example"), "user takes a User, not str."),
        (lambda mint, _: mint.for_user("ops@acme.example"), "user takes a User, not str."),
        (lambda mint, stranger: mint(stranger), STRANGER),
        (lambda mint, stranger: mint.for_user(stranger), STRANGER),
        (lambda mint, _: mint.with_scope(7), "scope takes text, not int."),
        (lambda mint, _: mint.expired(3600), "ago takes a timedelta, not int."),
        (lambda mint, _: mint.expired(timedelta(-1)), "ago takes a span of time from now, not -1 day, 0:00:00."),
        (lambda mint, _: mint.expired(timedelta(36_501)), "ago takes at most 36500 days, not 36501 days, 0:00:00."),
        (lambda mint, _: mint.expiring_in(3600), "remaining takes a timedelta, not int."),
        (
            lambda mint, _: mint.expiring_in(timedelta(-1)),
            "remaining takes a span of time from now, not -1 day, 0:00:00.",
        ),
        (lambda mint, _: mint.not_yet_valid(3600), "before takes a timedelta, not int."),
        (
            lambda mint, _: mint.not_yet_valid(timedelta(-1)),
            "before takes a span of time from now, not -1 day, 0:00:00.",
        ),
        (lambda mint, _: mint.flawed(None), "flaw takes text, not NoneType."),
        (
            lambda mint, _: mint.flawed("tamperd"),
            (
                "Unknown flaw 'tamperd'. Allowed: alg_none, hs256, not_base64, tampered, truncated, unknown_key, "
                "wrong_audience, wrong_issuer, wrong_key. Did you mean 'tampered'?"
            ),
        ),
    ],
)
def test_names_a_mistake(edge: FakeEdge, kind: str, make, message: str) -> None:
    """What cannot be made is refused with what was allowed."""
    stranger = FakeEdge(seed=8).user("x@y.example")

    with pytest.raises(ConfigurationError) as raised:
        make(factory(edge, kind), stranger)

    assert str(raised.value) == message
