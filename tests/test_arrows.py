"""Which module may import which: the arrows of the layout, read from the sources, so that no run can miss one."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec, resolve_name
from pathlib import Path

import pytest

PACKAGE = "pytest_apigee"
# pytest is known to the plugin and to what it hands its fixtures and hooks to.
MAY_IMPORT_PYTEST = ("plugin", "options", "settings", "harness", "fixtures", "report")
# Slow to import, and the plugin is loaded in every run of everyone who has it installed.
IMPORTED_WHERE_NEEDED = frozenset(
    {"cryptography", "faker", "filelock", "httpx", "jwt", "requests", "responses", "time_machine", "trustme", "urllib3"}
)
EDGE_LIBRARIES = frozenset({"jwt", "cryptography"})
# Rooms, and what of our own each may import; rooms that are not named may import what they like.
ROOMS = {
    "edge": ("edge", "errors"),
    "transports": ("transports", "errors", "edge.message"),
}
STRANGERS = (
    ("transports", "live"),
    ("edge.sso", "edge.gateway"),
    ("edge.sso", "edge.management"),
    ("edge.gateway", "edge.management"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Import:
    """One imported module, and when it is imported."""

    name: str = ""
    line: int = 0
    at_module_level: bool = True
    for_types_only: bool = False

    @property
    def library(self) -> str:
        """The top-level package."""
        return self.name.partition(".")[0]

    @property
    def ours(self) -> str | None:
        """The name below our package, or None for someone else's module."""
        return self.name.removeprefix(PACKAGE).removeprefix(".") if self.library == PACKAGE else None


def imports_of(node: ast.AST, package: str, *, when: Import) -> Iterator[Import]:
    """Walk a tree of a module in the package; `when` says under what the tree stands."""
    match node:
        case ast.Import(names=names):
            yield from (replace(when, name=alias.name, line=node.lineno) for alias in names)
        case ast.ImportFrom(names=names):
            source = resolve_name("." * node.level + (node.module or ""), package)
            for alias in names:
                submodule = f"{source}.{alias.name}"
                yield replace(when, name=submodule if is_module(submodule) else source, line=node.lineno)
        case ast.If(test=ast.Name("TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
            for statement in node.body:
                yield from imports_of(statement, package, when=replace(when, for_types_only=True))
            for statement in node.orelse:
                yield from imports_of(statement, package, when=when)
        case _:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                when = replace(when, at_module_level=False)
            for child in ast.iter_child_nodes(node):
                yield from imports_of(child, package, when=when)


def is_module(name: str) -> bool:
    """Tell a module of ours from a name in one."""
    path = package_root().parent.joinpath(*name.split("."))
    return name.startswith(f"{PACKAGE}.") and (path.is_dir() or path.with_suffix(".py").is_file())


def package_root() -> Path:
    """Return the directory of the package under test, in the checkout or installed."""
    spec = find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def all_files() -> list[str]:
    """List the package's files, relative to it."""
    return sorted(path.relative_to(package_root()).as_posix() for path in package_root().rglob("*.py"))


def complaints(source: str, file: str) -> list[str]:
    """Say which imports of a file's source break an arrow."""
    parts = Path(file).with_suffix("").parts
    package = ".".join((PACKAGE, *parts[:-1]))
    module = ".".join(parts).removesuffix("__init__").removesuffix(".")
    found = imports_of(ast.parse(source), package, when=Import())
    return [f"line {imported.line}: {why}" for imported in found for why in objections(module, imported)]


def objections(module: str, found: Import) -> Iterator[str]:
    """Hold one import of a module to the arrows; both are named below the package."""
    if found.ours is not None:
        yield from objections_to_ours(module, found.ours)
    elif not found.for_types_only and found.library not in sys.stdlib_module_names:
        yield from objections_to_a_library(module, found)


def objections_to_ours(module: str, imported: str) -> Iterator[str]:
    """Hold an import of our own; what is imported for its types only is knowledge too."""
    for room, allowed in ROOMS.items():
        if lies_in(module, room) and not any(lies_in(imported, friend) for friend in allowed):
            yield f"{room} knows nothing of {imported or PACKAGE}"
    for strangers in STRANGERS:
        for here, there in (strangers, strangers[::-1]):
            if lies_in(module, here) and lies_in(imported, there):
                yield f"{' and '.join(strangers)} never meet"


def objections_to_a_library(module: str, found: Import) -> Iterator[str]:
    """Hold an import, at run time, of a library."""
    if lies_in(module, "edge") and found.library not in EDGE_LIBRARIES:
        yield f"edge imports no {found.library}"
    if found.library in {"pytest", "_pytest"} and not any(lies_in(module, room) for room in MAY_IMPORT_PYTEST):
        yield f"only {', '.join(MAY_IMPORT_PYTEST)} import pytest"
    is_for_it = lies_in(module, "transports") or module == found.library  # faker.py is imported by users of Faker alone
    if found.library in IMPORTED_WHERE_NEEDED and found.at_module_level and not is_for_it:
        yield f"{found.library} is imported inside the function that needs it"


def lies_in(module: str, room: str) -> bool:
    """Tell whether a module is the room or in it."""
    return module == room or module.startswith(f"{room}.")


@pytest.mark.parametrize("file", all_files())
def test_imports_follow_the_arrows(file: str) -> None:
    """No module imports what its room may not know."""
    assert complaints((package_root() / file).read_text(encoding="utf-8"), file) == []


@pytest.mark.parametrize(
    ("file", "source", "complaint"),
    [
        ("edge/world.py", "import requests", "edge imports no requests"),
        ("edge/world.py", "def f():\n    import yaml", "edge imports no yaml"),
        ("edge/world.py", "from pytest_apigee.transports import server", "edge knows nothing of transports"),
        ("edge/world.py", "from pytest_apigee import FakeEdge", "edge knows nothing of pytest_apigee"),
        ("edge/world.py", "import jwt", "jwt is imported inside the function that needs it"),
        ("edge/sso/__init__.py", "from ..gateway import service", "edge.sso and edge.gateway never meet"),
        ("edge/gateway/flow.py", "import pytest_apigee.edge.sso", "edge.sso and edge.gateway never meet"),
        ("edge/management/apps.py", "from pytest_apigee.edge import gateway", "edge.gateway and edge.management never"),
        (
            "transports/server.py",
            "from pytest_apigee.edge.world import FakeEdge",
            "transports knows nothing of edge.world",
        ),
        ("transports/server.py", "from pytest_apigee.live import guard", "transports and live never meet"),
        ("live/guard.py", "from pytest_apigee.transports import server", "transports and live never meet"),
        ("cli.py", "from pytest import Config", "import pytest"),
        ("plugin.py", "import requests", "requests is imported inside the function that needs it"),
        ("faker.py", "import requests", "requests is imported inside the function that needs it"),
        ("plugin.py", "class Late:\n    import faker", "faker is imported inside the function that needs it"),
        ("plugin.py", "if TYPE_CHECKING:\n    pass\nelse:\n    import httpx", "httpx is imported inside the function"),
        (
            "transports/server.py",
            "if TYPE_CHECKING:\n    from pytest_apigee.edge.world import FakeEdge",
            "transports knows nothing of edge.world",
        ),
    ],
)
def test_a_wrong_import_is_found(file: str, source: str, complaint: str) -> None:
    """An import against the arrows is reported, whatever its form and wherever it stands."""
    found = complaints(source, file)

    assert any(complaint in text for text in found), found


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("edge/world.py", "import json\nfrom pytest_apigee.edge import clock\nfrom pytest_apigee import errors"),
        ("edge/sso/keys.py", "def f():\n    import jwt"),
        ("edge/sso/keys.py", "if TYPE_CHECKING:\n    from cryptography import x509\n    import requests"),
        ("edge/sso/__init__.py", "from . import keys"),
        ("transports/requests.py", "import requests\nfrom pytest_apigee.edge.message import Request"),
        ("faker.py", "try:\n    from faker import Faker\nexcept ImportError:\n    pass"),
        ("plugin.py", "import pytest\nasync def f():\n    import requests"),
        ("report/section.py", "import pytest"),
    ],
)
def test_a_right_import_is_left_alone(file: str, source: str) -> None:
    """What the layout allows is not reported."""
    assert complaints(source, file) == []
