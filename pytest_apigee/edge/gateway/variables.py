"""Flow variables: what conditions, templates and `ref` settings read, and what policies leave behind.

Some are the messages themselves (`request.verb`, `response.header.etag`): to set one changes the message. Some describe
the call (`proxy.pathsuffix`). All others are what policies set. A name that stands for nothing reads as None.

Source: the variables reference of Edge's documentation.
"""

from typing import TYPE_CHECKING

from pytest_apigee.edge.gateway import message_variables
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_apigee.edge.gateway.context import FlowContext

Value = str | int | bool | None
_REQUEST, _RESPONSE, _ERROR, _MESSAGE = "request", "response", "error", "message"


class FlowVariables:
    """The flow variables of one call."""

    __slots__ = ("_context", "_unread", "_values")

    def __init__(self, context: "FlowContext") -> None:
        self._context = context
        self._values: dict[str, Value] = {}
        self._unread: list[Callable[[], Mapping[str, Value]]] = []

    def get(self, name: str) -> Value:
        """Return the value of a variable, or None where there is none."""
        head, rest = self._split(name)
        message = self.message_named(head)
        if message is not None and rest:
            value = message_variables.read(message, rest)
            if value is not None:
                return value
        describe = _DESCRIBED.get(name)
        if describe is None:
            self._read()
            return self._values.get(name)
        return self._values[name] if name in self._values else describe(self._context)

    def text(self, name: str) -> str | None:
        """Return the value of a variable as templates write it, or None where there is none."""
        value = self.get(name)
        return value if value is None else written(value)

    def set(self, name: str, value: Value) -> None:
        """Set a variable; one that is part of a message changes the message. None removes it.

        Raises:
            ConfigurationError: The value is nothing that a variable holds.
        """
        _check(name, value)
        self._read()
        head, rest = self._split(name)
        message = self.message_named(head)
        changed = None if message is None or not rest else message_variables.changed(message, rest, value)
        if changed is not None:
            self.set_message(head, changed)
        elif value is None:
            self._values.pop(name, None)
        else:
            self._values[name] = value

    def update(self, values: "Mapping[str, Value]") -> None:
        """Set several variables that are no part of a message; those without a value stay as they are.

        Raises:
            ConfigurationError: A value is nothing that a variable holds.
        """
        self._read()
        for name, value in values.items():
            _check(name, value)
            if value is not None:
                self._values[name] = value

    def update_when_read(self, values: "Callable[[], Mapping[str, Value]]") -> None:
        """Set several variables that are no part of a message, and work them out when any variable is asked for.

        Args:
            values: Returns them; what it looks at must not change in the meantime, and none is one that describes the
                call.
        """
        self._unread.append(values)

    def _read(self) -> None:
        while self._unread:
            values = self._unread.pop(0)()
            self._values.update((name, value) for name, value in values.items() if value is not None)

    def _split(self, name: str) -> tuple[str, str]:
        """Return the name of a message and of its part; names of messages that policies made may hold dots."""
        head, _, rest = name.partition(".")
        if not self._context.messages:
            return head, rest
        own = [known for known in self._context.messages if name.startswith(f"{known}.")]
        if own:
            head = max(own, key=len)
            rest = name[len(head) + 1 :]
        return head, rest

    def message_named(self, name: str) -> Request | Response | None:
        """Return the message that a variable stands for, or None."""
        context = self._context
        if name == _REQUEST:
            return context.request
        if name == _RESPONSE or (name == _ERROR and context.has_failed):
            return context.response
        return context.message if name == _MESSAGE else context.messages.get(name)

    def set_message(self, name: str, message: Request | Response) -> None:
        """Let a variable stand for a message."""
        context = self._context
        if name == _MESSAGE:
            name = _REQUEST if isinstance(context.message, Request) else _RESPONSE
        if name == _REQUEST and isinstance(message, Request):
            context.request = message
        elif name in (_RESPONSE, _ERROR) and isinstance(message, Response):
            context.response = message
        elif name not in (_REQUEST, _RESPONSE, _ERROR):
            context.messages[name] = message


def written(value: str | int | bool) -> str:  # noqa: FBT001 - any value of a variable
    """Return a value as text, as Java writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check(name: str, value: object) -> None:
    if value is not None and not isinstance(value, str | int):
        msg = f"The flow variable {name!r} takes text, a whole number, True, False or None, not {type(value).__name__}."
        raise ConfigurationError(msg)


_DESCRIBED: "Mapping[str, Callable[[FlowContext], Value]]" = {
    "proxy.pathsuffix": lambda context: context.path_suffix,
    "proxy.basepath": lambda context: context.proxy.base_path,
    "proxy.url": lambda context: context.request.url,
    "proxy.name": lambda _: "default",
    "virtualhost.name": lambda context: context.virtual_host,
    "apiproxy.name": lambda context: context.proxy.name,
    "apiproxy.revision": lambda _: "1",
    "organization.name": lambda context: context.organization.name,
    "environment.name": lambda context: context.environment,
    "client.scheme": lambda context: context.request.scheme,
    "client.ip": lambda _: "127.0.0.1",
    "current.flow.name": lambda context: context.flow_name,
    "system.timestamp": lambda context: context.state.clock.now_ms,
    "is.error": lambda context: context.has_failed,
    "fault.name": lambda context: context.fault_name,
    "error.state": lambda context: context.stage if context.has_failed else None,
    "error.message": lambda context: context.error_message,
}
