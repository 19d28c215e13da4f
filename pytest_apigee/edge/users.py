"""SSO users: who may log in at login.apigee.com, and what they may do in which organization."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pytest_apigee.errors import ConfigurationError, found


class BadCredentialsError(Exception):
    """Credentials are not good; `reason` is for the tester and names no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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

    def belongs_to(self, organization: str) -> bool:
        """Return whether the user has any role in an organization."""
        return bool(self.roles.get(organization))


class UserDirectory:
    """The SSO users of one world."""

    def __init__(self) -> None:
        self._users: dict[str, User] = {}
        self._used_mfa_steps: dict[str, int] = {}

    def add(self, user: User) -> None:
        """Add a user.

        Raises:
            ConfigurationError: The e-mail is taken.
        """
        if user.email.lower() in self._users:
            msg = f"The SSO user {user.email!r} already exists."
            raise ConfigurationError(msg)
        self._users[user.email.lower()] = user

    def find(self, email: str) -> User | None:
        """Return the user with this e-mail, or None."""
        return self._users.get(email.lower())

    def with_id(self, user_id: object) -> User | None:
        """Return the user with this id, or None."""
        return next((user for user in self._users.values() if user.user_id == user_id), None)

    def require(self, email: str) -> User:
        """Return the user with this e-mail.

        Raises:
            ConfigurationError: There is none.
        """
        return found(self._users, email.lower(), "SSO user")

    def set_password(self, email: str, password: str) -> None:
        """Change a password; tokens issued before are void from now on.

        Raises:
            ConfigurationError: There is no such user.
        """
        user = self.require(email)
        self._users[email.lower()] = replace(user, password=password)

    def has_used_mfa_step(self, user: User, step: int) -> bool:
        """Return whether an MFA code of this time step, or of a later one, was used."""
        return step <= self._used_mfa_steps.get(user.user_id, step - 1)

    def use_mfa_step(self, user: User, step: int | None) -> None:
        """Note the time step of an MFA code that was used, if any was."""
        if step is not None:
            self._used_mfa_steps[user.user_id] = step
