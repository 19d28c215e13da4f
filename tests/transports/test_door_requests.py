"""What a client of requests sends and gets, as with a real server."""

import gzip
import io
import re
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import requests
from requests.adapters import HTTPAdapter

from pytest_apigee.edge.message import FailureKind, Response
from pytest_apigee.transports.requests import open_door


def test_answers_an_owned_host_from_the_handler(world, door):
    """A request to an owned host is answered by the handler, with what it says."""
    world.answers(Response.of_json({"a": 1}, status=201))

    response = requests.get(world.url, timeout=5)

    assert (response.status_code, response.json(), response.url) == (201, {"a": 1}, world.url)
    assert [request.url for request in world.requests] == [world.url]


def test_reads_as_a_response_of_a_real_server(world, door):
    """Reason, protocol version, elapsed time, connection and body length are those of a real exchange."""
    world.answers(Response(status=404, body="gone"))

    response = requests.get(world.url, timeout=5)

    assert (response.reason, response.raw.version, response.headers["Content-Length"]) == ("Not Found", 11, "4")
    assert response.elapsed.total_seconds() > 0
    assert response.request.url == world.url
    assert response.connection is not None


def test_dates_the_response_in_the_format_of_http(world, door):
    """A response carries a Date, unless the handler gave one."""
    world.answers(Response(), Response(headers={"Date": "mine"}))

    dates = [requests.get(world.url, timeout=5).headers["Date"] for _ in range(2)]

    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", dates[0])
    assert dates[1] == "mine"


def test_sends_the_headers_of_the_wire(world, door):
    """Headers arrive in their order and letter case, with Host, and bytes as Latin-1."""
    session = requests.Session()
    session.headers.clear()

    session.get(f"https://{world.host}:8443/x?y=1#z", headers={"X-b": b"\xe9", "x-A": "1"}, timeout=5)

    sent = world.requests[0]
    assert list(sent.headers) == [
        ("Host", f"{world.host}:8443"),
        ("Accept-Encoding", "identity"),
        ("User-Agent", sent.headers.get("User-Agent")),
        ("X-b", "\xe9"),
        ("x-A", "1"),
    ]
    assert sent.url == f"https://{world.host}:8443/x?y=1#z"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_names_no_port_that_the_scheme_implies(world, door, scheme):
    """The Host header carries the port only where the URL does."""
    requests.get(f"{scheme}://{world.host}/", timeout=5)

    assert world.requests[0].headers.get("Host") == world.host


def test_folds_a_continued_header(world, door):
    """A header value over several lines arrives as one line."""
    prepared = requests.Request("GET", world.url).prepare()
    prepared.headers["X-Long"] = "one\r\n two"

    requests.Session().send(prepared)

    assert world.requests[0].headers.get("X-Long") == "one two"


@pytest.mark.parametrize(
    ("given", "body"),
    [
        ({"data": {"a": "b"}}, b"a=b"),
        ({"json": {"a": 1}}, b'{"a": 1}'),
        ({"data": b"\x00\xff"}, b"\x00\xff"),
        ({"data": io.BytesIO(b"a file")}, b"a file"),
        ({"data": (part for part in (b"ab", b"", b"cd"))}, b"abcd"),
        ({}, b""),
    ],
)
def test_delivers_the_body_whole(world, door, given, body):
    """Whatever the body was made from, its bytes arrive whole and without chunks."""
    requests.post(world.url, timeout=5, **given)

    assert world.requests[0].body == body


def test_delivers_uploaded_files(world, door):
    """A multipart upload arrives with its boundary."""
    requests.post(world.url, files={"file": ("a.txt", b"content")}, timeout=5)

    sent = world.requests[0]
    assert b'name="file"; filename="a.txt"' in sent.body
    assert b"content" in sent.body
    assert sent.headers.get("Content-Type").startswith("multipart/form-data; boundary=")


def test_keeps_cookies(world, door):
    """Each Set-Cookie goes into the response's jar and the session's, and comes back."""
    world.answers(Response(headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2; Path=/")]), Response())
    session = requests.Session()

    response = session.get(world.url)
    session.get(world.url)

    assert dict(response.cookies) == dict(session.cookies) == {"a": "1", "b": "2"}
    assert world.requests[1].headers.get("Cookie") == "a=1; b=2"


def test_keeps_headers_that_come_twice(world, door):
    """Duplicate headers are joined by requests and separate in the raw response."""
    world.answers(Response(headers=[("X-A", "1"), ("X-A", "2")]))

    response = requests.get(world.url, timeout=5)

    assert response.headers["X-A"] == "1, 2"
    assert response.raw.headers.getlist("X-A") == ["1", "2"]


def test_streams(world, door):
    """A streamed response is read in pieces, by chunks, lines or from the raw response."""
    world.answer = lambda request: Response(body="one\ntwo\nthree")

    def get():
        return requests.get(world.url, stream=True, timeout=5)

    assert list(get().iter_content(4)) == [b"one\n", b"two\n", b"thre", b"e"]
    assert list(get().iter_lines()) == [b"one", b"two", b"three"]
    assert get().raw.read(3) == b"one"


def test_streams_what_the_handler_says_is_chunked(world, door):
    """A response with Transfer-Encoding carries chunks and no length."""
    headers = {"Transfer-Encoding": "chunked"}
    world.answers(Response(headers=headers, body="abc"), Response(headers=headers))

    full, empty = (requests.get(world.url, timeout=5) for _ in range(2))

    assert (full.content, empty.content) == (b"abc", b"")
    assert "Content-Length" not in full.headers
    assert full.raw.chunked


def test_decodes_a_compressed_body(world, door):
    """A body with Content-Encoding is decoded, as requests does."""
    world.answers(Response(headers={"Content-Encoding": "gzip"}, body=gzip.compress(b"plain")))

    assert requests.get(world.url, timeout=5).content == b"plain"


def test_answers_head_without_a_body(world, door):
    """HEAD gets the length of the body that GET would get, and no body."""
    world.answers(Response(body="12345"))

    response = requests.head(world.url, timeout=5)

    assert (response.headers["Content-Length"], response.content) == ("5", b"")


@pytest.mark.parametrize("status", [204, 304])
def test_sends_no_body_with_a_status_that_has_none(world, door, status):
    """204 and 304 carry neither a body nor its length."""
    world.answers(Response(status=status, body="ignored"))

    response = requests.get(world.url, timeout=5)

    assert (response.status_code, response.content, "Content-Length" in response.headers) == (status, b"", False)


def test_breaks_where_the_length_was_not_kept(world, door):
    """A Content-Length that the handler gave stands; a body that is shorter breaks as on the network."""
    world.answers(Response(headers={"Content-Length": "9"}, body="short"))

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        requests.get(world.url, timeout=5)


@pytest.mark.parametrize(("status", "method", "body"), [(303, "GET", b""), (307, "POST", b"a=b"), (302, "GET", b"")])
def test_follows_redirects_between_owned_hosts(world, door, status, method, body):
    """Redirects are followed by requests' own rules."""
    there = f"http://api.{world.host_test.name}/there"
    world.answers(Response(status=status, headers={"Location": there}), Response(body="there"))

    response = requests.post(world.url, data={"a": "b"}, timeout=5)

    assert (response.text, response.url, [past.status_code for past in response.history]) == ("there", there, [status])
    assert (world.requests[1].method, world.requests[1].body) == (method, body)


def test_calls_hooks(world, door):
    """A response hook is called, and can send again through the response's connection, as digest auth does."""

    def again(response, **options):
        response.request.headers["X-Again"] = "1"
        return response.connection.send(response.request, **options)

    response = requests.get(world.url, hooks={"response": again}, timeout=5)

    assert response.text == "fake"
    assert [request.headers.get("X-Again") for request in world.requests] == [None, "1"]


def test_uses_no_proxy(world, door):
    """A session's proxies are not asked for an owned host."""
    response = requests.get(world.url, proxies={"https": "http://127.0.0.1:1"}, timeout=5)

    assert response.text == "fake"


def test_looks_for_no_certificate_files(world, door):
    """A CA bundle or a client certificate that is not on this machine does not matter."""
    response = requests.get(world.url, verify="/nowhere/ca.pem", cert=("/nowhere/cert", "/nowhere/key"), timeout=5)

    assert response.text == "fake"


def test_serves_a_session_that_was_made_before_and_is_used_after(world, listener):
    """A session from before the door is answered while it is open, and is as before when it is closed."""
    session = requests.Session()
    adapter = session.get_adapter(world.url)

    with open_door(world):
        assert session.get(world.url).text == "fake"
        assert session.get(listener.url).text == "real"

    assert session.get(listener.url).text == "real"
    assert session.get_adapter(world.url) is adapter
    with pytest.raises(requests.ConnectionError, match="no request may reach the real one"):
        session.get(world.url)
    session.close()


def test_keeps_adapters_for_other_hosts(door):
    """A host that no door owns gets the session's own adapter, and a URL that is none gets requests' own error."""
    session = requests.Session()

    assert session.get_adapter("https://example.test/") is session.adapters["https://"]
    assert session.get_adapter("https://[broken/") is session.adapters["https://"]
    with pytest.raises(requests.exceptions.InvalidSchema):
        session.get_adapter("ftp://example.test/")


def test_sends_as_the_inner_adapter_when_the_door_has_closed(world, listener):
    """An adapter that was got while a door was open sends to the network when it is closed."""
    session = requests.Session()
    door = open_door(world)
    adapter = session.get_adapter(world.url)
    prepared = requests.Request("GET", listener.url).prepare()

    door.close()

    assert adapter.send(prepared).text == "real"
    with pytest.raises(OSError, match="invalid path: /nowhere"):
        adapter.cert_verify(SimpleNamespace(), world.url, verify="/nowhere", cert=None)
    session.close()


@pytest.mark.skipif(not hasattr(HTTPAdapter, "get_connection_with_tls_context"), reason="new in requests 2.32")
def test_gives_the_pools_of_the_inner_adapter(world, door, listener):
    """Asked for a pool outside of a `send`, an adapter of ours gives the inner adapter's."""
    adapter = requests.Session().get_adapter(world.url)
    prepared = requests.Request("GET", listener.url).prepare()

    assert adapter.get_connection_with_tls_context(prepared, verify=True).port == listener.port


@pytest.mark.filterwarnings("ignore:`get_connection` has been deprecated:DeprecationWarning")
def test_gives_old_clients_their_pools(world, door, listener):
    """`get_connection`, as requests before 2.32 calls it, gives the inner adapter's pool outside of a `send`."""
    adapter = requests.Session().get_adapter(world.url)

    assert adapter.get_connection(listener.url).port == listener.port


def test_adapts_an_adapter_once(world, door):
    """Where a replacement of `get_adapter` gives back an adapter of ours, it is not wrapped again."""
    session = requests.Session()
    adapter = session.get_adapter(world.url)
    session.mount("https://", adapter)

    assert session.get_adapter(world.url) is adapter


def test_serves_threads(world, door):
    """Eight threads through one session lose no request and mix up no answer."""
    world.answer = lambda request: Response(body=request.body)
    session = requests.Session()

    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda number: session.post(world.url, data=str(number)).text, range(400)))

    assert texts == [str(number) for number in range(400)]
    assert sorted(int(request.text) for request in world.requests) == list(range(400))


def test_runs_a_target_that_calls_edge(world, door):
    """The handler may call the fake again, from its own thread and from another."""

    def relay(request):
        if request.path == "/inner":
            return Response(body="inner")
        url = f"https://{world.host}/inner"
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(requests.get, url, timeout=5).result(5)
        return Response(body=requests.get(url, timeout=5).text + other.text)

    world.answer = relay

    assert requests.get(world.url, timeout=5).text == "innerinner"


def test_raises_a_mistake_of_the_handler(world, door):
    """An error of the handler reaches the caller as it is, though it is an OSError like the network's."""
    mistake = PermissionError("mine")

    def raising(request):
        raise mistake

    world.answer = raising

    with pytest.raises(PermissionError) as caught:
        requests.get(world.url, timeout=5)
    assert caught.value is mistake


def test_reads_no_netrc(world, door, tmp_path, monkeypatch):
    """A bearer token that was set by hand is not replaced by a password of ``~/.netrc``."""
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {world.host}\nlogin me\npassword secret\nmachine 127.0.0.1\nlogin you\npassword s\n")
    monkeypatch.setenv("NETRC", str(netrc))

    requests.get(world.url, headers={"Authorization": "Bearer token"}, timeout=5)

    assert world.requests[0].headers.get("Authorization") == "Bearer token"


def test_reads_netrc_for_other_hosts(world, door, listener, tmp_path, monkeypatch):
    """``~/.netrc`` still counts for hosts that no door owns."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1\nlogin you\npassword s\n")
    monkeypatch.setenv("NETRC", str(netrc))

    response = requests.get(listener.url, timeout=5)

    assert response.request.headers["Authorization"].startswith("Basic ")


def test_builds_with_the_inner_adapter(world, door):
    """`build_response` and `add_headers` of a session's own adapter run."""

    class Building(HTTPAdapter):
        def add_headers(self, request, **options):
            request.headers["X-Added"] = str(options["timeout"])

        def build_response(self, request, raw):
            response = super().build_response(request, raw)
            response.built = True
            return response

    session = requests.Session()
    session.mount("https://", Building())

    assert session.get(world.url, timeout=5).built
    assert world.requests[0].headers.get("X-Added") == "5"


def test_closes_once(world, door):
    """Closing a door twice is closing it once."""
    door.close()
    door.close()

    with pytest.raises(requests.ConnectionError):
        requests.get(world.url, timeout=5)


@pytest.mark.parametrize(
    ("kind", "error", "said"),
    [
        (FailureKind.UNKNOWN_HOST, requests.ConnectionError, "as told"),
        (FailureKind.RESET, requests.ConnectionError, "as told"),
        (FailureKind.TIMEOUT, requests.ReadTimeout, "Read timed out. (read timeout=5)"),
    ],
)
def test_fails_as_the_network_would(world, door, kind, error, said):
    """A connection failure is the error that requests raises for it."""
    world.fails(kind)

    with pytest.raises(error, match=re.escape(said)) as caught:
        requests.get(world.url, timeout=5)
    assert caught.type is error
    assert caught.value.request.url == world.url
