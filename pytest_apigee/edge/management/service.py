"""api.enterprise.apigee.com: authentication, roles, and the organization itself.

Source: management.md sections 2, 4 and 5.1; sso.md 3.1.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote

from pytest_apigee.edge.authorization import (
    BasicCredentials,
    InvalidBasicError,
    UndecodableBasicError,
    authorization_of,
    basic_credentials,
    same_text,
)
from pytest_apigee.edge.jackson import Json, pretty
from pytest_apigee.edge.journal import Notes
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.refusal import BareFault, NotModelled, Refusal
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.users import BadCredentialsError, User, UserStatus

_ORGANIZATION = re.compile(r"/v1/(?:organizations|o)/(?P<name>[^/]+)/?(?P<rest>.*)", re.DOTALL)
_NOT_MODELLED = re.compile(
    r"/v1/(?:organizations|o|users|userroles|environments|e|runtime|audits|buildinfo)/?"
    r"|/v1/users/.*"
    r"|/v1/(?:organizations|o)/[^/]+/(?:apimodels|apiproducts|apis|apps|audits|caches|companies|deployments|developers"
    r"|e|environments|keystores|keyvaluemaps|maskconfigs|oauth2|reports|resourcefiles|sharedflows|stats|userroles|users"
    r"|virtualhosts)(?:/.*)?"
)


class ManagementService:
    """Answers what is sent to the management API.

    Args:
        state: The world's tables.
        verify_bearer: Returns the user of an SSO access token, or raises `BadCredentialsError`.
    """

    def __init__(self, state: WorldState, verify_bearer: Callable[[str], User]) -> None:
        self._state = state
        self._verify_bearer = verify_bearer

    def answer(self, request: Request, notes: Notes) -> Response:
        """Answer one request.

        Raises:
            Refusal: Edge refuses it.
            NotModelled: Edge would answer it and the fake cannot.
        """
        user = self._user(request)
        notes.user = user.email
        match = _ORGANIZATION.fullmatch(request.path)
        if match is None:
            raise self._elsewhere(request)
        organization = self._permitted_organization(user, unquote(match["name"]), request)
        notes.organization = organization.name
        if match["rest"]:
            raise self._elsewhere(request)
        if request.method in ("POST", "DELETE"):
            raise NotModelled(request.shown)
        if request.method not in ("GET", "HEAD"):
            body = self._state.guesses.mgmt_method_not_allowed_body
            raise Refusal(BareFault(status=405, body=body), f"an organization does not take {request.method}")
        return self._organization_response(organization)

    def _user(self, request: Request) -> User:
        token = authorization_of(request, "Bearer")
        try:
            if token is not None:
                return self._verify_bearer(token)
            credentials = basic_credentials(request)
            if credentials is not None:
                return self._basic_user(credentials)
        except BadCredentialsError as error:
            raise self._unauthorized(error.reason, bearer=token is not None) from None
        except (UndecodableBasicError, InvalidBasicError):
            raise self._unauthorized("the Basic header does not decode", bearer=False) from None
        raise self._unauthorized("no Bearer or Basic Authorization header", bearer=False)

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

    def _permitted_organization(self, user: User, name: str, request: Request) -> Organization:
        organization = self._state.organizations.get(name)
        if organization is None:
            known = ", ".join(sorted(self._state.organizations))
            raise self._forbidden(
                f"unknown organization; declared: {known}", status=self._state.guesses.mgmt_unknown_org_status
            )
        if organization.zone.has_saml and authorization_of(request, "Basic") is not None:
            raise self._unauthorized(f"organization {name!r} has SAML, and there Basic is off", bearer=False)
        if user.zone != organization.zone:
            reason = f"a user of {user.zone.host}, and organization {name!r} has those of {organization.zone.host}"
            raise self._unauthorized(reason, bearer=authorization_of(request, "Basic") is None)
        if not user.belongs_to(name):
            raise self._forbidden(f"the SSO user {user.email} has no role in organization {name!r}", status=403)
        return organization

    def _elsewhere(self, request: Request) -> Exception:
        if _NOT_MODELLED.fullmatch(request.path):
            return NotModelled(request.shown)
        status = self._state.guesses.unknown_path_status
        return Refusal(BareFault(status=status), "the management API has no such path")

    def _unauthorized(self, reason: str, *, bearer: bool) -> Refusal:
        realm = self._state.guesses.mgmt_realm
        challenge = f'Bearer realm="{realm}", error="invalid_token"' if bearer else f'Basic realm="{realm}"'
        body = self._state.guesses.mgmt_unauthorized_body
        return Refusal(BareFault(status=401, body=body, headers=(("WWW-Authenticate", challenge),)), reason)

    def _forbidden(self, reason: str, *, status: int) -> Refusal:
        return Refusal(BareFault(status=status, body=self._state.guesses.mgmt_forbidden_body), reason)

    def _organization_response(self, organization: Organization) -> Response:
        properties = [{"name": name, "value": value} for name, value in organization.properties.items()]
        by = self._state.guesses.mgmt_created_by
        body: dict[str, Json] = {
            "createdAt": organization.created_at_ms,
            "createdBy": by,
            "displayName": organization.display_name,
            "environments": list(organization.environments),
            "lastModifiedAt": organization.created_at_ms,
            "lastModifiedBy": by,
            "name": organization.name,
            "properties": {"property": properties},
            "type": organization.kind,
        }
        return Response(status=200, headers={"Content-Type": "application/json"}, body=pretty(body))
