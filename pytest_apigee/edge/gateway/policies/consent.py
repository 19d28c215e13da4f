"""What a login app does in front of an authorization endpoint: it shows a page, and reads the user's decision.

None of this is Edge's: on Edge every organization writes its own. Layout and texts are ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote, urlencode

from pytest_apigee.edge.authorization import same_text
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.entities import client_with_key
from pytest_apigee.edge.gateway.faults import AnswerFault, FlatFault
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.message import Response, header_safe
from pytest_apigee.edge.refusal import Refusal

END_USER = "end_user"
"""The flow variable that holds who logged in."""
_CARRIED = ("response_type", "client_id", "redirect_uri", "scope", "state")
_HTML = ("Content-Type", "text/html;charset=UTF-8")
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
<h1>{title}</h1>
{message}<form method="post" action="{action}">
{fields}</form>
</body>
</html>
"""
_LOGIN = """<p><label>User name <input name="username" autocomplete="username"></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p>
"""
_BUTTONS = """<p><button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></p>
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowConsentPage(Policy):
    """Answers with a page on which a user allows or denies what an app asks for.

    Args:
        asks_for_login: Whether the page asks who the user is.
    """

    asks_for_login: bool = False

    def execute(self, context: FlowContext) -> None:
        """Answer with the page."""
        query = {name: context.request.query.get(name) or "" for name in _CARRIED}
        context.answer(consent_page(context, query, asks_for_login=self.asks_for_login))


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckConsent(Policy):
    """Lets the form of the page through where the user allowed it; who it was is then the variable `end_user`.

    Args:
        users: Passwords by user name; empty where the page asks for no login.
    """

    users: Mapping[str, str] = field(default_factory=dict, repr=False)

    def execute(self, context: FlowContext) -> None:
        """Check the decision and the login.

        Raises:
            Refusal: The user denied it, or is not known: the page again, or a redirect.
        """
        form = context.request.form
        sent = {name: form.get(name) or "" for name in _CARRIED}
        if form.get("decision") == "deny":
            response = _denied(context, sent, asks_for_login=bool(self.users))
            raise Refusal(AnswerFault(response=response), "the user denied what the app asks for")
        if form.get("decision") != "allow":
            page = consent_page(context, sent, asks_for_login=bool(self.users), status=400)
            raise Refusal(AnswerFault(response=page), "the form has no decision, neither allow nor deny")
        if not self.users:
            return
        user = form.get("username") or ""
        if user not in self.users or not same_text(form.get("password") or "", self.users[user]):
            page = consent_page(context, sent, asks_for_login=True, message="Wrong user name or password.", status=401)
            raise Refusal(AnswerFault(response=page), "wrong user name or password on the consent page")
        context.variables.set(END_USER, user)


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckPassword(Policy):
    """Checks the user name and password of a token request, which GenerateAccessToken leaves to the proxy.

    Args:
        users: Passwords by user name.
    """

    users: Mapping[str, str] = field(repr=False)

    def execute(self, context: FlowContext) -> None:
        """Check the user; one without name or password is left to GenerateAccessToken.

        Raises:
            Refusal: The user is not known.
        """
        user, password = (context.request.form.get(name) or "" for name in ("username", "password"))
        if not user or not password:
            return
        if user not in self.users or not same_text(password, self.users[user]):
            fault = FlatFault(status=401, error_code="invalid_grant", error="Invalid Credentials")
            raise Refusal(fault, "wrong user name or password in the token request")
        context.variables.set(END_USER, user)


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerNothing(Policy):
    """Answers 200 without a body, where a proxy without target would echo the request."""

    def execute(self, context: FlowContext) -> None:
        """Answer."""
        context.response = Response(status=200)


def consent_page(
    context: FlowContext, sent: Mapping[str, str], *, asks_for_login: bool, message: str = "", status: int = 200
) -> Response:
    """Return the page, which carries on what was sent to it."""
    client = client_with_key(context, sent["client_id"])
    app = "An unknown app" if client is None else client.app.name
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">\n' for name, value in sent.items() if value
    )
    scopes = f"<p>Scopes: {escape(sent['scope'])}</p>\n" if sent["scope"] else ""
    body = _PAGE.format(
        title=f"{escape(app)} asks for access",
        message=f'<p role="alert">{escape(message)}</p>\n' if message else "",
        action=escape(f"./{context.request.path.rpartition('/')[2]}"),  # holds below a path too
        fields=hidden + scopes + (_LOGIN if asks_for_login else "") + _BUTTONS,
    )
    return Response(status=status, headers=[_HTML], body=body)


def _denied(context: FlowContext, sent: Mapping[str, str], *, asks_for_login: bool) -> Response:
    client = client_with_key(context, sent["client_id"])
    callback = "" if client is None else client.app.redirect_uri(sent["redirect_uri"])
    if not callback:
        return consent_page(context, sent, asks_for_login=asks_for_login, message="Access was denied.", status=403)
    fields = {"error": "access_denied", "state": sent["state"]}
    encoded = urlencode({name: value for name, value in fields.items() if value}, quote_via=quote, errors="replace")
    separator = "#" if sent["response_type"] == "token" else "&" if "?" in callback else "?"
    return Response(status=302, headers=[("Location", header_safe(f"{callback}{separator}{encoded}"))])
