"""The SSO of Edge as its clients use it: the password, passcode and refresh grants.

Rules of this file:

* Credentials leave over https alone, or to this machine; never after a redirect, and never replaced by a ``~/.netrc``.
* What a server answers may be anything; what cannot be used is an error that says what it was.
* No error and no repr holds a secret.

Source: sso.md sections 2.1, 2.3 and 4.1.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlencode

from pytest_apigee.errors import ApigeeError
from pytest_apigee.live.sending import OK, UnreachableError, send, shown
from pytest_apigee.live.urls import checked_origin

LOGIN_URL = "https://login.apigee.com"
EDGECLI = "ZWRnZWNsaTplZGdlY2xpc2VjcmV0"
"""The fixed client of Apigee's own tools, which everybody knows: base64 of ``edgecli:edgeclisecret``."""
_JSON = "application/json;charset=utf-8"
_FORM = "application/x-www-form-urlencoded;charset=utf-8"
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 2.1


class RefusedLoginError(ApigeeError):
    """The SSO refused a login.

    Args:
        status: Its status.
        body: Its body, without the secrets that were sent.
        retry_after: After how many seconds to come again, as the SSO says it; empty where it does not.
    """

    def __init__(self, status: int, body: str, retry_after: str = "") -> None:
        wait = f" Come again after {retry_after} seconds." if retry_after else ""
        super().__init__(f"the SSO refused the login with {status}: {body or 'an answer without a body'}{wait}")
        self.status = status


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """What the SSO gave for a login.

    Args:
        text: The answer as it came.
        access_token: A JWT.
        refresh_token: What gives another one; empty where there is none.
        user_name: Whose it is: an e-mail, in lower case.
        expires_at_s: When it expires, in seconds since the epoch.
    """

    text: str = field(repr=False)
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    user_name: str
    expires_at_s: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Read the answer of a token endpoint.

        Raises:
            ValueError: It is none.
        """
        answer = json.loads(text)
        token = answer.get("access_token") if isinstance(answer, Mapping) else None
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise ValueError("no access token")
        claims = _claims(token)
        user_name, expires_at_s, refresh = claims.get("user_name"), claims.get("exp"), answer.get("refresh_token")
        return cls(
            text=text,
            access_token=token,
            refresh_token=refresh if isinstance(refresh, str) else "",
            user_name=user_name.lower() if isinstance(user_name, str) else "",
            expires_at_s=expires_at_s if type(expires_at_s) is int else 0,
        )


class Sso:
    """One SSO, or the one of a zone.

    Args:
        url: Its URL, without a path.
        client_auth: Base64 of the client's name and secret.
        verify: Whether its certificate is checked.

    Raises:
        ConfigurationError: The URL is none that credentials may be sent to.
    """

    def __init__(self, url: str = LOGIN_URL, *, client_auth: str = EDGECLI, verify: bool = True) -> None:
        self.url = checked_origin("SSO_LOGIN_URL", url)
        self._client_auth = client_auth
        self._verify = verify

    def asks_for_passcode(self) -> bool:
        """Return whether users log in at an identity provider of their own, and come back with a passcode.

        Raises:
            UnreachableError: The SSO does not say.
        """
        headers = {"Accept": "application/json"}
        answer = send("GET", f"{self.url}/login", headers=headers, verify=self._verify)
        try:
            prompts = json.loads(answer.text)["prompts"] if answer.status == OK else None
        except (ValueError, KeyError, TypeError):
            prompts = None
        if not isinstance(prompts, Mapping):
            raise UnreachableError(f"{self.url}/login answered {answer.status} and no list of prompts: is it an SSO?")
        return "passcode" in prompts

    def log_in(self, user: str, password: str, *, mfa_code: str = "") -> Login:
        """Log in with a password, and with a code where the user has two-step verification.

        Raises:
            RefusedLoginError: The SSO refuses it.
            UnreachableError: It cannot be reached.
        """
        form = {"grant_type": "password", "username": user.lower(), "password": password}
        return self._login(form, secrets=(password, mfa_code), query=f"?{urlencode({'mfa_token': mfa_code})}")

    def log_in_with_passcode(self, passcode: str) -> Login:
        """Log in with a passcode, which is good once.

        Raises:
            RefusedLoginError: The SSO refuses it.
            UnreachableError: It cannot be reached.
        """
        form = {"passcode": passcode, "grant_type": "password", "response_type": "token"}
        return self._login(form, secrets=(passcode,))

    def refresh(self, refresh_token: str) -> Login:
        """Exchange a refresh token for another access token.

        Raises:
            RefusedLoginError: The SSO refuses it.
            UnreachableError: It cannot be reached.
        """
        return self._login({"grant_type": "refresh_token", "refresh_token": refresh_token}, secrets=(refresh_token,))

    def _login(self, form: Mapping[str, str], *, secrets: tuple[str, ...], query: str = "") -> Login:
        answer = send(
            "POST",
            f"{self.url}/oauth/token{query}",
            headers={"Accept": _JSON, "Content-Type": _FORM},
            body=urlencode(form),
            authorization=f"Basic {self._client_auth}",
            verify=self._verify,
        )
        if answer.status != OK:
            raise RefusedLoginError(answer.status, shown(answer.text, secrets), answer.retry_after)
        try:
            return Login.read(answer.text)
        except ValueError:
            raise UnreachableError(f"{self.url}/oauth/token answered 200 and no access token: is it an SSO?") from None


def _claims(token: str) -> Mapping[str, object]:
    """Return the claims of a JWT, which nobody here can verify."""
    import jwt  # noqa: PLC0415 - slow

    try:
        claims: Mapping[str, object] = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise ValueError("an access token that is no JWT") from None
    return claims
