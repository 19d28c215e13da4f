"""Prints a report of an Apigee Edge organization.

    APIGEE_PASSWORD=... python -m org_report.cli acme --user ops@acme.example

Exit status: 0 a report was printed, 2 wrong usage, 3 the login was refused, 4 no permission, 5 Edge cannot be reached.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests
from org_report.login import TIMEOUT_SECONDS, Login, LoginRefusedError, StateFile

MANAGEMENT_URL = "https://api.enterprise.apigee.com/v1"
LOGIN_REFUSED, NO_PERMISSION, UNREACHABLE = 3, 4, 5


class NoPermissionError(Exception):
    """The user may not see the organization, or there is none."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    login = Login(
        StateFile(options.state), options.user, password=os.environ.get("APIGEE_PASSWORD"), mfa_code=options.mfa
    )
    try:
        organization = fetch_organization(login, options.organization)
    except LoginRefusedError as error:
        return _complain(LOGIN_REFUSED, f"login refused for {options.user}: {error}")
    except NoPermissionError:
        return _complain(NO_PERMISSION, f"{options.user} may not see the organization {options.organization}")
    except requests.RequestException as error:
        return _complain(UNREACHABLE, f"Edge cannot be reached: {error}")
    text = json.dumps(organization, indent=2) if options.json else report(organization)
    sys.stdout.write(f"{text}\n")
    return 0


def fetch_organization(login: Login, name: str) -> dict[str, Any]:
    token = login.access_token()
    response = _get(name, token)
    if response.status_code == 401:
        response = _get(name, login.access_token_instead_of(token))
    if response.status_code == 401:
        raise LoginRefusedError("the management API takes no token of this user")
    if response.status_code == 403:
        raise NoPermissionError
    response.raise_for_status()
    organization: dict[str, Any] = response.json()
    return organization


def report(organization: dict[str, Any]) -> str:
    properties = sorted((entry["name"], entry["value"]) for entry in organization["properties"]["property"])
    return "\n".join(
        [
            f"{organization['name']} ({organization['displayName']}), {organization['type']}",
            f"environments: {', '.join(organization['environments'])}",
            "properties:",
            *(f"  {name} = {value}" for name, value in properties),
        ]
    )


def _get(name: str, token: str) -> requests.Response:
    url = f"{MANAGEMENT_URL}/organizations/{name}"
    return requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_SECONDS)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="org-report", description="Print a report of an Apigee Edge organization.")
    parser.add_argument("organization")
    parser.add_argument("--user", required=True, help="e-mail of the SSO user; the password is in APIGEE_PASSWORD")
    parser.add_argument("--mfa", default="", metavar="CODE", help="the six digits of the authenticator app")
    parser.add_argument("--state", type=Path, default=Path.home() / ".org-report", metavar="DIRECTORY")
    parser.add_argument("--json", action="store_true", help="print what Edge sent")
    return parser.parse_args(arguments)


def _complain(status: int, message: str) -> int:
    sys.stderr.write(f"org-report: {message}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
