"""The command-line tool `apigeecli` of PyPI, unmodified, logs in at the fake."""

import shutil
from pathlib import Path

import jwt
import pytest

EMAIL = "Ops@acme.example"


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """Import the tool with a home of its own, which it looks up when imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        import apigee
        import apigee.auth

        yield apigee


@pytest.fixture
def tool(modules):
    """Return the tool's authentication without any token kept from before."""
    directory = Path(modules.APIGEE_CLI_DIRECTORY)
    directory.mkdir(parents=True)
    yield modules.auth
    shutil.rmtree(directory)


def email_in(headers):
    token = headers["Authorization"].removeprefix("Bearer ")
    return jwt.decode(token, options={"verify_signature": False})["email"]


def test_logs_in_by_password(tool, apigee):
    """The option `--token` logs in by password, once while the token is good."""
    ops = apigee.user(EMAIL)
    login = tool.generate_authentication(username=EMAIL, password=ops.password, token=True)

    headers = [tool.set_authentication_headers(login) for _ in range(2)]

    assert [email_in(sent) for sent in headers] == ["ops@acme.example"] * 2
    assert len(apigee.calls.tokens_issued) == 1


def test_logs_in_again_when_the_token_has_expired(tool, apigee):
    """A token of the cache that has expired is replaced."""
    ops = apigee.user(EMAIL)
    login = tool.generate_authentication(username=EMAIL, password=ops.password, token=True)

    tool.set_authentication_headers(login)
    apigee.clock.advance(hours=12, seconds=1)
    tool.set_authentication_headers(login)

    assert len(apigee.calls.tokens_issued) == 2


def test_logs_in_with_mfa(tool, apigee):
    """The option `--mfa-secret` sends the code of the moment as `mfa_token` in the query."""
    ops = apigee.user(EMAIL, mfa=True)
    login = tool.generate_authentication(username=EMAIL, password=ops.password, mfa_secret=ops.mfa_secret)

    assert email_in(tool.set_authentication_headers(login)) == "ops@acme.example"
    assert apigee.calls.only.request.query.get("mfa_token") == apigee.mfa_code(ops)


def test_logs_in_by_passcode_and_refreshes(tool, apigee, monkeypatch):
    """The option `--zonename` takes a passcode from its user, and the refresh token after that."""
    apigee.zone("acme-saml")
    ops = apigee.user(EMAIL, zone="acme-saml")
    monkeypatch.setattr(tool, "get_sso_temporary_authentication_code", lambda url: apigee.passcode(ops))
    login = tool.generate_authentication(username=EMAIL, password="unused", zonename="acme-saml")

    tool.set_authentication_headers(login)
    apigee.clock.advance(hours=12, seconds=1)
    tool.set_authentication_headers(login)

    grants = [call.request.form.get("grant_type") for call in apigee.calls]
    assert grants == ["password", "refresh_token"]
    assert not apigee.calls.refused


def test_ends_on_a_wrong_password(tool, apigee):
    """A refused login ends the tool, and leaves no token."""
    apigee.user(EMAIL)
    login = tool.generate_authentication(username=EMAIL, password="wrong", token=True)

    with pytest.raises(SystemExit, match="Double check credentials"):
        tool.set_authentication_headers(login)
    assert apigee.calls.only.reason == "wrong password for the SSO user Ops@acme.example"
