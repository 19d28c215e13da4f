"""A home directory for tools that keep state there, with the token cache of Apigee's own `get_token`.

Source: sso.md 4.1: directories 0700, files 0600; `~/.sso-cli/<base64 of SSO_LOGIN_URL>/<base64 of "<user>-token.dat">`
holds the token answer as it came, and a newline. get_token asks for its files `server.login` and `server.version`
itself where they are missing, so they are left to it.
"""

import json
import os
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from pytest_apigee.edge import checks
from pytest_apigee.edge.era import era_named
from pytest_apigee.edge.users import User
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.fake import FakeEdge
from pytest_apigee.sso_cache import DIRECTORY, make_private, token_file, write_private

_JUST_OVER = timedelta(seconds=1)


class CachedState(StrEnum):
    """What is left of a login that a tool kept.

    `valid`: all of it. `expired`: the access token has expired, the refresh token is good. `stale`: both have expired.
    `foreign`: both are another Edge's, of a user with the same e-mail.
    """

    VALID = "valid"
    EXPIRED = "expired"
    STALE = "stale"
    FOREIGN = "foreign"


class Home:
    """A temporary home directory. ``str()`` and ``/`` work as those of its `path`."""

    def __init__(self, path: Path, edge: FakeEdge) -> None:
        self.path = path
        self._edge = edge

    def __str__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"Home({str(self.path)!r})"

    def __fspath__(self) -> str:
        return str(self.path)

    def __truediv__(self, name: str | os.PathLike[str]) -> Path:
        return self.path / name

    def cache_tokens(
        self, user: User | None = None, *, state: CachedState | str = CachedState.VALID, login_url: str | None = None
    ) -> Path:
        """Write what `get_token` of version 2 keeps of a login, and return the file.

        Args:
            user: Whose login; by default of a user with the role `orgadmin` in the default organization.
            state: One of `CachedState`, or its text.
            login_url: The `SSO_LOGIN_URL` that the tool is run with; by default that of the user's zone.

        Raises:
            ConfigurationError: The user is not one of this Edge, there is no such state, or the base64 of a name
                holds a slash: the script could not keep it either.
        """
        whose = self._whose(user)
        path = self._token_file(whose, login_url)
        make_private(path.parent.parent)
        make_private(path.parent)
        write_private(path, self._answer(whose, state) + b"\n")
        return path

    def cache_tokens_v1(self, user: User | None = None, *, state: CachedState | str = CachedState.VALID) -> Path:
        """Write what `get_token` of version 1 kept, which other tools still read, and return its directory.

        `access_token.dat` holds the token answer, `valid_token.dat` the access token alone.

        Args:
            user: As for `cache_tokens`.
            state: Likewise.

        Raises:
            ConfigurationError: As for `cache_tokens`.
        """
        answer = self._answer(self._whose(user), state)
        directory = self.path / DIRECTORY
        make_private(directory)
        write_private(directory / "access_token.dat", answer)
        write_private(directory / "valid_token.dat", json.loads(answer)["access_token"].encode())
        return directory

    def cached_answer(self, user: User | None = None, *, login_url: str | None = None) -> Mapping[str, object]:
        """Return the token answer that the cache of `get_token` holds for a user, as the tool under test left it.

        Raises:
            ConfigurationError: There is none, or the file holds something else.
        """
        whose = self._whose(user)
        path = self._token_file(whose, login_url)
        try:
            answer = json.loads(path.read_bytes())
        except FileNotFoundError:
            msg = f"No token of {whose.email} is cached: there is no file {path}."
            raise ConfigurationError(msg) from None
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            msg = f"The token of {whose.email} cannot be read: {path} holds no JSON object."
            raise ConfigurationError(msg)
        return answer

    def _whose(self, user: User | None) -> User:
        return self._edge.default_user if user is None else self._edge.own_user(user)

    def _token_file(self, user: User, login_url: str | None) -> Path:
        url = user.zone.url if login_url is None else checks.text("login_url", login_url)
        return token_file(self.path, url, user.email)

    def _answer(self, user: User, state: CachedState | str) -> bytes:
        wanted = CachedState(checks.choice("state", state, tuple(CachedState)))
        if wanted is CachedState.FOREIGN:
            return self._foreign_answer(user)
        era = era_named(self._edge.era)
        age = {
            CachedState.VALID: timedelta(),
            CachedState.EXPIRED: era.sso_access_lifetime + _JUST_OVER,
            CachedState.STALE: era.sso_refresh_lifetime + _JUST_OVER,
        }
        return self._edge.login_answer(user, ago=age[wanted])

    def _foreign_answer(self, user: User) -> bytes:
        other = FakeEdge(
            seed=f"another Edge than {self._edge.seed}",
            era=self._edge.era,
            guesses=self._edge.guesses,
            clock=self._edge.clock,  # or its tokens could be refused for their age
        )
        zone = other.zone(user.zone.name).name if user.zone.has_saml else None
        return other.login_answer(other.user(user.email, zone=zone))
