"""Signs a user in at an organization's authorization server, and calls its APIs in the user's name.

The authorization code grant of OAuth 2.0 as a web app does it: send the user to the consent page, take the code that
comes back, exchange it, and renew the access token with the refresh token for as long as Edge lets us.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

TIMEOUT_SECONDS = 10
EARLY_SECONDS = 5


class SignInError(Exception):
    """The user did not come back as expected, or has to sign in again."""


@dataclass(kw_only=True)
class UserSession:
    """One user's session."""

    authorize_url: str
    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    new_state: Callable[[], str] = secrets.token_urlsafe
    _state: str = field(default="", repr=False)
    _access_token: str = field(default="", repr=False)
    _refresh_token: str = field(default="", repr=False)
    _renew_at: float = 0.0

    def start(self, scope: str) -> str:
        """Return the URL to send the user's browser to."""
        self._state = self.new_state()
        query = {"response_type": "code", "client_id": self.client_id, "scope": scope, "state": self._state}
        return f"{self.authorize_url}?{urlencode(query)}"

    def finish(self, callback_url: str) -> None:
        """Take the URL to which the user's browser came back."""
        fields = parse_qs(urlsplit(callback_url).query)
        if not self._state or fields.get("state") != [self._state]:
            raise SignInError("this answer was not asked for")
        self._state = ""
        if "code" not in fields:
            raise SignInError(fields.get("error", ["no code came back"])[0])
        self._exchange({"grant_type": "authorization_code", "code": fields["code"][0]})

    def get(self, url: str) -> requests.Response:
        """Call an API in the user's name."""
        if not self._access_token:
            raise SignInError("nobody has signed in")
        if time.time() >= self._renew_at:
            self._renew()
        answer = self._send(url)
        if answer.status_code == requests.codes.unauthorized:
            self._renew()
            answer = self._send(url)
        return answer

    def _send(self, url: str) -> requests.Response:
        return requests.get(url, headers={"Authorization": f"Bearer {self._access_token}"}, timeout=TIMEOUT_SECONDS)

    def _renew(self) -> None:
        self._exchange({"grant_type": "refresh_token", "refresh_token": self._refresh_token})

    def _exchange(self, form: dict[str, str]) -> None:
        client = (self.client_id, self.client_secret)
        answer = requests.post(self.token_url, data=form, auth=client, timeout=TIMEOUT_SECONDS)
        if not answer.ok:
            self._access_token = self._refresh_token = ""
            raise SignInError(answer.json().get("Error", "the token endpoint refused"))
        tokens = answer.json()
        self._access_token, self._refresh_token = tokens["access_token"], tokens["refresh_token"]
        self._renew_at = time.time() + int(tokens["expires_in"]) - EARLY_SECONDS
