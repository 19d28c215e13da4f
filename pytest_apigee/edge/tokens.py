"""Opaque tokens and authorization codes of one organization, and their store.

Times are milliseconds since the epoch. `expires_at_ms` is the first instant at which something is refused; `NEVER_MS`
where that never comes.
"""

import heapq
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from pytest_apigee.edge.clock import MILLISECOND
from pytest_apigee.edge.records import NEVER_MS

_REPLACED_REMEMBERED = 1_000


class TokenStatus(StrEnum):
    """What Edge says of a token, apart from its age."""

    APPROVED = "approved"
    REVOKED = "revoked"


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenAttribute:
    """A custom attribute of a token; `display` says whether token answers show it."""

    name: str
    value: str
    display: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What somebody was granted: the same for a token, its refresh token, and the code that they came from."""

    client_id: str = field(repr=False)
    app_id: str
    scopes: tuple[str, ...]
    grant_type: str
    end_user: str = ""
    attributes: tuple[TokenAttribute, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Issued:
    value: str = field(repr=False)
    grant: Grant
    issued_at_ms: int
    expires_at_ms: int

    def has_expired(self, now_ms: int) -> bool:
        """Return whether its time is over."""
        return self.expires_at_ms != NEVER_MS and now_ms >= self.expires_at_ms

    @property
    def client_id(self) -> str:
        """The consumer key that it was issued to."""
        return self.grant.client_id

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that were granted."""
        return self.grant.scopes


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessToken(_Issued):
    """One access token as Edge keeps it; `refresh_token` is the value of the one it came with, if any."""

    status: TokenStatus = TokenStatus.APPROVED
    refresh_token: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class RefreshToken(_Issued):
    """One refresh token as Edge keeps it; `count` says how many refreshes led to it."""

    access_token: str = field(repr=False)
    status: TokenStatus = TokenStatus.APPROVED
    count: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthorizationCode(_Issued):
    """One authorization code as Edge keeps it.

    `redirect_uri` is where it was sent; `sent_redirect_uri` whether the client had named that itself.
    """

    redirect_uri: str
    sent_redirect_uri: bool
    is_used: bool = False


_Kept = TypeVar("_Kept", bound=_Issued)


class TokenStore:
    """The tokens and codes of one organization, found by value. Forgets each some days after it expired.

    An access token and its refresh token are forgotten together. Source: runtime.md 4.5 (purge).
    """

    def __init__(self) -> None:
        self._access_tokens: dict[str, AccessToken] = {}
        self._refresh_tokens: dict[str, RefreshToken] = {}
        self._codes: dict[str, AuthorizationCode] = {}
        self._replaced: deque[str] = deque(maxlen=_REPLACED_REMEMBERED)
        self._expiries: list[tuple[int, str, str]] = []
        self.has_forgotten = False

    def add(self, token: AccessToken, refresh: RefreshToken | None = None) -> None:
        """Keep a token that was just issued, with its refresh token if it has one."""
        self._access_tokens[token.value] = token
        lasts = [token.expires_at_ms]
        if refresh is not None:
            self._refresh_tokens[refresh.value] = refresh
            lasts.append(refresh.expires_at_ms)
        if NEVER_MS not in lasts:
            heapq.heappush(self._expiries, (max(lasts), token.value, "" if refresh is None else refresh.value))

    def add_code(self, code: AuthorizationCode) -> None:
        """Keep an authorization code that was just issued."""
        self._codes[code.value] = code
        if code.expires_at_ms != NEVER_MS:
            heapq.heappush(self._expiries, (code.expires_at_ms, code.value, ""))

    def purge(self, now_ms: int, *, after: timedelta) -> None:
        """Forget what expired so long ago."""
        if not self._expiries:
            return
        before_ms = now_ms - after // MILLISECOND
        while self._expiries and self._expiries[0][0] <= before_ms:
            _, value, refresh = heapq.heappop(self._expiries)
            dropped = (
                _dropped(self._codes, value, before_ms),
                _dropped(self._access_tokens, value, before_ms),
                _dropped(self._refresh_tokens, refresh, before_ms),
            )
            self.has_forgotten = self.has_forgotten or any(dropped)

    def find(self, value: str) -> AccessToken | None:
        """Return the access token with this value, whatever its state, or None."""
        return self._access_tokens.get(value)

    def find_refresh(self, value: str) -> RefreshToken | None:
        """Return the refresh token with this value, whatever its state, or None."""
        return self._refresh_tokens.get(value)

    def find_code(self, value: str) -> AuthorizationCode | None:
        """Return the authorization code with this value, whatever its state, or None."""
        return self._codes.get(value)

    def use_code(self, code: AuthorizationCode) -> None:
        """Spend an authorization code."""
        self._codes[code.value] = replace(code, is_used=True)

    def forget(self, value: str) -> None:
        """Forget an access token that another one replaced."""
        if self._access_tokens.pop(value, None) is not None:
            self._replaced.append(value)

    def forget_refresh(self, value: str) -> None:
        """Forget a refresh token that another one replaced."""
        self._refresh_tokens.pop(value, None)
        self._replaced.append(value)

    def was_replaced(self, value: str) -> bool:
        """Return whether a token was forgotten lately because another one replaced it; only the tester is told."""
        return value in self._replaced

    def delete(self, value: str) -> None:
        """Delete an access token; its refresh token stays."""
        self._access_tokens.pop(value, None)

    def delete_code(self, value: str) -> None:
        """Delete an authorization code."""
        self._codes.pop(value, None)

    def replace_token(self, token: AccessToken) -> None:
        """Keep an access token as it is now."""
        self._access_tokens[token.value] = token

    def replace_refresh(self, token: RefreshToken) -> None:
        """Keep a refresh token as it is now."""
        self._refresh_tokens[token.value] = token

    def set_status(self, value: str, status: TokenStatus) -> bool:
        """Approve or revoke an access token; return whether it was found."""
        token = self.find(value)
        if token is not None:
            self._access_tokens[value] = replace(token, status=status)
        return token is not None

    def set_refresh_status(self, value: str, status: TokenStatus) -> bool:
        """Approve or revoke a refresh token; return whether it was found."""
        token = self.find_refresh(value)
        if token is not None:
            self._refresh_tokens[value] = replace(token, status=status)
        return token is not None

    def revoke(self, value: str) -> bool:
        """Revoke an access or a refresh token; return whether it was found."""
        revoked = TokenStatus.REVOKED
        return self.set_status(value, revoked) or self.set_refresh_status(value, revoked)

    def __len__(self) -> int:
        return len(self._access_tokens)


def _dropped(table: dict[str, _Kept], value: str, before_ms: int) -> bool:
    """Drop what had expired by a moment, and return whether it did: the same value may have been issued anew since."""
    kept = table.get(value)
    if kept is None or not kept.has_expired(before_ms):
        return False
    del table[value]
    return True
