"""The pages of the fake in a real browser: what a person sees there, fills in and clicks on."""

import threading
from contextlib import suppress
from socketserver import ThreadingMixIn
from urllib.parse import parse_qs, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
import requests
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from pytest_apigee import FakeEdge

EMAIL, PASSWORD = "ops@acme.example", "correct horse"
PATIENCE_S = 20


@pytest.fixture
def edge():
    return FakeEdge()


@pytest.fixture
def ops(edge):
    return edge.user(EMAIL, password=PASSWORD, mfa=True)


class Page:
    """What a person does with a page."""

    def __init__(self, browser):
        self._browser = browser

    def go(self, url):
        self._browser.get(url)

    @property
    def url(self):
        return self._browser.current_url

    def text_of(self, selector):
        return self._browser.find_element(By.CSS_SELECTOR, selector).text

    @property
    def cookies(self):
        return self._browser.get_cookies()

    def fill(self, **fields):
        for name, text in fields.items():
            self._browser.find_element(By.NAME, name).send_keys(text)

    def click(self, selector):
        """Click on what leads to another page, and wait until it is there."""
        self._leave(self._browser.find_element(By.CSS_SELECTOR, selector))

    def follow(self, text):
        self._leave(self._browser.find_element(By.LINK_TEXT, text))

    def _leave(self, element):
        before = self._browser.find_element(By.TAG_NAME, "html")
        element.click()
        WebDriverWait(self._browser, PATIENCE_S).until(lambda _: is_gone(before))


def is_gone(element):
    try:
        element.is_enabled()
    except WebDriverException:
        return True
    return False


def login_with(passcode, url, **options):
    """Give a passcode to the token endpoint, as `get_token -p` does."""
    with requests.Session() as session:
        session.trust_env = False
        form = {"grant_type": "password", "passcode": passcode}
        basic = ("edgecli", "edgeclisecret")
        return session.post(f"{url}/oauth/token", form, auth=basic, timeout=PATIENCE_S, **options)


def test_a_person_gets_a_passcode(open_browser, edge, ops):
    """Without a session one is asked to log in, told what was wrong, and led to a passcode that a tool can use."""
    with edge.serve() as server:
        page = Page(open_browser())
        page.go(f"{server.login_url}/passcode")
        assert page.url == f"{server.login_url}/login"
        page.fill(username=EMAIL, password="wrong")
        page.click("#login")
        assert page.text_of("#error") == "Unable to verify email or password. Please try again."
        page.fill(username=EMAIL, password=PASSWORD, mfa_token=edge.mfa_code(ops))
        page.click("#login")

        assert page.url == f"{server.login_url}/passcode"
        first = page.text_of("#passcode")
        page.follow("Get another one")
        second = page.text_of("#passcode")
        assert first != second
        assert login_with(second, server.login_url).json()["token_type"] == "bearer"
        assert login_with(second, server.login_url).status_code == 401


def test_a_person_logs_out(open_browser, edge, ops):
    """The session is a cookie that no script can read, and ends with a click."""
    with edge.serve() as server:
        page = Page(open_browser())
        page.go(f"{server.login_url}/login")
        page.fill(username=EMAIL, password=PASSWORD, mfa_token=edge.mfa_code(ops))
        page.click("#login")
        assert page.url == f"{server.login_url}/home"
        assert [(cookie["name"], cookie["httpOnly"]) for cookie in page.cookies] == [("JSESSIONID", True)]
        page.follow("Log out")
        page.go(f"{server.login_url}/passcode")

        assert page.url == f"{server.login_url}/login"


@pytest.mark.parametrize("zone", ["", "acme"])
def test_a_person_goes_to_edge_itself(open_browser, edge, zone):
    """Through the proxy the URL in the browser is Edge's own, and its certificate one that the browser trusts."""
    ops = edge.user(EMAIL, password=PASSWORD, mfa=True, zone=edge.zone("acme") if zone else None)
    url = f"https://{zone}.login.apigee.com" if zone else "https://login.apigee.com"
    with edge.serve() as server:
        page = Page(open_browser(proxy=server))
        page.go(f"{url}/passcode")
        assert page.url == f"{url}/login"
        page.fill(username=EMAIL, password=PASSWORD, mfa_token=edge.mfa_code(ops))
        page.click("#login")

        assert page.url == f"{url}/passcode"
        assert [(cookie["name"], cookie["secure"]) for cookie in page.cookies] == [("JSESSIONID", True)]
        proxies = {"proxies": {"https": server.proxy_url}, "verify": str(server.ca_path)}
        assert login_with(page.text_of("#passcode"), url, **proxies).json()["token_type"] == "bearer"


def test_the_proxy_leads_a_browser_nowhere_else(open_browser, edge):
    """A host that is none of Edge's is refused."""
    with edge.serve() as server:
        page = Page(open_browser(proxy=server))

        with suppress(WebDriverException):  # its driver raises for it, most times
            page.go("https://example.com/")

        assert "ERR_TUNNEL_CONNECTION_FAILED" in page.text_of("body")


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


class Threaded(ThreadingMixIn, WSGIServer):
    """A browser connects before it asks, and waits."""

    daemon_threads = True


def test_the_pages_work_below_a_path(open_browser, edge, ops):
    """Mounted below a path, forms and links lead to what is below it."""
    app = edge.wsgi_app(at=edge.login_url)

    def mounted(environ, start_response):
        if not environ["PATH_INFO"].startswith("/sso/"):
            start_response("404 Not Found", [("Content-Length", "0")])
            return [b""]
        return app(
            {**environ, "SCRIPT_NAME": "/sso", "PATH_INFO": environ["PATH_INFO"].removeprefix("/sso")}, start_response
        )

    with make_server("127.0.0.1", 0, mounted, Threaded, Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            page = Page(open_browser())
            url = f"http://127.0.0.1:{server.server_port}/sso"
            page.go(f"{url}/passcode")
            page.fill(username=EMAIL, password=PASSWORD, mfa_token=edge.mfa_code(ops))
            page.click("#login")
            assert page.url == f"{url}/passcode"
            page.follow("Get another one")
            assert len(page.text_of("#passcode")) == 6
            page.follow("log out")
            assert page.url == f"{url}/login"
        finally:
            server.shutdown()
            thread.join()


def test_a_person_allows_what_an_app_asks_for(open_browser, edge):
    """The consent page asks who one is, says what was wrong, and leads back to the app with a code for a token."""
    server = edge.authorization_server(users={"ada": "lovelace"})
    edge.proxy("/weather", products=["weather"], scope="READ", target={"temp": 21})
    landing = edge.proxy("/landing", security="none", target="You can close this window.")
    with edge.serve() as local:
        callback = f"{local.local(landing)}/done"
        app = edge.app(products=["weather"], callback_url=callback)
        query = f"response_type=code&client_id={app.consumer_key}&state=s%26t&scope=READ"
        page = Page(open_browser())
        page.go(f"{local.local(server.authorize_url)}?{query}")
        assert page.text_of("h1") == f"{app.name} asks for access"
        page.fill(username="ada", password="babbage")
        page.click("[value=allow]")
        assert page.text_of("[role=alert]") == "Wrong user name or password."
        page.fill(username="ada", password="lovelace")
        page.click("[value=allow]")

        query = parse_qs(urlsplit(page.url).query)
        assert page.url.startswith(f"{callback}?")
        assert query["state"] == ["s&t"]
        form = {"grant_type": "authorization_code", "code": query["code"][0]}
        with requests.Session() as session:
            session.trust_env = False
            basic = (app.consumer_key, app.consumer_secret)
            token = session.post(local.local(server.token_url), form, auth=basic, timeout=PATIENCE_S).json()
            headers = {"Authorization": f"Bearer {token['access_token']}"}
            weather = session.get(f"{local.gateway_url}/weather", headers=headers, timeout=PATIENCE_S)
        assert weather.json() == {"temp": 21}


def test_a_person_denies_what_an_app_asks_for(open_browser, edge):
    """The app hears of it, and gets no code."""
    server = edge.authorization_server()
    landing = edge.proxy("/landing", security="none", target="You can close this window.")
    with edge.serve() as local:
        app = edge.app(products=["weather"], callback_url=local.local(landing))
        page = Page(open_browser())
        page.go(f"{local.local(server.authorize_url)}?response_type=code&client_id={app.consumer_key}&state=s")
        page.click("[value=deny]")

        assert page.url == f"{local.local(landing)}?error=access_denied&state=s"
