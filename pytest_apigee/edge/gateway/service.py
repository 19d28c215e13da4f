"""{org}-{env}.apigee.net: finds the proxy for a call, and hands the call to its flows.

Source: runtime.md sections 2.1 and 6.3.
"""

from pytest_apigee.edge.api_revisions import Revision
from pytest_apigee.edge.era import CURRENT
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.faults import AnswerFault, PolicyFault
from pytest_apigee.edge.gateway.pipeline import Pipeline, prefers_xml
from pytest_apigee.edge.gateway.proxy import ApiProxy, proxy_of_bundle
from pytest_apigee.edge.gateway.tracing import begin
from pytest_apigee.edge.hosts import GatewayAddress
from pytest_apigee.edge.journal import Notes
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.edge.state import WorldState

LONGEST_REQUEST_LINE = 7_168  # runtime.md 6.3
_VERSION = " HTTP/1.1"


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
        pipeline = Pipeline(context=context)
        return pipeline.run() if context.trace is None else context.trace.follow(pipeline.run)

    def routed(self, response: Response) -> Response:
        """Return a response as it leaves the router, which named itself in 2016."""
        server = self._state.guesses.server_header_2016
        if self._state.era is CURRENT or not server or "Server" in response.headers:
            return response
        return response.with_headers((*response.headers, ("Server", server)))

    def _routed(self, request: Request, address: GatewayAddress, notes: Notes) -> FlowContext:
        organization = self._state.require_organization(address.organization)
        notes.organization, notes.environment = organization.name, address.environment
        self._check_request_line(request)
        self._state.forget_old_tokens(organization)
        virtual_host = "secure" if request.scheme == "https" else "default"
        proxy = _proxy_for(organization, address.environment, virtual_host, request.path)
        if proxy is None:
            fault = PolicyFault(
                status=404,
                faultstring=f"Unable to identify proxy for host: {virtual_host} and url: {request.path}",
                errorcode="messaging.adaptors.http.flow.ApplicationNotFound",
            )
            why = _why_no_proxy(organization, address.environment, virtual_host, request.path)
            raise self._refusal(request, fault, why)
        notes.proxy = proxy.name
        context = FlowContext(
            state=self._state,
            organization=organization,
            environment=address.environment,
            virtual_host=virtual_host,
            proxy=proxy,
            path_suffix=request.path.removeprefix(proxy.base_path.rstrip("/")),
            request=request,
            notes=notes,
        )
        if not organization.debugging.is_idle:
            begin(context)
        return context

    def _check_request_line(self, request: Request) -> None:
        query = f"?{request.query_string}" if request.query_string else ""
        size = len(f"{request.method} {request.path}{query}{_VERSION}")
        if size > LONGEST_REQUEST_LINE:
            text = f"request line size exceeding {LONGEST_REQUEST_LINE:,}"
            fault = PolicyFault(status=414, faultstring=text, errorcode="protocol.http.TooBigLine")
            raise self._refusal(request, fault, f"the request line has {size:,} characters")

    def _refusal(self, request: Request, fault: PolicyFault, reason: str) -> Refusal:
        wants_xml = self._state.guesses.xml_faults and prefers_xml(request)
        return Refusal(AnswerFault(response=fault.render_xml() if wants_xml else fault.render()), reason)


def _proxy_for(organization: Organization, environment: str, virtual_host: str, path: str) -> ApiProxy | None:
    serving = [proxy for proxy in organization.proxies.values() if proxy.serves(environment, virtual_host, path)]
    proxy = max(serving, key=lambda proxy: len(proxy.base_path), default=None)
    imported = organization.apis.imported_at(environment, virtual_host, path)
    if imported is None or (proxy is not None and len(proxy.base_path) >= len(imported.listener.base_path)):
        return proxy
    return proxy_of_bundle(imported.revision, imported.bundle, imported.listener)


def _why_no_proxy(organization: Organization, environment: str, virtual_host: str, path: str) -> str:
    elsewhere = [
        f"{revision.api!r} is {_where(revision)}, on {' and '.join(listener.virtual_hosts)}"
        for api in organization.apis
        for revision in organization.apis.of(api)
        for listener in revision.listeners
        if any(listener.serves(host, path) for host in listener.virtual_hosts)
    ]
    if elsewhere:
        return f"no proxy serves this path in {environment}, on {virtual_host}; {'; '.join(elsewhere)}"
    bases = ", ".join(sorted(proxy.base_path for proxy in organization.proxies.values()))
    return f"no proxy has a base path that fits; declared: {bases}"


def _where(revision: Revision) -> str:
    environments = " and ".join(revision.environments)
    return f"deployed in {environments}" if environments else f"not deployed (revision {revision.name})"
