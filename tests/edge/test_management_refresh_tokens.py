"""OAuth 2.0 refresh tokens at the management API (management.md 3.1, 7)."""

from datetime import timedelta

import pytest

from pytest_apigee.policies import GenerateAccessToken
from tests.edge.grant_support import post, serve, tokens
from tests.edge.management_token_support import (
    NO_CONTENT,
    REFRESH_TOKENS,
    call,
    error,
    granted,
    of_json,
    reason_of,
    refresh,
    token_edge,
    told,
    used,
)

UNKNOWN = "nobody-has-this-token"
REFRESH_UNKNOWN = error(404, "keymanagement.service.invalid_refresh_token", "Invalid Refresh Token")


@pytest.mark.parametrize(("status", "expected"), [(204, NO_CONTENT), (200, of_json(200, "{ }"))])
def test_revokes_and_approves_a_refresh_token(status: int, expected) -> None:
    """A refresh token is revoked and approved for the gateway; the answer is a guess, `mgmt_refresh_action_status`."""
    edge, _ = token_edge(guesses={"mgmt_refresh_action_status": status})
    sent = granted(edge)
    path = f"{REFRESH_TOKENS}/{sent['refresh_token']}"

    revoked = told(call(edge, "POST", f"{path}?action=revoke&cascade=true"))
    refused = refresh(edge, sent["refresh_token"])
    approved = told(call(edge, "POST", f"{path}?action=approve"))

    assert (revoked, approved) == (expected, expected)
    assert refused[0] != 200
    assert used(edge, sent["access_token"])[0] == 200
    assert refresh(edge, sent["refresh_token"])[0] == 200


@pytest.mark.parametrize("days", [3, 4])
def test_forgets_a_refresh_token(days: int) -> None:
    """A refresh token that lasts an hour is unknown three days after it expired."""
    edge, _ = token_edge()
    settings = {"supported_grant_types": ["password"], "refresh_token_expires_in": timedelta(hours=1)}
    url = serve(edge, "/token", GenerateAccessToken(name="generate", generate_response=True, **settings))
    sent = tokens(edge, post(url, grant_type="password", username="ada", password="x"))
    edge.clock.advance(days=days)

    response = told(call(edge, "POST", f"{REFRESH_TOKENS}/{sent['refresh_token']}?action=approve"))
    assert response == (NO_CONTENT if days == 3 else REFRESH_UNKNOWN)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("access_token", "this is an access token, not a refresh token"),
        ("unknown", "no such refresh token was issued (client_credentials gives none)"),
    ],
)
def test_says_why_a_refresh_token_is_unknown(kind: str, reason: str) -> None:
    """The tester is told where an access token stands for a refresh token."""
    edge, _ = token_edge()
    value = {"unknown": UNKNOWN, **granted(edge)}[kind]

    assert told(call(edge, "POST", f"{REFRESH_TOKENS}/{value}?action=revoke")) == REFRESH_UNKNOWN
    assert reason_of(edge) == reason


def test_refresh_tokens_are_not_shown() -> None:
    """Nothing but POST is documented of refresh tokens."""
    edge, _ = token_edge()
    refresh_token = granted(edge)["refresh_token"]

    assert call(edge, "GET", f"{REFRESH_TOKENS}/{refresh_token}").status == 405
