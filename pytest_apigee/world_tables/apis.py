"""The API proxies of a world, in the short form of `apigee.proxy(...)`."""

from typing import TYPE_CHECKING

from pytest_apigee.edge.gateway.stock_proxies import SECURITIES
from pytest_apigee.edge.gateway.target import FixedTarget
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.organization import Organization
from pytest_apigee.fields import FieldReader

if TYPE_CHECKING:
    from pytest_apigee.edge.catalog import Catalog


def declare_api(world: "Catalog", organization: Organization, table: FieldReader) -> None:
    """Deploy an API proxy where the table says."""
    name = table.text("name")
    environments = table.texts("environments", (world.usual_environment(organization),))
    security = table.choice("security", SECURITIES, "oauth")
    if not environments:
        raise table.error("environments must name at least one environment")
    world.proxy(
        table.text("basepath", f"/{name}"),
        name=name,
        products=(),
        target=_target(table.optional_table("target")),
        security=security,
        scope=table.text("scope", ""),
        api_key=table.optional_text("api_key"),
        org=organization.name,
        env=environments[0],
    )
    for environment in environments[1:]:
        organization.deploy(name, environment)
    table.finish()


def _target(table: FieldReader | None) -> FixedTarget | None:
    if table is None:
        return None
    if "bundle" in table:
        raise table.error("bundle is not modelled by this version; give json, or status, headers and body")
    status, headers = table.number("status", 200), table.text_map("headers")
    if "json" in table:
        if "body" in table:
            raise table.error("give either json or body, not both")
        response = Response.of_json(table.anything("json"), status=status, headers=headers)
    else:
        response = Response(status=status, headers=headers, body=table.text("body", ""))
    table.finish()
    return FixedTarget(response)
