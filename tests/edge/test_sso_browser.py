"""What a person does at the SSO in a browser: log in, read a passcode, log out (sso.md 2.3, `GET /passcode`)."""

import re

import pytest

from pytest_apigee.edge.message import Request
from tests.edge.sso_browser_support import LOGIN, PAGE, ZONE, Browser
from tests.edge.sso_refusal_support import headers, wire
from tests.edge.sso_support import EMAIL, PASSWORD, answer, edge_at_noon, token_request


def passcode_on(response):
    return re.search(r'<output id="passcode">(\w{6})</output>', response.text)[1]


@pytest.fixture
def edge():
    world = edge_at_noon()
    world.zone("acme", organizations=[])
    return world


@pytest.fixture
def browser(edge):
    return Browser(edge)


@pytest.mark.parametrize("path", ["/passcode", "/", "/home"])
@pytest.mark.parametrize("base", [LOGIN, ZONE])
def test_asks_for_a_login_first(edge, base, path):
    """Whoever is not logged in is sent to `/login`, with a session cookie that scripts cannot read."""
    response = Browser(edge, base).send(path)

    session = response.headers.get("Set-Cookie").removeprefix("JSESSIONID=").partition(";")[0]
    assert re.fullmatch("[0-9A-F]{32}", session)
    assert wire(response) == (
        302,
        [
            *PAGE[2:],
            ("Location", f"{base}/login"),
            ("Set-Cookie", f"JSESSIONID={session}; Path=/; Secure; HttpOnly"),
        ],
        b"",
    )


def test_shows_the_form(browser):
    """The login page is HTML, not to be stored, with the cookie of its session."""
    response = browser.send("/login")

    assert (response.status, list(response.headers)[:-1]) == (200, PAGE)
    assert response.headers.get("Set-Cookie").startswith("JSESSIONID=")
    assert "role" not in response.text


def test_a_session_over_http_is_not_secure(edge):
    """Over plain HTTP the cookie comes without `Secure`, or no browser would send it back."""
    response = answer(edge, Request(url="http://login.apigee.com/login"))

    assert response.headers.get("Set-Cookie").endswith("; Path=/; HttpOnly")


@pytest.mark.parametrize(
    ("wanted", "there"), [("/passcode", "/passcode"), ("/", "/"), ("/home", "/home"), (None, "/home")]
)
def test_goes_on_after_the_login(browser, wanted, there):
    """A login leads to where the user was going, or home, in a new session."""
    if wanted is not None:
        browser.send(wanted)
    before = dict(browser.cookies)

    response = browser.log_in()

    assert (response.status, response.headers.get("Location")) == (302, f"{LOGIN}{there}")
    assert browser.cookies != before
    assert browser.send(there).status == 200
    assert browser.edge.calls[-2].user == EMAIL


def test_an_old_session_ends_with_the_login(edge, browser):
    """The session of before the login is good for nothing after it."""
    other = Browser(edge)
    other.send("/passcode")
    browser.cookies = dict(other.cookies)

    browser.log_in()

    assert other.send("/passcode").headers.get("Location") == f"{LOGIN}/login"


def test_shows_a_passcode_that_is_good(edge, browser):
    """The page shows a passcode, which the token endpoint takes."""
    browser.log_in()

    page = browser.send("/passcode")
    form = {"grant_type": "password", "passcode": passcode_on(page), "response_type": "token"}

    assert (page.status, list(page.headers)) == (200, PAGE)
    assert answer(edge, token_request(form)).status == 200


def test_each_view_makes_another_passcode(edge, browser):
    """A second view of the page voids the passcode of the first."""
    browser.log_in()

    first, second = (passcode_on(browser.send("/passcode")) for _ in range(2))

    statuses = [
        answer(edge, token_request({"grant_type": "password", "passcode": code})).status for code in (first, second)
    ]
    assert statuses == [401, 200]


def test_tells_tools_a_passcode_as_json(edge, browser):
    """Whoever asks for JSON gets the passcode alone, quoted."""
    browser.log_in()

    response = browser.send("/passcode", Accept="application/json")

    assert (response.status, list(response.headers)) == (200, headers())
    assert re.fullmatch(rb'"\w{6}"', response.body)


@pytest.mark.parametrize("csrf", ["", "x", None])
@pytest.mark.parametrize("has_session", [True, False])
def test_takes_only_its_own_form(browser, csrf, has_session):
    """A form without the token of this session is shown again with 403, whatever it holds."""
    if has_session:
        browser.send("/login")
    form = {"username": EMAIL, "password": PASSWORD} | ({} if csrf is None else {"X-Uaa-Csrf": csrf})

    response = browser.send("/login.do", method="POST", form=form)

    assert response.status == 403
    assert "request does not meet our security standards" in response.text
    assert browser.edge.calls.last.reason == "the login form is not one of this session: keep its cookie"
    assert browser.log_in().status == 302


def test_takes_an_mfa_code_once(browser):
    """The form takes the code of the moment, which counts as used at the token endpoint, too."""
    ops = browser.edge.user("mfa@acme.example", password=PASSWORD, mfa=True)
    code = browser.edge.mfa_code(ops)

    response = browser.log_in("mfa@acme.example", mfa_token=code)

    form = {"grant_type": "password", "username": ops.email, "password": PASSWORD, "mfa_token": code}
    assert response.headers.get("Location") == f"{LOGIN}/home"
    assert answer(browser.edge, token_request(form)).status == 401


def test_a_zone_takes_the_password_of_the_identity_provider(edge):
    """The login page of a zone plays the identity provider of its users."""
    edge.user("ada@acme.example", password="idp", zone="acme")
    browser = Browser(edge, ZONE)

    page = browser.send("/login")
    response = browser.log_in("ada@acme.example", "idp")

    assert "Single sign-on of zone acme" in page.text
    assert response.headers.get("Location") == f"{ZONE}/home"


def test_a_session_is_good_in_its_zone_alone(edge, browser):
    """A session of login.apigee.com is none of a zone's."""
    browser.log_in()
    elsewhere = Browser(edge, ZONE)
    elsewhere.cookies = dict(browser.cookies)

    assert elsewhere.send("/passcode").headers.get("Location") == f"{ZONE}/login"
    assert browser.send("/passcode").status == 200


def test_goes_home_who_is_logged_in(browser):
    """The login page leads home whoever is logged in; home tells who it is."""
    browser.log_in()

    response = browser.send("/login")

    assert (response.status, response.headers.get("Location")) == (302, f"{LOGIN}/home")
    assert f"<b>{EMAIL}</b>" in browser.send("/").text


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/logout", "/logout.do"])
def test_logs_out(browser, method, path):
    """After logging out, one has to log in again."""
    browser.log_in()

    response = browser.send(path, method=method)

    assert (response.status, response.headers.get("Location")) == (302, f"{LOGIN}/login")
    assert browser.send("/passcode").status == 302


def test_logs_out_who_was_not_logged_in(browser):
    """Logging out without a session leads to the form, too."""
    assert browser.send("/logout.do").headers.get("Location") == f"{LOGIN}/login"


def test_a_user_who_became_inactive_is_logged_out(edge, browser):
    """The session of a user who became inactive is none."""
    browser.log_in()

    edge.set_user_status(edge.find_user(EMAIL), "inactive")

    assert browser.send("/passcode").status == 302


def test_forgets_the_oldest_sessions(edge, browser):
    """Of sessions, the last thousand are kept."""
    browser.log_in()
    for _ in range(999):
        Browser(edge).send("/login")
    kept = browser.send("/passcode").status

    Browser(edge).send("/login")

    assert (kept, browser.send("/passcode").status) == (200, 302)


@pytest.mark.parametrize(
    "cookie", ["JSESSIONID=x", "JSESSIONID", "=;=", "a=b; JSESSIONID=;", "\x80", 'JSESSIONID="', "a[b]=c; d"]
)
def test_odd_cookies_are_no_session(edge, cookie):
    """A cookie that is none of ours, or no cookie at all, is no session."""
    response = answer(edge, Request(url=f"{LOGIN}/passcode", headers={"Cookie": cookie}))

    assert (response.status, response.headers.get("Location")) == (302, f"{LOGIN}/login")


@pytest.mark.parametrize(
    "around",
    [
        *("{}; a=b", "a=b; {}", "a=b;{}", "flag; {}", "a[b]=c; {}", 'a={{"b":1}}; {}', "\x80=\x80; {};", " {} "),
        *("a@b=c;{}", "=;{}", 'a="b;{}', "a=b; Path=/;{}"),
    ],
)
def test_cookies_of_others_do_not_hide_the_session(browser, around):
    """A session is found among other cookies, however odd they are."""
    browser.log_in()
    cookie = around.format(f"JSESSIONID={browser.cookies.pop('JSESSIONID')}")

    assert browser.send("/passcode", Cookie=cookie).status == 200


def test_a_session_is_found_in_any_cookie_header(edge, browser):
    """A session is found in the second Cookie header, too."""
    browser.log_in()
    sent = [("Cookie", "a=b"), ("Cookie", f"JSESSIONID={browser.cookies['JSESSIONID']}")]

    assert answer(edge, Request(url=f"{LOGIN}/passcode", headers=sent)).status == 200


def test_redirects_stay_on_the_port(edge):
    """A redirect keeps host and port as sent, and leaves out what comes before them."""
    response = answer(edge, Request(url="http://user:secret@login.apigee.com:9099/passcode"))

    assert response.headers.get("Location") == "http://login.apigee.com:9099/login"
