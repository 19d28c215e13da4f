"""api.enterprise.apigee.com: who asks, about which organization, and which endpoint answers.

Source: management.md sections 1, 2, 4 and 5.1.
"""

import re
from collections.abc import Callable, Iterable
from functools import cached_property, partial

from pytest_apigee.edge.journal import Notes
from pytest_apigee.edge.management import (
    access_tokens,
    app_keys,
    apps,
    authorization_codes,
    bundle_parts,
    caches,
    companies,
    debug_sessions,
    deployments,
    developers,
    environments,
    key_value_maps,
    organizations,
    owned_apps,
    permissions,
    products,
    proxies,
    refresh_tokens,
    revisions,
    target_servers,
    token_search,
    user_roles,
    virtual_hosts,
)
from pytest_apigee.edge.management.authentication import Authenticator
from pytest_apigee.edge.management.call import Call, prefers_xml
from pytest_apigee.edge.management.errors import ApiError, XmlError
from pytest_apigee.edge.management.inventory import listed_routes
from pytest_apigee.edge.management.routing import Match, Route, RouteTable, segments_of
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.refusal import BareFault, NotModelled, Refusal
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.users import User

_UNLISTED = re.compile(
    r"/v1/(?:users|userroles|environments|e|runtime|audits|buildinfo)/?"
    r"|/v1/users/.*|/v1/mint(?:/.*)?"
    r"|/v1/(?:organizations|o)/[^/]+/(?:apimodels|apiproducts|apis|apps|audits|caches|companies|deployments|developers"
    r"|e|environments|keystores|keyvaluemaps|maskconfigs|oauth2|reports|resourcefiles|sharedflows|stats|userroles|users"
    r"|vaults|virtualhosts)(?:/.*)?"
)
"""Paths that the real API has below, listed or not: what is not modelled there is answered 501, not 404."""


class ManagementService:
    """Answers what is sent to the management API.

    Args:
        state: The world's tables.
        verify_bearer: Returns the user of an SSO access token, or raises `BadCredentialsError`.
    """

    def __init__(self, state: WorldState, verify_bearer: Callable[[str], User]) -> None:
        self._state = state
        self._authenticator = Authenticator(state, verify_bearer)

    @cached_property
    def _table(self) -> RouteTable:
        return RouteTable(all_routes())  # made by the first call: most worlds have none

    def answer(self, request: Request, notes: Notes) -> Response:
        """Answer one request.

        Raises:
            Refusal: Edge refuses it.
            NotModelled: Edge would answer it and the fake cannot.
        """
        user = self._authenticator.user(request)
        notes.user = user.email
        match self._segments(request):
            case ("organizations", str(name), *_) if name:
                organization = self._authenticator.organization(user, name, request)
            case _:
                return self._answer_above_organizations(user, request)
        notes.organization = organization.name
        match = self._table.find(request.path)
        if match is None:
            elsewhere = self._elsewhere(request)
            if isinstance(elsewhere, NotModelled):
                self._require_permission(user, organization, request, None)
            raise elsewhere
        route = self._route(match, request)
        self._require_permission(user, organization, request, route)
        self._require_system_administrator(user, route)
        if route.handler is None:
            raise NotModelled(request.shown)
        call = Call(
            state=self._state,
            request=request,
            user=user,
            organization=organization,
            parameters=match.parameters,
            notes=notes,
        )
        return _answered(request, partial(route.handler, call))

    def _answer_above_organizations(self, user: User, request: Request) -> Response:
        """Answer what is about no organization."""
        match = self._table.find(request.path)
        if match is None:
            raise self._elsewhere(request)
        route = self._route(match, request)
        self._require_system_administrator(user, route)
        if route.world_handler is None:
            raise NotModelled(request.shown)
        return _answered(request, partial(route.world_handler, self._state))

    def _require_permission(
        self, user: User, organization: Organization, request: Request, route: Route | None
    ) -> None:
        """Refuse what the roles do not allow, modelled or not."""
        need = permissions.need_of(request.method, self._segments(request), route)
        objection = permissions.objection(user, organization, need)
        if objection:
            raise self._authenticator.forbidden(objection)

    def _require_system_administrator(self, user: User, route: Route) -> None:
        if route.is_restricted and not user.is_system_administrator:
            reason = (
                f"only a system administrator may do this, and {user.email} is none: declare the user with the role "
                "'sysadmin', as apigee.user(email, roles={org: ['sysadmin']})"
            )
            raise self._authenticator.forbidden(reason)

    def _segments(self, request: Request) -> tuple[str, ...]:
        return segments_of(request.path) or ()

    def _route(self, match: Match, request: Request) -> Route:
        method = "GET" if request.method == "HEAD" else request.method
        if method in match.routes:
            return match.routes[method]
        body = self._state.guesses.mgmt_method_not_allowed_body
        takes = ", ".join(sorted(match.routes))
        raise Refusal(BareFault(status=405, body=body), f"this path takes {takes}, not {request.method}")

    def _elsewhere(self, request: Request) -> Exception:
        has_no_gap = "" not in self._segments(request)  # an entity without a name is none
        if has_no_gap and _UNLISTED.fullmatch(request.path):
            return NotModelled(request.shown)
        status = self._state.guesses.unknown_path_status
        return Refusal(BareFault(status=status), "the management API has no such path")


def _answered(request: Request, handler: Callable[[], Response]) -> Response:
    return _as_xml(request, handler) if prefers_xml(request) else handler()


def _as_xml(request: Request, handler: Callable[[], Response]) -> Response:
    """Answer a client that prefers XML: errors and debug data are XML; of other things it is unknown how they look.

    What was to be changed is changed all the same.
    """
    try:
        response = handler()
    except Refusal as refusal:
        if isinstance(refusal.fault, ApiError):
            raise Refusal(XmlError(error=refusal.fault), refusal.reason) from None
        raise
    if not response.body or response.headers.get("Content-Type") == "application/xml":
        return response
    what = f"{request.shown} with an answer in XML; ask for application/json"
    raise NotModelled(what)


def all_routes() -> Iterable[Route]:
    """Return every endpoint, each once: those that are modelled, and of the others those that are listed."""
    rooms = (
        organizations,
        environments,
        developers,
        products,
        owned_apps,
        app_keys,
        apps,
        companies,
        key_value_maps,
        caches,
        target_servers,
        virtual_hosts,
        debug_sessions,
        access_tokens,
        token_search,
        refresh_tokens,
        authorization_codes,
        user_roles,
        proxies,
        revisions,
        bundle_parts,
        deployments,
    )
    modelled = tuple(route for room in rooms for route in room.ROUTES)
    known = {(route.method, route.segments) for route in modelled}
    return (*modelled, *(route for route in listed_routes() if (route.method, route.segments) not in known))
