"""The fake Edge that tests hold: a world, what is declared in it, and what clients need to reach it."""

import importlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from os import PathLike
from typing import TYPE_CHECKING, Any

from pytest_apigee.bearer_auth import BearerAuth
from pytest_apigee.edge import checks, hosts
from pytest_apigee.edge.catalog import Catalog
from pytest_apigee.edge.clock import MILLISECOND, Clock, moment_at
from pytest_apigee.edge.era import CURRENT, era_named
from pytest_apigee.edge.gateway.issuing import Order, granted_scopes, issue
from pytest_apigee.edge.gateway.policies.generate_access_token import CLIENT_CREDENTIALS
from pytest_apigee.edge.guesses import Guesses
from pytest_apigee.edge.landscape import DEFAULT_ORGANIZATION
from pytest_apigee.edge.locking import locked
from pytest_apigee.edge.message import host_of
from pytest_apigee.edge.records import App
from pytest_apigee.edge.sso.clients import EDGECLI
from pytest_apigee.edge.sso.mint import JwtOrder, MintedJwt
from pytest_apigee.edge.sso.token_endpoint import token_body
from pytest_apigee.edge.tokens import AccessToken, Grant
from pytest_apigee.edge.users import User
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.factories import TokenFactory
from pytest_apigee.tokens import Token
from pytest_apigee.world_file import read_world

if TYPE_CHECKING:
    import httpx
    import httpx2
    import requests
    from responses import RequestsMock

    from pytest_apigee.serving import EdgeServer
    from pytest_apigee.transports.application import Application
    from pytest_apigee.transports.asgi import AsgiApp
    from pytest_apigee.transports.requests import Door
    from pytest_apigee.transports.wsgi import WsgiApp

if TYPE_CHECKING:

    class HttpxTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
        """A transport for sync and async clients of httpx."""

    class Httpx2Transport(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
        """A transport for sync and async clients of httpx2."""


WorldLike = Mapping[str, object] | str | PathLike[str]


class FakeEdge(Catalog):
    """A fake Apigee Edge, called by `handle` or reached through the doors that the fixtures open.

    Args:
        world: What it starts with: a world file's path, or its content as a dict; or the files of the Apigee Maven
            config plugin.
        org: The organization that everything belongs to unless said otherwise; `acme`, or the world's first.
        env: The environment likewise; `test`, or the organization's first.
        seed: Decides every generated value.
        era: `current` or `2016`.
        guesses: Switches for what no source confirms, by the names in `pytest_apigee.edge.guesses`.
        clock: Edge's clock; by default one of its own.
        extra_hosts: Hosts beside `*.apigee.net` that lead to an environment, each with that environment's name.
        claimed_hosts: Hosts that are Edge's although nobody answers there.

    Raises:
        ConfigurationError: Some of it cannot be; the message says what is allowed.
    """

    def __init__(  # noqa: PLR0913 - keyword-only settings, none needed
        self,
        world: WorldLike | None = None,
        *,
        org: str | None = None,
        env: str | None = None,
        seed: int | str | None = None,
        era: str | None = None,
        guesses: Mapping[str, object] | None = None,
        clock: Clock | None = None,
        extra_hosts: Mapping[str, str] | None = None,
        claimed_hosts: frozenset[str] = frozenset(),
    ) -> None:
        content = read_world(world if world is not None else {}, org=org, env=env)
        super().__init__(
            seed=checks.seed(next(value for value in (seed, content.seed, 0) if value is not None)),
            era=era_named(next(name for name in (era, content.era, CURRENT.name) if name is not None)),
            guesses=Guesses.of({} if guesses is None else guesses),
            clock=None if clock is None else checks.record("clock", clock, Clock),
            claimed_hosts=frozenset(checks.names("claimed_hosts", claimed_hosts)),
        )
        content.declare_organizations(self)
        self._settle(org if org is not None else content.default_organization or DEFAULT_ORGANIZATION, env)
        for host, environment in checks.text_map("extra_hosts", {} if extra_hosts is None else extra_hosts).items():
            name = checks.custom_host(host, (hosts.LOGIN, hosts.MANAGEMENT, hosts.MOCK_TARGET))
            self._state.extra_hosts[name] = (self._org, self._environment(self._org, environment or None))
        content.declare_users(self)
        self._door: Door | None = None
        self._is_over = False
        self._local_hosts: dict[str, str] = {}

    @property
    def guesses(self) -> Mapping[str, object]:
        """The switches for what no source confirms, as they are set."""
        return asdict(self._state.guesses)

    @property
    def token(self) -> TokenFactory:
        """Makes tokens of every kind, as the fixture `apigee_token`."""
        return TokenFactory(self)

    def __repr__(self) -> str:
        return f"<FakeEdge {self._org}/{self._env}>"

    def revoke(self, token: Token | str) -> None:
        """Revoke an access token or a refresh token of an app, at once but for a revocation lag.

        Raises:
            ConfigurationError: No organization of this Edge issued it.
        """
        with self._state.lock:
            if not any(known.tokens.revoke(str(token)) for known in self._state.organizations.values()):
                msg = (
                    "This token cannot be revoked: no organization of this fake Edge issued it. Tokens of an SSO user "
                    "are revoked all at once, by apigee.revoke_tokens_of(user), and API keys by apigee.set_key_status."
                )
                raise ConfigurationError(msg)

    def auth(self, app: App | None = None) -> BearerAuth:
        """Return an ``auth=`` object for requests or httpx that authenticates as an app at this Edge's gateways.

        Args:
            app: By default the app of the fixture `apigee_app`.
        """
        whose = self.default_app if app is None else checks.record("app", app, App)
        return BearerAuth(lambda: self.token(whose), is_for=self._is_gateway, now=self._client_now)

    def management_auth(self, user: User | None = None) -> BearerAuth:
        """Return an ``auth=`` object that authenticates as an SSO user at the management API.

        Args:
            user: By default one with the role `orgadmin` in the default organization, in whichever zone it is then.
        """
        whose = None if user is None else self.own_user(user)
        return BearerAuth(
            lambda: self._login(whose or self.default_user), is_for=self._is_management, now=self._client_now
        )

    def issue_app_token(
        self, app: App, *, scope: str | None, lifetime: timedelta, already_old: timedelta = timedelta()
    ) -> AccessToken:
        """Issue an access token to an app, as `apigee_token` does; one that is already so old, if not fresh.

        Raises:
            ConfigurationError: The app is not one of this Edge, or scope or lifetime cannot be.
        """
        known = self.own_app(app)
        organization = self._state.require_organization(known.organization)
        wanted = None if scope is None else " ".join(checks.scopes(checks.string("scope", scope)))
        checks.record("lifetime", lifetime, timedelta)
        client = organization.client_of_key(known.consumer_key)
        with self._state.lock:
            grant = Grant(
                client_id=client.credential.consumer_key,
                app_id=client.app.app_id,
                scopes=granted_scopes(organization, client, wanted),
                grant_type=CLIENT_CREDENTIALS,
            )
            order = Order(grant=grant, access_ms=lifetime // MILLISECOND, already_old_ms=already_old // MILLISECOND)
            return issue(self._state, organization, order).access

    @locked
    def mint(self, order: JwtOrder) -> MintedJwt:
        """Make a JWT to order, as `apigee_token.sso` does."""
        return self._sso.mint.make(order)

    def login_answer(self, user: User, *, ago: timedelta = timedelta()) -> bytes:
        """Return the body of the token answer that a user got for a login some time ago, without asking for it.

        Raises:
            ConfigurationError: The user is not one of this Edge.
        """
        issued_at_ms = self.clock.now_ms - ago // MILLISECOND
        with self._state.lock:
            scopes = self._state.era.sso_scopes
            return token_body(self._sso.issuer.login(self.own_user(user), EDGECLI, scopes, issued_at_ms=issued_at_ms))

    @property
    def responses(self) -> "RequestsMock":
        """Our own `responses.RequestsMock`: a stub added to it is asked before the fake.

        Raises:
            ConfigurationError: No door for `requests` is open.
        """
        return self._opened_door().responses

    @property
    def requests_mock_matcher(self) -> "Callable[[requests.PreparedRequest], requests.Response | None]":
        """What to give to ``requests_mock.Mocker.add_matcher``, so that Edge's hosts reach the fake.

        Raises:
            ConfigurationError: No door for `requests` is open.
        """
        return self._opened_door().requests_mock_matcher

    def serve(
        self,
        *,
        tls: bool = False,
        host: str = "127.0.0.1",
        ports: Mapping[str, int] | None = None,
        allow_hosts: Iterable[str] = (),
    ) -> "EdgeServer":
        """Return a real local server over this world, a context manager that ends it: what `apigee_server` is.

        Args:
            tls: Whether it speaks HTTPS, with certificates of a throw-away authority.
            host: The address at which it listens.
            ports: At which ports: numbers by `login`, `management`, `gateway` or `proxy`; others are free ones.
            allow_hosts: Hosts beside Edge's that its proxy may reach; one that starts with a dot is a whole domain.

        Raises:
            ConfigurationError: Some of it cannot be.
        """
        from pytest_apigee.serving import EdgeServer, ServingOptions  # noqa: PLC0415 - only who serves pays for it

        return EdgeServer(self, ServingOptions.checked(tls=tls, host=host, ports=ports or {}, allow_hosts=allow_hosts))

    def httpx_transport(self) -> "HttpxTransport":
        """Return what to give to `httpx.Client(transport=...)` or `httpx.AsyncClient(transport=...)`.

        Raises:
            ConfigurationError: httpx is not installed.
        """
        transport: HttpxTransport = self._transport("httpx")
        return transport

    def httpx2_transport(self) -> "Httpx2Transport":
        """Return the same for the clients of httpx2.

        Raises:
            ConfigurationError: httpx2 is not installed.
        """
        transport: Httpx2Transport = self._transport("httpx2")
        return transport

    def wsgi_app(self, at: str | None = None) -> "WsgiApp":
        """Return this Edge as a WSGI application, to be mounted in a server of your own.

        Args:
            at: The URL of Edge, without a path, that it stands for where the Host header names no host of Edge, as
                `apigee.login_url`; by default such requests are refused.

        Raises:
            ConfigurationError: `at` is no such URL.
        """
        from pytest_apigee.transports.wsgi import WsgiApp  # noqa: PLC0415 - only who uses it pays for it

        return WsgiApp(self._application(at))

    def asgi_app(self, at: str | None = None) -> "AsgiApp":
        """Return the same as an ASGI application."""
        from pytest_apigee.transports.asgi import AsgiApp  # noqa: PLC0415 - only who uses it pays for it

        return AsgiApp(self._application(at))

    def attach(self, door: "Door | None") -> None:
        """Say which door for `requests` leads here now, if any."""
        self._is_over = self._door is not None and door is None
        self._door = door

    def note_local(self, origin: str, host: str) -> None:
        """Say where a local server answers for a host, so that `auth` objects know it."""
        self._local_hosts[origin] = host

    def _transport(self, library: str) -> Any:  # noqa: ANN401 - of either library
        try:
            module = importlib.import_module(library)
        except ModuleNotFoundError:
            extra = "pytest-apigee[httpx]" if library == "httpx" else library
            msg = f'A transport for {library} needs that package: pip install "{extra}".'
            raise ConfigurationError(msg) from None
        from pytest_apigee.transports.httpx import transport  # noqa: PLC0415 - only who uses it pays for it

        return transport(module, self, is_over=lambda: self._is_over)

    def _application(self, at: str | None) -> "Application":
        from pytest_apigee.serving import origin_in  # noqa: PLC0415 - only who uses it pays for it
        from pytest_apigee.transports.application import Application  # noqa: PLC0415 - as above

        origin = ""
        if at is not None:
            origin = origin_in(checks.text("at", at), self)
            if at.removeprefix(origin) not in ("", "/"):
                msg = f"at={at!r} has a path: an application stands for all of a host, as at={origin!r}."
                raise ConfigurationError(msg)
        return Application(self, origin=origin, is_over=lambda: self._is_over)

    def _opened_door(self) -> "Door":
        if self._door is None:
            msg = "No door for requests is open: use the fixture apigee, or 'with fake_edge() as edge:'."
            raise ConfigurationError(msg)
        return self._door

    def _login(self, user: User) -> Token:
        pair = self._sso.issuer.login(self.own_user(user), EDGECLI, self._state.era.sso_scopes)
        return Token(
            value=pair.access_token,
            expires_at=moment_at(pair.expires_at_ms),
            scopes=pair.scopes,
        )

    def _client_now(self) -> datetime:
        return self.clock.client_now

    def _is_gateway(self, url: str) -> bool:
        return self._host_of(url) in self._addresses()

    def _is_management(self, url: str) -> bool:
        return self._host_of(url) == hosts.MANAGEMENT

    def _host_of(self, url: str) -> str:
        """Return the host of Edge that answers at a URL, also where it is one of a local server."""
        origin = re.match(r"[^/]*//[^/?#]*", url)
        return self._local_hosts.get("" if origin is None else origin[0]) or _host_in(url)


def _host_in(url: str) -> str:
    return host_of(re.split(r"[/?#]", url.partition("//")[2], maxsplit=1)[0])
