"""POST /oauth/token of login.apigee.com: the password and refresh_token grants.

The order of the checks is UAA's: the client of a Basic header, then the user of a password grant, then the token
endpoint itself. Source: sso.md sections 2.1 and 3.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from pytest_apigee.edge.authorization import (
    BasicCredentials,
    InvalidBasicError,
    UndecodableBasicError,
    basic_credentials,
    same_text,
)
from pytest_apigee.edge.jackson import compact
from pytest_apigee.edge.journal import Notes
from pytest_apigee.edge.message import Fields, Request, Response
from pytest_apigee.edge.refusal import NotModelled, Refusal
from pytest_apigee.edge.sso import totp
from pytest_apigee.edge.sso.faults import (
    DEFAULT_CONTENT_TYPE,
    AuthenticationFault,
    TokenEndpointFault,
    json_response,
)
from pytest_apigee.edge.sso.jwt_tokens import (
    EDGECLI,
    AccessTokenError,
    Claims,
    ExpiredJwtError,
    JwtIssuer,
    RevokedJwtError,
    SsoClient,
    TokenPair,
    UndecodableJwtError,
    WrongIssuerError,
    scopes_in,
)
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.users import User

_NO_AUTHENTICATION = "An Authentication object was not found in the SecurityContext"
_NO_CLIENT = (
    "No client authentication found. Remember to put a filter upstream of the TokenEndpointAuthenticationFilter."
)
_KNOWN_GRANTS = ("password", "refresh_token", "client_credentials", "authorization_code", "implicit")
_ECHOED_ACCEPT = re.compile(r"application/json; ?charset=utf-8", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class _TokenRequest:
    fields: Fields
    grant_type: str
    client: SsoClient | None
    user: User | None
    mfa_step: int | None


class TokenEndpoint:
    """Answers token requests."""

    def __init__(self, state: WorldState, issuer: JwtIssuer) -> None:
        self._state = state
        self._issuer = issuer

    def answer(self, request: Request, notes: Notes) -> Response:
        """Answer one token request.

        Raises:
            Refusal: As section 3 of the sheet says.
        """
        fields = request.query.merged_with(request.form)
        client, user = self._client(request, fields), self._user(fields)
        token_request = _TokenRequest(
            fields=fields,
            grant_type=fields.get("grant_type") or "",
            client=client,
            user=user,
            mfa_step=None if user is None else self._mfa_step(user, fields),
        )
        client = self._authenticated_client(token_request)
        scopes = self._checked(token_request, client)
        if token_request.user is not None:
            self._state.users.use_mfa_step(token_request.user, token_request.mfa_step)
            notes.user = token_request.user.email
            pair = self._issuer.login(token_request.user, client, scopes)
        else:
            pair = self._refreshed(fields, client, notes)
        notes.issued_token = pair.access_token
        return _token_response(pair, request)

    def _client(self, request: Request, fields: Fields) -> SsoClient | None:
        try:
            credentials = basic_credentials(request)
        except UndecodableBasicError:
            raise _unauthorized(
                "Failed to decode basic authentication token", "the Basic header of the client is not base64"
            ) from None
        except InvalidBasicError:
            raise _unauthorized(
                "Invalid basic authentication token", "the Basic header of the client holds no colon"
            ) from None
        client_id, client_secret = fields.get("client_id"), fields.get("client_secret")
        if credentials is None and client_id is not None and client_secret is not None:
            credentials = BasicCredentials(user=client_id, password=client_secret)
        if credentials is None:
            return None
        if credentials.user != EDGECLI.client_id or not same_text(credentials.password, EDGECLI.client_secret):
            raise _unauthorized(
                self._state.guesses.bad_client_text, "unknown client or wrong client secret; Edge's is edgecli"
            )
        return EDGECLI

    def _user(self, fields: Fields) -> User | None:
        if fields.get("grant_type") != "password":
            return None
        if "passcode" in fields:
            what = "the passcode grant of login.apigee.com"
            raise NotModelled(what)
        password = fields.get("password")
        if password is None:
            raise _unauthorized("No password supplied", "the password grant came without a password")
        username = fields.get("username")
        user = self._state.users.find(username or "")
        if user is None:
            whom = "no username was sent" if username is None else "no SSO user has this e-mail"
            raise _unauthorized(self._state.guesses.bad_user_text, f"{whom}; declare one with apigee.user(email)")
        if not same_text(password, user.password):
            raise _unauthorized(self._state.guesses.bad_user_text, f"wrong password for the SSO user {user.email}")
        return user

    def _mfa_step(self, user: User, fields: Fields) -> int | None:
        """Return the time step of the MFA code that came, or None where MFA is off; only a login uses it up."""
        if user.mfa_secret is None:
            return None
        code = next((value for name, value in fields if name == "mfa_token" and value), "")  # empty counts as absent
        now, drift = self._state.clock.now_ms // totp.STEP_MS, self._state.guesses.mfa_drift_steps
        fitting = (step for step in range(now - drift, now + drift + 1) if totp.is_code(user.mfa_secret, step, code))
        step = next(fitting, None)
        if not code:
            why = "an MFA code is required"
        elif step is None:
            why = "wrong MFA code"
        elif self._state.users.has_used_mfa_step(user, step) and not self._state.guesses.mfa_code_reuse:
            why = "the MFA code was used before"
        else:
            return step
        raise _unauthorized(self._state.guesses.mfa_failure_text, f"{why} for the SSO user {user.email}")

    def _authenticated_client(self, token_request: _TokenRequest) -> SsoClient:
        if token_request.client is not None:
            return token_request.client
        if token_request.user is not None:
            raise _unauthorized(_NO_CLIENT, "the user is right, but no client authenticated")
        raise _unauthorized(_NO_AUTHENTICATION, "no client authenticated, by Basic header or form fields")

    def _checked(self, token_request: _TokenRequest, client: SsoClient) -> tuple[str, ...]:
        fields, grant_type = token_request.fields, token_request.grant_type
        if fields.get("client_id") not in (None, client.client_id):
            raise _invalid(401, "invalid_client", "Given client ID does not match authenticated client")
        scopes = self._granted_scopes(fields.get("scope"))
        if not grant_type:
            raise _invalid(400, "invalid_request", "Missing grant type")
        if grant_type not in _KNOWN_GRANTS:
            raise _invalid(400, "unsupported_grant_type", f"Unsupported grant type: {grant_type}")
        if grant_type not in self._state.guesses.edgecli_grants.split():
            raise _invalid(401, "invalid_client", f"Unauthorized grant type: {grant_type}")
        return scopes

    def _granted_scopes(self, requested: str | None) -> tuple[str, ...]:
        allowed = self._state.era.sso_scopes
        scopes = tuple(dict.fromkeys((requested or "").split()))
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

    def _refreshed(self, fields: Fields, client: SsoClient, notes: Notes) -> TokenPair:
        token = fields.get("refresh_token") or ""
        if not token:
            raise _invalid(401, "invalid_token", "Invalid refresh token (empty token)")
        try:
            claims = self._issuer.refresh_claims(token)
            user = self._issuer.user_of(claims)
            if claims.get("cid") != client.client_id:
                raise _invalid(400, "invalid_grant", f"Wrong client for this refresh token: {token}")
            self._issuer.check_expiry(claims)
        except UndecodableJwtError as error:
            description = f"Invalid token (could not decode): {token}"
            raise _invalid(401, "invalid_token", description, error.reason) from None
        except AccessTokenError as error:
            description = f"{self._state.guesses.swapped_jwt_text}: {token}"
            raise _invalid(401, "invalid_token", description, error.reason) from None
        except WrongIssuerError as error:
            description = f"Invalid issuer for token:{error.issuer}"
            raise _invalid(401, "invalid_token", description, error.reason) from None
        except RevokedJwtError as error:
            raise _invalid(401, "invalid_token", token, error.reason) from None
        except ExpiredJwtError as error:
            description = f"Invalid refresh token (expired): {token} expired at {_java_date(error.expired_at)}"
            raise _invalid(401, "invalid_token", description, error.reason) from None
        notes.user = user.email
        return self._issuer.refresh(token, user, client, self._narrowed(claims, fields.get("scope")))

    def _narrowed(self, claims: Claims, requested: str | None) -> tuple[str, ...]:
        scopes, wanted = scopes_in(claims), tuple(dict.fromkeys((requested or "").split()))
        if not set(wanted) <= set(scopes):
            description = f"{self._state.guesses.refresh_scope_text} [{', '.join(wanted)}]."
            fault = TokenEndpointFault(
                status=400, error="invalid_scope", description=description, scope=" ".join(scopes)
            )
            raise Refusal(fault, "the refresh asks for scopes that its token lacks")
        return wanted or scopes


def _token_response(pair: TokenPair, request: Request) -> Response:
    body = compact(
        {
            "access_token": pair.access_token,
            "token_type": "bearer",
            "refresh_token": pair.refresh_token,
            "expires_in": pair.expires_in_seconds,
            "scope": " ".join(pair.scopes),
            "jti": pair.jti,
        }
    )
    accept = (request.headers.get("Accept") or "").strip()
    content_type = accept if _ECHOED_ACCEPT.fullmatch(accept) else DEFAULT_CONTENT_TYPE
    return json_response(200, body, content_type=content_type)


def _unauthorized(description: str, reason: str) -> Refusal:
    return Refusal(AuthenticationFault(description=description), reason)


def _invalid(status: int, error: str, description: str, reason: str = "") -> Refusal:
    fault = TokenEndpointFault(status=status, error=error, description=description)
    return Refusal(fault, reason or f"{error}: {description.partition(':')[0]}")


def _java_date(moment: datetime) -> str:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    day, month = days[moment.weekday()], months[moment.month - 1]
    return f"{day} {month} {moment:%d %H:%M:%S} UTC {moment:%Y}"
