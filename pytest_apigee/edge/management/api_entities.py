"""API proxies and revisions as paths name them, and revisions as the management API shows them.

Source: proxies.yaml; management.md sections 4 and 5.1.
"""

from typing import TYPE_CHECKING

from pytest_apigee.edge.api_revisions import Conflict, Revision
from pytest_apigee.edge.bundle import Bundle
from pytest_apigee.edge.management.call import Call
from pytest_apigee.edge.management.errors import ApiError
from pytest_apigee.edge.management.rendering import Object, stamp_fields
from pytest_apigee.edge.refusal import Refusal

if TYPE_CHECKING:
    from pytest_apigee.edge.jackson import Json

_VERSION = {"majorVersion": 4, "minorVersion": 0}


def api_of(call: Call) -> str:
    """Return the name of the API proxy that a path names.

    Raises:
        Refusal: 404; there is none.
    """
    name = call["api"]
    if name not in call.organization.apis:
        message = f"APIProxy named {name} does not exist in organization {call.organization.name}"
        raise call.error(ApiError(status=404, code="messaging.config.beans.ApplicationDoesNotExist", message=message))
    return name


def revision_of(call: Call, number: str | None = None) -> Revision:
    """Return the revision that a path names.

    Args:
        call: The call.
        number: The revision where the path does not name it.

    Raises:
        Refusal: 404; there is none.
    """
    wanted = call["revision"] if number is None else number
    revision = call.organization.apis.find(api_of(call), wanted)
    if revision is None:
        raise call.refusal("api_revision_unknown", name=wanted)
    return revision


def conflict_refusal(call: Call, conflict: Conflict) -> Refusal:
    """Return the refusal of a revision that has a base path of another one."""
    other = conflict.other
    return call.refusal("base_path_taken", name=conflict.base_path, revision=other.name, api=other.api)


def revision_body(call: Call, revision: Revision) -> Object:
    """Return a revision; what its bundle does not say is left out."""
    bundle, made = revision.bundle, stamp_fields(call, revision.stamp)
    fields: Object = {
        "basepaths": list(bundle.base_paths),
        "configurationVersion": _VERSION,
        "contextInfo": f"Revision {revision.name} of application {revision.api}, in organization "
        f"{call.organization.name}",
        "createdAt": made["createdAt"],
        "createdBy": made["createdBy"],
        "description": bundle.description,
        "displayName": bundle.display_name,
        "entityMetaDataAsProperties": _metadata({name: str(value) for name, value in made.items()}),
        "lastModifiedAt": made["lastModifiedAt"],
        "lastModifiedBy": made["lastModifiedBy"],
        "manifestVersion": bundle.version,
        "name": revision.api,
        **_contents(bundle),
        "revision": revision.name,
    }
    return {name: value for name, value in sorted(fields.items()) if value is not None}


def deleted_body(name: str) -> Object:
    """Return an API proxy that was deleted: nothing is left of it but its name.

    Source: a public recording of Edge; the sample in proxies.yaml shows a whole revision.
    """
    fields: Object = {
        "basepaths": [],
        "configurationVersion": _VERSION,
        "contextInfo": "Revision null of application -NA-, in organization -NA-",
        "entityMetaDataAsProperties": _metadata({}),
        "name": name,
        **_contents(None),
    }
    return dict(sorted(fields.items()))


def resource_files(bundle: Bundle) -> Object:
    """Return the resource files of a bundle."""
    return {"resourceFile": [{"name": name, "type": kind} for kind, name in bundle.resources]}


def resource_names(bundle: Bundle) -> list[str]:
    """Return the resource files of a bundle as policies name them."""
    return [f"{kind}://{name}" for kind, name in bundle.resources]


def _contents(bundle: Bundle | None) -> Object:
    """Return what is in a bundle; nothing for none."""
    lists: dict[str, list[str]] = {
        "policies": [] if bundle is None else list(bundle.policies),
        "proxies": [] if bundle is None else list(bundle.proxies),
        "proxyEndpoints": [] if bundle is None else list(bundle.proxy_endpoints),
        "resources": [] if bundle is None else resource_names(bundle),
        "sharedFlows": [],
        "targetEndpoints": [] if bundle is None else list(bundle.target_endpoints),
        "targetServers": [] if bundle is None else list(bundle.target_servers),
        "targets": [] if bundle is None else list(bundle.targets),
    }
    files: Json = {"resourceFile": []} if bundle is None else resource_files(bundle)
    return {**lists, "resourceFiles": files, "spec": "" if bundle is None else bundle.spec, "type": "Application"}


def _metadata(made: dict[str, str]) -> Object:
    names = ("lastModifiedBy", "createdBy", "lastModifiedAt", "subType", "createdAt")
    return {"bundle_type": "zip", **{name: made.get(name, "null") for name in names}}
