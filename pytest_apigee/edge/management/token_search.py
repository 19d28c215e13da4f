"""Access tokens found and revoked by the app or the end user that they are of.

Source: oauth-20-access-tokens.yaml; management.md sections 3.1 and 5.2.
"""

from dataclasses import replace

from pytest_apigee.edge.management.access_tokens import cascades, change_by
from pytest_apigee.edge.management.call import Call, answer
from pytest_apigee.edge.management.paging import whole_number
from pytest_apigee.edge.management.rendering import Object
from pytest_apigee.edge.management.routing import Route
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.edge.token_index import Search
from pytest_apigee.edge.tokens import TokenStatus

_SOURCE = "oauth-20-access-tokens.yaml"
_DEFAULT_LIMIT = 10
_FEATURES = ("features.isOAuthRevokeEnabled", "features.isOAuth2TokenSearchEnabled")
_ROLES = ("orgadmin", "opsadmin")


def _search(call: Call) -> Response:
    wanted, limit, start = _wanted(call), _limit(call), call.query("start")
    page = call.organization.tokens.page(wanted, start=start, limit=limit)
    meta = {
        "limit": limit,
        **_next(call, page.following),
        "query": _query(call, wanted),
        "start": start,
        "totalResults": page.total,
    }
    return answer({"list": list(page.tokens), "meta": meta})


def _next(call: Call, following: str | None) -> Object:
    last_next = call.state.guesses.mgmt_search_last_next
    if following is None and last_next == "absent":
        return {}
    return {"next": "" if following is None and last_next == "empty" else following}


def _query(call: Call, wanted: Search) -> Object:
    """Return what was looked for. GUESS: of two, the app comes first."""
    asked = ((call.state.guesses.mgmt_search_app_key, wanted.app_id), ("endUser", wanted.end_user))
    return {name: value for name, value in asked if value}


def _revoke(call: Call) -> Response:
    """Revoke all tokens that a search finds, at once. GUESS: their number counts those that were revoked before."""
    wanted, change, cascade = _wanted(call), change_by(call), cascades(call)
    tokens = call.organization.tokens
    found = tokens.matching(wanted)
    for token in found:
        tokens.change(replace(token, status=TokenStatus.REVOKED), change)
        if cascade:
            tokens.set_refresh_status(token.refresh_token, TokenStatus.REVOKED)
    return answer(len(found), status=call.state.guesses.mgmt_revoke_status)


def _wanted(call: Call) -> Search:
    """Return what a call looks for. GUESS: who asks is checked first, then the feature, the app, and the end user."""
    _check_role(call)
    _check_features(call)
    call.state.forget_old_tokens(call.organization)
    organization, app_id, end_user = call.organization, call.query("app"), call.query("enduser")
    if not app_id and not end_user:
        raise call.refusal("search_parameters_missing")
    if app_id and organization.app_with_id(app_id) is None:
        reason = f"organization {organization.name!r} has no app with this id, which is neither its name nor its key"
        raise Refusal(call.refusal("search_app_unknown").fault, reason)
    if end_user and not organization.tokens.count(Search(end_user=end_user)):
        reason = (
            f"organization {organization.name!r} has no access token of this end user: the policy that issues tokens "
            "must name the end user by app_end_user"
        )
        raise Refusal(call.refusal("search_parameters_missing").fault, reason)
    return Search(app_id=app_id, end_user=end_user)


def _check_role(call: Call) -> None:
    """Refuse users who have other roles alone. GUESS: even if one of these has every permission."""
    name, user = call.organization.name, call.user
    roles = user.roles.get(name, ())
    if not user.is_system_administrator and not set(_ROLES) & set(roles):
        reason = f"the SSO user {user.email} has in organization {name!r} the roles: {', '.join(roles)}"
        raise call.forbidden(f"{reason}; search and revocation take one of: {', '.join(_ROLES)}")


def _check_features(call: Call) -> None:
    """Refuse where the feature is off. GUESS: it takes both properties, and each exactly `true`."""
    organization = call.organization
    if all(organization.properties.get(name) == "true" for name in _FEATURES):
        return
    properties = dict.fromkeys(_FEATURES, "true")
    reason = (
        f"search and revocation are off in organization {organization.name!r}. Switch them on by "
        f"apigee.set_properties({properties!r}, org={organization.name!r}), by properties= of apigee.organization, "
        "or by properties in a world file."
    )
    raise Refusal(call.refusal("search_off").fault, reason)


def _limit(call: Call) -> int:
    wanted, most = call.query("limit"), call.state.guesses.mgmt_search_max_limit
    if not wanted:
        return min(_DEFAULT_LIMIT, most)
    number = whole_number(wanted)
    if number is None or number > most:
        reason = f"limit takes a number from 1 to {most}, which the guess mgmt_search_max_limit says, not {wanted!r}"
        raise Refusal(call.refusal("search_limit_unfit").fault, reason)
    return number


ROUTES = (
    Route(method="GET", path="/organizations/{org}/oauth2/search", source=_SOURCE, handler=_search),
    Route(method="POST", path="/organizations/{org}/oauth2/revoke", source=_SOURCE, handler=_revoke),
)
