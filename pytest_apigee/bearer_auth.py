"""`auth=` objects that carry a bearer token."""

import re
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from pytest_apigee.tokens import Token


class _Message(Protocol):
    """A request of `requests` or of `httpx`, as far as authentication goes."""

    @property
    def headers(self) -> "_Headers": ...

    @property
    def url(self) -> object: ...


class _Headers(Protocol):
    def __contains__(self, name: object, /) -> bool: ...

    def __setitem__(self, name: str, value: str, /) -> None: ...


_AnyMessage = TypeVar("_AnyMessage", bound=_Message)


class BearerAuth:
    """Works as ``auth=`` of requests and of httpx: adds a bearer token to requests for the hosts it is for.

    A token is made when first needed and again when it has expired. An Authorization header that is already there
    stays, and other hosts never see the token.
    """

    def __init__(
        self,
        mint: Callable[[], Token],
        *,
        is_for: Callable[[str], bool],
        now: Callable[[], datetime],
    ) -> None:
        self._mint = mint
        self._is_for = is_for
        self._now = now
        self._token: Token | None = None
        self._lock = threading.Lock()

    def __call__(self, request: _AnyMessage) -> _AnyMessage:
        """Add the token to one request, and return the request."""
        url = re.split("[?#]", str(request.url), maxsplit=1)[0]  # what follows may look like a host, as in ?@{host}
        if self._is_for(url) and "Authorization" not in request.headers:
            request.headers["Authorization"] = f"Bearer {self._current()}"
        return request

    def _current(self) -> Token:
        with self._lock:
            if self._token is None or self._token.expires_at <= self._now():
                self._token = self._mint()
            return self._token
