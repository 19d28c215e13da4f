"""What the services of one world share."""

import threading
from dataclasses import dataclass, field

from pytest_apigee.edge.clock import Clock
from pytest_apigee.edge.era import Era
from pytest_apigee.edge.guesses import Guesses
from pytest_apigee.edge.identifiers import Identifiers
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.users import UserDirectory
from pytest_apigee.edge.zones import DEFAULT_ZONE, Zone
from pytest_apigee.errors import ConfigurationError, listed, nearest

_DAY_MS = 24 * 3_600_000


@dataclass(frozen=True, kw_only=True, slots=True)
class WorldState:
    """The tables, the clock and the chance of one world; `lock` guards every change of them."""

    clock: Clock
    identifiers: Identifiers
    era: Era
    guesses: Guesses
    organizations: dict[str, Organization] = field(default_factory=dict)
    users: UserDirectory = field(default_factory=UserDirectory)
    zones: dict[str, Zone] = field(default_factory=dict)
    """The SAML zones by name; beside them there is always the default one."""
    extra_hosts: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Hosts beside those of the organizations, each with the organization and environment that answer there."""
    login_urls: dict[str, set[str]] = field(default_factory=dict)
    """Where clients reached the SSO of a zone beside its own URL, by the zone's name: its tokens may name each."""
    claimed_hosts: frozenset[str] = frozenset()
    """Hosts that are Edge's although nobody answers there: those of a real organization."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def all_zones(self) -> tuple[Zone, ...]:
        """Every zone, the default one first."""
        return (DEFAULT_ZONE, *self.zones.values())

    def require_zone(self, name: str) -> Zone:
        """Return a zone by name, the default one included.

        Raises:
            ConfigurationError: It was not declared.
        """
        if name == DEFAULT_ZONE.name:
            return DEFAULT_ZONE
        if name not in self.zones:
            msg = (
                f"Unknown zone {name!r}. Declared: {listed(self.zones)}.{nearest(name, self.zones)} "
                f"Add it with apigee.zone({name!r})."
            )
            raise ConfigurationError(msg)
        return self.zones[name]

    def forget_old_tokens(self, organization: Organization) -> None:
        """Let an organization forget the tokens that expired days ago."""
        organization.tokens.purge(self.clock.now_ms - self.guesses.purge_after_days * _DAY_MS)

    def require_organization(self, name: str) -> Organization:
        """Return an organization by name.

        Raises:
            ConfigurationError: It was not declared.
        """
        if name not in self.organizations:
            msg = (
                f"Unknown organization {name!r}. Declared: {listed(self.organizations)}."
                f"{nearest(name, self.organizations)} Add it with apigee.organization({name!r})."
            )
            raise ConfigurationError(msg)
        return self.organizations[name]
