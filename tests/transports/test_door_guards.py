"""A test's own guard against the network neither stops the fake nor outlives the test in what we took."""

import pytest
import requests
from requests.adapters import HTTPAdapter

from pytest_apigee.transports.requests import open_door

FIRST_OPENED_UNDER_A_GUARD = """
import functools, http.client, pkgutil, sys, threading
import requests, urllib3
from unittest import mock

def refuse(*args, **options):
    raise RuntimeError("no network")

def guard(original):
    if not isinstance(original, type):
        return functools.wraps(original)(lambda *args, **options: refuse())
    return type("Guard", (original,), dict.fromkeys(("send", "urlopen", "request", "getresponse", "connect"), refuse))

def answers(world):
    with open_door(world):
        return requests.get(world.url).text, urllib3.request("GET", world.url).data

original = pkgutil.resolve_name(sys.argv[1])
with mock.patch(sys.argv[1], guard(original)) as there:
    from conftest import Listener, World
    from pytest_apigee.transports.requests import open_door
    world = World()
    print(*answers(world))
    assert pkgutil.resolve_name(sys.argv[1]) is there
assert pkgutil.resolve_name(sys.argv[1]) is original
print(*answers(world))
import responses
with Listener() as server, responses.RequestsMock() as mine:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    mine.add_passthru(server.url)
    print(requests.get(server.url).text, urllib3.request("GET", server.url).data)
    server.shutdown()
    thread.join()
"""


@pytest.mark.parametrize(
    "replaced",
    [
        "requests.adapters.HTTPAdapter",
        "requests.adapters.HTTPAdapter.send",
        "requests.Session",
        "urllib3.HTTPConnectionPool",
        "urllib3.connectionpool.HTTPConnectionPool",
        "urllib3.connectionpool.HTTPConnectionPool.urlopen",
        "urllib3.connection.HTTPConnection",
        "urllib3.connection.HTTPConnection.request",
        "http.client.HTTPConnection",
    ],
)
def test_keeps_nothing_of_a_guard_under_which_it_was_first_opened(run_python, replaced):
    """Under a guard the first door answers; without it all is as before, for the next door and for other hosts."""
    done = run_python(FIRST_OPENED_UNDER_A_GUARD, replaced)

    assert done.stderr == ""
    assert done.stdout.splitlines() == ["fake b'fake'", "fake b'fake'", "real b'real'"]


def test_opens_first_under_a_users_responses(run_python):
    """Where a user's `responses` stands when our modules are imported, the fake answers, and nothing is left of it."""
    done = run_python(
        """
import requests, responses
send = requests.adapters.HTTPAdapter.send
with responses.RequestsMock() as mine:
    from conftest import World
    from pytest_apigee.transports.requests import open_door
    world = World()
    with open_door(world):
        print(requests.get(world.url).text)
with open_door(world):
    print(requests.get(world.url).text)
assert requests.adapters.HTTPAdapter.send is send is responses._real_send
"""
    )

    assert (done.stderr, done.stdout) == ("", "fake\nfake\n")


def refuse(*args, **options):
    raise RuntimeError("no network")


@pytest.mark.parametrize("first", ["guard", "door"])
@pytest.mark.parametrize(
    "replaced",
    [
        "requests.adapters.HTTPAdapter.send",
        "urllib3.connectionpool.HTTPConnectionPool.urlopen",
        "urllib3.connectionpool.HTTPConnectionPool._make_request",
        "urllib3.connectionpool.HTTPConnectionPool.ConnectionCls",
        "urllib3.connection.HTTPConnection.request",
    ],
)
def test_answers_under_a_guard(world, monkeypatch, first, replaced):
    """A guard stops what would leave, and the fake answers, whichever came first."""
    before = HTTPAdapter.send
    if first == "guard":
        monkeypatch.setattr(replaced, refuse)
    with open_door(world):
        if first == "door":
            monkeypatch.setattr(replaced, refuse)
        assert requests.get(world.url, timeout=5).text == "fake"
        with pytest.raises(RuntimeError, match="no network"):
            requests.get("http://127.0.0.1:1", timeout=5)
        if first == "door":
            monkeypatch.undo()
    monkeypatch.undo()

    assert HTTPAdapter.send is before
