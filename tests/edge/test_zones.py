"""Declaring SAML zones and their users, by hand and by a world file."""

import pytest
import requests

from pytest_apigee import ConfigurationError, FakeEdge, Request
from tests.edge.sso_support import answer


@pytest.fixture
def edge():
    return FakeEdge()


def message_of(declare):
    with pytest.raises(ConfigurationError) as raised:
        declare()
    return str(raised.value)


def test_a_zone_needs_no_argument(edge):
    """Without arguments the zone is named after the default organization, which then has SAML."""
    zone = edge.zone()

    assert (zone.name, zone.subdomain, zone.has_saml) == ("acme", "acme", True)
    assert (zone.host, zone.url, str(zone)) == (
        "acme.login.apigee.com",
        "https://acme.login.apigee.com",
        "https://acme.login.apigee.com",
    )
    assert edge.default_user.zone is zone


def test_a_zone_has_what_was_declared(edge):
    """A zone has the name that was given, and organizations as many as were."""
    globex, initech = edge.organization("globex"), edge.organization("initech")

    zone = edge.zone("corp", organizations=["globex", "initech"])

    assert zone.url == "https://corp.login.apigee.com"
    assert (globex.zone, initech.zone) == (zone, zone)
    assert edge.default_user.zone.url == "https://login.apigee.com"


def test_a_zone_may_have_no_organization(edge):
    """A zone of no organization is a host of the SSO alone."""
    edge.zone("corp", organizations=[])

    assert edge.default_user.zone.has_saml is False
    assert "corp.login.apigee.com" in edge.known_hosts


def test_two_zones_have_ids_of_their_own(edge):
    """The ids of zones differ, and are none of the default one."""
    ids = {edge.zone(name, organizations=[]).zone_id for name in ("one", "two")}

    assert len(ids) == 2
    assert "uaa" not in ids


def test_an_organization_may_come_with_its_zone(edge):
    """The zone of an organization's declaration is declared by it, and shared by the next one."""
    organizations = [edge.organization(name, zone="corp") for name in ("globex", "initech")]

    assert organizations[0].zone is organizations[1].zone
    assert edge.user(zone="corp").zone is organizations[0].zone


def test_a_zone_may_be_given_as_it_was_declared(edge):
    """Whatever takes the name of a zone takes the zone itself."""
    zone = edge.zone("corp", organizations=[])

    edge.organization("globex", zone=zone)
    user = edge.user("ada@acme.example", zone=zone)

    assert (edge.user(roles={"globex": ["user"]}).zone, user.zone) == (zone, zone)
    assert edge.find_user("ada@acme.example", zone=zone) == user
    assert edge.set_password("ada@acme.example", "new", zone=zone).password == "new"


def test_the_default_user_follows_the_zone(edge):
    """The default user is one of the organization's zone, another one than before it had SAML."""
    before = edge.default_user

    edge.zone()

    assert (edge.default_user.email, edge.default_user.user_id == before.user_id) == (before.email, False)


def test_the_management_user_is_one_of_the_zone(edge):
    """`management_auth` stands for a user of the default organization's zone."""
    edge.zone()

    url = "https://api.enterprise.apigee.com/v1/o/acme"
    sent = requests.Request("GET", url, auth=edge.management_auth()).prepare()

    assert answer(edge, Request(url=url, headers=sent.headers)).status == 200


ZONES = {
    "declared-before": (
        lambda edge: edge.zone("corp"),
        "The zone 'corp' was declared before. Declared: corp.",
    ),
    "default-zone": (
        lambda edge: edge.zone("uaa"),
        "'uaa' cannot be the name of a zone: it is that of login.apigee.com itself.",
    ),
    "default-zone-of-an-organization": (
        lambda edge: edge.organization("globex", zone="uaa"),
        "'uaa' cannot be the name of a zone: it is that of login.apigee.com itself.",
    ),
    "unfit-for-a-host": (
        lambda edge: edge.zone("Acme_SAML"),
        "'Acme_SAML' cannot be the name of a zone: lower-case letters, digits and inner hyphens only.",
    ),
    "host": (
        lambda edge: edge.zone("acme.login.apigee.com"),
        "'acme.login.apigee.com' cannot be the name of a zone: lower-case letters, digits and inner hyphens only.",
    ),
    "empty": (lambda edge: edge.zone(""), "name takes text, not an empty text."),
    "empty-of-an-organization": (
        lambda edge: edge.organization("globex", zone=""),
        "zone takes text, not an empty text.",
    ),
    "organization-with-a-zone": (
        lambda edge: (edge.organization("globex", zone="old"), edge.zone("new", organizations=["globex"])),
        "The organization 'globex' has the zone 'old' already.",
    ),
    "longer-than-a-label": (
        lambda edge: edge.zone("z" * 64),
        f"'{'z' * 64}' cannot be the name of a zone: a part of a host name has at most 63 characters.",
    ),
    "lone-organization": (
        lambda edge: edge.zone("new", organizations="acme"),
        "organizations takes a list of names, as organizations=['acme'], not 'acme'.",
    ),
    "unknown-organization": (
        lambda edge: edge.zone("new", organizations=["acmee"]),
        (
            "Unknown organization 'acmee'. Declared: acme. Did you mean 'acme'? "
            "Add it with apigee.organization('acmee')."
        ),
    ),
    "user-of-an-unknown-zone": (
        lambda edge: edge.user(zone="corpp"),
        "Unknown zone 'corpp'. Declared: corp. Did you mean 'corp'? Add it with apigee.zone('corpp').",
    ),
    "search-in-an-unknown-zone": (
        lambda edge: edge.find_user("ada@acme.example", zone="x"),
        "Unknown zone 'x'. Declared: corp. Add it with apigee.zone('x').",
    ),
    "password-in-an-unknown-zone": (
        lambda edge: edge.set_password("ada@acme.example", "new", zone="x"),
        "Unknown zone 'x'. Declared: corp. Add it with apigee.zone('x').",
    ),
    "email-taken": (
        lambda edge: edge.user("ADA@acme.example", zone="corp"),
        "The SSO user 'ADA@acme.example' already exists in zone 'corp'.",
    ),
    "unknown-user": (
        lambda edge: edge.find_user("adda@acme.example", zone="corp"),
        (
            "Unknown SSO user 'adda@acme.example' in zone 'corp'. Known: ada@acme.example. "
            "Did you mean 'ada@acme.example'?"
        ),
    ),
    "user-of-two-zones": (
        lambda edge: (edge.user("ada@acme.example"), edge.find_user("ada@acme.example")),
        "Several zones have an SSO user 'ada@acme.example': 'corp', 'uaa'. Say which by zone=.",
    ),
    "unknown-user-of-any-zone": (
        lambda edge: edge.find_user("adda@acme.example"),
        "Unknown SSO user 'adda@acme.example'. Known: ada@acme.example. Did you mean 'ada@acme.example'?",
    ),
}


@pytest.mark.parametrize(("declare", "message"), ZONES.values(), ids=ZONES)
def test_a_mistake_is_explained(edge, declare, message):
    """A declaration of a zone, or in one, that cannot be is an error that says what is allowed."""
    edge.zone("corp", organizations=[])
    edge.user("ada@acme.example", zone="corp")

    assert message_of(lambda: declare(edge)) == message


def test_without_zones_none_is_declared(edge):
    """In a world without zones the error says so."""
    assert message_of(lambda: edge.user(zone="corp")) == (
        "Unknown zone 'corp'. Declared: none. Add it with apigee.zone('corp')."
    )


def test_a_mistaken_zone_changes_nothing(edge):
    """A zone that was refused is not declared, and leaves the organizations as they were."""
    message_of(lambda: edge.zone("corp", organizations=["acme", "acmee"]))

    assert edge.default_user.zone.has_saml is False
    assert "corp.login.apigee.com" not in edge.known_hosts


@pytest.mark.parametrize("hosts", [{"a b": "test"}, {"api.globex.example": "tets"}], ids=["host", "environment"])
def test_a_mistaken_organization_declares_no_zone(edge, hosts):
    """An organization that was refused leaves its zone undeclared."""
    message_of(lambda: edge.organization("globex", zone="corp", hosts=hosts))

    assert edge.zone("corp").name == "corp"


@pytest.mark.parametrize(
    ("roles", "host"),
    [
        (None, "corp.login.apigee.com"),
        ({"acme": ["orgadmin"]}, "corp.login.apigee.com"),
        ({"acme": ["orgadmin"], "initech": ["user"]}, "corp.login.apigee.com"),
        ({"acme": ["orgadmin"], "globex": ["user"]}, "login.apigee.com"),
        ({"globex": ["user"]}, "login.apigee.com"),
        ({}, "login.apigee.com"),
    ],
    ids=str,
)
def test_a_user_belongs_where_the_organizations_do(edge, roles, host):
    """A user without a zone belongs to that of their organizations, if it is one for all."""
    edge.organization("globex")
    edge.organization("initech")
    edge.zone("corp", organizations=["acme", "initech"])

    user = edge.user(roles=roles)

    assert user.zone.host == host
    assert edge.find_user(user.email) == user


def test_a_user_of_a_zone_belongs_to_an_organization_of_it(edge):
    """A user of whom only the zone is said has a role where the zone is in use."""
    edge.organization("globex", zone="gx")

    user = edge.user(zone="gx")

    assert user.roles == {"globex": ("orgadmin",)}


def test_organizations_may_join_a_zone(edge):
    """A zone that was declared before takes organizations that are named."""
    edge.organization("globex", zone="gx")

    zone = edge.zone("gx", organizations=["acme"])

    assert edge.user().zone is zone


def test_a_user_comes_with_a_zone(edge):
    """Whoever gives a user need not say the zone, and may not."""
    user = edge.user()

    changed = edge.set_password(user, "new")

    assert (changed.password, user.password == "new") == ("new", False)
    assert message_of(lambda: edge.set_password(user, "new", zone="uaa")) == (
        "A user has a zone already: leave zone out, or give the e-mail."
    )


# World files

WORLD = {
    "organizations": [{"name": "acme", "zone": "corp"}],
    "users": [
        {
            "email": "ada@acme.example",
            "password": "pw",
            "zone": "corp",
            "machine": True,
            "firstName": "Ada",
            "lastName": "L",
            "status": "unverified",
        },
        {"email": "ada@acme.example", "zone": "uaa", "mfa": True},
    ],
}


def test_a_world_declares_zones_and_their_users():
    """A world names the zone of an organization, and of each user; with all that a user has."""
    edge = FakeEdge(WORLD)

    user = edge.find_user("ada@acme.example", zone="corp")

    assert (user.zone.host, user.password, user.is_machine) == ("corp.login.apigee.com", "pw", True)
    assert (user.first_name, user.last_name, user.status) == ("Ada", "L", "unverified")


def test_a_world_declares_users_with_mfa():
    """A user of a world may have MFA by a generated secret; `uaa` is the zone of login.apigee.com."""
    edge = FakeEdge(WORLD)

    user = edge.find_user("ada@acme.example", zone="uaa")

    assert (user.zone.host, len(edge.mfa_code(user))) == ("login.apigee.com", 6)
    assert (user.first_name, user.last_name, user.status, user.is_machine) == ("", "", "active", False)


WORLDS = {
    "unknown-zone": (
        {"users": [{"email": "a@b.c", "zone": "corp"}]},
        "the world: users[0]: Unknown zone 'corp'. Declared: none. Add it with apigee.zone('corp').",
    ),
    "zone-that-is-no-text": (
        {"users": [{"email": "a@b.c", "zone": 5}]},
        "the world: users[0]: the field 'zone' must be text, not int.",
    ),
    "unfit-zone": (
        {"organizations": [{"name": "acme", "zone": "Acme"}]},
        (
            "the world: organizations[0]: 'Acme' cannot be the name of a zone: "
            "lower-case letters, digits and inner hyphens only."
        ),
    ),
    "taken-email": (
        {"organizations": WORLD["organizations"], "users": [{"email": "a@b.c", "zone": "corp"}] * 2},
        "the world: users[1]: The SSO user 'a@b.c' already exists in zone 'corp'.",
    ),
    "unknown-status": (
        {"users": [{"email": "a@b.c", "status": "lokced"}]},
        (
            "the world: users[0]: status cannot be 'lokced'; "
            "allowed: active, inactive, locked, password_expired, unverified."
        ),
    ),
    "mfa-that-is-no-flag": (
        {"users": [{"email": "a@b.c", "mfa": 1}]},
        "the world: users[0]: the field 'mfa' must be true or false, not int.",
    ),
}


@pytest.mark.parametrize(("world", "message"), WORLDS.values(), ids=WORLDS)
def test_a_mistake_in_a_world_names_its_place(world, message):
    """A mistake in a world file names its place and what is allowed."""
    assert message_of(lambda: FakeEdge(world)) == message
