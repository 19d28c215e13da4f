"""What limits how often a user may fail, and how many tokens a user may have: the lock and the hourly limit.

Source: sso.md section 3 (account locked; more than 30 new tokens an hour); both are off by default (GUESS: `lockout`,
`token_rate_limit`).
"""

from collections import deque
from datetime import timedelta

from pytest_apigee.edge.clock import MILLISECOND
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.users import User, UserStatus

MOST_FAILURES = 5
COUNTED_FOR = timedelta(seconds=3600)
LOCKED_FOR = timedelta(seconds=300)
_HOUR_MS = 3_600_000


class LoginPolicy:
    """Counts the failed logins and the new tokens of each user of one world."""

    def __init__(self, state: WorldState) -> None:
        self._state = state
        self._failures: dict[str, deque[int]] = {}
        self._tokens: dict[str, deque[int]] = {}

    def is_locked(self, user: User) -> bool:
        """Return whether a user may not log in now, even with the right password."""
        if user.status is UserStatus.LOCKED:
            return True
        now_ms = self._state.clock.now_ms
        failures = self._failures.get(user.user_id, deque())
        while failures and failures[0] <= now_ms - COUNTED_FOR // MILLISECOND:
            failures.popleft()
        return len(failures) >= MOST_FAILURES and failures[-1] > now_ms - LOCKED_FOR // MILLISECOND

    def note_failure(self, user: User) -> None:
        """Count a wrong password."""
        if self._state.guesses.lockout:
            failures = self._failures.setdefault(user.user_id, deque(maxlen=MOST_FAILURES))
            failures.append(self._state.clock.now_ms)

    def forget_failures(self, user: User) -> None:
        """Forget the wrong passwords before a right one, or before somebody lifts the lock."""
        self._failures.pop(user.user_id, None)

    def has_too_many_tokens(self, user: User) -> bool:
        """Return whether a user had as many new tokens within the last hour as the limit allows."""
        limit, tokens = self._state.guesses.token_rate_limit, self._tokens.get(user.user_id, deque())
        since_ms = self._state.clock.now_ms - _HOUR_MS
        while tokens and tokens[0] <= since_ms:
            tokens.popleft()
        return limit > 0 and len(tokens) >= limit

    def note_token(self, user: User) -> None:
        """Count a new token."""
        if self._state.guesses.token_rate_limit:
            self._tokens.setdefault(user.user_id, deque()).append(self._state.clock.now_ms)
