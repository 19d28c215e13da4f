"""What goes wrong outside of Edge's own answers.

    ApigeeError
    ├── ConfigurationError     a test declared or asked for something that cannot be
    ├── Complaint              what a world has to complain of when it closes
    └── FencedHostError        a request was about to leave for a real Edge host (also an OSError)

A refusal by Edge is none of these: it is a response with a status, as on the real Edge.
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

_Record = TypeVar("_Record")


class ApigeeError(Exception):
    """The base of every error that this package raises."""


class ConfigurationError(ApigeeError):
    """A declaration, option, marker or world file says something that cannot be.

    The message says what was wrong, what is allowed and what to do; it names no secret.
    """


class Complaint(ApigeeError, AssertionError):  # noqa: N818 - said of the code under test, which was the mistaken one
    """A fake Edge met something that a passing test would hide: an unknown host, an unmodelled endpoint."""


class FencedHostError(ApigeeError, OSError):
    """A request of this process was about to reach a real Edge host; it was stopped before it left."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the known name most like this one, or an empty string."""
    matches = difflib.get_close_matches(str(name), [str(item) for item in known], n=1, cutoff=0.5)
    return f" Did you mean {matches[0]!r}?" if matches else ""


def listed(names: Iterable[str]) -> str:
    """Return the names sorted and separated by commas, or ``none``."""
    return ", ".join(sorted(map(str, names))) or "none"


def found(table: Mapping[str, _Record], name: str, kind: str, where: str = "") -> _Record:
    """Return what a table, which is in some place, has under a name.

    Raises:
        ConfigurationError: Nothing; the message lists what there is.
    """
    if name not in table:
        msg = f"Unknown {kind} {name!r}{where}. Known: {listed(table)}.{nearest(name, table)}"
        raise ConfigurationError(msg)
    return table[name]
