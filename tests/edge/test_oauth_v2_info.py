"""GetOAuthV2Info, SetOAuthV2Info and DeleteOAuthV2Info. Source: runtime.md section 3; their pages in Edge's docs."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from pytest_apigee import App, ConfigurationError, FakeEdge, Token, TokenFactory
from pytest_apigee.edge.gateway.policies.authorization import GenerateAuthorizationCode
from pytest_apigee.edge.gateway.policies.generate_access_token import GenerateAccessToken
from pytest_apigee.edge.gateway.policies.oauth_v2 import NEVER, Attribute
from pytest_apigee.edge.gateway.policies.oauth_v2_info import DeleteOAuthV2Info, GetOAuthV2Info, SetOAuthV2Info
from pytest_apigee.edge.gateway.policies.verify_access_token import VerifyAccessToken
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.records import Developer
from pytest_apigee.edge.tokens import AccessToken, Grant, RefreshToken
from tests.edge.flow_variable_support import See, Seen, proxy_of, proxy_with_fault_rule
from tests.edge.gateway_support import (
    HOUR_MS,
    JSON,
    MOMENT_MS,
    UNKNOWN_TOKEN,
    Answer,
    answer,
    bearer,
    fault,
    flat,
    frozen_edge,
    get,
    token_request,
)

DONE = (200, [JSON], b'{"done": true}')
VARIABLE = "request.queryparam.x"
PLAN = Attribute(name="plan", value="gold")
HIDDEN = Attribute(name="hidden.part", value="x", display=False)


def failed(text: str, code: str, status: int = 500) -> Answer:
    """Return a fault of an info policy: always the fault form, and no challenge goes with it."""
    return status, [JSON], fault(text, f"steps.oauth.v2.{code}")


UNKNOWN_ACCESS = failed("Invalid Access Token", "invalid_access_token")
UNKNOWN_REFRESH = failed("Invalid Refresh Token", "invalid_refresh_token")
UNKNOWN_CODE = failed("Invalid Authorization Code", "invalid_request-authorization_code_invalid")
UNKNOWN_CLIENT = failed("ClientId is Invalid", "invalid_client-invalid_client_id")
EXPIRED_ACCESS = failed("Access Token expired", "access_token_expired")
EXPIRED_REFRESH = failed("Refresh Token expired", "refresh_token_expired")
EXPIRED_CODE = failed("Authorization Code Expired", "authorization_code_expired")
REVOKED_ACCESS = failed("Access Token not approved", "access_token_not_approved")
NO_PRODUCT = failed(
    "Invalid API call as no apiproduct match found", "InvalidAPICallAsNoApiProductMatchFound", status=401
)


def forecast(edge: FakeEdge, developer: Developer | None = None) -> App:
    """Declare an app whose product covers the proxy `p`."""
    edge.product("p", scopes=["READ", "WRITE"])
    return edge.app(
        "forecast",
        products=["p"],
        developer=None if developer is None else developer.email,
        consumer_key="key",
        consumer_secret="secret",
        callback_url="https://app.example/cb",
        attributes={"colour": "red", "client_id": "not mine"},
    )


def issued(edge: FakeEdge, grant_type: str, **settings: object) -> dict[str, str]:
    """Return the answer of a token endpoint whose tokens have custom attributes."""
    policy = GenerateAccessToken(
        name="generate",
        generate_response=True,
        supported_grant_types=["client_credentials", "password"],
        attributes=[PLAN, HIDDEN],
        refresh_token_expires_in=timedelta(hours=2),
        app_end_user="request.formparam.username",
        **settings,
    )
    client = {"client_id": "key", "client_secret": "secret"}
    form = {"grant_type": grant_type, "username": "ada", "password": "p", **client}
    return dict(edge.handle(token_request(proxy_of(edge, "/token", policy).url, **form)).json())


def code_of(edge: FakeEdge, **settings: object) -> str:
    """Return an authorization code with custom attributes."""
    attributes = [PLAN, Attribute(name="client_id", value="not mine")]
    policy = GenerateAuthorizationCode(name="generate", generate_response=True, attributes=attributes, **settings)
    form = {"response_type": "code", "client_id": "key", "redirect_uri": "https://app.example/cb", "scope": "READ"}
    edge.handle(token_request(proxy_of(edge, "/authorize", policy).url, **form))
    return edge.calls.last.outcome.headers.get("Location").partition("code=")[2].partition("&")[0]


def asked(edge: FakeEdge, policy: Policy, value: str, *more: Policy, **settings: object) -> Answer:
    """Return the answer of the proxy `p`, in which a policy runs for a value."""
    declared = {"name": "p", "target": {"done": True}, **settings}
    api = proxy_of(edge, f"/{policy.kind}-{policy.name}", policy, *more, **declared)
    return answer(edge, get(f"{api.url}?x={value}"))


def info(**settings: object) -> GetOAuthV2Info:
    return GetOAuthV2Info(name="info", **settings)


# What is kept of each kind


def of_client(app: App, developer: Developer) -> Seen:
    return {
        "developer.id": developer.developer_id,
        "developer.email": developer.email,
        "developer.app.name": "forecast",
        "developer.app.id": app.app_id,
        "organization_name": "acme",
        "api_product_list": "[p]",
        "app.colour": "red",
    }


def of_refresh(tokens: dict[str, str], *, expires_in: str) -> Seen:
    return {
        "refresh_token": tokens["refresh_token"],
        "refresh_token_status": "approved",
        "refresh_token_expires_in": expires_in,
        "refresh_token_issued_at": str(MOMENT_MS),
        "refresh_count": "0",
    }


def seen_by(edge: FakeEdge, policy: Policy, value: str, kind: str, expected: Seen) -> Seen:
    """Return the variables of one kind that a policy leaves, of those that are expected."""
    seen: Seen = {}
    see = See(names=tuple(f"{kind}.info.{name}" for name in expected), seen=seen)
    assert asked(edge, policy, value, see) == DONE
    return {name.removeprefix(f"{kind}.info."): seen[name] for name in see.names}


def test_shows_an_access_token() -> None:
    """An access token is shown with its client, its attributes and its refresh token."""
    edge = frozen_edge()
    developer = edge.developer()
    app = forecast(edge, developer)
    tokens = issued(edge, "password", expires_in=timedelta(minutes=30))
    expected = {
        "access_token": tokens["access_token"],
        "scope": "READ WRITE",
        "status": "approved",
        "client_id": "key",
        "grant_type": "password",
        "token_type": "BearerToken",
        "issued_at": str(MOMENT_MS),
        "expires_in": "1790",
        "app_enduser": "ada",
        "accesstoken.plan": "gold",
        "accesstoken.hidden.part": "x",
        **of_client(app, developer),
        **of_refresh(tokens, expires_in="7190"),
    }
    edge.clock.advance(seconds=9, milliseconds=1)

    assert (
        seen_by(edge, info(access_token=VARIABLE), tokens["access_token"], "oauthv2accesstoken", expected) == expected
    )


def test_shows_an_access_token_without_refresh_token() -> None:
    """A token of client_credentials has no refresh token to show."""
    edge = frozen_edge()
    forecast(edge)
    tokens = issued(edge, "client_credentials")
    expected = {
        "access_token": tokens["access_token"],
        "grant_type": "client_credentials",
        "refresh_token": None,
        "refresh_token_status": None,
        "refresh_count": None,
    }

    assert (
        seen_by(edge, info(access_token=VARIABLE), tokens["access_token"], "oauthv2accesstoken", expected) == expected
    )


def test_shows_a_refresh_token() -> None:
    """A refresh token is shown with its access token, its client and its attributes."""
    edge = frozen_edge()
    developer = edge.developer()
    app = forecast(edge, developer)
    tokens = issued(edge, "password")
    expected = {
        "access_token": tokens["access_token"],
        "client_id": "key",
        "scope": "READ WRITE",
        "grant_type": "password",
        "accesstoken.plan": "gold",
        "accesstoken.hidden.part": "x",
        **of_client(app, developer),
        **of_refresh(tokens, expires_in="7199"),
    }
    edge.clock.advance(milliseconds=1)

    assert (
        seen_by(edge, info(refresh_token=VARIABLE), tokens["refresh_token"], "oauthv2refreshtoken", expected)
        == expected
    )


def test_shows_a_revoked_refresh_token() -> None:
    """A refresh token is shown whatever its status."""
    edge = frozen_edge()
    forecast(edge)
    tokens = issued(edge, "password")
    edge.revoke(tokens["refresh_token"])
    expected: Seen = {"refresh_token_status": "revoked"}

    assert (
        seen_by(edge, info(refresh_token=VARIABLE), tokens["refresh_token"], "oauthv2refreshtoken", expected)
        == expected
    )


def test_shows_an_authorization_code() -> None:
    """A code is shown with its redirect URI, its scope and its attributes, which win over nothing of Edge's."""
    edge = frozen_edge()
    forecast(edge)
    code = code_of(edge)
    expected = {
        "code": code,
        "client_id": "key",
        "redirect_uri": "https://app.example/cb",
        "scope": "READ",
        "plan": "gold",
    }

    assert seen_by(edge, info(authorization_code=VARIABLE), code, "oauthv2authcode", expected) == expected


def test_shows_a_code_that_never_expires() -> None:
    """A code without end is there for ever."""
    edge = frozen_edge()
    forecast(edge)
    code = code_of(edge, expires_in=NEVER)
    edge.clock.advance(days=1_000)
    expected: Seen = {"code": code}

    assert seen_by(edge, info(authorization_code=VARIABLE), code, "oauthv2authcode", expected) == expected


@pytest.mark.parametrize("status", ["approved", "revoked"])
def test_shows_a_client(status: str) -> None:
    """A client is shown with its secret and its app's attributes, whatever its status."""
    edge = frozen_edge()
    developer = edge.developer("ada@example.com")
    edge.set_app_status(forecast(edge, developer), status)
    expected = {
        "client_id": "key",
        "client_secret": "secret",
        "redirection_uris": "https://app.example/cb",
        "developer.email": "ada@example.com",
        "developer.app.name": "forecast",
        "developer.id": developer.developer_id,
        "colour": "red",
    }

    assert seen_by(edge, info(client_id=VARIABLE), "key", "oauthv2client", expected) == expected


# What is refused

NONE_IN = {
    "access_token": f"no access token of this organization in {VARIABLE}",
    "authorization_code": f"no authorization code of this organization in {VARIABLE}",
    "refresh_token": f"no refresh token of this organization in {VARIABLE}",
    "client_id": f"no client id in {VARIABLE}",
}


@pytest.mark.parametrize("value", ["", "nonsense"])
@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("access_token", UNKNOWN_ACCESS),
        ("authorization_code", UNKNOWN_CODE),
        ("refresh_token", UNKNOWN_REFRESH),
        ("client_id", UNKNOWN_CLIENT),
    ],
)
def test_refuses_what_it_does_not_know(setting: str, value: str, expected: Answer) -> None:
    """What is absent or nobody's is refused with 500, each kind with a code of its own."""
    edge = frozen_edge()
    forecast(edge)

    assert asked(edge, info(**{setting: VARIABLE}), value) == expected
    unknown_key = setting == "client_id" and value
    assert edge.calls.last.reason == (
        "no app of organization 'acme' has this consumer key" if unknown_key else NONE_IN[setting]
    )


def test_takes_no_kind_for_another() -> None:
    """A refresh token is no access token, and the other way round."""
    edge = frozen_edge()
    forecast(edge)
    tokens = issued(edge, "password")

    as_access = asked(edge, GetOAuthV2Info(name="a", access_token=VARIABLE), tokens["refresh_token"])
    as_refresh = asked(edge, GetOAuthV2Info(name="r", refresh_token=VARIABLE), tokens["access_token"], name="q")

    assert (as_access, as_refresh) == (UNKNOWN_ACCESS, UNKNOWN_REFRESH)


def test_refuses_what_has_expired() -> None:
    """From the millisecond at which it expires, each kind is refused with a code of its own."""
    edge = frozen_edge()
    forecast(edge)
    tokens, code = issued(edge, "password"), code_of(edge)
    values = {
        "authorization_code": (code, 600_000, EXPIRED_CODE),
        "access_token": (tokens["access_token"], HOUR_MS, EXPIRED_ACCESS),
        "refresh_token": (tokens["refresh_token"], 2 * HOUR_MS, EXPIRED_REFRESH),
    }
    apis = {
        name: proxy_of(
            edge,
            f"/{name}",
            info(**{name: VARIABLE}),
            name=name.replace("_", "-"),
            products=["p"],
            target={"done": True},
        )
        for name in values
    }
    answers, gone_ms = [], 0
    for name, (value, lifetime_ms, _) in values.items():
        request = get(f"{apis[name].url}?x={value}")
        edge.clock.advance(milliseconds=lifetime_ms - 1 - gone_ms)
        before = answer(edge, request)
        edge.clock.advance(milliseconds=1)
        answers.append((before, answer(edge, request)))
        gone_ms = lifetime_ms

    assert answers == [(DONE, expected) for _, _, expected in values.values()]
    assert [call.reason for call in edge.calls.refused] == [
        "the authorization code has expired",
        "the access token has expired",
        "the refresh token has expired",
    ]


@pytest.mark.parametrize(
    ("guesses", "expected"),
    [
        ({}, REVOKED_ACCESS),
        ({"info_revoked_code": "invalid_access_token"}, failed("Access Token not approved", "invalid_access_token")),
    ],
    ids=["default", "switched"],
)
def test_refuses_a_revoked_access_token(guesses: dict[str, object], expected: Answer) -> None:
    """A revoked access token is refused with the code of the guess `info_revoked_code`."""
    edge = frozen_edge(guesses=guesses)
    token = TokenFactory(edge)(forecast(edge))
    edge.revoke(token)

    assert asked(edge, info(access_token=VARIABLE), str(token)) == expected
    assert edge.calls.last.reason == "the access token was revoked"


def revoke(edge: FakeEdge, token: Token) -> None:
    edge.revoke(token)


def expire(edge: FakeEdge, token: Token) -> None:
    edge.clock.advance(hours=1)


@pytest.mark.parametrize(
    ("change", "status", "expires_in"), [(revoke, "revoked", "3600"), (expire, "approved", "0")], ids=["revoked", "old"]
)
def test_shows_any_access_token_where_told_to(
    change: Callable[[FakeEdge, Token], None], status: str, expires_in: str
) -> None:
    """With ignore_access_token_status a token is shown that was revoked, or has expired."""
    edge = frozen_edge()
    token = TokenFactory(edge)(forecast(edge))
    change(edge, token)
    expected: Seen = {"status": status, "expires_in": expires_in}
    policy = info(access_token=VARIABLE, ignore_access_token_status=True)

    assert seen_by(edge, policy, str(token), "oauthv2accesstoken", expected) == expected


@pytest.mark.parametrize("ignores_status", [False, True])
def test_refuses_an_access_token_whose_product_does_not_cover_the_call(*, ignores_status: bool) -> None:
    """The path at which a token is asked about must be one of its product's."""
    edge = frozen_edge()
    edge.product("bought", resources=["/weather"])
    token = TokenFactory(edge)(edge.app("forecast", products=["bought"]))
    policy = info(access_token=VARIABLE, ignore_access_token_status=ignores_status)
    api = proxy_of(edge, "/p", policy, target={"done": True})

    sent = [answer(edge, get(f"{api.url}{path}?x={token}")) for path in ("/weather", "/tokeninfo")]

    assert sent == [DONE, NO_PRODUCT]
    assert edge.calls.last.reason == (
        "no API product of app 'forecast' covers proxy 'p' in test at /tokeninfo; its products: bought"
    )


def test_refuses_tokens_whose_key_is_gone() -> None:
    """Tokens of a consumer key that does not exist any more are unknown."""
    edge = frozen_edge()
    organization = edge.organization("globex", environments=["test"])
    grant = Grant(client_id="gone", app_id="1", scopes=(), grant_type="password")
    times = {"issued_at_ms": MOMENT_MS, "expires_at_ms": MOMENT_MS + HOUR_MS}
    organization.tokens.add(
        AccessToken(value="a", grant=grant, **times), RefreshToken(value="r", grant=grant, access_token="a", **times)
    )
    sent = [
        asked(edge, GetOAuthV2Info(name=setting, **{setting: VARIABLE}), value, name=setting, org="globex")
        for setting, value in (("access_token", "a"), ("refresh_token", "r"))
    ]

    assert sent == [UNKNOWN_ACCESS, UNKNOWN_REFRESH]
    assert {call.reason for call in edge.calls} == {"the consumer key that the token was issued to is gone"}


def test_leaves_in_variables_why_it_refused() -> None:
    """Fault rules see the fault's name and cause."""
    edge, seen = frozen_edge(), Seen()
    names = ("fault.name", "oauthV2.info.failed", "oauthV2.info.fault.name", "oauthV2.info.fault.cause")
    api = proxy_with_fault_rule(edge, "/p", info(client_id=VARIABLE), See(names=names, seen=seen))

    assert answer(edge, get(f"{api.url}?x=nonsense")) == UNKNOWN_CLIENT
    assert seen == {
        "fault.name": "invalid_client-invalid_client_id",
        "oauthV2.info.failed": True,
        "oauthV2.info.fault.name": "invalid_client-invalid_client_id",
        "oauthV2.info.fault.cause": "ClientId is Invalid",
    }


# SetOAuthV2Info


def changing(*attributes: Attribute) -> SetOAuthV2Info:
    return SetOAuthV2Info(name="info", access_token=VARIABLE, attributes=attributes)


def test_sets_attributes_of_an_access_token() -> None:
    """Attributes get new values or are added, and variables show them all; nothing else of the token changes."""
    edge = frozen_edge()
    forecast(edge)
    token = issued(edge, "client_credentials")["access_token"]
    policy = changing(
        Attribute(name="plan", value="silver"),
        Attribute(name="path", ref="proxy.pathsuffix"),
        Attribute(name="scope", value="ADMIN"),
    )
    expected = {
        "accesstoken.plan": "silver",
        "accesstoken.path": "",
        "accesstoken.hidden.part": "x",
        "accesstoken.scope": "ADMIN",
        "scope": "READ WRITE",
        "status": "approved",
        "access_token": token,
    }

    assert seen_by(edge, policy, token, "oauthv2accesstoken", expected) == expected


def test_keeps_the_attributes_that_were_set() -> None:
    """Whoever verifies the token later sees the attributes."""
    edge, seen = frozen_edge(), Seen()
    token = TokenFactory(edge)(forecast(edge))
    see = See(names=("accesstoken.plan", "accesstoken.empty"), seen=seen)
    api = proxy_of(edge, "/verify", VerifyAccessToken(name="verify"), see, products=["p"])
    asked(edge, changing(PLAN, Attribute(name="empty")), str(token))

    edge.handle(get(api.url, bearer(token)))

    assert seen == {"accesstoken.plan": "gold", "accesstoken.empty": ""}


@pytest.mark.parametrize(
    ("change", "expected"),
    [(revoke, REVOKED_ACCESS), (expire, EXPIRED_ACCESS)],
    ids=["revoked", "expired"],
)
def test_sets_nothing_of_a_token_that_is_not_good(change: Callable[[FakeEdge, Token], None], expected: Answer) -> None:
    """The token must be approved, and must not have expired."""
    edge = frozen_edge()
    token = TokenFactory(edge)(forecast(edge))
    change(edge, token)

    assert asked(edge, changing(PLAN), str(token)) == expected


def test_sets_nothing_of_an_unknown_token() -> None:
    """A token that nobody issued has no attributes."""
    edge = frozen_edge()
    forecast(edge)

    assert asked(edge, changing(PLAN), "nonsense") == UNKNOWN_ACCESS
    assert edge.calls.last.reason == f"no access token of this organization in {VARIABLE}"


# DeleteOAuthV2Info


@pytest.mark.parametrize("change", [None, revoke, expire], ids=["good", "revoked", "expired"])
def test_deletes_an_access_token(change: Callable[[FakeEdge, Token], None] | None) -> None:
    """A deleted token is unknown, whatever its state was."""
    edge = frozen_edge()
    token = TokenFactory(edge)(forecast(edge))
    if change is not None:
        change(edge, token)
    api = edge.proxy("/verify", products=["p"])

    sent = asked(edge, DeleteOAuthV2Info(name="info", access_token=VARIABLE), str(token))

    assert sent == DONE
    assert answer(edge, get(api.url, bearer(token))) == UNKNOWN_TOKEN


def test_leaves_the_refresh_token_of_a_deleted_access_token() -> None:
    """The refresh token of a deleted access token still gives a new one."""
    edge = frozen_edge()
    forecast(edge)
    tokens = issued(edge, "password")
    server = edge.authorization_server()
    asked(edge, DeleteOAuthV2Info(name="info", access_token=VARIABLE), tokens["access_token"])
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}

    assert answer(edge, token_request(server.token_url, client_id="key", client_secret="secret", **form))[0] == 200


def test_deletes_an_authorization_code() -> None:
    """A deleted code gives no token."""
    edge = frozen_edge()
    forecast(edge)
    code, server = code_of(edge), edge.authorization_server()

    sent = asked(edge, DeleteOAuthV2Info(name="info", authorization_code=VARIABLE), code)

    assert sent == DONE
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "https://app.example/cb"}
    assert answer(edge, token_request(server.token_url, client_id="key", client_secret="secret", **form)) == (
        400,
        [JSON],
        flat("invalid_request", "Invalid Authorization Code"),
    )


@pytest.mark.parametrize(
    ("guesses", "status"), [({}, 404), ({"delete_info_unknown_status": 500}, 500)], ids=["default", "switched"]
)
@pytest.mark.parametrize(
    ("setting", "text", "code"),
    [
        ("access_token", "Invalid Access Token", "invalid_access_token"),
        ("authorization_code", "Invalid Authorization Code", "invalid_request-authorization_code_invalid"),
    ],
)
def test_deletes_nothing_that_is_not_there(
    setting: str, text: str, code: str, guesses: dict[str, object], status: int
) -> None:
    """What is missing is refused with 404, or with the status of the guess `delete_info_unknown_status`."""
    edge = frozen_edge(guesses=guesses)

    sent = asked(edge, DeleteOAuthV2Info(name="info", **{setting: VARIABLE}), "nonsense")

    assert sent == failed(text, code, status=status)
    assert edge.calls.last.reason == NONE_IN[setting]


# Declarations

ONE_OF_FOUR = "takes exactly one of access_token, authorization_code, client_id, refresh_token, not"


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (info, f"GetOAuthV2Info 'info' {ONE_OF_FOUR} none."),
        (
            lambda: info(access_token="a", refresh_token="r"),
            f"GetOAuthV2Info 'info' {ONE_OF_FOUR} access_token and refresh_token.",
        ),
        (lambda: info(client_id=None), "client_id of 'info' takes text, not NoneType."),
        (
            lambda: info(access_token="a", ignore_access_token_status="true"),
            "ignore_access_token_status of 'info' takes True or False, not str.",
        ),
        (
            lambda: DeleteOAuthV2Info(name="info"),
            "DeleteOAuthV2Info 'info' takes exactly one of access_token, authorization_code, not none.",
        ),
        (
            lambda: SetOAuthV2Info(name="info", access_token="", attributes=[]),
            "access_token of 'info' takes text, not an empty text.",
        ),
        (
            lambda: SetOAuthV2Info(name="info", access_token="a", attributes=["plan"]),
            "attributes of 'info' takes a list of attributes, as [Attribute(name='plan', value='gold')], not ['plan'].",
        ),
    ],
)
def test_refuses_a_declaration_that_cannot_be(declare: Callable[[], object], message: str) -> None:
    """A wrong setting is refused where the policy is made."""
    with pytest.raises(ConfigurationError) as caught:
        declare()

    assert str(caught.value) == message
