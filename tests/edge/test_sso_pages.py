"""What the pages of the SSO say and how they are made (sso.md 2.3, `GET /passcode`); texts of errors are UAA's."""

from html.parser import HTMLParser

import pytest

from tests.edge.sso_browser_support import LOGIN, Browser
from tests.edge.sso_support import PASSWORD, edge_at_noon


class Page(HTMLParser):
    """What tags a page holds, and whether they are closed."""

    VOID = ("meta", "input")

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def browser():
    return Browser(edge_at_noon())


REFUSED = {
    "wrong-password": ({"password": "wrong"}, "login_failure", "wrong password for the SSO user ops@acme.example"),
    "no-password": ({"password": ""}, "login_failure", "wrong password for the SSO user ops@acme.example"),
    "unknown": (
        {"email": "nobody@acme.example"},
        "login_failure",
        "no SSO user has this e-mail; declare one with apigee.user(email)",
    ),
    "no-mfa": (
        {"email": "mfa@acme.example"},
        "login_failure",
        "an MFA code is required for the SSO user mfa@acme.example",
    ),
    "wrong-mfa": (
        {"email": "mfa@acme.example", "mfa_token": "x"},
        "login_failure",
        "wrong MFA code for the SSO user mfa@acme.example",
    ),
    "inactive": ({"email": "inactive@acme.example"}, "login_failure", "the SSO user inactive@acme.example is inactive"),
    "locked": (
        {"email": "locked@acme.example"},
        "account_locked",
        "the account of the SSO user locked@acme.example is locked",
    ),
    "unverified": (
        {"email": "unverified@acme.example"},
        "account_not_verified",
        "the SSO user unverified@acme.example has the status unverified",
    ),
    "expired": (
        {"email": "password_expired@acme.example"},
        "password_expired",
        "the SSO user password_expired@acme.example has the status password_expired",
    ),
}
TEXTS = {
    "login_failure": "Unable to verify email or password. Please try again.",
    "account_locked": "Your account has been locked because of too many failed attempts to login.",
    "account_not_verified": (
        "Your account is not verified. You can get another verification link by clicking on Create Account."
    ),
    "password_expired": "Your current password has expired. Please reset your password.",
}


@pytest.mark.parametrize(("changes", "error", "reason"), REFUSED.values(), ids=REFUSED)
def test_says_why_a_login_failed(browser, changes, error, reason):
    """A refused login leads back to the form, which says why in UAA's words; the journal says more."""
    browser.edge.user("mfa@acme.example", password=PASSWORD, mfa=True)
    for status in ("inactive", "locked", "unverified", "password_expired"):
        browser.edge.user(f"{status}@acme.example", password=PASSWORD, status=status)

    response = browser.log_in(**changes)

    exchange = browser.edge.calls.last
    location = response.headers.get("Location")
    assert (response.status, location) == (302, f"{LOGIN}/login?error={error}")
    assert (exchange.was_refused, exchange.reason) == (True, reason)
    assert f'<p role="alert" id="error">{TEXTS[error]}</p>' in browser.send(location).text


def test_an_unknown_error_says_nothing(browser):
    """What else comes as an error is not shown."""
    assert "role" not in browser.send("/login?error=%3Cscript%3E").text


def pages(browser):
    """Return each page that there is, for a user whose e-mail would break HTML."""
    email = '<b>"x"&\'y@acme.example'
    browser.edge.user(email, password=PASSWORD)
    yield browser.send("/login?error=login_failure")
    browser.log_in(email)
    yield browser.send("/home")
    yield browser.send("/passcode")


def test_the_pages_are_plain_and_accessible(browser):
    """Each page is well formed, has language, title, one heading, and a label for each input; none needs a script."""
    parsed = [Page(response.text) for response in pages(browser)]

    for page in parsed:
        labelled = {label["for"] for label in page.all("label")}
        inputs = {field["id"] for field in page.all("input") if field["type"] != "hidden"}
        assert page.open == []
        assert page.all("html") == [{"lang": "en"}]
        assert [len(page.all(tag)) for tag in ("title", "h1", "main", "script")] == [1, 1, 1, 0]
        assert inputs == labelled
    assert [len(page.all("form")) for page in parsed] == [1, 0, 0]


def test_the_pages_escape_what_users_are_called(browser):
    """What a user is called is text on a page, not markup."""
    *_, home, passcode = pages(browser)

    for response in (home, passcode):
        assert "<b>&lt;b&gt;&quot;x&quot;&amp;&#x27;y@acme.example</b>" in response.text
        assert '<b>"x"&\'y@acme.example' in Page(response.text).text
