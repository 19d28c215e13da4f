"""The endpoints that Apigee's own OpenAPI files of the management API list, and some that only its documentation has.

Whether the fake models one says the table of routes in `service.py`; one that it does not is answered 501.
Source: the OpenAPI files (`.yaml`); management.md section 4 for target servers and refresh tokens.
"""

from collections.abc import Iterator

from pytest_apigee.edge.management.routing import Route

_LISTED: dict[str, tuple[tuple[str, str], ...]] = {
    "app-keys.yaml": (
        ("POST", "/organizations/{org}/developers/{developer}/apps/{app}/keys/create"),
        ("DELETE GET POST PUT", "/organizations/{org}/developers/{developer}/apps/{app}/keys/{key}"),
        ("DELETE POST", "/organizations/{org}/developers/{developer}/apps/{app}/keys/{key}/apiproducts/{product}"),
    ),
    "apps.yaml": (
        ("GET", "/organizations/{org}/apps"),
        ("GET", "/organizations/{org}/apps/{app_id}"),
    ),
    "caches.yaml": (
        ("GET POST", "/organizations/{org}/environments/{env}/caches"),
        ("DELETE GET PUT", "/organizations/{org}/environments/{env}/caches/{cache}"),
        ("POST", "/organizations/{org}/environments/{env}/caches/{cache}/entries"),
        ("POST", "/organizations/{org}/environments/{env}/caches/{cache}/entries/{entry}"),
    ),
    "companies.yaml": (
        ("GET POST", "/organizations/{org}/companies"),
        ("DELETE GET PUT", "/organizations/{org}/companies/{company}"),
    ),
    "company-app-keys.yaml": (
        ("POST", "/organizations/{org}/companies/{company}/apps/{app}/keys/create"),
        ("DELETE GET POST", "/organizations/{org}/companies/{company}/apps/{app}/keys/{key}"),
        ("DELETE POST", "/organizations/{org}/companies/{company}/apps/{app}/keys/{key}/apiproducts/{product}"),
    ),
    "company-apps.yaml": (
        ("GET POST", "/organizations/{org}/companies/{company}/apps"),
        ("DELETE GET POST PUT", "/organizations/{org}/companies/{company}/apps/{app}"),
    ),
    "company-developers.yaml": (
        ("GET POST", "/organizations/{org}/companies/{company}/developers"),
        ("DELETE", "/organizations/{org}/companies/{company}/developers/{developer}"),
    ),
    "debug-sessions.yaml": (
        ("GET POST", "/organizations/{org}/environments/{env}/apis/{api}/revisions/{revision}/debugsessions"),
        ("DELETE", "/organizations/{org}/environments/{env}/apis/{api}/revisions/{revision}/debugsessions/{session}"),
        ("GET", "/organizations/{org}/environments/{env}/apis/{api}/revisions/{revision}/debugsessions/{session}/data"),
        (
            "GET",
            "/organizations/{org}/environments/{env}/apis/{api}/revisions/{revision}/debugsessions/{session}/data/{transaction}",
        ),
    ),
    "deployments.yaml": (
        ("GET", "/organizations/{org}/apis/{api}/deployments"),
        ("GET", "/organizations/{org}/sharedflows/{sharedflow}/deployments"),
        ("GET POST", "/organizations/{org}/apis/{api}/revisions/{revision}/deployments"),
        ("GET", "/organizations/{org}/deployments"),
        ("DELETE GET POST", "/organizations/{org}/environments/{env}/apis/{api}/revisions/{revision}/deployments"),
        (
            "DELETE GET POST",
            "/organizations/{org}/environments/{env}/sharedflows/{sharedflow}/revisions/{revision}/deployments",
        ),
        ("GET", "/organizations/{org}/environments/{env}/apis/{api}/deployments"),
        ("GET", "/organizations/{org}/environments/{env}/deployments"),
    ),
    "developer-apps.yaml": (
        ("GET POST", "/organizations/{org}/developers/{developer}/apps"),
        ("DELETE GET POST PUT", "/organizations/{org}/developers/{developer}/apps/{app}"),
        ("GET POST", "/organizations/{org}/developers/{developer}/apps/{app}/attributes"),
        ("DELETE GET POST", "/organizations/{org}/developers/{developer}/apps/{app}/attributes/{attribute}"),
    ),
    "developers.yaml": (
        ("GET POST", "/organizations/{org}/developers"),
        ("DELETE GET POST PUT", "/organizations/{org}/developers/{developer}"),
        ("GET POST", "/organizations/{org}/developers/{developer}/attributes"),
        ("DELETE GET POST", "/organizations/{org}/developers/{developer}/attributes/{attribute}"),
    ),
    "environments.yaml": (
        ("GET POST", "/organizations/{org}/environments"),
        ("DELETE GET POST", "/organizations/{org}/environments/{env}"),
        ("GET POST", "/organizations/{org}/environments/{env}/servers"),
    ),
    "key-value-maps.yaml": (
        ("GET POST", "/organizations/{org}/apis/{api}/keyvaluemaps"),
        ("DELETE GET", "/organizations/{org}/apis/{api}/keyvaluemaps/{map}"),
        ("POST", "/organizations/{org}/apis/{api}/keyvaluemaps/{map}/entries"),
        ("DELETE GET POST", "/organizations/{org}/apis/{api}/keyvaluemaps/{map}/entries/{entry}"),
        ("GET", "/organizations/{org}/apis/{api}/keyvaluemaps/{map}/keys"),
        ("POST", "/organizations/{org}/apis/{api}/revisions/{revision}/keyvaluemaps"),
        ("POST", "/organizations/{org}/apis/{api}/revisions/{revision}/keyvaluemaps/{map}/entries"),
        ("POST", "/organizations/{org}/apis/{api}/revisions/{revision}/keyvaluemaps/{map}/entries/{entry}"),
        ("GET", "/organizations/{org}/apis/{api}/revisions/{revision}/keyvaluemaps/{map}/keys"),
        ("GET POST", "/organizations/{org}/environments/{env}/keyvaluemaps"),
        ("DELETE GET POST", "/organizations/{org}/environments/{env}/keyvaluemaps/{map}"),
        ("POST", "/organizations/{org}/environments/{env}/keyvaluemaps/{map}/entries"),
        ("DELETE GET POST", "/organizations/{org}/environments/{env}/keyvaluemaps/{map}/entries/{entry}"),
        ("GET", "/organizations/{org}/environments/{env}/keyvaluemaps/{map}/keys"),
        ("GET POST", "/organizations/{org}/keyvaluemaps"),
        ("DELETE GET POST", "/organizations/{org}/keyvaluemaps/{map}"),
        ("POST", "/organizations/{org}/keyvaluemaps/{map}/entries"),
        ("DELETE GET POST", "/organizations/{org}/keyvaluemaps/{map}/entries/{entry}"),
        ("GET", "/organizations/{org}/keyvaluemaps/{map}/keys"),
    ),
    "oauth-20-access-tokens.yaml": (
        ("DELETE GET POST", "/organizations/{org}/oauth2/accesstokens/{token}"),
        ("POST", "/organizations/{org}/oauth2/revoke"),
        ("GET", "/organizations/{org}/oauth2/search"),
    ),
    "oauth-20-authorizaation-codes.yaml": (
        ("GET", "/organizations/{org}/oauth2/authorizationcodes"),
        ("DELETE GET", "/organizations/{org}/oauth2/authorizationcodes/{code}"),
    ),
    "organizations.yaml": (
        ("GET POST", "/organizations"),
        ("DELETE GET POST", "/organizations/{org}"),
        ("GET POST", "/organizations/{org}/pods"),
    ),
    "policies.yaml": (
        ("GET POST", "/organizations/{org}/apis/{api}/revisions/{revision}/policies"),
        ("DELETE GET", "/organizations/{org}/apis/{api}/revisions/{revision}/policies/{policy}"),
    ),
    "products.yaml": (
        ("GET POST", "/organizations/{org}/apiproducts"),
        ("DELETE GET PUT", "/organizations/{org}/apiproducts/{product}"),
        ("GET POST", "/organizations/{org}/apiproducts/{product}/attributes"),
        ("DELETE GET POST", "/organizations/{org}/apiproducts/{product}/attributes/{attribute}"),
    ),
    "proxies.yaml": (
        ("GET POST", "/organizations/{org}/apis"),
        ("DELETE GET", "/organizations/{org}/apis/{api}"),
        ("GET", "/organizations/{org}/apis/{api}/revisions"),
        ("DELETE GET POST", "/organizations/{org}/apis/{api}/revisions/{revision}"),
        ("GET POST", "/organizations/{org}/apis/{api}/revisions/{revision}/npm"),
    ),
    "user-roles.yaml": (
        ("GET POST", "/organizations/{org}/userroles"),
        ("DELETE GET", "/organizations/{org}/userroles/{role}"),
        ("GET POST", "/organizations/{org}/userroles/{role}/users"),
        ("DELETE GET", "/organizations/{org}/userroles/{role}/users/{user}"),
        ("POST", "/organizations/{org}/userroles/{role}/resourcepermissions"),
        ("GET POST", "/organizations/{org}/userroles/{role}/permissions"),
        ("DELETE GET", "/organizations/{org}/userroles/{role}/permissions/{permission}"),
    ),
    "documentation (target servers)": (
        ("GET POST", "/organizations/{org}/environments/{env}/targetservers"),
        ("DELETE GET PUT", "/organizations/{org}/environments/{env}/targetservers/{targetserver}"),
    ),
    "documentation (refresh tokens)": (("POST", "/organizations/{org}/oauth2/refreshtokens/{token}"),),
}


def listed_routes() -> Iterator[Route]:
    """Yield every endpoint that is listed, each without a handler."""
    for source, endpoints in _LISTED.items():
        for methods, path in endpoints:
            yield from (Route(method=method, path=path, source=source) for method in methods.split())
