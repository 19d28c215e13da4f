"""Routing, flows, policies and targets of the gateway."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from pytest_apigee import ConfigurationError, ConnectionFailure, FakeEdge, Request, Response, TokenFactory
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.flow import Flow, ProxyEndpoint
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.gateway.proxy import ApiProxy
from pytest_apigee.edge.gateway.target import FixedTarget, target_from
from pytest_apigee.edge.message import FailureKind
from pytest_apigee.edge.refusal import BareFault, Refusal
from pytest_apigee.edge.world import Grievance
from tests.edge.gateway_support import JSON, answer, basic, bearer, fault, frozen_edge, get, no_proxy

UNAVAILABLE = (
    503,
    [JSON],
    (
        b'{"fault":{"faultstring":"The Service is temporarily unavailable",'
        b'"detail":{"errorcode":"messaging.adaptors.http.flow.ServiceUnavailable"}}}'
    ),
)


def open_api(edge: FakeEdge, base_path: str, target: object, **settings: object) -> str:
    return edge.proxy(base_path, security="none", target=target, **settings).url


def body_of(edge: FakeEdge, url: str) -> bytes:
    return answer(edge, get(url))[2]


# Routing


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1", "v1"),
        ("/v1/", "v1"),
        ("/v1/other", "v1"),
        ("/v1/weather", "v1-weather"),
        ("/v1/weather/today", "v1-weather"),
        ("/v1/weatherman", "v1"),
        ("/v2", "root"),
        ("/", "root"),
        ("", "root"),
    ],
)
def test_routes_to_the_longest_base_path(path: str, name: str) -> None:
    """Of the proxies whose base path ends at a segment of the path, the one with the longest answers."""
    edge = frozen_edge()
    for base_path in ("/v1", "/v1/weather", "/"):
        open_api(edge, base_path, {})

    edge.handle(get(f"{edge.gateway_url}{path}"))

    assert edge.calls.last.proxy == name


@pytest.mark.parametrize("base_path", ["/weather", "/weather/"])
def test_takes_a_base_path_with_or_without_its_last_slash(base_path: str) -> None:
    """A slash at the end of a base path means nothing."""
    edge = frozen_edge()
    url = open_api(edge, base_path, "here")

    assert url == "https://acme-test.apigee.net/weather"
    assert [body_of(edge, url + path) for path in ("", "/", "/a")] == [b'"here"'] * 3


@pytest.mark.parametrize(
    ("path", "escaped"),
    [
        ("/v1/x", r"\/v1\/x"),
        ("", r"\/"),
        ("/weatherman", r"\/weatherman"),
        ("/Weather", r"\/Weather"),
        ("/v1/x?secret=1", r"\/v1\/x"),
        ("/a%20b/%C3%BC", r"\/a%20b\/%C3%BC"),
    ],
)
def test_answers_404_where_no_proxy_listens(path: str, escaped: str) -> None:
    """A path without proxy gets the router's 404, which names virtual host and path, slashes escaped."""
    edge = frozen_edge()
    open_api(edge, "/weather", {})

    assert answer(edge, get(f"{edge.gateway_url}{path}")) == no_proxy("secure", escaped)
    assert edge.calls.last.reason == (
        "no proxy has a base path that fits; declared: /oauth/client_credential, /weather"
    )
    assert edge.calls.last.proxy == ""


def test_names_the_virtual_host_of_plain_http() -> None:
    """Plain http comes in by the virtual host `default`."""
    edge = frozen_edge()

    assert answer(edge, get("http://acme-test.apigee.net/v1/x")) == no_proxy("default", r"\/v1\/x")


def test_listens_on_http_and_https() -> None:
    """A declared proxy answers on both virtual hosts."""
    edge = frozen_edge()
    url = open_api(edge, "/weather", "here")

    assert [body_of(edge, url), body_of(edge, url.replace("https", "http"))] == [b'"here"', b'"here"']


def test_deploys_in_one_environment() -> None:
    """A proxy answers in its environment only, and elsewhere the reason says where it is deployed."""
    edge = frozen_edge()
    url = open_api(edge, "/weather", "here", env="prod")

    assert url == "https://acme-prod.apigee.net/weather"
    assert body_of(edge, url) == b'"here"'
    assert answer(edge, get("https://acme-test.apigee.net/weather")) == no_proxy("secure", r"\/weather")
    assert edge.calls.last.reason == (
        "no proxy serves this path in test, on secure; 'weather' is deployed in prod, on default and secure"
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://API.Acme.Example/weather",
        "https://api.acme.example:8443/weather",
        "http://api.acme.example./weather",
        "https://globex-test.apigee.net/weather",
    ],
)
def test_answers_on_custom_domains(url: str) -> None:
    """A custom domain leads to its environment, in any letter case, with any port, beside the default host."""
    edge = frozen_edge()
    edge.organization("globex", environments=["prod", "test"], hosts={"api.acme.example": "test"})
    open_api(edge, "/weather", "here", org="globex", env="test")

    assert body_of(edge, url) == b'"here"'


def test_answers_on_extra_hosts() -> None:
    """An extra host leads to an environment of the default organization."""
    edge = FakeEdge(extra_hosts={"api.example": "prod", "other.example": ""})
    open_api(edge, "/weather", "prod", env="prod")
    open_api(edge, "/weather", "test", name="w2", env="test")

    assert [body_of(edge, "https://api.example/weather"), body_of(edge, "https://other.example/weather")] == [
        b'"prod"',
        b'"test"',
    ]


@pytest.mark.parametrize("names", [[("a-b", ["c"]), ("a", ["b-c"])], [("a", ["b-c"]), ("a-b", ["c"])]])
def test_gives_a_host_with_hyphens_to_the_longer_organization(names: list[tuple[str, list[str]]]) -> None:
    """Organization and environment may both hold hyphens: of two pairs with one host, the longer organization wins."""
    edge = frozen_edge()
    for name, environments in names:
        edge.organization(name, environments=environments)
        open_api(edge, "/who", name, org=name)

    assert body_of(edge, "https://a-b-c.apigee.net/who") == b'"a-b"'
    assert (edge.calls.last.organization, edge.calls.last.environment) == ("a-b", "c")


def test_fails_for_an_unknown_host_as_the_network_would() -> None:
    """A host that the fake does not know gives no answer, and a grievance names the known ones and the nearest."""
    edge = frozen_edge()

    outcome = edge.handle(get("https://acme-tset.apigee.net/weather"))

    message = (
        "The fake Edge has no host 'acme-tset.apigee.net'. Known: acme-prod.apigee.net, acme-test.apigee.net, "
        "api.enterprise.apigee.com, login.apigee.com, mocktarget.apigee.net. Did you mean 'acme-test.apigee.net'? "
        "Declare its organization and environment with apigee.organization(name, environments=[...])."
    )
    assert outcome == ConnectionFailure(kind=FailureKind.UNKNOWN_HOST, message=message)
    assert edge.take_grievances() == (Grievance(kind="unknown_host", message=message),)
    assert edge.calls.last.status is None
    assert edge.calls.last.reason == "the fake Edge has no host 'acme-tset.apigee.net'"


def test_complains_of_a_hundred_things_at_most() -> None:
    """Of many grievances the first hundred are kept."""
    edge = frozen_edge()
    for number in range(150):
        edge.handle(get(f"https://typo-{number}.apigee.net/"))

    grievances = edge.take_grievances()
    assert len(grievances) == 100
    assert grievances[99].message.startswith("The fake Edge has no host 'typo-99.apigee.net'. ")


def test_complains_of_one_message_once_of_each_kind() -> None:
    """Grievances are told apart by kind and message; the first of two alike stays, with its error."""
    edge = frozen_edge()
    first, second = ValueError("1"), ValueError("2")
    for error in (first, second):
        edge.complain("target_error", "broke", error)
    edge.complain("not_modelled", "broke")

    assert edge.take_grievances() == (
        Grievance(kind="target_error", message="broke", error=first),
        Grievance(kind="not_modelled", message="broke"),
    )


def test_complains_once_of_one_thing() -> None:
    """The same grievance is kept once, and taken once."""
    edge = frozen_edge()
    for _ in range(3):
        edge.handle(get("https://typo-test.apigee.net/"))

    assert [len(edge.take_grievances()), len(edge.take_grievances())] == [1, 0]


# What the target sees


def seen_by_target(edge: FakeEdge, request: Callable[[str], Request], *, base_path: str = "/weather") -> Request:
    seen: list[Request] = []
    api = edge.proxy(base_path, products=["weather"], target=seen.append)
    edge.handle(request(api.url))
    return seen[0]


def test_strips_the_authorization_before_the_target() -> None:
    """The token never reaches the target; all other headers do, in their order."""
    edge = frozen_edge()
    token = TokenFactory(edge)(edge.app(products=["weather"]))

    seen = seen_by_target(edge, lambda url: get(url, ("X-A", "1"), bearer(token), ("X-A", "2")))

    assert list(seen.headers) == [("X-A", "1"), ("X-A", "2")]


def test_leaves_the_authorization_of_an_open_proxy() -> None:
    """Where nothing is verified, nothing is removed."""
    edge = frozen_edge()
    url = open_api(edge, "/open", lambda request: dict(request.headers))

    assert answer(edge, get(url, basic("a", "b")))[2] == b'{"Authorization": "Basic YTpi"}'


@pytest.mark.parametrize(
    ("base_path", "sent", "seen"),
    [
        ("/weather", "/weather", "/"),
        ("/weather", "/weather/", "/"),
        ("/weather", "/weather/a/b", "/a/b"),
        ("/weather", "/weather/a%2Fb?q=%20&q=2", "/a%2Fb?q=%20&q=2"),
        ("/weather/", "/weather/a", "/a"),
        ("/", "/a", "/a"),
        ("/", "", "/"),
    ],
)
def test_sends_path_suffix_and_query_to_the_target(base_path: str, sent: str, seen: str) -> None:
    """A target sees what follows the base path, and the query, as sent, on a host of its own."""
    edge = frozen_edge()
    urls: list[str] = []
    open_api(edge, base_path, lambda request: urls.append(request.url), name="weather")

    edge.handle(get(f"{edge.gateway_url}{sent}"))

    assert urls == [f"https://weather.target.invalid{seen}"]


def test_sends_method_and_body_to_the_target() -> None:
    """A target sees verb and body as the client sent them."""
    edge = frozen_edge()
    url = open_api(edge, "/weather", lambda request: [request.method, request.text])

    assert answer(edge, Request(method="PATCH", url=url, body="caf\xe9"))[2] == '["PATCH", "caf\xe9"]'.encode()


# What the target answers

TEAPOT = Response(status=418, headers=[("X-A", "1"), ("X-A", "2")], body=b"\xff\x00")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param({"temp": 21}, (200, [JSON], b'{"temp": 21}'), id="dict"),
        pytest.param(["caf\xe9", 1.5, True], (200, [JSON], '["caf\xe9", 1.5, true]'.encode()), id="list"),
        pytest.param("text", (200, [JSON], b'"text"'), id="text"),
        pytest.param(None, (200, [JSON], b"{}"), id="none"),
        pytest.param(0, (200, [JSON], b"0"), id="zero"),
        pytest.param(TEAPOT, (418, [("X-A", "1"), ("X-A", "2")], b"\xff\x00"), id="response"),
        pytest.param(lambda _: {"temp": 21}, (200, [JSON], b'{"temp": 21}'), id="callable, dict"),
        pytest.param(lambda _: TEAPOT, (418, [("X-A", "1"), ("X-A", "2")], b"\xff\x00"), id="callable, response"),
        pytest.param(lambda _: Response.of_json(None), (200, [JSON], b"null"), id="callable, null"),
        pytest.param(FixedTarget(TEAPOT), (418, [("X-A", "1"), ("X-A", "2")], b"\xff\x00"), id="target"),
    ],
)
def test_answers_with_what_the_target_gives(target: object, expected: tuple[int, list[tuple[str, str]], bytes]) -> None:
    """A target is JSON, a Response, or a callable that returns one of them; its answer passes unchanged."""
    edge = frozen_edge()
    url = open_api(edge, "/weather", target)

    assert answer(edge, get(url)) == expected
    assert edge.calls.last.reason == ""


@pytest.mark.parametrize("status", [400, 401, 404, 500, 503])
def test_passes_errors_of_the_target_on(status: int) -> None:
    """A status of the target is the proxy's, without any fault of Edge's."""
    edge = frozen_edge()
    url = open_api(edge, "/weather", Response(status=status, body="mine"))

    assert answer(edge, get(url)) == (status, [], b"mine")


def test_answers_503_for_a_target_that_raises() -> None:
    """A callable that raises is a service unavailable to the client, and a grievance with its error to the tester."""
    edge = frozen_edge()
    error = KeyError("temp")

    def broken(request: Request) -> object:
        raise error

    url = open_api(edge, "/weather", broken)

    assert answer(edge, get(url)) == UNAVAILABLE
    message = "the target of proxy 'weather' raised KeyError: 'temp'"
    assert edge.calls.last.reason == message
    (grievance,) = edge.take_grievances()
    assert (grievance.kind, grievance.message, grievance.error) == ("target_error", message, error)


def test_answers_503_for_a_target_that_returns_no_json() -> None:
    """What is neither JSON nor a Response is a fault of the target."""
    edge = frozen_edge()
    url = open_api(edge, "/weather", lambda _: {1, 2})

    assert answer(edge, get(url)) == UNAVAILABLE
    assert [grievance.message for grievance in edge.take_grievances()] == [
        (
            "the target of proxy 'weather' raised ConfigurationError: A target's answer must be JSON, a Response, "
            "or a callable that returns one of them: Object of type set is not JSON serializable."
        )
    ]


def test_answers_503_for_a_target_that_returns_nothing() -> None:
    """A function that forgot its `return` is a fault of the target; JSON's null needs a Response."""
    edge = frozen_edge()
    url = open_api(edge, "/weather", lambda _: None)

    assert answer(edge, get(url)) == UNAVAILABLE
    assert [(grievance.kind, grievance.message) for grievance in edge.take_grievances()] == [
        (
            "target_error",
            (
                "the target of proxy 'weather' raised ConfigurationError: A target function returned None: "
                "return JSON, or a Response; for JSON's null, Response.of_json(None)."
            ),
        )
    ]


def test_survives_an_error_that_cannot_be_shown() -> None:
    """An error of a target whose text raises in turn is told by its type."""

    class UnshownError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def broken(request: Request) -> object:
        raise UnshownError

    edge = frozen_edge()
    url = open_api(edge, "/weather", broken)

    assert answer(edge, get(url)) == UNAVAILABLE
    assert edge.calls.last.reason == "the target of proxy 'weather' raised UnshownError: (it cannot be shown)"


def test_takes_no_async_function_as_target() -> None:
    """A coroutine function is refused where it is declared, since nobody would await it."""

    async def late(request: Request) -> object:
        return {}

    with pytest.raises(ConfigurationError) as caught:
        target_from(late)

    assert str(caught.value) == (
        "A target function cannot be async: it is called from the client's own thread. Write it with 'def'."
    )


@pytest.mark.parametrize(
    "url", ["http://backend.example/v1?key=secret", "https://backend.example/v1?key=secret", "HTTPS://b.example"]
)
def test_takes_no_url_as_target(url: str) -> None:
    """A URL is no target, since the fake forwards nothing; the message does not hold it."""
    with pytest.raises(ConfigurationError) as caught:
        target_from(url)

    assert str(caught.value) == (
        "A target cannot be a URL: the fake forwards to no other host. "
        "Give JSON, a Response, or a callable that takes the Request and returns one of them."
    )


def test_takes_no_target_that_is_not_json() -> None:
    """A fixed answer that is not JSON is refused where it is declared."""
    with pytest.raises(ConfigurationError) as caught:
        target_from({1, 2})

    assert str(caught.value) == (
        "A target's answer must be JSON, a Response, or a callable that returns one of them: "
        "Object of type set is not JSON serializable."
    )


def test_lets_a_target_call_edge_from_its_own_thread() -> None:
    """A target may call Edge again."""
    edge = frozen_edge()
    inner = open_api(edge, "/inner", "inner")
    outer = open_api(edge, "/outer", lambda _: edge.handle(get(inner)))

    assert body_of(edge, outer) == b'"inner"'
    assert [call.proxy for call in edge.calls] == ["inner", "outer"]


@pytest.mark.timeout(10)
def test_lets_a_target_call_edge_from_another_thread() -> None:
    """A target may call Edge from another thread, and wait for it."""
    edge = frozen_edge()
    inner = open_api(edge, "/inner", "inner")
    answers: list[object] = []

    def in_another_thread(request: Request) -> object:
        thread = threading.Thread(target=lambda: answers.append(edge.handle(get(inner))))
        thread.start()
        thread.join(5)
        return answers[0]

    outer = open_api(edge, "/outer", in_another_thread)

    assert body_of(edge, outer) == b'"inner"'


# Flows and policies of one's own


@dataclass(frozen=True, kw_only=True)
class AddHeader(Policy):
    """Appends its name to a header, of the response where there is one, else of the request."""

    def execute(self, context: FlowContext) -> None:
        if context.response is None:
            context.request = context.request.with_headers([*context.request.headers, ("X-Trace", self.name)])
        else:
            response = context.response
            headers = [*response.headers, ("X-Trace", self.name)]
            context.response = Response(status=response.status, headers=headers, body=response.body)


@dataclass(frozen=True, kw_only=True)
class Refuse(Policy):
    def execute(self, context: FlowContext) -> None:
        raise Refusal(BareFault(status=429, body="slow down", headers=(("X-A", "1"),)), "the test says no")


def trace(name: str, condition: str = "") -> Flow:
    return Flow(
        name=name, condition=condition, request=(AddHeader(name=f"{name}>"),), response=(AddHeader(name=f"<{name}"),)
    )


def answer_of_proxy(endpoint: ProxyEndpoint, method: str = "GET", path: str = "") -> Response:
    edge = frozen_edge()
    target = target_from(lambda request: Response(headers=[("X-Target", v) for v in request.headers.all("X-Trace")]))
    edge.organization("globex", environments=["test"]).add_proxy(
        ApiProxy(name="p", base_path="/p", environments=("test",), endpoint=endpoint, target=target)
    )
    response = edge.handle(Request(method=method, url=f"https://globex-test.apigee.net/p{path}"))
    assert isinstance(response, Response)
    return response


CONDITIONAL = (
    trace("post-a", 'request.verb = "POST" and proxy.pathsuffix MatchesPath "/a"'),
    trace("get-a", 'request.verb = "GET" and proxy.pathsuffix MatchesPath "/a"'),
    trace("get-a-again", 'request.verb = "GET" and proxy.pathsuffix MatchesPath "/a"'),
)


@pytest.mark.parametrize(
    ("method", "path", "chosen"),
    [
        ("GET", "/a", ["get-a"]),
        ("POST", "/a", ["post-a"]),
        ("PUT", "/a", []),
        ("get", "/a", []),
        ("GET", "/b", []),
        ("GET", "/a/b", []),
    ],
)
def test_runs_the_flows_in_order_and_the_first_conditional_one_only(method: str, path: str, chosen: list[str]) -> None:
    """PreFlow, the first conditional flow whose condition is met, PostFlow: requests first, then responses."""
    endpoint = ProxyEndpoint(pre_flow=trace("pre"), flows=CONDITIONAL, post_flow=trace("post"))

    response = answer_of_proxy(endpoint, method, path)

    order = ["pre", *chosen, "post"]
    assert response.headers.all("X-Target") == [f"{name}>" for name in order]
    assert response.headers.all("X-Trace") == [f"<{name}" for name in order]


def test_looks_at_a_condition_when_its_turn_comes() -> None:
    """A condition sees what the policies before it did to the request."""
    conditional = trace("conditional", "request.header.x-trace != null")

    with_trace = answer_of_proxy(ProxyEndpoint(pre_flow=trace("pre"), flows=(conditional,)))
    without = answer_of_proxy(ProxyEndpoint(flows=(conditional,)))

    assert with_trace.headers.all("X-Target") == ["pre>", "conditional>"]
    assert without.headers.all("X-Target") == []


@pytest.mark.parametrize(
    "pre_flow",
    [Flow(name="PreFlow", request=(Refuse(name="refuse"),)), Flow(name="PreFlow", response=(Refuse(name="refuse"),))],
    ids=["request", "response"],
)
def test_ends_a_call_that_a_policy_refuses(pre_flow: Flow) -> None:
    """A policy of either side may refuse; no policy after it runs."""
    response = answer_of_proxy(ProxyEndpoint(pre_flow=pre_flow, post_flow=trace("post")))

    assert (response.status, list(response.headers), response.body) == (429, [("X-A", "1")], b"slow down")


def test_calls_no_target_for_a_refused_call() -> None:
    """What a request policy refuses never reaches the target."""
    edge = frozen_edge()
    calls: list[Request] = []
    api = edge.proxy("/weather", products=["weather"], target=calls.append)

    assert answer(edge, get(api.url))[0] == 401
    assert calls == []


def test_runs_response_policies_over_an_echo() -> None:
    """A proxy without target echoes the request, and its response policies see the echo."""
    edge = frozen_edge()
    edge.organization("globex", environments=["test"]).add_proxy(
        ApiProxy(name="p", base_path="/p", environments=("test",), endpoint=ProxyEndpoint(post_flow=trace("post")))
    )

    sent = answer(edge, Request(method="POST", url="https://globex-test.apigee.net/p", body="hello"))

    assert sent == (200, [("X-Trace", "post>"), ("X-Trace", "<post")], b"hello")


# The router of 2016


ROUTED = [
    # what a target answers, its headers as they arrive in 2016
    (Response(body="x"), [("Server", "Apigee Router")]),
    (Response(headers=[("X-A", "1"), ("X-A", "2")]), [("X-A", "1"), ("X-A", "2"), ("Server", "Apigee Router")]),
    (Response(headers={"server": "nginx"}), [("server", "nginx")]),
]


@pytest.mark.parametrize(("target", "headers"), ROUTED, ids=["none", "others", "its own"])
def test_names_the_router_last_in_2016(target: Response, headers: list[tuple[str, str]]) -> None:
    """In 2016 an answer says who routed it, after all other headers, unless the target named a server itself."""
    edge, today = frozen_edge(era="2016"), frozen_edge()

    assert answer(edge, get(open_api(edge, "/w", target))) == (200, headers, target.body)
    assert answer(today, get(open_api(today, "/w", target))) == (200, list(target.headers), target.body)


def broken_target(request: Request) -> object:
    raise KeyError


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/nothing", no_proxy("secure", r"\/nothing")),
        ("/broken", UNAVAILABLE),
        ("/oauth/client_credential/x", (200, [], b"")),
    ],
    ids=["no proxy", "broken target", "echo"],
)
@pytest.mark.parametrize("server", ["Apigee Router", ""])
def test_names_the_router_in_every_answer_of_2016(
    path: str, expected: tuple[int, list[tuple[str, str]], bytes], server: str
) -> None:
    """Refusals, faults and echoes name the router as well; the guess `server_header_2016` may be empty."""
    edge = frozen_edge(era="2016", guesses={"server_header_2016": server})
    open_api(edge, "/broken", broken_target)

    status, headers, body = expected
    routed = [*headers, ("Server", server)] if server else headers
    assert answer(edge, get(f"{edge.gateway_url}{path}")) == (status, routed, body)


@pytest.mark.parametrize("host", ["login.apigee.com", "api.enterprise.apigee.com", "mocktarget.apigee.net"])
def test_names_no_router_elsewhere(host: str) -> None:
    """Only what came through a gateway was routed."""
    edge = frozen_edge(era="2016")

    response = edge.handle(get(f"https://{host}/"))

    assert isinstance(response, Response)
    assert "Server" not in response.headers


# The public backend


@pytest.mark.parametrize(("method", "scheme"), [("GET", "https"), ("HEAD", "https"), ("GET", "http")])
def test_answers_as_the_mock_target(method: str, scheme: str) -> None:
    """mocktarget.apigee.net greets at its root."""
    edge = frozen_edge()

    sent = answer(edge, Request(method=method, url=f"{scheme}://mocktarget.apigee.net"))

    assert sent == (200, [("Content-Type", "text/html; charset=utf-8")], b"Hello, Guest!")


@pytest.mark.parametrize(("method", "path"), [("GET", "/json"), ("POST", "/")])
def test_says_what_of_the_mock_target_it_does_not_model(method: str, path: str) -> None:
    """Anything else of the mock target is answered 501 and is a grievance."""
    edge = frozen_edge()

    sent = answer(edge, Request(method=method, url=f"https://mocktarget.apigee.net{path}"))

    message = f"pytest-apigee does not model {method} https://mocktarget.apigee.net{path}."
    assert sent == (501, [("Content-Type", "text/plain")], f"{message}\n".encode())
    assert edge.take_grievances() == (Grievance(kind="not_modelled", message=message),)
    assert edge.calls.last.reason == message


@pytest.mark.parametrize(
    ("text", "escaped"),
    [('say "hi"', r"say \"hi\""), ("a/b", r"a\/b"), ("back\\slash", r"back\\slash"), ("caf\xe9", "caf\xe9")],
)
def test_escapes_what_a_fault_quotes(text: str, escaped: str) -> None:
    """The fault form stays JSON whatever a path holds: quotes, slashes and backslashes are escaped."""
    edge = frozen_edge()

    body = body_of(edge, f"{edge.gateway_url}/{text}")

    assert body == fault(
        f"Unable to identify proxy for host: secure and url: \\/{escaped}",
        "messaging.adaptors.http.flow.ApplicationNotFound",
    )
