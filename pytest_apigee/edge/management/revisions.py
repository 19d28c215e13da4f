"""One revision of an API proxy: shown, exported, updated, deleted, and the names of what is in it.

Source: proxies.yaml and policies.yaml; management.md sections 4 and 7; "Resource files API" of Edge's documentation.
The name of an exported file means nothing: apigee-edge-js. GUESS: `proxies`, `targets` and `resources` below a revision
are lists of names, as `policies` is, which public clients of Edge count on for `proxies`.
"""

from pytest_apigee.edge.management.api_entities import resource_files, resource_names, revision_body, revision_of
from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.proxy_import import update_revision
from pytest_apigee.edge.management.routing import Route
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.refusal import NotModelled

_REVISION = "/organizations/{org}/apis/{api}/revisions/{revision}"
_PROXIES, _POLICIES = "proxies.yaml", "policies.yaml"
_DOCUMENTED, _CLIENTS = "documentation (resource files)", "public clients of Edge"


def show_revision(call: Call) -> Response:
    """Answer with a revision, or with its bundle."""
    revision = revision_of(call)
    if call.query("format") == "bundle":
        return _exported(revision.bundle.content, f"{revision.api}_{revision.name}.zip")
    if call.state.guesses.mgmt_revision_default_xml and "json" not in (call.request.headers.get("Accept") or ""):
        raise NotModelled(f"{call.request.shown} with an answer in XML; ask for application/json")
    return answer(revision_body(call, revision))


def delete_revision(call: Call) -> Response:
    """Delete a revision that is deployed nowhere."""
    revision = revision_of(call)
    if revision.environments:
        raise call.refusal("revision_deployed", name=revision.name)
    body = revision_body(call, revision)
    call.organization.remove_revision(revision, call.stamp())
    return answer(body)


def list_policies(call: Call) -> Response:
    """Answer with the names of the policies."""
    return answer(list(revision_of(call).bundle.policies))


def list_proxies(call: Call) -> Response:
    """Answer with the names of the proxy endpoints."""
    return answer(list(revision_of(call).bundle.proxies))


def list_targets(call: Call) -> Response:
    """Answer with the names of the target endpoints."""
    return answer(list(revision_of(call).bundle.targets))


def list_resources(call: Call) -> Response:
    """Answer with the resource files as policies name them."""
    return answer(resource_names(revision_of(call).bundle))


def list_resource_files(call: Call) -> Response:
    """Answer with the names and types of the resource files."""
    return answer(resource_files(revision_of(call).bundle))


def _exported(content: bytes, name: str) -> Response:
    shown = name if name.isascii() and name.isprintable() and '"' not in name else "apiproxy.zip"
    headers = {"Content-Type": "application/octet-stream", "Content-Disposition": f'attachment; filename="{shown}"'}
    return Response(headers=headers, body=content)


ROUTES = (
    Route(method="GET", path=_REVISION, source=_PROXIES, handler=show_revision),
    Route(method="POST", path=_REVISION, source=_PROXIES, handler=update_revision),
    Route(method="DELETE", path=_REVISION, source=_PROXIES, handler=delete_revision),
    Route(method="GET", path=f"{_REVISION}/policies", source=_POLICIES, handler=list_policies),
    Route(method="GET", path=f"{_REVISION}/proxies", source=_CLIENTS, handler=list_proxies),
    Route(method="GET", path=f"{_REVISION}/targets", source=_CLIENTS, handler=list_targets),
    Route(method="GET", path=f"{_REVISION}/resources", source=_CLIENTS, handler=list_resources),
    Route(method="GET", path=f"{_REVISION}/resourcefiles", source=_DOCUMENTED, handler=list_resource_files),
)
