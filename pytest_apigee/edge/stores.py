"""What an organization keeps for its API proxies: key value maps, caches and target servers, as values, and where.

They are plain stores of the management API: nothing at the gateway reads or fills them.

Source: key-value-maps.yaml, caches.yaml; management.md section 4.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Generic, Protocol, TypeVar

from pytest_apigee.edge.locking import locked

NAME = re.compile(r"[A-Za-z0-9._\-$ %]+")
"""The names that these things may have. Source: the descriptions of `name` in the official files."""
LONGEST_KEY = 2 * 1024
"""The most bytes of the name of an entry of a key value map. Source: key-value-maps.yaml."""
LAST_PORT = 65_535
EXPIRIES = ("expiryDate", "timeOfDay", "timeoutInSec")
"""The ways in which a cache says when its entries expire."""
USUAL_EXPIRY = {"timeoutInSec": "300"}
"""What holds where none is said. Source: the older page of the call, in its table of request payload elements."""
Scope = tuple[str, ...]
"""Where a thing is: the words of the path below the organization, none for the organization itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyValueMap:
    """Values by key; those of an encrypted map are never shown again."""

    name: str
    is_encrypted: bool = False
    entries: Mapping[str, str] = field(default_factory=dict, repr=False)

    def with_entries(self, entries: Mapping[str, str]) -> "KeyValueMap":
        """Return the same map with some values added or changed."""
        return replace(self, entries={**self.entries, **entries})

    def without_entry(self, key: str) -> "KeyValueMap":
        """Return the same map without one key."""
        return replace(self, entries={known: value for known, value in self.entries.items() if known != key})


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheConfig:
    """The settings of a cache; `expiry` has values by kind: `expiryDate`, `timeOfDay`, `timeoutInSec`."""

    name: str
    expiry: Mapping[str, str]
    description: str = ""
    keeps_expiry: bool = False
    """Whether it goes before the expiry of a PopulateCache policy: `valuesNull`."""
    compressed_from_kb: int | None = None
    skipped_above_kb: int | None = None
    disk_size_mb: int = 0
    memory_size_kb: int = 0
    most_in_memory: int = 0
    most_on_disk: int = 0
    overflows_to_disk: bool = False
    is_persistent: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsSettings:
    """How a target server is spoken to over TLS; None and an empty text for what nobody said."""

    is_enabled: bool | None = None
    has_client_authentication: bool | None = None
    ignores_errors: bool = False
    ciphers: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    key_alias: str = ""
    key_store: str = ""
    trust_store: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetServer:
    """A backend that API proxies call by its name; without `tls` it is spoken to in plain."""

    name: str
    host: str
    port: int
    is_enabled: bool = True
    tls: TlsSettings | None = None


class Named(Protocol):
    """Something with a name."""

    @property
    def name(self) -> str:
        """What it is found by."""
        ...


_Item = TypeVar("_Item", bound=Named)


class Store(Generic[_Item]):
    """Things of one kind by scope and name.

    Args:
        lock: The world's.
    """

    def __init__(self, *, lock: RLock) -> None:
        self._lock = lock
        self._items: dict[Scope, dict[str, _Item]] = {}

    def of(self, scope: Scope) -> Mapping[str, _Item]:
        """Return those of one scope by name, in the order in which they were made."""
        return self._items.get(scope, {})

    @locked
    def put(self, scope: Scope, item: _Item) -> None:
        """Add a thing, or replace the one with its name."""
        self._items.setdefault(scope, {})[item.name] = item

    @locked
    def remove(self, scope: Scope, item: _Item) -> None:
        """Remove a thing that is there."""
        del self._items[scope][item.name]

    @locked
    def remove_scope(self, *scope: str) -> None:
        """Remove all things of a scope and of those within it."""
        for known in [known for known in self._items if known[: len(scope)] == scope]:
            del self._items[known]
