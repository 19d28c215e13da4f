"""API proxies and their revisions at api.enterprise.apigee.com (proxies.yaml; management.md sections 4 and 5.1)."""

import pytest

from pytest_apigee import FakeEdge
from pytest_apigee.edge.gateway.flow import FaultRule, Flow, ProxyEndpoint, TargetEndpoint
from pytest_apigee.edge.gateway.policies.assign_message import AssignMessage
from pytest_apigee.edge.gateway.policies.raise_fault import RaiseFault
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.errors import ConfigurationError
from tests.edge.bundle_support import (
    BUNDLE,
    BY,
    MOMENT_MS,
    UNKNOWN_API,
    UNKNOWN_REVISION,
    called,
    deployed,
    edge_with_clock,
    error,
    imported,
    small,
    undeployed,
    zipped,
)
from tests.edge.roles_support import BASE, JSON_TYPE, ask, raw

CREATED_MS = 1_388_534_400_000
DELETED = """\
{
  "basepaths" : [ ],
  "configurationVersion" : {
    "majorVersion" : 4,
    "minorVersion" : 0
  },
  "contextInfo" : "Revision null of application -NA-, in organization -NA-",
  "entityMetaDataAsProperties" : {
    "bundle_type" : "zip",
    "lastModifiedBy" : "null",
    "createdBy" : "null",
    "lastModifiedAt" : "null",
    "subType" : "null",
    "createdAt" : "null"
  },
  "name" : "weather",
  "policies" : [ ],
  "proxies" : [ ],
  "proxyEndpoints" : [ ],
  "resourceFiles" : {
    "resourceFile" : [ ]
  },
  "resources" : [ ],
  "sharedFlows" : [ ],
  "spec" : "",
  "targetEndpoints" : [ ],
  "targetServers" : [ ],
  "targets" : [ ],
  "type" : "Application"
}"""
DEPLOYED = "messaging.config.beans.ApplicationDeployed"


class Shout(Policy):
    """A policy of a tester's own."""

    def execute(self, context):
        """Do nothing."""


@pytest.fixture
def edge() -> FakeEdge:
    return edge_with_clock()


def test_lists_every_api_proxy(edge):
    """The list has declared and imported proxies, deployed or not, the stock one too."""
    edge.proxy("/weather", security="none")
    imported(edge, "Zebra")

    assert raw(ask(edge, "GET", "/apis")) == (200, JSON_TYPE, '[ "Zebra", "oauth", "weather" ]')


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("count=2", '[ "api0", "api1" ]'),
        ("count=2&startKey=api1", '[ "api1", "api2" ]'),
        ("count=5&startKey=api2", '[ "api2", "oauth" ]'),
    ],
)
def test_cuts_the_list_into_pages(edge, query, names):
    """A page is `count` long and begins with `startKey` itself."""
    for number in range(3):
        imported(edge, f"api{number}", small(f"/{number}"))

    assert ask(edge, "GET", f"/apis?{query}").text == names


def test_a_page_has_at_most_a_hundred(edge):
    """A list has at most 100 names, whatever `count` says."""
    for number in range(101):
        ask(edge, "POST", "/apis", {"name": f"api{number}"})

    assert len(ask(edge, "GET", "/apis").json()) == 100
    assert len(ask(edge, "GET", "/apis?count=1000").json()) == 100


def test_shows_a_declared_api_proxy(edge):
    """A declared proxy is as old as its organization, and has one revision."""
    expected = f"""\
{{
  "metaData" : {{
    "createdAt" : {CREATED_MS},
    "createdBy" : "defaultUser",
    "lastModifiedAt" : {CREATED_MS},
    "lastModifiedBy" : "defaultUser",
    "subType" : "null"
  }},
  "name" : "oauth",
  "revision" : [ "1" ]
}}"""

    assert raw(ask(edge, "GET", "/apis/oauth")) == (200, JSON_TYPE, expected)
    assert raw(ask(edge, "GET", "/apis/oauth/revisions")) == (200, JSON_TYPE, '[ "1" ]')


def test_a_declared_api_proxy_gets_more_revisions(edge):
    """Importing under the name of a declared proxy makes its second revision; who did is said."""
    imported(edge, "oauth")

    body = ask(edge, "GET", "/apis/oauth").json()

    assert body["revision"] == ["1", "2"]
    assert (body["metaData"]["createdAt"], body["metaData"]["createdBy"]) == (CREATED_MS, "defaultUser")
    assert (body["metaData"]["lastModifiedAt"], body["metaData"]["lastModifiedBy"]) == (MOMENT_MS, BY)


def test_shows_a_declared_revision(edge):
    """The revision of a declared proxy says where it listens and which policies it has."""
    edge.proxy("/weather", security="apikey", target={"sunny": True})

    body = ask(edge, "GET", "/apis/weather/revisions/1").json()

    assert (body["basepaths"], body["proxies"], body["targets"]) == (["/weather"], ["default"], ["default"])
    assert body["policies"] == ["verify-api-key", "remove-query-param-apikey"]
    assert (body["createdAt"], body["createdBy"], body["revision"]) == (CREATED_MS, "defaultUser", "1")
    assert (body["displayName"], "description" in body, body["spec"]) == ("weather", False, "")


def test_describes_every_policy_of_a_declared_proxy(edge):
    """Policies of all flows and fault rules are named, whatever characters their names and classes have."""
    odd = type("1st policy", (Shout,), {})
    edge.proxy(
        "/weather",
        name='we"ather ü',
        endpoint=ProxyEndpoint(
            pre_flow=Flow(name="PreFlow", request=[AssignMessage(name="a/b"), AssignMessage(name="a_b")]),
            fault_rules=[FaultRule(name="rule", steps=[Shout(name="\x00\ud800<&>")])],
            default_fault_rule=FaultRule(name="default", steps=[odd(name="odd")]),
        ),
        target_endpoint=TargetEndpoint(flows=[Flow(name="flow", response=[RaiseFault(name="raise")])]),
        target={},
    )

    answer = ask(edge, "GET", "/apis/we%22ather%20%C3%BC/revisions/1/policies")

    assert answer.json() == ["a/b", "a_b", "??<&>", "odd", "raise"]
    exported = ask(edge, "GET", "/apis/we%22ather%20%C3%BC/revisions/1?format=bundle")
    assert exported.headers.get("Content-Disposition") == 'attachment; filename="apiproxy.zip"'


def test_describes_oauth_policies_as_edge_names_them(edge):
    """What Edge calls OAuthV2 with an operation is shown so."""
    policy = ask(edge, "GET", "/apis/oauth/revisions/1/policies/RefreshAccessToken").json()

    assert policy == {"OAuthV2": {"Operation": "RefreshAccessToken", "_name": "RefreshAccessToken", "_enabled": "true"}}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("policies", '[ "verify-key" ]'),
        ("proxies", '[ "default" ]'),
        ("targets", '[ "default" ]'),
        ("resources", '[ "jsc://lib/check.js", "openapi://association.json" ]'),
        (
            "resourcefiles",
            """\
{
  "resourceFile" : [ {
    "name" : "lib/check.js",
    "type" : "jsc"
  }, {
    "name" : "association.json",
    "type" : "openapi"
  } ]
}""",
        ),
    ],
)
def test_lists_what_is_in_a_revision(edge, path, text):
    """Policies, endpoints and resources of a revision are listed below it."""
    imported(edge, "weather")

    assert raw(ask(edge, "GET", f"/apis/weather/revisions/1/{path}")) == (200, JSON_TYPE, text)


def test_a_revision_is_json_unless_xml_is_asked_for(edge):
    """A revision as XML is not modelled; with the guess `mgmt_revision_default_xml` one has to ask for JSON."""
    path = "/apis/oauth/revisions/1"
    xml_first = edge_with_clock(guesses={"mgmt_revision_default_xml": True})

    assert ask(edge, "GET", path).status == 200
    assert ask(edge, "GET", path, accept="application/xml").status == 501
    assert ask(xml_first, "GET", path, accept="application/json").status == 200
    assert ask(xml_first, "GET", path).text == (
        f"pytest-apigee does not model GET {BASE}/o/acme/apis/oauth/revisions/1 with an answer in XML; "
        "ask for application/json.\n"
    )


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_refuses_an_unknown_api_proxy(edge, method):
    """An API proxy that there is not is 404."""
    assert raw(ask(edge, method, "/apis/gone")) == (404, JSON_TYPE, UNKNOWN_API)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "?format=bundle"),
        ("GET", "/policies"),
        ("GET", "/policies/p"),
        ("GET", "/proxies"),
        ("GET", "/proxies/p"),
        ("GET", "/targets"),
        ("GET", "/resources"),
        ("GET", "/resourcefiles"),
    ],
)
def test_refuses_an_unknown_revision(edge, method, path):
    """A revision that there is not is 404, and so is any of an API proxy that there is not."""
    assert raw(ask(edge, method, f"/apis/oauth/revisions/7{path}")) == (404, JSON_TYPE, UNKNOWN_REVISION)
    assert raw(ask(edge, method, f"/apis/gone/revisions/1{path}")) == (404, JSON_TYPE, UNKNOWN_API)


@pytest.mark.parametrize("number", ["01", "+1", "x", "-1", "0", "%C2%B9", "9" * 5_000])
def test_a_revision_has_one_name(edge, number):
    """A revision is found by its number as Edge writes it, and nothing else is a number."""
    assert ask(edge, "GET", f"/apis/oauth/revisions/{number}").status == 404


def test_deletes_an_api_proxy(edge):
    """An API proxy that is not deployed is deleted with all revisions; the answer has its name alone."""
    imported(edge, "weather")
    imported(edge, "weather")

    assert raw(ask(edge, "DELETE", "/apis/weather")) == (200, JSON_TYPE, DELETED)
    assert ask(edge, "GET", "/apis").text == '[ "oauth" ]'
    assert imported(edge, "weather").json()["revision"] == "1"


def test_deletes_a_declared_api_proxy(edge):
    """A declared proxy that is undeployed and deleted is gone: its name and its base path are free again."""
    edge.proxy("/weather", security="none")
    undeployed(edge, "weather")

    assert raw(ask(edge, "DELETE", "/apis/weather")) == (200, JSON_TYPE, DELETED)
    assert called(edge, "/weather").status == 404
    edge.proxy("/weather", security="none", target={"new": 1})
    assert called(edge, "/weather").json() == {"new": 1}


def test_a_deployed_api_proxy_is_not_deleted(edge):
    """An API proxy must be undeployed before it is deleted."""
    edge.proxy("/weather", security="none")

    answer = ask(edge, "DELETE", "/apis/weather")

    assert raw(answer) == (400, JSON_TYPE, error(DEPLOYED, "APIProxy named weather is deployed"))
    assert called(edge, "/weather").status == 200


def test_deletes_a_revision(edge):
    """A revision that is not deployed is deleted and answered whole; the others stay."""
    imported(edge, "weather", small("/one"))
    shown = imported(edge, "weather", BUNDLE).text
    edge.clock.advance(minutes=1)

    assert raw(ask(edge, "DELETE", "/apis/weather/revisions/2")) == (200, JSON_TYPE, shown)
    assert ask(edge, "GET", "/apis/weather/revisions").text == '[ "1" ]'
    assert ask(edge, "GET", "/apis/weather").json()["metaData"]["lastModifiedAt"] == MOMENT_MS + 60_000


def test_the_next_revision_follows_the_last_one_that_is_left(edge):
    """A new revision has the number after the largest that there is, as apigeetool counts."""
    for _ in range(3):
        imported(edge, "weather")
    ask(edge, "DELETE", "/apis/weather/revisions/3")
    ask(edge, "DELETE", "/apis/weather/revisions/1")

    assert imported(edge, "weather").json()["revision"] == "3"


def test_an_api_proxy_stays_without_revisions(edge):
    """An API proxy whose last revision is deleted stays, and can get another one (GUESS)."""
    undeployed(edge, "oauth")

    assert ask(edge, "DELETE", "/apis/oauth/revisions/1").status == 200
    assert ask(edge, "GET", "/apis/oauth").json()["revision"] == []
    assert imported(edge, "oauth").json()["revision"] == "1"


def test_a_deployed_revision_is_not_deleted(edge):
    """A revision must be undeployed before it is deleted."""
    imported(edge, "weather")
    deployed(edge, "weather")

    answer = ask(edge, "DELETE", "/apis/weather/revisions/1")

    expected = error("messaging.config.beans.RevisionDeployed", "Revision 1 is deployed")
    assert raw(answer) == (400, JSON_TYPE, expected)
    assert ask(edge, "GET", "/apis/weather/revisions/1").status == 200


def test_npm_is_not_modelled(edge):
    """Node.js packages are answered 501."""
    assert ask(edge, "POST", "/apis/oauth/revisions/1/npm").status == 501


def test_an_imported_name_cannot_be_declared(edge):
    """A tester cannot declare a proxy under a name that was imported."""
    imported(edge, "weather")
    imported(edge, "empty", zipped({"apiproxy/x.xml": "<APIProxy/>"}))

    with pytest.raises(ConfigurationError) as refused:
        edge.proxy("/other", name="weather")
    with pytest.raises(ConfigurationError, match="'empty' already exists in organization 'acme': at no base path"):
        edge.proxy("/other", name="empty")

    assert str(refused.value) == (
        "The API proxy 'weather' already exists in organization 'acme': at /weather. "
        "Give this one another name, as name='weather-2'."
    )


def test_a_base_path_of_a_deployed_bundle_cannot_be_declared(edge):
    """A tester cannot declare a proxy at the base path of a bundle that is deployed there."""
    imported(edge, "imported")
    deployed(edge, "imported")

    with pytest.raises(ConfigurationError) as refused:
        edge.proxy("/weather")

    assert str(refused.value) == "The API proxy 'imported' already has the base path '/weather' in 'acme'."
