"""Organizations, as the management API shows them. To make, change or delete one takes a system administrator.

Source: organizations.yaml; management.md section 4, which has it from tests that expect failure for other users.
"""

from typing import TYPE_CHECKING

from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.rendering import stamp_fields
from pytest_apigee.edge.management.routing import Route
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.state import WorldState

if TYPE_CHECKING:
    from pytest_apigee.edge.jackson import Json

_SOURCE = "organizations.yaml"
_ALL = "/organizations"
_ONE = f"{_ALL}/{{org}}"


def list_organizations(state: WorldState) -> Response:
    """Answer with the names of all organizations."""
    return answer(list(state.organizations))


def show_organization(call: Call) -> Response:
    """Answer with the organization itself."""
    organization = call.organization
    properties = [{"name": name, "value": value} for name, value in organization.properties.items()]
    body: dict[str, Json] = {
        **stamp_fields(call, organization.stamp),
        "displayName": organization.display_name,
        "environments": list(organization.environments),
        "name": organization.name,
        "properties": {"property": properties},
        "type": organization.kind,
    }
    return answer(dict(sorted(body.items())))


def update_properties(call: Call) -> Response:
    """Replace all properties; those that are not sent are gone.

    GUESS: a body without any list of properties is refused, and no property is reserved.
    """
    body = call.body()
    body.demand("properties")
    given = body.mapping("properties")
    given.demand("property")
    properties = dict(given.attributes("property"))
    call.organization.replace_properties(properties, call.changed(call.organization.stamp))
    return show_organization(call)


ROUTES = (
    Route(method="GET", path=_ALL, source=_SOURCE, world_handler=list_organizations, is_restricted=True),
    Route(method="POST", path=_ALL, source=_SOURCE, is_restricted=True),
    Route(method="GET", path=_ONE, source=_SOURCE, handler=show_organization),
    Route(method="POST", path=_ONE, source=_SOURCE, handler=update_properties, is_restricted=True),
    Route(method="DELETE", path=_ONE, source=_SOURCE, is_restricted=True),
)
