"""What the gateway says when it refuses: the fault form of policies and routers, the flat form of the token endpoint.

Source: runtime.md section 5.1.
"""

from dataclasses import dataclass

from pytest_apigee.edge.jackson import quoted
from pytest_apigee.edge.message import Response, header_safe

_JSON = ("Content-Type", "application/json")


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyFault:
    """The fault form: compact, with every slash escaped."""

    status: int
    faultstring: str
    errorcode: str
    has_challenge: bool = False
    """Whether it carries the challenge of VerifyAccessToken."""

    def render(self) -> Response:
        """Return the response."""
        headers = [_JSON]
        if self.has_challenge:
            description = header_safe(f"{self.errorcode}: {self.faultstring}")
            challenge = f'Bearer realm="null",error="invalid_token",error_description="{description}"'
            headers.append(("WWW-Authenticate", challenge))
        faultstring, errorcode = _slashed(self.faultstring), _slashed(self.errorcode)
        body = f'{{"fault":{{"faultstring":{faultstring},"detail":{{"errorcode":{errorcode}}}}}}}'
        return Response(status=self.status, headers=headers, body=body.encode("utf-8", "replace"))


@dataclass(frozen=True, kw_only=True, slots=True)
class FlatFault:
    """The flat form: blanks around the first colon, and one before the second."""

    status: int
    error_code: str
    error: str

    def render(self) -> Response:
        """Return the response."""
        body = f'{{"ErrorCode" : {quoted(self.error_code)}, "Error" :{quoted(self.error)}}}'
        return Response(status=self.status, headers=[_JSON], body=body.encode("utf-8", "replace"))


def _slashed(text: str) -> str:
    return quoted(text).replace("/", "\\/")
