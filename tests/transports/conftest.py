"""A small world for the doors to open on, and servers on loopback that show what left the process."""

import itertools
import os
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

import pytest

from pytest_apigee.edge.message import ConnectionFailure, FailureKind, Request, Response
from pytest_apigee.transports.requests import Door, open_door

ROOT = Path(__file__).parents[2]
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Domain:
    """Whether a host is in a domain; the fence keeps it when the world is gone."""

    name: str

    def __call__(self, host: str) -> bool:
        return host == self.name or host.endswith(f".{self.name}")


class World:
    """A handler that owns a domain of its own, answers with what the test says, and remembers."""

    def __init__(self, name: str = "") -> None:
        self.host_test = Domain(name or f"world-{next(_numbers)}.test")
        self.requests: list[Request] = []
        self.records: list[tuple[Request, Response | ConnectionFailure, str]] = []
        self.complaints: list[tuple[str, str]] = []
        self.tolerated: set[str] = set()
        self.answer: Callable[[Request], Response | ConnectionFailure] = lambda request: Response(body="fake")

    @property
    def host(self) -> str:
        return f"login.{self.host_test.name}"

    @property
    def url(self) -> str:
        return f"https://{self.host}/oauth/token"

    def owns(self, host: str) -> bool:
        return self.host_test(host)

    def handle(self, request: Request) -> Response | ConnectionFailure:
        self.requests.append(request)
        return self.answer(request)

    def answers(self, *outcomes: Response | ConnectionFailure) -> None:
        """Answer with these one after the other."""
        left = iter(outcomes)
        self.answer = lambda request: next(left)

    def fails(self, kind: FailureKind, message: str = "as told") -> None:
        self.answer = lambda request: ConnectionFailure(kind=kind, message=message)

    def record(self, request: Request, outcome: Response | ConnectionFailure, reason: str) -> None:
        self.records.append((request, outcome, reason))

    def http_date(self) -> str:
        return formatdate(usegmt=True)

    def complain(self, kind: str, message: str) -> bool:
        self.complaints.append((kind, message))
        return kind not in self.tolerated


@pytest.fixture
def make_world() -> Callable[[], World]:
    return World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    with open_door(world) as opened:
        yield opened


class Listener(socketserver.ThreadingTCPServer):
    """A server that answers every request with ``real``, tunnels nowhere, and keeps the first line of each."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.lines: list[bytes] = []

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Answering(socketserver.StreamRequestHandler):
    server: Listener
    timeout = 5

    def handle(self) -> None:
        while self.rfile.peek(1)[:1] not in (b"", b"\x16") and (first := self.rfile.readline()):  # 0x16: TLS
            self.server.lines.append(first.strip())
            while self.rfile.readline().strip():
                pass
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nreal")


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def run_python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script in a process of its own, with this directory's `World` at hand and warnings as errors."""

    def run(script: str, *args: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-W", "error", "-c", script, *args]
        here = Path(__file__).parent
        return subprocess.run(command, env=env, cwd=here, capture_output=True, text=True, timeout=30, check=False)

    return run
