"""Developers, apps, keys and products as a state machine: the management API changes them, the gateway judges them."""

import json
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from pytest_apigee import FakeEdge, Request, Response
from tests.edge.gateway_support import basic, bearer, token_request

BASE = "https://api.enterprise.apigee.com/v1/o/acme"
EMAILS = ("ada@x.example", "bob@x.example")
APPS = ("mobile", "web")
PRODUCTS = ("gold", "silver")
KEYS = ("k1", "k2", "k3")
ACTIONS = {"approve": "approved", "revoke": "revoked"}
emails, apps, products = st.sampled_from(EMAILS), st.sampled_from(APPS), st.sampled_from(PRODUCTS)
product_lists = st.lists(products, unique=True, max_size=2)
actions = st.sampled_from(tuple(ACTIONS))


@dataclass(kw_only=True)
class KnownKey:
    """What the oracle knows of a consumer key."""

    secret: str
    products: dict[str, str]
    status: str = "approved"


@dataclass(kw_only=True)
class KnownApp:
    """What the oracle knows of an app."""

    keys: dict[str, KnownKey] = field(default_factory=dict)
    status: str = "approved"


@dataclass(kw_only=True)
class KnownProduct:
    """What the oracle knows of an API product."""

    approval: str
    allows_weather: bool


class Management(RuleBasedStateMachine):
    """Drives the API next to an oracle that holds nothing but dicts."""

    tokens = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.edge = FakeEdge()
        self.edge.user("ops@acme.example", password="pw")
        self.by_key = self.edge.proxy("/weather", security="apikey", products=[])
        self.issued: dict[str, KnownKey] = {}
        self.by_token = self.edge.proxy("/maps", name="maps", security="oauth", products=[])
        self.developers: dict[str, str] = {}
        self.products: dict[str, KnownProduct] = {}
        self.apps: dict[tuple[str, str], KnownApp] = {}

    # What is said

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Return the status and the JSON of an answer, None where it is empty."""
        sent = b"" if body is None else json.dumps(body)
        response = self.edge.handle(
            Request(method=method, url=BASE + path, headers=[basic("ops@acme.example", "pw")], body=sent)
        )
        assert isinstance(response, Response)
        return response.status, response.json() if response.body else None

    def owner_of(self, key: str) -> tuple[str, KnownApp] | None:
        owners = [(email, app) for (email, _), app in self.apps.items() if key in app.keys]
        return owners[0] if owners else None

    def subscribed(self, names: list[str]) -> dict[str, str]:
        return {name: "pending" if self.products[name].approval == "manual" else "approved" for name in names}

    def missing(self, email: str, app: str) -> bool:
        return (email, app) not in self.apps

    @initialize(approval=st.sampled_from(["auto", "manual"]), names=product_lists)
    def begin(self, approval: str, names: list[str]) -> None:
        """Begin with an app, for most of what happens happens to one."""
        for name in PRODUCTS:
            self.put_product(name, approval, allows=True)
        for email in EMAILS:
            self.create_developer(email)
        self.create_app(EMAILS[0], APPS[0], names)
        self.create_key(EMAILS[0], APPS[0], KEYS[0])

    # Developers

    @rule(email=emails)
    def create_developer(self, email: str) -> None:
        body = {"email": email, "firstName": "A", "lastName": "B", "userName": email}
        status, _ = self.call("POST", "/developers", body)

        assert status == (409 if email in self.developers else 201)
        self.developers.setdefault(email, "active")

    @rule(email=emails, status=st.sampled_from(["active", "inactive"]))
    def set_developer(self, email: str, status: str) -> None:
        answered, _ = self.call("POST", f"/developers/{email}?action={status}")

        assert answered == (204 if email in self.developers else 404)
        if email in self.developers:
            self.developers[email] = status

    @rule(email=emails)
    def delete_developer(self, email: str) -> None:
        status, body = self.call("DELETE", f"/developers/{email}")

        assert status == (200 if email in self.developers else 404)
        if status == 200:
            assert sorted(body["apps"]) == sorted(name for owner, name in self.apps if owner == email)
            del self.developers[email]
            self.apps = {path: app for path, app in self.apps.items() if path[0] != email}

    # Products

    @rule(name=products, approval=st.sampled_from(["auto", "manual"]), allows=st.booleans())
    def put_product(self, name: str, approval: str, *, allows: bool) -> None:
        proxies = ["weather", "maps"] if allows else ["oauth"]
        body = {"name": name, "displayName": name, "approvalType": approval, "proxies": proxies}
        if name in self.products:
            status, _ = self.call("PUT", f"/apiproducts/{name}", body)
            assert status == 200
        else:
            status, _ = self.call("POST", "/apiproducts", body)
            assert status == 201
        self.products[name] = KnownProduct(approval=approval, allows_weather=allows)

    @rule(name=products)
    def delete_product(self, name: str) -> None:
        status, _ = self.call("DELETE", f"/apiproducts/{name}")

        assert status == (200 if name in self.products else 404)
        self.products.pop(name, None)

    # Apps

    @rule(email=emails, app=apps, names=product_lists)
    def create_app(self, email: str, app: str, names: list[str]) -> None:
        status, body = self.call("POST", f"/developers/{email}/apps", {"name": app, "apiProducts": names})

        if email not in self.developers:
            assert status == 404
        elif not self.missing(email, app):
            assert status == 409
        elif not set(names) <= set(self.products):
            assert status == 404
        else:
            assert status == 201
            credential = body["credentials"][0]
            key = KnownKey(secret=credential["consumerSecret"], products=self.subscribed(names))
            self.apps[email, app] = KnownApp(keys={credential["consumerKey"]: key})

    @rule(email=emails, app=apps, action=actions)
    def act_on_app(self, email: str, app: str, action: str) -> None:
        status, _ = self.call("POST", f"/developers/{email}/apps/{app}?action={action}")

        assert status == (404 if self.missing(email, app) else 204)
        if status == 204:
            self.apps[email, app].status = ACTIONS[action]

    @rule(email=emails, app=apps)
    def delete_app(self, email: str, app: str) -> None:
        status, _ = self.call("DELETE", f"/developers/{email}/apps/{app}")

        assert status == (404 if self.missing(email, app) else 200)
        self.apps.pop((email, app), None)

    # Keys

    @rule(email=emails, app=apps, key=st.sampled_from(KEYS))
    def create_key(self, email: str, app: str, key: str) -> None:
        body = {"consumerKey": key, "consumerSecret": f"secret-{key}"}
        status, _ = self.call("POST", f"/developers/{email}/apps/{app}/keys/create", body)

        if self.missing(email, app):
            assert status == 404
        elif self.owner_of(key) is not None:
            assert status == 409
        else:
            assert status == 201
            self.apps[email, app].keys[key] = KnownKey(secret=f"secret-{key}", products={})

    @rule(data=st.data(), names=product_lists)
    def add_products(self, data: st.DataObject, names: list[str]) -> None:
        path, key, known = self.drawn_key(data)
        status, body = self.call("POST", path, {"apiProducts": names})

        if known is None or not set(names) <= set(self.products):
            assert status == 404
        else:
            assert (status, body["consumerKey"]) == (200, key)
            known.products = {**self.subscribed(names), **known.products}

    @rule(data=st.data(), action=actions)
    def act_on_key(self, data: st.DataObject, action: str) -> None:
        path, _, known = self.drawn_key(data)
        status, _ = self.call("POST", f"{path}?action={action}")

        assert status == (404 if known is None else 204)
        if known is not None:
            known.status = ACTIONS[action]

    @rule(data=st.data(), name=products, action=actions)
    def act_on_product_of_key(self, data: st.DataObject, name: str, action: str) -> None:
        path, _, known = self.drawn_key(data)
        status, _ = self.call("POST", f"{path}/apiproducts/{name}?action={action}")

        if known is None:
            assert status == 404
        elif name not in known.products:
            assert status == 500
        else:
            assert status == 204
            known.products[name] = ACTIONS[action]

    @rule(data=st.data(), name=products)
    def remove_product_of_key(self, data: st.DataObject, name: str) -> None:
        path, _, known = self.drawn_key(data)
        status, _ = self.call("DELETE", f"{path}/apiproducts/{name}")

        if known is None:
            assert status == 404
        else:
            assert status == (200 if name in known.products else 500)
            known.products.pop(name, None)

    @rule(data=st.data())
    def delete_key(self, data: st.DataObject) -> None:
        path, key, known = self.drawn_key(data)
        status, _ = self.call("DELETE", path)

        assert status == (404 if known is None else 200)
        for app in self.apps.values():
            app.keys.pop(key, None)

    def drawn_key(self, data: st.DataObject) -> tuple[str, str, KnownKey | None]:
        """Draw a key, usually one that is there: its path, itself, and what is known of it."""
        known = [(email, name, key) for (email, name), app in self.apps.items() for key in app.keys]
        email, name, key = data.draw(st.sampled_from([*known, (EMAILS[0], APPS[0], "k9")]))
        app = self.apps.get((email, name))
        return f"/developers/{email}/apps/{name}/keys/{key}", key, None if app is None else app.keys.get(key)

    # The gateway

    @rule(target=tokens, data=st.data())
    def issue_token(self, data: st.DataObject) -> Any:
        keys = [(key, known) for app in self.apps.values() for key, known in app.keys.items()]
        if not keys:
            return multiple()
        key, known = data.draw(st.sampled_from(keys))
        request = token_request(self.edge.token_url, client_id=key, client_secret=known.secret)
        response = self.edge.handle(request)
        assert isinstance(response, Response)
        assert response.status == (200 if self.inactivity(key) is None else 401)
        if response.status != 200:
            return multiple()
        value = response.json()["access_token"]
        self.issued[value] = known
        return key, value

    @rule(token=tokens)
    def use_token(self, token: tuple[str, str]) -> None:
        key, value = token
        expected = "keymanagement.service.invalid_access_token" if self.is_gone(token) else self.of_token(key)
        assert self.verdict(Request(url=self.by_token.url, headers=[bearer(value)])) == expected

    @rule(token=tokens)
    def show_token(self, token: tuple[str, str]) -> None:
        status, _ = self.call("GET", f"/oauth2/accesstokens/{token[1]}")
        assert status == (404 if self.is_gone(token) else 200)

    @rule(token=consumes(tokens))
    def revoke_token(self, token: tuple[str, str]) -> None:
        _, value = token
        status, body = self.call("POST", f"/oauth2/accesstokens/{value}?action=revoke")

        if self.is_gone(token):
            assert status == 404
            return
        assert (status, body["status"]) == (200, "revoked")
        refused = "keymanagement.service.access_token_not_approved"
        assert self.verdict(Request(url=self.by_token.url, headers=[bearer(value)])) == refused

    @invariant()
    def keys_are_judged(self) -> None:
        for key in (*KEYS, *(key for app in self.apps.values() for key in app.keys)):
            assert self.verdict(Request(url=f"{self.by_key.url}?apikey={key}")) == self.of_key(key)

    @invariant()
    def apps_are_listed(self) -> None:
        _, body = self.call("GET", "/apps?expand=true")

        assert {
            (app["name"], app["status"], credential["consumerKey"], credential["status"])
            for app in body["app"]
            for credential in app["credentials"]
        } == {
            (name, app.status, key, known.status)
            for (_, name), app in self.apps.items()
            for key, known in app.keys.items()
        }
        assert len(body["app"]) == len(self.apps)

    @invariant()
    def names_are_listed(self) -> None:
        assert self.call("GET", "/developers") == (200, sorted(self.developers))
        assert self.call("GET", "/apiproducts") == (200, sorted(self.products))

    # The oracle

    def is_gone(self, token: tuple[str, str]) -> bool:
        """Whether the key that a token was issued to was deleted; one made anew with its name is another one."""
        key, value = token
        return not any(app.keys.get(key) is self.issued[value] for app in self.apps.values())

    def inactivity(self, key: str) -> str | None:
        owner = self.owner_of(key)
        assert owner is not None
        email, app = owner
        if app.keys[key].status != "approved":
            return "key"
        if app.status != "approved":
            return "keymanagement.service.invalid_client-app_not_approved"
        if self.developers[email] != "active":
            return "keymanagement.service.DeveloperStatusNotActive"
        return None

    def covers(self, key: str) -> bool:
        owner = self.owner_of(key)
        assert owner is not None
        approved = [name for name, status in owner[1].keys[key].products.items() if status == "approved"]
        return any(name in self.products and self.products[name].allows_weather for name in approved)

    def of_key(self, key: str) -> str:
        if self.owner_of(key) is None:
            return "oauth.v2.InvalidApiKey"
        reason = self.inactivity(key)
        if reason is not None:
            return "oauth.v2.ApiKeyNotApproved" if reason == "key" else reason
        return "ok" if self.covers(key) else "oauth.v2.InvalidApiKeyForGivenResource"

    def of_token(self, key: str) -> str:
        if self.owner_of(key) is None:
            return "keymanagement.service.invalid_access_token"
        reason = self.inactivity(key)
        if reason is not None:
            return "keymanagement.service.invalid_client-client_id_not_approved" if reason == "key" else reason
        return "ok" if self.covers(key) else "keymanagement.service.InvalidAPICallAsNoApiProductMatchFound"

    def verdict(self, request: Request) -> str:
        response = self.edge.handle(request)
        assert isinstance(response, Response)
        return "ok" if response.status == 200 else response.json()["fault"]["detail"]["errorcode"]


TestManagement = Management.TestCase
TestManagement.settings = settings(max_examples=60, stateful_step_count=40)
