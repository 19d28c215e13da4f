"""A throw-away certificate authority: made for one server, trusted by nobody who is not told to.

Its certificates are good from the year 2000 to 3000, so that no time travel makes them expire.
"""

import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_apigee.errors import ConfigurationError
from pytest_apigee.transports.handler import HostTest

if TYPE_CHECKING:
    import trustme

_LOCAL = ("127.0.0.1", "::1", "localhost")
_MOST_CERTIFICATES = 1_000


class Authority:
    """Makes certificates as they are asked for."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._made: trustme.CA | None = None

    @property
    def certificate(self) -> bytes:
        """The certificate of the authority itself, as PEM.

        Raises:
            ConfigurationError: The package `trustme` is missing.
        """
        return self._authority.cert_pem.bytes()

    def context_of(self, host: str) -> ssl.SSLContext:
        """Return how a host encrypts its connections.

        Raises:
            ConfigurationError: No certificate can name this host.
        """
        with self._lock:
            if host not in self._contexts:
                if len(self._contexts) >= _MOST_CERTIFICATES:
                    self._contexts.clear()
                self._contexts[host] = self._context_of(host)
            return self._contexts[host]

    def context_of_port(self, owns: HostTest, *, address: str) -> ssl.SSLContext:
        """Return how a port of this machine encrypts its connections, also for clients that name a host of a world.

        Args:
            owns: Tells which hosts those are.
            address: The address at which it listens.
        """

        def choose(sock: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            host = (name or "").lower().rstrip(".")
            if owns(host):
                with suppress(ConfigurationError):  # the client is shown the certificate of the port, and turns away
                    sock.context = self.context_of(host)

        context = self._context(tuple(dict.fromkeys((*_LOCAL, address))))
        context.sni_callback = choose
        return context

    @property
    def _authority(self) -> "trustme.CA":
        with self._lock:
            if self._made is None:
                try:
                    import trustme  # noqa: PLC0415 - an extra, and slow to import
                except ModuleNotFoundError:
                    msg = 'HTTPS at a local port needs the package trustme: pip install "pytest-apigee[server]".'
                    raise ConfigurationError(msg) from None
                self._made = trustme.CA(
                    organization_name="pytest-apigee", organization_unit_name="throw-away, for tests"
                )
            return self._made

    def _context_of(self, host: str) -> ssl.SSLContext:
        # Names that the rules of internationalized domains forbid, as ab--cd.apigee.net, are there all the same.
        for name in (host, f"*.{host.partition('.')[2]}"):
            with suppress(UnicodeError):
                return self._context((name,))
        msg = f"No certificate can name the host {host!r}."
        raise ConfigurationError(msg)

    def _context(self, hosts: tuple[str, ...]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*hosts).configure_cert(context)
        context.set_alpn_protocols(["http/1.1"])
        return context
