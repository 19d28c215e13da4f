"""AssignMessage: changes a message, or makes a new one, and assigns variables.

Source: "AssignMessage policy" and its runtime errors in Edge's documentation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pytest_apigee.edge import checks
from pytest_apigee.edge.gateway.context import FlowContext
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
from pytest_apigee.edge.gateway.message_variables import Message
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.gateway.templates import DraftFaults, KeptDraft
from pytest_apigee.edge.message import Request, Response

_REQUEST, _RESPONSE, _MESSAGE, _ERROR = "request", "response", "message", "error"
_TYPES = (_REQUEST, _RESPONSE)


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignMessage(Policy):
    """Changes a message, or makes a new one, and assigns variables.

    Args:
        assign_to: The variable that holds the message, as `request`, or gets a new one; by default the current message.
        create_new: Whether a new message takes its place; by default only where the variable holds none. Without
            `assign_to`, the new one is `request` or `response`, as `type` says.
        type: What a new message is, `request` or `response`; by default what the current message is.
        copy: What to copy from another message.
        remove: What to remove.
        add: What to add.
        set: What to set.
        assign_variables: Variables to assign, in this order.
        order: The order of these elements in the policy, in which they act; those that are not named come last. By
            default `assign_variables`, `copy`, `remove`, `add`, `set`.
        ignore_unresolved_variables: Whether a variable without a value reads as empty; if not, the call fails.
    """

    variable_prefix: ClassVar[str] = "assignmessage"

    assign_to: str = ""
    create_new: bool | None = None
    type: str = ""
    copy: Copy | None = None
    remove: Remove | None = None
    add: Add | None = None
    set: Set | None = None
    assign_variables: Sequence[AssignVariable] = ()
    order: Sequence[str] = ORDER
    ignore_unresolved_variables: bool = False

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        Policy.__post_init__(self)
        checks.string(f"assign_to of {self.name!r}", self.assign_to)
        if self.create_new is not None:
            checks.flag(f"create_new of {self.name!r}", self.create_new)
        if self.type != "":
            checks.choice(f"type of {self.name!r}", self.type, _TYPES)
        keep_edits(self)
        checks.flag(f"ignore_unresolved_variables of {self.name!r}", self.ignore_unresolved_variables)

    def execute(self, context: FlowContext) -> None:
        """Do it.

        Raises:
            Refusal: A variable has no value or holds no message, and that is not ignored.
        """
        apply_edits(self, self._draft(context))

    def _draft(self, context: FlowContext) -> KeptDraft:
        faults = DraftFaults(policy=self.name, kind="AssignMessage", code="steps.assignmessage")
        name, variables = self._destination(context), context.variables
        former = variables.message_named(name)
        if former is None and self.create_new is False:
            raise faults.without_message(self.assign_to, variables)
        is_new = former is None or self.create_new is True
        draft = KeptDraft(
            variables=variables,
            faults=faults,
            ignores_unresolved=self.ignore_unresolved_variables,
            name=_RESPONSE if name == _ERROR else name,
            former=former if is_new else None,
        )
        if is_new:
            draft.become(self._new(context, draft.name))
        return draft

    def _destination(self, context: FlowContext) -> str:
        if self.assign_to not in ("", _MESSAGE):
            return self.assign_to
        current = _REQUEST if isinstance(context.message, Request) else _RESPONSE
        return self.type or current if self.create_new and not self.assign_to else current

    # GUESS: `request` is always a request and `response` a response, whatever `type` says; a new request is a GET of
    # the root of the host that was called, without headers.
    def _new(self, context: FlowContext, name: str) -> Message:
        current = _REQUEST if isinstance(context.message, Request) else _RESPONSE
        kind = name if name in _TYPES else self.type or current
        return Request(url=f"{context.request.origin}/") if kind == _REQUEST else Response()
