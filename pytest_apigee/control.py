"""The control API of `pytest-apigee serve`: what a test in another language has no fixtures for.

Rules of this file:

* It answers at the server's own URLs alone, never at those of Edge.
* A page in a browser cannot drive it: a request with an Origin is refused, and so is a Host that a page may have in
  common with its own (a name with a dot: whoever owns it may let it lead here). What changes something takes JSON,
  which no form can send.
* Mistakes are 400, with what is allowed.
"""

import json
import re
from typing import TYPE_CHECKING, ClassVar

from pytest_apigee.edge.journal import Exchange
from pytest_apigee.edge.message import ConnectionFailure, Request, Response, host_of
from pytest_apigee.errors import ConfigurationError, listed
from pytest_apigee.fields import FieldReader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_apigee.serve_command import ServedWorld

_HOST = re.compile(r"[0-9]+(\.[0-9]+){3}|\[[0-9a-f:.]+\](:[0-9]+)?|[a-z0-9_-]+")  # addresses, and names without a dot
_UNITS = {
    "advance": ("days", "hours", "minutes", "seconds", "milliseconds"),
    "skew": ("hours", "minutes", "seconds", "milliseconds"),
}
_MOVES = ("advance", "travel_to", "freeze", "skew", "restore")
_TAKEN = {
    "travel_to": 'a moment, as "2030-01-31T12:00:00Z"',
    "freeze": 'a moment, as "2030-01-31T12:00:00Z", or true for now',
    "restore": "true",
}
_USUAL_EXCHANGES = 100
_MOST_EXCHANGES = 1_000
_LAST_NUMBER = 999_999_999
_NUMBER = re.compile("[0-9]{1,9}")


class Control:
    """Answers what is asked below its path.

    Args:
        served: The world that is served.
    """

    PATH: ClassVar[str] = "/__pytest_apigee__"

    def __init__(self, served: "ServedWorld") -> None:
        self._served = served
        self._actions: Mapping[tuple[str, str], Callable[[Request], Response]] = {
            ("POST", "/reset"): self._reset,
            ("GET", "/clock"): self._show_clock,
            ("POST", "/clock"): self._move_clock,
            ("GET", "/exchanges"): self._list_exchanges,
            ("GET", "/faults"): self._list_faults,
            ("POST", "/faults"): self._arm_fault,
            ("DELETE", "/faults"): self._clear_faults,
        }

    def is_for(self, request: Request) -> bool:
        """Return whether a request is for this API."""
        return bool(request.reached_at) and f"{request.path}/".startswith(f"{self.PATH}/")

    def answer(self, request: Request) -> Response:
        """Answer a request."""
        host = host_of(request.headers.get("Host") or "")
        if not _HOST.fullmatch(host) or "Origin" in request.headers:
            return _refused(403, "The control API is not for pages in a browser: no Origin, and a Host without dots.")
        path = request.path.removeprefix(self.PATH)
        action = self._actions.get((request.method, path))
        if action is None:
            return _refused(404, f"The control API has: {listed(' '.join(known) for known in self._actions)}.")
        try:
            return action(request)
        except ConfigurationError as error:
            return _refused(400, str(error))

    def _reset(self, request: Request) -> Response:
        _fields(request).finish()
        self._served.reset()
        return Response.of_json({})

    def _show_clock(self, _: Request) -> Response:
        clock = self._served.edge.clock
        return Response.of_json({"now": clock.now.isoformat(), "now_ms": clock.now_ms, "history": clock.history})

    def _move_clock(self, request: Request) -> Response:
        clock, fields = self._served.edge.clock, _fields(request)
        moves = {name: fields.anything(name) for name in _MOVES}
        fields.finish()
        given = [(name, value) for name, value in moves.items() if value is not None]
        if len(given) != 1:
            msg = f'The clock takes one of {listed(_MOVES)}, as {{"advance": {{"hours": 1}}}}.'
            raise ConfigurationError(msg)
        ((name, value),) = given
        if name in _UNITS:
            getattr(clock, name)(**_units(name, value))
        elif isinstance(value, str) and name != "restore":
            getattr(clock, name)(value)
        elif value is True and name != "travel_to":
            getattr(clock, name)()
        else:
            raise ConfigurationError(f"{name} takes {_TAKEN[name]}.")
        return self._show_clock(request)

    def _list_faults(self, _: Request) -> Response:
        faults = self._served.edge.faults
        shown = [{"fault": str(fault), "times": fault.times, "met": faults.met(fault)} for fault in faults.armed]
        return Response.of_json({"armed": shown})

    def _arm_fault(self, request: Request) -> Response:
        self._served.edge.faults.arm(_object(request))
        return self._list_faults(request)

    def _clear_faults(self, request: Request) -> Response:
        self._served.edge.faults.clear()
        return self._list_faults(request)

    def _list_exchanges(self, request: Request) -> Response:
        limit = _number_in(request, "limit", _USUAL_EXCHANGES, allowed=range(1, _MOST_EXCHANGES + 1))
        calls = self._served.edge.calls
        if request.query.get("after") is None:
            chosen = calls[-limit:]
        else:
            after = _number_in(request, "after", 0, allowed=range(_LAST_NUMBER + 1))
            chosen = calls.where(lambda one: one.number > after)[:limit]
        return Response.of_json({"total": calls.total, "exchanges": [_shown(one) for one in chosen]})


def _number_in(request: Request, name: str, usual: int, *, allowed: range) -> int:
    text = request.query.get(name) or str(usual)
    if not (_NUMBER.fullmatch(text) and int(text) in allowed):
        msg = f"{name} takes a number from {allowed[0]} to {allowed[-1]}, not {text!r}."
        raise ConfigurationError(msg)
    return int(text)


def _units(name: str, value: object) -> dict[str, float]:
    units = _UNITS[name]
    if isinstance(value, dict) and value and all(unit in units and _is_number(n) for unit, n in value.items()):
        return value
    msg = f'{name} takes numbers by unit, as {{"hours": 1}}. Units: {listed(units)}.'
    raise ConfigurationError(msg)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fields(request: Request) -> FieldReader:
    """Return the fields of a body."""
    return FieldReader(_object(request), "the body")


def _object(request: Request) -> dict[str, object]:
    """Return a body, which must be JSON: an object."""
    kind = (request.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    try:
        content = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        content = None
    if kind != "application/json" or not isinstance(content, dict):
        msg = "The body of this request is a JSON object, of Content-Type application/json."
        raise ConfigurationError(msg)
    return content


def _shown(exchange: Exchange) -> dict[str, object]:
    method, _, url = exchange.request.shown.partition(" ")
    return {
        "number": exchange.number,
        "at_ms": exchange.at_ms,
        "method": method,
        "url": url,
        "status": exchange.status,
        "failure": str(exchange.outcome.kind) if isinstance(exchange.outcome, ConnectionFailure) else None,
        "was_refused": exchange.was_refused,
        "service": str(exchange.service),
        "reason": exchange.reason,
        "organization": exchange.organization,
        "environment": exchange.environment,
        "proxy": exchange.proxy,
        "app": exchange.app,
        "user": exchange.user,
    }


def _refused(status: int, message: str) -> Response:
    return Response.of_json({"error": message}, status=status)
