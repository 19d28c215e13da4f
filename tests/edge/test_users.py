"""Declaring SSO users and changing them."""

import pytest

from pytest_apigee.edge.users import User
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.fake import FakeEdge


@pytest.fixture
def edge():
    return FakeEdge()


def message_of(declare):
    with pytest.raises(ConfigurationError) as raised:
        declare()
    return str(raised.value)


def test_a_user_needs_no_argument(edge):
    """Without arguments users are numbered, and are `orgadmin` of the default organization."""
    users = [edge.user() for _ in range(2)]

    assert [user.email for user in users] == ["user-1@acme.example", "user-2@acme.example"]
    assert users[0].roles == {"acme": ("orgadmin",)}
    assert users[0].user_id != users[1].user_id


def test_a_user_has_what_was_declared(edge):
    """A user has the e-mail, password, MFA, kind and roles that were declared."""
    edge.organization("globex")

    user = edge.user(
        "Ada@acme.example",
        password="pw",
        mfa_secret="JBSWY3DPEHPK3PXP",
        machine=True,
        roles={"acme": ["orgadmin", "opsadmin"], "globex": ("readonlyadmin",)},
    )

    assert (user.email, user.password, user.mfa_secret, user.is_machine) == (
        "Ada@acme.example",
        "pw",
        "JBSWY3DPEHPK3PXP",
        True,
    )
    assert user.roles == {"acme": ("orgadmin", "opsadmin"), "globex": ("readonlyadmin",)}


@pytest.mark.parametrize("email", ["ada@acme.example", "ADA@acme.example"])
def test_an_email_is_taken_once(edge, email):
    """The e-mail of another user, in any letter case, is an error."""
    edge.user("ada@acme.example")

    assert message_of(lambda: edge.user(email)) == f"The SSO user {email!r} already exists."


def test_roles_are_in_known_organizations(edge):
    """A role in an organization that was not declared is an error that says how to declare it."""
    assert message_of(lambda: edge.user(roles={"acmee": ["orgadmin"]})) == (
        "Unknown organization 'acmee'. Declared: acme. Did you mean 'acme'? Add it with apigee.organization('acmee')."
    )


@pytest.mark.parametrize(
    ("given", "shown"), [("orgadmin", "'orgadmin'"), ([1], "[1]"), ([""], "['']")], ids=["text", "number", "empty"]
)
def test_roles_are_lists_of_names(edge, given, shown):
    """Roles that are not a list of names are an error that shows a right one."""
    assert message_of(lambda: edge.user(roles={"acme": given})) == (
        f"roles['acme'] takes a list of names, as roles={{'acme': ['orgadmin']}}, not {shown}."
    )


def test_only_a_known_user_has_a_password(edge):
    """A password of nobody cannot be changed; the error names the known users and the nearest."""
    edge.user("ada@acme.example")
    edge.user("bob@acme.example")

    assert message_of(lambda: edge.set_password("adda@acme.example", "new")) == (
        "Unknown SSO user 'adda@acme.example'. Known: ada@acme.example, bob@acme.example. "
        "Did you mean 'ada@acme.example'?"
    )


def test_without_users_none_is_known(edge):
    """In a world without users the error says so."""
    assert message_of(lambda: edge.set_password("ada@acme.example", "new")) == (
        "Unknown SSO user 'ada@acme.example'. Known: none."
    )


def test_the_repr_of_a_user_names_no_secret(edge):
    """The repr of a user shows neither password nor salt nor MFA secret."""
    user = User(email="a@b.example", user_id="1", password="hush", salt="pepper", mfa_secret="JBSWY3DP")

    assert repr(user) == (
        "User(email='a@b.example', user_id='1', is_machine=False, roles={}, "
        "zone=Zone(name='uaa', zone_id='uaa', subdomain=''), status=<UserStatus.ACTIVE: 'active'>, "
        "first_name='', last_name='')"
    )
