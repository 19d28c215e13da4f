"""JSON as Edge's Java writers lay it out (management.md 2, sso.md 2.1)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_apigee.edge.jackson import compact, pretty, quoted

# management.md section 5, asserted byte for byte against the live Edge
UNKNOWN_DEVELOPER = b"""\
{
  "code" : "developer.service.DeveloperIdDoesNotExist",
  "message" : "DeveloperId x does not exist in organization acme",
  "contexts" : [ ]
}"""
NESTED = b"""\
{
  "list" : [ "a", 1, [ ], [ "b" ] ],
  "meta" : {
    "query" : { },
    "property" : [ {
      "name" : "x"
    }, {
      "name" : "y"
    } ]
  }
}"""

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def test_the_pretty_layout_is_that_of_the_live_edge():
    """Objects are indented by two, a blank on both sides of the colon; an empty array is `[ ]`; no newline ends."""
    body = pretty(
        {
            "code": "developer.service.DeveloperIdDoesNotExist",
            "message": "DeveloperId x does not exist in organization acme",
            "contexts": [],
        }
    )

    assert body == UNKNOWN_DEVELOPER


def test_the_pretty_layout_nests():
    """Arrays stay on one line, and objects in them are indented by their depth in objects."""
    value = {
        "list": ["a", 1, (), ("b",)],
        "meta": {"query": {}, "property": [{"name": "x"}, {"name": "y"}]},
    }

    assert pretty(value) == NESTED


def test_the_compact_layout_has_no_blanks():
    """Compact JSON has no blank after a colon or a comma."""
    value = {"a": [1, -2, "x"], "b": {"c": None, "d": True, "e": False}, "f": [], "g": {}, "h": (1,)}

    assert compact(value) == b'{"a":[1,-2,"x"],"b":{"c":null,"d":true,"e":false},"f":[],"g":{},"h":[1]}'


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, b"null"),
        (True, b"true"),
        (False, b"false"),
        (0, b"0"),
        (-1, b"-1"),
        ("", b'""'),
        ([], b"[ ]"),
        ({}, b"{ }"),
        (["a"], b'[ "a" ]'),
    ],
)
def test_a_lone_value_is_written(value, written):
    """Scalars and empty values are written as Jackson writes them."""
    assert pretty(value) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('say "hi"', '"say \\"hi\\""'),
        ("a\\b", '"a\\\\b"'),
        ("\b\t\n\f\r", '"\\b\\t\\n\\f\\r"'),
        ("\x00\x1f\x0b", '"\\u0000\\u001F\\u000B"'),
        ("\x7fa/b", '"\x7fa/b"'),
        ("ü€😀\u2028", '"ü€😀\u2028"'),
    ],
)
def test_text_is_escaped_where_json_demands_it(text, written):
    """Quotes, backslashes and control characters are escaped, in upper-case hex; nothing else is."""
    assert quoted(text) == written


@pytest.mark.parametrize("write", [pretty, compact])
def test_text_is_sent_as_utf_8(write):
    """Text is UTF-8; half a surrogate pair becomes a question mark, and never an error."""
    assert write("ü\ud800") == b'"\xc3\xbc?"'


@pytest.mark.parametrize("write", [pretty, compact])
@given(value=VALUES)
def test_every_value_reads_back(write, value):
    """Whatever is written is JSON of the same value, its keys in the same order."""
    read = json.loads(write(value))

    assert read == value
    assert json.dumps(read) == json.dumps(value)
