"""Apps below their developer or company.

Source: developer-apps.yaml, company-apps.yaml; management.md sections 4 and 5.1. GUESS: the name in a path counts,
whatever the body of an update says; an `action` goes before a body; the new key of an update has no scopes of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from pytest_apigee.edge.management.app_owners import COMPANIES, DEVELOPERS, OwnerKind
from pytest_apigee.edge.management.attributes import AttributeEndpoints, limited
from pytest_apigee.edge.management.body import Attributes, Body
from pytest_apigee.edge.management.call import Call, answer, no_content
from pytest_apigee.edge.management.cascades import delete_tokens_of
from pytest_apigee.edge.management.credentials import check_scopes, new_credential, status_after, with_key
from pytest_apigee.edge.management.names import APP, fit_name
from pytest_apigee.edge.management.paging import Paging
from pytest_apigee.edge.management.rendering import app_body
from pytest_apigee.edge.management.routing import Route
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.records import App, Status

_PAGING = Paging(most=100)


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnedApps:
    """The endpoints for the apps of one kind of owner."""

    kind: OwnerKind

    def routes(self) -> tuple[Route, ...]:
        """Return the endpoints."""
        several, one = f"{self.kind.path}/apps", f"{self.kind.path}/apps/{{app}}"
        source = self.kind.sources[0] if self.kind is DEVELOPERS else f"as {DEVELOPERS.sources[0]}"
        attributes = AttributeEndpoints(path=one, source=source, find=self.kind.app, save=_save_attributes)
        return (
            self._route("GET", several, self._list),
            self._route("POST", several, self._create),
            self._route("GET", one, self._show),
            self._route("PUT", one, self._update),
            self._route("POST", one, self._act),
            self._route("DELETE", one, self._delete),
            *attributes.routes(),
        )

    def _route(self, method: str, path: str, handler: Callable[[Call], Response]) -> Route:
        return Route(method=method, path=path, source=self.kind.sources[0], handler=handler)

    def _list(self, call: Call) -> Response:
        call.require_modelled("keyStatus", "shallowExpand")
        if self.kind is COMPANIES and call.query("startKey") and not call.query("count"):
            raise call.refusal("field_missing", name="count")  # documented as required there, and there alone
        apps = {app.name: app for app in self.kind.apps(call)}
        page = _PAGING.page(call, apps)
        if call.expands and not (call.query("count") or call.query("startKey")):
            return answer({"app": [app_body(call, apps[name]) for name in page]})
        return answer(page)

    def _create(self, call: Call) -> Response:
        owner, body = self.kind.find(call), call.body()
        name, products = fit_name(call, body.required("name"), APP), self._products(body)
        if any(app.name == name for app in self.kind.apps(call)):
            raise call.refusal("app_exists", name=name)
        if not products and call.organization.forbids_unbounded:
            raise call.refusal("products_required")
        scopes = body.texts("scopes")
        credential = new_credential(call, products=products, lifetime_ms=body.number("keyExpiresIn", -1))
        check_scopes(call, credential, scopes)
        app = App(
            name=name,
            app_id=call.state.identifiers.uuid(),
            organization=call.organization.name,
            developer=owner.developer,
            company=owner.company,
            credentials=(replace(credential, scopes=scopes),),
            status=_status(body, Status.APPROVED),
            callback_url=body.text("callbackUrl"),
            attributes=limited(call, body.attributes()),
            scopes=scopes,
            stamp=call.stamp(),
        )
        call.organization.put_app(app)
        return answer(app_body(call, app), status=201)

    def _show(self, call: Call) -> Response:
        call.require_modelled("query", "entity")
        return answer(app_body(call, self.kind.app(call)))

    def _update(self, call: Call) -> Response:
        """Change an app; API products in the body are a new key of it."""
        known, body = self.kind.app(call), call.body()
        app = self._changed(call, known, body, status=_status(body, known.status))
        if products := self._products(body):
            app = _with_key(call, app, body, products)
        call.organization.put_app(app)
        return answer(app_body(call, app))

    def _act(self, call: Call) -> Response:
        known = self.kind.app(call)
        if call.request.body.strip() and not call.query("action"):
            return self._add_key(call, known)
        call.organization.put_app(
            replace(known, status=status_after(call, call.query("action")), stamp=call.changed(known.stamp))
        )
        return no_content()

    def _add_key(self, call: Call, known: App) -> Response:
        """Add a key, or act by the body. GUESS: there a status stands for the action that leads to it."""
        body = call.body()
        if action := body.text("status"):
            status = status_after(call, {"approved": "approve", "revoked": "revoke"}.get(action, action))
            app = replace(known, status=status, stamp=call.changed(known.stamp))
        else:
            app = self._changed(call, known, body, status=known.status)
            app = _with_key(call, app, body, self._products(body))
        call.organization.put_app(app)
        return answer(app_body(call, app))

    def _changed(self, call: Call, known: App, body: Body, *, status: Status) -> App:
        return replace(
            known,
            status=status,
            callback_url=body.text("callbackUrl"),
            attributes=limited(call, body.attributes()),
            stamp=call.changed(known.stamp),
        )

    def _products(self, body: Body) -> tuple[str, ...]:
        """Return the API products of a body; for companies the official file spells the field in lower case."""
        if self.kind is COMPANIES and "apiProducts" not in body:
            return body.texts("apiproducts")
        return body.texts("apiProducts")

    def _delete(self, call: Call) -> Response:
        app = self.kind.app(call)
        body = app_body(call, app)
        call.organization.remove_app(app)
        delete_tokens_of(call, [app])
        return answer(body)


def _with_key(call: Call, app: App, body: Body, products: tuple[str, ...]) -> App:
    credential = new_credential(call, products=products, lifetime_ms=body.number("keyExpiresIn", -1))
    return with_key(call, app, credential)


def _status(body: Body, default: Status) -> Status:
    return Status(body.choice("status", tuple(Status), default))


def _save_attributes(call: Call, app: App, attributes: Attributes) -> None:
    call.organization.put_app(replace(app, attributes=limited(call, attributes), stamp=call.changed(app.stamp)))


ROUTES = (*OwnedApps(kind=DEVELOPERS).routes(), *OwnedApps(kind=COMPANIES).routes())
