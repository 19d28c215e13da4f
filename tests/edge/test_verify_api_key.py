"""VerifyAPIKey: what it refuses, in which order, and what it leaves in variables. Source: runtime.md section 6.1."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from pytest_apigee import App, ConfigurationError, FakeEdge, Proxy
from pytest_apigee.edge.gateway.policies.verify_api_key import VerifyAPIKey
from tests.edge.flow_variable_support import See, Seen, proxy_of, proxy_with_fault_rule
from tests.edge.gateway_support import JSON, Answer, answer, fault, frozen_edge, get, in_era, token_request

OK = (200, [JSON], b'{"temp": 21}')
OTHER_WORLD = "; it is a key of another world (of another test, perhaps kept in a module-level cache)"


def unauthorized(text: str, code: str, status: int = 401) -> Answer:
    """Return a fault of VerifyAPIKey: no challenge goes with it."""
    return status, [JSON], fault(text, code)


MISSING = (
    401,
    [JSON],
    (
        b'{"fault":{"faultstring":"Failed to resolve API Key variable request.queryparam.apikey",'
        b'"detail":{"errorcode":"steps.oauth.v2.FailedToResolveAPIKey"}}}'
    ),
)
UNKNOWN = (
    401,
    [JSON],
    b'{"fault":{"faultstring":"Invalid ApiKey","detail":{"errorcode":"oauth.v2.InvalidApiKey"}}}',
)
NOT_COVERED = (
    401,
    [JSON],
    (
        b'{"fault":{"faultstring":"Invalid ApiKey for given resource",'
        b'"detail":{"errorcode":"oauth.v2.InvalidApiKeyForGivenResource"}}}'
    ),
)


def weather(edge: FakeEdge, **settings: object) -> Proxy:
    declared = {"products": ["weather"], "security": "apikey", "target": {"temp": 21}, **settings}
    return edge.proxy("/weather", **declared)


def asked(edge: FakeEdge, api: Proxy, key: str, path: str = "") -> Answer:
    """Return the answer to a call with a key in the query."""
    return answer(edge, get(f"{api.url}{path}?apikey={key}"))


# Where the key comes from


def test_lets_a_good_key_through() -> None:
    """A key whose product covers the call reaches the target, and the journal names its app."""
    edge = frozen_edge()
    api, app = weather(edge), edge.app("forecast", products=["weather"])

    assert asked(edge, api, app.consumer_key) == OK
    assert (edge.calls.last.app, edge.calls.last.reason) == ("forecast", "")


@pytest.mark.parametrize(
    "query",
    ["", "?apikey=", "?apikey", "?ApiKey={key}", "?key={key}", "?other=1&apikey=&apikey={key}"],
    ids=["none", "empty", "without value", "other letter case", "other name", "first of two empty"],
)
def test_refuses_a_call_without_a_key(query: str) -> None:
    """Without a key in its variable, the call is refused by a fault that names the variable."""
    edge = frozen_edge()
    api, app = weather(edge), edge.app(products=["weather"])

    assert answer(edge, get(f"{api.url}{query.format(key=app.consumer_key)}")) == MISSING
    assert edge.calls.last.reason == "no API key in request.queryparam.apikey"


def test_reads_no_key_from_a_header_where_the_variable_is_a_query_parameter() -> None:
    """Only the one place that is declared is looked at."""
    edge = frozen_edge()
    api, app = weather(edge), edge.app(products=["weather"])

    assert answer(edge, get(api.url, ("apikey", app.consumer_key), ("x-apikey", app.consumer_key))) == MISSING


@pytest.mark.parametrize("header", ["x-apikey", "X-APIKey", "X-APIKEY"])
def test_reads_the_key_from_a_header(header: str) -> None:
    """A key may come in a header, whose name has no letter case."""
    edge = frozen_edge()
    api, app = weather(edge, api_key="request.header.x-apikey"), edge.app(products=["weather"])

    assert answer(edge, get(api.url, (header, app.consumer_key))) == OK


def test_names_the_header_that_holds_no_key() -> None:
    """The fault for a missing key names the variable that is declared."""
    edge = frozen_edge()
    api, app = weather(edge, api_key="request.header.x-apikey"), edge.app(products=["weather"])

    assert asked(edge, api, app.consumer_key) == (
        401,
        [JSON],
        (
            b'{"fault":{"faultstring":"Failed to resolve API Key variable request.header.x-apikey",'
            b'"detail":{"errorcode":"steps.oauth.v2.FailedToResolveAPIKey"}}}'
        ),
    )
    assert edge.calls.last.reason == "no API key in request.header.x-apikey"


def test_reads_the_key_from_any_variable() -> None:
    """A policy of one's own may name any variable, as one of a form."""
    edge = frozen_edge()
    app = edge.app("forecast", products=["p"])
    api = proxy_of(edge, "/p", VerifyAPIKey(name="verify", api_key="request.formparam.key"), target={"temp": 21})

    assert answer(edge, token_request(api.url, key=app.consumer_key)) == OK


def test_takes_the_first_of_several_keys() -> None:
    """Where a query names the key twice, the first one counts."""
    edge = frozen_edge()
    api, app = weather(edge), edge.app(products=["weather"])

    assert asked(edge, api, f"nonsense&apikey={app.consumer_key}") == UNKNOWN
    assert asked(edge, api, f"{app.consumer_key}&apikey=nonsense") == OK


# Unknown keys


@pytest.mark.parametrize("change", [str.swapcase, lambda key: f"{key}%20", lambda key: key[:-1]])
def test_compares_keys_letter_by_letter(change: Callable[[str], str]) -> None:
    """A key must be exactly the one that was issued."""
    edge = frozen_edge()
    api, app = weather(edge), edge.app(products=["weather"], consumer_key="AbCdEf123")

    assert asked(edge, api, change(app.consumer_key)) == UNKNOWN


def test_refuses_an_unknown_key() -> None:
    """A key that is nobody's is refused."""
    edge = frozen_edge()
    api = weather(edge)

    assert asked(edge, api, "nonsense") == UNKNOWN
    assert edge.calls.last.reason == "no app of organization 'acme' has this consumer key"
    assert edge.calls.last.app == ""


def test_refuses_a_key_of_another_organization() -> None:
    """A key is good in its own organization only."""
    edge = frozen_edge()
    edge.organization("globex")
    api, app = weather(edge), edge.app(products=["weather"], org="globex")

    assert asked(edge, api, app.consumer_key) == UNKNOWN


def test_names_a_key_of_another_world() -> None:
    """A key that another fake generated is refused as unknown, and the reason says what it is."""
    edge, other = frozen_edge(), FakeEdge(seed=8)
    api, app = weather(edge), other.app(products=["weather"])

    assert asked(edge, api, app.consumer_key) == UNKNOWN
    assert edge.calls.last.reason == f"no app of organization 'acme' has this consumer key{OTHER_WORLD}"


# Who is not active

Change = Callable[[FakeEdge, App], object]

NOT_ACTIVE = [
    pytest.param(
        lambda edge, app: edge.set_key_status(app, "revoked"),
        "API Key is not approved",
        "oauth.v2.ApiKeyNotApproved",
        "the consumer key is revoked (app 'forecast')",
        id="key revoked",
    ),
    pytest.param(
        lambda edge, app: edge.set_key_status(app, "pending"),
        "API Key is not approved",
        "oauth.v2.ApiKeyNotApproved",
        "the consumer key is pending (app 'forecast')",
        id="key pending",
    ),
    pytest.param(
        lambda edge, app: edge.set_app_status(app, "revoked"),
        "App not Approved",
        "keymanagement.service.invalid_client-app_not_approved",
        "the app is revoked (app 'forecast')",
        id="app revoked",
    ),
    pytest.param(
        lambda edge, app: edge.set_app_status(app, "pending"),
        "App not Approved",
        "keymanagement.service.invalid_client-app_not_approved",
        "the app is pending (app 'forecast')",
        id="app pending",
    ),
    pytest.param(
        lambda edge, app: edge.set_developer_status(app.developer, "inactive"),
        "Developer Status is not Active",
        "keymanagement.service.DeveloperStatusNotActive",
        "the developer ada@example.com is not active (app 'forecast')",
        id="developer",
    ),
]


def of_ada(edge: FakeEdge, **settings: object) -> App:
    return edge.app("forecast", products=["weather"], developer=edge.developer("ada@example.com").email, **settings)


@pytest.mark.parametrize("era", ["current", "2016"])
@pytest.mark.parametrize(("change", "text", "code", "reason"), NOT_ACTIVE)
def test_refuses_the_key_of_who_is_not_active(change: Change, text: str, code: str, reason: str, era: str) -> None:
    """A key that is not approved, or whose app or developer is not, is refused."""
    edge = frozen_edge(era=era)
    api, app = weather(edge), of_ada(edge)
    change(edge, app)

    assert asked(edge, api, app.consumer_key) == in_era(unauthorized(text, code), era)
    assert (edge.calls.last.reason, edge.calls.last.app) == (reason, "forecast")


@pytest.mark.parametrize(("change", "text", "code", "reason"), NOT_ACTIVE)
def test_answers_who_is_not_active_with_the_switched_status(change: Change, text: str, code: str, reason: str) -> None:
    """The guess `api_key_not_approved_status` is the status of all of them."""
    edge = frozen_edge(guesses={"api_key_not_approved_status": 403})
    api, app = weather(edge), of_ada(edge)
    change(edge, app)

    assert asked(edge, api, app.consumer_key) == unauthorized(text, code, status=403)


def test_says_the_switched_text_for_a_revoked_key() -> None:
    """The guess `api_key_not_approved_text` is the text for a key that is not approved."""
    edge = frozen_edge(guesses={"api_key_not_approved_text": "Key revoked"})
    api, app = weather(edge), of_ada(edge)
    edge.set_key_status(app, "revoked")

    assert asked(edge, api, app.consumer_key) == unauthorized("Key revoked", "oauth.v2.ApiKeyNotApproved")


@pytest.mark.parametrize(
    ("guesses", "text"),
    [({}, "Consumer key has expired"), ({"key_expired_text": "Too late"}, "Too late")],
    ids=["default", "switched"],
)
def test_refuses_a_key_from_the_millisecond_at_which_it_expires(guesses: dict[str, object], text: str) -> None:
    """A key is good one millisecond before it expires, and refused from that instant on."""
    edge = frozen_edge(guesses=guesses)
    api, app = weather(edge), of_ada(edge)
    key = edge.add_key(app, expires_in=timedelta(milliseconds=2)).consumer_key

    edge.clock.advance(milliseconds=1)
    before = asked(edge, api, key)
    edge.clock.advance(milliseconds=1)
    after = asked(edge, api, key)

    assert (before, after) == (OK, unauthorized(text, "keymanagement.service.consumer_key_expired"))
    assert edge.calls.last.reason == "the consumer key has expired (app 'forecast')"


def test_lets_a_key_through_that_is_approved_again() -> None:
    """What was revoked may be approved again."""
    edge = frozen_edge()
    api, app = weather(edge), of_ada(edge)
    edge.set_key_status(app, "revoked")
    edge.set_key_status(app, "approved")

    assert asked(edge, api, app.consumer_key) == OK


# Products


@pytest.mark.parametrize("era", ["current", "2016"])
@pytest.mark.parametrize(
    "product",
    [{"proxies": ["maps"]}, {"environments": ["prod"]}, {"resources": ["/today"]}],
    ids=["proxy", "environment", "path"],
)
def test_refuses_what_no_product_covers(product: dict[str, list[str]], era: str) -> None:
    """A product must cover proxy, environment and path; there is one fault for all of them, in each era."""
    edge = frozen_edge(era=era)
    edge.product("bought", **product)
    api, app = weather(edge, products=[]), edge.app("forecast", products=["bought"])

    assert asked(edge, api, app.consumer_key, "/tomorrow") == in_era(NOT_COVERED, era)
    assert edge.calls.last.reason == (
        "no API product of app 'forecast' covers proxy 'weather' in test at /tomorrow; its products: bought"
    )


@pytest.mark.parametrize("status", ["pending", "revoked"])
def test_refuses_a_product_that_is_not_approved(status: str) -> None:
    """A product that is pending or revoked on the key does not count."""
    edge = frozen_edge()
    api, app = weather(edge), edge.app("forecast", products=["weather"])
    edge.set_product_status(app, "weather", status)

    assert asked(edge, api, app.consumer_key) == NOT_COVERED
    assert edge.calls.last.reason == (
        "no API product of app 'forecast' covers proxy 'weather' in test at /; its products: none; "
        "not approved for its key: weather"
    )


def test_refuses_a_key_without_products() -> None:
    """A key without products may call nothing that is protected."""
    edge = frozen_edge()
    api, app = weather(edge), edge.app(products=[])

    assert asked(edge, api, app.consumer_key) == NOT_COVERED


# The order of the checks

WRONGS: list[tuple[str, Change, str]] = [
    ("key", lambda edge, app: edge.set_key_status(app, "revoked"), "oauth.v2.ApiKeyNotApproved"),
    ("expiry", lambda edge, app: edge.clock.advance(hours=1), "keymanagement.service.consumer_key_expired"),
    (
        "app",
        lambda edge, app: edge.set_app_status(app, "revoked"),
        "keymanagement.service.invalid_client-app_not_approved",
    ),
    (
        "developer",
        lambda edge, app: edge.set_developer_status(app.developer, "inactive"),
        "keymanagement.service.DeveloperStatusNotActive",
    ),
    (
        "product",
        lambda edge, app: edge.set_product_status(
            app, "weather", "revoked", consumer_key=edge.find_app("forecast").credentials[1].consumer_key
        ),
        "oauth.v2.InvalidApiKeyForGivenResource",
    ),
]


@pytest.mark.parametrize("first", range(len(WRONGS)), ids=[name for name, _, _ in WRONGS])
def test_looks_at_key_then_app_then_developer_then_product(first: int) -> None:
    """Of several things that are wrong, the first of this order is told: key, app, developer, product."""
    edge = frozen_edge()
    api, app = weather(edge), of_ada(edge)
    key = edge.add_key(app, expires_in=timedelta(hours=1)).consumer_key
    for name, change, _ in WRONGS[first:]:
        if name == "key":
            edge.set_key_status(app, "revoked", consumer_key=key)
        else:
            change(edge, app)

    status, headers, body = asked(edge, api, key)

    assert (status, headers) == (401, [JSON])
    assert b'"errorcode":"%s"' % WRONGS[first][2].encode() in body


# What it leaves in variables


def test_leaves_in_variables_what_is_known_of_a_key() -> None:
    """A good key leaves key, app, developer and product below the policy's name, and the usual names beside."""
    edge = frozen_edge()
    developer = edge.developer(
        "ada@example.com",
        first_name="Ada",
        last_name="Lovelace",
        user_name="ada",
        attributes={"tier": "gold", "id": "not mine"},
    )
    edge.product("p", quota=10, quota_interval=2, quota_time_unit="hour", attributes={"plan": "big", "name": "no"})
    app = edge.app(
        "forecast",
        products=["p", "other"],
        developer=developer.email,
        consumer_key="key",
        consumer_secret="secret",
        callback_url="https://app.example/cb",
        attributes={"colour": "red", "client_id": "not mine"},
    )
    shared = {
        "developer.id": developer.developer_id,
        "developer.email": "ada@example.com",
        "developer.userName": "ada",
        "developer.firstName": "Ada",
        "developer.lastName": "Lovelace",
        "developer.status": "active",
        "developer.tier": "gold",
        "developer.app.id": app.app_id,
        "developer.app.name": "forecast",
        "app.id": app.app_id,
        "app.name": "forecast",
        "app.status": "approved",
        "app.callbackUrl": "https://app.example/cb",
        "app.appType": "Developer",
        "app.apiproducts": "[p, other]",
        "app.colour": "red",
        "apiproduct.name": "p",
        "apiproduct.plan": "big",
        "apiproduct.developer.quota.limit": "10",
        "apiproduct.developer.quota.interval": "2",
        "apiproduct.developer.quota.timeunit": "hour",
        "client_id": "key",
    }
    of_key = {
        **shared,
        "client_secret": "secret",
        "redirection_uris": "https://app.example/cb",
        "status": "approved",
        "colour": "red",
        "failed": None,
    }
    expected = {**shared, **{f"verifyapikey.verify.{name}": value for name, value in of_key.items()}}
    seen: Seen = {}
    api = proxy_of(
        edge,
        "/p",
        VerifyAPIKey(name="verify", api_key="request.queryparam.k"),
        See(names=(*expected, "client_secret", "verifyapikey.other.client_id"), seen=seen),
    )
    edge.handle(get(f"{api.url}?k=key"))

    assert seen == {**expected, "client_secret": None, "verifyapikey.other.client_id": None}


FAULTS = [
    ("", "FailedToResolveAPIKey", "FailedToResolveAPIKey", "Failed to resolve API Key variable request.queryparam.k"),
    ("nonsense", "InvalidApiKey", "InvalidApiKey", "Invalid ApiKey"),
    (
        "revoked",
        "keymanagement.service.invalid_client-app_not_approved",
        "invalid_client-app_not_approved",
        "App not Approved",
    ),
]


@pytest.mark.parametrize(("key", "policy_name", "name", "cause"), FAULTS, ids=["missing", "unknown", "app revoked"])
def test_leaves_in_variables_why_it_refused(key: str, policy_name: str, name: str, cause: str) -> None:
    """Fault rules see the fault's name and cause; the policy's own name of it keeps the prefix of the service."""
    edge = frozen_edge()
    edge.set_app_status(edge.app(consumer_key="revoked", products=["p"]), "revoked")
    expected = {
        "fault.name": name,
        "oauthV2.verify.failed": True,
        "oauthV2.verify.fault.name": policy_name,
        "oauthV2.verify.fault.cause": cause,
        "verifyapikey.verify.failed": True,
        "verifyapikey.verify.client_id": None,
        "client_id": None,
    }
    seen: Seen = {}
    verify = VerifyAPIKey(name="verify", api_key="request.queryparam.k")
    api = proxy_with_fault_rule(edge, "/p", verify, See(names=tuple(expected), seen=seen))

    assert answer(edge, get(f"{api.url}?k={key}"))[0] == 401
    assert seen == expected


def test_goes_on_where_told_to() -> None:
    """With continue_on_error a call goes on, and variables tell that it failed."""
    edge, seen = frozen_edge(), Seen()
    verify = VerifyAPIKey(name="verify", continue_on_error=True)
    see = See(names=("oauthV2.verify.failed", "verifyapikey.verify.failed", "client_id"), seen=seen)
    api = proxy_of(edge, "/p", verify, see, target={"temp": 21})

    assert answer(edge, get(api.url)) == OK
    assert seen == {"oauthV2.verify.failed": True, "verifyapikey.verify.failed": True, "client_id": None}


# Declarations and reports


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"api_key": ""}, "api_key of 'verify' takes text, not an empty text."),
        ({"api_key": None}, "api_key of 'verify' takes text, not NoneType."),
        ({"api_key": 5}, "api_key of 'verify' takes text, not int."),
        ({"name": ""}, "The name of VerifyAPIKey takes text, not an empty text."),
        ({"enabled": 1}, "enabled of 'verify' takes True or False, not int."),
        ({"continue_on_error": "no"}, "continue_on_error of 'verify' takes True or False, not str."),
    ],
)
def test_refuses_a_declaration_that_cannot_be(settings: dict[str, object], message: str) -> None:
    """A wrong setting is refused where the policy is made."""
    with pytest.raises(ConfigurationError) as caught:
        VerifyAPIKey(**{"name": "verify", **settings})

    assert str(caught.value) == message


def test_names_no_key_in_any_reason() -> None:
    """No reason holds the key that was refused, nor its secret."""
    edge = frozen_edge()
    api, revoked, uncovered = weather(edge), edge.app(products=["weather"]), edge.app(products=["maps"])
    edge.set_key_status(revoked, "revoked")
    for key in ("nonsense", revoked.consumer_key, uncovered.consumer_key):
        asked(edge, api, key)

    told = [f"{call.reason} {call}" for call in edge.calls.refused]

    assert len(told) == 3
    secrets = ["nonsense", *(text for app in (revoked, uncovered) for text in (app.consumer_key, app.consumer_secret))]
    assert not any(secret in text for text in told for secret in secrets)
