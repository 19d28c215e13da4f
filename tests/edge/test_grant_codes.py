"""Authorization codes and implicit grants at their edges: whose they are, where they lead, what they survive.

Source: runtime.md 4.2, 5.2, 5.3. The plain cases are in `test_grant_flows`.
"""

from urllib.parse import quote

import pytest

from pytest_apigee.policies import (
    GenerateAccessToken,
    GenerateAccessTokenImplicitGrant,
    GenerateAuthorizationCode,
)
from tests.edge.gateway_support import JSON, answer, flat, get, token_request
from tests.edge.grant_support import CALLBACK, KEY, Put, grant_edge, location, new_code, post, serve, tokens

Kind = type[GenerateAuthorizationCode | GenerateAccessTokenImplicitGrant]
CODE = {"grant_type": "authorization_code"}
OTHER_CALLBACK = "https://app.example/other"


def generate(name: str = "generate") -> GenerateAccessToken:
    return GenerateAccessToken(name=name, generate_response=True)


def refused(error: str) -> tuple[int, list[tuple[str, str]], bytes]:
    return 400, [JSON], flat("invalid_request", error)


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        ({"redirect_uri": OTHER_CALLBACK}, f"Invalid redirect_uri : {OTHER_CALLBACK}"),
        ({"redirect_uri": f"{CALLBACK}/"}, f"Invalid redirect_uri : {CALLBACK}/"),
        ({}, "Required param : redirect_uri"),
        ({"redirect_uri": ""}, "Required param : redirect_uri"),
    ],
    ids=["other", "a slash more", "none", "empty"],
)
def test_a_code_is_bound_to_its_redirect_uri(sent: dict[str, str], refusal: str) -> None:
    """The redirect URI of the authorization request is required at the token step, to the letter."""
    edge, _ = grant_edge()
    url, code = serve(edge, "/token", generate()), new_code(edge, redirect_uri=CALLBACK)

    assert answer(edge, post(url, **CODE, code=code, **sent)) == refused(refusal)
    assert tokens(edge, post(url, **CODE, code=code, redirect_uri=CALLBACK))["refresh_count"] == "0"


def test_a_code_is_bound_to_its_client() -> None:
    """Another client's attempt is refused, and does not spend the code."""
    edge, _ = grant_edge()
    other = edge.app("other", products=["photos"])
    url, code = serve(edge, "/token", generate()), new_code(edge)
    theirs = {"client_id": other.consumer_key, "client_secret": other.consumer_secret}

    assert answer(edge, post(url, **CODE, **theirs, code=code)) == refused("Invalid Authorization Code")
    assert tokens(edge, post(url, **CODE, code=code))["client_id"] == KEY


def test_a_code_is_bound_to_the_key_rather_than_to_the_app() -> None:
    """Another key of the same app is another client."""
    edge, app = grant_edge()
    second = edge.add_key(app)
    url, code = serve(edge, "/token", generate()), new_code(edge)
    theirs = {"client_id": second.consumer_key, "client_secret": second.consumer_secret}

    assert answer(edge, post(url, **CODE, **theirs, code=code)) == refused("Invalid Authorization Code")
    assert edge.calls.last.reason == "the authorization code was issued to another client"


def test_a_code_is_good_at_any_proxy_of_its_organization() -> None:
    """A code that one proxy issued is redeemed at another, and only once for all of them."""
    edge, _ = grant_edge()
    first, second = serve(edge, "/one", generate("one")), serve(edge, "/two", generate("two"))
    code = new_code(edge)

    assert tokens(edge, post(first, **CODE, code=code))
    assert answer(edge, post(second, **CODE, code=code)) == refused("Invalid Authorization Code")


def test_a_code_is_unknown_to_another_organization() -> None:
    """Codes belong to their organization."""
    edge, _ = grant_edge()
    edge.organization("globex", environments=["test"])
    edge.product("photos", org="globex")
    app = edge.app("photobook", products=["photos"], org="globex")
    authorization = edge.authorization_server("/own", org="globex")
    theirs = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}

    got = answer(edge, token_request(authorization.token_url, **CODE, **theirs, code=new_code(edge)))

    assert got == refused("Invalid Authorization Code")
    assert edge.calls.last.reason == "no such authorization code was issued"


def test_a_code_survives_a_refusal_of_its_client() -> None:
    """A wrong secret is told first, and does not spend the code."""
    edge, _ = grant_edge()
    url, code = serve(edge, "/token", generate()), new_code(edge)

    got = answer(edge, post(url, **CODE, code=code, client_secret="wrong"))

    assert got == (401, [JSON], flat("invalid_client", "Client credentials are invalid"))
    assert tokens(edge, post(url, **CODE, code=code))


def test_a_code_of_an_app_that_was_revoked_since_is_refused() -> None:
    """A revoked app gets no token for a code that it had before."""
    edge, app = grant_edge()
    url, code = serve(edge, "/token", generate()), new_code(edge)
    edge.set_app_status(app, "revoked")

    got = answer(edge, post(url, **CODE, code=code))

    assert got == (401, [JSON], flat("invalid_client", "App not Approved"))


def test_an_implicit_token_is_no_code() -> None:
    """What another operation issued is no authorization code."""
    edge, _ = grant_edge()
    url = serve(edge, "/implicit", GenerateAccessTokenImplicitGrant(name="implicit", generate_response=True))
    answer(edge, token_request(url, response_type="token", client_id=KEY))

    got = answer(edge, post(serve(edge, "/token", generate()), **CODE, code=edge.calls.last.issued_token))

    assert got == refused("Invalid Authorization Code")


OPERATIONS = [
    (GenerateAuthorizationCode, "code", "?code="),
    (GenerateAccessTokenImplicitGrant, "token", "#access_token="),
]


@pytest.mark.parametrize(("kind", "response_type", "follows"), OPERATIONS, ids=["code", "implicit"])
def test_reads_an_authorization_request_where_its_settings_say(kind: Kind, response_type: str, follows: str) -> None:
    """Each input may come from another variable, as from the query of a GET."""
    edge, _ = grant_edge()
    names = ("response_type", "client_id", "redirect_uri", "scope", "state")
    settings = {name: f"request.queryparam.{name}" for name in names}
    url = serve(edge, "/authorize", kind(name="policy", generate_response=True, **settings))  # type: ignore[arg-type]
    callback = quote(CALLBACK, safe="")
    query = f"response_type={response_type}&client_id={KEY}&redirect_uri={callback}&scope=WRITE&state=42"

    where = location(answer(edge, get(f"{url}?{query}")))

    assert where.startswith(f"{CALLBACK}{follows}")
    assert where.endswith({"code": "&state=42&scope=WRITE", "token": "&scope=WRITE&state=42"}[response_type])


@pytest.mark.parametrize(("kind", "response_type", "follows"), OPERATIONS, ids=["code", "implicit"])
@pytest.mark.parametrize(
    ("sent", "shown"),
    [("https://x.example/\r\nSet-Cookie: a=b", "https://x.example/  Set-Cookie: a=b"), ("oob", "oob")],
)
def test_redirects_nowhere_else_than_told(kind: Kind, response_type: str, follows: str, sent: str, shown: str) -> None:
    """Where no callback is registered, the request's own is taken as it is, but makes no further header."""
    edge, _ = grant_edge()
    app = edge.app(products=["photos"])
    url = serve(edge, "/authorize", kind(name="policy", generate_response=True))
    fields = {"response_type": response_type, "client_id": app.consumer_key, "redirect_uri": sent}

    assert location(answer(edge, token_request(url, **fields))).startswith(f"{shown}{follows}")


@pytest.mark.parametrize(("kind", "response_type", "follows"), OPERATIONS, ids=["code", "implicit"])
def test_echoes_the_state_in_percent_encoding(kind: Kind, response_type: str, follows: str) -> None:
    """A state of any characters comes back, and adds no parameter of its own."""
    edge, _ = grant_edge()
    url = serve(edge, "/authorize", kind(name="policy", generate_response=True))
    state = "é &scope=ADMIN#\r\n"

    where = location(answer(edge, token_request(url, response_type=response_type, client_id=KEY, state=state)))

    assert where.startswith(f"{CALLBACK}{follows}")
    assert "state=%C3%A9%20%26scope%3DADMIN%23%0D%0A" in where
    assert where.count("scope=") == 1


def test_reads_no_state_where_it_has_none() -> None:
    """Without a variable for it there is no state."""
    edge, _ = grant_edge()
    url = serve(edge, "/authorize", GenerateAuthorizationCode(name="code", generate_response=True, state=""))

    where = location(answer(edge, token_request(url, response_type="code", client_id=KEY, state="x")))

    assert "state" not in where


def test_makes_a_code_where_none_comes_from_elsewhere() -> None:
    """A variable that holds no code leaves it to Edge."""
    edge, _ = grant_edge()
    external = GenerateAuthorizationCode(name="code", generate_response=True, external_authorization_code="their.code")
    url = serve(edge, "/authorize", Put(name="put", values={"their.code": ""}), external)

    where = location(answer(edge, token_request(url, response_type="code", client_id=KEY)))

    code = where.removeprefix(f"{CALLBACK}?code=").removesuffix("&scope=READ%20WRITE")
    assert (len(code), code.isalnum()) == (8, True)


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"response_type": "code"}, "The request is missing a required parameter : client_id"),
        ({"client_id": "nobody"}, "The request is missing a required parameter : response_type"),
        ({"client_id": "nobody", "response_type": "x"}, "Response type must be code"),
        ({"client_id": KEY, "response_type": "code", "redirect_uri": "x"}, "Invalid redirection uri x"),
    ],
)
def test_complains_of_one_thing_at_the_authorization_endpoint(sent: dict[str, str], error: str) -> None:
    """Errors come as status and body, never as a redirect: first the response type, then client, then redirect URI."""
    edge, _ = grant_edge()
    url = serve(edge, "/authorize", GenerateAuthorizationCode(name="code", generate_response=True))

    assert answer(edge, token_request(url, **sent)) == refused(error)
