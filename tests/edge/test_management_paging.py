"""Lists that come in pages: `count` and `startKey`, `rows` for apps by id (management.md 1, 2, 4)."""

from urllib.parse import quote

import pytest

from pytest_apigee import FakeEdge
from tests.edge.entity_support import ADA, INITECH, bare_edge, call, error, of_json, shown, told

LISTS = {
    "/developers": 1_000,
    "/apiproducts": 1_000,
    "/companies": 1_000,
    f"{ADA}/apps": 100,
    f"{INITECH}/apps": 100,
    "/apps": 1_000,
}
EXPANDED = {"/developers": "developer", "/apiproducts": "apiProduct", "/companies": "company", "/apps": "app"}


def length_of(path: str) -> str:
    """Return how the length of a page is asked for."""
    return "rows" if path == "/apps" else "count"


def filled(path: str, count: int, **settings: object) -> tuple[FakeEdge, list[str]]:
    """Return an Edge with so many of what a list has, and their keys in order."""
    edge = bare_edge(**settings)
    if path != "/developers":
        edge.developer("ada@x.example")
    if path != "/companies":
        edge.company("initech")
    for number in reversed(range(count)):
        match path:
            case "/developers":
                edge.developer(f"d{number:04}@x.example")
            case "/apiproducts":
                edge.product(f"p{number:04}")
            case "/companies":
                edge.company(f"c{number:04}")
            case _ if path == f"{INITECH}/apps":
                edge.app(f"a{number:04}", company="initech")
            case _:
                edge.app(f"a{number:04}", developer="ada@x.example")
    return edge, shown(edge, f"{path}?{length_of(path)}=1000000") if count <= 100 else []


@pytest.mark.parametrize("path", LISTS)
def test_lists_are_in_order(path: str) -> None:
    """A list is in the order of its keys (a guess), however its entities came."""
    edge, keys = filled(path, 4)

    assert (len(keys), keys) == (4, sorted(keys))
    listed = ", ".join(f'"{key}"' for key in keys)
    assert told(call(edge, "GET", path)) == of_json(200, f"[ {listed} ]")


@pytest.mark.parametrize("path", LISTS)
def test_a_page_begins_with_its_start_key(path: str) -> None:
    """`startKey` is the first of its page, which has `count` keys from there on."""
    edge, keys = filled(path, 5)

    pages = [shown(edge, f"{path}?{length_of(path)}=2&startKey={quote(key)}") for key in (keys[0], keys[1], keys[4])]

    assert pages == [keys[0:2], keys[1:3], keys[4:]]


@pytest.mark.parametrize("path", LISTS)
def test_all_pages_together_are_the_list(path: str) -> None:
    """A client that begins each page with the last key of the one before, and drops it, reads every key once."""
    edge, keys = filled(path, 7)
    read = shown(edge, f"{path}?{length_of(path)}=3")

    while len(page := shown(edge, f"{path}?{length_of(path)}=3&startKey={quote(read[-1])}")) > 1:
        read += page[1:]

    assert read == keys
    assert page == [keys[-1]]


@pytest.mark.parametrize("path", LISTS)
def test_a_page_begins_where_its_start_key_was(path: str) -> None:
    """A key that is gone or never was still has a place: the page begins with the next one."""
    edge, keys = filled(path, 3)
    query = f"{length_of(path)}=10"

    assert shown(edge, f"{path}?{query}&startKey={quote(keys[0])}0") == keys[1:]
    assert shown(edge, f"{path}?{query}&startKey=~") == []


@pytest.mark.parametrize("path", EXPANDED)
def test_a_page_may_be_expanded(path: str) -> None:
    """With `expand=true` a page has whole entities."""
    edge, keys = filled(path, 3)

    page = shown(edge, f"{path}?expand=true&{length_of(path)}=1&startKey={quote(keys[1])}")

    key_field = {"/developers": "email", "/apps": "appId"}.get(path, "name")
    assert [entity[key_field] for entity in page[EXPANDED[path]]] == [keys[1]]


@pytest.mark.parametrize(("path", "most"), LISTS.items())
def test_a_page_has_a_largest_length(path: str, most: int) -> None:
    """The documented maximum is what a page has without `count`; a larger `count` is cut down to it."""
    edge, _ = filled(path, most + 1)

    assert len(shown(edge, path)) == most
    assert len(shown(edge, f"{path}?{length_of(path)}={most + 1}")) == most
    assert len(shown(edge, f"{path}?{length_of(path)}={most - 1}")) == most - 1


def test_the_largest_length_can_be_switched_off() -> None:
    """The guess `mgmt_page_cap` says whether a larger `count` is cut down; without `count` it is the maximum."""
    edge, _ = filled(f"{ADA}/apps", 101, guesses={"mgmt_page_cap": False})

    assert len(shown(edge, f"{ADA}/apps?count=1000")) == 101
    assert len(shown(edge, f"{ADA}/apps")) == 100


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("given", ["0", "-1", "ten", "1.5", "%D9%A1", "9999999999", "%00", "1%20"])
def test_a_length_that_is_none_is_refused(path: str, given: str) -> None:
    """A length is a whole number above zero."""
    edge, _ = filled(path, 0)

    response = call(edge, "GET", f"{path}?{length_of(path)}={given}")

    assert told(response) == error(400, "keymanagement.service.InvalidField", f"Invalid value for {length_of(path)}")


@pytest.mark.parametrize("path", LISTS)
def test_what_is_empty_is_absent(path: str) -> None:
    """An empty `count`, `startKey` or `expand` is as none."""
    edge, keys = filled(path, 2)

    assert shown(edge, f"{path}?{length_of(path)}=&startKey=&expand=") == keys
