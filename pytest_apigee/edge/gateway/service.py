"""{org}-{env}.apigee.net: routes a call to a proxy, runs its flows, and calls its target.

State changes under the world's lock; targets run outside it, so that a target may call Edge again.
Source: runtime.md sections 2.1 and 6.3.
"""

from pytest_apigee.edge.era import CURRENT
from pytest_apigee.edge.gateway.faults import PolicyFault
from pytest_apigee.edge.gateway.flow import Flow, FlowContext
from pytest_apigee.edge.gateway.proxy import ApiProxy
from pytest_apigee.edge.gateway.target import Target
from pytest_apigee.edge.hosts import GatewayAddress
from pytest_apigee.edge.journal import Notes
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.refusal import BareFault, Refusal
from pytest_apigee.edge.state import WorldState

_HOP_BY_HOP = ("Connection", "Content-Length", "Host", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade")


class GatewayService:
    """Answers what is sent to the gateway of any environment."""

    def __init__(self, state: WorldState) -> None:
        self._state = state

    def answer(self, request: Request, address: GatewayAddress, notes: Notes) -> Response:
        """Answer one call.

        Raises:
            Refusal: A policy, or the router, refuses it.
        """
        with self._state.lock:
            context = self._routed(request, address, notes)
            flows = []
            for flow in context.proxy.endpoint.chosen_flows(context):
                flows.append(flow)
                for policy in flow.request:
                    policy.execute(context)
        if context.proxy.target is not None:
            context.response = _answer_of(context.proxy.target, context)
        with self._state.lock:
            return self._finished(context, flows)

    def routed(self, response: Response) -> Response:
        """Return a response as it leaves the router, which named itself in 2016."""
        server = self._state.guesses.server_header_2016
        if self._state.era is CURRENT or not server or "Server" in response.headers:
            return response
        headers = (*response.headers, ("Server", server))
        return Response(status=response.status, headers=headers, body=response.body)

    def _routed(self, request: Request, address: GatewayAddress, notes: Notes) -> FlowContext:
        organization = self._state.require_organization(address.organization)
        notes.organization, notes.environment = organization.name, address.environment
        self._state.forget_old_tokens(organization)
        virtual_host = "secure" if request.scheme == "https" else "default"
        proxy = _proxy_for(organization, address.environment, virtual_host, request.path)
        if proxy is None:
            raise Refusal(
                PolicyFault(
                    status=404,
                    faultstring=f"Unable to identify proxy for host: {virtual_host} and url: {request.path}",
                    errorcode="messaging.adaptors.http.flow.ApplicationNotFound",
                ),
                _why_no_proxy(organization, address.environment, virtual_host, request.path),
            )
        notes.proxy = proxy.name
        return FlowContext(
            state=self._state,
            organization=organization,
            environment=address.environment,
            proxy=proxy,
            request=request,
            notes=notes,
        )

    def _finished(self, context: FlowContext, flows: list[Flow]) -> Response:
        if context.response is None:
            context.response = self._echo(context)
        for flow in flows:
            for policy in flow.response:
                policy.execute(context)
        return context.response

    def _echo(self, context: FlowContext) -> Response:
        """Answer as a proxy without a target does: with the request itself (GUESS `unmatched_flow_echo`)."""
        why = f"no flow of the proxy {context.proxy.name!r} is for {context.request.method} {context.request.path}"
        if not self._state.guesses.unmatched_flow_echo:
            raise Refusal(BareFault(status=404), why)
        context.notes.reason = f"{why}, and it has no target, so Edge echoes the request"
        kept = context.request.headers.without(*_HOP_BY_HOP)
        headers = [(name, value) for name, value in kept if _is_fit(name, value)]
        return Response(status=200, headers=headers, body=context.request.body)


def _answer_of(target: Target, context: FlowContext) -> Response:
    try:
        return target.answer(_target_request(context))
    except Exception as error:  # whatever a tester's function raises, Edge itself goes on
        fault = PolicyFault(
            status=503,
            faultstring="The Service is temporarily unavailable",
            errorcode="messaging.adaptors.http.flow.ServiceUnavailable",
        )
        reason = f"the target of proxy {context.proxy.name!r} raised {type(error).__name__}: {_text_of(error)}"
        raise Refusal(fault, reason, error=error) from error


def _text_of(error: Exception) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - an error that cannot even tell what it is
        return "(it cannot be shown)"


def _is_fit(name: str, value: str) -> bool:
    return name.isascii() and value.isascii() and value.isprintable() and name.replace("-", "").isalnum()


def _proxy_for(organization: Organization, environment: str, virtual_host: str, path: str) -> ApiProxy | None:
    serving = [proxy for proxy in organization.proxies.values() if proxy.serves(environment, virtual_host, path)]
    return max(serving, key=lambda proxy: len(proxy.base_path), default=None)


def _why_no_proxy(organization: Organization, environment: str, virtual_host: str, path: str) -> str:
    elsewhere = [
        f"{proxy.name!r} is deployed in {' and '.join(proxy.environments)}, on {' and '.join(proxy.virtual_hosts)}"
        for proxy in organization.proxies.values()
        if any(proxy.serves(known, host, path) for known in proxy.environments for host in proxy.virtual_hosts)
    ]
    if elsewhere:
        return f"no proxy serves this path in {environment}, on {virtual_host}; {'; '.join(elsewhere)}"
    bases = ", ".join(sorted(proxy.base_path for proxy in organization.proxies.values()))
    return f"no proxy has a base path that fits; declared: {bases}"


def _target_request(context: FlowContext) -> Request:
    query = f"?{context.request.query_string}" if context.request.query_string else ""
    return context.request.with_url(f"https://{context.proxy.name}.target.invalid{context.path_suffix or '/'}{query}")
