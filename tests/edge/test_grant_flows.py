"""Codes, implicit grants, refreshes and tokens from elsewhere, end to end (runtime.md 4.2 to 4.5)."""

from contextlib import suppress
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from pytest_apigee import ConfigurationError, FakeEdge
from pytest_apigee.policies import (
    NEVER,
    Attribute,
    GenerateAccessToken,
    GenerateAccessTokenImplicitGrant,
    GenerateAuthorizationCode,
    RefreshAccessToken,
)
from tests.edge.gateway_support import JSON, UNKNOWN_TOKEN, answer, bearer, flat, get, token_request
from tests.edge.grant_support import CALLBACK, KEY, Look, Put, grant_edge, location, new_code, post, serve, tokens

ASK = {"response_type": "code", "client_id": KEY}
PASSWORD = {"grant_type": "password", "username": "ada", "password": "pw"}
ALL = ("authorization_code", "client_credentials", "password")


def generate(**settings: object) -> GenerateAccessToken:
    return GenerateAccessToken(
        **{"name": "generate", "supported_grant_types": ALL, "generate_response": True, **settings}  # type: ignore[arg-type]
    )


def status_with(edge: FakeEdge, token: str) -> int:
    """Return the status of a call with a token, to a proxy that is declared when first needed."""
    with suppress(ConfigurationError):
        edge.proxy("/photos", products=["photos"])
    return answer(edge, get(f"{edge.gateway_url}/photos", bearer(token)))[0]


# Authorization codes


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, f"{CALLBACK}?code=CODE&scope=READ%20WRITE"),
        ({"state": "a b&c"}, f"{CALLBACK}?code=CODE&state=a%20b%26c&scope=READ%20WRITE"),
        ({"scope": "READ", "state": "x"}, f"{CALLBACK}?code=CODE&state=x&scope=READ"),
        ({"scope": "OTHER"}, f"{CALLBACK}?code=CODE"),
        ({"redirect_uri": CALLBACK}, f"{CALLBACK}?code=CODE&scope=READ%20WRITE"),
    ],
)
def test_redirects_with_a_code(sent: dict[str, str], expected: str) -> None:
    """The code comes in a redirect to the app's callback: code, state and scope, in this order, percent-encoded."""
    edge, _ = grant_edge()
    url = serve(edge, "/authorize", GenerateAuthorizationCode(name="code", generate_response=True))

    where = location(answer(edge, token_request(url, **ASK, **sent)))

    code = dict(parse_qsl(urlsplit(where).query))["code"]
    assert where == expected.replace("CODE", code)
    assert (len(code), code.isalnum()) == (8, True)


def test_appends_to_the_query_of_a_callback() -> None:
    """A redirect URI that has a query keeps it."""
    edge, _ = grant_edge()
    app = edge.app(products=["photos"], callback_url="https://app.example/?from=edge")
    url = serve(edge, "/authorize", GenerateAuthorizationCode(name="code", generate_response=True))

    where = location(answer(edge, token_request(url, response_type="code", client_id=app.consumer_key)))

    assert where.startswith("https://app.example/?from=edge&code=")


@pytest.mark.parametrize(
    ("callback", "sent", "used"),
    [
        ("", "https://any.example/", "https://any.example/"),
        ("https://a.example/, https://b.example/", "https://b.example/", "https://b.example/"),
    ],
    ids=["none registered", "several registered"],
)
def test_redirects_where_the_request_and_the_app_say(callback: str, sent: str, used: str) -> None:
    """A redirect URI must be one that is registered, unless none is."""
    edge, _ = grant_edge()
    app = edge.app(products=["photos"], callback_url=callback or None)
    url = serve(edge, "/authorize", GenerateAuthorizationCode(name="code", generate_response=True))
    fields = {"response_type": "code", "client_id": app.consumer_key, "redirect_uri": sent}

    assert location(answer(edge, token_request(url, **fields))).startswith(f"{used}?code=")


def test_a_code_is_good_once_and_the_token_stays() -> None:
    """The second use of a code is refused, and the token of the first stays good."""
    edge, _ = grant_edge()
    request = post(
        serve(edge, "/token", generate()), grant_type="authorization_code", code=new_code(edge, scope="READ")
    )

    issued = tokens(edge, request)
    again = answer(edge, request)

    assert issued["scope"] == "READ"
    assert again == (400, [JSON], flat("invalid_request", "Invalid Authorization Code"))
    assert status_with(edge, issued["access_token"]) == 200


@pytest.mark.parametrize(
    ("asked", "sent"),
    [({}, {}), ({}, {"redirect_uri": CALLBACK}), ({"redirect_uri": CALLBACK}, {"redirect_uri": CALLBACK})],
    ids=["neither", "token step", "both"],
)
def test_takes_the_redirect_uri_of_the_authorization_request(asked: dict[str, str], sent: dict[str, str]) -> None:
    """The redirect URI is needed at the token step where it was sent before, and must then be the same."""
    edge, _ = grant_edge()
    url = serve(edge, "/token", generate())

    assert tokens(edge, post(url, grant_type="authorization_code", code=new_code(edge, **asked), **sent))


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [({}, 600), ({"expires_in": timedelta(seconds=5)}, 5), ({"expires_in_ref": "a"}, 7)],
)
def test_a_code_lasts_as_its_settings_say(settings: dict[str, object], seconds: int) -> None:
    """A code is good to its last millisecond."""
    edge, _ = grant_edge()
    generate_code = GenerateAuthorizationCode(name="code", generate_response=True, **settings)  # type: ignore[arg-type]
    url = serve(edge, "/authorize", Put(name="put", values={"a": "7000"}), generate_code)
    token_url = serve(edge, "/token", generate())
    codes = [dict(parse_qsl(urlsplit(location(answer(edge, token_request(url, **ASK)))).query))["code"] for _ in "12"]

    edge.clock.advance(milliseconds=seconds * 1_000 - 1)
    assert tokens(edge, post(token_url, grant_type="authorization_code", code=codes[0]))
    edge.clock.advance(milliseconds=1)
    assert answer(edge, post(token_url, grant_type="authorization_code", code=codes[1]))[0] == 400


def test_a_code_may_last_for_ever() -> None:
    """A code with NEVER is good after years."""
    edge, _ = grant_edge()
    endless = GenerateAuthorizationCode(name="code", generate_response=True, expires_in=NEVER)
    url, token_url = serve(edge, "/authorize", endless), serve(edge, "/token", generate())
    code = dict(parse_qsl(urlsplit(location(answer(edge, token_request(url, **ASK)))).query))["code"]

    edge.clock.advance(days=4_000)

    assert tokens(edge, post(token_url, grant_type="authorization_code", code=code))


def test_the_default_lifetime_of_a_code_is_a_guess() -> None:
    """`default_code_seconds` says how long a code is good whose policy does not."""
    edge, _ = grant_edge(guesses={"default_code_seconds": 1})
    code = new_code(edge)

    edge.clock.advance(seconds=1)

    assert answer(edge, post(serve(edge, "/token", generate()), grant_type="authorization_code", code=code))[0] == 400


def test_leaves_a_code_in_variables_without_generate_response() -> None:
    """With GenerateResponse off, variables hold the code, and the flow goes on."""
    edge, _ = grant_edge()
    names = tuple(f"oauthv2authcode.code.{name}" for name in ("code", "redirect_uri", "scope", "client_id", "plan"))
    look = Look(name="look", names=names)
    quiet = GenerateAuthorizationCode(name="code", attributes=[Attribute(name="plan", value="gold")])

    answer(edge, token_request(serve(edge, "/authorize", quiet, look), **ASK))

    code, *others = look.seen.values()
    assert (len(str(code)), others) == (8, [CALLBACK, "READ WRITE", KEY, "gold"])


def test_a_code_may_come_from_elsewhere() -> None:
    """ExternalAuthorizationCode names the variable that holds the code."""
    edge, _ = grant_edge()
    external = GenerateAuthorizationCode(name="code", generate_response=True, external_authorization_code="their.code")
    url = serve(edge, "/authorize", Put(name="put", values={"their.code": "abc"}), external)

    where = location(answer(edge, token_request(url, **ASK)))

    assert where == f"{CALLBACK}?code=abc&scope=READ%20WRITE"
    assert tokens(edge, post(serve(edge, "/token", generate()), grant_type="authorization_code", code="abc"))


def test_a_token_keeps_the_user_and_the_attributes_of_its_code() -> None:
    """AppEndUser and attributes of the code are the token's, too; the token's own win."""
    edge, _ = grant_edge()
    attributes = [Attribute(name="plan", value="gold"), Attribute(name="city", value="Oslo")]
    ask = GenerateAuthorizationCode(
        name="ask", generate_response=True, app_end_user="request.formparam.who", attributes=attributes
    )
    code = dict(
        parse_qsl(urlsplit(location(answer(edge, token_request(serve(edge, "/ask", ask), **ASK, who="ada")))).query)
    )["code"]
    token = generate(generate_response=False, attributes=[Attribute(name="city", value="Bergen")])
    names = tuple(
        f"oauthv2accesstoken.generate.{name}" for name in ("app_enduser", "accesstoken.plan", "accesstoken.city")
    )
    look = Look(name="look", names=names)

    answer(edge, post(serve(edge, "/token", token, look), grant_type="authorization_code", code=code))

    assert list(look.seen.values()) == ["ada", "gold", "Bergen"]


# Implicit grants


@pytest.mark.parametrize(
    ("sent", "fragment"),
    [
        ({}, "access_token=TOKEN&expires_in=3599&scope=READ%20WRITE"),
        ({"state": "x/y"}, "access_token=TOKEN&expires_in=3599&scope=READ%20WRITE&state=x%2Fy"),
        ({"scope": "OTHER"}, "access_token=TOKEN&expires_in=3599"),
    ],
)
def test_redirects_with_a_token_in_the_fragment(sent: dict[str, str], fragment: str) -> None:
    """An implicit grant comes in the fragment of a redirect, without a refresh token."""
    edge, _ = grant_edge()
    url = serve(edge, "/implicit", GenerateAccessTokenImplicitGrant(name="implicit", generate_response=True))

    where = location(answer(edge, token_request(url, response_type="token", client_id=KEY, **sent)))

    token = edge.calls.last.issued_token
    assert where == f"{CALLBACK}#{fragment.replace('TOKEN', token)}"
    assert status_with(edge, token) == 200


def test_the_order_of_the_fragment_is_a_guess() -> None:
    """`implicit_fragment` says which fields the fragment has, in which order."""
    edge, _ = grant_edge(guesses={"implicit_fragment": "state access_token"})
    endless = GenerateAccessTokenImplicitGrant(name="implicit", generate_response=True, expires_in=NEVER)
    url = serve(edge, "/implicit", endless)

    where = location(answer(edge, token_request(url, response_type="token", client_id=KEY, state="x")))

    assert where == f"{CALLBACK}#state=x&access_token={edge.calls.last.issued_token}"


def test_an_implicit_token_may_never_expire() -> None:
    """The fragment shows the guessed number for a token without end."""
    edge, _ = grant_edge()
    endless = GenerateAccessTokenImplicitGrant(name="implicit", generate_response=True, expires_in=NEVER)

    where = location(answer(edge, token_request(serve(edge, "/i", endless), response_type="token", client_id=KEY)))

    assert "&expires_in=-1&" in where


def test_leaves_an_implicit_token_in_variables_without_generate_response() -> None:
    """With GenerateResponse off, variables hold the token, and the flow goes on."""
    edge, _ = grant_edge()
    look = Look(
        name="look", names=("oauthv2accesstoken.implicit.access_token", "oauthv2accesstoken.implicit.grant_type")
    )
    quiet = GenerateAccessTokenImplicitGrant(name="implicit")

    answer(edge, token_request(serve(edge, "/i", quiet, look), response_type="token", client_id=KEY))

    assert list(look.seen.values()) == [edge.calls.last.issued_token, "implicit"]


# Refreshes


def refresh(**settings: object) -> RefreshAccessToken:
    return RefreshAccessToken(**{"name": "refresh", "generate_response": True, **settings})  # type: ignore[arg-type]


@pytest.mark.parametrize(("kills", "old"), [(True, 401), (False, 200)])
def test_a_refresh_takes_the_place_of_both_tokens(kills: object, old: int) -> None:
    """After a refresh the old refresh token is refused, and the old access token too, unless the guess says no."""
    edge, _ = grant_edge(guesses={"refresh_kills_access": kills})
    first = tokens(edge, post(serve(edge, "/token", generate()), **PASSWORD))
    url = serve(edge, "/refresh", refresh())
    request = post(url, grant_type="refresh_token", refresh_token=first["refresh_token"])

    second = tokens(edge, request)

    assert answer(edge, request) == (400, [JSON], flat("invalid_request", "Invalid Refresh Token"))
    assert status_with(edge, first["access_token"]) == old
    assert status_with(edge, second["access_token"]) == 200


def test_the_old_access_token_is_unknown_after_a_refresh() -> None:
    """The old access token is refused like one that nobody issued; the tester is told why."""
    edge, _ = grant_edge()
    first = tokens(edge, post(serve(edge, "/token", generate()), **PASSWORD))
    tokens(
        edge, post(serve(edge, "/refresh", refresh()), grant_type="refresh_token", refresh_token=first["refresh_token"])
    )
    api = edge.proxy("/photos", products=["photos"]).url

    assert answer(edge, get(api, bearer(first["access_token"]))) == UNKNOWN_TOKEN
    assert edge.calls.last.reason == "the token was replaced when its refresh token was exchanged"


@pytest.mark.parametrize(("guess", "shown"), [(True, "1799"), (False, "3599")])
def test_a_refresh_token_may_be_used_again(guess: object, shown: str) -> None:
    """With ReuseRefreshToken the same one stays good, with the time that it has left, and counts on."""
    edge, _ = grant_edge(guesses={"reused_refresh_shows_remaining": guess})
    first = tokens(edge, post(serve(edge, "/token", generate(refresh_token_expires_in=timedelta(hours=1))), **PASSWORD))
    url = serve(edge, "/refresh", refresh(reuse_refresh_token=True, refresh_token_expires_in=timedelta(days=9)))
    request = post(url, grant_type="refresh_token", refresh_token=first["refresh_token"])

    edge.clock.advance(minutes=30)
    second, third = tokens(edge, request), tokens(edge, request)

    assert [again["refresh_token"] for again in (second, third)] == [first["refresh_token"]] * 2
    assert [again["refresh_count"] for again in (second, third)] == ["1", "2"]
    assert second["refresh_token_expires_in"] == shown
    edge.clock.advance(minutes=30)
    assert answer(edge, request) == (400, [JSON], flat("invalid_request", "Refresh Token expired"))


@pytest.mark.parametrize(("narrows", "scope"), [(False, "READ WRITE"), (True, "READ")])
def test_a_refresh_keeps_the_scopes(narrows: object, scope: str) -> None:
    """A refresh keeps the scopes of its token, even where it asks for fewer, unless the guess says otherwise."""
    edge, _ = grant_edge(guesses={"refresh_narrows_scope": narrows})
    first = tokens(edge, post(serve(edge, "/token", generate()), **PASSWORD))
    url = serve(edge, "/refresh", refresh())
    sent = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}

    assert tokens(edge, post(url, **sent, scope="READ"))["scope"] == scope


def test_a_refresh_keeps_and_adds_attributes() -> None:
    """Attributes of the first token stay; those of the refresh are added, and win."""
    edge, _ = grant_edge()
    attributes = [Attribute(name="plan", value="gold"), Attribute(name="city", value="Oslo")]
    first = tokens(edge, post(serve(edge, "/token", generate(attributes=attributes)), **PASSWORD))
    url = serve(edge, "/refresh", refresh(attributes=[Attribute(name="city", value="Bergen")]))

    second = tokens(edge, post(url, grant_type="refresh_token", refresh_token=first["refresh_token"]))

    assert list(second.items())[-2:] == [("plan", "gold"), ("city", "Bergen")]


# Scopes


@pytest.mark.parametrize(
    ("asked", "scope"),
    [(None, "READ WRITE"), ("WRITE READ", "READ WRITE"), ("READ", "READ"), ("READ OTHER", "READ"), ("OTHER", "")],
)
def test_grants_the_scopes_of_the_products(asked: str | None, scope: str) -> None:
    """Without a scope all of the products', else those that are theirs; none is a token with none."""
    edge, _ = grant_edge()
    sent = {} if asked is None else {"scope": asked}

    issued = tokens(edge, post(serve(edge, "/token", generate()), grant_type="client_credentials", **sent))

    assert issued["scope"] == scope


# Tokens from elsewhere


def test_takes_tokens_from_elsewhere() -> None:
    """ExternalAccessToken and ExternalRefreshToken name the variables that hold the tokens; Edge keeps them."""
    edge, _ = grant_edge()
    theirs = Put(name="put", values={"their.access": "their-token", "their.refresh": "their-refresh"})
    token = generate(external_access_token="their.access", external_refresh_token="their.refresh")

    issued = tokens(edge, post(serve(edge, "/token", theirs, token), **PASSWORD))

    assert (issued["access_token"], issued["refresh_token"]) == ("their-token", "their-refresh")
    assert status_with(edge, "their-token") == 200


def test_makes_tokens_where_none_comes_from_elsewhere() -> None:
    """A variable that holds no token leaves it to Edge."""
    edge, _ = grant_edge()
    token = generate(external_access_token="their.access", external_refresh_token="their.refresh")

    issued = tokens(edge, post(serve(edge, "/token", token), **PASSWORD))

    assert (len(issued["access_token"]), len(issued["refresh_token"])) == (28, 32)


def test_does_not_keep_a_token_without_store_token() -> None:
    """With StoreToken off, the answer is the same, and the token is nobody's."""
    edge, _ = grant_edge()

    issued = tokens(edge, post(serve(edge, "/token", generate(store_token=False)), **PASSWORD))

    assert status_with(edge, issued["access_token"]) == 401


def test_does_not_keep_a_refreshed_token_without_store_token() -> None:
    """A refresh without StoreToken that reuses the refresh token leaves that one good."""
    edge, _ = grant_edge()
    first = tokens(edge, post(serve(edge, "/token", generate()), **PASSWORD))
    url = serve(edge, "/refresh", refresh(store_token=False, reuse_refresh_token=True))
    request = post(url, grant_type="refresh_token", refresh_token=first["refresh_token"])

    second = tokens(edge, request)

    assert status_with(edge, second["access_token"]) == 401
    assert tokens(edge, request)["refresh_count"] == "2"


AUTHORIZED = "oauth_external_authorization_status"
EXTERNAL = [
    ({AUTHORIZED: "true"}, {}, None, ""),
    ({AUTHORIZED: "true"}, {"client_secret": "wrong"}, None, ""),
    ({}, {}, "Client credentials are invalid", f"{AUTHORIZED} is not set, not 'true'"),
    ({AUTHORIZED: "false"}, {}, "Client credentials are invalid", f"{AUTHORIZED} is 'false', not 'true'"),
    (
        {AUTHORIZED: "true"},
        {"client_id": ""},
        "Client identifier is required",
        "no client id in request.formparam.client_id",
    ),
    (
        {AUTHORIZED: "true"},
        {"client_id": "nobody"},
        "ClientId is Invalid",
        "no app of organization 'acme' has this consumer key",
    ),
]


@pytest.mark.parametrize(("variables", "sent", "error", "reason"), EXTERNAL)
def test_lets_somebody_else_authorize_a_client(
    variables: dict[str, str], sent: dict[str, str], error: str | None, reason: str
) -> None:
    """With ExternalAuthorization a variable says whether the client is authorized; its key must be one all the same."""
    edge, _ = grant_edge()
    url = serve(edge, "/token", Put(name="put", values=variables), generate(external_authorization=True))

    got = answer(edge, post(url, **{**PASSWORD, **sent}))

    if error is None:
        assert got[0] == 200
    else:
        assert got == (401, [JSON], flat("invalid_client", error))
    assert edge.calls.last.reason == reason


def test_an_authorized_client_must_be_active() -> None:
    """ExternalAuthorization does not make up for a revoked app."""
    edge, app = grant_edge()
    edge.set_app_status(app, "revoked")
    url = serve(edge, "/token", Put(name="put", values={AUTHORIZED: "true"}), generate(external_authorization=True))

    assert answer(edge, post(url, **PASSWORD)) == (401, [JSON], flat("invalid_client", "App not Approved"))
