"""What tools ask before they log in: /login as JSON, /version, the OpenID configuration (sso.md 2.3)."""

import re

import pytest

from pytest_apigee.edge.message import Request
from pytest_apigee.fake import FakeEdge
from tests.edge.sso_refusal_support import headers, wire
from tests.edge.sso_support import answer

LOGIN = (
    b'{"app":{"version":"3.2.1"},"links":{"uaa":"https://login.apigee.com","passwd":"/forgot_password",'
    b'"login":"https://login.apigee.com","register":"/create_account"},"zone_name":"uaa",'
    b'"entityID":"login.apigee.com","commit_id":"0000000","idpDefinitions":{},'
    b'"prompts":{"username":["text","Email"],"password":["password","Password"]},'
    b'"timestamp":"2016-03-24T00:00:00+0000"}'
)
ZONE_LOGIN = (
    b'{"app":{"version":"3.2.1"},"links":{"uaa":"https://acme.login.apigee.com","passwd":"/forgot_password",'
    b'"login":"https://acme.login.apigee.com","register":"/create_account"},"zone_name":"acme",'
    b'"entityID":"acme.login.apigee.com","commit_id":"0000000","idpDefinitions":{},'
    b'"prompts":{"username":["text","Email"],"password":["password","Password"],'
    b'"passcode":["password","One Time Code ( Get one at https://acme.login.apigee.com/passcode )"]},'
    b'"timestamp":"2016-03-24T00:00:00+0000"}'
)
CONFIGURATION = (
    b'{"issuer":"https://login.apigee.com","authorization_endpoint":"https://login.apigee.com/oauth/authorize",'
    b'"token_endpoint":"https://login.apigee.com/oauth/token",'
    b'"token_endpoint_auth_methods_supported":["client_secret_basic"],'
    b'"token_endpoint_auth_signing_alg_values_supported":["RS256"],'
    b'"userinfo_endpoint":"https://login.apigee.com/userinfo","jwks_uri":"https://login.apigee.com/token_keys",'
    b'"scopes_supported":["openid"],"response_types_supported":["token"],"subject_types_supported":["public"],'
    b'"id_token_signing_alg_values_supported":["RS256"]}'
)
PASSCODE_MODE = re.compile(rb'"prompts":.*passcode.*"timestamp"')  # as get_token looks for it


@pytest.fixture
def edge():
    world = FakeEdge()
    world.zone("acme")
    return world


def ask(edge, path, accept="application/json", *, host="login.apigee.com"):
    sent = {} if accept is None else {"Accept": accept}
    return answer(edge, Request(url=f"https://{host}{path}", headers=sent))


@pytest.mark.parametrize(
    ("host", "body", "takes_passcodes"),
    [("login.apigee.com", LOGIN, False), ("acme.login.apigee.com", ZONE_LOGIN, True)],
)
def test_login_as_json(edge, host, body, takes_passcodes):
    """`/login` tells what to prompt for; get_token finds passcodes between prompts and timestamp in a zone alone."""
    response = ask(edge, "/login", host=host)

    assert wire(response) == (200, headers(), body)
    assert bool(PASSCODE_MODE.search(response.body)) == takes_passcodes


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json;charset=UTF-8"),
        ("application/json;charset=utf-8", "application/json;charset=UTF-8"),
        ("Application/JSON, text/html", "application/json;charset=UTF-8"),
        ("text/html,application/xhtml+xml,application/json;q=0.9", "text/html;charset=UTF-8"),
        ("*/*", "text/html;charset=UTF-8"),
        ("", "text/html;charset=UTF-8"),
        (None, "text/html;charset=UTF-8"),
    ],
)
def test_login_is_json_for_tools(edge, accept, kind):
    """`/login` is JSON for whoever names it before HTML, and a page for all others."""
    assert ask(edge, "/login", accept).headers.get("Content-Type") == kind


def test_version(edge):
    """`/version` tells which get_token is the newest, as `"cliVersion":"x.y"`."""
    assert wire(ask(edge, "/version")) == (200, headers(), b'{"cliVersion":"2.0"}')


def test_version_is_a_guess():
    """What `/version` answers can be switched."""
    edge = FakeEdge(guesses={"version_body": '{"cliVersion":"9.9","more":1}'})

    assert ask(edge, "/version").body == b'{"cliVersion":"9.9","more":1}'


def test_the_build_is_a_guess():
    """Version, commit and time of the build can be switched."""
    edge = FakeEdge(guesses={"login_app_version": "1", "login_commit_id": "2", "login_timestamp": "3"})

    shown = ask(edge, "/login").json()

    assert (shown["app"], shown["commit_id"], shown["timestamp"]) == ({"version": "1"}, "2", "3")


def test_the_openid_configuration():
    """There is no OpenID configuration unless switched on; then its issuer is that of the tokens."""
    edge = FakeEdge(guesses={"openid_configuration": True})

    assert wire(ask(edge, "/.well-known/openid-configuration")) == (200, headers(), CONFIGURATION)
    assert ask(FakeEdge(), "/.well-known/openid-configuration").status == 404
