"""API products at the management API (products.yaml; management.md 4)."""

import pytest

from pytest_apigee import FakeEdge
from tests.edge.entity_support import (
    ADA,
    CREATED,
    KEY,
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

UNBOUNDED = "features.keymanagement.disable.unbounded.permissions"
GIVEN = {
    "name": "silver",
    "displayName": "Silver",
    "approvalType": "auto",
    "description": "Some calls",
    "environments": ["test"],
    "proxies": ["weather", "maps"],
    "apiResources": ["/", "/a/**"],
    "scopes": ["READ", "WRITE"],
    "attributes": [{"name": "access", "value": "public"}],
    "quota": "10",
    "quotaInterval": "1",
    "quotaTimeUnit": "minute",
}
LEAST = {"name": "silver", "displayName": "Silver", "approvalType": "auto"}
CREATED_AT, MODIFIED_AT = CREATED.split(',\n  "lastModifiedAt')
SILVER = f"""\
{{
  "apiResources" : [ "/", "/a/**" ],
  "approvalType" : "auto",
  "attributes" : [ {{
    "name" : "access",
    "value" : "public"
  }} ],
  {CREATED_AT},
  "description" : "Some calls",
  "displayName" : "Silver",
  "environments" : [ "test" ],
  "lastModifiedAt{MODIFIED_AT},
  "name" : "silver",
  "proxies" : [ "weather", "maps" ],
  "quota" : "10",
  "quotaInterval" : "1",
  "quotaTimeUnit" : "minute",
  "scopes" : [ "READ", "WRITE" ]
}}"""
NO_MATCH = "keymanagement.service.InvalidAPICallAsNoApiProductMatchFound"


@pytest.fixture
def edge() -> FakeEdge:
    return entity_edge()


def test_a_product_is_created(edge: FakeEdge) -> None:
    """201 with the product, its fields in the order of the alphabet, its quota as text."""
    assert told(call(edge, "POST", "/apiproducts", GIVEN)) == of_json(201, SILVER)
    assert told(call(edge, "GET", "/apiproducts/silver")) == of_json(200, SILVER)


def test_a_product_needs_little(edge: FakeEdge) -> None:
    """Name, display name and approval are enough; a quota that is not set is not shown."""
    response = call(edge, "POST", "/apiproducts", LEAST)

    fields = response.json()
    assert response.status == 201
    assert [fields[name] for name in ("apiResources", "environments", "proxies", "scopes")] == [[], [], [], []]
    assert not {"quota", "quotaInterval", "quotaTimeUnit"} & set(fields)


@pytest.mark.parametrize("quota", [10, "10"])
def test_a_quota_is_kept_as_text(edge: FakeEdge, quota: object) -> None:
    """A quota that is written as a number is shown as text."""
    assert call(edge, "POST", "/apiproducts", {**LEAST, "quota": quota}).json()["quota"] == "10"


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"displayName": None}, "apiproduct_invalid_displayname", "Invalid API Product display name"),
        ({"displayName": ""}, "apiproduct_invalid_displayname", "Invalid API Product display name"),
        ({"name": None}, "apiproduct_name_invalid", "Invalid API Product name"),
        ({"name": ""}, "apiproduct_name_invalid", "Invalid API Product name"),
        ({"name": "a/b"}, "apiproduct_name_invalid", "Invalid API Product name"),
        ({"name": "a "}, "apiproduct_name_invalid", "Invalid API Product name"),
        ({"name": "ä"}, "apiproduct_name_invalid", "Invalid API Product name"),
        ({"approvalType": None}, "RequiredFieldMissing", "Required field approvalType is missing"),
        ({"approvalType": "never"}, "InvalidField", "Invalid value for approvalType"),
        ({"quota": 0}, "InvalidField", "Invalid value for quota"),
        ({"quota": "ten"}, "InvalidField", "Invalid value for quota"),
        ({"quota": 1.5}, "InvalidField", "Invalid value for quota"),
        ({"quotaInterval": "-1"}, "InvalidField", "Invalid value for quotaInterval"),
        ({"quotaTimeUnit": "week"}, "InvalidField", "Invalid value for quotaTimeUnit"),
        ({"proxies": "weather"}, "InvalidField", "Invalid value for proxies"),
        ({"scopes": [["READ"]]}, "InvalidField", "Invalid value for scopes"),
        (
            {"proxies": ["weather", "wether"]},
            "apiproxy_doesnot_exist",
            "APIProxy named wether does not exist in organization acme",
        ),
    ],
)
def test_a_product_that_cannot_be_is_refused(
    edge: FakeEdge, fields: dict[str, object], code: str, message: str
) -> None:
    """400, and there is no product, or the one that was there stays as it was."""
    assert told(call(edge, "POST", "/apiproducts", {**LEAST, **fields})) == error(
        400, f"keymanagement.service.{code}", message
    )
    assert shown(edge, "/apiproducts") == ["gold"]
    if "name" not in fields:
        known = call(edge, "GET", "/apiproducts/gold")
        assert call(edge, "PUT", "/apiproducts/gold", {**LEAST, **fields}).status == 400
        assert told(call(edge, "GET", "/apiproducts/gold")) == told(known)


def test_rules_can_be_switched_off() -> None:
    """The guesses `mgmt_name_rules` and `mgmt_product_proxies_checked` let any name and any proxy through."""
    edge = bare_edge(guesses={"mgmt_name_rules": False, "mgmt_product_proxies_checked": False})

    response = call(edge, "POST", "/apiproducts", {**LEAST, "name": "a/b", "proxies": ["none"]})

    assert (response.status, response.json()["name"], response.json()["proxies"]) == (201, "a/b", ["none"])
    assert shown(edge, "/apiproducts/a%2Fb")["name"] == "a/b"


def test_an_unknown_environment_is_refused(edge: FakeEdge) -> None:
    """A product is bound to environments that there are."""
    response = call(edge, "POST", "/apiproducts", {**LEAST, "environments": ["test", "dev"]})

    message = "Environment dev does not exist in organization acme"
    assert told(response) == error(404, "messaging.config.beans.EnvironmentDoesNotExist", message)


@pytest.mark.parametrize(
    ("fields", "status"), [({}, 400), ({"environments": ["test"]}, 400), ({"proxies": ["maps"]}, 201)]
)
def test_a_product_needs_bounds_where_the_organization_says_so(
    edge: FakeEdge, fields: dict[str, object], status: int
) -> None:
    """With `features.keymanagement.disable.unbounded.permissions` a product needs an API proxy or a resource."""
    edge.set_properties({UNBOUNDED: "true"})

    response = call(edge, "POST", "/apiproducts", {**LEAST, **fields})

    assert response.status == status
    if status == 400:
        code = "keymanagement.service.ApiProxiesOrResourcesRequired"
        assert told(response) == error(400, code, "API proxies or API resources are required")
        assert call(edge, "PUT", "/apiproducts/gold", {**LEAST, **fields}).status == 400
    assert call(edge, "POST", "/apiproducts", {**LEAST, "name": "r", "apiResources": ["/a"]}).status == 201


def test_a_product_without_bounds_allows_nothing_where_the_organization_says_so(edge: FakeEdge) -> None:
    """With that property calls are refused by a product that has neither API proxies nor resources."""
    token = token_of(edge, "k1", "s1")["access_token"]

    edge.set_properties({UNBOUNDED: "true"})

    assert (with_key(edge, "k1"), with_token(edge, token)) == ("oauth.v2.InvalidApiKeyForGivenResource", NO_MATCH)
    call(edge, "PUT", "/apiproducts/gold", {**LEAST, "apiResources": ["/**"]})
    assert (with_key(edge, "k1"), with_token(edge, token)) == ("ok", "ok")


@pytest.mark.parametrize("query", ["", "?expand=False&count=1000&startKey=", "?attributevalue=x"])
def test_products_are_listed_by_name(edge: FakeEdge, query: str) -> None:
    """The list has the names."""
    call(edge, "POST", "/apiproducts", GIVEN)

    assert told(call(edge, "GET", f"/apiproducts{query}")) == of_json(200, '[ "gold", "silver" ]')


def test_products_are_listed_whole() -> None:
    """With `expand=true` the list is `apiProduct`, of whole products."""
    edge = bare_edge()
    call(edge, "POST", "/apiproducts", GIVEN)
    body = SILVER.replace("\n", "\n  ")

    expected = of_json(200, f'{{\n  "apiProduct" : [ {body} ]\n}}')
    assert told(call(edge, "GET", "/apiproducts?expand=true")) == expected


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("attributename=access&attributevalue=public", ["silver"]),
        ("attributename=access&attributevalue=private", []),
        ("attributename=access", ["silver"]),
        ("attributename=none&attributevalue=public", []),
    ],
)
def test_products_are_listed_by_attribute(edge: FakeEdge, query: str, names: list[str]) -> None:
    """`attributename` and `attributevalue` ask for the products that have such an attribute."""
    call(edge, "POST", "/apiproducts", GIVEN)

    assert shown(edge, f"/apiproducts?{query}") == names


def test_an_update_replaces_a_product(edge: FakeEdge) -> None:
    """200 with the product as it now is; what the body leaves out is gone; the name stays, whatever the body says."""
    call(edge, "POST", "/apiproducts", GIVEN)
    edge.clock.advance(seconds=1)

    response = call(edge, "PUT", "/apiproducts/silver", {**LEAST, "name": "other", "approvalType": "manual"})

    fields = response.json()
    assert (response.status, fields["name"], fields["approvalType"]) == (200, "silver", "manual")
    assert (fields["proxies"], fields["attributes"], fields["description"]) == ([], [], "")
    assert "quota" not in fields
    assert (fields["createdAt"], fields["lastModifiedAt"]) == (MOMENT_MS, MOMENT_MS + 1_000)
    assert shown(edge, "/apiproducts/silver") == fields


def test_an_update_changes_what_calls_may_do(edge: FakeEdge) -> None:
    """Proxies that the product gets or loses are open or closed to its keys at once, and new scopes are granted."""
    token = token_of(edge, "k1", "s1")["access_token"]

    call(edge, "PUT", "/apiproducts/gold", {**LEAST, "proxies": ["maps"], "scopes": ["DELETE"]})

    assert (with_key(edge, "k1"), with_token(edge, token)) == ("oauth.v2.InvalidApiKeyForGivenResource", "ok")
    assert token_of(edge, "k1", "s1")["scope"] == "DELETE"


def test_a_product_is_deleted(edge: FakeEdge) -> None:
    """200 with the product that was; the calls of keys that have it fail, and work when it is there again."""
    known, token = call(edge, "GET", "/apiproducts/gold"), token_of(edge, "k1", "s1")["access_token"]

    assert told(call(edge, "DELETE", "/apiproducts/gold")) == told(known)
    assert call(edge, "GET", "/apiproducts/gold").status == 404
    assert (with_key(edge, "k1"), with_token(edge, token)) == ("oauth.v2.InvalidApiKeyForGivenResource", NO_MATCH)
    assert shown(edge, KEY)["apiProducts"] == [{"apiproduct": "gold", "status": "approved"}]

    call(edge, "POST", "/apiproducts", {**LEAST, "name": "gold"})
    assert (with_key(edge, "k1"), with_token(edge, token)) == ("ok", "ok")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("entity=keys", ["c1", "k1"]),
        ("entity=apps", ["mobile", "web"]),
        ("entity=apps&count=1", ["mobile"]),
        ("entity=apps&startkey=web&count=100", ["web"]),
        ("entity=apps&startKey=web", ["mobile", "web"]),
    ],
)
def test_keys_and_apps_of_a_product_are_listed(edge: FakeEdge, query: str, names: list[str]) -> None:
    """`query=list` with `entity` lists who has the product; apps page by `count` and `startkey`, spelled so."""
    edge.app("other", developer="ada@x.example")

    assert shown(edge, f"/apiproducts/gold?query=list&{query}") == names


@pytest.mark.parametrize("entity", ["keys", "apps"])
def test_no_more_than_100_keys_or_apps_of_a_product_are_listed(entity: str) -> None:
    """100 is the limit on entities in the cloud."""
    edge = bare_edge()
    edge.product("gold")
    for number in range(101):
        edge.app(f"app{number:03}", products=["gold"], consumer_key=f"k{number:03}")

    assert len(shown(edge, f"/apiproducts/gold?query=list&entity={entity}")) == 100


@pytest.mark.parametrize(
    "query",
    ["query=count&entity=keys", "query=list", "query=list&entity=developers", "query=list&entity=companies", "query=x"],
)
def test_other_queries_of_a_product_are_not_modelled(edge: FakeEdge, query: str) -> None:
    """What only the private cloud has is 501, and complained of."""
    response = call(edge, "GET", f"/apiproducts/gold?{query}")

    message = (
        "pytest-apigee does not model GET https://api.enterprise.apigee.com/v1/organizations/acme/apiproducts/gold "
        "with anything but query=list and entity=keys or entity=apps."
    )
    assert (response.status, response.text) == (501, f"{message}\n")
    assert [grievance.message for grievance in edge.take_grievances()] == [message]


def test_a_product_that_was_only_named_is_shown() -> None:
    """What a test only names in an app is a product of its own, as old as the organization's first day."""
    edge = bare_edge()
    edge.app("mobile", products=["named"])

    product = shown(edge, "/apiproducts/named")

    assert (product["displayName"], product["proxies"], product["approvalType"]) == ("named", ["named"], "auto")
    assert product["createdBy"] == "defaultUser"


def test_a_product_of_the_management_api_is_one_of_the_test(edge: FakeEdge) -> None:
    """An app that the test declares may use a product that was created here."""
    call(edge, "POST", "/apiproducts", GIVEN)

    app = edge.app("late", products=["silver"], developer="ada@x.example")

    assert with_key(edge, app.consumer_key) == "ok"
    assert shown(edge, f"{ADA}/apps/late")["credentials"][0]["apiProducts"] == [
        {"apiproduct": "silver", "status": "approved"}
    ]
