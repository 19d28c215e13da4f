"""Which host is whose. Hosts are in lower case, without port and trailing dot.

Source: DESIGN "Hosts"; sso.md 2.3 for zones, runtime.md 2.1 for gateway hosts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.zones import LOGIN_HOST

LOGIN = LOGIN_HOST
MANAGEMENT = "api.enterprise.apigee.com"
MOCK_TARGET = "mocktarget.apigee.net"
_ZONE_SUFFIX = f".{LOGIN}"
_GATEWAY_SUFFIX = ".apigee.net"


@dataclass(frozen=True, slots=True)
class HostTest:
    """Tells whether a host is Edge's; equal tests answer alike, so a fence needs to keep each only once."""

    declared: frozenset[str] = frozenset()

    @classmethod
    def of(cls, hosts: Iterable[str]) -> Self:
        """Return the test for hosts that were declared; those that are Edge's by their name need no place in it."""
        return cls(frozenset(host for host in hosts if not is_edge_by_name(host)))

    def __call__(self, host: str) -> bool:
        """Return whether Edge owns this host."""
        return host in self.declared or is_edge_by_name(host)


def is_edge_by_name(host: str) -> bool:
    """Return whether the name of a host makes it Edge's, declared or not."""
    return host in (LOGIN, MANAGEMENT) or host.endswith((_ZONE_SUFFIX, _GATEWAY_SUFFIX))


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewayAddress:
    """The environment that a gateway host leads to."""

    organization: str
    environment: str


def zone_of(host: str) -> str | None:
    """Return the zone of ``{zone}.login.apigee.com``, or None."""
    return host.removesuffix(_ZONE_SUFFIX) if host.endswith(_ZONE_SUFFIX) else None


def gateway_host(organization: str, environment: str) -> str:
    """Return the default gateway host of an environment."""
    return f"{organization}-{environment}{_GATEWAY_SUFFIX}".lower()


def gateway_addresses(
    organizations: Iterable[Organization], extra_hosts: Mapping[str, tuple[str, str]]
) -> dict[str, GatewayAddress]:
    """Return every gateway host with its address. Of two pairs with one host, the longer organization wins."""
    addresses: dict[str, GatewayAddress] = {}
    for organization in sorted(organizations, key=lambda known: len(known.name)):
        for environment in organization.environments:
            address = GatewayAddress(organization=organization.name, environment=environment)
            addresses[gateway_host(organization.name, environment)] = address
        for host, environment in organization.hosts.items():
            addresses[host.lower()] = GatewayAddress(organization=organization.name, environment=environment)
    for host, (name, environment) in extra_hosts.items():
        addresses.setdefault(host, GatewayAddress(organization=name, environment=environment))
    return addresses
