"""The suite of the report tool: what its users see, what it asks of Edge, and what it leaves on disk."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from org_report.cli import main, report

from pytest_apigee import Calls, Clock, FakeEdge

USER = "ops@acme.example"
PASSWORD = "correct horse"
MFA_SECRET = "JBSWY3DPEHPK3PXP"

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("APIGEE_PASSWORD", PASSWORD)

    def run(organization: str = "acme", *options: str) -> int:
        return main([organization, "--user", USER, "--state", str(tmp_path / "state"), *options])

    return run


@pytest.fixture
def ops(apigee: FakeEdge) -> None:
    apigee.user(USER, password=PASSWORD)


@pytest.fixture
def no_password(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    return lambda: monkeypatch.delenv("APIGEE_PASSWORD")


def grants(calls: Calls) -> list[str | None]:
    return [call.request.form.get("grant_type") for call in calls.sso]


@pytest.mark.usefixtures("ops")
def test_prints_a_report(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0

    assert capsys.readouterr().out.splitlines() == [
        "acme (acme), trial",
        "environments: test, prod",
        "properties:",
        "  features.isCpsEnabled = true",
    ]


@pytest.mark.usefixtures("ops")
def test_prints_json(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("acme", "--json") == 0

    assert json.loads(capsys.readouterr().out)["environments"] == ["test", "prod"]


def test_formats_what_edge_sends(apigee: FakeEdge, apigee_management: requests.Session) -> None:
    organization = apigee_management.get(f"{apigee.management_url}/v1/organizations/acme").json()

    assert report(organization).startswith("acme (acme), trial\nenvironments: test, prod\n")


def test_lists_the_properties_by_name(run: Run, apigee: FakeEdge, capsys: pytest.CaptureFixture[str]) -> None:
    apigee.organization("globex", display_name="Globex Inc.", kind="paid", properties={"b": "1", "a": "2"})
    apigee.user(USER, password=PASSWORD, roles={"globex": ["readonlyadmin"]})

    run("globex")

    assert capsys.readouterr().out == (
        "globex (Globex Inc.), paid\n"
        "environments: test, prod\n"
        "properties:\n"
        "  a = 2\n"
        "  b = 1\n"
        "  features.isCpsEnabled = true\n"
    )


@pytest.mark.usefixtures("ops")
def test_logs_in_once_in_twelve_hours(run: Run, apigee_clock: Clock, apigee_calls: Calls) -> None:
    run()
    apigee_clock.advance(hours=11)
    run()

    assert grants(apigee_calls) == ["password"]
    assert len(apigee_calls.management) == 2


@pytest.mark.usefixtures("ops")
def test_renews_without_a_password(
    run: Run, apigee_clock: Clock, apigee_calls: Calls, no_password: Callable[[], None]
) -> None:
    run()
    no_password()
    apigee_clock.advance(hours=12)

    assert run() == 0

    assert grants(apigee_calls) == ["password", "refresh_token"]
    assert not apigee_calls.refused


@pytest.mark.usefixtures("ops")
def test_takes_the_password_when_the_refresh_token_has_expired(
    run: Run, apigee_clock: Clock, apigee_calls: Calls
) -> None:
    run()
    apigee_clock.advance(days=30)

    assert run() == 0

    assert grants(apigee_calls) == ["password", "refresh_token", "password"]


@pytest.mark.usefixtures("ops")
def test_says_that_it_needs_the_password_again(
    run: Run, apigee_clock: Clock, no_password: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    run()
    no_password()
    apigee_clock.advance(days=30)

    assert run() == 3

    assert capsys.readouterr().err == (
        "org-report: login refused for ops@acme.example: "
        "a password is needed, in the environment variable APIGEE_PASSWORD\n"
    )


@pytest.mark.apigee(era="2016")
@pytest.mark.usefixtures("ops")
def test_keeps_to_the_shorter_times_of_2016(run: Run, apigee_clock: Clock, apigee_calls: Calls) -> None:
    run()
    apigee_clock.advance(minutes=30)
    run()
    apigee_clock.advance(hours=24)
    run()

    assert grants(apigee_calls) == ["password", "refresh_token", "refresh_token", "password"]


def test_logs_in_again_when_the_password_was_changed(
    run: Run, apigee: FakeEdge, apigee_calls: Calls, monkeypatch: pytest.MonkeyPatch, ops: None
) -> None:
    run()
    apigee.set_password(USER, "battery staple")  # voids every token of the user
    monkeypatch.setenv("APIGEE_PASSWORD", "battery staple")

    assert run() == 0

    assert grants(apigee_calls) == ["password", "refresh_token", "password"]


def test_wrong_password(
    run: Run, apigee: FakeEdge, apigee_calls: Calls, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    apigee.user(USER, password="something else")

    assert run() == 3

    assert capsys.readouterr().err == "org-report: login refused for ops@acme.example: Invalid Credentials\n"
    assert len(apigee_calls) == 1  # five wrong passwords in a row may lock an account: it tries once
    assert not (tmp_path / "state").exists()


def test_mfa_code(run: Run, apigee: FakeEdge, apigee_clock: Clock, apigee_calls: Calls) -> None:
    apigee.user(USER, password=PASSWORD, mfa_secret=MFA_SECRET)
    apigee_clock.freeze("2030-01-31T12:00:00Z")  # when the authenticator app shows 016625

    assert run() == 3
    assert run("acme", "--mfa", "123456") == 3
    assert run("acme", "--mfa", "016625") == 0

    assert [call.reason for call in apigee_calls.sso] == [
        "an MFA code is required for the SSO user ops@acme.example",
        "wrong MFA code for the SSO user ops@acme.example",
        "",
    ]


def test_no_permission(run: Run, apigee: FakeEdge, apigee_calls: Calls, capsys: pytest.CaptureFixture[str]) -> None:
    apigee.organization("globex")
    apigee.user(USER, password=PASSWORD, roles={"acme": ["orgadmin"]})

    assert run("globex") == 4

    assert capsys.readouterr().err == "org-report: ops@acme.example may not see the organization globex\n"
    assert len(apigee_calls.management) == 1


@pytest.mark.usefixtures("ops")
def test_edge_is_down(run: Run, apigee: FakeEdge, capsys: pytest.CaptureFixture[str]) -> None:
    apigee.responses.get(f"{apigee.management_url}/v1/organizations/acme", status=503)

    assert run() == 5
    assert "Edge cannot be reached: 503 Server Error" in capsys.readouterr().err


@pytest.mark.usefixtures("ops")
def test_keeps_the_session_from_other_users(run: Run, tmp_path: Path, apigee_clock: Clock) -> None:
    run()
    apigee_clock.advance(hours=13)
    run()

    state = tmp_path / "state"
    assert [path.name for path in state.iterdir()] == ["session.json"]
    if os.name == "posix":
        assert state.stat().st_mode & 0o777 == 0o700
        assert (state / "session.json").stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in (state / "session.json").read_text()


@pytest.mark.usefixtures("ops")
def test_forgets_a_damaged_state_file(run: Run, tmp_path: Path, apigee_calls: Calls) -> None:
    run()
    (tmp_path / "state" / "session.json").write_text('{"user": "ops@acme')

    assert run() == 0
    assert grants(apigee_calls) == ["password", "password"]


def test_sessions_of_two_users_do_not_mix(
    run: Run, apigee: FakeEdge, apigee_calls: Calls, ops: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    apigee.user("eve@acme.example", password="hush")
    run()
    monkeypatch.setenv("APIGEE_PASSWORD", "hush")

    assert run("acme", "--user", "eve@acme.example") == 0

    assert [call.user for call in apigee_calls.management] == [USER, "eve@acme.example"]
