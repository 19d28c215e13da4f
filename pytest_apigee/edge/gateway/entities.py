"""What policies look up: tokens, clients, products. All of it through what the message processors remember.

Source: runtime.md 4.5 (revocation lag), 6.1 (how products are matched); products.yaml for products without bounds.
"""

from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.records import ApiProduct, Client, Status
from pytest_apigee.edge.tokens import AccessToken


def token_with_value(context: FlowContext, value: str) -> AccessToken | None:
    """Return an access token of the organization, as the gateway knows it."""
    tokens, now_ms = context.organization.tokens, context.state.clock.now_ms
    return context.organization.remembered.get("token", value, tokens.find, now_ms=now_ms)


def client_with_key(context: FlowContext, consumer_key: str) -> Client | None:
    """Return what a consumer key belongs to, as the gateway knows it."""
    organization, now_ms = context.organization, context.state.clock.now_ms
    return organization.remembered.get("client", consumer_key, organization.client_with_key, now_ms=now_ms)


def products_of(context: FlowContext, client: Client) -> list[ApiProduct]:
    """Return the approved API products of a consumer key, as the gateway knows them."""
    organization, now_ms = context.organization, context.state.clock.now_ms
    names = (name for name, status in client.credential.products.items() if status is Status.APPROVED)
    products = (
        organization.remembered.get("product", name, organization.products.get, now_ms=now_ms) for name in names
    )
    return [product for product in products if product is not None]


def covering_product(context: FlowContext, products: list[ApiProduct]) -> ApiProduct | None:
    """Return the first of some products that allows this proxy, in this environment, on this path."""
    return next((product for product in products if _covers(context, product)), None)


def why_not_covered(context: FlowContext, client: Client, products: list[ApiProduct]) -> str:
    """Return what to tell the tester of products that do not allow a call."""
    unapproved = [name for name, status in client.credential.products.items() if status is not Status.APPROVED]
    names = ", ".join(product.name for product in products) or "none"
    pending = f"; not approved for its key: {', '.join(unapproved)}" if unapproved else ""
    return (
        f"no API product of app {client.app.name!r} covers proxy {context.proxy.name!r} in {context.environment} "
        f"at {context.path_suffix or '/'}; its products: {names}{pending}"
    )


def _covers(context: FlowContext, product: ApiProduct) -> bool:
    return (
        (not product.proxies or context.proxy.name in product.proxies)
        and (not product.environments or context.environment in product.environments)
        and (not product.resources or _lists(context, product))
        and bool(product.proxies or product.resources or not context.organization.forbids_unbounded)
    )


def _lists(context: FlowContext, product: ApiProduct) -> bool:
    if "/" in product.resources and context.state.guesses.root_resource_allows_all:
        return True
    path = context.path_suffix or "/"
    return any(pattern.fullmatch(path) for pattern in product.resource_patterns)
