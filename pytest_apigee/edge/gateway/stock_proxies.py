"""The proxies that need no bundle: the stock `oauth` proxy, and what Edge's wizard makes of a backend.

Source: runtime.md 2.1 (the vendor's default-proxies/oauth); the security options of Edge's "Build a proxy" wizard.
"""

from dataclasses import dataclass
from datetime import timedelta

from pytest_apigee.edge.gateway.flow import Flow, ProxyEndpoint
from pytest_apigee.edge.gateway.message_edits import Remove
from pytest_apigee.edge.gateway.policies.assign_message import AssignMessage
from pytest_apigee.edge.gateway.policies.generate_access_token import CLIENT_CREDENTIALS, GenerateAccessToken
from pytest_apigee.edge.gateway.policies.refresh_access_token import RefreshAccessToken
from pytest_apigee.edge.gateway.policies.verify_access_token import VerifyAccessToken
from pytest_apigee.edge.gateway.policies.verify_api_key import DEFAULT_VARIABLE, VerifyAPIKey
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.gateway.proxy import ApiProxy

OAUTH_PROXY = "oauth"
OAUTH_BASE_PATH = "/oauth/client_credential"
TOKEN_SUFFIX = "/accesstoken"  # noqa: S105 - a path
_REFRESH_SUFFIX = "/refresh_accesstoken"
_GRANT_TYPE = "request.queryparam.grant_type"
_QUERY, _HEADER = "request.queryparam.", "request.header."
OAUTH, API_KEY, BOTH, OPEN = "oauth", "apikey", "both", "none"
SECURITIES = (OAUTH, API_KEY, BOTH, OPEN)


def oauth_proxy(environment: str, *, virtual_hosts: tuple[str, ...]) -> ApiProxy:
    """Return the proxy that each organization comes with."""
    generate = GenerateAccessToken(
        name="GenerateAccessTokenClient",
        expires_in=timedelta(milliseconds=3_600_000),
        supported_grant_types=(CLIENT_CREDENTIALS,),
        grant_type=_GRANT_TYPE,
        generate_response=True,
    )
    refresh = RefreshAccessToken(
        name="RefreshAccessToken",
        expires_in=timedelta(milliseconds=1_800_000),
        grant_type=_GRANT_TYPE,
        generate_response=True,
    )
    return ApiProxy(
        name=OAUTH_PROXY,
        base_path=OAUTH_BASE_PATH,
        environments=(environment,),
        virtual_hosts=virtual_hosts,
        endpoint=ProxyEndpoint(
            flows=(
                _post_flow("GenerateAccessTokenClientCredential", TOKEN_SUFFIX, generate),
                _post_flow("RefreshAccessToken", _REFRESH_SUFFIX, refresh),
            )
        ),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Security:
    """How a proxy is protected.

    Args:
        kind: `oauth`, `apikey`, `both` or `none`.
        scopes: Of which a token needs one.
        api_key: The variable that holds the API key.
    """

    kind: str = OAUTH
    scopes: tuple[str, ...] = ()
    api_key: str = DEFAULT_VARIABLE

    def endpoint(self) -> ProxyEndpoint:
        """Return the flows that Edge's wizard makes for it: credentials are checked, and removed before the target."""
        policies: list[Policy] = []
        if self.kind in (API_KEY, BOTH):
            policies += [
                VerifyAPIKey(name="verify-api-key", api_key=self.api_key),
                AssignMessage(name="remove-query-param-apikey", remove=_removal_of(self.api_key)),
            ]
        if self.kind in (OAUTH, BOTH):
            policies += [
                VerifyAccessToken(name="verify-oauth-v2-access-token", scopes=self.scopes),
                AssignMessage(name="remove-header-authorization", remove=Remove(headers=("Authorization",))),
            ]
        return ProxyEndpoint(pre_flow=Flow(name="PreFlow", request=policies))


def _removal_of(variable: str) -> Remove:
    if variable.startswith(_QUERY):
        return Remove(query_params=(variable.removeprefix(_QUERY),))
    return Remove(headers=(variable.removeprefix(_HEADER),))


def _post_flow(name: str, path_suffix: str, policy: Policy) -> Flow:
    condition = f'(request.verb = "POST") and (proxy.pathsuffix MatchesPath "{path_suffix}")'
    return Flow(name=name, condition=condition, request=(policy,))
