"""Environments and organizations, and what takes a system administrator (management.md 4; environments.yaml)."""

import pytest

from pytest_apigee import Request
from pytest_apigee.edge.world import Grievance
from tests.edge.roles_support import ADMIN, BASE, JSON_TYPE, PASSWORD, ask, authorization, new_edge, raw

ROOT = "root@acme.example"
MOMENT = "2026-01-02T03:04:05.678Z"
TEST = """\
{
  "createdAt" : 1388534400000,
  "createdBy" : "defaultUser",
  "lastModifiedAt" : 1388534400000,
  "lastModifiedBy" : "defaultUser",
  "name" : "test",
  "properties" : {
    "property" : [ ]
  }
}"""
CHANGED = """\
{
  "createdAt" : 1388534400000,
  "createdBy" : "defaultUser",
  "displayName" : "acme",
  "environments" : [ "test", "prod" ],
  "lastModifiedAt" : 1767323045678,
  "lastModifiedBy" : "root@acme.example",
  "name" : "acme",
  "properties" : {
    "property" : [ {
      "name" : "subscriptionType",
      "value" : "enterprise"
    }, {
      "name" : "keymanagement.consumer.key.length",
      "value" : "42"
    } ]
  },
  "type" : "trial"
}"""
UPDATE = {
    "properties": {
        "property": [
            {"name": "subscriptionType", "value": "enterprise"},
            {"name": "keymanagement.consumer.key.length", "value": 42},
        ]
    }
}


@pytest.fixture
def edge():
    """Return an Edge with an administrator of the organization, and one of the system."""
    edge = new_edge()
    edge.clock.freeze(MOMENT)
    edge.user(ROOT, password=PASSWORD, roles={"acme": ["sysadmin"]})
    return edge


def above(edge, method="GET", path="/organizations", *, by=ROOT, accept="*/*"):
    headers = {"Authorization": authorization(by), "Accept": accept}
    return edge.handle(Request(method=method, url=f"{BASE}{path}", headers=headers))


def refused(status, code, message):
    return status, JSON_TYPE, f'{{\n  "code" : "{code}",\n  "message" : "{message}",\n  "contexts" : [ ]\n}}'


def test_lists_the_environments(edge):
    """The environments are listed by name, in the order of their declaration."""
    assert raw(ask(edge, "GET", "/environments")) == (200, JSON_TYPE, '[ "test", "prod" ]')


@pytest.mark.parametrize("path", ["/environments/test", "/e/test", "/e/test/"])
def test_shows_an_environment(edge, path):
    """One environment is shown with who made it, and its properties."""
    assert raw(ask(edge, "GET", path)) == (200, JSON_TYPE, TEST)


@pytest.mark.parametrize("name", ["nowhere", "TEST", "%00", "%FF"])
def test_an_unknown_environment_is_answered_with_404(edge, name):
    """An unknown environment has an error that is recorded but for its text."""
    shown = {"%00": "\\u0000", "%FF": "\N{REPLACEMENT CHARACTER}"}.get(name, name)
    wanted = refused(
        404,
        "messaging.config.beans.EnvironmentDoesNotExist",
        f"Environment {shown} does not exist in organization acme",
    )

    assert raw(ask(edge, "GET", f"/environments/{name}")) == wanted


NO_ADMINISTRATOR = (
    f"only a system administrator may do this, and {ADMIN} is none: declare the user with the role 'sysadmin', as "
    "apigee.user(email, roles={org: ['sysadmin']})"
)
PRIVATE_CLOUD = [
    ("POST", "/environments"),
    ("POST", "/environments/test"),
    ("DELETE", "/environments/test"),
    ("DELETE", ""),
]


@pytest.mark.parametrize(("method", "path"), [*PRIVATE_CLOUD, ("POST", "")])
def test_an_administrator_of_an_organization_may_not_change_it(edge, method, path):
    """To make, change and delete organizations and environments takes a system administrator: 403 for all others."""
    before = ask(edge, "GET", "").text

    assert raw(ask(edge, method, path, UPDATE)) == (403, [], "")
    assert edge.calls.last.reason == NO_ADMINISTRATOR
    assert ask(edge, "GET", "").text == before


@pytest.mark.parametrize(("method", "path"), PRIVATE_CLOUD)
def test_what_only_a_private_cloud_has_is_not_modelled(edge, method, path):
    """What a system administrator may do in a private cloud alone is answered with 501."""
    response = ask(edge, method, path, by=ROOT)

    message = f"pytest-apigee does not model {method} {BASE}/o/acme{path}."
    assert (response.status, response.text) == (501, f"{message}\n")
    assert edge.take_grievances() == (Grievance(kind="not_modelled", message=message),)


def test_a_system_administrator_replaces_the_properties(edge):
    """Properties that are not sent are removed; the answer is the organization, changed now."""
    assert raw(ask(edge, "POST", "", UPDATE, by=ROOT)) == (200, JSON_TYPE, CHANGED)
    assert raw(ask(edge, "GET", "")) == (200, JSON_TYPE, CHANGED)


def test_properties_count_at_once(edge):
    """An organization that has CPS no longer has the key value maps of one without."""
    ask(edge, "POST", "/keyvaluemaps", {"name": "colours"})
    ask(edge, "POST", "", {"properties": {"property": []}}, by=ROOT)

    assert ask(edge, "POST", "/keyvaluemaps/colours", {"entry": [{"name": "sky", "value": "blue"}]}).status == 200


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ({}, "RequiredFieldMissing", "Required field properties is missing"),
        ({"properties": {}}, "RequiredFieldMissing", "Required field property is missing"),
        ({"properties": []}, "InvalidField", "Invalid value for properties"),
        ({"properties": {"property": {"a": "b"}}}, "InvalidField", "Invalid value for property"),
        ({"properties": {"property": [{"value": "x"}]}}, "RequiredFieldMissing", "Required field name is missing"),
        ({"properties": {"property": [{"name": "x", "value": []}]}}, "InvalidField", "Invalid value for value"),
    ],
)
def test_refuses_what_are_no_properties(edge, body, kind, message):
    """What is no list of properties is refused, and all properties stay."""
    before = ask(edge, "GET", "").text

    assert raw(ask(edge, "POST", "", body, by=ROOT)) == refused(400, f"keymanagement.service.{kind}", message)
    assert ask(edge, "GET", "").text == before


@pytest.mark.parametrize("path", ["/organizations", "/o", "/o/"])
def test_a_system_administrator_lists_the_organizations(edge, path):
    """The organizations are listed by name for a system administrator."""
    edge.organization("globex")

    assert raw(above(edge, path=path)) == (200, JSON_TYPE, '[ "acme", "globex" ]')


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_else_asks_above_all_organizations(edge, method):
    """Users of an organization are refused with 403 what is about no organization."""
    assert raw(above(edge, method, by=ADMIN)) == (403, [], "")
    assert edge.calls.last.reason == NO_ADMINISTRATOR


def test_organizations_are_not_created(edge):
    """A system administrator who creates an organization is answered with 501."""
    response = above(edge, "POST")

    message = f"pytest-apigee does not model POST {BASE}/organizations."
    assert (response.status, response.text) == (501, f"{message}\n")
    assert edge.take_grievances() == (Grievance(kind="not_modelled", message=message),)


def test_other_methods_are_not_allowed_above_organizations(edge):
    """A verb that the list of organizations does not take is answered with 405."""
    assert raw(above(edge, "DELETE")) == (405, [], "")
    assert edge.calls.last.reason == "this path takes GET, POST, not DELETE"


@pytest.mark.parametrize(("path", "status"), [("/organisations", 404), ("/o//", 404), ("/o//apis", 404), ("", 404)])
def test_other_paths_without_an_organization_are_unknown(edge, path, status):
    """A path that is nobody's is answered as before."""
    assert above(edge, path=path).status == status


def test_the_list_of_organizations_has_no_known_xml(edge):
    """How the list looks as XML is unknown."""
    assert above(edge, accept="application/xml").status == 501
    (grievance,) = edge.take_grievances()
    assert grievance.message == (
        f"pytest-apigee does not model GET {BASE}/organizations with an answer in XML; ask for application/json."
    )
