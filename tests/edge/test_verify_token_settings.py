"""VerifyAccessToken with settings of one's own: where the token comes from, its scopes, and what it leaves behind.

Source: runtime.md sections 4.5 and 5.4.
"""

from datetime import timedelta

import pytest

from pytest_apigee import App, ConfigurationError, FakeEdge, Proxy, TokenFactory
from pytest_apigee.edge.gateway.policies.generate_access_token import GenerateAccessToken
from pytest_apigee.edge.gateway.policies.oauth_v2 import NEVER, Attribute
from pytest_apigee.edge.gateway.policies.verify_access_token import VerifyAccessToken
from pytest_apigee.edge.tokens import AccessToken, Grant
from tests.edge.flow_variable_support import See, Seen, proxy_of, proxy_with_fault_rule
from tests.edge.gateway_support import (
    HOUR_MS,
    JSON,
    MISSING_TOKEN,
    MOMENT_MS,
    UNKNOWN_TOKEN,
    Answer,
    answer,
    app_request,
    bearer,
    fault,
    frozen_edge,
    get,
    token_request,
    unauthorized,
)

OK = (200, [JSON], b'{"temp": 21}')
QUERY = "request.queryparam.token"
HEADER = "request.header.x-token"


def protected(edge: FakeEdge, **settings: object) -> Proxy:
    return proxy_of(edge, "/p", VerifyAccessToken(name="verify", **settings), target={"temp": 21})


def app_of(edge: FakeEdge) -> App:
    return edge.app("forecast", products=["p"])


# Where the token comes from


@pytest.mark.parametrize(
    ("settings", "query", "header"),
    [
        pytest.param({"access_token": QUERY}, "?token={}", None, id="query"),
        pytest.param({"access_token": QUERY}, "?token={}%20%20", None, id="query, blanks behind"),
        pytest.param({"access_token": HEADER}, "", ("X-Token", "{}"), id="header"),
        pytest.param(
            {"access_token": HEADER, "access_token_prefix": "Bearer"}, "", ("X-Token", "Bearer {}"), id="header, prefix"
        ),
        pytest.param({"access_token": QUERY, "access_token_prefix": "T"}, "?token=T+{}", None, id="query, prefix"),
        pytest.param({"access_token_prefix": "Token"}, "", ("Authorization", "Token {}"), id="other scheme"),
        pytest.param(
            {"access_token": "request.header.authorization"}, "", ("Authorization", "Bearer {}"), id="named as usual"
        ),
        pytest.param(
            {"access_token": "request.header.Authorization"}, "", ("Authorization", "Bearer {}"), id="named in capitals"
        ),
        pytest.param(
            {"access_token": "request.header.authorization", "access_token_prefix": "Token"},
            "",
            ("Authorization", "Token {}"),
            id="named, other scheme",
        ),
    ],
)
def test_reads_the_token_from_where_it_is_told(
    settings: dict[str, str], query: str, header: tuple[str, str] | None
) -> None:
    """A token comes from any variable, after any prefix; without a prefix from the Authorization header alone."""
    edge = frozen_edge()
    api, token = protected(edge, **settings), TokenFactory(edge)(app_of(edge))
    headers = [(header[0], header[1].format(token))] if header else []

    assert answer(edge, get(api.url + query.format(token), *headers)) == OK
    assert edge.calls.last.app == "forecast"


NOT_STARTING = "what {} holds does not start with 'T' and a blank"


@pytest.mark.parametrize(
    ("settings", "query", "header", "reason"),
    [
        pytest.param({"access_token": QUERY}, "", None, f"no access token in {QUERY}", id="absent"),
        pytest.param({"access_token": QUERY}, "?token=", None, f"no access token in {QUERY}", id="empty"),
        pytest.param({"access_token": QUERY}, "?token=%20", None, f"no access token in {QUERY}", id="blank"),
        pytest.param(
            {"access_token": QUERY},
            "",
            ("Authorization", "Bearer {}"),
            f"no access token in {QUERY}",
            id="in the usual place",
        ),
        pytest.param(
            {"access_token": QUERY, "access_token_prefix": "T"},
            "?token={}",
            None,
            NOT_STARTING.format(QUERY),
            id="without prefix",
        ),
        pytest.param(
            {"access_token": QUERY, "access_token_prefix": "T"},
            "?token=t+{}",
            None,
            NOT_STARTING.format(QUERY),
            id="prefix in another letter case",
        ),
        pytest.param(
            {"access_token": QUERY, "access_token_prefix": "T"},
            "?token=T",
            None,
            NOT_STARTING.format(QUERY),
            id="prefix alone",
        ),
        pytest.param(
            {"access_token_prefix": "Token"},
            "",
            ("Authorization", "Bearer {}"),
            "the scheme of the Authorization header is not exactly 'Token'",
            id="usual scheme",
        ),
        pytest.param(
            {"access_token_prefix": "Token"},
            "",
            ("Authorization", "Token "),
            "nothing follows 'Token' in the Authorization header",
            id="other scheme alone",
        ),
    ],
)
def test_refuses_a_call_without_token_in_that_place(
    settings: dict[str, str], query: str, header: tuple[str, str] | None, reason: str
) -> None:
    """A token elsewhere, or without its prefix, is none."""
    edge = frozen_edge()
    api, token = protected(edge, **settings), TokenFactory(edge)(app_of(edge))
    headers = [(header[0], header[1].format(token))] if header else []

    assert answer(edge, get(api.url + query.format(token), *headers)) == MISSING_TOKEN
    assert edge.calls.last.reason == reason


def test_takes_a_prefix_for_a_part_of_the_token_where_none_is_declared() -> None:
    """Elsewhere than in the Authorization header no prefix is expected, so one makes it another token."""
    edge = frozen_edge()
    api, token = protected(edge, access_token=HEADER), TokenFactory(edge)(app_of(edge))

    assert answer(edge, get(api.url, ("X-Token", f"Bearer {token}"))) == UNKNOWN_TOKEN


# What is sent instead of an access token


def reason_for(edge: FakeEdge, api: Proxy, token: str) -> str:
    assert answer(edge, get(api.url, bearer(token))) == UNKNOWN_TOKEN
    return edge.calls.last.reason


def test_names_a_refresh_token() -> None:
    """A refresh token is no access token, and the reason says what it is."""
    edge = frozen_edge()
    server, app = edge.authorization_server(users={"ada": "secret"}), edge.app(products=["p"])
    client = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
    form = token_request(server.token_url, grant_type="password", username="ada", password="secret", **client)
    refresh_token = edge.handle(form).json()["refresh_token"]

    assert reason_for(edge, protected(edge), refresh_token) == "this is a refresh token, not an access token"


def test_names_a_token_that_was_replaced() -> None:
    """The access token that a refresh replaced is unknown, and the reason says why."""
    edge = frozen_edge()
    server, app = edge.authorization_server(users={"ada": "secret"}), edge.app(products=["p"])
    client = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
    form = token_request(server.token_url, grant_type="password", username="ada", password="secret", **client)
    issued = edge.handle(form).json()
    renewal = {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}
    assert answer(edge, token_request(server.token_url, **renewal, **client))[0] == 200

    assert reason_for(edge, protected(edge), issued["access_token"]) == (
        "the token was replaced when its refresh token was exchanged"
    )


def test_names_a_token_that_edge_forgot() -> None:
    """A token that expired days ago is unknown, and the reason says why."""
    edge = frozen_edge()
    api, token = protected(edge), TokenFactory(edge)(app_of(edge))
    edge.clock.advance(days=3, hours=1)

    assert reason_for(edge, api, str(token)) == (
        "a token that expired days ago, so that Edge forgot it, or one of another world"
    )


def test_refuses_a_token_whose_key_is_gone() -> None:
    """A token of a consumer key that does not exist any more is unknown."""
    edge = frozen_edge()
    organization = edge.organization("globex", environments=["test"])
    grant = Grant(client_id="gone", app_id="1", scopes=(), grant_type="client_credentials")
    token = AccessToken(value="orphan", grant=grant, issued_at_ms=MOMENT_MS, expires_at_ms=MOMENT_MS + HOUR_MS)
    organization.tokens.add(token)
    api = edge.proxy("/p", org="globex")

    assert reason_for(edge, api, "orphan") == "the consumer key that the token was issued to is gone"


# Scopes


@pytest.mark.parametrize(
    ("scopes", "rule", "expected"),
    [
        (["cso"], "any", OK),
        (["cso", "dsp"], "any", OK),
        (["dsp", "other"], "any", "dsp, other"),
        (["cso"], "all", OK),
        (["cso", "cma"], "all", OK),
        (["cso", "dsp"], "all", "cso, dsp"),
        ("dsp  other", "any", "dsp, other"),
        ([], "all", OK),
        ("", "all", OK),
    ],
)
def test_requires_its_scopes(scopes: object, rule: str, expected: Answer | str) -> None:
    """Of the scopes in a policy a token needs one, or all where the guess `scope_rule` says so."""
    edge = frozen_edge(guesses={"scope_rule": rule})
    edge.product("p", scopes=["cso", "cma"])
    api, token = protected(edge, scopes=scopes), TokenFactory(edge)(app_of(edge))

    sent = answer(edge, get(api.url, bearer(token)))

    if isinstance(expected, str):
        expected = (403, [JSON], fault(f"Required scope(s): [{expected}]", "steps.oauth.v2.InsufficientScope"))
    assert sent == expected


# Variables


def test_leaves_in_variables_what_is_known_of_a_token() -> None:
    """A good token leaves itself, its client, app, developer and product in variables."""
    edge = frozen_edge()
    edge.product("p", scopes=["READ", "WRITE"], quota=5, attributes={"plan": "big"})
    developer = edge.developer("ada@example.com", first_name="Ada", last_name="L", attributes={"tier": "gold"})
    app = edge.app(
        "forecast", products=["p"], developer=developer.email, consumer_key="key", attributes={"colour": "red"}
    )
    token = TokenFactory(edge)(app, lifetime=timedelta(seconds=100))
    expected = {
        "access_token": str(token),
        "client_id": "key",
        "scope": "READ WRITE",
        "status": "approved",
        "grant_type": "client_credentials",
        "token_type": "BearerToken",
        "issued_at": "1767323045678",
        "expires_in": "90",
        "organization_name": "acme",
        "developer.id": developer.developer_id,
        "developer.email": "ada@example.com",
        "developer.userName": "ada",
        "developer.firstName": "Ada",
        "developer.lastName": "L",
        "developer.status": "active",
        "developer.tier": "gold",
        "developer.app.id": app.app_id,
        "developer.app.name": "forecast",
        "app.id": app.app_id,
        "app.name": "forecast",
        "app.status": "approved",
        "app.appType": "Developer",
        "app.apiproducts": "[p]",
        "app.callbackUrl": "",
        "app.colour": "red",
        "apiproduct.name": "p",
        "apiproduct.plan": "big",
        "apiproduct.developer.quota.limit": "5",
        "apiproduct.developer.quota.interval": "1",
        "apiproduct.developer.quota.timeunit": "minute",
        "app_enduser": None,
    }
    seen: Seen = {}
    api = proxy_of(edge, "/p", VerifyAccessToken(name="verify"), See(names=tuple(expected), seen=seen))
    edge.clock.advance(seconds=9, milliseconds=1)
    edge.handle(get(api.url, bearer(token)))

    assert seen == expected


def issued_by(edge: FakeEdge, **settings: object) -> str:
    """Return a token that a policy of one's own issued."""
    grants = ["client_credentials"]
    policy = GenerateAccessToken(name="generate", generate_response=True, supported_grant_types=grants, **settings)
    url = proxy_of(edge, "/token", policy).url
    request = app_request(edge, app_of(edge), grant_type="client_credentials")
    return str(edge.handle(token_request(url, **dict(request.form))).json()["access_token"])


def seen_of(edge: FakeEdge, token: str, *names: str) -> Seen:
    seen: Seen = {}
    api = proxy_of(edge, "/p", VerifyAccessToken(name="verify"), See(names=names, seen=seen))
    edge.handle(get(api.url, bearer(token)))
    return seen


def test_leaves_in_variables_the_attributes_of_a_token() -> None:
    """Custom attributes are variables whether answers display them or not."""
    edge = frozen_edge()
    attributes = [Attribute(name="plan", value="gold"), Attribute(name="secret.part", value="x", display=False)]
    token = issued_by(edge, attributes=attributes)

    assert seen_of(edge, token, "accesstoken.plan", "accesstoken.secret.part") == {
        "accesstoken.plan": "gold",
        "accesstoken.secret.part": "x",
    }


def test_leaves_in_variables_who_the_end_user_is() -> None:
    """The end user whom the token was issued for is in `app_enduser`."""
    edge = frozen_edge()
    token = issued_by(edge, app_end_user="request.formparam.client_id")

    assert seen_of(edge, token, "app_enduser") == {"app_enduser": edge.find_app("forecast").consumer_key}


def test_leaves_no_expiry_in_variables_of_a_token_that_never_expires() -> None:
    """A token without end has no `expires_in` in variables."""
    edge = frozen_edge()
    token = issued_by(edge, expires_in=NEVER)
    edge.clock.advance(days=1_000)

    assert seen_of(edge, token, "expires_in", "access_token") == {"expires_in": None, "access_token": token}


def test_leaves_in_variables_why_it_refused() -> None:
    """The policy's own name of a fault keeps the prefix of the service, `fault.name` drops it."""
    edge, seen = frozen_edge(), Seen()
    names = ("fault.name", "oauthV2.verify.failed", "oauthV2.verify.fault.name", "oauthV2.verify.fault.cause", "status")
    api = proxy_with_fault_rule(edge, "/p", VerifyAccessToken(name="verify"), See(names=names, seen=seen))

    assert answer(edge, get(api.url, bearer("nonsense"))) == UNKNOWN_TOKEN
    assert seen == {
        "fault.name": "invalid_access_token",
        "oauthV2.verify.failed": True,
        "oauthV2.verify.fault.name": "keymanagement.service.invalid_access_token",
        "oauthV2.verify.fault.cause": "Invalid Access Token",
        "status": None,
    }


def test_says_the_switched_text_for_a_revoked_key() -> None:
    """The guess `key_not_approved_text` is the text for a key that is not approved."""
    edge = frozen_edge(guesses={"key_not_approved_text": "Key revoked"})
    api, app = protected(edge), app_of(edge)
    token = TokenFactory(edge)(app)
    edge.set_key_status(app, "revoked")

    assert answer(edge, get(api.url, bearer(token))) == unauthorized(
        "Key revoked", "keymanagement.service.invalid_client-client_id_not_approved"
    )


# Declarations


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"access_token": None}, "access_token of 'verify' takes text, not NoneType."),
        ({"access_token": 5}, "access_token of 'verify' takes text, not int."),
        ({"access_token_prefix": None}, "access_token_prefix of 'verify' takes text, not NoneType."),
        (
            {"access_token_prefix": "Bearer "},
            "access_token_prefix of 'verify' takes one word, as 'Bearer', not 'Bearer '.",
        ),
        ({"access_token_prefix": "a b"}, "access_token_prefix of 'verify' takes one word, as 'Bearer', not 'a b'."),
        ({"access_token_prefix": " "}, "access_token_prefix of 'verify' takes one word, as 'Bearer', not ' '."),
        ({"scopes": None}, "scopes of 'verify' takes a list of names, as scopes=['READ'], not None."),
        ({"scopes": ["a b"]}, "'a b' cannot be a scope: it holds a blank. Write scopes=['READ', 'WRITE']."),
        ({"name": None}, "The name of VerifyAccessToken takes text, not NoneType."),
        ({"enabled": None}, "enabled of 'verify' takes True or False, not NoneType."),
    ],
)
def test_refuses_a_declaration_that_cannot_be(settings: dict[str, object], message: str) -> None:
    """A wrong setting is refused where the policy is made."""
    with pytest.raises(ConfigurationError) as caught:
        VerifyAccessToken(**{"name": "verify", **settings})

    assert str(caught.value) == message
