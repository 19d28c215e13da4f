"""Runs projects as users have them, each by a pytest of its own."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field

import cryptography.hazmat.primitives.asymmetric.rsa
import hypothesis
import jwt
import pytest
import requests
import responses
import time_machine

import pytest_apigee.doors
import pytest_apigee.harness
import pytest_apigee.transports.requests

# Imported here because pytester forgets, after each run in this process, what was imported in it: once is enough.
KEPT = (cryptography, hypothesis, jwt, pytest_apigee, requests, responses, time_machine)


@dataclass(kw_only=True)
class Run:
    """What a run came to: each failure under ``"test_name phase"``, its text whole and as pytest shows it."""

    exit_code: int
    output: str
    errors: str
    counts: dict[str, int] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)

    @property
    def header(self) -> list[str]:
        return [line for line in self.output.splitlines() if line.startswith("apigee:")]


SECTION = "Apigee Edge (fake)"
Runner = Callable[..., Run]


def write(pytester: pytest.Pytester, source: str, files: dict[str, str]) -> None:
    for name, text in {"test_it__py": source, **files}.items():
        (pytester.path / name.replace("__", ".")).write_text(textwrap.dedent(text), encoding="utf-8")


def counts_of(result: pytest.RunResult) -> dict[str, int]:
    """Return how many tests passed, failed and so on; warnings are no outcome of a test."""
    try:
        outcomes = result.parseoutcomes()
    except ValueError:  # it ended before the first test
        return {}
    return {name: count for name, count in outcomes.items() if name != "warnings"}


def ended(result: pytest.RunResult) -> Run:
    return Run(
        exit_code=int(result.ret),
        output=result.stdout.str(),
        errors=result.stderr.str(),
        counts=counts_of(result),
    )


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load our plugin and no other, whatever is installed here."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def loading(plugins: tuple[str, ...]) -> list[str]:
    return [part for name in ("pytest_apigee.plugin", *plugins) for part in ("-p", name)]


@pytest.fixture
def run(pytester: pytest.Pytester, alone: None) -> Runner:
    """Run a test file in this process; other files by keyword, ``pytest__ini`` for ``pytest.ini``."""

    def run(source: str, *args: str, plugins: tuple[str, ...] = (), **files: str) -> Run:
        write(pytester, source, files)
        result = pytester.runpytest_inprocess(*loading(plugins), "-p", "no:cacheprovider", *args)
        done = ended(result)
        recorder = getattr(result, "reprec", None)  # absent where the run ended before the first test
        for report in recorder.getreports("pytest_runtest_logreport") if hasattr(recorder, "getreports") else ():
            if report.failed:
                key = f"{report.nodeid.partition('::')[2]} {report.when}"
                done.failures[key] = report.longreprtext
                done.sections[key] = "\n".join(text for title, text in report.sections if title == SECTION)
        return done

    return run


@pytest.fixture
def run_apart(pytester: pytest.Pytester, alone: None) -> Runner:
    """Run a test file in a process of its own; otherwise as `run`, without single failures."""

    def run(source: str, *args: str, plugins: tuple[str, ...] = (), **files: str) -> Run:
        write(pytester, source, files)
        return ended(pytester.runpytest_subprocess(*loading(plugins), *args, timeout=60))

    return run


@pytest.fixture
def run_installed(pytester: pytest.Pytester) -> Runner:
    """Run a test file in a process of its own, with every plugin that is installed here, ours among them."""

    def run(source: str, *args: str, **files: str) -> Run:
        write(pytester, source, files)
        return ended(pytester.runpytest_subprocess(*args, timeout=60))

    return run


@pytest.fixture
def values(pytester: pytest.Pytester) -> Callable[[], dict[str, list[str]]]:
    """Return what each test wrote into the file `shown` since the last call: lines of ``SHOWN name value ...``."""

    def read() -> dict[str, list[str]]:
        path = pytester.path / "shown"
        lines = path.read_text().splitlines()
        path.unlink()
        return {line.split()[1]: line.split()[2:] for line in lines}

    return read
