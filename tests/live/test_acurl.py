"""`pytest-apigee acurl`: curl with a token, and nothing that gives the token away."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_apigee import Response
from pytest_apigee.cli import main
from pytest_apigee.live import acurl as command
from tests.live.conftest import EMAIL, PASSWORD

LOGIN = ("-u", f"{EMAIL}:{PASSWORD}", "-m", "")


@pytest.fixture(autouse=True)
def ops(edge, home):
    return edge.user(EMAIL, password=PASSWORD)


@pytest.fixture
def run(capfd):
    def run(*arguments):
        status = main(["acurl", *map(str, arguments)])
        return status, *capfd.readouterr()

    return run


@pytest.fixture
def organization(server):
    return f"{server.management_url}/v1/o/acme"


@pytest.fixture
def echo(edge, server):
    """The URL of an API that tells what it was sent."""

    def answer(request):
        return Response.of_json({"headers": dict(request.headers), "body": request.text, "method": request.method})

    return server.local(edge.proxy("/echo", security="none", target=answer))


def said(text):
    return f"pytest-apigee acurl: {text}\n"


def test_it_calls_the_management_api(run, organization):
    """The answer of the management API goes to standard output as curl writes it."""
    status, output, errors = run(*LOGIN, "-s", f"{organization}/environments")

    assert (status, json.loads(output), errors) == (0, ["test", "prod"], "")


def test_arguments_go_to_curl(run, echo):
    """What is no option of its own is curl's, values included."""
    status, output, _ = run("-s", "-X", "PUT", *LOGIN, "-H", "X-A: 1", "-d", "a=b", echo, "-H", "Accept: text/plain")

    sent = json.loads(output)
    assert (status, sent["method"], sent["body"]) == (0, "PUT", "a=b")
    assert (sent["headers"]["X-A"], sent["headers"]["Accept"]) == ("1", "text/plain")


@pytest.mark.parametrize(
    "header",
    [["-H", "Authorization: Basic x"], ["-HAUTHORIZATION : x"], ["--header", "authorization:x"]],
)
def test_no_other_authorization_is_sent(run, echo, header):
    """A header Authorization of the user's gives way to the token."""
    _, output, _ = run("-s", *LOGIN, *header, echo)

    authorization = json.loads(output)["headers"]["Authorization"]
    assert authorization.startswith("Bearer ey")


def test_standard_input_is_curls(home, server, echo):
    """`-d @-` reads what the user pipes, also where a prompt read before."""
    arguments = ["acurl", "-s", "-u", EMAIL, "-m", "", "--data-binary", "@-", echo]
    run = subprocess.run(
        [sys.executable, "-m", "pytest_apigee", *arguments],
        input=f"{PASSWORD}\nline 1\nline 2\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert json.loads(run.stdout)["body"] == "line 1\nline 2\n"
    assert (run.returncode, run.stderr) == (0, f"Enter the password for user '{EMAIL}': \n")


def test_files_are_found_where_the_user_is(run, echo, tmp_path, monkeypatch):
    """`-d @file` is a file of the directory that the user is in, where the official tool posts nothing."""
    monkeypatch.chdir(tmp_path)
    Path("body.txt").write_text("found", encoding="utf-8")

    assert json.loads(run("-s", *LOGIN, "-d", "@body.txt", echo)[1])["body"] == "found"


def test_the_token_is_in_no_list_of_processes(run, home, organization, tmp_path, monkeypatch):
    """The token is given to curl by a file descriptor: not by its arguments, and not by its environment."""
    seen = tmp_path / "seen"
    spy = tmp_path / "bin" / "curl"
    spy.parent.mkdir()
    spy.write_text(
        f"#!/bin/sh\ntr '\\0' '\\n' < /proc/$$/cmdline > {seen}\nenv >> {seen}\nexec {shutil.which('curl')} \"$@\"\n",
        encoding="utf-8",
    )
    spy.chmod(0o700)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
    assert run(*LOGIN, "-s", organization)[0] == 0
    (token_file,) = (home / ".sso-cli").glob("*/*")
    token = json.loads(token_file.read_bytes())["access_token"]

    assert "--config" in seen.read_text(encoding="utf-8")
    assert token not in seen.read_text(encoding="utf-8")


def test_https_takes_a_certificate_that_is_trusted(run, edge, home, monkeypatch):
    """With TLS it trusts what curl trusts."""
    with edge.serve(tls=True) as server:
        monkeypatch.setenv("CURL_CA_BUNDLE", str(server.ca_path))
        url = server.management_url.removeprefix("https://")

        assert json.loads(run(*LOGIN, "-s", f"{url}/v1/o/acme/environments")[1]) == ["test", "prod"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["http://x.example/"], "a URL is plain http: the token goes over https alone, or to this machine."),
        (["HTTP://x.example/"], "a URL is plain http: the token goes over https alone, or to this machine."),
        (["http://[::1/"], "a URL is plain http: the token goes over https alone, or to this machine."),
        (
            ["http://localhost/", "-Kmore"],
            "beside a plain http URL no config file of curl may name others: leave -K out.",
        ),
        (
            ["http://localhost/", "--config", "more"],
            "beside a plain http URL no config file of curl may name others: leave -K out.",
        ),
        (
            ["https://x.example", "--next", "https://y.example"],
            "the token is for one operation of curl: leave --next out, and run acurl again.",
        ),
        (["-u"], "-u takes a value. See pytest-apigee acurl -h."),
    ],
)
def test_what_could_give_the_token_away_is_refused(run, edge, arguments, text):
    """Plain http leads to this machine alone; nothing is asked before."""
    assert run(*LOGIN, *arguments) == (2, "", said(text))
    assert not list(edge.calls)


def test_a_config_file_cannot_name_plain_http(run, tmp_path):
    """It is curl that is told which schemes it may use, so no file of its own leads elsewhere."""
    config = tmp_path / "config"
    config.write_text('url = "http://127.0.0.1:9/"\n', encoding="utf-8")

    status, output, errors = run(*LOGIN, "-sS", "--proto", "=http", "-K", config)
    assert (status, output) == (1, "")
    assert 'Protocol "http"' in errors


def test_redirects_to_plain_http_are_not_followed(run, edge, server):
    """A redirect does not take the token where it may not go."""
    away = Response(status=302, headers={"Location": "http://127.0.0.1:9/"})
    url = server.local(edge.proxy("/away", security="none", target=away))

    status, _, errors = run(*LOGIN, "-sSL", url)
    assert status == 1
    assert 'Protocol "http"' in errors


def test_the_exit_status_is_that_of_the_token_or_of_curl(run, edge, organization, tmp_path, monkeypatch):
    """Without a token curl is not run; else its own status counts, as a shell has it."""
    assert run("-u", f"{EMAIL}:wrong", "-m", "", organization)[0] == 22
    assert run(*LOGIN, "-sf", f"{organization}/nothing-there")[0] == 22
    assert run(*LOGIN, "-s", "https://127.0.0.1:9/")[0] == 7
    killed = tmp_path / "curl"
    killed.write_text("#!/bin/sh\nkill -9 $$\n", encoding="utf-8")
    killed.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert run(*LOGIN, organization)[0] == 137


def test_it_needs_curl(run, organization, monkeypatch):
    """Without curl, or where nothing can be given by a descriptor, it says so."""
    text = "it takes curl and /dev/fd, and one of them is missing."
    monkeypatch.setattr(command.shutil, "which", lambda _: None)

    assert run(*LOGIN, organization) == (127, "", said(text))


def test_it_tells_what_it_does(run, organization):
    """With `-v` both the token and curl tell what they do; `-h` tells what there is."""
    status, _, errors = run(*LOGIN, "-v", "-s", organization)

    assert status == 0
    assert errors.startswith(said(f"{EMAIL} is logged in"))
    assert "< HTTP/1.1 200 OK" in errors
    assert run("-h") == (1, "", command.USAGE)


def test_machine_users_have_a_password(run, edge, server, organization, monkeypatch):
    """`--force-basic-auth` is that of get-token."""
    zone = edge.zone("acme")
    edge.user("machine@acme.example", password=PASSWORD, zone=zone, machine=True)
    monkeypatch.setenv("SSO_LOGIN_URL", server.zone_url(zone))
    login = ("-u", f"machine@acme.example:{PASSWORD}", "-m", "", "--force-basic-auth")

    assert run(*login, "-s", "-o", "/dev/null", organization)[0] == 0
