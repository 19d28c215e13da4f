"""The fake as a WSGI and as an ASGI application, for whoever mounts it in a server of their own."""

import asyncio
import io
import threading
from contextlib import contextmanager
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import httpx
import pytest
import requests
import uvicorn
import werkzeug.test

from pytest_apigee import ConfigurationError, FakeEdge, Response, fake_edge
from tests.transports.server_support import PATIENCE_S

LOGIN = "https://login.apigee.com"
GATEWAY = "https://acme-test.apigee.net"
LOCAL = "http://127.0.0.1:9000"
LONGEST = 16 * 1024 * 1024
PLAIN = "text/plain; charset=utf-8"


class Wsgi:
    """A client of a WSGI application."""

    @staticmethod
    def app(edge, at=None):
        return edge.wsgi_app(at)

    @staticmethod
    def ask(app, url, *, method="GET", headers=(), body=b"", prefix=""):
        origin, path = _split(url)
        client = werkzeug.test.Client(app, use_cookies=False)
        answer = client.open(
            path=path, base_url=f"{origin}{prefix}", method=method, headers=list(headers), data=body, buffered=True
        )
        return answer.status_code, {name.lower(): value for name, value in answer.headers}, answer.data


class Asgi:
    """A client of an ASGI application."""

    @staticmethod
    def app(edge, at=None):
        return edge.asgi_app(at)

    @staticmethod
    def ask(app, url, *, method="GET", headers=(), body=b"", prefix=""):
        origin, path = _split(url)

        async def send():
            transport = httpx.ASGITransport(app, root_path=prefix)
            async with httpx.AsyncClient(transport=transport) as client:
                return await client.request(method, f"{origin}{prefix}{path}", headers=list(headers), content=body)

        answer = asyncio.run(send())
        return answer.status_code, dict(answer.headers), answer.content


def _split(url):
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}", slash + path


@pytest.fixture
def edge():
    edge = FakeEdge()
    edge.proxy("/echo", security="none", target=echo)
    return edge


def echo(request):
    return Response(headers={"X-Url": request.url, "Connection": "close"}, body=request.body or b"nothing")


@pytest.fixture(params=[Wsgi, Asgi])
def kind(request):
    return request.param


def test_the_host_header_says_which_part_of_edge_is_asked(kind, edge):
    """By the host that a request names it is for the SSO, the management API or a gateway."""
    app = kind.app(edge)

    assert kind.ask(app, f"{LOGIN}/version")[2] == b'{"cliVersion":"2.0"}'
    assert kind.ask(app, "https://api.enterprise.apigee.com/v1/o/acme")[0] == 401
    assert kind.ask(app, f"{GATEWAY}/echo")[2] == b"nothing"
    assert [exchange.request.url for exchange in edge.calls] == [
        f"{LOGIN}/version",
        "https://api.enterprise.apigee.com/v1/o/acme",
        f"{GATEWAY}/echo",
    ]


def test_other_hosts_are_for_the_part_that_it_stands_for(kind, edge):
    """With `at` it answers at any host, and says of itself what its clients have to take for it."""
    status, headers, _ = kind.ask(kind.app(edge, LOGIN), f"{LOCAL}/passcode")

    assert (status, headers["location"]) == (302, f"{LOCAL}/login")
    assert edge.calls.only.request.url == f"{LOGIN}/passcode"


def test_without_a_part_other_hosts_are_refused(kind, edge):
    """Without `at` it says what to do."""
    status, headers, body = kind.ask(kind.app(edge), f"{LOCAL}/version")

    assert (status, headers["content-type"]) == (421, PLAIN)
    assert body == (
        b"This application answers for hosts of Apigee Edge, and not for '127.0.0.1'. Make it with at=URL, as "
        b"at=apigee.login_url.\n"
    )
    assert not list(edge.calls)


def test_it_may_be_mounted_below_a_path(kind, edge):
    """Edge sees what follows the path, and names it where it names itself."""
    app = kind.app(edge, LOGIN)

    status, headers, _ = kind.ask(app, f"{LOCAL}/passcode", prefix="/edge/sso")
    assert (status, headers["location"]) == (302, f"{LOCAL}/edge/sso/login")
    assert kind.ask(app, f"{LOCAL}/", prefix="/edge/sso")[1]["location"].startswith(f"{LOCAL}/edge/sso/")
    assert [exchange.request.path for exchange in edge.calls] == ["/passcode", "/"]


@pytest.mark.parametrize("prefix", ["", "/a b", "/é"])
def test_a_path_stays_as_it_was_sent(kind, edge, prefix):
    """What the client sends as a target is what Edge gets, escapes included."""
    _, headers, _ = kind.ask(kind.app(edge, GATEWAY), f"{LOCAL}/echo/a%2Fb%20c;d?e=%zz&f=%C3%A9", prefix=prefix)

    assert headers["x-url"].endswith("/a%2Fb%20c;d?e=%zz&f=%C3%A9")


def test_a_body_arrives_whole(kind, edge):
    """A body arrives with its headers, and connections are the server's own affair."""
    headers = [("X-A", "1"), ("Content-Type", "text/plain")]
    status, answered, body = kind.ask(kind.app(edge), f"{GATEWAY}/echo", method="POST", headers=headers, body=b"abc")

    sent = edge.calls.only.request
    assert (status, body, "connection" in answered) == (200, b"abc", False)
    assert (sent.headers["X-A"], sent.headers["Content-Type"], sent.headers["Content-Length"]) == (
        "1",
        "text/plain",
        "3",
    )
    assert (sent.body, answered["content-length"], answered["date"]) == (b"abc", "3", edge.http_date())


def test_a_body_has_a_limit(kind, edge):
    """A body that is too long is refused."""
    app = kind.app(edge)

    assert kind.ask(app, f"{GATEWAY}/echo", method="POST", body=b"a" * LONGEST)[0] == 200
    status, headers, body = kind.ask(app, f"{GATEWAY}/echo", method="POST", body=b"a" * (LONGEST + 1))
    assert (status, headers["content-type"]) == (413, PLAIN)
    assert body == b"The body of this request is longer than 16,777,216 bytes.\n"
    assert len(edge.calls) == 1


def test_head_has_no_body(kind, edge):
    """The answer to HEAD has a length and no body."""
    status, headers, body = kind.ask(kind.app(edge), f"{GATEWAY}/echo", method="HEAD")

    assert (status, headers["content-length"], body) == (200, "7", b"")


def test_chunks_are_the_servers_affair(kind, edge):
    """A target that sends chunks has them taken out: how a body goes over the wire is for the server to say."""
    edge.proxy("/chunks", security="none", target=Response(headers={"Transfer-Encoding": "chunked"}, body="abc"))

    _, headers, body = kind.ask(kind.app(edge), f"{GATEWAY}/chunks")
    assert ("transfer-encoding" in headers, headers["content-length"], body) == (False, "3", b"abc")


@pytest.mark.parametrize(
    ("arm", "status", "text"),
    [
        ("reset", 502, b"the connection was reset: a fault was armed\n"),
        ("time_out", 504, b"no answer came in time: a fault was armed\n"),
    ],
)
def test_where_edge_gives_no_answer_a_gateway_does(kind, edge, arm, status, text):
    """An application cannot break its client's connection: a fault that does is answered 502 or 504."""
    getattr(edge.faults, arm)(at="/echo")

    found = kind.ask(kind.app(edge), f"{GATEWAY}/echo")
    assert (found[0], found[1]["content-type"], found[2]) == (status, PLAIN, text)


def test_an_unknown_host_of_edge_is_refused_and_complained_of(kind, edge):
    """A host of Edge that the world lacks fails the test as at every door."""
    status, _, body = kind.ask(kind.app(edge), "https://nope-test.apigee.net/")

    assert status == 421
    assert b"has no host 'nope-test.apigee.net'" in body
    assert [grievance.kind for grievance in edge.take_grievances()] == ["unknown_host"]


@pytest.mark.parametrize("host", ["a b", "a/b", "user@a", "[::1", "a:b"])
def test_a_host_that_is_none_is_refused(kind, edge, host):
    """What stands in links and tokens is never what a client made up."""
    status, _, body = kind.ask(kind.app(edge, LOGIN), f"{LOCAL}/version", headers=[("Host", host)])

    assert (status, body) == (400, b"The Host header of this request is no host.\n")


def test_it_does_not_outlive_its_test(kind):
    """An application whose fake was closed answers nothing more, and says what to do."""
    with fake_edge(seed=1) as edge:
        app = kind.app(edge)
        assert kind.ask(app, f"{LOGIN}/version")[0] == 200

    status, _, body = kind.ask(app, f"{LOGIN}/version")
    assert (status, body) == (
        503,
        (
            b"The fake Edge behind this application was closed with its test. Make an application in the test that it "
            b"is used in.\n"
        ),
    )


@pytest.mark.parametrize(
    ("at", "message"),
    [
        (
            "login.apigee.com",
            "'login.apigee.com' is no URL of Edge: write all of it, as 'https://login.apigee.com/oauth/token'.",
        ),
        (7, "at takes text, not int."),
        (
            "https://login.apigee.com/oauth",
            (
                "at='https://login.apigee.com/oauth' has a path: an application stands for all of a host, as "
                "at='https://login.apigee.com'."
            ),
        ),
    ],
)
def test_a_wrong_part_is_refused(kind, edge, at, message):
    """What `at` may be is said at once, and not to a client."""
    with pytest.raises(ConfigurationError) as caught:
        kind.app(edge, at)
    assert str(caught.value) == message


def test_an_unknown_part_is_refused(kind, edge):
    """A host of Edge that the world lacks cannot be stood for."""
    with pytest.raises(ConfigurationError, match=r"'nope-test\.apigee\.net' is no host of this fake Edge\. Known: "):
        kind.app(edge, "https://nope-test.apigee.net")


def environ(**values):
    """What a server sets for a request that says nothing."""
    return {
        "REQUEST_METHOD": "GET",
        "SERVER_NAME": "login.apigee.com",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(b""),
        **values,
    }


def asked(app, **values):
    """Ask a WSGI application as a server with just these variables does."""
    seen = []
    body = b"".join(app(environ(**values), lambda status, headers: seen.append((status, headers))))
    return seen[0][0], body


def test_wsgi_needs_no_more_than_the_standard_says(edge):
    """Host, path, query and length may be missing; what a path was escaped by is then restored."""
    app = edge.wsgi_app()

    assert asked(app, PATH_INFO="/version") == ("200 OK", b'{"cliVersion":"2.0"}')
    assert asked(app)[0].startswith("302 ")
    asked(app, HTTP_HOST="acme-test.apigee.net", PATH_INFO="/echo/\xc3\xa9 %;x")
    assert edge.calls.last.request.url == f"{GATEWAY}/echo/%C3%A9%20%25;x"


@pytest.mark.parametrize("name", ["REQUEST_URI", "RAW_URI"])
@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("/echo/%41?x", "/echo/%41"),
        ("http://acme-test.apigee.net/echo/%41?x", "/echo/%41"),
        ("/other/%41", "/echo/A"),  # a middleware has changed the path
    ],
)
def test_wsgi_servers_may_keep_what_was_sent(edge, name, sent, found):
    """The variables in which servers keep the target as it was sent are taken where the path is that of it."""
    host = {"HTTP_HOST": "acme-test.apigee.net"}
    asked(edge.wsgi_app(), **host, **{name: sent}, PATH_INFO="/echo/A", QUERY_STRING="y")

    assert edge.calls.last.request.url == f"{GATEWAY}{found}?y"


@pytest.mark.parametrize(
    ("length", "body", "status", "text"),
    [
        ("3", b"abcdef", "200 OK", b"abc"),
        ("", b"abc", "200 OK", b"nothing"),  # no length, no body: the stream may never end
        ("6", b"abc", "400 Bad Request", b"The body of this request is shorter than its Content-Length.\n"),
        ("-1", b"abc", "400 Bad Request", b"The Content-Length is no number.\n"),
        (str(LONGEST + 1), b"", "413 Request Entity Too Large", None),
    ],
)
def test_wsgi_bodies_are_as_long_as_they_say(edge, length, body, status, text):
    """A body is read as far as its length says, and no further."""
    found = asked(
        edge.wsgi_app(),
        HTTP_HOST="acme-test.apigee.net",
        PATH_INFO="/echo",
        CONTENT_LENGTH=length,
        **{"wsgi.input": io.BytesIO(body)},
    )

    assert found[0].startswith(status[:3])
    assert text is None or found == (status, text)


@pytest.mark.parametrize(("body", "status"), [(b"abc", 200), (b"a" * (LONGEST + 1), 413)])
def test_wsgi_servers_may_end_the_stream_of_a_body(edge, body, status):
    """Where a server says that the stream ends, a body needs no length."""
    found = asked(
        edge.wsgi_app(),
        HTTP_HOST="acme-test.apigee.net",
        PATH_INFO="/echo",
        **{"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True},
    )

    assert int(found[0][:3]) == status
    assert status == 413 or found[1] == body


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def served_by_wsgiref(app):
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def served_by_uvicorn(app):
    options = {"port": 0, "lifespan": "on", "log_config": None, "date_header": False, "ws": "none", "access_log": False}
    server = uvicorn.Server(uvicorn.Config(app, **options))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            thread.join(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def url_of(name):
    return {"wsgiref": served_by_wsgiref, "uvicorn": served_by_uvicorn}[name]


@pytest.mark.parametrize("server", ["wsgiref", "uvicorn"])
def test_real_servers_serve_it(edge, server):
    """A login at the SSO, and a call of an API whose target calls that server again."""
    edge.user("ops@acme.example", password="correct horse")
    make = edge.wsgi_app if server == "wsgiref" else edge.asgi_app
    form = {"grant_type": "password", "username": "ops@acme.example", "password": "correct horse"}
    with requests.Session() as session, url_of(server)(make(LOGIN)) as url:
        session.trust_env = False
        answer = session.post(f"{url}/oauth/token", form, auth=("edgecli", "edgeclisecret"), timeout=PATIENCE_S)
        assert answer.json()["token_type"] == "bearer"
        assert answer.headers["Date"].count("GMT") == 1
        api = session.get(f"{url}/echo", headers={"Host": "acme-test.apigee.net"}, timeout=PATIENCE_S)
        assert (api.status_code, api.text) == (200, "nothing")
        assert session.head(f"{url}/echo", headers={"Host": "acme-test.apigee.net"}, timeout=PATIENCE_S).text == ""


def test_a_target_may_call_the_server_that_it_is_behind(edge):
    """An event loop goes on while a target is at work."""
    with requests.Session() as session, served_by_uvicorn(edge.asgi_app(GATEWAY)) as url:
        session.trust_env = False
        edge.proxy(
            "/again", security="none", target=lambda _: {"inner": session.get(f"{url}/echo", timeout=PATIENCE_S).text}
        )

        assert session.get(f"{url}/again", timeout=PATIENCE_S).json() == {"inner": "nothing"}


def test_wsgi_is_as_its_standard_says(edge):
    """The standard library's own validator has nothing to say."""
    app = validator(edge.wsgi_app())
    with requests.Session() as session, served_by_wsgiref(app) as url:
        session.trust_env = False
        headers = {"Host": "login.apigee.com"}

        assert session.get(f"{url}/version", headers=headers, timeout=PATIENCE_S).json() == {"cliVersion": "2.0"}
        assert session.post(f"{url}/oauth/token", {"a": "b"}, headers=headers, timeout=PATIENCE_S).status_code == 401


def told(app, scope, *events):
    """Drive an ASGI application without an event loop, as one of another library would; return what it sent."""
    coming, sent = list(events), []

    async def receive():
        return coming.pop(0)

    async def send(event):
        sent.append(event)

    with pytest.raises(StopIteration):
        app(scope, receive, send).send(None)
    return sent


def http_scope(**values):
    return {"type": "http", "method": "GET", "path": "/version", "headers": [], **values}


def test_asgi_needs_no_more_than_the_standard_says(edge):
    """Scheme, raw path, query, root path and server may be missing; another event loop may run it."""
    login = [(b"host", b"login.apigee.com")]
    start, body = told(edge.asgi_app(), http_scope(headers=login), {"type": "http.request"})

    assert (start["type"], start["status"], body["body"]) == ("http.response.start", 200, b'{"cliVersion":"2.0"}')
    assert edge.calls.last.request.url == "http://login.apigee.com/version"
    told(edge.asgi_app(), http_scope(headers=login, path="/a b%é", root_path="/a b%é"), {"type": "http.request"})
    assert edge.calls.last.request.path == "/"
    told(edge.asgi_app(), http_scope(headers=login, path="/a b%é;"), {"type": "http.request"})
    assert edge.calls.last.request.path == "/a%20b%25%C3%A9;"


@pytest.mark.parametrize(
    ("server", "status"), [(("login.apigee.com", 443), 200), (("login.apigee.com", None), 200), (None, 421)]
)
def test_asgi_servers_say_which_they_are(edge, server, status):
    """Where a client names no host it is that of the server."""
    start, _ = told(edge.asgi_app(), http_scope(server=server), {"type": "http.request"})

    assert start["status"] == status


def test_a_target_that_is_no_url_is_refused(edge):
    """What a server hands over may be anything."""
    scope = http_scope(scheme="ftp", server=("login.apigee.com", 21))
    start, body = told(edge.asgi_app(), scope, {"type": "http.request"})

    assert (start["status"], body["body"]) == (400, b"The target of this request is no URL.\n")


def test_asgi_clients_may_hang_up(edge):
    """A client that goes away in the middle of its body is not answered, and Edge not asked."""
    events = [{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.disconnect"}]

    assert told(edge.asgi_app(LOGIN), http_scope(), *events) == []
    assert not list(edge.calls)


def test_asgi_bodies_come_in_pieces(edge):
    """A body is put together."""
    events = [{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.request", "body": b"b"}]

    assert told(edge.asgi_app(GATEWAY), http_scope(path="/echo", method="POST"), *events)[1]["body"] == b"ab"


def test_asgi_lives_as_long_as_its_server(edge):
    """There is nothing to start or to end, which is said."""
    events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    assert told(edge.asgi_app(), {"type": "lifespan"}, *events) == [
        {"type": "lifespan.startup.complete"},
        {"type": "lifespan.shutdown.complete"},
    ]


def test_asgi_has_no_websockets(edge):
    """Edge has none: they are closed before they are accepted. What is no protocol of ASGI at all is an error."""
    assert told(edge.asgi_app(), {"type": "websocket"}, {"type": "websocket.connect"}) == [
        {"type": "websocket.close", "code": 1000}
    ]
    with pytest.raises(RuntimeError, match=r"This application of a fake Edge speaks http, and no 'smtp'\."):
        told(edge.asgi_app(), {"type": "smtp"})
