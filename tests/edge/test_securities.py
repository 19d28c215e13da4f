"""Proxies as they are declared: what protects them, where they listen, at which URL. Source: runtime.md 2.1 and 6.

What is checked and removed before the target is what Edge's "Build a proxy" wizard makes of the same choice.
"""

from collections.abc import Callable

import pytest

from pytest_apigee import App, ConfigurationError, FakeEdge, Proxy, Request, TokenFactory
from pytest_apigee.edge.gateway.flow import ProxyEndpoint
from tests.edge.gateway_support import (
    JSON,
    MISSING_TOKEN,
    UNKNOWN_TOKEN,
    Answer,
    answer,
    bearer,
    fault,
    frozen_edge,
    get,
    no_proxy,
)

OK = (200, [JSON], b'"here"')
MISSING_KEY = (
    401,
    [JSON],
    fault("Failed to resolve API Key variable request.queryparam.apikey", "steps.oauth.v2.FailedToResolveAPIKey"),
)
UNKNOWN_KEY = (401, [JSON], fault("Invalid ApiKey", "oauth.v2.InvalidApiKey"))


def weather(edge: FakeEdge, **settings: object) -> Proxy:
    return edge.proxy("/weather", **{"target": "here", **settings})


# What is checked

CALLS = ["nothing", "token", "key", "both"]
SECURITIES = [
    ({}, [MISSING_TOKEN, OK, MISSING_TOKEN, OK]),
    ({"security": "oauth"}, [MISSING_TOKEN, OK, MISSING_TOKEN, OK]),
    ({"security": "apikey"}, [MISSING_KEY, MISSING_KEY, OK, OK]),
    ({"security": "both"}, [MISSING_KEY, MISSING_KEY, MISSING_TOKEN, OK]),
    ({"security": "none"}, [OK, OK, OK, OK]),
]


def call(edge: FakeEdge, api: Proxy, app: App, what: str) -> Answer:
    """Return the answer to a call with nothing, a token, a key, or both."""
    headers = [bearer(TokenFactory(edge)(app))] if what in ("token", "both") else []
    query = f"?apikey={app.consumer_key}" if what in ("key", "both") else ""
    return answer(edge, get(f"{api.url}{query}", *headers))


@pytest.mark.parametrize(("settings", "answers"), SECURITIES, ids=["default", "oauth", "apikey", "both", "none"])
def test_checks_what_its_security_says(settings: dict[str, str], answers: list[Answer]) -> None:
    """`oauth` wants a token, `apikey` a key, `both` a key and then a token, `none` nothing."""
    edge = frozen_edge()
    api, app = weather(edge, **settings), edge.app(products=["weather"])

    assert [call(edge, api, app, what) for what in CALLS] == answers


def test_looks_at_the_key_before_the_token() -> None:
    """Of a bad key and a bad token the key is told."""
    edge = frozen_edge()
    api, app = weather(edge, security="both"), edge.app(products=["weather"])
    bad = bearer("nonsense")

    assert answer(edge, get(f"{api.url}?apikey=nonsense", bad)) == UNKNOWN_KEY
    assert answer(edge, get(f"{api.url}?apikey={app.consumer_key}", bad)) == UNKNOWN_TOKEN


def test_takes_key_and_token_of_two_apps() -> None:
    """With `both`, key and token are checked each by itself; the journal names the app of the token."""
    edge = frozen_edge()
    api = weather(edge, security="both")
    of_key, of_token = (edge.app(name, products=["weather"]) for name in ("one", "two"))
    request = get(f"{api.url}?apikey={of_key.consumer_key}", bearer(TokenFactory(edge)(of_token)))

    assert answer(edge, request) == OK
    assert edge.calls.last.app == "two"


@pytest.mark.parametrize("security", ["oauth", "both"])
def test_requires_the_scopes_of_a_token(security: str) -> None:
    """`scope` goes with a token, with or without a key beside it."""
    edge = frozen_edge()
    edge.product("weather", scopes=["READ"])
    api, app = weather(edge, security=security, scope="WRITE"), edge.app(products=["weather"])

    assert call(edge, api, app, "both") == (
        403,
        [JSON],
        fault("Required scope(s): [WRITE]", "steps.oauth.v2.InsufficientScope"),
    )


@pytest.mark.parametrize(
    ("variable", "query", "header"),
    [
        ("request.queryparam.key", "?key={}", None),
        ("request.queryparam.x-key", "?x-key={}", None),
        ("request.header.x-apikey", "", "X-APIKey"),
        ("request.header.AppKey", "", "appkey"),
    ],
)
@pytest.mark.parametrize("security", ["apikey", "both"])
def test_reads_the_key_from_where_it_is_told(security: str, variable: str, query: str, header: str | None) -> None:
    """`api_key` names the query parameter or the header that holds the key."""
    edge = frozen_edge()
    api, app = weather(edge, security=security, api_key=variable), edge.app(products=["weather"])
    key = app.consumer_key
    headers = [(header, key)] if header else []

    sent = answer(edge, get(api.url + query.format(key), bearer(TokenFactory(edge)(app)), *headers))

    assert sent == OK


# What the target sees


def seen(security: str, query: str, headers: list[tuple[str, str]], **settings: object) -> tuple[str, list[str]]:
    """Return query and header names as a target sees them."""
    edge, requests = frozen_edge(), list[Request]()
    api, app = weather(edge, security=security, target=requests.append, **settings), edge.app(products=["weather"])
    values = {"key": app.consumer_key, "token": str(TokenFactory(edge)(app))}
    edge.handle(get(f"{api.url}{query.format(**values)}", *[(name, text.format(**values)) for name, text in headers]))
    return requests[0].query_string, [name for name, _ in requests[0].headers]


AUTHORIZATION = ("Authorization", "Bearer {token}")
KEYS = ("X-APIKey", "{key}")


@pytest.mark.parametrize(
    ("security", "settings", "query", "headers", "left"),
    [
        pytest.param(
            "oauth",
            {},
            "?apikey={key}&b=2",
            [("X-A", "1"), AUTHORIZATION, KEYS],
            ("apikey={key}&b=2", ["X-A", "X-APIKey"]),
            id="token",
        ),
        pytest.param(
            "apikey",
            {},
            "?a=1&apikey={key}&b=2&b=3",
            [AUTHORIZATION, KEYS],
            ("a=1&b=2&b=3", ["Authorization", "X-APIKey"]),
            id="key in the query",
        ),
        pytest.param("apikey", {}, "?apikey={key}", [], ("", []), id="key alone in the query"),
        pytest.param("apikey", {}, "?apikey={key}&apikey=x&c=%20", [], ("c=+", []), id="key twice in the query"),
        pytest.param(
            "apikey",
            {"api_key": "request.header.x-apikey"},
            "?apikey=x",
            [KEYS, AUTHORIZATION, ("x-apikey", "again")],
            ("apikey=x", ["Authorization"]),
            id="key in a header",
        ),
        pytest.param("both", {}, "?a=1&apikey={key}", [AUTHORIZATION, KEYS], ("a=1", ["X-APIKey"]), id="both"),
        pytest.param(
            "both",
            {"api_key": "request.header.x-apikey"},
            "?a=1",
            [("X-A", "1"), KEYS, AUTHORIZATION],
            ("a=1", ["X-A"]),
            id="both, key in a header",
        ),
        pytest.param(
            "none",
            {},
            "?apikey=x",
            [AUTHORIZATION, KEYS],
            ("apikey=x", ["Authorization", "X-APIKey"]),
            id="none",
        ),
    ],
)
def test_removes_what_it_checked_before_the_target(
    security: str,
    settings: dict[str, str],
    query: str,
    headers: list[tuple[str, str]],
    left: tuple[str, list[str]],
) -> None:
    """The target sees neither the key nor the token that were checked, and everything else."""
    query_string, names = seen(security, query, headers, **settings)

    key = frozen_edge()
    weather(key)
    assert (query_string, names) == (left[0].format(key=key.app(products=["weather"]).consumer_key), left[1])


# Where it listens


@pytest.mark.parametrize(
    ("hosts", "url", "answered"),
    [
        (None, "https://acme-test.apigee.net/weather", ["http", "https"]),
        (["default", "secure"], "https://acme-test.apigee.net/weather", ["http", "https"]),
        (("secure", "default"), "https://acme-test.apigee.net/weather", ["http", "https"]),
        (["secure"], "https://acme-test.apigee.net/weather", ["https"]),
        (["default"], "http://acme-test.apigee.net/weather", ["http"]),
    ],
)
def test_listens_on_its_virtual_hosts(hosts: object, url: str, answered: list[str]) -> None:
    """`default` is http and `secure` https; the URL is https wherever that is served."""
    edge = frozen_edge()
    api = weather(edge, security="none", **({} if hosts is None else {"virtual_hosts": hosts}))

    good = [
        scheme for scheme in ("http", "https") if answer(edge, get(f"{scheme}://{api.url.partition('//')[2]}")) == OK
    ]

    assert (api.url, good) == (url, answered)


def test_gives_a_base_path_to_one_proxy_on_each_virtual_host() -> None:
    """Two proxies may have the same base path where they listen on different virtual hosts."""
    edge = frozen_edge()
    plain = weather(edge, name="plain", security="none", virtual_hosts=["default"], target="plain")
    safe = weather(edge, name="safe", security="none", virtual_hosts=["secure"], target="safe")

    assert [answer(edge, get(api.url))[2] for api in (plain, safe)] == [b'"plain"', b'"safe"']


def test_gives_a_base_path_to_one_proxy_in_each_environment() -> None:
    """Two proxies may have the same base path in different environments, each with a security of its own."""
    edge = frozen_edge()
    in_test = weather(edge, name="in-test", security="none")
    in_prod = weather(edge, name="in-prod", security="apikey", env="prod")

    assert [api.url for api in (in_test, in_prod)] == [
        "https://acme-test.apigee.net/weather",
        "https://acme-prod.apigee.net/weather",
    ]
    assert [answer(edge, get(api.url)) for api in (in_test, in_prod)] == [OK, MISSING_KEY]


# Custom domains


@pytest.mark.parametrize(
    ("settings", "url", "environment"),
    [
        ({}, "https://api.acme.example/weather", "test"),
        ({"env": "prod"}, "https://api.acme.example/weather", "prod"),
        ({"virtual_hosts": ["default"]}, "http://api.acme.example/weather", "test"),
        ({"virtual_hosts": ["secure"]}, "https://api.acme.example/weather", "test"),
    ],
)
def test_has_a_url_on_its_custom_domain(settings: dict[str, object], url: str, environment: str) -> None:
    """`host` is the host of the proxy's URL, and leads to its environment; the default host still does."""
    edge = frozen_edge()
    api = weather(edge, security="none", host="api.acme.example", **settings)

    assert api.url == url
    assert answer(edge, get(url)) == OK
    assert edge.calls.last.environment == environment
    assert answer(edge, get(url.replace("api.acme.example", f"acme-{environment}.apigee.net"))) == OK
    assert "api.acme.example" in edge.known_hosts


def test_shares_a_custom_domain() -> None:
    """Proxies of one environment may share a domain, and it leads to all of the environment."""
    edge = frozen_edge()
    weather(edge, security="none", host="api.acme.example")
    maps = edge.proxy("/maps", security="none", target="here", host="api.acme.example")
    edge.proxy("/wind", security="none", target="here")

    assert maps.url == "https://api.acme.example/maps"
    assert answer(edge, get("https://api.acme.example/wind")) == OK
    assert answer(edge, get("https://api.acme.example/rain")) == no_proxy("secure", r"\/rain")


def test_takes_a_domain_that_its_organization_declared() -> None:
    """A domain that leads to the environment already may be the proxy's."""
    edge = frozen_edge()
    edge.organization("globex", environments=["test"], hosts={"api.globex.example": "test"})
    api = weather(edge, security="none", host="api.globex.example", org="globex")

    assert answer(edge, get(api.url)) == OK
    assert edge.calls.last.organization == "globex"


def test_takes_a_host_in_any_letter_case_and_more_than_once() -> None:
    """A custom domain is the same in any letter case, with a trailing dot, and where the environment has it already."""
    edge = frozen_edge(extra_hosts={"api.elsewhere.example": "test"})

    first = weather(edge, security="none", host="API.Acme.Example")
    again = edge.proxy("/wind", security="none", host="api.acme.example.")
    named = edge.proxy("/rain", security="none", host="api.elsewhere.example")

    assert first.url == "https://api.acme.example/weather"
    assert again.url == "https://api.acme.example/wind"
    assert answer(edge, get(named.url))[0] == 200


def test_a_refused_proxy_leaves_no_host_behind() -> None:
    """A proxy that cannot be declared declares no custom domain either."""
    edge = frozen_edge()
    weather(edge, security="none")

    with pytest.raises(ConfigurationError):
        edge.proxy("/weather", name="other", host="api.acme.example")

    assert "api.acme.example" not in edge.known_hosts


def test_gives_its_url_on_the_default_host_when_it_is_found_again() -> None:
    """A proxy that is found again has the URL of its environment."""
    edge = frozen_edge()
    weather(edge, security="none", host="api.acme.example")

    assert edge.find_proxy("weather").url == "https://acme-test.apigee.net/weather"


# Declarations


def twice(first: dict[str, object], second: dict[str, object]) -> Callable[[FakeEdge], object]:
    return lambda edge: [edge.proxy("/w", **{"name": name, **given}) for name, given in (("a", first), ("b", second))]


TAKEN = "The host {!r} is taken: it leads elsewhere already."
NO_API_KEY = "A proxy with security={!r} reads no API key: leave api_key out, or use security='apikey'."
NO_VARIABLE = "api_key takes a variable, as 'request.header.x-apikey' or 'request.queryparam.apikey', not {!r}."
NEITHER = "A proxy with security='none' checks neither scope nor products: leave them out, or security."
OWN_ENDPOINT = (
    "A proxy with an endpoint of its own takes no security, scope and api_key: its policies decide. "
    "Leave them out, or the endpoint."
)
BASE_PATH = "The API proxy 'a' already has the base path '/w' in 'acme'."
MISTAKES: list[tuple[str, Callable[[FakeEdge], object], str]] = [
    (
        "security",
        lambda edge: edge.proxy("/w", security="oauth2"),
        "Unknown security 'oauth2'. Allowed: apikey, both, none, oauth. Did you mean 'oauth'?",
    ),
    ("security by number", lambda edge: edge.proxy("/w", security=1), "security takes text, not int."),
    ("empty security", lambda edge: edge.proxy("/w", security=""), "security takes text, not an empty text."),
    (
        "scope of a key",
        lambda edge: edge.proxy("/w", security="apikey", scope="READ"),
        "A proxy with security='apikey' checks no scope: leave it out, or use security='both'.",
    ),
    ("scope of nothing", lambda edge: edge.proxy("/w", security="none", scope="READ"), NEITHER),
    ("products of nothing", lambda edge: edge.proxy("/w", security="none", products=["p"]), NEITHER),
    (
        "key of a token",
        lambda edge: edge.proxy("/w", api_key="request.header.k"),
        NO_API_KEY.format("oauth"),
    ),
    (
        "key of nothing",
        lambda edge: edge.proxy("/w", security="none", api_key="request.header.k"),
        NO_API_KEY.format("none"),
    ),
    *(
        (
            f"variable {variable}",
            lambda edge, variable=variable: edge.proxy("/w", security="apikey", api_key=variable),
            NO_VARIABLE.format(variable),
        )
        for variable in ("apikey", "request.header", "request.header.", "request.formparam.k", "header.k", "k.", ".")
    ),
    (
        "empty variable",
        lambda edge: edge.proxy("/w", security="apikey", api_key=""),
        "api_key takes text, not an empty text.",
    ),
    (
        "variable by number",
        lambda edge: edge.proxy("/w", security="both", api_key=5),
        "api_key takes text, not int.",
    ),
    (
        "endpoint and security",
        lambda edge: edge.proxy("/w", endpoint=ProxyEndpoint(), security="none"),
        OWN_ENDPOINT,
    ),
    ("endpoint and scope", lambda edge: edge.proxy("/w", endpoint=ProxyEndpoint(), scope="READ"), OWN_ENDPOINT),
    (
        "endpoint and key",
        lambda edge: edge.proxy("/w", endpoint=ProxyEndpoint(), api_key="request.header.k"),
        OWN_ENDPOINT,
    ),
    (
        "virtual host",
        lambda edge: edge.proxy("/w", virtual_hosts=["secured"]),
        "Unknown virtual_hosts 'secured'. Allowed: default, secure. Did you mean 'secure'?",
    ),
    (
        "no virtual host",
        lambda edge: edge.proxy("/w", virtual_hosts=[]),
        "virtual_hosts takes at least one of default, secure.",
    ),
    (
        "lone virtual host",
        lambda edge: edge.proxy("/w", virtual_hosts="secure"),
        "virtual_hosts takes a list of names, as virtual_hosts=['default'], not 'secure'.",
    ),
    ("base path", twice({}, {}), BASE_PATH),
    ("base path on one virtual host", twice({"virtual_hosts": ["secure"]}, {}), BASE_PATH),
    (
        "base path of the stock proxy",
        lambda edge: edge.proxy("/oauth/client_credential"),
        "The API proxy 'oauth' already has the base path '/oauth/client_credential' in 'acme'.",
    ),
    (
        "host of another environment",
        twice({"host": "api.acme.example"}, {"host": "api.acme.example", "env": "prod"}),
        TAKEN.format("api.acme.example"),
    ),
    (
        "host of another organization",
        lambda edge: edge.proxy("/w", host="api.globex.example"),
        TAKEN.format("api.globex.example"),
    ),
    *(
        (f"host {host}", lambda edge, host=host: edge.proxy("/w", host=host), TAKEN.format(host))
        for host in (
            "login.apigee.com",
            "api.enterprise.apigee.com",
            "mocktarget.apigee.net",
            "acme-prod.apigee.net",
            "globex-prod.apigee.net",
        )
    ),
    *(
        (
            f"host {host}",
            lambda edge, host=host: edge.proxy("/w", host=host),
            f"{host!r} cannot be a host: write its name alone, as 'api.acme.example'.",
        )
        for host in ("https://api.acme.example", "api.acme.example/v1", "api acme")
    ),
    ("empty host", lambda edge: edge.proxy("/w", host=""), "host takes text, not an empty text."),
]


@pytest.mark.parametrize(("declare", "message"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES])
def test_refuses_a_declaration_that_cannot_be(declare: Callable[[FakeEdge], object], message: str) -> None:
    """A wrong declaration is refused with what is allowed."""
    edge = frozen_edge()
    edge.organization("globex", hosts={"api.globex.example": "test"})

    with pytest.raises(ConfigurationError) as caught:
        declare(edge)

    assert str(caught.value) == message
