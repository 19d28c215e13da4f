"""Calls to the management API by users with different roles."""

import base64
import json

from pytest_apigee import FakeEdge, Request, Response

BASE = "https://api.enterprise.apigee.com/v1"
ADMIN = "admin@acme.example"
SOMEONE = "someone@acme.example"
PASSWORD = "pw"
JSON_TYPE = [("Content-Type", "application/json")]


def new_edge(**settings: object) -> FakeEdge:
    """Return an Edge with an administrator of `acme`."""
    edge = FakeEdge(**settings)  # type: ignore[arg-type]  # whatever a test sets
    edge.user(ADMIN, password=PASSWORD, first_name="Ada", last_name="Min")
    return edge


def authorization(email: str, password: str = PASSWORD) -> str:
    """Return a Basic header."""
    return f"Basic {base64.b64encode(f'{email}:{password}'.encode()).decode()}"


def ask(
    edge: FakeEdge,
    method: str,
    path: str,
    body: object = None,
    *,
    by: str = ADMIN,
    content_type: str = "application/json",
    accept: str = "*/*",
) -> Response:
    """Return the answer to one call below `/o/acme`; a body that is neither text nor bytes is sent as JSON."""
    sent = body if isinstance(body, str | bytes) else json.dumps(body)
    headers = {"Authorization": authorization(by), "Accept": accept}
    request = Request(
        method=method,
        url=f"{BASE}/o/acme{path}",
        headers=headers if body is None else {**headers, "Content-Type": content_type},
        body=b"" if body is None else sent,
    )
    response = edge.handle(request)
    assert isinstance(response, Response)
    return response


def may(edge: FakeEdge, method: str, path: str, *, by: str = SOMEONE) -> bool:
    """Return whether a call is not refused for want of a permission."""
    return ask(edge, method, path, by=by).status != 403


def raw(response: Response) -> tuple[int, list[tuple[str, str]], str]:
    """Return a whole answer."""
    return response.status, list(response.headers), response.text
