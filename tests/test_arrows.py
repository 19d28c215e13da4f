"""Which module may import which: the arrows of the layout, read from the sources, so that no run can miss one."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec, resolve_name
from pathlib import Path

import pytest

PACKAGE = "pytest_apigee"
# pytest is known to the plugin and to what it hands its fixtures and hooks to.
MAY_IMPORT_PYTEST = ("plugin", "settings", "harness", "fixtures", "report")
# Slow to import, and the plugin is loaded in every run of everyone who has it installed.
IMPORTED_WHERE_NEEDED = frozenset(
    "cryptography faker filelock httpx jwt requests responses time_machine trustme urllib3".split()
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

    name: str
    line: int
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


class Imports(ast.NodeVisitor):
    """Collects the imports of a module."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.found: list[Import] = []
        self._in_function = False
        self._for_types_only = False

    def visit_Import(self, node: ast.Import) -> None:  # noqa: N802 - the visitor's name
        for alias in node.names:
            self._add(alias.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:  # noqa: N802 - the visitor's name
        source = resolve_name("." * node.level + (node.module or ""), self.package)
        for alias in node.names:
            submodule = f"{source}.{alias.name}"
            self._add(submodule if source.startswith(PACKAGE) and is_module(submodule) else source, node.lineno)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:  # noqa: N802
        outside, self._in_function = self._in_function, True
        self.generic_visit(node)
        self._in_function = outside

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_If(self, node: ast.If) -> None:  # noqa: N802 - the visitor's name
        outside = self._for_types_only
        self._for_types_only = outside or ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
        for statement in node.body:
            self.visit(statement)
        self._for_types_only = outside
        for statement in node.orelse:
            self.visit(statement)

    def _add(self, name: str, line: int) -> None:
        self.found.append(
            Import(name=name, line=line, at_module_level=not self._in_function, for_types_only=self._for_types_only)
        )


def is_module(name: str) -> bool:
    root = Path(*package_root().parts[:-1], *name.split("."))
    return root.is_dir() or root.with_suffix(".py").is_file()


def package_root() -> Path:
    spec = find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def all_modules() -> list[str]:
    """List the modules by their names below the package; the package itself is the empty name."""
    root = package_root()
    return sorted(
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix("__init__") for path in root.rglob("*.py")
    )


def complaints(source: str, module: str) -> list[str]:
    """Say which imports of a module's source break an arrow; a module that ends in a dot is a package."""
    package = f"{PACKAGE}.{module}".rpartition(".")[0]
    imports = Imports(package)
    imports.visit(ast.parse(source))
    name = module.removesuffix(".")
    return [f"line {found.line}: {why}" for found in imports.found for why in objections(name, found)]


def objections(module: str, found: Import) -> Iterator[str]:
    if found.ours is not None:
        yield from objections_to_ours(module, found.ours)
    elif not found.for_types_only and found.library not in sys.stdlib_module_names:
        yield from objections_to_a_library(module, found)


def objections_to_ours(module: str, imported: str) -> Iterator[str]:
    """What is imported for its types only is knowledge too."""
    for room, allowed in ROOMS.items():
        if lies_in(module, room) and not any(lies_in(imported, friend) for friend in allowed):
            yield f"{room} knows nothing of {imported or PACKAGE}"
    for strangers in STRANGERS:
        for here, there in (strangers, strangers[::-1]):
            if lies_in(module, here) and lies_in(imported, there):
                yield f"{here} and {there} never meet"


def objections_to_a_library(module: str, found: Import) -> Iterator[str]:
    if lies_in(module, "edge") and found.library not in EDGE_LIBRARIES:
        yield f"edge imports no {found.library}"
    if found.library in {"pytest", "_pytest"} and not any(lies_in(module, room) for room in MAY_IMPORT_PYTEST):
        yield f"only {', '.join(MAY_IMPORT_PYTEST)} import pytest"
    if found.library in IMPORTED_WHERE_NEEDED and found.at_module_level and not lies_in(module, "transports"):
        yield f"{found.library} is imported inside the function that needs it"


def lies_in(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


@pytest.mark.parametrize("module", all_modules(), ids=lambda module: module or PACKAGE)
def test_imports_follow_the_arrows(module: str) -> None:
    """No module imports what its room may not know."""
    relative = f"{module.replace('.', '/')}__init__.py" if module in {""} or module.endswith(".") else None
    path = package_root() / (relative or f"{module.replace('.', '/')}.py")

    assert complaints(path.read_text(encoding="utf-8"), module) == []


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("edge.world", "import requests", "edge imports no requests"),
        ("edge.world", "def f():\n    import yaml", "edge imports no yaml"),
        ("edge.world", "from pytest_apigee.transports import server", "edge knows nothing of transports"),
        ("edge.world", "from pytest_apigee import FakeEdge", "edge knows nothing of pytest_apigee"),
        ("edge.world", "import jwt", "jwt is imported inside the function that needs it"),
        ("edge.sso.", "from ..gateway import service", "edge.sso and edge.gateway never meet"),
        ("edge.gateway.flow", "import pytest_apigee.edge.sso", "edge.sso and edge.gateway never meet"),
        ("edge.management.apps", "from pytest_apigee.edge import gateway", "edge.gateway and edge.management never"),
        (
            "transports.server",
            "from pytest_apigee.edge.world import FakeEdge",
            "transports knows nothing of edge.world",
        ),
        ("transports.server", "from pytest_apigee.live import guard", "transports and live never meet"),
        ("live.guard", "from pytest_apigee.transports import server", "transports and live never meet"),
        ("cli", "from pytest import Config", "import pytest"),
        ("plugin", "import requests", "requests is imported inside the function that needs it"),
        ("plugin", "class Late:\n    import faker", "faker is imported inside the function that needs it"),
        ("plugin", "if TYPE_CHECKING:\n    pass\nelse:\n    import httpx", "httpx is imported inside the function"),
        (
            "transports.server",
            "if TYPE_CHECKING:\n    from pytest_apigee.edge.world import FakeEdge",
            "transports knows nothing of edge.world",
        ),
    ],
)
def test_a_wrong_import_is_found(module: str, source: str, complaint: str) -> None:
    """An import against the arrows is reported, whatever its form and wherever it stands."""
    found = complaints(source, module)

    assert any(complaint in text for text in found), found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("edge.world", "import json\nfrom pytest_apigee.edge import clock\nfrom pytest_apigee import errors"),
        ("edge.sso.keys", "def f():\n    import jwt"),
        ("edge.sso.keys", "if TYPE_CHECKING:\n    from cryptography import x509\n    import requests"),
        ("edge.sso.", "from . import keys"),
        ("transports.requests", "import requests\nfrom pytest_apigee.edge.message import Request"),
        ("plugin", "import pytest\nasync def f():\n    import requests"),
        ("report.section", "import pytest"),
    ],
)
def test_a_right_import_is_left_alone(module: str, source: str) -> None:
    """What the layout allows is not reported."""
    assert complaints(source, module) == []
