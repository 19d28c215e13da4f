"""What Edge makes of the SSO tokens of the factories: the good ones, and every bad one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pytest_apigee import FakeEdge, SsoTokenFactory, Token, TokenFactory
from tests.edge.gateway_support import frozen_edge
from tests.edge.sso_refusal_support import f2, headers, without_challenge
from tests.edge.sso_support import answer, refresh
from tests.sso_factory_support import (
    NOW_S,
    at_management,
    at_token_endpoint,
    at_userinfo,
    each_era,
    each_kind,
    factory,
    is_taken,
)

UNDECODABLE = "Invalid token (could not decode): {token}"
EXPIRED = "Invalid {kind} token (expired): {token} expired at {at}"
BAD: dict[str, tuple[Callable[[SsoTokenFactory], Token], str]] = {  # each with what Edge says of it
    "expired": (lambda mint: mint.expired(), EXPIRED),
    "not_yet_valid": (lambda mint: mint.not_yet_valid(timedelta(seconds=1)), EXPIRED),
    "revoked": (lambda mint: mint.revoked(), "{token}"),
    "tampered": (lambda mint: mint.flawed("tampered"), UNDECODABLE),
    "wrong_key": (lambda mint: mint.flawed("wrong_key"), UNDECODABLE),
    "unknown_key": (lambda mint: mint.flawed("unknown_key"), UNDECODABLE),
    "alg_none": (lambda mint: mint.flawed("alg_none"), UNDECODABLE),
    "hs256": (lambda mint: mint.flawed("hs256"), UNDECODABLE),
    "wrong_issuer": (lambda mint: mint.flawed("wrong_issuer"), "Invalid issuer for token:https://login.other.example"),
    "truncated": (lambda mint: mint.flawed("truncated"), UNDECODABLE),
    "not_base64": (lambda mint: mint.flawed("not_base64"), UNDECODABLE),
}
GOOD: dict[str, Callable[[SsoTokenFactory], Token]] = {
    "call": lambda mint: mint(),
    "expiring_in": lambda mint: mint.expiring_in(timedelta(seconds=1)),
}

each_bad = pytest.mark.parametrize(("make", "text"), BAD.values(), ids=BAD)
each_good = pytest.mark.parametrize("make", GOOD.values(), ids=GOOD)


@pytest.fixture
def edge() -> FakeEdge:
    return frozen_edge()


def text_for(token: Token, kind: str, text: str) -> str:
    """Return what Edge says of a token."""
    return text.format(kind=kind, token=token, at=f"{token.expires_at:%a %b %d %H:%M:%S UTC %Y}")


@each_good
def test_opens_what_a_login_opens(edge: FakeEdge, make: Callable[[SsoTokenFactory], Token]) -> None:
    """A good access token is taken by the management API and by /userinfo."""
    token = make(TokenFactory(edge).sso)

    assert (at_management(edge, token)[0], at_userinfo(edge, token)[0]) == (200, 200)


@each_good
def test_renews_what_a_login_renews(edge: FakeEdge, make: Callable[[SsoTokenFactory], Token]) -> None:
    """A good refresh token comes back with a new access token."""
    token = make(TokenFactory(edge).sso_refresh)

    body = answer(edge, refresh(token.value)).json()

    assert body["refresh_token"] == token.value
    assert body["expires_in"] == 43_199


@each_bad
def test_opens_nothing_with_a_bad_token(edge: FakeEdge, make, text: str) -> None:
    """The management API refuses every bad access token by the same 401."""
    challenge = ("WWW-Authenticate", 'Bearer realm="usergrid", error="invalid_token"')

    assert at_management(edge, make(TokenFactory(edge).sso)) == (401, [challenge], b"")


def test_opens_nothing_with_a_token_for_somebody_else(edge: FakeEdge) -> None:
    """The management API refuses an audience without the client; /userinfo says that it is not among it."""
    token = TokenFactory(edge).sso.flawed("wrong_audience")
    expected = without_challenge(403, "access_denied", "Invalid token does not contain resource id (openid)")

    assert at_management(edge, token)[0] == 401
    assert at_userinfo(edge, token) == expected


@each_bad
def test_tells_nothing_for_a_bad_token(edge: FakeEdge, make, text: str) -> None:
    """/userinfo refuses every bad access token and says why."""
    token = make(TokenFactory(edge).sso)
    why = text_for(token, "access", text)
    challenge = f'Bearer realm="UAA/oauth", error="invalid_token", error_description="{why}"'
    body = f'{{"error":"invalid_token","error_description":"{why}"}}'

    assert at_userinfo(edge, token) == (401, headers(challenge), body.encode())


@each_bad
def test_renews_nothing_for_a_bad_token(edge: FakeEdge, make, text: str) -> None:
    """The token endpoint refuses every bad refresh token and says why."""
    token = make(TokenFactory(edge).sso_refresh)

    assert at_token_endpoint(edge, token) == f2(401, "invalid_token", text_for(token, "refresh", text))


def test_renews_whatever_the_audience(edge: FakeEdge) -> None:
    """The sheet has no row for the audience of a refresh token: its client alone counts."""
    token = TokenFactory(edge).sso_refresh.flawed("wrong_audience")

    assert at_token_endpoint(edge, token)[0] == 200


@each_kind
@each_era
def test_is_good_until_the_instant_of_its_expiry(era: str, kind: str) -> None:
    """A token is refused from `expires_at` on, and taken a millisecond before."""
    edge = frozen_edge(era=era)
    token = factory(edge, kind)()
    taken = []
    for moment in (token.expires_at - timedelta(milliseconds=1), token.expires_at):
        edge.clock.travel_to(moment)
        taken.append(is_taken(edge, kind, token))

    assert taken == [True, False]


@each_kind
def test_is_good_from_the_instant_of_its_nbf(edge: FakeEdge, kind: str) -> None:
    """A token that is not yet valid is taken from its `nbf` on."""
    token = factory(edge, kind).not_yet_valid(timedelta(minutes=5))
    valid_at = datetime.fromtimestamp(NOW_S + 300, UTC)
    taken = []
    for moment in (valid_at - timedelta(milliseconds=1), valid_at):
        edge.clock.travel_to(moment)
        taken.append(is_taken(edge, kind, token))

    assert taken == [False, True]


def test_opens_nothing_beyond_its_scopes(edge: FakeEdge) -> None:
    """/userinfo refuses a token without `openid`, which the management API takes."""
    token = TokenFactory(edge).sso.with_scope("scim.me")()
    expected = without_challenge(403, "access_denied", "Invalid token does not contain resource id (openid)")

    assert at_userinfo(edge, token) == expected
    assert at_management(edge, token)[0] == 200


def test_renews_for_its_scopes_alone(edge: FakeEdge) -> None:
    """A refresh token with fewer scopes gets an access token with those."""
    token = TokenFactory(edge).sso_refresh.with_scope("openid scim.me")()

    assert answer(edge, refresh(token.value)).json()["scope"] == "openid scim.me"
