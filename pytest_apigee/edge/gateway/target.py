"""Targets: the backends behind API proxies.

A target's path is what follows the proxy's base path, as on Edge; its host is `{proxy}.target.invalid`.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pytest_apigee.edge.message import Request, Response
from pytest_apigee.errors import ConfigurationError


class TargetFailure(StrEnum):
    """The ways in which a backend does not answer: give one as `target`, or return it from a target function.

    Source: runtime.md 6.3.
    """

    TIMEOUT = "timeout"
    """504: it did not answer in time."""
    UNEXPECTED_EOF = "unexpected_eof"
    """502: it closed the connection."""
    UNAVAILABLE = "unavailable"
    """503: it refused the connection."""
    NO_ACTIVE_TARGETS = "no_active_targets"
    """503: no server of its load balancer is up."""
    SSL_HANDSHAKE = "ssl_handshake"
    """503: TLS could not be agreed on."""


class Target(Protocol):
    """A backend."""

    def answer(self, request: Request) -> Response | TargetFailure:
        """Answer one request that the proxy let through."""
        ...


@dataclass(frozen=True, slots=True)
class FixedTarget:
    """Answers every request alike."""

    response: Response | TargetFailure

    def answer(self, request: Request) -> Response | TargetFailure:  # noqa: ARG002 - the same for every request
        """Answer one request."""
        return self.response


@dataclass(frozen=True, slots=True)
class CalledTarget:
    """Answers with what a Python function returns."""

    function: Callable[[Request], object]

    def answer(self, request: Request) -> Response | TargetFailure:
        """Answer one request."""
        answer = self.function(request)
        if answer is None:
            msg = (
                "A target function returned None: return JSON, or a Response; for JSON's null, Response.of_json(None)."
            )
            raise ConfigurationError(msg)
        return response_from(answer)


def target_from(value: object) -> Target:
    """Return the target that a user described: JSON, a `Response`, a failure, or a callable that takes a `Request`.

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


def response_from(value: object) -> Response | TargetFailure:
    """Return a response or a failure as it is, and anything else as JSON.

    Raises:
        ConfigurationError: It is not JSON.
    """
    return value if isinstance(value, Response | TargetFailure) else Response.of_json(value)
