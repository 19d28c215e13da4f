"""What clients may send as a body: Edge answers it, and what is refused changes nothing."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_apigee import FakeEdge, Response
from pytest_apigee.edge.management.service import all_routes
from tests.edge.entity_support import (
    ADA,
    COMPANY_KEY,
    INITECH,
    KEY,
    MOBILE,
    WEB,
    bare_edge,
    call,
    entity_edge,
    everything,
    shown,
    told,
)
from tests.edge.gateway_support import JSON

BOB = {"email": "bob@x.example", "firstName": "B", "lastName": "B", "userName": "b"}
ENTITY_SOURCES = (
    "developers.yaml",
    "developer-apps.yaml",
    "app-keys.yaml",
    "apps.yaml",
    "products.yaml",
    "companies.yaml",
    "company-developers.yaml",
    "company-apps.yaml",
    "company-app-keys.yaml",
    "apigee-edge-js",
)
PARAMETERS = {
    "{org}": "acme",
    "{developer}": "ada@x.example",
    "{company}": "initech",
    "{product}": "gold",
    "{attribute}": "plan",
}


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A verb and a path that leads to something."""

    method: str
    path: str


def endpoints() -> list[Endpoint]:
    """Return every modelled endpoint of these entities, its parameters those of the world."""
    found = []
    for route in all_routes():
        if not route.is_modelled or route.source not in ENTITY_SOURCES:
            continue
        of_company = route.path.startswith("/organizations/{org}/companies")
        values = {**PARAMETERS, "{app}": "web" if of_company else "mobile", "{key}": "c1" if of_company else "k1"}
        path = route.path.removeprefix("/organizations/{org}")
        for name, value in values.items():
            path = path.replace(name, value)
        found.append(Endpoint(method=route.method, path=path))
    return found


ENDPOINTS = endpoints()
WRITING = [endpoint for endpoint in ENDPOINTS if endpoint.method in ("POST", "PUT")]
names = st.sampled_from(
    [
        *("name", "email", "firstName", "lastName", "userName", "attributes", "attribute", "value", "status", "scopes"),
        *("apiProducts", "apiproducts", "apiResources", "approvalType", "callbackUrl", "consumerKey", "displayName"),
        *("consumerSecret", "description", "developer", "environments", "keyExpiresIn", "proxies", "quota", "role"),
        *("quotaInterval", "quotaTimeUnit"),
    ]
)
words = st.sampled_from(
    [
        *("ada@x.example", "bob@x.example", "gold", "mobile", "web", "k1", "c1", "READ", "auto", "manual", "approve"),
        *("revoke", "approved", "inactive", "test", "weather", "-1", "0", "99999999999999999999", "", "\ud800", "\0"),
    ]
)
scalars = st.one_of(
    words, st.text(), st.none(), st.booleans(), st.integers(), st.floats(), st.just(10**400), st.just(10**18 - 1)
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(names, st.text()), inner, max_size=5)
    ),
    max_leaves=12,
)
objects = st.dictionaries(names, values, max_size=8)
queries = st.sampled_from(["", "?action=approve", "?action=inactive", "?action=x", "?expand=true&count=1", "?count=x"])


def outcome(edge: FakeEdge, endpoint: Endpoint, body: object, query: str) -> Response:
    """Return the response to a call, which must be one of Edge, and must have changed nothing where it is refused."""
    before = everything(edge)
    response = call(edge, endpoint.method, endpoint.path + query, body)

    assert response.status < 500 or (response.status == 500 and b"APIProductNotAssociated" in response.body)
    if response.status >= 400:
        assert everything(edge) == before
    return response


@settings(max_examples=400, deadline=None)
@given(endpoint=st.sampled_from(WRITING), body=st.one_of(objects, values), query=queries)
def test_any_json_is_answered(endpoint: Endpoint, body: Any, query: str) -> None:
    """Whatever JSON a client sends, an entity endpoint answers it, and a refusal changes nothing."""
    outcome(entity_edge(), endpoint, "" if body is None else body, query)


@settings(max_examples=200, deadline=None)
@given(endpoint=st.sampled_from(ENDPOINTS), body=st.binary(max_size=40), query=queries)
def test_any_bytes_are_answered(endpoint: Endpoint, body: bytes, query: str) -> None:
    """Whatever bytes a client sends, an entity endpoint answers them, and a refusal changes nothing."""
    outcome(entity_edge(), endpoint, body, query)


@settings(max_examples=200, deadline=None)
@given(
    endpoint=st.sampled_from(ENDPOINTS),
    name=st.one_of(st.text(st.characters(codec="ascii", exclude_characters="?#"), min_size=1), st.just("%ED%A0%80")),
)
def test_any_name_in_a_path_is_answered(endpoint: Endpoint, name: str) -> None:
    """Whatever stands in a path where a name belongs, the answer is one of Edge."""
    head, _, tail = endpoint.path.removeprefix("/").partition("/")
    edge = entity_edge()

    response = call(edge, endpoint.method, f"/{head}/{name}/{tail.partition('/')[2]}")

    assert response.status < 500 or response.status == 501


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        "1",
        '"text"',
        "null",
        "true",
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": 1} x',
        "{'a': 1}",
        '{"a": "\n"}',
        b"\xff\xfe",
        b'{"a": "\xff"}',
        "[" * 100_000,
        '{"a":' * 100_000,
    ],
    ids=range(15),
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/developers"), ("PUT", ADA), ("POST", KEY), ("PUT", INITECH)])
def test_what_is_no_json_object_is_malformed(method: str, path: str, body: str | bytes) -> None:
    """400 with an empty body, and nothing changes."""
    edge = entity_edge()
    before = everything(edge)

    response = call(edge, method, path, body)

    assert told(response) == (400, [], b"")
    assert edge.calls.last.reason in ("the body is not JSON", "the body is no JSON object")
    assert everything(edge) == before


@pytest.mark.parametrize("kind", ["", "application/json", "application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_is_read_under_its_types(kind: str) -> None:
    """A body without a Content-Type is read as JSON too."""
    response = call(
        bare_edge(),
        "POST",
        "/companies",
        '{"name": "initech"}',
        headers=[("Content-Type", kind)] if kind else [],
    )

    assert response.status == 201


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream", "json"]
)
def test_another_type_is_not_supported(kind: str) -> None:
    """415 with an empty body, which the guess `mgmt_unsupported_media_body` sets; the tester is told the type."""
    edge = bare_edge(guesses={"mgmt_unsupported_media_body": "no"})

    response = call(edge, "POST", "/companies", '{"name": "initech"}', headers=[("Content-Type", kind)])

    assert told(response) == (415, [], b"no")
    assert edge.calls.last.reason == f"the body is of type {kind!r}, not application/json"
    assert told(call(bare_edge(), "POST", "/companies", "{}", headers=[("Content-Type", kind)])) == (415, [], b"")


@pytest.mark.parametrize("kind", ["application/xml", "text/xml; charset=utf-8"])
def test_a_body_in_xml_is_not_modelled(kind: str) -> None:
    """Edge reads XML; the fake says that it does not, and complains."""
    edge = bare_edge()

    response = call(edge, "POST", "/companies", "<Company/>", headers=[("Content-Type", kind)])

    message = (
        "pytest-apigee does not model POST https://api.enterprise.apigee.com/v1/organizations/acme/companies "
        f"with a body of type {kind.partition(';')[0]}."
    )
    assert (response.status, response.text) == (501, f"{message}\n")
    assert [grievance.message for grievance in edge.take_grievances()] == [message]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("1", "1"),
        ("-0", "-0"),
        ("1.50", "1.50"),
        ("1e400", "1e400"),
        ("true", "true"),
        ("false", "false"),
        ("9" * 5_000, "9" * 5_000),
        ('"\\ud800x"', "?x"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\u0000"', "\0"),
        ("null", ""),
    ],
)
def test_text_may_be_another_scalar(written: str, kept: str) -> None:
    """A number keeps its spelling, a truth value its word; what cannot be written as UTF-8 is a question mark."""
    edge = bare_edge()

    response = call(edge, "POST", "/companies", f'{{"name": "initech", "displayName": {written}}}')

    assert (response.status, response.json()["displayName"]) == (201, kept)
    assert shown(edge, INITECH)["displayName"] == kept


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_may_be_of_another_encoding(encoding: str) -> None:
    """The encoding of JSON is seen from its first bytes."""
    response = call(bare_edge(), "POST", "/companies", '{"name": "initech", "displayName": "Zürich"}'.encode(encoding))

    assert (response.status, response.json()["displayName"]) == (201, "Zürich")


def test_a_field_that_edge_does_not_know_is_read_over() -> None:
    """What a client reads it can send back, with all that Edge only shows."""
    edge = entity_edge()

    for path in (ADA, INITECH, MOBILE, WEB, "/apiproducts/gold"):
        assert call(edge, "PUT", path, {**shown(edge, path), "extra": {"a": [1]}}).status == 200
    assert shown(edge, COMPANY_KEY)["status"] == "approved"


@pytest.mark.parametrize("guess", ["", "malformed"])
def test_the_body_of_a_malformed_answer_can_be_set(guess: str) -> None:
    """The guess `mgmt_malformed_body` is what a 400 for a body that cannot be read says."""
    edge = bare_edge(guesses={"mgmt_malformed_body": guess})

    assert told(call(edge, "POST", "/developers", "{", headers=[JSON])) == (400, [], guess.encode())
