"""A client in a process of its own: sends one request over and over, and prints figures.

`load.py HOST PORT SECONDS CONNECTIONS` reads the request from standard input and prints JSON: the rate on so many
connections that are kept, and the median of the times of one connection alone, in milliseconds.
"""

import json
import socket
import statistics
import sys
import threading
import time
from typing import Self

REQUESTS = 3_000


class Connection:
    """A connection that is kept, as far as the server lets it; a context manager that closes it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._sock = self._connected()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._sock.close()

    def ask(self, request: bytes) -> None:
        """Send the request and read its answer."""
        self._sock.sendall(request)
        received = self._piece()
        while b"\r\n\r\n" not in received:
            received += self._piece()
        head, _, body = received.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            sys.exit(f"It was answered with {head[:60]!r}.")
        lowered = head.lower()
        length = int(lowered.partition(b"content-length:")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += self._piece()
        if b"connection: close" in lowered:
            self._sock.close()
            self._sock = self._connected()

    def _connected(self) -> socket.socket:
        sock = socket.create_connection(self._address, timeout=10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def _piece(self) -> bytes:
        piece = self._sock.recv(65_536)
        if not piece:
            raise ConnectionAbortedError
        return piece


def median_ms(address: tuple[str, int], request: bytes) -> float:
    """Return the median of the times that one connection's requests take."""
    times = []
    with Connection(address) as connection:
        for _ in range(REQUESTS):
            began = time.perf_counter()
            connection.ask(request)
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1_000


def rate(address: tuple[str, int], request: bytes, *, seconds: float, connections: int) -> float:
    """Return how many requests in a second some connections get through."""
    over, counts = threading.Event(), []

    def run() -> None:
        count = 0
        with Connection(address) as connection:
            while not over.is_set():
                connection.ask(request)
                count += 1
        counts.append(count)

    threads = [threading.Thread(target=run) for _ in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    over.set()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


if __name__ == "__main__":
    host, port, seconds, connections = sys.argv[1:]
    where, sent = (host, int(port)), sys.stdin.buffer.read()
    figures = {"rate": rate(where, sent, seconds=float(seconds), connections=int(connections))}
    print(json.dumps({**figures, "median_ms": median_ms(where, sent)}))
