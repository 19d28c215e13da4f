"""The key that the fake's SSO signs with. PUBLIC, FOR TESTS: everybody has it, and it protects nothing.

Kept as numbers: loading them without the check that they form a key takes microseconds, with it 46 ms, and making a
new key 50 ms. Both happen only when a test first needs a JWT.
"""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_PUBLIC_EXPONENT = 65537
_PRIME_P = int(
    "c4854afbfdc846c9228db56a33341725d7b272b13c4ba33b113c94553fa6959805ab074c43e15e1f3e0b517716305a14"
    "825ead4f938de65a80f8f443d2ad79199ab133a50993d1d10a90ff360eee6cf35a796f456a80a550c8589f0cb552d710"
    "339765d8e71b52100ffea9ca5149d2b771765f8154de49635a1f21ca4ec71479",
    16,
)
_PRIME_Q = int(
    "c3e8c1ed1031fdc911ed63bb714a56cff899af860d1913942b0eace0bd157168dc5a73d8c60ac2c2b5b7b68936eab0f9"
    "2a0fbf8b980b0ddc98d1fd9c9da092f6feabf072f668091d15a2d9653cfd6899a44854dd7a1926a8b2996d0b62367dfd"
    "fd9f70c3876d52fd637f132ee5270821c39f76209ffd7395dbb0560c8c1d7a71",
    16,
)


@cache
def test_key() -> "RSAPrivateKey":
    """Return the published test key, RSA of 2048 bits."""
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - slow to import, and seldom needed

    secret_exponent = pow(_PUBLIC_EXPONENT, -1, (_PRIME_P - 1) * (_PRIME_Q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=_PRIME_P,
        q=_PRIME_Q,
        d=secret_exponent,
        dmp1=rsa.rsa_crt_dmp1(secret_exponent, _PRIME_P),
        dmq1=rsa.rsa_crt_dmq1(secret_exponent, _PRIME_Q),
        iqmp=rsa.rsa_crt_iqmp(_PRIME_P, _PRIME_Q),
        public_numbers=rsa.RSAPublicNumbers(_PUBLIC_EXPONENT, _PRIME_P * _PRIME_Q),
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)
