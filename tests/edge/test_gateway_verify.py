"""VerifyAccessToken: what it refuses, in which order, and what it lets through. Source: runtime.md section 5.4."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from pytest_apigee import App, FakeEdge, Proxy, Token, TokenFactory
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.records import DeveloperStatus, Status
from tests.edge.gateway_support import (
    EXPIRED,
    JSON,
    MISSING_TOKEN,
    NO_MATCH,
    REVOKED,
    UNKNOWN_TOKEN,
    Answer,
    answer,
    bearer,
    fault,
    frozen_edge,
    get,
    in_era,
    unauthorized,
)

OK = (200, [JSON], b'{"temp": 21}')


def weather(edge: FakeEdge, **settings: object) -> Proxy:
    return edge.proxy("/weather", products=["weather"], target={"temp": 21}, **settings)


def token_for(edge: FakeEdge, *products: str, **settings: object) -> Token:
    return TokenFactory(edge)(edge.app("forecast", products=products), **settings)


def test_lets_a_good_token_through() -> None:
    """A token of an app whose product covers the call reaches the target."""
    edge = frozen_edge()
    api = weather(edge)

    assert answer(edge, get(api.url, bearer(token_for(edge, "weather")))) == OK
    assert edge.calls.last.app == "forecast"
    assert edge.calls.last.reason == ""


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        pytest.param([], "no Authorization header", id="none"),
        pytest.param([("Authorization", "")], "no Authorization header", id="empty"),
        pytest.param(
            [("Authorization", "Bearer")], "nothing follows 'Bearer' in the Authorization header", id="empty bearer"
        ),
        pytest.param(
            [("Authorization", "Bearer   ")], "nothing follows 'Bearer' in the Authorization header", id="blanks"
        ),
        pytest.param(
            [("Authorization", "Basic {}")],
            "the scheme of the Authorization header is not exactly 'Bearer'",
            id="other scheme",
        ),
        pytest.param(
            [("Authorization", "bearer {}")],
            "the scheme of the Authorization header is not exactly 'Bearer'",
            id="lower case",
        ),
        pytest.param(
            [("Authorization", "BEARER {}")],
            "the scheme of the Authorization header is not exactly 'Bearer'",
            id="upper case",
        ),
        pytest.param(
            [("Authorization", "{}")],
            "the scheme of the Authorization header is not exactly 'Bearer'",
            id="no scheme",
        ),
        pytest.param([("X-Authorization", "Bearer {}")], "no Authorization header", id="other header"),
    ],
)
def test_refuses_a_call_without_bearer_token(headers: list[tuple[str, str]], reason: str) -> None:
    """Without a token after exactly `Bearer`, the call is refused, whatever else it carries."""
    edge = frozen_edge()
    api = weather(edge)
    token = token_for(edge, "weather")

    sent = answer(edge, get(api.url, *[(name, value.format(token)) for name, value in headers]))

    assert sent == MISSING_TOKEN
    assert edge.calls.last.reason == reason


def test_reads_the_authorization_header_in_any_letter_case_of_its_name() -> None:
    """Header names have no letter case; only the scheme does."""
    edge = frozen_edge()
    api = weather(edge)

    assert answer(edge, get(api.url, ("authorization", f"Bearer {token_for(edge, 'weather')}"))) == OK


@pytest.mark.parametrize("header", ["Bearer {} ", "Bearer {}   "])
def test_ignores_blanks_at_the_end_of_the_header(header: str) -> None:
    """Blanks that follow the token are not part of it."""
    edge = frozen_edge()
    api = weather(edge)

    assert answer(edge, get(api.url, ("Authorization", header.format(token_for(edge, "weather"))))) == OK


@pytest.mark.parametrize("header", ["Bearer  {}", "Bearer {} x", "Bearer \t{}"])
def test_takes_all_that_follows_the_first_blank_for_the_token(header: str) -> None:
    """One blank stands between scheme and token; a second one makes it another token, which nobody issued."""
    edge = frozen_edge()
    api = weather(edge)

    sent = answer(edge, get(api.url, ("Authorization", header.format(token_for(edge, "weather")))))

    assert sent == UNKNOWN_TOKEN


def test_reads_no_token_from_the_query() -> None:
    """A token in the query is none."""
    edge = frozen_edge()
    api = weather(edge)

    assert answer(edge, get(f"{api.url}?access_token={token_for(edge, 'weather')}")) == MISSING_TOKEN


def test_refuses_an_unknown_token() -> None:
    """A token that nobody issued is refused, in capitals."""
    edge = frozen_edge()
    api = weather(edge)

    assert answer(edge, get(api.url, bearer("never-issued"))) == UNKNOWN_TOKEN
    assert edge.calls.last.reason == "nobody issued this token"


def test_refuses_a_token_in_another_letter_case() -> None:
    """Tokens are compared letter by letter."""
    edge = frozen_edge()
    api = weather(edge)
    token = str(token_for(edge, "weather"))

    assert answer(edge, get(api.url, bearer(token.swapcase()))) == UNKNOWN_TOKEN


def test_refuses_a_token_of_another_organization() -> None:
    """A token is good in its own organization only, and the reason names that one."""
    edge = frozen_edge()
    api = weather(edge)
    edge.organization("globex")
    token = TokenFactory(edge)(edge.app(org="globex", products=["weather"]))

    assert answer(edge, get(api.url, bearer(token))) == UNKNOWN_TOKEN
    assert edge.calls.last.reason == "the token belongs to organization 'globex'"


def test_names_a_token_of_another_world() -> None:
    """A token that another fake issued is refused as unknown, and the reason says what it is."""
    edge, other = frozen_edge(), FakeEdge(seed=8)
    api = weather(edge)

    assert answer(edge, get(api.url, bearer(token_for(other, "weather")))) == UNKNOWN_TOKEN
    assert edge.calls.last.reason == (
        "a token of another world (issued in another test, perhaps kept in a module-level cache)"
    )


def test_accepts_a_token_until_one_millisecond_before_it_expires() -> None:
    """A token is accepted one millisecond before it expires, and refused from that instant on."""
    edge = frozen_edge()
    api = weather(edge)
    request = get(api.url, bearer(token_for(edge, "weather")))

    edge.clock.advance(milliseconds=3_599_999)
    before = answer(edge, request)
    edge.clock.advance(milliseconds=1)
    after = answer(edge, request)

    assert (before, after) == (OK, EXPIRED)


def test_explains_an_expired_token_by_what_the_test_did_to_the_clock() -> None:
    """The reason says how long ago the token expired, and that it was the test that moved the clock."""
    edge = FakeEdge()
    edge.clock.freeze()
    api = weather(edge)
    request = get(api.url, bearer(token_for(edge, "weather")))
    edge.clock.advance(hours=2)
    edge.clock.skew(minutes=1)
    edge.handle(request)

    assert edge.calls.last.reason == (
        "the token expired 1:01:00 ago; the test moved the clock by 2:00:00 "
        "and the test set Edge's clock off by 0:01:00"
    )


def test_explains_an_expired_token_without_the_clock_where_nobody_touched_it() -> None:
    """Where the clock was left alone, the reason is the age alone."""
    edge = FakeEdge()
    api = weather(edge)
    token = token_for(edge, "weather", lifetime=timedelta())
    edge.handle(get(api.url, bearer(token)))

    reason = edge.calls.last.reason

    assert reason.startswith("the token expired 0:00:00")
    assert reason.endswith(" ago")


def test_expires_by_the_clock_of_edge() -> None:
    """Where the clocks disagree, Edge's decides."""
    edge = frozen_edge()
    api = weather(edge)
    request = get(api.url, bearer(token_for(edge, "weather")))

    edge.clock.skew(hours=1)
    ahead = answer(edge, request)
    edge.clock.skew(minutes=59)
    less_ahead = answer(edge, request)

    assert (ahead, less_ahead) == (EXPIRED, OK)


def test_refuses_a_revoked_token() -> None:
    """A revoked token is refused from the next call on; others of the app stay good."""
    edge = frozen_edge()
    api = weather(edge)
    mint, app = TokenFactory(edge), edge.app(products=["weather"])
    revoked, other = mint(app), mint(app)

    edge.revoke(revoked)

    assert answer(edge, get(api.url, bearer(revoked))) == REVOKED
    assert edge.calls.last.reason == "the token was revoked"
    assert answer(edge, get(api.url, bearer(other))) == OK


@pytest.mark.parametrize(
    ("guesses", "expected"),
    [({}, REVOKED), ({"expired_before_revoked": True}, EXPIRED)],
    ids=["revoked first", "expired first"],
)
def test_looks_at_a_token_that_is_revoked_and_expired_in_the_switched_order(
    guesses: dict[str, object], expected: Answer
) -> None:
    """Of a token that is both, its revocation is told, unless the guess `expired_before_revoked` is on."""
    edge = frozen_edge(guesses=guesses)
    api = weather(edge)
    token = token_for(edge, "weather")
    edge.revoke(token)
    edge.clock.advance(hours=1)

    assert answer(edge, get(api.url, bearer(token))) == expected


def test_answers_an_expired_token_with_the_switched_status() -> None:
    """The guess `expired_status` is the status; some recordings show 500."""
    edge = frozen_edge(guesses={"expired_status": 500})
    api = weather(edge)
    token = token_for(edge, "weather", lifetime=timedelta())

    assert answer(edge, get(api.url, bearer(token))) == (500, *EXPIRED[1:])


# Products


@pytest.mark.parametrize("era", ["current", "2016"])
@pytest.mark.parametrize(
    "product",
    [
        pytest.param({"proxies": ["maps"]}, id="proxy"),
        pytest.param({"environments": ["prod"]}, id="environment"),
        pytest.param({"proxies": ["weather"], "resources": ["/today"]}, id="path"),
        pytest.param({"environments": ["test"], "resources": ["/today"]}, id="path, bound to the environment"),
        pytest.param({"proxies": ["weather"], "environments": ["prod"], "resources": ["/**"]}, id="all but one"),
    ],
)
def test_refuses_what_no_product_covers(product: dict[str, list[str]], era: str) -> None:
    """A product must cover proxy, environment and path of a call."""
    edge = frozen_edge(era=era)
    edge.product("bought", **product)
    api = edge.proxy("/weather", products=[])

    assert answer(edge, get(f"{api.url}/tomorrow", bearer(token_for(edge, "bought")))) == in_era(NO_MATCH, era)
    assert edge.calls.last.reason == (
        "no API product of app 'forecast' covers proxy 'weather' in test at /tomorrow; its products: bought"
    )


def test_refuses_an_app_without_products() -> None:
    """An app without products may call nothing that is protected."""
    edge = frozen_edge()
    api = weather(edge)

    assert answer(edge, get(api.url, bearer(token_for(edge)))) == NO_MATCH
    assert edge.calls.last.reason == (
        "no API product of app 'forecast' covers proxy 'weather' in test at /; its products: none"
    )


def test_asks_one_product_for_all() -> None:
    """Two products that each cover a part do not add up."""
    edge = frozen_edge()
    edge.product("right-proxy", proxies=["weather"], resources=["/today"])
    edge.product("right-path", proxies=["maps"], resources=["/tomorrow"])
    api = edge.proxy("/weather", products=[])
    token = token_for(edge, "right-proxy", "right-path")

    assert answer(edge, get(f"{api.url}/tomorrow", bearer(token))) == NO_MATCH


def test_needs_one_product_of_several() -> None:
    """One product that covers the call is enough."""
    edge = frozen_edge()
    edge.product("other", proxies=["maps"])
    api = weather(edge)

    assert answer(edge, get(api.url, bearer(token_for(edge, "other", "weather")))) == OK


@pytest.mark.parametrize("product", [{}, {"proxies": ["weather"], "environments": ["test"], "resources": ["/"]}])
def test_lets_a_covering_product_through(product: dict[str, list[str]]) -> None:
    """An empty list allows all; a full one what it names."""
    edge = frozen_edge()
    edge.product("bought", **product)
    api = edge.proxy("/weather", products=[], target={"temp": 21})

    assert answer(edge, get(api.url, bearer(token_for(edge, "bought")))) == OK


@pytest.mark.parametrize("status", [Status.PENDING, Status.REVOKED])
def test_counts_approved_products_only(status: Status) -> None:
    """A product that is pending or revoked on the key does not count."""
    edge = frozen_edge()
    organization = edge.organization("globex", environments=["test"])
    edge.product("weather", scopes=["READ"], org="globex")
    api = edge.proxy("/weather", products=["weather"], org="globex")
    credential = edge.new_credential(products={"weather": status})
    developer = edge.developer("ada@example.com", org="globex")
    organization.add_app(
        App(name="a", app_id="1", organization="globex", developer=developer.email, credentials=(credential,))
    )

    token = TokenFactory(edge)(organization.apps["ada@example.com", "", "a"])

    assert answer(edge, get(api.url, bearer(token))) == NO_MATCH
    assert token.scopes == ()


RESOURCES = [
    # pattern, path below the base path, covered
    ([], "", True),
    ([], "/any/thing", True),
    (["/**"], "", True),
    (["/**"], "/", True),
    (["/**"], "/a", True),
    (["/**"], "/a/b/c", True),
    (["/*"], "/a", True),
    (["/*"], "/a/b", False),
    (["/*"], "", False),
    (["/*"], "/", False),
    (["/a/*"], "/a/b", True),
    (["/a/*"], "/a", False),
    (["/a/*"], "/a/", False),
    (["/a/*"], "/a/b/c", False),
    (["/a/**"], "/a/b/c", True),
    (["/a/**"], "/ab", False),
    (["/*/c"], "/a/c", True),
    (["/*/c"], "/a/b/c", False),
    (["/**/c"], "/a/b/c", True),
    (["/a*"], "/abc", True),
    (["/a*"], "/a", False),
    (["/a*"], "/abc/d", False),
    (["/a"], "/a", True),
    (["/a"], "/a/", False),
    (["/a"], "/A", False),
    (["/a"], "/a/b", False),
    (["/a.b"], "/axb", False),
    (["/a+"], "/aa", False),
    (["/"], "", True),
    (["/"], "/a/b", True),
    (["/a", "/b"], "/b", True),
    (["/a", "/b"], "/c", False),
]


@pytest.mark.parametrize(("resources", "path", "covered"), RESOURCES)
def test_matches_resource_patterns(resources: list[str], path: str, *, covered: bool) -> None:
    """`**` stands for any depth, `*` for one segment, an empty list for everything."""
    edge = frozen_edge()
    edge.product("bought", proxies=["weather"], resources=resources)
    api = edge.proxy("/weather", products=[], target={"temp": 21})

    assert answer(edge, get(f"{api.url}{path}", bearer(token_for(edge, "bought")))) == (OK if covered else NO_MATCH)


@pytest.mark.parametrize(("path", "expected"), [("", OK), ("/", OK), ("/a", NO_MATCH)])
def test_takes_the_root_resource_for_the_base_path_alone_where_switched_off(path: str, expected: Answer) -> None:
    """The guess `root_resource_allows_all`, off, makes `/` the base path alone."""
    edge = frozen_edge(guesses={"root_resource_allows_all": False})
    edge.product("bought", proxies=["weather"], resources=["/"])
    api = edge.proxy("/weather", products=[], target={"temp": 21})

    assert answer(edge, get(f"{api.url}{path}", bearer(token_for(edge, "bought")))) == expected


def test_keeps_a_quote_of_a_path_out_of_the_challenge() -> None:
    """A double quote of a path does not end the text of the challenge early."""
    edge = frozen_edge(era="2016")
    edge.product("bought", resources=["/nokia"])
    api = edge.proxy("/facebook", products=[])

    _, headers, body = answer(edge, get(f'{api.url}/ac"er', bearer(token_for(edge, "bought"))))

    text = "keymanagement.service.apiresource_doesnot_exist: APIResource /facebook/ac'er does not exist"
    challenge = f'Bearer realm="null",error="invalid_token",error_description="{text}"'
    assert dict(headers)["WWW-Authenticate"] == challenge
    assert b'ac\\"er' in body


@pytest.mark.parametrize(
    ("guesses", "path", "escaped"),
    [
        ({}, "/facebook/acer", r"\/facebook\/acer"),
        ({"full_path_in_resource_fault": False}, "/acer", r"\/acer"),
    ],
    ids=["whole path", "path suffix"],
)
def test_answers_an_unlisted_path_of_an_unbound_product_with_the_older_fault_in_2016(
    guesses: dict[str, object], path: str, escaped: str
) -> None:
    """In 2016, a product without proxies and environments refused an unlisted path by a fault that names it."""
    edge = frozen_edge(era="2016", guesses=guesses)
    edge.product("bought", resources=["/nokia"])
    api = edge.proxy("/facebook", products=[])

    sent = answer(edge, get(f"{api.url}/acer", bearer(token_for(edge, "bought"))))

    assert sent == (
        401,
        [
            JSON,
            (
                "WWW-Authenticate",
                (
                    'Bearer realm="null",error="invalid_token",error_description='
                    f'"keymanagement.service.apiresource_doesnot_exist: APIResource {path} does not exist"'
                ),
            ),
            ("Server", "Apigee Router"),
        ],
        b'{"fault":{"faultstring":"APIResource %s does not exist",'
        b'"detail":{"errorcode":"keymanagement.service.apiresource_doesnot_exist"}}}' % escaped.encode(),
    )


def test_answers_an_unlisted_path_of_an_unbound_product_with_the_newer_fault_today() -> None:
    """In the current era there is one fault for all that no product covers."""
    edge = frozen_edge()
    edge.product("bought", resources=["/nokia"])
    api = edge.proxy("/facebook", products=[])

    assert answer(edge, get(f"{api.url}/acer", bearer(token_for(edge, "bought")))) == NO_MATCH


# Scopes


def insufficient(scopes: str) -> Answer:
    return 403, [JSON], fault(f"Required scope(s): [{scopes}]", "steps.oauth.v2.InsufficientScope")


SCOPES = [
    # rule, scopes of the token, let through
    ("any", "cso", True),
    ("any", "dsp other", True),
    ("any", "other", False),
    ("any", "CSO", False),
    ("all", "cso", False),
    ("all", "dsp cso", True),
    ("all", "other", False),
]


@pytest.mark.parametrize(("rule", "scope", "let_through"), SCOPES)
def test_requires_the_scopes_of_the_proxy(rule: str, scope: str, *, let_through: bool) -> None:
    """A token needs one of the proxy's scopes, or all of them where the guess `scope_rule` says so; else 403."""
    edge = frozen_edge(guesses={"scope_rule": rule})
    edge.product("weather", scopes=["cso", "dsp", "other"])
    api = weather(edge, scope="cso dsp")

    sent = answer(edge, get(api.url, bearer(token_for(edge, "weather", scope=scope))))

    assert sent == (OK if let_through else insufficient("cso, dsp"))


@pytest.mark.parametrize(
    ("scope", "had"), [("other", "other"), ("unheard-of", "none")], ids=["another scope", "no scope"]
)
def test_tells_which_scopes_there_are_and_should_be(scope: str, had: str) -> None:
    """The reason for a missing scope names those of the token and those of the proxy."""
    edge = frozen_edge()
    edge.product("weather", scopes=["cso", "other"])
    api = weather(edge, scope="cso dsp")
    edge.handle(get(api.url, bearer(token_for(edge, "weather", scope=scope))))

    assert edge.calls.last.reason == f"the token has the scopes: {had}; the proxy requires: cso dsp"


def test_challenges_for_a_scope_where_switched_on() -> None:
    """The guess `scope_challenge` adds the challenge that the other refusals carry."""
    edge = frozen_edge(guesses={"scope_challenge": True})
    api = weather(edge, scope="cso")

    status, headers, _ = answer(edge, get(api.url, bearer(token_for(edge, "weather", scope="x"))))

    assert (status, headers[1]) == (
        403,
        (
            "WWW-Authenticate",
            (
                'Bearer realm="null",error="invalid_token",'
                'error_description="steps.oauth.v2.InsufficientScope: Required scope(s): [cso]"'
            ),
        ),
    )


def test_looks_at_the_product_before_the_scope() -> None:
    """A token that lacks both product and scope is told of the product."""
    edge = frozen_edge()
    api = weather(edge, scope="cso")

    assert answer(edge, get(api.url, bearer(token_for(edge, "maps")))) == NO_MATCH


# The states of app, key and developer


def revoke_app(organization: Organization, app: App) -> None:
    organization.set_app_status(app, Status.REVOKED)


def revoke_key(organization: Organization, app: App) -> None:
    organization.set_key_status(app, app.consumer_key, Status.REVOKED)


def deactivate_developer(organization: Organization, app: App) -> None:
    organization.set_developer_status(app.developer, DeveloperStatus.INACTIVE)


NOT_ACTIVE = [
    pytest.param(
        revoke_app,
        "App not Approved",
        "keymanagement.service.invalid_client-app_not_approved",
        "key approved, app revoked, developer active",
        id="app",
    ),
    pytest.param(
        revoke_key,
        "Client Id not Approved",
        "keymanagement.service.invalid_client-client_id_not_approved",
        "key revoked, app approved, developer active",
        id="key",
    ),
    pytest.param(
        deactivate_developer,
        "Developer Status is not Active",
        "keymanagement.service.DeveloperStatusNotActive",
        "key approved, app approved, developer inactive",
        id="developer",
    ),
]


@pytest.mark.parametrize(("change", "text", "code", "states"), NOT_ACTIVE)
def test_refuses_the_tokens_of_who_is_not_active(
    change: Callable[[Organization, App], None], text: str, code: str, states: str
) -> None:
    """A revoked app or key, or an inactive developer, makes all tokens void."""
    edge = frozen_edge()
    organization = edge.organization("globex", environments=["test"])
    api = edge.proxy("/weather", products=["weather"], org="globex")
    app = edge.app("forecast", products=["weather"], org="globex")
    request = get(api.url, bearer(TokenFactory(edge)(app)))

    before = answer(edge, request)[0]
    change(organization, app)
    after = answer(edge, request)

    assert (before, after) == (200, unauthorized(text, code))
    assert edge.calls.last.reason == f"{text} (app 'forecast': {states})"


@pytest.mark.parametrize(("change", "text", "code", "states"), NOT_ACTIVE)
def test_answers_who_is_not_active_with_the_switched_status(
    change: Callable[[Organization, App], None], text: str, code: str, states: str
) -> None:
    """The guess `not_approved_status` is the status of all of them."""
    edge = frozen_edge(guesses={"not_approved_status": 403})
    organization = edge.organization("globex", environments=["test"])
    api = edge.proxy("/weather", products=["weather"], org="globex")
    app = edge.app(products=["weather"], org="globex")
    token = TokenFactory(edge)(app)
    change(organization, app)

    assert answer(edge, get(api.url, bearer(token))) == (403, *unauthorized(text, code)[1:])


def test_lets_through_who_is_active_again() -> None:
    """Approved again, an app's tokens are good again."""
    edge = frozen_edge()
    organization = edge.organization("globex", environments=["test"])
    api = edge.proxy("/weather", products=["weather"], org="globex")
    app = edge.app(products=["weather"], org="globex")
    token = TokenFactory(edge)(app)
    organization.set_app_status(app, Status.REVOKED)
    organization.set_app_status(app, Status.APPROVED)

    assert answer(edge, get(api.url, bearer(token)))[0] == 200


def test_refuses_the_tokens_of_an_expired_key() -> None:
    """A consumer key's tokens are void from the instant at which it expires."""
    edge = FakeEdge(
        {
            "organizations": [
                {
                    "name": "acme",
                    "environments": ["test"],
                    "developers": [{"email": "ada@example.com", "firstName": "A", "lastName": "L", "userName": "a"}],
                    "apps": [
                        {
                            "name": "forecast",
                            "developer": "ada@example.com",
                            "credentials": [
                                {
                                    "consumerKey": "key",
                                    "consumerSecret": "secret",
                                    "expiresAt": 1_767_323_045_679,
                                    "apiProducts": ["weather"],
                                }
                            ],
                        }
                    ],
                }
            ]
        }
    )
    edge.clock.freeze("2026-01-02T03:04:05.678Z")
    api = weather(edge)
    request = get(api.url, bearer(TokenFactory(edge)(edge.find_app("forecast"))))

    before = answer(edge, request)
    edge.clock.advance(milliseconds=1)
    after = answer(edge, request)

    assert before == OK
    assert after == unauthorized("Consumer key has expired", "keymanagement.service.consumer_key_expired")


def test_looks_at_the_token_before_the_app() -> None:
    """Of an expired token of a revoked app, the expiry is told."""
    edge = frozen_edge()
    organization = edge.organization("globex", environments=["test"])
    api = edge.proxy("/weather", products=["weather"], org="globex")
    app = edge.app(products=["weather"], org="globex")
    token = TokenFactory(edge)(app, lifetime=timedelta())
    organization.set_app_status(app, Status.REVOKED)

    assert answer(edge, get(api.url, bearer(token))) == EXPIRED


def test_looks_at_the_app_before_the_product() -> None:
    """Of a token whose app is revoked and whose product does not cover the call, the app is told."""
    edge = frozen_edge()
    organization = edge.organization("globex", environments=["test"])
    api = edge.proxy("/weather", products=["weather"], org="globex")
    app = edge.app(products=["maps"], org="globex")
    token = TokenFactory(edge)(app)
    organization.set_app_status(app, Status.REVOKED)

    assert answer(edge, get(api.url, bearer(token))) == unauthorized(
        "App not Approved", "keymanagement.service.invalid_client-app_not_approved"
    )


def test_names_no_token_in_any_reason() -> None:
    """No reason holds the token that was refused, nor the key or secret of its app."""
    edge = frozen_edge()
    api = weather(edge, scope="cso")
    app = edge.app(products=["weather", "maps"])
    mint = TokenFactory(edge)
    tokens = {"scopeless": mint(app, scope="x"), "expired": mint(app, lifetime=timedelta()), "revoked": mint(app)}
    edge.revoke(tokens["revoked"])
    for token in (*tokens.values(), "never-issued"):
        edge.handle(get(api.url, bearer(token)))

    reasons = [call.reason for call in edge.calls.refused]

    assert len(reasons) == 4
    secrets = [app.consumer_key, app.consumer_secret, "never-issued", *map(str, tokens.values())]
    assert not any(secret in reason for reason in reasons for secret in secrets)
