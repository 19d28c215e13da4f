"""The local server as a client on a socket sees it: what it takes for a request, and what it answers."""

import pytest

from pytest_apigee import Response
from pytest_apigee.transports.connection import Site
from tests.transports.server_support import DATE, Echo, Wire, ask, serving, threads_of_servers

GET = "GET / HTTP/1.1\r\nHost: edge.example\r\n\r\n"
POST = "POST / HTTP/1.1\r\nHost: edge.example\r\n"
TOO_LONG = b"The body of this request is longer than 10 bytes.\n"


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def address(echo):
    with serving(echo, longest_body=10) as address:
        yield address
    assert not threads_of_servers()


def test_an_answer_is_the_same_as_in_process(address):
    """Status line, headers in their order, Date and Content-Length, body: as the doors in process have them."""
    with Wire(address) as wire:
        wire.send("GET /a HTTP/1.1\r\nHost: edge.example\r\nConnection: close\r\n\r\n")

        assert wire.rest() == (
            b"HTTP/1.1 200 OK\r\nX-Body: 0\r\nConnection: close\r\n"
            b"Date: " + DATE.encode() + b"\r\nContent-Length: 26\r\n\r\nGET https://edge.example/a"
        )


@pytest.mark.parametrize(
    ("response", "sent"),
    [
        (Response(status=204, body="x"), b"204 No Content\r\nConnection: close\r\nDate: %b\r\n\r\n"),
        (Response(status=304), b"304 Not Modified\r\nConnection: close\r\nDate: %b\r\n\r\n"),
        (
            Response(status=299, reason="", headers=[("A", "1"), ("A", "2")]),
            b"299 \r\nA: 1\r\nA: 2\r\nConnection: close\r\nDate: %b\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            Response(headers={"Transfer-Encoding": "chunked"}, body=b"abc"),
            b"200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\nDate: %b\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        ),
        (
            Response(headers={"Transfer-Encoding": "chunked"}),
            b"200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\nDate: %b\r\n\r\n0\r\n\r\n",
        ),
        (
            Response(headers=[("date", DATE), ("content-length", "1")], body=b"x"),
            b"200 OK\r\ndate: %b\r\ncontent-length: 1\r\nConnection: close\r\n\r\nx",
        ),
    ],
)
def test_what_the_world_answers_is_sent_as_it_is(response, sent):
    """Only what is missing is added: Date, and the length of a body that has one."""
    with serving(Echo(lambda _: response)) as address, Wire(address) as wire:
        wire.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")

        assert wire.rest() == b"HTTP/1.1 " + sent % DATE.encode()


def test_a_connection_is_kept(address, echo):
    """One connection takes many requests, also where the next one is sent before the answer has come."""
    with Wire(address) as wire:
        for number in range(3):
            wire.send(f"GET /{number} HTTP/1.1\r\nHost: edge.example\r\n\r\n")
            assert wire.response()[2] == f"GET https://edge.example/{number}".encode()
        wire.send(GET * 3)
        assert [wire.response()[0] for _ in range(3)] == [200] * 3

    assert len(echo.seen) == 6


@pytest.mark.parametrize(
    "request_text",
    [
        "GET / HTTP/1.1\r\nHost: edge.example\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: edge.example\r\nConnection: TE, Close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: edge.example\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: edge.example\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: edge.example\r\nConnection: keep-alive\r\n\r\n",
    ],
    ids=["close", "among others", "twice", "1.0", "1.0 keep-alive"],
)
def test_a_connection_is_closed(address, request_text):
    """A client that asks for it, or that speaks HTTP/1.0, has its connection closed, and is told so."""
    with Wire(address) as wire:
        wire.send(request_text)

        assert wire.response()[1]["Connection"] == "close"
        assert wire.is_over()


def test_an_answer_may_close_the_connection():
    """An answer that says so ends the connection."""
    with serving(Echo(lambda _: Response(headers={"Connection": "Close"}))) as address, Wire(address) as wire:
        wire.send(GET)

        assert wire.response()[1]["Connection"] == "Close"
        assert wire.is_over()


@pytest.mark.parametrize(
    "target",
    [
        "/a%2Fb%20c",
        "//a//b",
        "/a/./../b",
        "/a;b=c",
        "/?a=%zz&b",
        "/%",
        "/\xe4",
        "/citt\xc3\xa0/\xc3\x85",  # bytes that Python takes for blanks
        "/a?x=/../y#z",
        "/{}|^`\\",
    ],
)
def test_a_path_stays_as_it_was_sent(address, echo, target):
    """Nothing in the target of a request is decoded, cut or made regular."""
    assert ask(address, f"GET {target} HTTP/1.1\r\nHost: edge.example\r\n\r\n")[0] == 200
    assert echo.seen[-1].url == f"https://edge.example{target}"


@pytest.mark.parametrize(
    "host", ["edge.example", "EDGE.Example", "edge.example:8080", "edge.example.", "user@edge.example"]
)
def test_the_host_header_names_the_host(echo, host):
    """A host of the world is asked at its own URL, whichever port the request came to."""
    with serving(echo, Site(origin="https://other.example", reached_at="http://127.0.0.1:1")) as address:
        ask(address, f"GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n")

    assert (echo.seen[-1].url, echo.seen[-1].reached_at) == ("https://edge.example/x", "")


@pytest.mark.parametrize("headers", ["Host: 127.0.0.1:1\r\n", "Host: localhost\r\n", ""])
def test_other_hosts_are_what_the_port_stands_for(echo, headers):
    """Whoever names no host of the world is at the one that the port stands for, and the world knows where that is."""
    with serving(echo, Site(origin="https://edge.example", reached_at="http://127.0.0.1:1")) as address:
        ask(address, f"GET /x?y HTTP/1.1\r\n{headers}\r\n")

    assert (echo.seen[-1].url, echo.seen[-1].reached_at) == ("https://edge.example/x?y", "http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("http://edge.example/x", "http://edge.example/x"),
        ("HTTPS://edge.example/x", "HTTPS://edge.example/x"),
        ("http://127.0.0.1:1/x", "https://edge.example/x"),
        ("*", "https://edge.example/"),
    ],
)
def test_a_target_may_be_a_whole_url(echo, target, url):
    """A whole URL is taken as clients of a proxy send it, and as any server has to."""
    with serving(echo, Site(origin="https://edge.example", reached_at="http://127.0.0.1:1")) as address:
        assert ask(address, f"OPTIONS {target} HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n")[0] == 200

    assert echo.seen[-1].url == url


@pytest.mark.parametrize("target", ["http://else.example/x", "https://else.example/"])
def test_a_url_of_another_host_is_refused(address, target):
    """A port that is no proxy answers for no other host."""
    status, headers, body = ask(address, f"GET {target} HTTP/1.1\r\nHost: else.example\r\n\r\n")

    assert (status, headers["Content-Type"]) == (421, "text/plain; charset=utf-8")
    assert body == b"This port answers for hosts of Apigee Edge, and not for 'else.example'.\n"


@pytest.mark.parametrize("target", ["/", "*"])
def test_a_port_that_stands_for_nothing_takes_hosts_of_the_world_alone(echo, target):
    """Where a port stands for no host, a request has to name one."""
    with serving(echo, Site()) as address:
        status, _, body = ask(address, f"OPTIONS {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

    assert (status, body) == (421, b"This port answers for hosts of Apigee Edge, and not for '127.0.0.1'.\n")
    assert echo.seen == []


@pytest.mark.parametrize(
    "target", ["x", "ftp://edge.example/", "http://[/", "https:///x", "edge.example:443", "/\x00a b"]
)
def test_a_target_that_is_no_url_is_refused(address, target):
    """What is no URL is 400."""
    assert ask(address, f"GET {target} HTTP/1.1\r\nHost: edge.example\r\n\r\n")[0] == 400


def test_headers_come_as_they_were_sent(address, echo):
    """Names keep their letter case, doubled ones their order; a folded line is one, with a blank."""
    ask(
        address,
        "GET / HTTP/1.1\r\nHost: edge.example\r\nx-A: 1\r\nX-a:  2 \r\nFolded: a\r\n  b\r\n\tc\r\nEmpty:\r\n\r\n",
    )

    assert list(echo.seen[-1].headers) == [
        ("Host", "edge.example"),
        ("x-A", "1"),
        ("X-a", "2"),
        ("Folded", "a b c"),
        ("Empty", ""),
    ]


def test_lines_may_end_without_a_carriage_return(address, echo):
    """A bare line feed ends a line too, also of a header that is folded."""
    ask(address, "POST / HTTP/1.1\nHost: edge.example\nFolded: a\n b\nContent-Length: 1\n\nx")

    assert (echo.seen[-1].headers["Folded"], echo.seen[-1].body) == ("a b", b"x")


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "multipart/mixed", "message/rfc822"])
def test_what_a_body_is_makes_no_difference(address, echo, kind):
    """A body that mail programs would take apart stays as it is, and so do the headers."""
    body = "--x\r\n\r\na"
    ask(address, f"{POST}Content-Type: {kind}\r\nX: y\r\nContent-Length: {len(body)}\r\n\r\n{body}")

    assert echo.seen[-1].body == body.encode()
    assert echo.seen[-1].headers["X"] == "y"


@pytest.mark.parametrize(
    "line",
    [
        "no colon",
        "Content-Length : 30",
        "Content\tLength: 30",
        ": no name",
        "From somebody",
        "X: a\rContent-Length: 30",
        "X: a\0b",
        "X: a\r\n b\rY: c",
        "\xe4: b",
    ],
)
@pytest.mark.parametrize("expect", ["", "Expect: 100-continue\r\n"])
def test_a_header_that_is_none_is_refused(address, echo, line, expect):
    """A header that readers would not agree on is refused: what follows is never taken for another request."""
    with Wire(address) as wire:
        wire.send(f"{POST}{line}\r\n{expect}\r\n", GET)
        answer = wire.rest()

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.endswith(b"\r\n\r\nA header of this request is not a name, a colon and a value.\n")
    assert echo.seen == []


def test_a_first_header_that_goes_on_with_nothing_is_refused(address, echo):
    """A line that is folded goes on with a header; the first one cannot."""
    assert ask(address, "GET / HTTP/1.1\r\n Host: edge.example\r\n\r\n")[0] == 400
    assert echo.seen == []


def test_empty_lines_before_a_request_are_passed_over(address):
    """Some clients end a body with a line too many."""
    with Wire(address) as wire:
        wire.send("\r\n\n", GET, "\r\n", GET)

        assert [wire.response()[0] for _ in range(2)] == [200, 200]


def test_head_has_no_body(address):
    """The answer to HEAD has the length of the body and not the body."""
    with Wire(address) as wire:
        wire.send("HEAD / HTTP/1.1\r\nHost: edge.example\r\n\r\n", GET)

        assert wire.response("HEAD")[1]["Content-Length"] == "26"
        assert wire.response()[0] == 200


def test_methods_may_be_any_word(address, echo):
    """Which methods there are is the world's to say."""
    ask(address, "BREW /pot HTTP/1.1\r\nHost: edge.example\r\n\r\n")

    assert echo.seen[-1].method == "BREW"


@pytest.mark.parametrize(
    ("headers", "sent", "body"),
    [
        ("Content-Length: 3", "abc", b"abc"),
        ("Content-Length:  3 ", "abc", b"abc"),
        ("Content-Length: 3\r\nContent-Length: 3", "abc", b"abc"),
        ("Content-Length: 0", "", b""),
        ("Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n", b"abc"),
        ("Transfer-Encoding: Chunked", "1;x=y\r\na\r\n0002 \r\nbc\r\n000\r\nTrailer: x\r\nMore: y\r\n\r\n", b"abc"),
        ("Transfer-Encoding: chunked", "A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        ("Transfer-Encoding: chunked", "a\n0123456789\n0\n\n", b"0123456789"),
        ("Transfer-Encoding: chunked", "0\r\n\r\n", b""),
    ],
)
def test_a_body_is_read_whole(address, echo, headers, sent, body):
    """A body has the length that it says, or comes in chunks; the connection is good for the next request."""
    with Wire(address) as wire:
        wire.send(f"{POST}{headers}\r\n\r\n{sent}", GET)

        assert [wire.response()[0] for _ in range(2)] == [200, 200]
    assert echo.seen[0].body == body


@pytest.mark.parametrize(
    ("headers", "sent", "status", "text"),
    [
        ("Content-Length: 3\r\nContent-Length: 4", "abc", 400, "The Content-Length is no number."),
        ("Content-Length: 3, 3", "abc", 400, "The Content-Length is no number."),
        ("Content-Length: -1", "", 400, "The Content-Length is no number."),
        ("Content-Length: +3", "abc", 400, "The Content-Length is no number."),
        ("Content-Length:", "", 400, "The Content-Length is no number."),
        ("Content-Length: \xb2", "ab", 400, "The Content-Length is no number."),
        (
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
            "abc",
            400,
            "Content-Length and Transfer-Encoding exclude each other.",
        ),
        ("Transfer-Encoding: gzip, chunked", "", 501, "The only transfer coding that is read is chunked."),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "",
            501,
            "The only transfer coding that is read is chunked.",
        ),
        ("Transfer-Encoding: chunked", "x\r\n", 400, "A chunk of the body does not start with its length."),
        ("Transfer-Encoding: chunked", "-3\r\nabc\r\n", 400, "A chunk of the body does not start with its length."),
        ("Transfer-Encoding: chunked", "1" * 2_000, 400, "A chunk of the body does not start with its length."),
        ("Transfer-Encoding: chunked", "3\r\nabcd\r\n", 400, "A chunk of the body has another length than it says."),
        ("Transfer-Encoding: chunked", "0\r\n" + "a: b\r\n" * 100, 431, "Too many trailers."),
        ("Content-Length: 11", "", 413, TOO_LONG.decode().rstrip()),
        ("Transfer-Encoding: chunked", "6\r\n012345\r\n5\r\n", 413, TOO_LONG.decode().rstrip()),
    ],
)
def test_a_body_of_unclear_length_is_refused(address, echo, headers, sent, status, text):
    """A body whose length is wrong, unclear or too great is refused, and its connection ends."""
    with Wire(address) as wire:
        wire.send(f"{POST}{headers}\r\n\r\n{sent}")
        found = wire.response()
        wire.sock.shutdown(1)

        assert (found[0], found[1]["Connection"], found[2].decode()) == (status, "close", f"{text}\n")
        assert wire.is_over()
    assert echo.seen == []


def test_a_client_that_waits_is_asked_for_the_body(address, echo):
    """Who expects 100 gets it before the body is sent."""
    with Wire(address) as wire:
        wire.send(f"{POST}Content-Length: 3\r\nExpect: 100-Continue\r\n\r\n")
        assert (wire.line(), wire.line()) == (b"HTTP/1.1 100 Continue\r\n", b"\r\n")
        wire.send("abc")

        assert wire.response()[0] == 200
    assert echo.seen[-1].body == b"abc"


def test_a_client_that_waits_is_not_asked_for_too_much(address):
    """Who expects 100 for a body that is too long gets 413 in its place."""
    with Wire(address) as wire:
        wire.send(f"{POST}Content-Length: 11\r\nExpect: 100-continue\r\n\r\n")
        found = wire.response()
        wire.sock.shutdown(1)

        assert (found[0], found[2]) == (413, TOO_LONG)


def test_an_old_client_is_not_asked_for_the_body(address, echo):
    """HTTP/1.0 knows no 100: who speaks it is answered without."""
    with Wire(address) as wire:
        wire.send("POST / HTTP/1.0\r\nHost: edge.example\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc")

        assert wire.response()[0] == 200
    assert echo.seen[-1].body == b"abc"


def test_what_is_refused_after_a_head_is_told(address):
    """That a request asked for no body does not hold for the next one."""
    with Wire(address) as wire:
        wire.send("HEAD / HTTP/1.1\r\nHost: edge.example\r\n\r\n", f"GET /{'a' * 65_536} HTTP/1.1\r\n\r\n")
        wire.response("HEAD")

        assert wire.response()[2] == b"The first line of this request is too long.\n"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (f"GET /{'a' * 65_536} HTTP/1.1\r\n\r\n", 414),
        ("GET / HTTP/1.1\r\n" + f"A: {'a' * 65_536}\r\n\r\n", 431),
        ("GET / HTTP/1.1\r\n" + "A: b\r\n" * 101 + "\r\n", 431),
        ("GET / HTTP/2.0\r\n\r\n", 505),
        ("GET / HTTP/x\r\n\r\n", 400),
        ("GET / HTTP/1.1.1\r\n\r\n", 400),
        ("GET /\r\n\r\n", 200),
        ("POST /\r\n\r\n", 400),
        ("one two three four\r\n\r\n", 400),
        ("word\r\n\r\n", 400),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ],
)
def test_what_is_no_request_is_refused(address, raw, status):
    """What no server could take for a request is refused in one line, and its connection ends."""
    with Wire(address) as wire:
        wire.send(raw)
        found = wire.response()

        assert (found[0], found[1]["Connection"]) == (status, "close")
        assert found[2].count(b"\n") == (status != 200)
        assert b"Traceback" not in found[2]
        assert wire.is_over()
