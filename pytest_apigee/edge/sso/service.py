"""login.apigee.com and {zone}.login.apigee.com: which path does what.

Source: sso.md sections 2.1 and 2.3.
"""

import re

from pytest_apigee.edge.hosts import zone_of
from pytest_apigee.edge.jackson import compact
from pytest_apigee.edge.journal import Notes
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.refusal import BareFault, NotModelled, Refusal
from pytest_apigee.edge.sso.faults import DEFAULT_CONTENT_TYPE, json_response
from pytest_apigee.edge.sso.jwt_tokens import JwtIssuer
from pytest_apigee.edge.sso.token_endpoint import TokenEndpoint
from pytest_apigee.edge.state import WorldState

_NOT_MODELLED = re.compile(
    r"/(login(\.do)?|logout(\.do)?|version|token_keys?|check_token|userinfo|passcode|oauth/authorize"
    r"|oauth/token/revoke/(user|client)/[^/]+|forgot_password|create_account|saml(/.*)?|resources/.*)?"
)


class SsoService:
    """Answers what is sent to the SSO."""

    def __init__(self, state: WorldState, issuer: JwtIssuer) -> None:
        self._state = state
        self._token_endpoint = TokenEndpoint(state, issuer)

    def answer(self, request: Request, notes: Notes) -> Response:
        """Answer one request.

        Raises:
            Refusal: Edge refuses it.
            NotModelled: Edge would answer it and the fake cannot.
        """
        if zone_of(request.host) is not None:
            what = f"the SAML zone host {request.host}"
            raise NotModelled(what)
        if request.path == "/oauth/token":
            return self._token(request, notes)
        if _NOT_MODELLED.fullmatch(request.path):
            raise NotModelled(request.shown)
        status = self._state.guesses.unknown_path_status
        raise Refusal(BareFault(status=status), "login.apigee.com has no such path")

    def _token(self, request: Request, notes: Notes) -> Response:
        allowed = ("GET", "POST") if self._state.guesses.get_token_by_get else ("POST",)
        if request.method in allowed:
            return self._token_endpoint.answer(request, notes)
        raise Refusal(_MethodFault(method=request.method), f"the token endpoint allows {' and '.join(allowed)}")


class _MethodFault:
    def __init__(self, *, method: str) -> None:
        self._method = method

    def render(self) -> Response:
        description = f"Request method '{self._method}' not supported"
        body = compact({"error": "method_not_allowed", "error_description": description})
        return json_response(405, body, content_type=DEFAULT_CONTENT_TYPE)
