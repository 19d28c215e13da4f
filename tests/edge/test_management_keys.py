"""Consumer keys of apps at the management API (app-keys.yaml, company-app-keys.yaml; management.md 4)."""

import pytest

from pytest_apigee import FakeEdge
from tests.edge.entity_support import (
    COMPANY_KEY,
    KEY,
    MOBILE,
    NO_CONTENT,
    WEB,
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

APPS = [MOBILE, WEB]
KEYS = [(KEY, "k1", "s1"), (COMPANY_KEY, "c1", "cs1")]
CREDENTIAL = """\
{
  "apiProducts" : [ {
    "apiproduct" : "gold",
    "status" : "%(status)s"
  } ],
  "attributes" : [ ],
  "consumerKey" : "%(key)s",
  "consumerSecret" : "%(secret)s",
  "expiresAt" : -1,
  "issuedAt" : 1767323045678,
  "scopes" : %(scopes)s,
  "status" : "approved"
}"""
CREATED = """\
{
  "apiProducts" : [ ],
  "attributes" : [ ],
  "consumerKey" : "my_key-1",
  "consumerSecret" : "my_secret-1",
  "issuedAt" : 1767323045678,
  "scopes" : [ ],
  "status" : "approved"
}"""
NO_KEY = error(404, "keymanagement.service.InvalidClientIdForGivenApp", "Invalid consumer key for Given App")
NOT_ON_KEY = error(
    500, "keymanagement.service.APIProductNotAssociated", "APIProduct is not associated with consumer key"
)


@pytest.fixture
def edge() -> FakeEdge:
    return entity_edge()


def credential(key: str, secret: str, *, status: str = "approved", scopes: str = "[ ]") -> str:
    return CREDENTIAL % {"key": key, "secret": secret, "status": status, "scopes": scopes}


@pytest.mark.parametrize("app", APPS)
def test_a_key_is_created_as_given(edge: FakeEdge, app: str) -> None:
    """201 with the key, which has no product yet; this answer alone does not say when it expires."""
    response = call(edge, "POST", f"{app}/keys/create", {"consumerKey": "my_key-1", "consumerSecret": "my_secret-1"})

    assert told(response) == of_json(201, CREATED)
    assert shown(edge, f"{app}/keys/my_key-1")["expiresAt"] == -1
    assert [known["consumerKey"] for known in shown(edge, app)["credentials"]][1:] == ["my_key-1"]
    assert with_key(edge, "my_key-1") == "oauth.v2.InvalidApiKeyForGivenResource"
    assert token_of(edge, "my_key-1", "my_secret-1")["api_product_list"] == "[]"


@pytest.mark.parametrize("size", [1, 2048])
def test_a_key_has_up_to_two_kilobytes(edge: FakeEdge, size: int) -> None:
    """Key and secret may have 2 KB each."""
    response = call(edge, "POST", f"{MOBILE}/keys/create", {"consumerKey": "k" * size, "consumerSecret": "s" * size})

    assert response.status == 201


@pytest.mark.parametrize("value", ["k" * 2049, "a b", "a.b", "ä", "a/b", "a\n"])
@pytest.mark.parametrize("field", ["consumerKey", "consumerSecret"])
def test_a_key_of_other_characters_is_refused(edge: FakeEdge, field: str, value: str) -> None:
    """Letters, digits, underscores and hyphens only; the answer does not repeat the value."""
    body = {"consumerKey": "key", "consumerSecret": "secret", field: value}

    response = call(edge, "POST", f"{MOBILE}/keys/create", body)

    assert told(response) == error(400, "keymanagement.service.InvalidConsumerKey", f"Invalid {field}")
    assert edge.calls.last.reason == f"Invalid {field}"


@pytest.mark.parametrize(("path", "key", "secret"), KEYS)
def test_a_key_is_shown(edge: FakeEdge, path: str, key: str, secret: str) -> None:
    """200 with the key, its secret and its products."""
    assert told(call(edge, "GET", path)) == of_json(200, credential(key, secret))


@pytest.mark.parametrize(("path", "key", "secret"), KEYS)
def test_a_key_is_deleted(edge: FakeEdge, path: str, key: str, secret: str) -> None:
    """200 with the key that was; calls with it and with its tokens are refused."""
    token = token_of(edge, key, secret)["access_token"]

    assert told(call(edge, "DELETE", path)) == of_json(200, credential(key, secret))
    assert told(call(edge, "GET", path)) == NO_KEY
    assert with_key(edge, key) == "oauth.v2.InvalidApiKey"
    assert with_token(edge, token) == "keymanagement.service.invalid_access_token"


@pytest.mark.parametrize("body", [None, " ", {"apiProducts": ["none"]}])
@pytest.mark.parametrize(("path", "key", "secret"), KEYS)
def test_a_key_is_revoked_and_approved(edge: FakeEdge, path: str, key: str, secret: str, body: object) -> None:
    """204 without a body; tokens of a revoked key stay, and calls are refused; with an action no body is read."""
    token = token_of(edge, key, secret)["access_token"]

    assert told(call(edge, "POST", f"{path}?action=revoke", body)) == NO_CONTENT
    assert shown(edge, path)["status"] == "revoked"
    assert with_key(edge, key) == "oauth.v2.ApiKeyNotApproved"
    assert with_token(edge, token) == "keymanagement.service.invalid_client-client_id_not_approved"

    assert told(call(edge, "POST", f"{path}?action=approve", body)) == NO_CONTENT
    assert (with_key(edge, key), with_token(edge, token)) == ("ok", "ok")


def test_what_the_test_revokes_is_shown_so(edge: FakeEdge) -> None:
    """A key that the test revoked is revoked at the management API."""
    edge.set_key_status(edge.find_app("mobile"), "revoked")

    assert shown(edge, KEY)["status"] == "revoked"


@pytest.mark.parametrize("app", APPS)
def test_products_are_added_to_a_key(edge: FakeEdge, app: str) -> None:
    """200 with the key; those that it has keep their place and status, and calls are allowed at once."""
    edge.product("silver", approval="manual")
    call(edge, "POST", f"{app}/keys/create", {"consumerKey": "new", "consumerSecret": "s"})
    call(edge, "POST", f"{app}/keys/new", {"apiProducts": ["silver"]})
    call(edge, "POST", f"{app}/keys/new/apiproducts/silver?action=revoke")

    response = call(edge, "POST", f"{app}/keys/new", {"apiProducts": ["gold", "silver"]})

    assert response.status == 200
    assert [tuple(product.values()) for product in response.json()["apiProducts"]] == [
        ("silver", "revoked"),
        ("gold", "approved"),
    ]
    assert with_key(edge, "new") == "ok"


def test_attributes_come_with_products(edge: FakeEdge) -> None:
    """Attributes in the body replace those of the key; a body without any leaves them."""
    given = [{"name": "a", "value": "1"}]
    first = call(edge, "POST", KEY, {"apiProducts": ["gold"], "attributes": given})
    second = call(edge, "POST", KEY, {"apiProducts": ["gold"]})
    third = call(edge, "POST", KEY, {"attributes": []})

    assert [response.json()["attributes"] for response in (first, second, third)] == [given, given, []]


def test_an_unknown_product_adds_nothing(edge: FakeEdge) -> None:
    """Of several products all are added or none."""
    edge.product("silver")

    response = call(edge, "POST", KEY, {"apiProducts": ["silver", "none"]})

    message = "API Product [none] does not exist for tenant [acme] and id [null]"
    assert told(response) == error(404, "keymanagement.service.apiproduct_doesnot_exist", message)
    assert told(call(edge, "GET", KEY)) == of_json(200, credential("k1", "s1"))


@pytest.mark.parametrize(("path", "key", "secret"), KEYS)
def test_scopes_are_those_that_are_put(edge: FakeEdge, path: str, key: str, secret: str) -> None:
    """200 with the key; the list replaces the one before, and tokens have these scopes alone."""
    call(edge, "PUT", path, {"scopes": ["READ", "WRITE"]})

    assert told(call(edge, "PUT", path, {"scopes": ["READ"]})) == of_json(
        200, credential(key, secret, scopes='[ "READ" ]')
    )
    assert token_of(edge, key, secret)["scope"] == "READ"
    assert told(call(edge, "PUT", path, {"scopes": []})) == of_json(200, credential(key, secret))
    assert token_of(edge, key, secret)["scope"] == "READ WRITE"


def test_scopes_that_no_product_has_are_refused(edge: FakeEdge) -> None:
    """400 with the scopes that the key's products have; those of a deleted product are not among them."""
    edge.product("silver", scopes=["DELETE", "READ"])
    call(edge, "POST", KEY, {"apiProducts": ["silver"]})

    before = call(edge, "PUT", KEY, {"scopes": ["ADMIN"]})
    call(edge, "DELETE", "/apiproducts/silver")
    after = call(edge, "PUT", KEY, {"scopes": ["DELETE"]})

    text = "Invalid scopes. Scopes must be contained in [{}]"
    assert told(before) == error(400, "keymanagement.service.InvalidScopes", text.format("READ, WRITE, DELETE"))
    assert told(after) == error(400, "keymanagement.service.InvalidScopes", text.format("READ, WRITE"))


@pytest.mark.parametrize(("path", "key", "secret"), KEYS)
def test_a_product_on_a_key_is_approved_and_revoked(edge: FakeEdge, path: str, key: str, secret: str) -> None:
    """204 without a body; a product that waits or is revoked does not let calls through, an approved one does."""
    edge.set_product_status(edge.find_app(path.split("/")[4]), "gold", "pending")
    token = token_of(edge, key, secret)["access_token"]
    refused = ("oauth.v2.InvalidApiKeyForGivenResource", "keymanagement.service.InvalidAPICallAsNoApiProductMatchFound")
    assert told(call(edge, "GET", path)) == of_json(200, credential(key, secret, status="pending"))
    assert (with_key(edge, key), with_token(edge, token)) == refused

    assert told(call(edge, "POST", f"{path}/apiproducts/gold?action=approve")) == NO_CONTENT
    assert (with_key(edge, key), with_token(edge, token)) == ("ok", "ok")

    assert told(call(edge, "POST", f"{path}/apiproducts/gold?action=revoke")) == NO_CONTENT
    assert (with_key(edge, key), with_token(edge, token)) == refused


def test_a_product_is_taken_from_a_developers_key(edge: FakeEdge) -> None:
    """200 with the key as it now is; the key itself stays."""
    response = call(edge, "DELETE", f"{KEY}/apiproducts/gold")

    assert (response.status, response.json()["apiProducts"]) == (200, [])
    assert told(call(edge, "GET", KEY)) == told(response)
    assert with_key(edge, "k1") == "oauth.v2.InvalidApiKeyForGivenResource"


def test_a_product_is_taken_from_a_companys_key(edge: FakeEdge) -> None:
    """204 without a body."""
    assert told(call(edge, "DELETE", f"{COMPANY_KEY}/apiproducts/gold")) == NO_CONTENT
    assert shown(edge, COMPANY_KEY)["apiProducts"] == []


@pytest.mark.parametrize("method", ["DELETE", "POST"])
@pytest.mark.parametrize("path", [KEY, COMPANY_KEY])
def test_a_product_that_a_key_lacks(edge: FakeEdge, path: str, method: str) -> None:
    """Edge answers 500, whether there is such a product or not."""
    edge.product("silver")

    for product in ("silver", "none"):
        assert told(call(edge, method, f"{path}/apiproducts/{product}?action=approve")) == NOT_ON_KEY


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("PUT", ""),
        ("POST", "?action=revoke"),
        ("POST", "/apiproducts/gold?action=revoke"),
        ("DELETE", "/apiproducts/gold"),
        ("GET", "/attributes"),
        ("POST", "/attributes/a"),
    ],
)
@pytest.mark.parametrize("key", ["none", "c1", "K1"])
def test_a_key_of_another_app_is_unknown(edge: FakeEdge, method: str, rest: str, key: str) -> None:
    """A key is found below its own app, in its own spelling, and the tester is not told of it."""
    assert told(call(edge, method, f"{MOBILE}/keys/{key}{rest}")) == NO_KEY
    assert edge.calls.last.reason == "Invalid consumer key for Given App"
    assert "/keys/[hidden]" in str(edge.calls.last)


def test_a_key_that_another_app_has_is_refused(edge: FakeEdge) -> None:
    """A consumer key belongs to one app of the organization."""
    response = call(edge, "POST", f"{MOBILE}/keys/create", {"consumerKey": "c1", "consumerSecret": "s"})

    assert told(response) == error(409, "keymanagement.service.ConsumerKeyAlreadyExists", "ConsumerKey already exists")


def test_an_app_changes_with_its_keys(edge: FakeEdge) -> None:
    """What is done to a key changes its app: when, and by whom."""
    edge.clock.advance(seconds=1)

    call(edge, "POST", f"{KEY}?action=revoke")

    app = shown(edge, MOBILE)
    assert (app["createdAt"], app["createdBy"]) == (MOMENT_MS, "defaultUser")
    assert (app["lastModifiedAt"], app["lastModifiedBy"]) == (MOMENT_MS + 1_000, "ops@acme.example")


def test_the_gateway_remembers_a_key_for_a_while() -> None:
    """With a revocation lag a key that was just used works on until the gateway looks anew."""
    edge = entity_edge(world={"organizations": [{"name": "acme", "revocation_lag": 180}]})
    assert with_key(edge, "k1") == "ok"

    call(edge, "POST", f"{KEY}?action=revoke")

    assert (shown(edge, KEY)["status"], with_key(edge, "k1")) == ("revoked", "ok")
    edge.clock.advance(seconds=180)
    assert with_key(edge, "k1") == "oauth.v2.ApiKeyNotApproved"
