"""OAuth clients of the SSO beside `edgecli`: how they authenticate and what is theirs (sso.md section 3)."""

import pytest

from pytest_apigee.errors import ConfigurationError
from tests.edge.sso_refusal_support import basic, f1, f2, headers, wire
from tests.edge.sso_support import (
    EDGECLI,
    answer,
    claims_of,
    edge_at_noon,
    log_in,
    password_form,
    refresh,
    token_request,
)

TOOL = basic("tool:hush")
INVALID_SCOPE = (
    b'{"error":"invalid_scope","error_description":"Invalid scope: scim.me. '
    b'Did you know that you can get default requested scopes by simply sending no value?",'
    b'"scope":"openid uaa.admin"}'
)


@pytest.fixture
def edge():
    edge = edge_at_noon()
    edge.sso_client("tool", client_secret="hush")
    return edge


def log_in_as(edge, authorization, **changes):
    return answer(edge, token_request(password_form(**changes), authorization=authorization))


def refresh_as(edge, authorization, token):
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return answer(edge, token_request(form, authorization=authorization))


@pytest.mark.parametrize("token", ["access_token", "refresh_token"])
def test_a_token_names_its_client(edge, token):
    """The claims `client_id` and `cid` are the client's id, and so is the first of the audience."""
    claims = claims_of(log_in_as(edge, TOOL).json()[token])

    assert (claims["client_id"], claims["cid"], claims["aud"][0]) == ("tool", "tool", "tool")


def test_a_client_has_the_scopes_of_edgecli(edge):
    """Unless said otherwise a client's tokens have what those of `edgecli` have."""
    assert log_in_as(edge, TOOL).json()["scope"] == log_in(edge)["scope"]


@pytest.mark.parametrize("scopes", ["openid uaa.admin", ["openid", "uaa.admin"]])
def test_a_client_has_scopes_of_its_own(edge, scopes):
    """A client's own scopes are those that its tokens have, and no others."""
    edge.sso_client("admin", client_secret="hush", scopes=scopes)

    granted = log_in_as(edge, basic("admin:hush"))
    refused = log_in_as(edge, basic("admin:hush"), scope="scim.me")

    assert granted.json()["scope"] == "openid uaa.admin"
    assert wire(refused) == (400, headers(), INVALID_SCOPE)


def test_the_scopes_of_a_client_are_not_those_of_edgecli(edge):
    """What another client may have `edgecli` may not."""
    edge.sso_client("admin", client_secret="hush", scopes="openid uaa.admin")

    assert log_in_as(edge, EDGECLI, scope="uaa.admin").status == 400


def test_a_client_without_scopes_logs_nobody_in(edge):
    """A login that would give no scope is refused."""
    edge.sso_client("resource", client_secret="hush", scopes=[])

    assert wire(log_in_as(edge, basic("resource:hush"))) == f2(401, "invalid_token", "No scopes were granted")
    assert edge.calls.last.reason == "the client was declared without scopes"


def test_a_client_authenticates_by_form_fields(edge):
    """`client_id` and `client_secret` as form fields do instead of a Basic header."""
    response = log_in_as(edge, None, client_id="tool", client_secret="hush")

    assert claims_of(response.json()["access_token"])["client_id"] == "tool"


def test_a_client_authenticates_in_the_query(edge):
    """Query parameters count as form fields, those of the client, too."""
    request = token_request(query="?client_id=tool&client_secret=hush", authorization=None)

    assert claims_of(answer(edge, request).json()["access_token"])["client_id"] == "tool"


def test_the_basic_header_comes_before_the_form(edge):
    """Of a Basic header and form fields the header counts, whatever the secret in the form."""
    response = log_in_as(edge, TOOL, client_id="tool", client_secret="wrong")

    assert response.status == 200


IS_WRONG = "wrong client secret; Edge's own is edgecli, others are declared with apigee.sso_client(client_id)"
IS_UNKNOWN = "unknown client; Edge's own is edgecli, others are declared with apigee.sso_client(client_id)"
REFUSED = {
    "wrong-secret": (basic("tool:wrong"), {}, f1("Bad credentials"), IS_WRONG),
    "secret-of-another": (basic("tool:edgeclisecret"), {}, f1("Bad credentials"), IS_WRONG),
    "id-in-another-case": (basic("Tool:hush"), {}, f1("Bad credentials"), IS_UNKNOWN),
    "wrong-secret-in-the-form": (
        None,
        {"client_id": "tool", "client_secret": ""},
        f1("Bad credentials"),
        IS_WRONG,
    ),
    "unknown-in-the-form": (
        None,
        {"client_id": "other", "client_secret": "hush"},
        f1("Bad credentials"),
        IS_UNKNOWN,
    ),
    "form-names-another": (
        TOOL,
        {"client_id": "edgecli", "client_secret": "edgeclisecret"},
        f2(401, "invalid_client", "Given client ID does not match authenticated client"),
        "invalid_client: Given client ID does not match authenticated client",
    ),
}


@pytest.mark.parametrize(("authorization", "changes", "refusal", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_client_is_refused(edge, authorization, changes, refusal, reason):
    """A client that does not authenticate is refused like a wrong `edgecli`."""
    assert wire(log_in_as(edge, authorization, **changes)) == refusal
    assert edge.calls.last.reason == reason


def test_a_refresh_token_serves_its_client(edge):
    """A client renews its own tokens."""
    token = log_in_as(edge, TOOL).json()["refresh_token"]

    renewed = refresh_as(edge, TOOL, token)

    assert claims_of(renewed.json()["access_token"])["client_id"] == "tool"


@pytest.mark.parametrize(("issued_to", "used_by"), [(TOOL, EDGECLI), (EDGECLI, TOOL)], ids=["edgecli", "tool"])
def test_a_refresh_token_of_another_client_is_refused(edge, issued_to, used_by):
    """A refresh token serves the client alone that it was issued to."""
    token = log_in_as(edge, issued_to).json()["refresh_token"]

    refused = refresh_as(edge, used_by, token)

    assert wire(refused) == f2(400, "invalid_grant", f"Wrong client for this refresh token: {token}")
    assert edge.calls.last.reason == "invalid_grant: Wrong client for this refresh token"


def test_the_wrong_client_is_told_before_the_expiry(edge):
    """An expired refresh token of another client is refused for its client."""
    token = log_in_as(edge, TOOL).json()["refresh_token"]

    edge.clock.advance(days=30)

    assert wire(answer(edge, refresh(token))) == f2(
        400, "invalid_grant", f"Wrong client for this refresh token: {token}"
    )


def test_a_revoked_token_of_another_client_is_revoked_first(edge):
    """A refresh token that is void is refused for that, whichever client brings it."""
    token = log_in_as(edge, TOOL).json()["refresh_token"]

    edge.set_password("ops@acme.example", "new")

    assert wire(answer(edge, refresh(token))) == f2(401, "invalid_token", token)


def test_a_token_of_a_client_that_is_gone_is_void(edge):
    """A token whose client this Edge does not have is one of another world."""
    other = edge_at_noon()
    token = log_in_as(edge, TOOL).json()["refresh_token"]

    assert wire(answer(other, refresh(token))) == f2(401, "invalid_token", token)
    assert other.calls.last.reason == (
        "a token of another world: its user or client is unknown here "
        "(issued in another test, perhaps kept in a module-level cache)"
    )


def test_a_generated_secret_authenticates(edge):
    """A client without a secret gets a generated one."""
    client = edge.sso_client("other")

    assert log_in_as(edge, basic(f"{client.client_id}:{client.client_secret}")).status == 200


def test_a_secret_is_not_shown(edge):
    """The repr of a client names no secret."""
    client = edge.sso_client("other", client_secret="quiet", scopes="openid", authorities=["uaa.resource"])

    assert repr(client) == "SsoClient(client_id='other', scopes=('openid',), authorities=('uaa.resource',))"


MISTAKES = {
    "taken": (lambda edge: edge.sso_client("tool"), "The SSO client 'tool' already exists."),
    "edgecli": (lambda edge: edge.sso_client("edgecli"), "The SSO client 'edgecli' already exists."),
    "empty": (lambda edge: edge.sso_client(""), "client_id takes text, not an empty text."),
    "empty-secret": (
        lambda edge: edge.sso_client("new", client_secret=""),
        "client_secret takes text, not an empty text.",
    ),
    "scope": (
        lambda edge: edge.sso_client("new", scopes=["a b"]),
        "'a b' cannot be a scope: it holds a blank. Write scopes=['READ', 'WRITE'].",
    ),
    "colon": (
        lambda edge: edge.sso_client("a:b"),
        "'a:b' cannot be the id of an SSO client: a Basic header ends it at its colon.",
    ),
    "authorities": (
        lambda edge: edge.sso_client("new", authorities=5),
        "authorities takes a list of names, as authorities=['uaa.resource'], not 5.",
    ),
}


@pytest.mark.parametrize(("declare", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_explained(edge, declare, message):
    """A client that cannot be is an error that says what is allowed."""
    with pytest.raises(ConfigurationError) as caught:
        declare(edge)

    assert str(caught.value) == message
