"""Which scopes a grant gives: those of all products, some, none; and what a refresh makes of them (runtime.md 4.4)."""

from collections.abc import Callable

import pytest

from pytest_apigee import App, FakeEdge, Request
from pytest_apigee.policies import GenerateAccessToken, GenerateAccessTokenImplicitGrant, RefreshAccessToken
from tests.edge.gateway_support import JSON, answer, flat, frozen_edge, token_request
from tests.edge.grant_support import location, serve, tokens

PASSWORD = {"grant_type": "password", "username": "ada", "password": "pw"}


def edge_of_products(*names: str, own: tuple[str, ...] = ()) -> tuple[FakeEdge, App]:
    """Return an Edge of three products, with an app that has some of them."""
    edge = frozen_edge()
    edge.product("photos", scopes=["READ", "WRITE"])
    edge.product("albums", scopes=["SHARE", "READ"])
    edge.product("open")
    return edge, edge.app("photobook", products=names, scopes=own, callback_url="https://app.example/")


def scope_of(edge: FakeEdge, app: App, grant: dict[str, str] = PASSWORD, /, **fields: str) -> str:
    """Return the scope of a token answer."""
    supported = ("client_credentials", "password")
    generate = GenerateAccessToken(name="generate", generate_response=True, supported_grant_types=supported)
    client = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
    return tokens(edge, token_request(serve(edge, "/token", generate), **grant, **client, **fields))["scope"]


@pytest.mark.parametrize("grant", [PASSWORD, {"grant_type": "client_credentials"}], ids=["password", "credentials"])
@pytest.mark.parametrize(
    ("products", "asked", "scope"),
    [
        (["photos", "albums"], {}, "READ WRITE SHARE"),
        (["albums", "photos"], {}, "SHARE READ WRITE"),
        (["photos", "open"], {}, "READ WRITE"),
        (["open"], {}, ""),
        (["photos", "albums"], {"scope": ""}, "READ WRITE SHARE"),
        (["photos", "albums"], {"scope": "SHARE WRITE"}, "WRITE SHARE"),
        (["photos", "albums"], {"scope": "WRITE ADMIN"}, "WRITE"),
        (["photos"], {"scope": "READ READ"}, "READ"),
        (["photos"], {"scope": "SHARE"}, ""),
        (["photos"], {"scope": "read"}, ""),
        (["open"], {"scope": "READ"}, ""),
    ],
)
def test_grants_the_scopes_of_all_products(
    products: list[str], asked: dict[str, str], scope: str, grant: dict[str, str]
) -> None:
    """None asked: all scopes of all the app's products, each once; some: the intersection; disjoint: a token with "".

    Letter case counts.
    """
    edge, app = edge_of_products(*products)

    assert scope_of(edge, app, grant, **asked) == scope


@pytest.mark.parametrize(("asked", "scope"), [({}, "WRITE SHARE"), ({"scope": "READ SHARE"}, "SHARE")])
def test_grants_the_scopes_of_the_key_alone(asked: dict[str, str], scope: str) -> None:
    """A key that lists scopes has those of its products' alone."""
    edge, app = edge_of_products("photos", "albums", own=("WRITE", "SHARE", "ADMIN"))

    assert scope_of(edge, app, **asked) == scope


@pytest.mark.parametrize("status", ["pending", "revoked"])
def test_grants_no_scope_of_a_product_that_is_not_approved(status: str) -> None:
    """A product that is not approved for the key gives no scope."""
    edge, app = edge_of_products("photos", "albums")
    edge.set_product_status(app, "photos", status)

    assert scope_of(edge, app) == "SHARE READ"


@pytest.mark.parametrize(("asked", "scope"), [({}, "&scope=READ%20WRITE"), ({"scope": "NONE"}, "")])
def test_grants_an_implicit_token_the_scopes_of_the_products(asked: dict[str, str], scope: str) -> None:
    """An implicit grant follows the same rules; a scope of none is left out of the fragment."""
    edge, app = edge_of_products("photos")
    url = serve(edge, "/implicit", GenerateAccessTokenImplicitGrant(name="implicit", generate_response=True))

    where = location(answer(edge, token_request(url, response_type="token", client_id=app.consumer_key, **asked)))

    assert where == f"https://app.example/#access_token={edge.calls.last.issued_token}&expires_in=3599{scope}"


def refresh_of(edge: FakeEdge, app: App, **fields: str) -> Callable[..., Request]:
    """Return what makes refreshes of a token that was just issued."""
    client = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
    generate = GenerateAccessToken(name="generate", generate_response=True, supported_grant_types=["password"])
    first = tokens(edge, token_request(serve(edge, "/first", generate), **PASSWORD, **client, **fields))
    url = serve(edge, "/refresh", RefreshAccessToken(name="refresh", generate_response=True))
    sent = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    return lambda **asked: token_request(url, **client, **sent, **asked)


@pytest.mark.parametrize(("before", "after"), [("pending", "approved"), ("approved", "revoked")])
@pytest.mark.parametrize("asked", [{}, {"scope": ""}, {"scope": "READ"}], ids=str)
def test_a_refresh_keeps_what_was_granted(asked: dict[str, str], before: str, after: str) -> None:
    """A refresh keeps the original scopes, also where the key has got or lost a product since."""
    edge, app = edge_of_products("photos", "albums")
    edge.set_product_status(app, "albums", before)
    refresh = refresh_of(edge, app)
    granted = {"pending": "READ WRITE", "approved": "READ WRITE SHARE"}[before]

    edge.set_product_status(app, "albums", after)

    assert tokens(edge, refresh(**asked))["scope"] == granted


@pytest.mark.parametrize("asked", ["WRITE", "READ WRITE", "ADMIN"])
def test_a_refresh_cannot_widen_the_scopes(asked: str) -> None:
    """A scope that the app may have and the token has not is refused, and the refresh token stays good."""
    edge, app = edge_of_products("photos")
    refresh = refresh_of(edge, app, scope="READ")

    got = answer(edge, refresh(scope=asked))

    assert got == (400, [JSON], flat("invalid_request", "Invalid Scope"))
    assert edge.calls.last.reason == "the token has the scopes: READ, no more"
    assert tokens(edge, refresh())["refresh_count"] == "1"


def test_a_token_without_scopes_can_be_refreshed() -> None:
    """A token that was issued with scope "" is refreshed with scope "", and cannot get any."""
    edge, app = edge_of_products("photos")
    refresh = refresh_of(edge, app, scope="NONE")

    assert answer(edge, refresh(scope="READ"))[0] == 400
    assert edge.calls.last.reason == "the token has the scopes: none, no more"
    assert tokens(edge, refresh())["scope"] == ""
