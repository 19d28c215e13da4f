"""The control API of `pytest-apigee serve`."""

import pytest

from tests.serve_support import KEYS, WORLD, ask, serving


@pytest.fixture
def world(tmp_path):
    path = tmp_path / "world.toml"
    path.write_text(WORLD, encoding="utf-8")
    return path


def control(served, method, path, content=None, **options):
    body = {"json": content} if content is not None else {}
    return ask(method, f"{served['control']}{path}", **body, **options)


def test_the_control_api_drives_the_world(world):
    """It puts the world back, moves its clock and lists what was asked, without secrets."""
    with serving("--world", world, "--control", "--org", "acme") as served:
        assert list(served.line) == [*KEYS, "control"]
        ask("GET", f"{served['gateway']}/weather?secret=1")
        ask("GET", f"{served['gateway']}/nowhere")
        ask("GET", f"{served['login']}/", headers={"Host": "nope-test.apigee.net"})
        listed = control(served, "GET", "/exchanges?limit=1").json()
        before = control(served, "GET", "/clock").json()["now_ms"]
        moved = control(served, "POST", "/clock", {"advance": {"hours": 1}}).json()
        skewed = control(served, "POST", "/clock", {"skew": {"minutes": -5}}).json()
        travelled = control(served, "POST", "/clock", {"travel_to": "2030-01-02T03:04:05Z"}).json()
        frozen = control(served, "POST", "/clock", {"freeze": "2031-01-02T03:04:05Z"}).json()
        stopped = [control(served, "POST", "/clock", {"freeze": True}).json()["now_ms"] for _ in range(2)]
        restored = control(served, "POST", "/clock", {"restore": True}).json()
        assert control(served, "POST", "/reset", {}).json() == {}
        after = control(served, "GET", "/clock").json()

        assert listed["total"] == 3
        (last,) = listed["exchanges"]
        assert (last["number"], last["method"], last["url"]) == (3, "GET", "https://nope-test.apigee.net/")
        assert (last["status"], last["failure"], last["was_refused"]) == (None, "unknown_host", True)
        assert moved["now_ms"] - before >= 3_600_000
        assert skewed["now_ms"] < moved["now_ms"]
        assert travelled["now"].startswith("2030-01-02T0")
        assert frozen["now"].startswith("2031-01-02T0")
        assert stopped[0] == stopped[1] == frozen["now_ms"]
        assert restored["now_ms"] < moved["now_ms"]
        assert restored["history"] == after["history"] == ""
        assert control(served, "GET", "/exchanges").json() == {"total": 0, "exchanges": []}
        assert ask("GET", f"{served['gateway']}/weather").json() == {"temp": 21}


def test_the_control_api_arms_faults(world):
    """A fault is armed, met, listed and taken back."""
    with serving("--world", world, "--control", "--org", "acme") as served:
        fault = {"kind": "respond", "status": 503, "json": {"wait": 1}, "at": "gateway", "times": 2}
        armed = control(served, "POST", "/faults", fault).json()
        met = ask("GET", f"{served['gateway']}/weather")
        listed = control(served, "GET", "/faults").json()
        cleared = control(served, "DELETE", "/faults").json()

        assert armed == {"armed": [{"fault": "503 at gateway", "times": 2, "met": 0}]}
        assert (met.status_code, met.json()) == (503, {"wait": 1})
        assert listed == {"armed": [{"fault": "503 at gateway", "times": 2, "met": 1}]}
        assert cleared == {"armed": []}
        assert ask("GET", f"{served['gateway']}/weather").status_code == 200


JSON = {"Content-Type": "application/json"}
BODY = "The body of this request is a JSON object, of Content-Type application/json."
NO_ACTION = (
    "The control API has: DELETE /faults, GET /clock, GET /exchanges, GET /faults, POST /clock, POST /faults, "
    "POST /reset."
)
PAGES = "The control API is not for pages in a browser: no Origin, and a Host without dots."
CLOCK = 'The clock takes one of advance, freeze, restore, skew, travel_to, as {"advance": {"hours": 1}}.'
ADVANCE = 'advance takes numbers by unit, as {"hours": 1}. Units: days, hours, milliseconds, minutes, seconds.'
SKEW = 'skew takes numbers by unit, as {"hours": 1}. Units: hours, milliseconds, minutes, seconds.'
MOMENT = 'a moment, as "2030-01-31T12:00:00Z"'


@pytest.fixture(scope="module")
def controlled():
    with serving("--control") as served:
        yield served


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "message"),
    [
        ("GET", "", "", {}, 404, NO_ACTION),
        ("GET", "/nothing", "", {}, 404, NO_ACTION),
        ("POST", "/reset", "{}", {}, 400, BODY),
        ("POST", "/reset", "[]", JSON, 400, BODY),
        ("POST", "/reset", "{", JSON, 400, BODY),
        ("POST", "/reset", "[" * 100_000, JSON, 400, BODY),
        ("POST", "/reset", '{"x": 1}', JSON, 400, "the body: unknown field 'x'. Allowed: none."),
        ("POST", "/clock", "{}", JSON, 400, CLOCK),
        ("POST", "/clock", '{"advance": {"hours": 1}, "skew": {"hours": 1}}', JSON, 400, CLOCK),
        ("POST", "/clock", '{"advance": 1}', JSON, 400, ADVANCE),
        ("POST", "/clock", '{"skew": {"hours": true}}', JSON, 400, SKEW),
        ("POST", "/clock", '{"skew": {"days": 1}}', JSON, 400, SKEW),
        ("POST", "/clock", '{"advance": {"fortnights": 1}}', JSON, 400, ADVANCE),
        ("POST", "/clock", '{"freeze": 1}', JSON, 400, f"freeze takes {MOMENT}, or true for now."),
        ("POST", "/clock", '{"travel_to": true}', JSON, 400, f"travel_to takes {MOMENT}."),
        ("POST", "/clock", '{"restore": "now"}', JSON, 400, "restore takes true."),
        (
            "POST",
            "/faults",
            '{"kind": "explode"}',
            JSON,
            400,
            "Unknown kind of fault 'explode'. Allowed: rate_limit, reset, respond, time_out. Did you mean 'respond'?",
        ),
        ("GET", "/exchanges?limit=0", "", {}, 400, "limit takes a number from 1 to 1000, not '0'."),
        ("GET", "/exchanges?limit=1001", "", {}, 400, "limit takes a number from 1 to 1000, not '1001'."),
        ("GET", "/exchanges?after=-1", "", {}, 400, "after takes a number from 0 to 999999999, not '-1'."),
        ("GET", "/exchanges?limit=%C2%B2", "", {}, 400, "limit takes a number from 1 to 1000, not '\xb2'."),
        ("GET", "/clock", "", {"Host": "rebound.example"}, 403, PAGES),
        ("GET", "/clock", "", {"Origin": "http://page.example"}, 403, PAGES),
    ],
)
def test_the_control_api_names_mistakes(controlled, method, path, body, headers, status, message):
    """A mistake is answered with what is allowed, and a page in a browser is refused."""
    response = ask(method, f"{controlled['control']}{path}", data=body, headers=headers)

    assert (response.status_code, response.json()) == (status, {"error": message})


def test_the_control_api_refuses_what_the_clock_does(controlled):
    """What the clock cannot do is told in its own words."""
    response = control(controlled, "POST", "/clock", {"travel_to": "yesterday"})

    assert response.status_code == 400
    assert "yesterday" in response.json()["error"]


def test_the_control_api_is_off_unless_asked_for(world):
    """Without --control its path is Edge's own, and at Edge's own hosts it always is."""
    with serving("--world", world) as served:
        assert ask("GET", f"{served['management']}/__pytest_apigee__/clock").status_code == 401
    with serving("--world", world, "--control") as served:
        host = {"Host": "api.enterprise.apigee.com"}
        assert ask("GET", f"{served['control']}/clock", headers=host).status_code == 401


def test_exchanges_are_listed_page_by_page(world):
    """`after` takes the number of the exchange that was read last, and gives those that follow it."""
    with serving("--world", world, "--control") as served:
        for number in range(5):
            ask("GET", f"{served['gateway']}/{number}")
        pages = [control(served, "GET", f"/exchanges?limit=2&after={after}").json() for after in (0, 2, 4, 5)]

    assert [[one["number"] for one in page["exchanges"]] for page in pages] == [[1, 2], [3, 4], [5], []]
    assert {page["total"] for page in pages} == {5}


def test_what_reset_cannot_read_changes_nothing(world):
    """A world file that was broken meanwhile is told, and the world stays as it is."""
    with serving("--world", world, "--control", "--org", "acme") as served:
        world.write_text("odd = 1", encoding="utf-8")
        answer = control(served, "POST", "/reset", {})

        message = "world file world.toml: unknown field 'odd'. Allowed: era, organizations, seed, users."
        assert (answer.status_code, answer.json()) == (400, {"error": message})
        assert ask("GET", f"{served['gateway']}/weather").json() == {"temp": 21}


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1", 200), ("10.1.2.3:80", 200), ("[::1]:80", 200), ("edge", 200), ("Localhost.", 200), ("a.b", 403)],
)
def test_a_host_that_a_page_could_have_is_refused(controlled, host, status):
    """Addresses and names without a dot, as those of containers, are nobody's page."""
    assert ask("GET", f"{controlled['control']}/clock", headers={"Host": host}).status_code == status
