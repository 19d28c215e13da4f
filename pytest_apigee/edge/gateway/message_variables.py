"""The parts of a message as flow variables name them: `verb`, `header.accept`, `queryparam.apikey`, `status.code` ...

`read` gives a part, `changed` a message with that part changed. Both know text alone: a form is read from the body and
written back to it. Source: the variables reference of Edge's documentation.
"""

from collections.abc import Callable, Sequence
from urllib.parse import quote_plus, urlencode

from pytest_apigee.edge.message import FINAL_STATUSES, Request, Response, header_safe

Value = str | int | bool | None
Message = Request | Response
Pairs = Sequence[tuple[str, str]]
FORM_TYPE = "application/x-www-form-urlencoded"


def read(message: Message, part: str) -> Value:
    """Return a part of a message, or None where it has none."""
    head, _, rest = part.partition(".")
    if head in ("header", "queryparam", "formparam") and rest:
        return _named(_pairs_of(message, head), rest, folds_case=head == "header")
    if head in ("headers", "queryparams", "formparams"):
        return _summary(_pairs_of(message, head.removesuffix("s")), rest)
    if part == "content":
        return message.text
    if part == "version":
        return "1.1"
    return _of_request(message, part) if isinstance(message, Request) else _of_response(message, part)


def changed(message: Message, part: str, value: Value) -> Message | None:
    """Return a message with a part changed, or removed where the value is None; None where there is no such part."""
    text = "" if value is None else str(value)
    head, _, rest = part.partition(".")
    if head == "header" and rest:
        return with_header(message, rest, None if value is None else text)
    if part == "content":
        return with_body(message, text)
    if isinstance(message, Response):
        return with_status(message, value) if part == "status.code" else None
    if head in ("queryparam", "formparam") and rest:
        pairs = _replaced(_pairs_of(message, head), rest, None if value is None else text)
        return with_query(message, pairs) if head == "queryparam" else with_form(message, pairs)
    if part == "verb" and text:
        return Request(method=text, url=message.url, headers=message.headers, body=message.body)
    return with_path(message, text) if part == "path" else None


def with_headers(message: Message, pairs: Pairs) -> Message:
    """Return a message with these headers instead of its own; what cannot be sent in one becomes a blank."""
    if isinstance(message, Request):
        return message.with_headers(pairs)
    return message.with_headers(tuple((name, header_safe(value)) for name, value in pairs))


def with_header(message: Message, name: str, value: str | None) -> Message:
    """Return a message with one header set, or removed."""
    return with_headers(message, _replaced(tuple(message.headers), name, value, folds_case=True))


def with_body(message: Message, body: str | bytes) -> Message:
    """Return a message with another body."""
    if isinstance(message, Request):
        return Request(method=message.method, url=message.url, headers=message.headers, body=body)
    return message.with_body(body)


def with_status(message: Response, status: Value) -> Response:
    """Return a response with another status; as it is, where that is none."""
    code = int(status) if str(status).isdecimal() and len(str(status)) == 3 else 0  # noqa: PLR2004 - digits
    return message.with_status(code) if code in FINAL_STATUSES else message


def with_query(message: Request, pairs: Pairs) -> Request:
    """Return a request with these query parameters."""
    base = message.url.partition("#")[0].partition("?")[0]
    query = urlencode(pairs, quote_via=quote_plus, errors="replace")
    return message.with_url(f"{base}?{query}" if query else base)


def with_form(message: Request, pairs: Pairs) -> Request:
    """Return a request whose body is a form with these fields."""
    headers = _replaced(tuple(message.headers), "Content-Type", FORM_TYPE, folds_case=True)
    body = urlencode(pairs, quote_via=quote_plus, errors="replace")
    return Request(method=message.method, url=message.url, headers=headers, body=body)


def with_path(message: Request, path: str) -> Request:
    """Return a request for another path of the same host."""
    query = f"?{message.query_string}" if message.query_string else ""
    slashed = path if path.startswith("/") else f"/{path}"
    return message.with_url(f"{message.origin}{slashed.partition('?')[0].partition('#')[0]}{query}")


def _of_request(message: Request, part: str) -> Value:
    readers: dict[str, Callable[[], str]] = {
        "verb": lambda: message.method,
        "path": lambda: message.path,
        "querystring": lambda: message.query_string,
        "uri": lambda: f"{message.path}?{message.query_string}" if message.query_string else message.path,
        "url": lambda: message.url,
        "formstring": lambda: message.text if message.has_form else "",
    }
    return readers[part]() if part in readers else None


def _of_response(message: Response, part: str) -> Value:
    if part == "status.code":
        return message.status
    return message.reason if part == "reason.phrase" else None


def _pairs_of(message: Message, kind: str) -> Pairs:
    if kind == "header":
        return tuple(message.headers)
    if isinstance(message, Response):
        return ()
    return tuple(message.query if kind == "queryparam" else message.form)


def _named(pairs: Pairs, name: str, *, folds_case: bool) -> Value:
    values = _values(pairs, name, folds_case=folds_case)
    if values:
        return values[0]
    base, _, last = name.rpartition(".")
    if last.isdecimal() and base:
        numbered = _values(pairs, base, folds_case=folds_case)
        return numbered[int(last) - 1] if 0 < int(last[:6]) <= len(numbered) else None
    if last == "values" and base:
        return _java_list(_values(pairs, base, folds_case=folds_case))
    if last == "count" and base.endswith(".values"):
        return len(_values(pairs, base.removesuffix(".values"), folds_case=folds_case))
    return None


def _summary(pairs: Pairs, what: str) -> Value:
    names = tuple(dict.fromkeys(name for name, _ in pairs))
    if what == "count":
        return len(pairs)
    return _java_list(names) if what == "names" else None


def _values(pairs: Pairs, name: str, *, folds_case: bool) -> list[str]:
    wanted = name.lower() if folds_case else name
    return [value for key, value in pairs if (key.lower() if folds_case else key) == wanted]


def _java_list(values: Sequence[str]) -> str:
    return f"[{', '.join(values)}]"


def _replaced(pairs: Pairs, name: str, value: str | None, *, folds_case: bool = False) -> Pairs:
    def is_other(key: str) -> bool:
        return (key.lower() != name.lower()) if folds_case else key != name

    kept = [(key, text) for key, text in pairs if is_other(key)]
    if value is None:
        return kept
    first = next((place for place, (key, _) in enumerate(pairs) if not is_other(key)), len(pairs))
    place = sum(1 for key, _ in pairs[:first] if is_other(key))
    return [*kept[:place], (name, value), *kept[place:]]
