"""One reentrant lock guards changes of state: whatever changes or adds something holds it from check to change."""

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import Concatenate, ParamSpec, Protocol, TypeVar

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


class Guarded(Protocol):
    """Something with a lock."""

    _lock: RLock


_Owner = TypeVar("_Owner", bound=Guarded)


def locked(
    method: Callable[Concatenate[_Owner, _Parameters], _Result],
) -> Callable[Concatenate[_Owner, _Parameters], _Result]:
    """Let a method hold its owner's lock while it runs."""

    @wraps(method)
    def holding(owner: _Owner, /, *args: _Parameters.args, **options: _Parameters.kwargs) -> _Result:
        with owner._lock:  # noqa: SLF001 - the method is the owner's own
            return method(owner, *args, **options)

    return holding
