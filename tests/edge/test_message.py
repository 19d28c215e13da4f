"""HTTP messages as values: what they keep as it was sent, and what their readers make of it."""

import base64
import re

import pytest

from pytest_apigee.edge.authorization import (
    BasicCredentials,
    InvalidBasicError,
    UndecodableBasicError,
    authorization_of,
    basic_credentials,
)
from pytest_apigee.edge.message import Fields, Headers, Request, Response, header_safe, host_of
from pytest_apigee.errors import ConfigurationError

URL = "https://acme-test.apigee.net/weather"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def with_authorization(value):
    return Request(url=URL, headers={"Authorization": value})


@pytest.mark.parametrize("name", ["X-One", "x-one", "X-ONE"])
def test_a_header_is_found_in_any_case(name):
    """A header is looked up without regard to case; the first of several values counts."""
    headers = Headers([("X-One", "1"), ("x-one", "2")])

    assert headers.get(name) == headers[name] == "1"
    assert headers.all(name) == ["1", "2"]
    assert name in headers


def test_a_header_that_is_absent_is_none():
    """A header that was not sent has no value."""
    headers = Headers({"X-One": "1"})

    assert headers.get("X-Two") is None
    with pytest.raises(KeyError):
        headers["X-Two"]
    assert headers.all("X-Two") == []
    assert "X-Two" not in headers


def test_headers_keep_order_and_case():
    """Headers are kept as they came, names and order alike."""
    pairs = [("b", "1"), ("A", "2"), ("B", "3")]

    assert list(Headers(pairs)) == pairs
    assert len(Headers(pairs)) == 3


def test_headers_can_be_left_out():
    """Headers are left out by name, in any case, every time they come."""
    headers = Headers([("X-One", "1"), ("x-one", "2"), ("X-Two", "3")])

    assert list(headers.without("X-ONE", "X-Three")) == [("X-Two", "3")]


def test_headers_are_values():
    """Equal headers are equal and hash alike; others, and other things, are not equal."""
    headers = Headers({"A": "1"})

    assert headers == Headers([("A", "1")])
    assert hash(headers) == hash(Headers([("A", "1")]))
    assert headers != Headers({"a": "1"})
    assert headers != {"A": "1"}


def test_the_repr_of_headers_names_no_value():
    """The repr of headers holds their names alone."""
    assert repr(Headers({"Authorization": "Basic secret", "Accept": "*/*"})) == "<Headers: Authorization, Accept>"


@pytest.mark.parametrize(
    ("url", "scheme", "host", "path", "query"),
    [
        ("https://login.apigee.com/oauth/token", "https", "login.apigee.com", "/oauth/token", ""),
        ("HTTP://Login.Apigee.Com:80", "http", "login.apigee.com", "/", ""),
        ("https://a.example?x=1", "https", "a.example", "/", "x=1"),
        ("https://a.example/a%2Fb//c?x=%20&y=?#f?", "https", "a.example", "/a%2Fb//c", "x=%20&y=?"),
        ("https://user:p@ss@a.example./x", "https", "a.example", "/x", ""),
        ("https://[::1]:8443/x", "https", "[::1]:8443", "/x", ""),
        ("https:///x", "https", "", "/x", ""),
        ("https://a.example/\x00\nü#", "https", "a.example", "/\x00\nü", ""),
    ],
)
def test_a_url_is_taken_apart(url, scheme, host, path, query):
    """A URL is taken apart; its path and query stay as they were sent."""
    request = Request(url=url)

    assert (request.scheme, request.host, request.path, request.query_string) == (scheme, host, path, query)
    assert request.url == url


@pytest.mark.parametrize("url", ["", "/oauth/token", "login.apigee.com", "ftp://a.example/", "https:/a.example"])
def test_a_url_must_be_absolute(url):
    """A URL that is not an absolute http or https URL is an error, which does not repeat it."""
    with pytest.raises(ConfigurationError) as raised:
        Request(url=url)

    assert str(raised.value) == (
        "The URL of a Request must be absolute and http or https, as in 'https://login.apigee.com/oauth/token'."
    )


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("a.example", "a.example"),
        ("A.Example:8080", "a.example"),
        ("a.example.", "a.example"),
        ("a.example..:443", "a.example"),
        ("u:p@a.example:1", "a.example"),
        ("[::1]", "[::1]"),
        ("", ""),
    ],
)
def test_the_host_of_an_authority(authority, host):
    """The host is in lower case, without user, port and trailing dot."""
    assert host_of(authority) == host


@pytest.mark.parametrize(
    ("body", "sent"), [(b"\xff\x00", b"\xff\x00"), ("ü", b"\xc3\xbc"), ("\ud800", b"?"), (b"", b""), ("", b"")]
)
@pytest.mark.parametrize("make", [lambda body: Request(url=URL, body=body), lambda body: Response(body=body)])
def test_a_body_is_bytes_or_text(make, body, sent):
    """A body of bytes stays as it is; one of text is encoded as UTF-8, and never fails."""
    assert make(body).body == sent


def test_requests_are_equal_by_what_was_sent():
    """Two requests with the same method, URL, headers and body are equal; any other is not."""
    request = Request(method="POST", url=URL, headers=FORM, body="a=1")

    assert request == Request(method="POST", url=URL, headers=FORM, body=b"a=1")
    assert request != Request(method="PUT", url=URL, headers=FORM, body="a=1")
    assert request != Request(method="POST", url=f"{URL}?", headers=FORM, body="a=1")
    assert request != Request(method="POST", url=URL, body="a=1")
    assert request != Request(method="POST", url=URL, headers=FORM, body="a=2")


def test_a_request_never_changes():
    """A message is frozen."""
    with pytest.raises(AttributeError):
        Request(url=URL).method = "POST"


def test_a_request_can_be_derived():
    """A request is copied with other headers or another URL, all else the same."""
    request = Request(method="POST", url=URL, headers=FORM, body="a=1")

    assert request.with_headers({"A": "1"}) == Request(method="POST", url=URL, headers={"A": "1"}, body="a=1")
    assert request.with_url("http://b.example/x") == Request(
        method="POST", url="http://b.example/x", headers=FORM, body="a=1"
    )


def test_the_repr_of_a_request_names_no_secret():
    """The repr of a request leaves out query, headers, body and user."""
    request = Request(method="POST", url="https://u:pw@a.example:1/x?token=s", headers={"A": "s"}, body="s")

    assert repr(request) == "<Request POST https://a.example/x>"


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("a=1&b=2", [("a", "1"), ("b", "2")]),
        ("a=&b", [("a", ""), ("b", "")]),
        ("a=1&a=2", [("a", "1"), ("a", "2")]),
        ("a=x+y%20z%3D", [("a", "x y z=")]),
        ("a=%zz&b=%", [("a", "%zz"), ("b", "%")]),
        ("a=%ff", [("a", "\ufffd")]),
        ("a=ü&=x", [("a", "ü"), ("", "x")]),
        ("a=\ud800", [("a", "\ud800")]),
        ("&&", []),
        ("", []),
    ],
)
def test_fields_are_decoded(text, pairs):
    """Form and query fields are decoded in order; what does not decode stays or is replaced, and never fails."""
    assert list(Fields.decode(text)) == pairs


def test_the_first_of_several_fields_counts():
    """Of a field that comes twice the first counts; one that does not come is None."""
    fields = Fields.decode("a=1&a=2")

    assert fields.get("a") == "1"
    assert fields.get("b") is None
    assert "a" in fields
    assert "b" not in fields


def test_merged_fields_come_after():
    """Fields win over those that are merged behind them."""
    merged = Fields.decode("a=1").merged_with(Fields.decode("a=2&b=3"))

    assert (merged.get("a"), merged.get("b")) == ("1", "3")


def test_a_query_is_decoded():
    """The query of a request has the fields of its query string."""
    assert list(Request(url=f"{URL}?a=1&b=x%20y").query) == [("a", "1"), ("b", "x y")]


@pytest.mark.parametrize(
    ("content_type", "is_form"),
    [
        ("application/x-www-form-urlencoded", True),
        ("Application/X-WWW-Form-URLencoded ; charset=utf-8", True),
        ("application/json", False),
        ("multipart/form-data; boundary=x", False),
        ("", False),
        (None, False),
    ],
)
def test_a_form_is_one_by_its_content_type(content_type, is_form):
    """A body has form fields where the Content-Type says so, in any case and with parameters, and only there."""
    headers = {} if content_type is None else {"Content-Type": content_type}
    request = Request(method="POST", url=URL, headers=headers, body="a=1")

    assert request.has_form is is_form
    assert list(request.form) == ([("a", "1")] if is_form else [])


@pytest.mark.parametrize(
    ("body", "malformed"),
    [
        (b"a=%", True),
        (b"a=%2", True),
        (b"a=%zz", True),
        (b"%%41=1", True),
        (b"a=%41", False),
        (b"a=%fF", False),
        (b"a=\xff", False),
        (b"", False),
    ],
)
def test_a_malformed_form_is_told(body, malformed):
    """A form is malformed where a percent sign is not followed by two hex digits."""
    assert Request(method="POST", url=URL, headers=FORM, body=body).has_malformed_form is malformed


def test_only_a_form_is_a_malformed_form():
    """A percent sign in another body is nobody's business."""
    assert not Request(method="POST", url=URL, headers={"Content-Type": "text/plain"}, body=b"%").has_malformed_form


@pytest.mark.parametrize("message", [Request(url=URL, body=b'{"a":"\xc3\xbc"}'), Response(body=b'{"a":"\xc3\xbc"}')])
def test_a_body_is_read_as_json(message):
    """A body is read as JSON and as text."""
    assert message.json() == {"a": "ü"}
    assert message.text == '{"a":"ü"}'


@pytest.mark.parametrize("message", [Request(url=URL, body=b"\xff{"), Response(body=b"\xff{")])
def test_a_body_that_is_not_json_is_a_value_error(message):
    """Reading something else as JSON raises ValueError; its text has a replacement character."""
    with pytest.raises(ValueError, match="codec can't decode"):
        message.json()

    assert message.text == "\ufffd{"


@pytest.mark.parametrize(
    ("header", "rest"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("BEARER   abc  ", "abc"),
        ("Bearer a b", "a b"),
        ("Bearer", ""),
        ("Bearer ", ""),
        ("Bearerabc", None),
        ("Basic abc", None),
        (" Bearer abc", None),
        ("", None),
    ],
)
def test_credentials_follow_the_scheme(header, rest):
    """The scheme is compared in any case; what follows it are the credentials."""
    assert authorization_of(with_authorization(header), "Bearer") == rest


def test_no_header_has_no_credentials():
    """A request without Authorization header has credentials of no scheme."""
    assert authorization_of(Request(url=URL), "Bearer") is None
    assert basic_credentials(Request(url=URL)) is None


@pytest.mark.parametrize(
    ("plain", "user", "password"),
    [
        (b"key:secret", "key", "secret"),
        (b"key:a:b", "key", "a:b"),
        (b":", "", ""),
        (b"k\xc3\xbc:\xff", "kü", "\ufffd"),
        (b"\x00:\n", "\x00", "\n"),
    ],
)
def test_basic_credentials_are_decoded(plain, user, password):
    """Basic credentials are base64 of UTF-8, cut at the first colon."""
    request = with_authorization(f"Basic {base64.b64encode(plain).decode()}")

    assert basic_credentials(request) == BasicCredentials(user=user, password=password)


@pytest.mark.parametrize("encoded", ["*", "a2V5OnNlY3JldA", "a2V5 OnNlY3JldA==", "ü", "\ud800", "a2V5=OnNl"])
def test_basic_credentials_that_do_not_decode(encoded):
    """Text that is not base64, padding included, is told as such."""
    with pytest.raises(UndecodableBasicError):
        basic_credentials(with_authorization(f"Basic {encoded}"))


@pytest.mark.parametrize("encoded", ["", "a2V5", "/w=="])
def test_basic_credentials_without_colon(encoded):
    """Credentials without a colon are told as such."""
    with pytest.raises(InvalidBasicError):
        basic_credentials(with_authorization(f"Basic {encoded}"))


def test_the_repr_of_credentials_names_no_secret():
    """The repr of Basic credentials leaves the password out."""
    assert repr(BasicCredentials(user="key", password="hush")) == "BasicCredentials(user='key')"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain\ttext ~", "plain\ttext ~"),
        ("a\r\nb\x00c\x7fd", "a  b c d"),
        ("é\xa0ÿ", "é\xa0ÿ"),
        ("€\ud800😀", "   "),
        ("\x80\x9f", "\x80\x9f"),
    ],
)
def test_text_is_made_fit_for_a_header(text, safe):
    """What cannot stand in a header value becomes a blank; Latin-1 stays."""
    assert header_safe(text) == safe


@pytest.mark.parametrize("status", [200, 204, 299, 418, 599])
def test_a_response_has_a_final_status(status):
    """Every final status is allowed, known to HTTP or not."""
    assert Response(status=status).status == status


@pytest.mark.parametrize("status", [0, 100, 199, 600, 999, -200])
def test_another_status_cannot_be(status):
    """A status that is not final is an error that says what is allowed."""
    with pytest.raises(ConfigurationError) as raised:
        Response(status=status)

    assert str(raised.value) == f"A Response needs a final status from 200 to 599, not {status}."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-One", "a\nb"),
        ("X-One", "a\rb"),
        ("X-One", "\x00"),
        ("X-One", "\x7f"),
        ("X-One", "€"),
        ("X One", "a"),
        ("X-One:", "a"),
        ("", "a"),
        ("é", "a"),
        ("X-One\n", "a"),
    ],
)
def test_a_header_that_cannot_be_sent_is_an_error(name, value):
    """A header that would break the message is an error that names the header and not its value."""
    with pytest.raises(ConfigurationError) as raised:
        Response(headers=[(name, value)])

    assert str(raised.value) == (
        f"The header {name!r} of a Response cannot be sent: no control characters, and Latin-1 only."
    )


@pytest.mark.parametrize("value", ["", "a\tb", "ÿ", "a" * 1_000_000])
def test_a_header_that_can_be_sent(value):
    """Blanks, tabs and Latin-1 may stand in a header value of any length."""
    assert Response(headers={"X-One": value}).headers.get("x-one") == value


@pytest.mark.parametrize(("status", "reason"), [(200, "OK"), (401, "Unauthorized"), (299, ""), (599, "")])
def test_the_reason_phrase_is_that_of_http(status, reason):
    """The reason phrase is HTTP's, and empty where HTTP has none."""
    assert Response(status=status).reason == reason


def test_the_repr_of_a_response_shows_no_body():
    """The repr of a response has its status and its length alone."""
    assert repr(Response(status=201, headers={"A": "s"}, body="secret")) == "<Response 201 6 bytes>"


def test_responses_are_values():
    """Responses with the same status, headers and body are equal."""
    assert Response(body="a") == Response(body=b"a")
    assert Response(body="a") != Response(body="b")


def test_a_response_of_json_says_so():
    """JSON is sent as UTF-8 with its Content-Type, before the other headers."""
    response = Response.of_json({"temp": 21, "city": "Köln"}, status=201, headers={"A": "1"})

    assert response.status == 201
    assert list(response.headers) == [("Content-Type", "application/json"), ("A", "1")]
    assert response.body == b'{"temp": 21, "city": "K\xc3\xb6ln"}'


def test_a_response_of_json_may_say_something_else():
    """A Content-Type that was given stays, in whatever case its name is."""
    response = Response.of_json([], headers={"content-type": "application/hal+json"})

    assert list(response.headers) == [("content-type", "application/hal+json")]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({1, 2}, "Object of type set is not JSON serializable"),
    ],
)
def test_what_is_not_json_is_an_error(value, why):
    """A value that is not JSON is an error that says what a target may answer."""
    with pytest.raises(ConfigurationError) as raised:
        Response.of_json(value)

    assert str(raised.value) == (
        f"A target's answer must be JSON, a Response, or a callable that returns one of them: {why}."
    )


@pytest.mark.parametrize("value", [float("nan"), {"temp": [1.5, float("-inf")]}, {float("inf"): 1}])
def test_a_number_that_json_lacks_is_an_error(value):
    """NaN and the infinities are no JSON, though Python would write them."""
    with pytest.raises(ConfigurationError) as raised:
        Response.of_json(value)

    assert re.fullmatch(
        "A target's answer must be JSON, a Response, or a callable that returns one of them: "
        r"Out of range float values are not JSON compliant(: (nan|-inf|inf))?\.",  # the value: from Python 3.13 on
        str(raised.value),
    )


def test_json_that_is_nested_too_deep_is_an_error():
    """JSON that cannot be written for its depth is refused like what is not JSON."""
    value = []
    for _ in range(100_000):
        value = [value]

    with pytest.raises(ConfigurationError) as raised:
        Response.of_json(value)

    assert str(raised.value).startswith(
        "A target's answer must be JSON, a Response, or a callable that returns one of them: "
    )


def test_a_lone_surrogate_in_json_becomes_a_question_mark():
    """Text that UTF-8 cannot hold does not break an answer."""
    assert Response.of_json("a\ud800b").body == b'"a?b"'


BAD_HEADERS = "Headers are a dict of texts, or pairs of texts, as {'Accept': 'application/json'}."
BAD_URL = "The URL of a Request must be absolute and http or https, as in 'https://login.apigee.com/oauth/token'."


@pytest.mark.parametrize(
    "headers", [None, 5, "Accept", b"x", {"A": 1}, {1: "a"}, {"A": None}, {"A": b"x"}, [("A",)], [("A", "b", "c")], [5]]
)
@pytest.mark.parametrize(
    "make",
    [
        Headers,
        lambda headers: Request(url=URL, headers=headers),
        lambda headers: Response(headers=headers),
        lambda headers: Response.of_json({}, headers=headers),
    ],
    ids=["Headers", "Request", "Response", "of_json"],
)
def test_headers_of_another_type_are_an_error(make, headers):
    """Headers are texts, in a mapping or in pairs; the error shows none of them."""
    with pytest.raises(ConfigurationError) as raised:
        make(headers)

    assert str(raised.value) == BAD_HEADERS


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Request(url=URL, body=None), "A body is bytes or text, not NoneType."),
        (lambda: Request(url=URL, body={"a": 1}), "A body is bytes or text, not dict."),
        (lambda: Response(body=5), "A body is bytes or text, not int."),
        (lambda: Response(body=bytearray(b"x")), "A body is bytes or text, not bytearray."),
        (lambda: Response(status="200"), "A Response needs a final status from 200 to 599, not '200'."),
        (lambda: Response(status=200.0), "A Response needs a final status from 200 to 599, not 200.0."),
        (lambda: Response(status=True), "A Response needs a final status from 200 to 599, not True."),
        (lambda: Response(status=None), "A Response needs a final status from 200 to 599, not None."),
        (lambda: Request(url=None), BAD_URL),
        (lambda: Request(url=b"https://login.apigee.com"), BAD_URL),
        (lambda: Request(url=URL, method=None), "The method of a Request is text, as 'GET', not NoneType."),
    ],
)
def test_a_part_of_another_type_is_an_error(make, message):
    """Body, status, URL and method are checked where a message is made."""
    with pytest.raises(ConfigurationError) as raised:
        make()

    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/v1/o/acme/oauth2/accesstokens/s3cret", "/v1/o/acme/oauth2/accesstokens/[hidden]"),
        ("/v1/o/acme/oauth2/refreshtokens/s3cret/x", "/v1/o/acme/oauth2/refreshtokens/[hidden]/x"),
        ("/v1/o/acme/oauth2/authorizationcodes/s3cret", "/v1/o/acme/oauth2/authorizationcodes/[hidden]"),
        ("/v1/o/acme/developers/a@b/apps/x/keys/s3cret", "/v1/o/acme/developers/a@b/apps/x/keys/[hidden]"),
        (
            "/v1/o/acme/developers/a@b/apps/x/keys/s3cret/apiproducts/gold",
            "/v1/o/acme/developers/a@b/apps/x/keys/[hidden]/apiproducts/gold",
        ),
        ("/v1/o/acme/oauth2/accesstokens", "/v1/o/acme/oauth2/accesstokens"),
        ("/v1/o/acme/oauth2/accesstokens?token=s3cret", "/v1/o/acme/oauth2/accesstokens"),
        ("/monkeys/tokens-of-love", "/monkeys/tokens-of-love"),
    ],
)
def test_a_request_is_shown_without_secrets(path, shown):
    """For people, a request has no query, and no token, code or key that is part of its path."""
    request = Request(method="DELETE", url=f"https://api.enterprise.apigee.com{path}")

    assert request.shown == f"DELETE https://api.enterprise.apigee.com{shown}"
    assert repr(request) == f"<Request DELETE https://api.enterprise.apigee.com{shown}>"
    assert request.url.endswith(path)


def test_a_field_that_must_be_there() -> None:
    """The first of several values of a field counts, and a field that is not there is a KeyError."""
    query = Request(url="https://login.apigee.com/?a=1&a=2&b=").query

    assert (query["a"], query["b"]) == ("1", "")
    with pytest.raises(KeyError):
        query["c"]


def test_a_response_has_the_reason_phrase_of_its_status_unless_it_says_another():
    """The reason phrase is HTTP's own, empty where HTTP names none, or the one that was given."""
    reasons = [Response(status=status).reason for status in (200, 429, 599)]

    assert [*reasons, Response(status=429, reason="Calm Down").reason] == ["OK", "Too Many Requests", "", "Calm Down"]
    assert Response(status=429, reason="Calm Down").with_body("x").with_headers({"X": "1"}).reason == "Calm Down"
    assert Response(status=429, reason="Calm Down").with_status(404).reason == "Not Found"


@pytest.mark.parametrize("reason", ["a\nb", "\u20ac", 5])
def test_a_reason_phrase_must_be_fit_for_the_wire(reason):
    """A reason phrase with control characters, beyond Latin-1, or of another type is refused."""
    with pytest.raises(ConfigurationError) as raised:
        Response(reason=reason)

    assert str(raised.value) == (
        "The reason of a Response cannot be sent: text without control characters, and Latin-1 only."
    )


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/v1/o/acme/developers/a/apps/b/keys/k1", "/v1/o/acme/developers/a/apps/b/keys/[hidden]"),
        ("/v1/o/acme/developers/a/apps/b/keys/create", "/v1/o/acme/developers/a/apps/b/keys/create"),
        ("/v1/o/acme/developers/a/apps/b/keys/create/", "/v1/o/acme/developers/a/apps/b/keys/[hidden]/"),
        ("/v1/o/acme/oauth2/accesstokens/", "/v1/o/acme/oauth2/accesstokens/"),
        ("/v1/o/acme/oauth2/%61ccesstokens/t", "/v1/o/acme/oauth2/%61ccesstokens/[hidden]"),
        ("/v1/o/acme/oauth2/authorizationcodes/c", "/v1/o/acme/oauth2/authorizationcodes/[hidden]"),
        ("/keys/a/keys/b", "/keys/[hidden]/keys/[hidden]"),
        ("/", "/"),
    ],
)
def test_a_secret_in_a_path_is_hidden(path, shown):
    """What follows the words for keys, tokens and codes in a path is not shown, however they are spelled."""
    assert Request(url=f"https://api.enterprise.apigee.com{path}").shown == (
        f"GET https://api.enterprise.apigee.com{shown}"
    )
