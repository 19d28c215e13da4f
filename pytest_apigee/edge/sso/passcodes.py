"""Passcodes: six characters that a user reads in a browser and gives to a tool, once and within five minutes.

Source: sso.md 2.3, `GET /passcode`; as in UAA, looking one up voids it, and so does making the next one.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pytest_apigee.edge.authorization import same_text
from pytest_apigee.edge.clock import MILLISECOND
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.users import User

LIFETIME = timedelta(minutes=5)
_MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class _Passcode:
    user_id: str
    expires_at_ms: int


class BadPasscodeError(Exception):
    """A passcode is not good; `reason` is for the tester."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Passcodes:
    """The passcodes of one world: those in force, and the last ones that are void, for a better reason."""

    def __init__(self, state: WorldState) -> None:
        self._state = state
        self._open: dict[str, _Passcode] = {}
        self._void: dict[str, None] = {}

    def issue(self, user: User) -> str:
        """Return a new passcode of a user; the one before it is void."""
        for earlier in [code for code, known in self._open.items() if known.user_id == user.user_id]:
            self._retire(earlier)
        code = self._state.identifiers.passcode()
        self._open[code] = _Passcode(user.user_id, self._state.clock.now_ms + LIFETIME // MILLISECOND)
        _forget_oldest(self._open)
        return code

    def use(self, given: str) -> str:
        """Return the id of the user of a passcode, which is void from then on.

        Raises:
            BadPasscodeError: Nobody has it, or it is too old, or void.
        """
        code = next((known for known in self._open if same_text(given, known)), None)
        if code is None:
            is_void = given in self._void
            raise BadPasscodeError("the passcode was used, or a newer one made" if is_void else "unknown passcode")
        passcode = self._retire(code)
        late_ms = self._state.clock.now_ms - passcode.expires_at_ms
        if late_ms >= 0:
            raise BadPasscodeError(f"the passcode expired {late_ms * MILLISECOND} ago: it is good for {LIFETIME}")
        return passcode.user_id

    def _retire(self, code: str) -> _Passcode:
        self._void[code] = None
        _forget_oldest(self._void)
        return self._open.pop(code)


def _forget_oldest(kept: dict[str, Any]) -> None:
    if len(kept) > _MOST_KEPT:
        del kept[next(iter(kept))]
