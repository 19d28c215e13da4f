"""The grants of an authorization server, each end to end, and what it says of those that it does not give.

Source: runtime.md 4.1 to 4.5, 5.2, 5.3.
"""

import json
import re
from collections.abc import Mapping
from datetime import timedelta

import pytest

from pytest_apigee.edge.gateway.flow import ProxyEndpoint
from pytest_apigee.edge.gateway.policies.verify_access_token import VerifyAccessToken
from tests.edge.authorization_support import CALLBACK, Setting, setting
from tests.edge.flow_support import Look, pre
from tests.edge.gateway_support import FORM, JSON, Answer, answer, basic, bearer, flat, frozen_edge, get

USERS = {"ada": "s3cret", "bob": "pass"}
TOKENS = (
    b'{\n  "refresh_token_expires_in" : "0",\n  "refresh_token_status" : "approved",\n  '
    b'"api_product_list" : "[weather]",\n  "api_product_list_json" : [ "weather" ],\n  '
    b'"organization_name" : "acme",\n  "developer.email" : "developer@acme.example",\n  '
    b'"token_type" : "BearerToken",\n  "issued_at" : "1767323045678",\n  "client_id" : "key",\n  '
    b'"access_token" : "(A)",\n  "refresh_token" : "(R)",\n  "application_name" : "(ID)",\n  "scope" : "READ",\n  '
    b'"refresh_token_issued_at" : "1767323045678",\n  "expires_in" : "3599",\n  "refresh_count" : "0",\n  '
    b'"status" : "approved"\n}'
)


def location(sent: Answer) -> str:
    """Return where an answer redirects to."""
    status, headers, body = sent
    assert (status, body, [name for name, _ in headers]) == (302, b"", ["Location"]), sent
    return headers[0][1]


def code_of(world: Setting, **changes: str | None) -> str:
    """Return an authorization code that a user allowed."""
    found = re.fullmatch(
        r"https://app\.example/cb\?code=([A-Za-z0-9]{8})&state=xyz&scope=READ", location(world.decide(**changes))
    )
    assert found
    return found[1]


def tokens_of(sent: Answer, **expected: object) -> Mapping[str, str]:
    """Return the fields of a token answer, after a look at some of them."""
    status, headers, body = sent
    assert (status, headers) == (200, [JSON]), sent
    fields = json.loads(body)
    assert {name: fields.get(name) for name in expected} == expected
    return fields


def exchanged(world: Setting, **changes: str | None) -> Answer:
    """Return the answer to the exchange of a new code."""
    return world.token(grant_type="authorization_code", code=code_of(world, **changes), redirect_uri=CALLBACK)


def refused(code: str, error: str, status: int = 400) -> Answer:
    """Return a refusal in flat form."""
    return status, [JSON], flat(code, error)


# Authorization code


@pytest.mark.parametrize("users", [{}, USERS], ids=["no users", "users"])
def test_gives_a_token_for_a_code(users: dict[str, str]) -> None:
    """A user allows it, the code comes back by the callback, and is exchanged for tokens that open the API."""
    world = setting(users=users)

    sent = exchanged(world, username="ada", password="s3cret")

    fields = tokens_of(sent)
    body = sent[2].replace(fields["access_token"].encode(), b"(A)").replace(fields["refresh_token"].encode(), b"(R)")
    assert body.replace(world.app.app_id.encode(), b"(ID)") == TOKENS
    assert world.call(fields["access_token"]) == 200
    assert world.edge.calls.gateway[-2].issued_token == fields["access_token"]


def test_takes_a_code_once() -> None:
    """The second use of a code is refused, and the first token stays good."""
    world = setting()
    request = {"grant_type": "authorization_code", "code": code_of(world), "redirect_uri": CALLBACK}
    token = tokens_of(world.token(**request))["access_token"]

    assert world.token(**request) == refused("invalid_request", "Invalid Authorization Code")
    assert world.call(token) == 200


def test_remembers_who_logged_in() -> None:
    """The user of the consent page is the end user of the token, and of the one that a refresh gives."""
    world = setting(users=USERS)
    look = Look(name="look", names=("app_enduser",))
    flow = pre(VerifyAccessToken(name="verify"), look)
    api = world.edge.proxy("/who", products=["weather"], endpoint=ProxyEndpoint(pre_flow=flow), target={})
    first = tokens_of(exchanged(world, username="ada", password="s3cret"))
    answer(world.edge, get(api.url, bearer(first["access_token"])))

    second = tokens_of(world.token(grant_type="refresh_token", refresh_token=first["refresh_token"]))
    answer(world.edge, get(api.url, bearer(second["access_token"])))

    assert look.seen == ["ada", "ada"]


# Implicit


def test_gives_a_token_in_the_fragment() -> None:
    """The implicit grant redirects with the token itself, which has no refresh token and opens the API."""
    world = setting()

    found = re.fullmatch(
        r"https://app\.example/cb#access_token=([A-Za-z0-9]{28})&expires_in=3599&scope=READ&state=xyz",
        location(world.decide(response_type="token")),
    )

    assert found
    assert world.call(found[1]) == 200
    assert world.edge.calls.gateway[-2].issued_token == found[1]


@pytest.mark.parametrize(
    ("grants", "response_type", "error"),
    [
        (["authorization_code"], "token", "Response type must be code"),
        (["implicit"], "code", "Response type must be token"),
        (["authorization_code", "implicit"], "x", "Response type must be code"),
        (["implicit"], None, "The request is missing a required parameter : response_type"),
    ],
)
def test_refuses_other_response_types(grants: list[str], response_type: str | None, error: str) -> None:
    """A response type whose grant is not supported is refused once the user allowed it."""
    world = setting(grant_types=grants)

    assert world.decide(response_type=response_type) == refused("invalid_request", error)


# Client credentials


@pytest.mark.parametrize(
    ("fields", "headers"),
    [({}, []), ({"client_id": None, "client_secret": None}, [basic("key", "secret")])],
    ids=["form", "Basic"],
)
def test_gives_a_token_to_an_app(fields: dict[str, None], headers: list[tuple[str, str]]) -> None:
    """Client credentials come by form or Basic; the token has all scopes of the products and no refresh token."""
    world = setting()

    sent = world.token(*headers, grant_type="client_credentials", **fields)

    expected = {"scope": "READ WRITE", "refresh_token_expires_in": "0", "expires_in": "3599", "refresh_token": None}
    assert world.call(tokens_of(sent, **expected)["access_token"]) == 200


# Password


def test_gives_a_token_for_a_password() -> None:
    """A user known by name and password gets a token by the password grant."""
    world = setting(users=USERS)

    fields = tokens_of(
        world.token(grant_type="password", username="bob", password="pass", scope="READ"),
        scope="READ",
        refresh_count="0",
    )

    assert world.call(fields["access_token"]) == 200


PASSWORDS = [
    ({"username": "bob", "password": "wrong"}, refused("invalid_grant", "Invalid Credentials", 401)),
    ({"username": "eve", "password": "pass"}, refused("invalid_grant", "Invalid Credentials", 401)),
    ({"username": "bob"}, refused("invalid_request", "Required param : password")),
    ({"password": "pass"}, refused("invalid_request", "Required param : username")),
    ({"username": "", "password": ""}, refused("invalid_request", "Required param : username")),
    (
        {"username": "bob", "password": "pass", "client_secret": "x"},
        refused("invalid_client", "Client credentials are invalid", 401),
    ),
]


@pytest.mark.parametrize(("fields", "expected"), PASSWORDS)
def test_refuses_passwords(fields: dict[str, str], expected: Answer) -> None:
    """A wrong user is refused by the proxy, a missing one by GenerateAccessToken."""
    assert setting(users=USERS).token(grant_type="password", **fields) == expected


# Refresh


def test_gives_a_new_token_for_a_refresh_token() -> None:
    """A refresh gives a new pair, and neither of the old ones is good any more."""
    world = setting()
    first = tokens_of(exchanged(world))

    second = tokens_of(world.token(grant_type="refresh_token", refresh_token=first["refresh_token"]), refresh_count="1")

    assert [world.call(tokens["access_token"]) for tokens in (first, second)] == [401, 200]
    assert world.token(grant_type="refresh_token", refresh_token=first["refresh_token"]) == refused(
        "invalid_request", "Invalid Refresh Token"
    )


def test_reuses_refresh_tokens_where_told() -> None:
    """With `reuse_refresh_token` the same refresh token comes back, again and again."""
    world = setting(reuse_refresh_token=True)
    refresh = tokens_of(exchanged(world))["refresh_token"]

    for count in ("1", "2"):
        tokens_of(
            world.token(grant_type="refresh_token", refresh_token=refresh), refresh_token=refresh, refresh_count=count
        )


# Lifetimes and form


def test_ends_when_told() -> None:
    """Lifetimes are those of the settings, for each grant."""
    world = setting(expires_in=timedelta(minutes=5), refresh_token_expires_in=timedelta(hours=2))
    shown = {"expires_in": "299", "refresh_token_expires_in": "7199"}

    first = tokens_of(exchanged(world), **shown)
    tokens_of(world.token(grant_type="refresh_token", refresh_token=first["refresh_token"]), **shown)
    assert "expires_in=299&" in location(world.decide(response_type="token"))
    world.edge.clock.advance(hours=2)
    second = tokens_of(world.token(grant_type="client_credentials"), expires_in="299")
    assert [world.call(first["access_token"]), world.call(second["access_token"])] == [401, 200]


def test_answers_as_the_rfc_where_told() -> None:
    """With `rfc_compliant` the token type is Bearer and expires_in a number."""
    world = setting(rfc_compliant=True)

    first = tokens_of(exchanged(world), token_type="Bearer", expires_in=3599)
    tokens_of(
        world.token(grant_type="refresh_token", refresh_token=first["refresh_token"]),
        token_type="Bearer",
        expires_in=3599,
    )


# Revocation


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revokes_tokens_with_their_pairs(kind: str) -> None:
    """Either token of a pair revokes both; the answer is empty."""
    world = setting()
    tokens = tokens_of(exchanged(world))

    assert world.revoke(token=tokens[kind]) == (200, [], b"")
    assert (world.edge.calls.last.reason, world.edge.calls.last.was_refused) == ("", False)
    assert world.call(tokens["access_token"]) == 401
    assert world.edge.calls.last.reason == "the token was revoked"
    assert world.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"]) == refused(
        "invalid_request", "Invalid Refresh Token"
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"token": "nobody's"}, "no token of this organization in request.formparam.token"),
        ({"token": ""}, "no token in request.formparam.token"),
        ({}, "no token in request.formparam.token"),
    ],
)
def test_refuses_to_revoke_what_is_no_token(fields: dict[str, str], reason: str) -> None:
    """A token that is nobody's cannot be revoked."""
    world = setting()

    assert world.revoke(**fields) == refused("invalid_request", "Invalid Token")
    assert world.edge.calls.last.reason == reason


def test_revokes_also_where_nothing_is_echoed() -> None:
    """The answer of a revocation does not hang on what a proxy without target echoes."""
    world = setting(edge=frozen_edge(guesses={"unmatched_flow_echo": False}))
    token = tokens_of(world.token(grant_type="client_credentials"))["access_token"]

    assert world.revoke(token=token) == (200, [], b"")


# Grants that are not supported


EVERY_GRANT = {
    "authorization_code": {"code": "x"},
    "client_credentials": {},
    "password": {"username": "ada", "password": "s3cret"},
    "refresh_token": {"refresh_token": "x"},
    "implicit": {},
}


@pytest.mark.parametrize("left_out", EVERY_GRANT)
def test_refuses_grants_that_are_left_out(left_out: str) -> None:
    """A grant that the settings do not name is not supported at the token endpoint."""
    grants = [name for name in EVERY_GRANT if name != left_out]
    world = setting(users=USERS, grant_types=grants)

    sent = world.token(grant_type=left_out, **EVERY_GRANT[left_out])

    assert sent == refused("invalid_request", f"Unsupported grant type : {left_out}")


@pytest.mark.parametrize("only", EVERY_GRANT)
def test_gives_no_other_grant_than_told(only: str) -> None:
    """Where one grant is supported, the token endpoint gives no other."""
    world = setting(users=USERS, grant_types=[only])

    for name in EVERY_GRANT.keys() - {only}:
        sent = world.token(grant_type=name, **EVERY_GRANT[name])
        assert sent == refused("invalid_request", f"Unsupported grant type : {name}")


def test_gives_implicit_tokens_by_the_page_alone() -> None:
    """The token endpoint does not know the implicit grant, also where the server gives it."""
    world = setting()

    assert world.token(grant_type="implicit") == refused("invalid_request", "Unsupported grant type : implicit")


def test_knows_no_password_without_users() -> None:
    """Without users the password grant is none of those that it gives by default."""
    world = setting()

    sent = world.token(grant_type="password", username="ada", password="s3cret")

    assert sent == refused("invalid_request", "Unsupported grant type : password")


@pytest.mark.parametrize("consent", ["page", "given"])
@pytest.mark.parametrize("grants", [["client_credentials"], ["refresh_token", "password"]])
def test_has_no_page_for_grants_without_one(grants: list[str], consent: str) -> None:
    """A server that gives neither codes nor implicit tokens has no authorization endpoint: no flow is for it."""
    world = setting(users=USERS, grant_types=grants, consent=consent)

    assert world.ask() == (200, [], b"")
    assert world.decide(username="ada", password="s3cret")[1] == [FORM]
    assert world.edge.calls.last.reason == (
        "no policy of the proxy 'oauth2' answers POST /oauth2/authorize, "
        "and it has no target, so Edge echoes the request"
    )


@pytest.mark.parametrize("path", ["/token", "/revoke", "/authorize/x", "/", ""])
def test_echoes_what_no_flow_is_for(path: str) -> None:
    """Other verbs and paths are for no flow."""
    world = setting()

    assert answer(world.edge, get(world.server.token_url.replace("/token", path))) == (200, [], b"")


# Who may revoke


@pytest.mark.parametrize(
    ("client", "status", "error", "reason"),
    [
        ({"client_id": "", "client_secret": ""}, 401, "invalid_client", "no client id: absent"),
        ({"client_secret": "wrong"}, 401, "invalid_client", "wrong consumer secret for app 'forecast'"),
    ],
)
def test_revokes_for_no_stranger(client: dict[str, str], status: int, error: str, reason: str) -> None:
    """The client of a revocation says who it is, as at the token endpoint; else its token stays good."""
    world = setting()
    token = tokens_of(exchanged(world))["access_token"]

    answered, _, body = world.revoke(token=token, **client)

    assert (answered, json.loads(body)["ErrorCode"], world.edge.calls.last.reason) == (status, error, reason)
    assert world.call(token) == 200


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revokes_no_token_of_another_client(kind: str) -> None:
    """A token that another app got cannot be revoked."""
    world = setting()
    tokens = tokens_of(exchanged(world))
    other = world.edge.app("other", consumer_key="their-key", consumer_secret="their-secret")

    sent = world.revoke(token=tokens[kind], client_id=other.consumer_key, client_secret=other.consumer_secret)

    assert sent == refused("invalid_request", "Invalid Token")
    assert world.edge.calls.last.reason == "the token was issued to another client"
    assert world.call(tokens["access_token"]) == 200
