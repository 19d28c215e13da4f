"""API proxies in several environments, and what is refused where they are declared."""

import pytest

from pytest_apigee import ConfigurationError, FakeEdge, Proxy
from pytest_apigee.edge.gateway.flow import FaultRule, Flow, ProxyEndpoint, TargetEndpoint
from pytest_apigee.edge.gateway.policies.quota import Quota
from tests.edge.gateway_support import answer, get


@pytest.mark.parametrize("by", ["proxy", "name"])
def test_deploys_in_one_environment_more(by: str) -> None:
    """The same proxy answers in both environments; its product allows both."""
    edge = FakeEdge()
    first = edge.proxy("/weather", products=["weather"], target={"temp": 21})

    second = edge.deploy(first if by == "proxy" else "weather", "prod")

    assert second == Proxy(
        name="weather",
        base_path="/weather",
        organization="acme",
        environment="prod",
        url="https://acme-prod.apigee.net/weather",
    )
    authorization = ("Authorization", f"Bearer {edge.token(edge.app(products=['weather']))}")
    assert [answer(edge, get(each.url, authorization))[2] for each in (first, second)] == [b'{"temp": 21}'] * 2


def test_deploys_in_another_organization() -> None:
    """A proxy knows its organization; a name is looked up in the one that is said."""
    edge = FakeEdge()
    edge.organization("globex")
    api = edge.proxy("/weather", security="none", org="globex")

    assert edge.deploy(api, "prod") == edge.deploy("weather", "prod", org="globex")


@pytest.mark.parametrize(
    ("proxy", "env", "message"),
    [
        ("wether", "prod", "Unknown API proxy 'wether' in organization 'acme'. Known: oauth, weather. {}"),
        ("weather", "prd", "Unknown environment 'prd' of organization 'acme'. Declared: prod, test. {}"),
        (5, "prod", "proxy takes a Proxy, not int."),
        ("weather", None, "env takes text, not NoneType."),
    ],
)
def test_refuses_what_it_does_not_know(proxy: object, env: object, message: str) -> None:
    """An unknown proxy or environment is an error that lists those that there are."""
    edge = FakeEdge()
    edge.proxy("/weather")

    with pytest.raises(ConfigurationError) as raised:
        edge.deploy(proxy, env)

    assert str(raised.value) == message.format(f"Did you mean {'weather' if env == 'prod' else 'prod'!r}?")


def quota(allow: int) -> Quota:
    return Quota(name="q", allow=allow, interval=1, time_unit="day")


@pytest.mark.parametrize("place", ["flow", "response", "fault rule", "default fault rule", "target endpoint"])
def test_refuses_two_policies_of_one_name(place: str) -> None:
    """Policies of a proxy have names of their own, as the files of a bundle have; one may stand in several places."""
    first, other = quota(1), quota(2)

    def endpoints(policy: Quota) -> dict[str, object]:
        rule = FaultRule(name="rule", steps=[policy])
        flow = Flow(name="PreFlow", request=[first, first], response=[policy] if place == "response" else ())
        flows = [Flow(name="one", request=[policy])] if place == "flow" else ()
        own = ProxyEndpoint(
            pre_flow=flow,
            flows=flows,
            fault_rules=[rule] if place == "fault rule" else (),
            default_fault_rule=rule if place == "default fault rule" else None,
        )
        target = TargetEndpoint(post_flow=Flow(name="PostFlow", request=[policy] if place == "target endpoint" else ()))
        return {"endpoint": own, "target_endpoint": target, "target": {}}

    with pytest.raises(ConfigurationError) as raised:
        FakeEdge().proxy("/weather", **endpoints(other))

    assert str(raised.value) == "Two policies of this proxy have the name 'q': give one of them another name."
    assert FakeEdge().proxy("/weather", **endpoints(quota(1))).name == "weather"


@pytest.mark.parametrize("org", [None, "globex"])
def test_sets_the_revocation_lag(org: str | None) -> None:
    """An organization that is there already gets a lag, and forgets what it remembered."""
    edge = FakeEdge()
    edge.organization("globex", revocation_lag=60)
    api = edge.proxy("/weather", products=["p"], org=org)
    authorization = ("Authorization", f"Bearer {edge.token(edge.app(products=['p'], org=org))}")

    edge.set_revocation_lag(180, org=org)
    answer(edge, get(api.url, authorization))
    edge.revoke(authorization[1].removeprefix("Bearer "))
    edge.clock.advance(seconds=100)

    assert answer(edge, get(api.url, authorization))[0] == 200
    edge.set_revocation_lag(0, org=org)
    assert answer(edge, get(api.url, authorization))[0] == 401


def test_refuses_a_lag_that_is_none() -> None:
    """A lag is a whole number of seconds."""
    with pytest.raises(ConfigurationError) as raised:
        FakeEdge().set_revocation_lag("1")

    assert str(raised.value) == "seconds takes whole seconds from 0 to 86400, not '1'."
