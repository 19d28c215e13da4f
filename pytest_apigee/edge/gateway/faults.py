"""What the gateway says when it refuses: the fault form of policies and routers, the flat form of the token endpoint.

PolicyFault      the fault form, JSON or XML; fault rules see it
RaisedFault      what a RaiseFault policy says; fault rules see it
FlatFault        the flat form; no fault rule sees it
AnswerFault      an answer that stands already

Source: runtime.md section 5.1.
"""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable
from xml.sax.saxutils import escape

from pytest_apigee.edge import checks
from pytest_apigee.edge.jackson import quoted
from pytest_apigee.edge.message import FINAL_STATUSES, Response, header_safe
from pytest_apigee.errors import ConfigurationError

_JSON = ("Content-Type", "application/json")
_XML = ("Content-Type", "application/xml")


@runtime_checkable
class NamedFault(Protocol):
    """A fault that fault rules see, by its name."""

    @property
    def name(self) -> str:
        """The value of the flow variable `fault.name`."""
        ...

    def render(self) -> Response:
        """Return the response."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyFault:
    """The fault form: compact, with every slash escaped.

    Args:
        status: The status.
        faultstring: What it says.
        errorcode: Its code; what follows the last dot is its name.
        has_challenge: Whether it carries the challenge of VerifyAccessToken.
        is_unnamed: Whether flow variables say nothing of it.
    """

    status: int
    faultstring: str
    errorcode: str
    has_challenge: bool = False
    is_unnamed: bool = False

    def __post_init__(self) -> None:
        """Check what a policy of a tester's own may get wrong.

        Raises:
            ConfigurationError: The status is no final one, or a text is none.
        """
        if type(self.status) is not int or self.status not in FINAL_STATUSES:
            msg = f"The status of a PolicyFault is a final status from 200 to 599, not {self.status!r}."
            raise ConfigurationError(msg)
        for what in ("faultstring", "errorcode"):
            if not isinstance(getattr(self, what), str):
                msg = f"The {what} of a PolicyFault is text, not {type(getattr(self, what)).__name__}."
                raise ConfigurationError(msg)

    @property
    def name(self) -> str:
        """The error code without the service that found it; empty where flow variables say nothing of it."""
        return "" if self.is_unnamed else self.errorcode.rpartition(".")[2]

    def render(self) -> Response:
        """Return the response, as JSON."""
        faultstring, errorcode = _slashed(self.faultstring), _slashed(self.errorcode)
        body = f'{{"fault":{{"faultstring":{faultstring},"detail":{{"errorcode":{errorcode}}}}}}}'
        return self._response(_JSON, body)

    def render_xml(self) -> Response:
        """Return the response, as XML."""
        faultstring, errorcode = _xml_safe(self.faultstring), _xml_safe(self.errorcode)
        detail = f"<detail><errorcode>{errorcode}</errorcode></detail>"
        return self._response(_XML, f"<fault><faultstring>{faultstring}</faultstring>{detail}</fault>")

    def _response(self, content_type: tuple[str, str], body: str) -> Response:
        headers = [content_type]
        if self.has_challenge:
            # GUESS: a double quote in it, out of a path, would end it early.
            description = header_safe(f"{self.errorcode}: {self.faultstring}").replace('"', "'")
            challenge = f'Bearer realm="null",error="invalid_token",error_description="{description}"'
            headers.append(("WWW-Authenticate", challenge))
        return Response(status=self.status, headers=headers, body=body.encode("utf-8", "replace"))


@dataclass(frozen=True, kw_only=True, slots=True)
class RaisedFault:
    """What a policy was told to say.

    Args:
        response: The answer.
        name: Its name, for fault rules.
    """

    response: Response
    name: str = "RaiseFault"

    def __post_init__(self) -> None:
        """Check what a policy of a tester's own may get wrong.

        Raises:
            ConfigurationError: It is no response.
        """
        checks.record("The response of a RaisedFault", self.response, Response)

    def render(self) -> Response:
        """Return the response."""
        return self.response


@dataclass(frozen=True, kw_only=True, slots=True)
class FlatFault:
    """The flat form: blanks around the first colon, and one before the second."""

    status: int
    error_code: str
    error: str
    cause: PolicyFault | None = field(default=None, compare=False)
    """What it is in the fault form; flow variables speak of that."""

    def render(self) -> Response:
        """Return the response."""
        body = f'{{"ErrorCode" : {quoted(self.error_code)}, "Error" :{quoted(self.error)}}}'
        return Response(status=self.status, headers=[_JSON], body=body.encode("utf-8", "replace"))


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerFault:
    """A refusal that was rendered already, and perhaps changed by fault rules."""

    response: Response

    def render(self) -> Response:
        """Return the response."""
        return self.response


def _slashed(text: str) -> str:
    return quoted(text).replace("/", "\\/")


def _xml_safe(text: str) -> str:
    return escape("".join(character if character.isprintable() else "?" for character in text))
