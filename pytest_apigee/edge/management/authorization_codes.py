"""OAuth 2.0 authorization codes.

Source: oauth-20-authorizaation-codes.yaml; management.md sections 3.1 and 5.2.
"""

from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.errors import ApiError
from pytest_apigee.edge.management.rendering import Object, stamp_fields
from pytest_apigee.edge.management.routing import Handler, routes_of
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.records import Stamp
from pytest_apigee.edge.tokens import AuthorizationCode

_SOURCE = "oauth-20-authorizaation-codes.yaml"
_ALL = "/organizations/{org}/oauth2/authorizationcodes"
_ONE = f"{_ALL}/{{code}}"


def _list(call: Call) -> Response:
    """List all codes that are kept. GUESS: the oldest first, and no pages."""
    call.state.forget_old_tokens(call.organization)
    return answer({"authorizationCode": [_body(call, code) for code in call.organization.tokens.codes()]})


def _show(call: Call) -> Response:
    return answer(_body(call, _code(call)))


def _delete(call: Call) -> Response:
    code = _code(call)
    body = _body(call, code)
    call.organization.tokens.delete_code(code.value)
    return answer(body)


def _code(call: Call) -> AuthorizationCode:
    call.state.forget_old_tokens(call.organization)
    code = call.organization.tokens.find_code(call["code"])
    if code is None:
        service_code = "keymanagement.service.invalid_request-authorization_code_invalid"
        reason = "no such authorization code, or no longer"
        if call.organization.tokens.was_deleted(call["code"]):
            reason = "the authorization code was deleted"
        raise call.error(ApiError(status=404, code=service_code, message="Invalid Authorization Code"), reason)
    return code


def _body(call: Call, code: AuthorizationCode) -> Object:
    """Return an authorization code; `client_id` in snake case. GUESS: one that was used is shown as expired."""
    is_over = code.is_used or code.has_expired(call.now_ms)
    fields: Object = {
        "attributes": [{"name": item.name, "value": item.value} for item in code.grant.attributes],
        "client_id": code.client_id,
        "code": code.value,
        **stamp_fields(call, Stamp.of(code.issued_at_ms)),
        "expiresAt": code.expires_at_ms,
        "issuedAt": code.issued_at_ms,
        "scope": " ".join(code.scopes),
        "status": "expired" if is_over else "active",
    }
    return dict(sorted(fields.items()))


_HANDLERS: dict[tuple[str, str], Handler] = {("GET", _ALL): _list, ("GET", _ONE): _show, ("DELETE", _ONE): _delete}
ROUTES = routes_of(_SOURCE, _HANDLERS)
