"""Who asks the management API, and whether that user may see the organization.

Source: management.md sections 2, 4 and 5.1; sso.md 3.1.
"""

from collections.abc import Callable

from pytest_apigee.edge.authorization import (
    BasicCredentials,
    InvalidBasicError,
    UndecodableBasicError,
    authorization_of,
    basic_credentials,
    same_text,
)
from pytest_apigee.edge.message import Request
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.refusal import BareFault, Refusal
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.users import BadCredentialsError, User, UserStatus


class Authenticator:
    """Recognises users, by bearer token or Basic, and keeps them to their organizations.

    Args:
        state: The world's tables.
        verify_bearer: Returns the user of an SSO access token, or raises `BadCredentialsError`.
    """

    def __init__(self, state: WorldState, verify_bearer: Callable[[str], User]) -> None:
        self._state = state
        self._verify_bearer = verify_bearer

    def user(self, request: Request) -> User:
        """Return who asks.

        Raises:
            Refusal: 401; nobody is known by these credentials.
        """
        token = authorization_of(request, "Bearer")
        try:
            if token is not None:
                return self._verify_bearer(token)
            credentials = basic_credentials(request)
            if credentials is not None:
                return self._basic_user(credentials)
        except BadCredentialsError as error:
            raise self._unauthorized(self._explained(error.reason, token), self._challenge(token)) from None
        except (UndecodableBasicError, InvalidBasicError):
            raise self._unauthorized("the Basic header does not decode", self._challenge(None)) from None
        raise self._unauthorized("no Bearer or Basic Authorization header", self._challenge(None))

    def organization(self, user: User, name: str, request: Request) -> Organization:
        """Return an organization that a user may see.

        Raises:
            Refusal: 401 or 403; the user may not.
        """
        organization = self._state.organizations.get(name)
        if organization is None:
            known = ", ".join(sorted(self._state.organizations))
            status = self._state.guesses.mgmt_unknown_org_status
            raise self.forbidden(f"unknown organization; declared: {known}", status=status)
        if organization.zone.has_saml and authorization_of(request, "Basic") is not None:
            raise self._unauthorized(f"organization {name!r} has SAML, and there Basic is off", self._challenge(None))
        if user.zone != organization.zone:
            reason = f"a user of {user.zone.host}, and organization {name!r} has those of {organization.zone.host}"
            raise self._unauthorized(reason, self._challenge(authorization_of(request, "Bearer")))
        if not user.belongs_to(name) and not user.is_system_administrator:
            raise self.forbidden(f"the SSO user {user.email} has no role in organization {name!r}")
        return organization

    def forbidden(self, reason: str, *, status: int = 403) -> Refusal:
        """Return a refusal for want of a permission."""
        return Refusal(BareFault(status=status, body=self._state.guesses.mgmt_forbidden_body), reason)

    def _basic_user(self, credentials: BasicCredentials) -> User:
        users = (self._state.users.find(credentials.user, zone) for zone in self._state.all_zones)
        user = next((user for user in users if user is not None and not user.logs_in_by_saml), None)
        if user is None:
            reason = "no SSO user has this e-mail and a password of Edge's; declare one with apigee.user(email)"
            raise BadCredentialsError(reason)
        ignores_status = self._state.guesses.basic_takes_unusable_accounts
        if user.status is UserStatus.INACTIVE or (user.status is not UserStatus.ACTIVE and not ignores_status):
            reason = f"the SSO user {user.email} has the status {user.status}"
            raise BadCredentialsError(reason)
        if not same_text(credentials.password, user.password):
            reason = f"wrong password for the SSO user {user.email}"
            raise BadCredentialsError(reason)
        if user.mfa_secret is not None:
            reason = f"the SSO user {user.email} has MFA on, and Edge then takes no Basic authentication"
            raise BadCredentialsError(reason)
        return user

    def _explained(self, reason: str, token: str | None) -> str:
        """Say more of a token that is none of the SSO's but an app's."""
        for organization in self._state.organizations.values():
            if token and organization.tokens.find(token) is not None:
                return (
                    f"an access token of an app of organization {organization.name!r}, which is for its APIs; the "
                    "management API takes those of SSO users"
                )
        return reason

    def _challenge(self, token: str | None) -> str:
        """Return the challenge to who sent a bearer token, or none."""
        realm = self._state.guesses.mgmt_realm
        return f'Basic realm="{realm}"' if token is None else f'Bearer realm="{realm}", error="invalid_token"'

    def _unauthorized(self, reason: str, challenge: str) -> Refusal:
        body = self._state.guesses.mgmt_unauthorized_body
        return Refusal(BareFault(status=401, body=body, headers=(("WWW-Authenticate", challenge),)), reason)
