"""Whether a client may act: its key, app and developer, in the order in which Edge looks at them.

Source: runtime.md 5.4 for codes and texts; what is not known there is in `guesses`.
"""

from dataclasses import dataclass

from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.records import Client, DeveloperStatus, Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Inactivity:
    """Why a client may not act: Edge's text and code, and what the tester is told."""

    text: str
    code: str
    why: str


def inactivity_of(context: FlowContext, client: Client) -> Inactivity | None:
    """Return why a client may not act, or None where it may."""
    guesses = context.state.guesses
    if client.credential.status is not Status.APPROVED:
        return Inactivity(
            text=guesses.key_not_approved_text,
            code="invalid_client-client_id_not_approved",
            why=f"the consumer key is {client.credential.status}",
        )
    if client.credential.has_expired(context.state.clock.now_ms):
        return Inactivity(
            text=guesses.key_expired_text, code="consumer_key_expired", why="the consumer key has expired"
        )
    if client.app.status is not Status.APPROVED:
        return Inactivity(
            text="App not Approved", code="invalid_client-app_not_approved", why=f"the app is {client.app.status}"
        )
    if client.company is not None and client.company.status is not DeveloperStatus.ACTIVE:
        return Inactivity(
            text=guesses.company_not_active_text,
            code="CompanyStatusNotActive",
            why=f"the company {client.company.name} is not active",
        )
    if client.developer is not None and client.developer.status is not DeveloperStatus.ACTIVE:
        return Inactivity(
            text="Developer Status is not Active",
            code="DeveloperStatusNotActive",
            why=f"the developer {client.developer.email} is not active",
        )
    return None
