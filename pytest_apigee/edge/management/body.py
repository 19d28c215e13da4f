"""A JSON body as its fields are read. What is of another type is Edge's 400, never an exception.

Text may be written as a number or a truth value, as Edge's own reader takes it; numbers are kept as they were written.
Source: management.md section 4; the errors are guesses.
"""

import json
from collections.abc import Callable, Mapping, Sequence

from pytest_apigee.edge.refusal import Refusal

_Refuse = Callable[..., Refusal]
Attributes = tuple[tuple[str, str], ...]


def read_json(body: bytes) -> object:
    """Return JSON with its numbers as text.

    Raises:
        ValueError: It is none; `NaN` and `Infinity` are not JSON.
        RecursionError: It is too deep.
    """
    return json.loads(body, parse_int=str, parse_float=str, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> object:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


class Body:
    """The fields of a JSON object.

    Args:
        fields: The object.
        refuse: Makes a refusal out of the name of a row of the guess `mgmt_errors` and what to fill in.
    """

    def __init__(self, fields: Mapping[str, object], refuse: _Refuse) -> None:
        self._fields = fields
        self._refuse = refuse

    def __contains__(self, name: str) -> bool:
        """Return whether a field is there and is not null."""
        return self._fields.get(name) is not None

    def required(self, name: str) -> str:
        """Return text that must be there.

        Raises:
            Refusal: It is not, or is empty or something else.
        """
        value = self.text(name)
        if not value:
            raise self._refuse("field_missing", name=name)
        return value

    def text(self, name: str, default: str = "") -> str:
        """Return text.

        Raises:
            Refusal: It is something else.
        """
        value = self._fields.get(name)
        return default if value is None else self._text(name, value)

    def number(self, name: str, default: int) -> int:
        """Return a whole number, which may be written as text.

        Raises:
            Refusal: It is something else, or has more than 18 digits.
        """
        value = self.text(name) if name in self else str(default)
        digits = value.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):  # noqa: PLR2004 - a Java long
            raise self._refuse("field_invalid", name=name)
        return int(value)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a truth value, which may be written as text.

        Raises:
            Refusal: It is something else.
        """
        value = self.text(name) if name in self else str(default)
        if value.lower() not in ("true", "false"):
            raise self._refuse("field_invalid", name=name)
        return value.lower() == "true"

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        """Return one of some texts.

        Raises:
            Refusal: It is another one.
        """
        value = self.text(name, default)
        if value not in allowed:
            raise self._refuse("field_invalid", name=name)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts, each once.

        Raises:
            Refusal: It is something else.
        """
        return tuple(dict.fromkeys(self._text(name, item) for item in self._list(name)))

    def demand(self, name: str) -> None:
        """Demand a field that may be empty.

        Raises:
            Refusal: It is not there.
        """
        if name not in self:
            raise self._refuse("field_missing", name=name)

    def attributes(self, name: str = "attributes") -> Attributes:
        """Return custom attributes, written as a list of objects with name and value; the last of a name counts.

        Raises:
            Refusal: They are something else.
        """
        found = {}
        for item in self._list(name):
            if not isinstance(item, Mapping):
                raise self._refuse("field_invalid", name=name)
            attribute = Body(item, self._refuse)
            found[attribute.required("name")] = attribute.text("value")
        return tuple(found.items())

    def objects(self, name: str) -> list["Body"]:
        """Return a list of objects.

        Raises:
            Refusal: It is something else.
        """
        objects = [Body(item, self._refuse) for item in self._list(name) if isinstance(item, Mapping)]
        if len(objects) < len(self._list(name)):
            raise self._refuse("field_invalid", name=name)
        return objects

    def mapping(self, name: str) -> "Body":
        """Return an object, an empty one where there is none.

        Raises:
            Refusal: It is something else.
        """
        value = self._fields.get(name)
        if value is None:
            return Body({}, self._refuse)
        if not isinstance(value, Mapping):
            raise self._refuse("field_invalid", name=name)
        return Body(value, self._refuse)

    def _list(self, name: str) -> Sequence[object]:
        value = self._fields.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._refuse("field_invalid", name=name)
        return value

    def _text(self, name: str, value: object) -> str:
        match value:
            case str():
                return value.encode("utf-8", "replace").decode()  # a lone surrogate is shown as a question mark
            case bool():
                return "true" if value else "false"
            case _:
                raise self._refuse("field_invalid", name=name)
