"""What a failure shows: the section about Edge, and errors of ours in the user's line."""

import re

import pytest

SECRETS = ("s3cret-of-the-app", "pass-of-the-user", "JBSWY3DPEHPK3PXP", "wr0ng-secret", "unkn0wn-token", "in-the-query")
FAILING = """
    import requests

    def test_it(apigee):
        api = apigee.proxy("/weather", target={"temp": 21})
        requests.get(api.url)
        apigee.clock.advance(hours=1)
        requests.get(api.url, headers={"Authorization": "Bearer x"})
        requests.get("https://mocktarget.apigee.net/")
        assert False
"""


def test_a_failure_has_the_section(run):
    """A failed test shows settings, seed, what was done to the clock, and each exchange with its reason."""
    done = run(FAILING)

    assert done.sections == {
        "test_it call": (
            "organization acme, environment test, era current, seed '0 test_it.py::test_it'\n"
            "clock: the test moved the clock by 1:00:00\n"
            "exchanges: 3\n"
            "  GET https://acme-test.apigee.net/weather -> 401  no Authorization header\n"
            "  GET https://acme-test.apigee.net/weather -> 401  nobody issued this token\n"
            "  GET https://mocktarget.apigee.net/ -> 200"
        )
    }
    assert "- Apigee Edge (fake) -" in done.output


def test_the_section_names_what_was_set(run):
    """The section says what a marker and an option set."""
    done = run(
        """
        import pytest

        @pytest.mark.apigee(env="stage", era="2016", seed="mine")
        def test_it(apigee):
            apigee.clock.skew(minutes=5)
            assert False
        """,
        "--apigee-org=globex",
    )

    assert done.sections == {
        "test_it call": (
            "organization globex, environment stage, era 2016, seed 'mine test_it.py::test_it'\n"
            "clock: the test set Edge's clock off by 0:05:00\n"
            "exchanges: 0"
        )
    }


def test_the_section_shows_the_last_exchanges(run):
    """Of many exchanges the section shows the last twenty, and says so."""
    done = run("""
        import requests

        def test_it(apigee):
            for number in range(21):
                requests.get(f"https://acme-test.apigee.net/{number}")
            assert False
    """)

    (section,) = done.sections.values()
    assert "exchanges: 21 (the last 20 shown)\n" in section
    assert re.findall(r"GET https://acme-test.apigee.net/(\d+) -> 404  no proxy", section) == [
        str(number) for number in range(1, 21)
    ]


def test_a_test_that_passes_has_none(run):
    """A test that passes, or that uses no Edge, shows no section."""
    done = run("def test_passes(apigee): pass\n\ndef test_fails(): assert False", "-rA")

    assert done.counts == {"passed": 1, "failed": 1}
    assert "Apigee Edge (fake)" not in done.output


def test_a_test_that_failed_before_its_edge_has_none(run):
    """A test that fails before it gets an Edge shows no section, not even another test's."""
    done = run("""
        import pytest

        @pytest.fixture
        def broken():
            raise RuntimeError

        def test_first(apigee): pass

        def test_second(broken, apigee): pass
    """)

    assert done.sections == {"test_second setup": ""}


def test_a_failing_fixture_has_the_section(run):
    """A fixture that fails at setup with an Edge at hand shows the section, too."""
    done = run("""
        import pytest, requests

        @pytest.fixture
        def logged_in(apigee):
            requests.get(apigee.gateway_url)
            raise RuntimeError

        def test_it(logged_in): pass
    """)

    assert "  GET https://acme-test.apigee.net/ -> 404" in done.sections["test_it setup"]


def test_workers_send_the_section(run_apart):
    """Under xdist the section comes with the report."""
    done = run_apart(FAILING, "-n1", plugins=("xdist",))

    assert "  GET https://acme-test.apigee.net/weather -> 401  nobody issued this token" in done.output


def test_the_section_names_no_secret(run):
    """The section of a test that used secrets, passwords and tokens, good and bad, shows none of them."""
    done = run(f"""
        import requests

        SECRETS = {SECRETS!r}

        def test_it(apigee, apigee_token):
            secret, password, mfa, wrong, unknown, query = SECRETS
            app = apigee.app(consumer_key="known-key", consumer_secret=secret, products=["weather"])
            apigee.user("ops@acme.example", password=password, mfa_secret=mfa)
            api = apigee.proxy("/weather", products=["weather"])
            issued = requests.post(apigee.token_url, auth=(app.consumer_key, secret)).json()["access_token"]
            made = apigee_token(app)
            for token in (issued, made, unknown):
                requests.get(f"{{api.url}}?apikey={{query}}", headers={{"Authorization": f"Bearer {{token}}"}})
            requests.post(apigee.token_url, auth=(app.consumer_key, wrong))
            for given in (password, wrong):
                form = {{"grant_type": "password", "username": "ops@acme.example", "password": given}}
                login = f"{{apigee.login_url}}/oauth/token?mfa_token=123456"
                reply = requests.post(login, data=form, auth=("edgecli", "edgeclisecret"))
            jwt = apigee.management_auth()(requests.Request(url=apigee.management_url, headers={{}})).headers
            requests.get(f"{{apigee.management_url}}/v1/o/acme", headers=jwt)
            requests.get(f"{{apigee.management_url}}/v1/o/acme", auth=("ops@acme.example", wrong))
            print("ISSUED", issued, made, jwt["Authorization"].split()[1])
            assert False
    """)

    section = done.sections["test_it call"]
    issued = re.search(r"ISSUED (\S+) (\S+) (\S+)", done.output).groups()
    assert len(section.splitlines()) == 11
    assert [value for value in (*SECRETS, *issued, "known-key", "123456", "edgeclisecret") if value in section] == []


def test_a_kept_token_is_told_as_one_of_another_world(run):
    """A token that a module keeps from another test is refused, and the section says where it came from."""
    done = run("""
        import requests

        KEPT = []

        def test_first(apigee, apigee_token):
            apigee.proxy("/weather")
            KEPT.append(apigee_token())

        def test_second(apigee):
            api = apigee.proxy("/weather")
            assert requests.get(api.url, headers={"Authorization": f"Bearer {KEPT[0]}"}).status_code == 200
    """)

    assert done.sections == {
        "test_second call": (
            "organization acme, environment test, era current, seed '0 test_it.py::test_second'\n"
            "exchanges: 1\n"
            "  GET https://acme-test.apigee.net/weather -> 401  "
            "a token of another world (issued in another test, perhaps kept in a module-level cache)"
        )
    }


@pytest.mark.parametrize("style", ["auto", "long", "short", "native"])
def test_our_errors_end_in_the_users_line(run, style):
    """A mistaken declaration ends in the user's own line: no frame of ours is shown, in any style."""
    done = run(
        """
        def declare(edge):
            edge.proxy("weather")

        def test_it(apigee):
            declare(apigee)
        """,
        f"--tb={style}",
    )

    text = done.failures["test_it call"]
    assert "A base path starts with a slash, as '/weather', and holds letters" in text
    assert 'edge.proxy("weather")' in text
    assert not re.search(r"pytest_apigee\W\w+\.py|catalog\.py", done.output)


def test_errors_through_a_client_show_no_frame_of_ours(run):
    """An error of ours that comes through the client's libraries shows their frames and none of ours."""
    done = run("""
        import requests, responses

        @responses.activate
        def test_it(apigee):
            responses.get("https://login.apigee.com/x")
            requests.get("https://login.apigee.com/x")
    """)

    text = done.failures["test_it call"]
    assert 'requests.get("https://login.apigee.com/x")' in text
    assert "ConfigurationError: A stub of your own `responses` matches https://login.apigee.com/x" in text
    assert "pytest_apigee/" not in text


def test_a_complaint_ends_at_the_users_block(run):
    """The complaint of a block ends in the block's own line, below the user's function that raised."""
    done = run("""
        import requests
        from pytest_apigee import fake_edge

        def target(request):
            raise ValueError("no weather today")

        def test_it(apigee):
            with fake_edge() as edge:
                edge.proxy("/w", security="none", target=target)
                requests.get("https://acme-test.apigee.net/w")
    """)

    text = done.failures["test_it call"]
    assert 'raise ValueError("no weather today")' in text
    assert text.index("with fake_edge() as edge:") < text.index("Complaint: The fake Edge complains of what this test")
    assert "contextlib.py" not in text
    assert "pytest_apigee/" not in text


def test_other_errors_keep_their_frames(run):
    """The traceback of an error that is not ours stays as it is, our frames included."""
    done = run("""
        import requests, pytest

        def test_it(apigee):
            requests.get("https://typo-test.apigee.net")
    """)

    assert "NameResolutionError" in done.failures["test_it call"]
    assert "pytest_apigee/transports" in done.failures["test_it call"]
