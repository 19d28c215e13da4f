"""What can be declared, by the type of each argument: the rest raises ConfigurationError and nothing else."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest

from pytest_apigee import ConfigurationError, FakeEdge
from pytest_apigee.factories import TokenFactory

EMAIL = "ada@example.com"
OBJECT = object()
ODD = {
    "None": None,
    "number": 5,
    "bytes": b"x",
    "empty list": [],
    "empty dict": {},
    "empty text": "",
    "object": OBJECT,
    "nan": float("nan"),
    "list of numbers": [1],
    "list of empty text": [""],
    "list of lists": [["a"]],
    "dict of numbers": {"a": 5},
    "dict by number": {5: "a"},
    "true": True,
}
OPTIONAL = {"None"}
LIST = {"empty list"}

# function, its parameters, each with the odd values that it takes
PARAMETERS: dict[str, dict[str, set[str]]] = {
    "organization": {
        "name": set(),
        "environments": set(),
        "display_name": OPTIONAL,
        "kind": set(),
        "hosts": {"None", "empty dict"},
        "zone": OPTIONAL,
        "properties": {"None", "empty dict"},
        "revocation_lag": {"number"},
    },
    "developer": {
        "email": OPTIONAL,
        "first_name": set(),
        "last_name": set(),
        "user_name": OPTIONAL,
        "attributes": {"None", "empty dict"},
        "org": OPTIONAL,
    },
    "product": {
        "name": set(),
        "proxies": LIST,
        "environments": LIST,
        "resources": LIST,
        "scopes": {"empty list", "empty text"},
        "approval": set(),
        "quota": {"None", "number"},
        "attributes": {"None", "empty dict"},
        "org": OPTIONAL,
    },
    "app": {
        "name": OPTIONAL,
        "products": LIST,
        "developer": OPTIONAL,
        "consumer_key": OPTIONAL,
        "consumer_secret": OPTIONAL,
        "callback_url": OPTIONAL,
        "scopes": {"empty list", "empty text"},
        "attributes": {"None", "empty dict"},
        "org": OPTIONAL,
    },
    "proxy": {
        "base_path": set(),
        "name": OPTIONAL,
        "products": {"None", "empty list"},
        "target": {  # any JSON
            "None",
            "number",
            "empty list",
            "empty dict",
            "empty text",
            "list of numbers",
            "list of empty text",
            "list of lists",
            "dict of numbers",
            "dict by number",
            "true",
        },
        "security": OPTIONAL,
        "scope": {"empty list", "empty text"},
        "api_key": OPTIONAL,
        "endpoint": OPTIONAL,
        "target_endpoint": OPTIONAL,
        "virtual_hosts": set(),
        "host": OPTIONAL,
        "org": OPTIONAL,
        "env": OPTIONAL,
    },
    "authorization_server": {
        "base_path": set(),
        "name": OPTIONAL,
        "grant_types": OPTIONAL,
        "users": {"None", "empty dict"},
        "consent": set(),
        "expires_in": set(),
        "refresh_token_expires_in": OPTIONAL,
        "reuse_refresh_token": {"true"},
        "rfc_compliant": {"true"},
        "org": OPTIONAL,
        "env": OPTIONAL,
    },
    "user": {
        "email": OPTIONAL,
        "password": OPTIONAL,
        "mfa_secret": OPTIONAL,
        "machine": {"true"},
        "mfa": {"true"},
        "roles": {"None", "empty dict"},
        "zone": OPTIONAL,
        "status": set(),
        "first_name": {"empty text"},
        "last_name": {"empty text"},
    },
    "role": {"name": set(), "permissions": {"None", "empty dict"}, "org": OPTIONAL},
    "zone": {"name": OPTIONAL, "organizations": {"None", "empty list"}},
    "sso_client": {
        "client_id": set(),
        "client_secret": OPTIONAL,
        "scopes": {"None", "empty list", "empty text"},
        "authorities": {"empty list", "empty text"},
    },
    "passcode": {"user": set()},
    "set_user_status": {"user": set(), "status": set()},
    "revoke_tokens_of": {"user": set()},
    "login_answer": {"user": set()},
    "deploy_oauth": {"env": set(), "org": OPTIONAL},
    "set_app_status": {"app": set(), "status": set()},
    "set_key_status": {"app": set(), "status": set(), "consumer_key": OPTIONAL},
    "set_product_status": {"app": set(), "product": set(), "status": set(), "consumer_key": OPTIONAL},
    "add_key": {
        "app": set(),
        "products": {"None", "empty list"},
        "scopes": {"empty list", "empty text"},
        "expires_in": OPTIONAL,
    },
    "set_developer_status": {"email": set(), "status": set(), "org": OPTIONAL},
    "set_password": {"user": set(), "password": set(), "zone": OPTIONAL},
    "find_app": {"name": set(), "org": OPTIONAL},
    "find_proxy": {"name": set(), "org": OPTIONAL, "env": OPTIONAL},
    "find_user": {"email": set(), "zone": OPTIONAL},
    "url_for": {"org": OPTIONAL, "env": OPTIONAL},
    "token_url_for": {"org": OPTIONAL, "env": OPTIONAL},
    "mfa_code": {"user": set()},
    "auth": {"app": OPTIONAL},
    "management_auth": {"user": OPTIONAL},
    "revoke": {"token": set()},
    "token": {"app": OPTIONAL, "scope": {"None", "empty text"}, "lifetime": set()},
    "FakeEdge": {
        "world": {"None", "empty dict"},
        "org": OPTIONAL,
        "env": OPTIONAL,
        "seed": {"None", "number", "empty text"},
        "era": OPTIONAL,
        "guesses": {"None", "empty dict"},
        "clock": OPTIONAL,
        "extra_hosts": {"None", "empty dict"},
        "claimed_hosts": LIST,
    },
}


def complete(edge: FakeEdge) -> dict[str, dict[str, object]]:
    """Return what each function needs beside the argument in question."""
    app, user = edge.app("mobile", products=["gold"]), edge.user("ops@acme.example", mfa_secret="JBSWY3DPEHPK3PXP")
    edge.developer(EMAIL)
    return {
        "organization": {"name": "globex"},
        "product": {"name": "silver"},
        "proxy": {"base_path": "/weather"},
        "role": {"name": "support"},
        "deploy_oauth": {"env": "prod"},
        "set_app_status": {"app": app, "status": "revoked"},
        "set_key_status": {"app": app, "status": "revoked"},
        "set_product_status": {"app": app, "product": "gold", "status": "revoked"},
        "add_key": {"app": app},
        "set_developer_status": {"email": EMAIL, "status": "inactive"},
        "set_password": {"user": user.email, "password": "new"},
        "sso_client": {"client_id": "tool"},
        "passcode": {"user": user},
        "set_user_status": {"user": user, "status": "inactive"},
        "revoke_tokens_of": {"user": user},
        "login_answer": {"user": user},
        "find_user": {"email": user.email},
        "find_app": {"name": "mobile"},
        "find_proxy": {"name": "oauth"},
        "mfa_code": {"user": user},
    }


def function_named(name: str, edge: FakeEdge) -> Callable[..., object]:
    known: dict[str, Callable[..., object]] = {"FakeEdge": FakeEdge, "token": TokenFactory(edge)}
    return known[name] if name in known else getattr(edge, name)


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize(
    ("function", "parameter", "taken"),
    [(name, parameter, taken) for name, row in PARAMETERS.items() for parameter, taken in row.items()],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_takes_an_odd_argument_or_refuses_it(function: str, parameter: str, taken: set[str], kind: str) -> None:
    """Each argument is taken, or refused by a ConfigurationError with a message; nothing else is raised."""
    edge = FakeEdge()
    arguments = {**complete(edge).get(function, {}), parameter: ODD[kind]}

    expected = contextlib.nullcontext() if kind in taken else pytest.raises(ConfigurationError, match=r"[.?]$")
    with expected:
        function_named(function, edge)(**arguments)


def test_takes_right_arguments() -> None:
    """What the test above leaves as it is, is right."""
    edge = FakeEdge()
    completed = complete(edge)

    for name in PARAMETERS:
        if name != "revoke":
            function_named(name, edge)(**completed.get(name, {}))


# Messages


def messages() -> list[tuple[str, Callable[[FakeEdge], object], str]]:
    """Return mistakes with their messages."""
    unfit_path = "A base path starts with a slash, as '/weather', and holds letters, digits and '._~-' between slashes"
    unfit_host = "cannot be a host: write its name alone, as 'api.acme.example'."
    taken_host = "is taken: it leads elsewhere already."
    neither = "A proxy with security='none' checks neither scope nor products: leave them out, or security."
    return [
        ("text", lambda edge: edge.product(5), "name takes text, not int."),
        ("empty text", lambda edge: edge.app(""), "name takes text, not an empty text."),
        ("flag", lambda edge: edge.user(machine=1), "machine takes True or False, not int."),
        (
            "list",
            lambda edge: edge.product("p", proxies={"a": 1}),
            ("proxies takes a list of names, as proxies=['weather'], not {'a': 1}."),
        ),
        (
            "lone environment",
            lambda edge: edge.organization("o", environments="test"),
            ("environments takes a list of names, as environments=['test'], not 'test'."),
        ),
        (
            "roles",
            lambda edge: edge.user(roles=["orgadmin"]),
            ("roles takes a dict of lists by organization, as roles={'acme': ['orgadmin']}, not ['orgadmin']."),
        ),
        ("role by number", lambda edge: edge.user(roles={5: []}), "An organization in roles takes text, not int."),
        ("dict", lambda edge: edge.organization("o", properties=[]), "properties takes a dict of texts, not list."),
        (
            "choice",
            lambda edge: edge.organization("o", kind="payed"),
            ("Unknown kind 'payed'. Allowed: paid, trial. Did you mean 'paid'?"),
        ),
        (
            "scope",
            lambda edge: edge.product("p", scopes=["READ WRITE"]),
            ("'READ WRITE' cannot be a scope: it holds a blank. Write scopes=['READ', 'WRITE']."),
        ),
        ("app", lambda edge: edge.set_app_status("mobile", "revoked"), "app takes an App, not str."),
        ("user", lambda edge: edge.management_auth("ops"), "user takes a User, not str."),
        ("clock", lambda edge: FakeEdge(clock="noon"), "clock takes a Clock, not str."),
        ("seed", lambda edge: FakeEdge(seed=1.5), "seed takes a whole number or text, not float."),
        (
            "environment of a product",
            lambda edge: edge.product("p", environments=["tets"]),
            ("Unknown environment 'tets' of organization 'acme'. Declared: prod, test. Did you mean 'test'?"),
        ),
        ("scope without security", lambda edge: edge.proxy("/w", security="none", scope="READ"), neither),
        ("products without security", lambda edge: edge.proxy("/w", security="none", products=["p"]), neither),
        (
            "name of the oauth proxy",
            lambda edge: edge.proxy("/oauth"),
            (
                "The API proxy 'oauth' already exists in organization 'acme': at /oauth/client_credential. "
                "Give this one another name, as name='oauth-2'."
            ),
        ),
        (
            "wildcard",
            lambda edge: edge.proxy("/v1/*/weather"),
            ("The base path '/v1/*/weather' holds a wildcard, which is not modelled by this version."),
        ),
        *(
            (f"base path {path}", lambda edge, path=path: edge.proxy(path), f"{unfit_path}, not {path!r}.")
            for path in ("weather", "//", "/a//b", "/a b", "/a?b", "/a#b", "/a/../b", "/.", "/é", "https://x.example")
        ),
        *(
            (f"host {host}", lambda edge, host=host: edge.organization("o", hosts={host: "test"}), f"{host!r} {wrong}")
            for host, wrong in {
                "https://api.example": unfit_host,
                "api.example/v1": unfit_host,
                "api example": unfit_host,
                "-api.example": unfit_host,
                "é.example": unfit_host,
            }.items()
        ),
        *(
            (
                f"host {host}",
                lambda edge, host=host: edge.organization("o", hosts={host: "test"}),
                (f"The host {name!r} {taken_host}"),
            )
            for host, name in {
                "login.apigee.com": "login.apigee.com",
                "API.enterprise.apigee.com:443": "api.enterprise.apigee.com",
                "mocktarget.apigee.net.": "mocktarget.apigee.net",
                "acme-prod.apigee.net": "acme-prod.apigee.net",
            }.items()
        ),
        (
            "extra host",
            lambda edge: FakeEdge(extra_hosts={"login.apigee.com": "test"}),
            (f"The host 'login.apigee.com' {taken_host}"),
        ),
        (
            "user of another fake",
            lambda edge: edge.management_auth(FakeEdge(seed=8).user("x@y.example")),
            ("The SSO user 'x@y.example' is not one of this fake Edge; it was declared in another one."),
        ),
        ("lifetime", lambda edge: TokenFactory(edge)(lifetime=3600), "lifetime takes a timedelta, not int."),
    ]


@pytest.mark.parametrize(("declare", "message"), [row[1:] for row in messages()], ids=[row[0] for row in messages()])
def test_says_what_is_allowed(declare: Callable[[FakeEdge], object], message: str) -> None:
    """The message of a mistake says what was wrong and what is allowed."""
    with pytest.raises(ConfigurationError) as caught:
        declare(FakeEdge())

    assert str(caught.value) == message


def test_refuses_a_user_of_another_fake_with_the_same_email() -> None:
    """A user is known by the id, not by the e-mail alone."""
    edge = FakeEdge(seed=1)
    edge.user("ops@acme.example")
    other = FakeEdge(seed=2).user("ops@acme.example")

    with pytest.raises(ConfigurationError) as caught:
        edge.management_auth(other)

    assert str(caught.value) == (
        "The SSO user 'ops@acme.example' is not one of this fake Edge; it was declared in another one."
    )


@pytest.mark.parametrize("base_path", ["/", "/weather", "/weather/", "/v1/a.b_c~d-e", "/A/1"])
def test_takes_a_base_path(base_path: str) -> None:
    """A base path is a slash, or segments of unreserved characters, a slash at the end or not."""
    assert FakeEdge().proxy(base_path, name="weather").base_path == base_path


def test_takes_a_host_in_any_form_that_names_it_alone() -> None:
    """A custom domain is kept in lower case, without port and trailing dot."""
    organization = FakeEdge().organization("globex", hosts={"API.Globex.example.:8443": "prod", "localhost": "test"})

    assert organization.hosts == {"api.globex.example": "prod", "localhost": "test"}


def test_takes_a_token_of_any_lifetime() -> None:
    """A token that outlives the year 9999 expires in its last millisecond, as far as Python can tell."""
    token = TokenFactory(FakeEdge())(lifetime=timedelta.max)

    assert token.expires_at.isoformat() == "9999-12-31T23:59:59.999000+00:00"


def test_draws_from_a_seed_that_no_encoding_holds() -> None:
    """A seed may be any text, a lone surrogate included."""
    assert FakeEdge(seed="\ud800").new_uuid() == FakeEdge(seed="\ud800").new_uuid()
