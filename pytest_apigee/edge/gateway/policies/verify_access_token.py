"""OAuthV2 VerifyAccessToken: always the fault form, 401 with a challenge.

The checks are in the order of runtime.md 5.4: present, exists, revoked, expired, key, app, developer, product, scope.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pytest_apigee.edge import checks
from pytest_apigee.edge.clock import MILLISECOND
from pytest_apigee.edge.gateway.client_states import inactivity_of
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.entities import (
    client_with_key,
    covering_product,
    products_of,
    token_with_value,
    why_not_covered,
)
from pytest_apigee.edge.gateway.faults import PolicyFault
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.gateway.token_variables import access_values, client_values, product_values
from pytest_apigee.edge.records import ApiProduct, Client
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.edge.tokens import AccessToken, TokenStatus
from pytest_apigee.edge.unknown_values import why_token_unknown
from pytest_apigee.errors import ConfigurationError

_SERVICE = "keymanagement.service."
_HEADER = "request.header.authorization"


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifyAccessToken(Policy):
    """Lets a call through if its access token is good for it, and leaves in variables what is known of its app.

    Args:
        access_token: The variable that holds the token; by default the Authorization header.
        access_token_prefix: What stands before the token, and a blank; by default `Bearer` in the Authorization header
            and nothing elsewhere.
        scopes: Of which the token needs one.
    """

    variable_prefix: ClassVar[str] = "oauthV2"

    access_token: str = ""
    access_token_prefix: str = ""
    scopes: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        Policy.__post_init__(self)
        checks.variable(f"access_token of {self.name!r}", self.access_token)
        prefix = checks.string(f"access_token_prefix of {self.name!r}", self.access_token_prefix)
        if prefix and prefix.split() != [prefix]:
            msg = f"access_token_prefix of {self.name!r} takes one word, as 'Bearer', not {prefix!r}."
            raise ConfigurationError(msg)
        scopes = self.scopes
        if not isinstance(scopes, str):
            scopes = checks.names(f"scopes of {self.name!r}", scopes, "scopes=['READ']")
        object.__setattr__(self, "scopes", checks.scopes(scopes))

    def execute(self, context: FlowContext) -> None:
        """Check the token.

        Raises:
            Refusal: It is not good for this call.
        """
        token = _known_token(context, self._sent_token(context))
        checks_of_state = (_check_approved, _check_expiry)
        if context.state.guesses.expired_before_revoked:
            checks_of_state = (_check_expiry, _check_approved)
        for check in checks_of_state:
            check(context, token)
        client = _active_client(context, token)
        product = _product(context, client)
        self._check_scope(context, token, client)
        context.variables.update_when_read(
            lambda: access_values(context, token) | client_values(client) | product_values(product)
        )

    def _sent_token(self, context: FlowContext) -> str:
        if self.access_token and self.access_token.lower() != _HEADER:
            return self._token_elsewhere(context)
        prefix = self.access_token_prefix or "Bearer"
        scheme, _, token = (context.request.headers.get("Authorization") or "").rstrip().partition(" ")
        if scheme == prefix and token:
            return token
        if not scheme:
            reason = "no Authorization header"
        elif scheme != prefix:
            reason = f"the scheme of the Authorization header is not exactly {prefix!r}"
        else:
            reason = f"nothing follows {prefix!r} in the Authorization header"
        raise _unsent(reason)

    def _token_elsewhere(self, context: FlowContext) -> str:
        text = (context.variables.text(self.access_token) or "").rstrip()
        prefix = self.access_token_prefix
        if not text:
            raise _unsent(f"no access token in {self.access_token}")
        if not prefix:
            return text
        scheme, _, token = text.partition(" ")
        if scheme != prefix or not token:
            raise _unsent(f"what {self.access_token} holds does not start with {prefix!r} and a blank")
        return token

    def _check_scope(self, context: FlowContext, token: AccessToken, client: Client) -> None:
        if not self.scopes:
            return
        enough = {"any": any, "all": all}[context.state.guesses.scope_rule]
        is_strict = context.state.guesses.scopes_of_products_alone
        defined = context.organization.scopes_of_products(client.credential) if is_strict else token.scopes
        counted = [scope for scope in token.scopes if scope in defined]
        excluded = [scope for scope in token.scopes if scope not in defined]
        if enough(scope in counted for scope in self.scopes):
            return
        fault = PolicyFault(
            status=403,
            faultstring=f"Required scope(s): [{', '.join(self.scopes)}]",
            errorcode="steps.oauth.v2.InsufficientScope",
            has_challenge=context.state.guesses.scope_challenge,
        )
        had = " ".join(counted) or "none"
        beside = f", and {' '.join(excluded)}, which no API product of its key defines" if excluded else ""
        raise Refusal(fault, f"the token has the scopes: {had}{beside}; the proxy requires: {' '.join(self.scopes)}")


def _known_token(context: FlowContext, value: str) -> AccessToken:
    token = token_with_value(context, value)
    if token is None:
        reason = why_token_unknown(context.state, context.organization, value)
        raise _unauthorized("Invalid Access Token", f"{_SERVICE}invalid_access_token", reason)
    return token


def _check_approved(context: FlowContext, token: AccessToken) -> None:  # noqa: ARG001 - one signature for all checks
    if token.status is not TokenStatus.APPROVED:
        reason = "the token was revoked"
        raise _unauthorized("Access Token not approved", f"{_SERVICE}access_token_not_approved", reason)


def _check_expiry(context: FlowContext, token: AccessToken) -> None:
    now_ms = context.state.clock.now_ms
    if token.has_expired(now_ms):
        history = context.state.clock.history
        ago = (now_ms - token.expires_at_ms) * MILLISECOND
        raise _unauthorized(
            "Access Token expired",
            f"{_SERVICE}access_token_expired",
            f"the token expired {ago} ago" + (f"; {history}" if history else ""),
            status=context.state.guesses.expired_status,
        )


def _active_client(context: FlowContext, token: AccessToken) -> Client:
    client = client_with_key(context, token.client_id)
    if client is None or client.app.app_id != token.grant.app_id:  # the same key may be another app's now
        reason = "the consumer key that the token was issued to is gone"
        raise _unauthorized("Invalid Access Token", f"{_SERVICE}invalid_access_token", reason)
    context.notes.app = client.app.name
    inactivity = inactivity_of(context, client)
    if inactivity is None:
        return client
    states = f"key {client.credential.status}, app {client.app.status}, {_owner(client)}"
    why = f"{inactivity.text} (app {client.app.name!r}: {states})"
    status = context.state.guesses.not_approved_status
    raise _unauthorized(inactivity.text, f"{_SERVICE}{inactivity.code}", why, status=status)


def _owner(client: Client) -> str:
    if client.company is not None:
        return f"company {client.company.status}"
    return f"developer {'gone' if client.developer is None else client.developer.status}"


def _product(context: FlowContext, client: Client) -> ApiProduct:
    products = products_of(context, client)
    product = covering_product(context, products)
    if product is not None:
        return product
    reason = why_not_covered(context, client, products)
    path = context.request.path if context.state.guesses.full_path_in_resource_fault else context.path_suffix
    if context.state.era.checks_unbound_resources and any(_is_unbound(product) for product in products):
        raise _unauthorized(f"APIResource {path} does not exist", f"{_SERVICE}apiresource_doesnot_exist", reason)
    text = "Invalid API call as no apiproduct match found"
    raise _unauthorized(text, f"{_SERVICE}InvalidAPICallAsNoApiProductMatchFound", reason)


def _is_unbound(product: ApiProduct) -> bool:
    return not product.proxies and not product.environments


def _unsent(reason: str) -> Refusal:
    return _unauthorized("Invalid access token", "oauth.v2.InvalidAccessToken", reason)


def _unauthorized(text: str, code: str, reason: str, *, status: int = 401) -> Refusal:
    fault = PolicyFault(status=status, faultstring=text, errorcode=code, has_challenge=True)
    return Refusal(fault, reason)
