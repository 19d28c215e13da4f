"""What token answers hold, byte for byte, in both eras (runtime.md 2.3, 4.1, 4.3)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from pytest_apigee import ConfigurationError
from pytest_apigee.policies import (
    NEVER,
    Attribute,
    GenerateAccessToken,
    GenerateAccessTokenImplicitGrant,
    GenerateAuthorizationCode,
    GetOAuthV2Info,
    RefreshAccessToken,
)
from tests.edge.gateway_support import FORM, JSON, MOMENT_MS, answer, basic, in_era, token_request
from tests.edge.grant_support import KEY, SECRET, Look, Put, grant_edge, new_code, post, serve, tokens

ALL = ("authorization_code", "client_credentials", "password")
USER = {"grant_type": "password", "username": "ada", "password": "pw"}

NEWER = """\
{
  "refresh_token_expires_in" : "%(refresh_expires_in)s",
  "refresh_token_status" : "approved",
  "api_product_list" : "[photos]",
  "api_product_list_json" : [ "photos" ],
  "organization_name" : "acme",
  "developer.email" : "developer@acme.example",
  "token_type" : "BearerToken",
  "issued_at" : "%(issued_at)s",
  "client_id" : "%(client_id)s",
  "access_token" : "%(access_token)s",
  "refresh_token" : "%(refresh_token)s",
  "application_name" : "%(app_id)s",
  "scope" : "READ WRITE",
  "refresh_token_issued_at" : "%(issued_at)s",
  "expires_in" : "%(expires_in)s",
  "refresh_count" : "%(count)s",
  "status" : "approved"
}"""
OLDER = """\
{
  "issued_at" : "%(issued_at)s",
  "scope" : "READ WRITE",
  "application_name" : "%(app_id)s",
  "refresh_token_issued_at" : "%(issued_at)s",
  "status" : "approved",
  "refresh_token_status" : "approved",
  "api_product_list" : "[photos]",
  "expires_in" : "%(expires_in)s",
  "developer.email" : "developer@acme.example",
  "organization_id" : "0",
  "token_type" : "BearerToken",
  "refresh_token" : "%(refresh_token)s",
  "client_id" : "%(client_id)s",
  "access_token" : "%(access_token)s",
  "organization_name" : "acme",
  "refresh_token_expires_in" : "%(refresh_expires_in)s",
  "refresh_count" : "%(count)s"
}"""


def generate(**settings: object) -> GenerateAccessToken:
    return GenerateAccessToken(
        **{"name": "generate", "supported_grant_types": ALL, "generate_response": True, **settings}  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(("era", "layout"), [("current", NEWER), ("2016", OLDER)])
@pytest.mark.parametrize("grant", ["password", "authorization_code"])
def test_answers_with_a_refresh_token(era: str, layout: str, grant: str) -> None:
    """Password and authorization code give a refresh token; all fields are text, in the order of the era."""
    edge, app = grant_edge(era=era)
    url = serve(edge, "/token", generate(expires_in=timedelta(minutes=30)))
    sent = USER if grant == "password" else {"grant_type": grant, "code": new_code(edge)}

    got = answer(edge, post(url, **sent))

    issued = edge.calls.last.outcome.json()
    body = layout % {
        "refresh_expires_in": "0",
        "issued_at": MOMENT_MS,
        "client_id": KEY,
        "access_token": issued["access_token"],
        "refresh_token": issued["refresh_token"],
        "app_id": app.app_id,
        "expires_in": "1799",
        "count": "0",
    }
    assert got == in_era((200, [JSON], body.encode()), era)
    assert (len(issued["access_token"]), len(issued["refresh_token"])) == (28, 32)


@pytest.mark.parametrize(("era", "layout"), [("current", NEWER), ("2016", OLDER)])
def test_answers_to_refreshes_count_them(era: str, layout: str) -> None:
    """Each refresh counts one more, and lasts as RefreshAccessToken says."""
    edge, app = grant_edge(era=era)
    first = tokens(edge, post(serve(edge, "/token", generate()), **USER))
    refresh = RefreshAccessToken(
        name="refresh",
        generate_response=True,
        expires_in=timedelta(minutes=10),
        refresh_token_expires_in=timedelta(days=1),
    )
    url, known = serve(edge, "/refresh", refresh), first["refresh_token"]

    for count in ("1", "2"):
        got = answer(edge, post(url, grant_type="refresh_token", refresh_token=known))
        issued = edge.calls.last.outcome.json()
        body = layout % {
            "refresh_expires_in": "86399",
            "issued_at": MOMENT_MS,
            "client_id": KEY,
            "access_token": issued["access_token"],
            "refresh_token": issued["refresh_token"],
            "app_id": app.app_id,
            "expires_in": "599",
            "count": count,
        }
        assert got == in_era((200, [JSON], body.encode()), era)
        known = issued["refresh_token"]


def test_gives_no_refresh_token_for_client_credentials() -> None:
    """Client credentials give no refresh token, only the field that says how long none lasts."""
    edge, _ = grant_edge()

    issued = tokens(edge, post(serve(edge, "/token", generate()), grant_type="client_credentials"))

    assert [name for name in issued if name.startswith("refresh")] == ["refresh_token_expires_in", "refresh_count"]
    assert issued["refresh_token_expires_in"] == "0"


def test_answers_as_the_rfc_has_it() -> None:
    """With RFCCompliantRequestResponse the type is Bearer and `expires_in` a number."""
    edge, _ = grant_edge()
    url = serve(edge, "/token", generate(rfc_compliant_request_response=True, expires_in=timedelta(hours=1)))

    issued = tokens(edge, post(url, **USER))

    assert (issued["token_type"], issued["expires_in"]) == ("Bearer", 3599)
    assert issued["refresh_token_expires_in"] == "0"


@pytest.mark.parametrize(
    ("settings", "shown"), [({}, "-1"), ({"rfc_compliant_request_response": True}, -1)], ids=["stock", "RFC"]
)
def test_shows_that_a_token_never_expires(settings: dict[str, object], shown: object) -> None:
    """A token without end has the guessed `expires_in`, and is good after years."""
    edge, _ = grant_edge()
    api = edge.proxy("/photos", products=["photos"]).url
    url = serve(edge, "/token", generate(expires_in=NEVER, **settings))

    issued = tokens(edge, post(url, grant_type="client_credentials"))
    edge.clock.advance(days=4_000)

    assert issued["expires_in"] == shown
    assert (
        answer(edge, token_request(api).with_headers([("Authorization", f"Bearer {issued['access_token']}")]))[0] == 200
    )


def test_the_expires_in_of_a_token_without_end_is_a_guess() -> None:
    """`infinite_expires_in` may be another number."""
    edge, _ = grant_edge(guesses={"infinite_expires_in": "0"})
    url = serve(edge, "/token", generate(expires_in=NEVER))

    assert tokens(edge, post(url, grant_type="client_credentials"))["expires_in"] == "0"


@pytest.mark.parametrize(
    ("settings", "variables", "shown"),
    [
        ({}, {}, ("3599", "0")),
        ({"expires_in": timedelta(seconds=5)}, {}, ("4", "0")),
        ({"expires_in": timedelta(seconds=5), "expires_in_ref": "a"}, {"a": "10000"}, ("9", "0")),
        ({"expires_in": timedelta(seconds=5), "expires_in_ref": "a"}, {}, ("4", "0")),
        ({"expires_in": timedelta(seconds=5), "expires_in_ref": "a"}, {"a": "soon"}, ("4", "0")),
        ({"expires_in": timedelta(seconds=5), "expires_in_ref": "a"}, {"a": "0"}, ("4", "0")),
        ({"expires_in": timedelta(seconds=5), "expires_in_ref": "a"}, {"a": "-5"}, ("4", "0")),
        ({"expires_in": timedelta(seconds=5), "expires_in_ref": "a"}, {"a": "-1"}, ("-1", "0")),
        ({"refresh_token_expires_in": timedelta(seconds=5)}, {}, ("3599", "4")),
        ({"refresh_token_expires_in_ref": "a"}, {"a": "8000"}, ("3599", "7")),
        ({"refresh_token_expires_in": NEVER}, {}, ("3599", "0")),
    ],
)
def test_lasts_as_its_settings_say(
    settings: dict[str, object], variables: dict[str, str], shown: tuple[str, str]
) -> None:
    """A lifetime is that of the variable, if it holds one, else that of the setting, else the system's default."""
    edge, _ = grant_edge()
    url = serve(edge, "/token", Put(name="put", values=variables), generate(**settings))

    issued = tokens(edge, post(url, **USER))

    assert (issued["expires_in"], issued["refresh_token_expires_in"]) == shown


def test_the_default_lifetime_is_a_guess() -> None:
    """`default_access_seconds` says how long a token is good whose policy does not."""
    edge, _ = grant_edge(guesses={"default_access_seconds": 60})

    assert tokens(edge, post(serve(edge, "/token", generate()), **USER))["expires_in"] == "59"


def test_appends_the_attributes_that_are_displayed() -> None:
    """Custom attributes come last, those alone with display, and never in place of Edge's own fields."""
    edge, _ = grant_edge()
    attributes = [
        Attribute(name="plan", value="gold"),
        Attribute(name="city", ref="town", value="nowhere"),
        Attribute(name="region", ref="absent", value="north"),
        Attribute(name="hidden", value="x", display=False),
        Attribute(name="scope", value="ALL"),
    ]
    url = serve(edge, "/token", Put(name="put", values={"town": "Oslo"}), generate(attributes=attributes))

    issued = tokens(edge, post(url, grant_type="client_credentials"))

    assert list(issued.items())[-3:] == [("plan", "gold"), ("city", "Oslo"), ("region", "north")]
    assert (issued["scope"], "hidden" in issued) == ("READ WRITE", False)


def test_leaves_tokens_in_variables_without_generate_response() -> None:
    """With GenerateResponse off, variables hold what was issued, and the flow goes on."""
    edge, app = grant_edge()
    names = ("access_token", "token_type", "expires_in", "refresh_token", "refresh_token_expires_in", "scope", "status")
    names += ("refresh_token_issued_at", "refresh_token_status", "client_id", "developer.email", "developer.app.name")
    look = Look(name="look", names=tuple(f"oauthv2accesstoken.generate.{name}" for name in names))
    quiet = generate(
        generate_response=False, expires_in=timedelta(minutes=30), refresh_token_expires_in=timedelta(hours=1)
    )

    answer(edge, post(serve(edge, "/token", quiet, look), **USER))

    seen = {name.removeprefix("oauthv2accesstoken.generate."): value for name, value in look.seen.items()}
    access, refresh = seen.pop("access_token"), seen.pop("refresh_token")
    assert (len(str(access)), len(str(refresh))) == (28, 32)
    assert seen == {
        "token_type": "BearerToken",
        "expires_in": "1799",
        "refresh_token_expires_in": "3600",
        "scope": "READ WRITE",
        "status": "approved",
        "refresh_token_issued_at": str(MOMENT_MS),
        "refresh_token_status": "approved",
        "client_id": KEY,
        "developer.email": "developer@acme.example",
        "developer.app.name": app.name,
    }
    assert edge.calls.last.issued_token == access


def test_may_carry_cache_headers() -> None:
    """Whether an answer forbids caching is a guess."""
    edge, _ = grant_edge(guesses={"token_cache_headers": True})

    headers = answer(edge, post(serve(edge, "/token", generate()), **USER))[1]

    assert headers == [JSON, ("Cache-Control", "no-store"), ("Pragma", "no-cache")]


def test_knows_a_client_by_basic_or_by_form() -> None:
    """Client id and secret come in a Basic header or in the form."""
    edge, _ = grant_edge()
    url = serve(edge, "/token", generate())

    by_header = token_request(url, grant_type="client_credentials").with_headers([FORM, basic(KEY, SECRET)])

    assert tokens(edge, by_header)["client_id"] == KEY
    assert tokens(edge, post(url, grant_type="client_credentials"))["client_id"] == KEY


def test_reads_its_input_where_its_settings_say() -> None:
    """Each input may come from another variable."""
    edge, _ = grant_edge()
    elsewhere = generate(
        grant_type="request.queryparam.g",
        user_name="request.queryparam.u",
        pass_word="request.header.x-password",
        scope="request.queryparam.s",
        app_end_user="request.queryparam.u",
    )
    url = serve(edge, "/token", elsewhere)
    request = post(f"{url}?g=password&u=ada&s=READ")

    issued = tokens(edge, request.with_headers([*request.headers, ("X-Password", "pw")]))

    assert issued["scope"] == "READ"
    look = Look(name="look", names=("oauthv2accesstoken.info.app_enduser",))
    info = GetOAuthV2Info(name="info", access_token="request.queryparam.t")
    answer(edge, post(f"{serve(edge, '/info', info, look)}?t={issued['access_token']}"))
    assert look.seen == {"oauthv2accesstoken.info.app_enduser": "ada"}


def test_gives_no_refresh_token_for_an_implicit_grant() -> None:
    """An implicit grant has no refresh token, at the token endpoint neither."""
    edge, _ = grant_edge()
    url = serve(edge, "/token", GenerateAccessToken(name="generate", generate_response=True))

    issued = tokens(edge, post(url, grant_type="implicit"))

    assert [name for name in issued if name.startswith("refresh")] == ["refresh_token_expires_in", "refresh_count"]


def test_supports_codes_and_implicit_grants_alone_by_default() -> None:
    """Without SupportedGrantTypes, only authorization_code and implicit are."""
    edge, _ = grant_edge()
    url = serve(edge, "/token", GenerateAccessToken(name="generate", generate_response=True))

    refused = [answer(edge, post(url, grant_type=grant))[2] for grant in ("client_credentials", "password")]

    assert refused == [
        b'{"ErrorCode" : "invalid_request", "Error" :"Unsupported grant type : client_credentials"}',
        b'{"ErrorCode" : "invalid_request", "Error" :"Unsupported grant type : password"}',
    ]


@pytest.mark.parametrize("milliseconds", [4, 999, 1_000, 1_999])
def test_shows_no_less_than_zero_seconds(milliseconds: int) -> None:
    """A token that lasts less than two seconds shows 0, not the -1 of one that never ends."""
    edge, _ = grant_edge()
    lasts = timedelta(milliseconds=milliseconds)
    settings = {"expires_in": lasts, "refresh_token_expires_in": lasts}

    issued = tokens(edge, post(serve(edge, "/token", generate(**settings)), **USER))

    assert (issued["expires_in"], issued["refresh_token_expires_in"]) == ("0", "0")


RFC = """\
{
  "refresh_token_expires_in" : "0",
  "api_product_list" : "[photos]",
  "api_product_list_json" : [ "photos" ],
  "organization_name" : "acme",
  "developer.email" : "developer@acme.example",
  "token_type" : "Bearer",
  "issued_at" : "1767323045678",
  "client_id" : "K3yK3yK3yK3yK3yK3yK3yK3yK3yK3yab",
  "access_token" : "%(access_token)s",
  "application_name" : "%(app_id)s",
  "scope" : "READ WRITE",
  "expires_in" : 1799,
  "refresh_count" : "0",
  "status" : "approved",
  "plan" : "gold"
}"""


def test_answers_as_the_rfc_has_it_with_attributes_last() -> None:
    """The body of RFC mode, to the byte: a number without quotes, and attributes after Edge's own fields."""
    edge, app = grant_edge()
    settings = {"rfc_compliant_request_response": True, "attributes": [Attribute(name="plan", value="gold")]}
    url = serve(edge, "/token", generate(expires_in=timedelta(minutes=30), **settings))

    got = answer(edge, post(url, grant_type="client_credentials"))

    token = edge.calls.last.issued_token
    assert got == (200, [JSON], (RFC % {"access_token": token, "app_id": app.app_id}).encode())


def test_says_in_a_variable_that_a_token_never_expires() -> None:
    """The variable of a token without end holds what its answer would."""
    edge, _ = grant_edge()
    names = ("oauthv2accesstoken.generate.expires_in", "oauthv2accesstoken.generate.refresh_token_expires_in")
    look = Look(name="look", names=names)

    answer(edge, post(serve(edge, "/token", generate(generate_response=False, expires_in=NEVER), look), **USER))

    assert list(look.seen.values()) == ["-1", "0"]


WRONG = [
    ({"expires_in": 5}, "expires_in of 'generate' takes a timedelta, not int."),
    (
        {"expires_in": timedelta(0)},
        "expires_in of 'generate' takes a time span of a millisecond or more, or NEVER, not 0:00:00.",
    ),
    (
        {"refresh_token_expires_in": timedelta(seconds=-5)},
        (
            "refresh_token_expires_in of 'generate' takes a time span of a millisecond or more, or NEVER, "
            "not -1 day, 23:59:55."
        ),
    ),
    (
        {"attributes": {"plan": "gold"}},
        (
            "attributes of 'generate' takes a list of attributes, as [Attribute(name='plan', value='gold')], "
            "not {'plan': 'gold'}."
        ),
    ),
    (
        {"supported_grant_types": ["clientcredentials"]},
        (
            "Unknown grant type 'clientcredentials'. Allowed: authorization_code, client_credentials, implicit, "
            "password. Did you mean 'client_credentials'?"
        ),
    ),
    (
        {"supported_grant_types": "password"},
        "supported_grant_types takes a list of names, as supported_grant_types=['weather'], not 'password'.",
    ),
    ({"generate_response": "yes"}, "generate_response of 'generate' takes True or False, not str."),
    ({"generate_error_response": 1}, "generate_error_response of 'generate' takes True or False, not int."),
    ({"store_token": "no"}, "store_token of 'generate' takes True or False, not str."),
    ({"external_authorization": None}, "external_authorization of 'generate' takes True or False, not NoneType."),
    (
        {"rfc_compliant_request_response": 1},
        "rfc_compliant_request_response of 'generate' takes True or False, not int.",
    ),
    ({"grant_type": 5}, "grant_type of 'generate' takes text, not int."),
    ({"client_id": None}, "client_id of 'generate' takes text, not NoneType."),
    ({"expires_in_ref": timedelta(1)}, "expires_in_ref of 'generate' takes text, not timedelta."),
    ({"external_access_token": True}, "external_access_token of 'generate' takes text, not bool."),
]


@pytest.mark.parametrize(("settings", "message"), WRONG)
def test_refuses_settings_that_cannot_be(settings: dict[str, object], message: str) -> None:
    """A wrong setting is refused where the policy is made."""
    with pytest.raises(ConfigurationError) as caught:
        generate(**settings)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (
            lambda: RefreshAccessToken(name="refresh", reuse_refresh_token="yes"),  # type: ignore[arg-type]
            "reuse_refresh_token of 'refresh' takes True or False, not str.",
        ),
        (
            lambda: RefreshAccessToken(name="refresh", refresh_token=None),  # type: ignore[arg-type]
            "refresh_token of 'refresh' takes text, not NoneType.",
        ),
        (
            lambda: GenerateAuthorizationCode(name="code", redirect_uri=5),  # type: ignore[arg-type]
            "redirect_uri of 'code' takes text, not int.",
        ),
        (
            lambda: GenerateAuthorizationCode(name="code", external_authorization_code=5),  # type: ignore[arg-type]
            "external_authorization_code of 'code' takes text, not int.",
        ),
        (
            lambda: GenerateAuthorizationCode(name="code", expires_in=60),  # type: ignore[arg-type]
            "expires_in of 'code' takes a timedelta, not int.",
        ),
        (
            lambda: GenerateAccessTokenImplicitGrant(name="implicit", attributes=["plan"]),  # type: ignore[list-item]
            (
                "attributes of 'implicit' takes a list of attributes, as [Attribute(name='plan', value='gold')], "
                "not ['plan']."
            ),
        ),
        (
            lambda: GenerateAuthorizationCode(name=""),
            "The name of GenerateAuthorizationCode takes text, not an empty text.",
        ),
    ],
)
def test_refuses_settings_of_other_operations_that_cannot_be(declare: Callable[[], object], message: str) -> None:
    """The other operations refuse wrong settings in the same words."""
    with pytest.raises(ConfigurationError) as caught:
        declare()

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": ""}, "The name of an attribute takes text, not an empty text."),
        ({"value": 5}, "The value of attribute 'plan' takes text, not int."),
        ({"ref": None}, "The ref of attribute 'plan' takes text, not NoneType."),
        ({"display": "no"}, "display of attribute 'plan' takes True or False, not str."),
    ],
)
def test_refuses_an_attribute_that_cannot_be(settings: dict[str, object], message: str) -> None:
    """A wrong attribute is refused where it is made."""
    with pytest.raises(ConfigurationError) as caught:
        Attribute(**{"name": "plan", **settings})  # type: ignore[arg-type]

    assert str(caught.value) == message
