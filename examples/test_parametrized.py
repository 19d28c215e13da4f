"""One test for many ways in which Edge says no, and for each era of Edge."""

import pytest
from weather.client import AuthenticationError, PermissionDeniedError, UnavailableError, WeatherClient, WeatherError

from pytest_apigee import FakeEdge, Response


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(Response(status=401), AuthenticationError, id="401 for the second time"),
        pytest.param(Response(status=403), PermissionDeniedError, id="403"),
        pytest.param(Response(status=404), WeatherError, id="404"),
        pytest.param(Response(status=429), UnavailableError, id="429"),
        pytest.param(Response(status=500), UnavailableError, id="500"),
        pytest.param(Response(status=503), UnavailableError, id="503"),
        pytest.param(Response(body="sunny"), UnavailableError, id="not JSON"),
        pytest.param(Response(status=302), UnavailableError, id="redirect without a target"),
    ],
)
def test_each_failure_has_its_error(apigee: FakeEdge, answer: Response, error: type[WeatherError]) -> None:
    app = apigee.app(products=["weather"])
    api = apigee.proxy("/weather", products=["weather"], target=answer)
    client = WeatherClient(api.url, apigee.token_url, app.consumer_key, app.consumer_secret)

    with pytest.raises(WeatherError) as caught:
        client.forecast()

    assert caught.type is error


@pytest.mark.parametrize("org", ["acme", "acme-weather"])
@pytest.mark.parametrize(
    "era",
    [
        pytest.param("current", marks=pytest.mark.apigee(era="current")),
        pytest.param("2016", marks=pytest.mark.apigee(era="2016")),
    ],
)
def test_works_in_every_era(apigee: FakeEdge, era: str, org: str) -> None:
    if org != apigee.org:
        apigee.organization(org)
    app = apigee.app(products=["weather"], org=org)
    api = apigee.proxy("/weather", products=["weather"], target={"temp": 21}, org=org)
    client = WeatherClient(api.url, apigee.token_url_for(org), app.consumer_key, app.consumer_secret)

    assert client.forecast() == {"temp": 21}
    assert apigee.era == era
