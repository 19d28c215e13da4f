"""What a tester is told of a token or a consumer key that nobody knows. None of it goes on the wire."""

from pytest_apigee.edge.identifiers import is_marked
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.state import WorldState


def why_token_unknown(state: WorldState, organization: Organization, value: str) -> str:
    """Return why an organization has no such access token."""
    tokens = organization.tokens
    for known in state.organizations.values():
        if known.tokens.find(value) is not None:
            return f"the token belongs to organization {known.name!r}"
    if tokens.find_refresh(value) is not None:
        return "this is a refresh token, not an access token"
    if tokens.was_replaced(value):
        return "the token was replaced when its refresh token was exchanged"
    if tokens.was_deleted(value):
        return "the token was deleted"
    if tokens.was_orphaned(value):
        return "the consumer key that the token was issued to is gone, and the token with it"
    return _why_never_known(value, has_forgotten=tokens.has_forgotten)


def why_refresh_token_unknown(organization: Organization, value: str) -> str:
    """Return why an organization has no such refresh token."""
    tokens = organization.tokens
    if tokens.find(value) is not None:
        return "this is an access token, not a refresh token"
    if tokens.was_replaced(value):
        return "the refresh token was exchanged before, for a new one"
    if tokens.was_orphaned(value):
        return "the consumer key that the refresh token was issued to is gone, and the refresh token with it"
    if is_marked(value):
        return "a refresh token that expired days ago, so that Edge forgot it, or one of another world"
    return "no such refresh token was issued (client_credentials gives none)"


def why_key_unknown(organization: Organization, consumer_key: str) -> str:
    """Return why no app of an organization has a consumer key."""
    reason = f"no app of organization {organization.name!r} has this consumer key"
    if organization.had_key(consumer_key):
        return f"{reason}: it was deleted, or its app was"
    if is_marked(consumer_key):
        return f"{reason}; it is a key of another world (of another test, perhaps kept in a module-level cache)"
    return reason


def _why_never_known(value: str, *, has_forgotten: bool) -> str:
    if not is_marked(value):
        return "nobody issued this token"
    if has_forgotten:
        return "a token that expired days ago, so that Edge forgot it, or one of another world"
    return "a token of another world (issued in another test, perhaps kept in a module-level cache)"
