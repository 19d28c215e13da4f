"""A policy that looks at flow variables, and proxies whose request runs through policies and is echoed."""

from dataclasses import dataclass

from pytest_apigee import FakeEdge, Proxy
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.flow import FaultRule, Flow, ProxyEndpoint
from pytest_apigee.edge.gateway.policy import Policy

Seen = dict[str, str | int | bool | None]


@dataclass(frozen=True, kw_only=True)
class See(Policy):
    """Notes what flow variables hold when it runs."""

    name: str = "see"
    names: tuple[str, ...]
    seen: Seen

    def execute(self, context: FlowContext) -> None:
        self.seen.update({name: context.variables.get(name) for name in self.names})


def proxy_of(edge: FakeEdge, base_path: str, *policies: Policy, org: str | None = None, **settings: object) -> Proxy:
    """Declare a proxy whose requests run through these policies; without a target it echoes them."""
    endpoint = ProxyEndpoint(pre_flow=Flow(name="PreFlow", request=policies))
    return edge.proxy(base_path, endpoint=endpoint, org=org, **settings)


def proxy_with_fault_rule(edge: FakeEdge, base_path: str, policy: Policy, rule: Policy, **settings: object) -> Proxy:
    """Declare a proxy whose requests run through one policy, and whose faults run through another."""
    endpoint = ProxyEndpoint(
        pre_flow=Flow(name="PreFlow", request=[policy]), fault_rules=[FaultRule(name="all", steps=[rule])]
    )
    return edge.proxy(base_path, endpoint=endpoint, **settings)
