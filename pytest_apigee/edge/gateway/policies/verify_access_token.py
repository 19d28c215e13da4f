"""OAuthV2 VerifyAccessToken: always the fault form, 401 with a challenge.

The checks are in the order of runtime.md 5.4: present, exists, revoked, expired, key, app, developer, product, scope.
"""

import re
from dataclasses import dataclass

from pytest_apigee.edge.clock import MILLISECOND
from pytest_apigee.edge.gateway.faults import PolicyFault
from pytest_apigee.edge.gateway.flow import FlowContext
from pytest_apigee.edge.gateway.policies.client_states import inactivity_of
from pytest_apigee.edge.identifiers import is_marked
from pytest_apigee.edge.records import ApiProduct, Client, Status
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.edge.tokens import AccessToken, TokenStatus

_SERVICE = "keymanagement.service."


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifyAccessToken:
    """Lets a call through if its bearer token is good for it."""

    name: str
    scopes: tuple[str, ...] = ()

    def execute(self, context: FlowContext) -> None:
        """Check the bearer token.

        Raises:
            Refusal: It is not good for this call.
        """
        token = _known_token(context, _sent_token(context))
        checks = [_check_approved, _check_expiry]
        if context.state.guesses.expired_before_revoked:
            checks.reverse()
        for check in checks:
            check(context, token)
        client = _active_client(context, token)
        _check_product(context, client)
        self._check_scope(context, token)

    def _check_scope(self, context: FlowContext, token: AccessToken) -> None:
        enough = {"any": any, "all": all}[context.state.guesses.scope_rule]
        if not self.scopes or enough(scope in token.scopes for scope in self.scopes):
            return
        fault = PolicyFault(
            status=403,
            faultstring=f"Required scope(s): [{', '.join(self.scopes)}]",
            errorcode="steps.oauth.v2.InsufficientScope",
            has_challenge=context.state.guesses.scope_challenge,
        )
        had = " ".join(token.scopes) or "none"
        raise Refusal(fault, f"the token has the scopes: {had}; the proxy requires: {' '.join(self.scopes)}")


def _sent_token(context: FlowContext) -> str:
    scheme, _, token = (context.request.headers.get("Authorization") or "").rstrip().partition(" ")
    if scheme == "Bearer" and token:
        return token
    if not scheme:
        reason = "no Authorization header"
    elif scheme != "Bearer":
        reason = "the scheme of the Authorization header is not exactly 'Bearer'"
    else:
        reason = "nothing follows 'Bearer' in the Authorization header"
    raise _unauthorized("Invalid access token", "oauth.v2.InvalidAccessToken", reason)


def _known_token(context: FlowContext, value: str) -> AccessToken:
    token = context.organization.tokens.find(value)
    if token is None:
        raise _unauthorized("Invalid Access Token", f"{_SERVICE}invalid_access_token", _why_unknown(context, value))
    return token


def _why_unknown(context: FlowContext, value: str) -> str:
    for organization in context.state.organizations.values():
        if organization.tokens.find(value) is not None:
            return f"the token belongs to organization {organization.name!r}"
    if is_marked(value) and context.organization.tokens.has_forgotten:
        return "a token that expired days ago, so that Edge forgot it, or one of another world"
    if is_marked(value):
        return "a token of another world (issued in another test, perhaps kept in a module-level cache)"
    return "nobody issued this token"


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
    client = context.organization.client_of_key(token.client_id)
    context.notes.app = client.app.name
    inactivity = inactivity_of(context, client)
    if inactivity is None:
        return client
    states = f"key {client.credential.status}, app {client.app.status}, developer {client.developer.status}"
    why = f"{inactivity.text} (app {client.app.name!r}: {states})"
    status = context.state.guesses.not_approved_status
    raise _unauthorized(inactivity.text, f"{_SERVICE}{inactivity.code}", why, status=status)


def _check_product(context: FlowContext, client: Client) -> None:
    products = [
        context.organization.products[name]
        for name, status in client.credential.products.items()
        if status is Status.APPROVED
    ]
    if any(_covers(context, product) for product in products):
        return
    names = ", ".join(product.name for product in products) or "none"
    reason = (
        f"no API product of app {client.app.name!r} covers proxy {context.proxy.name!r} in {context.environment} "
        f"at {context.path_suffix or '/'}; its products: {names}"
    )
    path = context.request.path if context.state.guesses.full_path_in_resource_fault else context.path_suffix
    if context.state.era.checks_unbound_resources and any(_is_unbound(product) for product in products):
        raise _unauthorized(f"APIResource {path} does not exist", f"{_SERVICE}apiresource_doesnot_exist", reason)
    text = "Invalid API call as no apiproduct match found"
    raise _unauthorized(text, f"{_SERVICE}InvalidAPICallAsNoApiProductMatchFound", reason)


def _is_unbound(product: ApiProduct) -> bool:
    return not product.proxies and not product.environments


def _covers(context: FlowContext, product: ApiProduct) -> bool:
    return (
        (not product.proxies or context.proxy.name in product.proxies)
        and (not product.environments or context.environment in product.environments)
        and (not product.resources or any(_matches(context, pattern) for pattern in product.resources))
    )


def _matches(context: FlowContext, pattern: str) -> bool:
    if pattern == "/" and context.state.guesses.root_resource_allows_all:
        return True
    parts = (re.escape(part) for part in re.split(r"(\*\*|\*)", pattern))
    wildcards = {r"\*\*": ".*", r"\*": "[^/]+"}
    regex = "".join(wildcards.get(part, part) for part in parts)
    return re.fullmatch(regex, context.path_suffix or "/", re.DOTALL) is not None


def _unauthorized(text: str, code: str, reason: str, *, status: int = 401) -> Refusal:
    fault = PolicyFault(status=status, faultstring=text, errorcode=code, has_challenge=True)
    return Refusal(fault, reason)
