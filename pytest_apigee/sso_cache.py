"""The directory in which Apigee's `get_token` of version 2 keeps what it logged in for.

``~/.sso-cli/<base64 of SSO_LOGIN_URL>/<base64 of "<user>-token.dat">`` holds the token answer as it came, and then a
newline.

Source: sso.md 4.1: directories 0700, files 0600.
"""

import base64
import binascii
import os
import tempfile
from pathlib import Path

from pytest_apigee.errors import ConfigurationError

DIRECTORY = ".sso-cli"
_DIRECTORY_MODE = 0o700
_SUFFIX = "-token.dat"


def directory_of(home: Path, login_url: str) -> Path:
    """Return where the tokens of an SSO are kept.

    Raises:
        ConfigurationError: The base64 of the URL holds a slash: the script could not keep them either.
    """
    return home / DIRECTORY / _encoded(login_url)


def token_file(home: Path, login_url: str, user_name: str) -> Path:
    """Return where the token of a user is kept.

    Raises:
        ConfigurationError: The base64 of a name holds a slash.
    """
    return directory_of(home, login_url) / _encoded(f"{user_name.lower()}{_SUFFIX}")


def cached_users(home: Path, login_url: str) -> list[str]:
    """Return the users of whom there are tokens."""
    directory = directory_of(home, login_url)
    names = (_decoded(file.name) for file in directory.iterdir()) if directory.is_dir() else ()
    return sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))


def make_private(directory: Path) -> None:
    """Make a directory that nobody else can look into.

    Raises:
        OSError: It cannot be made.
    """
    directory.mkdir(exist_ok=True)
    directory.chmod(_DIRECTORY_MODE)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that nobody else can read, so that whoever reads it meanwhile sees all of it or what was before.

    Raises:
        OSError: It cannot be written.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - a handle
            file.write(content)
        os.replace(temporary, path)  # noqa: PTH105 - of a name
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _encoded(text: str) -> str:
    """Return what `get_token` names a file: base64 in its standard alphabet, unwrapped."""
    name = base64.b64encode(text.encode()).decode()
    if "/" in name:
        msg = f"get_token cannot keep {text!r}: its base64 holds a slash, which no file name can."
        raise ConfigurationError(msg)
    return name


def _decoded(name: str) -> str:
    try:
        return base64.b64decode(name, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
