"""Conditions of flows, steps, fault rules and routes: what decides whether they run.

    condition = parse_condition('request.verb = "GET"', place="the condition of flow 'GetRequests'")
    condition.holds(variables)

The grammar is in `condition_parser`; this module says what a condition means. It is parsed once, into closures.

Source: the page "Conditions reference", called the reference below, in Apigee X's edition, with which SAP's copy of
Edge's ("Condition Strings") agrees; the beginning of "Pattern matching in conditional statements" of Edge's.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from pytest_apigee.edge.gateway.condition_parser import (
    AllOf,
    Comparison,
    Literal,
    Lone,
    Node,
    Not,
    Operand,
    Operator,
    Source,
    Variable,
    parse,
)

Value = str | int | bool | None
_Known = str | int | bool | Decimal  # what is not null


class Variables(Protocol):
    """What knows the flow variables."""

    def get(self, name: str) -> Value:
        """Return the value of a variable, or None where it is not resolved."""
        ...


_Test = Callable[[Variables], bool]
_Reader = Callable[[Variables], _Known | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """A condition that was read; those with one text are equal."""

    text: str
    test: _Test = field(repr=False, compare=False)

    def holds(self, variables: Variables) -> bool:
        """Return whether it is true of these variables; it raises nothing that they do not."""
        return self.test(variables)


def parse_condition(text: str, *, place: str) -> Condition:
    """Read a condition; one of blanks alone is always true.

    Args:
        text: What stands in a Condition element.
        place: Where it stands, as "the condition of flow 'GetRequests'", for messages.

    Raises:
        ConfigurationError: It cannot be read, or holds a regular expression that does not compile.
    """
    source = Source(text=text, place=place)
    return Condition(text=text, test=_compiled(parse(source), source))


def _compiled(node: Node, source: Source) -> _Test:
    match node:
        case Comparison():
            return _comparison(node, source)
        case Lone():
            read = _reader(node.operand)
            return lambda variables: _is_true(read(variables))
        case Not():
            denied = _compiled(node.inner, source)
            return lambda variables: not denied(variables)
        case AllOf():
            tests = tuple(_compiled(part, source) for part in node.parts)
            return lambda variables: all(test(variables) for test in tests)
        case _:
            tests = tuple(_compiled(part, source) for part in node.parts)
            return lambda variables: any(test(variables) for test in tests)


def _reader(operand: Operand) -> _Reader:
    if isinstance(operand, Variable):
        name = operand.name
        return lambda variables: variables.get(name)
    value = operand.value
    return lambda _: value


# GUESS: text is true as `true` alone, in lower case. Flow variables are mostly text.
def _is_true(value: _Known | None) -> bool:
    return value is True or value == "true"


def _comparison(node: Comparison, source: Source) -> _Test:
    left, right, operator = _reader(node.left), _reader(node.right), node.operator
    if operator not in _PATTERNS:
        return _two_sided(left, right, _NULLS[operator], _TESTS[operator])
    if isinstance(node.right, Literal) and node.right.value is not None:
        return _fixed_pattern(left, operator, _literal_pattern(node.right.value, node, source))
    return _two_sided(left, right, _NULLS[operator], _pattern_test(operator))


def _two_sided(left: _Reader, right: _Reader, nulls: "_Nulls", test: Callable[[_Known, _Known], bool]) -> _Test:
    def compare(variables: Variables) -> bool:
        first, second = left(variables), right(variables)
        if first is None:
            return nulls.both if second is None else nulls.left
        return nulls.right if second is None else test(first, second)

    return compare


def _fixed_pattern(left: _Reader, operator: Operator, pattern: re.Pattern[str]) -> _Test:
    fullmatch, when_null, is_wanted = pattern.fullmatch, _NULLS[operator].left, operator is not Operator.NOT_MATCHES

    def compare(variables: Variables) -> bool:
        value = left(variables)
        return when_null if value is None else (fullmatch(_written(value)) is not None) is is_wanted

    return compare


def _literal_pattern(value: _Known, node: Comparison, source: Source) -> re.Pattern[str]:
    try:
        return _PATTERNS[node.operator](_written(value))
    except _BrokenPatternError as broken:
        index = node.right_at + 1 + broken.index
        expected = "a regular expression of Java that Python's re can stand in for"
        raise source.refusal(index, found=f"a JavaRegex with {broken.found}", expected=expected) from None


def _pattern_test(operator: Operator) -> Callable[[_Known, _Known], bool]:
    compile_pattern, is_wanted = _PATTERNS[operator], operator is not Operator.NOT_MATCHES

    def test(left: _Known, right: _Known) -> bool:
        try:
            pattern = compile_pattern(_written(right))
        except _BrokenPatternError:  # GUESS: what does not compile when it is looked at is false
            return False
        return (pattern.fullmatch(_written(left)) is not None) is is_wanted

    return test


@dataclass(frozen=True, slots=True)
class _Nulls:
    """What a comparison is where its left side, its right side or both are null."""

    left: bool
    right: bool
    both: bool


# Source: the reference, "Null operands", oddities included: `null > 5` and `5 >= null` are true. It has N/A where the
# right side of a pattern alone is null; GUESS: false.
_NULLS: Mapping[Operator, _Nulls] = {
    Operator.EQUALS: _Nulls(left=False, right=False, both=True),
    Operator.EQUALS_CASE_INSENSITIVE: _Nulls(left=False, right=False, both=True),
    Operator.NOT_EQUALS: _Nulls(left=True, right=True, both=False),
    Operator.GREATER_THAN: _Nulls(left=True, right=False, both=False),
    Operator.GREATER_THAN_OR_EQUALS: _Nulls(left=False, right=True, both=True),
    Operator.LESSER_THAN: _Nulls(left=True, right=False, both=False),
    Operator.LESSER_THAN_OR_EQUALS: _Nulls(left=True, right=False, both=True),
    Operator.STARTS_WITH: _Nulls(left=False, right=False, both=False),
    Operator.MATCHES: _Nulls(left=False, right=False, both=False),
    Operator.NOT_MATCHES: _Nulls(left=True, right=False, both=False),
    Operator.JAVA_REGEX: _Nulls(left=False, right=False, both=False),
    Operator.MATCHES_PATH: _Nulls(left=False, right=False, both=False),
}

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_BOOLEAN_AND_TEXT = {
    bool,
    str,
}  # compared as text, where a boolean and a number are compared as numbers: the same table


def _written(value: _Known) -> str:
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else f"{Decimal(value):f}"  # str() of a long int may raise


# GUESS: two texts that read as numbers are compared as numbers. By the reference's table of operand types, text on
# either side makes it a comparison of texts, by which "10" < 9; yet most flow variables are text.
def _numbers(left: _Known, right: _Known) -> tuple[Decimal, Decimal] | None:
    first = _number(left)
    second = None if first is None else _number(right)
    if first is None or second is None or {type(left), type(right)} == _BOOLEAN_AND_TEXT:
        return None
    return first, second


def _number(value: _Known) -> Decimal | None:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    return Decimal(value)


def _equal(left: _Known, right: _Known) -> bool:
    if _written(left) == _written(right):
        return True
    numbers = _numbers(left, right)
    return numbers is not None and numbers[0] == numbers[1]


def _equal_in_any_case(left: _Known, right: _Known) -> bool:
    return _equal(left, right) or _written(left).lower() == _written(right).lower()


def _greater(left: _Known, right: _Known) -> bool:
    numbers = _numbers(left, right)
    return _written(left) > _written(right) if numbers is None else numbers[0] > numbers[1]


_TESTS: Mapping[Operator, Callable[[_Known, _Known], bool]] = {
    Operator.EQUALS: _equal,
    Operator.EQUALS_CASE_INSENSITIVE: _equal_in_any_case,
    Operator.NOT_EQUALS: lambda left, right: not _equal(left, right),
    Operator.GREATER_THAN: _greater,
    Operator.GREATER_THAN_OR_EQUALS: lambda left, right: not _greater(right, left),
    Operator.LESSER_THAN: lambda left, right: _greater(right, left),
    Operator.LESSER_THAN_OR_EQUALS: lambda left, right: not _greater(left, right),
    Operator.STARTS_WITH: lambda left, right: _written(left).startswith(_written(right)),
}

_GLOB_PARTS = re.compile(r"%(?P<escaped>.)|(?P<anything>\*+)|(?P<itself>.)", re.DOTALL)
_PATH_PARTS = re.compile(
    r"""%(?P<escaped>.) | (?P<elements>(?<=/)\*\*(?=/|\Z)) | (?P<anything>\*\*+)
    | (?P<element>(?<![^/])\*(?![^/])|\{[^{}/]*\}) | (?P<part>\*) | (?P<itself>.)""",
    re.VERBOSE | re.DOTALL,
)
# What may span all of a text ends one atomic group and starts the next: a piece is taken where it first fits and never
# given back, as in fnmatch, so that many of them do not make a text slow to refuse.
_WILDCARDS = {"anything": ")(?>.*?", "elements": ")(?>.+?", "element": "[^/]+?", "part": "[^/]*?"}


# `*` is any text: the page on pattern matching. `%` lets the next character stand for itself: the reference says so of
# paths, notes on that page of Matches too ("/c%*at"). GUESS: a last `%` stands for itself.
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?>{_GLOB_PARTS.sub(_part, pattern)}\Z)", re.DOTALL)


# `*` is one element, `**` are several: the reference. Its edition for Apigee X has `{name}` for one element, SAP's copy
# has not; GUESS: Edge has it. GUESS: `**` is one or more elements, and not nothing, so `/a/**` is not `/a/`.
# A slash at the end counts (community question 3212); `/` is an empty path suffix but no `/` (community article 2774).
# GUESS: beside other characters, `*` is any part of the element and `**` is any text; so is `**` without a slash before
# it (as in an answer on Stack Overflow, 21228086).
def _path(pattern: str) -> re.Pattern[str]:
    return re.compile("" if pattern == "/" else rf"(?>{_PATH_PARTS.sub(_part, pattern)}\Z)", re.DOTALL)


def _part(part: re.Match[str]) -> str:
    wildcard = _WILDCARDS.get(part.lastgroup or "")
    return wildcard or re.escape(part["escaped"] or part["itself"])


class _BrokenPatternError(Exception):
    """A regular expression has something, found at an index, that cannot be."""

    def __init__(self, found: str, index: int) -> None:
        super().__init__(found)
        self.found = found
        self.index = index


# What Java's syntax has in another spelling than Python's, or either alone; `\\.` keeps escaped characters out of it.
_JAVA = re.compile(
    r"""\\Q(?P<quoted>.*?)(?:\\E|\Z) | \\k<(?P<reference>[A-Za-z][A-Za-z0-9]*)> | \(\?<(?P<group>[A-Za-z][A-Za-z0-9]*)>
    | (?P<end>\\[zZ]) | (?P<property>\\[pP]) | \\. | (?P<python>\(\?[P#(]) | (?P<brace>\{(?![0-9]+(?:,[0-9]*)?\}))
    | (?P<set>\[\^?\]?(?:\\.|[^\]\\])*\]?)""",
    re.VERBOSE | re.DOTALL,
)
_JAVA_SET = re.compile(r"\[|&&|--|\|\||~~")
_NOT_IN_BOTH = {
    "property": "a character class as \\p{Alpha}",
    "python": "a group that Java does not have",
    "brace": "a '{' that repeats nothing",
    "set": "a set in a set or a doubled sign",
}


# As `Pattern.matches`, with Java's classes for ASCII: the reference names java.util.regex. Not modelled: `.` is every
# character but a newline, where Java leaves out other ends of lines too.
def _java_regex(pattern: str) -> re.Pattern[str]:
    translated = _JAVA.sub(_java_part, pattern)
    try:
        return re.compile(translated, re.ASCII)
    except re.error as error:
        index = (error.pos or 0) if translated == pattern else 0
        raise _BrokenPatternError(f"a fault: {error.msg}", index) from None
    except (OverflowError, RecursionError, ValueError):
        raise _BrokenPatternError("more than Python's re can take", 0) from None


def _java_part(part: re.Match[str]) -> str:
    kind, text = part.lastgroup or "", part[0]
    if kind in _NOT_IN_BOTH and (kind != "set" or _JAVA_SET.search(re.sub(r"\\.", "x", text[1:]))):
        raise _BrokenPatternError(_NOT_IN_BOTH[kind], part.start())
    match kind:
        case "quoted":
            return re.escape(part[kind])
        case "reference":
            return f"(?P={part[kind]})"
        case "group":
            return f"(?P<{part[kind]}>"
        case "end":
            return r"\Z"
        case _:
            return text


_PATTERNS: Mapping[Operator, Callable[[str], re.Pattern[str]]] = {
    Operator.MATCHES: _glob,
    Operator.NOT_MATCHES: _glob,
    Operator.JAVA_REGEX: _java_regex,
    Operator.MATCHES_PATH: _path,
}
