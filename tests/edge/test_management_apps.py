"""Apps of developers and companies, and apps by id (developer-apps.yaml, company-apps.yaml, apps.yaml)."""

from typing import Any

import pytest

from pytest_apigee import ConfigurationError, FakeEdge, Response
from tests.edge.entity_support import (
    ADA,
    CREATED,
    INITECH,
    MOBILE,
    NO_CONTENT,
    WEB,
    bare_edge,
    call,
    entity_edge,
    error,
    of_json,
    shown,
    token_of,
    told,
    with_key,
    with_token,
)
from tests.edge.gateway_support import MOMENT_MS

APPS = [f"{ADA}/apps", f"{INITECH}/apps"]
OWNED = [MOBILE, WEB]
UNBOUNDED = "features.keymanagement.disable.unbounded.permissions"
APP = """\
{
  "appFamily" : "default",
  "appId" : "%(app_id)s",
  "attributes" : [ {
    "name" : "DisplayName",
    "value" : "My App"
  } ],
  "callbackUrl" : "https://a.example/cb",
%(company)s  %(stamp)s,
  "credentials" : [ {
    "apiProducts" : [ {
      "apiproduct" : "gold",
      "status" : "approved"
    } ],
    "attributes" : [ ],
    "consumerKey" : "%(key)s",
    "consumerSecret" : "%(secret)s",
    "expiresAt" : -1,
    "issuedAt" : 1767323045678,
    "scopes" : [ "READ" ],
    "status" : "approved"
  } ],
%(developer)s%(modified)s,
  "name" : "new",
  "scopes" : [ "READ" ],
  "status" : "approved"
}"""
GIVEN = {
    "name": "new",
    "apiProducts": ["gold"],
    "attributes": [{"name": "DisplayName", "value": "My App"}],
    "callbackUrl": "https://a.example/cb",
    "scopes": ["READ"],
}


@pytest.fixture
def edge() -> FakeEdge:
    return entity_edge()


def body_of(edge: FakeEdge, response: Response, apps: str) -> str:
    """Return the bytes of the new app; id, key and secret are the fake's own."""
    fields = response.json()
    credential = fields["credentials"][0]
    created, modified = CREATED.split(',\n  "lastModifiedAt')
    is_company = apps.startswith("/companies")
    developer_id = shown(edge, ADA)["developerId"]
    return APP % {
        "app_id": fields["appId"],
        "company": '  "companyName" : "initech",\n' if is_company else "",
        "stamp": created,
        "key": credential["consumerKey"],
        "secret": credential["consumerSecret"],
        "developer": "" if is_company else f'  "developerId" : "{developer_id}",\n',
        "modified": f'  "lastModifiedAt{modified}',
    }


def key_of(response: Response, number: int = 0) -> tuple[str, str]:
    """Return key and secret of one of the credentials that a response has."""
    credential = response.json()["credentials"][number]
    return credential["consumerKey"], credential["consumerSecret"]


def products_of(credential: dict[str, Any]) -> dict[str, str]:
    return {product["apiproduct"]: product["status"] for product in credential["apiProducts"]}


@pytest.mark.parametrize("apps", APPS)
def test_an_app_is_created(edge: FakeEdge, apps: str) -> None:
    """201 with the app and its one key; the fields are in the order of the alphabet."""
    response = call(edge, "POST", apps, GIVEN)

    expected = body_of(edge, response, apps)
    assert told(response) == of_json(201, expected)
    assert told(call(edge, "GET", f"{apps}/new")) == of_json(200, expected)
    assert told(call(edge, "GET", f"/apps/{response.json()['appId']}")) == of_json(200, expected)
    key, secret = key_of(response)
    assert (len(key), len(secret)) == (32, 16)
    assert with_key(edge, key) == "ok"
    assert token_of(edge, key, secret)["scope"] == "READ"


def test_a_company_app_takes_products_in_lower_case(edge: FakeEdge) -> None:
    """Its official file spells the field `apiproducts`; the other spelling is taken too."""
    lower = call(edge, "POST", f"{INITECH}/apps", {"name": "one", "apiproducts": ["gold"]})
    upper = call(edge, "POST", f"{INITECH}/apps", {"name": "two", "apiProducts": ["gold"]})

    for response in (lower, upper):
        assert products_of(response.json()["credentials"][0]) == {"gold": "approved"}
    added = call(edge, "PUT", f"{INITECH}/apps/one", {"apiproducts": ["gold"]})
    assert len(added.json()["credentials"]) == 2


@pytest.mark.parametrize("apps", APPS)
def test_an_app_without_products_has_a_key_without_any(edge: FakeEdge, apps: str) -> None:
    """Clients read `credentials[0].consumerKey` of what they created."""
    response = call(edge, "POST", apps, {"name": "new"})

    (credential,) = response.json()["credentials"]
    assert (response.status, credential["apiProducts"], credential["status"]) == (201, [], "approved")
    assert with_key(edge, credential["consumerKey"]) == "oauth.v2.InvalidApiKeyForGivenResource"


@pytest.mark.parametrize("apps", APPS)
def test_an_app_needs_products_where_the_organization_says_so(edge: FakeEdge, apps: str) -> None:
    """With `features.keymanagement.disable.unbounded.permissions` an app without API products is refused."""
    edge.set_properties({UNBOUNDED: "true"})

    response = call(edge, "POST", apps, {"name": "new"})

    expected = error(400, "keymanagement.service.ApiProductsRequired", "API products are required")
    assert told(response) == expected
    assert call(edge, "POST", apps, GIVEN).status == 201


def test_a_product_by_hand_is_pending(edge: FakeEdge) -> None:
    """The key is there and approved; the product on it waits, and calls are refused until it is approved."""
    edge.product("manual", approval="manual")

    response = call(edge, "POST", f"{ADA}/apps", {"name": "new", "apiProducts": ["manual"]})

    (credential,) = response.json()["credentials"]
    assert (credential["status"], products_of(credential)) == ("approved", {"manual": "pending"})
    assert with_key(edge, credential["consumerKey"]) == "oauth.v2.InvalidApiKeyForGivenResource"


@pytest.mark.parametrize(
    ("scopes", "allowed"), [(["ADMIN"], "READ, WRITE"), (["READ", "ADMIN"], "READ, WRITE"), (["READ"], "")]
)
def test_the_scopes_of_an_app_are_those_of_its_products(edge: FakeEdge, scopes: list[str], allowed: str) -> None:
    """A scope that no product of the key has is refused, with those that there are."""
    products = ["gold"] if allowed else []

    response = call(edge, "POST", f"{ADA}/apps", {"name": "new", "apiProducts": products, "scopes": scopes})

    message = f"Invalid scopes. Scopes must be contained in [{allowed}]"
    assert told(response) == error(400, "keymanagement.service.InvalidScopes", message)
    assert shown(edge, f"{ADA}/apps") == ["mobile"]


@pytest.mark.parametrize(
    ("given", "expires_at"),
    [(-1, -1), (1_000, MOMENT_MS + 1_000), ("1000", MOMENT_MS + 1_000), (15_552_000_000, MOMENT_MS + 15_552_000_000)],
)
def test_a_key_expires(edge: FakeEdge, given: object, expires_at: int) -> None:
    """`keyExpiresIn` is the life of the key in milliseconds, -1 for ever."""
    body = {"name": "new", "apiProducts": ["gold"], "keyExpiresIn": given}

    (credential,) = call(edge, "POST", f"{ADA}/apps", body).json()["credentials"]

    assert credential["expiresAt"] == expires_at
    assert with_key(edge, credential["consumerKey"]) == "ok"
    edge.clock.advance(milliseconds=1_000)
    expired = expires_at == MOMENT_MS + 1_000
    assert with_key(edge, credential["consumerKey"]) == (
        "keymanagement.service.consumer_key_expired" if expired else "ok"
    )


@pytest.mark.parametrize(
    "name", ["A", "0", "a b", "a._#$%-b", "x" * 255], ids=["letter", "digit", "blank", "signs", "255"]
)
def test_an_app_may_have_a_name(edge: FakeEdge, name: str) -> None:
    """Names begin with a letter or digit and have letters, digits, blanks and `._#-$%`."""
    response = call(edge, "POST", f"{ADA}/apps", {"name": name})

    assert (response.status, response.json()["name"]) == (201, name)


@pytest.mark.parametrize("name", ["-a", " a", "a/b", "ä", "a:b", "a\n", "x" * 256])
@pytest.mark.parametrize("apps", APPS)
def test_an_app_may_not_have_a_name(edge: FakeEdge, apps: str, name: str) -> None:
    """Other names are refused; the guess `mgmt_name_rules` lets them through."""
    expected = error(400, "keymanagement.service.InvalidField", "Invalid value for name")
    lenient = entity_edge(guesses={"mgmt_name_rules": False})

    assert told(call(edge, "POST", apps, {"name": name})) == expected
    assert call(lenient, "POST", apps, {"name": name}).status == 201


@pytest.mark.parametrize(("apps", "name"), [(APPS[0], "mobile"), (APPS[1], "web")])
@pytest.mark.parametrize("query", ["", "?expand=False", "?count=100&startKey=", "?count=1000&startKey="])
def test_the_apps_of_an_owner_are_listed_by_name(edge: FakeEdge, apps: str, name: str, query: str) -> None:
    """The list has the names; an empty `startKey` is none."""
    call(edge, "POST", apps, {"name": "a"})

    assert told(call(edge, "GET", f"{apps}{query}")) == of_json(200, f'[ "a", "{name}" ]')


@pytest.mark.parametrize("apps", APPS)
def test_the_apps_of_an_owner_are_listed_whole(edge: FakeEdge, apps: str) -> None:
    """With `expand=true` the list is `app`, of whole apps."""
    for name in shown(edge, apps):
        call(edge, "DELETE", f"{apps}/{name}")
    body = body_of(edge, call(edge, "POST", apps, GIVEN), apps).replace("\n", "\n  ")

    assert told(call(edge, "GET", f"{apps}?expand=true")) == of_json(200, f'{{\n  "app" : [ {body} ]\n}}')


@pytest.mark.parametrize("query", ["count=5", "count=5&startKey=mobile"])
def test_pages_of_apps_are_not_expanded(edge: FakeEdge, query: str) -> None:
    """`expand` does not apply where `count` or `startKey` is used."""
    assert shown(edge, f"{ADA}/apps?expand=true&{query}") == ["mobile"]


@pytest.mark.parametrize("app", OWNED)
def test_an_update_drops_what_it_leaves_out(edge: FakeEdge, app: str) -> None:
    """Attributes and callback that the body lacks are gone; keys, scopes and status stay, and so does the name."""
    apps = app.rpartition("/")[0]
    call(edge, "POST", apps, GIVEN)
    edge.clock.advance(seconds=1)

    response = call(edge, "PUT", f"{apps}/new", {"name": "other", "scopes": ["WRITE"]})

    changed = response.json()
    assert response.status == 200
    assert (changed["name"], changed["attributes"], changed["callbackUrl"]) == ("new", [], "")
    assert (changed["scopes"], changed["status"], len(changed["credentials"])) == (["READ"], "approved", 1)
    assert (changed["createdAt"], changed["lastModifiedAt"]) == (MOMENT_MS, MOMENT_MS + 1_000)
    assert shown(edge, f"{apps}/new") == changed


@pytest.mark.parametrize("app", OWNED)
def test_an_update_with_products_adds_a_key(edge: FakeEdge, app: str) -> None:
    """Each update that names API products gives the app one key more; the others stay as they are."""
    known = shown(edge, app)["credentials"]

    first = call(edge, "PUT", app, {"apiProducts": ["gold"]})
    second = call(edge, "PUT", app, {"apiProducts": ["gold"], "keyExpiresIn": 5_000})

    assert [len(response.json()["credentials"]) for response in (first, second)] == [2, 3]
    assert second.json()["credentials"][:1] == known
    assert second.json()["credentials"][2]["expiresAt"] == MOMENT_MS + 5_000
    assert [with_key(edge, key_of(second, number)[0]) for number in range(3)] == ["ok", "ok", "ok"]


@pytest.mark.parametrize("status", ["approved", "revoked", "pending"])
def test_an_update_may_set_the_status(edge: FakeEdge, status: str) -> None:
    """A status in the body is the app's from then on, and the gateway goes by it."""
    assert call(edge, "PUT", MOBILE, {"status": status}).json()["status"] == status
    assert (with_key(edge, "k1") == "ok") is (status == "approved")


@pytest.mark.parametrize("app", OWNED)
def test_a_post_adds_a_key(edge: FakeEdge, app: str) -> None:
    """A body with what a key needs makes one more, with its own life, and what it leaves out of the app is gone."""
    call(edge, "PUT", app, {"callbackUrl": "https://a.example", "attributes": [{"name": "a", "value": "b"}]})

    response = call(edge, "POST", app, {"apiProducts": ["gold"], "keyExpiresIn": 1_000})

    changed = response.json()
    assert (response.status, len(changed["credentials"])) == (200, 2)
    assert changed["credentials"][1]["expiresAt"] == MOMENT_MS + 1_000
    assert (changed["callbackUrl"], changed["attributes"]) == ("", [])
    assert with_key(edge, key_of(response, 1)[0]) == "ok"


@pytest.mark.parametrize(
    ("word", "status"),
    [("revoke", "revoked"), ("approve", "approved"), ("revoked", "revoked"), ("approved", "approved")],
)
def test_a_post_may_set_the_status(edge: FakeEdge, word: str, status: str) -> None:
    """`status` in the body approves or revokes: 200 with the app, and no new key."""
    response = call(edge, "POST", MOBILE, {"status": word})

    assert (response.status, response.json()["status"], len(response.json()["credentials"])) == (200, status, 1)
    assert (with_key(edge, "k1") == "ok") is (status == "approved")


@pytest.mark.parametrize("body", [None, "", " ", {"apiProducts": ["gold"]}])
@pytest.mark.parametrize(("app", "key", "secret"), [(MOBILE, "k1", "s1"), (WEB, "c1", "cs1")])
def test_an_app_is_revoked_and_approved(edge: FakeEdge, app: str, key: str, secret: str, body: object) -> None:
    """204 without a body; the keys still say approved and are refused; with an action a body is not read."""
    token = token_of(edge, key, secret)["access_token"]

    assert told(call(edge, "POST", f"{app}?action=revoke", body)) == NO_CONTENT

    app_now, refused = shown(edge, app), "keymanagement.service.invalid_client-app_not_approved"
    assert (app_now["status"], [one["status"] for one in app_now["credentials"]]) == ("revoked", ["approved"])
    assert (with_key(edge, key), with_token(edge, token)) == (refused, refused)
    assert told(call(edge, "POST", f"{app}?action=approve", body)) == NO_CONTENT
    assert (with_key(edge, key), with_token(edge, token)) == ("ok", "ok")


@pytest.mark.parametrize(("app", "key", "secret"), [(MOBILE, "k1", "s1"), (WEB, "c1", "cs1")])
def test_an_app_is_deleted_with_its_keys(edge: FakeEdge, app: str, key: str, secret: str) -> None:
    """200 with the app that was; its key and its tokens are good for nothing."""
    token, known = token_of(edge, key, secret)["access_token"], call(edge, "GET", app)

    assert told(call(edge, "DELETE", app)) == told(known)
    assert call(edge, "GET", app).status == 404
    assert shown(edge, app.rpartition("/")[0]) == []
    assert with_key(edge, key) == "oauth.v2.InvalidApiKey"
    assert with_token(edge, token) == "keymanagement.service.invalid_access_token"


def test_a_key_is_free_after_its_app(edge: FakeEdge) -> None:
    """The consumer key of a deleted app can be given to another one."""
    call(edge, "DELETE", MOBILE)

    response = call(edge, "POST", f"{WEB}/keys/create", {"consumerKey": "k1", "consumerSecret": "s9"})

    assert response.status == 201


def test_an_app_may_be_left_without_a_key(edge: FakeEdge) -> None:
    """When its last key is deleted the app stays, is listed, and gets a new one."""
    call(edge, "DELETE", f"{MOBILE}/keys/k1")

    assert shown(edge, MOBILE)["credentials"] == []
    assert [app["credentials"] for app in shown(edge, "/apps?expand=true&apptype=developer")["app"]] == [[]]
    assert len(call(edge, "POST", MOBILE, {"apiProducts": ["gold"]}).json()["credentials"]) == 1


def test_a_test_is_told_of_an_app_without_a_key(edge: FakeEdge) -> None:
    """Who asks for its key is told how to give it one, and that one works."""
    call(edge, "DELETE", f"{MOBILE}/keys/k1")
    app = edge.find_app("mobile")

    with pytest.raises(ConfigurationError) as raised:
        _ = app.consumer_key

    message = "The app 'mobile' has no consumer key: give it one with apigee.add_key(app, products=[...])."
    assert str(raised.value) == message
    assert with_key(edge, edge.add_key(app, products=["gold"]).consumer_key) == "ok"
    call(edge, "DELETE", f"{MOBILE}/keys/{edge.find_app('mobile').consumer_key}")
    assert dict(edge.add_key(app).products) == {}


def test_the_hundred_and_first_key_is_not_modelled(edge: FakeEdge) -> None:
    """At about a hundred keys of one app Edge stops, and how is unknown: 501, complained of, and nothing is added."""
    for _ in range(99):
        edge.add_key(edge.find_app("mobile"))

    response = call(edge, "PUT", MOBILE, {"apiProducts": ["gold"]})

    message = (
        "pytest-apigee does not model more than 100 keys of one app, which Edge refuses in a way that nobody recorded."
    )
    assert (response.status, response.text) == (501, f"{message}\n")
    assert [grievance.message for grievance in edge.take_grievances()] == [message]
    assert len(shown(edge, MOBILE)["credentials"]) == 100


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        (f"{ADA}/apps?keyStatus=approved", "keyStatus"),
        (f"{INITECH}/apps?keyStatus=revoked", "keyStatus"),
        (f"{ADA}/apps?shallowExpand=true", "shallowExpand"),
        (f"{MOBILE}?query=count&entity=apiresources", "query"),
        (f"{WEB}?entity=apiresources", "entity"),
        ("/apps?includeCred=false", "includeCred"),
        ("/apps?appfamily=default", "appfamily"),
        ("/apps?ids=a,b", "ids"),
    ],
)
def test_filters_that_are_not_modelled_are_complained_of(edge: FakeEdge, path: str, parameter: str) -> None:
    """What only the private cloud has, or nobody recorded, is 501 and never a wrong list."""
    response = call(edge, "GET", path)

    host = "https://api.enterprise.apigee.com/v1/organizations/acme"
    shown_path = path.partition("?")[0]
    message = f"pytest-apigee does not model GET {host}{shown_path} with the query parameter {parameter}."
    assert (response.status, response.text) == (501, f"{message}\n")
    assert [grievance.message for grievance in edge.take_grievances()] == [message]


# By id


def ids(edge: FakeEdge) -> dict[str, str]:
    """Return the ids of the apps by name."""
    return {app["name"]: app["appId"] for app in shown(edge, "/apps?expand=true")["app"]}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"mobile", "web"}),
        ("?apptype=developer", {"mobile"}),
        ("?apptype=company", {"web"}),
        ("?status=approved", {"web"}),
        ("?status=revoked", {"mobile"}),
        ("?status=pending", set()),
        ("?status=revoked&apptype=company", set()),
        ("?rows=1000", {"mobile", "web"}),
        ("?expand=False", {"mobile", "web"}),
    ],
)
def test_the_apps_of_the_organization_are_listed_by_id(edge: FakeEdge, query: str, names: set[str]) -> None:
    """The list has ids, of all apps or of those of a kind or status."""
    call(edge, "POST", f"{MOBILE}?action=revoke")
    known = ids(edge)

    listed = ", ".join(f'"{app_id}"' for app_id in sorted(known[name] for name in names))

    assert told(call(edge, "GET", f"/apps{query}")) == of_json(200, f"[ {listed} ]" if names else "[ ]")


def test_the_apps_of_the_organization_are_listed_whole() -> None:
    """With `expand=true` the list is `app`, of whole apps with their keys."""
    edge = bare_edge()
    edge.developer("ada@x.example")
    edge.product("gold", scopes=["READ"])
    body = body_of(edge, call(edge, "POST", f"{ADA}/apps", GIVEN), f"{ADA}/apps").replace("\n", "\n  ")

    assert told(call(edge, "GET", "/apps?expand=true")) == of_json(200, f'{{\n  "app" : [ {body} ]\n}}')


@pytest.mark.parametrize("name", ["mobile", "web"])
def test_an_app_is_deleted_by_its_id(edge: FakeEdge, name: str) -> None:
    """apigee-edge-js deletes so: 200 with the app that was."""
    app_id = ids(edge)[name]
    known = call(edge, "GET", f"/apps/{app_id}")

    assert told(call(edge, "DELETE", f"/apps/{app_id}")) == told(known)
    assert name not in ids(edge)
    assert call(edge, "GET", f"/apps/{app_id}").status == 404


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("/apps?apptype=robot", "InvalidField", "Invalid value for apptype"),
        ("/apps?status=good", "InvalidField", "Invalid value for status"),
        ("/apps?startKey=a", "RequiredFieldMissing", "Required field rows is missing"),
        (f"{INITECH}/apps?startKey=a", "RequiredFieldMissing", "Required field count is missing"),
    ],
)
def test_a_list_that_cannot_be_is_refused(edge: FakeEdge, path: str, code: str, message: str) -> None:
    """Kinds and statuses are those that there are; `startKey` needs `rows`, and `count` for a company's apps."""
    assert told(call(edge, "GET", path)) == error(400, f"keymanagement.service.{code}", message)


def test_the_app_of_a_test_shows_its_scopes(edge: FakeEdge) -> None:
    """`apigee.app(scopes=...)` gives them to the app and to its key, as a creation with scopes does."""
    edge.app("new", products=["gold"], developer="ada@x.example", scopes="READ")

    app = shown(edge, f"{ADA}/apps/new")

    assert (app["scopes"], app["credentials"][0]["scopes"]) == (["READ"], ["READ"])


def test_older_fields_can_be_switched() -> None:
    """The guesses `mgmt_app_family` and `mgmt_app_access_type` say which of the older fields an app shows."""
    edge = entity_edge(guesses={"mgmt_app_family": False, "mgmt_app_access_type": True})

    app = shown(edge, MOBILE)

    assert "appFamily" not in app
    assert next(iter(app.items())) == ("accessType", "")
