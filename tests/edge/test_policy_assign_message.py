"""AssignMessage: what it does to messages and variables, and what it refuses.

Source: "AssignMessage policy", its runtime and deployment errors, "Message templates".
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_apigee import ConfigurationError, Request, Response
from pytest_apigee.edge.gateway.message_edits import Add, AssignVariable, Copy, Payload, Remove, Set
from pytest_apigee.edge.gateway.policies.assign_message import AssignMessage
from pytest_apigee.edge.gateway.policies.raise_fault import FaultResponse, RaiseFault
from pytest_apigee.edge.gateway.variables import Value
from tests.edge.flow_support import Look, Put, Refuse, pre, rule, url_of
from tests.edge.gateway_support import FORM, JSON, Answer, answer, fault, frozen_edge, get

CODE = "steps.assignmessage."
QUERY = "?a=1&b=2&a=3"
SENT = [("X-A", "1"), ("X-B", "2"), ("x-a", "3")]


def assign(name: str = "am", **settings: object) -> AssignMessage:
    return AssignMessage(name=name, **settings)


def unresolved(variable: str) -> Answer:
    text = f"AssignMessage[am]: unable to resolve variable {variable}"
    return 500, [JSON], fault(text, f"{CODE}UnresolvedVariable")


def at_target(*policies: object, method: str = "POST", body: str = "f=1&g=2&f=3", form: bool = True) -> Request:
    """Return what the target gets of a request with two headers, two parameters and a form."""
    edge, seen = frozen_edge(), []
    url = url_of(edge, *policies, target=seen.append)
    headers = [*SENT, *([FORM] if form else [])]
    edge.handle(Request(method=method, url=f"{url}/path{QUERY}", headers=headers, body=body))
    return seen[0]


def at_client(*policies: object, request: tuple[object, ...] = (), headers: object = SENT) -> Answer:
    """Return what the client gets of a response that policies changed."""
    edge = frozen_edge()
    flow = pre(*request, response=policies)
    url = url_of(edge, pre_flow=flow, target=Response(status=201, headers=headers, body="b"))
    return answer(edge, get(f"{url}{QUERY}", ("X-R", "r")))


# Remove, add, set


REMOVALS = {
    "header": (Remove(headers=["X-a"]), [("X-B", "2"), FORM], "a=1&b=2&a=3", b"f=1&g=2&f=3"),
    "second header": (Remove(headers=["x-a.2"]), [("x-a", "1"), ("X-B", "2"), FORM], "a=1&b=2&a=3", b"f=1&g=2&f=3"),
    "first of two": (Remove(query_params=["a.1"]), [*SENT, FORM], "a=3&b=2", b"f=1&g=2&f=3"),
    "both of two": (Remove(query_params=["a.1", "a.2"]), [*SENT, FORM], "b=2", b"f=1&g=2&f=3"),
    "third of two": (Remove(query_params=["a.3"]), [*SENT, FORM], "a=1&a=3&b=2", b"f=1&g=2&f=3"),
    "all headers": (Remove(headers="*"), [], "a=1&b=2&a=3", b"f=1&g=2&f=3"),
    "parameter": (Remove(query_params=["a", "A", "none"]), [*SENT, FORM], "b=2", b"f=1&g=2&f=3"),
    "all parameters": (Remove(query_params="*"), [*SENT, FORM], "", b"f=1&g=2&f=3"),
    "field": (Remove(form_params=["f"]), [*SENT, FORM], "a=1&b=2&a=3", b"g=2"),
    "all fields": (Remove(form_params="*"), [*SENT, FORM], "a=1&b=2&a=3", b""),
    "body": (Remove(payload=True), [*SENT, FORM], "a=1&b=2&a=3", b""),
    "everything": (Remove(), [], "", b""),
}


@pytest.mark.parametrize(("remove", "headers", "query", "body"), REMOVALS.values(), ids=REMOVALS)
def test_removes(remove: Remove, headers: object, query: str, body: bytes) -> None:
    """What is named goes, `*` is all of a kind, and without settings all goes; indexes count from 1."""
    seen = at_target(assign(remove=remove))

    assert (list(seen.headers), seen.query_string, seen.body) == (headers, query, body)


def test_removes_no_field_of_what_is_no_form() -> None:
    """A body that is no form keeps what looks like fields."""
    assert at_target(assign(remove=Remove(form_params="*")), form=False).body == b"f=1&g=2&f=3"


def test_removes_headers_in_short() -> None:
    """`remove_headers` removes headers of the current message before all else."""
    assert at_client(assign(remove_headers=("X-A",), add=Add(headers={"X-A": "4"}))) == (
        201,
        [("X-B", "2"), ("X-A", "4")],
        b"b",
    )


def test_adds() -> None:
    """What is added stands beside what was there."""
    values = {"x-a": "{request.queryparam.b}"}

    seen = at_target(assign(add=Add(headers=values, query_params={"a": "4 5"}, form_params={"g": "6"})))

    assert list(seen.headers) == [*SENT, FORM, ("x-a", "2")]
    assert (seen.query_string, seen.body) == ("a=1&b=2&a=3&a=4+5", b"f=1&g=2&f=3&g=6")


def test_makes_a_form_of_any_body() -> None:
    """A form parameter makes the body a form, whatever it was."""
    seen = at_target(assign(add=Add(form_params={"answer": "42"})), form=False)

    assert (list(seen.headers), seen.body) == ([*SENT, FORM], b"answer=42")


def test_sets_parts_of_a_request() -> None:
    """What is set takes the place of what was there; what only a response has is left out."""
    settings = Set(
        headers={"X-A": "9", "New": "{request.verb}"},
        query_params={"a": "é"},
        form_params={"g": "7"},
        verb="{request.queryparam.b}{request.header.x-a}",
        version="1.0",
        status_code=500,
        reason_phrase="No",
    )

    seen = at_target(assign(set=settings))

    assert (seen.method, seen.query_string, seen.body) == ("21", "a=%C3%A9&b=2", b"f=1&f=3&g=7"[:8] + b"g=7"[:0] + b"&g=7"[:0])
    assert list(seen.headers) == [("X-A", "9"), ("X-B", "2"), FORM, ("New", "21")]


def test_sets_the_path() -> None:
    """The path of the request is a variable like others; the path that the target gets is the proxy's own."""
    edge = frozen_edge()
    look = Look(name="look", names=("request.path", "request.uri"))

    answer(edge, get(f"{url_of(edge, assign(set=Set(path='/{request.queryparam.b}/x')), look)}{QUERY}"))

    assert look.seen == ["/2/x", f"/2/x{QUERY}"]


def test_sets_parts_of_a_response() -> None:
    """A response takes status, reason and body; what only a request has is left out."""
    settings = Set(
        headers={"X-A": "9"},
        query_params={"a": "1"},
        form_params={"a": "1"},
        verb="GET",
        path="/x",
        status_code="{response.header.x-b}04",
        payload=Payload('{"s":"{response.status.code}"}', content_type="application/{request.queryparam.b}"),
    )

    assert at_client(assign(set=settings)) == (
        204,
        [("X-A", "9"), ("X-B", "2"), ("Content-Type", "application/2")],
        b'{"s":"204"}',
    )


def test_sets_the_reason_phrase() -> None:
    """A reason phrase stands beside the status; without one, the status has its own."""
    edge = frozen_edge()
    policy = assign(set=Set(status_code=418, reason_phrase="{request.verb}"))
    url = url_of(edge, pre_flow=pre(response=[policy]), target={})

    assert edge.handle(get(url)).reason == "GET"


def test_keeps_the_status_where_a_variable_holds_none() -> None:
    """What is no status is not set."""
    policies = assign(set=Set(status_code="{request.header.x-r}"))

    assert at_client(policies)[0] == 201


# Templates


TEMPLATES = {
    "{a.b}": "A",
    "-{a.b}-{a.b}-": "-A-A-",
    '{"id": "{a.b}"}': '{"id": "A"}',
    '{"a": "b"}': '{"a": "b"}',
    "{ a.b }": "{ a.b }",
    "{}": "{}",
    "{3}": "{3}",
    "{{a.b}}": "{A}",
    "{a.b": "{a.b",
    "a.b}": "a.b}",
    "{a.b:x}": "{a.b:x}",
    "{alert(1)}": "{alert(1)}",
    "function(){a.b}": "function()A",
    "{braces}": "{a.b}",
    "{Hy-phen_1}": "H",
    "{number}{yes}": "7true",
    "{empty}": "",
}
GIVEN = {"a.b": "A", "braces": "{a.b}", "Hy-phen_1": "H", "number": 7, "yes": True, "empty": ""}


@pytest.mark.parametrize(("template", "expected"), TEMPLATES.items(), ids=TEMPLATES)
def test_fills_templates(template: str, expected: str) -> None:
    """What looks like a name between braces is a variable; all else, and what values hold, stays as it is."""
    seen = at_target(Put(name="put", values=GIVEN), assign(set=Set(payload=template)))

    assert seen.text == expected


def test_fills_templates_with_other_delimiters() -> None:
    """A payload may have delimiters of its own; braces then are text."""
    payload = Payload('{"{a.b}": "@a.b#", "x": "a@b"}', variable_prefix="@", variable_suffix="#")

    seen = at_target(Put(name="put", values=GIVEN), assign(set=Set(payload=payload)))

    assert seen.text == '{"{a.b}": "A", "x": "a@b"}'


@pytest.mark.parametrize(
    "settings",
    [
        {"set": Set(payload="{nothing}")},
        {"set": Set(headers={"A": "{nothing}"})},
        {"set": Set(verb="{nothing}")},
        {"set": Set(path="{nothing}")},
        {"add": Add(query_params={"a": "{nothing}"})},
        {"assign_variables": [AssignVariable(name="x", ref="nothing")]},
        {"assign_variables": [AssignVariable(name="x", template="{nothing}", value="y")]},
        {"copy": Copy(source="nothing")},
    ],
)
def test_refuses_unresolved_variables(settings: dict[str, object]) -> None:
    """A variable without a value is refused, and the reason says what to do."""
    edge = frozen_edge()

    assert answer(edge, get(url_of(edge, assign(**settings)))) == unresolved("nothing")
    assert edge.calls.last.reason.startswith("the policy 'am' needs ")


def test_says_why_it_refuses() -> None:
    """The reason names the variable and the switch."""
    edge = frozen_edge()

    answer(edge, get(url_of(edge, assign(set=Set(payload="{nothing}")))))

    assert edge.calls.last.reason == (
        "the policy 'am' needs nothing, which has no value here; ignore_unresolved_variables=True reads it as empty"
    )


def test_ignores_unresolved_variables_where_told() -> None:
    """Ignored, a variable without a value reads as empty."""
    policy = assign(set=Set(payload="a{nothing}b"), ignore_unresolved_variables=True)

    assert at_target(policy).body == b"ab"


def test_tells_fault_rules() -> None:
    """Fault rules know the fault by its name, and the policy by `assignmessage.{policy}.failed`."""
    edge = frozen_edge()
    look = Look(name="look", names=("fault.name", "assignmessage.am.failed"))

    answer(edge, get(url_of(edge, assign(copy=Copy(source="nothing")), fault_rules=[rule(look)])))

    assert look.seen == ["UnresolvedVariable", True]


# Variables


ASSIGNED = {
    "value": (AssignVariable(name="x", value="{a.b}"), "{a.b}"),
    "empty value": (AssignVariable(name="x", value=""), ""),
    "ref": (AssignVariable(name="x", ref="a.b", value="y"), "A"),
    "ref to nothing": (AssignVariable(name="x", ref="nothing", value="y"), "y"),
    "ref to empty": (AssignVariable(name="x", ref="empty", value="y"), ""),
    "template": (AssignVariable(name="x", template="<{a.b}>", ref="number", value="y"), "<A>"),
    "nothing": (AssignVariable(name="x", ref="nothing"), None),
}


@pytest.mark.parametrize(("assigned", "expected"), ASSIGNED.values(), ids=ASSIGNED)
def test_assigns_variables(assigned: AssignVariable, expected: Value) -> None:
    """A template goes before a ref, and a ref that has a value before the value, which is taken literally."""
    edge = frozen_edge()
    look = Look(name="look", names=("x",))
    policy = assign(assign_variables=[assigned], ignore_unresolved_variables=True)

    answer(edge, get(url_of(edge, Put(name="put", values=GIVEN | {"x": "old"}), policy, look)))

    assert look.seen == [expected]


def test_assigns_parts_of_the_message_that_it_changes() -> None:
    """What a variable changes of the request, other elements find."""
    limit = AssignVariable(name="request.queryparam.limit", ref="request.queryparam.limit", value="10")

    seen = at_target(assign(assign_variables=[limit], set=Set(headers={"X-L": "{request.queryparam.limit}"})))

    assert (seen.query.get("limit"), seen.headers.get("X-L")) == ("10", "10")


ORDERS = {
    "default": ((), b"1"),
    "remove first": (("remove", "set"), b""),
    "set first": (("set",), b"1"),
}


@pytest.mark.parametrize("order", [(), ("assign_variables", "set", "remove")])
def test_keeps_what_it_stored_before_it_removes(order: tuple[str, ...]) -> None:
    """Variables are assigned before parts are removed, as in the documented example."""
    stored = AssignVariable(name="stored", ref="request.header.x-b")
    settings = {"order": order} if order else {}

    seen = at_target(assign(assign_variables=[stored], remove=Remove(headers="*"), set=Set(payload="{stored}"), **settings))

    assert (list(seen.headers), seen.body) == ([], b"2")


@pytest.mark.parametrize(("order", "expected"), [(["add"], b"name=2"), (["remove"], b"name=")])
def test_acts_in_the_order_of_the_elements(order: list[str], expected: bytes) -> None:
    """The order of the elements decides whether a parameter is read before it is gone."""
    policy = assign(
        add=Add(form_params={"name": "{request.queryparam.b}"}),
        remove=Remove(query_params="*"),
        order=order,
        ignore_unresolved_variables=True,
    )

    seen = at_target(policy, form=False)

    assert (seen.query_string, seen.body) == ("", expected)


# Copy


def copied(copy: Copy, **settings: object) -> Request:
    """Return the request that a copy is made into."""
    edge, seen = frozen_edge(), []

    def keep(context: object) -> None:
        seen.append(context.messages["mine"])

    policy = assign(assign_to="mine", type="request", copy=copy, **settings)
    url = url_of(edge, policy, Look(name="look", names=()), target_of(keep))
    request = Request(method="PUT", url=f"{url}/x{QUERY}", headers=[*SENT, FORM], body="f=1&g=2&f=3")
    edge.handle(request)
    return seen[0]
