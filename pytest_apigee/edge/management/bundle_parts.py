"""The files of a revision one by one: policies and proxy endpoints read, and policies, endpoints and resources added.

`apigeetool deployproxy` imports a base configuration alone and adds the rest so, and reads proxy endpoints to tell
where they listen. Source: policies.yaml for policies; apigeetool for the others. GUESS: a policy as JSON is its XML in
the form of the sample in policies.yaml, in which attributes have an underscore before their names; what is added is
answered in the same form; what exists is refused; a proxy endpoint as JSON says no more than where it listens.
"""

import re
from collections.abc import Container
from xml.etree.ElementTree import Element

from pytest_apigee.edge.bundle import FOLDER, Bundle, element_of
from pytest_apigee.edge.bundle_archive import BundleError, is_safe_path
from pytest_apigee.edge.jackson import Json
from pytest_apigee.edge.management.api_entities import revision_of
from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.proxy_import import invalid_bundle, save_bundle
from pytest_apigee.edge.management.rendering import Object
from pytest_apigee.edge.management.routing import Route
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.refusal import NotModelled

_REVISION = "/organizations/{org}/apis/{api}/revisions/{revision}"
_POLICIES = f"{_REVISION}/policies"
_SOURCE, _CLIENTS = "policies.yaml", "public clients of Edge"
_NAME = re.compile(r"[A-Za-z0-9 ._-]{1,255}")
_JSON = "application/json"


def show_policy(call: Call) -> Response:
    """Answer with a policy, as XML for a client that prefers it."""
    content = revision_of(call).bundle.file(_policy_file(call))
    if call.prefers_xml:
        return Response(headers={"Content-Type": "application/xml"}, body=content)
    return answer(as_json(element_of("policy", content)))


def show_proxy_endpoint(call: Call) -> Response:
    """Answer with where a proxy endpoint listens, or with its file for a client that prefers XML."""
    bundle, name = revision_of(call).bundle, call["proxy"]
    if name not in bundle.proxies:
        raise call.refusal("proxy_endpoint_unknown", name=name)
    if call.prefers_xml:
        return Response(headers={"Content-Type": "application/xml"}, body=bundle.file(bundle.proxies[name]))
    listener = dict(zip(bundle.proxies, bundle.listeners, strict=True))[name]
    connection: Object = {
        "basePath": listener.base_path,
        "connectionType": "httpConnection",
        "virtualHost": list(listener.virtual_hosts),
    }
    return answer({"connection": connection, "name": name, "type": "Proxy"})


def delete_policy(call: Call) -> Response:
    """Take a policy out of a revision."""
    path, bundle = _policy_file(call), _bundle(call)
    element = element_of(path, bundle.file(path))
    save_bundle(call, revision_of(call), bundle.without_file(path))
    return answer(as_json(element))


def create_policy(call: Call) -> Response:
    """Add a policy to a revision."""
    bundle, element = _bundle(call), _sent_element(call)
    name = _part_name(call, element.get("name", ""), bundle.policies)
    return _added(call, f"policies/{name}.xml", element)


def create_proxy_endpoint(call: Call) -> Response:
    """Add a proxy endpoint to a revision."""
    bundle, element = _bundle(call), _sent_element(call)
    name = _part_name(call, call.query("name"), bundle.proxies)
    return _added(call, f"proxies/{name}.xml", element)


def create_target_endpoint(call: Call) -> Response:
    """Add a target endpoint to a revision."""
    bundle, element = _bundle(call), _sent_element(call)
    name = _part_name(call, call.query("name"), bundle.targets)
    return _added(call, f"targets/{name}.xml", element)


def create_resource(call: Call) -> Response:
    """Add a resource file to a revision."""
    bundle, kind, name = _bundle(call), call.query("type"), call.query("name")
    if not _NAME.fullmatch(kind) or not is_safe_path(f"{kind}/{name}"):
        raise call.refusal("field_invalid", name="name")
    if (kind, name) in bundle.resources:
        raise call.refusal("bundle_part_exists", name=name)
    return _added(call, f"resources/{kind}/{name}", None)


def as_json(element: Element) -> Object:
    """Return an element as JSON: its name, and what is in it."""
    return {element.tag: _value(element)}


def _value(element: Element) -> Json:
    text, fields = (element.text or "").strip(), dict[str, Json]()
    for child in element:
        value = _value(child)
        if child.tag not in fields:
            fields[child.tag] = value
        elif isinstance(before := fields[child.tag], list):
            before.append(value)
        else:
            fields[child.tag] = [before, value]
    fields.update((f"_{name}", value) for name, value in element.attrib.items())
    if not fields:
        return text
    return {**fields, "__text": text} if text else fields


def _policy_file(call: Call) -> str:
    path = revision_of(call).bundle.policies.get(call["policy"])
    if path is None:
        raise call.refusal("policy_unknown", name=call["policy"])
    return path


def _bundle(call: Call) -> Bundle:
    """Return the bundle that a call changes; a declared proxy would stop being what its tester declared."""
    content = revision_of(call).content
    if not isinstance(content, Bundle):
        raise NotModelled(f"{call.request.shown} for an API proxy that was declared, not imported")
    return content


def _sent_element(call: Call) -> Element:
    if call.media_type == _JSON:
        raise NotModelled(f"{call.request.shown} with a body of type {_JSON}")
    try:
        return element_of("body", call.request.body)
    except BundleError as error:
        raise invalid_bundle(call, error) from None


def _part_name(call: Call, name: str, known: Container[str]) -> str:
    if not _NAME.fullmatch(name) or not is_safe_path(name):
        raise call.refusal("field_invalid", name="name")
    if name in known:
        raise call.refusal("bundle_part_exists", name=name)
    return name


def _added(call: Call, path: str, element: Element | None) -> Response:
    revision = revision_of(call)
    try:
        bundle = _bundle(call).with_file(f"{FOLDER}{path}", call.request.body)
    except BundleError as error:
        raise invalid_bundle(call, error) from None
    save_bundle(call, revision, bundle)
    if element is None:
        return answer({"name": call.query("name"), "type": call.query("type")}, status=201)
    return answer(as_json(element), status=201)


ROUTES = (
    Route(method="POST", path=_POLICIES, source=_SOURCE, handler=create_policy),
    Route(method="GET", path=f"{_POLICIES}/{{policy}}", source=_SOURCE, handler=show_policy),
    Route(method="DELETE", path=f"{_POLICIES}/{{policy}}", source=_SOURCE, handler=delete_policy),
    Route(method="GET", path=f"{_REVISION}/proxies/{{proxy}}", source=_CLIENTS, handler=show_proxy_endpoint),
    Route(method="POST", path=f"{_REVISION}/proxies", source=_CLIENTS, handler=create_proxy_endpoint),
    Route(method="POST", path=f"{_REVISION}/targets", source=_CLIENTS, handler=create_target_endpoint),
    Route(method="POST", path=f"{_REVISION}/resources", source=_CLIENTS, handler=create_resource),
)
