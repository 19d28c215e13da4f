"""What voids the tokens of before: a new password, a revocation, an inactive user (sso.md 2.2, `rev_sig`)."""

import pytest

from pytest_apigee.edge.message import Request
from tests.edge.sso_refusal_support import f2, wire
from tests.edge.sso_support import EMAIL, answer, edge_at_noon, log_in, refresh

VOIDING = {
    "set_password": lambda edge, user: edge.set_password(EMAIL, "battery staple"),
    "revoke_tokens_of": lambda edge, user: edge.revoke_tokens_of(user),
    "inactive": lambda edge, user: edge.set_user_status(user, "inactive"),
}
CHANGED = "the user ops@acme.example or the client edgecli changed after the token was issued (rev_sig differs)"
WHY = {
    "set_password": CHANGED,
    "revoke_tokens_of": CHANGED,
    "inactive": "the SSO user ops@acme.example is inactive",
}


@pytest.mark.parametrize("void", VOIDING)
def test_a_refresh_token_is_void(void):
    """A change of the password, a revocation and an inactive user void the refresh tokens of before."""
    edge = edge_at_noon()
    token = log_in(edge)["refresh_token"]

    VOIDING[void](edge, edge.find_user(EMAIL))

    assert wire(answer(edge, refresh(token))) == f2(401, "invalid_token", token)
    assert edge.calls.last.reason == WHY[void]


@pytest.mark.parametrize("void", VOIDING)
def test_an_access_token_is_void(void):
    """The management API refuses the access tokens of before, too."""
    edge = edge_at_noon()
    token = log_in(edge)["access_token"]

    VOIDING[void](edge, edge.find_user(EMAIL))

    url = "https://api.enterprise.apigee.com/v1/o/acme"
    refused = answer(edge, Request(url=url, headers={"Authorization": f"Bearer {token}"}))
    assert (refused.status, edge.calls.last.reason) == (401, WHY[void])


def test_a_revocation_leaves_the_password_good():
    """After a revocation the user logs in again, and the new tokens are good."""
    edge = edge_at_noon()
    edge.revoke_tokens_of(edge.find_user(EMAIL))

    assert answer(edge, refresh(log_in(edge)["refresh_token"])).status == 200


def test_a_revocation_leaves_others_alone():
    """The tokens of other users stay good."""
    edge = edge_at_noon()
    token = log_in(edge)["refresh_token"]

    edge.revoke_tokens_of(edge.user())

    assert answer(edge, refresh(token)).status == 200
