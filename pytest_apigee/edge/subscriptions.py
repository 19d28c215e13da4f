"""Who may call the APIs of one organization: its developers, companies, API products, apps and their consumer keys.

Records are frozen; every change is a method of `Subscriptions`, under the world's lock.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from threading import RLock

from pytest_apigee.edge.locking import locked
from pytest_apigee.edge.records import (
    ApiProduct,
    App,
    AppPath,
    Client,
    Company,
    Credential,
    Developer,
    DeveloperStatus,
    Status,
)
from pytest_apigee.errors import ConfigurationError, found

_GONE_REMEMBERED = 1_000


class Subscriptions:
    """The tables of developers, companies, API products and apps of one organization.

    Args:
        name: The organization's.
        lock: The world's.
    """

    def __init__(self, name: str, *, lock: RLock) -> None:
        self._lock = lock
        self.name = name
        self.developers: dict[str, Developer] = {}
        self.companies: dict[str, Company] = {}
        self.products: dict[str, ApiProduct] = {}
        self.apps: dict[AppPath, App] = {}
        self._app_of_key: dict[str, AppPath] = {}
        self._app_of_id: dict[str, AppPath] = {}
        self._apps_of_owner: dict[tuple[str, str], dict[str, AppPath]] = {}
        self._gone: deque[str] = deque(maxlen=_GONE_REMEMBERED)

    @property
    def _place(self) -> str:
        return f" in organization {self.name!r}"

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
    def put_developer(self, developer: Developer, *, was: str | None = None) -> None:
        """Keep a developer as they are now; `was` is the e-mail that they had, where it changes."""
        before = developer.email if was is None else was
        self.developers[developer.email] = developer
        if before != developer.email:
            for app in self.apps_of(developer=before):
                self.put_app(replace(app, developer=developer.email))  # first, so that its keys are never gone
                del self.apps[app.path]
            self._apps_of_owner.pop((before, ""), None)
            for company in self.companies.values():
                members = {
                    developer.email if email == before else email: role for email, role in company.members.items()
                }
                self.companies[company.name] = replace(company, members=members)
            del self.developers[before]

    @locked
    def remove_developer(self, developer: Developer) -> None:
        """Remove a developer with their apps, and from their companies."""
        for app in self.apps_of(developer=developer.email):
            self.remove_app(app)
        for company in self.companies.values():
            members = {name: role for name, role in company.members.items() if name != developer.email}
            self.companies[company.name] = replace(company, members=members)
        del self.developers[developer.email]

    @locked
    def add_company(self, company: Company) -> None:
        """Add a company of developers who are declared.

        Raises:
            ConfigurationError: The name is taken, in whatever case of its letters, or a developer is unknown.
        """
        if self.has_company(company.name):
            msg = f"The company {company.name!r} already exists in organization {self.name!r}, in whatever letter case."
            raise ConfigurationError(msg)
        for email in company.members:
            found(self.developers, email, "developer", self._place)
        self.companies[company.name] = company

    def has_company(self, name: str) -> bool:
        """Return whether the name of a company is taken, in whatever case of its letters. Source: companies.yaml."""
        return name.lower() in map(str.lower, self.companies)

    @locked
    def set_company_status(self, name: str, status: DeveloperStatus) -> None:
        """Activate or deactivate a company.

        Raises:
            ConfigurationError: There is no such company.
        """
        company = found(self.companies, name, "company", self._place)
        self.companies[name] = replace(company, status=status)

    @locked
    def put_company(self, company: Company) -> None:
        """Keep a company as it is now."""
        self.companies[company.name] = company

    @locked
    def remove_company(self, company: Company) -> None:
        """Remove a company with its apps."""
        for app in self.apps_of(company=company.name):
            self.remove_app(app)
        del self.companies[company.name]

    def companies_of(self, developer: str) -> list[str]:
        """Return the names of the companies of a developer."""
        return [company.name for company in self.companies.values() if developer in company.members]

    @locked
    def put_product(self, product: ApiProduct) -> None:
        """Keep an API product as it is now."""
        self.products[product.name] = product

    @locked
    def remove_product(self, product: ApiProduct) -> None:
        """Remove an API product; keys that have it may not use it, and have it again when it is made anew (GUESS)."""
        del self.products[product.name]

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
    def add_app(self, app: App) -> None:
        """Add an app with its credentials, and name the products that they name.

        Raises:
            ConfigurationError: The developer or company is unknown, or the name or a consumer key is taken.
        """
        if app.company:
            found(self.companies, app.company, "company", self._place)
        else:
            found(self.developers, app.developer, "developer", self._place)
        if app.path in self.apps:
            msg = f"The app {app.name!r} of {app.owner} already exists."
            raise ConfigurationError(msg)
        keys = [credential.consumer_key for credential in app.credentials]
        if len(set(keys)) < len(keys):
            msg = f"Two credentials of app {app.name!r} have the same consumer key."
            raise ConfigurationError(msg)
        for key in keys:
            holder = self._app_of_key.get(key)
            if holder is not None:
                msg = f"A consumer key of app {app.name!r} already belongs to app {holder.name!r}."
                raise ConfigurationError(msg)
        for credential in app.credentials:
            for product in credential.products:
                self.name_product(product)
        self.put_app(app)
        if app.follows_products:
            for product in self.products:
                self._subscribe(self.apps[app.path], product)

    @locked
    def put_app(self, app: App) -> None:
        """Keep an app as it is now, one that was there before or not."""
        keys = {credential.consumer_key for credential in app.credentials}
        known = self.apps.get(app.path)
        self.apps[app.path] = app
        self._app_of_id[app.app_id] = app.path
        self._apps_of_owner.setdefault(app.path[:2], {})[app.name] = app.path
        self._app_of_key.update(dict.fromkeys(keys, app.path))
        for credential in () if known is None else known.credentials:
            if credential.consumer_key not in keys:  # a key that stays is never gone, not for a moment
                self._forget_key(credential.consumer_key)

    @locked
    def remove_app(self, app: App) -> None:
        """Remove an app with its consumer keys."""
        del self.apps[app.path]
        del self._app_of_id[app.app_id]
        self._gone.append(app.app_id)
        del self._apps_of_owner[app.path[:2]][app.name]
        for credential in app.credentials:
            self._forget_key(credential.consumer_key)

    def had_key(self, consumer_key: str) -> bool:
        """Return whether a consumer key was deleted lately; only the tester is told."""
        return consumer_key in self._gone

    def had_app(self, app_id: str) -> bool:
        """Return whether an app was deleted lately; only the tester is told."""
        return app_id in self._gone

    def _forget_key(self, consumer_key: str) -> None:
        del self._app_of_key[consumer_key]
        self._gone.append(consumer_key)

    def apps_of(self, *, developer: str = "", company: str = "") -> list[App]:
        """Return the apps of a developer, or of a company, oldest first."""
        return [self.apps[path] for path in self._apps_of_owner.get((developer, company), {}).values()]

    def app_with_id(self, app_id: str) -> App | None:
        """Return the app with this id, or None."""
        path = self._app_of_id.get(app_id)
        return None if path is None else self.apps[path]

    @locked
    def add_credential(self, app: App, credential: Credential) -> None:
        """Give an app one more credential.

        Raises:
            ConfigurationError: There is no such app.
        """
        self._replace_app(app, lambda known: replace(known, credentials=(*known.credentials, credential)))
        for product in credential.products:
            self.name_product(product)

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
        """Return what a consumer key belongs to, or None; asked without the lock, so it may be gone at any moment."""
        path = self._app_of_key.get(consumer_key)
        app = None if path is None else self.apps.get(path)
        if app is None:
            return None
        credentials = (known for known in app.credentials if known.consumer_key == consumer_key)
        credential = next(credentials, None)
        return None if credential is None else self._client(app, credential)

    def client_of_key(self, consumer_key: str) -> Client:
        """Return what a consumer key belongs to, which is known to be one of this organization."""
        app = self.apps[self._app_of_key[consumer_key]]
        return self._client(app, next(known for known in app.credentials if known.consumer_key == consumer_key))

    def _client(self, app: App, credential: Credential) -> Client:
        return Client(
            credential=credential,
            app=app,
            developer=self.developers.get(app.developer),
            company=self.companies.get(app.company),
        )

    def subscription(self, product: str) -> Status:
        """Return the status that a product has on a key that asks for it: pending where it is approved by hand."""
        known = self.products.get(product)
        return Status.PENDING if known is not None and known.approval_type == "manual" else Status.APPROVED

    def scopes_of(self, credential: Credential) -> tuple[str, ...]:
        """Return every scope of the approved products of a credential, each once, in order.

        Where the credential lists scopes of its own, only those of them.
        """
        defined = self.scopes_of_products(credential)
        return tuple(scope for scope in defined if scope in credential.scopes) if credential.scopes else defined

    def scopes_of_products(self, credential: Credential) -> tuple[str, ...]:
        """Return every scope of the approved products of a credential, each once, in order."""
        scopes = (
            scope
            for name, status in credential.products.items()
            if status is Status.APPROVED and name in self.products
            for scope in self.products[name].scopes
        )
        return tuple(dict.fromkeys(scopes))

    def _require_key(self, app: App, consumer_key: str) -> None:
        known = self.app_with_id(app.app_id)
        if known is None or self._app_of_key.get(consumer_key) != known.path:
            msg = f"The app {app.name!r} has no such consumer key."
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
        known = self.app_with_id(app.app_id)
        if known is None:
            msg = f"Unknown app {app.name!r} of {app.owner} in organization {self.name!r}."
            raise ConfigurationError(msg)
        self.put_app(change(known))
