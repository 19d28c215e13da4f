"""RaiseFault: what it answers, and what fault rules see. Source: runtime.md 5.1, 6.2; "RaiseFault policy"."""

import pytest

from pytest_apigee import ConfigurationError, Request, Response
from pytest_apigee.edge.gateway.message_edits import Add, AssignVariable, Copy, Payload, Remove, Set
from pytest_apigee.edge.gateway.policies.assign_message import AssignMessage
from pytest_apigee.edge.gateway.policies.raise_fault import FaultResponse, RaiseFault
from tests.edge.flow_support import Look, pre, rule, url_of
from tests.edge.gateway_support import JSON, Answer, answer, fault, frozen_edge, get

RAISED = fault("Raising fault. Fault name : rf", "steps.raisefault.RaiseFault")
XML = (
    b"<fault><faultstring>Raising fault. Fault name : rf</faultstring>"
    b"<detail><errorcode>steps.raisefault.RaiseFault</errorcode></detail></fault>"
)


def raised(
    fault_response: FaultResponse | None = None, *headers: tuple[str, str], guesses: object = None, **settings: object
) -> Answer:
    """Return the answer of a proxy that raises a fault in its request."""
    edge = frozen_edge(guesses=guesses or {})
    url = url_of(edge, RaiseFault(name="rf", fault_response=fault_response, **settings))
    return answer(edge, get(f"{url}?q=1", *headers))


def test_names_itself_by_default() -> None:
    """Without a fault response: 500 and a fault that names the policy."""
    edge = frozen_edge()

    assert answer(edge, get(url_of(edge, RaiseFault(name="rf")))) == (500, [JSON], RAISED)
    assert edge.calls.last.reason == "the policy 'rf' raised a fault"


def test_names_itself_in_xml() -> None:
    """A client that asks for XML gets the same fault as XML, with or without a status of its own."""
    accept = ("Accept", "application/xml")
    kind = ("Content-Type", "application/xml")

    assert raised(None, accept) == (500, [kind], XML)
    assert raised(FaultResponse(set=Set(status_code=403)), accept) == (403, [kind], XML)


RESPONSES = {
    "status alone": (FaultResponse(set=Set(status_code=403)), (403, [JSON], RAISED)),
    "empty": (FaultResponse(), (500, [JSON], RAISED)),
    "payload": (
        FaultResponse(set=Set(status_code="404", payload=Payload("<a/>", content_type="text/xml"))),
        (404, [("Content-Type", "text/xml")], b"<a/>"),
    ),
    "payload alone": (FaultResponse(set=Set(payload="x")), (500, [], b"x")),
    "headers": (
        FaultResponse(set=Set(headers={"A": "1"}), add=Add(headers={"A": "2"})),
        (500, [JSON, ("A", "1")], RAISED),
    ),
    "set, then add": (
        FaultResponse(set=Set(headers={"A": "1"}), add=Add(headers={"A": "2"}), order=["set"]),
        (500, [JSON, ("A", "1"), ("A", "2")], RAISED),
    ),
    "copy": (FaultResponse(copy=Copy(source="request", headers=["x-trace"])), (500, [JSON, ("x-trace", "t")], RAISED)),
    "copy and remove": (FaultResponse(copy=Copy(), remove=Remove()), (500, [JSON], RAISED)),
    "itself": (
        FaultResponse(set=Set(status_code=418, payload="{message.status.code} {message.reason.phrase}")),
        (418, [], b"418 I'm a Teapot"),
    ),
    "the request": (FaultResponse(set=Set(payload="{message.verb}{request.queryparam.q}")), (500, [], b"GET1")),
    "variable": (
        FaultResponse(assign_variables=[AssignVariable(name="why", value="since")], set=Set(payload="{why}")),
        (500, [], b"since"),
    ),
    "unresolved": (FaultResponse(set=Set(status_code="{nothing}", payload="a{nothing}b")), (500, [], b"ab")),
    "status of nobody": (FaultResponse(set=Set(status_code=468, payload="x")), (468, [], b"x")),
}


@pytest.mark.parametrize(("fault_response", "expected"), RESPONSES.values(), ids=RESPONSES)
def test_answers_what_it_was_told(fault_response: FaultResponse, expected: Answer) -> None:
    """The fault response starts from 500 alone; without a body it has the one that names the policy."""
    status, headers, body = raised(fault_response, ("X-Trace", "t"))

    assert (status, headers, body) == expected


def test_sets_the_reason_phrase() -> None:
    """The reason phrase is what was set."""
    edge = frozen_edge()
    told = FaultResponse(set=Set(status_code=403, reason_phrase="No {request.verb}"))

    assert edge.handle(get(url_of(edge, RaiseFault(name="rf", fault_response=told)))).reason == "No GET"


def test_leaves_the_body_empty_where_switched() -> None:
    """Where the guess is switched, a fault response without payload has no body."""
    told = FaultResponse(set=Set(status_code=404))

    assert raised(told, guesses={"raise_fault_default_body": False}) == (404, [], b"")


@pytest.mark.parametrize("prefix", ["steps.raisefault", "steps.assignmessage"])
def test_refuses_unresolved_variables_where_told(prefix: str) -> None:
    """A variable without a value is another fault where that is not ignored; its code is a guess."""
    told = FaultResponse(set=Set(payload="{nothing}"))
    text = "RaiseFault[rf]: unable to resolve variable nothing"

    sent = raised(told, guesses={"raise_fault_code_prefix": prefix}, ignore_unresolved_variables=False)

    assert sent == (500, [JSON], fault(text, f"{prefix}.UnresolvedVariable"))


NAMES = ("fault.name", "fault.type", "fault.category", "raisefault.failed", "raisefault.rf.failed", "error.content")


@pytest.mark.parametrize("told", [None, FaultResponse(set=Set(payload="x"))], ids=["default", "payload"])
def test_shows_itself_to_fault_rules(told: FaultResponse | None) -> None:
    """Fault rules know it by `fault.name` RaiseFault and `raisefault.failed`; type and category are empty."""
    edge = frozen_edge()
    look = Look(name="look", names=NAMES)
    url = url_of(edge, RaiseFault(name="rf", fault_response=told), fault_rules=[rule(look)])

    _, _, body = answer(edge, get(url))

    assert look.seen == ["RaiseFault", "", "", True, True, body.decode()]


def test_lets_fault_rules_have_the_last_word() -> None:
    """What a fault rule sets wins over the fault response; what it adds is added; what it leaves alone stays."""
    edge = frozen_edge()
    told = FaultResponse(set=Set(status_code=468, headers={"errorNote": "woops"}, payload="Try again."))
    mend = AssignMessage(name="mend", set=Set(payload="Sorry."), add=Add(headers={"errorNote": "gremlins"}))
    url = url_of(edge, RaiseFault(name="rf", fault_response=told), fault_rules=[rule(mend)])

    assert answer(edge, get(url)) == (468, [("errorNote", "woops"), ("errorNote", "gremlins")], b"Sorry.")


def test_reads_the_response_of_the_target() -> None:
    """In the response, templates read what the target answered, and `response` is not yet the fault."""
    edge = frozen_edge()
    told = FaultResponse(set=Set(status_code=502, payload="{response.status.code} {message.status.code}"))
    url = url_of(edge, pre_flow=pre(response=[RaiseFault(name="rf", fault_response=told)]), target=Response(status=201))

    assert answer(edge, Request(url=url)) == (502, [], b"201 502")


def test_goes_on_where_told() -> None:
    """With `continue_on_error` the call goes on, and `raisefault.failed` tells of it."""
    edge = frozen_edge()
    look = Look(name="look", names=("raisefault.failed",))

    assert answer(edge, get(url_of(edge, RaiseFault(name="rf", continue_on_error=True), look))) == (200, [], b"")
    assert look.seen == [True]


WRONG = {
    "fault_response": (
        lambda: RaiseFault(name="rf", fault_response=Set()),
        "fault_response of 'rf' takes a FaultResponse, not Set.",
    ),
    "ignore": (
        lambda: RaiseFault(name="rf", ignore_unresolved_variables="no"),
        "ignore_unresolved_variables of 'rf' takes True or False, not str.",
    ),
    "set": (lambda: FaultResponse(set="x"), "set takes a Set, not str."),
    "name": (lambda: RaiseFault(name=""), "The name of RaiseFault takes text, not an empty text."),
}


@pytest.mark.parametrize(("make", "message"), WRONG.values(), ids=WRONG)
def test_refuses_wrong_settings(make: object, message: str) -> None:
    """A setting that cannot be is refused when the policy is made."""
    with pytest.raises(ConfigurationError) as raised_error:
        make()

    assert str(raised_error.value) == message
