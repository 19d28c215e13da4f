"""The only source of chance: keys, secrets, tokens and ids, all from one seed.

What a fake issues carries a mark that any fake can read, so that a token of another test's world is told from one
that nobody ever issued. The mark is no secret: it only makes a better report.
"""

import hashlib
import random
import string
import threading

ALPHANUMERIC = string.ascii_letters + string.digits

ACCESS_TOKEN_LENGTH = 28  # runtime.md 2.3
REFRESH_TOKEN_LENGTH = 32  # runtime.md 2.3
AUTHORIZATION_CODE_LENGTH = 8  # runtime.md 2.3
CONSUMER_KEY_LENGTH = 32  # runtime.md 2.3
CONSUMER_SECRET_LENGTH = 16  # runtime.md 2.3
PASSCODE_LENGTH = 6  # sso.md 2.3
MFA_SECRET_LENGTH = 32  # RFC 4226 section 4: 160 bits
BASE32 = string.ascii_uppercase + "234567"
_MARK_LENGTH = 6
_UUID_FIXED_BITS = 0x4000_8000_0000_0000_0000  # RFC 9562: version 4, variant 10
_UUID_FREE_BITS = ~0xF000_C000_0000_0000_0000


class Identifiers:
    """Makes every value that Edge would draw by chance.

    Args:
        seed: The same seed gives the same values in the same order.
    """

    def __init__(self, seed: int | str = 0) -> None:
        self.seed = seed
        chosen = f"pytest-apigee {seed}".encode("utf-8", "replace").decode()  # without lone surrogates
        self._random = random.Random(chosen)  # noqa: S311 - must be repeatable, guards nothing
        self._lock = threading.Lock()

    def access_token(self) -> str:
        """Return an opaque access token of 28 letters and digits."""
        return self._marked(ACCESS_TOKEN_LENGTH)

    def refresh_token(self) -> str:
        """Return an opaque refresh token of 32 letters and digits."""
        return self._marked(REFRESH_TOKEN_LENGTH)

    def authorization_code(self) -> str:
        """Return an authorization code of 8 letters and digits."""
        return self._drawn(AUTHORIZATION_CODE_LENGTH)

    def consumer_key(self) -> str:
        """Return a consumer key of 32 letters and digits."""
        return self._marked(CONSUMER_KEY_LENGTH)

    def consumer_secret(self) -> str:
        """Return a consumer secret of 16 letters and digits."""
        return self._drawn(CONSUMER_SECRET_LENGTH)

    def password(self) -> str:
        """Return a password for a user that was declared without one."""
        return self._drawn(CONSUMER_SECRET_LENGTH)

    def passcode(self) -> str:
        """Return a passcode of 6 letters and digits."""
        return self._drawn(PASSCODE_LENGTH)

    def mfa_secret(self) -> str:
        """Return the base32 secret of an authenticator app, 32 characters for 160 bits."""
        with self._lock:
            return "".join(self._random.choices(BASE32, k=MFA_SECRET_LENGTH))

    def session_id(self) -> str:
        """Return the id of a browser session, 32 upper-case hex digits as Tomcat's."""
        with self._lock:
            return f"{self._random.getrandbits(128):032X}"

    def uuid(self) -> str:
        """Return a random UUID (version 4) in its usual text form."""
        with self._lock:
            bits = self._random.getrandbits(128)
        digits = f"{bits & _UUID_FREE_BITS | _UUID_FIXED_BITS:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def _marked(self, length: int) -> str:
        start = self._drawn(length - _MARK_LENGTH)
        return start + _mark(start)

    def _drawn(self, length: int) -> str:
        with self._lock:
            return "".join(self._random.choices(ALPHANUMERIC, k=length))


def is_marked(value: str) -> bool:
    """Return whether some fake, of this test or another, issued this opaque token or consumer key."""
    return len(value) > _MARK_LENGTH and value.endswith(_mark(value[:-_MARK_LENGTH]))


def _mark(start: str) -> str:
    digest = hashlib.sha256(f"pytest-apigee {start}".encode("utf-8", "replace")).digest()
    return "".join(ALPHANUMERIC[byte % len(ALPHANUMERIC)] for byte in digest[:_MARK_LENGTH])
