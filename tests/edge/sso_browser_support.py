"""As much of a browser as the pages of the SSO need."""

import re
from urllib.parse import urlencode

from pytest_apigee.edge.message import Request, Response
from pytest_apigee.fake import FakeEdge
from tests.edge.sso_support import EMAIL, FORM, PASSWORD, answer

LOGIN = "https://login.apigee.com"
ZONE = "https://acme.login.apigee.com"
PAGE = [
    ("Cache-Control", "no-store"),
    ("Content-Type", "text/html;charset=UTF-8"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-XSS-Protection", "1; mode=block"),
]


class Browser:
    """Keeps cookies and sends forms; follows a redirect only where told to."""

    def __init__(self, edge: FakeEdge, base: str = LOGIN) -> None:
        self.edge = edge
        self.base = base
        self.cookies: dict[str, str] = {}

    def send(self, path: str, *, method: str = "GET", form: dict[str, str] | None = None, **headers: str) -> Response:
        """Send a request for a path of the browser's host, or for a whole URL."""
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if form is not None:
            headers["Content-Type"] = FORM
        url = path if path.startswith("http") else f"{self.base}{path}"
        response = answer(self.edge, Request(method=method, url=url, headers=headers, body=urlencode(form or {})))
        for cookie in response.headers.all("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return response

    def log_in(self, email: str = EMAIL, password: str = PASSWORD, **fields: str) -> Response:
        """Fetch the form and send it."""
        csrf = re.findall(r'name="X-Uaa-Csrf" value="([^"]*)"', self.send("/login").text)[0]
        form = {"username": email, "password": password, "X-Uaa-Csrf": csrf, **fields}
        return self.send("/login.do", method="POST", form=form)
