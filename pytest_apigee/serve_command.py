"""`pytest-apigee serve`: a fake Edge as a process, for suites in other languages and for trying things by hand."""

import ipaddress
import json
import os
import signal
import socket
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from pytest_apigee import sample_world
from pytest_apigee.control import Control
from pytest_apigee.edge.message import ConnectionFailure, Request, Response
from pytest_apigee.fake import FakeEdge, WorldLike
from pytest_apigee.serving import REMOVED_VARIABLES, EdgeServer, ServingOptions
from pytest_apigee.world_file import read_world


class ServedWorld:
    """The world that a process serves, which can be put back to its beginning. A handler of a server.

    Args:
        make: Makes it anew.
        tell: Writes a line for whoever runs the process.
        is_verbose: Whether each exchange is told, or complaints alone.
        has_control: Whether the control API answers.
    """

    def __init__(
        self, make: Callable[[], FakeEdge], *, tell: Callable[[str], None], is_verbose: bool, has_control: bool
    ) -> None:
        self._make = make
        self._tell = tell
        self._is_verbose = is_verbose
        self._control = Control(self) if has_control else None
        self.edge = make()

    def reset(self) -> None:
        """Put the world back to its beginning."""
        self.edge = self._make()

    def owns(self, host: str) -> bool:
        """As the world's."""
        return self.edge.owns(host)

    def answers(self, host: str) -> bool:
        """As the world's."""
        return self.edge.answers(host)

    def http_date(self) -> str:
        """As the world's."""
        return self.edge.http_date()

    def handle(self, request: Request) -> Response | ConnectionFailure:
        """Answer a request, and tell what no test is there to fail for."""
        if self._control is not None and self._control.is_for(request):
            return self._control.answer(request)
        edge = self.edge
        outcome = edge.handle(request)
        if self._is_verbose:
            self._tell(str(edge.calls.last))
        for grievance in edge.take_grievances():
            self._tell(f"{grievance.kind}: {grievance.message}")
        return outcome


def serve(options: Namespace) -> int:
    """Serve a world until the process is told to stop; return the exit status.

    Args:
        options: The arguments of the command.

    Raises:
        ConfigurationError: Some of them cannot be.
    """
    world = sample_world.WORLD if options.world is None else options.world
    content = read_world(world, org=options.org, env=options.env)
    for ignored in content.ignored:
        _tell(f"passed over, as it is not modelled: {ignored}")
    served = ServedWorld(
        lambda: _new_edge(world, options), tell=_tell, is_verbose=options.verbose, has_control=options.control
    )
    ports = {part: getattr(options, f"{part}_port") for part in ("login", "management", "gateway", "proxy")}
    settings = ServingOptions.checked(
        tls=options.tls, host=options.host, ports=ports, allow_hosts=tuple(options.allow_host)
    )
    with _told_to_stop() as stop, EdgeServer(served.edge, settings, handler=served) as server:
        line = _described(server, served.edge, needs_proxy=bool(options.tls or ports["proxy"]))
        _warn_of_others(options.host)
        if options.control:
            line["control"] = f"{line['management']}{Control.PATH}"
        if options.world is None:
            _invite(line)
        if not _print(json.dumps(line)):
            return 1
        stop()
    return 0


def _new_edge(world: WorldLike, options: Namespace) -> FakeEdge:
    edge = FakeEdge(world, org=options.org, env=options.env, era=options.era, seed=options.seed)
    first = next(env for org, env in edge.environments if org == edge.org)
    if options.env is not None or edge.env == first:
        return edge
    return FakeEdge(world, org=edge.org, env=first, era=options.era, seed=options.seed)


def _described(server: EdgeServer, edge: FakeEdge, *, needs_proxy: bool) -> dict[str, object]:
    has_proxy = needs_proxy or find_spec("trustme") is not None
    gateways = {f"{org}/{env}": server.url_for(org, env) for org, env in edge.environments}
    return {
        "login": server.login_url,
        "management": server.management_url,
        "gateway": server.gateway_url,
        "proxy": server.proxy_url if has_proxy else None,
        "ca": str(server.ca_path) if has_proxy else None,
        "gateways": gateways,
        "zones": {zone: server.zone_url(zone) for zone in edge.zone_names},
        "env": {**server.changes, **dict.fromkeys(REMOVED_VARIABLES)} if has_proxy else {},
    }


def _invite(line: dict[str, object]) -> None:
    trusting = f" --cacert '{line['ca']}'" if str(line["login"]).startswith("https") else ""
    _tell("a sample world; try it:")
    for command in sample_world.commands(
        login=str(line["login"]), management=str(line["management"]), gateway=str(line["gateway"]), trusting=trusting
    ):
        sys.stderr.write(f"  {command}\n")


def _warn_of_others(host: str) -> None:
    try:
        is_local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_local = host == "localhost"
    if not is_local:
        _tell(f"at {host} it is open to everyone in that network: it has no secrets, but it does what it is told.")


@contextmanager
def _told_to_stop() -> Iterator[Callable[[], object]]:
    """Give what waits for SIGINT or SIGTERM; both are as before afterwards."""
    wake, waker = socket.socketpair()  # no event: a handler that takes its lock could wait for itself
    with wake, waker:
        waker.setblocking(False)  # noqa: FBT003 - its signature
        previous = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield lambda: wake.recv(1)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(previous)


def _print(line: str) -> bool:
    """Print a line at once; return whether anybody reads it."""
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter tries again at its end
        _tell("nobody reads standard output, where the URLs were to go.")
        return False
    return True


def _tell(text: str) -> None:
    sys.stderr.write(f"pytest-apigee serve: {text}\n")
    sys.stderr.flush()
