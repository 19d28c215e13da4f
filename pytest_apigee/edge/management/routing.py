"""The endpoints of the management API as a table, and how a request finds its row.

A path may say ``/o/`` for ``/organizations/`` and ``/e/`` for ``/environments/`` wherever they stand, may end
in a slash,
and may hold a raw ``@``. Source: management.md sections 1 and 2.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pytest_apigee.edge.message import Response

if TYPE_CHECKING:
    from pytest_apigee.edge.management.call import Call
    from pytest_apigee.edge.state import WorldState

Handler = Callable[["Call"], Response]
WorldHandler = Callable[["WorldState"], Response]
BASE = "/v1"
_ALIASES = {"o": "organizations", "e": "environments"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One endpoint.

    Args:
        method: The verb.
        path: Below ``/v1``, with parameters in braces.
        source: Where its facts are from.
        handler: What answers it; None where the fake does not model it.
        world_handler: What answers it instead, where the path is about no organization.
        is_restricted: Whether it takes a system administrator, whom only a private cloud has.
    """

    method: str
    path: str
    source: str
    handler: Handler | None = None
    world_handler: WorldHandler | None = None
    is_restricted: bool = False
    segments: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Split the path once."""
        object.__setattr__(self, "segments", tuple(self.path.strip("/").split("/")))

    @property
    def is_modelled(self) -> bool:
        """Whether the fake answers it."""
        return self.handler is not None or self.world_handler is not None

    def parameters(self, segments: tuple[str, ...]) -> dict[str, str] | None:
        """Return the parameters of a path with as many segments that is this endpoint's, or None."""
        found = {}
        for wanted, given in zip(self.segments, segments, strict=True):
            if wanted.startswith("{"):
                if not given:
                    return None
                found[wanted[1:-1]] = given
            elif wanted != given:
                return None
        return found


def routes_of(source: str, handlers: Mapping[tuple[str, str], Handler]) -> tuple[Route, ...]:
    """Return the endpoints that some handlers answer, by verb and path, all from one source."""
    return tuple(
        Route(method=method, path=path, source=source, handler=handler) for (method, path), handler in handlers.items()
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """What a path leads to: the endpoints by verb, and the parameters of the path."""

    routes: Mapping[str, Route]
    parameters: Mapping[str, str]


class RouteTable:
    """Finds endpoints by path. A word in a path goes before a parameter at its place.

    Args:
        routes: All endpoints.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._by_length: dict[int, dict[tuple[str, ...], dict[str, Route]]] = {}
        for route in self.routes:
            paths = self._by_length.setdefault(len(route.segments), {})
            paths.setdefault(route.segments, {})[route.method] = route
        for paths in self._by_length.values():
            ordered = sorted(paths.items(), key=lambda item: [word.startswith("{") for word in item[0]])
            paths.clear()
            paths.update(ordered)

    def find(self, path: str) -> Match | None:
        """Return what a request's path leads to, or None."""
        segments = segments_of(path)
        if segments is None:
            return None
        for routes in self._by_length.get(len(segments), {}).values():
            parameters = next(iter(routes.values())).parameters(segments)
            if parameters is not None:
                return Match(routes=routes, parameters=parameters)
        return None


def segments_of(path: str) -> tuple[str, ...] | None:
    """Return the decoded segments of a path below ``/v1``, its aliases spelled out; None for a path elsewhere."""
    if path != BASE and not path.startswith(f"{BASE}/"):
        return None
    words = [unquote(word) for word in path.removeprefix(BASE).removeprefix("/").removesuffix("/").split("/")]
    if words[0] in _ALIASES:
        words[0] = _ALIASES[words[0]]
    if len(words) > 2 and words[2] == "e":  # noqa: PLR2004 - the third word: /organizations/{org}/e/{env}
        words[2] = _ALIASES["e"]
    return tuple(words)
