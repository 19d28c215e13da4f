"""POST /oauth/token: the password, passcode and refresh_token grants.

The order of the checks is UAA's: the client of a Basic header, then the user of a password grant, then the token
endpoint itself. Source: sso.md sections 2.1 and 3.
"""

import re
from dataclasses import dataclass, field

from pytest_apigee.edge.clock import java_date
from pytest_apigee.edge.jackson import compact
from pytest_apigee.edge.journal import Notes
from pytest_apigee.edge.message import Fields, Request, Response
from pytest_apigee.edge.refusal import BareFault, NotModelled, Refusal
from pytest_apigee.edge.sso.client_authentication import ClientAuthentication
from pytest_apigee.edge.sso.clients import SsoClient
from pytest_apigee.edge.sso.faults import (
    DEFAULT_CONTENT_TYPE,
    NO_AUTHENTICATION,
    TokenEndpointFault,
    invalid,
    json_response,
    unauthorized,
)
from pytest_apigee.edge.sso.jwt_claims import Claims, scopes_in
from pytest_apigee.edge.sso.jwt_issuer import JwtIssuer, TokenPair
from pytest_apigee.edge.sso.jwt_verifier import (
    AccessTokenError,
    ExpiredJwtError,
    JwtVerifier,
    RevokedJwtError,
    UndecodableJwtError,
    WrongIssuerError,
)
from pytest_apigee.edge.sso.login_policy import LoginPolicy
from pytest_apigee.edge.sso.parameters import parameters_of
from pytest_apigee.edge.sso.user_authentication import Login, UserAuthentication
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.users import User
from pytest_apigee.edge.zones import Zone

_NO_CLIENT = (
    "No client authentication found. Remember to put a filter upstream of the TokenEndpointAuthenticationFilter."
)
_KNOWN_GRANTS = ("password", "refresh_token", "client_credentials", "authorization_code", "implicit")
_ECHOED_ACCEPT = re.compile(r"application/json; ?charset=utf-8", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Refresh:
    """A refresh token that is good, and what comes of it."""

    token: str = field(repr=False)
    user: User
    scopes: tuple[str, ...]


class TokenEndpoint:
    """Answers token requests."""

    def __init__(  # noqa: PLR0913 - what it is made of
        self,
        state: WorldState,
        *,
        clients: ClientAuthentication,
        users: UserAuthentication,
        policy: LoginPolicy,
        issuer: JwtIssuer,
        verifier: JwtVerifier,
    ) -> None:
        self._state = state
        self._clients = clients
        self._users = users
        self._policy = policy
        self._issuer = issuer
        self._verifier = verifier

    def answer(self, request: Request, zone: Zone, notes: Notes) -> Response:
        """Answer one token request.

        Raises:
            Refusal: As section 3 of the sheet says.
        """
        fields = parameters_of(request)
        client, login = self._clients.client_of(request, fields), self._users.login_of(request, fields, zone)
        client = _authenticated(client, login)
        scopes = self._checked(request, fields, client)
        if login is not None:
            if not scopes:
                raise invalid(401, "invalid_token", "No scopes were granted", "the client was declared without scopes")
            notes.user = login.user.email
            pair = self._logged_in(login, client, scopes, request)
        elif fields.get("grant_type") != "refresh_token":
            what = f"the grant {fields.get('grant_type')} of login.apigee.com"
            raise NotModelled(what)
        else:
            refresh = self._refresh(fields, client, zone)
            notes.user = refresh.user.email
            pair = self._refreshed(refresh, client, request)
        notes.issued_token = pair.access_token
        return _token_response(pair, request)

    def _logged_in(self, login: Login, client: SsoClient, scopes: tuple[str, ...], request: Request) -> TokenPair:
        self._check_rate(login.user)
        self._policy.note_token(login.user)
        self._state.users.use_mfa_step(login.user, login.mfa_step)
        return self._issuer.login(login.user, client, scopes, reached_at=request.reached_at)

    def _refreshed(self, refresh: _Refresh, client: SsoClient, request: Request) -> TokenPair:
        if self._state.guesses.token_rate_counts_refresh:
            self._check_rate(refresh.user)
            self._policy.note_token(refresh.user)
        return self._issuer.refresh(refresh.token, refresh.user, client, refresh.scopes, reached_at=request.reached_at)

    def _check_rate(self, user: User) -> None:
        if self._policy.has_too_many_tokens(user):
            fault = BareFault(status=429, body=self._state.guesses.token_rate_body)
            limit = self._state.guesses.token_rate_limit
            raise Refusal(fault, f"the SSO user {user.email} had {limit} new tokens within the last hour")

    def _checked(self, request: Request, fields: Fields, client: SsoClient) -> tuple[str, ...]:
        """Return the scopes that a token would have, once client and grant are right."""
        grant_type = fields.get("grant_type") or ""
        if fields.get("client_id") not in (None, client.client_id):
            raise invalid(401, "invalid_client", "Given client ID does not match authenticated client")
        scopes = self._granted_scopes(fields.get("scope"), client)
        if not grant_type:
            unread = bool(request.body) and not request.has_form
            reason = "the body was not read, for its Content-Type is not form-encoded" if unread else ""
            raise invalid(400, "invalid_request", "Missing grant type", reason)
        if grant_type not in _KNOWN_GRANTS:
            raise invalid(400, "unsupported_grant_type", f"Unsupported grant type: {grant_type}")
        if grant_type not in self._state.guesses.edgecli_grants.split():  # those of other clients are the same
            raise invalid(401, "invalid_client", f"Unauthorized grant type: {grant_type}")
        return scopes

    def _granted_scopes(self, requested: str | None, client: SsoClient) -> tuple[str, ...]:
        allowed = self._state.era.sso_scopes if client.scopes is None else client.scopes
        scopes = _scopes(requested)
        for scope in scopes:
            if scope not in allowed:
                description = (
                    f"Invalid scope: {scope}. "
                    "Did you know that you can get default requested scopes by simply sending no value?"
                )
                fault = TokenEndpointFault(
                    status=400, error="invalid_scope", description=description, scope=" ".join(allowed)
                )
                raise Refusal(fault, "a scope was asked for that the client may not have")
        return scopes or allowed

    def _refresh(self, fields: Fields, client: SsoClient, zone: Zone) -> _Refresh:
        token = fields.get("refresh_token") or ""
        if not token:
            raise invalid(401, "invalid_token", "Invalid refresh token (empty token)")
        try:
            claims = self._verifier.refresh_claims(token, zone)
            user = self._verifier.user_of(claims)
            if claims.get("cid") != client.client_id:
                raise invalid(400, "invalid_grant", f"Wrong client for this refresh token: {token}")
            self._verifier.check_time(claims)
        except UndecodableJwtError as error:
            description = f"Invalid token (could not decode): {token}"
            raise invalid(401, "invalid_token", description, error.reason) from None
        except AccessTokenError as error:
            description = f"{self._state.guesses.swapped_jwt_text}: {token}"
            raise invalid(401, "invalid_token", description, error.reason) from None
        except WrongIssuerError as error:
            description = f"Invalid issuer for token:{error.issuer}"
            raise invalid(401, "invalid_token", description, error.reason) from None
        except RevokedJwtError as error:
            raise invalid(401, "invalid_token", token, error.reason) from None
        except ExpiredJwtError as error:
            description = f"Invalid refresh token (expired): {token} expired at {java_date(error.expired_at)}"
            raise invalid(401, "invalid_token", description, error.reason) from None
        return _Refresh(token=token, user=user, scopes=self._narrowed(claims, fields.get("scope")))

    def _narrowed(self, claims: Claims, requested: str | None) -> tuple[str, ...]:
        scopes, wanted = scopes_in(claims), _scopes(requested)
        if not set(wanted) <= set(scopes):
            description = f"{self._state.guesses.refresh_scope_text} [{', '.join(wanted)}]."
            fault = TokenEndpointFault(
                status=400, error="invalid_scope", description=description, scope=" ".join(scopes)
            )
            raise Refusal(fault, "the refresh asks for scopes that its token lacks")
        return wanted or scopes


def _scopes(requested: str | None) -> tuple[str, ...]:
    """Return the scopes that a request names, separated by blanks or, as UAA takes them too, by commas."""
    return tuple(dict.fromkeys((requested or "").replace(",", " ").split()))


def _authenticated(client: SsoClient | None, login: Login | None) -> SsoClient:
    if client is not None:
        return client
    if login is not None:
        raise unauthorized(_NO_CLIENT, "the user is right, but no client authenticated")
    raise unauthorized(NO_AUTHENTICATION, "no client authenticated, by Basic header or form fields")


def token_body(pair: TokenPair) -> bytes:
    """Return the body of a token answer."""
    return compact(
        {
            "access_token": pair.access_token,
            "token_type": "bearer",
            "refresh_token": pair.refresh_token,
            "expires_in": pair.expires_in_seconds,
            "scope": " ".join(pair.scopes),
            "jti": pair.jti,
        }
    )


def _token_response(pair: TokenPair, request: Request) -> Response:
    accept = (request.headers.get("Accept") or "").strip()
    content_type = accept if _ECHOED_ACCEPT.fullmatch(accept) else DEFAULT_CONTENT_TYPE
    return json_response(200, token_body(pair), content_type=content_type)
