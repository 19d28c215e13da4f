"""`pytest-apigee get-token`: what it writes, how it ends, what it keeps, and what it asks."""

import base64
import json
import os
import pty
import socket
import stat
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import jwt
import pytest

from pytest_apigee import FakeEdge
from pytest_apigee.cli import main
from pytest_apigee.live import get_token as command
from pytest_apigee.live import prompts, sso
from pytest_apigee.sso_cache import directory_of, token_file
from tests.live.conftest import EMAIL, PASSWORD

OTHER = "ada@acme.example"
LOGIN = f"{EMAIL}:{PASSWORD}"
HOUR = 3_600


@pytest.fixture
def ops(edge):
    return edge.user(EMAIL, password=PASSWORD)


@pytest.fixture
def run(capfd, monkeypatch):
    """Return what runs the command with an answer at standard input."""

    def run(*arguments, typed=""):
        reading, writing = os.pipe()
        os.write(writing, typed.encode())
        os.close(writing)
        with os.fdopen(reading) as file:
            monkeypatch.setattr(sys, "stdin", file)
            status = main(["get-token", *arguments])
        output, errors = capfd.readouterr()
        return status, output, errors

    return run


def claims(output):
    token, end = output[:-1], output[-1:]
    assert end == "\n"
    return jwt.decode(token, options={"verify_signature": False})


def cached(home, server, user=EMAIL):
    return token_file(home, server.login_url, user)


def said(text):
    return f"pytest-apigee get-token: {text}\n"


def test_a_login_gives_a_token_and_nothing_else(run, home, server, ops, edge):
    """The token alone goes to standard output, and is good at the management API."""
    status, output, errors = run("-u", LOGIN, "-m", "")

    assert (status, errors) == (0, "")
    assert claims(output)["user_name"] == EMAIL
    assert [exchange.request.url for exchange in edge.calls] == [
        "https://login.apigee.com/login",
        "https://login.apigee.com/oauth/token?mfa_token=",
    ]
    sent = edge.calls.last.request
    assert sent.text == "grant_type=password&username=ops%40acme.example&password=correct+horse"
    assert sent.headers["Authorization"] == "Basic ZWRnZWNsaTplZGdlY2xpc2VjcmV0"


def test_the_cache_is_that_of_the_official_tool(run, home, server, ops):
    """The answer is kept as it came, for this user alone to read."""
    run("-u", LOGIN, "-m", "")

    path = cached(home, server)
    assert path.parent.parent == home / ".sso-cli"
    assert base64.b64decode(path.parent.name).decode() == server.login_url
    assert base64.b64decode(path.name).decode() == f"{EMAIL}-token.dat"
    assert path.read_bytes().endswith(b"}\n")
    assert list(json.loads(path.read_bytes())) == [
        "access_token",
        "token_type",
        "refresh_token",
        "expires_in",
        "scope",
        "jti",
    ]
    modes = [stat.S_IMODE(known.stat().st_mode) for known in (path.parent.parent, path.parent, path)]
    assert modes == [0o700, 0o700, 0o600]
    assert list(path.parent.iterdir()) == [path]


def test_a_cached_token_is_taken(run, home, server, ops, edge):
    """A token that is good is not asked for again, also not for a wrong password."""
    _, first, _ = run("-u", LOGIN, "-m", "")
    asked = len(edge.calls)

    assert run("-u", f"{EMAIL}:wrong") == (0, first, "")
    assert run("-v") == (0, first, said(f"the token of {EMAIL} in the cache is good"))
    assert len(edge.calls) == asked


def test_what_the_official_tool_left_is_taken(run, home, server, ops, edge, pytester_home):
    """A token that `get_token` cached is taken, and an old one refreshed."""
    pytester_home.cache_tokens(ops, login_url=server.login_url)
    assert run()[0] == 0
    assert not list(edge.calls)

    pytester_home.cache_tokens(ops, login_url=server.login_url, state="expired")
    status, output, errors = run("-v")

    assert (status, errors) == (0, said(f"the token of {EMAIL} was refreshed"))
    assert claims(output)["exp"] > time.time() + HOUR
    assert edge.calls.only.request.text.startswith("grant_type=refresh_token&refresh_token=")
    assert edge.calls.only.request.url == "https://login.apigee.com/oauth/token"
    assert cached(home, server).read_bytes().endswith(b"} \n")


@pytest.fixture
def pytester_home(home, edge):
    from pytest_apigee.home import Home

    return Home(home, edge)


def test_a_refresh_that_is_refused_leads_to_a_login(run, home, server, ops, edge, pytester_home):
    """A refresh token that has expired is followed by the credentials."""
    pytester_home.cache_tokens(ops, login_url=server.login_url, state="stale")

    status, output, errors = run("-v", "-u", LOGIN, "-m", "")
    assert status == 0
    assert errors == said(f"the refresh token of {EMAIL} in the cache is good no longer (401)") + said(
        f"{EMAIL} is logged in"
    )
    assert claims(output)["grant_type"] == "password"


@pytest.mark.parametrize(
    "content", [b"", b"no JSON", b"[]", b'{"access_token": "no.j.wt"}', b'{"access_token": "a b"}', b"{}", b"\xff"]
)
def test_a_cache_that_cannot_be_read_leads_to_a_login(run, home, server, ops, content):
    """What is no token answer is passed over."""
    run("-u", LOGIN, "-m", "")
    cached(home, server).write_bytes(content)

    status, _, errors = run("-v", "-u", LOGIN, "-m", "")
    assert (status, errors) == (0, said("what is cached is no token") + said(f"{EMAIL} is logged in"))


def test_a_cached_token_without_a_refresh_token_leads_to_a_login(run, home, server, ops, edge, pytester_home):
    """Where there is nothing to refresh it logs in."""
    path = pytester_home.cache_tokens(ops, login_url=server.login_url, state="expired")
    answer = json.loads(path.read_bytes())
    del answer["refresh_token"]
    path.write_text(json.dumps(answer), encoding="utf-8")

    assert run("-u", LOGIN, "-m", "")[0] == 0
    assert edge.calls.last.request.text.startswith("grant_type=password")


def test_the_environment_may_hold_the_credentials(run, home, server, ops, edge, monkeypatch):
    """User and password come from the environment where no argument says them."""
    monkeypatch.setenv("APIGEE_USER", EMAIL.upper())
    monkeypatch.setenv("APIGEE_PASSWORD", PASSWORD)

    status, output, errors = run()
    assert (status, claims(output)["user_name"]) == (0, EMAIL)
    assert errors == f"Enter the six-digit code (no spaces) if '{EMAIL}' is MFA-enabled or press ENTER: \n"


def test_a_secret_in_the_environment_gives_the_code(run, home, server, edge, monkeypatch):
    """The code of two-step verification is made from its secret."""
    user = edge.user(EMAIL, password=PASSWORD, mfa=True)
    monkeypatch.setenv("APIGEE_USERNAME", EMAIL)
    monkeypatch.setenv("APIGEE_PASSWORD", PASSWORD)
    monkeypatch.setenv("APIGEE_MFA_SECRET", user.mfa_secret)

    status, output, errors = run()
    assert (status, claims(output)["user_name"], errors) == (0, EMAIL, "")


def test_it_asks_for_what_is_missing(run, home, server, edge):
    """User, password and code are asked for, in the words of the official tool."""
    user = edge.user(EMAIL, password=PASSWORD, mfa=True)

    status, output, errors = run(typed=f"{EMAIL}\n{PASSWORD}\n{edge.mfa_code(user)}\n")
    assert (status, claims(output)["user_name"]) == (0, EMAIL)
    assert errors == (
        f"Enter username: Enter the password for user '{EMAIL}': \n"
        f"Enter the six-digit code (no spaces) if '{EMAIL}' is MFA-enabled or press ENTER: "
    )


def test_what_is_typed_too_much_is_left(home, server, edge, monkeypatch):
    """Standard input is read no further than the answer goes: the rest is for the program that is run next."""
    reading, writing = os.pipe()
    os.write(writing, b"one\ntwo\n")
    with os.fdopen(reading) as file, os.fdopen(writing, "w"):
        monkeypatch.setattr(sys, "stdin", file)
        assert prompts.ask("?", within_s=5) == "one"
        assert os.read(reading, 10) == b"two\n"


def test_which_user_is_asked_where_several_are_cached(run, home, server, ops, edge):
    """One user in the cache is taken; of several one is asked for."""
    edge.user(OTHER, password="lovelace")
    run("-u", LOGIN, "-m", "")
    run("-u", f"{OTHER}:lovelace", "-m", "")

    status, output, errors = run(typed=f"{OTHER}\n")
    assert (status, claims(output)["user_name"]) == (0, OTHER)
    assert errors == f"Enter username ({OTHER}, {EMAIL}): "


def test_zones_take_a_passcode(run, home, edge, server, monkeypatch):
    """Where users have an identity provider of their own, a passcode is asked for, or given."""
    zone = edge.zone("acme")
    user = edge.user(EMAIL, zone=zone)
    url = server.zone_url(zone)
    monkeypatch.setenv("SSO_LOGIN_URL", url)

    status, output, errors = run("-u", LOGIN, typed=f"{edge.passcode(user)}\n")
    assert (status, claims(output)["user_name"]) == (0, EMAIL)
    assert errors == f"Enter the passcode from {url}/passcode: "
    run("--clear-sso-cache")
    monkeypatch.setenv("APIGEE_PASSCODE", edge.passcode(user))
    assert run("-u", EMAIL)[0] == 0
    run("--clear-sso-cache")
    assert run("-p", edge.passcode(user))[0] == 0
    assert token_file(home, url, EMAIL).exists()


def test_machine_users_of_zones_have_passwords(run, home, edge, server, monkeypatch):
    """`--force-basic-auth` logs in with a password where others have a passcode."""
    zone = edge.zone("acme")
    edge.user(EMAIL, password=PASSWORD, zone=zone, machine=True)
    monkeypatch.setenv("SSO_LOGIN_URL", server.zone_url(zone))

    status, output, _ = run("-u", LOGIN, "-m", "", "--force-basic-auth")
    assert (status, claims(output)["user_name"]) == (0, EMAIL)


def test_another_client_may_log_in(run, home, server, ops, edge, monkeypatch):
    """`CLIENT_AUTH` is the client in place of Apigee's own."""
    monkeypatch.setenv("CLIENT_AUTH", base64.b64encode(b"other:secret").decode())

    status, _, errors = run("-u", LOGIN, "-m", "")
    assert edge.calls.last.request.headers["Authorization"] == "Basic b3RoZXI6c2VjcmV0"
    assert status == 22
    assert errors.startswith(said("the SSO refused the login with 401: ")[:-1])


REFUSED = said('the SSO refused the login with 401: {"error":"unauthorized","error_description":"Invalid Credentials"}')


@pytest.mark.parametrize(
    ("arguments", "status", "errors"),
    [
        (["-u", f"{EMAIL}:wrong", "-m", ""], 22, REFUSED),
        (["-u", LOGIN, "-m", "12a"], 13, said("-m takes a code of digits.")),
        (["-p", "a-b"], 13, said("-p takes a passcode of letters and digits.")),
        (["-p", "abcdef"], 22, said(
            'the SSO refused the login with 401: {"error":"unauthorized","error_description":"Passcode information is '
            'missing."}'
        )),
        ([], 12, "Enter username: \n" + said("no user: give -u USER, or set APIGEE_USERNAME.")),
        (["-u", EMAIL], 12, f"Enter the password for user '{EMAIL}': \n" + said(
            f"no password for {EMAIL}: set APIGEE_PASSWORD, or give -u USER:PASSWORD.")),
        (["-u"], 1, said("-u takes a value. See pytest-apigee get-token -h.")),
        (["-u", LOGIN, "s3cret"], 1, said("an argument is none of its options. See pytest-apigee get-token -h.")),
        (["-h"], 1, command.USAGE),
        (["-v", "-h"], 1, command.USAGE + command.STATUSES),
    ],
)  # fmt: skip
def test_how_it_ends(run, home, server, ops, arguments, status, errors):
    """Each way to end has its own status and one clear text, and writes nothing to standard output."""
    assert run(*arguments) == (status, "", errors)


def test_a_code_that_is_typed_has_digits(run, home, server, ops):
    """A code that cannot be is not sent."""
    status, _, errors = run("-u", LOGIN, typed="12 345\n")

    assert status == 13
    assert errors.endswith(said("a code consists of digits."))


@pytest.mark.parametrize(("typed", "status", "text"), [
    ("", 12, "no passcode: get one at {url}/passcode, and give -p PASSCODE."),
    ("\n", 12, "no passcode: get one at {url}/passcode, and give -p PASSCODE."),
    ("a b\n", 13, "a passcode consists of letters and digits."),
])  # fmt: skip
def test_a_passcode_that_is_typed_can_be_one(run, home, edge, server, monkeypatch, typed, status, text):
    """A passcode that cannot be is not sent."""
    url = server.zone_url(edge.zone("acme"))
    monkeypatch.setenv("SSO_LOGIN_URL", url)

    found, _, errors = run("-u", EMAIL, typed=typed)
    assert found == status
    assert errors.endswith(said(text.format(url=url)))


def test_a_token_of_another_user_is_refused(run, home, server, ops, edge):
    """A passcode of another user than was asked for gives no token; a name without its domain is enough."""
    other = edge.user(OTHER)

    assert run("-u", EMAIL, "-p", edge.passcode(other)) == (
        14,
        "",
        said(f"the token is not one of {EMAIL} but of {OTHER}."),
    )
    assert run("-u", "ada", "-p", edge.passcode(other))[0] == 0
    assert cached(home, server, OTHER).exists()


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("login.apigee.com", "SSO_LOGIN_URL is no URL: it takes one as 'https://login.apigee.com'."),
        ("https://[::1", "SSO_LOGIN_URL is no URL: it takes one as 'https://login.apigee.com'."),
        ("https://x.example:port", "SSO_LOGIN_URL is no URL: it takes one as 'https://login.apigee.com'."),
        (
            "https://me:secret@x.example/",
            "SSO_LOGIN_URL has more than a host: it takes a URL without user, path and query, as 'https://x.example'.",
        ),
        (
            "http://x.example",
            "SSO_LOGIN_URL is plain http to x.example: credentials leave over https alone, or to this machine.",
        ),
        (
            "https://a.example:1?>?>?",
            "SSO_LOGIN_URL has more than a host: it takes a URL without user, path and query, as 'https://a.example'.",
        ),
    ],
)
def test_credentials_go_where_they_are_safe(run, home, monkeypatch, url, text):
    """An SSO is reached over https, or is this machine."""
    monkeypatch.setenv("SSO_LOGIN_URL", url)

    assert run("-u", LOGIN) == (11, "", said(text))


def test_an_sso_that_is_not_there(run, home, monkeypatch):
    """Nobody listens: status 21, and no traceback."""
    monkeypatch.setenv("SSO_LOGIN_URL", "http://127.0.0.1:9")

    assert run("-u", LOGIN, "-m", "") == (21, "", said("http://127.0.0.1:9 cannot be reached: the connection failed"))


@contextmanager
def answering(status, body, headers=()):
    """Serve one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name that the library gives it

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (200, b"<html>", ()),
        (200, b"[]", ()),
        (200, b'{"prompts": []}', ()),
        (500, b"{}", ()),
        (302, b"", [("Location", "https://elsewhere.example/")]),
    ],
)
def test_what_is_no_sso(run, home, monkeypatch, status, body, headers):
    """HTML, errors and redirects are no SSO: status 21, and nothing is sent on."""
    with answering(status, body, headers) as url:
        monkeypatch.setenv("SSO_LOGIN_URL", url)

        text = f"{url}/login answered {status} and no list of prompts: is it an SSO?"
        assert run("-u", LOGIN, "-m", "") == (21, "", said(text))


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"access_token": 7}', b'{"access_token": "a.b.c"}'])
def test_what_is_no_token(run, home, monkeypatch, body):
    """A token endpoint that answers something else: status 21."""
    with answering(200, body) as url:
        monkeypatch.setenv("SSO_LOGIN_URL", url)

        text = f"{url}/oauth/token answered 200 and no access token: is it an SSO?"
        assert run("-u", LOGIN, "-m", "", "--force-basic-auth") == (21, "", said(text))


def test_what_a_server_says_holds_no_secret(run, home, monkeypatch):
    """The text of a refusal is shown in one line, without what was sent and without what a terminal would obey."""
    body = b"You said correct horse\x1b[31m\n and 123456 " + b"x" * 5_000
    with answering(429, body, [("Retry-After", "60")]) as url:
        monkeypatch.setenv("SSO_LOGIN_URL", url)
        status, output, errors = run("-u", LOGIN, "-m", "123456", "--force-basic-auth")

    assert (status, output) == (22, "")
    start = said("the SSO refused the login with 429: You said [hidden] [31m  and [hidden] xxx")[:-1]
    assert errors.startswith(start)
    assert errors.endswith(" Come again after 60 seconds.\n")
    assert len(errors) < 2_200


def test_a_refusal_may_say_nothing(run, home, monkeypatch):
    """A refusal without a body, and with a date to come again at, says its status."""
    with answering(503, b"", [("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT")]) as url:
        monkeypatch.setenv("SSO_LOGIN_URL", url)

        text = "the SSO refused the login with 503: an answer without a body"
        assert run("-u", LOGIN, "-m", "", "--force-basic-auth") == (22, "", said(text))


def test_a_token_may_name_nobody(run, home, monkeypatch):
    """A JWT without claims is nobody's, and has expired."""
    token = jwt.encode({"x": 1}, "a-secret-of-a-test-of-32-letters", algorithm="HS256")
    with answering(200, json.dumps({"access_token": token, "refresh_token": 7}).encode()) as url:
        monkeypatch.setenv("SSO_LOGIN_URL", url)

        assert run("-u", LOGIN, "-m", "", "--force-basic-auth", "-v") == (
            14,
            "",
            said("a user without a name is logged in") + said(f"the token is not one of {EMAIL} but of nobody."),
        )


def test_an_untrusted_certificate_is_refused(run, home, edge, ops, monkeypatch):
    """An SSO with a certificate that nobody knows is not talked to, but with `--insecure`."""
    with edge.serve(tls=True) as server:
        monkeypatch.setenv("SSO_LOGIN_URL", server.login_url)
        text = f"{server.login_url} cannot be reached: its certificate is not trusted, or it speaks no TLS"
        assert run("-u", LOGIN, "-m", "") == (21, "", said(text))
        status, output, errors = run("-u", LOGIN, "-m", "", "--insecure")
        assert (status, claims(output)["user_name"], errors) == (0, EMAIL, "")


def shorten(monkeypatch):
    """Let the command wait for a tenth of a second, in place of half a minute."""
    monkeypatch.setattr(sso, "send", partial(sso.send, patience_s=0.1))


def test_an_answer_without_end(run, home, monkeypatch):
    """An answer that is too long, or that comes byte by byte, is none."""
    text = "{url} cannot be reached: its answer has no end"
    with answering(200, b" " * 300_000) as url:
        monkeypatch.setenv("SSO_LOGIN_URL", url)
        assert run("-u", LOGIN, "-m", "") == (21, "", said(text.format(url=url)))

    def drip():
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while True:
                connection.sendall(b" ")
                time.sleep(0.02)

    shorten(monkeypatch)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        monkeypatch.setenv("SSO_LOGIN_URL", url)
        assert run("-u", LOGIN, "-m", "") == (21, "", said(text.format(url=url)))
        thread.join()


def test_an_sso_that_says_nothing(run, home, monkeypatch):
    """It does not wait for ever."""
    shorten(monkeypatch)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("SSO_LOGIN_URL", url)

        assert run("-u", LOGIN, "-m", "") == (21, "", said(f"{url} cannot be reached: no answer within 0.1 seconds"))


def test_a_netrc_does_not_take_the_place_of_the_client(run, home, server, ops, edge, monkeypatch):
    """What `~/.netrc` has for the host is not sent."""
    (home / ".netrc").write_text("machine 127.0.0.1 login me password secret\n", encoding="utf-8")
    (home / ".netrc").chmod(0o600)

    assert run("-u", LOGIN, "-m", "")[0] == 0
    assert [call.request.headers.get("Authorization") for call in edge.calls] == [
        None,
        "Basic ZWRnZWNsaTplZGdlY2xpc2VjcmV0",
    ]


def test_the_cache_is_printed_and_cleared(run, home, server, ops, edge, pytester_home):
    """What is cached is told without a token, of this SSO or of all; then it is gone."""
    where = directory_of(home, server.login_url)
    pytester_home.cache_tokens(ops, login_url=server.login_url)
    pytester_home.cache_tokens(edge.user(OTHER), login_url=server.login_url, state="expired")
    cached(home, server, "bob").write_text("?", encoding="utf-8")
    (where / "server.login").touch()
    other = pytester_home.cache_tokens(ops, login_url="https://other.example")

    status, output, errors = run("--print-sso-cache")
    lines = errors.splitlines()
    assert (status, output) == (3, "")
    assert [line.partition(" that ")[0] for line in lines] == [
        f"pytest-apigee get-token: {OTHER}: a token",
        "pytest-apigee get-token: bob: no token",
        f"pytest-apigee get-token: {EMAIL}: a token",
        f"pytest-apigee get-token: 3 cached at {where}",
    ]
    assert "expired" in lines[0]
    assert "is good for" in lines[2]
    assert run("--clear-sso-cache") == (2, "", said(f"cleared {where}"))
    assert (where.exists(), other.exists()) == (False, True)
    assert run("--clear-all-sso-cache") == (2, "", said(f"cleared {home / '.sso-cli'}"))
    assert not other.exists()
    assert run("--clear-all-sso-cache")[0] == 2
    assert run("--print-sso-cache") == (3, "", said(f"0 cached at {where}"))


def test_a_cache_that_is_no_directory(run, home, server, ops):
    """What stands where the cache should be is told: statuses 31 and 32."""
    where = directory_of(home, server.login_url)
    (home / ".sso-cli").touch()
    assert run("-u", LOGIN, "-m", "") == (31, "", said(f"{where} cannot be made: File exists."))
    assert run("--clear-all-sso-cache") == (31, "", said(f"{home / '.sso-cli'} cannot be cleared: Not a directory."))
    (home / ".sso-cli").unlink()
    cached(home, server).mkdir(parents=True)

    assert run("-u", LOGIN, "-m", "") == (32, "", said("the cached token cannot be read: Is a directory."))


def test_a_token_that_cannot_be_kept(run, home, server, ops, edge):
    """A file that cannot be written is told, and nothing is left of the attempt."""
    user = edge.user(OTHER)
    cached(home, server, OTHER).mkdir(parents=True)

    assert run("-p", edge.passcode(user)) == (32, "", said("the token cannot be cached: Is a directory."))
    assert list(cached(home, server).parent.iterdir()) == [cached(home, server, OTHER)]


def test_a_name_that_cannot_be_a_file(run, home, server, edge):
    """A user whose name no file can have is told, as the official tool could not keep them either."""
    text = "get_token cannot keep 'a??@acme.example-token.dat': its base64 holds a slash, which no file name can."

    assert run("-u", "a??@acme.example:x", "-m", "") == (32, "", said(text))


def test_it_is_never_asked_without_an_input(run, home, server, monkeypatch, capfd):
    """Where nobody can be asked it ends, and does not wait."""
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["get-token", "-u", EMAIL]) == 12
    with Path(os.devnull).open() as closed:
        pass
    monkeypatch.setattr(sys, "stdin", closed)
    assert main(["get-token", "-u", EMAIL]) == 12
    assert capfd.readouterr().out == ""


def test_it_does_not_wait_for_ever(monkeypatch, capfd):
    """A prompt that nobody answers ends."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as file, os.fdopen(writing, "w"):
        monkeypatch.setattr(sys, "stdin", file)
        assert prompts.ask("?", within_s=0.05) is None
        monkeypatch.setattr(prompts.select, "select", refuse)  # as on Windows
        os.write(writing, b"x\n")
        assert prompts.ask("?", within_s=0.05) == "x"


def refuse(*_):
    raise OSError


@pytest.mark.parametrize("has_termios", [True, False])
def test_a_password_is_not_shown(monkeypatch, capfd, has_termios):
    """What is typed at a terminal in answer to a hidden prompt is not echoed, where the terminal can be told so."""
    import termios

    if not has_termios:
        monkeypatch.setitem(sys.modules, "termios", None)
    ours, theirs = pty.openpty()
    with os.fdopen(theirs) as terminal, os.fdopen(ours, "wb", buffering=0) as keyboard:
        monkeypatch.setattr(sys, "stdin", terminal)
        answers = []
        asking = threading.Thread(target=lambda: answers.append(prompts.ask("?", within_s=20, is_hidden=True)))
        before = termios.tcgetattr(theirs)
        asking.start()
        until = time.monotonic() + 20
        while has_termios and termios.tcgetattr(theirs)[3] & termios.ECHO and time.monotonic() < until:
            time.sleep(0.001)
        keyboard.write(b"s3cret\n")
        asking.join()
        shown = os.read(ours, 100) if not has_termios else b""

        assert answers == ["s3cret"]
        assert termios.tcgetattr(theirs) == before
        assert (b"s3cret" in shown) is not has_termios


def test_it_runs_as_a_process(home, server, ops):
    """As a pipeline runs it: the token can be captured."""
    script = [sys.executable, "-m", "pytest_apigee", "get-token", "-u", LOGIN, "-m", ""]
    run = subprocess.run(script, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)

    assert (run.returncode, run.stderr) == (0, "")
    assert claims(run.stdout)["user_name"] == EMAIL


def test_it_may_be_interrupted(monkeypatch, capfd):
    """Ctrl-C ends it without a traceback."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "get_token", interrupted)
    assert main(["get-token"]) == 130
    assert capfd.readouterr() == ("", "")


def test_nobody_may_read_it(home, server, ops, monkeypatch):
    """A token that nobody reads is a failure."""
    monkeypatch.setattr(sys, "stdout", None)

    assert main(["get-token", "-u", LOGIN, "-m", ""]) == 1


def test_its_values_show_no_secret(edge):
    """What is kept of a login and of the arguments shows no secret."""
    options = command.read_options(["-u", LOGIN, "-m", "123456", "-p", "Tg8Xx0"])
    from pytest_apigee.live.sso import Login

    login = Login.read(edge.login_answer(edge.user(EMAIL)).decode())

    assert repr(options) == f"Options(user='{EMAIL}', flags=frozenset())"
    assert repr(login) == f"Login(user_name='{EMAIL}', expires_at_s={login.expires_at_s})"


def test_without_a_home_variable_it_is_the_users(run, home, server, ops, monkeypatch):
    """Where HOME is not set, the system says where the user is at home."""
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(command.Path, "home", lambda: home)

    assert run("-u", LOGIN, "-m", "")[0] == 0
    assert cached(home, server).exists()


def test_the_default_is_apigees(monkeypatch, home):
    """Without SSO_LOGIN_URL it is that of Apigee."""
    monkeypatch.delenv("SSO_LOGIN_URL")
    edge = FakeEdge()
    edge.user(EMAIL, password=PASSWORD)
    from pytest_apigee.doors import opened

    with opened(edge):
        assert main(["get-token", "-u", LOGIN, "-m", ""]) == 0
    assert edge.calls.last.request.url == "https://login.apigee.com/oauth/token?mfa_token="
