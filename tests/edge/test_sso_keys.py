"""The signing key of the SSO as /token_key and /token_keys show it (sso.md 2.3)."""

import base64
import binascii

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet, RSAKey

from pytest_apigee.edge.message import Request
from pytest_apigee.edge.sso.signing_key import test_key as published_key
from pytest_apigee.factories import TokenFactory
from pytest_apigee.fake import FakeEdge
from tests.edge.sso_refusal_support import basic, f1, headers, wire
from tests.edge.sso_support import answer

PEM = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAlmQ1yGAKpg56/oQ6BotL
5BIx2ttfwxWPhClF00/Y2UJke0cWDZZgEmktdSroh0Ko2TgTixDq04aD14QudGPg
pDG6KROkbJ7bHNo9gIGG1zVVvaoI88vMjAu4HtZfwp5KmfTTeXbD5U0BEtYMqWKA
ecbqI2H+lLQJS4hoEdh1dUwgHuv1hW6lGPMl4JnBL65XrysLmf7VsiYyXNYIW8yJ
UsRjUnjOxP0Ka1zfn3Av6oySnCjnFZ0rA6FGd49Au2ElwY0dFLGd3daEyzwYJyoE
UqgPnuYLqg4iI9UhQI6onivd9aezC/p/kI0Zag+PWqpdHvDB0LCSQpA9PbtDI1az
aQIDAQAB
-----END PUBLIC KEY-----
"""
MODULUS = published_key().public_key().public_numbers().n
SIGNED = b"\0" + MODULUS.to_bytes(256, "big")  # with the sign byte of Java
PLAIN_N = base64.b64encode(SIGNED)
URL_N = base64.urlsafe_b64encode(SIGNED).rstrip(b"=")
VALUE = PEM.replace("\n", "\\n").encode()
OLDER = b'{"alg":"SHA256withRSA","value":"%s","kty":"RSA","use":"sig","n":"%s","e":"AQAB"}' % (VALUE, PLAIN_N)
NEWER = (b'{"kty":"RSA","e":"AQAB","use":"sig","kid":"legacy-token-key","alg":"RS256","value":"%s","n":"%s"}') % (
    VALUE,
    URL_N,
)
LATER = {"uaa_generation": "4"}


def ask(edge, path, *, host="login.apigee.com", **sent):
    return answer(edge, Request(url=f"https://{host}{path}", headers=sent))


def claims_by_joserfc(token, key):
    return joserfc_jwt.decode(token, key, algorithms=["RS256"]).claims


@pytest.mark.parametrize(("guesses", "key"), [({}, OLDER), (LATER, NEWER)], ids=["3.2", "4"])
@pytest.mark.parametrize("host", ["login.apigee.com", "acme.login.apigee.com"])
def test_shows_the_key(guesses, key, host):
    """Both endpoints show the key in the order, base64 and PEM of their generation, the same one in a zone."""
    edge = FakeEdge(guesses=guesses)
    edge.zone("acme")

    one, several = ask(edge, "/token_key", host=host), ask(edge, "/token_keys", host=host)

    assert wire(one) == (200, headers(), key)
    assert wire(several) == (200, headers(), b'{"keys":[%s]}' % key)


@pytest.mark.parametrize("path", ["/token_key", "/token_keys"])
@pytest.mark.parametrize("credentials", ["edgecli:edgeclisecret", None])
def test_shows_the_key_to_everybody(path, credentials):
    """The key needs no credentials, and takes good ones."""
    sent = {} if credentials is None else {"Authorization": basic(credentials)}

    assert ask(FakeEdge(), path, **sent).status == 200


@pytest.mark.parametrize("path", ["/token_key", "/token_keys"])
def test_refuses_wrong_credentials(path):
    """A client with wrong credentials is refused, although nobody needs any."""
    assert wire(ask(FakeEdge(), path, Authorization=basic("edgecli:wrong"))) == f1("Bad credentials")


def test_keys_may_be_absent():
    """Whether there is `/token_keys` is a guess; without it, the path is unknown."""
    edge = FakeEdge(guesses={"token_keys": False})

    assert (ask(edge, "/token_keys").status, ask(edge, "/token_key").status) == (404, 200)


@pytest.mark.parametrize("guesses", [{}, LATER], ids=["3.2", "4"])
def test_the_pem_verifies(guesses):
    """Tokens verify with the PEM, by PyJWT and by joserfc."""
    edge = FakeEdge(guesses=guesses)
    token, pem = str(TokenFactory(edge).sso()), ask(edge, "/token_key").json()["value"]

    by_pyjwt = jwt.decode(token, pem, algorithms=["RS256"], audience="edgecli")

    assert load_pem_public_key(pem.encode()) == published_key().public_key()
    assert claims_by_joserfc(token, RSAKey.import_key(pem)) == by_pyjwt


def test_the_newer_form_verifies_by_key_id():
    """Tokens of the newer generation name their key, which both libraries find in `/token_keys`."""
    edge = FakeEdge(guesses=LATER)
    token, served = str(TokenFactory(edge).sso()), ask(edge, "/token_keys").json()

    kid = jwt.get_unverified_header(token)["kid"]
    by_pyjwt = jwt.decode(token, jwt.PyJWKSet.from_dict(served)[kid].key, algorithms=["RS256"], audience="edgecli")

    assert claims_by_joserfc(token, KeySet.import_key_set(served)) == by_pyjwt


def test_pyjwt_cannot_read_the_older_form():
    """PyJWT refuses the older form of `/token_keys`, whose `alg` is Java's name of the signer."""
    served = ask(FakeEdge(), "/token_keys").json()

    with pytest.raises(jwt.PyJWKSetError) as refusal:
        jwt.PyJWKSet.from_dict(served)

    message = "The JWK Set did not contain any usable keys. Perhaps 'cryptography' is not installed?"
    assert str(refusal.value) == message


def test_joserfc_cannot_read_the_older_form():
    """Joserfc refuses it, too, for its standard base64 where a JWK has base64url."""
    served = ask(FakeEdge(), "/token_keys").json()

    with pytest.raises(binascii.Error):
        KeySet.import_key_set(served)
