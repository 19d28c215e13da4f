"""Which products and scopes a key has: approval by hand, scopes of its own, products of its app."""

import pytest

from pytest_apigee import FakeEdge, Response, TokenFactory
from tests.edge.gateway_support import NO_MATCH, answer, app_request, bearer, get

PRODUCTS = [
    {"name": "gold", "approvalType": "manual", "proxies": ["weather"], "scopes": ["GOLD"]},
    {"name": "silver", "approvalType": "auto", "proxies": ["maps"], "scopes": ["READ", "WRITE"]},
]


def edge_with(*apps: dict[str, object], **settings: object) -> FakeEdge:
    """Return a fake with a product that is approved by hand, one that is not, and an API in each."""
    apis = [{"name": "weather"}, {"name": "maps"}]
    organization = {"name": "acme", "apiproducts": PRODUCTS, "apps": list(apps), "apis": apis}
    return FakeEdge({"organizations": [organization]}, **settings)


def granted(edge: FakeEdge, name: str = "mobile") -> dict[str, object]:
    """Return the fields of the token answer that an app gets."""
    response = edge.handle(app_request(edge, edge.find_app(name)))
    assert isinstance(response, Response)
    assert response.status == 200
    return response.json()


def called(edge: FakeEdge, proxy: str) -> tuple[int, bytes]:
    """Return the answer to a call of the app at an API."""
    token = TokenFactory(edge)(edge.find_app("mobile"))
    status, _, body = answer(edge, get(edge.find_proxy(proxy).url, bearer(token)))
    return status, body


def test_leaves_a_product_pending_that_is_approved_by_hand() -> None:
    """A key that names such a product in the short form waits for its approval, and may not use it."""
    edge = edge_with({"name": "mobile", "apiProducts": ["gold", "silver"]})

    fields = granted(edge)

    assert dict(edge.find_app("mobile").credentials[0].products) == {"gold": "pending", "silver": "approved"}
    assert (fields["api_product_list"], fields["api_product_list_json"]) == ("[silver]", ["silver"])
    assert fields["scope"] == "READ WRITE"
    assert called(edge, "weather") == (NO_MATCH[0], NO_MATCH[2])
    assert called(edge, "maps") == (200, b"{}")


def test_lists_pending_products_where_switched_on() -> None:
    """The guess `pending_products_listed` lists them in a token answer; their scopes stay out."""
    edge = edge_with({"name": "mobile", "apiProducts": ["gold", "silver"]}, guesses={"pending_products_listed": True})

    fields = granted(edge)

    assert (fields["api_product_list"], fields["api_product_list_json"]) == ("[gold, silver]", ["gold", "silver"])
    assert fields["scope"] == "READ WRITE"


def test_takes_the_status_of_a_product_that_is_written_out() -> None:
    """In Edge's own form the status is what is written, `approved` where nothing is."""
    products = [{"apiproduct": "gold"}, {"apiproduct": "silver", "status": "revoked"}]
    edge = edge_with({"name": "mobile", "apiProducts": products})

    assert granted(edge)["api_product_list"] == "[gold]"
    assert called(edge, "weather") == (200, b"{}")
    assert called(edge, "maps") == (NO_MATCH[0], NO_MATCH[2])


def test_leaves_a_product_pending_for_an_app_of_the_test() -> None:
    """An app that a test declares waits for the approval of such a product too; the default app does not."""
    edge = edge_with()
    edge.app("mobile", products=["gold"])

    assert dict(edge.find_app("mobile").credentials[0].products) == {"gold": "pending"}
    assert dict(edge.default_app.credentials[0].products)["gold"] == "approved"


@pytest.mark.parametrize(
    ("scopes", "requested", "scope"),
    [
        ([], {}, "READ WRITE"),
        (["WRITE"], {}, "WRITE"),
        (["WRITE", "READ"], {}, "READ WRITE"),
        (["ADMIN"], {}, ""),
        (["WRITE", "ADMIN"], {"scope": "READ WRITE"}, "WRITE"),
    ],
)
def test_restricts_the_scopes_to_those_of_the_key(scopes: list[str], requested: dict[str, str], scope: str) -> None:
    """A key that lists scopes gets no others, and none that its products lack."""
    edge = edge_with({"name": "mobile", "credentials": [{"apiProducts": ["silver"], "scopes": scopes}]})

    response = edge.handle(app_request(edge, edge.find_app("mobile"), **requested))

    assert isinstance(response, Response)
    assert response.json()["scope"] == scope


def test_gives_the_products_of_the_app_to_its_keys_without_any() -> None:
    """A key that names no products has those of its app; one that names some has these alone."""
    credentials = [
        {"consumerKey": "one", "consumerSecret": "s"},
        {"consumerKey": "two", "consumerSecret": "s", "apiProducts": ["other"]},
    ]
    edge = edge_with({"name": "mobile", "apiProducts": ["silver", "gold"], "credentials": credentials})

    one, two = edge.find_app("mobile").credentials

    assert dict(one.products) == {"silver": "approved", "gold": "pending"}
    assert dict(two.products) == {"other": "approved"}
