"""What both token policies do first: read the form, the grant type, and who the client is.

Source: runtime.md sections 2.2 and 5.2. All refusals but the first are in the flat form.
"""

from pytest_apigee.edge.authorization import (
    BasicCredentials,
    InvalidBasicError,
    UndecodableBasicError,
    basic_credentials,
    same_text,
)
from pytest_apigee.edge.gateway.faults import FlatFault, PolicyFault
from pytest_apigee.edge.gateway.flow import FlowContext
from pytest_apigee.edge.gateway.policies.client_states import inactivity_of
from pytest_apigee.edge.identifiers import is_marked
from pytest_apigee.edge.records import Client
from pytest_apigee.edge.refusal import Refusal


def client_of_request(context: FlowContext, grant_type: str) -> Client:
    """Return the client of a token request, whose form and grant type are right.

    Raises:
        Refusal: One of them is not; which of grant type and client is looked at first is a guess.
    """
    _check_form(context)
    if context.state.guesses.grant_type_before_client:
        _check_grant_type(context, grant_type)
        return _authenticated_client(context)
    client = _authenticated_client(context)
    _check_grant_type(context, grant_type)
    return client


def _check_form(context: FlowContext) -> None:
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


def _check_grant_type(context: FlowContext, supported: str) -> None:
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


def _authenticated_client(context: FlowContext) -> Client:
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
    if not same_text(sent.password, client.credential.consumer_secret):
        raise _invalid_client("Client credentials are invalid", f"wrong consumer secret for app {client.app.name!r}")
    inactivity = inactivity_of(context, client)
    if inactivity is not None:
        status = context.state.guesses.flat_not_approved_status
        raise _invalid_client(inactivity.text, f"{inactivity.why} (app {client.app.name!r})", status=status)
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


def _invalid_client(text: str, reason: str, *, status: int = 401) -> Refusal:
    return Refusal(FlatFault(status=status, error_code="invalid_client", error=text), reason)
