"""The limit of new tokens an hour, which Edge announced for 2020-10-26 (sso.md section 3); off by default."""

import pytest

from tests.edge.sso_refusal_support import f1, wire
from tests.edge.sso_support import (
    EMAIL,
    MFA_CODE,
    MFA_MOMENT,
    MFA_SECRET,
    answer,
    edge_at_noon,
    log_in,
    password_form,
    refresh,
    token_request,
)

TOO_MANY = (429, [], b"")


def limited_edge(limit=3, **guesses):
    return edge_at_noon(guesses={"token_rate_limit": limit, **guesses})


def statuses(edge, request, times):
    return [answer(edge, request).status for _ in range(times)]


def test_there_is_no_limit_by_default():
    """Without the guess a user may have any number of tokens."""
    assert set(statuses(edge_at_noon(), token_request(), 40)) == {200}


def test_the_31st_token_of_an_hour_is_refused():
    """With the limit that Edge announced, 30 logins are granted and the next is answered 429 with an empty body."""
    edge = limited_edge(30)

    assert statuses(edge, token_request(), 30) == [200] * 30
    assert wire(answer(edge, token_request())) == TOO_MANY
    assert edge.calls.last.reason == "the SSO user ops@acme.example had 30 new tokens within the last hour"


@pytest.mark.parametrize(("late", "status"), [({"milliseconds": -1}, 429), ({}, 200)], ids=["within", "after"])
def test_a_token_counts_for_an_hour(late, status):
    """A token may be had again an hour after the first of the last ones."""
    edge = limited_edge()
    statuses(edge, token_request(), 3)

    edge.clock.advance(hours=1, **late)

    assert answer(edge, token_request()).status == status


def test_the_hour_moves_on():
    """Each token counts for an hour of its own."""
    edge = limited_edge()
    for _ in range(3):
        log_in(edge)
        edge.clock.advance(minutes=20)

    first = statuses(edge, token_request(), 2)
    edge.clock.advance(minutes=20)

    assert (first, statuses(edge, token_request(), 2)) == ([200, 429], [200, 429])


def test_a_refused_request_does_not_count():
    """What is answered 429 is no new token, so that asking on does not prolong."""
    edge = limited_edge()
    statuses(edge, token_request(), 10)

    edge.clock.advance(hours=1)

    assert statuses(edge, token_request(), 4) == [200, 200, 200, 429]


def test_a_failed_login_does_not_count():
    """A login that was refused gave no token."""
    edge = limited_edge()
    statuses(edge, token_request(password_form(password="wrong")), 5)
    statuses(edge, token_request(password_form(scope="uaa.admin")), 5)

    assert statuses(edge, token_request(), 4) == [200, 200, 200, 429]


def test_each_user_has_a_limit_of_their_own():
    """The tokens of one user leave the others theirs."""
    edge = limited_edge()
    edge.user("second@acme.example", password="pw")
    statuses(edge, token_request(), 3)

    assert log_in(edge, username="second@acme.example", password="pw")
    assert wire(answer(edge, token_request())) == TOO_MANY


def test_a_refresh_counts():
    """A refresh is a new token, and refused beyond the limit."""
    edge = limited_edge()
    request = refresh(log_in(edge)["refresh_token"])

    assert statuses(edge, request, 3) == [200, 200, 429]
    assert wire(answer(edge, token_request())) == TOO_MANY


def test_a_refresh_does_not_count_where_switched_off():
    """With the guess `token_rate_counts_refresh` off, a refresh neither counts nor is refused."""
    edge = limited_edge(token_rate_counts_refresh=False)
    request = refresh(log_in(edge)["refresh_token"])

    assert statuses(edge, request, 5) == [200] * 5
    assert statuses(edge, token_request(), 3) == [200, 200, 429]
    assert answer(edge, request).status == 200


def test_a_passcode_counts():
    """A passcode login is a new token; beyond the limit the passcode is used up all the same."""
    edge = limited_edge(1)
    log_in(edge)
    request = token_request({"grant_type": "password", "passcode": edge.passcode(edge.find_user(EMAIL))})

    assert wire(answer(edge, request)) == TOO_MANY
    assert wire(answer(edge, request)) == f1("Passcode information is missing.")


def test_the_limit_leaves_an_mfa_code_good():
    """A login beyond the limit does not use its MFA code up."""
    edge = limited_edge(1, mfa_drift_steps=10)
    edge.clock.travel_to("2005-03-18T01:00:31Z")
    user = edge.user("mfa@acme.example", password="pw", mfa_secret=MFA_SECRET)
    request = token_request(password_form(username="mfa@acme.example", password="pw", mfa_token=MFA_CODE))
    answer(edge, token_request({"grant_type": "password", "passcode": edge.passcode(user)}))
    edge.clock.travel_to(MFA_MOMENT)

    refused = answer(edge, request)
    edge.clock.advance(minutes=2)

    assert (wire(refused), answer(edge, request).status) == (TOO_MANY, 200)


def test_the_body_can_be_switched():
    """The guess `token_rate_body` is the body of the 429."""
    edge = limited_edge(1, token_rate_body="Too many requests")
    log_in(edge)

    assert wire(answer(edge, token_request())) == (429, [], b"Too many requests")
