"""What the SSO's own endpoints make of a bearer token.

Source: sso.md 2.3; texts are UAA's.
"""

from pytest_apigee.edge.authorization import authorization_of
from pytest_apigee.edge.clock import java_date
from pytest_apigee.edge.message import Request
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.edge.sso.faults import InsufficientScope, PlainFault, ResourceFault
from pytest_apigee.edge.sso.jwt_claims import Claims, scopes_in
from pytest_apigee.edge.sso.jwt_verifier import (
    ExpiredJwtError,
    InvalidJwtError,
    JwtVerifier,
    RefreshTokenError,
    RevokedJwtError,
    WrongIssuerError,
)
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.users import User
from pytest_apigee.edge.zones import Zone

FULL_AUTHENTICATION = "Full authentication is required to access this resource"


class BearerTokens:
    """Reads the bearer token of a request."""

    def __init__(self, state: WorldState, verifier: JwtVerifier) -> None:
        self._state = state
        self._verifier = verifier

    def user_with_scope(self, scope: str, request: Request, zone: Zone, *, resource: str | None = None) -> User:
        """Return the user of a request's token, which must have a scope and, where there is one, name the resource.

        Raises:
            Refusal: 401 without a good token, 403 without scope or resource.
        """
        token = authorization_of(request, "Bearer")
        if token is None:
            fault = ResourceFault(error="unauthorized", description=FULL_AUTHENTICATION)
            raise Refusal(fault, "no Bearer Authorization header")
        try:
            claims, user = self._verifier.access_claims(token, zone)
        except InvalidJwtError as error:
            fault = ResourceFault(error="invalid_token", description=self._text_of(error, token))
            raise Refusal(fault, error.reason) from None
        audience = claims.get("aud")
        if resource is not None and isinstance(audience, list) and audience and resource not in audience:
            description = f"Invalid token does not contain resource id ({resource})"
            denied = PlainFault(status=403, error="access_denied", description=description)
            raise Refusal(denied, f"the token is not for {resource!r}: `aud` lacks it")
        if scope not in scopes_in(claims):
            raise Refusal(InsufficientScope(scope=scope), f"the token lacks the scope {scope!r}")
        return user

    def claims_of(self, token: str, zone: Zone) -> Claims:
        """Return the claims of a good access token.

        Raises:
            InvalidJwtError: It is not good.
        """
        return self._verifier.access_claims(token, zone)[0]

    def checked_text_of(self, error: InvalidJwtError, token: str) -> str:
        """Return what `/check_token` says of a token that is not good."""
        return "Token has expired" if isinstance(error, ExpiredJwtError) else self._text_of(error, token)

    def _text_of(self, error: InvalidJwtError, token: str) -> str:
        match error:
            case ExpiredJwtError(expired_at=moment):
                return f"Invalid access token (expired): {token} expired at {java_date(moment)}"
            case WrongIssuerError(issuer=issuer):
                return f"Invalid issuer for token:{issuer}"
            case RevokedJwtError():
                return token
            case RefreshTokenError():
                return f"{self._state.guesses.swapped_jwt_text}: {token}"
            case _:
                return f"Invalid token (could not decode): {token}"
