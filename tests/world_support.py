"""Asks an Edge what a world declared."""

import base64

import pytest

from pytest_apigee.edge.message import Request
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.fake import FakeEdge


def basic(user, password):
    """Return the header that names a user or a client."""
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def managed(edge, path):
    """Return the answer of the management API for what lies below the default organization, to an administrator."""
    user = edge.default_user
    url = f"{edge.management_url}/v1/organizations/{edge.org}/{path}"
    return edge.handle(Request(url=url, headers=basic(user.email, user.password)))


def token_answer(edge, key, secret):
    """Return what an app gets that asks for a token."""
    return edge.handle(Request(method="POST", url=edge.token_url, headers=basic(key, secret)))


def message_of(world, **settings):
    """Return why a world is refused."""
    with pytest.raises(ConfigurationError) as raised:
        FakeEdge(world, **settings)
    return str(raised.value)
