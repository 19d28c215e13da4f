"""Roles of an organization: which verbs each allows on which resource paths of the management API.

Rules of this file:

* A resource path is what follows the organization in the URL, and API proxies are `/applications` in it. An older page
  of the documentation calls them `/apis`, as the URL does; that is taken for the same.
* `*` stands for anything in its place, and at the end of a path for everything that follows.
* A path without `*` at its end goes for itself and, where nothing more specific does, for everything below it.
* Of several paths that fit, the most specific one alone decides, for all verbs. An empty list of verbs forbids.
* Of several roles of a user, any that allows is enough.

Source: the Edge documentation, "Creating roles with the API", "Permissions reference", "Edge built-in roles",
"Managing organization users" (several roles); user-roles.yaml.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

SYSTEM_ADMINISTRATOR = "sysadmin"
"""The role above all organizations, which a private cloud has. GUESS: given in any organization, it goes for all."""
VERBS = ("get", "put", "delete")
"""What a role may allow; `put` is for POST too. Source: "Creating roles with the API"."""
LONGEST_PATH = 1_000
"""GUESS: the most characters of a resource path."""
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_ENVIRONMENTS = "environments"
_PROXIES = ("apis", "applications")
_READ, _WRITE, _ALL = ("get",), ("get", "put"), VERBS

_DEPLOYMENTS = "/environments/*/applications/*/revisions/*/deployments"
_SESSIONS = "/environments/*/applications/*/revisions/*/debugsessions"
_HIDDEN: dict[str, tuple[str, ...]] = {"/oauth2": ()}
"""Tokens are for `orgadmin` and `opsadmin`: oauth-20-access-tokens.yaml says so of search and revoke, the rest of
`/oauth2` is a GUESS."""

# GUESS as a whole: what the documentation says in words ("Edge built-in roles" and the older "Managing organization
# users") written as paths. Edge shows its own paths only to administrators of an organization.
BUILT_IN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "orgadmin": {"/": _ALL},
    "readonlyadmin": {"/": _READ, **_HIDDEN},
    "opsadmin": {  # deploys and tests; reads the rest
        "/": _READ,
        "/userroles": (),
        "/oauth2": _ALL,
        "/applications/*/revisions/*/deployments": _ALL,
        _DEPLOYMENTS: _ALL,
        _SESSIONS: _ALL,
    },
    "businessuser": {  # products, developers, apps, companies and reports; traces in test alone; reads the rest
        "/": _READ,
        "/userroles": (),
        "/apiproducts": _ALL,
        "/developers": _ALL,
        "/apps": _ALL,
        "/companies": _ALL,
        "/reports": _ALL,
        _SESSIONS.replace("*", "test", 1): _ALL,
        **_HIDDEN,
    },
    "user": {  # API proxies, deployed in test alone and traced everywhere; reads the rest
        "/": _READ,
        "/userroles": (),
        "/applications": _ALL,
        "/applications/*/revisions/*/deployments": _READ,
        _DEPLOYMENTS: _READ,  # this one and the next are those of the documentation's own example
        _DEPLOYMENTS.replace("*", "test", 1): _ALL,
        _SESSIONS: _ALL,
        **_HIDDEN,
    },
}
"""The roles that every organization has, in the order in which they are listed (GUESS: before its own)."""


def is_role_name(name: str) -> bool:
    """Return whether a custom role may have this name. Source: the documentation, "Naming restrictions"."""
    return _NAME.fullmatch(name) is not None


def is_resource_path(path: str) -> bool:
    """Return whether this may stand in a permission. GUESS: it starts with a slash and is not endless."""
    return path.startswith("/") and len(path) <= LONGEST_PATH


def resource_path(words: Iterable[str]) -> str:
    """Return the resource path of the decoded words that follow the organization in a URL."""
    return _joined([word.replace("/", "%2F") for word in words])


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """One role: its name, and the verbs that it allows by resource path."""

    name: str
    permissions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_built_in(self) -> bool:
        """Whether every organization has it."""
        return self.name in BUILT_IN

    def with_permissions(self, permissions: Mapping[str, tuple[str, ...]]) -> "Role":
        """Return the same role that allows more; what it allowed stays."""
        more = {path: (*self.permissions.get(path, ()), *verbs) for path, verbs in permissions.items()}
        unique = {path: tuple(dict.fromkeys(verbs)) for path, verbs in more.items()}
        return Role(name=self.name, permissions={**self.permissions, **unique})

    def without_permission(self, path: str, verb: str) -> "Role":
        """Return the same role without one verb of a path. GUESS: a path that keeps none is gone."""
        kept = tuple(known for known in self.permissions[path] if known != verb)
        others = {known: verbs for known, verbs in self.permissions.items() if known != path or kept}
        return Role(name=self.name, permissions={**others, path: kept} if kept else others)


class RoleTable:
    """The roles of one organization. Whoever changes them holds the world's lock."""

    def __init__(self) -> None:
        self._roles = {name: Role(name=name, permissions=permissions) for name, permissions in BUILT_IN.items()}
        self._rules: dict[str, tuple[_Rule, ...]] = {}

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self._roles)

    def __contains__(self, name: str) -> bool:
        """Return whether there is such a role."""
        return name in self._roles

    def find(self, name: str) -> Role | None:
        """Return a role, or None."""
        return self._roles.get(name)

    def put(self, role: Role) -> None:
        """Add a role, or replace the one with its name."""
        self._roles[role.name] = role
        self._rules.pop(role.name, None)

    def remove(self, name: str) -> None:
        """Remove a role."""
        del self._roles[name]
        self._rules.pop(name, None)

    def allows(self, name: str, verb: str, path: str) -> bool:
        """Return whether a role allows a verb on a resource path; one that does not exist allows nothing.

        Its patterns are compiled by its first question.
        """
        role = self._roles.get(name)
        if role is None:
            return False
        if name not in self._rules:
            self._rules[name] = _rules_of(role)
        deciding = next((rule for rule in self._rules[name] if rule.pattern.fullmatch(path)), None)
        return deciding is not None and verb in deciding.verbs


class _Rule(NamedTuple):
    """One way in which a permission fits paths; the greatest rank goes first."""

    rank: tuple[int, tuple[int, ...], int]
    pattern: re.Pattern[str]
    verbs: frozenset[str]


def _rules_of(role: Role) -> tuple[_Rule, ...]:
    verbs_of: dict[str, frozenset[str]] = {}
    for given, verbs in role.permissions.items():
        path = _joined(given.strip("/").split("/"))
        verbs_of[path] = verbs_of.get(path, frozenset()) | frozenset(verbs)
    rules = (rule for path, verbs in verbs_of.items() for rule in _rules(path, verbs))
    return tuple(sorted(rules, key=lambda rule: rule.rank, reverse=True))


def _rules(path: str, verbs: frozenset[str]) -> Iterator[_Rule]:
    """Yield the ways in which a path fits, each with its rank.

    GUESS: the longer path is more specific, then the one that says more letters at the first place where they differ;
    the documentation has no example beyond `/environments/test/...` before `/environments/*/...`.
    """
    words = path.split("/")[1:] if path != "/" else []
    letters = tuple(len(word.replace("*", "")) for word in words)
    if path.endswith("*"):
        above = "".join(f"/{_pattern(word)}" for word in words[:-1])
        below = _pattern(words[-1], anything=".")
        yield _Rule((len(words), letters, 1), re.compile(f"{above}/{below}", re.DOTALL), verbs)
        return
    pattern = "".join(f"/{_pattern(word)}" for word in words)
    yield _Rule((len(words), letters, 2), re.compile(pattern or "/"), verbs)
    yield _Rule((len(words), letters, 0), re.compile(f"{pattern}/.+", re.DOTALL), verbs)


def _pattern(word: str, *, anything: str = "[^/]") -> str:
    """Return a pattern for one word between slashes. Atomic groups keep it from trying every place for every `*`."""
    if word == "*":
        return f"{anything}+"
    first, *others = (re.escape(part) for part in word.split("*"))
    if not others:
        return first
    return first + "".join(f"(?>[^/]*?{part})" for part in others[:-1]) + f"{anything}*{others[-1]}"


def _joined(words: list[str]) -> str:
    place = 2 if words[:1] == [_ENVIRONMENTS] else 0
    if words[place : place + 1] == [_PROXIES[0]]:
        words = [*words[:place], _PROXIES[1], *words[place + 1 :]]
    return f"/{'/'.join(words)}"
