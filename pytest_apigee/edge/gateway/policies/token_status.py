"""OAuthV2 InvalidateToken and ValidateToken: revoke tokens, and approve them again.

Source: runtime.md section 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pytest_apigee.edge import checks
from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.oauth_errors import OAuthErrors
from pytest_apigee.edge.gateway.policies.oauth_v2 import OAuthOperation
from pytest_apigee.edge.tokens import TokenStatus
from pytest_apigee.errors import ConfigurationError

TOKEN_TYPES = ("accesstoken", "refreshtoken")


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenReference:
    """One token that an operation is for, as Edge's element ``<Token type="..." cascade="...">variable</Token>``.

    Args:
        variable: The variable that holds the token.
        type: `accesstoken` or `refreshtoken`; either finds either, as on Edge.
        cascade: Whether the token that it came with goes with it.
    """

    variable: str
    type: str = "accesstoken"
    cascade: bool = True

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        checks.text("The variable of a token reference", self.variable)
        checks.choice("type of a token reference", self.type, TOKEN_TYPES)
        checks.flag("cascade of a token reference", self.cascade)


@dataclass(frozen=True, kw_only=True, slots=True)
class _StatusOperation(OAuthOperation):
    new_status: ClassVar[TokenStatus]

    tokens: Sequence[TokenReference]

    def __post_init__(self) -> None:
        OAuthOperation.__post_init__(self)
        items = self.tokens
        is_list = isinstance(items, tuple | list) and len(items) > 0
        if not is_list or not all(isinstance(item, TokenReference) for item in items):
            msg = (
                f"tokens of {self.name!r} takes a list of token references, as "
                f"[TokenReference(variable='request.queryparam.access_token')], not {items!r}."
            )
            raise ConfigurationError(msg)

    def execute(self, context: FlowContext) -> None:
        """Change the status of the tokens; the flow goes on, there is no answer of its own.

        Raises:
            Refusal: A variable holds no token of this organization.
        """
        for reference in self.tokens:
            self._change(context, reference)

    def _change(self, context: FlowContext, reference: TokenReference) -> None:
        value, tokens = context.variables.text(reference.variable), context.organization.tokens
        access, refresh = tokens.find(value or ""), tokens.find_refresh(value or "")
        if access is None and refresh is None:
            what = "no token" if not value else "no token of this organization"
            raise self.refusal(OAuthErrors(context.state).unknown_token(), f"{what} in {reference.variable}")
        if access is not None:
            tokens.set_status(access.value, self.new_status)
            if reference.cascade:
                tokens.set_refresh_status(access.refresh_token, self.new_status)
        if refresh is not None:
            tokens.set_refresh_status(refresh.value, self.new_status)
            if reference.cascade:
                tokens.set_status(refresh.access_token, self.new_status)


@dataclass(frozen=True, kw_only=True, slots=True)
class InvalidateToken(_StatusOperation):
    """Revokes tokens. It has no answer of its own: the flow goes on, whatever `generate_response` says (GUESS).

    Args:
        tokens: Which.
    """

    new_status: ClassVar[TokenStatus] = TokenStatus.REVOKED


@dataclass(frozen=True, kw_only=True, slots=True)
class ValidateToken(_StatusOperation):
    """Approves tokens that were revoked; one that has expired stays expired. It has no answer of its own either.

    Args:
        tokens: Which.
    """

    new_status: ClassVar[TokenStatus] = TokenStatus.APPROVED
