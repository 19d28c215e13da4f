"""The requests of apigeetool, apigee-edge-js and apigeecli for entities, as they send them (management.md 6.3)."""

from typing import Any

import pytest

from pytest_apigee import FakeEdge, Request, Response
from tests.edge.entity_support import OPS, PASSWORD, entity_edge, of_json, told, with_key
from tests.edge.gateway_support import JSON, MOMENT_MS, basic, bearer, token_request

HOST = "https://api.enterprise.apigee.com"
ACCEPT = ("Accept", "application/json")
OCTETS = ("Content-Type", "application/octet-stream")
EMPTY = ("Content-Length", "0")


@pytest.fixture
def edge() -> FakeEdge:
    return entity_edge()


def send(edge: FakeEdge, method: str, path: str, body: str = "", *headers: tuple[str, str]) -> Response:
    """Return the response to a request with exactly these headers."""
    response = edge.handle(Request(method=method, url=f"{HOST}{path}", headers=headers, body=body))
    assert isinstance(response, Response)
    return response


def sso_token(edge: FakeEdge) -> str:
    """Return the access token of a login, as apigee-edge-js and apigeecli get it."""
    request = token_request(
        "https://login.apigee.com/oauth/token", grant_type="password", username=OPS, password=PASSWORD
    )
    edgecli = Request(
        method="POST",
        url=request.url,
        headers=[*request.headers, basic("edgecli", "edgeclisecret")],
        body=request.body,
    )
    response = edge.handle(edgecli)
    assert isinstance(response, Response)
    token: Any = response.json()["access_token"]
    return str(token)


# apigeetool: Basic, paths with /o/


def tool(edge: FakeEdge, method: str, path: str, body: str = "") -> Response:
    """Return the response to apigeetool."""
    kind = [JSON] if body else []
    return send(edge, method, f"/v1/o/acme{path}", body, basic(OPS, PASSWORD), ACCEPT, *kind)


def test_apigeetool_creates_a_developer(edge: FakeEdge) -> None:
    """Its createDeveloper insists on 201."""
    body = '{"email":"a@b.c","firstName":"A","lastName":"B","userName":"ab"}'

    response = tool(edge, "POST", "/developers", body)

    assert (response.status, response.json()["email"]) == (201, "a@b.c")


def test_apigeetool_creates_a_product(edge: FakeEdge) -> None:
    """Its createProduct insists on 201."""
    body = (
        '{"name":"p1","approvalType":"auto","attributes":[{"name":"access","value":"public"}],"description":"p1",'
        '"displayName":"p1","environments":["test"],"apiResources":[],"proxies":["weather"],"scopes":["READ"]}'
    )

    response = tool(edge, "POST", "/apiproducts", body)

    assert (response.status, response.json()["scopes"]) == (201, ["READ"])


@pytest.mark.parametrize("callback", ["", ',"callbackUrl":"https://a.example"'])
def test_apigeetool_creates_an_app(edge: FakeEdge, callback: str) -> None:
    """Its createApp leaves the @ as it is, and insists on 201."""
    body = f'{{"name":"app1","apiProducts":["gold"]{callback}}}'

    response = tool(edge, "POST", "/developers/ada@x.example/apps", body)

    assert response.status == 201
    assert with_key(edge, response.json()["credentials"][0]["consumerKey"]) == "ok"


def test_apigeetool_creates_a_key(edge: FakeEdge) -> None:
    """Its createAppKey insists on 201 for the key and on 200 for its product."""
    keys = "/developers/ada@x.example/apps/mobile/keys"

    created = tool(edge, "POST", f"{keys}/create", '{"consumerKey":"key1","consumerSecret":"secret1"}')
    added = tool(edge, "POST", f"{keys}/key1", '{"apiProducts":["gold"]}')

    assert (created.status, added.status) == (201, 200)
    assert with_key(edge, "key1") == "ok"


def test_apigeetool_deletes_an_app(edge: FakeEdge) -> None:
    """Its deleteApp gets the app that was."""
    response = tool(edge, "DELETE", "/developers/ada@x.example/apps/mobile")

    assert (response.status, response.json()["name"]) == (200, "mobile")


def test_apigeetool_prints_the_message_of_an_error(edge: FakeEdge) -> None:
    """Its errors have a `message` in JSON."""
    response = tool(edge, "DELETE", "/developers/ada@x.example/apps/none")

    assert response.headers.get("Content-Type") == "application/json"
    assert response.json()["message"] == "App named none does not exist under ada@x.example"


# apigee-edge-js: a bearer token, paths with /organizations/


def test_apigee_edge_js_lists_products(edge: FakeEdge) -> None:
    """It sends a bearer token and no query."""
    response = send(edge, "GET", "/v1/organizations/acme/apiproducts", "", bearer(sso_token(edge)), ACCEPT)

    assert told(response) == of_json(200, '[ "gold" ]')


def test_apigee_edge_js_creates_an_app(edge: FakeEdge) -> None:
    """Its createDeveloperApp gives attributes and the life of the key, and insists on 201."""
    body = (
        '{"attributes":[{"name":"tool","value":"nodejs createDeveloperApp.js"}],"apiProducts":["gold"],'
        '"keyExpiresIn":15552000000,"name":"app1"}'
    )
    path = "/v1/organizations/acme/developers/ada@x.example/apps"

    response = send(edge, "POST", path, body, bearer(sso_token(edge)), ACCEPT, JSON)

    assert response.status == 201
    assert response.json()["credentials"][0]["expiresAt"] == MOMENT_MS + 15_552_000_000


def test_apigee_edge_js_revokes_a_key(edge: FakeEdge) -> None:
    """Its revokeOrApprove finds the key among all apps, and acts below the developer's id, without a Content-Type."""
    token, base = bearer(sso_token(edge)), "/v1/organizations/acme"
    apps = send(edge, "GET", f"{base}/apps?expand=true", "", token, ACCEPT).json()["app"]
    (app,) = (known for known in apps if known["credentials"][0]["consumerKey"] == "k1")
    developer = send(edge, "GET", f"{base}/developers/{app['developerId']}", "", token, ACCEPT).json()

    path = f"{base}/developers/{developer['developerId']}/apps/{app['name']}/keys/k1?action=revoke"
    response = send(edge, "POST", path, "", token, ACCEPT, EMPTY)

    assert developer["email"] == "ada@x.example"
    assert told(response) == (204, [], b"")
    assert with_key(edge, "k1") == "oauth.v2.ApiKeyNotApproved"


# apigeecli: Basic or bearer, expand=False, a count above the maximum, an empty startKey


def cli(edge: FakeEdge, method: str, path: str, body: str = "", *headers: tuple[str, str]) -> Response:
    """Return the response to apigeecli."""
    return send(edge, method, f"/v1/organizations/acme{path}", body, basic(OPS, PASSWORD), ACCEPT, *headers)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/developers?expand=False&count=1000&startKey=", '[ "ada@x.example" ]'),
        ("/apiproducts?expand=False&count=1000&startKey=", '[ "gold" ]'),
        ("/developers/ada@x.example/apps?count=1000&startKey=", '[ "mobile" ]'),
    ],
)
def test_apigeecli_lists(edge: FakeEdge, path: str, names: str) -> None:
    """`False` asks for names, an empty `startKey` for the first page, and a large count for the largest."""
    assert told(cli(edge, "GET", path)) == of_json(200, names)


def test_apigeecli_lists_the_apps_of_the_organization(edge: FakeEdge) -> None:
    """list-org-apps gets ids."""
    response = cli(edge, "GET", "/apps")

    assert (response.status, len(response.json())) == (200, 2)


def test_apigeecli_creates_an_app_and_reads_its_key(edge: FakeEdge) -> None:
    """It creates an app without products, and reads the key of its first credential."""
    response = cli(edge, "POST", "/developers/ada@x.example/apps", '{"name": "app1"}', JSON)

    assert (response.status, len(response.json()["credentials"][0]["consumerKey"])) == (201, 32)


def test_apigeecli_creates_and_revokes_credentials(edge: FakeEdge) -> None:
    """create-creds reads `consumerKey` of the answer, adds products to it; revoke-creds sends octet-stream."""
    keys = "/developers/ada@x.example/apps/mobile/keys"
    body = '{"consumerKey": "key1", "consumerSecret": "secret1"}'
    key = cli(edge, "POST", f"{keys}/create", body, JSON).json()["consumerKey"]
    cli(edge, "POST", f"{keys}/{key}", '{"apiProducts": ["gold"]}', JSON)
    assert with_key(edge, key) == "ok"

    response = cli(edge, "POST", f"{keys}/{key}?action=revoke", "", OCTETS)

    assert told(response) == (204, [], b"")
    assert with_key(edge, key) == "oauth.v2.ApiKeyNotApproved"


# apigee-client-php reads an error only where its Content-Type is JSON


@pytest.mark.parametrize("path", ["/developers/x", "/apps/x", "/apiproducts/x", "/companies/x"])
def test_apigee_client_php_reads_the_code_of_an_error(edge: FakeEdge, path: str) -> None:
    """Errors of entities are JSON with `code` and `message`."""
    response = cli(edge, "GET", path)

    assert response.headers.get("Content-Type") == "application/json"
    assert sorted(response.json()) == ["code", "contexts", "message"]
