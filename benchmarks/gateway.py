"""Time what the gateway costs in the core: a verified call beside an open one, and tokens beside a million others.

Three questions, each with its limit:

* How much longer does a call take whose access token is verified than one that is let through? At most 40 µs.
* Do issuing, verifying and revoking a token cost the same beside a million live tokens as beside a thousand? At most
  1.5 times as much.
* What does a live token take of memory? Less than 1 KB.

Blocks of the things that are compared alternate, and the fastest block of each counts: noise only ever adds time. All
tokens are issued through the token endpoint. It takes some three minutes and 1 GB; run it by `tox -e benchmarks`.
"""

import gc
import resource
import sys
from collections.abc import Callable
from urllib.parse import urlencode

from measured import Measured

from pytest_apigee import App, FakeEdge, Request, Response

FEW, MANY = 1_000, 1_000_000
VERIFY_LIMIT = 40.0
GROWTH_LIMIT = 1.5
MEMORY_LIMIT = 1_024
BLOCKS = 60
RUNS_IN_A_BLOCK = 50
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OK = 200


class Gateway:
    """A fake Edge with a protected and an open API, an app, and as many live tokens as one likes."""

    def __init__(self) -> None:
        self.edge = FakeEdge()
        self.app: App = self.edge.app(products=["weather"])
        self.protected = self.edge.proxy("/weather", products=["weather"]).url
        self.open = self.edge.proxy("/open", security="none").url
        self.fields = {"client_id": self.app.consumer_key, "client_secret": self.app.consumer_secret}
        self.request = Request(method="POST", url=self.edge.token_url, headers=FORM, body=urlencode(self.fields))
        self.sent: list[str] = []

    def issue(self) -> str:
        """Ask for a token."""
        token: str = self._answered(self.request).json()["access_token"]
        return token

    def fill(self, tokens: int) -> None:
        """Ask for tokens until there are so many."""
        while len(self.sent) < tokens:
            self.sent.append(self.issue())

    def verify(self) -> object:
        """Call the protected API with a token."""
        return self._answered(Request(url=self.protected, headers={"Authorization": f"Bearer {self.sent[-1]}"}))

    def call_open(self) -> object:
        """Call the open API with the same headers."""
        return self._answered(Request(url=self.open, headers={"Authorization": f"Bearer {self.sent[-1]}"}))

    def _answered(self, request: Request) -> Response:
        answer = self.edge.handle(request)
        if not isinstance(answer, Response) or answer.status != OK:
            sys.exit(f"Refused: {self.edge.calls.last}.")
        return answer


def alternate(*measured: Measured) -> None:
    """Time blocks of each in turn, after one in vain to warm up."""
    for item in measured:
        item.time_a_block()
        item.blocks.clear()
    for _ in range(BLOCKS):
        for item in measured:
            item.time_a_block()


def verification() -> bool:
    """Compare a verified call with an open one; return whether the limit holds."""
    gateway = Gateway()
    gateway.fill(FEW)
    verified = Measured(name="verified", runs_in_a_block=RUNS_IN_A_BLOCK, run=gateway.verify)
    opened = Measured(name="open", runs_in_a_block=RUNS_IN_A_BLOCK, run=gateway.call_open)
    alternate(verified, opened)
    more = verified.fastest - opened.fastest
    print(f"{'open call':<28}{opened.fastest:>9.1f} µs")
    print(f"{'verified call':<28}{verified.fastest:>9.1f} µs")
    print(f"{'verification alone':<28}{more:>9.1f} µs   limit {VERIFY_LIMIT:.0f} µs")
    return more <= VERIFY_LIMIT


def memory_in_use() -> int:
    """Return the resident memory of this process in bytes."""
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - no file of anybody's
        return int(statm.read().split()[1]) * resource.getpagesize()


def growth() -> bool:
    """Compare what tokens cost beside a thousand and beside a million; return whether the limits hold."""
    few, many = Gateway(), Gateway()
    few.fill(FEW)
    many.fill(FEW)
    gc.collect()
    before = memory_in_use()
    many.fill(MANY)
    gc.collect()
    per_token = (memory_in_use() - before) / (MANY - FEW)
    is_flat = True
    print(f"\n{'':<28}{FEW:>9,}   {MANY:>9,}")
    for name in ("issue", "verify", "revoke"):
        small, large = (
            Measured(name=name, runs_in_a_block=RUNS_IN_A_BLOCK, run=_repeated(gateway, name))
            for gateway in (few, many)
        )
        alternate(small, large)
        ratio = large.fastest / small.fastest
        is_flat = is_flat and ratio <= GROWTH_LIMIT
        print(f"{name:<28}{small.fastest:>9.1f}   {large.fastest:>9.1f} µs   ratio {ratio:.2f}, limit {GROWTH_LIMIT}")
    print(f"{'memory of a token':<28}{per_token:>9.0f} bytes, limit {MEMORY_LIMIT}, the text of each kept beside it")
    return is_flat and per_token < MEMORY_LIMIT


def _repeated(gateway: Gateway, name: str) -> Callable[[], object]:
    """Return what is timed; a revocation is of a token that is new, so that there are always as many live ones."""
    if name != "revoke":
        return gateway.issue if name == "issue" else gateway.verify
    fresh = [gateway.issue() for _ in range((BLOCKS + 2) * RUNS_IN_A_BLOCK)]
    return lambda: gateway.edge.revoke(fresh.pop())


def main() -> int:
    """Measure all and print the tables; 1 says that a limit is broken."""
    results = [verification(), growth()]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
