"""What AssignMessage and RaiseFault do to a message: they copy, remove, add and set its parts, and assign variables.

Source: "AssignMessage policy", its runtime and deployment errors, and "RaiseFault policy" of Apigee's documentation.
GUESS: parameters are changed under any verb; Edge's pages name some verbs, and not always the same ones.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Protocol

from pytest_apigee.edge import checks
from pytest_apigee.edge.gateway import message_variables as parts
from pytest_apigee.edge.gateway import templates
from pytest_apigee.edge.gateway.message_variables import FORM_PARAM, HEADER, QUERY_PARAM, Message
from pytest_apigee.edge.gateway.templates import Draft
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.errors import ConfigurationError

ALL = "*"
"""All headers or parameters: an element without children, as `<Headers/>`."""

ORDER = ("assign_variables", "copy", "remove", "add", "set")
Names = Sequence[str] | str
_SETTINGS = {HEADER: "headers", QUERY_PARAM: "query_params", FORM_PARAM: "form_params"}
_BAD_INDEX = re.compile(r".*\.(-[0-9]+|0+)", re.DOTALL)
_STATUS = re.compile(r"[2-5][0-9]{2}")
_WHOLE = ("payload", "version", "verb", "path", "status_code", "reason_phrase")


class Edits(Protocol):
    """What holds the edits of a message, and the order in which they are done."""

    @property
    def copy(self) -> "Copy | None": ...  # noqa: D102 - the settings say it
    @property
    def remove(self) -> "Remove | None": ...  # noqa: D102 - the settings say it
    @property
    def add(self) -> "Add | None": ...  # noqa: D102 - the settings say it
    @property
    def set(self) -> "Set | None": ...  # noqa: D102 - the settings say it
    @property
    def assign_variables(self) -> Sequence["AssignVariable"]: ...  # noqa: D102 - the settings say it
    @property
    def order(self) -> Sequence[str]: ...  # noqa: D102 - the settings say it


@dataclass(frozen=True, slots=True)
class Payload:
    """A body.

    Args:
        text: A template.
        content_type: The Content-Type that goes with it, a template too; empty leaves it as it is.
        variable_prefix: What stands before a variable in the text: one character, for texts full of braces.
        variable_suffix: What stands after it: another character.
    """

    text: str
    _: KW_ONLY
    content_type: str = ""
    variable_prefix: str = templates.PREFIX
    variable_suffix: str = templates.SUFFIX

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        for what in ("variable_prefix", "variable_suffix"):
            _check_delimiter(f"{what} of a Payload", getattr(self, what))
        if self.variable_prefix == self.variable_suffix:
            msg = f"A Payload needs two delimiters that differ, as '@' and '#', not {self.variable_prefix!r} twice."
            raise ConfigurationError(msg)
        checks.string("The text of a Payload", self.text)
        templates.check("The text of a Payload", self.text, prefix=self.variable_prefix, suffix=self.variable_suffix)
        _check_template("content_type of a Payload", self.content_type)

    def apply(self, draft: Draft) -> None:
        """Give the body to a message."""
        text = draft.filled(self.text, prefix=self.variable_prefix, suffix=self.variable_suffix)
        draft.become(parts.with_body(draft.message, text))
        if self.content_type:
            kind = draft.filled(self.content_type)
            draft.become(parts.with_values(draft.message, HEADER, "Content-Type", [kind]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Set:
    """Sets parts of a message, whatever they were. All values are templates.

    Args:
        headers: Headers by name.
        query_params: Query parameters by name; of a request.
        form_params: Form parameters by name; of a request, whose body becomes a form.
        payload: The body: a `Payload`, or its text.
        verb: The verb; of a request.
        path: The path; of a request.
        version: The HTTP version. Nothing looks at it here, and `request.version` stays `1.1`.
        status_code: The status, from 200 to 599; of a response.
        reason_phrase: The reason phrase; of a response.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    query_params: Mapping[str, str] = field(default_factory=dict)
    form_params: Mapping[str, str] = field(default_factory=dict)
    payload: Payload | str | None = None
    verb: str = ""
    path: str = ""
    version: str = ""
    status_code: int | str = ""
    reason_phrase: str = ""

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        _keep_values(self, "Set")
        if self.payload is not None:
            payload = Payload(self.payload) if isinstance(self.payload, str) else self.payload
            object.__setattr__(self, "payload", checks.record("payload of Set", payload, Payload))
        for what in ("verb", "path", "version", "reason_phrase"):
            _check_template(f"{what} of Set", getattr(self, what))
        if self.verb and not templates.is_dynamic(self.verb) and not parts.is_token(self.verb):
            msg = f"verb of Set takes one word, as 'POST', or a template, not {self.verb!r}."
            raise ConfigurationError(msg)
        object.__setattr__(self, "status_code", _checked_status(self.status_code))

    # GUESS: the status is set before the body, as in a recording of 2019 whose body tells it by {message.status.code}.
    def apply(self, draft: Draft) -> None:
        """Do it to a message.

        Raises:
            Refusal: A variable has no value, and that is not ignored.
        """
        if isinstance(draft.message, Request):
            self._set_request(draft, draft.message)
        else:
            self._set_response(draft, draft.message)
        for kind, name, template in _values(self):
            value = draft.filled(template)
            draft.become(parts.with_values(draft.message, kind, name, [value]))
        if isinstance(self.payload, Payload):
            self.payload.apply(draft)

    def _set_request(self, draft: Draft, request: Request) -> None:
        if self.verb:
            request = parts.with_verb(request, draft.filled(self.verb))
        if self.path:
            request = parts.with_path(request, draft.filled(self.path))
        draft.become(request)

    def _set_response(self, draft: Draft, response: Response) -> None:
        if self.status_code:
            response = parts.with_status(response, draft.filled(str(self.status_code)))
        if self.reason_phrase:
            response = parts.with_reason(response, draft.filled(self.reason_phrase))
        draft.become(response)


@dataclass(frozen=True, kw_only=True, slots=True)
class Add:
    """Adds to a message, beside what it has under the same name. All values are templates.

    Args:
        headers: Headers by name.
        query_params: Query parameters by name; of a request.
        form_params: Form parameters by name; of a request, whose body becomes a form.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    query_params: Mapping[str, str] = field(default_factory=dict)
    form_params: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        _keep_values(self, "Add")

    def apply(self, draft: Draft) -> None:
        """Do it to a message.

        Raises:
            Refusal: A variable has no value, and that is not ignored.
        """
        for kind, name, template in _values(self):
            value = draft.filled(template)
            draft.become(parts.with_value_added(draft.message, kind, name, value))


@dataclass(frozen=True, kw_only=True, slots=True)
class Remove:
    """Removes parts of a message; without settings, all of them.

    Names may be numbered: `id.2` is the second value of `id`.

    Args:
        headers: Names of headers, or `"*"` for all of them.
        query_params: Names of query parameters, or `"*"` for all of them.
        form_params: Names of form parameters, or `"*"` for all of them.
        payload: Whether the body goes, too.
    """

    headers: Names | None = None
    query_params: Names | None = None
    form_params: Names | None = None
    payload: bool = False

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        _keep_names(self, "Remove")
        checks.flag("payload of Remove", self.payload)

    def apply(self, draft: Draft) -> None:
        """Do it to a message."""
        is_empty = self == Remove()
        for kind, setting in _SETTINGS.items():
            names: Names = ALL if is_empty else getattr(self, setting) or ()
            draft.become(_without(draft.message, kind, names))
        if self.payload or is_empty:
            draft.become(parts.with_body(draft.message, b""))


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """Copies parts of another message; without settings but `source`, all of them.

    Names may be numbered: `id.2` is the second value of `id`. What the source does not have is not copied.

    Args:
        source: The variable that holds the message to copy from, as `request`; by default the current message.
        headers: Names of headers, or `"*"` for all of them.
        query_params: Names of query parameters, or `"*"` for all of them; between requests.
        form_params: Names of form parameters, or `"*"` for all of them; between requests.
        payload: Whether to copy the body and its Content-Type.
        version: Whether to copy the HTTP version, which nothing looks at here.
        verb: Whether to copy the verb; between requests.
        path: Whether to copy the path; between requests.
        status_code: Whether to copy the status; between responses.
        reason_phrase: Whether to copy the reason phrase; between responses.
    """

    source: str = "message"
    headers: Names | None = None
    query_params: Names | None = None
    form_params: Names | None = None
    payload: bool = False
    version: bool = False
    verb: bool = False
    path: bool = False
    status_code: bool = False
    reason_phrase: bool = False

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        checks.text("source of Copy", self.source)
        _keep_names(self, "Copy")
        for what in _WHOLE:
            checks.flag(f"{what} of Copy", getattr(self, what))

    # GUESS: where unresolved variables are ignored, a source that is no message is, too: the policy's page says that
    # such a Copy has no effect, the page of its runtime errors that it fails.
    def apply(self, draft: Draft) -> None:
        """Do it to a message.

        Raises:
            Refusal: The source is no message, and that is not ignored.
        """
        source = draft.source(self.source)
        if source is not None and source is not draft.message:  # a copy of itself has no effect
            self._copy(draft, source)
        elif source is None and not draft.ignores_unresolved:
            raise draft.faults.without_message(self.source, draft.variables)

    def _copy(self, draft: Draft, source: Message) -> None:
        is_empty = self == Copy(source=self.source)
        whole = _WHOLE if is_empty else tuple(what for what in _WHOLE if getattr(self, what))
        if isinstance(source, Request) and isinstance(draft.message, Request):
            draft.become(_with_line_of_request(draft.message, source, whole))
        if isinstance(source, Response) and isinstance(draft.message, Response):
            draft.become(_with_line_of_response(draft.message, source, whole))
        for kind, setting in _SETTINGS.items():
            names: Names = ALL if is_empty else getattr(self, setting) or ()
            draft.become(_with_chosen(draft.message, source, kind, names))
        if "payload" in whole:
            typed = _with_chosen(draft.message, source, HEADER, ("Content-Type",))
            draft.become(parts.with_body(typed, source.body))


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignVariable:
    """Gives a flow variable a value: that of `template`, else of the variable `ref`, else `value`.

    Args:
        name: The variable; one that is part of a message changes the message, as `request.queryparam.limit`.
        value: A text, as it is.
        ref: Another variable; where it has no value, `value` counts.
        template: A template.
    """

    name: str
    value: str | None = None
    ref: str = ""
    template: str = ""

    def __post_init__(self) -> None:
        """Check what was declared.

        Raises:
            ConfigurationError: A setting cannot be.
        """
        checks.text("name of AssignVariable", self.name)
        if self.value is not None:
            checks.string(f"value of AssignVariable {self.name!r}", self.value)
        checks.string(f"ref of AssignVariable {self.name!r}", self.ref)
        _check_template(f"template of AssignVariable {self.name!r}", self.template)
        if self.value is None and not self.ref and not self.template:
            msg = f"AssignVariable {self.name!r} needs a value, a ref or a template."
            raise ConfigurationError(msg)

    # GUESS: a `ref` without a value, without `value` either, makes the variable null, as a missing resource does.
    def apply(self, draft: Draft) -> None:
        """Set the variable.

        Raises:
            Refusal: A variable has no value, and that is not ignored.
        """
        draft.variables.set(self.name, self._assigned(draft))

    def _assigned(self, draft: Draft) -> str | None:
        if self.template:
            return draft.filled(self.template)
        referred = draft.lookup(self.ref) if self.ref else None
        value = self.value if referred is None else referred
        if value is None and not draft.ignores_unresolved:
            raise draft.faults.unresolved(self.ref)
        return value


def keep_edits(owner: Edits) -> None:
    """Check the edits that were declared, and keep them in the form in which they are done.

    Raises:
        ConfigurationError: One cannot be.
    """
    kinds: dict[str, type[Copy | Remove | Add | Set]] = {"copy": Copy, "remove": Remove, "add": Add, "set": Set}
    for what, kind in kinds.items():
        if getattr(owner, what) is not None:
            checks.record(what, getattr(owner, what), kind)
    object.__setattr__(owner, "assign_variables", _variables(owner.assign_variables))
    first = checks.choices("order", owner.order, ORDER)
    object.__setattr__(owner, "order", tuple(dict.fromkeys((*first, *ORDER))))


def apply_edits(owner: Edits, draft: Draft) -> None:
    """Do all edits to a message, in their order.

    Raises:
        Refusal: A variable has no value, and that is not ignored.
    """
    for what in owner.order:
        edits = owner.assign_variables if what == "assign_variables" else (getattr(owner, what),)
        for edit in edits:
            if edit is not None:
                edit.apply(draft)


def _variables(given: object) -> tuple[AssignVariable, ...]:
    items = tuple(given) if isinstance(given, Sequence) and not isinstance(given, str | bytes) else (None,)
    for item in items:
        if not isinstance(item, AssignVariable):
            kind = type(given if items == (None,) else item).__name__
            msg = f"assign_variables takes a list of AssignVariable, not {kind}."
            raise ConfigurationError(msg)
    return items


def _values(edit: Set | Add) -> Iterator[tuple[str, str, str]]:
    for kind, setting in _SETTINGS.items():
        for name, template in getattr(edit, setting).items():
            yield kind, name, template


def _without(message: Message, kind: str, names: Names) -> Message:
    if names == ALL:
        return parts.with_pairs(message, kind, ())
    numbers: dict[str, list[int]] = {}
    for name in names:
        which = None if parts.values_of(message, kind, name) else parts.numbered(name)
        if which is None:
            message = parts.with_values(message, kind, name, ())
        else:
            numbers.setdefault(which[0], []).append(which[1])
    for name, gone in numbers.items():
        values = enumerate(parts.values_of(message, kind, name), start=1)
        message = parts.with_values(message, kind, name, [value for number, value in values if number not in gone])
    return message


def _with_chosen(message: Message, source: Message, kind: str, names: Names) -> Message:
    if names == ALL:
        return _with_all(message, source, kind)
    chosen: dict[str, list[str]] = {}
    for name in names:
        values = [value for key, value in parts.pairs_of(source, kind) if parts.same_name(kind, key, name)]
        which = None if values else parts.numbered(name)
        if values:
            chosen[name] = values
        elif which is not None:
            chosen.setdefault(which[0], []).extend(parts.values_of(source, kind, which[0])[which[1] - 1 : which[1]])
    for name, values in chosen.items():
        if values:
            message = parts.with_values(message, kind, name, values)
    return message


def _with_all(message: Message, source: Message, kind: str) -> Message:
    pairs = parts.pairs_of(source, kind)
    for name, _ in pairs:
        message = parts.with_values(message, kind, name, ())
    return parts.with_pairs(message, kind, [*parts.pairs_of(message, kind), *pairs])


def _with_line_of_request(request: Request, source: Request, whole: Sequence[str]) -> Request:
    if "verb" in whole:
        request = parts.with_verb(request, source.method)
    return parts.with_path(request, source.path) if "path" in whole else request


def _with_line_of_response(response: Response, source: Response, whole: Sequence[str]) -> Response:
    if "status_code" in whole:
        response = parts.with_status(response, str(source.status))
    return parts.with_reason(response, source.reason) if "reason_phrase" in whole else response


def _keep_values(owner: Set | Add, what: str) -> None:
    for kind, setting in _SETTINGS.items():
        place = f"{setting} of {what}"
        values = checks.text_map(place, getattr(owner, setting))
        for name, template in values.items():
            _check_name(place, kind, name)
            templates.check(f"{name!r} in {place}", template)
        object.__setattr__(owner, setting, values)


def _keep_names(owner: Remove | Copy, what: str) -> None:
    for kind, setting in _SETTINGS.items():
        given, place = getattr(owner, setting), f"{setting} of {what}"
        if given is not None and given != ALL:
            names = checks.names(place, given, f"{setting}=['a', 'b'], or '*' for all of them")
            if not names:
                msg = f"{place} takes at least one name, or '*' for all of them."
                raise ConfigurationError(msg)
            for name in names:
                _check_name(place, kind, name)
                _check_index(place, name)
            object.__setattr__(owner, setting, names)


def _check_name(place: str, kind: str, name: str) -> None:
    if not name or (kind == HEADER and not parts.is_token(name)):
        what = "a header: letters, digits and hyphens, as 'X-Trace'" if kind == HEADER else "a parameter: it is empty"
        msg = f"{name!r} in {place} cannot be the name of {what}."
        raise ConfigurationError(msg)


# Edge refuses to deploy it: InvalidIndex in "AssignMessage policy deployment errors" of its documentation.
def _check_index(place: str, name: str) -> None:
    if _BAD_INDEX.fullmatch(name):
        msg = f"The index of {name!r} in {place} must be greater than zero: 'id.1' is the first value of 'id'."
        raise ConfigurationError(msg)


def _check_template(what: str, text: object) -> None:
    templates.check(what, checks.string(what, text))


def _checked_status(given: object) -> str:
    is_text = isinstance(given, str)
    text = str(given) if is_text or type(given) is int else "?"
    if text and not _STATUS.fullmatch(text) and not (is_text and templates.is_dynamic(text)):
        msg = f"status_code of Set takes a status from 200 to 599, or a template as '{{code}}', not {given!r}."
        raise ConfigurationError(msg)
    templates.check("status_code of Set", text)
    return text


def _check_delimiter(what: str, given: object) -> None:
    text = checks.text(what, given)
    if len(text) != 1 or text.isalnum() or text.isspace() or text in "._-":
        msg = f"{what} takes one character that is in no name of a variable, as '@', not {text!r}."
        raise ConfigurationError(msg)
