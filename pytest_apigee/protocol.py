"""What a test may count on, whichever Edge it runs against."""

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pytest_apigee.bearer_auth import BearerAuth
    from pytest_apigee.edge.records import App
    from pytest_apigee.tokens import Token


@runtime_checkable
class Edge(Protocol):
    """An Apigee Edge with a default organization and environment."""

    @property
    def org(self) -> str:
        """The name of the default organization."""
        ...

    @property
    def env(self) -> str:
        """The name of the default environment."""
        ...

    @property
    def login_url(self) -> str:
        """Edge's SSO, without a path."""
        ...

    @property
    def management_url(self) -> str:
        """Edge's management API, without the ``/v1``."""
        ...

    @property
    def gateway_url(self) -> str:
        """The gateway of the default environment, without a path."""
        ...

    @property
    def token_url(self) -> str:
        """The default organization's token endpoint, with the grant type that the stock proxy reads only there."""
        ...

    def auth(self, app: "App | None" = None) -> "BearerAuth":
        """Return an ``auth=`` object that authenticates as an app at this Edge's gateways."""
        ...

    def revoke(self, token: "Token | str") -> None:
        """Revoke an access token of an app."""
        ...
