"""Companies and their developers at the management API (companies.yaml, company-developers.yaml)."""

import pytest

from pytest_apigee import FakeEdge
from tests.edge.entity_support import (
    COMPANY_KEY,
    CREATED,
    DECLARED,
    INITECH,
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

COMPANY = """\
{
  "apps" : %(apps)s,
  "name" : "%(name)s",
  "displayName" : "%(display)s",
  "organization" : "acme",
  "status" : "active",
  "attributes" : %(attributes)s,
  %(stamp)s
}"""
ATTRIBUTES = '[ {\n    "name" : "plan",\n    "value" : "gold"\n  } ]'
GIVEN = {"name": "globex", "displayName": "Globex", "attributes": [{"name": "plan", "value": "gold"}]}
GLOBEX = COMPANY % {"apps": "[ ]", "name": "globex", "display": "Globex", "attributes": ATTRIBUTES, "stamp": CREATED}
DECLARED_INITECH = COMPANY % {
    "apps": '[ "web" ]',
    "name": "initech",
    "display": "Initech",
    "attributes": "[ ]",
    "stamp": DECLARED,
}
MEMBER = '{\n  "developer" : [ {\n    "email" : "%s",\n    "role" : "%s"\n  } ]\n}'
NOT_ACTIVE = "keymanagement.service.CompanyStatusNotActive"


@pytest.fixture
def edge() -> FakeEdge:
    return entity_edge()


def test_a_company_is_created(edge: FakeEdge) -> None:
    """201 with the company, active, its fields in Edge's own order."""
    assert told(call(edge, "POST", "/companies", {**GIVEN, "status": "inactive"})) == of_json(201, GLOBEX)
    assert told(call(edge, "GET", "/companies/globex")) == of_json(200, GLOBEX)


def test_a_declared_company_is_shown(edge: FakeEdge) -> None:
    """What the test declared is there, with the names of its apps."""
    assert told(call(edge, "GET", INITECH)) == of_json(200, DECLARED_INITECH)
    assert shown(edge, "/developers/ada@x.example")["companies"] == ["initech"]


@pytest.mark.parametrize("name", ["Initech", "INITECH", "initech"])
def test_names_of_companies_differ_in_more_than_case(edge: FakeEdge, name: str) -> None:
    """A name is taken whatever the case of its letters."""
    response = call(edge, "POST", "/companies", {**GIVEN, "name": name})

    expected = error(409, "developer.service.CompanyAlreadyExists", f"Company {name} already exists")
    assert told(response) == expected
    assert shown(edge, "/companies") == ["initech"]


@pytest.mark.parametrize("name", ["a/b", "a%", "ä", "a:b"])
def test_a_company_may_not_have_a_name(edge: FakeEdge, name: str) -> None:
    """Letters, digits, blanks and `._#-$`; the guess `mgmt_name_rules` lets others through."""
    expected = error(400, "keymanagement.service.InvalidField", "Invalid value for name")
    lenient = entity_edge(guesses={"mgmt_name_rules": False})

    assert told(call(edge, "POST", "/companies", {"name": name})) == expected
    assert call(lenient, "POST", "/companies", {"name": name}).status == 201


@pytest.mark.parametrize("query", ["", "?expand=false", "?count=1000&startKey="])
def test_companies_are_listed_by_name(edge: FakeEdge, query: str) -> None:
    """The list has the names."""
    call(edge, "POST", "/companies", GIVEN)

    assert told(call(edge, "GET", f"/companies{query}")) == of_json(200, '[ "globex", "initech" ]')


def test_companies_are_listed_whole(edge: FakeEdge) -> None:
    """With `expand=true` the list is `company`, of whole companies."""
    body = DECLARED_INITECH.replace("\n", "\n  ")

    assert told(call(edge, "GET", "/companies?expand=true")) == of_json(200, f'{{\n  "company" : [ {body} ]\n}}')


def test_a_company_is_updated(edge: FakeEdge) -> None:
    """200 with the company as it now is; what the body leaves out is gone; name, status and developers stay."""
    call(edge, "POST", "/companies", GIVEN)
    edge.clock.advance(seconds=1)

    response = call(edge, "PUT", "/companies/globex", {"name": "other", "displayName": "G", "status": "inactive"})

    company = response.json()
    assert (response.status, company["name"], company["displayName"]) == (200, "globex", "G")
    assert (company["status"], company["attributes"]) == ("active", [])
    assert (company["createdAt"], company["lastModifiedAt"]) == (MOMENT_MS, MOMENT_MS + 1_000)
    assert shown(edge, "/companies/globex") == company


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_an_inactive_company_may_not_call(edge: FakeEdge, method: str) -> None:
    """204 by PUT, as documented, and by POST (a guess); keys and tokens of its apps are refused."""
    token = token_of(edge, "c1", "cs1")["access_token"]
    octets = [("Content-Type", "application/octet-stream")]

    assert told(call(edge, method, f"{INITECH}?action=inactive", headers=octets)) == NO_CONTENT
    assert shown(edge, INITECH)["status"] == "inactive"
    assert (with_key(edge, "c1"), with_token(edge, token)) == (NOT_ACTIVE, NOT_ACTIVE)
    assert (with_key(edge, "k1"), shown(edge, COMPANY_KEY)["status"]) == ("ok", "approved")

    assert told(call(edge, method, f"{INITECH}?action=active", headers=octets)) == NO_CONTENT
    assert (with_key(edge, "c1"), with_token(edge, token)) == ("ok", "ok")


def test_an_inactive_company_of_the_test_may_not_call(edge: FakeEdge) -> None:
    """A company that the test made inactive is inactive at both ends."""
    edge.set_company_status("initech", "inactive")

    assert (shown(edge, INITECH)["status"], with_key(edge, "c1")) == ("inactive", NOT_ACTIVE)


@pytest.mark.parametrize("query", ["?action=", "?action=approve", ""])
def test_a_company_has_two_statuses(edge: FakeEdge, query: str) -> None:
    """Any other action is refused."""
    action = query.removeprefix("?action=")
    expected = error(400, "keymanagement.service.InvalidAction", f"Invalid action {action}")

    assert told(call(edge, "POST", f"{INITECH}{query}")) == expected


def test_a_company_is_deleted_with_its_apps(edge: FakeEdge) -> None:
    """200 with the company that was; the keys of its apps are good for nothing, its developers stay."""
    assert told(call(edge, "DELETE", INITECH)) == of_json(200, DECLARED_INITECH)
    assert shown(edge, "/companies") == []
    assert [app["name"] for app in shown(edge, "/apps?expand=true")["app"]] == ["mobile"]
    assert with_key(edge, "c1") == "oauth.v2.InvalidApiKey"
    assert shown(edge, "/developers/ada@x.example")["companies"] == []


# Developers


def test_the_developers_of_a_company_are_listed(edge: FakeEdge) -> None:
    """Each with e-mail and role."""
    assert told(call(edge, "GET", f"{INITECH}/developers")) == of_json(200, MEMBER % ("ada@x.example", "admin"))


def test_a_developer_is_added_to_a_company(edge: FakeEdge) -> None:
    """200 with the developer that was added; a role is not required."""
    edge.developer("bob@x.example")

    response = call(edge, "POST", f"{INITECH}/developers", {"developer": [{"email": "bob@x.example"}]})

    assert told(response) == of_json(200, MEMBER % ("bob@x.example", ""))
    assert shown(edge, f"{INITECH}/developers")["developer"] == [
        {"email": "ada@x.example", "role": "admin"},
        {"email": "bob@x.example", "role": ""},
    ]
    assert shown(edge, "/developers/bob@x.example")["companies"] == ["initech"]


def test_a_developer_of_a_company_gets_another_role(edge: FakeEdge) -> None:
    """One that it has is updated."""
    response = call(edge, "POST", f"{INITECH}/developers", {"developer": [{"email": "ada@x.example", "role": "dev"}]})

    assert told(response) == of_json(200, MEMBER % ("ada@x.example", "dev"))
    assert shown(edge, f"{INITECH}/developers") == response.json()


def test_an_unknown_developer_is_not_added(edge: FakeEdge) -> None:
    """A developer must exist before; of several all are added or none."""
    edge.developer("bob@x.example")
    given = {"developer": [{"email": "bob@x.example"}, {"email": "eve@x.example"}]}

    message = "DeveloperId eve@x.example does not exist in organization acme"
    expected = error(404, "developer.service.DeveloperIdDoesNotExist", message)
    assert told(call(edge, "POST", f"{INITECH}/developers", given)) == expected
    assert len(shown(edge, f"{INITECH}/developers")["developer"]) == 1


@pytest.mark.parametrize("name", ["ada@x.example", "ada%40x.example", "{id}"])
def test_a_developer_is_removed_from_a_company(edge: FakeEdge, name: str) -> None:
    """204 without a body, by e-mail or id; the developer and the company's apps stay."""
    developer_id = shown(edge, "/developers/ada@x.example")["developerId"]

    assert told(call(edge, "DELETE", f"{INITECH}/developers/{name.format(id=developer_id)}")) == NO_CONTENT
    assert told(call(edge, "GET", f"{INITECH}/developers")) == of_json(200, '{\n  "developer" : [ ]\n}')
    assert with_key(edge, "c1") == "ok"


@pytest.mark.parametrize("name", ["bob@x.example", "eve@x.example"])
def test_who_is_not_in_a_company_is_not_removed(edge: FakeEdge, name: str) -> None:
    """404, whether there is such a developer or not."""
    edge.developer("bob@x.example")

    response = call(edge, "DELETE", f"{INITECH}/developers/{name}")

    message = f"Developer {name} is not in company initech"
    assert told(response) == error(404, "developer.service.DeveloperDoesNotExist", message)


def test_the_tokens_of_a_company_app_name_no_developer(edge: FakeEdge) -> None:
    """The token answer has an empty e-mail (a guess), and the app is known by its company."""
    fields = token_of(edge, "c1", "cs1")

    assert fields["developer.email"] == ""
    app = shown(edge, WEB)
    assert (app["companyName"], "developerId" in app, fields["application_name"]) == ("initech", False, app["appId"])
