"""Targets: the backends behind API proxies.

A target's path is what follows the proxy's base path, as on Edge; its host is `{proxy}.target.invalid`.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pytest_apigee.edge.message import Request, Response
from pytest_apigee.errors import ConfigurationError


class Target(Protocol):
    """A backend."""

    def answer(self, request: Request) -> Response:
        """Answer one request that the proxy let through."""
        ...


@dataclass(frozen=True, slots=True)
class FixedTarget:
    """Answers every request alike."""

    response: Response

    def answer(self, request: Request) -> Response:  # noqa: ARG002 - the same for every request
        """Answer one request."""
        return self.response


@dataclass(frozen=True, slots=True)
class CalledTarget:
    """Answers with what a Python function returns."""

    function: Callable[[Request], object]

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        answer = self.function(request)
        if answer is None:
            msg = (
                "A target function returned None: return JSON, or a Response; for JSON's null, Response.of_json(None)."
            )
            raise ConfigurationError(msg)
        return response_from(answer)


def target_from(value: object) -> Target:
    """Return the target that a user described: JSON, a `Response`, or a callable that takes a `Request`.

    Raises:
        ConfigurationError: It is a URL, or not JSON.
    """
    if isinstance(value, FixedTarget | CalledTarget):
        return value
    if isinstance(value, str) and value.lower().startswith(("http://", "https://")):
        msg = (
            "A target cannot be a URL: the fake forwards to no other host. "
            "Give JSON, a Response, or a callable that takes the Request and returns one of them."
        )
        raise ConfigurationError(msg)
    if inspect.iscoroutinefunction(value):
        msg = "A target function cannot be async: it is called from the client's own thread. Write it with 'def'."
        raise ConfigurationError(msg)
    if callable(value):
        return CalledTarget(value)
    return FixedTarget(response_from(value))


def response_from(value: object) -> Response:
    """Return a response as it is, and anything else as JSON.

    Raises:
        ConfigurationError: It is not JSON.
    """
    return value if isinstance(value, Response) else Response.of_json(value)
