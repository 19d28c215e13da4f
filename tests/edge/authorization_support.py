"""Shared by the tests of authorization servers: an app, its server, and requests as browsers and apps send them."""

from dataclasses import dataclass
from urllib.parse import urlencode

from pytest_apigee import App, FakeEdge, Request
from pytest_apigee.edge.catalog import AuthorizationServer
from tests.edge.gateway_support import FORM, Answer, answer, frozen_edge, get, token_request

CALLBACK = "https://app.example/cb"
HTML = ("Content-Type", "text/html;charset=UTF-8")
LOGIN = b"""<p><label>User name <input name="username" autocomplete="username"></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p>
"""
PAGE = b"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>%(app)s asks for access</title></head>
<body>
<h1>%(app)s asks for access</h1>
%(alert)s<form method="post" action="./authorize">
%(fields)s%(login)s<p><button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></p>
</form>
</body>
</html>
"""


def page(fields: bytes, *, app: bytes = b"forecast", alert: bytes = b"", login: bytes = b"") -> bytes:
    """Return the consent page."""
    return PAGE % {b"app": app, b"alert": alert, b"fields": fields, b"login": login}


def alert(text: bytes) -> bytes:
    """Return a message on the consent page."""
    return b'<p role="alert">%s</p>\n' % text


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A world with an authorization server, an app, and an API."""

    edge: FakeEdge
    server: AuthorizationServer
    app: App
    api: str

    def ask(self, **changes: str | None) -> Answer:
        """Return the answer to the authorization request of the app, changed."""
        return answer(self.edge, get(f"{self.server.authorize_url}?{urlencode(self._fields(changes))}"))

    def decide(self, decision: str | None = "allow", **changes: str | None) -> Answer:
        """Return the answer to the form of the consent page, changed."""
        body = urlencode(self._fields({"decision": decision, **changes}), errors="replace")
        return answer(self.edge, Request(method="POST", url=self.server.authorize_url, headers=[FORM], body=body))

    def token(self, *headers: tuple[str, str], **fields: str | None) -> Answer:
        """Return the answer to a token request of the app."""
        given = {"client_id": self.app.consumer_key, "client_secret": self.app.consumer_secret, **fields}
        sent = {name: value for name, value in given.items() if value is not None}
        request = token_request(self.server.token_url, **sent)
        return answer(self.edge, request.with_headers([*request.headers, *headers]))

    def revoke(self, **fields: str) -> Answer:
        """Return the answer to a revocation by the app, changed."""
        client = {"client_id": self.app.consumer_key, "client_secret": self.app.consumer_secret}
        return answer(self.edge, token_request(self.server.revoke_url, **{**client, **fields}))

    def call(self, token: str) -> int:
        """Return the status of a call of the API."""
        return answer(self.edge, Request(url=self.api, headers={"Authorization": f"Bearer {token}"}))[0]

    def _fields(self, changes: dict[str, str | None]) -> dict[str, str]:
        usual = {"response_type": "code", "client_id": "key", "redirect_uri": CALLBACK, "scope": "READ", "state": "xyz"}
        return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def setting(
    *, callback: str = CALLBACK, app: str = "forecast", edge: FakeEdge | None = None, **settings: object
) -> Setting:
    """Return a world with an authorization server of these settings."""
    world = frozen_edge() if edge is None else edge
    server = world.authorization_server(**settings)
    world.product("weather", scopes=["READ", "WRITE"])
    api = world.proxy("/weather", products=["weather"], target={"temp": 21}, scope="READ")
    declared = world.app(app, products=["weather"], callback_url=callback, consumer_key="key", consumer_secret="secret")
    return Setting(edge=world, server=server, app=declared, api=api.url)
