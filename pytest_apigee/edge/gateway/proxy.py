"""API proxies as values."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from pytest_apigee.edge.api_revisions import Revision
from pytest_apigee.edge.bundle import VIRTUAL_HOSTS, Bundle, Listener, describing_bundle
from pytest_apigee.edge.gateway.flow import ProxyEndpoint, TargetEndpoint
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.gateway.target import Target
from pytest_apigee.edge.refusal import NotModelled
from pytest_apigee.edge.safe_xml import xml_attribute
from pytest_apigee.errors import listed

__all__ = ["VIRTUAL_HOSTS", "ApiProxy", "proxy_of_bundle"]

_UNFIT_FOR_TAG = re.compile(r"[^A-Za-z0-9_]|^(?=[^A-Za-z_])")
_OPERATIONS = (
    "GenerateAccessToken",
    "GenerateAccessTokenImplicitGrant",
    "GenerateAuthorizationCode",
    "InvalidateToken",
    "RefreshAccessToken",
    "ValidateToken",
    "VerifyAccessToken",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiProxy:
    """A proxy: where it listens, what its flows do, and the target behind them, if any."""

    name: str
    base_path: str
    environments: tuple[str, ...]
    virtual_hosts: tuple[str, ...] = VIRTUAL_HOSTS
    endpoint: ProxyEndpoint = field(default_factory=ProxyEndpoint)
    target_endpoint: TargetEndpoint = field(default_factory=TargetEndpoint)
    target: Target | None = None

    def serves(self, environment: str, virtual_host: str, path: str) -> bool:
        """Return whether a path on a virtual host of an environment is this proxy's."""
        base = self.base_path.rstrip("/")
        is_below = path == base or path.startswith(f"{base}/")
        return is_below and environment in self.environments and virtual_host in self.virtual_hosts

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Where it listens."""
        return (Listener(base_path=self.base_path, virtual_hosts=self.virtual_hosts),)

    def described(self) -> bytes:
        """Return the archive of a bundle that says where it listens, and names its policies; it has no flows."""
        return describing_bundle(
            self.name,
            self.listeners[0],
            policies={_file_name(policy.name): _policy_xml(policy) for policy in self._policies()},
            target_url="" if self.target is None else f"https://{self.name}.target.invalid",
            file_name=_file_name(self.name),
        )

    def _policies(self) -> Iterator[Policy]:
        endpoints: tuple[ProxyEndpoint | TargetEndpoint, ...] = (self.endpoint, self.target_endpoint)
        for endpoint in endpoints:
            for flow in (endpoint.pre_flow, *endpoint.flows, endpoint.post_flow):
                yield from (step.policy for step in (*flow.request_steps, *flow.response_steps))
            last = () if endpoint.default_fault_rule is None else (endpoint.default_fault_rule,)
            for rule in (*endpoint.fault_rules, *last):
                yield from (step.policy for step in rule.all_steps)


def proxy_of_bundle(revision: Revision, bundle: Bundle, listener: Listener) -> ApiProxy:
    """Return the API proxy that a proxy endpoint of a deployed bundle is: the one place where a bundle comes to run.

    Args:
        revision: What is deployed.
        bundle: Its content.
        listener: The endpoint that a call came to.

    Raises:
        NotModelled: Always: this version keeps bundles and does not run them.
    """
    msg = (
        f"calls of the imported API proxy {revision.api!r}, revision {revision.name}, at {listener.base_path}: bundles "
        f"are kept and described, and not run yet (this one has the policies: {listed(bundle.policies)}). Answer its "
        "calls with stubs on apigee.responses, or undeploy it and declare what it does with "
        f"apigee.proxy({listener.base_path!r}, name={f'{revision.api}-fake'!r}, ...)"
    )
    raise NotModelled(msg)


def _file_name(name: str) -> str:
    return quote(name, safe=" ", errors="replace")


def _policy_xml(policy: Policy) -> str:
    attributes = f'name={xml_attribute(policy.name)} enabled="{"true" if policy.enabled else "false"}"'
    if policy.kind in _OPERATIONS:
        return f"<OAuthV2 {attributes}><Operation>{policy.kind}</Operation></OAuthV2>"
    return f"<{_UNFIT_FOR_TAG.sub('_', policy.kind)} {attributes}/>"
