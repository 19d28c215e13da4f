"""Signing in at an authorization server through the door for `requests`, with forms, cookies and redirects."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from pytest_apigee import Proxy, fake_edge
from pytest_apigee.edge.catalog import AuthorizationServer

STATE = "\"a' <b>&+%/\u00fc"
QUERY = {"client_id": "key", "scope": "READ", "state": STATE}


@dataclass(frozen=True)
class World:
    server: AuthorizationServer
    api: Proxy
    app: Proxy


@pytest.fixture
def world() -> Iterator[World]:
    """Open a world with a user, an authorization server, an API, and a web app that shows what it is called with."""
    with fake_edge() as edge:
        server = edge.authorization_server(users={"ada": "s3cret"})
        api = edge.proxy("/weather", scope="READ", target={"temp": 21})
        app = edge.proxy("/app", security="none", target=lambda request: {"query": request.query_string})
        edge.app("forecast", products=["weather"], consumer_key="key", consumer_secret="secret", callback_url=app.url)
        yield World(server=server, api=api, app=app)


def filled(page: requests.Response, **fields: str) -> dict[str, str]:
    """Return the form of a page as a browser sends it."""
    hidden = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)">', page.text)
    return {**{name: html.unescape(value) for name, value in hidden}, **fields}


def submitted(session: requests.Session, world: World, response_type: str, **fields: str) -> requests.Response:
    """Return where a browser ends that fills in the form of the consent page."""
    page = session.get(world.server.authorize_url, params={**QUERY, "response_type": response_type})
    action = re.findall(r'<form method="post" action="([^"]+)">', page.text)[0]
    return session.post(requests.compat.urljoin(page.url, action), data=filled(page, **fields))


ADA = {"username": "ada", "password": "s3cret"}


def test_signs_in_and_calls_an_api(world: World) -> None:
    """A browser allows an app, is led to the callback, and the app gets a token for the code that came along."""
    with requests.Session() as session:
        landed = submitted(session, world, "code", decision="allow", **ADA)

        assert [step.status_code for step in landed.history] == [302]
        assert landed.status_code == 200
        came = parse_qs(landed.json()["query"])
        assert came == {"code": came["code"], "state": [STATE], "scope": ["READ"]}
        form = {"grant_type": "authorization_code", "code": came["code"][0]}
        tokens = session.post(world.server.token_url, data=form, auth=("key", "secret")).json()
        authorization = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert session.get(world.api.url, headers=authorization).json() == {"temp": 21}
        revoked = session.post(world.server.revoke_url, data={"token": tokens["refresh_token"]}, auth=("key", "secret"))
        assert revoked.content == b""
        assert session.get(world.api.url, headers=authorization).status_code == 401


def test_leaves_the_token_of_the_implicit_grant_in_the_fragment(world: World) -> None:
    """The callback is called without the fragment, which stays in the browser's address."""
    with requests.Session() as session:
        landed = submitted(session, world, "token", decision="allow", **ADA)

        assert landed.json() == {"query": ""}
        fragment = parse_qs(urlsplit(landed.url).fragment)
        assert (fragment["state"], fragment["expires_in"]) == ([STATE], ["3599"])
        authorization = {"Authorization": f"Bearer {fragment['access_token'][0]}"}
        assert session.get(world.api.url, headers=authorization).status_code == 200


def test_comes_back_denied(world: World) -> None:
    """A denial leads to the callback, too."""
    with requests.Session() as session:
        landed = submitted(session, world, "code", decision="deny")

        assert parse_qs(landed.json()["query"]) == {"error": ["access_denied"], "state": [STATE]}


def test_tries_again_after_a_wrong_password(world: World) -> None:
    """The page that tells of a wrong login is a form like the first one."""
    with requests.Session() as session:
        page = submitted(session, world, "code", decision="allow", username="ada", password="wrong")
        landed = session.post(page.url, data=filled(page, decision="allow", **ADA))

        assert (page.status_code, page.headers["Content-Type"]) == (401, "text/html;charset=UTF-8")
        assert parse_qs(landed.json()["query"])["state"] == [STATE]


def test_follows_no_redirect_unless_told(world: World) -> None:
    """A client that follows no redirects sees the Location itself, byte for byte."""
    page = requests.get(world.server.authorize_url, params={**QUERY, "response_type": "code"})

    sent = requests.post(page.url, data=filled(page, decision="deny"), allow_redirects=False)

    assert (sent.status_code, sent.content) == (302, b"")
    assert sent.headers["Location"] == (
        f"{world.app.url}?error=access_denied&state=%22a%27%20%3Cb%3E%26%2B%25%2F%C3%BC"
    )
