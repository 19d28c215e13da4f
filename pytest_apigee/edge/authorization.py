"""What the Authorization header of a request carries. Undecodable Basic fails in two ways, which Edge tells apart."""

import base64
import binascii
import hmac
from dataclasses import dataclass, field

from pytest_apigee.edge.message import Request


@dataclass(frozen=True, kw_only=True, slots=True)
class BasicCredentials:
    """What an ``Authorization: Basic`` header carries."""

    user: str
    password: str = field(repr=False)


class UndecodableBasicError(ValueError):
    """The Basic header is not base64."""


class InvalidBasicError(ValueError):
    """The decoded Basic header holds no colon."""


def authorization_of(request: Request, scheme: str) -> str | None:
    """Return what follows the scheme, compared in any letter case, in the Authorization header."""
    sent, _, credentials = (request.headers.get("Authorization") or "").partition(" ")
    return credentials.strip() if sent.lower() == scheme.lower() else None


def basic_credentials(request: Request) -> BasicCredentials | None:
    """Return the credentials of a Basic Authorization header, or None where there is no such header.

    Raises:
        UndecodableBasicError: It is not base64.
        InvalidBasicError: It decodes to something without a colon.
    """
    encoded = authorization_of(request, "Basic")
    if encoded is None:
        return None
    try:
        decoded = base64.b64decode(encoded.encode("utf-8", "surrogatepass"), validate=True).decode("utf-8", "replace")
    except binascii.Error:
        raise UndecodableBasicError from None
    user, colon, password = decoded.partition(":")
    if not colon:
        raise InvalidBasicError
    return BasicCredentials(user=user, password=password)


def same_text(given: str, expected: str) -> bool:
    """Return whether a secret that a client gave is the right one."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass"))
