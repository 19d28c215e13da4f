"""User roles of an organization: the roles, who has them, and what they allow.

Who is in a role is what the users themselves say: one state with `apigee.user(roles=...)`.
Source: user-roles.yaml; where its schemas and its samples differ, as in `roles` and `value`, the samples hold.
"""

from collections.abc import Mapping

from pytest_apigee.edge.jackson import Json
from pytest_apigee.edge.management.body import Body
from pytest_apigee.edge.management.call import Call, answer, no_content
from pytest_apigee.edge.management.routing import Handler, routes_of
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.refusal import BareFault, Refusal
from pytest_apigee.edge.roles import VERBS, Role, is_resource_path, is_role_name
from pytest_apigee.edge.users import User

_ALL = "/organizations/{org}/userroles"
_ONE = f"{_ALL}/{{role}}"
_USERS = f"{_ONE}/users"
_USER = f"{_USERS}/{{user}}"
_RESOURCES = f"{_ONE}/resourcepermissions"
_PERMISSIONS = f"{_ONE}/permissions"
_PERMISSION = f"{_PERMISSIONS}/{{permission}}"
_Verbs = tuple[str, ...]


def _list(call: Call) -> Response:
    return answer(list(call.organization.roles))


def _create(call: Call) -> Response:
    """Create roles, all or none, without any permission."""
    names = tuple(dict.fromkeys(role.required("name") for role in call.body().objects("role")))
    if not names:
        raise call.refusal("field_missing", name="role")
    for name in names:
        if not is_role_name(name):
            raise call.refusal("role_name_unfit", name=name)
        if name in call.organization.roles:
            raise call.refusal("role_exists", name=name)
    for name in names:
        call.organization.roles.put(Role(name=name))
    return answer({"role": [{"name": name} for name in names]})


def _show(call: Call) -> Response:
    return answer({"name": _role_of(call).name})


def _delete(call: Call) -> Response:
    """Delete a role that nobody has. Source: user-roles.yaml."""
    role = _own_role_of(call)
    if _members(call):
        raise call.refusal("role_in_use", name=role.name)
    call.organization.roles.remove(role.name)
    return answer({"name": role.name})


def _list_users(call: Call) -> Response:
    _role_of(call)
    return answer([user.email for user in _members(call)])


def _add_user(call: Call) -> Response:
    """Add a user to a role. GUESS: one who has it already is answered alike; roles elsewhere are shown too."""
    role = _role_of(call)
    if call.request.body.strip() and not call.request.has_form:
        fault = BareFault(status=415, body=call.state.guesses.mgmt_unsupported_media_body)
        raise Refusal(fault, f"the body is of type {call.media_type!r}, not application/x-www-form-urlencoded")
    email = call.request.form.get("id")
    if not email:
        raise call.refusal("field_missing", name="id")
    changed = call.state.users.give_role(_user_of(call, email), call.organization.name, role.name)
    roles: list[Json] = [
        {"name": name, "organization": organization} for organization, names in changed.roles.items() for name in names
    ]
    return answer({**_person(changed), "roles": {"role": roles}})


def _verify_user(call: Call) -> Response:
    return answer(_person(_member_of(call)))


def _remove_user(call: Call) -> Response:
    """Take a role from a user. GUESS: from the last administrator and from oneself too."""
    call.state.users.take_role(_member_of(call), call.organization.name, call["role"])
    return no_content()


def _list_permissions(call: Call) -> Response:
    """List what a role allows, on one path if one is asked for; the verbs in the order of the alphabet."""
    role, path = _role_of(call), call.query("path")
    if not path:
        shown = [_permission(call, known, verbs) for known, verbs in role.permissions.items()]
        return answer({"resourcePermission": shown})
    if path not in role.permissions:
        raise call.refusal("permission_unknown", name=path)
    return answer(_permission(call, path, role.permissions[path]))


def _add_permission(call: Call) -> Response:
    """Allow more on one path; nothing is taken away. The answer is what was sent."""
    role, (path, verbs) = _own_role_of(call), _given_permission(call, call.body())
    call.organization.roles.put(role.with_permissions({path: verbs}))
    return answer({"path": path, "permissions": list(verbs)}, status=201)


def _add_permissions(call: Call) -> Response:
    """Allow more on several paths, on all or on none."""
    role = _own_role_of(call)
    given = [_given_permission(call, item) for item in call.body().objects("resourcePermission")]
    if not given:
        raise call.refusal("field_missing", name="resourcePermission")
    for path, verbs in given:
        role = role.with_permissions({path: verbs})
    call.organization.roles.put(role)
    return answer({"resourcePermission": [{"path": path, "permissions": list(verbs)} for path, verbs in given]})


def _verify_permission(call: Call) -> Response:
    """Say whether a role has a verb on a path. GUESS: on just this path, as it was added."""
    return answer({"value": call["permission"] in _role_of(call).permissions.get(_asked_path(call), ())})


def _delete_permission(call: Call) -> Response:
    role, path, verb = _own_role_of(call), _asked_path(call), call["permission"]
    if verb not in role.permissions.get(path, ()):
        raise call.refusal("permission_unknown", name=path)
    call.organization.roles.put(role.without_permission(path, verb))
    return answer({"path": path, "permissions": [verb]})


def _role_of(call: Call) -> Role:
    role = call.organization.roles.find(call["role"])
    if role is None:
        raise call.refusal("role_unknown", name=call["role"])
    return role


def _own_role_of(call: Call) -> Role:
    """Return a role that may be changed. GUESS: the built-in ones may not."""
    role = _role_of(call)
    if role.is_built_in:
        raise call.refusal("role_built_in", name=role.name)
    return role


def _members(call: Call) -> list[User]:
    return call.state.users.with_role(call.organization.name, call["role"])


def _user_of(call: Call, email: str) -> User:
    user = call.state.users.find(email, call.organization.zone)
    if user is None:
        raise call.refusal("user_unknown", name=email)
    return user


def _member_of(call: Call) -> User:
    _role_of(call)
    user = _user_of(call, call["user"])
    if call["role"] not in user.roles.get(call.organization.name, ()):
        raise call.refusal("user_not_in_role", name=user.email)
    return user


def _asked_path(call: Call) -> str:
    path = call.query("path")
    if not path:
        raise call.refusal("field_missing", name="path")
    return path


def _given_permission(call: Call, body: Body) -> tuple[str, _Verbs]:
    """Return a path and its verbs; none forbid it, as `create-drupal-portal-role.sh` of Apigee's portal does."""
    path, verbs = body.required("path"), body.texts("permissions")
    if not is_resource_path(path):
        raise call.refusal("field_invalid", name="path")
    if not set(verbs) <= set(VERBS):
        raise call.refusal("field_invalid", name="permissions")
    return path, verbs


def _permission(call: Call, path: str, verbs: _Verbs) -> dict[str, Json]:
    return {"organization": call.organization.name, "path": path, "permissions": sorted(verbs)}


def _person(user: User) -> Mapping[str, Json]:
    return {"emailId": user.email, "firstName": user.first_name, "lastName": user.last_name}


_HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _ALL): _list,
    ("POST", _ALL): _create,
    ("GET", _ONE): _show,
    ("DELETE", _ONE): _delete,
    ("GET", _USERS): _list_users,
    ("POST", _USERS): _add_user,
    ("GET", _USER): _verify_user,
    ("DELETE", _USER): _remove_user,
    ("POST", _RESOURCES): _add_permissions,
    ("GET", _PERMISSIONS): _list_permissions,
    ("POST", _PERMISSIONS): _add_permission,
    ("GET", _PERMISSION): _verify_permission,
    ("DELETE", _PERMISSION): _delete_permission,
}
ROUTES = routes_of("user-roles.yaml", _HANDLERS)
