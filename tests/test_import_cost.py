"""The plugin is loaded in every run of everyone who has it installed: unused, it must cost next to nothing.

How many instructions that is, benchmarks/import_cost.py counts; here stands what is never imported.
"""

import subprocess
import sys

import pytest

SLOW = (
    "cryptography",
    "faker",
    "filelock",
    "httpx",
    "jwt",
    "requests",
    "responses",
    "time_machine",
    "trustme",
    "urllib3",
)
TELL = f"import sys; print('LOADED', [name for name in sys.modules if name in {SLOW}])"


@pytest.mark.parametrize("module", ["pytest_apigee", "pytest_apigee.plugin"])
def test_importing_the_plugin_imports_no_library(module: str) -> None:
    """Importing the plugin imports none of the libraries that it works with."""
    run = subprocess.run([sys.executable, "-c", f"import {module}; {TELL}"], check=True, capture_output=True, text=True)

    assert run.stdout == "LOADED []\n"


def test_an_unused_run_imports_no_library(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that uses no fixture of ours imports none of the libraries, not even to end with its summary."""
    # Other plugins that happen to be installed import some of them; only ours is loaded.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest(f"""
import atexit

@atexit.register
def tell():
    {TELL}
""")
    pytester.makepyfile("def test_nothing(): pass")

    run = pytester.runpytest_subprocess("-p", "pytest_apigee.plugin")

    run.assert_outcomes(passed=1)
    run.stdout.fnmatch_lines(["*1 passed*", "LOADED [[]]"])
