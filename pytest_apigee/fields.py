"""Reads the fields of a table that a person wrote, and says exactly where it is wrong."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pytest_apigee.errors import ConfigurationError, listed, nearest

_Placed = TypeVar("_Placed")
_APPROVED = "approved"
_PRODUCT_STATUSES = ("approved", "pending", "revoked")
_MOST_DIGITS = 18  # of a Java long


class FieldReader:
    """One table. Each field that is asked for is known from then on; `finish` refuses all others.

    Args:
        table: Its fields.
        place: Where it stands, for messages: ``world file w.toml: organizations[0]``.
    """

    def __init__(self, table: Mapping[Any, object], place: str) -> None:
        self._table = table
        self._place = place
        self._known: set[str] = set()
        for name in table:
            if not isinstance(name, str):
                raise self.error(f"field names are text, not {name!r}")

    def __contains__(self, name: str) -> bool:
        self._known.add(name)
        return name in self._table

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return self._place

    def error(self, message: str) -> ConfigurationError:
        """Return an error that names this place."""
        return ConfigurationError(f"{self._place}: {message}.")

    def placed(self, declare: Callable[[], _Placed]) -> _Placed:
        """Return what a declaration gives; its own errors get this place in front."""
        try:
            return declare()
        except ConfigurationError as error:
            text = str(error)
            if text.startswith(self._place):
                raise
            msg = f"{self._place}: {text}"
            raise ConfigurationError(msg) from None

    def finish(self, *, ignored: Iterable[str] = ()) -> None:
        """Refuse fields that nobody asked for.

        Raises:
            ConfigurationError: There is one; the message names the nearest known field.
        """
        known = self._known.union(ignored)
        for name in self._table:
            if name not in known:
                raise self.error(f"unknown field {name!r}.{nearest(str(name), known)} Allowed: {listed(known)}")

    def anything(self, name: str) -> object:
        """Return a field as it is, or None."""
        self._known.add(name)
        return self._table.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text field, or its default; without default it must be there."""
        value = self.optional_text(name)
        if value is None:
            value = default
        if value is None:
            raise self.error(f"the field {name!r} is missing")
        if not value and default is None:
            raise self.error(f"the field {name!r} is empty")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a text field, or None."""
        value = self.anything(name)
        if value is not None and not isinstance(value, str):
            raise self._wrong(name, "text", value)
        return value

    def number(self, name: str, default: int) -> int:
        """Return an integer field, or its default."""
        value = self.anything(name)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(name, "an integer", value)
        return value

    def flag(self, name: str) -> bool:
        """Return a boolean field, False by default."""
        value = self.anything(name)
        if not isinstance(value, bool | None):
            raise self._wrong(name, "true or false", value)
        return bool(value)

    def seed(self, name: str) -> int | str | None:
        """Return an integer or text field, or None."""
        value = self.anything(name)
        if isinstance(value, bool) or not isinstance(value, int | str | None):
            raise self._wrong(name, "an integer or text", value)
        return value

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """Return a text field that must be one of those allowed."""
        value = self.text(name, default)
        if value not in allowed:
            raise self.error(f"{name} cannot be {value!r}; allowed: {listed(allowed)}")
        return value

    def texts(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return a list of texts, or its default."""
        value = self.anything(name)
        if value is None:
            return default
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise self._wrong(name, "a list of texts", value)
        if "" in value:
            raise self.error(f"the field {name!r} holds an empty text")
        return tuple(value)

    def all_texts(self) -> dict[str, tuple[str, ...]]:
        """Return this whole table as lists of texts."""
        return {name: self.texts(name) for name in self._table}

    def text_map(self, name: str) -> dict[str, str]:
        """Return a table of texts, empty by default."""
        table = self.optional_table(name)
        return {} if table is None else {key: table.text(key) for key in table._table}  # noqa: SLF001 - our own class

    def loose_text(self, name: str, default: str | None = None) -> str:
        """Return a text field, which may be written as a number or a truth value, as Edge's own reader takes it."""
        value = self.anything(name)
        if isinstance(value, bool):
            return str(value).lower()
        return str(value) if isinstance(value, int | float) else self.text(name, default)

    def loose_number(self, name: str, default: int | None = None) -> int:
        """Return a whole number, which may be written as text, or its default; without default it must be there."""
        text = self.loose_text(name, None if default is None else str(default))
        if not (text.isascii() and text.removeprefix("-").isdecimal() and len(text) <= _MOST_DIGITS):
            raise self.error(f"the field {name!r} must be a whole number, not {text!r}")
        return int(text)

    def loose_flag(self, name: str, *, default: bool) -> bool:
        """Return a truth value, which may be written as text, or its default."""
        text = self.loose_text(name, str(default)).lower()
        if text not in ("true", "false"):
            raise self.error(f"the field {name!r} must be true or false, not {text!r}")
        return text == "true"

    def valued(self, name: str) -> str:
        """Return a text field that must be there, as it is or as Edge's ``{value: ...}``."""
        table = self.optional_table(name) if isinstance(self.anything(name), Mapping) else None
        if table is None:
            return self.loose_text(name)
        value = table.loose_text("value")
        table.finish()
        return value

    def entries(self, name: str) -> dict[str, str]:
        """Return texts by name, each once, as a table or as Edge's list of ``{name, value}``; values may be empty."""
        by_name = self.optional_table(name) if isinstance(self.anything(name), Mapping) else None
        if by_name is not None:
            return {key: by_name.loose_text(key, "") for key in by_name._table}  # noqa: SLF001 - our own class
        found: dict[str, str] = {}
        for table in self.tables(name):
            key, value = table.loose_text("name"), table.loose_text("value", "")
            table.finish()
            if key in found:
                raise table.error(f"{key!r} is there before")
            found[key] = value
        return found

    def optional_table(self, name: str) -> "FieldReader | None":
        """Return a table field, or None."""
        value = self.anything(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self._wrong(name, "a table", value)
        return FieldReader(value, f"{self._place}: {name}")

    def table(self, name: str) -> "FieldReader":
        """Return a table field, empty by default."""
        return self.optional_table(name) or FieldReader({}, self._place)

    def tables(self, name: str) -> tuple["FieldReader", ...]:
        """Return a list of tables, empty by default."""
        value = self.anything(name)
        if value is None:
            return ()
        if not isinstance(value, list | tuple) or not all(isinstance(item, Mapping) for item in value):
            raise self._wrong(name, "a list of tables", value)
        return tuple(FieldReader(item, f"{self._place}: {name}[{index}]") for index, item in enumerate(value))

    def all_tables(self) -> dict[str, "FieldReader"]:
        """Return this whole table as tables."""
        found = {name: self.optional_table(name) for name in self._table}
        return {name: table for name, table in found.items() if table is not None}

    def all_lists(self) -> dict[str, tuple["FieldReader", ...]]:
        """Return this whole table as lists of tables."""
        return {name: self.tables(name) for name in self._table}

    def with_field(self, name: str, value: str) -> "FieldReader":
        """Return this table with one field more, which is said by where it stands."""
        if name in self:
            raise self.error(f"the field {name!r} does not belong here: where the table stands says it")
        return FieldReader({**self._table, name: value}, self._place)

    def renamed(self, before: str, after: str) -> "FieldReader":
        """Return this table with another name for a field, if it has it."""
        table = {after if name == before else name: value for name, value in self._table.items()}
        return FieldReader(table, self._place)

    def attributes(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return attributes, as a table of texts or as Edge's list of ``{name, value}``."""
        return tuple(self._pairs(name).items())

    def properties(self, name: str) -> dict[str, str]:
        """Return properties, as a table of texts or as Edge's ``{property: [{name, value}]}``."""
        table = self.optional_table(name)
        if table is None:
            return {}
        if isinstance(table.anything("property"), list):
            properties = table._pairs("property")  # noqa: SLF001 - our own class
            table.finish()
            return properties
        return self.text_map(name)

    def products(self, name: str) -> dict[str, str | None]:
        """Return API products with their status, as a list of names (None) or as Edge's ``{apiproduct, status}``."""
        value = self.anything(name)
        if isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
            products: dict[str, str | None] = {}
            for table in self.tables(name):
                products[table.text("apiproduct")] = table.choice("status", _PRODUCT_STATUSES, _APPROVED)
                table.finish()
            return products
        return dict.fromkeys(self.texts(name))

    def members(self, name: str) -> dict[str, str]:
        """Return the roles of developers by e-mail: a list of e-mails, or Edge's ``{email, role}``, or a table."""
        value = self.anything(name)
        if isinstance(value, Mapping):
            return self.text_map(name)
        if isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
            members = {}
            for table in self.tables(name):
                members[table.text("email")] = table.text("role", "")
                table.finish()
            return members
        return dict.fromkeys(self.texts(name), "")

    def _pairs(self, name: str) -> dict[str, str]:
        if isinstance(self.anything(name), Mapping):
            return self.text_map(name)
        pairs = {}
        for table in self.tables(name):
            pairs[table.text("name")] = table.text("value", "")
            table.finish()
        return pairs

    def _wrong(self, name: str, wanted: str, value: object) -> ConfigurationError:
        given = type(value).__name__
        if isinstance(value, list | tuple) and value:
            given = f"a list of {listed({type(item).__name__ for item in value})}"
        return self.error(f"the field {name!r} must be {wanted}, not {given}")
