"""Where revisions are deployed, as the management API shows it: each view has its own shape.

Source: deployments.yaml; management.md section 4. `server` is for Apigee's support alone, and empty here.
GUESS: in the view of an organization, an environment without deployments is left out.
"""

from collections.abc import Iterable

from pytest_apigee.edge.api_revisions import Revision
from pytest_apigee.edge.jackson import Json
from pytest_apigee.edge.management.call import Call
from pytest_apigee.edge.management.rendering import Object

_CONFIGURATION: Json = {"basePath": "/", "steps": []}
DEPLOYED, UNDEPLOYED = "deployed", "undeployed"


def of_organization(call: Call) -> Object:
    """Return all deployments, by environment and API proxy."""
    apis = call.organization.apis
    environments: list[Json] = [
        {"aPIProxy": _by_api(call, deployed), "name": name}
        for name in call.organization.environments
        if (deployed := apis.deployed_in(name))
    ]
    return {"environment": environments, "name": call.organization.name}


def of_environment(call: Call, environment: str) -> Object:
    """Return the deployments in an environment, by API proxy."""
    deployed = call.organization.apis.deployed_in(environment)
    return {"aPIProxy": _by_api(call, deployed), "name": environment, "organization": call.organization.name}


def of_api(call: Call, api: str) -> Object:
    """Return the deployments of an API proxy, by environment."""
    environments: list[Json] = [
        {"name": name, "revision": [_entry(call, revision) for revision in deployed]}
        for name in call.organization.environments
        if (deployed := in_environment(call, api, name))
    ]
    return {"environment": environments, "name": api, "organization": call.organization.name}


def of_api_in_environment(call: Call, api: str, environment: str) -> Object:
    """Return the deployments of an API proxy in an environment."""
    revisions: list[Json] = [_entry(call, revision) for revision in in_environment(call, api, environment)]
    return {
        "environment": environment,
        "name": api,
        "organization": call.organization.name,
        "revision": revisions,
    }


def of_revision(call: Call, revision: Revision) -> Object:
    """Return where a revision is deployed."""
    environments: list[Json] = [
        {"configuration": _CONFIGURATION, "name": name, "server": [], "state": DEPLOYED}
        for name in call.organization.environments
        if name in revision.environments
    ]
    return {
        "aPIProxy": revision.api,
        "environment": environments,
        "name": revision.name,
        "organization": call.organization.name,
    }


def of_deployment(call: Call, revision: Revision, environment: str, state: str) -> Object:
    """Return one deployment, also one that has just begun or ended."""
    return {
        "aPIProxy": revision.api,
        "configuration": _CONFIGURATION,
        "environment": environment,
        "name": revision.name,
        "organization": call.organization.name,
        "revision": revision.name,
        "server": [],
        "state": state,
    }


def in_environment(call: Call, api: str, environment: str) -> list[Revision]:
    """Return the revisions of an API proxy that are deployed in an environment."""
    return [revision for revision in call.organization.apis.of(api) if environment in revision.environments]


def _by_api(call: Call, revisions: Iterable[Revision]) -> list[Json]:
    entries: dict[str, list[Json]] = {}
    for revision in revisions:
        entries.setdefault(revision.api, []).append(_entry(call, revision))
    return [{"name": api, "revision": entries[api]} for api in sorted(entries)]


def _entry(call: Call, revision: Revision) -> Json:
    fields: Object = {
        "configuration": _CONFIGURATION,
        "name": revision.name,
        "server": [],
        "state": DEPLOYED,
    }
    unwanted = {"configuration": "includeApiConfig", "server": "includeServerStatus"}
    return {name: value for name, value in fields.items() if call.query(unwanted.get(name, "")) != "false"}
