"""What a world starts with: a world file as TOML, as JSON of the same shape or as a dict, or Apigee's own files.

Entities use the field names of Edge's own JSON, in the short form or in Edge's own; fields that Edge only shows are
read over, so that a body from the management API can be pasted. Every mistake names its place and what is allowed.
"""

from collections.abc import Mapping
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from pytest_apigee.documents import is_directory, read_document
from pytest_apigee.edge.era import era_named
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.fields import FieldReader
from pytest_apigee.maven_config import is_single_file, located, read_directory, read_single_file
from pytest_apigee.world_content import OrganizationContent, WorldContent


def read_world(world: object, *, org: str | None = None, env: str | None = None) -> WorldContent:
    """Read a world file, a dict with its content, or the files of the Apigee Maven config plugin.

    Args:
        world: The path of a `.toml` or `.json` file or of a directory, or a dict.
        org: The organization of files that name none; by default `acme`.
        env: An environment that it has beside those that the files name.

    Raises:
        ConfigurationError: It cannot be read, or has a field that does not belong there.
    """
    if isinstance(world, Mapping):
        return _read_content(world, "the world", org=org, env=env)
    if not isinstance(world, str | PathLike):
        kind = type(world).__name__
        msg = f"A world is a dict, or the path of a .toml or .json file or of a directory, not {kind}."
        raise ConfigurationError(msg)
    path = located(Path(world))
    if is_directory(path):
        return read_directory(path, org=org, env=env)
    content = read_document(path)
    if not isinstance(content, dict):
        msg = f"The world file {path} must hold an object, with fields such as 'organizations'."
        raise ConfigurationError(msg)
    return _read_content(content, f"world file {path.name}", org=org, env=env)


def _read_content(content: Mapping[Any, object], place: str, *, org: str | None, env: str | None) -> WorldContent:
    table = FieldReader(content, place)
    if is_single_file(content):
        return read_single_file(table, org=org, env=env)
    era = table.optional_text("era")
    if era is not None:
        table.placed(partial(era_named, era))
    seed, organizations, users = table.seed("seed"), table.tables("organizations"), table.tables("users")
    table.finish()
    held = tuple(map(OrganizationContent.of, organizations))
    return WorldContent(seed=seed, era=era, organizations=held, users=users)
