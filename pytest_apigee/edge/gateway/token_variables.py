"""The flow variables that tokens, codes, clients and products become.

Source: the flow variables of OAuthV2, GetOAuthV2Info and VerifyAPIKey in Edge's documentation; runtime.md 4.5.
"""

from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.issuing import SECOND_MS, seconds_shown
from pytest_apigee.edge.gateway.variables import Value
from pytest_apigee.edge.records import NEVER_MS, ApiProduct, Client, Company, Developer
from pytest_apigee.edge.tokens import AccessToken, AuthorizationCode, RefreshToken

Values = dict[str, Value]


def client_values(client: Client) -> Values:
    """Return what is known of an app and its owner, by the names that follow a verified token."""
    app = client.app
    custom: Values = {} if client.developer is None else _developer_values(client.developer)
    if client.company is not None:
        custom.update(_company_values(client.company))
    custom.update((f"app.{name}", value) for name, value in app.attributes)
    return custom | {
        "developer.app.id": app.app_id,
        "developer.app.name": app.name,
        "app.id": app.app_id,
        "app.name": app.name,
        "app.status": app.status,
        "app.callbackUrl": app.callback_url,
        "app.appType": "Company" if app.company else "Developer",
        "app.apiproducts": f"[{', '.join(client.credential.products)}]",
    }


def _developer_values(developer: Developer) -> Values:
    custom: Values = {f"developer.{name}": value for name, value in developer.attributes}
    return custom | {
        "developer.id": developer.developer_id,
        "developer.email": developer.email,
        "developer.userName": developer.user_name,
        "developer.firstName": developer.first_name,
        "developer.lastName": developer.last_name,
        "developer.status": developer.status,
    }


def _company_values(company: Company) -> Values:
    """Return what is known of a company; the names are GUESSES after those of developers and of its JSON."""
    custom: Values = {f"company.{name}": value for name, value in company.attributes}
    return custom | {
        "company.name": company.name,
        "company.displayName": company.display_name,
        "company.status": company.status,
    }


def product_values(product: ApiProduct) -> Values:
    """Return what is known of an API product, by the names that follow `apiproduct.`."""
    values: Values = {f"apiproduct.{name}": value for name, value in product.attributes}
    values["apiproduct.name"] = product.name
    if product.quota:
        values["apiproduct.developer.quota.limit"] = product.quota
        values["apiproduct.developer.quota.interval"] = product.quota_interval
        values["apiproduct.developer.quota.timeunit"] = product.quota_time_unit
    return values


def access_values(context: FlowContext, token: AccessToken) -> Values:
    """Return what is known of an access token, by the names that follow a verified one; `expires_in` in seconds."""
    values: Values = {f"accesstoken.{item.name}": item.value for item in token.grant.attributes}
    values.update(
        access_token=token.value,
        client_id=token.client_id,
        scope=" ".join(token.scopes),
        status=token.status,
        grant_type=token.grant.grant_type,
        token_type="BearerToken",  # noqa: S106 - the kind of a token
        issued_at=str(token.issued_at_ms),
        expires_in=remaining_seconds(context, token),
        organization_name=context.organization.name,
    )
    if token.grant.end_user:
        values["app_enduser"] = token.grant.end_user
    return values


def refresh_values(context: FlowContext, token: RefreshToken, *, now_ms: int | None = None) -> Values:
    """Return what is known of a refresh token.

    Args:
        context: The call.
        token: The token.
        now_ms: When; by default now.
    """
    return {
        "refresh_token": token.value,
        "refresh_token_issued_at": str(token.issued_at_ms),
        "refresh_token_status": token.status,
        "refresh_token_expires_in": remaining_seconds(context, token, now_ms=now_ms) or "0",
        "refresh_count": str(token.count),
    }


def code_values(code: AuthorizationCode) -> Values:
    """Return what is known of an authorization code."""
    values: Values = {item.name: item.value for item in code.grant.attributes}
    return values | {
        "code": code.value,
        "client_id": code.client_id,
        "redirect_uri": code.redirect_uri,
        "scope": " ".join(code.scopes),
    }


def prefixed(prefix: str, values: Values) -> Values:
    """Return variables below a prefix."""
    return {f"{prefix}.{name}": value for name, value in values.items()}


def remaining_seconds(
    context: FlowContext, issued: AccessToken | RefreshToken | AuthorizationCode, *, now_ms: int | None = None
) -> str | None:
    """Return how many seconds something is still good, as variables hold it; None for one that never ends."""
    if issued.expires_at_ms == NEVER_MS:
        return None
    return str(max(0, (issued.expires_at_ms - (context.state.clock.now_ms if now_ms is None else now_ms)) // SECOND_MS))


def issued_values(
    context: FlowContext, token: AccessToken, refresh: RefreshToken | None, *, now_ms: int | None = None
) -> Values:
    """Return what a policy that made tokens says of them; `expires_in` as in an answer.

    Args:
        context: The call.
        token: The access token.
        refresh: Its refresh token.
        now_ms: When; by default now.
    """
    never = token.expires_at_ms == NEVER_MS
    values = access_values(context, token)
    values["expires_in"] = context.state.guesses.infinite_expires_in if never else str(seconds_shown(token))
    if refresh is not None:
        values.update(refresh_values(context, refresh, now_ms=now_ms))
    return values


def api_key_values(client: Client) -> Values:
    """Return what a verified API key says of its client; custom attributes of app and key without a prefix."""
    custom: Values = dict((*client.app.attributes, *client.credential.attributes))
    return custom | {
        "client_id": client.credential.consumer_key,
        "client_secret": client.credential.consumer_secret,
        "redirection_uris": client.app.callback_url,
        "status": client.credential.status,
        "developer.app.id": client.app.app_id,
        "developer.app.name": client.app.name,
    }


def client_info_values(client: Client) -> Values:
    """Return what is known of a client, as GetOAuthV2Info shows it."""
    values: Values = dict(client.app.attributes)
    values.update(
        {
            "client_id": client.credential.consumer_key,
            "client_secret": client.credential.consumer_secret,
            "redirection_uris": client.app.callback_url,
            "developer.email": client.developer_email,
            "developer.app.name": client.app.name,
            "developer.id": client.developer_id,
        }
    )
    return values
