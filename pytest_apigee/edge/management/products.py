"""API products.

Source: products.yaml; management.md sections 4 and 5.1.
"""

from dataclasses import replace

from pytest_apigee.edge.management.attributes import AttributeEndpoints
from pytest_apigee.edge.management.body import Attributes, Body
from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.paging import Paging
from pytest_apigee.edge.management.rendering import product_body
from pytest_apigee.edge.management.routing import Handler, Route
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
    products, name = call.organization.products, call.query("attributename")
    wanted = (name, call.query("attributevalue"))
    names = (product.name for product in products.values() if not name or wanted in product.attributes)
    page = _PAGING.page(call, names)
    if not call.expands:
        return answer(page)
    return answer({"apiProduct": [product_body(call, products[known]) for known in page]})


def _create(call: Call) -> Response:
    body = call.body()
    product = _product(call, body, name=body.required("name"), stamp=call.stamp())
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
        raise NotModelled(f"{call.request.shown} with query={call.query('query')} and entity={call.query('entity')}")
    holders = [
        (app, credential.consumer_key)
        for app in call.organization.apps.values()
        for credential in app.credentials
        if product.name in credential.products
    ]
    if call.query("entity") == "keys":
        return answer(sorted(key for _, key in holders))
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
    display_name, approval = body.required("displayName"), body.required("approvalType")
    if approval not in _APPROVALS:
        raise call.refusal("field_invalid", name="approvalType")
    environments = body.texts("environments")
    for environment in environments:
        if environment not in call.organization.environments:
            raise call.refusal("environment_unknown", name=environment)
    return ApiProduct(
        name=name,
        proxies=body.texts("proxies"),
        environments=environments,
        resources=body.texts("apiResources"),
        scopes=body.texts("scopes"),
        approval_type=approval,
        display_name=display_name,
        description=body.text("description"),
        attributes=body.attributes(),
        quota=_figure(call, body, "quota"),
        quota_interval=_figure(call, body, "quotaInterval"),
        quota_time_unit=body.choice("quotaTimeUnit", ("", *_TIME_UNITS), ""),
        stamp=stamp,
    )


def _figure(call: Call, body: Body, name: str) -> str:
    if not body.text(name):
        return ""
    figure = body.number(name, 0)
    if figure <= 0:
        raise call.refusal("field_invalid", name=name)
    return str(figure)


def _save(call: Call, product: ApiProduct, attributes: Attributes) -> None:
    call.organization.put_product(replace(product, attributes=attributes, stamp=call.changed(product.stamp)))


_HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _ALL): _list,
    ("POST", _ALL): _create,
    ("GET", _ONE): _show,
    ("PUT", _ONE): _update,
    ("DELETE", _ONE): _delete,
}
ROUTES = (
    *(Route(method=method, path=path, source=_SOURCE, handler=run) for (method, path), run in _HANDLERS.items()),
    *AttributeEndpoints(path=_ONE, source=_SOURCE, find=product_of, save=_save).routes(),
)
