"""API proxies as values."""

from dataclasses import dataclass, field, replace

from pytest_apigee.edge.gateway.flow import ProxyEndpoint, TargetEndpoint
from pytest_apigee.edge.gateway.target import Target

VIRTUAL_HOSTS = ("default", "secure")


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiProxy:
    """A proxy: where it listens, what its flows do, and the target behind them, if any."""

    name: str
    base_path: str
    environments: tuple[str, ...]
    virtual_hosts: tuple[str, ...] = VIRTUAL_HOSTS
    endpoint: ProxyEndpoint = field(default_factory=ProxyEndpoint)
    target_endpoint: TargetEndpoint = field(default_factory=TargetEndpoint)
    target: Target | None = None

    def serves(self, environment: str, virtual_host: str, path: str) -> bool:
        """Return whether a path on a virtual host of an environment is this proxy's."""
        base = self.base_path.rstrip("/")
        is_below = path == base or path.startswith(f"{base}/")
        return is_below and environment in self.environments and virtual_host in self.virtual_hosts

    def deployed_in(self, environment: str) -> "ApiProxy":
        """Return this proxy deployed in one environment more."""
        return replace(self, environments=tuple(dict.fromkeys((*self.environments, environment))))
