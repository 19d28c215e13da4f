"""An organization: its environments, and the tables of what it holds.

Records are frozen; every change is a method of `Organization`, under the world's lock.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from threading import RLock
from typing import TYPE_CHECKING

from pytest_apigee.edge.entity_cache import EntityCache
from pytest_apigee.edge.locking import locked
from pytest_apigee.edge.records import ApiProduct, App, Client, Credential, Developer, DeveloperStatus, Status
from pytest_apigee.edge.tokens import TokenStore
from pytest_apigee.edge.traffic import TrafficCounters
from pytest_apigee.edge.zones import DEFAULT_ZONE, Zone
from pytest_apigee.errors import ConfigurationError, found, listed, nearest

if TYPE_CHECKING:
    from pytest_apigee.edge.gateway.proxy import ApiProxy


class Organization:
    """One organization: its environments, and the tables of what it holds.

    Args:
        name: The short name, as in its host names.
        lock: The world's.
        environments: The names of its environments; the first is where its `oauth` proxy is deployed if none is `test`.
        created_at_ms: When it was created.
        kind: ``trial`` or ``paid``.
        hosts: Custom domains, each with the environment it leads to.
        properties: What the management API shows beside the features that are always on.
        revocation_lag: How long the gateway remembers what it looked up.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each field of an organization
        self,
        name: str,
        *,
        lock: RLock,
        environments: tuple[str, ...],
        created_at_ms: int,
        display_name: str = "",
        kind: str = "trial",
        hosts: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        revocation_lag: timedelta = timedelta(),
    ) -> None:
        self._lock = lock
        self.name = name
        self.display_name = display_name or name
        self.kind = kind
        self.environments = environments
        self.created_at_ms = created_at_ms
        self.hosts = dict(hosts or {})
        self.zone = DEFAULT_ZONE
        self.properties = {"features.isCpsEnabled": "true", **(properties or {})}
        self.developers: dict[str, Developer] = {}
        self.apps: dict[tuple[str, str], App] = {}
        self.products: dict[str, ApiProduct] = {}
        self.proxies: dict[str, ApiProxy] = {}
        self.tokens = TokenStore()
        self.traffic = TrafficCounters()
        self.remembered = EntityCache(revocation_lag)
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

    @locked
    def set_zone(self, zone: Zone) -> None:
        """Move its users to another identity zone."""
        self.zone = zone

    @locked
    def add_hosts(self, hosts: Mapping[str, str]) -> None:
        """Let custom domains lead to environments."""
        self.hosts.update(hosts)

    @locked
    def add_developer(self, developer: Developer) -> None:
        """Add a developer.

        Raises:
            ConfigurationError: The e-mail is taken.
        """
        if developer.email in self.developers:
            msg = f"The developer {developer.email!r} already exists in organization {self.name!r}."
            raise ConfigurationError(msg)
        self.developers[developer.email] = developer

    @locked
    def set_developer_status(self, email: str, status: DeveloperStatus) -> None:
        """Activate or deactivate a developer.

        Raises:
            ConfigurationError: There is no such developer.
        """
        developer = found(self.developers, email, "developer", self._place)
        self.developers[email] = replace(developer, status=status)

    @locked
    def add_product(self, product: ApiProduct) -> None:
        """Add an API product; one that was only named so far gives way, but for the proxies that named it.

        Apps that follow products get it.

        Raises:
            ConfigurationError: The name is taken.
        """
        known = self.products.get(product.name)
        if known is not None and not known.implied:
            msg = f"The API product {product.name!r} already exists in organization {self.name!r}."
            raise ConfigurationError(msg)
        if known is not None and product.proxies:
            product = replace(product, proxies=tuple(dict.fromkeys((*product.proxies, *known.naming))))
        self.products[product.name] = product
        for app in [app for app in self.apps.values() if app.follows_products]:
            self._subscribe(app, product.name)

    @locked
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
        naming = (*product.naming, proxy) if proxy else product.naming
        self.products[name] = replace(product, proxies=proxies, scopes=(*product.scopes, *added_scopes), naming=naming)

    @locked
    def add_proxy(self, proxy: "ApiProxy") -> None:
        """Add an API proxy.

        Raises:
            ConfigurationError: The name is taken, or another proxy has the base path in one of the environments, on one
                of the virtual hosts.
        """
        if proxy.name in self.proxies:
            msg = (
                f"The API proxy {proxy.name!r} already exists in organization {self.name!r}: "
                f"at {self.proxies[proxy.name].base_path}. Give this one another name, as name='{proxy.name}-2'."
            )
            raise ConfigurationError(msg)
        self._check_base_path(proxy)
        self.proxies[proxy.name] = proxy

    @locked
    def deploy(self, proxy: str, environment: str) -> None:
        """Deploy an API proxy in one environment more.

        Raises:
            ConfigurationError: There is no such proxy or environment, or another proxy has the base path there.
        """
        known = found(self.proxies, proxy, "API proxy", self._place)
        deployed = known.deployed_in(self.require_environment(environment))
        self._check_base_path(deployed)
        self.proxies[proxy] = deployed

    @locked
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

    @locked
    def add_credential(self, app: App, credential: Credential) -> None:
        """Give an app one more credential.

        Raises:
            ConfigurationError: There is no such app.
        """
        self._replace_app(app, lambda known: replace(known, credentials=(*known.credentials, credential)))
        for product in credential.products:
            self.name_product(product)
        self._owner_of_key[credential.consumer_key] = (app.developer, app.name)

    @locked
    def set_app_status(self, app: App, status: Status) -> None:
        """Approve or revoke an app.

        Raises:
            ConfigurationError: There is no such app.
        """
        self._replace_app(app, lambda known: replace(known, status=status))

    @locked
    def set_key_status(self, app: App, consumer_key: str, status: Status) -> None:
        """Approve or revoke a consumer key of an app.

        Raises:
            ConfigurationError: There is no such app, or no such key of it.
        """
        self._require_key(app, consumer_key)
        self._replace_credential(app, consumer_key, lambda known: replace(known, status=status))

    @locked
    def set_product_status(self, app: App, product: str, status: Status, *, consumer_key: str) -> None:
        """Approve or revoke an API product on a consumer key of an app.

        Raises:
            ConfigurationError: There is no such app, no such key of it, or no such product on the key.
        """
        self._require_key(app, consumer_key)
        credential = self.client_of_key(consumer_key).credential
        found(credential.products, product, "API product", f" on this consumer key of app {app.name!r}")
        products = {**credential.products, product: status}
        self._replace_credential(app, consumer_key, lambda known: replace(known, products=products))

    def client_with_key(self, consumer_key: str) -> Client | None:
        """Return what a consumer key belongs to, or None."""
        return self.client_of_key(consumer_key) if consumer_key in self._owner_of_key else None

    def client_of_key(self, consumer_key: str) -> Client:
        """Return what a consumer key of this organization belongs to."""
        app = self.apps[self._owner_of_key[consumer_key]]
        credential = next(known for known in app.credentials if known.consumer_key == consumer_key)
        return Client(credential=credential, app=app, developer=self.developers[app.developer])

    def subscription(self, product: str) -> Status:
        """Return the status that a product has on a key that asks for it: pending where it is approved by hand."""
        known = self.products.get(product)
        return Status.PENDING if known is not None and known.approval_type == "manual" else Status.APPROVED

    def scopes_of(self, credential: Credential) -> tuple[str, ...]:
        """Return every scope of the approved products of a credential, each once, in order.

        Where the credential lists scopes of its own, only those of them.
        """
        scopes = (
            scope
            for name, status in credential.products.items()
            if status is Status.APPROVED
            for scope in self.products[name].scopes
            if not credential.scopes or scope in credential.scopes
        )
        return tuple(dict.fromkeys(scopes))

    def _require_key(self, app: App, consumer_key: str) -> None:
        if self._owner_of_key.get(consumer_key) != (app.developer, app.name):
            msg = f"The app {app.name!r} has no such consumer key."
            raise ConfigurationError(msg)

    def _check_base_path(self, proxy: "ApiProxy") -> None:
        path = proxy.base_path.rstrip("/")
        for known in self.proxies.values():
            is_other = known.name != proxy.name and set(known.virtual_hosts) & set(proxy.virtual_hosts)
            is_there = is_other and set(known.environments) & set(proxy.environments)
            if is_there and known.base_path.rstrip("/") == path:
                msg = f"The API proxy {known.name!r} already has the base path {proxy.base_path!r} in {self.name!r}."
                raise ConfigurationError(msg)

    def _subscribe(self, app: App, product: str) -> None:
        def with_product(known: Credential) -> Credential:
            status = known.products.get(product, Status.APPROVED)
            return replace(known, products={**known.products, product: status})

        for credential in app.credentials:
            self._replace_credential(app, credential.consumer_key, with_product)

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
