"""OAuth 2.0 access tokens and refresh tokens at the management API (management.md 3, 5.2, 6.3, 7)."""

from datetime import timedelta

import pytest

from pytest_apigee import FakeEdge, Request, Response, TokenFactory
from pytest_apigee.edge.records import Status
from pytest_apigee.policies import GenerateAccessToken, GenerateAccessTokenImplicitGrant
from tests.edge.gateway_support import (
    HOUR_MS,
    JSON,
    MOMENT_MS,
    UNKNOWN_TOKEN,
    answer,
    app_request,
    bearer,
    token_request,
)
from tests.edge.grant_support import KEY, location, new_code, post, serve, tokens
from tests.edge.management_token_support import (
    OPS,
    REFRESH_TOKENS,
    TOKENS,
    call,
    client_credentials,
    error,
    granted,
    of_json,
    reason_of,
    refresh,
    refreshed,
    rich,
    shown,
    token_edge,
    told,
    used,
)

UNKNOWN = "nobody-has-this-token"
GET_UNKNOWN = error(404, "keymanagement.service.AccessTokenDoesntExists", "Access Token doesnt exists")
SET_UNKNOWN = error(404, "keymanagement.service.invalid_accesstoken", "Invalid Access Token")
DELETE_UNKNOWN = error(404, "keymanagement.service.AccessTokenDoesntExists", "Access Token doesnot exist")
REFRESH_UNKNOWN = error(404, "keymanagement.service.invalid_refresh_token", "Invalid Refresh Token")
PLAIN = """\
{
  "apiProducts" : [ "photos" ],
  "app" : "photobook",
  "appId" : "%(app_id)s",
  "attributes" : [ ],
  "clientId" : "K3yK3yK3yK3yK3yK3yK3yK3yK3yK3yab",
  "createdAt" : 1767323045678,
  "createdBy" : "defaultUser",
  "expiresAt" : 1767326645678,
  "grantType" : "client_credentials",
  "issuedAt" : 1767323045678,
  "lastModifiedAt" : 1767323045678,
  "lastModifiedBy" : "defaultUser",
  "refreshCount" : 0,
  "scope" : "READ WRITE",
  "status" : "approved",
  "token" : "%(token)s",
  "tokenType" : "BearerToken"
}"""


# What is shown


@pytest.mark.parametrize("issued_by", ["proxy", "stock proxy", "fixture"])
def test_shows_a_token(issued_by: str) -> None:
    """A token is shown whole wherever it was issued, its fields in the order of the alphabet."""
    edge, app = token_edge()
    token = {
        "proxy": client_credentials,
        "stock proxy": lambda edge: tokens(edge, app_request(edge, app))["access_token"],
        "fixture": lambda edge: TokenFactory(edge)(app),
    }[issued_by](edge)

    sent = told(call(edge, "GET", f"{TOKENS}/{token}"))

    assert sent == of_json(200, PLAIN % {"app_id": app.app_id, "token": token})


def test_shows_attributes_and_the_refresh_token() -> None:
    """A token shows its attributes, and its refresh token where it has one."""
    edge, app = token_edge()
    sent = granted(edge)

    assert told(call(edge, "GET", f"{TOKENS}/{sent['access_token']}")) == of_json(200, rich(app, sent))


def test_shows_more_fields_where_the_guess_says_so() -> None:
    """With the guess `mgmt_token_extra_fields` a token shows its end user, developer, and more of its refresh token."""
    edge, app = token_edge(guesses={"mgmt_token_extra_fields": True})
    sent = granted(edge, user="ada@x.example")
    uuid = call(edge, "GET", f"/developers/{app.developer}").json()["developerId"]

    response = call(edge, "GET", f"{TOKENS}/{sent['access_token']}")

    assert told(response) == of_json(
        200,
        rich(
            app,
            sent,
            developer=f'  "developerId" : "{uuid}",\n',
            user='  "endUser" : "ada@x.example",\n',
            more='  "refreshTokenExpiresAt" : -1,\n'
            f'  "refreshTokenIssuedAt" : {MOMENT_MS},\n'
            '  "refreshTokenStatus" : "approved",\n',
        ),
    )


def test_shows_that_a_refresh_token_has_expired() -> None:
    """With the same guess a refresh token is expired from its last moment on."""
    edge, _ = token_edge(guesses={"mgmt_token_extra_fields": True})
    span = timedelta(seconds=1)
    policy = GenerateAccessToken(
        name="short", generate_response=True, supported_grant_types=["password"], refresh_token_expires_in=span
    )
    url = serve(edge, "/short", policy)
    token = tokens(edge, post(url, grant_type="password", username="ada", password="pw"))["access_token"]
    seen = [shown(edge, token)["refreshTokenStatus"]]

    edge.clock.advance(span)

    assert [*seen, shown(edge, token)["refreshTokenStatus"]] == ["approved", "expired"]


def test_shows_who_refreshed_and_how_often() -> None:
    """A refresh makes another token, which counts the refreshes; the one before is unknown."""
    edge, _ = token_edge()
    first = granted(edge)
    second = refreshed(edge, first["refresh_token"])
    third = refreshed(edge, second["refresh_token"])

    token = shown(edge, third["access_token"])
    assert (token["refreshCount"], token["grantType"], token["refreshToken"]) == (
        2,
        "refresh_token",
        third["refresh_token"],
    )
    assert told(call(edge, "GET", f"{TOKENS}/{first['access_token']}")) == GET_UNKNOWN
    assert reason_of(edge) == "the token was replaced when its refresh token was exchanged"


def code_token(edge: FakeEdge) -> str:
    url = serve(edge, "/code", GenerateAccessToken(name="generate", generate_response=True))
    return tokens(edge, post(url, grant_type="authorization_code", code=new_code(edge)))["access_token"]


def implicit_token(edge: FakeEdge) -> str:
    url = serve(edge, "/implicit", GenerateAccessTokenImplicitGrant(name="implicit", generate_response=True))
    redirect = location(answer(edge, token_request(url, response_type="token", client_id=KEY)))
    return redirect.partition("access_token=")[2].partition("&")[0]


@pytest.mark.parametrize(
    ("grant_type", "issue"),
    [("authorization_code", code_token), ("implicit", implicit_token)],
    ids=["code", "implicit"],
)
def test_shows_tokens_of_every_grant(grant_type: str, issue) -> None:
    """Tokens of the code and the implicit grant are shown like the others, with their grant type."""
    edge, _ = token_edge()

    assert shown(edge, issue(edge))["grantType"] == grant_type


@pytest.mark.parametrize(("milliseconds", "status"), [(HOUR_MS - 1, "approved"), (HOUR_MS, "expired")])
@pytest.mark.parametrize("is_revoked", [False, True], ids=["approved", "revoked"])
def test_shows_that_a_token_has_expired(milliseconds: int, status: str, *, is_revoked: bool) -> None:
    """From its last moment on a token is expired, unless it was revoked."""
    edge, app = token_edge()
    token = TokenFactory(edge)(app)
    if is_revoked:
        edge.revoke(token)
    edge.clock.advance(milliseconds=milliseconds)

    assert shown(edge, token)["status"] == ("revoked" if is_revoked else status)


def test_a_token_is_forgotten_days_after_it_expired() -> None:
    """Three days after it expired a token is unknown here as at the gateway, though nobody asked there since."""
    edge, app = token_edge()
    token = TokenFactory(edge)(app)
    edge.clock.advance(days=3, hours=1)

    assert told(call(edge, "GET", f"{TOKENS}/{token}")) == GET_UNKNOWN
    assert reason_of(edge) == "a token that expired days ago, so that Edge forgot it, or one of another world"


@pytest.mark.parametrize(("listed", "products"), [(False, ["photos"]), (True, ["photos", "maps"])])
def test_shows_the_products_that_token_answers_list(products: list[str], *, listed: bool) -> None:
    """Products that are not approved for the key are shown where the guess `pending_products_listed` says so."""
    edge, _ = token_edge(guesses={"pending_products_listed": listed})
    app = edge.app("other", products=["photos", "maps"])
    edge.set_product_status(app, "maps", Status.PENDING)

    assert shown(edge, TokenFactory(edge)(app))["apiProducts"] == products


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("/developers/{developer}/apps/photobook/keys/{key}", {"apiProducts", "developerId"}),
        ("/developers/{developer}/apps/photobook", {"apiProducts", "app", "developerId"}),
        ("/developers/{developer}", {"apiProducts", "app", "developerId"}),
    ],
    ids=["key", "app", "developer"],
)
def test_shows_a_token_whose_client_is_gone(path: str, missing: set[str]) -> None:
    """Where a token outlives its key, its app and its developer, what can be known of them no longer is left out."""
    edge, app = token_edge(guesses={"mgmt_token_extra_fields": True, "tokens_outlive_apps": True})
    token = TokenFactory(edge)(app)
    before = shown(edge, token)
    gone = call(edge, "DELETE", path.format(developer=app.developer, key=KEY))
    after = shown(edge, token)

    assert gone.status == 200
    assert after == {name: value for name, value in before.items() if name not in missing}
    assert (after["appId"], after["clientId"]) == (app.app_id, KEY)
    assert set(before) - set(after) == missing
    assert used(edge, token) == UNKNOWN_TOKEN


@pytest.mark.parametrize(
    "path",
    [
        "/developers/{developer}/apps/photobook/keys/{key}",
        "/developers/{developer}/apps/photobook",
        "/developers/{developer}",
        "/apps/{app_id}",
    ],
)
def test_a_token_goes_with_its_client(path: str) -> None:
    """With its key, its app or its developer a token is gone, for the gateway and the management API alike."""
    edge, app = token_edge()
    token = TokenFactory(edge)(app)
    other = TokenFactory(edge)(edge.app("other", developer=app.developer, products=["photos"]))
    is_of_one = "developers/{developer}/" in path or "apps/{app_id}" in path
    gone = call(edge, "DELETE", path.format(developer=app.developer, key=KEY, app_id=app.app_id))

    assert gone.status == 200
    assert call(edge, "GET", f"{TOKENS}/{token}").status == 404
    assert reason_of(edge) == "the consumer key that the token was issued to is gone, and the token with it"
    assert used(edge, token) == UNKNOWN_TOKEN
    assert call(edge, "GET", f"{TOKENS}/{other}").status == (200 if is_of_one else 404)


def test_a_refresh_token_goes_with_its_client() -> None:
    """A refresh token goes with its app, also one whose access token is gone already; another app's stays."""
    edge, app = token_edge()
    edge.app("other", developer=app.developer, products=["photos"], consumer_key="other", consumer_secret="secret")
    generate = GenerateAccessToken(name="generate", generate_response=True, supported_grant_types=["password"])
    url = serve(edge, "/theirs", generate)
    fields = {"grant_type": "password", "username": "ada", "password": "x"}
    its = tokens(edge, post(url, **fields))
    theirs = tokens(edge, token_request(url, client_id="other", client_secret="secret", **fields))
    call(edge, "DELETE", f"{TOKENS}/{its['access_token']}")
    call(edge, "DELETE", f"/developers/{app.developer}/apps/photobook")
    edge.app("again", developer=app.developer, products=["photos"], consumer_key=KEY, consumer_secret="s3cret")

    assert call(edge, "POST", f"{REFRESH_TOKENS}/{its['refresh_token']}?action=revoke").status == 404
    assert reason_of(edge) == (
        "the consumer key that the refresh token was issued to is gone, and the refresh token with it"
    )
    assert call(edge, "POST", f"{REFRESH_TOKENS}/{theirs['refresh_token']}?action=revoke").status == 204


def test_a_token_does_not_come_back_with_its_key() -> None:
    """A key that is made anew with the name of one that was deleted has none of its tokens."""
    edge, app = token_edge()
    token = TokenFactory(edge)(app)
    keys = f"/developers/{app.developer}/apps/photobook/keys"
    call(edge, "DELETE", f"{keys}/{KEY}")
    call(edge, "POST", f"{keys}/create", {"consumerKey": KEY, "consumerSecret": "again"})
    call(edge, "POST", f"{keys}/{KEY}", {"apiProducts": ["photos"]})

    assert used(edge, token) == UNKNOWN_TOKEN


def test_a_token_that_stays_shows_no_products_of_another_app() -> None:
    """Where a token outlives its app, a consumer key that another app has now is not the token's."""
    edge, app = token_edge(guesses={"tokens_outlive_apps": True})
    token = TokenFactory(edge)(app)
    call(edge, "DELETE", f"/developers/{app.developer}/apps/photobook")
    edge.app("second", products=["photos"], developer=app.developer, consumer_key=KEY, consumer_secret="s")

    assert "apiProducts" not in shown(edge, token)
    assert used(edge, token) == UNKNOWN_TOKEN


@pytest.mark.parametrize(("is_strict", "status"), [(True, 403), (False, 200)])
def test_scopes_of_products_count_alone(*, is_strict: bool, status: int) -> None:
    """A scope that a token was given by hand, and that no product defines, counts or not: a guess."""
    edge, app = token_edge(guesses={"scopes_of_products_alone": is_strict})
    token = TokenFactory(edge)(app)
    api = edge.proxy("/admin", products=["photos"], scope="ADMIN", target={})
    product = call(edge, "GET", "/apiproducts/photos").json()
    call(edge, "PUT", "/apiproducts/photos", {**product, "scopes": ["READ", "WRITE"]})
    call(edge, "POST", f"{TOKENS}/{token}", {"attributes": [], "scope": "READ ADMIN"})

    response = edge.handle(Request(url=api.url, headers=[bearer(str(token))]))

    assert isinstance(response, Response)
    assert response.status == status
    if is_strict:
        assert reason_of(edge) == (
            "the token has the scopes: READ, and ADMIN, which no API product of its key defines; the proxy requires: "
            "ADMIN"
        )


def test_shows_a_token_of_the_app_of_a_company() -> None:
    """A token of the app of a company has no developer."""
    edge, _ = token_edge(guesses={"mgmt_token_extra_fields": True})
    call(edge, "POST", "/companies", {"name": "initech", "displayName": "Initech"})
    made = call(edge, "POST", "/companies/initech/apps", {"name": "theirs", "apiProducts": ["photos"]}).json()
    key = made["credentials"][0]
    fields = {"client_id": key["consumerKey"], "client_secret": key["consumerSecret"]}
    client_credentials(edge)
    url = f"{edge.gateway_url}/client"
    sent = tokens(edge, token_request(url, grant_type="client_credentials", **fields))

    token = shown(edge, sent["access_token"])
    assert (token["app"], token["appId"]) == ("theirs", made["appId"])
    assert "developerId" not in token


# Delete


def test_deletes_a_token() -> None:
    """A token is answered as it was, and gone; its refresh token stays."""
    edge, app = token_edge()
    sent = granted(edge)
    token = sent["access_token"]

    deleted = told(call(edge, "DELETE", f"{TOKENS}/{token}"))

    assert deleted == of_json(200, rich(app, sent))
    assert told(call(edge, "GET", f"{TOKENS}/{token}")) == GET_UNKNOWN
    assert reason_of(edge) == "the token was deleted"
    assert used(edge, token) == UNKNOWN_TOKEN
    assert refresh(edge, sent["refresh_token"])[0] == 200


# Unknown tokens


CASES = {
    "GET": ("token_get_unknown", f"{TOKENS}/%s", None, GET_UNKNOWN),
    "POST": ("token_set_unknown", f"{TOKENS}/%s", {"scope": "READ"}, SET_UNKNOWN),
    "POST action": ("token_set_unknown", f"{TOKENS}/%s?action=revoke", None, SET_UNKNOWN),
    "POST nonsense": ("token_set_unknown", f"{TOKENS}/%s?action=x", None, SET_UNKNOWN),
    "DELETE": ("token_delete_unknown", f"{TOKENS}/%s", None, DELETE_UNKNOWN),
    "POST refresh": ("token_refresh_unknown", f"{REFRESH_TOKENS}/%s?action=revoke", None, REFRESH_UNKNOWN),
}


@pytest.mark.parametrize("case", CASES)
def test_refuses_an_unknown_token(case: str) -> None:
    """What is nobody's is refused, each call in its own words, which are guesses."""
    row, path, body, usual = CASES[case]
    edge, _ = token_edge()
    other, _ = token_edge(guesses={"mgmt_errors": {row: "400 keymanagement.service.other Something else"}})
    method = case.partition(" ")[0]

    assert told(call(edge, method, path % UNKNOWN, body)) == usual
    assert told(call(other, method, path % UNKNOWN, body)) == error(
        400, "keymanagement.service.other", "Something else"
    )


def of_another_organization(edge: FakeEdge) -> str:
    edge.organization("globex")
    return str(TokenFactory(edge)(edge.app(org="globex")))


def granted_elsewhere() -> str:
    other = FakeEdge(seed="another")
    return str(TokenFactory(other)(other.app()))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (lambda edge: UNKNOWN, "nobody issued this token"),
        (of_another_organization, "the token belongs to organization 'globex'"),
        (lambda edge: granted(edge)["refresh_token"], "this is a refresh token, not an access token"),
        (
            lambda edge: granted_elsewhere(),
            "a token of another world (issued in another test, perhaps kept in a module-level cache)",
        ),
    ],
    ids=["nobody's", "another organization", "refresh token", "another world"],
)
def test_says_why_a_token_is_unknown(value, reason: str) -> None:
    """The tester is told why a token is unknown, and never the token."""
    edge, _ = token_edge()
    token = value(edge)

    assert told(call(edge, "GET", f"{TOKENS}/{token}")) == GET_UNKNOWN
    assert reason_of(edge) == reason
    assert token not in str(edge.calls.last)


@pytest.mark.parametrize("odd", ["%00", "%FF%FE", "%", "a%2Fb", "%F0%9F%98%80", "x" * 10_000, "..", "%ZZ", "%ED%A0%80"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "HEAD"])
@pytest.mark.parametrize("below", [TOKENS, REFRESH_TOKENS, "/oauth2/authorizationcodes"])
def test_odd_names_are_unknown(below: str, method: str, odd: str) -> None:
    """Whatever stands where a token belongs, an answer comes."""
    edge, _ = token_edge()

    assert call(edge, method, f"{below}/{odd}?action=revoke").status in (404, 405)


# A client of the token API


def test_serves_the_live_client() -> None:
    """The one known client of the token API gets 200 and JSON for every call, with the guess that it needs."""
    edge, app = token_edge(guesses={"mgmt_revoke_status": 200})
    token = client_credentials(edge)
    auth = bearer(edge.token.sso(edge.find_user(OPS)))
    one = f"{TOKENS}/{token}"

    def ask(method: str, path: str, body: str = "", *kind: tuple[str, str]) -> dict[str, object]:
        headers = [auth, ("accept", "*/*"), ("content-length", str(len(body))), *kind]
        url = f"https://api.enterprise.apigee.com/v1/organizations/acme{path}"
        response = edge.handle(Request(method=method, url=url, headers=headers, body=body))
        assert isinstance(response, Response)
        assert (response.status, list(response.headers)) == (200, [JSON])
        return response.json()

    got = ask("GET", one)
    changed = ask("POST", one, '{"attributes": [{"name": "a", "value": "b"}]}', JSON)
    revoked = ask("POST", f"{one}?action=revoke&cascade=true")
    found = ask("GET", f"/oauth2/search?app={app.app_id}&limit=10")
    number = ask("POST", f"/oauth2/revoke?app={app.app_id}&cascade=true")
    deleted = ask("DELETE", one)

    assert [got["status"], changed["attributes"], revoked["status"], found["list"], number, deleted["token"]] == [
        "approved",
        [{"name": "a", "value": "b"}],
        "revoked",
        [token],
        1,
        token,
    ]
