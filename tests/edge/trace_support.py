"""Shared by the tests of debug sessions: opens sessions, and reads what they captured."""

from itertools import pairwise
from typing import Any

from pytest_apigee import FakeEdge, Request
from tests.edge.gateway_support import Answer, answer, basic, frozen_edge, get

BASE = "https://api.enterprise.apigee.com/v1/organizations/acme/environments"
SESSIONS = f"{BASE}/test/apis/p/revisions/1/debugsessions"
OPERATOR = basic("ops@acme.example", "pw")
Point = dict[str, Any]
TO_TARGET = ["REQ_START", "REQ_HEADERS_PARSED", "PROXY_REQ_FLOW", "TARGET_REQ_FLOW", "REQ_SENT"]
TO_CLIENT = ["RESP_SENT", "END", "PROXY_POST_RESP_SENT"]


def traced_edge(**settings: object) -> FakeEdge:
    """Return a fake Edge whose clock stands still, with a user of its management API."""
    edge = frozen_edge(**settings)
    edge.user("ops@acme.example", password="pw")
    return edge


def manage(edge: FakeEdge, method: str, path: str = "", *headers: tuple[str, str], base: str = SESSIONS) -> Answer:
    """Ask the management API for something below the debug sessions of the proxy at ``/p``."""
    return answer(edge, Request(method=method, url=f"{base}{path}", headers=[OPERATOR, *headers]))


def opened(edge: FakeEdge, query: str = "") -> None:
    """Open a session."""
    status, _, body = manage(edge, "POST", f"?session=s{query}")
    assert status == 201, body


def ids(edge: FakeEdge, session: str = "s") -> list[str]:
    """Return the ids of what a session captured."""
    request = Request(url=f"{SESSIONS}/{session}/data", headers=[OPERATOR])
    found: list[str] = edge.handle(request).json()
    return found


def data(edge: FakeEdge, number: int = 0) -> Any:
    """Return what one call left behind."""
    return edge.handle(Request(url=f"{SESSIONS}/s/data/{ids(edge)[number]}", headers=[OPERATOR])).json()


def points(edge: FakeEdge, kind: str) -> list[Point]:
    """Return the points of one kind, each as its properties, its message and its variables."""
    return [flat(point) for point in data(edge)["point"] if point["id"] == kind]


def flat(point: Point) -> Point:
    """Return a point with its results by their names, and properties as a dict."""
    results = {result.pop("ActionResult"): result for result in point["results"]}
    if "DebugInfo" in results:
        properties = results["DebugInfo"]["properties"]["property"]
        results["DebugInfo"] = {each["name"]: each["value"] for each in properties}
    if "VariableAccess" in results:
        results["VariableAccess"] = results["VariableAccess"]["accessList"]
    return results


def states(edge: FakeEdge) -> list[str]:
    """Return the states that a call went through."""
    changes = [point["DebugInfo"] for point in points(edge, "StateChange")]
    assert all(before["To"] == after["From"] for before, after in pairwise(changes))
    return [changes[0]["From"], *(change["To"] for change in changes)]


def called(edge: FakeEdge, url: str, *headers: tuple[str, str]) -> Answer:
    """Call a proxy while a session is open."""
    opened(edge)
    return answer(edge, get(url, *headers))


def executed(name: str, *, kind: str = "Put", verdict: tuple[str, str] | None = None, **changes: str) -> dict[str, str]:
    """Return the properties of a policy."""
    condition = {} if verdict is None else {"expression": verdict[0], "expressionResult": verdict[1]}
    return {
        "stepDefinition-displayName": name,
        "internal": "false",
        "stepDefinition-type": kind.lower(),
        "enforcement": "request",
        "type": f"{kind}Execution",
        "result": "true",
        "stepDefinition-enabled": "true",
        "stepDefinition-name": name,
        **condition,
        "action": "CONTINUE",
        "stepDefinition-continueOnError": "false",
        "stepDefinition-async": "false",
        **changes,
    }
