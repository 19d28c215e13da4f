"""Consumer keys of apps, below their developer or company.

Source: app-keys.yaml, company-app-keys.yaml; management.md sections 4 and 5.1. GUESS: attributes stay where a body has
none at all; an `action` goes before a body.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from pytest_apigee.edge.management.app_owners import COMPANIES, DEVELOPERS, OwnerKind
from pytest_apigee.edge.management.attributes import AttributeEndpoints
from pytest_apigee.edge.management.body import Attributes
from pytest_apigee.edge.management.call import Call, answer, no_content
from pytest_apigee.edge.management.cascades import delete_tokens_of_key
from pytest_apigee.edge.management.credentials import check_scopes, status_after, subscriptions, with_key
from pytest_apigee.edge.management.errors import ApiError
from pytest_apigee.edge.management.rendering import credential_body
from pytest_apigee.edge.management.routing import Route
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.records import App, Credential

_FIT = re.compile(r"[A-Za-z0-9_-]{1,2048}")


@dataclass(frozen=True, kw_only=True, slots=True)
class AppKeys:
    """The endpoints for the keys of the apps of one kind of owner."""

    kind: OwnerKind

    def routes(self) -> tuple[Route, ...]:
        """Return the endpoints."""
        keys = f"{self.kind.path}/apps/{{app}}/keys"
        one, product = f"{keys}/{{key}}", f"{keys}/{{key}}/apiproducts/{{product}}"
        source = f"as {DEVELOPERS.sources[0]}"
        attributes = AttributeEndpoints(path=one, source=source, find=self._found, save=self._save_own)
        return (
            self._route("POST", f"{keys}/create", self._create),
            self._route("GET", one, self._show),
            self._route("POST", one, self._act),
            self._route("PUT", one, self._set_scopes, is_official=self.kind is DEVELOPERS),
            self._route("DELETE", one, self._delete),
            self._route("POST", product, self._act_on_product),
            self._route("DELETE", product, self._remove_product),
            *attributes.routes(),
        )

    def _route(self, method: str, path: str, handler: Callable[[Call], Response], *, is_official: bool = True) -> Route:
        source = self.kind.sources[1] if is_official else f"as {DEVELOPERS.sources[1]}"
        return Route(method=method, path=path, source=source, handler=handler)

    def _create(self, call: Call) -> Response:
        """Add a key that the caller chose; the answer does not say when it expires."""
        app, body = self.kind.app(call), call.body()
        key, secret = body.required("consumerKey"), body.required("consumerSecret")
        for name, value in (("consumerKey", key), ("consumerSecret", secret)):
            if not _FIT.fullmatch(value):
                raise call.refusal("key_unfit", name=name)
        if call.organization.client_with_key(key) is not None:
            raise call.refusal("key_exists")
        credential = Credential(consumer_key=key, consumer_secret=secret, products={}, issued_at_ms=call.now_ms)
        call.organization.put_app(with_key(call, app, credential))
        fields = credential_body(credential)
        del fields["expiresAt"]
        return answer(fields, status=201)

    def _show(self, call: Call) -> Response:
        return answer(credential_body(self._found(call)))

    def _act(self, call: Call) -> Response:
        known = self._found(call)
        if call.request.body.strip() and not call.query("action"):
            return self._add_products(call, known)
        self._save(call, replace(known, status=status_after(call, call.query("action"))))
        return no_content()

    def _add_products(self, call: Call, known: Credential) -> Response:
        body = call.body()
        products = {**subscriptions(call, body.texts("apiProducts")), **known.products}
        ordered = {**known.products, **products}
        attributes = body.attributes() if "attributes" in body else known.attributes
        return answer(credential_body(self._save(call, replace(known, products=ordered, attributes=attributes))))

    def _set_scopes(self, call: Call) -> Response:
        known, body = self._found(call), call.body()
        body.demand("scopes")
        scopes = body.texts("scopes")
        check_scopes(call, known, scopes)
        return answer(credential_body(self._save(call, replace(known, scopes=scopes))))

    def _delete(self, call: Call) -> Response:
        app, credential = self.kind.app(call), self._found(call)
        others = tuple(known for known in app.credentials if known.consumer_key != credential.consumer_key)
        call.organization.put_app(replace(app, credentials=others, stamp=call.changed(app.stamp)))
        delete_tokens_of_key(call, app, credential.consumer_key)
        return answer(credential_body(credential))

    def _act_on_product(self, call: Call) -> Response:
        known = self._with_product(call)
        products = {**known.products, call["product"]: status_after(call, call.query("action"))}
        self._save(call, replace(known, products=products))
        return no_content()

    def _remove_product(self, call: Call) -> Response:
        known = self._with_product(call)
        products = {name: status for name, status in known.products.items() if name != call["product"]}
        changed = self._save(call, replace(known, products=products))
        return answer(credential_body(changed)) if self.kind is DEVELOPERS else no_content()

    def _with_product(self, call: Call) -> Credential:
        known = self._found(call)
        if call["product"] not in known.products:
            raise call.refusal("product_not_on_key")
        return known

    def _found(self, call: Call) -> Credential:
        credentials = self.kind.app(call).credentials
        credential = next((known for known in credentials if known.consumer_key == call["key"]), None)
        if credential is None:
            code, message = "keymanagement.service.InvalidClientIdForGivenApp", "Invalid consumer key for Given App"
            raise call.error(ApiError(status=404, code=code, message=message))
        return credential

    def _save(self, call: Call, credential: Credential) -> Credential:
        def changed(known: Credential) -> Credential:
            return credential if known.consumer_key == credential.consumer_key else known

        app: App = self.kind.app(call)
        credentials = tuple(changed(known) for known in app.credentials)
        call.organization.put_app(replace(app, credentials=credentials, stamp=call.changed(app.stamp)))
        return credential

    def _save_own(self, call: Call, credential: Credential, attributes: Attributes) -> None:
        self._save(call, replace(credential, attributes=attributes))


ROUTES = (*AppKeys(kind=DEVELOPERS).routes(), *AppKeys(kind=COMPANIES).routes())
