"""The public names. `pytest_apigee` itself imports this module when the first of them is asked for."""

from pytest_apigee.edge.catalog import AuthorizationServer, Proxy
from pytest_apigee.edge.clock import Clock
from pytest_apigee.edge.faults import Fault, Faults
from pytest_apigee.edge.gateway.target import TargetFailure
from pytest_apigee.edge.journal import Calls, Exchange
from pytest_apigee.edge.message import ConnectionFailure, Request, Response
from pytest_apigee.edge.records import App
from pytest_apigee.edge.sso.clients import SsoClient
from pytest_apigee.edge.sso.flaws import Flaw
from pytest_apigee.edge.users import User, UserStatus
from pytest_apigee.edge.zones import Zone
from pytest_apigee.errors import ApigeeError, Complaint, ConfigurationError, FencedHostError
from pytest_apigee.factories import ApiKeyFactory, SsoTokenFactory, TokenFactory
from pytest_apigee.fake import FakeEdge
from pytest_apigee.hand_opened import fake_edge
from pytest_apigee.home import CachedState, Home
from pytest_apigee.protocol import Edge
from pytest_apigee.serving import EdgeServer
from pytest_apigee.tokens import ApiKey, Token

__all__ = [
    "ApiKey",
    "ApiKeyFactory",
    "ApigeeError",
    "App",
    "AuthorizationServer",
    "CachedState",
    "Calls",
    "Clock",
    "Complaint",
    "ConfigurationError",
    "ConnectionFailure",
    "Edge",
    "EdgeServer",
    "Exchange",
    "FakeEdge",
    "Fault",
    "Faults",
    "FencedHostError",
    "Flaw",
    "Home",
    "Proxy",
    "Request",
    "Response",
    "SsoClient",
    "SsoTokenFactory",
    "TargetFailure",
    "Token",
    "TokenFactory",
    "User",
    "UserStatus",
    "Zone",
    "fake_edge",
]
