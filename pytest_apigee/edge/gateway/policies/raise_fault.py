"""RaiseFault: ends a call with a fault of one's own.

Source: "RaiseFault policy" and "Handling faults" of Edge's documentation; runtime.md 5.1 and 6.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, cast

from pytest_apigee.edge import checks
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.faults import PolicyFault, RaisedFault
from pytest_apigee.edge.gateway.message_edits import (
    ORDER,
    Add,
    AssignVariable,
    Copy,
    Remove,
    Set,
    apply_edits,
    keep_edits,
)
from pytest_apigee.edge.gateway.pipeline import rendered
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.gateway.templates import DraftFaults, LooseDraft
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.refusal import Refusal

_FAILED = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultResponse:
    """What a RaiseFault answers: edits of a response with status 500 and nothing else. `message` in templates is it.

    Args:
        set: What to set.
        add: What to add.
        remove: What to remove.
        copy: What to copy from another message.
        assign_variables: Variables to assign, in this order.
        order: The order of these elements in the policy, in which they act; those that are not named come last. By
            default `assign_variables`, `copy`, `remove`, `add`, `set`.
    """

    set: Set | None = None
    add: Add | None = None
    remove: Remove | None = None
    copy: Copy | None = None
    assign_variables: Sequence[AssignVariable] = ()
    order: Sequence[str] = ORDER

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        keep_edits(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class RaiseFault(Policy):
    """Ends a call with a fault, as fault rules see it by the name `RaiseFault`.

    Args:
        fault_response: What it answers; without it, 500 and a text that names the policy.
        ignore_unresolved_variables: Whether a variable without a value reads as empty; if not, another fault says so.
    """

    variable_prefix: ClassVar[str] = "raisefault"

    fault_response: FaultResponse | None = None
    ignore_unresolved_variables: bool = True

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        Policy.__post_init__(self)
        if self.fault_response is not None:
            checks.record(f"fault_response of {self.name!r}", self.fault_response, FaultResponse)
        checks.flag(f"ignore_unresolved_variables of {self.name!r}", self.ignore_unresolved_variables)

    def execute(self, context: FlowContext) -> None:
        """End the call.

        Raises:
            Refusal: Always.
        """
        context.variables.update({"raisefault.failed": True, "fault.type": "", "fault.category": ""})
        reason = f"the policy {self.name!r} raised a fault"
        if self.fault_response is None:
            raise Refusal(self._fault(_FAILED), reason)
        response = self._made(context, self.fault_response)
        if context.state.guesses.raise_fault_default_body and not response.body:
            response = self._with_default_body(context, response)
        raise Refusal(RaisedFault(response=response), reason)

    def _fault(self, status: int) -> PolicyFault:
        text = f"Raising fault. Fault name : {self.name}"
        return PolicyFault(status=status, faultstring=text, errorcode="steps.raisefault.RaiseFault")

    def _made(self, context: FlowContext, fault_response: FaultResponse) -> Response:
        code = context.state.guesses.raise_fault_code_prefix
        draft = LooseDraft(
            variables=context.variables,
            faults=DraftFaults(policy=self.name, kind="RaiseFault", code=code),
            ignores_unresolved=self.ignore_unresolved_variables,
            current=Response(status=_FAILED),
        )
        apply_edits(fault_response, draft)
        return cast("Response", draft.message)  # edits change a response into responses alone

    def _with_default_body(self, context: FlowContext, response: Response) -> Response:
        default = rendered(context, self._fault(response.status))
        headers = [*default.headers, *response.headers.without("Content-Type")]
        return response.with_body(default.body).with_headers(headers)
