"""The pytest plugin: options, ini values, markers and fixtures, each handed on at once. PYTEST_DONT_REWRITE.

Loaded in every run of everyone who has it installed: it imports nothing but pytest, and every name here is paid for in
each run (benchmarks/import_cost.py), so what fixtures do stands in `harness.py`, imported when one is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import requests
    from faker import Faker

    from pytest_apigee.edge.clock import Clock
    from pytest_apigee.edge.faults import Faults
    from pytest_apigee.edge.journal import Journal
    from pytest_apigee.edge.records import App
    from pytest_apigee.factories import TokenFactory
    from pytest_apigee.fake import FakeEdge, WorldLike
    from pytest_apigee.home import Home
    from pytest_apigee.serving import EdgeServer


def pytest_addoption(parser: pytest.Parser) -> None:  # noqa: D103 - a hook
    parser.addini("apigee_org", "Default organization of the fake Edge.")
    parser.addini("apigee_env", "Default environment of the fake Edge.")
    parser.addini("apigee_era", "Which of Edge's documented behaviours hold: current or 2016.")
    parser.addini(
        "apigee_world",
        "World file or configuration of Apigee's Maven plugin, relative to this file: what each fake Edge starts with.",
    )
    parser.addini("apigee_hosts", "Further hosts of Edge: 'host' or 'host=environment'.", type="linelist")
    parser.addini("apigee_fence", "Keep requests from real Edge hosts where a fake was 'used', or in the whole 'run'.")


def pytest_load_initial_conftests(parser: pytest.Parser, args: list[str]) -> None:  # noqa: D103 - a hook
    for arg in args:
        if arg.startswith(("--apigee", "--help", "-h", "@")):  # @: a file of arguments
            from pytest_apigee.options import add_options

            add_options(parser)
            break


def pytest_configure(config: pytest.Config) -> None:  # noqa: D103 - a hook
    config.addinivalue_line(
        "markers",
        "apigee(*, org, env, era, seed, guesses, release, allow, tls, allow_hosts): settings of the fake Edge in this "
        "test, merged keyword by keyword from class and module, the nearest winning; release: hosts left to your own "
        "mock; allow: complaints that shall not fail the test; tls, allow_hosts: of apigee_server.",
    )
    if not hasattr(config.option, "apigee_org"):
        for name in ("org", "env", "era", "world", "hosts", "fence"):
            if config.getini(f"apigee_{name}"):
                break
        else:
            return
    from pytest_apigee.settings import check_configuration

    check_configuration(config)


def pytest_report_header(config: pytest.Config) -> str | None:  # noqa: D103 - a hook
    if config.pluginmanager.hasplugin("apigee-settings"):
        return None  # the settings describe themselves
    return "apigee: fake Edge, organization acme, environment test, era current (defaults)"


@pytest.fixture
def apigee(request: pytest.FixtureRequest, apigee_world: WorldLike | None) -> Iterator[FakeEdge]:
    """A fake Apigee Edge of this test alone (`FakeEdge`): `requests` and `urllib3` reach it at Edge's own URLs."""
    from pytest_apigee.harness import edge_of_test

    with edge_of_test(request, apigee_world) as edge:
        yield edge


@pytest.fixture(scope="session")
def apigee_shared(request: pytest.FixtureRequest, apigee_world: WorldLike | None) -> Iterator[FakeEdge]:
    """One fake Apigee Edge for the whole run (per xdist worker), for suites whose tests build on each other."""
    from pytest_apigee.harness import shared_edge

    with shared_edge(request, apigee_world) as edge:
        yield edge


@pytest.fixture(scope="session")
def apigee_world(request: pytest.FixtureRequest) -> Path | None:
    """What each fake Edge starts with: override it to return a world file's path, or a dict of the same shape."""
    from pytest_apigee.settings import world_path

    return world_path(request.config)


@pytest.fixture
def apigee_app(request: pytest.FixtureRequest) -> App:
    """A developer app (`App`) that is subscribed to every API product of the default organization."""
    from pytest_apigee.harness import edge_at_hand

    return edge_at_hand(request).default_app


@pytest.fixture
def apigee_token(request: pytest.FixtureRequest) -> TokenFactory:
    """Call it for a fresh access token (`Token`), or ask it for others: `.expired()`, `.sso()`, `.api_key()` ..."""
    from pytest_apigee.harness import edge_at_hand

    return edge_at_hand(request).token


@pytest.fixture
def apigee_session(request: pytest.FixtureRequest) -> Iterator[requests.Session]:
    """A `requests.Session` that authenticates itself to protected APIs, as `apigee_app`."""
    from pytest_apigee.harness import app_session

    with app_session(request) as session:
        yield session


@pytest.fixture
def apigee_management(request: pytest.FixtureRequest) -> Iterator[requests.Session]:
    """A `requests.Session` that authenticates itself to the management API, as an SSO user with role orgadmin."""
    from pytest_apigee.harness import management_session

    with management_session(request) as session:
        yield session


@pytest.fixture
def apigee_clock(request: pytest.FixtureRequest) -> Clock:
    """The clock of this test's Edge (`Clock`): `advance`, `travel_to`, `freeze`, `skew`; real time is back after it."""
    from pytest_apigee.harness import edge_at_hand

    return edge_at_hand(request).clock


@pytest.fixture
def apigee_calls(request: pytest.FixtureRequest) -> Journal:
    """What was asked of this test's Edge, and why it answered so (`Calls`)."""
    from pytest_apigee.harness import edge_at_hand

    return edge_at_hand(request).calls


@pytest.fixture
def apigee_faults(request: pytest.FixtureRequest) -> Faults:
    """Arms faults in this test's Edge (`Faults`): answers of your own, connections that are reset or time out."""
    from pytest_apigee.harness import edge_at_hand

    return edge_at_hand(request).faults


@pytest.fixture
def apigee_server(request: pytest.FixtureRequest) -> Iterator[EdgeServer]:
    """A real local server and proxy over this test's Edge (`EdgeServer`), for clients in any language."""
    from pytest_apigee.harness import server_of_test

    with server_of_test(request) as server:
        yield server


@pytest.fixture
def apigee_home(request: pytest.FixtureRequest) -> Iterator[Home]:
    """A temporary home directory (`Home`), where `HOME` points: with the cache of `get_token` on request."""
    from pytest_apigee.harness import home_of_test

    with home_of_test(request) as home:
        yield home


@pytest.fixture
def apigee_faker(request: pytest.FixtureRequest) -> Faker:
    """A `faker.Faker` that makes values of Edge, as `apigee_faker.apigee_app()`; needs the extra [faker]."""
    from pytest_apigee.harness import faker_of_test

    return faker_of_test(request)
