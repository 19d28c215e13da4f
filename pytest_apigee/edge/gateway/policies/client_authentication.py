"""What both token policies do first: read the form, the grant type, and who the client is.

Source: runtime.md sections 2.2 and 5.2. All refusals but the first are in the flat form.
"""

import hmac

from pytest_apigee.edge.authorization import (
    BasicCredentials,
    InvalidBasicError,
    UndecodableBasicError,
    basic_credentials,
)
from pytest_apigee.edge.gateway.faults import FlatFault, PolicyFault
from pytest_apigee.edge.gateway.flow import FlowContext
from pytest_apigee.edge.identifiers import is_marked
from pytest_apigee.edge.records import Client, DeveloperStatus, Status
from pytest_apigee.edge.refusal import Refusal

APP_NOT_APPROVED = "App not Approved"
DEVELOPER_NOT_ACTIVE = "Developer Status is not Active"


def check_form(context: FlowContext) -> None:
    """Check that a form body decodes.

    Raises:
        Refusal: It does not.
    """
    if context.request.has_malformed_form:
        text = (
            "UrlDecoding of the form parameters from the request message failed. "
            "The form parameters needs to be url encoded"
        )
        status = context.state.guesses.undecodable_form_status
        fault = PolicyFault(status=status, faultstring=text, errorcode="steps.oauth.v2.InvalidRequest")
        raise Refusal(fault, "the form body holds a percent sign that escapes nothing")


def check_grant_type(context: FlowContext, supported: str) -> None:
    """Check the grant type, which the stock proxy reads from the query alone.

    Raises:
        Refusal: It is absent, or not supported.
    """
    grant_type = context.request.query.get("grant_type")
    if not grant_type:
        in_form = "grant_type" in context.request.form
        where = "only in the form; the stock proxy reads it from the query alone" if in_form else "absent"
        raise invalid_request("Required param : grant_type", f"grant_type is {where} (use apigee.token_url)")
    if grant_type != supported:
        status = context.state.guesses.unsupported_grant_status
        raise invalid_request(
            f"Unsupported grant type : {grant_type}", f"this flow supports only {supported}", status=status
        )


def authenticated_client(context: FlowContext) -> Client:
    """Return the client whose key and secret came, in a Basic header or in the form, never in the query.

    Raises:
        Refusal: There is none, or it may not have tokens.
    """
    sent = _sent_credentials(context)
    if not sent.user:
        in_query = "client_id" in context.request.query
        where = "client_id is read from a Basic header or the form, never from the query" if in_query else "absent"
        raise _invalid_client("Client identifier is required", f"no client id: {where}")
    client = context.organization.client_with_key(sent.user)
    if client is None:
        reason = f"no app of organization {context.organization.name!r} has this consumer key"
        if is_marked(sent.user):
            reason += "; it is a key of another world (of another test, perhaps kept in a module-level cache)"
        raise _invalid_client("ClientId is Invalid", reason)
    context.notes.app = client.app.name
    if not hmac.compare_digest(_bytes(sent.password), _bytes(client.credential.consumer_secret)):
        raise _invalid_client("Client credentials are invalid", f"wrong consumer secret for app {client.app.name!r}")
    _check_approval(context, client)
    return client


def invalid_request(text: str, reason: str, *, status: int = 400) -> Refusal:
    """Return a flat `invalid_request`."""
    return Refusal(FlatFault(status=status, error_code="invalid_request", error=text), reason)


def _sent_credentials(context: FlowContext) -> BasicCredentials:
    try:
        credentials = basic_credentials(context.request)
    except (UndecodableBasicError, InvalidBasicError):
        is_absent = context.state.guesses.undecodable_basic_counts_as_absent
        credentials = None if is_absent else BasicCredentials(user="", password="")
    if credentials is not None:
        return credentials
    form = context.request.form
    return BasicCredentials(user=form.get("client_id") or "", password=form.get("client_secret") or "")


def _check_approval(context: FlowContext, client: Client) -> None:
    guesses = context.state.guesses
    if client.credential.status is not Status.APPROVED:
        text, why = guesses.key_not_approved_text, f"the consumer key is {client.credential.status}"
    elif client.credential.has_expired(context.state.clock.now_ms):
        text, why = guesses.key_expired_text, "the consumer key has expired"
    elif client.app.status is not Status.APPROVED:
        text, why = APP_NOT_APPROVED, f"the app is {client.app.status}"
    elif client.developer.status is not DeveloperStatus.ACTIVE:
        text, why = DEVELOPER_NOT_ACTIVE, f"the developer {client.developer.email} is not active"
    else:
        return
    raise _invalid_client(text, f"{why} (app {client.app.name!r})", status=guesses.flat_not_approved_status)


def _invalid_client(text: str, reason: str, *, status: int = 401) -> Refusal:
    return Refusal(FlatFault(status=status, error_code="invalid_client", error=text), reason)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
