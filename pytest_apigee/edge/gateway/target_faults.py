"""What the gateway answers where a target does not.

Source: runtime.md 6.3.
"""

from pytest_apigee.edge.era import CURRENT
from pytest_apigee.edge.gateway.faults import PolicyFault
from pytest_apigee.edge.gateway.target import TargetFailure
from pytest_apigee.edge.state import WorldState

_FLOW = "messaging.adaptors.http.flow."
_UNAVAILABLE_TEXT = "The Service is temporarily unavailable"


def failure_fault(failure: TargetFailure, state: WorldState) -> PolicyFault:
    """Return the fault for a failure of a target."""
    match failure:
        case TargetFailure.TIMEOUT:
            return PolicyFault(status=504, faultstring="Gateway Timeout", errorcode=f"{_FLOW}GatewayTimeout")
        case TargetFailure.UNEXPECTED_EOF:
            place = _FLOW if state.era is CURRENT else _FLOW.removesuffix("flow.")
            code = f"{place}UnexpectedEOFAtTarget"
            return PolicyFault(status=502, faultstring="Unexpected EOF at target", errorcode=code)
        case TargetFailure.SSL_HANDSHAKE:
            text = state.guesses.ssl_handshake_text
            return PolicyFault(status=503, faultstring=text, errorcode=f"{_FLOW}SslHandshakeFailed")
        case TargetFailure.NO_ACTIVE_TARGETS:
            return PolicyFault(status=503, faultstring=_UNAVAILABLE_TEXT, errorcode=f"{_FLOW}NoActiveTargets")
        case _:  # TargetFailure.UNAVAILABLE
            return PolicyFault(status=503, faultstring=_UNAVAILABLE_TEXT, errorcode=f"{_FLOW}ServiceUnavailable")
