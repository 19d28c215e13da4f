"""`pytest-apigee get-token`: an access token for the management API, as Apigee's own `get_token` gets it.

In this order: the token that is cached, where it is still good; another one for the refresh token that is cached; a
login. It shares the cache of `get_token`, so that either picks up what the other left.

Source: sso.md 4.1. It differs where it can do no harm: `SSO_LOGIN_URL` has a default, the environment may hold the
credentials, ``/version`` is not asked for, and options that are not known are refused.
"""

import os
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path

from pytest_apigee.edge.sso.totp import code_at
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.live.prompts import ask
from pytest_apigee.live.sending import UnreachableError
from pytest_apigee.live.sso import EDGECLI, LOGIN_URL, Login, RefusedLoginError, Sso
from pytest_apigee.sso_cache import cached_users, directory_of, make_private, token_file, write_private

USAGE = """\
usage: pytest-apigee get-token [-u USER[:PASSWORD]] [-m CODE | -p PASSCODE] [-v]

Write an access token for Apigee Edge's management API to standard output, and nothing else.

  -u USER[:PASSWORD]     who logs in; else APIGEE_USERNAME (or APIGEE_USER) and APIGEE_PASSWORD, else it asks
  -m CODE                six digits of two-step verification, '' for none; else from APIGEE_MFA_SECRET, else it asks
  -p PASSCODE            of https://ZONE.login.apigee.com/passcode; else APIGEE_PASSCODE, else it asks
  --force-basic-auth     log in with a password where users have an identity provider: for machine users
  --insecure             do not check the certificate of the SSO
  --print-sso-cache      tell which tokens are cached, to standard error
  --clear-sso-cache      forget the tokens of this SSO
  --clear-all-sso-cache  forget all tokens
  -v                     tell on standard error what is done
  -h                     this help; with -v the exit statuses too
"""
STATUSES = """
SSO_LOGIN_URL names the SSO (default: https://login.apigee.com), CLIENT_AUTH the base64 of another client than Apigee's.

exit status: 0 a token; 1 help or wrong usage; 2 cache cleared; 3 cache printed; 11 SSO_LOGIN_URL cannot be;
12 a credential is missing; 13 a code or passcode has wrong characters; 14 the token is another user's;
21 the SSO cannot be reached; 22 it refused the login; 31 the directory of the cache cannot be made;
32 a file of it cannot be read or written
"""
_MARGIN_S = 3
_SOON_S, _LATER_S = 30.0, 90.0
_DIGITS = re.compile(r"[0-9]*")
_PASSCODE = re.compile(r"[0-9A-Za-z]+")


class Status(IntEnum):
    """The exit statuses."""

    TOKEN = 0
    HELP = 1
    CLEARED = 2
    PRINTED = 3
    WRONG_URL = 11
    NO_CREDENTIAL = 12
    WRONG_CHARACTERS = 13
    OTHER_USER = 14
    UNREACHABLE = 21
    REFUSED = 22
    CACHE_DIRECTORY = 31
    CACHE_FILE = 32


class Ended(Exception):  # noqa: N818 - not always an error
    """The command ends without a token.

    Args:
        status: Its exit status.
        message: Why, for standard error.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What was asked for, by arguments."""

    user: str = ""
    password: str = field(default="", repr=False)
    mfa_code: str | None = field(default=None, repr=False)
    passcode: str = field(default="", repr=False)
    flags: frozenset[str] = frozenset()

    def with_value(self, option: str, value: str) -> "Options":
        """Return these options with one that has a value."""
        if option == "-u":
            user, _, password = value.partition(":")
            return replace(self, user=user.strip().lower(), password=password)
        return replace(self, mfa_code=value) if option == "-m" else replace(self, passcode=value)

    def with_flag(self, flag: str) -> "Options":
        """Return these options with one that has none."""
        return replace(self, flags=self.flags | {flag})


VALUED = ("-u", "-m", "-p")
FLAGS = (
    "--force-basic-auth",
    "--insecure",
    "--print-sso-cache",
    "--clear-sso-cache",
    "--clear-all-sso-cache",
    "-v",
    "-h",
    "--help",
)


def read_options(arguments: Sequence[str]) -> Options:
    """Read the arguments of `get-token`.

    Raises:
        Ended: They are wrong.
    """
    options, left = Options(), list(arguments)
    while left:
        argument = left.pop(0)
        if argument in VALUED:
            if not left:
                raise Ended(Status.HELP, f"{argument} takes a value. See pytest-apigee get-token -h.")
            options = options.with_value(argument, left.pop(0))
        elif argument in FLAGS:
            options = options.with_flag(argument)
        else:
            # Not what it is: it may be a password in the wrong place.
            raise Ended(Status.HELP, "an argument is none of its options. See pytest-apigee get-token -h.")
    return options


def get_token(arguments: Sequence[str], *, tell: Callable[[str], object]) -> str:
    """Return an access token.

    Args:
        arguments: Those of the command.
        tell: Writes a line to standard error.

    Raises:
        Ended: There is none.
    """
    options = read_options(arguments)
    if not options.flags.isdisjoint(("-h", "--help")):
        raise Ended(Status.HELP, USAGE + (STATUSES if "-v" in options.flags else ""))
    return Getter(options, os.environ, tell=tell).token()


class Getter:
    """Gets one token.

    Args:
        options: What was asked for.
        environ: The environment.
        tell: Writes a line to standard error.

    Raises:
        Ended: `SSO_LOGIN_URL` cannot be.
    """

    def __init__(self, options: Options, environ: Mapping[str, str], *, tell: Callable[[str], object]) -> None:
        self._options = options
        self._environ = environ
        self._say = tell
        self._tell = tell if "-v" in options.flags else _silent
        self._home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
        try:
            self._sso = Sso(
                environ.get("SSO_LOGIN_URL") or LOGIN_URL,
                client_auth=environ.get("CLIENT_AUTH") or EDGECLI,
                verify="--insecure" not in options.flags,
            )
            self._directory = directory_of(self._home, self._cache_url)
        except ConfigurationError as error:
            raise Ended(Status.WRONG_URL, str(error)) from None

    @property
    def _cache_url(self) -> str:
        """What the cache of `get_token` is named after: the URL as it was given."""
        return self._environ.get("SSO_LOGIN_URL") or LOGIN_URL

    def token(self) -> str:
        """Return an access token.

        Raises:
            Ended: There is none.
        """
        self._attend_to_cache()
        self._check_characters()
        try:
            return self._token()
        except UnreachableError as error:
            raise Ended(Status.UNREACHABLE, str(error)) from None
        except RefusedLoginError as error:
            raise Ended(Status.REFUSED, str(error)) from None

    def _token(self) -> str:
        user = self._user()
        cached = self._cached(user) if user else None
        if cached is not None and cached.expires_at_s - _MARGIN_S > time.time():
            self._tell(f"the token of {user} in the cache is good")
            return cached.access_token
        login = self._refreshed(user, cached)
        if login is None:
            login = self._logged_in(user)
            self._check_user(user, login)
            self._keep(login, "\n")
        return login.access_token

    def _user(self) -> str:
        """Return whose token is wanted; empty where a passcode will say."""
        given = self._options.user or self._first("APIGEE_USERNAME", "APIGEE_USER").lower()
        if given or self._options.passcode:
            return given
        known = cached_users(self._home, self._cache_url)
        if len(known) == 1:
            return known[0]
        text = f"Enter username ({', '.join(known)}):" if known else "Enter username:"
        answer = ask(text, within_s=_SOON_S)
        if not answer:
            raise Ended(Status.NO_CREDENTIAL, "no user: give -u USER, or set APIGEE_USERNAME.")
        return answer.lower()

    def _cached(self, user: str) -> Login | None:
        try:
            return Login.read(self._file(user).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Ended(Status.CACHE_FILE, f"the cached token cannot be read: {error.strerror}.") from None
        except ValueError:
            self._tell("what is cached is no token")
            return None

    def _refreshed(self, user: str, cached: Login | None) -> Login | None:
        if cached is None or not cached.refresh_token:
            return None
        try:
            login = self._sso.refresh(cached.refresh_token)
        except RefusedLoginError as error:
            self._tell(f"the refresh token of {user} in the cache is good no longer ({error.status})")
            return None
        self._tell(f"the token of {user} was refreshed")
        self._keep(login, " \n", user=user)
        return login

    def _logged_in(self, user: str) -> Login:
        if self._options.passcode or (
            "--force-basic-auth" not in self._options.flags and self._sso.asks_for_passcode()
        ):
            login = self._sso.log_in_with_passcode(self._passcode())
        else:
            login = self._sso.log_in(user, self._password(user), mfa_code=self._mfa_code(user))
        self._tell(f"{login.user_name or 'a user without a name'} is logged in")
        return login

    def _passcode(self) -> str:
        given = self._options.passcode or self._first("APIGEE_PASSCODE")
        passcode = given or ask(f"Enter the passcode from {self._sso.url}/passcode:", within_s=_LATER_S)
        if not passcode:
            raise Ended(
                Status.NO_CREDENTIAL, f"no passcode: get one at {self._sso.url}/passcode, and give -p PASSCODE."
            )
        if not _PASSCODE.fullmatch(passcode):
            raise Ended(Status.WRONG_CHARACTERS, "a passcode consists of letters and digits.")
        return passcode

    def _password(self, user: str) -> str:
        given = self._options.password or self._first("APIGEE_PASSWORD")
        password = given or ask(f"Enter the password for user '{user}':", within_s=_SOON_S, is_hidden=True)
        if not password:
            raise Ended(Status.NO_CREDENTIAL, f"no password for {user}: set APIGEE_PASSWORD, or give -u USER:PASSWORD.")
        return password

    def _mfa_code(self, user: str) -> str:
        if self._options.mfa_code is not None:
            return self._options.mfa_code
        secret = self._first("APIGEE_MFA_SECRET")
        if secret:
            return code_at(secret, int(time.time() * 1_000))
        text = f"Enter the six-digit code (no spaces) if '{user}' is MFA-enabled or press ENTER:"
        code = ask(text, within_s=_SOON_S) or ""
        if not _DIGITS.fullmatch(code):
            raise Ended(Status.WRONG_CHARACTERS, "a code consists of digits.")
        return code

    def _check_characters(self) -> None:
        if not _DIGITS.fullmatch(self._options.mfa_code or ""):
            raise Ended(Status.WRONG_CHARACTERS, "-m takes a code of digits.")
        if self._options.passcode and not _PASSCODE.fullmatch(self._options.passcode):
            raise Ended(Status.WRONG_CHARACTERS, "-p takes a passcode of letters and digits.")

    def _check_user(self, user: str, login: Login) -> None:
        if user and user not in (login.user_name, login.user_name.partition("@")[0]):
            raise Ended(Status.OTHER_USER, f"the token is not one of {user} but of {login.user_name or 'nobody'}.")

    def _keep(self, login: Login, end: str, *, user: str = "") -> None:
        try:
            make_private(self._directory.parent)
            make_private(self._directory)
        except OSError as error:
            raise Ended(Status.CACHE_DIRECTORY, f"{self._directory} cannot be made: {error.strerror}.") from None
        try:
            write_private(self._file(user or login.user_name), f"{login.text}{end}".encode())
        except OSError as error:
            raise Ended(Status.CACHE_FILE, f"the token cannot be cached: {error.strerror}.") from None

    def _file(self, user: str) -> Path:
        try:
            return token_file(self._home, self._cache_url, user)
        except ConfigurationError as error:
            raise Ended(Status.CACHE_FILE, str(error)) from None

    def _attend_to_cache(self) -> None:
        """Print or clear the cache, if that is what was asked for."""
        flags = self._options.flags
        if "--print-sso-cache" in flags:
            users = cached_users(self._home, self._cache_url)
            for user in users:
                self._say(f"{user}: {self._state_of(user)}")
            raise Ended(Status.PRINTED, f"{len(users)} cached at {self._directory}")
        whole = self._directory.parent
        for flag, directory in (("--clear-all-sso-cache", whole), ("--clear-sso-cache", self._directory)):
            if flag in flags:
                try:
                    if directory.exists():
                        shutil.rmtree(directory)
                except OSError as error:
                    raise Ended(Status.CACHE_DIRECTORY, f"{directory} cannot be cleared: {error.strerror}.") from None
                raise Ended(Status.CLEARED, f"cleared {directory}")

    def _state_of(self, user: str) -> str:
        login = self._cached(user)
        if login is None:
            return "no token"
        left = int(login.expires_at_s - time.time())
        return f"a token that is good for {left} s" if left > 0 else f"a token that expired {-left} s ago"

    def _first(self, *names: str) -> str:
        return next((self._environ[name] for name in names if self._environ.get(name)), "")


def _silent(_: str) -> None:
    """Say nothing."""
