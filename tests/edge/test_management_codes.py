"""OAuth 2.0 authorization codes at the management API (management.md 3.1, 5.2)."""

import pytest

from pytest_apigee import App, FakeEdge
from pytest_apigee.policies import Attribute, GenerateAccessToken, GenerateAuthorizationCode
from tests.edge.gateway_support import Answer, answer, token_request
from tests.edge.grant_support import KEY, location, new_code, post, serve
from tests.edge.management_token_support import call, error, of_json, reason_of, token_edge, told

CODES = "/oauth2/authorizationcodes"
UNKNOWN = error(404, "keymanagement.service.invalid_request-authorization_code_invalid", "Invalid Authorization Code")
FIELDS = """\
"attributes" : [ {{
{indent}  "name" : "plan",
{indent}  "value" : "gold"
{indent}}} ],
{indent}"client_id" : "K3yK3yK3yK3yK3yK3yK3yK3yK3yK3yab",
{indent}"code" : "{code}",
{indent}"createdAt" : 1767323045678,
{indent}"createdBy" : "defaultUser",
{indent}"expiresAt" : 1767323645678,
{indent}"issuedAt" : 1767323045678,
{indent}"lastModifiedAt" : 1767323045678,
{indent}"lastModifiedBy" : "defaultUser",
{indent}"scope" : "READ WRITE",
{indent}"status" : "{status}"
"""


@pytest.fixture
def world() -> tuple[FakeEdge, App]:
    return token_edge()


@pytest.fixture
def edge(world) -> FakeEdge:
    return world[0]


def rich_code(edge: FakeEdge) -> str:
    """Return a code with an attribute."""
    plan = Attribute(name="plan", value="gold")
    url = serve(edge, "/ask", GenerateAuthorizationCode(name="ask", generate_response=True, attributes=[plan]))
    redirect = location(answer(edge, token_request(url, response_type="code", client_id=KEY)))
    return redirect.partition("code=")[2].partition("&")[0]


def one(code: str, status: str = "active") -> Answer:
    return of_json(200, f"{{\n  {FIELDS.format(code=code, status=status, indent='  ')}}}")


def exchange(edge: FakeEdge, code: str) -> Answer:
    url = serve(edge, "/code", GenerateAccessToken(name="generate", generate_response=True))
    return answer(edge, post(url, grant_type="authorization_code", code=code))


def test_shows_a_code(edge) -> None:
    """A code is shown with its client, lifetime, scope and status, the fields in the order of the alphabet."""
    code = rich_code(edge)

    assert told(call(edge, "GET", f"{CODES}/{code}")) == one(code)


def test_lists_the_codes(edge) -> None:
    """All codes of the organization are listed whole, the oldest first."""
    empty = told(call(edge, "GET", CODES))
    first = rich_code(edge)
    second = new_code(edge)

    response = call(edge, "GET", CODES)

    assert empty == of_json(200, '{\n  "authorizationCode" : [ ]\n}')
    start = (
        f'{{\n  "authorizationCode" : [ {{\n    {FIELDS.format(code=first, status="active", indent="    ")}  }}, {{\n'
    )
    assert response.text.startswith(start)
    assert [code["code"] for code in response.json()["authorizationCode"]] == [first, second]


@pytest.mark.parametrize(("seconds", "status"), [(599, "active"), (600, "expired")])
def test_shows_that_a_code_has_expired(edge, seconds: int, status: str) -> None:
    """From its last moment on a code is expired."""
    code = rich_code(edge)
    edge.clock.advance(seconds=seconds)

    assert told(call(edge, "GET", f"{CODES}/{code}")) == one(code, status)


def test_shows_that_a_code_was_used(edge) -> None:
    """A code that was exchanged is shown as expired."""
    code = rich_code(edge)
    exchange(edge, code)

    assert told(call(edge, "GET", f"{CODES}/{code}")) == one(code, "expired")


def test_deletes_a_code(edge) -> None:
    """A code is answered as it was, and unknown from then on, also at the gateway."""
    code = rich_code(edge)

    deleted = told(call(edge, "DELETE", f"{CODES}/{code}"))

    assert deleted == one(code)
    assert told(call(edge, "GET", f"{CODES}/{code}")) == UNKNOWN
    assert reason_of(edge) == "the authorization code was deleted"
    assert call(edge, "GET", CODES).json() == {"authorizationCode": []}
    assert exchange(edge, code)[0] != 200


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_refuses_an_unknown_code(edge, method: str) -> None:
    """A code that is nobody's is refused; the tester is told no code."""
    assert told(call(edge, method, f"{CODES}/abcdefgh")) == UNKNOWN
    assert reason_of(edge) == "no such authorization code, or no longer"
    assert "abcdefgh" not in str(edge.calls.last)


@pytest.mark.parametrize("path", ["", "/{code}"], ids=["list", "one"])
def test_forgets_codes(edge, path: str) -> None:
    """Three days after it expired a code is forgotten, though nobody asked the gateway since."""
    code = new_code(edge)
    edge.clock.advance(days=3, minutes=10)

    assert code not in call(edge, "GET", CODES + path.format(code=code)).text


@pytest.mark.parametrize("stays", [False, True])
def test_codes_go_with_their_app(stays) -> None:
    """A code goes with its app, or stays: the guess `tokens_outlive_apps`."""
    edge, app = token_edge(guesses={"tokens_outlive_apps": stays})
    code = rich_code(edge)
    call(edge, "DELETE", f"/developers/{app.developer}/apps/photobook")

    assert told(call(edge, "GET", f"{CODES}/{code}")) == (one(code) if stays else UNKNOWN)
