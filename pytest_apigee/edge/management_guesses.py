"""The GUESSES about api.enterprise.apigee.com: switches, and the errors that no source records whole.

Source: management.md section 7 for each switch, section 5 for what is known of each error.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MGMT_ERRORS = {
    "api_exists": "409 messaging.config.beans.ApplicationAlreadyExists APIProxy named {name} already exists",
    "api_deployed": "400 messaging.config.beans.ApplicationDeployed APIProxy named {name} is deployed",
    "api_revision_unknown": "404 messaging.config.beans.ApplicationRevisionDoesNotExist APIProxy revision {name} does "
    "not exist",
    "app_exists": "409 developer.service.AppAlreadyExists App with name {name} already exists",
    "app_id_unknown": "404 developer.service.AppDoesNotExist App with id {name} does not exist",
    "attributes_too_many": "400 keymanagement.service.AttributeLimitExceeded An entity has at most {most} attributes",
    "attribute_unknown": "404 organizations.keymanagement.AttributeDoesntExist Attribute does not exist",
    "base_path_taken": "400 messaging.runtime.ConflictingBasePath Path {name} conflicts with existing deployment path "
    "for revision {revision} of the APIProxy {api} in organization {org}",
    "bundle_part_exists": "409 messaging.config.beans.PartAlreadyExists {name} already exists",
    "cache_exists": "409 messaging.config.beans.CacheAlreadyExists Cache {name} already exists in environment {env}",
    "cache_unknown": "404 messaging.config.beans.CacheDoesNotExist Cache {name} does not exist in environment {env}",
    "company_exists": "409 developer.service.CompanyAlreadyExists Company {name} already exists",
    "company_unknown": "404 developer.service.CompanyDoesNotExist Company {name} does not exist in organization {org}",
    "debug_session_exists": "409 distribution.DebugSessionAlreadyExists DebugSession {name} already exists",
    "debug_session_failed": "500 distribution.CreateDebugSessionFailed Failed to create DebugSession {name}",
    "debug_transaction_unknown": "404 distribution.DebugDataNotFound Data {name} of DebugSession {session} not found",
    "developer_exists": "409 developer.service.DeveloperAlreadyExists Developer {name} already exists",
    "environment_unknown": "404 messaging.config.beans.EnvironmentDoesNotExist Environment {name} does not exist in "
    "organization {org}",
    "field_invalid": "400 keymanagement.service.InvalidField Invalid value for {name}",
    "field_missing": "400 keymanagement.service.RequiredFieldMissing Required field {name} is missing",
    "key_exists": "409 keymanagement.service.ConsumerKeyAlreadyExists ConsumerKey already exists",
    "key_unfit": "400 keymanagement.service.InvalidConsumerKey Invalid {name}",
    "kvm_entry_exists": "409 keyvaluemap.service.KeyValueMapEntryAlreadyExists KeyValueMapEntry {name} already exists "
    "in map {map}",
    "kvm_entry_name_unfit": "400 keyvaluemap.service.keyvaluemap_entry_name_invalid KeyValueMap entry name is invalid",
    "kvm_entry_unknown": "404 keyvaluemap.service.keyvaluemap_entry_doesnt_exist KeyValueMap entry {name} does not "
    "exist",
    "kvm_exists": "409 keyvaluemap.service.keyvaluemap_already_exists KeyValueMap {name} already exists",
    "kvm_name_unfit": "400 keyvaluemap.service.keyvaluemap_name_invalid KeyValueMap name {name} is invalid",
    "kvm_operation_unsupported": "400 keyvaluemap.service.KeyValueMapOperationNotSupported KeyValueMap Operation "
    "{name} is not supported for the organization {org}",
    "kvm_unknown": "404 keyvaluemap.service.keyvaluemap_doesnt_exist KeyValueMap {name} does not exist",
    "member_unknown": "404 developer.service.DeveloperIdDoesNotExist DeveloperId {name} does not exist in organization "
    "{org}",
    "name_unfit": "400 messaging.config.beans.InvalidName Invalid name {name}",
    "not_a_member": "404 developer.service.DeveloperDoesNotExist Developer {name} is not in company {company}",
    "not_deployed": "400 distribution.ApplicationNotDeployed Application {name} is not deployed in environment {env}",
    "number_unfit": "400 keymanagement.service.InvalidField Invalid value for {name}",
    "permission_unknown": "404 usersandroles.ResourcePermissionDoesNotExist UserRole {role} has no such permission on "
    "{name}",
    "policy_unknown": "404 messaging.config.beans.PolicyDoesNotExist Policy {name} does not exist",
    "product_display_name_unfit": "400 keymanagement.service.apiproduct_invalid_displayname Invalid API Product "
    "display name",
    "product_exists": "409 keymanagement.service.apiproduct_already_exists API Product {name} already exists",
    "product_name_unfit": "400 keymanagement.service.apiproduct_name_invalid Invalid API Product name",
    "product_not_on_key": "500 keymanagement.service.APIProductNotAssociated APIProduct is not associated with "
    "consumer key",
    "product_proxy_unknown": "400 keymanagement.service.apiproxy_doesnot_exist APIProxy named {name} does not exist "
    "in organization {org}",
    "product_unbounded": "400 keymanagement.service.ApiProxiesOrResourcesRequired API proxies or API resources are "
    "required",
    "product_unknown": "404 keymanagement.service.apiproduct_doesnot_exist APIProduct {name} does not exist",
    "products_required": "400 keymanagement.service.ApiProductsRequired API products are required",
    "proxy_endpoint_unknown": "404 messaging.config.beans.ProxyEndpointDoesNotExist ProxyEndpoint {name} does not "
    "exist",
    "resource_unknown": "404 messaging.config.beans.ResourceDoesNotExist Resource {name} does not exist",
    "revision_deployed": "400 messaging.config.beans.RevisionDeployed Revision {name} is deployed",
    "revision_not_deployed": "400 distribution.RevisionNotDeployed Revision {name} is not deployed in environment "
    "{env}",
    "role_built_in": "400 usersandroles.BuiltInUserRole UserRole {name} is built in and cannot be changed",
    "role_exists": "409 usersandroles.UserRoleAlreadyExists UserRole {name} already exists",
    "role_in_use": "400 usersandroles.UserRoleInUse UserRole {name} is assigned to users",
    "role_name_unfit": "400 usersandroles.InvalidUserRoleName Invalid UserRole name {name}",
    "role_unknown": "404 usersandroles.UserRoleDoesNotExist UserRole {name} does not exist",
    "search_app_unknown": "400 keymanagement.service.app_id_not_found App id not found",
    "search_limit_unfit": "400 keymanagement.service.InvalidValueForLimitParam Invalid value for limit",
    "search_off": "400 keymanagement.service.UnsupportedOperationRevoke Operation is not supported",
    "search_parameters_missing": "400 keymanagement.service.parameters_missing Parameters are missing",
    "target_server_exists": "409 messaging.config.beans.TargetServerAlreadyExists Target server {name} already exists "
    "in environment {env}",
    "target_server_unknown": "404 messaging.config.beans.TargetServerDoesNotExist Target server {name} does not exist "
    "in environment {env}",
    "token_delete_unknown": "404 keymanagement.service.AccessTokenDoesntExists Access Token doesnot exist",
    "token_get_unknown": "404 keymanagement.service.AccessTokenDoesntExists Access Token doesnt exists",
    "token_refresh_unknown": "404 keymanagement.service.invalid_refresh_token Invalid Refresh Token",
    "token_set_unknown": "404 keymanagement.service.invalid_accesstoken Invalid Access Token",
    "unknown_action": "400 keymanagement.service.InvalidAction Invalid action {name}",
    "unknown_product_of_app": "404 keymanagement.service.apiproduct_doesnot_exist API Product [{name}] does not exist "
    "for tenant [{org}] and id [null]",
    "user_not_in_role": "404 usersandroles.UserDoesNotExistInRole User {name} does not have the role {role}",
    "user_unknown": "404 usersandroles.UserDoesNotExist User {name} does not exist",
    "virtual_host_unknown": "404 messaging.config.beans.VirtualHostDoesNotExist VirtualHost {name} does not exist in "
    "environment {env}",
}
"""Status, code and text of each error of which a part is a guess; words in braces are filled in."""

MGMT_ERROR = re.compile(r"[45]\d\d [A-Za-z][\w.-]*( [ -~]+)?")
CHOICES: dict[str, tuple[str | int, ...]] = {
    "mgmt_debug_session_answer": ("object", "text"),
    "mgmt_refresh_action_status": (204, 200),
    "mgmt_revoke_status": (202, 200),
    "mgmt_search_last_next": ("absent", "empty", "null"),
    "mgmt_token_action_status": (200, 204),
}
COUNTS = {"mgmt_most_attributes": 1_000_000, "mgmt_search_max_limit": 1_000_000}


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagementGuesses:
    """The switches for the management API, each a GUESS."""

    mgmt_unauthorized_body: str = ""
    """GUESS: the body of a 401."""
    mgmt_realm: str = "usergrid"
    """GUESS: the realm in the challenge of a 401."""
    mgmt_forbidden_body: str = ""
    """GUESS: the body of a 403; the status is confirmed."""
    mgmt_unknown_org_status: int = 403
    """GUESS: today 403 whatever is wrong, earlier 404."""
    mgmt_method_not_allowed_body: str = ""
    """GUESS: the body of a 405."""
    mgmt_malformed_body: str = ""
    """GUESS: the body of the 400 for a request whose own body cannot be read."""
    mgmt_unsupported_media_body: str = ""
    """GUESS: the body of a 415."""
    mgmt_created_by: str = "defaultUser"
    """GUESS: who created and last changed what was not created through the management API."""
    mgmt_errors: Mapping[str, str] = field(default_factory=lambda: dict(MGMT_ERRORS))
    """GUESS: status, code and text of each error of the management API of which no source records all three; words in
    braces are filled in. Some may be set, the others keep their defaults."""
    mgmt_debug_session_answer: str = "object"
    """GUESS: what opening and closing a debug session answers: an `object` with its name, which public clients of a
    live Edge insist on, or its name as `text`, as the official file has it."""
    mgmt_page_cap: bool = True
    """GUESS: whether a `count` above the documented maximum is cut down to it; if not, it is taken as it is."""
    mgmt_most_attributes: int = 18
    """GUESS: how many custom attributes a developer, app, API product or company may have, as documented for the public
    cloud, and that one more is refused, which is not."""
    mgmt_name_rules: bool = True
    """GUESS: whether names of apps, API products and companies that the documentation does not allow are refused."""
    mgmt_product_proxies_checked: bool = True
    """GUESS: whether an API product with an API proxy that does not exist is refused, as documented."""
    mgmt_app_family: bool = True
    """GUESS: whether an app shows `appFamily`; older and most recordings do."""
    mgmt_app_access_type: bool = False
    """GUESS: whether an app shows the older `accessType`."""
    mgmt_token_action_status: int = 200
    """GUESS: the status of approving or revoking an access token: 200 with the token, or 204 without a body."""
    mgmt_revoke_status: int = 202
    """GUESS: the status of `oauth2/revoke`; 202 is documented, a live client insists on 200."""
    mgmt_refresh_action_status: int = 204
    """GUESS: the status of approving or revoking a refresh token: 204, or 200 with an empty JSON object."""
    mgmt_search_app_key: str = "app"
    """GUESS: what a search by `app` is called in `meta.query`; confirmed for `endUser`."""
    mgmt_search_last_next: str = "absent"
    """GUESS: what `meta.next` is on the last page of a search: `absent`, `empty` text, or `null`."""
    mgmt_search_max_limit: int = 100
    """GUESS: the largest `limit` of a search."""
    mgmt_token_extra_fields: bool = False
    """GUESS: whether an access token shows `endUser`, `developerId`, `refreshTokenStatus`, `refreshTokenIssuedAt` and
    `refreshTokenExpiresAt`."""
    mgmt_revision_default_xml: bool = False
    """GUESS: whether a single revision is XML where the client does not ask for JSON."""
