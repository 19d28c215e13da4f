"""Declarations: what a test says about its world, and what it is told when that cannot be."""

import re
from collections.abc import Callable

import pytest

from pytest_apigee import App, ConfigurationError, ConnectionFailure, FakeEdge, Proxy, Token, TokenFactory
from pytest_apigee.edge.identifiers import Identifiers, is_marked
from pytest_apigee.edge.records import NEVER_MS, ApiProduct, Developer, DeveloperStatus, Stamp, Status
from tests.edge.gateway_support import MOMENT_MS, NO_MATCH, Answer, answer, bearer, frozen_edge, get

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def call(edge: FakeEdge, api: Proxy, app: App) -> Answer:
    return answer(edge, get(api.url, bearer(TokenFactory(edge)(app))))


# Where clients find things


def test_needs_nothing_declared() -> None:
    """A fake Edge starts with organization `acme` and environment `test`, and knows its URLs."""
    edge = FakeEdge()

    assert (edge.org, edge.env, edge.era, edge.seed) == ("acme", "test", "current", 0)
    assert edge.login_url == "https://login.apigee.com"
    assert edge.management_url == "https://api.enterprise.apigee.com"
    assert edge.gateway_url == "https://acme-test.apigee.net"
    assert edge.token_url == (
        "https://acme-test.apigee.net/oauth/client_credential/accesstoken?grant_type=client_credentials"
    )
    assert repr(edge) == "<FakeEdge acme/test>"


def test_gives_the_urls_of_other_organizations_and_environments() -> None:
    """URLs can be had for any declared organization and environment."""
    edge = FakeEdge()
    edge.organization("globex", environments=["dev", "prod"])

    assert edge.url_for(env="prod") == "https://acme-prod.apigee.net"
    assert edge.url_for("globex") == "https://globex-dev.apigee.net"
    assert edge.url_for("globex", "prod") == "https://globex-prod.apigee.net"
    assert edge.token_url_for("globex", "prod") == (
        "https://globex-prod.apigee.net/oauth/client_credential/accesstoken?grant_type=client_credentials"
    )


def test_takes_other_defaults() -> None:
    """Organization and environment can be chosen; a new environment stands beside the usual ones."""
    edge = FakeEdge(org="globex", env="staging")

    assert (edge.org, edge.env, edge.gateway_url) == ("globex", "staging", "https://globex-staging.apigee.net")
    assert [edge.url_for(env=env) for env in ("test", "prod")] == [
        "https://globex-test.apigee.net",
        "https://globex-prod.apigee.net",
    ]


def test_deploys_the_oauth_proxy_in_the_first_environment_where_there_is_no_test() -> None:
    """The preinstalled proxy is in `test`, or else in the first environment."""
    edge = FakeEdge()
    edge.organization("globex", environments=["dev", "prod"])
    edge.organization("initech", environments=["prod", "test"])
    urls = [edge.token_url_for(*pair) for pair in (("globex", "dev"), ("initech", "test"), ("globex", "prod"))]

    assert [answer(edge, get(url))[0] for url in urls] == [200, 200, 404]


# Organizations


def test_declares_an_organization() -> None:
    """An organization has what was said of it, and Edge's own property first."""
    edge = frozen_edge()

    organization = edge.organization(
        "globex",
        environments=["test", "prod", "test"],
        display_name="Globex Corp.",
        kind="paid",
        hosts={"API.globex.example:443": "prod"},
        zone="globex",
        properties={"features.hybrid.enabled": "false"},
    )

    assert (organization.name, organization.environments) == ("globex", ("test", "prod"))
    assert (organization.display_name, organization.kind) == ("Globex Corp.", "paid")
    assert organization.zone.url == "https://globex.login.apigee.com"
    assert organization.hosts == {"api.globex.example": "prod"}
    assert list(organization.properties.items()) == [
        ("features.isCpsEnabled", "true"),
        ("features.hybrid.enabled", "false"),
    ]
    assert organization.created_at_ms == 1_388_534_400_000  # 2014-01-01, in every run


def test_names_an_organization_by_its_short_name() -> None:
    """Without a display name, the short one is shown."""
    assert FakeEdge().organization("globex").display_name == "globex"


# Developers, products, apps, users


def test_declares_a_developer() -> None:
    """A developer has an id of its own and what was said of it, and is as old as the declaration."""
    edge = frozen_edge()

    developer = edge.developer("ada@example.com", first_name="Ada", last_name="L", user_name="countess")

    assert developer == Developer(
        email="ada@example.com",
        developer_id=developer.developer_id,
        first_name="Ada",
        last_name="L",
        user_name="countess",
        status=DeveloperStatus.ACTIVE,
        stamp=Stamp.of(MOMENT_MS),
    )


def test_names_what_the_test_does_not_name() -> None:
    """Developers, apps and users without a name are numbered; a user name comes from the e-mail."""
    edge = FakeEdge()
    developers, apps, users = ([declare() for _ in range(2)] for declare in (edge.developer, edge.app, edge.user))

    assert [developer.email for developer in developers] == ["developer-1@acme.example", "developer-2@acme.example"]
    assert [developer.user_name for developer in developers] == ["developer-1", "developer-2"]
    assert [app.name for app in apps] == ["app-1", "app-2"]
    assert [user.email for user in users] == ["user-1@acme.example", "user-2@acme.example"]


def test_declares_a_product() -> None:
    """A product has what was said of it; its scopes may be one text."""
    edge = frozen_edge()

    product = edge.product(
        "weather", proxies=["w"], environments=["test"], resources=["/a", "/b/**"], scopes="READ WRITE"
    )

    assert product == ApiProduct(
        name="weather",
        proxies=("w",),
        environments=("test",),
        resources=("/a", "/b/**"),
        scopes=("READ", "WRITE"),
        display_name="weather",
        stamp=Stamp.of(MOMENT_MS),
    )


def test_declares_an_app() -> None:
    """An app has one approved key, which never expires, and what was said of it."""
    edge = frozen_edge()
    edge.developer("ada@example.com")

    app = edge.app(
        "forecast", products=["a", "b"], developer="ada@example.com", consumer_key="key", consumer_secret="secret"
    )

    credential = app.credentials[0]
    assert (app.name, app.organization, app.developer, app.status) == (
        "forecast",
        "acme",
        "ada@example.com",
        Status.APPROVED,
    )
    assert (app.consumer_key, app.consumer_secret, app.products) == ("key", "secret", ("a", "b"))
    assert (len(app.credentials), credential.issued_at_ms, credential.expires_at_ms) == (1, MOMENT_MS, NEVER_MS)
    assert credential.status is Status.APPROVED


def test_hides_keys_and_secrets_in_reprs() -> None:
    """The repr of an app holds neither its key nor its secret."""
    edge = FakeEdge()
    app, user = edge.app(), edge.user(mfa_secret="JBSWY3DPEHPK3PXP")

    shown = f"{app!r} {user!r}"

    assert app.name in shown
    assert user.email in shown
    assert not any(
        secret in shown
        for secret in (app.consumer_key, app.consumer_secret, user.password, user.salt, "JBSWY3DPEHPK3PXP")
    )


def test_gives_apps_without_developer_to_one() -> None:
    """Apps that name no developer belong to one of the organization, declared when first needed."""
    edge = FakeEdge()
    edge.organization("globex")

    assert {edge.app().developer, edge.app().developer, edge.default_app.developer} == {"developer@acme.example"}
    assert edge.app(org="globex").developer == "developer@globex.example"


def test_declares_a_user() -> None:
    """A user has a generated password and the role `orgadmin` in the default organization unless said otherwise."""
    edge = FakeEdge()
    edge.organization("globex")

    plain, other = edge.user(), edge.user("Ops@globex.example", password="pw", roles={"globex": ["user", "opsadmin"]})

    assert (len(plain.password), plain.roles, plain.is_machine) == (16, {"acme": ("orgadmin",)}, False)
    assert (other.email, other.password, other.roles) == (
        "Ops@globex.example",
        "pw",
        {"globex": ("user", "opsadmin")},
    )
    assert [plain.belongs_to("acme"), plain.belongs_to("globex"), other.belongs_to("acme")] == [True, False, False]


def test_gives_a_user_without_roles_none() -> None:
    """An empty mapping of roles is not the default."""
    assert FakeEdge().user(roles={}).roles == {}


# Products that are only named


def test_creates_the_products_that_apps_and_proxies_name() -> None:
    """App and proxy that name the same product fit, in whichever order they are declared."""
    edge = frozen_edge()
    early = edge.app(products=["weather"])
    api = edge.proxy("/weather", products=["weather"])
    late = edge.app(products=["weather"])

    assert [call(edge, api, app)[0] for app in (early, late)] == [200, 200]


def test_names_a_product_after_the_proxy_that_names_none() -> None:
    """A proxy that names no product is in one of its own name."""
    edge = frozen_edge()
    api = edge.proxy("/v1/weather")

    assert api.name == "v1-weather"
    assert call(edge, api, edge.app(products=["v1-weather"]))[0] == 200


def test_lets_a_named_product_allow_no_more_than_what_names_it() -> None:
    """A product that was only named never allows everything."""
    edge = frozen_edge()
    weather = edge.proxy("/weather", products=["gold"])
    maps = edge.proxy("/maps", products=["gold", "silver"])
    other = edge.proxy("/other")
    gold, silver = edge.app(products=["gold"]), edge.app(products=["silver"])

    assert [call(edge, api, gold)[0] for api in (weather, maps, other)] == [200, 200, 401]
    assert [call(edge, api, silver)[0] for api in (weather, maps, other)] == [401, 200, 401]


def test_gives_a_named_product_the_scopes_that_its_proxies_ask_for() -> None:
    """A product that was only named has the scopes of its proxies, so that its tokens pass."""
    edge = frozen_edge()
    api = edge.proxy("/weather", products=["weather"], scope="READ")
    edge.proxy("/maps", products=["weather"], scope="MAP READ")
    app = edge.app(products=["weather"])

    assert TokenFactory(edge)(app).scopes == ("READ", "MAP")
    assert call(edge, api, app)[0] == 200


def test_gives_a_scope_of_two_products_once() -> None:
    """A token has each scope once, in the order of its app's products."""
    edge = frozen_edge()
    edge.product("gold", scopes=["READ", "WRITE"])
    edge.product("silver", scopes=["MAP", "READ"])
    api = edge.proxy("/weather", products=["gold"], scope="READ")
    app = edge.app(products=["silver", "gold"])

    assert TokenFactory(edge)(app).scopes == ("MAP", "READ", "WRITE")
    assert call(edge, api, app)[0] == 200


def test_keeps_the_scopes_of_a_declared_product() -> None:
    """A product that was declared in full gets no scope from a proxy: the token lacks it, as on Edge."""
    edge = frozen_edge()
    edge.product("weather", scopes=["WRITE"])
    api = edge.proxy("/weather", products=["weather"], scope="READ")
    app = edge.app(products=["weather"])

    assert TokenFactory(edge)(app).scopes == ("WRITE",)
    assert call(edge, api, app)[0] == 403


@pytest.mark.parametrize(
    ("proxies", "status"),
    [([], 200), (["maps"], 200), (["weather"], 200)],
    ids=["all", "grows", "there already"],
)
def test_adds_a_proxy_to_the_declared_product_that_it_names(proxies: list[str], status: int) -> None:
    """A proxy that names a declared product is allowed by it, whose list of proxies grows if it has one."""
    edge = frozen_edge()
    edge.product("gold", proxies=proxies)
    api = edge.proxy("/weather", products=["gold"])

    assert call(edge, api, edge.app(products=["gold"]))[0] == status


def test_lets_a_declaration_replace_a_named_product() -> None:
    """A product declared after it was named is what the declaration says, for apps that named it too."""
    edge = frozen_edge()
    app = edge.app(products=["weather"])
    api = edge.proxy("/weather", products=[])
    edge.product("weather", proxies=["maps"])

    assert call(edge, api, app) == NO_MATCH


def test_keeps_the_proxies_that_named_a_product_before_its_declaration() -> None:
    """A product declared after proxies had named it has those beside the proxies that it lists."""
    edge = frozen_edge()
    gold, silver = edge.proxy("/weather"), edge.proxy("/maps", products=["weather"])
    other, listed = edge.proxy("/other", products=[]), edge.proxy("/roads", products=[])
    edge.product("weather", proxies=["roads"])
    app = edge.app(products=["weather"])

    assert [call(edge, api, app)[0] for api in (gold, silver, listed)] == [200, 200, 200]
    assert call(edge, other, app) == NO_MATCH


def test_names_no_product_for_an_open_proxy() -> None:
    """A proxy without security is in no product."""
    edge = frozen_edge()
    edge.proxy("/open", security="none")
    secured = edge.proxy("/secured", products=["open"])

    assert call(edge, secured, edge.app(products=["open"]))[0] == 200
    assert edge.default_app.products == ("open",)


def test_subscribes_the_default_app_to_products_declared_before_and_after() -> None:
    """The default app may call every protected API of the default organization, whenever it was declared."""
    edge = frozen_edge()
    before = edge.proxy("/before")
    app = edge.default_app
    token = TokenFactory(edge)(app)
    edge.product("gold", proxies=["after"])
    after = edge.proxy("/after", products=["gold"])

    assert [answer(edge, get(api.url, bearer(token)))[0] for api in (before, after)] == [200, 200]
    assert edge.default_app.products == ("before", "gold")
    assert (app.consumer_key, app.name) == (edge.default_app.consumer_key, "apigee-app")


def test_subscribes_no_other_app() -> None:
    """An app that was declared has the products it named and no more."""
    edge = frozen_edge()
    app = edge.app()
    api = edge.proxy("/weather")

    assert call(edge, api, app) == NO_MATCH


# Proxies


@pytest.mark.parametrize(
    ("base_path", "name", "url"),
    [
        ("/weather", "weather", "https://acme-test.apigee.net/weather"),
        ("/v1/weather/", "v1-weather", "https://acme-test.apigee.net/v1/weather"),
        ("/", "root", "https://acme-test.apigee.net"),
    ],
)
def test_declares_a_proxy(base_path: str, name: str, url: str) -> None:
    """A proxy is named after its base path, and knows its URL, which is also its text."""
    proxy = FakeEdge().proxy(base_path)

    assert proxy == Proxy(name=name, base_path=base_path, organization="acme", environment="test", url=url)
    assert f"{proxy}" == url


def test_declares_a_proxy_elsewhere() -> None:
    """A proxy may be in any organization and environment, under any name."""
    edge = FakeEdge()
    edge.organization("globex", environments=["dev"])

    proxy = edge.proxy("/weather", name="w", org="globex")

    assert (proxy.name, proxy.organization, proxy.environment, proxy.url) == (
        "w",
        "globex",
        "dev",
        "https://globex-dev.apigee.net/weather",
    )


def test_has_one_base_path_in_two_environments() -> None:
    """Two proxies may share a base path where they share no environment."""
    edge = frozen_edge()
    edge.proxy("/weather", name="in-test", security="none")
    in_prod = edge.proxy("/weather", name="in-prod", security="none", env="prod")

    edge.handle(get(in_prod.url))

    assert edge.calls.last.proxy == "in-prod"


def test_declares_nothing_by_a_proxy_with_a_mistake() -> None:
    """A declaration that is refused leaves nothing behind."""
    edge = FakeEdge()
    with pytest.raises(ConfigurationError):
        edge.proxy("/weather", products="weather")

    assert edge.proxy("/weather", products=["weather"]).name == "weather"


def test_keeps_no_key_of_an_app_with_a_mistake() -> None:
    """Where one key of an app is taken, its other keys stay unknown."""
    edge = frozen_edge()
    organization = edge.organization("globex", environments=["test"])
    taken = edge.app("first", org="globex", consumer_key="taken")
    keys = tuple(edge.new_credential(consumer_key=key) for key in ("free", "taken"))
    app = App(name="second", app_id="1", organization="globex", developer=taken.developer, credentials=keys)

    with pytest.raises(ConfigurationError) as caught:
        organization.add_app(app)

    assert str(caught.value) == "A consumer key of app 'second' already belongs to app 'first'."
    assert organization.client_with_key("free") is None


# Mistakes


def duplicate_organization(edge: FakeEdge) -> object:
    return edge.organization("acme")


def organization_without_environment(edge: FakeEdge) -> object:
    return edge.organization("globex", environments=[])


def unfit_organization(edge: FakeEdge) -> object:
    return edge.organization("Acme_2")


def unfit_environment(edge: FakeEdge) -> object:
    return edge.organization("globex", environments=["te.st"])


def host_without_environment(edge: FakeEdge) -> object:
    return edge.organization("globex", hosts={"api.globex.example": "tset"})


def duplicate_developer(edge: FakeEdge) -> object:
    edge.developer("ada@example.com")
    return edge.developer("ada@example.com")


def duplicate_product(edge: FakeEdge) -> object:
    edge.product("weather")
    return edge.product("weather")


def duplicate_app(edge: FakeEdge) -> object:
    edge.app("forecast")
    return edge.app("forecast")


def duplicate_key(edge: FakeEdge) -> object:
    edge.app("forecast", consumer_key="key")
    return edge.app("other", consumer_key="key")


def duplicate_proxy(edge: FakeEdge) -> object:
    edge.proxy("/weather")
    return edge.proxy("/v2", name="weather")


def duplicate_base_path(edge: FakeEdge) -> object:
    edge.proxy("/weather")
    return edge.proxy("/weather/", name="other")


def duplicate_base_path_by_deployment(edge: FakeEdge) -> object:
    edge.proxy("/oauth/client_credential", name="mine", env="prod")
    return edge.deploy_oauth("prod")


def unknown_developer(edge: FakeEdge) -> object:
    edge.developer("ada@example.com")
    return edge.app(developer="ada@exmple.com")


def lone_product(edge: FakeEdge) -> object:
    return edge.app(products="weather")


def nameless_product(edge: FakeEdge) -> object:
    return edge.app(products=["weather", ""])


def lone_product_of_proxy(edge: FakeEdge) -> object:
    return edge.proxy("/weather", products="weather")


def product_with_a_lone_proxy(edge: FakeEdge) -> object:
    return edge.product("weather", proxies="weather")


def relative_base_path(edge: FakeEdge) -> object:
    return edge.proxy("weather")


def unknown_security(edge: FakeEdge) -> object:
    return edge.proxy("/weather", security="oauth2")


def unknown_environment(edge: FakeEdge) -> object:
    return edge.proxy("/weather", env="tets")


def unknown_organization(edge: FakeEdge) -> object:
    return edge.proxy("/weather", org="acne")


def deployment_nowhere(edge: FakeEdge) -> object:
    return edge.deploy_oauth("prd")


def unknown_role_organization(edge: FakeEdge) -> object:
    return edge.user(roles={"globex": ["orgadmin"]})


def lone_role(edge: FakeEdge) -> object:
    return edge.user(roles={"acme": "orgadmin"})


def duplicate_user(edge: FakeEdge) -> object:
    edge.user("ops@acme.example")
    return edge.user("OPS@acme.example")


def password_of_nobody(edge: FakeEdge) -> object:
    edge.user("ops@acme.example")
    return edge.set_password("opps@acme.example", "pw")


def token_of_nobody(edge: FakeEdge) -> object:
    return edge.revoke("never-issued")


def app_of_another_edge(edge: FakeEdge) -> object:
    return TokenFactory(edge)(FakeEdge(seed=8).app("forecast"))


def unknown_era(edge: FakeEdge) -> object:
    return FakeEdge(era="curent")


def no_door(edge: FakeEdge) -> object:
    return edge.responses


def no_door_for_matcher(edge: FakeEdge) -> object:
    return edge.requests_mock_matcher


NO_DOOR = "No door for requests is open: use the fixture apigee, or 'with fake_edge() as edge:'."

MISTAKES = [
    (duplicate_organization, "The organization 'acme' was declared before. Its environments: prod, test."),
    (
        organization_without_environment,
        "The organization 'globex' needs at least one environment, as in environments=['test'].",
    ),
    (
        unfit_organization,
        "'Acme_2' cannot be the name of an organization: lower-case letters, digits and inner hyphens only.",
    ),
    (
        unfit_environment,
        "'te.st' cannot be the name of an environment: lower-case letters, digits and inner hyphens only.",
    ),
    (
        host_without_environment,
        "Unknown environment 'tset' of organization 'globex'. Declared: prod, test. Did you mean 'test'?",
    ),
    (duplicate_developer, "The developer 'ada@example.com' already exists in organization 'acme'."),
    (duplicate_product, "The API product 'weather' already exists in organization 'acme'."),
    (duplicate_app, "The app 'forecast' of developer 'developer@acme.example' already exists."),
    (duplicate_key, "A consumer key of app 'other' already belongs to app 'forecast'."),
    (
        duplicate_proxy,
        (
            "The API proxy 'weather' already exists in organization 'acme': at /weather. "
            "Give this one another name, as name='weather-2'."
        ),
    ),
    (duplicate_base_path, "The API proxy 'weather' already has the base path '/weather/' in 'acme'."),
    (
        duplicate_base_path_by_deployment,
        "The API proxy 'mine' already has the base path '/oauth/client_credential' in 'acme'.",
    ),
    (
        unknown_developer,
        (
            "Unknown developer 'ada@exmple.com' in organization 'acme'. Known: ada@example.com. "
            "Did you mean 'ada@example.com'?"
        ),
    ),
    (lone_product, "products takes a list of names, as products=['weather'], not 'weather'."),
    (nameless_product, "products takes a list of names, as products=['weather'], not ['weather', '']."),
    (lone_product_of_proxy, "products takes a list of names, as products=['weather'], not 'weather'."),
    (product_with_a_lone_proxy, "proxies takes a list of names, as proxies=['weather'], not 'weather'."),
    (
        relative_base_path,
        (
            "A base path starts with a slash, as '/weather', and holds letters, digits and '._~-' between slashes, "
            "not 'weather'."
        ),
    ),
    (unknown_security, "Unknown security 'oauth2'. Allowed: apikey, both, none, oauth. Did you mean 'oauth'?"),
    (
        unknown_environment,
        "Unknown environment 'tets' of organization 'acme'. Declared: prod, test. Did you mean 'test'?",
    ),
    (
        unknown_organization,
        "Unknown organization 'acne'. Declared: acme. Did you mean 'acme'? Add it with apigee.organization('acne').",
    ),
    (
        deployment_nowhere,
        "Unknown environment 'prd' of organization 'acme'. Declared: prod, test. Did you mean 'prod'?",
    ),
    (
        unknown_role_organization,
        "Unknown organization 'globex'. Declared: acme. Add it with apigee.organization('globex').",
    ),
    (lone_role, "roles['acme'] takes a list of names, as roles={'acme': ['orgadmin']}, not 'orgadmin'."),
    (duplicate_user, "The SSO user 'OPS@acme.example' already exists."),
    (
        password_of_nobody,
        "Unknown SSO user 'opps@acme.example'. Known: ops@acme.example. Did you mean 'ops@acme.example'?",
    ),
    (
        token_of_nobody,
        (
            "This token cannot be revoked: no organization of this fake Edge issued it. Tokens of an SSO user are "
            "revoked all at once, by apigee.revoke_tokens_of(user), and API keys by apigee.set_key_status."
        ),
    ),
    (app_of_another_edge, "The app 'forecast' is not one of this fake Edge; it was declared in another one."),
    (unknown_era, "Unknown era 'curent'. Allowed: 2016, current. Did you mean 'current'?"),
    (no_door, NO_DOOR),
    (no_door_for_matcher, NO_DOOR),
]


@pytest.mark.parametrize(("mistake", "message"), MISTAKES, ids=lambda value: getattr(value, "__name__", None))
def test_explains_a_mistake(mistake: Callable[[FakeEdge], object], message: str) -> None:
    """A wrong declaration says what was wrong, and what is allowed."""
    with pytest.raises(ConfigurationError) as caught:
        mistake(FakeEdge())

    assert str(caught.value) == message


def test_explains_an_unknown_app_or_key() -> None:
    """Statuses are set of apps and keys of the organization only."""
    edge = FakeEdge()
    organization, other = edge.organization("globex"), edge.organization("initech")
    app = edge.app("forecast", org="initech")
    edge.app("forecast", org="globex")

    with pytest.raises(ConfigurationError) as unknown_key:
        organization.set_key_status(app, "other-key", Status.REVOKED)
    with pytest.raises(ConfigurationError) as unknown_app:
        organization.set_app_status(app, Status.REVOKED)
    with pytest.raises(ConfigurationError) as unknown_developer:
        other.set_developer_status("developer@globex.example", DeveloperStatus.INACTIVE)

    assert str(unknown_key.value) == "The app 'forecast' has no such consumer key."
    assert str(unknown_app.value) == (
        "Unknown app 'forecast' of developer 'developer@initech.example' in organization 'globex'."
    )
    assert str(unknown_developer.value) == (
        "Unknown developer 'developer@globex.example' in organization 'initech'. Known: developer@initech.example. "
        "Did you mean 'developer@initech.example'?"
    )


def test_sets_the_status_of_one_key_only() -> None:
    """Of an app with two keys, one may be revoked and the other stay good."""
    edge = frozen_edge()
    organization = edge.organization("globex", environments=["test"])
    developer = edge.developer("ada@example.com", org="globex").email
    keys = tuple(edge.new_credential(consumer_key=key) for key in ("one", "two"))
    app = App(name="a", app_id="1", organization="globex", developer=developer, credentials=keys)
    organization.add_app(app)

    organization.set_key_status(app, "one", Status.REVOKED)

    assert [organization.client_of_key(key).credential.status for key in ("one", "two")] == [
        Status.REVOKED,
        Status.APPROVED,
    ]


# Revoking


@pytest.mark.parametrize("given", [str, lambda token: token], ids=["text", "Token"])
def test_revokes_a_token_of_any_organization(given: Callable[[Token], Token | str]) -> None:
    """A token is revoked by its value or by the Token that holds it."""
    edge = frozen_edge()
    edge.organization("globex", environments=["test"])
    api = edge.proxy("/weather", org="globex")
    token = TokenFactory(edge)(edge.app(org="globex", products=["weather"]))

    edge.revoke(given(token))

    assert answer(edge, get(api.url, bearer(token)))[0] == 401


def test_counts_the_tokens_of_an_organization() -> None:
    """An organization keeps what it issued, revoked tokens too."""
    edge = FakeEdge()
    organization = edge.organization("globex")
    app = edge.app(org="globex")
    tokens = [TokenFactory(edge)(app) for _ in range(2)]
    edge.revoke(tokens[0])

    assert len(organization.tokens) == 2


# Chance


def generated(edge: FakeEdge) -> list[str]:
    app, user, developer = edge.app(products=["weather"]), edge.user(), edge.developer()
    token = TokenFactory(edge)(app)
    return [
        app.consumer_key,
        app.consumer_secret,
        app.app_id,
        user.password,
        user.user_id,
        user.salt,
        developer.developer_id,
        str(token),
        edge.new_uuid(),
    ]


@pytest.mark.parametrize("seed", [0, 7, "tests/test_x.py::test_y"])
def test_draws_the_same_values_for_the_same_seed(seed: int | str) -> None:
    """The same seed gives the same keys, secrets, tokens and ids."""
    assert generated(FakeEdge(seed=seed)) == generated(FakeEdge(seed=seed))


def test_draws_other_values_for_another_seed() -> None:
    """Two seeds share no value, nor does one seed give a value twice."""
    values = [*generated(FakeEdge(seed=1)), *generated(FakeEdge(seed=2)), *generated(FakeEdge(seed="1 "))]

    assert len(set(values)) == 27


@pytest.mark.parametrize(
    ("draw", "pattern"),
    [
        (Identifiers.access_token, "[A-Za-z0-9]{28}"),
        (Identifiers.consumer_key, "[A-Za-z0-9]{32}"),
        (Identifiers.consumer_secret, "[A-Za-z0-9]{16}"),
        (Identifiers.password, "[A-Za-z0-9]{16}"),
        (Identifiers.uuid, UUID),
    ],
)
def test_draws_values_of_the_forms_of_edge(draw: Callable[[Identifiers], str], pattern: str) -> None:
    """Tokens have 28 letters and digits, keys 32, secrets 16; ids are random UUIDs."""
    identifiers = Identifiers(7)

    assert all(re.fullmatch(pattern, draw(identifiers)) for _ in range(50))


@pytest.mark.parametrize(
    ("value", "marked"),
    [
        (Identifiers(1).access_token(), True),
        (Identifiers(2).consumer_key(), True),
        (Identifiers(1).access_token()[:-1] + "!", False),
        (Identifiers(1).consumer_secret(), False),
        ("never-issued", False),
        ("", False),
        ("abcdef", False),
        ("\ud800" * 28, False),
    ],
)
def test_knows_the_tokens_and_keys_of_any_fake(value: str, *, marked: bool) -> None:
    """Tokens and keys carry a mark that any fake can read; nothing else does."""
    assert is_marked(value) is marked


def test_shares_no_state_between_worlds() -> None:
    """What is declared in one world is unknown in another with the same seed."""
    first, second = FakeEdge(seed=1), FakeEdge(seed=1)
    first.organization("globex")
    first.user("ops@acme.example")

    assert isinstance(second.handle(get("https://globex-test.apigee.net/")), ConnectionFailure)
    assert second.user("ops@acme.example").email == "ops@acme.example"
