"""Refresh tokens at their edges: where they may be used, what else ends them, what a refresh keeps.

Source: runtime.md 2.4, 3, 4.2, 5.2. The plain cases are in `test_grant_flows`.
"""

from datetime import timedelta

import pytest

from pytest_apigee import FakeEdge
from pytest_apigee.policies import (
    NEVER,
    Attribute,
    GenerateAccessToken,
    GenerateAuthorizationCode,
    GetOAuthV2Info,
    RefreshAccessToken,
)
from tests.edge.gateway_support import JSON, MOMENT_MS, REVOKED, UNKNOWN_TOKEN, Answer, answer, bearer, flat, get
from tests.edge.grant_support import KEY, Look, Put, grant_edge, new_code, post, serve, tokens

PASSWORD = {"grant_type": "password", "username": "ada", "password": "pw"}
REFRESH = {"grant_type": "refresh_token"}
BAD = (400, [JSON], flat("invalid_request", "Invalid Refresh Token"))
STOCK = "https://acme-test.apigee.net/oauth/client_credential/refresh_accesstoken?grant_type=refresh_token"


def first_tokens(edge: FakeEdge, **settings: object) -> dict[str, str]:
    """Return the tokens of a user."""
    generate = GenerateAccessToken(
        **{"name": "first", "supported_grant_types": ["password"], "generate_response": True, **settings}  # type: ignore[arg-type]
    )
    return tokens(edge, post(serve(edge, "/first", generate), **PASSWORD))


def refresh_url(edge: FakeEdge, path: str = "/refresh", **settings: object) -> str:
    """Return the URL of a proxy that refreshes tokens."""
    policy = RefreshAccessToken(**{"name": "refresh", "generate_response": True, **settings})  # type: ignore[arg-type]
    return serve(edge, path, policy)


def used(edge: FakeEdge, token: str) -> Answer:
    """Return the answer to a call with an access token."""
    return answer(edge, get(edge.proxy("/photos", products=["photos"]).url, bearer(token)))


def test_the_stock_proxy_refreshes_tokens_of_another_proxy() -> None:
    """A refresh token of another proxy of the organization is good at the stock one, for half an hour."""
    edge, _ = grant_edge()
    first = first_tokens(edge)

    second = tokens(edge, post(STOCK, refresh_token=first["refresh_token"]))

    assert (second["expires_in"], second["refresh_count"], second["client_id"]) == ("1799", "1", KEY)


def test_a_refresh_token_is_unknown_to_another_organization() -> None:
    """Refresh tokens belong to their organization."""
    edge, _ = grant_edge()
    edge.organization("globex", environments=["test"])
    edge.product("photos", org="globex")
    app = edge.app("photobook", products=["photos"], org="globex")
    theirs = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
    url = edge.authorization_server("/own", org="globex").token_url

    assert answer(edge, post(url, **REFRESH, **theirs, refresh_token=first_tokens(edge)["refresh_token"])) == BAD


def test_counts_go_on_through_rotation_and_reuse() -> None:
    """`refresh_count` counts every refresh, whichever way; a refresh token that is used again can be rotated."""
    edge, _ = grant_edge()
    rotate, reuse = refresh_url(edge), refresh_url(edge, "/reuse", reuse_refresh_token=True)
    known = first_tokens(edge)
    counts = [known["refresh_count"]]

    for url in (rotate, reuse, reuse, rotate):
        known = tokens(edge, post(url, **REFRESH, refresh_token=known["refresh_token"]))
        counts.append(known["refresh_count"])

    assert counts == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("setting", [{}, {"refresh_token_expires_in": NEVER}], ids=["unset", "NEVER"])
def test_a_reused_refresh_token_without_end_keeps_none(setting: dict[str, object]) -> None:
    """A refresh token without end shows "0", used again too, whatever RefreshAccessToken says."""
    edge, _ = grant_edge()
    url = refresh_url(edge, reuse_refresh_token=True, refresh_token_expires_in=timedelta(hours=1))
    request = post(url, **REFRESH, refresh_token=first_tokens(edge, **setting)["refresh_token"])

    tokens(edge, request)
    edge.clock.advance(days=400)
    again = tokens(edge, request)

    assert (again["refresh_token_expires_in"], again["refresh_token_issued_at"]) == ("0", str(MOMENT_MS))


def test_a_reused_refresh_token_shows_no_less_than_zero() -> None:
    """In its last second a refresh token that is used again shows 0."""
    edge, _ = grant_edge()
    url = refresh_url(edge, reuse_refresh_token=True)
    first = first_tokens(edge, refresh_token_expires_in=timedelta(hours=1))

    edge.clock.advance(milliseconds=3_599_999)
    second = tokens(edge, post(url, **REFRESH, refresh_token=first["refresh_token"]))

    assert second["refresh_token_expires_in"] == "0"


def test_a_reused_refresh_token_is_not_called_exchanged_once_it_is_forgotten() -> None:
    """Days after its end Edge forgets a refresh token; the tester is told that, not that it was exchanged."""
    edge, _ = grant_edge()
    url = refresh_url(edge, reuse_refresh_token=True)
    request = post(
        url, **REFRESH, refresh_token=first_tokens(edge, refresh_token_expires_in=timedelta(hours=1))["refresh_token"]
    )
    tokens(edge, request)

    edge.clock.advance(days=4)

    assert answer(edge, request) == BAD
    assert edge.calls.last.reason == (
        "a refresh token that expired days ago, so that Edge forgot it, or one of another world"
    )


def test_a_refresh_token_is_good_to_its_last_millisecond() -> None:
    """A refresh token is good until its end, and is refused from then on."""
    edge, _ = grant_edge()
    request = post(
        refresh_url(edge, reuse_refresh_token=True),
        **REFRESH,
        refresh_token=first_tokens(edge, refresh_token_expires_in=timedelta(hours=1))["refresh_token"],
    )

    edge.clock.advance(milliseconds=3_599_999)
    assert tokens(edge, request)
    edge.clock.advance(milliseconds=1)
    assert answer(edge, request) == (400, [JSON], flat("invalid_request", "Refresh Token expired"))


def test_a_refresh_token_outlives_its_access_token() -> None:
    """A refresh is for when the access token has expired."""
    edge, _ = grant_edge()
    first = first_tokens(edge, expires_in=timedelta(minutes=1))

    edge.clock.advance(days=2)
    second = tokens(edge, post(refresh_url(edge), **REFRESH, refresh_token=first["refresh_token"]))

    assert used(edge, second["access_token"])[0] == 200


def test_a_refresh_token_outlives_the_revocation_of_its_access_token() -> None:
    """To revoke an access token alone leaves its refresh token good, and the new access token is approved."""
    edge, _ = grant_edge()
    first = first_tokens(edge)
    edge.revoke(first["access_token"])
    assert used(edge, first["access_token"]) == REVOKED

    second = tokens(edge, post(refresh_url(edge), **REFRESH, refresh_token=first["refresh_token"]))

    assert (second["status"], second["refresh_token_status"]) == ("approved", "approved")


def test_a_revoked_refresh_token_leaves_its_access_token_good() -> None:
    """To revoke a refresh token alone ends refreshes alone."""
    edge, _ = grant_edge()
    first = first_tokens(edge)

    edge.revoke(first["refresh_token"])

    assert answer(edge, post(refresh_url(edge), **REFRESH, refresh_token=first["refresh_token"])) == BAD
    assert used(edge, first["access_token"])[0] == 200


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"client_secret": "wrong"}, 401), ({"scope": "ADMIN"}, 400), ({"grant_type": "password"}, 400)],
    ids=["secret", "scope", "grant type"],
)
def test_a_refused_refresh_changes_nothing(fields: dict[str, str], status: int) -> None:
    """A refresh that is refused leaves both tokens as they were."""
    edge, _ = grant_edge()
    first, url = first_tokens(edge), refresh_url(edge)
    sent = {**REFRESH, "refresh_token": first["refresh_token"]}

    assert answer(edge, post(url, **{**sent, **fields}))[0] == status

    assert used(edge, first["access_token"])[0] == 200
    assert tokens(edge, post(url, **sent))["refresh_count"] == "1"


def test_a_refresh_of_a_revoked_app_is_refused() -> None:
    """A revoked app gets no new token."""
    edge, app = grant_edge()
    first = first_tokens(edge)
    edge.set_app_status(app, "revoked")

    got = answer(edge, post(refresh_url(edge), **REFRESH, refresh_token=first["refresh_token"]))

    assert got == (401, [JSON], flat("invalid_client", "App not Approved"))


def test_an_access_token_from_elsewhere_takes_the_place_of_the_old_one() -> None:
    """A refresh may take both tokens from elsewhere; the old ones are unknown afterwards."""
    edge, _ = grant_edge()
    first = first_tokens(edge)
    policy = RefreshAccessToken(
        name="refresh", generate_response=True, external_access_token="their.a", external_refresh_token="their.r"
    )
    url = serve(edge, "/refresh", Put(name="put", values={"their.a": "access-2", "their.r": "refresh-2"}), policy)

    second = tokens(edge, post(url, **REFRESH, refresh_token=first["refresh_token"]))

    assert (second["access_token"], second["refresh_token"]) == ("access-2", "refresh-2")
    assert used(edge, first["access_token"]) == UNKNOWN_TOKEN
    assert tokens(edge, post(STOCK, refresh_token="refresh-2"))["refresh_count"] == "2"


def test_leaves_refreshed_tokens_in_variables_without_generate_response() -> None:
    """With GenerateResponse off, variables hold what the refresh made, and the flow goes on."""
    edge, _ = grant_edge()
    first = first_tokens(edge)
    names = ("refresh_count", "grant_type", "scope", "status", "expires_in", "refresh_token_expires_in", "access_token")
    look = Look(name="look", names=tuple(f"oauthv2accesstoken.quiet.{name}" for name in names))
    quiet = RefreshAccessToken(name="quiet", expires_in=timedelta(minutes=10))

    answer(edge, post(serve(edge, "/quiet", quiet, look), **REFRESH, refresh_token=first["refresh_token"]))

    *others, access = look.seen.values()
    assert others == ["1", "refresh_token", "READ WRITE", "approved", "599", "0"]
    assert (edge.calls.last.issued_token, access != first["access_token"]) == (access, True)


def test_a_refresh_keeps_the_user_and_the_attributes_that_no_answer_shows() -> None:
    """The end user and hidden attributes go from the code to the token, and through every refresh."""
    edge, _ = grant_edge()
    attributes = [Attribute(name="plan", value="gold", display=False)]
    ask = GenerateAuthorizationCode(
        name="code", generate_response=True, app_end_user="request.formparam.who", attributes=attributes
    )
    serve(edge, "/authorize", ask)
    token_url = serve(edge, "/token", GenerateAccessToken(name="generate", generate_response=True))
    known = tokens(edge, post(token_url, grant_type="authorization_code", code=new_code(edge, who="ada")))
    url = refresh_url(edge)

    for _ in "12":
        known = tokens(edge, post(url, **REFRESH, refresh_token=known["refresh_token"]))

    look = Look(name="look", names=("oauthv2accesstoken.info.app_enduser", "oauthv2accesstoken.info.accesstoken.plan"))
    info = GetOAuthV2Info(name="info", access_token="request.queryparam.t")
    answer(edge, get(f"{serve(edge, '/info', info, look)}?t={known['access_token']}"))
    assert list(look.seen.values()) == ["ada", "gold"]
    assert "plan" not in known


def test_a_reused_refresh_token_keeps_what_a_refresh_added() -> None:
    """Attributes that RefreshAccessToken gives a token are those of its refresh token too, where that is used again."""
    edge, _ = grant_edge()
    adding = refresh_url(edge, reuse_refresh_token=True, attributes=[Attribute(name="plan", value="gold")])
    plain = refresh_url(edge, "/plain", reuse_refresh_token=True)
    first = first_tokens(edge)

    added = tokens(edge, post(adding, **REFRESH, refresh_token=first["refresh_token"]))
    again = tokens(edge, post(plain, **REFRESH, refresh_token=first["refresh_token"]))

    assert ("plan" in first, added["plan"], again["plan"]) == (False, "gold", "gold")
