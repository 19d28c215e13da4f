"""What is checked of a JWT that comes as a bearer token: audience, time, kind, zone and client."""

import jwt
import pytest

from pytest_apigee.edge.message import Request
from pytest_apigee.edge.sso.signing_key import test_key as published_key
from tests.edge.sso_refusal_support import basic, f2, wire
from tests.edge.sso_support import (
    NOON_S,
    answer,
    claims_of,
    edge_at_noon,
    log_in,
    password_form,
    refresh,
    token_request,
)

REFUSED = (401, [("WWW-Authenticate", 'Bearer realm="usergrid", error="invalid_token"')], b"")


def signed(edge, **changes):
    """Return an access token as somebody may sign it with the published key."""
    claims = {**claims_of(log_in(edge)["access_token"]), **changes}
    return jwt.encode(claims, published_key(), algorithm="RS256", headers={"typ": None})


def ask(edge, token, url="https://api.enterprise.apigee.com/v1/o/acme"):
    return answer(edge, Request(url=url, headers={"Authorization": f"Bearer {token}"}))


@pytest.mark.parametrize("audience", [["other"], [], "edgecli", None])
def test_a_token_for_somebody_else_is_refused(audience):
    """The management API refuses a token whose `aud` is no list with its client."""
    edge = edge_at_noon()

    assert wire(ask(edge, signed(edge, aud=audience))) == REFUSED
    assert edge.calls.last.reason == "a token for another audience: `aud` lacks its client"


def test_a_token_for_somebody_else_is_taken_where_switched_off():
    """With the guess `refuses_wrong_audience` off, the audience is not looked at."""
    edge = edge_at_noon(guesses={"refuses_wrong_audience": False})

    assert ask(edge, signed(edge, aud=["other"])).status == 200


def test_a_token_whose_time_has_not_come_is_refused():
    """A token with `nbf` is refused until then."""
    edge = edge_at_noon()
    token = signed(edge, nbf=NOON_S + 60)

    refused = ask(edge, token)
    reason = edge.calls.last.reason
    edge.clock.advance(seconds=60)

    assert (wire(refused), reason) == (REFUSED, "the token is not valid before 0:01:00 from now")
    assert ask(edge, token).status == 200


def test_a_token_whose_time_has_not_come_is_taken_where_switched_off():
    """With the guess `refuses_not_before` off, `nbf` is not looked at."""
    edge = edge_at_noon(guesses={"refuses_not_before": False})

    assert ask(edge, signed(edge, nbf=NOON_S + 60)).status == 200


def test_a_refresh_token_is_taken_for_an_access_token_where_switched_on():
    """With the guess `refresh_token_as_bearer` a refresh token opens what an access token does."""
    edge = edge_at_noon(guesses={"refresh_token_as_bearer": True})

    assert ask(edge, log_in(edge)["refresh_token"]).status == 200


def zone_token(edge):
    edge.zone()
    edge.user("robot@acme.example", password="pw", zone="acme", machine=True)
    request = token_request(password_form(username="robot@acme.example", password="pw"))
    return answer(edge, request.with_url("https://acme.login.apigee.com/oauth/token")).json()["access_token"]


@pytest.mark.parametrize(("host", "status"), [("acme.login.apigee.com", 200), ("login.apigee.com", 401)])
def test_the_sso_takes_a_token_in_its_zone(host, status):
    """The SSO's own endpoints take a token at the zone that issued it, and nowhere else."""
    edge = edge_at_noon()

    assert ask(edge, zone_token(edge), f"https://{host}/userinfo").status == status


def test_an_expired_token_is_refused_by_the_sso():
    """The SSO's own endpoints look at the time, too."""
    edge = edge_at_noon()
    token = log_in(edge)["access_token"]
    edge.clock.advance(hours=12)

    assert ask(edge, token, "https://login.apigee.com/userinfo").status == 401


def test_a_client_checks_a_token_as_itself():
    """A client with the authority `uaa.resource` authenticates by its Basic header at `/check_token`."""
    edge = edge_at_noon()
    edge.sso_client("resource", client_secret="hush", authorities="uaa.resource")
    form = {"token": log_in(edge)["access_token"]}

    request = token_request(form, authorization=basic("resource:hush")).with_url("https://login.apigee.com/check_token")

    assert answer(edge, request).json()["client_id"] == "edgecli"


def test_a_revoked_client_has_no_tokens():
    """The revocation of a client voids its tokens; new ones are good."""
    edge = edge_at_noon()
    edge.sso_client("admin", client_secret="hush", scopes="uaa.admin")
    token = log_in(edge)["refresh_token"]
    admin = answer(edge, token_request(authorization=basic("admin:hush"))).json()["access_token"]

    done = ask(edge, admin, "https://login.apigee.com/oauth/token/revoke/client/edgecli")

    assert done.status == 200
    assert wire(answer(edge, refresh(token))) == f2(401, "invalid_token", token)
    assert answer(edge, refresh(log_in(edge)["refresh_token"])).status == 200
