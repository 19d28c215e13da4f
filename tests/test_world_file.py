"""What a world starts with: as TOML, as JSON of the same shape, and as a dict (DESIGN section 9)."""

import base64
import json
import tomllib
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from pytest_apigee.edge.clock import Clock, OwnWall
from pytest_apigee.edge.message import ConnectionFailure, Request
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.factories import TokenFactory
from pytest_apigee.fake import FakeEdge

# DESIGN section 9, word for word
COMPLETE = """\
era = "current"                             # optional, like seed
seed = 7

[[users]]                                   # SSO users
email = "ops@acme.example"
password = "correct horse"
mfa_secret = "JBSWY3DPEHPK3PXP"             # optional: MFA is on
machine = false                             # optional
roles = { acme = ["orgadmin"] }

[[organizations]]
name = "acme"
environments = ["test", "prod"]
zone = "acme"                               # optional: SAML, https://acme.login.apigee.com
properties = { "features.isOAuthRevokeEnabled" = "true" }
hosts = { "api.acme.example" = "test" }     # optional: custom domains
revocation_lag = 0                          # optional, seconds

[[organizations.developers]]
email = "ada@example.com"
firstName = "Ada"
lastName = "L"
userName = "ada"

[[organizations.apiproducts]]
name = "weather"
proxies = ["weather"]
environments = ["test"]
apiResources = []
scopes = ["READ", "WRITE"]

[[organizations.apps]]
name = "weatherapp"
developer = "ada@example.com"
credentials = [{ consumerKey = "key", consumerSecret = "secret", apiProducts = ["weather"] }]

[[organizations.apis]]
name = "weather"
basepath = "/weather"
environments = ["test"]                     # where it is deployed
security = "oauth"                          # or "apikey", "none"
scope = "READ"                              # optional
target = { json = { temp = 21 } }           # or status, headers, body; or bundle = "path/to/apiproxy"
"""

MFA_MOMENT_S = 59  # the second step of 30 seconds
MFA_CODE = "996554"  # of JBSWY3DPEHPK3PXP in that step, as authenticator apps show it

SHOWN = {
    "createdAt": 1709294400000,
    "createdBy": "ops@acme.example",
    "lastModifiedAt": 1709294400000,
    "lastModifiedBy": "ops@acme.example",
}
# The long forms, with every field that management.md section 4 lists
AS_EDGE_SHOWS_IT = {
    "users": [{"email": "ops@acme.example", "password": "pw"}],
    "organizations": [
        {
            **SHOWN,
            "name": "acme",
            "displayName": "Acme Inc.",
            "environments": ["test"],
            "type": "paid",
            "properties": {"property": [{"name": "features.isCpsEnabled", "value": "false"}]},
            "developers": [
                {
                    **SHOWN,
                    "apps": ["weatherapp"],
                    "companies": [],
                    "email": "ada@example.com",
                    "developerId": "8f4a3b0e-0000-4000-8000-000000000001",
                    "firstName": "Ada",
                    "lastName": "L",
                    "userName": "ada",
                    "organizationName": "acme",
                    "status": "active",
                    "attributes": [{"name": "tier", "value": "gold"}],
                }
            ],
            "apiproducts": [
                {
                    **SHOWN,
                    "apiResources": ["/**"],
                    "approvalType": "manual",
                    "attributes": [{"name": "access", "value": "public"}],
                    "description": "The weather",
                    "displayName": "Weather",
                    "environments": ["test"],
                    "name": "weather",
                    "proxies": ["weather"],
                    "quota": "10",
                    "quotaInterval": "1",
                    "quotaTimeUnit": "minute",
                    "scopes": ["READ"],
                }
            ],
            "apps": [
                {
                    **SHOWN,
                    "accessType": "read",
                    "appFamily": "default",
                    "appId": "8f4a3b0e-0000-4000-8000-000000000002",
                    "attributes": [{"name": "DisplayName", "value": "Weather App"}],
                    "callbackUrl": "https://app.example/callback",
                    "credentials": [
                        {
                            "apiProducts": [{"apiproduct": "weather", "status": "approved"}],
                            "attributes": [],
                            "consumerKey": "key",
                            "consumerSecret": "secret",
                            "expiresAt": -1,
                            "issuedAt": 1709294400000,
                            "scopes": [],
                            "status": "approved",
                        }
                    ],
                    "developerId": "8f4a3b0e-0000-4000-8000-000000000001",
                    "name": "weatherapp",
                    "scopes": [],
                    "status": "approved",
                }
            ],
            "apis": [{"name": "weather", "target": {"json": {"temp": 21}}}],
        }
    ],
}


def basic(user, password):
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def log_in(edge, passcode):
    return edge.handle(
        Request(
            method="POST",
            url="https://acme.login.apigee.com/oauth/token",
            headers={
                "Authorization": "Basic ZWRnZWNsaTplZGdlY2xpc2VjcmV0",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            body=urlencode({"grant_type": "password", "passcode": passcode}),
        )
    )


def app_token(edge, *, scope=""):
    return edge.handle(
        Request(
            method="POST",
            url="https://acme-test.apigee.net/oauth/client_credential/accesstoken?grant_type=client_credentials",
            headers={"Authorization": basic("key", "secret"), "Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode({"scope": scope} if scope else {}),
        )
    )


def call_weather(edge, *, scope="", url="https://acme-test.apigee.net/weather"):
    token = app_token(edge, scope=scope).json()["access_token"]
    return edge.handle(Request(url=url, headers={"Authorization": f"Bearer {token}"}))


def shown_acme(edge, token):
    url = "https://api.enterprise.apigee.com/v1/o/acme"
    return edge.handle(Request(url=url, headers={"Authorization": f"Bearer {token}"}))


def below_acme(edge, path):
    """Return the JSON of what lies at a path below the organization, for an administrator."""
    user = edge.user(password="pw")
    url = f"https://api.enterprise.apigee.com/v1/o/acme/{path}"
    return edge.handle(Request(url=url, headers={"Authorization": basic(user.email, "pw")})).json()


def organization(**fields):
    return {"organizations": [{"name": "acme", **fields}]}


@pytest.fixture(params=["toml", "json", "dict", "text-path"])
def complete(request, tmp_path):
    """Return a world with the complete example, in each form that it may come in."""
    content = tomllib.loads(COMPLETE)
    toml, as_json = tmp_path / "world.toml", tmp_path / "world.JSON"
    toml.write_text(COMPLETE, encoding="utf-8")
    as_json.write_text(json.dumps(content), encoding="utf-8")
    world = {"toml": toml, "json": as_json, "dict": content, "text-path": str(toml)}[request.param]
    wall = OwnWall()
    wall.stop_at(MFA_MOMENT_S * 1_000)
    return FakeEdge(world=world, clock=Clock(wall))


def test_the_complete_example_sets_era_and_seed(complete):
    """Era and seed are those of the file."""
    assert (complete.era, complete.seed) == ("current", 7)


def test_the_first_organization_is_the_default(complete):
    """The first organization of the file is the default one, and `test` its environment."""
    assert (complete.org, complete.env) == ("acme", "test")


def test_the_user_of_the_complete_example_logs_in(complete):
    """The SSO user is one of the organization's zone, so a passcode there opens the organization."""
    ops = complete.find_user("ops@acme.example")

    granted = log_in(complete, complete.passcode(ops))

    assert (ops.zone.host, complete.mfa_code(ops)) == ("acme.login.apigee.com", MFA_CODE)
    assert shown_acme(complete, granted.json()["access_token"]).status == 200


def test_the_organization_of_the_complete_example_is_shown(complete):
    """The management API shows the organization to a user of its zone with the property of the file."""
    token = TokenFactory(complete).sso()
    shown = shown_acme(complete, token).json()

    assert {"name": "features.isOAuthRevokeEnabled", "value": "true"} in shown["properties"]["property"]
    assert shown["environments"] == ["test", "prod"]


def test_the_zone_of_the_complete_example_takes_no_token_of_the_default_one(complete):
    """An organization with a zone has the users of that zone alone, whatever the roles of others."""
    token = TokenFactory(complete).sso(complete.user(zone="uaa"))

    assert shown_acme(complete, token).status == 401


def test_the_zone_of_the_complete_example_turns_basic_off(complete):
    """An organization with a zone has SAML, and takes no Basic credentials even of a user without MFA."""
    complete.user("plain@acme.example", password="pw", machine=True)
    headers = {"Authorization": basic("plain@acme.example", "pw")}

    response = complete.handle(Request(url="https://api.enterprise.apigee.com/v1/o/acme", headers=headers))

    assert response.status == 401


@pytest.mark.parametrize("scope", ["", "READ"])
def test_the_api_of_the_complete_example_answers(complete, scope):
    """A token of the app opens the API, which answers what the file says."""
    response = call_weather(complete, scope=scope)

    assert (response.status, response.json()) == (200, {"temp": 21})


def test_the_api_of_the_complete_example_needs_its_scope(complete):
    """A token without the scope is refused with 403."""
    assert call_weather(complete, scope="WRITE").status == 403


def test_the_api_of_the_complete_example_needs_a_token(complete):
    """A call without a token is refused with 401."""
    assert complete.handle(Request(url="https://acme-test.apigee.net/weather")).status == 401


def test_the_custom_domain_of_the_complete_example_answers(complete):
    """The custom domain leads to its environment."""
    response = call_weather(complete, url="https://API.acme.example/weather")

    assert (response.status, response.json()) == (200, {"temp": 21})


def test_the_other_environment_of_the_complete_example_is_known(complete):
    """The second environment has a host, where the API is not deployed."""
    response = complete.handle(Request(url="https://acme-prod.apigee.net/weather"))

    assert response.status == 404


def test_no_other_host_is_known(complete):
    """A host that the file does not declare fails as an unknown one."""
    outcome = complete.handle(Request(url="https://api.globex.example/weather"))

    assert isinstance(outcome, ConnectionFailure)


def test_the_developer_of_the_complete_example_is_named(complete):
    """The token answer names the developer and the products of the app."""
    answer = app_token(complete).json()

    assert answer["developer.email"] == "ada@example.com"
    assert answer["api_product_list"] == "[weather]"


def test_edges_own_forms_are_taken():
    """The bodies of the management API, read-only fields included, are taken as they are."""
    edge = FakeEdge(world=AS_EDGE_SHOWS_IT)

    assert call_weather(edge).json() == {"temp": 21}


def test_an_organization_as_the_fake_shows_it_is_taken():
    """What the management API answers can be pasted into a world file, and is then shown again."""
    edge = FakeEdge(world=AS_EDGE_SHOWS_IT)
    url = "https://api.enterprise.apigee.com/v1/o/acme"
    ask = Request(url=url, headers={"Authorization": basic("ops@acme.example", "pw")})
    shown = edge.handle(ask).json()

    pasted = FakeEdge(world={"organizations": [shown], "users": AS_EDGE_SHOWS_IT["users"]}, clock=edge.clock)

    again = pasted.handle(ask).json()
    kept = ("displayName", "environments", "name", "properties", "type")
    assert {name: again[name] for name in kept} == {
        "displayName": "Acme Inc.",
        "environments": ["test"],
        "name": "acme",
        "properties": {"property": [{"name": "features.isCpsEnabled", "value": "false"}]},
        "type": "paid",
    }


@pytest.mark.parametrize("status", ["pending", "revoked"])
def test_a_product_of_a_key_has_a_status(status):
    """A product that is not approved for a key opens nothing."""
    credential = {
        "consumerKey": "key",
        "consumerSecret": "secret",
        "apiProducts": [{"apiproduct": "weather", "status": status}],
    }
    edge = FakeEdge(
        world=organization(
            apiproducts=[{"name": "weather", "proxies": ["weather"]}],
            apps=[{"name": "weatherapp", "credentials": [credential]}],
            apis=[{"name": "weather"}],
        )
    )

    assert call_weather(edge).status == 401


@pytest.mark.parametrize(
    "changes",
    [{"status": "revoked"}, {"credentials": [{"consumerKey": "key", "consumerSecret": "secret", "status": "revoked"}]}],
    ids=["app", "key"],
)
def test_a_revoked_app_or_key_gets_no_token(changes):
    """The status of an app and of a key are those of the file."""
    app = {"name": "a", "credentials": [{"consumerKey": "key", "consumerSecret": "secret"}], **changes}

    assert app_token(FakeEdge(world=organization(apps=[app]))).status == 401


def test_an_inactive_developer_gets_no_token():
    """The status of a developer is that of the file."""
    edge = FakeEdge(
        world=organization(
            developers=[{"email": "ada@example.com", "status": "inactive"}],
            apps=[
                {
                    "name": "a",
                    "developer": "ada@example.com",
                    "credentials": [{"consumerKey": "key", "consumerSecret": "secret"}],
                }
            ],
        )
    )

    assert app_token(edge).status == 401


def test_a_key_that_expired_gets_no_token():
    """`expiresAt` of a credential is its time in milliseconds."""
    credential = {"consumerKey": "key", "consumerSecret": "secret", "issuedAt": 0, "expiresAt": 1}

    edge = FakeEdge(world=organization(apps=[{"name": "a", "credentials": [credential]}]))

    assert app_token(edge).status == 401


@pytest.mark.parametrize(("lifetime", "expires_at"), [(-1, -1), ("5000", 6000), (0, 1000)])
def test_a_generated_key_expires_when_the_file_says(lifetime, expires_at):
    """`keyExpiresIn` is the life of an app's generated key in milliseconds, -1 for ever."""
    wall = OwnWall()
    wall.stop_at(1_000)
    edge = FakeEdge(world=organization(apps=[{"name": "a", "keyExpiresIn": lifetime}]), clock=Clock(wall))

    assert [credential.expires_at_ms for credential in edge.find_app("a").credentials] == [expires_at]


def test_a_second_credential_serves_too():
    """Every credential of an app gets tokens."""
    credentials = [{"consumerKey": "other"}, {"consumerKey": "key", "consumerSecret": "secret"}]

    edge = FakeEdge(world=organization(apps=[{"name": "a", "credentials": credentials}]))

    assert app_token(edge).status == 200


@pytest.mark.parametrize("products", [["weather"], [{"apiproduct": "weather"}], []], ids=["names", "tables", "none"])
def test_an_app_without_credentials_is_declared(products):
    """An app may leave its credentials out, whichever form its products have."""
    edge = FakeEdge(world=organization(apps=[{"name": "a", "apiProducts": products}]))

    with pytest.raises(ConfigurationError) as raised:
        edge.app("a")
    assert str(raised.value) == "The app 'a' of developer 'developer@acme.example' already exists."


KEY = {"consumerKey": "key", "consumerSecret": "secret"}


@pytest.mark.parametrize(
    ("developers", "role"),
    [
        (["ada@example.com"], ""),
        ([{"email": "ada@example.com"}], ""),
        ([{"email": "ada@example.com", "role": "admin"}], "admin"),
        ({"ada@example.com": "admin"}, "admin"),
    ],
)
@pytest.mark.parametrize("company", ["company", "companyName"])
def test_a_company_and_its_app_are_declared(developers, role, company):
    """A company has developers, in any of three forms, and apps that name it, as `company` or `companyName`."""
    initech = {"name": "initech", "displayName": "Initech", "attributes": {"plan": "gold"}, "developers": developers}
    edge = FakeEdge(
        organization(
            developers=[{"email": "ada@example.com"}],
            companies=[initech],
            apps=[{"name": "weatherapp", company: "initech", "credentials": [KEY]}],
        )
    )

    shown = below_acme(edge, "companies/initech")

    assert (app_token(edge).status, edge.find_app("weatherapp").company) == (200, "initech")
    assert (shown["apps"], shown["displayName"]) == (["weatherapp"], "Initech")
    assert shown["attributes"] == [{"name": "plan", "value": "gold"}]
    members = {"developer": [{"email": "ada@example.com", "role": role}]}
    assert below_acme(edge, "companies/initech/developers") == members


@pytest.mark.parametrize(("status", "answered"), [("active", 200), ("inactive", 401)])
def test_an_inactive_company_gets_no_token(status, answered):
    """The app of a company that is not active is refused."""
    companies = [{"name": "initech", "status": status}]
    edge = FakeEdge(organization(companies=companies, apps=[{"name": "a", "company": "initech", "credentials": [KEY]}]))

    assert app_token(edge).status == answered


def test_a_company_as_the_fake_shows_it_is_taken():
    """A company and its app can be pasted out of the management API, and are then shown again."""
    edge = FakeEdge()
    edge.company("initech", display_name="Initech", attributes={"plan": "gold"})
    edge.app("weatherapp", products=["weather"], company="initech")
    companies, apps = below_acme(edge, "companies/initech"), below_acme(edge, "apps?expand=true")["app"]

    pasted = FakeEdge(organization(companies=[companies], apps=apps), clock=edge.clock)

    (again,) = below_acme(pasted, "apps?expand=true")["app"]
    kept = ("appId", "companyName", "credentials", "name", "scopes", "status")
    assert {name: again[name] for name in kept} == {name: apps[0][name] for name in kept}
    shown = below_acme(pasted, "companies/initech")
    kept = ("apps", "name", "displayName", "status", "attributes")
    assert {name: shown[name] for name in kept} == {name: companies[name] for name in kept}


def test_an_app_has_the_scopes_that_the_file_says():
    """They are shown as the app's; a key that the file does not write out has them too."""
    written = {**KEY, "apiProducts": ["weather"]}
    products = [{"name": "weather", "scopes": ["READ", "WRITE"]}]
    edge = FakeEdge(
        organization(
            apiproducts=products,
            apps=[
                {"name": "short", "apiProducts": ["weather"], "scopes": ["READ"]},
                {"name": "long", "scopes": ["READ"], "credentials": [written]},
            ],
        )
    )

    short, long = edge.find_app("short"), edge.find_app("long")

    assert (short.scopes, long.scopes) == (("READ",), ("READ",))
    assert (short.credentials[0].scopes, long.credentials[0].scopes) == (("READ",), ())


def test_everything_but_names_may_be_left_out():
    """An organization with one thing of each kind needs their names alone."""
    edge = FakeEdge(
        world=organization(
            developers=[{"email": "ada@example.com"}],
            apiproducts=[{"name": "weather"}],
            apps=[{"name": "a"}],
            apis=[{"name": "weather"}],
        )
    )

    token = edge.issue_app_token(edge.default_app, scope=None, lifetime=timedelta(hours=1))
    headers = {"Authorization": f"Bearer {token.value}"}
    response = edge.handle(Request(url="https://acme-test.apigee.net/weather", headers=headers))
    assert (response.status, response.body) == (200, b"{}")


@pytest.mark.parametrize(
    ("target", "status", "headers", "body"),
    [
        ({"json": {"temp": 21}}, 200, [("Content-Type", "application/json")], b'{"temp": 21}'),
        ({"json": None}, 200, [("Content-Type", "application/json")], b"null"),
        (
            {"json": [], "status": 201, "headers": {"A": "1"}},
            201,
            [("Content-Type", "application/json"), ("A", "1")],
            b"[]",
        ),
        ({"status": 503, "headers": {"Retry-After": "1"}, "body": "weg"}, 503, [("Retry-After", "1")], b"weg"),
        ({"body": "K\u00f6ln"}, 200, [], b"K\xc3\xb6ln"),
        ({}, 200, [], b""),
    ],
)
def test_a_target_answers_what_the_file_says(target, status, headers, body):
    """A target has JSON, or status, headers and body; what it leaves out is empty."""
    edge = FakeEdge(world=organization(apis=[{"name": "weather", "security": "none", "target": target}]))

    response = edge.handle(Request(url="https://acme-test.apigee.net/weather"))

    assert (response.status, list(response.headers), response.body) == (status, headers, body)


def test_an_api_is_deployed_where_the_file_says():
    """An API is deployed in each of its environments."""
    apis = [{"name": "weather", "environments": ["prod", "test"], "security": "none", "basepath": "/v1/weather"}]

    edge = FakeEdge(world=organization(apis=apis))

    urls = [f"https://acme-{env}.apigee.net/v1/weather" for env in ("test", "prod")]
    assert [edge.handle(Request(url=url)).status for url in urls] == [200, 200]


def test_several_organizations_may_be_declared():
    """All organizations of a file are declared; a user's roles may be in any of them."""
    edge = FakeEdge(
        world={
            "organizations": [{"name": "acme"}, {"name": "globex", "environments": ["dev"]}],
            "users": [{"email": "ops@acme.example", "password": "pw", "roles": {"globex": ["orgadmin"]}}],
        }
    )
    headers = {"Authorization": basic("ops@acme.example", "pw")}

    statuses = [
        edge.handle(Request(url=f"https://api.enterprise.apigee.com/v1/o/{name}", headers=headers)).status
        for name in ("acme", "globex")
    ]

    assert statuses == [403, 200]


def test_a_user_without_roles_is_an_administrator():
    """A user for whom the file has no roles is `orgadmin` of the default organization."""
    edge = FakeEdge(world={**organization(), "users": [{"email": "ops@acme.example", "password": "pw"}]})

    headers = {"Authorization": basic("ops@acme.example", "pw")}
    assert edge.handle(Request(url="https://api.enterprise.apigee.com/v1/o/acme", headers=headers)).status == 200


@pytest.mark.parametrize(
    ("settings", "era", "seed"),
    [({}, "2016", "tuesday"), ({"era": "current", "seed": 3}, "current", 3), ({"seed": 0}, "2016", 0)],
)
def test_what_is_given_beside_the_file_wins(settings, era, seed):
    """An era or a seed that is given beside the world wins over the world's own."""
    edge = FakeEdge(world={"era": "2016", "seed": "tuesday"}, **settings)

    assert (edge.era, edge.seed) == (era, seed)


@pytest.mark.parametrize("world", [None, {}])
def test_an_empty_world_is_the_usual_one(world):
    """Without any world, or with an empty one, there is the organization `acme` with `test` and `prod`."""
    edge = FakeEdge(world=world)

    assert (edge.org, edge.env, edge.era, edge.seed) == ("acme", "test", "current", 0)


ORGANIZATION = "the world: organizations[0]: "
ORGANIZATION_FIELDS = (
    "Allowed: apiproducts, apis, apps, caches, companies, createdAt, createdBy, developers, displayName, environments, "
    "hosts, keyvaluemaps, lastModifiedAt, lastModifiedBy, name, properties, revocation_lag, roles, targetservers, "
    "type, zone."
)
USER_FIELDS = "Allowed: email, firstName, lastName, machine, mfa, mfa_secret, password, roles, status, zone."
MISTAKES = [
    # the file itself
    ({"user": []}, "the world: unknown field 'user'. Did you mean 'users'? Allowed: era, organizations, seed, users."),
    ({"qqq": 1}, "the world: unknown field 'qqq'. Allowed: era, organizations, seed, users."),
    ({"era": "2017"}, "the world: Unknown era '2017'. Allowed: 2016, current. Did you mean '2016'?"),
    ({"era": 2016}, "the world: the field 'era' must be text, not int."),
    ({"seed": True}, "the world: the field 'seed' must be an integer or text, not bool."),
    ({"seed": 1.5}, "the world: the field 'seed' must be an integer or text, not float."),
    ({"organizations": {}}, "the world: the field 'organizations' must be a list of tables, not dict."),
    ({"organizations": ["acme"]}, "the world: the field 'organizations' must be a list of tables, not a list of str."),
    ({"users": "ops"}, "the world: the field 'users' must be a list of tables, not str."),
    # organizations
    ({"organizations": [{}]}, f"{ORGANIZATION}the field 'name' is missing."),
    (organization(typ="paid"), f"{ORGANIZATION}unknown field 'typ'. Did you mean 'type'? {ORGANIZATION_FIELDS}"),
    (organization(type="free"), f"{ORGANIZATION}type cannot be 'free'; allowed: paid, trial."),
    (
        organization(revocation_lag=-1),
        f"{ORGANIZATION}revocation_lag takes whole seconds from 0 to 86400, not -1.",
    ),
    (organization(revocation_lag=True), f"{ORGANIZATION}the field 'revocation_lag' must be an integer, not bool."),
    (organization(environments="test"), f"{ORGANIZATION}the field 'environments' must be a list of texts, not str."),
    (
        organization(environments=["test", 1]),
        f"{ORGANIZATION}the field 'environments' must be a list of texts, not a list of int, str.",
    ),
    (
        organization(environments=[]),
        f"{ORGANIZATION}The organization 'acme' needs at least one environment, as in environments=['test'].",
    ),
    (
        organization(environments=["Test"]),
        (
            f"{ORGANIZATION}'Test' cannot be the name of an environment: "
            "lower-case letters, digits and inner hyphens only."
        ),
    ),
    (
        {"organizations": [{"name": "Acme"}]},
        (
            f"{ORGANIZATION}'Acme' cannot be the name of an organization: "
            "lower-case letters, digits and inner hyphens only."
        ),
    ),
    (
        {"organizations": [{"name": "acme"}, {"name": "acme"}]},
        "the world: organizations[1]: The organization 'acme' was declared before. Its environments: prod, test.",
    ),
    (
        organization(hosts={"api.acme.example": "tets"}),
        f"{ORGANIZATION}Unknown environment 'tets' of organization 'acme'. Declared: prod, test. Did you mean 'test'?",
    ),
    (organization(hosts=["a"]), f"{ORGANIZATION}the field 'hosts' must be a table, not a list of str."),
    (
        organization(hosts={"api.acme.example": 1}),
        f"{ORGANIZATION}hosts: the field 'api.acme.example' must be text, not int.",
    ),
    (organization(properties=[]), f"{ORGANIZATION}the field 'properties' must be a table, not list."),
    (
        organization(properties={"property": [{"value": "x"}]}),
        f"{ORGANIZATION}properties: property[0]: the field 'name' is missing.",
    ),
    (
        organization(properties={"property": [], "features.x": "true"}),
        f"{ORGANIZATION}properties: unknown field 'features.x'. Allowed: property.",
    ),
    # developers
    (organization(developers=[{}]), f"{ORGANIZATION}developers[0]: the field 'email' is missing."),
    (
        organization(developers=[{"email": "a@b.c"}, {"email": "a@b.c"}]),
        f"{ORGANIZATION}developers[1]: The developer 'a@b.c' already exists in organization 'acme'.",
    ),
    (
        organization(developers=[{"email": "a@b.c", "status": "gone"}]),
        f"{ORGANIZATION}developers[0]: status cannot be 'gone'; allowed: active, inactive.",
    ),
    (
        organization(developers=[{"email": "a@b.c", "firstname": "A"}]),
        (
            f"{ORGANIZATION}developers[0]: unknown field 'firstname'. Did you mean 'firstName'? Allowed: apps, "
            "attributes, companies, createdAt, createdBy, developerId, email, firstName, lastModifiedAt, "
            "lastModifiedBy, lastName, organizationName, status, userName."
        ),
    ),
    (
        organization(developers=[{"email": "a@b.c", "attributes": "x"}]),
        f"{ORGANIZATION}developers[0]: the field 'attributes' must be a list of tables, not str.",
    ),
    (
        organization(developers=[{"email": "a@b.c", "attributes": [{"name": "x", "val": "y"}]}]),
        f"{ORGANIZATION}developers[0]: attributes[0]: unknown field 'val'. Did you mean 'value'? Allowed: name, value.",
    ),
    # products
    (
        organization(apiproducts=[{"name": "p", "approvalType": "never"}]),
        f"{ORGANIZATION}apiproducts[0]: approvalType cannot be 'never'; allowed: auto, manual.",
    ),
    (
        organization(apiproducts=[{"name": "p"}, {"name": "p"}]),
        f"{ORGANIZATION}apiproducts[1]: The API product 'p' already exists in organization 'acme'.",
    ),
    # apps
    (
        organization(developers=[{"email": "ada@example.com"}], apps=[{"name": "a", "developer": "adda@example.com"}]),
        (
            f"{ORGANIZATION}apps[0]: Unknown developer 'adda@example.com' in organization 'acme'. "
            "Known: ada@example.com. Did you mean 'ada@example.com'?"
        ),
    ),
    (
        organization(
            developers=[{"email": "ada@example.com", "developerId": "1"}], apps=[{"name": "a", "developerId": "2"}]
        ),
        f"{ORGANIZATION}apps[0]: unknown developerId '2'; known: 1.",
    ),
    (
        organization(apps=[{"name": "a"}, {"name": "a"}]),
        f"{ORGANIZATION}apps[1]: The app 'a' of developer 'developer@acme.example' already exists.",
    ),
    (
        organization(
            apps=[
                {"name": "a", "credentials": [{"consumerKey": "key"}]},
                {"name": "b", "credentials": [{"consumerKey": "key"}]},
            ]
        ),
        f"{ORGANIZATION}apps[1]: A consumer key of app 'b' already belongs to app 'a'.",
    ),
    (
        organization(apps=[{"name": "a", "status": "on"}]),
        f"{ORGANIZATION}apps[0]: status cannot be 'on'; allowed: approved, pending, revoked.",
    ),
    (
        organization(apps=[{"name": "a", "company": "initech"}]),
        f"{ORGANIZATION}apps[0]: Unknown company 'initech' in organization 'acme'. Known: none.",
    ),
    (
        organization(companies=[{"name": "initech"}], apps=[{"name": "a", "company": "initech", "developer": "a@b.c"}]),
        f"{ORGANIZATION}apps[0]: an app has a developer or a company, not both.",
    ),
    (
        organization(
            companies=[{"name": "initech"}], apps=[{"name": "a", "companyName": "initech", "developerId": "1"}]
        ),
        f"{ORGANIZATION}apps[0]: an app has a developer or a company, not both.",
    ),
    (
        organization(apps=[{"name": "a", "scopes": ["A B"]}]),
        f"{ORGANIZATION}apps[0]: 'A B' cannot be a scope: it holds a blank. Write scopes=['READ', 'WRITE'].",
    ),
    (organization(companies=[{}]), f"{ORGANIZATION}companies[0]: the field 'name' is missing."),
    (
        organization(companies=[{"name": "initech"}, {"name": "Initech"}]),
        (
            f"{ORGANIZATION}companies[1]: The company 'Initech' already exists in organization 'acme', in whatever "
            "letter case."
        ),
    ),
    (
        organization(companies=[{"name": "initech", "status": "gone"}]),
        f"{ORGANIZATION}companies[0]: status cannot be 'gone'; allowed: active, inactive.",
    ),
    (
        organization(companies=[{"name": "initech", "developers": ["ada@example.com"]}]),
        f"{ORGANIZATION}companies[0]: Unknown developer 'ada@example.com' in organization 'acme'. Known: none.",
    ),
    (
        organization(companies=[{"name": "initech", "developers": [{"mail": "ada@example.com"}]}]),
        f"{ORGANIZATION}companies[0]: developers[0]: the field 'email' is missing.",
    ),
    (
        organization(companies=[{"name": "initech", "developers": [{"email": "ada@example.com", "rôle": "x"}]}]),
        f"{ORGANIZATION}companies[0]: developers[0]: unknown field 'rôle'. Did you mean 'role'? Allowed: email, role.",
    ),
    (
        organization(companies=[{"name": "initech", "members": []}]),
        (
            f"{ORGANIZATION}companies[0]: unknown field 'members'. Allowed: apps, attributes, createdAt, createdBy, "
            "developers, displayName, lastModifiedAt, lastModifiedBy, name, organization, status."
        ),
    ),
    (
        organization(apps=[{"name": "a", "credentials": [{"secret": "x"}]}]),
        (
            f"{ORGANIZATION}apps[0]: credentials[0]: unknown field 'secret'. Did you mean 'consumerSecret'? "
            "Allowed: apiProducts, attributes, consumerKey, consumerSecret, expiresAt, issuedAt, scopes, status."
        ),
    ),
    (
        organization(apps=[{"name": "a", "credentials": [{"expiresAt": "never"}]}]),
        f"{ORGANIZATION}apps[0]: credentials[0]: the field 'expiresAt' must be an integer, not str.",
    ),
    (
        organization(apps=[{"name": "a", "credentials": [{"apiProducts": [{"apiproduct": "p", "status": "on"}]}]}]),
        (
            f"{ORGANIZATION}apps[0]: credentials[0]: apiProducts[0]: status cannot be 'on'; "
            "allowed: approved, pending, revoked."
        ),
    ),
    (
        organization(apps=[{"name": "a", "apiProducts": [{"apiproduct": "p"}, "q"]}]),
        f"{ORGANIZATION}apps[0]: the field 'apiProducts' must be a list of tables, not a list of dict, str.",
    ),
    (
        organization(apps=[{"name": "a", "apiProducts": [{"name": "p"}]}]),
        f"{ORGANIZATION}apps[0]: apiProducts[0]: the field 'apiproduct' is missing.",
    ),
    (
        organization(apps=[{"name": "a", "keyExpiresIn": 5, "credentials": [{"consumerKey": "key"}]}]),
        (
            f"{ORGANIZATION}apps[0]: keyExpiresIn is for a key that is generated; "
            "with credentials, give each its expiresAt."
        ),
    ),
    (
        organization(apps=[{"name": "a", "keyExpiresIn": "soon"}]),
        f"{ORGANIZATION}apps[0]: the field 'keyExpiresIn' must be a whole number, not 'soon'.",
    ),
    # apis
    (organization(apis=[{"basepath": "/x"}]), f"{ORGANIZATION}apis[0]: the field 'name' is missing."),
    (
        organization(apis=[{"name": "w", "security": "apikey", "api_key": "apikey"}]),
        (
            f"{ORGANIZATION}apis[0]: api_key takes a variable, as 'request.header.x-apikey' or "
            "'request.queryparam.apikey', not 'apikey'."
        ),
    ),
    (
        organization(apiproducts=[{"name": "p", "quota": "many"}]),
        f"{ORGANIZATION}apiproducts[0]: the field 'quota' must be a whole number, not 'many'.",
    ),
    (
        organization(apiproducts=[{"name": "p", "quota": True}]),
        f"{ORGANIZATION}apiproducts[0]: the field 'quota' must be a whole number, not True.",
    ),
    (
        organization(apiproducts=[{"name": "p", "quotaTimeUnit": "year"}]),
        f"{ORGANIZATION}apiproducts[0]: quotaTimeUnit cannot be 'year'; allowed: , day, hour, minute, month.",
    ),
    (
        organization(apis=[{"name": "w", "security": "oauth2"}]),
        f"{ORGANIZATION}apis[0]: security cannot be 'oauth2'; allowed: apikey, both, none, oauth.",
    ),
    (
        organization(apis=[{"name": "w", "environments": []}]),
        f"{ORGANIZATION}apis[0]: environments must name at least one environment.",
    ),
    (
        organization(apis=[{"name": "w", "environments": ["test", "prd"]}]),
        (
            f"{ORGANIZATION}apis[0]: Unknown environment 'prd' of organization 'acme'. Declared: prod, test. "
            "Did you mean 'prod'?"
        ),
    ),
    (
        organization(apis=[{"name": "w", "basepath": "w"}]),
        (
            f"{ORGANIZATION}apis[0]: A base path starts with a slash, as '/weather', and holds letters, digits and "
            "'._~-' between slashes, not 'w'."
        ),
    ),
    (
        organization(apis=[{"name": "w", "path": "/w"}]),
        (
            f"{ORGANIZATION}apis[0]: unknown field 'path'. Did you mean 'basepath'? "
            "Allowed: api_key, basepath, environments, name, scope, security, target."
        ),
    ),
    (
        organization(apis=[{"name": "w"}, {"name": "x", "basepath": "/w"}]),
        f"{ORGANIZATION}apis[1]: The API proxy 'w' already has the base path '/w' in 'acme'.",
    ),
    (
        organization(apis=[{"name": "w", "target": {"bundle": "apiproxy"}}]),
        (
            f"{ORGANIZATION}apis[0]: target: bundle is not modelled by this version; "
            "give json, or status, headers and body."
        ),
    ),
    (
        organization(apis=[{"name": "w", "target": {"json": 1, "body": "1"}}]),
        f"{ORGANIZATION}apis[0]: target: give either json or body, not both.",
    ),
    (
        organization(apis=[{"name": "w", "target": {"state": 200}}]),
        (
            f"{ORGANIZATION}apis[0]: target: unknown field 'state'. Did you mean 'status'? "
            "Allowed: body, bundle, headers, json, status."
        ),
    ),
    (
        organization(apis=[{"name": "w", "target": {"status": 99}}]),
        f"{ORGANIZATION}apis[0]: A Response needs a final status from 200 to 599, not 99.",
    ),
    (
        organization(apis=[{"name": "w", "target": {"headers": {"X-One": "a\nb"}}}]),
        (
            f"{ORGANIZATION}apis[0]: The header 'X-One' of a Response cannot be sent: "
            "no control characters, and Latin-1 only."
        ),
    ),
    (
        organization(apis=[{"name": "w", "target": "https://x.example"}]),
        f"{ORGANIZATION}apis[0]: the field 'target' must be a table, not str.",
    ),
    # users
    ({"users": [{}]}, "the world: users[0]: the field 'email' is missing."),
    ({"users": [{"email": 5}]}, "the world: users[0]: the field 'email' must be text, not int."),
    (
        {"users": [{"email": "a@b.c", "machine": 1}]},
        "the world: users[0]: the field 'machine' must be true or false, not int.",
    ),
    (
        {"users": [{"email": "a@b.c", "rolls": {}}]},
        f"the world: users[0]: unknown field 'rolls'. Did you mean 'roles'? {USER_FIELDS}",
    ),
    (
        {"users": [{"email": "a@b.c", "roles": {"acme": "orgadmin"}}]},
        "the world: users[0]: roles: the field 'acme' must be a list of texts, not str.",
    ),
    (
        {"users": [{"email": "a@b.c", "roles": {"acmee": ["orgadmin"]}}]},
        (
            "the world: users[0]: Unknown organization 'acmee'. Declared: acme. Did you mean 'acme'? "
            "Add it with apigee.organization('acmee')."
        ),
    ),
    (
        {"users": [{"email": "a@b.c"}, {"email": "A@b.c"}]},
        "the world: users[1]: The SSO user 'A@b.c' already exists.",
    ),
    (
        {"users": [{"email": "a@b.c", "mfa_secret": "s3cr3t"}]},
        (
            "the world: users[0]: An MFA secret is base32 text as authenticator apps show it: "
            "letters A to Z and digits 2 to 7."
        ),
    ),
]


def message_of(world):
    with pytest.raises(ConfigurationError) as raised:
        FakeEdge(world=world)
    return str(raised.value)


@pytest.mark.parametrize(("world", "message"), MISTAKES, ids=[message for _, message in MISTAKES])
def test_a_mistake_names_its_place(world, message):
    """A mistake in a world is an error that names its place and what is allowed."""
    assert message_of(world) == message


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("w.toml", b"era = ", "The world file {path} is not valid TOML: Invalid value (at end of document)."),
        (
            "w.json",
            b"{",
            (
                "The world file {path} is not valid JSON: "
                "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."
            ),
        ),
        (
            "w.toml",
            b"\xff",
            (
                "The world file {path} is not valid TOML: "
                "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte."
            ),
        ),
        ("w.json", b"[]", "The world file {path} must hold an object, with fields such as 'organizations'."),
        ("w.json", b"null", "The world file {path} must hold an object, with fields such as 'organizations'."),
        ("w.yaml", b"", "The world file {path} must end in .toml or .json."),
        ("world", b"", "The world file {path} must end in .toml or .json."),
        (
            "w.toml",
            b"sed = 1",
            "world file w.toml: unknown field 'sed'. Did you mean 'seed'? Allowed: era, organizations, seed, users.",
        ),
        (
            "w.toml",
            b'[[organizations]]\nname = "acme"\ntype = "free"',
            "world file w.toml: organizations[0]: type cannot be 'free'; allowed: paid, trial.",
        ),
    ],
)
def test_a_bad_file_is_named(tmp_path, name, content, message):
    """A file that cannot be read as a world is an error that names it and says why."""
    path = tmp_path / name
    path.write_bytes(content)

    assert message_of(path) == message.format(path=path)


def test_a_file_nested_too_deep_is_named(tmp_path):
    """A file that is nested beyond all bounds is an error like any other that cannot be parsed."""
    path = tmp_path / "w.json"
    path.write_text("[" * 200_000, encoding="utf-8")

    assert message_of(path).startswith(f"The world file {path} is not valid JSON: ")


def test_a_missing_file_is_named(tmp_path):
    """A file that is not there is an error that says so."""
    path = tmp_path / "w.toml"

    assert message_of(path) == f"The world file {path} cannot be read: No such file or directory."


def test_a_name_that_is_there_twice_is_named(tmp_path):
    """JSON with a name twice in an object, of which one would be lost, is an error as in TOML."""
    path = tmp_path / "w.json"
    path.write_text('{"seed": 1, "era": "2016", "seed": 2}', encoding="utf-8")

    assert message_of(path) == (
        f"The world file {path} is not valid JSON: the name 'seed' is there twice in an object."
    )


def test_a_path_that_cannot_be_looked_at_is_named(tmp_path):
    """A path that leads nowhere is an error that says why."""
    path = tmp_path / "w.json"
    path.symlink_to(path)

    assert message_of(path) == f"The world file {path} cannot be read: Too many levels of symbolic links."


@pytest.mark.parametrize(("world", "kind"), [(5, "int"), ([], "list"), (b"w.toml", "bytes")])
def test_anything_else_is_no_world(world, kind):
    """A world is a dict or a path, and nothing else."""
    assert (
        message_of(world) == f"A world is a dict, or the path of a .toml or .json file or of a directory, not {kind}."
    )
