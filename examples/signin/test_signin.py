"""The suite of the sign-in: the consent page, the way back, renewal, and everything that may go wrong."""

import re
from datetime import timedelta
from html import unescape

import pytest
import requests
from signin.session import SignInError, UserSession

from pytest_apigee import App, AuthorizationServer, Calls, Clock, FakeEdge, Proxy

CALLBACK = "https://photos.example/callback"


@pytest.fixture
def server(apigee: FakeEdge) -> AuthorizationServer:
    return apigee.authorization_server(users={"ada": "correct horse"}, refresh_token_expires_in=timedelta(days=30))


@pytest.fixture
def app(apigee: FakeEdge) -> App:
    apigee.product("photos", proxies=["photos"], scopes=["READ", "WRITE"])
    return apigee.app("photobook", products=["photos"], callback_url=CALLBACK)


@pytest.fixture
def photos(apigee: FakeEdge) -> Proxy:
    return apigee.proxy("/photos", products=["photos"], scope="READ", target=["sunset.jpg"])


@pytest.fixture
def session(server: AuthorizationServer, app: App) -> UserSession:
    return UserSession(
        authorize_url=server.authorize_url,
        token_url=server.token_url,
        client_id=app.consumer_key,
        client_secret=app.consumer_secret,
    )


def answer_page(url: str, **answers: str) -> str:
    """Do what a user does in a browser: fill in the page, and follow it as far as the app's own site."""
    page = requests.get(url, timeout=10)
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)
    form = {name: unescape(value) for name, value in hidden} | answers
    answer = requests.post(url.partition("?")[0], data=form, allow_redirects=False, timeout=10)
    return answer.headers.get("Location", "")


def sign_in(session: UserSession, scope: str = "READ") -> None:
    url = session.start(scope)
    session.finish(answer_page(url, username="ada", password="correct horse", decision="allow"))


def test_a_user_signs_in(session: UserSession, photos: Proxy) -> None:
    sign_in(session)

    assert session.get(photos.url).json() == ["sunset.jpg"]


def test_a_user_says_no(session: UserSession) -> None:
    url = session.start("READ")

    with pytest.raises(SignInError, match="access_denied"):
        session.finish(answer_page(url, decision="deny"))


def test_a_wrong_password_leads_nowhere(session: UserSession) -> None:
    url = session.start("READ")

    assert answer_page(url, username="ada", password="wrong", decision="allow") == ""


def test_an_answer_that_nobody_asked_for(session: UserSession) -> None:
    url = session.start("READ")
    back = answer_page(url, username="ada", password="correct horse", decision="allow")

    with pytest.raises(SignInError, match="not asked for"):
        session.finish(back.replace("state=", "state=x"))


def test_a_code_is_good_once(session: UserSession, server: AuthorizationServer, app: App) -> None:
    url = session.start("READ")
    back = answer_page(url, username="ada", password="correct horse", decision="allow")
    session.finish(back)
    code = back.partition("code=")[2].partition("&")[0]

    form = {"grant_type": "authorization_code", "code": code}
    again = requests.post(server.token_url, data=form, auth=(app.consumer_key, app.consumer_secret), timeout=10)
    assert (again.status_code, again.json()["Error"]) == (400, "Invalid Authorization Code")


def test_the_session_is_renewed_before_the_token_expires(
    session: UserSession, photos: Proxy, apigee_clock: Clock, apigee_calls: Calls
) -> None:
    sign_in(session)

    for _ in range(3):
        apigee_clock.advance(hours=1)
        assert session.get(photos.url).ok

    assert not apigee_calls.to(photos).refused
    assert len(apigee_calls.tokens_issued) == 4


def test_the_session_is_renewed_when_the_token_is_refused(
    session: UserSession, photos: Proxy, apigee: FakeEdge, apigee_calls: Calls
) -> None:
    sign_in(session)
    apigee.revoke(apigee_calls.tokens_issued.last.issued_token)

    assert session.get(photos.url).ok


def test_the_session_ends_with_the_refresh_token(session: UserSession, photos: Proxy, apigee_clock: Clock) -> None:
    sign_in(session)
    apigee_clock.advance(days=30)

    with pytest.raises(SignInError, match="Refresh Token expired"):
        session.get(photos.url)


def test_the_user_may_not_do_more_than_allowed(session: UserSession, apigee: FakeEdge) -> None:
    albums = apigee.proxy("/albums", products=["photos"], scope="WRITE")
    sign_in(session, scope="READ")

    assert session.get(albums.url).status_code == requests.codes.forbidden
