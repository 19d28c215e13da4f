"""The pages of the SSO: log in, passcode, home. Plain HTML that works without script, style and network.

Their layout is the fake's own. What tools and browsers rely on (paths, field names, cookies, redirects) and the texts
of errors are UAA's. Links are relative, so that they hold where the fake is mounted below a path.
"""

from html import escape

from pytest_apigee.edge.message import Response
from pytest_apigee.edge.sso.faults import html_response
from pytest_apigee.edge.users import User
from pytest_apigee.edge.zones import Zone

CSRF = "X-Uaa-Csrf"
ERRORS = {
    "login_failure": "Unable to verify email or password. Please try again.",
    "account_locked": "Your account has been locked because of too many failed attempts to login.",
    "account_not_verified": (
        "Your account is not verified. You can get another verification link by clicking on Create Account."
    ),
    "password_expired": "Your current password has expired. Please reset your password.",
    "invalid_login_request": ("Invalid login attempt, request does not meet our security standards, please try again."),
}


def login_page(zone: Zone, *, csrf: str, error: str | None, status: int = 200) -> Response:
    """Return the form that asks for e-mail, password and MFA code.

    Args:
        zone: Where one logs in.
        csrf: What the form sends back, to show that it is ours.
        error: A key of `ERRORS`, or anything else for no message.
        status: That of the response.
    """
    message = ERRORS.get(error or "")
    alert = f'<p role="alert" id="error">{escape(message)}</p>\n' if message else ""
    whose = f"Single sign-on of zone {zone.name}" if zone.has_saml else "Apigee Edge"
    form = f"""<form action="login.do" method="post" accept-charset="utf-8">
<input type="hidden" name="{CSRF}" value="{escape(csrf)}">
<p><label for="username">Email</label>
<input type="email" id="username" name="username" autocomplete="username" required autofocus></p>
<p><label for="password">Password</label>
<input type="password" id="password" name="password" autocomplete="current-password" required></p>
<p><label for="mfa_token">Six-digit code, if two-step verification is on</label>
<input type="text" id="mfa_token" name="mfa_token" inputmode="numeric" pattern="[0-9]*"
autocomplete="one-time-code"></p>
<p><button type="submit" id="login">Log in</button></p>
</form>"""
    return _page(f"Log in - {whose}", f"<h1>Log in</h1>\n<p>{escape(whose)}</p>\n{alert}{form}", status=status)


def passcode_page(user: User, passcode: str) -> Response:
    """Return the page that shows a passcode."""
    main = f"""<h1>One-time passcode</h1>
<p>You are logged in as <b>{escape(user.email)}</b>. Give this passcode to your tool:</p>
<p><output id="passcode">{escape(passcode)}</output></p>
<p>It is good once, and for five minutes. <a href="passcode">Get another one</a>, or
<a href="logout.do">log out</a>.</p>"""
    return _page("One-time passcode", main)


def home_page(user: User) -> Response:
    """Return the page that one sees after logging in."""
    main = f"""<h1>Where to?</h1>
<p>You are logged in as <b>{escape(user.email)}</b>.</p>
<ul>
<li><a href="passcode">Get a one-time passcode</a></li>
<li><a href="logout.do">Log out</a></li>
</ul>"""
    return _page("Where to?", main)


def _page(title: str, main: str, *, status: int = 200) -> Response:
    page = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
</head>
<body>
<main>
{main}
</main>
</body>
</html>
"""
    return html_response(page, status=status)
