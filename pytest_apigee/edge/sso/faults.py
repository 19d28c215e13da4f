"""What login.apigee.com says when it refuses, in its two families of headers.

Source: sso.md section 3.
"""

from dataclasses import dataclass

from pytest_apigee.edge.jackson import compact
from pytest_apigee.edge.message import Response, header_safe

SECURITY_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-XSS-Protection", "1; mode=block"),
)


def json_response(status: int, body: bytes, *, content_type: str, challenge: str | None = None) -> Response:
    """Return an SSO answer with the headers that every one of them carries."""
    headers = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
    if challenge is not None:
        headers.append(("WWW-Authenticate", header_safe(challenge)))
    headers.append(("Content-Type", content_type))
    return Response(status=status, headers=(*headers, *SECURITY_HEADERS), body=body)


DEFAULT_CONTENT_TYPE = "application/json;charset=UTF-8"


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthenticationFault:
    """Family F1, from the filter chain: 401 with a Basic challenge."""

    description: str
    error: str = "unauthorized"

    def render(self) -> Response:
        """Return the response."""
        challenge = f'Basic realm="UAA/client", error="{self.error}", error_description="{self.description}"'
        body = compact({"error": self.error, "error_description": self.description})
        return json_response(401, body, content_type=DEFAULT_CONTENT_TYPE, challenge=challenge)


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenEndpointFault:
    """Family F2, from the token endpoint: 400 without a challenge, or 401 with a Bearer challenge without realm."""

    status: int
    error: str
    description: str
    scope: str | None = None
    """The third field, which only `invalid_scope` has."""

    def render(self) -> Response:
        """Return the response."""
        fields = {"error": self.error, "error_description": self.description}
        if self.scope is not None:
            fields["scope"] = self.scope
        challenge = f'Bearer error="{self.error}", error_description="{self.description}"'
        return json_response(
            self.status,
            compact(fields),
            content_type=DEFAULT_CONTENT_TYPE,
            challenge=challenge if self.status == 401 else None,  # noqa: PLR2004 - the one status with a challenge
        )
