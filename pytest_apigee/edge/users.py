"""SSO users: who may log in at login.apigee.com or at a zone's, and what they may do in which organization."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from pytest_apigee.edge.roles import SYSTEM_ADMINISTRATOR
from pytest_apigee.edge.zones import DEFAULT_ZONE, Zone
from pytest_apigee.errors import ConfigurationError, found, listed


class BadCredentialsError(Exception):
    """Credentials are not good; `reason` is for the tester and names no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UserStatus(StrEnum):
    """What stands in the way of a user's login, if anything."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    LOCKED = "locked"
    UNVERIFIED = "unverified"
    PASSWORD_EXPIRED = "password_expired"  # noqa: S105 - a status


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """One SSO user. E-mails are compared in lower case."""

    email: str
    user_id: str
    password: str = field(repr=False)
    salt: str = field(repr=False)
    mfa_secret: str | None = field(default=None, repr=False)
    is_machine: bool = False
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The roles by organization."""
    zone: Zone = DEFAULT_ZONE
    status: UserStatus = UserStatus.ACTIVE
    first_name: str = ""
    last_name: str = ""

    def belongs_to(self, organization: str) -> bool:
        """Return whether the user has any role in an organization."""
        return bool(self.roles.get(organization))

    @property
    def is_system_administrator(self) -> bool:
        """Whether the user is one of those who run a private cloud, and may do everything in every organization."""
        return any(SYSTEM_ADMINISTRATOR in names for names in self.roles.values())

    @property
    def logs_in_by_saml(self) -> bool:
        """Whether the password is one of the company's identity provider, unknown to Edge."""
        return self.zone.has_saml and not self.is_machine


class UserDirectory:
    """The SSO users of one world."""

    def __init__(self) -> None:
        self._users: dict[str, User] = {}
        self._ids: dict[tuple[Zone, str], str] = {}
        self._used_mfa_steps: dict[str, int] = {}

    def add(self, user: User) -> None:
        """Add a user.

        Raises:
            ConfigurationError: The e-mail is taken in the user's zone.
        """
        key = (user.zone, user.email.lower())
        if key in self._ids:
            msg = f"The SSO user {user.email!r} already exists{_place(user.zone)}."
            raise ConfigurationError(msg)
        self._ids[key] = user.user_id
        self._users[user.user_id] = user

    def find(self, email: str, zone: Zone = DEFAULT_ZONE) -> User | None:
        """Return the user with this e-mail in a zone, or None."""
        return self.with_id(self._ids.get((zone, email.lower())))

    def with_id(self, user_id: object) -> User | None:
        """Return the user with this id, or None."""
        return self._users.get(user_id) if isinstance(user_id, str) else None

    def require(self, email: str, zone: Zone | None = None) -> User:
        """Return the user with this e-mail in a zone, or in whichever has one.

        Raises:
            ConfigurationError: There is none, or where no zone is given there are several.
        """
        candidates = [user for user in self._users.values() if zone is None or user.zone == zone]
        matching = [user for user in candidates if user.email.lower() == email.lower()]
        if len(matching) > 1:
            zones = listed(repr(user.zone.name) for user in matching)
            msg = f"Several zones have an SSO user {email!r}: {zones}. Say which by zone=."
            raise ConfigurationError(msg)
        known = {user.email.lower(): user for user in candidates}
        return found(known, email.lower(), "SSO user", "" if zone is None else _place(zone))

    def with_role(self, organization: str, role: str) -> list[User]:
        """Return the users who have a role in an organization, in the order of their declaration."""
        return [user for user in self._users.values() if role in user.roles.get(organization, ())]

    def give_role(self, user: User, organization: str, role: str) -> User:
        """Give a user a role in an organization, from now on."""
        names = dict.fromkeys((*user.roles.get(organization, ()), role))
        return self._changed(replace(user, roles={**user.roles, organization: tuple(names)}))

    def take_role(self, user: User, organization: str, role: str) -> User:
        """Take a role in an organization from a user, from now on."""
        names = tuple(name for name in user.roles.get(organization, ()) if name != role)
        return self._changed(replace(user, roles={**user.roles, organization: names}))

    def set_password(self, user: User, password: str, *, salt: str) -> User:
        """Change a password, and with it the salt: tokens issued before are void from now on, whichever it is."""
        return self._changed(replace(user, password=password, salt=salt))

    def set_status(self, user: User, status: UserStatus) -> User:
        """Say what stands in the way of a user's login from now on."""
        return self._changed(replace(user, status=status))

    def set_salt(self, user: User, salt: str) -> None:
        """Void the tokens that a user has, by the salt of their `rev_sig`."""
        self._changed(replace(user, salt=salt))

    def _changed(self, user: User) -> User:
        self._users[user.user_id] = user
        return user

    def has_used_mfa_step(self, user: User, step: int) -> bool:
        """Return whether an MFA code of this time step, or of a later one, was used."""
        return step <= self._used_mfa_steps.get(user.user_id, step - 1)

    def use_mfa_step(self, user: User, step: int | None) -> None:
        """Note the time step of an MFA code that was used, if any was."""
        if step is not None:
            self._used_mfa_steps[user.user_id] = step


def _place(zone: Zone) -> str:
    return f" in zone {zone.name!r}" if zone.has_saml else ""
