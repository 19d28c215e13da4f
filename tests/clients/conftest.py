"""Tests with real clients of Edge, unmodified; they run where the client is installed, as in `tox -e clients`.

Clients in Node lie in the directory that the environment variable NODE_CLIENTS names; `apigeecli` is a package of PyPI.
"""

import json
import os
import signal
import subprocess
import sys
from importlib.util import find_spec

import pytest

NODE = os.environ.get("NODE_CLIENTS", "")
collect_ignore = [
    *([] if find_spec("apigee") else ["test_apigeecli.py", "test_apigeecli_commands.py"]),
    *([] if NODE else ["test_apigeetool.py", "test_apigee_edge_js.py"]),
]
PATIENCE_S = 60
EMAIL, PASSWORD = "ops@acme.example", "correct horse"
WORLD = {
    "users": [{"email": EMAIL, "password": PASSWORD, "roles": {"acme": ["orgadmin"]}}],
    "organizations": [
        {
            "name": "acme",
            "environments": ["test", "prod"],
            "apiproducts": [{"name": "weather", "proxies": ["weather"]}],
            "apis": [{"name": "weather", "basepath": "/weather", "environments": ["test"], "security": "apikey"}],
        }
    ],
}
API = '<APIProxy name="hello"><DisplayName>Hello</DisplayName></APIProxy>'
ENDPOINT = """<ProxyEndpoint name="default">
  <HTTPProxyConnection>
    <BasePath>/hello</BasePath><VirtualHost>default</VirtualHost><VirtualHost>secure</VirtualHost>
  </HTTPProxyConnection>
  <RouteRule name="default"><TargetEndpoint>default</TargetEndpoint></RouteRule>
</ProxyEndpoint>"""
TARGET = """<TargetEndpoint name="default">
  <HTTPTargetConnection><URL>https://backend.example</URL></HTTPTargetConnection>
</TargetEndpoint>"""
POLICY = '<Quota name="limit"><Allow count="5"/></Quota>'


class Served:
    """A process of `pytest-apigee serve`, and a home of its own for the clients that are run against it."""

    def __init__(self, line, home):
        self.line = line
        self.home = home
        own = {"HOME": str(home), "PATH": os.environ["PATH"]}
        self.plain = own
        self.proxied = own | {name: value for name, value in line["env"].items() if value is not None}

    def __getitem__(self, name):
        return self.line[name]

    def run(self, *command, env=None, **options):
        """Return what a client printed; it must end well."""
        run = self.try_to(*command, env=env, **options)
        assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
        return run.stdout

    def try_to(self, *command, env=None, **options):
        return subprocess.run(
            [str(part) for part in command],
            env=self.plain if env is None else env,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
            **options,
        )


@pytest.fixture
def served(tmp_path):
    world, home = tmp_path / "world.json", tmp_path / "home"
    world.write_text(json.dumps(WORLD), encoding="utf-8")
    home.mkdir()
    command = [sys.executable, "-m", "pytest_apigee", "serve", "--control", "--world", str(world)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield Served(json.loads(process.stdout.readline()), home)
    process.send_signal(signal.SIGTERM)
    _, complaints = process.communicate(timeout=PATIENCE_S)
    assert complaints == ""


@pytest.fixture
def bundle(served):
    """Write the bundle of an API proxy, and return the directory above it."""
    files = {
        "hello.xml": API,
        "proxies/default.xml": ENDPOINT,
        "targets/default.xml": TARGET,
        "policies/limit.xml": POLICY,
        "resources/jsc/hello.js": "var hello = 1;",
    }
    for name, content in files.items():
        path = served.home / "bundle" / "apiproxy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return served.home / "bundle"
