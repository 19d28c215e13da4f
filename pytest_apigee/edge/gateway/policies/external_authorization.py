"""Clients that somebody else has authorized: Edge looks up their key, and asks for no secret.

Source: runtime.md 4.5 "Imported tokens"; Edge's documentation of third-party OAuth systems.
"""

from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.entities import client_with_key
from pytest_apigee.edge.gateway.oauth_errors import OAuthErrors
from pytest_apigee.edge.gateway.policies.client_authentication import check_active
from pytest_apigee.edge.gateway.policies.oauth_v2 import OAuthOperation
from pytest_apigee.edge.gateway.variables import written
from pytest_apigee.edge.records import Client
from pytest_apigee.edge.unknown_values import why_key_unknown

STATUS_VARIABLE = "oauth_external_authorization_status"


def externally_authorized_client(context: FlowContext, policy: OAuthOperation, client_id: str) -> Client:
    """Return the client that a variable names, where another variable says that it was authorized.

    Raises:
        Refusal: It was not, or there is no such client, or it may not have tokens.
    """
    errors, key = OAuthErrors(context.state), context.variables.text(client_id)
    status = context.variables.get(STATUS_VARIABLE)
    if status is None or written(status) != "true":
        shown = "is not set" if status is None else f"is {written(status)!r}"
        raise policy.refusal(errors.wrong_secret(), f"{STATUS_VARIABLE} {shown}, not 'true'")
    if not key:
        raise policy.refusal(errors.missing_client(), f"no client id in {client_id}")
    client = client_with_key(context, key)
    if client is None:
        raise policy.refusal(errors.unknown_client(), why_key_unknown(context.organization, key))
    context.notes.app = client.app.name
    check_active(context, policy, client)
    return client
