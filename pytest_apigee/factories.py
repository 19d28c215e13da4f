"""Makes tokens without a login, of every kind and in every state that a test may want.

A method that starts with `for_` or `with_` returns a factory, to be called or asked further; every other one returns
what it makes.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, NoReturn

from pytest_apigee.edge import checks
from pytest_apigee.edge.clock import moment_at
from pytest_apigee.edge.sso.flaws import Flaw
from pytest_apigee.edge.sso.mint import JwtKind, JwtOrder
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.tokens import ApiKey, Token

if TYPE_CHECKING:
    from pytest_apigee.edge.records import App
    from pytest_apigee.edge.users import User
    from pytest_apigee.fake import FakeEdge

LONG_AGO = timedelta(hours=1)
USUAL_LIFETIME = timedelta(hours=1)
_LONGEST_AGO = timedelta(days=36_500)


class _Factory:
    """Refuses to be written where a token belongs."""

    __slots__ = ()
    _call: ClassVar[str]

    def __str__(self) -> NoReturn:
        msg = f"This is a factory, not what it makes: call it, as in {self._call}."
        raise ConfigurationError(msg)

    def __format__(self, specification: str) -> NoReturn:
        self.__str__()


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class TokenFactory(_Factory):
    """Makes access tokens of apps, as the organization's `oauth` proxy would, without asking it.

    `sso`, `sso_refresh` and `api_key` make the other kinds.
    """

    _edge: "FakeEdge"
    _app: "App | None" = None
    _scope: str | None = None
    _call: ClassVar[str] = "apigee_token.with_scope('READ')()"

    def __call__(
        self, app: "App | None" = None, *, scope: str | None = None, lifetime: timedelta = USUAL_LIFETIME
    ) -> Token:
        """Return a new access token.

        Args:
            app: Whose; by default the app of the fixture `apigee_app`.
            scope: Scopes separated by blanks, as in a token request: the app's products decide which are granted.
            lifetime: How long it is good.

        Raises:
            ConfigurationError: The app is not one of this Edge.
        """
        return self._issued(self._app if app is None else app, self._scope if scope is None else scope, lifetime)

    def for_app(self, app: "App") -> "TokenFactory":
        """Return a factory of an app's tokens.

        Raises:
            ConfigurationError: The app is not one of this Edge.
        """
        return replace(self, _app=self._edge.own_app(app))

    def with_scope(self, scope: str) -> "TokenFactory":
        """Return a factory of tokens that ask for scopes, separated by blanks: the app's products decide."""
        return replace(self, _scope=checks.string("scope", scope))

    def for_user(self, user: "User") -> "SsoTokenFactory":
        """Return a factory of an SSO user's access tokens, with the scopes of this one, if any."""
        return self.sso.for_user(user)

    def expired(self, ago: timedelta = LONG_AGO) -> Token:
        """Return an access token that expired some time ago."""
        return self._issued(self._app, self._scope, USUAL_LIFETIME, already_old=USUAL_LIFETIME + _past(ago))

    def expiring_in(self, remaining: timedelta) -> Token:
        """Return an access token that is good for so long."""
        return self._issued(self._app, self._scope, _span("remaining", remaining))

    def revoked(self) -> Token:
        """Return an access token that was revoked."""
        token = self._issued(self._app, self._scope, USUAL_LIFETIME)
        self._edge.revoke(token)
        return token

    @property
    def sso(self) -> "SsoTokenFactory":
        """Makes access tokens of SSO users, which the management API takes: signed JWTs."""
        return self._of_users(JwtKind.ACCESS)

    @property
    def sso_refresh(self) -> "SsoTokenFactory":
        """Makes refresh tokens of SSO users."""
        return self._of_users(JwtKind.REFRESH)

    @property
    def api_key(self) -> "ApiKeyFactory":
        """Makes API keys of apps."""
        if self._scope is not None:
            msg = "An API key has no scopes of its own: leave with_scope out before api_key."
            raise ConfigurationError(msg)
        return ApiKeyFactory(self._edge, self._app)

    def _of_users(self, kind: JwtKind) -> "SsoTokenFactory":
        if self._app is not None:
            msg = "A token is an app's or a user's: leave for_app out before sso, sso_refresh and for_user."
            raise ConfigurationError(msg)
        return SsoTokenFactory(self._edge, kind, _scopes=None if self._scope is None else checks.scopes(self._scope))

    def _issued(
        self, app: "App | None", scope: str | None, lifetime: timedelta, *, already_old: timedelta = timedelta()
    ) -> Token:
        whose = self._edge.default_app if app is None else app
        issued = self._edge.issue_app_token(whose, scope=scope, lifetime=lifetime, already_old=already_old)
        return Token(value=issued.value, expires_at=moment_at(issued.expires_at_ms), scopes=issued.scopes)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SsoTokenFactory(_Factory):
    """Makes JWTs of SSO users as login.apigee.com would, without a login; and JWTs that must be refused."""

    _edge: "FakeEdge"
    _kind: JwtKind
    _user: "User | None" = None
    _scopes: tuple[str, ...] | None = None
    _call: ClassVar[str] = "apigee_token.sso.for_user(user)()"

    def __call__(self, user: "User | None" = None) -> Token:
        """Return a new token.

        Args:
            user: Whose; by default one with the role `orgadmin` in the default organization.

        Raises:
            ConfigurationError: The user is not one of this Edge.
        """
        return (self if user is None else self.for_user(user))._made()  # noqa: SLF001 - one of this class

    def for_user(self, user: "User") -> "SsoTokenFactory":
        """Return a factory of a user's tokens.

        Raises:
            ConfigurationError: The user is not one of this Edge.
        """
        return replace(self, _user=self._edge.own_user(user))

    def with_scope(self, scope: str) -> "SsoTokenFactory":
        """Return a factory of tokens with these scopes alone, separated by blanks, whichever a login would give."""
        return replace(self, _scopes=checks.scopes(checks.string("scope", scope)))

    def expired(self, ago: timedelta = LONG_AGO) -> Token:
        """Return a token that expired some time ago, in whole seconds."""
        return self._made(expires_in=-_past(ago))

    def expiring_in(self, remaining: timedelta) -> Token:
        """Return a token that is good for so long, in whole seconds."""
        return self._made(expires_in=_span("remaining", remaining))

    def not_yet_valid(self, before: timedelta = LONG_AGO) -> Token:
        """Return a token whose `nbf` lies so far ahead, in whole seconds."""
        return self._made(valid_in=_span("before", before))

    def revoked(self) -> Token:
        """Return a token that is void because its user changed after it was issued (`rev_sig`)."""
        return self._made(is_revoked=True)

    def flawed(self, flaw: Flaw | str) -> Token:
        """Return a token that every verifier must refuse; Edge itself looks at the audience of access tokens only.

        Args:
            flaw: One of `Flaw`, or its text.

        Raises:
            ConfigurationError: There is no such flaw.
        """
        return self._made(flaw=Flaw(checks.choice("flaw", flaw, tuple(Flaw))))

    def _made(
        self,
        *,
        expires_in: timedelta | None = None,
        valid_in: timedelta | None = None,
        is_revoked: bool = False,
        flaw: Flaw | None = None,
    ) -> Token:
        order = JwtOrder(
            user=self._edge.default_user if self._user is None else self._edge.own_user(self._user),
            kind=self._kind,
            scopes=self._scopes,
            expires_in=expires_in,
            valid_in=valid_in,
            is_revoked=is_revoked,
            flaw=flaw,
        )
        minted = self._edge.mint(order)
        return Token(value=minted.value, expires_at=moment_at(minted.expires_at_ms), scopes=minted.scopes)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ApiKeyFactory(_Factory):
    """Makes API keys: each a new consumer key of an app, with the API products of its first one."""

    _edge: "FakeEdge"
    _app: "App | None" = None
    _call: ClassVar[str] = "apigee_token.api_key()"

    def __call__(self, app: "App | None" = None) -> ApiKey:
        """Return a new key that never expires.

        Args:
            app: Whose; by default the app of the fixture `apigee_app`.

        Raises:
            ConfigurationError: The app is not one of this Edge.
        """
        return self._added(self._app if app is None else app)

    def for_app(self, app: "App") -> "ApiKeyFactory":
        """Return a factory of an app's keys.

        Raises:
            ConfigurationError: The app is not one of this Edge.
        """
        return replace(self, _app=self._edge.own_app(app))

    def expired(self, ago: timedelta = LONG_AGO) -> ApiKey:
        """Return a key that expired some time ago."""
        return self._added(self._app, expires_in=-_past(ago))

    def expiring_in(self, remaining: timedelta) -> ApiKey:
        """Return a key that is good for so long."""
        return self._added(self._app, expires_in=_span("remaining", remaining))

    def revoked(self) -> ApiKey:
        """Return a key that was revoked."""
        key = self._added(self._app)
        app = self._edge.default_app if self._app is None else self._app
        self._edge.set_key_status(app, "revoked", consumer_key=key.value)
        return key

    def _added(self, app: "App | None", *, expires_in: timedelta | None = None) -> ApiKey:
        whose = self._edge.default_app if app is None else app
        credential = self._edge.add_key(whose, expires_in=expires_in)
        expires_at = None if expires_in is None else moment_at(credential.expires_at_ms)
        return ApiKey(
            value=credential.consumer_key, secret=credential.consumer_secret, app=whose.name, expires_at=expires_at
        )


def _span(what: str, given: object) -> timedelta:
    span = checks.record(what, given, timedelta)
    if span < timedelta():
        msg = f"{what} takes a span of time from now, not {span}."
        raise ConfigurationError(msg)
    return span


def _past(ago: object) -> timedelta:
    span = _span("ago", ago)
    if span > _LONGEST_AGO:
        msg = f"ago takes at most {_LONGEST_AGO.days} days, not {span}."
        raise ConfigurationError(msg)
    return span
