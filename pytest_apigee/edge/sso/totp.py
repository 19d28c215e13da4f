"""One-time codes by time (RFC 6238 over RFC 4226): SHA-1, six digits, steps of 30 seconds."""

import base64
import hashlib
import hmac

from pytest_apigee.edge.authorization import same_text
from pytest_apigee.errors import ConfigurationError

STEP_MS = 30_000
_DIGITS = 6
_OFFSET_MASK = 0x0F
_SIGN_MASK = 0x7FFFFFFF


def decoded_secret(secret: str) -> bytes:
    """Return the bytes of a base32 secret as authenticator apps show it; blanks, case and padding do not matter.

    Raises:
        ConfigurationError: It is not base32.
    """
    compact = secret.replace(" ", "").replace("-", "").rstrip("=").upper()
    try:
        decoded = base64.b32decode(compact + "=" * (-len(compact) % 8))
    except ValueError:  # binascii.Error, or text that is not ASCII
        decoded = b""
    if not decoded:
        msg = "An MFA secret is base32 text as authenticator apps show it: letters A to Z and digits 2 to 7."
        raise ConfigurationError(msg)
    return decoded


def code_at(secret: str, moment_ms: int) -> str:
    """Return the six digits that are right at a moment, in milliseconds since the epoch."""
    return _code(secret, moment_ms // STEP_MS)


def is_code(secret: str, step: int, code: str) -> bool:
    """Return whether a code is the right one in a time step."""
    return step >= 0 and same_text(code, _code(secret, step))


def _code(secret: str, step: int) -> str:
    counter = step.to_bytes(8, "big")
    digest = hmac.digest(decoded_secret(secret), counter, hashlib.sha1)
    offset = digest[-1] & _OFFSET_MASK
    number = int.from_bytes(digest[offset : offset + 4], "big") & _SIGN_MASK
    return f"{number % 10**_DIGITS:0{_DIGITS}d}"
