"""Debug sessions at the management API: opening, listing, closing, what they capture, and their bounds."""

import json
import threading

import pytest

from pytest_apigee import FakeEdge, Request, Response
from tests.edge.flow_support import url_of
from tests.edge.gateway_support import JSON, answer, get
from tests.edge.trace_support import BASE, OPERATOR, SESSIONS, data, ids, manage, opened, traced_edge

XML = ("Content-Type", "application/xml")
ACCEPT_XML = ("Accept", "application/xml")
NOT_FOUND = b"""\
{
  "code" : "distribution.DebugSessionNotFound",
  "message" : "DebugSession %s not found",
  "contexts" : [ ]
}"""


@pytest.fixture
def edge() -> FakeEdge:
    edge = traced_edge()
    url_of(edge, target={})
    return edge


def call(edge: FakeEdge, path: str = "", *headers: tuple[str, str]) -> None:
    """Call the proxy."""
    answer(edge, get(f"https://acme-test.apigee.net/p{path}", *headers))


def error(code: str, message: str) -> bytes:
    return f'{{\n  "code" : "{code}",\n  "message" : "{message}",\n  "contexts" : [ ]\n}}'.encode()


def test_a_session_is_opened_under_the_name_that_is_given(edge):
    """Opening a session answers 201, with the name of the session."""
    assert manage(edge, "POST", "?session=my+trace") == (201, [JSON], b'{\n  "name" : "my trace"\n}')


def test_the_name_may_be_answered_as_text():
    """Guess `mgmt_debug_session_answer`: the official file has the name of a session as text."""
    edge = traced_edge(guesses={"mgmt_debug_session_answer": "text"})
    url_of(edge, target={})

    assert manage(edge, "POST", "?session=s") == (201, [JSON], b'"s"')
    assert manage(edge, "DELETE", "/s") == (200, [JSON], b'"s"')


def test_sessions_are_listed_as_they_were_opened(edge):
    """The list has the names of the sessions of this revision, in the order in which they were opened."""
    assert manage(edge, "GET") == (200, [JSON], b"[ ]")

    manage(edge, "POST", "?session=b")
    manage(edge, "POST", "?session=a")

    assert manage(edge, "GET") == (200, [JSON], b'[ "b", "a" ]')


def test_a_closed_session_is_gone(edge):
    """Closing a session answers with its name, and discards all its data."""
    opened(edge)
    manage(edge, "POST", "?session=other")
    call(edge)

    assert manage(edge, "DELETE", "/s") == (200, [JSON], b'{\n  "name" : "s"\n}')
    assert manage(edge, "GET") == (200, [JSON], b'[ "other" ]')
    assert manage(edge, "GET", "/s/data") == (404, [JSON], NOT_FOUND % b"s")
    opened(edge)
    assert ids(edge) == []


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("GET", "/data"), ("GET", "/data/1")])
def test_a_session_that_there_is_not(edge, method, path):
    """A session that was never opened is a 404 with Edge's text."""
    assert manage(edge, method, f"/no%20such{path}") == (404, [JSON], NOT_FOUND % b"no such")


def test_a_session_that_there_is_not_in_xml(edge):
    """A client that prefers XML gets the error as XML."""
    body = b"<Error><Code>distribution.DebugSessionNotFound</Code><Message>DebugSession a&lt; not found</Message>"

    assert manage(edge, "GET", "/a%3C/data", ACCEPT_XML) == (404, [XML], body + b"<Contexts/></Error>")


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        (
            "nowhere/apis/p/revisions/1",
            404,
            error(
                "messaging.config.beans.EnvironmentDoesNotExist",
                "Environment nowhere does not exist in organization acme",
            ),
        ),
        (
            "test/apis/none/revisions/1",
            404,
            error(
                "messaging.config.beans.ApplicationDoesNotExist",
                "APIProxy named none does not exist in organization acme",
            ),
        ),
        (
            "test/apis/p/revisions/2",
            404,
            error("messaging.config.beans.ApplicationRevisionDoesNotExist", "APIProxy revision 2 does not exist"),
        ),
        (
            "prod/apis/oauth/revisions/1",
            500,
            error("distribution.CreateDebugSessionFailed", "Failed to create DebugSession s"),
        ),
    ],
)
def test_a_session_is_about_a_deployed_revision(edge, path, status, body):
    """Environment, API proxy and revision must be there, and the revision be deployed in the environment."""
    assert manage(edge, "POST", "/debugsessions?session=s", base=f"{BASE}/{path}") == (status, [JSON], body)


@pytest.mark.parametrize("query", ["", "?session="])
def test_a_session_needs_a_name(edge, query):
    """The name of a session is required."""
    body = error("keymanagement.service.RequiredFieldMissing", "Required field session is missing")

    assert manage(edge, "POST", query) == (400, [JSON], body)


def test_a_name_is_taken_once(edge):
    """A second session of one name is refused, and the first one keeps what it has."""
    opened(edge)
    call(edge)

    refused = manage(edge, "POST", "?session=s")

    assert refused == (
        409,
        [JSON],
        error("distribution.DebugSessionAlreadyExists", "DebugSession s already exists"),
    )
    assert len(ids(edge)) == 1


@pytest.mark.parametrize("timeout", ["0", "-1", "1.5", "ten", "²", "1" * 10, "%D9%A1", "1" * 5_000])
def test_an_unfit_timeout_opens_nothing(edge, timeout):
    """A timeout is a whole number of seconds above zero."""
    body = error("keymanagement.service.InvalidField", "Invalid value for timeout")

    assert manage(edge, "POST", f"?session=s&timeout={timeout}") == (400, [JSON], body)
    assert manage(edge, "GET") == (200, [JSON], b"[ ]")


@pytest.mark.parametrize(("query", "seconds"), [("", 600), ("&timeout=", 600), ("&timeout=30", 30)])
def test_a_session_is_discarded_when_its_time_is_up(edge, query, seconds):
    """A session and its data are discarded after its timeout, 600 seconds if it has none, by Edge's clock."""
    opened(edge, query)
    call(edge)

    edge.clock.advance(seconds=seconds, milliseconds=-1)
    assert len(ids(edge)) == 1

    edge.clock.advance(milliseconds=1)
    assert manage(edge, "GET", "/s/data") == (404, [JSON], NOT_FOUND % b"s")
    assert manage(edge, "GET") == (200, [JSON], b"[ ]")


def test_the_longest_timeout(edge):
    """A timeout may have nine digits."""
    opened(edge, "&timeout=999999999")
    edge.clock.advance(days=11_000)

    assert ids(edge) == []


def test_a_call_after_its_time_is_up_is_not_captured(edge):
    """A session captures nothing when its time is up; its name may be used anew."""
    opened(edge)
    edge.clock.advance(seconds=600)
    call(edge)
    opened(edge)

    assert ids(edge) == []


def test_sessions_of_others_whose_time_is_up_are_forgotten(edge):
    """A session may be opened when that of another revision has ended, which is then gone."""
    opened(edge)
    edge.clock.advance(seconds=600)
    other = f"{BASE}/test/apis/oauth/revisions/1/debugsessions"

    assert manage(edge, "POST", "?session=o", base=other)[0] == 201
    assert manage(edge, "GET") == (200, [JSON], b"[ ]")


def test_a_full_session_captures_no_more(edge):
    """A session captures a maximum of 20 messages, and keeps them."""
    opened(edge)
    for number in range(22):
        call(edge, f"/{number}")

    assert len(set(ids(edge))) == 20
    assert data(edge, 19)["point"][2]["results"][1]["uRI"] == "/p/19"


def test_sessions_side_by_side_capture_the_same_call(edge):
    """Each session that is open captures a call; what was called before it was opened it does not have."""
    opened(edge)
    call(edge)
    manage(edge, "POST", "?session=later")
    call(edge)

    assert ids(edge)[1:] == ids(edge, "later")


def test_only_calls_of_the_revision_in_the_environment_are_captured(edge):
    """A session is about one API proxy in one environment."""
    edge.proxy("/q", security="none")
    edge.deploy_oauth("prod")
    prod = f"{BASE}/prod/apis/oauth/revisions/1/debugsessions"
    opened(edge)
    manage(edge, "POST", "?session=o", base=prod)

    for path in ("q", "no", "oauth/client_credential/accesstoken"):
        answer(edge, get(f"https://acme-test.apigee.net/{path}"))

    assert ids(edge) == []
    assert manage(edge, "GET", "/o/data", base=prod)[2] == b"[ ]"
    answer(edge, get("https://acme-prod.apigee.net/oauth/client_credential/accesstoken"))
    assert len(json.loads(manage(edge, "GET", "/o/data", base=prod)[2])) == 1


@pytest.mark.parametrize(
    ("query", "captured"),
    [
        ("&header_Accept=application%2Fjson", ["a", "c"]),
        ("&header_aCCept=application%2Fjson", ["a", "c"]),
        ("&header_Accept=json", []),
        ("&qparam_user=john%20doe", ["b", "c"]),
        ("&qparam_User=john%20doe", []),
        ("&header_Accept=application%2Fjson&qparam_user=john%20doe", ["c"]),
        ("&qparam_user=john%20doe&qparam_user=jane", []),
        ("&header_=", []),
        ("&other=1", ["a", "b", "c"]),
    ],
)
def test_a_filter_chooses_the_calls(edge, query, captured):
    """A session with a filter captures only calls that have each header and query parameter with its value."""
    opened(edge, query)

    call(edge, "/a", ("accept", "application/json"))
    call(edge, "/b?user=john%20doe", ("Accept", "text/html"))
    call(edge, "/c?user=john+doe&x=1", ("X", "1"), ("Accept", "text/html"), ("Accept", "application/json"))

    seen = [data(edge, number)["point"][2]["results"][1]["uRI"] for number in range(len(ids(edge)))]
    assert [uri[3] for uri in seen] == captured


def test_a_transaction_that_there_is_not(edge):
    """Data that a session does not have is a 404."""
    opened(edge)
    body = error("distribution.DebugDataNotFound", "Data 7 of DebugSession s not found")

    assert manage(edge, "GET", "/s/data/7") == (404, [JSON], body)


def test_a_list_is_not_known_in_xml(edge):
    """What the list of ids looks like in XML no source says: 501."""
    opened(edge)

    assert manage(edge, "GET", "/s/data", ACCEPT_XML)[0] == 501
    assert [grievance.kind for grievance in edge.take_grievances()] == ["not_modelled"]


def test_a_session_may_be_closed_while_a_call_runs():
    """A session that is closed while a call runs is gone, and the call goes on."""
    edge = traced_edge()

    def target(_: Request) -> Response:
        assert len(ids(edge)) == 1
        assert data(edge)["completed"] is False
        manage(edge, "DELETE", "/s")
        return Response(body="fine")

    url = url_of(edge, target=target)
    opened(edge)

    assert answer(edge, get(url)) == (200, [], b"fine")
    assert manage(edge, "GET", "/s/data") == (404, [JSON], NOT_FOUND % b"s")


def test_calls_at_one_time_are_captured_each_for_itself():
    """Calls in parallel threads each leave data of their own."""
    edge, together = traced_edge(), threading.Barrier(4)

    def target(request: Request) -> Response:
        together.wait(timeout=10)
        return Response(body=request.path)

    url = url_of(edge, target=target)
    opened(edge)
    threads = [threading.Thread(target=answer, args=(edge, get(f"{url}/{number}"))) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    calls = [data(edge, number) for number in range(4)]
    assert all(each["completed"] for each in calls)
    asked = [each["point"][2]["results"][1]["uRI"] for each in calls]
    answered = [each["point"][-1]["results"][1]["content"] for each in calls]
    assert sorted(asked) == ["/p/0", "/p/1", "/p/2", "/p/3"]
    assert [f"/p{path}" for path in answered] == asked


def test_what_is_captured_appears_in_no_reason(edge):
    """Credentials are in the data, which the user of a session asked for, and not in the journal."""
    opened(edge, "&header_Authorization=Bearer%20hush")
    call(edge, "?apikey=hush", ("Authorization", "Bearer hush"))

    assert str(data(edge)).count("hush") > 1
    assert "hush" not in str(edge.calls)


def test_without_rights_nothing_is_opened(edge):
    """Who may not ask the management API opens no session."""
    refused = answer(edge, Request(method="POST", url=f"{SESSIONS}?session=s"))

    assert refused[0] == 401
    assert manage(edge, "GET", "", OPERATOR) == (200, [JSON], b"[ ]")
