"""`fake_edge`: a fake Edge for everything that is not a fixture of pytest."""

import inspect
import os
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from types import TracebackType
from typing import Any, TypeVar, cast

from pytest_apigee.doors import check_allowed, live_hosts, opened, raise_grievances
from pytest_apigee.edge.clock import Clock
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.fake import FakeEdge, WorldLike
from pytest_apigee.time_travel import ProcessWall

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True, slots=True)
class RunDefaults:
    """What options and ini values say of every fake of a pytest run."""

    org: str | None = None
    env: str | None = None
    era: str | None = None
    world: WorldLike | None = None
    seed: int | str | None = None
    extra_hosts: Mapping[str, str] = field(default_factory=dict)


RUN_DEFAULTS: ContextVar[RunDefaults] = ContextVar("pytest_apigee_run_defaults", default=RunDefaults())  # noqa: B039 - frozen


def fake_edge(  # noqa: PLR0913 - keyword-only settings, none needed
    world: WorldLike | None = None,
    *,
    org: str | None = None,
    env: str | None = None,
    seed: int | str | None = None,
    era: str | None = None,
    guesses: Mapping[str, object] | None = None,
    release: Collection[str] = (),
    allow: Collection[str] = (),
) -> "HandOpened":
    """Return a context manager that opens a fake Edge around a block of code, and decorates functions likewise.

    For `unittest.TestCase`, Hypothesis, class-scoped fixtures and scripts; tests of plain pytest use the fixture
    `apigee`. Within the block `requests` and `urllib3` reach the fake at Edge's own URLs. An exception that leaves the
    block carries a note of what the fake saw.

    Args:
        world: What it starts with: a world file's path, or its content as a dict; by default that of the run.
        org: The default organization; that of the run, or `acme`, or the world's first.
        env: The default environment; that of the run, or `test`, or the organization's first.
        seed: Decides every generated value. By default it is made from the id of the running test, which for a fake
            that several tests share is the first of them; where pytest runs no test, each fake has another one.
        era: `current` or `2016`; by default that of the run.
        guesses: Switches for what no source confirms.
        release: Hosts of Edge that are left to your own mock.
        allow: Kinds of complaints that shall not fail: `unknown_host`, `not_modelled`, `target_error`, `user_stub`,
            `unmet_fault`, `fence`.

    Raises:
        ConfigurationError: On entering the block: some of it cannot be.
        Complaint: At the end of a block that raised nothing itself: something happened that a passing test would hide.
    """
    run = RUN_DEFAULTS.get()

    @contextmanager
    def open_one() -> Generator[FakeEdge, None, None]:
        edge = FakeEdge(
            run.world if world is None else world,
            org=run.org if org is None else org,
            env=run.env if env is None else env,
            seed=_usual_seed(run.seed) if seed is None else seed,
            era=run.era if era is None else era,
            guesses=guesses,
            clock=Clock(ProcessWall()),
            extra_hosts=run.extra_hosts,
            claimed_hosts=live_hosts(),
        )
        edge.tolerate(check_allowed(allow))
        with opened(edge, release=release):
            try:
                yield edge
            except BaseException as error:
                error.add_note(_note(edge))
                raise
        raise_grievances(edge)

    return HandOpened(open_one)


class HandOpened:
    """What `fake_edge` returns: a context manager that gives a `FakeEdge`, and a decorator.

    As a decorator it opens a fake for each call, of functions, coroutine functions and generator functions.
    """

    def __init__(self, open_one: Callable[[], Any]) -> None:
        self._open_one = open_one
        self._stacks: list[ExitStack] = []

    def __enter__(self) -> FakeEdge:
        stack = ExitStack()
        edge: FakeEdge = stack.enter_context(self._open_one())
        self._stacks.append(stack)
        return edge

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stacks.pop().__exit__(kind, error, traceback)

    def __call__(self, decorated: _Function) -> _Function:
        """Return the function with a fake opened around each of its calls.

        Raises:
            ConfigurationError: It is a class.
        """
        if isinstance(decorated, type):
            msg = (
                f"fake_edge() does not decorate the class {decorated.__name__}: its tests would be lost. Open it in "
                "setUp, by self.enterContext(fake_edge()), or decorate the methods."
            )
            raise ConfigurationError(msg)
        return cast("_Function", wraps(decorated)(self._around(decorated)))

    def _around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever the function takes and gives
            with self._open_one():
                return function(*args, **options)

        async def await_call(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - as above
            with self._open_one():
                return await function(*args, **options)

        def yield_from_call(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - as above
            with self._open_one():
                return (yield from function(*args, **options))

        async def iterate_call(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - as above
            with self._open_one():
                async for item in function(*args, **options):
                    yield item

        if inspect.iscoroutinefunction(function):
            return await_call
        if inspect.isasyncgenfunction(function):
            return iterate_call
        return yield_from_call if inspect.isgeneratorfunction(function) else call


def _note(edge: FakeEdge) -> str:
    from pytest_apigee.report.section import TITLE, section_of  # noqa: PLC0415 - only failures need it

    return f"{TITLE}: {section_of(edge)}"


def _usual_seed(base: int | str | None) -> str:
    """Return the id of the test that pytest runs now, or else the count of the doors that this process opened."""
    from pytest_apigee.transports.switchboard import switchboard  # noqa: PLC0415 - imports what doors need

    test = (os.environ.get("PYTEST_CURRENT_TEST") or "").rpartition(" ")[0]
    owner = test or f"fake_edge {switchboard().opened}"
    return owner if base is None else f"{base} {owner}"
