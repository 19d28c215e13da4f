"""GET /token_key and /token_keys: the public key that JWTs are verified with.

Source: sso.md 2.3. Up to UAA 3.2 the key has no `kid`, the name of Java's signer for `alg`, and standard base64 with
padding in `n` and `e`, which PyJWT's `PyJWKClient` cannot read; UAA 4 gives `kid`, `RS256` and base64url (GUESS:
`uaa_generation`). Both keep the sign byte that Java puts before a number.
"""

import base64
from collections.abc import Mapping

from pytest_apigee.edge.jackson import compact
from pytest_apigee.edge.journal import Notes
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.sso.client_authentication import ClientAuthentication
from pytest_apigee.edge.sso.faults import ok_json
from pytest_apigee.edge.sso.signing_key import KEY_ID, test_key
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.zones import Zone


class TokenKeys:
    """Answers with the signing key, the same one in every zone."""

    def __init__(self, state: WorldState, clients: ClientAuthentication) -> None:
        self._state = state
        self._clients = clients

    def one(self, request: Request, _zone: Zone, _notes: Notes) -> Response:
        """Answer `/token_key`: to everybody, but not to a client with wrong credentials."""
        self._clients.basic_client_of(request)
        return ok_json(compact(self._key()))

    def all(self, request: Request, _zone: Zone, _notes: Notes) -> Response:
        """Answer `/token_keys`, likewise."""
        self._clients.basic_client_of(request)
        return ok_json(compact({"keys": [self._key()]}))

    def _key(self) -> Mapping[str, str]:
        public = test_key().public_key().public_numbers()
        if self._state.guesses.uaa_generation == "3.2":
            return {
                "alg": "SHA256withRSA",
                "value": public_pem(),
                "kty": "RSA",
                "use": "sig",
                "n": base64.b64encode(_java_bytes(public.n)).decode(),
                "e": base64.b64encode(_java_bytes(public.e)).decode(),
            }
        return {
            "kty": "RSA",
            "e": _base64url(_java_bytes(public.e)),
            "use": "sig",
            "kid": KEY_ID,
            "alg": "RS256",
            "value": public_pem(),
            "n": _base64url(_java_bytes(public.n)),
        }


def public_pem() -> str:
    """Return the public key as PEM, with its newlines."""
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - slow to import, and seldom needed
        Encoding,
        PublicFormat,
    )

    return test_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _java_bytes(number: int) -> bytes:
    """Return a positive number as Java's `BigInteger.toByteArray` does, with room for a sign bit."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
