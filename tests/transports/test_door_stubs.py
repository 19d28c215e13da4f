"""Stubs on the door's own RequestsMock are asked before the fake."""

import io
import re

import pytest
import requests
import responses
import urllib3
from responses import matchers, registries

from pytest_apigee.edge.message import ConnectionFailure, FailureKind, Response
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.transports.requests import open_door

STUBBED = "answered by a stub on apigee.responses"


def test_asks_stubs_first(world, door):
    """A stub answers the requests that it matches, and the fake the others."""
    door.responses.get(world.url, json={"stub": True}, status=418)

    stubbed, other = requests.get(world.url, timeout=5), requests.post(world.url, timeout=5)

    assert (stubbed.status_code, stubbed.json(), stubbed.raw.version) == (418, {"stub": True}, 11)
    assert other.text == "fake"


@pytest.mark.parametrize(
    ("matcher", "given"),
    [
        (matchers.urlencoded_params_matcher({"a": "b"}), {"data": {"a": "b"}}),
        (matchers.json_params_matcher({"a": 1}), {"json": {"a": 1}}),
        (lambda request: (request.body == b"file", ""), {"data": io.BytesIO(b"file")}),
        (matchers.query_param_matcher({"q": "1"}), {"params": {"q": "1"}}),
        (matchers.header_matcher({"X-A": "1"}), {"headers": {"X-A": "1"}}),
        (matchers.request_kwargs_matcher({"stream": True, "timeout": 3}), {"stream": True}),
    ],
)
def test_understands_the_matchers_of_responses(world, door, matcher, given):
    """The matchers of `responses` see what requests prepared."""
    stub = door.responses.add(responses.POST, world.url, body="stub", match=[matcher])

    texts = [requests.post(world.url, timeout=3, **given).text, requests.post(world.url, timeout=5).text]

    assert texts == ["stub", "fake"]
    assert stub.call_count == 1


def test_understands_matchers_for_urllib3(world, door):
    """A stub answers plain urllib3 too, by URL and by form field."""
    match = [matchers.urlencoded_params_matcher({"a": "b"})]
    door.responses.post(world.url, body="stub", match=match)

    response = urllib3.PoolManager().request("POST", world.url, fields={"a": "b"}, encode_multipart=False)

    assert response.data == b"stub"


def test_records_what_a_stub_answered(world, door):
    """The handler hears of an exchange that a stub answered, with its request, response and reason."""
    door.responses.post(world.url, body="stub", status=202, headers={"X-Count": "1"})

    requests.post(world.url, data="sent", timeout=5)

    [(request, outcome, reason)] = world.records
    assert (request.method, request.url, request.body) == ("POST", world.url, b"sent")
    assert (outcome.status, outcome.body, outcome.headers.get("X-Count")) == (202, b"stub", "1")
    assert reason == STUBBED
    assert world.requests == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [(requests.ReadTimeout("slow"), FailureKind.TIMEOUT), (requests.ConnectionError("cut"), FailureKind.RESET)],
)
def test_raises_what_a_stub_raises(world, door, error, kind):
    """An exception as a stub's body is raised as it is and recorded as no answer."""
    door.responses.get(world.url, body=error)

    with pytest.raises(type(error)) as caught:
        requests.get(world.url, timeout=5)

    assert caught.value is error
    assert world.records[0][1:] == (ConnectionFailure(kind=kind, message=repr(error)), STUBBED)


def test_leaves_a_stubs_own_record_readable(world, door):
    """A stub knows the requests that it answered and the responses, and so does the mock."""
    stub = door.responses.post(world.url, body="stub")

    requests.post(world.url, data={"a": "b"}, timeout=5)
    requests.post(world.url + "/other", timeout=5)

    assert [(call.request.body, call.response.text) for call in stub.calls] == [("a=b", "stub")]
    assert [call.request.url for call in door.responses.calls] == [world.url]
    assert door.responses.assert_call_count(world.url, 1)


def test_keeps_no_calls_of_the_fake(world, door):
    """The mock does not pile up the exchanges that the fake answered, failed ones neither."""
    world.answers(Response(), ConnectionFailure(kind=FailureKind.RESET, message=""), Response())

    requests.get(world.url, timeout=5)
    with pytest.raises(requests.ConnectionError):
        requests.get(world.url, timeout=5)
    door.responses.get(world.url, passthrough=True)
    requests.get(world.url, timeout=5)

    assert len(door.responses.calls) == 0
    assert len(door._engine._fake.calls) == 0  # noqa: SLF001 - what must not grow shows nowhere else


def test_lets_a_stub_pass_through_to_the_fake(world, door):
    """A stub with `passthrough` lets the fake answer, not the network."""
    stub = door.responses.get(world.url, passthrough=True)

    assert requests.get(world.url, timeout=5).text == "fake"
    assert stub.call_count == 1
    assert world.records == []


def test_stubs_keep_cookies_and_their_length(world, door):
    """Cookies of a stub are kept, and a length that it does not keep breaks in the client's hands."""
    door.responses.get(world.url, body="stub", headers={"Set-Cookie": "a=1"})
    door.responses.post(world.url, body="short", headers={"Content-Length": "9"})
    session = requests.Session()

    session.get(world.url)

    assert dict(session.cookies) == {"a": "1"}
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        session.post(world.url)


def test_calls_a_callback_that_calls_edge(world, door):
    """A stub's callback may call the fake."""

    def callback(request):
        return 200, {}, requests.get(world.url + "/inner", timeout=5).text + "!"

    door.responses.add_callback(responses.GET, world.url, callback)

    assert requests.get(world.url, timeout=5).text == "fake!"


def test_stubs_take_part_in_retries(world, door):
    """Stubs that stand for one URL answer one after the other, and retries are the adapter's."""
    session = requests.Session()
    session.mount("https://", requests.adapters.HTTPAdapter(max_retries=urllib3.Retry(1, status_forcelist=[503])))
    door.responses.get(world.url, status=503)
    door.responses.get(world.url, body="stub")

    assert session.get(world.url).text == "stub"
    assert [outcome.status for _, outcome, _ in world.records] == [503, 200]


@pytest.mark.parametrize("registry", [registries.FirstMatchRegistry, registries.OrderedRegistry])
def test_survives_what_users_do_with_a_mock(world, door, registry):
    """`reset`, `with`, `activate` and another registry clear the stubs at most; the fake stays behind them."""
    door.responses.get(world.url, body="one")
    door.responses.reset()
    with door.responses as mock:
        mock.get(world.url, body="two")
        assert requests.get(world.url, timeout=5).text == "two"

    @door.responses.activate(registry=registry)
    def decorated():
        door.responses.get(world.url, body="three")
        return [requests.get(world.url, timeout=5).text for _ in range(2)]

    assert decorated()[0] == "three"
    assert requests.get(world.url, timeout=5).text == "fake"


def test_asserts_that_stubs_were_fired_where_asked(world, door):
    """`assert_all_requests_are_fired` is off, and works within a `with` where it is set."""
    door.responses.get(world.url)
    door.responses.stop()
    door.responses.assert_all_requests_are_fired = True

    with pytest.raises(AssertionError, match=re.escape("Not all requests have been executed")), door.responses:
        pass
    door.responses.assert_all_requests_are_fired = False


WAYS = {
    "add": lambda mock, url: mock.add(responses.GET, url),
    "response": lambda mock, url: mock.add(responses.Response("GET", url)),
    "get": lambda mock, url: mock.get(url),
    "post": lambda mock, url: mock.post(url, json={}),
    "upsert": lambda mock, url: mock.upsert(responses.GET, url),
    "replace": lambda mock, url: mock.replace(responses.GET, url),
    "callback": lambda mock, url: mock.add_callback(responses.GET, url, lambda request: (200, {}, "")),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://elsewhere.test/?secret=1", "elsewhere.test"),
        ("https://released.door.test/", "released.door.test"),
        ("/oauth/token", "/oauth/token"),
    ],
)
def test_refuses_a_stub_that_would_never_be_asked(make_world, way, url, host):
    """A stub for a host that this door does not answer is refused where it is made, whichever way it is made."""
    with open_door(make_world("door.test"), released=["released.door.test"]) as door:
        with pytest.raises(ConfigurationError) as caught:
            way(door.responses, url)

        assert door.responses.registered() == []
    assert str(caught.value) == (
        f"A stub on `apigee.responses` for {host} would never be asked: that host is not answered by the fake. "
        "Stub it with your own `responses`."
    )


@pytest.mark.parametrize("registry", [registries.FirstMatchRegistry, registries.OrderedRegistry])
def test_refuses_such_a_stub_in_every_registry(world, door, registry):
    """A registry of the user's choice is checked too, and keeps its class; patterns cannot be checked."""

    @door.responses.activate(registry=registry)
    def decorated():
        with pytest.raises(ConfigurationError):
            door.responses.get("https://elsewhere.test/")
        door.responses.get(re.compile("https://elsewhere"))
        return type(door.responses.get_registry()), len(door.responses.registered())

    assert decorated() == (registry, 1)
