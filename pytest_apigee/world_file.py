"""The world file: what a world starts with, as TOML, as JSON of the same shape, or as a dict.

Entities use the field names of Edge's own JSON, in the short form or in Edge's own; fields that Edge only shows are
read over, so that a body from the management API can be pasted. Every mistake names its place and what is allowed.
"""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_apigee.edge import checks
from pytest_apigee.edge.consumers import APPROVALS, TIME_UNITS
from pytest_apigee.edge.era import era_named
from pytest_apigee.edge.gateway.stock_proxies import SECURITIES
from pytest_apigee.edge.gateway.target import FixedTarget
from pytest_apigee.edge.landscape import KINDS, USUAL_ENVIRONMENTS
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.records import (
    NEVER_MS,
    ApiProduct,
    App,
    Company,
    Credential,
    Developer,
    DeveloperStatus,
    Status,
)
from pytest_apigee.edge.users import UserStatus
from pytest_apigee.errors import ConfigurationError, listed
from pytest_apigee.fields import FieldReader

if TYPE_CHECKING:
    from pytest_apigee.edge.catalog import Catalog

_SHOWN = ("createdAt", "createdBy", "lastModifiedAt", "lastModifiedBy")


@dataclass(frozen=True, kw_only=True, slots=True)
class WorldContent:
    """A world file that was read: its settings, and its tables still to be declared."""

    seed: int | str | None
    era: str | None
    organizations: tuple[FieldReader, ...]
    users: tuple[FieldReader, ...]

    @property
    def default_organization(self) -> str | None:
        """The name of the first organization, if there is any."""
        return self.organizations[0].text("name") if self.organizations else None

    def declare_organizations(self, world: "Catalog") -> None:
        """Declare the organizations with all that they hold.

        Raises:
            ConfigurationError: Something in the file cannot be.
        """
        for table in self.organizations:
            _declare_organization(world, table)

    def declare_users(self, world: "Catalog") -> None:
        """Declare the SSO users.

        Raises:
            ConfigurationError: Something in the file cannot be.
        """
        for table in self.users:
            _declare_user(world, table)


def read_world(world: object) -> WorldContent:
    """Read a world file, or a dict with its content.

    Args:
        world: The path of a `.toml` or `.json` file, or a dict.

    Raises:
        ConfigurationError: The file cannot be read, or has a field that does not belong there.
    """
    if isinstance(world, Mapping):
        return _read_content(FieldReader(world, "the world"))
    if isinstance(world, str | PathLike):
        path = Path(world)
        return _read_content(FieldReader(_read_file(path), f"world file {path.name}"))
    msg = f"A world is a dict, or the path of a .toml or .json file, not {type(world).__name__}."
    raise ConfigurationError(msg)


def _read_file(path: Path) -> Mapping[str, object]:
    parsers: dict[str, Callable[[str], object]] = {".toml": tomllib.loads, ".json": json.loads}
    parse = parsers.get(path.suffix.lower())
    if parse is None:
        msg = f"The world file {path} must end in .toml or .json."
        raise ConfigurationError(msg)
    try:
        content = parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"The world file {path} cannot be read: {error.strerror}."
        raise ConfigurationError(msg) from None
    except (ValueError, RecursionError) as error:
        msg = f"The world file {path} is not valid {path.suffix[1:].upper()}: {error}."
        raise ConfigurationError(msg) from None
    if not isinstance(content, dict):
        msg = f"The world file {path} must hold an object, with fields such as 'organizations'."
        raise ConfigurationError(msg)
    return content


def _read_content(table: FieldReader) -> WorldContent:
    era = table.optional_text("era")
    if era is not None:
        table.placed(partial(era_named, era))
    content = WorldContent(
        seed=table.seed("seed"),
        era=era,
        organizations=table.tables("organizations"),
        users=table.tables("users"),
    )
    table.finish()
    return content


def _declare_organization(world: "Catalog", table: FieldReader) -> None:
    environments = table.texts("environments", USUAL_ENVIRONMENTS)
    organization = table.placed(
        lambda: world.organization(
            table.text("name"),
            environments=environments,
            display_name=table.optional_text("displayName") or None,
            kind=table.choice("type", KINDS, "trial"),
            hosts=table.text_map("hosts"),
            zone=table.optional_text("zone"),
            properties=table.properties("properties"),
            revocation_lag=table.number("revocation_lag", 0),
        )
    )
    for role in table.tables("roles"):
        role.placed(partial(_declare_role, world, organization, role))
    for developer in table.tables("developers"):
        developer.placed(partial(_declare_developer, world, organization, developer))
    for company in table.tables("companies"):
        company.placed(partial(_declare_company, organization, company))
    for product in table.tables("apiproducts"):
        product.placed(partial(_declare_product, organization, product))
    for app in table.tables("apps"):
        app.placed(partial(_declare_app, world, organization, app))
    for api in table.tables("apis"):
        api.placed(partial(_declare_api, world, organization, api))
    table.finish(ignored=_SHOWN)


def _declare_role(world: "Catalog", organization: Organization, table: FieldReader) -> None:
    name = table.text("name")
    given: dict[str, tuple[str, ...]] = {}
    for permission in table.tables("resourcePermission"):
        path = permission.text("path")
        given[path] = (*given.get(path, ()), *permission.texts("permissions"))
        permission.finish(ignored=("organization",))
    table.finish()
    world.role(name, permissions=given, org=organization.name)


def _declare_developer(world: "Catalog", organization: Organization, table: FieldReader) -> None:
    email = table.text("email")
    developer = Developer(
        email=email,
        developer_id=table.optional_text("developerId") or world.new_uuid(),
        first_name=table.text("firstName", "Dev"),
        last_name=table.text("lastName", "Eloper"),
        user_name=table.text("userName", email.partition("@")[0]),
        status=DeveloperStatus(table.choice("status", tuple(DeveloperStatus), DeveloperStatus.ACTIVE)),
        attributes=table.attributes("attributes"),
    )
    table.finish(ignored=(*_SHOWN, "apps", "companies", "organizationName"))
    organization.add_developer(developer)


def _declare_company(organization: Organization, table: FieldReader) -> None:
    name = table.text("name")
    company = Company(
        name=name,
        display_name=table.text("displayName", name),
        status=DeveloperStatus(table.choice("status", tuple(DeveloperStatus), DeveloperStatus.ACTIVE)),
        attributes=table.attributes("attributes"),
        members=table.members("developers"),
    )
    table.finish(ignored=(*_SHOWN, "apps", "organization"))
    organization.add_company(company)


def _declare_product(organization: Organization, table: FieldReader) -> None:
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
    table.finish(ignored=_SHOWN)
    organization.add_product(product)


def _figure(table: FieldReader, name: str) -> str:
    """Return a whole number as text, as Edge keeps it, whether it was written as a number or as text."""
    value = table.anything(name)
    text = "" if value is None else str(value)
    if isinstance(value, bool) or not (text.isdecimal() or not text):
        raise table.error(f"the field {name!r} must be a whole number, not {value!r}")
    return text


def _declare_app(world: "Catalog", organization: Organization, table: FieldReader) -> None:
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
        credentials=credentials or (world.new_credential(products=wanted, scopes=scopes),),
        status=_status(table),
        callback_url=table.text("callbackUrl", ""),
        attributes=table.attributes("attributes"),
        scopes=scopes,
    )
    table.finish(ignored=(*_SHOWN, "appFamily", "accessType"))
    organization.add_app(app)


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


def _declare_api(world: "Catalog", organization: Organization, table: FieldReader) -> None:
    name = table.text("name")
    environments = table.texts("environments", (world.usual_environment(organization),))
    security = table.choice("security", SECURITIES, "oauth")
    if not environments:
        raise table.error("environments must name at least one environment")
    world.proxy(
        table.text("basepath", f"/{name}"),
        name=name,
        products=(),
        target=_target(table.optional_table("target")),
        security=security,
        scope=table.text("scope", ""),
        api_key=table.optional_text("api_key"),
        org=organization.name,
        env=environments[0],
    )
    for environment in environments[1:]:
        organization.deploy(name, environment)
    table.finish()


def _target(table: FieldReader | None) -> FixedTarget | None:
    if table is None:
        return None
    if "bundle" in table:
        raise table.error("bundle is not modelled by this version; give json, or status, headers and body")
    status, headers = table.number("status", 200), table.text_map("headers")
    if "json" in table:
        if "body" in table:
            raise table.error("give either json or body, not both")
        response = Response.of_json(table.anything("json"), status=status, headers=headers)
    else:
        response = Response(status=status, headers=headers, body=table.text("body", ""))
    table.finish()
    return FixedTarget(response)


def _declare_user(world: "Catalog", table: FieldReader) -> None:
    roles = table.optional_table("roles")
    table.placed(
        lambda: world.user(
            table.text("email"),
            password=table.optional_text("password"),
            mfa_secret=table.optional_text("mfa_secret"),
            mfa=table.flag("mfa"),
            machine=table.flag("machine"),
            zone=table.optional_text("zone"),
            status=table.choice("status", tuple(UserStatus), UserStatus.ACTIVE),
            first_name=table.text("firstName", ""),
            last_name=table.text("lastName", ""),
            roles=None if roles is None else roles.all_texts(),
        )
    )
    table.finish()
