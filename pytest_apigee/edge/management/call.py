"""One request to the management API, after authentication, and how handlers read it."""

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_apigee.edge.jackson import Json, pretty
from pytest_apigee.edge.journal import Notes
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.users import User

_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """What a handler needs to answer.

    Args:
        state: The world.
        request: The request.
        user: Who asks.
        organization: About what.
        parameters: The parameters of the path.
        notes: What the journal is told.
    """

    state: WorldState
    request: Request
    user: User
    organization: Organization
    parameters: Mapping[str, str]
    notes: Notes


def answer(body: Json, *, status: int = 200) -> Response:
    """Return a response with a JSON body."""
    return Response(status=status, headers=_JSON, body=pretty(body))
