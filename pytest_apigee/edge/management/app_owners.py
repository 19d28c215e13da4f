"""Who owns the app that a path names: a developer, or a company. The endpoints below both are the same.

Source: management.md section 4: company apps are as developer apps.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pytest_apigee.edge.management.call import Call
from pytest_apigee.edge.management.companies import company_of
from pytest_apigee.edge.management.developers import developer_of
from pytest_apigee.edge.management.errors import ApiError
from pytest_apigee.edge.records import App


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """The developer or the company of apps; the other one is empty."""

    developer: str = ""
    company: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnerKind:
    """One of the two kinds of owners.

    Args:
        path: The path of one owner.
        parameter: Which parameter of the path names it.
        sources: The official files of apps, and of their keys.
        find: Returns the owner that a path names, or refuses.
    """

    path: str
    parameter: str
    sources: tuple[str, str]
    find: Callable[[Call], Owner]

    def apps(self, call: Call) -> list[App]:
        """Return the apps of the owner that a path names."""
        owner = self.find(call)
        return call.organization.apps_of(developer=owner.developer, company=owner.company)

    def app(self, call: Call) -> App:
        """Return the app that a path names.

        Raises:
            Refusal: 404; there is none.
        """
        app = next((app for app in self.apps(call) if app.name == call["app"]), None)
        if app is None:
            message = f"App named {call['app']} does not exist under {call[self.parameter]}"
            raise call.error(ApiError(status=404, code="developer.service.AppDoesNotExist", message=message))
        return app


DEVELOPERS = OwnerKind(
    path="/organizations/{org}/developers/{developer}",
    parameter="developer",
    sources=("developer-apps.yaml", "app-keys.yaml"),
    find=lambda call: Owner(developer=developer_of(call).email),
)
COMPANIES = OwnerKind(
    path="/organizations/{org}/companies/{company}",
    parameter="company",
    sources=("company-apps.yaml", "company-app-keys.yaml"),
    find=lambda call: Owner(company=company_of(call).name),
)
