"""Shared by the tests of tokens at the management API: a world with an app and an operator, grants, and calls."""

import json
from contextlib import suppress
from typing import Any

from pytest_apigee import App, ConfigurationError, FakeEdge, Request, Response
from pytest_apigee.policies import Attribute, GenerateAccessToken, RefreshAccessToken, VerifyAccessToken
from tests.edge.gateway_support import JSON, MOMENT_MS, Answer, answer, basic, bearer, get
from tests.edge.grant_support import Look, grant_edge, post, serve, tokens

OPS, PASSWORD = "ops@acme.example", "pw"
REVOKE_FEATURE = "features.isOAuthRevokeEnabled"
SEARCH_FEATURE = "features.isOAuth2TokenSearchEnabled"
BASE = "https://api.enterprise.apigee.com/v1/o/acme"
TOKENS, REFRESH_TOKENS = "/oauth2/accesstokens", "/oauth2/refreshtokens"
NO_CONTENT: Answer = (204, [], b"")
RICH = """\
{
  "apiProducts" : [ "photos" ],
  "app" : "photobook",
  "appId" : "%(app_id)s",
  "attributes" : [ {
    "name" : "plan",
    "value" : "%(plan)s"
  } ],
  "clientId" : "K3yK3yK3yK3yK3yK3yK3yK3yK3yK3yab",
  "createdAt" : 1767323045678,
  "createdBy" : "defaultUser",
%(developer)s%(user)s  "expiresAt" : 1767326645678,
  "grantType" : "password",
  "issuedAt" : 1767323045678,
  "lastModifiedAt" : %(modified_at)d,
  "lastModifiedBy" : "%(modified_by)s",
  "refreshCount" : 0,
  "refreshToken" : "%(refresh)s",
%(more)s  "scope" : "%(scope)s",
  "status" : "%(status)s",
  "token" : "%(token)s",
  "tokenType" : "BearerToken"
}"""
GOLD = Attribute(name="plan", value="gold")


def token_edge(**settings: object) -> tuple[FakeEdge, App]:
    """Return a frozen Edge with an app of two scopes, an operator, and search and revocation on."""
    edge, app = grant_edge(**settings)
    edge.user(OPS, password=PASSWORD, roles={"acme": ["orgadmin"]})
    edge.set_properties({REVOKE_FEATURE: "true", SEARCH_FEATURE: "true"})
    return edge, app


def call(
    edge: FakeEdge, method: str, path: str, body: object = None, *, user: str = OPS, headers: tuple[Any, ...] = ()
) -> Response:
    """Return the response to a call below the organization; a body that is no text is sent as JSON."""
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    kind = () if body is None else (JSON,)
    request = Request(
        method=method, url=f"{BASE}{path}", headers=[basic(user, PASSWORD), *(headers or kind)], body=text
    )
    response = edge.handle(request)
    assert isinstance(response, Response)
    return response


def told(response: Response) -> Answer:
    """Return everything that the wire shows of a response."""
    return response.status, list(response.headers), response.body


def of_json(status: int, body: str) -> Answer:
    """Return a response with a JSON body."""
    return status, [JSON], body.encode()


def error(status: int, code: str, message: str) -> Answer:
    """Return an error in Edge's layout."""
    return of_json(status, f'{{\n  "code" : "{code}",\n  "message" : "{message}",\n  "contexts" : [ ]\n}}')


def reason_of(edge: FakeEdge) -> str:
    """Return what the tester is told of the last call."""
    reason = edge.calls.last.reason
    assert isinstance(reason, str)
    return reason


def shown(edge: FakeEdge, token: object) -> dict[str, Any]:
    """Return an access token as the management API shows it."""
    response = call(edge, "GET", f"{TOKENS}/{token}")
    assert response.status == 200, response.text
    fields: dict[str, Any] = response.json()
    return fields


def granted(edge: FakeEdge, *, user: str = "ada", **fields: str) -> dict[str, str]:
    """Return the token answer of a password grant whose token keeps the user and an attribute."""
    settings = {"supported_grant_types": ["password"], "app_end_user": "request.formparam.username"}
    policy = GenerateAccessToken(name="generate", generate_response=True, attributes=[GOLD], **settings)
    with suppress(ConfigurationError):
        serve(edge, "/password", policy)
    url = f"{edge.gateway_url}/password"
    return tokens(edge, post(url, grant_type="password", username=user, password="x", **fields))


def client_credentials(edge: FakeEdge) -> str:
    """Return a token of the client credentials grant."""
    with suppress(ConfigurationError):
        settings = {"supported_grant_types": ["client_credentials"]}
        serve(edge, "/client", GenerateAccessToken(name="generate", generate_response=True, **settings))
    return tokens(edge, post(f"{edge.gateway_url}/client", grant_type="client_credentials"))["access_token"]


def refresh(edge: FakeEdge, refresh_token: str) -> Answer:
    """Return the answer to a refresh."""
    with suppress(ConfigurationError):
        serve(edge, "/refresh", RefreshAccessToken(name="refresh", generate_response=True))
    url = f"{edge.gateway_url}/refresh"
    return answer(edge, post(url, grant_type="refresh_token", refresh_token=refresh_token))


def refreshed(edge: FakeEdge, refresh_token: str) -> dict[str, str]:
    """Return the tokens that a refresh gives."""
    status, _, body = refresh(edge, refresh_token)
    assert status == 200, body
    fields: dict[str, str] = json.loads(body)
    return fields


def used(edge: FakeEdge, token: object, *, scopes: str = "") -> Answer:
    """Return the answer of a proxy that verifies the token, and its scopes if any."""
    with suppress(ConfigurationError):
        serve(edge, f"/used{scopes}", VerifyAccessToken(name="verify", scopes=scopes))
    return answer(edge, get(f"{edge.gateway_url}/used{scopes}", bearer(token)))


def variables(edge: FakeEdge, token: object, *names: str) -> dict[str, object]:
    """Return what flow variables hold after the token was verified."""
    look = Look(name="look", names=names)
    url = serve(edge, "/look", VerifyAccessToken(name="verify"), look)
    assert answer(edge, get(url, bearer(token)))[0] == 200
    return look.seen


def rich(app: App, sent: dict[str, str], **differing: object) -> str:
    """Return the body that shows a token of `granted`, with what differs."""
    usual = {"plan": "gold", "developer": "", "user": "", "more": "", "scope": "READ WRITE", "status": "approved"}
    unmodified = {"modified_at": MOMENT_MS, "modified_by": "defaultUser"}
    values = {"app_id": app.app_id, "token": sent["access_token"], "refresh": sent["refresh_token"]}
    return RICH % (usual | unmodified | values | differing)
