"""SpikeArrest: spreads calls evenly, instead of counting them.

Source: "Spike Arrest policy" in Edge's documentation: 30pm lets one call through each 2 seconds, 5ps one each 200 ms;
runtime.md 6.2 for the texts. Recorded texts name a tenth of the messages, in whole ones and at least 1, as the largest
burst.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from pytest_apigee.edge import checks
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.policies.rate_limit import RateLimit, failure, resolved, violation
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.errors import ConfigurationError

_RATE = re.compile(r"0*([1-9][0-9]{0,6})(ps|pm)")
_PERIODS_US = {"ps": 1_000_000, "pm": 60_000_000}
_BURST_PART = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rate:
    text: str
    messages: int
    period_us: int

    @property
    def interval_us(self) -> int:
        return self.period_us // self.messages

    @property
    def in_java(self) -> str:
        period = f"messagesPerPeriod={self.messages}, periodInMicroseconds={self.period_us}"
        return f"MessageRate{{{period}, maxBurstMessageCount={float(self._burst)}}}"

    @property
    def slack_us(self) -> int:
        return (self._burst - 1) * self.interval_us

    @property
    def _burst(self) -> int:
        return max(1, self.messages // _BURST_PART)


@dataclass(frozen=True, kw_only=True, slots=True)
class SpikeArrest(RateLimit):
    """Lets one call through in each part of a second or minute, and refuses those between.

    Args:
        rate: How many calls may come a second or a minute, as `5ps` or `30pm`, where `rate_ref` gives none.
        rate_ref: The variable that holds it instead.
        identifier: The variable that holds whose call it is, each with a rate of its own; by default all share one.
        message_weight: The variable that holds as how many calls this one counts; by default one.
        use_effective_count: Whether Edge's message processors share the rate; there is one here, so it is all the same.
    """

    rate: str = ""
    rate_ref: str = ""
    use_effective_count: bool = False

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        RateLimit.__post_init__(self)
        checks.variable(f"rate_ref of {self.name!r}", self.rate_ref)
        checks.flag(f"use_effective_count of {self.name!r}", self.use_effective_count)
        rate = checks.string(f"rate of {self.name!r}", self.rate)
        if not rate and not self.rate_ref:
            msg = f"SpikeArrest {self.name!r} needs a rate, as rate='5ps' or rate='30pm', or rate_ref='a.variable'."
            raise ConfigurationError(msg)
        if rate and _read(rate) is None:
            msg = f"rate of {self.name!r} takes a whole number and ps or pm, as '5ps' or '30pm', not {rate!r}."
            raise ConfigurationError(msg)

    def execute(self, context: FlowContext) -> None:
        """Let the call through, if it keeps its distance.

        Raises:
            Refusal: It came too early, or a variable holds no rate or weight.
        """
        rate, weight = self._rate(context), self.weight(context)
        wait_us = context.organization.traffic.wait_us(
            self.key(context, self.caller(context)),
            interval_us=rate.interval_us,
            slack_us=rate.slack_us if context.state.guesses.spikearrest_burst else 0,
            weight=weight,
            now_ms=context.state.clock.now_ms,
        )
        if wait_us:
            raise self._violation(context, rate, timedelta(microseconds=wait_us))
        self.pass_on(context)

    def _violation(self, context: FlowContext, rate: _Rate, wait: timedelta) -> Refusal:
        allowed = rate.text if context.state.guesses.spikearrest_text == "older" else rate.in_java
        interval = timedelta(microseconds=rate.interval_us)
        whom = self.for_whom(context)
        reason = f"{self.name!r} allows {rate.text}, one call each {interval}{whom}; the next one in {wait}"
        return violation(context, "SpikeArrestViolation", f"Spike arrest violation. Allowed rate : {allowed}", reason)

    def _rate(self, context: FlowContext) -> _Rate:
        text, ref = resolved(context, self.rate_ref) or self.rate, self.rate_ref
        if not text:
            reason = f"{self.name!r} reads its rate from {ref}, which has no value"
            faultstring = f"Failed to resolve Spike Arrest Rate reference {ref} in SpikeArrest policy {self.name}"
            raise failure("FailedToResolveSpikeArrestRate", faultstring, reason)
        rate = _read(text)
        if rate is None:  # GUESS: a deployment with such a rate fails with this name and text
            reason = f"{self.name!r} reads its rate from {ref}, which holds no rate like 5ps or 30pm"
            raise failure("InvalidAllowedRate", f"Invalid spike arrest rate {text}", reason)
        return rate


def _read(text: str) -> _Rate | None:
    match = _RATE.fullmatch(text)
    return match and _Rate(text=text, messages=int(match[1]), period_us=_PERIODS_US[match[2]])
