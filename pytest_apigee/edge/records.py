"""What an organization holds, as values: developers, API products, apps with their credentials.

Times are milliseconds since the epoch. Source of the field names and statuses: management.md section 4.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from pytest_apigee.errors import ConfigurationError

NEVER_MS = -1


class Status(StrEnum):
    """The state of an app, of a credential, and of a product on a credential."""

    APPROVED = "approved"
    PENDING = "pending"
    REVOKED = "revoked"


class DeveloperStatus(StrEnum):
    """The state of a developer, and of a company."""

    ACTIVE = "active"
    INACTIVE = "inactive"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """When something was made and last changed, and by whom: e-mails, empty for what was declared."""

    created_at_ms: int = 0
    created_by: str = ""
    modified_at_ms: int = 0
    modified_by: str = ""

    @classmethod
    def of(cls, at_ms: int, by: str = "") -> "Stamp":
        """Return the stamp of what was just made."""
        return cls(created_at_ms=at_ms, created_by=by, modified_at_ms=at_ms, modified_by=by)

    def changed(self, at_ms: int, by: str = "") -> "Stamp":
        """Return the stamp after a change."""
        return replace(self, modified_at_ms=at_ms, modified_by=by)


@dataclass(frozen=True, kw_only=True, slots=True)
class Developer:
    """Who owns apps."""

    email: str
    developer_id: str
    first_name: str
    last_name: str
    user_name: str
    status: DeveloperStatus = DeveloperStatus.ACTIVE
    attributes: tuple[tuple[str, str], ...] = ()
    stamp: Stamp = field(default=Stamp(), repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Company:
    """Several developers who own apps together; `members` has the role of each by e-mail."""

    name: str
    display_name: str = ""
    status: DeveloperStatus = DeveloperStatus.ACTIVE
    attributes: tuple[tuple[str, str], ...] = ()
    members: Mapping[str, str] = field(default_factory=dict)
    stamp: Stamp = field(default=Stamp(), repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiProduct:
    """What a consumer key may call. An empty tuple of proxies, environments or resources allows all of them."""

    name: str
    proxies: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    approval_type: str = "auto"
    display_name: str = ""
    description: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    quota: str = ""
    """How many calls `quota_interval` times `quota_time_unit` allows; empty for no quota. A Quota policy reads it."""
    quota_interval: str = ""
    quota_time_unit: str = ""
    implied: bool = False
    """Whether it was only named, by an app or a proxy, and so follows what names it."""
    naming: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """The API proxies that named it."""
    stamp: Stamp = field(default=Stamp(), repr=False)
    resource_patterns: tuple[re.Pattern[str], ...] = field(init=False, compare=False, repr=False)
    """The resources as patterns of whole path suffixes."""

    def __post_init__(self) -> None:
        """Read the resources once: ``**`` is any depth, ``*`` one segment."""
        object.__setattr__(self, "resource_patterns", tuple(map(_resource_pattern, self.resources)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Credential:
    """A consumer key with its secret and the products it may use."""

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    products: Mapping[str, Status]
    issued_at_ms: int
    expires_at_ms: int = NEVER_MS
    status: Status = Status.APPROVED
    scopes: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()

    def has_expired(self, now_ms: int) -> bool:
        """Return whether the key's time is over."""
        return self.expires_at_ms != NEVER_MS and now_ms >= self.expires_at_ms


class AppPath(NamedTuple):
    """What an app is found by: its name below the e-mail of its developer, or below the name of its company."""

    developer: str
    company: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """A developer app as it was declared; its consumer key and secret are those of its first credential.

    The app of a company has its name in `company`, and no `developer`.
    """

    name: str
    app_id: str
    organization: str
    developer: str = ""
    credentials: tuple[Credential, ...]
    company: str = ""
    status: Status = Status.APPROVED
    callback_url: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    follows_products: bool = False
    """Whether it is subscribed to every product that is declared, now or later."""
    scopes: tuple[str, ...] = ()
    """The scopes that it was created with; what its keys may have is theirs."""
    stamp: Stamp = field(default=Stamp(), repr=False)

    @property
    def path(self) -> AppPath:
        """What it is found by."""
        return AppPath(developer=self.developer, company=self.company, name=self.name)

    @property
    def owner(self) -> str:
        """Whose it is, in words."""
        return f"company {self.company!r}" if self.company else f"developer {self.developer!r}"

    @property
    def consumer_key(self) -> str:
        """The key that clients send as their client id."""
        return self._first_credential.consumer_key

    @property
    def consumer_secret(self) -> str:
        """The secret that clients send with it."""
        return self._first_credential.consumer_secret

    @property
    def _first_credential(self) -> Credential:
        if not self.credentials:
            msg = f"The app {self.name!r} has no consumer key: give it one with apigee.add_key(app, products=[...])."
            raise ConfigurationError(msg)
        return self.credentials[0]

    @property
    def callbacks(self) -> tuple[str, ...]:
        """The redirect URIs that are registered for it; its callback URL may be several, separated by commas."""
        return tuple(text.strip() for text in self.callback_url.split(",") if text.strip())

    def redirect_uri(self, sent: str) -> str:
        """Return where an authorization request is answered to, or an empty text where none of the two says it."""
        if sent:
            return sent if not self.callbacks or sent in self.callbacks else ""
        return self.callbacks[0] if len(self.callbacks) == 1 else ""

    @property
    def products(self) -> tuple[str, ...]:
        """The names of the API products of the first credential."""
        return tuple(self._first_credential.products)


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """A credential together with the app and its owner: a developer, or a company."""

    credential: Credential
    app: App
    developer: Developer | None = None
    company: Company | None = None

    @property
    def developer_email(self) -> str:
        """The e-mail of its developer; empty for the app of a company (GUESS)."""
        return "" if self.developer is None else self.developer.email

    @property
    def developer_id(self) -> str:
        """The id of its developer; empty for the app of a company (GUESS)."""
        return "" if self.developer is None else self.developer.developer_id


def _resource_pattern(resource: str) -> re.Pattern[str]:
    # Atomic groups: what `**` once took is never given back, so that many of them do not make a path slow to refuse.
    wildcards = {"**": ")(?>.*?", "*": "[^/]+"}
    parts = (wildcards.get(part, re.escape(part)) for part in re.split(r"(\*\*|\*)", resource))
    return re.compile(rf"(?>{''.join(parts)}\Z)", re.DOTALL)
