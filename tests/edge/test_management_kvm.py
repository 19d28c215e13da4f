"""Key value maps at every scope, their entries and their keys (key-value-maps.yaml; management.md 4)."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_apigee import Request
from tests.edge.roles_support import BASE, JSON_TYPE, PASSWORD, ask, authorization, new_edge, raw

SCOPES = ["", "/environments/test", "/e/test", "/apis/oauth"]
REVISION = "/apis/oauth/revisions/1"
CPS = "features.isCpsEnabled"
COLOURS = {"name": "colours", "entry": [{"name": "sky", "value": "blue"}]}
SHOWN = """\
{
  "encrypted" : false,
  "entry" : [ {
    "name" : "sky",
    "value" : "blue"
  } ],
  "name" : "colours"
}"""
HIDDEN = """\
{
  "encrypted" : true,
  "entry" : [ {
    "name" : "sky",
    "value" : "*****"
  } ],
  "name" : "colours"
}"""
SKY = '{\n  "name" : "sky",\n  "value" : "blue"\n}'
MASKED = '{\n  "name" : "sky",\n  "value" : "*****"\n}'
EMPTY = '{\n  "encrypted" : false,\n  "entry" : [ ],\n  "name" : "colours"\n}'


@pytest.fixture
def edge():
    return new_edge()


@pytest.fixture
def private(edge):
    """Return an Edge with an organization without CPS."""
    edge.set_properties({CPS: "false"})
    return edge


def refused(status, code, message):
    return status, JSON_TYPE, f'{{\n  "code" : "{code}",\n  "message" : "{message}",\n  "contexts" : [ ]\n}}'


def of_service(status, code, message):
    return refused(status, f"keyvaluemap.service.{code}", message)


def missing(name):
    return refused(400, "keymanagement.service.RequiredFieldMissing", f"Required field {name} is missing")


def invalid(name):
    return refused(400, "keymanagement.service.InvalidField", f"Invalid value for {name}")


UNKNOWN_MAP = of_service(404, "keyvaluemap_doesnt_exist", "KeyValueMap nope does not exist")
UNKNOWN_ENTRY = of_service(404, "keyvaluemap_entry_doesnt_exist", "KeyValueMap entry nope does not exist")
UNFIT_ENTRY = of_service(400, "keyvaluemap_entry_name_invalid", "KeyValueMap entry name is invalid")
UNKNOWN_ENVIRONMENT = refused(
    404,
    "messaging.config.beans.EnvironmentDoesNotExist",
    "Environment nowhere does not exist in organization acme",
)


def create(edge, scope="", **changes):
    return ask(edge, "POST", f"{scope}/keyvaluemaps", {**COLOURS, **changes})


def entries_of(edge, scope=""):
    shown = ask(edge, "GET", f"{scope}/keyvaluemaps/colours").json()["entry"]
    return {entry["name"]: entry["value"] for entry in shown}


def keys_of(edge, query=""):
    return ask(edge, "GET", f"/keyvaluemaps/colours/keys{query}").json()


@pytest.mark.parametrize("scope", SCOPES)
def test_creates_lists_shows_and_deletes_a_map(edge, scope):
    """A map is created with 201, listed by name, shown, and deleted with 200 and the deleted map."""
    assert raw(create(edge, scope)) == (201, JSON_TYPE, SHOWN)
    assert raw(ask(edge, "GET", f"{scope}/keyvaluemaps")) == (200, JSON_TYPE, '[ "colours" ]')
    assert raw(ask(edge, "GET", f"{scope}/keyvaluemaps/colours")) == (200, JSON_TYPE, SHOWN)
    assert raw(ask(edge, "DELETE", f"{scope}/keyvaluemaps/colours")) == (200, JSON_TYPE, SHOWN)
    assert raw(ask(edge, "GET", f"{scope}/keyvaluemaps")) == (200, JSON_TYPE, "[ ]")


def test_maps_of_one_name_in_several_scopes_are_several(edge):
    """A map of an organization, of each environment, of an API proxy and of its revision may have the same name."""
    scopes = ["", "/e/test", "/e/prod", "/apis/oauth", REVISION]
    assert [create(edge, scope, entry=[]).status for scope in scopes] == [201] * 5

    for scope in scopes:
        ask(edge, "POST", f"{scope}/keyvaluemaps/colours/entries", {"name": "scope", "value": scope})

    assert [entries_of(edge, scope) for scope in scopes[:-1]] == [{"scope": scope} for scope in scopes[:-1]]
    assert raw(ask(edge, "GET", f"{REVISION}/keyvaluemaps/colours/keys")) == (200, JSON_TYPE, '[ "scope" ]')


def test_a_map_of_a_revision_has_its_entries(edge):
    """Entries of a map of a revision are created and updated one by one."""
    create(edge, REVISION, entry=[])
    path = f"{REVISION}/keyvaluemaps/colours/entries"

    assert raw(ask(edge, "POST", path, {"name": "sky", "value": "blue"})) == (200, JSON_TYPE, SKY)
    assert raw(ask(edge, "POST", f"{path}/sky", {"name": "sky", "value": "blue"})) == (200, JSON_TYPE, SKY)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_map_of_a_revision_cannot_be_read_whole(edge, method):
    """The official file has no other call for a map of a revision."""
    create(edge, REVISION)

    assert raw(ask(edge, method, f"{REVISION}/keyvaluemaps")) == (405, [], "")


def test_maps_are_listed_by_name_the_first_hundred(edge):
    """A public cloud lists 100 maps of a scope at most, whatever `expand` says."""
    for number in range(101):
        create(edge, name=f"map {number:03}")

    assert ask(edge, "GET", "/keyvaluemaps?expand=true").json() == [f"map {number:03}" for number in range(100)]


def test_a_private_cloud_lists_all_maps(private):
    """A private cloud lists all maps of a scope."""
    for number in range(101):
        create(private, name=f"map {number:03}")

    assert len(ask(private, "GET", "/keyvaluemaps").json()) == 101


def test_the_expanded_list_of_a_private_cloud_is_not_modelled(private):
    """`expand=true` has an effect in a private cloud, and nobody says which."""
    response = ask(private, "GET", "/keyvaluemaps?expand=true")

    assert response.status == 501
    (grievance,) = private.take_grievances()
    assert grievance.message == (
        "pytest-apigee does not model GET https://api.enterprise.apigee.com/v1/o/acme/keyvaluemaps with expand=true in "
        "an organization without CPS."
    )


@pytest.mark.parametrize("encrypted", [True, "true"])
def test_values_of_an_encrypted_map_are_never_shown(edge, encrypted):
    """In place of each value of an encrypted map there are five asterisks, in every answer."""
    one = "/keyvaluemaps/colours"

    assert raw(create(edge, encrypted=encrypted)) == (201, JSON_TYPE, HIDDEN)
    assert raw(ask(edge, "GET", one)) == (200, JSON_TYPE, HIDDEN)
    assert raw(ask(edge, "GET", f"{one}/entries/sky")) == (200, JSON_TYPE, MASKED)
    assert raw(ask(edge, "POST", f"{one}/entries/sky", {"value": "red"})) == (200, JSON_TYPE, MASKED)
    assert raw(ask(edge, "DELETE", f"{one}/entries/sky")) == (200, JSON_TYPE, MASKED)
    assert raw(ask(edge, "POST", f"{one}/entries", {"name": "sky", "value": "red"})) == (200, JSON_TYPE, MASKED)
    assert raw(ask(edge, "DELETE", one)) == (200, JSON_TYPE, HIDDEN)


def test_values_are_in_no_repr(edge):
    """The values of a map are not in what a failed test prints."""
    organization = edge.organization("globex")
    edge.user("root@globex.example", password=PASSWORD, roles={"globex": ["orgadmin"]})
    headers = {"Authorization": authorization("root@globex.example"), "Content-Type": "application/json"}
    url = f"{BASE}/o/globex/keyvaluemaps"

    edge.handle(Request(method="POST", url=url, headers=headers, body=json.dumps({**COLOURS, "encrypted": True})))

    shown = repr(organization.key_value_maps.of(()))
    assert shown == "{'colours': KeyValueMap(name='colours', is_encrypted=True)}"


@pytest.mark.parametrize("scope", SCOPES)
def test_entries_are_created_shown_updated_and_deleted(edge, scope):
    """Each call for one entry is answered with 200 and the entry."""
    create(edge, scope, entry=[])
    path = f"{scope}/keyvaluemaps/colours/entries"
    red = '{\n  "name" : "sky",\n  "value" : "red"\n}'

    assert raw(ask(edge, "POST", path, {"name": "sky", "value": "blue"})) == (200, JSON_TYPE, SKY)
    assert raw(ask(edge, "GET", f"{path}/sky")) == (200, JSON_TYPE, SKY)
    assert raw(ask(edge, "POST", f"{path}/sky", {"name": "sky", "value": "red"})) == (200, JSON_TYPE, red)
    assert raw(ask(edge, "GET", f"{path}/sky")) == (200, JSON_TYPE, red)
    assert raw(ask(edge, "DELETE", f"{path}/sky")) == (200, JSON_TYPE, red)
    assert raw(ask(edge, "GET", f"{scope}/keyvaluemaps/colours")) == (200, JSON_TYPE, EMPTY)


def test_an_update_adds_an_entry_that_is_not_there(edge):
    """An update changes an entry if it exists and adds it if not; the others stay, and the name in the path counts."""
    create(edge)

    response = ask(edge, "POST", "/keyvaluemaps/colours/entries/grass%2Fmoss", {"name": "x", "value": 5})

    assert response.json() == {"name": "grass/moss", "value": "5"}
    assert entries_of(edge) == {"sky": "blue", "grass/moss": "5"}


def test_a_value_may_be_empty(edge):
    """A value may be empty, in a map that is created and in an entry."""
    create(edge, entry=[{"name": "sky"}])
    ask(edge, "POST", "/keyvaluemaps/colours/entries", {"name": "sea", "value": ""})

    assert entries_of(edge) == {"sky": "", "sea": ""}


def test_the_keys_come_in_an_order_of_their_own(edge):
    """The order of keys is stable, is that of the entries too, and is not literal nor that of insertion."""
    names = [f"key-{number}" for number in range(20)]
    create(edge, entry=[{"name": name, "value": ""} for name in names])

    keys = keys_of(edge)

    assert sorted(keys) == sorted(names)
    assert keys not in (names, sorted(names))
    assert keys == list(entries_of(edge)) == keys_of(edge)


@pytest.mark.parametrize(
    ("query", "length"),
    [
        ("", 100),
        ("?count=", 100),
        ("?count=7", 7),
        ("?count=1000", 1_000),
        ("?count=1001", 1_000),
        ("?count=999999999", 1_000),
    ],
)
def test_a_page_of_keys_has_100_unless_told_and_1000_at_most(edge, query, length):
    """100 keys are returned by default, up to 1,000 with `count`."""
    create(edge, entry=[{"name": f"key-{number}", "value": ""} for number in range(1_001)])

    assert len(keys_of(edge, query)) == length


def test_a_page_of_keys_may_be_longer_where_no_cap_is_guessed():
    """Without the guess that pages are cut down, `count` is taken as it is."""
    edge = new_edge(guesses={"mgmt_page_cap": False})
    create(edge, entry=[{"name": f"key-{number}", "value": ""} for number in range(1_001)])

    assert len(keys_of(edge, "?count=1001")) == 1_001


def test_a_map_shows_1000_entries(edge):
    """A public cloud shows 1,000 entries of a map at most, those of the first keys."""
    create(edge, entry=[{"name": f"key-{number}", "value": ""} for number in range(1_001)])

    assert list(entries_of(edge)) == keys_of(edge, "?count=1000")


@pytest.mark.parametrize("count", ["0", "-1", "x", "1.5", "9999999999", "%C2%B2"])
def test_a_count_that_is_none_is_refused(edge, count):
    """A `count` that is no whole number above zero is refused."""
    create(edge)

    assert raw(ask(edge, "GET", f"/keyvaluemaps/colours/keys?count={count}")) == invalid("count")


NAMES = st.text("ab/?%é\x00 \N{GRINNING FACE}", min_size=1, max_size=3)


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.tuples(st.sampled_from(["create", "update", "delete"]), NAMES, st.text(max_size=4)), max_size=25),
    count=st.integers(1, 5),
)
def test_entries_are_what_a_dict_would_be(steps, count):
    """Whatever is created, updated and deleted: map and pages of keys are those of a dict, each key on one page."""
    edge, oracle, one = new_edge(), {}, "/keyvaluemaps/colours"
    create(edge, entry=[])

    for step, name, value in steps:
        path = f"{one}/entries/{quote(name, safe='')}"
        body = {"name": name, "value": value}
        if step == "create":
            wanted = 409 if name in oracle else 200
            response = ask(edge, "POST", f"{one}/entries", body)
            oracle.setdefault(name, value)
        elif step == "update":
            wanted, response = 200, ask(edge, "POST", path, body)
            oracle[name] = value
        else:
            wanted, response = 200 if name in oracle else 404, ask(edge, "DELETE", path)
            oracle.pop(name, None)
        assert response.status == wanted

    assert entries_of(edge) == oracle
    keys, page = [], keys_of(edge, f"?count={count}")
    while page and len(keys) <= len(oracle):
        assert len(page) <= count
        keys += page
        page = keys_of(edge, f"?count={count}&startkey={quote(page[-1], safe='')}")
    assert sorted(keys) == sorted(oracle)


def test_a_start_key_that_is_gone_has_its_place(edge):
    """The page after a key that was deleted meanwhile is the page that it would have been."""
    create(edge, entry=[{"name": f"key-{number}", "value": ""} for number in range(9)])
    keys = keys_of(edge)

    ask(edge, "DELETE", f"/keyvaluemaps/colours/entries/{keys[3]}")

    assert keys_of(edge, f"?startkey={keys[3]}") == keys[4:]


BULK = {"name": "colours", "entry": [{"name": "sky", "value": "red"}, {"name": "sea", "value": "green"}]}
GONE = of_service(
    410,
    "KeyValueMapUpdateOperationNotSupported",
    "Update of KeyValueMap is not supported; use addEntry/updateEntry api to add entries to a KeyValueMap",
)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_public_cloud_does_not_update_a_whole_map(edge, scope, method):
    """With CPS entries are updated one by one alone: a call for the whole map is answered with 410, as recorded."""
    create(edge, scope)

    assert raw(ask(edge, method, f"{scope}/keyvaluemaps/colours", BULK)) == GONE
    assert entries_of(edge, scope) == {"sky": "blue"}


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("scope", SCOPES)
def test_a_private_cloud_updates_a_whole_map(private, scope, method):
    """Without CPS a call for the whole map updates the entries that exist and adds the others, in their order."""
    create(private, scope, entry=[{"name": "sun", "value": "gold"}, {"name": "sky", "value": "blue"}])

    response = ask(private, method, f"{scope}/keyvaluemaps/colours", {**BULK, "encrypted": True})

    assert response.status == 200
    assert response.json()["encrypted"] is False
    assert list(entries_of(private, scope).items()) == [("sun", "gold"), ("sky", "red"), ("sea", "green")]


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("POST", "/keyvaluemaps/colours/entries", "CreateKeyValueMapEntry"),
        ("POST", "/keyvaluemaps/colours/entries/sky", "UpdateKeyValueMapEntry"),
        ("GET", "/keyvaluemaps/colours/keys", "ListKeyValueMapKeys"),
        ("POST", f"{REVISION}/keyvaluemaps", "CreateKeyValueMap"),
    ],
)
def test_a_private_cloud_lacks_the_calls_of_a_public_one(private, method, path, operation):
    """Without CPS there are no calls for keys, for a new entry or value, and no maps of a revision."""
    create(private)
    body = {"name": "sky", "value": "red"} if method == "POST" else None

    message = f"KeyValueMap Operation {operation} is not supported for the organization acme"
    assert raw(ask(private, method, path, body)) == of_service(400, "KeyValueMapOperationNotSupported", message)
    assert entries_of(private) == {"sky": "blue"}


def test_a_private_cloud_shows_and_deletes_an_entry(private):
    """One entry is shown and deleted without CPS too."""
    create(private)

    assert raw(ask(private, "GET", "/keyvaluemaps/colours/entries/sky")) == (200, JSON_TYPE, SKY)
    assert raw(ask(private, "DELETE", "/keyvaluemaps/colours/entries/sky")) == (200, JSON_TYPE, SKY)


def test_the_case_of_names_counts_in_a_public_cloud(edge):
    """Names that differ in the case of their letters are those of two maps."""
    create(edge)

    assert create(edge, name="Colours").status == 201
    assert ask(edge, "GET", "/keyvaluemaps/COLOURS").status == 404


def test_the_case_of_names_does_not_count_in_a_private_cloud(private):
    """Without CPS names that differ in case are the same one."""
    create(private)
    exists = of_service(409, "keyvaluemap_already_exists", "KeyValueMap COLOURS already exists")

    assert raw(create(private, name="COLOURS")) == exists
    assert raw(ask(private, "GET", "/keyvaluemaps/COLOURS")) == (200, JSON_TYPE, SHOWN)
    assert raw(ask(private, "DELETE", "/keyvaluemaps/COLOURS")) == (200, JSON_TYPE, SHOWN)
    assert raw(ask(private, "GET", "/keyvaluemaps")) == (200, JSON_TYPE, "[ ]")


@pytest.mark.parametrize(
    ("path", "body", "wanted"),
    [
        ("", COLOURS, of_service(409, "keyvaluemap_already_exists", "KeyValueMap colours already exists")),
        ("", {"entry": []}, missing("name")),
        ("", {"name": ""}, missing("name")),
        ("", {"name": ["x"]}, invalid("name")),
        ("", {"name": "a/b"}, of_service(400, "keyvaluemap_name_invalid", "KeyValueMap name a/b is invalid")),
        ("", {"name": "\ud800"}, of_service(400, "keyvaluemap_name_invalid", "KeyValueMap name ? is invalid")),
        ("", {"name": "m", "encrypted": "yes"}, invalid("encrypted")),
        ("", {"name": "m", "entry": {"sky": "blue"}}, invalid("entry")),
        ("", {"name": "m", "entry": ["sky"]}, invalid("entry")),
        ("", {"name": "m", "entry": [{"value": "blue"}]}, missing("name")),
        ("", {"name": "m", "entry": [{"name": "sky", "value": {}}]}, invalid("value")),
        ("", {"name": "m", "entry": [{"name": "x" * 2_049}]}, UNFIT_ENTRY),
        (
            "/colours/entries",
            {"name": "sky", "value": "red"},
            of_service(409, "KeyValueMapEntryAlreadyExists", "KeyValueMapEntry sky already exists in map colours"),
        ),
        ("/colours/entries", {"value": "red"}, missing("name")),
        ("/colours/entries", {"name": "sea"}, missing("value")),
        ("/colours/entries", {"name": "sea", "value": []}, invalid("value")),
        ("/colours/entries", {"name": "é" * 1_025, "value": ""}, UNFIT_ENTRY),
        ("/colours/entries/sky", {"name": "sky"}, missing("value")),
        ("/colours/entries/sky", {"name": "sky", "value": [1]}, invalid("value")),
        (f"/colours/entries/{'x' * 2_049}", {"value": ""}, UNFIT_ENTRY),
        ("/nope/entries", {"name": "sky", "value": "red"}, UNKNOWN_MAP),
        ("/nope/entries/sky", {"name": "sky", "value": "red"}, UNKNOWN_MAP),
        ("/nope", BULK, UNKNOWN_MAP),
    ],
)
def test_refuses_what_cannot_be_and_changes_nothing(edge, path, body, wanted):
    """What is wrong is refused before anything changes."""
    create(edge)

    assert raw(ask(edge, "POST", f"/keyvaluemaps{path}", body)) == wanted
    assert ask(edge, "GET", "/keyvaluemaps").json() == ["colours"]
    assert entries_of(edge) == {"sky": "blue"}


@pytest.mark.parametrize(
    ("method", "path", "wanted"),
    [
        ("GET", "/nope", UNKNOWN_MAP),
        ("DELETE", "/nope", UNKNOWN_MAP),
        ("PUT", "/nope", UNKNOWN_MAP),
        ("GET", "/nope/keys", UNKNOWN_MAP),
        ("GET", "/nope/entries/sky", UNKNOWN_MAP),
        ("DELETE", "/nope/entries/sky", UNKNOWN_MAP),
        ("GET", "/colours/entries/nope", UNKNOWN_ENTRY),
        ("DELETE", "/colours/entries/nope", UNKNOWN_ENTRY),
    ],
)
def test_what_is_not_there_is_answered_with_404(edge, method, path, wanted):
    """An unknown map and an unknown entry have an error each."""
    create(edge)

    assert raw(ask(edge, method, f"/keyvaluemaps{path}")) == wanted


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        ("/e/nowhere", UNKNOWN_ENVIRONMENT),
        (
            "/apis/nothing",
            refused(
                404,
                "messaging.config.beans.ApplicationDoesNotExist",
                "APIProxy named nothing does not exist in organization acme",
            ),
        ),
        (
            "/apis/oauth/revisions/7",
            refused(
                404, "messaging.config.beans.ApplicationRevisionDoesNotExist", "APIProxy revision 7 does not exist"
            ),
        ),
    ],
)
def test_an_unknown_scope_is_answered_with_404(edge, scope, wanted):
    """An unknown environment, API proxy or revision has its own error, before anything is read."""
    assert raw(ask(edge, "POST", f"{scope}/keyvaluemaps", "no JSON")) == wanted
    assert raw(ask(edge, "POST", f"{scope}/keyvaluemaps/m/entries", "no JSON")) == wanted


def test_any_name_is_taken_where_no_rule_is_guessed():
    """Without the guess that unfit names are refused, a map may have any."""
    edge = new_edge(guesses={"mgmt_name_rules": False})

    assert create(edge, name="a/b").status == 201
    assert ask(edge, "GET", "/keyvaluemaps/a%2Fb").json()["name"] == "a/b"


def test_a_lone_surrogate_is_a_question_mark(edge):
    """What cannot be sent is a question mark in the name of an entry, in its value and in a start key."""
    create(edge, entry=[])
    path = "/keyvaluemaps/colours/entries/\ud800"
    wanted = (200, JSON_TYPE, '{\n  "name" : "?",\n  "value" : "?"\n}')

    assert raw(ask(edge, "POST", path, {"value": "\ud800"})) == wanted
    assert raw(ask(edge, "GET", path)) == wanted
    assert raw(ask(edge, "GET", "/keyvaluemaps/colours/entries/%3F")) == wanted
    assert keys_of(edge, "?startkey=\ud800") == keys_of(edge, "?startkey=%3F") == []


@pytest.mark.parametrize(("body", "status"), [("{", 400), ("[]", 400), ("[" * 100_000, 400), (b"\xff", 400)])
def test_what_is_no_json_object_is_refused(edge, body, status):
    """A body that is no JSON object is answered with 400."""
    assert raw(ask(edge, "POST", "/keyvaluemaps", body)) == (status, [], "")


def test_secrets_are_in_no_reason(edge):
    """The value of an encrypted entry is not in the reason for a refusal."""
    create(edge, encrypted=True)

    ask(edge, "POST", "/keyvaluemaps/colours/entries", {"name": "sky", "value": "s3cret"})

    assert edge.calls.last.reason == "KeyValueMapEntry sky already exists in map colours"
    assert "s3cret" not in json.dumps(str(edge.calls.last))
