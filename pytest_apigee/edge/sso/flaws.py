"""JWTs that every verifier must refuse, each for one reason."""

import hmac
from enum import StrEnum

from pytest_apigee.edge.sso.jws import encoded, part, signed
from pytest_apigee.edge.sso.jwt_claims import Claims
from pytest_apigee.edge.sso.jwt_issuer import JwtIssuer
from pytest_apigee.edge.sso.signing_key import other_key
from pytest_apigee.edge.sso.token_keys import public_pem


class Flaw(StrEnum):
    """What is wrong with a JWT.

    `tampered`: its payload was changed after it was signed. `wrong_key`: another key signed it. `unknown_key`: another
    key signed it, which its `kid` names. `alg_none`: it has no signature, and says so. `hs256`: signed by HMAC with the
    public key as secret. `wrong_issuer` and `wrong_audience`: signed well, but of or for somebody else. `truncated`:
    its end is cut off. `not_base64`: its payload holds a character that base64 has not. The fake itself looks at the
    audience of access tokens only.
    """

    TAMPERED = "tampered"
    WRONG_KEY = "wrong_key"
    UNKNOWN_KEY = "unknown_key"
    ALG_NONE = "alg_none"
    HS256 = "hs256"
    WRONG_ISSUER = "wrong_issuer"
    WRONG_AUDIENCE = "wrong_audience"
    TRUNCATED = "truncated"
    NOT_BASE64 = "not_base64"


_CUT_OFF = 22  # of 342 characters, so that whole bytes are left and verifiers all complain of the signature


def flawed_jwt(flaw: Flaw, claims: Claims, issuer: JwtIssuer) -> str:  # noqa: PLR0911 - one for each flaw
    """Return a JWT with these claims and this flaw."""
    match flaw:
        case Flaw.TAMPERED:
            header, _, signature = issuer.sign(claims).split(".")
            return f"{header}.{part({**claims, 'sub': 'somebody-else', 'user_id': 'somebody-else'})}.{signature}"
        case Flaw.WRONG_KEY:
            return signed(f"{part(issuer.header)}.{part(claims)}", other_key())
        case Flaw.UNKNOWN_KEY:
            return signed(f"{part({**issuer.header, 'kid': 'unknown-key'})}.{part(claims)}", other_key())
        case Flaw.ALG_NONE:
            return f"{part({**issuer.header, 'alg': 'none'})}.{part(claims)}."
        case Flaw.HS256:
            unsigned = f"{part({**issuer.header, 'alg': 'HS256'})}.{part(claims)}"
            return f"{unsigned}.{encoded(hmac.digest(public_pem().encode(), unsigned.encode(), 'sha256'))}"
        case Flaw.WRONG_ISSUER:
            return issuer.sign({**claims, "iss": "https://login.other.example"})
        case Flaw.WRONG_AUDIENCE:
            return issuer.sign({**claims, "aud": ["another-audience"]})
        case Flaw.TRUNCATED:
            return issuer.sign(claims)[:-_CUT_OFF]
        case _:  # not_base64
            header, payload, signature = issuer.sign(claims).split(".")
            return f"{header}.{payload[:-1]}*.{signature}"
