"""login.apigee.com and {zone}.login.apigee.com: which path does what.

Source: sso.md sections 2.1 and 2.3.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pytest_apigee.edge.hosts import zone_of
from pytest_apigee.edge.journal import Notes
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.refusal import BareFault, NotModelled, Refusal
from pytest_apigee.edge.sso.bearer import BearerTokens
from pytest_apigee.edge.sso.browser import Browser
from pytest_apigee.edge.sso.check_token import CheckTokenEndpoint
from pytest_apigee.edge.sso.client_authentication import ClientAuthentication
from pytest_apigee.edge.sso.clients import ClientDirectory
from pytest_apigee.edge.sso.faults import PlainFault
from pytest_apigee.edge.sso.jwt_issuer import JwtIssuer
from pytest_apigee.edge.sso.jwt_verifier import JwtVerifier
from pytest_apigee.edge.sso.login_info import LoginInfo, wants_json
from pytest_apigee.edge.sso.login_policy import LoginPolicy
from pytest_apigee.edge.sso.mint import Mint
from pytest_apigee.edge.sso.passcodes import Passcodes
from pytest_apigee.edge.sso.resources import Resources
from pytest_apigee.edge.sso.token_endpoint import TokenEndpoint
from pytest_apigee.edge.sso.token_keys import TokenKeys
from pytest_apigee.edge.sso.user_authentication import UserAuthentication
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.zones import DEFAULT_ZONE, Zone

_NOT_MODELLED = re.compile(
    r"/(oauth/authorize|oauth/clients(/.*)?|oauth/confirm_access|forgot_password(\.do)?|reset_password(\.do)?"
    r"|create_account(\.do)?|profile|saml(/.*)?|resources/.*|Users(/.*)?|Groups(/.*)?|info|password_.*"
    r"|identity-(zones|providers)(/.*)?|approvals(/.*)?|healthz|varz)"
)

_READ = ("GET", "HEAD")
_ANY = (*_READ, "POST", "PUT", "PATCH", "DELETE")  # UAA names no method there

Handler = Callable[[Request, Zone, Notes], Response]


@dataclass(frozen=True, slots=True)
class _Route:
    path: re.Pattern[str]
    methods: tuple[str, ...]
    handler: Handler


class SsoService:
    """Answers what is sent to the SSO; keeps what only the SSO knows."""

    def __init__(self, state: WorldState) -> None:
        self._state = state
        self.clients = ClientDirectory()
        self.passcodes = Passcodes(state)
        self.issuer = JwtIssuer(state)
        self.verifier = JwtVerifier(state, self.clients)
        self.mint = Mint(state, self.issuer)
        self.policy = policy = LoginPolicy(state)
        clients = ClientAuthentication(state, self.clients)
        users = UserAuthentication(state, policy, self.passcodes)
        tokens = TokenEndpoint(
            state, clients=clients, users=users, policy=policy, issuer=self.issuer, verifier=self.verifier
        )
        self._info = info = LoginInfo(state)
        keys = TokenKeys(state, clients)
        bearer = BearerTokens(state, self.verifier)
        check_token = CheckTokenEndpoint(state, clients, bearer)
        resources = Resources(state, self.clients, bearer)
        self._browser = browser = Browser(state, users, self.passcodes)
        guesses = state.guesses
        optional = (
            (guesses.token_keys, _route("/token_keys", _READ, keys.all)),
            (
                guesses.openid_configuration,
                _route(r"/\.well-known/openid-configuration", _READ, info.openid_configuration),
            ),
        )
        token_methods = ("GET", "POST") if guesses.get_token_by_get else ("POST",)
        self._routes = (
            _route("/oauth/token", token_methods, tokens.answer),
            _route("/login", _READ, self._login),
            _route(r"/login\.do", ("POST",), browser.log_in),
            _route(r"/logout(?:\.do)?", _ANY, browser.log_out),
            _route("/passcode", ("GET",), browser.passcode_page),
            _route("/(?:home)?", _READ, browser.home_page),
            _route("/version", _READ, info.version),
            _route("/token_key", _READ, keys.one),
            *(route for is_there, route in optional if is_there),
            _route("/check_token", _ANY, check_token.answer),
            _route("/userinfo", _ANY, resources.user_info),
            _route("/oauth/token/revoke/user/[^/]+", _ANY, resources.revoke_user),
            _route("/oauth/token/revoke/client/[^/]+", _ANY, resources.revoke_client),
        )

    def answer(self, request: Request, notes: Notes) -> Response:
        """Answer one request.

        Raises:
            Refusal: Edge refuses it.
            NotModelled: Edge would answer it and the fake cannot.
        """
        zone = self._zone(request)
        if request.reached_at:
            self._state.login_urls.setdefault(zone.name, set()).add(request.reached_at)
        for route in self._routes:
            if route.path.fullmatch(request.path):
                if request.method in route.methods:
                    return route.handler(request, zone, notes)
                description = f"Request method '{request.method}' not supported"
                fault = PlainFault(status=405, error="method_not_allowed", description=description)
                raise Refusal(fault, f"{request.path} allows {', '.join(route.methods)}")
        if _NOT_MODELLED.fullmatch(request.path):
            raise NotModelled(request.shown)
        raise self._not_found(f"{zone.host} has no such path")

    def _login(self, request: Request, zone: Zone, notes: Notes) -> Response:
        answer = self._info.answer if wants_json(request) else self._browser.login_page
        return answer(request, zone, notes)

    def _zone(self, request: Request) -> Zone:
        name = zone_of(request.host)
        if name is None:
            return DEFAULT_ZONE
        if name in self._state.zones:
            return self._state.zones[name]
        known = ", ".join(sorted(self._state.zones)) or "none"
        raise self._not_found(f"unknown zone; declared: {known}; add one with apigee.zone(name)")

    def _not_found(self, reason: str) -> Refusal:
        return Refusal(BareFault(status=self._state.guesses.unknown_path_status), reason)


def _route(path: str, methods: tuple[str, ...], handler: Handler) -> _Route:
    return _Route(re.compile(path), methods, handler)
