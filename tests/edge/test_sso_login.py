"""Logging in at login.apigee.com: what a granted token request is answered with (sso.md 2.1 and 2.2)."""

import re
from datetime import timedelta

import jwt
import pytest
from joserfc import jws
from joserfc.jwk import RSAKey

from pytest_apigee.edge.sso.signing_key import test_key as published_key
from tests.edge.sso_support import (
    EMAIL,
    MFA_CODE,
    MFA_MOMENT,
    MFA_SECRET,
    NOON_S,
    answer,
    claims_of,
    edge_at_noon,
    header_of,
    log_in,
    password_form,
    payload_of,
    refresh,
    token_request,
)

HEADERS = [
    ("Cache-Control", "no-store"),
    ("Pragma", "no-cache"),
    ("Content-Type", "application/json;charset=UTF-8"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-XSS-Protection", "1; mode=block"),
]
UUID = rb"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
JWT = rb"eyJhbGciOiJSUzI1NiJ9\.[\w-]+\.[\w-]{342}"
REV_SIG = rb"[0-9a-f]{1,8}"

ANSWER_CURRENT = (
    rb'{"access_token":"JWT","token_type":"bearer","refresh_token":"JWT","expires_in":43199,'
    rb'"scope":"scim.emails.read scim.me openid password.write approvals.me scim.ids.read oauth.approvals",'
    rb'"jti":"UUID"}'
)
ANSWER_2016 = (
    rb'{"access_token":"JWT","token_type":"bearer","refresh_token":"JWT","expires_in":1799,'
    rb'"scope":"scim.me openid password.write approvals.me oauth.approvals","jti":"UUID"}'
)
ACCESS_CURRENT = (
    rb'{"jti":"UUID","sub":"UUID",'
    rb'"scope":["scim.emails.read","scim.me","openid","password.write","approvals.me","scim.ids.read",'
    rb'"oauth.approvals"],"client_id":"edgecli","cid":"edgecli","azp":"edgecli","grant_type":"password",'
    rb'"user_id":"UUID","origin":"usergrid","user_name":"ops@acme.example","email":"ops@acme.example",'
    rb'"auth_time":1709294400,"al":0,"rev_sig":"REV_SIG","iat":1709294400,"exp":1709337600,'
    rb'"iss":"https://login.apigee.com","zid":"uaa",'
    rb'"aud":["edgecli","scim.emails","scim","openid","password","approvals","scim.ids","oauth"]}'
)
ACCESS_2016 = (
    rb'{"jti":"UUID","sub":"UUID",'
    rb'"scope":["scim.me","openid","password.write","approvals.me","oauth.approvals"],'
    rb'"client_id":"edgecli","cid":"edgecli","azp":"edgecli","grant_type":"password",'
    rb'"user_id":"UUID","origin":"usergrid","user_name":"ops@acme.example","email":"ops@acme.example",'
    rb'"auth_time":1709294400,"al":2,"rev_sig":"REV_SIG","iat":1709294400,"exp":1709296200,'
    rb'"iss":"https://login.apigee.com/oauth/token","zid":"uaa",'
    rb'"aud":["edgecli","scim","openid","password","approvals","oauth"]}'
)
REFRESH_CURRENT = (
    rb'{"jti":"UUID-r","sub":"UUID",'
    rb'"scope":["scim.emails.read","scim.me","openid","password.write","approvals.me","scim.ids.read",'
    rb'"oauth.approvals"],"iat":1709294400,"exp":1711886400,"cid":"edgecli","client_id":"edgecli",'
    rb'"iss":"https://login.apigee.com","zid":"uaa","grant_type":"password","user_name":"ops@acme.example",'
    rb'"origin":"usergrid","user_id":"UUID","al":0,"rev_sig":"REV_SIG",'
    rb'"aud":["edgecli","scim.emails","scim","openid","password","approvals","scim.ids","oauth"]}'
)
REFRESH_2016 = (
    rb'{"jti":"UUID-r","sub":"UUID",'
    rb'"scope":["scim.me","openid","password.write","approvals.me","oauth.approvals"],'
    rb'"iat":1709294400,"exp":1709379000,"cid":"edgecli","client_id":"edgecli",'
    rb'"iss":"https://login.apigee.com/oauth/token","zid":"uaa","grant_type":"password",'
    rb'"user_name":"ops@acme.example","origin":"usergrid","user_id":"UUID","al":2,"rev_sig":"REV_SIG",'
    rb'"aud":["edgecli","scim","openid","password","approvals","oauth"]}'
)


def matches(template, sent):
    """Return whether bytes are those of a template, drawn values aside."""
    pattern = re.escape(template)
    for name, drawn in ((rb'"JWT"', JWT), (rb'"UUID"', UUID), (rb'"UUID\-r"', UUID + rb"-r"), (rb'"REV_SIG"', REV_SIG)):
        pattern = pattern.replace(name, b'"' + drawn + b'"')
    return re.fullmatch(pattern, sent) is not None


@pytest.fixture
def edge():
    return edge_at_noon()


@pytest.fixture
def mfa_edge():
    edge = edge_at_noon()
    edge.clock.travel_to(MFA_MOMENT)
    edge.user("mfa@acme.example", password="pw", mfa_secret=MFA_SECRET)
    return edge


def mfa_form(**changes):
    return password_form(username="mfa@acme.example", password="pw", **changes)


@pytest.mark.parametrize(("era", "template"), [("current", ANSWER_CURRENT), ("2016", ANSWER_2016)])
def test_a_login_is_answered_in_the_layout_of_the_era(era, template):
    """A password grant gives compact JSON with the keys, the scopes and the lifetime less a second of its era."""
    response = answer(edge_at_noon(era=era), token_request())

    assert response.status == 200
    assert matches(template, response.body)


def test_a_login_carries_the_headers_of_uaa(edge):
    """A token answer forbids caching and carries UAA's security headers, in this order, and no others."""
    response = answer(edge, token_request())

    assert list(response.headers) == HEADERS


@pytest.mark.parametrize(
    ("era", "token", "template"),
    [
        ("current", "access_token", ACCESS_CURRENT),
        ("current", "refresh_token", REFRESH_CURRENT),
        ("2016", "access_token", ACCESS_2016),
        ("2016", "refresh_token", REFRESH_2016),
    ],
)
def test_a_token_holds_the_claims_of_the_era_in_order(era, token, template):
    """Both JWTs hold exactly the claims that the era's tokens held, with their types, in their order."""
    tokens = log_in(edge_at_noon(era=era))

    assert matches(template, payload_of(tokens[token]))


@pytest.mark.parametrize("token", ["access_token", "refresh_token"])
def test_the_header_of_a_jwt_names_the_algorithm_alone(edge, token):
    """The header segment is that of `{"alg":"RS256"}`: no `typ`, no `kid`."""
    tokens = log_in(edge)

    assert header_of(tokens[token]) == "eyJhbGciOiJSUzI1NiJ9"


@pytest.mark.parametrize(
    ("era", "token", "seconds"),
    [
        ("current", "access_token", 43200),
        ("current", "refresh_token", 2592000),
        ("2016", "access_token", 1800),
        ("2016", "refresh_token", 84600),
    ],
)
def test_a_token_lives_as_long_as_in_its_era(era, token, seconds):
    """`exp` less `iat` is the lifetime of the era in seconds."""
    claims = claims_of(log_in(edge_at_noon(era=era))[token])

    assert claims["exp"] - claims["iat"] == seconds


def test_the_answer_names_the_jti_of_the_access_token(edge):
    """`jti` beside the tokens is that of the access token."""
    tokens = log_in(edge)

    assert tokens["jti"] == claims_of(tokens["access_token"])["jti"]


@pytest.mark.parametrize("token", ["access_token", "refresh_token"])
def test_sub_and_user_id_are_the_user(edge, token):
    """`sub` and `user_id` are both the UUID of the user."""
    user = edge.user("second@acme.example", password="pw")

    claims = claims_of(log_in(edge, username=user.email, password="pw")[token])

    assert (claims["sub"], claims["user_id"]) == (user.user_id, user.user_id)


def test_rev_sig_is_stable_for_a_user(edge):
    """Two logins of one user carry the same `rev_sig`, in access and refresh tokens alike."""
    tokens = [log_in(edge) for _ in range(2)]

    signatures = {claims_of(pair[token])["rev_sig"] for pair in tokens for token in ("access_token", "refresh_token")}
    assert len(signatures) == 1


def test_rev_sig_changes_with_the_password(edge):
    """A change of the password changes `rev_sig`."""
    before = claims_of(log_in(edge)["access_token"])["rev_sig"]

    edge.set_password(EMAIL, "battery staple")

    assert claims_of(log_in(edge, password="battery staple")["access_token"])["rev_sig"] != before


def test_a_second_within_is_cut_off():
    """Claims count whole seconds: a login 999 ms later has the same `iat`."""
    edge = edge_at_noon()

    edge.clock.advance(milliseconds=999)

    assert claims_of(log_in(edge)["access_token"])["iat"] == NOON_S


@pytest.mark.parametrize("token", ["access_token", "refresh_token"])
def test_pyjwt_verifies_the_signature(edge, token):
    """PyJWT verifies a token with the published key's public half, expiry and audience included."""
    sent = log_in(edge)[token]

    claims = jwt.decode(
        sent, published_key().public_key(), algorithms=["RS256"], audience="edgecli", options={"verify_exp": False}
    )
    assert claims["user_name"] == EMAIL


@pytest.mark.parametrize("token", ["access_token", "refresh_token"])
def test_joserfc_verifies_the_signature(edge, token):
    """A second, unrelated library verifies it too."""
    sent = log_in(edge)[token]

    key = RSAKey.import_key(published_key().public_key())
    assert jws.deserialize_compact(sent, key, algorithms=["RS256"]).payload == payload_of(sent)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/json;charset=utf-8", "application/json;charset=utf-8"),
        ("application/json; charset=utf-8", "application/json; charset=utf-8"),
        ("application/json;charset=UTF-8", "application/json;charset=UTF-8"),
        ("application/JSON;charset=Utf-8", "application/JSON;charset=Utf-8"),
        ("application/json", "application/json;charset=UTF-8"),
        ("*/*", "application/json;charset=UTF-8"),
        ("text/html", "application/json;charset=UTF-8"),
        (None, "application/json;charset=UTF-8"),
    ],
)
def test_an_accept_with_charset_is_echoed(edge, accept, content_type):
    """The Content-Type echoes an Accept for JSON with a charset; any other, or none, is served as UTF-8 JSON."""
    response = answer(edge, token_request(accept=accept))

    assert response.headers.all("Content-Type") == [content_type]


def test_a_form_with_charset_is_a_form(edge):
    """A Content-Type with a charset parameter, in any case, is read as a form."""
    request = token_request(content_type="Application/X-WWW-Form-Urlencoded;charset=utf-8")

    assert answer(edge, request).status == 200


def test_a_client_authenticates_by_form_fields(edge):
    """`client_id` and `client_secret` as form fields do instead of a Basic header."""
    form = password_form(client_id="edgecli", client_secret="edgeclisecret")

    assert answer(edge, token_request(form, authorization=None)).status == 200


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_the_basic_scheme_is_read_in_any_case(edge, scheme):
    """The name of the scheme is compared without regard to case."""
    request = token_request(authorization=f"{scheme} ZWRnZWNsaTplZGdlY2xpc2VjcmV0")

    assert answer(edge, request).status == 200


def test_a_form_client_id_like_the_basic_one_is_fine(edge):
    """The form may name the client that Basic authenticated."""
    assert answer(edge, token_request(password_form(client_id="edgecli"))).status == 200


def test_the_response_type_is_read_over(edge):
    """Clients send `response_type=token` with a password grant, and get the same answer."""
    response = answer(edge, token_request(password_form(response_type="token")))

    assert matches(ANSWER_CURRENT, response.body)


@pytest.mark.parametrize("name", [EMAIL, "OPS@ACME.example", "Ops@Acme.Example"])
def test_a_user_name_is_read_in_any_case(edge, name):
    """A user logs in by e-mail in any letter case, and the claims carry it in lower case."""
    claims = claims_of(log_in(edge, username=name)["access_token"])

    assert (claims["user_name"], claims["email"]) == ("ops@acme.example", "ops@acme.example")


def test_a_user_declared_in_capitals_has_lower_case_claims(edge):
    """The claims carry the e-mail in lower case however it was declared."""
    edge.user("Ada@Acme.Example", password="pw")

    claims = claims_of(log_in(edge, username="ada@acme.example", password="pw")["refresh_token"])

    assert claims["user_name"] == "ada@acme.example"


@pytest.mark.parametrize("password", ["pass word", "p+w", "p%w", "pässwörd", "&=#"])
def test_a_password_may_hold_anything(edge, password):
    """A form-encoded password is decoded as UTF-8 before it is compared."""
    edge.user("odd@acme.example", password=password)

    tokens = log_in(edge, username="odd@acme.example", password=password)

    assert tokens["token_type"] == "bearer"


@pytest.mark.parametrize(
    ("scope", "aud"),
    [
        ("openid", ["edgecli", "openid"]),
        ("scim.me scim.ids.read", ["edgecli", "scim", "scim.ids"]),
        ("scim.me approvals.me", ["edgecli", "scim", "approvals"]),
    ],
)
def test_a_client_may_ask_for_less(edge, scope, aud):
    """A scope field narrows the answer, the `scope` claim and the audience down."""
    tokens = log_in(edge, scope=scope)

    claims = claims_of(tokens["access_token"])
    assert (tokens["scope"], claims["scope"], claims["aud"]) == (scope, scope.split(), aud)


def test_a_scope_that_comes_twice_counts_once(edge):
    """Scopes are a set: one that is asked for twice is granted once."""
    tokens = log_in(edge, scope="openid scim.me openid")

    assert tokens["scope"] == "openid scim.me"


@pytest.mark.parametrize("scope", ["", " "])
def test_an_empty_scope_asks_for_all(edge, scope):
    """A scope without a value gives the default scopes."""
    tokens = log_in(edge, scope=scope)

    assert tokens["scope"].split()[0] == "scim.emails.read"


def test_get_is_served_like_post(edge):
    """GET is served from the query string, as UAA up to 3.2.1 does."""
    query = f"?grant_type=password&username={EMAIL}&password=correct%20horse"
    response = answer(edge, token_request("", method="GET", query=query))

    assert response.status == 200
    assert matches(ANSWER_CURRENT, response.body)


def test_query_and_form_fields_count_alike(edge):
    """Some fields may come in the query string and the others in the form."""
    form = password_form(grant_type=None)

    assert answer(edge, token_request(form, query="?grant_type=password")).status == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [(f"?mfa_token={MFA_CODE}", {}), ("", {"mfa_token": MFA_CODE}), ("?mfa_token=", {"mfa_token": MFA_CODE})],
)
def test_an_mfa_code_comes_in_the_query_or_the_form(mfa_edge, query, field):
    """The right code logs in from the query or the form; an empty one in the query is none."""
    assert answer(mfa_edge, token_request(mfa_form(**field), query=query)).status == 200


def test_an_empty_mfa_code_is_none(edge):
    """A user without MFA logs in with `?mfa_token=`, which get_token always sends."""
    assert answer(edge, token_request(query="?mfa_token=")).status == 200


def test_the_next_mfa_code_logs_in_again(mfa_edge):
    """After one code was used, that of the next 30 seconds is good."""
    answer(mfa_edge, token_request(mfa_form(mfa_token=MFA_CODE)))
    mfa_edge.clock.travel_to("2009-02-13T23:31:30Z")  # 1234567890 s: RFC 6238 has 89005924

    assert answer(mfa_edge, token_request(mfa_form(mfa_token="005924"))).status == 200


def test_a_machine_user_logs_in_by_password(edge):
    """A machine user logs in by password as others do."""
    edge.user("robot@acme.example", password="pw", machine=True)

    assert answer(edge, token_request(password_form(username="robot@acme.example", password="pw"))).status == 200


def test_a_generated_password_logs_in(edge):
    """A user declared without e-mail and password gets both, and logs in with them."""
    user = edge.user()

    assert log_in(edge, username=user.email, password=user.password)["token_type"] == "bearer"


def test_a_refresh_is_answered_like_a_login(edge):
    """A refresh is answered with the headers and the layout of a login."""
    response = answer(edge, refresh(log_in(edge)["refresh_token"]))

    assert list(response.headers) == HEADERS
    assert matches(ANSWER_CURRENT, response.body)


def test_a_refresh_leaves_the_refresh_token_as_it_is(edge):
    """The refresh token comes back unchanged: no rotation, no sliding."""
    tokens = log_in(edge)
    edge.clock.advance(days=1)

    renewed = answer(edge, refresh(tokens["refresh_token"])).json()

    assert renewed["refresh_token"] == tokens["refresh_token"]


def test_a_refreshed_access_token_is_new(edge):
    """The access token is another one, with a time of its own, and without `auth_time`."""
    tokens = log_in(edge)
    edge.clock.advance(hours=12)

    renewed = answer(edge, refresh(tokens["refresh_token"])).json()["access_token"]

    expected = (
        ACCESS_CURRENT.replace(b'"auth_time":1709294400,', b"")
        .replace(b'"iat":1709294400', b'"iat":1709337600')
        .replace(b'"exp":1709337600', b'"exp":1709380800')
    )
    assert matches(expected, payload_of(renewed))
    assert claims_of(renewed)["jti"] != claims_of(tokens["access_token"])["jti"]


def test_a_refresh_keeps_the_scopes_of_the_login(edge):
    """A login with fewer scopes is renewed with those."""
    tokens = log_in(edge, scope="openid scim.me")

    renewed = answer(edge, refresh(tokens["refresh_token"])).json()

    assert renewed["scope"] == "openid scim.me"


def test_a_refresh_token_serves_many_times(edge):
    """One refresh token gives one access token after the other, each with a jti of its own."""
    token = log_in(edge)["refresh_token"]

    jtis = {answer(edge, refresh(token)).json()["jti"] for _ in range(3)}

    assert len(jtis) == 3


def test_a_refresh_goes_by_the_time_of_edge(edge):
    """Whether a token is good is told by Edge's time alone, however far ahead of the process that is."""
    edge.clock.travel_to("2603-10-11T11:33:20Z")
    token = log_in(edge)["refresh_token"]

    assert answer(edge, refresh(token)).status == 200


def test_a_refresh_needs_no_mfa_code(mfa_edge):
    """A refresh asks for no MFA code: get_token sends none."""
    token = answer(mfa_edge, token_request(mfa_form(mfa_token=MFA_CODE))).json()["refresh_token"]

    assert answer(mfa_edge, refresh(token)).status == 200


@pytest.mark.parametrize(("era", "lifetime"), [("current", {"days": 30}), ("2016", {"seconds": 84600})])
def test_a_refresh_token_is_good_until_the_last_millisecond(era, lifetime):
    """A refresh token is accepted one millisecond before it expires."""
    edge = edge_at_noon(era=era)
    token = log_in(edge)["refresh_token"]

    edge.clock.advance(timedelta(**lifetime) - timedelta(milliseconds=1))

    assert answer(edge, refresh(token)).status == 200


def test_a_login_is_noted_as_a_token_issued(edge):
    """The journal names the user of a login, and keeps the token out of its repr."""
    token = log_in(edge)["access_token"]

    call = edge.calls.tokens_issued.only
    assert (call.user, call.issued_token, call.reason) == (EMAIL, token, "")
    assert token not in repr(call)


def test_a_refresh_is_noted_as_a_token_issued(edge):
    """The journal names the user of a refresh too."""
    token = log_in(edge)["refresh_token"]

    renewed = answer(edge, refresh(token)).json()["access_token"]

    assert (edge.calls.last.user, edge.calls.last.issued_token) == (EMAIL, renewed)


def test_the_same_seed_gives_the_same_tokens():
    """Two worlds with the same seed and the same time answer the same bytes."""
    bodies = {answer(edge_at_noon(seed=7), token_request()).body for _ in range(2)}

    assert len(bodies) == 1


def test_another_seed_gives_other_tokens():
    """Worlds with different seeds share no token."""
    one, other = (log_in(edge_at_noon(seed=seed)) for seed in (7, 8))

    assert one["access_token"] != other["access_token"]
    assert one["jti"] != other["jti"]


@pytest.mark.parametrize(
    ("guesses", "claim", "value"),
    [
        ({"al_claim": "era"}, "al", 2),
        ({"al_claim": "2"}, "al", 2),
        ({"al_claim": "0"}, "al", 0),
        ({"al_claim": "absent"}, "al", None),
        ({"origin_claim": "saml"}, "origin", "saml"),
        ({"issuer": "https://sso.acme.example"}, "iss", "https://sso.acme.example/oauth/token"),
    ],
)
@pytest.mark.parametrize("token", ["access_token", "refresh_token"])
def test_a_guessed_claim_can_be_switched(guesses, claim, value, token):
    """What is guessed of the claims can be switched, in both tokens."""
    edge = edge_at_noon(era="2016", guesses=guesses)

    assert claims_of(log_in(edge)[token]).get(claim) == value


def test_a_password_is_not_shown(edge):
    """The repr of a user names no secret."""
    user = edge.user("quiet@acme.example", password="hush", mfa_secret=MFA_SECRET)

    shown = repr(user)
    assert "quiet@acme.example" in shown
    assert not any(secret in shown for secret in ("hush", MFA_SECRET, user.salt))


def test_a_generated_password_is_drawn():
    """A generated password is 16 letters and digits, and differs from user to user."""
    edge = edge_at_noon()

    passwords = [edge.user().password for _ in range(2)]

    assert all(re.fullmatch("[A-Za-z0-9]{16}", password) for password in passwords)
    assert passwords[0] != passwords[1]
