"""Requests that no client should send: each gets Edge's answer or a clean 4xx, and never an exception."""

import base64
import functools
import html
import json
import re
from html.parser import HTMLParser
from urllib.parse import urlencode

import jwt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_apigee.edge.message import ConnectionFailure, Request, Response
from pytest_apigee.edge.sso.signing_key import test_key as published_key
from tests.edge.sso_support import EDGECLI, EMAIL, FORM, PASSWORD, claims_of, edge_at_noon, log_in

TOKEN_PATH = "/oauth/client_credential/accesstoken"
HOSTS = ["login.apigee.com", "acme.login.apigee.com", "api.enterprise.apigee.com", "acme-test.apigee.net"]
HOSTS += ["acme-prod.apigee.net", "mocktarget.apigee.net", "typo-test.apigee.net"]
SSO_PATHS = ["/login", "/login.do", "/logout.do", "/passcode", "/home", "/version", "/token_key", "/token_keys"]
SSO_PATHS += ["/.well-known/openid-configuration"]
SSO_PATHS += ["/check_token", "/userinfo", "/oauth/token/revoke/user/x", "/oauth/token/revoke/client/edgecli"]
PATHS = [
    *SSO_PATHS,
    "",
    "/",
    "/oauth/token",
    "/resources/",
    "/v1/o/acme",
    "/v1/organizations/",
    "/v1/o/acme/developers",
]
PATHS += [TOKEN_PATH, "/oauth/client_credential/refresh_accesstoken", "/weather", "/weather/", "/open"]
METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "CONNECT"]
NAMES = ["Authorization", "authorization", "Content-Type", "Accept", "Cookie", "Host", "Content-Length", "X-Any"]
FIELDS = ["grant_type", "username", "password", "refresh_token", "mfa_token", "scope", "client_id", "client_secret"]
FIELDS += ["passcode", "token", "scopes", "error", "X-Uaa-Csrf"]
VALUES = ["password", "refresh_token", "client_credentials", EMAIL, PASSWORD, "openid", "key", "secret", ""]
HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
LONG = "x" * 1_000_000

anything = st.text(st.characters())  # lone surrogates and NUL included
blobs = st.binary(max_size=60)


@functools.cache
def edge():
    """Return one world for all examples: nothing that they may do changes what it is."""
    world = edge_at_noon(guesses={"openid_configuration": True})
    world.zone("acme", organizations=[])
    world.sso_client("server", client_secret="secret", authorities=["uaa.resource"])
    world.product("weather", scopes=["READ"])
    world.app("weatherapp", products=["weather"], consumer_key="key", consumer_secret="secret")
    world.proxy("/weather", products=["weather"], target={"temp": 21}, scope="READ")
    world.proxy("/open", security="none", target={})
    return world


@functools.cache
def tokens():
    """Return a JWT of each kind, and a token of the app."""
    pair = log_in(edge())
    call = Request(
        method="POST",
        url=f"https://acme-test.apigee.net{TOKEN_PATH}?grant_type=client_credentials",
        headers={"Authorization": basic("key:secret"), "Content-Type": FORM},
    )
    app_token = edge().handle(call).json()["access_token"]
    return [pair["access_token"], pair["refresh_token"], app_token]


def basic(text):
    return f"Basic {base64.b64encode(text.encode()).decode()}"


def encoded(blob):
    return f"Basic {base64.b64encode(blob).decode()}"


def holds(request):
    """Assert that the answer to a request is one that Edge could give."""
    outcome = edge().handle(request)
    edge().take_grievances()

    if isinstance(outcome, ConnectionFailure):
        assert request.host not in HOSTS[:-1]
        return
    assert isinstance(outcome, Response)
    if outcome.status == 500:
        assert request.has_malformed_form
        assert outcome.body.startswith(b'{"fault":{"faultstring":"UrlDecoding of the form parameters')
    elif outcome.status == 501:
        assert outcome.body.startswith(b"pytest-apigee does not model ")
    else:
        assert 200 <= outcome.status < 500
    for name, value in outcome.headers:
        assert HEADER.fullmatch(name)
        value.encode("latin-1")
        assert not set(value) & set("\r\n\0")
    assert isinstance(outcome.body, bytes)


credentials = st.one_of(
    anything,
    blobs.map(encoded),
    st.builds("{} {}".format, st.sampled_from(["Basic", "Bearer", "bearer", "Digest", ""]), anything),
    st.sampled_from([EDGECLI, basic("key:secret"), basic(f"{EMAIL}:{PASSWORD}"), basic(":"), "Basic", "Bearer "]),
    st.integers(0, 2).map(lambda index: f"Bearer {tokens()[index]}"),
)
cookies = st.builds("JSESSIONID={}{}".format, st.sampled_from(["", "x", "0" * 32]), anything)
content_types = st.sampled_from([FORM, f"{FORM};charset=utf-8", "application/json", "", "multipart/form-data"])
headers = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(NAMES), anything),
        st.tuples(anything, anything),
        st.tuples(st.just("Authorization"), credentials),
        st.tuples(st.just("Cookie"), cookies),
        st.tuples(st.just("Content-Type"), content_types),
    ),
    max_size=5,
)
pairs = st.lists(st.tuples(st.sampled_from(FIELDS), st.one_of(st.sampled_from(VALUES), anything)), max_size=8)
forms = pairs.map(lambda fields: urlencode(fields, errors="replace").encode())
bodies = st.one_of(blobs, forms, anything, st.builds(bytes.__add__, forms, blobs))
queries = st.one_of(st.just(""), forms.map(lambda form: "?" + form.decode()), anything.map("?{}".format))
paths = st.one_of(
    st.sampled_from(PATHS), st.builds(str.__add__, st.sampled_from(PATHS), anything), anything.map("/{}".format)
)
urls = st.builds("{}://{}{}{}".format, st.sampled_from(["https", "HTTP"]), st.sampled_from(HOSTS), paths, queries)
methods = st.one_of(st.sampled_from(METHODS), anything)


@given(method=methods, url=urls, headers=headers, body=bodies)
@example(method="GET", url="https://login.apigee.com/resources/\ud800", headers=[], body=b"")
@example(method="\ud800", url="https://mocktarget.apigee.net/", headers=[], body=b"")
@example(method="\r\n", url="https://login.apigee.com/oauth/token", headers=[], body=b"")
def test_no_request_breaks_edge(method, url, headers, body):
    """Any request is answered with what Edge would say, and with no 5xx but its own; none raises."""
    holds(Request(method=method, url=url, headers=headers, body=body))


def mutations(value):
    """Return strategies for what may become of a piece of a valid request."""
    return st.one_of(
        st.just(value),
        st.just(value),
        st.just(""),
        st.integers(0, len(value)).map(lambda end: value[:end]),
        st.builds(lambda at, piece: value[:at] + piece + value[at:], st.integers(0, len(value)), anything),
        st.just(value.swapcase()),
        st.just(value * 2),
    )


@st.composite
def almost_valid(draw, *, url, fields, authorization, method="POST"):
    form = []
    for name, value in fields.items():
        mutated = (draw(mutations(name)), draw(mutations(value)))
        form.extend([mutated] * draw(st.sampled_from([1, 1, 1, 0, 2])))
    body = urlencode(form, errors="replace").encode()
    body = draw(st.sampled_from([body, body, body + b"&a=%", body + b"\xff\x00", b""]))
    sent = [("Content-Type", draw(mutations(FORM))), ("Authorization", draw(mutations(authorization)))]
    return Request(
        method=draw(st.sampled_from([method, method, "GET", "PUT"])),
        url=url,
        headers=draw(st.permutations(sent)),
        body=body,
    )


VALID = {
    "login": lambda: {
        "url": "https://login.apigee.com/oauth/token",
        "fields": {"grant_type": "password", "username": EMAIL, "password": PASSWORD, "scope": "openid"},
        "authorization": EDGECLI,
    },
    "refresh": lambda: {
        "url": "https://login.apigee.com/oauth/token",
        "fields": {"grant_type": "refresh_token", "refresh_token": tokens()[1]},
        "authorization": EDGECLI,
    },
    "passcode": lambda: {
        "url": "https://login.apigee.com/oauth/token",
        "fields": {"grant_type": "password", "passcode": edge().passcode(edge().find_user(EMAIL))},
        "authorization": EDGECLI,
    },
    "check": lambda: {
        "url": "https://login.apigee.com/check_token",
        "fields": {"token": tokens()[0], "scopes": "openid"},
        "authorization": basic("server:secret"),
    },
    "user": lambda: {
        "url": "https://login.apigee.com/userinfo",
        "fields": {},
        "authorization": f"Bearer {tokens()[0]}",
        "method": "GET",
    },
    "organization": lambda: {
        "url": "https://api.enterprise.apigee.com/v1/o/acme",
        "fields": {},
        "authorization": f"Bearer {tokens()[0]}",
        "method": "GET",
    },
    "app-token": lambda: {
        "url": f"https://acme-test.apigee.net{TOKEN_PATH}?grant_type=client_credentials",
        "fields": {"client_id": "key", "client_secret": "secret", "scope": "READ"},
        "authorization": basic("key:secret"),
    },
    "call": lambda: {
        "url": "https://acme-test.apigee.net/weather",
        "fields": {},
        "authorization": f"Bearer {tokens()[2]}",
        "method": "GET",
    },
}


@pytest.mark.parametrize("valid", VALID.values(), ids=VALID)
@given(data=st.data())
def test_an_almost_valid_request_does_not_break_edge(valid, data):
    """A valid request of which a piece was changed, dropped or doubled is answered as cleanly."""
    holds(data.draw(almost_valid(**valid())))


@pytest.mark.parametrize("valid", VALID.values(), ids=VALID)
def test_what_is_mutated_is_valid(valid):
    """The requests that the fuzz starts from are granted."""
    parts = valid()
    request = Request(
        method=parts.get("method", "POST"),
        url=parts["url"],
        headers={"Authorization": parts["authorization"], "Content-Type": FORM},
        body=urlencode(parts["fields"]),
    )

    assert edge().handle(request).status == 200


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", ["/oauth/token", "/v1/o/acme", TOKEN_PATH, "/weather"])
@pytest.mark.parametrize(
    "sent",
    [
        [("Authorization", f"Bearer {LONG}")],
        [("Authorization", f"Basic {LONG}")],
        [("Authorization", encoded(b"a:" + LONG.encode()))],
        [("Authorization", LONG)],
        [("X-Any", LONG), ("Accept", LONG), ("Content-Type", LONG)],
    ],
    ids=["bearer", "undecodable-basic", "basic", "no-scheme", "others"],
)
def test_a_header_of_a_megabyte_is_answered(host, path, sent):
    """A header value of a megabyte is answered like any other."""
    holds(Request(method="POST", url=f"https://{host}{path}", headers=sent))


@given(fields=pairs, path=st.sampled_from(["/passcode", "/home", "/login"]))
def test_a_login_form_of_this_session_does_not_break_edge(fields, path):
    """A form with the session's own token is answered as cleanly, whatever else it holds."""
    page = edge().handle(Request(url="https://login.apigee.com/login"))
    cookie = page.headers.get("Set-Cookie").partition(";")[0]
    csrf = re.findall(r'name="X-Uaa-Csrf" value="([^"]+)"', page.text)[0]
    form = urlencode([("X-Uaa-Csrf", csrf), *fields], errors="replace")

    holds(
        Request(
            method="POST",
            url="https://login.apigee.com/login.do",
            headers={"Cookie": cookie, "Content-Type": FORM},
            body=form,
        )
    )
    holds(Request(url=f"https://login.apigee.com{path}", headers={"Cookie": cookie}))


MEGABYTE_FIELDS = [
    *[("/oauth/token", field) for field in ("refresh_token", "grant_type", "scope", "client_id")],
    *[("/oauth/token", field) for field in ("username", "password", "passcode", "mfa_token")],
    *[("/login.do", field) for field in ("username", "password", "mfa_token", "X-Uaa-Csrf")],
    *[("/check_token", field) for field in ("token", "scopes")],
]


@pytest.mark.parametrize(("path", "field"), MEGABYTE_FIELDS)
def test_a_field_of_a_megabyte_is_answered(path, field):
    """A form field of a megabyte is answered like any other."""
    grant = "refresh_token" if field == "refresh_token" else "password"
    fields = {"grant_type": grant, "username": EMAIL, "password": PASSWORD, "token": tokens()[0], field: LONG}
    authorization = basic("server:secret") if path == "/check_token" else EDGECLI
    headers = {"Authorization": authorization, "Content-Type": FORM}

    holds(Request(method="POST", url=f"https://login.apigee.com{path}", headers=headers, body=urlencode(fields)))


@pytest.mark.parametrize("cookie", [LONG, f"JSESSIONID={LONG}", "a=b; " * 200_000, 'a="' + "\\" * 1_000_000])
@pytest.mark.parametrize("path", ["/passcode", "/login", "/login.do"])
def test_a_cookie_of_a_megabyte_is_answered(path, cookie):
    """A Cookie header of a megabyte is answered like any other, in no more time."""
    method = "POST" if path == "/login.do" else "GET"

    holds(Request(method=method, url=f"https://login.apigee.com{path}", headers={"Cookie": cookie}))


DEEP = base64.urlsafe_b64encode(b"[" * 100_000).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        "..",
        "a.b.c",
        "e30.e30.",
        "bnVsbA.bnVsbA.bnVsbA",
        "eyJhbGciOiJub25lIn0.e30.",
        "eyJhbGciOlsxXX0.e30.AAAA",
        "eyJhbGciOiJSUzI1NiIsImI2NCI6ZmFsc2V9.e30.AAAA",
        "eyJhbGciOiJSUzI1NiIsImNyaXQiOlsieCJdfQ.e30.AAAA",
        f"{DEEP}.e30.AAAA",
        "\ud800.\x00.ü",
    ],
    ids=["dots", "letters", "no-alg", "null", "none", "alg-list", "b64", "crit", "deep", "surrogate"],
)
def test_an_odd_jwt_is_refused(token):
    """Whatever looks like a JWT and is none of the fake's is refused with 401."""
    url = "https://api.enterprise.apigee.com/v1/o/acme"

    assert edge().handle(Request(url=url, headers={"Authorization": f"Bearer {token}"})).status == 401


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), anything),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(anything, inner, max_size=3)),
    max_leaves=5,
)
TAKERS = {
    "/userinfo": lambda token: {"method": "GET", "headers": {"Authorization": f"Bearer {token}"}},
    "/oauth/token/revoke/client/nobody": lambda token: {"headers": {"Authorization": f"Bearer {token}"}},
    "/check_token": lambda token: {
        "method": "POST",
        "headers": {"Authorization": basic("server:secret"), "Content-Type": FORM},
        "body": f"token={token}",
    },
    "/oauth/token": lambda token: {
        "method": "POST",
        "headers": {"Authorization": EDGECLI, "Content-Type": FORM},
        "body": f"grant_type=refresh_token&refresh_token={token}",
    },
}


def signed(claims):
    """Return a JWT with any claims, which everybody can sign: the key is published."""
    return jwt.PyJWS().encode(json.dumps(claims).encode(), published_key(), algorithm="RS256")


@pytest.mark.parametrize("path", TAKERS)
@pytest.mark.parametrize("kind", [0, 1], ids=["access", "refresh"])
@given(data=st.data())
def test_a_forged_jwt_does_not_break_edge(path, kind, data):
    """A JWT with a good signature, of which claims have another type or are missing, is answered as cleanly."""
    claims = claims_of(tokens()[kind])
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(claims)), json_values, min_size=1, max_size=3))
    token = signed({**claims, **changes})

    holds(Request(url=f"https://login.apigee.com{path}", **TAKERS[path](token)))
    url = "https://api.enterprise.apigee.com/v1/o/acme"
    holds(Request(url=url, headers={"Authorization": f"Bearer {token}"}))
    for name in changes:
        del claims[name]
    holds(Request(url=f"https://login.apigee.com{path}", **TAKERS[path](signed(claims))))


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"1", b'"x"', b"{", b"\xff", b"[" * 100_000])
@pytest.mark.parametrize("path", TAKERS)
def test_a_signed_payload_that_is_no_object_is_refused(path, payload):
    """A JWT whose payload is no JSON object is no token, whoever signed it."""
    token = jwt.PyJWS().encode(payload, published_key(), algorithm="RS256")

    response = edge().handle(Request(url=f"https://login.apigee.com{path}", **TAKERS[path](token)))

    assert response.status == (400 if path == "/check_token" else 401)
    assert "could not decode" in response.text


# Authorization servers


@functools.cache
def authorization_edge():
    """Return one world for all examples, with authorization servers that ask for consent, for a login, for nothing."""
    world = edge_at_noon()
    world.product("weather", scopes=["READ"])
    world.app("weatherapp", products=["weather"], consumer_key="key", consumer_secret="secret", callback_url=CALLBACK)
    world.app("<b>\"app's</b>", consumer_key="other", consumer_secret="secret")
    world.authorization_server("/page")
    world.authorization_server("/login", users={"ada": "secret"})
    world.authorization_server("/given", consent="given")
    return world


CALLBACK = "https://app.example/cb"
CARRIED = ["response_type", "client_id", "redirect_uri", "scope", "state"]
AUTHORIZATION_FIELDS = [*CARRIED, "decision", "username", "password", "grant_type", "code", "token", "refresh_token"]
AUTHORIZATION_VALUES = ["code", "token", "key", "other", CALLBACK, "READ", "allow", "deny", "ada", "secret"]
AUTHORIZATION_VALUES += ["authorization_code", "password", "refresh_token", "javascript:alert(1)", "\"'><script>"]
AUTHORIZATION_VALUES += ["//evil.example", "{title}%s%(x)s", "\r\nSet-Cookie: a=b", "", "x" * 3_000]
authorization_pairs = st.lists(
    st.tuples(st.sampled_from(AUTHORIZATION_FIELDS), st.one_of(st.sampled_from(AUTHORIZATION_VALUES), anything)),
    max_size=9,
)


class Page(HTMLParser):
    """Reads a consent page: which elements it has, and what its hidden fields carry."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.hidden = set(), {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        fields = dict(attrs)
        if fields.get("type") == "hidden":
            self.hidden[fields["name"]] = fields["value"]


ELEMENTS = {"html", "head", "meta", "title", "body", "h1", "p", "form", "label", "input", "button"}


@given(
    fields=authorization_pairs,
    method=st.sampled_from(["GET", "POST"]),
    server=st.sampled_from(["/page", "/login", "/given"]),
    endpoint=st.sampled_from(["/authorize", "/authorize", "/authorize", "/token", "/revoke"]),
    tail=st.one_of(st.just(b""), blobs),
)
def test_no_form_breaks_an_authorization_server(fields, method, server, endpoint, tail):
    """Any query and form is answered cleanly, redirects lead nowhere but to a callback, pages hold text alone."""
    form, world = urlencode(fields, errors="replace"), authorization_edge()
    url = f"https://acme-test.apigee.net{server}{endpoint}"
    request = Request(method=method, url=f"{url}?{form}", headers={"Content-Type": FORM}, body=form.encode() + tail)

    response = world.handle(request)

    assert response.status < 500 or (response.status == 500 and request.has_malformed_form)
    assert world.take_grievances() == ()
    for _, value in response.headers:
        assert not set(value) & set("\r\n\0")
    sent = request.query if method == "GET" else request.form
    if response.status == 302:
        stranger = as_header(sent.get("redirect_uri") or "") if sent.get("client_id") == "other" else CALLBACK
        assert response.headers.get("Location").startswith(stranger)
    if "text/html" in (response.headers.get("Content-Type") or ""):
        page = Page(response.text)
        assert page.elements <= ELEMENTS
        carried = {name: sent.get(name) for name in CARRIED if sent.get(name)}
        assert page.hidden == {name: as_html(value) for name, value in carried.items()}


def as_header(text):
    """Return what becomes of a text in a header: blanks for what cannot be sent."""
    return re.sub(r"[^\t\x20-\x7e\x80-\xff]", " ", text)


def as_html(text):
    """Return what a reader of HTML makes of a text that was written as an attribute."""
    return html.unescape(html.escape(text.encode("utf-8", "replace").decode()))
