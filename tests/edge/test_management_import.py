"""Bundles imported into api.enterprise.apigee.com, and revisions changed (proxies.yaml, policies.yaml; 5.1, 6.3)."""

import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_apigee.edge.management.multipart import file_of
from tests.edge.bundle_support import (
    BUNDLE,
    BY,
    FILES,
    INVALID,
    LATER_MS,
    MOMENT_MS,
    POLICY,
    UNKNOWN_API,
    UNKNOWN_REVISION,
    ZIP,
    called,
    deployed,
    edge_with_clock,
    endpoint,
    error,
    imported,
    small,
    zipped,
)
from tests.edge.roles_support import BASE, JSON_TYPE, ask, raw

XML = "application/xml"
BOUNDARY = "----------------------------4ebf00fbcf09"
FORM_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
UNRECORDED = "of which nobody recorded the answer"
POLICIES = "/apis/weather/revisions/1/policies"


def revision_text(name: str, number: int, content: bytes, *, made_ms: int, changed_ms: int) -> str:
    """Return a revision of the sample bundle as Edge shows it."""
    return f"""\
{{
  "basepaths" : [ "/weather" ],
  "configurationVersion" : {{
    "majorVersion" : 4,
    "minorVersion" : 0
  }},
  "contextInfo" : "Revision {number} of application {name}, in organization acme",
  "createdAt" : {made_ms},
  "createdBy" : "{BY}",
  "description" : "The weather of tomorrow.",
  "displayName" : "Weather",
  "entityMetaDataAsProperties" : {{
    "bundle_type" : "zip",
    "lastModifiedBy" : "{BY}",
    "createdBy" : "{BY}",
    "lastModifiedAt" : "{changed_ms}",
    "subType" : "null",
    "createdAt" : "{made_ms}"
  }},
  "lastModifiedAt" : {changed_ms},
  "lastModifiedBy" : "{BY}",
  "manifestVersion" : "SHA-512:{hashlib.sha512(content).hexdigest()}",
  "name" : "{name}",
  "policies" : [ "verify-key" ],
  "proxies" : [ "default" ],
  "proxyEndpoints" : [ "default" ],
  "resourceFiles" : {{
    "resourceFile" : [ {{
      "name" : "lib/check.js",
      "type" : "jsc"
    }}, {{
      "name" : "association.json",
      "type" : "openapi"
    }} ]
  }},
  "resources" : [ "jsc://lib/check.js", "openapi://association.json" ],
  "revision" : "{number}",
  "sharedFlows" : [ ],
  "spec" : "https://specs.example/weather.yaml",
  "targetEndpoints" : [ "default" ],
  "targetServers" : [ "backend" ],
  "targets" : [ "default" ],
  "type" : "Application"
}}"""


def form(content: bytes, *, name: str = "file", file: str = '; filename="apiproxy.zip"', before: bytes = b"") -> bytes:
    """Return a form as curl sends it with `-F file=@apiproxy.zip`."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\nContent-Type: {ZIP}\r\n\r\n'
    return before + head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


@pytest.fixture
def edge():
    return edge_with_clock()


def test_a_bundle_makes_a_new_api_proxy(edge):
    """Importing a bundle under a new name answers 201 with the first revision, made by the caller, now."""
    answer = imported(edge, "weather")

    assert raw(answer) == (
        201,
        JSON_TYPE,
        revision_text("weather", 1, BUNDLE, made_ms=MOMENT_MS, changed_ms=MOMENT_MS),
    )
    assert ask(edge, "GET", "/apis/weather/revisions/1").text == answer.text


def test_a_bundle_makes_the_next_revision(edge):
    """Importing a bundle under a name that exists answers with the next revision; the first stays."""
    imported(edge, "weather")
    edge.clock.advance(minutes=1)

    answer = imported(edge, "weather")

    assert raw(answer) == (201, JSON_TYPE, revision_text("weather", 2, BUNDLE, made_ms=LATER_MS, changed_ms=LATER_MS))
    assert (
        ask(edge, "GET", "/apis/weather").text
        == f"""\
{{
  "metaData" : {{
    "createdAt" : {MOMENT_MS},
    "createdBy" : "{BY}",
    "lastModifiedAt" : {LATER_MS},
    "lastModifiedBy" : "{BY}",
    "subType" : "null"
  }},
  "name" : "weather",
  "revision" : [ "1", "2" ]
}}"""
    )


@pytest.mark.parametrize("parameters", ["&validate=true", "&validate=false", ""])
def test_a_bundle_comes_as_apigeetool_and_curl_send_it(edge, parameters):
    """The zip is the body as octet-stream, or a file in a form; `validate` may be there."""
    path = f"/apis?action=import{parameters}&name=weather"
    expected = revision_text("weather", 1, BUNDLE, made_ms=MOMENT_MS, changed_ms=MOMENT_MS)

    assert raw(ask(edge, "POST", path, BUNDLE, content_type=ZIP)) == (201, JSON_TYPE, expected)
    assert ask(edge, "POST", path, form(BUNDLE), content_type=FORM_TYPE).status == 201
    assert ask(edge, "GET", "/apis/weather/revisions/2?format=bundle").body == BUNDLE


def test_a_bundle_may_come_without_a_content_type(edge):
    """A body without a Content-Type is taken as the zip (GUESS)."""
    assert ask(edge, "POST", "/apis?action=import&name=weather", BUNDLE, content_type="").status == 201


def test_exports_the_bytes_that_were_imported(edge):
    """`?format=bundle` answers with the bundle, byte for byte as it was sent."""
    imported(edge, "weather")

    answer = ask(edge, "GET", "/apis/weather/revisions/1?format=bundle")

    assert (answer.status, answer.body) == (200, BUNDLE)
    assert list(answer.headers) == [
        ("Content-Type", ZIP),
        ("Content-Disposition", 'attachment; filename="weather_1.zip"'),
    ]


def test_imports_again_what_it_exported_of_a_declared_proxy(edge):
    """A declared proxy is exported as a bundle that says where it listens and names its policies."""
    edge.proxy("/weather", security="both", virtual_hosts=["secure"])
    content = ask(edge, "GET", "/apis/weather/revisions/1?format=bundle").body

    copy = imported(edge, "copy", content).json()

    assert (copy["basepaths"], copy["proxies"], copy["targets"]) == (["/weather"], ["default"], ["default"])
    assert copy["policies"] == [
        "verify-api-key",
        "remove-query-param-apikey",
        "verify-oauth-v2-access-token",
        "remove-header-authorization",
    ]


@pytest.mark.parametrize(
    "content",
    [b"", b"no zip", zipped({"x.xml": "<APIProxy/>"}), BUNDLE[:-30], small(root="<!DOCTYPE a><APIProxy/>")],
    ids=["empty", "text", "rootless", "half", "dtd"],
)
def test_refuses_a_bad_bundle(edge, content):
    """A bundle that cannot be read is refused with InvalidBundle, and nothing changes."""
    assert raw(imported(edge, "weather", content)) == (400, JSON_TYPE, INVALID)
    assert ask(edge, "GET", "/apis").text == '[ "oauth" ]'


def test_says_why_a_bundle_is_bad(edge):
    """The tester is told what is wrong with a bundle."""
    imported(edge, "weather", zipped({"x.xml": "<APIProxy/>"}))

    assert edge.calls.last.reason == ("the bundle is invalid: it has no file apiproxy/*.xml with an APIProxy element")


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("", "keymanagement.service.RequiredFieldMissing", "Required field name is missing"),
        ("&name=", "keymanagement.service.RequiredFieldMissing", "Required field name is missing"),
        ("&name=a%2Fb", "keymanagement.service.InvalidField", "Invalid value for name"),
        ("&name=%ED%A0%80", "keymanagement.service.InvalidField", "Invalid value for name"),
    ],
)
def test_refuses_an_unfit_name(edge, query, code, message):
    """A name must be there, and of letters, digits, dots, underscores and hyphens."""
    answer = ask(edge, "POST", f"/apis?action=import{query}", BUNDLE, content_type=ZIP)

    assert raw(answer) == (400, JSON_TYPE, error(code, message))


def test_refuses_a_body_of_another_type(edge):
    """A bundle is an octet-stream or in a form: other types are 415."""
    answer = ask(edge, "POST", "/apis?action=import&name=weather", BUNDLE, content_type="application/json")

    assert raw(answer) == (415, [], "")
    assert edge.calls.last.reason == (
        "the body is of type 'application/json', not application/octet-stream or multipart/form-data"
    )


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", form(BUNDLE)),
        (f"multipart/form-data; boundary={'x' * 71}", form(BUNDLE)),
        (FORM_TYPE, BUNDLE),
        (FORM_TYPE, b""),
        (FORM_TYPE, form(BUNDLE)[:-8]),
        (FORM_TYPE, f"--{BOUNDARY}--".encode()),
        (FORM_TYPE, f"--{BOUNDARY}\r\n".encode() * 101 + f"--{BOUNDARY}--".encode()),
    ],
    ids=["no boundary", "long boundary", "no form", "empty", "open", "no part", "many parts"],
)
def test_refuses_a_form_that_is_none(edge, content_type, body):
    """A form that cannot be cut into parts is 400."""
    answer = ask(edge, "POST", "/apis?action=import&name=weather", body, content_type=content_type)

    assert raw(answer) == (400, [], "")
    assert edge.calls.last.reason == "the body is no multipart/form-data with a part in it"


def test_takes_the_file_of_a_form(edge):
    """Of several parts the first with a file name counts, or else the first one."""
    note = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'.encode()
    quoted = f'multipart/form-data; charset=x; boundary="{BOUNDARY}"'

    assert file_of(quoted, form(b"zip", before=b"preamble\r\n" + note)) == b"zip"
    assert file_of(FORM_TYPE, form(b"zip", file="")) == b"zip"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_a_file_comes_out_of_a_form_as_it_went_in(content):
    """A file in a form keeps its bytes: line ends, boundaries that are none, everything."""
    assert file_of(FORM_TYPE, form(content)) == content


@pytest.mark.parametrize("content_type", [ZIP, FORM_TYPE, "multipart/form-data; boundary*=x''y", ""])
def test_noise_is_refused_and_never_raises(edge, content_type):
    """Whatever is sent as a bundle is answered."""
    chance = random.Random(7)  # noqa: S311 - noise

    for length in (1, 30, 5_000):
        noise = chance.randbytes(length)
        answer = ask(edge, "POST", "/apis?action=import&name=n", noise, content_type=content_type)

        assert answer.status == 400


def test_makes_an_api_proxy_out_of_a_name(edge):
    """A JSON body with a name makes an API proxy with one revision that holds nothing."""
    answer = ask(edge, "POST", "/apis", {"name": "empty"})

    assert answer.status == 201
    assert (answer.json()["name"], answer.json()["revision"], answer.json()["basepaths"]) == ("empty", "1", [])
    assert "displayName" not in answer.json()
    assert ask(edge, "GET", "/apis").text == '[ "empty", "oauth" ]'


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        (
            {"name": "oauth"},
            409,
            "messaging.config.beans.ApplicationAlreadyExists",
            "APIProxy named oauth already exists",
        ),
        ({}, 400, "keymanagement.service.RequiredFieldMissing", "Required field name is missing"),
        ({"name": "a b"}, 400, "keymanagement.service.InvalidField", "Invalid value for name"),
        ({"name": ["x"]}, 400, "keymanagement.service.InvalidField", "Invalid value for name"),
    ],
)
def test_refuses_a_name_that_cannot_be(edge, body, status, code, message):
    """An API proxy is not made twice, and not without a fit name."""
    assert raw(ask(edge, "POST", "/apis", body)) == (status, JSON_TYPE, error(code, message))


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("action=Import", 400, error("keymanagement.service.InvalidAction", "Invalid action Import")),
        (
            "action=validate&name=x",
            501,
            f"pytest-apigee does not model POST {BASE}/o/acme/apis with action=validate, {UNRECORDED}.\n",
        ),
    ],
)
def test_knows_two_ways_to_make_one(edge, query, status, text):
    """An unknown action is refused; what validation alone answers is not modelled."""
    answer = ask(edge, "POST", f"/apis?{query}", BUNDLE, content_type=ZIP)

    assert (answer.status, answer.text) == (status, text)


def test_a_revision_gets_another_content(edge):
    """Posting a zip to a revision replaces its content; its number and its maker stay."""
    imported(edge, "weather", small("/old"))
    edge.clock.advance(minutes=1)

    answer = ask(edge, "POST", "/apis/weather/revisions/1", form(BUNDLE), content_type=FORM_TYPE)

    assert raw(answer) == (200, JSON_TYPE, revision_text("weather", 1, BUNDLE, made_ms=MOMENT_MS, changed_ms=LATER_MS))
    assert ask(edge, "GET", "/apis/weather/revisions/1?format=bundle").body == BUNDLE


def test_a_deployed_revision_changes_at_once(edge):
    """A deployed revision that is updated stays deployed, at its new base path."""
    imported(edge, "weather", small("/old"))
    deployed(edge, "weather")

    ask(edge, "POST", "/apis/weather/revisions/1", small("/new"), content_type=ZIP)

    assert [called(edge, path).status for path in ("/old", "/new")] == [404, 501]


def test_a_deployed_revision_takes_nobodys_base_path(edge):
    """An update whose base path is taken where the revision is deployed is refused, and changes nothing."""
    edge.proxy("/taken", security="none")
    imported(edge, "weather", small("/old"))
    deployed(edge, "weather")

    answer = ask(edge, "POST", "/apis/weather/revisions/1", small("/taken"), content_type=ZIP)

    assert raw(answer) == (
        400,
        JSON_TYPE,
        error(
            "messaging.runtime.ConflictingBasePath",
            "Path /taken conflicts with existing deployment path for revision 1 of the APIProxy taken in organization "
            "acme",
        ),
    )
    assert ask(edge, "GET", "/apis/weather/revisions/1").json()["basepaths"] == ["/old"]


def test_a_declared_proxy_becomes_the_bundle_that_it_is_given(edge):
    """A declared proxy whose revision is updated is what was uploaded from then on."""
    edge.proxy("/weather", security="none")

    ask(edge, "POST", "/apis/weather/revisions/1", BUNDLE, content_type=ZIP)

    assert called(edge, "/weather").status == 501
    assert ask(edge, "GET", "/apis/weather/revisions/1").json()["displayName"] == "Weather"


@pytest.mark.parametrize(
    ("path", "text"),
    [("/apis/gone/revisions/1", UNKNOWN_API), ("/apis/oauth/revisions/7", UNKNOWN_REVISION)],
)
def test_updates_only_what_there_is(edge, path, text):
    """An unknown API proxy or revision is 404."""
    assert raw(ask(edge, "POST", path, BUNDLE, content_type=ZIP)) == (404, JSON_TYPE, text)


def test_a_bad_update_changes_nothing(edge):
    """A revision that is updated with no bundle stays as it is."""
    imported(edge, "weather")

    assert raw(ask(edge, "POST", "/apis/weather/revisions/1", b"?", content_type=ZIP)) == (400, JSON_TYPE, INVALID)
    assert ask(edge, "GET", "/apis/weather/revisions/1?format=bundle").body == BUNDLE


def test_apigeetool_builds_a_revision_file_by_file(edge):
    """`apigeetool deployproxy` imports a base configuration, then adds resources, policies, targets and proxies."""
    revision = "/apis/weather/revisions/1"
    imported(edge, "weather", zipped({"apiproxy/weather.xml": '<APIProxy name="weather"/>'}))
    answers = [
        ask(edge, "POST", f"{revision}/resources?type=jsc&name=lib/check.js", b"var a;", content_type=ZIP),
        ask(edge, "POST", f"{revision}/policies", POLICY, content_type=XML),
        ask(edge, "POST", f"{revision}/targets?name=default", "<TargetEndpoint name='default'/>", content_type=XML),
        ask(edge, "POST", f"{revision}/proxies?name=default", endpoint(), content_type=XML),
    ]

    body = ask(edge, "GET", revision).json()

    assert [answer.status for answer in answers] == [201, 201, 201, 201]
    assert (body["policies"], body["proxies"], body["targets"]) == (["verify-key"], ["default"], ["default"])
    assert (body["resources"], body["basepaths"]) == (["jsc://lib/check.js"], ["/weather"])
    assert answers[0].text == '{\n  "name" : "lib/check.js",\n  "type" : "jsc"\n}'


def test_shows_a_policy(edge):
    """A policy is JSON as in the official sample, and its own XML for a client that prefers it."""
    imported(edge, "weather")

    assert raw(ask(edge, "GET", f"{POLICIES}/verify-key")) == (
        200,
        JSON_TYPE,
        """\
{
  "VerifyAPIKey" : {
    "DisplayName" : "Verify key",
    "FaultRules" : "",
    "APIKey" : {
      "_ref" : "request.queryparam.apikey"
    },
    "_async" : "false",
    "_continueOnError" : "false",
    "_enabled" : "true",
    "_name" : "verify-key"
  }
}""",
    )
    answer = ask(edge, "GET", f"{POLICIES}/verify-key", accept=XML)
    assert raw(answer) == (200, [("Content-Type", XML)], POLICY)


def test_shows_repeated_elements_as_a_list(edge):
    """Elements of one name become a list, and text beside attributes has a name of its own (GUESS)."""
    policy = '<Quota name="q"><Allow>1</Allow><Allow a="b">2</Allow><Allow/></Quota>'
    imported(edge, "weather")

    answer = ask(edge, "POST", POLICIES, policy, content_type=XML)

    assert (answer.status, answer.json()) == (
        201,
        {"Quota": {"Allow": ["1", {"_a": "b", "__text": "2"}, ""], "_name": "q"}},
    )


def test_deletes_a_policy(edge):
    """A policy that is deleted is answered, and gone."""
    imported(edge, "weather")

    answer = ask(edge, "DELETE", f"{POLICIES}/verify-key")

    assert (answer.status, answer.json()["VerifyAPIKey"]["_name"]) == (200, "verify-key")
    assert ask(edge, "GET", POLICIES).text == "[ ]"
    unknown = error("messaging.config.beans.PolicyDoesNotExist", "Policy verify-key does not exist")
    for method in ("GET", "DELETE"):
        assert raw(ask(edge, method, f"{POLICIES}/verify-key")) == (404, JSON_TYPE, unknown)


PART_EXISTS = "messaging.config.beans.PartAlreadyExists"
UNFIT = error("keymanagement.service.InvalidField", "Invalid value for name")


@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("policies", POLICY, 409, error(PART_EXISTS, "verify-key already exists")),
        ("policies", "<Quota/>", 400, UNFIT),
        ("policies", '<Quota name="a/b"/>', 400, UNFIT),
        ("policies", "no XML", 400, INVALID),
        ("policies", "<!DOCTYPE a><Quota name='q'/>", 400, INVALID),
        ("proxies?name=default", endpoint(), 409, error(PART_EXISTS, "default already exists")),
        ("proxies?name=..", endpoint(), 400, UNFIT),
        ("proxies?name=two", "<TargetEndpoint/>", 400, INVALID),
        ("targets?name=default", "<TargetEndpoint/>", 409, error(PART_EXISTS, "default already exists")),
        ("targets", "<TargetEndpoint/>", 400, UNFIT),
        ("resources?type=jsc&name=lib/check.js", "?", 409, error(PART_EXISTS, "lib/check.js already exists")),
        ("resources?type=jsc&name=../../x", "?", 400, UNFIT),
        ("resources?type=&name=x", "?", 400, UNFIT),
        ("resources?type=jsc", "?", 400, UNFIT),
    ],
)
def test_refuses_unfit_parts(edge, path, body, status, text):
    """A part that exists, has no fit name, or makes the bundle invalid is refused, and nothing changes."""
    imported(edge, "weather")

    answer = ask(edge, "POST", f"/apis/weather/revisions/1/{path}", body, content_type=XML)

    assert raw(answer) == (status, JSON_TYPE, text)
    assert ask(edge, "GET", "/apis/weather/revisions/1?format=bundle").body == BUNDLE


@pytest.mark.parametrize(
    ("api", "content_type", "what"),
    [
        ("weather", "application/json", "with a body of type application/json"),
        ("oauth", XML, "for an API proxy that was declared, not imported"),
    ],
)
def test_does_not_model_every_change(edge, api, content_type, what):
    """Policies as JSON, and changes of declared proxies file by file, are answered 501."""
    imported(edge, "weather")

    answer = ask(edge, "POST", f"/apis/{api}/revisions/1/policies", POLICY, content_type=content_type)

    path = f"https://api.enterprise.apigee.com/v1/o/acme/apis/{api}/revisions/1/policies"
    assert (answer.status, answer.text) == (501, f"pytest-apigee does not model POST {path} {what}.\n")


def test_an_endpoint_that_is_added_takes_nobodys_base_path(edge):
    """A part that gives a deployed revision a base path of another proxy is refused."""
    imported(edge, "weather")
    deployed(edge, "weather")

    path = "/apis/weather/revisions/1/proxies?name=two"
    answer = ask(edge, "POST", path, endpoint("/oauth/client_credential", name="two"), content_type=XML)

    assert (answer.status, answer.json()["code"]) == (400, "messaging.runtime.ConflictingBasePath")
    assert ask(edge, "GET", "/apis/weather/revisions/1/proxies").text == '[ "default" ]'


def test_reads_any_file_that_apigee_edge_js_packs(edge):
    """Files beside the known ones are kept, and are no resources."""
    content = zipped({**FILES, "apiproxy/notes.txt": "?", "apiproxy/manifests/manifest.xml": "<Manifest/>"})

    answer = imported(edge, "weather", content)

    assert answer.json()["resources"] == ["jsc://lib/check.js", "openapi://association.json"]
