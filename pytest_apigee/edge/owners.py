"""Who owns the apps of a world: developers and companies.

Every declaration is checked where it is made; a wrong one raises `ConfigurationError` with what is allowed.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from pytest_apigee.edge import checks
from pytest_apigee.edge.accounts import Accounts
from pytest_apigee.edge.locking import locked
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.records import Company, Developer, DeveloperStatus, Stamp, Status
from pytest_apigee.errors import ConfigurationError, listed, nearest

_Status = TypeVar("_Status", Status, DeveloperStatus)


class Owners(Accounts):
    """A world to which those who own apps are declared."""

    @locked
    def developer(  # noqa: PLR0913 - one keyword for each field of a developer
        self,
        email: str | None = None,
        *,
        first_name: str = "Dev",
        last_name: str = "Eloper",
        user_name: str | None = None,
        attributes: Mapping[str, str] | None = None,
        org: str | None = None,
    ) -> Developer:
        """Declare a developer.

        Args:
            email: The e-mail; made up by default.
            first_name: The first name.
            last_name: The last name.
            user_name: The user name; by default what stands before the @ of the e-mail.
            attributes: Custom attributes, which policies read as `developer.{name}`.
            org: The organization.

        Raises:
            ConfigurationError: The e-mail is taken.
        """
        organization = self._organization(org)
        address = (
            checks.optional_text("email", email) or f"developer-{self._next('developer')}@{organization.name}.example"
        )
        developer = Developer(
            email=address,
            developer_id=self._state.identifiers.uuid(),
            first_name=checks.text("first_name", first_name),
            last_name=checks.text("last_name", last_name),
            user_name=checks.optional_text("user_name", user_name) or address.partition("@")[0],
            attributes=attributes_of(attributes),
            stamp=Stamp.of(self.clock.now_ms),
        )
        organization.add_developer(developer)
        return developer

    @locked
    def company(
        self,
        name: str,
        *,
        display_name: str | None = None,
        developers: Mapping[str, str] | Iterable[str] = (),
        attributes: Mapping[str, str] | None = None,
        org: str | None = None,
    ) -> Company:
        """Declare a company, which owns apps as a developer does: `apigee.app(company=...)`.

        Args:
            name: Its name, unique whatever the case of its letters.
            display_name: By default the name.
            developers: The e-mails of its developers, who were declared before; or a dict with the role of each.
            attributes: Custom attributes, which policies read as `company.{name}`.
            org: The organization.

        Raises:
            ConfigurationError: The name is taken, or a developer unknown.
        """
        organization = self._organization(org)
        if isinstance(developers, Mapping):
            members = checks.text_map("developers", developers)
        else:
            members = dict.fromkeys(checks.names("developers", developers, "developers=['ada@acme.example']"), "")
        company = Company(
            name=checks.text("name", name),
            display_name=checks.optional_text("display_name", display_name) or name,
            members=members,
            attributes=attributes_of(attributes),
            stamp=Stamp.of(self.clock.now_ms),
        )
        organization.add_company(company)
        return company

    def set_developer_status(self, email: str, status: str, *, org: str | None = None) -> None:
        """Make a developer ``active`` or ``inactive``; the tokens of an inactive one's apps are refused.

        Raises:
            ConfigurationError: There is no such developer or status.
        """
        self._organization(org).set_developer_status(checks.text("email", email), status_of(DeveloperStatus, status))

    def set_company_status(self, name: str, status: str, *, org: str | None = None) -> None:
        """Make a company ``active`` or ``inactive``; the keys and tokens of an inactive one's apps are refused.

        Raises:
            ConfigurationError: There is no such company or status.
        """
        self._organization(org).set_company_status(checks.text("name", name), status_of(DeveloperStatus, status))

    @locked
    def default_developer(self, organization: Organization) -> str:
        """Return the e-mail of the developer who owns the apps that name none; declared when first needed."""
        email = f"developer@{organization.name}.example"
        if email not in organization.developers:
            self.developer(email, org=organization.name)
        return email


def attributes_of(given: object) -> tuple[tuple[str, str], ...]:
    """Return custom attributes that a tester gave as a dict, or not at all."""
    return tuple(checks.text_map("attributes", {} if given is None else given).items())


def status_of(kind: type[_Status], status: str) -> _Status:
    """Return the status that a tester named.

    Raises:
        ConfigurationError: There is none.
    """
    try:
        return kind(status)
    except ValueError:
        msg = f"Unknown status {status!r}. Allowed: {listed(kind)}.{nearest(str(status), kind)}"
        raise ConfigurationError(msg) from None
