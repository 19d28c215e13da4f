"""What goes with an app or a consumer key that is deleted.

Source: developer-apps.yaml, "Delete developer app": access tokens "may take anywhere from a few seconds to a few
minutes to be deleted". GUESS (`tokens_outlive_apps`): at once, and with a deleted consumer key its tokens likewise.
"""

from collections.abc import Iterable

from pytest_apigee.edge.management.call import Call
from pytest_apigee.edge.records import App


def delete_tokens_of(call: Call, apps: Iterable[App]) -> None:
    """Delete the tokens and codes of apps that are deleted."""
    if not call.state.guesses.tokens_outlive_apps:
        for app in apps:
            call.organization.tokens.delete_issued_to(app.app_id)


def delete_tokens_of_key(call: Call, app: App, consumer_key: str) -> None:
    """Delete the tokens and codes of a consumer key that is deleted."""
    if not call.state.guesses.tokens_outlive_apps:
        call.organization.tokens.delete_issued_to(app.app_id, consumer_key)
