"""Writes docs/guesses.md from the switches in `pytest_apigee/edge/guesses.py`: run it after a change there."""

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from pytest_apigee.edge import guesses

PAGE = Path(__file__).with_name("guesses.md")
INTRODUCTION = """\
# Guesses

What Edge says, the fake says, wherever documentation, recordings or Apigee's own tools tell. The rest is here: one
switch for each guess, with the default that is most likely. Set them for a test, class or module by
`@pytest.mark.apigee(guesses={"expired_status": 500})`, or by `fake_edge(guesses={...})`. Where a guess
decides what is accepted, its default is the most likely too, and its other side is one switch away.

| switch | default | what is not known |
|---|---|---|
"""


def page() -> str:
    """Return the text of the page."""
    return INTRODUCTION + "".join(f"| `{name}` | `{value!r}` | {text} |\n" for name, value, text in switches())


def switches() -> Iterator[tuple[str, object, str]]:
    """Yield each switch: its name, its default, and the text below it in the source."""
    defaults = guesses.Guesses()
    body = ast.parse(inspect.getsource(guesses.Guesses)).body[0].body  # type: ignore[attr-defined]  # a class
    for field, below in pairwise(body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                said = " ".join(text.split()).removeprefix("GUESS").lstrip(": ")
                yield name, getattr(defaults, name), said[0].upper() + said[1:]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
