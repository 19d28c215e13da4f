"""Target servers of an environment (the Edge documentation; management.md 4 and 5.1)."""

import pytest

from tests.edge.roles_support import JSON_TYPE, ask, new_edge, raw

SERVERS = "/environments/test/targetservers"
SENT = {
    "name": "backend",
    "host": "backend.example",
    "isEnabled": True,
    "port": 443,
    "sSLInfo": {
        "ciphers": [],
        "clientAuthEnabled": "false",
        "enabled": "true",
        "ignoreValidationErrors": False,
        "protocols": [],
    },
}
SHOWN = """\
{
  "name" : "backend",
  "host" : "backend.example",
  "port" : 443,
  "isEnabled" : true,
  "sSLInfo" : {
    "ciphers" : [ ],
    "clientAuthEnabled" : "false",
    "enabled" : "true",
    "ignoreValidationErrors" : false,
    "protocols" : [ ]
  }
}"""
PLAIN = """\
{
  "name" : "backend",
  "host" : "backend.example",
  "port" : 80,
  "isEnabled" : true
}"""
FULL_TLS = """\
  "sSLInfo" : {
    "ciphers" : [ "TLS_RSA_WITH_3DES_EDE_CBC_SHA" ],
    "clientAuthEnabled" : "true",
    "enabled" : "false",
    "ignoreValidationErrors" : true,
    "keyAlias" : "alias",
    "keyStore" : "ref://keys",
    "protocols" : [ "TLSv1.1", "TLSv1.2" ],
    "trustStore" : "trusted"
  }
}"""
LITTLE_TLS = """\
  "sSLInfo" : {
    "ciphers" : [ ],
    "ignoreValidationErrors" : false,
    "protocols" : [ ]
  }
}"""


@pytest.fixture
def edge():
    return new_edge()


def refused(status, code, message):
    return status, JSON_TYPE, f'{{\n  "code" : "{code}",\n  "message" : "{message}",\n  "contexts" : [ ]\n}}'


def missing(name):
    return refused(400, "keymanagement.service.RequiredFieldMissing", f"Required field {name} is missing")


def invalid(name):
    return refused(400, "keymanagement.service.InvalidField", f"Invalid value for {name}")


UNKNOWN = refused(
    404,
    "messaging.config.beans.TargetServerDoesNotExist",
    "Target server nope does not exist in environment test",
)
UNKNOWN_ENVIRONMENT = refused(
    404,
    "messaging.config.beans.EnvironmentDoesNotExist",
    "Environment nowhere does not exist in organization acme",
)


def create(edge, **changes):
    return ask(edge, "POST", SERVERS, {**SENT, **changes})


def test_creates_lists_shows_and_deletes_a_target_server(edge):
    """What is sent is what is shown: created with 201, listed, shown, and deleted with 200."""
    assert raw(create(edge)) == (201, JSON_TYPE, SHOWN)
    assert raw(ask(edge, "GET", SERVERS)) == (200, JSON_TYPE, '[ "backend" ]')
    assert raw(ask(edge, "GET", f"{SERVERS}/backend")) == (200, JSON_TYPE, SHOWN)
    assert raw(ask(edge, "DELETE", f"{SERVERS}/backend")) == (200, JSON_TYPE, SHOWN)
    assert raw(ask(edge, "GET", SERVERS)) == (200, JSON_TYPE, "[ ]")


@pytest.mark.parametrize(
    "sent",
    [
        {"name": "backend", "host": "backend.example", "port": 80},
        {"name": "backend", "host": "backend.example", "port": "80", "isEnabled": "true", "sSLInfo": None},
    ],
)
def test_a_plain_target_server_has_no_tls_settings(edge, sent):
    """Without TLS settings there are none in the answer; the port is a number, and whether it is enabled a boolean."""
    assert raw(ask(edge, "POST", SERVERS, sent)) == (201, JSON_TYPE, PLAIN)


@pytest.mark.parametrize(
    ("tls", "shown"),
    [
        ({}, LITTLE_TLS),
        (
            {
                "enabled": False,
                "clientAuthEnabled": True,
                "ignoreValidationErrors": "true",
                "keyStore": "ref://keys",
                "keyAlias": "alias",
                "trustStore": "trusted",
                "ciphers": ["TLS_RSA_WITH_3DES_EDE_CBC_SHA"],
                "protocols": ["TLSv1.1", "TLSv1.2"],
            },
            FULL_TLS,
        ),
    ],
)
def test_tls_settings_are_shown_in_their_types(edge, tls, shown):
    """Two of the truth values are text and one is not, however they were sent; what was not sent is absent."""
    before, _, _ = SHOWN.partition('  "sSLInfo"')

    assert raw(create(edge, sSLInfo=tls)) == (201, JSON_TYPE, before + shown)


def test_an_update_replaces_a_target_server(edge):
    """A target server is disabled by an update with its whole body; its name stays."""
    create(edge)

    response = ask(edge, "PUT", f"{SERVERS}/backend", {**SENT, "name": "other", "isEnabled": False})

    assert raw(response) == (200, JSON_TYPE, SHOWN.replace('"isEnabled" : true', '"isEnabled" : false'))
    assert ask(edge, "PUT", f"{SERVERS}/backend", {"host": "new.example", "port": 80}).json() == {
        "name": "backend",
        "host": "new.example",
        "port": 80,
        "isEnabled": True,
    }
    assert ask(edge, "GET", SERVERS).json() == ["backend"]


def test_each_environment_has_its_own_target_servers(edge):
    """A target server of one environment is none of another; names are listed in their order."""
    for name in ("b", "a"):
        create(edge, name=name)

    assert ask(edge, "GET", SERVERS).json() == ["a", "b"]
    assert ask(edge, "GET", "/e/prod/targetservers").json() == []


def test_a_name_is_taken_once(edge):
    """A target server that exists is answered with 409, and stays as it was."""
    create(edge)

    wanted = refused(
        409,
        "messaging.config.beans.TargetServerAlreadyExists",
        "Target server backend already exists in environment test",
    )
    assert raw(create(edge, host="other.example")) == wanted
    assert raw(ask(edge, "GET", f"{SERVERS}/backend")) == (200, JSON_TYPE, SHOWN)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unknown_target_server_is_answered_with_404(edge, method):
    """An unknown target server is answered with 404 and a text that is recorded, and an unknown environment too."""
    body = SENT if method == "PUT" else None

    assert raw(ask(edge, method, f"{SERVERS}/nope", body)) == UNKNOWN
    assert raw(ask(edge, method, "/e/nowhere/targetservers/nope", body)) == UNKNOWN_ENVIRONMENT


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_environment_has_no_target_servers(edge, method):
    """Target servers of an unknown environment are neither listed nor created."""
    assert raw(ask(edge, method, "/e/nowhere/targetservers", SENT if method == "POST" else None)) == UNKNOWN_ENVIRONMENT


WRONG = [
    ({"host": ""}, missing("host")),
    ({"host": None}, missing("host")),
    ({"host": ["h"]}, invalid("host")),
    ({"port": None}, missing("port")),
    ({"port": 0}, invalid("port")),
    ({"port": -1}, invalid("port")),
    ({"port": 65_536}, invalid("port")),
    ({"port": 80.5}, invalid("port")),
    ({"port": 10**400}, invalid("port")),
    ({"port": True}, invalid("port")),
    ({"isEnabled": "perhaps"}, invalid("isEnabled")),
    ({"sSLInfo": "on"}, invalid("sSLInfo")),
    ({"sSLInfo": {"enabled": 1}}, invalid("enabled")),
    ({"sSLInfo": {"ciphers": "x"}}, invalid("ciphers")),
    ({"sSLInfo": {"protocols": [[]]}}, invalid("protocols")),
    ({"sSLInfo": {"keyAlias": {}}}, invalid("keyAlias")),
]


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        *WRONG,
        ({"name": ""}, missing("name")),
        ({"name": "a/b"}, refused(400, "messaging.config.beans.InvalidName", "Invalid name a/b")),
    ],
)
def test_refuses_what_cannot_be(edge, changes, wanted):
    """What is wrong is refused, and no target server is made."""
    assert raw(create(edge, **changes)) == wanted
    assert ask(edge, "GET", SERVERS).json() == []


@pytest.mark.parametrize(("changes", "wanted"), WRONG)
def test_a_wrong_update_changes_nothing(edge, changes, wanted):
    """A target server stays as it was when an update is refused."""
    create(edge)

    assert raw(ask(edge, "PUT", f"{SERVERS}/backend", {**SENT, **changes})) == wanted
    assert raw(ask(edge, "GET", f"{SERVERS}/backend")) == (200, JSON_TYPE, SHOWN)


@pytest.mark.parametrize("port", [1, 65_535])
def test_the_first_and_the_last_port_are_taken(edge, port):
    """A port is a number from 1 to 65535."""
    assert create(edge, port=port).json()["port"] == port


def test_any_name_is_taken_where_no_rule_is_guessed():
    """Without the guess that unfit names are refused, a target server may have any."""
    edge = new_edge(guesses={"mgmt_name_rules": False})

    assert create(edge, name="a/b").json()["name"] == "a/b"
