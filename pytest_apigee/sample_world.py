"""What `pytest-apigee serve` serves where no world is given, and how to try it. Its secrets are public."""

from collections.abc import Iterator

EMAIL, PASSWORD = "ops@acme.example", "correct horse"
KEY, SECRET = "weather-key", "weather-secret"
_PICK = r"""sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p'"""
WORLD: dict[str, object] = {
    "users": [{"email": EMAIL, "password": PASSWORD, "roles": {"acme": ["orgadmin"]}}],
    "organizations": [
        {
            "name": "acme",
            "environments": ["test", "prod"],
            "developers": [{"email": "ada@acme.example", "firstName": "Ada", "lastName": "L", "userName": "ada"}],
            "apiproducts": [{"name": "weather", "proxies": ["weather"], "environments": ["test"]}],
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
                    "environments": ["test"],
                    "security": "oauth",
                    "target": {"json": {"temp": 21}},
                }
            ],
        }
    ],
}


def commands(*, login: str, management: str, gateway: str, trusting: str) -> Iterator[str]:
    """Yield commands of a shell that try it.

    Args:
        login: The SSO.
        management: The management API, without the ``/v1``.
        gateway: The gateway of the environment `test`.
        trusting: What tells curl whom to trust, with a blank before it; or nothing.
    """
    curl = f"curl -sS{trusting}"
    token_url = f"'{gateway}/oauth/client_credential/accesstoken?grant_type=client_credentials'"
    yield f"TOKEN=$({curl} -X POST -u {KEY}:{SECRET} {token_url} | {_PICK})"
    yield f'{curl} -H "Authorization: Bearer $TOKEN" {gateway}/weather'
    form = f"-d grant_type=password -d username={EMAIL} --data-urlencode 'password={PASSWORD}'"
    yield f"{curl} -u edgecli:edgeclisecret {form} {login}/oauth/token"
    yield f"{curl} -u '{EMAIL}:{PASSWORD}' {management}/v1/organizations/acme/apps?expand=true"
