"""What Quota and SpikeArrest have in common: whose call it is, what it weighs, and how they refuse it.

Source: "Quota policy", "Spike Arrest policy" and their runtime errors in Edge's documentation; runtime.md 6.2.
"""

import re
from dataclasses import dataclass
from typing import ClassVar

from pytest_apigee.edge import checks
from pytest_apigee.edge.era import CURRENT
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.faults import PolicyFault
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.edge.traffic import Key

DEFAULT_IDENTIFIER = "_default"
_SERVICE = "policies.ratelimit."
_TOO_MANY_REQUESTS = 429
_FAILED = 500
_STATUS_PROPERTY = "features.isHTTPStatusTooManyRequestEnabled"
_STATUS_OF_PROPERTY = {"true": _TOO_MANY_REQUESTS, "false": _FAILED}
_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, kw_only=True, slots=True)
class RateLimit(Policy):
    """A policy that limits how many calls there are.

    Args:
        identifier: The variable that holds whose call it is, each with a limit of its own; by default all share one.
        message_weight: The variable that holds as how many calls this one counts; by default one.
    """

    variable_prefix: ClassVar[str] = "ratelimit"

    identifier: str = ""
    message_weight: str = ""

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        Policy.__post_init__(self)
        checks.variable(f"identifier of {self.name!r}", self.identifier)
        checks.variable(f"message_weight of {self.name!r}", self.message_weight)

    def caller(self, context: FlowContext) -> str:
        """Return whose call it is; one whose variable has no value is nobody's in particular (GUESS)."""
        return resolved(context, self.identifier) or DEFAULT_IDENTIFIER

    def key(self, context: FlowContext, *parts: str) -> Key:
        """Return the key of a counter of this policy."""
        return (context.environment, context.proxy.name, self.name, *parts)

    def weight(self, context: FlowContext) -> int:
        """Return as how many calls this one counts.

        Raises:
            Refusal: The variable holds something else than a whole number; one below 0 counts as such (GUESS).
        """
        text = resolved(context, self.message_weight)
        if text is None:
            return 1
        weight = whole_number(text)
        if weight is None:
            reason = f"{self.name!r} reads the weight of a call from {self.message_weight}, which holds no whole number"
            raise failure("InvalidMessageWeight", f"Invalid message weight value {text}", reason)
        return weight

    def pass_on(self, context: FlowContext) -> None:
        """Let the call go on."""
        context.variables.update({f"{self.variable_prefix}.{self.name}.failed": False})

    def for_whom(self, context: FlowContext) -> str:
        """Return whose calls are limited, for reasons: the value itself may be a secret."""
        if not self.identifier:
            return ""
        if resolved(context, self.identifier) is None:
            return f" for all calls where {self.identifier} has no value, as here"
        return f" for each value of {self.identifier}"


def resolved(context: FlowContext, ref: str) -> str | None:
    """Return the text of the variable that a setting names, or None where it names none or that has no value."""
    return (context.variables.text(ref) or None) if ref else None


def whole_number(text: str) -> int | None:
    """Return a number that was written with digits alone, or None."""
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else None


def failure(name: str, faultstring: str, reason: str) -> Refusal:
    """Return the refusal of a call for which a setting has no value that is any good."""
    return Refusal(PolicyFault(status=_FAILED, faultstring=faultstring, errorcode=f"{_SERVICE}{name}"), reason)


def violation(context: FlowContext, name: str, faultstring: str, reason: str) -> Refusal:
    """Return the refusal of a call that is one too many."""
    fault = PolicyFault(status=_violation_status(context), faultstring=faultstring, errorcode=f"{_SERVICE}{name}")
    return Refusal(fault, reason)


def _violation_status(context: FlowContext) -> int:
    declared = context.organization.properties.get(_STATUS_PROPERTY, "").lower()
    if declared in _STATUS_OF_PROPERTY:
        return _STATUS_OF_PROPERTY[declared]
    guess = context.state.guesses.quota_status
    if guess == "era":
        return _TOO_MANY_REQUESTS if context.state.era is CURRENT else _FAILED
    return int(guess)
