"""Environments, as the management API shows them. To make, change or delete one takes a system administrator.

Source: environments.yaml; management.md sections 4 and 5.1.
"""

from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.rendering import stamp_fields
from pytest_apigee.edge.management.routing import Route
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.records import Stamp

_SOURCE = "environments.yaml"
_ALL = "/organizations/{org}/environments"
_ONE = f"{_ALL}/{{env}}"


def environment_of(call: Call, name: str | None = None) -> str:
    """Return the environment that a path names.

    Args:
        call: The call.
        name: The environment where the path does not name it.

    Raises:
        Refusal: 404; there is none.
    """
    wanted = call["env"] if name is None else name
    if wanted not in call.organization.environments:
        raise call.refusal("environment_unknown", name=wanted)
    return wanted


def list_environments(call: Call) -> Response:
    """Answer with the names of the environments."""
    return answer(list(call.organization.environments))


def show_environment(call: Call) -> Response:
    """Answer with one environment. GUESS: it has no properties, and is as old as its organization."""
    name = environment_of(call)
    return answer({**stamp_fields(call, Stamp()), "name": name, "properties": {"property": []}})


ROUTES = (
    Route(method="GET", path=_ALL, source=_SOURCE, handler=list_environments),
    Route(method="POST", path=_ALL, source=_SOURCE, is_restricted=True),
    Route(method="GET", path=_ONE, source=_SOURCE, handler=show_environment),
    Route(method="POST", path=_ONE, source=_SOURCE, is_restricted=True),
    Route(method="DELETE", path=_ONE, source=_SOURCE, is_restricted=True),
)
