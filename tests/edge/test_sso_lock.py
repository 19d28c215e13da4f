"""What stands in the way of an account: its status, and a lock after wrong passwords (sso.md section 3)."""

import re
from urllib.parse import urlencode

import pytest

from pytest_apigee.edge.message import Request
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.fake import FakeEdge
from tests.edge.sso_refusal_support import f1, wire, without_challenge
from tests.edge.sso_support import (
    EMAIL,
    FORM,
    MFA_CODE,
    MFA_MOMENT,
    MFA_SECRET,
    PASSWORD,
    answer,
    edge_at_noon,
    log_in,
    password_form,
    refresh,
    token_request,
)

BAD_USER = f1("Invalid Credentials")
LOCKED = f1("Login policy rejected authentication")
LOCKED_IN_LATER_UAA = f1("Your account has been locked because of too many failed attempts to login.")
UNVERIFIED = without_challenge(403, "access_denied", "Account not verified")
EXPIRED = without_challenge(403, "access_denied", "Your current password has expired. Please reset your password.")
IS_LOCKED = "the account of the SSO user ops@acme.example is locked"


def edge_with_status(status, **settings):
    edge = edge_at_noon(**settings)
    edge.set_user_status(edge.find_user(EMAIL), status)
    return edge


def try_password(edge, password, **changes):
    return answer(edge, token_request(password_form(password=password, **changes)))


STATUSES = {
    "inactive": (BAD_USER, "the SSO user ops@acme.example is inactive"),
    "locked": (LOCKED, IS_LOCKED),
    "unverified": (UNVERIFIED, "the SSO user ops@acme.example has the status unverified"),
    "password_expired": (EXPIRED, "the SSO user ops@acme.example has the status password_expired"),
}


@pytest.mark.parametrize(("status", "refusal", "reason"), [(status, *row) for status, row in STATUSES.items()])
def test_a_right_password_does_not_help(status, refusal, reason):
    """A user who is not active is refused with the right password, each status in its own words."""
    edge = edge_with_status(status)

    assert wire(try_password(edge, PASSWORD)) == refusal
    assert edge.calls.last.reason == reason


@pytest.mark.parametrize(
    ("status", "refusal"),
    [("inactive", BAD_USER), ("locked", LOCKED), ("unverified", BAD_USER), ("password_expired", BAD_USER)],
)
@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_tells_a_lock_alone(status, refusal, password):
    """The lock is looked at before the password, what else stands in the way after it."""
    assert wire(try_password(edge_with_status(status), password)) == refusal


@pytest.mark.parametrize(("status", "refusal"), [(status, row[0]) for status, row in STATUSES.items()])
def test_the_account_comes_before_a_missing_client(status, refusal):
    """The user is checked before a missing client is complained of."""
    edge = edge_with_status(status)

    assert wire(answer(edge, token_request(authorization=None))) == refusal


@pytest.mark.parametrize(("status", "refusal"), [(status, row[0]) for status, row in STATUSES.items()])
@pytest.mark.parametrize("code", ["", MFA_CODE])
def test_the_account_comes_before_the_mfa_code(status, refusal, code):
    """What stands in the way of an account is told before the MFA code is asked for, and leaves the code good."""
    edge = edge_at_noon()
    edge.clock.travel_to(MFA_MOMENT)
    user = edge.user("mfa@acme.example", password="pw", mfa_secret=MFA_SECRET, status=status)
    form = password_form(username="mfa@acme.example", password="pw", mfa_token=code)

    refused = answer(edge, token_request(form))
    edge.set_user_status(user, "active")

    assert wire(refused) == refusal
    assert answer(edge, token_request({**form, "mfa_token": MFA_CODE})).status == 200


@pytest.mark.parametrize("status", STATUSES)
def test_a_user_may_be_made_active(status):
    """Once the user is active again, the password logs in."""
    edge = edge_with_status(status)

    edge.set_user_status(edge.find_user(EMAIL), "active")

    assert try_password(edge, PASSWORD).status == 200


@pytest.mark.parametrize("status", ["locked", "unverified", "password_expired"])
def test_a_refresh_asks_for_no_status(status):
    """A refresh is granted whatever stands in the way of a password, as long as the user is there."""
    edge = edge_at_noon()
    token = log_in(edge)["refresh_token"]

    edge.set_user_status(edge.find_user(EMAIL), status)

    assert answer(edge, refresh(token)).status == 200


@pytest.mark.parametrize(("generation", "refusal"), [("3.2", LOCKED), ("4", LOCKED_IN_LATER_UAA)], ids=["3.2", "4"])
def test_the_text_for_a_lock_is_that_of_the_generation(generation, refusal):
    """UAA from 3.3 on says in other words that an account is locked."""
    edge = edge_with_status("locked", guesses={"uaa_generation": generation})

    assert wire(try_password(edge, PASSWORD)) == refusal


# The guess `lockout`


def locking_edge(**guesses):
    return edge_at_noon(guesses={"lockout": True, **guesses})


def fail(edge, times, **changes):
    """Try a wrong password so often; each must be answered as such."""
    for _ in range(times):
        assert wire(try_password(edge, "wrong", **changes)) == BAD_USER


def test_nothing_locks_by_default():
    """Without the guess wrong passwords lock nobody out."""
    edge = edge_at_noon()
    fail(edge, 20)

    assert try_password(edge, PASSWORD).status == 200


def test_five_wrong_passwords_lock_an_account():
    """After five wrong passwords even the right one is refused; the journal says why."""
    edge = locking_edge()
    fail(edge, 5)

    assert wire(try_password(edge, PASSWORD)) == LOCKED
    assert edge.calls.last.reason == IS_LOCKED


def test_four_wrong_passwords_lock_nothing():
    """After four wrong passwords the right one logs in."""
    edge = locking_edge()
    fail(edge, 4)

    assert try_password(edge, PASSWORD).status == 200


def test_a_lock_says_what_the_generation_says():
    """A lock by wrong passwords has the text of a status, that of the generation."""
    edge = locking_edge(uaa_generation="4")
    fail(edge, 5)

    assert wire(try_password(edge, PASSWORD)) == LOCKED_IN_LATER_UAA


def test_a_success_resets_the_count():
    """Only wrong passwords since the last right one count."""
    edge = locking_edge()
    fail(edge, 4)
    log_in(edge)
    fail(edge, 4)

    assert try_password(edge, PASSWORD).status == 200


@pytest.mark.parametrize(("late", "status"), [({"milliseconds": -1}, 401), ({}, 200)], ids=["before", "after"])
def test_a_lock_lasts_five_minutes(late, status):
    """The lock ends 300 seconds after the last wrong password."""
    edge = locking_edge()
    fail(edge, 5)

    edge.clock.advance(seconds=300, **late)

    assert try_password(edge, PASSWORD).status == status


@pytest.mark.parametrize("password", ["wrong", PASSWORD])
def test_an_attempt_while_locked_does_not_prolong(password):
    """What is tried during a lock does not count."""
    edge = locking_edge()
    fail(edge, 5)
    edge.clock.advance(seconds=299)
    for _ in range(5):
        assert wire(try_password(edge, password)) == LOCKED

    edge.clock.advance(seconds=1)

    assert try_password(edge, PASSWORD).status == 200


def test_somebody_may_lift_a_lock():
    """Making the user active ends a lock by wrong passwords, and forgets them."""
    edge = locking_edge()
    fail(edge, 5)

    edge.set_user_status(edge.find_user(EMAIL), "active")

    fail(edge, 4)
    assert log_in(edge)


def test_one_more_wrong_password_locks_again():
    """After the lock the old failures still count, so that one more locks at once."""
    edge = locking_edge()
    fail(edge, 5)
    edge.clock.advance(seconds=300)

    fail(edge, 1)

    assert wire(try_password(edge, PASSWORD)) == LOCKED


def test_a_success_after_the_lock_forgets_it():
    """A right password after the lock lets the count begin anew."""
    edge = locking_edge()
    fail(edge, 5)
    edge.clock.advance(seconds=300)
    log_in(edge)

    fail(edge, 4)

    assert try_password(edge, PASSWORD).status == 200


@pytest.mark.parametrize(
    ("late", "status"), [({"milliseconds": -1}, 401), ({}, 200)], ids=["within-the-hour", "after-the-hour"]
)
def test_wrong_passwords_count_for_an_hour(late, status):
    """Five wrong passwords lock an account only if they came within 3600 seconds."""
    edge = locking_edge()
    fail(edge, 1)
    edge.clock.advance(seconds=3600, **late)
    fail(edge, 4)

    assert try_password(edge, PASSWORD).status == status


def test_wrong_passwords_of_others_do_not_count():
    """Each user is locked alone; wrong passwords of nobody lock nobody."""
    edge = locking_edge()
    edge.user("second@acme.example", password="pw")
    fail(edge, 5, username="second@acme.example")
    fail(edge, 6, username="nobody@acme.example")

    assert try_password(edge, PASSWORD).status == 200
    assert wire(try_password(edge, "pw", username="second@acme.example")) == LOCKED


def test_wrong_mfa_codes_do_not_count():
    """A wrong MFA code, which came with the right password, is none of the failures that lock."""
    edge = locking_edge()
    edge.clock.travel_to(MFA_MOMENT)
    edge.user("mfa@acme.example", password="pw", mfa_secret=MFA_SECRET)
    for _ in range(5):
        try_password(edge, "pw", username="mfa@acme.example", mfa_token="000000")
        assert edge.calls.last.reason == "wrong MFA code for the SSO user mfa@acme.example"
    fail(edge, 4, username="mfa@acme.example")  # only now: each right password above began the count anew

    login = try_password(edge, "pw", username="mfa@acme.example", mfa_token=MFA_CODE)

    assert login.status == 200


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 401)], ids=["four-wrong-passwords", "five"])
def test_wrong_passcodes_do_not_count(more, status):
    """A wrong passcode, whoever is named beside it, neither counts as a failure nor ends the count."""
    edge = locking_edge()
    fail(edge, 4)
    for _ in range(5):
        try_password(edge, PASSWORD, passcode="Tg8Xx0")
        assert edge.calls.last.reason == "unknown passcode"
    fail(edge, more)

    login = try_password(edge, PASSWORD)

    assert login.status == status


def test_a_right_password_resets_the_count_whatever_the_status():
    """A right password counts as right although something stands in the way of the account."""
    edge = locking_edge()
    user = edge.find_user(EMAIL)
    edge.set_user_status(user, "password_expired")
    fail(edge, 4)
    try_password(edge, PASSWORD)
    fail(edge, 4)

    assert wire(try_password(edge, PASSWORD)) == EXPIRED


def test_a_lock_holds_in_the_browser():
    """Wrong passwords of a tool lock the login page, too, which says so."""
    edge = locking_edge()
    fail(edge, 5)
    page = answer(edge, Request(url="https://login.apigee.com/login"))
    csrf = re.search(r'name="X-Uaa-Csrf" value="(\w+)"', page.text)[1]

    sent = Request(
        method="POST",
        url="https://login.apigee.com/login.do",
        headers={"Content-Type": FORM, "Cookie": page.headers.get("Set-Cookie").partition(";")[0]},
        body=urlencode({"username": EMAIL, "password": PASSWORD, "X-Uaa-Csrf": csrf}),
    )

    assert answer(edge, sent).headers.get("Location") == "https://login.apigee.com/login?error=account_locked"


# Changing users


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (
            "lokced",
            (
                "Unknown status 'lokced'. Allowed: active, inactive, locked, password_expired, unverified. "
                "Did you mean 'locked'?"
            ),
        ),
        (None, "status takes text, not NoneType."),
    ],
)
@pytest.mark.parametrize("change", ["user", "set_user_status"])
def test_a_status_is_one_of_five(change, status, message):
    """A status that does not exist is an error that lists those that do."""
    edge = edge_at_noon()
    user = edge.find_user(EMAIL)
    arguments = {"user": {"status": status}, "set_user_status": {"user": user, "status": status}}[change]

    with pytest.raises(ConfigurationError) as caught:
        getattr(edge, change)(**arguments)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    "change",
    [
        lambda edge, user: edge.set_user_status(user, "inactive"),
        lambda edge, user: edge.revoke_tokens_of(user),
        lambda edge, user: edge.mfa_code(user),
        lambda edge, user: edge.login_answer(user),
    ],
    ids=["set_user_status", "revoke_tokens_of", "mfa_code", "login_answer"],
)
def test_only_users_of_this_edge_change(change):
    """A user of another fake is refused."""
    with pytest.raises(ConfigurationError) as caught:
        change(edge_at_noon(), FakeEdge(seed="another").user("x@y.example"))

    assert str(caught.value) == (
        "The SSO user 'x@y.example' is not one of this fake Edge; it was declared in another one."
    )
