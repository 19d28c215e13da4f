"""GET /login as JSON, /version and the OpenID configuration: what tools ask before they log in.

Source: sso.md 2.3. get_token reads these with patterns, so layout and order are part of the answer: it enters its
passcode mode on the word `passcode` between `prompts` and `timestamp`.
"""

from pytest_apigee.edge.jackson import Json, compact
from pytest_apigee.edge.journal import Notes
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.sso.faults import ok_json
from pytest_apigee.edge.sso.jwt_claims import issuer_of
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.zones import Zone


class LoginInfo:
    """Answers what tools ask before they log in."""

    def __init__(self, state: WorldState) -> None:
        self._state = state

    def answer(self, request: Request, zone: Zone, _notes: Notes) -> Response:
        """Answer `/login` as JSON."""
        guesses = self._state.guesses
        base = request.reached_at or zone.url
        prompts: dict[str, Json] = {"username": ["text", "Email"], "password": ["password", "Password"]}
        if zone.has_saml:
            prompts["passcode"] = ["password", f"One Time Code ( Get one at {base}/passcode )"]
        body: dict[str, Json] = {
            "app": {"version": guesses.login_app_version},
            "links": {"uaa": base, "passwd": "/forgot_password", "login": base, "register": "/create_account"},
            "zone_name": zone.name,
            "entityID": zone.host,
            "commit_id": guesses.login_commit_id,
            "idpDefinitions": {},
            "prompts": prompts,
            "timestamp": guesses.login_timestamp,
        }
        return ok_json(compact(body))

    def version(self, _request: Request, _zone: Zone, _notes: Notes) -> Response:
        """Answer `/version`."""
        return ok_json(self._state.guesses.version_body.encode())

    def openid_configuration(self, request: Request, zone: Zone, _notes: Notes) -> Response:
        """Answer `/.well-known/openid-configuration`, in the order and with the values of UAA."""
        base = request.reached_at or zone.url
        body: dict[str, Json] = {
            "issuer": issuer_of(self._state, zone, request.reached_at),
            "authorization_endpoint": f"{base}/oauth/authorize",
            "token_endpoint": f"{base}/oauth/token",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "userinfo_endpoint": f"{base}/userinfo",
            "jwks_uri": f"{base}/token_keys",
            "scopes_supported": ["openid"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return ok_json(compact(body))


def wants_json(request: Request) -> bool:
    """Return whether a request for `/login` is a tool's: its Accept header names JSON before HTML."""
    accept = (request.headers.get("Accept") or "").lower()
    before_html = accept.partition("text/html")[0]
    return "application/json" in before_html
