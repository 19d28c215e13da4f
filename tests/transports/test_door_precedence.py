"""Other mocks and adapters keep all other hosts, in any order of entering and leaving."""

import io
import re
from contextlib import ExitStack
from unittest import mock

import pytest
import requests
import requests_mock
import responses
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.util import Retry

from pytest_apigee.edge.message import Response
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.transports.requests import open_door

OTHER = "https://elsewhere.test/"


@pytest.mark.parametrize("first", ["mock", "door"])
@pytest.mark.parametrize("leaves_first", ["mock", "door"])
def test_shares_the_process_with_responses(make_world, listener, first, leaves_first):
    """A user's `responses` mocks other hosts and passes some through, whichever is entered or left first."""
    world, mine = make_world(), responses.RequestsMock(assert_all_requests_are_fired=False)
    stacks = {"mock": ExitStack(), "door": ExitStack()}

    def enter(name):
        stacks[name].enter_context(mine if name == "mock" else open_door(world))

    enter(first)
    enter({"mock": "door", "door": "mock"}[first])
    mine.get(OTHER, body="mine")
    mine.add_passthru(listener.url)
    texts = [requests.get(url, timeout=5).text for url in (world.url, OTHER, listener.url)]
    with pytest.raises(requests.ConnectionError, match="Connection refused by Responses"):
        requests.get("https://unmatched.test/", timeout=5)
    stacks[leaves_first].close()
    left = requests.get(OTHER if leaves_first == "door" else world.url, timeout=5).text
    stacks[{"mock": "door", "door": "mock"}[leaves_first]].close()

    assert texts == ["fake", "mine", "real"]
    assert left == ("mine" if leaves_first == "door" else "fake")
    assert HTTPAdapter.send is responses._real_send  # noqa: SLF001 - as requests wrote it


def test_works_in_a_decorated_function(world, door):
    """`responses.activate` around the code under test leaves owned hosts to the fake."""

    @responses.activate
    def decorated():
        responses.get(OTHER, body="mine")
        return requests.get(OTHER, timeout=5).text, requests.get(world.url, timeout=5).text

    assert decorated() == ("mine", "fake")


@pytest.mark.parametrize("stubbed", ["str", "pattern"])
def test_refuses_a_users_stub_for_an_owned_host(world, door, stubbed):
    """A user's own stub for an owned URL fails the request and the test, and both ways out are named."""
    url = world.url if stubbed == "str" else re.compile(re.escape(world.url))
    message = (
        f"A stub of your own `responses` matches {world.url}, but the fake answers for {world.host}. "
        f"Stub it on `apigee.responses` instead, or leave the host to your mock: "
        f'@pytest.mark.apigee(release=["{world.host}"]) or fake_edge(release=["{world.host}"]).'
    )
    with responses.RequestsMock(assert_all_requests_are_fired=False) as outer, responses.RequestsMock() as inner:
        outer.get(url)
        inner.get(OTHER, body="mine")
        with pytest.raises(ConfigurationError) as caught:
            requests.get(world.url + "?secret=1", timeout=5)
        requests.get(OTHER, timeout=5)

    assert str(caught.value) == message
    assert world.complaints == [("user_stub", message)]
    assert world.requests == []


def test_answers_where_a_test_allows_that_a_stub_is_passed_over(world, door):
    """Where the test tolerates this kind of complaint, the fake answers."""
    world.tolerated = {"user_stub"}
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mine:
        mine.get(re.compile("https://.*"), body="mine")

        assert requests.get(world.url, timeout=5).text == "fake"
    assert [kind for kind, _ in world.complaints] == ["user_stub"]


def test_lets_a_users_stub_of_another_method(world, door):
    """A user's stub for another method would not have answered, so it is no mistake."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mine:
        mine.post(world.url, body="mine")

        assert requests.get(world.url, timeout=5).text == "fake"
    assert world.complaints == []


def test_lets_a_users_stub_that_passes_through(world, door):
    """A user's stub that passes an owned URL through is no attempt to answer it."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mine:
        mine.get(world.url, passthrough=True)

        assert requests.get(world.url, timeout=5).text == "fake"


def test_tolerates_other_replacements_of_send(world, door, monkeypatch):
    """A replacement of `HTTPAdapter.send` that is not of `responses` is left in peace, also a half-made one."""

    def replacement():
        def send(*_):
            return later

        if door is None:
            later = None
        return send

    for send in (replacement(), mock.Mock()):
        monkeypatch.setattr(HTTPAdapter, "send", send)

        assert requests.get(world.url, timeout=5).text == "fake"


def test_leaves_a_released_host_to_the_users_mock(world):
    """A released host is answered by the user's own mock, in any letter case, and the others by the fake."""
    with open_door(world, released=[world.host.upper()]), responses.RequestsMock() as mine:
        mine.get(world.url, body="mine")

        assert requests.get(world.url, timeout=5).text == "mine"
        assert requests.get(f"https://other.{world.host_test.name}/", timeout=5).text == "fake"
    assert (world.complaints, len(world.requests)) == ([], 1)


def test_fences_a_released_host_that_nothing_mocks(world):
    """A released host that no mock answers is refused, not reached."""
    message = (
        f"{world.host} is a host of Apigee Edge that was released from the fake Edge, and no mock answered this "
        "request, so it may not leave: it would reach the real one. Mock it, or take the host out of release=[...]."
    )

    with open_door(world, released=[world.host]), pytest.raises(requests.ConnectionError, match=re.escape(message)):
        requests.get(world.url, timeout=5)
    assert world.complaints == [("fence", message)]


@pytest.mark.parametrize("first", ["mock", "door"])
def test_answers_what_requests_mock_lets_out(make_world, first):
    """`requests_mock` decides first; with `real_http=True` owned hosts reach the fake."""
    world = make_world()
    entered = [requests_mock.Mocker(real_http=True), open_door(world)]
    session = requests.Session()
    with ExitStack() as stack:
        for one in entered if first == "mock" else reversed(entered):
            stack.enter_context(one)
        entered[0].get(OTHER, text="mine")

        assert (session.get(OTHER).text, session.get(world.url).text) == ("mine", "fake")
    with open_door(world):
        assert session.get(world.url).text == "fake"
    with pytest.raises(requests.ConnectionError):
        session.get(world.url)


@pytest.mark.parametrize("first", ["mock", "door"])
def test_matches_for_requests_mock(make_world, first):
    """The door's matcher answers owned hosts in a `requests_mock` mocker, and no others."""
    world = make_world()
    with ExitStack() as stack:
        if first == "mock":
            mocker = stack.enter_context(requests_mock.Mocker())
        door = stack.enter_context(open_door(world, released=[f"released.{world.host_test.name}"]))
        if first == "door":
            mocker = stack.enter_context(requests_mock.Mocker())
        mocker.get(OTHER, text="mine")
        mocker.add_matcher(door.requests_mock_matcher)

        assert requests.post(world.url, data={"a": "b"}, timeout=5).text == "fake"
        assert requests.get(OTHER, timeout=5).text == "mine"
        for url in (f"https://released.{world.host_test.name}/", "https://unmatched.test/"):
            with pytest.raises(requests_mock.NoMockAddress):
                requests.get(url, timeout=5)
        assert world.requests[0].body == b"a=b"
        door.close()
        with pytest.raises(requests_mock.NoMockAddress):
            requests.get(world.url, timeout=5)


def test_refuses_what_requests_mock_does_not_let_out(world, door):
    """Without either, `requests_mock` refuses an owned host by its contract."""
    with requests_mock.Mocker(), pytest.raises(requests_mock.NoMockAddress):
        requests.get(world.url, timeout=5)


class Fixed(BaseAdapter):
    def send(self, request, **options):
        response = requests.Response()
        response.status_code, response.raw, response.url = 200, io.BytesIO(b"mounted"), request.url
        response.request = request
        return response

    def close(self):
        pass


def test_answers_before_a_mounted_adapter(world, listener):
    """An adapter of another kind that is mounted for an owned host is not asked while the door is open."""
    session = requests.Session()
    session.mount("https://", Fixed())
    with open_door(world):
        adapter = session.get_adapter(world.url)
        texts = [session.get(url).text for url in (world.url, OTHER)]

    assert texts == ["fake", "mounted"]
    assert adapter.send(requests.Request("GET", world.url).prepare()).text == "mounted"


def test_refuses_a_mounted_adapter_of_requests_mock(world):
    """A requests_mock adapter that is mounted for an owned host fails the request and the test, and names both ways."""
    session, mounted = requests.Session(), requests_mock.Adapter()
    mounted.register_uri("GET", requests_mock.ANY, text="mounted")
    session.mount("https://", mounted)
    message = (
        f"An adapter of requests_mock is mounted for {world.url}, but the fake answers for {world.host}. "
        "Stub it on `apigee.responses` instead, or leave the host to your mock: "
        f'@pytest.mark.apigee(release=["{world.host}"]) or fake_edge(release=["{world.host}"]).'
    )
    with open_door(world), pytest.raises(ConfigurationError) as caught:
        session.get(world.url + "?secret=1")

    assert str(caught.value) == message
    assert world.complaints == [("user_stub", message)]
    with open_door(world, released=[world.host]):
        assert session.get(world.url).text == "mounted"


def test_answers_where_a_test_allows_that_a_mounted_mock_is_passed_over(world, door):
    """Where the test tolerates it, the fake answers before a requests_mock adapter."""
    world.tolerated = {"user_stub"}
    session = requests.Session()
    session.mount("https://", requests_mock.Adapter())

    assert session.get(world.url).text == "fake"
    assert len(world.complaints) == 1


def test_answers_before_a_mock_that_says_it_is_an_adapter(world):
    """`Mock(spec=HTTPAdapter)` is an adapter of another kind: not asked while the door is open, and asked after."""
    session, mounted = requests.Session(), mock.Mock(spec=HTTPAdapter)
    session.mount("https://", mounted)
    with open_door(world):
        adapter = session.get_adapter(world.url)
        assert session.get(world.url).text == "fake"
        mounted.send.assert_not_called()

    assert adapter.send(requests.Request("GET", world.url).prepare()) is mounted.send.return_value


class Timed(HTTPAdapter):
    """As in requests' own documentation: an adapter with a `send` of its own."""

    def send(self, request, **options):
        request.headers["X-Timed"] = "1"
        return super().send(request, **{**options, "timeout": 3})


@pytest.mark.parametrize("with_responses", [True, False])
def test_runs_the_send_of_a_users_adapter(world, door, with_responses):
    """An adapter with a `send` of its own runs it, with its retries, also within a user's `responses`."""
    world.answers(Response(status=503), Response(body="fake"), Response(body="fake"))
    session = requests.Session()
    session.mount("https://", Timed(max_retries=Retry(1, status_forcelist=[503])))
    with ExitStack() as stack:
        if with_responses:
            stack.enter_context(responses.RequestsMock())

        assert [session.get(world.url).text for _ in range(2)] == ["fake", "fake"]
    assert [request.headers.get("X-Timed") for request in world.requests] == ["1", "1", "1"]
    assert isinstance(session.get_adapter(world.url), Timed)
    assert type(session.get_adapter(world.url)) is type(session.get_adapter(world.url))


def test_answers_below_an_adapter_that_cannot_be_subclassed(world, door):
    """Where a user's adapter forbids subclasses, it runs as it is and is answered by the seam of urllib3."""

    class Final(HTTPAdapter):
        def __init_subclass__(cls):
            raise TypeError

    session = requests.Session()
    session.mount("https://", Final())

    assert type(session.get_adapter(world.url)) is Final
    assert session.get(world.url).text == "fake"


def test_answers_below_a_session_that_picks_its_adapter(world, door, listener):
    """A Session subclass that overrides `get_adapter` is answered by the seam of urllib3, without its proxy."""

    class Picky(requests.Session):
        def get_adapter(self, url):
            return HTTPAdapter(max_retries=Retry(1, status_forcelist=[503]))

    world.answers(Response(status=503), Response(body="fake"))

    assert Picky().get(world.url, proxies={"https": listener.url}).text == "fake"
    assert (len(world.requests), listener.lines) == (2, [])
