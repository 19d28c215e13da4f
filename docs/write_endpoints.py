"""Writes docs/endpoints.md from the routes of the management API: run it after a change of one."""

from pathlib import Path

from pytest_apigee.edge.management.service import all_routes

PAGE = Path(__file__).with_name("endpoints.md")
INTRODUCTION = """\
# Endpoints of the management API

Below `https://api.enterprise.apigee.com/v1`, where `/o/` stands for `/organizations/` and `/e/` for `/environments/`
too. What is not modelled is answered 501, and fails the test at its end; so is a path that is not listed here but lies
below something that Edge has. The source is one of Apigee's OpenAPI files, or its documentation, or what public clients
ask for. Some parameters of modelled endpoints are not: [management.md](management.md) names them.

| method | path | modelled | source |
|---|---|---|---|
"""


def page() -> str:
    """Return the text of the page."""
    routes = sorted(all_routes(), key=lambda route: (route.path, route.method))
    rows = (
        f"| {route.method} | `{route.path}` | {'yes' if route.is_modelled else 'no'} | {route.source} |\n"
        for route in routes
    )
    return INTRODUCTION + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
