"""Tokens that Edge forgets some days after they expired (runtime.md 4.5)."""

from datetime import timedelta

import pytest

from pytest_apigee import App, ConfigurationError, FakeEdge, Token, TokenFactory
from pytest_apigee.edge.organization import Organization
from pytest_apigee.policies import GenerateAccessToken
from tests.edge.gateway_support import EXPIRED, UNKNOWN_TOKEN, Answer, answer, app_request, bearer, frozen_edge, get
from tests.edge.grant_support import grant_edge, post, serve, tokens

MILLISECOND = timedelta(milliseconds=1)
FORGOTTEN = "a token that expired days ago, so that Edge forgot it, or one of another world"


def used(edge: FakeEdge, token: Token) -> Answer:
    """Return the answer to a call with a token."""
    return answer(edge, get(edge.find_proxy("weather").url, bearer(token)))


@pytest.mark.parametrize(
    ("guesses", "days"),
    [({}, 3), ({"purge_after_days": 1}, 1), ({"purge_after_days": 0}, 0)],
    ids=["usual", "one day", "at once"],
)
def test_forgets_a_token_days_after_it_expired(guesses: dict[str, object], days: int) -> None:
    """An expired token is told as such for three days, or as the guess `purge_after_days` says; then it is unknown."""
    edge = frozen_edge(guesses=guesses)
    edge.proxy("/weather")
    token = TokenFactory(edge)()
    edge.clock.travel_to(token.expires_at + timedelta(days=days) - MILLISECOND)
    before = used(edge, token)
    edge.clock.advance(MILLISECOND)

    assert (before == EXPIRED) is (days > 0)
    assert used(edge, token) == UNKNOWN_TOKEN
    assert edge.calls.last.reason == FORGOTTEN


def test_forgets_a_revoked_token_too() -> None:
    """A token that was revoked is forgotten like the others, and cannot be revoked again."""
    edge = frozen_edge()
    edge.proxy("/weather")
    token, later = TokenFactory(edge)(), TokenFactory(edge)(lifetime=timedelta(days=9))
    edge.revoke(token)
    edge.clock.travel_to(token.expires_at + timedelta(days=3))

    assert used(edge, token) == UNKNOWN_TOKEN
    assert used(edge, later)[0] == 200
    with pytest.raises(ConfigurationError):
        edge.revoke(token)


@pytest.mark.parametrize("mint", ["proxy", "factory"])
def test_keeps_memory_flat(mint: str) -> None:
    """However many tokens are issued while time goes on, few are kept."""
    edge = frozen_edge()
    organization = edge.organization("globex", environments=["test"])
    app = edge.app(org="globex")
    kept = []
    for _ in range(300):
        issue(edge, organization, app, mint)
        edge.clock.advance(hours=1)
        kept.append(len(organization.tokens))

    assert max(kept) == 73  # each for an hour and three days
    assert edge.calls.total == (300 if mint == "proxy" else 0)


def issue(edge: FakeEdge, organization: Organization, app: App, mint: str) -> None:
    if mint == "factory":
        TokenFactory(edge)(app)
    else:
        request = app_request(edge, app)
        edge.handle(request.with_url(edge.token_url_for(organization.name)))


def test_keeps_a_token_while_its_refresh_token_is_good() -> None:
    """A token is forgotten days after it and its refresh token expired: till then it is an expired one."""
    edge, _ = grant_edge()
    api = edge.proxy("/api", products=["photos"])
    lasting = GenerateAccessToken(
        name="generate",
        generate_response=True,
        supported_grant_types=("password",),
        refresh_token_expires_in=timedelta(days=10),
    )
    url = serve(edge, "/password", lasting)
    token = tokens(edge, post(url, grant_type="password", username="ada", password="pw"))["access_token"]
    verdicts = []

    for days in (9, 3, 2):
        edge.clock.advance(days=days)
        verdicts.append(answer(edge, get(api.url, bearer(token))))

    assert verdicts == [EXPIRED, EXPIRED, UNKNOWN_TOKEN]
