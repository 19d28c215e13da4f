"""Flows: which policies run for a call, in which order, under which conditions.

Everything here is declared once: conditions are parsed and policies looked at when a flow is made, so that a mistake is
refused there. Source: the words of Edge's proxy configuration (PreFlow, flows, PostFlow, steps, fault rules).
"""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_apigee.edge import checks
from pytest_apigee.edge.gateway.conditions import Condition, parse_condition
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.errors import ConfigurationError

if TYPE_CHECKING:
    from pytest_apigee.edge.gateway.context import FlowContext


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A policy in a flow, and the condition under which it runs there.

    Args:
        policy: What runs.
        condition: When, in Edge's condition language; empty for always.

    Raises:
        ConfigurationError: The condition does not parse, and the message says where; or the policy is async.
    """

    policy: Policy
    condition: str = ""
    parsed: Condition | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Parse the condition."""
        policy = checks.record("The policy of a step", self.policy, Policy)
        if inspect.iscoroutinefunction(policy.execute):
            msg = f"The policy {policy.name!r} cannot be async: nobody would await it. Write execute with 'def'."
            raise ConfigurationError(msg)
        _set_condition(self, self.condition, f"the step of policy {policy.name!r}")

    def runs(self, context: "FlowContext") -> bool:
        """Return whether it runs for a call as it is now."""
        return self.policy.enabled and (self.parsed is None or self.parsed.holds(context.variables))


Steps = Sequence[Policy | Step]


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """Policies of a request and of its response, each alone or as a `Step`.

    Args:
        name: Its name; `PreFlow` and `PostFlow` are always called so.
        condition: When it runs, in Edge's condition language; empty for always. PreFlow and PostFlow have none.
        request: What runs before the target is called.
        response: What runs after it.

    Raises:
        ConfigurationError: Something is no policy, or the condition does not parse.
    """

    name: str
    condition: str = ""
    request: Steps = ()
    response: Steps = ()
    parsed: Condition | None = field(init=False, repr=False, compare=False)
    request_steps: tuple[Step, ...] = field(init=False, repr=False, compare=False)
    response_steps: tuple[Step, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make steps of all policies, and parse the condition."""
        name = checks.text("The name of a flow", self.name)
        object.__setattr__(self, "request_steps", _steps(f"request of flow {name!r}", self.request))
        object.__setattr__(self, "response_steps", _steps(f"response of flow {name!r}", self.response))
        _set_condition(self, self.condition, f"flow {name!r}")

    def runs(self, context: "FlowContext") -> bool:
        """Return whether it runs for a call as it is now."""
        return self.parsed is None or _holds(self.parsed, context, self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultRule:
    """What happens to a call that failed, before its answer leaves.

    Args:
        name: Its name.
        condition: For which faults, as ``fault.name = "QuotaViolation"``; empty for each.
        steps: What runs; the error message is then the response.
        always_enforce: Only of a DefaultFaultRule: whether it also runs after another fault rule did.

    Raises:
        ConfigurationError: Something is no policy, or the condition does not parse.
    """

    name: str
    condition: str = ""
    steps: Steps = ()
    always_enforce: bool = False
    parsed: Condition | None = field(init=False, repr=False, compare=False)
    all_steps: tuple[Step, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make steps of all policies, and parse the condition."""
        name = checks.text("The name of a fault rule", self.name)
        checks.flag(f"always_enforce of fault rule {name!r}", self.always_enforce)
        object.__setattr__(self, "all_steps", _steps(f"steps of fault rule {name!r}", self.steps))
        _set_condition(self, self.condition, f"fault rule {name!r}")

    def runs(self, context: "FlowContext") -> bool:
        """Return whether it runs for a call as it is now."""
        return self.parsed is None or _holds(self.parsed, context, self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Endpoint:
    pre_flow: Flow = field(default_factory=lambda: Flow(name="PreFlow"))
    flows: Sequence[Flow] = ()
    post_flow: Flow = field(default_factory=lambda: Flow(name="PostFlow"))
    fault_rules: Sequence[FaultRule] = ()
    default_fault_rule: FaultRule | None = None

    def __post_init__(self) -> None:
        for what in ("pre_flow", "post_flow"):
            flow = checks.record(what, getattr(self, what), Flow)
            if flow.condition:
                msg = f"{what} runs for every call: leave out its condition, or make it one of flows."
                raise ConfigurationError(msg)
        object.__setattr__(self, "flows", _all("flows", self.flows, Flow))
        object.__setattr__(self, "fault_rules", _all("fault_rules", self.fault_rules, FaultRule))
        for rule in self.fault_rules:
            if rule.always_enforce:
                msg = f"The fault rule {rule.name!r} cannot always be enforced: only default_fault_rule can."
                raise ConfigurationError(msg)
        if self.default_fault_rule is not None:
            checks.record("default_fault_rule", self.default_fault_rule, FaultRule)

    def steps(self) -> Iterator[Step]:
        """Yield every step of every flow and fault rule."""
        for flow in (self.pre_flow, *self.flows, self.post_flow):
            yield from (*flow.request_steps, *flow.response_steps)
        for rule in (*self.fault_rules, *([] if self.default_fault_rule is None else [self.default_fault_rule])):
            yield from rule.all_steps

    def chosen_flows(self, context: "FlowContext") -> Iterator[Flow]:
        """Yield the flows that run for a call: of `flows` the first; its condition is looked at when its turn comes.

        The response chooses anew. Source: "Configuring flows" of Edge's documentation: one conditional flow is executed
        as part of the request pipeline of each endpoint, and one as part of its response pipeline.
        """
        yield self.pre_flow
        for flow in self.flows:
            if flow.runs(context):
                yield flow
                break
        yield self.post_flow


@dataclass(frozen=True, kw_only=True, slots=True)
class ProxyEndpoint(_Endpoint):
    """The flows of a proxy as clients meet it.

    Args:
        pre_flow: Runs first.
        flows: Of these, the first whose condition holds; the response looks at the conditions again.
        post_flow: Runs last.
        fault_rules: For calls that fail; of those whose condition holds, the last one in this list.
        default_fault_rule: For those that no fault rule is for, also those that fail at the target.
    """

    def fault_rule_for(self, context: "FlowContext") -> FaultRule | None:
        """Return the fault rule that runs for a failed call: Edge looks at a proxy endpoint's from the bottom up."""
        return next((rule for rule in reversed(self.fault_rules) if rule.runs(context)), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetEndpoint(_Endpoint):
    """The flows around the call of the target: the last of a request and the first of its response.

    Args:
        pre_flow: Runs first.
        flows: Of these, the first whose condition holds; the response looks at the conditions again.
        post_flow: Runs last.
        fault_rules: For calls that fail here or at the target; of those whose condition holds, the first.
        default_fault_rule: For those that no fault rule is for.
    """

    def fault_rule_for(self, context: "FlowContext") -> FaultRule | None:
        """Return the fault rule that runs for a failed call: Edge looks at a target endpoint's from the top down."""
        return next((rule for rule in self.fault_rules if rule.runs(context)), None)


def check_names(*endpoints: _Endpoint) -> None:
    """Check that no two policies of an API proxy have one name, as no two files of a bundle have.

    Raises:
        ConfigurationError: Two have: flow variables and counters of the one would be those of the other.
    """
    known: dict[str, Policy] = {}
    for endpoint in endpoints:
        for step in endpoint.steps():
            policy = known.setdefault(step.policy.name, step.policy)
            if policy != step.policy:
                msg = f"Two policies of this proxy have the name {policy.name!r}: give one of them another name."
                raise ConfigurationError(msg)


def _holds(condition: Condition, context: "FlowContext", name: str) -> bool:
    verdict = condition.holds(context.variables)
    if context.trace is not None:
        context.trace.condition(condition.text, tree=name, verdict=verdict)
    return verdict


def _set_condition(owner: object, text: object, place: str) -> None:
    condition = checks.string(f"The condition of {place}", text)
    parsed = parse_condition(condition, place=f"the condition of {place}") if condition.strip() else None
    object.__setattr__(owner, "parsed", parsed)


def _steps(what: str, given: object) -> tuple[Step, ...]:
    items = tuple(given) if isinstance(given, Sequence) and not isinstance(given, str | bytes) else (given,)
    for item in items:
        if not isinstance(item, Policy | Step):
            kind = type(item).__name__
            msg = f"The {what} takes a list of policies, as [VerifyAPIKey(name='verify-key')], or of Steps, not {kind}."
            raise ConfigurationError(msg)
    return tuple(item if isinstance(item, Step) else Step(policy=item) for item in items)


def _all(what: str, given: object, kind: type[Flow] | type[FaultRule]) -> tuple[object, ...]:
    items = tuple(given) if isinstance(given, Sequence) and not isinstance(given, str | bytes) else (given,)
    for item in items:
        if not isinstance(item, kind):
            msg = f"{what} takes a list of {kind.__name__}, not {type(item).__name__}."
            raise ConfigurationError(msg)
    return items
