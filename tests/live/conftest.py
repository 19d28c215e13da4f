"""An SSO in this process at a URL of this machine, a home directory, and an environment without credentials."""

import os

import pytest

from pytest_apigee import FakeEdge

EMAIL, PASSWORD = "ops@acme.example", "correct horse"


@pytest.fixture
def edge():
    return FakeEdge()


@pytest.fixture
def server(edge):
    with edge.serve() as server:
        yield server


@pytest.fixture
def home(tmp_path, monkeypatch, server):
    """The home directory, with SSO_LOGIN_URL set and no credential."""
    for name in os.environ:
        if name.startswith("APIGEE_") or name == "CLIENT_AUTH":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SSO_LOGIN_URL", server.login_url)
    return tmp_path
