"""Whether a user's roles allow a call: asked when it is known which endpoint a path is, and before that answers.

What a user may not do is refused with 403 even where the fake does not model the endpoint, as Edge would refuse it.
Source: management.md section 5.1; the Edge documentation, "Creating roles with the API", "Forbidden errors".
"""

from dataclasses import dataclass

from pytest_apigee.edge.management.routing import Route
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.roles import resource_path
from pytest_apigee.edge.users import User
from pytest_apigee.errors import listed

_VERBS = {"GET": "get", "HEAD": "get", "DELETE": "delete"}
_ABOVE = 2  # `organizations` and its name


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """The permission that a call needs.

    Args:
        verb: `get`, `put` or `delete`.
        path: The resource path.
        shown: The same for people, in the way permissions are written, without the tokens and keys that it may hold.
    """

    verb: str
    path: str
    shown: str


def need_of(method: str, words: tuple[str, ...], route: Route | None) -> Need:
    """Return what a call needs.

    Args:
        method: Its verb; each that neither reads nor deletes needs `put`.
        words: The decoded words of its path.
        route: The endpoint; None for one that is not listed.
    """
    below = words[_ABOVE:]
    wanted = below[:1] if route is None else route.segments[_ABOVE:]
    public = [
        given if wished == given or below[:place] == ("environments",) else "*"
        for place, (wished, given) in enumerate(zip(wanted, below, strict=False))
    ]
    return Need(verb=_VERBS.get(method, "put"), path=resource_path(below), shown=resource_path(public))


def objection(user: User, organization: Organization, need: Need) -> str:
    """Return why a user may not do what needs a permission, or an empty text.

    Any of a user's roles in the organization is enough. Source: "Managing organization users".
    """
    roles = user.roles.get(organization.name, ())
    if user.is_system_administrator or any(organization.roles.allows(role, need.verb, need.path) for role in roles):
        return ""
    unknown = [role for role in roles if role not in organization.roles]
    nonexistent = "".join(
        f" There is no role {role!r}: declare it with apigee.role({role!r}, permissions={{...}})." for role in unknown
    )
    return (
        f"the SSO user {user.email} with the roles {listed(roles)} in organization {organization.name!r} lacks the "
        f"permission {need.verb!r} on {need.shown}.{nonexistent} Declare the user with another role, as "
        f"apigee.user({user.email!r}, roles={{{organization.name!r}: ['orgadmin']}}), or with one of your own from "
        f"apigee.role('name', permissions={{{need.shown!r}: [{need.verb!r}]}})"
    )
