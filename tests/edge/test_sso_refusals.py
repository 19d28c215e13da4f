"""What login.apigee.com refuses, byte for byte (sso.md section 3)."""

from datetime import timedelta

import jwt
import pytest

from pytest_apigee.edge.sso.signing_key import test_key as published_key
from pytest_apigee.edge.sso.totp import code_at
from tests.edge.sso_refusal_support import BASIC_CHALLENGE, basic, headers
from tests.edge.sso_support import (
    EMAIL,
    MFA_CODE,
    MFA_MOMENT,
    MFA_SECRET,
    PASSWORD,
    answer,
    claims_of,
    edge_at_noon,
    log_in,
    password_form,
    refresh,
    token_request,
)

BAD_USER = '{"error":"unauthorized","error_description":"Invalid Credentials"}'
BAD_CLIENT = '{"error":"unauthorized","error_description":"Bad credentials"}'
NO_PASSWORD = '{"error":"unauthorized","error_description":"No password supplied"}'
NO_AUTHENTICATION = (
    '{"error":"unauthorized","error_description":"An Authentication object was not found in the SecurityContext"}'
)
NO_CLIENT = (
    '{"error":"unauthorized","error_description":"No client authentication found. '
    'Remember to put a filter upstream of the TokenEndpointAuthenticationFilter."}'
)
UNDECODABLE_BASIC = '{"error":"unauthorized","error_description":"Failed to decode basic authentication token"}'
INVALID_BASIC = '{"error":"unauthorized","error_description":"Invalid basic authentication token"}'
OTHER_CLIENT = '{"error":"invalid_client","error_description":"Given client ID does not match authenticated client"}'
MISSING_GRANT = '{"error":"invalid_request","error_description":"Missing grant type"}'
UNSUPPORTED_GRANT = '{"error":"unsupported_grant_type","error_description":"Unsupported grant type: magic"}'
UNAUTHORIZED_GRANT = '{"error":"invalid_client","error_description":"Unauthorized grant type: client_credentials"}'
INVALID_SCOPE_CURRENT = (
    '{"error":"invalid_scope","error_description":"Invalid scope: uaa.admin. '
    'Did you know that you can get default requested scopes by simply sending no value?",'
    '"scope":"scim.emails.read scim.me openid password.write approvals.me scim.ids.read oauth.approvals"}'
)
INVALID_SCOPE_2016 = (
    '{"error":"invalid_scope","error_description":"Invalid scope: scim.ids.read. '
    'Did you know that you can get default requested scopes by simply sending no value?",'
    '"scope":"scim.me openid password.write approvals.me oauth.approvals"}'
)
EMPTY_REFRESH = '{"error":"invalid_token","error_description":"Invalid refresh token (empty token)"}'
UNDECODABLE_REFRESH = '{"error":"invalid_token","error_description":"Invalid token (could not decode): %s"}'
EXPIRED_REFRESH = (
    '{"error":"invalid_token","error_description":"Invalid refresh token (expired): '
    '%s expired at Sun Mar 31 12:00:00 UTC 2024"}'
)
EXPIRED_REFRESH_2016 = (
    '{"error":"invalid_token","error_description":"Invalid refresh token (expired): '
    '%s expired at Sat Mar 02 11:30:00 UTC 2024"}'
)
REVOKED_REFRESH = '{"error":"invalid_token","error_description":"%s"}'
WRONG_CLIENT_REFRESH = '{"error":"invalid_grant","error_description":"Wrong client for this refresh token: %s"}'
WRONG_ISSUER = '{"error":"invalid_token","error_description":"Invalid issuer for token:https://login.other.example"}'
WRONG_ISSUER_2016 = (
    '{"error":"invalid_token","error_description":"Invalid issuer for token:https://login.apigee.com/oauth/token"}'
)

CLIENT_CHALLENGE = 'Bearer error="invalid_client", error_description="%s"'
TOKEN_CHALLENGE = 'Bearer error="invalid_token", error_description="%s"'
UNAUTHORIZED_GRANT_CHALLENGE = CLIENT_CHALLENGE % "Unauthorized grant type: client_credentials"

REFRESH = {"grant_type": "refresh_token"}
F1 = {
    "wrong-password": ({"form": password_form(password="wrong")}, BAD_USER, "Invalid Credentials"),
    "password-in-another-case": ({"form": password_form(password="Correct Horse")}, BAD_USER, "Invalid Credentials"),
    "empty-password": ({"form": password_form(password="")}, BAD_USER, "Invalid Credentials"),
    "unknown-user": ({"form": password_form(username="nobody@acme.example")}, BAD_USER, "Invalid Credentials"),
    "no-username": ({"form": password_form(username=None)}, BAD_USER, "Invalid Credentials"),
    "no-password": ({"form": password_form(password=None)}, NO_PASSWORD, "No password supplied"),
    "wrong-client-secret": ({"authorization": basic("edgecli:wrong")}, BAD_CLIENT, "Bad credentials"),
    "unknown-client": ({"authorization": basic("other:edgeclisecret")}, BAD_CLIENT, "Bad credentials"),
    "empty-client": ({"authorization": basic(":")}, BAD_CLIENT, "Bad credentials"),
    "wrong-client-before-wrong-user": (
        {"authorization": basic("edgecli:wrong"), "form": password_form(password="wrong")},
        BAD_CLIENT,
        "Bad credentials",
    ),
    "wrong-user-before-scope": (
        {"form": password_form(password="wrong", scope="uaa.admin")},
        BAD_USER,
        "Invalid Credentials",
    ),
    "wrong-user-before-another-client-in-the-form": (
        {"form": password_form(password="wrong", client_id="other")},
        BAD_USER,
        "Invalid Credentials",
    ),
    "no-password-before-wrong-user": (
        {"form": password_form(username="nobody@acme.example", password=None)},
        NO_PASSWORD,
        "No password supplied",
    ),
    "wrong-client-in-the-form": (
        {"authorization": None, "form": password_form(client_id="edgecli", client_secret="wrong")},
        BAD_CLIENT,
        "Bad credentials",
    ),
    "undecodable-basic": (
        {"authorization": "Basic ZWRn*"},
        UNDECODABLE_BASIC,
        "Failed to decode basic authentication token",
    ),
    "cut-off-basic": (
        {"authorization": "Basic ZWRnZ"},
        UNDECODABLE_BASIC,
        "Failed to decode basic authentication token",
    ),
    "basic-without-colon": ({"authorization": basic("edgecli")}, INVALID_BASIC, "Invalid basic authentication token"),
    "empty-basic": ({"authorization": "Basic "}, INVALID_BASIC, "Invalid basic authentication token"),
    "no-client-on-refresh": (
        {"authorization": None, "form": {**REFRESH, "refresh_token": "x"}},
        NO_AUTHENTICATION,
        "An Authentication object was not found in the SecurityContext",
    ),
    "no-client-and-no-grant": (
        {"authorization": None, "form": {}},
        NO_AUTHENTICATION,
        "An Authentication object was not found in the SecurityContext",
    ),
    "bearer-counts-as-no-client": (
        {"authorization": "Bearer edgecli", "form": {**REFRESH, "refresh_token": "x"}},
        NO_AUTHENTICATION,
        "An Authentication object was not found in the SecurityContext",
    ),
    "no-client-and-good-user": (
        {"authorization": None},
        NO_CLIENT,
        "No client authentication found. Remember to put a filter upstream of the TokenEndpointAuthenticationFilter.",
    ),
    "client-id-without-secret": (
        {"authorization": None, "form": password_form(client_id="edgecli")},
        NO_CLIENT,
        "No client authentication found. Remember to put a filter upstream of the TokenEndpointAuthenticationFilter.",
    ),
    "no-client-and-bad-user": (
        {"authorization": None, "form": password_form(password="wrong")},
        BAD_USER,
        "Invalid Credentials",
    ),
}
F2 = {
    "another-client-in-the-form": (
        {"form": password_form(client_id="other")},
        401,
        CLIENT_CHALLENGE % "Given client ID does not match authenticated client",
        OTHER_CLIENT,
    ),
    "another-client-before-no-grant": (
        {"form": {"client_id": "other"}},
        401,
        CLIENT_CHALLENGE % "Given client ID does not match authenticated client",
        OTHER_CLIENT,
    ),
    "no-grant-type": ({"form": {}}, 400, None, MISSING_GRANT),
    "empty-grant-type": ({"form": password_form(grant_type="")}, 400, None, MISSING_GRANT),
    "json-body": (
        {"form": '{"grant_type":"password"}', "content_type": "application/json"},
        400,
        None,
        MISSING_GRANT,
    ),
    "form-called-json": ({"content_type": "application/json"}, 400, None, MISSING_GRANT),
    "form-without-content-type": ({"content_type": None}, 400, None, MISSING_GRANT),
    "unknown-grant-type": ({"form": {"grant_type": "magic"}}, 400, None, UNSUPPORTED_GRANT),
    "grant-type-in-another-case": (
        {"form": password_form(grant_type="Password")},
        400,
        None,
        '{"error":"unsupported_grant_type","error_description":"Unsupported grant type: Password"}',
    ),
    "client-credentials": (
        {"form": {"grant_type": "client_credentials"}},
        401,
        CLIENT_CHALLENGE % "Unauthorized grant type: client_credentials",
        UNAUTHORIZED_GRANT,
    ),
    "invalid-scope": ({"form": password_form(scope="uaa.admin")}, 400, None, INVALID_SCOPE_CURRENT),
    "one-scope-of-two-invalid": (
        {"form": password_form(scope="openid uaa.admin")},
        400,
        None,
        INVALID_SCOPE_CURRENT,
    ),
    "invalid-scope-before-unknown-grant": (
        {"form": {"grant_type": "magic", "scope": "uaa.admin"}},
        400,
        None,
        INVALID_SCOPE_CURRENT,
    ),
    "no-refresh-token": (
        {"form": REFRESH},
        401,
        TOKEN_CHALLENGE % "Invalid refresh token (empty token)",
        EMPTY_REFRESH,
    ),
    "empty-refresh-token": (
        {"form": {**REFRESH, "refresh_token": ""}},
        401,
        TOKEN_CHALLENGE % "Invalid refresh token (empty token)",
        EMPTY_REFRESH,
    ),
    "no-jwt-as-refresh-token": (
        {"form": {**REFRESH, "refresh_token": "nonsense"}},
        401,
        TOKEN_CHALLENGE % "Invalid token (could not decode): nonsense",
        UNDECODABLE_REFRESH % "nonsense",
    ),
}


@pytest.fixture
def edge():
    return edge_at_noon()


@pytest.mark.parametrize(("sent", "body", "text"), F1.values(), ids=F1)
def test_the_filter_chain_refuses(edge, sent, body, text):
    """Client and user authentication fail with 401, a Basic challenge with the same text, and the sheet's words."""
    response = answer(edge, token_request(**sent))

    assert response.status == 401
    assert list(response.headers) == headers(BASIC_CHALLENGE % text)
    assert response.body == body.encode()


@pytest.mark.parametrize(("sent", "status", "challenge", "body"), F2.values(), ids=F2)
def test_the_token_endpoint_refuses(edge, sent, status, challenge, body):
    """The token endpoint refuses with 400 and no challenge, or 401 with a Bearer challenge without a realm."""
    response = answer(edge, token_request(**sent))

    assert response.status == status
    assert list(response.headers) == headers(challenge)
    assert response.body == body.encode()


def test_the_scopes_of_2016_are_fewer():
    """In 2016 a scope of today is invalid, and the third field lists those of then."""
    response = answer(edge_at_noon(era="2016"), token_request(password_form(scope="scim.ids.read")))

    assert response.status == 400
    assert list(response.headers) == headers()
    assert response.body == INVALID_SCOPE_2016.encode()


def signed(claims):
    return jwt.encode(claims, published_key(), algorithm="RS256", headers={"typ": None})


def expired(edge):
    token = log_in(edge)["refresh_token"]
    edge.clock.advance(days=30)
    return token


def long_expired(edge):
    token = expired(edge)
    edge.clock.advance(days=400)
    return token


def revoked_by_password(edge):
    token = log_in(edge)["refresh_token"]
    edge.set_password(EMAIL, "battery staple")
    return token


def revoked_and_expired(edge):
    token = expired(edge)
    edge.set_password(EMAIL, "battery staple")
    return token


def of_another_world(edge):
    return log_in(edge_at_noon(seed="another"))["refresh_token"]


def of_another_client(edge):
    return signed({**claims_of(log_in(edge)["refresh_token"]), "cid": "other"})


def with_touched_claims(edge):
    head, body, signature = log_in(edge)["refresh_token"].split(".")
    return f"{head}.{body[:-4]}AAAA.{signature}"


def unsigned(edge):
    return jwt.encode(claims_of(log_in(edge)["refresh_token"]), None, algorithm="none")


def signed_with_a_password(edge):
    return jwt.encode(claims_of(log_in(edge)["refresh_token"]), "k" * 32, algorithm="HS256")


def access_token(edge):
    return log_in(edge)["access_token"]


def cut_off(edge):
    return log_in(edge)["refresh_token"][:-1]


def with_a_header_of_lists(edge):
    return f"{'W' * 8000}.e30.e30"


REFRESHES = {
    "access-token": (access_token, 401, "Invalid token (could not decode): %s", UNDECODABLE_REFRESH),
    "touched": (with_touched_claims, 401, "Invalid token (could not decode): %s", UNDECODABLE_REFRESH),
    "cut-off": (cut_off, 401, "Invalid token (could not decode): %s", UNDECODABLE_REFRESH),
    "unsigned": (unsigned, 401, "Invalid token (could not decode): %s", UNDECODABLE_REFRESH),
    "other-algorithm": (signed_with_a_password, 401, "Invalid token (could not decode): %s", UNDECODABLE_REFRESH),
    "odd-header": (with_a_header_of_lists, 401, "Invalid token (could not decode): %s", UNDECODABLE_REFRESH),
    "expired": (
        expired,
        401,
        "Invalid refresh token (expired): %s expired at Sun Mar 31 12:00:00 UTC 2024",
        EXPIRED_REFRESH,
    ),
    "long-expired": (
        long_expired,
        401,
        "Invalid refresh token (expired): %s expired at Sun Mar 31 12:00:00 UTC 2024",
        EXPIRED_REFRESH,
    ),
    "revoked": (revoked_by_password, 401, "%s", REVOKED_REFRESH),
    "revoked-and-expired": (revoked_and_expired, 401, "%s", REVOKED_REFRESH),
    "another-world": (of_another_world, 401, "%s", REVOKED_REFRESH),
    "another-client": (of_another_client, 400, None, WRONG_CLIENT_REFRESH),
}


@pytest.mark.parametrize(("make", "status", "text", "body"), REFRESHES.values(), ids=REFRESHES)
def test_a_refresh_token_is_refused(edge, make, status, text, body):
    """A refresh token that is not good is named in the answer and, with 401, in the challenge."""
    token = make(edge)

    response = answer(edge, refresh(token))

    assert response.status == status
    assert list(response.headers) == headers((TOKEN_CHALLENGE % (text % token))[:8_000] if text else None)
    assert response.body == (body % token).encode()


def test_a_refresh_token_of_2016_expires_after_84600_seconds():
    """In 2016 a refresh token is refused from its 84600th second on."""
    edge = edge_at_noon(era="2016")
    token = log_in(edge)["refresh_token"]
    edge.clock.advance(timedelta(seconds=84600))

    assert answer(edge, refresh(token)).body == (EXPIRED_REFRESH_2016 % token).encode()


@pytest.mark.parametrize(
    ("settings", "body", "issuer"),
    [
        ({"guesses": {"issuer": "https://login.other.example"}}, WRONG_ISSUER, "https://login.other.example"),
        ({"era": "2016"}, WRONG_ISSUER_2016, "https://login.apigee.com/oauth/token"),
    ],
)
def test_a_refresh_token_of_another_issuer_is_refused(edge, settings, body, issuer):
    """A token that another issuer signed is refused by its issuer's name, though seed and user are the same."""
    token = log_in(edge_at_noon(**settings))["refresh_token"]

    response = answer(edge, refresh(token))

    assert response.status == 401
    assert list(response.headers) == headers(TOKEN_CHALLENGE % f"Invalid issuer for token:{issuer}")
    assert response.body == body.encode()


@pytest.mark.parametrize("exp", [None, "soon", -(10**18)], ids=["null", "text", "before-all-time"])
def test_a_token_without_a_sound_expiry_has_expired(edge, exp):
    """A token that somebody signed with the published key, without a sound `exp`, is refused as of the epoch."""
    token = signed({**claims_of(log_in(edge)["refresh_token"]), "exp": exp})

    response = answer(edge, refresh(token))

    assert response.status == 401
    assert response.json()["error_description"].endswith(" expired at Thu Jan 01 00:00:00 UTC 1970")


@pytest.mark.parametrize("month", range(1, 13))
def test_the_expiry_is_written_as_a_java_date(edge, month):
    """The moment of expiry is written as Java's Date writes it, in UTC."""
    written = {
        1: "Mon Jan 01",
        2: "Thu Feb 01",
        3: "Fri Mar 01",
        4: "Mon Apr 01",
        5: "Wed May 01",
        6: "Sat Jun 01",
        7: "Mon Jul 01",
        8: "Thu Aug 01",
        9: "Sun Sep 01",
        10: "Tue Oct 01",
        11: "Fri Nov 01",
        12: "Sun Dec 01",
    }[month]
    edge.clock.travel_to(f"2024-{month:02}-01T09:08:07Z")
    edge.clock.skew(hours=-30 * 24)
    token = log_in(edge)["refresh_token"]
    edge.clock.skew()

    response = answer(edge, refresh(token))

    assert response.json()["error_description"].endswith(f" expired at {written} 09:08:07 UTC 2024")


MFA = {
    "missing": {},
    "empty": {"mfa_token": ""},
    "wrong": {"mfa_token": "050472"},
    "too-long": {"mfa_token": f"{MFA_CODE}0"},
    "too-short": {"mfa_token": MFA_CODE[1:]},
    "with-a-blank": {"mfa_token": "050 471"},
    "not-ascii": {"mfa_token": "０５０４７１"},  # noqa: RUF001 - full-width digits, on purpose
}


@pytest.fixture
def mfa_edge(edge):
    edge.clock.travel_to(MFA_MOMENT)
    edge.user("mfa@acme.example", password="pw", mfa_secret=MFA_SECRET)
    return edge


def mfa_form(**changes):
    return password_form(**{"username": "mfa@acme.example", "password": "pw", **changes})


@pytest.mark.parametrize("field", MFA.values(), ids=MFA)
def test_an_mfa_code_is_refused(mfa_edge, field):
    """Without the code of the moment a user with MFA is answered as one with a wrong password."""
    response = answer(mfa_edge, token_request(mfa_form(**field)))

    assert response.status == 401
    assert list(response.headers) == headers(BASIC_CHALLENGE % "Invalid Credentials")
    assert response.body == BAD_USER.encode()


@pytest.mark.parametrize(
    "moment", [MFA_MOMENT, "2005-03-18T01:58:59.999Z", "2005-03-18T01:59:00Z"], ids=["at-once", "in-its-step", "later"]
)
def test_an_mfa_code_is_good_once(mfa_edge, moment):
    """A code that was used is refused from then on."""
    first = answer(mfa_edge, token_request(mfa_form(mfa_token=MFA_CODE)))
    mfa_edge.clock.travel_to(moment)

    second = answer(mfa_edge, token_request(mfa_form(mfa_token=MFA_CODE)))

    assert (first.status, second.status) == (200, 401)


def test_a_wrong_password_leaves_the_mfa_code_good(mfa_edge):
    """A code that came with a wrong password was not used."""
    answer(mfa_edge, token_request(mfa_form(password="wrong", mfa_token=MFA_CODE)))

    assert answer(mfa_edge, token_request(mfa_form(mfa_token=MFA_CODE))).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW", "post"])
def test_other_verbs_are_not_allowed(edge, method):
    """Any verb but GET and POST is answered with 405, without a challenge, and names the verb."""
    response = answer(edge, token_request(method=method))

    assert response.status == 405
    assert list(response.headers) == headers()
    assert (
        response.body
        == b'{"error":"method_not_allowed","error_description":"Request method \'%s\' not supported"}' % method.encode()
    )


def test_get_can_be_switched_off():
    """With the guess off, GET is answered with 405, as by later UAAs."""
    edge = edge_at_noon(guesses={"get_token_by_get": False})
    query = "?grant_type=password&username=ops@acme.example&password=correct%20horse"

    response = answer(edge, token_request("", method="GET", query=query))

    assert response.status == 405
    assert response.body == b'{"error":"method_not_allowed","error_description":"Request method \'GET\' not supported"}'


@pytest.mark.parametrize(
    ("guess", "sent"),
    [
        ("bad_user_text", {"form": password_form(password="wrong")}),
        ("bad_user_text", {"form": password_form(username="nobody@acme.example")}),
        ("bad_user_text", {"form": password_form(username=None)}),
        ("bad_client_text", {"authorization": basic("edgecli:wrong")}),
        ("mfa_failure_text", {"form": mfa_form()}),
    ],
)
def test_a_guessed_text_can_be_switched(guess, sent):
    """A guessed text is switched in the body and in the challenge."""
    edge = edge_at_noon(guesses={guess: "Other text"})
    edge.user("mfa@acme.example", password="pw", mfa_secret=MFA_SECRET)

    response = answer(edge, token_request(**sent))

    assert response.body == b'{"error":"unauthorized","error_description":"Other text"}'
    assert response.headers.get("WWW-Authenticate") == BASIC_CHALLENGE % "Other text"


@pytest.mark.parametrize("first", ["query", "form"])
def test_the_first_of_several_values_counts(edge, first):
    """Of a field that comes twice the first counts, and the query comes before the form."""
    wrong = "password=wrong"
    right = "password=correct+horse"
    rest = "grant_type=password&username=ops@acme.example"
    query, form = (f"?{wrong}", f"{rest}&{right}") if first == "query" else ("", f"{rest}&{wrong}&{right}")

    assert answer(edge, token_request(form, query=query)).status == 401


def test_a_description_is_made_fit_for_a_header(edge):
    """What a client sent stands in the body as it is, and in the challenge with a blank for what cannot be sent."""
    response = answer(edge, refresh("a\r\nSet-Cookie: x=é€"))

    assert response.json()["error_description"] == "Invalid token (could not decode): a\r\nSet-Cookie: x=é€"
    assert response.headers.get("WWW-Authenticate") == (
        'Bearer error="invalid_token", error_description="Invalid token (could not decode): a  Set-Cookie: x=é "'
    )


WHY = {
    "no-username": (
        {"form": password_form(username=None)},
        "no username was sent; declare one with apigee.user(email)",
    ),
    "unknown-user": (
        {"form": password_form(username="nobody@acme.example")},
        "no SSO user has this e-mail; declare one with apigee.user(email)",
    ),
    "wrong-password": (
        {"form": password_form(password="wrong")},
        "wrong password for the SSO user ops@acme.example",
    ),
    "no-password": ({"form": password_form(password=None)}, "the password grant came without a password"),
    "wrong-client": (
        {"authorization": basic("edgecli:wrong")},
        "wrong client secret; Edge's own is edgecli, others are declared with apigee.sso_client(client_id)",
    ),
    "unknown-client": (
        {"authorization": basic("tool:secret")},
        "unknown client; Edge's own is edgecli, others are declared with apigee.sso_client(client_id)",
    ),
    "undecodable-basic": ({"authorization": "Basic *"}, "the Basic header of the client is not base64"),
    "no-colon": ({"authorization": basic("edgecli")}, "the Basic header of the client holds no colon"),
    "no-client": ({"authorization": None}, "the user is right, but no client authenticated"),
    "nobody": ({"authorization": None, "form": {}}, "no client authenticated, by Basic header or form fields"),
    "scope": ({"form": password_form(scope="x")}, "a scope was asked for that the client may not have"),
    "no-grant": ({"form": {}}, "invalid_request: Missing grant type"),
    "grant": ({"form": {"grant_type": "magic"}}, "unsupported_grant_type: Unsupported grant type"),
    "mfa-missing": ({"form": mfa_form()}, "an MFA code is required for the SSO user mfa@acme.example"),
    "mfa-wrong": ({"form": mfa_form(mfa_token="000000")}, "wrong MFA code for the SSO user mfa@acme.example"),
    "verb": ({"method": "PUT"}, "/oauth/token allows GET, POST"),
}


@pytest.mark.parametrize(("sent", "reason"), WHY.values(), ids=WHY)
def test_the_journal_says_why_a_login_was_refused(mfa_edge, sent, reason):
    """The reason for a refusal goes into the journal, in full."""
    answer(mfa_edge, token_request(**sent))

    assert mfa_edge.calls.last.reason == reason


WHY_REFRESH = {
    "access-token": (access_token, "an access token where a refresh token belongs"),
    "touched": (with_touched_claims, "a token that does not decode (its signature is not the fake's)"),
    "unsigned": (unsigned, "a token that does not decode (not a JWT)"),
    "expired": (
        expired,
        "the token expired 0:00:00 ago; the test moved the clock by 30 days, 0:00:00",
    ),
    "revoked": (
        revoked_by_password,
        "the user ops@acme.example or the client edgecli changed after the token was issued (rev_sig differs)",
    ),
    "another-world": (
        of_another_world,
        (
            "a token of another world: its user or client is unknown here "
            "(issued in another test, perhaps kept in a module-level cache)"
        ),
    ),
    "another-client": (of_another_client, "invalid_grant: Wrong client for this refresh token"),
}


@pytest.mark.parametrize(("make", "reason"), WHY_REFRESH.values(), ids=WHY_REFRESH)
def test_the_journal_says_why_a_refresh_was_refused(edge, make, reason):
    """The reason for a refused refresh token goes into the journal, in full, with what the test did to the clock."""
    token = make(edge)

    answer(edge, refresh(token))

    assert edge.calls.last.reason == reason


def test_a_used_mfa_code_is_named_as_such(mfa_edge):
    """The reason tells a code that was used before from a wrong one."""
    for _ in range(2):
        answer(mfa_edge, token_request(mfa_form(mfa_token=MFA_CODE)))

    assert mfa_edge.calls.last.reason == "the MFA code was used before for the SSO user mfa@acme.example"


SECRETS = {
    "password": ({"form": password_form(username="nobody@acme.example")}, PASSWORD),
    "wrong-password": ({"form": password_form(password="hunter2 hunter2")}, "hunter2"),
    "client-secret": ({"authorization": None, "form": password_form(client_secret="s3cr3t", client_id="x")}, "s3cr3t"),
    "basic-header": ({"authorization": basic("edgecli:s3cr3t")}, "s3cr3t"),
    "undecodable-basic": ({"authorization": "Basic s3cr3t*"}, "s3cr3t"),
    "mfa-code": ({"form": mfa_form(mfa_token="999999")}, "999999"),
    "no-jwt": ({"form": {**REFRESH, "refresh_token": "s3cr3t"}}, "s3cr3t"),
    "token-in-grant-type": ({"form": {"grant_type": "s3cr3t"}}, "s3cr3t"),
    "scope": ({"form": password_form(scope="s3cr3t")}, "s3cr3t"),
    "client-id": ({"form": password_form(client_id="s3cr3t")}, "s3cr3t"),
}


@pytest.mark.parametrize(("sent", "secret"), SECRETS.values(), ids=SECRETS)
def test_the_reason_names_no_secret(mfa_edge, sent, secret):
    """There is a reason for every refusal, and it names nothing that a client sent in a secret's place."""
    answer(mfa_edge, token_request(**sent))

    reason = mfa_edge.calls.last.reason
    assert reason
    assert secret not in reason


@pytest.mark.parametrize("make", [entry[0] for entry in REFRESHES.values()], ids=REFRESHES)
def test_the_reason_names_no_token(edge, make):
    """The reason for a refused refresh token does not hold the token, nor any of its parts."""
    token = make(edge)

    answer(edge, refresh(token))

    reason = edge.calls.last.reason
    assert reason
    assert not any(part in reason for part in token.split(".") if part)


def test_a_refusal_issues_nothing(edge):
    """A refused request is among the refused calls and not among the tokens issued."""
    answer(edge, token_request(password_form(password="wrong")))

    assert (len(edge.calls.refused), len(edge.calls.tokens_issued)) == (1, 0)
    assert edge.calls.last.issued_token == ""


def test_a_password_change_leaves_others_alone(edge):
    """The tokens of other users stay good."""
    edge.user("second@acme.example", password="pw")
    token = log_in(edge)["refresh_token"]

    edge.set_password("SECOND@acme.example", "new")

    assert answer(edge, refresh(token)).status == 200


@pytest.mark.parametrize(("password", "status"), [("new", 200), (PASSWORD, 401)], ids=["new", "old"])
def test_a_changed_password_is_the_only_one(edge, password, status):
    """After a change, by the e-mail in any letter case, the new password logs in and the old one does not."""
    edge.set_password("OPS@acme.example", "new")

    assert answer(edge, token_request(password_form(password=password))).status == status


def test_a_password_set_to_the_same_revokes_too(edge):
    """A password that is set anew gets another salt, so even the same one, or one of before, voids the tokens."""
    token = log_in(edge)["refresh_token"]

    edge.set_password(EMAIL, "another")
    edge.set_password(EMAIL, PASSWORD)

    assert answer(edge, refresh(token)).status == 401


# What uses an MFA code up

FAILED_LATER = {
    "other client in the form": mfa_form(mfa_token=MFA_CODE, client_id="other"),
    "unknown scope": mfa_form(mfa_token=MFA_CODE, scope="uaa.admin"),
}


@pytest.mark.parametrize("form", FAILED_LATER.values(), ids=FAILED_LATER)
def test_a_login_that_fails_later_leaves_the_mfa_code_good(mfa_edge, form):
    """Only a login that succeeds uses a code up, whatever else was wrong with the others."""
    refused = answer(mfa_edge, token_request(form))

    assert refused.status in (400, 401)
    assert answer(mfa_edge, token_request(mfa_form(mfa_token=MFA_CODE))).status == 200


def test_a_login_without_client_leaves_the_mfa_code_good(mfa_edge):
    """A login that lacks its client is no login."""
    refused = answer(mfa_edge, token_request(mfa_form(mfa_token=MFA_CODE), authorization=None))

    assert refused.status == 401
    assert answer(mfa_edge, token_request(mfa_form(mfa_token=MFA_CODE))).status == 200


def mfa_edge_with(**guesses):
    edge = edge_at_noon(guesses=guesses)
    edge.clock.travel_to(MFA_MOMENT)
    edge.user("mfa@acme.example", password="pw", mfa_secret=MFA_SECRET)
    return edge


def test_an_mfa_code_is_good_again_where_switched_on():
    """The guess `mfa_code_reuse` lets a code serve more than once."""
    edge = mfa_edge_with(mfa_code_reuse=True)

    assert [answer(edge, token_request(mfa_form(mfa_token=MFA_CODE))).status for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    ("drift", "moment", "status"),
    [
        (0, "2005-03-18T01:58:29Z", 401),  # MFA_CODE is that of 01:58:30 to 01:58:59
        (1, "2005-03-18T01:58:00Z", 200),
        (1, "2005-03-18T01:57:59Z", 401),
        (1, "2005-03-18T01:59:29Z", 200),
        (1, "2005-03-18T01:59:30Z", 401),
        (2, "2005-03-18T01:59:30Z", 200),
    ],
)
def test_an_mfa_code_may_be_early_or_late_where_switched_on(drift, moment, status):
    """The guess `mfa_drift_steps` takes codes of so many steps of 30 seconds before and after."""
    edge = mfa_edge_with(mfa_drift_steps=drift)
    edge.clock.travel_to(moment)

    assert answer(edge, token_request(mfa_form(mfa_token=MFA_CODE))).status == status


def test_an_older_mfa_code_is_used_up_by_a_newer_one():
    """With drift, a code of the step before that of the last login counts as used; that of a later step does not."""
    edge = mfa_edge_with(mfa_drift_steps=1)
    before, after = "081804", code_at(MFA_SECRET, 1111111140_000)  # before: 1111111109 s, RFC 6238 has 07081804

    codes = (MFA_CODE, before, after, MFA_CODE)
    statuses = [answer(edge, token_request(mfa_form(mfa_token=code))).status for code in codes]

    assert statuses == [200, 401, 200, 401]


def test_an_mfa_code_at_the_start_of_time():
    """With drift, the steps before 1970 have no codes."""
    edge = mfa_edge_with(mfa_drift_steps=3)
    edge.clock.freeze("1970-01-01T00:00:00Z")

    assert answer(edge, token_request(mfa_form(mfa_token="000000"))).status == 401
    assert answer(edge, token_request(mfa_form(mfa_token="287082"))).status == 200  # 59 s, in step 1


# What a refresh may ask for

NARROWED = (
    '{"error":"invalid_scope","error_description":"Unable to narrow the scope of the client authentication to '
    '[openid, approvals.me].","scope":"openid scim.me"}'
)


@pytest.mark.parametrize(("scope", "granted"), [("scim.me", "scim.me"), ("scim.me openid", "scim.me openid"), ("", "")])
def test_a_refresh_may_ask_for_fewer_scopes(edge, scope, granted):
    """Scopes that the token has are granted alone; none asked for, all of them."""
    form = {**REFRESH, "refresh_token": log_in(edge, scope="openid scim.me")["refresh_token"], "scope": scope}

    body = answer(edge, token_request(form)).json()

    assert body["scope"] == (granted or "openid scim.me")
    assert claims_of(body["access_token"])["scope"] == body["scope"].split()
    assert claims_of(body["refresh_token"])["scope"] == ["openid", "scim.me"]


def test_a_refresh_may_not_ask_for_other_scopes(edge):
    """Scopes that the token lacks are refused; the third field lists those that it has."""
    token = log_in(edge, scope="openid scim.me")["refresh_token"]

    response = answer(edge, token_request({**REFRESH, "refresh_token": token, "scope": "openid approvals.me openid"}))

    assert response.status == 400
    assert list(response.headers) == headers()
    assert response.body == NARROWED.encode()
    assert edge.calls.last.reason == "the refresh asks for scopes that its token lacks"


def test_a_refresh_token_without_scopes_has_none_to_give(edge):
    """A token that somebody signed with the published key, without a list of scopes, has none."""
    token = signed({**claims_of(log_in(edge)["refresh_token"]), "scope": "openid"})

    assert answer(edge, refresh(token)).json()["scope"] == ""


@pytest.mark.parametrize(
    ("guesses", "make", "body"),
    [
        (
            {"refresh_scope_text": "Too much:"},
            lambda edge: {"refresh_token": log_in(edge, scope="openid")["refresh_token"], "scope": "scim.me"},
            '{"error":"invalid_scope","error_description":"Too much: [scim.me].","scope":"openid"}',
        ),
        (
            {"edgecli_grants": "password"},
            lambda edge: {"refresh_token": log_in(edge)["refresh_token"]},
            '{"error":"invalid_client","error_description":"Unauthorized grant type: refresh_token"}',
        ),
    ],
    ids=["refresh_scope_text", "edgecli_grants"],
)
def test_a_guess_about_refreshing_can_be_switched(guesses, make, body):
    """What is guessed of a refused refresh can be switched."""
    edge = edge_at_noon(guesses=guesses)

    assert answer(edge, token_request({**REFRESH, **make(edge)})).text == body


def test_the_text_for_an_access_token_can_be_switched():
    """The guess `swapped_jwt_text` is how an access token is called where a refresh token belongs."""
    edge = edge_at_noon(guesses={"swapped_jwt_text": "No refresh token"})
    token = access_token(edge)

    assert answer(edge, refresh(token)).text == (
        f'{{"error":"invalid_token","error_description":"No refresh token: {token}"}}'
    )


def test_a_token_of_another_zone_is_refused(edge):
    """A token of another zone is refused like one of another issuer."""
    token = signed({**claims_of(log_in(edge)["refresh_token"]), "zid": "acme"})

    response = answer(edge, refresh(token))

    assert response.status == 401
    assert response.text == (
        '{"error":"invalid_token","error_description":"Invalid issuer for token:https://login.apigee.com"}'
    )
    assert edge.calls.last.reason == "a token of another issuer or zone than https://login.apigee.com"
