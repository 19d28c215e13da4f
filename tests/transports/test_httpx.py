"""httpx and httpx2 in process: a transport that a client is given."""

import asyncio
import sys

import httpx
import httpx2
import pytest

from pytest_apigee import ConfigurationError, FakeEdge, Response, TargetFailure, fake_edge

URL = "https://acme-test.apigee.net"
OTHER_HOST = (
    "This transport answers for hosts of Apigee Edge, and 'example.com' is none. Mount it for Edge's hosts alone: "
    "{}.Client(mounts={{'all://*.apigee.net': transport, 'all://*.apigee.com': transport}})."
)


@pytest.fixture
def edge() -> FakeEdge:
    edge = FakeEdge()
    edge.proxy("/echo", security="none", target=echo)
    return edge


def echo(request):
    headers = [("X-A", "1"), ("X-A", "2"), ("Set-Cookie", "a=b; Path=/"), ("X-Path", request.path)]
    return Response(status=299, headers=headers, body=request.body or b"nothing", reason="Quite Good")


class Sync:
    """A `Client` of a module."""

    def __init__(self, module, edge, **options):
        self.module = module
        self._client = module.Client(transport=transport_of(module, edge), **options)

    def request(self, method, url, **options):
        return self._client.request(method, url, **options)

    def stream(self, url):
        with self._client.stream("GET", url) as response:
            return [response.is_stream_consumed, *response.iter_raw()]

    def upload(self, url, *pieces):
        return self._client.post(url, content=iter(pieces))

    def close(self):
        self._client.close()


class Async:
    """An `AsyncClient` of a module."""

    def __init__(self, module, edge, **options):
        self.module = module
        self._client = module.AsyncClient(transport=transport_of(module, edge), **options)
        self._loop = asyncio.new_event_loop()

    def request(self, method, url, **options):
        return self._loop.run_until_complete(self._client.request(method, url, **options))

    def stream(self, url):
        async def read():
            async with self._client.stream("GET", url) as response:
                return [response.is_stream_consumed, *[piece async for piece in response.aiter_raw()]]

        return self._loop.run_until_complete(read())

    def upload(self, url, *pieces):
        async def content():
            for piece in pieces:
                yield piece

        return self._loop.run_until_complete(self._client.post(url, content=content()))

    def close(self):
        self._loop.run_until_complete(self._client.aclose())
        self._loop.close()


def transport_of(module, edge):
    return edge.httpx_transport() if module is httpx else edge.httpx2_transport()


@pytest.fixture(params=[Sync, Async])
def kind(request):
    return request.param


@pytest.fixture(params=[httpx, httpx2], ids=["httpx", "httpx2"])
def module(request):
    return request.param


@pytest.fixture
def client(kind, module, edge):
    client = kind(module, edge)
    yield client
    client.close()


def test_a_response_is_as_a_server_gives_it(client, edge):
    """Status, reason, version, headers in their order and doubled, Date and length, body, cookies."""
    edge.clock.freeze("2026-01-02T03:04:05Z")

    response = client.request("GET", f"{URL}/echo")

    assert (response.status_code, response.reason_phrase, response.http_version) == (299, "Quite Good", "HTTP/1.1")
    assert response.headers.multi_items() == [
        ("x-a", "1"),
        ("x-a", "2"),
        ("set-cookie", "a=b; Path=/"),
        ("x-path", "/"),
        ("date", "Fri, 02 Jan 2026 03:04:05 GMT"),
        ("content-length", "7"),
    ]
    assert response.content == b"nothing"
    assert client.request("GET", f"{URL}/echo").request.headers["Cookie"] == "a=b"


def test_a_path_stays_as_it_was_sent(client, edge):
    """What the client sends as a target is what the world gets."""
    client.request("GET", f"{URL}/echo/a%2Fb%20c;d?e=%zz")

    assert edge.calls.last.request.url == f"{URL}/echo/a%2Fb%20c;d?e=%zz"


def test_head_has_no_body(client):
    """The answer to HEAD has a length and no body."""
    response = client.request("HEAD", f"{URL}/echo")

    assert (response.headers["Content-Length"], response.content) == ("7", b"")


def test_an_answer_without_content_has_none(client, edge):
    """An answer 204 has neither body nor length."""
    edge.proxy("/empty", security="none", target=Response(status=204))

    response = client.request("GET", f"{URL}/empty")

    assert (response.status_code, "Content-Length" in response.headers, response.content) == (204, False, b"")


def test_chunks_are_taken_out(client, edge):
    """A body that a target sends in chunks arrives without them."""
    edge.proxy("/chunks", security="none", target=Response(headers={"Transfer-Encoding": "chunked"}, body="abc"))

    assert client.request("GET", f"{URL}/chunks").content == b"abc"


def test_a_response_can_be_streamed(client):
    """A body is read when the client reads it."""
    assert client.stream(f"{URL}/echo") == [False, b"nothing"]


def test_an_upload_may_come_in_pieces(client):
    """A body that is made piece by piece arrives whole."""
    assert client.upload(f"{URL}/echo", b"one ", b"two").content == b"one two"


def test_redirects_stay_within_edge(kind, module, edge):
    """A client that follows redirects comes from the passcode page to the login form."""
    client = kind(module, edge, follow_redirects=True)

    response = client.request("GET", "https://login.apigee.com/passcode")
    client.close()

    assert (response.status_code, str(response.url)) == (200, "https://login.apigee.com/login")


def test_auth_objects_work(client, edge):
    """`apigee.auth` and `apigee.management_auth` carry a token to the hosts that they are for."""
    api = edge.proxy("/weather", products=["weather"], target={"temp": 21})

    assert client.request("GET", api.url).status_code == 401
    assert client.request("GET", api.url, auth=edge.auth()).json() == {"temp": 21}
    management = f"{edge.management_url}/v1/o/acme/environments"
    assert client.request("GET", management, auth=edge.management_auth()).json() == ["test", "prod"]
    assert "Authorization" not in client.request("GET", management, auth=edge.auth()).request.headers


@pytest.mark.parametrize("failure", ["reset", "timeout"])
def test_a_connection_that_fails_raises_as_the_network_does(client, edge, monkeypatch, failure):
    """What breaks a connection raises httpx's own error, with the request."""
    from pytest_apigee.edge.message import ConnectionFailure, FailureKind

    outcome = ConnectionFailure(kind=FailureKind(failure), message="no luck")
    monkeypatch.setattr(FakeEdge, "handle", lambda *_: outcome)
    error = {"reset": "ReadError", "timeout": "ReadTimeout"}[failure]

    with pytest.raises(getattr(client.module, error), match="no luck") as caught:
        client.request("GET", URL)
    assert str(caught.value.request.url) == URL


def test_an_unknown_host_of_edge_cannot_be_connected_to(client, edge):
    """A host of Edge that the world lacks raises as a name that is not known, and is complained of."""
    with pytest.raises(client.module.ConnectError, match=r"The fake Edge has no host .nope-test\.apigee\.net."):
        client.request("GET", "https://nope-test.apigee.net/")
    assert [grievance.kind for grievance in edge.take_grievances()] == ["unknown_host"]


def test_other_hosts_are_refused(client):
    """A host that is none of Edge's is never connected to; the error says how to route it elsewhere."""
    with pytest.raises(client.module.ConnectError) as caught:
        client.request("GET", "https://example.com/")

    assert str(caught.value) == OTHER_HOST.format(client.module.__name__)


def test_mounts_leave_other_hosts_alone(module, edge):
    """Mounted for Edge's hosts, it is asked for them alone."""
    transport = transport_of(module, edge)
    other = module.MockTransport(lambda _: module.Response(200, text="other"))
    mounts = {"all://*.apigee.net": transport, "all://*.apigee.com": transport}
    with module.Client(transport=other, mounts=mounts) as client:
        assert client.get(f"{URL}/echo").status_code == 299
        assert client.get("https://login.apigee.com/version").status_code == 200
        assert client.get("https://example.com").text == "other"


def test_targets_fail_as_they_do(client, edge):
    """A backend that is gone is Edge's answer, not the client's error."""
    edge.proxy("/gone", security="none", target=TargetFailure.UNAVAILABLE)

    assert client.request("GET", f"{URL}/gone").status_code == 503


def test_a_client_does_not_outlive_its_test(kind, module):
    """A transport whose fake was closed answers nothing more, and says what to do."""
    with fake_edge(seed=1) as edge:
        client = kind(module, edge)
        assert client.request("GET", "https://login.apigee.com/version").status_code == 200

    with pytest.raises(module.ConnectError) as caught:
        client.request("GET", "https://login.apigee.com/version")
    client.close()
    assert str(caught.value) == (
        "The fake Edge behind this transport was closed with its test. Give a client the transport of the test that it "
        "is used in, and make it there."
    )


@pytest.mark.parametrize(
    ("library", "package"), [("httpx", "pytest-apigee[httpx]"), ("httpx2", "httpx2")], ids=["httpx", "httpx2"]
)
def test_a_missing_package_is_named(edge, monkeypatch, library, package):
    """Where the library is not installed, the error says how to get it."""
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(ConfigurationError) as caught:
        getattr(edge, f"{library}_transport")()
    assert str(caught.value) == f'A transport for {library} needs that package: pip install "{package}".'


def test_auth_objects_work_at_a_local_server(edge):
    """`auth` objects know the URLs of a local server."""
    api = edge.proxy("/weather", products=["weather"], target={"temp": 21})
    with edge.serve() as server, httpx.Client(trust_env=False) as client:
        assert client.get(server.local(api), auth=edge.auth()).json() == {"temp": 21}
        url = f"{server.management_url}/v1/o/acme/environments"
        assert client.get(url, auth=edge.management_auth()).json() == ["test", "prod"]
        assert client.get(url, auth=edge.auth()).status_code == 401
