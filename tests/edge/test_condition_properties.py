"""The condition language against a small oracle, and against hostile text."""

import fnmatch
import re
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_apigee.edge.gateway.conditions import parse_condition
from pytest_apigee.errors import ConfigurationError

SPELLINGS = {
    "=": ["=", "==", "Equals", "is"],
    ":=": [":=", "EqualsCaseInsensitive"],
    "!=": ["!=", "NotEquals", "IsNot", "is not"],
    ">": [">", "GreaterThan"],
    ">=": [">=", "GreaterThanOrEquals"],
    "<": ["<", "LesserThan"],
    "<=": ["<=", "LesserThanOrEquals"],
    "=|": ["=|", "StartsWith"],
    "~": ["~", "Matches", "Like"],
    "!~": ["!~"],
    "~~": ["~~", "JavaRegex"],
    "~/": ["~/", "MatchesPath", "LikePath"],
    "and": ["and", "&&"],
    "or": ["or", "||"],
    "not": ["not", "!"],
}
# what an operator answers where its left side, its right side, both are null
NULLS = {
    "=": (False, False, True),
    ":=": (False, False, True),
    "!=": (True, True, False),
    ">": (True, False, False),
    ">=": (False, True, True),
    "<": (True, False, False),
    "<=": (True, False, True),
    "=|": (False, False, False),
    "~": (False, False, False),
    "!~": (True, False, False),
    "~~": (False, False, False),
    "~/": (False, False, False),
}
NUMBERS = st.integers(-12, 12)
TEXTS = st.sampled_from(["", "a", "A", "ab", "true", "TRUE", "10", "010", "9", "1.5", "/a", "/a/b", "/a/", "/b/a/b"])
DEEP = st.lists(st.sampled_from(["", "a", "b"]), max_size=6).map("/".join)
VALUES = st.none() | st.booleans() | NUMBERS | TEXTS | DEEP
GLOBS = st.text("ab/*", max_size=5)
PATHS = st.lists(st.sampled_from(["a", "b", "*", "**"]), min_size=1, max_size=4).map(
    lambda parts: "/" + "/".join(parts)
)
REGEXES = st.sampled_from(["a.*", "[0-9]+", "/a|/b", "(?i)A+", "", "t?rue"])
PATTERNS = {"~": GLOBS, "!~": GLOBS, "~/": PATHS, "~~": REGEXES}
NAMES = st.sampled_from(["a", "request.header.content-type", "q.Quota-1.used", "_x", "'help!me'"])


def side(values):
    return st.tuples(st.just("literal"), values) | st.tuples(st.just("variable"), NAMES, values)


COMPARISONS = st.sampled_from(sorted(NULLS)).flatmap(
    lambda operator: st.tuples(st.just(operator), side(VALUES), side(PATTERNS.get(operator, VALUES)))
)
TREES = st.recursive(
    COMPARISONS | st.tuples(st.just("lone"), side(VALUES)),
    lambda inner: (
        st.tuples(st.just("not"), inner)
        | st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3))
    ),
    max_leaves=8,
)


def distinct(tree, variables):
    """Give every variable of the tree a name of its own and note its value."""
    kind, *parts = tree
    if kind == "literal":
        return tree
    if kind == "variable":
        name = f"{parts[0].strip(chr(39))}.{len(variables)}"
        variables[name] = parts[1]
        return kind, f"'{name}'" if "!" in name else name, parts[1]
    if kind in ("and", "or"):
        return kind, [distinct(part, variables) for part in parts[0]]
    return kind, *(distinct(part, variables) for part in parts)


def words_of(tree, random):
    """Return the words of a condition that means the tree."""
    kind, *parts = tree
    if kind == "lone":
        return [operand(parts[0])]
    if kind == "not":
        return [cased("not", random), *inner_words(parts[0], random, ("and", "or"))]
    if kind in ("and", "or"):
        loose = ("or", "and") if kind == "and" else ("or",)
        words = [word for part in parts[0] for word in [cased(kind, random), *inner_words(part, random, loose)]]
        return words[1:]
    return [operand(parts[0]), cased(kind, random), operand(parts[1])]


def inner_words(tree, random, looser):
    words = words_of(tree, random)
    return ["(", *words, ")"] if tree[0] in looser or random.random() < 0.2 else words


def cased(kind, random):
    word = random.choice(SPELLINGS[kind])
    return "".join(random.choice([letter.lower(), letter.upper()]) for letter in word)


def operand(part):
    value = part[-1]
    if part[0] == "variable":
        return part[1]
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f'"{value}"' if isinstance(value, str) else str(value)


def spaced(words, random):
    """Join words by random blanks, by none where they stay apart without."""
    text = words[0]
    for word in words[1:]:
        one_word = re.fullmatch(r"[\w.-]{2}|[^\w.\-()'\"]{2}", text[-1] + word[0])
        text += random.choice([" ", "\n\t", "  "] if one_word else ["", " ", "\n"]) + word
    return text


def expected(tree):
    kind, *parts = tree
    if kind == "lone":
        return parts[0][-1] is True or parts[0][-1] == "true"
    if kind == "not":
        return not expected(parts[0])
    if kind in ("and", "or"):
        return (all if kind == "and" else any)([expected(part) for part in parts[0]])
    return compared(kind, parts[0][-1], parts[1][-1])


def compared(kind, left, right):
    if left is None or right is None:
        return NULLS[kind][2 if left is right else 0 if left is None else 1]
    first, second = written(left), written(right)
    if kind in ("~", "!~"):
        return fnmatch.fnmatchcase(first, second) is (kind == "~")
    if kind == "~/":
        return is_path(second.split("/"), first.split("/"))
    if kind in ("~~", "=|"):
        return bool(re.fullmatch(second, first)) if kind == "~~" else first[: len(second)] == second
    if kind == ":=":
        first, second = first.lower(), second.lower()
    if are_numbers(left, right):
        first, second = Fraction(left), Fraction(right)
    return {
        "=": first == second,
        ":=": first == second,
        "!=": first != second,
        ">": first > second,
        ">=": first >= second,
        "<": first < second,
        "<=": first <= second,
    }[kind]


def written(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def are_numbers(left, right):
    """Return whether both are numbers; a boolean is one beside a number, but not beside text."""
    if bool in (type(left), type(right)) and str in (type(left), type(right)):
        return False
    return all(not isinstance(value, str) or value[:1].isdigit() for value in (left, right))


def is_path(pattern, elements):
    if not pattern or not elements:
        return not pattern and not elements
    head, *rest = pattern
    if head == "**":
        return any(is_path(rest, elements[taken:]) for taken in range(1, len(elements) + 1) if elements[:taken] != [""])
    fits = bool(elements[0]) if head == "*" else head == elements[0]
    return fits and is_path(rest, elements[1:])


@given(tree=TREES, random=st.randoms(use_true_random=False))
def test_a_condition_means_what_was_written(tree, random):
    """However a condition is spelled, spaced and put in parentheses, it holds where its tree does."""
    variables = {}
    tree = distinct(tree, variables)

    condition = parse_condition(spaced(words_of(tree, random), random), place="a condition")

    assert condition.holds(variables) is expected(tree)


SOUP = st.lists(
    st.sampled_from(
        [
            *(word for words in SPELLINGS.values() for word in words),
            *"()'\"&|%*-.",
            "a",
            "b.c-1",
            '"x"',
            "'y z'",
            "5",
            "7L",
        ]
    )
)
SAID = st.text() | SOUP.map("".join) | SOUP.map(" ".join) | st.text('ab"= ()!~%*/')
SIGNS = st.text(r"ab01[](){}\|&-~^$*+?.,:<>=!QEkpPzZixdu#/")


class Answers:
    """Variables that all have one value."""

    def __init__(self, value):
        self.value = value

    def get(self, _name):
        return self.value


def outcome_of(text, value):
    try:
        condition = parse_condition(text, place="a condition")
    except ConfigurationError:
        return None
    return condition.holds(Answers(value))


@given(text=SAID, value=VALUES | st.text())
def test_no_text_breaks_the_parser(text, value):
    """Any text is a condition or a ConfigurationError, and a condition is true or false of whatever there is."""
    assert outcome_of(text, value) in (True, False, None)


@settings(max_examples=300)
@given(pattern=SIGNS, operator=st.sampled_from(["~", "!~", "~~", "~/"]), value=TEXTS | SIGNS)
def test_no_pattern_breaks_the_parser(pattern, operator, value):
    """Any pattern that is a literal compiles or is refused; in a variable it is true or false, and never an error."""
    assert outcome_of(f'a {operator} "{pattern}"', value) in (True, False, None)
    assert outcome_of(f"a {operator} a", pattern) in (True, False)
