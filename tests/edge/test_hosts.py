"""Which host is whose."""

from threading import RLock

import pytest

from pytest_apigee import ConnectionFailure, FakeEdge, Request
from pytest_apigee.edge.hosts import GatewayAddress, HostTest, gateway_addresses, gateway_host, zone_of
from pytest_apigee.edge.organization import Organization


@pytest.mark.parametrize(
    ("host", "owned"),
    [
        ("login.apigee.com", True),
        ("acme.login.apigee.com", True),
        ("api.enterprise.apigee.com", True),
        ("acme-test.apigee.net", True),
        ("typo-test.apigee.net", True),
        ("mocktarget.apigee.net", True),
        ("api.acme.example", True),
        ("apigee.com", False),
        ("docs.apigee.com", False),
        ("apigee.net", False),
        ("evillogin.apigee.com", False),
        ("acme-test.apigee.net.evil.example", False),
        ("other.example", False),
        ("", False),
    ],
)
def test_owns_the_hosts_of_edge_and_the_declared_ones(host: str, *, owned: bool) -> None:
    """Edge owns its own host names, known to this world or not, and the custom domains of its organizations."""
    edge = FakeEdge()
    edge.organization("globex", environments=["test"], hosts={"API.acme.example:8443": "test"})

    assert edge.owns(host) is owned


def test_claims_hosts_where_nobody_answers() -> None:
    """A claimed host is Edge's, yet calls to it fail as to any host that the fake does not know."""
    edge = FakeEdge(claimed_hosts=frozenset({"api.real.example"}))

    outcome = edge.handle(Request(url="https://api.real.example/"))

    assert edge.owns("api.real.example")
    assert isinstance(outcome, ConnectionFailure)


def test_tells_hosts_apart_when_the_world_is_gone() -> None:
    """A host test is a value: it stays as it was, and equal ones are one."""
    edge = FakeEdge()
    before = edge.host_test
    edge.organization("globex", hosts={"api.globex.example": "test"})

    assert (before("api.globex.example"), edge.host_test("api.globex.example")) == (False, True)
    assert HostTest(frozenset({"a"})) == HostTest(frozenset({"a"}))


@pytest.mark.parametrize(
    ("host", "zone"), [("acme.login.apigee.com", "acme"), ("login.apigee.com", None), ("x.apigee.net", None)]
)
def test_reads_the_zone_of_a_login_host(host: str, zone: str | None) -> None:
    """What stands before login.apigee.com is the zone."""
    assert zone_of(host) == zone


def test_names_gateways_by_organization_and_environment() -> None:
    """The default gateway host is `{org}-{env}.apigee.net`, in lower case."""
    assert gateway_host("Acme", "Test") == "acme-test.apigee.net"


def organization(name: str, *environments: str, hosts: dict[str, str] | None = None) -> Organization:
    return Organization(name, lock=RLock(), environments=environments, created_at_ms=0, hosts=hosts)


@pytest.mark.parametrize("names", [("a", "a-b"), ("a-b", "a")])
def test_gives_an_ambiguous_host_to_the_longer_organization(names: tuple[str, str]) -> None:
    """Of two pairs with one host, the longer organization wins, in whatever order they were declared."""
    both = {"a": organization("a", "b-c"), "a-b": organization("a-b", "c")}

    addresses = gateway_addresses([both[name] for name in names], {})

    assert addresses == {"a-b-c.apigee.net": GatewayAddress(organization="a-b", environment="c")}


def test_lists_every_host_with_its_address() -> None:
    """Environments, custom domains and extra hosts lead to an environment; extra hosts shadow none of the others."""
    acme = organization("acme", "test", hosts={"API.acme.example": "test"})

    addresses = gateway_addresses([acme], {"localhost": ("acme", "test"), "acme-test.apigee.net": ("other", "prod")})

    here = GatewayAddress(organization="acme", environment="test")
    assert addresses == {"acme-test.apigee.net": here, "api.acme.example": here, "localhost": here}
