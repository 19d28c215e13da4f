"""The Faker provider: values of Apigee Edge, by chance but from a seed, in every locale."""

import importlib
import re
import subprocess
import sys

import pytest
from faker import Faker
from faker.providers import BaseProvider
from hypothesis import given
from hypothesis import strategies as st

import pytest_apigee.faker
from pytest_apigee import ConfigurationError, FakeEdge
from pytest_apigee.edge import checks
from pytest_apigee.edge.sso.totp import decoded_secret
from pytest_apigee.faker import seeded_faker

NAME = r"[a-z0-9]([a-z0-9-]{0,22}[a-z0-9])?"
EMAIL = rf"{NAME}\.{NAME}@{NAME}\.example"
SHAPES = {
    "apigee_organization": NAME,
    "apigee_environment": "test|prod|dev|qa|stage|uat|perf|sandbox",
    "apigee_app": r"[a-z]+-[a-z]+-\d{3}",
    "apigee_product": r"[a-z]+-[a-z]+-\d{3}",
    "apigee_proxy": r"[a-z]+-\d{3}",
    "apigee_consumer_key": "[A-Za-z0-9]{32}",
    "apigee_consumer_secret": "[A-Za-z0-9]{16}",
    "apigee_opaque_token": "[A-Za-z0-9]{28}",
    "apigee_zone": NAME,
    "apigee_passcode": "[0-9A-Za-z]{6}",
    "apigee_mfa_secret": "[A-Z2-7]{32}",
}
RECORDS = {
    "apigee_developer": {"email": EMAIL, "firstName": ".+", "lastName": ".+", "userName": rf"{NAME}\.{NAME}"},
    "apigee_sso_user": {"email": EMAIL, "password": r"\S{16}"},
}
METHODS = sorted(SHAPES | RECORDS)
LOCALES = ["en_US", "de_DE", "ja_JP", "ar_SA", "th_TH", ["ja_JP", "de_DE", "en_US"]]
SEEDS = st.one_of(st.integers(), st.text(st.characters()))  # lone surrogates too
TELL = (
    f"from pytest_apigee.faker import seeded_faker; f = seeded_faker('x'); print([getattr(f, m)() for m in {METHODS}])"
)


def values_of(fake):
    """Draw one value of each kind."""
    return {method: getattr(fake, method)() for method in METHODS}


def misshapen(values):
    """List the values, and the fields of records, that lack their documented shape."""
    fields = {(method, ""): (shape, values[method]) for method, shape in SHAPES.items()}
    for method, shapes in RECORDS.items():
        assert values[method].keys() == shapes.keys()
        fields |= {(method, field): (shape, values[method][field]) for field, shape in shapes.items()}
    return {name: value for name, (shape, value) in fields.items() if not re.fullmatch(shape, value)}


def localized(locale):
    """Return a seeded Faker of a locale or of several, with our provider."""
    fake = Faker(locale, includes=["pytest_apigee.faker"])
    fake.seed_instance(7)
    return fake


# Shapes


def test_every_method_has_its_shape_here():
    """The provider's own methods are those whose shape is tested."""
    own = [name for name in vars(pytest_apigee.faker.Provider) if name.startswith("apigee_")]

    assert sorted(own) == METHODS


@given(seed=SEEDS)
def test_values_have_their_shape_whatever_the_seed(seed):
    """Each value has its documented shape, whatever the seed."""
    assert misshapen(values_of(seeded_faker(seed))) == {}


@pytest.mark.parametrize("locale", LOCALES, ids=str)
def test_values_have_their_shape_in_every_locale(locale):
    """Each value has its documented shape where the locale's names are not ASCII, and where locales are mixed."""
    fake = localized(locale)

    assert [wrong for wrong in (misshapen(values_of(fake)) for _ in range(50)) if wrong] == []


def test_a_developer_keeps_the_script_of_the_locale():
    """A developer's names stay in the script of the locale; e-mail and user name are made of them in ASCII."""
    developer = localized("uk_UA").apigee_developer()

    assert re.fullmatch("[А-ЯҐЄІЇа-яґєії' ’-]+", developer["firstName"])  # noqa: RUF001 - Ukrainian
    assert developer["email"].startswith(f"{developer['userName']}@")


@pytest.mark.parametrize("name", ["...", "\N{GRINNING FACE}", "_"])
def test_a_name_without_a_letter_gives_an_email(name):
    """Where a name has nothing that fits an e-mail, letters take its place."""

    class Nameless(BaseProvider):
        def first_name(self):
            return name

    fake = seeded_faker(7)
    fake.add_provider(Nameless)

    assert re.fullmatch(rf"[a-z]{{8}}\.{NAME}@{NAME}\.example", fake.apigee_developer()["email"])


@pytest.mark.parametrize("method", ["apigee_organization", "apigee_environment"])
def test_names_fit_a_host(method):
    """Names of organizations and environments are accepted where Edge makes hosts of them."""
    name = getattr(seeded_faker(7), method)()

    assert checks.name_in_host(method, name) == name


def test_an_mfa_secret_has_160_bits():
    """An MFA secret is base32 of 20 bytes."""
    assert len(decoded_secret(seeded_faker(7).apigee_mfa_secret())) == 20


# Chance


@pytest.mark.parametrize("seed", [0, -7, "", "nodeid::test", "\ud800"])
def test_the_same_seed_gives_the_same_values(seed):
    """Two Fakers of one seed give the same values, drawn from chance of their own."""
    first, second = seeded_faker(seed), seeded_faker(seed)
    drawn = values_of(first)

    assert values_of(second) == drawn
    assert values_of(first) != drawn


@pytest.mark.parametrize(("one", "other"), [(1, 2), (7, -7), ("a", "b"), (0, "")])
def test_two_seeds_give_other_values(one, other):
    """Two seeds give different values, which includes a number and its negative."""
    keys = {seeded_faker(seed).apigee_consumer_key() for seed in (one, other)}

    assert len(keys) == 2


def test_a_number_and_its_text_are_one_seed():
    """7 and "7" are the same seed, as for a fake Edge."""
    assert values_of(seeded_faker(7)) == values_of(seeded_faker("7"))


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_a_seed_means_the_same_in_every_process(hash_seed, monkeypatch):
    """A seed gives the same values in another process, whatever Python's hash seed there."""
    monkeypatch.setenv("PYTHONHASHSEED", hash_seed)
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")

    run = subprocess.run([sys.executable, "-c", TELL], check=True, capture_output=True, text=True, encoding="utf-8")

    assert run.stdout.strip() == str(list(values_of(seeded_faker("x")).values()))


@pytest.mark.parametrize("locale", LOCALES, ids=str)
def test_a_seeded_faker_of_any_locale_repeats_itself(locale):
    """Our values follow the seed of the Faker that includes the provider, for each of its locales."""
    first, second = localized(locale), localized(locale)

    # By locale: which of several is next, a Faker as old as 25 does not draw from its seed.
    assert all(values_of(first[name]) == values_of(second[name]) for name in first.locales)


@pytest.mark.parametrize(("seed", "kind"), [(None, "NoneType"), (True, "bool"), (1.5, "float")])
def test_a_seed_is_a_number_or_text(seed, kind):
    """A seed of another type is refused."""
    with pytest.raises(ConfigurationError) as raised:
        seeded_faker(seed)

    assert str(raised.value) == f"seed takes a whole number or text, not {kind}."


# Use


def test_the_provider_can_be_added():
    """The provider works where it is added to a Faker that exists."""
    fake = Faker()
    fake.add_provider(pytest_apigee.faker.Provider)

    assert misshapen(values_of(fake)) == {}


def test_unique_values_can_be_asked_for():
    """`fake.unique` works with our values."""
    unique = seeded_faker(7).unique

    assert len({unique.apigee_environment() for _ in range(8)}) == 8


@pytest.mark.parametrize("locale", LOCALES, ids=str)
def test_a_world_accepts_the_values(locale):
    """A world file takes the values where it takes values of their kind."""
    fake = localized(locale)
    values = values_of(fake)
    developer, user = values["apigee_developer"], values["apigee_sso_user"]
    credential = {
        "consumerKey": values["apigee_consumer_key"],
        "consumerSecret": values["apigee_consumer_secret"],
        "apiProducts": [values["apigee_product"]],
    }
    organization = {
        "name": values["apigee_organization"],
        "environments": [values["apigee_environment"]],
        "zone": values["apigee_zone"],
        "developers": [developer],
        "apiproducts": [{"name": values["apigee_product"], "proxies": [values["apigee_proxy"]]}],
        "apps": [{"name": values["apigee_app"], "developer": developer["email"], "credentials": [credential]}],
        "apis": [{"name": values["apigee_proxy"], "environments": [values["apigee_environment"]]}],
    }

    edge = FakeEdge({"users": [user | {"mfa_secret": values["apigee_mfa_secret"]}], "organizations": [organization]})

    app = edge.find_app(values["apigee_app"])
    assert (app.developer, app.consumer_key) == (developer["email"], values["apigee_consumer_key"])


# Without Faker


def test_without_faker_the_import_says_what_to_install(monkeypatch):
    """Where Faker is not installed, importing the provider says so and gives the command."""
    monkeypatch.setitem(sys.modules, "faker", None)
    monkeypatch.delitem(sys.modules, "pytest_apigee.faker")

    with pytest.raises(ModuleNotFoundError) as raised:
        importlib.import_module("pytest_apigee.faker")

    assert raised.value.name == "faker"
    assert str(raised.value) == (
        "pytest_apigee.faker needs Faker (import of faker halted; None in sys.modules). "
        'Install it with: python -m pip install "pytest-apigee[faker]"'
    )
