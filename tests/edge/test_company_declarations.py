"""Companies as tests declare them: `apigee.company`, and their apps."""

import pytest

from pytest_apigee import ConfigurationError, FakeEdge, TokenFactory
from pytest_apigee.edge.records import Company, DeveloperStatus, Stamp
from tests.edge.gateway_support import MOMENT_MS, answer, bearer, frozen_edge, get


@pytest.fixture
def edge() -> FakeEdge:
    edge = frozen_edge()
    edge.developer("ada@x.example")
    return edge


def test_declares_a_company(edge: FakeEdge) -> None:
    """A company has what was said of it, and is as old as the declaration."""
    company = edge.company(
        "initech", display_name="Initech", developers={"ada@x.example": "admin"}, attributes={"plan": "gold"}
    )

    assert company == Company(
        name="initech",
        display_name="Initech",
        status=DeveloperStatus.ACTIVE,
        members={"ada@x.example": "admin"},
        attributes=(("plan", "gold"),),
        stamp=Stamp.of(MOMENT_MS),
    )


def test_a_company_needs_only_a_name(edge: FakeEdge) -> None:
    """Its display name is its name, and it has no developers; those without a role are named in a list."""
    assert (edge.company("initech").display_name, dict(edge.company("globex").members)) == ("initech", {})
    assert dict(edge.company("hooli", developers=["ada@x.example"]).members) == {"ada@x.example": ""}


def test_an_app_of_a_company_may_call(edge: FakeEdge) -> None:
    """Its tokens are as good as those of a developer's app; it has no developer."""
    edge.company("initech")
    proxy = edge.proxy("/weather", products=["gold"])
    app = edge.app("web", products=["gold"], company="initech")

    token = TokenFactory(edge)(app)

    assert (app.company, app.developer) == ("initech", "")
    assert answer(edge, get(proxy.url, bearer(token)))[0] == 200
    assert edge.find_app("web") == app


def test_two_owners_may_have_apps_of_one_name(edge: FakeEdge) -> None:
    """An app is found below its owner."""
    edge.company("initech")

    first = edge.app("web", developer="ada@x.example")
    second = edge.app("web", company="initech")

    assert first.app_id != second.app_id
    edge.set_app_status(first, "revoked")
    assert (edge.own_app(first).status, edge.own_app(second).status) == ("revoked", "approved")


def test_a_company_is_inactive_and_active(edge: FakeEdge) -> None:
    """The keys and tokens of its apps are refused while it is inactive."""
    edge.company("initech")
    proxy = edge.proxy("/weather", products=["gold"])
    token = TokenFactory(edge)(edge.app("web", products=["gold"], company="initech"))

    edge.set_company_status("initech", "inactive")
    refused = answer(edge, get(proxy.url, bearer(token)))
    edge.set_company_status("initech", "active")

    assert refused[0] == 401
    assert b"keymanagement.service.CompanyStatusNotActive" in refused[2]
    assert answer(edge, get(proxy.url, bearer(token)))[0] == 200


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (
            lambda edge: edge.company("INITECH"),
            "The company 'INITECH' already exists in organization 'acme', in whatever letter case.",
        ),
        (
            lambda edge: edge.company("globex", developers=["adda@x.example"]),
            (
                "Unknown developer 'adda@x.example' in organization 'acme'. Known: ada@x.example. "
                "Did you mean 'ada@x.example'?"
            ),
        ),
        (
            lambda edge: edge.company("globex", developers="ada@x.example"),
            "developers takes a list of names, as developers=['ada@acme.example'], not 'ada@x.example'.",
        ),
        (lambda edge: edge.company(""), "name takes text, not an empty text."),
        (
            lambda edge: edge.app("web", company="initec"),
            "Unknown company 'initec' in organization 'acme'. Known: initech. Did you mean 'initech'?",
        ),
        (
            lambda edge: edge.app("web", company="initech", developer="ada@x.example"),
            "An app has a developer or a company: give one of them.",
        ),
        (
            lambda edge: [edge.app("web", company="initech") for _ in range(2)],
            "The app 'web' of company 'initech' already exists.",
        ),
        (
            lambda edge: edge.set_company_status("initec", "active"),
            "Unknown company 'initec' in organization 'acme'. Known: initech. Did you mean 'initech'?",
        ),
        (
            lambda edge: edge.set_company_status("initech", "off"),
            "Unknown status 'off'. Allowed: active, inactive.",
        ),
    ],
)
def test_a_declaration_that_cannot_be_is_an_error(edge: FakeEdge, declare: object, message: str) -> None:
    """The error says what was wrong and what is allowed."""
    edge.company("initech")

    with pytest.raises(ConfigurationError) as raised:
        declare(edge)  # type: ignore[operator]  # a declaration

    assert str(raised.value) == message
