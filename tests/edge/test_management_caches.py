"""Caches of an environment (caches.yaml; management.md 4 and 5.1)."""

import pytest

from tests.edge.roles_support import JSON_TYPE, ask, new_edge, raw

CACHES = "/environments/test/caches"
USUAL = """\
{
  "diskSizeInMB" : 0,
  "distributed" : true,
  "expirySettings" : {
    "timeoutInSec" : {
      "value" : "300"
    },
    "valuesNull" : false
  },
  "inMemorySizeInKB" : 0,
  "maxElementsInMemory" : 0,
  "maxElementsOnDisk" : 0,
  "name" : "mycache",
  "overflowToDisk" : false,
  "persistent" : false
}"""
# As apigeetool and apigee-edge-js send them; a number may be text, and `distributed` is output only.
SENT = {
    "compression": {"minimumSizeInKB": 1024},
    "description": "My cache",
    "diskSizeInMB": 1,
    "distributed": False,
    "expirySettings": {
        "timeoutInSec": {"value": 86400},
        "timeOfDay": {"value": "12:00:00"},
        "expiryDate": {"value": "09-18-2021"},
        "valuesNull": "true",
    },
    "inMemorySizeInKB": 8000,
    "maxElementsInMemory": 3000000,
    "maxElementsOnDisk": 1,
    "name": "another",
    "overflowToDisk": "true",
    "persistent": True,
    "skipCacheIfElementSizeInKBExceeds": "2048",
}
FULL = """\
{
  "compression" : {
    "minimumSizeInKB" : 1024
  },
  "description" : "My cache",
  "diskSizeInMB" : 1,
  "distributed" : true,
  "expirySettings" : {
    "expiryDate" : {
      "value" : "09-18-2021"
    },
    "timeOfDay" : {
      "value" : "12:00:00"
    },
    "timeoutInSec" : {
      "value" : "86400"
    },
    "valuesNull" : true
  },
  "inMemorySizeInKB" : 8000,
  "maxElementsInMemory" : 3000000,
  "maxElementsOnDisk" : 1,
  "name" : "mycache",
  "overflowToDisk" : true,
  "persistent" : true,
  "skipCacheIfElementSizeInKBExceeds" : 2048
}"""
CLEARED = '{\n  "action" : "ClearCacheEntries",\n  "resourceName" : "mycache"\n}'


@pytest.fixture
def edge():
    return new_edge()


def refused(status, code, message):
    return status, JSON_TYPE, f'{{\n  "code" : "{code}",\n  "message" : "{message}",\n  "contexts" : [ ]\n}}'


def invalid(name):
    return refused(400, "keymanagement.service.InvalidField", f"Invalid value for {name}")


UNKNOWN = refused(404, "messaging.config.beans.CacheDoesNotExist", "Cache nope does not exist in environment test")
UNKNOWN_ENVIRONMENT = refused(
    404,
    "messaging.config.beans.EnvironmentDoesNotExist",
    "Environment nowhere does not exist in organization acme",
)


@pytest.mark.parametrize("body", [None, {}])
def test_creates_lists_shows_and_deletes_a_cache(edge, body):
    """An empty body makes a cache with the usual settings: 201, then listed, shown, and deleted with 200."""
    assert raw(ask(edge, "POST", f"{CACHES}?name=mycache", body)) == (201, JSON_TYPE, USUAL)
    assert raw(ask(edge, "GET", CACHES)) == (200, JSON_TYPE, '[ "mycache" ]')
    assert raw(ask(edge, "GET", f"{CACHES}/mycache")) == (200, JSON_TYPE, USUAL)
    assert raw(ask(edge, "DELETE", f"{CACHES}/mycache")) == (200, JSON_TYPE, USUAL)
    assert raw(ask(edge, "GET", CACHES)) == (200, JSON_TYPE, "[ ]")


def test_a_cache_has_the_settings_that_were_sent(edge):
    """All settings are shown, in the order and the types of the official sample; the name in the query goes first."""
    assert raw(ask(edge, "POST", f"{CACHES}?name=mycache", SENT)) == (201, JSON_TYPE, FULL)


def test_the_name_may_be_in_the_body(edge):
    """The tool apigeetool sends the name of a new cache in the body alone."""
    assert raw(ask(edge, "POST", CACHES, {**SENT, "name": "mycache"})) == (201, JSON_TYPE, FULL)


def test_an_update_resets_what_is_not_sent(edge):
    """Properties that an update omits are reset to their default; the name stays."""
    ask(edge, "POST", f"{CACHES}?name=mycache", SENT)

    assert raw(ask(edge, "PUT", f"{CACHES}/mycache", {"name": "x"})) == (200, JSON_TYPE, USUAL)
    assert raw(ask(edge, "PUT", f"{CACHES}/mycache", SENT)) == (200, JSON_TYPE, FULL)
    assert raw(ask(edge, "GET", f"{CACHES}/mycache")) == (200, JSON_TYPE, FULL)
    assert ask(edge, "GET", CACHES).json() == ["mycache"]


def test_each_environment_has_its_own_caches(edge):
    """A cache of one environment is none of another; names are listed in their order."""
    for name in ("b", "a"):
        ask(edge, "POST", f"{CACHES}?name={name}")

    assert ask(edge, "GET", CACHES).json() == ["a", "b"]
    assert ask(edge, "GET", "/e/prod/caches").json() == []


def test_all_entries_are_cleared(edge):
    """Clearing a cache is answered with 200, and what the official file says."""
    ask(edge, "POST", f"{CACHES}?name=mycache")

    response = ask(edge, "POST", f"{CACHES}/mycache/entries?action=clear")

    assert raw(response) == (200, [("Content-Type", "application/octet-stream")], CLEARED)


def test_one_entry_is_cleared(edge):
    """Clearing one entry is answered with 200; no entry is ever there, and none is missed."""
    ask(edge, "POST", f"{CACHES}?name=mycache")

    assert raw(ask(edge, "POST", f"{CACHES}/mycache/entries/acme__test__k?action=clear")) == (200, [], "")


@pytest.mark.parametrize("below", ["entries", "entries/k"])
@pytest.mark.parametrize(("query", "action"), [("", ""), ("?action=fill", "fill")])
def test_nothing_else_is_done_to_entries(edge, below, query, action):
    """The only valid value of `action` is `clear`."""
    ask(edge, "POST", f"{CACHES}?name=mycache")

    wanted = refused(400, "keymanagement.service.InvalidAction", f"Invalid action {action}")
    assert raw(ask(edge, "POST", f"{CACHES}/mycache/{below}{query}")) == wanted


def test_a_name_is_taken_once(edge):
    """A cache that exists is answered with 409, and stays as it was."""
    ask(edge, "POST", f"{CACHES}?name=mycache", SENT)

    wanted = refused(
        409, "messaging.config.beans.CacheAlreadyExists", "Cache mycache already exists in environment test"
    )
    assert raw(ask(edge, "POST", f"{CACHES}?name=mycache")) == wanted
    assert raw(ask(edge, "GET", f"{CACHES}/mycache")) == (200, JSON_TYPE, FULL)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "nope"),
        ("PUT", "nope"),
        ("DELETE", "nope"),
        ("POST", "nope/entries?action=clear"),
        ("POST", "nope/entries/k?action=clear"),
    ],
)
def test_an_unknown_cache_is_answered_with_404(edge, method, path):
    """An unknown cache is answered with 404, and an unknown environment too."""
    assert raw(ask(edge, method, f"{CACHES}/{path}")) == UNKNOWN
    assert raw(ask(edge, method, f"/e/nowhere/caches/{path}")) == UNKNOWN_ENVIRONMENT


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_environment_has_no_caches(edge, method):
    """Caches of an unknown environment are neither listed nor created."""
    assert raw(ask(edge, method, "/e/nowhere/caches?name=mycache")) == UNKNOWN_ENVIRONMENT


@pytest.mark.parametrize(
    ("query", "body", "wanted"),
    [
        ("", {}, refused(400, "keymanagement.service.RequiredFieldMissing", "Required field name is missing")),
        ("?name=a%2Fb", {}, refused(400, "messaging.config.beans.InvalidName", "Invalid name a/b")),
        ("", {"name": "ü"}, refused(400, "messaging.config.beans.InvalidName", "Invalid name ü")),
        ("?name=m", {"diskSizeInMB": "much"}, invalid("diskSizeInMB")),
        ("?name=m", {"maxElementsOnDisk": 10**18}, invalid("maxElementsOnDisk")),
        ("?name=m", {"persistent": "maybe"}, invalid("persistent")),
        ("?name=m", {"expirySettings": []}, invalid("expirySettings")),
        ("?name=m", {"expirySettings": {"timeoutInSec": 5}}, invalid("timeoutInSec")),
        (
            "?name=m",
            {"expirySettings": {"timeoutInSec": {}}},
            refused(400, "keymanagement.service.RequiredFieldMissing", "Required field value is missing"),
        ),
        ("?name=m", {"compression": "gzip"}, invalid("compression")),
        ("?name=m", {"compression": {"minimumSizeInKB": True}}, invalid("minimumSizeInKB")),
        ("?name=m", {"description": {}}, invalid("description")),
    ],
)
def test_refuses_what_cannot_be(edge, query, body, wanted):
    """What is wrong is refused, and no cache is made."""
    assert raw(ask(edge, "POST", f"{CACHES}{query}", body)) == wanted
    assert ask(edge, "GET", CACHES).json() == []


def test_a_wrong_update_changes_nothing(edge):
    """A cache stays as it was when an update is refused."""
    ask(edge, "POST", f"{CACHES}?name=mycache", SENT)

    assert raw(ask(edge, "PUT", f"{CACHES}/mycache", {"persistent": 1})) == invalid("persistent")
    assert raw(ask(edge, "GET", f"{CACHES}/mycache")) == (200, JSON_TYPE, FULL)


def test_any_name_is_taken_where_no_rule_is_guessed():
    """Without the guess that unfit names are refused, a cache may have any."""
    edge = new_edge(guesses={"mgmt_name_rules": False})

    assert ask(edge, "POST", f"{CACHES}?name=a%2Fb").json()["name"] == "a/b"
