"""The catalog of a world: its API proxies.

Every declaration is checked where it is made; a wrong one raises `ConfigurationError` with what is allowed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from pytest_apigee.edge import checks, hosts
from pytest_apigee.edge.consumers import Consumers
from pytest_apigee.edge.gateway.authorization_server import (
    ALL_GRANTS,
    AUTHORIZE,
    CONSENTS,
    REVOKE,
    TOKEN,
    USUAL_GRANTS,
    GrantSettings,
)
from pytest_apigee.edge.gateway.flow import ProxyEndpoint, TargetEndpoint, check_names
from pytest_apigee.edge.gateway.policies.oauth_v2 import checked_lifetime
from pytest_apigee.edge.gateway.policies.verify_api_key import DEFAULT_VARIABLE
from pytest_apigee.edge.gateway.proxy import VIRTUAL_HOSTS, ApiProxy
from pytest_apigee.edge.gateway.stock_proxies import API_KEY, BOTH, OAUTH, OPEN, SECURITIES, Security
from pytest_apigee.edge.gateway.target import target_from
from pytest_apigee.edge.locking import locked
from pytest_apigee.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True, slots=True)
class Proxy:
    """An API proxy as clients see it: `url` is its base URL in one environment."""

    name: str
    base_path: str
    organization: str
    environment: str
    url: str

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthorizationServer:
    """An API proxy that gives tokens, as clients see it: its URLs in one environment."""

    name: str
    base_path: str
    organization: str
    environment: str
    authorize_url: str
    token_url: str
    revoke_url: str


class Catalog(Consumers):
    """A world to which APIs, and who may call them, are declared."""

    def find_proxy(self, name: str, *, org: str | None = None, env: str | None = None) -> Proxy:
        """Return an API proxy that was declared before, by a world file for example.

        Raises:
            ConfigurationError: There is none with this name.
        """
        organization = self._organization(org)
        proxy = organization.declared_proxy(checks.text("name", name))
        return self._seen(proxy, organization.name, self._environment(organization.name, env))

    @locked
    def proxy(  # noqa: PLR0913 - one keyword for each field of a proxy
        self,
        base_path: str,
        *,
        name: str | None = None,
        products: Iterable[str] | None = None,
        target: object = None,
        security: str | None = None,
        scope: str = "",
        api_key: str | None = None,
        endpoint: ProxyEndpoint | None = None,
        target_endpoint: TargetEndpoint | None = None,
        virtual_hosts: Iterable[str] = VIRTUAL_HOSTS,
        host: str | None = None,
        org: str | None = None,
        env: str | None = None,
    ) -> Proxy:
        """Deploy an API proxy.

        Args:
            base_path: Where it listens, as ``/weather``.
            name: Its name; by default made from the base path.
            products: The API products that allow it; by default one with the proxy's own name. Those that do not exist
                yet are named by it.
            target: What it answers when a call is let through: JSON, a `Response`, a `TargetFailure`, or a callable
                that takes the `Request` and returns one of them. By default an empty JSON object; with `endpoint` none,
                so that the proxy echoes what its policies do not answer.
            security: ``oauth`` (the default): a bearer token is verified, and the Authorization header removed before
                the target. ``apikey``: an API key is. ``both``: both are. ``none``: every call is let through.
            scope: The scopes, separated by blanks, of which a token needs one.
            api_key: The variable that holds the API key, as ``request.header.x-apikey``; by default
                ``request.queryparam.apikey``.
            endpoint: Flows of one's own, instead of what `security` makes: they alone decide.
            target_endpoint: Flows around the call of the target, which there must be.
            virtual_hosts: Where it listens: ``default`` is http, ``secure`` is https.
            host: A custom domain for its URL; it leads to the environment from now on.
            org: Its organization.
            env: The environment to deploy it in.

        Raises:
            ConfigurationError: The base path, name, security, target or a flow cannot be.
        """
        organization = self._organization(org)
        environment = self._environment(organization.name, env)
        path, listening = checks.base_path(base_path), checks.choices("virtual_hosts", virtual_hosts, VIRTUAL_HOSTS)
        proxy_name = checks.optional_text("name", name) or path.strip("/").replace("/", "-") or "root"
        given = None if products is None else checks.names("products", products)
        chosen = _security(security, checks.scopes(scope, "scope"), api_key, endpoint)
        if chosen is not None and chosen.kind == OPEN and (scope or given):
            msg = "A proxy with security='none' checks neither scope nor products: leave them out, or security."
            raise ConfigurationError(msg)
        if endpoint is not None:
            own = checks.record("endpoint", endpoint, ProxyEndpoint)
            check_names(own, TargetEndpoint() if target_endpoint is None else _target_endpoint(target_endpoint))
        has_target = target is not None or endpoint is None
        if target_endpoint is not None and not has_target:
            msg = "A target_endpoint needs a target, or its flows never run: add one, as target={}."
            raise ConfigurationError(msg)
        proxy = ApiProxy(
            name=proxy_name,
            base_path=path,
            environments=(environment,),
            virtual_hosts=listening,
            endpoint=checks.record("endpoint", endpoint, ProxyEndpoint) if chosen is None else chosen.endpoint(),
            target_endpoint=TargetEndpoint() if target_endpoint is None else _target_endpoint(target_endpoint),
            target=target_from({} if target is None else target) if has_target else None,
        )
        domain = None if host is None else self._domain(organization.name, host, environment)
        organization.add_proxy(proxy)
        if domain is not None:
            organization.add_hosts({domain: environment})
        if chosen is None or chosen.kind != OPEN:
            for product in (proxy_name,) if given is None else given:
                organization.name_product(product, proxy=proxy_name, scopes=() if chosen is None else chosen.scopes)
        return self._seen(proxy, organization.name, environment, host=domain)

    @locked
    def deploy(self, proxy: Proxy | str, env: str, *, org: str | None = None) -> Proxy:
        """Deploy an API proxy in one environment more.

        Args:
            proxy: The proxy, or its name.
            env: The environment.
            org: The organization, where the name alone is given.

        Returns:
            The proxy as clients see it in that environment.

        Raises:
            ConfigurationError: There is no such proxy or environment, or another proxy has the base path there.
        """
        if not isinstance(proxy, str):
            return self.deploy(checks.record("proxy", proxy, Proxy).name, env, org=proxy.organization)
        name, organization = checks.text("proxy", proxy), self._organization(org)
        organization.deploy(name, checks.text("env", env))
        return self._seen(organization.proxies[name], organization.name, env)

    @locked
    def authorization_server(  # noqa: PLR0913 - one keyword for each setting
        self,
        base_path: str = "/oauth2",
        *,
        name: str | None = None,
        grant_types: Iterable[str] | None = None,
        users: Mapping[str, str] | None = None,
        consent: str = "page",
        expires_in: timedelta = timedelta(hours=1),
        refresh_token_expires_in: timedelta | None = None,
        reuse_refresh_token: bool = False,
        rfc_compliant: bool = False,
        org: str | None = None,
        env: str | None = None,
    ) -> AuthorizationServer:
        """Deploy an API proxy that gives tokens by every grant, as organizations write theirs with OAuthV2 policies.

        Below its base path it has ``/authorize`` (GET, and POST from its page), ``/token`` and ``/revoke`` (POST). What
        is to be revoked is the form field `token`; its client says who it is as at ``/token``.

        Args:
            base_path: Where it listens.
            name: Its name; by default made from the base path.
            grant_types: Of ``authorization_code``, ``client_credentials``, ``implicit``, ``password`` and
                ``refresh_token``; by default all, but for ``password`` where there are no users.
            users: Passwords by user name: the consent page asks for them, and so does the grant ``password``.
            consent: ``page``: ``/authorize`` shows a page on which a user allows or denies it. ``given``: it redirects
                at once.
            expires_in: How long an access token is good; `NEVER` for ever.
            refresh_token_expires_in: How long a refresh token is; by default for ever.
            reuse_refresh_token: Whether a refresh token stays good when it was exchanged.
            rfc_compliant: Whether answers have the token type ``Bearer`` and a number for ``expires_in``.
            org: Its organization.
            env: The environment to deploy it in.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        organization = self._organization(org)
        environment = self._environment(organization.name, env)
        path = checks.base_path(base_path)
        passwords = checks.text_map("users", {} if users is None else users)
        if "" in (*passwords, *passwords.values()):
            msg = "A user name or password in users is empty: nobody could log in with it."
            raise ConfigurationError(msg)
        usual = ALL_GRANTS if passwords else USUAL_GRANTS
        wanted = usual if grant_types is None else checks.choices("grant_types", grant_types, ALL_GRANTS)
        if "password" in wanted and not passwords:
            msg = "The grant 'password' needs users: add users={'ada': 'secret'}, or leave it out of grant_types."
            raise ConfigurationError(msg)
        checked_lifetime("expires_in", checks.record("expires_in", expires_in, timedelta))
        checked_lifetime("refresh_token_expires_in", refresh_token_expires_in)
        settings = GrantSettings(
            grant_types=wanted,
            users=passwords,
            consent=checks.choice("consent", consent, CONSENTS),
            expires_in=expires_in,
            refresh_token_expires_in=refresh_token_expires_in,
            reuse_refresh_token=checks.flag("reuse_refresh_token", reuse_refresh_token),
            rfc_compliant=checks.flag("rfc_compliant", rfc_compliant),
        )
        proxy_name = checks.optional_text("name", name) or path.strip("/").replace("/", "-") or "root"
        proxy = ApiProxy(name=proxy_name, base_path=path, environments=(environment,), endpoint=settings.endpoint())
        organization.add_proxy(proxy)
        base = self._seen(proxy, organization.name, environment).url
        return AuthorizationServer(
            name=proxy_name,
            base_path=path,
            organization=organization.name,
            environment=environment,
            authorize_url=f"{base}{AUTHORIZE}",
            token_url=f"{base}{TOKEN}",
            revoke_url=f"{base}{REVOKE}",
        )

    def _domain(self, org: str, host: object, environment: str) -> str:
        """Return a custom domain in lower case, which leads nowhere yet, or to this environment already."""
        domain = checks.custom_host(checks.text("host", host))
        known = self._addresses().get(domain)
        if known is None or (known.organization, known.environment) != (org, environment):
            checks.custom_host(domain, (hosts.LOGIN, hosts.MANAGEMENT, hosts.MOCK_TARGET, *self._addresses()))
        return domain

    def _seen(self, proxy: ApiProxy, organization: str, environment: str, *, host: str | None = None) -> Proxy:
        base = self.url_for(organization, environment) if host is None else f"https://{host}"
        if "secure" not in proxy.virtual_hosts:
            base = base.replace("https://", "http://", 1)
        return Proxy(
            name=proxy.name,
            base_path=proxy.base_path,
            organization=organization,
            environment=environment,
            url=f"{base}{proxy.base_path.rstrip('/')}",
        )


def _target_endpoint(given: object) -> TargetEndpoint:
    return checks.record("target_endpoint", given, TargetEndpoint)


def _security(
    kind: object, scopes: tuple[str, ...], api_key: object, endpoint: ProxyEndpoint | None
) -> Security | None:
    """Return how a proxy is protected, or None where its own flows decide."""
    if endpoint is not None:
        if kind is not None or scopes or api_key is not None:
            msg = (
                "A proxy with an endpoint of its own takes no security, scope and api_key: its policies decide. "
                "Leave them out, or the endpoint."
            )
            raise ConfigurationError(msg)
        return None
    chosen = checks.choice("security", OAUTH if kind is None else kind, SECURITIES)
    if scopes and chosen == API_KEY:
        msg = "A proxy with security='apikey' checks no scope: leave it out, or use security='both'."
        raise ConfigurationError(msg)
    if api_key is not None and chosen not in (API_KEY, BOTH):
        msg = f"A proxy with security={chosen!r} reads no API key: leave api_key out, or use security='apikey'."
        raise ConfigurationError(msg)
    variable = DEFAULT_VARIABLE if api_key is None else checks.text("api_key", api_key)
    place, _, last = variable.rpartition(".")
    if place not in ("request.queryparam", "request.header") or not last:
        msg = (
            f"api_key takes a variable, as 'request.header.x-apikey' or 'request.queryparam.apikey', not {variable!r}."
        )
        raise ConfigurationError(msg)
    return Security(kind=chosen, scopes=scopes, api_key=variable)
