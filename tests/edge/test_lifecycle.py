"""The lives of tokens: issued, used, refreshed, revoked and outlived, in any order, against a small oracle.

The oracle is written from the sheets alone (runtime.md 2.1, 4.5, 5.2, 5.4; sso.md 2.1, 3) and knows of each token only
whose it is, when it ends, whether it was revoked, and whether the gateway was asked late enough to have forgotten it.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from pytest_apigee import App, ConfigurationError, FakeEdge, Request, Response
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.records import DeveloperStatus, Status
from pytest_apigee.edge.users import User
from tests.edge.gateway_support import basic, bearer, get, token_request

START = datetime(2026, 1, 1, tzinfo=UTC)
START_MS = 1_767_225_600_000
SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
# runtime.md 2.1; sso.md 2.1
APP_TOKEN_MS = HOUR_MS
PURGED_AFTER_MS = 3 * DAY_MS
SSO_ACCESS_MS = {"current": 12 * HOUR_MS, "2016": 30 * MINUTE_MS}
SSO_REFRESH_MS = {"current": 30 * DAY_MS, "2016": 84_600 * SECOND_MS}

LOGIN_URL = "https://login.apigee.com/oauth/token"
MANAGEMENT_URL = "https://api.enterprise.apigee.com/v1/o/acme"
TOKEN_URL = "https://globex-test.apigee.net/oauth/client_credential/accesstoken?grant_type=client_credentials"
STEPS_MS = st.one_of(
    st.sampled_from([0, 1, SECOND_MS, 30 * MINUTE_MS, HOUR_MS - 1, HOUR_MS, 12 * HOUR_MS, 84_600 * SECOND_MS]),
    st.integers(min_value=0, max_value=31 * DAY_MS),
)

APPS = st.integers(min_value=0, max_value=2)
USERS = st.integers(min_value=0, max_value=1)

Verdict = tuple[int, str]
OK: Verdict = (200, "")


@dataclass
class Owner:
    """What the oracle knows of an app or user."""

    entity: App | User
    secret: str
    covers: frozenset[str] = frozenset()
    active: bool = True
    developer_active: bool = True
    password_changes: int = 0


@dataclass(eq=False)
class Life:
    """What the oracle knows of a token."""

    value: str = field(repr=False)
    owner: Owner
    ends_ms: int
    revoked: bool = False
    forgotten: bool = False
    password_changes: int = 0

    def has_ended(self, now_ms: int) -> bool:
        return now_ms >= self.ends_ms


class Lifecycle(RuleBasedStateMachine):
    app_tokens = Bundle("app_tokens")
    sso_tokens = Bundle("sso_tokens")
    refresh_tokens = Bundle("refresh_tokens")

    edge: FakeEdge
    organization: Organization

    # What the world is

    @initialize(era=st.sampled_from(["current", "2016"]))
    def open_world(self, era: str) -> None:
        self.era = era
        self.now_ms = START_MS
        self.exchanges = 0
        self.issued = 0
        self.edge = FakeEdge(seed=7, era=era)
        self.edge.clock.freeze(START)
        self.organization = self.edge.organization("globex", environments=["test"])
        for name in ("weather", "maps"):
            self.edge.proxy(f"/{name}", products=[name], org="globex")
        self.apps = [self.declare_app(*products) for products in (["weather"], ["maps"], ["weather", "maps"])]
        self.users = [self.declare_user() for _ in range(2)]
        self.app_lives: list[Life] = []
        self.sso_lives: list[Life] = []

    def declare_user(self) -> Owner:
        user = self.edge.user()
        return Owner(entity=user, secret=user.password)

    def declare_app(self, *products: str) -> Owner:
        developer = self.edge.developer(org="globex")
        app = self.edge.app(products=products, developer=developer.email, org="globex")
        return Owner(entity=app, secret=app.consumer_secret, covers=frozenset(products))

    # Tokens of apps

    @rule(target=app_tokens, which=APPS)
    def issue(self, which: int) -> Any:
        owner = self.apps[which]
        verdict, body = self.ask_flat(owner, owner.secret)
        expected: Verdict = OK
        if not owner.active:
            expected = (401, "App not Approved")
        elif not owner.developer_active:
            expected = (401, "Developer Status is not Active")

        assert verdict == expected
        if expected != OK:
            return multiple()
        self.issued += 1
        assert body["expires_in"] == "3599"
        life = Life(value=body["access_token"], owner=owner, ends_ms=self.now_ms + APP_TOKEN_MS)
        self.app_lives.append(life)
        return life

    @rule(which=APPS)
    def issue_with_a_wrong_secret(self, which: int) -> None:
        owner = self.apps[which]
        assert self.ask_flat(owner, owner.secret[::-1] + "x")[0] == (401, "Client credentials are invalid")

    def use(self, life: Life, api: str) -> None:
        response = self.ask(get(f"https://globex-test.apigee.net/{api}", bearer(life.value)))

        code = "" if response.status == 200 else response.json()["fault"]["detail"]["errorcode"]
        assert (response.status, code) == self.verdict_on(life, api)

    def verdict_on(self, life: Life, api: str) -> Verdict:
        prefix = "keymanagement.service."
        if life.forgotten or life.revoked:
            return 401, f"{prefix}{'invalid_access_token' if life.forgotten else 'access_token_not_approved'}"
        if life.has_ended(self.now_ms):
            return 401, f"{prefix}access_token_expired"
        if not life.owner.active:
            return 401, f"{prefix}invalid_client-app_not_approved"
        if not life.owner.developer_active:
            return 401, f"{prefix}DeveloperStatusNotActive"
        if api not in life.owner.covers:
            return 401, f"{prefix}InvalidAPICallAsNoApiProductMatchFound"
        return OK

    @rule(life=app_tokens)
    def revoke(self, life: Life) -> None:
        if life.forgotten:
            with pytest.raises(ConfigurationError):
                self.edge.revoke(life.value)
        else:
            self.edge.revoke(life.value)
        life.revoked = True

    @rule(which=APPS, active=st.booleans())
    def set_app_status(self, which: int, *, active: bool) -> None:
        owner = self.apps[which]
        assert isinstance(owner.entity, App)
        self.organization.set_app_status(owner.entity, Status.APPROVED if active else Status.REVOKED)
        owner.active = active

    @rule(which=APPS, active=st.booleans())
    def set_developer_status(self, which: int, *, active: bool) -> None:
        owner = self.apps[which]
        assert isinstance(owner.entity, App)
        status = DeveloperStatus.ACTIVE if active else DeveloperStatus.INACTIVE
        self.organization.set_developer_status(owner.entity.developer, status)
        owner.developer_active = active

    # Tokens of users

    @rule(targets=(sso_tokens, refresh_tokens), which=USERS)
    def log_in(self, which: int) -> tuple[Life, Life]:
        owner = self.users[which]
        response = self.ask_sso(grant_type="password", username=self.email(owner), password=owner.secret)

        assert response.status == 200
        self.issued += 1
        body = response.json()
        return (
            self.new_life(body["access_token"], owner, SSO_ACCESS_MS),
            self.new_life(body["refresh_token"], owner, SSO_REFRESH_MS),
        )

    @rule(which=USERS)
    def log_in_with_a_wrong_password(self, which: int) -> None:
        owner = self.users[which]
        response = self.ask_sso(grant_type="password", username=self.email(owner), password=owner.secret + "x")

        assert (response.status, response.json()["error"]) == (401, "unauthorized")

    @rule(target=sso_tokens, pair=refresh_tokens, before_ms=st.sampled_from([None, 0, 1]))
    def refresh(self, pair: tuple[Life, Life], before_ms: int | None) -> Any:
        life = pair[1]
        if before_ms is not None:
            self.travel_to(life.ends_ms - before_ms)
        response = self.ask_sso(grant_type="refresh_token", refresh_token=life.value)

        body = response.json()
        if self.is_void(life):
            assert (response.status, body["error"]) == (401, "invalid_token")
            return multiple()
        assert (response.status, body["refresh_token"]) == (200, life.value)
        self.issued += 1
        return self.new_life(body["access_token"], life.owner, SSO_ACCESS_MS), life

    def manage(self, life: Life) -> None:
        response = self.ask(get(MANAGEMENT_URL, bearer(life.value)))

        assert response.status == (401 if self.is_void(life) else 200)

    @rule(pair=refresh_tokens)
    def manage_by_refresh_token(self, pair: tuple[Life, Life]) -> None:
        assert self.ask(get(MANAGEMENT_URL, bearer(pair[1].value))).status == 401

    @rule(which=USERS)
    def change_password(self, which: int) -> None:
        owner = self.users[which]
        owner.password_changes += 1
        owner.secret = f"password-{owner.password_changes}"
        self.edge.set_password(self.email(owner), owner.secret)

    def is_void(self, life: Life) -> bool:
        return life.has_ended(self.now_ms) or life.password_changes != life.owner.password_changes

    # Tokens where they do not belong

    @rule(life=app_tokens)
    def manage_by_app_token(self, life: Life) -> None:
        assert self.ask(get(MANAGEMENT_URL, bearer(life.value))).status == 401

    @rule(pair=sso_tokens)
    def use_sso_token(self, pair: tuple[Life, Life]) -> None:
        response = self.ask(get("https://globex-test.apigee.net/weather", bearer(pair[0].value)))

        code = response.json()["fault"]["detail"]["errorcode"]
        assert (response.status, code) == (401, "keymanagement.service.invalid_access_token")

    # Time

    @rule(step_ms=STEPS_MS)
    def advance(self, step_ms: int) -> None:
        self.edge.clock.advance(milliseconds=step_ms)
        self.now_ms += step_ms

    @rule(offset_ms=STEPS_MS)
    def travel(self, offset_ms: int) -> None:
        self.travel_to(START_MS + offset_ms)

    @rule(life=app_tokens, before_ms=st.integers(min_value=0, max_value=1))
    def travel_to_the_end_of_an_app_token(self, life: Life, before_ms: int) -> None:
        self.travel_to(life.ends_ms - before_ms)

    @rule(pair=sso_tokens, which=st.integers(min_value=0, max_value=1), before_ms=st.integers(min_value=0, max_value=1))
    def travel_to_the_end_of_an_sso_token(self, pair: tuple[Life, Life], which: int, before_ms: int) -> None:
        self.travel_to(pair[which].ends_ms - before_ms)

    def travel_to(self, moment_ms: int) -> None:
        self.edge.clock.travel_to(START + timedelta(milliseconds=moment_ms - START_MS))
        self.now_ms = moment_ms

    # What always holds

    @invariant()
    def gives_the_verdict_of_the_oracle_on_every_token(self) -> None:
        if hasattr(self, "edge"):
            for life in self.app_lives:
                self.use(life, "weather")
                self.use(life, "maps")
            for life in self.sso_lives:
                self.manage(life)

    @invariant()
    def has_counted_everything(self) -> None:
        if hasattr(self, "edge"):
            calls = self.edge.calls
            assert (calls.total, len(calls.tokens_issued)) == (self.exchanges, self.issued)
            assert self.edge.clock.now_ms == self.now_ms
            assert len(self.organization.tokens) == sum(not life.forgotten for life in self.app_lives)

    # How it asks

    def ask(self, request: Request) -> Response:
        self.exchanges += 1
        if request.host == "globex-test.apigee.net":
            for life in self.app_lives:
                life.forgotten |= self.now_ms >= life.ends_ms + PURGED_AFTER_MS
        response = self.edge.handle(request)
        assert isinstance(response, Response)
        return response

    def ask_flat(self, owner: Owner, secret: str) -> tuple[Verdict, dict[str, str]]:
        assert isinstance(owner.entity, App)
        response = self.ask(token_request(TOKEN_URL, client_id=owner.entity.consumer_key, client_secret=secret))
        body = response.json()
        return (response.status, body.get("Error", "")), body

    def ask_sso(self, **fields: str) -> Response:
        request = token_request(LOGIN_URL, **fields)
        return self.ask(request.with_headers([*request.headers, basic("edgecli", "edgeclisecret")]))

    def new_life(self, value: str, owner: Owner, lifetimes_ms: dict[str, int]) -> Life:
        whole_seconds_ms = self.now_ms // SECOND_MS * SECOND_MS  # `iat` and `exp` are seconds: sso.md 2.2
        ends_ms = whole_seconds_ms + lifetimes_ms[self.era]
        life = Life(value=value, owner=owner, ends_ms=ends_ms, password_changes=owner.password_changes)
        if lifetimes_ms is SSO_ACCESS_MS:
            self.sso_lives.append(life)
        return life

    @staticmethod
    def email(owner: Owner) -> str:
        assert isinstance(owner.entity, User)
        return owner.entity.email


TestLifecycle = Lifecycle.TestCase
TestLifecycle.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
