"""VerifyAPIKey: the fault form without a challenge.

The checks are in the order of runtime.md 6.1: present, exists, approved, app, developer, product.
"""

from dataclasses import dataclass
from typing import ClassVar

from pytest_apigee.edge import checks
from pytest_apigee.edge.gateway.client_states import Inactivity, inactivity_of
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.entities import client_with_key, covering_product, products_of, why_not_covered
from pytest_apigee.edge.gateway.faults import PolicyFault
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.gateway.token_variables import (
    Values,
    api_key_values,
    client_values,
    prefixed,
    product_values,
)
from pytest_apigee.edge.records import ApiProduct, Client, Status
from pytest_apigee.edge.refusal import Refusal
from pytest_apigee.edge.unknown_values import why_key_unknown

DEFAULT_VARIABLE = "request.queryparam.apikey"


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifyAPIKey(Policy):
    """Lets a call through if its API key is good for it, and leaves in variables what is known of its app.

    Args:
        api_key: The variable that holds the key.
    """

    variable_prefix: ClassVar[str] = "oauthV2"

    api_key: str = DEFAULT_VARIABLE

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        Policy.__post_init__(self)
        checks.variable(f"api_key of {self.name!r}", checks.text(f"api_key of {self.name!r}", self.api_key))

    def execute(self, context: FlowContext) -> None:
        """Check the key.

        Raises:
            Refusal: It is not good for this call.
        """
        try:
            self._verify(context)
        except Refusal:
            context.variables.update({f"verifyapikey.{self.name}.failed": True})
            raise

    def _verify(self, context: FlowContext) -> None:
        client = _known_client(context, self._sent_key(context))
        _check_active(context, client)
        products = products_of(context, client)
        product = covering_product(context, products)
        if product is None:
            reason = why_not_covered(context, client, products)
            code = "oauth.v2.InvalidApiKeyForGivenResource"
            raise _unauthorized("Invalid ApiKey for given resource", code, reason)
        context.variables.update_when_read(lambda: self._values(client, product))

    def _values(self, client: Client, product: ApiProduct) -> Values:
        values = client_values(client) | product_values(product)
        own = prefixed(f"verifyapikey.{self.name}", api_key_values(client) | values)
        return values | {"client_id": client.credential.consumer_key} | own

    def _sent_key(self, context: FlowContext) -> str:
        key = context.variables.text(self.api_key)
        if not key:
            text = f"Failed to resolve API Key variable {self.api_key}"
            raise _unauthorized(text, "steps.oauth.v2.FailedToResolveAPIKey", f"no API key in {self.api_key}")
        return key


def _known_client(context: FlowContext, key: str) -> Client:
    client = client_with_key(context, key)
    if client is None:
        raise _unauthorized("Invalid ApiKey", "oauth.v2.InvalidApiKey", why_key_unknown(context.organization, key))
    context.notes.app = client.app.name
    return client


def _check_active(context: FlowContext, client: Client) -> None:
    inactivity, guesses = inactivity_of(context, client), context.state.guesses
    if inactivity is None:
        return
    text, code = inactivity.text, f"keymanagement.service.{inactivity.code}"
    if client.credential.status is not Status.APPROVED:
        text, code = guesses.api_key_not_approved_text, "oauth.v2.ApiKeyNotApproved"
    raise _unauthorized(text, code, _why(inactivity, client), status=guesses.api_key_not_approved_status)


def _why(inactivity: Inactivity, client: Client) -> str:
    return f"{inactivity.why} (app {client.app.name!r})"


def _unauthorized(text: str, code: str, reason: str, *, status: int = 401) -> Refusal:
    return Refusal(PolicyFault(status=status, faultstring=text, errorcode=code), reason)
