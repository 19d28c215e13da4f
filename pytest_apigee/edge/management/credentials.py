"""Consumer keys with their secrets: how new ones are made, and which products and scopes they may have.

Source: app-keys.yaml; management.md sections 4 and 5.1. GUESS: a lifetime below zero is for ever, not only -1.
"""

from collections.abc import Iterable
from dataclasses import replace

from pytest_apigee.edge.management.call import Call
from pytest_apigee.edge.management.errors import ApiError
from pytest_apigee.edge.records import NEVER_MS, App, Credential, Status
from pytest_apigee.edge.refusal import NotModelled

_ACTIONS = {"approve": Status.APPROVED, "revoke": Status.REVOKED}
_MOST_KEYS = 100


def new_credential(call: Call, *, products: Iterable[str], lifetime_ms: int = NEVER_MS) -> Credential:
    """Return a new consumer key that has some API products, each approved unless that is done by hand.

    Raises:
        Refusal: A product is unknown.
    """
    identifiers = call.state.identifiers
    return Credential(
        consumer_key=identifiers.consumer_key(),
        consumer_secret=identifiers.consumer_secret(),
        products=subscriptions(call, products),
        issued_at_ms=call.now_ms,
        expires_at_ms=NEVER_MS if lifetime_ms < 0 else call.now_ms + lifetime_ms,
    )


def with_key(call: Call, app: App, credential: Credential) -> App:
    """Return an app with one more key.

    Raises:
        NotModelled: It has a hundred; about there Edge stops, and how is unknown.
    """
    if len(app.credentials) >= _MOST_KEYS:
        what = f"more than {_MOST_KEYS} keys of one app, which Edge refuses in a way that nobody recorded"
        raise NotModelled(what)
    return replace(app, credentials=(*app.credentials, credential), stamp=call.changed(app.stamp))


def subscriptions(call: Call, products: Iterable[str]) -> dict[str, Status]:
    """Return the status that each of some API products has on a key that asks for it.

    Raises:
        Refusal: One is unknown.
    """
    wanted = {}
    for name in products:
        if name not in call.organization.products:
            raise call.refusal("unknown_product_of_app", name=name)
        wanted[name] = call.organization.subscription(name)
    return wanted


def check_scopes(call: Call, credential: Credential, scopes: Iterable[str]) -> None:
    """Refuse scopes that no API product of a key has."""
    products = (call.organization.products[name] for name in credential.products if name in call.organization.products)
    allowed = dict.fromkeys(scope for product in products for scope in product.scopes)
    if any(scope not in allowed for scope in scopes):
        message = f"Invalid scopes. Scopes must be contained in [{', '.join(allowed)}]"
        raise call.error(ApiError(status=400, code="keymanagement.service.InvalidScopes", message=message))


def status_after(call: Call, action: str) -> Status:
    """Return the status that an action gives.

    Raises:
        Refusal: 400; there is no such action.
    """
    if action not in _ACTIONS:
        raise call.refusal("unknown_action", name=action)
    return _ACTIONS[action]
