"""Shared by the tests of grants: a world with an app, and proxies with one OAuthV2 policy each."""

from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from pytest_apigee import App, ConfigurationError, FakeEdge, Request, Response
from pytest_apigee.policies import Flow, FlowContext, GenerateAuthorizationCode, Policy, ProxyEndpoint
from tests.edge.gateway_support import FORM, Answer, answer, frozen_edge, token_request

CALLBACK = "https://app.example/callback"
KEY, SECRET = "K3y" * 10 + "ab", "S3cretS3cretS3cr"


@dataclass(frozen=True, kw_only=True)
class Look(Policy):
    """Writes down what variables hold."""

    names: tuple[str, ...]
    seen: dict[str, object] = field(default_factory=dict)

    def execute(self, context: FlowContext) -> None:
        self.seen.update((name, context.variables.get(name)) for name in self.names)


@dataclass(frozen=True, kw_only=True)
class Put(Policy):
    """Sets variables."""

    values: dict[str, str]

    def execute(self, context: FlowContext) -> None:
        context.variables.update(self.values)


def grant_edge(**settings: object) -> tuple[FakeEdge, App]:
    """Return a frozen Edge with an app of two scopes."""
    edge = frozen_edge(**settings)
    edge.product("photos", scopes=["READ", "WRITE"])
    app = edge.app("photobook", products=["photos"], callback_url=CALLBACK, consumer_key=KEY, consumer_secret=SECRET)
    return edge, app


def serve(edge: FakeEdge, path: str, *policies: Policy) -> str:
    """Return the URL of a proxy whose request flow has these policies."""
    return edge.proxy(path, endpoint=ProxyEndpoint(pre_flow=Flow(name="PreFlow", request=policies))).url


def post(url: str, **fields: str) -> Request:
    """Return a form of the app."""
    return token_request(url, **{"client_id": KEY, "client_secret": SECRET, **fields})


def form(url: str, body: str) -> Request:
    """Return a form as it is."""
    return Request(method="POST", url=url, headers=[FORM], body=body)


def tokens(edge: FakeEdge, request: Request) -> dict[str, str]:
    """Return the token answer to a request, which must be one."""
    status, _, body = answer(edge, request)
    assert status == 200, body
    response = edge.calls.last.outcome
    assert isinstance(response, Response)
    fields: dict[str, str] = response.json()
    return fields


def location(sent: Answer) -> str:
    """Return where a redirect leads."""
    status, headers, body = sent
    assert (status, [name for name, _ in headers if name != "Server"], body) == (302, ["Location"], b"")
    return headers[0][1]


def new_code(edge: FakeEdge, **fields: str) -> str:
    """Return an authorization code of the app, by a proxy that is declared when first needed."""
    with suppress(ConfigurationError):
        serve(edge, "/authorize", GenerateAuthorizationCode(name="code", generate_response=True))
    sent = {"response_type": "code", "client_id": KEY, **fields}
    redirect = location(answer(edge, token_request(f"{edge.gateway_url}/authorize", **sent)))
    return dict(parse_qsl(urlsplit(redirect).query))["code"]
