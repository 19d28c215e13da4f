"""Writes JWTs, as Jackson writes their JSON and for less than PyJWT: a login costs little more than two signatures."""

import base64
import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256

_WRITER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def signed(unsigned: str, key: "RSAPrivateKey") -> str:
    """Return a JWT of a header and a payload with a dot between them, signed by RS256 whatever the header says."""
    return f"{unsigned}.{encoded(key.sign(unsigned.encode(), *_rs256()))}"


def part(content: Mapping[str, object]) -> str:
    """Return the header or the payload of a JWT."""
    return encoded(_WRITER.encode(content).encode("utf-8", "replace"))


def encoded(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@cache
def _rs256() -> "tuple[PKCS1v15, SHA256]":
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415 - slow to import, and seldom needed
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - likewise

    return padding.PKCS1v15(), SHA256()
