"""Flow variables: what they describe, and what setting one does.

Source: "Flow variables reference" of Edge's documentation.
"""

from dataclasses import dataclass, field

import pytest

from pytest_apigee import Request, Response
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.flow import Flow, ProxyEndpoint
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.gateway.variables import Value
from tests.edge.flow_support import Look, Own, Put, Refuse, Say, pre, rule, url_of
from tests.edge.gateway_support import FORM, JSON, MOMENT_MS, answer, fault, frozen_edge, get

BROKEN = (500, [JSON], fault("Execution of own failed", "steps.ExecutionFailed"))


@dataclass(frozen=True, kw_only=True)
class Text(Policy):
    """Writes down what a variable is as text."""

    names: tuple[str, ...]
    seen: list[str | None] = field(default_factory=list)

    def execute(self, context: FlowContext) -> None:
        self.seen.extend(context.variables.text(name) for name in self.names)


def looked_at(*names: str, request: Request | None = None, before: tuple[Policy, ...] = ()) -> list[Value]:
    """Return what variables hold in the request of a proxy that echoes."""
    edge = frozen_edge()
    look = Look(name="look", names=names)
    url = url_of(edge, *before, look)
    sent = Request(url=url) if request is None else request.with_url(f"{url}{request.url.partition('.test')[2]}")
    answer(edge, sent)
    return look.seen


# What describes the call


DESCRIBED = {
    "proxy.pathsuffix": "/a/b",
    "proxy.basepath": "/p",
    "proxy.url": "https://acme-test.apigee.net/p/a/b?q=1",
    "proxy.name": "default",
    "apiproxy.name": "p",
    "apiproxy.revision": "1",
    "organization.name": "acme",
    "environment.name": "test",
    "virtualhost.name": "secure",
    "client.scheme": "https",
    "client.ip": "127.0.0.1",
    "current.flow.name": "PreFlow",
    "system.timestamp": MOMENT_MS,
    "is.error": False,
}


@pytest.mark.parametrize(("name", "value"), DESCRIBED.items(), ids=DESCRIBED)
def test_describes_the_call(name: str, value: Value) -> None:
    """A variable of the call says where it came in, when, and where it is."""
    assert looked_at(name, request=Request(url="https://x.test/a/b?q=1")) == [value]


def test_describes_a_call_over_http() -> None:
    """Plain http comes in by the virtual host `default`; a call of the base path alone has no path suffix."""
    edge = frozen_edge()
    look = Look(name="look", names=("client.scheme", "virtualhost.name", "proxy.pathsuffix"))

    answer(edge, get(url_of(edge, look).replace("https", "http")))

    assert look.seen == ["http", "default", ""]


UNKNOWN = [
    "nothing",
    "",
    ".",
    "request",
    "request.",
    "request.nothing",
    "request.header",
    "request.header.missing",
    "request.queryparam.missing",
    "request.formparam.missing",
    "response.content",
    "error",
    "error.content",
    "error.state",
    "error.message",
    "fault.name",
    "Proxy.Pathsuffix",
    "proxy",
    "target.url",
]


@pytest.mark.parametrize("name", UNKNOWN)
def test_knows_nothing_by_other_names(name: str) -> None:
    """A name that stands for nothing reads as None, and is null in conditions."""
    assert looked_at(name) == [None]


# Messages


def test_reads_the_request() -> None:
    """The parts of the request are variables; `message` is the request while there is no response."""
    request = Request(method="POST", url="https://x.test/a?q=1", headers=[FORM, ("X-A", "2")], body="f=3")
    names = ("request.verb", "request.path", "request.queryparam.q", "request.header.x-a", "request.formparam.f")

    assert looked_at(*names, "message.verb", "message.content", "message.status.code", request=request) == [
        "POST",
        "/p/a",
        "1",
        "2",
        "3",
        "POST",
        "f=3",
        None,
    ]


def test_reads_the_response() -> None:
    """From then on, `message` is the response; `error` is none where nothing failed."""
    edge = frozen_edge()
    look = Look(name="look", names=("response.status.code", "message.content", "message.verb", "error.status.code"))

    answer(edge, get(url_of(edge, pre_flow=pre(response=[look]), target=Response(status=201, body="x"))))

    assert look.seen == [201, "x", None, None]


def test_reads_the_error() -> None:
    """Where a call failed, `error`, `response` and `message` are all the fault."""
    edge = frozen_edge()
    parts = ("status.code", "header.content-type", "reason.phrase")
    look = Look(
        name="look", names=tuple(f"{head}.{part}" for head in ("error", "response", "message") for part in parts)
    )

    answer(edge, get(url_of(edge, Refuse(name="refuse"), fault_rules=[rule(look)])))

    assert look.seen == [429, "application/json", "Too Many Requests"] * 3


CHANGES = {
    "verb": ("request.verb", "PUT", Request(method="PUT", url="https://p.target.invalid/?q=1", body="b")),
    "query": ("request.queryparam.q", "2", Request(url="https://p.target.invalid/?q=2", body="b")),
    "no query": ("request.queryparam.q", None, Request(url="https://p.target.invalid/", body="b")),
    "header": ("request.header.A", 3, Request(url="https://p.target.invalid/?q=1", headers=[("A", "3")], body="b")),
    "content": ("request.content", "c", Request(url="https://p.target.invalid/?q=1", body="c")),
    "message": ("message.content", "c", Request(url="https://p.target.invalid/?q=1", body="c")),
    "no content": ("request.content", None, Request(url="https://p.target.invalid/?q=1", body="")),
}


@pytest.mark.parametrize(("name", "value", "expected"), CHANGES.values(), ids=CHANGES)
def test_changes_the_request(name: str, value: Value, expected: Request) -> None:
    """To set a part of the request changes what the target gets; None removes it."""
    edge, seen = frozen_edge(), []
    url = url_of(edge, Put(name="put", values={name: value}), target=seen.append)

    answer(edge, Request(url=f"{url}?q=1", body="b"))

    assert seen == [expected]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"response.status.code": 202}, (202, [("A", "1")], b"b")),
        ({"response.status.code": "204"}, (204, [("A", "1")], b"b")),
        ({"response.status.code": "no status"}, (200, [("A", "1")], b"b")),
        ({"response.content": "c"}, (200, [("A", "1")], b"c")),
        ({"message.header.a": "2"}, (200, [("a", "2")], b"b")),
        ({"response.header.a": None}, (200, [], b"b")),
        ({"response.nothing": "x"}, (200, [("A", "1")], b"b")),
    ],
)
def test_changes_the_response(values: dict[str, Value], expected: object) -> None:
    """To set a part of the response changes what the client gets."""
    edge = frozen_edge()
    put = Put(name="put", values=values)
    url = url_of(edge, pre_flow=pre(response=[put]), target=Response(headers={"A": "1"}, body="b"))

    assert answer(edge, get(url)) == expected


# Variables of one's own


@pytest.mark.parametrize("value", ["text", "", 0, 7, True, False])
def test_keeps_what_was_set(value: Value) -> None:
    """A variable holds text, a whole number or a truth value, also an empty one."""
    (seen,) = looked_at("mine", before=(Put(name="put", values={"mine": value}),))

    assert (seen, type(seen)) == (value, type(value))


def test_removes_what_was_set() -> None:
    """None removes a variable; to remove one that is not there does nothing."""
    puts = (Put(name="a", values={"mine": "x", "other": "y"}), Put(name="b", values={"mine": None, "nothing": None}))

    assert looked_at("mine", "other", "nothing", before=puts) == [None, "y", None]


def test_keeps_names_apart_by_letter_case() -> None:
    """Names of variables are as they are written, dots and all."""
    put = Put(name="put", values={"a.b.C": "1", "a.b.c": "2", "request.mine": "3"})

    assert looked_at("a.b.C", "a.b.c", "a.b", "request.mine", before=(put,)) == ["1", "2", None, "3"]


def test_covers_what_describes_the_call() -> None:
    """A policy may say otherwise of the call; to remove that shows what was there."""
    before, after = Put(name="a", values={"client.ip": "10.0.0.1"}), Put(name="b", values={"client.ip": None})

    assert looked_at("client.ip", before=(before,)) == ["10.0.0.1"]
    assert looked_at("client.ip", before=(before, after)) == ["127.0.0.1"]


def test_does_not_hide_a_response_that_comes_later() -> None:
    """What was set for a response that was not there yet does not stand before the real one."""
    edge = frozen_edge()
    look = Look(name="look", names=("response.content", "response.header.a"))
    early = Put(name="early", values={"response.content": "early", "response.header.a": "early"})
    url = url_of(edge, pre_flow=pre(early, look, response=[look]), target=Response(headers={"A": "1"}, body="real"))

    assert answer(edge, get(url)) == (200, [("A", "1")], b"real")
    assert look.seen == ["early", "early", "real", "1"]


def test_keeps_variables_of_a_call_to_itself() -> None:
    """Each call starts without what another one set."""
    edge = frozen_edge()
    look = Look(name="look", names=("mine",))
    url = url_of(edge, look, Put(name="put", values={"mine": "x"}), look)

    for _ in range(2):
        answer(edge, get(url))

    assert look.seen == [None, "x", None, "x"]


def test_writes_values_as_java_does() -> None:
    """As text, truth values are lower case, and what is not there stays None."""
    edge = frozen_edge()
    text = Text(name="text", names=("yes", "no", "number", "words", "nothing", "is.error"))
    put = Put(name="put", values={"yes": True, "no": False, "number": 7, "words": "True"})

    answer(edge, get(url_of(edge, put, text)))

    assert text.seen == ["true", "false", "7", "True", None, "false"]


UNFIT = {"list": [1], "dict": {}, "float": 1.5, "bytes": b"x"}


@pytest.mark.parametrize("way", ["set", "update"])
@pytest.mark.parametrize(("kind", "value"), UNFIT.items(), ids=UNFIT)
def test_holds_nothing_else(kind: str, value: object, way: str) -> None:
    """What no variable can hold is refused where a policy sets it, and the tester hears of it."""
    edge = frozen_edge()

    def put(context: FlowContext) -> None:
        if way == "set":
            context.variables.set("mine", value)
        else:
            context.variables.update({"mine": value})

    message = (
        "the policy 'own' raised ConfigurationError: The flow variable 'mine' takes text, a whole number, True, False "
        f"or None, not {kind}."
    )
    assert answer(edge, get(url_of(edge, Own(name="own", act=put)))) == BROKEN
    assert [grievance.message for grievance in edge.take_grievances()] == [message]


# Messages that policies make


def test_reads_and_changes_messages_of_policies() -> None:
    """A message under a name of one's own has parts as request and response have, until the call ends."""
    edge = frozen_edge()
    look = Look(name="look", names=("mine.verb", "mine.queryparam.q", "mine.header.a", "mine.nothing", "mine"))

    def make(context: FlowContext) -> None:
        context.variables.set_message("mine", Request(method="PUT", url="https://x.example/?q=1"))

    url = url_of(edge, Own(name="make", act=make), Put(name="put", values={"mine.header.a": "2"}), look)

    assert answer(edge, get(url)) == (200, [], b"")
    assert look.seen == ["PUT", "1", "2", None, None]


MADE = Request(method="PUT", url="https://x.example/", body="made")
ANSWERED = Response(status=202, body="made")


@pytest.mark.parametrize(
    ("name", "message", "expected"),
    [
        ("request", MADE, (200, [], b"made")),
        ("message", MADE, (200, [], b"made")),
        ("response", ANSWERED, (202, [], b"made")),
        ("error", ANSWERED, (202, [], b"made")),
        ("request", ANSWERED, (200, [], b"sent")),
        ("response", MADE, (200, [], b"sent")),
        ("mine", ANSWERED, (200, [], b"sent")),
    ],
    ids=["request", "message", "response", "error", "request as response", "response as request", "other"],
)
def test_replaces_a_message(name: str, message: Request | Response, expected: object) -> None:
    """A message may stand for request or response, of which each takes its own kind alone."""
    edge = frozen_edge()
    own = Own(name="own", act=lambda context: context.variables.set_message(name, message))

    assert answer(edge, Request(url=url_of(edge, own), body="sent")) == expected


def test_replaces_the_message_of_a_response() -> None:
    """`message` is the response in flows of the response."""
    edge = frozen_edge()
    own = Own(name="own", act=lambda context: context.variables.set_message("message", ANSWERED))
    flow = Flow(name="f", request=[Say(name="say")], response=[own])

    sent = answer(edge, get(edge.proxy("/own", endpoint=ProxyEndpoint(flows=[flow])).url))

    assert sent == (202, [], b"made")


def test_message_is_the_request_while_it_is_on_its_way() -> None:
    """A response that a policy made early does not take the place of `message` in the request's flows."""
    edge, seen = frozen_edge(), list[object]()
    look = Own(name="look", act=lambda context: seen.append(context.variables.get("message.verb")))

    answer(edge, get(url_of(edge, Say(name="say"), look)))

    assert seen == ["GET"]


def test_a_message_may_have_a_dot_in_its_name() -> None:
    """Parts of a message that a policy made are found, whatever its name; the longest name that fits counts."""
    edge, seen = frozen_edge(), list[object]()

    def act(context: FlowContext) -> None:
        context.messages["partner"] = Request(url="https://a.example/", headers={"X": "short"})
        context.messages["partner.request"] = Request(url="https://a.example/", headers={"X": "long"})
        seen.append(context.variables.get("partner.request.header.x"))
        seen.append(context.variables.get("partner.header.x"))

    answer(edge, get(url_of(edge, Own(name="own", act=act))))

    assert seen == ["long", "short"]


def test_finds_messages_by_name() -> None:
    """A message is found by its name, and nothing by a name that is none's."""
    edge, found = frozen_edge(), []

    def look(context: FlowContext) -> None:
        names = ("request", "message", "response", "error", "mine")
        found.extend(context.variables.message_named(name) for name in names)

    url = url_of(edge, Own(name="own", act=look))
    answer(edge, Request(url=url, body="x"))

    request = Request(url=url, body="x")
    assert found == [request, request, None, None, None]
