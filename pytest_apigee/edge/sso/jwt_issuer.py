"""Issues the JWTs of login.apigee.com and of its zones.

Source: sso.md 2.1 and 2.2. The JWT header is exactly ``{"alg":"RS256"}``; later UAA adds `kid` and `typ`.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from pytest_apigee.edge.clock import MILLISECOND
from pytest_apigee.edge.sso.clients import SsoClient
from pytest_apigee.edge.sso.jws import part, signed
from pytest_apigee.edge.sso.jwt_claims import Claims, Grant, access_claims, refresh_claims
from pytest_apigee.edge.sso.signing_key import KEY_ID, test_key
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.users import User

SECOND_MS = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenPair:
    """What a login gives: two JWTs, and what the answer says of the access token."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    jti: str
    scopes: tuple[str, ...]
    expires_in_seconds: int
    expires_at_ms: int


class JwtIssuer:
    """Issues the JWTs of one world."""

    def __init__(self, state: WorldState) -> None:
        self._state = state
        is_older = state.guesses.uaa_generation == "3.2"
        self.header = {"alg": "RS256", **({} if is_older else {"kid": KEY_ID, "typ": "JWT"})}
        self._header_part = part(self.header)

    def login(
        self,
        user: User,
        client: SsoClient,
        scopes: tuple[str, ...],
        *,
        issued_at_ms: int | None = None,
        reached_at: str = "",
    ) -> TokenPair:
        """Issue an access and a refresh token, now or as of another moment.

        Args:
            user: Whose they are.
            client: That of the tool.
            scopes: Those that are granted.
            issued_at_ms: When, if not now.
            reached_at: Where the SSO was asked for them, if not at its own URL.
        """
        issued_at = (self._state.clock.now_ms if issued_at_ms is None else issued_at_ms) // SECOND_MS
        # Both are written before one is signed: a signature empties the caches, and what follows takes twice as long.
        order = Grant(
            user=user, client=client, scopes=scopes, issued_at=issued_at, expires_at=issued_at, reached_at=reached_at
        )
        refresh = self._unsigned(self._refresh_claims(order))
        grant = self._access_grant(order)
        claims = access_claims(self._state, grant, login=True)
        access = self._unsigned(claims)
        return _pair(claims, grant, access_token=signed(access, test_key()), refresh_token=signed(refresh, test_key()))

    def refresh(
        self, refresh_token: str, user: User, client: SsoClient, scopes: tuple[str, ...], *, reached_at: str = ""
    ) -> TokenPair:
        """Issue a new access token for a refresh token, which stays as it is."""
        issued_at = self._state.clock.now_ms // SECOND_MS
        order = Grant(
            user=user, client=client, scopes=scopes, issued_at=issued_at, expires_at=issued_at, reached_at=reached_at
        )
        if self._state.guesses.refresh_rotation:
            refresh_token = self.sign(self._refresh_claims(order))
        grant = self._access_grant(order)
        claims = access_claims(self._state, grant, login=False)
        return _pair(claims, grant, access_token=self.sign(claims), refresh_token=refresh_token)

    def sign(self, claims: Claims) -> str:
        """Return a JWT with these claims."""
        return signed(self._unsigned(claims), test_key())

    def _unsigned(self, claims: Claims) -> str:
        return f"{self._header_part}.{part(claims)}"

    def _refresh_claims(self, order: Grant) -> Claims:
        expires_at = order.issued_at + seconds_of(self._state.era.sso_refresh_lifetime)
        return refresh_claims(self._state, replace(order, expires_at=expires_at))

    def _access_grant(self, order: Grant) -> Grant:
        return replace(order, expires_at=order.issued_at + seconds_of(self._state.era.sso_access_lifetime))


def _pair(claims: Claims, grant: Grant, *, access_token: str, refresh_token: str) -> TokenPair:
    return TokenPair(
        access_token=access_token,
        refresh_token=refresh_token,
        jti=str(claims["jti"]),
        scopes=grant.scopes,
        expires_in_seconds=grant.expires_at - grant.issued_at - 1,
        expires_at_ms=grant.expires_at * SECOND_MS,
    )


def seconds_of(lifetime: timedelta) -> int:
    """Return whole seconds."""
    return lifetime // MILLISECOND // SECOND_MS
