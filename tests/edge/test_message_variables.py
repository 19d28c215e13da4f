"""The parts of messages as flow variables name them. Source: "Flow variables reference" of Edge's documentation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_apigee import Request, Response
from pytest_apigee.edge.gateway.message_variables import changed, read
from pytest_apigee.edge.gateway.variables import Value
from tests.edge.gateway_support import FORM

URL = "https://acme-test.apigee.net/p/a%20b?q=1&q=2&Q=3&empty=&sp=a+b"
HEADERS = [("Accept", "text/html, */*"), ("X-A", "1"), ("x-a", "2"), FORM]
REQUEST = Request(method="POST", url=URL, headers=HEADERS, body="f=1&f=%C3%BC&g=")
RESPONSE = Response(status=404, headers=[("ETag", "x"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], body="gone")

PARTS_OF_REQUEST = {
    "verb": "POST",
    "path": "/p/a%20b",
    "querystring": "q=1&q=2&Q=3&empty=&sp=a+b",
    "uri": "/p/a%20b?q=1&q=2&Q=3&empty=&sp=a+b",
    "url": URL,
    "version": "1.1",
    "content": "f=1&f=%C3%BC&g=",
    "formstring": "f=1&f=%C3%BC&g=",
    "queryparam.q": "1",
    "queryparam.q.1": "1",
    "queryparam.q.2": "2",
    "queryparam.q.3": None,
    "queryparam.q.0": None,
    "queryparam.q.-1": None,
    "queryparam.q.x": None,
    "queryparam.Q": "3",
    "queryparam.empty": "",
    "queryparam.sp": "a b",
    "queryparam.q.values": "[1, 2]",
    "queryparam.q.values.count": 2,
    "queryparam.q.values.string": None,
    "queryparam.none": None,
    "queryparam.none.values": "[]",
    "queryparam.none.values.count": 0,
    "queryparam.": None,
    "queryparam": None,
    "queryparams.count": 5,
    "queryparams.names": "[q, Q, empty, sp]",
    "queryparams.other": None,
    "formparam.f": "1",
    "formparam.f.2": "ü",
    "formparam.g": "",
    "formparams.count": 3,
    "formparams.names": "[f, g]",
    "header.x-a": "1",
    "header.X-A.2": "2",
    "header.x-a.values": "[1, 2]",
    "header.x-a.values.count": 2,
    "header.x-a.values.string": "1,2",
    "header.accept": "text/html",
    "header.Accept.2": "*/*",
    "header.Accept.values.count": 2,
    "header.accept.values.string": "text/html, */*",
    "header.none": None,
    "header.none.values.string": None,
    "header.values": None,
    "header..values": None,
    "headers.count": 4,
    "headers.names": "[Accept, X-A, x-a, Content-Type]",
    "status.code": None,
    "nothing": None,
    "": None,
}


@pytest.mark.parametrize(("part", "value"), PARTS_OF_REQUEST.items(), ids=PARTS_OF_REQUEST)
def test_reads_the_parts_of_a_request(part: str, value: Value) -> None:
    """Names of headers fold case, others do not; commas separate the values of a header, the first of which counts."""
    assert read(REQUEST, part) == value


PARTS_OF_RESPONSE = {
    "status.code": 404,
    "reason.phrase": "Not Found",
    "content": "gone",
    "version": "1.1",
    "header.etag": "x",
    "header.set-cookie.2": "b=2",
    "headers.count": 3,
    "queryparam.q": None,
    "queryparams.count": 0,
    "formparam.f": None,
    "verb": None,
}


@pytest.mark.parametrize(("part", "value"), PARTS_OF_RESPONSE.items(), ids=PARTS_OF_RESPONSE)
def test_reads_the_parts_of_a_response(part: str, value: Value) -> None:
    """A response has a status and no parameters."""
    assert read(RESPONSE, part) == value


def test_reads_a_request_without_query_or_form() -> None:
    """Without a query the URI is the path; a body that is no form is no form string."""
    request = Request(url="https://x.test", body="f=1")

    assert [read(request, part) for part in ("uri", "formstring", "formparams.count")] == ["/", "", 0]


NUMBERS = ["9" * 20, "0" * 6 + "9" * 5_000, "1" + "0" * 9_000, "000000002", "²", "٢"]


@pytest.mark.parametrize("number", NUMBERS, ids=["20 digits", "5006 digits", "9001 digits", "zeros", "high", "arabic"])
def test_reads_numbers_of_any_length(number: str) -> None:
    """A number that is too high, or none in ASCII digits, stands for nothing; zeros before it do not count."""
    assert read(REQUEST, f"header.x-a.{number}") == ("2" if number == "000000002" else None)


PLAIN = Request(url="https://u:p@x.test:8443/a?q=1&r=2", headers=[("A", "1"), ("B", "2"), ("a", "3")], body="b")
BASE = "https://u:p@x.test:8443/a"


def plain(url: str = PLAIN.url, headers: object = PLAIN.headers, body: str = "b", method: str = "GET") -> Request:
    return Request(method=method, url=url, headers=headers, body=body)


CHANGED_REQUESTS = {
    "header": ("header.b", "x", plain(headers=[("A", "1"), ("b", "x"), ("a", "3")])),
    "header of several lines": ("header.A", "x", plain(headers=[("A", "x"), ("B", "2")])),
    "new header": ("header.C", 7, plain(headers=[*PLAIN.headers, ("C", "7")])),
    "removed header": ("header.a", None, plain(headers=[("B", "2")])),
    "header with controls": ("header.B", "x\r\ny\ud800", plain(headers=[("A", "1"), ("B", "x  y "), ("a", "3")])),
    "header of true": ("header.B", True, plain(headers=[("A", "1"), ("B", "true"), ("a", "3")])),
    "query": ("queryparam.q", "a b&ü", plain(f"{BASE}?q=a+b%26%C3%BC&r=2")),
    "new query": ("queryparam.Q", "3", plain(f"{BASE}?q=1&r=2&Q=3")),
    "removed query": ("queryparam.q", None, plain(f"{BASE}?r=2")),
    "same query": ("queryparam.q", "1", PLAIN),
    "form": (
        "formparam.f",
        "1",
        plain(headers=[*PLAIN.headers, ("Content-Type", "application/x-www-form-urlencoded")], body="f=1"),
    ),
    "verb": ("verb", "PATCH", plain(method="PATCH")),
    "no verb": ("verb", None, PLAIN),
    "odd verb": ("verb", "G T\n", PLAIN),
    "path": ("path", "/c/d", plain("https://x.test:8443/c/d?q=1&r=2")),
    "path without slash": ("path", "c", plain("https://x.test:8443/c?q=1&r=2")),
    "no path": ("path", None, plain("https://x.test:8443/?q=1&r=2")),
    "odd path": ("path", "/ü ?#\n%20\ud800", plain("https://x.test:8443/%C3%BC%20%3F%23%0A%20%3F?q=1&r=2")),
    "querystring": ("querystring", "a=b c#&d=/?", plain("https://x.test:8443/a?a=b%20c%23&d=/?")),
    "no querystring": ("querystring", None, plain("https://x.test:8443/a")),
    "uri": ("uri", "/c?d=1", plain("https://x.test:8443/c?d=1")),
    "uri without query": ("uri", "/c", plain("https://x.test:8443/c")),
    "content": ("content", "ü\ud800", plain(body="ü?")),
}


@pytest.mark.parametrize(("part", "value", "expected"), CHANGED_REQUESTS.values(), ids=CHANGED_REQUESTS)
def test_changes_a_request(part: str, value: Value, expected: Request) -> None:
    """A part that is set changes the request, None removes it; what cannot be sent is encoded, or a blank."""
    other = changed(PLAIN, part, value)

    assert other == expected
    assert list(other.headers) == list(expected.headers)


def test_changes_a_field_of_a_form() -> None:
    """The other fields of a form stay as they were."""
    assert changed(REQUEST, "formparam.g", "x y").body == b"f=1&f=%C3%BC&g=x+y"


CHANGED_RESPONSES = {
    "status": ("status.code", 201, Response(status=201, body="b")),
    "status as text": ("status.code", "599", Response(status=599, body="b")),
    "status too low": ("status.code", 199, Response(body="b")),
    "status too high": ("status.code", 10**5_000, Response(body="b")),
    "no status": ("status.code", None, Response(body="b")),
    "reason": ("reason.phrase", "So\nlala ü €", Response(body="b", reason="So lala ü  ")),
    "no reason": ("reason.phrase", None, Response(body="b", reason="OK")),
    "header": ("header.A", "1\x00", Response(body="b", headers=[("A", "1 ")])),
    "content": ("content", None, Response()),
}


@pytest.mark.parametrize(("part", "value", "expected"), CHANGED_RESPONSES.values(), ids=CHANGED_RESPONSES)
def test_changes_a_response(part: str, value: Value, expected: Response) -> None:
    """A part that is set changes the response; what is no final status changes nothing."""
    assert changed(Response(body="b"), part, value) == expected


@pytest.mark.parametrize("message", [Request(url="https://x.test"), Response()], ids=["request", "response"])
def test_keeps_content_length_right(message: Request | Response) -> None:
    """A Content-Length that a message carries tells the length of its new body."""
    other = changed(message.with_headers([("content-length", "0")]), "content", "ü")

    assert list(other.headers) == [("Content-Length", "2")]


NO_PARTS = [
    (PLAIN, "url"),
    (PLAIN, "status.code"),
    (PLAIN, "nothing"),
    (PLAIN, "header"),
    (PLAIN, "header.a b"),
    (RESPONSE, "verb"),
    (RESPONSE, "queryparam.q"),
    (RESPONSE, "formparam.f"),
    (RESPONSE, "header.ü"),
]


@pytest.mark.parametrize(
    ("message", "part"), NO_PARTS, ids=[f"{type(item).__name__} {part}" for item, part in NO_PARTS]
)
def test_leaves_what_is_no_part_to_variables(message: Request | Response, part: str) -> None:
    """What is no part of a message, or cannot be changed, is a variable of one's own."""
    assert changed(message, part, "x") is None


HEADS = [f"{kind}{s}" for kind in ("header", "queryparam", "formparam") for s in ("", "s")]
ENDS = st.sampled_from(["", ".values", ".values.count", ".values.string", ".0", ".1", "." + "9" * 5_000])
NAMED = st.builds(lambda head, name, end: f"{head}.{name}{end}", st.sampled_from(HEADS), st.text(max_size=8), ENDS)
PARTS = st.sampled_from([*PARTS_OF_REQUEST, *PARTS_OF_RESPONSE]) | NAMED | st.text(max_size=10)
PAIRS = st.lists(st.tuples(st.text(max_size=5), st.text(max_size=8)), max_size=4)
REQUESTS = st.builds(
    lambda method, rest, headers, body: Request(method=method, url=f"https://x.test{rest}", headers=headers, body=body),
    st.text(max_size=5),
    st.sampled_from(["", "/", "?", "/?", "#"]).flatmap(lambda start: st.text(max_size=15).map(start.__add__)),
    PAIRS.map(lambda pairs: [*pairs, FORM]) | PAIRS,
    st.binary(max_size=20) | st.text(max_size=20),
)
RESPONSES = st.builds(
    lambda status, body: Response(status=status, headers=[("A", "1, 2")], body=body),
    st.integers(200, 599),
    st.binary(max_size=20),
)
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=12)


@given(message=REQUESTS | RESPONSES, part=PARTS, value=VALUES)
def test_never_raises(message: Request | Response, part: str, value: Value) -> None:
    """Whatever was sent, whatever is asked for or set: an answer, and a message of the same kind."""
    other = changed(message, part, value)

    assert read(message, part) is None or isinstance(read(message, part), str | int)
    assert other is None or type(other) is type(message)
