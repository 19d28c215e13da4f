"""JSON in the layouts that Edge's Java writers give it."""

import re
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring

_ESCAPED = re.compile(r'["\\\x00-\x1f]')
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}

Json = bool | int | str | Sequence["Json"] | Mapping[str, "Json"] | None


def pretty(value: Json) -> bytes:
    """Write a value as Jackson's default pretty printer does.

    Two blanks for each object level, a blank on both sides of a colon, arrays on one line, no newline at the end.

    Source: management.md section 2, proven by byte count; runtime.md 2.3.
    """
    return _pretty(value, "").encode("utf-8", "replace")


def compact(value: Json) -> bytes:
    """Write a value without any blanks.

    Source: sso.md 2.1, runtime.md 5.1.
    """
    return _compact(value).encode("utf-8", "replace")


def quoted(text: str) -> str:
    """Return a JSON string, escaped where JSON demands it and nowhere else."""
    written = encode_basestring(text)  # as here, but for the letter case of escapes by number
    return f'"{_ESCAPED.sub(_escape, text)}"' if "\\u" in written else written


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return _SHORT_ESCAPES.get(character) or f"\\u{ord(character):04X}"


def _scalar(value: object) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pretty(value: Json, indent: str) -> str:
    match value:
        case str():
            return quoted(value)
        case dict() | Mapping():
            inner = indent + "  "
            lines = [f"{inner}{quoted(name)} : {_pretty(member, inner)}" for name, member in value.items()]
            return "{\n" + ",\n".join(lines) + f"\n{indent}}}" if lines else "{ }"
        case list() | tuple():
            return f"[ {', '.join(_pretty(member, indent) for member in value)} ]" if value else "[ ]"
        case _:
            return _scalar(value)


def _compact(value: Json) -> str:
    match value:
        case str():
            return quoted(value)
        case dict() | Mapping():
            return "{" + ",".join(f"{quoted(name)}:{_compact(member)}" for name, member in value.items()) + "}"
        case list() | tuple():
            return f"[{','.join(map(_compact, value))}]"
        case _:
            return _scalar(value)
