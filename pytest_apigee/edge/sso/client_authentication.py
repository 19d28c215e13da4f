"""How a client of the SSO authenticates: by a Basic header, else by form fields.

Source: sso.md section 3; `client_id` and `client_secret` as fields are taken from UAA 3.0.0 on.
"""

from pytest_apigee.edge.authorization import (
    BasicCredentials,
    InvalidBasicError,
    UndecodableBasicError,
    basic_credentials,
    same_text,
)
from pytest_apigee.edge.message import Fields, Request
from pytest_apigee.edge.sso.clients import ClientDirectory, SsoClient
from pytest_apigee.edge.sso.faults import unauthorized
from pytest_apigee.edge.state import WorldState


class ClientAuthentication:
    """Finds out which client asks."""

    def __init__(self, state: WorldState, clients: ClientDirectory) -> None:
        self._state = state
        self._clients = clients

    def client_of(self, request: Request, fields: Fields) -> SsoClient | None:
        """Return the client that authenticates, or None where none tries to.

        Raises:
            Refusal: 401 of family F1: its credentials are not good.
        """
        return self._known(self._basic(request) or _in_fields(fields))

    def basic_client_of(self, request: Request) -> SsoClient | None:
        """Return the client that authenticates by a Basic header alone, or None where there is none.

        Raises:
            Refusal: 401 of family F1: its credentials are not good.
        """
        return self._known(self._basic(request))

    def _known(self, credentials: BasicCredentials | None) -> SsoClient | None:
        if credentials is None:
            return None
        client = self._clients.find(credentials.user)
        if client is None or not same_text(credentials.password, client.client_secret):
            what = "unknown client" if client is None else "wrong client secret"
            raise unauthorized(
                self._state.guesses.bad_client_text,
                f"{what}; Edge's own is edgecli, others are declared with apigee.sso_client(client_id)",
            )
        return client

    def _basic(self, request: Request) -> BasicCredentials | None:
        try:
            return basic_credentials(request)
        except UndecodableBasicError:
            raise unauthorized(
                "Failed to decode basic authentication token", "the Basic header of the client is not base64"
            ) from None
        except InvalidBasicError:
            raise unauthorized(
                "Invalid basic authentication token", "the Basic header of the client holds no colon"
            ) from None


def _in_fields(fields: Fields) -> BasicCredentials | None:
    client_id, client_secret = fields.get("client_id"), fields.get("client_secret")
    if client_id is None or client_secret is None:
        return None
    return BasicCredentials(user=client_id, password=client_secret)
