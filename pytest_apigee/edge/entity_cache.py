"""What message processors remember of tokens, keys, apps, developers and products, and for how long.

A change of something that was looked at a moment ago shows only when it is looked at anew: that is why a token that was
revoked may work for some minutes. Source: runtime.md 4.5 "Revocation lag".
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar, cast

from pytest_apigee.edge.clock import MILLISECOND

_Entity = TypeVar("_Entity")


class EntityCache:
    """Remembers what was loaded, each for the same time; without any where that is zero.

    Args:
        lag: How long something is remembered.
    """

    def __init__(self, lag: timedelta) -> None:
        self.lag = lag
        self._lag_ms = lag // MILLISECOND
        self._kept: dict[tuple[str, str], tuple[int, object]] = {}

    def get(self, kind: str, key: str, load: Callable[[str], _Entity | None], *, now_ms: int) -> _Entity | None:
        """Return what is remembered of an entity, or load it now; what does not exist is not remembered.

        Args:
            kind: What it is, as `token`.
            key: Its name among those of its kind.
            load: Returns it as it is now, or None.
            now_ms: Edge's time, in milliseconds since the epoch.
        """
        if not self._lag_ms:
            return load(key)
        self._forget_old(now_ms)
        place = (kind, key)
        known = self._kept.get(place)
        if known is not None and self._is_fresh(known[0], now_ms):
            return cast("_Entity", known[1])
        self._kept.pop(place, None)
        entity = load(key)
        if entity is not None:
            self._kept[place] = (now_ms, entity)
        return entity

    def _forget_old(self, now_ms: int) -> None:
        while self._kept:
            place = next(iter(self._kept))
            if self._is_fresh(self._kept[place][0], now_ms):
                break
            del self._kept[place]

    def _is_fresh(self, loaded_at_ms: int, now_ms: int) -> bool:
        return loaded_at_ms <= now_ms < loaded_at_ms + self._lag_ms
