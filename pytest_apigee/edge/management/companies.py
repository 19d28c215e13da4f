"""Companies and their developers.

Source: companies.yaml, company-developers.yaml; management.md section 4. GUESS: the status can be set by POST too, as
that of developers; an answer to an addition of developers lists those that were given; the apps of an inactive company
can be read and changed, and only their calls are refused; a developer without a role has an empty one.
"""

from dataclasses import replace

from pytest_apigee.edge.jackson import Json
from pytest_apigee.edge.management.attributes import AttributeEndpoints, limited
from pytest_apigee.edge.management.body import Attributes
from pytest_apigee.edge.management.call import Call, answer, no_content
from pytest_apigee.edge.management.cascades import delete_tokens_of
from pytest_apigee.edge.management.developers import developer_named
from pytest_apigee.edge.management.names import COMPANY, fit_name
from pytest_apigee.edge.management.paging import Paging
from pytest_apigee.edge.management.rendering import company_body
from pytest_apigee.edge.management.routing import Handler, Route, routes_of
from pytest_apigee.edge.message import Response
from pytest_apigee.edge.records import Company, DeveloperStatus

_SOURCE = "companies.yaml"
_ALL = "/organizations/{org}/companies"
_ONE = f"{_ALL}/{{company}}"
_MEMBERS_SOURCE = "company-developers.yaml"
_MEMBERS = f"{_ONE}/developers"
_MEMBER = f"{_MEMBERS}/{{developer}}"
_PAGING = Paging(most=1_000)


def company_of(call: Call) -> Company:
    """Return the company that a path names.

    Raises:
        Refusal: 404; there is none.
    """
    company = call.organization.companies.get(call["company"])
    if company is None:
        raise call.refusal("company_unknown", name=call["company"])
    return company


def _list(call: Call) -> Response:
    companies = call.organization.companies
    page = _PAGING.page(call, companies)
    if not call.expands:
        return answer(page)
    return answer({"company": [company_body(call, companies[name]) for name in page]})


def _create(call: Call) -> Response:
    """Create a company; names are unique whatever the case of their letters."""
    body = call.body()
    company = Company(
        name=fit_name(call, body.required("name"), COMPANY),
        display_name=body.text("displayName"),
        attributes=limited(call, body.attributes()),
        stamp=call.stamp(),
    )
    if call.organization.has_company(company.name):
        raise call.refusal("company_exists", name=company.name)
    call.organization.put_company(company)
    return answer(company_body(call, company), status=201)


def _show(call: Call) -> Response:
    return answer(company_body(call, company_of(call)))


def _update(call: Call) -> Response:
    known = company_of(call)
    if call.query("action"):
        return _act(call)
    body = call.body()
    company = replace(
        known,
        display_name=body.text("displayName"),
        attributes=limited(call, body.attributes()),
        stamp=call.changed(known.stamp),
    )
    call.organization.put_company(company)
    return answer(company_body(call, company))


def _act(call: Call) -> Response:
    known, action = company_of(call), call.query("action")
    if action not in tuple(DeveloperStatus):
        raise call.refusal("unknown_action", name=action)
    call.organization.put_company(replace(known, status=DeveloperStatus(action), stamp=call.changed(known.stamp)))
    return no_content()


def _delete(call: Call) -> Response:
    company = company_of(call)
    body = company_body(call, company)
    delete_tokens_of(call, call.organization.apps_of(company=company.name))
    call.organization.remove_company(company)
    return answer(body)


def _list_members(call: Call) -> Response:
    return answer({"developer": _members(company_of(call))})


def _add_members(call: Call) -> Response:
    """Add developers to a company, or give those that it has another role; all or none."""
    company, body = company_of(call), call.body()
    body.demand("developer")
    given = {item.required("email"): item.text("role") for item in body.objects("developer")}
    for email in given:
        if email not in call.organization.developers:
            raise call.refusal("member_unknown", name=email)
    changed = replace(company, members={**company.members, **given}, stamp=call.changed(company.stamp))
    call.organization.put_company(changed)
    return answer({"developer": _members(replace(company, members=given))})


def _remove_member(call: Call) -> Response:
    company, developer = company_of(call), developer_named(call, call["developer"])
    if developer is None or developer.email not in company.members:
        raise call.refusal("not_a_member", name=call["developer"])
    members = {email: role for email, role in company.members.items() if email != developer.email}
    call.organization.put_company(replace(company, members=members, stamp=call.changed(company.stamp)))
    return no_content()


def _members(company: Company) -> list[Json]:
    return [{"email": email, "role": role} for email, role in company.members.items()]


def _save(call: Call, company: Company, attributes: Attributes) -> None:
    call.organization.put_company(
        replace(company, attributes=limited(call, attributes), stamp=call.changed(company.stamp))
    )


_HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _ALL): _list,
    ("POST", _ALL): _create,
    ("GET", _ONE): _show,
    ("PUT", _ONE): _update,
    ("DELETE", _ONE): _delete,
}
_AS_DEVELOPERS = "as developers.yaml"
_MEMBER_HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _MEMBERS): _list_members,
    ("POST", _MEMBERS): _add_members,
    ("DELETE", _MEMBER): _remove_member,
}
ROUTES = (
    *routes_of(_SOURCE, _HANDLERS),
    *routes_of(_MEMBERS_SOURCE, _MEMBER_HANDLERS),
    Route(method="POST", path=_ONE, source=_AS_DEVELOPERS, handler=_act),
    *AttributeEndpoints(path=_ONE, source=_AS_DEVELOPERS, find=company_of, save=_save).routes(),
)
