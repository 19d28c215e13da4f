"""AssignMessage, as far as removing request headers goes."""

from dataclasses import dataclass

from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.policy import Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignMessage(Policy):
    """Changes the message on its way."""

    remove_headers: tuple[str, ...] = ()

    def execute(self, context: FlowContext) -> None:
        """Remove the headers from the request."""
        context.request = context.request.with_headers(context.request.headers.without(*self.remove_headers))
