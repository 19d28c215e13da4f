"""The key that the fake's SSO signs with, and another one that nothing trusts.

PUBLIC, FOR TESTS: everybody has both, and they protect nothing.

Kept as numbers: loading them without the check that they form a key takes microseconds, with it 46 ms, and making a
new key 50 ms. Both happen only when a test first needs a JWT.
"""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

KEY_ID = "legacy-token-key"
"""The `kid` of the test key, where it has one: UAA's usual name for a key that was configured without name."""
_PUBLIC_EXPONENT = 65537
_TEST_P = int(
    "c4854afbfdc846c9228db56a33341725d7b272b13c4ba33b113c94553fa6959805ab074c43e15e1f3e0b517716305a14"
    "825ead4f938de65a80f8f443d2ad79199ab133a50993d1d10a90ff360eee6cf35a796f456a80a550c8589f0cb552d710"
    "339765d8e71b52100ffea9ca5149d2b771765f8154de49635a1f21ca4ec71479",
    16,
)
_TEST_Q = int(
    "c3e8c1ed1031fdc911ed63bb714a56cff899af860d1913942b0eace0bd157168dc5a73d8c60ac2c2b5b7b68936eab0f9"
    "2a0fbf8b980b0ddc98d1fd9c9da092f6feabf072f668091d15a2d9653cfd6899a44854dd7a1926a8b2996d0b62367dfd"
    "fd9f70c3876d52fd637f132ee5270821c39f76209ffd7395dbb0560c8c1d7a71",
    16,
)
_OTHER_P = int(
    "e683f6a7418ab146c09b4cb7950e50be5decf24eed61b69cf36bb7272e7f76c04b503c55e075f95895914185d7a37925"
    "9be29e01232cc4d8d08744c3793a575ce17b524a61ebfbb47f63feeeffbf1faa81d0440e136efeb87582db7209362f71"
    "2fa6601ec9967c5505d5fdd924b76f093962306ca4b6371186a27ee3ee7c11f9",
    16,
)
_OTHER_Q = int(
    "cdb6442df9ef7994b2fbfc760f95eb878eb672f817e02f2a2e839d8844a9b68add8fd66d6d3138cd0b45328ac737b913"
    "ed0dc66fd84d8d489f136d640f29f4a30b8c0da2b7ff3c41f77ad8e0d3e410943d9060e1ed587d833cac9b2ac50adfe3"
    "588acf47cd0fd5bf98d2f96e8b96a9052be219b0a70d95ad278d51443db02343",
    16,
)


@cache
def test_key() -> "RSAPrivateKey":
    """Return the published test key, RSA of 2048 bits."""
    return _loaded(_TEST_P, _TEST_Q)


@cache
def other_key() -> "RSAPrivateKey":
    """Return another published key, which no service of the fake trusts, RSA of 2048 bits."""
    return _loaded(_OTHER_P, _OTHER_Q)


def _loaded(prime_p: int, prime_q: int) -> "RSAPrivateKey":
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - slow to import, and seldom needed

    secret_exponent = pow(_PUBLIC_EXPONENT, -1, (prime_p - 1) * (prime_q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=prime_p,
        q=prime_q,
        d=secret_exponent,
        dmp1=rsa.rsa_crt_dmp1(secret_exponent, prime_p),
        dmq1=rsa.rsa_crt_dmq1(secret_exponent, prime_q),
        iqmp=rsa.rsa_crt_iqmp(prime_p, prime_q),
        public_numbers=rsa.RSAPublicNumbers(_PUBLIC_EXPONENT, prime_p * prime_q),
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)
