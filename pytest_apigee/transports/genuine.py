"""Classes and functions of requests and urllib3 as their authors wrote them, whatever stands in their place.

Rules of this file:

* A test may have replaced any of them (a guard against the network, a cassette) when our modules are first imported or
  a door is opened. What was taken then would be kept for the rest of the process: nothing is taken by its name alone.
* What runs behind a door is of a private copy of its module, which nobody else can reach to replace it. It raises the
  exceptions that everyone catches: the copy imports them.
* What we subclass, or replace a method of, is everyone's own class: it says which module made it.
* `responses` keeps the `HTTPAdapter.send` that it finds when it is imported: get it from here, not by an import of it.
"""

import importlib.util
import sys
import warnings
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any
from unittest import mock

from requests import adapters
from requests.adapters import BaseAdapter
from requests.sessions import SessionRedirectMixin
from urllib3.connectionpool import ConnectionPool

__all__ = [
    "HTTPAdapter",
    "HTTPConnectionPool",
    "PrivateConnection",
    "PrivatePool",
    "Session",
    "adapter_send",
    "responses",
]


def _copy_of(name: str) -> ModuleType:
    """Run a module once more, without the knowledge of `sys.modules`."""
    spec = importlib.util.find_spec(name)
    assert spec is not None  # noqa: S101 - for mypy: it is imported
    assert spec.loader is not None  # noqa: S101 - as above
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warned when it was imported, or was silenced
        spec.loader.exec_module(module)
    return module


def _made_by(module: str, name: str, *, base: type) -> Any:  # noqa: ANN401 - the class that its name says
    """Return the class of this name that a module made; the oldest, where its name does not lead to it."""
    found: tuple[Any, ...] = (getattr(sys.modules[module], name, None), *base.__subclasses__())
    kinds = (kind for kind in found if issubclass(type(kind), type))  # a mock only says that it is one
    return next(kind for kind in kinds if (kind.__module__, kind.__qualname__) == (module, name))


def _adapter_send() -> Callable[..., Any]:
    """Return `HTTPAdapter.send`: everyone's, or a private one where only replacements are to be found."""
    found = vars(HTTPAdapter).get("send"), getattr(sys.modules.get("responses"), "_real_send", None)
    # Not by its name: `functools.wraps` gives that to a replacement too.
    genuine = (one for one in found if type(one) is FunctionType and one.__globals__ is vars(adapters))
    return next(genuine, None) or _copy_of(adapters.__name__).HTTPAdapter.send


if TYPE_CHECKING:
    from requests import Session
    from requests.adapters import HTTPAdapter
    from urllib3 import HTTPConnectionPool
    from urllib3 import HTTPConnectionPool as PrivatePool
    from urllib3.connection import HTTPConnection as PrivateConnection
else:
    HTTPAdapter = _made_by("requests.adapters", "HTTPAdapter", base=BaseAdapter)
    Session = _made_by("requests.sessions", "Session", base=SessionRedirectMixin)
    HTTPConnectionPool = _made_by("urllib3.connectionpool", "HTTPConnectionPool", base=ConnectionPool)
    PrivatePool = _copy_of("urllib3.connectionpool").HTTPConnectionPool
    PrivateConnection = _copy_of("urllib3.connection").HTTPConnection
    # A cassette replaces this one too, and the copy derives from what it finds.
    PrivateConnection.__bases__ = (_made_by("http.client", "HTTPConnection", base=object),)

adapter_send = _adapter_send()
with mock.patch.object(adapters, "HTTPAdapter", HTTPAdapter), mock.patch.object(HTTPAdapter, "send", adapter_send):
    import responses
