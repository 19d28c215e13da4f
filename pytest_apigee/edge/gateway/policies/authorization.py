"""OAuthV2 GenerateAuthorizationCode and GenerateAccessTokenImplicitGrant: what a user consented to, as a redirect.

Neither asks a user anything: as on Edge, the proxy does that before. Source: runtime.md 4.2, 5.3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from urllib.parse import quote, urlencode

from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.entities import client_with_key
from pytest_apigee.edge.gateway.issuing import Order, granted_scopes, issue, issue_code, seconds_shown
from pytest_apigee.edge.gateway.oauth_errors import OAuthErrors
from pytest_apigee.edge.gateway.policies.client_authentication import DEFAULT_CLIENT_ID, check_active
from pytest_apigee.edge.gateway.policies.oauth_v2 import (
    Attribute,
    OAuthOperation,
    attributes_of,
    check_form,
    checked_attributes,
    checked_lifetime,
    lifetime_ms,
)
from pytest_apigee.edge.gateway.token_variables import client_values, code_values, issued_values, prefixed
from pytest_apigee.edge.message import Response, header_safe
from pytest_apigee.edge.records import NEVER_MS, Client
from pytest_apigee.edge.tokens import Grant
from pytest_apigee.edge.unknown_values import why_key_unknown


@dataclass(frozen=True, kw_only=True, slots=True)
class Redirection:
    """Where an answer goes: the client's redirect URI, and whether the request had named it."""

    uri: str
    was_sent: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthorizationOperation(OAuthOperation):
    """What the two operations of an authorization endpoint have in common.

    Args:
        expires_in: How long what it issues is good; `NEVER` for ever, None for the system's default (a GUESS).
        expires_in_ref: The variable that holds it instead, in milliseconds.
        response_type: The variable that holds the response type.
        client_id: The variable that holds the client id.
        redirect_uri: The variable that holds the redirect URI.
        scope: The variable that holds the scopes asked for.
        state: The variable that holds the state, which comes back as it was.
        app_end_user: The variable that holds the id of the end user, which the token keeps.
        attributes: Custom attributes that the token gets.
    """

    wanted_response_type: ClassVar[str]

    expires_in: timedelta | None = None
    expires_in_ref: str = ""
    response_type: str = "request.formparam.response_type"
    client_id: str = DEFAULT_CLIENT_ID
    redirect_uri: str = "request.formparam.redirect_uri"
    scope: str = "request.formparam.scope"
    state: str = "request.formparam.state"
    app_end_user: str = ""
    attributes: Sequence[Attribute] = ()

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        OAuthOperation.__post_init__(self)
        checked_lifetime(f"expires_in of {self.name!r}", self.expires_in)
        checked_attributes(f"attributes of {self.name!r}", self.attributes)

    def authorized(self, context: FlowContext) -> tuple[Client, Redirection]:
        """Return the client and where its answer goes.

        Raises:
            Refusal: The form, the response type, the client or the redirect URI is wrong.
        """
        check_form(context)
        self._check_response_type(context)
        client = self._client(context)
        return client, self._redirection(context, client)

    def grant(self, context: FlowContext, client: Client, grant_type: str) -> Grant:
        """Return what the user consented to."""
        return Grant(
            client_id=client.credential.consumer_key,
            app_id=client.app.app_id,
            scopes=granted_scopes(context.organization, client, context.variables.text(self.scope)),
            grant_type=grant_type,
            end_user=(context.variables.text(self.app_end_user) or "") if self.app_end_user else "",
            attributes=attributes_of(context, self.attributes),
        )

    def sent_state(self, context: FlowContext) -> str:
        """Return the state of the request, empty where it has none."""
        return (context.variables.text(self.state) or "") if self.state else ""

    def _check_response_type(self, context: FlowContext) -> None:
        errors, sent = OAuthErrors(context.state), context.variables.text(self.response_type)
        if not sent:
            error = errors.missing_at_authorize("response_type")
            raise self.refusal(error, f"no response type in {self.response_type}")
        if sent != self.wanted_response_type:
            error = errors.wrong_response_type(self.wanted_response_type)
            raise self.refusal(error, f"the response type is not {self.wanted_response_type!r}")

    def _client(self, context: FlowContext) -> Client:
        errors, key = OAuthErrors(context.state), context.variables.text(self.client_id)
        if not key:
            raise self.refusal(errors.missing_at_authorize("client_id"), f"no client id in {self.client_id}")
        client = client_with_key(context, key)
        if client is None:
            raise self.refusal(errors.unknown_authorizing_client(key), why_key_unknown(context.organization, key))
        context.notes.app = client.app.name
        check_active(context, self, client)
        return client

    def _redirection(self, context: FlowContext, client: Client) -> Redirection:
        errors, sent = OAuthErrors(context.state), context.variables.text(self.redirect_uri)
        app, uri = client.app, client.app.redirect_uri(sent or "")
        if not uri and sent:
            reason = f"the callback of app {app.name!r} is {' or '.join(app.callbacks)}"
            raise self.refusal(errors.other_callback(sent), reason)
        if not uri:
            has = "has several callbacks" if app.callbacks else "has no callback"
            reason = f"no redirect URI in {self.redirect_uri}, and app {app.name!r} {has}"
            raise self.refusal(errors.no_callback(), reason)
        return Redirection(uri=uri, was_sent=bool(sent))


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerateAuthorizationCode(AuthorizationOperation):
    """Issues an authorization code and redirects to the client with it.

    Settings are those of `AuthorizationOperation`, and:

    Args:
        external_authorization_code: The variable that holds the code, if it comes from elsewhere.
    """

    wanted_response_type: ClassVar[str] = "code"

    external_authorization_code: str = ""

    def execute(self, context: FlowContext) -> None:
        """Issue a code.

        Raises:
            Refusal: The form, the response type, the client or the redirect URI is wrong.
        """
        client, redirection = self.authorized(context)
        external = self.external_authorization_code
        default_ms = context.state.guesses.default_code_seconds * 1_000
        code = issue_code(
            context.state,
            context.organization,
            self.grant(context, client, "authorization_code"),
            lifetime_ms=lifetime_ms(context, self.expires_in, self.expires_in_ref, default_ms=default_ms),
            redirect_uri=redirection.uri,
            sent_redirect_uri=redirection.was_sent,
            value=(context.variables.text(external) or "") if external else "",
        )
        context.variables.update(prefixed(f"oauthv2authcode.{self.name}", code_values(code)))
        if self.generate_response:
            fields = {"code": code.value, "state": self.sent_state(context), "scope": " ".join(code.scopes)}
            separator = "&" if "?" in redirection.uri else "?"
            context.answer(_redirect(f"{redirection.uri}{separator}{_encoded(fields)}"))


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerateAccessTokenImplicitGrant(AuthorizationOperation):
    """Issues an access token and redirects to the client with it in the fragment; there is no refresh token.

    Settings are those of `AuthorizationOperation`.
    """

    wanted_response_type: ClassVar[str] = "token"

    def execute(self, context: FlowContext) -> None:
        """Issue a token.

        Raises:
            Refusal: The form, the response type, the client or the redirect URI is wrong.
        """
        client, redirection = self.authorized(context)
        guesses = context.state.guesses
        access_ms = lifetime_ms(
            context, self.expires_in, self.expires_in_ref, default_ms=guesses.default_access_seconds * 1_000
        )
        order = Order(grant=self.grant(context, client, "implicit"), access_ms=access_ms)
        token = issue(context.state, context.organization, order).access
        context.notes.issued_token = token.value
        values = issued_values(context, token, None) | client_values(client)
        context.variables.update(prefixed(f"oauthv2accesstoken.{self.name}", values))
        if self.generate_response:
            never = token.expires_at_ms == NEVER_MS
            fields = {
                "access_token": token.value,
                "expires_in": guesses.infinite_expires_in if never else str(seconds_shown(token)),
                "scope": " ".join(token.scopes),
                "state": self.sent_state(context),
            }
            ordered = {name: fields[name] for name in guesses.implicit_fragment.split()}
            context.answer(_redirect(f"{redirection.uri}#{_encoded(ordered)}"))


def _encoded(fields: dict[str, str]) -> str:
    return urlencode({name: value for name, value in fields.items() if value}, quote_via=quote, errors="replace")


def _redirect(location: str) -> Response:
    return Response(status=302, headers=[("Location", header_safe(location))])
