"""Count what the plugin, installed and unused, adds to an empty pytest run, in instructions.

The run is `python -m pytest` in a directory that holds one test, which does nothing; what it is compared with is the
same run under `-p no:apigee`. Both are counted by valgrind's callgrind, which tells 0.1 % where the clock tells 10 %:

* warm: all bytecode is cached, as on a developer's machine;
* cold: PYTHONDONTWRITEBYTECODE=1 and no bytecode of ours is cached, as in a container, where pytest recompiles and
  rewrites what it loads of us in each run.

Both read a copy of the package, so the installed one keeps its bytecode. Run it by `tox -e benchmarks`, whose
environment holds the core dependencies alone; other plugins change the total and, a little, the share.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

OURS = {"apigee", "time_machine"}  # time-machine, a dependency of ours, brings a plugin that is in both counts
COLLECTED = re.compile(r"Collected : (\d+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Mode:
    """A way in which pytest is run, and what the plugin may add to it."""

    name: str
    limit_percent: float
    environment: dict[str, str]


MODES = (
    Mode(name="warm", limit_percent=1, environment={}),
    Mode(name="cold", limit_percent=3, environment={"PYTHONDONTWRITEBYTECODE": "1"}),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """An empty pytest run, which finds the package in a copy of its own."""

    project: Path
    environment: dict[str, str]

    def arguments(self, *options: str) -> list[str]:
        """Return the command line."""
        return [sys.executable, "-m", "pytest", "-q", *options]

    def warm_up(self, *options: str) -> None:
        """Let Python and pytest cache what they will."""
        subprocess.run(
            self.arguments(*options), cwd=self.project, env=self.environment, check=True, stdout=subprocess.DEVNULL
        )

    def instructions(self, *options: str) -> int:
        """Count the instructions of one run; the count differs by some tens from run to run."""
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}", *self.arguments(*options)]
        run = subprocess.run(
            command, cwd=self.project, env=self.environment, check=False, capture_output=True, text=True
        )
        collected = COLLECTED.search(run.stderr)
        if run.returncode or collected is None:
            sys.exit(f"{' '.join(command)} ended with {run.returncode}:\n{run.stdout}\n{run.stderr}")
        return int(collected[1])


def prepare(mode: Mode, directory: Path) -> Run:
    """Make a project with one test beside a copy of the package that has no bytecode."""
    project = directory / mode.name / "project"
    project.mkdir(parents=True)
    (project / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (project / "test_nothing.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")
    spec = find_spec("pytest_apigee")
    if spec is None or spec.origin is None:
        sys.exit("pytest-apigee is not installed for this Python; run `tox -e benchmarks`.")
    library = directory / mode.name / "library"
    shutil.copytree(Path(spec.origin).parent, library / "pytest_apigee", ignore=shutil.ignore_patterns("__pycache__"))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    # The seed of string hashing is fixed: it moves the count by 0.1 %.
    environment = {**inherited, "PYTHONPATH": str(library), "PYTHONHASHSEED": "0", **mode.environment}
    return Run(project=project, environment=environment)


def measure(mode: Mode, directory: Path) -> bool:
    """Print a line of the table and tell whether the limit is kept."""
    run = prepare(mode, directory)
    for options in ([], ["-p", "no:apigee"]):
        run.warm_up(*options)
    without = run.instructions("-p", "no:apigee")
    added = run.instructions() - without
    allowed = int(without * mode.limit_percent / 100)
    print(
        f"{mode.name:<6}{without:>16,}{added:>14,}{100 * added / without:>8.2f} %"
        f"{mode.limit_percent:>8} %{allowed - added:>14,}",
        flush=True,
    )
    return added <= allowed


def main() -> int:
    """Measure both modes; 1 says that a limit is broken, 2 that nothing could be measured."""
    if shutil.which("valgrind") is None:
        print("valgrind is missing, so nothing was measured. Install it, on Debian by `apt-get install valgrind`.")
        return 2
    others = sorted({point.name for point in entry_points(group="pytest11")} - OURS)
    if others:
        print(f"Other plugins are installed and make noise: {', '.join(others)}.")
    print(f"{'':<6}{'without':>16}{'added':>14}{'share':>10}{'limit':>10}{'left':>14}")
    with tempfile.TemporaryDirectory() as directory:
        kept = [measure(mode, Path(directory)) for mode in MODES]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
