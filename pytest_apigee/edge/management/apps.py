"""All apps of an organization, by their ids.

Source: apps.yaml; management.md section 4. GUESS: an unknown `apptype` or `status` is refused, and so is `startKey`
without `rows`, which is documented as required.
"""

from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.cascades import delete_tokens_of
from pytest_apigee.edge.management.paging import Paging
from pytest_apigee.edge.management.rendering import app_body
from pytest_apigee.edge.management.routing import Route
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.records import App, Status

_SOURCE = "apps.yaml"
_ALL = "/organizations/{org}/apps"
_ONE = f"{_ALL}/{{app_id}}"
_PAGING = Paging(most=1_000, count="rows")
_KINDS = ("company", "developer")
_UNMODELLED = ("apiProduct", "apiproduct", "appfamily", "ids", "includeCred", "keyStatus")


def _list(call: Call) -> Response:
    call.require_modelled(*_UNMODELLED)
    kind, status = call.query("apptype"), call.query("status")
    if kind not in ("", *_KINDS):
        raise call.refusal("field_invalid", name="apptype")
    if status not in ("", *Status):
        raise call.refusal("field_invalid", name="status")
    if call.query("startKey") and not call.query("rows"):
        raise call.refusal("field_missing", name="rows")
    apps = {
        app.app_id: app
        for app in call.organization.apps.values()
        if kind in ("", _kind_of(app)) and status in ("", app.status)
    }
    page = _PAGING.page(call, apps)
    if not call.expands:
        return answer(page)
    return answer({"app": [app_body(call, apps[app_id]) for app_id in page]})


def _kind_of(app: App) -> str:
    return "company" if app.company else "developer"


def _app(call: Call) -> App:
    app = call.organization.app_with_id(call["app_id"])
    if app is None:
        raise call.refusal("app_id_unknown", name=call["app_id"])
    return app


def _show(call: Call) -> Response:
    return answer(app_body(call, _app(call)))


def _delete(call: Call) -> Response:
    """Delete an app by its id, as apigee-edge-js does; no official file has it."""
    app = _app(call)
    body = app_body(call, app)
    call.organization.remove_app(app)
    delete_tokens_of(call, [app])
    return answer(body)


ROUTES = (
    Route(method="GET", path=_ALL, source=_SOURCE, handler=_list),
    Route(method="GET", path=_ONE, source=_SOURCE, handler=_show),
    Route(method="DELETE", path=_ONE, source="apigee-edge-js", handler=_delete),
)
