"""One switchboard for all doors of a process: who answers, and what is replaced for how long."""

import threading

import pytest
import requests
from requests import Session, sessions
from urllib3 import HTTPConnectionPool

from pytest_apigee.edge.message import Response
from pytest_apigee.transports.requests import open_door
from pytest_apigee.transports.switchboard import host_in, switchboard


@pytest.fixture
def two(make_world):
    """Two worlds that own the same hosts."""
    first, second = make_world("shared-hosts.test"), make_world("shared-hosts.test")
    first.answer = lambda request: Response(body="first")
    second.answer = lambda request: Response(body="second")
    return first, second


@pytest.mark.parametrize(("closes", "left"), [(0, "second"), (1, "first")])
def test_the_door_opened_last_answers(two, closes, left):
    """Of several doors that own a host the one opened last answers; they close in any order."""
    doors = [open_door(world) for world in two]

    both = requests.get(two[0].url, timeout=5).text
    doors[closes].close()
    one = requests.get(two[0].url, timeout=5).text
    doors[1 - closes].close()

    assert (both, one) == ("second", left)


def test_each_door_answers_its_own_hosts(make_world):
    """Doors with different hosts are open side by side."""
    first, second = make_world(), make_world()

    with open_door(first), open_door(second):
        requests.get(first.url, timeout=5)
        requests.get(second.url, timeout=5)

    assert [[request.host for request in world.requests] for world in (first, second)] == [[first.host], [second.host]]


def test_the_door_opened_last_decides_what_is_released(two):
    """A host that the last door releases is not answered by an earlier one."""
    with open_door(two[0]), open_door(two[1], released=[two[1].host]), pytest.raises(requests.ConnectionError):
        requests.get(two[0].url, timeout=5)

    assert (two[0].requests, len(two[1].complaints)) == ([], 1)


PLACES = [(Session, "get_adapter"), (sessions, "get_netrc_auth"), (HTTPConnectionPool, "urlopen")]


@pytest.mark.parametrize(("owner", "name"), PLACES)
def test_puts_back_what_it_replaced(make_world, owner, name):
    """What stood before the first door stands again after the last one."""
    before = getattr(owner, name)

    with open_door(make_world()):
        with open_door(make_world()):
            assert getattr(owner, name) is not before
        assert getattr(owner, name) is not before

    assert getattr(owner, name) is before


def test_respects_who_replaced_it_since(make_world, monkeypatch):
    """A replacement over ours stays when the door closes; ours below it passes through, and a new door works."""
    world, plain = make_world(), Session.get_adapter
    door = open_door(world)
    ours = Session.get_adapter

    def users(session, url):
        return ours(session, url)

    monkeypatch.setattr(Session, "get_adapter", users)
    door.close()
    session = requests.Session()

    assert Session.get_adapter is users
    assert session.get_adapter(world.url) is session.adapters["https://"]
    with open_door(world):
        assert session.get(world.url).text == "fake"
    assert Session.get_adapter is users
    monkeypatch.undo()
    assert Session.get_adapter is ours
    with open_door(world):
        assert session.get(world.url).text == "fake"
    Session.get_adapter = plain


def test_answers_when_a_replacement_was_taken_away(make_world, monkeypatch):
    """Where someone puts back what stood before the door, the seam below answers."""
    world = make_world()
    monkeypatch.setattr(Session, "get_adapter", Session.get_adapter)

    with open_door(world):
        monkeypatch.undo()
        assert requests.get(world.url, timeout=5).text == "fake"


def test_opens_and_closes_in_threads(make_world):
    """Doors that open and close in many threads answer each its own host and leave nothing behind."""
    before, texts = [getattr(*place) for place in PLACES], []

    def work():
        for _ in range(20):
            world = make_world()
            with open_door(world):
                texts.append(requests.get(world.url, timeout=5).text)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert texts == ["fake"] * 160
    assert [getattr(*place) for place in PLACES] == before


def test_counts_the_doors_of_the_process(make_world):
    """The switchboard knows how many doors were opened so far, closed ones too."""
    before = switchboard().opened

    for _ in range(2):
        with open_door(make_world()):
            pass

    assert switchboard().opened == before + 2


def test_is_one_for_the_process():
    """Asking twice gives the same switchboard."""
    assert switchboard() is switchboard()


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("HTTPS://User:pw@Login.Edge.Test.:443/x?y#z", "login.edge.test"),
        ("http://login.edge.test?x", "login.edge.test"),
        ("ftp://login.edge.test/", ""),
        ("/path", ""),
        ("https://[broken/", ""),
    ],
)
def test_finds_the_host_of_a_url(url, host):
    """A host is compared in lower case, without user, port and trailing dot; other URLs have none."""
    assert host_in(url) == host
