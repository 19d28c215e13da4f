"""Time the local server: its start, its end, and tokens over connections that are kept, beside other servers.

The limits: 10 ms from the start to the first answer, 10 ms to the end, 0.5 ms at the median for a token request over a
connection that is kept, and client-credentials tokens on eight connections at 0.6 or more of the rate of a static reply
from the same server. Beside them, in the same run, the same static reply from werkzeug and pytest-httpserver, where
they are installed. One client process asks; run it on a machine with nothing else to do, by `tox -e server-benchmarks`.
"""

import base64
import http.client
import logging
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from urllib.parse import urlsplit

from pytest_apigee import FakeEdge, Request, Response
from pytest_apigee.transports.connection import Site
from pytest_apigee.transports.server import Server

STARTS, REQUESTS, CONNECTIONS, SECONDS = 30, 3_000, 8, 3.0
START_LIMIT_MS, STOP_LIMIT_MS, TOKEN_LIMIT_MS, RATE_LIMIT = 10.0, 10.0, 0.5, 0.6
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BODY = b'{"status": "fine"}'
OK = 200


class Static:
    """A world that has one answer."""

    def owns(self, host: str) -> bool:
        """It owns every host."""
        return bool(host)

    def answers(self, host: str) -> bool:
        """It answers for every host."""
        return bool(host)

    def handle(self, request: Request) -> Response:  # noqa: ARG002 - whatever is asked
        """Return the answer."""
        return Response(headers={"Content-Type": "application/json"}, body=BODY)

    def http_date(self) -> str:
        """Return a date."""
        return "Thu, 01 Jan 2026 00:00:00 GMT"


def ask(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> None:
    """Send one request over a connection that is kept."""
    connection.request("POST", path, b"", headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != OK:
        sys.exit(f"{path} was answered with {answer.status}.")


def connected(url: str) -> tuple[http.client.HTTPConnection, str]:
    """Return a connection, and what to ask for over it."""
    parts = urlsplit(url)
    return http.client.HTTPConnection(str(parts.hostname), parts.port), f"{parts.path or '/'}?{parts.query}"


def median_ms(url: str, headers: dict[str, str]) -> float:
    """Return the median of the times that one connection's requests take."""
    connection, path = connected(url)
    times = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        ask(connection, path, headers)
        times.append(time.perf_counter() - began)
    connection.close()
    return statistics.median(times) * 1_000


def rate(url: str, headers: dict[str, str]) -> float:
    """Return how many requests in a second some connections get through."""
    over = threading.Event()

    def run(_: int) -> int:
        connection, path = connected(url)
        count = 0
        while not over.is_set():
            ask(connection, path, headers)
            count += 1
        connection.close()
        return count

    with ThreadPoolExecutor(CONNECTIONS) as clients:
        began = time.perf_counter()
        counts = [clients.submit(run, number) for number in range(CONNECTIONS)]
        time.sleep(SECONDS)
        over.set()
        total = sum(count.result() for count in counts)
    return total / (time.perf_counter() - began)


@contextmanager
def ours() -> Iterator[str]:
    """Serve the static answer."""
    with Server(Static()) as server:
        yield f"http://127.0.0.1:{server.listen(lambda _: Site(origin='https://edge.example'))}"


@contextmanager
def werkzeug() -> Iterator[str]:
    """Serve the same answer with werkzeug."""
    from werkzeug import Request as Asked  # noqa: PLC0415 - not everybody has it
    from werkzeug import Response as Answer  # noqa: PLC0415 - as above
    from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: PLC0415 - as above

    class Kept(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_request(self, *_: object) -> None:
            """Log nothing."""

    @Asked.application
    def application(_: Asked) -> Answer:
        return Answer(BODY, content_type="application/json")

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Kept)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def httpserver() -> Iterator[str]:
    """Serve the same answer with pytest-httpserver."""
    from pytest_httpserver import HTTPServer  # noqa: PLC0415 - not everybody has it

    with HTTPServer(threaded=True) as server:
        server.expect_request("/").respond_with_data(BODY, content_type="application/json")
        yield server.url_for("/")


def start_and_stop() -> tuple[float, float]:
    """Return the medians of start to first answer and of the end, in milliseconds."""
    starts, stops = [], []
    for _ in range(STARTS):
        edge = FakeEdge()
        began = time.perf_counter()
        with edge.serve() as server:
            connection, path = connected(f"{server.login_url}/version")
            connection.request("GET", path)
            connection.getresponse().read()
            starts.append(time.perf_counter() - began)
            began = time.perf_counter()
        stops.append(time.perf_counter() - began)
        connection.close()
    return statistics.median(starts[1:]) * 1_000, statistics.median(stops[1:]) * 1_000


def told(name: str, value: float, unit: str, limit: float, keeps: Callable[[float, float], bool]) -> bool:
    """Print a line, and return whether the limit is kept."""
    kept = keeps(value, limit)
    print(f"{name:<44}{value:>10.2f} {unit:<6} limit {limit:g}{'' if kept else '  <- missed'}", flush=True)
    return kept


def main() -> int:
    """Measure; 1 says that a limit is missed."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # which writes a line for each request
    at_most, at_least = (lambda value, limit: value <= limit), (lambda value, limit: value >= limit)
    start, stop = start_and_stop()
    kept = [
        told("start to the first answer", start, "ms", START_LIMIT_MS, at_most),
        told("end", stop, "ms", STOP_LIMIT_MS, at_most),
    ]
    edge = FakeEdge()
    app = edge.app()
    credentials = base64.b64encode(f"{app.consumer_key}:{app.consumer_secret}".encode()).decode()
    headers = {**FORM, "Authorization": f"Basic {credentials}"}
    with edge.serve() as server, ours() as static:
        kept.append(told("token over a connection that is kept", median_ms(server.token_url, headers), "ms",
                         TOKEN_LIMIT_MS, at_most))  # fmt: skip
        tokens, replies = rate(server.token_url, headers), rate(static, headers)
        print(f"{'tokens on eight connections':<44}{tokens:>10.0f} /s")
        print(f"{'static replies on eight connections':<44}{replies:>10.0f} /s")
        kept.append(told("tokens in static replies", tokens / replies, "", RATE_LIMIT, at_least))
        print(f"{'static reply over a connection that is kept':<44}{median_ms(static, headers):>10.2f} ms")
    for name, package, serve in (
        ("werkzeug", "werkzeug", werkzeug),
        ("pytest-httpserver", "pytest_httpserver", httpserver),
    ):
        if find_spec(package) is None:
            print(f"{name} is not installed.")
            continue
        with serve() as url:
            print(f"{f'static reply of {name}':<44}{median_ms(url, FORM):>10.2f} ms {rate(url, FORM):>10.0f} /s")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
