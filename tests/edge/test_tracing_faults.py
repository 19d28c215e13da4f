"""What a call that fails leaves behind in a debug session: errors, fault rules, and where its way ends."""

import pytest

from pytest_apigee import Response
from pytest_apigee.edge.gateway.target import TargetFailure
from pytest_apigee.edge.refusal import BareFault, NotModelled, Refusal
from tests.edge.flow_support import SLOW_DOWN, Break, Own, Put, Refuse, Say, rule, url_of
from tests.edge.trace_support import TO_CLIENT, TO_TARGET, called, data, executed, points, states, traced_edge


@pytest.fixture
def edge():
    return traced_edge()


def fault_message(body=SLOW_DOWN, status="429", reason="Too Many Requests"):
    headers = [{"name": "Content-Type", "value": "application/json"}]
    return {"content": body.decode(), "headers": headers, "reasonPhrase": reason, "statusCode": status}


def test_a_policy_that_fails(edge):
    """A policy that fails is shown as failed, then the error, then the state of an error until the client has it."""
    assert called(edge, url_of(edge, Refuse(name="no"), target={}))[0] == 429

    [point] = points(edge, "Execution")
    assert point["DebugInfo"] == executed("no", kind="Refuse", result="false", action="ABORT")
    sets = {access["Set"]["name"]: access["Set"]["value"] for access in point["VariableAccess"]}
    assert sets["policy.no.failed"] == "true"
    assert points(edge, "Error") == [
        {
            "DebugInfo": {
                "error": "Slow down",
                "type": "ErrorPoint",
                "state": "PROXY_REQ_FLOW",
                "Identifier": "fault",
            },
            "ErrorMessage": fault_message(),
        }
    ]
    assert states(edge) == [*TO_TARGET[:3], "ERROR", *TO_CLIENT]
    assert points(edge, "StateChange")[-1]["ErrorMessage"] == fault_message()


def test_a_failure_that_is_let_pass(edge):
    """A policy that fails and whose call goes on is shown as failed; the next one is not."""
    called(edge, url_of(edge, Refuse(name="no", continue_on_error=True), Put(name="put", values={})))

    first, second = points(edge, "Execution")
    changes = {"result": "false", "stepDefinition-continueOnError": "true"}
    assert first["DebugInfo"] == executed("no", kind="Refuse", **changes)
    assert second["DebugInfo"] == executed("put")
    assert points(edge, "Error") == []


def test_a_policy_that_breaks(edge):
    """A policy that breaks is shown as failed."""
    assert called(edge, url_of(edge, Break(name="break", error=ValueError("x"))))[0] == 500

    [point] = points(edge, "Execution")
    assert point["DebugInfo"] == executed("break", kind="Break", result="false", action="ABORT")
    assert points(edge, "Error")[0]["DebugInfo"]["error"] == "Execution of break failed"
    edge.take_grievances()


def test_fault_rules(edge):
    """Fault rules are shown with their conditions, their policies, and the answer that they make."""
    rules = [rule(Say(name="say", status=418, body="tea"), condition='fault.name = "SlowDown"', name="slow")]
    assert called(edge, url_of(edge, Refuse(name="no"), fault_rules=rules))[2] == b"tea"

    [condition] = points(edge, "Condition")
    assert condition["DebugInfo"] == {
        "Expression": 'fault.name = "SlowDown"',
        "ExpressionResult": "true",
        "Tree": "slow",
    }
    assert points(edge, "FlowInfo")[-1]["DebugInfo"] == {"current.flow.name": "slow"}
    message = points(edge, "StateChange")[-1]["ErrorMessage"]
    assert (message["content"], message["statusCode"]) == ("tea", "418")


@pytest.mark.parametrize(
    ("target", "status", "way"),
    [
        (TargetFailure.TIMEOUT, 504, ["ERROR"]),
        (Response(status=404, body="no"), 404, ["RESP_START", "ERROR"]),
    ],
)
def test_a_target_that_fails(edge, target, status, way):
    """What happens at the target is an error there."""
    assert called(edge, url_of(edge, target=target))[0] == status

    assert states(edge) == [*TO_TARGET, *way, *TO_CLIENT]
    [error] = points(edge, "Error")
    assert error["ErrorMessage"]["statusCode"] == str(status)


def test_a_fault_that_no_fault_rule_sees(edge):
    """A call that ends without a fault that fault rules see is an error with the answer's text."""

    def act(_):
        raise Refusal(BareFault(status=503, body="gone"), "it ends here")

    assert called(edge, url_of(edge, Own(name="own", act=act)))[0] == 503

    assert points(edge, "Error")[0]["DebugInfo"]["error"] == "gone"
    assert states(edge) == [*TO_TARGET[:3], "ERROR", *TO_CLIENT]


def test_what_is_not_modelled_ends_the_data(edge):
    """A call that the fake cannot answer is over, and its data ends where it stopped."""

    def act(_):
        raise NotModelled("this")

    assert called(edge, url_of(edge, Own(name="own", act=act)))[0] == 501

    assert data(edge)["completed"] is True
    assert states(edge)[-1] == "PROXY_REQ_FLOW"
    edge.take_grievances()


def test_a_message_that_is_none(edge):
    """A policy that leaves something else than a message, and refuses the call, is shown without a message."""

    def act(context):
        context.request = "mine"
        raise Refusal(BareFault(status=503), "it ends here")

    assert called(edge, url_of(edge, Own(name="own", act=act)))[0] == 503

    [point] = points(edge, "Execution")
    assert "RequestMessage" not in point
