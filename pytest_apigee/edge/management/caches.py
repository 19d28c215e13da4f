"""Caches of an environment.

They are settings alone: nothing at the gateway fills or reads a cache, so that there is nothing to clear.

Source: caches.yaml, its samples where its schema differs; management.md sections 4 and 5.1. GUESS: sizes may be any
whole number, and a time of expiry any text.
"""

from pytest_apigee.edge.jackson import Json, pretty
from pytest_apigee.edge.management.body import Body
from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.environments import environment_of
from pytest_apigee.edge.management.names import is_fit
from pytest_apigee.edge.management.routing import Handler, routes_of
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.stores import EXPIRIES, NAME, USUAL_EXPIRY, CacheConfig, Scope

_ALL = "/organizations/{org}/environments/{env}/caches"
_ONE = f"{_ALL}/{{cache}}"
_ENTRIES = f"{_ONE}/entries"
_ENTRY = f"{_ENTRIES}/{{entry}}"


def list_caches(call: Call) -> Response:
    """Answer with names, in their order (GUESS)."""
    return answer(sorted(call.organization.caches.of(_scope_of(call))))


def create_cache(call: Call) -> Response:
    """Create a cache; its name is in the query, or in the body, as apigeetool sends it. GUESS: the query goes first."""
    scope, body = _scope_of(call), call.body()
    name = call.query("name") or body.required("name")
    if not is_fit(call, name, NAME):
        raise call.refusal("name_unfit", name=name)
    cache = _config(body, name)
    if name in call.organization.caches.of(scope):
        raise call.refusal("cache_exists", name=name)
    call.organization.caches.put(scope, cache)
    return answer(_shown(cache), status=201)


def show_cache(call: Call) -> Response:
    """Answer with a cache."""
    return answer(_shown(_cache_of(call, _scope_of(call))))


def update_cache(call: Call) -> Response:
    """Replace the settings of a cache; what is not sent has its usual value again."""
    scope = _scope_of(call)
    cache = _config(call.body(), _cache_of(call, scope).name)
    call.organization.caches.put(scope, cache)
    return answer(_shown(cache))


def delete_cache(call: Call) -> Response:
    """Delete a cache, and answer with it."""
    scope = _scope_of(call)
    cache = _cache_of(call, scope)
    call.organization.caches.remove(scope, cache)
    return answer(_shown(cache))


def clear_cache(call: Call) -> Response:
    """Clear all entries of a cache; the file says that the answer is of this type."""
    name = _cleared(call)
    body = pretty({"action": "ClearCacheEntries", "resourceName": name})
    return Response(headers={"Content-Type": "application/octet-stream"}, body=body)


def clear_entry(call: Call) -> Response:
    """Clear one entry of a cache. GUESS: the answer has no body."""
    _cleared(call)
    return Response()


def _scope_of(call: Call) -> Scope:
    return "environments", environment_of(call)


def _cache_of(call: Call, scope: Scope) -> CacheConfig:
    cache = call.organization.caches.of(scope).get(call["cache"])
    if cache is None:
        raise call.refusal("cache_unknown", name=call["cache"])
    return cache


def _cleared(call: Call) -> str:
    cache, action = _cache_of(call, _scope_of(call)), call.query("action")
    if action != "clear":
        raise call.refusal("unknown_action", name=action)
    return cache.name


def _config(body: Body, name: str) -> CacheConfig:
    settings = body.mapping("expirySettings")
    expiry = {kind: settings.mapping(kind).required("value") for kind in EXPIRIES if kind in settings}
    return CacheConfig(
        name=name,
        description=body.text("description"),
        expiry=expiry or USUAL_EXPIRY,
        keeps_expiry=settings.flag("valuesNull", default=False),
        compressed_from_kb=_optional_number(body.mapping("compression"), "minimumSizeInKB"),
        skipped_above_kb=_optional_number(body, "skipCacheIfElementSizeInKBExceeds"),
        disk_size_mb=body.number("diskSizeInMB", 0),
        memory_size_kb=body.number("inMemorySizeInKB", 0),
        most_in_memory=body.number("maxElementsInMemory", 0),
        most_on_disk=body.number("maxElementsOnDisk", 0),
        overflows_to_disk=body.flag("overflowToDisk", default=False),
        is_persistent=body.flag("persistent", default=False),
    )


def _optional_number(body: Body, name: str) -> int | None:
    return body.number(name, 0) if name in body else None


def _shown(cache: CacheConfig) -> Json:
    """Return a cache; the fields are in the order of the alphabet, and what has no usual value is absent."""
    expiry: dict[str, Json] = {kind: {"value": value} for kind, value in cache.expiry.items()}
    fields: dict[str, Json] = {
        "diskSizeInMB": cache.disk_size_mb,
        "distributed": True,
        "expirySettings": {**expiry, "valuesNull": cache.keeps_expiry},
        "inMemorySizeInKB": cache.memory_size_kb,
        "maxElementsInMemory": cache.most_in_memory,
        "maxElementsOnDisk": cache.most_on_disk,
        "name": cache.name,
        "overflowToDisk": cache.overflows_to_disk,
        "persistent": cache.is_persistent,
    }
    if cache.compressed_from_kb is not None:
        fields["compression"] = {"minimumSizeInKB": cache.compressed_from_kb}
    if cache.description:
        fields["description"] = cache.description
    if cache.skipped_above_kb is not None:
        fields["skipCacheIfElementSizeInKBExceeds"] = cache.skipped_above_kb
    return dict(sorted(fields.items()))


_HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _ALL): list_caches,
    ("POST", _ALL): create_cache,
    ("GET", _ONE): show_cache,
    ("PUT", _ONE): update_cache,
    ("DELETE", _ONE): delete_cache,
    ("POST", _ENTRIES): clear_cache,
    ("POST", _ENTRY): clear_entry,
}
ROUTES = routes_of("caches.yaml", _HANDLERS)
