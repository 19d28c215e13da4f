"""The home directory for tools, and the token cache of Apigee's `get_token` in it."""

import base64
import json
import re
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest

from pytest_apigee import CachedState, ConfigurationError, FakeEdge, Home, Request, User
from tests.edge.sso_support import claims_of

EMAIL = "Ops@acme.example"
EDGECLI = "Basic ZWRnZWNsaTplZGdlY2xpc2VjcmV0"

needs_modes = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
needs_shell = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no /bin/sh")


@pytest.fixture
def edge() -> FakeEdge:
    return FakeEdge(seed=7)


@pytest.fixture
def ops(edge: FakeEdge) -> User:
    return edge.user(EMAIL)


@pytest.fixture
def home(tmp_path: Path, edge: FakeEdge) -> Home:
    return Home(tmp_path, edge)


def message_of(make) -> str:
    with pytest.raises(ConfigurationError) as raised:
        make()
    return str(raised.value)


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def organization_status(edge: FakeEdge, token: str) -> int:
    url = f"{edge.management_url}/v1/o/acme"
    return edge.handle(Request(url=url, headers={"Authorization": f"Bearer {token}"})).status


def refresh_status(edge: FakeEdge, token: str) -> int:
    headers = {"Authorization": EDGECLI, "Content-Type": "application/x-www-form-urlencoded"}
    form = urlencode({"grant_type": "refresh_token", "refresh_token": token})
    return edge.handle(Request(method="POST", url=f"{edge.login_url}/oauth/token", headers=headers, body=form)).status


def test_is_a_path(home: Home, tmp_path: Path) -> None:
    """A home is written as its path, and used as one."""
    (home / "settings").write_text("x", encoding="utf-8")

    assert str(home) == str(tmp_path)
    assert repr(home) == f"Home({str(tmp_path)!r})"
    assert Path(home, "settings").read_text(encoding="utf-8") == "x"


@needs_modes
def test_keeps_a_login_as_get_token_does(home: Home, ops: User) -> None:
    """The token file has the names, modes and newline of the official script."""
    path = home.cache_tokens(ops)

    server, user = base64.b64encode(b"https://login.apigee.com"), base64.b64encode(b"ops@acme.example-token.dat")
    assert path == home / ".sso-cli" / server.decode() / user.decode()
    assert [mode(path.parent.parent), mode(path.parent), mode(path)] == ["0o700", "0o700", "0o600"]
    assert re.fullmatch(rb'\{"access_token":"[\w.-]+","token_type":"bearer","refresh_token":.*\}\n', path.read_bytes())


@needs_shell
def test_is_found_by_the_shell_commands_of_get_token(home: Home, edge: FakeEdge, ops: User) -> None:
    """What the script does to find a token finds it: base64 of both names, and the pattern `"key":"value"`."""
    home.cache_tokens(ops)
    script = (
        'cd "$HOME/.sso-cli/$(printf %s "$SSO_LOGIN_URL" | base64)" && '
        'sed -n \'s/.*"access_token":"\\([^"]*\\)".*/\\1/p\' "$(printf %s ops@acme.example-token.dat | base64)"'
    )
    environment = {"HOME": str(home), "SSO_LOGIN_URL": "https://login.apigee.com", "PATH": "/usr/bin:/bin"}

    found = subprocess.run(["/bin/sh", "-c", script], env=environment, capture_output=True, text=True, check=True)

    assert organization_status(edge, found.stdout.strip()) == 200


@pytest.mark.parametrize("era", ["current", "2016"])
@pytest.mark.parametrize(
    ("state", "access", "refresh"),
    [("valid", 200, 200), ("expired", 401, 200), ("stale", 401, 401), ("foreign", 401, 401)],
)
def test_each_state_is_what_it_says(tmp_path: Path, era: str, state: str, access: int, refresh: int) -> None:
    """Edge takes or refuses the tokens of each state, in both eras."""
    edge = FakeEdge(era=era)
    home = Home(tmp_path, edge)

    home.cache_tokens(edge.user(EMAIL), state=state)

    answer = home.cached_answer(edge.find_user(EMAIL))
    assert organization_status(edge, str(answer["access_token"])) == access
    assert refresh_status(edge, str(answer["refresh_token"])) == refresh


def test_foreign_tokens_are_of_the_same_e_mail(home: Home, edge: FakeEdge, ops: User) -> None:
    """A foreign token passes for the user's until Edge sees it."""
    answer = json.loads(home.cache_tokens(ops, state=CachedState.FOREIGN).read_bytes())

    claims = json.loads(base64.urlsafe_b64decode(answer["access_token"].split(".")[1] + "=="))
    assert (claims["email"], claims["iss"]) == ("ops@acme.example", "https://login.apigee.com")
    assert claims["user_id"] != ops.user_id


@pytest.mark.parametrize("moment", ["2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z"])
def test_foreign_tokens_are_of_this_time(home: Home, edge: FakeEdge, ops: User, moment: str) -> None:
    """A foreign token is as fresh at Edge's time as one of its own: it is refused for its user alone."""
    edge.clock.travel_to(moment)

    home.cache_tokens(ops, state="foreign")

    claims = json.loads(base64.urlsafe_b64decode(str(home.cached_answer(ops)["access_token"]).split(".")[1] + "=="))
    assert claims["iat"] <= edge.clock.now_ms / 1000 < claims["exp"]


def test_foreign_tokens_follow_the_switches(tmp_path: Path) -> None:
    """A foreign token is like one of this Edge in all that is switched, so that only its user gives it away."""
    edge = FakeEdge(guesses={"issuer": "https://sso.example", "uaa_generation": "4"})
    home = Home(tmp_path, edge)

    home.cache_tokens(state="foreign")

    assert organization_status(edge, str(home.cached_answer()["access_token"])) == 401
    assert edge.calls.last.reason.startswith("a token of another world: its user or client is unknown here")


def test_a_user_of_a_zone_is_kept_under_the_zone(home: Home, edge: FakeEdge) -> None:
    """By default the login belongs to the SSO of the user's zone, foreign ones too."""
    edge.zone("acme-saml")
    ops = edge.user(EMAIL, zone="acme-saml")

    path = home.cache_tokens(ops, state="foreign")

    claims = json.loads(base64.urlsafe_b64decode(str(home.cached_answer(ops)["access_token"]).split(".")[1] + "=="))
    assert path.parent.name == base64.b64encode(b"https://acme-saml.login.apigee.com").decode()
    assert claims["iss"] == "https://acme-saml.login.apigee.com"


def test_another_login_url_has_files_of_its_own(home: Home, ops: User) -> None:
    """A tool that is pointed elsewhere looks elsewhere."""
    path = home.cache_tokens(ops, login_url="http://127.0.0.1:9099")

    assert path.parent.name == base64.b64encode(b"http://127.0.0.1:9099").decode()
    assert "access_token" in home.cached_answer(ops, login_url="http://127.0.0.1:9099")


def test_a_second_login_takes_the_place_of_the_first(home: Home, ops: User) -> None:
    """The cache holds one login of a user, the last."""
    first, path = home.cache_tokens(ops).read_bytes(), home.cache_tokens(ops)

    assert path.read_bytes() != first
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_keeps_a_login_of_the_default_user(home: Home, edge: FakeEdge) -> None:
    """Where no user is named, the login is the default user's."""
    path = home.cache_tokens()
    kept = home.cached_answer()

    assert kept == json.loads(path.read_bytes())
    assert claims_of(str(kept["access_token"]))["user_id"] == edge.default_user.user_id
    assert path == home.cache_tokens(edge.default_user)


@needs_modes
def test_keeps_a_login_as_version_1_does(home: Home, edge: FakeEdge, ops: User) -> None:
    """The files of version 1 hold the answer, and the bare access token."""
    directory = home.cache_tokens_v1(ops)

    token = (directory / "valid_token.dat").read_text(encoding="utf-8")
    assert directory == home / ".sso-cli"
    assert organization_status(edge, token) == 200
    assert json.loads((directory / "access_token.dat").read_bytes())["access_token"] == token
    assert {mode(path) for path in directory.iterdir()} == {"0o600"}


def test_reads_what_the_tool_wrote(home: Home, edge: FakeEdge, ops: User) -> None:
    """What the tool under test writes over the file is read; the script leaves a blank before the newline."""
    path = home.cache_tokens(ops, state="expired")
    path.write_bytes(edge.login_answer(ops) + b" \n")

    assert organization_status(edge, str(home.cached_answer(ops)["access_token"])) == 200


def test_says_that_nothing_is_cached(home: Home, ops: User) -> None:
    """Where there is no token file, the error names it."""
    message = message_of(lambda: home.cached_answer(ops))

    path = home.cache_tokens(ops)
    assert message == f"No token of Ops@acme.example is cached: there is no file {path}."


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_says_that_the_cache_is_broken(home: Home, ops: User, content: bytes) -> None:
    """Where the token file holds no JSON object, the error names the file and shows nothing of it."""
    path = home.cache_tokens(ops)
    path.write_bytes(content)

    message = message_of(lambda: home.cached_answer(ops))

    assert message == f"The token of Ops@acme.example cannot be read: {path} holds no JSON object."


def test_says_which_states_there_are(home: Home) -> None:
    """An unknown state is refused with those that are allowed."""
    message = message_of(lambda: home.cache_tokens(state="expire"))

    assert message == "Unknown state 'expire'. Allowed: expired, foreign, stale, valid. Did you mean 'expired'?"


def test_refuses_a_name_that_get_token_cannot_keep(home: Home, ops: User) -> None:
    """A name whose base64 holds a slash is no file name, for the script either."""
    message = message_of(lambda: home.cache_tokens(ops, login_url="http://host/???"))

    assert message == "get_token cannot keep 'http://host/???': its base64 holds a slash, which no file name can."


def test_refuses_a_user_of_another_edge(home: Home) -> None:
    """A user who was declared elsewhere has no login here."""
    stranger = FakeEdge(seed="another").user("else@acme.example")

    message = message_of(lambda: home.cache_tokens(stranger))

    assert message == "The SSO user 'else@acme.example' is not one of this fake Edge; it was declared in another one."


@needs_modes
def test_takes_modes_back_that_are_too_wide(home: Home, ops: User) -> None:
    """Directories and files that are there already become private."""
    path = home.cache_tokens(ops)
    for wide in (path.parent.parent, path.parent, path):
        wide.chmod(0o777)

    home.cache_tokens(ops)

    assert [mode(path.parent.parent), mode(path.parent), mode(path)] == ["0o700", "0o700", "0o600"]
