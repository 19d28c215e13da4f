"""User roles: their names, their users and their permissions (user-roles.yaml)."""

import pytest

from tests.edge.roles_support import ADMIN, JSON_TYPE, PASSWORD, SOMEONE, ask, may, new_edge, raw

FORM = "application/x-www-form-urlencoded"
SUPPORT = {"/developers": ["put", "get"], "/apiproducts/*": []}
LISTED = """\
{
  "resourcePermission" : [ {
    "organization" : "acme",
    "path" : "/developers",
    "permissions" : [ "get", "put" ]
  }, {
    "organization" : "acme",
    "path" : "/apiproducts/*",
    "permissions" : [ ]
  } ]
}"""


@pytest.fixture
def edge():
    edge = new_edge()
    edge.role("support", permissions=SUPPORT)
    return edge


@pytest.fixture
def someone(edge):
    """Declare a user who has no role."""
    return edge.user(SOMEONE, password=PASSWORD, roles={}, first_name="Some", last_name="One")


def error(code, message):
    return f'{{\n  "code" : "usersandroles.{code}",\n  "message" : "{message}",\n  "contexts" : [ ]\n}}'


def field(kind, text):
    return f'{{\n  "code" : "keymanagement.service.{kind}",\n  "message" : "{text}",\n  "contexts" : [ ]\n}}'


def missing(name):
    return 400, JSON_TYPE, field("RequiredFieldMissing", f"Required field {name} is missing")


def invalid(name):
    return 400, JSON_TYPE, field("InvalidField", f"Invalid value for {name}")


UNKNOWN_ROLE = (404, JSON_TYPE, error("UserRoleDoesNotExist", "UserRole nope does not exist"))
UNKNOWN_USER = (404, JSON_TYPE, error("UserDoesNotExist", "User nobody@x.example does not exist"))
NOT_IN_ROLE = (
    404,
    JSON_TYPE,
    error("UserDoesNotExistInRole", "User someone@acme.example does not have the role support"),
)
BUILT_IN = (400, JSON_TYPE, error("BuiltInUserRole", "UserRole user is built in and cannot be changed"))


# Roles


def test_lists_the_roles(edge):
    """The roles of an organization are listed by name, the built-in ones before its own."""
    assert raw(ask(edge, "GET", "/userroles")) == (
        200,
        JSON_TYPE,
        '[ "orgadmin", "readonlyadmin", "opsadmin", "businessuser", "user", "support" ]',
    )


def test_creates_roles(edge):
    """One call creates several roles, answers 200 with their names, and gives them no permission."""
    response = ask(edge, "POST", "/userroles", {"role": [{"name": "role1"}, {"name": "role2"}, {"name": "role1"}]})

    assert raw(response) == (
        200,
        JSON_TYPE,
        '{\n  "role" : [ {\n    "name" : "role1"\n  }, {\n    "name" : "role2"\n  } ]\n}',
    )
    assert ask(edge, "GET", "/userroles").json()[-2:] == ["role1", "role2"]
    assert ask(edge, "GET", "/userroles/role1/permissions").text == '{\n  "resourcePermission" : [ ]\n}'


UNFIT = {
    "nothing": ("", missing("role")),
    "no-role": ({}, missing("role")),
    "empty": ({"role": []}, missing("role")),
    "null": ({"role": None}, missing("role")),
    "texts": ({"role": ["role1"]}, invalid("role")),
    "object": ({"role": {"name": "role1"}}, invalid("role")),
    "no-name": ({"role": [{"name": "role1"}, {}]}, missing("name")),
    "nested": ({"role": [{"name": ["role1"]}]}, invalid("name")),
    "blank": (
        {"role": [{"name": "role1"}, {"name": "a b"}]},
        (400, JSON_TYPE, error("InvalidUserRoleName", "Invalid UserRole name a b")),
    ),
    "taken": (
        {"role": [{"name": "role1"}, {"name": "support"}]},
        (409, JSON_TYPE, error("UserRoleAlreadyExists", "UserRole support already exists")),
    ),
    "built-in": (
        {"role": [{"name": "orgadmin"}]},
        (409, JSON_TYPE, error("UserRoleAlreadyExists", "UserRole orgadmin already exists")),
    ),
    "no-json": ("{", (400, [], "")),
    "no-object": ("[]", (400, [], "")),
    "surrogate": (
        '{"role": [{"name": "\\ud800"}]}',
        (400, JSON_TYPE, error("InvalidUserRoleName", "Invalid UserRole name ?")),
    ),
}


@pytest.mark.parametrize(("body", "answer"), UNFIT.values(), ids=UNFIT)
def test_creates_all_roles_or_none(edge, body, answer):
    """Roles without a fit name of their own are refused, and with them the others of the call."""
    assert raw(ask(edge, "POST", "/userroles", body)) == answer
    assert ask(edge, "GET", "/userroles").json()[-1] == "support"


@pytest.mark.parametrize("name", ["support", "orgadmin"])
def test_shows_a_role(edge, name):
    """A role is shown by its name alone, built in or not."""
    assert raw(ask(edge, "GET", f"/userroles/{name}")) == (200, JSON_TYPE, f'{{\n  "name" : "{name}"\n}}')


def test_deletes_a_role(edge):
    """A role that nobody has is deleted, and answered with its name."""
    assert raw(ask(edge, "DELETE", "/userroles/support")) == (200, JSON_TYPE, '{\n  "name" : "support"\n}')
    assert raw(ask(edge, "GET", "/userroles/support"))[0] == 404


def test_a_role_that_was_deleted_may_be_made_anew(edge, someone):
    """A role of the same name has the permissions of the new one, even if the old one was used."""
    ask(edge, "POST", "/userroles/support/users", f"id={SOMEONE}", content_type=FORM)
    before = may(edge, "GET", "/developers")
    ask(edge, "DELETE", f"/userroles/support/users/{SOMEONE}")
    ask(edge, "DELETE", "/userroles/support")
    ask(edge, "POST", "/userroles", {"role": [{"name": "support"}]})
    ask(edge, "POST", "/userroles/support/users", f"id={SOMEONE}", content_type=FORM)

    assert (before, may(edge, "GET", "/developers")) == (True, False)


def test_keeps_a_role_that_somebody_has(edge):
    """A role cannot be deleted while users are assigned to it."""
    edge.user(SOMEONE, roles={"acme": ["support"]})

    assert raw(ask(edge, "DELETE", "/userroles/support")) == (
        400,
        JSON_TYPE,
        error("UserRoleInUse", "UserRole support is assigned to users"),
    )
    assert ask(edge, "GET", "/userroles/support").status == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "", None),
        ("POST", "/permissions", {"path": "/developers", "permissions": ["put"]}),
        ("POST", "/resourcepermissions", {"resourcePermission": [{"path": "/developers", "permissions": ["put"]}]}),
        ("DELETE", "/permissions/get?path=/", None),
    ],
)
def test_keeps_the_built_in_roles(edge, method, path, body):
    """A built-in role is neither deleted nor changed."""
    before = ask(edge, "GET", "/userroles/user/permissions").text

    assert raw(ask(edge, method, f"/userroles/user{path}", body)) == BUILT_IN
    assert ask(edge, "GET", "/userroles/user/permissions").text == before


# Users


def test_lists_the_users_of_a_role(edge):
    """The users of a role are listed by e-mail; those of another organization are not among them."""
    edge.organization("globex")
    edge.user(SOMEONE, roles={"acme": ["support", "user"]})
    edge.user("other@acme.example", roles={"globex": ["support"]})

    assert raw(ask(edge, "GET", "/userroles/support/users")) == (200, JSON_TYPE, '[ "someone@acme.example" ]')
    assert raw(ask(edge, "GET", "/userroles/opsadmin/users")) == (200, JSON_TYPE, "[ ]")


def test_adds_a_user_to_a_role(edge, someone):
    """A user is added by e-mail in a form, and answered with all roles; from the next call on they go for the user."""
    before = may(edge, "POST", "/developers")

    response = ask(edge, "POST", "/userroles/support/users", "id=Someone%40acme.example", content_type=FORM)

    assert raw(response) == (
        200,
        JSON_TYPE,
        """\
{
  "emailId" : "someone@acme.example",
  "firstName" : "Some",
  "lastName" : "One",
  "roles" : {
    "role" : [ {
      "name" : "support",
      "organization" : "acme"
    } ]
  }
}""",
    )
    assert (before, may(edge, "POST", "/developers")) == (False, True)
    assert edge.find_user(SOMEONE).roles == {"acme": ("support",)}


def test_adds_a_user_to_several_roles(edge):
    """A user keeps the roles that were given before, each once, and those in other organizations."""
    edge.organization("globex")
    edge.user(SOMEONE, roles={"globex": ["user"], "acme": ["opsadmin"]})
    for _ in range(2):
        response = ask(edge, "POST", "/userroles/support/users", f"id={SOMEONE}", content_type=f"{FORM}; charset=utf-8")

    assert response.json()["roles"]["role"] == [
        {"name": "user", "organization": "globex"},
        {"name": "opsadmin", "organization": "acme"},
        {"name": "support", "organization": "acme"},
    ]
    assert edge.find_user(SOMEONE).roles == {"globex": ("user",), "acme": ("opsadmin", "support")}


UNFIT_USERS = {
    "unknown": ("id=nobody@x.example", FORM, UNKNOWN_USER),
    "other-name": ("email=someone@acme.example", FORM, missing("id")),
    "empty": ("id=", FORM, missing("id")),
    "nothing": ("", FORM, missing("id")),
    "no-form": ('{"id": "someone@acme.example"}', "application/json", (415, [], "")),
    "percent": ("id=%zz%", FORM, (404, JSON_TYPE, error("UserDoesNotExist", "User %zz% does not exist"))),
}


@pytest.mark.parametrize(("body", "content_type", "answer"), UNFIT_USERS.values(), ids=UNFIT_USERS)
def test_adds_nobody_who_is_not_there(edge, someone, body, content_type, answer):
    """A role is given to users that exist, by a form with their e-mail."""
    assert raw(ask(edge, "POST", "/userroles/support/users", body, content_type=content_type)) == answer
    assert edge.find_user(SOMEONE).roles == {}


def test_says_why_a_body_is_not_taken(edge):
    """The journal says of which type the body was and of which it should be."""
    ask(edge, "POST", "/userroles/support/users", "{}")

    assert edge.calls.last.reason == ("the body is of type 'application/json', not application/x-www-form-urlencoded")


def test_knows_the_users_of_its_own_zone():
    """The users of an organization with SAML are those of its zone."""
    edge = new_edge()
    edge.user("saml@acme.example", zone=edge.zone("saml", organizations=[]), roles={})

    response = ask(edge, "POST", "/userroles/user/users", "id=saml@acme.example", content_type=FORM)

    assert raw(response) == (
        404,
        JSON_TYPE,
        error("UserDoesNotExist", "User saml@acme.example does not exist"),
    )


def test_verifies_that_a_user_has_a_role(edge):
    """A user who has a role is shown by name and e-mail, in whichever case it was asked for."""
    edge.user(SOMEONE, roles={"acme": ["support"]}, first_name="Some", last_name="One")

    assert raw(ask(edge, "GET", "/userroles/support/users/SOMEONE@acme.example")) == (
        200,
        JSON_TYPE,
        '{\n  "emailId" : "someone@acme.example",\n  "firstName" : "Some",\n  "lastName" : "One"\n}',
    )


def test_removes_a_user_from_a_role(edge):
    """A role that is taken from a user is gone from the next call on; the others stay."""
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": ["support", "readonlyadmin"]})
    before = may(edge, "POST", "/developers")

    response = ask(edge, "DELETE", f"/userroles/support/users/{SOMEONE}")

    assert raw(response) == (204, [], "")
    assert (before, may(edge, "POST", "/developers"), may(edge, "GET", "/developers")) == (True, False, True)
    assert edge.find_user(SOMEONE).roles == {"acme": ("readonlyadmin",)}


def test_a_user_without_any_role_left_is_refused(edge):
    """Who has no role left does not belong to the organization any more."""
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": ["support"]})

    ask(edge, "DELETE", f"/userroles/support/users/{SOMEONE}")

    assert raw(ask(edge, "GET", "", by=SOMEONE)) == (403, [], "")
    assert edge.calls.last.reason == "the SSO user someone@acme.example has no role in organization 'acme'"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize(
    ("role", "email", "answer"),
    [
        ("nope", SOMEONE, UNKNOWN_ROLE),
        ("support", "nobody@x.example", UNKNOWN_USER),
        ("support", SOMEONE, NOT_IN_ROLE),
    ],
)
def test_who_does_not_have_a_role_is_not_found(edge, someone, method, role, email, answer):
    """Nobody is verified or removed who does not have the role."""
    assert raw(ask(edge, method, f"/userroles/{role}/users/{email}")) == answer


# Permissions


def test_lists_the_permissions_of_a_role(edge):
    """The permissions of a role are listed in the order in which they came, their verbs in that of the alphabet."""
    assert raw(ask(edge, "GET", "/userroles/support/permissions")) == (200, JSON_TYPE, LISTED)


def test_shows_the_permission_for_one_path(edge):
    """With a path, the permission for just this path is shown."""
    assert raw(ask(edge, "GET", "/userroles/support/permissions?path=/developers")) == (
        200,
        JSON_TYPE,
        '{\n  "organization" : "acme",\n  "path" : "/developers",\n  "permissions" : [ "get", "put" ]\n}',
    )


def no_permission(path):
    message = f"UserRole support has no such permission on {path}"
    return 404, JSON_TYPE, error("ResourcePermissionDoesNotExist", message)


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "?path=/companies", no_permission("/companies")),
        ("GET", "?path=/developers/a", no_permission("/developers/a")),
        ("DELETE", "/delete?path=/developers", no_permission("/developers")),
        ("DELETE", "/GET?path=/developers", no_permission("/developers")),
        ("DELETE", "/get?path=/companies", no_permission("/companies")),
        ("DELETE", "/get", missing("path")),
        ("GET", "/get?path=", missing("path")),
    ],
)
def test_a_permission_that_a_role_lacks_is_not_found(edge, method, path, answer):
    """A permission is found under its path and verb alone."""
    assert raw(ask(edge, method, f"/userroles/support/permissions{path}")) == answer
    assert ask(edge, "GET", "/userroles/support/permissions").text == LISTED


def test_adds_a_permission(edge, someone):
    """A permission is answered with 201 as it was sent; what the role allowed before it still does."""
    ask(edge, "POST", "/userroles/support/users", f"id={SOMEONE}", content_type=FORM)
    before = may(edge, "DELETE", "/developers/a")

    response = ask(
        edge, "POST", "/userroles/support/permissions", {"path": "/developers", "permissions": ["put", "delete"]}
    )

    assert raw(response) == (
        201,
        JSON_TYPE,
        '{\n  "path" : "/developers",\n  "permissions" : [ "put", "delete" ]\n}',
    )
    assert ask(edge, "GET", "/userroles/support/permissions?path=/developers").json()["permissions"] == [
        "delete",
        "get",
        "put",
    ]
    assert (before, may(edge, "DELETE", "/developers/a"), may(edge, "GET", "/developers")) == (False, True, True)


def test_adds_a_permission_without_verbs(edge):
    """A permission without verbs forbids what a less specific path allows."""
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": ["support"]})
    before = may(edge, "GET", "/developers/a")

    response = ask(edge, "POST", "/userroles/support/permissions", {"path": "/developers/*", "permissions": []})

    assert raw(response) == (201, JSON_TYPE, '{\n  "path" : "/developers/*",\n  "permissions" : [ ]\n}')
    assert (before, may(edge, "GET", "/developers/a"), may(edge, "GET", "/developers")) == (True, False, True)


def test_adds_several_permissions(edge):
    """Several permissions are added at once, and answered as they were sent."""
    given = [
        {"path": "/applications", "permissions": ["put", "get"]},
        {"path": "/developers", "permissions": ["delete"]},
        {"path": "/applications", "permissions": ["delete"]},
    ]

    response = ask(edge, "POST", "/userroles/support/resourcepermissions", {"resourcePermission": given})

    assert raw(response) == (
        200,
        JSON_TYPE,
        """\
{
  "resourcePermission" : [ {
    "path" : "/applications",
    "permissions" : [ "put", "get" ]
  }, {
    "path" : "/developers",
    "permissions" : [ "delete" ]
  }, {
    "path" : "/applications",
    "permissions" : [ "delete" ]
  } ]
}""",
    )
    assert ask(edge, "GET", "/userroles/support/permissions").json()["resourcePermission"] == [
        {"organization": "acme", "path": "/developers", "permissions": ["delete", "get", "put"]},
        {"organization": "acme", "path": "/apiproducts/*", "permissions": []},
        {"organization": "acme", "path": "/applications", "permissions": ["delete", "get", "put"]},
    ]


UNFIT_PERMISSIONS = {
    "no-path": ({"permissions": ["get"]}, missing("path")),
    "no-slash": ({"path": "developers", "permissions": ["get"]}, invalid("path")),
    "endless": ({"path": "/" * 1_001, "permissions": ["get"]}, invalid("path")),
    "number": ({"path": 5, "permissions": ["get"]}, invalid("path")),
    "verb": ({"path": "/developers", "permissions": ["get", "post"]}, invalid("permissions")),
    "capitals": ({"path": "/developers", "permissions": ["GET"]}, invalid("permissions")),
    "text": ({"path": "/developers", "permissions": "get"}, invalid("permissions")),
    "nested": ({"path": "/developers", "permissions": [["get"]]}, invalid("permissions")),
}


@pytest.mark.parametrize(("permission", "answer"), UNFIT_PERMISSIONS.values(), ids=UNFIT_PERMISSIONS)
def test_refuses_a_permission_that_cannot_be(edge, permission, answer):
    """A permission has a path and verbs in small letters; of several, all are added or none."""
    good = {"path": "/companies", "permissions": ["get"]}

    assert raw(ask(edge, "POST", "/userroles/support/permissions", permission)) == answer
    several = ask(edge, "POST", "/userroles/support/resourcepermissions", {"resourcePermission": [good, permission]})
    assert raw(several) == answer
    assert ask(edge, "GET", "/userroles/support/permissions").text == LISTED


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({}, missing("resourcePermission")),
        ({"resourcePermission": []}, missing("resourcePermission")),
        ({"resourcePermission": ["/developers"]}, invalid("resourcePermission")),
    ],
)
def test_refuses_a_list_without_permissions(edge, body, answer):
    """Several permissions are a list of objects."""
    assert raw(ask(edge, "POST", "/userroles/support/resourcepermissions", body)) == answer


@pytest.mark.parametrize(
    ("permission", "path", "has"),
    [
        ("get", "/developers", "true"),
        ("delete", "/developers", "false"),
        ("GET", "/developers", "false"),
        ("get", "/companies", "false"),
        ("get", "/developers/a", "false"),
        ("get", "%2Fapiproducts%2F*", "false"),
    ],
)
def test_verifies_a_permission(edge, permission, path, has):
    """Whether a role has a verb on a path is answered with true or false."""
    response = ask(edge, "GET", f"/userroles/support/permissions/{permission}?path={path}")

    assert raw(response) == (200, JSON_TYPE, f'{{\n  "value" : {has}\n}}')


def test_deletes_a_permission(edge):
    """One verb of a path is deleted and answered; with the last one the path is gone."""
    edge.user(SOMEONE, password=PASSWORD, roles={"acme": ["support"]})
    before = may(edge, "GET", "/developers")

    response = ask(edge, "DELETE", "/userroles/support/permissions/get?path=/developers")

    assert raw(response) == (200, JSON_TYPE, '{\n  "path" : "/developers",\n  "permissions" : [ "get" ]\n}')
    assert (before, may(edge, "GET", "/developers"), may(edge, "POST", "/developers")) == (True, False, True)
    ask(edge, "DELETE", "/userroles/support/permissions/put?path=/developers")
    assert raw(ask(edge, "GET", "/userroles/support/permissions?path=/developers"))[0] == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/users"),
        ("POST", "/users"),
        ("GET", "/permissions"),
        ("POST", "/permissions"),
        ("POST", "/resourcepermissions"),
        ("GET", "/permissions/get?path=/developers"),
        ("DELETE", "/permissions/get?path=/developers"),
    ],
)
def test_a_role_that_does_not_exist_is_not_found(edge, method, path):
    """Nothing is shown or changed of a role that does not exist."""
    assert raw(ask(edge, method, f"/userroles/nope{path}")) == UNKNOWN_ROLE


def test_the_administrator_of_a_system_is_none_of_an_organization(edge):
    """The role `sysadmin` is above organizations: none of them lists it or gives it."""
    assert "sysadmin" not in ask(edge, "GET", "/userroles").json()
    assert ask(edge, "POST", "/userroles/sysadmin/users", f"id={ADMIN}", content_type=FORM).status == 404
