"""What the fixtures do: open a world for a test, close it, and say afterwards what it saw."""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NoReturn, TypeVar

import pytest

from pytest_apigee.doors import live_hosts, opened, raise_grievances
from pytest_apigee.edge.clock import Clock
from pytest_apigee.errors import Complaint, ConfigurationError
from pytest_apigee.fake import FakeEdge, WorldLike
from pytest_apigee.home import Home
from pytest_apigee.report.hooks import EDGE, SHARED, SHARED_EDGE, ReportHooks
from pytest_apigee.settings import (
    Settings,
    extra_hosts,
    settings_in_shared,
    settings_of,
    settings_of_run,
    settings_of_server,
)
from pytest_apigee.time_travel import ProcessWall
from pytest_apigee.world_file import read_world

if TYPE_CHECKING:
    import requests
    from faker import Faker

    from pytest_apigee.serving import EdgeServer

_Made = TypeVar("_Made")
_REPORT_PLUGIN = "apigee-report"


@contextmanager
def edge_of_test(request: pytest.FixtureRequest, world: WorldLike | None) -> Iterator[FakeEdge]:
    """Open a world for one test; what it has to complain of fails the test at the end."""
    if SHARED in request.fixturenames:
        _fail("A test uses either apigee or apigee_shared, not both: drop one of them, here or in its fixtures.")
    item: pytest.Item = request.node
    settings = _or_fail(lambda: settings_of(item, world_seed=_seed_in(world)))
    edge = _or_fail(lambda: _new_edge(request.config, settings, world))
    _report_on(request.config)
    item.stash[EDGE] = edge
    edge.tolerate(settings.allow)
    with ExitStack() as doors:
        _or_fail(lambda: doors.enter_context(opened(edge, release=settings.release)))
        yield edge
    _fail_on_grievances(edge)


@contextmanager
def shared_edge(request: pytest.FixtureRequest, world: WorldLike | None) -> Iterator[FakeEdge]:
    """Keep one world for a run, open only during the tests that use it."""
    config = request.config
    settings = _or_fail(lambda: settings_of_run(config, seed=SHARED, world_seed=_seed_in(world)))
    edge = _or_fail(lambda: _new_edge(config, settings, world))
    _report_on(config)
    config.stash[SHARED_EDGE] = edge
    hooks = _SharedHooks(edge)
    config.pluginmanager.register(hooks)
    hooks.open(request._pyfuncitem)  # noqa: SLF001 - nothing else tells which test asked first
    yield edge
    config.pluginmanager.unregister(hooks)
    hooks.close()


def edge_at_hand(request: pytest.FixtureRequest) -> FakeEdge:
    """Return the Edge that a test uses: the shared one where it asks for that, else its own."""
    name = SHARED if SHARED in request.fixturenames else "apigee"
    edge: FakeEdge = request.getfixturevalue(name)
    return edge


def faker_of_test(request: pytest.FixtureRequest) -> "Faker":
    """Return a Faker with the values of Edge, seeded as the test's own Edge is or would be."""
    world: WorldLike | None = request.getfixturevalue("apigee_world")
    settings = _or_fail(lambda: settings_of(request.node, world_seed=_seed_in(world)))
    try:
        from pytest_apigee.faker import seeded_faker  # noqa: PLC0415 - Faker is an extra
    except ModuleNotFoundError as error:
        message = str(error)
    else:
        return seeded_faker(settings.seed or 0)
    return _fail(message)


@contextmanager
def home_of_test(request: pytest.FixtureRequest) -> Iterator[Home]:
    """Let `HOME`, and what tools look at in its place, point to a new directory around a test."""
    path = request.getfixturevalue("tmp_path_factory").mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "USERPROFILE"):
            patch.setenv(name, str(path))
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            patch.delenv(name, raising=False)
        yield Home(path, edge_at_hand(request))


@contextmanager
def server_of_test(request: pytest.FixtureRequest) -> "Iterator[EdgeServer]":
    """Serve the Edge of a test at ports of this machine, until the test ends."""
    edge = edge_at_hand(request)
    settings = _or_fail(lambda: settings_of_server(request.node))
    with _or_fail(lambda: edge.serve(tls=settings.tls, allow_hosts=settings.allow_hosts)) as server:
        yield server


@contextmanager
def app_session(request: pytest.FixtureRequest) -> "Iterator[requests.Session]":
    """Open a session that authenticates as the default app."""
    import requests  # noqa: PLC0415 - only tests that use it pay for it

    with requests.Session() as session:
        session.auth = edge_at_hand(request).auth()
        yield session


@contextmanager
def management_session(request: pytest.FixtureRequest) -> "Iterator[requests.Session]":
    """Open a session that authenticates as an SSO user at the management API."""
    import requests  # noqa: PLC0415 - only tests that use it pay for it

    with requests.Session() as session:
        session.auth = edge_at_hand(request).management_auth()
        yield session


class _SharedHooks:
    """Opens the shared world for each test that uses it, and closes it when the test is over."""

    def __init__(self, edge: FakeEdge) -> None:
        self._edge = edge
        self._stack = ExitStack()
        self._settings: Settings | None = None
        self._mistake = ""

    def open(self, item: pytest.Item) -> None:
        """Open the doors for a test, as its markers say; a mistake in them is kept for this test alone."""
        try:
            self._settings = settings_in_shared(item)
            self._edge.tolerate(self._settings.allow)
            self._stack.enter_context(opened(self._edge, release=self._settings.release))
        except ConfigurationError as error:
            self._settings, self._mistake = Settings(), str(error)
            self._stack.enter_context(opened(self._edge))

    def close(self) -> None:
        """Close the doors, if they are open, and give real time back."""
        self._stack.close()
        self._settings, self._mistake = None, ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Open the doors for a test that uses this world."""
        if SHARED in getattr(item, "fixturenames", ()):
            self.open(item)
            self.pytest_runtest_call()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        """Fail the test for its markers: the first one here, as pytest would keep a failure of the fixture's setup."""
        if self._mistake:
            _fail(self._mistake)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, None, None]:
        """Close the doors once everything else is torn down; what there is to complain of fails this test.

        Where a module or class ends with a test that does not use this world, they open for its fixtures' teardown.
        """
        if self._settings is None and EDGE not in item.stash and _ends_more_than_itself(item, nextitem):
            self.open(item)
        settings = self._settings  # the last test's teardown is also the fixture's own, which closes the doors
        try:
            yield
        except BaseException:
            self._edge.take_grievances()  # this test has failed already; the next one shall not fail for it
            raise
        finally:
            self.close()
        if settings is not None:
            _or_fail(lambda: raise_grievances(self._edge))


def _ends_more_than_itself(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    return nextitem is None or nextitem.listchain()[:-1] != item.listchain()[:-1]


def _new_edge(config: pytest.Config, settings: Settings, world: WorldLike | None) -> FakeEdge:
    return FakeEdge(
        world,
        org=settings.org,
        env=settings.env,
        seed=settings.seed,
        era=settings.era,
        guesses=settings.guesses,
        clock=Clock(ProcessWall()),
        extra_hosts=extra_hosts(config),
        claimed_hosts=live_hosts(),
    )


def _seed_in(world: WorldLike | None) -> int | str | None:
    return None if world is None else read_world(world).seed


def _report_on(config: pytest.Config) -> None:
    if not config.pluginmanager.hasplugin(_REPORT_PLUGIN):
        config.pluginmanager.register(ReportHooks(), _REPORT_PLUGIN)


def _fail_on_grievances(edge: FakeEdge) -> None:
    # An interrupted run tears its last test down at the very end, where a failure would crash pytest.
    if os.environ.get("PYTEST_CURRENT_TEST", "").endswith("(teardown)"):
        _or_fail(lambda: raise_grievances(edge))


def _or_fail(make: Callable[[], _Made]) -> _Made:
    """Return what a function makes; its complaint, or the tester's mistake, fails the test without a traceback."""
    try:
        return make()
    except (Complaint, ConfigurationError) as error:
        message = str(error)
    return _fail(message)


def _fail(message: str) -> NoReturn:
    pytest.fail(message, pytrace=False)
