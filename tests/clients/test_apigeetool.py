"""The command-line tool `apigeetool` of npm, unmodified, against the fake: what it prints, and what it did."""

import zipfile
from pathlib import Path

import pytest
import requests

from tests.clients.conftest import EMAIL, NODE, PASSWORD

TOOL = Path(NODE) / "node_modules" / ".bin" / "apigeetool"
LOGIN = ("-u", EMAIL, "-p", PASSWORD, "-o", "acme")


@pytest.fixture(params=["server", "proxy"])
def tool(served, request):
    """Return what runs the tool: with the URL of the server, or as it is and through the proxy."""

    def run(command, *options):
        if request.param == "server":
            return served.run(TOOL, command, *LOGIN, "-L", served["management"], *options)
        return served.run(TOOL, command, *LOGIN, *options, env=served.proxied)

    return run


def shown(served, path):
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{served['management']}/v1/o/acme{path}", auth=(EMAIL, PASSWORD), timeout=20)
    return answer.json() if answer.ok else answer.status_code


def test_lists_proxies(tool):
    """It prints the API proxies, one in a line."""
    assert tool("listproxies") == "oauth\nweather\n"


def test_creates_a_developer_with_an_app_and_a_key(tool, served):
    """Developer, product, app and key come to be, and the gateway takes the key."""
    product = ("--productName", "gold", "--productDesc", "x", "--displayName", "Gold", "--approvalType", "auto")
    quota = ("--quota", "5", "--quotaInterval", "1", "--quotaTimeUnit", "minute")
    key = ("--appName", "mobile", "--apiProducts", "gold", "--developerId", "ada@x.example")
    tool("createDeveloper", "--email", "ada@x.example", "--firstName", "Ada", "--lastName", "L", "--userName", "ada")
    tool("createProduct", *product, *quota, "--environments", "test", "--proxies", "weather")
    tool("createApp", "--name", "mobile", "--apiProducts", "gold", "--email", "ada@x.example")
    tool("createAppKey", *key, "--key", "k1", "--secret", "s1")

    app = shown(served, "/developers/ada@x.example/apps/mobile")
    assert [credential["consumerKey"] for credential in app["credentials"]][-1] == "k1"
    with requests.Session() as session:
        session.trust_env = False
        assert session.get(f"{served['gateway']}/weather?apikey=k1", timeout=20).status_code == 200

    tool("deleteApp", "--email", "ada@x.example", "--name", "mobile")
    tool("deleteProduct", "--productName", "gold")
    tool("deleteDeveloper", "--email", "ada@x.example")
    assert shown(served, "/developers") == []


def test_deploys_a_bundle(tool, served, bundle):
    """A bundle is uploaded, deployed, listed with its URLs, fetched, undeployed and deleted."""
    deployed = tool("deployproxy", "-e", "test", "-n", "hello", "-d", bundle)
    listed = tool("listdeployments", "-n", "hello", "-l")
    tool("fetchproxy", "-n", "hello", "-r", "1", "-f", served.home / "fetched.zip")
    in_environment = tool("listdeployments", "-e", "test")
    tool("undeploy", "-e", "test", "-n", "hello", "-r", "1")
    tool("deployExistingRevision", "-e", "prod", "-n", "hello", "-r", "1")
    where = [found["name"] for found in shown(served, "/apis/hello/deployments")["environment"]]
    tool("undeploy", "-e", "prod", "-n", "hello", "-r", "1")
    tool("delete", "-n", "hello")

    for uri in ("http://acme-test.apigee.net/hello", "https://acme-test.apigee.net/hello"):
        assert f"URI = {uri}" in deployed
        assert f"URI = {uri}" in listed
    assert '"hello" Revision 1' in in_environment
    assert '"weather" Revision 1' in in_environment
    with zipfile.ZipFile(served.home / "fetched.zip") as fetched:
        assert "apiproxy/policies/limit.xml" in fetched.namelist()
    assert where == ["prod"]
    assert shown(served, "/apis") == ["oauth", "weather"]


def test_keeps_maps_caches_and_target_servers(tool, served):
    """Key value maps, caches and target servers are made and removed."""
    tool("createKVMmap", "-e", "test", "--mapName", "colours")
    tool("addEntryToKVM", "-e", "test", "--mapName", "colours", "--entryName", "sky", "--entryValue", "blue")
    tool("createcache", "-e", "test", "-z", "short")
    backend = ("--targetServerName", "backend", "--targetHost", "b.example", "--targetPort", 80)
    tool("createTargetServer", "-e", "test", *backend)
    kept = shown(served, "/e/test/keyvaluemaps/colours/entries/sky")
    tool("deleteKVMmap", "-e", "test", "--mapName", "colours")
    tool("deletecache", "-e", "test", "-z", "short")
    tool("deleteTargetServer", "-e", "test", "--targetServerName", "backend")

    assert kept == {"name": "sky", "value": "blue"}
    kinds = ("keyvaluemaps", "caches", "targetservers")
    assert [shown(served, f"/e/test/{kind}") for kind in kinds] == [[], [], []]


def test_prints_what_edge_refuses(served):
    """What Edge refuses the tool tells in Edge's own words."""
    run = served.try_to(TOOL, "deleteApp", *LOGIN, "-L", served["management"], "--email", "no@x.example", "--name", "x")
    wrong = served.try_to(TOOL, "listproxies", "-u", EMAIL, "-p", "wrong", "-o", "acme", "-L", served["management"])

    assert "DeveloperId no@x.example does not exist in organization acme" in run.stdout + run.stderr
    assert "401" in wrong.stdout + wrong.stderr
