"""Who acts in a world: roles and SSO users, and the developers and companies who own apps."""

from typing import TYPE_CHECKING

from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.records import Company, Developer, DeveloperStatus
from pytest_apigee.edge.users import UserStatus
from pytest_apigee.fields import FieldReader

if TYPE_CHECKING:
    from pytest_apigee.edge.catalog import Catalog

SHOWN = ("createdAt", "createdBy", "lastModifiedAt", "lastModifiedBy")
"""What Edge only shows, in all that has it; read over."""


def declare_role(world: "Catalog", organization: Organization, table: FieldReader) -> None:
    """Declare a role, with what it allows."""
    name = table.text("name")
    given: dict[str, tuple[str, ...]] = {}
    for permission in table.tables("resourcePermission"):
        path = permission.text("path")
        given[path] = (*given.get(path, ()), *permission.texts("permissions"))
        permission.finish(ignored=("organization",))
    table.finish()
    world.role(name, permissions=given, org=organization.name)


def declare_developer(world: "Catalog", organization: Organization, table: FieldReader) -> None:
    """Declare a developer."""
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
    table.finish(ignored=(*SHOWN, "apps", "companies", "organizationName"))
    organization.add_developer(developer)


def declare_company(organization: Organization, table: FieldReader) -> None:
    """Declare a company, whose developers were declared."""
    name = table.text("name")
    company = Company(
        name=name,
        display_name=table.text("displayName", name),
        status=DeveloperStatus(table.choice("status", tuple(DeveloperStatus), DeveloperStatus.ACTIVE)),
        attributes=table.attributes("attributes"),
        members=table.members("developers"),
    )
    table.finish(ignored=(*SHOWN, "apps", "organization"))
    organization.add_company(company)


def declare_user(world: "Catalog", table: FieldReader) -> None:
    """Declare an SSO user."""
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
