"""A long conversation with one world: every kind of exchange, each step building on the answers before it."""

import io
import json
import re
import zipfile
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from pytest_apigee import FakeEdge, Request, Response
from pytest_apigee.policies import (
    Flow,
    GenerateAccessToken,
    GenerateAccessTokenImplicitGrant,
    GenerateAuthorizationCode,
    Policy,
    ProxyEndpoint,
    RefreshAccessToken,
)

MOMENT = "2030-01-31T12:00:00Z"
SEED = 7
CUSTOM = "api.acme.example"
LOGIN = "https://login.apigee.com"
MANAGEMENT = "https://api.enterprise.apigee.com/v1"
GATEWAY = "https://acme-test.apigee.net"
CALLBACK = "https://app.example/callback"
FORM = ("Content-Type", "application/x-www-form-urlencoded")
JSON = ("Content-Type", "application/json")
EDGECLI = ("Authorization", "Basic ZWRnZWNsaTplZGdlY2xpc2VjcmV0")
OPS = ("Authorization", f"Basic {b64encode(b'ops@acme.example:correct horse').decode()}")
ACCEPT = ("Accept", "*/*")
APP = {"client_id": "key", "client_secret": "secret"}
USER = {"grant_type": "password", "username": "ops@acme.example", "password": "correct horse"}
GRANTS = ("authorization_code", "client_credentials", "password")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a client sees of an answer."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes


@dataclass
class Conversation:
    """What was answered so far, by the names of the steps."""

    edge: FakeEdge
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def value(self, step: str, name: str) -> str:
        """Return a field of an answer in JSON."""
        return str(json.loads(self.outcomes[step].body)[name])

    def header(self, step: str, name: str) -> str:
        """Return a header of an answer."""
        return next(value for key, value in self.outcomes[step].headers if key.lower() == name.lower())

    def code(self) -> str:
        """Return the authorization code."""
        return dict(parse_qsl(urlsplit(self.header("an authorization code", "Location")).query))["code"]

    def cookie(self, step: str) -> tuple[str, str]:
        """Return the Cookie header of a browser after an answer."""
        cookies = [value.partition(";")[0] for key, value in self.outcomes[step].headers if key.lower() == "set-cookie"]
        return "Cookie", "; ".join(cookies)

    def csrf(self, step: str) -> str:
        """Return the hidden field of a form."""
        return re.findall(r'name="X-Uaa-Csrf" value="([^"]*)"', self.outcomes[step].body.decode())[0]


Step = Callable[[Conversation], Request]


def furnish(edge: FakeEdge) -> None:
    """Put the same things into each world."""
    edge.clock.freeze(MOMENT)
    edge.product("weather", scopes=["READ"])
    edge.app("weatherapp", products=["weather"], consumer_key="key", consumer_secret="secret", callback_url=CALLBACK)
    edge.proxy("/weather", products=["weather"], target={"temp": 21, "città": "Forlì"})
    edge.proxy("/scoped", products=["weather"], scope="WRITE")
    edge.proxy("/keyed", security="apikey", products=["weather"])
    edge.proxy("/echo", security="none", target=lambda request: Response(body=request.body, status=202))
    edge.proxy("/seen", security="none", target=lambda request: {"path": request.path, "query": request.query_string})
    edge.proxy("/broken", security="none", target=lambda request: json.loads("{"))
    edge.proxy(
        "/teapot", security="none", target=Response(status=418, headers=[("A", "1"), ("A", "2")], body=b"\0\xff")
    )
    edge.proxy("/moved", security="none", target=Response(status=301, headers={"Location": f"{GATEWAY}/weather"}))
    edge.proxy("/nothing", security="none", target=Response(status=204))
    edge.proxy("/same", security="none", target=Response(status=304, headers={"ETag": '"1"'}))
    edge.proxy("/odd", security="none", target=Response(status=299, reason="Quite Good"))
    edge.proxy("/latin", security="none", target=Response(headers={"X-Name": "J\xf6rg"}, body="J\xf6rg"))
    edge.proxy(
        "/cookies", security="none", target=Response(headers=[("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2")])
    )
    edge.proxy("/dated", security="none", target=Response(headers={"Date": "Mon, 01 Jan 2001 00:00:00 GMT"}))
    edge.proxy("/big", security="none", target=Response(body=b"0123456789" * 30_000))
    _policy(edge, "/authorize", GenerateAuthorizationCode(name="code", generate_response=True))
    _policy(edge, "/implicit", GenerateAccessTokenImplicitGrant(name="implicit", generate_response=True))
    _policy(edge, "/token", GenerateAccessToken(name="token", supported_grant_types=GRANTS, generate_response=True))
    _policy(edge, "/refresh", RefreshAccessToken(name="refresh", generate_response=True))
    edge.organization("globex", environments=["stage"], hosts={CUSTOM: "stage"})
    edge.proxy("/custom", security="none", target={"host": CUSTOM}, org="globex", env="stage")
    edge.user("ops@acme.example", password="correct horse", roles={"acme": ["orgadmin"]})
    edge.zone("globex", organizations=["globex"])


def _policy(edge: FakeEdge, path: str, policy: Policy) -> None:
    edge.proxy(path, endpoint=ProxyEndpoint(pre_flow=Flow(name="PreFlow", request=(policy,))))


def call(url: str, *headers: tuple[str, str], method: str = "GET", body: bytes | str = b"") -> Step:
    """Return a step that needs nothing of those before it."""
    return lambda _: Request(method=method, url=url, headers={**dict([ACCEPT]), **dict(headers)}, body=body)


def post(url: str, fields: Mapping[str, str], *headers: tuple[str, str]) -> Step:
    """Return a step that sends a form."""
    return call(url, FORM, *headers, method="POST", body=urlencode(fields))


def login(**changes: str) -> Step:
    """Return a step that asks the SSO for tokens."""
    return post(f"{LOGIN}/oauth/token", {**USER, **changes}, EDGECLI)


def manage(method: str, path: str, body: object = None, *headers: tuple[str, str]) -> Step:
    """Return a step that asks the management API as an administrator."""
    kind = () if body is None else (JSON,)
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return call(f"{MANAGEMENT}{path}", OPS, *(headers or kind), method=method, body=content)


def bundle() -> bytes:
    """Return an API proxy to upload."""
    files = {
        "apiproxy/up.xml": '<APIProxy name="up"/>',
        "apiproxy/proxies/default.xml": (
            '<ProxyEndpoint name="default"><HTTPProxyConnection><BasePath>/up</BasePath>'
            "<VirtualHost>secure</VirtualHost></HTTPProxyConnection></ProxyEndpoint>"
        ),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path), content)
    return buffer.getvalue()


def multipart() -> tuple[tuple[str, str], bytes]:
    """Return the same upload as a form of a browser."""
    part = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="up.zip"\r\n\r\n' + bundle() + b"\r\n--x--\r\n"
    )
    return ("Content-Type", "multipart/form-data; boundary=x"), part


def bearer(step: str, url: str, *, method: str = "GET") -> Step:
    """Return a step that uses the access token of another one."""
    return lambda past: Request(
        method=method, url=url, headers=[ACCEPT, ("Authorization", f"Bearer {past.value(step, 'access_token')}")]
    )


def faulty(past: Conversation) -> Request:
    """Arm a fault, and meet it."""
    past.edge.faults.respond(429, json={"slow": "down"}, headers={"Retry-After": "1"})
    return Request(url=f"{GATEWAY}/weather")


ACME = "/organizations/acme"
ADA = {"email": "ada@example.com", "firstName": "Ada", "lastName": "L", "userName": "ada"}
PRODUCT = {"name": "photos", "displayName": "Photos", "approvalType": "auto", "environments": ["test"], "proxies": []}
STOCK = f"{GATEWAY}/oauth/client_credential"
CORPUS: dict[str, Step] = {
    # The gateway's tokens
    "an app token": post(f"{STOCK}/accesstoken?grant_type=client_credentials", APP),
    "an app token by Basic": call(
        f"{STOCK}/accesstoken?grant_type=client_credentials",
        ("Authorization", f"Basic {b64encode(b'key:secret').decode()}"),
        method="POST",
    ),
    "a wrong secret": post(f"{STOCK}/accesstoken?grant_type=client_credentials", {**APP, "client_secret": "wrong"}),
    "an unknown key": post(f"{STOCK}/accesstoken?grant_type=client_credentials", {**APP, "client_id": "nobody"}),
    "no grant type": post(f"{STOCK}/accesstoken", APP),
    "a form that does not decode": call(
        f"{STOCK}/accesstoken?grant_type=client_credentials", FORM, method="POST", body="a=%zz"
    ),
    "an authorization code": post(
        f"{GATEWAY}/authorize", {"response_type": "code", "client_id": "key", "state": "a b"}
    ),
    "a token for a code": lambda past: post(
        f"{GATEWAY}/token", {**APP, "grant_type": "authorization_code", "code": past.code(), "redirect_uri": CALLBACK}
    )(past),
    "a code that is used up": lambda past: post(
        f"{GATEWAY}/token", {**APP, "grant_type": "authorization_code", "code": past.code(), "redirect_uri": CALLBACK}
    )(past),
    "an implicit grant": post(f"{GATEWAY}/implicit", {"response_type": "token", "client_id": "key"}),
    "a user's token": post(f"{GATEWAY}/token", {**APP, "grant_type": "password", "username": "ada", "password": "pw"}),
    "a refresh": lambda past: post(
        f"{GATEWAY}/refresh",
        {**APP, "grant_type": "refresh_token", "refresh_token": past.value("a user's token", "refresh_token")},
    )(past),
    "a refresh with nonsense": post(
        f"{GATEWAY}/refresh", {**APP, "grant_type": "refresh_token", "refresh_token": "nonsense"}
    ),
    # Calls at the gateway
    "a protected call": bearer("an app token", f"{GATEWAY}/weather/x?y=1"),
    "a call with a user's token": bearer("a refresh", f"{GATEWAY}/weather"),
    "a call without a token": call(f"{GATEWAY}/weather"),
    "a call with nonsense": call(f"{GATEWAY}/weather", ("Authorization", "Bearer nonsense")),
    "a call without the scope": bearer("an app token", f"{GATEWAY}/scoped"),
    "a call with an API key": call(f"{GATEWAY}/keyed?apikey=key"),
    "a call with a wrong API key": call(f"{GATEWAY}/keyed?apikey=nobody"),
    "a call to no proxy": call(f"{GATEWAY}/nowhere"),
    "a call over http": call("http://acme-test.apigee.net/weather"),
    "a call at a custom domain": call(f"https://{CUSTOM}/custom"),
    "a call to a target that breaks": call(f"{GATEWAY}/broken"),
    "a body that comes back": call(
        f"{GATEWAY}/echo", ("Content-Type", "application/octet-stream"), method="POST", body=bytes(range(256))
    ),
    "a PUT": call(f"{GATEWAY}/echo", ("Content-Type", "text/plain"), method="PUT", body="x"),
    "a DELETE": call(f"{GATEWAY}/echo", method="DELETE"),
    "an OPTIONS": call(f"{GATEWAY}/echo", method="OPTIONS"),
    "a path as it was sent": call(f"{GATEWAY}/seen/a%20b%2Fc;d=e//f?g=%C3%A0&h"),
    "a target's own response": call(f"{GATEWAY}/teapot"),
    "a HEAD": call(f"{GATEWAY}/teapot", method="HEAD"),
    "a HEAD of much": call(f"{GATEWAY}/big", method="HEAD"),
    "much": call(f"{GATEWAY}/big"),
    "a redirect": call(f"{GATEWAY}/moved"),
    "nothing": call(f"{GATEWAY}/nothing"),
    "what has not changed": call(f"{GATEWAY}/same"),
    "a reason of its own": call(f"{GATEWAY}/odd"),
    "a header beyond ASCII": call(f"{GATEWAY}/latin"),
    "two cookies": call(f"{GATEWAY}/cookies"),
    "a date of its own": call(f"{GATEWAY}/dated"),
    "the mock target": call("https://mocktarget.apigee.net/"),
    "a fault": faulty,
    # The SSO
    "a login": login(),
    "a wrong login": login(password="wrong"),
    "a login without its client": post(f"{LOGIN}/oauth/token", USER),
    "a login of an unknown grant": login(grant_type="magic"),
    "a login's refresh": lambda past: login(
        grant_type="refresh_token", refresh_token=past.value("a login", "refresh_token")
    )(past),
    "a login's check": lambda past: post(
        f"{LOGIN}/check_token", {"token": past.value("a login", "access_token")}, EDGECLI
    )(past),
    "a login by passcode": lambda past: login(passcode=past.edge.passcode(past.edge.find_user("ops@acme.example")))(
        past
    ),
    "a login in a zone": post("https://globex.login.apigee.com/oauth/token", USER, EDGECLI),
    "the keys": call(f"{LOGIN}/token_keys"),
    "the version": call(f"{LOGIN}/version"),
    "what the SSO is": call(f"{LOGIN}/login", ("Accept", "application/json")),
    "no page of the SSO": call(f"{LOGIN}/nowhere"),
    "a token request by GET": call(f"{LOGIN}/oauth/token", EDGECLI),
    # The SSO in a browser
    "a page for who is logged in": call(f"{LOGIN}/passcode", ("Accept", "text/html")),
    "a login page": call(f"{LOGIN}/login", ("Accept", "text/html")),
    "a login page sent": lambda past: Request(
        method="POST",
        url=f"{LOGIN}/login.do",
        headers=[ACCEPT, FORM, past.cookie("a login page")],
        body=urlencode(
            {
                "username": USER["username"],
                "password": USER["password"],
                "X-Uaa-Csrf": past.csrf("a login page"),
            }
        ),
    ),
    "a passcode page": lambda past: Request(
        url=f"{LOGIN}/passcode", headers=[("Accept", "text/html"), past.cookie("a login page sent")]
    ),
    # The management API
    "an organization": manage("GET", ACME),
    "an organization in XML": manage("GET", ACME, None, ("Accept", "application/xml")),
    "an organization with a token": bearer("a login", f"{MANAGEMENT}{ACME}"),
    "an organization without credentials": call(f"{MANAGEMENT}{ACME}"),
    "an organization that is unknown": manage("GET", "/organizations/nowhere"),
    "a list": manage("GET", f"{ACME}/environments"),
    "a HEAD of a list": manage("HEAD", f"{ACME}/environments"),
    "a new developer": manage("POST", f"{ACME}/developers", ADA),
    "a developer twice": manage("POST", f"{ACME}/developers", ADA),
    "a developer that is not whole": manage("POST", f"{ACME}/developers", {"email": "x@example.com"}),
    "what is no JSON": manage("POST", f"{ACME}/developers", b"{", JSON),
    "an unknown developer": manage("GET", f"{ACME}/developers/nobody@example.com"),
    "an unknown developer in XML": manage(
        "GET", f"{ACME}/developers/nobody@example.com", None, ("Accept", "application/xml")
    ),
    "a developer's status": manage(
        "POST", f"{ACME}/developers/ada@example.com?action=inactive", b"", ("Content-Type", "application/octet-stream")
    ),
    "a new product": manage("POST", f"{ACME}/apiproducts", PRODUCT),
    "a product in XML": manage("GET", f"{ACME}/apiproducts/photos", None, ("Accept", "application/xml")),
    "a new app": manage("POST", f"{ACME}/developers/ada@example.com/apps", {"name": "app", "apiProducts": ["photos"]}),
    "an app that goes": manage("DELETE", f"{ACME}/developers/ada@example.com/apps/app"),
    "a token's data": lambda past: manage(
        "GET", f"{ACME}/oauth2/accesstokens/{past.value('an app token', 'access_token')}"
    )(past),
    "a bundle": manage(
        "POST", f"{ACME}/apis?action=import&name=up", bundle(), ("Content-Type", "application/octet-stream")
    ),
    "a bundle in a form": manage("POST", f"{ACME}/apis?action=import&name=up", multipart()[1], multipart()[0]),
    "what is no bundle": manage(
        "POST", f"{ACME}/apis?action=import&name=up", b"PK", ("Content-Type", "application/octet-stream")
    ),
    "a bundle back": manage("GET", f"{ACME}/apis/up/revisions/1?format=bundle"),
    "a deployment": manage("POST", f"{ACME}/environments/test/apis/up/revisions/1/deployments", b"", FORM),
    "what is not modelled": manage("GET", f"{ACME}/apis/up/revisions/1/npm"),
    "no such path": manage("GET", f"{ACME}/nothing/here"),
    "no such method": manage("PUT", f"{ACME}/environments", {}),
}
