"""What an organization keeps of its API proxies: their revisions, and where each is deployed.

A revision is either a proxy that a tester declared, which runs, or a bundle that was imported.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import TYPE_CHECKING

from pytest_apigee.edge.bundle import Bundle, Listener, read_bundle
from pytest_apigee.edge.locking import locked
from pytest_apigee.edge.records import Stamp

if TYPE_CHECKING:
    from pytest_apigee.edge.gateway.proxy import ApiProxy

FIRST = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """One revision of an API proxy.

    Args:
        api: The name of the API proxy.
        number: From 1 on.
        content: What it is: a declared proxy, or a bundle.
        environments: Where it is deployed.
        stamp: Who made it, and when.
    """

    api: str
    number: int
    content: "ApiProxy | Bundle" = field(repr=False)
    environments: tuple[str, ...] = ()
    stamp: Stamp = field(default=Stamp(), repr=False)

    @property
    def name(self) -> str:
        """Its number, as it stands in paths."""
        return str(self.number)

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Where its proxy endpoints listen."""
        return self.content.listeners

    @property
    def bundle(self) -> Bundle:
        """Its bundle: for a declared proxy one that describes it."""
        return self.content if isinstance(self.content, Bundle) else read_bundle(self.content.described())

    def shared_path(self, other: "Revision") -> str:
        """Return the base path of one of its listeners that another revision has too, or an empty text."""
        shared = (mine.base_path for mine in self.listeners for theirs in other.listeners if mine.collides_with(theirs))
        return next(shared, "")


def declared_revision(proxy: "ApiProxy") -> Revision:
    """Return the only revision of a declared proxy, deployed where the proxy is."""
    return Revision(api=proxy.name, number=FIRST, content=proxy, environments=proxy.environments)


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """Why a revision cannot be deployed: another one has one of its base paths."""

    base_path: str
    other: Revision


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedEndpoint:
    """A proxy endpoint of a bundle that is deployed."""

    revision: Revision
    bundle: Bundle
    listener: Listener


class ApiRevisions:
    """The API proxies of one organization.

    Args:
        lock: The world's.
    """

    def __init__(self, *, lock: RLock) -> None:
        self._lock = lock
        self._apis: dict[str, dict[int, Revision]] = {}
        self._stamps: dict[str, Stamp] = {}
        self.proxies: dict[str, ApiProxy] = {}
        """The declared ones, deployed or not, each with the environments where it is."""
        self._imported: tuple[ImportedEndpoint, ...] = ()

    def __contains__(self, api: object) -> bool:
        return api in self._apis

    def __iter__(self) -> Iterator[str]:
        return iter(self._apis)

    def of(self, api: str) -> tuple[Revision, ...]:
        """Return the revisions of an API proxy, oldest first; none where there is no such proxy."""
        return tuple(self._apis.get(api, {}).values())

    def stamp_of(self, api: str) -> Stamp:
        """Return who made an API proxy and last changed it, and when."""
        return self._stamps[api]

    def find(self, api: str, revision: str) -> Revision | None:
        """Return a revision by its number as it stands in a path, or None."""
        return next((known for known in self.of(api) if known.name == revision), None)

    def deployed_in(self, environment: str) -> list[Revision]:
        """Return what is deployed in an environment."""
        every = (revision for api in self for revision in self.of(api))
        return [revision for revision in every if environment in revision.environments]

    def imported_at(self, environment: str, virtual_host: str, path: str) -> ImportedEndpoint | None:
        """Return the endpoint of a deployed bundle that a path leads to, of the longest base path, or None."""
        serving = [
            endpoint
            for endpoint in self._imported
            if environment in endpoint.revision.environments and endpoint.listener.serves(virtual_host, path)
        ]
        return max(serving, key=lambda endpoint: len(endpoint.listener.base_path), default=None)

    def conflict(self, revision: Revision, environment: str, *, replaced: str = "") -> Conflict | None:
        """Return why a revision cannot be deployed in an environment, or None.

        Args:
            revision: Of which the base paths count.
            environment: Where.
            replaced: The API proxy whose other revisions it takes the place of.
        """
        for other in self.deployed_in(environment):
            is_same = (other.api, other.number) == (revision.api, revision.number)
            path = "" if is_same or other.api == replaced else revision.shared_path(other)
            if path:
                return Conflict(base_path=path, other=other)
        return None

    @locked
    def declare(self, revision: Revision) -> None:
        """Add the first revision of a proxy that was declared."""
        self._put(revision, Stamp())

    @locked
    def add(self, api: str, bundle: Bundle, stamp: Stamp) -> Revision:
        """Add the next revision of an API proxy, or the first one of a new one.

        Its number is one more than the largest that there is, which is what apigeetool counts on.
        """
        number = max((revision.number for revision in self.of(api)), default=0) + 1
        return self._put(Revision(api=api, number=number, content=bundle, stamp=stamp), stamp)

    @locked
    def replace_content(self, revision: Revision, bundle: Bundle, stamp: Stamp) -> Revision:
        """Let a revision be another bundle, wherever it is deployed."""
        return self._put(replace(revision, content=bundle, stamp=stamp), stamp)

    @locked
    def deploy(self, revision: Revision, environment: str) -> Revision:
        """Deploy a revision in one environment more."""
        environments = tuple(dict.fromkeys((*revision.environments, environment)))
        return self._put(replace(revision, environments=environments))

    @locked
    def undeploy(self, revision: Revision, environment: str) -> Revision:
        """Take a revision out of an environment."""
        environments = tuple(name for name in revision.environments if name != environment)
        return self._put(replace(revision, environments=environments))

    @locked
    def remove_revision(self, revision: Revision, stamp: Stamp) -> None:
        """Forget a revision; its API proxy stays, even without any."""
        del self._apis[revision.api][revision.number]
        self._touch(revision.api, stamp)

    @locked
    def remove(self, api: str) -> None:
        """Forget an API proxy and all its revisions."""
        del self._apis[api], self._stamps[api]
        self._settle(api)

    def _put(self, revision: Revision, stamp: Stamp | None = None) -> Revision:
        revisions = self._apis.setdefault(revision.api, {})
        revisions[revision.number] = revision
        self._touch(revision.api, stamp)
        return revision

    def _touch(self, api: str, stamp: Stamp | None) -> None:
        if stamp is not None:
            known = self._stamps.get(api, stamp)
            self._stamps[api] = known.changed(stamp.modified_at_ms, stamp.modified_by)
        self._settle(api)

    def _settle(self, api: str) -> None:
        """Let the gateway see what is deployed now."""
        self.proxies.pop(api, None)
        for revision in self.of(api):
            if not isinstance(revision.content, Bundle):
                self.proxies[api] = replace(revision.content, environments=revision.environments)
        self._imported = tuple(
            ImportedEndpoint(revision=revision, bundle=revision.content, listener=listener)
            for known in self
            for revision in self.of(known)
            if isinstance(revision.content, Bundle) and revision.environments
            for listener in revision.listeners
        )
