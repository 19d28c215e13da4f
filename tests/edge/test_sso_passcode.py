"""The passcode grant: six characters that are good once, for five minutes (sso.md 2.1 and 2.3)."""

import re
from urllib.parse import urlencode

import pytest

from pytest_apigee.errors import ConfigurationError
from pytest_apigee.fake import FakeEdge
from tests.edge.sso_refusal_support import basic, f1, f2, wire
from tests.edge.sso_support import EMAIL, answer, claims_of, edge_at_noon, log_in, refresh, token_request

MISSING = f1("Passcode information is missing.")
NO_USER = f1("Invalid user.")
NO_PASSWORD = f1("No password supplied")
NO_CLIENT = f1(
    "No client authentication found. Remember to put a filter upstream of the TokenEndpointAuthenticationFilter."
)


@pytest.fixture
def edge():
    return edge_at_noon()


def passcode_form(code, **changes):
    return {"grant_type": "password", "passcode": code, "response_type": "token", **changes}


def new_passcode(edge):
    return edge.passcode(edge.find_user(EMAIL))


def redeem(edge, code, *, zone="", **sent):
    request = token_request(passcode_form(code), **sent)
    return answer(edge, request.with_url(f"https://{zone}login.apigee.com/oauth/token"))


def test_a_passcode_is_six_letters_and_digits(edge):
    """A passcode is six characters of `[0-9A-Za-z]`."""
    assert re.fullmatch("[0-9A-Za-z]{6}", new_passcode(edge))


def test_a_passcode_logs_in(edge):
    """A passcode gives what a password gives, without a username."""
    response = redeem(edge, new_passcode(edge))

    tokens = response.json()
    assert response.status == 200
    assert list(tokens) == list(log_in(edge))
    assert claims_of(tokens["access_token"])["user_name"] == EMAIL
    assert claims_of(tokens["access_token"])["grant_type"] == "password"


def test_a_passcode_login_is_noted_with_its_user(edge):
    """The journal names the user of a passcode, and the token that was issued."""
    token = redeem(edge, new_passcode(edge)).json()["access_token"]

    assert (edge.calls.last.user, edge.calls.last.issued_token) == (EMAIL, token)


def test_a_passcode_login_can_be_refreshed(edge):
    """The refresh token of a passcode login is as good as any."""
    token = redeem(edge, new_passcode(edge)).json()["refresh_token"]

    assert answer(edge, refresh(token)).status == 200


@pytest.mark.parametrize("changes", [{"username": "nobody@acme.example"}, {"password": "wrong"}, {"mfa_token": "0"}])
def test_whatever_comes_beside_a_passcode_is_read_over(edge, changes):
    """Username, password and MFA code beside a passcode count for nothing: the token is for the passcode's user."""
    response = answer(edge, token_request(passcode_form(new_passcode(edge), **changes)))

    assert claims_of(response.json()["access_token"])["user_name"] == EMAIL


def test_a_passcode_asks_for_no_mfa_code(edge):
    """A user with MFA needs no code beside a passcode."""
    user = edge.user(mfa=True)

    assert redeem(edge, edge.passcode(user)).status == 200


@pytest.mark.parametrize("status", ["locked", "unverified", "password_expired"])
def test_what_stands_in_the_way_of_a_password_is_not_asked_of_a_passcode(edge, status):
    """A passcode is checked neither for a lock nor for a verified account nor for the password's age."""
    assert redeem(edge, edge.passcode(edge.user(status=status))).status == 200


def test_a_passcode_in_the_query_counts(edge):
    """Query parameters count as form fields for a passcode, too."""
    query = urlencode(passcode_form(new_passcode(edge)))

    assert answer(edge, token_request("", query=f"?{query}")).status == 200


def unknown(edge):
    return "Tg8Xx0"


def empty(edge):
    return ""


def not_ascii(edge):
    return "Tg8Xxö"


def used(edge):
    code = new_passcode(edge)
    redeem(edge, code)
    return code


def superseded(edge):
    code = new_passcode(edge)
    new_passcode(edge)
    return code


def expired(edge):
    code = new_passcode(edge)
    edge.clock.advance(minutes=5)
    return code


def expired_and_tried(edge):
    code = expired(edge)
    redeem(edge, code)
    return code


def in_another_case(edge):
    return new_passcode(edge).swapcase()


def of_another_edge(edge):
    return new_passcode(edge_at_noon(seed="another"))


def of_an_inactive_user(edge):
    code = new_passcode(edge)
    edge.set_user_status(edge.find_user(EMAIL), "inactive")
    return code


def of_a_zone(edge):
    edge.zone()
    return edge.passcode(edge.user(zone="acme"))


IS_VOID = "the passcode was used, or a newer one made"
IS_UNKNOWN = "unknown passcode"
INACTIVE = "the passcode is that of the SSO user ops@acme.example, who is inactive"
OF_A_ZONE = "the passcode is that of a user of another zone than login.apigee.com"
REFUSED = {
    "unknown": (unknown, MISSING, IS_UNKNOWN),
    "empty": (empty, MISSING, IS_UNKNOWN),
    "not-ascii": (not_ascii, MISSING, IS_UNKNOWN),
    "used": (used, MISSING, IS_VOID),
    "superseded": (superseded, MISSING, IS_VOID),
    "expired": (expired, MISSING, "the passcode expired 0:00:00 ago: it is good for 0:05:00"),
    "expired-and-tried": (expired_and_tried, MISSING, IS_VOID),
    "in-another-case": (in_another_case, MISSING, IS_UNKNOWN),
    "of-another-edge": (of_another_edge, MISSING, IS_UNKNOWN),
    "of-an-inactive-user": (of_an_inactive_user, NO_USER, INACTIVE),
    "of-a-zone": (of_a_zone, NO_USER, OF_A_ZONE),
}


@pytest.mark.parametrize(("make", "refusal", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_passcode_is_refused(edge, make, refusal, reason):
    """A passcode that is not good is answered by the filter chain; the journal says why."""
    code = make(edge)

    assert wire(redeem(edge, code)) == refusal
    assert edge.calls.last.reason == reason


def test_a_passcode_is_good_until_the_last_millisecond(edge):
    """A passcode is taken one millisecond before its five minutes are over."""
    code = new_passcode(edge)

    edge.clock.advance(minutes=5, milliseconds=-1)

    assert redeem(edge, code).status == 200


def test_the_passcode_of_another_user_stays_good(edge):
    """A new passcode voids the earlier one of its own user alone."""
    code = new_passcode(edge)

    edge.passcode(edge.user())

    assert redeem(edge, code).status == 200


def test_the_newest_passcode_is_good(edge):
    """Of several passcodes of a user the last one logs in."""
    codes = [new_passcode(edge) for _ in range(3)]

    assert redeem(edge, codes[-1]).status == 200


def with_an_unknown_scope(code):
    return {"form": passcode_form(code, scope="uaa.admin")}


def with_another_client(code):
    return {"form": passcode_form(code, client_id="other")}


def without_client(code):
    return {"form": passcode_form(code), "authorization": None}


FAILED_LATER = {
    "unknown-scope": (
        with_an_unknown_scope,
        400,
        "invalid_scope",
    ),
    "other-client": (with_another_client, 401, "invalid_client"),
    "no-client": (without_client, 401, "unauthorized"),
}


@pytest.mark.parametrize(("make", "status", "error"), FAILED_LATER.values(), ids=FAILED_LATER)
def test_a_passcode_is_used_up_even_if_something_fails_later(edge, make, status, error):
    """Looking a passcode up voids it, whatever else is wrong with the request."""
    code = new_passcode(edge)
    response = answer(edge, token_request(**make(code)))

    assert (response.status, response.json()["error"]) == (status, error)
    assert wire(redeem(edge, code)) == MISSING


def test_a_passcode_without_client(edge):
    """A good passcode without a client is answered like a good user without one."""
    assert wire(redeem(edge, new_passcode(edge), authorization=None)) == NO_CLIENT


def test_a_bad_passcode_without_client(edge):
    """The passcode is looked up before a missing client is complained of."""
    assert wire(redeem(edge, "Tg8Xx0", authorization=None)) == MISSING


def test_a_wrong_client_leaves_a_passcode_good(edge):
    """The client of a Basic header is checked first, and the passcode then stays good."""
    code = new_passcode(edge)

    refused = redeem(edge, code, authorization=basic("edgecli:wrong"))

    assert wire(refused) == f1("Bad credentials")
    assert redeem(edge, code).status == 200


def test_a_passcode_comes_by_post(edge):
    """By GET a passcode is refused, and stays good."""
    code = new_passcode(edge)
    query = urlencode(passcode_form(code))

    refused = answer(edge, token_request("", method="GET", query=f"?{query}"))

    assert wire(refused) == f1("Credentials must be sent by (one of methods): [POST]")
    assert edge.calls.last.reason == "a passcode comes by POST"
    assert redeem(edge, code).status == 200


def test_a_passcode_is_of_the_password_grant(edge):
    """A passcode beside another grant type counts for nothing."""
    form = passcode_form(new_passcode(edge), grant_type="refresh_token")

    assert wire(answer(edge, token_request(form))) == f2(401, "invalid_token", "Invalid refresh token (empty token)")


ACCEPTED = [
    None,
    "application/json",
    "application/json;charset=utf-8",
    "Application/JSON ; q=1, */*",
    "application/x-www-form-urlencoded",
    "application/json, text/html",
]
NOT_ACCEPTED = ["*/*", "text/html", "text/html, application/json", "application/jsonp", ""]


@pytest.mark.parametrize("accept", [*ACCEPTED, *NOT_ACCEPTED])
def test_a_passcode_is_taken_with_any_accept(edge, accept):
    """By default a passcode counts whatever the Accept header."""
    assert redeem(edge, new_passcode(edge), accept=accept).status == 200


@pytest.mark.parametrize("accept", ACCEPTED)
def test_a_passcode_is_taken_with_a_strict_accept(accept):
    """With the guess `strict_passcode_accept` it counts where JSON or a form is the first type of Accept, or none."""
    edge = edge_at_noon(guesses={"strict_passcode_accept": True})

    assert redeem(edge, new_passcode(edge), accept=accept).status == 200


@pytest.mark.parametrize("accept", NOT_ACCEPTED)
def test_a_passcode_falls_through_with_another_accept(accept):
    """With the guess `strict_passcode_accept` any other Accept makes it a password grant without password."""
    edge = edge_at_noon(guesses={"strict_passcode_accept": True})
    code = new_passcode(edge)

    assert wire(redeem(edge, code, accept=accept)) == NO_PASSWORD
    assert redeem(edge, code).status == 200


def test_the_text_for_a_bad_passcode_can_be_switched():
    """The guess `bad_passcode_text` is what a bad passcode is answered."""
    edge = edge_at_noon(guesses={"bad_passcode_text": "Invalid passcode"})

    assert wire(redeem(edge, "Tg8Xx0")) == f1("Invalid passcode")


def test_a_passcode_in_its_zone(edge):
    """A passcode of a zone's user logs in at the zone."""
    code = of_a_zone(edge)

    tokens = redeem(edge, code, zone="acme.").json()

    assert claims_of(tokens["access_token"])["iss"] == "https://acme.login.apigee.com"


def test_a_passcode_of_the_default_zone_elsewhere(edge):
    """A passcode of login.apigee.com is that of nobody at a zone, and used up there."""
    edge.zone()
    code = new_passcode(edge)

    assert wire(redeem(edge, code, zone="acme.")) == NO_USER
    assert wire(redeem(edge, code)) == MISSING


def test_a_form_of_another_content_type_holds_no_passcode(edge):
    """A passcode in a body that is no form is not seen."""
    response = redeem(edge, new_passcode(edge), content_type="text/plain")

    assert wire(response) == f2(400, "invalid_request", "Missing grant type")


def test_only_users_of_this_edge_have_passcodes(edge):
    """A user of another fake gets no passcode."""
    with pytest.raises(ConfigurationError) as caught:
        edge.passcode(FakeEdge(seed="another").user("x@y.example"))

    assert str(caught.value) == (
        "The SSO user 'x@y.example' is not one of this fake Edge; it was declared in another one."
    )


def test_the_reason_names_no_passcode(edge):
    """The reason for a refusal does not hold the passcode."""
    redeem(edge, "Tg8Xx0")

    assert "Tg8Xx0" not in edge.calls.last.reason


def test_old_passcodes_are_forgotten(edge):
    """Of very many passcodes in force the oldest is forgotten, and the others stay good."""
    codes = [edge.passcode(edge.user()) for _ in range(1_001)]

    assert [redeem(edge, codes[index]).status for index in (0, 1, -1)] == [401, 200, 200]
