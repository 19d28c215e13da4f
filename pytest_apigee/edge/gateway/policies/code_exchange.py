"""What an authorization code is good for at the token endpoint: once, for the client and the redirect URI it is of.

Source: runtime.md 4.2, 5.2.
"""

from dataclasses import replace

from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.oauth_errors import OAuthErrors
from pytest_apigee.edge.gateway.policies.oauth_v2 import OAuthOperation
from pytest_apigee.edge.records import Client
from pytest_apigee.edge.tokens import AuthorizationCode, Grant


def redeemed_grant(
    context: FlowContext, policy: OAuthOperation, client: Client, *, code: str, redirect_uri: str
) -> Grant:
    """Spend an authorization code, and return what it stands for.

    Args:
        context: The call.
        policy: Who asks.
        client: Whose request it is.
        code: The variable that holds the code.
        redirect_uri: The variable that holds the redirect URI.

    Raises:
        Refusal: The code or the redirect URI is not good.
    """
    known = _good_code(context, policy, client, code)
    _check_redirect_uri(context, policy, known, redirect_uri)
    context.organization.tokens.use_code(known)
    return replace(known.grant, grant_type="authorization_code")


def _good_code(context: FlowContext, policy: OAuthOperation, client: Client, variable: str) -> AuthorizationCode:
    errors, value = OAuthErrors(context.state), context.variables.text(variable)
    if not value:
        raise policy.refusal(errors.missing_parameter("code"), f"no code in {variable}")
    code = context.organization.tokens.find_code(value)
    if code is None:
        raise policy.refusal(errors.bad_code(), "no such authorization code was issued")
    if code.client_id != client.credential.consumer_key:
        raise policy.refusal(errors.bad_code(), "the authorization code was issued to another client")
    if code.is_used:
        raise policy.refusal(errors.bad_code(), "the authorization code was used before")
    if code.has_expired(context.state.clock.now_ms):
        raise policy.refusal(errors.expired_code(), "the authorization code has expired")
    return code


def _check_redirect_uri(context: FlowContext, policy: OAuthOperation, code: AuthorizationCode, variable: str) -> None:
    errors, sent = OAuthErrors(context.state), context.variables.text(variable)
    if not sent and code.sent_redirect_uri:
        reason = f"no redirect_uri in {variable}, and the authorization request had named one"
        raise policy.refusal(errors.missing_redirect_uri(), reason)
    if sent and sent != code.redirect_uri:
        reason = "the redirect_uri is not the one of the authorization request"
        raise policy.refusal(errors.other_redirect_uri(sent), reason)
