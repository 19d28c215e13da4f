"""Access tokens found and revoked by app and end user at the management API (management.md 3.1, 5.2, 7)."""

from urllib.parse import urlencode

import pytest

from pytest_apigee import App, FakeEdge, TokenFactory
from pytest_apigee.policies import GenerateAccessToken
from tests.edge.gateway_support import REVOKED, Answer, answer
from tests.edge.grant_support import post, serve
from tests.edge.management_token_support import (
    PASSWORD,
    REVOKE_FEATURE,
    SEARCH_FEATURE,
    TOKENS,
    call,
    client_credentials,
    error,
    granted,
    of_json,
    reason_of,
    refresh,
    refreshed,
    shown,
    token_edge,
    told,
    used,
)

SEARCH, REVOKE = "/oauth2/search", "/oauth2/revoke"
CALLS = pytest.mark.parametrize(("method", "path"), [("GET", SEARCH), ("POST", REVOKE)], ids=["search", "revoke"])
SERVICE = "keymanagement.service."
MISSING = error(400, f"{SERVICE}parameters_missing", "Parameters are missing")
OFF = error(400, f"{SERVICE}UnsupportedOperationRevoke", "Operation is not supported")
APP_UNKNOWN = error(400, f"{SERVICE}app_id_not_found", "App id not found")
LIMIT_UNFIT = error(400, f"{SERVICE}InvalidValueForLimitParam", "Invalid value for limit")
SAME = GenerateAccessToken(
    name="generate",
    generate_response=True,
    supported_grant_types=["password"],
    app_end_user="request.formparam.username",
    external_access_token="request.formparam.password",
)
NO_PERMISSION: Answer = (403, [], b"")


def several(edge: FakeEdge, number: int, *, app: App | None = None) -> list[str]:
    """Return new tokens in the order in which searches find them."""
    return sorted(str(TokenFactory(edge)(app or edge.find_app("photobook"))) for _ in range(number))


def found(edge: FakeEdge, query: str) -> list[str]:
    """Return the tokens of a search."""
    response = call(edge, "GET", f"{SEARCH}?{query}&limit=100")
    assert response.status == 200, response.text
    tokens: list[str] = response.json()["list"]
    return tokens


# The page


def test_finds_the_tokens_of_an_end_user() -> None:
    """A page lists tokens, and says what was looked for, where it starts, where the next one does, and how many are."""
    edge, _ = token_edge()
    tokens = sorted(granted(edge)["access_token"] for _ in range(3))
    granted(edge, user="bob")

    first = told(call(edge, "GET", f"{SEARCH}?enduser=ada&limit=2"))
    second = told(call(edge, "GET", f"{SEARCH}?enduser=ada&limit=2&start={tokens[2]}"))

    assert first == of_json(
        200,
        f"""\
{{
  "list" : [ "{tokens[0]}", "{tokens[1]}" ],
  "meta" : {{
    "limit" : 2,
    "next" : "{tokens[2]}",
    "query" : {{
      "endUser" : "ada"
    }},
    "start" : "",
    "totalResults" : 3
  }}
}}""",
    )
    assert second == of_json(
        200,
        f"""\
{{
  "list" : [ "{tokens[2]}" ],
  "meta" : {{
    "limit" : 2,
    "query" : {{
      "endUser" : "ada"
    }},
    "start" : "{tokens[2]}",
    "totalResults" : 3
  }}
}}""",
    )


@pytest.mark.parametrize(("guess", "line"), [("empty", '    "next" : "",\n'), ("null", '    "next" : null,\n')])
def test_the_last_page_has_no_next_one(guess: str, line: str) -> None:
    """On the last page `next` is absent, empty or null, by the guess `mgmt_search_last_next`."""
    edge, app = token_edge(guesses={"mgmt_search_last_next": guess})
    tokens = several(edge, 2)

    last = call(edge, "GET", f"{SEARCH}?app={app.app_id}")
    first = call(edge, "GET", f"{SEARCH}?app={app.app_id}&limit=1")

    assert f'    "limit" : 10,\n{line}    "query" : {{\n' in last.text
    assert first.json()["meta"]["next"] == tokens[1]


@pytest.mark.parametrize(("guesses", "name"), [({}, "app"), ({"mgmt_search_app_key": "appId"}, "appId")])
def test_says_which_app_was_looked_for(guesses: dict[str, object], name: str) -> None:
    """What a search by app is called in the answer is a guess; a search by both names both."""
    edge, app = token_edge(guesses=guesses)
    granted(edge)

    by_app = call(edge, "GET", f"{SEARCH}?app={app.app_id}&enduser=").json()["meta"]["query"]
    by_both = call(edge, "GET", f"{SEARCH}?app={app.app_id}&enduser=ada").json()["meta"]["query"]

    assert by_app == {name: app.app_id}
    assert list(by_both.items()) == [(name, app.app_id), ("endUser", "ada")]


def test_finds_tokens_of_both() -> None:
    """A search by app and end user finds the tokens that are of both, perhaps none."""
    edge, app = token_edge()
    other = edge.app("other", products=["photos"])
    several(edge, 1, app=other)
    plain, hers, his = (
        client_credentials(edge),
        granted(edge)["access_token"],
        granted(edge, user="bob")["access_token"],
    )

    assert found(edge, f"app={app.app_id}") == sorted([plain, hers, his])
    assert found(edge, f"app={app.app_id}&enduser=ada") == [hers]
    assert found(edge, f"app={other.app_id}&enduser=ada") == []
    assert len(found(edge, f"app={other.app_id}")) == 1


@pytest.mark.parametrize("limit", ["", "&limit=1", "&limit=7", "&limit=100", "&limit=25"])
def test_pages_follow_each_other(limit: str) -> None:
    """Each page begins with the token that the one before calls the next, so that none is missed or comes twice."""
    edge, app = token_edge()
    tokens, pages, query = several(edge, 25), [], f"app={app.app_id}{limit}"
    page = call(edge, "GET", f"{SEARCH}?{query}").json()
    while True:
        pages.append(page["list"])
        if "next" not in page["meta"]:
            break
        page = call(edge, "GET", f"{SEARCH}?{query}&start={page['meta']['next']}").json()

    size = int(limit.partition("=")[2] or 10)
    assert pages == [tokens[start : start + size] for start in range(0, 25, size)]


def test_a_page_may_start_with_a_token_that_is_gone() -> None:
    """Where the first token of the next page was deleted meanwhile, the page goes on behind it."""
    edge, app = token_edge()
    tokens = several(edge, 3)
    call(edge, "DELETE", f"{TOKENS}/{tokens[1]}")

    page = call(edge, "GET", f"{SEARCH}?app={app.app_id}&start={tokens[1]}").json()

    assert page["list"] == tokens[2:]
    assert (page["meta"]["start"], page["meta"]["totalResults"]) == (tokens[1], 2)


def test_an_app_without_tokens_has_none() -> None:
    """An app that has no tokens is found nonetheless."""
    edge, app = token_edge()

    assert told(call(edge, "GET", f"{SEARCH}?app={app.app_id}")) == of_json(
        200,
        '{\n  "list" : [ ],\n  "meta" : {\n    "limit" : 10,\n    "query" : {\n'
        f'      "app" : "{app.app_id}"\n    }},\n    "start" : "",\n    "totalResults" : 0\n  }}\n}}',
    )


def test_finds_tokens_in_any_state() -> None:
    """Tokens are found while they are revoked or expired, until they are forgotten."""
    edge, app = token_edge()
    revoked, expired = several(edge, 2)
    call(edge, "POST", f"{TOKENS}/{revoked}?action=revoke")
    edge.clock.advance(hours=1)
    before = found(edge, f"app={app.app_id}")
    edge.clock.advance(days=3)

    assert before == [revoked, expired]
    assert found(edge, f"app={app.app_id}") == []


def test_finds_no_token_that_was_replaced_or_deleted() -> None:
    """After a refresh the new token is found and the old one is not, nor one that was deleted."""
    edge, _ = token_edge()
    sent, other = granted(edge), granted(edge)["access_token"]
    again = refreshed(edge, sent["refresh_token"])["access_token"]
    between = found(edge, "enduser=ada")
    call(edge, "DELETE", f"{TOKENS}/{other}")

    assert between == sorted([again, other])
    assert found(edge, "enduser=ada") == [again]


def test_a_token_that_comes_again_is_of_its_last_owner() -> None:
    """A token from elsewhere that is issued a second time, to another user, is found by that one alone."""
    edge, _ = token_edge()
    url = serve(edge, "/external", SAME)
    for user in ("ada", "bob"):
        answer(edge, post(url, grant_type="password", username=user, password="x"))

    assert found(edge, "enduser=bob") == ["x"]
    assert told(call(edge, "GET", f"{SEARCH}?enduser=ada")) == MISSING


@pytest.mark.parametrize("user", ["ada@x.example", "a b", "Ünï", "%00", "a&b=c", "😀"])
def test_end_users_may_be_anything(user: str) -> None:
    """An end user is whatever the policy took for one."""
    edge, _ = token_edge()
    token = granted(edge, user=user)["access_token"]

    assert found(edge, urlencode({"enduser": user})) == [token]


# Who may, and where


@CALLS
@pytest.mark.parametrize("roles", [["user"], ["businessuser"], ["readonlyadmin"]])
def test_takes_an_administrator(method: str, path: str, roles: list[str]) -> None:
    """Without the role orgadmin or opsadmin it is refused with 403."""
    edge, app = token_edge()
    edge.user("low@acme.example", password=PASSWORD, roles={"acme": roles})

    assert told(call(edge, method, f"{path}?app={app.app_id}", user="low@acme.example")) == NO_PERMISSION
    assert "low@acme.example" in reason_of(edge)
    assert roles[0] in reason_of(edge)


@CALLS
def test_takes_no_other_role(method: str, path: str) -> None:
    """A role of one's own is not enough, whatever it allows."""
    edge, app = token_edge()
    edge.role("all", permissions={"/": ["get", "put", "delete"], "/oauth2": ["get", "put"]})
    edge.user("low@acme.example", password=PASSWORD, roles={"acme": ["all", "user"]})

    assert told(call(edge, method, f"{path}?app={app.app_id}", user="low@acme.example")) == NO_PERMISSION
    assert reason_of(edge) == (
        "the SSO user low@acme.example has in organization 'acme' the roles: all, user; search and revocation take one "
        "of: orgadmin, opsadmin"
    )


@CALLS
def test_the_role_counts_before_the_feature(method: str, path: str) -> None:
    """GUESS: who lacks the role is refused for that, also where the feature is off."""
    edge, app = token_edge()
    edge.set_properties({SEARCH_FEATURE: "false"})
    edge.role("all", permissions={"/": ["get", "put", "delete"], "/oauth2": ["get", "put"]})
    edge.user("low@acme.example", password=PASSWORD, roles={"acme": ["all"]})

    assert told(call(edge, method, f"{path}?app={app.app_id}", user="low@acme.example")) == NO_PERMISSION


@CALLS
@pytest.mark.parametrize("role", ["orgadmin", "opsadmin", "sysadmin"])
def test_takes_each_administrator(method: str, path: str, role: str) -> None:
    """Each of the roles orgadmin and opsadmin is enough, and so is that of whoever runs a private cloud."""
    edge, app = token_edge()
    edge.user("boss@acme.example", password=PASSWORD, roles={"acme": ["user", role]})

    assert call(edge, method, f"{path}?app={app.app_id}", user="boss@acme.example").status in (200, 202)


@CALLS
@pytest.mark.parametrize("off", [[REVOKE_FEATURE], [SEARCH_FEATURE], [REVOKE_FEATURE, SEARCH_FEATURE]])
@pytest.mark.parametrize("value", ["false", "", "TRUE"])
def test_takes_the_feature(method: str, path: str, off: list[str], value: str) -> None:
    """Where one of the two properties is not `true` it is refused, and the tester is told what to do."""
    edge, app = token_edge()
    edge.set_properties(dict.fromkeys(off, value))

    assert told(call(edge, method, f"{path}?app={app.app_id}")) == OFF
    assert reason_of(edge) == (
        "search and revocation are off in organization 'acme'. Switch them on by "
        "apigee.set_properties({'features.isOAuthRevokeEnabled': 'true', 'features.isOAuth2TokenSearchEnabled': "
        "'true'}, org='acme'), by properties= of apigee.organization, or by properties in a world file."
    )


def test_the_feature_is_off_by_default() -> None:
    """An organization that says nothing has the feature off; a world file may switch it on."""
    properties = {REVOKE_FEATURE: "true", SEARCH_FEATURE: "true"}
    users = [{"email": "ops@acme.example", "password": PASSWORD, "roles": {"acme": ["orgadmin"]}}]
    off = FakeEdge(world={"users": users})
    on = FakeEdge(world={"users": users, "organizations": [{"name": "acme", "properties": properties}]})

    assert told(call(off, "GET", f"{SEARCH}?app=x")) == OFF
    assert told(call(on, "GET", f"{SEARCH}?app=x")) == APP_UNKNOWN


# What is asked for


@CALLS
@pytest.mark.parametrize("query", ["", "?app=&enduser=", "?limit=3", "?App=x"])
def test_takes_an_app_or_an_end_user(method: str, path: str, query: str) -> None:
    """One of the two must be there."""
    edge, _ = token_edge()

    assert told(call(edge, method, path + query)) == MISSING


@CALLS
@pytest.mark.parametrize("app", ["photobook", "3b7cbe3c-0000-4000-8000-000000000000", "%00", "%FF"])
def test_refuses_an_unknown_app(method: str, path: str, app: str) -> None:
    """An app is named by its id, and must be there."""
    edge, _ = token_edge()
    granted(edge)

    assert told(call(edge, method, f"{path}?app={app}&enduser=ada")) == APP_UNKNOWN
    assert reason_of(edge) == "organization 'acme' has no app with this id, which is neither its name nor its key"


@CALLS
def test_refuses_an_unknown_end_user(method: str, path: str) -> None:
    """An end user without any token is not found, which has the same code as a missing parameter."""
    edge, app = token_edge()
    several(edge, 1)

    assert told(call(edge, method, f"{path}?app={app.app_id}&enduser=eve")) == MISSING
    assert reason_of(edge) == (
        "organization 'acme' has no access token of this end user: the policy that issues tokens must name the end "
        "user by app_end_user"
    )


@CALLS
def test_tokens_of_a_deleted_app_are_not_found_by_it(method: str, path: str) -> None:
    """With its app gone a token that stays (GUESS `tokens_outlive_apps`) is found by its end user alone."""
    edge, app = token_edge(guesses={"tokens_outlive_apps": True})
    token = granted(edge)["access_token"]
    call(edge, "DELETE", f"/developers/{app.developer}/apps/photobook")

    assert told(call(edge, method, f"{path}?app={app.app_id}")) == APP_UNKNOWN
    assert found(edge, "enduser=ada") == [token]


@pytest.mark.parametrize("limit", ["0", "-1", "101", "x", "1.5", "%2B1", "%20", "٣", "9" * 5_000, "1e1"])
def test_refuses_a_limit(limit: str) -> None:
    """A limit is a number from 1 to the maximum."""
    edge, app = token_edge()

    assert told(call(edge, "GET", f"{SEARCH}?app={app.app_id}&limit={limit}")) == LIMIT_UNFIT
    assert reason_of(edge).startswith("limit takes a number from 1 to 100, which the guess mgmt_search_max_limit says")


@pytest.mark.parametrize(("most", "usual", "fit", "unfit"), [(5, 5, "5", "6"), (1_000, 10, "1000", "1001")])
def test_the_largest_limit_is_a_guess(most: int, usual: int, fit: str, unfit: str) -> None:
    """The maximum is the guess `mgmt_search_max_limit`; where nothing is said a page has ten, if so many may be."""
    edge, app = token_edge(guesses={"mgmt_search_max_limit": most})
    path = f"{SEARCH}?app={app.app_id}&limit="

    assert call(edge, "GET", path).json()["meta"]["limit"] == usual
    assert call(edge, "GET", path + fit).json()["meta"]["limit"] == int(fit)
    assert told(call(edge, "GET", path + unfit)) == LIMIT_UNFIT


@pytest.mark.parametrize(
    ("row", "query"),
    [
        ("search_app_unknown", "app=x"),
        ("search_limit_unfit", "app={app}&limit=0"),
        ("search_off", "app={app}"),
        ("search_parameters_missing", ""),
        ("search_parameters_missing", "enduser=eve"),
    ],
)
def test_errors_are_guesses(row: str, query: str) -> None:
    """Status, code and text of each error are rows of the guess `mgmt_errors`."""
    edge, app = token_edge(guesses={"mgmt_errors": {row: "404 some.code Some text"}})
    edge.set_properties({SEARCH_FEATURE: "false" if row == "search_off" else "true"})

    assert told(call(edge, "GET", f"{SEARCH}?{query.format(app=app.app_id)}")) == error(404, "some.code", "Some text")


# Revoke


@pytest.mark.parametrize("status", [202, 200])
def test_revokes_the_tokens_of_an_app(status: int) -> None:
    """The answer is the number of tokens, as JSON; its status is the guess `mgmt_revoke_status`."""
    edge, app = token_edge(guesses={"mgmt_revoke_status": status})
    tokens, other = several(edge, 3), several(edge, 1, app=edge.app("other", products=["photos"]))
    edge.clock.advance(seconds=1)

    answered = told(call(edge, "POST", f"{REVOKE}?app={app.app_id}"))

    assert answered == of_json(status, "3")
    assert [used(edge, token) for token in tokens] == [REVOKED] * 3
    assert used(edge, other[0])[0] == 200
    assert [(shown(edge, token)["status"], shown(edge, token)["lastModifiedBy"]) for token in (*tokens, *other)] == [
        *[("revoked", "ops@acme.example")] * 3,
        ("approved", "defaultUser"),
    ]


@pytest.mark.parametrize(
    ("query", "number", "revoked"),
    [("enduser=ada", b"1", "ada"), ("app={app}&enduser=bob", b"1", "bob"), ("app={app}", b"2", "ada bob")],
)
def test_revokes_what_is_asked_for(query: str, number: bytes, revoked: str) -> None:
    """Tokens are revoked by end user, by app, or by both."""
    edge, app = token_edge()
    tokens = {user: granted(edge, user=user)["access_token"] for user in ("ada", "bob")}

    answered = call(edge, "POST", f"{REVOKE}?{query.format(app=app.app_id)}")

    assert answered.body == number
    states = {user: shown(edge, token)["status"] for user, token in tokens.items()}
    assert [user for user, status in states.items() if status == "revoked"] == revoked.split()


@pytest.mark.parametrize(("cascade", "works"), [("", True), ("&cascade=false", True), ("&cascade=true", False)])
def test_refresh_tokens_are_revoked_if_asked(cascade: str, *, works: bool) -> None:
    """Only with `cascade=true` refresh tokens go with their access tokens."""
    edge, _ = token_edge()
    sent = granted(edge)
    call(edge, "POST", f"{REVOKE}?enduser=ada{cascade}")

    assert (refresh(edge, sent["refresh_token"])[0] == 200) is works


def test_counts_all_tokens_again() -> None:
    """Tokens that were revoked before count, too; an app without any has none."""
    edge, app = token_edge()
    none = call(edge, "POST", f"{REVOKE}?app={app.app_id}").body
    several(edge, 2)

    assert none == b"0"
    assert [call(edge, "POST", f"{REVOKE}?app={app.app_id}").body for _ in range(2)] == [b"2", b"2"]


def test_forgotten_tokens_are_not_revoked() -> None:
    """Tokens that were forgotten meanwhile do not count."""
    edge, app = token_edge()
    several(edge, 2)
    edge.clock.advance(days=4)

    assert call(edge, "POST", f"{REVOKE}?app={app.app_id}").body == b"0"
