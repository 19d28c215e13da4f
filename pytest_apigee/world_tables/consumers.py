"""What calls the APIs of a world: API products, and apps with their consumer keys."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_apigee.edge import checks
from pytest_apigee.edge.consumers import APPROVALS, TIME_UNITS
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.records import NEVER_MS, ApiProduct, App, Credential, Status
from pytest_apigee.errors import found, listed
from pytest_apigee.fields import FieldReader
from pytest_apigee.world_tables.people import SHOWN

if TYPE_CHECKING:
    from pytest_apigee.edge.catalog import Catalog


def declare_product(organization: Organization, table: FieldReader) -> None:
    """Declare an API product."""
    name = table.text("name")
    product = ApiProduct(
        name=name,
        proxies=table.texts("proxies"),
        environments=tuple(map(organization.require_environment, table.texts("environments"))),
        resources=table.texts("apiResources"),
        scopes=checks.scopes(table.texts("scopes")),
        approval_type=table.choice("approvalType", APPROVALS, "auto"),
        display_name=table.text("displayName", name),
        description=table.text("description", ""),
        attributes=table.attributes("attributes"),
        quota=_figure(table, "quota"),
        quota_interval=_figure(table, "quotaInterval"),
        quota_time_unit=table.choice("quotaTimeUnit", ("", *TIME_UNITS), ""),
    )
    table.finish(ignored=SHOWN)
    organization.add_product(product)


def _figure(table: FieldReader, name: str) -> str:
    """Return a whole number as text, as Edge keeps it, whether it was written as a number or as text."""
    value = table.anything(name)
    text = "" if value is None else str(value)
    if isinstance(value, bool) or not (text.isdecimal() or not text):
        raise table.error(f"the field {name!r} must be a whole number, not {value!r}")
    return text


def declare_app(world: "Catalog", organization: Organization, table: FieldReader) -> None:
    """Declare an app with the keys that the table says, or with one that is generated."""
    wanted = _products(organization, table)
    credentials = tuple(
        _credential(world, organization, reader, wanted=wanted) for reader in table.tables("credentials")
    )
    scopes = checks.scopes(table.texts("scopes"))
    company = _company(table)
    app = App(
        name=table.text("name"),
        app_id=table.optional_text("appId") or world.new_uuid(),
        organization=organization.name,
        developer="" if company else _developer(world, organization, table),
        company=company,
        credentials=_unless_expiring(table, credentials) or (_generated(world, table, products=wanted, scopes=scopes),),
        status=_status(table),
        callback_url=table.text("callbackUrl", ""),
        attributes=table.attributes("attributes"),
        scopes=scopes,
    )
    table.finish(ignored=(*SHOWN, "appFamily", "accessType"))
    organization.add_app(app)


def declare_key(world: "Catalog", organization: Organization, table: FieldReader) -> None:
    """Give an app of a developer one more consumer key, which somebody chose."""
    developer, key = table.text("developer"), table.text("consumerKey")
    table.text("consumerSecret")
    apps = {app.name: app for app in organization.apps_of(developer=developer)}
    app = found(apps, table.text("name"), "app", f" of developer {developer!r}")
    holder = organization.client_with_key(key)
    if holder is not None:
        raise table.error(f"the consumerKey already belongs to app {holder.app.name!r}")
    organization.add_credential(app, _credential(world, organization, table, wanted={}))


def _unless_expiring(table: FieldReader, credentials: tuple[Credential, ...]) -> tuple[Credential, ...]:
    if credentials and "keyExpiresIn" in table:
        message = "keyExpiresIn is for a key that is generated; with credentials, give each its expiresAt"
        raise table.error(message)
    return credentials


def _generated(
    world: "Catalog", table: FieldReader, *, products: Mapping[str, Status], scopes: tuple[str, ...]
) -> Credential:
    credential = world.new_credential(products=products, scopes=scopes)
    lifetime_ms = table.loose_number("keyExpiresIn", NEVER_MS)
    return credential if lifetime_ms < 0 else replace(credential, expires_at_ms=credential.issued_at_ms + lifetime_ms)


def _company(table: FieldReader) -> str:
    """Return the name of an app's company, empty where it has none."""
    company = table.optional_text("company") or table.optional_text("companyName") or ""
    if company and ("developer" in table or "developerId" in table):
        raise table.error("an app has a developer or a company, not both")
    return company


def _developer(world: "Catalog", organization: Organization, table: FieldReader) -> str:
    email, developer_id = table.optional_text("developer"), table.optional_text("developerId")
    if email is not None:
        return email
    if developer_id is None:
        return world.default_developer(organization)
    for developer in organization.developers.values():
        if developer.developer_id == developer_id:
            return developer.email
    known = (developer.developer_id for developer in organization.developers.values())
    raise table.error(f"unknown developerId {developer_id!r}; known: {listed(known)}")


def _credential(
    world: "Catalog", organization: Organization, table: FieldReader, *, wanted: Mapping[str, Status]
) -> Credential:
    drawn = world.new_credential()
    credential = Credential(
        consumer_key=checks.optional_text("consumerKey", table.optional_text("consumerKey")) or drawn.consumer_key,
        consumer_secret=checks.optional_text("consumerSecret", table.optional_text("consumerSecret"))
        or drawn.consumer_secret,
        products=_products(organization, table) or wanted,
        issued_at_ms=table.number("issuedAt", drawn.issued_at_ms),
        expires_at_ms=table.number("expiresAt", NEVER_MS),
        status=_status(table),
        scopes=checks.scopes(table.texts("scopes")),
        attributes=table.attributes("attributes"),
    )
    table.finish()
    return credential


def _products(organization: Organization, table: FieldReader) -> dict[str, Status]:
    return {
        name: organization.subscription(name) if status is None else Status(status)
        for name, status in table.products("apiProducts").items()
    }


def _status(table: FieldReader) -> Status:
    return Status(table.choice("status", tuple(Status), Status.APPROVED))
