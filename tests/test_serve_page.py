"""Holds docs/serve.md true: its tables name every option, every key and every call of the control API."""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_apigee import cli
from pytest_apigee.control import Control

PAGE = (Path(__file__).parents[1] / "docs" / "serve.md").read_text(encoding="utf-8")
KEYS = ["login", "management", "gateway", "proxy", "ca", "gateways", "zones", "env"]


def first_cells(head: str) -> list[str]:
    rows = re.search(rf"^\| {head} \|.*\n\|-.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert rows is not None, head
    return [row.split("|")[1] for row in rows[1].splitlines()]


def test_the_table_of_options_is_complete(capsys: pytest.CaptureFixture[str]) -> None:
    """Every option of the command is in the table, and no other."""
    with pytest.raises(SystemExit):
        cli.main(["serve", "--help"])
    shown = re.findall(r"^  (--[a-z-]+)", capsys.readouterr().out, re.MULTILINE)

    assert sorted(re.findall(r"--[a-z-]+", " ".join(first_cells("option")))) == sorted(shown)


def test_the_table_of_keys_is_complete() -> None:
    """Every key of the line is in the table, and the line that is shown has them in their order."""
    line = re.search(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

    assert line is not None
    assert list(json.loads(line[1])) == KEYS
    assert sorted(cell.strip(" `") for cell in first_cells("key")) == sorted([*KEYS, "control"])


def test_the_table_of_the_control_api_is_complete() -> None:
    """Every call of the control API is in the table."""
    actions = Control(argparse.Namespace())._actions  # type: ignore[arg-type]  # noqa: SLF001 - nothing else tells them

    calls = re.findall(r"`(\w+) (/\w+)", " ".join(first_cells("request")))
    assert set(calls) == set(actions)


def test_the_suite_in_a_shell_passes(tmp_path: Path) -> None:
    """The script of the page passes as it stands, and not where one of its tests fails."""
    (script,) = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    command = tmp_path / "pytest-apigee"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m pytest_apigee "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    env = {**kept, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}

    scripts = (script, script.replace("= 429", "= 200"))
    runs = [subprocess.run(["/bin/sh", "-c", text], env=env, timeout=60, check=False) for text in scripts]
    assert [run.returncode for run in runs] == [0, 1]
