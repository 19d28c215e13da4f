"""The files of the Apigee Maven config plugin (1.x, for Edge) as a world.

In the single-file form one object, usually `edge.json`, has all entities below `orgConfig`, `envConfig` and
`apiConfig`. In the multi-file form a directory, usually `resources/edge`, has one JSON file for each kind of entities:
`org/{kind}.json`, `env/{environment}/{kind}.json`, `api/{proxy}/{kind}.json`. Entities are bodies of the management
API.

Rules of this file:

* The files name no organization: all of it is the default one's. It has the usual environments, those that the files
  name in `envConfig`, `env` or an API product, and the default one.
* Apps and keys have API products of these files alone, as Edge refuses others.
* Kinds that a fake Edge does not model are read over, and listed.

Source: apigee/apigee-config-maven-plugin: README.md, samples/EdgeConfig, ConfigReader.java, ImportKeysMojo.java.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pytest_apigee.documents import is_directory, is_file, read_document
from pytest_apigee.edge import checks
from pytest_apigee.edge.landscape import DEFAULT_ORGANIZATION, USUAL_ENVIRONMENTS
from pytest_apigee.errors import ConfigurationError, found, listed
from pytest_apigee.fields import FieldReader
from pytest_apigee.world_content import OrganizationContent, WorldContent

_SECTIONS = {"orgConfig": "org", "envConfig": "env", "apiConfig": "api"}
_OWNERS = {"env": "environment", "api": "api"}
_OWNERS_OF_APPS = {"developerApps": "developer", "companyApps": "company", "importKeys": "developer"}
_MODELLED = {
    "org": ("apiProducts", "companies", "developers", "kvms", "userroles", *_OWNERS_OF_APPS),
    "env": ("caches", "kvms", "targetServers"),
    "api": ("kvms",),
}
# The last of each line are those of the plugin's later versions, which are not for Edge.
_NOT_MODELLED = {
    "org": (
        *("apiCategories", "apiDocs", "maskconfigs", "reports", "resourcefiles", "specs"),
        *("appGroupApps", "appGroups", "importAppGroupAppKeys", "ratePlans", "spaces"),
    ),
    "env": (
        *("aliases", "extensions", "flowhooks", "keystores", "references", "resourcefiles", "virtualHosts"),
        "debugMasks",
    ),
    "api": ("maskconfigs", "resourcefiles"),
}
_KINDS = {scope: (*kinds, *_NOT_MODELLED[scope]) for scope, kinds in _MODELLED.items()}
_ALONE = "edge.json"
_USUAL_DIRECTORIES = (".", "resources/edge", "edge")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """The entities of one kind in one place: the field `kind` of a table."""

    scope: str
    owner: str
    """The environment or API proxy, empty for the organization."""
    kind: str
    table: FieldReader
    place: str
    """Where it is, for people."""

    @property
    def is_modelled(self) -> bool:
        """Whether a fake Edge has this kind."""
        return self.kind in _MODELLED[self.scope]

    def tables(self) -> Iterator[FieldReader]:
        """Yield the entities; whose each is, which its place says, becomes a field of it."""
        if self.kind in _OWNERS_OF_APPS:
            by_owner = self.table.table(self.kind).all_lists()
            for owner, tables in by_owner.items():
                yield from (table.with_field(_OWNERS_OF_APPS[self.kind], owner) for table in tables)
        elif self.owner:
            yield from (table.with_field(_OWNERS[self.scope], self.owner) for table in self.table.tables(self.kind))
        else:
            yield from self.table.tables(self.kind)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Config:
    """All that the files hold, in whichever form."""

    place: str
    parts: tuple[_Part, ...]
    environments: tuple[str, ...]
    strays: tuple[str, ...] = ()
    """Files that are none of the plugin's."""

    def of(self, *kinds: str) -> tuple[FieldReader, ...]:
        """Return the entities of some kinds, from everywhere."""
        return tuple(table for kind in kinds for part in self.parts if part.kind == kind for table in part.tables())

    def content(self, *, org: str | None, env: str | None) -> WorldContent:
        """Return the world."""
        products, apps, keys = self.of("apiProducts"), self.of("developerApps", "companyApps"), self.of("importKeys")
        known = {product.text("name"): product for product in products}
        for table in (*apps, *(credential for app in apps for credential in app.tables("credentials")), *keys):
            for name in table.products("apiProducts"):
                table.placed(partial(found, known, name, "API product"))
        organization = OrganizationContent(
            fields=self._organization(products, org=org, env=env),
            roles=tuple(role.renamed("resourcepermissions", "resourcePermission") for role in self.of("userroles")),
            developers=self.of("developers"),
            companies=self.of("companies"),
            products=products,
            apps=apps,
            keys=keys,
            key_value_maps=self.of("kvms"),
            caches=self.of("caches"),
            target_servers=self.of("targetServers"),
        )
        unread = (part.place for part in self.parts if not part.is_modelled and part.table.anything(part.kind))
        return WorldContent(organizations=(organization,), ignored=(*unread, *self.strays))

    def _organization(self, products: Iterable[FieldReader], *, org: str | None, env: str | None) -> FieldReader:
        name = checks.name_in_host("organization", DEFAULT_ORGANIZATION if org is None else org)
        default = () if env is None else (checks.name_in_host("environment", env),)
        named = (environment for product in products for environment in product.texts("environments"))
        environments = dict.fromkeys((*USUAL_ENVIRONMENTS, *self.environments, *named, *default))
        return FieldReader({"name": name, "environments": list(environments)}, self.place)


def is_single_file(content: Mapping[Any, object]) -> bool:
    """Return whether an object is the single-file form."""
    return any(name in content for name in _SECTIONS)


def read_single_file(table: FieldReader, *, org: str | None, env: str | None) -> WorldContent:
    """Read the single-file form.

    Raises:
        ConfigurationError: Something in it cannot be.
    """
    table.anything("version")
    sections = {scope: table.table(name) for name, scope in _SECTIONS.items()}
    table.finish()
    by_environment, by_api = sections["env"].all_tables(), sections["api"].all_tables()
    parts = (
        *_parts_of(sections["org"], "org", place="orgConfig"),
        *(part for name, held in by_environment.items() for part in _parts_of(held, "env", name, place="envConfig")),
        *(part for name, held in by_api.items() for part in _parts_of(held, "api", name, place="apiConfig")),
    )
    return _Config(place=table.place, parts=parts, environments=tuple(by_environment)).content(org=org, env=env)


def _parts_of(table: FieldReader, scope: str, owner: str = "", *, place: str) -> tuple[_Part, ...]:
    inner = f"{place}.{owner}" if owner else place
    parts = tuple(
        _Part(scope=scope, owner=owner, kind=kind, table=table, place=f"{inner}.{kind}")
        for kind in _KINDS[scope]
        if kind in table
    )
    table.finish()
    return parts


def located(path: Path) -> Path:
    """Return where a world really is.

    Of a directory it is the one of the multi-file form in it, or its `edge.json`; of a file of the multi-file form the
    whole directory; any other path is itself.

    Raises:
        ConfigurationError: A directory has none of them, or more than one.
    """
    if not is_directory(path):
        return _root_of(path)
    inner = (path / name for name in _USUAL_DIRECTORIES)
    choices = [root for root in inner if any(file.is_known for file in _files_in(root))]
    choices += [path / _ALONE] if is_file(path / _ALONE) else []
    if len(choices) == 1:
        return choices[0]
    if choices:
        known = listed(map(str, choices))
        msg = f"The world directory {path} holds more than one configuration. Give one of them: {known}."
    else:
        msg = (
            f"The world directory {path} holds no files of the Apigee Maven config plugin: neither {_ALONE} nor "
            "org/*.json, env/{environment}/*.json or api/{proxy}/*.json, in itself or in resources/edge."
        )
    raise ConfigurationError(msg)


def read_directory(root: Path, *, org: str | None, env: str | None) -> WorldContent:
    """Read the multi-file form.

    Raises:
        ConfigurationError: Something in it cannot be.
    """
    files = tuple(_files_in(root))
    return _Config(
        place=f"world directory {root.absolute().name}",
        parts=tuple(file.read() for file in files if file.is_known),
        environments=tuple(dict.fromkeys(file.owner for file in files if file.is_known and file.scope == "env")),
        strays=tuple(file.place for file in files if not file.is_known),
    ).content(org=org, env=env)


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    """A JSON file in the directory of the multi-file form, at a place where the plugin may look for one."""

    root: Path
    path: Path
    scope: str
    owner: str

    @property
    def kind(self) -> str:
        """The kind of entities that it has, by its name."""
        return self.path.stem

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return self.path.relative_to(self.root).as_posix()

    @property
    def is_known(self) -> bool:
        """Whether the plugin reads it.

        Raises:
            ConfigurationError: It would, had its name other letter cases.
        """
        kinds = _KINDS[self.scope] if self.owner or self.scope == "org" else ()
        near = [kind for kind in kinds if kind.lower() == self.kind.lower()]
        if near and self.kind not in near:
            msg = f"The Apigee Maven config plugin does not read the world file {self.path}: name it {near[0]}.json."
            raise ConfigurationError(msg)
        return bool(near)

    def read(self) -> _Part:
        """Return what it holds.

        Raises:
            ConfigurationError: It cannot be read, or holds something else.
        """
        content = read_document(self.path)
        kind, form = ("an object", dict) if self.kind in _OWNERS_OF_APPS else ("a list", list)
        if self.kind in _MODELLED[self.scope] and not isinstance(content, form):
            msg = f"The world file {self.path} must hold {kind}, not {type(content).__name__}."
            raise ConfigurationError(msg)
        table = FieldReader({self.kind: content}, f"world file {self.place}")
        return _Part(scope=self.scope, owner=self.owner, kind=self.kind, table=table, place=self.place)


def _files_in(root: Path) -> Iterator[_File]:
    for scope in _KINDS:
        inner = {root / scope: ""} | {path: path.name for path in _inside(root / scope) if scope in _OWNERS}
        for directory, owner in inner.items():
            for path in _inside(directory):
                if path.suffix == ".json":
                    yield _File(root=root, path=path, scope=scope, owner=owner)


def _inside(directory: Path) -> list[Path]:
    """Return what is in a directory, nothing where there is none."""
    try:
        return sorted(directory.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        msg = f"The world directory {directory} cannot be read: {error.strerror}."
        raise ConfigurationError(msg) from None


def _root_of(path: Path) -> Path:
    """Return the directory of the multi-file form that a file belongs to, or the file itself if to none."""
    above = path.absolute().parents
    for scope, level in (("env", 1), ("api", 1), ("org", 0)):
        is_there = len(above) > level and above[level].name == scope
        if is_there and path.suffix == ".json" and path.stem in _KINDS[scope] and is_file(path):
            return above[level + 1]
    return path
