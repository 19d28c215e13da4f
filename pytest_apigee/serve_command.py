"""`pytest-apigee serve`: a fake Edge as a process, for suites in other languages and for trying things by hand."""

import ipaddress
import json
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec

from pytest_apigee import sample_world
from pytest_apigee.control import Control
from pytest_apigee.edge.message import ConnectionFailure, Request, Response
from pytest_apigee.fake import FakeEdge, WorldLike
from pytest_apigee.process import write_line
from pytest_apigee.serving import REMOVED_VARIABLES, EdgeServer, ServingOptions
from pytest_apigee.world_file import read_world

_LAST_WAIT_S = 0.5  # it is to end within a second


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
            # Not the last one: others are answered meanwhile.
            self._tell(next(str(one) for one in reversed(tuple(edge.calls)) if one.request is request))
        for grievance in edge.take_grievances():
            self._tell(f"{grievance.kind}: {grievance.message}")
        return outcome


def serve(options: Namespace, *, wait: Callable[[], object]) -> int:
    """Serve a world until the process is told to stop; return the exit status.

    Args:
        options: The arguments of the command.
        wait: Waits until then.

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
    settings = replace(settings, last_wait_s=_LAST_WAIT_S)
    with EdgeServer(served.edge, settings, handler=served) as server:
        needs_proxy = bool(options.tls or ports["proxy"] or settings.allow_hosts)
        line = _described(server, served.edge, needs_proxy=needs_proxy)
        _warn_of_others(options.host)
        if options.control:
            line["control"] = f"{line['management']}{Control.PATH}"
        if options.world is None:
            _invite(line)
        if not write_line(sys.stdout, json.dumps(line)):
            _tell("nobody reads standard output, where the URLs were to go.")
            return 1
        wait()
    return 0


def _new_edge(world: WorldLike, options: Namespace) -> FakeEdge:
    edge = FakeEdge(world, org=options.org, env=options.env, era=options.era, seed=options.seed)
    first = next(env for org, env in edge.environments if org == edge.org)
    if options.env is not None or edge.env == first:
        return edge
    return FakeEdge(world, org=edge.org, env=first, era=options.era, seed=options.seed)


def _described(server: EdgeServer, edge: FakeEdge, *, needs_proxy: bool) -> dict[str, object]:
    has_proxy = needs_proxy or find_spec("trustme") is not None
    if not has_proxy:
        _tell('there is no proxy, which needs the package trustme: pip install "pytest-apigee[server]".')
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


def _invite(line: Mapping[str, object]) -> None:
    _tell("a sample world; try it:")
    for command in sample_world.commands(line):
        write_line(sys.stderr, f"  {command}")


def _warn_of_others(host: str) -> None:
    try:
        is_local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_local = host == "localhost"
    if not is_local:
        _tell(f"at {host} it is open to everyone in that network: it has no secrets, but it does what it is told.")


def _tell(text: str) -> None:
    write_line(sys.stderr, f"pytest-apigee serve: {text}")
