"""`pytest-apigee serve`: the fake as a process, for suites in other languages and for trying things by hand."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pytest_apigee.transports.fence import admit
from tests.serve_support import KEYS, PATIENCE_S, WORLD, Served, ask, refused, serving

TRACED_S = 2 * bool(os.environ.get("PYTEST_APIGEE_TRACE_FENCE"))  # traced, Python ends more slowly


@pytest.fixture
def world(tmp_path):
    path = tmp_path / "world.toml"
    path.write_text(WORLD, encoding="utf-8")
    return path


def test_it_says_where_it_is_and_stops_when_told(world):
    """One line of JSON names the URLs of the world's first organization and environment, and of all others."""
    with serving("--world", world) as served:
        assert list(served.line) == KEYS
        assert list(served["gateways"]) == ["globex/prod", "globex/test", "acme/dev"]
        assert served["gateway"] == served["gateways"]["globex/prod"]
        assert list(served["zones"]) == ["globex"]
        assert ask("GET", f"{served['gateways']['acme/dev']}/weather").json() == {"temp": 21}
        assert ask("GET", f"{served['login']}/version").status_code == 200
        assert ask("GET", f"{served['management']}/v1/organizations/acme").status_code == 401
        through = {"proxies": {"https": served["proxy"]}, "verify": served["ca"]}
        with admit(("127.0.0.1", urlsplit(served["proxy"]).port)):  # past the fence, if an earlier test left one
            assert ask("GET", "https://acme-dev.apigee.net/weather", **through).json() == {"temp": 21}
        assert served["env"]["HTTPS_PROXY"] == served["proxy"]
        assert served["env"]["SSO_LOGIN_URL"] == "https://globex.login.apigee.com"
        assert served["env"]["ALL_PROXY"] is served["env"]["all_proxy"] is None
        status, errors, _ = served.stop()

    assert (status, errors) == (0, "")
    assert not Path(served["ca"]).exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_within_a_second(number):
    """SIGINT and SIGTERM end it at once, also with connections open, with exit status 0."""
    with serving() as served:
        parts = urlsplit(served["login"])
        with socket.create_connection((parts.hostname, parts.port)) as idle:
            idle.sendall(b"GET / HT")
            status, _, seconds = served.stop(number)

    assert status == 0
    assert seconds < 1 + TRACED_S


def test_it_stops_within_a_second_whatever_takes_its_time():
    """A tunnel that is still being opened does not keep it."""
    with contextlib.ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # what fills the queue of a server that accepts nobody
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - its signature
            waiting.connect_ex(silent.getsockname())
        served = stack.enter_context(serving("--allow-host", "127.0.0.1"))
        parts = urlsplit(served["proxy"])
        client = stack.enter_context(socket.create_connection((parts.hostname, parts.port)))
        client.sendall(f"CONNECT 127.0.0.1:{silent.getsockname()[1]} HTTP/1.1\r\n\r\n".encode())
        assert ask("GET", f"{served['login']}/version").status_code == 200
        status, _, seconds = served.stop()

    assert status == 0
    assert seconds < 1 + TRACED_S


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_may_be_told_to_stop_again(world, number):
    """A signal that is repeated until it has ended changes nothing."""
    with serving("--world", world) as served:
        until = time.monotonic() + PATIENCE_S
        while served.process.poll() is None and time.monotonic() < until:
            served.process.send_signal(number)
        status, errors, _ = served.stop()

    assert (status, errors) == (0, "")


def test_it_may_be_told_to_stop_before_it_is_ready(tmp_path):
    """A signal that comes while the world is made ends it as one that comes later."""
    path, later = tmp_path / "world.toml", tmp_path / "later.toml"
    later.write_text("seed = 1", encoding="utf-8")
    os.mkfifo(path)
    command = [sys.executable, "-m", "pytest_apigee", "serve", "--world", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with path.open("w", encoding="utf-8") as pipe:  # opens when the process does
        process.send_signal(signal.SIGTERM)
        later.replace(path)
        pipe.write("seed = 1")
    output, errors = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, errors) == (0, "")
    assert list(json.loads(output)) == KEYS


@pytest.mark.parametrize("options", [["--tls"], ["--env", "prod"], ["--host", "::1"]], ids=" ".join)
def test_the_commands_of_the_sample_world_work(options):
    """Without a world it serves a sample, and the commands that it prints work as pasted."""
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    with serving(*options) as served:
        lines = [served.process.stderr.readline() for _ in range(6)]
        assert lines[0] == "pytest-apigee serve: a sample world; try it:\n"
        script = "".join(line.strip() + "; echo\n" for line in lines[1:])
        run = subprocess.run(
            ["/bin/sh", "-ec", script], env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        status, errors, _ = served.stop()

    called, logged_in, *listed, version = run.stdout.strip().split("\n")
    assert (status, errors, run.stderr) == (0, "", "")
    assert called == '{"temp": 21}'
    assert json.loads(logged_in)["token_type"] == "bearer"
    assert json.loads("".join(listed))["app"][0]["name"] == "weatherapp"
    assert version == '{"cliVersion":"2.0"}'


def test_it_tells_what_no_test_is_there_to_fail_for(world):
    """What would fail a test is told on standard error, and with --verbose every exchange, never a secret."""
    with serving("--world", world, "--verbose", "--org", "acme", "--era", "2016", "--seed", "7") as served:
        ask("GET", f"{served['login']}/info")
        ask("GET", f"{served['gateway']}/weather?token=secret")
        ask("GET", f"{served['login']}/", headers={"Host": "nope-test.apigee.net"})
        assert served["gateway"] == served["gateways"]["acme/dev"]
        _, errors, _ = served.stop()

    what = "pytest-apigee does not model GET https://login.apigee.com/info"
    first, second, third, fourth, fifth = errors.splitlines()
    assert first == f"pytest-apigee serve: GET https://login.apigee.com/info -> 501  {what}."
    assert second == f"pytest-apigee serve: not_modelled: {what}."
    assert third == "pytest-apigee serve: GET https://acme-dev.apigee.net/weather -> 200"
    assert fourth.startswith("pytest-apigee serve: GET https://nope-test.apigee.net/ -> no answer (unknown_host)  ")
    assert fifth.startswith("pytest-apigee serve: unknown_host: The fake Edge has no host 'nope-test.apigee.net'.")


def test_it_tells_what_it_passes_over(tmp_path):
    """Kinds of Apigee's own configuration that are not modelled are named, and the rest is served."""
    content = {"version": "1.0", "orgConfig": {"developers": [], "reports": [{"name": "r"}]}}
    path = tmp_path / "edge.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with serving("--world", path, "--env", "prod") as served:
        assert served["gateway"] == served["gateways"]["acme/prod"]
        _, errors, _ = served.stop()

    assert errors.startswith("pytest-apigee serve: passed over, as it is not modelled: ")
    assert "reports" in errors


def test_ports_and_address_may_be_chosen():
    """Each part listens where it is told; whoever else may reach it is told."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ("--management-port", port, "--host", "0.0.0.0", "--allow-host", "localhost")  # noqa: S104 - what is told
    with serving(*options) as served:
        assert served["management"] == f"http://127.0.0.1:{port}"
        url = f"{served['login']}/version".replace("127.0.0.1", "localhost")
        proxied = ask("GET", url, proxies={"http": served["proxy"]})
        assert proxied.status_code == 200
        _, errors, _ = served.stop()

    assert errors.startswith("pytest-apigee serve: at 0.0.0.0 it is open to everyone in that network: ")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2"])
def test_loopback_is_nothing_to_warn_of(world, host):
    """At an address of this machine alone it warns of nobody."""
    with serving("--world", world, "--host", host) as served:
        assert served["login"].startswith(f"http://{host}:")
        assert served.stop()[1] == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--era", "1999"], "Unknown era '1999'."),
        (["--org", "globex"], "Unknown organization 'globex'. Declared: acme."),
        (["--world", "missing.toml"], "The world file missing.toml "),
        (["--host", "256.0.0.1"], "A port cannot be opened at 256.0.0.1: "),
        (["--allow-host", ""], "allow_hosts "),
        (["--world", "a\nb.toml"], "The world file a b.toml "),
    ],
)
def test_a_mistake_is_one_line(options, message):
    """What cannot be is told in one line of standard error, with exit status 2."""
    status, errors = refused("serve", *options)

    assert status == 2
    assert errors.startswith(f"pytest-apigee serve: {message}")
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "pytest-apigee: the following arguments are required: COMMAND. See pytest-apigee --help."),
        (["serv"], "pytest-apigee: argument COMMAND: invalid choice: 'serv' (choose from"),
        (["serve", "--login-port", "65536"], "argument --login-port: a port is a number from 0 to 65535, not '65536'"),
        (["serve", "--proxy-port", "x"], "argument --proxy-port: a port is a number from 0 to 65535, not 'x'"),
        (["serve", "--seed"], "pytest-apigee serve: argument --seed: expected one argument. See"),
        (["serve", "--wrld", "x"], "unrecognized arguments: --wrld x"),
    ],
)
def test_wrong_usage_is_told(arguments, message):
    """Wrong arguments are named in one line, with exit status 2."""
    status, errors = refused(*arguments)

    assert status == 2
    assert message in errors
    assert errors.count("\n") == 1


def test_a_port_in_use_is_one_line():
    """A port that somebody else has is named, with exit status 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = refused("serve", "--login-port", port)

    message = f"Port {port} cannot be opened at 127.0.0.1: Address already in use. Choose another one, or 0 for any."
    assert found == (2, f"pytest-apigee serve: {message}\n")


def test_nobody_may_read_standard_output(world):
    """Where the URLs can be told to nobody it ends, and says why."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "pytest_apigee", "serve", "--world", str(world)]
    run = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False)
    os.close(write)

    assert run.returncode == 1
    assert run.stderr == "pytest-apigee serve: nobody reads standard output, where the URLs were to go.\n"


def test_nobody_needs_to_read_standard_error(world):
    """Where nobody reads what it tells, it serves all the same, and ends well."""
    read, write = os.pipe()
    with serving("--world", world, "--verbose", stderr=write) as served:
        os.close(write)
        os.close(read)
        assert [ask("GET", f"{served['login']}/info").status_code for _ in range(2)] == [501, 501]
        assert served.stop()[0] == 0


@pytest.mark.parametrize(("closed", "status"), [(">&-", 1), ("2>&-", 0), (">&- 2>&-", 1)])
def test_it_may_be_started_without_standard_streams(world, closed, status):
    """A stream that is closed from the beginning is one that nobody reads."""
    script = f'exec "$@" {closed}'
    command = ["/bin/sh", "-c", script, "sh", sys.executable, "-m", "pytest_apigee", "serve", "--world", str(world)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if process.stdout.readline():
        process.terminate()
    _, errors = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == status
    assert "Traceback" not in errors


def test_it_serves_plain_http_without_trustme():
    """Without the extra there is no proxy; what needs it names the package."""
    hidden = "import sys; sys.modules['trustme'] = None; import importlib.util as u; f = u.find_spec;"
    hidden += "u.find_spec = lambda name, *a: None if name == 'trustme' else f(name, *a);"
    hidden += "from pytest_apigee.cli import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-c", hidden, "serve"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    served = Served(process)
    assert (served["proxy"], served["ca"], served["env"]) == (None, None, {})
    status, errors, _ = served.stop()
    missing = 'there is no proxy, which needs the package trustme: pip install "pytest-apigee[server]".'
    assert status == 0
    assert errors.startswith(f"pytest-apigee serve: {missing}\n")

    for options in (["--tls"], ["--proxy-port", "1"], ["--allow-host", "pypi.org"]):
        command = [sys.executable, "-c", hidden, "serve", *options]
        run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert run.returncode == 2
        assert run.stderr == (
            "pytest-apigee serve: HTTPS at a local port needs the package trustme: "
            'pip install "pytest-apigee[server]".\n'
        )
