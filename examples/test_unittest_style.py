"""For `unittest.TestCase`, where there are no fixtures: open a fake Edge in `setUp`."""

import unittest

from weather.client import AuthenticationError, WeatherClient

from pytest_apigee import fake_edge


class WeatherClientTest(unittest.TestCase):
    def setUp(self) -> None:
        self.edge = self.enterContext(fake_edge())
        self.app = self.edge.app(products=["weather"])
        self.api = self.edge.proxy("/weather", products=["weather"], target={"temp": 21})

    def client(self, secret: str) -> WeatherClient:
        return WeatherClient(self.api.url, self.edge.token_url, self.app.consumer_key, secret)

    def test_forecast(self) -> None:
        client = self.client(self.app.consumer_secret)

        self.assertEqual(client.forecast(), {"temp": 21})
        self.edge.clock.advance(hours=1)
        self.assertEqual(client.forecast(), {"temp": 21})

        self.assertEqual(len(self.edge.calls.tokens_issued), 2)

    def test_wrong_secret(self) -> None:
        with self.assertRaises(AuthenticationError):
            self.client("wrong").forecast()
