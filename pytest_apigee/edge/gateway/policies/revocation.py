"""What an authorization server asks before it revokes a token.

None of this is Edge's: on Edge every organization writes its own. Source: RFC 7009 section 2.1.
"""

from dataclasses import dataclass

from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.oauth_errors import OAuthErrors
from pytest_apigee.edge.gateway.policies.client_authentication import DEFAULT_CLIENT_ID, authenticated_client
from pytest_apigee.edge.gateway.policies.oauth_v2 import OAuthOperation


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckOwner(OAuthOperation):
    """Lets a revocation through whose client says who it is, as at the token endpoint, and whose token is its own."""

    def execute(self, context: FlowContext) -> None:
        """Check client and token; an unknown token is left to InvalidateToken.

        Raises:
            Refusal: The client is not who it says, or the token is another one's.
        """
        client = authenticated_client(context, self, DEFAULT_CLIENT_ID)
        value, tokens = context.request.form.get("token") or "", context.organization.tokens
        token = tokens.find(value) or tokens.find_refresh(value)
        if token is not None and token.client_id != client.credential.consumer_key:
            raise self.refusal(OAuthErrors(context.state).unknown_token(), "the token was issued to another client")
