"""The command `apigee` of PyPI's `apigeecli`, unmodified, through the proxy: its hosts cannot be changed."""

import json
import shutil
from pathlib import Path

import pytest
import requests

from tests.clients.conftest import EMAIL, PASSWORD

LOGIN = ("-u", EMAIL, "-p", PASSWORD, "-o", "acme")


@pytest.fixture
def tool(served):
    """Return what runs the tool."""

    def run(*command, login=LOGIN):
        return served.run(shutil.which("apigee"), *command, *login, env=served.proxied)

    return run


@pytest.mark.parametrize("login", [LOGIN, (*LOGIN, "--token")], ids=["basic", "token"])
def test_lists_proxies(tool, login):
    """API proxies are listed, with Basic and with a token of a login."""
    assert json.loads(tool("apis", "list", login=login)) == ["oauth", "weather"]


def test_creates_what_an_app_needs(tool, served):
    """Developer, product, app and credentials come to be and are listed; a key is revoked."""
    whose = ("-n", "mobile", "--developer", "ada@x.example")
    product = {"name": "gold", "displayName": "Gold", "approvalType": "auto", "proxies": ["weather"]}
    app = {"name": "mobile", "apiProducts": ["gold"]}
    tool("developers", "create", "-n", "ada@x.example", "--first-name", "Ada", "--last-name", "L", "--user-name", "ada")
    tool("apiproducts", "create", "-n", "gold", "-b", json.dumps(product))
    tool("apps", "create", *whose, "-b", json.dumps(app))
    tool("apps", "create-creds", *whose, "--consumer-key", "k1", "--consumer-secret", "s1", "--products", "gold")
    tool("apps", "revoke-creds", *whose, "--consumer-key", "k1")

    assert json.loads(tool("developers", "list")) == ["ada@x.example"]
    assert json.loads(tool("apiproducts", "list")) == ["gold", "weather"]
    assert json.loads(tool("apps", "list", "--developer", "ada@x.example")) == ["mobile"]
    keys = json.loads(tool("apps", "get", *whose))["credentials"]
    assert [(key["consumerKey"], key["status"]) for key in keys][-1] == ("k1", "revoked")
    assert keys[-1]["apiProducts"] == [{"apiproduct": "gold", "status": "approved"}]


def test_deploys_a_revision(tool, served, bundle):
    """A revision is deployed, listed, undeployed and deleted. The tool's own import goes past any proxy."""
    archive = Path(shutil.make_archive(str(served.home / "hello"), "zip", bundle))
    with requests.Session() as session, archive.open("rb") as content:
        session.trust_env = False
        url = f"{served['management']}/v1/o/acme/apis?action=import&name=hello"
        kind = {"Content-Type": "application/octet-stream"}
        assert session.post(url, data=content, auth=(EMAIL, PASSWORD), headers=kind, timeout=20).status_code == 201

    tool("apis", "deploy-revision", "-e", "test", "-n", "hello", "-r", "1")
    deployed = tool("deployments", "get", "-n", "hello", "--format", "json")
    revisions = json.loads(tool("apis", "list-revisions", "-n", "hello"))
    tool("apis", "undeploy-revision", "-e", "test", "-n", "hello", "-r", "1")
    tool("apis", "delete", "-n", "hello")

    assert "test" in deployed
    assert revisions == ["1"]
    assert json.loads(tool("apis", "list")) == ["oauth", "weather"]
