"""`pytest-apigee acurl`: curl with an access token for the management API, as Apigee's own `acurl`.

What is no option of its own goes to curl as it is. Rules of this file:

* The token is given by a file descriptor: it stands in no list of processes, and standard input stays the user's.
* The token goes over https alone, or to this machine: curl is told so, whatever its other arguments and files say.
* curl runs where the user is, so that ``-d @file`` finds the file.

Source: sso.md 4.1.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pytest_apigee.live.get_token import VALUED, Ended, Getter, Options, Status
from pytest_apigee.live.urls import is_loopback

USAGE = """\
usage: pytest-apigee acurl [-u USER[:PASSWORD]] [-m CODE | -p PASSCODE] [-v] CURL-ARGUMENT ...

Run curl with an access token for Apigee Edge's management API.

  -u, -m, -p, --force-basic-auth   as those of pytest-apigee get-token
  -v                               tell on standard error what is done, and let curl tell it too
  -h                               this help

Everything else goes to curl; a header Authorization does not. The exit status is that of get-token, or of curl.
"""
_MISSING_VALUE = 2
_NO_CURL = 127
_SIGNALLED = 128
_DESCRIPTORS = Path("/dev/fd")  # Windows has none
_HEADER_OPTIONS = ("-H", "--header")
_NEXT = frozenset(("--next", "-:"))


def acurl(arguments: Sequence[str], *, tell: Callable[[str], object]) -> int:
    """Run curl with a token, and return its exit status.

    Args:
        arguments: Those of the command.
        tell: Writes a line to standard error.

    Raises:
        Ended: curl is not run.
    """
    options, left = _taken_apart(arguments)
    if "-h" in options.flags:
        raise Ended(Status.HELP, USAGE)
    schemes = _schemes(left)
    curl = shutil.which("curl")
    if curl is None or not _DESCRIPTORS.is_dir():
        raise Ended(_NO_CURL, f"it takes curl and {_DESCRIPTORS}, and one of them is missing.")
    token = Getter(options, os.environ, tell=tell).token()
    reading, writing = os.pipe()
    try:
        os.write(writing, f'header = "Authorization: Bearer {token}"\n'.encode())  # less than a pipe holds
        os.close(writing)
        allowed = ("--proto", f"={schemes}", "--proto-redir", "=https", "--proto-default", "https")
        command = [curl, *left, *allowed, "--config", f"{_DESCRIPTORS}/{reading}"]
        status = subprocess.run(command, pass_fds=(reading,), check=False).returncode  # noqa: S603 - what the user wrote
    finally:
        os.close(reading)
    return status if status >= 0 else _SIGNALLED - status


def _taken_apart(arguments: Sequence[str]) -> tuple[Options, list[str]]:
    """Return our own options, and what goes to curl."""
    options, left, waiting = Options(), [], list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if argument in VALUED:
            if not waiting:
                raise Ended(_MISSING_VALUE, f"{argument} takes a value. See pytest-apigee acurl -h.")
            options = options.with_value(argument, waiting.pop(0))
        elif argument in ("-h", "--force-basic-auth"):
            options = options.with_flag(argument)
        elif argument in _HEADER_OPTIONS and waiting and _is_authorization(waiting[0]):
            waiting.pop(0)
        elif not (argument.startswith("-H") and _is_authorization(argument[2:])):
            if argument == "-v":
                options = options.with_flag(argument)
            left.append(argument)
    return options, left


def _is_authorization(header: str) -> bool:
    return header.partition(":")[0].strip().lower() == "authorization"


def _schemes(arguments: Sequence[str]) -> str:
    """Return the schemes that curl may use: plain http to this machine alone.

    Raises:
        Ended: An argument is a URL elsewhere that is plain http.
    """
    if not _NEXT.isdisjoint(arguments):
        raise Ended(_MISSING_VALUE, "the token is for one operation of curl: leave --next out, and run acurl again.")
    plain = [argument for argument in arguments if argument.lower().startswith("http://")]
    for url in plain:
        if not is_loopback(_host_of(url)):
            raise Ended(_MISSING_VALUE, "a URL is plain http: the token goes over https alone, or to this machine.")
    if plain and any(_may_name_urls(argument) for argument in arguments):
        raise Ended(_MISSING_VALUE, "beside a plain http URL no config file of curl may name others: leave -K out.")
    return "http,https" if plain else "https"


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _may_name_urls(argument: str) -> bool:
    return argument == "--config" or (argument.startswith("-K") and not argument.startswith("--"))
