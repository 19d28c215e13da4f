"""Reading the fields of a table that a person wrote."""

import pytest

from pytest_apigee.errors import ConfigurationError
from pytest_apigee.fields import FieldReader

PLACE = "the table"


def reader(**table):
    return FieldReader(table, PLACE)


def message_of(read):
    with pytest.raises(ConfigurationError) as raised:
        read()
    return str(raised.value)


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda table: table.anything("x"), None),
        (lambda table: table.text("x", "usual"), "usual"),
        (lambda table: table.optional_text("x"), None),
        (lambda table: table.number("x", 7), 7),
        (lambda table: table.flag("x"), False),
        (lambda table: table.seed("x"), None),
        (lambda table: table.choice("x", ("a", "b"), "b"), "b"),
        (lambda table: table.texts("x"), ()),
        (lambda table: table.texts("x", ("a",)), ("a",)),
        (lambda table: table.text_map("x"), {}),
        (lambda table: table.optional_table("x"), None),
        (lambda table: table.tables("x"), ()),
        (lambda table: table.attributes("x"), ()),
        (lambda table: table.properties("x"), {}),
        (lambda table: table.products("x"), {}),
        (lambda table: table.loose_text("x", "usual"), "usual"),
        (lambda table: table.loose_number("x", 7), 7),
        (lambda table: table.loose_flag("x", default=True), True),
        (lambda table: table.entries("x"), {}),
        (lambda table: table.table("x").all_texts(), {}),
    ],
)
@pytest.mark.parametrize("table", [{}, {"x": None}], ids=["absent", "null"])
def test_a_field_may_be_left_out(read, value, table):
    """A field that is absent, or null as in JSON, has its default."""
    assert read(reader(**table)) == value


@pytest.mark.parametrize(
    ("read", "given", "value"),
    [
        (lambda table: table.anything("x"), 5, 5),
        (lambda table: table.text("x", "usual"), "", ""),
        (lambda table: table.optional_text("x"), "", ""),
        (lambda table: table.optional_text("x"), "a", "a"),
        (lambda table: table.number("x", 7), 0, 0),
        (lambda table: table.number("x", 7), -1, -1),
        (lambda table: table.flag("x"), True, True),
        (lambda table: table.flag("x"), False, False),
        (lambda table: table.seed("x"), 0, 0),
        (lambda table: table.seed("x"), "", ""),
        (lambda table: table.choice("x", ("a", "b"), "b"), "a", "a"),
        (lambda table: table.texts("x", ("a",)), [], ()),
        (lambda table: table.texts("x"), ("a", "b"), ("a", "b")),
        (lambda table: table.text_map("x"), {"a": "1"}, {"a": "1"}),
        (lambda table: table.attributes("x"), {"a": "1"}, (("a", "1"),)),
        (lambda table: table.attributes("x"), [{"name": "a", "value": "1"}, {"name": "b"}], (("a", "1"), ("b", ""))),
        (lambda table: table.properties("x"), {"a": "1"}, {"a": "1"}),
        (lambda table: table.properties("x"), {"property": "1"}, {"property": "1"}),
        (lambda table: table.properties("x"), {"property": [{"name": "a", "value": "1"}]}, {"a": "1"}),
        (lambda table: table.products("x"), ["a", "b"], {"a": None, "b": None}),
        (
            lambda table: table.products("x"),
            [{"apiproduct": "a", "status": "revoked"}, {"apiproduct": "b"}],
            {"a": "revoked", "b": "approved"},
        ),
        (lambda table: table.loose_text("x"), "a", "a"),
        (lambda table: table.loose_text("x"), 5, "5"),
        (lambda table: table.loose_text("x"), 0.5, "0.5"),
        (lambda table: table.loose_text("x"), False, "false"),
        (lambda table: table.loose_number("x"), -5, -5),
        (lambda table: table.loose_number("x"), "5", 5),
        (lambda table: table.loose_flag("x", default=False), True, True),
        (lambda table: table.loose_flag("x", default=True), "False", False),
        (lambda table: table.valued("x"), 300, "300"),
        (lambda table: table.valued("x"), {"value": 300}, "300"),
        (lambda table: table.entries("x"), {"a": "1", "b": 2, "c": ""}, {"a": "1", "b": "2", "c": ""}),
        (
            lambda table: table.entries("x"),
            [{"name": "a", "value": True}, {"name": "b"}],
            {"a": "true", "b": ""},
        ),
        (lambda table: table.table("x").text("a"), {"a": "1"}, "1"),
    ],
)
def test_a_field_is_read(read, given, value):
    """A field is read as what it must be, in its short form or in Edge's own."""
    assert read(reader(x=given)) == value


def test_a_whole_table_is_read_as_lists():
    """A table may consist of lists of texts alone."""
    assert reader(a=["1"], b=[]).all_texts() == {"a": ("1",), "b": ()}


def test_a_whole_table_is_read_as_tables():
    """A table may consist of tables alone; one that is null is none."""
    tables = reader(a={"x": "1"}, b=None).all_tables()

    assert [(name, table.place, table.text("x")) for name, table in tables.items()] == [("a", "the table: a", "1")]


def test_a_whole_table_is_read_as_lists_of_tables():
    """A table may consist of lists of tables alone."""
    lists = reader(a=[{"x": "1"}], b=[]).all_lists()

    assert {name: [table.place for table in tables] for name, tables in lists.items()} == {
        "a": ["the table: a[0]"],
        "b": [],
    }


def test_a_table_gets_a_field_by_where_it_stands():
    """A field may be added that only the place of a table says; it must not be there before."""
    table = reader(x="a").with_field("owner", "ada")

    assert (table.text("x"), table.text("owner")) == ("a", "ada")
    assert message_of(lambda: table.with_field("owner", "bob")) == (
        "the table: the field 'owner' does not belong here: where the table stands says it."
    )


def test_a_field_gets_another_name():
    """A field may be read by another name than it was written with."""
    table = reader(x="a", y="b").renamed("x", "z")

    assert (table.text("z"), table.text("y")) == ("a", "b")
    table.finish()


@pytest.mark.parametrize(
    ("read", "given", "message"),
    [
        (lambda table: table.text("x"), None, "the table: the field 'x' is missing."),
        (lambda table: table.text("x"), 1, "the table: the field 'x' must be text, not int."),
        (lambda table: table.text("x"), "", "the table: the field 'x' is empty."),
        (lambda table: table.number("x", 7), "1", "the table: the field 'x' must be an integer, not str."),
        (lambda table: table.number("x", 7), True, "the table: the field 'x' must be an integer, not bool."),
        (lambda table: table.number("x", 7), 1.0, "the table: the field 'x' must be an integer, not float."),
        (lambda table: table.flag("x"), 0, "the table: the field 'x' must be true or false, not int."),
        (lambda table: table.seed("x"), False, "the table: the field 'x' must be an integer or text, not bool."),
        (lambda table: table.seed("x"), [], "the table: the field 'x' must be an integer or text, not list."),
        (lambda table: table.choice("x", ("b", "a"), "b"), "c", "the table: x cannot be 'c'; allowed: a, b."),
        (lambda table: table.choice("x", ("b", "a"), "b"), 1, "the table: the field 'x' must be text, not int."),
        (lambda table: table.texts("x"), "a", "the table: the field 'x' must be a list of texts, not str."),
        (
            lambda table: table.texts("x"),
            ["a", None],
            "the table: the field 'x' must be a list of texts, not a list of NoneType, str.",
        ),
        (lambda table: table.texts("x"), ["a", ""], "the table: the field 'x' holds an empty text."),
        (lambda table: table.text_map("x"), [], "the table: the field 'x' must be a table, not list."),
        (lambda table: table.text_map("x"), {"a": 1}, "the table: x: the field 'a' must be text, not int."),
        (lambda table: table.optional_table("x"), "a", "the table: the field 'x' must be a table, not str."),
        (lambda table: table.tables("x"), {}, "the table: the field 'x' must be a list of tables, not dict."),
        (
            lambda table: table.tables("x")[1].text("y"),
            [{"y": "a"}, {}],
            "the table: x[1]: the field 'y' is missing.",
        ),
        (
            lambda table: table.attributes("x"),
            [{"name": "a", "valeu": "1"}],
            "the table: x[0]: unknown field 'valeu'. Did you mean 'value'? Allowed: name, value.",
        ),
        (
            lambda table: table.properties("x"),
            {"property": [{"name": "a", "value": 1}]},
            "the table: x: property[0]: the field 'value' must be text, not int.",
        ),
        (
            lambda table: table.products("x"),
            [{"apiproduct": "a", "state": "approved"}],
            "the table: x[0]: unknown field 'state'. Did you mean 'status'? Allowed: apiproduct, status.",
        ),
        (
            lambda table: table.products("x"),
            [{"apiproduct": "a", "status": "on"}],
            "the table: x[0]: status cannot be 'on'; allowed: approved, pending, revoked.",
        ),
        (lambda table: table.loose_text("x"), None, "the table: the field 'x' is missing."),
        (lambda table: table.loose_text("x"), [], "the table: the field 'x' must be text, not list."),
        (lambda table: table.loose_number("x"), None, "the table: the field 'x' is missing."),
        (lambda table: table.loose_number("x"), "1.5", "the table: the field 'x' must be a whole number, not '1.5'."),
        (lambda table: table.loose_number("x"), "\xb2", "the table: the field 'x' must be a whole number, not '\xb2'."),
        (
            lambda table: table.loose_number("x"),
            10**18,
            "the table: the field 'x' must be a whole number, not '1000000000000000000'.",
        ),
        (
            lambda table: table.loose_flag("x", default=True),
            "yes",
            "the table: the field 'x' must be true or false, not 'yes'.",
        ),
        (lambda table: table.valued("x"), {}, "the table: x: the field 'value' is missing."),
        (
            lambda table: table.valued("x"),
            {"value": "1", "unit": "s"},
            "the table: x: unknown field 'unit'. Allowed: value.",
        ),
        (lambda table: table.entries("x"), {"a": []}, "the table: x: the field 'a' must be text, not list."),
        (lambda table: table.entries("x"), [{"value": "1"}], "the table: x[0]: the field 'name' is missing."),
        (
            lambda table: table.entries("x"),
            [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}],
            "the table: x[1]: 'a' is there before.",
        ),
        (
            lambda table: table.entries("x"),
            [{"name": "a", "values": "1"}],
            "the table: x[0]: unknown field 'values'. Did you mean 'value'? Allowed: name, value.",
        ),
    ],
)
def test_a_wrong_field_is_an_error(read, given, message):
    """A field of another kind is an error that names its place, what it must be and what it is, never its value."""
    assert message_of(lambda: read(reader(x=given))) == message


def test_a_text_with_default_may_be_null():
    """Null is no text, so the default holds."""
    assert reader(x=None).text("x", "usual") == "usual"


def test_a_field_that_nobody_asked_for_is_unknown():
    """Fields that were never asked for are an error that names the nearest known one."""
    table = reader(nmae="x")
    table.optional_text("name")

    assert message_of(table.finish) == "the table: unknown field 'nmae'. Did you mean 'name'? Allowed: name."


def test_a_name_that_is_no_text_is_an_error():
    """Names of fields are text."""
    assert message_of(lambda: FieldReader({1: "x"}, PLACE)) == "the table: field names are text, not 1."


def test_asking_whether_a_field_is_there_makes_it_known():
    """A field that was looked for with `in` is known."""
    table = reader(x=1)

    assert "x" in table
    assert "y" not in table
    table.finish()


def test_an_ignored_field_is_known():
    """Fields that are read over are no error, and are listed among the allowed ones."""
    table = reader(createdAt=1, other=2)

    message = message_of(lambda: table.finish(ignored=["createdAt"]))

    assert message == "the table: unknown field 'other'. Allowed: createdAt."


def test_a_table_with_known_fields_is_finished():
    """A table all of whose fields were read is fine."""
    table = reader(x="a")

    assert table.text("x") == "a"
    table.finish()


def test_what_a_declaration_gives_is_returned():
    """A declaration that succeeds gives its value."""
    assert reader().placed(lambda: 5) == 5


def test_the_error_of_a_declaration_gets_its_place():
    """An error of a declaration gets the place in front, once."""
    table = reader()

    def declare():
        msg = "It cannot be."
        raise ConfigurationError(msg)

    assert message_of(lambda: table.placed(declare)) == "the table: It cannot be."
    assert message_of(lambda: table.placed(lambda: table.placed(declare))) == "the table: It cannot be."
