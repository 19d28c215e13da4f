"""OAuthV2 RefreshAccessToken, as the stock `oauth` proxy configures it.

The stock proxy's other flow is client_credentials, which gives no refresh token, and no other policy modelled so far
gives one: every refresh token that comes here is one that Edge would not know. Source: runtime.md sections 2.4, 5.2.
"""

from dataclasses import dataclass

from pytest_apigee.edge.gateway.flow import FlowContext
from pytest_apigee.edge.gateway.policies.client_authentication import client_of_request, invalid_request

_GRANT_TYPE = "refresh_token"


@dataclass(frozen=True, kw_only=True, slots=True)
class RefreshAccessToken:
    """Exchanges a refresh token."""

    name: str

    def execute(self, context: FlowContext) -> None:
        """Refuse the refresh token, after the checks that come first.

        Raises:
            Refusal: Always.
        """
        client_of_request(context, _GRANT_TYPE)
        guesses = context.state.guesses
        if not context.request.form.get("refresh_token"):
            raise invalid_request(guesses.missing_refresh_text, "no refresh_token in the form")
        why = "no such refresh token was issued (client_credentials gives none)"
        raise invalid_request("Invalid Refresh Token", why, status=guesses.bad_refresh_status)
