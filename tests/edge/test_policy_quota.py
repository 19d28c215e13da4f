"""Quota: what it counts, when it begins anew, what it leaves in variables. Source: runtime.md section 6.2."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_apigee import ConfigurationError, FakeEdge
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.flow import FaultRule, Flow, ProxyEndpoint
from pytest_apigee.edge.gateway.policies.quota import Quota
from pytest_apigee.edge.gateway.policies.verify_api_key import VerifyAPIKey
from pytest_apigee.edge.gateway.policy import Policy
from tests.edge.gateway_support import JSON, Answer, answer, fault, frozen_edge, get, in_era

# 2026-01-02 is a Friday
MOMENT = "2026-01-02T03:04:05.678Z"
MINUTE_MS = 60_000
NAMES = (
    "allowed.count",
    "used.count",
    "available.count",
    "exceed.count",
    "total.exceed.count",
    "expiry.time",
    "identifier",
    "class",
    "class.allowed.count",
    "class.used.count",
    "class.available.count",
    "class.exceed.count",
    "class.total.exceed.count",
    "failed",
)
PROPERTY = "features.isHTTPStatusTooManyRequestEnabled"


@dataclass(frozen=True, kw_only=True)
class Remember(Policy):
    """Keeps the variables of a quota `q`."""

    seen: list[dict[str, object]] = field(default_factory=list)

    def execute(self, context: FlowContext) -> None:
        values = {name: context.variables.get(f"ratelimit.q.{name}") for name in NAMES}
        self.seen.append({name: value for name, value in values.items() if value is not None})


def quota(**settings: object) -> Quota:
    return Quota(**{"name": "q", "allow": 1, "interval": 1, "time_unit": "minute", **settings})


def deployed(edge: FakeEdge, *policies: Policy, path: str = "/p", **settings: object) -> str:
    """Deploy a proxy whose requests go through policies, and return its URL."""
    endpoint = ProxyEndpoint(pre_flow=Flow(name="PreFlow", request=policies))
    return edge.proxy(path, endpoint=endpoint, target={}, **settings).url


def statuses(edge: FakeEdge, *urls: str) -> list[int]:
    return [edge.handle(get(url)).status for url in urls]


def violation(identifier: str = "_default", status: int = 429) -> Answer:
    text = f"Rate limit quota violation. Quota limit  exceeded. Identifier : {identifier}"
    return status, [JSON], fault(text, "policies.ratelimit.QuotaViolation")


def failed(faultstring: str, name: str) -> Answer:
    return 500, [JSON], fault(faultstring, f"policies.ratelimit.{name}")


OK = (200, [JSON], b"{}")


# How many


def test_refuses_the_call_after_the_last_that_is_allowed() -> None:
    """As many calls as are allowed go through; the next one is refused, and the tester told how many there were."""
    edge = frozen_edge()
    url = deployed(edge, quota(allow=2))

    answers = [answer(edge, get(url)) for _ in range(3)]

    assert answers == [OK, OK, violation()]
    assert edge.calls.last.reason == "'q' allows 2 per minute; 2 were used, and this call counts 1"


def test_names_the_interval_in_the_reason() -> None:
    """The tester is told the interval and the variable of the identifier, but not its value, which may be a secret."""
    edge = frozen_edge()
    url = deployed(edge, quota(allow=0, interval=3, time_unit="day", identifier="request.queryparam.id"))

    assert answer(edge, get(f'{url}?id=a"b/c')) == violation(r"a\"b\/c")
    assert edge.calls.last.reason == (
        "'q' allows 0 per 3 days for each value of request.queryparam.id; 0 were used, and this call counts 1"
    )


def test_names_calls_without_identifier_in_the_reason() -> None:
    """Where the identifier has no value, all such calls share a counter, and the tester is told so."""
    edge = frozen_edge()
    url = deployed(edge, quota(allow=0, identifier="request.queryparam.id"))

    answer(edge, get(url))

    assert edge.calls.last.reason == (
        "'q' allows 0 per minute for all calls where request.queryparam.id has no value, as here; "
        "0 were used, and this call counts 1"
    )


@pytest.mark.parametrize(
    ("era", "properties", "guesses", "status"),
    [
        ("current", {}, {}, 429),
        ("2016", {}, {}, 500),
        ("current", {}, {"quota_status": "500"}, 500),
        ("2016", {}, {"quota_status": "429"}, 429),
        ("2016", {PROPERTY: "true"}, {"quota_status": "500"}, 429),
        ("current", {PROPERTY: "False"}, {"quota_status": "429"}, 500),
        ("current", {PROPERTY: ""}, {}, 429),
    ],
)
def test_takes_its_status_from_the_organization(
    era: str, properties: dict[str, str], guesses: dict[str, object], status: int
) -> None:
    """The organization's property decides between 429 and 500; where it says nothing, the guess, and so the era."""
    edge = frozen_edge(era=era, guesses=guesses)
    edge.organization("globex", properties=properties)
    url = deployed(edge, quota(allow=0), org="globex")

    assert answer(edge, get(url)) == in_era(violation(status=status), era)


@pytest.mark.parametrize(
    ("settings", "header", "allowed"),
    [
        pytest.param({"allow": 3}, None, 3, id="allow"),
        pytest.param({"allow": 3, "count_ref": "request.header.n"}, "2", 2, id="variable first"),
        pytest.param({"allow": 3, "count_ref": "request.header.n"}, None, 3, id="no value"),
        pytest.param({"allow": 3, "count_ref": "request.header.n"}, "", 3, id="empty"),
        pytest.param({"allow": 3, "count_ref": "request.header.n"}, "many", 3, id="no number"),
        pytest.param({"allow": 3, "count_ref": "request.header.n"}, "-1", 3, id="below 0"),
        pytest.param({"allow": 3, "count_ref": "request.header.n"}, "9" * 5_000, 3, id="far too many"),
        pytest.param({"allow": None, "count_ref": "request.header.n"}, "2", 2, id="variable alone"),
        pytest.param({"allow": None, "count_ref": "request.header.n"}, None, 0, id="variable alone, no value"),
        pytest.param({"allow": None}, None, 2_000, id="default"),
    ],
)
def test_reads_how_many_it_allows(settings: dict[str, object], header: str | None, allowed: int) -> None:
    """The count is the variable's, else the policy's own, else 2000."""
    edge = frozen_edge()
    remember = Remember(name="remember")
    url = deployed(edge, quota(continue_on_error=True, **settings), remember)

    edge.handle(get(url, *([] if header is None else [("n", header)])))

    assert remember.seen[0]["allowed.count"] == allowed


def test_allows_as_many_as_guessed_where_nothing_says_it() -> None:
    """The guess `quota_unresolved_count` is for a countRef without value where there is no count."""
    edge = frozen_edge(guesses={"quota_unresolved_count": 1})
    url = deployed(edge, quota(allow=None, count_ref="request.header.n"))

    assert statuses(edge, url, url) == [200, 429]


def test_follows_the_quota_of_a_product() -> None:
    """A product's quota counts where a Quota policy reads its limit, interval and time unit after VerifyAPIKey."""
    edge = frozen_edge()
    edge.product("weather", quota=2, quota_interval=5, quota_time_unit="minute")
    app = edge.app(products=["weather"])
    prefix = "verifyapikey.v.apiproduct.developer.quota"
    policy = Quota(
        name="q",
        count_ref=f"{prefix}.limit",
        interval_ref=f"{prefix}.interval",
        time_unit_ref=f"{prefix}.timeunit",
        identifier="verifyapikey.v.client_id",
    )
    url = deployed(edge, VerifyAPIKey(name="v"), policy, products=["weather"])
    request = get(f"{url}?apikey={app.consumer_key}")

    answers = [answer(edge, request) for _ in range(3)]
    edge.clock.freeze("2026-01-02T03:09:00Z")

    assert answers == [OK, OK, violation(app.consumer_key)]
    assert edge.calls.last.reason == (
        "'q' allows 2 per 5 minutes for each value of verifyapikey.v.client_id; 2 were used, and this call counts 1"
    )
    assert answer(edge, request) == OK


# Whose calls


def test_counts_each_identifier_on_its_own() -> None:
    """Each value of the identifier has a count of its own; calls without one share `_default`."""
    edge = frozen_edge()
    url = deployed(edge, quota(identifier="request.queryparam.id"))

    assert statuses(edge, f"{url}?id=a", f"{url}?id=b", f"{url}?id=a", url) == [200, 200, 429, 200]
    assert answer(edge, get(f"{url}?id=")) == violation()


def test_counts_each_policy_on_its_own() -> None:
    """Policies with other names, and those of other proxies, environments and organizations, share no counts."""
    edge = frozen_edge()
    globex = edge.organization("globex", environments=["test", "prod"])
    urls = [
        deployed(edge, quota(name="q1"), quota(name="q2"), path="/a"),
        deployed(edge, quota(name="q1"), path="/b"),
        deployed(edge, quota(name="q1"), path="/a", org="globex", env="test"),
        deployed(edge, quota(name="q1"), path="/b", org="globex", env="prod"),
    ]
    edge.organization("initech").add_proxy(globex.proxies["a"])

    assert statuses(edge, *urls, "https://initech-test.apigee.net/a") == [200] * 5


def test_shares_a_count_between_two_places_of_a_policy() -> None:
    """A policy that runs twice counts twice."""
    edge = frozen_edge()
    policy = quota(allow=2)
    url = deployed(edge, policy, policy)

    assert statuses(edge, url, url) == [200, 429]


# When it begins anew


DEFAULT = {
    # settings, and when the count of a call at MOMENT ends
    "second": ({"time_unit": "second"}, "2026-01-02T03:04:06Z"),
    "minute": ({}, "2026-01-02T03:05:00Z"),
    "5 minutes": ({"interval": 5}, "2026-01-02T03:09:00Z"),
    "hour": ({"time_unit": "hour"}, "2026-01-02T04:00:00Z"),
    "day": ({"time_unit": "day"}, "2026-01-03T00:00:00Z"),
    "week": ({"time_unit": "week"}, "2026-01-05T00:00:00Z"),
    "2 weeks": ({"time_unit": "week", "interval": 2}, "2026-01-12T00:00:00Z"),
    "month": ({"time_unit": "month"}, "2026-02-01T00:00:00Z"),
    "13 months": ({"time_unit": "month", "interval": 13}, "2027-02-01T00:00:00Z"),
}
FLEXI = {
    "second": ({"time_unit": "second"}, "2026-01-02T03:04:06.678Z"),
    "minute": ({}, "2026-01-02T03:05:05.678Z"),
    "3 hours": ({"time_unit": "hour", "interval": 3}, "2026-01-02T06:04:05.678Z"),
    "day": ({"time_unit": "day"}, "2026-01-03T03:04:05.678Z"),
    "week": ({"time_unit": "week"}, "2026-01-09T03:04:05.678Z"),
    "month": ({"time_unit": "month"}, "2026-01-30T03:04:05.678Z"),
}
CALENDAR = {
    "minute": ({"start_time": "2025-12-31 12:00:30"}, "2026-01-02T03:04:30Z"),
    "7 minutes": ({"interval": 7, "start_time": "2026-01-02 03:00:00"}, "2026-01-02T03:07:00Z"),
    "day": ({"time_unit": "day", "start_time": "2025-6-1 14:00:00"}, "2026-01-02T14:00:00Z"),
    "week": ({"time_unit": "week", "start_time": "2025-12-31 00:00:00"}, "2026-01-07T00:00:00Z"),
    "month": ({"time_unit": "month", "start_time": "2026-01-01 00:00:00"}, "2026-01-29T00:00:00Z"),
    "before 1970": ({"time_unit": "day", "start_time": "1969-12-31 23:00:00"}, "2026-01-02T23:00:00Z"),
}
BY_CALENDAR = {
    "flexi": ({"type": "flexi", "time_unit": "month"}, "2026-02-02T03:04:05.678Z"),
    "rolling": ({"type": "rollingwindow", "time_unit": "month"}, "2026-02-02T03:04:05.678Z"),
    "default": ({"time_unit": "month"}, "2026-02-01T00:00:00Z"),
    "calendar": (
        {"type": "calendar", "time_unit": "month", "start_time": "2025-12-01 05:00:00"},
        "2026-02-01T05:00:00Z",
    ),
    "later in the month": (
        {"type": "calendar", "time_unit": "month", "start_time": "2025-10-31 05:00:00"},
        "2026-01-31T05:00:00Z",
    ),
    "2 months": (
        {"type": "calendar", "time_unit": "month", "interval": 2, "start_time": "2025-10-31 05:00:00"},
        "2026-02-28T05:00:00Z",
    ),
    "days": ({"type": "flexi", "time_unit": "day"}, "2026-01-03T03:04:05.678Z"),
}


def ends_of_windows() -> list[object]:
    tables = (("default", DEFAULT), ("flexi", FLEXI), ("rollingwindow", FLEXI), ("calendar", CALENDAR))
    return [
        pytest.param({"type": kind, **settings}, end, {}, id=f"{kind}: {name}")
        for kind, table in tables
        for name, (settings, end) in table.items()
    ] + [
        *(
            pytest.param(settings, end, {"quota_calendar_months": True}, id=f"months of the calendar: {name}")
            for name, (settings, end) in BY_CALENDAR.items()
        ),
        pytest.param({"time_unit": "week"}, "2026-01-04T00:00:00Z", {"quota_sunday_first": True}, id="Sunday first"),
        pytest.param({"time_unit": "day"}, "2026-01-03T00:00:00Z", {"quota_sunday_first": True}, id="days"),
    ]


@pytest.mark.parametrize(("settings", "end", "guesses"), ends_of_windows())
def test_begins_anew(settings: dict[str, object], end: str, guesses: dict[str, object]) -> None:
    """A window lasts until one millisecond before its end, in GMT; with its end the count begins anew."""
    edge = frozen_edge(guesses=guesses)
    url = deployed(edge, quota(**settings))
    moment = datetime.fromisoformat(end)

    first = statuses(edge, url)
    edge.clock.freeze(moment - timedelta(milliseconds=1))
    last = statuses(edge, url)
    edge.clock.freeze(moment)

    assert (first, last, statuses(edge, url)) == ([200], [429], [200])


@pytest.mark.parametrize("month_is", ["28 days", "of the calendar"])
def test_survives_windows_beyond_the_end_of_time(month_is: str) -> None:
    """A window may end after the year 9999."""
    edge = frozen_edge(guesses={"quota_calendar_months": month_is != "28 days"})
    url = deployed(edge, quota(type="flexi", interval_ref="request.header.n", time_unit="month"))
    request = get(url, ("n", "999999999"))

    answers = [answer(edge, request)[0]]
    edge.clock.freeze("9999-12-31T23:59:59Z")

    assert [*answers, answer(edge, request)[0]] == [200, 429]


def test_counts_nothing_before_the_start_time() -> None:
    """A quota of type `calendar` sets no limit before its start time, and then starts from zero."""
    edge = frozen_edge()
    remember = Remember(name="remember")
    url = deployed(edge, quota(type="calendar", start_time="2026-01-02 03:04:06"), remember)

    before = statuses(edge, url, url)
    edge.clock.freeze("2026-01-02T03:04:06Z")

    assert (before, statuses(edge, url, url)) == ([200, 200], [200, 429])
    assert remember.seen[1] == {
        "allowed.count": 1,
        "used.count": 0,
        "available.count": 1,
        "exceed.count": 0,
        "total.exceed.count": 0,
        "expiry.time": 1_767_323_046_000,
        "identifier": "_default",
        "failed": False,
    }


def test_looks_back_from_each_call() -> None:
    """A rolling window forgets each call an interval after it came, not all at once."""
    edge = frozen_edge()
    url = deployed(edge, quota(type="rollingwindow", allow=2))
    seen = []

    for seconds in (0, 20, 20, 20, 19, 1, 0):  # at 0 and 20 used, 40 none left, 60 and 80 one each
        edge.clock.advance(seconds=seconds)
        seen += statuses(edge, url)

    assert seen == [200, 200, 429, 200, 429, 200, 429]


@pytest.mark.parametrize("kind", ["default", "flexi", "rollingwindow"])
def test_forgets_the_future_where_a_test_goes_back(kind: str) -> None:
    """Where a test sets the clock back before a window, what was counted later counts no more."""
    edge = frozen_edge()
    url = deployed(edge, quota(type=kind))
    first = statuses(edge, url, url)

    edge.clock.freeze("2026-01-02T03:03:59Z")

    assert (first, statuses(edge, url, url)) == ([200, 429], [200, 429])


def test_keeps_counts_of_other_intervals_apart() -> None:
    """A count belongs to the interval and unit it was made in (GUESS)."""
    edge = frozen_edge()
    url = deployed(edge, quota(interval_ref="request.queryparam.n", time_unit_ref="request.queryparam.unit"))

    assert statuses(edge, url, f"{url}?n=2", f"{url}?unit=day", f"{url}?n=1&unit=minute") == [200, 200, 200, 429]


# Weights


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([None, None, None], [200, 200, 429]),
        (["", "", ""], [200, 200, 429]),
        (["2", "1"], [200, 429]),
        (["1", "2", "1"], [200, 429, 200]),
        (["3"], [429]),
        (["0", "0", "0", "2", "0"], [200] * 5),
        (["002", "1"], [200, 429]),
    ],
)
@pytest.mark.parametrize("kind", ["default", "rollingwindow"])
def test_counts_a_call_by_its_weight(weights: list[str | None], expected: list[int], kind: str) -> None:
    """A call counts as its weight says, as one without; one that is refused uses nothing up."""
    edge = frozen_edge()
    url = deployed(edge, quota(type=kind, allow=2, message_weight="request.header.weight"))

    sent = [answer(edge, get(url, *([] if weight is None else [("weight", weight)]))) for weight in weights]

    assert [status for status, _, _ in sent] == expected


@pytest.mark.parametrize("weight", ["1.5", "-1", "x", " 1", "1 ", "\u0661", "9" * 10, "9" * 5_000])
def test_refuses_a_weight_that_is_no_whole_number(weight: str) -> None:
    """A weight is written with digits alone."""
    edge = frozen_edge()
    url = deployed(edge, quota(message_weight="request.header.weight"))

    sent = answer(edge, get(url, ("weight", weight)))

    assert sent == failed(f"Invalid message weight value {weight}", "InvalidMessageWeight")
    assert edge.calls.last.reason == (
        "'q' reads the weight of a call from request.header.weight, which holds no whole number"
    )


# Intervals and time units


@pytest.mark.parametrize(
    ("settings", "expected", "reason"),
    [
        pytest.param(
            {"interval": None, "interval_ref": "a.interval"},
            failed(
                "Failed to resolve quota interval reference a.interval in quota policy {1}",
                "FailedToResolveQuotaIntervalReference",
            ),
            "'q' reads its interval from a.interval, which has no value",
            id="no interval",
        ),
        pytest.param(
            {"interval_ref": "request.header.x"},
            failed("Invalid quota interval year in quota policy q", "InvalidQuotaInterval"),
            "'q' reads its interval from request.header.x, which holds no whole number from 1 on",
            id="bad interval",
        ),
        pytest.param(
            {"interval_ref": "request.header.zero"},
            failed("Invalid quota interval 0 in quota policy q", "InvalidQuotaInterval"),
            "'q' reads its interval from request.header.zero, which holds no whole number from 1 on",
            id="interval of 0",
        ),
        pytest.param(
            {"time_unit": "", "time_unit_ref": "a.unit"},
            failed(
                "Failed to resolve quota time unit reference a.unit in quota policy {1}",
                "FailedToResolveQuotaIntervalTimeUnitReference",
            ),
            "'q' reads its time unit from a.unit, which has no value",
            id="no time unit",
        ),
        pytest.param(
            {"time_unit_ref": "request.header.x"},
            failed("Invalid quota interval time unit year in quota policy q", "InvalidQuotaTimeUnit"),
            "'q' reads its time unit from request.header.x, which holds none of second, minute, hour, day, week, month",
            id="bad time unit",
        ),
        pytest.param(
            {"time_unit_ref": "request.header.unit", "distributed": True},
            failed("Invalid timeunit second for distributed quota", "InvalidTimeUnitForDistributedQuota"),
            "'q' reads its time unit from request.header.unit: a second, although it is distributed",
            id="seconds",
        ),
    ],
)
def test_refuses_calls_without_a_good_interval(settings: dict[str, object], expected: Answer, reason: str) -> None:
    """Interval and time unit must have a value that is one; Edge leaves the policy's name out of two of its texts."""
    edge = frozen_edge()
    url = deployed(edge, quota(**settings))

    assert answer(edge, get(url, ("x", "year"), ("zero", "0"), ("unit", "second"))) == expected
    assert edge.calls.last.reason == reason


@pytest.mark.parametrize("settings", [{"interval_ref": "a.b"}, {"time_unit_ref": "a.b"}])
def test_falls_back_on_the_values(settings: dict[str, object]) -> None:
    """A variable without value leaves the policy's own value in force."""
    edge = frozen_edge()
    url = deployed(edge, quota(**settings, distributed=True, synchronous=True))

    assert statuses(edge, url, url) == [200, 429]


# Variables


def test_leaves_its_counts_in_variables() -> None:
    """Whether it lets a call through or not, variables say what was allowed, used and left, and until when."""
    edge = frozen_edge()
    remember = Remember(name="remember")
    endpoint = ProxyEndpoint(
        pre_flow=Flow(name="PreFlow", request=[quota(allow=2, identifier="request.queryparam.id"), remember]),
        fault_rules=[FaultRule(name="f", condition='fault.name = "QuotaViolation"', steps=[remember])],
    )
    url = edge.proxy("/p", endpoint=endpoint).url

    seen = statuses(edge, *[f"{url}?id=me"] * 3)

    assert seen == [200, 200, 429]
    common = {"allowed.count": 2, "expiry.time": 1_767_323_100_000, "identifier": "me"}
    unexceeded = {"exceed.count": 0, "total.exceed.count": 0, "failed": False}
    exceeded = {"exceed.count": 1, "total.exceed.count": 1, "failed": True}
    assert remember.seen == [
        {**common, "used.count": 1, "available.count": 1, **unexceeded},
        {**common, "used.count": 2, "available.count": 0, **unexceeded},
        {**common, "used.count": 2, "available.count": 0, **exceeded},
    ]


def test_names_no_end_of_a_rolling_window() -> None:
    """A rolling window never ends, so there is no `expiry.time`."""
    edge = frozen_edge()
    remember = Remember(name="remember")
    statuses(edge, deployed(edge, quota(type="rollingwindow"), remember))

    assert remember.seen == [
        {
            "allowed.count": 1,
            "used.count": 1,
            "available.count": 0,
            "exceed.count": 0,
            "total.exceed.count": 0,
            "identifier": "_default",
            "failed": False,
        }
    ]


def test_lets_a_refused_call_go_on_where_told_to() -> None:
    """With continueOnError a call that is one too many goes on, and variables tell of the fault."""
    edge = frozen_edge()
    remember = Remember(name="remember")
    url = deployed(edge, quota(allow=0, continue_on_error=True), remember)

    assert answer(edge, get(url)) == OK
    assert (remember.seen[0]["failed"], remember.seen[0]["exceed.count"]) == (True, 1)


def test_never_says_that_less_than_nothing_is_left() -> None:
    """Where the limit falls below what was used, nothing is available."""
    edge = frozen_edge()
    remember = Remember(name="remember")
    url = deployed(edge, quota(count_ref="request.queryparam.n", continue_on_error=True), remember)

    statuses(edge, f"{url}?n=2", f"{url}?n=2", f"{url}?n=1")

    assert (remember.seen[2]["used.count"], remember.seen[2]["available.count"]) == (2, 0)


# Classes


CLASSES = {"classes": {"peak": 1, "off_peak": 2}, "class_ref": "request.queryparam.class"}


def test_allows_each_class_its_own_count() -> None:
    """Each class has a count of its own; a call of no known class has what the policy allows else."""
    edge = frozen_edge()
    url = deployed(edge, quota(allow=1, **CLASSES))
    peak, off_peak, other = f"{url}?class=peak", f"{url}?class=off_peak", f"{url}?class=other"

    assert statuses(edge, peak, peak, off_peak, off_peak, off_peak) == [200, 429, 200, 200, 429]
    assert statuses(edge, other, url) == [200, 429]


def test_leaves_the_counts_of_a_class_in_variables() -> None:
    """Variables of a class count its refused calls, in this window and in all of them."""
    edge = frozen_edge()
    remember = Remember(name="remember")
    url = deployed(edge, quota(continue_on_error=True, **CLASSES), remember) + "?class=peak"

    statuses(edge, url, url, url)
    edge.clock.advance(minutes=1)
    statuses(edge, url, url)

    def of_class(exceeding: int, total: int, *, has_exceeded: bool) -> dict[str, object]:
        return {
            "allowed.count": 1,
            "used.count": 1,
            "available.count": 0,
            "exceed.count": int(has_exceeded),
            "total.exceed.count": int(has_exceeded),
            "identifier": "_default",
            "class": "peak",
            "class.allowed.count": 1,
            "class.used.count": 1,
            "class.available.count": 0,
            "class.exceed.count": exceeding,
            "class.total.exceed.count": total,
            "failed": has_exceeded,
        }

    assert [{name: value for name, value in seen.items() if name != "expiry.time"} for seen in remember.seen] == [
        of_class(0, 0, has_exceeded=False),
        of_class(1, 1, has_exceeded=True),
        of_class(2, 2, has_exceeded=True),
        of_class(0, 2, has_exceeded=False),
        of_class(1, 3, has_exceeded=True),
    ]


# Declarations


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"allow": -1}, "allow of 'q' takes a whole number from 0 on, not -1."),
        ({"allow": True}, "allow of 'q' takes a whole number from 0 on, not True."),
        ({"allow": "5"}, "allow of 'q' takes a whole number from 0 on, not '5'."),
        ({"count_ref": None}, "count_ref of 'q' takes text, not NoneType."),
        ({"identifier": 1}, "identifier of 'q' takes text, not int."),
        ({"message_weight": 2}, "message_weight of 'q' takes text, not int."),
        ({"distributed": 1}, "distributed of 'q' takes True or False, not int."),
        ({"synchronous": "true"}, "synchronous of 'q' takes True or False, not str."),
        ({"interval": 0}, "interval of 'q' takes a whole number from 1 on, not 0."),
        ({"interval": None}, "Quota 'q' needs an interval, as interval=1, or interval_ref='a.variable'."),
        ({"time_unit": ""}, "Quota 'q' needs a time unit, as time_unit='hour', or time_unit_ref='a.variable'."),
        (
            {"time_unit": "minutes"},
            (
                "Unknown time_unit of 'q' 'minutes'. Allowed: day, hour, minute, month, second, week. "
                "Did you mean 'minute'?"
            ),
        ),
        (
            {"time_unit": "second", "distributed": True},
            "Quota 'q' cannot count by the second where it is distributed: leave out distributed.",
        ),
        (
            {"type": "rolling"},
            (
                "Unknown type of 'q' 'rolling'. Allowed: calendar, default, flexi, rollingwindow. "
                "Did you mean 'rollingwindow'?"
            ),
        ),
        (
            {"type": "calendar"},
            (
                "Quota 'q' has type 'calendar': start_time goes with type 'calendar', and with it alone, "
                "as start_time='2026-01-31 12:00:00'."
            ),
        ),
        (
            {"type": "flexi", "start_time": "2026-01-31 12:00:00"},
            (
                "Quota 'q' has type 'flexi': start_time goes with type 'calendar', and with it alone, "
                "as start_time='2026-01-31 12:00:00'."
            ),
        ),
        (
            {"type": "calendar", "start_time": "7-16-2017 12:00:00"},
            "start_time of 'q' takes a moment in GMT, as '2026-01-31 12:00:00', not '7-16-2017 12:00:00'.",
        ),
        ({"classes": ["gold"]}, "classes of 'q' takes a dict of counts, as {'gold': 100}, not ['gold']."),
        ({"classes": {"": 1}}, "A class of 'q' takes text, not an empty text."),
        ({"classes": {"gold": 1.5}}, "classes['gold'] of 'q' takes a whole number from 0 on, not 1.5."),
        ({"classes": {"gold": 1}}, "classes of 'q' needs class_ref, the variable that holds the class of a call."),
        ({"enabled": 1}, "enabled of 'q' takes True or False, not int."),
    ],
)
def test_refuses_what_cannot_be(settings: dict[str, object], message: str) -> None:
    """What Edge would not deploy is refused where it is declared."""
    with pytest.raises(ConfigurationError) as caught:
        quota(**settings)

    assert str(caught.value) == message


# Memory


@pytest.mark.parametrize("kind", ["default", "rollingwindow"])
def test_forgets_windows_that_are_over(kind: str) -> None:
    """However many callers come, windows that are over are forgotten."""
    edge = frozen_edge()
    organization = edge.organization("globex")
    url = deployed(edge, quota(type=kind, identifier="request.queryparam.id"), org="globex")

    for caller in range(1_000):
        edge.clock.advance(seconds=10)
        assert statuses(edge, f"{url}?id={caller}") == [200]

    assert len(organization.traffic) <= 100


def test_remembers_windows_that_are_not_over() -> None:
    """However many callers come in one window, each is counted."""
    edge = frozen_edge()
    organization = edge.organization("globex")
    url = deployed(edge, quota(identifier="request.queryparam.id"), org="globex")

    assert statuses(edge, *(f"{url}?id={caller}" for caller in range(300))) == [200] * 300
    assert statuses(edge, *(f"{url}?id={caller}" for caller in range(300))) == [429] * 300
    assert len(organization.traffic) == 300


# The counter against an oracle


START_MS = 1_767_323_045_678
STEPS_MS = st.sampled_from([0, 1, 999, 1_000, 14_321, 14_322, 59_999, MINUTE_MS, 61_000, 2 * MINUTE_MS, 7 * MINUTE_MS])
CALLS = st.lists(st.tuples(STEPS_MS, st.integers(0, 3)), max_size=25)


@dataclass
class Oracle:
    """Counts by looking at all calls that were let through; minutes only."""

    kind: str
    allowed: int
    length_ms: int
    calls: list[tuple[int, int]] = field(default_factory=list)
    opened_ms: int | None = None

    def lets_through(self, now_ms: int, weight: int) -> bool:
        begin_ms = self._begin(now_ms)
        passes = sum(used for at, used in self.calls if at >= begin_ms) + weight <= self.allowed
        if passes:
            self.calls.append((now_ms, weight))
        return passes

    def _begin(self, now_ms: int) -> int:
        if self.kind == "rollingwindow":
            return now_ms - self.length_ms + 1
        if self.kind == "calendar":
            return START_MS - 678 + (now_ms - START_MS + 678) // self.length_ms * self.length_ms
        if self.opened_ms is None or now_ms >= self.opened_ms + self.length_ms:
            self.opened_ms = now_ms if self.kind == "flexi" else now_ms // MINUTE_MS * MINUTE_MS
        return self.opened_ms


@pytest.mark.parametrize("kind", ["default", "calendar", "flexi", "rollingwindow"])
@given(calls=CALLS, allowed=st.integers(0, 5), interval=st.integers(1, 3))
def test_counts_as_the_oracle_does(kind: str, calls: list[tuple[int, int]], allowed: int, interval: int) -> None:
    """In any order of waits and calls, of any weight, a quota lets through what the oracle does."""
    edge = frozen_edge()
    start_time = "2026-01-02 03:04:05" if kind == "calendar" else ""
    policy = quota(
        type=kind, allow=allowed, interval=interval, start_time=start_time, message_weight="request.queryparam.w"
    )
    url = deployed(edge, policy)
    oracle = Oracle(kind, allowed, interval * MINUTE_MS)
    now_ms = START_MS

    for step_ms, weight in calls:
        now_ms += step_ms
        edge.clock.freeze(datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=now_ms))

        assert statuses(edge, f"{url}?w={weight}") == [200 if oracle.lets_through(now_ms, weight) else 429]


HEADERS = st.text("0123456789-+.e minutesco/\u0661", max_size=12)


@given(count=HEADERS, interval=HEADERS, unit=HEADERS | st.just("month"), weight=HEADERS, identifier=st.text(max_size=5))
def test_survives_whatever_variables_hold(count: str, interval: str, unit: str, weight: str, identifier: str) -> None:
    """No value of a variable raises anything but Edge's own faults."""
    edge = frozen_edge()
    url = deployed(
        edge,
        quota(
            count_ref="request.header.count",
            interval_ref="request.header.interval",
            time_unit_ref="request.header.unit",
            message_weight="request.header.weight",
            identifier="request.header.id",
        ),
    )
    headers = [("count", count), ("interval", interval), ("unit", unit), ("weight", weight), ("id", identifier)]

    assert answer(edge, get(url, *headers))[0] in (200, 429, 500)
    assert edge.take_grievances() == ()
