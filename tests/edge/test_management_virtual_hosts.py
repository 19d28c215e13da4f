"""Virtual hosts and proxy endpoints at api.enterprise.apigee.com, as public clients of Edge read them."""

import pytest

from pytest_apigee import FakeEdge, Request
from tests.edge.bundle_support import BUNDLE, UNKNOWN_ENVIRONMENT, deployed, endpoint, error, imported, zipped
from tests.edge.roles_support import BASE, JSON_TYPE, SOMEONE, ask, authorization, new_edge, raw

DEFAULT = """\
{
  "hostAliases" : [ "acme-test.apigee.net" ],
  "interfaces" : [ ],
  "listenOptions" : [ ],
  "name" : "default",
  "port" : "80",
  "retryOptions" : [ ],
  "useBuiltInFreeTrialCert" : false
}"""
SECURE = """\
{
  "hostAliases" : [ "acme-test.apigee.net" ],
  "interfaces" : [ ],
  "listenOptions" : [ ],
  "name" : "secure",
  "port" : "443",
  "retryOptions" : [ ],
  "sSLInfo" : {
    "ciphers" : [ ],
    "clientAuthEnabled" : "false",
    "enabled" : "true",
    "ignoreValidationErrors" : false,
    "protocols" : [ ]
  },
  "useBuiltInFreeTrialCert" : true
}"""
ENDPOINT = """\
{
  "connection" : {
    "basePath" : "/weather",
    "connectionType" : "httpConnection",
    "virtualHost" : [ "secure" ]
  },
  "name" : "default",
  "type" : "Proxy"
}"""
XML = [("Content-Type", "application/xml")]


@pytest.fixture
def edge() -> FakeEdge:
    return new_edge()


def test_lists_virtual_hosts(edge):
    """Every environment has the virtual hosts `default` and `secure`."""
    assert raw(ask(edge, "GET", "/e/prod/virtualhosts")) == (200, JSON_TYPE, '[ "default", "secure" ]')


@pytest.mark.parametrize(("name", "body"), [("default", DEFAULT), ("secure", SECURE)])
def test_shows_a_virtual_host(edge, name, body):
    """A virtual host shows its aliases and port, and `secure` its TLS, as recorded for a free organization."""
    assert raw(ask(edge, "GET", f"/e/test/virtualhosts/{name}")) == (200, JSON_TYPE, body)


def test_shows_custom_domains_as_aliases(edge):
    """A custom domain is an alias of the virtual hosts of the environment that it leads to, and of no other."""
    edge.organization("initech", environments=["test", "prod"], hosts={"api.initech.example": "prod"})
    edge.user(SOMEONE, password="pw", roles={"initech": ["orgadmin"]})
    headers = {"Authorization": authorization(SOMEONE)}

    def aliases(env: str) -> object:
        url = f"{BASE}/o/initech/e/{env}/virtualhosts/default"
        return edge.handle(Request(url=url, headers=headers)).json()["hostAliases"]

    assert aliases("prod") == ["initech-prod.apigee.net", "api.initech.example"]
    assert aliases("test") == ["initech-test.apigee.net"]


@pytest.mark.parametrize("path", ["", "/default"])
def test_refuses_virtual_hosts_of_an_unknown_environment(edge, path):
    """An environment that there is not is 404."""
    assert raw(ask(edge, "GET", f"/e/moon/virtualhosts{path}")) == (404, JSON_TYPE, UNKNOWN_ENVIRONMENT)


def test_refuses_an_unknown_virtual_host(edge):
    """A virtual host that there is not is 404."""
    body = error(
        "messaging.config.beans.VirtualHostDoesNotExist", "VirtualHost third does not exist in environment test"
    )

    assert raw(ask(edge, "GET", "/e/test/virtualhosts/third")) == (404, JSON_TYPE, body)


def test_virtual_hosts_take_the_permission_of_their_environment(edge):
    """Who may not read an environment may not read its virtual hosts."""
    edge.role("developers", permissions={"/developers": ["get"]})
    edge.user(SOMEONE, password="pw", roles={"acme": ["developers"]})

    assert ask(edge, "GET", "/e/test/virtualhosts/default", by=SOMEONE).status == 403


def test_shows_a_proxy_endpoint(edge):
    """A proxy endpoint shows where it listens."""
    imported(
        edge,
        "weather",
        zipped({"apiproxy/x.xml": "<APIProxy/>", "apiproxy/proxies/d.xml": endpoint("/weather", "secure")}),
    )

    assert raw(ask(edge, "GET", "/apis/weather/revisions/1/proxies/default")) == (200, JSON_TYPE, ENDPOINT)


def test_shows_the_file_of_a_proxy_endpoint(edge):
    """A client that prefers XML gets the file as it was imported."""
    imported(edge, "weather", BUNDLE)

    response = ask(edge, "GET", "/apis/weather/revisions/1/proxies/default", accept="application/xml")

    assert raw(response) == (200, XML, endpoint())


def test_refuses_an_unknown_proxy_endpoint(edge):
    """A proxy endpoint that there is not is 404."""
    body = error("messaging.config.beans.ProxyEndpointDoesNotExist", "ProxyEndpoint other does not exist")

    assert raw(ask(edge, "GET", "/apis/oauth/revisions/1/proxies/other")) == (404, JSON_TYPE, body)


def test_apigeetool_finds_the_addresses_of_what_is_deployed(edge):
    """From deployments, proxy endpoints and virtual hosts it makes the URL that the gateway answers."""
    imported(edge, "weather")
    deployed(edge, "weather")

    found = []
    for proxy in ask(edge, "GET", "/apis/weather/revisions/1/proxies").json():
        connection = ask(edge, "GET", f"/apis/weather/revisions/1/proxies/{proxy}").json()["connection"]
        for name in connection["virtualHost"]:
            host = ask(edge, "GET", f"/e/test/virtualhosts/{name}").json()
            scheme = "https" if host.get("sSLInfo", {}).get("enabled") else "http"
            found += [f"{scheme}://{alias}:{host['port']}{connection['basePath']}" for alias in host["hostAliases"]]

    assert found == ["http://acme-test.apigee.net:80/weather", "https://acme-test.apigee.net:443/weather"]
