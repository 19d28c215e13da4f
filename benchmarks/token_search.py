"""Time what a page of a search for access tokens costs among a million of them, beside one among a thousand.

Searches by app, by end user, and by both; the first page, one in the middle, and the last. Each may take at most 1.5
times as long, and so may issuing a token that all three searches find. A token with an end user of its own, which is
what the index is largest for, may take less than 1 KB of memory.

Blocks of the things that are compared alternate, and the fastest block of each counts: noise only ever adds time. All
tokens are issued through a proxy. It takes some five minutes and 2 GB; run it by `tox -e benchmarks`.
"""

import base64
import gc
import resource
import sys
from collections.abc import Callable
from urllib.parse import quote, urlencode

from measured import Measured

from pytest_apigee import FakeEdge, Request, Response
from pytest_apigee.policies import Flow, GenerateAccessToken, ProxyEndpoint

FEW, MANY = 1_000, 1_000_000
GROWTH_LIMIT = 1.5
MEMORY_LIMIT = 1_024
BLOCKS = 60
RUNS_IN_A_BLOCK = 50
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
USER = "ops@acme.example"
FEATURES = {"features.isOAuthRevokeEnabled": "true", "features.isOAuth2TokenSearchEnabled": "true"}
ISSUE = GenerateAccessToken(
    name="issue",
    generate_response=True,
    supported_grant_types=["client_credentials"],
    app_end_user="request.formparam.user",
)
SEARCHES = ("app", "end user", "both")
PLACES = ("first", "middle", "last")
OK = 200


class Tokens:
    """A fake Edge with an app, an operator, and as many live tokens of one end user as one likes."""

    def __init__(self) -> None:
        self.edge = FakeEdge()
        self.edge.set_properties(FEATURES)
        self.edge.user(USER, password="x", roles={"acme": ["orgadmin"]})  # noqa: S106 - opens nothing
        self.app = self.edge.app()
        endpoint = ProxyEndpoint(pre_flow=Flow(name="PreFlow", request=[ISSUE]))
        self.url = self.edge.proxy("/token", endpoint=endpoint).url
        self.headers = {"Authorization": f"Basic {base64.b64encode(f'{USER}:x'.encode()).decode()}"}
        self.values: list[str] = []

    def issue(self, user: str = "ada") -> str:
        """Ask for a token of an end user."""
        fields = {
            "grant_type": "client_credentials",
            "client_id": self.app.consumer_key,
            "client_secret": self.app.consumer_secret,
            "user": user,
        }
        request = Request(method="POST", url=self.url, headers=FORM, body=urlencode(fields))
        token: str = self._answered(request).json()["access_token"]
        return token

    def fill(self, tokens: int) -> None:
        """Ask for tokens until there are so many."""
        while len(self.values) < tokens:
            self.values.append(self.issue())
        self.values.sort()

    def page(self, search: str, place: str) -> Callable[[], object]:
        """Return what asks for a page."""
        last = len(self.values) - 10
        start = {"first": "", "middle": self.values[last // 2], "last": self.values[last]}[place]
        app, user = f"app={self.app.app_id}&", "enduser=ada&"
        query = {"app": app, "end user": user, "both": app + user}[search]
        url = f"{self.edge.management_url}/v1/o/acme/oauth2/search?{query}start={quote(start)}"
        request = Request(url=url, headers=self.headers)
        return lambda: self._answered(request)

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


def growth() -> bool:
    """Compare pages among a thousand and among a million tokens; return whether the limits hold."""
    few, many = Tokens(), Tokens()
    few.fill(FEW)
    many.fill(MANY)
    gc.collect()
    is_flat = True
    print(f"{'':<28}{FEW:>9,}   {MANY:>9,}")
    compared = [
        (f"{search}, {place} page", few.page(search, place), many.page(search, place))
        for search in SEARCHES
        for place in PLACES
    ]
    for name, small_run, large_run in (*compared, ("issue", few.issue, many.issue)):
        small = Measured(name=name, runs_in_a_block=RUNS_IN_A_BLOCK, run=small_run)
        large = Measured(name=name, runs_in_a_block=RUNS_IN_A_BLOCK, run=large_run)
        alternate(small, large)
        ratio = large.fastest / small.fastest
        is_flat = is_flat and ratio <= GROWTH_LIMIT
        print(f"{name:<28}{small.fastest:>9.1f}   {large.fastest:>9.1f} µs   ratio {ratio:.2f}, limit {GROWTH_LIMIT}")
    return is_flat


def memory_in_use() -> int:
    """Return the resident memory of this process in bytes."""
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - no file of anybody's
        return int(statm.read().split()[1]) * resource.getpagesize()


def memory() -> bool:
    """Weigh tokens that have an end user each; return whether the limit holds."""
    tokens, number = Tokens(), MANY // 5
    for place in range(FEW):
        tokens.issue(f"first-{place}")
    gc.collect()
    before = memory_in_use()
    for place in range(number):
        tokens.issue(f"user-{place}")
    gc.collect()
    per_token = (memory_in_use() - before) / number
    print(f"{'memory of a token':<28}{per_token:>9.0f} bytes, limit {MEMORY_LIMIT}, each with an end user of its own")
    return per_token < MEMORY_LIMIT


def main() -> int:
    """Measure all and print the tables; 1 says that a limit is broken."""
    results = [memory(), growth()]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
