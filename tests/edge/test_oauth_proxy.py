"""The `oauth` proxy of each organization: what it answers when all is well. Source: runtime.md section 2."""

import json

import pytest

from pytest_apigee import App, FakeEdge, Request, Response
from tests.edge.gateway_support import (
    FORM,
    JSON,
    MOMENT_MS,
    answer,
    app_request,
    basic,
    frozen_edge,
    no_proxy,
    token_request,
)

CURRENT_BODY = """\
{
  "refresh_token_expires_in" : "0",
  "api_product_list" : "[weather, maps]",
  "api_product_list_json" : [ "weather", "maps" ],
  "organization_name" : "acme",
  "developer.email" : "ada@example.com",
  "token_type" : "BearerToken",
  "issued_at" : "1767323045678",
  "client_id" : "%(client_id)s",
  "access_token" : "%(access_token)s",
  "application_name" : "%(app_id)s",
  "scope" : "READ WRITE MAP",
  "expires_in" : "3599",
  "refresh_count" : "0",
  "status" : "approved"
}"""

BODY_OF_2016 = """\
{
  "issued_at" : "1767323045678",
  "application_name" : "%(app_id)s",
  "scope" : "READ WRITE MAP",
  "status" : "approved",
  "api_product_list" : "[weather, maps]",
  "expires_in" : "3599",
  "developer.email" : "ada@example.com",
  "organization_id" : "0",
  "token_type" : "BearerToken",
  "client_id" : "%(client_id)s",
  "access_token" : "%(access_token)s",
  "organization_name" : "acme",
  "refresh_token_expires_in" : "0",
  "refresh_count" : "0"
}"""


def declared_app(edge: FakeEdge) -> App:
    edge.developer("ada@example.com")
    edge.product("weather", scopes=["READ", "WRITE"])
    edge.product("maps", scopes=["MAP", "READ"])
    return edge.app("forecast", products=["weather", "maps"], developer="ada@example.com")


def granted(edge: FakeEdge, app: App, **fields: str) -> dict[str, str]:
    status, _, body = answer(edge, app_request(edge, app, **fields))
    assert status == 200, body
    return json.loads(body)


@pytest.mark.parametrize(
    ("era", "headers", "template"),
    [("current", [JSON], CURRENT_BODY), ("2016", [JSON, ("Server", "Apigee Router")], BODY_OF_2016)],
)
def test_answers_a_client_in_the_layout_of_the_era(era: str, headers: list[tuple[str, str]], template: str) -> None:
    """A token answer is pretty JSON of strings, with a blank on both sides of each colon, in the era's order."""
    edge = frozen_edge(era=era)
    app = declared_app(edge)

    sent = answer(edge, app_request(edge, app))

    token = edge.calls.last.issued_token
    body = template % {"client_id": app.consumer_key, "access_token": token, "app_id": app.app_id}
    assert sent == (200, headers, body.encode())


def test_answers_alike_for_one_seed() -> None:
    """The same seed and clock give the same token answer, byte for byte."""
    first, second = ((edge := frozen_edge()), declared_app(edge)), ((edge := frozen_edge()), declared_app(edge))

    answers = [answer(edge, app_request(edge, app)) for edge, app in (first, second)]

    assert answers[0] == answers[1]


def test_issues_a_new_token_each_time() -> None:
    """Each request gets a token of its own, of 28 letters and digits; the older ones stay good."""
    edge = frozen_edge()
    app = edge.app(products=["weather"])
    api = edge.proxy("/weather", products=["weather"])

    tokens = [granted(edge, app)["access_token"] for _ in range(3)]

    assert len(set(tokens)) == 3
    assert all(len(token) == 28 and token.isascii() and token.isalnum() for token in tokens)
    assert [
        answer(edge, Request(url=api.url, headers={"Authorization": f"Bearer {token}"}))[0] for token in tokens
    ] == [200, 200, 200]


def test_takes_basic_credentials() -> None:
    """The client id and secret may come in a Basic header, without any body."""
    edge = frozen_edge()
    app = declared_app(edge)

    status, _, body = answer(
        edge, Request(method="POST", url=edge.token_url, headers=[basic(app.consumer_key, app.consumer_secret)])
    )

    assert (status, json.loads(body)["client_id"]) == (200, app.consumer_key)


def test_takes_basic_credentials_before_those_of_the_form() -> None:
    """Where both are sent, the Basic header counts."""
    edge = frozen_edge()
    app, other = edge.app(), edge.app()
    request = app_request(edge, other)

    edge.handle(request.with_headers([FORM, basic(app.consumer_key, app.consumer_secret)]))

    assert edge.calls.last.app == app.name


@pytest.mark.parametrize("credentials", ["?", "bm9jb2xvbg=="], ids=["not base64", "no colon"])
def test_takes_no_form_where_the_basic_header_is_unreadable(credentials: str) -> None:
    """A Basic header that does not decode is a client without id, whatever the form holds."""
    edge = frozen_edge()
    app = edge.app()

    sent = answer(edge, app_request(edge, app).with_headers([FORM, ("Authorization", f"Basic {credentials}")]))

    assert sent == (401, [JSON], b'{"ErrorCode" : "invalid_client", "Error" :"Client identifier is required"}')


@pytest.mark.parametrize("credentials", ["?", "bm9jb2xvbg=="], ids=["not base64", "no colon"])
def test_takes_the_form_where_the_basic_header_is_unreadable_if_switched_on(credentials: str) -> None:
    """The guess `undecodable_basic_counts_as_absent` lets the form count beside a Basic header that does not decode."""
    edge = frozen_edge(guesses={"undecodable_basic_counts_as_absent": True})
    app = edge.app()

    edge.handle(app_request(edge, app).with_headers([FORM, ("Authorization", f"Basic {credentials}")]))

    assert edge.calls.tokens_issued.only.app == app.name


@pytest.mark.parametrize(
    ("requested", "scope"),
    [
        pytest.param({}, "READ WRITE MAP", id="none"),
        pytest.param({"scope": ""}, "READ WRITE MAP", id="empty"),
        pytest.param({"scope": "WRITE"}, "WRITE", id="one"),
        pytest.param({"scope": "MAP READ"}, "READ MAP", id="order of the products"),
        pytest.param({"scope": "READ ADMIN"}, "READ", id="intersection"),
        pytest.param({"scope": "ADMIN"}, "", id="disjoint"),
        pytest.param({"scope": "read"}, "", id="letter case"),
    ],
)
def test_grants_the_requested_scopes_that_the_products_have(requested: dict[str, str], scope: str) -> None:
    """A request gets all scopes of the app's products, or those of them that it names, be it none."""
    edge = frozen_edge()
    app = declared_app(edge)

    assert granted(edge, app, **requested)["scope"] == scope


def test_answers_an_app_without_products() -> None:
    """An app without products gets a token with empty lists."""
    edge = frozen_edge()
    app = edge.app()

    fields = granted(edge, app)

    assert (fields["api_product_list"], fields["api_product_list_json"], fields["scope"]) == ("[]", [], "")


def test_answers_the_stock_lifetime() -> None:
    """The stock proxy's tokens last 3600 seconds, and its answer says one second less."""
    edge = frozen_edge()
    app = edge.app(products=["weather"])
    api = edge.proxy("/weather", products=["weather"])
    fields = granted(edge, app)
    request = Request(url=api.url, headers={"Authorization": f"Bearer {fields['access_token']}"})

    statuses = []
    for milliseconds in (3_599_999, 1):
        edge.clock.advance(milliseconds=milliseconds)
        statuses.append(answer(edge, request)[0])

    assert (fields["issued_at"], fields["expires_in"], statuses) == (str(MOMENT_MS), "3599", [200, 401])


def test_says_when_edge_issued_the_token() -> None:
    """`issued_at` is Edge's time, which a skewed clock tells from the client's."""
    edge = frozen_edge()
    edge.clock.skew(seconds=90)

    assert granted(edge, edge.app())["issued_at"] == "1767323135678"


@pytest.mark.parametrize(
    ("guesses", "headers"),
    [
        ({"token_cache_headers": True}, [JSON, ("Cache-Control", "no-store"), ("Pragma", "no-cache")]),
        ({}, [JSON]),
    ],
)
def test_sends_cache_headers_where_switched_on(guesses: dict[str, object], headers: list[tuple[str, str]]) -> None:
    """The guess `token_cache_headers` adds what RFC 6749 wants."""
    edge = frozen_edge(guesses=guesses)

    assert answer(edge, app_request(edge, edge.app()))[1] == headers


def test_leaves_out_the_server_header_where_switched_off() -> None:
    """The guess `server_header_2016`, set to nothing, leaves the header out."""
    edge = frozen_edge(era="2016", guesses={"server_header_2016": ""})

    assert answer(edge, app_request(edge, edge.app()))[1] == [JSON]


def test_is_deployed_in_test_only() -> None:
    """In `prod` nothing answers until the proxy is deployed there."""
    edge = frozen_edge()
    app = edge.app()
    request = token_request(
        edge.token_url_for(env="prod"), client_id=app.consumer_key, client_secret=app.consumer_secret
    )

    before = answer(edge, request)
    edge.deploy_oauth("prod")
    after = answer(edge, request)

    assert before == no_proxy("secure", r"\/oauth\/client_credential\/accesstoken")
    assert after[0] == 200


def test_stays_deployed_in_test() -> None:
    """A deployment in another environment, even twice, leaves the first one as it is."""
    edge = frozen_edge()
    edge.deploy_oauth("prod")
    edge.deploy_oauth("prod")

    assert answer(edge, app_request(edge, edge.app()))[0] == 200


def test_does_not_listen_on_plain_http() -> None:
    """The stock proxy is on the virtual host `secure` only: plain http finds no proxy on `default`."""
    edge = frozen_edge()
    request = app_request(edge, edge.app())

    sent = answer(edge, request.with_url(request.url.replace("https:", "http:")))

    assert sent == no_proxy("default", r"\/oauth\/client_credential\/accesstoken")
    assert edge.calls.last.reason == (
        "no proxy serves this path in test, on default; 'oauth' is deployed in test, on secure"
    )


@pytest.mark.parametrize(
    ("method", "suffix"),
    [("GET", "/accesstoken"), ("POST", "/accesstoken/"), ("POST", "/refresh"), ("POST", ""), ("PUT", "/accesstoken")],
)
def test_echoes_what_no_flow_is_for(method: str, suffix: str) -> None:
    """Another verb or path runs no policy and has no target: 200 with the request's own headers and body."""
    edge = frozen_edge()
    url = f"{edge.gateway_url}/oauth/client_credential{suffix}"
    headers = [
        ("X-Kept", "1"),
        ("Host", "acme-test.apigee.net"),
        ("Content-Length", "2"),
        FORM,
        ("Connection", "close"),
    ]

    sent = answer(edge, Request(method=method, url=url, headers=headers, body="a="))

    assert sent == (200, [("X-Kept", "1"), FORM], b"a=")
    assert edge.calls.last.reason == (
        f"no policy of the proxy 'oauth' answers {method} /oauth/client_credential{suffix}, "
        "and it has no target, so Edge echoes the request"
    )


@pytest.mark.parametrize("header", [("X-Bad", "caf\xe9"), ("X-Bad", "a\x00b"), ("X Bad", "a"), ("X-B\xe9d", "a")])
def test_echoes_no_header_that_cannot_be_sent(header: tuple[str, str]) -> None:
    """A header that is unfit for the wire is left out of an echo."""
    edge = frozen_edge()

    sent = answer(edge, Request(url=f"{edge.gateway_url}/oauth/client_credential/x", headers=[header, ("X-Ok", "1")]))

    assert sent == (200, [("X-Ok", "1")], b"")


def test_answers_404_instead_of_an_echo_where_switched_off() -> None:
    """The guess `unmatched_flow_echo`, off, answers 404 with an empty body."""
    edge = frozen_edge(guesses={"unmatched_flow_echo": False})

    sent = answer(edge, Request(url=f"{edge.gateway_url}/oauth/client_credential/authorize"))

    assert sent == (404, [], b"")
    assert edge.calls.last.reason == ("no policy of the proxy 'oauth' answers GET /oauth/client_credential/authorize")


def test_knows_the_apps_of_its_own_organization_only() -> None:
    """The key of another organization's app is unknown."""
    edge = frozen_edge()
    edge.organization("globex")
    app = edge.app(org="globex")

    sent = answer(edge, app_request(edge, app))

    assert sent == (401, [JSON], b'{"ErrorCode" : "invalid_client", "Error" :"ClientId is Invalid"}')


def test_notes_who_got_a_token() -> None:
    """The journal says which organization, environment, proxy and app a token answer was for."""
    edge = frozen_edge()
    app = edge.app("forecast")
    edge.handle(app_request(edge, app))

    call = edge.calls.tokens_issued.only

    assert (call.organization, call.environment, call.proxy, call.app) == ("acme", "test", "oauth", "forecast")
    assert call.reason == ""


@pytest.mark.parametrize("grant_type_before_client", [True, False])
def test_a_right_request_gets_a_token_in_either_order_of_checks(*, grant_type_before_client: bool) -> None:
    """Whether the grant type or the client is looked at first decides about refusals alone."""
    edge = FakeEdge(guesses={"grant_type_before_client": grant_type_before_client})
    app = edge.app()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = f"client_id={app.consumer_key}&client_secret={app.consumer_secret}"

    answer = edge.handle(Request(method="POST", url=edge.token_url, headers=form, body=body))

    assert isinstance(answer, Response)
    assert (answer.status, answer.json()["client_id"]) == (200, app.consumer_key)
