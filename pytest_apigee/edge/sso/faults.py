"""What login.apigee.com says when it refuses, in its two families of headers.

Source: sso.md section 3.
"""

from dataclasses import dataclass

from pytest_apigee.edge.jackson import compact
from pytest_apigee.edge.message import Response, header_safe
from pytest_apigee.edge.refusal import Refusal

SECURITY_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-XSS-Protection", "1; mode=block"),
)

_LONGEST_CHALLENGE = 8_000  # what servlet containers send of a header; some clients refuse to read longer ones


def json_response(status: int, body: bytes, *, content_type: str, challenge: str | None = None) -> Response:
    """Return an SSO answer with the headers that every one of them carries."""
    headers = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
    if challenge is not None:
        headers.append(("WWW-Authenticate", header_safe(challenge)[:_LONGEST_CHALLENGE]))
    headers.append(("Content-Type", content_type))
    return Response(status=status, headers=(*headers, *SECURITY_HEADERS), body=body)


DEFAULT_CONTENT_TYPE = "application/json;charset=UTF-8"


def ok_json(body: bytes) -> Response:
    """Return a good SSO answer of an endpoint that gives no token."""
    return json_response(200, body, content_type=DEFAULT_CONTENT_TYPE)


def html_response(page: str, *, status: int = 200) -> Response:
    """Return a page."""
    headers = (("Cache-Control", "no-store"), ("Content-Type", "text/html;charset=UTF-8"), *SECURITY_HEADERS)
    return Response(status=status, headers=headers, body=page)


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


@dataclass(frozen=True, kw_only=True, slots=True)
class PlainFault:
    """An error without a challenge: 403, 404 and 405."""

    status: int
    error: str
    description: str

    def render(self) -> Response:
        """Return the response."""
        body = compact({"error": self.error, "error_description": self.description})
        return json_response(self.status, body, content_type=DEFAULT_CONTENT_TYPE)


NO_AUTHENTICATION = "An Authentication object was not found in the SecurityContext"


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceFault:
    """What an endpoint answers that takes a bearer token: 401 with a Bearer challenge that names its realm.

    Source: sso.md 2.3, `/userinfo`.
    """

    error: str
    description: str

    def render(self) -> Response:
        """Return the response."""
        challenge = f'Bearer realm="UAA/oauth", error="{self.error}", error_description="{self.description}"'
        body = compact({"error": self.error, "error_description": self.description})
        return json_response(401, body, content_type=DEFAULT_CONTENT_TYPE, challenge=challenge)


@dataclass(frozen=True, kw_only=True, slots=True)
class InsufficientScope:
    """What such an endpoint answers to a token without its scope: 403 with a challenge without realm."""

    scope: str

    def render(self) -> Response:
        """Return the response."""
        fields = {
            "error": "insufficient_scope",
            "error_description": "Insufficient scope for this resource",
            "scope": self.scope,
        }
        challenge = "Bearer " + ", ".join(f'{name}="{value}"' for name, value in fields.items())
        return json_response(403, compact(fields), content_type=DEFAULT_CONTENT_TYPE, challenge=challenge)


def unauthorized(description: str, reason: str) -> Refusal:
    """Return a refusal of family F1."""
    return Refusal(AuthenticationFault(description=description), reason)


def invalid(status: int, error: str, description: str, reason: str = "") -> Refusal:
    """Return a refusal of family F2; its reason is by default what it says, less what follows a colon."""
    fault = TokenEndpointFault(status=status, error=error, description=description)
    return Refusal(fault, reason or f"{error}: {description.partition(':')[0]}")
