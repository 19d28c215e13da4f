"""Organizations and environments, as the management API shows them.

Source: management.md section 4.
"""

from typing import TYPE_CHECKING

from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.routing import Route
from pytest_apigee.edge.message import Response

if TYPE_CHECKING:
    from pytest_apigee.edge.jackson import Json

_ORGANIZATION = "/organizations/{org}"


def show_organization(call: Call) -> Response:
    """Answer with the organization itself."""
    organization, by = call.organization, call.state.guesses.mgmt_created_by
    properties = [{"name": name, "value": value} for name, value in organization.properties.items()]
    body: dict[str, Json] = {
        "createdAt": organization.created_at_ms,
        "createdBy": by,
        "displayName": organization.display_name,
        "environments": list(organization.environments),
        "lastModifiedAt": organization.created_at_ms,
        "lastModifiedBy": by,
        "name": organization.name,
        "properties": {"property": properties},
        "type": organization.kind,
    }
    return answer(body)


def list_environments(call: Call) -> Response:
    """Answer with the names of the environments."""
    return answer(list(call.organization.environments))


ROUTES = (
    Route(method="GET", path=_ORGANIZATION, source="organizations.yaml", handler=show_organization),
    Route(method="GET", path=f"{_ORGANIZATION}/environments", source="environments.yaml", handler=list_environments),
)
