"""What the `oauth` proxy refuses, and what it tells the tester of it. Source: runtime.md sections 2.2 and 5.2."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from pytest_apigee import App, FakeEdge, Request
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.records import DeveloperStatus, Status
from tests.edge.gateway_support import (
    FORM,
    JSON,
    Answer,
    answer,
    app_request,
    basic,
    fault,
    flat,
    frozen_edge,
    in_era,
    token_request,
)

ENDPOINT = "https://acme-test.apigee.net/oauth/client_credential/accesstoken"
REFRESH = "https://acme-test.apigee.net/oauth/client_credential/refresh_accesstoken"
KEY = "K3y" * 10 + "ab"
SECRET = "S3cretS3cretS3cr"


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    request: Request
    expected: Answer
    reason: str


def post(url: str, *headers: tuple[str, str], body: str = "") -> Request:
    return Request(method="POST", url=url, headers=headers, body=body)


def client(url: str, **fields: str) -> Request:
    return token_request(url, client_id=KEY, client_secret=SECRET, **fields)


def absent_in(policy: str) -> str:
    return f"grant_type is absent; {policy!r} reads it from request.queryparam.grant_type (use apigee.token_url)"


NO_GRANT = (400, [JSON], b'{"ErrorCode" : "invalid_request", "Error" :"Required param : grant_type"}')
NO_CLIENT = (401, [JSON], b'{"ErrorCode" : "invalid_client", "Error" :"Client identifier is required"}')
UNKNOWN_CLIENT = (401, [JSON], b'{"ErrorCode" : "invalid_client", "Error" :"ClientId is Invalid"}')
WRONG_SECRET = (401, [JSON], b'{"ErrorCode" : "invalid_client", "Error" :"Client credentials are invalid"}')
UNDECODABLE = (
    500,
    [JSON],
    (
        b'{"fault":{"faultstring":"UrlDecoding of the form parameters from the request message failed. '
        b'The form parameters needs to be url encoded","detail":{"errorcode":"steps.oauth.v2.InvalidRequest"}}}'
    ),
)

CASES = [
    Case(
        name="grant type missing",
        request=client(ENDPOINT),
        expected=NO_GRANT,
        reason=absent_in("GenerateAccessTokenClient"),
    ),
    Case(
        name="grant type empty",
        request=client(f"{ENDPOINT}?grant_type="),
        expected=NO_GRANT,
        reason=absent_in("GenerateAccessTokenClient"),
    ),
    Case(
        name="grant type only in the form",
        request=client(ENDPOINT, grant_type="client_credentials"),
        expected=NO_GRANT,
        reason=(
            "grant_type is only in the form; 'GenerateAccessTokenClient' reads it from request.queryparam.grant_type "
            "(use apigee.token_url)"
        ),
    ),
    Case(
        name="grant type not supported",
        request=client(f"{ENDPOINT}?grant_type=foo"),
        expected=(400, [JSON], b'{"ErrorCode" : "invalid_request", "Error" :"Unsupported grant type : foo"}'),
        reason="this flow supports only client_credentials",
    ),
    Case(
        name="grant type known to others",
        request=client(f"{ENDPOINT}?grant_type=password"),
        expected=(400, [JSON], b'{"ErrorCode" : "invalid_request", "Error" :"Unsupported grant type : password"}'),
        reason="this flow supports only client_credentials",
    ),
    Case(
        name="grant type with a quotation mark",
        request=client(f"{ENDPOINT}?grant_type=a%22b"),
        expected=(400, [JSON], b'{"ErrorCode" : "invalid_request", "Error" :"Unsupported grant type : a\\"b"}'),
        reason="this flow supports only client_credentials",
    ),
    Case(
        name="no client id",
        request=post(f"{ENDPOINT}?grant_type=client_credentials"),
        expected=NO_CLIENT,
        reason="no client id: absent",
    ),
    Case(
        name="empty user in Basic",
        request=post(f"{ENDPOINT}?grant_type=client_credentials", basic("", SECRET)),
        expected=NO_CLIENT,
        reason="no client id: absent",
    ),
    Case(
        name="Basic that is not base64",
        request=post(f"{ENDPOINT}?grant_type=client_credentials", ("Authorization", "Basic %%%")),
        expected=NO_CLIENT,
        reason="no client id: absent",
    ),
    Case(
        name="Basic without a colon",
        request=post(f"{ENDPOINT}?grant_type=client_credentials", ("Authorization", "Basic bm9jb2xvbg==")),
        expected=NO_CLIENT,
        reason="no client id: absent",
    ),
    Case(
        name="client id in the query only",
        request=post(f"{ENDPOINT}?grant_type=client_credentials&client_id={KEY}&client_secret={SECRET}", FORM),
        expected=NO_CLIENT,
        reason="no client id: client_id is read from a Basic header or the form, never from the query",
    ),
    Case(
        name="form without its content type",
        request=post(
            f"{ENDPOINT}?grant_type=client_credentials",
            ("Content-Type", "text/plain"),
            body=f"client_id={KEY}&client_secret={SECRET}",
        ),
        expected=NO_CLIENT,
        reason="no client id: absent",
    ),
    Case(
        name="unknown client",
        request=token_request(f"{ENDPOINT}?grant_type=client_credentials", client_id="nobody", client_secret=SECRET),
        expected=UNKNOWN_CLIENT,
        reason="no app of organization 'acme' has this consumer key",
    ),
    Case(
        name="wrong secret",
        request=token_request(f"{ENDPOINT}?grant_type=client_credentials", client_id=KEY, client_secret="wrong"),
        expected=WRONG_SECRET,
        reason="wrong consumer secret for app 'forecast'",
    ),
    Case(
        name="wrong secret in Basic",
        request=post(f"{ENDPOINT}?grant_type=client_credentials", basic(KEY, SECRET.lower())),
        expected=WRONG_SECRET,
        reason="wrong consumer secret for app 'forecast'",
    ),
    Case(
        name="no secret",
        request=token_request(f"{ENDPOINT}?grant_type=client_credentials", client_id=KEY),
        expected=WRONG_SECRET,
        reason="wrong consumer secret for app 'forecast'",
    ),
    Case(
        name="undecodable form",
        request=post(
            f"{ENDPOINT}?grant_type=client_credentials", FORM, body=f"client_id={KEY}&client_secret={SECRET}%"
        ),
        expected=UNDECODABLE,
        reason="the form body holds a percent sign that escapes nothing",
    ),
    Case(
        name="refresh without grant type",
        request=client(REFRESH, refresh_token="r"),
        expected=NO_GRANT,
        reason=absent_in("RefreshAccessToken"),
    ),
    Case(
        name="refresh with another grant type",
        request=client(f"{REFRESH}?grant_type=client_credentials", refresh_token="r"),
        expected=(
            400,
            [JSON],
            b'{"ErrorCode" : "invalid_request", "Error" :"Unsupported grant type : client_credentials"}',
        ),
        reason="this flow supports only refresh_token",
    ),
    Case(
        name="refresh without client",
        request=post(f"{REFRESH}?grant_type=refresh_token", FORM, body="refresh_token=r"),
        expected=NO_CLIENT,
        reason="no client id: absent",
    ),
    Case(
        name="refresh by an unknown client",
        request=token_request(
            f"{REFRESH}?grant_type=refresh_token", client_id="nobody", client_secret=SECRET, refresh_token="r"
        ),
        expected=UNKNOWN_CLIENT,
        reason="no app of organization 'acme' has this consumer key",
    ),
    Case(
        name="refresh with a wrong secret",
        request=token_request(
            f"{REFRESH}?grant_type=refresh_token", client_id=KEY, client_secret="wrong", refresh_token="r"
        ),
        expected=WRONG_SECRET,
        reason="wrong consumer secret for app 'forecast'",
    ),
    Case(
        name="refresh without refresh token",
        request=client(f"{REFRESH}?grant_type=refresh_token"),
        expected=(400, [JSON], b'{"ErrorCode" : "invalid_request", "Error" :"Required param : refresh_token"}'),
        reason="no refresh token in request.formparam.refresh_token",
    ),
    Case(
        name="refresh token in the query only",
        request=client(f"{REFRESH}?grant_type=refresh_token&refresh_token=r"),
        expected=(400, [JSON], b'{"ErrorCode" : "invalid_request", "Error" :"Required param : refresh_token"}'),
        reason="no refresh token in request.formparam.refresh_token",
    ),
    Case(
        name="unknown refresh token",
        request=client(f"{REFRESH}?grant_type=refresh_token", refresh_token="r"),
        expected=(400, [JSON], b'{"ErrorCode" : "invalid_request", "Error" :"Invalid Refresh Token"}'),
        reason="no such refresh token was issued (client_credentials gives none)",
    ),
    Case(
        name="refresh with an undecodable form",
        request=post(f"{REFRESH}?grant_type=refresh_token", FORM, body="refresh_token=%zz"),
        expected=UNDECODABLE,
        reason="the form body holds a percent sign that escapes nothing",
    ),
]


def edge_with_app(**settings: object) -> FakeEdge:
    edge = frozen_edge(**settings)
    edge.app("forecast", products=["weather"], consumer_key=KEY, consumer_secret=SECRET)
    return edge


@pytest.mark.parametrize("era", ["current", "2016"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_refuses_with_the_bytes_of_edge(case: Case, era: str) -> None:
    """Each refusal has Edge's status, headers and body, in both eras, and issues nothing."""
    edge = edge_with_app(era=era)

    assert answer(edge, case.request) == in_era(case.expected, era)
    assert len(edge.calls.tokens_issued) == 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_tells_the_tester_why(case: Case) -> None:
    """The reason of each refusal explains it, and names neither key nor secret."""
    edge = edge_with_app()
    edge.handle(case.request)

    assert edge.calls.last.reason == case.reason
    assert not any(secret in edge.calls.last.reason for secret in (KEY, SECRET, "nobody", "wrong\n"))


def revoke_key(organization: Organization, app: App) -> None:
    organization.set_key_status(app, app.consumer_key, Status.REVOKED)


def pend_key(organization: Organization, app: App) -> None:
    organization.set_key_status(app, app.consumer_key, Status.PENDING)


def revoke_app(organization: Organization, app: App) -> None:
    organization.set_app_status(app, Status.REVOKED)


def deactivate_developer(organization: Organization, app: App) -> None:
    organization.set_developer_status(app.developer, DeveloperStatus.INACTIVE)


NOT_ACTIVE = [
    (revoke_key, "Client Id not Approved", "the consumer key is revoked (app 'forecast')"),
    (pend_key, "Client Id not Approved", "the consumer key is pending (app 'forecast')"),
    (revoke_app, "App not Approved", "the app is revoked (app 'forecast')"),
    (
        deactivate_developer,
        "Developer Status is not Active",
        "the developer developer@globex.example is not active (app 'forecast')",
    ),
]


@pytest.mark.parametrize(
    "url", ["accesstoken?grant_type=client_credentials", "refresh_accesstoken?grant_type=refresh_token"]
)
@pytest.mark.parametrize(("change", "text", "reason"), NOT_ACTIVE)
def test_refuses_who_is_not_active(
    change: Callable[[Organization, App], None], text: str, reason: str, url: str
) -> None:
    """A key, app or developer that is not active gets no token: 401 `invalid_client` (a guess)."""
    edge = frozen_edge()
    organization = edge.organization("globex")
    app = edge.app("forecast", org="globex")
    change(organization, app)

    sent = answer(
        edge,
        token_request(
            f"{edge.url_for('globex')}/oauth/client_credential/{url}",
            client_id=app.consumer_key,
            client_secret=app.consumer_secret,
        ),
    )

    assert sent == (401, [JSON], flat("invalid_client", text))
    assert edge.calls.last.reason == reason


def test_refuses_an_expired_key() -> None:
    """A consumer key that has expired gets no token from that instant on (a guess)."""
    edge = FakeEdge(
        {
            "organizations": [
                {
                    "name": "acme",
                    "environments": ["test"],
                    "developers": [{"email": "ada@example.com", "firstName": "A", "lastName": "L", "userName": "a"}],
                    "apps": [
                        {
                            "name": "forecast",
                            "developer": "ada@example.com",
                            "credentials": [
                                {"consumerKey": KEY, "consumerSecret": SECRET, "expiresAt": 1_767_323_045_679}
                            ],
                        }
                    ],
                }
            ]
        }
    )
    edge.clock.freeze("2026-01-02T03:04:05.678Z")
    request = client(f"{ENDPOINT}?grant_type=client_credentials")

    before = answer(edge, request)[0]
    edge.clock.advance(milliseconds=1)
    after = answer(edge, request)

    assert before == 200
    assert after == (401, [JSON], flat("invalid_client", "Consumer key has expired"))
    assert edge.calls.last.reason == "the consumer key has expired (app 'forecast')"


def test_refuses_a_wrong_secret_before_a_revoked_app() -> None:
    """Who does not know the secret does not learn the app's state."""
    edge = frozen_edge()
    organization = edge.organization("globex")
    app = edge.app(org="globex")
    organization.set_app_status(app, Status.REVOKED)

    sent = answer(edge, token_request(edge.token_url_for("globex"), client_id=app.consumer_key, client_secret="wrong"))

    assert sent == WRONG_SECRET


def test_names_a_key_of_another_world() -> None:
    """The key of an app of another fake is refused like any unknown one, and the reason says what it is."""
    edge, other = frozen_edge(), FakeEdge(seed=8)

    sent = answer(edge, app_request(edge, other.app()))

    assert sent == UNKNOWN_CLIENT
    assert edge.calls.last.reason == (
        "no app of organization 'acme' has this consumer key; "
        "it is a key of another world (of another test, perhaps kept in a module-level cache)"
    )


@pytest.mark.parametrize(
    ("guesses", "request_", "expected"),
    [
        pytest.param(
            {"grant_type_before_client": True}, post(ENDPOINT), NO_GRANT, id="the grant type is complained of first"
        ),
        pytest.param(
            {"grant_type_before_client": False}, post(ENDPOINT), NO_CLIENT, id="the client is complained of first"
        ),
        pytest.param(
            {"grant_type_before_client": False},
            client(ENDPOINT),
            NO_GRANT,
            id="the grant type is looked at all the same",
        ),
        pytest.param(
            {"grant_type_before_client": False}, post(REFRESH), NO_CLIENT, id="the client of a refresh comes first"
        ),
        pytest.param(
            {"grant_type_before_client": False}, client(REFRESH), NO_GRANT, id="the grant type of a refresh comes last"
        ),
        pytest.param(
            {"unsupported_grant_status": 401},
            client(f"{ENDPOINT}?grant_type=foo"),
            (401, [JSON], flat("invalid_request", "Unsupported grant type : foo")),
            id="unsupported_grant_status",
        ),
        pytest.param(
            {"undecodable_form_status": 400},
            post(f"{ENDPOINT}?grant_type=client_credentials", FORM, body="%"),
            (400, *UNDECODABLE[1:]),
            id="undecodable_form_status",
        ),
        pytest.param(
            {"bad_refresh_status": 401},
            client(f"{REFRESH}?grant_type=refresh_token", refresh_token="r"),
            (401, [JSON], flat("invalid_request", "Invalid Refresh Token")),
            id="bad_refresh_status",
        ),
        pytest.param(
            {"missing_refresh_text": "refresh_token?"},
            client(f"{REFRESH}?grant_type=refresh_token"),
            (400, [JSON], flat("invalid_request", "refresh_token?")),
            id="missing_refresh_text",
        ),
    ],
)
def test_follows_the_switches(guesses: dict[str, object], request_: Request, expected: Answer) -> None:
    """What no source confirms can be switched."""
    edge = edge_with_app(guesses=guesses)

    assert answer(edge, request_) == expected


def test_follows_the_switch_for_who_is_not_active() -> None:
    """The guesses `flat_not_approved_status` and `key_not_approved_text` decide on a revoked key."""
    edge = frozen_edge(guesses={"flat_not_approved_status": 403, "key_not_approved_text": "Key revoked"})
    organization = edge.organization("globex")
    app = edge.app(org="globex")
    revoke_key(organization, app)

    sent = answer(
        edge,
        token_request(edge.token_url_for("globex"), client_id=app.consumer_key, client_secret=app.consumer_secret),
    )

    assert sent == (403, [JSON], flat("invalid_client", "Key revoked"))


@pytest.mark.parametrize("body", ["a=%", "a=%2", "a=%zz&client_id=x", "%=1"])
def test_takes_any_percent_sign_that_escapes_nothing_as_undecodable(body: str) -> None:
    """A percent sign without two hex digits makes the whole form undecodable."""
    edge = edge_with_app()

    sent = answer(edge, post(f"{ENDPOINT}?grant_type=client_credentials", FORM, body=body))

    assert sent == (
        500,
        [JSON],
        fault(
            "UrlDecoding of the form parameters from the request message failed. "
            "The form parameters needs to be url encoded",
            "steps.oauth.v2.InvalidRequest",
        ),
    )
