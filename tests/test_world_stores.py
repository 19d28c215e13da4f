"""Key value maps, caches and target servers of a world file."""

import tomllib

import pytest

from pytest_apigee.fake import FakeEdge
from tests.world_support import managed, message_of

PLACE = "the world: organizations[0]: "
STORES = """\
[[organizations]]
name = "acme"

[[organizations.keyvaluemaps]]
name = "settings"
entry = { limit = "15", strict = true }

[[organizations.keyvaluemaps]]
name = "backend"
environment = "prod"
encrypted = true
entry = [{ name = "password", value = "s3cr3t" }]

[[organizations.keyvaluemaps]]
name = "codes"
api = "weather"

[[organizations.caches]]
name = "quotes"
environment = "prod"
expirySettings = { timeoutInSec = 60 }

[[organizations.targetservers]]
name = "backend"
host = "backend.example"
port = 443
sSLInfo = { enabled = true }

[[organizations.apis]]
name = "weather"
"""


@pytest.fixture
def edge():
    return FakeEdge(tomllib.loads(STORES))


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("keyvaluemaps", ["settings"]),
        ("environments/test/keyvaluemaps", []),
        ("environments/prod/keyvaluemaps", ["backend"]),
        ("apis/weather/keyvaluemaps", ["codes"]),
        ("keyvaluemaps/settings/entries/limit", {"name": "limit", "value": "15"}),
        ("keyvaluemaps/settings/entries/strict", {"name": "strict", "value": "true"}),
        (
            "environments/prod/keyvaluemaps/backend",
            {"encrypted": True, "entry": [{"name": "password", "value": "*****"}], "name": "backend"},
        ),
        ("apis/weather/keyvaluemaps/codes", {"encrypted": False, "entry": [], "name": "codes"}),
        ("environments/test/caches", []),
        (
            "environments/prod/caches/quotes",
            {
                "diskSizeInMB": 0,
                "distributed": True,
                "expirySettings": {"timeoutInSec": {"value": "60"}, "valuesNull": False},
                "inMemorySizeInKB": 0,
                "maxElementsInMemory": 0,
                "maxElementsOnDisk": 0,
                "name": "quotes",
                "overflowToDisk": False,
                "persistent": False,
            },
        ),
        (
            "environments/test/targetservers/backend",
            {
                "name": "backend",
                "host": "backend.example",
                "port": 443,
                "isEnabled": True,
                "sSLInfo": {"ciphers": [], "enabled": "true", "ignoreValidationErrors": False, "protocols": []},
            },
        ),
    ],
)
def test_what_a_world_file_keeps_is_shown(edge, path, shown):
    """Maps, caches and target servers of a world file are shown by the management API, where they belong."""
    assert managed(edge, path).json() == shown


CACHE = {
    "compression": {"minimumSizeInKB": 1024},
    "description": "Store response for a day",
    "diskSizeInMB": 1024,
    "distributed": True,
    "expirySettings": {"expiryDate": {"value": "12-31-2030"}, "valuesNull": True},
    "inMemorySizeInKB": 8000,
    "maxElementsInMemory": 3_000_000,
    "maxElementsOnDisk": 1000,
    "name": "all",
    "overflowToDisk": True,
    "persistent": True,
    "skipCacheIfElementSizeInKBExceeds": 512,
}
SERVER = {
    "name": "all",
    "host": "backend.example",
    "port": 8443,
    "isEnabled": False,
    "sSLInfo": {
        "ciphers": ["TLS_RSA_WITH_AES_128_CBC_SHA"],
        "clientAuthEnabled": "true",
        "enabled": "false",
        "ignoreValidationErrors": True,
        "keyAlias": "alias",
        "keyStore": "keys",
        "protocols": ["TLSv1.2"],
        "trustStore": "trust",
    },
}
MAP = {"encrypted": False, "entry": [{"name": "b", "value": "1"}], "name": "all"}


@pytest.mark.parametrize(
    ("table", "path", "shown"),
    [
        ("caches", "environments/test/caches/all", CACHE),
        ("targetservers", "environments/test/targetservers/all", SERVER),
        ("keyvaluemaps", "keyvaluemaps/all", MAP),
    ],
)
def test_what_the_management_api_shows_can_be_pasted(table, path, shown):
    """A body of the management API, with all its fields, is taken as it is."""
    edge = FakeEdge({"organizations": [{"name": "acme", table: [shown]}]})

    assert managed(edge, path).json() == shown


def test_numbers_and_truth_values_may_be_text():
    """Numbers and truth values may be written as text, as bodies of the management API may have them."""
    caches = [{"name": "c", "diskSizeInMB": "5", "persistent": "true", "expirySettings": {"timeoutInSec": "9"}}]
    servers = [{"name": "s", "host": "h.example", "port": "80", "isEnabled": "false"}]
    edge = FakeEdge({"organizations": [{"name": "acme", "caches": caches, "targetservers": servers}]})

    cache = managed(edge, "environments/test/caches/c").json()
    assert (cache["diskSizeInMB"], cache["persistent"]) == (5, True)
    assert managed(edge, "environments/test/targetservers/s").json() == {
        "name": "s",
        "host": "h.example",
        "port": 80,
        "isEnabled": False,
    }


def test_a_cache_without_expiry_has_the_usual_one():
    """A cache that says nothing keeps its entries for 300 seconds."""
    edge = FakeEdge({"organizations": [{"name": "acme", "caches": [{"name": "c"}]}]})

    shown = managed(edge, "environments/test/caches/c").json()
    assert shown["expirySettings"] == {"timeoutInSec": {"value": "300"}, "valuesNull": False}


def test_the_maps_of_a_proxy_wait_for_it():
    """The key value map of an API proxy that is not there yet is seen once it is declared."""
    edge = FakeEdge({"organizations": [{"name": "acme", "keyvaluemaps": [{"name": "codes", "api": "weather"}]}]})

    before = managed(edge, "apis/weather/keyvaluemaps").status
    edge.proxy("/weather")

    assert (before, managed(edge, "apis/weather/keyvaluemaps").json()) == (404, ["codes"])


def test_an_environment_without_name_is_the_usual_one():
    """Caches and target servers that name no environment are in `test`, or in the organization's first."""
    edge = FakeEdge({"organizations": [{"name": "acme", "environments": ["dev", "stage"], "caches": [{"name": "c"}]}]})

    assert managed(edge, "environments/dev/caches").json() == ["c"]


def test_what_is_no_unicode_is_a_question_mark():
    """Half a surrogate pair in an entry is shown as a question mark, as one that is sent."""
    edge = FakeEdge({"organizations": [{"name": "acme", "keyvaluemaps": [{"name": "m", "entry": {"a": "\ud83d"}}]}]})

    assert managed(edge, "keyvaluemaps/m/entries/a").json() == {"name": "a", "value": "?"}


def test_names_may_differ_in_case_with_cps():
    """In an organization with CPS, as usual, maps may have names that differ in their letter case alone."""
    edge = FakeEdge({"organizations": [{"name": "acme", "keyvaluemaps": [{"name": "m"}, {"name": "M"}]}]})

    assert managed(edge, "keyvaluemaps").json() == ["M", "m"]


def kept(**tables):
    return {"organizations": [{"name": "acme", **tables}]}


SERVER_FIELDS = "Allowed: environment, host, isEnabled, name, port, sSLInfo."
MISTAKES = [
    (kept(keyvaluemaps=[{}]), f"{PLACE}keyvaluemaps[0]: the field 'name' is missing."),
    (
        kept(keyvaluemaps=[{"name": "a/b"}]),
        f"{PLACE}keyvaluemaps[0]: 'a/b' cannot be its name: letters, digits, blanks and '._-$%' only.",
    ),
    (
        kept(keyvaluemaps=[{"name": "m", "entries": []}]),
        (
            f"{PLACE}keyvaluemaps[0]: unknown field 'entries'. Did you mean 'entry'? "
            "Allowed: api, encrypted, entry, environment, name."
        ),
    ),
    (
        kept(keyvaluemaps=[{"name": "m", "environment": "tset"}]),
        (
            f"{PLACE}keyvaluemaps[0]: Unknown environment 'tset' of organization 'acme'. Declared: prod, test. "
            "Did you mean 'test'?"
        ),
    ),
    (
        kept(keyvaluemaps=[{"name": "m", "environment": "test", "api": "weather"}]),
        f"{PLACE}keyvaluemaps[0]: a key value map belongs to an environment or to an API proxy, not to both.",
    ),
    (
        kept(keyvaluemaps=[{"name": "m"}, {"name": "m"}]),
        f"{PLACE}keyvaluemaps[1]: 'm' is there before.",
    ),
    (
        kept(properties={"features.isCpsEnabled": "false"}, keyvaluemaps=[{"name": "m"}, {"name": "M"}]),
        f"{PLACE}keyvaluemaps[1]: 'M' is there before, in whatever letter case.",
    ),
    (
        kept(keyvaluemaps=[{"name": "m", "entry": [{"name": "pin", "value": "s3cr3t"}] * 2}]),
        f"{PLACE}keyvaluemaps[0]: entry[1]: 'pin' is there before.",
    ),
    (
        kept(keyvaluemaps=[{"name": "m", "entry": {"k" * 2049: "s3cr3t"}}]),
        f"{PLACE}keyvaluemaps[0]: the name of an entry is longer than 2048 bytes.",
    ),
    (
        kept(keyvaluemaps=[{"name": "m", "entry": {"pin": ["s3cr3t"]}}]),
        f"{PLACE}keyvaluemaps[0]: entry: the field 'pin' must be text, not a list of str.",
    ),
    (
        kept(caches=[{"name": "c", "environment": "dev"}]),
        f"{PLACE}caches[0]: Unknown environment 'dev' of organization 'acme'. Declared: prod, test.",
    ),
    (kept(caches=[{"name": "c"}, {"name": "c"}]), f"{PLACE}caches[1]: 'c' is there before."),
    (
        kept(caches=[{"name": "c", "expirySettings": {"timeoutInSeconds": "5"}}]),
        (
            f"{PLACE}caches[0]: expirySettings: unknown field 'timeoutInSeconds'. Did you mean 'timeoutInSec'? "
            "Allowed: expiryDate, timeOfDay, timeoutInSec, valuesNull."
        ),
    ),
    (
        kept(caches=[{"name": "c", "compression": {"size": 5}}]),
        f"{PLACE}caches[0]: compression: unknown field 'size'. Allowed: minimumSizeInKB.",
    ),
    (
        kept(caches=[{"name": "c", "diskSizeInMB": "big"}]),
        f"{PLACE}caches[0]: the field 'diskSizeInMB' must be a whole number, not 'big'.",
    ),
    (kept(targetservers=[{"name": "s", "port": 80}]), f"{PLACE}targetservers[0]: the field 'host' is missing."),
    (kept(targetservers=[{"name": "s", "host": "h"}]), f"{PLACE}targetservers[0]: the field 'port' is missing."),
    (
        kept(targetservers=[{"name": "s", "host": "h", "port": 0}]),
        f"{PLACE}targetservers[0]: the field 'port' must be from 1 to 65535, not 0.",
    ),
    (
        kept(targetservers=[{"name": "s", "host": "h", "port": 65536}]),
        f"{PLACE}targetservers[0]: the field 'port' must be from 1 to 65535, not 65536.",
    ),
    (
        kept(targetservers=[{"name": "s", "host": "h", "port": 80, "enabled": True}]),
        f"{PLACE}targetservers[0]: unknown field 'enabled'. Did you mean 'isEnabled'? {SERVER_FIELDS}",
    ),
    (
        kept(targetservers=[{"name": "s", "host": "h", "port": 80, "sSLInfo": {"enabled": "on"}}]),
        f"{PLACE}targetservers[0]: sSLInfo: the field 'enabled' must be true or false, not 'on'.",
    ),
    (
        kept(targetservers=[{"name": "s", "host": "h", "port": 80, "sSLInfo": {"keystore": "x"}}]),
        (
            f"{PLACE}targetservers[0]: sSLInfo: unknown field 'keystore'. Did you mean 'keyStore'? Allowed: ciphers, "
            "clientAuthEnabled, enabled, ignoreValidationErrors, keyAlias, keyStore, protocols, trustStore."
        ),
    ),
    (
        kept(targetservers=[{"name": "s", "host": "h", "port": 80}] * 2),
        f"{PLACE}targetservers[1]: 's' is there before.",
    ),
]


@pytest.mark.parametrize(("world", "message"), MISTAKES, ids=[message[:100] for _, message in MISTAKES])
def test_a_mistake_names_its_place(world, message):
    """A mistake is an error that names its place and what is allowed, and no value of an entry."""
    assert message_of(world) == message
