"""InvalidateToken and ValidateToken: tokens that are revoked, and approved again. Source: runtime.md section 3."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from pytest_apigee import App, ConfigurationError, FakeEdge, Proxy, Request, TokenFactory
from pytest_apigee.edge.gateway.policies.generate_access_token import GenerateAccessToken
from pytest_apigee.edge.gateway.policies.refresh_access_token import RefreshAccessToken
from pytest_apigee.edge.gateway.policies.token_status import InvalidateToken, TokenReference, ValidateToken
from tests.edge.flow_variable_support import See, Seen, proxy_of, proxy_with_fault_rule
from tests.edge.gateway_support import (
    EXPIRED,
    FORM,
    HOUR_MS,
    JSON,
    REVOKED,
    Answer,
    answer,
    bearer,
    fault,
    flat,
    frozen_edge,
    get,
    token_request,
)

OK = (200, [JSON], b'{"temp": 21}')
DONE = (200, [JSON], b'{"done": true}')
VARIABLE = "request.formparam.token"
NOBODYS = (400, [JSON], b'{"ErrorCode" : "invalid_request", "Error" :"Invalid Token"}')
NO_REFRESH = (400, [JSON], b'{"ErrorCode" : "invalid_request", "Error" :"Invalid Refresh Token"}')

Kind = type[InvalidateToken] | type[ValidateToken]


@dataclass(frozen=True, kw_only=True)
class Issued:
    """An app's access token with its refresh token, and where they are used."""

    edge: FakeEdge
    app: App
    api: Proxy
    token_url: str
    access: str
    refresh: str

    def call(self) -> Answer:
        """Return the answer to a call with the access token."""
        return answer(self.edge, get(self.api.url, bearer(self.access)))

    def refreshed(self) -> Answer:
        """Return the answer to an exchange of the refresh token."""
        fields = {"grant_type": "refresh_token", "refresh_token": self.refresh}
        return answer(self.edge, token_request(self.token_url, **fields, **client_of(self.app)))

    def works(self) -> tuple[bool, bool]:
        """Return whether the access token works, and the refresh token."""
        return self.call() == OK, self.refreshed()[0] == 200


def client_of(app: App) -> dict[str, str]:
    return {"client_id": app.consumer_key, "client_secret": app.consumer_secret}


def issued(*, refresh_lifetime: timedelta | None = timedelta(hours=2), **settings: object) -> Issued:
    edge = frozen_edge(**settings)
    server = edge.authorization_server(users={"ada": "secret"}, refresh_token_expires_in=refresh_lifetime)
    app, api = edge.app("forecast", products=["weather"]), edge.proxy("/weather", target={"temp": 21})
    fields = {"grant_type": "password", "username": "ada", "password": "secret"}
    tokens = edge.handle(token_request(server.token_url, **fields, **client_of(app))).json()
    return Issued(
        edge=edge,
        app=app,
        api=api,
        token_url=server.token_url,
        access=tokens["access_token"],
        refresh=tokens["refresh_token"],
    )


def change(edge: FakeEdge, kind: Kind, token: str, **settings: object) -> Answer:
    """Return the answer of a proxy that changes the status of a token; its errors are flat."""
    base_path = f"/{kind.__name__}"
    reference = TokenReference(variable=VARIABLE, **settings)
    policy = kind(name="change", generate_error_response=True, tokens=[reference])
    api = proxy_of(edge, base_path, policy, target={"done": True})
    return answer(edge, token_request(api.url, token=token))


# Revoking


@pytest.mark.parametrize("token_type", ["accesstoken", "refreshtoken"])
@pytest.mark.parametrize(
    ("which", "cascade", "left"),
    [
        ("access", False, (False, True)),
        ("access", True, (False, False)),
        ("refresh", False, (True, False)),
        ("refresh", True, (False, False)),
    ],
)
def test_revokes_a_token_and_with_cascade_the_other(
    which: str, token_type: str, left: tuple[bool, bool], *, cascade: bool
) -> None:
    """A token is revoked, with cascade the one it came with as well; either type finds either kind of token."""
    pair = issued()

    sent = change(pair.edge, InvalidateToken, getattr(pair, which), type=token_type, cascade=cascade)

    assert sent == DONE
    assert pair.works() == left


def test_refuses_a_revoked_token_at_verify_and_a_revoked_refresh_token_at_refresh() -> None:
    """After it was revoked, an access token gets 401 at verify, a refresh token 400 at the token endpoint."""
    pair = issued()
    change(pair.edge, InvalidateToken, pair.access, cascade=True)

    assert (pair.call(), pair.refreshed()) == (REVOKED, NO_REFRESH)
    assert edge_reasons(pair.edge) == ["the token was revoked", "the refresh token was revoked"]


def edge_reasons(edge: FakeEdge) -> list[str]:
    return [call.reason for call in edge.calls.refused]


def test_says_the_switched_text_for_a_revoked_refresh_token() -> None:
    """The guess `revoked_refresh_text` is the text at the token endpoint."""
    pair = issued(guesses={"revoked_refresh_text": "Refresh Token revoked"})
    change(pair.edge, InvalidateToken, pair.refresh)

    assert pair.refreshed() == (400, [JSON], flat("invalid_request", "Refresh Token revoked"))


def test_revokes_a_token_without_refresh_token() -> None:
    """A token of client_credentials has no other one; cascade changes nothing about that."""
    edge = frozen_edge()
    api = edge.proxy("/weather", target={"temp": 21})
    mint, app = TokenFactory(edge), edge.app(products=["weather"])
    revoked, other = mint(app), mint(app)

    sent = change(edge, InvalidateToken, str(revoked), cascade=True)

    assert sent == DONE
    assert [answer(edge, get(api.url, bearer(token))) for token in (revoked, other)] == [REVOKED, OK]


def test_has_no_body_of_its_own() -> None:
    """The policy answers nothing: a proxy without target echoes the request, with status 200."""
    pair = issued()
    policy = InvalidateToken(name="change", tokens=[TokenReference(variable=VARIABLE)])
    api = proxy_of(pair.edge, "/revoke", policy)

    sent = answer(pair.edge, token_request(api.url, token=pair.access))

    assert sent == (200, [FORM], f"token={pair.access}".encode())
    assert pair.call() == REVOKED


def test_revokes_several_tokens() -> None:
    """A policy may name several tokens, each in a variable of its own."""
    edge = frozen_edge()
    api, app = edge.proxy("/weather", target={"temp": 21}), edge.app(products=["weather"])
    tokens = [str(TokenFactory(edge)(app)) for _ in range(3)]
    references = [TokenReference(variable="request.queryparam.a"), TokenReference(variable="request.queryparam.b")]
    revoke = proxy_of(edge, "/revoke", InvalidateToken(name="change", tokens=references))
    edge.handle(get(f"{revoke.url}?a={tokens[0]}&b={tokens[1]}"))

    assert [answer(edge, get(api.url, bearer(token))) for token in tokens] == [REVOKED, REVOKED, OK]


def test_changes_nothing_where_it_is_disabled() -> None:
    """A policy that is not enabled does not run."""
    pair = issued()
    policy = InvalidateToken(name="change", enabled=False, tokens=[TokenReference(variable=VARIABLE)])
    pair.edge.handle(token_request(proxy_of(pair.edge, "/revoke", policy).url, token=pair.access))

    assert pair.call() == OK


def test_revokes_twice() -> None:
    """A token that is revoked already may be revoked again."""
    pair = issued()
    pair.edge.revoke(pair.access)

    assert change(pair.edge, InvalidateToken, pair.access) == DONE
    assert pair.call() == REVOKED


# Approving again


@pytest.mark.parametrize(
    ("which", "cascade", "left"),
    [
        ("access", False, (True, False)),
        ("access", True, (True, True)),
        ("refresh", False, (False, True)),
        ("refresh", True, (True, True)),
    ],
)
def test_approves_a_token_again_and_with_cascade_the_other(
    which: str, left: tuple[bool, bool], *, cascade: bool
) -> None:
    """A revoked token is approved again, with cascade the one it came with as well."""
    pair = issued()
    pair.edge.revoke(pair.access)
    pair.edge.revoke(pair.refresh)

    sent = change(pair.edge, ValidateToken, getattr(pair, which), cascade=cascade)

    assert sent == DONE
    assert pair.works() == left


def test_leaves_an_expired_token_expired() -> None:
    """Status and expiry are independent: approved again, a token that has expired is told to be expired."""
    pair = issued()
    pair.edge.revoke(pair.access)
    pair.edge.clock.advance(hours=1)

    before = pair.call()
    change(pair.edge, ValidateToken, pair.access)

    assert (before, pair.call()) == (REVOKED, EXPIRED)


def test_leaves_an_expired_refresh_token_expired() -> None:
    """A refresh token that has expired stays so when it is approved again."""
    pair = issued()
    pair.edge.revoke(pair.refresh)
    pair.edge.clock.advance(hours=2)

    before = pair.refreshed()
    change(pair.edge, ValidateToken, pair.refresh)

    assert (before, pair.refreshed()) == (NO_REFRESH, (400, [JSON], flat("invalid_request", "Refresh Token expired")))


def test_approves_what_is_approved() -> None:
    """A token that was never revoked stays good."""
    pair = issued()

    assert change(pair.edge, ValidateToken, pair.access, cascade=True) == DONE
    assert pair.works() == (True, True)


# Unknown tokens


def another_organizations(edge: FakeEdge) -> str:
    edge.organization("globex")
    return str(TokenFactory(edge)(edge.app(org="globex")))


UNKNOWN: list[tuple[str, Callable[[FakeEdge], str], str]] = [
    ("nonsense", lambda _: "nonsense", f"no token of this organization in {VARIABLE}"),
    ("key", lambda edge: edge.app().consumer_key, f"no token of this organization in {VARIABLE}"),
    ("of another organization", another_organizations, f"no token of this organization in {VARIABLE}"),
    ("empty", lambda _: "", f"no token in {VARIABLE}"),
]


@pytest.mark.parametrize("kind", [InvalidateToken, ValidateToken])
@pytest.mark.parametrize(("token", "reason"), [row[1:] for row in UNKNOWN], ids=[row[0] for row in UNKNOWN])
def test_refuses_what_is_no_token_of_the_organization(
    kind: Kind, token: Callable[[FakeEdge], str], reason: str
) -> None:
    """What is no token, or none of this organization, is refused in the flat form."""
    edge = frozen_edge()

    assert change(edge, kind, token(edge)) == NOBODYS
    assert edge.calls.last.reason == reason


def test_refuses_a_token_that_is_nowhere() -> None:
    """Without the variable there is no token to change."""
    edge = frozen_edge()
    policy = InvalidateToken(name="change", generate_response=True, tokens=[TokenReference(variable=VARIABLE)])

    assert answer(edge, Request(method="DELETE", url=proxy_of(edge, "/revoke", policy).url)) == NOBODYS
    assert edge.calls.last.reason == f"no token in {VARIABLE}"


def test_answers_an_unknown_token_as_switched() -> None:
    """The guesses `invalidate_unknown_status` and `invalidate_unknown_text` are the flat form of an unknown token."""
    edge = frozen_edge(guesses={"invalidate_unknown_status": 404, "invalidate_unknown_text": "No such token"})

    assert change(edge, InvalidateToken, "x") == (404, [JSON], flat("invalid_request", "No such token"))


@pytest.mark.parametrize(
    ("settings", "guesses", "expected"),
    [
        pytest.param({"generate_response": True}, {}, NOBODYS, id="responses"),
        pytest.param({"generate_error_response": True}, {}, NOBODYS, id="errors"),
        pytest.param({}, {}, (500, [JSON], fault("Invalid Token", "steps.oauth.v2.FailedToResolveToken")), id="none"),
        pytest.param(
            {},
            {"token_faults": {"unknown_token": "404 steps.oauth.v2.InvalidTokenType"}},
            (404, [JSON], fault("Invalid Token", "steps.oauth.v2.InvalidTokenType")),
            id="none, switched",
        ),
    ],
)
def test_refuses_in_the_form_that_is_declared(
    settings: dict[str, bool], guesses: dict[str, object], expected: Answer
) -> None:
    """A refusal is flat with one of the Generate settings, else it has the fault form, by the guess `token_faults`."""
    edge = frozen_edge(guesses=guesses)
    policy = InvalidateToken(name="change", tokens=[TokenReference(variable=VARIABLE)], **settings)

    assert answer(edge, token_request(proxy_of(edge, "/revoke", policy).url, token="x")) == expected


@pytest.mark.parametrize(
    ("flat_form", "expected"),
    [
        (True, {}),
        (
            False,
            {
                "fault.name": "FailedToResolveToken",
                "oauthV2.change.failed": True,
                "oauthV2.change.fault.name": "FailedToResolveToken",
                "oauthV2.change.fault.cause": "Invalid Token",
            },
        ),
    ],
    ids=["flat", "fault"],
)
def test_shows_fault_rules_the_fault_form_only(*, flat_form: bool, expected: Seen) -> None:
    """Fault rules run for the fault form, and for the flat form they do not."""
    edge, seen = frozen_edge(), Seen()
    policy = InvalidateToken(
        name="change", generate_response=flat_form, tokens=[TokenReference(variable="request.queryparam.t")]
    )
    names = ("fault.name", "oauthV2.change.failed", "oauthV2.change.fault.name", "oauthV2.change.fault.cause")
    api = proxy_with_fault_rule(edge, "/revoke", policy, See(names=names, seen=seen))
    edge.handle(get(f"{api.url}?t=x"))

    assert seen == expected


# What is forgotten


def test_keeps_an_imported_token_that_was_issued_anew() -> None:
    """A token that comes from elsewhere and is issued twice is forgotten when the last one is due, not the first."""
    edge = frozen_edge()
    app, api = edge.app(products=["weather"]), edge.proxy("/weather", target={"temp": 21})
    generate = GenerateAccessToken(
        name="generate",
        supported_grant_types=["client_credentials"],
        expires_in_ref="request.formparam.ms",
        external_access_token="request.formparam.token",
    )
    url = proxy_of(edge, "/import", generate).url
    fields = {"grant_type": "client_credentials", "token": "imported", **client_of(app)}
    for lifetime_ms in (1_000, 10 * 24 * HOUR_MS):
        assert answer(edge, token_request(url, ms=str(lifetime_ms), **fields))[0] == 200

    edge.clock.advance(days=4)

    assert answer(edge, get(api.url, bearer("imported"))) == OK


def test_keeps_a_refresh_token_that_is_used_again() -> None:
    """A refresh token that stays good is kept as long as it is good, whatever a later policy gives new ones."""
    pair = issued(refresh_lifetime=None)
    refresh = RefreshAccessToken(
        name="refresh",
        generate_response=True,
        expires_in=timedelta(hours=1),
        refresh_token_expires_in=timedelta(hours=1),
        reuse_refresh_token=True,
    )
    fields = {"grant_type": "refresh_token", "refresh_token": pair.refresh, **client_of(pair.app)}
    request = token_request(proxy_of(pair.edge, "/refresh", refresh).url, **fields)

    statuses = []
    for _ in range(3):
        statuses.append(answer(pair.edge, request)[0])
        pair.edge.clock.advance(days=5)

    assert statuses == [200, 200, 200]


# Declarations

NO_LIST = (
    "tokens of 'change' takes a list of token references, as "
    "[TokenReference(variable='request.queryparam.access_token')], not {}."
)


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: InvalidateToken(name="change", tokens=[]), NO_LIST.format("[]")),
        (lambda: InvalidateToken(name="change", tokens="t"), NO_LIST.format("'t'")),
        (lambda: ValidateToken(name="change", tokens=["t"]), NO_LIST.format("['t']")),
        (lambda: TokenReference(variable=""), "The variable of a token reference takes text, not an empty text."),
        (
            lambda: TokenReference(variable="t", type="access_token"),
            (
                "Unknown type of a token reference 'access_token'. Allowed: accesstoken, refreshtoken. "
                "Did you mean 'accesstoken'?"
            ),
        ),
        (
            lambda: TokenReference(variable="t", cascade="true"),
            "cascade of a token reference takes True or False, not str.",
        ),
        (
            lambda: ValidateToken(name="change", tokens=[TokenReference(variable="t")], generate_response=None),
            "generate_response of 'change' takes True or False, not NoneType.",
        ),
    ],
)
def test_refuses_a_declaration_that_cannot_be(declare: Callable[[], object], message: str) -> None:
    """A wrong setting is refused where the policy is made."""
    with pytest.raises(ConfigurationError) as caught:
        declare()

    assert str(caught.value) == message
