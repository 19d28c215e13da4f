"""`apigee_faker`: values of Edge from the seed of the test."""

import pytest

SHOW = """
    import pytest

    @pytest.mark.parametrize("name", ["a", "b"])
    def test_it(apigee_faker, name):
        with open("shown", "a") as file:
            print('SHOWN', name, apigee_faker.apigee_app(), apigee_faker.apigee_consumer_key(), file=file)
"""


def test_the_same_test_draws_the_same_values(run, values):
    """A test has the same values in each run, and two tests have different ones."""
    run(SHOW)
    once = values()

    run(SHOW)

    assert values() == once
    assert once["a"] != once["b"]


@pytest.mark.parametrize(
    ("args", "files"),
    [
        (["--apigee-seed=7"], {}),
        (
            [],
            {"conftest__py": "import pytest\n@pytest.fixture(scope='session')\ndef apigee_world(): return {'seed': 7}"},
        ),
    ],
    ids=["option", "world"],
)
def test_another_seed_draws_others(run, values, args, files):
    """The values follow the seed of the run, or that of the world, as everything does."""
    run(SHOW)
    usual = values()

    run(SHOW, *args, **files)

    assert values()["a"] != usual["a"]


def test_tests_that_share_a_world_have_values_of_their_own(run):
    """Beside `apigee_shared` two tests draw different values, which do not collide in the world."""
    done = run("""
        import pytest

        @pytest.mark.parametrize("name", ["a", "b"])
        def test_it(apigee_shared, apigee_faker, name):
            apigee_shared.app(apigee_faker.apigee_app())
    """)

    assert done.counts == {"passed": 2}


def test_a_marker_that_cannot_be_fails_the_test(run):
    """A mistake in the marker fails the test with what is allowed, without a traceback."""
    done = run("""
        import pytest

        @pytest.mark.apigee(sead=1)
        def test_it(apigee_faker):
            pass
    """)

    assert done.counts == {"errors": 1}
    assert done.failures["test_it setup"] == (
        "@pytest.mark.apigee does not take 'sead'. Did you mean 'seed'? "
        "Allowed: allow, allow_hosts, env, era, guesses, org, release, seed, tls."
    )


def test_says_how_to_install_faker(run, monkeypatch):
    """Where Faker is missing, the test fails with the command that installs it."""
    done = run(
        "def test_it(apigee_faker): pass",
        conftest__py="import sys\nsys.modules['faker'] = None\nsys.modules.pop('pytest_apigee.faker', None)\n",
    )

    assert done.counts == {"errors": 1}
    assert done.failures["test_it setup"] == (
        "pytest_apigee.faker needs Faker (import of faker halted; None in sys.modules). "
        'Install it with: python -m pip install "pytest-apigee[faker]"'
    )
