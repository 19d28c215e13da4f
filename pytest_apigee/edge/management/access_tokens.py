"""OAuth 2.0 access tokens, each by its value.

Source: oauth-20-access-tokens.yaml; management.md sections 3 and 5.2.
"""

from dataclasses import replace

from pytest_apigee.edge.management.call import Call, answer, no_content
from pytest_apigee.edge.management.credentials import status_after
from pytest_apigee.edge.management.rendering import Object, stamp_fields
from pytest_apigee.edge.management.routing import Handler, Route
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.records import Status
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.edge.tokens import AccessToken, Change, RefreshToken, TokenAttribute, TokenStatus
from pytest_apigee.edge.unknown_values import why_token_unknown

_SOURCE = "oauth-20-access-tokens.yaml"
_ONE = "/organizations/{org}/oauth2/accesstokens/{token}"
_NO_CONTENT = 204


def _show(call: Call) -> Response:
    return answer(token_body(call, _token(call, "token_get_unknown")))


def _post(call: Call) -> Response:
    """Act on a token, or change it. GUESS: beside an action the body counts for nothing, and one must be sent."""
    token, action = _token(call, "token_set_unknown"), call.query("action")
    if not action and call.request.body.strip():
        return _update(call, token)
    status = TokenStatus(status_after(call, action))
    changed = replace(token, status=status)
    call.organization.tokens.change(changed, change_by(call))
    if cascades(call):
        call.organization.tokens.set_refresh_status(token.refresh_token, status)
    if call.state.guesses.mgmt_token_action_status == _NO_CONTENT:
        return no_content()
    return answer(token_body(call, changed))


def _update(call: Call, token: AccessToken) -> Response:
    """Change attributes and scopes of a token. GUESS: those of its refresh token stay, and so what a refresh gives."""
    body, known = call.body(), token.grant
    given = (TokenAttribute(name=name, value=value) for name, value in body.attributes())
    attributes = {item.name: item for item in (*known.attributes, *given)}
    scopes = tuple(body.text("scope").split()) if "scope" in body else known.scopes
    changed = replace(token, grant=replace(known, attributes=tuple(attributes.values()), scopes=scopes))
    call.organization.tokens.change(changed, change_by(call))
    return answer(token_body(call, changed))


def _delete(call: Call) -> Response:
    token = _token(call, "token_delete_unknown")
    body = token_body(call, token)
    call.organization.tokens.delete(token.value)
    return answer(body)


def cascades(call: Call) -> bool:
    """Return whether refresh tokens go with their access tokens: only the word `true` says so (GUESS)."""
    return call.query("cascade") == "true"


def change_by(call: Call) -> Change:
    """Return what is remembered of a change that a call makes."""
    return Change(at_ms=call.now_ms, by=call.user.email)


def _token(call: Call, row: str) -> AccessToken:
    call.state.forget_old_tokens(call.organization)
    token = call.organization.tokens.find(call["token"])
    if token is None:
        raise Refusal(call.refusal(row).fault, why_token_unknown(call.state, call.organization, call["token"]))
    return token


def token_body(call: Call, token: AccessToken) -> Object:
    """Return an access token; the fields are in the order of the alphabet.

    GUESS: where its consumer key is gone, so are the products, and where its app is, so is the app's name: Edge's
    oldest sample has no products either.
    """
    tokens, app = call.organization.tokens, call.organization.app_with_id(token.grant.app_id)
    refresh = tokens.find_refresh(token.refresh_token)
    fields: Object = {
        "appId": token.grant.app_id,
        "attributes": [{"name": item.name, "value": item.value} for item in token.grant.attributes],
        "clientId": token.client_id,
        **stamp_fields(call, tokens.stamp_of(token)),
        "expiresAt": token.expires_at_ms,
        "grantType": token.grant.grant_type,
        "issuedAt": token.issued_at_ms,
        "refreshCount": 0 if refresh is None else refresh.count,
        "scope": " ".join(token.scopes),
        "status": _status(call, token),
        "token": token.value,
        "tokenType": "BearerToken",
        **_product_fields(call, token),
    }
    if app is not None:
        fields["app"] = app.name
    if refresh is not None:
        fields["refreshToken"] = refresh.value
    if call.state.guesses.mgmt_token_extra_fields:
        fields.update(_extra_fields(call, token, refresh))
    return dict(sorted(fields.items()))


def _product_fields(call: Call, token: AccessToken) -> Object:
    """Return the API products of its consumer key. GUESS: those that token answers list, as they are now."""
    client = call.organization.client_with_key(token.client_id)
    if client is None or client.app.app_id != token.grant.app_id:  # the same key may be another app's now
        return {}
    all_count = call.state.guesses.pending_products_listed
    products = client.credential.products.items()
    return {"apiProducts": [name for name, status in products if status is Status.APPROVED or all_count]}


def _extra_fields(call: Call, token: AccessToken, refresh: RefreshToken | None) -> Object:
    client = call.organization.client_with_key(token.client_id)
    fields: Object = {
        "endUser": token.grant.end_user,
        "developerId": "" if client is None else client.developer_id,
    }
    if refresh is not None:
        fields["refreshTokenExpiresAt"] = refresh.expires_at_ms
        fields["refreshTokenIssuedAt"] = refresh.issued_at_ms
        fields["refreshTokenStatus"] = _status(call, refresh)
    return {name: value for name, value in fields.items() if value != ""}


def _status(call: Call, token: AccessToken | RefreshToken) -> str:
    """Return the status of a token. GUESS: one that was revoked stays revoked after it has expired."""
    is_over = token.status is TokenStatus.APPROVED and token.has_expired(call.now_ms)
    return "expired" if is_over else token.status


_HANDLERS: dict[str, Handler] = {"GET": _show, "POST": _post, "DELETE": _delete}
ROUTES = tuple(Route(method=method, path=_ONE, source=_SOURCE, handler=run) for method, run in _HANDLERS.items())
