"""Key value maps of an organization, an environment, an API proxy, and of one revision of an API proxy.

With CPS, as in every public cloud, entries change one by one, maps have names in which case counts, and keys come in an
order that is neither theirs nor that of their making. Without it (`features.isCpsEnabled`) a map is changed as a whole.
They are plain stores: nothing at the gateway reads them.

Source: key-value-maps.yaml; management.md section 4; the Edge documentation, "Differences between the Edge for Public
Cloud API and Private Cloud API". GUESS: an organization has none of its own; EJS leaves out the test of an unknown
environment, which Edge may take.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from pytest_apigee.edge.jackson import Json
from pytest_apigee.edge.management.api_entities import api_of, revision_of
from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.environments import environment_of
from pytest_apigee.edge.management.errors import ApiError
from pytest_apigee.edge.management.names import is_fit
from pytest_apigee.edge.management.paging import Paging
from pytest_apigee.edge.management.routing import Handler, Route
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.refusal import NotModelled
from pytest_apigee.edge.stores import LONGEST_KEY, NAME, KeyValueMap, Scope

MASK = "*****"
"""What is shown in place of each value of an encrypted map. Source: Apigee community, "List KeyValueMaps returns
nothing", for reading a map; GUESS: in every other answer too."""
_MOST_MAPS = 100
_MOST_ENTRIES = 1_000
_KEYS = Paging(most=1_000, usual=100)


def list_maps(call: Call) -> Response:
    """Answer with names, in their order (GUESS); with CPS with the first 100 alone."""
    scope, has_cps = _scope_of(call), _has_cps(call)
    if call.expands and not has_cps:
        what = f"{call.request.shown} with expand=true in an organization without CPS"
        raise NotModelled(what)
    names = sorted(call.organization.key_value_maps.of(scope))
    return answer(names[:_MOST_MAPS] if has_cps else names)


def create_map(call: Call) -> Response:
    """Create a map; entries may be left out (GUESS)."""
    scope = _scope_of(call)
    if "revision" in call.parameters:
        _require_cps(call, "CreateKeyValueMap")
    body = call.body()
    made = KeyValueMap(
        name=body.required("name"),
        is_encrypted=body.flag("encrypted", default=False),
        entries=_checked(call, body.attributes("entry")),
    )
    if not is_fit(call, made.name, NAME):
        raise call.refusal("kvm_name_unfit", name=made.name)
    if _find(call, scope, made.name) is not None:
        raise call.refusal("kvm_exists", name=made.name)
    call.organization.key_value_maps.put(scope, made)
    return answer(_map(call, made), status=201)


def show_map(call: Call) -> Response:
    """Answer with a map and its entries; with CPS with 1,000 of them at most."""
    return answer(_map(call, _map_of(call, _scope_of(call))))


def update_map(call: Call) -> Response:
    """Add and change entries of a map; the others stay. GUESS: whether it is encrypted cannot change.

    GUESS: PUT, the older form of the update, does the same.
    """
    scope = _scope_of(call)
    known = _map_of(call, scope)
    _refuse_cps(call)
    changed = known.with_entries(_checked(call, call.body().attributes("entry")))
    call.organization.key_value_maps.put(scope, changed)
    return answer(_map(call, changed))


def delete_map(call: Call) -> Response:
    """Delete a map. GUESS: the answer has its entries; the file's own sample has one that is empty."""
    scope = _scope_of(call)
    known = _map_of(call, scope)
    call.organization.key_value_maps.remove(scope, known)
    return answer(_map(call, known))


def create_entry(call: Call) -> Response:
    """Add an entry to a map."""
    scope = _scope_of(call)
    known = _map_of(call, scope)
    _require_cps(call, "CreateKeyValueMapEntry")
    body = call.body()
    name = body.required("name")
    body.demand("value")
    entry = _checked(call, [(name, body.text("value"))])
    if name in known.entries:
        raise call.refusal("kvm_entry_exists", name=name)
    call.organization.key_value_maps.put(scope, known.with_entries(entry))
    return answer(_entry(known, name, entry[name]))


def update_entry(call: Call) -> Response:
    """Change the value of an entry, or add it. GUESS: the name in the path counts, whatever the body says."""
    scope, name = _scope_of(call), _asked_entry(call)
    known = _map_of(call, scope)
    _require_cps(call, "UpdateKeyValueMapEntry")
    body = call.body()
    body.demand("value")
    entry = _checked(call, [(name, body.text("value"))])
    call.organization.key_value_maps.put(scope, known.with_entries(entry))
    return answer(_entry(known, name, entry[name]))


def show_entry(call: Call) -> Response:
    """Answer with one entry."""
    known = _map_of(call, _scope_of(call))
    return answer(_entry(known, *_entry_of(call, known)))


def delete_entry(call: Call) -> Response:
    """Delete one entry, and answer with it."""
    scope = _scope_of(call)
    known = _map_of(call, scope)
    name, value = _entry_of(call, known)
    call.organization.key_value_maps.put(scope, known.without_entry(name))
    return answer(_entry(known, name, value))


def list_keys(call: Call) -> Response:
    """Answer with a page of the keys of a map, which begins after `startkey`.

    GUESS: a `startkey` that is no key of the map has a place in their order all the same.
    """
    known = _map_of(call, _scope_of(call))
    _require_cps(call, "ListKeyValueMapKeys")
    start, length = call.query("startkey"), _KEYS.length(call)
    keys = sorted(known.entries, key=_place)
    return answer([key for key in keys if not start or _place(key) > _place(start)][:length])


def _scope_of(call: Call) -> Scope:
    """Return what a path says before `keyvaluemaps`.

    Raises:
        Refusal: 404; there is no such environment, API proxy or revision.
    """
    if "env" in call.parameters:
        return "environments", environment_of(call)
    if "api" not in call.parameters:
        return ()
    if "revision" not in call.parameters:
        return "apis", api_of(call)
    revision = revision_of(call)
    return "apis", revision.api, "revisions", revision.name


def _has_cps(call: Call) -> bool:
    return call.organization.properties.get("features.isCpsEnabled") == "true"


def _require_cps(call: Call, operation: str) -> None:
    """Refuse what only an organization with CPS has. Source of the text: apigeetool issue 114."""
    if not _has_cps(call):
        raise call.refusal("kvm_operation_unsupported", name=operation)


def _refuse_cps(call: Call) -> None:
    """Refuse what only an organization without CPS has. Source: apigee-config-maven-plugin issue 25, for `PUT`."""
    if _has_cps(call):
        message = "Update of KeyValueMap is not supported; use addEntry/updateEntry api to add entries to a KeyValueMap"
        code = "keyvaluemap.service.KeyValueMapUpdateOperationNotSupported"
        raise call.error(ApiError(status=410, code=code, message=message))


def _find(call: Call, scope: Scope, name: str) -> KeyValueMap | None:
    maps = call.organization.key_value_maps.of(scope)
    if _has_cps(call):
        return maps.get(name)
    return next((known for known in maps.values() if known.name.lower() == name.lower()), None)


def _map_of(call: Call, scope: Scope) -> KeyValueMap:
    known = _find(call, scope, call["map"])
    if known is None:
        raise call.refusal("kvm_unknown", name=call["map"])
    return known


def _asked_entry(call: Call) -> str:
    """Return the name of an entry in a path, a lone surrogate in it as in a body: a question mark."""
    return call["entry"].encode("utf-8", "replace").decode()


def _entry_of(call: Call, known: KeyValueMap) -> tuple[str, str]:
    name = _asked_entry(call)
    if name not in known.entries:
        raise call.refusal("kvm_entry_unknown", name=name)
    return name, known.entries[name]


def _checked(call: Call, entries: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return entries by name. GUESS: the characters of their names are free; values may be empty and of any length."""
    found = dict(entries)
    if any(len(name.encode()) > LONGEST_KEY for name in found):
        raise call.refusal("kvm_entry_name_unfit")
    return found


def _place(key: str) -> bytes:
    """Return where a key stands in the order: it is stable, and a new key can appear anywhere, says the file."""
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()


def _map(call: Call, known: KeyValueMap) -> Mapping[str, Json]:
    names = sorted(known.entries, key=_place)[:_MOST_ENTRIES] if _has_cps(call) else list(known.entries)
    entries: list[Json] = [_entry(known, name, known.entries[name]) for name in names]
    return {"encrypted": known.is_encrypted, "entry": entries, "name": known.name}


def _entry(known: KeyValueMap, name: str, value: str) -> Mapping[str, Json]:
    return {"name": name, "value": MASK if known.is_encrypted else value}


_SOURCE, _DOCUMENTATION = "key-value-maps.yaml", "documentation (key value maps)"
_MAP_HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", ""): list_maps,
    ("POST", ""): create_map,
    ("GET", "/{map}"): show_map,
    ("POST", "/{map}"): update_map,
    ("DELETE", "/{map}"): delete_map,
    ("POST", "/{map}/entries"): create_entry,
    ("GET", "/{map}/entries/{entry}"): show_entry,
    ("POST", "/{map}/entries/{entry}"): update_entry,
    ("DELETE", "/{map}/entries/{entry}"): delete_entry,
    ("GET", "/{map}/keys"): list_keys,
}
_OF_REVISION = (("POST", ""), ("POST", "/{map}/entries"), ("POST", "/{map}/entries/{entry}"), ("GET", "/{map}/keys"))


def _routes() -> Iterator[Route]:
    for above in ("", "/environments/{env}", "/apis/{api}"):
        path = f"/organizations/{{org}}{above}/keyvaluemaps"
        for (method, below), run in _MAP_HANDLERS.items():
            is_official = (above, method, below) != ("/apis/{api}", "POST", "/{map}")
            source = _SOURCE if is_official else _DOCUMENTATION
            yield Route(method=method, path=f"{path}{below}", source=source, handler=run)
        yield Route(method="PUT", path=f"{path}/{{map}}", source=_DOCUMENTATION, handler=update_map)
    path = "/organizations/{org}/apis/{api}/revisions/{revision}/keyvaluemaps"
    for method, below in _OF_REVISION:
        yield Route(method=method, path=f"{path}{below}", source=_SOURCE, handler=_MAP_HANDLERS[method, below])


ROUTES = tuple(_routes())
