"""Later behaviour of UAA that can be switched on, and MFA by a generated secret (sso.md section 5)."""

import base64
import re

import jwt
import pytest

from pytest_apigee.edge.message import Request
from pytest_apigee.edge.sso.signing_key import test_key as published_key
from tests.edge.sso_refusal_support import f1, f2, wire
from tests.edge.sso_support import (
    MFA_CODE,
    MFA_MOMENT,
    MFA_SECRET,
    answer,
    claims_of,
    edge_at_noon,
    header_of,
    log_in,
    password_form,
    refresh,
    token_request,
)

# How a missing or wrong MFA code is answered

REQUIRED = f2(400, "invalid_request", "A multi-factor authentication code is required to complete the request")
WRONG = f1("Bad credentials")


def mfa_edge(**guesses):
    edge = edge_at_noon(guesses=guesses)
    edge.clock.travel_to(MFA_MOMENT)
    edge.user("mfa@acme.example", password="pw", mfa_secret=MFA_SECRET)
    return edge


def log_in_with(edge, code, *, query=""):
    changes = {} if code is None else {"mfa_token": code}
    form = password_form(username="mfa@acme.example", password="pw", **changes)
    return answer(edge, token_request(form, query=query))


@pytest.mark.parametrize(
    ("code", "refusal"),
    [(None, REQUIRED), ("", REQUIRED), ("000000", WRONG), ("0", WRONG)],
    ids=["missing", "empty", "wrong", "short"],
)
def test_an_mfa_code_is_refused_as_by_later_uaa(code, refusal):
    """With `mfa_failure` as `uaa`, a missing code is 400 without challenge, and a wrong one 401."""
    assert wire(log_in_with(mfa_edge(mfa_failure="uaa"), code)) == refusal


def test_a_used_mfa_code_is_refused_as_by_later_uaa():
    """A code that was used is a wrong one."""
    edge = mfa_edge(mfa_failure="uaa")

    granted, refused = log_in_with(edge, MFA_CODE), log_in_with(edge, MFA_CODE)

    assert (granted.status, wire(refused)) == (200, WRONG)


def test_an_empty_code_in_the_query_leaves_that_of_the_form():
    """An empty `mfa_token` counts as absent wherever it comes."""
    assert log_in_with(mfa_edge(mfa_failure="uaa"), MFA_CODE, query="?mfa_token=").status == 200


def test_a_generated_mfa_secret_works():
    """With `mfa=True` a user gets a base32 secret of 160 bits, whose code of the moment logs in."""
    edge = edge_at_noon()
    user = edge.user("new@acme.example", password="pw", mfa=True)
    form = password_form(username="new@acme.example", password="pw")

    refused = answer(edge, token_request(form))
    granted = answer(edge, token_request({**form, "mfa_token": edge.mfa_code(user)}))

    assert re.fullmatch("[A-Z2-7]{32}", user.mfa_secret)
    assert (refused.status, granted.status) == (401, 200)


def test_generated_mfa_secrets_differ():
    """Each user with `mfa=True` has a secret of their own."""
    edge = edge_at_noon()

    assert len({edge.user(mfa=True).mfa_secret for _ in range(2)}) == 2


@pytest.mark.parametrize("mfa", [True, False])
def test_a_given_mfa_secret_turns_mfa_on(mfa):
    """A secret that was given is the user's, with or without `mfa=True`."""
    assert edge_at_noon().user(mfa=mfa, mfa_secret=MFA_SECRET).mfa_secret == MFA_SECRET


# The guess `refresh_rotation`


@pytest.fixture
def rotating_edge():
    return edge_at_noon(guesses={"refresh_rotation": True})


def test_a_refresh_may_give_a_new_refresh_token(rotating_edge):
    """With `refresh_rotation` a refresh gives a new refresh token, with a time of its own."""
    token = log_in(rotating_edge)["refresh_token"]
    rotating_edge.clock.advance(days=1)

    renewed = answer(rotating_edge, refresh(token)).json()["refresh_token"]

    old, new = claims_of(token), claims_of(renewed)
    assert list(old) == list(new)
    assert new["jti"] != old["jti"]
    assert (new["iat"] - old["iat"], new["exp"] - old["exp"]) == (86400, 86400)


def test_the_new_refresh_token_is_good(rotating_edge):
    """The refresh token of a refresh can be used in its turn, beyond the life of the first."""
    token = log_in(rotating_edge)["refresh_token"]
    for _ in range(3):
        rotating_edge.clock.advance(days=20)
        token = answer(rotating_edge, refresh(token)).json()["refresh_token"]

    assert answer(rotating_edge, refresh(token)).status == 200


def test_a_rotated_refresh_token_keeps_the_scopes(rotating_edge):
    """The new refresh token has the scopes that were granted."""
    token = log_in(rotating_edge, scope="openid scim.me")["refresh_token"]

    renewed = answer(rotating_edge, refresh(token)).json()["refresh_token"]

    assert claims_of(renewed)["scope"] == ["openid", "scim.me"]


# The guess `uaa_generation`


@pytest.mark.parametrize("token", ["access_token", "refresh_token"])
def test_the_header_of_a_jwt_in_later_uaa(token):
    """With `uaa_generation` 4 the JWT header holds `alg`, `kid` and `typ`, in this order."""
    header = header_of(log_in(edge_at_noon(guesses={"uaa_generation": "4"}))[token])

    decoded = base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))
    assert decoded == b'{"alg":"RS256","kid":"legacy-token-key","typ":"JWT"}'


@pytest.mark.parametrize("token", ["access_token", "refresh_token"])
def test_the_claims_of_a_jwt_in_later_uaa(token):
    """The generation changes the header of a JWT and nothing of its claims."""
    sent = log_in(edge_at_noon(guesses={"uaa_generation": "4"}))[token]

    claims = jwt.decode(
        sent, published_key().public_key(), algorithms=["RS256"], audience="edgecli", options={"verify_exp": False}
    )
    assert list(claims) == list(claims_of(log_in(edge_at_noon())[token]))


def test_a_jwt_of_later_uaa_is_taken():
    """Tokens of the later generation are taken and renewed like the others."""
    edge = edge_at_noon(guesses={"uaa_generation": "4"})
    tokens = log_in(edge)
    url = "https://api.enterprise.apigee.com/v1/o/acme"
    ask = Request(url=url, headers={"Authorization": f"Bearer {tokens['access_token']}"})

    assert answer(edge, refresh(tokens["refresh_token"])).status == 200
    assert answer(edge, ask).status == 200


# Commas in `scope`


@pytest.mark.parametrize("scope", ["openid,scim.me", "openid, scim.me", ",openid,,scim.me,", "openid\tscim.me,openid"])
def test_commas_separate_scopes(scope):
    """Scopes are separated by blanks or, as UAA takes them too, by commas."""
    assert log_in(edge_at_noon(), scope=scope)["scope"] == "openid scim.me"


@pytest.mark.parametrize("scope", ["scim.me,openid", "scim.me openid"])
def test_commas_separate_the_scopes_of_a_refresh(scope):
    """A refresh takes commas, too."""
    edge = edge_at_noon()
    form = {"grant_type": "refresh_token", "refresh_token": log_in(edge)["refresh_token"], "scope": scope}

    assert answer(edge, token_request(form)).json()["scope"] == "scim.me openid"
