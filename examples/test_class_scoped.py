"""One fake Edge for all tests of a class, where a world takes long to set up: each test finds what the others left."""

from collections.abc import Iterator

import pytest
from weather.client import WeatherClient

from pytest_apigee import FakeEdge, fake_edge

CITIES = {"berlin": 21, "cairo": 34, "oslo": 12}


@pytest.fixture(scope="class")
def edge() -> Iterator[FakeEdge]:
    with fake_edge() as edge:
        for city, temperature in CITIES.items():
            edge.proxy(f"/{city}", products=["cities"], target={"temp": temperature})
        yield edge


@pytest.fixture
def clients(edge: FakeEdge) -> dict[str, WeatherClient]:
    app = edge.app(products=["cities"])  # a new one for each test, so that they do not meet
    return {
        city: WeatherClient(f"{edge.gateway_url}/{city}", edge.token_url, app.consumer_key, app.consumer_secret)
        for city in CITIES
    }


class TestManyCities:
    def test_each_city_has_its_api(self, clients: dict[str, WeatherClient]) -> None:
        assert {city: client.forecast()["temp"] for city, client in clients.items()} == CITIES

    def test_each_client_has_its_token(self, edge: FakeEdge, clients: dict[str, WeatherClient]) -> None:
        before = len(edge.calls.tokens_issued)

        for client in clients.values():
            client.forecast()
            client.alerts()

        assert len(edge.calls.tokens_issued) - before == len(CITIES)
