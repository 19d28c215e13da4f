"""Which methods the endpoints of the SSO take (sso.md 2.3 and 3)."""

import pytest

from pytest_apigee.edge.message import Request
from tests.edge.sso_refusal_support import wire, without_challenge
from tests.edge.sso_support import answer, edge_at_noon

READ = ["/login", "/", "/home", "/version", "/token_key", "/token_keys"]
READ += ["/.well-known/openid-configuration"]
ANY = ["/check_token", "/userinfo", "/logout", "/logout.do", "/oauth/token/revoke/user/x"]
ANY += ["/oauth/token/revoke/client/x"]
REFUSED = [
    *[(method, path, "GET, HEAD") for path in READ for method in ("POST", "PUT", "DELETE", "OPTIONS")],
    *[(method, path, "GET, HEAD, POST, PUT, PATCH, DELETE") for path in ANY for method in ("OPTIONS", "TRACE")],
    *[(method, "/login.do", "POST") for method in ("GET", "HEAD", "PUT")],
    *[(method, "/passcode", "GET") for method in ("HEAD", "POST", "PUT")],  # a look at the page voids a passcode
]


@pytest.fixture
def edge():
    return edge_at_noon(guesses={"openid_configuration": True})


def ask(edge, method, path):
    return answer(edge, Request(method=method, url=f"https://login.apigee.com{path}"))


@pytest.mark.parametrize(("method", "path", "allowed"), REFUSED)
def test_other_methods_are_refused(edge, method, path, allowed):
    """A method that an endpoint does not take is 405 with a body in the SSO's form; the journal says which it takes."""
    response = ask(edge, method, path)

    assert wire(response) == without_challenge(405, "method_not_allowed", f"Request method '{method}' not supported")
    assert edge.calls.last.reason == f"{path} allows {allowed}"


@pytest.mark.parametrize("path", [*READ, *ANY])
def test_head_is_answered_as_get(edge, path):
    """HEAD is answered with the status and headers of GET, but for the id of a new session."""
    heads, gets = (
        [(name, value) for name, value in response.headers if name != "Set-Cookie"]
        for response in (ask(edge, "HEAD", path), ask(edge, "GET", path))
    )

    assert heads == gets
    assert ask(edge, "HEAD", path).status == ask(edge, "GET", path).status
