"""The fence: no request of this process reaches a real host that a fake owns, or owned.

Rules of this file:

* It listens where Python itself tells of what leaves the process: the audit events of `socket` and `http.client`
  (PEP 578). Nobody's replacement of a function takes them away or is overruled by them: a mock that answers without
  the network raises no event.
* No event tells of TLS, so `ssl.SSLContext` is replaced: the last line for what goes through a proxy. httpx, where it
  is imported when a door opens, is asked before it connects to a proxy: over plain http no later line would see it.
* What it lets pass for a fenced host: our own servers (`admit`), and loopback for a host that its door released.
* Not seen: native resolvers (uvloop's, aiodns's) over plain http, addresses that were resolved elsewhere, plain http
  through a proxy by clients other than http.client, urllib3 and httpx.
"""

import _socket
import importlib
import ipaddress
import os
import re
import socket
import ssl
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, Self

from pytest_apigee.edge.message import host_of
from pytest_apigee.transports.handler import HostTest
from pytest_apigee.transports.switchboard import Address, Fenced, OpenDoor, Seam, Switchboard, switchboard

_PROXIED = re.compile(rb"[A-Z]+ https?://([^/?#\s]+)\S* HTTP/1\.[01]\r\n", re.IGNORECASE)
_TRACED = "PYTEST_APIGEE_TRACE_FENCE"
_HTTPX_PROXIES = ("HTTPProxy", "SOCKSProxy", "AsyncHTTPProxy", "AsyncSOCKSProxy")


def fence_hosts(owns: HostTest, *, because: str = "the ini option apigee_fence is 'run'") -> "Fence":
    """Fence hosts from now on, also where no door is open yet.

    Args:
        owns: A frozen predicate over hosts in lower case, without port and trailing dot.
        because: Why they are fenced, as the middle of the refusal's sentence.
    """
    board = switchboard()
    watch(board)
    return Fence(board, Fenced(test=owns, because=because))


class Fence:
    """A fence that stands until it is lifted, and a context manager that lifts it."""

    def __init__(self, board: Switchboard, fenced: Fenced) -> None:
        self._board = board
        self._fenced = fenced
        board.fence(fenced)

    def lift(self) -> None:
        """Take the fence away."""
        self._board.unfence(self._fenced)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.lift()


@contextmanager
def admit(address: Address) -> Iterator[None]:
    """Let requests for fenced hosts go to a server or proxy of our own while it runs.

    Args:
        address: The numeric host and the port at which it listens.
    """
    board = switchboard()
    board.admit(address)
    try:
        yield
    finally:
        board.dismiss(address)


def watch(board: Switchboard) -> None:
    """Put the fence up, for the rest of the process."""
    board.watch(lambda: _listen(board), (*_tls_seams(board), *_httpx_seams(board)))


def guard(board: Switchboard, host: object, peers: Collection[Address] = ()) -> None:
    """Refuse a host that is fenced.

    Args:
        peers: The address at which the request would arrive, where it is known; several where it may be any of them.

    Raises:
        FencedHostError: No request may go there. The door that owns the host complains of it too.
    """
    name = _name_of(host)
    door = board.owner_of(name)
    fenced = board.fence_around(name)
    if (door is None and fenced is None) or _is_local(name) or _may_pass(board, door, name, peers):
        return
    message = _refusal(name, door, fenced)
    if door is not None:
        door.complain("fence", message)
    # Imported here: the error's class must be the one that the test at hand imports, whichever copy of us listens.
    from pytest_apigee.errors import FencedHostError  # noqa: PLC0415

    error = FencedHostError(message)
    error.strerror = message  # what clients show that show no more
    raise error


def _may_pass(board: Switchboard, door: OpenDoor | None, host: str, peers: Collection[Address]) -> bool:
    if any(peer in board.admitted for peer in peers):
        return True
    return door is not None and door.releases(host) and any(_is_local(peer[0]) for peer in peers)


def _refusal(host: str, door: OpenDoor | None, fenced: Fenced | None) -> str:
    if door is not None and door.releases(host):
        return (
            f"{host} is a host of Apigee Edge that was released from the fake Edge, and no mock answered this request, "
            "so it may not leave: it would reach the real one. Mock it, or take the host out of release=[...]."
        )
    if door is not None:
        return (
            f"{host} is a host of Apigee Edge and a fake Edge is open, but this client is not answered in process: "
            "requests and urllib3 are. Use one of them here, or call the fake itself: apigee.handle(Request(...))."
        )
    because = "" if fenced is None else fenced.because
    return (
        f"{host} is a host of Apigee Edge and {because}, so no request may reach the real one. "
        "Open a fake (the apigee fixture or fake_edge()) around this call (in a test that uses apigee_shared or "
        "a fixture of yours, name that fixture among the test's arguments)."
    )


def _name_of(host: object) -> str:
    if isinstance(host, bytes | bytearray):
        return host_of(host.decode("latin-1"))
    return host_of(host) if isinstance(host, str) else ""


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _peers(sock: object) -> tuple[Address, ...]:
    """Return the address that a socket is connected to, or nothing where there is none."""
    try:
        host, port = sock.getpeername()[:2]  # type: ignore[attr-defined]  # what has none is caught
    except (AttributeError, OSError, ValueError):
        return ()
    return ((host, port),)


def _listen(board: Switchboard) -> None:
    def resolve(host: object, *_: object) -> None:
        guard(board, host)

    def connect(_: object, address: object) -> None:
        if isinstance(address, tuple):
            guard(board, address[0])

    def connect_client(connection: Any, host: str, port: int) -> None:  # noqa: ANN401 - any http.client connection
        guard(board, connection._tunnel_host, ((host, port),))  # noqa: SLF001 - the only place that tells

    def send(connection: Any, data: object) -> None:  # noqa: ANN401 - any http.client connection
        proxied = _PROXIED.match(data) if isinstance(data, bytes) else None
        target = proxied[1] if proxied else connection._tunnel_host  # noqa: SLF001 - the only place that tells
        if target or isinstance(connection.sock, _socket.socket):
            guard(board, target or connection.host, _peers(connection.sock))

    checks: dict[str, Callable[..., None]] = {
        "socket.getaddrinfo": resolve,
        "socket.gethostbyname": resolve,  # of gethostbyname_ex too
        "socket.gethostbyaddr": resolve,
        "socket.connect": connect,
        "http.client.connect": connect_client,
        "http.client.send": send,
    }

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in checks:  # of the very many events of a process, hardly any
            checks[event](*args)

    # Our own coverage run sets this: Python traces no hook without it. With it, a tester's pdb would step into this
    # one, and a traced process would be slowed down by each event.
    if os.environ.get(_TRACED):
        hook.__cantrace__ = True  # type: ignore[attr-defined]  # where Python looks for it
    sys.addaudithook(hook)


def _tls_seams(board: Switchboard) -> tuple[Seam, ...]:
    def socket_guarded(original: Callable[..., Any]) -> Callable[..., Any]:
        def wrap_socket(context: ssl.SSLContext, sock: socket.socket, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - passes through
            guard(board, options.get("server_hostname") or next(iter(args[3:]), None), _peers(sock))
            return original(context, sock, *args, **options)

        return wrap_socket

    def bio_guarded(original: Callable[..., Any]) -> Callable[..., Any]:
        def wrap_bio(context: ssl.SSLContext, incoming: Any, outgoing: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - passes through
            guard(board, options.get("server_hostname") or next(iter(args[1:]), None), board.admitted)
            return original(context, incoming, outgoing, *args, **options)

        return wrap_bio

    return (
        Seam(owner=ssl.SSLContext, name="wrap_socket", make=socket_guarded),
        Seam(owner=ssl.SSLContext, name="wrap_bio", make=bio_guarded),
    )


def _httpx_seams(board: Switchboard) -> tuple[Seam, ...]:
    """Return the seams at which httpx connects through a proxy; none where it is not imported."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def create_connection(pool: Any, origin: Any) -> Any:  # noqa: ANN401 - passes through
            guard(board, origin.host, board.admitted)
            return original(pool, origin)

        return create_connection

    if not {"httpx", "httpcore"} & sys.modules.keys():
        return ()
    httpcore = importlib.import_module("httpcore")  # which httpx itself imports only when it sends
    pools = (getattr(httpcore, name) for name in _HTTPX_PROXIES)
    return tuple(
        Seam(owner=pool, name="create_connection", make=make) for pool in pools if hasattr(pool, "create_connection")
    )
