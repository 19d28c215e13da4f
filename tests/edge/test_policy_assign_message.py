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
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.gateway.variables import Value
from tests.edge.flow_support import Look, Own, Put, Refuse, named_apart, pre, rule, url_of
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

    assert (seen.method, seen.query_string, seen.body) == ("21", "a=%C3%A9&b=2", b"f=1&g=7&f=3")
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


@pytest.mark.parametrize("order", [(), ("assign_variables", "set", "remove")])
def test_keeps_what_it_stored_before_it_removes(order: tuple[str, ...]) -> None:
    """Variables are assigned before parts are removed, as in the documented example."""
    stored = AssignVariable(name="stored", ref="request.header.x-b")
    settings = {"order": order} if order else {}
    policy = assign(assign_variables=[stored], remove=Remove(headers="*"), set=Set(payload="{stored}"), **settings)

    seen = at_target(policy)

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


def made(*policies: object, name: str = "mine", response: bool = False) -> Request | Response | None:
    """Return the message that a variable holds after policies ran, in the request or in the response."""
    edge, found = frozen_edge(), []
    keep = Own(name="keep", act=lambda context: found.append(context.variables.message_named(name)))
    flow = pre(response=[*policies, keep]) if response else pre(*policies, keep)
    url = url_of(edge, pre_flow=flow, target=Response(status=201, headers=SENT, body="b", reason="Made"))
    edge.handle(Request(method="PUT", url=f"{url}/x{QUERY}", headers=[*SENT, FORM], body="f=1&g=2&f=3"))
    return found[0] if found else None


ROOT = "https://acme-test.apigee.net/"
COPIES = {
    "header": (Copy(headers=["x-A", "none"]), Request(url=ROOT, headers=[("x-A", "1"), ("x-A", "3")])),
    "second header": (
        Copy(headers=["x-a.2", "x-b.2", "x-a.1"]),
        Request(url=ROOT, headers=[("x-a", "3"), ("x-a", "1")]),
    ),
    "all headers": (Copy(headers="*"), Request(url=ROOT, headers=[*SENT, FORM])),
    "parameter": (Copy(query_params=["a", "A"]), Request(url=f"{ROOT}?a=1&a=3")),
    "second parameter": (Copy(query_params=["a.2", "b.2"]), Request(url=f"{ROOT}?a=3")),
    "all parameters": (Copy(query_params="*"), Request(url=f"{ROOT}{QUERY}")),
    "field": (Copy(form_params=["g"]), Request(url=ROOT, headers=[FORM], body="g=2")),
    "all fields": (Copy(form_params="*"), Request(url=ROOT, headers=[FORM], body="f=1&g=2&f=3")),
    "body": (Copy(payload=True), Request(url=ROOT, headers=[FORM], body="f=1&g=2&f=3")),
    "verb": (Copy(verb=True), Request(method="PUT", url=ROOT)),
    "path": (Copy(path=True), Request(url=f"{ROOT}p/x")),
    "of a response": (Copy(version=True, status_code=True, reason_phrase=True), Request(url=ROOT)),
    "everything": (
        Copy(),
        Request(
            method="PUT",
            url=f"{ROOT}p/x{QUERY}",
            headers=[*SENT, FORM],
            body="f=1&g=2&f=3",
        ),
    ),
}


@pytest.mark.parametrize(("copy", "expected"), COPIES.values(), ids=COPIES)
def test_copies_into_a_request(copy: Copy, expected: Request) -> None:
    """What is named is copied, `*` is all of a kind, and without settings all is; indexes count from 1."""
    found = made(assign(assign_to="mine", copy=copy))

    assert found == expected
    assert list(found.headers) == list(expected.headers)


RESPONSE_COPIES = {
    "status": (Copy(source="response", status_code=True), Response(status=201)),
    "reason": (Copy(source="response", reason_phrase=True), Response(reason="Made")),
    "body": (Copy(source="response", payload=True), Response(body="b")),
    "everything": (
        Copy(source="response"),
        Response(status=201, reason="Made", headers=SENT, body="b"),
    ),
    "of a request": (Copy(source="request", verb=True, path=True, query_params="*", form_params="*"), Response()),
    "headers of a request": (Copy(source="request", headers=["X-B"]), Response(headers=[("X-B", "2")])),
}


@pytest.mark.parametrize(("copy", "expected"), RESPONSE_COPIES.values(), ids=RESPONSE_COPIES)
def test_copies_into_a_response(copy: Copy, expected: Response) -> None:
    """Between a request and a response goes what both have."""
    assert made(assign(assign_to="mine", copy=copy), response=True) == expected


def test_overwrites_what_it_copies() -> None:
    """A copied header takes the place of the one that was there; others stay."""
    old = assign(name="old", assign_to="mine", add=Add(headers={"x-a": "old", "Own": "1"}))

    found = made(old, assign(assign_to="mine", copy=Copy(headers=["X-A"])))

    assert list(found.headers) == [("X-A", "1"), ("X-A", "3"), ("Own", "1")]


def test_copies_nothing_of_a_message_into_itself() -> None:
    """A copy whose source is its destination has no effect."""
    seen = at_target(assign(copy=Copy(headers=["x-a.2"])))

    assert list(seen.headers) == [*SENT, FORM]


def test_leaves_out_headers_that_no_response_can_have() -> None:
    """A client may call a header anything; what cannot be sent is not copied into a response."""
    edge = frozen_edge()
    policy = assign(assign_to="mine", type="response", copy=Copy(source="request"))
    url = url_of(edge, policy, assign(name="copy", assign_to="response", copy=Copy(source="mine")))

    sent = answer(edge, Request(url=url, headers=[("b c", "1"), ("", "2"), ("ü", "3"), ("OK", "x\ny")]))

    assert sent == (200, [("OK", "x y")], b"")


def test_refuses_to_copy_what_is_no_message() -> None:
    """A source that holds a text is refused; ignored, it has no effect."""
    edge = frozen_edge()
    put = Put(name="put", values={"PostalCode": "94000"})
    text = "AssignMessage[am]: value of variable PostalCode is not of type Message"
    ignoring = assign(copy=Copy(source="PostalCode"), ignore_unresolved_variables=True)

    sent = answer(edge, get(url_of(edge, put, assign(copy=Copy(source="PostalCode")))))

    assert sent == (500, [JSON], fault(text, f"{CODE}VariableOfNonMsgType"))
    assert edge.calls.last.reason == "the policy 'am' needs a message in PostalCode, which holds a value"
    assert list(at_target(put, ignoring).headers) == [*SENT, FORM]


# Destinations


def test_changes_the_current_message_by_default() -> None:
    """In a request flow that is the request, in a response flow the response, in a fault rule the error."""
    edge, seen = frozen_edge(), []
    policy = assign(set=Set(headers={"Mine": "1"}))
    flow = pre(policy, response=[policy])
    url = url_of(edge, pre_flow=flow, target=lambda request: seen.append(request) or Response())

    assert answer(edge, get(url)) == (200, [("Mine", "1")], b"")
    assert list(seen[0].headers) == [("Mine", "1")]


@pytest.mark.parametrize("assign_to", ["", "message", "response", "error"])
@pytest.mark.parametrize("create_new", [None, False])
def test_changes_an_error(assign_to: str, create_new: object) -> None:
    """In a fault rule, the error goes by four names."""
    edge = frozen_edge()
    policy = assign(assign_to=assign_to, create_new=create_new, set=Set(status_code=401, payload="Go away"))

    assert answer(edge, get(url_of(edge, Refuse(name="no"), fault_rules=[rule(policy)]))) == (401, [JSON], b"Go away")


NEW = {
    "request by name": ({"assign_to": "request"}, "request", Request(url=ROOT)),
    "request by type": ({"type": "request"}, "request", Request(url=ROOT)),
    "request by flow": ({}, "request", Request(url=ROOT)),
    "request by message": ({"assign_to": "message", "type": "response"}, "request", Request(url=ROOT)),
    "request whatever type": ({"assign_to": "request", "type": "response"}, "request", Request(url=ROOT)),
    "response by name": ({"assign_to": "response"}, "response", Response()),
    "response by type": ({"type": "response"}, "response", Response()),
    "error": ({"assign_to": "error"}, "response", Response()),
    "own request": ({"assign_to": "mine"}, "mine", Request(url=ROOT)),
    "own response": ({"assign_to": "mine", "type": "response"}, "mine", Response()),
    "own with dot": ({"assign_to": "partner.request"}, "partner.request", Request(url=ROOT)),
}


@pytest.mark.parametrize(("settings", "name", "expected"), NEW.values(), ids=NEW)
def test_makes_a_new_message(settings: dict[str, object], name: str, expected: Request | Response) -> None:
    """A new message is empty: a GET of the root, or a 200; whatever was there before is gone."""
    assert made(assign(create_new=True, **settings), name=name) == expected


def test_makes_a_response_in_a_response_flow() -> None:
    """There, a message of one's own is a response by default, and so is the one that takes the place of another."""
    assert made(assign(assign_to="mine", create_new=True), response=True) == Response()
    assert made(assign(create_new=True), response=True, name="response") == Response()


def test_copies_what_the_new_message_takes_the_place_of() -> None:
    """A new request may copy from the one that it replaces; templates read the new one."""
    policy = assign(
        create_new=True,
        type="request",
        copy=Copy(source="request", headers=["X-B"]),
        set=Set(payload="{request.header.x-b}{request.header.x-a}"),
        ignore_unresolved_variables=True,
    )

    assert made(policy, name="request") == Request(url=ROOT, headers=[("X-B", "2")], body="2")


def test_refuses_a_message_that_is_not_there() -> None:
    """Without a new message, the variable must hold one."""
    edge = frozen_edge()
    url = url_of(edge, assign(assign_to="mine", create_new=False))

    assert answer(edge, get(url)) == unresolved("mine")
    assert edge.calls.last.reason == "the policy 'am' needs a message in mine, which holds nothing"


@pytest.mark.parametrize("create_new", [None, True])
def test_makes_a_message_beside_a_text(create_new: object) -> None:
    """A variable that holds no message gets one, unless told otherwise."""
    put = Put(name="put", values={"mine": "text"})

    assert made(put, assign(assign_to="mine", create_new=create_new)) == Request(url=ROOT)


def test_gives_its_messages_to_later_policies() -> None:
    """A message of one's own is found by its name in templates and conditions."""
    first = assign(name="first", assign_to="mine", set=Set(headers={"Id": "42"}, payload="x"))

    assert at_target(first, assign(set=Set(payload="{mine.header.id}{mine.content}"))).body == b"42x"


# Declarations


NO_HEADER = "cannot be the name of a header: letters, digits and hyphens, as 'X-Trace'."
NO_NAMES = "takes a list of names, as headers=['a', 'b'], or '*' for all of them, not 'Accept'."
INDEX = "must be greater than zero: 'id.1' is the first value of 'id'."
DELIMITER = "of a Payload takes one character that is in no name of a variable, as '@', not"
FUNCTION = (
    "calls the template function {!r}, which is not modelled by this version. "
    "Set a variable by a policy of your own, and name that variable instead."
)
STATUS = "status_code of Set takes a status from 200 to 599, or a template as '{code}', not "
WRONG = {
    "assign_to": (lambda: assign(assign_to=1), "assign_to of 'am' takes text, not int."),
    "create_new": (lambda: assign(create_new="yes"), "create_new of 'am' takes True or False, not str."),
    "type": (
        lambda: assign(type="Request"),
        "Unknown type of 'am' 'Request'. Allowed: request, response. Did you mean 'request'?",
    ),
    "ignore": (
        lambda: assign(ignore_unresolved_variables=1),
        "ignore_unresolved_variables of 'am' takes True or False, not int.",
    ),
    "copy": (lambda: assign(copy="request"), "copy takes a Copy, not str."),
    "remove": (lambda: assign(remove=Add()), "remove takes a Remove, not Add."),
    "add": (lambda: assign(add={}), "add takes an Add, not dict."),
    "set": (lambda: assign(set=()), "set takes a Set, not tuple."),
    "one variable": (
        lambda: assign(assign_variables=AssignVariable(name="x", value="")),
        "assign_variables takes a list of AssignVariable, not AssignVariable.",
    ),
    "variables": (lambda: assign(assign_variables="x"), "assign_variables takes a list of AssignVariable, not str."),
    "variables of texts": (
        lambda: assign(assign_variables=["x"]),
        "assign_variables takes a list of AssignVariable, not str.",
    ),
    "order": (
        lambda: assign(order=["Set"]),
        "Unknown order 'Set'. Allowed: add, assign_variables, copy, remove, set. Did you mean 'set'?",
    ),
    "no order": (lambda: assign(order=()), "order takes at least one of add, assign_variables, copy, remove, set."),
    "one header": (lambda: Remove(headers="Accept"), f"headers of Remove {NO_NAMES}"),
    "no headers": (lambda: Copy(headers=[]), "headers of Copy takes at least one name, or '*' for all of them."),
    "header name": (lambda: Copy(headers=["a b"]), f"'a b' in headers of Copy {NO_HEADER}"),
    "set header": (lambda: Set(headers={"": "x"}), f"'' in headers of Set {NO_HEADER}"),
    "add parameter": (
        lambda: Add(query_params={"": "x"}),
        "'' in query_params of Add cannot be the name of a parameter: it is empty.",
    ),
    "header values": (lambda: Set(headers={"A": 1}), "headers of Set takes a dict of texts, not one with int at 'A'."),
    "index 0": (lambda: Copy(query_params=["id.0"]), f"The index of 'id.0' in query_params of Copy {INDEX}"),
    "index -1": (lambda: Remove(form_params=["id.-1"]), f"The index of 'id.-1' in form_params of Remove {INDEX}"),
    "remove payload": (lambda: Remove(payload="true"), "payload of Remove takes True or False, not str."),
    "copy payload": (lambda: Copy(payload="true"), "payload of Copy takes True or False, not str."),
    "source": (lambda: Copy(source=""), "source of Copy takes text, not an empty text."),
    "payload": (lambda: Set(payload=b"x"), "payload of Set takes a Payload, not bytes."),
    "text": (lambda: Payload(None), "The text of a Payload takes text, not NoneType."),
    "content type": (lambda: Payload("", content_type=1), "content_type of a Payload takes text, not int."),
    "long prefix": (lambda: Payload("", variable_prefix="{{"), f"variable_prefix {DELIMITER} '{{{{'."),
    "letter": (lambda: Payload("", variable_suffix="x"), f"variable_suffix {DELIMITER} 'x'."),
    "blank": (lambda: Payload("", variable_suffix=" "), f"variable_suffix {DELIMITER} ' '."),
    "dot": (lambda: Payload("", variable_suffix="."), f"variable_suffix {DELIMITER} '.'."),
    "alike": (
        lambda: Payload("", variable_prefix="%", variable_suffix="%"),
        "A Payload needs two delimiters that differ, as '@' and '#', not '%' twice.",
    ),
    "verb": (lambda: Set(verb="A B"), "verb of Set takes one word, as 'POST', or a template, not 'A B'."),
    "path": (lambda: Set(path=1), "path of Set takes text, not int."),
    "status": (lambda: Set(status_code=199), f"{STATUS}199."),
    "status of true": (lambda: Set(status_code=True), f"{STATUS}True."),
    "status as text": (lambda: Set(status_code="OK"), f"{STATUS}'OK'."),
    "no variable": (
        lambda: AssignVariable(name="", value="x"),
        "name of AssignVariable takes text, not an empty text.",
    ),
    "value": (lambda: AssignVariable(name="x", value=1), "value of AssignVariable 'x' takes text, not int."),
    "ref": (lambda: AssignVariable(name="x", ref=1), "ref of AssignVariable 'x' takes text, not int."),
    "nothing": (lambda: AssignVariable(name="x"), "AssignVariable 'x' needs a value, a ref or a template."),
    "function": (
        lambda: AssignVariable(name="x", template="{timeFormatUTCMs(f,system.timestamp)}"),
        f"template of AssignVariable 'x' {FUNCTION.format('timeFormatUTCMs')}",
    ),
    "function in a payload": (
        lambda: Payload("@createUuid()#", variable_prefix="@", variable_suffix="#"),
        f"The text of a Payload {FUNCTION.format('createUuid')}",
    ),
    "function in a header": (
        lambda: Set(headers={"A": "{sha256Hex(x)}"}),
        f"'A' in headers of Set {FUNCTION.format('sha256Hex')}",
    ),
    "function in a verb": (lambda: Set(verb="{toUpperCase(v)}"), f"verb of Set {FUNCTION.format('toUpperCase')}"),
}


@pytest.mark.parametrize(("make", "message"), WRONG.values(), ids=WRONG)
def test_refuses_wrong_settings(make: object, message: str) -> None:
    """A setting that cannot be is refused when it is made, and the message says what can."""
    with pytest.raises(ConfigurationError) as raised:
        make()

    assert str(raised.value) == message


# Anything


TEXTS = st.text(max_size=12) | st.sampled_from(
    ["{request.content}", "{request.header.a}", "{request.queryparam.q}", "{nothing}", "{message.header.b.values}"]
)
NAMES = st.sampled_from(["a", "B", "Content-Type", "Content-Length", "a.2"])
MAPS = st.dictionaries(NAMES, TEXTS, max_size=2)
SOME = st.none() | st.just("*") | st.lists(NAMES, min_size=1, max_size=2)
FLAGS = st.booleans()
SETS = st.builds(
    Set,
    headers=MAPS,
    query_params=MAPS,
    form_params=MAPS,
    payload=st.none() | TEXTS | st.builds(Payload, TEXTS, content_type=TEXTS),
    verb=st.sampled_from(["", "PUT", "{request.content}"]),
    path=TEXTS,
    status_code=st.sampled_from(["", 200, 599, "{request.content}", "{request.queryparam.q}"]),
    reason_phrase=TEXTS,
)
REMOVES = st.builds(Remove, headers=SOME, query_params=SOME, form_params=SOME, payload=FLAGS)
SOURCES = st.sampled_from(["message", "request", "response", "nothing", "mine"])
COPYING = st.builds(
    Copy,
    source=SOURCES,
    headers=SOME,
    query_params=SOME,
    form_params=SOME,
    payload=FLAGS,
    verb=FLAGS,
    path=FLAGS,
    status_code=FLAGS,
    reason_phrase=FLAGS,
)
TARGETS = st.sampled_from(["x", "request.header.c d", "request.path", "response.status.code", "request.verb", "mine.a"])
VARIABLES = st.builds(
    AssignVariable,
    name=TARGETS | st.text(min_size=1, max_size=5),
    value=st.text(max_size=5),
    ref=SOURCES | st.text(max_size=5) | st.just("request.content"),
    template=TEXTS,
)
EDITS = {
    "set": st.none() | SETS,
    "add": st.none() | st.builds(Add, headers=MAPS, query_params=MAPS, form_params=MAPS),
    "remove": st.none() | REMOVES,
    "copy": st.none() | COPYING,
    "assign_variables": st.lists(VARIABLES, max_size=2),
    "order": st.permutations(["assign_variables", "copy", "remove", "add", "set"]),
}
POLICIES = st.builds(
    AssignMessage,
    name=st.just("am"),
    assign_to=st.sampled_from(["", "message", "request", "response", "error", "mine"]),
    create_new=st.sampled_from([None, True, False]),
    type=st.sampled_from(["", "request", "response"]),
    ignore_unresolved_variables=FLAGS,
    continue_on_error=FLAGS,
    **EDITS,
) | st.builds(
    RaiseFault,
    name=st.just("rf"),
    fault_response=st.builds(FaultResponse, **EDITS),
    ignore_unresolved_variables=FLAGS,
    continue_on_error=FLAGS,
)
# What a client sends becomes a response, which checks itself.
INTO_RESPONSE = AssignMessage(name="into", assign_to="response", copy=Copy(source="request"))
POLICY_LISTS = st.lists(POLICIES, min_size=1, max_size=3)
ANY_HEADERS = st.lists(st.tuples(st.sampled_from(["a", "B", "b c", "ü", ""]), st.text(max_size=8)), max_size=3)


@given(
    policies=POLICY_LISTS | POLICY_LISTS.map(lambda policies: [INTO_RESPONSE, *policies]),
    in_rules=FLAGS,
    query=st.text(max_size=10),
    headers=ANY_HEADERS.map(lambda pairs: [*pairs, FORM]) | ANY_HEADERS,
    body=st.sampled_from(["200", "GET"]) | st.text(max_size=10) | st.binary(max_size=10),
)
def test_answers_anything(
    policies: list[Policy], query: str, headers: list[tuple[str, str]], body: str | bytes, *, in_rules: bool
) -> None:
    """Whatever a client sends through whatever settings: an answer, and nothing for the tester to mend."""
    edge = frozen_edge()
    (policies,) = named_apart(policies)
    flows = {"fault_rules": [rule(*policies)]} if in_rules else {}
    url = url_of(edge, *([Refuse(name="no")] if in_rules else policies), target=lambda _: Response(), **flows)

    outcome = edge.handle(Request(url=f"{url}?q={query}", headers=headers, body=body))

    assert isinstance(outcome, Response)
    assert edge.take_grievances() == ()
