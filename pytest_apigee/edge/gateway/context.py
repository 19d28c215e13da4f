"""One call on its way through a proxy."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_apigee.edge.gateway.variables import FlowVariables
from pytest_apigee.edge.journal import Notes
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.state import WorldState

if TYPE_CHECKING:
    from pytest_apigee.edge.gateway.proxy import ApiProxy
    from pytest_apigee.edge.gateway.tracing import Trace


@dataclass(kw_only=True, slots=True)
class FlowContext:
    """One call on its way through a proxy; policies read and change it.

    Args:
        state: The tables, the clock and the chance of the world.
        organization: Where the proxy belongs.
        environment: Where it was called.
        virtual_host: The virtual host on which it was called: `default` for http, `secure` for https.
        proxy: The proxy.
        path_suffix: What follows the proxy's base path in the path that was called.
        request: The request as it is now.
        notes: What the journal is told.
        response: The response as it is now; None until there is one.
        messages: Messages that policies made, by the name of their variable.
        variables: The flow variables.
        stage: Where the call is, as the variable `error.state` names it.
        flow_name: The flow that runs.
        is_answered: Whether a policy answered the request, so that it goes no further.
        has_failed: Whether the call failed, so that fault rules decide what its answer is.
        fault_name: The variable `fault.name`: the last fault, also one that a policy's `continue_on_error` let pass.
        error_message: The variable `error.message`, where the call failed.
        trace: Where the call is written down while a debug session captures it.
    """

    state: WorldState
    organization: Organization
    environment: str
    virtual_host: str
    proxy: "ApiProxy"
    path_suffix: str
    request: Request
    notes: Notes
    response: Response | None = None
    messages: dict[str, Request | Response] = field(default_factory=dict)
    variables: FlowVariables = field(init=False)
    stage: str = "PROXY_REQ_FLOW"
    flow_name: str = ""
    is_answered: bool = False
    has_failed: bool = False
    fault_name: str | None = None
    error_message: str | None = None
    trace: "Trace | None" = None

    def __post_init__(self) -> None:
        """Let the variables speak of this call."""
        self.variables = FlowVariables(self)

    def answer(self, response: Response) -> None:
        """Answer the request: it goes no further, neither through the request's flows nor to a target.

        Flows of the response still run, as sample proxies of Edge count on; its documentation says that a generated
        response ends the processing (GUESS).
        """
        self.response, self.is_answered = response, True

    @property
    def message(self) -> Request | Response:
        """The request in flows of the request, after that the response or the error."""
        is_request = self.stage in ("PROXY_REQ_FLOW", "TARGET_REQ_FLOW") and not self.has_failed
        return self.request if is_request or self.response is None else self.response
