"""The grammar of conditions: from text to a tree of what was written. What it means is in `conditions`.

    any         all (("or" | "||") all)*
    all         factor (("and" | "&&") factor)*
    factor      ("not" | "!") factor | "(" any ")" | operand | comparison
    comparison  operand ["not"] operator operand
    operand     variable | 'variable' | "text" | number | true | false | null

Source: the page "Conditions reference", called the reference below (see `conditions` for its editions), for operators,
literals, names in single quotes and Java's precedence. `==` is in its table of null operands, and a comparison
without blanks in its examples.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum, auto

from pytest_apigee.errors import ConfigurationError, nearest

_DEEPEST = 50
_SHOWN = 200  # characters of a long condition that a message shows
_OPERAND = "a variable or a literal"

# GUESS: a text holds no '"', as no escape for it is documented, and a backslash stands for itself.
# GUESS: a name may start with a digit or '_', and names in single quotes may hold anything but a single quote.
_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n]+)|(?P<text>"[^"]*")|(?P<quoted>'[^']+')|(?P<word>[A-Za-z0-9_.-]+)
    |(?P<symbol>&[gl]t;=?|&&|\|\||:=|==|=\||=|!=|!~|!|>=|>|<=|<|~~|~/|~|\(|\))""",
    re.VERBOSE,
)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_NUMBER = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)[fFdD]?|(-?[0-9]+)[lL]")  # the suffixes are in the reference
# GUESS: in any letter case, as operators are.
_LITERALS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}
_UNREADABLE = {
    '"': ("a text that does not end", """a second '"'"""),
    "'": ("a single quote", "a variable's name between two single quotes; a text stands in double quotes"),
}


class Operator(StrEnum):
    """What compares two operands, in Edge's words."""

    EQUALS = "Equals"
    EQUALS_CASE_INSENSITIVE = "EqualsCaseInsensitive"
    NOT_EQUALS = "NotEquals"
    GREATER_THAN = "GreaterThan"
    GREATER_THAN_OR_EQUALS = "GreaterThanOrEquals"
    LESSER_THAN = "LesserThan"
    LESSER_THAN_OR_EQUALS = "LesserThanOrEquals"
    STARTS_WITH = "StartsWith"
    MATCHES = "Matches"
    NOT_MATCHES = "!~"
    JAVA_REGEX = "JavaRegex"
    MATCHES_PATH = "MatchesPath"


# `&gt;` is how XML writes `>`: the reference lists both, and conditions are pasted from bundles.
# `!~` is in the reference's table of null operands alone; GUESS: it is the opposite of `~`.
_SPELLINGS: Mapping[Operator, tuple[str, ...]] = {
    Operator.EQUALS: ("=", "==", "Is"),
    Operator.EQUALS_CASE_INSENSITIVE: (":=",),
    Operator.NOT_EQUALS: ("!=", "IsNot"),
    Operator.GREATER_THAN: (">", "&gt;"),
    Operator.GREATER_THAN_OR_EQUALS: (">=", "&gt;="),
    Operator.LESSER_THAN: ("<", "&lt;"),
    Operator.LESSER_THAN_OR_EQUALS: ("<=", "&lt;="),
    Operator.STARTS_WITH: ("=|",),
    Operator.MATCHES: ("~", "Like"),
    Operator.NOT_MATCHES: (),
    Operator.JAVA_REGEX: ("~~",),
    Operator.MATCHES_PATH: ("~/", "LikePath"),
}
_OPERATORS = {word.lower(): known for known, words in _SPELLINGS.items() for word in (known.value, *words)}
_WORDS = tuple(word for known, words in _SPELLINGS.items() for word in (known.value, *words) if word.isalpha())
# `a Not MatchesPath b` works on Apigee: apigee/apigeelint issue 585, whose grammar has it for these four.
_NEGATABLE = frozenset({Operator.STARTS_WITH, Operator.MATCHES, Operator.JAVA_REGEX, Operator.MATCHES_PATH})


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """A flow variable."""

    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Literal:
    """A value that stands in the condition itself."""

    value: str | bool | Decimal | None


Operand = Variable | Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Two operands and what compares them; the right one starts at an index of the text."""

    operator: Operator
    left: Operand
    right: Operand
    right_at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Lone:
    """An operand that nothing is compared with."""

    operand: Operand


@dataclass(frozen=True, kw_only=True, slots=True)
class Not:
    """The opposite."""

    inner: "Node"


@dataclass(frozen=True, kw_only=True, slots=True)
class AllOf:
    """True where each part is."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, kw_only=True, slots=True)
class AnyOf:
    """True where one part is."""

    parts: "tuple[Node, ...]"


Node = Comparison | Lone | Not | AllOf | AnyOf


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A condition as written, and the place that it was written in."""

    text: str
    place: str

    def refusal(self, index: int, *, found: str, expected: str, hint: str = "") -> ConfigurationError:
        """Return the error for what stands at an index of the text."""
        first = 0 if len(self.text) <= _SHOWN else max(0, index - _SHOWN // 2)
        shown = self.text[first : first + _SHOWN]
        return ConfigurationError(
            f"{self.place[:1].upper()}{self.place[1:]} cannot be read at character {index + 1}: found {found}, "
            f"expected {expected}.{hint} It {'is' if shown == self.text else 'holds'}: {shown!r}"
        )


class _Kind(Enum):
    OPERAND = auto()
    OPERATOR = auto()
    AND = auto()
    OR = auto()
    NOT = auto()
    OPEN = auto()
    CLOSE = auto()
    END = auto()


_KINDS = {
    "and": _Kind.AND,
    "&&": _Kind.AND,
    "or": _Kind.OR,
    "||": _Kind.OR,
    "not": _Kind.NOT,
    "!": _Kind.NOT,
    "(": _Kind.OPEN,
    ")": _Kind.CLOSE,
    **dict.fromkeys(_OPERATORS, _Kind.OPERATOR),
}
_AFTER_OPERAND = (_Kind.AND, _Kind.OR, _Kind.CLOSE, _Kind.END)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Token:
    kind: _Kind
    text: str
    start: int

    @property
    def shown(self) -> str:
        return repr(self.text[:_SHOWN]) if self.text else "the end"


def parse(source: Source) -> Node:
    """Return the tree of a condition; one without any text is true of all.

    Raises:
        ConfigurationError: It does not follow the grammar, or nests deeper than 50 parentheses and nots.
    """
    tokens = _tokens(source)
    return _Reader(source, tokens).whole() if len(tokens) > 1 else AllOf(parts=())


def _tokens(source: Source) -> list[_Token]:
    tokens, start, text = [], 0, source.text
    while start < len(text):
        match = _TOKEN.match(text, start)
        if match is None:
            found, expected = _UNREADABLE.get(text[start], (repr(text[start]), "a variable, a literal or an operator"))
            raise source.refusal(start, found=found, expected=expected)
        if match.lastgroup != "blank":
            kind = _KINDS.get(match[0].lower(), _Kind.OPERAND)
            tokens.append(_Token(kind=kind, text=match[0], start=start))
        start = match.end()
    return [*tokens, _Token(kind=_Kind.END, text="", start=start)]


class _Reader:
    """Reads tokens one after the other."""

    __slots__ = ("_index", "_source", "_tokens")

    def __init__(self, source: Source, tokens: list[_Token]) -> None:
        self._source = source
        self._tokens = tokens
        self._index = 0

    def whole(self) -> Node:
        node = self._any_of(0)
        self._pass(_Kind.END, "'and', 'or' or the end")
        return node

    def _any_of(self, depth: int) -> Node:
        parts = [self._all_of(depth)]
        while self._take(_Kind.OR):
            parts.append(self._all_of(depth))
        return parts[0] if len(parts) == 1 else AnyOf(parts=tuple(parts))

    def _all_of(self, depth: int) -> Node:
        parts = [self._factor(depth)]
        while self._take(_Kind.AND):
            parts.append(self._factor(depth))
        return parts[0] if len(parts) == 1 else AllOf(parts=tuple(parts))

    # GUESS: `not a = b` denies the whole comparison. Java's precedence, of which the reference speaks, would deny `a`
    # alone; where both are booleans that is the same.
    def _factor(self, depth: int) -> Node:
        if depth > _DEEPEST:
            expected = "fewer: write the condition flatter"
            raise self._refusal(expected, found=f"more than {_DEEPEST} parentheses and nots in one another")
        if self._take(_Kind.NOT):
            return Not(inner=self._factor(depth + 1))
        if self._take(_Kind.OPEN):
            node = self._any_of(depth + 1)
            self._pass(_Kind.CLOSE, "'and', 'or' or ')'")
            return node
        return self._comparison(self._operand("a variable, a literal, 'not' or '('"))

    # GUESS: operands are variables and literals, never comparisons in parentheses.
    def _comparison(self, left: Operand) -> Node:
        is_negated = self._take(_Kind.NOT)
        token = self._token
        operator = _OPERATORS.get(token.text.lower())
        if is_negated and operator not in _NEGATABLE:
            raise self._refusal("StartsWith, Matches, JavaRegex or MatchesPath after 'not'")
        if operator is None:
            return self._lone(left)
        self._index += 1
        if token.text.lower() == "is" and self._token.text.lower() == "not":  # GUESS: `is not` is IsNot
            operator = Operator.NOT_EQUALS
            self._index += 1
        right_at = self._token.start
        comparison = Comparison(operator=operator, left=left, right=self._operand(_OPERAND), right_at=right_at)
        return Not(inner=comparison) if is_negated else comparison

    def _lone(self, operand: Operand) -> Lone:
        token = self._token
        if token.kind in _AFTER_OPERAND:
            return Lone(operand=operand)
        hint = nearest(token.text, _WORDS) if token.text.isalpha() else ""
        raise self._refusal("an operator, 'and', 'or', ')' or the end", hint=hint)

    def _operand(self, expected: str) -> Operand:
        token = self._token
        operand = _operand(token.text) if token.kind is _Kind.OPERAND else None
        if operand is None:
            raise self._refusal(expected)
        self._index += 1
        return operand

    @property
    def _token(self) -> _Token:
        return self._tokens[self._index]

    def _take(self, kind: _Kind) -> bool:
        is_it = self._token.kind is kind
        self._index += is_it
        return is_it

    def _pass(self, kind: _Kind, expected: str) -> None:
        if self._token.kind is not kind:
            raise self._refusal(expected)
        self._index += 1

    def _refusal(self, expected: str, *, found: str = "", hint: str = "") -> ConfigurationError:
        token = self._token
        return self._source.refusal(token.start, found=found or token.shown, expected=expected, hint=hint)


def _operand(text: str) -> Operand | None:
    if text[0] == '"':
        return Literal(value=text[1:-1])
    if text[0] == "'":
        return Variable(name=text[1:-1])
    if text.lower() in _LITERALS:
        return Literal(value=_LITERALS[text.lower()])
    if number := _NUMBER.fullmatch(text):
        return Literal(value=Decimal(number[1] or number[2]))
    return Variable(name=text) if _NAME.fullmatch(text) else None
