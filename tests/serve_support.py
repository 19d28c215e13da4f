"""The command as a process, and a client of it without any setting of this machine."""

import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import requests

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
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, text=True, **{**pipes, **settings})
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
