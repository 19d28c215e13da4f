"""Runs projects as users have them, each by a pytest of its own."""

import textwrap
from collections import Counter
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


Runner = Callable[..., Run]


def write(pytester: pytest.Pytester, source: str, files: dict[str, str]) -> None:
    for name, text in {"test_it.py": source, **files}.items():
        (pytester.path / name).write_text(textwrap.dedent(text), encoding="utf-8")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load our plugin and no other, whatever is installed here."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.fixture
def run(pytester: pytest.Pytester, alone: None) -> Runner:
    """Run a test file in this process."""

    def run(source: str, *args: str, plugins: tuple[str, ...] = (), **files: str) -> Run:
        write(pytester, source, {name.replace("__", "."): text for name, text in files.items()})
        loaded = [part for name in ("pytest_apigee.plugin", *plugins) for part in ("-p", name)]
        result = pytester.runpytest_inprocess(*loaded, "-p", "no:cacheprovider", *args)
        done = Run(exit_code=int(result.ret), output=result.stdout.str(), errors=result.stderr.str())
        recorder = getattr(result.reprec, "getreports", None)
        for report in recorder("pytest_runtest_logreport") if recorder else ():
            if report.failed:
                key = f"{report.nodeid.partition('::')[2]} {report.when}"
                done.failures[key] = report.longreprtext
                done.sections[key] = "\n".join(text for title, text in report.sections if title == "Apigee Edge (fake)")
        done.counts = {name: count for name, count in result.parseoutcomes().items() if name != "warnings"}
        return done

    return run


@pytest.fixture
def run_apart(pytester: pytest.Pytester) -> Runner:
    """Run a test file in a process of its own, with every plugin that is installed, in the order of the file."""

    def run(source: str, *args: str, in_order: bool = True, **files: str) -> Run:
        write(pytester, source, {name.replace("__", "."): text for name, text in files.items()})
        order = ("-p", "no:randomly") if in_order else ()
        result = pytester.runpytest_subprocess(*order, *args, timeout=60)
        output = result.stdout.str()
        counts = Counter(result.parseoutcomes()) if " in " in output else Counter()
        return Run(exit_code=int(result.ret), output=output, errors=result.stderr.str(), counts=dict(counts))

    return run
