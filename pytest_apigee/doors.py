"""Opens a fake Edge to the clients of this process, closes it again, and says what it had to complain of."""

import contextlib
import ipaddress
import os
import traceback
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from pytest_apigee.edge.checks import custom_host
from pytest_apigee.edge.world import NOT_MODELLED, TARGET_ERROR, UNKNOWN_HOST, UNMET_FAULT, Grievance
from pytest_apigee.errors import Complaint, ConfigurationError, listed, nearest
from pytest_apigee.fake import FakeEdge

USER_STUB = "user_stub"
FENCE = "fence"
GRIEVANCES = {
    UNKNOWN_HOST: "a host of Edge that was not declared was asked",
    NOT_MODELLED: "an endpoint was asked that Edge has and the fake does not model",
    TARGET_ERROR: "the function behind a target raised",
    USER_STUB: "a stub of yours for a host of Edge was passed over",
    UNMET_FAULT: "a fault was armed that no exchange met",
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
def opened(edge: FakeEdge, *, release: Collection[str] = ()) -> Iterator[None]:
    """Open the doors of a fake around a block; real time is back afterwards, however the block ended.

    Raises:
        ConfigurationError: A released host is not one of Edge's.
    """
    for host in release:
        _check_released(edge, host)
    from pytest_apigee.transports.requests import open_door  # noqa: PLC0415 - imports requests and responses

    with contextlib.ExitStack() as stack:
        stack.callback(edge.clock.restore)
        edge.attach(stack.enter_context(open_door(edge, released=release)))
        stack.callback(edge.attach, None)
        yield


def raise_grievances(edge: FakeEdge) -> None:
    """Raise what a passing test would hide.

    Raises:
        Complaint: There is something.
    """
    edge.complain_of_unmet_faults()
    grievances = edge.take_grievances()
    if grievances:
        error = next((grievance.error for grievance in grievances if grievance.error is not None), None)
        raise Complaint(_complaint(grievances)) from error


def _check_released(edge: FakeEdge, host: str) -> None:
    name = custom_host(host)
    if not edge.owns(name):
        known = edge.known_hosts
        msg = (
            f"The host {host!r} cannot be released: it is none of Edge's. Known: {listed(known)}.{nearest(name, known)}"
        )
        raise ConfigurationError(msg)


def _complaint(grievances: Collection[Grievance]) -> str:
    lines = [f"  {grievance.kind}: {grievance.message}{_place_of(grievance.error)}" for grievance in grievances]
    kinds = ", ".join(repr(kind) for kind in sorted({grievance.kind for grievance in grievances}))
    return (
        "The fake Edge complains of what this test would hide:\n"
        + "\n".join(lines)
        + f"\nIf that is meant, say so: @pytest.mark.apigee(allow=[{kinds}]), or allow=[{kinds}] of fake_edge."
    )


def _place_of(error: Exception | None) -> str:
    """Return where the tester's own code raised, as `` (test_it.py:7)``."""
    frames = [] if error is None else traceback.extract_tb(error.__traceback__)
    return f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""


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
