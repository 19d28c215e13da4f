"""How credentials leave: one request, to where they were meant for, and an answer that is read whole.

Rules of this file:

* No redirect is followed, and no ``~/.netrc`` takes the place of what is sent.
* An answer is read as far as the longest that makes sense, and no longer than a time.
"""

import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_apigee.errors import ApigeeError

if TYPE_CHECKING:
    import requests

OK = 200
PATIENCE_S = 30.0
_LONGEST = 256 * 1024


class UnreachableError(ApigeeError):
    """A server could not be reached, or what answered is not what was asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a server answered; its headers are looked up in any letter case."""

    status: int
    headers: Mapping[str, str]
    text: str = field(repr=False)

    @property
    def retry_after(self) -> str:
        """After how many seconds to come again; empty where that is not said, or as a date."""
        given = self.headers.get("Retry-After", "")
        return given if given.isascii() and given.isdecimal() else ""


def send(  # noqa: PLR0913 - all that makes a request
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: str = "",
    authorization: str = "",
    verify: bool = True,
    patience_s: float = PATIENCE_S,
) -> Answer:
    """Send one request, and return what came back.

    Args:
        method: The verb.
        url: Where to; its origin alone is named in errors.
        headers: Without Authorization.
        body: What is sent with it.
        authorization: The header of that name; empty for none.
        verify: Whether the certificate of the server is checked.
        patience_s: For how long to wait: for the connection, and for the whole answer.

    Raises:
        UnreachableError: Nothing came back, too much, or too slowly.
    """
    import requests  # noqa: PLC0415 - slow, and not every command sends

    def authenticate(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        if authorization:
            prepared.headers["Authorization"] = authorization
        return prepared

    origin = "/".join(url.split("/")[:3])
    try:
        with warnings.catch_warnings(), requests.Session() as session:
            if not verify:
                warnings.simplefilter("ignore")  # that it is not verified is what was asked for
            answer = session.request(
                method,
                url,
                headers=dict(headers),
                data=body or None,
                auth=authenticate,  # or requests takes what ~/.netrc has for this host
                allow_redirects=False,
                verify=None if verify else False,
                timeout=patience_s,
                stream=True,
            )
            text = _read(answer, origin, until=time.monotonic() + patience_s)
            return Answer(status=answer.status_code, headers=answer.headers, text=text)
    except requests.RequestException as error:
        raise UnreachableError(f"{origin} cannot be reached: {_why(error, patience_s)}") from None


def shown(text: str, secrets: "tuple[str, ...]" = (), *, most: int = 2_000) -> str:
    """Return what a server said, fit for a terminal: in one line, without secrets, and not too long."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "[hidden]")
    return "".join(character if character.isprintable() else " " for character in text)[:most].strip()


def _read(answer: "requests.Response", origin: str, *, until: float) -> str:
    content = bytearray()
    for byte in answer.iter_content(1):  # of more it would wait for all
        content += byte
        if len(content) > _LONGEST or time.monotonic() > until:
            raise UnreachableError(f"{origin} cannot be reached: its answer has no end")
    return content.decode("utf-8", "replace")


def _why(error: Exception, patience_s: float) -> str:
    """Return the innermost reason of an error: the outer ones repeat the URL, and the query with it."""
    import requests  # noqa: PLC0415 - loaded already

    if isinstance(error, requests.Timeout):
        return f"no answer within {patience_s:g} seconds"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted, or it speaks no TLS"
    return "the connection failed"
