"""API proxies: the list, one with its revisions, and how new ones come about.

Source: proxies.yaml; management.md sections 4 and 5.1.
"""

from pytest_apigee.edge.bundle import empty_bundle, read_bundle
from pytest_apigee.edge.management.api_entities import api_of, deleted_body, revision_body
from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.paging import Paging
from pytest_apigee.edge.management.proxy_import import api_name, import_bundle
from pytest_apigee.edge.management.rendering import stamp_fields
from pytest_apigee.edge.management.routing import Route
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.refusal import NotModelled

_SOURCE = "proxies.yaml"
_APIS = "/organizations/{org}/apis"
_API = f"{_APIS}/{{api}}"
_PAGING = Paging(most=100)


def list_apis(call: Call) -> Response:
    """Answer with the names of the API proxies, deployed or not."""
    return answer(_PAGING.page(call, call.organization.apis))


def create_api(call: Call) -> Response:
    """Make an API proxy out of a bundle, or out of a name alone."""
    match call.query("action"):
        case "import":
            return import_bundle(call)
        case "validate":
            raise NotModelled(f"{call.request.shown} with action=validate, of which nobody recorded the answer")
        case "":
            return _create_empty(call)
        case action:
            raise call.refusal("unknown_action", name=action)


def _create_empty(call: Call) -> Response:
    name = api_name(call, call.body().required("name"))
    if name in call.organization.apis:
        raise call.refusal("api_exists", name=name)
    revision = call.organization.apis.add(name, read_bundle(empty_bundle(name)), call.stamp())
    return answer(revision_body(call, revision), status=201)


def show_api(call: Call) -> Response:
    """Answer with an API proxy: who made it, and its revisions."""
    name, apis = api_of(call), call.organization.apis
    metadata = {**stamp_fields(call, apis.stamp_of(name)), "subType": "null"}
    return answer({"metaData": metadata, "name": name, "revision": _revisions(call)})


def delete_api(call: Call) -> Response:
    """Delete an API proxy that is deployed nowhere, with all its revisions."""
    name, apis = api_of(call), call.organization.apis
    if any(revision.environments for revision in apis.of(name)):
        raise call.refusal("api_deployed", name=name)
    call.organization.remove_api(name)
    return answer(deleted_body(name))


def list_revisions(call: Call) -> Response:
    """Answer with the revisions of an API proxy."""
    return answer(_revisions(call))


def _revisions(call: Call) -> list[str]:
    return [revision.name for revision in call.organization.apis.of(api_of(call))]


ROUTES = (
    Route(method="GET", path=_APIS, source=_SOURCE, handler=list_apis),
    Route(method="POST", path=_APIS, source=_SOURCE, handler=create_api),
    Route(method="GET", path=_API, source=_SOURCE, handler=show_api),
    Route(method="DELETE", path=_API, source=_SOURCE, handler=delete_api),
    Route(method="GET", path=f"{_API}/revisions", source=_SOURCE, handler=list_revisions),
)
