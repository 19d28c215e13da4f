"""A Faker provider for the values of Apigee Edge, for the extra `[faker]`.

Add it with ``fake.add_provider(pytest_apigee.faker.Provider)``, or with ``Faker(includes=["pytest_apigee.faker"])``,
which is the only way for a Faker of several locales. E-mails lie in `.example` domains, which nobody owns (RFC 2606).
"""

import re

from pytest_apigee.edge import checks
from pytest_apigee.edge.identifiers import (
    ACCESS_TOKEN_LENGTH,
    ALPHANUMERIC,
    BASE32,
    CONSUMER_KEY_LENGTH,
    CONSUMER_SECRET_LENGTH,
    MFA_SECRET_LENGTH,
    PASSCODE_LENGTH,
)

try:
    from faker import Faker
    from faker.decode import unidecode
    from faker.providers import BaseProvider
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f'pytest_apigee.faker needs Faker ({error}). Install it with: python -m pip install "pytest-apigee[faker]"',
        name=error.name,
    ) from None

_ENVIRONMENTS = ("test", "prod", "dev", "qa", "stage", "uat", "perf", "sandbox")
_TOPICS = (
    *("accounts", "billing", "bookings", "catalog", "customers", "deliveries", "forecast", "inventory", "loyalty"),
    *("maps", "orders", "payments", "pricing", "reviews", "stores", "weather"),
)
_CLIENTS = ("android", "backend", "dashboard", "ios", "kiosk", "mobile", "partner", "portal", "web")
_PLANS = ("basic", "free", "gold", "internal", "partner", "premium", "silver", "trial")
_LONGEST_WORD = 20  # a host name has at most 63 characters between dots, and an environment needs some of them


class Provider(BaseProvider):
    """Values of Apigee Edge.

    Names end in three digits, so that few are drawn twice. `fake.unique` lets none through twice; a Faker as old as 25
    cannot do so with the values that are dicts.
    """

    def apigee_organization(self) -> str:
        """Return an organization's name, fit for a host name: lower-case letters, digits and inner hyphens."""
        return self._numbered(self._company())

    def apigee_environment(self) -> str:
        """Return the name of one of the usual environments: `test`, `prod`, `dev` and the like."""
        return self.random_element(_ENVIRONMENTS)

    def apigee_developer(self) -> dict[str, str]:
        """Return a developer as Edge's JSON and the world file have it: email, firstName, lastName and userName.

        The names are in the script of the locale; e-mail and user name are made of them in ASCII.
        """
        first_name, last_name = self._person()
        email = self._email(first_name, last_name)
        user_name = email.partition("@")[0]
        return {"email": email, "firstName": first_name, "lastName": last_name, "userName": user_name}

    def apigee_app(self) -> str:
        """Return the name of a developer app, as `weather-mobile-417`."""
        return self._numbered(self.random_element(_TOPICS), self.random_element(_CLIENTS))

    def apigee_product(self) -> str:
        """Return the name of an API product, as `weather-gold-417`."""
        return self._numbered(self.random_element(_TOPICS), self.random_element(_PLANS))

    def apigee_proxy(self) -> str:
        """Return the name of an API proxy, as `weather-417`, which fits a base path too."""
        return self._numbered(self.random_element(_TOPICS))

    def apigee_consumer_key(self) -> str:
        """Return a consumer key: 32 letters and digits.

        Source: runtime.md 2.3.
        """
        return self._drawn(CONSUMER_KEY_LENGTH)

    def apigee_consumer_secret(self) -> str:
        """Return a consumer secret: 16 letters and digits.

        Source: runtime.md 2.3.
        """
        return self._drawn(CONSUMER_SECRET_LENGTH)

    def apigee_opaque_token(self) -> str:
        """Return an access token of an app: 28 letters and digits.

        Source: runtime.md 2.3.
        """
        return self._drawn(ACCESS_TOKEN_LENGTH)

    def apigee_sso_user(self) -> dict[str, str]:
        """Return an SSO user as the world file has it: email and password. Neither holds a blank."""
        return {"email": self._email(*self._person()), "password": str(self.generator.password(length=16))}

    def apigee_zone(self) -> str:
        """Return an identity zone, fit for ``{zone}.login.apigee.com``: letters, digits and inner hyphens."""
        return self._numbered(self._company())

    def apigee_passcode(self) -> str:
        """Return a passcode: 6 letters and digits.

        Source: sso.md 2.3, "GET /passcode".
        """
        return self._drawn(PASSCODE_LENGTH)

    def apigee_mfa_secret(self) -> str:
        """Return the secret of an authenticator app: 160 bits as 32 characters of base32, A to Z and 2 to 7."""
        return self._drawn(MFA_SECRET_LENGTH, BASE32)

    def _drawn(self, length: int, characters: str = ALPHANUMERIC) -> str:
        return self.lexify("?" * length, letters=characters)

    def _numbered(self, *words: str) -> str:
        return self.numerify("-".join((*words, "###")))

    def _person(self) -> tuple[str, str]:
        return str(self.generator.first_name()), str(self.generator.last_name())

    def _email(self, *names: str) -> str:
        return f"{'.'.join(map(self._in_ascii, names))}@{self._company()}.example"

    def _company(self) -> str:
        return self._in_ascii(str(self.generator.domain_word()))

    def _in_ascii(self, text: str) -> str:
        """Keep what fits a host name; of a text that has nothing of the kind, keep its place."""
        dashed = re.sub(r"[^a-z0-9]+", "-", unidecode(text).lower())
        return dashed.strip("-")[:_LONGEST_WORD].rstrip("-") or self._drawn(8, "abcdefghijklmnopqrstuvwxyz")


def seeded_faker(seed: int | str) -> Faker:
    """Return a new Faker of the default locale, with this provider and chance of its own.

    Args:
        seed: The same seed gives the same values in the same order, in every process, as long as Faker's version and
            the calls before are the same. 7 and "7" are the same seed, as everywhere in this package.

    Raises:
        ConfigurationError: The seed is neither a whole number nor text.
    """
    chosen = f"pytest-apigee faker {checks.seed(seed)}"  # text: Python takes -7 and 7 for the same seed
    fake = Faker(includes=[__name__])
    fake.seed_instance(chosen.encode("utf-8", "replace"))  # bytes: text may hold lone surrogates
    return fake
