"""Makes JWTs that nobody asked for by a login: of any age, with any scopes, and with flaws."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from pytest_apigee.edge.clock import MILLISECOND
from pytest_apigee.edge.sso.clients import EDGECLI
from pytest_apigee.edge.sso.flaws import Flaw, flawed_jwt
from pytest_apigee.edge.sso.jwt_claims import NOT_BEFORE, Grant, access_claims, refresh_claims
from pytest_apigee.edge.sso.jwt_issuer import SECOND_MS, JwtIssuer, seconds_of
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.users import User


class JwtKind(StrEnum):
    """The two JWTs that a login gives."""

    ACCESS = "access"
    REFRESH = "refresh"


@dataclass(frozen=True, kw_only=True, slots=True)
class JwtOrder:
    """What a JWT shall be.

    Spans of time count from now: `expires_in` is negative for one that has expired, None for the era's own lifetime;
    `valid_in` adds an `nbf`.
    """

    user: User
    kind: JwtKind
    scopes: tuple[str, ...] | None = None
    expires_in: timedelta | None = None
    valid_in: timedelta | None = None
    is_revoked: bool = False
    flaw: Flaw | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MintedJwt:
    """A JWT that was made, and what it says of itself."""

    value: str = field(repr=False)
    expires_at_ms: int
    scopes: tuple[str, ...]


def _rounded(now_ms: int, span: timedelta) -> int:
    """Return the whole second in which a span from now ends: what shall be good is so for all of it."""
    end_ms = now_ms + span // MILLISECOND
    return end_ms // SECOND_MS if span <= timedelta() else -(-end_ms // SECOND_MS)


class Mint:
    """Makes JWTs of one world to order."""

    def __init__(self, state: WorldState, issuer: JwtIssuer) -> None:
        self._state = state
        self._issuer = issuer

    def make(self, order: JwtOrder) -> MintedJwt:
        """Make one. It was issued when one with the usual lifetime would have been, and never later than now."""
        now_ms, lifetime = self._state.clock.now_ms, self._lifetime(order.kind)
        now = now_ms // SECOND_MS
        valid_at = now + seconds_of(order.valid_in or timedelta())
        expires_at = valid_at + lifetime if order.expires_in is None else _rounded(now_ms, order.expires_in)
        grant = Grant(
            user=order.user,
            client=EDGECLI,
            scopes=self._state.era.sso_scopes if order.scopes is None else order.scopes,
            issued_at=min(now, expires_at - lifetime),
            expires_at=expires_at,
        )
        claims = self._claims(order.kind, grant)
        if order.valid_in is not None:
            claims[NOT_BEFORE] = valid_at
        if order.is_revoked:
            claims["rev_sig"] = f"{int(str(claims['rev_sig']), 16) ^ 1:x}"
        value = self._issuer.sign(claims) if order.flaw is None else flawed_jwt(order.flaw, claims, self._issuer)
        return MintedJwt(value=value, expires_at_ms=expires_at * SECOND_MS, scopes=grant.scopes)

    def _lifetime(self, kind: JwtKind) -> int:
        era = self._state.era
        return seconds_of(era.sso_access_lifetime if kind is JwtKind.ACCESS else era.sso_refresh_lifetime)

    def _claims(self, kind: JwtKind, grant: Grant) -> dict[str, object]:
        if kind is JwtKind.REFRESH:
            return refresh_claims(self._state, grant)
        return access_claims(self._state, grant, login=True)
