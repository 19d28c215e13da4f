"""What a person does at the SSO in a browser: log in, read a passcode, log out.

A session is a cookie; whoever has none is sent to `/login`, and back again after logging in. In a SAML zone the fake
plays the identity provider of the company, too: its login page takes the user's password there.

Source: sso.md 2.3, `GET /passcode`; paths, fields, cookies and redirects are UAA's.
"""

from dataclasses import dataclass, field, replace

from pytest_apigee.edge.authorization import same_text
from pytest_apigee.edge.jackson import compact
from pytest_apigee.edge.journal import Notes
from pytest_apigee.edge.message import Request, Response, header_safe
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.edge.sso import pages
from pytest_apigee.edge.sso.faults import SECURITY_HEADERS, ok_json
from pytest_apigee.edge.sso.login_info import wants_json
from pytest_apigee.edge.sso.passcodes import Passcodes
from pytest_apigee.edge.sso.user_authentication import UserAuthentication
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.users import User, UserStatus
from pytest_apigee.edge.zones import Zone

SESSION_COOKIE = "JSESSIONID"
_MOST_SESSIONS = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class _Session:
    zone: Zone
    csrf: str = field(repr=False)
    user_id: str | None = None
    wanted: str = "/home"
    """Where the user was going when asked to log in."""


class Browser:
    """Answers browsers."""

    def __init__(self, state: WorldState, users: UserAuthentication, passcodes: Passcodes) -> None:
        self._state = state
        self._users = users
        self._passcodes = passcodes
        self._sessions: dict[str, _Session] = {}

    def login_page(self, request: Request, zone: Zone, _notes: Notes) -> Response:
        """Show the form, or go home where somebody is logged in."""
        session_id, session = self._session(request, zone)
        if self._user(session) is not None:
            return _redirect(request, "/home")
        page = pages.login_page(zone, csrf=session.csrf, error=request.query.get("error"))
        return _with_cookie(page, request, session_id or self._open(session))

    def log_in(self, request: Request, zone: Zone, notes: Notes) -> Response:
        """Take the form."""
        session_id, session = self._session(request, zone)
        form = request.form
        if session_id is None or not same_text(form.get(pages.CSRF) or "", session.csrf):
            notes.reason, notes.was_refused = "the login form is not one of this session: keep its cookie", True
            page = pages.login_page(zone, csrf=session.csrf, error="invalid_login_request", status=403)
            return _with_cookie(page, request, session_id or self._open(session))
        try:
            user = self._users.user_by_password(form.get("username"), form.get("password") or "", zone)
            login = self._users.with_mfa(user, form.get("mfa_token") or "")
        except Refusal as refusal:
            notes.reason, notes.was_refused = refusal.reason, True
            return _redirect(request, f"/login?error={self._error_of(form.get('username'), refusal, zone)}")
        self._state.users.use_mfa_step(user, login.mfa_step)
        notes.user = user.email
        del self._sessions[session_id]
        session_id = self._open(replace(session, user_id=user.user_id, wanted="/home"))
        return _with_cookie(_redirect(request, session.wanted), request, session_id)

    def passcode_page(self, request: Request, zone: Zone, notes: Notes) -> Response:
        """Show a new passcode to who is logged in."""
        session_id, session = self._session(request, zone)
        user = self._user(session)
        if user is None:
            return self._asked_to_log_in(request, session_id, session)
        notes.user = user.email
        passcode = self._passcodes.issue(user)
        return ok_json(compact(passcode)) if wants_json(request) else pages.passcode_page(user, passcode)

    def home_page(self, request: Request, zone: Zone, notes: Notes) -> Response:
        """Show what there is to who is logged in."""
        session_id, session = self._session(request, zone)
        user = self._user(session)
        if user is None:
            return self._asked_to_log_in(request, session_id, session)
        notes.user = user.email
        return pages.home_page(user)

    def log_out(self, request: Request, zone: Zone, _notes: Notes) -> Response:
        """End the session."""
        session_id, _ = self._session(request, zone)
        self._sessions.pop(session_id or "", None)
        return _redirect(request, "/login")

    def _session(self, request: Request, zone: Zone) -> tuple[str | None, _Session]:
        """Return the session of a request with its id; one that does not exist yet has none."""
        session_id = _cookie(request)
        session = self._sessions.get(session_id or "")
        if session is None or session.zone != zone:
            return None, _Session(zone=zone, csrf=self._state.identifiers.session_id())
        return session_id, session

    def _user(self, session: _Session) -> User | None:
        user = self._state.users.with_id(session.user_id)
        return None if user is None or user.status is UserStatus.INACTIVE else user

    def _open(self, session: _Session) -> str:
        session_id = self._state.identifiers.session_id()
        self._sessions[session_id] = session
        if len(self._sessions) > _MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        return session_id

    def _asked_to_log_in(self, request: Request, session_id: str | None, session: _Session) -> Response:
        wanted = replace(session, wanted=request.path)
        if session_id is None:
            session_id = self._open(wanted)
        else:
            self._sessions[session_id] = wanted
        return _with_cookie(_redirect(request, "/login"), request, session_id)

    def _error_of(self, username: str | None, refusal: Refusal, zone: Zone) -> str:
        user = self._state.users.find(username or "", zone)
        if user is not None and self._users.is_locked(user):
            return "account_locked"
        if refusal.fault.render().status != 403:  # noqa: PLR2004 - the status of what stands in an account's way
            return "login_failure"
        is_unverified = user is not None and user.status is UserStatus.UNVERIFIED
        return "account_not_verified" if is_unverified else "password_expired"


def _cookie(request: Request) -> str | None:
    """Return the session that a browser names; what else its cookies hold, and how, does not matter."""
    pairs = (pair.strip().partition("=") for header in request.headers.all("Cookie") for pair in header.split(";"))
    return next((value for name, _, value in pairs if name == SESSION_COOKIE), None)


def _redirect(request: Request, target: str) -> Response:
    location = header_safe(f"{request.public_origin}{target}")
    return Response(status=302, headers=(*SECURITY_HEADERS, ("Location", location)))


def _with_cookie(response: Response, request: Request, session_id: str) -> Response:
    secure = "; Secure" if request.public_origin.startswith("https") else ""
    cookie = ("Set-Cookie", f"{SESSION_COOKIE}={session_id}; Path=/{secure}; HttpOnly")
    return Response(status=response.status, headers=(*response.headers, cookie), body=response.body)
