"""BasicAuthentication: reads user and password out of a Basic header, or writes them into one; it checks neither.

Source: "BasicAuthentication policy" and its runtime and deployment errors in Edge's documentation.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import ClassVar

from pytest_apigee.edge import checks
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.faults import PolicyFault
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.errors import ConfigurationError

_DECODE, _ENCODE = "Decode", "Encode"
_SCHEME = "Basic"


@dataclass(frozen=True, kw_only=True, slots=True)
class BasicAuthentication(Policy):
    """Reads user and password out of a Basic header, or writes them into one; it checks neither.

    Args:
        operation: `Decode` or `Encode`.
        user: The variable of the user: where to put it, or where to find it.
        password: The variable of the password, likewise.
        source: For Decode: the variable that holds `Basic` and what is encoded.
        assign_to: For Encode: the variable that gets it, as `request.header.Authorization`.
        create_new: For Encode: whether it gets it even where it has a value.
        ignore_unresolved_variables: Whether a variable without a value is none to speak of: Decode then sets nothing,
            Encode takes it as empty (GUESS). If not, the call fails.
    """

    variable_prefix: ClassVar[str] = "BasicAuthentication"

    operation: str
    user: str
    password: str
    source: str = "request.header.Authorization"
    assign_to: str = ""
    create_new: bool = False
    ignore_unresolved_variables: bool = True

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        Policy.__post_init__(self)
        checks.choice(f"operation of {self.name!r}", self.operation, (_DECODE, _ENCODE))
        for what in ("user", "password", "source"):
            checks.text(f"{what} of {self.name!r}", getattr(self, what))
        checks.string(f"assign_to of {self.name!r}", self.assign_to)
        for what in ("create_new", "ignore_unresolved_variables"):
            checks.flag(f"{what} of {self.name!r}", getattr(self, what))
        if (self.operation == _ENCODE) != bool(self.assign_to):
            msg = (
                f"assign_to of {self.name!r} says where Encode writes to, as 'request.header.Authorization'; "
                "Encode needs it, Decode cannot have it."
            )
            raise ConfigurationError(msg)

    def execute(self, context: FlowContext) -> None:
        """Read or write the header.

        Raises:
            Refusal: A variable has no value, and that is not ignored; or it holds no Basic credentials.
        """
        if self.operation == _ENCODE:
            self._encode(context)
        else:
            self._decode(context)

    def _encode(self, context: FlowContext) -> None:
        user, password = self._value(context, self.user) or "", self._value(context, self.password) or ""
        if self.create_new or context.variables.get(self.assign_to) is None:
            encoded = base64.b64encode(f"{user}:{password}".encode("utf-8", "replace")).decode("ascii")
            context.variables.set(self.assign_to, f"{_SCHEME} {encoded}")

    def _decode(self, context: FlowContext) -> None:
        value = self._value(context, self.source)
        if value is not None:
            user, password = self._decoded(value)
            context.variables.set(self.user, user)
            context.variables.set(self.password, password)

    def _value(self, context: FlowContext, name: str) -> str | None:
        value = context.variables.text(name)
        if value is None and not self.ignore_unresolved_variables:
            reason = f"the policy {self.name!r} needs {name}, which has no value here"
            raise _refusal("UnresolvedVariable", f"Unresolved variable : {name}", reason)
        return value

    # GUESS: the scheme counts in any letter case, and credentials without a colon are none.
    def _decoded(self, value: str) -> tuple[str, str]:
        scheme, _, encoded = value.partition(" ")
        if scheme.lower() != _SCHEME.lower():
            raise self._invalid("does not start with 'Basic' and a blank")
        try:
            decoded = base64.b64decode(encoded.strip().encode("utf-8", "replace"), validate=True)
        except binascii.Error:
            raise self._invalid("holds something else than base64 after 'Basic'") from None
        user, colon, password = decoded.decode("utf-8", "replace").partition(":")
        if not colon:
            raise self._invalid("holds no colon between user and password")
        return user, password

    def _invalid(self, why: str) -> Refusal:
        text = f"Source variable : {self.source} for basic authentication decode policy is not valid"
        reason = f"the policy {self.name!r} cannot decode {self.source}, which {why}"
        return _refusal("InvalidBasicAuthenticationSource", text, reason)


def _refusal(name: str, faultstring: str, reason: str) -> Refusal:
    errorcode = f"steps.basicauthentication.{name}"
    return Refusal(PolicyFault(status=500, faultstring=faultstring, errorcode=errorcode), reason)
