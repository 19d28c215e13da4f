"""`pytest-apigee serve`: the fake as a process, for suites in other languages and for trying things by hand."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from pytest_apigee.transports.fence import admit

PATIENCE_S = 30
WORLD = """
[[organizations]]
name = "globex"
environments = ["prod", "test"]
zone = "globex"
[[organizations]]
name = "acme"
environments = ["dev"]
[[organizations.apis]]
name = "weather"
basepath = "/weather"
environments = ["dev"]
security = "none"
target = { json = { temp = 21 } }
"""
KEYS = ["login", "management", "gateway", "proxy", "ca", "gateways", "zones", "env"]


class Served:
    """A process that serves, as whoever started it sees it."""

    def __init__(self, process):
        self.process = process
        self.line = json.loads(process.stdout.readline() or "{}")

    def __getitem__(self, name):
        return self.line[name]

    def stop(self, number=signal.SIGTERM):
        """Return exit status, what it wrote to standard error, and how long that took."""
        began = time.monotonic()
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=PATIENCE_S)
        assert output == ""
        return self.process.returncode, errors, time.monotonic() - began


@contextmanager
def serving(*options, **settings):
    command = [sys.executable, "-m", "pytest_apigee", "serve", *map(str, options)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **settings)
    try:
        yield Served(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


def refused(*options):
    """Return exit status and standard error of a process that does not serve."""
    command = [sys.executable, "-m", "pytest_apigee", *map(str, options)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert run.stdout == ""
    return run.returncode, run.stderr


def ask(method, url, **options):
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, timeout=PATIENCE_S, **options)


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
    assert seconds < 1 + 2 * bool(os.environ.get("PYTEST_APIGEE_TRACE_FENCE"))  # traced, Python ends more slowly


def test_the_commands_of_the_sample_world_work():
    """Without a world it serves a sample, and the commands that it prints work as pasted."""
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    with serving("--tls") as served:
        lines = [served.process.stderr.readline() for _ in range(5)]
        assert lines[0] == "pytest-apigee serve: a sample world; try it:\n"
        script = "".join(line.strip() + "; echo\n" for line in lines[1:])
        run = subprocess.run(
            ["/bin/sh", "-ec", script], env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        status, errors, _ = served.stop()

    called, logged_in, listed = run.stdout.strip().split("\n", 2)
    assert (status, errors, run.stderr) == (0, "", "")
    assert called == '{"temp": 21}'
    assert json.loads(logged_in)["token_type"] == "bearer"
    assert json.loads(listed)["app"][0]["name"] == "weatherapp"


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
        ([], "pytest-apigee: error: the following arguments are required: COMMAND"),
        (["serv"], "pytest-apigee: error: argument COMMAND: invalid choice: 'serv' (choose from"),
        (["serve", "--login-port", "65536"], "argument --login-port: a port is a number from 0 to 65535, not '65536'"),
        (["serve", "--proxy-port", "x"], "argument --proxy-port: a port is a number from 0 to 65535, not 'x'"),
        (["serve", "--seed", "x"], "argument --seed: invalid int value: 'x'"),
        (["serve", "--wrld", "x"], "unrecognized arguments: --wrld x"),
    ],
)
def test_wrong_usage_is_told(arguments, message):
    """Wrong arguments are named, with exit status 2."""
    status, errors = refused(*arguments)

    assert status == 2
    assert message in errors
    assert "Traceback" not in errors


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
    assert served.stop()[0] == 0

    command = [sys.executable, "-c", hidden, "serve", "--tls"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert run.returncode == 2
    assert run.stderr == (
        'pytest-apigee serve: HTTPS at a local port needs the package trustme: pip install "pytest-apigee[server]".\n'
    )


def control(served, method, path, content=None, **options):
    body = {"json": content} if content is not None else {}
    return ask(method, f"{served['control']}{path}", **body, **options)


def test_the_control_api_drives_the_world(world):
    """It puts the world back, moves its clock and lists what was asked, without secrets."""
    with serving("--world", world, "--control", "--org", "acme") as served:
        assert list(served.line) == [*KEYS, "control"]
        ask("GET", f"{served['gateway']}/weather?secret=1")
        ask("GET", f"{served['gateway']}/nowhere")
        listed = control(served, "GET", "/exchanges?limit=1").json()
        before = control(served, "GET", "/clock").json()["now_ms"]
        moved = control(served, "POST", "/clock", {"advance": {"hours": 1}}).json()
        skewed = control(served, "POST", "/clock", {"skew": {"minutes": -5}}).json()
        travelled = control(served, "POST", "/clock", {"travel_to": "2030-01-02T03:04:05Z"}).json()
        frozen = control(served, "POST", "/clock", {"freeze": "2031-01-02T03:04:05Z"}).json()
        assert control(served, "POST", "/reset", {}).json() == {}
        after = control(served, "GET", "/clock").json()

        assert listed["total"] == 2
        assert [one["request"] for one in listed["exchanges"]] == ["GET https://acme-dev.apigee.net/nowhere"]
        assert listed["exchanges"][0]["status"] == 404
        assert moved["now_ms"] - before >= 3_600_000
        assert skewed["now_ms"] < moved["now_ms"]
        assert travelled["now"].startswith("2030-01-02T0")
        assert frozen["now"].startswith("2031-01-02T0")
        assert after["now_ms"] < moved["now_ms"]
        assert after["history"] == ""
        assert control(served, "GET", "/exchanges").json() == {"total": 0, "exchanges": []}
        assert ask("GET", f"{served['gateway']}/weather").json() == {"temp": 21}


def test_the_control_api_arms_faults(world):
    """A fault is armed, met, listed and taken back."""
    with serving("--world", world, "--control", "--org", "acme") as served:
        fault = {"kind": "respond", "status": 503, "json": {"wait": 1}, "at": "gateway", "times": 2}
        armed = control(served, "POST", "/faults", fault).json()
        met = ask("GET", f"{served['gateway']}/weather")
        listed = control(served, "GET", "/faults").json()
        cleared = control(served, "DELETE", "/faults").json()

        assert armed == {"armed": [{"fault": "503 at gateway", "times": 2, "met": 0}]}
        assert (met.status_code, met.json()) == (503, {"wait": 1})
        assert listed == {"armed": [{"fault": "503 at gateway", "times": 2, "met": 1}]}
        assert cleared == {"armed": []}
        assert ask("GET", f"{served['gateway']}/weather").status_code == 200


JSON = {"Content-Type": "application/json"}
BODY = "The body of this request is a JSON object, of Content-Type application/json."
NO_ACTION = (
    "The control API has: DELETE /faults, GET /clock, GET /exchanges, GET /faults, POST /clock, POST /faults, "
    "POST /reset."
)
PAGES = "The control API is for programs on this machine, and not for pages in a browser."
CLOCK = 'The clock takes one of advance, freeze, skew, travel_to, as {"advance": {"hours": 1}}.'
UNITS = 'takes numbers by unit, as {"hours": 1}. Units: days, hours, milliseconds, minutes, seconds.'


@pytest.fixture(scope="module")
def controlled():
    with serving("--control") as served:
        yield served


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "message"),
    [
        ("GET", "/nothing", "", {}, 404, NO_ACTION),
        ("POST", "/reset", "{}", {}, 400, BODY),
        ("POST", "/reset", "[]", JSON, 400, BODY),
        ("POST", "/reset", "{", JSON, 400, BODY),
        ("POST", "/reset", "[" * 100_000, JSON, 400, BODY),
        ("POST", "/reset", '{"x": 1}', JSON, 400, "the body: unknown field 'x'. Allowed: none."),
        ("POST", "/clock", "{}", JSON, 400, CLOCK),
        ("POST", "/clock", '{"advance": {"hours": 1}, "skew": {"hours": 1}}', JSON, 400, CLOCK),
        ("POST", "/clock", '{"advance": 1}', JSON, 400, f"advance {UNITS}"),
        ("POST", "/clock", '{"skew": {"hours": true}}', JSON, 400, f"skew {UNITS}"),
        ("POST", "/clock", '{"advance": {"fortnights": 1}}', JSON, 400, f"advance {UNITS}"),
        ("POST", "/clock", '{"freeze": 1}', JSON, 400, 'freeze takes a moment, as "2026-01-02T03:04:05Z".'),
        (
            "POST",
            "/faults",
            '{"kind": "explode"}',
            JSON,
            400,
            "Unknown kind of fault 'explode'. Allowed: rate_limit, reset, respond, time_out. Did you mean 'respond'?",
        ),
        ("GET", "/exchanges?limit=0", "", {}, 400, "limit takes a number from 1 to 100, not '0'."),
        ("GET", "/exchanges?limit=101", "", {}, 400, "limit takes a number from 1 to 100, not '101'."),
        ("GET", "/exchanges?limit=%C2%B2", "", {}, 400, "limit takes a number from 1 to 100, not '\xb2'."),
        ("GET", "/clock", "", {"Host": "rebound.example"}, 403, PAGES),
        ("GET", "/clock", "", {"Origin": "http://page.example"}, 403, PAGES),
    ],
)
def test_the_control_api_names_mistakes(controlled, method, path, body, headers, status, message):
    """A mistake is answered with what is allowed, and a page in a browser is refused."""
    response = ask(method, f"{controlled['control']}{path}", data=body, headers=headers)

    assert (response.status_code, response.json()) == (status, {"error": message})


def test_the_control_api_refuses_what_the_clock_does(controlled):
    """What the clock cannot do is told in its own words."""
    response = control(controlled, "POST", "/clock", {"travel_to": "yesterday"})

    assert response.status_code == 400
    assert "yesterday" in response.json()["error"]


def test_the_control_api_is_off_unless_asked_for(world):
    """Without --control its path is Edge's own, and at Edge's own hosts it always is."""
    with serving("--world", world) as served:
        assert ask("GET", f"{served['management']}/__pytest_apigee__/clock").status_code == 401
    with serving("--world", world, "--control") as served:
        host = {"Host": "api.enterprise.apigee.com"}
        assert ask("GET", f"{served['control']}/clock", headers=host).status_code == 401
