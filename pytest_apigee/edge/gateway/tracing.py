"""What a call writes into debug sessions on its way through a proxy.

Source: debug-sessions.yaml for the first points, for the order of `To` and `From` and for the form of a time. Clients
of Edge's own trace that are public code, for the rest: the states, and that each comes with the message as it is then;
`current.flow.name` in a FlowInfo; that an Execution has a message and variables, and names its policy, its condition
(`expression`, `expressionResult`: false for a step that did not run) and its `enforcement`; `Expression`,
`ExpressionResult` and `Tree` of a Condition.

GUESS: the point `Error` and what is in it, the state `ERROR`, `result` and `action` of a policy that failed, when
`Paused` and `Resumed` come around a target, and which other properties a point has.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from pytest_apigee.edge.api_revisions import FIRST
from pytest_apigee.edge.debugging import (
    Access,
    AccessKind,
    MessageKind,
    MessageSnapshot,
    Point,
    Recording,
    Traced,
    shortened,
)
from pytest_apigee.edge.gateway.policies.oauth_v2 import OAuthOperation
from pytest_apigee.edge.gateway.policies.verify_access_token import VerifyAccessToken
from pytest_apigee.edge.gateway.variables import FlowVariables, Value, written
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.refusal import Refusal

if TYPE_CHECKING:
    from pytest_apigee.edge.gateway.context import FlowContext
    from pytest_apigee.edge.gateway.flow import Step

_REVISION = str(FIRST)  # of what a tester declared; bundles that are imported do not run yet
Properties = tuple[tuple[str, str], ...]
_FIRST_STATES = ("REQ_START", "REQ_HEADERS_PARSED")
_LAST_STATES = ("RESP_SENT", "END", "PROXY_POST_RESP_SENT")
# Source: Apigee community article 81445: trace masks the values of such variables, whatever is configured.
_PRIVATE, _MASK = "private.", "*****"
_REQUEST_STAGES = ("PROXY_REQ_FLOW", "TARGET_REQ_FLOW")


class Trace:
    """Writes down what happens to one call.

    Args:
        context: The call.
        recording: Where it is written down.
    """

    def __init__(self, context: "FlowContext", recording: Recording) -> None:
        self._context = context
        self._recording = recording
        self._accesses: list[Access] = []
        self._state, arrived = _FIRST_STATES
        self._has_failed = False
        self._pause()
        self._change(arrived, _request_snapshot(context.request, shows_content=False))
        for properties in _descriptions(context):
            self._add("FlowInfo", properties)

    def accessed(self, kind: AccessKind, name: str, value: Value) -> None:
        """Keep an access to a flow variable for the point that is written next."""
        text = None if value is None else _shown(value)
        if text is not None and name.startswith(_PRIVATE):
            text = _MASK
        self._accesses.append(Access(kind=kind, name=name, value=text))

    def enter(self, stage: str) -> None:
        """Write down that the call comes to another part of its way."""
        self._change(stage, self._message())

    def flow(self, name: str) -> None:
        """Write down which flow runs."""
        self._add("FlowInfo", (("current.flow.name", name),))

    def condition(self, text: str, *, tree: str, verdict: bool) -> None:
        """Write down what a condition of a flow, or of a fault rule, came to."""
        self._add("Condition", (("Expression", text), ("ExpressionResult", written(verdict)), ("Tree", tree)))

    def policy_failed(self) -> None:
        """Keep in mind that the policy that runs has failed."""
        self._has_failed = True

    def step(self, step: "Step", *, has_run: bool) -> None:
        """Write down a step: that its policy ran, failed, or was passed over."""
        properties = _step_properties(step, self._context.stage, has_run=has_run, has_failed=self._has_failed)
        self._has_failed = False
        self._add("Execution", properties, self._message())

    def send(self, request: Request) -> None:
        """Write down the request as the target gets it."""
        self._change("REQ_SENT", _request_snapshot(request))
        self._pause()

    def receive(self) -> None:
        """Write down that the target answered."""
        self._change("RESP_START", self._message())

    def fail(self, answer: Response, message: str) -> None:
        """Write down that the call failed, and with which error message."""
        snapshot = _response_snapshot(answer, MessageKind.ERROR)
        error = (
            ("error", shortened(message)),
            ("type", "ErrorPoint"),
            ("state", self._context.stage),
            ("Identifier", "fault"),
        )
        self._add("Error", error, snapshot)
        self._change("ERROR", snapshot)

    def follow(self, run: Callable[[], Response]) -> Response:
        """Let the call run, and write down how it ends.

        Raises:
            Refusal: As the call does.
        """
        try:
            response = run()
        except Refusal as refusal:
            answer = refusal.fault.render()
            if not self._context.has_failed:
                self.fail(answer, answer.text)
            self._finish(answer, MessageKind.ERROR)
            raise
        else:
            self._finish(response, self._kind_of_answer)
            return response
        finally:
            self._recording.complete()

    def _finish(self, response: Response, kind: MessageKind) -> None:
        for state in _LAST_STATES:
            self._change(state, _response_snapshot(response, kind))

    def _change(self, state: str, message: MessageSnapshot | None) -> None:
        self._add("StateChange", (("To", state), ("From", self._state)), message)
        self._state = state

    def _pause(self) -> None:
        for point in ("Paused", "Resumed"):
            self._recording.add(Point(id=point, at_ms=self._now_ms))

    def _add(self, point: str, properties: Properties, message: MessageSnapshot | None = None) -> None:
        accesses, self._accesses = tuple(self._accesses), []
        self._recording.add(
            Point(id=point, at_ms=self._now_ms, properties=properties, message=message, accesses=accesses)
        )

    @property
    def _now_ms(self) -> int:
        return self._context.state.clock.now_ms

    def _message(self) -> MessageSnapshot | None:
        """Return the message as it is now; None where a policy of a tester's own left something that is none."""
        message: object = self._context.message
        match message:
            case Request() as request:
                return _request_snapshot(request)
            case Response() as response:
                return _response_snapshot(response, self._kind_of_answer)
            case _:
                return None

    @property
    def _kind_of_answer(self) -> MessageKind:
        return MessageKind.ERROR if self._context.has_failed else MessageKind.RESPONSE


class TracedVariables(FlowVariables):
    """Flow variables that tell a trace who reads and sets them.

    Args:
        context: The call.
        trace: Who is told.
    """

    __slots__ = ("_trace",)

    def __init__(self, context: "FlowContext", trace: Trace) -> None:
        super().__init__(context)
        self._trace = trace

    def get(self, name: str) -> Value:
        """Return the value of a variable, or None where there is none."""
        value = super().get(name)
        self._trace.accessed(AccessKind.GET, name, value)
        return value

    def set(self, name: str, value: Value) -> None:
        """Set a variable; None removes it."""
        super().set(name, value)
        self._trace.accessed(AccessKind.REMOVE if value is None else AccessKind.SET, name, value)

    def update(self, values: Mapping[str, Value]) -> None:
        """Set several variables; those without a value stay as they are."""
        super().update(values)
        for name, value in values.items():
            if value is not None:
                self._trace.accessed(AccessKind.SET, name, value)

    def update_when_read(self, values: Callable[[], Mapping[str, Value]]) -> None:
        """Set several variables at once: the point of the policy that sets them shows them."""
        self.update(values())


def begin(context: "FlowContext") -> None:
    """Have a call written down, if a debug session captures it."""
    recording = context.organization.debugging.record(
        Traced(environment=context.environment, api=context.proxy.name, revision=_REVISION),
        context.request,
        now_ms=context.state.clock.now_ms,
        new_id=context.state.identifiers.uuid,
    )
    if recording is not None:
        context.trace = Trace(context, recording)
        context.variables = TracedVariables(context, context.trace)


def _descriptions(context: "FlowContext") -> tuple[Properties, ...]:
    organization, environment, proxy = context.organization.name, context.environment, context.proxy
    return (
        (
            ("environment.name", environment),
            ("environment.qualifiedname", f"{organization}__{environment}"),
            ("environment.orgname", organization),
        ),
        (("organization.name", organization),),
        (("apiproxy.name", proxy.name), ("apiproxy.revision", _REVISION), ("apiproxy.basepath", proxy.base_path)),
        (
            ("proxy.name", "default"),
            ("proxy.basepath", proxy.base_path),
            ("proxy.pathsuffix", context.path_suffix),
            ("proxy.url", shortened(context.request.url)),
        ),
    )


def _step_properties(step: "Step", stage: str, *, has_run: bool, has_failed: bool) -> Properties:
    policy = step.policy
    kind = "OAuthV2" if isinstance(policy, OAuthOperation | VerifyAccessToken) else policy.kind
    is_conditional = policy.enabled and step.parsed is not None
    verdict = (("expression", step.condition), ("expressionResult", written(has_run))) if is_conditional else ()
    return (
        ("stepDefinition-displayName", policy.name),
        ("internal", "false"),
        ("stepDefinition-type", kind.lower()),
        ("enforcement", "request" if stage in _REQUEST_STAGES else "response"),
        ("type", f"{kind}Execution"),
        ("result", written(has_run and not has_failed)),
        ("stepDefinition-enabled", written(policy.enabled)),
        ("stepDefinition-name", policy.name),
        *verdict,
        ("action", "ABORT" if has_failed and not policy.continue_on_error else "CONTINUE"),
        ("stepDefinition-continueOnError", written(policy.continue_on_error)),
        ("stepDefinition-async", "false"),
    )


def _shown(value: str | int | bool) -> str:  # noqa: FBT001 - any value of a variable
    is_number = type(value) is int  # of which str() may raise, if it is long
    return shortened(f"{Decimal(value):f}" if is_number else written(value))


def _request_snapshot(request: Request, *, shows_content: bool = True) -> MessageSnapshot:
    query = f"?{request.query_string}" if request.query_string else ""
    return MessageSnapshot(
        kind=MessageKind.REQUEST,
        headers=tuple(request.headers),
        content=shortened(request.text) if shows_content else "",
        verb=request.method,
        uri=f"{request.path}{query}",
    )


def _response_snapshot(response: Response, kind: MessageKind) -> MessageSnapshot:
    return MessageSnapshot(
        kind=kind,
        headers=tuple(response.headers),
        content=shortened(response.text),
        status=str(response.status),
        reason=response.reason,
    )
