"""The suite of the verifier: whom it lets in, and every kind of token that it must not take."""

from datetime import timedelta

import pytest
from verifier.verifier import NotLetInError, Verifier

from pytest_apigee import Calls, Clock, FakeEdge, Flaw, Token, TokenFactory


@pytest.fixture
def verifier(apigee: FakeEdge) -> Verifier:
    return Verifier(apigee.login_url)


def refusal(verifier: Verifier, token: Token) -> str:
    with pytest.raises(NotLetInError) as raised:
        verifier.user_of(f"Bearer {token}")
    return str(raised.value)


def test_lets_a_user_in(verifier: Verifier, apigee: FakeEdge, apigee_token: TokenFactory) -> None:
    ops = apigee.user("Ops@acme.example")

    assert verifier.user_of(f"bearer {apigee_token.sso(ops)}") == "ops@acme.example"


def test_asks_for_the_key_once(verifier: Verifier, apigee_token: TokenFactory, apigee_calls: Calls) -> None:
    for _ in range(3):
        verifier.user_of(f"Bearer {apigee_token.sso()}")

    assert [call.request.path for call in apigee_calls] == ["/token_key"]


def test_lets_nobody_in_without_a_token(verifier: Verifier) -> None:
    with pytest.raises(NotLetInError, match="a bearer token is needed"):
        verifier.user_of("Basic ZWRnZWNsaTplZGdlY2xpc2VjcmV0")


@pytest.mark.parametrize("flaw", list(Flaw))
def test_takes_no_flawed_token(verifier: Verifier, apigee_token: TokenFactory, flaw: Flaw) -> None:
    assert refusal(verifier, apigee_token.sso.flawed(flaw))


def test_takes_no_token_before_its_time(verifier: Verifier, apigee_token: TokenFactory) -> None:
    assert refusal(verifier, apigee_token.sso.not_yet_valid()) == "The token is not yet valid (nbf)"


def test_takes_no_token_of_an_app(verifier: Verifier, apigee_token: TokenFactory) -> None:
    assert refusal(verifier, apigee_token())


def test_takes_no_refresh_token(verifier: Verifier, apigee_token: TokenFactory) -> None:
    assert refusal(verifier, apigee_token.sso_refresh()) == 'Token is missing the "email" claim'


def test_wants_a_scope(verifier: Verifier, apigee_token: TokenFactory) -> None:
    assert refusal(verifier, apigee_token.sso.with_scope("scim.me")()) == "the scope openid is needed"


def test_takes_a_token_to_its_last_second(verifier: Verifier, apigee_token: TokenFactory, apigee_clock: Clock) -> None:
    apigee_clock.freeze("2030-01-31T12:00:00Z")
    token = apigee_token.sso.expiring_in(timedelta(minutes=5))

    apigee_clock.advance(minutes=4, seconds=59)
    assert verifier.user_of(f"Bearer {token}")
    apigee_clock.advance(seconds=1)
    assert refusal(verifier, token) == "Signature has expired"
