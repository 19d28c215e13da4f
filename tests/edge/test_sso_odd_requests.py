"""Requests to the SSO that no usual client sends, and what comes of them."""

import jwt
import pytest
import requests

from pytest_apigee import fake_edge
from pytest_apigee.edge.message import Request
from pytest_apigee.edge.sso.mint import MintedJwt
from pytest_apigee.edge.sso.signing_key import test_key as published_key
from pytest_apigee.edge.sso.totp import code_at
from tests.edge.sso_refusal_support import basic, f2, wire
from tests.edge.sso_support import (
    EDGECLI,
    EMAIL,
    FORM,
    NOON_S,
    PASSWORD,
    answer,
    claims_of,
    edge_at_noon,
    log_in,
    password_form,
    payload_of,
    token_request,
)

ORGANIZATION = "https://api.enterprise.apigee.com/v1/o/acme"


@pytest.fixture
def edge():
    return edge_at_noon()


def bearer(token, url=ORGANIZATION):
    return Request(url=url, headers={"Authorization": f"Bearer {token}"})


def test_a_long_token_is_answered_through_the_door() -> None:
    """However long a token is, its challenge stays short enough for clients to read; the body names it whole."""
    with fake_edge() as edge:
        form = {"grant_type": "refresh_token", "refresh_token": "x" * 200_000}
        response = requests.post(f"{edge.login_url}/oauth/token", data=form, auth=("edgecli", "edgeclisecret"))

    assert response.status_code == 401
    assert len(response.headers["WWW-Authenticate"]) == 8_000
    assert response.json()["error_description"] == f"Invalid token (could not decode): {'x' * 200_000}"


DEEP = ["x"]
for _ in range(600):
    DEEP = [DEEP]
FORGED = {
    "late": {"exp": 10**30},
    "nbf": {"nbf": 10**30},
    "float": {"nbf": 1.5},
    "map": {"al": {}},
    "deep": {"al": DEEP},
}


@pytest.mark.parametrize("claims", FORGED.values(), ids=FORGED)
@pytest.mark.parametrize("url", [ORGANIZATION, "https://login.apigee.com/userinfo"])
def test_claims_that_edge_never_issues_are_refused(edge, claims, url):
    """A JWT that somebody signed with the published key, with claims of other kinds, does not decode."""
    forged = {**claims_of(log_in(edge)["access_token"]), **claims}

    response = answer(edge, bearer(jwt.encode(forged, published_key(), algorithm="RS256"), url))

    assert response.status == 401
    assert edge.calls.last.reason == "a token with claims of a kind that Edge never issues"


@pytest.mark.parametrize("path", ["/oauth/token", "/check_token"])
def test_a_get_has_no_form(path):
    """A GET is served from the query alone, whatever body it comes with."""
    edge = edge_at_noon(guesses={"check_token_by_edgecli": True})
    body = f"grant_type=password&username={EMAIL}&password=correct+horse&token={log_in(edge)['access_token']}"
    headers = {"Authorization": EDGECLI, "Content-Type": FORM}

    response = answer(edge, Request(url=f"https://login.apigee.com{path}", headers=headers, body=body))

    assert response.status == 400


def test_a_body_that_is_no_form_is_named(edge):
    """The journal says why the grant type of a JSON body is missing."""
    request = token_request(b'{"grant_type":"password"}', content_type="application/json")

    response = answer(edge, request)

    assert wire(response) == f2(400, "invalid_request", "Missing grant type")
    assert edge.calls.last.reason == "the body was not read, for its Content-Type is not form-encoded"


@pytest.mark.parametrize("grant", ["client_credentials", "authorization_code", "implicit"])
def test_a_grant_that_is_switched_on_is_not_modelled(grant):
    """A grant that the switch allows, and the fake does not model, is 501 and no refresh."""
    edge = edge_at_noon(guesses={"edgecli_grants": f"password {grant}"})
    token = log_in(edge)["refresh_token"]

    response = answer(edge, token_request({"grant_type": grant, "refresh_token": token}))

    assert response.status == 501
    assert response.text == f"pytest-apigee does not model the grant {grant} of login.apigee.com.\n"
    assert [grievance.kind for grievance in edge.take_grievances()] == ["not_modelled"]


@pytest.mark.parametrize(("late", "status"), [(-60, 401), (-30, 200), (0, 200), (30, 200), (60, 401)])
def test_an_mfa_code_may_be_one_step_off(edge, late, status):
    """By default a code of the step before or after is taken, so that none fails at the turn of a step."""
    ops = edge.user("mfa@acme.example", password=PASSWORD, mfa=True)
    code = code_at(ops.mfa_secret, (NOON_S - late) * 1_000)

    response = answer(edge, token_request(password_form(username=ops.email, mfa_token=code)))

    assert response.status == status


@pytest.mark.parametrize("password", ["?", "\ufffd"])
def test_another_password_is_not_the_same(edge, password):
    """A password that only looks alike once it is encoded is another one."""
    ada = edge.user("ada@acme.example", password="\udc80")

    response = answer(edge, Request(url=ORGANIZATION, headers={"Authorization": basic(f"{ada.email}:{password}")}))

    assert response.status == 401


def test_a_jwt_holds_text_as_jackson_writes_it(edge):
    """Text beyond ASCII stands in a JWT as it is, in UTF-8."""
    ada = edge.user("ädä@acme.example", password=PASSWORD)

    token = log_in(edge, username=ada.email)["access_token"]

    assert '"user_name":"ädä@acme.example"'.encode() in payload_of(token)
    assert answer(edge, bearer(token)).status == 200


@pytest.mark.parametrize("status", ["locked", "unverified", "password_expired"])
@pytest.mark.parametrize(("guesses", "answered"), [({}, 401), ({"basic_takes_unusable_accounts": True}, 200)])
def test_basic_looks_at_the_account(status, guesses, answered):
    """An account that may not log in may not come by Basic, unless that is switched."""
    edge = edge_at_noon(guesses=guesses)
    ada = edge.user("ada@acme.example", password=PASSWORD, status=status)

    response = answer(edge, Request(url=ORGANIZATION, headers={"Authorization": basic(f"{ada.email}:{PASSWORD}")}))

    assert response.status == answered


def test_what_is_minted_shows_no_token() -> None:
    """A JWT on its way to a test is hidden in its repr."""
    assert repr(MintedJwt(value="secret", expires_at_ms=1, scopes=())) == "MintedJwt(expires_at_ms=1, scopes=())"
