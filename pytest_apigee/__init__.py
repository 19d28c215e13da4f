"""Fixtures for testing code that talks to Apigee Edge, without Edge and with it."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_apigee.doors import fake_edge as fake_edge
    from pytest_apigee.edge.catalog import Proxy as Proxy
    from pytest_apigee.edge.message import ConnectionFailure as ConnectionFailure
    from pytest_apigee.edge.message import Request as Request
    from pytest_apigee.edge.message import Response as Response
    from pytest_apigee.edge.organization import App as App
    from pytest_apigee.errors import ApigeeError as ApigeeError
    from pytest_apigee.errors import Complaint as Complaint
    from pytest_apigee.errors import ConfigurationError as ConfigurationError
    from pytest_apigee.errors import FencedHostError as FencedHostError
    from pytest_apigee.factories import Token as Token
    from pytest_apigee.factories import TokenFactory as TokenFactory
    from pytest_apigee.fake import FakeEdge as FakeEdge
    from pytest_apigee.protocol import Edge as Edge

_HOMES = {
    "ApigeeError": "errors",
    "App": "edge.organization",
    "Complaint": "errors",
    "ConfigurationError": "errors",
    "ConnectionFailure": "edge.message",
    "Edge": "protocol",
    "FakeEdge": "fake",
    "FencedHostError": "errors",
    "Proxy": "edge.catalog",
    "Request": "edge.message",
    "Response": "edge.message",
    "Token": "factories",
    "TokenFactory": "factories",
    "fake_edge": "doors",
}

__all__ = [
    "ApigeeError",
    "App",
    "Complaint",
    "ConfigurationError",
    "ConnectionFailure",
    "Edge",
    "FakeEdge",
    "FencedHostError",
    "Proxy",
    "Request",
    "Response",
    "Token",
    "TokenFactory",
    "fake_edge",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for: the plugin is loaded in runs that use none of them."""
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
