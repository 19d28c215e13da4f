"""How a user authenticates at the SSO: by password and MFA code, or by passcode.

The order of the checks is UAA's: the user, a lock, the password, what stands in the way of the account, the MFA code.
Source: sso.md section 3.
"""

import re
from dataclasses import dataclass

from pytest_apigee.edge.authorization import same_text
from pytest_apigee.edge.message import Fields, Request
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.edge.sso import totp
from pytest_apigee.edge.sso.faults import PlainFault, TokenEndpointFault, unauthorized
from pytest_apigee.edge.sso.login_policy import LoginPolicy
from pytest_apigee.edge.sso.passcodes import BadPasscodeError, Passcodes
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.users import User, UserStatus
from pytest_apigee.edge.zones import Zone

LOCKED_TEXTS = {
    "3.2": "Login policy rejected authentication",
    "4": "Your account has been locked because of too many failed attempts to login.",
}
_STATUS_FAULTS = {
    UserStatus.UNVERIFIED: "Account not verified",
    UserStatus.PASSWORD_EXPIRED: "Your current password has expired. Please reset your password.",
}
_MFA_REQUIRED = "A multi-factor authentication code is required to complete the request"
_ONLY_BY_POST = "Credentials must be sent by (one of methods): [POST]"
_PASSCODE_ACCEPT = re.compile(r"application/(json|x-www-form-urlencoded)\s*(;.*)?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A user who proved who they are, and the time step of the MFA code that came with it, if any."""

    user: User
    mfa_step: int | None = None


class UserAuthentication:
    """Finds out which user logs in."""

    def __init__(self, state: WorldState, policy: LoginPolicy, passcodes: Passcodes) -> None:
        self._state = state
        self._policy = policy
        self._passcodes = passcodes

    def login_of(self, request: Request, fields: Fields, zone: Zone) -> Login | None:
        """Return who logs in by a password grant, or None where it is another grant.

        Raises:
            Refusal: As section 3 of the sheet says.
        """
        if fields.get("grant_type") != "password":
            return None
        if "passcode" in fields and self._takes_passcode(request):
            if request.method != "POST":
                raise unauthorized(_ONLY_BY_POST, "a passcode comes by POST")
            return Login(user=self._user_of_passcode(fields.get("passcode") or "", zone))
        password = fields.get("password")
        if password is None:
            raise unauthorized("No password supplied", "the password grant came without a password")
        code = next((value for name, value in fields if name == "mfa_token" and value), "")  # empty counts as absent
        username = fields.get("username")
        self._refuse_saml(username, zone)
        return self.with_mfa(self.user_by_password(username, password, zone), code)

    def user_by_password(self, username: str | None, password: str, zone: Zone) -> User:
        """Return the user whom a password proves, whatever their MFA.

        Raises:
            Refusal: There is no such user, the password is wrong, or something stands in the way of the account.
        """
        user = self._state.users.find(username or "", zone)
        if user is None or user.status is UserStatus.INACTIVE:
            raise unauthorized(self._state.guesses.bad_user_text, self._why_nobody(username, user, zone))
        if self._policy.is_locked(user):
            text = LOCKED_TEXTS[self._state.guesses.uaa_generation]
            raise unauthorized(text, f"the account of the SSO user {user.email} is locked")
        if not same_text(password, user.password):
            self._policy.note_failure(user)
            raise unauthorized(self._state.guesses.bad_user_text, f"wrong password for the SSO user {user.email}")
        self._policy.forget_failures(user)
        if user.status in _STATUS_FAULTS:
            fault = PlainFault(status=403, error="access_denied", description=_STATUS_FAULTS[user.status])
            raise Refusal(fault, f"the SSO user {user.email} has the status {user.status}")
        return user

    def is_locked(self, user: User) -> bool:
        """Return whether a user may not log in now, even with the right password."""
        return self._policy.is_locked(user)

    def with_mfa(self, user: User, code: str) -> Login:
        """Return the login of a user, with the time step of the MFA code that came; only a login uses it up.

        Raises:
            Refusal: MFA is on, and the code is missing, wrong or was used.
        """
        if user.mfa_secret is None:
            return Login(user=user)
        step = self._fitting_step(user.mfa_secret, code)
        if not code:
            why = "an MFA code is required"
        elif step is None:
            why = "wrong MFA code"
        elif self._state.users.has_used_mfa_step(user, step) and not self._state.guesses.mfa_code_reuse:
            why = "the MFA code was used before"
        else:
            return Login(user=user, mfa_step=step)
        raise self._mfa_refusal(f"{why} for the SSO user {user.email}", is_missing=not code)

    def _fitting_step(self, secret: str, code: str) -> int | None:
        now, drift = self._state.clock.now_ms // totp.STEP_MS, self._state.guesses.mfa_drift_steps
        steps = range(now - drift, now + drift + 1)
        return next((step for step in steps if totp.is_code(secret, step, code)), None)

    def _mfa_refusal(self, reason: str, *, is_missing: bool) -> Refusal:
        if self._state.guesses.mfa_failure == "sso":
            return unauthorized(self._state.guesses.mfa_failure_text, reason)
        if is_missing:
            fault = TokenEndpointFault(status=400, error="invalid_request", description=_MFA_REQUIRED)
            return Refusal(fault, reason)
        return unauthorized("Bad credentials", reason)

    def _refuse_saml(self, username: str | None, zone: Zone) -> None:
        """Refuse who has no password at Edge, whatever the one that came."""
        user = self._state.users.find(username or "", zone)
        if user is not None and user.logs_in_by_saml and user.status is not UserStatus.INACTIVE:
            raise unauthorized(
                self._state.guesses.saml_user_text,
                f"{user.email} logs in by SAML in zone {zone.name!r}, so Edge knows no password: take a passcode, "
                "or declare a machine user",
            )

    def _user_of_passcode(self, code: str, zone: Zone) -> User:
        try:
            user = self._state.users.with_id(self._passcodes.use(code))
        except BadPasscodeError as error:
            raise unauthorized(self._state.guesses.bad_passcode_text, error.reason) from None
        if user is None or user.zone != zone:
            raise unauthorized("Invalid user.", f"the passcode is that of a user of another zone than {zone.host}")
        if user.status is UserStatus.INACTIVE:
            raise unauthorized("Invalid user.", f"the passcode is that of the SSO user {user.email}, who is inactive")
        return user

    def _takes_passcode(self, request: Request) -> bool:
        accept = request.headers.get("Accept")
        if accept is None or not self._state.guesses.strict_passcode_accept:
            return True
        return _PASSCODE_ACCEPT.fullmatch(accept.partition(",")[0].strip()) is not None

    def _why_nobody(self, username: str | None, user: User | None, zone: Zone) -> str:
        if user is not None:
            return f"the SSO user {user.email} is inactive"
        for other in self._state.all_zones:
            namesake = self._state.users.find(username or "", other)
            if namesake is not None:
                return f"the SSO user {namesake.email} is one of {other.host}, and not of {zone.host}"
        place, declaration = ("", "email")
        if zone.has_saml:
            place, declaration = f" in zone {zone.name!r}", f"email, zone={zone.name!r}"
        whom = "no username was sent" if username is None else f"no SSO user has this e-mail{place}"
        return f"{whom}; declare one with apigee.user({declaration})"
