"""What users may do at api.enterprise.apigee.com by their roles (management.md 5.1; the documentation on roles)."""

import pytest

from pytest_apigee import Request
from pytest_apigee.edge.world import Grievance
from tests.edge.roles_support import ADMIN, BASE, PASSWORD, SOMEONE, ask, authorization, may, new_edge, raw
from tests.edge.sso_support import log_in

DEVELOPER = "/developers/ada@x.example"
REVISION = "/apis/weather/revisions/1"
TOKEN = "/oauth2/accesstokens/abc"
ROLES = ("orgadmin", "opsadmin", "businessuser", "user", "readonlyadmin")
# method, path, and the roles that may
BUILT_IN = [
    ("GET", "", ROLES),
    ("GET", "/environments", ROLES),
    ("GET", DEVELOPER, ROLES),
    ("GET", "/apiproducts", ROLES),
    ("GET", REVISION, ROLES),
    ("GET", f"/e/prod{REVISION}/deployments", ROLES),
    ("GET", "/e/test/keyvaluemaps/limits", ROLES),
    ("POST", "", ()),
    ("POST", "/developers", ("orgadmin", "businessuser")),
    ("PUT", DEVELOPER, ("orgadmin", "businessuser")),
    ("DELETE", DEVELOPER, ("orgadmin", "businessuser")),
    ("POST", f"{DEVELOPER}/apps/mobile/keys/create", ("orgadmin", "businessuser")),
    ("DELETE", "/apiproducts/gold", ("orgadmin", "businessuser")),
    ("POST", "/companies", ("orgadmin", "businessuser")),
    ("POST", "/reports", ("orgadmin", "businessuser")),
    ("POST", "/apis?action=import&name=weather", ("orgadmin", "user")),
    ("DELETE", "/apis/weather", ("orgadmin", "user")),
    ("POST", f"{REVISION}/policies", ("orgadmin", "user")),
    ("POST", f"{REVISION}/deployments?action=deploy&env=prod", ("orgadmin", "opsadmin")),
    ("POST", f"/e/prod{REVISION}/deployments", ("orgadmin", "opsadmin")),
    ("POST", f"/e/test{REVISION}/deployments", ("orgadmin", "opsadmin", "user")),
    ("DELETE", f"/e/test{REVISION}/deployments", ("orgadmin", "opsadmin", "user")),
    ("POST", f"/e/prod{REVISION}/debugsessions", ("orgadmin", "opsadmin", "user")),
    ("POST", f"/e/test{REVISION}/debugsessions", ("orgadmin", "opsadmin", "user", "businessuser")),
    ("POST", "/e/test/caches", ("orgadmin",)),
    ("POST", "/e/test/targetservers", ("orgadmin",)),
    ("POST", "/keyvaluemaps", ("orgadmin",)),
    ("GET", "/oauth2/search?enduser=ada", ("orgadmin", "opsadmin")),
    ("POST", "/oauth2/revoke?enduser=ada", ("orgadmin", "opsadmin")),
    ("DELETE", TOKEN, ("orgadmin", "opsadmin")),
    ("GET", "/userroles", ("orgadmin", "readonlyadmin")),
    ("POST", "/userroles/user/users", ("orgadmin",)),
]


@pytest.mark.parametrize(("method", "path", "roles"), BUILT_IN)
def test_a_built_in_role_allows_what_the_documentation_says(method, path, roles):
    """Administrators do everything, operators deploy and trace, business users sell, users build, readers read."""
    edge = new_edge()
    for role in ROLES:
        edge.user(f"{role}@acme.example", password=PASSWORD, roles={"acme": [role]})

    assert {role for role in ROLES if may(edge, method, path, by=f"{role}@acme.example")} == set(roles)


def lacks(roles, need, shown, more=""):
    return (
        f"the SSO user someone@acme.example with the roles {roles} in organization 'acme' lacks the permission "
        f"'{need}' on {shown}.{more} Declare the user with another role, as apigee.user('someone@acme.example', "
        f"roles={{'acme': ['orgadmin']}}), or with one of your own from apigee.role('name', "
        f"permissions={{'{shown}': ['{need}']}})"
    )


NO_ROLE = " There is no role 'nope': declare it with apigee.role('nope', permissions={...})."
REASONS = [
    (["readonlyadmin"], "POST", "/developers", lacks("readonlyadmin", "put", "/developers")),
    (["user", "readonlyadmin"], "DELETE", DEVELOPER, lacks("readonlyadmin, user", "delete", "/developers/*")),
    (["readonlyadmin"], "POST", "", lacks("readonlyadmin", "put", "/")),
    (["readonlyadmin"], "PUT", "/apiproducts/gold", lacks("readonlyadmin", "put", "/apiproducts/*")),
    (
        ["user"],
        "POST",
        f"/e/prod{REVISION}/deployments",
        lacks("user", "put", "/environments/prod/applications/*/revisions/*/deployments"),
    ),
    (["nope"], "GET", "", lacks("nope", "get", "/", NO_ROLE)),
    (["nope", "user"], "HEAD", "/userroles", lacks("nope, user", "get", "/userroles", NO_ROLE)),
    (["user"], "POST", "/stats/x/y", lacks("user", "put", "/stats")),
    (["user"], "GET", TOKEN, lacks("user", "get", "/oauth2/accesstokens/*")),
    (["user"], "POST", f"{DEVELOPER}/apps/mobile/keys/k1", lacks("user", "put", "/developers/*/apps/*/keys/*")),
]


@pytest.mark.parametrize(("roles", "method", "path", "reason"), REASONS)
def test_what_no_role_allows_is_refused(roles, method, path, reason):
    """What no role of a user allows is answered with 403, empty; the journal says who lacks what, without secrets."""
    edge = new_edge()
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": roles})

    response = ask(edge, method, path, by=SOMEONE)

    assert raw(response) == (403, [], "")
    assert edge.calls.last.reason == reason


def test_the_body_of_a_403_is_a_guess():
    """The body of a 403 for want of a permission is that of the switch."""
    edge = new_edge(guesses={"mgmt_forbidden_body": "no"})
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": ["user"]})

    assert raw(ask(edge, "POST", "/developers", by=SOMEONE)) == (403, [], "no")


def test_a_client_that_prefers_xml_is_refused_alike():
    """403 is the same for a client that prefers XML."""
    edge = new_edge()
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": ["user"]})

    assert raw(ask(edge, "POST", "/developers", by=SOMEONE, accept="application/xml")) == (403, [], "")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/stats/apis"), ("POST", "/e/test/sharedflows/log/revisions/1/deployments")]
)
def test_permission_comes_before_what_is_not_modelled(method, path):
    """A call that Edge would refuse is refused with 403, without complaint, even where the fake lacks the endpoint."""
    edge = new_edge()
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": ["readonlyadmin"]})

    refused, gap = ask(edge, method, path, by=SOMEONE), ask(edge, method, path)

    message = f"pytest-apigee does not model {method} {BASE}/o/acme{path}."
    assert (raw(refused), gap.status) == ((403, [], ""), 501)
    assert edge.take_grievances() == (Grievance(kind="not_modelled", message=message),)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("BREW", "/developers", 405)])
def test_what_edge_lacks_needs_no_permission(method, path, status):
    """An unknown path is answered with 404 and a wrong verb with 405, whatever the roles."""
    edge = new_edge()
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": ["nope"]})

    assert ask(edge, method, path, by=SOMEONE).status == status


def test_nothing_is_done_without_permission():
    """A call that is refused changes nothing."""
    edge = new_edge()
    edge.developer("ada@x.example")
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": ["user"]})

    ask(edge, "DELETE", DEVELOPER, by=SOMEONE)

    assert ask(edge, "GET", "/developers").text == '[ "ada@x.example" ]'


@pytest.mark.parametrize(("role", "status"), [("readonlyadmin", 403), ("businessuser", 201)])
def test_roles_go_for_bearer_tokens_too(role, status):
    """What a bearer token may do is what its user may do."""
    edge = new_edge()
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": [role]})
    token = log_in(edge, username=SOMEONE, password=PASSWORD)["access_token"]
    body = '{"email": "a@x.example", "firstName": "A", "lastName": "X", "userName": "a"}'
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    assert (
        edge.handle(Request(url=f"{BASE}/o/acme/developers", method="POST", headers=headers, body=body)).status
        == status
    )


def test_a_token_has_the_roles_that_its_user_has_now():
    """A token that was issued before a role was given may do what the role allows from the next call on."""
    edge = new_edge()
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": ["readonlyadmin"]})
    token = log_in(edge, username=SOMEONE, password=PASSWORD)["access_token"]
    call = Request(url=f"{BASE}/o/acme/oauth2/accesstokens/abc", headers={"Authorization": f"Bearer {token}"})
    before = edge.handle(call).status

    ask(edge, "POST", "/userroles/opsadmin/users", f"id={SOMEONE}", content_type="application/x-www-form-urlencoded")

    assert (before, edge.handle(call).status) == (403, 404)


def test_a_system_administrator_may_do_everything_everywhere():
    """The role `sysadmin` of a private cloud goes for every organization, whichever it was given in."""
    edge = new_edge()
    edge.organization("globex")
    user = edge.user(SOMEONE, password=PASSWORD, roles={"globex": ["sysadmin"]})
    headers = {"Authorization": authorization(SOMEONE)}

    assert (user.is_system_administrator, edge.find_user(ADMIN).is_system_administrator) == (True, False)
    for name in ("acme", "globex"):
        assert edge.handle(Request(url=f"{BASE}/o/{name}/developers", headers=headers)).status == 200
    assert may(edge, "DELETE", "")


def test_a_role_in_another_organization_is_none_here():
    """Roles go for their organization alone."""
    edge = new_edge()
    edge.organization("globex")
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": ["readonlyadmin"], "globex": ["orgadmin"]})

    assert raw(ask(edge, "POST", "/developers", by=SOMEONE)) == (403, [], "")
