"""Who may call the APIs of a world: developers, API products, developer apps with their consumer keys.

Every declaration is checked where it is made; a wrong one raises `ConfigurationError` with what is allowed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from pytest_apigee.edge import checks
from pytest_apigee.edge.accounts import Accounts
from pytest_apigee.edge.clock import MILLISECOND
from pytest_apigee.edge.locking import locked
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.records import ApiProduct, App, AppPath, Credential, Developer, DeveloperStatus, Stamp, Status
from pytest_apigee.errors import ConfigurationError, found, listed, nearest

_Status = TypeVar("_Status", Status, DeveloperStatus)
_DEFAULT_APP = "apigee-app"
APPROVALS = ("auto", "manual")
TIME_UNITS = ("minute", "hour", "day", "month")


class Consumers(Accounts):
    """A world to which those who call its APIs are declared."""

    @locked
    def developer(  # noqa: PLR0913 - one keyword for each field of a developer
        self,
        email: str | None = None,
        *,
        first_name: str = "Dev",
        last_name: str = "Eloper",
        user_name: str | None = None,
        attributes: Mapping[str, str] | None = None,
        org: str | None = None,
    ) -> Developer:
        """Declare a developer.

        Args:
            email: The e-mail; made up by default.
            first_name: The first name.
            last_name: The last name.
            user_name: The user name; by default what stands before the @ of the e-mail.
            attributes: Custom attributes, which policies read as `developer.{name}`.
            org: The organization.

        Raises:
            ConfigurationError: The e-mail is taken.
        """
        organization = self._organization(org)
        address = (
            checks.optional_text("email", email) or f"developer-{self._next('developer')}@{organization.name}.example"
        )
        developer = Developer(
            email=address,
            developer_id=self._state.identifiers.uuid(),
            first_name=checks.text("first_name", first_name),
            last_name=checks.text("last_name", last_name),
            user_name=checks.optional_text("user_name", user_name) or address.partition("@")[0],
            attributes=_attributes(attributes),
            stamp=Stamp.of(self.clock.now_ms),
        )
        organization.add_developer(developer)
        return developer

    @locked
    def product(  # noqa: PLR0913 - one keyword for each field of a product
        self,
        name: str,
        *,
        proxies: Iterable[str] = (),
        environments: Iterable[str] = (),
        resources: Iterable[str] = (),
        scopes: Iterable[str] = (),
        approval: str = "auto",
        quota: int | None = None,
        quota_interval: int = 1,
        quota_time_unit: str = "minute",
        attributes: Mapping[str, str] | None = None,
        org: str | None = None,
    ) -> ApiProduct:
        """Declare an API product in full. As on Edge, an empty list of proxies, environments or resources allows all.

        Args:
            name: Its name.
            proxies: Names of the API proxies that it allows.
            environments: Names of the environments that it allows.
            resources: Paths below the base path that it allows: ``**`` any depth, ``*`` one segment.
            scopes: The scopes that tokens of its apps have.
            approval: ``auto``, or ``manual``: it stays pending on the key of an app until `set_product_status`.
            quota: How many calls it allows per interval, for Quota policies that read it; none by default.
            quota_interval: How many time units an interval has.
            quota_time_unit: ``minute``, ``hour``, ``day`` or ``month``.
            attributes: Custom attributes, which policies read as `apiproduct.{name}`.
            org: Its organization.

        Raises:
            ConfigurationError: The name is taken.
        """
        organization = self._organization(org)
        interval = str(checks.count("quota_interval", quota_interval))
        unit = checks.choice("quota_time_unit", quota_time_unit, TIME_UNITS)
        product = ApiProduct(
            name=checks.text("name", name),
            proxies=checks.names("proxies", proxies),
            environments=tuple(map(organization.require_environment, checks.names("environments", environments))),
            resources=checks.names("resources", resources),
            scopes=checks.scopes(scopes),
            approval_type=checks.choice("approval", approval, APPROVALS),
            display_name=name,
            attributes=_attributes(attributes),
            quota="" if quota is None else str(checks.count("quota", quota)),
            quota_interval="" if quota is None else interval,
            quota_time_unit="" if quota is None else unit,
            stamp=Stamp.of(self.clock.now_ms),
        )
        organization.add_product(product)
        return product

    @locked
    def app(  # noqa: PLR0913 - one keyword for each field of an app
        self,
        name: str | None = None,
        *,
        products: Iterable[str] = (),
        developer: str | None = None,
        consumer_key: str | None = None,
        consumer_secret: str | None = None,
        callback_url: str | None = None,
        scopes: Iterable[str] = (),
        attributes: Mapping[str, str] | None = None,
        org: str | None = None,
    ) -> App:
        """Declare a developer app with one consumer key.

        Args:
            name: Its name; by default `app-1` and so on.
            products: The API products that its key may use; those that do not exist yet are named by it.
            developer: The e-mail of its developer; by default one who owns all such apps.
            consumer_key: Its key; generated by default.
            consumer_secret: Its secret; generated by default.
            callback_url: Where authorization endpoints redirect to.
            scopes: Of its products' scopes, those that its key may have; by default all.
            attributes: Custom attributes, which policies read as `app.{name}`.
            org: Its organization.

        Raises:
            ConfigurationError: The name or the key is taken, or the developer unknown.
        """
        organization = self._organization(org)
        credential = self.new_credential(
            products={product: organization.subscription(product) for product in checks.names("products", products)},
            consumer_key=consumer_key,
            consumer_secret=consumer_secret,
            scopes=scopes,
        )
        app = App(
            name=checks.optional_text("name", name) or f"app-{self._next('app')}",
            app_id=self._state.identifiers.uuid(),
            organization=organization.name,
            developer=checks.optional_text("developer", developer) or self.default_developer(organization),
            credentials=(credential,),
            callback_url=checks.optional_text("callback_url", callback_url) or "",
            attributes=_attributes(attributes),
            scopes=credential.scopes,
            stamp=Stamp.of(self.clock.now_ms),
        )
        organization.add_app(app)
        return app

    def find_app(self, name: str, *, org: str | None = None) -> App:
        """Return an app that was declared before, by a world file for example, as it is now.

        Raises:
            ConfigurationError: There is none with this name.
        """
        organization = self._organization(org)
        apps = {app.name: app for app in organization.apps.values()}
        return found(apps, checks.text("name", name), "app", f" in organization {organization.name!r}")

    def set_app_status(self, app: App, status: str) -> None:
        """Approve or revoke an app; its tokens are refused while it is not approved.

        Args:
            app: The app.
            status: ``approved``, ``pending`` or ``revoked``.

        Raises:
            ConfigurationError: There is no such app or status.
        """
        organization = self._organization(checks.record("app", app, App).organization)
        organization.set_app_status(app, _status(Status, status))

    def set_key_status(self, app: App, status: str, *, consumer_key: str | None = None) -> None:
        """Approve or revoke a consumer key of an app, by default its first; statuses are those of an app.

        Raises:
            ConfigurationError: There is no such app, key or status.
        """
        organization = self._organization(checks.record("app", app, App).organization)
        key = checks.optional_text("consumer_key", consumer_key) or app.consumer_key
        organization.set_key_status(app, key, _status(Status, status))

    def set_product_status(self, app: App, product: str, status: str, *, consumer_key: str | None = None) -> None:
        """Approve or revoke an API product on a consumer key of an app, by default its first.

        Args:
            app: The app.
            product: The name of the API product.
            status: ``approved``, ``pending`` or ``revoked``.
            consumer_key: The key.

        Raises:
            ConfigurationError: There is no such app, key or status, or the key does not have the product.
        """
        organization = self._organization(checks.record("app", app, App).organization)
        key = checks.optional_text("consumer_key", consumer_key) or app.consumer_key
        named = checks.text("product", product)
        organization.set_product_status(app, named, _status(Status, status), consumer_key=key)

    @locked
    def add_key(
        self,
        app: App,
        *,
        products: Iterable[str] | None = None,
        scopes: Iterable[str] = (),
        expires_in: timedelta | None = None,
    ) -> Credential:
        """Give an app one more consumer key.

        Args:
            app: The app.
            products: Its API products; by default those of the app's first key.
            scopes: Of its products' scopes, those that it may have; by default all.
            expires_in: How long it is good, negative for one that has expired; by default for ever.

        Raises:
            ConfigurationError: The app is not one of this Edge.
        """
        known = self.own_app(app)
        organization = self._organization(known.organization)
        if products is None:
            wanted = dict(known.credentials[0].products) if known.credentials else {}
        else:
            wanted = {name: organization.subscription(name) for name in checks.names("products", products)}
        credential = self.new_credential(products=wanted, scopes=scopes)
        if expires_in is not None:
            span = checks.record("expires_in", expires_in, timedelta)
            credential = replace(credential, expires_at_ms=self.clock.now_ms + span // MILLISECOND)
        organization.add_credential(known, credential)
        return credential

    def own_app(self, app: App) -> App:
        """Return an app of this Edge as it is now.

        Raises:
            ConfigurationError: The app was declared in another one.
        """
        organization = self._state.organizations.get(checks.record("app", app, App).organization)
        known = None if organization is None else organization.apps.get(app.path)
        if known is None or known.app_id != app.app_id:
            msg = f"The app {app.name!r} is not one of this fake Edge; it was declared in another one."
            raise ConfigurationError(msg)
        return known

    def set_developer_status(self, email: str, status: str, *, org: str | None = None) -> None:
        """Make a developer ``active`` or ``inactive``; the tokens of an inactive one's apps are refused.

        Raises:
            ConfigurationError: There is no such developer or status.
        """
        self._organization(org).set_developer_status(checks.text("email", email), _status(DeveloperStatus, status))

    @property
    def default_app(self) -> App:
        """An app that is subscribed to every API product of the default organization, declared before or after."""
        with self._lock:
            organization = self._organization(None)
            path = AppPath(developer=self.default_developer(organization), company="", name=_DEFAULT_APP)
            if path not in organization.apps:
                app = App(
                    name=_DEFAULT_APP,
                    app_id=self._state.identifiers.uuid(),
                    organization=organization.name,
                    developer=path.developer,
                    credentials=(self.new_credential(),),
                    follows_products=True,
                    stamp=Stamp.of(self.clock.now_ms),
                )
                organization.add_app(app)
            return organization.apps[path]

    def new_credential(
        self,
        *,
        products: Mapping[str, Status] | None = None,
        consumer_key: str | None = None,
        consumer_secret: str | None = None,
        scopes: Iterable[str] = (),
    ) -> Credential:
        """Return a credential that belongs to no app yet, its key and secret generated where not given."""
        return Credential(
            consumer_key=checks.optional_text("consumer_key", consumer_key) or self._state.identifiers.consumer_key(),
            consumer_secret=checks.optional_text("consumer_secret", consumer_secret)
            or self._state.identifiers.consumer_secret(),
            products=products or {},
            issued_at_ms=self.clock.now_ms,
            scopes=checks.scopes(scopes),
        )

    @locked
    def default_developer(self, organization: Organization) -> str:
        """Return the e-mail of the developer who owns the apps that name none; declared when first needed."""
        email = f"developer@{organization.name}.example"
        if email not in organization.developers:
            self.developer(email, org=organization.name)
        return email


def _attributes(given: object) -> tuple[tuple[str, str], ...]:
    return tuple(checks.text_map("attributes", {} if given is None else given).items())


def _status(kind: type[_Status], status: str) -> _Status:
    try:
        return kind(status)
    except ValueError:
        msg = f"Unknown status {status!r}. Allowed: {listed(kind)}.{nearest(str(status), kind)}"
        raise ConfigurationError(msg) from None
