"""The errors of the token and authorization endpoints, each once, in both of its forms.

The flat form is what runtime.md 5.2 and 5.3 record; of the fault form few rows are recorded, so that its codes stand in
the guess `token_faults`, by the names of the rows here.
"""

from dataclasses import dataclass, replace

from pytest_apigee.edge.era import CURRENT
from pytest_apigee.edge.gateway.client_states import Inactivity
from pytest_apigee.edge.gateway.faults import FlatFault, PolicyFault
from pytest_apigee.edge.state import WorldState

_INVALID_REQUEST = "invalid_request"
_INVALID_CLIENT = "invalid_client"


@dataclass(frozen=True, kw_only=True, slots=True)
class OAuthError:
    """One error: what the flat form says, and what the fault form says."""

    flat: FlatFault
    fault: PolicyFault

    @property
    def flat_fault(self) -> FlatFault:
        """The flat form, which knows the fault form for the sake of flow variables."""
        return replace(self.flat, cause=self.fault)


class OAuthErrors:
    """The errors as one world answers them.

    Args:
        state: Its era and its guesses.
    """

    def __init__(self, state: WorldState) -> None:
        self._state = state
        self._guesses = state.guesses

    def unknown_client(self) -> OAuthError:
        """The consumer key is nobody's."""
        text = "Invalid client identifier" + ("" if self._state.era is CURRENT else " {0}")
        return self._error("unknown_client", 401, _INVALID_CLIENT, "ClientId is Invalid", faultstring=text)

    def wrong_secret(self) -> OAuthError:
        """The consumer secret does not belong to the key."""
        return self._error("wrong_secret", 401, _INVALID_CLIENT, "Client credentials are invalid")

    def missing_client(self) -> OAuthError:
        """There is no client id."""
        return self._error("missing_client", 401, _INVALID_CLIENT, "Client identifier is required")

    def not_approved(self, inactivity: Inactivity) -> OAuthError:
        """The key, the app or the developer may not act."""
        status, code = self._guesses.not_approved_status, f"keymanagement.service.{inactivity.code}"
        flat_status = self._guesses.flat_not_approved_status
        return OAuthError(
            flat=FlatFault(status=flat_status, error_code=_INVALID_CLIENT, error=inactivity.text),
            fault=PolicyFault(status=status, faultstring=inactivity.text, errorcode=code),
        )

    def missing_grant_type(self) -> OAuthError:
        """There is no grant type where the policy reads it."""
        return self._error("missing_parameter", 400, _INVALID_REQUEST, "Required param : grant_type")

    def missing_parameter(self, name: str) -> OAuthError:
        """A parameter is missing that the grant needs."""
        status = self._guesses.missing_parameter_status
        return self._error("missing_parameter", status, _INVALID_REQUEST, f"Required param : {name}")

    def missing_redirect_uri(self) -> OAuthError:
        """The redirect URI is missing that the authorization request had named."""
        return self._error("missing_parameter", 400, _INVALID_REQUEST, "Required param : redirect_uri")

    def missing_refresh_token(self) -> OAuthError:
        """There is no refresh token."""
        text = self._guesses.missing_refresh_text
        return self._error("missing_refresh_token", self._guesses.bad_refresh_status, _INVALID_REQUEST, text)

    def unsupported_grant(self, grant_type: str) -> OAuthError:
        """The grant type is not one of those that the policy supports; its fault has no name, a known defect."""
        status, text = self._guesses.unsupported_grant_status, f"Unsupported grant type : {grant_type}"
        return self._error("unsupported_grant", status, _INVALID_REQUEST, text, is_unnamed=True)

    def bad_code(self) -> OAuthError:
        """The authorization code is unknown, used, or another client's."""
        return self._error("bad_code", 400, _INVALID_REQUEST, "Invalid Authorization Code")

    def expired_code(self) -> OAuthError:
        """The authorization code came too late."""
        status = self._guesses.expired_code_status
        return self._error("expired_code", status, _INVALID_REQUEST, "Authorization Code Expired")

    def other_redirect_uri(self, uri: str) -> OAuthError:
        """The redirect URI of the token request is not the one of the authorization request."""
        return self._error("bad_redirect_uri", 400, _INVALID_REQUEST, f"Invalid redirect_uri : {uri}")

    def bad_refresh_token(self) -> OAuthError:
        """The refresh token is unknown, replaced, or another client's."""
        status = self._guesses.bad_refresh_status
        return self._error("bad_refresh_token", status, _INVALID_REQUEST, "Invalid Refresh Token")

    def revoked_refresh_token(self) -> OAuthError:
        """The refresh token was revoked."""
        text = self._guesses.revoked_refresh_text
        return self._error("bad_refresh_token", 400, _INVALID_REQUEST, text)

    def expired_refresh_token(self) -> OAuthError:
        """The refresh token came too late."""
        status = self._guesses.bad_refresh_status
        return self._error("expired_refresh_token", status, _INVALID_REQUEST, "Refresh Token expired")

    def wider_scope(self) -> OAuthError:
        """A refresh asks for a scope that its token lacks."""
        status, code = self._guesses.wider_scope_status, self._guesses.wider_scope_error
        return self._error("wider_scope", status, code, "Invalid Scope")

    def unknown_token(self) -> OAuthError:
        """A token to invalidate or validate is nobody's."""
        status, text = self._guesses.invalidate_unknown_status, self._guesses.invalidate_unknown_text
        return self._error("unknown_token", status, _INVALID_REQUEST, text)

    def other_callback(self, uri: str) -> OAuthError:
        """The redirect URI of the authorization request is not the app's callback."""
        return self._error("bad_redirect_uri", 400, _INVALID_REQUEST, f"Invalid redirection uri {uri}")

    def no_callback(self) -> OAuthError:
        """Neither the authorization request nor the app names a redirect URI."""
        return self._error("missing_parameter", 400, _INVALID_REQUEST, "Redirection URI is required")

    def unknown_authorizing_client(self, client_id: str) -> OAuthError:
        """The consumer key of an authorization request is nobody's."""
        text = f"Invalid client id : {client_id}. ClientId is Invalid"
        return self._error("unknown_client", 401, _INVALID_REQUEST, text)

    def missing_at_authorize(self, name: str) -> OAuthError:
        """A parameter of an authorization request is missing."""
        text = f"The request is missing a required parameter : {name}"
        return self._error("missing_parameter", 400, _INVALID_REQUEST, text)

    def wrong_response_type(self, wanted: str) -> OAuthError:
        """The response type is not the one of the operation."""
        return self._error("bad_response_type", 400, _INVALID_REQUEST, f"Response type must be {wanted}")

    def _error(  # noqa: PLR0913 - a row of the table
        self, row: str, status: int, code: str, text: str, *, faultstring: str = "", is_unnamed: bool = False
    ) -> OAuthError:
        fault_status, _, errorcode = self._guesses.token_faults[row].partition(" ")
        return OAuthError(
            flat=FlatFault(status=status, error_code=code, error=text),
            fault=PolicyFault(
                status=int(fault_status), faultstring=faultstring or text, errorcode=errorcode, is_unnamed=is_unnamed
            ),
        )
