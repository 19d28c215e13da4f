"""Options and ini values: what holds, where the header says it came from, and how mistakes end."""

import pytest

NAMES = "lower-case letters, digits and inner hyphens only."
SHOW = """
    def test_it(apigee):
        print("SHOWN", apigee.org, apigee.env, apigee.era)
"""
WORLD = """
    era = "2016"
    [[organizations]]
    name = "globex"
    environments = ["stage"]
"""


def ini(*lines: str) -> str:
    return "\n".join(["[pytest]", *lines])


@pytest.mark.parametrize(
    ("option", "ini_value", "marker", "expected"),
    [
        ([], "", "", "acme test current"),
        ([], "apigee_org = of-ini", "", "of-ini test current"),
        (["--apigee-org=of-option"], "apigee_org = of-ini", "", "of-option test current"),
        (["--apigee-org=of-option"], "apigee_org = of-ini", "org='of-marker'", "of-marker test current"),
        ([], "apigee_env = of-ini", "", "acme of-ini current"),
        (["--apigee-env=of-option"], "apigee_env = of-ini", "", "acme of-option current"),
        (["--apigee-env=of-option"], "apigee_env = of-ini", "env='of-marker'", "acme of-marker current"),
        ([], "apigee_era = 2016", "", "acme test 2016"),
        (["--apigee-era=current"], "apigee_era = 2016", "", "acme test current"),
        (["--apigee-era=current"], "apigee_era = 2016", "era='2016'", "acme test 2016"),
    ],
)
def test_precedence(run, option, ini_value, marker, expected):
    """A marker wins over an option, an option over an ini value, and that over the default."""
    source = f"import pytest\n\n@pytest.mark.apigee({marker})\ndef test_it(apigee):\n"
    source += "    print('SHOWN', apigee.org, apigee.env, apigee.era)\n"

    done = run(source, "-s", *option, pytest__ini=ini(ini_value))

    assert f"SHOWN {expected}\n" in done.output
    assert done.counts == {"passed": 1}


@pytest.mark.parametrize(
    ("option", "ini_lines", "expected"),
    [
        ([], [], "apigee: fake Edge, organization acme, environment test, era current (defaults)"),
        (
            ["--apigee-org=globex"],
            ["apigee_env = stage"],
            (
                "apigee: fake Edge, organization globex (from --apigee-org), environment stage (from ini), "
                "era current (default)"
            ),
        ),
        (
            ["--apigee-env=stage", "--apigee-era=2016", "--apigee-seed=7"],
            ["apigee_org = globex"],
            (
                "apigee: fake Edge, organization globex (from ini), environment stage (from --apigee-env), "
                "era 2016 (from --apigee-era), seed 7 (from --apigee-seed)"
            ),
        ),
        (
            [],
            ["apigee_fence = run", "apigee_hosts =", "  b.example", "  a.example=prod"],
            (
                "apigee: fake Edge, organization acme (default), environment test (default), era current (default), "
                "hosts a.example, b.example (from ini), fence run (from ini)"
            ),
        ),
        ([], ["apigee_world = world.toml"], "apigee: fake Edge, world world.toml (from ini)"),
        (
            ["--apigee-world=world.toml", "--apigee-org=globex"],
            ["apigee_world = other.toml"],
            "apigee: fake Edge, organization globex (from --apigee-org), world world.toml (from --apigee-world)",
        ),
    ],
)
def test_the_header(run_apart, option, ini_lines, expected):
    """The header says in one line which settings hold and where each came from."""
    done = run_apart("def test_it(): pass", *option, pytest__ini=ini(*ini_lines), world__toml=WORLD)

    assert done.header == [expected]
    assert done.counts == {"passed": 1}


@pytest.mark.parametrize(
    ("option", "ini_lines", "message"),
    [
        (["--apigee-org=Acme"], [], f"--apigee-org: 'Acme' cannot be the name of an organization: {NAMES}"),
        (["--apigee-org="], [], "--apigee-org: The name of an organization takes text, not an empty text."),
        ([], ["apigee_org = a b"], f"apigee_org: 'a b' cannot be the name of an organization: {NAMES}"),
        (["--apigee-env=x_y"], [], f"--apigee-env: 'x_y' cannot be the name of an environment: {NAMES}"),
        ([], ["apigee_env = -x"], f"apigee_env: '-x' cannot be the name of an environment: {NAMES}"),
        (["--apigee-era=2017"], [], "--apigee-era: Unknown era '2017'. Allowed: 2016, current. Did you mean '2016'?"),
        ([], ["apigee_era = new"], "apigee_era: Unknown era 'new'. Allowed: 2016, current."),
        (["--apigee-seed=x"], [], "--apigee-seed takes an integer, not 'x'."),
        (["--apigee-seed="], [], "--apigee-seed takes an integer, not ''."),
        ([], ["apigee_fence = runs"], "apigee_fence cannot be 'runs'. Allowed: run, used. Did you mean 'run'?"),
        (
            [],
            ["apigee_hosts = =prod"],
            "apigee_hosts: '=prod' does not start with a host. Write 'host' or 'host=environment'.",
        ),
        (
            [],
            ["apigee_hosts = https://api.acme.example"],
            "apigee_hosts: 'https://api.acme.example' does not start with a host. Write 'host' or 'host=environment'.",
        ),
        (
            ["--apigee-world=absent.toml"],
            [],
            "The world file {path}/absent.toml cannot be read: No such file or directory.",
        ),
        ([], ["apigee_world = world.yaml"], "The world file {path}/world.yaml must end in .toml or .json."),
        (
            ["--apigee-world=broken.toml"],
            [],
            (
                "The world file {path}/broken.toml is not valid TOML: "
                "Expected '=' after a key in a key/value pair (at line 2, column 5)."
            ),
        ),
        (
            [],
            ["apigee_world = broken.json"],
            "The world file {path}/broken.json is not valid JSON: Expecting value: line 1 column 1 (char 0).",
        ),
        (
            ["--apigee-world=unknown.toml"],
            [],
            (
                "world file unknown.toml: unknown field 'organisations'. Did you mean 'organizations'? "
                "Allowed: era, organizations, seed, users."
            ),
        ),
    ],
)
def test_a_mistake_is_a_usage_error(run, pytester, option, ini_lines, message):
    """A mistaken option or ini value is a usage error: exit status 4, the whole message, and no test is run."""
    done = run(
        "def test_it(): pass",
        *option,
        pytest__ini=ini(*ini_lines),
        broken__toml="\nera current\n",
        broken__json="nonsense",
        unknown__toml="[[organisations]]\nname = 'acme'\n",
    )

    assert done.exit_code == pytest.ExitCode.USAGE_ERROR
    assert done.errors.strip() == "ERROR: " + message.format(path=pytester.path)
    assert done.counts == {}


@pytest.mark.parametrize(
    ("option", "ini_lines", "start"),
    [
        (["--apigee-org=initech", "--apigee-world=world.toml"], [], "ERROR: Unknown organization 'initech'."),
        (["--apigee-env=prod", "--apigee-world=world.toml"], [], "ERROR: "),
        ([], ["apigee_hosts = api.acme.example=nowhere"], "ERROR: "),
    ],
)
def test_what_refers_to_nothing_is_a_usage_error(run, option, ini_lines, start):
    """An organization or environment that the world does not have is a usage error with those that it has."""
    done = run("def test_it(): pass", *option, pytest__ini=ini(*ini_lines), world__toml=WORLD)

    assert done.exit_code == pytest.ExitCode.USAGE_ERROR
    assert done.errors.startswith(start)
    assert "globex" in done.errors or "prod, test" in done.errors
    assert "Traceback" not in done.errors


@pytest.mark.parametrize("option", ["--apigee-era=2017", "--apigee-world=absent.toml"])
def test_a_mistake_is_a_usage_error_under_xdist(run_apart, option):
    """Under xdist too, a mistaken option ends the run with exit status 4 and its message, before any worker starts."""
    done = run_apart("def test_it(): pass", option, "-n", "2", plugins=("xdist",))

    assert done.exit_code == pytest.ExitCode.USAGE_ERROR
    assert done.errors.count("ERROR: ") == 1
    assert "Unknown era '2017'." in done.errors or "absent.toml cannot be read" in done.errors
    assert "Traceback" not in done.errors + done.output


def test_a_world_file_by_option_wins_over_ini(run):
    """`--apigee-world` wins over `apigee_world`, and is found from where pytest was called."""
    done = run(
        SHOW, "-s", "--apigee-world=world.toml", pytest__ini=ini("apigee_world = absent.toml"), world__toml=WORLD
    )

    assert "SHOWN globex stage 2016\n" in done.output


def test_a_world_file_by_ini_is_found_beside_it(run, pytester, monkeypatch):
    """`apigee_world` is relative to the file that says it, wherever pytest was called."""
    pytester.mkdir("below")
    monkeypatch.chdir(pytester.path / "below")

    done = run(SHOW, "-s", "-c", "../pytest.ini", "..", pytest__ini=ini("apigee_world = world.toml"), world__toml=WORLD)

    assert "SHOWN globex stage 2016\n" in done.output


def test_a_world_file_by_override_needs_no_ini_file(run):
    """`-o apigee_world=...` without an ini file is relative to the root directory."""
    done = run(SHOW, "-s", "-o", "apigee_world=world.toml", world__toml=WORLD)

    assert "SHOWN globex stage 2016\n" in done.output


def test_an_option_wins_over_the_world_file(run):
    """The era of the world file gives way to an option's."""
    done = run(SHOW, "-s", "--apigee-world=world.toml", "--apigee-era=current", world__toml=WORLD)

    assert "SHOWN globex stage current\n" in done.output


def test_hosts_lead_to_their_environments(run):
    """A host of `apigee_hosts` leads to its environment, one without to the default environment."""
    done = run(
        """
        import requests

        def test_it(apigee):
            apigee.proxy("/w", security="none", env="prod", target="prod")
            apigee.proxy("/w", name="in-test", security="none", target="test")

            assert requests.get("https://api.acme.example/w").json() == "prod"
            assert requests.get("https://edge.acme.example/w").json() == "test"
        """,
        pytest__ini=ini("apigee_hosts =", "  api.acme.example = prod", "  Edge.Acme.Example:443"),
    )

    assert (done.counts, done.failures) == ({"passed": 1}, {})


OUTSIDE = """
    import sys, pytest
    from pytest_apigee import FencedHostError

    def ask(host):
        sys.audit("socket.getaddrinfo", host, 443, 0, 0, 0)  # what every client's look-up tells

    def test_before():
        ask("login.apigee.com")

    def test_inside(apigee): pass

    def test_after():
        with pytest.raises(FencedHostError, match="this process used a fake Edge, so no request may reach"):
            ask("login.apigee.com")
"""


@pytest.mark.parametrize("ini_lines", [[], ["apigee_fence = used"]])
def test_a_fence_where_a_fake_was_used(run_apart, ini_lines):
    """By default hosts of Edge are out of reach from the first fake on."""
    done = run_apart(OUTSIDE, pytest__ini=ini(*ini_lines))

    assert done.counts == {"passed": 3}


@pytest.mark.parametrize("host", ["login.apigee.com", "acme-test.apigee.net", "api.acme.example", "live.example"])
def test_a_fence_around_the_run(run_apart, monkeypatch, host):
    """With `apigee_fence = run`, no test reaches a host of Edge, declared or named by the environment, fake or not."""
    monkeypatch.setenv("APIGEE_BASE_URL", "https://live.example/v1")

    done = run_apart(
        f"import requests\n\ndef test_it():\n    requests.get('https://{host}/x')",
        pytest__ini=ini("apigee_fence = run", "apigee_hosts = api.acme.example"),
    )

    assert done.counts == {"failed": 1}
    assert (
        f"{host} is a host of Apigee Edge and the ini option apigee_fence is 'run', so no request may reach the real "
        "one. Open a fake (the apigee fixture or fake_edge()) around this call (in a test that uses apigee_shared or a "
        "fixture of yours, name that fixture among the test's arguments)."
    ) in done.output.replace("\nE   ", " ")


@pytest.mark.parametrize(
    ("name", "value", "host"),
    [
        ("APIGEE_TOKEN_URL", "https://sso.live.example/oauth/token", "sso.live.example"),
        ("APIGEE_BASE_URL", "https://Api.Live.example.:8443/v1", "api.live.example"),
        ("APIGEE_MANAGEMENT_URL", "https://user@mgmt.live.example", "mgmt.live.example"),
        ("APIGEE_BASE_URI", "api.live.example", "api.live.example"),
        ("SSO_LOGIN_URL", "https://zone.live.example", "zone.live.example"),
    ],
)
@pytest.mark.parametrize("opened", ["def test_it(apigee):", "@fake_edge()\ndef test_it():"])
def test_live_hosts_are_refused(run, monkeypatch, name, value, host, opened):
    """A host that a variable of live mode names is Edge's: in fake mode it fails as unknown, and is told."""
    monkeypatch.setenv(name, value)
    source = f"import requests\nfrom pytest_apigee import fake_edge\n\n{opened}\n    try:\n"
    source += f"        requests.get('https://{host}/x')\n    except requests.ConnectionError:\n        pass\n"

    done = run(source)

    (message,) = done.failures.values()
    assert f"  unknown_host: The fake Edge has no host '{host}'. Known: acme-prod.apigee.net," in message


def test_live_hosts_that_are_declared_answer(run, monkeypatch):
    """A host that live mode names and the test declares is answered by the fake."""
    monkeypatch.setenv("APIGEE_BASE_URL", "https://api.live.example")

    done = run(
        """
        import requests

        def test_it(apigee):
            assert requests.get("https://api.live.example/x").status_code == 404
        """,
        pytest__ini=ini("apigee_hosts = api.live.example"),
    )

    assert (done.counts, done.failures) == ({"passed": 1}, {})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "edge.localhost"])
def test_loopback_is_never_refused(run, monkeypatch, host):
    """A loopback host is never Edge's, whatever the environment variables of live mode name."""
    monkeypatch.setenv("APIGEE_TOKEN_URL", f"http://{host}:8080/token")

    done = run(f"""
        def test_it(apigee):
            assert not apigee.owns("{host}")
            assert not apigee.owns("{host.strip("[]")}")
    """)

    assert (done.counts, done.failures) == ({"passed": 1}, {})


@pytest.mark.parametrize("value", ["https://[nonsense", ""])
def test_a_variable_without_host_names_none(run, monkeypatch, value):
    """A variable of live mode that holds no URL stops no test of the fake."""
    monkeypatch.setenv("APIGEE_TOKEN_URL", value)

    done = run(SHOW)

    assert (done.counts, done.failures) == ({"passed": 1}, {})
