"""Requests to the SSO as its clients send them, and how to read the JWTs that it gives."""

import base64
import json
from urllib.parse import urlencode

from pytest_apigee.edge.clock import Clock, OwnWall
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.fake import FakeEdge

TOKEN_URL = "https://login.apigee.com/oauth/token"
EDGECLI = "Basic ZWRnZWNsaTplZGdlY2xpc2VjcmV0"
FORM = "application/x-www-form-urlencoded"

EMAIL = "ops@acme.example"
PASSWORD = "correct horse"

NOON_S = 1709294400  # 2024-03-01T12:00:00Z

MFA_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B: "12345678901234567890"
MFA_MOMENT = "2005-03-18T01:58:31Z"  # likewise: 1111111111 s
MFA_CODE = "050471"  # likewise: 14050471, of which six digits

Fields = dict[str, str]


def edge_at_noon(**settings: object) -> FakeEdge:
    """Return a world that was made at noon, where time stands still, with one SSO user."""
    wall = OwnWall()
    wall.stop_at(NOON_S * 1_000)
    edge = FakeEdge(clock=Clock(wall), **settings)
    edge.user(EMAIL, password=PASSWORD)
    return edge


def password_form(**changes: str | None) -> Fields:
    """Return the form of a password grant; None takes a field out."""
    form = {"grant_type": "password", "username": EMAIL, "password": PASSWORD, **changes}
    return {name: value for name, value in form.items() if value is not None}


def token_request(
    form: Fields | str | bytes | None = None,
    *,
    method: str = "POST",
    query: str = "",
    authorization: str | None = EDGECLI,
    accept: str | None = None,
    content_type: str = FORM,
) -> Request:
    """Return a request to the token endpoint; by default the password grant of the one user."""
    sent = {"Authorization": authorization, "Accept": accept, "Content-Type": content_type}
    fields = password_form() if form is None else form
    return Request(
        method=method,
        url=f"{TOKEN_URL}{query}",
        headers={name: value for name, value in sent.items() if value is not None},
        body=urlencode(fields) if isinstance(fields, dict) else fields,
    )


def answer(edge: FakeEdge, request: Request) -> Response:
    """Return the response to a request, which must be one."""
    outcome = edge.handle(request)
    assert isinstance(outcome, Response)
    return outcome


def log_in(edge: FakeEdge, **changes: str | None) -> Fields:
    """Return the token answer to a password grant, which must be granted."""
    response = answer(edge, token_request(password_form(**changes)))
    assert response.status == 200
    return response.json()


def refresh(refresh_token: str) -> Request:
    """Return a request to renew an access token."""
    return token_request({"grant_type": "refresh_token", "refresh_token": refresh_token})


def header_of(token: str) -> str:
    """Return the first part of a JWT as it was sent."""
    return token.partition(".")[0]


def payload_of(token: str) -> bytes:
    """Return the decoded second part of a JWT."""
    part = token.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def claims_of(token: str) -> dict[str, object]:
    """Return the claims of a JWT, unverified."""
    return json.loads(payload_of(token))
