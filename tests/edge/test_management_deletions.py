"""What is left of what was deleted through the management API: at the gateway, for the tester, and for a successor."""

import pytest

from pytest_apigee import FakeEdge, Request
from pytest_apigee.errors import ConfigurationError
from tests.edge.bundle_support import deployed, edge_with_clock, imported, undeployed
from tests.edge.entity_support import BASE, KEY, MOBILE, call, entity_edge, shown, token_of, with_key, with_token
from tests.edge.gateway_support import bearer
from tests.edge.roles_support import ask

GONE_KEY = "no app of organization 'acme' has this consumer key: it was deleted, or its app was"
INVALID_TOKEN = "keymanagement.service.invalid_access_token"
SESSIONS = "/e/test/apis/hello/revisions/1/debugsessions"
MAPS = ("/apis/hello/keyvaluemaps", "/apis/hello/revisions/1/keyvaluemaps")
IMPORTED = (
    "The API proxy 'hello' in organization 'acme' is a bundle that was imported: deploy and call it as its clients do, "
    "through the management API and at its base path."
)


@pytest.fixture
def edge() -> FakeEdge:
    return entity_edge()


def test_a_deleted_token_is_told_from_one_of_another_test(edge):
    """Of a token that this test deleted the tester hears just that."""
    token = token_of(edge, "k1", "s1")["access_token"]
    call(edge, "DELETE", f"/oauth2/accesstokens/{token}")

    assert with_token(edge, token) == INVALID_TOKEN
    assert edge.calls.last.reason == "the token was deleted"


@pytest.mark.parametrize("path", [KEY, MOBILE, "/developers/ada@x.example"])
def test_a_deleted_key_is_told_from_one_of_another_test(edge, path):
    """Of a key that this test deleted, with its app or its developer or alone, the tester hears just that."""
    call(edge, "DELETE", path)

    assert with_key(edge, "k1") == "oauth.v2.InvalidApiKey"
    assert edge.calls.last.reason == GONE_KEY


def test_tokens_do_not_pass_to_another_app_with_their_key(edge):
    """A token of a deleted app is no token of a later app that has the same consumer key."""
    answer = token_of(edge, "k1", "s1")
    call(edge, "DELETE", MOBILE)
    edge.app("second", products=["gold"], developer="ada@x.example", consumer_key="k1", consumer_secret="s1")

    assert with_token(edge, answer["access_token"]) == INVALID_TOKEN
    assert edge.calls.last.reason == "the consumer key that the token was issued to is gone, and the token with it"
    assert with_token(edge, token_of(edge, "k1", "s1")["access_token"]) == "ok"


def test_an_app_that_was_deleted_is_named_as_such(edge):
    """Who declares more of an app that was deleted is told that it was."""
    app = edge.find_app("mobile")
    call(edge, "DELETE", MOBILE)

    with pytest.raises(ConfigurationError) as caught:
        edge.add_key(app)
    assert str(caught.value) == "The app 'mobile' is not one of this fake Edge; it was deleted."


def test_a_token_of_an_app_is_named_as_such(edge):
    """An app's access token is none of the management API's; the tester is told whose it is."""
    token = token_of(edge, "k1", "s1")["access_token"]

    response = edge.handle(Request(url=BASE, headers=[bearer(token)]))

    assert response.status == 401
    assert edge.calls.last.reason == (
        "an access token of an app of organization 'acme', which is for its APIs; the management API takes those of "
        "SSO users"
    )


def hello_with_leftovers() -> FakeEdge:
    """Return an Edge with a deployed bundle, a debug session of it, and maps of it."""
    edge = edge_with_clock()
    imported(edge, "hello")
    deployed(edge, "hello")
    assert ask(edge, "POST", f"{SESSIONS}?session=old").status == 201
    for path in MAPS:
        assert ask(edge, "POST", path, {"name": "colours"}).status == 201
    undeployed(edge, "hello")
    return edge


def test_a_new_api_proxy_has_nothing_of_a_deleted_one():
    """With an API proxy its debug sessions and its key value maps are deleted."""
    edge = hello_with_leftovers()

    ask(edge, "DELETE", "/apis/hello")
    imported(edge, "hello")

    assert [ask(edge, "GET", path).json() for path in (SESSIONS, MAPS[0])] == [[], []]
    assert ask(edge, "GET", f"{MAPS[1]}/colours/keys").status == 404


def test_a_revision_takes_what_is_its_own_with_it():
    """With a revision its debug sessions and its key value maps are deleted, and not those of its API proxy."""
    edge = hello_with_leftovers()

    ask(edge, "DELETE", "/apis/hello/revisions/1")
    imported(edge, "hello")

    assert ask(edge, "GET", SESSIONS).json() == []
    assert ask(edge, "GET", f"{MAPS[1]}/colours/keys").status == 404
    assert ask(edge, "GET", MAPS[0]).json() == ["colours"]


def test_other_api_proxies_keep_what_they_have():
    """What belongs to another API proxy stays."""
    edge = hello_with_leftovers()
    imported(edge, "hello2")
    deployed(edge, "hello2")
    ask(edge, "POST", f"{SESSIONS.replace('hello', 'hello2')}?session=kept")
    ask(edge, "POST", "/apis/hello2/keyvaluemaps", {"name": "kept"})

    ask(edge, "DELETE", "/apis/hello")

    assert ask(edge, "GET", SESSIONS.replace("hello", "hello2")).json() == ["kept"]
    assert ask(edge, "GET", "/apis/hello2/keyvaluemaps").json() == ["kept"]


@pytest.mark.parametrize("do", [lambda edge: edge.find_proxy("hello"), lambda edge: edge.deploy("hello", "prod")])
def test_an_imported_api_proxy_is_named_as_such(do):
    """What Python declares is not what clients imported; the tester is told so."""
    edge = edge_with_clock()
    imported(edge, "hello")

    with pytest.raises(ConfigurationError) as caught:
        do(edge)
    assert str(caught.value) == IMPORTED


def test_a_company_shows_its_first_hundred_apps(edge):
    """As the profile of a developer, that of a company has only the first 100 apps."""
    for number in range(101):
        edge.app(f"app{number:03}", company="initech")

    assert len(shown(edge, "/companies/initech")["apps"]) == 100
