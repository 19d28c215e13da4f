"""Quota: allows so many calls in a minute, hour, day, week or month.

Source: "Quota policy" and its runtime and deployment errors in Edge's documentation; runtime.md 6.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pytest_apigee.edge import checks
from pytest_apigee.edge.clock import EPOCH, MILLISECOND
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.policies.rate_limit import RateLimit, failure, resolved, violation, whole_number
from pytest_apigee.edge.gateway.variables import Value
from pytest_apigee.edge.traffic import QuotaCount, QuotaPeriod, QuotaType, TimeUnit
from pytest_apigee.errors import ConfigurationError

_DEFAULT_COUNT = 2_000
_TYPES = tuple(item.value for item in QuotaType)
_UNITS = tuple(unit.value for unit in TimeUnit)
_START_TIME = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Limit:
    allowed: int
    class_name: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota(RateLimit):
    """Counts calls, and refuses those that are more than it allows.

    Where a setting has both a value and a variable, the variable wins, unless it has no value.

    Args:
        allow: How many calls it allows; 2000 where nothing else says it.
        count_ref: The variable that holds it, as `apiproduct.developer.quota.limit`; one that holds no whole number
            from 0 on counts as unresolved (GUESS).
        classes: How many calls each class of callers is allowed.
        class_ref: The variable that holds the class; one that is not in `classes` is allowed what `allow` says (GUESS).
        interval: How many units of time a window is long.
        interval_ref: The variable that holds it, as `apiproduct.developer.quota.interval`.
        time_unit: `minute`, `hour`, `day`, `week` or `month`; `second` only where `distributed` is off.
        time_unit_ref: The variable that holds it, as `apiproduct.developer.quota.timeunit`.
        type: `default`: windows begin with the next minute, hour ... of the calendar; those of several units with the
            unit of the first call (GUESS). `calendar`: one after the other from `start_time` on, and no limit before
            it. `flexi`: with the first call. `rollingwindow`: each call looks back.
        start_time: When type `calendar` begins, in GMT, as `2026-01-31 12:00:00`.
        identifier: The variable that holds whose call it is, each with a count of its own; by default all share one.
        message_weight: The variable that holds as how many calls this one counts; by default one.
        distributed: Whether Edge's message processors share the count; there is one here, so it is all the same.
        synchronous: Whether they share it at once.
    """

    allow: int | None = None
    count_ref: str = ""
    classes: Mapping[str, int] = field(default_factory=dict)
    class_ref: str = ""
    interval: int | None = None
    interval_ref: str = ""
    time_unit: str = ""
    time_unit_ref: str = ""
    type: str = QuotaType.DEFAULT.value
    start_time: str = ""
    distributed: bool = False
    synchronous: bool = False
    start_ms: int = field(default=0, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        RateLimit.__post_init__(self)
        for setting in ("count_ref", "class_ref", "interval_ref", "time_unit_ref"):
            checks.variable(f"{setting} of {self.name!r}", getattr(self, setting))
        for setting in ("distributed", "synchronous"):
            checks.flag(f"{setting} of {self.name!r}", getattr(self, setting))
        if self.allow is not None:
            _check_count(f"allow of {self.name!r}", self.allow)
        self._check_classes(self.classes)
        object.__setattr__(self, "classes", dict(self.classes))
        self._check_interval()
        self._check_start_time()

    def execute(self, context: FlowContext) -> None:
        """Count the call.

        Raises:
            Refusal: It is one too many, or a variable holds no interval, time unit or weight.
        """
        period, limit, weight = self._period(context), self._limit(context), self.weight(context)
        caller, traffic = self.caller(context), context.organization.traffic
        parts = (caller, limit.class_name or "", str(period.interval), period.time_unit)
        now_ms = context.state.clock.now_ms
        count = traffic.count(self.key(context, *parts), period, allowed=limit.allowed, weight=weight, now_ms=now_ms)
        values = _values(count, limit)
        values["identifier"] = caller
        if period.type is not QuotaType.ROLLING_WINDOW:
            values["expiry.time"] = count.ends_at_ms
        if limit.class_name is not None:
            total = traffic.total_exceeding(self.key(context, limit.class_name), count)
            values.update(_class_values(values, count, limit.class_name, total))
        context.variables.update({f"{self.variable_prefix}.{self.name}.{name}": values[name] for name in values})
        if count.has_exceeded:
            unit = period.time_unit if period.interval == 1 else f"{period.interval} {period.time_unit}s"
            allowed = f"{self.name!r} allows {limit.allowed} per {unit}{self.for_whom(context)}"
            reason = f"{allowed}; {count.used} were used, and this call counts {weight}"
            faultstring = f"Rate limit quota violation. Quota limit  exceeded. Identifier : {caller}"
            raise violation(context, "QuotaViolation", faultstring, reason)
        self.pass_on(context)

    def _limit(self, context: FlowContext) -> _Limit:
        class_name = resolved(context, self.class_ref)
        if class_name is not None and class_name in self.classes:
            return _Limit(allowed=self.classes[class_name], class_name=class_name)
        allowed = whole_number(resolved(context, self.count_ref) or "")
        if allowed is None:
            allowed = self.allow
        if allowed is None:
            allowed = context.state.guesses.quota_unresolved_count if self.count_ref else _DEFAULT_COUNT
        return _Limit(allowed=allowed, class_name=None)

    def _period(self, context: FlowContext) -> QuotaPeriod:
        guesses = context.state.guesses
        return QuotaPeriod(
            type=QuotaType(self.type),
            interval=self._interval(context),
            time_unit=self._time_unit(context),
            start_ms=self.start_ms,
            has_calendar_months=guesses.quota_calendar_months,
            has_sunday_first=guesses.quota_sunday_first,
        )

    def _interval(self, context: FlowContext) -> int:
        text, ref = resolved(context, self.interval_ref), self.interval_ref
        if text is None and self.interval is not None:
            return self.interval
        if text is None:  # the documented text leaves {1} unfilled
            faultstring = f"Failed to resolve quota interval reference {ref} in quota policy {{1}}"
            reason = f"{self.name!r} reads its interval from {ref}, which has no value"
            raise failure("FailedToResolveQuotaIntervalReference", faultstring, reason)
        interval = whole_number(text)
        if not interval:  # GUESS: a deployment with such an interval fails with this name and text
            reason = f"{self.name!r} reads its interval from {ref}, which holds no whole number from 1 on"
            faultstring = f"Invalid quota interval {text} in quota policy {self.name}"
            raise failure("InvalidQuotaInterval", faultstring, reason)
        return interval

    def _time_unit(self, context: FlowContext) -> TimeUnit:
        ref = self.time_unit_ref
        text = resolved(context, ref) or self.time_unit
        if not text:  # the documented text leaves {1} unfilled
            faultstring = f"Failed to resolve quota time unit reference {ref} in quota policy {{1}}"
            reason = f"{self.name!r} reads its time unit from {ref}, which has no value"
            raise failure("FailedToResolveQuotaIntervalTimeUnitReference", faultstring, reason)
        if text not in _UNITS:  # GUESS: a deployment with such a unit fails with this name and the start of this text
            faultstring = f"Invalid quota interval time unit {text} in quota policy {self.name}"
            reason = f"{self.name!r} reads its time unit from {ref}, which holds none of {', '.join(_UNITS)}"
            raise failure("InvalidQuotaTimeUnit", faultstring, reason)
        if text == TimeUnit.SECOND and self.distributed:  # GUESS: likewise
            faultstring = "Invalid timeunit second for distributed quota"
            reason = f"{self.name!r} reads its time unit from {ref}: a second, although it is distributed"
            raise failure("InvalidTimeUnitForDistributedQuota", faultstring, reason)
        return TimeUnit(text)

    def _check_classes(self, given: object) -> None:
        if not isinstance(given, Mapping):
            msg = f"classes of {self.name!r} takes a dict of counts, as {{'gold': 100}}, not {given!r}."
            raise ConfigurationError(msg)
        for name, count in given.items():
            checks.text(f"A class of {self.name!r}", name)
            _check_count(f"classes[{name!r}] of {self.name!r}", count)
        if given and not self.class_ref:
            msg = f"classes of {self.name!r} needs class_ref, the variable that holds the class of a call."
            raise ConfigurationError(msg)

    def _check_interval(self) -> None:
        if self.interval is not None:
            checks.count(f"interval of {self.name!r}", self.interval)
        elif not self.interval_ref:
            msg = f"Quota {self.name!r} needs an interval, as interval=1, or interval_ref='a.variable'."
            raise ConfigurationError(msg)
        if checks.string(f"time_unit of {self.name!r}", self.time_unit):
            checks.choice(f"time_unit of {self.name!r}", self.time_unit, _UNITS)
        elif not self.time_unit_ref:
            msg = f"Quota {self.name!r} needs a time unit, as time_unit='hour', or time_unit_ref='a.variable'."
            raise ConfigurationError(msg)
        if self.time_unit == TimeUnit.SECOND and self.distributed:
            msg = f"Quota {self.name!r} cannot count by the second where it is distributed: leave out distributed."
            raise ConfigurationError(msg)

    def _check_start_time(self) -> None:
        is_calendar = checks.choice(f"type of {self.name!r}", self.type, _TYPES) == QuotaType.CALENDAR
        start_time = checks.string(f"start_time of {self.name!r}", self.start_time)
        if is_calendar != bool(start_time):
            msg = (
                f"Quota {self.name!r} has type {self.type!r}: start_time goes with type 'calendar', and with it alone, "
                "as start_time='2026-01-31 12:00:00'."
            )
            raise ConfigurationError(msg)
        if is_calendar:
            object.__setattr__(self, "start_ms", _moment_ms(f"start_time of {self.name!r}", start_time))


def _values(count: QuotaCount, limit: _Limit) -> dict[str, Value]:
    return {
        "allowed.count": limit.allowed,
        "used.count": count.used,
        "available.count": max(0, limit.allowed - count.used),
        "exceed.count": int(count.has_exceeded),
        "total.exceed.count": int(count.has_exceeded),
    }


def _class_values(values: Mapping[str, Value], count: QuotaCount, name: str, total: int) -> dict[str, Value]:
    same = ("allowed.count", "used.count", "available.count")
    return {
        "class": name,
        **{f"class.{item}": values[item] for item in same},
        "class.exceed.count": count.exceeding,
        "class.total.exceed.count": total,
    }


def _check_count(what: str, given: object) -> None:
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        msg = f"{what} takes a whole number from 0 on, not {given!r}."
        raise ConfigurationError(msg)


def _moment_ms(what: str, given: str) -> int:
    try:
        moment = datetime.strptime(given, _START_TIME).replace(tzinfo=UTC)
    except ValueError:
        msg = f"{what} takes a moment in GMT, as '2026-01-31 12:00:00', not {given!r}."
        raise ConfigurationError(msg) from None
    return (moment - EPOCH) // MILLISECOND
