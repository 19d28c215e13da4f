"""A world file says once what an organization holds; the tests use it by its names, as they would the real one."""

from pathlib import Path

import pytest
from org_report.cli import main
from weather.client import AuthenticationError, WeatherClient

from pytest_apigee import FakeEdge


def test_the_world_is_the_files(apigee: FakeEdge) -> None:
    assert (apigee.org, apigee.env) == ("globex", "test")


@pytest.mark.parametrize("host", ["globex-test.apigee.net", "globex-prod.apigee.net", "api.globex.example"])
def test_an_app_calls_the_api(apigee: FakeEdge, host: str) -> None:
    client = WeatherClient(f"https://{host}/v1/weather", apigee.token_url, "mobile-key", "mobile-secret")

    assert client.forecast() == {"temp": 21}


def test_an_app_without_the_product_is_refused(apigee: FakeEdge) -> None:
    client = WeatherClient(f"{apigee.gateway_url}/v1/weather", apigee.token_url, "partner-key", "partner-secret")

    with pytest.raises(AuthenticationError, match="InvalidAPICallAsNoApiProductMatchFound"):
        client.forecast()


@pytest.mark.usefixtures("apigee")
def test_a_user_reports_on_the_organization(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("APIGEE_PASSWORD", "correct horse")

    assert main(["globex", "--user", "ops@globex.example", "--state", str(tmp_path)]) == 0

    assert "  features.isOAuthRevokeEnabled = true\n" in capsys.readouterr().out
