"""The parts of a message as flow variables name them: `verb`, `header.accept`, `queryparam.apikey`, `status.code` ...

`read` gives a part, `changed` a message with that part changed. Rules of this file:

* Whatever a client sent and whatever a policy sets, nothing here raises, and every message that comes out is fit for
  the wire where it was before.
* Names of headers fold case, all others do not.
* A form is read from the body and written back to it.

Source: the variables reference of Edge's documentation; its antipattern "Access multi-value HTTP headers incorrectly":
a comma in a header separates values, of which `header.accept` is the first. GUESS: also in dates and in quotes.
GUESS: what cannot be sent is left out or becomes a blank, and to set what cannot be (a status that is none, a verb with
blanks) changes nothing.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from urllib.parse import quote, quote_plus, urlencode

from pytest_apigee.edge.message import Request, Response, header_safe

Value = str | int | bool | None
Message = Request | Response
Pairs = Sequence[tuple[str, str]]
FORM_TYPE = "application/x-www-form-urlencoded"
HEADER, QUERY_PARAM, FORM_PARAM = "header", "queryparam", "formparam"
KINDS = (HEADER, QUERY_PARAM, FORM_PARAM)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NUMBERED = re.compile(r"(?P<name>.+)\.0*(?P<number>[1-9][0-9]{0,5})", re.DOTALL)
_REQUEST_PARTS: Mapping[str, Callable[[Request], str]] = {
    "verb": lambda message: message.method,
    "path": lambda message: message.path,
    "querystring": lambda message: message.query_string,
    "uri": lambda message: f"{message.path}?{message.query_string}" if message.query_string else message.path,
    "url": lambda message: message.url,
    "formstring": lambda message: message.text if message.has_form else "",
}
_STATUS = re.compile(r"[2-5][0-9]{2}")
_UNQUOTED_IN_PATH = "/%:@!$&'()*+,;="
_UNQUOTED_IN_QUERY = _UNQUOTED_IN_PATH + "?"


def read(message: Message, part: str) -> Value:
    """Return a part of a message, or None where it has none."""
    head, _, rest = part.partition(".")
    if head in KINDS and rest:
        return _named(message, head, rest)
    if head.removesuffix("s") in KINDS:
        return _summary(pairs_of(message, head.removesuffix("s")), rest)
    if part == "content":
        return message.text
    if part == "version":
        return "1.1"
    return _of_request(message, part) if isinstance(message, Request) else _of_response(message, part)


def changed(message: Message, part: str, value: Value) -> Message | None:
    """Return a message with a part changed, or removed where the value is None; None where there is no such part."""
    kind, _, name = part.partition(".")
    text = _written(value)
    if kind in KINDS and name:
        return _with_named(message, kind, name, text)
    if part == "content":
        return with_body(message, text or "")
    if isinstance(message, Response):
        return _changed_response(message, part, text)
    return _changed_request(message, part, text or "")


def is_token(text: str) -> bool:
    """Return whether HTTP takes a text for the name of a header, or for a verb."""
    return _TOKEN.fullmatch(text) is not None


def numbered(name: str) -> tuple[str, int] | None:
    """Return the name and the number, from 1 on, of `id.2`; None for a name without number."""
    match = _NUMBERED.fullmatch(name)
    return None if match is None else (match["name"], int(match["number"]))


def pairs_of(message: Message, kind: str) -> Pairs:
    """Return the names and values of a kind as they were sent; a response has no parameters."""
    if kind == HEADER:
        return tuple(message.headers)
    if isinstance(message, Response):
        return ()
    return tuple(message.query if kind == QUERY_PARAM else message.form)


def values_of(message: Message, kind: str, name: str) -> list[str]:
    """Return the values under a name as variables count them: commas separate those of headers."""
    values = [value for key, value in pairs_of(message, kind) if same_name(kind, key, name)]
    return values if kind != HEADER else [part for value in values for part in _separated(value)]


def same_name(kind: str, one: str, other: str) -> bool:
    """Return whether two names of a kind are one."""
    return one.lower() == other.lower() if kind == HEADER else one == other


def with_pairs(message: Message, kind: str, pairs: Pairs) -> Message:
    """Return a message with these headers or parameters instead of its own; a response has no parameters."""
    if isinstance(message, Response):
        fit = tuple((name, header_safe(value)) for name, value in pairs if is_token(name))
        return message.with_headers(fit) if kind == HEADER else message
    if kind == HEADER:
        return message.with_headers(pairs)
    if tuple(pairs) == pairs_of(message, kind):
        return message
    return _with_query_params(message, pairs) if kind == QUERY_PARAM else _with_form(message, pairs)


def with_values(message: Message, kind: str, name: str, values: Iterable[str]) -> Message:
    """Return a message with these values under a name, where the first one was; without any, the name is gone."""
    pairs = pairs_of(message, kind)
    fit = [(name, header_safe(value) if kind == HEADER else value) for value in values]
    first = next((place for place, (key, _) in enumerate(pairs) if same_name(kind, key, name)), len(pairs))
    after = [pair for pair in pairs[first:] if not same_name(kind, pair[0], name)]
    return with_pairs(message, kind, [*pairs[:first], *fit, *after])


def with_value_added(message: Message, kind: str, name: str, value: str) -> Message:
    """Return a message with one value more under a name, after all others."""
    fit = header_safe(value) if kind == HEADER else value
    return with_pairs(message, kind, [*pairs_of(message, kind), (name, fit)])


def with_body(message: Message, body: str | bytes) -> Message:
    """Return a message with another body; a Content-Length that it carries goes with it."""
    if isinstance(message, Request):
        other: Message = Request(method=message.method, url=message.url, headers=message.headers, body=body)
    else:
        other = message.with_body(body)
    if "Content-Length" not in message.headers:
        return other
    return with_values(other, HEADER, "Content-Length", [str(len(other.body))])


def with_status(message: Response, status: str) -> Response:
    """Return a response with another status and its reason phrase; as it is, where that is no final status."""
    return message.with_status(int(status)) if _STATUS.fullmatch(status) else message


def with_reason(message: Response, reason: str | None) -> Response:
    """Return a response with another reason phrase, or with the one of its status."""
    return message.with_status(message.status, None if reason is None else header_safe(reason))


def with_verb(message: Request, verb: str) -> Request:
    """Return a request with another verb; as it is, where that is none."""
    if not is_token(verb):
        return message
    return Request(method=verb, url=message.url, headers=message.headers, body=message.body)


def with_path(message: Request, path: str) -> Request:
    """Return a request for another path of the same host, percent-encoded where it has to be."""
    return _with_target(message, path, message.query_string)


def _changed_response(message: Response, part: str, text: str | None) -> Message | None:
    if part == "status.code":
        return with_status(message, text or "")
    return with_reason(message, text) if part == "reason.phrase" else None


def _changed_request(message: Request, part: str, text: str) -> Message | None:
    path, _, query = text.partition("?")
    match part:
        case "verb":
            return with_verb(message, text)
        case "path":
            return with_path(message, text)
        case "querystring":
            return _with_target(message, message.path, _quoted_query(text))
        case "uri":
            return _with_target(message, path, _quoted_query(query))
        case _:
            return None


def _with_named(message: Message, kind: str, name: str, text: str | None) -> Message | None:
    if (kind == HEADER and not is_token(name)) or (kind != HEADER and isinstance(message, Response)):
        return None
    return with_values(message, kind, name, () if text is None else (text,))


def _separated(value: str) -> list[str]:
    return [part.strip() for part in value.split(",")] if "," in value else [value]


def _with_query_params(message: Request, pairs: Pairs) -> Request:
    return _with_query(message, urlencode(pairs, quote_via=quote_plus, errors="replace"))


def _with_form(message: Request, pairs: Pairs) -> Message:
    typed = with_values(message, HEADER, "Content-Type", [FORM_TYPE])
    return with_body(typed, urlencode(pairs, quote_via=quote_plus, errors="replace"))


def _with_query(message: Request, query: str) -> Request:
    base = message.url.partition("#")[0].partition("?")[0]
    return message.with_url(f"{base}?{query}" if query else base)


def _with_target(message: Request, path: str, query: str) -> Request:
    quoted = quote(path, safe=_UNQUOTED_IN_PATH, errors="replace")
    slashed = quoted if quoted.startswith("/") else f"/{quoted}"
    return _with_query(message.with_url(f"{message.origin}{slashed}"), query)


def _quoted_query(text: str) -> str:
    return quote(text, safe=_UNQUOTED_IN_QUERY, errors="replace")


def _of_request(message: Request, part: str) -> Value:
    reader = _REQUEST_PARTS.get(part)
    return None if reader is None else reader(message)


def _of_response(message: Response, part: str) -> Value:
    if part == "status.code":
        return message.status
    return message.reason if part == "reason.phrase" else None


def _named(message: Message, kind: str, name: str) -> Value:
    values = values_of(message, kind, name)
    if values:
        return values[0]
    which = numbered(name)
    if which is not None:
        counted, number = values_of(message, kind, which[0]), which[1]
        return counted[number - 1] if number <= len(counted) else None
    base, _, last = name.rpartition(".")
    if last == "values" and base:
        return _java_list(values_of(message, kind, base))
    return _of_values(message, kind, base.removesuffix(".values"), last) if base.endswith(".values") else None


def _of_values(message: Message, kind: str, name: str, what: str) -> Value:
    if what == "count":
        return len(values_of(message, kind, name))
    if what != "string" or kind != HEADER:
        return None
    lines = [value for key, value in pairs_of(message, kind) if same_name(kind, key, name)]
    return ",".join(lines) if lines else None


def _summary(pairs: Pairs, what: str) -> Value:
    names = tuple(dict.fromkeys(name for name, _ in pairs))
    if what == "count":
        return len(pairs)
    return _java_list(names) if what == "names" else None


def _java_list(values: Sequence[str]) -> str:
    return f"[{', '.join(values)}]"


def _written(value: Value) -> str | None:
    """Return a value as Java writes it; numbers too long for Python to write become a question mark."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return str(value)
    except ValueError:
        return "?"
