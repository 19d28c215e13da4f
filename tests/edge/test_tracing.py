"""What a call leaves behind in a debug session: states, flows, policies, conditions, variables and messages."""

from threading import RLock

import pytest

from pytest_apigee import Response
from pytest_apigee.edge.debugging import (
    Access,
    AccessKind,
    DebugSession,
    Filter,
    MessageKind,
    MessageSnapshot,
    Point,
    Recording,
)
from pytest_apigee.edge.gateway.flow import Flow, Step, TargetEndpoint
from tests.edge.flow_support import Look, Own, Put, Say, pre, url_of
from tests.edge.gateway_support import JSON, answer, bearer, get, token_request
from tests.edge.trace_support import (
    TO_CLIENT,
    TO_TARGET,
    called,
    data,
    executed,
    ids,
    manage,
    opened,
    points,
    states,
    traced_edge,
)

XML = ("Content-Type", "application/xml")
STAMP = '"timestamp" : "02-01-26 03:04:05:678"'
OK = {"headers": [], "reasonPhrase": "OK", "statusCode": "200"}


@pytest.fixture
def edge():
    return traced_edge()


def test_the_way_of_a_call(edge):
    """A call goes through Edge's states, from the request that starts to the response that was sent."""
    called(edge, url_of(edge, target={}))

    assert states(edge) == [*TO_TARGET, "RESP_START", "TARGET_RESP_FLOW", "PROXY_RESP_FLOW", *TO_CLIENT]
    assert [point["id"] for point in data(edge)["point"]].count("Paused") == 2
    assert data(edge)["completed"] is True


def test_the_way_of_a_call_without_a_target(edge):
    """A proxy without a target goes from the flow of the request to that of the response."""
    called(edge, url_of(edge))

    assert states(edge) == [*TO_TARGET[:3], "PROXY_RESP_FLOW", *TO_CLIENT]
    assert [point["id"] for point in data(edge)["point"]].count("Paused") == 1


def test_the_data_as_json(edge):
    """Data is JSON in the official file's layout, each point with its results."""
    edge.proxy("/p", endpoint=None, security="none", target=Response(body="hi"))
    called(edge, "https://acme-test.apigee.net/p?a=1", ("X", "1"))

    status, headers, body = manage(edge, "GET", f"/s/data/{ids(edge)[0]}")

    assert (status, headers) == (200, [JSON])
    assert body.startswith(JSON_START.encode())
    assert body.endswith(JSON_END.encode())


JSON_START = f"""\
{{
  "completed" : true,
  "point" : [ {{
    "id" : "Paused",
    "results" : [ ]
  }}, {{
    "id" : "Resumed",
    "results" : [ ]
  }}, {{
    "id" : "StateChange",
    "results" : [ {{
      "ActionResult" : "DebugInfo",
      "properties" : {{
        "property" : [ {{
          "name" : "To",
          "value" : "REQ_HEADERS_PARSED"
        }}, {{
          "name" : "From",
          "value" : "REQ_START"
        }} ]
      }},
      {STAMP}
    }}, {{
      "ActionResult" : "RequestMessage",
      "headers" : [ {{
        "name" : "X",
        "value" : "1"
      }} ],
      "uRI" : "/p?a=1",
      "verb" : "GET"
    }} ]
  }}, {{"""
JSON_END = f"""\
    "id" : "StateChange",
    "results" : [ {{
      "ActionResult" : "DebugInfo",
      "properties" : {{
        "property" : [ {{
          "name" : "To",
          "value" : "PROXY_POST_RESP_SENT"
        }}, {{
          "name" : "From",
          "value" : "END"
        }} ]
      }},
      {STAMP}
    }}, {{
      "ActionResult" : "ResponseMessage",
      "content" : "hi",
      "headers" : [ ],
      "reasonPhrase" : "OK",
      "statusCode" : "200"
    }} ]
  }} ]
}}"""


@pytest.mark.parametrize("accepted", ["application/xml", "text/xml;q=0.9, application/json"])
def test_the_data_as_xml(edge, accepted):
    """A client that prefers XML gets the same data as XML."""
    policy = Put(name="put", values={"a": 'say "<hi>" &\n', "b": True})
    look = Look(name="look", names=("b", "none"))
    called(edge, url_of(edge, policy, Put(name="remove", values={"a": None}), look), ("X", "<1>\x00\ud800"))

    status, headers, body = manage(edge, "GET", f"/s/data/{ids(edge)[0]}", ("Accept", accepted))

    assert (status, headers) == (200, [XML])
    text = body.decode()
    assert text.startswith(XML_START)
    assert text.endswith("</StatusCode></ResponseMessage></Point></DebugSession>")
    assert XML_ACCESSES in text
    assert '<VariableAccess><Remove name="a" success="true"/></VariableAccess>' in text
    assert '<VariableAccess><Get name="b" value="true"/><Get name="none"/></VariableAccess>' in text


XML_START = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><DebugSession><Completed>true</Completed>'
    '<Point id="Paused"/><Point id="Resumed"/><Point id="StateChange"><DebugInfo>'
    "<Timestamp>02-01-26 03:04:05:678</Timestamp><Properties>"
    '<Property name="To">REQ_HEADERS_PARSED</Property><Property name="From">REQ_START</Property></Properties>'
    '</DebugInfo><RequestMessage><Headers><Header name="X">&lt;1&gt;??</Header></Headers>'
    "<URI>/p</URI><Verb>GET</Verb></RequestMessage></Point>"
)
XML_ACCESSES = (
    '<VariableAccess><Set name="a" success="true" value="say &quot;&lt;hi&gt;&quot; &amp;&#xA;"/>'
    '<Set name="b" success="true" value="true"/></VariableAccess>'
)


def test_content_in_xml(edge):
    """The body of a message is its Content in XML."""
    called(edge, url_of(edge, target=Response(body="hi")))

    body = manage(edge, "GET", f"/s/data/{ids(edge)[0]}", ("Accept", "application/xml"))[2]

    message = b"<Content>hi</Content><Headers/><ReasonPhrase>OK</ReasonPhrase><StatusCode>200</StatusCode>"
    assert b"<ResponseMessage>" + message + b"</ResponseMessage>" in body


def test_data_of_a_call_that_runs_as_xml(edge):
    """Data of a call that is not over yet says so."""
    seen = []

    def target(_):
        seen.append(manage(edge, "GET", f"/s/data/{ids(edge)[0]}", ("Accept", "application/xml"))[2])
        return {}

    called(edge, url_of(edge, target=target))

    assert b"<DebugSession><Completed>false</Completed><Point" in seen[0]


def test_each_state_shows_the_message(edge):
    """Each state comes with the message as it is there; the body of a request is read after its headers."""
    url = url_of(edge, target=Response(status=201, headers=[("Y", "2")], body="out"))
    opened(edge)
    answer(edge, token_request(f"{url}/x?q=1", a="b"))

    sent = {"headers": [{"name": "Content-Type", "value": "application/x-www-form-urlencoded"}], "verb": "POST"}
    request = {**sent, "content": "a=b", "uRI": "/p/x?q=1"}
    response = {"content": "out", "headers": [{"name": "Y", "value": "2"}]}
    response |= {"reasonPhrase": "Created", "statusCode": "201"}
    seen = {point["DebugInfo"]["To"]: point for point in points(edge, "StateChange")}
    assert seen["REQ_HEADERS_PARSED"]["RequestMessage"] == {**sent, "uRI": "/p/x?q=1"}
    for state in ("PROXY_REQ_FLOW", "TARGET_REQ_FLOW"):
        assert seen[state]["RequestMessage"] == request
    assert seen["REQ_SENT"]["RequestMessage"] == {**request, "uRI": "/x?q=1"}
    for state in ("RESP_START", "TARGET_RESP_FLOW", "PROXY_RESP_FLOW", *TO_CLIENT):
        assert seen[state]["ResponseMessage"] == response


@pytest.mark.parametrize(("length", "kept"), [(5_120, "x" * 5_120), (5_121, "x" * 5_120 + ".....")])
def test_a_long_body_is_cut(edge, length, kept):
    """A long body, or value of a variable, is cut in the data, and not on its way."""
    body = "x" * length
    policy = Put(name="put", values={"long": body})

    assert called(edge, url_of(edge, policy, target=Response(body=body)))[2] == body.encode()

    assert points(edge, "StateChange")[-1]["ResponseMessage"]["content"] == kept
    assert points(edge, "Execution")[0]["VariableAccess"][0]["Set"]["value"] == kept


def test_what_was_called_is_described(edge):
    """First comes what was called: environment, organization, API proxy and proxy endpoint."""
    called(edge, url_of(edge) + "/x?a=1")

    assert [point["DebugInfo"] for point in points(edge, "FlowInfo")][:4] == [
        {
            "environment.name": "test",
            "environment.qualifiedname": "acme__test",
            "environment.orgname": "acme",
        },
        {"organization.name": "acme"},
        {"apiproxy.name": "p", "apiproxy.revision": "1", "apiproxy.basepath": "/p"},
        {
            "proxy.name": "default",
            "proxy.basepath": "/p",
            "proxy.pathsuffix": "/x",
            "proxy.url": "https://acme-test.apigee.net/p/x?a=1",
        },
    ]


def test_flows_and_their_conditions(edge):
    """Each flow that runs is named, and each condition of a flow is shown with its verdict and what it read."""
    flows = [
        Flow(name="first", condition='request.verb = "POST"'),
        Flow(name="second", condition='proxy.pathsuffix MatchesPath "/x"'),
        Flow(name="third", condition="true"),
    ]
    called(edge, url_of(edge, flows=flows) + "/x")

    names = [point["DebugInfo"].get("current.flow.name") for point in points(edge, "FlowInfo")][4:]
    assert names == ["PreFlow", "second", "PostFlow"] * 2
    assert points(edge, "Condition")[:2] == [
        {
            "DebugInfo": {"Expression": 'request.verb = "POST"', "ExpressionResult": "false", "Tree": "first"},
            "VariableAccess": [{"Get": {"name": "request.verb", "value": "GET"}}],
        },
        {
            "DebugInfo": {
                "Expression": 'proxy.pathsuffix MatchesPath "/x"',
                "ExpressionResult": "true",
                "Tree": "second",
            },
            "VariableAccess": [{"Get": {"name": "proxy.pathsuffix", "value": "/x"}}],
        },
    ]


def test_a_policy_with_what_it_read_and_set(edge):
    """A policy is shown with its name and type, the message after it, and the variables that it read and set."""

    def act(context):
        context.variables.get("request.verb")
        context.variables.text("none")
        context.variables.set("request.header.x", "1")
        context.variables.set("number", 7)
        context.variables.set("number", None)
        context.variables.update({"several": False, "nothing": None})
        context.variables.update_when_read(lambda: {"late": "L"})

    called(edge, url_of(edge, Own(name="own", act=act)))

    [point] = points(edge, "Execution")
    assert point == {
        "DebugInfo": executed("own", kind="Own"),
        "RequestMessage": {"headers": [{"name": "x", "value": "1"}], "uRI": "/p", "verb": "GET"},
        "VariableAccess": [
            {"Get": {"name": "request.verb", "value": "GET"}},
            {"Get": {"name": "none"}},
            {"Set": {"name": "request.header.x", "success": True, "value": "1"}},
            {"Set": {"name": "number", "success": True, "value": "7"}},
            {"Remove": {"name": "number", "success": True}},
            {"Set": {"name": "several", "success": True, "value": "false"}},
            {"Set": {"name": "late", "success": True, "value": "L"}},
        ],
    }


def test_traced_variables_hold_what_was_set(edge):
    """A session changes nothing for the policies: what one sets, the next one reads."""
    look = Look(name="look", names=("a", "gone", "late"))

    def act(context):
        context.variables.update_when_read(lambda: {"late": 3})

    called(edge, url_of(edge, Put(name="put", values={"a": "1", "gone": None}), Own(name="own", act=act), look))

    assert look.seen == ["1", None, 3]


def test_private_variables_are_masked(edge):
    """Trace shows five stars for the value of a variable whose name starts with `private.`."""
    look = Look(name="look", names=("private.key", "private.none"))
    called(edge, url_of(edge, Put(name="put", values={"private.key": "hush"}), look))

    assert look.seen == ["hush", None]
    put, looked = points(edge, "Execution")
    assert put["VariableAccess"] == [{"Set": {"name": "private.key", "success": True, "value": "*****"}}]
    assert looked["VariableAccess"] == [
        {"Get": {"name": "private.key", "value": "*****"}},
        {"Get": {"name": "private.none"}},
    ]


def test_a_long_number_is_shown(edge):
    """A number with more digits than Python writes by itself is shown, cut."""
    status, _, _ = called(edge, url_of(edge, Put(name="put", values={"n": 10**6_000})))

    assert status == 200
    assert points(edge, "Execution")[0]["VariableAccess"][0]["Set"]["value"] == f"1{'0' * 5_119}....."


@pytest.mark.parametrize(("path", "verdict", "result"), [("/x", "true", "true"), ("/y", "false", "false")])
def test_the_condition_of_a_step(edge, path, verdict, result):
    """A step shows its condition and the verdict; one that did not run is shown too."""
    condition = 'proxy.pathsuffix = "/x"'
    step = Step(policy=Put(name="put", values={}), condition=condition)
    called(edge, url_of(edge, step) + path)

    [point] = points(edge, "Execution")
    assert point["DebugInfo"] == executed("put", verdict=(condition, verdict), result=result)
    assert point["VariableAccess"] == [{"Get": {"name": "proxy.pathsuffix", "value": path}}]


def test_a_policy_that_is_switched_off(edge):
    """A policy that is not enabled is shown as such; its condition is not looked at."""
    step = Step(policy=Put(name="put", values={"a": 1}, enabled=False), condition="true")
    called(edge, url_of(edge, step))

    [point] = points(edge, "Execution")
    assert point["DebugInfo"] == executed("put", result="false", **{"stepDefinition-enabled": "false"})
    assert "VariableAccess" not in point


def test_policies_of_the_response(edge):
    """A policy of a response is shown with the response."""
    called(edge, url_of(edge, pre_flow=pre(response=[Say(name="say", body="said")]), target={}))

    [point] = points(edge, "Execution")
    assert point["DebugInfo"] == executed("say", kind="Say", enforcement="response")
    assert point["ResponseMessage"] == {**OK, "content": "said"}


@pytest.mark.parametrize("security", ["oauth", "apikey"])
def test_types_of_policies(edge, security):
    """All operations of OAuthV2 have one type; other policies have their own."""
    kind = {"oauth": "OAuthV2", "apikey": "VerifyAPIKey"}[security]
    called(edge, edge.proxy("/p", security=security).url, bearer("none"))

    info = points(edge, "Execution")[0]["DebugInfo"]
    assert (info["stepDefinition-type"], info["type"]) == (kind.lower(), f"{kind}Execution")


def test_the_target_endpoint(edge):
    """Flows of the target endpoint are part of the way."""
    flow = Flow(name="PreFlow", request=[Put(name="out", values={})], response=[Put(name="back", values={})])
    called(edge, url_of(edge, target={}, target_endpoint=TargetEndpoint(pre_flow=flow)))

    assert [
        (each["DebugInfo"]["stepDefinition-name"], each["DebugInfo"]["enforcement"])
        for each in points(edge, "Execution")
    ] == [("out", "request"), ("back", "response")]


def test_a_call_is_answered_alike_with_and_without_a_session(edge):
    """A session changes nothing for the client."""
    url = url_of(edge, Put(name="put", values={"response.header.x": "1"}), target=Response(body="hi"))
    before = answer(edge, get(url))

    assert called(edge, url) == before


def test_no_representation_shows_what_was_captured():
    """Headers, bodies, URIs, variables and filters are in no representation."""
    snapshot = MessageSnapshot(kind=MessageKind.REQUEST, headers=(("A", "hush"),), content="hush", uri="/?k=hush")
    access = Access(kind=AccessKind.SET, name="a", value="hush")
    point = Point(id="Execution", at_ms=0, properties=(("e", "hush"),), message=snapshot, accesses=(access,))
    chosen = Filter(headers=(("A", "hush"),), query=(("k", "hush"),))
    session, recording = DebugSession("s", expires_at_ms=1, chosen=chosen), Recording("t", lock=RLock())
    recording.add(point)

    assert repr(point) == (
        "Point(id='Execution', at_ms=0, message=MessageSnapshot(kind=<MessageKind.REQUEST: 'RequestMessage'>, verb='', "
        "status='', reason=''))"
    )
    assert repr(access) == "Access(kind=<AccessKind.SET: 'Set'>, name='a')"
    assert (repr(chosen), repr(session)) == ("Filter()", "<DebugSession 's' of 0 messages>")
    assert repr(recording) == "<Recording t of 1 points>"
