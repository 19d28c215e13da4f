"""The feature flags of an organization."""

import pytest

from pytest_apigee import ConfigurationError, FakeEdge, Request, Response
from tests.edge.gateway_support import basic

REVOKE = "features.isOAuthRevokeEnabled"


def shown(edge: FakeEdge, org: str) -> list[dict[str, str]]:
    """Return the properties that the management API shows."""
    edge.user("ops@acme.example", password="pw", roles={"acme": ["orgadmin"], "globex": ["orgadmin"]})
    url = f"https://api.enterprise.apigee.com/v1/o/{org}"
    response = edge.handle(Request(url=url, headers=[basic("ops@acme.example", "pw")]))
    assert isinstance(response, Response)
    return response.json()["properties"]["property"]


@pytest.mark.parametrize(("org", "changed"), [(None, "acme"), ("globex", "globex")])
def test_sets_properties_beside_those_there_are(org: str | None, changed: str) -> None:
    """Properties are set in one organization, by default the default one, and the others stay."""
    edge = FakeEdge()
    edge.organization("globex")

    edge.set_properties({REVOKE: "false"}, org=org)
    edge.set_properties({REVOKE: "true"}, org=org)

    cps = {"name": "features.isCpsEnabled", "value": "true"}
    assert shown(edge, changed) == [cps, {"name": REVOKE, "value": "true"}]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({REVOKE: True}, f"properties takes a dict of texts, not one with bool at {REVOKE!r}."),
        ({1: "x"}, "properties takes a dict of texts, not one with a key of type int."),
        ("x", "properties takes a dict of texts, not str."),
    ],
)
def test_refuses_what_are_no_properties(given: object, message: str) -> None:
    """What is no dict of texts is an error."""
    with pytest.raises(ConfigurationError) as raised:
        FakeEdge().set_properties(given)

    assert str(raised.value) == message
