"""OAuth 2.0 access tokens, changed, approved and revoked at the management API (management.md 3.1, 7)."""

import pytest

from pytest_apigee import TokenFactory
from pytest_apigee.policies import Attribute, InvalidateToken, SetOAuthV2Info, TokenReference
from tests.edge.gateway_support import MOMENT_MS, REVOKED, answer, get
from tests.edge.grant_support import serve
from tests.edge.management_token_support import (
    NO_CONTENT,
    OPS,
    REFRESH_TOKENS,
    TOKENS,
    call,
    error,
    granted,
    of_json,
    refresh,
    refreshed,
    rich,
    shown,
    token_edge,
    told,
    used,
    variables,
)

# What is changed


def test_changes_attributes_and_scope() -> None:
    """Attributes are merged by name, a scope replaces the one before, and who changed them when is shown."""
    edge, app = token_edge()
    sent = granted(edge)
    token = sent["access_token"]
    edge.clock.advance(seconds=1)
    body = {"attributes": [{"name": "plan", "value": "silver"}], "scope": "READ"}

    response = call(edge, "POST", f"{TOKENS}/{token}", body)

    changed = {"plan": "silver", "scope": "READ", "modified_at": MOMENT_MS + 1_000, "modified_by": OPS}
    expected = of_json(200, rich(app, sent, **changed))
    assert told(response) == expected
    assert told(call(edge, "GET", f"{TOKENS}/{token}")) == expected


@pytest.mark.parametrize(
    ("body", "attributes", "scope"),
    [
        ({"attributes": [{"name": "city", "value": "Oslo"}]}, {"plan": "gold", "city": "Oslo"}, "READ WRITE"),
        ({"attributes": [{"name": "plan"}]}, {"plan": ""}, "READ WRITE"),
        ({"attributes": []}, {"plan": "gold"}, "READ WRITE"),
        ({"attributes": None, "scope": None}, {"plan": "gold"}, "READ WRITE"),
        ({"scope": " WRITE  other "}, {"plan": "gold"}, "WRITE other"),
        ({"scope": ""}, {"plan": "gold"}, ""),
        ({"scope": 7}, {"plan": "gold"}, "7"),
        ({"token": "x", "status": "revoked"}, {"plan": "gold"}, "READ WRITE"),
        ({}, {"plan": "gold"}, "READ WRITE"),
    ],
)
def test_changes_only_what_is_given(body: object, attributes: dict[str, str], scope: str) -> None:
    """Only the attributes and the scope that the body names change; scopes are not checked."""
    edge, _ = token_edge()
    token = granted(edge)["access_token"]

    changed = call(edge, "POST", f"{TOKENS}/{token}", body).json()

    assert changed["attributes"] == [{"name": name, "value": value} for name, value in attributes.items()]
    assert changed["scope"] == scope
    assert (changed["token"], changed["status"]) == (token, "approved")


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ("{", 400, ""),
        ("[]", 400, ""),
        ("[" * 100_000, 400, ""),
        ({"attributes": {}}, 400, "Invalid value for attributes"),
        ({"attributes": ["plan"]}, 400, "Invalid value for attributes"),
        ({"attributes": [{"value": "x"}]}, 400, "Required field name is missing"),
        ({"attributes": [{"name": "x", "value": {}}]}, 400, "Invalid value for value"),
        ({"attributes": [{"name": "x", "value": "y"}], "scope": ["READ"]}, 400, "Invalid value for scope"),
    ],
)
def test_refuses_a_body_that_it_cannot_read(body: object, status: int, text: str) -> None:
    """A body that is no JSON object, or has something of another type, is refused whole."""
    edge, _ = token_edge()
    token = granted(edge)["access_token"]
    before = shown(edge, token)

    response = call(edge, "POST", f"{TOKENS}/{token}", body)

    assert response.status == status
    assert text in response.text
    assert shown(edge, token) == before


@pytest.mark.parametrize(
    "body",
    [
        '{"attributes": [{"name": "\\ud800", "value": "\\udfff"}], "scope": "\\ud800 READ"}',
        '{"attributes": [{"name": "a\\u0000\\r\\nb", "value": "\\r\\nX: y"}], "scope": "READ \\u0000"}',
    ],
)
def test_takes_texts_that_cannot_be_sent(body: str) -> None:
    """Whatever JSON can hold is kept, shown, and harmless at the gateway."""
    edge, _ = token_edge()
    token = granted(edge)["access_token"]

    assert call(edge, "POST", f"{TOKENS}/{token}", body).status == 200
    assert shown(edge, token)["token"] == token
    assert used(edge, token)[0] == 200
    assert used(edge, token, scopes="WRITE")[0] == 403


def test_a_body_in_xml_is_not_modelled() -> None:
    """A body in XML, which Edge takes, is answered 501."""
    edge, app = token_edge()
    token, kind = TokenFactory(edge)(app), (("Content-Type", "text/xml"),)

    assert call(edge, "POST", f"{TOKENS}/{token}", "<AccessToken/>", headers=kind).status == 501
    assert str(token) not in edge.calls.last.reason


def test_the_gateway_sees_changed_attributes_and_scopes() -> None:
    """Attributes are flow variables after the token was verified, and scopes are what it is good for."""
    edge, _ = token_edge()
    token = granted(edge)["access_token"]
    names = ("accesstoken.plan", "accesstoken.city", "scope")
    before = used(edge, token, scopes="WRITE")[0]
    body = {"attributes": [{"name": "plan", "value": "tin"}, {"name": "city", "value": "Oslo"}], "scope": "READ"}
    call(edge, "POST", f"{TOKENS}/{token}", body)

    assert variables(edge, token, *names) == {"accesstoken.plan": "tin", "accesstoken.city": "Oslo", "scope": "READ"}
    assert (before, used(edge, token, scopes="WRITE")[0], used(edge, token, scopes="READ")[0]) == (200, 403, 200)


def test_a_refresh_gives_what_was_granted_first() -> None:
    """What is changed of a token is not changed of its refresh token."""
    edge, _ = token_edge()
    sent = granted(edge)
    call(
        edge,
        "POST",
        f"{TOKENS}/{sent['access_token']}",
        {"scope": "READ", "attributes": [{"name": "plan", "value": "tin"}]},
    )

    again = shown(edge, refreshed(edge, sent["refresh_token"])["access_token"])
    assert (again["scope"], again["attributes"]) == ("READ WRITE", [{"name": "plan", "value": "gold"}])


def test_shows_what_policies_changed() -> None:
    """SetOAuthV2Info and InvalidateToken change the same token."""
    edge, _ = token_edge()
    token = granted(edge)["access_token"]
    variable = "request.queryparam.token"
    change = SetOAuthV2Info(name="set", access_token=variable, attributes=[Attribute(name="city", value="Oslo")])
    revoke = InvalidateToken(name="revoke", tokens=[TokenReference(variable=variable)])
    answer(edge, get(f"{serve(edge, '/change', change, revoke)}?token={token}"))

    after = shown(edge, token)
    assert after["attributes"][1] == {"name": "city", "value": "Oslo"}
    assert after["status"] == "revoked"


# Approve and revoke


def test_revokes_and_approves_a_token() -> None:
    """An action changes the status, here and at the gateway, and is answered 200 with the token."""
    edge, app = token_edge()
    sent = granted(edge)
    token = sent["access_token"]
    edge.clock.advance(seconds=1)
    by = {"modified_at": MOMENT_MS + 1_000, "modified_by": OPS}

    revoked = told(call(edge, "POST", f"{TOKENS}/{token}?action=revoke"))
    refused = used(edge, token)
    approved = told(call(edge, "POST", f"{TOKENS}/{token}?action=approve"))

    assert revoked == of_json(200, rich(app, sent, status="revoked", **by))
    assert refused == REVOKED
    assert approved == of_json(200, rich(app, sent, **by))
    assert used(edge, token)[0] == 200


@pytest.mark.parametrize(
    ("cascade", "goes_along"),
    [("", False), ("&cascade=false", False), ("&cascade=True", False), ("&cascade", False), ("&cascade=true", True)],
)
def test_the_refresh_token_goes_along_if_asked(cascade: str, *, goes_along: bool) -> None:
    """Only with `cascade=true` the refresh token is revoked with its access token, and approved with it again."""
    edge, _ = token_edge()
    sent = granted(edge)
    call(edge, "POST", f"{TOKENS}/{sent['access_token']}?action=revoke{cascade}")

    assert (refresh(edge, sent["refresh_token"])[0] != 200) is goes_along


def test_approves_the_refresh_token_again() -> None:
    """With `cascade=true` the refresh token is approved with its access token."""
    edge, _ = token_edge()
    sent = granted(edge)
    for action in ("revoke", "approve"):
        call(edge, "POST", f"{TOKENS}/{sent['access_token']}?action={action}&cascade=true")

    assert refresh(edge, sent["refresh_token"])[0] == 200


def test_a_token_without_refresh_token_takes_cascade() -> None:
    """A token that has no refresh token is revoked with `cascade=true` like any other."""
    edge, app = token_edge()
    token = TokenFactory(edge)(app)

    assert call(edge, "POST", f"{TOKENS}/{token}?action=revoke&cascade=true").json()["status"] == "revoked"


def test_an_action_without_content() -> None:
    """With 204 of the guess `mgmt_token_action_status` an action is answered without a body."""
    edge, app = token_edge(guesses={"mgmt_token_action_status": 204})
    token = TokenFactory(edge)(app)

    assert told(call(edge, "POST", f"{TOKENS}/{token}?action=revoke")) == NO_CONTENT
    assert used(edge, token) == REVOKED


@pytest.mark.parametrize(
    "kind", ["application/octet-stream", "application/x-www-form-urlencoded", "application/json", "text/xml"]
)
def test_an_action_takes_any_content_type(kind: str) -> None:
    """Clients send actions with any Content-Type, and without a body."""
    edge, app = token_edge()
    token = TokenFactory(edge)(app)

    response = call(edge, "POST", f"{TOKENS}/{token}?action=revoke", headers=(("Content-Type", kind),))
    assert (response.status, shown(edge, token)["status"]) == (200, "revoked")


def test_an_action_goes_before_a_body() -> None:
    """With an action the body counts for nothing."""
    edge, app = token_edge()
    token = TokenFactory(edge)(app)

    changed = call(edge, "POST", f"{TOKENS}/{token}?action=revoke", {"scope": "READ"}).json()
    assert (changed["status"], changed["scope"]) == ("revoked", "READ WRITE")


@pytest.mark.parametrize(
    ("query", "named"), [("?action=destroy", "destroy"), ("?action=", ""), ("", ""), ("?action=Revoke", "Revoke")]
)
@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_refuses_another_action(kind: str, query: str, named: str) -> None:
    """Without a body it takes an action, and that is approve or revoke; else nothing changes."""
    edge, _ = token_edge()
    sent = granted(edge)
    path = {"access": f"{TOKENS}/{sent['access_token']}", "refresh": f"{REFRESH_TOKENS}/{sent['refresh_token']}"}[kind]
    expected = error(400, "keymanagement.service.InvalidAction", f"Invalid action {named}")

    assert told(call(edge, "POST", f"{path}{query}")) == expected
    assert used(edge, sent["access_token"])[0] == 200
    assert refresh(edge, sent["refresh_token"])[0] == 200


def test_an_expired_token_stays_expired_when_approved() -> None:
    """Approving a token that expired does not make it good again."""
    edge, app = token_edge()
    token = TokenFactory(edge)(app)
    edge.clock.advance(hours=1)

    assert call(edge, "POST", f"{TOKENS}/{token}?action=approve").json()["status"] == "expired"


def test_what_the_gateway_remembers_stays_good_for_a_while() -> None:
    """A gateway that looked at a token a moment ago still takes it after it was revoked."""
    edge, _ = token_edge(world={"organizations": [{"name": "acme", "revocation_lag": 180}]})
    token = granted(edge)["access_token"]
    used(edge, token)
    call(edge, "POST", f"{TOKENS}/{token}?action=revoke")
    before = used(edge, token)[0]
    edge.clock.advance(seconds=180)

    assert before == 200
    assert used(edge, token) == REVOKED
