"""API products, and the keys that have them: what they cover, how they are approved, what scopes they give.

Source: runtime.md sections 2.3, 4.4 and 6.1.
"""

from collections.abc import Callable

import pytest

from pytest_apigee import App, ConfigurationError, FakeEdge, Proxy, TokenFactory
from pytest_apigee.edge.gateway.policies.verify_api_key import VerifyAPIKey
from tests.edge.flow_variable_support import See, Seen, proxy_of
from tests.edge.gateway_support import JSON, NO_MATCH, Answer, answer, app_request, bearer, fault, frozen_edge, get

OK = (200, [JSON], b'{"temp": 21}')
NOT_COVERED = (401, [JSON], fault("Invalid ApiKey for given resource", "oauth.v2.InvalidApiKeyForGivenResource"))


def by_key(edge: FakeEdge, api: Proxy, key: str, path: str = "") -> Answer:
    return answer(edge, get(f"{api.url}{path}?apikey={key}"))


def weather(edge: FakeEdge, *products: str, **settings: object) -> Proxy:
    return edge.proxy("/weather", **{"products": products, "security": "apikey", "target": {"temp": 21}, **settings})


# What a product covers

RESOURCES = [
    # resources, path below the base path, covered
    ([], "", True),
    ([], "/any/thing", True),
    (["/**"], "/a/b/c", True),
    (["/**"], "/", True),
    (["/*"], "/a", True),
    (["/*"], "/a/b", False),
    (["/"], "/a/b", True),
    (["/a/*/c"], "/a/b/c", True),
    (["/a/*/c"], "/a/b/b/c", False),
    (["/a/**"], "/a/b/c", True),
    (["/a/**"], "/b", False),
    (["/a", "/b"], "/b", True),
    (["/a"], "/a/", False),
    (["/a"], "/A", False),
]


@pytest.mark.parametrize(("resources", "path", "covered"), RESOURCES)
def test_covers_paths_for_a_key(resources: list[str], path: str, *, covered: bool) -> None:
    """`**` stands for any depth, `*` for one segment, `/` and an empty list for everything."""
    edge = frozen_edge()
    edge.product("bought", proxies=["weather"], resources=resources)
    api, app = weather(edge), edge.app(products=["bought"])

    assert by_key(edge, api, app.consumer_key, path) == (OK if covered else NOT_COVERED)


@pytest.mark.parametrize(("path", "expected"), [("", OK), ("/", OK), ("/a", NOT_COVERED)])
def test_takes_the_root_resource_for_the_base_path_alone_where_switched_off(path: str, expected: Answer) -> None:
    """The guess `root_resource_allows_all`, off, makes `/` the base path alone."""
    edge = frozen_edge(guesses={"root_resource_allows_all": False})
    edge.product("bought", resources=["/"])
    api, app = weather(edge), edge.app(products=["bought"])

    assert by_key(edge, api, app.consumer_key, path) == expected


@pytest.mark.parametrize(
    ("environments", "covered"),
    [([], ["test", "prod"]), (["test"], ["test"]), (["prod"], ["prod"]), (["test", "prod"], ["test", "prod"])],
)
def test_covers_environments(environments: list[str], covered: list[str]) -> None:
    """A product covers the environments that it lists, and all where it lists none."""
    edge = frozen_edge()
    edge.product("bought", environments=environments)
    app = edge.app(products=["bought"])
    apis = {env: weather(edge, name=f"weather-{env}", env=env) for env in ("test", "prod")}

    assert [env for env, api in apis.items() if by_key(edge, api, app.consumer_key) == OK] == covered


@pytest.mark.parametrize(
    ("proxies", "covered"), [([], ["a", "b"]), (["a"], ["a"]), (["a", "b"], ["a", "b"]), (["A"], [])]
)
def test_covers_proxies(proxies: list[str], covered: list[str]) -> None:
    """A product covers the proxies that it lists by name, and all where it lists none."""
    edge = frozen_edge()
    edge.product("bought", proxies=proxies)
    app = edge.app(products=["bought"])
    apis = {name: edge.proxy(f"/{name}", products=[], security="apikey", target={"temp": 21}) for name in "ab"}

    assert [name for name, api in apis.items() if by_key(edge, api, app.consumer_key) == OK] == covered


def test_gives_a_proxy_to_the_products_that_it_names() -> None:
    """A proxy that names products is allowed by them, beside the proxies that they list themselves."""
    edge = frozen_edge()
    edge.product("gold", proxies=["maps"])
    api, app = weather(edge, "gold"), edge.app(products=["gold"])

    assert by_key(edge, api, app.consumer_key) == OK


# Several products


def name_of_product(edge: FakeEdge, app: App, path: str) -> str | int | bool | None:
    """Return the product by which a call is let through."""
    seen: Seen = {}
    see = See(names=("apiproduct.name",), seen=seen)
    api = proxy_of(edge, "/p", VerifyAPIKey(name="verify"), see, products=["first", "second"])
    by_key(edge, api, app.consumer_key, path)
    return seen.get("apiproduct.name")


@pytest.mark.parametrize(
    ("path", "name"), [("/a", "first"), ("/both", "first"), ("/b", "second"), ("/c", None)], ids=str
)
def test_names_the_first_product_that_covers_a_call(path: str, name: str | None) -> None:
    """Of several products of a key the first that covers the call is the one in variables."""
    edge = frozen_edge()
    edge.product("second", resources=["/b", "/both"])
    edge.product("first", resources=["/a", "/both"])

    assert name_of_product(edge, edge.app(products=["first", "second"]), path) == name


def test_passes_over_a_product_that_is_not_approved() -> None:
    """A product that is not approved for the key covers nothing, and the next one is looked at."""
    edge = frozen_edge()
    app = edge.app(products=["first", "second"])
    edge.set_product_status(app, "first", "revoked")

    assert name_of_product(edge, app, "/a") == "second"


def test_leaves_no_quota_of_a_product_without_one() -> None:
    """A product without quota leaves no quota variables, so that a Quota policy falls back."""
    edge, seen = frozen_edge(), Seen()
    names = ("limit", "interval", "timeunit")
    see = See(names=tuple(f"apiproduct.developer.quota.{name}" for name in names), seen=seen)
    api, app = proxy_of(edge, "/p", VerifyAPIKey(name="verify"), see), edge.app(products=["p"])
    by_key(edge, api, app.consumer_key)

    assert seen == dict.fromkeys(see.names)


# Approval by hand


def test_waits_for_the_approval_of_a_product() -> None:
    """A product with manual approval is pending on a new key, until it is approved; it may be revoked again."""
    edge = frozen_edge()
    edge.product("gold", proxies=["weather"], approval="manual")
    api, app = weather(edge, "gold"), edge.app(products=["gold"])

    pending = by_key(edge, api, app.consumer_key)
    edge.set_product_status(app, "gold", "approved")
    approved = by_key(edge, api, app.consumer_key)
    edge.set_product_status(app, "gold", "revoked")
    revoked = by_key(edge, api, app.consumer_key)

    assert (pending, approved, revoked) == (NOT_COVERED, OK, NOT_COVERED)


def test_refuses_a_token_while_its_product_is_pending() -> None:
    """A token of a key whose product is pending opens nothing; the same token does once it is approved."""
    edge = frozen_edge()
    edge.product("gold", proxies=["weather"], approval="manual")
    api, app = weather(edge, "gold", security="oauth"), edge.app(products=["gold"])
    request = get(api.url, bearer(TokenFactory(edge)(app)))

    pending = answer(edge, request)
    edge.set_product_status(app, "gold", "approved")

    assert (pending, answer(edge, request)) == (NO_MATCH, OK)


def test_gives_the_scopes_of_approved_products_only() -> None:
    """A token gets the scopes of products that are approved when it is issued."""
    edge = frozen_edge()
    edge.product("gold", scopes=["GOLD"], approval="manual")
    edge.product("silver", scopes=["READ", "GOLD2"])
    app, mint = edge.app(products=["gold", "silver"]), TokenFactory(edge)

    before = mint(app).scopes
    edge.set_product_status(app, "gold", "approved")

    assert (before, mint(app).scopes) == (("READ", "GOLD2"), ("GOLD", "READ", "GOLD2"))


@pytest.mark.parametrize(
    ("guesses", "listed"),
    [({}, ["silver"]), ({"pending_products_listed": True}, ["gold", "silver"])],
    ids=["default", "switched"],
)
def test_lists_approved_products_in_a_token_answer(guesses: dict[str, object], listed: list[str]) -> None:
    """A token answer lists the approved products, or all of them by the guess `pending_products_listed`."""
    edge = frozen_edge(guesses=guesses)
    edge.product("gold", approval="manual")
    app = edge.app(products=["gold", "silver"])

    fields = edge.handle(app_request(edge, app)).json()

    assert (fields["api_product_list"], fields["api_product_list_json"]) == (f"[{', '.join(listed)}]", listed)


def test_keeps_what_a_test_said_of_a_product_that_is_declared_later() -> None:
    """A product that was revoked on the key of the default app stays so when it is declared in full."""
    edge = frozen_edge()
    api, app = weather(edge, "gold"), edge.default_app
    edge.set_product_status(app, "gold", "revoked")
    edge.product("gold", scopes=["GOLD"])

    assert by_key(edge, api, app.consumer_key) == NOT_COVERED


# Several keys


def test_gives_each_key_its_own_products() -> None:
    """Keys of one app may have different products; by default a new one has those of the first, as they are."""
    edge = frozen_edge()
    edge.product("gold", proxies=["weather"], approval="manual")
    api, app = weather(edge, "gold", "silver"), edge.app(products=["gold"])
    keys = {
        "first": app.consumer_key,
        "same": edge.add_key(app).consumer_key,
        "silver": edge.add_key(app, products=["silver"]).consumer_key,
        "none": edge.add_key(app, products=[]).consumer_key,
    }
    edge.set_product_status(app, "gold", "approved")
    keys["approved"] = edge.add_key(app).consumer_key
    keys["asked anew"] = edge.add_key(app, products=["gold"]).consumer_key

    good = [name for name, key in keys.items() if by_key(edge, api, key) == OK]

    assert good == ["first", "silver", "approved"]


def test_approves_a_product_on_one_key() -> None:
    """A product is approved for one key of an app, by default the first."""
    edge = frozen_edge()
    edge.product("gold", proxies=["weather"], approval="manual")
    api, app = weather(edge, "gold"), edge.app(products=["gold"])
    second = edge.add_key(app).consumer_key

    edge.set_product_status(app, "gold", "approved", consumer_key=second)

    assert [by_key(edge, api, key) for key in (app.consumer_key, second)] == [NOT_COVERED, OK]


def test_revokes_one_key_of_several() -> None:
    """A revoked key leaves the others of its app alone, and their tokens."""
    edge = frozen_edge()
    api, app = weather(edge, "gold", security="oauth"), edge.app(products=["gold"])
    second = edge.add_key(app)
    of_first = TokenFactory(edge)(app)
    edge.set_key_status(app, "revoked", consumer_key=second.consumer_key)

    assert answer(edge, get(api.url, bearer(of_first))) == OK
    assert edge.find_app(app.name).credentials[1].status == "revoked"


@pytest.mark.parametrize(
    ("own", "requested", "granted"),
    [
        ([], None, ("READ", "WRITE", "ADMIN")),
        (["WRITE", "READ"], None, ("READ", "WRITE")),
        (["WRITE"], "READ WRITE", ("WRITE",)),
        (["WRITE"], "READ", ()),
        (["OTHER"], None, ()),
        ("READ ADMIN", None, ("READ", "ADMIN")),
    ],
)
def test_gives_a_key_the_scopes_of_its_own(own: object, requested: str | None, granted: tuple[str, ...]) -> None:
    """Of its products' scopes a key has those that it lists itself, or all where it lists none."""
    edge = frozen_edge()
    edge.product("gold", scopes=["READ", "WRITE"])
    edge.product("silver", scopes=["ADMIN", "READ"])
    app = edge.app(products=["gold", "silver"], scopes=own)

    assert TokenFactory(edge)(app, scope=requested).scopes == granted


# Declarations


def stranger(edge: FakeEdge) -> App:
    return FakeEdge(seed=99).app("stranger")


MISTAKES: list[tuple[str, Callable[[FakeEdge, App], object], str]] = [
    (
        "status of a product",
        lambda edge, app: edge.set_product_status(app, "gold", "aproved"),
        "Unknown status 'aproved'. Allowed: approved, pending, revoked. Did you mean 'approved'?",
    ),
    (
        "product that the key does not have",
        lambda edge, app: edge.set_product_status(app, "glod", "approved"),
        "Unknown API product 'glod' on this consumer key of app 'mobile'. Known: gold. Did you mean 'gold'?",
    ),
    (
        "key of nobody",
        lambda edge, app: edge.set_product_status(app, "gold", "approved", consumer_key="nonsense"),
        "The app 'mobile' has no such consumer key.",
    ),
    (
        "key of another app",
        lambda edge, app: edge.set_key_status(app, "revoked", consumer_key=edge.app("other").consumer_key),
        "The app 'mobile' has no such consumer key.",
    ),
    (
        "app of another fake",
        lambda edge, _: edge.set_app_status(stranger(edge), "revoked"),
        "Unknown app 'stranger' of developer 'developer@acme.example' in organization 'acme'.",
    ),
    (
        "key for an app of another fake",
        lambda edge, _: edge.add_key(stranger(edge)),
        "The app 'stranger' is not one of this fake Edge; it was declared in another one.",
    ),
    (
        "status of a developer",
        lambda edge, app: edge.set_developer_status(app.developer, "revoked"),
        "Unknown status 'revoked'. Allowed: active, inactive.",
    ),
    (
        "developer",
        lambda edge, _: edge.set_developer_status("ada@example.com", "inactive"),
        "Unknown developer 'ada@example.com' in organization 'acme'. Known: developer@acme.example.",
    ),
    (
        "approval",
        lambda edge, _: edge.product("p", approval="manuel"),
        "Unknown approval 'manuel'. Allowed: auto, manual. Did you mean 'manual'?",
    ),
    ("quota", lambda edge, _: edge.product("p", quota=0), "quota takes a whole number from 1 on, not 0."),
    (
        "interval",
        lambda edge, _: edge.product("p", quota=1, quota_interval=1.5),
        "quota_interval takes a whole number from 1 on, not 1.5.",
    ),
    (
        "time unit without quota",
        lambda edge, _: edge.product("p", quota_time_unit="minutes"),
        "Unknown quota_time_unit 'minutes'. Allowed: day, hour, minute, month. Did you mean 'minute'?",
    ),
    (
        "interval without quota",
        lambda edge, _: edge.product("p", quota_interval=0),
        "quota_interval takes a whole number from 1 on, not 0.",
    ),
    (
        "product that is there",
        lambda edge, _: edge.product("gold"),
        "The API product 'gold' already exists in organization 'acme'.",
    ),
    (
        "developer of an app",
        lambda edge, _: edge.app(developer="ada@example.com"),
        "Unknown developer 'ada@example.com' in organization 'acme'. Known: developer@acme.example.",
    ),
    (
        "key that is taken",
        lambda edge, app: edge.app("two", consumer_key=app.consumer_key),
        "A consumer key of app 'two' already belongs to app 'mobile'.",
    ),
    (
        "app that is there",
        lambda edge, _: edge.app("mobile"),
        "The app 'mobile' of developer 'developer@acme.example' already exists.",
    ),
    (
        "developer that is there",
        lambda edge, app: edge.developer(app.developer),
        "The developer 'developer@acme.example' already exists in organization 'acme'.",
    ),
    (
        "lifetime of a key",
        lambda edge, app: edge.add_key(app, expires_in=3600),
        "expires_in takes a timedelta, not int.",
    ),
]


@pytest.mark.parametrize(("declare", "message"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES])
def test_refuses_a_declaration_that_cannot_be(declare: Callable[[FakeEdge, App], object], message: str) -> None:
    """A wrong declaration is refused with what is allowed, and names no key."""
    edge = frozen_edge()
    edge.product("gold")
    app = edge.app("mobile", products=["gold"])

    with pytest.raises(ConfigurationError) as caught:
        declare(edge, app)

    assert str(caught.value) == message


def test_refuses_a_long_path_at_once() -> None:
    """However many ``**`` a resource has, a path that it does not cover is refused in a time that grows with it."""
    edge = frozen_edge()
    api = weather(edge, "p")
    edge.product("p", proxies=["weather"], resources=["/**/x/**/y/**/z/**/w"])
    app = edge.app(products=["p"])

    assert by_key(edge, api, app.consumer_key, "/x/y/z" * 1_000) == NOT_COVERED
    assert by_key(edge, api, app.consumer_key, "/a/x/b/y/c/z/d/w")[0] == 200
    assert by_key(edge, api, app.consumer_key, "/x/y/z" * 100 + "/w")[0] == 200


@pytest.mark.parametrize("given", [{"quota_interval": 2}, {"quota_time_unit": "day"}])
def test_refuses_the_interval_of_no_quota(given: dict[str, object]) -> None:
    """What says how long a quota counts needs a quota."""
    with pytest.raises(ConfigurationError) as raised:
        FakeEdge().product("p", **given)

    assert str(raised.value) == "quota_interval and quota_time_unit say how long a quota counts: add one, as quota=100."
