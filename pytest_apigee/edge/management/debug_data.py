"""What a call left behind in a debug session, as JSON and as XML.

Source: debug-sessions.yaml for the JSON of a point with properties. Clients of Edge that are public code, for the
fields of messages and variable accesses in JSON, for all elements of the XML but the outermost, and for their order.

GUESS: the outermost element; in JSON, that fields are in the order of the alphabet, as in the sample, and that a status
is text; in XML, that `Content` stands before the other parts of a message, and that nothing is indented. GUESS: a
message without a body has no content, as has a request before its body is read.
"""

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape

from pytest_apigee.edge.clock import moment_at
from pytest_apigee.edge.debugging import Access, AccessKind, MessageKind, MessageSnapshot, Point, Recording
from pytest_apigee.edge.jackson import Json

_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_ATTRIBUTE = {'"': "&quot;", "\n": "&#xA;", "\r": "&#xD;", "\t": "&#x9;"}
_Fields = tuple[tuple[str, str], ...]


def as_json(recording: Recording) -> Json:
    """Return what a call left behind, for JSON."""
    return {
        "completed": recording.is_completed,
        "point": [{"id": point.id, "results": list(_results(point))} for point in recording.points],
    }


def as_xml(recording: Recording) -> bytes:
    """Return what a call left behind, as XML."""
    completed = "true" if recording.is_completed else "false"
    points = "".join(_element("Point", "".join(_point_parts(point)), id=point.id) for point in recording.points)
    body = f"{_DECLARATION}<DebugSession><Completed>{completed}</Completed>{points}</DebugSession>"
    return body.encode()


def _time(at_ms: int) -> str:
    moment = moment_at(at_ms)
    return f"{moment:%d-%m-%y %H:%M:%S}:{moment.microsecond // 1000:03d}"


def _parts(message: MessageSnapshot) -> _Fields:
    """Return what a message is made of beside its headers, by the names in JSON."""
    if message.kind is MessageKind.REQUEST:
        return (("uRI", message.uri), ("verb", message.verb))
    return (("reasonPhrase", message.reason), ("statusCode", message.status))


def _results(point: Point) -> Iterable[Json]:
    if point.properties:
        properties = {"property": _named(point.properties)}
        yield {"ActionResult": "DebugInfo", "properties": properties, "timestamp": _time(point.at_ms)}
    if point.message is not None:
        message = point.message
        content = {"content": message.content} if message.content else {}
        headers = {"headers": _named(message.headers)}
        yield {"ActionResult": message.kind.value, **content, **headers, **dict(_parts(message))}
    if point.accesses:
        yield {"ActionResult": "VariableAccess", "accessList": [_access(access) for access in point.accesses]}


def _named(pairs: _Fields) -> list[Json]:
    return [{"name": name, "value": value} for name, value in pairs]


def _access(access: Access) -> Json:
    fields: dict[str, Json] = {"name": access.name}
    if access.kind is not AccessKind.GET:
        fields["success"] = True
    if access.value is not None:
        fields["value"] = access.value
    return {access.kind.value: fields}


def _point_parts(point: Point) -> Iterable[str]:
    if point.properties:
        properties = "".join(_element("Property", _text(value), name=name) for name, value in point.properties)
        timestamp = _element("Timestamp", _time(point.at_ms))
        yield _element("DebugInfo", timestamp + _element("Properties", properties))
    if point.message is not None:
        yield _message_element(point.message)
    if point.accesses:
        yield _element("VariableAccess", "".join(_access_element(access) for access in point.accesses))


def _message_element(message: MessageSnapshot) -> str:
    content = _element("Content", _text(message.content)) if message.content else ""
    headers = _element(
        "Headers", "".join(_element("Header", _text(value), name=name) for name, value in message.headers)
    )
    parts = "".join(_element(name[0].upper() + name[1:], _text(value)) for name, value in _parts(message))
    return _element(message.kind.value, f"{content}{headers}{parts}")


def _access_element(access: Access) -> str:
    attributes = {"name": access.name}
    if access.kind is not AccessKind.GET:
        attributes["success"] = "true"
    if access.value is not None:
        attributes["value"] = access.value
    return _element(access.kind.value, "", **attributes)


def _element(tag: str, inner: str, **attributes: str) -> str:
    written = "".join(f' {name}="{_text(value, _IN_ATTRIBUTE)}"' for name, value in attributes.items())
    return f"<{tag}{written}>{inner}</{tag}>" if inner else f"<{tag}{written}/>"


def _text(value: str, entities: dict[str, str] | None = None) -> str:
    return escape(_UNFIT.sub("?", value), entities or {})
