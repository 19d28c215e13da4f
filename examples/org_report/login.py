"""Logs in at Apigee Edge as its own tool get_token does, and remembers the login in a file."""

import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import requests

TOKEN_URL = "https://login.apigee.com/oauth/token"
EDGECLI = ("edgecli", "edgeclisecret")  # the public client of all such tools
MARGIN_SECONDS = 30
TIMEOUT_SECONDS = 10


class LoginRefusedError(Exception):
    """Edge does not take the password, the MFA code or the refresh token."""


@dataclass(frozen=True)
class Session:
    """What a login gave: good until `expires_at`, and to be renewed by the refresh token after that."""

    user: str
    expires_at: float
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


class StateFile:
    """Keeps the session of one user between runs, readable by nobody else."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "session.json"

    def read(self, user: str) -> Session | None:
        try:
            session = Session(**json.loads(self.path.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return session if session.user == user else None

    def write(self, session: Session) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        # 0600 from the start, and complete or not there at all.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(session), file)
        draft.replace(self.path)


class Login:
    def __init__(self, state: StateFile, user: str, *, password: str | None = None, mfa_code: str = "") -> None:
        self._state = state
        self._user = user
        self._password = password
        self._mfa_code = mfa_code

    def access_token(self) -> str:
        session = self._state.read(self._user)
        if session is None:
            return self._log_in()
        if time.time() >= session.expires_at - MARGIN_SECONDS:
            return self._renew(session)
        return session.access_token

    def access_token_instead_of(self, refused: str) -> str:
        """Return a new access token, for one that Edge has refused before its time."""
        session = self._state.read(self._user)
        if session is None:
            return self._log_in()
        return self._renew(session) if session.access_token == refused else session.access_token

    def _renew(self, session: Session) -> str:
        try:
            return self._ask({"grant_type": "refresh_token", "refresh_token": session.refresh_token})
        except LoginRefusedError:
            return self._log_in()

    def _log_in(self) -> str:
        if self._password is None:
            raise LoginRefusedError("a password is needed, in the environment variable APIGEE_PASSWORD")
        form = {"grant_type": "password", "username": self._user, "password": self._password}
        return self._ask(form, mfa_token=self._mfa_code)

    def _ask(self, form: dict[str, str], **query: str) -> str:
        response = requests.post(TOKEN_URL, data=form, params=query, auth=EDGECLI, timeout=TIMEOUT_SECONDS)
        if response.status_code in (400, 401):
            raise LoginRefusedError(_description(response))
        response.raise_for_status()
        answer = response.json()
        session = Session(
            user=self._user,
            expires_at=time.time() + answer["expires_in"],
            access_token=answer["access_token"],
            refresh_token=answer["refresh_token"],
        )
        self._state.write(session)
        return session.access_token


def _description(response: requests.Response) -> str:
    try:
        return str(response.json()["error_description"])
    except (ValueError, KeyError, TypeError):
        return str(response.status_code)
