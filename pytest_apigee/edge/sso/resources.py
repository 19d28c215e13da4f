"""What a bearer token opens at the SSO: /userinfo, and the revocation of a user's or client's tokens.

Source: sso.md 2.3. There is no RFC 7009 endpoint: a revocation changes the salt that `rev_sig` is made of, so that
every token of the user or client is void.
"""

from urllib.parse import unquote

from pytest_apigee.edge.jackson import compact
from pytest_apigee.edge.journal import Notes
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.edge.sso.bearer import BearerTokens
from pytest_apigee.edge.sso.clients import ClientDirectory
from pytest_apigee.edge.sso.faults import SECURITY_HEADERS, PlainFault, ok_json
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.zones import Zone

_ADMIN = "uaa.admin"
_NOT_FOUND = PlainFault(status=404, error="invalid_token", description="Resource not found")


class Resources:
    """Answers who comes with a bearer token."""

    def __init__(self, state: WorldState, clients: ClientDirectory, tokens: BearerTokens) -> None:
        self._state = state
        self._clients = clients
        self._tokens = tokens

    def user_info(self, request: Request, zone: Zone, notes: Notes) -> Response:
        """Answer `/userinfo`; fields that are empty are left out.

        Raises:
            Refusal: There is no good token with the scope `openid`.
        """
        user = self._tokens.user_with_scope("openid", request, zone, resource="openid")
        notes.user = user.email
        fields = {
            "user_id": user.user_id,
            "user_name": user.email.lower(),
            "given_name": user.first_name,
            "family_name": user.last_name,
            "name": f"{user.first_name} {user.last_name}".strip(),
            "email": user.email.lower(),
        }
        return ok_json(compact({name: value for name, value in fields.items() if value}))

    def revoke_user(self, request: Request, zone: Zone, notes: Notes) -> Response:
        """Void the tokens of a user.

        Raises:
            Refusal: The token lacks `uaa.admin`, or there is no such user in the zone.
        """
        notes.user = self._tokens.user_with_scope(_ADMIN, request, zone).email
        user = self._state.users.with_id(_last_segment(request))
        if user is None or user.zone != zone:
            raise Refusal(_NOT_FOUND, "no SSO user has this id")
        self._state.users.set_salt(user, self._state.identifiers.password())
        return _done()

    def revoke_client(self, request: Request, zone: Zone, notes: Notes) -> Response:
        """Void the tokens of a client.

        Raises:
            Refusal: The token lacks `uaa.admin`, or there is no such client.
        """
        notes.user = self._tokens.user_with_scope(_ADMIN, request, zone).email
        client = self._clients.find(_last_segment(request))
        if client is None:
            raise Refusal(_NOT_FOUND, "no SSO client has this id")
        self._clients.set_salt(client, self._state.identifiers.password())
        return _done()


def _last_segment(request: Request) -> str:
    return unquote(request.path.rpartition("/")[2], errors="replace")


def _done() -> Response:
    headers = (("Cache-Control", "no-store"), ("Pragma", "no-cache"), *SECURITY_HEADERS)
    return Response(status=200, headers=headers)
