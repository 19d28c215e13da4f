"""API proxies, and the two that need no bundle: the stock `oauth` proxy and a protected API."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from pytest_apigee.edge.gateway.flow import ConditionalFlow, Flow, Policy, ProxyEndpoint, VerbAndSuffix
from pytest_apigee.edge.gateway.policies.assign_message import AssignMessage
from pytest_apigee.edge.gateway.policies.generate_access_token import GenerateAccessToken
from pytest_apigee.edge.gateway.policies.refresh_access_token import RefreshAccessToken
from pytest_apigee.edge.gateway.policies.verify_access_token import VerifyAccessToken
from pytest_apigee.edge.gateway.target import Target

OAUTH_PROXY = "oauth"
OAUTH_BASE_PATH = "/oauth/client_credential"
TOKEN_SUFFIX = "/accesstoken"  # noqa: S105 - a path
_REFRESH_SUFFIX = "/refresh_accesstoken"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiProxy:
    """A proxy: where it listens, what its flows do, and the target behind them, if any."""

    name: str
    base_path: str
    environments: tuple[str, ...]
    virtual_hosts: tuple[str, ...] = ("default", "secure")
    endpoint: ProxyEndpoint = field(default_factory=ProxyEndpoint)
    target: Target | None = None

    def serves(self, environment: str, virtual_host: str, path: str) -> bool:
        """Return whether a path on a virtual host of an environment is this proxy's."""
        base = self.base_path.rstrip("/")
        is_below = path == base or path.startswith(f"{base}/")
        return is_below and environment in self.environments and virtual_host in self.virtual_hosts

    def deployed_in(self, environment: str) -> "ApiProxy":
        """Return this proxy deployed in one environment more."""
        return replace(self, environments=tuple(dict.fromkeys((*self.environments, environment))))


def oauth_proxy(environment: str, *, virtual_hosts: tuple[str, ...]) -> ApiProxy:
    """Return the proxy that each organization comes with.

    Source: runtime.md 2.1 (the vendor's default-proxies/oauth).
    """
    generate = GenerateAccessToken(name="GenerateAccessTokenClient", expires_in=timedelta(milliseconds=3_600_000))
    refresh = RefreshAccessToken(name="RefreshAccessToken")
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


def protected_proxy(
    name: str, base_path: str, *, environment: str, target: Target, scopes: tuple[str, ...] = ()
) -> ApiProxy:
    """Return a proxy with the two policies that Edge attaches to a new one secured by OAuth."""
    pre_flow = Flow(
        name="PreFlow",
        request=(
            VerifyAccessToken(name="verify-oauth-v2-access-token", scopes=scopes),
            AssignMessage(name="remove-header-authorization", remove_headers=("Authorization",)),
        ),
    )
    endpoint = ProxyEndpoint(pre_flow=pre_flow)
    return ApiProxy(name=name, base_path=base_path, environments=(environment,), endpoint=endpoint, target=target)


def open_proxy(name: str, base_path: str, *, environment: str, target: Target) -> ApiProxy:
    """Return a proxy without any policy."""
    return ApiProxy(name=name, base_path=base_path, environments=(environment,), target=target)


def _post_flow(name: str, path_suffix: str, policy: Policy) -> ConditionalFlow:
    condition = VerbAndSuffix(verb="POST", path_suffix=path_suffix)
    return ConditionalFlow(condition=condition, flow=Flow(name=name, request=(policy,)))
