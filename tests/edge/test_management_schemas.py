"""What the management API answers, against the schemas of Apigee's official OpenAPI files: a tour of every endpoint."""

import base64
import json
from dataclasses import dataclass

import pytest
from openapi_schema_validator import OAS30Validator

from pytest_apigee import FakeEdge, Request, Response
from pytest_apigee.edge.management.service import all_routes
from tests.edge.bundle_support import BUNDLE
from tests.edge.gateway_support import answer, get, token_request
from tests.edge.official_support import EXTRA, FOLDER, Operation, anonymous, closed, operations

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the official OpenAPI files are not beside this checkout")
OPERATIONS = {(operation.method, operation.path): operation for operation in operations()} if FOLDER.is_dir() else {}
ORGANIZATION = "/organizations/{org}"
BASE = "https://api.enterprise.apigee.com/v1"
WORLD = {
    "users": [{"email": "ops@acme.example", "password": "pw", "roles": {"acme": ["sysadmin"]}}],
    "organizations": [
        {
            "name": "acme",
            "properties": {
                "features.isOAuthRevokeEnabled": "true",
                "features.isOAuth2TokenSearchEnabled": "true",
            },
        }
    ],
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """One call of the tour: an endpoint, its parameters, and what is sent."""

    method: str
    path: str
    body: object = None
    query: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}{self.query}"


PARAMETERS = {
    "developer": "ada@x.example",
    "app": "mobile",
    "key": "k1",
    "product": "gold",
    "company": "initech",
    "attribute": "team",
    "weather": "weatherapi",
    "policy": "verify-key",
    "role": "tester",
    "permission": "get",
    "user": "ops@acme.example",
    "env": "test",
    "api": "oauth",
    "revision": "1",
    "session": "tour",
    "map": "colours",
    "entry": "sky",
    "cache": "mycache",
    "targetserver": "backend",
}
STATUSES = {
    # Its own text says 204: management.md section 1.
    ("POST", f"{ORGANIZATION}/developers/{{developer}}/apps/{{app}}"): (204,),
    ("POST", f"{ORGANIZATION}/developers/{{developer}}/apps/{{app}}/keys/{{key}}/apiproducts/{{product}}"): (204,),
}
"""Statuses that the sheet says and the files do not list."""
ATTRIBUTES = [{"name": "team", "value": "red"}]


def stop(method: str, path: str, body: object = None, query: str = "") -> Stop:
    return Stop(method=method, path=f"{ORGANIZATION}{path}", body=body, query=query)


def attribute_stops(path: str) -> list[Stop]:
    return [
        stop("POST", f"{path}/attributes", {"attribute": ATTRIBUTES}),
        stop("GET", f"{path}/attributes"),
        stop("POST", f"{path}/attributes/{{attribute}}", {"value": "blue"}),
        stop("GET", f"{path}/attributes/{{attribute}}"),
        stop("DELETE", f"{path}/attributes/{{attribute}}"),
    ]


def app_stops(owner: str) -> list[Stop]:
    apps, app, key = f"{owner}/apps", f"{owner}/apps/{{app}}", f"{owner}/apps/{{app}}/keys/{{key}}"
    given = {"name": "mobile", "apiProducts": ["gold"], "attributes": ATTRIBUTES, "callbackUrl": "https://a.example"}
    return [
        stop("POST", apps, given),
        stop("GET", apps),
        stop("GET", apps, query="?expand=true"),
        stop("GET", app),
        stop("PUT", app, given),
        stop("POST", app, query="?action=revoke"),
        stop("POST", app, query="?action=approve"),
        stop("POST", f"{app}/keys/create", {"consumerKey": "k1", "consumerSecret": "s1"}),
        stop("POST", key, {"apiProducts": ["gold"]}),
        stop("POST", key, query="?action=approve"),
        stop("GET", key),
        stop("PUT", key, {"scopes": ["READ"]}),
        stop("POST", f"{key}/apiproducts/{{product}}", query="?action=approve"),
        stop("DELETE", f"{key}/apiproducts/{{product}}"),
        stop("DELETE", key),
        *attribute_stops(app),
    ]


def token_stops() -> list[Stop]:
    token, code = "/oauth2/accesstokens/{token}", "/oauth2/authorizationcodes/{code}"
    return [
        stop("GET", token),
        stop("POST", token, {"attributes": ATTRIBUTES, "scope": "READ"}),
        stop("POST", token, query="?action=revoke&cascade=true"),
        stop("GET", "/oauth2/search", query="?app={tour_app_id}&limit=1"),
        stop("POST", "/oauth2/revoke", query="?app={tour_app_id}"),
        stop("DELETE", token),
        stop("POST", "/oauth2/refreshtokens/{refresh}", query="?action=revoke"),
        stop("GET", "/oauth2/authorizationcodes"),
        stop("GET", code),
        stop("DELETE", code),
    ]


def role_stops() -> list[Stop]:
    role, user = "/userroles/{role}", "/userroles/{role}/users/{user}"
    permission = {"path": "/developers", "permissions": ["get"]}
    return [
        stop("POST", "/userroles", {"role": [{"name": "tester"}]}),
        stop("GET", "/userroles"),
        stop("GET", role),
        stop("POST", f"{role}/users", "id=ops@acme.example"),
        stop("GET", f"{role}/users"),
        stop("GET", user),
        stop("POST", f"{role}/permissions", permission),
        stop("POST", f"{role}/resourcepermissions", {"resourcePermission": [permission]}),
        stop("GET", f"{role}/permissions"),
        stop("GET", f"{role}/permissions/{{permission}}", query="?path=/developers"),
        stop("DELETE", f"{role}/permissions/{{permission}}", query="?path=/developers"),
        stop("DELETE", user),
        stop("DELETE", role),
    ]


def debug_stops() -> list[Stop]:
    sessions = "/environments/{env}/apis/{api}/revisions/{revision}/debugsessions"
    return [
        stop("POST", sessions, query="?session=second"),
        stop("GET", sessions),
        stop("GET", f"{sessions}/{{session}}/data"),
        stop("GET", f"{sessions}/{{session}}/data/{{transaction}}"),
        stop("DELETE", f"{sessions}/{{session}}"),
    ]


def api_stops() -> list[Stop]:
    api, revision = "/apis/{weather}", "/apis/{weather}/revisions/{revision}"
    deployed = "/environments/{env}" + revision + "/deployments"
    return [
        stop("POST", "/apis", BUNDLE, "?action=import&name={weather}"),
        stop("GET", "/apis"),
        stop("GET", api),
        stop("GET", f"{api}/revisions"),
        stop("GET", revision),
        stop("POST", revision, BUNDLE),
        stop("GET", f"{revision}/policies"),
        stop("GET", f"{revision}/policies/{{policy}}"),
        stop("POST", f"{revision}/policies", '<Quota name="limit"/>'),
        stop("DELETE", f"{revision}/policies/{{policy}}"),
        stop("POST", deployed),
        stop("GET", deployed),
        stop("GET", f"{revision}/deployments"),
        stop("GET", f"{api}/deployments"),
        stop("GET", "/deployments"),
        stop("GET", "/environments/{env}/deployments"),
        stop("GET", "/environments/{env}/apis/{weather}/deployments"),
        stop("DELETE", deployed),
        stop("POST", f"{revision}/deployments", query="?action=deploy&env={env}"),
        stop("POST", f"{revision}/deployments", query="?action=undeploy&env={env}"),
        stop("DELETE", revision),
        stop("DELETE", api),
    ]


SCOPES = ("", "/environments/{env}", "/apis/{api}")
WITHOUT_CPS = {"properties": {"property": [{"name": "features.isCpsEnabled", "value": "false"}]}}
COLOURS = {"name": "colours", "encrypted": False, "entry": [{"name": "grass", "value": "green"}]}


def map_stops(scope: str) -> list[Stop]:
    maps = f"{scope}/keyvaluemaps"
    entries, one = f"{maps}/{{map}}/entries", f"{maps}/{{map}}/entries/{{entry}}"
    stops = [
        stop("POST", maps, COLOURS),
        stop("POST", entries, {"name": "sky", "value": "blue"}),
        stop("POST", one, {"name": "sky", "value": "red"}),
        stop("GET", f"{maps}/{{map}}/keys"),
    ]
    if scope not in SCOPES:
        return stops
    return [*stops, stop("GET", maps), stop("GET", f"{maps}/{{map}}"), stop("GET", one), stop("DELETE", one)]


def cache_stops() -> list[Stop]:
    caches = "/environments/{env}/caches"
    sizes = {"description": "c", "compression": {"minimumSizeInKB": 1}, "skipCacheIfElementSizeInKBExceeds": 2}
    return [
        stop("POST", caches, query="?name=mycache"),
        stop("GET", caches),
        stop("PUT", f"{caches}/{{cache}}", {**sizes, "expirySettings": {"expiryDate": {"value": "09-18-2021"}}}),
        stop("GET", f"{caches}/{{cache}}"),
        stop("POST", f"{caches}/{{cache}}/entries", query="?action=clear"),
        stop("POST", f"{caches}/{{cache}}/entries/{{entry}}", query="?action=clear"),
        stop("DELETE", f"{caches}/{{cache}}"),
    ]


def private_cloud_stops() -> list[Stop]:
    """Return what only an organization without CPS takes; the maps are there."""
    return [
        stop("POST", "", WITHOUT_CPS),
        *(stop("POST", f"{scope}/keyvaluemaps/{{map}}", COLOURS) for scope in SCOPES),
        *(stop("DELETE", f"{scope}/keyvaluemaps/{{map}}") for scope in SCOPES),
    ]


PRODUCT = {
    "name": "gold",
    "displayName": "Gold",
    "approvalType": "auto",
    "scopes": ["READ"],
    "proxies": ["oauth"],
    "environments": ["test"],
    "apiResources": ["/**"],
    "quota": "10",
    "quotaInterval": "1",
    "quotaTimeUnit": "minute",
    "attributes": ATTRIBUTES,
}
DEVELOPER = {"email": "ada@x.example", "firstName": "Ada", "lastName": "L", "userName": "ada", "attributes": ATTRIBUTES}
TOUR = [
    Stop(method="GET", path="/organizations"),
    stop("GET", ""),
    stop("GET", "/environments"),
    stop("GET", "/environments/{env}"),
    *(each for scope in (*SCOPES, "/apis/{api}/revisions/{revision}") for each in map_stops(scope)),
    *cache_stops(),
    *api_stops(),
    stop("POST", "/apiproducts", PRODUCT),
    stop("GET", "/apiproducts"),
    stop("GET", "/apiproducts", query="?expand=true"),
    stop("GET", "/apiproducts/{product}"),
    stop("PUT", "/apiproducts/{product}", PRODUCT),
    *attribute_stops("/apiproducts/{product}"),
    stop("POST", "/developers", DEVELOPER),
    stop("GET", "/developers"),
    stop("GET", "/developers", query="?expand=true"),
    stop("GET", "/developers/{developer}"),
    stop("PUT", "/developers/{developer}", DEVELOPER),
    stop("POST", "/developers/{developer}", query="?action=active"),
    *attribute_stops("/developers/{developer}"),
    *app_stops("/developers/{developer}"),
    stop("POST", "/companies", {"name": "initech", "displayName": "Initech", "attributes": ATTRIBUTES}),
    stop("GET", "/companies"),
    stop("GET", "/companies", query="?expand=true"),
    stop("GET", "/companies/{company}"),
    stop("PUT", "/companies/{company}", {"name": "initech", "displayName": "Initech"}),
    stop("PUT", "/companies/{company}", query="?action=active"),
    stop("POST", "/companies/{company}/developers", {"developer": [{"email": "ada@x.example", "role": "admin"}]}),
    stop("GET", "/companies/{company}/developers"),
    *app_stops("/companies/{company}"),
    stop("GET", "/apps"),
    stop("GET", "/apps", query="?expand=true"),
    stop("GET", "/apps/{app_id}"),
    *token_stops(),
    *role_stops(),
    *debug_stops(),
    stop("DELETE", "/companies/{company}/developers/{developer}"),
    stop("DELETE", "/companies/{company}/apps/{app}"),
    stop("DELETE", "/companies/{company}"),
    stop("DELETE", "/developers/{developer}/apps/{app}"),
    stop("DELETE", "/developers/{developer}"),
    stop("DELETE", "/apiproducts/{product}"),
    *private_cloud_stops(),
]


@pytest.fixture(scope="module")
def replies() -> list[Response]:
    """Make the tour once, in one world."""
    edge = FakeEdge(world=WORLD)
    values = {**PARAMETERS, **issued(edge), "org": "acme"}
    values["transaction"] = traced(edge, values)
    found = []
    for each in TOUR:
        response = reply(edge, each, values)
        if response.body.startswith(b"{") and "appId" in response.json():
            values["app_id"] = response.json()["appId"]
        found.append(response)
    return found


def issued(edge: FakeEdge) -> dict[str, str]:
    """Return what an app got at the gateway: a token, a refresh token, and a code that it has not used."""
    app = edge.app("tour", products=["tour"], callback_url="https://a.example/")
    server = edge.authorization_server(consent="given")

    def code() -> str:
        url = f"{server.authorize_url}?response_type=code&client_id={app.consumer_key}"
        return dict(answer(edge, get(url))[1])["Location"].partition("code=")[2].partition("&")[0]

    fields = {"grant_type": "authorization_code", "code": code()}
    client = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
    token = json.loads(answer(edge, token_request(server.token_url, **fields, **client))[2])
    return {
        "token": token["access_token"],
        "refresh": token["refresh_token"],
        "code": code(),
        "tour_app_id": app.app_id,
    }


def traced(edge: FakeEdge, values: dict[str, str]) -> str:
    """Open a debug session, let it capture a call, and return the id of its data."""
    sessions, _, data, *_ = debug_stops()
    reply(edge, Stop(method="POST", path=sessions.path, query="?session={session}"), values)
    answer(edge, token_request(edge.token_url))
    return reply(edge, data, values).json()[0]


def reply(edge: FakeEdge, each: Stop, values: dict[str, str]) -> Response:
    credentials = base64.b64encode(b"ops@acme.example:pw").decode()
    kind = "application/json"
    if isinstance(each.body, str):
        kind = "application/xml" if each.body.startswith("<") else "application/x-www-form-urlencoded"
    elif isinstance(each.body, bytes):
        kind = "application/octet-stream"
    sent = each.body if isinstance(each.body, str | bytes) else b"" if each.body is None else json.dumps(each.body)
    response = edge.handle(
        Request(
            method=each.method,
            url=f"{BASE}{(each.path + each.query).format(**values)}",
            headers={"Authorization": f"Basic {credentials}", "Content-Type": kind},
            body=sent,
        )
    )
    assert isinstance(response, Response)
    return response


def operation_of(method: str, path: str) -> Operation | None:
    return OPERATIONS.get((method, anonymous(path)))


@pytest.mark.parametrize("number", range(len(TOUR)), ids=[str(each) for each in TOUR])
def test_answers_as_the_official_files_say(replies: list[Response], number: int) -> None:
    """A reply has a status that the file lists, and a body of its schema, without fields that it does not name."""
    each, response = TOUR[number], replies[number]
    operation = operation_of(each.method, each.path)
    if operation is None:
        assert response.status in (200, 201, 204), response.text
        return
    allowed = (*(status for status in operation.schemas if status < 400), *STATUSES.get((each.method, each.path), ()))

    assert response.status in allowed, response.text
    schema = operation.schemas.get(response.status)
    if schema is not None:
        errors = OAS30Validator(closed(schema, EXTRA.get(operation.file, ()))).iter_errors(response.json())
        assert [f"{error.json_path}: {error.message}" for error in errors] == []


def test_the_tour_visits_every_endpoint_that_is_modelled() -> None:
    """No endpoint of the official files is modelled and not on the tour."""
    modelled = {(route.method, anonymous(route.path)) for route in all_routes() if route.is_modelled}
    visited = {(each.method, anonymous(each.path)) for each in TOUR}

    assert sorted((modelled & set(OPERATIONS)) - visited) == []
