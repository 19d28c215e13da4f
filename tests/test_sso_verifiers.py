"""What verifiers make of the SSO tokens of the factories: PyJWT and joserfc, with the keys that Edge serves."""

import binascii
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import joserfc.errors
import joserfc.jwk
import joserfc.jwt
import jwt
import pytest

from pytest_apigee import FakeEdge, Flaw, Request, SsoTokenFactory, Token, TokenFactory
from tests.edge.sso_support import answer, claims_of, header_of
from tests.sso_factory_support import each_kind, factory

ISSUER = "https://login.apigee.com"
AUDIENCE = "edgecli"
KEY_ID = "legacy-token-key"
SIGNATURE_LENGTH = 342  # sso.md 2.2

Claims = dict[str, Any]
Make = Callable[[SsoTokenFactory], Token]

GOOD: dict[str, Make] = {
    "call": lambda mint: mint(),
    "expiring_in": lambda mint: mint.expiring_in(timedelta(hours=1)),
    "with_scope": lambda mint: mint.with_scope("openid")(),
}
Errors = tuple[type[Exception], type[Exception]]  # of PyJWT and of joserfc


def with_flaw(flaw: Flaw) -> Make:
    """Return what makes a token with a flaw."""
    return lambda mint: mint.flawed(flaw)


BY_FLAW: dict[Flaw, Errors] = {
    Flaw.TAMPERED: (jwt.InvalidSignatureError, joserfc.errors.BadSignatureError),
    Flaw.WRONG_KEY: (jwt.InvalidSignatureError, joserfc.errors.BadSignatureError),
    Flaw.UNKNOWN_KEY: (jwt.InvalidSignatureError, joserfc.errors.BadSignatureError),
    Flaw.ALG_NONE: (jwt.InvalidAlgorithmError, joserfc.errors.UnsupportedAlgorithmError),
    Flaw.HS256: (jwt.InvalidAlgorithmError, joserfc.errors.UnsupportedAlgorithmError),
    Flaw.WRONG_ISSUER: (jwt.InvalidIssuerError, joserfc.errors.InvalidClaimError),
    Flaw.WRONG_AUDIENCE: (jwt.InvalidAudienceError, joserfc.errors.InvalidClaimError),
    Flaw.TRUNCATED: (jwt.InvalidSignatureError, joserfc.errors.BadSignatureError),
    Flaw.NOT_BASE64: (jwt.DecodeError, joserfc.errors.DecodeError),
}
REFUSED: dict[str, tuple[Make, type[Exception], type[Exception]]] = {
    "expired": (lambda mint: mint.expired(), jwt.ExpiredSignatureError, joserfc.errors.ExpiredTokenError),
    "not_yet_valid": (
        lambda mint: mint.not_yet_valid(),
        jwt.ImmatureSignatureError,
        joserfc.errors.InvalidClaimError,
    ),
    **{flaw.value: (with_flaw(flaw), *errors) for flaw, errors in BY_FLAW.items()},
}
BY_KEY_ID: dict[str, Errors] = {  # where the key is looked up first
    "unknown_key": (jwt.PyJWKClientError, joserfc.errors.InvalidKeyIdError),
}

each_generation = pytest.mark.parametrize("generation", ["3.2", "4"])
each_good = pytest.mark.parametrize("make", GOOD.values(), ids=GOOD)
each_refused = pytest.mark.parametrize(("make", "by_pyjwt", "by_joserfc"), REFUSED.values(), ids=REFUSED)


def edge_like(generation: str) -> FakeEdge:
    """Return a fake Edge that follows wall time, as both libraries do, and serves its keys like a UAA generation."""
    return FakeEdge(seed=7, guesses={"uaa_generation": generation})


def served(edge: FakeEdge, path: str) -> Claims:
    """Return the JSON that the SSO serves."""
    return answer(edge, Request(url=f"{edge.login_url}{path}")).json()


def by_pyjwt_with(key: object, token: Token) -> Claims:
    """Verify a token with PyJWT."""
    return jwt.decode(token.value, key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER)


def by_joserfc_with(key: object, token: Token) -> Claims:
    """Verify a token with joserfc, which checks signature and claims in two steps."""
    decoded = joserfc.jwt.decode(token.value, key, algorithms=["RS256"])
    wanted = {"iss": {"essential": True, "value": ISSUER}, "aud": {"essential": True, "value": AUDIENCE}}
    joserfc.jwt.JWTClaimsRegistry(**wanted, exp={"essential": True}).validate(decoded.claims)
    return decoded.claims


class KeyClient(jwt.PyJWKClient):
    """PyJWT's own client of key sets, which gets its JSON from the fake instead of the network."""

    def __init__(self, edge: FakeEdge) -> None:
        super().__init__(f"{edge.login_url}/token_keys")
        self._edge = edge

    def fetch_data(self) -> Any:
        return served(self._edge, "/token_keys")


# The PEM of /token_key


@each_generation
@each_kind
@each_good
def test_verifies_with_the_pem(generation: str, kind: str, make: Make) -> None:
    """A good token verifies with the PEM `value` of /token_key, in either form of that answer."""
    edge = edge_like(generation)
    token, pem = make(factory(edge, kind)), served(edge, "/token_key")["value"]

    assert by_pyjwt_with(pem, token) == claims_of(token.value)
    assert by_joserfc_with(joserfc.jwk.RSAKey.import_key(pem), token) == claims_of(token.value)


@each_generation
@each_kind
@each_refused
def test_does_not_verify_with_the_pem(
    generation: str, kind: str, make: Make, by_pyjwt: type[Exception], by_joserfc: type[Exception]
) -> None:
    """No bad token verifies, each for its own reason."""
    edge = edge_like(generation)
    token, pem = make(factory(edge, kind)), served(edge, "/token_key")["value"]

    with pytest.raises(jwt.PyJWTError) as of_pyjwt:
        by_pyjwt_with(pem, token)
    with pytest.raises(joserfc.errors.JoseError) as of_joserfc:
        by_joserfc_with(joserfc.jwk.RSAKey.import_key(pem), token)

    assert (of_pyjwt.type, of_joserfc.type) == (by_pyjwt, by_joserfc)


def test_proves_the_refusal_of_every_flaw() -> None:
    """There is no flaw that a verifier was not shown."""
    assert set(BY_FLAW) == set(Flaw)


@each_kind
def test_verifies_a_revoked_token(kind: str) -> None:
    """A revoked token verifies by its signature, and only Edge, who knows the user's `rev_sig`, refuses it."""
    edge = edge_like("3.2")
    token, pem = factory(edge, kind).revoked(), served(edge, "/token_key")["value"]
    good = claims_of(factory(edge, kind)().value)

    assert by_pyjwt_with(pem, token)["rev_sig"] != good["rev_sig"]
    assert by_joserfc_with(joserfc.jwk.RSAKey.import_key(pem), token)["sub"] == good["sub"]


# The key set of /token_keys


@each_kind
@each_good
def test_verifies_with_the_key_set(kind: str, make: Make) -> None:
    """Where the keys have the newer form, a good token names its key, and both libraries find it at /token_keys."""
    edge = edge_like("4")
    token, keys = make(factory(edge, kind)), served(edge, "/token_keys")

    assert by_pyjwt_with(KeyClient(edge).get_signing_key_from_jwt(token.value).key, token) == claims_of(token.value)
    assert by_pyjwt_with(jwt.PyJWKSet.from_dict(keys)[KEY_ID].key, token) == claims_of(token.value)
    assert by_joserfc_with(joserfc.jwk.KeySet.import_key_set(keys), token) == claims_of(token.value)


@each_kind
@pytest.mark.parametrize("name", REFUSED)
def test_does_not_verify_with_the_key_set(kind: str, name: str) -> None:
    """No bad token verifies; one whose header names no key, or one that Edge has not, finds none."""
    edge = edge_like("4")
    make, *usual = REFUSED[name]
    token, keys = make(factory(edge, kind)), joserfc.jwk.KeySet.import_key_set(served(edge, "/token_keys"))

    with pytest.raises(jwt.PyJWTError) as of_pyjwt:
        by_pyjwt_with(KeyClient(edge).get_signing_key_from_jwt(token.value).key, token)
    with pytest.raises(joserfc.errors.JoseError) as of_joserfc:
        by_joserfc_with(keys, token)

    assert (of_pyjwt.type, of_joserfc.type) == BY_KEY_ID.get(name, tuple(usual))


def test_cannot_read_the_older_key_set_with_pyjwt() -> None:
    """PyJWT's `PyJWKClient` knows no `SHA256withRSA`, so it finds no key in the older form, as on the real host."""
    edge = edge_like("3.2")
    token = TokenFactory(edge).sso()

    with pytest.raises(jwt.PyJWKSetError, match="The JWK Set did not contain any usable keys"):
        KeyClient(edge).get_signing_key_from_jwt(token.value)


def test_cannot_read_the_older_key_set_with_joserfc() -> None:
    """The older form writes its numbers in base64 with padding, where joserfc wants base64url without."""
    keys = served(edge_like("3.2"), "/token_keys")

    with pytest.raises(binascii.Error):
        joserfc.jwk.KeySet.import_key_set(keys)


# What each flaw is


@pytest.mark.parametrize(
    ("generation", "flaw", "header"),
    [
        *(
            ("3.2", flaw, {"alg": "RS256"})
            for flaw in ("tampered", "wrong_key", "wrong_issuer", "wrong_audience", "truncated", "not_base64")
        ),
        ("3.2", "unknown_key", {"alg": "RS256", "kid": "unknown-key"}),
        ("3.2", "alg_none", {"alg": "none"}),
        ("3.2", "hs256", {"alg": "HS256"}),
        ("4", "wrong_key", {"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}),
        ("4", "alg_none", {"alg": "none", "kid": KEY_ID, "typ": "JWT"}),
        ("4", "hs256", {"alg": "HS256", "kid": KEY_ID, "typ": "JWT"}),
        ("4", "unknown_key", {"alg": "RS256", "kid": "unknown-key", "typ": "JWT"}),
    ],
)
def test_tells_by_its_header_what_the_flaw_is(generation: str, flaw: str, header: dict[str, str]) -> None:
    """The header of a bad token differs from that of a good one only where that is the flaw."""
    token = TokenFactory(edge_like(generation)).sso.flawed(flaw)

    assert jwt.utils.base64url_decode(header_of(token.value)) == json.dumps(header, separators=(",", ":")).encode()


@each_kind
@pytest.mark.parametrize(
    ("flaw", "changed"),
    [
        ("tampered", {"sub": "somebody-else", "user_id": "somebody-else"}),
        ("wrong_key", {}),
        ("unknown_key", {}),
        ("alg_none", {}),
        ("hs256", {}),
        ("wrong_issuer", {"iss": "https://login.other.example"}),
        ("wrong_audience", {"aud": ["another-audience"]}),
        ("truncated", {}),
    ],
)
def test_claims_what_a_good_token_claims(kind: str, flaw: str, changed: Claims) -> None:
    """The claims of a bad token differ from those of a good one only where that is the flaw."""
    edge = FakeEdge(seed=7)
    edge.clock.freeze("2026-01-02T03:04:05Z")
    good, bad = (claims_of(token.value) for token in (factory(edge, kind)(), factory(edge, kind).flawed(flaw)))

    assert list(bad.items()) == list({**good, **changed, "jti": bad["jti"]}.items())


@pytest.mark.parametrize(
    ("flaw", "length"),
    [
        ("alg_none", 0),
        ("hs256", 43),
        ("truncated", 320),
        ("wrong_key", SIGNATURE_LENGTH),
        ("tampered", SIGNATURE_LENGTH),
    ],
)
def test_has_a_signature_as_long_as_its_flaw_leaves(flaw: str, length: int) -> None:
    """A token without signature ends in a dot; one that was truncated lacks the end, in whole bytes."""
    token = TokenFactory(edge_like("3.2")).sso.flawed(flaw)

    assert len(token.value.rpartition(".")[2]) == length


def test_signs_by_hmac_with_the_public_key() -> None:
    """A verifier that takes HS256 with the PEM as secret lets the token `hs256` in: the hole that it shows."""
    edge = edge_like("3.2")
    signed, _, signature = TokenFactory(edge).sso.flawed(Flaw.HS256).value.rpartition(".")
    secret = served(edge, "/token_key")["value"].encode()

    assert jwt.utils.base64url_decode(signature) == hmac.digest(secret, signed.encode(), "sha256")


def test_holds_a_character_that_base64_has_not() -> None:
    """The payload of the token `not_base64` ends in a star."""
    payload = TokenFactory(edge_like("3.2")).sso.flawed("not_base64").value.split(".")[1]

    assert (payload.count("*"), payload[-1]) == (1, "*")
