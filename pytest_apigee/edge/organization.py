"""An organization: its environments, and the tables of what it holds.

Records are frozen; every change is a method of `Organization`, under the world's lock.
"""

from collections.abc import Mapping
from datetime import timedelta
from threading import RLock
from typing import TYPE_CHECKING

from pytest_apigee.edge.debugging import DebugSessions
from pytest_apigee.edge.entity_cache import EntityCache
from pytest_apigee.edge.locking import locked
from pytest_apigee.edge.roles import RoleTable
from pytest_apigee.edge.subscriptions import Subscriptions
from pytest_apigee.edge.tokens import TokenStore
from pytest_apigee.edge.traffic import TrafficCounters
from pytest_apigee.edge.zones import DEFAULT_ZONE, Zone
from pytest_apigee.errors import ConfigurationError, found, listed, nearest

if TYPE_CHECKING:
    from pytest_apigee.edge.gateway.proxy import ApiProxy


class Organization(Subscriptions):
    """One organization: its environments, and the tables of what it holds.

    Args:
        name: The short name, as in its host names.
        lock: The world's.
        environments: The names of its environments; the first is where its `oauth` proxy is deployed if none is `test`.
        created_at_ms: When it was created.
        kind: ``trial`` or ``paid``.
        hosts: Custom domains, each with the environment it leads to.
        properties: What the management API shows beside the features that are always on.
        revocation_lag: How long the gateway remembers what it looked up.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each field of an organization
        self,
        name: str,
        *,
        lock: RLock,
        environments: tuple[str, ...],
        created_at_ms: int,
        display_name: str = "",
        kind: str = "trial",
        hosts: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        revocation_lag: timedelta = timedelta(),
    ) -> None:
        super().__init__(name, lock=lock)
        self.display_name = display_name or name
        self.kind = kind
        self.environments = environments
        self.created_at_ms = created_at_ms
        self.hosts = dict(hosts or {})
        self.zone = DEFAULT_ZONE
        self.properties = {"features.isCpsEnabled": "true", **(properties or {})}
        self.proxies: dict[str, ApiProxy] = {}
        self.roles = RoleTable()
        self.tokens = TokenStore()
        self.traffic = TrafficCounters()
        self.debugging = DebugSessions(lock=lock)
        self.remembered = EntityCache(revocation_lag)

    def require_environment(self, name: str) -> str:
        """Return the name of an environment of this organization.

        Raises:
            ConfigurationError: There is no such environment.
        """
        if name not in self.environments:
            msg = (
                f"Unknown environment {name!r} of organization {self.name!r}. Declared: {listed(self.environments)}."
                f"{nearest(name, self.environments)}"
            )
            raise ConfigurationError(msg)
        return name

    @locked
    def set_zone(self, zone: Zone) -> None:
        """Move its users to another identity zone."""
        self.zone = zone

    @locked
    def add_hosts(self, hosts: Mapping[str, str]) -> None:
        """Let custom domains lead to environments."""
        self.hosts.update(hosts)

    @locked
    def add_proxy(self, proxy: "ApiProxy") -> None:
        """Add an API proxy.

        Raises:
            ConfigurationError: The name is taken, or another proxy has the base path in one of the environments, on one
                of the virtual hosts.
        """
        if proxy.name in self.proxies:
            msg = (
                f"The API proxy {proxy.name!r} already exists in organization {self.name!r}: "
                f"at {self.proxies[proxy.name].base_path}. Give this one another name, as name='{proxy.name}-2'."
            )
            raise ConfigurationError(msg)
        self._check_base_path(proxy)
        self.proxies[proxy.name] = proxy

    @locked
    def deploy(self, proxy: str, environment: str) -> None:
        """Deploy an API proxy in one environment more.

        Raises:
            ConfigurationError: There is no such proxy or environment, or another proxy has the base path there.
        """
        known = found(self.proxies, proxy, "API proxy", self._place)
        deployed = known.deployed_in(self.require_environment(environment))
        self._check_base_path(deployed)
        self.proxies[proxy] = deployed

    def _check_base_path(self, proxy: "ApiProxy") -> None:
        path = proxy.base_path.rstrip("/")
        for known in self.proxies.values():
            is_other = known.name != proxy.name and set(known.virtual_hosts) & set(proxy.virtual_hosts)
            is_there = is_other and set(known.environments) & set(proxy.environments)
            if is_there and known.base_path.rstrip("/") == path:
                msg = f"The API proxy {known.name!r} already has the base path {proxy.base_path!r} in {self.name!r}."
                raise ConfigurationError(msg)
