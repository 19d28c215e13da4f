"""Opens a fake Edge to the clients of this process, and closes it again."""

import contextlib
import ipaddress
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from pytest_apigee.edge.clock import Clock
from pytest_apigee.edge.world import NOT_MODELLED, TARGET_ERROR, UNKNOWN_HOST, Grievance
from pytest_apigee.errors import Complaint, ConfigurationError, listed, nearest
from pytest_apigee.fake import FakeEdge, WorldLike
from pytest_apigee.time_travel import ProcessWall

USER_STUB = "user_stub"
FENCE = "fence"
GRIEVANCES = {
    UNKNOWN_HOST: "a host of Edge that was not declared was asked",
    NOT_MODELLED: "an endpoint was asked that Edge has and the fake does not model",
    TARGET_ERROR: "the function behind a target raised",
    USER_STUB: "a stub of yours for a host of Edge was passed over",
    FENCE: "a client that is not answered in process tried to reach a host of Edge",
}
_LIVE_URLS = ("APIGEE_TOKEN_URL", "APIGEE_BASE_URL", "APIGEE_MANAGEMENT_URL", "APIGEE_BASE_URI", "SSO_LOGIN_URL")


def check_allowed(kinds: Iterable[str]) -> frozenset[str]:
    """Return the kinds of complaints that a test allows.

    Raises:
        ConfigurationError: There is no such kind.
    """
    for kind in kinds:
        if kind not in GRIEVANCES:
            msg = f"Unknown complaint {kind!r} in allow. Allowed: {listed(GRIEVANCES)}.{nearest(kind, GRIEVANCES)}"
            raise ConfigurationError(msg)
    return frozenset(kinds)


def live_hosts() -> frozenset[str]:
    """Return the hosts that the environment variables of live mode name, loopback excepted."""
    hosts = (_host_named(os.environ.get(name, "")) for name in _LIVE_URLS)
    return frozenset(host for host in hosts if host and not _is_loopback(host))


@contextmanager
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
) -> Iterator[FakeEdge]:
    """Open a fake Edge around a block of code, or, as a decorator, around a function.

    For `unittest.TestCase`, Hypothesis, class-scoped fixtures and scripts; tests of plain pytest use the fixture
    `apigee`. Within the block `requests` and `urllib3` reach the fake at Edge's own URLs.

    Args:
        world: What it starts with: a world file's path, or its content as a dict.
        org: The default organization; `acme`, or the world's first.
        env: The default environment; `test`, or the organization's first.
        seed: Decides every generated value; by default made from the id of the running test, if pytest runs one.
        era: `current` or `2016`.
        guesses: Switches for what no source confirms.
        release: Hosts of Edge that are left to your own mock.
        allow: Kinds of complaints that shall not fail: `unknown_host`, `not_modelled`, `target_error`, `user_stub`,
            `fence`.

    Raises:
        ConfigurationError: Some of it cannot be.
        Complaint: At the end of a block that raised nothing itself: something happened that a passing test would hide.
    """
    allowed = check_allowed(allow)
    edge = FakeEdge(
        world,
        org=org,
        env=env,
        seed=_running_test() if seed is None else seed,
        era=era,
        guesses=guesses,
        clock=Clock(ProcessWall()),
        claimed_hosts=live_hosts(),
    )
    with opened(edge, release=release):
        yield edge
    raise_grievances(edge, allowed)


@contextmanager
def opened(edge: FakeEdge, *, release: Collection[str] = ()) -> Iterator[None]:
    """Open the doors of a fake around a block; real time is back afterwards, however the block ended."""
    from pytest_apigee.transports.requests import open_door  # noqa: PLC0415 - imports requests and responses

    with contextlib.ExitStack() as stack:
        stack.callback(edge.clock.restore)
        edge.attach(stack.enter_context(open_door(edge, released=release)))
        stack.callback(edge.attach, None)
        yield


def raise_grievances(edge: FakeEdge, allowed: Collection[str]) -> None:
    """Raise what a passing test would hide.

    Raises:
        Complaint: There is something, and it was not allowed.
    """
    grievances = [grievance for grievance in edge.take_grievances() if grievance.kind not in allowed]
    if grievances:
        error = next((grievance.error for grievance in grievances if grievance.error is not None), None)
        raise Complaint(_complaint(grievances)) from error


def _complaint(grievances: list[Grievance]) -> str:
    lines = [f"  {grievance.kind}: {grievance.message}" for grievance in grievances]
    kinds = ", ".join(repr(kind) for kind in sorted({grievance.kind for grievance in grievances}))
    return (
        "The fake Edge complains of what this test would hide:\n"
        + "\n".join(lines)
        + f"\nIf that is meant, say so: @pytest.mark.apigee(allow=[{kinds}]), or allow=[{kinds}] of fake_edge."
    )


def _running_test() -> str | None:
    """Return the id of the test that pytest runs now, if any."""
    return (os.environ.get("PYTEST_CURRENT_TEST") or "").rpartition(" ")[0] or None


def _host_named(url: str) -> str:
    """Return the host of a URL, or of what lacks only the scheme; empty where there is none."""
    try:
        host = urlsplit(url if "//" in url else f"//{url}").hostname
    except ValueError:
        return ""
    return (host or "").rstrip(".")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
