"""The factories of SSO tokens, and the places where Edge takes what they make."""

import pytest

from pytest_apigee import FakeEdge, Request, SsoTokenFactory, Token, TokenFactory
from tests.edge.sso_refusal_support import Wire, wire
from tests.edge.sso_support import answer, refresh

NOW_S = 1_767_323_045  # the whole seconds of the moment at which `frozen_edge` stands still

each_era = pytest.mark.parametrize("era", ["current", "2016"])
each_kind = pytest.mark.parametrize("kind", ["sso", "sso_refresh"])


def factory(edge: FakeEdge, kind: str) -> SsoTokenFactory:
    """Return the factory of access or of refresh tokens."""
    return getattr(TokenFactory(edge), kind)


def at_management(edge: FakeEdge, token: Token) -> Wire:
    """Return what the management API answers to a token."""
    url = f"{edge.management_url}/v1/organizations/{edge.org}"
    return wire(answer(edge, Request(url=url, headers={"Authorization": f"Bearer {token}"})))


def at_userinfo(edge: FakeEdge, token: Token, login_url: str = "https://login.apigee.com") -> Wire:
    """Return what /userinfo answers to a token."""
    return wire(answer(edge, Request(url=f"{login_url}/userinfo", headers={"Authorization": f"Bearer {token}"})))


def at_token_endpoint(edge: FakeEdge, token: Token) -> Wire:
    """Return what the token endpoint answers to a refresh token."""
    return wire(answer(edge, refresh(token.value)))


def is_taken(edge: FakeEdge, kind: str, token: Token) -> bool:
    """Return whether Edge takes a token where its kind belongs."""
    use = at_management if kind == "sso" else at_token_endpoint
    return use(edge, token)[0] == 200
