"""The marker: merged keyword by keyword, and refused with what is allowed where it is mistaken."""

import pytest

ALLOWED = "allow, allow_hosts, env, era, guesses, org, release, seed, tls"
GOOD_TESTS = """

def test_without(apigee):
    pass

@pytest.mark.apigee(org="globex")
def test_with_another(apigee):
    pass
"""


def marked(marker: str) -> str:
    return f"import pytest\n\n@pytest.mark.apigee({marker})\ndef test_it(apigee):\n    pass\n{GOOD_TESTS}"


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("orgg='x'", f"@pytest.mark.apigee does not take 'orgg'. Did you mean 'org'? Allowed: {ALLOWED}."),
        ("zzzzzz=1", f"@pytest.mark.apigee does not take 'zzzzzz'. Allowed: {ALLOWED}."),
        ("'globex'", f"@pytest.mark.apigee takes keywords only, not ('globex',). Allowed: {ALLOWED}."),
        ("org=7", "@pytest.mark.apigee(org=...) takes a name, not 7."),
        ("org=''", "@pytest.mark.apigee(org=...) takes a name, not ''."),
        ("env=None", "@pytest.mark.apigee(env=...) takes a name, not None."),
        ("era=2016", "@pytest.mark.apigee(era=...) takes a name, not 2016."),
        ("seed=1.5", "@pytest.mark.apigee(seed=...) takes an integer or a text, not 1.5."),
        ("seed=True", "@pytest.mark.apigee(seed=...) takes an integer or a text, not True."),
        ("guesses=['x']", "@pytest.mark.apigee(guesses=...) takes a dict of switches, not ['x']."),
        (
            "release='login.apigee.com'",
            "@pytest.mark.apigee(release=...) takes a list, as release=['login.apigee.com'], not 'login.apigee.com'.",
        ),
        ("release=[1]", "@pytest.mark.apigee(release=...) takes a list, as release=['login.apigee.com'], not [1]."),
        (
            "allow='unknown_host'",
            "@pytest.mark.apigee(allow=...) takes a list, as allow=['unknown_host'], not 'unknown_host'.",
        ),
        (
            "allow=['unknown-host']",
            (
                "Unknown complaint 'unknown-host' in allow. "
                "Allowed: fence, not_modelled, target_error, unknown_host, unmet_fault, user_stub. "
                "Did you mean 'unknown_host'?"
            ),
        ),
        ("era='2017'", "Unknown era '2017'. Allowed: 2016, current. Did you mean '2016'?"),
        (
            "org='Not A Name'",
            "'Not A Name' cannot be the name of an organization: lower-case letters, digits and inner hyphens only.",
        ),
        (
            "env='-'",
            "'-' cannot be the name of an environment: lower-case letters, digits and inner hyphens only.",
        ),
        (
            "guesses={'bad_refresh_status': 200}",
            "The guess 'bad_refresh_status' takes a status from 400 to 599, not 200.",
        ),
        (
            "guesses={'bad_refresh_status': '400'}",
            "The guess 'bad_refresh_status' takes a value of type int, not '400'.",
        ),
    ],
)
def test_a_mistake_fails_its_test_alone(run, marker, message):
    """A mistaken marker fails its own test at setup, says what is allowed, without a traceback."""
    done = run(marked(marker))

    assert done.failures == {"test_it setup": message}
    assert done.counts == {"passed": 2, "errors": 1}


def test_an_unknown_guess_names_the_nearest(run):
    """A guess that does not exist fails the test at setup, with all that do and the nearest."""
    done = run(marked("guesses={'bad_user_txt': 'x'}"))

    (message,) = done.failures.values()
    assert message.startswith("Unknown guess 'bad_user_txt'. Allowed: al_claim, api_key_not_approved_status, ")
    assert message.endswith(" Did you mean 'bad_user_text'?")
    assert "\n" not in message


def test_the_nearest_wins(run):
    """A keyword of the function wins over the class's, and that over the module's."""
    done = run("""
        import pytest

        pytestmark = pytest.mark.apigee(org="of-module", env="of-module", era="2016")

        @pytest.mark.apigee(org="of-class", env="of-class")
        class TestIt:
            @pytest.mark.apigee(org="of-function")
            def test_all_three(self, apigee):
                assert (apigee.org, apigee.env, apigee.era) == ("of-function", "of-class", "2016")

            def test_two(self, apigee):
                assert (apigee.org, apigee.env, apigee.era) == ("of-class", "of-class", "2016")

        def test_one(apigee):
            assert (apigee.org, apigee.env, apigee.era) == ("of-module", "of-module", "2016")
    """)

    assert (done.counts, done.failures) == ({"passed": 3}, {})


def test_of_two_on_one_function_the_inner_wins(run):
    """Of two markers on one function, the one nearer to it wins."""
    done = run("""
        import pytest

        @pytest.mark.apigee(org="outer", env="outer")
        @pytest.mark.apigee(org="inner")
        def test_it(apigee):
            assert (apigee.org, apigee.env) == ("inner", "outer")
    """)

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_a_mistake_is_told_from_afar(run):
    """A mistaken marker of the module fails each test that uses a fake, and no other."""
    done = run("""
        import pytest

        pytestmark = pytest.mark.apigee(ogr="x")

        def test_one(apigee): pass

        def test_two(apigee_app): pass

        def test_without(): pass
    """)

    message = f"@pytest.mark.apigee does not take 'ogr'. Did you mean 'org'? Allowed: {ALLOWED}."
    assert done.failures == {"test_one setup": message, "test_two setup": message}
    assert done.counts == {"passed": 1, "errors": 2}


def test_an_empty_list_takes_back(run):
    """`allow=[]` takes back for one test what its module allows."""
    done = run("""
        import pytest, requests

        pytestmark = pytest.mark.apigee(allow=["unknown_host"])

        def ask():
            with pytest.raises(requests.ConnectionError):
                requests.get("https://typo-test.apigee.net")

        def test_lenient(apigee):
            ask()

        @pytest.mark.apigee(allow=[])
        def test_strict(apigee):
            ask()
    """)

    assert list(done.failures) == ["test_strict teardown"]


def test_guesses_reach_edge(run):
    """`guesses` sets what Edge answers where no source tells."""
    done = run("""
        import pytest, requests

        @pytest.mark.apigee(guesses={"mocktarget_text": "Guessed"})
        def test_it(apigee):
            assert requests.get("https://mocktarget.apigee.net").text == "Guessed"
    """)

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_release_leaves_a_host_to_the_users_mock(run):
    """`release` leaves a host to the user's own mock, and Edge answers for the others."""
    done = run("""
        import pytest, requests, responses

        @pytest.mark.apigee(release=["login.apigee.com"])
        @responses.activate
        def test_it(apigee):
            responses.get("https://login.apigee.com/x", body="mine")

            assert requests.get("https://login.apigee.com/x").text == "mine"
            assert requests.get("https://acme-test.apigee.net/x").status_code == 404
    """)

    assert (done.counts, done.failures) == ({"passed": 1}, {})


def test_strict_markers_know_it(run):
    """The marker is registered: `--strict-markers` lets it pass."""
    done = run(marked("org='globex'"), "--strict-markers")

    assert done.counts == {"passed": 3}
