"""Eras: each one consistent set of Edge's documented behaviours.

Sources: sso.md 2.1 "Lifetimes" (`current`: the Edge docs as they are now, and tokens issued from 2020 on; `2016`: the
Edge docs of 2016 to 2018, and tokens of 2016), sso.md 2.2 (scopes, issuer, `al`), runtime.md 2.3 and 4.1 (fields of a
token answer).
"""

from dataclasses import dataclass
from datetime import timedelta

from pytest_apigee.errors import ConfigurationError, listed, nearest


@dataclass(frozen=True, kw_only=True, slots=True)
class Era:
    """What Edge did at one time."""

    name: str
    sso_access_lifetime: timedelta
    sso_refresh_lifetime: timedelta
    sso_scopes: tuple[str, ...]
    issuer_path: str
    """What follows the issuer's base URL in `iss`."""
    al_claim: int
    """The usual `al` claim; its meaning is unknown (GUESS: `al_claim`)."""
    token_fields: tuple[str, ...]
    """The fields of a token answer without a refresh token, in their order."""
    refreshable_token_fields: tuple[str, ...]
    """The fields of one with a refresh token."""
    checks_unbound_resources: bool
    """Whether a product without proxies and environments refuses an unlisted path by the older fault."""


CURRENT = Era(
    name="current",
    al_claim=0,
    sso_access_lifetime=timedelta(hours=12),
    sso_refresh_lifetime=timedelta(days=30),
    sso_scopes=(
        "scim.emails.read",
        "scim.me",
        "openid",
        "password.write",
        "approvals.me",
        "scim.ids.read",
        "oauth.approvals",
    ),
    issuer_path="",
    token_fields=(
        "refresh_token_expires_in",
        "api_product_list",
        "api_product_list_json",
        "organization_name",
        "developer.email",
        "token_type",
        "issued_at",
        "client_id",
        "access_token",
        "application_name",
        "scope",
        "expires_in",
        "refresh_count",
        "status",
    ),
    refreshable_token_fields=(
        "refresh_token_expires_in",
        "refresh_token_status",
        "api_product_list",
        "api_product_list_json",
        "organization_name",
        "developer.email",
        "token_type",
        "issued_at",
        "client_id",
        "access_token",
        "refresh_token",
        "application_name",
        "scope",
        "refresh_token_issued_at",
        "expires_in",
        "refresh_count",
        "status",
    ),
    checks_unbound_resources=False,
)

ERA_2016 = Era(
    name="2016",
    al_claim=2,
    sso_access_lifetime=timedelta(seconds=1800),
    sso_refresh_lifetime=timedelta(seconds=84600),
    sso_scopes=("scim.me", "openid", "password.write", "approvals.me", "oauth.approvals"),
    issuer_path="/oauth/token",
    token_fields=(
        "issued_at",
        "application_name",
        "scope",
        "status",
        "api_product_list",
        "expires_in",
        "developer.email",
        "organization_id",
        "token_type",
        "client_id",
        "access_token",
        "organization_name",
        "refresh_token_expires_in",
        "refresh_count",
    ),
    refreshable_token_fields=(
        "issued_at",
        "scope",
        "application_name",
        "refresh_token_issued_at",
        "status",
        "refresh_token_status",
        "api_product_list",
        "expires_in",
        "developer.email",
        "organization_id",
        "token_type",
        "refresh_token",
        "client_id",
        "access_token",
        "organization_name",
        "refresh_token_expires_in",
        "refresh_count",
    ),
    checks_unbound_resources=True,
)

ERAS = {era.name: era for era in (CURRENT, ERA_2016)}


def era_named(name: object) -> Era:
    """Return an era by its name.

    Raises:
        ConfigurationError: There is no such era.
    """
    if not isinstance(name, str) or name not in ERAS:
        msg = f"Unknown era {name!r}. Allowed: {listed(ERAS)}.{nearest(str(name), ERAS)}"
        raise ConfigurationError(msg)
    return ERAS[name]
