"""What flow variables say of a fault, and in which form the client gets it.

Source: "What you need to know about policy errors" of Edge's documentation; runtime.md 5.1.
"""

import pytest

from pytest_apigee import FakeEdge, Request, Response, TargetFailure
from pytest_apigee.edge.gateway.faults import RaisedFault
from pytest_apigee.edge.gateway.flow import TargetEndpoint
from pytest_apigee.edge.gateway.policies.generate_access_token import GenerateAccessToken
from pytest_apigee.edge.gateway.policies.verify_access_token import VerifyAccessToken
from pytest_apigee.edge.gateway.policies.verify_api_key import VerifyAPIKey
from pytest_apigee.edge.gateway.variables import Value
from pytest_apigee.edge.refusal import Refusal
from tests.edge.flow_support import SLOW_DOWN, Look, Note, Refuse, Say, pre, rule, url_of
from tests.edge.gateway_support import FORM, JSON, MISSING_TOKEN, UNKNOWN_TOKEN, answer, bearer, frozen_edge, get

REFUSED = (429, [JSON], SLOW_DOWN)


NAMES = (
    "oauthV2.verify.failed",
    "oauthV2.verify.fault.name",
    "oauthV2.verify.fault.cause",
    "fault.name",
    "error.message",
)
UNKNOWN = [
    True,
    "keymanagement.service.invalid_access_token",
    "Invalid Access Token",
    "invalid_access_token",
    "Invalid Access Token",
]
MISSING = [True, "InvalidAccessToken", "Invalid access token", "InvalidAccessToken", "Invalid access token"]


@pytest.mark.parametrize(
    ("header", "expected", "values"),
    [(bearer("nobody's"), UNKNOWN_TOKEN, UNKNOWN), (("A", "1"), MISSING_TOKEN, MISSING)],
    ids=["unknown", "missing"],
)
def test_names_faults_of_verify_access_token(header: tuple[str, str], expected: object, values: list[Value]) -> None:
    """The policy's fault name has the prefix `keymanagement.service.`, the global one has not."""
    edge = frozen_edge()
    look = Look(name="look", names=NAMES)
    url = url_of(edge, VerifyAccessToken(name="verify"), fault_rules=[rule(look)])

    assert answer(edge, get(url, header)) == expected
    assert look.seen == values


def test_names_faults_of_verify_api_key() -> None:
    """VerifyAPIKey has the same prefix of variables, oauthV2."""
    edge = frozen_edge()
    look = Look(name="look", names=NAMES)
    url = url_of(edge, VerifyAPIKey(name="verify"), fault_rules=[rule(look)])

    answer(edge, get(f"{url}?apikey=x"))

    assert look.seen == [True, "InvalidApiKey", "Invalid ApiKey", "InvalidApiKey", "Invalid ApiKey"]


def test_sets_no_fault_variable_where_nothing_failed() -> None:
    """A call that did not fail has none of the variables of a failure."""
    edge = frozen_edge()
    names = ("fault.name", "is.error", "error.state", "error.message", "error.content", "error.status.code")
    look = Look(name="look", names=(*names, *NAMES))

    answer(edge, get(url_of(edge, pre_flow=pre(look, response=[look]), target={})))

    assert look.seen == [None, False, *[None] * 9] * 2


def test_names_what_raise_fault_says() -> None:
    """A fault that a policy was told to raise is RaiseFault, and its response the answer."""

    class Raise(Refuse):
        def execute(self, context: object) -> None:
            raise Refusal(RaisedFault(response=Response(status=409, body="told")), "raised")

    edge = frozen_edge()
    look = Look(name="look", names=("fault.name", "policy.raise.failed", "policy.raise.fault.name", "error.message"))

    assert answer(edge, get(url_of(edge, Raise(name="raise"), fault_rules=[rule(look)]))) == (409, [], b"told")
    assert look.seen == ["RaiseFault", True, None, "told"]


def test_keeps_the_error_message_of_the_fault() -> None:
    """`error.message` stays what the fault said, `error.content` is what fault rules made of the answer."""
    edge = frozen_edge()
    look = Look(name="look", names=("error.message", "error.content"))

    answer(edge, get(url_of(edge, Refuse(name="refuse"), fault_rules=[rule(Say(name="say", body="new"), look)])))

    assert look.seen == ["Slow down", "new"]


# Policies with continue_on_error


def test_goes_on_after_a_refusal_with_continue_on_error() -> None:
    """A policy with `continue_on_error` refuses without effect, but for its variables; the call did not fail."""
    edge = frozen_edge()
    look = Look(
        name="look", names=("policy.gate.failed", "policy.gate.fault.name", "fault.name", "is.error", "error.state")
    )
    url = url_of(edge, Refuse(name="gate", continue_on_error=True), look, target={"a": 1})

    assert answer(edge, get(url)) == (200, [JSON], b'{"a": 1}')
    assert look.seen == [True, "SlowDown", "SlowDown", False, None]
    assert (edge.calls.last.reason, edge.calls.last.was_refused) == ("", False)


@pytest.mark.parametrize(
    ("target", "name"),
    [(Response(status=500), "ErrorResponseCode"), (TargetFailure.TIMEOUT, "GatewayTimeout")],
    ids=["status", "failure"],
)
def test_names_the_last_fault(target: object, name: str) -> None:
    """`fault.name` is the fault that made the call fail, not one that was let pass before."""
    edge, log = frozen_edge(), []
    look = Look(name="look", names=("fault.name",))
    earlier = rule(Note(name="earlier", log=log), condition='fault.name = "SlowDown"')
    endpoint = TargetEndpoint(fault_rules=[earlier, rule(look, condition=f'fault.name = "{name}"')])
    url = url_of(edge, Refuse(name="gate", continue_on_error=True), target=target, target_endpoint=endpoint)

    edge.handle(get(url))

    assert (log, look.seen) == ([], [name])


# XML


XML = ("Content-Type", "application/xml")
XML_BODY = (
    b"<fault><faultstring>Slow down</faultstring><detail><errorcode>steps.test.SlowDown</errorcode></detail></fault>"
)


@pytest.mark.parametrize("accept", ["application/xml", "Application/XML; q=0.5, application/json"])
def test_answers_in_xml_where_the_client_prefers_it(accept: str) -> None:
    """A fault is XML where that is the first type of Accept; fault rules see it so."""
    edge = frozen_edge()
    look = Look(name="look", names=("error.content", "error.message"))
    url = url_of(edge, Refuse(name="refuse"), fault_rules=[rule(look)])

    assert answer(edge, get(url, ("Accept", accept))) == (429, [XML], XML_BODY)
    assert look.seen == [XML_BODY.decode(), "Slow down"]


@pytest.mark.parametrize(
    ("accept", "guesses"),
    [("application/json, application/xml", {}), ("text/xml", {}), ("", {}), ("application/xml", {"xml_faults": False})],
)
def test_answers_in_json_otherwise(accept: str, guesses: dict[str, object]) -> None:
    """Any other Accept gets JSON; with the guess `xml_faults` off, every one does."""
    edge = frozen_edge(guesses=guesses)

    assert answer(edge, get(url_of(edge, Refuse(name="refuse")), ("Accept", accept))) == REFUSED


def test_answers_in_xml_for_a_fault_of_a_fault_rule() -> None:
    """A fault that a fault rule raises has the form that the client prefers, too."""
    edge = frozen_edge()
    url = url_of(edge, Refuse(name="a"), fault_rules=[rule(Refuse(name="b"))])

    assert answer(edge, get(url, ("Accept", "application/xml"))) == (429, [XML], XML_BODY)


# Grants that are not supported


def generating(edge: FakeEdge, look: Look, **settings: bool) -> Request:
    """Return a request to a proxy whose OAuthV2 policy in fault form supports no such grant."""
    generate = GenerateAccessToken(
        name="generate", supported_grant_types=["password"], generate_response=False, **settings
    )
    url = url_of(edge, generate, look, fault_rules=[rule(look)])
    return Request(method="POST", url=url, headers=[FORM], body="grant_type=x")


def test_leaves_an_unsupported_grant_without_a_name() -> None:
    """A known defect: the fault rules of an unsupported grant see no `fault.name`."""
    edge = frozen_edge()
    look = Look(
        name="look", names=("fault.name", "is.error", "oauthV2.generate.failed", "oauthV2.generate.fault.cause")
    )

    answer(edge, generating(edge, look))

    assert look.seen == [None, True, True, "Unsupported grant type : x"]


def test_names_the_fault_of_a_flat_error_that_goes_on() -> None:
    """With `continue_on_error`, also an error in flat form leaves its fault in variables."""
    edge = frozen_edge()
    look = Look(name="look", names=("oauthV2.generate.failed", "oauthV2.generate.fault.cause", "is.error"))

    assert answer(edge, generating(edge, look, generate_error_response=True, continue_on_error=True))[0] == 200
    assert look.seen == [True, "Unsupported grant type : x", False]
