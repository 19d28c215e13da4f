"""Settings of policies that name a flow variable."""

from collections.abc import Callable

import pytest

from pytest_apigee import ConfigurationError
from pytest_apigee.policies import (
    GenerateAccessToken,
    GetOAuthV2Info,
    Policy,
    Quota,
    SpikeArrest,
    VerifyAccessToken,
    VerifyAPIKey,
)

SETTINGS: dict[str, Callable[[str], Policy]] = {
    "client_id": lambda name: GenerateAccessToken(name="p", client_id=name),
    "access_token": lambda name: VerifyAccessToken(name="p", access_token=name),
    "authorization_code": lambda name: GetOAuthV2Info(name="p", authorization_code=name),
    "api_key": lambda name: VerifyAPIKey(name="p", api_key=name),
    "count_ref": lambda name: Quota(name="p", count_ref=name, interval=1, time_unit="day"),
    "identifier": lambda name: Quota(name="p", identifier=name, allow=1, interval=1, time_unit="day"),
    "message_weight": lambda name: SpikeArrest(name="p", message_weight=name, rate="5ps"),
    "rate_ref": lambda name: SpikeArrest(name="p", rate_ref=name),
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("given", ["{request.header.x}", "request.header.x ", "a b", "}"])
def test_takes_a_name_and_no_template(setting: str, given: str) -> None:
    """A variable is named as it is: in braces, or with blanks, it would never have a value."""
    with pytest.raises(ConfigurationError) as raised:
        SETTINGS[setting](given)

    assert str(raised.value) == (
        f"{setting} of 'p' takes the name of a flow variable, as 'request.queryparam.apikey', not {given!r}."
    )


@pytest.mark.parametrize("setting", SETTINGS)
def test_takes_a_name(setting: str) -> None:
    """The name of any variable will do."""
    assert getattr(SETTINGS[setting]("request.header.x-y"), setting) == "request.header.x-y"
