"""Tests that build on each other: `apigee_shared` is one fake Edge for the whole run.

Run them in their order and in one process: without pytest-randomly, and with `--dist loadfile` under pytest-xdist.
"""

import pytest
from weather.client import AuthenticationError, WeatherClient

from pytest_apigee import FakeEdge

KEY, SECRET = "weather-app-key", "weather-app-secret"


@pytest.fixture(scope="module")
def client(apigee_shared: FakeEdge) -> WeatherClient:
    """One client for all tests here, as one process of ours would have it."""
    return WeatherClient(f"{apigee_shared.gateway_url}/weather", apigee_shared.token_url, KEY, SECRET)


def test_nobody_is_let_in_before_the_app_exists(client: WeatherClient) -> None:
    with pytest.raises(AuthenticationError):
        client.forecast()


def test_the_app_gets_its_first_forecast(apigee_shared: FakeEdge, client: WeatherClient) -> None:
    apigee_shared.app("weather-app", products=["weather"], consumer_key=KEY, consumer_secret=SECRET)
    apigee_shared.proxy("/weather", products=["weather"], target={"temp": 21})

    assert client.forecast() == {"temp": 21}


def test_the_next_test_still_has_its_token(apigee_shared: FakeEdge, client: WeatherClient) -> None:
    assert client.forecast() == {"temp": 21}
    assert len(apigee_shared.calls.tokens_issued) == 1


def test_a_revoked_token_is_replaced(apigee_shared: FakeEdge, client: WeatherClient) -> None:
    apigee_shared.revoke(apigee_shared.calls.tokens_issued.last.issued_token)

    assert client.forecast() == {"temp": 21}
    assert len(apigee_shared.calls.tokens_issued) == 2
