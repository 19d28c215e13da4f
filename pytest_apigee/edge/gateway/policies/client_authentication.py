"""Who the client of a token request is.

Source: runtime.md sections 2.2 and 5.2.
"""

from pytest_apigee.edge.authorization import (
    BasicCredentials,
    InvalidBasicError,
    UndecodableBasicError,
    basic_credentials,
    same_text,
)
from pytest_apigee.edge.gateway.client_states import inactivity_of
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.entities import client_with_key
from pytest_apigee.edge.gateway.oauth_errors import OAuthErrors
from pytest_apigee.edge.gateway.policies.oauth_v2 import OAuthOperation
from pytest_apigee.edge.records import Client
from pytest_apigee.edge.unknown_values import why_key_unknown

DEFAULT_CLIENT_ID = "request.formparam.client_id"


def authenticated_client(context: FlowContext, policy: OAuthOperation, client_id: str) -> Client:
    """Return the client whose key and secret came, in a Basic header or in the form, never in the query.

    Args:
        context: The call.
        policy: Who asks.
        client_id: The variable that holds the client id where there is no Basic header.

    Raises:
        Refusal: There is none, or it may not have tokens.
    """
    sent = _sent_credentials(context, client_id)
    errors = OAuthErrors(context.state)
    if not sent.user:
        in_query = "client_id" in context.request.query
        where = "client_id is read from a Basic header or the form, never from the query" if in_query else "absent"
        raise policy.refusal(errors.missing_client(), f"no client id: {where}")
    client = client_with_key(context, sent.user)
    if client is None:
        raise policy.refusal(errors.unknown_client(), why_key_unknown(context.organization, sent.user))
    context.notes.app = client.app.name
    if not same_text(sent.password, client.credential.consumer_secret):
        raise policy.refusal(errors.wrong_secret(), f"wrong consumer secret for app {client.app.name!r}")
    check_active(context, policy, client)
    return client


def check_active(context: FlowContext, policy: OAuthOperation, client: Client) -> None:
    """Check that a client may have tokens.

    Raises:
        Refusal: Its key, its app or its developer may not act.
    """
    inactivity = inactivity_of(context, client)
    if inactivity is not None:
        error = OAuthErrors(context.state).not_approved(inactivity)
        raise policy.refusal(error, f"{inactivity.why} (app {client.app.name!r})")


def _sent_credentials(context: FlowContext, client_id: str) -> BasicCredentials:
    try:
        credentials = basic_credentials(context.request)
    except (UndecodableBasicError, InvalidBasicError):
        is_absent = context.state.guesses.undecodable_basic_counts_as_absent
        credentials = None if is_absent else BasicCredentials(user="", password="")
    if credentials is not None:
        return credentials
    secret = context.request.form.get("client_secret") or ""
    return BasicCredentials(user=context.variables.text(client_id) or "", password=secret)
