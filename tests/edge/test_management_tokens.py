"""OAuth 2.0 access tokens and refresh tokens at the management API (management.md 3, 5.2, 6.3, 7)."""

from datetime import timedelta

import pytest

from pytest_apigee import App, FakeEdge, Request, Response, TokenFactory
from pytest_apigee.edge.records import Status
from pytest_apigee.policies import (
    Attribute,
    GenerateAccessToken,
    GenerateAccessTokenImplicitGrant,
    InvalidateToken,
    SetOAuthV2Info,
    TokenReference,
)
from tests.edge.gateway_support import (
    HOUR_MS,
    JSON,
    MOMENT_MS,
    REVOKED,
    UNKNOWN_TOKEN,
    answer,
    app_request,
    bearer,
    get,
    token_request,
)
from tests.edge.grant_support import KEY, location, new_code, post, serve, tokens
from tests.edge.management_token_support import (
    NO_CONTENT,
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
    shown,
    token_edge,
    told,
    used,
    variables,
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
RICH = """\
{
  "apiProducts" : [ "photos" ],
  "app" : "photobook",
  "appId" : "%(app_id)s",
  "attributes" : [ {
    "name" : "plan",
    "value" : "%(plan)s"
  } ],
  "clientId" : "K3yK3yK3yK3yK3yK3yK3yK3yK3yK3yab",
  "createdAt" : 1767323045678,
  "createdBy" : "defaultUser",
%(developer)s%(user)s  "expiresAt" : 1767326645678,
  "grantType" : "password",
  "issuedAt" : 1767323045678,
  "lastModifiedAt" : %(modified_at)d,
  "lastModifiedBy" : "%(modified_by)s",
  "refreshCount" : 0,
  "refreshToken" : "%(refresh)s",
%(more)s  "scope" : "%(scope)s",
  "status" : "%(status)s",
  "token" : "%(token)s",
  "tokenType" : "BearerToken"
}"""


def rich(app: App, sent: dict[str, str], **differing: object) -> str:
    usual = {"plan": "gold", "developer": "", "user": "", "more": "", "scope": "READ WRITE", "status": "approved"}
    unmodified = {"modified_at": MOMENT_MS, "modified_by": "defaultUser"}
    values = {"app_id": app.app_id, "token": sent["access_token"], "refresh": sent["refresh_token"]}
    return RICH % (usual | unmodified | values | differing)


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
    """A token outlives its key, its app and its developer; what can be known of them no longer is left out."""
    edge, app = token_edge(guesses={"mgmt_token_extra_fields": True})
    token = TokenFactory(edge)(app)
    before = shown(edge, token)
    gone = call(edge, "DELETE", path.format(developer=app.developer, key=KEY))
    after = shown(edge, token)

    assert gone.status == 200
    assert after == {name: value for name, value in before.items() if name not in missing}
    assert (after["appId"], after["clientId"]) == (app.app_id, KEY)
    assert set(before) - set(after) == missing
    assert used(edge, token) == UNKNOWN_TOKEN


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


# What is changed


def test_changes_attributes_and_scope() -> None:
    """Attributes are merged by name, a scope replaces the one before, and who changed them when is shown."""
    edge, app = token_edge()
    sent = granted(edge)
    token = sent["access_token"]
    edge.clock.advance(seconds=1)
    body = {"attributes": [{"name": "plan", "value": "silver"}], "scope": "READ"}

    response = call(edge, "POST", f"{TOKENS}/{token}", body)

    changed = {"plan": "silver", "scope": "READ", "modified_at": MOMENT_MS + 1_000, "modified_by": OPS}
    expected = of_json(200, rich(app, sent, **changed))
    assert told(response) == expected
    assert told(call(edge, "GET", f"{TOKENS}/{token}")) == expected


@pytest.mark.parametrize(
    ("body", "attributes", "scope"),
    [
        ({"attributes": [{"name": "city", "value": "Oslo"}]}, {"plan": "gold", "city": "Oslo"}, "READ WRITE"),
        ({"attributes": [{"name": "plan"}]}, {"plan": ""}, "READ WRITE"),
        ({"attributes": []}, {"plan": "gold"}, "READ WRITE"),
        ({"attributes": None, "scope": None}, {"plan": "gold"}, "READ WRITE"),
        ({"scope": " WRITE  other "}, {"plan": "gold"}, "WRITE other"),
        ({"scope": ""}, {"plan": "gold"}, ""),
        ({"scope": 7}, {"plan": "gold"}, "7"),
        ({"token": "x", "status": "revoked"}, {"plan": "gold"}, "READ WRITE"),
        ({}, {"plan": "gold"}, "READ WRITE"),
    ],
)
def test_changes_only_what_is_given(body: object, attributes: dict[str, str], scope: str) -> None:
    """Only the attributes and the scope that the body names change; scopes are not checked."""
    edge, _ = token_edge()
    token = granted(edge)["access_token"]

    changed = call(edge, "POST", f"{TOKENS}/{token}", body).json()

    assert changed["attributes"] == [{"name": name, "value": value} for name, value in attributes.items()]
    assert changed["scope"] == scope
    assert (changed["token"], changed["status"]) == (token, "approved")


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ("{", 400, ""),
        ("[]", 400, ""),
        ("[" * 100_000, 400, ""),
        ({"attributes": {}}, 400, "Invalid value for attributes"),
        ({"attributes": ["plan"]}, 400, "Invalid value for attributes"),
        ({"attributes": [{"value": "x"}]}, 400, "Required field name is missing"),
        ({"attributes": [{"name": "x", "value": {}}]}, 400, "Invalid value for value"),
        ({"attributes": [{"name": "x", "value": "y"}], "scope": ["READ"]}, 400, "Invalid value for scope"),
    ],
)
def test_refuses_a_body_that_it_cannot_read(body: object, status: int, text: str) -> None:
    """A body that is no JSON object, or has something of another type, is refused whole."""
    edge, _ = token_edge()
    token = granted(edge)["access_token"]
    before = shown(edge, token)

    response = call(edge, "POST", f"{TOKENS}/{token}", body)

    assert response.status == status
    assert text in response.text
    assert shown(edge, token) == before


def test_a_body_in_xml_is_not_modelled() -> None:
    """A body in XML, which Edge takes, is answered 501."""
    edge, app = token_edge()
    token, kind = TokenFactory(edge)(app), (("Content-Type", "text/xml"),)

    assert call(edge, "POST", f"{TOKENS}/{token}", "<AccessToken/>", headers=kind).status == 501
    assert str(token) not in edge.calls.last.reason


def test_the_gateway_sees_changed_attributes_and_scopes() -> None:
    """Attributes are flow variables after the token was verified, and scopes are what it is good for."""
    edge, _ = token_edge()
    token = granted(edge)["access_token"]
    names = ("accesstoken.plan", "accesstoken.city", "scope")
    before = used(edge, token, scopes="WRITE")[0]
    body = {"attributes": [{"name": "plan", "value": "tin"}, {"name": "city", "value": "Oslo"}], "scope": "READ"}
    call(edge, "POST", f"{TOKENS}/{token}", body)

    assert variables(edge, token, *names) == {"accesstoken.plan": "tin", "accesstoken.city": "Oslo", "scope": "READ"}
    assert (before, used(edge, token, scopes="WRITE")[0], used(edge, token, scopes="READ")[0]) == (200, 403, 200)


def test_a_refresh_gives_what_was_granted_first() -> None:
    """What is changed of a token is not changed of its refresh token."""
    edge, _ = token_edge()
    sent = granted(edge)
    call(
        edge,
        "POST",
        f"{TOKENS}/{sent['access_token']}",
        {"scope": "READ", "attributes": [{"name": "plan", "value": "tin"}]},
    )

    again = shown(edge, refreshed(edge, sent["refresh_token"])["access_token"])
    assert (again["scope"], again["attributes"]) == ("READ WRITE", [{"name": "plan", "value": "gold"}])


def test_shows_what_policies_changed() -> None:
    """SetOAuthV2Info and InvalidateToken change the same token."""
    edge, _ = token_edge()
    token = granted(edge)["access_token"]
    variable = "request.queryparam.token"
    change = SetOAuthV2Info(name="set", access_token=variable, attributes=[Attribute(name="city", value="Oslo")])
    revoke = InvalidateToken(name="revoke", tokens=[TokenReference(variable=variable)])
    answer(edge, get(f"{serve(edge, '/change', change, revoke)}?token={token}"))

    after = shown(edge, token)
    assert after["attributes"][1] == {"name": "city", "value": "Oslo"}
    assert after["status"] == "revoked"


# Approve and revoke


def test_revokes_and_approves_a_token() -> None:
    """An action changes the status, here and at the gateway, and is answered 200 with the token."""
    edge, app = token_edge()
    sent = granted(edge)
    token = sent["access_token"]
    edge.clock.advance(seconds=1)
    by = {"modified_at": MOMENT_MS + 1_000, "modified_by": OPS}

    revoked = told(call(edge, "POST", f"{TOKENS}/{token}?action=revoke"))
    refused = used(edge, token)
    approved = told(call(edge, "POST", f"{TOKENS}/{token}?action=approve"))

    assert revoked == of_json(200, rich(app, sent, status="revoked", **by))
    assert refused == REVOKED
    assert approved == of_json(200, rich(app, sent, **by))
    assert used(edge, token)[0] == 200


@pytest.mark.parametrize(
    ("cascade", "goes_along"),
    [("", False), ("&cascade=false", False), ("&cascade=True", False), ("&cascade", False), ("&cascade=true", True)],
)
def test_the_refresh_token_goes_along_if_asked(cascade: str, *, goes_along: bool) -> None:
    """Only with `cascade=true` the refresh token is revoked with its access token, and approved with it again."""
    edge, _ = token_edge()
    sent = granted(edge)
    call(edge, "POST", f"{TOKENS}/{sent['access_token']}?action=revoke{cascade}")

    assert (refresh(edge, sent["refresh_token"])[0] != 200) is goes_along


def test_approves_the_refresh_token_again() -> None:
    """With `cascade=true` the refresh token is approved with its access token."""
    edge, _ = token_edge()
    sent = granted(edge)
    for action in ("revoke", "approve"):
        call(edge, "POST", f"{TOKENS}/{sent['access_token']}?action={action}&cascade=true")

    assert refresh(edge, sent["refresh_token"])[0] == 200


def test_a_token_without_refresh_token_takes_cascade() -> None:
    """A token that has no refresh token is revoked with `cascade=true` like any other."""
    edge, app = token_edge()
    token = TokenFactory(edge)(app)

    assert call(edge, "POST", f"{TOKENS}/{token}?action=revoke&cascade=true").json()["status"] == "revoked"


def test_an_action_without_content() -> None:
    """With 204 of the guess `mgmt_token_action_status` an action is answered without a body."""
    edge, app = token_edge(guesses={"mgmt_token_action_status": 204})
    token = TokenFactory(edge)(app)

    assert told(call(edge, "POST", f"{TOKENS}/{token}?action=revoke")) == NO_CONTENT
    assert used(edge, token) == REVOKED


@pytest.mark.parametrize(
    "kind", ["application/octet-stream", "application/x-www-form-urlencoded", "application/json", "text/xml"]
)
def test_an_action_takes_any_content_type(kind: str) -> None:
    """Clients send actions with any Content-Type, and without a body."""
    edge, app = token_edge()
    token = TokenFactory(edge)(app)

    response = call(edge, "POST", f"{TOKENS}/{token}?action=revoke", headers=(("Content-Type", kind),))
    assert (response.status, shown(edge, token)["status"]) == (200, "revoked")


def test_an_action_goes_before_a_body() -> None:
    """With an action the body counts for nothing."""
    edge, app = token_edge()
    token = TokenFactory(edge)(app)

    changed = call(edge, "POST", f"{TOKENS}/{token}?action=revoke", {"scope": "READ"}).json()
    assert (changed["status"], changed["scope"]) == ("revoked", "READ WRITE")


@pytest.mark.parametrize(
    ("query", "named"), [("?action=destroy", "destroy"), ("?action=", ""), ("", ""), ("?action=Revoke", "Revoke")]
)
@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_refuses_another_action(kind: str, query: str, named: str) -> None:
    """Without a body it takes an action, and that is approve or revoke; else nothing changes."""
    edge, _ = token_edge()
    sent = granted(edge)
    path = {"access": f"{TOKENS}/{sent['access_token']}", "refresh": f"{REFRESH_TOKENS}/{sent['refresh_token']}"}[kind]
    expected = error(400, "keymanagement.service.InvalidAction", f"Invalid action {named}")

    assert told(call(edge, "POST", f"{path}{query}")) == expected
    assert used(edge, sent["access_token"])[0] == 200
    assert refresh(edge, sent["refresh_token"])[0] == 200


def test_an_expired_token_stays_expired_when_approved() -> None:
    """Approving a token that expired does not make it good again."""
    edge, app = token_edge()
    token = TokenFactory(edge)(app)
    edge.clock.advance(hours=1)

    assert call(edge, "POST", f"{TOKENS}/{token}?action=approve").json()["status"] == "expired"


def test_what_the_gateway_remembers_stays_good_for_a_while() -> None:
    """A gateway that looked at a token a moment ago still takes it after it was revoked."""
    edge, _ = token_edge(world={"organizations": [{"name": "acme", "revocation_lag": 180}]})
    token = granted(edge)["access_token"]
    used(edge, token)
    call(edge, "POST", f"{TOKENS}/{token}?action=revoke")
    before = used(edge, token)[0]
    edge.clock.advance(seconds=180)

    assert before == 200
    assert used(edge, token) == REVOKED


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
            "a token that expired days ago, so that Edge forgot it, or one of another world",
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


# Refresh tokens


@pytest.mark.parametrize(("status", "expected"), [(204, NO_CONTENT), (200, of_json(200, "{ }"))])
def test_revokes_and_approves_a_refresh_token(status: int, expected) -> None:
    """A refresh token is revoked and approved for the gateway; the answer is a guess, `mgmt_refresh_action_status`."""
    edge, _ = token_edge(guesses={"mgmt_refresh_action_status": status})
    sent = granted(edge)
    path = f"{REFRESH_TOKENS}/{sent['refresh_token']}"

    revoked = told(call(edge, "POST", f"{path}?action=revoke&cascade=true"))
    refused = refresh(edge, sent["refresh_token"])
    approved = told(call(edge, "POST", f"{path}?action=approve"))

    assert (revoked, approved) == (expected, expected)
    assert refused[0] != 200
    assert used(edge, sent["access_token"])[0] == 200
    assert refresh(edge, sent["refresh_token"])[0] == 200


@pytest.mark.parametrize("days", [3, 4])
def test_forgets_a_refresh_token(days: int) -> None:
    """A refresh token that lasts an hour is unknown three days after it expired."""
    edge, _ = token_edge()
    settings = {"supported_grant_types": ["password"], "refresh_token_expires_in": timedelta(hours=1)}
    url = serve(edge, "/token", GenerateAccessToken(name="generate", generate_response=True, **settings))
    sent = tokens(edge, post(url, grant_type="password", username="ada", password="x"))
    edge.clock.advance(days=days)

    response = told(call(edge, "POST", f"{REFRESH_TOKENS}/{sent['refresh_token']}?action=approve"))
    assert response == (NO_CONTENT if days == 3 else REFRESH_UNKNOWN)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("access_token", "this is an access token, not a refresh token"),
        ("unknown", "no such refresh token, or no longer"),
    ],
)
def test_says_why_a_refresh_token_is_unknown(kind: str, reason: str) -> None:
    """The tester is told where an access token stands for a refresh token."""
    edge, _ = token_edge()
    value = {"unknown": UNKNOWN, **granted(edge)}[kind]

    assert told(call(edge, "POST", f"{REFRESH_TOKENS}/{value}?action=revoke")) == REFRESH_UNKNOWN
    assert reason_of(edge) == reason


def test_refresh_tokens_are_not_shown() -> None:
    """Nothing but POST is documented of refresh tokens."""
    edge, _ = token_edge()
    refresh_token = granted(edge)["refresh_token"]

    assert call(edge, "GET", f"{REFRESH_TOKENS}/{refresh_token}").status == 405


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
