"""Checks of what testers declare. Each returns the value in the form in which it is kept.

All raise `ConfigurationError`, which says what was allowed and shows no value that may be a secret.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TypeVar

from pytest_apigee.edge.message import host_of
from pytest_apigee.edge.roles import VERBS, is_resource_path
from pytest_apigee.errors import ConfigurationError, listed, nearest

_Kind = TypeVar("_Kind")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_EXAMPLES = {
    "organizations": "acme",
    "environments": "test",
    "scopes": "READ",
    "authorities": "uaa.resource",
    "claimed_hosts": "api.acme.example",
}
_MOST_SECONDS = 86_400
_BASE_PATH = re.compile(r"/|(/[A-Za-z0-9._~-]+)+/?")


def text(what: str, given: object) -> str:
    """Return text that is not empty."""
    if not isinstance(given, str) or not given:
        msg = f"{what} takes text, not {_kind_of(given)}."
        raise ConfigurationError(msg)
    return given


def string(what: str, given: object) -> str:
    """Return text, which may be empty."""
    return "" if given == "" else text(what, given)


def optional_text(what: str, given: object) -> str | None:
    """Return text that is not empty, or None."""
    return None if given is None else text(what, given)


def variable(what: str, given: object) -> str:
    """Return the name of a flow variable, or an empty text."""
    name = string(what, given)
    if re.search(r"[{}\s]", name):
        msg = f"{what} takes the name of a flow variable, as 'request.queryparam.apikey', not {given!r}."
        raise ConfigurationError(msg)
    return name


def flag(what: str, given: object) -> bool:
    """Return True or False."""
    if not isinstance(given, bool):
        msg = f"{what} takes True or False, not {_kind_of(given)}."
        raise ConfigurationError(msg)
    return given


def seed(given: object) -> int | str:
    """Return a seed."""
    if isinstance(given, bool) or not isinstance(given, int | str):
        msg = f"seed takes a whole number or text, not {_kind_of(given)}."
        raise ConfigurationError(msg)
    return given


def record(what: str, given: object, kind: type[_Kind]) -> _Kind:
    """Return what was declared before."""
    if not isinstance(given, kind):
        article = "an" if kind.__name__[0] in "AEIO" else "a"
        msg = f"{what} takes {article} {kind.__name__}, not {_kind_of(given)}."
        raise ConfigurationError(msg)
    return given


def choice(what: str, given: object, allowed: tuple[str, ...]) -> str:
    """Return one of the texts that are allowed."""
    if text(what, given) not in allowed:
        msg = f"Unknown {what} {given!r}. Allowed: {listed(allowed)}.{nearest(str(given), allowed)}"
        raise ConfigurationError(msg)
    return str(given)


def choices(what: str, given: object, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Return some of the texts that are allowed, at least one, each once."""
    items = names(what, given, f"{what}={list(allowed[:1])}")
    if not items:
        msg = f"{what} takes at least one of {listed(allowed)}."
        raise ConfigurationError(msg)
    return tuple(choice(what, item, allowed) for item in items)


def seconds(what: str, given: object) -> timedelta:
    """Return a time span that was given as whole seconds."""
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= _MOST_SECONDS:
        msg = f"{what} takes whole seconds from 0 to {_MOST_SECONDS}, not {given!r}."
        raise ConfigurationError(msg)
    return timedelta(seconds=given)


def count(what: str, given: object) -> int:
    """Return a whole number from 1 on."""
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        msg = f"{what} takes a whole number from 1 on, not {given!r}."
        raise ConfigurationError(msg)
    return given


def names(what: str, given: object, example: str = "") -> tuple[str, ...]:
    """Return a list of names, each once."""
    is_one = isinstance(given, str | bytes | Mapping)
    items = tuple(given) if isinstance(given, Iterable) and not is_one else (None,)
    if all(isinstance(item, str) and item for item in items):
        return tuple(dict.fromkeys(str(item) for item in items))
    usual = f"{what}=['{_EXAMPLES.get(what, 'weather')}']"
    msg = f"{what} takes a list of names, as {example or usual}, not {given!r}."
    raise ConfigurationError(msg)


def scopes(given: object, what: str = "scopes") -> tuple[str, ...]:
    """Return scopes, from a list or from text in which blanks separate them."""
    items = tuple(given.split()) if isinstance(given, str) else names(what, given)
    for item in items:
        if item.split() != [item]:
            msg = f"{item!r} cannot be a scope: it holds a blank. Write scopes=['READ', 'WRITE']."
            raise ConfigurationError(msg)
    return tuple(dict.fromkeys(items))


def text_map(what: str, given: object) -> dict[str, str]:
    """Return a dict of texts."""
    if not isinstance(given, Mapping):
        msg = f"{what} takes a dict of texts, not {_kind_of(given)}."
        raise ConfigurationError(msg)
    for key, value in given.items():
        if not isinstance(key, str) or not isinstance(value, str):
            told = f"a key of type {_kind_of(key)}" if not isinstance(key, str) else f"{_kind_of(value)} at {key!r}"
            msg = f"{what} takes a dict of texts, not one with {told}."
            raise ConfigurationError(msg)
    return dict(given)


def roles(given: object) -> dict[str, tuple[str, ...]]:
    """Return the roles of a user by organization."""
    if not isinstance(given, Mapping):
        msg = f"roles takes a dict of lists by organization, as roles={{'acme': ['orgadmin']}}, not {given!r}."
        raise ConfigurationError(msg)
    return {
        text("An organization in roles", name): names(f"roles[{name!r}]", items, "roles={'acme': ['orgadmin']}")
        for name, items in given.items()
    }


def permissions(given: object) -> dict[str, tuple[str, ...]]:
    """Return the verbs that a role allows, by resource path."""
    if not isinstance(given, Mapping):
        msg = f"permissions takes a dict of lists by path, as permissions={{'/developers': ['get']}}, not {given!r}."
        raise ConfigurationError(msg)
    for path in given:
        if not is_resource_path(text("A path in permissions", path)):
            msg = f"{path!r} cannot be a resource path: it starts with a slash, as '/developers' or '/developers/*'."
            raise ConfigurationError(msg)
    example = "permissions={'/developers': ['get']}"
    return {
        path: tuple(choice("permission", verb, VERBS) for verb in names(f"permissions[{path!r}]", verbs, example))
        for path, verbs in given.items()
    }


def name_in_host(kind: str, given: object) -> str:
    """Return the name of an organization or environment, which must be fit for a host name."""
    article = "an" if kind[0] in "aeio" else "a"
    name = text(f"The name of {article} {kind}", given)
    if not _NAME.fullmatch(name):
        msg = f"{name!r} cannot be the name of {article} {kind}: lower-case letters, digits and inner hyphens only."
        raise ConfigurationError(msg)
    return name


def custom_host(given: object, reserved: Iterable[str] = ()) -> str:
    """Return a custom domain in lower case, without port and trailing dot."""
    host = host_of(text("A host", given))
    if not _HOST.fullmatch(host) or "/" in str(given):
        msg = f"{given!r} cannot be a host: write its name alone, as 'api.acme.example'."
        raise ConfigurationError(msg)
    if host in reserved:
        msg = f"The host {host!r} is taken: it leads elsewhere already."
        raise ConfigurationError(msg)
    return host


def base_path(given: object) -> str:
    """Return the base path of an API proxy."""
    path = text("base_path", given)
    if "*" in path:
        msg = f"The base path {path!r} holds a wildcard, which is not modelled by this version."
        raise ConfigurationError(msg)
    if not _BASE_PATH.fullmatch(path) or any(part in (".", "..") for part in path.split("/")):
        msg = (
            f"A base path starts with a slash, as '/weather', and holds letters, digits and '._~-' between slashes, "
            f"not {path!r}."
        )
        raise ConfigurationError(msg)
    return path


def _kind_of(given: object) -> str:
    return "an empty text" if given == "" else type(given).__name__
