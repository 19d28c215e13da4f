"""What the OAuthV2 operations that answer clients have in common: their settings, and how they refuse.

Source: runtime.md 5.1 for the two forms of an error.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import ClassVar

from pytest_apigee.edge import checks
from pytest_apigee.edge.clock import MILLISECOND
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.faults import PolicyFault
from pytest_apigee.edge.gateway.oauth_errors import OAuthError
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.records import NEVER_MS
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.edge.tokens import TokenAttribute
from pytest_apigee.errors import ConfigurationError

NEVER = timedelta(milliseconds=NEVER_MS)
"""The lifetime of a token that never expires: -1 ms, as in Edge's ExpiresIn."""
GRANT_TYPES = ("authorization_code", "client_credentials", "implicit", "password")


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """A custom attribute that tokens get.

    Args:
        name: Its name, also in token answers.
        value: Its value, where `ref` gives none.
        ref: The flow variable that its value comes from.
        display: Whether token answers show it.
    """

    name: str
    value: str = ""
    ref: str = ""
    display: bool = True

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        checks.text("The name of an attribute", self.name)
        checks.string(f"The value of attribute {self.name!r}", self.value)
        checks.string(f"The ref of attribute {self.name!r}", self.ref)
        checks.flag(f"display of attribute {self.name!r}", self.display)


@dataclass(frozen=True, kw_only=True, slots=True)
class OAuthOperation(Policy):
    """An operation of OAuthV2 that answers its client.

    Args:
        generate_response: Whether it answers itself, and the request goes no further; if not, as where Edge's policy
            lacks the element, flow variables hold what it made, and the flow goes on.
        generate_error_response: Whether its refusals have the flat form, and no fault rule sees them, even where
            `generate_response` is off.
    """

    variable_prefix: ClassVar[str] = "oauthV2"

    generate_response: bool = False
    generate_error_response: bool = False

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        Policy.__post_init__(self)
        for setting in fields(self):
            what, given = f"{setting.name} of {self.name!r}", getattr(self, setting.name)
            if isinstance(setting.default, bool):
                checks.flag(what, given)
            elif isinstance(setting.default, str):
                checks.variable(what, given)

    def refusal(self, error: OAuthError, reason: str) -> Refusal:
        """Return a refusal in the form that the settings choose."""
        is_flat = self.generate_response or self.generate_error_response
        return Refusal(error.flat_fault if is_flat else error.fault, reason)


def check_form(context: FlowContext) -> None:
    """Check that a form body decodes.

    Raises:
        Refusal: It does not.

    Source: runtime.md 2.2.
    """
    if context.request.has_malformed_form:
        text = (
            "UrlDecoding of the form parameters from the request message failed. "
            "The form parameters needs to be url encoded"
        )
        status = context.state.guesses.undecodable_form_status
        fault = PolicyFault(status=status, faultstring=text, errorcode="steps.oauth.v2.InvalidRequest")
        raise Refusal(fault, "the form body holds a percent sign that escapes nothing")


def lifetime_ms(context: FlowContext, setting: timedelta | None, ref: str, *, default_ms: int) -> int:
    """Return a lifetime: what a variable says, else the setting, else a default; `NEVER_MS` for one without end.

    A variable that holds no whole number of milliseconds, 1 or more or -1, counts as absent (GUESS).
    """
    text = context.variables.text(ref) if ref else None
    if text is not None and (text == str(NEVER_MS) or (text.isdecimal() and text.isascii() and int(text[:15]) > 0)):
        return int(text[:15])
    return default_ms if setting is None else setting // MILLISECOND


def attributes_of(context: FlowContext, attributes: Iterable[Attribute]) -> tuple[TokenAttribute, ...]:
    """Return the custom attributes of a token, with the values that their variables have now."""
    return tuple(
        TokenAttribute(name=item.name, value=_value_of(context, item), display=item.display) for item in attributes
    )


def checked_lifetime(what: str, given: object) -> None:
    """Check a lifetime.

    Raises:
        ConfigurationError: It is no time span of a millisecond or more, nor NEVER.
    """
    if given is None:
        return
    span = checks.record(what, given, timedelta)
    if span < timedelta(milliseconds=1) and span != NEVER:
        msg = f"{what} takes a time span of a millisecond or more, or NEVER, not {span}."
        raise ConfigurationError(msg)


def checked_attributes(what: str, given: object) -> None:
    """Check a list of attributes.

    Raises:
        ConfigurationError: It holds something else.
    """
    if not isinstance(given, tuple | list) or not all(isinstance(item, Attribute) for item in given):
        msg = f"{what} takes a list of attributes, as [Attribute(name='plan', value='gold')], not {given!r}."
        raise ConfigurationError(msg)


def _value_of(context: FlowContext, attribute: Attribute) -> str:
    found = context.variables.text(attribute.ref) if attribute.ref else None
    return attribute.value if found is None else found
