"""Custom attributes of developers, apps, keys, products and companies (management.md 4)."""

import pytest

from pytest_apigee import FakeEdge
from pytest_apigee.policies import VerifyAPIKey
from tests.edge.entity_support import (
    ADA,
    COMPANY_KEY,
    INITECH,
    KEY,
    MOBILE,
    WEB,
    call,
    entity_edge,
    error,
    of_json,
    shown,
    told,
)
from tests.edge.flow_variable_support import See, proxy_of
from tests.edge.gateway_support import MOMENT_MS, get

GOLD = "/apiproducts/gold"
KEYS = [KEY, COMPANY_KEY]
LIMITED = [ADA, GOLD, INITECH, MOBILE, WEB]
ENTITIES = [*LIMITED, *KEYS]
UNKNOWN = error(404, "organizations.keymanagement.AttributeDoesntExist", "Attribute does not exist")
TOO_MANY = error(400, "keymanagement.service.AttributeLimitExceeded", "An entity has at most 18 attributes")
WHOLE = {
    ADA: {"firstName": "Ada", "lastName": "L", "userName": "ada"},
    GOLD: {"displayName": "Gold", "approvalType": "auto"},
}
NEW = {
    "/developers": {"email": "bob@x.example", "firstName": "B", "lastName": "B", "userName": "b"},
    "/apiproducts": {"name": "new", "displayName": "New", "approvalType": "auto"},
    "/companies": {"name": "new"},
    f"{ADA}/apps": {"name": "new"},
    f"{INITECH}/apps": {"name": "new"},
}


@pytest.fixture
def edge() -> FakeEdge:
    return entity_edge()


def many(count: int) -> list[dict[str, str]]:
    return [{"name": f"a{number}", "value": "x"} for number in range(count)]


@pytest.mark.parametrize("path", ENTITIES)
def test_the_list_is_replaced(edge: FakeEdge, path: str) -> None:
    """200 with the new list, in the order given; what was there before and is not in it is gone."""
    call(edge, "POST", f"{path}/attributes", {"attribute": [{"name": "old", "value": "1"}]})
    given = {"attribute": [{"name": "b", "value": "2"}, {"name": "a", "value": ""}, {"name": "n", "value": 3}]}

    response = call(edge, "POST", f"{path}/attributes", given)

    items = ", ".join(
        f'{{\n    "name" : "{name}",\n    "value" : "{value}"\n  }}' for name, value in (("b", 2), ("a", ""), ("n", 3))
    )
    expected = of_json(200, f'{{\n  "attribute" : [ {items} ]\n}}')
    assert told(response) == expected
    assert told(call(edge, "GET", f"{path}/attributes")) == expected
    assert shown(edge, path)["attributes"] == response.json()["attribute"]


@pytest.mark.parametrize("path", ENTITIES)
def test_the_list_may_be_emptied(edge: FakeEdge, path: str) -> None:
    """An empty list leaves none."""
    call(edge, "POST", f"{path}/attributes", {"attribute": [{"name": "old", "value": "1"}]})

    assert told(call(edge, "POST", f"{path}/attributes", {"attribute": []})) == of_json(
        200, '{\n  "attribute" : [ ]\n}'
    )


@pytest.mark.parametrize("body", [{"value": "2"}, {"name": "plan", "value": "2"}, {"name": "other", "value": 2}])
@pytest.mark.parametrize("path", ENTITIES)
def test_one_is_set(edge: FakeEdge, path: str, body: object) -> None:
    """200 with name and value; one that is new comes last; the name is that of the path."""
    call(
        edge, "POST", f"{path}/attributes", {"attribute": [{"name": "plan", "value": "1"}, {"name": "z", "value": "9"}]}
    )

    response = call(edge, "POST", f"{path}/attributes/plan", body)
    call(edge, "POST", f"{path}/attributes/new%20one", {"value": ""})

    expected = of_json(200, '{\n  "name" : "plan",\n  "value" : "2"\n}')
    assert told(response) == expected
    assert told(call(edge, "GET", f"{path}/attributes/plan")) == expected
    assert shown(edge, path)["attributes"] == [
        {"name": "plan", "value": "2"},
        {"name": "z", "value": "9"},
        {"name": "new one", "value": ""},
    ]


@pytest.mark.parametrize("path", ENTITIES)
def test_one_is_deleted(edge: FakeEdge, path: str) -> None:
    """200 with name and value of what was; the others stay."""
    call(
        edge, "POST", f"{path}/attributes", {"attribute": [{"name": "plan", "value": "1"}, {"name": "z", "value": "9"}]}
    )

    assert told(call(edge, "DELETE", f"{path}/attributes/plan")) == of_json(
        200, '{\n  "name" : "plan",\n  "value" : "1"\n}'
    )
    assert shown(edge, path)["attributes"] == [{"name": "z", "value": "9"}]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("path", ENTITIES)
def test_one_that_is_not_there_is_unknown(edge: FakeEdge, path: str, method: str) -> None:
    """404, and names are those of their spelling."""
    call(edge, "POST", f"{path}/attributes/plan", {"value": "1"})

    assert told(call(edge, method, f"{path}/attributes/Plan")) == UNKNOWN


@pytest.mark.parametrize(
    ("rest", "body", "name"),
    [
        ("attributes", {}, "attribute"),
        ("attributes", {"attributes": []}, "attribute"),
        ("attributes", {"attribute": None}, "attribute"),
        ("attributes", {"attribute": [{"value": "x"}]}, "name"),
        ("attributes", {"attribute": [{"name": "", "value": "x"}]}, "name"),
        ("attributes/a", {}, "value"),
        ("attributes/a", {"value": None}, "value"),
        ("attributes/a", None, "value"),
    ],
)
def test_a_body_without_what_it_needs_is_refused(edge: FakeEdge, rest: str, body: object, name: str) -> None:
    """400, and the attributes stay as they were."""
    call(edge, "POST", f"{MOBILE}/attributes/a", {"value": "1"})

    response = call(edge, "POST", f"{MOBILE}/{rest}", body)

    message = f"Required field {name} is missing"
    assert told(response) == error(400, "keymanagement.service.RequiredFieldMissing", message)
    assert shown(edge, MOBILE)["attributes"] == [{"name": "a", "value": "1"}]


@pytest.mark.parametrize("path", LIMITED)
def test_an_entity_has_18(edge: FakeEdge, path: str) -> None:
    """18 are the limit of the cloud for each way to set them; one more is refused and changes nothing."""
    assert call(edge, "POST", f"{path}/attributes", {"attribute": many(18)}).status == 200

    assert told(call(edge, "POST", f"{path}/attributes", {"attribute": many(19)})) == TOO_MANY
    assert told(call(edge, "POST", f"{path}/attributes/one-more", {"value": "x"})) == TOO_MANY
    assert told(call(edge, "PUT", path, {**WHOLE.get(path, {}), "attributes": many(19)})) == TOO_MANY
    assert call(edge, "POST", f"{path}/attributes/a0", {"value": "y"}).status == 200
    assert len(shown(edge, path)["attributes"]) == 18


@pytest.mark.parametrize("path", NEW)
def test_a_new_entity_has_18(edge: FakeEdge, path: str) -> None:
    """The limit is that of a creation too."""
    assert told(call(edge, "POST", path, {**NEW[path], "attributes": many(19)})) == TOO_MANY
    assert call(edge, "POST", path, {**NEW[path], "attributes": many(18)}).status == 201


@pytest.mark.parametrize("path", KEYS)
def test_a_key_has_more(edge: FakeEdge, path: str) -> None:
    """No limit is documented for keys."""
    assert call(edge, "POST", f"{path}/attributes", {"attribute": many(19)}).status == 200


@pytest.mark.parametrize(("most", "status"), [(0, 400), (1, 200), (100, 200)])
def test_the_limit_can_be_switched(most: int, status: int) -> None:
    """The guess `mgmt_most_attributes` is the limit."""
    edge = entity_edge(guesses={"mgmt_most_attributes": most})

    assert call(edge, "POST", f"{ADA}/attributes", {"attribute": many(1)}).status == status


def test_of_a_name_that_comes_twice_the_last_value_counts(edge: FakeEdge) -> None:
    """The list has each name once."""
    given = [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}, {"name": "a", "value": "3"}]

    response = call(edge, "POST", f"{ADA}/attributes", {"attribute": given})

    assert response.json() == {"attribute": [{"name": "a", "value": "3"}, {"name": "b", "value": "2"}]}


@pytest.mark.parametrize("path", ENTITIES)
def test_an_entity_changes_with_its_attributes(edge: FakeEdge, path: str) -> None:
    """When and by whom it was changed last is shown; of a key at its app."""
    edge.clock.advance(seconds=1)

    call(edge, "POST", f"{path}/attributes/a", {"value": "1"})

    entity = shown(edge, path.partition("/keys/")[0])
    assert (entity["lastModifiedAt"], entity["lastModifiedBy"]) == (MOMENT_MS + 1_000, "ops@acme.example")
    assert (entity["createdAt"], entity["createdBy"]) == (MOMENT_MS, "defaultUser")


def test_policies_read_attributes(edge: FakeEdge) -> None:
    """What is set here is a flow variable of the next call with the key, also of a company's app."""
    for path in (ADA, GOLD, INITECH, WEB, COMPANY_KEY, MOBILE):
        call(edge, "POST", f"{path}/attributes/plan", {"value": path})
    names = ("developer.plan", "company.plan", "app.plan", "apiproduct.plan", "verifyapikey.verify.plan")
    facts = ("app.appType", "company.name", "company.displayName", "company.status", "developer.email")
    see = See(names=(*names, *facts), seen={})
    url = proxy_of(edge, "/see", VerifyAPIKey(name="verify"), see, products=[]).url

    assert edge.handle(get(f"{url}?apikey=c1")).status == 200
    assert tuple(see.seen.values()) == (
        None, INITECH, WEB, GOLD, COMPANY_KEY, "Company", "initech", "Initech", "active", None
    )  # fmt: skip
    edge.handle(get(f"{url}?apikey=k1"))
    assert tuple(see.seen.values())[:4] == (ADA, None, MOBILE, GOLD)
