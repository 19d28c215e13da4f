"""An authorization server: its consent page, its grants, and what it refuses.

Source: runtime.md 4.1 to 4.5, 5.2, 5.3; the consent page is none of Edge's.
"""

import re
from datetime import timedelta

import pytest

from pytest_apigee import AuthorizationServer, ConfigurationError, FakeEdge
from tests.edge.authorization_support import CALLBACK, HTML, LOGIN, alert, page, setting
from tests.edge.gateway_support import FORM, Answer, answer, frozen_edge, get, token_request

USERS = {"ada": "s3cret", "bob": "pass"}
USUAL_FIELDS = b"""<input type="hidden" name="response_type" value="code">
<input type="hidden" name="client_id" value="key">
<input type="hidden" name="redirect_uri" value="https://app.example/cb">
<input type="hidden" name="scope" value="READ">
<input type="hidden" name="state" value="xyz">
<p>Scopes: READ</p>
"""


def location(sent: Answer) -> str:
    """Return where an answer redirects to."""
    status, headers, body = sent
    assert (status, body, [name for name, _ in headers]) == (302, b"", ["Location"]), sent
    return headers[0][1]


# Where it is


def test_gives_its_urls() -> None:
    """Without any setting it listens below /oauth2 in the default environment."""
    edge = frozen_edge()

    assert edge.authorization_server() == AuthorizationServer(
        name="oauth2",
        base_path="/oauth2",
        organization="acme",
        environment="test",
        authorize_url="https://acme-test.apigee.net/oauth2/authorize",
        token_url="https://acme-test.apigee.net/oauth2/token",
        revoke_url="https://acme-test.apigee.net/oauth2/revoke",
    )


def test_stands_where_it_is_put() -> None:
    """Base path, name, organization and environment can be chosen."""
    edge = frozen_edge()
    edge.organization("globex", environments=["dev", "prod"])

    server = edge.authorization_server("/auth/v1", name="login", org="globex", env="prod")

    assert (server.name, server.organization, server.environment) == ("login", "globex", "prod")
    assert server.token_url == "https://globex-prod.apigee.net/auth/v1/token"
    assert answer(edge, token_request(server.token_url))[0] == 400
    assert edge.calls.last.proxy == "login"


@pytest.mark.parametrize(("base_path", "name"), [("/a/b", "a-b"), ("/auth/", "auth"), ("/", "root")])
def test_names_itself_after_its_base_path(base_path: str, name: str) -> None:
    """The default name is the base path, with hyphens for slashes."""
    server = frozen_edge().authorization_server(base_path)

    assert server.name == name
    assert server.token_url == f"https://acme-test.apigee.net{base_path.rstrip('/')}/token"


# The consent page


@pytest.mark.parametrize(("users", "login"), [({}, b""), (USERS, LOGIN)], ids=["no users", "users"])
def test_shows_a_consent_page(users: dict[str, str], login: bytes) -> None:
    """The page carries on what was asked for, and asks who the user is where there are users."""
    world = setting(users=users)

    assert world.ask() == (200, [HTML], page(USUAL_FIELDS, login=login))
    assert (world.edge.calls.last.reason, world.edge.calls.last.was_refused) == ("", False)


def test_leaves_out_what_was_not_asked_for() -> None:
    """Fields that the request has not are not on the page either."""
    fields = b'<input type="hidden" name="response_type" value="code">\n'

    sent = setting().ask(client_id=None, redirect_uri=None, scope="", state=None)

    assert sent == (200, [HTML], page(fields, app=b"An unknown app"))


HOSTILE = "\"'><script>alert(1)</script>&{title}%s"
ESCAPED = b"&quot;&#x27;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;{title}%s"


def test_escapes_what_others_sent() -> None:
    """Whatever scope, state, redirect URI and the app's name hold stays text on the page."""
    fields = (
        b'<input type="hidden" name="response_type" value="%(x)s">\n'
        b'<input type="hidden" name="client_id" value="key">\n'
        b'<input type="hidden" name="redirect_uri" value="%(x)s">\n'
        b'<input type="hidden" name="scope" value="%(x)s">\n'
        b'<input type="hidden" name="state" value="%(x)s">\n'
        b"<p>Scopes: %(x)s</p>\n"
    ) % {b"x": ESCAPED}

    sent = setting(app=HOSTILE).ask(response_type=HOSTILE, redirect_uri=HOSTILE, scope=HOSTILE, state=HOSTILE)

    assert sent == (200, [HTML], page(fields, app=ESCAPED))


def test_leads_back_to_its_own_path() -> None:
    """The form leads back to the path that was called."""
    edge = frozen_edge()
    server = edge.authorization_server("/v1/~auth")

    assert b'action="./authorize"' in answer(edge, get(server.authorize_url))[2]


NO_DECISION = "the form has no decision, neither allow nor deny"


@pytest.mark.parametrize("decision", [None, "", "Allow", "maybe"])
@pytest.mark.parametrize(("users", "login"), [({}, b""), (USERS, LOGIN)], ids=["no users", "users"])
def test_shows_the_page_again_without_a_decision(decision: str | None, users: dict[str, str], login: bytes) -> None:
    """A form that neither allows nor denies is answered with the page."""
    world = setting(users=users)

    assert world.decide(decision, username="ada", password="s3cret") == (400, [HTML], page(USUAL_FIELDS, login=login))
    assert (world.edge.calls.last.reason, world.edge.calls.last.was_refused) == (NO_DECISION, True)


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("ada", "wrong"),
        ("ada", "S3CRET"),
        ("ada", ""),
        ("ada", None),
        ("eve", "s3cret"),
        ("Ada", "s3cret"),
        (None, None),
    ],
)
def test_shows_the_page_again_after_a_wrong_login(username: str | None, password: str | None) -> None:
    """A wrong user name or password is told alike, with 401; the page keeps all but the password."""
    world = setting(users=USERS)

    sent = world.decide(username=username, password=password)

    message = alert(b"Wrong user name or password.")
    assert sent == (401, [HTML], page(USUAL_FIELDS, alert=message, login=LOGIN))
    assert world.edge.calls.last.reason == "wrong user name or password on the consent page"


def test_asks_nobody_where_consent_is_given() -> None:
    """With `consent="given"` the authorization request is granted at once, with a code for nobody."""
    world = setting(consent="given")

    assert re.fullmatch(r"https://app\.example/cb\?code=[A-Za-z0-9]{8}&state=xyz&scope=READ", location(world.ask()))
    assert world.decide()[:2] == (200, [FORM])
    assert world.edge.calls.last.reason == (
        "no policy of the proxy 'oauth2' answers POST /oauth2/authorize, "
        "and it has no target, so Edge echoes the request"
    )


# Denial


DENIALS = [
    ({}, f"{CALLBACK}?error=access_denied&state=xyz"),
    ({"state": None}, f"{CALLBACK}?error=access_denied"),
    ({"state": "a b&c=\u00fc/+"}, f"{CALLBACK}?error=access_denied&state=a%20b%26c%3D%C3%BC%2F%2B"),
    ({"redirect_uri": None}, f"{CALLBACK}?error=access_denied&state=xyz"),
    ({"response_type": "token"}, f"{CALLBACK}#error=access_denied&state=xyz"),
]


@pytest.mark.parametrize(("changes", "expected"), DENIALS)
@pytest.mark.parametrize("users", [{}, USERS], ids=["no users", "users"])
def test_redirects_after_a_denial(changes: dict[str, str | None], expected: str, users: dict[str, str]) -> None:
    """Whoever denies needs no login; the app learns of it by its callback, the state with it."""
    world = setting(users=users)

    assert location(world.decide("deny", **changes)) == expected
    assert world.edge.calls.last.reason == "the user denied what the app asks for"


def test_keeps_the_query_of_a_callback() -> None:
    """A callback with a query gets more of it."""
    world = setting(callback=f"{CALLBACK}?a=1")
    changes = {"redirect_uri": None}

    assert location(world.decide("deny", **changes)) == f"{CALLBACK}?a=1&error=access_denied&state=xyz"
    assert location(world.decide(**changes)).startswith(f"{CALLBACK}?a=1&code=")


@pytest.mark.parametrize(
    ("changes", "app"),
    [({"client_id": "nobody's"}, b"An unknown app"), ({"redirect_uri": "https://evil.example/"}, b"forecast")],
    ids=["unknown app", "other callback"],
)
@pytest.mark.parametrize(("users", "login"), [({}, b""), (USERS, LOGIN)], ids=["no users", "users"])
def test_redirects_to_no_stranger(changes: dict[str, str], app: bytes, users: dict[str, str], login: bytes) -> None:
    """A denial goes only where the app's callback is; else the page says it."""
    world = setting(users=users)
    fields = USUAL_FIELDS.replace(b'"key"', b'"nobody&#x27;s"') if "client_id" in changes else USUAL_FIELDS
    fields = fields.replace(CALLBACK.encode(), b"https://evil.example/") if "redirect_uri" in changes else fields

    sent = world.decide("deny", **changes)

    assert sent == (403, [HTML], page(fields, app=app, alert=alert(b"Access was denied."), login=login))


@pytest.mark.parametrize("state", ["a\r\nSet-Cookie: x=1", "\x00\x7f", "\u2028\ud800"])
@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_sends_no_header_of_others(decision: str, state: str) -> None:
    """A state cannot end the Location header: it is percent-encoded."""
    world = setting()

    sent = world.decide(decision, state=state)

    assert re.fullmatch(r"[!-~]+", location(sent))


# Declarations


WRONG = {
    "base path": (
        {"base_path": "auth"},
        (
            "A base path starts with a slash, as '/weather', and holds letters, digits and '._~-' between "
            "slashes, not 'auth'."
        ),
    ),
    "name": ({"name": ""}, "name takes text, not an empty text."),
    "one grant": (
        {"grant_types": "implicit"},
        ("grant_types takes a list of names, as grant_types=['authorization_code'], not 'implicit'."),
    ),
    "no grant": (
        {"grant_types": []},
        (
            "grant_types takes at least one of authorization_code, client_credentials, implicit, password, "
            "refresh_token."
        ),
    ),
    "unknown grant": (
        {"grant_types": ["implicid"]},
        (
            "Unknown grant_types 'implicid'. Allowed: authorization_code, client_credentials, implicit, "
            "password, refresh_token. Did you mean 'implicit'?"
        ),
    ),
    "password": (
        {"grant_types": ["password"]},
        ("The grant 'password' needs users: add users={'ada': 'secret'}, or leave it out of grant_types."),
    ),
    "users": ({"users": ["ada"]}, "users takes a dict of texts, not list."),
    "no user name": (
        {"users": {"": "s3cret"}},
        ("A user name or password in users is empty: nobody could log in with it."),
    ),
    "no password": (
        {"users": {"ada": ""}},
        ("A user name or password in users is empty: nobody could log in with it."),
    ),
    "consent": ({"consent": "gave"}, "Unknown consent 'gave'. Allowed: given, page. Did you mean 'given'?"),
    "consent flag": ({"consent": True}, "consent takes text, not bool."),
    "seconds": ({"expires_in": 3600}, "expires_in takes a timedelta, not int."),
    "never": ({"expires_in": None}, "expires_in takes a timedelta, not NoneType."),
    "zero": (
        {"expires_in": timedelta(0)},
        ("expires_in takes a time span of a millisecond or more, or NEVER, not 0:00:00."),
    ),
    "refresh seconds": ({"refresh_token_expires_in": 1}, "refresh_token_expires_in takes a timedelta, not int."),
    "refresh zero": (
        {"refresh_token_expires_in": timedelta(0)},
        ("refresh_token_expires_in takes a time span of a millisecond or more, or NEVER, not 0:00:00."),
    ),
    "reuse": ({"reuse_refresh_token": 1}, "reuse_refresh_token takes True or False, not int."),
    "rfc": ({"rfc_compliant": "yes"}, "rfc_compliant takes True or False, not str."),
    "org": ({"org": "x"}, "Unknown organization 'x'. Declared: acme. Add it with apigee.organization('x')."),
    "env": ({"env": "x"}, "Unknown environment 'x' of organization 'acme'. Declared: prod, test."),
    "taken": (
        {"base_path": "/oauth/client_credential", "name": "mine"},
        ("The API proxy 'oauth' already has the base path '/oauth/client_credential' in 'acme'."),
    ),
    "twice": (
        {"base_path": "/x", "name": "oauth"},
        (
            "The API proxy 'oauth' already exists in organization 'acme': at /oauth/client_credential. Give "
            "this one another name, as name='oauth-2'."
        ),
    ),
}


@pytest.mark.parametrize(("settings", "message"), WRONG.values(), ids=WRONG)
def test_refuses_what_cannot_be(settings: dict[str, object], message: str) -> None:
    """A setting that cannot be is refused where it is declared, with what is allowed."""
    with pytest.raises(ConfigurationError) as caught:
        FakeEdge().authorization_server(**settings)

    assert str(caught.value) == message
