"""With Hypothesis: a fake Edge for each example it tries, opened within the test."""

import pytest

pytest.importorskip("hypothesis")

from hypothesis import given, settings
from hypothesis import strategies as st
from weather.client import WeatherClient

from pytest_apigee import fake_edge

pauses_in_minutes = st.lists(st.floats(min_value=0, max_value=150), min_size=1, max_size=8)


@settings(deadline=None, max_examples=40)
@given(pauses_in_minutes)
def test_never_sends_an_expired_token(pauses: list[float]) -> None:
    with fake_edge() as edge:
        app = edge.app(products=["weather"])
        api = edge.proxy("/weather", products=["weather"], target={"temp": 21})
        client = WeatherClient(api.url, edge.token_url, app.consumer_key, app.consumer_secret)

        for minutes in pauses:
            edge.clock.advance(minutes=minutes)
            assert client.forecast() == {"temp": 21}

        assert not edge.calls.refused


@settings(deadline=None, max_examples=40)
@given(pauses_in_minutes)
def test_asks_for_no_more_tokens_than_it_needs(pauses: list[float]) -> None:
    with fake_edge() as edge:
        app = edge.app(products=["weather"])
        api = edge.proxy("/weather", products=["weather"], target={"temp": 21})
        client = WeatherClient(api.url, edge.token_url, app.consumer_key, app.consumer_secret)

        for minutes in pauses:
            edge.clock.advance(minutes=minutes)
            client.forecast()

        # Each token but the last was kept for 58 minutes at least.
        assert (len(edge.calls.tokens_issued) - 1) * 58 <= sum(pauses)
