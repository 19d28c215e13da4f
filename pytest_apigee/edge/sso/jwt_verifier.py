"""Tells whether a JWT is one of this world's SSO, and still good."""

from datetime import datetime

from pytest_apigee.edge.clock import MILLISECOND, moment_at
from pytest_apigee.edge.sso.clients import ClientDirectory
from pytest_apigee.edge.sso.jwt_claims import NOT_BEFORE, Claims, is_refresh_token, issuer_of, revocation_signature
from pytest_apigee.edge.sso.jwt_issuer import SECOND_MS
from pytest_apigee.edge.sso.signing_key import test_key
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.users import BadCredentialsError, User, UserStatus
from pytest_apigee.edge.zones import DEFAULT_ZONE, Zone

_LATEST = 2**53 // 1_000  # seconds


class InvalidJwtError(BadCredentialsError):
    """A JWT is not one of ours, or no longer good."""


class UndecodableJwtError(InvalidJwtError):
    """It is no JWT, or its signature is not ours."""


class AccessTokenError(InvalidJwtError):
    """It is an access token where a refresh token belongs."""


class RefreshTokenError(InvalidJwtError):
    """It is a refresh token where an access token belongs."""


class WrongIssuerError(InvalidJwtError):
    """Another issuer or zone made it."""

    def __init__(self, reason: str, issuer: str) -> None:
        super().__init__(reason)
        self.issuer = issuer


class RevokedJwtError(InvalidJwtError):
    """Its user or client is gone, or changed since."""


class WrongAudienceError(InvalidJwtError):
    """It is for somebody else."""


class ExpiredJwtError(InvalidJwtError):
    """Its time is over, or has not come."""

    def __init__(self, reason: str, expired_at: datetime) -> None:
        super().__init__(reason)
        self.expired_at = expired_at


class JwtVerifier:
    """Verifies the JWTs of one world."""

    def __init__(self, state: WorldState, clients: ClientDirectory) -> None:
        self._state = state
        self._clients = clients

    def user_of_access_token(self, token: str) -> User:
        """Return the user of an access token of any zone.

        Raises:
            InvalidJwtError: It is not good, or a refresh token.
        """
        claims = self._decoded(token)
        zones = {zone.zone_id: zone for zone in self._state.all_zones}
        user = self._checked(claims, zones.get(str(claims.get("zid")), DEFAULT_ZONE))
        audience = claims.get("aud")
        is_ours = isinstance(audience, list) and claims.get("client_id") in audience
        if not is_ours and self._state.guesses.refuses_wrong_audience:
            raise WrongAudienceError(reason="a token for another audience: `aud` lacks its client")
        self.check_time(claims)
        return user

    def access_claims(self, token: str, zone: Zone) -> tuple[Claims, User]:
        """Return the claims of a good access token of a zone, and its user.

        Raises:
            InvalidJwtError: It is not good, or a refresh token.
        """
        claims = self._decoded(token)
        user = self._checked(claims, zone)
        self.check_time(claims)
        return claims, user

    def refresh_claims(self, token: str, zone: Zone) -> Claims:
        """Return the claims of a refresh token that has our signature and a zone's issuer; it may be void or expired.

        Raises:
            UndecodableJwtError: It is no JWT of ours.
            AccessTokenError: It is an access token.
            WrongIssuerError: Another issuer made it.
        """
        claims = self._decoded(token)
        self._check_issuer(claims, zone)
        if not is_refresh_token(claims):
            raise AccessTokenError(reason="an access token where a refresh token belongs")
        return claims

    def user_of(self, claims: Claims) -> User:
        """Return the user whom claims speak of.

        Raises:
            RevokedJwtError: There is no such user or client, or one of them changed since (`rev_sig`).
        """
        user = self._state.users.with_id(claims.get("user_id"))
        client = self._clients.find(claims.get("client_id"))
        if user is None or client is None:
            raise RevokedJwtError(
                reason="a token of another world: its user or client is unknown here "
                "(issued in another test, perhaps kept in a module-level cache)"
            )
        if user.status is UserStatus.INACTIVE:
            raise RevokedJwtError(reason=f"the SSO user {user.email} is inactive")
        if claims.get("rev_sig") != revocation_signature(user, client):
            raise RevokedJwtError(
                reason=f"the user {user.email} or the client {client.client_id} changed after the token was issued "
                "(rev_sig differs)"
            )
        return user

    def check_time(self, claims: Claims) -> None:
        """Check that the time of some claims has come and is not over.

        Raises:
            ExpiredJwtError: It has not, or is.
        """
        expires_ms = _milliseconds(claims.get("exp"))
        late_ms = self._state.clock.now_ms - expires_ms
        if late_ms >= 0:
            history = self._state.clock.history
            reason = f"the token expired {late_ms * MILLISECOND} ago" + (f"; {history}" if history else "")
            raise ExpiredJwtError(reason, moment_at(expires_ms))
        early_ms = _milliseconds(claims.get(NOT_BEFORE)) - self._state.clock.now_ms
        if early_ms > 0 and self._state.guesses.refuses_not_before:
            reason = f"the token is not valid before {early_ms * MILLISECOND} from now"
            raise ExpiredJwtError(reason, moment_at(expires_ms))

    def _checked(self, claims: Claims, zone: Zone) -> User:
        self._check_issuer(claims, zone)
        if is_refresh_token(claims) and not self._state.guesses.refresh_token_as_bearer:
            raise RefreshTokenError(reason="a refresh token where an access token belongs")
        return self.user_of(claims)

    def _check_issuer(self, claims: Claims, zone: Zone) -> None:
        expected = issuer_of(self._state, zone)
        urls = self._state.login_urls.get(zone.name, ())
        issuers = (expected, *(issuer_of(self._state, zone, url) for url in urls))
        if claims.get("iss") not in issuers or claims.get("zid") != zone.zone_id:
            reason = f"a token of another issuer or zone than {expected}"
            raise WrongIssuerError(reason, issuer=str(claims.get("iss")))

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
        if not all(map(_is_plain, claims.values())):
            raise UndecodableJwtError(reason="a token with claims of a kind that Edge never issues")
        return claims


def _is_plain(claim: object) -> bool:
    """Return whether a claim is one that can be answered with; anybody can sign others, for the key is published."""
    if isinstance(claim, list):
        return all(isinstance(item, str) for item in claim)
    return claim is None or isinstance(claim, str) or (isinstance(claim, int) and claim <= _LATEST)


def _milliseconds(seconds: object) -> int:
    return max(0, seconds) * SECOND_MS if isinstance(seconds, int) else 0
