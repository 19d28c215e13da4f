"""A proxy that gives every kind of grant: consent, codes, tokens, refresh, revocation.

Edge preinstalls no such proxy; organizations write theirs after the vendor's samples, which this one follows where they
agree (runtime.md section 7: base path `/oauth2`, `/token`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from pytest_apigee.edge.gateway.flow import Flow, ProxyEndpoint, Step
from pytest_apigee.edge.gateway.policies.authorization import (
    GenerateAccessTokenImplicitGrant,
    GenerateAuthorizationCode,
)
from pytest_apigee.edge.gateway.policies.consent import (
    END_USER,
    AnswerNothing,
    CheckConsent,
    CheckPassword,
    ShowConsentPage,
)
from pytest_apigee.edge.gateway.policies.generate_access_token import GenerateAccessToken
from pytest_apigee.edge.gateway.policies.refresh_access_token import RefreshAccessToken
from pytest_apigee.edge.gateway.policies.revocation import CheckOwner
from pytest_apigee.edge.gateway.policies.token_status import InvalidateToken, TokenReference
from pytest_apigee.edge.gateway.policy import Policy

AUTHORIZE, TOKEN, REVOKE = "/authorize", "/token", "/revoke"
CONSENTS = ("page", "given")
ALL_GRANTS = ("authorization_code", "client_credentials", "implicit", "password", "refresh_token")
USUAL_GRANTS = ("authorization_code", "client_credentials", "implicit", "refresh_token")
_AT_TOKEN_ENDPOINT = ("authorization_code", "client_credentials", "password")
_GRANT_TYPE = "request.formparam.grant_type"


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantSettings:
    """What an authorization proxy gives.

    Args:
        grant_types: Which grants, `refresh_token` among them.
        users: Passwords by user name, for the page and for the password grant.
        consent: `page` where a user is asked, `given` where every request counts as allowed.
        expires_in: How long an access token is good.
        refresh_token_expires_in: How long a refresh token is, None for ever.
        reuse_refresh_token: Whether a refresh token stays good when it was exchanged.
        rfc_compliant: Whether answers have `Bearer` and a number for `expires_in`.
    """

    grant_types: tuple[str, ...] = USUAL_GRANTS
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    consent: str = "page"
    expires_in: timedelta = timedelta(hours=1)
    refresh_token_expires_in: timedelta | None = None
    reuse_refresh_token: bool = False
    rfc_compliant: bool = False

    def endpoint(self) -> ProxyEndpoint:
        """Return the flows of the proxy."""
        flows = [*self._authorize_flows(), *self._token_flows(), _revoke_flow()]
        return ProxyEndpoint(flows=tuple(flows))

    def _authorize_flows(self) -> list[Flow]:
        if not {"authorization_code", "implicit"}.intersection(self.grant_types):
            return []
        if self.consent == "given":
            return [_flow("authorize", "GET", AUTHORIZE, *self._issuing("request.queryparam."))]
        has_users = bool(self.users)
        decision = CheckConsent(name="check-consent", users=self.users)
        return [
            _flow("ask", "GET", AUTHORIZE, ShowConsentPage(name="show-consent-page", asks_for_login=has_users)),
            _flow("authorize", "POST", AUTHORIZE, decision, *self._issuing("request.formparam.")),
        ]

    def _issuing(self, place: str) -> list[Step]:
        """Return what answers an authorization request; a response type that is not supported is left to the code."""
        is_token = f'{place}response_type = "token"'
        code = GenerateAuthorizationCode(
            name="generate-code",
            generate_response=True,
            app_end_user=END_USER,
            response_type=f"{place}response_type",
            client_id=f"{place}client_id",
            redirect_uri=f"{place}redirect_uri",
            scope=f"{place}scope",
            state=f"{place}state",
        )
        token = GenerateAccessTokenImplicitGrant(
            name="generate-implicit-token",
            generate_response=True,
            app_end_user=END_USER,
            expires_in=self.expires_in,
            response_type=code.response_type,
            client_id=code.client_id,
            redirect_uri=code.redirect_uri,
            scope=code.scope,
            state=code.state,
        )
        if "implicit" not in self.grant_types:
            return [Step(policy=code)]
        if "authorization_code" not in self.grant_types:
            return [Step(policy=token)]
        return [Step(policy=token, condition=is_token), Step(policy=code, condition=f"not ({is_token})")]

    def _token_flows(self) -> list[Flow]:
        generate = GenerateAccessToken(
            name="generate-token",
            generate_response=True,
            supported_grant_types=tuple(name for name in self.grant_types if name in _AT_TOKEN_ENDPOINT),
            app_end_user=END_USER,
            expires_in=self.expires_in,
            refresh_token_expires_in=self.refresh_token_expires_in,
            rfc_compliant_request_response=self.rfc_compliant,
        )
        check = Step(policy=CheckPassword(name="check-password", users=self.users), condition=_asks_for("password"))
        flows = [_flow("token", "POST", TOKEN, *([check] if "password" in self.grant_types else []), generate)]
        if "refresh_token" in self.grant_types:
            refresh = RefreshAccessToken(
                name="refresh-token",
                generate_response=True,
                expires_in=self.expires_in,
                refresh_token_expires_in=self.refresh_token_expires_in,
                reuse_refresh_token=self.reuse_refresh_token,
                rfc_compliant_request_response=self.rfc_compliant,
            )
            flows.insert(0, _flow("refresh", "POST", TOKEN, refresh, condition=_asks_for("refresh_token")))
        return flows


def _revoke_flow() -> Flow:
    reference = TokenReference(variable="request.formparam.token", cascade=True)
    invalidate = InvalidateToken(name="invalidate-token", tokens=(reference,), generate_error_response=True)
    owner = CheckOwner(name="check-owner", generate_response=True)
    return _flow("revoke", "POST", REVOKE, owner, invalidate, AnswerNothing(name="answer-nothing"))


def _asks_for(grant_type: str) -> str:
    return f'{_GRANT_TYPE} = "{grant_type}"'


def _flow(name: str, verb: str, path: str, *steps: Policy | Step, condition: str = "") -> Flow:
    place = f'(request.verb = "{verb}") and (proxy.pathsuffix MatchesPath "{path}")'
    return Flow(name=name, condition=f"{place} and ({condition})" if condition else place, request=steps)
