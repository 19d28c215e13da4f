"""Edge's policies and flows, to build API proxies of: ``apigee.proxy("/weather", endpoint=ProxyEndpoint(...))``.

Settings have the names of the elements of Edge's policies, in snake case, and their defaults. docs/policies.md lists
them all.
"""

from pytest_apigee.edge.gateway.context import FlowContext
from pytest_apigee.edge.gateway.faults import PolicyFault, RaisedFault
from pytest_apigee.edge.gateway.flow import FaultRule, Flow, ProxyEndpoint, Step, TargetEndpoint
from pytest_apigee.edge.gateway.message_edits import Add, AssignVariable, Copy, Payload, Remove, Set
from pytest_apigee.edge.gateway.policies.assign_message import AssignMessage
from pytest_apigee.edge.gateway.policies.authorization import (
    GenerateAccessTokenImplicitGrant,
    GenerateAuthorizationCode,
)
from pytest_apigee.edge.gateway.policies.basic_authentication import BasicAuthentication
from pytest_apigee.edge.gateway.policies.generate_access_token import GenerateAccessToken
from pytest_apigee.edge.gateway.policies.oauth_v2 import NEVER, Attribute
from pytest_apigee.edge.gateway.policies.oauth_v2_info import DeleteOAuthV2Info, GetOAuthV2Info, SetOAuthV2Info
from pytest_apigee.edge.gateway.policies.quota import Quota
from pytest_apigee.edge.gateway.policies.raise_fault import FaultResponse, RaiseFault
from pytest_apigee.edge.gateway.policies.refresh_access_token import RefreshAccessToken
from pytest_apigee.edge.gateway.policies.spike_arrest import SpikeArrest
from pytest_apigee.edge.gateway.policies.token_status import InvalidateToken, TokenReference, ValidateToken
from pytest_apigee.edge.gateway.policies.verify_access_token import VerifyAccessToken
from pytest_apigee.edge.gateway.policies.verify_api_key import VerifyAPIKey
from pytest_apigee.edge.gateway.policy import Policy
from pytest_apigee.edge.refusal import Refusal

__all__ = [
    "NEVER",
    "Add",
    "AssignMessage",
    "AssignVariable",
    "Attribute",
    "BasicAuthentication",
    "Copy",
    "DeleteOAuthV2Info",
    "FaultResponse",
    "FaultRule",
    "Flow",
    "FlowContext",
    "GenerateAccessToken",
    "GenerateAccessTokenImplicitGrant",
    "GenerateAuthorizationCode",
    "GetOAuthV2Info",
    "InvalidateToken",
    "Payload",
    "Policy",
    "PolicyFault",
    "ProxyEndpoint",
    "Quota",
    "RaiseFault",
    "RaisedFault",
    "RefreshAccessToken",
    "Refusal",
    "Remove",
    "Set",
    "SetOAuthV2Info",
    "SpikeArrest",
    "Step",
    "TargetEndpoint",
    "TokenReference",
    "ValidateToken",
    "VerifyAPIKey",
    "VerifyAccessToken",
]
