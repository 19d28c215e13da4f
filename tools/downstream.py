"""Run the examples as a user's project would run them: outside the checkout, against the installed package.

With a flat layout the checkout shadows the wheel wherever it is on sys.path, so the run says where the package came
from. Nothing may be skipped: everything that the examples need is installed here.
"""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


class Strict:
    """Fails the run for a skip, and for a package that is not the installed one."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a skipped test."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self.complaints.append(f"skipped: {report.nodeid}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a skipped module."""
        if report.skipped:
            self.complaints.append(f"skipped: {report.nodeid}")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Look where the package that just ran came from, and spoil the exit status for any complaint."""
        import pytest_apigee  # noqa: PLC0415 - the plugin's own import of it counts, not one of ours

        origin = Path(pytest_apigee.__file__).resolve()
        if not origin.is_relative_to(Path(sysconfig.get_path("purelib")).resolve()):
            self.complaints.append(f"pytest_apigee came from {origin.parent}, not from the wheel")
        if self.complaints:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what the examples may not do."""
        for complaint in self.complaints:
            terminalreporter.write_line(f"DOWNSTREAM {complaint}", red=True)


def main(directory: str, *arguments: str) -> int:
    """Copy the examples below the directory and run them there."""
    project = Path(directory, "examples")
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(EXAMPLES, project, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache", ".hypothesis"))
    os.chdir(project)
    sys.path[0] = ""  # as `python -m pytest` has it, instead of this script's directory
    return pytest.main(list(arguments), plugins=[Strict()])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
