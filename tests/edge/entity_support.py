"""Shared by the tests of developers, apps, keys, products and companies: a world that has one of each, and calls."""

import json
from collections.abc import Iterable
from typing import Any

from pytest_apigee import FakeEdge, Request, Response
from tests.edge.gateway_support import JSON, Answer, basic, bearer, frozen_edge, token_request

OPS, PASSWORD = "ops@acme.example", "pw"
BASE = "https://api.enterprise.apigee.com/v1/organizations/acme"
NO_CONTENT: Answer = (204, [], b"")
ADA = "/developers/ada@x.example"
INITECH = "/companies/initech"
MOBILE, WEB = f"{ADA}/apps/mobile", f"{INITECH}/apps/web"
KEY, COMPANY_KEY = f"{MOBILE}/keys/k1", f"{WEB}/keys/c1"
STAMP = """\
"createdAt" : 1767323045678,
  "createdBy" : "{by}",
  "lastModifiedAt" : 1767323045678,
  "lastModifiedBy" : "{by}\""""
DECLARED, CREATED = STAMP.format(by="defaultUser"), STAMP.format(by=OPS)


def bare_edge(**settings: object) -> FakeEdge:
    """Return an Edge that stands still, with an administrator, an API that takes keys and one that takes tokens."""
    edge = frozen_edge(**settings)
    edge.user(OPS, password=PASSWORD)
    edge.proxy("/weather", security="apikey", products=[])
    edge.proxy("/maps", security="oauth", products=[])
    return edge


def entity_edge(**settings: object) -> FakeEdge:
    """Return the same with a developer, an API product, a company, and an app of each owner."""
    edge = bare_edge(**settings)
    edge.developer("ada@x.example", first_name="Ada", last_name="L")
    edge.product("gold", scopes=["READ", "WRITE"])
    edge.company("initech", display_name="Initech", developers={"ada@x.example": "admin"})
    edge.app("mobile", products=["gold"], developer="ada@x.example", consumer_key="k1", consumer_secret="s1")
    edge.app("web", products=["gold"], company="initech", consumer_key="c1", consumer_secret="cs1")
    return edge


def call(
    edge: FakeEdge,
    method: str,
    path: str,
    body: object = None,
    *,
    headers: Iterable[tuple[str, str]] | None = None,
) -> Response:
    """Return the response to a call below the organization; a body that is neither text nor bytes is sent as JSON."""
    sent = b"" if body is None else body if isinstance(body, str | bytes) else json.dumps(body)
    kind = () if body is None else (JSON,)
    own = kind if headers is None else headers
    response = edge.handle(Request(method=method, url=BASE + path, headers=[basic(OPS, PASSWORD), *own], body=sent))
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


def shown(edge: FakeEdge, path: str) -> Any:
    """Return the JSON of what lies at a path."""
    response = call(edge, "GET", path)
    assert response.status == 200, response.text
    return response.json()


def everything(edge: FakeEdge) -> list[object]:
    """Return all that the management API shows of the entities."""
    lists = [shown(edge, f"/{kind}?expand=true") for kind in ("developers", "apiproducts", "companies", "apps")]
    members = [shown(edge, f"/companies/{company['name']}/developers") for company in lists[2]["company"]]
    return [*lists, *members]


def with_key(edge: FakeEdge, key: str) -> str:
    """Return `ok`, or the error code of a call with an API key."""
    return _verdict(edge, Request(url=f"{edge.find_proxy('weather').url}?apikey={key}"))


def with_token(edge: FakeEdge, token: str) -> str:
    """Return `ok`, or the error code of a call with an access token."""
    return _verdict(edge, Request(url=edge.find_proxy("maps").url, headers=[bearer(token)]))


def token_of(edge: FakeEdge, key: str, secret: str) -> dict[str, Any]:
    """Return the token answer for a consumer key."""
    response = edge.handle(token_request(edge.token_url, client_id=key, client_secret=secret))
    assert isinstance(response, Response)
    assert response.status == 200, response.text
    fields: dict[str, Any] = response.json()
    return fields


def _verdict(edge: FakeEdge, request: Request) -> str:
    response = edge.handle(request)
    assert isinstance(response, Response)
    return "ok" if response.status == 200 else str(response.json()["fault"]["detail"]["errorcode"])
