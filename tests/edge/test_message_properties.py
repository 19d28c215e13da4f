"""What holds of message policies whatever testers set and clients send. Settings at random: test_answers_anything."""

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_apigee import Request, Response
from pytest_apigee.edge.gateway.message_edits import Add, AssignVariable, Copy, Payload, Remove, Set
from pytest_apigee.edge.gateway.policies.assign_message import AssignMessage
from pytest_apigee.edge.gateway.policies.basic_authentication import BasicAuthentication
from pytest_apigee.edge.gateway.policies.raise_fault import FaultResponse, RaiseFault
from pytest_apigee.edge.gateway.policy import Policy
from tests.edge.flow_support import Look, Refuse, named_apart, pre, rule, url_of
from tests.edge.gateway_support import FORM, answer, frozen_edge

WAYS = ("request", "response", "fault rule", "raised")


def sent_through(way: str, payload: Payload | str) -> bytes:
    """Return the body that arrives where a policy sets it, at the target or at the client."""
    edge, seen = frozen_edge(), list[Request]()
    policy = AssignMessage(name="am", set=Set(payload=payload))
    match way:
        case "request":
            url = url_of(edge, policy, target=seen.append)
        case "response":
            url = url_of(edge, pre_flow=pre(response=[policy]), target={})
        case "fault rule":
            url = url_of(edge, Refuse(name="no"), fault_rules=[rule(policy)])
        case _:
            url = url_of(edge, RaiseFault(name="rf", fault_response=FaultResponse(set=Set(payload=payload))))
    _, _, body = answer(edge, Request(method="POST", url=url))
    return seen[0].body if seen else body


def json_of(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return objects and lists in JSON, in the layouts that people write."""
    scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
    values = st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
    )
    layouts: st.SearchStrategy[dict[str, object]] = st.sampled_from(
        [{}, {"indent": 2}, {"separators": (",", ":")}, {"ensure_ascii": False}]
    )
    wholes = st.dictionaries(texts, values, min_size=1, max_size=4) | st.lists(values, max_size=3)
    return st.builds(lambda value, layout: json.dumps(value, **layout), wholes, layouts)


PLAIN = st.text(max_size=8) | st.sampled_from(["", "{", "}", "{}", "{ a }", "{1}", "a{.b}", "{{", '{"', "\\{\\}"])
WITHOUT_NAMES = PLAIN.filter(lambda text: re.search(r"\{[A-Za-z_]", text) is None)
WITHOUT_AT = (PLAIN | st.sampled_from(["{nothing}", "{request.verb}"])).filter(lambda text: "@" not in text)


@pytest.mark.parametrize("way", WAYS)
@given(payload=json_of(WITHOUT_NAMES))
def test_keeps_json_without_variables(way: str, payload: str) -> None:
    """JSON in which no brace stands before a name arrives as it was written, to the byte."""
    assert sent_through(way, payload) == payload.encode()


@pytest.mark.parametrize("way", WAYS)
@given(payload=json_of(WITHOUT_AT))
def test_keeps_json_with_other_delimiters(way: str, payload: str) -> None:
    """With delimiters of its own a payload keeps all braces, names between them or not."""
    assert sent_through(way, Payload(payload, variable_prefix="@", variable_suffix="#")) == payload.encode()


ODD = ["\x00", "\r\n", "\ud800", "%", "%zz", "ü", "{request.content}", "9" * 20, "a, b", ""]
TEXTS = st.text(st.characters(), max_size=10) | st.sampled_from(ODD)  # lone surrogates, too
KINDS = st.sampled_from(["header", "queryparam", "formparam"])
ENDS = st.sampled_from(["", ".1", ".2", ".0", ".values", ".values.count", f".{'9' * 20}"])
HEADS = st.sampled_from(["request", "response", "message", "error", "mine"])
VARIABLES = (
    st.builds(lambda head, kind, end: f"{head}.{kind}.a{end}", HEADS, KINDS, ENDS)
    | st.builds(
        lambda head, part: f"{head}.{part}",
        HEADS,
        st.sampled_from(
            ["verb", "path", "uri", "querystring", "content", "version", "url", "status.code", "reason.phrase"]
        ),
    )
    | HEADS
    | st.text(min_size=1, max_size=6)
)
SET_BY_VALUE = st.builds(AssignVariable, name=VARIABLES, value=TEXTS)
SET_BY_REF = st.builds(AssignVariable, name=VARIABLES, ref=VARIABLES, value=st.none() | TEXTS)
DECODES = st.builds(
    BasicAuthentication,
    name=st.just("ba"),
    operation=st.just("Decode"),
    user=VARIABLES,
    password=VARIABLES,
    source=VARIABLES,
    ignore_unresolved_variables=st.booleans(),
)
ENCODES = st.builds(
    BasicAuthentication,
    name=st.just("ba"),
    operation=st.just("Encode"),
    user=VARIABLES,
    password=VARIABLES,
    assign_to=VARIABLES,
    create_new=st.booleans(),
    ignore_unresolved_variables=st.booleans(),
)
ASSIGNS = st.builds(
    AssignMessage,
    name=st.just("am"),
    assign_to=HEADS.map(lambda name: name if name != "message" else ""),
    create_new=st.none() | st.booleans(),
    assign_variables=st.lists(SET_BY_VALUE | SET_BY_REF, min_size=1, max_size=3),
    copy=st.none() | st.builds(Copy, source=HEADS),
    remove=st.none() | st.builds(Remove, headers=st.just("*")),
    add=st.none() | st.builds(Add, headers=st.just({"A": "{request.header.a}{request.queryparam.a}"})),
    ignore_unresolved_variables=st.booleans(),
)
RAISES = st.builds(
    RaiseFault,
    name=st.just("rf"),
    fault_response=st.builds(FaultResponse, assign_variables=st.lists(SET_BY_VALUE | SET_BY_REF, max_size=2)),
    ignore_unresolved_variables=st.booleans(),
    continue_on_error=st.booleans(),
)
FIT = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
POLICIES: st.SearchStrategy[Policy] = DECODES | ENCODES | ASSIGNS | RAISES
REQUESTS: st.SearchStrategy[Callable[[str], Request]] = st.builds(
    lambda method, rest, headers, body: (
        lambda url: Request(method=method, url=f"{url}{rest}", headers=headers, body=body)
    ),
    st.sampled_from(["GET", "POST", "", "G T", "\ud800"]),
    TEXTS.map("?a=1&a=".__add__) | TEXTS.map("/".__add__) | TEXTS.map("#".__add__),
    st.lists(st.tuples(st.sampled_from(["a", "A", "b c", ""]), TEXTS), max_size=3).map(lambda pairs: [*pairs, FORM]),
    TEXTS.map("a=".__add__) | st.binary(max_size=12),
)


@given(
    in_request=st.lists(POLICIES, max_size=2),
    in_response=st.lists(POLICIES, max_size=2),
    in_rules=st.lists(POLICIES, max_size=2),
    asked=st.lists(VARIABLES, max_size=3),
    request=REQUESTS,
)
def test_never_breaks_a_call(
    in_request: list[Policy],
    in_response: list[Policy],
    in_rules: list[Policy],
    asked: list[str],
    request: Callable[[str], Request],
) -> None:
    """Whatever variables are read, set and copied in whichever flow: a fit answer, and no policy broke."""
    edge = frozen_edge()
    in_request, in_response, in_rules = named_apart(in_request, in_response, in_rules)
    look = Look(name="look", names=tuple(asked))
    flow = pre(*in_request, look, response=[*in_response, look])
    url = url_of(edge, pre_flow=flow, fault_rules=[rule(*in_rules, look)], target={})

    outcome = edge.handle(request(url))

    assert isinstance(outcome, Response)
    assert outcome.status in range(200, 600)
    texts = [outcome.reason, *(value for _, value in outcome.headers)]
    assert [text for text in texts if not FIT.fullmatch(text)] == []
    assert edge.take_grievances() == ()
