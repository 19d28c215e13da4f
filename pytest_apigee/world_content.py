"""A world that was read, from whatever form, and how it is declared."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Self

from pytest_apigee.edge.landscape import KINDS, USUAL_ENVIRONMENTS
from pytest_apigee.edge.organization import Organization
from pytest_apigee.fields import FieldReader
from pytest_apigee.world_tables.apis import declare_api
from pytest_apigee.world_tables.consumers import declare_app, declare_key, declare_product
from pytest_apigee.world_tables.people import (
    SHOWN,
    declare_company,
    declare_developer,
    declare_role,
    declare_user,
)
from pytest_apigee.world_tables.stores import declare_cache, declare_key_value_map, declare_target_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_apigee.edge.catalog import Catalog

_Tables = tuple[FieldReader, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OrganizationContent:
    """One organization of a world: its own fields, and the tables of what it holds."""

    fields: FieldReader
    roles: _Tables = ()
    developers: _Tables = ()
    companies: _Tables = ()
    products: _Tables = ()
    apps: _Tables = ()
    keys: _Tables = ()
    """Consumer keys beside those that the apps come with."""
    apis: _Tables = ()
    key_value_maps: _Tables = ()
    caches: _Tables = ()
    target_servers: _Tables = ()

    @classmethod
    def of(cls, table: FieldReader) -> Self:
        """Return an organization of a world file, in which all that it holds are fields of its own."""
        return cls(
            fields=table,
            roles=table.tables("roles"),
            developers=table.tables("developers"),
            companies=table.tables("companies"),
            products=table.tables("apiproducts"),
            apps=table.tables("apps"),
            apis=table.tables("apis"),
            key_value_maps=table.tables("keyvaluemaps"),
            caches=table.tables("caches"),
            target_servers=table.tables("targetservers"),
        )

    @property
    def name(self) -> str:
        """Its name."""
        return self.fields.text("name")

    def declare(self, world: "Catalog") -> None:
        """Declare it with all that it holds.

        Raises:
            ConfigurationError: Some of it cannot be.
        """
        organization = self.fields.placed(partial(self._declare_itself, world))
        steps: tuple[tuple[_Tables, Callable[[FieldReader], None]], ...] = (
            (self.roles, partial(declare_role, world, organization)),
            (self.developers, partial(declare_developer, world, organization)),
            (self.companies, partial(declare_company, organization)),
            (self.products, partial(declare_product, organization)),
            (self.apps, partial(declare_app, world, organization)),
            (self.keys, partial(declare_key, world, organization)),
            (self.apis, partial(declare_api, world, organization)),
            (self.key_value_maps, partial(declare_key_value_map, organization)),
            (self.caches, partial(declare_cache, world, organization)),
            (self.target_servers, partial(declare_target_server, world, organization)),
        )
        for tables, declare in steps:
            for table in tables:
                table.placed(partial(declare, table))
        self.fields.finish(ignored=SHOWN)

    def _declare_itself(self, world: "Catalog") -> Organization:
        return world.organization(
            self.name,
            environments=self.fields.texts("environments", USUAL_ENVIRONMENTS),
            display_name=self.fields.optional_text("displayName") or None,
            kind=self.fields.choice("type", KINDS, "trial"),
            hosts=self.fields.text_map("hosts"),
            zone=self.fields.optional_text("zone"),
            properties=self.fields.properties("properties"),
            revocation_lag=self.fields.number("revocation_lag", 0),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class WorldContent:
    """A world that was read: its settings, and what is still to be declared."""

    seed: int | str | None = None
    era: str | None = None
    organizations: tuple[OrganizationContent, ...] = ()
    users: _Tables = ()
    ignored: tuple[str, ...] = ()
    """What the files hold beyond what a fake Edge models, each by its place."""

    @property
    def default_organization(self) -> str | None:
        """The name of the first organization, if there is any."""
        return self.organizations[0].name if self.organizations else None

    def declare_organizations(self, world: "Catalog") -> None:
        """Declare the organizations with all that they hold.

        Raises:
            ConfigurationError: Something in the file cannot be.
        """
        for organization in self.organizations:
            organization.declare(world)

    def declare_users(self, world: "Catalog") -> None:
        """Declare the SSO users.

        Raises:
            ConfigurationError: Something in the file cannot be.
        """
        for table in self.users:
            declare_user(world, table)
