"""Makes tokens and codes and keeps them. Lifetimes are milliseconds, `NEVER_MS` for one that never ends."""

from dataclasses import dataclass

from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.records import NEVER_MS, Client, Status
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.tokens import AccessToken, AuthorizationCode, Grant, RefreshToken

SECOND_MS = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """Tokens to make.

    Args:
        grant: What they stand for.
        access_ms: How long the access token is good.
        refresh_ms: How long its refresh token is, or None for none.
        access_value: The access token, if it comes from elsewhere.
        refresh_value: The refresh token likewise.
        count: How many refreshes led to it.
        already_old_ms: How long ago they were made.
        is_kept: Whether they are kept, so that they can be verified.
    """

    grant: Grant
    access_ms: int
    refresh_ms: int | None = None
    access_value: str = ""
    refresh_value: str = ""
    count: int = 0
    already_old_ms: int = 0
    is_kept: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuedTokens:
    """An access token, and the refresh token that came with it."""

    access: AccessToken
    refresh: RefreshToken | None = None


def issue(state: WorldState, organization: Organization, order: Order) -> IssuedTokens:
    """Make an access token, with a refresh token where one is ordered, and keep them if ordered so."""
    state.forget_old_tokens(organization)
    issued_at_ms = state.clock.now_ms - order.already_old_ms
    value = order.access_value or state.identifiers.access_token()
    refresh = None
    if order.refresh_ms is not None:
        refresh = RefreshToken(
            value=order.refresh_value or state.identifiers.refresh_token(),
            grant=order.grant,
            issued_at_ms=issued_at_ms,
            expires_at_ms=_end(issued_at_ms, order.refresh_ms),
            access_token=value,
            count=order.count,
        )
    access = AccessToken(
        value=value,
        grant=order.grant,
        issued_at_ms=issued_at_ms,
        expires_at_ms=_end(issued_at_ms, order.access_ms),
        refresh_token="" if refresh is None else refresh.value,
    )
    if order.is_kept:
        organization.tokens.add(access, refresh)
    return IssuedTokens(access=access, refresh=refresh)


def issue_code(  # noqa: PLR0913 - all that a code is made of
    state: WorldState,
    organization: Organization,
    grant: Grant,
    *,
    lifetime_ms: int,
    redirect_uri: str,
    sent_redirect_uri: bool,
    value: str = "",
) -> AuthorizationCode:
    """Make an authorization code and keep it."""
    state.forget_old_tokens(organization)
    now_ms = state.clock.now_ms
    code = AuthorizationCode(
        value=value or state.identifiers.authorization_code(),
        grant=grant,
        issued_at_ms=now_ms,
        expires_at_ms=_end(now_ms, lifetime_ms),
        redirect_uri=redirect_uri,
        sent_redirect_uri=sent_redirect_uri,
    )
    organization.tokens.add_code(code)
    return code


def granted_scopes(organization: Organization, client: Client, requested: str | None) -> tuple[str, ...]:
    """Return the scopes that a request gets: all of the app's products', or those of them that it names.

    Source: runtime.md 4.4.
    """
    scopes = organization.scopes_of(client.credential)
    wanted = (requested or "").split()
    return tuple(scope for scope in scopes if scope in wanted) if wanted else scopes


def seconds_shown(issued: AccessToken | RefreshToken, *, since_ms: int | None = None) -> int:
    """Return how long a token lasts as answers show it: in seconds, one less than it has.

    Never less than 0 (GUESS): -1 would say that it never ends. Source: runtime.md 2.3.

    Args:
        issued: A token that ends.
        since_ms: The moment to count from; by default when it was issued.
    """
    begins_ms = issued.issued_at_ms if since_ms is None else since_ms
    return max(0, (issued.expires_at_ms - begins_ms) // SECOND_MS - 1)


def listed_products(state: WorldState, client: Client) -> list[str]:
    """Return the names of the products that answers list for a key."""
    return [
        name
        for name, status in client.credential.products.items()
        if status is Status.APPROVED or state.guesses.pending_products_listed
    ]


def _end(issued_at_ms: int, lifetime_ms: int) -> int:
    return NEVER_MS if lifetime_ms == NEVER_MS else issued_at_ms + lifetime_ms
