"""What a bearer token opens at the SSO: /userinfo and the revocation of tokens (sso.md 2.3)."""

import pytest

from pytest_apigee.edge.message import Request
from pytest_apigee.edge.sso.flaws import Flaw
from pytest_apigee.factories import TokenFactory
from tests.edge.sso_refusal_support import NO_STORE, REST, headers, wire, without_challenge
from tests.edge.sso_support import EMAIL, answer, edge_at_noon, log_in

ANY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@pytest.fixture
def edge():
    return edge_at_noon()


@pytest.fixture
def mint(edge):
    return TokenFactory(edge)


def ask(edge, path, token=None, *, method="GET", host="login.apigee.com", scheme="Bearer"):
    sent = {} if token is None else {"Authorization": f"{scheme} {token}"}
    return answer(edge, Request(method=method, url=f"https://{host}{path}", headers=sent))


def refused(error, text):
    challenge = f'Bearer realm="UAA/oauth", error="{error}", error_description="{text}"'
    return 401, headers(challenge), f'{{"error":"{error}","error_description":"{text}"}}'.encode()


def lacks(scope):
    text = "Insufficient scope for this resource"
    challenge = f'Bearer error="insufficient_scope", error_description="{text}", scope="{scope}"'
    body = f'{{"error":"insufficient_scope","error_description":"{text}","scope":"{scope}"}}'
    return 403, headers(challenge), body.encode()


# /userinfo


@pytest.mark.parametrize("method", ANY_METHOD)
@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_tells_who_one_is(edge, mint, method, scheme):
    """`/userinfo` tells the user of a token, in lower case, and leaves out what is empty."""
    ops = edge.find_user(EMAIL)

    response = ask(edge, "/userinfo", mint.sso(ops), method=method, scheme=scheme)

    body = f'{{"user_id":"{ops.user_id}","user_name":"ops@acme.example","email":"ops@acme.example"}}'
    assert wire(response) == (200, headers(), body.encode())
    assert edge.calls.last.user == EMAIL


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({"first_name": "Ada", "last_name": "L"}, '"given_name":"Ada","family_name":"L","name":"Ada L",'),
        ({"first_name": "Ada"}, '"given_name":"Ada","name":"Ada",'),
        ({"last_name": "L"}, '"family_name":"L","name":"L",'),
    ],
)
def test_tells_the_names(edge, mint, names, shown):
    """Names that the user has stand between user name and e-mail."""
    ada = edge.user("Ada@acme.example", **names)

    response = ask(edge, "/userinfo", mint.sso(ada))

    body = f'{{"user_id":"{ada.user_id}","user_name":"ada@acme.example",{shown}"email":"ada@acme.example"}}'
    assert response.text == body


FORGED = "a token that does not decode (its signature is not the fake's)"
CHANGED = "the user apigee-user@acme.example or the client edgecli changed after the token was issued (rev_sig differs)"
BAD = {
    "garbage": (
        lambda mint: "x",
        "Invalid token (could not decode): {token}",
        "a token that does not decode (not a JWT)",
    ),
    "empty": (
        lambda mint: "",
        "Invalid token (could not decode): ",
        "a token that does not decode (not a JWT)",
    ),
    "expired": (
        lambda mint: mint.sso.expired(),
        "Invalid access token (expired): {token} expired at Fri Mar 01 11:00:00 UTC 2024",
        "the token expired 1:00:00 ago",
    ),
    "revoked": (
        lambda mint: mint.sso.revoked(),
        "{token}",
        CHANGED,
    ),
    "refresh": (
        lambda mint: mint.sso_refresh(),
        "Invalid token (could not decode): {token}",
        "a refresh token where an access token belongs",
    ),
    "tampered": (
        lambda mint: mint.sso.flawed(Flaw.TAMPERED),
        "Invalid token (could not decode): {token}",
        FORGED,
    ),
    "issuer": (
        lambda mint: mint.sso.flawed(Flaw.WRONG_ISSUER),
        "Invalid issuer for token:https://login.other.example",
        "a token of another issuer or zone than https://login.apigee.com",
    ),
}


@pytest.mark.parametrize(("make", "text", "reason"), BAD.values(), ids=BAD)
def test_refuses_a_bad_token(edge, mint, make, text, reason):
    """A token that is not good is 401 `invalid_token`, with a challenge that names the realm."""
    token = str(make(mint))

    assert wire(ask(edge, "/userinfo", token)) == refused("invalid_token", text.format(token=token))
    assert (edge.calls.last.user, edge.calls.last.reason) == ("", reason)


@pytest.mark.parametrize("path", ["/userinfo", "/oauth/token/revoke/user/x", "/oauth/token/revoke/client/x"])
@pytest.mark.parametrize("scheme", ["Basic", None])
def test_needs_a_token(edge, path, scheme):
    """Without a bearer token, full authentication is asked for."""
    response = ask(edge, path, None if scheme is None else "eDp5", scheme=scheme)

    assert wire(response) == refused("unauthorized", "Full authentication is required to access this resource")
    assert edge.calls.last.reason == "no Bearer Authorization header"


def test_needs_the_resource(edge, mint):
    """A token without the scope `openid` is not for this resource."""
    refusal = without_challenge(403, "access_denied", "Invalid token does not contain resource id (openid)")

    assert wire(ask(edge, "/userinfo", mint.sso.with_scope("scim.me")())) == refusal
    assert edge.calls.last.reason == "the token is not for 'openid': `aud` lacks it"


def test_needs_the_scope(edge, mint):
    """A token that is for the resource and lacks its scope is refused with the scope."""
    assert wire(ask(edge, "/userinfo", mint.sso.with_scope("openid.more")())) == lacks("openid")
    assert edge.calls.last.reason == "the token lacks the scope 'openid'"


def test_another_audience_is_refused(edge, mint):
    """A token for somebody else is refused."""
    assert ask(edge, "/userinfo", mint.sso.flawed(Flaw.WRONG_AUDIENCE)).status == 403


def test_a_zone_takes_its_own_tokens(edge, mint):
    """A token of login.apigee.com is refused in a zone, and one of the zone taken."""
    token = mint.sso()
    edge.zone("acme")
    ada = edge.user("ada@acme.example")

    foreign = ask(edge, "/userinfo", token, host="acme.login.apigee.com")
    own = ask(edge, "/userinfo", mint.sso(ada), host="acme.login.apigee.com")

    assert wire(foreign) == refused("invalid_token", "Invalid issuer for token:https://login.apigee.com")
    assert own.json()["email"] == "ada@acme.example"


def test_a_refresh_token_may_be_switched_on():
    """Whether a refresh token passes for an access token is a guess."""
    edge = edge_at_noon(guesses={"refresh_token_as_bearer": True})

    assert ask(edge, "/userinfo", TokenFactory(edge).sso_refresh()).status == 200


# /oauth/token/revoke/...


@pytest.fixture
def admin(mint):
    return str(mint.sso.with_scope("uaa.admin")())


def still_good(edge, token):
    return ask(edge, "/userinfo", token).status == 200


@pytest.mark.parametrize("method", ANY_METHOD)
def test_voids_the_tokens_of_a_user(edge, admin, method):
    """The tokens that a user had are void, those of others and new ones good."""
    ops, other = edge.find_user(EMAIL), edge.user()
    held, others = log_in(edge)["access_token"], TokenFactory(edge).sso(other)

    response = ask(edge, f"/oauth/token/revoke/user/{ops.user_id}", admin, method=method)

    assert wire(response) == (200, [*NO_STORE, *REST[1:]], b"")
    assert not still_good(edge, held)
    assert still_good(edge, others)
    assert still_good(edge, log_in(edge)["access_token"])


def test_voids_the_tokens_of_a_client(edge, admin):
    """The tokens that a client had are void, whoever has them; new ones are good."""
    held = log_in(edge)["access_token"]

    response = ask(edge, "/oauth/token/revoke/client/edgecli", admin)

    assert wire(response) == (200, [*NO_STORE, *REST[1:]], b"")
    assert not still_good(edge, held)
    assert still_good(edge, log_in(edge)["access_token"])


def test_reads_the_id_decoded(edge, admin):
    """The id in the path may be percent-encoded."""
    edge.sso_client("my client")

    assert ask(edge, "/oauth/token/revoke/client/my%20client", admin).status == 200


@pytest.mark.parametrize("path", ["user/nobody", "user/%ff%00", "client/nobody"])
def test_knows_no_other_ids(edge, admin, path):
    """An id that nobody has is 404."""
    refusal = without_challenge(404, "invalid_token", "Resource not found")

    assert wire(ask(edge, f"/oauth/token/revoke/{path}", admin)) == refusal
    assert edge.calls.last.reason == f"no SSO {path.partition('/')[0]} has this id"


def test_knows_no_users_of_other_zones(edge, admin):
    """A user of a zone is none of login.apigee.com's."""
    edge.zone("acme")
    ada = edge.user()

    assert ask(edge, f"/oauth/token/revoke/user/{ada.user_id}", admin).status == 404


@pytest.mark.parametrize("path", ["user/x", "client/x"])
def test_needs_the_scope_of_an_administrator(edge, mint, path):
    """Revocation needs the scope `uaa.admin`, before it looks for the id."""
    assert wire(ask(edge, f"/oauth/token/revoke/{path}", mint.sso())) == lacks("uaa.admin")
