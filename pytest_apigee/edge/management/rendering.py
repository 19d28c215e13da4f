"""Entities as the management API shows them: fields, order and types are part of the answer.

Source: management.md sections 3.2 and 4.
"""

from pytest_apigee.edge.jackson import Json
from pytest_apigee.edge.management.attributes import shown
from pytest_apigee.edge.management.call import Call
from pytest_apigee.edge.records import ApiProduct, App, Company, Credential, Developer, Stamp

Object = dict[str, Json]
_MOST_APPS_SHOWN = 100


def developer_body(call: Call, developer: Developer) -> Object:
    """Return a developer; the fields are in this order, not in that of the alphabet."""
    organization = call.organization
    apps = organization.apps_of(developer=developer.email)
    return {
        "apps": [app.name for app in apps[:_MOST_APPS_SHOWN]],
        "companies": organization.companies_of(developer.email),
        "email": developer.email,
        "developerId": developer.developer_id,
        "firstName": developer.first_name,
        "lastName": developer.last_name,
        "userName": developer.user_name,
        "organizationName": organization.name,
        "status": developer.status,
        "attributes": shown(developer.attributes),
        **stamp_fields(call, developer.stamp),
    }


def company_body(call: Call, company: Company) -> Object:
    """Return a company."""
    apps = call.organization.apps_of(company=company.name)
    return {
        "apps": [app.name for app in apps[:_MOST_APPS_SHOWN]],
        "name": company.name,
        "displayName": company.display_name,
        "organization": call.organization.name,
        "status": company.status,
        "attributes": shown(company.attributes),
        **stamp_fields(call, company.stamp),
    }


def app_body(call: Call, app: App) -> Object:
    """Return an app with its credentials; the fields are in the order of the alphabet."""
    guesses, made = call.state.guesses, stamp_fields(call, app.stamp)
    fields: Object = {
        "appId": app.app_id,
        "attributes": shown(app.attributes),
        "callbackUrl": app.callback_url,
        **made,
        "credentials": [credential_body(credential) for credential in app.credentials],
        "name": app.name,
        "scopes": list(app.scopes),
        "status": app.status,
    }
    if guesses.mgmt_app_family:
        fields["appFamily"] = "default"
    if guesses.mgmt_app_access_type:
        fields["accessType"] = ""
    if app.company:
        fields["companyName"] = app.company
    else:
        fields["developerId"] = call.organization.developers[app.developer].developer_id
    return dict(sorted(fields.items()))


def credential_body(credential: Credential) -> Object:
    """Return a consumer key with its secret and its API products."""
    products = [{"apiproduct": name, "status": status} for name, status in credential.products.items()]
    return {
        "apiProducts": products,
        "attributes": shown(credential.attributes),
        "consumerKey": credential.consumer_key,
        "consumerSecret": credential.consumer_secret,
        "expiresAt": credential.expires_at_ms,
        "issuedAt": credential.issued_at_ms,
        "scopes": list(credential.scopes),
        "status": credential.status,
    }


def product_body(call: Call, product: ApiProduct) -> Object:
    """Return an API product; the parts of its quota are text, and absent where they are not set."""
    fields: Object = {
        "apiResources": list(product.resources),
        "approvalType": product.approval_type,
        "attributes": shown(product.attributes),
        **stamp_fields(call, product.stamp),
        "description": product.description,
        "displayName": product.display_name,
        "environments": list(product.environments),
        "name": product.name,
        "proxies": list(product.proxies),
        "scopes": list(product.scopes),
    }
    quota = {
        "quota": product.quota,
        "quotaInterval": product.quota_interval,
        "quotaTimeUnit": product.quota_time_unit,
    }
    fields.update((name, value) for name, value in quota.items() if value)
    return dict(sorted(fields.items()))


def stamp_fields(call: Call, stamp: Stamp) -> Object:
    """Return who made and last changed something, and when; what was only named is as old as its organization."""
    by, at_ms = call.state.guesses.mgmt_created_by, call.organization.created_at_ms
    return {
        "createdAt": stamp.created_at_ms or at_ms,
        "createdBy": stamp.created_by or by,
        "lastModifiedAt": stamp.modified_at_ms or at_ms,
        "lastModifiedBy": stamp.modified_by or by,
    }
