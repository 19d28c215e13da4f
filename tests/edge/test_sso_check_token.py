"""POST /check_token: what a resource server is told of a token (sso.md 2.3)."""

from urllib.parse import urlencode

import pytest

from pytest_apigee.edge.message import Request
from pytest_apigee.edge.sso.flaws import Flaw
from pytest_apigee.factories import TokenFactory
from tests.edge.sso_refusal_support import basic, f1, headers, wire, without_challenge
from tests.edge.sso_support import EMAIL, FORM, answer, claims_of, edge_at_noon

SERVER = basic("server:secret")
NOBODY = "An Authentication object was not found in the SecurityContext"
ORDER = [
    *("user_id", "user_name", "email", "client_id", "exp", "scope", "jti", "aud", "sub", "iss", "iat", "cid"),
    *("grant_type", "azp", "auth_time", "zid", "rev_sig", "origin", "al"),
]


@pytest.fixture
def edge():
    world = edge_at_noon()
    world.sso_client("server", client_secret="secret", authorities=["uaa.resource"])
    return world


@pytest.fixture
def token(edge):
    return str(TokenFactory(edge).sso(edge.find_user(EMAIL)))


def check(edge, authorization=SERVER, *, method="POST", host="login.apigee.com", **form):
    sent = {"Content-Type": FORM} | ({} if authorization is None else {"Authorization": authorization})
    url, body = f"https://{host}/check_token", urlencode(form)
    if method == "GET":
        return answer(edge, Request(url=f"{url}?{body}", headers=sent))
    return answer(edge, Request(method=method, url=url, headers=sent, body=body))


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_tells_the_claims(edge, token, method):
    """A client with the authority `uaa.resource` is told all claims, in UAA's order."""
    response = check(edge, method=method, token=token)

    assert (response.status, list(response.headers)) == (200, headers())
    assert response.json() == claims_of(token)
    assert list(response.json()) == ORDER
    assert response.body.startswith(b'{"user_id":"')
    assert b": " not in response.body


@pytest.mark.parametrize("scopes", ["", "openid", "OPENID,scim.me", ","])
def test_finds_the_scopes_asked_for(edge, token, scopes):
    """Scopes that the token has, in any letter case, change nothing."""
    assert check(edge, token=token, scopes=scopes).status == 200


def test_tells_which_scopes_are_missing(edge, token):
    """Scopes that the token lacks are named."""
    refusal = without_challenge(400, "invalid_scope", "Some requested scopes are missing: a,b")

    assert wire(check(edge, token=token, scopes="a,openid,b")) == refusal


NO_CLIENT = {
    "none": (None, {}),
    "bearer": ("Bearer x", {}),
    "form": (None, {"client_id": "server", "client_secret": "secret"}),
}


@pytest.mark.parametrize(("authorization", "form"), NO_CLIENT.values(), ids=NO_CLIENT)
def test_needs_a_basic_header(edge, token, authorization, form):
    """Only a Basic header authenticates the client here."""
    assert wire(check(edge, authorization, token=token, **form)) == f1(NOBODY)
    assert edge.calls.last.reason == "no client authenticated by a Basic header"


def test_refuses_a_wrong_secret(edge, token):
    """A wrong client secret is refused as everywhere."""
    assert wire(check(edge, basic("server:wrong"), token=token)) == f1("Bad credentials")


def test_refuses_a_client_without_authority(edge, token):
    """`edgecli`, which lacks the authority, is refused."""
    refusal = without_challenge(403, "access_denied", "Access is denied")

    assert wire(check(edge, basic("edgecli:edgeclisecret"), token=token)) == refusal
    assert edge.calls.last.reason == "the SSO client edgecli lacks the authority uaa.resource"


def test_edgecli_may_be_switched_on():
    """Whether `edgecli` may ask is a guess."""
    edge = edge_at_noon(guesses={"check_token_by_edgecli": True})

    assert check(edge, basic("edgecli:edgeclisecret"), token=str(TokenFactory(edge).sso())).status == 200


FORGED = "a token that does not decode (its signature is not the fake's)"
CHANGED = "the user apigee-user@acme.example or the client edgecli changed after the token was issued (rev_sig differs)"
BAD = {
    "absent": (
        lambda mint: {},
        "Invalid token (could not decode): ",
        "a token that does not decode (not a JWT)",
    ),
    "garbage": (
        lambda mint: {"token": "x.y"},
        "Invalid token (could not decode): x.y",
        "a token that does not decode (not a JWT)",
    ),
    "expired": (
        lambda mint: {"token": mint.sso.expired()},
        "Token has expired",
        "the token expired 1:00:00 ago",
    ),
    "not-yet-valid": (
        lambda mint: {"token": mint.sso.not_yet_valid()},
        "Token has expired",
        "the token is not valid before 1:00:00 from now",
    ),
    "revoked": (
        lambda mint: {"token": mint.sso.revoked()},
        "{token}",
        CHANGED,
    ),
    "refresh": (
        lambda mint: {"token": mint.sso_refresh()},
        "Invalid token (could not decode): {token}",
        "a refresh token where an access token belongs",
    ),
    "issuer": (
        lambda mint: {"token": mint.sso.flawed(Flaw.WRONG_ISSUER)},
        "Invalid issuer for token:https://login.other.example",
        "a token of another issuer or zone than https://login.apigee.com",
    ),
    "key": (
        lambda mint: {"token": mint.sso.flawed(Flaw.WRONG_KEY)},
        "Invalid token (could not decode): {token}",
        FORGED,
    ),
    "app": (
        lambda mint: {"token": mint()},
        "Invalid token (could not decode): {token}",
        "a token that does not decode (not a JWT)",
    ),
}


@pytest.mark.parametrize(("make", "text", "reason"), BAD.values(), ids=BAD)
def test_refuses_a_bad_token(edge, make, text, reason):
    """A token that is not good is 400 `invalid_token`, without a challenge."""
    form = {name: str(value) for name, value in make(TokenFactory(edge)).items()}

    response = check(edge, **form)

    assert wire(response) == without_challenge(400, "invalid_token", text.format(**form))
    assert (edge.calls.last.was_refused, edge.calls.last.reason) == (True, reason)


def test_a_zone_knows_its_own_tokens_alone(edge, token):
    """A token of login.apigee.com is one of another issuer to a zone."""
    edge.zone("acme")

    response = check(edge, host="acme.login.apigee.com", token=token)

    assert wire(response) == without_challenge(
        400, "invalid_token", "Invalid issuer for token:https://login.apigee.com"
    )


def test_a_refresh_token_may_be_switched_on():
    """Whether a refresh token passes for an access token is a guess."""
    edge = edge_at_noon(guesses={"refresh_token_as_bearer": True, "check_token_by_edgecli": True})

    response = check(edge, basic("edgecli:edgeclisecret"), token=str(TokenFactory(edge).sso_refresh()))

    assert response.json()["jti"].endswith("-r")
