"""Errors of entities at the management API, byte for byte (management.md 5.1)."""

import pytest

from pytest_apigee.edge.management_guesses import MGMT_ERRORS
from tests.edge.entity_support import ADA, INITECH, KEY, MOBILE, WEB, call, entity_edge, error, everything, told

BOB = {"email": "bob@x.example", "firstName": "B", "lastName": "B", "userName": "b"}
GOLD = {"name": "gold", "displayName": "Gold", "approvalType": "auto"}
NONE = "/developers/x"
NO_DEVELOPER = ("developer.service.DeveloperIdDoesNotExist", "DeveloperId x does not exist in organization acme")
NO_COMPANY = ("developer.service.CompanyDoesNotExist", "Company x does not exist in organization acme")
NO_PRODUCT = ("keymanagement.service.apiproduct_doesnot_exist", "APIProduct x does not exist")
NO_APP = ("developer.service.AppDoesNotExist", "App named x does not exist under ada@x.example")
NO_WEB = ("developer.service.AppDoesNotExist", "App named x does not exist under initech")
NO_ID = ("developer.service.AppDoesNotExist", "App with id x does not exist")
NO_KEY = ("keymanagement.service.InvalidClientIdForGivenApp", "Invalid consumer key for Given App")
UNKNOWN_PRODUCT = (
    "keymanagement.service.apiproduct_doesnot_exist",
    "API Product [x] does not exist for tenant [acme] and id [null]",
)
WITH_X = {"name": "new", "apiProducts": ["x"]}
NEW_KEY = {"consumerKey": "k9", "consumerSecret": "s9"}
Row = tuple[str, str, object, int, tuple[str, str]]


def missing(name: str) -> tuple[str, str]:
    return "keymanagement.service.RequiredFieldMissing", f"Required field {name} is missing"


def unfit(name: str) -> tuple[str, str]:
    return "keymanagement.service.InvalidField", f"Invalid value for {name}"


def no_action(name: str) -> tuple[str, str]:
    return "keymanagement.service.InvalidAction", f"Invalid action {name}"


def below(entity: str, code: tuple[str, str], *, acts: bool = True) -> list[Row]:
    """Return what every method at an entity and at its attributes is answered where there is no such entity."""
    methods = ("GET", "PUT", "DELETE", *(("POST",) if acts else ()))
    return [
        *((method, f"{entity}?action=active", None, 404, code) for method in methods),
        ("GET", f"{entity}/attributes", None, 404, code),
        ("POST", f"{entity}/attributes", {"attribute": []}, 404, code),
        ("GET", f"{entity}/attributes/a", None, 404, code),
        ("POST", f"{entity}/attributes/a", {"value": "1"}, 404, code),
        ("DELETE", f"{entity}/attributes/a", None, 404, code),
    ]


ROWS: list[Row] = [
    # What is not there
    *below(NONE, NO_DEVELOPER),
    *below(f"{NONE}/apps/mobile", NO_DEVELOPER),
    *below(f"{NONE}/apps/mobile/keys/k1", NO_DEVELOPER),
    ("GET", f"{NONE}/apps", None, 404, NO_DEVELOPER),
    ("POST", f"{NONE}/apps", {"name": "new"}, 404, NO_DEVELOPER),
    *below("/companies/x", NO_COMPANY),
    *below("/companies/x/apps/web", NO_COMPANY),
    *below("/companies/x/apps/web/keys/c1", NO_COMPANY),
    ("GET", "/companies/x/apps", None, 404, NO_COMPANY),
    ("POST", "/companies/x/apps", {"name": "new"}, 404, NO_COMPANY),
    ("GET", "/companies/x/developers", None, 404, NO_COMPANY),
    ("POST", "/companies/x/developers", {"developer": []}, 404, NO_COMPANY),
    ("DELETE", "/companies/x/developers/ada@x.example", None, 404, NO_COMPANY),
    *below("/apiproducts/x", NO_PRODUCT, acts=False),
    ("GET", "/apiproducts/x?query=list&entity=keys", None, 404, NO_PRODUCT),
    *below(f"{ADA}/apps/x", NO_APP),
    *below(f"{ADA}/apps/x/keys/k1", NO_APP),
    ("POST", f"{ADA}/apps/x/keys/create", NEW_KEY, 404, NO_APP),
    *below(f"{INITECH}/apps/x", NO_WEB),
    *below(f"{INITECH}/apps/x/keys/c1", NO_WEB),
    ("POST", f"{INITECH}/apps/x/keys/create", NEW_KEY, 404, NO_WEB),
    *below(f"{MOBILE}/keys/x", NO_KEY),
    ("POST", f"{MOBILE}/keys/x/apiproducts/gold?action=approve", None, 404, NO_KEY),
    ("DELETE", f"{MOBILE}/keys/x/apiproducts/gold", None, 404, NO_KEY),
    ("GET", "/apps/x", None, 404, NO_ID),
    ("DELETE", "/apps/x", None, 404, NO_ID),
    ("POST", f"{ADA}/apps", WITH_X, 404, UNKNOWN_PRODUCT),
    ("POST", f"{INITECH}/apps", {"name": "new", "apiproducts": ["gold", "x"]}, 404, UNKNOWN_PRODUCT),
    ("PUT", MOBILE, WITH_X, 404, UNKNOWN_PRODUCT),
    ("POST", WEB, WITH_X, 404, UNKNOWN_PRODUCT),
    ("POST", KEY, WITH_X, 404, UNKNOWN_PRODUCT),
    # What is there already
    (
        "POST",
        "/developers",
        {**BOB, "email": "ada@x.example"},
        409,
        ("developer.service.DeveloperAlreadyExists", "Developer ada@x.example already exists"),
    ),
    (
        "POST",
        "/apiproducts",
        GOLD,
        409,
        ("keymanagement.service.apiproduct_already_exists", "API Product gold already exists"),
    ),
    (
        "POST",
        f"{ADA}/apps",
        {"name": "mobile"},
        409,
        ("developer.service.AppAlreadyExists", "App with name mobile already exists"),
    ),
    (
        "POST",
        f"{INITECH}/apps",
        {"name": "web"},
        409,
        ("developer.service.AppAlreadyExists", "App with name web already exists"),
    ),
    # What is missing
    *(("POST", "/developers", {**BOB, name: None}, 400, missing(name)) for name in BOB),
    *(("POST", "/developers", {**BOB, name: ""}, 400, missing(name)) for name in BOB),
    ("POST", "/developers", None, 400, missing("email")),
    *(("PUT", ADA, {**BOB, name: ""}, 400, missing(name)) for name in BOB if name != "email"),
    ("POST", f"{ADA}/apps", {}, 400, missing("name")),
    ("POST", "/companies", {}, 400, missing("name")),
    ("POST", f"{INITECH}/developers", {}, 400, missing("developer")),
    ("POST", f"{INITECH}/developers", {"developer": [{"role": "x"}]}, 400, missing("email")),
    ("POST", f"{MOBILE}/keys/create", {"consumerKey": "k9"}, 400, missing("consumerSecret")),
    ("POST", f"{MOBILE}/keys/create", {"consumerSecret": "s9"}, 400, missing("consumerKey")),
    ("PUT", KEY, {}, 400, missing("scopes")),
    # What is of another type, or cannot be
    ("POST", "/developers", {**BOB, "email": ["bob@x.example"]}, 400, unfit("email")),
    ("POST", "/developers", {**BOB, "email": "bob"}, 400, unfit("email")),
    ("POST", "/developers", {**BOB, "email": "b b@x"}, 400, unfit("email")),
    ("PUT", ADA, {**BOB, "email": "@"}, 400, unfit("email")),
    ("POST", "/developers", {**BOB, "attributes": {}}, 400, unfit("attributes")),
    ("POST", "/developers", {**BOB, "attributes": ["plan"]}, 400, unfit("attributes")),
    ("POST", "/developers", {**BOB, "attributes": [{"name": "a", "value": {}}]}, 400, unfit("value")),
    ("POST", f"{ADA}/apps", {"name": {}}, 400, unfit("name")),
    ("POST", f"{ADA}/apps", {"name": "new", "apiProducts": "gold"}, 400, unfit("apiProducts")),
    ("POST", f"{ADA}/apps", {"name": "new", "apiProducts": [None]}, 400, unfit("apiProducts")),
    ("POST", f"{ADA}/apps", {"name": "new", "keyExpiresIn": "soon"}, 400, unfit("keyExpiresIn")),
    ("POST", f"{ADA}/apps", {"name": "new", "keyExpiresIn": 10**18}, 400, unfit("keyExpiresIn")),
    ("POST", f"{ADA}/apps", {"name": "new", "keyExpiresIn": True}, 400, unfit("keyExpiresIn")),
    ("PUT", MOBILE, {"keyExpiresIn": 1.5, "apiProducts": ["gold"]}, 400, unfit("keyExpiresIn")),
    ("PUT", MOBILE, {"status": "dead"}, 400, unfit("status")),
    ("PUT", KEY, {"scopes": "READ"}, 400, unfit("scopes")),
    ("POST", f"{INITECH}/developers", {"developer": {}}, 400, unfit("developer")),
    ("POST", f"{INITECH}/developers", {"developer": ["ada@x.example"]}, 400, unfit("developer")),
    # Actions that there are not
    *(("POST", f"{ADA}{query}", None, 400, no_action(name)) for query, name in (("", ""), ("?action=on", "on"))),
    *(("POST", f"{MOBILE}{query}", None, 400, no_action(name)) for query, name in (("", ""), ("?action=on", "on"))),
    *(
        ("POST", f"{KEY}{query}", None, 400, no_action(name))
        for query, name in (("", ""), ("?action=active", "active"))
    ),
    ("POST", f"{KEY}/apiproducts/gold", None, 400, no_action("")),
    ("PUT", f"{INITECH}?action=approve", None, 400, no_action("approve")),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "told_so"),
    ROWS,
    ids=[f"{row[0]} {row[1]} {row[3]}-{row[4][1]}" for row in ROWS],
)
def test_an_error_has_its_code_and_text(
    method: str, path: str, body: object, status: int, told_so: tuple[str, str]
) -> None:
    """Status, code and message of each error, in Edge's layout; the tester is told the message, and nothing changes."""
    edge = entity_edge()
    before = everything(edge)

    response = call(edge, method, path, body)

    assert told(response) == error(status, *told_so)
    assert edge.calls.last.reason == told_so[1]
    assert everything(edge) == before


@pytest.mark.parametrize(
    ("row", "method", "path", "body"),
    [
        ("app_exists", "POST", f"{ADA}/apps", {"name": "mobile"}),
        ("app_id_unknown", "GET", "/apps/x", None),
        ("attribute_unknown", "GET", f"{ADA}/attributes/x", None),
        ("company_unknown", "GET", "/companies/x", None),
        ("developer_exists", "POST", "/developers", {**BOB, "email": "ada@x.example"}),
        ("field_missing", "POST", "/companies", {}),
        ("key_unfit", "POST", f"{MOBILE}/keys/create", {"consumerKey": "/", "consumerSecret": "s"}),
        ("product_exists", "POST", "/apiproducts", GOLD),
        ("product_not_on_key", "DELETE", f"{KEY}/apiproducts/x", None),
        ("unknown_action", "POST", ADA, None),
        ("unknown_product_of_app", "POST", f"{ADA}/apps", WITH_X),
    ],
)
def test_a_guessed_error_can_be_another(row: str, method: str, path: str, body: object) -> None:
    """Each row of the guess `mgmt_errors` sets status, code and text."""
    edge = entity_edge(guesses={"mgmt_errors": {row: "418 a.b.C Text of {org}"}})

    assert row in MGMT_ERRORS
    assert told(call(edge, method, path, body)) == error(418, "a.b.C", "Text of acme")


@pytest.mark.parametrize(
    ("method", "path", "takes"),
    [
        ("PUT", "/developers", "GET, POST"),
        ("DELETE", f"{ADA}/apps/", "GET, POST"),
        ("POST", "/apps", "GET"),
        ("PUT", "/apps/x", "DELETE, GET"),
        ("POST", "/apiproducts/gold", "DELETE, GET, PUT"),
        ("PATCH", ADA, "DELETE, GET, POST, PUT"),
        ("GET", f"{MOBILE}/keys/create", "POST"),
        ("HEAD", f"{MOBILE}/keys/create", "POST"),
        ("GET", f"{KEY}/apiproducts/gold", "DELETE, POST"),
        ("PUT", f"{ADA}/attributes", "GET, POST"),
        ("PUT", f"{INITECH}/developers/ada@x.example", "DELETE"),
    ],
)
def test_a_path_takes_its_verbs(method: str, path: str, takes: str) -> None:
    """A verb that a path does not take is 405 with an empty body."""
    edge = entity_edge()

    assert told(call(edge, method, path)) == (405, [], b"")
    assert edge.calls.last.reason == f"this path takes {takes}, not {method}"


@pytest.mark.parametrize(
    "path",
    [
        f"{ADA}/apps//keys/k1",
        f"{ADA}/apps//attributes",
        "/developers//apps",
        "/developers//",
        "/companies//apps/web",
        f"{MOBILE}/keys//apiproducts/gold",
        f"{MOBILE}/keys/k1/apiproducts//",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_path_with_an_empty_name_is_unknown(method: str, path: str) -> None:
    """An entity without a name is none: 404 with an empty body, without complaint."""
    edge = entity_edge()

    assert told(call(edge, method, path)) == (404, [], b"")
    assert edge.take_grievances() == ()


@pytest.mark.parametrize("path", ["/developers", ADA, f"{ADA}/attributes", MOBILE, KEY, "/apps", "/apiproducts/gold"])
def test_head_is_answered_like_get(path: str) -> None:
    """HEAD has the status and headers of GET, and of its errors."""
    edge = entity_edge()

    for asked in (path, f"{ADA}/apps/none"):
        head, whole = call(edge, "HEAD", asked), call(edge, "GET", asked)
        assert (head.status, list(head.headers)) == (whole.status, list(whole.headers))


def test_an_error_is_xml_for_who_prefers_it() -> None:
    """A client that accepts XML first gets an error in XML; whole entities in XML are not modelled."""
    edge = entity_edge()

    unknown = call(edge, "GET", NONE, headers=[("Accept", "text/xml")])
    known = call(edge, "GET", ADA, headers=[("Accept", "text/xml")])

    code, message = NO_DEVELOPER
    xml = f"<Error><Code>{code}</Code><Message>{message}</Message><Contexts/></Error>"
    assert told(unknown) == (404, [("Content-Type", "application/xml")], xml.encode())
    assert known.status == 501
    assert len(edge.take_grievances()) == 1
