"""What the router says, and the gateway where a target does not; JSON and XML. Source: runtime.md 5.1 and 6.3."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from pytest_apigee import FakeEdge, Request, Response, TargetFailure
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.policies.oauth_v2_info import GetOAuthV2Info
from pytest_apigee.edge.gateway.policies.verify_api_key import VerifyAPIKey
from pytest_apigee.edge.gateway.policy import Policy
from tests.edge.flow_variable_support import proxy_of, proxy_with_fault_rule
from tests.edge.gateway_support import FORM, JSON, Answer, answer, bearer, fault, frozen_edge, get, in_era, no_proxy

XML = ("Content-Type", "application/xml")
WANTS_XML = ("Accept", "application/xml")


def xml(faultstring: str, errorcode: str) -> bytes:
    """Return a fault as runtime.md 5.1 writes it in XML."""
    text = f"<fault><faultstring>{faultstring}</faultstring><detail><errorcode>{errorcode}</errorcode></detail></fault>"
    return text.encode()


def open_api(edge: FakeEdge, base_path: str, target: object, **settings: object) -> str:
    return edge.proxy(base_path, security="none", target=target, **settings).url


# No proxy


@pytest.mark.parametrize("era", ["current", "2016"])
@pytest.mark.parametrize(
    ("url", "virtual_host"),
    [
        ("https://acme-test.apigee.net/v1/x", "secure"),
        ("http://acme-test.apigee.net/v1/x", "default"),
        ("https://acme-prod.apigee.net:8443/v1/x", "secure"),
        ("HTTP://ACME-TEST.APIGEE.NET/v1/x", "default"),
        ("https://api.globex.example/v1/x", "secure"),
        ("http://api.globex.example/v1/x", "default"),
    ],
)
def test_names_the_virtual_host_where_no_proxy_listens(url: str, virtual_host: str, era: str) -> None:
    """The 404 names the virtual host, `secure` for https and `default` for http, whatever the host is called."""
    edge = frozen_edge(era=era)
    edge.organization("globex", hosts={"api.globex.example": "test"})

    assert answer(edge, get(url)) == in_era(no_proxy(virtual_host, r"\/v1\/x"), era)


def test_answers_404_on_a_virtual_host_where_a_proxy_does_not_listen() -> None:
    """A proxy of one virtual host is unknown on the other, and the reason says where it is."""
    edge = frozen_edge()
    url = open_api(edge, "/weather", "here", virtual_hosts=["default"])

    assert url == "http://acme-test.apigee.net/weather"
    assert answer(edge, get(url)) == (200, [JSON], b'"here"')
    assert answer(edge, get(url.replace("http", "https"))) == no_proxy("secure", r"\/weather")
    assert edge.calls.last.reason == (
        "no proxy serves this path in test, on secure; 'weather' is deployed in test, on default"
    )


def test_answers_404_for_the_oauth_proxy_over_http() -> None:
    """The stock proxy listens on `secure` alone."""
    edge = frozen_edge()
    url = edge.token_url.replace("https", "http")

    assert answer(edge, Request(method="POST", url=url)) == no_proxy(
        "default", r"\/oauth\/client_credential\/accesstoken"
    )


def test_serves_the_oauth_proxy_over_http_where_switched_on() -> None:
    """The guess `oauth_over_http` lets the stock proxy listen on both virtual hosts."""
    edge = frozen_edge(guesses={"oauth_over_http": True})

    assert answer(edge, Request(method="POST", url=edge.token_url.replace("https", "http")))[0] == 401


# The request line

TOO_BIG = (
    414,
    [JSON],
    (
        b'{"fault":{"faultstring":"request line size exceeding 7,168",'
        b'"detail":{"errorcode":"protocol.http.TooBigLine"}}}'
    ),
)
OPEN = "/open/"
LINES = [
    # verb, path and query up to what fills them; with " HTTP/1.1" the line is as long as it may be
    ("GET", OPEN),
    ("POST", OPEN),
    ("GET", f"{OPEN}?q="),
    ("GET", f"{OPEN}a?q=1&r="),
]


@pytest.mark.parametrize("era", ["current", "2016"])
@pytest.mark.parametrize(("verb", "start"), LINES)
def test_takes_a_request_line_of_7168_characters_and_no_more(verb: str, start: str, era: str) -> None:
    """Verb, path, query and version are 7,168 characters at most, the blanks between them included."""
    edge = frozen_edge(era=era)
    open_api(edge, "/open", "here")
    fill = "x" * (7_168 - len(f"{verb} {start} HTTP/1.1"))

    longest = answer(edge, Request(method=verb, url=f"{edge.gateway_url}{start}{fill}"))
    too_long = answer(edge, Request(method=verb, url=f"{edge.gateway_url}{start}{fill}x"))

    assert longest == in_era((200, [JSON], b'"here"'), era)
    assert too_long == in_era(TOO_BIG, era)
    assert edge.calls.last.reason == "the request line has 7,169 characters"


@pytest.mark.parametrize("base", ["https://acme-test.apigee.net/nothing?", "https://acme-test.apigee.net/oauth?"])
def test_looks_at_the_request_line_before_the_proxy(base: str) -> None:
    """A line that is too long is told before anything else, wherever it leads."""
    edge = frozen_edge()

    assert answer(edge, get(base + 8_000 * "x")) == TOO_BIG
    assert (edge.calls.last.organization, edge.calls.last.environment, edge.calls.last.proxy) == ("acme", "test", "")


def test_counts_neither_host_nor_headers_nor_body() -> None:
    """Only the request line is measured."""
    edge = frozen_edge()
    url = open_api(edge, "/open", "here")

    sent = answer(
        edge, Request(method="POST", url=f"{url}#{8_000 * 'x'}", headers=[("X", 8_000 * "x")], body=b"x" * 8_000)
    )

    assert sent == (200, [JSON], b'"here"')


# Targets that do not answer

_FLOW = "messaging.adaptors.http.flow."
FAILURES = [
    (TargetFailure.TIMEOUT, "current", 504, "Gateway Timeout", f"{_FLOW}GatewayTimeout"),
    (TargetFailure.TIMEOUT, "2016", 504, "Gateway Timeout", f"{_FLOW}GatewayTimeout"),
    (TargetFailure.UNEXPECTED_EOF, "current", 502, "Unexpected EOF at target", f"{_FLOW}UnexpectedEOFAtTarget"),
    (
        TargetFailure.UNEXPECTED_EOF,
        "2016",
        502,
        "Unexpected EOF at target",
        "messaging.adaptors.http.UnexpectedEOFAtTarget",
    ),
    (
        TargetFailure.UNAVAILABLE,
        "current",
        503,
        "The Service is temporarily unavailable",
        f"{_FLOW}ServiceUnavailable",
    ),
    (TargetFailure.UNAVAILABLE, "2016", 503, "The Service is temporarily unavailable", f"{_FLOW}ServiceUnavailable"),
    (
        TargetFailure.NO_ACTIVE_TARGETS,
        "current",
        503,
        "The Service is temporarily unavailable",
        f"{_FLOW}NoActiveTargets",
    ),
    (TargetFailure.SSL_HANDSHAKE, "current", 503, "SSL Handshake failed", f"{_FLOW}SslHandshakeFailed"),
]


@pytest.mark.parametrize("is_returned", [False, True], ids=["given", "returned"])
@pytest.mark.parametrize(("failure", "era", "status", "text", "code"), FAILURES)
def test_answers_for_a_target_that_fails(
    failure: TargetFailure, era: str, status: int, text: str, code: str, *, is_returned: bool
) -> None:
    """A failure as target, or returned by a target function, is the fault that Edge makes of it."""
    edge = frozen_edge(era=era)
    url = open_api(edge, "/weather", (lambda _: failure) if is_returned else failure)

    assert answer(edge, get(url)) == in_era((status, [JSON], fault(text, code)), era)
    assert edge.calls.last.reason == f"the target of proxy 'weather' failed, as declared: {failure.value}"
    assert edge.calls.last.was_refused
    assert edge.take_grievances() == ()


def test_knows_every_failure() -> None:
    """The table above has a row for each failure."""
    assert {row[0] for row in FAILURES} == set(TargetFailure)


def test_says_the_switched_text_for_a_handshake() -> None:
    """The guess `ssl_handshake_text` is the text of a failed TLS handshake."""
    edge = frozen_edge(guesses={"ssl_handshake_text": "SSL Handshake failed null"})

    assert answer(edge, get(open_api(edge, "/weather", TargetFailure.SSL_HANDSHAKE))) == (
        503,
        [JSON],
        fault("SSL Handshake failed null", f"{_FLOW}SslHandshakeFailed"),
    )


def test_recovers_when_its_target_does() -> None:
    """A target function may fail for one call and answer the next."""
    edge = frozen_edge()
    outcomes = [TargetFailure.TIMEOUT, {"temp": 21}]
    url = open_api(edge, "/weather", lambda _: outcomes.pop(0))

    assert [answer(edge, get(url))[0] for _ in range(2)] == [504, 200]


def test_takes_the_name_of_a_failure_for_text() -> None:
    """Text is JSON, even where a failure is called so."""
    edge = frozen_edge()

    assert answer(edge, get(open_api(edge, "/weather", "timeout"))) == (200, [JSON], b'"timeout"')


@pytest.mark.parametrize("accept", [[], [WANTS_XML]], ids=["any", "xml"])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 503, 504])
def test_passes_errors_of_the_target_on(status: int, accept: list[tuple[str, str]]) -> None:
    """An error of the backend reaches the client as it is: status, headers and body, and it is no refusal of Edge's."""
    edge = frozen_edge()
    headers = [("X-A", "1"), ("WWW-Authenticate", "Basic"), ("X-A", "2")]
    url = open_api(edge, "/weather", Response(status=status, headers=headers, body=b"\xff mine/own"))

    assert answer(edge, get(url, *accept)) == (status, headers, b"\xff mine/own")
    assert (edge.calls.last.was_refused, edge.calls.last.reason) == (False, "")


# XML


@dataclass(frozen=True, kw_only=True)
class Break(Policy):
    def execute(self, context: FlowContext) -> None:
        raise KeyError(self.name)


def broken_target(request: Request) -> object:
    raise KeyError


def api_of(policy: Policy) -> Callable[[FakeEdge], Request]:
    return lambda edge: get(proxy_of(edge, "/p", policy).url)


Send = Callable[[FakeEdge], Request]
CHALLENGE = 'Bearer realm="null",error="invalid_token",error_description="{}"'
KINDS: list[tuple[str, Send, int, list[tuple[str, str]], str, str]] = [
    # name, request, status, headers beside the type, text, code
    (
        "router",
        lambda edge: get(f"{edge.gateway_url}/v1/x"),
        404,
        [],
        "Unable to identify proxy for host: secure and url: /v1/x",
        f"{_FLOW}ApplicationNotFound",
    ),
    (
        "request line",
        lambda edge: get(f"{edge.gateway_url}/{8_000 * 'x'}"),
        414,
        [],
        "request line size exceeding 7,168",
        "protocol.http.TooBigLine",
    ),
    (
        "target that fails",
        lambda edge: get(open_api(edge, "/p", TargetFailure.TIMEOUT)),
        504,
        [],
        "Gateway Timeout",
        f"{_FLOW}GatewayTimeout",
    ),
    (
        "target that raises",
        lambda edge: get(open_api(edge, "/p", broken_target)),
        503,
        [],
        "The Service is temporarily unavailable",
        f"{_FLOW}ServiceUnavailable",
    ),
    (
        "token, with its challenge",
        lambda edge: get(edge.proxy("/p").url, bearer("nonsense")),
        401,
        [
            (
                "WWW-Authenticate",
                CHALLENGE.format("keymanagement.service.invalid_access_token: Invalid Access Token"),
            )
        ],
        "Invalid Access Token",
        "keymanagement.service.invalid_access_token",
    ),
    (
        "API key",
        lambda edge: get(edge.proxy("/p", security="apikey").url),
        401,
        [],
        "Failed to resolve API Key variable request.queryparam.apikey",
        "steps.oauth.v2.FailedToResolveAPIKey",
    ),
    (
        "scope",
        lambda edge: get(edge.proxy("/p", scope="a b").url, bearer(edge.token(edge.default_app, scope="none"))),
        403,
        [],
        "Required scope(s): [a, b]",
        "steps.oauth.v2.InsufficientScope",
    ),
    (
        "info",
        api_of(GetOAuthV2Info(name="info", client_id="request.queryparam.x")),
        500,
        [],
        "ClientId is Invalid",
        "steps.oauth.v2.invalid_client-invalid_client_id",
    ),
    (
        "form of a token request",
        lambda edge: Request(method="POST", url=edge.token_url, headers=[FORM], body=b"%"),
        500,
        [],
        (
            "UrlDecoding of the form parameters from the request message failed. "
            "The form parameters needs to be url encoded"
        ),
        "steps.oauth.v2.InvalidRequest",
    ),
    ("policy that breaks", api_of(Break(name="mine")), 500, [], "Execution of mine failed", "steps.ExecutionFailed"),
    (
        "fault rule that breaks",
        lambda edge: get(proxy_with_fault_rule(edge, "/p", VerifyAPIKey(name="verify"), Break(name="rule")).url),
        500,
        [],
        "Execution of rule failed",
        "steps.ExecutionFailed",
    ),
]
AS_XML = pytest.mark.parametrize(
    ("send", "status", "more", "text", "code"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS]
)


def sent_with(edge: FakeEdge, send: Send, *headers: tuple[str, str]) -> Answer:
    request = send(edge)
    return answer(edge, request.with_headers([*request.headers, *headers]))


@pytest.mark.parametrize("era", ["current", "2016"])
@AS_XML
def test_answers_in_xml_where_it_is_asked_for(
    send: Send, status: int, more: list[tuple[str, str]], text: str, code: str, era: str
) -> None:
    """Every kind of fault is XML where the client asks for it."""
    edge = frozen_edge(era=era)

    assert sent_with(edge, send, WANTS_XML) == in_era((status, [XML, *more], xml(text, code)), era)


@AS_XML
def test_answers_in_json_where_xml_is_switched_off(
    send: Send, status: int, more: list[tuple[str, str]], text: str, code: str
) -> None:
    """With the guess `xml_faults` off, every kind of fault is JSON, whatever a client asks for."""
    edge = frozen_edge(guesses={"xml_faults": False})

    assert sent_with(edge, send, WANTS_XML) == (status, [JSON, *more], fault(text.replace("/", r"\/"), code))


@pytest.mark.parametrize(
    ("headers", "is_xml"),
    [
        ([], False),
        ([("Accept", "application/xml")], True),
        ([("accept", "Application/XML")], True),
        ([("Accept", " application/xml;q=0.9 , */*")], True),
        ([("Accept", "application/xml, application/json")], True),
        ([("Accept", "application/json, application/xml")], False),
        ([("Accept", "*/*")], False),
        ([("Accept", "text/xml")], False),
        ([("Accept", "application/xhtml+xml")], False),
        ([("Accept", "")], False),
        ([("Content-Type", "application/xml")], False),
        ([("Accept", "*/*"), ("Accept", "application/xml")], False),
    ],
)
def test_asks_for_xml_by_the_first_type_of_accept(headers: list[tuple[str, str]], *, is_xml: bool) -> None:
    """XML is asked for by the first type of Accept, and by no Content-Type."""
    edge = frozen_edge()

    assert answer(edge, get(f"{edge.gateway_url}/x", *headers))[1] == [XML if is_xml else JSON]


def test_answers_flat_errors_in_json_always() -> None:
    """The flat form of the token endpoint has no XML."""
    edge = frozen_edge()

    assert sent_with(edge, lambda edge: Request(method="POST", url=edge.token_url), WANTS_XML) == (
        401,
        [JSON],
        b'{"ErrorCode" : "invalid_client", "Error" :"Client identifier is required"}',
    )


ESCAPED = [
    # what a path holds, in JSON, in XML
    ("/a/b", r"\/a\/b", "/a/b"),
    ("/<a>&amp;", r"\/<a>&amp;", "/&lt;a&gt;&amp;amp;"),
    ("/]]>", r"\/]]>", "/]]&gt;"),
    ("/\"'", r"\/\"'", "/\"'"),
    ("/\\", r"\/\\", "/\\"),
    ("/\x01", r"\/\u0001", "/?"),
    ("/caf\xe9", "\\/caf\xe9", "/caf\xe9"),
    ("/\U0001f600", "\\/\U0001f600", "/\U0001f600"),
    ("/\ud800", "\\/?", "/?"),
]


@pytest.mark.parametrize(("path", "in_json", "in_xml"), ESCAPED, ids=range(len(ESCAPED)))
def test_escapes_what_a_fault_quotes(path: str, in_json: str, in_xml: str) -> None:
    """Both forms stay readable whatever a path holds: JSON escapes slashes as well, XML its own characters."""
    edge, code = frozen_edge(), f"{_FLOW}ApplicationNotFound"
    url, text = f"{edge.gateway_url}{path}", "Unable to identify proxy for host: secure and url: "

    assert answer(edge, get(url)) == (404, [JSON], fault(text + in_json, code))
    assert answer(edge, get(url, WANTS_XML)) == (404, [XML], xml(text + in_xml, code))
