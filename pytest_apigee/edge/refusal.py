"""Edge's refusals as values: what goes on the wire, and the reason that only the tester is told.

Fault           what Edge says; knows how to render itself
Refusal         a fault and its reason, raised where Edge would stop
NotModelled     Edge has this endpoint and the fake does not; answered 501, complained of at teardown
"""

from dataclasses import dataclass
from typing import Protocol

from pytest_apigee.edge.message import Response


class Fault(Protocol):
    """Something Edge says instead of doing what was asked."""

    def render(self) -> Response:
        """Return the response, byte for byte Edge's own."""
        ...


class Refusal(Exception):  # noqa: N818 - not an error: Edge's own answer, on its way to be rendered
    """Raised where Edge stops; rendered in one place.

    Args:
        fault: What goes on the wire.
        reason: What the tester is told; names no secret and never goes on the wire.
        error: An exception out of the tester's own code, which must fail the test.
    """

    def __init__(self, fault: Fault, reason: str, *, error: Exception | None = None) -> None:
        super().__init__(reason)
        self.fault = fault
        self.reason = reason
        self.error = error


@dataclass(frozen=True, kw_only=True, slots=True)
class BareFault:
    """A status without a body that anybody has recorded."""

    status: int
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def render(self) -> Response:
        """Return the response."""
        return Response(status=self.status, headers=self.headers, body=self.body)


class NotModelled(Exception):  # noqa: N818 - as Refusal
    """Raised where Edge has an endpoint or a behaviour that this version of the fake does not model.

    Args:
        what: The endpoint or behaviour, in words.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    @property
    def message(self) -> str:
        """What to tell the client and the tester."""
        return f"pytest-apigee does not model {self.what}."
