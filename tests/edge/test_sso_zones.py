"""SAML zones: their hosts, tokens and users (sso.md 2.3); how they are declared is in test_zones.py."""

import re

import pytest

from pytest_apigee.edge.message import Request
from tests.edge.sso_refusal_support import f1, f2, wire
from tests.edge.sso_support import (
    EMAIL,
    PASSWORD,
    answer,
    claims_of,
    edge_at_noon,
    log_in,
    password_form,
    refresh,
    token_request,
)

ROBOT = "robot@acme.example"
PERSON = "person@acme.example"
BAD_USER = f1("Invalid Credentials")


def zoned(**settings):
    """Return a world with a zone, a machine user and one who logs in by SAML."""
    edge = edge_at_noon(**settings)
    edge.zone()
    edge.user(ROBOT, password="pw", zone="acme", machine=True)
    edge.user(PERSON, password="pw", zone="acme")
    return edge


@pytest.fixture
def edge():
    return zoned()


def at(host, request):
    return request.with_url(f"https://{host}/oauth/token")


def ask_zone(edge, request=None, zone="acme"):
    sent = token_request(password_form(username=ROBOT, password="pw")) if request is None else request
    return answer(edge, at(f"{zone}.login.apigee.com", sent))


@pytest.mark.parametrize("token", ["access_token", "refresh_token"])
@pytest.mark.parametrize(
    ("era", "issuer"),
    [("current", "https://acme.login.apigee.com"), ("2016", "https://acme.login.apigee.com/oauth/token")],
)
def test_a_token_names_its_zone(era, issuer, token):
    """In a zone `iss` is that of the zone's host, in the form of the era, and `zid` is the id of the zone."""
    edge = zoned(era=era)

    claims = claims_of(ask_zone(edge).json()[token])

    assert (claims["iss"], claims["zid"]) == (issuer, edge.find_user(ROBOT, zone="acme").zone.zone_id)
    assert claims["zid"] != "uaa"


def test_the_issuer_of_a_zone_follows_the_guess():
    """The guess `issuer` is the base of a zone's issuer, too; port and path stay."""
    edge = zoned(guesses={"issuer": "http://sso.acme.example:9099/uaa"})

    assert claims_of(ask_zone(edge).json()["access_token"])["iss"] == "http://acme.sso.acme.example:9099/uaa"


def test_the_origin_in_a_zone_is_the_usual_one(edge):
    """The claim `origin` is `usergrid` in a zone, too."""
    assert claims_of(ask_zone(edge).json()["access_token"])["origin"] == "usergrid"


def test_a_refresh_in_the_zone(edge):
    """A refresh at the zone gives a token of the zone."""
    token = ask_zone(edge).json()["refresh_token"]

    renewed = ask_zone(edge, refresh(token)).json()

    assert claims_of(renewed["access_token"])["iss"] == "https://acme.login.apigee.com"
    assert renewed["refresh_token"] == token


@pytest.mark.parametrize("era", ["current", "2016"])
def test_a_refresh_token_of_a_zone_is_refused_elsewhere(era):
    """A refresh token of a zone is refused at login.apigee.com by its issuer."""
    edge = zoned(era=era)
    token = ask_zone(edge).json()["refresh_token"]

    issuer = claims_of(token)["iss"]
    assert wire(answer(edge, refresh(token))) == f2(401, "invalid_token", f"Invalid issuer for token:{issuer}")


@pytest.mark.parametrize("zone", ["acme", "globex"])
def test_a_refresh_token_is_refused_in_another_zone(edge, zone):
    """A refresh token of login.apigee.com, or of another zone, is refused by its issuer."""
    edge.zone("globex", organizations=[])
    own = log_in(edge)["refresh_token"] if zone == "acme" else ask_zone(edge).json()["refresh_token"]

    refused = ask_zone(edge, refresh(own), zone)

    assert wire(refused) == f2(401, "invalid_token", f"Invalid issuer for token:{claims_of(own)['iss']}")
    assert edge.calls.last.reason == f"a token of another issuer or zone than https://{zone}.login.apigee.com"


@pytest.mark.parametrize("password", ["pw", "wrong", ""])
def test_the_password_of_a_saml_user_is_refused(edge, password):
    """A user who logs in by SAML has no password at Edge: whatever comes as one is answered alike."""
    refused = ask_zone(edge, token_request(password_form(username=PERSON, password=password)))

    assert wire(refused) == BAD_USER
    assert edge.calls.last.reason == (
        "person@acme.example logs in by SAML in zone 'acme', so Edge knows no password: take a passcode, "
        "or declare a machine user"
    )


@pytest.mark.parametrize("password", ["pw", "wrong"])
def test_the_text_for_a_saml_user_can_be_switched(password):
    """The guess `saml_user_text` is what a user who logs in by SAML is answered, whatever the password."""
    edge = zoned(guesses={"saml_user_text": "Use a passcode", "bad_user_text": "Bad credentials"})

    refused = ask_zone(edge, token_request(password_form(username=PERSON, password=password)))

    assert wire(refused) == f1("Use a passcode")


def test_passwords_of_a_saml_user_lock_nobody_out():
    """What Edge cannot check it does not count."""
    edge = zoned(guesses={"lockout": True, "saml_user_text": "Use a passcode"})

    refused = [ask_zone(edge, token_request(password_form(username=PERSON, password="wrong"))) for _ in range(6)]

    assert wire(refused[-1]) == f1("Use a passcode")


def test_an_inactive_saml_user_is_unknown():
    """An inactive user of a zone is answered as one whom nobody knows."""
    edge = zoned(guesses={"saml_user_text": "Use a passcode"})
    edge.set_user_status(edge.find_user(PERSON, zone="acme"), "inactive")

    assert wire(ask_zone(edge, token_request(password_form(username=PERSON, password="pw")))) == BAD_USER


def test_a_machine_user_logs_in_by_password(edge):
    """A machine user has a password in a SAML zone."""
    assert claims_of(ask_zone(edge).json()["access_token"])["user_name"] == ROBOT


def test_a_machine_user_with_a_wrong_password_is_refused(edge):
    """A machine user's wrong password is answered as anywhere."""
    refused = ask_zone(edge, token_request(password_form(username=ROBOT, password="wrong")))

    assert wire(refused) == BAD_USER
    assert edge.calls.last.reason == "wrong password for the SSO user robot@acme.example"


@pytest.mark.parametrize(
    ("host", "username", "reason"),
    [
        (
            "login.apigee.com",
            ROBOT,
            "the SSO user robot@acme.example is one of acme.login.apigee.com, and not of login.apigee.com",
        ),
        (
            "acme.login.apigee.com",
            EMAIL,
            "the SSO user ops@acme.example is one of login.apigee.com, and not of acme.login.apigee.com",
        ),
        ("login.apigee.com", "x@acme.example", "no SSO user has this e-mail; declare one with apigee.user(email)"),
        (
            "acme.login.apigee.com",
            "x@acme.example",
            "no SSO user has this e-mail in zone 'acme'; declare one with apigee.user(email, zone='acme')",
        ),
        (
            "acme.login.apigee.com",
            None,
            "no username was sent; declare one with apigee.user(email, zone='acme')",
        ),
    ],
)
def test_a_user_is_known_in_one_zone(edge, host, username, reason):
    """A user of one zone is unknown at the others; the reason says how to declare one there."""
    refused = answer(edge, at(host, token_request(password_form(username=username, password=PASSWORD))))

    assert wire(refused) == BAD_USER
    assert edge.calls.last.reason == reason


def test_one_email_in_two_zones(edge):
    """Users of two zones may have the same e-mail; each has an id and a password of their own."""
    twin = edge.user(EMAIL, password="another", zone="acme", machine=True)

    here = claims_of(log_in(edge)["access_token"])
    request = token_request(password_form(password="another"))
    there = claims_of(ask_zone(edge, request).json()["access_token"])

    assert here["user_id"] == edge.find_user(EMAIL, zone="uaa").user_id
    assert there["user_id"] == twin.user_id != here["user_id"]
    assert wire(ask_zone(edge, token_request())) == BAD_USER


def test_a_password_is_changed_in_its_zone(edge):
    """A change of the password in one zone leaves the namesake of another alone."""
    edge.user(EMAIL, password="another", zone="acme", machine=True)

    edge.set_password(EMAIL, "new", zone="acme")

    assert ask_zone(edge, token_request(password_form(password="new"))).status == 200
    assert log_in(edge)


def bearer(edge, token):
    headers = {"Authorization": f"Bearer {token}"}
    return answer(edge, Request(url="https://api.enterprise.apigee.com/v1/o/acme", headers=headers))


BEARER_REFUSED = (401, [("WWW-Authenticate", 'Bearer realm="usergrid", error="invalid_token"')], b"")


@pytest.mark.parametrize("era", ["current", "2016"])
def test_the_management_api_takes_a_token_of_the_organizations_zone(era):
    """An organization with SAML takes the tokens of its zone, and no others."""
    edge = zoned(era=era)

    taken, refused = bearer(edge, ask_zone(edge).json()["access_token"]), bearer(edge, log_in(edge)["access_token"])

    assert taken.status == 200
    assert wire(refused) == BEARER_REFUSED
    assert edge.calls.last.reason == (
        "a user of login.apigee.com, and organization 'acme' has those of acme.login.apigee.com"
    )


def test_a_token_ends_with_the_organizations_zone():
    """Once SAML is turned on for an organization, the tokens of before are refused."""
    edge = edge_at_noon()
    token = log_in(edge)["access_token"]
    before = bearer(edge, token)

    edge.zone()

    assert (before.status, wire(bearer(edge, token))) == (200, BEARER_REFUSED)


def test_a_token_of_an_unknown_zone_is_of_another_issuer(edge):
    """A token of a zone that this Edge does not have is refused."""
    other = zoned(seed="another")

    refused = bearer(edge, ask_zone(other).json()["access_token"])

    assert wire(refused) == BEARER_REFUSED
    assert edge.calls.last.reason == "a token of another issuer or zone than https://login.apigee.com"


# What get_token sees

PROMPTS = re.compile(r'"prompts":(\{.*\}),"timestamp":"')


def prompts(edge, host):
    """Return what stands between `prompts` and `timestamp`, as get_token reads it."""
    url = f"https://{host}/login"
    body = answer(edge, Request(url=url, headers={"Accept": "application/json"})).text
    return PROMPTS.search(body)[1]


def test_get_token_is_asked_for_a_passcode_in_a_zone(edge):
    """Between `prompts` and `timestamp` a zone names the passcode, and where to get one."""
    assert prompts(edge, "acme.login.apigee.com") == (
        '{"username":["text","Email"],"password":["password","Password"],'
        '"passcode":["password","One Time Code ( Get one at https://acme.login.apigee.com/passcode )"]}'
    )


def test_get_token_is_asked_for_a_password_elsewhere(edge):
    """Without SAML there are the two usual prompts, and no word of a passcode."""
    assert prompts(edge, "login.apigee.com") == '{"username":["text","Email"],"password":["password","Password"]}'
