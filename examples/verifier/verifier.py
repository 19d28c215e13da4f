"""Lets callers in who come with a token of Apigee Edge's SSO, as a service beside the management API would."""

import jwt
import requests

LOGIN_URL = "https://login.apigee.com"
TIMEOUT_SECONDS = 10


class NotLetInError(Exception):
    """The caller's token is missing, not good, or lacks a scope."""


class Verifier:
    """Verifies tokens with the key of the SSO, which it asks for once."""

    def __init__(self, login_url: str = LOGIN_URL) -> None:
        self._login_url = login_url
        self._key: str | None = None

    def user_of(self, authorization: str, *, scope: str = "openid") -> str:
        """Return the e-mail of the caller who sent this Authorization header."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise NotLetInError("a bearer token is needed")
        try:
            claims = jwt.decode(
                token,
                self._public_key(),
                algorithms=["RS256"],
                audience="edgecli",
                issuer=self._login_url,
                options={"require": ["exp", "iss", "aud", "email"]},
            )
        except jwt.PyJWTError as error:
            raise NotLetInError(str(error)) from error
        if scope not in claims["scope"]:
            raise NotLetInError(f"the scope {scope} is needed")
        return str(claims["email"])

    def _public_key(self) -> str:
        if self._key is None:
            answer = requests.get(f"{self._login_url}/token_key", timeout=TIMEOUT_SECONDS)
            answer.raise_for_status()
            self._key = str(answer.json()["value"])
        return self._key
