"""BasicAuthentication: what it decodes and encodes, and what it refuses. Source: its page and its runtime errors."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_apigee import ConfigurationError, Request
from pytest_apigee.edge.gateway.policies.basic_authentication import BasicAuthentication
from pytest_apigee.edge.gateway.variables import Value
from tests.edge.flow_support import Look, Put, rule, url_of
from tests.edge.gateway_support import JSON, Answer, answer, basic, fault, frozen_edge, get

HEADER = "request.header.Authorization"
CODE = "steps.basicauthentication."
INVALID = (
    500,
    [JSON],
    fault(
        f"Source variable : {HEADER} for basic authentication decode policy is not valid",
        f"{CODE}InvalidBasicAuthenticationSource",
    ),
)


def unresolved(variable: str) -> Answer:
    return 500, [JSON], fault(f"Unresolved variable : {variable}", f"{CODE}UnresolvedVariable")


def decode(**settings: object) -> BasicAuthentication:
    return BasicAuthentication(name="ba", operation="Decode", user="u", password="p", **settings)


def encode(**settings: object) -> BasicAuthentication:
    return BasicAuthentication(name="ba", operation="Encode", user="u", password="p", **{"assign_to": "out"} | settings)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


DECODED = {
    "user and password": (basic("ann", "s3cret")[1], ["ann", "s3cret"]),
    "colons": (basic("ann", "a:b:")[1], ["ann", "a:b:"]),
    "empty": (basic("", "")[1], ["", ""]),
    "letters": (basic("änn", "€")[1], ["änn", "€"]),
    "no UTF-8": (f"Basic {encoded(bytes([0xFF]) + b':p')}", ["\ufffd", "p"]),
    "lower case": (basic("ann", "p")[1].replace("Basic", "basic"), ["ann", "p"]),
    "blanks": (f"Basic   {encoded(b'ann:p')}  ", ["ann", "p"]),
}


@pytest.mark.parametrize(("header", "expected"), DECODED.values(), ids=DECODED)
def test_decodes(header: str, expected: list[Value]) -> None:
    """User and password are what the first colon separates, once decoded."""
    edge = frozen_edge()
    look = Look(name="look", names=("u", "p"))

    answer(edge, get(url_of(edge, decode(), look), ("Authorization", header)))

    assert look.seen == expected


def test_decodes_another_variable_into_parts_of_the_message() -> None:
    """The source may be any variable, and the request gets what its parts are named for."""
    edge, seen = frozen_edge(), []
    policy = BasicAuthentication(
        name="ba",
        operation="Decode",
        source="request.queryparam.auth",
        user="request.header.username",
        password="request.header.password",
    )
    url = url_of(edge, policy, target=seen.append)

    answer(edge, get(f"{url}?auth=Basic%20{encoded(b'ann:p')}"))

    assert list(seen[0].headers) == [("username", "ann"), ("password", "p")]


REFUSED = {
    "other scheme": ("Bearer YWthc2g6MTIz", "does not start with 'Basic' and a blank"),
    "no scheme": ("YWthc2g6MTIz", "does not start with 'Basic' and a blank"),
    "empty": ("", "does not start with 'Basic' and a blank"),
    "bad length": ("Basic 23435", "holds something else than base64 after 'Basic'"),
    "bad characters": ("Basic YWth*c2g6MTIz", "holds something else than base64 after 'Basic'"),
    "surrogate": ("Basic \ud800", "holds something else than base64 after 'Basic'"),
    "nothing encoded": ("Basic", "holds no colon between user and password"),
    "no colon": (f"Basic {encoded(b'ann')}", "holds no colon between user and password"),
}


@pytest.mark.parametrize("ignore", [True, False])
@pytest.mark.parametrize(("header", "why"), REFUSED.values(), ids=REFUSED)
def test_refuses_what_does_not_decode(header: str, why: str, *, ignore: bool) -> None:
    """A source that holds no Basic credentials is refused, ignored variables or not; the reason tells no secret."""
    edge = frozen_edge()
    url = url_of(edge, decode(ignore_unresolved_variables=ignore))

    assert answer(edge, get(url, ("Authorization", header))) == INVALID
    assert edge.calls.last.reason == f"the policy 'ba' cannot decode {HEADER}, which {why}"


def test_decodes_nothing_where_there_is_nothing() -> None:
    """By default a source without a value leaves all as it is."""
    edge = frozen_edge()
    look = Look(name="look", names=("u", "p"))

    assert answer(edge, get(url_of(edge, decode(), look))) == (200, [], b"")
    assert look.seen == [None, None]


def test_refuses_an_unresolved_source_where_told() -> None:
    """A source without a value is refused where unresolved variables are not ignored."""
    edge = frozen_edge()
    url = url_of(edge, decode(ignore_unresolved_variables=False))

    assert answer(edge, get(url)) == unresolved(HEADER)
    assert edge.calls.last.reason == f"the policy 'ba' needs {HEADER}, which has no value here"


def test_tells_fault_rules() -> None:
    """Fault rules know the fault by its name, and the policy by `BasicAuthentication.{policy}.failed`."""
    edge = frozen_edge()
    look = Look(name="look", names=("fault.name", "BasicAuthentication.ba.failed"))
    url = url_of(edge, decode(ignore_unresolved_variables=False), fault_rules=[rule(look)])

    answer(edge, get(url))

    assert look.seen == ["UnresolvedVariable", True]


ENCODED = {
    "both": ({"u": "ann", "p": "s3cret"}, b"ann:s3cret"),
    "no password": ({"u": "ann"}, b"ann:"),
    "nothing": ({}, b":"),
    "letters": ({"u": "änn", "p": "\ud800"}, "änn:?".encode()),
}


@pytest.mark.parametrize(("values", "expected"), ENCODED.values(), ids=ENCODED)
def test_encodes(values: dict[str, str], expected: bytes) -> None:
    """User and password are joined by a colon and encoded after `Basic`; by default what is missing is empty."""
    edge, seen = frozen_edge(), []
    url = url_of(edge, Put(name="put", values=values), encode(assign_to=HEADER), target=seen.append)

    answer(edge, get(url))

    assert list(seen[0].headers) == [("Authorization", f"Basic {encoded(expected)}")]


@pytest.mark.parametrize(("create_new", "expected"), [(False, "there"), (True, f"Basic {encoded(b'ann:p')}")])
def test_overwrites_only_where_told(expected: str, *, create_new: bool) -> None:
    """A variable that has a value keeps it, unless `create_new`."""
    edge = frozen_edge()
    look = Look(name="look", names=("out",))
    put = Put(name="put", values={"u": "ann", "p": "p", "out": "there"})

    answer(edge, get(url_of(edge, put, encode(create_new=create_new), look)))

    assert look.seen == [expected]


@pytest.mark.parametrize(("values", "missing"), [({"p": "p"}, "u"), ({"u": "ann"}, "p"), ({}, "u")])
def test_refuses_to_encode_what_is_missing(values: dict[str, str], missing: str) -> None:
    """A user or password without a value is refused where unresolved variables are not ignored."""
    edge = frozen_edge()
    url = url_of(edge, Put(name="put", values=values), encode(ignore_unresolved_variables=False))

    assert answer(edge, get(url)) == unresolved(missing)


ASSIGN_TO = (
    "assign_to of 'ba' says where Encode writes to, as 'request.header.Authorization'; Encode needs it, "
    "Decode cannot have it."
)
WRONG = {
    "operation": ({"operation": "decode"}, "Unknown operation of 'ba' 'decode'. Allowed: Decode, Encode."),
    "user": ({"user": ""}, "user of 'ba' takes text, not an empty text."),
    "password": ({"password": None}, "password of 'ba' takes text, not NoneType."),
    "source": ({"source": 1}, "source of 'ba' takes text, not int."),
    "assign_to": ({"assign_to": 1}, "assign_to of 'ba' takes text, not int."),
    "create_new": ({"create_new": 1}, "create_new of 'ba' takes True or False, not int."),
    "ignore": (
        {"ignore_unresolved_variables": None},
        "ignore_unresolved_variables of 'ba' takes True or False, not NoneType.",
    ),
    "encode to nowhere": ({"operation": "Encode"}, ASSIGN_TO),
    "decode to": ({"assign_to": "out"}, ASSIGN_TO),
}


@pytest.mark.parametrize(("settings", "message"), WRONG.values(), ids=WRONG)
def test_refuses_wrong_settings(settings: dict[str, object], message: str) -> None:
    """A setting that cannot be is refused when the policy is made."""
    given_settings = {"name": "ba", "operation": "Decode", "user": "u", "password": "p"} | settings

    with pytest.raises(ConfigurationError) as raised:
        BasicAuthentication(**given_settings)

    assert str(raised.value).startswith(message)


@given(header=st.text(max_size=20) | st.binary(max_size=12).map(lambda data: f"Basic {encoded(data)}"))
def test_decodes_or_refuses_anything(header: str) -> None:
    """Whatever a client sends is decoded or refused."""
    edge = frozen_edge()
    url = url_of(edge, decode())

    sent = answer(edge, Request(url=url, headers=[("Authorization", header)]))

    assert sent[0] == 200 or sent == INVALID
    assert edge.take_grievances() == ()
