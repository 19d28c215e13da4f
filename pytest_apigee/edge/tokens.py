"""Opaque tokens of one organization, and their store."""

import heapq
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from pytest_apigee.edge.clock import MILLISECOND


class TokenStatus(StrEnum):
    """What Edge says of a token, apart from its age."""

    APPROVED = "approved"
    REVOKED = "revoked"


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessToken:
    """One access token as Edge keeps it.

    Times are milliseconds since the epoch. `expires_at_ms` is the first instant at which the token is refused.
    """

    value: str = field(repr=False)
    client_id: str = field(repr=False)
    app_id: str
    scopes: tuple[str, ...]
    grant_type: str
    issued_at_ms: int
    expires_at_ms: int
    status: TokenStatus = TokenStatus.APPROVED

    def has_expired(self, now_ms: int) -> bool:
        """Return whether the token's time is over."""
        return now_ms >= self.expires_at_ms


class TokenStore:
    """The access tokens of one organization, found by value. Forgets each some days after it expired.

    Source: runtime.md 4.5 (purge).
    """

    def __init__(self) -> None:
        self._access_tokens: dict[str, AccessToken] = {}
        self._expiries: list[tuple[int, str]] = []
        self.has_forgotten = False

    def add(self, token: AccessToken) -> None:
        """Keep a token that was just issued."""
        self._access_tokens[token.value] = token
        heapq.heappush(self._expiries, (token.expires_at_ms, token.value))

    def purge(self, now_ms: int, *, after: timedelta) -> None:
        """Forget the tokens that expired so long ago."""
        before_ms = now_ms - after // MILLISECOND
        while self._expiries and self._expiries[0][0] <= before_ms:
            del self._access_tokens[heapq.heappop(self._expiries)[1]]
            self.has_forgotten = True

    def find(self, value: str) -> AccessToken | None:
        """Return the token with this value, whatever its state, or None."""
        return self._access_tokens.get(value)

    def revoke(self, value: str) -> bool:
        """Revoke a token; return whether it was found."""
        token = self.find(value)
        if token is not None:
            self._access_tokens[value] = replace(token, status=TokenStatus.REVOKED)
        return token is not None

    def __len__(self) -> int:
        return len(self._access_tokens)
