"""Every GUESS in one place: what no source confirms and a client can see.

Each field of `Guesses` is one switch: its default is what the fact sheets recommend, and its comment says what is not
known. Set one with ``@pytest.mark.apigee(guesses={"bad_user_text": "Bad credentials"})`` or ``fake_edge(guesses=...)``.
Where a guess decides what is accepted, its default is what the sheets recommend, and the other side is one switch away.
"""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from pytest_apigee.edge.management_guesses import CHOICES, COUNTS, MGMT_ERROR, MGMT_ERRORS, ManagementGuesses
from pytest_apigee.errors import ConfigurationError, listed, nearest

_GRANT = "(authorization_code|client_credentials|implicit|password|refresh_token)"
_FRAGMENT_FIELD = "(access_token|expires_in|scope|state)"
_FIRST_ERROR = 400
_LAST_ERROR = 599
_COUNTS = {
    **COUNTS,
    "default_access_seconds": 1_000_000_000,
    "default_code_seconds": 1_000_000_000,
    "mfa_drift_steps": 10,
    "purge_after_days": 1_000,
    "quota_unresolved_count": 1_000_000_000,
    "token_rate_limit": 10_000,
}
_PATTERNS = {
    "infinite_expires_in": re.compile(r"-?\d{1,12}"),
    "implicit_fragment": re.compile(
        r"(access_token|expires_in|scope|state)( (access_token|expires_in|scope|state)){0,3}"
    ),
    "issuer": re.compile(r"https?://[^/\s]+(/\S*)?"),
    "edgecli_grants": re.compile(rf"({_GRANT}( {_GRANT})*)?"),
}
_MEANT = {
    "infinite_expires_in": "a whole number, as '-1'",
    "implicit_fragment": "some of access_token, expires_in, scope and state, separated by blanks",
    "issuer": "a base URL, as 'https://login.apigee.com'",
    "edgecli_grants": "grants separated by blanks, of authorization_code, client_credentials, implicit, password and "
    "refresh_token",
}
_CHOICES: dict[str, tuple[str | int, ...]] = {
    **CHOICES,
    "scope_rule": ("any", "all"),
    "al_claim": ("era", "absent", "0", "2"),
    "mfa_failure": ("sso", "uaa"),
    "uaa_generation": ("3.2", "4"),
    "quota_status": ("era", "429", "500"),
    "spikearrest_text": ("newer", "older"),
}


_TOKEN_FAULTS = {
    "bad_code": "500 steps.oauth.v2.invalid_request-authorization_code_invalid",
    "bad_redirect_uri": "500 steps.oauth.v2.InvalidParameter",
    "bad_refresh_token": "400 keymanagement.service.invalid_refresh_token",
    "bad_response_type": "500 steps.oauth.v2.InvalidParameter",
    "expired_code": "500 steps.oauth.v2.authorization_code_expired",
    "expired_refresh_token": "500 steps.oauth.v2.refresh_token_expired",
    "missing_client": "500 steps.oauth.v2.FailedToResolveClientId",
    "missing_parameter": "500 steps.oauth.v2.MissingParameter",
    "missing_refresh_token": "500 steps.oauth.v2.FailedToResolveRefreshToken",
    "unknown_client": "500 oauth.v2.InvalidClientIdentifier",
    "unknown_token": "500 steps.oauth.v2.FailedToResolveToken",
    "unsupported_grant": "500 steps.oauth.v2.UnSupportedGrantType",
    "wider_scope": "500 steps.oauth.v2.invalid_request",
    "wrong_secret": "500 oauth.v2.InvalidClientIdentifier",
}
_TABLES = {
    "token_faults": (_TOKEN_FAULTS, re.compile(r"[45]\d\d [A-Za-z][\w.-]*"), "status and error code"),
    "mgmt_errors": (MGMT_ERRORS, MGMT_ERROR, "status, code and text"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Guesses(ManagementGuesses):
    """The switches, each a GUESS."""

    # login.apigee.com (sso.md section 5)
    bad_user_text: str = "Invalid Credentials"
    """GUESS only for an absent username and a bad user without client; confirmed for wrong user credentials."""
    bad_client_text: str = "Bad credentials"
    """GUESS: UAA's text."""
    mfa_failure: str = "sso"
    """GUESS: how a missing or wrong MFA code is answered: `sso` with 401 `unauthorized` and `mfa_failure_text`, `uaa`
    as later UAA does (missing: 400 `invalid_request`, wrong: 401 `Bad credentials`)."""
    mfa_failure_text: str = "Invalid Credentials"
    """GUESS: the text for a missing or wrong MFA code where `mfa_failure` is `sso`."""
    al_claim: str = "era"
    """GUESS: the `al` claim, `0` or `2`; `era` takes the era's own (0 in `current`, 2 in `2016`), `absent` none."""
    edgecli_grants: str = "password refresh_token"
    """GUESS: the grants that the client `edgecli` may use, of those that UAA knows."""
    mfa_code_reuse: bool = False
    """GUESS: whether an MFA code may be used again."""
    mfa_drift_steps: int = 1
    """GUESS: how many steps of 30 seconds an MFA code may be early or late; RFC 6238 section 5.2 recommends one."""
    origin_claim: str = "usergrid"
    """GUESS only in a SAML zone."""
    issuer: str = "https://login.apigee.com"
    """GUESS: the base URL that `iss` starts with."""
    refresh_scope_text: str = "Unable to narrow the scope of the client authentication to"
    """GUESS: the start of the text for scopes that a refresh asks for and its token lacks; 400 `invalid_scope` with it,
    after UAA. Scopes that it has are granted alone."""
    swapped_jwt_text: str = "Invalid token (could not decode)"
    """GUESS: the start of the text for an access token that comes as a refresh token; the token follows it."""
    uaa_generation: str = "3.2"
    """GUESS: which UAA it is like. `3.2`: JWTs without `kid`, `/token_key` with `SHA256withRSA` and plain base64.
    `4`: `kid`, `RS256`, base64url, and another text for a locked account."""
    refresh_rotation: bool = False
    """GUESS: whether a refresh gives a new refresh token; if not, the same one comes back."""
    refuses_not_before: bool = True
    """GUESS: whether a JWT whose `nbf` lies ahead is refused; Edge itself issues none with `nbf`."""
    refuses_wrong_audience: bool = True
    """GUESS: whether the management API refuses a JWT whose `aud` lacks its own client; Edge itself issues none."""
    refresh_token_as_bearer: bool = False
    """GUESS: whether a refresh token is taken where an access token belongs, as late UAA 3 does."""
    lockout: bool = False
    """GUESS: whether 5 wrong passwords within an hour lock an account for 5 minutes, as UAA does."""
    token_rate_limit: int = 0
    """GUESS: how many new tokens a user may have in an hour before 429; 0 sets no limit, Edge announced 30."""
    token_rate_counts_refresh: bool = True
    """GUESS: whether `token_rate_limit` counts refreshes, too."""
    token_rate_body: str = ""
    """GUESS: the body of that 429."""
    bad_passcode_text: str = "Passcode information is missing."
    """GUESS: UAA's text for a wrong, used or expired passcode; later it is `Invalid passcode`."""
    strict_passcode_accept: bool = False
    """GUESS: whether a passcode counts only where the first type of Accept is JSON or form, or Accept is absent, as in
    UAA up to 3.2; else `No password supplied`."""
    saml_user_text: str = "Invalid Credentials"
    """GUESS: what a user of a SAML zone is answered whose password is the identity provider's, so unknown to Edge."""
    version_body: str = '{"cliVersion":"2.0"}'
    """GUESS: what GET `/version` answers; only the field `cliVersion` is confirmed, no value."""
    login_app_version: str = "3.2.1"
    """GUESS: `app.version` in the JSON of GET `/login`."""
    login_commit_id: str = "0000000"
    """GUESS: `commit_id` in the JSON of GET `/login`."""
    login_timestamp: str = "2016-03-24T00:00:00+0000"
    """GUESS: `timestamp` in the JSON of GET `/login`."""
    token_keys: bool = True
    """GUESS: whether there is `/token_keys`; if not, 404."""
    openid_configuration: bool = False
    """GUESS: whether there is `/.well-known/openid-configuration`, as in UAA 3.9; if not, 404."""
    check_token_by_edgecli: bool = False
    """GUESS: whether the client `edgecli` may use `/check_token`; if not, 403 `access_denied`."""
    get_token_by_get: bool = True
    """GUESS: GET on the token endpoint is served like POST, as in UAA up to 3.2.1; if not, 405."""

    # {org}-{env}.apigee.net (runtime.md section 8)
    flat_not_approved_status: int = 401
    """GUESS: the token endpoint's status for an app, key or developer that is not active; `invalid_client` with it."""
    undecodable_form_status: int = 500
    """GUESS: the status of the form decoding fault; its body is confirmed."""
    unsupported_grant_status: int = 400
    """GUESS: the status of `Unsupported grant type`; its body is confirmed."""
    oauth_over_http: bool = False
    """GUESS: whether the stock proxy, whose bundle names the virtual host `secure` alone, answers plain http too."""
    undecodable_basic_counts_as_absent: bool = False
    """GUESS: whether the token endpoint reads the form where a Basic header does not decode; if not, there is no
    client id."""
    pending_products_listed: bool = False
    """GUESS: whether a token answer lists API products that are not approved for the key."""
    bad_refresh_status: int = 400
    """GUESS: the status of `Invalid Refresh Token` and `Refresh Token expired`; their bodies are confirmed."""
    missing_parameter_status: int = 400
    """GUESS: the status of `Required param : code`, `username` and `password`; their bodies are confirmed."""
    expired_code_status: int = 400
    """GUESS: the status of `Authorization Code Expired`; its cause is confirmed."""
    revoked_refresh_text: str = "Invalid Refresh Token"
    """GUESS: the text for a revoked refresh token; its status is confirmed."""
    wider_scope_status: int = 400
    """GUESS: the status for a refresh that asks for a scope its token lacks; its text is confirmed."""
    wider_scope_error: str = "invalid_request"
    """GUESS: the ErrorCode that goes with it; it is not `invalid_scope`."""
    refresh_narrows_scope: bool = False
    """GUESS: whether a refresh that asks for fewer scopes gets fewer."""
    refresh_kills_access: bool = True
    """GUESS: whether the old access token is unknown after a refresh."""
    reused_refresh_shows_remaining: bool = True
    """GUESS: whether `refresh_token_expires_in` of a refresh token that is used again counts what is left of it; if
    not, it is that of the first time."""
    infinite_expires_in: str = "-1"
    """GUESS: `expires_in` of a token that never expires."""
    implicit_fragment: str = "access_token expires_in scope state"
    """GUESS: the order of the fields in the fragment of an implicit grant; they are percent-encoded."""
    default_access_seconds: int = 3_600
    """GUESS: how long an access token is good whose policy has no ExpiresIn."""
    default_code_seconds: int = 600
    """GUESS: how long an authorization code is good whose policy has no ExpiresIn."""
    invalidate_unknown_status: int = 400
    """GUESS: the status for a token to invalidate that is nobody's."""
    invalidate_unknown_text: str = "Invalid Token"
    """GUESS: the text for it, with `invalid_request`."""
    token_faults: Mapping[str, str] = field(default_factory=lambda: dict(_TOKEN_FAULTS))
    """GUESS: status and error code of each error of OAuthV2 where both GenerateResponse and GenerateErrorResponse are
    off; confirmed for `unknown_client` and `bad_refresh_token`. Some may be set, the others keep their defaults."""
    info_revoked_code: str = "access_token_not_approved"
    """GUESS: what follows `steps.oauth.v2.` where GetOAuthV2Info or SetOAuthV2Info meets a revoked token; 500."""
    delete_info_unknown_status: int = 404
    """GUESS: the status where DeleteOAuthV2Info finds nothing is confirmed, its body is that of GetOAuthV2Info."""
    api_key_not_approved_status: int = 401
    """GUESS: VerifyAPIKey's status for a key, app or developer that is not active; its codes are confirmed."""
    api_key_not_approved_text: str = "API Key is not approved"
    """GUESS: VerifyAPIKey's text for a revoked key."""
    ssl_handshake_text: str = "SSL Handshake failed"
    """GUESS: the text where the TLS handshake with a target failed; its code is confirmed."""
    missing_refresh_text: str = "Required param : refresh_token"
    """GUESS: the text for a missing refresh token."""
    key_not_approved_text: str = "Client Id not Approved"
    """GUESS: no recording shows the text for a revoked key."""
    company_not_active_text: str = "Company Status is not Active"
    """GUESS: no recording shows the text for an inactive company."""
    not_approved_status: int = 401
    """GUESS: VerifyAccessToken's status for a revoked app or key and an inactive developer; its codes are confirmed."""
    key_expired_text: str = "Consumer key has expired"
    """GUESS: no recording shows the text for an expired key."""
    expired_status: int = 401
    """GUESS: VerifyAccessToken's status for an expired token; some recordings show 500."""
    scope_challenge: bool = False
    """GUESS: whether the 403 for a missing scope carries WWW-Authenticate."""
    purge_after_days: int = 3
    """GUESS: "about" 3 days after it expired, Edge forgets a token, which is then unknown rather than expired."""
    tokens_outlive_apps: bool = False
    """GUESS: what is deleted with an app or a key goes "within a few seconds to a few minutes"; here its tokens go at
    once, or, switched on, stay until they have expired. The gateway takes none of them either way."""
    scopes_of_products_alone: bool = True
    """GUESS: an updated token's scopes are "validated at runtime against scopes defined in API product"; read as:
    VerifyAccessToken counts only those that the products of its key define."""
    scope_rule: str = "any"
    """GUESS: whether `any` or `all` of the scopes that VerifyAccessToken lists are required."""
    expired_before_revoked: bool = False
    """GUESS: the order in which VerifyAccessToken looks at a token that is both."""
    grant_type_before_client: bool = True
    """GUESS: the order in which the token endpoint complains of both."""
    full_path_in_resource_fault: bool = True
    """GUESS: whether the older fault for an unlisted resource names the whole path or what follows the base path."""
    root_resource_allows_all: bool = True
    """GUESS: whether the product resource `/` allows every path, as `/**` does, or the base path alone."""
    token_cache_headers: bool = False
    """GUESS: whether a token answer carries Cache-Control and Pragma."""
    xml_faults: bool = True
    """GUESS: whether a fault is XML where `application/xml` is the first type of Accept; if not, it is JSON always."""
    quota_status: str = "era"
    """GUESS: the status of the violation of a Quota or SpikeArrest where the organization's property
    `features.isHTTPStatusTooManyRequestEnabled` does not say: `429`, `500`, or by `era` (500 in `2016`)."""
    quota_unresolved_count: int = 0
    """GUESS: how many calls a Quota allows whose countRef has no value and that has no count."""
    quota_calendar_months: bool = False
    """GUESS: whether a month of a Quota of type `calendar`, `flexi` or `rollingwindow` is one of the calendar, as some
    saw; if not, it has 28 days, as documented."""
    quota_sunday_first: bool = False
    """GUESS: whether "midnight Sunday at the end of the week", when a Quota begins anew, is when Sunday begins; if not,
    it is when Sunday ends."""
    spikearrest_text: str = "newer"
    """GUESS: how SpikeArrest's violation writes the rate: `newer` as `MessageRate{...}`, `older` as `5ps`."""
    spikearrest_burst: bool = False
    """GUESS: whether SpikeArrest lets a burst through after a rest, of as many calls as its newer text calls
    `maxBurstMessageCount`, as some saw; if not, calls keep their distance always, as documented."""
    raise_fault_default_body: bool = True
    """GUESS: whether a RaiseFault that sets no body has the one that names the policy, as a recording of 2019 shows; if
    not, it has none, as documented."""
    raise_fault_code_prefix: str = "steps.raisefault"
    """GUESS: what stands before `UnresolvedVariable` and `VariableOfNonMsgType` in the error codes of RaiseFault."""
    unmatched_flow_echo: bool = True
    """GUESS: a proxy without target echoes what no flow answers, with 200; if not, 404 with an empty body."""
    unknown_path_status: int = 404
    """GUESS: the status for a path that login.apigee.com or the management API does not have; the body is empty."""
    mocktarget_text: str = "Hello, Guest!"
    """GUESS: what mocktarget.apigee.net answers at `/`."""
    server_header_2016: str = "Apigee Router"
    """GUESS: the Server header of token answers in the era `2016`; empty leaves it out."""

    # api.enterprise.apigee.com: the others are in `management_guesses.py`
    basic_takes_unusable_accounts: bool = False
    """GUESS: whether Basic takes the password of an account that is locked, unverified, or whose password expired."""

    def __post_init__(self) -> None:
        """Refuse a value that could not be answered with."""
        for name, value in _pairs(self):
            is_error = name.endswith("_status") and name not in _CHOICES and isinstance(value, int)
            if is_error and not _FIRST_ERROR <= value <= _LAST_ERROR:
                msg = f"The guess {name!r} takes a status from {_FIRST_ERROR} to {_LAST_ERROR}, not {value!r}."
                raise ConfigurationError(msg)
            if isinstance(value, Mapping):
                object.__setattr__(self, name, _table(name, value))
            if isinstance(value, str) and not (value.isascii() and (value.isprintable() or not value)):
                msg = f"The guess {name!r} takes printable ASCII text, not {value!r}."
                raise ConfigurationError(msg)
            if name in _CHOICES and value not in _CHOICES[name]:
                raise _not_a_choice(name, value)
            if name in _PATTERNS and not _PATTERNS[name].fullmatch(value):
                msg = f"The guess {name!r} takes {_MEANT[name]}, not {value!r}."
                raise ConfigurationError(msg)
            if name in _COUNTS and not 0 <= value <= _COUNTS[name]:
                msg = f"The guess {name!r} takes a number from 0 to {_COUNTS[name]}, not {value!r}."
                raise ConfigurationError(msg)

    @classmethod
    def of(cls, switches: object) -> Self:
        """Return the defaults with some switches set.

        Raises:
            ConfigurationError: There is no such switch, or the value is not of its type.
        """
        if not isinstance(switches, Mapping):
            msg = f"guesses takes a dict of switches, not {switches!r}."
            raise ConfigurationError(msg)
        known = {switch.name: switch for switch in dataclasses.fields(cls)}
        for name, value in switches.items():
            if name not in known:
                msg = f"Unknown guess {name!r}. Allowed: {listed(known)}.{nearest(str(name), known)}"
                raise ConfigurationError(msg)
            wanted = dict if name in _TABLES else type(known[name].default)
            if name in _CHOICES and value not in _CHOICES[name]:
                raise _not_a_choice(name, value)
            if type(value) is not wanted:
                msg = f"The guess {name!r} takes a value of type {wanted.__name__}, not {value!r}."
                raise ConfigurationError(msg)
        return cls(**switches)


def _pairs(guesses: Guesses) -> list[tuple[str, Any]]:
    return [(switch.name, getattr(guesses, switch.name)) for switch in dataclasses.fields(guesses)]


def _not_a_choice(name: str, value: object) -> ConfigurationError:
    return ConfigurationError(f"The guess {name!r} takes one of {listed(map(repr, _CHOICES[name]))}, not {value!r}.")


def _table(name: str, given: Mapping[str, Any]) -> dict[str, str]:
    defaults, pattern, meant = _TABLES[name]
    for row, text in given.items():
        if row not in defaults:
            msg = f"Unknown row {row!r} of the guess {name!r}. Allowed: {listed(defaults)}."
            raise ConfigurationError(f"{msg}{nearest(str(row), defaults)}")
        if not isinstance(text, str) or not pattern.fullmatch(text):
            msg = f"The guess {name!r} takes {meant}, as {defaults[row]!r}, not {text!r}."
            raise ConfigurationError(msg)
    return {**defaults, **given}
