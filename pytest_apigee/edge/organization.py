"""An organization and what it holds: developers, apps with their credentials, API products, API proxies.

Records are frozen; every change is a method of `Organization`. Times are milliseconds since the epoch.
Source of the field names and statuses: management.md section 4.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from pytest_apigee.edge.tokens import TokenStore
from pytest_apigee.errors import ConfigurationError, found, listed, nearest

if TYPE_CHECKING:
    from pytest_apigee.edge.gateway.proxy import ApiProxy

NEVER_MS = -1


class Status(StrEnum):
    """The state of an app, of a credential, and of a product on a credential."""

    APPROVED = "approved"
    PENDING = "pending"
    REVOKED = "revoked"


class DeveloperStatus(StrEnum):
    """The state of a developer."""

    ACTIVE = "active"
    INACTIVE = "inactive"


@dataclass(frozen=True, kw_only=True, slots=True)
class Developer:
    """Who owns apps."""

    email: str
    developer_id: str
    first_name: str
    last_name: str
    user_name: str
    status: DeveloperStatus = DeveloperStatus.ACTIVE
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiProduct:
    """What a consumer key may call. An empty tuple of proxies, environments or resources allows all of them."""

    name: str
    proxies: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    approval_type: str = "auto"
    display_name: str = ""
    description: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    implied: bool = False
    """Whether it was only named, by an app or a proxy, and so follows what names it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Credential:
    """A consumer key with its secret and the products it may use."""

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    products: Mapping[str, Status]
    issued_at_ms: int
    expires_at_ms: int = NEVER_MS
    status: Status = Status.APPROVED
    scopes: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()

    def has_expired(self, now_ms: int) -> bool:
        """Return whether the key's time is over."""
        return self.expires_at_ms != NEVER_MS and now_ms >= self.expires_at_ms


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """A developer app as it was declared; its consumer key and secret are those of its first credential."""

    name: str
    app_id: str
    organization: str
    developer: str
    credentials: tuple[Credential, ...]
    status: Status = Status.APPROVED
    callback_url: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    follows_products: bool = False
    """Whether it is subscribed to every product that is declared, now or later."""

    @property
    def consumer_key(self) -> str:
        """The key that clients send as their client id."""
        return self.credentials[0].consumer_key

    @property
    def consumer_secret(self) -> str:
        """The secret that clients send with it."""
        return self.credentials[0].consumer_secret

    @property
    def products(self) -> tuple[str, ...]:
        """The names of the API products of the first credential."""
        return tuple(self.credentials[0].products)


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """A credential together with the app and the developer it belongs to."""

    credential: Credential
    app: App
    developer: Developer


class Organization:
    """One organization: its environments, and the tables of what it holds.

    Args:
        name: The short name, as in its host names.
        environments: The names of its environments; the first is where its `oauth` proxy is deployed if none is `test`.
        created_at_ms: When it was created.
        kind: ``trial`` or ``paid``.
        hosts: Custom domains, each with the environment it leads to.
        zone: The SAML zone of its users, if any.
        properties: What the management API shows beside the features that are always on.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each field of an organization
        self,
        name: str,
        *,
        environments: tuple[str, ...],
        created_at_ms: int,
        display_name: str = "",
        kind: str = "trial",
        hosts: Mapping[str, str] | None = None,
        zone: str | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.display_name = display_name or name
        self.kind = kind
        self.environments = environments
        self.created_at_ms = created_at_ms
        self.hosts = dict(hosts or {})
        self.zone = zone
        self.properties = {"features.isCpsEnabled": "true", **(properties or {})}
        self.developers: dict[str, Developer] = {}
        self.apps: dict[tuple[str, str], App] = {}
        self.products: dict[str, ApiProduct] = {}
        self.proxies: dict[str, ApiProxy] = {}
        self.tokens = TokenStore()
        self._owner_of_key: dict[str, tuple[str, str]] = {}

    @property
    def _place(self) -> str:
        return f" in organization {self.name!r}"

    def require_environment(self, name: str) -> str:
        """Return the name of an environment of this organization.

        Raises:
            ConfigurationError: There is no such environment.
        """
        if name not in self.environments:
            msg = (
                f"Unknown environment {name!r} of organization {self.name!r}. Declared: {listed(self.environments)}."
                f"{nearest(name, self.environments)}"
            )
            raise ConfigurationError(msg)
        return name

    def add_developer(self, developer: Developer) -> None:
        """Add a developer.

        Raises:
            ConfigurationError: The e-mail is taken.
        """
        if developer.email in self.developers:
            msg = f"The developer {developer.email!r} already exists in organization {self.name!r}."
            raise ConfigurationError(msg)
        self.developers[developer.email] = developer

    def set_developer_status(self, email: str, status: DeveloperStatus) -> None:
        """Activate or deactivate a developer.

        Raises:
            ConfigurationError: There is no such developer.
        """
        developer = found(self.developers, email, "developer", self._place)
        self.developers[email] = replace(developer, status=status)

    def add_product(self, product: ApiProduct) -> None:
        """Add an API product; one that was only named so far gives way. Apps that follow products get it.

        Raises:
            ConfigurationError: The name is taken.
        """
        known = self.products.get(product.name)
        if known is not None and not known.implied:
            msg = f"The API product {product.name!r} already exists in organization {self.name!r}."
            raise ConfigurationError(msg)
        self.products[product.name] = product
        for app in [app for app in self.apps.values() if app.follows_products]:
            self._subscribe(app, product.name)

    def name_product(self, name: str, *, proxy: str = "", scopes: tuple[str, ...] = ()) -> None:
        """Make sure that a product with this name exists, and that it allows the proxy that names it.

        A product that was only named allows its namesake and the proxies that name it, never everything; it has the
        scopes that they ask for. Of one that was declared in full, only a list of proxies grows.
        """
        product = self.products.get(name)
        if product is None:
            self.add_product(ApiProduct(name=name, proxies=(name,), display_name=name, implied=True))
            product = self.products[name]
        proxies = product.proxies
        if proxy and proxies and proxy not in proxies:
            proxies = (*proxies, proxy)
        added_scopes = tuple(scope for scope in scopes if product.implied and scope not in product.scopes)
        self.products[name] = replace(product, proxies=proxies, scopes=(*product.scopes, *added_scopes))

    def add_proxy(self, proxy: "ApiProxy") -> None:
        """Add an API proxy.

        Raises:
            ConfigurationError: The name is taken, or another proxy has the base path in one of the environments.
        """
        if proxy.name in self.proxies:
            msg = f"The API proxy {proxy.name!r} already exists in organization {self.name!r}."
            raise ConfigurationError(msg)
        self._check_base_path(proxy)
        self.proxies[proxy.name] = proxy

    def deploy(self, proxy: str, environment: str) -> None:
        """Deploy an API proxy in one environment more.

        Raises:
            ConfigurationError: There is no such proxy or environment, or another proxy has the base path there.
        """
        known = found(self.proxies, proxy, "API proxy", self._place)
        deployed = known.deployed_in(self.require_environment(environment))
        self._check_base_path(deployed)
        self.proxies[proxy] = deployed

    def add_app(self, app: App) -> None:
        """Add an app with its credentials, and name the products that they name.

        Raises:
            ConfigurationError: The developer is unknown, or the name or a consumer key is taken.
        """
        found(self.developers, app.developer, "developer", self._place)
        owner = (app.developer, app.name)
        if owner in self.apps:
            msg = f"The app {app.name!r} of developer {app.developer!r} already exists."
            raise ConfigurationError(msg)
        keys = [credential.consumer_key for credential in app.credentials]
        if len(set(keys)) < len(keys):
            msg = f"Two credentials of app {app.name!r} have the same consumer key."
            raise ConfigurationError(msg)
        for credential in app.credentials:
            holder = self._owner_of_key.get(credential.consumer_key)
            if holder is not None:
                msg = f"A consumer key of app {app.name!r} already belongs to app {holder[1]!r}."
                raise ConfigurationError(msg)
        for credential in app.credentials:
            self._owner_of_key[credential.consumer_key] = owner
            for product in credential.products:
                self.name_product(product)
        self.apps[owner] = app
        if app.follows_products:
            for product in self.products:
                self._subscribe(self.apps[owner], product)

    def set_app_status(self, app: App, status: Status) -> None:
        """Approve or revoke an app.

        Raises:
            ConfigurationError: There is no such app.
        """
        self._replace_app(app, lambda known: replace(known, status=status))

    def set_key_status(self, app: App, consumer_key: str, status: Status) -> None:
        """Approve or revoke a consumer key of an app.

        Raises:
            ConfigurationError: There is no such app, or no such key of it.
        """
        if self._owner_of_key.get(consumer_key) != (app.developer, app.name):
            msg = f"The app {app.name!r} has no such consumer key."
            raise ConfigurationError(msg)
        self._replace_credential(app, consumer_key, lambda known: replace(known, status=status))

    def client_with_key(self, consumer_key: str) -> Client | None:
        """Return what a consumer key belongs to, or None."""
        return self.client_of_key(consumer_key) if consumer_key in self._owner_of_key else None

    def client_of_key(self, consumer_key: str) -> Client:
        """Return what a consumer key of this organization belongs to."""
        app = self.apps[self._owner_of_key[consumer_key]]
        credential = next(known for known in app.credentials if known.consumer_key == consumer_key)
        return Client(credential=credential, app=app, developer=self.developers[app.developer])

    def scopes_of(self, credential: Credential) -> tuple[str, ...]:
        """Return every scope of the approved products of a credential, each once, in order."""
        scopes = (
            scope
            for name, status in credential.products.items()
            if status is Status.APPROVED
            for scope in self.products[name].scopes
        )
        return tuple(dict.fromkeys(scopes))

    def _check_base_path(self, proxy: "ApiProxy") -> None:
        path = proxy.base_path.rstrip("/")
        for known in self.proxies.values():
            is_there = known.name != proxy.name and set(known.environments) & set(proxy.environments)
            if is_there and known.base_path.rstrip("/") == path:
                msg = f"The API proxy {known.name!r} already has the base path {proxy.base_path!r} in {self.name!r}."
                raise ConfigurationError(msg)

    def _subscribe(self, app: App, product: str) -> None:
        def with_product(known: Credential) -> Credential:
            return replace(known, products={**known.products, product: Status.APPROVED})

        self._replace_credential(app, app.consumer_key, with_product)

    def _replace_credential(self, app: App, consumer_key: str, change: Callable[[Credential], Credential]) -> None:
        def with_credential(known: App) -> App:
            credentials = (change(item) if item.consumer_key == consumer_key else item for item in known.credentials)
            return replace(known, credentials=tuple(credentials))

        self._replace_app(app, with_credential)

    def _replace_app(self, app: App, change: Callable[[App], App]) -> None:
        owner = (app.developer, app.name)
        if owner not in self.apps:
            msg = f"Unknown app {app.name!r} of developer {app.developer!r} in organization {self.name!r}."
            raise ConfigurationError(msg)
        self.apps[owner] = change(self.apps[owner])
