"""Takes a call through the flows of its proxy, to its target and back; what fails goes through the fault rules.

State changes under the world's lock; targets run outside it, so that a target may call Edge again.
Source: Edge's documentation of flows and of fault handling; runtime.md 5.1 for which faults fault rules see.
"""

from dataclasses import dataclass, field

from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.faults import AnswerFault, NamedFault, PolicyFault
from pytest_apigee.edge.gateway.flow import Flow, ProxyEndpoint, Step, TargetEndpoint
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.gateway.target import Target, TargetFailure
from pytest_apigee.edge.gateway.target_faults import failure_fault
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.refusal import BareFault, NotModelled, Refusal

FIRST_ERROR_STATUS = 400
_PROXY_REQUEST, _PROXY_RESPONSE = "PROXY_REQ_FLOW", "PROXY_RESP_FLOW"
_TARGET_REQUEST, _TARGET_RESPONSE = "TARGET_REQ_FLOW", "TARGET_RESP_FLOW"
_HOP_BY_HOP = ("Connection", "Content-Length", "Host", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade")


@dataclass(kw_only=True, slots=True)
class Pipeline:
    """One call's way; keeps the flows that were chosen for its request, for those of its response."""

    context: FlowContext
    _proxy_flows: list[Flow] = field(default_factory=list)
    _target_flows: list[Flow] = field(default_factory=list)

    def run(self) -> Response:
        """Return the answer.

        Raises:
            Refusal: The call failed; its fault is what fault rules made of it.
        """
        context = self.context
        try:
            with context.state.lock:
                self._request()
            if context.proxy.target is not None:
                self._call_target(context.proxy.target)
            with context.state.lock:
                return self._response()
        except Refusal as refusal:
            if isinstance(refusal.fault, NamedFault):
                with context.state.lock:
                    raise self._after_fault_rules(refusal, refusal.fault) from refusal
            raise

    def _request(self) -> None:
        context = self.context
        self._through_request(_PROXY_REQUEST, context.proxy.endpoint, self._proxy_flows)
        if context.proxy.target is not None:
            self._through_request(_TARGET_REQUEST, context.proxy.target_endpoint, self._target_flows)

    def _through_request(self, stage: str, endpoint: ProxyEndpoint | TargetEndpoint, chosen: list[Flow]) -> None:
        self.context.stage = stage
        for flow in endpoint.chosen_flows(self.context):
            chosen.append(flow)
            self._run(flow.name, flow.request_steps)

    def _call_target(self, target: Target) -> None:
        context = self.context
        context.response = _answer_of(target, context)
        context.stage = _TARGET_RESPONSE

    def _response(self) -> Response:
        context = self.context
        if context.response is None:
            context.response = _echo(context)
        elif context.stage == _TARGET_RESPONSE and context.response.status >= FIRST_ERROR_STATUS:
            return self._of_failed_target(context.response)
        for flow in self._target_flows:
            self._run(flow.name, flow.response_steps)
        context.stage = _PROXY_RESPONSE
        for flow in self._proxy_flows:
            self._run(flow.name, flow.response_steps)
        return context.response

    def _of_failed_target(self, answer: Response) -> Response:
        """Let the fault rules see what a target refused: no response flow does, and the client gets it unchanged."""
        context = self.context
        context.fault_name = "ErrorResponseCode"
        self._apply_fault_rules()
        return answer if context.response is None else context.response

    def _after_fault_rules(self, refusal: Refusal, fault: NamedFault) -> Refusal:
        context = self.context
        context.fault_name = fault.name
        context.response = rendered(context, fault)
        try:
            self._apply_fault_rules()
        except Refusal as second:
            return Refusal(AnswerFault(response=_answer_to(context, second)), second.reason, error=second.error)
        return Refusal(AnswerFault(response=context.response), refusal.reason, error=refusal.error)

    def _apply_fault_rules(self) -> None:
        context = self.context
        is_target = context.stage in (_TARGET_REQUEST, _TARGET_RESPONSE)
        endpoint = context.proxy.target_endpoint if is_target else context.proxy.endpoint
        rule, default = endpoint.fault_rule_for(context), endpoint.default_fault_rule
        if rule is not None:
            self._run(rule.name, rule.all_steps)
        if default is not None and (rule is None or default.always_enforce) and default.runs(context):
            self._run(default.name, default.all_steps)

    def _run(self, flow_name: str, steps: tuple[Step, ...]) -> None:
        self.context.flow_name = flow_name
        for step in steps:
            if step.runs(self.context):
                _execute(step.policy, self.context)


def rendered(context: FlowContext, fault: NamedFault) -> Response:
    """Return what a fault looks like to the client: XML where it asks for it, else JSON (GUESS `xml_faults`)."""
    wants_xml = context.state.guesses.xml_faults and prefers_xml(context.request)
    return fault.render_xml() if wants_xml and isinstance(fault, PolicyFault) else fault.render()


def prefers_xml(request: Request) -> bool:
    """Return whether the first type that a client accepts is XML."""
    accepted = (request.headers.get("Accept") or "").partition(",")[0].partition(";")[0]
    return accepted.strip().lower() == "application/xml"


def _answer_to(context: FlowContext, refusal: Refusal) -> Response:
    if isinstance(refusal.fault, NamedFault):
        return rendered(context, refusal.fault)
    return refusal.fault.render()


def _execute(policy: Policy, context: FlowContext) -> None:
    try:
        policy.execute(context)
    except Refusal as refusal:
        _set_fault_variables(policy, context, refusal)
        if not policy.continue_on_error:
            raise
    except NotModelled:
        raise
    except Exception as error:  # whatever a tester's own policy raises, Edge itself goes on
        fault = PolicyFault(
            status=500, faultstring=f"Execution of {policy.name} failed", errorcode="steps.ExecutionFailed"
        )
        raise Refusal(fault, f"the policy {policy.name!r} raised {shown(error)}", error=error) from error


def _set_fault_variables(policy: Policy, context: FlowContext, refusal: Refusal) -> None:
    fault = getattr(refusal.fault, "cause", None) or refusal.fault
    prefix = f"{policy.variable_prefix}.{policy.name}"
    context.variables.update({f"{prefix}.failed": True})
    if isinstance(fault, PolicyFault):
        name = fault.errorcode if fault.errorcode.startswith("keymanagement.") else fault.name
        context.variables.update({f"{prefix}.fault.name": name, f"{prefix}.fault.cause": fault.faultstring})
        context.variables.update({"fault.name": fault.name})


def _echo(context: FlowContext) -> Response:
    """Answer as a proxy without a target does: with the request itself (GUESS `unmatched_flow_echo`)."""
    why = f"no flow of the proxy {context.proxy.name!r} is for {context.request.method} {context.request.path}"
    if not context.state.guesses.unmatched_flow_echo:
        raise Refusal(BareFault(status=404), why)
    context.notes.reason = f"{why}, and it has no target, so Edge echoes the request"
    kept = context.request.headers.without(*_HOP_BY_HOP)
    headers = [(name, value) for name, value in kept if _is_fit(name, value)]
    return Response(status=200, headers=headers, body=context.request.body)


def _answer_of(target: Target, context: FlowContext) -> Response:
    try:
        answer = target.answer(_target_request(context))
    except Exception as error:  # whatever a tester's function raises, Edge itself goes on
        fault = failure_fault(TargetFailure.UNAVAILABLE, context.state)
        reason = f"the target of proxy {context.proxy.name!r} raised {shown(error)}"
        raise Refusal(fault, reason, error=error) from error
    if isinstance(answer, TargetFailure):
        reason = f"the target of proxy {context.proxy.name!r} failed, as declared: {answer}"
        raise Refusal(failure_fault(answer, context.state), reason)
    return answer


def _target_request(context: FlowContext) -> Request:
    query = f"?{context.request.query_string}" if context.request.query_string else ""
    return context.request.with_url(f"https://{context.proxy.name}.target.invalid{context.path_suffix or '/'}{query}")


def shown(error: Exception) -> str:
    """Return an exception in one line for people."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - an error that cannot even tell what it is
        return f"{type(error).__name__}: (it cannot be shown)"


def _is_fit(name: str, value: str) -> bool:
    return name.isascii() and value.isascii() and value.isprintable() and name.replace("-", "").isalnum()
