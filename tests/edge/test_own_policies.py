"""Policies of a tester's own: they work as Edge's do, and what breaks in them never reaches the client."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from pytest_apigee import ConfigurationError, FakeEdge, Request, Response, TokenFactory
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.faults import FlatFault, PolicyFault, RaisedFault
from pytest_apigee.edge.gateway.flow import TargetEndpoint
from pytest_apigee.edge.gateway.policies.verify_access_token import VerifyAccessToken
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.refusal import BareFault, Fault, NotModelled, Refusal
from pytest_apigee.edge.world import Grievance
from tests.edge.flow_support import Break, Look, Note, Own, Say, pre, rule, url_of
from tests.edge.gateway_support import JSON, answer, bearer, fault, flat, frozen_edge, get


def broken(name: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return what a client gets where a policy of this name broke."""
    return 500, [JSON], fault(f"Execution of {name} failed", "steps.ExecutionFailed")


# What works


@dataclass(frozen=True, kw_only=True)
class Greet(Policy):
    """Greets the developer of the app that calls."""

    variable_prefix: ClassVar[str] = "greet"

    greeting: str = "Hello"
    greeted: list[str] = field(default_factory=list)

    def execute(self, context: FlowContext) -> None:
        email = context.variables.text("developer.email")
        if email is None:
            raise Refusal(
                PolicyFault(status=403, faultstring="Who?", errorcode="steps.greet.Nobody"), "nobody to greet"
            )
        self.greeted.append(email)
        context.response = Response.of_json({"greeting": f"{self.greeting}, {email}"})


def test_works_beside_policies_of_edge() -> None:
    """A policy of one's own has settings, reads what Edge's policies left, and answers."""
    edge = frozen_edge()
    greet = Greet(name="greet", greeting="Good day")
    token = TokenFactory(edge)(edge.app("forecast", products=["p"]))
    url = url_of(edge, VerifyAccessToken(name="verify"), greet)

    sent = answer(edge, get(url, bearer(token)))

    (email,) = greet.greeted
    assert sent == (200, [JSON], f'{{"greeting": "Good day, {email}"}}'.encode())
    assert edge.calls.last.app == "forecast"


def test_refuses_as_policies_of_edge_do() -> None:
    """A policy may raise a Refusal: the fault for the client, the reason for the tester, variables with its prefix."""
    edge = frozen_edge()
    look = Look(name="look", names=("greet.me.failed", "greet.me.fault.name", "greet.me.fault.cause", "fault.name"))
    url = url_of(edge, Greet(name="me"), fault_rules=[rule(look)])

    assert answer(edge, get(url)) == (403, [JSON], fault("Who?", "steps.greet.Nobody"))
    assert look.seen == [True, "Nobody", "Who?", "Nobody"]
    assert (edge.calls.last.reason, edge.calls.last.was_refused) == ("nobody to greet", True)
    assert edge.take_grievances() == ()


FAULTS = {
    "bare": (BareFault(status=401, body="no"), (401, [], b"no")),
    "flat": (FlatFault(status=400, error_code="x", error="y"), (400, [JSON], flat("x", "y"))),
    "raised": (RaisedFault(response=Response(status=409, body="told")), (409, [], b"told")),
    "slashes": (
        PolicyFault(status=418, faultstring='a/b "c"', errorcode="d"),
        (418, [JSON], b'{"fault":{"faultstring":"a\\/b \\"c\\"","detail":{"errorcode":"d"}}}'),
    ),
}


@pytest.mark.parametrize(("given", "expected"), FAULTS.values(), ids=FAULTS)
def test_answers_with_any_fault(given: Fault, expected: object) -> None:
    """A policy may raise any fault that renders itself."""
    edge = frozen_edge()

    def refuse(context: FlowContext) -> None:
        raise Refusal(given, "as the test says")

    assert answer(edge, get(url_of(edge, Own(name="own", act=refuse)))) == expected
    assert edge.calls.last.reason == "as the test says"


def test_says_what_is_not_modelled() -> None:
    """A policy may say that the fake does not model something: 501, and a grievance."""
    edge = frozen_edge()

    sent = answer(edge, get(url_of(edge, Break(name="own", error=NotModelled("SOAP")))))

    message = "pytest-apigee does not model SOAP."
    assert sent == (501, [("Content-Type", "text/plain")], f"{message}\n".encode())
    assert edge.take_grievances() == (Grievance(kind="not_modelled", message=message),)


def test_may_call_edge_from_its_thread() -> None:
    """A policy may call Edge again, as a ServiceCallout does."""
    edge = frozen_edge()
    inner = edge.proxy("/inner", security="none", target={"inner": True})

    def call(context: FlowContext) -> None:
        context.response = edge.handle(get(inner.url))

    assert answer(edge, get(url_of(edge, Own(name="callout", act=call)))) == (200, [JSON], b'{"inner": true}')
    assert [exchange.proxy for exchange in edge.calls] == ["inner", "p"]


def test_acts_on_one_call_at_a_time() -> None:
    """Policies run one call after the other: what they count stays right in many threads."""
    edge, counts = frozen_edge(), []

    def count(context: FlowContext) -> None:
        counts.append(len(counts))

    url = url_of(edge, Own(name="count", act=count))
    threads = [threading.Thread(target=lambda: [edge.handle(get(url)) for _ in range(20)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert counts == list(range(160))


# What breaks


ERRORS = {
    "key": (KeyError("a"), "KeyError: 'a'"),
    "value": (ValueError("no\nline"), "ValueError: no\nline"),
    "assertion": (AssertionError("expected"), "AssertionError: expected"),
    "configuration": (ConfigurationError("wrong"), "ConfigurationError: wrong"),
    "recursion": (RecursionError("deep"), "RecursionError: deep"),
    "stop": (StopIteration(), "StopIteration: "),
}


@pytest.mark.parametrize(("error", "shown"), ERRORS.values(), ids=ERRORS)
def test_answers_500_for_a_policy_that_broke(error: Exception, shown: str) -> None:
    """An exception out of a policy is a fault to the client, and a grievance with its error to the tester."""
    edge = frozen_edge()

    assert answer(edge, get(url_of(edge, Break(name="own", error=error)))) == broken("own")
    message = f"the policy 'own' raised {shown}"
    assert (edge.calls.last.reason, edge.calls.last.was_refused) == (message, True)
    (grievance,) = edge.take_grievances()
    assert (grievance.kind, grievance.message, grievance.error) == ("target_error", message, error)


@pytest.mark.parametrize("side", ["request", "response"])
@pytest.mark.parametrize("endpoint", ["proxy", "target"])
def test_answers_500_wherever_a_policy_broke(endpoint: str, side: str) -> None:
    """Each segment of a call is safe from what breaks there."""
    edge = frozen_edge()
    own = Break(name="own", error=KeyError("a"))
    flow = pre(own) if side == "request" else pre(response=[own])
    around = TargetEndpoint(pre_flow=flow) if endpoint == "target" else None
    flows = {"pre_flow": flow} if endpoint == "proxy" else {}

    assert answer(edge, get(url_of(edge, **flows, target={}, target_endpoint=around))) == broken("own")
    assert len(edge.take_grievances()) == 1


def test_survives_an_error_that_cannot_be_shown() -> None:
    """An error whose text raises in turn is told by its type."""

    class UnshownError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    edge = frozen_edge()

    assert answer(edge, get(url_of(edge, Break(name="own", error=UnshownError())))) == broken("own")
    assert edge.calls.last.reason == "the policy 'own' raised UnshownError: (it cannot be shown)"


def test_breaks_even_with_continue_on_error() -> None:
    """`continue_on_error` is for refusals: a policy that broke would let the test prove nothing."""
    edge, log = frozen_edge(), []
    own = Break(name="own", error=KeyError("a"), continue_on_error=True)

    assert answer(edge, get(url_of(edge, own, Note(name="after", log=log)))) == broken("own")
    assert log == []
    assert len(edge.take_grievances()) == 1


def test_shows_a_broken_policy_to_fault_rules() -> None:
    """Fault rules see what broke by its variables, and may answer; the grievance stays."""
    edge = frozen_edge()
    look = Look(name="look", names=("fault.name", "policy.own.failed", "policy.own.fault.cause"))
    say = Say(name="say", status=503, body="later")
    url = url_of(edge, Break(name="own", error=KeyError("a")), fault_rules=[rule(look, say)])

    assert answer(edge, get(url)) == (503, [], b"later")
    assert look.seen == ["ExecutionFailed", True, "Execution of own failed"]
    assert [grievance.message for grievance in edge.take_grievances()] == ["the policy 'own' raised KeyError: 'a'"]


def test_has_to_be_written() -> None:
    """A policy without `execute` breaks when it runs."""
    edge = frozen_edge()

    assert answer(edge, get(url_of(edge, Policy(name="plain")))) == broken("plain")
    raised = "NotImplementedError: the class Policy needs a method execute(self, context)"
    assert edge.calls.last.reason == f"the policy 'plain' raised {raised}"


@pytest.mark.parametrize(
    ("returned", "raised"),
    [
        (Response(status=204), "it returned a Response"),
        (False, "it returned a bool"),
    ],
)
def test_returns_nothing(returned: object, raised: str) -> None:
    """What `execute` returns would go lost: it answers by `context.answer`."""
    edge = frozen_edge()

    assert answer(edge, get(url_of(edge, Own(name="own", act=lambda context: returned)))) == broken("own")
    assert edge.calls.last.reason == (
        "the policy 'own' raised ConfigurationError: execute returns nothing, and answers by "
        f"context.answer(response); {raised}"
    )
    assert len(edge.take_grievances()) == 1


@pytest.mark.parametrize(
    ("refuse", "raised"),
    [
        (
            lambda: Refusal("no", "why"),
            "a Refusal takes a fault, as PolicyFault(...), and a reason, not str",
        ),
        (
            lambda: Refusal(PolicyFault(status=99, faultstring="x", errorcode="y"), "why"),
            "The status of a PolicyFault is a final status from 200 to 599, not 99.",
        ),
        (
            lambda: Refusal(PolicyFault(status=400, faultstring=5, errorcode="y"), "why"),
            "The faultstring of a PolicyFault is text, not int.",
        ),
        (
            lambda: Refusal(PolicyFault(status=400, faultstring="x", errorcode=None), "why"),
            "The errorcode of a PolicyFault is text, not NoneType.",
        ),
        (
            lambda: Refusal(RaisedFault(response=None), "why"),
            "The response of a RaisedFault takes a Response, not NoneType.",
        ),
    ],
)
def test_refuses_with_a_fault_that_can_be_rendered(refuse: Callable[[], Refusal], raised: str) -> None:
    """A refusal that cannot be rendered is a fault of the policy, and no exception in the client."""
    edge = frozen_edge()

    def act(context: FlowContext) -> None:
        raise refuse()

    assert answer(edge, get(url_of(edge, Own(name="own", act=act)))) == broken("own")
    assert edge.calls.last.reason == f"the policy 'own' raised ConfigurationError: {raised}"
    assert len(edge.take_grievances()) == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
def test_lets_through_what_is_no_error(error: BaseException) -> None:
    """What must end the process, or pytest's own test, is no error of a policy."""
    edge = FakeEdge()
    url = url_of(edge, Break(name="own", error=error))

    with pytest.raises(type(error)):
        edge.handle(get(url))


# What a policy may leave behind


def leave(part: str, value: object) -> Own:
    """Return a policy that puts something where a message belongs."""
    return Own(name="own", act=lambda context: setattr(context, part, value))


LEFT = {
    "dict": ("response", {"a": 1}, "a Response as context.response, not dict"),
    "text": ("response", "hello", "a Response as context.response, not str"),
    "request": ("response", Request(url="https://x.test"), "a Response as context.response, not Request"),
    "response": ("request", Response(), "a Request as context.request, not Response"),
    "none": ("request", None, "a Request as context.request, not NoneType"),
}


@pytest.mark.parametrize(("part", "value", "what"), LEFT.values(), ids=LEFT)
def test_answers_500_for_a_message_of_another_kind(part: str, value: object, what: str) -> None:
    """What is neither Request nor Response cannot stand for one; the call fails where it was put there."""
    edge, log = frozen_edge(), []

    assert answer(edge, get(url_of(edge, leave(part, value), Note(name="after", log=log)))) == broken("own")
    assert log == []
    assert edge.calls.last.reason == f"the policy 'own' raised ConfigurationError: A policy may leave {what}."
    assert [grievance.kind for grievance in edge.take_grievances()] == ["target_error"]


def test_answers_500_for_a_response_that_is_gone() -> None:
    """A response may be replaced, not removed."""
    edge = frozen_edge()
    url = url_of(edge, pre_flow=pre(response=[leave("response", None)]), target={})

    assert answer(edge, get(url)) == broken("own")
    assert edge.calls.last.reason == (
        "the policy 'own' raised ConfigurationError: A policy may leave a Response as context.response, not NoneType."
    )


@pytest.mark.parametrize("what", [{"a": 1}, None], ids=["dict", "none"])
def test_keeps_the_answer_of_a_target_whose_fault_rule_broke(what: object) -> None:
    """A fault rule that leaves no response breaks likewise."""
    edge = frozen_edge()
    endpoint = TargetEndpoint(fault_rules=[rule(leave("response", what))])

    assert answer(edge, get(url_of(edge, target=Response(status=404), target_endpoint=endpoint))) == broken("own")
    assert len(edge.take_grievances()) == 1


def test_undoes_what_a_broken_policy_did_to_the_messages() -> None:
    """Fault rules see request and response as they were before a policy broke."""
    edge = frozen_edge()

    def change_and_break(context: FlowContext) -> None:
        context.variables.set("request.header.a", "1")
        context.variables.set("other", "2")
        raise KeyError

    look = Look(name="look", names=("request.header.a", "other"))

    answer(edge, get(url_of(edge, Own(name="own", act=change_and_break), fault_rules=[rule(look)])))

    assert look.seen == [None, "2"]
