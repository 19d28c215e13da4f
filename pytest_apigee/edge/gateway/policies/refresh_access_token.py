"""OAuthV2 RefreshAccessToken: a new access token for a refresh token.

Source: runtime.md sections 2.4, 4.2, 4.4, 5.2.
"""

from dataclasses import dataclass, replace

from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.issuing import IssuedTokens, Order, issue
from pytest_apigee.edge.gateway.oauth_errors import OAuthErrors
from pytest_apigee.edge.gateway.policies.generate_access_token import TokenOperation
from pytest_apigee.edge.gateway.policies.oauth_v2 import attributes_of
from pytest_apigee.edge.records import Client
from pytest_apigee.edge.tokens import Grant, RefreshToken, TokenStatus
from pytest_apigee.edge.unknown_values import why_refresh_token_unknown

GRANT_TYPE = "refresh_token"


@dataclass(frozen=True, kw_only=True, slots=True)
class RefreshAccessToken(TokenOperation):
    """Exchanges a refresh token for a new access token, and by default for a new refresh token, too.

    Settings are those of `TokenOperation`, and:

    Args:
        refresh_token: The variable that holds the refresh token.
        reuse_refresh_token: Whether the same refresh token stays good, with the time that it has left.
    """

    refresh_token: str = "request.formparam.refresh_token"  # noqa: S105 - the name of a variable
    reuse_refresh_token: bool = False

    def execute(self, context: FlowContext) -> None:
        """Exchange the refresh token.

        Raises:
            Refusal: The form, the grant type, the client, the refresh token or the scope is wrong.
        """
        client, _ = self.identified_client(context, (GRANT_TYPE,))
        known = self._good_refresh_token(context, client)
        grant = self._grant(context, known)
        tokens = context.organization.tokens
        if context.state.guesses.refresh_kills_access:
            tokens.forget(known.access_token)
        reused = self.reuse_refresh_token
        if not reused:
            tokens.forget_refresh(known.value)
        access_value, refresh_value = self.external_values(context)
        order = Order(
            grant=grant,
            access_ms=self.access_ms(context),
            refresh_ms=self.refresh_ms(context),
            access_value=access_value,
            refresh_value=known.value if reused else refresh_value,
            count=known.count + 1,
            is_kept=self.store_token,
        )
        issued = issue(context.state, context.organization, order)
        if reused:
            issued = _with_old_lifetime(context, issued, known)
        self.finish(context, client, issued, is_reused=reused)

    def _good_refresh_token(self, context: FlowContext, client: Client) -> RefreshToken:
        errors, value = OAuthErrors(context.state), context.variables.text(self.refresh_token)
        if not value:
            raise self.refusal(errors.missing_refresh_token(), f"no refresh token in {self.refresh_token}")
        known = context.organization.tokens.find_refresh(value)
        if known is None:
            raise self.refusal(errors.bad_refresh_token(), why_refresh_token_unknown(context.organization, value))
        if (known.client_id, known.grant.app_id) != (client.credential.consumer_key, client.app.app_id):
            raise self.refusal(errors.bad_refresh_token(), "the refresh token was issued to another client")
        if known.status is not TokenStatus.APPROVED:
            raise self.refusal(errors.revoked_refresh_token(), "the refresh token was revoked")
        if known.has_expired(context.state.clock.now_ms):
            raise self.refusal(errors.expired_refresh_token(), "the refresh token has expired")
        return known

    def _grant(self, context: FlowContext, known: RefreshToken) -> Grant:
        wanted = (context.variables.text(self.scope) or "").split()
        wider = [scope for scope in wanted if scope not in known.scopes]
        if wider:
            had = " ".join(known.scopes) or "none"
            raise self.refusal(OAuthErrors(context.state).wider_scope(), f"the token has the scopes: {had}, no more")
        narrows = bool(wanted) and context.state.guesses.refresh_narrows_scope
        scopes = tuple(scope for scope in known.scopes if scope in wanted) if narrows else known.scopes
        attributes = {item.name: item for item in (*known.grant.attributes, *attributes_of(context, self.attributes))}
        return replace(known.grant, scopes=scopes, grant_type=GRANT_TYPE, attributes=tuple(attributes.values()))


def _with_old_lifetime(context: FlowContext, issued: IssuedTokens, known: RefreshToken) -> IssuedTokens:
    refresh = replace(known, access_token=issued.access.value, grant=issued.access.grant, count=known.count + 1)
    context.organization.tokens.replace_refresh(refresh)
    return IssuedTokens(access=issued.access, refresh=refresh)
