"""What happens once a policy has answered the request by itself (GenerateResponse)."""

from dataclasses import dataclass

from pytest_apigee import FakeEdge, Request, Response
from pytest_apigee.policies import (
    Flow,
    FlowContext,
    GenerateAccessToken,
    Policy,
    ProxyEndpoint,
    TargetEndpoint,
)
from tests.edge.gateway_support import answer, frozen_edge, token_request

GENERATE = GenerateAccessToken(name="generate", supported_grant_types=["client_credentials"], generate_response=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Note(Policy):
    seen: list[str]

    def execute(self, context: FlowContext) -> None:
        self.seen.append(self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Groom(Policy):
    """Makes a compact body of a token answer, as many teams do."""

    def execute(self, context: FlowContext) -> None:
        token = context.variables.text("oauthv2accesstoken.generate.access_token") or ""
        context.response = Response.of_json({"kept": token in context.message.text})


def ask(edge: FakeEdge, url: str) -> Request:
    app = edge.app()
    form = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
    return token_request(url, grant_type="client_credentials", **form)


def noted(seen: list[str], stage: str) -> Flow:
    return Flow(name=stage, request=[Note(name=f"{stage}>", seen=seen)], response=[Note(name=f"<{stage}", seen=seen)])


def test_a_policy_that_answers_ends_the_request() -> None:
    """After GenerateResponse no policy of the request runs any more, and no target; those of the response do."""
    edge, seen = frozen_edge(), list[str]()
    calls: list[Request] = []
    token_flow = Flow(name="token", request=[Note(name="before", seen=seen), GENERATE, Note(name="after", seen=seen)])
    url = edge.proxy(
        "/token",
        endpoint=ProxyEndpoint(pre_flow=noted(seen, "PreFlow"), flows=[token_flow], post_flow=noted(seen, "PostFlow")),
        target_endpoint=TargetEndpoint(pre_flow=noted(seen, "PreFlow-of-target")),
        target=calls.append,
    ).url

    status, _, body = answer(edge, ask(edge, url))

    assert (status, b'"token_type" : "BearerToken"' in body) == (200, True)
    assert seen == ["PreFlow>", "before", "<PreFlow", "<PostFlow"]
    assert calls == []


def test_policies_of_the_response_may_change_the_answer() -> None:
    """What a policy answered in the request flow, policies of the response flow may groom."""
    edge = frozen_edge()
    flow = Flow(name="token", request=[GENERATE], response=[Groom(name="groom")])
    url = edge.proxy("/token", endpoint=ProxyEndpoint(flows=[flow])).url

    assert answer(edge, ask(edge, url))[2] == b'{"kept": true}'


def test_a_policy_may_answer_in_the_flow_of_the_response() -> None:
    """OAuthV2 works in the response flow of a proxy without target, and the policies after it run."""
    edge, seen = frozen_edge(), list[str]()
    flow = Flow(name="token", response=[GENERATE, Groom(name="groom"), Note(name="after", seen=seen)])
    url = edge.proxy("/token", endpoint=ProxyEndpoint(flows=[flow])).url

    assert answer(edge, ask(edge, url))[2] == b'{"kept": true}'
    assert seen == ["after"]
    assert edge.calls.last.reason == ""


def test_without_generate_response_the_request_goes_on() -> None:
    """Where the element is off, the token is left in variables, and the target is called."""
    edge = frozen_edge()
    generate = GenerateAccessToken(name="generate", supported_grant_types=["client_credentials"])
    url = edge.proxy(
        "/token", target=["called"], endpoint=ProxyEndpoint(flows=[Flow(name="t", request=[generate])])
    ).url

    assert answer(edge, ask(edge, url))[2] == b'["called"]'
    assert len(edge.calls.tokens_issued) == 1
