"""What a world keeps for its API proxies: key value maps, caches and target servers.

Fields are those of Edge's own JSON; whose a thing is stands in `environment` or `api`. Numbers and truth values may be
written as text, as Edge's own reader takes them.
"""

from typing import TYPE_CHECKING, TypeVar

from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.stores import (
    EXPIRIES,
    LAST_PORT,
    LONGEST_KEY,
    NAME,
    USUAL_EXPIRY,
    CacheConfig,
    KeyValueMap,
    Named,
    Scope,
    Store,
    TargetServer,
    TlsSettings,
)
from pytest_apigee.fields import FieldReader

if TYPE_CHECKING:
    from pytest_apigee.edge.catalog import Catalog

_Item = TypeVar("_Item", bound=Named)


def declare_key_value_map(organization: Organization, table: FieldReader) -> None:
    """Declare a key value map of the organization, of an environment, or of an API proxy.

    The API proxy need not be there yet: its maps are seen once it is.
    """
    scope = _scope_of_map(organization, table)
    made = KeyValueMap(
        name=_name(table),
        is_encrypted=table.loose_flag("encrypted", default=False),
        entries=_entries(table),
    )
    table.finish()
    has_cps = organization.properties.get("features.isCpsEnabled") == "true"
    known = list(organization.key_value_maps.of(scope))
    if not has_cps and made.name.lower() in map(str.lower, known):
        raise table.error(f"{made.name!r} is there before, in whatever letter case")
    _put(organization.key_value_maps, scope, made, table)


def declare_cache(world: "Catalog", organization: Organization, table: FieldReader) -> None:
    """Declare a cache of an environment."""
    scope = _environment(world, organization, table)
    settings, compression = table.table("expirySettings"), table.table("compression")
    made = CacheConfig(
        name=_name(table),
        description=table.text("description", ""),
        expiry={kind: settings.valued(kind) for kind in EXPIRIES if kind in settings} or USUAL_EXPIRY,
        keeps_expiry=settings.loose_flag("valuesNull", default=False),
        compressed_from_kb=_optional_number(compression, "minimumSizeInKB"),
        skipped_above_kb=_optional_number(table, "skipCacheIfElementSizeInKBExceeds"),
        disk_size_mb=table.loose_number("diskSizeInMB", 0),
        memory_size_kb=table.loose_number("inMemorySizeInKB", 0),
        most_in_memory=table.loose_number("maxElementsInMemory", 0),
        most_on_disk=table.loose_number("maxElementsOnDisk", 0),
        overflows_to_disk=table.loose_flag("overflowToDisk", default=False),
        is_persistent=table.loose_flag("persistent", default=False),
    )
    settings.finish()
    compression.finish()
    table.finish(ignored=("distributed",))
    _put(organization.caches, scope, made, table)


def declare_target_server(world: "Catalog", organization: Organization, table: FieldReader) -> None:
    """Declare a target server of an environment."""
    scope, port = _environment(world, organization, table), table.loose_number("port")
    if not 1 <= port <= LAST_PORT:
        raise table.error(f"the field 'port' must be from 1 to {LAST_PORT}, not {port}")
    tls = table.optional_table("sSLInfo")
    made = TargetServer(
        name=_name(table),
        host=table.text("host"),
        port=port,
        is_enabled=table.loose_flag("isEnabled", default=True),
        tls=None if tls is None else _tls(tls),
    )
    table.finish()
    _put(organization.target_servers, scope, made, table)


def _tls(table: FieldReader) -> TlsSettings:
    settings = TlsSettings(
        is_enabled=_optional_flag(table, "enabled"),
        has_client_authentication=_optional_flag(table, "clientAuthEnabled"),
        ignores_errors=table.loose_flag("ignoreValidationErrors", default=False),
        ciphers=table.texts("ciphers"),
        protocols=table.texts("protocols"),
        key_alias=table.text("keyAlias", ""),
        key_store=table.text("keyStore", ""),
        trust_store=table.text("trustStore", ""),
    )
    table.finish()
    return settings


def _scope_of_map(organization: Organization, table: FieldReader) -> Scope:
    environment, api = table.optional_text("environment"), table.optional_text("api")
    if environment and api:
        raise table.error("a key value map belongs to an environment or to an API proxy, not to both")
    if api:
        return "apis", api
    return ("environments", organization.require_environment(environment)) if environment else ()


def _environment(world: "Catalog", organization: Organization, table: FieldReader) -> Scope:
    name = table.text("environment", world.usual_environment(organization))
    return "environments", organization.require_environment(name)


def _name(table: FieldReader) -> str:
    name = table.text("name")
    if not NAME.fullmatch(name):
        raise table.error(f"{name!r} cannot be its name: letters, digits, blanks and '._-$%' only")
    return name


def _entries(table: FieldReader) -> dict[str, str]:
    """Return the entries of a map; what is no Unicode is a question mark, as in a body of the management API."""
    found = {_sent(name): _sent(value) for name, value in table.entries("entry").items()}
    if any(len(name.encode()) > LONGEST_KEY for name in found):
        raise table.error(f"the name of an entry is longer than {LONGEST_KEY} bytes")
    return found


def _sent(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _optional_number(table: FieldReader, name: str) -> int | None:
    return None if table.anything(name) is None else table.loose_number(name)


def _optional_flag(table: FieldReader, name: str) -> bool | None:
    return None if table.anything(name) is None else table.loose_flag(name, default=False)


def _put(store: Store[_Item], scope: Scope, item: _Item, table: FieldReader) -> None:
    if item.name in store.of(scope):
        raise table.error(f"{item.name!r} is there before")
    store.put(scope, item)
