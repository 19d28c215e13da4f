"""Roles of one's own: what a permission's path fits, which of several decides, and how roles are declared."""

import time

import pytest

from pytest_apigee import ConfigurationError, FakeEdge
from tests.edge.roles_support import ADMIN, PASSWORD, SOMEONE, ask, may, new_edge

REVISION = "/apis/team-weather/revisions/1"
DEPLOYMENTS = "/environments/*/applications/*/revisions/*/deployments"
TEAM = {
    "/apiproducts": ["get", "put"],
    "/apiproducts/*": [],
    "/apiproducts/team-*": ["get", "put", "delete"],
    "/developers/*/apps": ["get", "put"],
    "/developers/*/apps*": [],
    "/developers/*/apps/team-*": ["get", "put", "delete"],
    DEPLOYMENTS: ["get"],
    "/environments/*/applications/team-*/revisions/*/deployments": ["get", "put", "delete"],
}
"""After the roles that teams make themselves with apigeecli."""
FITS = [
    # A path goes for itself and, without anything more specific, for what is below it.
    ({"/developers": ["get"]}, "GET", "/developers", True),
    ({"/developers": ["get"]}, "GET", "/developers/ada@x.example/apps", True),
    ({"/developers": ["get"]}, "GET", "/companies", False),
    ({"/developers": ["get"]}, "GET", "", False),
    ({"/developers/": ["get"]}, "GET", "/developers", True),
    ({"/developers/ada@x.example": ["get"]}, "GET", "/developers/ada@x.example", True),
    ({"/developers/ada@x.example": ["get"]}, "GET", "/developers/ada%40x.example/", True),
    ({"/developers/ada@x.example": ["get"]}, "GET", "/developers/bob@x.example", False),
    ({"/developers/ada@x.example": ["get"]}, "GET", "/developers", False),
    ({"/developers/ada": ["get"]}, "GET", "/developers/adam", False),
    ({"/Developers": ["get"]}, "GET", "/developers", False),
    ({"/": ["get"]}, "GET", "", True),
    ({"/": ["get"]}, "GET", "/developers", True),
    # The asterisk stands for anything, at the end for everything that follows.
    ({"/*": ["get"]}, "GET", "", False),
    ({"/*": ["get"]}, "GET", "/developers/ada@x.example/apps", True),
    ({"/developers/*": ["get"]}, "GET", "/developers", False),
    ({"/developers/*": ["get"]}, "GET", "/developers/ada@x.example/apps/mobile", True),
    ({"/developers/*/apps": ["get"]}, "GET", "/developers/ada@x.example/apps", True),
    ({"/developers/*/apps": ["get"]}, "GET", "/developers/ada@x.example", False),
    ({"/developers/*/apps": ["get"]}, "GET", "/developers/ada@x.example/attributes", False),
    ({"/developers/*@x.*": ["get"]}, "GET", "/developers/ada@x.example", True),
    ({"/developers/*@x.*": ["get"]}, "GET", "/developers/ada@y.example", False),
    ({"/developers/*.example": ["get"]}, "GET", "/developers/ada@x.example", True),
    ({"/developers/a*@*.example": ["get"]}, "GET", "/developers/ada@x.example", True),
    ({"/developers/a*@*.example": ["get"]}, "GET", "/developers/bob@x.example", False),
    ({"/developers/a*": ["get"]}, "GET", "/developers/a", True),
    ({"/developers/a+*": ["get"]}, "GET", "/developers/aa", False),
    # A slash within a name is none between names.
    ({"/apiproducts/*/attributes": ["get"]}, "GET", "/apiproducts/a%2Fb/attributes", True),
    ({"/apiproducts/a/attributes": ["get"]}, "GET", "/apiproducts/a%2Fattributes", False),
    # API proxies are applications in permissions, and `apis` in URLs and in the older documentation.
    ({"/applications/*/revisions": ["get"]}, "GET", "/apis/weather/revisions", True),
    ({"/apis": ["get"]}, "GET", "/apis/weather", True),
    ({DEPLOYMENTS: ["get"]}, "GET", f"/e/test{REVISION}/deployments", True),
    ({"/environments/test/apis": ["get"]}, "GET", f"/environments/test{REVISION}/deployments", True),
    ({"/applications": ["get"]}, "GET", f"/e/test{REVISION}/deployments", False),
    ({"/developers/apis": ["get"]}, "GET", "/developers/applications", False),
    # Verbs.
    ({"/developers": ["get"]}, "POST", "/developers", False),
    ({"/developers": ["put"]}, "POST", "/developers", True),
    ({"/developers": ["put"]}, "PUT", "/developers/ada@x.example", True),
    ({"/developers": ["put"]}, "GET", "/developers", False),
    ({"/developers": ["put"]}, "DELETE", "/developers/ada@x.example", False),
    ({"/developers": ["delete"]}, "DELETE", "/developers/ada@x.example", True),
    ({"/developers": ["get"]}, "HEAD", "/developers", True),
    ({"/developers": ["put"]}, "HEAD", "/developers", False),
    ({}, "GET", "", False),
    # The example of the documentation: create developers, read each.
    ({"/developers": ["put"], "/developers/*": ["get"]}, "POST", "/developers", True),
    ({"/developers": ["put"], "/developers/*": ["get"]}, "PUT", "/developers/ada@x.example", False),
    ({"/developers": ["put"], "/developers/*": ["get"]}, "GET", "/developers/ada@x.example", True),
    ({"/developers": ["put"], "/developers/*": ["get"]}, "GET", "/developers/ada@x.example/apps", True),
    ({"/developers": ["put"], "/developers/*": ["get"]}, "GET", "/developers", False),
    # The most specific path alone decides, whatever the order.
    ({"/": ["get"], "/developers": []}, "GET", "/developers/ada@x.example", False),
    ({"/developers": [], "/": ["get"]}, "GET", "/companies", True),
    ({DEPLOYMENTS: ["get"], DEPLOYMENTS.replace("*", "test", 1): ["put"]}, "POST", f"/e/test{REVISION}/deployments", 1),
    ({DEPLOYMENTS.replace("*", "test", 1): ["put"], DEPLOYMENTS: ["get"]}, "POST", f"/e/prod{REVISION}/deployments", 0),
    ({"/environments/test": ["get"], "/environments/*": []}, "GET", "/environments/test/caches", True),
    ({"/environments/*/caches": ["get"], "/environments/test": []}, "GET", "/environments/test/caches", True),
    ({"/apiproducts/te*": [], "/apiproducts/team*": ["get"]}, "GET", "/apiproducts/team1", True),
    ({"/apis": ["get"], "/applications": ["put"]}, "POST", "/apis?action=import&name=x", True),
    # What teams make of it.
    (TEAM, "POST", "/apiproducts", True),
    (TEAM, "GET", "/apiproducts/other", False),
    (TEAM, "DELETE", "/apiproducts/team-gold", True),
    (TEAM, "POST", "/developers/ada@x.example/apps", True),
    (TEAM, "GET", "/developers/ada@x.example/apps/other", False),
    (TEAM, "DELETE", "/developers/ada@x.example/apps/team-app/keys/k1", True),
    (TEAM, "POST", f"/e/prod{REVISION}/deployments", True),
    (TEAM, "POST", f"/e/prod{REVISION.replace('team', 'other')}/deployments", False),
]


@pytest.mark.parametrize(("permissions", "method", "path", "allowed"), FITS)
def test_a_permission_goes_for_the_paths_that_it_fits(permissions, method, path, allowed):
    """A role allows the verbs of the most specific of its resource paths that fits the call."""
    edge = new_edge()
    edge.role("own", permissions=permissions)
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": ["own"]})

    assert may(edge, method, path) == bool(allowed)


def test_any_of_several_roles_is_enough():
    """Where one role does not allow something and another one does, the user may do it."""
    edge = new_edge()
    edge.role("nobody", permissions={"/developers": []})
    edge.role("writer", permissions={"/developers": ["put"]})
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": ["nobody", "writer", "readonlyadmin"]})

    assert (may(edge, "POST", "/developers"), may(edge, "GET", "/developers")) == (True, True)
    assert may(edge, "DELETE", "/developers/ada@x.example") is False


def test_a_role_is_that_of_one_organization():
    """A role of the same name in another organization has its own permissions."""
    edge = new_edge()
    edge.organization("globex")
    role = edge.role("support", permissions={"/developers": ["get"]}, org="globex")
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": ["support"]})

    assert role.permissions == {"/developers": ("get",)}
    assert may(edge, "GET", "/developers") is False


def test_a_role_may_be_declared_after_its_users():
    """A user of a role that does not exist may do nothing, until it does."""
    edge = new_edge()
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": ["support"]})
    before = may(edge, "GET", "/developers")

    edge.role("support", permissions={"/developers": ["get"]})

    assert (before, may(edge, "GET", "/developers")) == (False, True)


def test_a_role_needs_no_permissions():
    """A role without any permission allows nothing; it is listed with the others, and found over HTTP."""
    edge = new_edge()

    role = edge.role("empty", permissions=None)

    assert (role.name, role.permissions, role.is_built_in) == ("empty", {}, False)
    assert ask(edge, "GET", "/userroles/empty").text == '{\n  "name" : "empty"\n}'


def test_a_role_with_many_permissions_is_asked_quickly():
    """The patterns of a role are compiled once: a call that fits none of 1,000 costs no noticeable time."""
    edge = new_edge()
    roles = edge.organization("globex").roles
    permissions = {f"/environments/*/caches/team{number}-*": ["get"] for number in range(1_000)}
    edge.role("big", permissions=permissions, org="globex")
    roles.allows("big", "get", "/developers")

    started = time.perf_counter()
    allowed = [roles.allows("big", "get", "/developers/ada@x.example") for _ in range(100)]

    assert not any(allowed)
    assert time.perf_counter() - started < 0.5  # usual: 0.02


def test_a_path_full_of_wildcards_is_asked_quickly():
    """No permission makes a call slow, however many asterisks it has."""
    edge = new_edge()
    edge.role("evil", permissions={f"/apiproducts/{'*a' * 200}*b": ["get"]})
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": ["evil"]})

    started = time.perf_counter()
    allowed = may(edge, "GET", f"/apiproducts/{'a' * 5_000}")

    assert allowed is False
    assert time.perf_counter() - started < 2  # usual: 0.05; one that tries everything never ends


TAKEN = "The role 'orgadmin' already exists in organization 'acme'."
MISTAKES = [
    ({"name": ""}, "name takes text, not an empty text."),
    ({"name": "sup port"}, "'sup port' cannot be the name of a role: letters, digits and '._-' only."),
    ({"name": "orgadmin"}, TAKEN),
    ({"name": "mine"}, TAKEN.replace("orgadmin", "mine")),
    ({"org": "globex"}, "Unknown organization 'globex'. Declared: acme. Add it with apigee.organization('globex')."),
    (
        {"permissions": ["/developers"]},
        "permissions takes a dict of lists by path, as permissions={'/developers': ['get']}, not ['/developers'].",
    ),
    (
        {"permissions": {"developers": ["get"]}},
        "'developers' cannot be a resource path: it starts with a slash, as '/developers' or '/developers/*'.",
    ),
    ({"permissions": {5: ["get"]}}, "A path in permissions takes text, not int."),
    (
        {"permissions": {"/developers": "get"}},
        "permissions['/developers'] takes a list of names, as permissions={'/developers': ['get']}, not 'get'.",
    ),
    (
        {"permissions": {"/developers": ["gett"]}},
        "Unknown permission 'gett'. Allowed: delete, get, put. Did you mean 'get'?",
    ),
]


@pytest.mark.parametrize(("given", "message"), MISTAKES)
def test_a_role_that_cannot_be_is_refused(given, message):
    """A wrong declaration of a role says what was wrong and what is allowed."""
    edge = FakeEdge()
    edge.role("mine")

    with pytest.raises(ConfigurationError) as caught:
        edge.role(**{"name": "other", **given})

    assert str(caught.value) == message


def test_a_path_may_not_be_endless():
    """A resource path of more than 1,000 characters is refused."""
    edge = FakeEdge()
    longest = f"/{'a' * 999}"

    with pytest.raises(ConfigurationError, match="cannot be a resource path"):
        edge.role("mine", permissions={f"{longest}a": ["get"]})
    assert edge.role("mine", permissions={longest: ["get"]}).permissions == {longest: ("get",)}


def world(**role: object) -> dict[str, object]:
    return {
        "organizations": [{"name": "acme", "roles": [{"name": "support", **role}]}],
        "users": [
            {"email": ADMIN, "password": PASSWORD},
            {"email": SOMEONE, "password": PASSWORD, "roles": {"acme": ["support"]}},
        ],
    }


def test_a_world_file_may_have_roles():
    """A world file declares roles with Edge's own fields; what Edge shows can be pasted."""
    permissions = [
        {"organization": "acme", "path": "/developers", "permissions": ["get"]},
        {"path": "/developers", "permissions": ["put", "get"]},
        {"path": "/companies"},
    ]
    edge = FakeEdge(world=world(resourcePermission=permissions))

    shown = ask(edge, "GET", "/userroles/support/permissions").json()
    assert shown == {
        "resourcePermission": [
            {"organization": "acme", "path": "/developers", "permissions": ["get", "put"]},
            {"organization": "acme", "path": "/companies", "permissions": []},
        ]
    }
    assert (may(edge, "POST", "/developers"), may(edge, "GET", "/companies")) == (True, False)


OF_ROLE = "name, resourcePermission"
PLACE = "the world: organizations[0]: roles[0]: "
WRONG_ROLES = [
    ({"name": "a b"}, f"{PLACE}'a b' cannot be the name of a role: letters, digits and '._-' only."),
    (
        {"permissions": {}},
        f"{PLACE}unknown field 'permissions'. Did you mean 'resourcePermission'? Allowed: {OF_ROLE}.",
    ),
    ({"resourcePermission": [{}]}, f"{PLACE}resourcePermission[0]: the field 'path' is missing."),
    (
        {"resourcePermission": [{"path": "/x", "verbs": []}]},
        f"{PLACE}resourcePermission[0]: unknown field 'verbs'. Allowed: organization, path, permissions.",
    ),
]


@pytest.mark.parametrize(("role", "message"), WRONG_ROLES)
def test_a_role_in_a_world_file_that_cannot_be_is_refused(role, message):
    """A wrong role in a world file is refused with its place."""
    with pytest.raises(ConfigurationError) as caught:
        FakeEdge(world=world(**role))

    assert str(caught.value) == message
