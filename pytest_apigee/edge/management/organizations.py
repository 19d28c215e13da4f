"""Organizations and environments, as the management API shows them.

Source: management.md section 4.
"""

from typing import TYPE_CHECKING

from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.rendering import stamp_fields
from pytest_apigee.edge.management.routing import Route
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.records import Stamp

if TYPE_CHECKING:
    from pytest_apigee.edge.jackson import Json

_ORGANIZATION = "/organizations/{org}"


def show_organization(call: Call) -> Response:
    """Answer with the organization itself."""
    organization = call.organization
    properties = [{"name": name, "value": value} for name, value in organization.properties.items()]
    body: dict[str, Json] = {
        **stamp_fields(call, Stamp()),
        "displayName": organization.display_name,
        "environments": list(organization.environments),
        "name": organization.name,
        "properties": {"property": properties},
        "type": organization.kind,
    }
    return answer(dict(sorted(body.items())))


def list_environments(call: Call) -> Response:
    """Answer with the names of the environments."""
    return answer(list(call.organization.environments))


ROUTES = (
    Route(method="GET", path=_ORGANIZATION, source="organizations.yaml", handler=show_organization),
    Route(method="GET", path=f"{_ORGANIZATION}/environments", source="environments.yaml", handler=list_environments),
)
