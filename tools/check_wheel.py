"""Check what the wheel and the sdist of a directory hold: all that they should, and nothing else."""

import email
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
STEM = f"{PROJECT['name'].replace('-', '_')}-{PROJECT['version']}"
METADATA = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
# What someone who has nothing but the sdist needs in order to read, build and test the package.
SDIST = {"PKG-INFO", "pyproject.toml", "tox.ini", "conftest.py"} | {
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
}
SDIST_DIRECTORIES = ("pytest_apigee", "tests", "examples", "benchmarks", "docs", "tools")
OPTIONAL = {".gitignore"}  # hatchling adds it, for builds from an unpacked sdist


def files_below(*directories: str) -> set[str]:
    """List the source files of the checkout, relative to its root."""
    return {
        path.relative_to(ROOT).as_posix()
        for directory in directories
        for path in (ROOT / directory).rglob("*")
        if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in path.relative_to(ROOT).parts)
    }


def complaints_about(what: str, held: set[str], expected: set[str]) -> Iterator[str]:
    """Say what is missing and what is too much."""
    yield from (f"{what} lacks {name}" for name in sorted(expected - held))
    yield from (f"{what} should not hold {name}" for name in sorted(held - expected))


def check_wheel(path: Path) -> Iterator[str]:
    """Hold the wheel to the package, its type marker and its metadata."""
    with zipfile.ZipFile(path) as wheel:
        held = set(wheel.namelist())
        yield from complaints_about(
            "the wheel", held, files_below("pytest_apigee") | {f"{STEM}.dist-info/{name}" for name in METADATA}
        )
        if "pytest_apigee/py.typed" not in held:
            yield "the wheel lacks the type marker pytest_apigee/py.typed"
        metadata = email.message_from_bytes(wheel.read(f"{STEM}.dist-info/METADATA"))
        entry_points = wheel.read(f"{STEM}.dist-info/entry_points.txt").decode()
    if metadata["License-Expression"] != "MIT":
        yield f"the wheel's licence is {metadata['License-Expression']!r}, not 'MIT'"
    if set(metadata.get_all("Provides-Extra", [])) != set(PROJECT["optional-dependencies"]):
        yield f"the wheel's extras are {metadata.get_all('Provides-Extra')}"
    if "[pytest11]\napigee = pytest_apigee.plugin\n" not in entry_points:
        yield f"the wheel's entry points are {entry_points!r}"


def check_sdist(path: Path) -> Iterator[str]:
    """Hold the sdist to the checkout."""
    with tarfile.open(path) as sdist:
        held = {member.name.removeprefix(f"{STEM}/") for member in sdist.getmembers() if member.isfile()}
    return complaints_about("the sdist", held - OPTIONAL, files_below(*SDIST_DIRECTORIES) | SDIST)


def main(directory: str) -> int:
    """Print every complaint; none is success."""
    complaints = [
        *check_wheel(Path(directory, f"{STEM}-py3-none-any.whl")),
        *check_sdist(Path(directory, f"{STEM}.tar.gz")),
    ]
    print("\n".join(complaints) or f"{STEM}: the wheel and the sdist hold what they should.")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
