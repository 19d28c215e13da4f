"""Flows, steps, fault rules and endpoints: what a declaration may not be, and what the tester is told."""

from collections.abc import Callable

import pytest

from pytest_apigee import ConfigurationError, FakeEdge
from pytest_apigee.edge.gateway.flow import FaultRule, Flow, ProxyEndpoint, Step, TargetEndpoint
from pytest_apigee.edge.gateway.policies.verify_access_token import VerifyAccessToken
from pytest_apigee.edge.gateway.policies.verify_api_key import VerifyAPIKey
from pytest_apigee.edge.gateway.policy import Policy
from tests.edge.flow_support import Look, Note, Refuse, rule
from tests.edge.gateway_support import answer, frozen_edge, get

PLAIN = Policy(name="plain")


class Async(Policy):
    async def execute(self, context: object) -> None: ...


def message_of(declare: Callable[[], object]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        declare()
    return str(caught.value)


# Policies and steps


NAMES = {
    "empty": (lambda: Policy(name=""), "The name of Policy takes text, not an empty text."),
    "number": (lambda: VerifyAPIKey(name=1), "The name of VerifyAPIKey takes text, not int."),
    "none": (lambda: VerifyAccessToken(name=None), "The name of VerifyAccessToken takes text, not NoneType."),
    "own": (lambda: Look(name="", names=()), "The name of Look takes text, not an empty text."),
    "enabled": (lambda: Policy(name="p", enabled=1), "enabled of 'p' takes True or False, not int."),
    "continue": (
        lambda: Policy(name="p", continue_on_error="no"),
        "continue_on_error of 'p' takes True or False, not str.",
    ),
}


@pytest.mark.parametrize(("declare", "message"), NAMES.values(), ids=NAMES)
def test_checks_what_all_policies_share(declare: Callable[[], object], message: str) -> None:
    """A policy has a name, and is enabled or not, goes on or not; whatever kind it is."""
    assert message_of(declare) == message


@pytest.mark.parametrize("name", ["verify-1", "Verify Key 1", "v.1_%$", "\u00fc", "x" * 300])
def test_takes_any_name(name: str) -> None:
    """A name may be any text: variables have it between their dots."""
    edge = frozen_edge()
    look = Look(name="look", names=(f"policy.{name}.failed",))
    endpoint = ProxyEndpoint(pre_flow=Flow(name="PreFlow", request=[Refuse(name=name)]), default_fault_rule=rule(look))

    answer(edge, get(edge.proxy("/p", endpoint=endpoint).url))

    assert look.seen == [True]


def test_names_its_kind() -> None:
    """A policy knows what it is, for messages."""
    assert [PLAIN.kind, VerifyAPIKey(name="v").kind, Refuse(name="r").kind] == ["Policy", "VerifyAPIKey", "Refuse"]


ASYNC = "The policy 'a' cannot be async: nobody would await it. Write execute with 'def'."
STEPS = {
    "text": (lambda: Step(policy="verify"), "The policy of a step takes a Policy, not str."),
    "flow": (lambda: Step(policy=Flow(name="f")), "The policy of a step takes a Policy, not Flow."),
    "class": (lambda: Step(policy=Policy), "The policy of a step takes a Policy, not type."),
    "condition": (
        lambda: Step(policy=PLAIN, condition=None),
        "The condition of the step of policy 'plain' takes text, not NoneType.",
    ),
    "async": (lambda: Step(policy=Async(name="a")), ASYNC),
    "async in a flow": (lambda: Flow(name="f", response=[Async(name="a")]), ASYNC),
    "async in a rule": (lambda: FaultRule(name="r", steps=[Async(name="a")]), ASYNC),
}


@pytest.mark.parametrize(("declare", "message"), STEPS.values(), ids=STEPS)
def test_checks_steps(declare: Callable[[], object], message: str) -> None:
    """A step is a policy that can run, and a condition that is text."""
    assert message_of(declare) == message


# Flows and fault rules


LIST = "takes a list of policies, as [VerifyAPIKey(name='verify-key')], or of Steps"
FLOWS = {
    "no name": (lambda: Flow(name=""), "The name of a flow takes text, not an empty text."),
    "name": (lambda: Flow(name=None), "The name of a flow takes text, not NoneType."),
    "request": (lambda: Flow(name="f", request=None), f"The request of flow 'f' {LIST}, not NoneType."),
    "text": (lambda: Flow(name="f", request="verify"), f"The request of flow 'f' {LIST}, not str."),
    "bytes": (lambda: Flow(name="f", request=b""), f"The request of flow 'f' {LIST}, not bytes."),
    "response": (lambda: Flow(name="f", response=[PLAIN, "x"]), f"The response of flow 'f' {LIST}, not str."),
    "nested": (lambda: Flow(name="f", response=[[PLAIN]]), f"The response of flow 'f' {LIST}, not list."),
    "class": (lambda: Flow(name="f", request=[Policy]), f"The request of flow 'f' {LIST}, not type."),
    "condition": (lambda: Flow(name="f", condition=b"a"), "The condition of flow 'f' takes text, not bytes."),
    "rule without name": (lambda: FaultRule(name=""), "The name of a fault rule takes text, not an empty text."),
    "steps": (lambda: FaultRule(name="r", steps="x"), f"The steps of fault rule 'r' {LIST}, not str."),
    "step": (lambda: FaultRule(name="r", steps=[1]), f"The steps of fault rule 'r' {LIST}, not int."),
    "rule's condition": (
        lambda: FaultRule(name="r", condition=True),
        "The condition of fault rule 'r' takes text, not bool.",
    ),
    "always": (
        lambda: FaultRule(name="r", always_enforce=1),
        "always_enforce of fault rule 'r' takes True or False, not int.",
    ),
}


@pytest.mark.parametrize(("declare", "message"), FLOWS.values(), ids=FLOWS)
def test_checks_flows_and_fault_rules(declare: Callable[[], object], message: str) -> None:
    """A flow and a fault rule have a name, and lists of policies and steps."""
    assert message_of(declare) == message


PLACES = {
    "step": (lambda text: Step(policy=PLAIN, condition=text), "The condition of the step of policy 'plain'"),
    "flow": (lambda text: Flow(name="f", condition=text), "The condition of flow 'f'"),
    "fault rule": (lambda text: FaultRule(name="r", condition=text), "The condition of fault rule 'r'"),
}
UNREADABLE = {
    "end": ("a =", "at character 4: found the end, expected a variable or a literal. It is: 'a ='"),
    "operator": (
        'a equal "b"',
        (
            "at character 3: found 'equal', expected an operator, 'and', 'or', ')' or the end. Did you mean 'Equals'? "
            "It is: 'a equal \"b\"'"
        ),
    ),
    "text": (
        'a = "b',
        "at character 5: found a text that does not end, expected a second '\"'. It is: 'a = \"b'",
    ),
    "parenthesis": ("(a", "at character 3: found the end, expected 'and', 'or' or ')'. It is: '(a'"),
    "pattern": (
        'a JavaRegex "("',
        (
            "at character 14: found a JavaRegex with a fault: missing ), unterminated subpattern, expected a regular "
            "expression of Java that Python's re can stand in for. It is: 'a JavaRegex \"(\"'"
        ),
    ),
}


@pytest.mark.parametrize(("declare", "place"), PLACES.values(), ids=PLACES)
@pytest.mark.parametrize(("condition", "found"), UNREADABLE.values(), ids=UNREADABLE)
def test_refuses_a_condition_where_it_is_declared(
    declare: Callable[[str], object], place: str, condition: str, found: str
) -> None:
    """A condition that cannot be read is refused at once, with its place and the character."""
    assert message_of(lambda: declare(condition)) == f"{place} cannot be read {found}"


@pytest.mark.parametrize("declare", [declare for declare, _ in PLACES.values()], ids=PLACES)
@pytest.mark.parametrize("condition", ["", " ", "\n\t"])
def test_takes_blanks_for_no_condition(declare: Callable[[str], object], condition: str) -> None:
    """Blanks alone are no condition."""
    assert declare(condition).parsed is None


# Endpoints


CONDITIONAL = Flow(name="PreFlow", condition="a")
ENDPOINTS = {
    "no pre_flow": ({"pre_flow": None}, "pre_flow takes a Flow, not NoneType."),
    "list": ({"post_flow": [PLAIN]}, "post_flow takes a Flow, not list."),
    "policy": ({"pre_flow": PLAIN}, "pre_flow takes a Flow, not Policy."),
    "conditional pre_flow": (
        {"pre_flow": CONDITIONAL},
        "pre_flow runs for every call: leave out its condition, or make it one of flows.",
    ),
    "conditional post_flow": (
        {"post_flow": CONDITIONAL},
        "post_flow runs for every call: leave out its condition, or make it one of flows.",
    ),
    "no flows": ({"flows": None}, "flows takes a list of Flow, not NoneType."),
    "text": ({"flows": "x"}, "flows takes a list of Flow, not str."),
    "policies": ({"flows": [PLAIN]}, "flows takes a list of Flow, not Policy."),
    "rules": ({"fault_rules": [Flow(name="f")]}, "fault_rules takes a list of FaultRule, not Flow."),
    "always": (
        {"fault_rules": [FaultRule(name="r"), FaultRule(name="s", always_enforce=True)]},
        "The fault rule 's' cannot always be enforced: only default_fault_rule can.",
    ),
    "default": ({"default_fault_rule": [rule()]}, "default_fault_rule takes a FaultRule, not list."),
}


@pytest.mark.parametrize("kind", [ProxyEndpoint, TargetEndpoint])
@pytest.mark.parametrize(("settings", "message"), ENDPOINTS.values(), ids=ENDPOINTS)
def test_checks_endpoints(kind: type[ProxyEndpoint], settings: dict[str, object], message: str) -> None:
    """An endpoint is made of flows and fault rules; PreFlow and PostFlow have no condition."""
    assert message_of(lambda: kind(**settings)) == message


def test_takes_single_values_for_lists() -> None:
    """One flow, one policy and one fault rule may stand without brackets."""
    flow, fault_rule = Flow(name="f", request=PLAIN), FaultRule(name="r", steps=PLAIN)

    endpoint = ProxyEndpoint(flows=flow, fault_rules=fault_rule)

    assert (endpoint.flows, endpoint.fault_rules) == ((flow,), (fault_rule,))
    assert flow.request_steps == fault_rule.all_steps == (Step(policy=PLAIN),)


def test_compares_what_was_declared() -> None:
    """Flows, steps and fault rules are values: those with equal declarations are equal."""
    assert Flow(name="f", condition="a") == Flow(name="f", condition="a")
    assert Flow(name="f", condition="a") != Flow(name="f", condition="b")
    assert repr(Step(policy=PLAIN, condition="a")) == (
        "Step(policy=Policy(name='plain', enabled=True, continue_on_error=False), condition='a')"
    )


# Proxies


OWN = ProxyEndpoint()
DECIDES = (
    "A proxy with an endpoint of its own takes no security, scope and api_key: its policies decide. "
    "Leave them out, or the endpoint."
)
PROXIES = {
    "target endpoint": ({"endpoint": TargetEndpoint()}, "endpoint takes a ProxyEndpoint, not TargetEndpoint."),
    "policies": ({"endpoint": [PLAIN]}, "endpoint takes a ProxyEndpoint, not list."),
    "proxy endpoint": (
        {"target_endpoint": ProxyEndpoint()},
        "target_endpoint takes a TargetEndpoint, not ProxyEndpoint.",
    ),
    "no target": (
        {"endpoint": OWN, "target_endpoint": TargetEndpoint()},
        "A target_endpoint needs a target, or its flows never run: add one, as target={}.",
    ),
    "security": ({"endpoint": OWN, "security": "none"}, DECIDES),
    "scope": ({"endpoint": OWN, "scope": "READ"}, DECIDES),
    "api_key": ({"endpoint": OWN, "api_key": "request.header.x-apikey"}, DECIDES),
}


@pytest.mark.parametrize(("settings", "message"), PROXIES.values(), ids=PROXIES)
def test_checks_flows_of_a_proxy(settings: dict[str, object], message: str) -> None:
    """Flows of one's own take the place of a proxy's security; those of a target need one."""
    edge = FakeEdge()

    assert message_of(lambda: edge.proxy("/p", **settings)) == message
    assert message_of(lambda: edge.find_proxy("p")).startswith("Unknown API proxy 'p'")


def test_takes_flows_around_a_target_beside_the_usual_security() -> None:
    """A proxy with the usual security may have flows around its target."""
    edge, log = frozen_edge(), []
    note = Flow(name="PreFlow", request=Note(name="before the target", log=log))
    api = edge.proxy("/p", security="none", target={}, target_endpoint=TargetEndpoint(pre_flow=note))

    assert answer(edge, get(api.url))[2] == b"{}"
    assert log == ["before the target"]
