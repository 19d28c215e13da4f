"""Ports of this machine at which a world is reached: sockets, threads, and their end.

Rules of this file:

* A thread waits for connections at each port, and each connection has a thread of its own.
* What is open is known, so that closing ends it: nothing waits for a client that says nothing.
* More connections than the limit wait in the queue of the operating system.
* What runs in a target cannot be ended from without: it is waited for a little, and then left to itself.
"""

import errno
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Self

from pytest_apigee.transports.connection import Connection, Site
from pytest_apigee.transports.fence import admit
from pytest_apigee.transports.handler import Answering
from pytest_apigee.transports.reading import LONGEST_BODY

LOOPBACK = "127.0.0.1"
ANY_ADDRESS = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 - to be reached there, not to listen
_MOST_CONNECTIONS = 512
_QUEUE = 512
_HANDSHAKE_S = 10.0
_BUSY_S = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerOptions:
    """What all ports of a server have in common.

    Args:
        host: The address at which they listen.
        longest_body: How many bytes the body of a request may have.
        idle_s: After how many seconds of silence a connection is closed.
        most_connections: How many connections are served at once.
        last_wait_s: For how many seconds, at the end, answers are waited for that are on their way.
    """

    host: str = LOOPBACK
    longest_body: int = LONGEST_BODY
    idle_s: float = 60.0
    most_connections: int = _MOST_CONNECTIONS
    last_wait_s: float = 2.0


class Server:
    """Serves a world at ports that are opened one by one. A context manager that closes them all.

    Args:
        handler: The world.
        options: What all its ports have in common.
    """

    def __init__(self, handler: Answering, *, options: ServerOptions | None = None) -> None:
        self._handler = handler
        self.options = options or ServerOptions()
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(self.options.most_connections)
        self._sockets: set[socket.socket] = set()
        self._acceptors: list[threading.Thread] = []
        self._threads: set[threading.Thread] = set()
        self._closing = threading.Event()
        self._stack = ExitStack()
        self._wake, self._waker = socket.socketpair()
        self._stack.callback(self._wake.close)
        self._stack.callback(self._waker.close)

    def listen(self, site_at: Callable[[int], Site], *, port: int = 0, tls: ssl.SSLContext | None = None) -> int:
        """Open a port, and return its number.

        Args:
            site_at: Returns what the port stands for, by its number.
            port: Its number; 0 picks a free one.
            tls: How its connections are encrypted, if they are.

        Raises:
            OSError: It cannot be opened, for one because it is in use.
        """
        family = socket.AF_INET6 if ":" in self.options.host else socket.AF_INET
        with self._lock:
            if self._closing.is_set():
                raise OSError(errno.EBADF, "this server was closed")
            listener = self._stack.enter_context(
                socket.create_server((self.options.host, port), family=family, backlog=_QUEUE)
            )
            address = listener.getsockname()
            number: int = address[1]
            for host in {address[0], self.options.host, ANY_ADDRESS.get(address[0], address[0])}:
                self._stack.enter_context(admit((host, number)))
            site = site_at(number)
            acceptor = _thread(lambda: self._accept(listener, site, tls), name=f"apigee-port-{number}")
            self._acceptors.append(acceptor)
            acceptor.start()
        return number

    def close(self) -> None:
        """Close all ports and end their connections.

        An answer that takes longer than `last_wait_s` more is left to itself: its client is cut off at once, its thread
        ends when the target returns, and never holds up the end of the process.
        """
        with self._lock:
            if self._closing.is_set():
                return
            self._closing.set()
        self._waker.shutdown(socket.SHUT_RDWR)
        for acceptor in self._acceptors:
            acceptor.join()
        with self._lock:
            sockets = tuple(self._sockets)
        for sock in sockets:
            with suppress(OSError):  # the client has ended it
                # Of the plain socket: that of TLS takes away what its thread is at work with.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        until = time.monotonic() + self.options.last_wait_s
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    @contextmanager
    def held(self, sock: socket.socket) -> Iterator[None]:
        """Cut a socket off when this server closes, and close it after a block.

        Raises:
            ConnectionAbortedError: The server is closing already.
        """
        with sock:
            with self._lock:
                if self._closing.is_set():
                    raise ConnectionAbortedError
                self._sockets.add(sock)
            try:
                yield
            finally:
                with self._lock:
                    self._sockets.discard(sock)

    def serve(self, sock: socket.socket, site: Site) -> None:
        """Serve one connection until it ends. The socket stays open."""
        Connection(
            sock, handler=self._handler, site=site, longest_body=self.options.longest_body, idle_s=self.options.idle_s
        )

    @contextmanager
    def encrypted(self, sock: socket.socket, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
        """Encrypt a connection, which is not to be used any more but by the one that this gives.

        Raises:
            OSError: The client does not agree to it.
        """
        sock.settimeout(_HANDSHAKE_S)
        sock.getpeername()  # fails where the client is gone already, of which `wrap_socket` may make a leak
        wrapped = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        with self.held(wrapped):
            wrapped.do_handshake()
            yield wrapped

    def _accept(self, listener: socket.socket, site: Site, tls: ssl.SSLContext | None) -> None:
        """Take connections, each for a thread of its own, until the server closes."""
        name = threading.current_thread().name
        with selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            listener.settimeout(0)
            while selector.select() and not self._closing.is_set():
                if not self._slots.acquire(timeout=_BUSY_S):
                    continue
                try:
                    sock, _ = listener.accept()
                except OSError:  # the client is gone again, or there are too many open files
                    self._slots.release()
                    self._closing.wait(_BUSY_S)
                    continue
                thread = _thread(partial(self._run, sock, site, tls), name=name)
                with self._lock:
                    self._threads = {thread, *(known for known in self._threads if known.is_alive())}
                    thread.start()

    def _run(self, sock: socket.socket, site: Site, tls: ssl.SSLContext | None) -> None:
        with self._slot(), suppress(OSError), self.held(sock):
            if tls is None:
                self.serve(sock, site)
            else:
                with self.encrypted(sock, tls) as wrapped:
                    self.serve(wrapped, site)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._slots.release()


def _thread(run: Callable[[], None], *, name: str) -> threading.Thread:
    return threading.Thread(target=run, name=name, daemon=True)
