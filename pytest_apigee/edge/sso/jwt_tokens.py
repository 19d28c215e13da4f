"""The JWTs of login.apigee.com: their claims in order, their signature, and what makes one void.

Source: sso.md 2.2. The JWT header is exactly ``{"alg":"RS256"}``.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pytest_apigee.edge.clock import MILLISECOND
from pytest_apigee.edge.era import CURRENT, Era
from pytest_apigee.edge.sso.signing_key import test_key
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.users import BadCredentialsError, User

SECOND_MS = 1_000
DEFAULT_ZONE_ID = "uaa"

Claims = Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class SsoClient:
    """An OAuth client of the SSO."""

    client_id: str
    client_secret: str = field(repr=False)
    salt: str = field(default="", repr=False)


EDGECLI = SsoClient(client_id="edgecli", client_secret="edgeclisecret")  # noqa: S106 - published: sso.md section 1


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenPair:
    """What a login gives: two JWTs, and what the answer says of the access token."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    jti: str
    scopes: tuple[str, ...]
    expires_in_seconds: int
    expires_at_ms: int


class InvalidJwtError(BadCredentialsError):
    """A JWT is not one of ours, or no longer good."""


class UndecodableJwtError(InvalidJwtError):
    """It is no JWT, or its signature is not ours."""


class AccessTokenError(InvalidJwtError):
    """It is an access token where a refresh token belongs."""


class WrongIssuerError(InvalidJwtError):
    """Another issuer made it."""

    def __init__(self, reason: str, issuer: str) -> None:
        super().__init__(reason)
        self.issuer = issuer


class RevokedJwtError(InvalidJwtError):
    """Its user is gone, or changed since."""


class ExpiredJwtError(InvalidJwtError):
    """Its time is over."""

    def __init__(self, reason: str, expired_at: datetime) -> None:
        super().__init__(reason)
        self.expired_at = expired_at


class JwtIssuer:
    """Issues and verifies the JWTs of one world."""

    def __init__(self, state: WorldState) -> None:
        self._state = state

    @property
    def issuer(self) -> str:
        """The `iss` of this world's tokens."""
        return self._state.guesses.issuer + self._state.era.issuer_path

    def login(self, user: User, client: SsoClient, scopes: tuple[str, ...]) -> TokenPair:
        """Issue an access and a refresh token."""
        refresh_jti = f"{self._state.identifiers.uuid()}-r"
        issued_at = self._state.clock.now_ms // SECOND_MS
        refresh_token = self._sign(self._refresh_claims(user, client, scopes, jti=refresh_jti, issued_at=issued_at))
        access_token, jti = self._new_access_token(
            user, client, scopes, issued_at=issued_at, login_claims={"auth_time": issued_at}
        )
        return self._pair(access_token, jti, refresh_token, scopes, issued_at=issued_at)

    def refresh(self, refresh_token: str, user: User, client: SsoClient, scopes: tuple[str, ...]) -> TokenPair:
        """Issue a new access token for a refresh token, which stays as it is."""
        issued_at = self._state.clock.now_ms // SECOND_MS
        access_token, jti = self._new_access_token(user, client, scopes, issued_at=issued_at, login_claims={})
        return self._pair(access_token, jti, refresh_token, scopes, issued_at=issued_at)

    def verify_access_token(self, token: str) -> User:
        """Return the user of an access token.

        Raises:
            InvalidJwtError: It is not good, or a refresh token.
        """
        claims = self._decoded(token)
        if is_refresh_token(claims):
            raise UndecodableJwtError(reason="a refresh token where an access token belongs")
        user = self.user_of(claims)
        self.check_expiry(claims)
        return user

    def refresh_claims(self, token: str) -> Claims:
        """Return the claims of a refresh token that has our signature and issuer; it may be revoked or expired.

        Raises:
            UndecodableJwtError: It is no JWT of ours.
            AccessTokenError: It is an access token.
            WrongIssuerError: Another issuer made it.
        """
        claims = self._decoded(token)
        if not is_refresh_token(claims):
            raise AccessTokenError(reason="an access token where a refresh token belongs")
        return claims

    def user_of(self, claims: Claims) -> User:
        """Return the user whom claims speak of.

        Raises:
            RevokedJwtError: There is no such user, or the user changed since (`rev_sig`).
        """
        user = self._state.users.with_id(claims.get("user_id"))
        if user is None:
            raise RevokedJwtError(
                reason="a token of another world: its user id is unknown here "
                "(issued in another test, perhaps kept in a module-level cache)"
            )
        if claims.get("rev_sig") != revocation_signature(user, EDGECLI):
            raise RevokedJwtError(reason=f"the user {user.email} changed after the token was issued (rev_sig differs)")
        return user

    def check_expiry(self, claims: Claims) -> None:
        """Check that the time of some claims is not over.

        Raises:
            ExpiredJwtError: It is.
        """
        expires_at = claims.get("exp")
        seconds = max(0, expires_at) if isinstance(expires_at, int) else 0
        late_ms = self._state.clock.now_ms - seconds * SECOND_MS
        if late_ms >= 0:
            history = self._state.clock.history
            reason = f"the token expired {late_ms * MILLISECOND} ago" + (f"; {history}" if history else "")
            raise ExpiredJwtError(reason, datetime.fromtimestamp(seconds, UTC))

    def _decoded(self, token: str) -> Claims:
        import jwt  # noqa: PLC0415 - slow to import, and needed only where there are JWTs

        try:
            claims: Claims = jwt.decode(
                token.encode("utf-8", "replace"),
                test_key().public_key(),
                algorithms=["RS256"],
                options={
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                    "verify_aud": False,
                    "verify_sub": False,
                    "verify_jti": False,
                },
            )
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            kind = "its signature is not the fake's" if isinstance(error, jwt.InvalidSignatureError) else "not a JWT"
            raise UndecodableJwtError(reason=f"a token that does not decode ({kind})") from None
        if claims.get("iss") != self.issuer or claims.get("zid") != DEFAULT_ZONE_ID:
            reason = f"a token of another issuer or zone than {self.issuer}"
            raise WrongIssuerError(reason, issuer=str(claims.get("iss")))
        return claims

    def _sign(self, claims: Claims) -> str:
        import jwt  # noqa: PLC0415 - slow to import, and needed only where there are JWTs

        return jwt.encode(dict(claims), test_key(), algorithm="RS256", headers={"typ": None})

    def _pair(
        self, access_token: str, jti: str, refresh_token: str, scopes: tuple[str, ...], *, issued_at: int
    ) -> TokenPair:
        lifetime = _seconds(self._state.era.sso_access_lifetime)
        return TokenPair(
            access_token=access_token,
            refresh_token=refresh_token,
            jti=jti,
            scopes=scopes,
            expires_in_seconds=lifetime - 1,
            expires_at_ms=(issued_at + lifetime) * SECOND_MS,
        )

    def _new_access_token(
        self, user: User, client: SsoClient, scopes: tuple[str, ...], *, issued_at: int, login_claims: Claims
    ) -> tuple[str, str]:
        jti = self._state.identifiers.uuid()
        claims: dict[str, object] = {
            "jti": jti,
            "sub": user.user_id,
            "scope": list(scopes),
            "client_id": client.client_id,
            "cid": client.client_id,
            "azp": client.client_id,
            "grant_type": "password",
            "user_id": user.user_id,
            "origin": self._state.guesses.origin_claim,
            "user_name": user.email.lower(),
            "email": user.email.lower(),
            **login_claims,
            **self._al_claim(),
            "rev_sig": revocation_signature(user, client),
            "iat": issued_at,
            "exp": issued_at + _seconds(self._state.era.sso_access_lifetime),
            "iss": self.issuer,
            "zid": DEFAULT_ZONE_ID,
            "aud": _audience(client, scopes),
        }
        return self._sign(claims), jti

    def _refresh_claims(
        self, user: User, client: SsoClient, scopes: tuple[str, ...], *, jti: str, issued_at: int
    ) -> Claims:
        return {
            "jti": jti,
            "sub": user.user_id,
            "scope": list(scopes),
            "iat": issued_at,
            "exp": issued_at + _seconds(self._state.era.sso_refresh_lifetime),
            "cid": client.client_id,
            "client_id": client.client_id,
            "iss": self.issuer,
            "zid": DEFAULT_ZONE_ID,
            "grant_type": "password",
            "user_name": user.email.lower(),
            "origin": self._state.guesses.origin_claim,
            "user_id": user.user_id,
            **self._al_claim(),
            "rev_sig": revocation_signature(user, client),
            "aud": _audience(client, scopes),
        }

    def _al_claim(self) -> dict[str, int]:
        al = self._state.guesses.al_claim
        if al == "era":
            al = _usual_al(self._state.era)
        return {} if al == "absent" else {"al": int(al)}


def is_refresh_token(claims: Claims) -> bool:
    """Return whether claims are those of a refresh token."""
    return str(claims.get("jti")).endswith("-r")


def revocation_signature(user: User, client: SsoClient) -> str:
    """Return the `rev_sig` claim: up to eight hex digits that change with any secret of user or client.

    UAA takes murmur3; which hash it is cannot be told from outside, since the salts are Edge's own.
    """
    parts = (client.client_id, client.client_secret, client.salt, user.user_id, user.password, user.salt, user.email)
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).digest()
    return f"{int.from_bytes(digest[:4], 'big'):x}"


def _usual_al(era: Era) -> str:
    return "0" if era is CURRENT else "2"


def _audience(client: SsoClient, scopes: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys((client.client_id, *(scope.rpartition(".")[0] or scope for scope in scopes))))


def _seconds(lifetime: timedelta) -> int:
    return lifetime // timedelta(seconds=1)


def scopes_in(claims: Claims) -> tuple[str, ...]:
    """Return the scopes that claims give."""
    scopes = claims.get("scope")
    return tuple(str(scope) for scope in scopes) if isinstance(scopes, list) else ()
