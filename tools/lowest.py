"""Run `pip install` with every direct dependency held at the lowest version that pyproject.toml allows.

The bounds are written once, in pyproject.toml; this turns `>=` into `==` and hands the result to pip as constraints.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from itertools import chain
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
LOWER_BOUND = re.compile(r"(?P<name>[\w.-]+)(\[[\w,-]+\])?>=(?P<version>[\w.]+)")


def lowest(pyproject: str) -> list[str]:
    """List a pin for each direct dependency, extras included."""
    project = tomllib.loads(pyproject)["project"]
    return [
        pin(requirement)
        for requirement in chain(project["dependencies"], *project["optional-dependencies"].values())
        if not requirement.startswith(project["name"])
    ]


def pin(requirement: str) -> str:
    """Turn a lower bound into a pin; constraints name no extras."""
    bound = LOWER_BOUND.fullmatch(requirement)
    if bound is None:
        sys.exit(f"{requirement!r} is not of the form name[extra]>=version: write a lower bound, and only that.")
    return f"{bound['name']}=={bound['version']}"


def main() -> int:
    """Call pip with our arguments and the constraints."""
    pins = lowest(PYPROJECT.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as directory:
        constraints = Path(directory, "lowest.txt")
        constraints.write_text("\n".join(pins), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "-c", str(constraints), *sys.argv[1:]]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
