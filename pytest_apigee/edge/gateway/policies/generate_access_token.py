"""OAuthV2 GenerateAccessToken, as the stock `oauth` proxy configures it: client_credentials, GenerateResponse on.

Source: runtime.md sections 2.2, 2.3, 4.4.
"""

from dataclasses import dataclass
from datetime import timedelta

from pytest_apigee.edge.clock import MILLISECOND
from pytest_apigee.edge.gateway.flow import FlowContext
from pytest_apigee.edge.gateway.policies.client_authentication import client_of_request
from pytest_apigee.edge.jackson import pretty
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.records import Client, Status
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.tokens import AccessToken

GRANT_TYPE = "client_credentials"
SECOND_MS = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerateAccessToken:
    """Issues an access token to an app."""

    name: str
    expires_in: timedelta

    def execute(self, context: FlowContext) -> None:
        """Answer with a new token.

        Raises:
            Refusal: The form, the grant type or the client is wrong.
        """
        client = client_of_request(context, GRANT_TYPE)
        token = issue_token(
            context.state,
            context.organization,
            client,
            scopes=granted_scopes(context.organization, client, context.request.form.get("scope")),
            lifetime=self.expires_in,
        )
        context.notes.issued_token = token.value
        context.response = _token_response(context, client, token)


def granted_scopes(organization: Organization, client: Client, requested: str | None) -> tuple[str, ...]:
    """Return the scopes that a request gets: all of the app's products', or those of them that it names."""
    scopes = organization.scopes_of(client.credential)
    wanted = (requested or "").split()
    return tuple(scope for scope in scopes if scope in wanted) if wanted else scopes


def issue_token(  # noqa: PLR0913 - all that a token is made of
    state: WorldState,
    organization: Organization,
    client: Client,
    *,
    scopes: tuple[str, ...],
    lifetime: timedelta,
    already_old: timedelta = timedelta(),
) -> AccessToken:
    """Make an access token for a client and keep it, beside the others that are not too old."""
    issued_at_ms = state.clock.now_ms - already_old // MILLISECOND
    token = AccessToken(
        value=state.identifiers.access_token(),
        client_id=client.credential.consumer_key,
        app_id=client.app.app_id,
        scopes=scopes,
        grant_type=GRANT_TYPE,
        issued_at_ms=issued_at_ms,
        expires_at_ms=issued_at_ms + lifetime // MILLISECOND,
    )
    state.forget_old_tokens(organization)
    organization.tokens.add(token)
    return token


def _token_response(context: FlowContext, client: Client, token: AccessToken) -> Response:
    products = [
        name
        for name, status in client.credential.products.items()
        if status is Status.APPROVED or context.state.guesses.pending_products_listed
    ]
    seconds = (token.expires_at_ms - token.issued_at_ms) // SECOND_MS - 1
    values: dict[str, str | list[str]] = {
        "refresh_token_expires_in": "0",
        "api_product_list": f"[{', '.join(products)}]",
        "api_product_list_json": products,
        "organization_name": context.organization.name,
        "organization_id": "0",
        "developer.email": client.developer.email,
        "token_type": "BearerToken",
        "issued_at": str(token.issued_at_ms),
        "client_id": token.client_id,
        "access_token": token.value,
        "application_name": client.app.app_id,
        "scope": " ".join(token.scopes),
        "expires_in": str(seconds),
        "refresh_count": "0",
        "status": token.status,
    }
    body = pretty({name: values[name] for name in context.state.era.token_fields})
    return Response(status=200, headers=_headers(context.state), body=body)


def _headers(state: WorldState) -> list[tuple[str, str]]:
    headers = [("Content-Type", "application/json")]
    if state.guesses.token_cache_headers:
        headers += [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
    return headers
