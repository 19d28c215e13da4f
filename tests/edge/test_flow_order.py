"""Flows: what runs for a call, and in which order.

Source: "Controlling how a proxy executes with flows" and "Configuring flows" of Edge's documentation.
"""

import pytest

from pytest_apigee import Request, Response
from pytest_apigee.edge.gateway.flow import Flow, ProxyEndpoint, Step, TargetEndpoint
from tests.edge.flow_support import Look, Note, Put, Refuse, Say, pre, rule, url_of
from tests.edge.gateway_support import JSON, answer, frozen_edge, get


def noted(log: list[str], name: str, condition: str = "") -> Flow:
    """Return a flow that writes down its two sides."""
    request, response = Note(name=f"{name}>", log=log), Note(name=f"<{name}", log=log)
    return Flow(name=name, condition=condition, request=[request], response=[response])


def flows(log: list[str], endpoint: str) -> dict[str, object]:
    """Return three flows of an endpoint that write down their names."""
    return {
        "pre_flow": noted(log, f"{endpoint}.pre"),
        "flows": [noted(log, f"{endpoint}.flow", 'request.verb = "GET"')],
        "post_flow": noted(log, f"{endpoint}.post"),
    }


def test_runs_the_four_segments_in_order() -> None:
    """The proxy's request flows, the target's, the target, then the target's response flows, and the proxy's last."""
    edge, log = frozen_edge(), []

    def target(request: Request) -> object:
        log.append("target")
        return {}

    url = url_of(edge, **flows(log, "proxy"), target=target, target_endpoint=TargetEndpoint(**flows(log, "target")))

    assert answer(edge, get(url)) == (200, [JSON], b"{}")
    assert log == [
        "proxy.pre>",
        "proxy.flow>",
        "proxy.post>",
        "target.pre>",
        "target.flow>",
        "target.post>",
        "target",
        "<target.pre",
        "<target.flow",
        "<target.post",
        "<proxy.pre",
        "<proxy.flow",
        "<proxy.post",
    ]


def test_runs_the_flows_of_a_proxy_without_target() -> None:
    """A proxy without target echoes the request, which its response flows see."""
    edge, log = frozen_edge(), []
    url = url_of(edge, **flows(log, "proxy"))

    assert answer(edge, Request(url=url, body="hello")) == (200, [], b"hello")
    assert log == ["proxy.pre>", "proxy.flow>", "proxy.post>", "<proxy.pre", "<proxy.flow", "<proxy.post"]


def test_echoes_nothing_where_that_guess_is_off() -> None:
    """With the guess `unmatched_flow_echo` off, a proxy without target answers 404; no response flow runs."""
    edge, log = frozen_edge(guesses={"unmatched_flow_echo": False}), []
    url = url_of(edge, **flows(log, "proxy"))

    assert answer(edge, Request(url=url, body="hello")) == (404, [], b"")
    assert log == ["proxy.pre>", "proxy.flow>", "proxy.post>"]
    assert edge.calls.last.reason == "no policy of the proxy 'p' answers GET /p"


def test_runs_the_policies_of_a_flow_in_their_order() -> None:
    """The steps of a flow run as they stand; one policy may stand in several places."""
    edge, log = frozen_edge(), []
    first, second = Note(name="first", log=log), Note(name="second", log=log)

    answer(edge, get(url_of(edge, first, second, first, post_flow=Flow(name="PostFlow", request=[second]))))

    assert log == ["first", "second", "first", "second"]


def test_takes_a_single_policy_for_a_list() -> None:
    """A flow of one policy may leave out the brackets."""
    edge, log = frozen_edge(), []

    answer(edge, get(url_of(edge, pre_flow=Flow(name="PreFlow", request=Note(name="only", log=log)))))

    assert log == ["only"]


# Which flow


@pytest.mark.parametrize(
    ("method", "log"),
    [("GET", ["get>", "<get"]), ("POST", ["any>", "<any"]), ("DELETE", ["any>", "<any"])],
)
def test_runs_the_first_flow_whose_condition_holds(method: str, log: list[str]) -> None:
    """Of the conditional flows one runs, the first that may; one without condition is for all that are left."""
    edge, seen = frozen_edge(), []
    chosen = [noted(seen, "get", 'request.verb = "GET"'), noted(seen, "any"), noted(seen, "later")]

    answer(edge, Request(method=method, url=url_of(edge, flows=chosen)))

    assert seen == log


@pytest.mark.parametrize(
    ("status", "log"),
    [(201, ["get>", "<created"]), (200, ["get>", "<get"])],
)
def test_chooses_the_flow_of_a_response_anew(status: int, log: list[str]) -> None:
    """Each of the pipelines of request and response runs the first flow whose condition holds by then."""
    edge, seen = frozen_edge(), []
    chosen = [noted(seen, "created", "response.status.code = 201"), noted(seen, "get", 'request.verb = "GET"')]

    answer(edge, get(url_of(edge, flows=chosen, target=Response(status=status))))

    assert seen == log


def test_chooses_the_flow_of_a_target_likewise() -> None:
    """The flows of a TargetEndpoint are chosen by their own conditions, for request and response."""
    edge, seen = frozen_edge(), []
    chosen = [noted(seen, "b", 'proxy.pathsuffix = "/b"'), noted(seen, "created", "response.status.code = 201")]
    endpoint = TargetEndpoint(flows=[*chosen, noted(seen, "rest")])

    answer(edge, get(f"{url_of(edge, target=Response(status=201), target_endpoint=endpoint)}/a"))

    assert seen == ["rest>", "<created"]


def test_looks_at_conditions_when_their_turn_comes() -> None:
    """A condition sees what the policies before it did: the flow's the PreFlow, a step's the steps before."""
    edge, seen = frozen_edge(), []
    mark = Put(name="mark", values={"request.header.x-mark": "1", "mark": "set"})
    early, late = Note(name="early", log=seen), Note(name="late", log=seen)
    marked = 'mark = "set" and request.header.X-Mark = "1"'

    url = url_of(
        edge,
        Step(policy=early, condition=marked),
        mark,
        Step(policy=late, condition=marked),
        flows=[noted(seen, "flow", marked)],
    )
    answer(edge, get(url))

    assert seen == ["late", "flow>", "<flow"]


def test_does_not_look_again_once_a_flow_was_chosen() -> None:
    """What a flow's own policies change does not end it, nor start a flow before it."""
    edge, seen = frozen_edge(), []
    change = Put(name="change", values={"request.verb": "POST"})
    own = Flow(name="get", condition='request.verb = "GET"', request=[change, Note(name="still", log=seen)])

    answer(edge, get(url_of(edge, flows=[noted(seen, "post", 'request.verb = "POST"'), own])))

    assert seen == ["still", "<post"]


# Which steps


def test_leaves_out_steps_whose_condition_does_not_hold() -> None:
    """A step runs where its condition holds; one without condition always does."""
    edge, seen = frozen_edge(), []
    url = url_of(
        edge,
        Step(policy=Note(name="get", log=seen), condition='request.verb = "GET"'),
        Step(policy=Note(name="post", log=seen), condition='request.verb = "POST"'),
        Step(policy=Note(name="always", log=seen)),
        Step(policy=Note(name="blank", log=seen), condition="  "),
    )

    answer(edge, get(url))

    assert seen == ["get", "always", "blank"]


@pytest.mark.parametrize("condition", ["", 'request.verb = "GET"'])
def test_leaves_out_disabled_policies(condition: str) -> None:
    """A policy that is not enabled does not run, whatever the condition of its step says."""
    edge = frozen_edge()
    url = url_of(edge, Step(policy=Refuse(name="off", enabled=False), condition=condition))

    assert answer(edge, get(url)) == (200, [], b"")


def test_shows_the_request_to_conditions_of_the_response() -> None:
    """The variables of the request, changes included, are there when the response is on its way."""
    edge, seen = frozen_edge(), []
    post_flow = Flow(
        name="PostFlow",
        response=[
            Step(policy=Note(name="saw it", log=seen), condition='request.header.a = "1" and response.content = "x"')
        ],
    )

    answer(
        edge,
        get(
            url_of(
                edge, Put(name="a", values={"request.header.a": "1"}), post_flow=post_flow, target=Response(body="x")
            )
        ),
    )

    assert seen == ["saw it"]


# What policies do to the messages


def test_sends_to_the_target_what_policies_made_of_the_request() -> None:
    """A target sees verb, headers, query and body as the flows of both endpoints left them."""
    edge, seen = frozen_edge(), []
    change = Put(name="change", values={"request.verb": "PUT", "request.header.a": "1", "request.queryparam.q": "2"})
    body = Put(name="body", values={"request.content": "new"})
    url = url_of(edge, change, target=seen.append, target_endpoint=TargetEndpoint(pre_flow=pre(body)))

    answer(edge, Request(method="POST", url=f"{url}/x?p=1", body="old"))

    (request,) = seen
    assert request == Request(method="PUT", url="https://p.target.invalid/x?p=1&q=2", headers=[("a", "1")], body="new")


def test_answers_with_what_policies_made_of_the_response() -> None:
    """Response policies of both endpoints change the target's answer, the proxy's last."""
    edge = frozen_edge()
    inner = Put(name="inner", values={"response.content": "inner", "response.header.a": "1"})
    outer = Put(name="outer", values={"response.status.code": 202, "response.header.a": "2"})
    url = url_of(
        edge,
        pre_flow=pre(response=[outer]),
        target={},
        target_endpoint=TargetEndpoint(pre_flow=pre(response=[inner])),
    )

    assert answer(edge, get(url)) == (202, [JSON, ("a", "2")], b"inner")


@pytest.mark.parametrize("status", [200, 404, 500])
def test_answers_with_a_response_that_a_request_policy_made(status: int) -> None:
    """Where a policy made the response and there is no target, response flows run, whatever its status is."""
    edge, seen = frozen_edge(), []
    url = url_of(edge, Say(name="say", status=status, body="said"), post_flow=noted(seen, "post"))

    assert answer(edge, get(url)) == (status, [], b"said")
    assert seen == ["post>", "<post"]
    assert edge.calls.last.reason == ""
    assert not edge.calls.last.was_refused


# Stages


def test_names_stage_and_flow() -> None:
    """`error.state` is none before a call failed; `current.flow.name` is the flow that runs."""
    edge = frozen_edge()
    look = Look(name="look", names=("error.state", "current.flow.name"))
    both = {"request": [look], "response": [look]}
    url = url_of(edge, pre_flow=Flow(name="PreFlow", **both), flows=[Flow(name="mine", **both)])

    answer(edge, get(url))

    assert look.seen == [None, "PreFlow", None, "mine", None, "PreFlow", None, "mine"]


STAGES = {
    "PROXY_REQ_FLOW": ("endpoint", "request"),
    "TARGET_REQ_FLOW": ("target_endpoint", "request"),
    "TARGET_RESP_FLOW": ("target_endpoint", "response"),
    "PROXY_RESP_FLOW": ("endpoint", "response"),
}


@pytest.mark.parametrize(("stage", "place"), STAGES.items(), ids=STAGES)
def test_names_the_stage_where_a_call_failed(stage: str, place: tuple[str, str]) -> None:
    """`error.state` is the segment of the policy that refused, also in the proxy's default fault rule."""
    edge, (endpoint, side) = frozen_edge(), place
    look = Look(name="look", names=("error.state",))
    endpoints = {"endpoint": {"default_fault_rule": rule(look)}, "target_endpoint": {}}
    endpoints[endpoint]["pre_flow"] = Flow(name="PreFlow", **{side: [Refuse(name="refuse")]})

    url = edge.proxy(
        "/p",
        endpoint=ProxyEndpoint(**endpoints["endpoint"]),
        target_endpoint=TargetEndpoint(**endpoints["target_endpoint"]),
        target={},
    ).url
    answer(edge, get(url))

    assert look.seen == [stage]
