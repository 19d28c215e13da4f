"""The table of endpoints of the management API: how a path finds its row, and what the official files list."""

import re
import runpy
from pathlib import Path

import pytest

from pytest_apigee.edge.management.routing import Route, RouteTable, segments_of
from pytest_apigee.edge.management.service import all_routes
from tests.edge.official_support import operations

ROOT = Path(__file__).parents[2]
OFFICIAL = ROOT.parent / "shared" / "edge" / "openapi"
APP = ("organizations", "acme", "developers", "ada@x.example", "apps", "a b")


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        ("/v1/organizations/acme", ("organizations", "acme")),
        ("/v1/o/acme", ("organizations", "acme")),
        ("/v1/o/acme/", ("organizations", "acme")),
        ("/v1/o/acme//", ("organizations", "acme", "")),
        ("/v1/o/acme/e/test/apis", ("organizations", "acme", "environments", "test", "apis")),
        ("/v1/organizations/acme/environments/e", ("organizations", "acme", "environments", "e")),
        ("/v1/o/e", ("organizations", "e")),
        ("/v1/o/acme/developers/ada@x.example/apps/a%20b", APP),
        ("/v1/o/acme/developers/ada%40x.example/apps/a b", APP),
        ("/v1/o/acme/apis/a%2Fb", ("organizations", "acme", "apis", "a/b")),
        ("/v1", ("",)),
        ("/v1/", ("",)),
        ("/v2/o/acme", None),
        ("/v10/o", None),
        ("/", None),
    ],
)
def test_splits_a_path(path: str, segments: tuple[str, ...] | None) -> None:
    """Paths are split below /v1 and decoded; `o` and `e` are short for organizations and environments."""
    assert segments_of(path) == segments


def table() -> RouteTable:
    paths = ("/o/{org}/keys/{key}", "/o/{org}/keys/create", "/o/{org}/{what}/x")
    return RouteTable(
        Route(method=method, path=path.replace("/o/", "/organizations/"), source="test")
        for path in paths
        for method in ("GET", "POST")
    )


@pytest.mark.parametrize(
    ("path", "found", "parameters"),
    [
        ("/v1/o/acme/keys/create", "/organizations/{org}/keys/create", {"org": "acme"}),
        ("/v1/o/acme/keys/k1", "/organizations/{org}/keys/{key}", {"org": "acme", "key": "k1"}),
        ("/v1/o/acme/apps/x", "/organizations/{org}/{what}/x", {"org": "acme", "what": "apps"}),
    ],
)
def test_finds_the_endpoints_of_a_path(path: str, found: str, parameters: dict[str, str]) -> None:
    """A word in a path goes before a parameter at its place."""
    match = table().find(path)

    assert match is not None
    assert (match.routes["POST"].path, match.parameters) == (found, parameters)
    assert sorted(match.routes) == ["GET", "POST"]


@pytest.mark.parametrize(
    "path", ["/v1/o/acme", "/v1/o/acme/apps/y", "/v1/o//keys/k1", "/v1/o/acme/keys/", "/v2/o/acme"]
)
def test_finds_nothing_for_other_paths(path: str) -> None:
    """A path of another length, with another word, or with an empty parameter is nobody's."""
    assert table().find(path) is None


def test_lists_each_endpoint_once() -> None:
    """No endpoint is in the table twice."""
    listed = [(route.method, re.sub(r"\{\w+\}", "{}", route.path)) for route in all_routes()]

    assert len(listed) == len(set(listed))
    assert len(listed) > 170


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the official OpenAPI files are not beside this checkout")
def test_lists_every_endpoint_of_the_official_files() -> None:
    """Each path and verb of Apigee's OpenAPI files is in the table."""
    listed = {(route.method, re.sub(r"\{\w+\}", "{}", route.path)) for route in all_routes()}
    official = set()
    for file in OFFICIAL.glob("*.yaml"):
        path = ""
        for line in file.read_text(encoding="utf-8").splitlines():
            if match := re.fullmatch(r" {2}[\"']?(/[^\"':]+)[\"']?:", line):
                path = re.sub(r"\{\w+\}", "{}", match[1])
            elif (match := re.fullmatch(r" {4}(get|post|put|delete|patch):", line)) and path:
                official.add((match[1].upper(), path))

    assert len(official) > 160
    assert official - listed == set()


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the official OpenAPI files are not beside this checkout")
def test_names_no_official_file_that_lacks_the_endpoint() -> None:
    """An endpoint names one of Apigee's OpenAPI files as its source where that file has it, and only there."""
    official: dict[str, set[tuple[str, str]]] = {}
    for operation in operations():
        official.setdefault(operation.file, set()).add((operation.method, operation.path))
    wrong = [
        (route.method, route.path, route.source)
        for route in all_routes()
        if route.source.removeprefix("as ") in official
        and ((route.method, re.sub(r"\{\w+\}", "{}", route.path)) in official[route.source.removeprefix("as ")])
        is route.source.startswith("as ")
    ]

    assert len(official) == 20
    assert wrong == []


def test_the_page_of_endpoints_is_that_of_the_routes() -> None:
    """docs/endpoints.md lists every endpoint, as `docs/write_endpoints.py` writes it."""
    script = runpy.run_path(str(ROOT / "docs" / "write_endpoints.py"))
    page = (ROOT / "docs" / "endpoints.md").read_text(encoding="utf-8")

    assert page == script["page"]()
    assert page.count("\n| GET | ") + page.count("\n| POST | ") > 100
