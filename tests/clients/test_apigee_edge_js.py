"""The library `apigee-edge-js` of npm, unmodified, against the fake: what its promises come to."""

import json
from pathlib import Path

import pytest
import requests

from tests.clients.conftest import EMAIL, NODE, PASSWORD

SCRIPT = """
const {edge} = require('apigee-edge-js');
const [settings, steps] = JSON.parse(process.argv[2]);
(async () => {
  const org = await edge.connect(settings);
  for (const [collection, method, options] of steps) {
    let outcome;
    try { outcome = await org[collection][method](options || {}); }
    catch (error) { outcome = {failed: String(error.message || error)}; }
    console.log(JSON.stringify(outcome === undefined ? null : outcome));
  }
})().catch(error => { console.error(error); process.exit(1); });
"""


@pytest.fixture(params=["server", "proxy"])
def run(served, request):
    """Return what runs some steps of the library, at the URLs of the server or through the proxy."""
    script = served.home / "steps.js"
    script.write_text(SCRIPT, encoding="utf-8")
    env = served.plain if request.param == "server" else served.proxied
    where = {"mgmtServer": served["management"], "ssoUrl": served["login"]} if request.param == "server" else {}

    def steps(*wanted, **settings):
        everything = {"org": "acme", "user": EMAIL, "password": PASSWORD, **where, **settings}
        modules = {"NODE_PATH": str(Path(NODE) / "node_modules")}
        output = served.run("node", script, json.dumps([everything, wanted]), env=env | modules)
        return [json.loads(line) for line in output.splitlines() if line.startswith(("{", "[", '"', "null"))]

    return steps


def grants(served):
    """Return how often tokens were asked for at the SSO."""
    with requests.Session() as session:
        session.trust_env = False
        listed = session.get(f"{served['control']}/exchanges", timeout=20).json()["exchanges"]
    return [one["status"] for one in listed if one["service"] == "sso"]


@pytest.mark.parametrize("settings", [{}, {"no_token": True}], ids=["token", "basic"])
def test_lists_proxies(run, settings):
    """A list comes with a token of a login, and with Basic."""
    assert run(["proxies", "get"], **settings) == [["oauth", "weather"]]


def test_keeps_its_token_and_refreshes_it(run, served):
    """One login serves many processes; when the token is about to expire it is refreshed."""
    for _ in range(2):
        run(["proxies", "get"])
    assert grants(served) == [200]

    path = served.home / ".apigee-edge-tokens"
    (stash,) = json.loads(path.read_text(encoding="utf-8")).items()
    key, token = stash
    old = {**token, "issued_at": token["issued_at"] - 1_000 * token["expires_in"]}
    path.write_text(json.dumps({key: old}), encoding="utf-8")

    assert run(["proxies", "get"]) == [["oauth", "weather"]]
    assert grants(served) == [200, 200]
    refreshed = json.loads(path.read_text(encoding="utf-8"))[key]
    assert refreshed["refresh_token"] == token["refresh_token"]
    assert refreshed["access_token"] != token["access_token"]


def test_creates_and_revokes(run):
    """Developer, product, app and key come to be; a key is revoked and approved again; all is deleted."""
    whose = {"developerEmail": "ada@x.example"}
    app = {**whose, "appName": "mobile"}
    results = run(
        ["developers", "create", {**whose, "firstName": "Ada", "lastName": "L", "userName": "ada"}],
        ["products", "create", {"productName": "gold", "proxies": ["weather"], "approvalType": "auto"}],
        ["developerapps", "create", {**app, "apiProduct": "gold"}],
        ["developerapps", "get", whose],
        ["appcredentials", "add", {**app, "apiProduct": "gold", "clientId": "k1", "clientSecret": "s1"}],
        ["appcredentials", "revoke", {**app, "key": "k1"}],
        ["appcredentials", "approve", {**app, "key": "k1"}],
        ["developerapps", "del", app],
        ["products", "del", {"productName": "gold"}],
        ["developers", "del", whose],
    )

    assert not [result for result in results if isinstance(result, dict) and "failed" in result]
    assert results[2]["credentials"][0]["apiProducts"] == [{"apiproduct": "gold", "status": "approved"}]
    assert results[3] == ["mobile"]
    assert results[4]["consumerKey"] == "k1"


def test_imports_and_deploys_a_bundle(run, bundle):
    """A bundle is imported, deployed, listed, exported, undeployed and deleted."""
    api = {"name": "hello"}
    deployment = {**api, "revision": "1", "environment": "test"}
    results = run(
        ["proxies", "import", {**api, "source": str(bundle)}],
        ["proxies", "deploy", deployment],
        ["proxies", "getDeployments", api],
        ["proxies", "export", {**api, "revision": "1"}],
        ["proxies", "undeploy", deployment],
        ["proxies", "del", api],
        ["proxies", "get"],
    )

    assert not [result for result in results if isinstance(result, dict) and "failed" in result]
    assert results[0]["basepaths"] == ["/hello"]
    assert results[1]["state"] == "deployed"
    assert results[2]["environment"][0]["name"] == "test"
    assert results[6] == ["oauth", "weather"]


def test_tells_what_edge_refuses(run):
    """What Edge refuses the library tells with Edge's status."""
    (result,) = run(["developers", "del", {"developerEmail": "no@x.example"}])

    assert "404" in result["failed"]
