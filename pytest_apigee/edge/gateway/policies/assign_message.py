"""AssignMessage, as far as removing request headers goes."""

from dataclasses import dataclass

from pytest_apigee.edge.gateway.flow import FlowContext


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignMessage:
    """Changes the message on its way."""

    name: str
    remove_headers: tuple[str, ...] = ()

    def execute(self, context: FlowContext) -> None:
        """Remove the headers from the request."""
        context.request = context.request.with_headers(context.request.headers.without(*self.remove_headers))
