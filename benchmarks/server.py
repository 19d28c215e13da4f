"""Time the local server: its start, its end, and tokens over connections that are kept, beside other servers.

The limits: 10 ms from the start to the first answer, 10 ms to the end, 0.5 ms at the median for a token request over a
connection that is kept, and client-credentials tokens on eight connections at 0.6 or more of the rate of a static reply
from the same server. Beside them, in the same run, the same static reply from werkzeug and pytest-httpserver, and
tokens of npm's oidc-provider, where they are installed; OIDC_PROVIDER names the directory of the last one.

The client is another process. Run it on a machine with nothing else to do, by `tox -e server-benchmarks`.
"""

import base64
import http.client
import json
import logging
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from pytest_apigee import FakeEdge, Request, Response
from pytest_apigee.transports.connection import Site
from pytest_apigee.transports.server import Server

STARTS, CONNECTIONS, SECONDS = 30, 8, 3.0
START_LIMIT_MS, STOP_LIMIT_MS, TOKEN_LIMIT_MS, RATE_LIMIT = 10.0, 10.0, 0.5, 0.6
HERE = Path(__file__).parent
FORM = "Content-Type: application/x-www-form-urlencoded"
CREDENTIALS = b"grant_type=client_credentials"
BODY = b'{"status": "fine"}'


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


def load(url: str, *headers: str, body: bytes = b"") -> dict[str, float]:
    """Return what `load.py` finds."""
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc}", FORM, *headers, f"Content-Length: {len(body)}", "", ""]
    command = [sys.executable, HERE / "load.py", parts.hostname, str(parts.port), str(SECONDS), str(CONNECTIONS)]
    run = subprocess.run(command, input="\r\n".join(lines).encode() + body, stdout=subprocess.PIPE, check=True)
    figures: dict[str, float] = json.loads(run.stdout)
    return figures


def basic(user: str, password: str) -> str:
    """Return an Authorization header."""
    return f"Authorization: Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


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


@contextmanager
def oidc_provider(directory: str) -> Iterator[str]:
    """Serve tokens with npm's oidc-provider."""
    command = [str(shutil.which("node")), HERE / "oidc_provider.mjs", Path(directory).resolve()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - for mypy
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/token"
        finally:
            process.terminate()


def start_and_stop() -> tuple[float, float]:
    """Return the medians of start to first answer and of the end, in milliseconds."""
    starts, stops = [], []
    for _ in range(STARTS):
        edge = FakeEdge()
        began = time.perf_counter()
        with edge.serve() as server:
            connection = http.client.HTTPConnection(urlsplit(server.login_url).netloc)
            connection.request("GET", "/version")
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


def show(name: str, figures: dict[str, float]) -> None:
    """Print a line."""
    print(f"{name:<44}{figures['median_ms']:>10.2f} ms {figures['rate']:>10.0f} /s on eight connections", flush=True)


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
    with edge.serve() as server, ours() as static:
        tokens = load(server.token_url, basic(app.consumer_key, app.consumer_secret))
        replies = load(static)
    kept.append(told("token over a connection that is kept", tokens["median_ms"], "ms", TOKEN_LIMIT_MS, at_most))
    kept.append(told("tokens in static replies", tokens["rate"] / replies["rate"], "", RATE_LIMIT, at_least))
    show("tokens", tokens)
    show("static replies", replies)
    for name, package, serve in (
        ("werkzeug", "werkzeug", werkzeug),
        ("pytest-httpserver", "pytest_httpserver", httpserver),
    ):
        if find_spec(package) is None:
            print(f"{name} is not installed.")
            continue
        with serve() as url:
            show(f"static replies of {name}", load(url))
    if directory := os.environ.get("OIDC_PROVIDER"):
        with oidc_provider(directory) as url:
            show("tokens of oidc-provider", load(url, basic("key", "secret"), body=CREDENTIALS))
    else:
        print("oidc-provider is not installed.")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
