"""The errors of the token and authorization endpoints, byte for byte, in both of their forms (runtime.md 5.2, 5.3)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from pytest_apigee import FakeEdge, Request
from pytest_apigee.policies import (
    FaultRule,
    Flow,
    FlowContext,
    GenerateAccessToken,
    GenerateAccessTokenImplicitGrant,
    GenerateAuthorizationCode,
    InvalidateToken,
    Policy,
    ProxyEndpoint,
    RefreshAccessToken,
    TokenReference,
)
from tests.edge.gateway_support import JSON, answer, basic, fault, flat, in_era, token_request
from tests.edge.grant_support import KEY, SECRET, grant_edge, new_code, post, serve, tokens

ALL = ("authorization_code", "client_credentials", "password")
HOUR = timedelta(hours=1)
PASSWORD = {"grant_type": "password", "username": "ada", "password": "pw"}
REFRESH = {"grant_type": "refresh_token"}
CODE = {"grant_type": "authorization_code"}
ASK = {"response_type": "code", "client_id": KEY}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the catalogue: what is sent, and what both forms say."""

    name: str
    send: Callable[[FakeEdge, str], Request]
    flat: tuple[int, str, str]
    fault: tuple[int, str, str]
    reason: str
    operation: str = "token"


def sends(**fields: str) -> Callable[[FakeEdge, str], Request]:
    return lambda edge, url: post(url, **fields)


def authorizes(**fields: str) -> Callable[[FakeEdge, str], Request]:
    return lambda edge, url: token_request(url, **fields)


def refreshed(**fields: str) -> Callable[[FakeEdge, str], Request]:
    """Send a refresh token that is good."""
    return lambda edge, url: post(url, **REFRESH, refresh_token=new_tokens(edge)["refresh_token"], **fields)


def new_tokens(edge: FakeEdge, **settings: object) -> dict[str, str]:
    generate = GenerateAccessToken(
        name="own", supported_grant_types=ALL, generate_response=True, refresh_token_expires_in=HOUR, **settings
    )
    return tokens(edge, post(serve(edge, "/own", generate), **PASSWORD))


def other_client(edge: FakeEdge, url: str) -> Request:
    other = edge.app("other", products=["photos"])
    token = new_tokens(edge)["refresh_token"]
    fields = {"client_id": other.consumer_key, "client_secret": other.consumer_secret}
    return token_request(url, **REFRESH, **fields, refresh_token=token)


def other_clients_code(edge: FakeEdge, url: str) -> Request:
    other = edge.app("other", products=["photos"])
    fields = {"client_id": other.consumer_key, "client_secret": other.consumer_secret}
    return token_request(url, **CODE, **fields, code=new_code(edge))


def used_code(edge: FakeEdge, url: str) -> Request:
    request = post(url, **CODE, code=new_code(edge))
    edge.handle(request)
    return request


def late_code(edge: FakeEdge, url: str) -> Request:
    request = post(url, **CODE, code=new_code(edge))
    edge.clock.advance(minutes=10)
    return request


def late_refresh(edge: FakeEdge, url: str) -> Request:
    request = refreshed()(edge, url)
    edge.clock.advance(hours=1)
    return request


def rotated_refresh(edge: FakeEdge, url: str) -> Request:
    request = refreshed()(edge, url)
    refresh = RefreshAccessToken(name="once", generate_response=True)
    edge.handle(request.with_url(serve(edge, "/once", refresh)))
    return request


def revoked_refresh(edge: FakeEdge, url: str) -> Request:
    token = new_tokens(edge)["refresh_token"]
    edge.revoke(token)
    return post(url, **REFRESH, refresh_token=token)


def access_as_refresh(edge: FakeEdge, url: str) -> Request:
    return post(url, **REFRESH, refresh_token=new_tokens(edge)["access_token"])


def inactive(act: Callable[[FakeEdge], object]) -> Callable[[FakeEdge, str], Request]:
    def send(edge: FakeEdge, url: str) -> Request:
        act(edge)
        return post(url, **PASSWORD)

    return send


def expired_key(edge: FakeEdge, url: str) -> Request:
    key = edge.add_key(edge.find_app("photobook"), expires_in=timedelta(0))
    return token_request(url, **PASSWORD, client_id=key.consumer_key, client_secret=key.consumer_secret)


def revoked_app(edge: FakeEdge, url: str) -> Request:
    edge.set_app_status(edge.find_app("photobook"), "revoked")
    return token_request(url, **ASK)


def without_callback(edge: FakeEdge, url: str, response_type: str = "code") -> Request:
    return token_request(url, response_type=response_type, client_id=edge.app(products=["photos"]).consumer_key)


def with_callbacks(edge: FakeEdge, url: str) -> Request:
    app = edge.app(products=["photos"], callback_url="https://a.example/, https://b.example/")
    return token_request(url, response_type="code", client_id=app.consumer_key)


PARAM = "steps.oauth.v2.MissingParameter"
CLIENT = (500, "Invalid client identifier", "oauth.v2.InvalidClientIdentifier")
REQUEST = "invalid_request"
NO_APP = "no app of organization 'acme' has this consumer key"
BAD_REFRESH = ((400, REQUEST, "Invalid Refresh Token"),)
REFRESH_FAULT = (400, "Invalid Refresh Token", "keymanagement.service.invalid_refresh_token")
CODE_FAULT = (500, "Invalid Authorization Code", "steps.oauth.v2.invalid_request-authorization_code_invalid")
ROWS = [
    Row(
        name="unknown client",
        send=sends(**{**PASSWORD, "client_id": "nobody"}),
        flat=(401, "invalid_client", "ClientId is Invalid"),
        fault=CLIENT,
        reason=NO_APP,
    ),
    Row(
        name="wrong secret",
        send=sends(**PASSWORD, client_secret="wrong"),
        flat=(401, "invalid_client", "Client credentials are invalid"),
        fault=(500, "Client credentials are invalid", "oauth.v2.InvalidClientIdentifier"),
        reason="wrong consumer secret for app 'photobook'",
    ),
    Row(
        name="no client id",
        send=authorizes(**PASSWORD),
        flat=(401, "invalid_client", "Client identifier is required"),
        fault=(500, "Client identifier is required", "steps.oauth.v2.FailedToResolveClientId"),
        reason="no client id: absent",
    ),
    Row(
        name="no grant type",
        send=sends(),
        flat=(400, REQUEST, "Required param : grant_type"),
        fault=(500, "Required param : grant_type", PARAM),
        reason="grant_type is absent; 'policy' reads it from request.formparam.grant_type",
    ),
    Row(
        name="unsupported grant",
        send=sends(grant_type="foo"),
        flat=(400, REQUEST, "Unsupported grant type : foo"),
        fault=(500, "Unsupported grant type : foo", "steps.oauth.v2.UnSupportedGrantType"),
        reason="this flow supports only authorization_code, client_credentials, password",
    ),
    Row(
        name="no code",
        send=sends(**CODE),
        flat=(400, REQUEST, "Required param : code"),
        fault=(500, "Required param : code", PARAM),
        reason="no code in request.formparam.code",
    ),
    Row(
        name="bad code",
        send=sends(**CODE, code="I9dMGHAN"),
        flat=(400, REQUEST, "Invalid Authorization Code"),
        fault=CODE_FAULT,
        reason="no such authorization code was issued",
    ),
    Row(
        name="used code",
        send=used_code,
        flat=(400, REQUEST, "Invalid Authorization Code"),
        fault=CODE_FAULT,
        reason="the authorization code was used before",
    ),
    Row(
        name="another client's code",
        send=other_clients_code,
        flat=(400, REQUEST, "Invalid Authorization Code"),
        fault=CODE_FAULT,
        reason="the authorization code was issued to another client",
    ),
    Row(
        name="late code",
        send=late_code,
        flat=(400, REQUEST, "Authorization Code Expired"),
        fault=(500, "Authorization Code Expired", "steps.oauth.v2.authorization_code_expired"),
        reason="the authorization code has expired",
    ),
    Row(
        name="no redirect URI",
        send=lambda edge, url: post(url, **CODE, code=new_code(edge, redirect_uri="https://app.example/callback")),
        flat=(400, REQUEST, "Required param : redirect_uri"),
        fault=(500, "Required param : redirect_uri", PARAM),
        reason="no redirect_uri in request.formparam.redirect_uri, and the authorization request had named one",
    ),
    Row(
        name="other redirect URI",
        send=lambda edge, url: post(url, **CODE, code=new_code(edge), redirect_uri="oob"),
        flat=(400, REQUEST, "Invalid redirect_uri : oob"),
        fault=(500, "Invalid redirect_uri : oob", "steps.oauth.v2.InvalidParameter"),
        reason="the redirect_uri is not the one of the authorization request",
    ),
    Row(
        name="no username",
        send=sends(grant_type="password", password="pw"),
        flat=(400, REQUEST, "Required param : username"),
        fault=(500, "Required param : username", PARAM),
        reason="no username in request.formparam.username",
    ),
    Row(
        name="no password",
        send=sends(grant_type="password", username="ada", password=""),
        flat=(400, REQUEST, "Required param : password"),
        fault=(500, "Required param : password", PARAM),
        reason="no password in request.formparam.password",
    ),
    Row(
        name="app revoked",
        send=inactive(lambda edge: edge.set_app_status(edge.find_app("photobook"), "revoked")),
        flat=(401, "invalid_client", "App not Approved"),
        fault=(401, "App not Approved", "keymanagement.service.invalid_client-app_not_approved"),
        reason="the app is revoked (app 'photobook')",
    ),
    Row(
        name="developer inactive",
        send=inactive(lambda edge: edge.set_developer_status("developer@acme.example", "inactive")),
        flat=(401, "invalid_client", "Developer Status is not Active"),
        fault=(401, "Developer Status is not Active", "keymanagement.service.DeveloperStatusNotActive"),
        reason="the developer developer@acme.example is not active (app 'photobook')",
    ),
    Row(
        name="key revoked",
        send=inactive(lambda edge: edge.set_key_status(edge.find_app("photobook"), "revoked")),
        flat=(401, "invalid_client", "Client Id not Approved"),
        fault=(401, "Client Id not Approved", "keymanagement.service.invalid_client-client_id_not_approved"),
        reason="the consumer key is revoked (app 'photobook')",
    ),
    Row(
        name="key expired",
        send=expired_key,
        flat=(401, "invalid_client", "Consumer key has expired"),
        fault=(401, "Consumer key has expired", "keymanagement.service.consumer_key_expired"),
        reason="the consumer key has expired (app 'photobook')",
    ),
    Row(
        name="client of another world",
        send=lambda edge, url: post(url, **PASSWORD, client_id=FakeEdge(seed=8).app().consumer_key),
        flat=(401, "invalid_client", "ClientId is Invalid"),
        fault=CLIENT,
        reason=f"{NO_APP}; it is a key of another world (of another test, perhaps kept in a module-level cache)",
    ),
    Row(
        name="client id in the query",
        send=lambda edge, url: token_request(f"{url}?client_id={KEY}&client_secret={SECRET}", **PASSWORD),
        flat=(401, "invalid_client", "Client identifier is required"),
        fault=(500, "Client identifier is required", "steps.oauth.v2.FailedToResolveClientId"),
        reason="no client id: client_id is read from a Basic header or the form, never from the query",
    ),
    Row(
        name="grant type in the query",
        send=lambda edge, url: post(f"{url}?grant_type=password"),
        flat=(400, REQUEST, "Required param : grant_type"),
        fault=(500, "Required param : grant_type", PARAM),
        reason="grant_type is absent; 'policy' reads it from request.formparam.grant_type",
    ),
    Row(
        name="no refresh token",
        operation="refresh",
        send=sends(**REFRESH),
        flat=(400, REQUEST, "Required param : refresh_token"),
        fault=(500, "Required param : refresh_token", "steps.oauth.v2.FailedToResolveRefreshToken"),
        reason="no refresh token in request.formparam.refresh_token",
    ),
    Row(
        name="unknown refresh token",
        operation="refresh",
        send=sends(**REFRESH, refresh_token="x"),
        flat=(400, REQUEST, "Invalid Refresh Token"),
        fault=REFRESH_FAULT,
        reason="no such refresh token was issued (client_credentials gives none)",
    ),
    Row(
        name="rotated refresh token",
        operation="refresh",
        send=rotated_refresh,
        flat=(400, REQUEST, "Invalid Refresh Token"),
        fault=REFRESH_FAULT,
        reason="the refresh token was exchanged before, for a new one",
    ),
    Row(
        name="refresh token of another world",
        operation="refresh",
        send=lambda edge, url: post(url, **REFRESH, refresh_token=new_tokens(grant_edge()[0])["refresh_token"]),
        flat=(400, REQUEST, "Invalid Refresh Token"),
        fault=REFRESH_FAULT,
        reason="a refresh token that expired days ago, so that Edge forgot it, or one of another world",
    ),
    Row(
        name="access token as refresh token",
        operation="refresh",
        send=access_as_refresh,
        flat=(400, REQUEST, "Invalid Refresh Token"),
        fault=REFRESH_FAULT,
        reason="this is an access token, not a refresh token",
    ),
    Row(
        name="another client's refresh token",
        operation="refresh",
        send=other_client,
        flat=(400, REQUEST, "Invalid Refresh Token"),
        fault=REFRESH_FAULT,
        reason="the refresh token was issued to another client",
    ),
    Row(
        name="revoked refresh token",
        operation="refresh",
        send=revoked_refresh,
        flat=(400, REQUEST, "Invalid Refresh Token"),
        fault=REFRESH_FAULT,
        reason="the refresh token was revoked",
    ),
    Row(
        name="late refresh token",
        operation="refresh",
        send=late_refresh,
        flat=(400, REQUEST, "Refresh Token expired"),
        fault=(500, "Refresh Token expired", "steps.oauth.v2.refresh_token_expired"),
        reason="the refresh token has expired",
    ),
    Row(
        name="wider scope",
        operation="refresh",
        send=refreshed(scope="READ ADMIN"),
        flat=(400, REQUEST, "Invalid Scope"),
        fault=(500, "Invalid Scope", "steps.oauth.v2.invalid_request"),
        reason="the token has the scopes: READ WRITE, no more",
    ),
    Row(
        name="refresh: unsupported grant",
        operation="refresh",
        send=sends(grant_type="password"),
        flat=(400, REQUEST, "Unsupported grant type : password"),
        fault=(500, "Unsupported grant type : password", "steps.oauth.v2.UnSupportedGrantType"),
        reason="this flow supports only refresh_token",
    ),
    Row(
        name="refresh: unknown client",
        operation="refresh",
        send=sends(**REFRESH, client_id="nobody"),
        flat=(401, "invalid_client", "ClientId is Invalid"),
        fault=CLIENT,
        reason=NO_APP,
    ),
    Row(
        name="authorize: no response type",
        operation="code",
        send=authorizes(client_id=KEY),
        flat=(400, REQUEST, "The request is missing a required parameter : response_type"),
        fault=(500, "The request is missing a required parameter : response_type", PARAM),
        reason="no response type in request.formparam.response_type",
    ),
    Row(
        name="authorize: wrong response type",
        operation="code",
        send=authorizes(response_type="token", client_id=KEY),
        flat=(400, REQUEST, "Response type must be code"),
        fault=(500, "Response type must be code", "steps.oauth.v2.InvalidParameter"),
        reason="the response type is not 'code'",
    ),
    Row(
        name="implicit: wrong response type",
        operation="implicit",
        send=authorizes(response_type="code", client_id=KEY),
        flat=(400, REQUEST, "Response type must be token"),
        fault=(500, "Response type must be token", "steps.oauth.v2.InvalidParameter"),
        reason="the response type is not 'token'",
    ),
    Row(
        name="authorize: no client id",
        operation="code",
        send=authorizes(response_type="code"),
        flat=(400, REQUEST, "The request is missing a required parameter : client_id"),
        fault=(500, "The request is missing a required parameter : client_id", PARAM),
        reason="no client id in request.formparam.client_id",
    ),
    Row(
        name="authorize: unknown client",
        operation="code",
        send=authorizes(response_type="code", client_id="nobody"),
        flat=(401, REQUEST, "Invalid client id : nobody. ClientId is Invalid"),
        fault=(500, "Invalid client id : nobody. ClientId is Invalid", "oauth.v2.InvalidClientIdentifier"),
        reason=NO_APP,
    ),
    Row(
        name="authorize: app revoked",
        operation="code",
        send=revoked_app,
        flat=(401, "invalid_client", "App not Approved"),
        fault=(401, "App not Approved", "keymanagement.service.invalid_client-app_not_approved"),
        reason="the app is revoked (app 'photobook')",
    ),
    Row(
        name="implicit: no redirect URI",
        operation="implicit",
        send=lambda edge, url: without_callback(edge, url, response_type="token"),
        flat=(400, REQUEST, "Redirection URI is required"),
        fault=(500, "Redirection URI is required", PARAM),
        reason="no redirect URI in request.formparam.redirect_uri, and app 'app-1' has no callback",
    ),
    Row(
        name="authorize: other callback",
        operation="code",
        send=authorizes(**ASK, redirect_uri="http://evil.example"),
        flat=(400, REQUEST, "Invalid redirection uri http://evil.example"),
        fault=(500, r"Invalid redirection uri http:\/\/evil.example", "steps.oauth.v2.InvalidParameter"),
        reason="the callback of app 'photobook' is https://app.example/callback",
    ),
    Row(
        name="authorize: no callback",
        operation="code",
        send=without_callback,
        flat=(400, REQUEST, "Redirection URI is required"),
        fault=(500, "Redirection URI is required", PARAM),
        reason="no redirect URI in request.formparam.redirect_uri, and app 'app-1' has no callback",
    ),
    Row(
        name="authorize: several callbacks",
        operation="code",
        send=with_callbacks,
        flat=(400, REQUEST, "Redirection URI is required"),
        fault=(500, "Redirection URI is required", PARAM),
        reason="no redirect URI in request.formparam.redirect_uri, and app 'app-1' has several callbacks",
    ),
    Row(
        name="invalidate: unknown token",
        operation="invalidate",
        send=sends(token="x"),
        flat=(400, REQUEST, "Invalid Token"),
        fault=(500, "Invalid Token", "steps.oauth.v2.FailedToResolveToken"),
        reason="no token of this organization in request.formparam.token",
    ),
]
IDS = [row.name for row in ROWS]


def policy(operation: str, **settings: bool) -> Policy:
    """Return the policy of a row."""
    match operation:
        case "token":
            return GenerateAccessToken(name="policy", supported_grant_types=ALL, **settings)
        case "refresh":
            return RefreshAccessToken(name="policy", **settings)
        case "code":
            return GenerateAuthorizationCode(name="policy", **settings)
        case "implicit":
            return GenerateAccessTokenImplicitGrant(name="policy", **settings)
        case _:
            reference = TokenReference(variable="request.formparam.token")
            return InvalidateToken(name="policy", tokens=[reference], **settings)


@pytest.mark.parametrize("era", ["current", "2016"])
@pytest.mark.parametrize("settings", [{"generate_response": True}, {"generate_error_response": True}], ids=str)
@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_refuses_in_the_flat_form(row: Row, settings: dict[str, bool], era: str) -> None:
    """With GenerateResponse, or GenerateErrorResponse alone, an error is flat, and its reason is told to the tester."""
    edge, _ = grant_edge(era=era)
    url = serve(edge, "/policy", policy(row.operation, **settings))

    got = answer(edge, row.send(edge, url))

    status, code, text = row.flat
    assert got == in_era((status, [JSON], flat(code, text)), era)
    assert edge.calls.last.reason == row.reason


@pytest.mark.parametrize("era", ["current", "2016"])
@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_refuses_in_the_fault_form(row: Row, era: str) -> None:
    """With both off, an error is a fault without a challenge; for a bad client it was `... {0}` in 2016."""
    edge, _ = grant_edge(era=era)
    url = serve(edge, "/policy", policy(row.operation))

    got = answer(edge, row.send(edge, url))

    status, text, code = row.fault
    if row.fault is CLIENT and era == "2016":
        text = "Invalid client identifier {0}"
    assert got == in_era((status, [JSON], fault(text, code)), era)
    assert edge.calls.last.reason == row.reason


GUESSED = [
    ("missing_parameter_status", 401, "no code", (401, REQUEST, "Required param : code")),
    ("missing_parameter_status", 401, "no username", (401, REQUEST, "Required param : username")),
    ("expired_code_status", 500, "late code", (500, REQUEST, "Authorization Code Expired")),
    ("bad_refresh_status", 401, "unknown refresh token", (401, REQUEST, "Invalid Refresh Token")),
    ("bad_refresh_status", 401, "late refresh token", (401, REQUEST, "Refresh Token expired")),
    ("missing_refresh_text", "none", "no refresh token", (400, REQUEST, "none")),
    ("revoked_refresh_text", "Revoked", "revoked refresh token", (400, REQUEST, "Revoked")),
    ("wider_scope_status", 403, "wider scope", (403, REQUEST, "Invalid Scope")),
    ("wider_scope_error", "bad_scope", "wider scope", (400, "bad_scope", "Invalid Scope")),
    ("unsupported_grant_status", 500, "unsupported grant", (500, REQUEST, "Unsupported grant type : foo")),
    ("flat_not_approved_status", 403, "app revoked", (403, "invalid_client", "App not Approved")),
    ("invalidate_unknown_status", 404, "invalidate: unknown token", (404, REQUEST, "Invalid Token")),
    ("invalidate_unknown_text", "What?", "invalidate: unknown token", (400, REQUEST, "What?")),
]


@pytest.mark.parametrize(
    ("guess", "value", "name", "expected"), GUESSED, ids=[f"{row[0]}: {row[2]}" for row in GUESSED]
)
def test_a_guess_of_the_flat_form_can_be_switched(
    guess: str, value: object, name: str, expected: tuple[int, str, str]
) -> None:
    """What no source confirms of the flat form is one switch each."""
    edge, _ = grant_edge(guesses={guess: value})
    row = ROWS[IDS.index(name)]
    url = serve(edge, "/policy", policy(row.operation, generate_response=True))

    got = answer(edge, row.send(edge, url))

    assert got == (expected[0], [JSON], flat(*expected[1:]))


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ("unknown_client", "unknown client"),
        ("wrong_secret", "wrong secret"),
        ("missing_client", "no client id"),
        ("missing_parameter", "no grant type"),
        ("missing_refresh_token", "no refresh token"),
        ("unsupported_grant", "unsupported grant"),
        ("bad_code", "bad code"),
        ("expired_code", "late code"),
        ("bad_redirect_uri", "other redirect URI"),
        ("bad_refresh_token", "unknown refresh token"),
        ("expired_refresh_token", "late refresh token"),
        ("wider_scope", "wider scope"),
        ("bad_response_type", "authorize: wrong response type"),
        ("unknown_token", "invalidate: unknown token"),
    ],
)
def test_a_row_of_the_fault_form_can_be_switched(row: str, name: str) -> None:
    """The guess `token_faults` sets status and code of a row, and leaves the others as they are."""
    edge, _ = grant_edge(guesses={"token_faults": {row: "418 some.other.Code"}})
    case = ROWS[IDS.index(name)]
    url = serve(edge, "/policy", policy(case.operation))

    got = answer(edge, case.send(edge, url))

    assert got == (418, [JSON], fault(case.fault[1], "some.other.Code"))


@dataclass(frozen=True, kw_only=True)
class Tell(Policy):
    """Writes the fault's name into a list."""

    told: list[object]

    def execute(self, context: FlowContext) -> None:
        self.told.append(context.variables.get("fault.name"))


@pytest.mark.parametrize(
    ("settings", "sent", "told"),
    [
        ({}, {"grant_type": "authorization_code"}, ["MissingParameter"]),
        ({}, {"grant_type": "foo"}, [None]),
        ({"generate_error_response": True}, {"grant_type": "foo"}, []),
        ({"generate_response": True}, {"grant_type": "foo"}, []),
    ],
    ids=["fault", "known defect", "flat error", "flat answer"],
)
def test_fault_rules_see_the_fault_form_alone(
    settings: dict[str, bool], sent: dict[str, str], told: list[object]
) -> None:
    """Fault rules run for the fault form; the fault of an unsupported grant has no name, a known defect."""
    edge, _ = grant_edge()
    tell = Tell(name="tell", told=[])
    endpoint = ProxyEndpoint(
        pre_flow=Flow(name="PreFlow", request=[policy("token", **settings)]),
        fault_rules=[FaultRule(name="tell", steps=[tell])],
    )

    answer(edge, post(edge.proxy("/policy", endpoint=endpoint).url, **sent))

    assert tell.told == told


def test_a_form_that_does_not_decode_is_a_fault_in_both_forms() -> None:
    """A percent sign that escapes nothing is a fault, whatever the policy's settings."""
    edge, _ = grant_edge()
    text = (
        "UrlDecoding of the form parameters from the request message failed. "
        "The form parameters needs to be url encoded"
    )
    for number, settings in enumerate(({}, {"generate_response": True})):
        url = serve(edge, f"/policy-{number}", policy("code", **settings))

        got = answer(edge, Request(method="POST", url=url, headers=token_request(url).headers, body="a=%zz"))

        assert got == (500, [JSON], fault(text, "steps.oauth.v2.InvalidRequest"))


@pytest.mark.parametrize(("is_first", "code"), [(True, "Unsupported grant type : foo"), (False, "ClientId is Invalid")])
def test_what_is_complained_of_first_is_a_guess(is_first: object, code: str) -> None:
    """Where grant type and client are wrong, `grant_type_before_client` says which is told."""
    edge, _ = grant_edge(guesses={"grant_type_before_client": is_first})
    url = serve(edge, "/policy", policy("token", generate_response=True))

    assert code.encode() in answer(edge, post(url, grant_type="foo", client_id="nobody"))[2]


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize(("sent", "status"), [({"grant_type": "password"}, 200), ({"grant_type": "foo"}, 400)])
def test_looks_at_both_in_either_order(sent: dict[str, str], status: int, *, is_first: bool) -> None:
    """Grant type and client must be right, whichever is looked at first."""
    edge, _ = grant_edge(guesses={"grant_type_before_client": is_first})
    url = serve(edge, "/policy", policy("token", generate_response=True))

    assert answer(edge, post(url, **{**PASSWORD, **sent}))[0] == status


@pytest.mark.parametrize("header", ["Basic !!!", "Basic bm9jb2xvbg=="])
def test_a_basic_header_that_does_not_decode_is_no_client(header: str) -> None:
    """A Basic header that is broken hides the form, unless the guess says that it counts as absent."""
    for guess, status in ((False, 401), (True, 200)):
        edge, _ = grant_edge(guesses={"undecodable_basic_counts_as_absent": guess})
        url = serve(edge, "/policy", policy("token", generate_response=True))
        request = post(url, grant_type="client_credentials")

        got = answer(edge, request.with_headers([*request.headers, ("Authorization", header)]))

        assert got[0] == status


def test_a_basic_header_wins_over_the_form() -> None:
    """Where both are there, the Basic header counts."""
    edge, _ = grant_edge()
    url = serve(edge, "/policy", policy("token", generate_response=True))
    request = post(url, grant_type="client_credentials", client_id="nobody")

    got = answer(edge, request.with_headers([*request.headers, basic(KEY, SECRET)]))

    assert got[0] == 200
