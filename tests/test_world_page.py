"""Holds docs/world.md true: its example is a world, and its tables name every field."""

import re
import tomllib
from pathlib import Path

import pytest

from pytest_apigee.fake import FakeEdge
from tests.world_support import message_of, token_answer

PAGE = (Path(__file__).parents[1] / "docs" / "world.md").read_text(encoding="utf-8")
SHOWN = {"createdAt", "createdBy", "lastModifiedAt", "lastModifiedBy"}
ODD = {"name": "a", "odd": 1}
ODD_SERVER = {"name": "a", "host": "a.example", "port": 80}


def kept(**tables):
    return {"organizations": [{"name": "acme", **tables}]}


WRONG = {
    "The file": {"odd": 1},
    "`[[users]]`": {"users": [{"email": "a@b.c", "odd": 1}]},
    "`[[organizations]]`": kept(odd=1),
    "`[[organizations.roles]]`": kept(roles=[ODD]),
    "`[[organizations.developers]]`": kept(developers=[{"email": "a@b.c", "odd": 1}]),
    "`[[organizations.companies]]`": kept(companies=[ODD]),
    "`[[organizations.apiproducts]]`": kept(apiproducts=[ODD]),
    "`[[organizations.apps]]`": kept(apps=[ODD]),
    "`credentials` of an app": kept(apps=[{"name": "a", "credentials": [{"odd": 1}]}]),
    "`[[organizations.apis]]`": kept(apis=[ODD]),
    "`[[organizations.keyvaluemaps]]`": kept(keyvaluemaps=[ODD]),
    "`[[organizations.caches]]`": kept(caches=[ODD]),
    "`[[organizations.targetservers]]`": kept(targetservers=[{**ODD_SERVER, "odd": 1}]),
    "`sSLInfo` of a target server": kept(targetservers=[{**ODD_SERVER, "sSLInfo": {"odd": 1}}]),
}


def fields_below(heading):
    """Return what the first column of the table below a heading names."""
    section = PAGE.partition(f"\n### {heading}\n")[2].partition("\n#")[0]
    cells = re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]


@pytest.mark.parametrize("heading", WRONG)
def test_a_table_names_every_field(heading):
    """The table of an entity names the fields that it may have, each once."""
    allowed = message_of(WRONG[heading]).partition("Allowed: ")[2].rstrip(".").split(", ")
    named = fields_below(heading)

    assert sorted(named) == sorted(set(allowed) - SHOWN)


def test_every_table_of_fields_is_checked():
    """There is no heading of an entity that the test above leaves out."""
    assert re.findall(r"^### (.*)$", PAGE, re.MULTILINE) == list(WRONG)


def test_the_example_is_a_world():
    """The world file of the page declares what it says."""
    (text,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    edge = FakeEdge(tomllib.loads(text))

    assert token_answer(edge, "key", "secret").json()["scope"] == "READ"
