"""What a door needs of the world behind it."""

from collections.abc import Callable
from typing import Protocol

from pytest_apigee.edge.message import ConnectionFailure, Request, Response

HostTest = Callable[[str], bool]


class Answering(Protocol):
    """A world as a server sees it: it owns hosts and answers for them.

    Hosts come in lower case, without port and trailing dot.
    """

    def owns(self, host: str) -> bool:
        """Say whether a host is this world's, also where it would answer that it does not know it."""

    def answers(self, host: str) -> bool:
        """Say whether a host of this world is known to it."""

    def handle(self, request: Request) -> Response | ConnectionFailure:
        """Answer one request."""

    def http_date(self) -> str:
        """Return the time at this world as a Date header gives it."""


class Handler(Answering, Protocol):
    """A world as the doors of this process see it: it keeps a journal and can complain besides."""

    @property
    def host_test(self) -> HostTest:
        """A frozen predicate that says what `owns` says and does not hold the world.

        Predicates of worlds with the same hosts compare equal, so that the fence of a process keeps one of them.
        """

    def record(self, request: Request, outcome: Response | ConnectionFailure, reason: str) -> None:
        """Note an exchange that someone else answered."""

    def complain(self, kind: str, message: str) -> bool:
        """Fail the test at its end, and return whether that will be: a test may allow complaints of this kind.

        The kinds of this package are `user_stub` and `fence`.
        """
