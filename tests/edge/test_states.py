"""What a test may change after it declared it: the states of apps, keys and developers; and MFA codes."""

from collections.abc import Callable

import pytest

from pytest_apigee import App, ConfigurationError, FakeEdge, Request, Response
from pytest_apigee.factories import TokenFactory


def call(edge: FakeEdge, app: App) -> int:
    """Return the status of a call to a protected API with a new token of an app."""
    token = TokenFactory(edge)(app)
    answer = edge.handle(Request(url=f"{edge.gateway_url}/weather", headers={"Authorization": f"Bearer {token}"}))
    assert isinstance(answer, Response)
    return answer.status


@pytest.fixture
def edge() -> FakeEdge:
    edge = FakeEdge()
    edge.developer("ada@example.com")
    edge.proxy("/weather")
    return edge


@pytest.fixture
def app(edge: FakeEdge) -> App:
    return edge.app("mobile", developer="ada@example.com", products=["weather"])


def test_a_revoked_app_is_refused_until_it_is_approved(edge: FakeEdge, app: App) -> None:
    """The tokens of an app are refused while the app is not approved."""
    edge.set_app_status(app, "revoked")
    refused = call(edge, app)
    edge.set_app_status(app, "approved")

    assert (refused, call(edge, app)) == (401, 200)
    assert edge.calls.refused.only.reason.startswith("App not Approved (app 'mobile': ")


def test_a_revoked_key_is_refused_until_it_is_approved(edge: FakeEdge, app: App) -> None:
    """The tokens of a consumer key are refused while the key is not approved."""
    edge.set_key_status(app, "revoked")
    refused = call(edge, app)
    edge.set_key_status(app, "approved", consumer_key=app.consumer_key)

    assert (refused, call(edge, app)) == (401, 200)


def test_the_apps_of_an_inactive_developer_are_refused(edge: FakeEdge, app: App) -> None:
    """The tokens of a developer's apps are refused while the developer is inactive."""
    edge.set_developer_status("ada@example.com", "inactive")
    refused = call(edge, app)
    edge.set_developer_status("ada@example.com", "active")

    assert (refused, call(edge, app)) == (401, 200)


def test_a_status_that_does_not_exist(edge: FakeEdge, app: App) -> None:
    """A mistaken status is refused with those that are allowed."""
    with pytest.raises(ConfigurationError) as caught:
        edge.set_app_status(app, "revokd")

    assert str(caught.value) == "Unknown status 'revokd'. Allowed: approved, pending, revoked. Did you mean 'revoked'?"


def test_the_mfa_code_of_the_moment(edge: FakeEdge) -> None:
    """The code is the one that RFC 6238 gives for the user's secret at Edge's time."""
    edge.clock.freeze("1970-01-01T00:00:59Z")
    user = edge.user("ops@acme.example", mfa_secret="GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")

    assert edge.mfa_code(user) == "287082"


def test_no_mfa_code_without_mfa(edge: FakeEdge) -> None:
    """A user without MFA has no code."""
    user = edge.user("ops@acme.example")

    with pytest.raises(ConfigurationError) as caught:
        edge.mfa_code(user)

    assert str(caught.value) == (
        "The SSO user 'ops@acme.example' has no MFA: declare it with apigee.user(email, mfa=True)."
    )


def test_what_nobody_refused_is_not_refused(edge: FakeEdge) -> None:
    """An echo and a stub have a reason to be told, and are no refusals."""
    edge.handle(Request(url=edge.token_url))
    edge.record(Request(url=edge.login_url), Response(), "answered by a stub")

    assert [exchange.reason != "" for exchange in edge.calls] == [True, True]
    assert not edge.calls.refused


def test_calls_to_a_proxy(edge: FakeEdge, app: App) -> None:
    """Calls to a proxy are found by its name, and by what declared it."""
    maps = edge.proxy("/maps", security="none")
    edge.handle(Request(url=maps.url))
    call(edge, app)

    assert edge.calls.to(maps).only is edge.calls.to("maps").only
    assert edge.calls.to("maps").only is edge.calls[0]


def test_what_was_declared_is_found_again(edge: FakeEdge, app: App) -> None:
    """Apps, proxies and users that were declared before are found by name, as they are now."""
    user = edge.user("ops@acme.example", password="old")
    edge.set_app_status(app, "revoked")
    edge.set_password("ops@acme.example", "new")

    assert edge.find_app("mobile").app_id == app.app_id
    assert edge.find_app("mobile").status == "revoked"
    assert edge.find_proxy("weather").url == "https://acme-test.apigee.net/weather"
    assert edge.find_proxy("oauth", env="prod").url == "https://acme-prod.apigee.net/oauth/client_credential"
    assert (edge.find_user("OPS@acme.example").user_id, edge.find_user("ops@acme.example").password) == (
        user.user_id,
        "new",
    )


@pytest.mark.parametrize(
    ("find", "message"),
    [
        (
            lambda edge: edge.find_app("mobil"),
            "Unknown app 'mobil' in organization 'acme'. Known: mobile. Did you mean 'mobile'?",
        ),
        (
            lambda edge: edge.find_proxy("wether"),
            "Unknown API proxy 'wether' in organization 'acme'. Known: oauth, weather. Did you mean 'weather'?",
        ),
        (lambda edge: edge.find_user("a@b.example"), "Unknown SSO user 'a@b.example'. Known: none."),
    ],
)
def test_what_was_not_declared_is_not_found(
    edge: FakeEdge, app: App, find: Callable[[FakeEdge], object], message: str
) -> None:
    """A name that was not declared is refused with those that were."""
    with pytest.raises(ConfigurationError) as caught:
        find(edge)

    assert str(caught.value) == message


def test_two_credentials_with_one_key() -> None:
    """The credentials of an app have different keys."""
    credential = {"consumerKey": "key", "consumerSecret": "secret"}
    world = {"organizations": [{"name": "acme", "apps": [{"name": "mobile", "credentials": [credential, credential]}]}]}

    with pytest.raises(ConfigurationError) as caught:
        FakeEdge(world)

    assert str(caught.value) == (
        "the world: organizations[0]: apps[0]: Two credentials of app 'mobile' have the same consumer key."
    )


def test_a_world_with_field_names_that_are_no_text() -> None:
    """Field names of a world are text."""
    with pytest.raises(ConfigurationError) as caught:
        FakeEdge({"organizations": [{"name": "acme", "hosts": {1: "test"}}]})

    assert str(caught.value) == "the world: organizations[0]: hosts: field names are text, not 1."
