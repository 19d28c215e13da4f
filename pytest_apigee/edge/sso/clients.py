"""The OAuth clients of the SSO: `edgecli`, which all of Edge's tools use, and those that a test declares.

Source: sso.md section 1 (`edgecli`), 2.3 (authorities).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pytest_apigee.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True, slots=True)
class SsoClient:
    """An OAuth client of the SSO.

    `scopes` are those that its tokens may have, by default those of the era; `authorities` what it may do itself.
    """

    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...] | None = None
    authorities: tuple[str, ...] = ()
    salt: str = field(default="", repr=False)


EDGECLI = SsoClient(client_id="edgecli", client_secret="edgeclisecret")  # noqa: S106 - published: sso.md section 1


class ClientDirectory:
    """The SSO clients of one world."""

    def __init__(self, clients: Iterable[SsoClient] = (EDGECLI,)) -> None:
        self._clients = {client.client_id: client for client in clients}

    def add(self, client: SsoClient) -> None:
        """Add a client.

        Raises:
            ConfigurationError: Its id is taken.
        """
        if client.client_id in self._clients:
            msg = f"The SSO client {client.client_id!r} already exists."
            raise ConfigurationError(msg)
        self._clients[client.client_id] = client

    def find(self, client_id: object) -> SsoClient | None:
        """Return the client with this id, or None."""
        return self._clients.get(client_id) if isinstance(client_id, str) else None

    def set_salt(self, client: SsoClient, salt: str) -> None:
        """Void all tokens of a client, by the salt of their `rev_sig`."""
        self._clients[client.client_id] = replace(client, salt=salt)
