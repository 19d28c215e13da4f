"""Takes a call through the flows of its proxy, to its target and back; what fails goes through the fault rules.

State changes under the world's lock; targets run outside it, so that a target may call Edge again.
Source: Edge's documentation of flows and of fault handling; runtime.md 5.1 for which faults fault rules see.
"""

from dataclasses import dataclass

from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.faults import AnswerFault, NamedFault, PolicyFault
from pytest_apigee.edge.gateway.flow import FaultRule, ProxyEndpoint, Step, TargetEndpoint
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.gateway.target import Target, TargetFailure
from pytest_apigee.edge.gateway.target_faults import failure_fault
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.refusal import BareFault, NotModelled, Refusal
from pytest_apigee.errors import ConfigurationError

FIRST_ERROR_STATUS = 400
_PROXY_REQUEST, _PROXY_RESPONSE = "PROXY_REQ_FLOW", "PROXY_RESP_FLOW"
_TARGET_REQUEST, _TARGET_RESPONSE = "TARGET_REQ_FLOW", "TARGET_RESP_FLOW"
_HOP_BY_HOP = ("Connection", "Content-Length", "Host", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade")


@dataclass(kw_only=True, slots=True)
class Pipeline:
    """One call's way."""

    context: FlowContext

    def run(self) -> Response:
        """Return the answer.

        Raises:
            Refusal: The call failed; its fault is what fault rules made of it.
        """
        context = self.context
        try:
            with context.state.lock:
                self._request()
            if context.proxy.target is not None and not context.is_answered:
                self._call_target(context.proxy.target)
            with context.state.lock:
                return self._response()
        except Refusal as refusal:
            if isinstance(refusal.fault, NamedFault):
                with context.state.lock:
                    raise self._after_fault_rules(refusal, refusal.fault) from refusal
            raise

    def _request(self) -> None:
        proxy = self.context.proxy
        self._through(_PROXY_REQUEST, proxy.endpoint)
        if proxy.target is not None and not self.context.is_answered:
            self._through(_TARGET_REQUEST, proxy.target_endpoint)

    def _through(self, stage: str, endpoint: ProxyEndpoint | TargetEndpoint) -> None:
        self.context.stage = stage
        if self.context.trace is not None:
            self.context.trace.enter(stage)
        is_request = stage in (_PROXY_REQUEST, _TARGET_REQUEST)
        for flow in endpoint.chosen_flows(self.context):
            self._run(flow.name, flow.request_steps if is_request else flow.response_steps)
            if is_request and self.context.is_answered:
                break

    def _call_target(self, target: Target) -> None:
        context = self.context
        context.response = _answer_of(target, context)
        context.stage = _TARGET_RESPONSE
        if context.trace is not None:
            context.trace.receive()

    def _response(self) -> Response:
        context, proxy = self.context, self.context.proxy
        echo = None
        if context.response is None:
            echo = context.response = _echo(context)
        if context.stage == _TARGET_RESPONSE:
            if context.response.status >= FIRST_ERROR_STATUS:
                return self._of_failed_target(context.response)
            self._through(_TARGET_RESPONSE, proxy.target_endpoint)
        self._through(_PROXY_RESPONSE, proxy.endpoint)
        if context.response is echo:
            context.notes.reason = f"{_why_echo(context)}, and it has no target, so Edge echoes the request"
        return context.response

    def _of_failed_target(self, answer: Response) -> Response:
        """Let the fault rules see what a target refused: no response flow does, and the client gets it unchanged."""
        self._fail("ErrorResponseCode", answer, message=answer.text)
        try:
            return self._response_of_fault_rules(answer)
        except Refusal as second:
            reason = f"the target answered {answer.status}; then, in a fault rule, {second.reason}"
            fault = AnswerFault(response=_answer_to(self.context, second))
            raise Refusal(fault, reason, error=second.error) from second

    def _after_fault_rules(self, refusal: Refusal, fault: NamedFault) -> Refusal:
        answer = rendered(self.context, fault)
        self._fail(fault.name, answer, message=fault.faultstring if isinstance(fault, PolicyFault) else answer.text)
        try:
            response = self._response_of_fault_rules(answer)
        except Refusal as second:
            reason = f"{refusal.reason}; then, in a fault rule, {second.reason}"
            fault_of_rule = AnswerFault(response=_answer_to(self.context, second))
            return Refusal(fault_of_rule, reason, error=refusal.error or second.error)
        return Refusal(AnswerFault(response=response), refusal.reason, error=refusal.error)

    # GUESS: `error.message` of what a target answered, or RaiseFault said, is its body. That it is the faultstring of
    # other faults says "What you need to know about policy errors" of Edge's documentation.
    def _fail(self, name: str, answer: Response, *, message: str) -> None:
        context = self.context
        context.has_failed, context.response = True, answer
        context.fault_name, context.error_message = name or None, message
        if context.trace is not None:
            context.trace.fail(answer, message)

    # Where a call failed at the target endpoint, the fault rules of the proxy endpoint do not run, but its default one
    # does: community question 48596, and the Apigee forum's "Execution flow of steps in fault rule".
    # GUESS: unless it is always enforced, only where no fault rule of the target endpoint ran.
    def _response_of_fault_rules(self, answer: Response) -> Response:
        context, proxy = self.context, self.context.proxy
        endpoints: list[ProxyEndpoint | TargetEndpoint] = [proxy.endpoint]
        if context.stage in (_TARGET_REQUEST, _TARGET_RESPONSE):
            endpoints.insert(0, proxy.target_endpoint)
        has_run = self._run_rule(endpoints[0].fault_rule_for(context))
        for endpoint in endpoints:
            default = endpoint.default_fault_rule
            if default is not None and (default.always_enforce or not has_run) and default.runs(context):
                has_run = self._run_rule(default)
        return answer if context.response is None else context.response

    def _run_rule(self, rule: FaultRule | None) -> bool:
        if rule is not None:
            self._run(rule.name, rule.all_steps)
        return rule is not None

    def _run(self, flow_name: str, steps: tuple[Step, ...]) -> None:
        context = self.context
        context.flow_name = flow_name
        if context.trace is not None:
            context.trace.flow(flow_name)
        for step in steps:
            if step.runs(context):
                _execute(step, context)
                if context.is_answered and context.stage in (_PROXY_REQUEST, _TARGET_REQUEST):
                    break
            elif context.trace is not None:
                context.trace.step(step, has_run=False)


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


def _execute(step: Step, context: FlowContext) -> None:
    policy, request, response = step.policy, context.request, context.response
    try:
        _check_returned(policy.execute(context))  # type: ignore[func-returns-value]  # a tester's own may return
        _check_messages(context, had_response=response is not None)
    except Refusal as refusal:
        if not hasattr(refusal.fault, "render"):
            context.request, context.response = request, response
            msg = f"a Refusal takes a fault, as PolicyFault(...), and a reason, not {type(refusal.fault).__name__}"
            raise _broken(policy, context, ConfigurationError(msg)) from refusal
        _set_fault_variables(policy, context, refusal)
        if not policy.continue_on_error:
            raise
    except NotModelled:
        raise
    except Exception as error:  # whatever a tester's own policy raises, Edge itself goes on
        context.request, context.response = request, response
        raise _broken(policy, context, error) from error
    finally:
        if context.trace is not None:
            context.trace.step(step, has_run=True)


def _broken(policy: Policy, context: FlowContext, error: Exception) -> Refusal:
    fault = PolicyFault(status=500, faultstring=f"Execution of {policy.name} failed", errorcode="steps.ExecutionFailed")
    broken = Refusal(fault, f"the policy {policy.name!r} raised {shown(error)}", error=error)
    _set_fault_variables(policy, context, broken)
    return broken


def _check_returned(value: object) -> None:
    if value is not None:
        msg = f"execute returns nothing, and answers by context.answer(response); it returned a {type(value).__name__}"
        raise ConfigurationError(msg)


def _check_messages(context: FlowContext, *, had_response: bool) -> None:
    left: list[tuple[str, object, type[Request | Response]]] = [("request", context.request, Request)]
    if had_response or context.response is not None:
        left.append(("response", context.response, Response))
    for name, message, kind in left:
        if not isinstance(message, kind):
            msg = f"A policy may leave a {kind.__name__} as context.{name}, not {type(message).__name__}."
            raise ConfigurationError(msg)


def _set_fault_variables(policy: Policy, context: FlowContext, refusal: Refusal) -> None:
    if context.trace is not None:
        context.trace.policy_failed()
    fault = getattr(refusal.fault, "cause", None) or refusal.fault
    prefix = f"{policy.variable_prefix}.{policy.name}"
    context.variables.update({f"{prefix}.failed": True})
    if isinstance(fault, NamedFault):
        context.fault_name = fault.name or None
    if isinstance(fault, PolicyFault):
        name = fault.errorcode if fault.errorcode.startswith("keymanagement.") else fault.name
        context.variables.update({f"{prefix}.fault.name": name or None, f"{prefix}.fault.cause": fault.faultstring})


def _echo(context: FlowContext) -> Response:
    """Answer as a proxy without a target does: with the request itself (GUESS `unmatched_flow_echo`)."""
    if not context.state.guesses.unmatched_flow_echo:
        raise Refusal(BareFault(status=404), _why_echo(context))
    kept = context.request.headers.without(*_HOP_BY_HOP)
    headers = [(name, value) for name, value in kept if _is_fit(name, value)]
    return Response(status=200, headers=headers, body=context.request.body)


def _why_echo(context: FlowContext) -> str:
    return f"no policy of the proxy {context.proxy.name!r} answers {context.request.method} {context.request.path}"


def _answer_of(target: Target, context: FlowContext) -> Response:
    try:
        request = _target_request(context)
        if context.trace is not None:
            context.trace.send(request)
        answer = target.answer(request)
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
