"""The body of a token answer: its fields, in the order of the era, and the headers that go with it.

Source: runtime.md 2.3, 4.1, 4.3.
"""

from dataclasses import dataclass

from pytest_apigee.edge.gateway.issuing import IssuedTokens, listed_products, seconds_shown
from pytest_apigee.edge.jackson import Json, pretty
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.records import NEVER_MS, Client
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.tokens import AccessToken, RefreshToken


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenAnswer:
    """What a client is told of its tokens.

    Args:
        state: The world.
        organization: Who issued them.
        client: Who got them.
        tokens: The tokens.
        is_rfc: Whether as RFC 6749 has it: `Bearer`, and a number for `expires_in`.
        is_reused: Whether the refresh token is one that the client had before.
    """

    state: WorldState
    organization: Organization
    client: Client
    tokens: IssuedTokens
    is_rfc: bool = False
    is_reused: bool = False

    def response(self) -> Response:
        """Return the response."""
        headers = [("Content-Type", "application/json")]
        if self.state.guesses.token_cache_headers:
            headers += [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
        return Response(status=200, headers=headers, body=pretty(self.fields()))

    def fields(self) -> dict[str, Json]:
        """Return the fields, in order."""
        era, access = self.state.era, self.tokens.access
        values = self._values()
        if self.tokens.refresh is not None:
            values.update(self._refresh_values(self.tokens.refresh))
        order = era.token_fields if self.tokens.refresh is None else era.refreshable_token_fields
        shown = {item.name: item.value for item in access.grant.attributes if item.display and item.name not in order}
        return {name: values[name] for name in order} | shown

    def _values(self) -> dict[str, Json]:
        access, products = self.tokens.access, listed_products(self.state, self.client)
        return {
            "refresh_token_expires_in": "0",
            "api_product_list": f"[{', '.join(products)}]",
            "api_product_list_json": products,
            "organization_name": self.organization.name,
            "organization_id": "0",
            "developer.email": self.client.developer_email,
            "token_type": "Bearer" if self.is_rfc else "BearerToken",
            "issued_at": str(access.issued_at_ms),
            "client_id": access.client_id,
            "access_token": access.value,
            "application_name": self.client.app.app_id,
            "scope": " ".join(access.scopes),
            "expires_in": self._expires_in(access),
            "refresh_count": "0",
            "status": access.status,
        }

    def _expires_in(self, access: AccessToken) -> Json:
        if access.expires_at_ms == NEVER_MS:
            shown = self.state.guesses.infinite_expires_in
            return int(shown) if self.is_rfc else shown
        seconds = seconds_shown(access)
        return seconds if self.is_rfc else str(seconds)

    def _refresh_values(self, refresh: RefreshToken) -> dict[str, Json]:
        return {
            "refresh_token": refresh.value,
            "refresh_token_issued_at": str(refresh.issued_at_ms),
            "refresh_token_status": refresh.status,
            "refresh_token_expires_in": self._refresh_expires_in(refresh),
            "refresh_count": str(refresh.count),
        }

    def _refresh_expires_in(self, refresh: RefreshToken) -> str:
        if refresh.expires_at_ms == NEVER_MS:
            return "0"
        if self.is_reused and self.state.guesses.reused_refresh_shows_remaining:
            return str(seconds_shown(refresh, since_ms=self.state.clock.now_ms))
        return str(seconds_shown(refresh))
