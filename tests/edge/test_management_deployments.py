"""Deployments at api.enterprise.apigee.com, and what they do at the gateway (deployments.yaml; sheet 4, 5.1, 6.3)."""

import pytest

from pytest_apigee import FakeEdge, Request
from pytest_apigee.edge.world import Grievance
from tests.edge.bundle_support import (
    BUNDLE,
    FORM,
    UNKNOWN_API,
    UNKNOWN_ENVIRONMENT,
    UNKNOWN_REVISION,
    called,
    deployed,
    edge_with_clock,
    endpoint,
    error,
    imported,
    small,
    undeployed,
    zipped,
)
from tests.edge.roles_support import JSON_TYPE, ask, authorization, raw

BASE = "https://api.enterprise.apigee.com"
NOT_DEPLOYED = error("distribution.ApplicationNotDeployed", "Application weather is not deployed in environment test")
REVISION_NOT_DEPLOYED = error("distribution.RevisionNotDeployed", "Revision 1 is not deployed in environment test")
NONE_THERE = {"environment": [], "name": "weather", "organization": "acme"}


def deployment(api: str, revision: int, state: str, env: str = "test") -> str:
    """Return one deployment as Edge shows it."""
    return f"""\
{{
  "aPIProxy" : "{api}",
  "configuration" : {{
    "basePath" : "/",
    "steps" : [ ]
  }},
  "environment" : "{env}",
  "name" : "{revision}",
  "organization" : "acme",
  "revision" : "{revision}",
  "server" : [ ],
  "state" : "{state}"
}}"""


def conflict(path: str, revision: int, api: str) -> tuple[int, list[tuple[str, str]], str]:
    """Return the refusal of a revision whose base path is taken."""
    message = f"Path {path} conflicts with existing deployment path for revision {revision} of the APIProxy {api} in "
    return 400, JSON_TYPE, error("messaging.runtime.ConflictingBasePath", f"{message}organization acme")


@pytest.fixture
def edge() -> FakeEdge:
    return edge_with_clock()


@pytest.fixture
def weather(edge) -> FakeEdge:
    """An Edge with an open API at /weather."""
    edge.proxy("/weather", security="none", target={"sunny": True})
    return edge


def test_a_declared_proxy_is_deployed_where_it_was_declared(weather):
    """What a tester declared is revision 1, deployed in its environment."""
    answer = ask(weather, "GET", "/environments/test/apis/weather/revisions/1/deployments")

    assert raw(answer) == (200, JSON_TYPE, deployment("weather", 1, "deployed"))


def test_undeploying_takes_a_proxy_from_the_gateway(weather):
    """An undeployed proxy is 404 at the gateway at once, and the tester is told why."""
    answer = undeployed(weather, "weather")

    assert raw(answer) == (200, JSON_TYPE, deployment("weather", 1, "undeployed"))
    assert called(weather, "/weather").status == 404
    assert weather.calls.last.reason == (
        "no proxy serves this path in test, on secure; 'weather' is not deployed (revision 1), on default and secure"
    )


def test_deploying_brings_a_proxy_back(weather):
    """A proxy that is deployed again answers again, as it did."""
    undeployed(weather, "weather")

    answer = deployed(weather, "weather")

    assert raw(answer) == (200, JSON_TYPE, deployment("weather", 1, "deployed"))
    assert called(weather, "/weather").json() == {"sunny": True}


def test_deploying_elsewhere_is_seen_at_the_gateway(weather):
    """A proxy that is deployed in another environment answers in both."""
    answer = deployed(weather, "weather", env="prod")

    assert raw(answer) == (200, JSON_TYPE, deployment("weather", 1, "deployed", env="prod"))
    assert [called(weather, "/weather", env).status for env in ("test", "prod")] == [200, 200]
    undeployed(weather, "weather")
    assert [called(weather, "/weather", env).status for env in ("test", "prod")] == [404, 200]
    assert weather.find_proxy("weather").base_path == "/weather"


def test_the_stock_proxy_is_one_like_others(edge):
    """Without the `oauth` proxy there are no tokens; it can be deployed elsewhere and brought back."""
    undeployed(edge, "oauth")
    assert edge.handle(Request(method="POST", url=edge.token_url)).status == 404

    deployed(edge, "oauth", env="prod")
    assert edge.handle(Request(method="POST", url=edge.token_url_for(env="prod"))).status != 404

    edge.deploy_oauth("test")
    assert edge.handle(Request(method="POST", url=edge.token_url)).status != 404


def test_what_was_declared_elsewhere_is_deployed_here(edge):
    """A deployment by the tester and one through the API are the same."""
    edge.deploy_oauth("prod")

    body = ask(edge, "GET", "/apis/oauth/revisions/1/deployments").json()

    assert [environment["name"] for environment in body["environment"]] == ["test", "prod"]


def test_a_deployed_bundle_is_not_run(edge):
    """A call to a deployed bundle is answered 501 and complained of: it would answer on Edge."""
    imported(edge, "weather")
    deployed(edge, "weather")
    answer = called(edge, "/weather/today")
    message = (
        "pytest-apigee does not model calls of the imported API proxy 'weather', revision 1, at /weather: bundles "
        "are kept and described, and not run yet (this one has the policies: verify-key). Answer its calls with stubs "
        "on apigee.responses, or undeploy it and declare what it does with apigee.proxy('/weather', "
        "name='weather-fake', ...)."
    )

    assert (answer.status, answer.text) == (501, f"{message}\n")
    assert edge.take_grievances() == (Grievance(kind="not_modelled", message=message),)


def test_the_advice_for_a_deployed_bundle_works(edge):
    """Once a bundle is undeployed, a proxy with another name can be declared at its base path."""
    imported(edge, "weather")
    deployed(edge, "weather")
    undeployed(edge, "weather")

    edge.proxy("/weather", name="weather-fake", security="none", target={"temp": 21})

    assert called(edge, "/weather").json() == {"temp": 21}


def test_an_undeployed_bundle_is_nobodys(edge):
    """A call to a bundle that is not deployed there is 404, without a complaint."""
    imported(edge, "weather")
    assert called(edge, "/weather").status == 404

    deployed(edge, "weather", env="prod")
    assert called(edge, "/weather").status == 404
    assert edge.calls.last.reason == (
        "no proxy serves this path in test, on secure; 'weather' is deployed in prod, on default and secure"
    )

    deployed(edge, "weather")
    undeployed(edge, "weather")
    assert called(edge, "/weather").status == 404
    assert edge.take_grievances() == ()


def test_a_bundle_listens_on_its_virtual_hosts_only(edge):
    """An endpoint with the virtual host `secure` alone is not there over http."""
    imported(edge, "weather", small("/weather", "secure"))
    deployed(edge, "weather")

    assert [called(edge, "/weather", scheme=scheme).status for scheme in ("http", "https")] == [404, 501]


def test_the_longest_base_path_wins(edge):
    """Of a bundle and a declared proxy, or of two bundles, the one with the longer base path gets the call."""
    edge.proxy("/a", security="none")
    edge.proxy("/b/c", security="none")
    imported(edge, "ab", small("/a/b"))
    imported(edge, "b", small("/b"))
    imported(edge, "abc", small("/a/b/c"))
    for name in ("ab", "b", "abc"):
        deployed(edge, name)

    statuses = [called(edge, path).status for path in ("/a", "/a/b", "/b", "/b/c")]

    assert statuses == [200, 501, 501, 200]
    assert "'abc'" in called(edge, "/a/b/c/d").text


def test_every_endpoint_of_a_bundle_listens(edge):
    """A bundle with two proxy endpoints is deployed at two base paths."""
    files = {"apiproxy/x.xml": "<APIProxy/>", "apiproxy/proxies/a.xml": endpoint("/a", name="a")}
    imported(edge, "two", zipped({**files, "apiproxy/proxies/b.xml": endpoint("/b", name="b")}))
    deployed(edge, "two")

    assert [called(edge, path).status for path in ("/a", "/b", "/c")] == [501, 501, 404]


def test_a_base_path_has_one_owner(weather):
    """A base path of another API proxy is refused, `override` or not, and nothing changes."""
    imported(weather, "other")

    for override in ("true", "false"):
        assert raw(deployed(weather, "other", override=override)) == conflict("/weather", 1, "weather")
    assert called(weather, "/weather").json() == {"sunny": True}
    assert deployed(weather, "other", env="prod").status == 200
    assert raw(deployed(weather, "weather", env="prod")) == conflict("/weather", 1, "other")


def test_a_second_revision_needs_override(weather):
    """Without `override` the deployed revision must be undeployed first."""
    imported(weather, "weather")

    assert raw(deployed(weather, "weather", 2, override="false")) == conflict("/weather", 1, "weather")
    assert called(weather, "/weather").json() == {"sunny": True}


def test_override_replaces_the_deployed_revision(weather):
    """With `override` the new revision takes the place of the deployed one, in that environment only."""
    deployed(weather, "weather", env="prod")
    imported(weather, "weather")

    assert raw(deployed(weather, "weather", 2)) == (200, JSON_TYPE, deployment("weather", 2, "deployed"))
    assert [called(weather, "/weather", env).status for env in ("test", "prod")] == [501, 200]

    deployed(weather, "weather", 1)
    assert called(weather, "/weather").json() == {"sunny": True}


def test_revisions_with_other_base_paths_live_together(weather):
    """Two revisions of one API proxy may be deployed in one environment if their base paths differ."""
    imported(weather, "weather", small("/weather/v2"))

    assert deployed(weather, "weather", 2, override="false").status == 200
    assert [called(weather, path).status for path in ("/weather", "/weather/v2")] == [200, 501]
    body = ask(weather, "GET", "/e/test/apis/weather/deployments").json()
    assert [revision["name"] for revision in body["revision"]] == ["1", "2"]


def test_deploying_twice_changes_nothing(weather):
    """A revision that is deployed already is answered as deployed (GUESS)."""
    answer = deployed(weather, "weather", override="false")

    assert raw(answer) == (200, JSON_TYPE, deployment("weather", 1, "deployed"))


def posted(edge: FakeEdge, path: str, body: str = "", *, content_type: str | None = FORM) -> tuple[int, str]:
    """Return status and text of a POST with exactly these headers beside the credentials."""
    headers = {"Authorization": authorization("admin@acme.example")}
    if content_type is not None:
        headers["Content-Type"] = content_type
    response = edge.handle(Request(method="POST", url=f"{BASE}{path}", headers=headers, body=body))
    return response.status, response.text


REVISION_PATH = "apis/weather/revisions/1/deployments"


@pytest.mark.parametrize(
    ("path", "body", "content_type"),
    [
        (f"/v1/o/acme/e/test/{REVISION_PATH}", "action=deploy&override=true&delay=5", FORM),
        (f"/v1/organizations/acme/environments/test/{REVISION_PATH}?override=true&delay=60&basepath=%2F", "", FORM),
        (f"/v1/organizations/acme/environments/test/{REVISION_PATH}", "", None),
        (f"/v1/o/acme/e/test/{REVISION_PATH}?delay=-5", "override=true", FORM),
        (f"/v1/o/acme/{REVISION_PATH}?action=deploy&env=test", "", None),
        ("/v1/o/acme/apis/weather/deployments", "action=deploy&revision=1&env=test", FORM),
    ],
    ids=["apigeetool", "apigee-edge-js", "bare", "documentation", "organization", "2013"],
)
def test_deploys_as_clients_ask_for_it(weather, path, body, content_type):
    """Parameters come as a form or in the query; below a revision, or with the environment as a parameter."""
    undeployed(weather, "weather")

    answer = posted(weather, path, body, content_type=content_type)

    assert answer == (200, deployment("weather", 1, "deployed"))
    assert called(weather, "/weather").status == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/v1/o/acme/{REVISION_PATH}?action=undeploy&env=test&force=true", ""),
        (f"/v1/o/acme/{REVISION_PATH}", "action=undeploy&env=test&force=true"),
        ("/v1/o/acme/apis/weather/deployments", "action=undeploy&revision=1&env=test"),
    ],
    ids=["force", "form", "apigeetool"],
)
def test_undeploys_as_clients_ask_for_it(weather, path, body):
    """Undeployment is forced below a revision; apigeetool names revision and environment in a form."""
    assert posted(weather, path, body) == (200, deployment("weather", 1, "undeployed"))
    assert called(weather, "/weather").status == 404


@pytest.mark.parametrize(
    ("path", "action"),
    [
        (f"e/test/{REVISION_PATH}?action=undeploy", "undeploy"),
        (f"{REVISION_PATH}?env=test&action=x", "x"),
        (f"{REVISION_PATH}?env=test", ""),
    ],
)
def test_refuses_another_action(weather, path, action):
    """An action that is none is refused, and nothing changes."""
    answer = posted(weather, f"/v1/o/acme/{path}")

    assert answer == (400, error("keymanagement.service.InvalidAction", f"Invalid action {action}"))
    assert called(weather, "/weather").status == 200


def test_a_base_path_at_deployment_is_not_modelled(weather):
    """A base path that is given at deployment goes before all others on Edge; that is answered 501."""
    status, text = posted(weather, f"/v1/o/acme/e/test/{REVISION_PATH}", "basepath=/v9")

    asked = f"POST {BASE}/v1/o/acme/e/test/{REVISION_PATH}"
    what = f"{asked} with a basepath, which goes before those of the proxy endpoints"
    assert (status, text) == (501, f"pytest-apigee does not model {what}.\n")


@pytest.mark.parametrize("query", ["", "?includeServerStatus=true&includeApiConfig=true"])
def test_shows_all_deployments_of_an_organization(weather, query):
    """The organization's view has environments, in them API proxies, and of these the revisions."""
    deployed(weather, "oauth", env="prod")
    answer = ask(weather, "GET", f"/deployments{query}")
    entry = """\
"revision" : [ {
        "configuration" : {
          "basePath" : "/",
          "steps" : [ ]
        },
        "name" : "1",
        "server" : [ ],
        "state" : "deployed"
      } ]"""

    assert raw(answer) == (
        200,
        JSON_TYPE,
        f"""\
{{
  "environment" : [ {{
    "aPIProxy" : [ {{
      "name" : "oauth",
      {entry}
    }}, {{
      "name" : "weather",
      {entry}
    }} ],
    "name" : "test"
  }}, {{
    "aPIProxy" : [ {{
      "name" : "oauth",
      {entry}
    }} ],
    "name" : "prod"
  }} ],
  "name" : "acme"
}}""",
    )


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("includeServerStatus=false", ["configuration", "name", "state"]),
        ("includeApiConfig=false", ["name", "server", "state"]),
        ("includeServerStatus=false&includeApiConfig=false", ["name", "state"]),
    ],
)
def test_leaves_out_what_is_not_wanted(edge, query, fields):
    """Server status and configuration are left out where the query says so."""
    body = ask(edge, "GET", f"/deployments?{query}").json()

    assert list(body["environment"][0]["aPIProxy"][0]["revision"][0]) == fields


def test_shows_the_deployments_in_an_environment(edge):
    """The environment's view has API proxies, and of these the revisions."""
    answer = ask(edge, "GET", "/e/test/deployments")

    assert raw(answer) == (
        200,
        JSON_TYPE,
        """\
{
  "aPIProxy" : [ {
    "name" : "oauth",
    "revision" : [ {
      "configuration" : {
        "basePath" : "/",
        "steps" : [ ]
      },
      "name" : "1",
      "server" : [ ],
      "state" : "deployed"
    } ]
  } ],
  "name" : "test",
  "organization" : "acme"
}""",
    )


def test_shows_the_deployments_of_an_api_proxy_in_an_environment(weather):
    """The view of an API proxy in an environment names both, and lists the revisions."""
    answer = ask(weather, "GET", "/e/test/apis/weather/deployments")

    assert raw(answer) == (
        200,
        JSON_TYPE,
        """\
{
  "environment" : "test",
  "name" : "weather",
  "organization" : "acme",
  "revision" : [ {
    "configuration" : {
      "basePath" : "/",
      "steps" : [ ]
    },
    "name" : "1",
    "server" : [ ],
    "state" : "deployed"
  } ]
}""",
    )


def test_shows_the_deployments_of_an_api_proxy(weather):
    """The API-wide view lists environments, each with the revisions that are deployed there."""
    answer = ask(weather, "GET", "/apis/weather/deployments")

    assert raw(answer) == (
        200,
        JSON_TYPE,
        """\
{
  "environment" : [ {
    "name" : "test",
    "revision" : [ {
      "configuration" : {
        "basePath" : "/",
        "steps" : [ ]
      },
      "name" : "1",
      "server" : [ ],
      "state" : "deployed"
    } ]
  } ],
  "name" : "weather",
  "organization" : "acme"
}""",
    )


def test_shows_the_deployments_of_a_revision(weather):
    """The view of a revision lists the environments where it is."""
    answer = ask(weather, "GET", "/apis/weather/revisions/1/deployments")

    assert raw(answer) == (
        200,
        JSON_TYPE,
        """\
{
  "aPIProxy" : "weather",
  "environment" : [ {
    "configuration" : {
      "basePath" : "/",
      "steps" : [ ]
    },
    "name" : "test",
    "server" : [ ],
    "state" : "deployed"
  } ],
  "name" : "1",
  "organization" : "acme"
}""",
    )


def test_says_that_nothing_is_deployed(weather):
    """In an environment an undeployed API proxy is 400; elsewhere lists are empty, which clients count on."""
    undeployed(weather, "weather")

    assert raw(ask(weather, "GET", "/e/test/apis/weather/deployments")) == (400, JSON_TYPE, NOT_DEPLOYED)
    assert raw(ask(weather, "GET", f"/e/test/{REVISION_PATH}")) == (400, JSON_TYPE, REVISION_NOT_DEPLOYED)
    assert raw(undeployed(weather, "weather")) == (400, JSON_TYPE, REVISION_NOT_DEPLOYED)
    assert ask(weather, "GET", "/apis/weather/deployments").json() == NONE_THERE
    assert ask(weather, "GET", f"/{REVISION_PATH}").json()["environment"] == []
    assert ask(weather, "GET", "/e/prod/deployments").json()["aPIProxy"] == []
    undeployed(weather, "oauth")
    assert ask(weather, "GET", "/deployments").json() == {"environment": [], "name": "acme"}


@pytest.mark.parametrize(
    ("method", "path", "text"),
    [
        ("GET", "/e/moon/deployments", UNKNOWN_ENVIRONMENT),
        ("GET", "/e/moon/apis/oauth/deployments", UNKNOWN_ENVIRONMENT),
        ("GET", "/e/moon/apis/oauth/revisions/1/deployments", UNKNOWN_ENVIRONMENT),
        ("POST", "/e/moon/apis/oauth/revisions/1/deployments", UNKNOWN_ENVIRONMENT),
        ("DELETE", "/e/moon/apis/oauth/revisions/1/deployments", UNKNOWN_ENVIRONMENT),
        ("POST", "/apis/oauth/revisions/1/deployments?action=deploy&env=moon", UNKNOWN_ENVIRONMENT),
        ("GET", "/apis/gone/deployments", UNKNOWN_API),
        ("POST", "/apis/gone/deployments?action=deploy&env=test&revision=1", UNKNOWN_API),
        ("GET", "/e/test/apis/gone/deployments", UNKNOWN_API),
        ("GET", "/apis/gone/revisions/1/deployments", UNKNOWN_API),
        ("POST", "/e/test/apis/gone/revisions/1/deployments", UNKNOWN_API),
        ("GET", "/apis/oauth/revisions/7/deployments", UNKNOWN_REVISION),
        ("POST", "/apis/oauth/deployments?action=deploy&env=test&revision=7", UNKNOWN_REVISION),
        ("GET", "/e/test/apis/oauth/revisions/7/deployments", UNKNOWN_REVISION),
        ("POST", "/e/test/apis/oauth/revisions/7/deployments", UNKNOWN_REVISION),
        ("DELETE", "/e/test/apis/oauth/revisions/7/deployments", UNKNOWN_REVISION),
    ],
)
def test_refuses_what_there_is_not(edge, method, path, text):
    """An unknown environment, API proxy or revision is 404."""
    assert raw(ask(edge, method, path)) == (404, JSON_TYPE, text)


def test_shared_flows_are_not_modelled(edge):
    """Deployments of shared flows are answered 501."""
    assert ask(edge, "GET", "/sharedflows/log/deployments").status == 501
    assert ask(edge, "POST", "/e/test/sharedflows/log/revisions/1/deployments").status == 501


def test_a_bundle_without_endpoints_is_deployed_nowhere_in_particular(edge):
    """A bundle with a base configuration alone can be deployed, and gets no call."""
    imported(edge, "bare", zipped({"apiproxy/x.xml": "<APIProxy/>"}))

    assert raw(deployed(edge, "bare")) == (200, JSON_TYPE, deployment("bare", 1, "deployed"))
    assert called(edge, "/bare").status == 404


def test_apigee_edge_js_replaces_a_proxy(edge):
    """apigee-edge-js imports, deploys the newest revision, finds what is deployed, undeploys it and deletes all."""
    imported(edge, "weather", BUNDLE)
    newest = imported(edge, "weather", BUNDLE).json()["revision"]
    path = f"/v1/organizations/acme/environments/test/apis/weather/revisions/{newest}/deployments"
    posted(edge, f"{path}?override=true&delay=60&basepath=%2F")

    found = ask(edge, "GET", "/apis/weather/deployments").json()["environment"][0]

    assert (found["name"], [revision["name"] for revision in found["revision"]]) == ("test", ["2"])
    assert undeployed(edge, "weather", 2).json()["state"] == "undeployed"
    assert ask(edge, "DELETE", "/apis/weather").json()["name"] == "weather"
