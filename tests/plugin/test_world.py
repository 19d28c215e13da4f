"""`apigee_world`: what each fake Edge starts with."""

import json

import pytest

WORLD = {"organizations": [{"name": "globex", "environments": ["stage"]}]}
SHOW = """
    def test_it(apigee):
        print("SHOWN", apigee.org, apigee.env)

    def test_another(apigee_world, apigee):
        assert apigee.org == "globex"
"""


def overriding(returns: str, scope: str = "function") -> str:
    return f"""
import pathlib, pytest

HERE = pathlib.Path(__file__).parent

@pytest.fixture(scope="{scope}")
def apigee_world():
    return {returns}
"""


@pytest.mark.parametrize("scope", ["function", "class", "module", "package", "session"])
@pytest.mark.parametrize("returns", [repr(WORLD), "HERE / 'world.json'", "str(HERE / 'world.json')"])
def test_is_overridden(run, scope, returns):
    """A `conftest.py` overrides it with a dict, a path or a path's text, in any scope."""
    done = run(SHOW, "-s", conftest__py=overriding(returns, scope), world__json=json.dumps(WORLD))

    assert "SHOWN globex stage\n" in done.output
    assert done.counts == {"passed": 2}


def test_a_dict_serves_many_tests(run):
    """What a test declares stays out of the dict, and out of the next test."""
    done = run(
        """
        import pytest

        @pytest.mark.parametrize("time", [1, 2])
        def test_it(apigee, apigee_world, time):
            apigee.organization("initech")
            apigee.developer("ada@example.com")
            assert apigee_world == {"organizations": [{"name": "globex", "environments": ["stage"]}]}
        """,
        conftest__py=overriding(repr(WORLD), "session"),
    )

    assert (done.counts, done.failures) == ({"passed": 2}, {})


def test_the_override_wins_over_option_and_ini(run):
    """An overriding fixture is nearer than `--apigee-world`, and asks for it where it wants."""
    files = {"world__json": json.dumps(WORLD), "conftest__py": overriding("{'organizations': [{'name': 'mine'}]}")}

    done = run("def test_it(apigee): assert apigee.org == 'mine'", "--apigee-world=world.json", **files)

    assert (done.counts, done.failures) == ({"passed": 1}, {})


@pytest.mark.parametrize(
    ("returns", "message"),
    [
        (
            "{'organisations': []}",
            (
                "the world: unknown field 'organisations'. Did you mean 'organizations'? "
                "Allowed: era, organizations, seed, users."
            ),
        ),
        ("{'era': '2015'}", "the world: Unknown era '2015'. Allowed: 2016, current. Did you mean '2016'?"),
        ("{'organizations': [{}]}", "the world: organizations[0]: the field 'name' is missing."),
        ("['acme']", "A world is a dict, or the path of a .toml or .json file or of a directory, not list."),
        ("'world.yaml'", "The world file world.yaml must end in .toml or .json."),
        ("'absent.toml'", "The world file absent.toml cannot be read: No such file or directory."),
    ],
)
@pytest.mark.parametrize("fixture", ["apigee", "apigee_shared"])
def test_a_mistake_fails_at_setup(run, returns, message, fixture):
    """A mistaken world fails each test that starts with it at setup, without a traceback, and no other."""
    source = f"def test_it({fixture}): pass\n\ndef test_other(): pass"

    done = run(source, conftest__py=overriding(returns, "session"))

    assert done.failures == {"test_it setup": message}
    assert done.counts == {"passed": 1, "errors": 1}


def test_a_setting_that_the_world_lacks_fails_at_setup(run):
    """A marker's organization must be one of the world's."""
    done = run(
        "import pytest\n\n@pytest.mark.apigee(org='initech')\ndef test_it(apigee): pass",
        conftest__py=overriding(repr(WORLD)),
    )

    (message,) = done.failures.values()
    assert message.startswith("Unknown organization 'initech'. ")
    assert "globex" in message


def test_the_worlds_users_log_in(run):
    """SSO users of the world log in with the passwords that it gives."""
    done = run(
        """
        import requests

        def test_it(apigee):
            form = {"grant_type": "password", "username": "ops@acme.example", "password": "correct horse"}
            reply = requests.post(f"{apigee.login_url}/oauth/token", data=form, auth=("edgecli", "edgeclisecret"))
            assert reply.status_code == 200, reply.text
        """,
        conftest__py=overriding("{'users': [{'email': 'ops@acme.example', 'password': 'correct horse'}]}"),
    )

    assert (done.counts, done.failures) == ({"passed": 1}, {})


@pytest.mark.parametrize("path", ["resources/edge", "resources", ".", "resources/edge/org/developers.json"])
def test_the_files_of_the_maven_plugin_are_taken(run, pytester, path):
    """`--apigee-world` may be a directory of the Apigee Maven config plugin; `--apigee-org` says whose it is."""
    directory = pytester.path / "resources" / "edge" / "org"
    directory.mkdir(parents=True)
    (directory / "developers.json").write_text(json.dumps([{"email": "ada@example.com"}]), encoding="utf-8")

    done = run(
        """
        def test_it(apigee, apigee_management):
            developers = f"{apigee.management_url}/v1/organizations/globex/developers"
            assert apigee_management.get(developers).json() == ["ada@example.com"]
        """,
        f"--apigee-world={path}",
        "--apigee-org=globex",
        "--apigee-env=stage",
    )

    assert (done.counts, done.failures) == ({"passed": 1}, {})
