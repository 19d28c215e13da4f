"""The journal: the last 10,000 exchanges, and the questions one asks of it."""

import threading
import tracemalloc

import pytest

from pytest_apigee import ConnectionFailure, FakeEdge, Request, Response, TokenFactory
from pytest_apigee.edge.journal import LONGEST, Calls, Exchange, Journal, Notes, Service
from pytest_apigee.edge.message import FailureKind
from tests.edge.gateway_support import MOMENT_MS, app_request, bearer, frozen_edge, get, token_request

REQUEST = Request(url="https://acme-test.apigee.net/weather?key=secret")
OK = Response()
NO_ANSWER = ConnectionFailure(kind=FailureKind.RESET, message="reset")


def add(journal: Journal, count: int = 1, **notes: object) -> None:
    for _ in range(count):
        journal.add(REQUEST, OK, Notes(**notes), at_ms=0)


def lived_through() -> FakeEdge:
    """Return an Edge that was asked by everybody for everything."""
    edge = frozen_edge()
    app, user = edge.app("forecast", products=["weather"]), edge.user("ops@acme.example", password="pw")
    api = edge.proxy("/weather", products=["weather"])
    login = token_request(
        "https://login.apigee.com/oauth/token", grant_type="password", username=user.email, password="pw"
    )
    edge.handle(app_request(edge, app))
    edge.handle(login.with_headers([*login.headers, ("Authorization", "Basic ZWRnZWNsaTplZGdlY2xpc2VjcmV0")]))
    edge.handle(get("https://api.enterprise.apigee.com/v1/o/acme"))
    edge.handle(get("https://mocktarget.apigee.net/"))
    edge.handle(get("https://typo-test.apigee.net/"))
    edge.handle(get(api.url, bearer(TokenFactory(edge)(app))))
    edge.record(get("https://login.apigee.com/version"), OK, "a stub of the test answered")
    return edge


def numbers(calls: Calls) -> list[int]:
    return [exchange.number for exchange in calls]


def test_keeps_every_exchange_in_order() -> None:
    """Every exchange is kept, with who answered it, numbered from 1."""
    edge = lived_through()

    assert [(call.number, call.service) for call in edge.calls] == [
        (1, Service.GATEWAY),
        (2, Service.SSO),
        (3, Service.MANAGEMENT),
        (4, Service.MOCK_TARGET),
        (5, Service.NOBODY),
        (6, Service.GATEWAY),
        (7, Service.STUB),
    ]
    assert {call.at_ms for call in edge.calls} == {MOMENT_MS}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (lambda calls: calls.gateway, [1, 6]),
        (lambda calls: calls.sso, [2]),
        (lambda calls: calls.management, [3]),
        (lambda calls: calls.tokens_issued, [1, 2]),
        (lambda calls: calls.refused, [3, 5]),
        (lambda calls: calls.to("weather"), [6]),
        (lambda calls: calls.to("oauth"), [1]),
        (lambda calls: calls.to("maps"), []),
        (lambda calls: calls.where(lambda call: call.status == 200), [1, 2, 4, 6, 7]),
        (lambda calls: calls.where(lambda call: call.app == "forecast"), [1, 6]),
        (lambda calls: calls.where(lambda call: call.user == "ops@acme.example"), [2]),
        (lambda calls: calls.gateway.tokens_issued, [1]),
        (lambda calls: calls[1:3], [2, 3]),
        (lambda calls: calls[-3:].refused, [5]),
    ],
)
def test_narrows_down(query: object, expected: list[int]) -> None:
    """Each question narrows the exchanges down, and can be followed by another."""
    calls = lived_through().calls

    assert numbers(query(calls)) == expected


def test_is_a_sequence() -> None:
    """Exchanges are counted, indexed and searched like those of any sequence."""
    calls = lived_through().calls

    assert (len(calls), calls[0].number, calls[-1].number) == (7, 1, 7)
    assert calls[2] in calls
    assert calls.index(calls[3]) == 3
    assert bool(calls.to("maps")) is False
    assert (repr(calls), repr(calls.sso)) == ("<Journal: 7>", "<Calls: 1>")


def test_tells_the_last_and_the_only_one() -> None:
    """`last` is the last exchange, `only` the one and only."""
    calls = lived_through().calls

    assert (calls.last.number, calls.gateway.last.number, calls.sso.only.number) == (7, 6, 2)


def test_fails_the_test_where_there_is_no_last_one() -> None:
    """Without any exchange, `last` is a failed assertion."""
    with pytest.raises(AssertionError) as caught:
        _ = FakeEdge().calls.last

    assert str(caught.value) == "Nothing was asked of Edge here."


def test_fails_the_test_where_there_is_not_one_only() -> None:
    """With none or several exchanges, `only` is a failed assertion that lists them."""
    calls = lived_through().calls
    with pytest.raises(AssertionError) as none:
        _ = calls.to("maps").only
    with pytest.raises(AssertionError) as several:
        _ = calls[2:5].only

    assert str(none.value) == "Expected exactly one exchange, found 0:\n"
    assert str(several.value) == (
        "Expected exactly one exchange, found 3:\n"
        "  GET https://api.enterprise.apigee.com/v1/o/acme -> 401  no Bearer or Basic Authorization header\n"
        "  GET https://mocktarget.apigee.net/ -> 200\n"
        "  GET https://typo-test.apigee.net/ -> no answer (unknown_host)  "
        "the fake Edge has no host 'typo-test.apigee.net'"
    )


def test_shows_no_query_and_no_token() -> None:
    """The text of an exchange leaves out the query, headers and bodies, its repr the token that was issued."""
    exchange = Exchange(
        number=1, at_ms=0, request=REQUEST, outcome=OK, service=Service.GATEWAY, issued_token="opaque-value"
    )

    assert str(exchange) == "GET https://acme-test.apigee.net/weather -> 200"
    assert "opaque-value" not in repr(exchange)
    assert "secret" not in repr(exchange)


def test_has_no_status_without_an_answer() -> None:
    """A failed connection has no status."""
    journal = Journal()
    journal.add(REQUEST, NO_ANSWER, Notes(), at_ms=0)

    assert journal.last.status is None
    assert str(journal.last) == "GET https://acme-test.apigee.net/weather -> no answer (reset)"


def test_goes_on_while_what_it_gave_stays() -> None:
    """The journal is live; what its questions gave stays as it was then."""
    journal = Journal()
    add(journal, proxy="weather")
    then = journal.to("weather")
    add(journal, proxy="weather")

    assert (len(then), len(journal), len(journal.to("weather"))) == (1, 2, 2)


def test_can_be_added_to_while_it_is_read() -> None:
    """An exchange that comes in during a loop is not part of it."""
    journal = Journal()
    add(journal, 3)
    seen = []
    for exchange in journal:
        add(journal)
        seen.append(exchange.number)

    assert (seen, len(journal)) == ([1, 2, 3], 6)


def test_forgets_all_but_the_last_ten_thousand() -> None:
    """At most 10,000 exchanges are kept; all are counted, and keep their numbers."""
    journal = Journal()
    add(journal, 10_003)

    assert (LONGEST, len(journal), journal.total) == (10_000, 10_000, 10_003)
    assert (journal[0].number, journal.last.number) == (4, 10_003)


def test_needs_no_more_memory_when_full() -> None:
    """Once full, a journal stays as large as it is."""
    journal = Journal()
    add(journal, LONGEST)
    tracemalloc.start()
    try:
        add(journal, LONGEST)
        before, _ = tracemalloc.get_traced_memory()
        add(journal, 5_000)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert abs(after - before) < 50_000


@pytest.mark.timeout(60)
def test_loses_nothing_in_eight_threads() -> None:
    """Eight threads that use one Edge lose no exchange, and no two of them share a number or a token."""
    edge = frozen_edge()
    apps = [edge.app(f"app-of-{number}") for number in range(8)]
    start = threading.Barrier(8)

    def ask(number: int) -> None:
        start.wait()
        for _ in range(50):
            edge.handle(app_request(edge, apps[number]))

    threads = [threading.Thread(target=ask, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert numbers(edge.calls) == list(range(1, 401))
    assert edge.calls.total == 400
    assert len({call.issued_token for call in edge.calls.tokens_issued}) == 400
    assert [len(edge.calls.where(lambda call, app=app: call.app == app.name)) for app in apps] == [50] * 8


def test_dates_an_answer_by_the_clock_of_edge() -> None:
    """The Date header that doors add is Edge's own time."""
    edge = frozen_edge()
    edge.clock.skew(hours=1)

    assert edge.http_date() == "Fri, 02 Jan 2026 04:04:05 GMT"
