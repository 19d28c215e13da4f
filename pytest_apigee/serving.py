"""The local server of a fake Edge: its URLs, its proxy, and the environment that leads a subprocess there.

Each part of Edge has a port of its own, opened when its URL is first asked for: what a client is told to take for
`https://login.apigee.com` is one URL, without a path. A request that names a host of Edge in its Host header is
answered for that host, whichever port it came to.
"""

import os
import re
import ssl
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self
from unittest import mock
from urllib.parse import urlsplit

from pytest_apigee.edge import checks
from pytest_apigee.edge.message import host_of
from pytest_apigee.edge.zones import Zone
from pytest_apigee.errors import ConfigurationError, listed, nearest
from pytest_apigee.transports.connection import Site
from pytest_apigee.transports.handler import Answering
from pytest_apigee.transports.server import ANY_ADDRESS, LOOPBACK, Server, ServerOptions
from pytest_apigee.transports.tls import Authority

if TYPE_CHECKING:
    from pytest_apigee.edge.catalog import Proxy
    from pytest_apigee.fake import FakeEdge

_LOCAL_HOSTS = "localhost,127.0.0.1,::1"
_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY")
_BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
_NODE_VARIABLE = "NODE_EXTRA_CA_CERTS"  # beside the authorities that Node has of its own
_LAST_PORT = 65_535
_ORIGIN = re.compile(r"https?://([^/?#]+)", re.IGNORECASE)
REMOVED_VARIABLES = ("ALL_PROXY", "all_proxy")
_ALLOWED_HOST = re.compile(r"\.?[a-z0-9]([a-z0-9._-]*[a-z0-9])?|[0-9a-f:.]+")  # a name, or an address


@dataclass(frozen=True, kw_only=True, slots=True)
class Ports:
    """At which ports the parts of Edge shall listen; 0 picks a free one.

    Args:
        login: The SSO.
        management: The management API.
        gateway: The gateway of the default environment.
        proxy: The proxy.
    """

    login: int = 0
    management: int = 0
    gateway: int = 0
    proxy: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ServingOptions:
    """How a fake is served.

    Args:
        tls: Whether the ports speak HTTPS, with certificates of a throw-away authority; the proxy port never does.
        host: The address at which they listen.
        ports: Their numbers.
        allow_hosts: Hosts beside Edge's that the proxy may reach; one that starts with a dot is a whole domain.
        last_wait_s: How long closing waits for answers that take their time.
    """

    tls: bool = False
    host: str = LOOPBACK
    ports: Ports = field(default_factory=Ports)
    allow_hosts: Collection[str] = ()
    last_wait_s: float = 2.0

    @classmethod
    def checked(cls, *, tls: object, host: object, ports: object, allow_hosts: object) -> Self:
        """Return options as a tester gave them.

        Raises:
            ConfigurationError: Some of them cannot be.
        """
        return cls(
            tls=checks.flag("tls", tls),
            host=checks.text("host", host),
            ports=_ports(ports),
            allow_hosts=tuple(
                map(_host_to_allow, checks.names("allow_hosts", allow_hosts, "allow_hosts=['.example.com']"))
            ),
        )


def _ports(given: object) -> Ports:
    known = tuple(field.name for field in fields(Ports))
    if not isinstance(given, Mapping):
        msg = f"ports are numbers by name, as {{'proxy': 8080}}, not {given!r}. Names: {listed(known)}."
        raise ConfigurationError(msg)
    for name, port in given.items():
        if name not in known:
            msg = f"Unknown port {name!r}. Allowed in ports: {listed(known)}.{nearest(name, known)}"
            raise ConfigurationError(msg)
        if type(port) is not int or not 0 <= port <= _LAST_PORT:
            msg = f"The port of {name} is a number from 0 to {_LAST_PORT}, 0 for a free one, not {port!r}."
            raise ConfigurationError(msg)
    return Ports(**given)


def _host_to_allow(given: str) -> str:
    host = given.lower().rstrip(".")
    if not _ALLOWED_HOST.fullmatch(host):
        msg = (
            f"{given!r} in allow_hosts cannot be a host: write its name alone, as 'pypi.org', or '.example.com' for "
            "all hosts below that domain."
        )
        raise ConfigurationError(msg)
    return host


def origin_in(url: str, edge: "FakeEdge") -> str:
    """Return the part of an Edge URL before its path.

    Raises:
        ConfigurationError: It is none of this Edge's.
    """
    found = _ORIGIN.match(url)
    if found is None:
        msg = f"{url!r} is no URL of Edge: write all of it, as 'https://login.apigee.com/oauth/token'."
        raise ConfigurationError(msg)
    host = host_of(found[1])
    if not edge.answers(host):
        known = edge.known_hosts
        msg = f"{host!r} is no host of this fake Edge. Known: {listed(known)}.{nearest(host, known)}"
        raise ConfigurationError(msg)
    return found[0]


class EdgeServer:
    """A real HTTP/1.1 server over the world of a fake Edge, and a context manager that ends it.

    Args:
        edge: The fake.
        options: How it is served.
        handler: What answers; by default the fake itself.
    """

    def __init__(
        self, edge: "FakeEdge", options: ServingOptions | None = None, *, handler: Answering | None = None
    ) -> None:
        self._edge = edge
        self._handler = handler or edge
        self._options = options or ServingOptions()
        self._lock = threading.RLock()
        self._stack = ExitStack()
        self._urls: dict[str, str] = {}
        self._is_closed = False
        self._authority = Authority()
        common = ServerOptions(host=self._options.host, last_wait_s=self._options.last_wait_s)
        self._server = self._stack.enter_context(Server(self._handler, options=common))

    @property
    def login_url(self) -> str:
        """The SSO, without a path: what `SSO_LOGIN_URL` of Apigee's tools takes."""
        return self._url_of(self._edge.login_url, port=self._options.ports.login)

    @property
    def management_url(self) -> str:
        """The management API, without the ``/v1``."""
        return self._url_of(self._edge.management_url, port=self._options.ports.management)

    @property
    def gateway_url(self) -> str:
        """The gateway of the default environment, without a path."""
        return self.url_for()

    @property
    def token_url(self) -> str:
        """The default organization's token endpoint, with the grant type that the stock proxy reads only there."""
        return self.local(self._edge.token_url)

    def url_for(self, org: str | None = None, env: str | None = None) -> str:
        """Return the gateway of an environment, without a path."""
        return self._url_of(self._edge.url_for(org, env))

    def zone_url(self, zone: Zone | str) -> str:
        """Return the SSO of a SAML zone, without a path."""
        return self._url_of(self._edge.zone_named(zone).url)

    def local(self, target: "str | Proxy") -> str:
        """Return where this server answers for a URL of Edge, as that of a proxy: path and query stay.

        Raises:
            ConfigurationError: It is none of Edge's.
        """
        url = checks.text("local", target if isinstance(target, str) else getattr(target, "url", target))
        origin = origin_in(url, self._edge)
        host = host_of(urlsplit(origin).netloc)
        return f"{self._url_of(f'https://{host}')}{url[len(origin) :]}"

    @property
    def proxy_url(self) -> str:
        """A proxy that answers for Edge's hosts at their own URLs, and refuses all but them and `allow_hosts`."""
        with self._lock:
            if "" not in self._urls:
                self._require_open()
                from pytest_apigee.transports.proxy import Tunnels  # noqa: PLC0415 - needs an extra

                tunnels = Tunnels(
                    self._handler, server=self._server, authority=self._authority, allowed=self._options.allow_hosts
                )
                _ = self._authority.certificate  # what is missing is missed here, not in a thread
                port = self._listen(lambda _: Site(tunnels=tunnels), self._options.ports.proxy)
                self._urls[""] = f"http://{self._address}:{port}"
            return self._urls[""]

    @property
    def ca_path(self) -> Path:
        """The certificate of the throw-away authority, as a PEM file."""
        return self._file("ca.pem", self._authority.certificate)

    @property
    def changes(self) -> dict[str, str]:
        """The environment variables that lead a process to the fake at Edge's own URLs, through the proxy."""
        bundle = str(self._bundle)
        changes = dict.fromkeys((*_PROXY_VARIABLES, *map(str.lower, _PROXY_VARIABLES)), self.proxy_url)
        changes.update(dict.fromkeys(("NO_PROXY", "no_proxy"), _LOCAL_HOSTS))
        changes.update(dict.fromkeys(_BUNDLE_VARIABLES, bundle))
        return {
            **changes,
            _NODE_VARIABLE: str(self._file("node.pem", self._with_ours((os.environ.get(_NODE_VARIABLE),)))),
            "NODE_USE_ENV_PROXY": "1",
            "WGETRC": str(self._file("wgetrc", f"ca_certificate = {bundle}\n".encode())),
            "SSO_LOGIN_URL": self._edge.sso_url,
        }

    @property
    def env(self) -> dict[str, str]:
        """The environment for a subprocess: that of this process, changed so that it meets the fake."""
        return {**{name: value for name, value in os.environ.items() if name not in REMOVED_VARIABLES}, **self.changes}

    def activate(self) -> None:
        """Give this process that environment until the server ends, for clients that are not answered in process."""
        self._require_open()
        self._stack.enter_context(mock.patch.dict(os.environ, self.env, clear=True))
        # urlopen keeps the proxies of its first call for the rest of the process.
        self._stack.enter_context(mock.patch.object(urllib.request, "_opener", None))

    def close(self) -> None:
        """End it: ports, connections, files, and what `activate` did."""
        self._is_closed = True
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<EdgeServer of {self._edge!r}>"

    def _url_of(self, origin: str, *, port: int = 0) -> str:
        with self._lock:
            if origin not in self._urls:
                self._require_open()
                wanted = port or (self._options.ports.gateway if origin == self._edge.gateway_url else 0)
                number = self._listen(
                    lambda number: Site(origin=origin, reached_at=self._local_origin(number)), wanted, tls=self._tls
                )
                self._urls[origin] = self._local_origin(number)
                self._edge.note_local(self._urls[origin], host_of(urlsplit(origin).netloc))
            return self._urls[origin]

    def _listen(self, site_at: Callable[[int], Site], port: int, *, tls: ssl.SSLContext | None = None) -> int:
        try:
            return self._server.listen(site_at, port=port, tls=tls)
        except OSError as error:
            which = f"Port {port}" if port else "A port"
            why = str(error.strerror).partition(" (")[0]
            msg = f"{which} cannot be opened at {self._options.host}: {why}. Choose another one, or 0 for any."
            raise ConfigurationError(msg) from None

    def _require_open(self) -> None:
        if self._is_closed:
            msg = "This server of a fake Edge was closed: ask for its URLs while it is open."
            raise ConfigurationError(msg)

    def _local_origin(self, port: int) -> str:
        return f"{'https' if self._options.tls else 'http'}://{self._address}:{port}"

    @property
    def _address(self) -> str:
        address = ANY_ADDRESS.get(self._options.host, self._options.host)
        return f"[{address}]" if ":" in address else address

    @cached_property
    def _tls(self) -> ssl.SSLContext | None:
        if not self._options.tls:
            return None
        address = ANY_ADDRESS.get(self._options.host, self._options.host)
        return self._authority.context_of_port(self._handler.owns, address=address)

    @cached_property
    def _directory(self) -> Path:
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="pytest-apigee-")))

    @cached_property
    def _bundle(self) -> Path:
        """The authorities of this machine and ours: a client that is given one file trusts no other."""
        import certifi  # noqa: PLC0415 - comes with requests

        known = (ssl.get_default_verify_paths().cafile, *(os.environ.get(name) for name in _BUNDLE_VARIABLES))
        return self._file("bundle.pem", self._with_ours((certifi.where(), *known)))

    def _with_ours(self, known: Iterable[str | None]) -> bytes:
        files = [Path(path) for path in dict.fromkeys(known) if path and Path(path).is_file()]
        return b"\n".join([*(path.read_bytes() for path in files), self._authority.certificate])

    def _file(self, name: str, content: bytes) -> Path:
        with self._lock:
            self._require_open()
            path = self._directory / name
            if not path.exists():
                path.write_bytes(content)
            return path
