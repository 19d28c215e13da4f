"""Developers.

Source: developers.yaml; management.md sections 2, 4 and 5.1. GUESS: developers of companies are listed too, only their
membership is not; an update keeps an e-mail that it does not name, and takes no status, as creation takes none.
"""

from dataclasses import replace

from pytest_apigee.edge.management.attributes import AttributeEndpoints, limited
from pytest_apigee.edge.management.body import Attributes
from pytest_apigee.edge.management.call import Call, answer, no_content
from pytest_apigee.edge.management.cascades import delete_tokens_of
from pytest_apigee.edge.management.errors import ApiError
from pytest_apigee.edge.management.names import EMAIL, fit_name
from pytest_apigee.edge.management.paging import Paging
from pytest_apigee.edge.management.rendering import developer_body
from pytest_apigee.edge.management.routing import Handler, routes_of
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.records import Developer, DeveloperStatus

_SOURCE = "developers.yaml"
_ALL = "/organizations/{org}/developers"
_ONE = f"{_ALL}/{{developer}}"
_PAGING = Paging(most=1_000)


def developer_of(call: Call) -> Developer:
    """Return the developer that a path names, by e-mail or by id.

    Raises:
        Refusal: 404; there is none.
    """
    developer = developer_named(call, call["developer"])
    if developer is None:
        message = f"DeveloperId {call['developer']} does not exist in organization {call.organization.name}"
        raise call.error(ApiError(status=404, code="developer.service.DeveloperIdDoesNotExist", message=message))
    return developer


def developer_named(call: Call, name: str) -> Developer | None:
    """Return the developer with an e-mail or an id, or None."""
    developers = call.organization.developers
    by_email = developers.get(name)
    if by_email is not None or "@" in name:
        return by_email
    return next((developer for developer in developers.values() if developer.developer_id == name), None)


def _list(call: Call) -> Response:
    organization, app = call.organization, call.query("app")
    emails = [email for email in organization.developers if not app or _has_app(call, email, app)]
    page = _PAGING.page(call, emails)
    if not call.expands:
        return answer(page)
    return answer({"developer": [developer_body(call, organization.developers[email]) for email in page]})


def _has_app(call: Call, developer: str, app: str) -> bool:
    return any(known.name == app for known in call.organization.apps_of(developer=developer))


def _create(call: Call) -> Response:
    body = call.body()
    developer = Developer(
        email=fit_name(call, body.required("email"), EMAIL, field="email"),
        developer_id=call.state.identifiers.uuid(),
        first_name=body.required("firstName"),
        last_name=body.required("lastName"),
        user_name=body.required("userName"),
        attributes=limited(call, body.attributes()),
        stamp=call.stamp(),
    )
    _check_free(call, developer.email)
    call.organization.put_developer(developer)
    return answer(developer_body(call, developer), status=201)


def _show(call: Call) -> Response:
    return answer(developer_body(call, developer_of(call)))


def _update(call: Call) -> Response:
    known, body = developer_of(call), call.body()
    developer = replace(
        known,
        email=fit_name(call, body.text("email") or known.email, EMAIL, field="email"),
        first_name=body.required("firstName"),
        last_name=body.required("lastName"),
        user_name=body.required("userName"),
        attributes=limited(call, body.attributes()),
        stamp=call.changed(known.stamp),
    )
    if developer.email != known.email:
        _check_free(call, developer.email)
    call.organization.put_developer(developer, was=known.email)
    return answer(developer_body(call, developer))


def _act(call: Call) -> Response:
    known, action = developer_of(call), call.query("action")
    if action not in tuple(DeveloperStatus):
        raise call.refusal("unknown_action", name=action)
    call.organization.put_developer(replace(known, status=DeveloperStatus(action), stamp=call.changed(known.stamp)))
    return no_content()


def _delete(call: Call) -> Response:
    developer = developer_of(call)
    body = developer_body(call, developer)
    delete_tokens_of(call, call.organization.apps_of(developer=developer.email))
    call.organization.remove_developer(developer)
    return answer(body)


def _check_free(call: Call, email: str) -> None:
    if email in call.organization.developers:
        raise call.refusal("developer_exists", name=email)


def _save(call: Call, developer: Developer, attributes: Attributes) -> None:
    changed = replace(developer, attributes=limited(call, attributes), stamp=call.changed(developer.stamp))
    call.organization.put_developer(changed)


_HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _ALL): _list,
    ("POST", _ALL): _create,
    ("GET", _ONE): _show,
    ("PUT", _ONE): _update,
    ("POST", _ONE): _act,
    ("DELETE", _ONE): _delete,
}
ROUTES = (
    *routes_of(_SOURCE, _HANDLERS),
    *AttributeEndpoints(path=_ONE, source=_SOURCE, find=developer_of, save=_save).routes(),
)
