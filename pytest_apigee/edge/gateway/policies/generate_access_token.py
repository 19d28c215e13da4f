"""OAuthV2 GenerateAccessToken: client credentials, password, authorization code.

Source: runtime.md sections 2.2, 2.3, 4.1 to 4.4, 5.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from pytest_apigee.edge import checks
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.issuing import IssuedTokens, Order, granted_scopes, issue
from pytest_apigee.edge.gateway.oauth_errors import OAuthErrors
from pytest_apigee.edge.gateway.policies.client_authentication import DEFAULT_CLIENT_ID, authenticated_client
from pytest_apigee.edge.gateway.policies.code_exchange import redeemed_grant
from pytest_apigee.edge.gateway.policies.external_authorization import externally_authorized_client
from pytest_apigee.edge.gateway.policies.oauth_v2 import (
    GRANT_TYPES,
    Attribute,
    OAuthOperation,
    attributes_of,
    check_form,
    checked_attributes,
    checked_lifetime,
    lifetime_ms,
)
from pytest_apigee.edge.gateway.token_answer import TokenAnswer
from pytest_apigee.edge.gateway.token_variables import client_values, issued_values, prefixed
from pytest_apigee.edge.records import NEVER_MS, Client
from pytest_apigee.edge.tokens import Grant

CLIENT_CREDENTIALS = "client_credentials"
_STOCK_PROXY = "oauth"
GRANTS_WITH_REFRESH_TOKEN = ("authorization_code", "password")
"""The grants that give a refresh token, too: runtime.md 4.1; an implicit grant gives none: 4.2."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenOperation(OAuthOperation):
    """What the operations that answer with tokens have in common.

    Args:
        expires_in: How long an access token is good; `NEVER` for ever, None for the system's default (a GUESS).
        expires_in_ref: The variable that holds it instead, in milliseconds.
        refresh_token_expires_in: How long a refresh token is good; None and `NEVER` for ever.
        refresh_token_expires_in_ref: The variable that holds it instead, in milliseconds.
        grant_type: The variable that holds the grant type.
        client_id: The variable that holds the client id, where there is no Basic header.
        scope: The variable that holds the scopes asked for.
        attributes: Custom attributes that the token gets.
        external_access_token: The variable that holds the access token, if it comes from elsewhere.
        external_refresh_token: Likewise for the refresh token.
        external_authorization: Whether somebody else decides: the variable `oauth_external_authorization_status` says
            `true` where the client is let through without a secret.
        store_token: Whether Edge keeps the token, so that it can be verified.
        rfc_compliant_request_response: Whether answers have `Bearer` and a number for `expires_in`.
    """

    expires_in: timedelta | None = None
    expires_in_ref: str = ""
    refresh_token_expires_in: timedelta | None = None
    refresh_token_expires_in_ref: str = ""
    grant_type: str = "request.formparam.grant_type"
    client_id: str = DEFAULT_CLIENT_ID
    scope: str = "request.formparam.scope"
    attributes: Sequence[Attribute] = ()
    external_access_token: str = ""
    external_refresh_token: str = ""
    external_authorization: bool = False
    store_token: bool = True
    rfc_compliant_request_response: bool = False

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        OAuthOperation.__post_init__(self)
        checked_lifetime(f"expires_in of {self.name!r}", self.expires_in)
        checked_lifetime(f"refresh_token_expires_in of {self.name!r}", self.refresh_token_expires_in)
        checked_attributes(f"attributes of {self.name!r}", self.attributes)

    def identified_client(self, context: FlowContext, supported: Sequence[str]) -> tuple[Client, str]:
        """Return the client, and the grant type that it asks for.

        Raises:
            Refusal: One of them is wrong; which is looked at first is a GUESS (`grant_type_before_client`).
        """
        check_form(context)
        if context.state.guesses.grant_type_before_client:
            grant_type = self._supported_grant_type(context, supported)
            return self._client(context), grant_type
        client = self._client(context)
        return client, self._supported_grant_type(context, supported)

    def access_ms(self, context: FlowContext) -> int:
        """Return how long an access token is good, in milliseconds."""
        default_ms = context.state.guesses.default_access_seconds * 1_000
        return lifetime_ms(context, self.expires_in, self.expires_in_ref, default_ms=default_ms)

    def refresh_ms(self, context: FlowContext) -> int:
        """Return how long a refresh token is good, in milliseconds."""
        setting, ref = self.refresh_token_expires_in, self.refresh_token_expires_in_ref
        return lifetime_ms(context, setting, ref, default_ms=NEVER_MS)

    def external_values(self, context: FlowContext) -> tuple[str, str]:
        """Return the access and the refresh token that come from elsewhere, each empty where it does not."""
        variables = (self.external_access_token, self.external_refresh_token)
        access, refresh = ((context.variables.text(name) or "") if name else "" for name in variables)
        return access, refresh

    def finish(self, context: FlowContext, client: Client, tokens: IssuedTokens, *, is_reused: bool = False) -> None:
        """Answer with tokens, or leave them in flow variables."""
        context.notes.issued_token = tokens.access.value
        access, refresh, now_ms = tokens.access, tokens.refresh, context.state.clock.now_ms
        context.variables.update_when_read(
            lambda: prefixed(
                f"oauthv2accesstoken.{self.name}",
                issued_values(context, access, refresh, now_ms=now_ms) | client_values(client),
            )
        )
        if not self.generate_response:
            return
        answer = TokenAnswer(
            state=context.state,
            organization=context.organization,
            client=client,
            tokens=tokens,
            is_rfc=self.rfc_compliant_request_response,
            is_reused=is_reused,
        )
        context.answer(answer.response())

    def _client(self, context: FlowContext) -> Client:
        if self.external_authorization:
            return externally_authorized_client(context, self, self.client_id)
        return authenticated_client(context, self, self.client_id)

    def _supported_grant_type(self, context: FlowContext, supported: Sequence[str]) -> str:
        grant_type, errors = context.variables.text(self.grant_type), OAuthErrors(context.state)
        if not grant_type:
            in_form = "grant_type" in context.request.form
            where = "only in the form" if in_form else "absent"
            reads = f"{self.name!r} reads it from {self.grant_type}"
            hint = " (use apigee.token_url)" if context.proxy.name == _STOCK_PROXY else ""
            raise self.refusal(errors.missing_grant_type(), f"grant_type is {where}; {reads}{hint}")
        if grant_type not in supported:
            reason = f"this flow supports {'only ' if supported else ''}{', '.join(supported) or 'no grant type'}"
            raise self.refusal(errors.unsupported_grant(grant_type), reason)
        return grant_type


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerateAccessToken(TokenOperation):
    """Issues an access token to an app, for client credentials, a password or an authorization code.

    It never checks a password itself: as on Edge, the proxy must. Settings are those of `TokenOperation`, and:

    Args:
        supported_grant_types: The grant types that it knows of `authorization_code`, `client_credentials`, `implicit`
            and `password`.
        code: The variable that holds the authorization code.
        redirect_uri: The variable that holds the redirect URI.
        user_name: The variable that holds the user's name.
        pass_word: The variable that holds the password.
        app_end_user: The variable that holds the id of the end user, which the token keeps.
    """

    supported_grant_types: Sequence[str] = ("authorization_code", "implicit")
    code: str = "request.formparam.code"
    redirect_uri: str = "request.formparam.redirect_uri"
    user_name: str = "request.formparam.username"
    pass_word: str = "request.formparam.password"  # noqa: S105 - the name of a variable
    app_end_user: str = ""

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        TokenOperation.__post_init__(self)
        for grant_type in checks.names("supported_grant_types", self.supported_grant_types):
            checks.choice("grant type", grant_type, GRANT_TYPES)

    def execute(self, context: FlowContext) -> None:
        """Issue a token.

        Raises:
            Refusal: The form, the grant type, the client, or what the grant needs is wrong.
        """
        client, grant_type = self.identified_client(context, self.supported_grant_types)
        grant = self._grant(context, client, grant_type)
        access_value, refresh_value = self.external_values(context)
        order = Order(
            grant=grant,
            access_ms=self.access_ms(context),
            refresh_ms=self.refresh_ms(context) if grant_type in GRANTS_WITH_REFRESH_TOKEN else None,
            access_value=access_value,
            refresh_value=refresh_value,
            is_kept=self.store_token,
        )
        self.finish(context, client, issue(context.state, context.organization, order))

    def _grant(self, context: FlowContext, client: Client, grant_type: str) -> Grant:
        if grant_type == "authorization_code":
            grant = redeemed_grant(context, self, client, code=self.code, redirect_uri=self.redirect_uri)
        else:
            if grant_type == "password":
                self._check_user(context)
            grant = Grant(
                client_id=client.credential.consumer_key,
                app_id=client.app.app_id,
                scopes=granted_scopes(context.organization, client, context.variables.text(self.scope)),
                grant_type=grant_type,
            )
        if not self.app_end_user and not self.attributes:
            return grant
        end_user = (context.variables.text(self.app_end_user) if self.app_end_user else None) or grant.end_user
        attributes = {item.name: item for item in (*grant.attributes, *attributes_of(context, self.attributes))}
        return replace(grant, end_user=end_user, attributes=tuple(attributes.values()))

    def _check_user(self, context: FlowContext) -> None:
        errors = OAuthErrors(context.state)
        for name, variable in (("username", self.user_name), ("password", self.pass_word)):
            if not context.variables.text(variable):
                raise self.refusal(errors.missing_parameter(name), f"no {name} in {variable}")
