"""What mypy must make of the public API; read by mypy, not run."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import assert_type
from wsgiref.types import WSGIApplication

import httpx
import pytest
import requests

from pytest_apigee import (
    ApiKey,
    ApiKeyFactory,
    App,
    ConnectionFailure,
    Edge,
    FakeEdge,
    Flaw,
    Proxy,
    Request,
    Response,
    SsoClient,
    SsoTokenFactory,
    Token,
    TokenFactory,
    User,
    Zone,
    fake_edge,
)
from pytest_apigee.edge.clock import Clock
from pytest_apigee.edge.journal import Calls, Exchange
from pytest_apigee.edge.roles import Role


def the_fake_is_an_edge(apigee: FakeEdge) -> Edge:
    return apigee


def declarations_give_values(apigee: FakeEdge) -> None:
    assert_type(apigee.app(products=["weather"]), App)
    assert_type(apigee.proxy("/weather", products=["weather"], target={"temp": 21}), Proxy)
    assert_type(apigee.proxy("/echo", target=lambda request: Response(body=request.body)).url, str)
    assert_type(apigee.app().consumer_key, str)
    assert_type(apigee.token_url, str)


def the_core_answers_or_fails(apigee: FakeEdge) -> None:
    outcome = apigee.handle(Request(method="POST", url=apigee.token_url, headers={"Accept": "*/*"}, body=b""))
    assert_type(outcome, Response | ConnectionFailure)


def time_moves(apigee: FakeEdge) -> None:
    assert_type(apigee.clock, Clock)
    apigee.clock.advance(timedelta(hours=1), minutes=2)
    apigee.clock.travel_to(datetime(2030, 1, 1, tzinfo=UTC))
    apigee.clock.freeze("2030-01-01T00:00:00Z")
    apigee.clock.skew(seconds=-90)
    assert_type(apigee.clock.now, datetime)


def calls_narrow_down(apigee: FakeEdge) -> None:
    assert_type(apigee.calls.gateway.refused, Calls)
    assert_type(apigee.calls.last, Exchange)
    assert_type(apigee.calls[0], Exchange)
    assert_type(apigee.calls[:2], Calls)
    assert_type(apigee.calls.last.reason, str)


def tokens_are_text(apigee_token: TokenFactory, apigee_app: App) -> None:
    token = apigee_token(apigee_app, scope="READ", lifetime=timedelta(minutes=5))
    assert_type(token, Token)
    assert_type(str(token), str)
    assert_type(token.expires_at, datetime)


def factories_give_tokens(apigee_token: TokenFactory, apigee_app: App, user: User) -> None:
    assert_type(apigee_token.for_app(apigee_app).with_scope("READ"), TokenFactory)
    assert_type(apigee_token.expired(timedelta(days=1)), Token)
    assert_type(apigee_token.expiring_in(timedelta(minutes=5)), Token)
    assert_type(apigee_token.revoked(), Token)
    assert_type(apigee_token.for_user(user), SsoTokenFactory)
    assert_type(apigee_token.sso.with_scope("openid").for_user(user), SsoTokenFactory)
    assert_type(apigee_token.sso_refresh(user), Token)
    assert_type(apigee_token.sso.not_yet_valid(), Token)
    assert_type(apigee_token.sso.flawed(Flaw.TAMPERED), Token)
    assert_type(apigee_token.sso.flawed("wrong_key"), Token)
    assert_type(apigee_token.api_key, ApiKeyFactory)
    assert_type(apigee_token.api_key.for_app(apigee_app).expired(), ApiKey)
    assert_type(apigee_token.api_key().expires_at, datetime | None)


def accounts_give_values(apigee: FakeEdge) -> None:
    zone = apigee.zone("acme-sso", organizations=["acme"])
    assert_type(zone, Zone)
    assert_type(zone.url, str)
    user = apigee.user("ops@acme.example", mfa=True, zone=zone.name, roles={"acme": ["orgadmin"]})
    assert_type(user, User)
    assert_type(apigee.role("support", permissions={"/developers": ["get"]}), Role)
    assert_type(apigee.default_user, User)
    assert_type(apigee.mfa_code(user), str)
    assert_type(apigee.passcode(user), str)
    assert_type(apigee.sso_client("verifier", authorities=["uaa.resource"]), SsoClient)
    requests.get(apigee.management_url, auth=apigee.management_auth(user))


def auth_fits_requests_and_httpx(apigee: FakeEdge) -> None:
    requests.get(apigee.gateway_url, auth=apigee.auth())
    httpx.get(apigee.gateway_url, auth=apigee.auth())


def stubs_are_those_of_responses(apigee: FakeEdge) -> None:
    apigee.responses.get(apigee.gateway_url, status=503)


@fake_edge(org="globex")
def decorated() -> None: ...


@pytest.fixture(scope="class")
def edge_of_class() -> Iterator[FakeEdge]:
    with fake_edge(seed=7, release=["login.apigee.com"], allow=["unknown_host"]) as edge:
        yield edge


def mistakes_are_found(apigee: FakeEdge) -> None:
    TokenFactory(apigee).sso.expiring_in(300)  # type: ignore[arg-type]  # a span of time is a timedelta
    TokenFactory(apigee).sso(apigee.app())  # type: ignore[arg-type]  # an app is no user
    apigee.proxy(7)  # type: ignore[arg-type]  # a base path is text
    apigee.clock.advance(fortnights=1)  # type: ignore[call-arg]  # no such unit
    Request("GET", "https://login.apigee.com")  # type: ignore[call-arg]  # keywords only


def applications_are_what_servers_take(apigee: FakeEdge) -> WSGIApplication:
    httpx.ASGITransport(app=apigee.asgi_app(at=apigee.login_url))
    return apigee.wsgi_app(at=apigee.login_url)
