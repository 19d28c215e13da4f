"""Tokens made without a login, and `auth=` objects that carry them."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

from pytest_apigee.edge.clock import moment_at

if TYPE_CHECKING:
    from pytest_apigee.edge.records import App
    from pytest_apigee.fake import FakeEdge


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A bearer token. ``str()`` and ``format()`` give the real value; ``repr()`` never does.

    `expires_at` is the first instant at which Edge refuses it, in UTC.
    """

    value: str = field(repr=False)
    expires_at: datetime
    scopes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.value

    def __format__(self, specification: str) -> str:
        return format(self.value, specification)


class TokenFactory:
    """Makes access tokens of apps, as the organization's `oauth` proxy would, without asking it."""

    def __init__(self, edge: "FakeEdge") -> None:
        self._edge = edge

    def __call__(
        self, app: "App | None" = None, *, scope: str | None = None, lifetime: timedelta = timedelta(hours=1)
    ) -> Token:
        """Return a new access token.

        Args:
            app: Whose; by default the app of the fixture `apigee_app`.
            scope: Scopes separated by blanks, as in a token request: the app's products decide which are granted.
            lifetime: How long it is good.

        Raises:
            ConfigurationError: The app is not one of this Edge.
        """
        whose = self._edge.default_app if app is None else app
        issued = self._edge.issue_app_token(whose, scope=scope, lifetime=lifetime)
        return Token(value=issued.value, expires_at=moment_at(issued.expires_at_ms), scopes=issued.scopes)


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
