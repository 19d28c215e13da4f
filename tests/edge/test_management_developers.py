"""Developers at the management API (developers.yaml; management.md 2, 4)."""

import pytest

from pytest_apigee import FakeEdge
from tests.edge.entity_support import (
    ADA,
    CREATED,
    DECLARED,
    NO_CONTENT,
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

BOB = {"email": "bob@x.example", "firstName": "Bob", "lastName": "B", "userName": "bobby"}
BODY = """\
{
  "apps" : %(apps)s,
  "companies" : %(companies)s,
  "email" : "%(email)s",
  "developerId" : "%(developer_id)s",
  "firstName" : "%(first)s",
  "lastName" : "%(last)s",
  "userName" : "%(user)s",
  "organizationName" : "acme",
  "status" : "active",
  "attributes" : %(attributes)s,
  %(stamp)s
}"""
ATTRIBUTES = '[ {\n    "name" : "plan",\n    "value" : "gold"\n  } ]'


@pytest.fixture
def edge() -> FakeEdge:
    return entity_edge()


def ada(edge: FakeEdge, **fields: str) -> str:
    developer_id = shown(edge, ADA)["developerId"]
    usual = {"email": "ada@x.example", "first": "Ada", "last": "L", "user": "ada", "stamp": DECLARED}
    more = {"apps": '[ "mobile" ]', "companies": '[ "initech" ]', "attributes": "[ ]", "developer_id": developer_id}
    return BODY % {**usual, **more, **fields}


def test_a_developer_is_created(edge: FakeEdge) -> None:
    """201 with the developer, its fields in Edge's own order; who made it is the caller."""
    response = call(edge, "POST", "/developers", {**BOB, "attributes": [{"name": "plan", "value": "gold"}]})

    fields = {"email": "bob@x.example", "first": "Bob", "last": "B", "user": "bobby", "stamp": CREATED}
    more = {"apps": "[ ]", "companies": "[ ]", "attributes": ATTRIBUTES}
    expected = BODY % {**fields, **more, "developer_id": response.json()["developerId"]}
    assert told(response) == of_json(201, expected)
    assert told(call(edge, "GET", "/developers/bob@x.example")) == of_json(200, expected)


def test_a_developer_is_always_created_active(edge: FakeEdge) -> None:
    """The status of a new developer is `active`, whatever the body says."""
    response = call(edge, "POST", "/developers", {**BOB, "status": "inactive"})

    assert (response.status, response.json()["status"]) == (201, "active")


@pytest.mark.parametrize("path", ["/developers/ada@x.example", "/developers/ada%40x.example", "/developers/{id}"])
def test_a_developer_is_found_by_email_or_id(edge: FakeEdge, path: str) -> None:
    """The path names a developer by e-mail, its @ raw or escaped, or by developerId."""
    developer_id = shown(edge, ADA)["developerId"]

    assert told(call(edge, "GET", path.format(id=developer_id))) == of_json(200, ada(edge))


def test_a_developer_shows_the_first_100_apps(edge: FakeEdge) -> None:
    """In the cloud the profile of a developer has only the first 100 apps."""
    for number in range(101):
        edge.app(f"app{number:03}", developer="ada@x.example")

    assert shown(edge, ADA)["apps"] == ["mobile", *(f"app{number:03}" for number in range(99))]


@pytest.mark.parametrize("query", ["", "?expand=false", "?expand=False", "?expand=TRUE", "?count=1000&startKey="])
def test_developers_are_listed_by_email(edge: FakeEdge, query: str) -> None:
    """The list has the e-mails; only `expand=true` asks for more."""
    edge.developer("bob@x.example")

    assert told(call(edge, "GET", f"/developers{query}")) == of_json(200, '[ "ada@x.example", "bob@x.example" ]')


def test_developers_are_listed_with_their_profiles(edge: FakeEdge) -> None:
    """With `expand=true` the list is `developer`, of whole developers."""
    body = ada(edge).replace("\n", "\n  ")

    assert told(call(edge, "GET", "/developers?expand=true")) == of_json(200, f'{{\n  "developer" : [ {body} ]\n}}')


@pytest.mark.parametrize(("app", "emails"), [("mobile", ["ada@x.example"]), ("web", []), ("nothing", [])])
def test_developers_are_listed_by_app(edge: FakeEdge, app: str, emails: list[str]) -> None:
    """`app` asks for the developers of an app with this name."""
    edge.developer("bob@x.example")

    assert shown(edge, f"/developers?app={app}") == emails
    expanded = shown(edge, f"/developers?expand=true&app={app}")["developer"]
    assert [developer["email"] for developer in expanded] == emails


def test_a_developer_is_updated(edge: FakeEdge) -> None:
    """200 with the developer as it now is; what the body leaves out of the attributes is gone."""
    call(edge, "POST", f"{ADA}/attributes", {"attribute": [{"name": "old", "value": "1"}]})
    edge.clock.advance(seconds=1)
    body = {"email": "ada@x.example", "firstName": "A", "lastName": "K", "userName": "u"}

    response = call(edge, "PUT", ADA, {**body, "attributes": [{"name": "plan", "value": "gold"}]})

    stamp = DECLARED.replace('lastModifiedAt" : 1767323045678', 'lastModifiedAt" : 1767323046678')
    stamp = stamp.replace('lastModifiedBy" : "defaultUser', 'lastModifiedBy" : "ops@acme.example')
    expected = ada(edge, first="A", last="K", user="u", attributes=ATTRIBUTES, stamp=stamp)
    assert told(response) == of_json(200, expected)
    assert told(call(edge, "GET", ADA)) == of_json(200, expected)


@pytest.mark.parametrize("status", ["inactive", "none"])
def test_an_update_takes_no_status(edge: FakeEdge, status: str) -> None:
    """The status is set by its action alone."""
    response = call(edge, "PUT", ADA, {"firstName": "A", "lastName": "B", "userName": "u", "status": status})

    assert (response.status, response.json()["status"]) == (200, "active")


def test_an_email_can_be_changed(edge: FakeEdge) -> None:
    """A developer with another e-mail keeps id, apps and companies, and is not found by the old one."""
    known = shown(edge, ADA)

    response = call(
        edge, "PUT", ADA, {"email": "ada@y.example", "firstName": "Ada", "lastName": "L", "userName": "ada"}
    )

    changed = response.json()
    assert (response.status, changed["email"]) == (200, "ada@y.example")
    assert [changed[name] for name in ("developerId", "apps", "companies")] == [
        known["developerId"],
        ["mobile"],
        ["initech"],
    ]
    assert shown(edge, "/developers") == ["ada@y.example"]
    assert shown(edge, "/developers/ada@y.example/apps/mobile")["credentials"][0]["consumerKey"] == "k1"
    assert shown(edge, "/companies/initech/developers") == {"developer": [{"email": "ada@y.example", "role": "admin"}]}
    assert call(edge, "GET", ADA).status == 404


def test_an_app_works_on_when_its_developer_has_another_email(edge: FakeEdge) -> None:
    """Keys and tokens are good as before, and what a test holds of the app is still its app."""
    app, token = edge.find_app("mobile"), token_of(edge, "k1", "s1")["access_token"]

    call(edge, "PUT", ADA, {"email": "ada@y.example", "firstName": "A", "lastName": "L", "userName": "ada"})

    assert (with_key(edge, "k1"), with_token(edge, token)) == ("ok", "ok")
    assert token_of(edge, "k1", "s1")["developer.email"] == "ada@y.example"
    edge.set_app_status(app, "revoked")
    assert with_key(edge, "k1") == "keymanagement.service.invalid_client-app_not_approved"


def test_an_email_cannot_be_that_of_another(edge: FakeEdge) -> None:
    """The e-mail that another developer has is refused, and nothing changes."""
    edge.developer("bob@x.example")
    before = shown(edge, "/developers?expand=true")

    response = call(edge, "PUT", ADA, BOB)

    expected = error(409, "developer.service.DeveloperAlreadyExists", "Developer bob@x.example already exists")
    assert told(response) == expected
    assert shown(edge, "/developers?expand=true") == before


def test_an_inactive_developer_may_not_call(edge: FakeEdge) -> None:
    """204 without a body; keys and tokens of the developer's apps are refused until the developer is active again."""
    token = token_of(edge, "k1", "s1")["access_token"]

    assert told(call(edge, "POST", f"{ADA}?action=inactive")) == NO_CONTENT
    assert shown(edge, ADA)["status"] == "inactive"
    assert shown(edge, f"{ADA}/apps/mobile/keys/k1")["status"] == "approved"
    refused = "keymanagement.service.DeveloperStatusNotActive"
    assert (with_key(edge, "k1"), with_token(edge, token)) == (refused, refused)

    assert told(call(edge, "POST", f"{ADA}?action=active")) == NO_CONTENT
    assert (with_key(edge, "k1"), with_token(edge, token)) == ("ok", "ok")


def test_what_the_test_sets_inactive_is_shown_so(edge: FakeEdge) -> None:
    """A developer whom the test made inactive is inactive at the management API."""
    edge.set_developer_status("ada@x.example", "inactive")

    assert shown(edge, ADA)["status"] == "inactive"


def test_a_developer_is_deleted_with_apps_and_keys(edge: FakeEdge) -> None:
    """200 with the developer that was; apps, keys and tokens are good for nothing, and the companies lose a member."""
    token, body = token_of(edge, "k1", "s1")["access_token"], ada(edge)

    assert told(call(edge, "DELETE", ADA)) == of_json(200, body)
    assert shown(edge, "/developers") == []
    assert [app["name"] for app in shown(edge, "/apps?expand=true")["app"]] == ["web"]
    assert shown(edge, "/companies/initech/developers") == {"developer": []}
    assert with_key(edge, "k1") == "oauth.v2.InvalidApiKey"
    assert with_token(edge, token) == "keymanagement.service.invalid_access_token"


@pytest.mark.parametrize("status", ["active", "inactive"])
def test_an_email_is_free_after_its_developer(edge: FakeEdge, status: str) -> None:
    """A developer who was deleted can be created again, with another id."""
    known = shown(edge, ADA)
    call(edge, "POST", f"{ADA}?action={status}")
    call(edge, "DELETE", ADA)

    response = call(edge, "POST", "/developers", {**BOB, "email": "ada@x.example"})

    assert (response.status, response.json()["apps"], response.json()["status"]) == (201, [], "active")
    assert response.json()["developerId"] != known["developerId"]


def test_what_is_declared_is_as_old_as_its_declaration() -> None:
    """A developer whom a test declares was created then, by the user that the guess names."""
    edge = bare_edge(guesses={"mgmt_created_by": "admin@acme.example"})
    edge.developer("ada@x.example")

    developer = shown(edge, ADA)

    assert (developer["createdAt"], developer["createdBy"]) == (MOMENT_MS, "admin@acme.example")
