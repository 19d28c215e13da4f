"""SpikeArrest: how far calls keep apart, and what it says of those that do not. Source: runtime.md section 6.2."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_apigee import ConfigurationError, FakeEdge
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.flow import FaultRule, Flow, ProxyEndpoint
from pytest_apigee.edge.gateway.policies.spike_arrest import SpikeArrest
from pytest_apigee.edge.gateway.policy import Policy
from tests.edge.gateway_support import JSON, Answer, answer, fault, frozen_edge, get, in_era

OK = (200, [JSON], b"{}")
PROPERTY = "features.isHTTPStatusTooManyRequestEnabled"


@dataclass(frozen=True, kw_only=True)
class Remember(Policy):
    """Keeps whether a policy `s` failed, and how."""

    seen: list[tuple[object, ...]] = field(default_factory=list)

    def execute(self, context: FlowContext) -> None:
        self.seen.append(
            tuple(context.variables.get(name) for name in ("ratelimit.s.failed", "ratelimit.s.fault.name"))
        )


def deployed(edge: FakeEdge, *policies: Policy, path: str = "/p", **settings: object) -> str:
    """Deploy a proxy whose requests go through policies, and return its URL."""
    endpoint = ProxyEndpoint(pre_flow=Flow(name="PreFlow", request=policies))
    return edge.proxy(path, endpoint=endpoint, target={}, **settings).url


def statuses(edge: FakeEdge, *urls: str) -> list[int]:
    return [edge.handle(get(url)).status for url in urls]


def violation(allowed: str, status: int = 429) -> Answer:
    text = f"Spike arrest violation. Allowed rate : {allowed}"
    return status, [JSON], fault(text, "policies.ratelimit.SpikeArrestViolation")


NEWER_5PS = "MessageRate{messagesPerPeriod=5, periodInMicroseconds=1000000, maxBurstMessageCount=1.0}"


@pytest.mark.parametrize(
    ("rate", "interval_ms"),
    [
        ("5ps", 200),
        ("10ps", 100),
        ("100ps", 10),
        ("7ps", 143),
        ("30pm", 2_000),
        ("12pm", 5_000),
        ("1pm", 60_000),
        ("007pm", 8_572),
    ],
)
def test_lets_one_call_through_in_each_interval(rate: str, interval_ms: int) -> None:
    """The rate is smoothed: a second call within its part of the second or minute is refused."""
    edge = frozen_edge()
    url = deployed(edge, SpikeArrest(name="s", rate=rate))

    seen = statuses(edge, url, url)
    edge.clock.advance(milliseconds=interval_ms - 1)
    seen += statuses(edge, url)
    edge.clock.advance(milliseconds=1)
    seen += statuses(edge, url, url)

    assert seen == [200, 429, 429, 200, 429]


def test_saves_no_calls_up() -> None:
    """However long nobody called, two calls at once are one too many."""
    edge = frozen_edge()
    url = deployed(edge, SpikeArrest(name="s", rate="300pm"))

    statuses(edge, url)
    edge.clock.advance(hours=1)

    assert statuses(edge, url, url) == [200, 429]


@pytest.mark.parametrize(
    ("rate", "at_once"), [("300pm", 30), ("60pm", 6), ("25pm", 2), ("30pm", 3), ("5pm", 1), ("10ps", 1), ("20ps", 2)]
)
def test_lets_a_burst_through_where_guessed(rate: str, at_once: int) -> None:
    """With the guess `spikearrest_burst` a tenth of the messages may come at once after a rest."""
    edge = frozen_edge(guesses={"spikearrest_burst": True})
    url = deployed(edge, SpikeArrest(name="s", rate=rate))

    assert statuses(edge, *[url] * (at_once + 1)) == [200] * at_once + [429]


def test_fills_a_burst_up_again() -> None:
    """After a burst, calls come at the smoothed rate, until a rest has filled it up."""
    edge = frozen_edge(guesses={"spikearrest_burst": True})
    url = deployed(edge, SpikeArrest(name="s", rate="20ps"))

    seen = statuses(edge, url, url, url)
    edge.clock.advance(milliseconds=50)
    seen += statuses(edge, url, url)
    edge.clock.advance(milliseconds=100)
    seen += statuses(edge, url, url, url)

    assert seen == [200, 200, 429, 200, 429, 200, 200, 429]


@pytest.mark.parametrize(
    ("rate", "newer"),
    [
        ("5ps", NEWER_5PS),
        ("300pm", "MessageRate{messagesPerPeriod=300, periodInMicroseconds=60000000, maxBurstMessageCount=30.0}"),
        ("60pm", "MessageRate{messagesPerPeriod=60, periodInMicroseconds=60000000, maxBurstMessageCount=6.0}"),
        ("5pm", "MessageRate{messagesPerPeriod=5, periodInMicroseconds=60000000, maxBurstMessageCount=1.0}"),
        ("12pm", "MessageRate{messagesPerPeriod=12, periodInMicroseconds=60000000, maxBurstMessageCount=1.0}"),
        ("25pm", "MessageRate{messagesPerPeriod=25, periodInMicroseconds=60000000, maxBurstMessageCount=2.0}"),
    ],
)
@pytest.mark.parametrize("text", ["newer", "older"])
def test_says_what_rate_is_allowed(rate: str, newer: str, text: str) -> None:
    """The fault names the rate as Java writes it, or, as the guess `spikearrest_text` has it, as it was declared."""
    edge = frozen_edge(guesses={"spikearrest_text": text})
    url = deployed(edge, SpikeArrest(name="s", rate=rate))

    answers = [answer(edge, get(url)) for _ in range(2)]

    assert answers == [OK, violation(newer if text == "newer" else rate)]


def test_tells_the_tester_when_the_next_call_may_come() -> None:
    """The reason names the rate, how far calls keep apart, and when the next one may come."""
    edge = frozen_edge()
    url = deployed(edge, SpikeArrest(name="s", rate="30pm", identifier="request.queryparam.id"))

    statuses(edge, f"{url}?id=1")
    edge.clock.advance(milliseconds=500)
    statuses(edge, f"{url}?id=1")

    assert edge.calls.last.reason == (
        "'s' allows 30pm, one call each 0:00:02 for each value of request.queryparam.id; the next one in 0:00:01.500000"
    )


@pytest.mark.parametrize(
    ("era", "properties", "guesses", "status"),
    [
        ("current", {}, {}, 429),
        ("2016", {}, {}, 500),
        ("current", {}, {"quota_status": "500"}, 500),
        ("2016", {PROPERTY: "true"}, {}, 429),
        ("current", {PROPERTY: "false"}, {}, 500),
    ],
)
def test_takes_its_status_from_the_organization(
    era: str, properties: dict[str, str], guesses: dict[str, object], status: int
) -> None:
    """The status is a Quota's: the organization's property decides, else the guess, and so the era."""
    edge = frozen_edge(era=era, guesses=guesses)
    edge.organization("globex", properties=properties)
    url = deployed(edge, SpikeArrest(name="s", rate="5ps"), org="globex")

    statuses(edge, url)

    assert answer(edge, get(url)) == in_era(violation(NEWER_5PS, status), era)


def test_keeps_each_identifier_apart() -> None:
    """Each value of the identifier has a rate of its own; calls without one share one."""
    edge = frozen_edge()
    url = deployed(edge, SpikeArrest(name="s", rate="5ps", identifier="request.queryparam.id"))

    assert statuses(edge, f"{url}?id=a", f"{url}?id=b", f"{url}?id=a", url, f"{url}?id=") == [200, 200, 429, 200, 429]


def test_keeps_each_policy_apart() -> None:
    """Policies with other names, and those of other proxies, have rates of their own."""
    edge = frozen_edge()
    first = deployed(edge, SpikeArrest(name="s", rate="5ps"), SpikeArrest(name="t", rate="5ps"), path="/a")
    second = deployed(edge, SpikeArrest(name="s", rate="5ps"), path="/b")

    assert statuses(edge, first, second) == [200, 200]


def test_takes_the_effective_count_for_the_rate() -> None:
    """With one message processor, each gets the whole rate."""
    edge = frozen_edge()
    url = deployed(edge, SpikeArrest(name="s", rate="5ps", use_effective_count=True))

    answers = [answer(edge, get(url)) for _ in range(2)]

    assert answers == [OK, violation(NEWER_5PS)]


@pytest.mark.parametrize(
    ("weight", "wait_ms"), [(None, 200), ("", 200), ("1", 200), ("3", 600), ("0", 0), ("10", 2_000)]
)
def test_waits_by_the_weight_of_a_call(weight: str | None, wait_ms: int) -> None:
    """A call keeps the next one waiting as long as so many calls would."""
    edge = frozen_edge()
    url = deployed(edge, SpikeArrest(name="s", rate="5ps", message_weight="request.header.weight"))
    answer(edge, get(url, *([] if weight is None else [("weight", weight)])))

    if wait_ms:
        edge.clock.advance(milliseconds=wait_ms - 1)
        assert statuses(edge, url) == [429]
        edge.clock.advance(milliseconds=1)

    assert statuses(edge, url) == [200]


def test_refuses_a_weight_that_is_no_whole_number() -> None:
    """A weight is written with digits alone."""
    edge = frozen_edge()
    url = deployed(edge, SpikeArrest(name="s", rate="5ps", message_weight="request.header.weight"))

    sent = answer(edge, get(url, ("weight", "1.5")))

    assert sent == (
        500,
        [JSON],
        fault("Invalid message weight value 1.5", "policies.ratelimit.InvalidMessageWeight"),
    )
    assert edge.calls.last.reason == (
        "'s' reads the weight of a call from request.header.weight, which holds no whole number"
    )


@pytest.mark.parametrize(
    ("rate", "header", "interval_ms"),
    [("", "5ps", 200), ("30pm", "5ps", 200), ("30pm", None, 2_000), ("30pm", "", 2_000)],
)
def test_reads_the_rate_from_a_variable(rate: str, header: str | None, interval_ms: int) -> None:
    """The rate is the variable's, and where that has no value the policy's own."""
    edge = frozen_edge()
    url = deployed(edge, SpikeArrest(name="s", rate=rate, rate_ref="request.header.rate"))
    request = get(url, *([] if header is None else [("rate", header)]))

    seen = [answer(edge, request)[0]]
    edge.clock.advance(milliseconds=interval_ms - 1)
    seen.append(answer(edge, request)[0])
    edge.clock.advance(milliseconds=1)

    assert [*seen, answer(edge, request)[0]] == [200, 429, 200]


def test_refuses_calls_without_a_rate() -> None:
    """Where neither the variable nor the policy has a rate, no call goes through."""
    edge = frozen_edge()
    url = deployed(edge, SpikeArrest(name="s", rate_ref="request.header.rate"))

    assert answer(edge, get(url)) == (
        500,
        [JSON],
        fault(
            "Failed to resolve Spike Arrest Rate reference request.header.rate in SpikeArrest policy s",
            "policies.ratelimit.FailedToResolveSpikeArrestRate",
        ),
    )
    assert edge.calls.last.reason == "'s' reads its rate from request.header.rate, which has no value"


@pytest.mark.parametrize("rate", ["30s", "30.1ps", "0ps", "5", "ps", "5 ps", "-5ps", "5PS", "99999999ps"])
def test_refuses_calls_with_a_rate_that_is_none(rate: str) -> None:
    """A variable that holds no rate lets no call through."""
    edge = frozen_edge()
    url = deployed(edge, SpikeArrest(name="s", rate="5ps", rate_ref="request.header.rate"))

    assert answer(edge, get(url, ("rate", rate))) == (
        500,
        [JSON],
        fault(f"Invalid spike arrest rate {rate}", "policies.ratelimit.InvalidAllowedRate"),
    )
    assert edge.calls.last.reason == (
        "'s' reads its rate from request.header.rate, which holds no rate like 5ps or 30pm"
    )


def test_says_in_variables_whether_it_failed() -> None:
    """`ratelimit.{policy}.failed` is false where a call goes through, and true where it is refused."""
    edge = frozen_edge()
    remember = Remember(name="remember")
    endpoint = ProxyEndpoint(
        pre_flow=Flow(name="PreFlow", request=[SpikeArrest(name="s", rate="5ps"), remember]),
        fault_rules=[FaultRule(name="f", condition='fault.name = "SpikeArrestViolation"', steps=[remember])],
    )
    url = edge.proxy("/p", endpoint=endpoint).url

    assert statuses(edge, url, url) == [200, 429]
    assert remember.seen == [(False, None), (True, "SpikeArrestViolation")]


def test_forgets_the_future_where_a_test_goes_back() -> None:
    """Where a test sets the clock back, a call that came later keeps none waiting."""
    edge = frozen_edge()
    url = deployed(edge, SpikeArrest(name="s", rate="1pm"))
    first = statuses(edge, url, url)

    edge.clock.freeze("2026-01-02T03:04:05Z")

    assert (first, statuses(edge, url, url)) == ([200, 429], [200, 429])


def test_forgets_callers_that_need_not_wait() -> None:
    """However many callers come, those that could call again are forgotten."""
    edge = frozen_edge()
    organization = edge.organization("globex")
    url = deployed(edge, SpikeArrest(name="s", rate="5ps", identifier="request.queryparam.id"), org="globex")

    for caller in range(500):
        edge.clock.advance(milliseconds=100)
        assert statuses(edge, f"{url}?id={caller}") == [200]

    assert len(organization.traffic) <= 100


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "SpikeArrest 's' needs a rate, as rate='5ps' or rate='30pm', or rate_ref='a.variable'."),
        (
            {"rate": "30s"},
            "rate of 's' takes a whole number and ps or pm, as '5ps' or '30pm', not '30s'.",
        ),
        ({"rate": 5}, "rate of 's' takes text, not int."),
        ({"rate_ref": None}, "rate_ref of 's' takes text, not NoneType."),
        ({"rate": "5ps", "use_effective_count": "true"}, "use_effective_count of 's' takes True or False, not str."),
        ({"rate": "5ps", "identifier": 1}, "identifier of 's' takes text, not int."),
        ({"rate": "5ps", "name": ""}, "The name of SpikeArrest takes text, not an empty text."),
    ],
)
def test_refuses_what_cannot_be(settings: dict[str, object], message: str) -> None:
    """What Edge would not deploy is refused where it is declared."""
    with pytest.raises(ConfigurationError) as caught:
        SpikeArrest(**{"name": "s", **settings})

    assert str(caught.value) == message


@given(
    steps_ms=st.lists(st.sampled_from([0, 1, 99, 100, 199, 200, 201, 1_000]), max_size=30),
    rate=st.sampled_from([("5ps", 200_000), ("300pm", 200_000), ("7ps", 142_857)]),
)
def test_keeps_calls_apart_as_an_oracle_does(steps_ms: list[int], rate: tuple[str, int]) -> None:
    """In any order of waits, a call goes through just where the last one that did is an interval ago."""
    text, interval_us = rate
    edge = frozen_edge()
    url = deployed(edge, SpikeArrest(name="s", rate=text))
    passed_us, now_us = None, 0

    for step_ms in steps_ms:
        now_us += step_ms * 1_000
        edge.clock.advance(milliseconds=step_ms)
        passes = passed_us is None or now_us - passed_us >= interval_us
        passed_us = now_us if passes else passed_us

        assert statuses(edge, url) == [200 if passes else 429]


@given(rate=st.text("0123456789psm.- \u0661", max_size=8), weight=st.text("0123456789.- ", max_size=12))
def test_survives_whatever_variables_hold(rate: str, weight: str) -> None:
    """No value of a variable raises anything but Edge's own faults."""
    edge = frozen_edge()
    policy = SpikeArrest(
        name="s",
        rate_ref="request.header.rate",
        message_weight="request.header.weight",
        identifier="request.header.rate",
    )
    url = deployed(edge, policy)
    request = get(url, ("rate", rate), ("weight", weight))

    assert {answer(edge, request)[0] for _ in range(2)} <= {200, 429, 500}
    assert edge.take_grievances() == ()
