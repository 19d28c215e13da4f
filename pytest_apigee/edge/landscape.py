"""A world with its organizations, environments and identity zones, and where clients find them.

Every declaration is checked where it is made; a wrong one raises `ConfigurationError` with what is allowed.
"""

from collections.abc import Iterable, Mapping

from pytest_apigee.edge import checks, hosts
from pytest_apigee.edge.clock import Clock
from pytest_apigee.edge.entity_cache import EntityCache
from pytest_apigee.edge.era import CURRENT, Era
from pytest_apigee.edge.gateway.stock_proxies import OAUTH_BASE_PATH, OAUTH_PROXY, TOKEN_SUFFIX, oauth_proxy
from pytest_apigee.edge.guesses import Guesses
from pytest_apigee.edge.locking import locked
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.world import World
from pytest_apigee.edge.zones import DEFAULT_ZONE, Zone
from pytest_apigee.errors import ConfigurationError, listed

CREATED_AT_MS = 1_388_534_400_000  # 2014: every organization is older than the tests, and the same in each run
DEFAULT_ORGANIZATION = "acme"
DEFAULT_ENVIRONMENT = "test"
USUAL_ENVIRONMENTS = ("test", "prod")
KINDS = ("trial", "paid")
_LONGEST_LABEL = 63  # RFC 1035


class Landscape(World):
    """A world with a default organization and environment."""

    def __init__(
        self,
        *,
        seed: int | str = 0,
        era: Era = CURRENT,
        guesses: Guesses | None = None,
        clock: Clock | None = None,
        claimed_hosts: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(seed=seed, era=era, guesses=guesses, clock=clock, claimed_hosts=claimed_hosts)
        self._org = DEFAULT_ORGANIZATION
        self._env = DEFAULT_ENVIRONMENT
        self._counts: dict[str, int] = {}
        self._lock = self._state.lock

    @property
    def org(self) -> str:
        """The name of the default organization."""
        return self._org

    @property
    def env(self) -> str:
        """The name of the default environment."""
        return self._env

    @property
    def login_url(self) -> str:
        """Edge's SSO, without a path."""
        return f"https://{hosts.LOGIN}"

    @property
    def sso_url(self) -> str:
        """The SSO of the default organization's users, without a path: that of its SAML zone, if it has one."""
        return self._organization(None).zone.url

    @property
    def management_url(self) -> str:
        """Edge's management API, without the ``/v1``."""
        return f"https://{hosts.MANAGEMENT}"

    @property
    def gateway_url(self) -> str:
        """The gateway of the default environment, without a path."""
        return self.url_for()

    @property
    def token_url(self) -> str:
        """The default organization's token endpoint, with the grant type that the stock proxy reads only there."""
        return self.token_url_for()

    def url_for(self, org: str | None = None, env: str | None = None) -> str:
        """Return the gateway of an environment, without a path."""
        name = self._organization(org).name
        return f"https://{hosts.gateway_host(name, self._environment(name, env))}"

    def token_url_for(self, org: str | None = None, env: str | None = None) -> str:
        """Return the token endpoint of an environment's `oauth` proxy, with its grant type."""
        return f"{self.url_for(org, env)}{OAUTH_BASE_PATH}{TOKEN_SUFFIX}?grant_type=client_credentials"

    @locked
    def organization(  # noqa: PLR0913 - one keyword for each field of an organization
        self,
        name: str,
        *,
        environments: Iterable[str] = USUAL_ENVIRONMENTS,
        display_name: str | None = None,
        kind: str = "trial",
        hosts: Mapping[str, str] | None = None,
        zone: str | Zone | None = None,
        properties: Mapping[str, str] | None = None,
        revocation_lag: int = 0,
    ) -> Organization:
        """Declare another organization, with its `oauth` proxy deployed in `test` (or its first environment).

        Args:
            name: Its short name, as in its host names.
            environments: The names of its environments.
            display_name: Its long name.
            kind: ``trial`` or ``paid``.
            hosts: Custom domains, each with the environment it leads to.
            zone: Its SAML zone; declared by this where it was not before.
            properties: Feature flags, as the management API shows them.
            revocation_lag: How many seconds its gateways remember tokens, keys, apps, developers and products that they
                looked up, so that what is revoked still works; 180 on Edge.

        Raises:
            ConfigurationError: It was declared before, a host leads nowhere, or a setting cannot be.
        """
        checks.name_in_host("organization", name)
        if name in self._state.organizations:
            msg = f"The organization {name!r} was declared before. Its environments: {self._listed_environments(name)}."
            raise ConfigurationError(msg)
        declared = checks.names("environments", environments)
        for environment in declared:
            checks.name_in_host("environment", environment)
        if not declared:
            msg = f"The organization {name!r} needs at least one environment, as in environments=['test']."
            raise ConfigurationError(msg)
        organization = Organization(
            name,
            lock=self._lock,
            environments=declared,
            created_at_ms=CREATED_AT_MS,
            display_name=checks.optional_text("display_name", display_name) or name,
            kind=checks.choice("kind", kind, KINDS),
            properties=checks.text_map("properties", {} if properties is None else properties),
            hosts=self._checked_hosts({} if hosts is None else hosts),
            revocation_lag=checks.seconds("revocation_lag", revocation_lag),
        )
        for environment in organization.hosts.values():
            organization.require_environment(environment)
        if zone is not None:
            organization.set_zone(self._zone_named(zone_name(zone)))
        over_http = ("default", "secure") if self._state.guesses.oauth_over_http else ("secure",)
        organization.add_proxy(oauth_proxy(self.usual_environment(organization), virtual_hosts=over_http))
        self._state.organizations[name] = organization
        return organization

    @locked
    def set_properties(self, properties: Mapping[str, str], *, org: str | None = None) -> None:
        """Set feature flags of an organization, beside those that it has.

        Args:
            properties: Texts by name, as `{"features.isOAuthRevokeEnabled": "true"}`.
            org: The organization.

        Raises:
            ConfigurationError: There is no such organization, or a name or value is no text.
        """
        self._organization(org).properties.update(checks.text_map("properties", properties))

    @locked
    def set_revocation_lag(self, seconds: int, *, org: str | None = None) -> None:
        """Say how long the gateways of an organization remember what they looked up; what they know now is forgotten.

        Args:
            seconds: How many seconds, as `revocation_lag` of `organization`.
            org: The organization.

        Raises:
            ConfigurationError: There is no such organization, or it is no whole number of seconds.
        """
        self._organization(org).remembered = EntityCache(checks.seconds("seconds", seconds))

    @locked
    def zone(self, name: str | None = None, *, organizations: Iterable[str] | None = None) -> Zone:
        """Declare a SAML zone, ``https://{name}.login.apigee.com``, and turn SAML on for organizations.

        Their users are from then on those of the zone: declare it before them. Tools take a passcode
        (`apigee.passcode(user)`), machine users a password; Basic authentication at the management API is off.

        Args:
            name: Its subdomain; by default the name of the default organization.
            organizations: Those that have SAML; by default the default organization. They may join a zone that was
                declared before.

        Raises:
            ConfigurationError: The name is taken or unfit for a host, or an organization is unknown or has a zone.
        """
        subdomain = self._org if name is None else checks.text("name", name)
        if subdomain in self._state.zones and organizations is None:
            msg = f"The zone {subdomain!r} was declared before. Declared: {listed(self._state.zones)}."
            raise ConfigurationError(msg)
        wanted = (self._org,) if organizations is None else checks.names("organizations", organizations)
        members = [self._state.require_organization(organization) for organization in wanted]
        for organization in members:
            if organization.zone.has_saml:
                msg = f"The organization {organization.name!r} has the zone {organization.zone.name!r} already."
                raise ConfigurationError(msg)
        zone = self._zone_named(subdomain)
        for organization in members:
            organization.set_zone(zone)
        return zone

    @locked
    def deploy_oauth(self, env: str, *, org: str | None = None) -> None:
        """Deploy an organization's `oauth` proxy in one environment more; Edge has it in `test` only.

        Raises:
            ConfigurationError: There is no such organization or environment.
        """
        self._organization(org).deploy(OAUTH_PROXY, env)

    @property
    def environments(self) -> tuple[tuple[str, str], ...]:
        """Every environment: its organization's name and its own, in the order in which they were declared."""
        known = self._state.organizations.values()
        return tuple((organization.name, name) for organization in known for name in organization.environments)

    @property
    def zone_names(self) -> tuple[str, ...]:
        """The names of the SAML zones, in the order in which they were declared."""
        return tuple(self._state.zones)

    def zone_named(self, zone: str | Zone) -> Zone:
        """Return a zone that was declared, or `uaa`, which is the default one.

        Raises:
            ConfigurationError: It was not declared.
        """
        return self._state.require_zone(zone_name(zone))

    def new_uuid(self) -> str:
        """Return a UUID from this world's seed."""
        return self._state.identifiers.uuid()

    def usual_environment(self, organization: Organization) -> str:
        """Return where an organization's things are deployed unless said otherwise: `test`, or its first."""
        names = organization.environments
        return DEFAULT_ENVIRONMENT if DEFAULT_ENVIRONMENT in names else names[0]

    def _organization(self, name: str | None) -> Organization:
        return self._state.require_organization(self._org if name is None else checks.text("org", name))

    def _zone_named(self, given: object) -> Zone:
        name = checks.name_in_host("zone", given)
        if len(name) > _LONGEST_LABEL:
            msg = (
                f"{name!r} cannot be the name of a zone: a part of a host name has at most {_LONGEST_LABEL} characters."
            )
            raise ConfigurationError(msg)
        if name == DEFAULT_ZONE.name:
            msg = f"{name!r} cannot be the name of a zone: it is that of login.apigee.com itself."
            raise ConfigurationError(msg)
        if name not in self._state.zones:
            self._state.zones[name] = Zone(name=name, zone_id=self._state.identifiers.uuid(), subdomain=name)
        return self._state.zones[name]

    def _settle(self, org: str, env: str | None) -> None:
        """Fix the defaults; the organization is declared unless the world came with others."""
        if not self._state.organizations:
            self.organization(org, environments=(*USUAL_ENVIRONMENTS, *([env] if env else [])))
        self._org = org
        self._env = self._environment(org, env)

    def _environment(self, org: str, env: str | None) -> str:
        organization = self._state.require_organization(org)
        if env is not None:
            return organization.require_environment(checks.text("env", env))
        return self._env if self._env in organization.environments else organization.environments[0]

    def _listed_environments(self, org: str) -> str:
        return listed(self._state.organizations[org].environments)

    @locked
    def _next(self, kind: str) -> int:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return self._counts[kind]

    def _checked_hosts(self, given: object) -> dict[str, str]:
        taken = (hosts.LOGIN, hosts.MANAGEMENT, hosts.MOCK_TARGET, *self._addresses())
        return {checks.custom_host(host, taken): env for host, env in checks.text_map("hosts", given).items()}


def zone_name(zone: str | Zone) -> str:
    """Return the name of a zone that a tester gave by name or as it was declared."""
    return zone.name if isinstance(zone, Zone) else checks.text("zone", zone)
