"""Debug sessions of a revision of an API proxy: what the user interface calls trace.

Source: debug-sessions.yaml; management.md 5.1 for the error of a session that there is not.
"""

from pytest_apigee.edge.debugging import DEFAULT_TIMEOUT_S, DebugSession, Filter, Recording, Traced
from pytest_apigee.edge.management import debug_data
from pytest_apigee.edge.management.api_entities import revision_of
from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.environments import environment_of
from pytest_apigee.edge.management.errors import ApiError
from pytest_apigee.edge.management.paging import whole_number
from pytest_apigee.edge.management.routing import Route
from pytest_apigee.edge.message import Response

_SOURCE = "debug-sessions.yaml"
_SESSIONS = "/organizations/{org}/environments/{env}/apis/{api}/revisions/{revision}/debugsessions"
_SESSION = f"{_SESSIONS}/{{session}}"
_HEADER, _QUERY = "header_", "qparam_"
_MS = 1_000


def create_session(call: Call) -> Response:
    """Open a session of a revision that is deployed in the environment."""
    traced = _traced(call)
    name = call.query("session")
    if not name:
        raise call.refusal("field_missing", name="session")
    lifetime_ms = _timeout_s(call) * _MS
    if name in _sessions(call, traced):
        raise call.refusal("debug_session_exists", name=name)
    if traced.environment not in revision_of(call).environments:
        raise call.refusal("debug_session_failed", name=name)
    session = DebugSession(name, expires_at_ms=call.now_ms + lifetime_ms, chosen=_filter(call))
    call.organization.debugging.open(traced, session, now_ms=call.now_ms)
    return _named(call, name, status=201)


def list_sessions(call: Call) -> Response:
    """Answer with the names of the sessions, in the order in which they were opened."""
    return answer(list(_sessions(call, _traced(call))))


def delete_session(call: Call) -> Response:
    """Close a session and discard its data."""
    name = _session(call).name
    call.organization.debugging.close(_traced(call), name)
    return _named(call, name)


def list_transactions(call: Call) -> Response:
    """Answer with the ids of the calls that a session captured, in the order in which they came."""
    return answer(_session(call).transaction_ids)


def show_transaction(call: Call) -> Response:
    """Answer with what one call left behind, as XML for a client that prefers it."""
    recording = _recording(call)
    if call.prefers_xml:
        return Response(headers={"Content-Type": "application/xml"}, body=debug_data.as_xml(recording))
    return answer(debug_data.as_json(recording))


def _traced(call: Call) -> Traced:
    environment, revision = environment_of(call), revision_of(call)
    return Traced(environment=environment, api=revision.api, revision=revision.name)


def _sessions(call: Call, traced: Traced) -> dict[str, DebugSession]:
    return call.organization.debugging.of(traced, now_ms=call.now_ms)


def _session(call: Call) -> DebugSession:
    name = call["session"]
    session = _sessions(call, _traced(call)).get(name)
    if session is None:
        message = f"DebugSession {name} not found"
        raise call.error(ApiError(status=404, code="distribution.DebugSessionNotFound", message=message))
    return session


def _recording(call: Call) -> Recording:
    recording = _session(call).find(call["transaction"])
    if recording is None:
        raise call.refusal("debug_transaction_unknown", name=call["transaction"])
    return recording


# GUESS: what is no whole number of seconds above zero is refused, and there is no longest time but one of nine digits.
def _timeout_s(call: Call) -> int:
    wanted = call.query("timeout")
    if not wanted:
        return DEFAULT_TIMEOUT_S
    number = whole_number(wanted)
    if number is None:
        raise call.refusal("number_unfit", name="timeout")
    return number


def _filter(call: Call) -> Filter:
    given = tuple(call.request.query)
    return Filter(headers=_with_prefix(_HEADER, given), query=_with_prefix(_QUERY, given))


def _with_prefix(prefix: str, fields: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((name.removeprefix(prefix), value) for name, value in fields if name.startswith(prefix))


def _named(call: Call, name: str, *, status: int = 200) -> Response:
    is_object = call.state.guesses.mgmt_debug_session_answer == "object"
    return answer({"name": name} if is_object else name, status=status)


ROUTES = (
    Route(method="POST", path=_SESSIONS, source=_SOURCE, handler=create_session),
    Route(method="GET", path=_SESSIONS, source=_SOURCE, handler=list_sessions),
    Route(method="DELETE", path=_SESSION, source=_SOURCE, handler=delete_session),
    Route(method="GET", path=f"{_SESSION}/data", source=_SOURCE, handler=list_transactions),
    Route(method="GET", path=f"{_SESSION}/data/{{transaction}}", source=_SOURCE, handler=show_transaction),
)
