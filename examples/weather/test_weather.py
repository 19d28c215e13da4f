"""The suite of the weather client: what happens when Edge says no, and what happens as time goes by."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from weather.client import (
    AuthenticationError,
    PermissionDeniedError,
    UnavailableError,
    WeatherClient,
    WeatherError,
)

from pytest_apigee import App, Calls, Clock, FakeEdge, Proxy, Request, Response

HTML = "<html><h1>502 Bad Gateway</h1></html>"


@pytest.fixture
def api(apigee: FakeEdge) -> Proxy:
    return apigee.proxy("/weather", products=["weather"], target={"temp": 21})


@pytest.fixture
def app(apigee: FakeEdge) -> App:
    return apigee.app(products=["weather"])


@pytest.fixture
def client(apigee: FakeEdge, api: Proxy, app: App) -> WeatherClient:
    return WeatherClient(api.url, apigee.token_url, app.consumer_key, app.consumer_secret)


def test_client_renews_an_expired_token(apigee: FakeEdge) -> None:
    app = apigee.app(products=["weather"])
    api = apigee.proxy("/weather", products=["weather"], target={"temp": 21})
    client = WeatherClient(api.url, apigee.token_url, app.consumer_key, app.consumer_secret)

    assert client.forecast() == {"temp": 21}
    apigee.clock.advance(hours=1)  # the access token has expired, for client and Edge alike
    assert client.forecast() == {"temp": 21}

    assert len(apigee.calls.tokens_issued) == 2
    assert not apigee.calls.refused  # renewed in time, not after a refusal


def test_keeps_its_token(client: WeatherClient, apigee_calls: Calls) -> None:
    client.forecast()
    client.forecast()
    client.alerts()

    assert len(apigee_calls.tokens_issued) == 1
    assert len(apigee_calls.to("weather")) == 3


def test_renews_a_minute_before_the_token_expires(
    client: WeatherClient, apigee_clock: Clock, apigee_calls: Calls
) -> None:
    apigee_clock.freeze("2030-01-31T12:00:00Z")
    client.forecast()

    # Edge says 3599 seconds, and the client keeps a margin of 60.
    apigee_clock.advance(seconds=3538, milliseconds=999)
    client.forecast()
    assert len(apigee_calls.tokens_issued) == 1

    apigee_clock.advance(milliseconds=1)
    client.forecast()
    assert len(apigee_calls.tokens_issued) == 2


def test_edge_refuses_a_token_from_the_instant_it_expires(
    apigee: FakeEdge, api: Proxy, app: App, apigee_clock: Clock, apigee_calls: Calls
) -> None:
    apigee_clock.freeze("2030-01-31T12:00:00Z")
    # A client that trusts its token for too long: two seconds beyond what Edge told it.
    client = WeatherClient(api.url, apigee.token_url, app.consumer_key, app.consumer_secret, margin=-2)
    client.forecast()

    apigee_clock.advance(seconds=3599, milliseconds=999)
    client.forecast()
    assert not apigee_calls.refused

    apigee_clock.advance(milliseconds=1)
    client.forecast()
    assert [(call.status, call.proxy) for call in apigee_calls[-3:]] == [
        (401, "weather"),
        (200, "oauth"),
        (200, "weather"),
    ]


def test_gets_a_new_token_when_its_own_was_revoked(
    apigee: FakeEdge, client: WeatherClient, apigee_calls: Calls
) -> None:
    client.forecast()
    apigee.revoke(apigee_calls.tokens_issued.last.issued_token)

    assert client.forecast() == {"temp": 21}

    assert len(apigee_calls.tokens_issued) == 2
    assert apigee_calls.refused.only.reason == "the token was revoked"


def test_gets_a_new_token_when_the_clocks_disagree(
    client: WeatherClient, apigee_clock: Clock, apigee_calls: Calls
) -> None:
    client.forecast()
    apigee_clock.skew(minutes=2)  # Edge's clock runs ahead
    apigee_clock.advance(minutes=58, seconds=30)

    assert client.forecast() == {"temp": 21}

    assert len(apigee_calls.tokens_issued) == 2
    assert apigee_calls.refused.only.status == 401


@pytest.mark.apigee(guesses={"expired_status": 500})
def test_knows_an_expired_token_by_its_code_too(
    client: WeatherClient, apigee_clock: Clock, apigee_calls: Calls
) -> None:
    client.forecast()
    apigee_clock.skew(minutes=2)
    apigee_clock.advance(minutes=58, seconds=30)

    assert client.forecast() == {"temp": 21}
    assert apigee_calls.refused.only.status == 500


def test_wrong_secret(apigee: FakeEdge, api: Proxy, app: App) -> None:
    client = WeatherClient(api.url, apigee.token_url, app.consumer_key, "wrong")

    with pytest.raises(AuthenticationError) as caught:
        client.forecast()

    assert caught.value.code == "invalid_client"
    assert len(apigee.calls) == 1  # it neither tried again nor called the API without a token


def test_missing_scope(apigee: FakeEdge) -> None:
    apigee.product("weather", proxies=["weather"], scopes=["READ"])
    app = apigee.app(products=["weather"])
    api = apigee.proxy("/weather", products=["weather"], scope="ADMIN")
    client = WeatherClient(api.url, apigee.token_url, app.consumer_key, app.consumer_secret)

    with pytest.raises(PermissionDeniedError, match=r"steps\.oauth\.v2\.InsufficientScope"):
        client.alerts()

    assert len(apigee.calls.tokens_issued) == 1  # a new token would have no other scopes


def test_gives_up_where_a_new_token_does_not_help(apigee: FakeEdge, api: Proxy) -> None:
    stranger = apigee.app(products=["maps"])
    client = WeatherClient(api.url, apigee.token_url, stranger.consumer_key, stranger.consumer_secret)

    with pytest.raises(AuthenticationError, match="InvalidAPICallAsNoApiProductMatchFound"):
        client.forecast()

    assert [call.proxy for call in apigee.calls] == ["oauth", "weather", "oauth", "weather"]


def test_recovers_after_it_gave_up(apigee: FakeEdge, api: Proxy, client: WeatherClient) -> None:
    apigee.responses.get(f"{api.url}/forecast", status=401)
    with pytest.raises(AuthenticationError):
        client.forecast()

    apigee.responses.reset()

    assert client.forecast() == {"temp": 21}


def test_target_is_down(apigee: FakeEdge, app: App) -> None:
    api = apigee.proxy("/weather", products=["weather"], target=Response(status=503, body="try later"))
    client = WeatherClient(api.url, apigee.token_url, app.consumer_key, app.consumer_secret)

    with pytest.raises(UnavailableError, match="The weather API refused /forecast: 503"):
        client.forecast()


@pytest.mark.parametrize("status", [429, 500, 502])
def test_try_again_later(apigee: FakeEdge, api: Proxy, client: WeatherClient, status: int) -> None:
    apigee.responses.get(f"{api.url}/forecast", status=status)

    with pytest.raises(UnavailableError, match=f"The weather API refused /forecast: {status}"):
        client.forecast()


@pytest.mark.parametrize("answer", [[], {}, {"access_token": "x"}, {"access_token": "x", "expires_in": "soon"}])
def test_token_answer_is_not_edges(apigee: FakeEdge, client: WeatherClient, answer: object) -> None:
    apigee.responses.post(apigee.token_url, json=answer)

    with pytest.raises(UnavailableError):
        client.forecast()


def test_base_url_may_end_in_a_slash(apigee: FakeEdge, api: Proxy, app: App) -> None:
    client = WeatherClient(f"{api.url}/", apigee.token_url, app.consumer_key, app.consumer_secret)

    assert client.forecast() == {"temp": 21}
    assert apigee.calls.last.request.path == "/weather/forecast"


def test_no_answer_in_time(apigee: FakeEdge, api: Proxy, client: WeatherClient) -> None:
    apigee.responses.get(f"{api.url}/forecast", body=requests.ReadTimeout())

    with pytest.raises(UnavailableError, match=r"No answer from https://acme-test\.apigee\.net/weather/forecast"):
        client.forecast()


@pytest.mark.apigee(allow=["unknown_host"])
def test_no_such_host(apigee: FakeEdge, app: App) -> None:
    typo = "https://acme-tset.apigee.net/weather"
    client = WeatherClient(typo, apigee.token_url, app.consumer_key, app.consumer_secret)

    with pytest.raises(UnavailableError, match="No answer from https://acme-tset"):
        client.forecast()


def test_token_endpoint_answers_with_a_web_page(apigee: FakeEdge, client: WeatherClient) -> None:
    apigee.responses.post(apigee.token_url, body=HTML)

    with pytest.raises(UnavailableError, match="No JSON object from"):
        client.forecast()


@pytest.mark.apigee(env="prod")
def test_no_token_endpoint_in_this_environment(apigee: FakeEdge, client: WeatherClient) -> None:
    with pytest.raises(WeatherError, match="Edge gave no access token: 404"):
        client.forecast()

    apigee.deploy_oauth("prod")
    assert client.forecast() == {"temp": 21}


def test_sends_what_was_asked_for(apigee: FakeEdge, app: App) -> None:
    seen: list[Request] = []

    def weather_in(request: Request) -> dict[str, Any]:
        seen.append(request)
        return {"city": request.query.get("city"), "temp": 18}

    api = apigee.proxy("/weather", products=["weather"], target=weather_in)
    client = WeatherClient(api.url, apigee.token_url, app.consumer_key, app.consumer_secret)

    assert client.forecast("São Paulo") == {"city": "São Paulo", "temp": 18}
    assert seen[0].path == "/forecast"
    assert "Authorization" not in seen[0].headers  # Edge keeps the token to itself


def test_threads_share_one_token(client: WeatherClient, apigee_calls: Calls) -> None:
    client.session.hooks["response"].append(slowly)

    in_threads(8, client.forecast)

    assert len(apigee_calls.tokens_issued) == 1
    assert len(apigee_calls.to("weather")) == 8


def test_threads_share_one_renewal(apigee: FakeEdge, client: WeatherClient, apigee_calls: Calls) -> None:
    client.session.hooks["response"].append(slowly)
    client.forecast()
    apigee.revoke(apigee_calls.tokens_issued.last.issued_token)

    in_threads(8, client.forecast)

    assert len(apigee_calls.tokens_issued) == 2


def slowly(response: requests.Response, *_: object, **__: object) -> requests.Response:
    """Take as long as a network would."""
    time.sleep(0.01)
    return response


def in_threads(count: int, call: Callable[[], object]) -> None:
    start = threading.Barrier(count)
    results: list[object] = []

    def run() -> None:
        start.wait()
        results.append(call())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == count
