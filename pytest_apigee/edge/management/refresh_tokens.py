"""OAuth 2.0 refresh tokens: approved and revoked, and nothing else.

Source: https://docs.apigee.com/api/oauth-20-refresh-tokens; management.md section 3.1.
"""

from pytest_apigee.edge.management.call import Call, answer, no_content
from pytest_apigee.edge.management.credentials import status_after
from pytest_apigee.edge.management.routing import Route
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.edge.tokens import TokenStatus
from pytest_apigee.edge.unknown_values import why_refresh_token_unknown

_SOURCE = "documentation (refresh tokens)"
_ONE = "/organizations/{org}/oauth2/refreshtokens/{token}"
_NO_CONTENT = 204


def _act(call: Call) -> Response:
    """Approve or revoke a refresh token. GUESS: its access token stays as it is, whatever `cascade` says."""
    call.state.forget_old_tokens(call.organization)
    tokens, value = call.organization.tokens, call["token"]
    if tokens.find_refresh(value) is None:
        reason = why_refresh_token_unknown(call.organization, value)
        raise Refusal(call.refusal("token_refresh_unknown").fault, reason)
    tokens.set_refresh_status(value, TokenStatus(status_after(call, call.query("action"))))
    return no_content() if call.state.guesses.mgmt_refresh_action_status == _NO_CONTENT else answer({})


ROUTES = (Route(method="POST", path=_ONE, source=_SOURCE, handler=_act),)
