"""The lives of codes and of pairs of tokens, of two clients, in any order, against a small oracle.

The oracle is written from the sheet alone (runtime.md 3, 4.1, 4.2, 4.4, 5.2, 5.4) and knows of each thing only whose it
is, when it ends, and whether it was used, revoked or replaced. Time goes on by less than the days after which Edge
forgets; `test_lifecycle` goes further.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from pytest_apigee import App, FakeEdge, Response
from pytest_apigee.edge.clock import MILLISECOND
from pytest_apigee.policies import (
    GenerateAccessToken,
    GenerateAuthorizationCode,
    InvalidateToken,
    RefreshAccessToken,
    TokenReference,
    ValidateToken,
)
from tests.edge.gateway_support import bearer, get, token_request
from tests.edge.grant_support import grant_edge, serve

CALLBACK = "https://app.example/callback"
CODE_MS, ACCESS_MS, REFRESH_MS = 60_000, 100_000, 1_000_000
STEPS_MS = st.sampled_from([0, 1, 999, 30_000, CODE_MS, ACCESS_MS, REFRESH_MS])
CLIENTS = st.integers(min_value=0, max_value=1)
MOSTLY_ITS_OWN = st.sampled_from([True, True, True, False])
ASKED = st.sampled_from(["", "", "READ", "WRITE READ", "ADMIN"])
GRANTED = {"": "READ WRITE", "READ": "READ", "WRITE READ": "READ WRITE", "ADMIN": ""}

Verdict = tuple[int, str]
OK: Verdict = (200, "")
BAD_CODE: Verdict = (400, "Invalid Authorization Code")
BAD_REFRESH: Verdict = (400, "Invalid Refresh Token")


@dataclass(eq=False)
class Code:
    """What the oracle knows of a code."""

    value: str
    client: int
    scope: str
    has_named_uri: bool
    ends_ms: int
    is_used: bool = False


@dataclass(eq=False)
class Access:
    """What the oracle knows of an access token."""

    value: str = field(repr=False)
    client: int
    ends_ms: int
    is_revoked: bool = False
    is_replaced: bool = False


@dataclass(eq=False)
class Refresh:
    """What the oracle knows of a refresh token."""

    value: str = field(repr=False)
    client: int
    scope: str
    ends_ms: int
    count: int
    access: Access
    is_revoked: bool = False
    is_replaced: bool = False


class Grants(RuleBasedStateMachine):
    codes = Bundle("codes")
    refreshes = Bundle("refreshes")

    edge: FakeEdge

    @initialize(era=st.sampled_from(["current", "2016"]))
    def open_world(self, era: str) -> None:
        self.edge, app = grant_edge(era=era)
        other = self.edge.app("other", products=["photos"], callback_url=CALLBACK)
        self.apps: list[App] = [app, other]
        self.accesses: list[Access] = []
        self.pairs: list[Refresh] = []
        lasts: dict[str, Any] = {
            "expires_in": ACCESS_MS * MILLISECOND,
            "refresh_token_expires_in": REFRESH_MS * MILLISECOND,
        }
        code = GenerateAuthorizationCode(name="code", generate_response=True, expires_in=CODE_MS * MILLISECOND)
        grants = ["authorization_code", "password"]
        token = GenerateAccessToken(name="token", generate_response=True, supported_grant_types=grants, **lasts)
        rotate = RefreshAccessToken(name="rotate", generate_response=True, **lasts)
        reuse = RefreshAccessToken(name="reuse", generate_response=True, reuse_refresh_token=True, **lasts)
        for policy in (code, token, rotate, reuse):
            serve(self.edge, f"/{policy.name}", policy)
        for kind in (InvalidateToken, ValidateToken):
            for cascade in (True, False):
                reference = TokenReference(variable="request.formparam.token", cascade=cascade)
                policy_ = kind(name="status", generate_error_response=True, tokens=[reference])
                serve(self.edge, f"/{kind.__name__}-{cascade}", policy_)
        self.edge.proxy("/photos", products=["photos"])

    # Codes

    @rule(target=codes, client=CLIENTS, scope=ASKED, names_uri=st.booleans())
    def authorize(self, client: int, scope: str, *, names_uri: bool) -> Code:
        sent = {"response_type": "code", "client_id": self.apps[client].consumer_key, "scope": scope}
        response = self.ask("/code", **sent, **({"redirect_uri": CALLBACK} if names_uri else {}))

        assert response.status == 302
        fields = dict(parse_qsl(urlsplit(response.headers.get("Location") or "").query))
        value = fields.pop("code")
        assert fields == ({"scope": GRANTED[scope]} if GRANTED[scope] else {})
        return Code(value, client, GRANTED[scope], names_uri, self.now_ms + CODE_MS)

    @rule(
        target=refreshes,
        code=codes,
        is_own=MOSTLY_ITS_OWN,
        uri=st.sampled_from(["", CALLBACK, CALLBACK, "oob"]),
        before_ms=st.sampled_from([None, None, None, 0, 1]),
    )
    def exchange(self, code: Code, uri: str, before_ms: int | None, *, is_own: bool) -> Any:
        self.go_on_to(code.ends_ms, before_ms)
        client = code.client if is_own else 1 - code.client
        sent = {"grant_type": "authorization_code", "code": code.value, **({"redirect_uri": uri} if uri else {})}
        response = self.ask_as(client, "/token", **sent)

        expected = self.verdict_on_code(code, client, uri)
        assert verdict(response) == expected
        if expected != OK:
            return multiple()
        code.is_used = True
        return self.new_pair(response, client, code.scope)

    def verdict_on_code(self, code: Code, client: int, uri: str) -> Verdict:
        if code.client != client or code.is_used:
            return BAD_CODE
        if self.now_ms >= code.ends_ms:
            return 400, "Authorization Code Expired"
        if not uri and code.has_named_uri:
            return 400, "Required param : redirect_uri"
        return (400, "Invalid redirect_uri : oob") if uri == "oob" else OK

    # Pairs of tokens

    @rule(target=refreshes, client=CLIENTS, scope=ASKED)
    def log_in(self, client: int, scope: str) -> Refresh:
        response = self.ask_as(client, "/token", grant_type="password", username="a", password="b", scope=scope)

        assert verdict(response) == OK
        return self.new_pair(response, client, GRANTED[scope])

    @rule(
        target=refreshes,
        known=refreshes,
        is_own=MOSTLY_ITS_OWN,
        scope=ASKED,
        path=st.sampled_from(["/rotate", "/reuse"]),
        before_ms=st.sampled_from([None, None, None, 0, 1]),
    )
    def refresh(self, known: Refresh, scope: str, path: str, before_ms: int | None, *, is_own: bool) -> Any:
        self.go_on_to(known.ends_ms, before_ms)
        client = known.client if is_own else 1 - known.client
        sent = {"grant_type": "refresh_token", "refresh_token": known.value, "scope": scope}
        response = self.ask_as(client, path, **sent)

        expected = self.verdict_on_refresh(known, client, scope)
        assert verdict(response) == expected
        if expected != OK:
            return multiple()
        known.access.is_replaced = True
        if path == "/rotate":
            known.is_replaced = True
            return self.new_pair(response, client, known.scope, count=known.count + 1)
        known.count += 1
        known.access = self.new_access(response, client)
        left_s = max(0, (known.ends_ms - self.now_ms) // 1_000 - 1)
        self.check_answer(response, known, refresh_expires_in=str(left_s))
        return multiple()

    def verdict_on_refresh(self, known: Refresh, client: int, scope: str) -> Verdict:
        if known.client != client or known.is_replaced or known.is_revoked:
            return BAD_REFRESH
        if self.now_ms >= known.ends_ms:
            return 400, "Refresh Token expired"
        return OK if set(scope.split()) <= set(known.scope.split()) else (400, "Invalid Scope")

    # Revocation

    @rule(known=refreshes, by_access=st.booleans(), cascade=st.booleans(), revokes=st.booleans())
    def set_status(self, known: Refresh, *, by_access: bool, cascade: bool, revokes: bool) -> None:
        kind = InvalidateToken if revokes else ValidateToken
        token = known.access if by_access else known
        response = self.ask(f"/{kind.__name__}-{cascade}", token=token.value)

        if token.is_replaced:
            assert verdict(response) == (400, "Invalid Token")
            return
        assert response.status == 200
        for changed in (known.access, known) if cascade else (token,):
            changed.is_revoked = revokes

    # Time

    @rule(step_ms=STEPS_MS)
    def advance(self, step_ms: int) -> None:
        self.edge.clock.advance(milliseconds=step_ms)

    @rule(known=refreshes, before_ms=st.sampled_from([0, 1]))
    def go_on_to_the_end_of_an_access_token(self, known: Refresh, before_ms: int) -> None:
        self.go_on_to(known.access.ends_ms, before_ms)

    def go_on_to(self, moment_ms: int, before_ms: int | None) -> None:
        if before_ms is not None:
            self.edge.clock.advance(milliseconds=max(0, moment_ms - before_ms - self.now_ms))

    # What always holds

    @invariant()
    def gives_the_verdict_of_the_oracle_on_every_access_token(self) -> None:
        for access in self.accesses if hasattr(self, "edge") else ():
            response = self.handled(f"{self.edge.gateway_url}/photos", access.value)
            code = "" if response.status == 200 else response.json()["fault"]["detail"]["errorcode"].rpartition(".")[2]
            assert (response.status, code) == self.verdict_on_access(access)

    @invariant()
    def gives_the_verdict_of_the_oracle_on_every_refresh_token(self) -> None:
        """No token has this scope, so that the question changes nothing."""
        for known in self.pairs if hasattr(self, "edge") else ():
            sent = {"grant_type": "refresh_token", "refresh_token": known.value, "scope": "ADMIN"}
            response = self.ask_as(known.client, "/rotate", **sent)
            assert verdict(response) == self.verdict_on_refresh(known, known.client, "ADMIN")

    def verdict_on_access(self, access: Access) -> Verdict:
        if access.is_replaced or access.is_revoked:
            return 401, "invalid_access_token" if access.is_replaced else "access_token_not_approved"
        return (401, "access_token_expired") if self.now_ms >= access.ends_ms else OK

    # How it asks

    @property
    def now_ms(self) -> int:
        return self.edge.clock.now_ms

    def ask(self, path: str, **fields: str) -> Response:
        response = self.edge.handle(token_request(f"{self.edge.gateway_url}{path}", **fields))
        assert isinstance(response, Response)
        return response

    def ask_as(self, client: int, path: str, **fields: str) -> Response:
        app = self.apps[client]
        return self.ask(path, client_id=app.consumer_key, client_secret=app.consumer_secret, **fields)

    def handled(self, url: str, token: str) -> Response:
        response = self.edge.handle(get(url, bearer(token)))
        assert isinstance(response, Response)
        return response

    def new_access(self, response: Response, client: int) -> Access:
        access = Access(response.json()["access_token"], client, self.now_ms + ACCESS_MS)
        self.accesses.append(access)
        return access

    def new_pair(self, response: Response, client: int, scope: str, count: int = 0) -> Refresh:
        access, value = self.new_access(response, client), response.json()["refresh_token"]
        known = Refresh(value, client, scope, self.now_ms + REFRESH_MS, count, access)
        self.pairs.append(known)
        self.check_answer(response, known, refresh_expires_in="999")
        return known

    def check_answer(self, response: Response, known: Refresh, *, refresh_expires_in: str) -> None:
        body = response.json()
        assert {
            "client_id": self.apps[known.client].consumer_key,
            "scope": known.scope,
            "refresh_token": known.value,
            "refresh_count": str(known.count),
            "expires_in": "99",
            "refresh_token_expires_in": refresh_expires_in,
            "status": "approved",
            "refresh_token_status": "approved",
            "issued_at": str(self.now_ms),
        }.items() <= body.items()


def verdict(response: Response) -> Verdict:
    return response.status, "" if response.status == 200 else response.json()["Error"]


TestGrants = Grants.TestCase
TestGrants.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
