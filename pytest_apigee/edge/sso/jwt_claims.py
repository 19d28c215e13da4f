"""What the JWTs of login.apigee.com claim, and in which order.

Source: sso.md 2.2. The claims are written out in Edge's order, since the order is part of the answer.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from pytest_apigee.edge.sso.clients import SsoClient
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.users import User
from pytest_apigee.edge.zones import Zone

Claims = Mapping[str, object]

GRANT_TYPE = "password"  # a refresh keeps it, and a passcode comes by it
NOT_BEFORE = "nbf"
_REFRESH_MARK = "-r"


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """For whom a JWT is, and from when to when in whole seconds since the epoch."""

    user: User
    client: SsoClient
    scopes: tuple[str, ...]
    issued_at: int
    expires_at: int
    reached_at: str = ""
    """Where the SSO was asked for it, if not at its own URL."""


def issuer_of(state: WorldState, zone: Zone, reached_at: str = "") -> str:
    """Return the `iss` of a zone's tokens.

    Args:
        state: The world.
        zone: The zone.
        reached_at: Where the SSO is asked, if not at its own URL.
    """
    base = reached_at or state.guesses.issuer
    if zone.has_saml and not reached_at:
        base = base.replace("://", f"://{zone.subdomain}.", 1)
    return f"{base}{state.era.issuer_path}"


def access_claims(state: WorldState, grant: Grant, *, login: bool) -> dict[str, object]:
    """Return the claims of an access token; `auth_time` is in those of a login, not in those of a refresh."""
    user, client_id, email = grant.user, grant.client.client_id, grant.user.email.lower()
    return {
        "jti": state.identifiers.uuid(),
        "sub": user.user_id,
        "scope": list(grant.scopes),
        "client_id": client_id,
        "cid": client_id,
        "azp": client_id,
        "grant_type": GRANT_TYPE,
        "user_id": user.user_id,
        "origin": state.guesses.origin_claim,
        "user_name": email,
        "email": email,
        **({"auth_time": grant.issued_at} if login else {}),
        **_al_claim(state),
        "rev_sig": revocation_signature(user, grant.client),
        "iat": grant.issued_at,
        "exp": grant.expires_at,
        "iss": issuer_of(state, user.zone, grant.reached_at),
        "zid": user.zone.zone_id,
        "aud": list(_audience(client_id, grant.scopes)),
    }


def refresh_claims(state: WorldState, grant: Grant) -> dict[str, object]:
    """Return the claims of a refresh token."""
    user, client_id = grant.user, grant.client.client_id
    return {
        "jti": f"{state.identifiers.uuid()}{_REFRESH_MARK}",
        "sub": user.user_id,
        "scope": list(grant.scopes),
        "iat": grant.issued_at,
        "exp": grant.expires_at,
        "cid": client_id,
        "client_id": client_id,
        "iss": issuer_of(state, user.zone, grant.reached_at),
        "zid": user.zone.zone_id,
        "grant_type": GRANT_TYPE,
        "user_name": user.email.lower(),
        "origin": state.guesses.origin_claim,
        "user_id": user.user_id,
        **_al_claim(state),
        "rev_sig": revocation_signature(user, grant.client),
        "aud": list(_audience(client_id, grant.scopes)),
    }


def revocation_signature(user: User, client: SsoClient) -> str:
    """Return the `rev_sig` claim: up to eight hex digits that change with any secret of user or client.

    UAA takes murmur3; which hash it is cannot be told from outside, since the salts are Edge's own.
    """
    parts = (client.client_id, client.client_secret, client.salt, user.user_id, user.password, user.salt, user.email)
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).digest()
    return f"{int.from_bytes(digest[:4], 'big'):x}"


def is_refresh_token(claims: Claims) -> bool:
    """Return whether claims are those of a refresh token."""
    return str(claims.get("jti")).endswith(_REFRESH_MARK)


def scopes_in(claims: Claims) -> tuple[str, ...]:
    """Return the scopes that claims give."""
    scopes = claims.get("scope")
    return tuple(str(scope) for scope in scopes) if isinstance(scopes, list) else ()


def _al_claim(state: WorldState) -> dict[str, int]:
    al = state.guesses.al_claim
    if al == "era":
        return {"al": state.era.al_claim}
    return {} if al == "absent" else {"al": int(al)}


@lru_cache(maxsize=64)
def _audience(client_id: str, scopes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((client_id, *(scope.rpartition(".")[0] or scope for scope in scopes))))
