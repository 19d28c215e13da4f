"""Message templates: texts in which `{request.header.accept}` stands for the value of a flow variable.

What stands between the braces is a variable where it looks like a name: letters, digits, `.`, `_` and `-`, and no digit
or dot first. All else stays as it is, so that JSON needs no other delimiters: `{"id": "{client_id}"}`. A value that was
put in is not looked at again.

Source: "Message templates" of Edge's documentation; Apigee's community article 2458 for what counts as a name.
GUESS: hyphens count, as in the documented `{ratelimit.Quota-1.expiry.time}`; a name starts as apigeelint has it; a
default in the braces (`{name:default}`), which only the newer Apigee documents, stays as it is.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from pytest_apigee.edge.gateway import message_variables
from pytest_apigee.edge.gateway.faults import PolicyFault
from pytest_apigee.edge.gateway.variables import FlowVariables, written
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.errors import ConfigurationError

PREFIX, SUFFIX = "{", "}"
_NAME = r"[A-Za-z_][A-Za-z0-9._-]*"
_FUNCTION = (  # the newer Apigee has some more than Edge, which are refused alike
    r"(?:sha(?:1|256|384|512)(?:Hex|Base64)|md5(?:Hex|Base64)|hmac(?:Md5|Sha(?:1|224|256|384|512))(?:Hex|Base64)?"
    r"|timeFormat(?:UTC)?(?:Ms)?|createUuid|randomLong|jsonPath|xpath|xeger|firstnonnull|substring|replaceAll"
    r"|replaceFirst|encodeBase64|decodeBase64|escapeJSON|escapeXML|escapeXML11|encodeHTML|escapeHTML"
    r"|toUpperCase|toLowerCase)"
)


def check(what: str, text: str, *, prefix: str = PREFIX, suffix: str = SUFFIX) -> None:
    """Refuse a template that calls one of Edge's template functions.

    Raises:
        ConfigurationError: It does.
    """
    call = re.search(f"{re.escape(prefix)}({_FUNCTION})\\([^{re.escape(suffix)}]*\\){re.escape(suffix)}", text)
    if call is not None:
        msg = (
            f"{what} calls the template function {call[1]!r}, which is not modelled by this version. "
            "Set a variable by a policy of your own, and name that variable instead."
        )
        raise ConfigurationError(msg)


def filled(text: str, value_of: Callable[[str], str], *, prefix: str = PREFIX, suffix: str = SUFFIX) -> str:
    """Return a template with its variables replaced by what `value_of` says of each name."""
    return _variable(prefix, suffix).sub(lambda match: value_of(match[1]), text)


def is_dynamic(text: str) -> bool:
    """Return whether a template with the usual delimiters names a variable."""
    return _variable(PREFIX, SUFFIX).search(text) is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftFaults:
    """How a policy that makes a message refuses a call.

    Args:
        policy: Its name.
        kind: What its texts start with, as `AssignMessage`.
        code: What its error codes start with, as `steps.assignmessage`.
    """

    policy: str
    kind: str
    code: str

    def unresolved(self, variable: str) -> Refusal:
        """Return the refusal where a variable has no value."""
        hint = "ignore_unresolved_variables=True reads it as empty"
        reason = f"the policy {self.policy!r} needs {variable}, which has no value here; {hint}"
        return self._refusal("UnresolvedVariable", f"unable to resolve variable {variable}", reason)

    def without_message(self, variable: str, variables: FlowVariables) -> Refusal:
        """Return the refusal where a variable holds no message."""
        reason = f"the policy {self.policy!r} needs a message in {variable}, which holds "
        if variables.get(variable) is None:
            return self._refusal("UnresolvedVariable", f"unable to resolve variable {variable}", f"{reason}nothing")
        text = f"value of variable {variable} is not of type Message"
        return self._refusal("VariableOfNonMsgType", text, f"{reason}a value")

    def _refusal(self, name: str, text: str, reason: str) -> Refusal:
        faultstring = f"{self.kind}[{self.policy}]: {text}"
        return Refusal(PolicyFault(status=500, faultstring=faultstring, errorcode=f"{self.code}.{name}"), reason)


@dataclass(kw_only=True, slots=True)
class Draft(ABC):
    """A message that is being made, and the variables that go into it.

    Args:
        variables: The flow variables.
        faults: How the policy refuses a call.
        ignores_unresolved: Whether a variable without a value reads as empty.
    """

    variables: FlowVariables
    faults: DraftFaults
    ignores_unresolved: bool

    @property
    @abstractmethod
    def message(self) -> Request | Response:
        """The message as it is now."""

    @abstractmethod
    def become(self, message: Request | Response) -> None:
        """Be this message from now on."""

    def source(self, name: str) -> Request | Response | None:
        """Return the message of a variable, to copy from, or None."""
        return self.variables.message_named(name)

    def lookup(self, name: str) -> str | None:
        """Return the value of a variable as templates write it, or None where it has none."""
        return self.variables.text(name)

    def filled(self, template: str, *, prefix: str = PREFIX, suffix: str = SUFFIX) -> str:
        """Return a template with its variables filled in.

        Raises:
            Refusal: One has no value, and that is not ignored.
        """
        return filled(template, self._value_of, prefix=prefix, suffix=suffix)

    def _value_of(self, name: str) -> str:
        value = self.lookup(name)
        if value is None and not self.ignores_unresolved:
            raise self.faults.unresolved(name)
        return value or ""


@dataclass(kw_only=True, slots=True)
class KeptDraft(Draft):
    """A message that a variable holds while it is being made.

    Args:
        name: The variable.
        former: The message that it held before, where a new one took its place: Copy still finds that.
    """

    name: str
    former: Request | Response | None = None

    @property
    def message(self) -> Request | Response:
        """The message as it is now."""
        message = self.variables.message_named(self.name)
        assert message is not None  # noqa: S101 - whoever makes a KeptDraft sees to it, and none is ever removed
        return message

    def become(self, message: Request | Response) -> None:
        """Be this message from now on."""
        self.variables.set_message(self.name, message)

    # GUESS: nothing says from which of the two a Copy takes where a new request takes the place of `request`.
    def source(self, name: str) -> Request | Response | None:
        """Return the message of a variable, to copy from, or None."""
        found = self.variables.message_named(name)
        return self.former if self.former is not None and found is self.message else found


@dataclass(kw_only=True, slots=True)
class LooseDraft(Draft):
    """A message that no variable holds yet; in its templates, `message` speaks of it.

    Source: a recording of 2019, where a RaiseFault's body tells its own status by {message.status.code}.
    """

    current: Request | Response

    @property
    def message(self) -> Request | Response:
        """The message as it is now."""
        return self.current

    def become(self, message: Request | Response) -> None:
        """Be this message from now on."""
        self.current = message

    def lookup(self, name: str) -> str | None:
        """Return the value of a variable as templates write it, or None where it has none."""
        head, _, part = name.partition(".")
        value = message_variables.read(self.current, part) if head == "message" else None
        return self.variables.text(name) if value is None else written(value)


def _variable(prefix: str, suffix: str) -> re.Pattern[str]:
    return re.compile(f"{re.escape(prefix)}({_NAME}){re.escape(suffix)}")
