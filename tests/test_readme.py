"""Holds the README true: every block runs, and every table says what there is."""

import re
import runpy
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_apigee import options, plugin, policies
from pytest_apigee.doors import GRIEVANCES
from pytest_apigee.edge.guesses import Guesses
from pytest_apigee.fake import FakeEdge
from pytest_apigee.settings import _CHECKS
from pytest_apigee.world_file import read_world

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    'python -m pip install ".[all]" && python -m pytest examples',
    "python -m pip install tox && python -m tox",
    "python -m pip install tox && python -m tox -e clients,browser",
]
FENCE = re.compile(r"^```(?P<kind>.*)\n(?P<text>(?:.*\n)*?)^```\n", re.MULTILINE)
TEST = re.compile(r"^(?: {4})?def (test_\w+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Block:
    heading: str
    kind: str
    text: str

    @property
    def file_name(self) -> str:
        """The name in the comment on its first line, if it has one."""
        named = re.match(r"# ([\w/]+\.\w+)\n", self.text)
        return named[1] if named else ""


def blocks() -> Iterator[Block]:
    for section in re.split(r"^(?=##+ )", README, flags=re.MULTILINE):
        heading = section.partition("\n")[0].lstrip("# ")
        for fence in FENCE.finditer(section):
            yield Block(heading=heading, kind=fence["kind"], text=fence["text"])


BLOCKS = list(blocks())
BY_HEADING: dict[str, list[Block]] = defaultdict(list)
for block in BLOCKS:
    BY_HEADING[block.heading].append(block)
FILES = {"python", "toml", "ini"}
ALONE = [heading for heading, found in BY_HEADING.items() if {block.kind for block in found} & {"ini", "text"}]
TOGETHER = [
    heading
    for heading, found in BY_HEADING.items()
    if heading not in ALONE and any(block.kind in FILES for block in found)
]
NOT_LOADED = ("asyncio", "cacheprovider", "randomly")


def table_below(heading: str) -> list[list[str]]:
    """Read the cells of the first table of a section, its head left out."""
    section = README.partition(f"# {heading}\n")[2]
    rows = re.search(r"^\|(?:-+\|)+\n(?P<rows>(?:\|.*\n)+)", section, re.MULTILINE)
    assert rows is not None, heading
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows["rows"].splitlines()]


def names_in(cells: list[str]) -> list[str]:
    return [cell.strip("`") for cell in cells if cell]


def test_every_block_is_of_a_kind_that_is_run() -> None:
    """No block of the README goes unrun: each is of a kind that a test here looks at."""
    assert {block.kind for block in BLOCKS} == {*FILES, "console", "text"}
    assert README.count("\n```") == 2 * len(BLOCKS)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str]]:
    """Run all sections at once, each a directory of one project; return outcome, section and test of each case."""
    directory = tmp_path_factory.mktemp("readme")
    (directory / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for number, heading in enumerate(TOGETHER):
        write_files(directory / f"section_{number}", heading)
    output = run_pytest(directory)
    return re.findall(r"^([A-Z]+) (section_\d+)/\S*::(\w+)", output, re.MULTILINE)


@pytest.mark.parametrize("heading", TOGETHER)
def test_the_tests_of_a_section_pass(outcomes: list[tuple[str, str, str]], heading: str) -> None:
    """Every test of a block passes as it stands there, in each of its cases."""
    section = f"section_{TOGETHER.index(heading)}"

    assert {(outcome, test) for outcome, place, test in outcomes if place == section} == {
        ("PASSED", test) for test in names_of_tests(heading)
    }


@pytest.mark.parametrize("heading", ALONE)
def test_a_section_that_is_a_project_runs(tmp_path: Path, heading: str) -> None:
    """The blocks of a section with a configuration are the files of a project whose tests pass, or fail as shown."""
    write_files(tmp_path, heading)
    reports = [block.text for block in BY_HEADING[heading] if block.kind == "text"]

    output = run_pytest(tmp_path)

    assert all(report in output for report in reports)
    assert len(re.findall(r"^PASSED ", output, re.MULTILINE)) == (0 if reports else len(names_of_tests(heading)))


def write_files(directory: Path, heading: str) -> None:
    for number, block in enumerate(block for block in BY_HEADING[heading] if block.kind in FILES):
        path = directory / (block.file_name or f"test_{number}.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")


def run_pytest(directory: Path) -> str:
    # Without what shuffles tests, since some sections show tests that build on each other.
    options = ["-rA", "-W", "error", "--import-mode=importlib", *(f"-pno:{name}" for name in NOT_LOADED)]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options], cwd=directory, capture_output=True, text=True, check=False
    )
    sys.stdout.write(run.stdout)  # shown when the test fails
    return run.stdout


def names_of_tests(heading: str) -> list[str]:
    python = "".join(block.text for block in BY_HEADING[heading] if block.kind == "python")
    return TEST.findall(python)


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.kind == "toml"], ids=lambda block: block.heading)
def test_a_world_file_declares_a_world(block: Block) -> None:
    """Every TOML block is a world file."""
    content = read_world(tomllib.loads(block.text))

    assert content.organizations


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.kind == "ini"], ids=lambda block: block.heading)
def test_an_ini_block_sets_values_that_there_are(block: Block) -> None:
    """Every INI block is a pytest configuration that sets values of the plugin."""
    parser = ConfigParser()
    parser.read_string(block.text)

    assert parser.sections() == ["pytest"]
    assert set(parser["pytest"]) <= declared("addini")


def test_the_commands_are_those_that_ci_runs() -> None:
    """The README's commands stand alone in their blocks, where .ci/run looks for them word for word."""
    assert [block.text for block in BLOCKS if block.kind == "console"] == [f"{command}\n" for command in COMMANDS]
    assert [line for line in README.splitlines() if line.startswith("python -m pip")] == COMMANDS


def test_the_first_screen_holds_a_whole_test() -> None:
    """One whole test ends by line 25."""
    first = next(block for block in BLOCKS if block.kind == "python")
    end = README.index(first.text) + len(first.text)

    assert TEST.search(first.text)
    assert README.count("\n", 0, end) < 25


def declared(adder: str) -> set[str]:
    """Collect the names that the plugin gives to an adder of pytest's parser."""
    names: set[str] = set()

    class Recorder:
        def getgroup(self, *_: Any) -> "Recorder":
            return self

        def addoption(self, name: str, **_: Any) -> None:
            names.update({name} if adder == "addoption" else ())

        def addini(self, name: str, *_: Any, **__: Any) -> None:
            names.update({name} if adder == "addini" else ())

    for add in (plugin.pytest_addoption, options.add_options):
        add(Recorder())  # type: ignore[arg-type]  # all of it that the plugin uses
    return names


def test_the_tables_of_options_and_ini_values_are_complete() -> None:
    """The README's table names every option and every ini value."""
    rows = table_below("Options and ini values")

    assert set(names_in([row[0] for row in rows])) == declared("addoption")
    assert set(names_in([row[1] for row in rows])) == declared("addini")


def test_the_table_of_fixtures_is_complete(pytester: pytest.Pytester) -> None:
    """The README's table names every fixture of the plugin."""
    run = pytester.runpytest_subprocess("--fixtures", "-q")
    fixtures = {line.split()[0] for line in run.outlines if line.startswith("apigee")}

    assert set(names_in([row[0] for row in table_below("Fixtures")])) == fixtures


def test_the_table_of_marker_keywords_is_complete() -> None:
    """The README's table names every keyword of the marker."""
    assert names_in([row[0] for row in table_below("Marker")]) == list(_CHECKS)


def test_the_table_of_complaints_is_complete() -> None:
    """The README's table names every kind of complaint."""
    assert names_in([row[0] for row in table_below("When a test fails")]) == list(GRIEVANCES)


def test_links_lead_to_files_that_there_are() -> None:
    """Every relative link of the README leads to a file or directory of the repository."""
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", README)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_page_of_guesses_is_that_of_the_source() -> None:
    """docs/guesses.md lists every switch, as `docs/write_guesses.py` writes it."""
    script = runpy.run_path(str(ROOT / "docs" / "write_guesses.py"))
    page = (ROOT / "docs" / "guesses.md").read_text(encoding="utf-8")

    assert page == script["page"]()
    switches, _, below = page.partition("\nOf the management API ")
    in_source, _, tables = below.partition("\n## ")
    sources = (ROOT / "pytest_apigee" / "edge" / "management").glob("*.py")
    assert switches.count("\n| `") == len(fields(Guesses))
    assert in_source.count("\n| `") == sum(source.read_text(encoding="utf-8").count("GUESS") for source in sources) > 50
    assert tables.count("\n| `") == len(Guesses().token_faults) + len(Guesses().mgmt_errors)


def test_the_page_of_policies_is_that_of_the_source() -> None:
    """docs/policies.md lists every policy and setting, as `docs/write_policies.py` writes it, and says what each is."""
    script = runpy.run_path(str(ROOT / "docs" / "write_policies.py"))
    page = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")

    assert page == script["page"]()
    assert set(re.findall(r"^### (\w+)$", page, re.MULTILINE)) >= {
        name for name in policies.__all__ if is_dataclass(getattr(policies, name)) and name != "Policy"
    }
    assert re.findall(r"^\| `\w+` \| [^|]* \|  \|$", page, re.MULTILINE) == []


def test_the_table_of_methods_names_what_there_is() -> None:
    """Each method and property of the table is one of `FakeEdge`."""
    named = [name for _, cells in table_below("What `apigee` can do") for name in re.findall(r"`(\w+)", cells)]

    assert [name for name in named if not hasattr(FakeEdge, name) and name != "apigee_token"] == []
    assert len(named) > 30
