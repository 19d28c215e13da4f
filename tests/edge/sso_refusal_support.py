"""What the SSO's refusals are on the wire: status, headers in their order, and body (sso.md section 3)."""

import base64

from pytest_apigee.edge.message import Response

Wire = tuple[int, list[tuple[str, str]], bytes]

NO_STORE = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
REST = [
    ("Content-Type", "application/json;charset=UTF-8"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-XSS-Protection", "1; mode=block"),
]
BASIC_CHALLENGE = 'Basic realm="UAA/client", error="unauthorized", error_description="%s"'


def wire(response: Response) -> Wire:
    """Return all of a response that a client can see."""
    return response.status, list(response.headers), response.body


def headers(challenge: str | None = None) -> list[tuple[str, str]]:
    """Return the headers of a refusal, with its challenge."""
    return [*NO_STORE, *([("WWW-Authenticate", challenge)] if challenge else []), *REST]


def basic(text: str) -> str:
    """Return a Basic header for what it should carry."""
    return f"Basic {base64.b64encode(text.encode()).decode()}"


def f1(text: str) -> Wire:
    """Return a refusal by the filter chain."""
    return 401, headers(BASIC_CHALLENGE % text), _body("unauthorized", text)


def f2(status: int, error: str, text: str) -> Wire:
    """Return a refusal by the token endpoint."""
    challenge = f'Bearer error="{error}", error_description="{text}"'
    return status, headers(challenge if status == 401 else None), _body(error, text)


def without_challenge(status: int, error: str, text: str) -> Wire:
    """Return a refusal that asks for no other credentials."""
    return status, headers(), _body(error, text)


def _body(error: str, text: str) -> bytes:
    return f'{{"error":"{error}","error_description":"{text}"}}'.encode()
