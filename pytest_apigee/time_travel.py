"""Moves the time of the whole process with time-machine, for the clock of a fake that clients reach in process."""

import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from pytest_apigee.edge.clock import wall_ms
from pytest_apigee.errors import ConfigurationError

if TYPE_CHECKING:
    from time_machine import Traveller, travel

SECOND_MS = 1_000
_OURS = "_of_pytest_apigee"


class ProcessWall:
    """Wall time of this process: moved by time-machine, started by the first move and stopped by `restore`."""

    def __init__(self) -> None:
        self._travel: travel | None = None
        self._traveller: Traveller | None = None
        self._frozen = False

    @property
    def is_frozen(self) -> bool:
        """Whether time stands still because we stopped it."""
        return self._frozen

    def now_ms(self) -> int:
        """Return the time that the process sees, whoever moved it, in milliseconds since the epoch."""
        return wall_ms()

    def run_from(self, moment_ms: int) -> None:
        """Set the time of the process and let it run on.

        Raises:
            ConfigurationError: Another tool holds the clock.
        """
        self._set(moment_ms, tick=True)

    def stop_at(self, moment_ms: int) -> None:
        """Set the time of the process and stop it.

        Raises:
            ConfigurationError: Another tool holds the clock.
        """
        self._set(moment_ms, tick=False)

    def restore(self) -> None:
        """Give real time back to the process."""
        stack = _travellers()
        if self._traveller in stack[:-1]:
            stack.remove(self._traveller)  # travel.stop() ends whoever started last, and that is another tool's journey
        elif self._travel is not None and stack:
            self._travel.stop()
        self._travel = self._traveller = None
        self._frozen = False

    def _set(self, moment_ms: int, *, tick: bool) -> None:
        self._check_holder()
        import time_machine  # noqa: PLC0415 - only tests that move time need it

        # As whole seconds, since a float loses milliseconds in far years and a datetime brings its time zone along.
        seconds, rest_ms = divmod(moment_ms, SECOND_MS)
        if self._traveller is None:
            self._travel = time_machine.travel(seconds, tick=tick)
            self._traveller = self._travel.start()
            setattr(self._traveller, _OURS, True)
        else:
            self._traveller.move_to(seconds, tick=tick)
        self._traveller.shift(timedelta(milliseconds=rest_ms))
        self._frozen = not tick

    def _check_holder(self) -> None:
        holder = self._holder()
        if holder:
            msg = (
                f"{holder} holds this process's clock, and Edge follows it. Move time with {holder}, "
                "or leave it out of this test and use apigee.clock; clock.skew(...) works either way."
            )
            raise ConfigurationError(msg)

    def _holder(self) -> str:
        freezegun = sys.modules.get("freezegun.api")
        if getattr(freezegun, "freeze_factories", None):
            return "freezegun"
        stack = _travellers()
        if stack and stack[-1] is not self._traveller:
            return "the clock of another fake Edge" if hasattr(stack[-1], _OURS) else "time-machine"
        return ""


def _travellers() -> list[object]:
    """Return who travels now, the last one last; time-machine 3 has had two names for it."""
    module = sys.modules.get("time_machine")
    stack: list[object] | None = getattr(module, "traveller_stack", None)
    return stack if stack is not None else getattr(module, "coordinates_stack", [])
