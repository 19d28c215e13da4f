"""GetOAuthV2Info, SetOAuthV2Info, DeleteOAuthV2Info: what Edge keeps of tokens, codes and clients.

Always the fault form. Source: runtime.md section 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from pytest_apigee.edge import checks
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.entities import client_with_key, covering_product, products_of, why_not_covered
from pytest_apigee.edge.gateway.faults import PolicyFault
from pytest_apigee.edge.gateway.issuing import listed_products
from pytest_apigee.edge.gateway.policies.oauth_v2 import Attribute, attributes_of, checked_attributes
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.gateway.token_variables import (
    Values,
    access_values,
    client_info_values,
    client_values,
    code_values,
    prefixed,
    refresh_values,
)
from pytest_apigee.edge.records import Client
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.edge.tokens import AccessToken, AuthorizationCode, RefreshToken, TokenStatus
from pytest_apigee.edge.unknown_values import why_key_unknown
from pytest_apigee.errors import ConfigurationError

_STEPS = "steps.oauth.v2."
_FAILED = 500
_BAD_TOKEN = ("Invalid Access Token", "invalid_access_token")
_BAD_REFRESH_TOKEN = ("Invalid Refresh Token", "invalid_refresh_token")
_BAD_CODE = ("Invalid Authorization Code", "invalid_request-authorization_code_invalid")
_EXPIRED_TOKEN = ("Access Token expired", "access_token_expired")


@dataclass(frozen=True, kw_only=True, slots=True)
class GetOAuthV2Info(Policy):
    """Puts into variables what Edge keeps of one thing: name exactly one.

    Args:
        access_token: The variable that holds an access token; sets `oauthv2accesstoken.{policy}.*`. An API product of
            its app must cover this call, as on Edge.
        authorization_code: The variable that holds an authorization code; sets `oauthv2authcode.{policy}.*`.
        client_id: The variable that holds a consumer key; sets `oauthv2client.{policy}.*`.
        refresh_token: The variable that holds a refresh token; sets `oauthv2refreshtoken.{policy}.*`.
        ignore_access_token_status: Whether an access token that expired or was revoked is shown, too.
    """

    variable_prefix: ClassVar[str] = "oauthV2"

    access_token: str = ""
    authorization_code: str = ""
    client_id: str = ""
    refresh_token: str = ""
    ignore_access_token_status: bool = False

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        Policy.__post_init__(self)
        checks.flag(f"ignore_access_token_status of {self.name!r}", self.ignore_access_token_status)
        _check_one_of(self, ("access_token", "authorization_code", "client_id", "refresh_token"))

    def execute(self, context: FlowContext) -> None:
        """Look it up.

        Raises:
            Refusal: It is not there, or has expired; for an access token also: no product of its app covers this call.
        """
        if self.access_token:
            kind, values = "oauthv2accesstoken", self._of_access_token(context)
        elif self.authorization_code:
            kind, values = "oauthv2authcode", code_values(_code(context, self.authorization_code))
        elif self.client_id:
            kind, values = "oauthv2client", client_info_values(_client(context, self.client_id))
        else:
            kind, values = "oauthv2refreshtoken", _of_refresh_token(context, self.refresh_token)
        context.variables.update(prefixed(f"{kind}.{self.name}", values))

    def _of_access_token(self, context: FlowContext) -> Values:
        token = _access_token(context, self.access_token)
        if not self.ignore_access_token_status:
            _check_state(context, token)
        client = _owner(context, token, _BAD_TOKEN)
        _check_product(context, client)
        values = access_values(context, token) | _owner_values(context, client)
        refresh = context.organization.tokens.find_refresh(token.refresh_token)
        return values if refresh is None else values | refresh_values(context, refresh)


@dataclass(frozen=True, kw_only=True, slots=True)
class SetOAuthV2Info(Policy):
    """Gives an access token custom attributes, new ones or new values.

    Args:
        access_token: The variable that holds the access token.
        attributes: The attributes.
    """

    variable_prefix: ClassVar[str] = "oauthV2"

    access_token: str
    attributes: Sequence[Attribute]

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        Policy.__post_init__(self)
        checks.text(f"access_token of {self.name!r}", self.access_token)
        checked_attributes(f"attributes of {self.name!r}", self.attributes)

    def execute(self, context: FlowContext) -> None:
        """Change the token.

        Raises:
            Refusal: It is not there, has expired, or was revoked.
        """
        token = _access_token(context, self.access_token)
        _check_state(context, token)
        attributes = {item.name: item for item in (*token.grant.attributes, *attributes_of(context, self.attributes))}
        changed = replace(token, grant=replace(token.grant, attributes=tuple(attributes.values())))
        context.organization.tokens.replace_token(changed)
        context.variables.update(prefixed(f"oauthv2accesstoken.{self.name}", access_values(context, changed)))


@dataclass(frozen=True, kw_only=True, slots=True)
class DeleteOAuthV2Info(Policy):
    """Deletes an access token or an authorization code: name exactly one.

    Args:
        access_token: The variable that holds an access token.
        authorization_code: The variable that holds an authorization code.
    """

    variable_prefix: ClassVar[str] = "oauthV2"

    access_token: str = ""
    authorization_code: str = ""

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        Policy.__post_init__(self)
        _check_one_of(self, ("access_token", "authorization_code"))

    def execute(self, context: FlowContext) -> None:
        """Delete it.

        Raises:
            Refusal: It is not there.
        """
        status, tokens = context.state.guesses.delete_info_unknown_status, context.organization.tokens
        if self.access_token:
            tokens.delete(_access_token(context, self.access_token, status=status).value)
        else:
            tokens.delete_code(_known_code(context, self.authorization_code, status=status).value)


def _check_one_of(policy: Policy, settings: tuple[str, ...]) -> None:
    given = [name for name in settings if checks.variable(f"{name} of {policy.name!r}", getattr(policy, name))]
    if len(given) != 1:
        what = "none" if not given else " and ".join(given)
        msg = f"{policy.kind} {policy.name!r} takes exactly one of {', '.join(settings)}, not {what}."
        raise ConfigurationError(msg)


def _access_token(context: FlowContext, variable: str, *, status: int = _FAILED) -> AccessToken:
    token = context.organization.tokens.find(context.variables.text(variable) or "")
    if token is None:
        raise _refusal(*_BAD_TOKEN, f"no access token of this organization in {variable}", status=status)
    return token


def _check_state(context: FlowContext, token: AccessToken) -> None:
    if token.status is not TokenStatus.APPROVED:
        guessed = context.state.guesses.info_revoked_code
        raise _refusal("Access Token not approved", guessed, "the access token was revoked")
    if token.has_expired(context.state.clock.now_ms):
        raise _refusal(*_EXPIRED_TOKEN, "the access token has expired")


def _check_product(context: FlowContext, client: Client) -> None:
    products = products_of(context, client)
    if covering_product(context, products) is None:
        text, code = "Invalid API call as no apiproduct match found", "InvalidAPICallAsNoApiProductMatchFound"
        raise _refusal(text, code, why_not_covered(context, client, products), status=401)


def _known_code(context: FlowContext, variable: str, *, status: int = _FAILED) -> AuthorizationCode:
    code = context.organization.tokens.find_code(context.variables.text(variable) or "")
    if code is None:
        reason = f"no authorization code of this organization in {variable}"
        raise _refusal(*_BAD_CODE, reason, status=status)
    return code


def _code(context: FlowContext, variable: str) -> AuthorizationCode:
    code = _known_code(context, variable)
    if code.has_expired(context.state.clock.now_ms):
        raise _refusal("Authorization Code Expired", "authorization_code_expired", "the authorization code has expired")
    return code


def _client(context: FlowContext, variable: str) -> Client:
    key = context.variables.text(variable) or ""
    client = client_with_key(context, key)
    if client is None:
        reason = why_key_unknown(context.organization, key) if key else f"no client id in {variable}"
        raise _refusal("ClientId is Invalid", "invalid_client-invalid_client_id", reason)
    return client


def _of_refresh_token(context: FlowContext, variable: str) -> Values:
    token = context.organization.tokens.find_refresh(context.variables.text(variable) or "")
    if token is None:
        reason = f"no refresh token of this organization in {variable}"
        raise _refusal(*_BAD_REFRESH_TOKEN, reason)
    if token.has_expired(context.state.clock.now_ms):
        raise _refusal("Refresh Token expired", "refresh_token_expired", "the refresh token has expired")
    client = _owner(context, token, _BAD_REFRESH_TOKEN)
    values: Values = {
        "access_token": token.access_token,
        "client_id": token.client_id,
        "scope": " ".join(token.scopes),
        "grant_type": token.grant.grant_type,
        "organization_name": context.organization.name,
    }
    values.update((f"accesstoken.{item.name}", item.value) for item in token.grant.attributes)
    return values | refresh_values(context, token) | _owner_values(context, client)


def _owner(context: FlowContext, token: AccessToken | RefreshToken, bad: tuple[str, str]) -> Client:
    client = client_with_key(context, token.client_id)
    if client is None:
        raise _refusal(*bad, "the consumer key that the token was issued to is gone")
    return client


def _owner_values(context: FlowContext, client: Client) -> Values:
    return client_values(client) | {"api_product_list": f"[{', '.join(listed_products(context.state, client))}]"}


def _refusal(text: str, code: str, reason: str, *, status: int = _FAILED) -> Refusal:
    return Refusal(PolicyFault(status=status, faultstring=text, errorcode=f"{_STEPS}{code}"), reason)
