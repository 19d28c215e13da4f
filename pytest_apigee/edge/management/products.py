"""API products.

Source: products.yaml; management.md sections 4 and 5.1. GUESS: an update takes no name from its body; a filter without
`attributevalue` finds every product with the attribute; keys and apps are listed in the order of their names, those of
one name once.
"""

from dataclasses import replace

from pytest_apigee.edge.management.attributes import AttributeEndpoints, limited
from pytest_apigee.edge.management.body import Attributes, Body
from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.names import PRODUCT, is_fit
from pytest_apigee.edge.management.paging import Paging
from pytest_apigee.edge.management.rendering import product_body
from pytest_apigee.edge.management.routing import Handler, routes_of
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.records import ApiProduct, App, Stamp
from pytest_apigee.edge.refusal import NotModelled

_SOURCE = "products.yaml"
_ALL = "/organizations/{org}/apiproducts"
_ONE = f"{_ALL}/{{product}}"
_PAGING = Paging(most=1_000)
_PAGING_OF_APPS = Paging(most=100, start="startkey")
_APPROVALS = ("auto", "manual")
_TIME_UNITS = ("minute", "hour", "day", "month")


def product_of(call: Call) -> ApiProduct:
    """Return the API product that a path names.

    Raises:
        Refusal: 404; there is none.
    """
    product = call.organization.products.get(call["product"])
    if product is None:
        raise call.refusal("product_unknown", name=call["product"])
    return product


def _list(call: Call) -> Response:
    products = call.organization.products
    names = (product.name for product in products.values() if _is_wanted(call, product))
    page = _PAGING.page(call, names)
    if not call.expands:
        return answer(page)
    return answer({"apiProduct": [product_body(call, products[known]) for known in page]})


def _is_wanted(call: Call, product: ApiProduct) -> bool:
    name, value = call.query("attributename"), call.query("attributevalue")
    return not name or any(known == name and value in ("", held) for known, held in product.attributes)


def _create(call: Call) -> Response:
    body = call.body()
    name = body.text("name")
    if not (name and is_fit(call, name, PRODUCT)):
        raise call.refusal("product_name_unfit")
    product = _product(call, body, name=name, stamp=call.stamp())
    if product.name in call.organization.products:
        raise call.refusal("product_exists", name=product.name)
    call.organization.put_product(product)
    return answer(product_body(call, product), status=201)


def _show(call: Call) -> Response:
    product = product_of(call)
    if call.query("query"):
        return _entities(call, product)
    return answer(product_body(call, product))


def _entities(call: Call, product: ApiProduct) -> Response:
    """List the keys or the apps that have an API product."""
    if call.query("query") != "list" or call.query("entity") not in ("keys", "apps"):
        what = f"{call.request.shown} with anything but query=list and entity=keys or entity=apps"
        raise NotModelled(what)
    holders = [
        (app, credential.consumer_key)
        for app in call.organization.apps.values()
        for credential in app.credentials
        if product.name in credential.products
    ]
    if call.query("entity") == "keys":
        return answer(sorted(key for _, key in holders)[: _PAGING_OF_APPS.most])
    apps: dict[str, App] = {app.name: app for app, _ in holders}
    return answer(_PAGING_OF_APPS.page(call, apps))


def _update(call: Call) -> Response:
    known, body = product_of(call), call.body()
    product = _product(call, body, name=known.name, stamp=call.changed(known.stamp))
    call.organization.put_product(product)
    return answer(product_body(call, product))


def _delete(call: Call) -> Response:
    product = product_of(call)
    call.organization.remove_product(product)
    return answer(product_body(call, product))


def _product(call: Call, body: Body, *, name: str, stamp: Stamp) -> ApiProduct:
    display_name, approval = body.text("displayName"), body.required("approvalType")
    if not display_name:
        raise call.refusal("product_display_name_unfit")
    if approval not in _APPROVALS:
        raise call.refusal("field_invalid", name="approvalType")
    environments = body.texts("environments")
    for environment in environments:
        if environment not in call.organization.environments:
            raise call.refusal("environment_unknown", name=environment)
    proxies, resources = body.texts("proxies"), body.texts("apiResources")
    _check_bounds(call, proxies, resources)
    return ApiProduct(
        name=name,
        proxies=proxies,
        environments=environments,
        resources=resources,
        scopes=body.texts("scopes"),
        approval_type=approval,
        display_name=display_name,
        description=body.text("description"),
        attributes=limited(call, body.attributes()),
        quota=_figure(call, body, "quota"),
        quota_interval=_figure(call, body, "quotaInterval"),
        quota_time_unit=body.choice("quotaTimeUnit", ("", *_TIME_UNITS), ""),
        stamp=stamp,
    )


def _check_bounds(call: Call, proxies: tuple[str, ...], resources: tuple[str, ...]) -> None:
    """Refuse API proxies that do not exist, and a product without bounds where there must be some."""
    organization = call.organization
    if call.state.guesses.mgmt_product_proxies_checked:
        for proxy in proxies:
            if not organization.has_api(proxy):
                raise call.refusal("product_proxy_unknown", name=proxy)
    if organization.forbids_unbounded and not (proxies or resources):
        raise call.refusal("product_unbounded")


def _figure(call: Call, body: Body, name: str) -> str:
    if not body.text(name):
        return ""
    figure = body.number(name, 0)
    if figure <= 0:
        raise call.refusal("field_invalid", name=name)
    return str(figure)


def _save(call: Call, product: ApiProduct, attributes: Attributes) -> None:
    call.organization.put_product(
        replace(product, attributes=limited(call, attributes), stamp=call.changed(product.stamp))
    )


_HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _ALL): _list,
    ("POST", _ALL): _create,
    ("GET", _ONE): _show,
    ("PUT", _ONE): _update,
    ("DELETE", _ONE): _delete,
}
ROUTES = (
    *routes_of(_SOURCE, _HANDLERS),
    *AttributeEndpoints(path=_ONE, source=_SOURCE, find=product_of, save=_save).routes(),
)
