"""Tokens and decisions from elsewhere, in every operation that takes them (runtime.md 4.5 "Imported tokens").

The plain cases are in `test_grant_flows`.
"""

import pytest

from pytest_apigee import FakeEdge, Request
from pytest_apigee.policies import GenerateAccessToken, Policy, RefreshAccessToken
from tests.edge.gateway_support import JSON, UNKNOWN_TOKEN, answer, basic, bearer, fault, flat, get, token_request
from tests.edge.grant_support import KEY, SECRET, Look, Put, grant_edge, new_code, post, serve, tokens

AUTHORIZED = "oauth_external_authorization_status"
YES = Put(name="put", values={AUTHORIZED: "true"})
ALL = ("authorization_code", "client_credentials", "password")
PASSWORD = {"grant_type": "password", "username": "ada", "password": "pw"}
REFRESH = {"grant_type": "refresh_token"}


def generate(**settings: object) -> GenerateAccessToken:
    return GenerateAccessToken(
        **{"name": "generate", "supported_grant_types": ALL, "generate_response": True, **settings}  # type: ignore[arg-type]
    )


def without_secret(url: str, **fields: str) -> Request:
    """Return a form that names the client and has no secret."""
    return token_request(url, client_id=KEY, **fields)


def test_an_authorized_client_needs_no_secret_for_any_grant() -> None:
    """Where the status variable says true, the client is let through without a secret, a refresh included."""
    edge, _ = grant_edge()
    url = serve(edge, "/token", YES, generate(external_authorization=True))
    refresh = RefreshAccessToken(name="refresh", generate_response=True, external_authorization=True)
    refresh_url = serve(edge, "/refresh", YES, refresh)

    issued = [
        tokens(edge, without_secret(url, **PASSWORD)),
        tokens(edge, without_secret(url, grant_type="client_credentials")),
        tokens(edge, without_secret(url, grant_type="authorization_code", code=new_code(edge))),
    ]
    refreshed = tokens(edge, without_secret(refresh_url, **REFRESH, refresh_token=issued[0]["refresh_token"]))

    assert [answer_["client_id"] for answer_ in (*issued, refreshed)] == [KEY] * 4
    assert refreshed["refresh_count"] == "1"
    assert edge.calls.last.app == "photobook"


def test_reads_the_client_id_of_an_authorized_client_from_its_variable() -> None:
    """The client id comes from the variable that ClientId names, not from a Basic header."""
    edge, _ = grant_edge()
    by_variable = generate(external_authorization=True, client_id="request.queryparam.who")
    url = serve(edge, "/token", YES, by_variable)
    nobody = token_request(f"{url}?who={KEY}", **PASSWORD)

    request = nobody.with_headers([*nobody.headers, basic("somebody", "else")])

    assert tokens(edge, request)["client_id"] == KEY


@pytest.mark.parametrize("operation", ["token", "refresh"])
@pytest.mark.parametrize(
    ("is_flat", "expected"),
    [
        (True, (401, [JSON], flat("invalid_client", "Client credentials are invalid"))),
        (False, (500, [JSON], fault("Client credentials are invalid", "oauth.v2.InvalidClientIdentifier"))),
    ],
    ids=["flat", "fault"],
)
def test_refuses_a_client_that_nobody_authorized(
    operation: str, expected: tuple[int, list[tuple[str, str]], bytes], *, is_flat: bool
) -> None:
    """With ExternalAuthorization a secret does not help where the status variable is not true."""
    edge, _ = grant_edge()
    settings = {"name": "policy", "external_authorization": True, "generate_response": is_flat}
    policy: Policy = generate(**settings)
    sent = PASSWORD
    if operation == "refresh":
        policy, sent = RefreshAccessToken(**settings), {**REFRESH, "refresh_token": "x"}  # type: ignore[arg-type]

    assert answer(edge, post(serve(edge, "/policy", policy), **sent)) == expected
    assert edge.calls.last.reason == f"{AUTHORIZED} is not set, not 'true'"


def test_takes_no_notice_of_the_status_without_external_authorization() -> None:
    """The status variable counts with ExternalAuthorization alone."""
    edge, _ = grant_edge()
    url = serve(edge, "/token", YES, generate())

    got = answer(edge, without_secret(url, **PASSWORD))

    assert got == (401, [JSON], flat("invalid_client", "Client credentials are invalid"))


def test_knows_a_client_of_another_world_by_its_key() -> None:
    """The tester is told of a key that another test left behind."""
    edge, _ = grant_edge()
    key = FakeEdge(seed=8).app().consumer_key
    url = serve(edge, "/token", YES, generate(external_authorization=True))

    got = answer(edge, token_request(url, **PASSWORD, client_id=key))

    assert got == (401, [JSON], flat("invalid_client", "ClientId is Invalid"))
    assert edge.calls.last.reason == (
        "no app of organization 'acme' has this consumer key; it is a key of another world "
        "(of another test, perhaps kept in a module-level cache)"
    )


@pytest.mark.parametrize(
    ("values", "lengths"),
    [
        ({"their.access": "imported-access"}, (15, 32)),
        ({"their.refresh": "imported-refresh"}, (28, 16)),
        ({"their.access": "", "their.refresh": ""}, (28, 32)),
    ],
    ids=["access alone", "refresh alone", "empty"],
)
def test_takes_each_token_from_elsewhere_on_its_own(values: dict[str, str], lengths: tuple[int, int]) -> None:
    """One of the two tokens may come from elsewhere, the other is Edge's."""
    edge, _ = grant_edge()
    token = generate(external_access_token="their.access", external_refresh_token="their.refresh")

    issued = tokens(edge, post(serve(edge, "/token", Put(name="put", values=values), token), **PASSWORD))

    assert (len(issued["access_token"]), len(issued["refresh_token"])) == lengths


def test_reads_a_token_from_elsewhere_out_of_the_request() -> None:
    """Any variable may hold the token, as a header that a third party's answer was copied to."""
    edge, _ = grant_edge()
    token = generate(external_access_token="request.header.x-their-token")
    request = post(serve(edge, "/token", token), grant_type="client_credentials")

    issued = tokens(edge, request.with_headers([*request.headers, ("X-Their-Token", "abc.def.ghi")]))

    assert issued["access_token"] == "abc.def.ghi"
    assert answer(edge, get(edge.proxy("/photos", products=["photos"]).url, bearer("abc.def.ghi")))[0] == 200


def test_a_token_from_elsewhere_can_be_revoked() -> None:
    """Edge keeps an imported token like its own."""
    edge, _ = grant_edge()
    token = generate(external_access_token="their.access")
    tokens(edge, post(serve(edge, "/token", Put(name="put", values={"their.access": "abc"}), token), **PASSWORD))

    edge.revoke("abc")

    assert answer(edge, get(edge.proxy("/photos", products=["photos"]).url, bearer("abc")))[0] == 401
    assert edge.calls.last.reason == "the token was revoked"


@pytest.mark.parametrize("grant", [PASSWORD, {"grant_type": "client_credentials"}], ids=["password", "credentials"])
def test_keeps_neither_token_without_store_token(grant: dict[str, str]) -> None:
    """With StoreToken off, an answer and variables hold tokens that nobody knows: for verification elsewhere."""
    edge, _ = grant_edge()
    look = Look(name="look", names=("oauthv2accesstoken.generate.access_token",))
    url = serve(edge, "/token", generate(store_token=False, generate_response=False), look)
    refresh_url = serve(edge, "/refresh", RefreshAccessToken(name="refresh", generate_response=True))

    answer(edge, post(url, **grant))
    token = edge.calls.last.issued_token

    assert look.seen == {"oauthv2accesstoken.generate.access_token": token}
    assert answer(edge, get(edge.proxy("/photos", products=["photos"]).url, bearer(token))) == UNKNOWN_TOKEN
    answered = serve(edge, "/answered", generate(store_token=False))
    refresh_token = tokens(edge, post(answered, **PASSWORD))["refresh_token"]
    got = answer(edge, post(refresh_url, **REFRESH, refresh_token=refresh_token))
    assert got == (400, [JSON], flat("invalid_request", "Invalid Refresh Token"))


def test_checks_client_and_secret_without_storing_a_token() -> None:
    """StoreToken off and GenerateErrorResponse on is how a proxy validates a key and a secret: flat errors alone."""
    edge, _ = grant_edge()
    policy = generate(store_token=False, generate_response=False, generate_error_response=True)
    url = serve(edge, "/validate", policy)

    good, wrong = (
        answer(edge, token_request(url, **PASSWORD, client_id=KEY, client_secret=secret))
        for secret in (SECRET, "wrong")
    )

    assert good[0] == 200
    assert wrong == (401, [JSON], flat("invalid_client", "Client credentials are invalid"))
