"""POST /check_token: a resource server asks what a token claims.

Source: sso.md 2.3. The client needs the authority `uaa.resource`, which `edgecli` most likely lacks (GUESS:
`check_token_by_edgecli`).
"""

from typing import cast

from pytest_apigee.edge.jackson import Json, compact
from pytest_apigee.edge.journal import Notes
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.edge.sso.bearer import BearerTokens
from pytest_apigee.edge.sso.client_authentication import ClientAuthentication
from pytest_apigee.edge.sso.clients import EDGECLI, SsoClient
from pytest_apigee.edge.sso.faults import (
    NO_AUTHENTICATION,
    PlainFault,
    TokenEndpointFault,
    invalid,
    ok_json,
    unauthorized,
)
from pytest_apigee.edge.sso.jwt_claims import scopes_in
from pytest_apigee.edge.sso.jwt_verifier import InvalidJwtError
from pytest_apigee.edge.sso.parameters import parameters_of
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.zones import Zone

AUTHORITY = "uaa.resource"
_ORDER = (
    *("user_id", "user_name", "email", "client_id", "exp", "scope", "jti", "aud", "sub", "iss", "iat", "cid"),
    *("grant_type", "azp", "auth_time", "zid", "rev_sig", "origin"),
)
"""The order of UAA's own `Claims`; those that it does not know, as `al`, follow."""


class CheckTokenEndpoint:
    """Answers resource servers."""

    def __init__(self, state: WorldState, clients: ClientAuthentication, tokens: BearerTokens) -> None:
        self._state = state
        self._clients = clients
        self._tokens = tokens

    def answer(self, request: Request, zone: Zone, _notes: Notes) -> Response:
        """Answer with the claims of a token.

        Raises:
            Refusal: The client may not ask, or the token is not good.
        """
        fields = parameters_of(request)
        client = self._clients.basic_client_of(request)
        if client is None:
            raise unauthorized(NO_AUTHENTICATION, "no client authenticated by a Basic header")
        if not self._may_ask(client):
            fault = PlainFault(status=403, error="access_denied", description="Access is denied")
            raise Refusal(fault, f"the SSO client {client.client_id} lacks the authority {AUTHORITY}")
        token = fields.get("token") or ""
        try:
            claims = self._tokens.claims_of(token, zone)
        except InvalidJwtError as error:
            description = self._tokens.checked_text_of(error, token)
            fault_of_token = TokenEndpointFault(status=400, error="invalid_token", description=description)
            raise Refusal(fault_of_token, error.reason) from None
        wanted, has = (fields.get("scopes") or "").split(","), {scope.lower() for scope in scopes_in(claims)}
        missing = [scope for scope in wanted if scope and scope.lower() not in has]
        if missing:
            raise invalid(400, "invalid_scope", f"Some requested scopes are missing: {','.join(missing)}")
        ordered = [name for name in _ORDER if name in claims] + [name for name in claims if name not in _ORDER]
        return ok_json(compact({name: cast("Json", claims[name]) for name in ordered}))

    def _may_ask(self, client: SsoClient) -> bool:
        if client.client_id == EDGECLI.client_id and self._state.guesses.check_token_by_edgecli:
            return True
        return AUTHORITY in client.authorities
