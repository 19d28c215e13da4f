"""The local server against clients that are many, slow, greedy or gone."""

import errno
import gc
import socket
import ssl
import struct
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_apigee import ConnectionFailure, Response
from pytest_apigee.edge.message import FailureKind
from pytest_apigee.transports.connection import Site
from pytest_apigee.transports.server import Server, ServerOptions
from pytest_apigee.transports.tls import Authority
from tests.transports.server_support import PATIENCE_S, Echo, Wire, ask, serving, threads_of_servers

GET = "GET / HTTP/1.1\r\nHost: edge.example\r\n\r\n"
POST = "POST / HTTP/1.1\r\nHost: edge.example\r\n"
BIG = 100 * 1024 * 1024
PIECE = b"x" * 1024 * 1024


@pytest.fixture(autouse=True)
def nothing_left():
    """No test leaves a thread of a server behind."""
    yield
    assert threads_of_servers() == []


def failing(kind: FailureKind) -> Echo:
    return Echo(lambda _: ConnectionFailure(kind=kind, message="no such luck"))


def test_two_hundred_connections_are_served_at_once():
    """Two hundred clients that are all there at the same time are all answered."""
    everyone = threading.Barrier(200, timeout=PATIENCE_S)

    def answer(_):
        everyone.wait()
        return Response(body="all here")

    with serving(Echo(answer)) as address, ThreadPoolExecutor(200) as clients:
        bodies = [found[2] for found in clients.map(lambda _: ask(address, GET), range(200))]

    assert bodies == [b"all here"] * 200


def test_more_connections_than_are_served_at_once_wait():
    """Connections beyond the limit are served when others end."""
    with serving(Echo(), most_connections=2) as address, Wire(address) as first, Wire(address) as second:
        for wire in (first, second):
            wire.send(GET)
            wire.response()
        with Wire(address) as third:
            third.send(GET)
            third.sock.settimeout(0.2)
            with pytest.raises(TimeoutError):
                third.sock.recv(1)
            third.sock.settimeout(PATIENCE_S)
            first.sock.close()
            first.file.close()

            assert third.response()[0] == 200


def test_a_slow_sender_holds_nobody_up():
    """A client that sends one byte at a time, and one that sends nothing, are no trouble for the others."""
    with serving(Echo()) as address, Wire(address), Wire(address) as slow:
        for byte in GET:
            slow.send(byte)
            assert ask(address, GET)[0] == 200

        assert slow.response()[0] == 200


def test_a_silent_connection_is_closed():
    """A client that says nothing for too long loses its connection."""
    with serving(Echo(), idle_s=0.05) as address, Wire(address) as wire:
        wire.send("GET / HT")

        assert wire.is_over()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET",
        b"GET / HTTP/1.1\r\nHost",
        b"GET / HTTP/1.1\r\nHost: edge.example\r\n",
        POST.encode() + b"Content-Length: 5\r\n\r\nab",
        POST.encode() + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        POST.encode() + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n",
    ],
)
def test_a_client_may_hang_up_in_a_request(sent):
    """A client that is gone before its request was whole is nobody's trouble, and the world is not asked."""
    echo = Echo()
    with serving(echo) as address:
        with Wire(address) as wire:
            wire.send(sent)
        assert ask(address, GET)[0] == 200

    assert len(echo.seen) == 1


def test_a_client_may_hang_up_in_an_answer():
    """A client that is gone in the middle of an answer is nobody's trouble."""
    with serving(Echo(lambda _: Response(body=PIECE * 8))) as address:
        with Wire(address) as wire:
            wire.send(GET)
            wire.line()
            wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert ask(address, GET)[0] == 200


@pytest.mark.parametrize(
    ("head", "before", "after"),
    [
        (f"Content-Length: {BIG}\r\n\r\n", b"", b""),
        ("Transfer-Encoding: chunked\r\n\r\n", b"%x\r\n" % len(PIECE), b"\r\n"),
    ],
    ids=["length", "chunks"],
)
def test_a_hundred_megabytes_are_refused(head, before, after):
    """A body of 100 MB is answered with 413, which the client gets to read, and never kept in memory."""
    with serving(Echo()) as address, Wire(address) as wire:
        tracemalloc.start()
        try:
            wire.send(POST + head)
            for _ in range(BIG // len(PIECE)):
                wire.send(before, PIECE, after)
            status, _, body = wire.response()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert (status, body) == (413, b"The body of this request is longer than 16,777,216 bytes.\n")
        assert peak < 40 * 1024 * 1024


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /" + "a" * 70_000, 414),
        ("GET / HTTP/1.1\r\n" + "A: b\r\n" * 101, 431),
        (f"{POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (f"{POST}Transfer-Encoding: chunked\r\n\r\nzzz\r\n", 400),
        ("one two three four\r\n\r\n", 400),
    ],
)
def test_whoever_is_refused_gets_to_read_why(head, status):
    """A client that is refused in the middle of what it sends is not cut off before it has read the answer."""
    with serving(Echo()) as address, Wire(address) as wire:
        wire.send(head, *[PIECE] * 8)

        assert wire.response()[0] == status


def test_a_refusal_is_read_over_tls():
    """A body that is too long is refused over TLS as well, and the client reads the answer."""
    authority = Authority()
    with Server(Echo()) as server:
        context = authority.context_of_port(lambda _: False, address="127.0.0.1")
        address = "127.0.0.1", server.listen(lambda _: Site(origin="https://edge.example"), tls=context)
        client = ssl.create_default_context(cadata=authority.certificate.decode())
        with socket.create_connection(address) as plain, client.wrap_socket(plain, server_hostname="localhost") as sock:
            sock.sendall(f"{POST}Content-Length: {BIG}\r\n\r\n".encode())
            for _ in range(32):
                sock.sendall(PIECE)
            assert sock.recv(12) == b"HTTP/1.1 413"


def test_memory_is_taken_for_what_was_sent():
    """A client that announces a long body and does not send it costs no memory."""
    echo = Echo()
    tracemalloc.start()
    try:
        with serving(echo) as address:
            wires = [Wire(address) for _ in range(50)]
            for wire in wires:
                wire.send(POST, "Content-Length: 16000000\r\nExpect: 100-continue\r\n\r\n")
            for wire in wires:
                assert wire.line() == b"HTTP/1.1 100 Continue\r\n"
                wire.send(b"abc")
            assert ask(address, GET)[0] == 200
            _, peak = tracemalloc.get_traced_memory()
            for wire in wires:
                wire.__exit__()
    finally:
        tracemalloc.stop()

    assert peak < 50 * 1024 * 1024
    assert len(echo.seen) == 1


def test_a_reset_is_a_reset():
    """Where the world says that the connection is reset, it is."""
    with serving(failing(FailureKind.RESET)) as address, Wire(address) as wire:
        wire.send(GET)

        with pytest.raises(ConnectionResetError):
            wire.line()


def test_a_time_out_is_silence():
    """Where the world says that no answer comes in time, none comes, until the client gives up."""
    with serving(failing(FailureKind.TIMEOUT)) as address, Wire(address) as wire:
        wire.send(GET)
        wire.sock.settimeout(0.1)

        with pytest.raises(TimeoutError):
            wire.sock.recv(1)


def test_a_silence_is_not_broken():
    """Whatever a client sends while it waits, it gets no answer."""
    reached = threading.Event()

    def answer(_):
        reached.set()
        return ConnectionFailure(kind=FailureKind.TIMEOUT, message="")

    echo = Echo(answer)
    with serving(echo) as address, Wire(address) as wire:
        wire.send(GET, GET)
        assert reached.wait(PATIENCE_S)
        wire.send(GET)
        wire.sock.settimeout(0.1)

        with pytest.raises(TimeoutError):
            wire.sock.recv(1)
    assert len(echo.seen) == 1


def test_an_unknown_host_is_told():
    """A host of the world that it does not know is 421, with what it says of that."""
    with serving(failing(FailureKind.UNKNOWN_HOST)) as address:
        status, headers, body = ask(address, GET)

    assert (status, headers["Content-Type"], body) == (421, "text/plain; charset=utf-8", b"no such luck\n")


class Flaky(socket.socket):
    """A listening socket that does not give its first client at once."""

    error: OSError

    def accept(self):
        self.accept = super().accept
        raise self.error


@pytest.mark.parametrize("error", [ConnectionAbortedError(), OSError(errno.EMFILE, "Too many open files")])
def test_a_client_may_be_gone_before_it_is_accepted(monkeypatch, error):
    """A connection that is over before it began, or for which no file is left just then, is nobody's trouble."""
    create = socket.create_server
    monkeypatch.setattr(Flaky, "error", error, raising=False)
    monkeypatch.setattr(
        socket, "create_server", lambda *args, **options: Flaky(fileno=create(*args, **options).detach())
    )

    with serving(Echo()) as address:
        assert ask(address, GET)[0] == 200


def test_a_connection_that_comes_too_late_is_cut_off():
    """While a server closes it takes nothing more in hand, and opens no further port."""
    server = Server(Echo())
    server.close()
    one, other = socket.socketpair()

    with other, pytest.raises(ConnectionAbortedError), server.held(one):
        pytest.fail("it is closing")
    assert one.fileno() == -1
    with pytest.raises(OSError, match="this server was closed"):
        server.listen(lambda _: Site())


@pytest.mark.parametrize("sent", ["", "GET / HTTP/1.1\r\n", GET])
def test_closing_ends_open_connections(sent):
    """When the server closes, connections end, in the middle of a request or between two."""
    with serving(Echo()) as address:
        wire = Wire(address)
        wire.send(sent)
        if sent == GET:
            wire.response()
    with wire:
        assert wire.is_over()


def test_closing_ends_a_silence():
    """When the server closes, who waits for an answer that never comes is let go."""
    reached = threading.Event()

    def answer(_):
        reached.set()
        return ConnectionFailure(kind=FailureKind.TIMEOUT, message="")

    with serving(Echo(answer)) as address:
        wire = Wire(address)
        wire.send(GET)
        assert reached.wait(PATIENCE_S)
    with wire:
        assert wire.is_over()


def test_closing_waits_for_an_answer_that_is_on_its_way():
    """What the world is at work on comes to its end before the server does."""
    reached, over = threading.Event(), threading.Event()

    def answer(_):
        reached.set()
        assert over.wait(PATIENCE_S)
        return Response()

    with serving(Echo(answer)) as address:
        wire = Wire(address)
        wire.send(GET)
        assert reached.wait(PATIENCE_S)
        over.set()
    with wire:
        assert threads_of_servers() == []


def test_closing_leaves_a_target_that_never_returns_to_itself():
    """An answer that does not come does not hold up the end; its client is cut off, its thread ends when it does."""
    reached, over = threading.Event(), threading.Event()

    def answer(_):
        reached.set()
        assert over.wait(PATIENCE_S)
        return Response()

    with serving(Echo(answer), last_wait_s=0.05) as address:
        wire = Wire(address)
        wire.send(GET)
        assert reached.wait(PATIENCE_S)
    with wire:
        assert wire.is_over()
        (left,) = [thread for thread in threading.enumerate() if thread.name.startswith("apigee-port")]
        assert left.daemon
        over.set()
        left.join(PATIENCE_S)


def test_a_server_is_closed_once():
    """To close it again does nothing."""
    server = Server(Echo())
    server.listen(lambda _: Site())

    server.close()
    server.close()


def test_a_port_that_is_in_use_cannot_be_opened():
    """Whoever asks for a certain port hears that it is taken."""
    with Server(Echo()) as one, Server(Echo()) as other:
        port = one.listen(lambda _: Site())

        with pytest.raises(OSError, match="in use"):
            other.listen(lambda _: Site(), port=port)


@pytest.mark.parametrize(
    "sent", [b"", GET.encode(), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", bytes(range(64, 128))]
)
def test_what_is_no_tls_ends_its_connection(sent):
    """Garbage, plain HTTP and half a greeting at a port with TLS end their own connection and nothing else."""
    authority = Authority()
    echo = Echo()
    with Server(echo) as server:
        context = authority.context_of_port(echo.owns, address="127.0.0.1")
        address = "127.0.0.1", server.listen(lambda _: Site(origin="https://edge.example"), tls=context)
        with Wire(address) as wire:
            wire.send(sent)
        client = ssl.create_default_context(cadata=authority.certificate.decode())
        with (
            socket.create_connection(address) as plain,
            client.wrap_socket(plain, server_hostname="edge.example") as sock,
        ):
            sock.sendall(GET.encode())
            assert sock.recv(15) == b"HTTP/1.1 200 OK"


def test_closing_ends_a_handshake():
    """A client that never says hello does not hold up the end."""
    authority = Authority()
    with Server(Echo()) as server:
        context = authority.context_of_port(lambda _: False, address="127.0.0.1")
        address = "127.0.0.1", server.listen(lambda _: Site(), tls=context)
        wires = [Wire(address) for _ in range(3)]
    for wire in wires:
        with wire:
            assert wire.is_over()


def test_closing_ends_connections_over_tls():
    """When the server closes, encrypted connections end, whatever they are at."""
    authority = Authority()
    client = ssl.create_default_context(cadata=authority.certificate.decode())
    for turn in range(10):
        with Server(Echo()) as server:
            context = authority.context_of_port(lambda _: False, address="127.0.0.1")
            address = "127.0.0.1", server.listen(lambda _: Site(origin="https://edge.example"), tls=context)
            plain = socket.create_connection(address, timeout=PATIENCE_S)
            sock = client.wrap_socket(plain, server_hostname="localhost")
            sock.sendall(GET.encode())
            if turn % 2:
                assert sock.recv(15) == b"HTTP/1.1 200 OK"
        with sock, suppress(ConnectionResetError):
            while sock.recv(1024):
                pass


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01", GET.encode()])
def test_a_client_may_hang_up_before_tls(sent):
    """A client that resets its connection before it said hello is nobody's trouble, and leaves no socket behind."""
    authority = Authority()
    with Server(Echo()) as server:
        context = authority.context_of_port(lambda _: False, address="127.0.0.1")
        address = "127.0.0.1", server.listen(lambda _: Site(), tls=context)
        for _ in range(20):
            with socket.create_connection(address) as sock:
                sock.sendall(sent)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    gc.collect()


def test_ipv6_is_served():
    """A server listens at an IPv6 address as well."""
    with Server(Echo(), options=ServerOptions(host="::1")) as server:
        port = server.listen(lambda _: Site(origin="https://edge.example"))
        with socket.create_connection(("::1", port)) as sock:
            sock.sendall(GET.encode())
            assert sock.recv(15) == b"HTTP/1.1 200 OK"


MUTATED = st.builds(
    lambda raw, place, junk: raw[: place % len(raw)] + junk + raw[place % len(raw) :],
    st.sampled_from(
        [
            GET.encode(),
            f"{POST}Content-Length: 3\r\n\r\nabc".encode(),
            f"{POST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".encode(),
            b"CONNECT edge.example:443 HTTP/1.1\r\n\r\n",
        ]
    ),
    st.integers(min_value=0, max_value=200),
    st.binary(max_size=12),
)


def test_nothing_that_is_sent_kills_the_server():
    """Whatever bytes come, they end in an answer or in the end of their connection, and the next client is served."""
    with serving(Echo(), idle_s=5) as address:

        @settings(max_examples=150, deadline=None)
        @given(st.one_of(st.binary(max_size=200), MUTATED))
        def send(raw: bytes) -> None:
            with Wire(address) as wire:
                wire.send(raw)
                wire.sock.shutdown(socket.SHUT_WR)
                answer = wire.rest()
            assert not answer or answer.startswith(b"HTTP/1.1 ")
            assert b"Traceback" not in answer

        send()
        assert ask(address, GET)[0] == 200
