"""Flows: which policies run for a request, in which order.

Source: the words of Edge's proxy configuration (PreFlow, conditional flows, PostFlow, steps).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pytest_apigee.edge.journal import Notes
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.state import WorldState

if TYPE_CHECKING:
    from pytest_apigee.edge.gateway.proxy import ApiProxy


@dataclass(kw_only=True, slots=True)
class FlowContext:
    """One call on its way through a proxy; policies read and change it."""

    state: WorldState
    organization: Organization
    environment: str
    proxy: "ApiProxy"
    request: Request
    notes: Notes
    response: Response | None = None

    @property
    def path_suffix(self) -> str:
        """What follows the base path in the request's path."""
        return self.request.path.removeprefix(self.proxy.base_path.rstrip("/"))


class Policy(Protocol):
    """One thing that happens to a call."""

    @property
    def name(self) -> str:
        """The name under which flows attach it."""
        ...

    def execute(self, context: FlowContext) -> None:
        """Act on the call.

        Raises:
            Refusal: The call ends here.
        """
        ...


class Condition(Protocol):
    """When a conditional flow runs."""

    def holds(self, context: FlowContext) -> bool:
        """Return whether it is met."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class VerbAndSuffix:
    """Met by one verb on one path below the base path."""

    verb: str
    path_suffix: str

    def holds(self, context: FlowContext) -> bool:
        """Return whether it is met."""
        return context.request.method == self.verb and context.path_suffix == self.path_suffix


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """Policies of a request and of its response."""

    name: str
    request: tuple[Policy, ...] = ()
    response: tuple[Policy, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionalFlow:
    """A flow that runs where its condition is met; of several, the first."""

    condition: Condition
    flow: Flow


@dataclass(frozen=True, kw_only=True, slots=True)
class ProxyEndpoint:
    """The flows of a proxy, in the order in which they run."""

    pre_flow: Flow = field(default_factory=lambda: Flow(name="PreFlow"))
    flows: tuple[ConditionalFlow, ...] = ()
    post_flow: Flow = field(default_factory=lambda: Flow(name="PostFlow"))

    def chosen_flows(self, context: FlowContext) -> Iterator[Flow]:
        """Yield the flows that run for a call; the condition is looked at when its turn comes."""
        yield self.pre_flow
        for conditional in self.flows:
            if conditional.condition.holds(context):
                yield conditional.flow
                break
        yield self.post_flow
