"""Shared by the tests of flows: policies of a tester's own that write down, set, say, refuse and break."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pytest_apigee import FakeEdge, Response
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.faults import PolicyFault
from pytest_apigee.edge.gateway.flow import FaultRule, Flow, ProxyEndpoint, TargetEndpoint
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.gateway.variables import Value
from pytest_apigee.edge.refusal import Refusal


@dataclass(frozen=True, kw_only=True)
class Note(Policy):
    """Writes its name down."""

    log: list[str] = field(repr=False)

    def execute(self, context: FlowContext) -> None:
        self.log.append(self.name)


@dataclass(frozen=True, kw_only=True)
class Look(Policy):
    """Writes down what variables hold."""

    names: tuple[str, ...]
    seen: list[Value] = field(default_factory=list, repr=False)

    def execute(self, context: FlowContext) -> None:
        self.seen.extend(context.variables.get(name) for name in self.names)


@dataclass(frozen=True, kw_only=True)
class Put(Policy):
    """Sets variables."""

    values: Mapping[str, Value]

    def execute(self, context: FlowContext) -> None:
        for name, value in self.values.items():
            context.variables.set(name, value)


@dataclass(frozen=True, kw_only=True)
class Say(Policy):
    """Answers."""

    status: int = 200
    body: str = ""

    def execute(self, context: FlowContext) -> None:
        context.response = Response(status=self.status, body=self.body)


SLOW_DOWN = b'{"fault":{"faultstring":"Slow down","detail":{"errorcode":"steps.test.SlowDown"}}}'


@dataclass(frozen=True, kw_only=True)
class Refuse(Policy):
    """Refuses the call with a fault."""

    code: str = "steps.test.SlowDown"

    def execute(self, context: FlowContext) -> None:
        raise Refusal(PolicyFault(status=429, faultstring="Slow down", errorcode=self.code), f"{self.name} says no")


@dataclass(frozen=True, kw_only=True)
class Break(Policy):
    """Breaks, as any code may."""

    error: Exception

    def execute(self, context: FlowContext) -> None:
        raise self.error


@dataclass(frozen=True, kw_only=True)
class Own(Policy):
    """Does what a test says with the call."""

    act: Callable[[FlowContext], object]

    def execute(self, context: FlowContext) -> object:
        return self.act(context)


def named_apart(*lists: list[Policy]) -> list[list[Policy]]:
    """Return policies with names of their own, as the policies of a proxy have."""
    return [
        [replace(policy, name=f"{policy.name}-{place}-{number}") for number, policy in enumerate(policies)]
        for place, policies in enumerate(lists)
    ]


def pre(*request: object, response: Sequence[object] = ()) -> Flow:
    """Return a PreFlow."""
    return Flow(name="PreFlow", request=request, response=response)


def rule(*steps: object, condition: str = "", name: str = "rule", always_enforce: bool = False) -> FaultRule:
    """Return a fault rule."""
    return FaultRule(name=name, condition=condition, steps=steps, always_enforce=always_enforce)


def url_of(
    edge: FakeEdge,
    *request: object,
    target: object = None,
    target_endpoint: TargetEndpoint | None = None,
    **endpoint: object,
) -> str:
    """Return the URL of a new proxy whose PreFlow these policies are; without `target` it echoes."""
    if request:
        endpoint["pre_flow"] = pre(*request)
    proxy = edge.proxy("/p", endpoint=ProxyEndpoint(**endpoint), target=target, target_endpoint=target_endpoint)
    return proxy.url
