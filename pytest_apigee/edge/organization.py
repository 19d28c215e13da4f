"""An organization: its environments, and the tables of what it holds.

Records are frozen; every change is a method of `Organization`, under the world's lock.
"""

from collections.abc import Mapping
from datetime import timedelta
from threading import RLock
from typing import TYPE_CHECKING

from pytest_apigee.edge.api_revisions import ApiRevisions, Revision, declared_revision
from pytest_apigee.edge.debugging import DebugSessions
from pytest_apigee.edge.entity_cache import EntityCache
from pytest_apigee.edge.locking import locked
from pytest_apigee.edge.records import Stamp
from pytest_apigee.edge.roles import RoleTable
from pytest_apigee.edge.stores import CacheConfig, KeyValueMap, Store, TargetServer
from pytest_apigee.edge.subscriptions import Subscriptions
from pytest_apigee.edge.tokens import TokenStore
from pytest_apigee.edge.traffic import TrafficCounters
from pytest_apigee.edge.zones import DEFAULT_ZONE, Zone
from pytest_apigee.errors import ConfigurationError, found, listed, nearest

if TYPE_CHECKING:
    from pytest_apigee.edge.gateway.proxy import ApiProxy

_UNBOUNDED = "features.keymanagement.disable.unbounded.permissions"


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
        self.apis = ApiRevisions(lock=lock)
        self.proxies: Mapping[str, ApiProxy] = self.apis.proxies
        self.roles = RoleTable()
        self.tokens = TokenStore()
        self.traffic = TrafficCounters()
        self.debugging = DebugSessions(lock=lock)
        self.key_value_maps: Store[KeyValueMap] = Store(lock=lock)
        self.caches: Store[CacheConfig] = Store(lock=lock)
        self.target_servers: Store[TargetServer] = Store(lock=lock)
        self.stamp = Stamp()
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

    @property
    def forbids_unbounded(self) -> bool:
        """Whether apps need API products, and these API proxies or resources. Source: products.yaml."""
        return self.properties.get(_UNBOUNDED) == "true"

    def has_api(self, name: str) -> bool:
        """Return whether there is an API proxy with this name, deployed or not."""
        return name in self.apis

    @locked
    def replace_properties(self, properties: Mapping[str, str], stamp: Stamp) -> None:
        """Give it other properties instead of all that it has."""
        self.properties = dict(properties)
        self.stamp = stamp

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
        if proxy.name in self.apis:
            paths = (listener.base_path for known in self.apis.of(proxy.name) for listener in known.listeners)
            msg = (
                f"The API proxy {proxy.name!r} already exists in organization {self.name!r}: "
                f"at {next(paths, 'no base path')}. Give this one another name, as name='{proxy.name}-2'."
            )
            raise ConfigurationError(msg)
        revision = declared_revision(proxy)
        for environment in proxy.environments:
            self._check_base_path(revision, environment)
        self.apis.declare(revision)

    def declared_proxy(self, name: str) -> "ApiProxy":
        """Return an API proxy that a tester declared.

        Raises:
            ConfigurationError: There is none, or it is one that was imported.
        """
        if name in self.apis and name not in self.proxies:
            msg = (
                f"The API proxy {name!r}{self._place} is a bundle that was imported: deploy and call it as its clients "
                "do, through the management API and at its base path."
            )
            raise ConfigurationError(msg)
        return found(self.proxies, name, "API proxy", self._place)

    @locked
    def remove_api(self, name: str) -> None:
        """Forget an API proxy with its revisions, its key value maps and its debug sessions."""
        self.apis.remove(name)
        self.key_value_maps.remove_scope("apis", name)
        self.debugging.forget(name)

    @locked
    def remove_revision(self, revision: Revision, stamp: Stamp) -> None:
        """Forget a revision of an API proxy, with what belongs to it alone; the API proxy stays."""
        self.apis.remove_revision(revision, stamp)
        self.key_value_maps.remove_scope("apis", revision.api, "revisions", revision.name)
        self.debugging.forget(revision.api, revision.name)

    @locked
    def deploy(self, proxy: str, environment: str) -> None:
        """Deploy an API proxy in one environment more.

        Raises:
            ConfigurationError: There is no such proxy or environment, or another proxy has the base path there.
        """
        revision = declared_revision(self.declared_proxy(proxy))
        self._check_base_path(revision, self.require_environment(environment))
        self.apis.deploy(revision, environment)

    def _check_base_path(self, revision: Revision, environment: str) -> None:
        conflict = self.apis.conflict(revision, environment)
        if conflict is not None:
            path = revision.listeners[0].base_path
            msg = f"The API proxy {conflict.other.api!r} already has the base path {path!r} in {self.name!r}."
            raise ConfigurationError(msg)
