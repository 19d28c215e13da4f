"""The control API of `pytest-apigee serve`: what a test in another language has no fixtures for.

Rules of this file:

* It answers at the server's own URLs alone, never at those of Edge.
* A page in a browser cannot drive it: a Host that is not this machine and a request with an Origin are refused, and
  what changes something takes JSON, which no form can send.
* Mistakes are 400, with what is allowed.
"""

import json
import re
from typing import TYPE_CHECKING, ClassVar

from pytest_apigee.edge.journal import Exchange
from pytest_apigee.edge.message import Request, Response, host_of
from pytest_apigee.errors import ConfigurationError, listed
from pytest_apigee.fields import FieldReader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_apigee.serve_command import ServedWorld

_LOCAL = ("127.0.0.1", "[::1]", "localhost")
_UNITS = ("days", "hours", "minutes", "seconds", "milliseconds")
_MOST_EXCHANGES = 100
_NUMBER = re.compile("[1-9][0-9]{0,8}")


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
        return bool(request.reached_at) and request.path.startswith(f"{self.PATH}/")

    def answer(self, request: Request) -> Response:
        """Answer a request."""
        host = host_of(request.headers.get("Host") or "")
        if host not in _LOCAL or "Origin" in request.headers:
            return _refused(403, "The control API is for programs on this machine, and not for pages in a browser.")
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
        moves = {name: fields.anything(name) for name in ("advance", "travel_to", "freeze", "skew")}
        fields.finish()
        given = [name for name, value in moves.items() if value is not None]
        if len(given) != 1:
            msg = f'The clock takes one of {listed(moves)}, as {{"advance": {{"hours": 1}}}}.'
            raise ConfigurationError(msg)
        name, value = given[0], moves[given[0]]
        if name in ("advance", "skew"):
            getattr(clock, name)(**_units(name, value))
        elif isinstance(value, str):
            getattr(clock, name)(value)
        else:
            msg = f'{name} takes a moment, as "2026-01-02T03:04:05Z".'
            raise ConfigurationError(msg)
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
        limit = request.query.get("limit") or str(_MOST_EXCHANGES)
        if not (_NUMBER.fullmatch(limit) and int(limit) <= _MOST_EXCHANGES):
            msg = f"limit takes a number from 1 to {_MOST_EXCHANGES}, not {limit!r}."
            raise ConfigurationError(msg)
        calls = self._served.edge.calls
        return Response.of_json({"total": len(calls), "exchanges": [_shown(one) for one in calls[-int(limit) :]]})


def _units(name: str, value: object) -> dict[str, float]:
    if isinstance(value, dict) and value and all(unit in _UNITS and _is_number(n) for unit, n in value.items()):
        return value
    msg = f'{name} takes numbers by unit, as {{"hours": 1}}. Units: {listed(_UNITS)}.'
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
    return {
        "number": exchange.number,
        "at_ms": exchange.at_ms,
        "request": exchange.request.shown,
        "status": exchange.status,
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
