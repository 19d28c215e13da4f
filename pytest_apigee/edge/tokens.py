"""Opaque tokens and authorization codes of one organization, and their store.

Times are milliseconds since the epoch. `expires_at_ms` is the first instant at which something is refused; `NEVER_MS`
where that never comes.
"""

import heapq
from collections import deque
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

from pytest_apigee.edge.records import NEVER_MS, Stamp
from pytest_apigee.edge.token_index import Search, TokenIndex, TokenPage

_GONE_REMEMBERED = 1_000


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

    @property
    def search(self) -> Search:
        """The search that finds its access tokens and no others."""
        return Search(app_id=self.app_id, end_user=self.end_user)


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """When somebody changed a token through the management API, and who."""

    at_ms: int
    by: str


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
        self._index = TokenIndex()
        self._changes: dict[str, Change] = {}  # beside the tokens, as most are never changed
        self._replaced: deque[str] = deque(maxlen=_GONE_REMEMBERED)
        self._deleted: deque[str] = deque(maxlen=_GONE_REMEMBERED)
        self._orphaned: deque[str] = deque(maxlen=_GONE_REMEMBERED)
        self._expiries: list[tuple[int, str, str]] = []
        self.has_forgotten = False

    def add(self, token: AccessToken, refresh: RefreshToken | None = None) -> None:
        """Keep a token that was just issued, with its refresh token if it has one.

        A token that comes from elsewhere may have the value of one that is there, which then gives way.
        """
        self._remove(token.value)
        self._access_tokens[token.value] = token
        self._index.add(token.value, token.grant.search)
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

    def purge(self, before_ms: int) -> None:
        """Forget what expired until a moment."""
        while self._expiries and self._expiries[0][0] <= before_ms:
            _, value, refresh = heapq.heappop(self._expiries)
            token = _dropped(self._access_tokens, value, before_ms)
            if token is not None:
                self._unindex(token)
            dropped = (
                token,
                _dropped(self._codes, value, before_ms),
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
        if self._remove(value):
            self._replaced.append(value)

    def forget_refresh(self, value: str) -> None:
        """Forget a refresh token that another one replaced."""
        self._refresh_tokens.pop(value, None)
        self._replaced.append(value)

    def was_replaced(self, value: str) -> bool:
        """Return whether a token was forgotten lately because another one replaced it; only the tester is told."""
        return value in self._replaced

    def was_deleted(self, value: str) -> bool:
        """Return whether a token or code was deleted lately; only the tester is told."""
        return value in self._deleted

    def was_orphaned(self, value: str) -> bool:
        """Return whether a token or code was deleted lately with its app or consumer key; only the tester is told."""
        return value in self._orphaned

    def delete(self, value: str) -> None:
        """Delete an access token; its refresh token stays."""
        self._remove(value)
        self._deleted.append(value)

    def delete_issued_to(self, app_id: str, consumer_key: str = "") -> None:
        """Delete the tokens and codes of an app, or of one of its consumer keys, which is deleted with them."""

        def is_its(kept: _Issued) -> bool:
            return kept.grant.app_id == app_id and consumer_key in ("", kept.client_id)

        for token in filter(is_its, self.matching(Search(app_id=app_id))):
            self._remove(token.value)
            self._orphaned.append(token.value)
        for table in (self._refresh_tokens, self._codes):
            for value in [value for value, kept in table.items() if is_its(kept)]:
                del table[value]
                self._orphaned.append(value)

    def delete_code(self, value: str) -> None:
        """Delete an authorization code."""
        self._codes.pop(value, None)
        self._deleted.append(value)

    def replace_token(self, token: AccessToken) -> None:
        """Keep an access token as it is now; its app and its end user stay."""
        self._access_tokens[token.value] = token

    def change(self, token: AccessToken, change: Change) -> None:
        """Keep an access token as somebody changed it."""
        self.replace_token(token)
        self._changes[token.value] = change

    def stamp_of(self, token: AccessToken) -> Stamp:
        """Return when an access token was issued and last changed through the management API, and by whom."""
        stamp = Stamp.of(token.issued_at_ms)
        change = self._changes.get(token.value)
        return stamp if change is None else stamp.changed(change.at_ms, change.by)

    def codes(self) -> list[AuthorizationCode]:
        """Return every authorization code, oldest first."""
        return list(self._codes.values())

    def page(self, search: Search, *, start: str, limit: int) -> TokenPage:
        """Return some of the access tokens that a search finds, whatever their state.

        Args:
            search: What to look for.
            start: The first token of the page; empty for the first page.
            limit: How many to return at most.
        """
        return self._index.page(search, start=start, limit=limit)

    def count(self, search: Search) -> int:
        """Return how many access tokens a search finds."""
        return self._index.count(search)

    def matching(self, search: Search) -> list[AccessToken]:
        """Return every access token that a search finds."""
        return [self._access_tokens[value] for value in self._index.all(search)]

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

    def _remove(self, value: str) -> bool:
        token = self._access_tokens.pop(value, None)
        if token is None:
            return False
        self._unindex(token)
        return True

    def _unindex(self, token: AccessToken) -> None:
        self._index.remove(token.value, token.grant.search)
        self._changes.pop(token.value, None)


def _dropped(table: dict[str, _Kept], value: str, before_ms: int) -> _Kept | None:
    """Drop and return what had expired by a moment; the same value may have been issued anew since."""
    kept = table.get(value)
    if kept is None or not kept.has_expired(before_ms):
        return None
    return table.pop(value)
