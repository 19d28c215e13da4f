"""Which paths of login.apigee.com and its zones are answered, and how (sso.md 2.1 and 2.3)."""

import pytest

from pytest_apigee.edge.message import Request
from pytest_apigee.edge.world import Grievance
from pytest_apigee.fake import FakeEdge
from tests.edge.sso_support import answer, edge_at_noon, token_request

NOT_MODELLED = [
    ("GET", "/oauth/authorize"),
    ("POST", "/oauth/authorize"),
    ("GET", "/oauth/clients"),
    ("GET", "/oauth/clients/edgecli"),
    ("GET", "/oauth/confirm_access"),
    ("GET", "/resources/scripts/sso-cli/ssocli-bundle.zip"),
    ("GET", "/forgot_password"),
    ("POST", "/reset_password.do"),
    ("GET", "/create_account"),
    ("GET", "/profile"),
    ("GET", "/Users"),
    ("GET", "/Users/0b5bd0e4"),
    ("GET", "/Groups"),
    ("GET", "/info"),
    ("GET", "/saml/discovery"),
    ("GET", "/identity-zones"),
    ("GET", "/identity-providers/0b5bd0e4"),
    ("GET", "/approvals"),
    ("GET", "/healthz"),
]
UNKNOWN = [
    "/nothing",
    "/oauth",
    "/oauth/",
    "/oauth/token/",
    "/oauth/tokens",
    "/Oauth/Token",
    "/oauth/token/revoke",
    "/oauth/revoke",
    "/versions",
    "/.well-known/openid-configuration",
]


@pytest.fixture
def edge():
    return FakeEdge()


@pytest.mark.parametrize(("method", "path"), NOT_MODELLED)
def test_an_endpoint_that_is_not_modelled_is_answered_501(edge, method, path):
    """What Edge has and the fake does not model is answered with 501 and says so."""
    response = answer(edge, Request(method=method, url=f"https://login.apigee.com{path}?secret=1"))

    assert response.status == 501
    assert list(response.headers) == [("Content-Type", "text/plain")]
    assert response.text == f"pytest-apigee does not model {method} https://login.apigee.com{path}.\n"


@pytest.mark.parametrize(("method", "path"), NOT_MODELLED)
def test_an_endpoint_that_is_not_modelled_is_a_grievance(edge, method, path):
    """What the fake does not model is complained of, by its endpoint and without its query, and noted as the reason."""
    edge.handle(Request(method=method, url=f"https://login.apigee.com{path}?secret=1"))

    message = f"pytest-apigee does not model {method} https://login.apigee.com{path}."
    assert edge.take_grievances() == (Grievance(kind="not_modelled", message=message),)
    assert edge.calls.last.reason == message


def test_a_grievance_is_kept_once(edge):
    """The same call twice is one grievance, and taking it forgets it."""
    for _ in range(2):
        edge.handle(Request(url="https://login.apigee.com/Users"))

    assert len(edge.take_grievances()) == 1
    assert edge.take_grievances() == ()


@pytest.mark.parametrize("path", UNKNOWN)
def test_a_path_that_uaa_lacks_is_answered_404(edge, path):
    """A path that UAA does not have is answered with 404 and an empty body; the fake complains of nothing."""
    response = answer(edge, Request(url=f"https://login.apigee.com{path}"))

    assert (response.status, list(response.headers), response.body) == (404, [], b"")
    assert edge.take_grievances() == ()


def test_the_reason_for_an_unknown_path_is_told(edge):
    """The journal says that there is no such path."""
    edge.handle(Request(url="https://login.apigee.com/nothing"))

    assert edge.calls.last.reason == "login.apigee.com has no such path"


def test_the_status_of_an_unknown_path_can_be_switched():
    """The guess `unknown_path_status` decides the status."""
    edge = FakeEdge(guesses={"unknown_path_status": 401})

    assert answer(edge, Request(url="https://login.apigee.com/nothing")).status == 401


@pytest.mark.parametrize("path", ["/oauth/token", "/login", "/nothing"])
def test_an_unknown_zone_is_answered_404(edge, path):
    """An undeclared zone is answered with 404 and an empty body on every path; the reason lists the others."""
    edge.zone("globex")

    response = answer(edge, Request(url=f"https://acme.login.apigee.com{path}"))

    assert (response.status, list(response.headers), response.body) == (404, [], b"")
    assert edge.calls.last.reason == "unknown zone; declared: globex; add one with apigee.zone(name)"
    assert edge.take_grievances() == ()


def test_the_reason_for_an_unknown_zone_without_any(edge):
    """Where no zone was declared, the reason says so."""
    edge.handle(Request(url="https://acme.login.apigee.com/login"))

    assert edge.calls.last.reason == "unknown zone; declared: none; add one with apigee.zone(name)"


def test_an_unknown_path_of_a_zone_names_its_host(edge):
    """A path that UAA does not have is answered with 404 in a zone, too."""
    edge.zone()

    assert answer(edge, Request(url="https://acme.login.apigee.com/nothing")).status == 404
    assert edge.calls.last.reason == "acme.login.apigee.com has no such path"


@pytest.mark.parametrize(
    "url",
    [
        "https://LOGIN.Apigee.COM/oauth/token",
        "https://login.apigee.com:443/oauth/token",
        "https://login.apigee.com./oauth/token",
        "http://login.apigee.com/oauth/token",
        "https://user:pw@login.apigee.com/oauth/token",
        "https://login.apigee.com/oauth/token#fragment",
    ],
)
def test_the_host_is_read_without_case_port_and_dot(url):
    """The host is compared in lower case, without user, port and trailing dot, for http and https."""
    edge = edge_at_noon()

    assert answer(edge, token_request().with_url(url)).status == 200


def test_the_journal_knows_the_service(edge):
    """Calls of login.apigee.com and of zones are SSO calls, and of no other service."""
    for host in ("login.apigee.com", "acme.login.apigee.com"):
        edge.handle(Request(url=f"https://{host}/nothing"))

    assert (len(edge.calls.sso), len(edge.calls.gateway), len(edge.calls.management)) == (2, 0, 0)
