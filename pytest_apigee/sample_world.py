"""What `pytest-apigee serve` serves where no world is given, and how to try it. Its secrets are public."""

from collections.abc import Iterator, Mapping
from shlex import quote
from typing import Any

EMAIL, PASSWORD = "ops@acme.example", "correct horse"
KEY, SECRET = "weather-key", "weather-secret"
ORG, ENV = "acme", "test"
_PICK = r"""sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p'"""
WORLD: dict[str, object] = {
    "users": [{"email": EMAIL, "password": PASSWORD, "roles": {ORG: ["orgadmin"]}}],
    "organizations": [
        {
            "name": ORG,
            "environments": [ENV, "prod"],
            "developers": [{"email": "ada@acme.example", "firstName": "Ada", "lastName": "L", "userName": "ada"}],
            "apiproducts": [{"name": "weather", "proxies": ["weather"], "environments": [ENV]}],
            "apps": [
                {
                    "name": "weatherapp",
                    "developer": "ada@acme.example",
                    "credentials": [{"consumerKey": KEY, "consumerSecret": SECRET, "apiProducts": ["weather"]}],
                }
            ],
            "apis": [
                {
                    "name": "weather",
                    "basepath": "/weather",
                    "environments": [ENV],
                    "security": "oauth",
                    "target": {"json": {"temp": 21}},
                }
            ],
        }
    ],
}


def commands(line: Mapping[str, Any]) -> Iterator[str]:
    """Yield commands of a shell that try it.

    Args:
        line: What the process says when it is ready.
    """
    login, management, gateway = line["login"], line["management"], line["gateways"][f"{ORG}/{ENV}"]
    trusting = f" --cacert {quote(line['ca'])}" if login.startswith("https") else ""
    curl = f"curl -sS --noproxy '*'{trusting}"
    token_url = f"'{gateway}/oauth/client_credential/accesstoken?grant_type=client_credentials'"
    yield f"TOKEN=$({curl} -X POST -u {KEY}:{SECRET} {token_url} | {_PICK})"
    yield f"{curl} -H \"Authorization: Bearer $TOKEN\" '{gateway}/weather'"
    form = f"-d grant_type=password -d username={EMAIL} --data-urlencode 'password={PASSWORD}'"
    yield f"{curl} -u edgecli:edgeclisecret {form} '{login}/oauth/token'"
    yield f"{curl} -u '{EMAIL}:{PASSWORD}' '{management}/v1/organizations/{ORG}/apps?expand=true'"
    if line["proxy"]:
        yield f"curl -sS --proxy '{line['proxy']}' --cacert {quote(line['ca'])} https://login.apigee.com/version"
