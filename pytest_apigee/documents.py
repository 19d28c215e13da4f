"""Reads the TOML and JSON files that a world comes in."""

import json
import os.path
import tomllib
from collections.abc import Callable
from pathlib import Path

from pytest_apigee.errors import ConfigurationError


def read_document(path: Path) -> object:
    """Return what a TOML or JSON file holds.

    Raises:
        ConfigurationError: It is none, or cannot be read; the message names it.
    """
    parse = _PARSERS.get(path.suffix.lower())
    if parse is None:
        msg = f"The world file {path} must end in .toml or .json."
        raise ConfigurationError(msg)
    try:
        return parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"The world file {path} cannot be read: {error.strerror}."
        raise ConfigurationError(msg) from None
    except (ValueError, RecursionError) as error:
        msg = f"The world file {path} is not valid {path.suffix[1:].upper()}: {error}."
        raise ConfigurationError(msg) from None


def is_directory(path: Path) -> bool:
    """Return whether a path is a directory; not where that may not be known, as its reader then says."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where it may not look


def is_file(path: Path) -> bool:
    """Return whether a path is a file, likewise."""
    return os.path.isfile(path)  # noqa: PTH113 - as above


def _parse_json(text: str) -> object:
    return json.loads(text, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object; a name that is there twice is an error as in TOML, where JSON would lose one of them."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        msg = f"the name {next(name for name in names if names.count(name) > 1)!r} is there twice in an object"
        raise ValueError(msg)
    return fields


_PARSERS: dict[str, Callable[[str], object]] = {".toml": tomllib.loads, ".json": _parse_json}
