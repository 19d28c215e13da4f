"""What happens to a call that failed.

Source: "Handling faults" and "What you need to know about policy errors" of Edge's documentation; runtime.md 5.1.
"""

import pytest

from pytest_apigee import Request, Response, TargetFailure, TokenFactory
from pytest_apigee.edge.gateway.flow import FaultRule, Flow, Step, TargetEndpoint
from pytest_apigee.edge.gateway.policies.generate_access_token import GenerateAccessToken
from pytest_apigee.edge.gateway.policies.verify_access_token import VerifyAccessToken
from pytest_apigee.edge.refusal import BareFault, NotModelled, Refusal
from pytest_apigee.edge.world import Grievance
from tests.edge.flow_support import SLOW_DOWN, Break, Look, Note, Put, Refuse, Say, pre, rule, url_of
from tests.edge.gateway_support import FORM, JSON, answer, bearer, fault, flat, frozen_edge, get

ALWAYS, NEVER = 'request.verb = "GET"', 'request.verb = "POST"'
REFUSED = (429, [JSON], SLOW_DOWN)
UNAVAILABLE = fault("The Service is temporarily unavailable", "messaging.adaptors.http.flow.ServiceUnavailable")


def noting(log: list[str], name: str, condition: str = "", *, always_enforce: bool = False) -> FaultRule:
    """Return a fault rule that writes its name down."""
    return rule(Note(name=name, log=log), name=name, condition=condition, always_enforce=always_enforce)


# Which fault rule


@pytest.mark.parametrize(
    ("conditions", "chosen"),
    [
        (["", "", ""], ["3"]),
        ([ALWAYS, ALWAYS, NEVER], ["2"]),
        ([ALWAYS, NEVER, NEVER], ["1"]),
        ([NEVER, NEVER, NEVER], []),
        ([], []),
    ],
)
def test_runs_the_last_rule_of_a_proxy_endpoint(conditions: list[str], chosen: list[str]) -> None:
    """A ProxyEndpoint looks at its fault rules from the bottom up, and runs the first whose condition holds."""
    edge, log = frozen_edge(), []
    rules = [noting(log, str(number), condition) for number, condition in enumerate(conditions, start=1)]

    assert answer(edge, get(url_of(edge, Refuse(name="refuse"), fault_rules=rules))) == REFUSED
    assert log == chosen


@pytest.mark.parametrize(
    ("conditions", "chosen"),
    [(["", "", ""], ["1"]), ([NEVER, ALWAYS, ALWAYS], ["2"]), ([NEVER, NEVER, NEVER], []), ([], [])],
)
def test_runs_the_first_rule_of_a_target_endpoint(conditions: list[str], chosen: list[str]) -> None:
    """A TargetEndpoint looks at its fault rules from the top down."""
    edge, log = frozen_edge(), []
    rules = [noting(log, str(number), condition) for number, condition in enumerate(conditions, start=1)]
    endpoint = TargetEndpoint(pre_flow=pre(Refuse(name="refuse")), fault_rules=rules)

    assert answer(edge, get(url_of(edge, target={}, target_endpoint=endpoint))) == REFUSED
    assert log == chosen


DEFAULTS = [
    # condition of the rule, of the default one, whether that is always enforced, what runs
    (ALWAYS, "", False, ["rule"]),
    (ALWAYS, "", True, ["rule", "default"]),
    (NEVER, "", False, ["default"]),
    (NEVER, "", True, ["default"]),
    (NEVER, NEVER, True, []),
    (ALWAYS, NEVER, True, ["rule"]),
]


@pytest.mark.parametrize(("of_rule", "of_default", "always", "chosen"), DEFAULTS)
def test_runs_the_default_rule_where_no_other_did(
    of_rule: str, of_default: str, chosen: list[str], *, always: bool
) -> None:
    """A DefaultFaultRule is for faults that no other is for; with AlwaysEnforce, for all."""
    edge, log = frozen_edge(), []
    url = url_of(
        edge,
        Refuse(name="refuse"),
        fault_rules=[noting(log, "rule", of_rule)],
        default_fault_rule=noting(log, "default", of_default, always_enforce=always),
    )

    assert answer(edge, get(url)) == REFUSED
    assert log == chosen


# Which endpoint


PLACES = {
    "proxy request": ("proxy", "request"),
    "target request": ("target", "request"),
    "target response": ("target", "response"),
    "proxy response": ("proxy", "response"),
}


@pytest.mark.parametrize(("endpoint", "side"), PLACES.values(), ids=PLACES)
def test_runs_the_rules_of_the_endpoint_where_a_call_failed(endpoint: str, side: str) -> None:
    """The fault rules of one endpoint alone run: of the one whose flow the call was in."""
    edge, log = frozen_edge(), []
    refusing = Flow(name="PreFlow", **{side: [Refuse(name="refuse")]})
    flows = {name: {"pre_flow": refusing} if name == endpoint else {} for name in ("proxy", "target")}
    url = url_of(
        edge,
        **flows["proxy"],
        fault_rules=[noting(log, "proxy")],
        target={},
        target_endpoint=TargetEndpoint(**flows["target"], fault_rules=[noting(log, "target")]),
    )

    assert answer(edge, get(url)) == REFUSED
    assert log == [endpoint]


FAILING_TARGETS = {
    "status": Response(status=500),
    "failure": TargetFailure.UNAVAILABLE,
    "exception": lambda _: 1 / 0,
}
TARGET_DEFAULTS = [
    # rule and default of the target endpoint, whether that of the proxy endpoint is always enforced, what runs
    ("", None, False, ["rule"]),
    ("", None, True, ["rule", "proxy"]),
    ("", "", True, ["rule", "proxy"]),
    (NEVER, "", False, ["default"]),
    (NEVER, "", True, ["default", "proxy"]),
    (NEVER, NEVER, False, ["proxy"]),
    (NEVER, None, False, ["proxy"]),
]


@pytest.mark.parametrize("target", FAILING_TARGETS.values(), ids=FAILING_TARGETS)
@pytest.mark.parametrize(("of_rule", "of_default", "always", "chosen"), TARGET_DEFAULTS)
def test_runs_the_default_rule_of_the_proxy_endpoint_for_a_target(
    target: object, of_rule: str, of_default: str | None, chosen: list[str], *, always: bool
) -> None:
    """What fails at the target is also for the proxy endpoint's DefaultFaultRule, never for its fault rules."""
    edge, log = frozen_edge(), []
    default = None if of_default is None else noting(log, "default", of_default)
    endpoint = TargetEndpoint(fault_rules=[noting(log, "rule", of_rule)], default_fault_rule=default)
    url = url_of(
        edge,
        fault_rules=[noting(log, "never")],
        default_fault_rule=noting(log, "proxy", always_enforce=always),
        target=target,
        target_endpoint=endpoint,
    )

    edge.handle(get(url))

    assert log == chosen


def test_runs_no_default_rule_of_the_target_endpoint_for_the_proxy_endpoint() -> None:
    """What fails in the ProxyEndpoint is none of the TargetEndpoint's business."""
    edge, log = frozen_edge(), []
    endpoint = TargetEndpoint(default_fault_rule=noting(log, "target", always_enforce=True))

    assert answer(edge, get(url_of(edge, Refuse(name="refuse"), target={}, target_endpoint=endpoint))) == REFUSED
    assert log == []


# The error flow


@pytest.mark.parametrize(("endpoint", "side"), PLACES.values(), ids=PLACES)
def test_runs_no_flow_after_a_fault(endpoint: str, side: str) -> None:
    """Once a call failed, no other step and no other flow runs, and the target is not called."""
    edge, log = frozen_edge(), []
    note = Note(name="after", log=log)
    refusing = Flow(name="PreFlow", **{side: [Refuse(name="refuse"), note]})
    other = Flow(name="other", request=[note] if side == "request" else [], response=[note])
    flows = {
        "proxy": {"pre_flow": refusing, "flows": [other]}
        if endpoint == "proxy"
        else {"pre_flow": pre(response=[note])},
        "target": {"pre_flow": refusing, "flows": [other]} if endpoint == "target" else {},
    }

    def target(request: Request) -> object:
        if side == "request":
            log.append("target")
        return {}

    url = url_of(edge, **flows["proxy"], target=target, target_endpoint=TargetEndpoint(**flows["target"]))

    assert answer(edge, get(url)) == REFUSED
    assert log == []


@pytest.mark.parametrize("status", [400, 404, 500, 599])
def test_takes_a_status_of_the_target_for_a_fault(status: int) -> None:
    """A backend's 4xx or 5xx is the fault ErrorResponseCode: no response flow runs, the answer stays as it is."""
    edge, log = frozen_edge(), []
    look = Look(name="look", names=("fault.name", "is.error", "error.state", "error.status.code", "response.content"))
    note = Note(name="response flow", log=log)
    endpoint = TargetEndpoint(
        pre_flow=pre(response=[note]),
        fault_rules=[rule(look, condition='fault.name = "ErrorResponseCode"')],
    )
    backend = Response(status=status, headers={"X-A": "1"}, body="mine")
    url = url_of(edge, pre_flow=pre(response=[note]), target=backend, target_endpoint=endpoint)

    assert answer(edge, get(url)) == (status, [("X-A", "1")], b"mine")
    assert log == []
    assert look.seen == ["ErrorResponseCode", True, "TARGET_RESP_FLOW", status, "mine"]
    assert (edge.calls.last.reason, edge.calls.last.was_refused) == ("", False)


@pytest.mark.parametrize("status", [200, 302, 399])
def test_takes_other_statuses_of_the_target_for_success(status: int) -> None:
    """Below 400, response flows run and fault rules do not."""
    edge, log = frozen_edge(), []
    url = url_of(
        edge,
        pre_flow=pre(response=[Note(name="response flow", log=log)]),
        default_fault_rule=noting(log, "fault"),
        target=Response(status=status),
    )

    assert answer(edge, get(url)) == (status, [], b"")
    assert log == ["response flow"]


def test_lets_a_fault_rule_replace_what_a_target_refused() -> None:
    """A fault rule may change the answer of a target that failed."""
    edge = frozen_edge()
    endpoint = TargetEndpoint(fault_rules=[rule(Say(name="say", status=502, body="sorry"))])

    sent = answer(edge, get(url_of(edge, target=Response(status=500, body="stack"), target_endpoint=endpoint)))

    assert sent == (502, [], b"sorry")


def test_shows_what_a_target_that_failed_sets() -> None:
    """A target that does not answer is a fault of the platform, by its error code."""
    edge = frozen_edge()
    look = Look(name="look", names=("fault.name", "error.message", "error.status.code"))
    endpoint = TargetEndpoint(default_fault_rule=rule(look))

    sent = answer(edge, get(url_of(edge, target=TargetFailure.UNAVAILABLE, target_endpoint=endpoint)))

    assert sent == (503, [JSON], UNAVAILABLE)
    assert look.seen == ["ServiceUnavailable", "The Service is temporarily unavailable", 503]


# What fault rules do


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Say(name="s", status=418, body="short"), (418, [], b"short")),
        (Put(name="s", values={"error.content": "new"}), (429, [JSON], b"new")),
        (
            Put(name="s", values={"response.status.code": 400, "message.header.A": "1"}),
            (400, [JSON, ("A", "1")], SLOW_DOWN),
        ),
        (Step(policy=Say(name="s"), condition='fault.name = "Other"'), REFUSED),
        (Say(name="s", enabled=False), REFUSED),
    ],
    ids=["other response", "content", "status and header", "condition", "disabled"],
)
def test_lets_a_fault_rule_change_the_answer(step: object, expected: object) -> None:
    """The error message is the response of the steps of a fault rule, each under its own condition."""
    edge = frozen_edge()

    assert answer(edge, get(url_of(edge, Refuse(name="gate"), fault_rules=[rule(step)]))) == expected
    assert edge.calls.last.reason == "gate says no"
    assert edge.calls.last.was_refused


def test_answers_with_the_fault_of_a_fault_rule() -> None:
    """A step that fails in a fault rule decides the answer; no step after it runs, and no default rule."""
    edge, log = frozen_edge(), []
    steps = [Refuse(name="second", code="steps.test.Other"), Note(name="after", log=log)]
    url = url_of(
        edge,
        Refuse(name="first"),
        fault_rules=[rule(*steps)],
        default_fault_rule=noting(log, "default", always_enforce=True),
    )

    assert answer(edge, get(url)) == (429, [JSON], fault("Slow down", "steps.test.Other"))
    assert log == []
    assert edge.calls.last.reason == "first says no; then, in a fault rule, second says no"


def test_answers_with_the_fault_of_a_fault_rule_for_a_target() -> None:
    """The same holds for what a target refused; the rules run once."""
    edge, log = frozen_edge(), []
    steps = [Note(name="once", log=log), Refuse(name="rule's own")]
    endpoint = TargetEndpoint(fault_rules=[rule(*steps)], default_fault_rule=noting(log, "default"))

    assert answer(edge, get(url_of(edge, target=Response(status=404), target_endpoint=endpoint))) == REFUSED
    assert log == ["once"]
    assert edge.calls.last.reason == "the target answered 404; then, in a fault rule, rule's own says no"


@pytest.mark.parametrize("target", [{}, Response(status=500)], ids=["policy", "target"])
def test_answers_with_a_bare_fault_of_a_fault_rule(target: object) -> None:
    """What a fault rule raises may be no fault that Edge names."""

    class Leave(Refuse):
        def execute(self, context: object) -> None:
            raise Refusal(BareFault(status=410, body="gone"), "left")

    edge = frozen_edge()
    own = rule(Leave(name="leave"))
    steps = [Refuse(name="refuse")] if target == {} else []
    endpoint = TargetEndpoint(pre_flow=pre(*steps), fault_rules=[own])

    assert answer(edge, get(url_of(edge, target=target, target_endpoint=endpoint))) == (410, [], b"gone")


def test_complains_of_all_that_broke() -> None:
    """Where a policy and then a fault rule break, the client gets the second fault, and the tester hears of both."""
    edge, first, second = frozen_edge(), KeyError("a"), ValueError("b")
    url = url_of(edge, Break(name="one", error=first), fault_rules=[rule(Break(name="two", error=second))])

    assert answer(edge, get(url)) == (500, [JSON], fault("Execution of two failed", "steps.ExecutionFailed"))
    assert edge.take_grievances() == (
        Grievance(
            kind="target_error",
            message=(
                "the policy 'one' raised KeyError: 'a'; then, in a fault rule, the policy 'two' raised ValueError: b"
            ),
            error=first,
        ),
    )


def test_says_what_a_fault_rule_does_not_model() -> None:
    """What the fake does not model stays a 501, also in a fault rule."""
    edge = frozen_edge()
    url = url_of(edge, Refuse(name="r"), fault_rules=[rule(Break(name="b", error=NotModelled("this")))])

    assert answer(edge, get(url))[0] == 501
    assert [grievance.kind for grievance in edge.take_grievances()] == ["not_modelled"]


# What passes by all fault rules


FLAT = flat("invalid_client", "Client identifier is required")
IN_FAULT_FORM = fault("Client identifier is required", "steps.oauth.v2.FailedToResolveClientId")


@pytest.mark.parametrize(
    ("response", "error_response", "expected"),
    [
        (True, False, (401, [JSON], FLAT)),
        (True, True, (401, [JSON], FLAT)),
        (False, True, (401, [JSON], FLAT)),
        (False, False, (418, [], b"rule")),
    ],
)
def test_keeps_flat_errors_from_fault_rules(expected: object, *, response: bool, error_response: bool) -> None:
    """Where GenerateResponse or GenerateErrorResponse is on, OAuthV2 answers at once and no fault rule runs."""
    edge = frozen_edge()
    generate = GenerateAccessToken(
        name="generate",
        supported_grant_types=["client_credentials"],
        generate_response=response,
        generate_error_response=error_response,
    )
    say = Say(name="say", status=418, body="rule")
    url = url_of(edge, generate, fault_rules=[rule(say)], default_fault_rule=rule(say, always_enforce=True))

    request = Request(
        method="POST",
        url=url,
        headers=[FORM],
        body="grant_type=client_credentials",
    )

    assert answer(edge, request) == expected
    assert edge.calls.last.reason == "no client id: absent"


def test_goes_on_in_a_fault_rule_with_continue_on_error() -> None:
    """A step of a fault rule with `continue_on_error` may fail: the next one runs."""
    edge = frozen_edge()
    steps = [Refuse(name="again", continue_on_error=True), Say(name="say", body="next")]

    assert answer(edge, get(url_of(edge, Refuse(name="first"), fault_rules=[rule(*steps)]))) == (200, [], b"next")
    assert edge.calls.last.reason == "first says no"


def test_leaves_a_good_call_alone() -> None:
    """Fault rules are for calls that fail."""
    edge, log = frozen_edge(), []
    token = TokenFactory(edge)(edge.app(products=["p"]))
    url = url_of(
        edge,
        VerifyAccessToken(name="verify"),
        fault_rules=[noting(log, "rule")],
        default_fault_rule=noting(log, "default", always_enforce=True),
        target={},
    )

    assert answer(edge, get(url, bearer(token))) == (200, [JSON], b"{}")
    assert log == []
