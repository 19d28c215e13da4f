"""Tokens and API keys as tests hold them."""

from dataclasses import dataclass, field
from datetime import datetime


class _Secret:
    """Text that is its value where it is written out, and hidden where it is shown."""

    __slots__ = ()

    value: str

    def __str__(self) -> str:
        return self.value

    def __format__(self, specification: str) -> str:
        return format(self.value, specification)


@dataclass(frozen=True, kw_only=True, slots=True)
class Token(_Secret):
    """A bearer token. ``str()`` and ``format()`` give the real value; ``repr()`` never does.

    `expires_at` is the first instant at which Edge refuses it, in UTC.
    """

    value: str = field(repr=False)
    expires_at: datetime
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey(_Secret):
    """An API key: a consumer key, as apps send it to proxies that verify one. Written out and shown as a `Token`.

    `app` is the name of its app, `secret` the consumer secret that belongs to it; `expires_at` is in UTC, and None
    where it never expires.
    """

    value: str = field(repr=False)
    secret: str = field(repr=False)
    app: str
    expires_at: datetime | None = None
