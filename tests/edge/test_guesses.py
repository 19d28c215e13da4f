"""The switches for what no source confirms."""

import ast
import dataclasses
import inspect
import itertools

import pytest

from pytest_apigee.edge.guesses import Guesses
from pytest_apigee.edge.management_guesses import ManagementGuesses
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.fake import FakeEdge

SWITCHES = dataclasses.asdict(Guesses())
OTHER = {bool: lambda value: not value, int: lambda value: value + 2, str: lambda value: f"{value} other".strip()}

OF_A_KIND = {
    "scope_rule": "all",
    "al_claim": "absent",
    "mfa_failure": "uaa",
    "uaa_generation": "4",
    "issuer": "http://localhost:9099",
    "edgecli_grants": "password",
    "infinite_expires_in": "0",
    "implicit_fragment": "state access_token",
    "quota_status": "500",
    "spikearrest_text": "older",
    "token_faults": {**SWITCHES["token_faults"], "bad_code": "400 keymanagement.service.bad_code"},
    "mgmt_debug_session_answer": "text",
    "mgmt_errors": {**SWITCHES["mgmt_errors"], "app_exists": "400 some.Code {name} is there"},
    "mgmt_refresh_action_status": 200,
    "mgmt_revoke_status": 200,
    "mgmt_search_last_next": "null",
    "mgmt_token_action_status": 204,
}


def documented_switches():
    """Return each switch with the docstring that follows it in the source."""
    bodies = [ast.parse(inspect.getsource(kind)).body[0].body for kind in (Guesses, ManagementGuesses)]
    return {
        node.target.id: following.value.value if isinstance(following, ast.Expr) else ""
        for body in bodies
        for node, following in itertools.pairwise(body)
        if isinstance(node, ast.AnnAssign)
    }


def another_value(name):
    default = SWITCHES[name]
    return OF_A_KIND.get(name) or OTHER[type(default)](default)


def test_every_switch_is_documented():
    """The source documents every switch and nothing else."""
    assert set(documented_switches()) == set(SWITCHES)
    assert len(SWITCHES) > 20


@pytest.mark.parametrize("name", SWITCHES)
def test_every_switch_carries_the_word(name):
    """The docstring of each switch carries the word GUESS."""
    assert documented_switches()[name].startswith("GUESS")


@pytest.mark.parametrize("name", SWITCHES)
def test_every_switch_can_be_set(name):
    """Each switch takes another value of its type and leaves the others as they are."""
    value = another_value(name)

    switched = Guesses.of({name: value})

    assert value != SWITCHES[name]
    assert dataclasses.asdict(switched) == {**SWITCHES, name: value}


def test_no_switch_gives_the_defaults():
    """Without switches the defaults hold."""
    assert Guesses.of({}) == Guesses()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("al_claim", 2, "The guess 'al_claim' takes one of '0', '2', 'absent', 'era', not 2."),
        ("al_claim", True, "The guess 'al_claim' takes one of '0', '2', 'absent', 'era', not True."),
        ("al_claim", "1", "The guess 'al_claim' takes one of '0', '2', 'absent', 'era', not '1'."),
        ("mfa_drift_steps", -1, "The guess 'mfa_drift_steps' takes a number from 0 to 10, not -1."),
        ("mfa_drift_steps", 11, "The guess 'mfa_drift_steps' takes a number from 0 to 10, not 11."),
        ("purge_after_days", -1, "The guess 'purge_after_days' takes a number from 0 to 1000, not -1."),
        ("purge_after_days", 1_001, "The guess 'purge_after_days' takes a number from 0 to 1000, not 1001."),
        ("purge_after_days", True, "The guess 'purge_after_days' takes a value of type int, not True."),
        ("scope_challenge", 1, "The guess 'scope_challenge' takes a value of type bool, not 1."),
        ("issuer", None, "The guess 'issuer' takes a value of type str, not None."),
        ("expired_status", 401.0, "The guess 'expired_status' takes a value of type int, not 401.0."),
        ("expired_status", 200, "The guess 'expired_status' takes a status from 400 to 599, not 200."),
        (
            "mgmt_unknown_org_status",
            399,
            "The guess 'mgmt_unknown_org_status' takes a status from 400 to 599, not 399.",
        ),
        ("bad_refresh_status", 600, "The guess 'bad_refresh_status' takes a status from 400 to 599, not 600."),
        ("bad_user_text", "a\nb", "The guess 'bad_user_text' takes printable ASCII text, not 'a\\nb'."),
        ("mgmt_realm", "Köln", "The guess 'mgmt_realm' takes printable ASCII text, not 'Köln'."),
        ("scope_rule", "some", "The guess 'scope_rule' takes one of 'all', 'any', not 'some'."),
        ("uaa_generation", 4, "The guess 'uaa_generation' takes one of '3.2', '4', not 4."),
        ("uaa_generation", ["4"], "The guess 'uaa_generation' takes one of '3.2', '4', not ['4']."),
        ("issuer", "nonsense", "The guess 'issuer' takes a base URL, as 'https://login.apigee.com', not 'nonsense'."),
        (
            "edgecli_grants",
            "pasword",
            (
                "The guess 'edgecli_grants' takes grants separated by blanks, of authorization_code, "
                "client_credentials, implicit, password and refresh_token, not 'pasword'."
            ),
        ),
        ("infinite_expires_in", "x", "The guess 'infinite_expires_in' takes a whole number, as '-1', not 'x'."),
        (
            "implicit_fragment",
            "access_token token",
            (
                "The guess 'implicit_fragment' takes some of access_token, expires_in, scope and state, separated by "
                "blanks, not 'access_token token'."
            ),
        ),
        (
            "default_access_seconds",
            -1,
            "The guess 'default_access_seconds' takes a number from 0 to 1000000000, not -1.",
        ),
        ("token_faults", "500 x", "The guess 'token_faults' takes a value of type dict, not '500 x'."),
        (
            "token_faults",
            {"bad_cod": "400 x"},
            (
                "Unknown row 'bad_cod' of the guess 'token_faults'. Allowed: bad_code, bad_redirect_uri, "
                "bad_refresh_token, bad_response_type, expired_code, expired_refresh_token, missing_client, "
                "missing_parameter, missing_refresh_token, unknown_client, unknown_token, unsupported_grant, "
                "wider_scope, wrong_secret. Did you mean 'bad_code'?"
            ),
        ),
        (
            "token_faults",
            {"bad_code": "200 x"},
            (
                "The guess 'token_faults' takes status and error code, as "
                "'500 steps.oauth.v2.invalid_request-authorization_code_invalid', not '200 x'."
            ),
        ),
        (
            "token_faults",
            {"bad_code": 400},
            (
                "The guess 'token_faults' takes status and error code, as "
                "'500 steps.oauth.v2.invalid_request-authorization_code_invalid', not 400."
            ),
        ),
        (
            "mgmt_errors",
            {"key_exists": "409"},
            (
                "The guess 'mgmt_errors' takes status, code and text, as "
                "'409 keymanagement.service.ConsumerKeyAlreadyExists ConsumerKey already exists', not '409'."
            ),
        ),
        ("mgmt_revoke_status", 404, "The guess 'mgmt_revoke_status' takes one of 200, 202, not 404."),
        ("scope_rule", "", "The guess 'scope_rule' takes one of 'all', 'any', not ''."),
    ],
)
def test_a_wrong_value_is_an_error(name, value, message):
    """A value of another type, or one that cannot be answered with, is an error that says what is allowed."""
    with pytest.raises(ConfigurationError) as raised:
        FakeEdge(guesses={name: value})

    assert str(raised.value) == message


@pytest.mark.parametrize("status", [400, 599])
def test_every_error_status_is_allowed(status):
    """A status switch takes 400 to 599."""
    assert Guesses.of({"expired_status": status}).expired_status == status


def test_an_unknown_switch_is_an_error():
    """A switch that does not exist is an error that lists all and names the nearest."""
    with pytest.raises(ConfigurationError) as raised:
        FakeEdge(guesses={"bad_user_txt": "x"})

    assert str(raised.value) == (
        f"Unknown guess 'bad_user_txt'. Allowed: {', '.join(sorted(SWITCHES))}. Did you mean 'bad_user_text'?"
    )


def test_a_switch_that_is_like_none_has_no_nearest():
    """A name unlike all others is answered with the list alone."""
    with pytest.raises(ConfigurationError) as raised:
        FakeEdge(guesses={"qqq": 1})

    assert str(raised.value) == f"Unknown guess 'qqq'. Allowed: {', '.join(sorted(SWITCHES))}."


def test_a_choice_is_checked_wherever_it_is_made():
    """A switch that is set without a world is checked as strictly."""
    with pytest.raises(ConfigurationError) as raised:
        Guesses(uaa_generation="banana")

    assert str(raised.value) == "The guess 'uaa_generation' takes one of '3.2', '4', not 'banana'."


def test_a_world_tells_its_switches():
    """What a world's switches are set to can be read, and given to another."""
    edge = FakeEdge(guesses={"uaa_generation": "4"})

    assert FakeEdge(guesses=edge.guesses).guesses == {**SWITCHES, "uaa_generation": "4"}
