"""The condition language of proxies ("Conditions reference" of Edge's documentation)."""

import pytest

from pytest_apigee.edge.gateway.conditions import Condition, parse_condition
from pytest_apigee.errors import ConfigurationError

PLACE = "the condition of flow 'GetRequests'"
REGEX = "a regular expression of Java that Python's re can stand in for"
VARIABLES = {
    "request.verb": "GET",
    "request.header.content-type": "application/json",
    "request.header.help!me": "yes",
    "ratelimit.Quota-1.used.count": 9,
    "response.status.code": 404,
    "oauthV2.verify-1.failed": True,
    "flow.cachehit": "true",
    "flow.off": False,
    "five": "5",
    "lower": "get",
    "empty": "",
    "broken": "(",
    "glob": "G*",
    "long": 10**5000,
}


def holds(text, **variables):
    return parse_condition(text, place=PLACE).holds({**VARIABLES, **variables})


def refusal_of(text):
    with pytest.raises(ConfigurationError) as caught:
        parse_condition(text, place=PLACE)
    return str(caught.value)


@pytest.mark.parametrize("text", ["", " ", "\n\t \r\n"])
def test_a_condition_without_text_always_holds(text):
    """An empty condition, or one of blanks alone, is true."""
    assert holds(text)


def test_a_condition_is_a_value():
    """A condition keeps its text, and those with one text are equal."""
    condition = parse_condition('a = "b"', place=PLACE)

    assert condition == parse_condition('a = "b"', place="elsewhere")
    assert condition != parse_condition('a  = "b"', place=PLACE)
    assert isinstance(condition, Condition)
    assert repr(condition) == "Condition(text='a = \"b\"')"


@pytest.mark.parametrize(
    ("spellings", "true", "false"),
    [
        (["=", "==", "Equals", "Is", "EQUALS", "is"], ('"a"', '"a"'), ('"a"', '"A"')),
        ([":=", "EqualsCaseInsensitive", "equalscaseinsensitive"], ('"a"', '"A"'), ('"a"', '"b"')),
        (["!=", "NotEquals", "IsNot", "ISNOT", "Is Not", "is not"], ('"a"', '"A"'), ('"a"', '"a"')),
        ([">", "&gt;", "GreaterThan", "greaterthan"], ("10", "9"), ("9", "9")),
        ([">=", "&gt;=", "GreaterThanOrEquals"], ("9", "9"), ("8", "9")),
        (["<", "&lt;", "LesserThan"], ("9", "10"), ("9", "9")),
        (["<=", "&lt;=", "LesserThanOrEquals"], ("9", "9"), ("10", "9")),
        (["=|", "StartsWith", "startsWith"], ('"abc"', '"ab"'), ('"abc"', '"Ab"')),
        (["~", "Matches", "Like", "LIKE"], ('"abc"', '"a*"'), ('"abc"', '"A*"')),
        (["!~"], ('"abc"', '"A*"'), ('"abc"', '"a*"')),
        (["~~", "JavaRegex", "javaregex"], ('"abc"', '"a.c"'), ('"abcd"', '"a.c"')),
        (["~/", "MatchesPath", "LikePath", "matchespath"], ('"/a/b"', '"/a/*"'), ('"/a/b"', '"/A/*"')),
    ],
)
def test_every_operator_has_each_of_its_spellings(spellings, true, false):
    """An operator is a symbol or a word in any letter case, and compares the same in each."""
    outcomes = {
        spelling: (holds(f"{true[0]} {spelling} {true[1]}"), holds(f"{false[0]} {spelling} {false[1]}"))
        for spelling in spellings
    }

    assert outcomes == dict.fromkeys(spellings, (True, False))


@pytest.mark.parametrize("operator", ["StartsWith", "=|", "Matches", "~", "JavaRegex", "~~", "MatchesPath", "~/"])
@pytest.mark.parametrize("word", ["Not", "not", "!"])
def test_a_pattern_may_be_denied_in_the_middle(operator, word):
    """`a Not MatchesPath b` is the opposite of `a MatchesPath b`."""
    assert not holds(f'"/a" {word} {operator} "/a"')
    assert holds(f'"/a" {word} {operator} "/b"')
    assert holds(f'nothing {word} {operator} "/b"')


@pytest.mark.parametrize("text", ['request.verb="GET"', 'request.verb\n=\t"GET"', '(request.verb="GET")and(five=5)'])
def test_blanks_may_be_missing_or_be_lines_and_tabs(text):
    """An operator needs no blanks around it, and any number of blanks, tabs and newlines may stand there."""
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        'request.header.content-type = "application/json"',
        "ratelimit.Quota-1.used.count = 9",
        "oauthV2.verify-1.failed = true",
        "'request.header.help!me' = \"yes\"",
        '"GET" = request.verb',
        "five = '5' or five = five",
        '"=" = "="',
        '"it\'s (and) not" =| "it\'s"',
        '"a\\b" = "a\\b"',
        '"a\nb" = "a\nb"',
        "5 = 5",
        "-5 < 5",
        "3.142f = 3.142F",
        "2.5d < 2.50001D",
        "12321421312L = 12321421312l",
        "10L > 9.5",
        "5 = five",
        "null = null",
        "NULL = Null",
        "TRUE = true",
        "False = false",
        "true != false",
        'empty = ""',
    ],
)
def test_operands_are_variables_and_literals_on_either_side(text):
    """An operand is a dotted name, a name in single quotes, a text in double quotes, a number, true, false or null."""
    assert holds(text)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("response.status.code = 404", True),
        ('response.status.code = "404"', True),
        ('response.status.code = "0404"', True),
        ("five < 10", True),
        ('five < "10"', True),
        ('five < "10x"', False),
        ('five = "5.0"', True),
        ("five := 5.0", True),
        ("five != 5", False),
        ('"b" > "a"', True),
        ('"b" >= "b"', True),
        ('"b" <= "a"', False),
        ('request.verb = "get"', False),
        ('request.verb := "get"', True),
        ("request.verb EqualsCaseInsensitive lower", True),
        ('oauthV2.verify-1.failed = "true"', True),
        ('oauthV2.verify-1.failed = "True"', False),
        ('oauthV2.verify-1.failed := "True"', True),
        ("oauthV2.verify-1.failed = 1", True),
        ('oauthV2.verify-1.failed = "1"', False),
        ("flow.cachehit is true", True),
        ("flow.cachehit is false", False),
        ('flow.off = "false"', True),
        ("response.status.code =| 40", True),
        ("response.status.code ~~ 404", True),
        ("3.140 =| 3.14", True),
        ('long =| "1000"', True),
        ("long > 5", True),
    ],
)
def test_operands_are_compared_as_numbers_where_both_read_as_numbers(text, outcome):
    """Two operands that read as numbers are compared as numbers, all others as text, booleans as true and false."""
    assert holds(text) is outcome


@pytest.mark.parametrize(
    ("operator", "left", "right", "both"),
    [
        ("=", False, False, True),
        ("==", False, False, True),
        (":=", False, False, True),
        ("!=", True, True, False),
        ("=|", False, False, False),
        (">", True, False, False),
        (">=", False, True, True),
        ("<", True, False, False),
        ("<=", True, False, True),
        ("~", False, False, False),
        ("!~", True, False, False),
        ("~~", False, False, False),
        ("~/", False, False, False),
    ],
)
def test_an_unresolved_variable_is_null(operator, left, right, both):
    """Each operator has its answer to a null on its left, on its right and on both sides, variable or literal."""
    answers = (holds(f'nothing {operator} "5"'), holds(f"five {operator} nothing"), holds(f"nothing {operator} no.one"))
    literal_answers = (
        holds(f"null {operator} five"),
        holds(f"five {operator} null"),
        holds(f"nothing {operator} null"),
    )

    assert answers == literal_answers == (left, right, both)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("true or true and false", True),
        ("(true or true) and false", False),
        ("false and false or true", True),
        ("false and (false or true)", False),
        ("false && true || true", True),
        ("false AND true Or true", True),
        ("true && true and true", True),
        ("not true or true", True),
        ("not (true or true)", False),
        ("! false and false", False),
        ("!false", True),
        ("!!true", True),
        ("not not not true", False),
        ("NOT(false)", True),
        ('not five = "6"', True),
        ("!five = 5", False),
        ("not request.verb ~ glob and true", False),
        ("((((five = 5))))", True),
    ],
)
def test_not_binds_before_and_before_or(text, outcome):
    """Operators have Java's precedence: `not` denies the comparison after it, then `and`, then `or`."""
    assert holds(text) is outcome


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("flow.cachehit", True),
        ("oauthV2.verify-1.failed", True),
        ("flow.off", False),
        ("request.verb", False),
        ("nothing", False),
        ("empty", False),
        ("true", True),
        ('"true"', True),
        ('"True"', False),
        ("false", False),
        ("null", False),
        ("1", False),
        ("one", False),
        ("(flow.cachehit)", True),
        ("not flow.off", True),
    ],
)
def test_a_lone_operand_is_true_where_it_is_true(text, outcome):
    """What is compared with nothing holds where it is true, or the text `true`."""
    assert holds(text, one=1) is outcome


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("/cat", ["/cat"], ["/cat/", "/cats", "/Cat", ""]),
        ("/*at", ["/cat", "/at", "/a/bat"], ["/cats", "cat"]),
        ("/cat*", ["/cat", "/cats", "/cat/paws\nand"], ["/ca"]),
        ("/c%*at", ["/c*at"], ["/cat", "/c%*at"]),
        ("50%%", ["50%"], ["50%%", "50"]),
        ("50%", ["50%"], ["50"]),
        ("a.c[x]", ["a.c[x]"], ["abcx"]),
        ("*", ["", "a", "/a/b"], []),
        ("**a***", ["a", "bab"], ["b"]),
        ("a*b*c*d", ["abcd", "axbxbcxcd"], ["acbd", "abdc"]),
        ("a*ab", ["aab", "aabab"], ["ab"]),
        ("", [""], ["a"]),
    ],
)
@pytest.mark.parametrize("written", ['"{}"', "pattern"])
def test_matches_takes_wildcards(pattern, matching, others, written):
    """Matches compares the whole text: `*` is zero or more characters, and `%` lets a character stand for itself."""
    text = f"value Matches {written.format(pattern)}"

    assert [value for value in [*matching, *others] if holds(text, value=value, pattern=pattern)] == matching


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("/animals", ["/animals"], ["/animals/", "/animals/cat", "/animalsx", "/Animals", "animals", ""]),
        ("/*/a/", ["/x/a/", "/y/a/"], ["/x/a", "//a/", "/x/y/a/"]),
        ("/*/a/*", ["/x/a/b", "/y/a/foo"], ["/x/a/", "/x/a/b/c", "/x/a/b/"]),
        ("/*/a/**", ["/x/a/b/c/d", "/x/a/b", "/x/a/b/"], ["/x/a", "/x/a/"]),
        ("/*/a/*/feed/", ["/x/a/b/feed/"], ["/x/a/b/feed"]),
        ("/*/a/{reader}/feed/", ["/x/a/b/feed/"], ["/x/a/b/c/feed/"]),
        ("/a/**/feed/**", ["/a/b/feed/rss/1234", "/a/b/c/feed/d"], ["/a/feed/rss", "/a/b/feed"]),
        ("%{user%}", ["{user}"], ["user"]),
        ("/{user", ["/{user"], ["/x"]),
        ("/**", ["/a", "/a/b"], ["", "/"]),
        ("**", ["", "/", "/a/b"], []),
        ("**/b", ["/b", "/a/b"], ["/b/a", "/bb"]),
        ("**/b**", ["/b", "/a/b", "/b/c", "/bb"], ["/ab"]),
        ("/a*", ["/a", "/ab"], ["/a/b", "/b"]),
        ("/a%*", ["/a*"], ["/ab"]),
        ("/a.b", ["/a.b"], ["/axb"]),
        ("/", [""], ["/", "/a"]),
        ("*", ["a"], ["", "/a"]),
        ("", [""], ["/"]),
    ],
)
@pytest.mark.parametrize("written", ['"{}"', "pattern"])
def test_matches_path_compares_path_elements(pattern, matching, others, written):
    """MatchesPath compares whole elements: `*` and `{name}` are one, `**` one or more; a slash at the end counts."""
    text = f"value MatchesPath {written.format(pattern)}"

    assert [value for value in [*matching, *others] if holds(text, value=value, pattern=pattern)] == matching


@pytest.mark.parametrize(
    ("text", "value"), [(f'a ~ "{"*a" * 30}"', f"{'a' * 3000}b"), (f'a ~/ "{"/**/a" * 30}"', f"{'/a' * 300}/b")]
)
@pytest.mark.timeout(10)
def test_many_wildcards_are_no_slower_than_few(text, value):
    """However many wildcards a pattern has, a long text that it does not match is refused at once."""
    assert not holds(text, a=value)


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("/cat", ["/cat"], ["/cats", "x/cat", "/Cat"]),
        ("/ca?t", ["/cat", "/ct"], ["/caat"]),
        ("/[cbr]at", ["/cat", "/rat"], ["/hat"]),
        ("(?i)/cat", ["/CAT"], ["/ca"]),
        ("a.b", ["axb"], ["a\nb"]),
        ("(?s)a.b", ["a\nb"], ["a\n"]),
        (r"\d+", ["123"], ["\u0663", "12a"]),
        ("^(foo|bar)$", ["foo", "bar"], ["foobar"]),
        ("a*+b", ["aab"], ["a"]),
        ("(?>a|ab)c", ["ac"], ["abc"]),
        (r"\Qa.b\E.", ["a.bx"], ["axbx"]),
        (r"\Q*", ["*"], ["x"]),
        (r"a\\b", ["a\\b"], ["ab"]),
        (r"a\z", ["a"], ["a\n"]),
        (r"a\Z", ["a"], ["b"]),
        (r"(?<x>a|b)\k<x>", ["aa", "bb"], ["ab"]),
        (r"[\]\[{]{1,2}", ["[", "{]"], ["a"]),
        ("[]a]", ["]", "a"], ["[]a]"]),
        ("[^]a]", ["b"], ["]", "a"]),
    ],
)
@pytest.mark.parametrize("written", ['"{}"', "pattern"])
def test_java_regex_matches_the_whole_text(pattern, matching, others, written):
    """JavaRegex matches as Java's `matches()` does: the whole text, in its letter case, with Java's syntax."""
    text = f"value JavaRegex {written.replace('{}', pattern)}"

    assert [value for value in [*matching, *others] if holds(text, value=value, pattern=pattern)] == matching


@pytest.mark.parametrize("pattern", ["(", "[", "[[a", "a{x}", r"\p{Alpha}", "(" * 5000, "(?u)a", "a{99999999999}"])
def test_a_broken_pattern_in_a_variable_is_false(pattern):
    """A regular expression that comes from a variable and does not compile matches nothing."""
    assert not holds("request.verb JavaRegex pattern", pattern=pattern)
    assert holds("request.verb not JavaRegex pattern", pattern=pattern)


@pytest.mark.parametrize(
    ("text", "index", "found"),
    [
        ('a ~~ "b(c"', 8, "a fault: missing ), unterminated subpattern"),
        ('a ~~ "(?<x>b)("', 7, "a fault: missing ), unterminated subpattern"),
        (r'a ~~ "b\h"', 8, r"a fault: bad escape \h"),
        ('a ~~ "^(?i)b"', 8, "a fault: global flags not at the start of the expression"),
        (r'a ~~ "b\p{Alpha}"', 8, r"a character class as \p{Alpha}"),
        ('a ~~ "b[a-z&&[^b]]"', 8, "a set in a set or a doubled sign"),
        ('a ~~ "b[a||b]"', 8, "a set in a set or a doubled sign"),
        ('a ~~ "(?P<x>b)"', 7, "a group that Java does not have"),
        ('a ~~ "b(?#c)"', 8, "a group that Java does not have"),
        ('a ~~ "/{id}"', 8, "a '{' that repeats nothing"),
        ('a ~~ "b{,3}"', 8, "a '{' that repeats nothing"),
        ('a ~~ "b{99999999999}"', 7, "more than Python's re can take"),
        ('a ~~ "(?u)b"', 7, "more than Python's re can take"),
    ],
)
def test_a_broken_regular_expression_is_refused(text, index, found):
    """A JavaRegex that does not compile, or that Python has no syntax for, is refused with its place."""
    assert refusal_of(text) == (
        f"The condition of flow 'GetRequests' cannot be read at character {index}: found a JavaRegex with {found}, "
        f"expected {REGEX}. It is: {text!r}"
    )


FIRST = "a variable, a literal, 'not' or '('"
NEXT = "'and', 'or' or the end"
AFTER_OPERAND = "an operator, 'and', 'or', ')' or the end."
DENIABLE = "StartsWith, Matches, JavaRegex or MatchesPath after 'not'"
SINGLE = "a variable's name between two single quotes; a text stands in double quotes"


@pytest.mark.parametrize(
    ("text", "index", "found", "expected"),
    [
        ("a = ", 5, "the end", "a variable or a literal."),
        ("a = )", 5, "')'", "a variable or a literal."),
        ("a === 1", 5, "'='", "a variable or a literal."),
        ("a = not b", 5, "'not'", "a variable or a literal."),
        ("a is not", 9, "the end", "a variable or a literal."),
        ("and", 1, "'and'", f"{FIRST}."),
        ("= 5", 1, "'='", f"{FIRST}."),
        ("a and", 6, "the end", f"{FIRST}."),
        ("a or\nor b", 6, "'or'", f"{FIRST}."),
        ("not", 4, "the end", f"{FIRST}."),
        ("()", 2, "')'", f"{FIRST}."),
        ("-x = 1", 1, "'-x'", f"{FIRST}."),
        (".5 = 1", 1, "'.5'", f"{FIRST}."),
        ("a = b = c", 7, "'='", f"{NEXT}."),
        ("a = 1)", 6, "')'", f"{NEXT}."),
        ("(a) = 1", 5, "'='", f"{NEXT}."),
        ('a = "x" b = 2', 9, "'b'", f"{NEXT}."),
        ("(a = 1", 7, "the end", "'and', 'or' or ')'."),
        ("(a = 1 b", 8, "'b'", "'and', 'or' or ')'."),
        ("a 5", 3, "'5'", AFTER_OPERAND),
        ('a "x"', 3, "'\"x\"'", AFTER_OPERAND),
        ("a (b)", 3, "'('", AFTER_OPERAND),
        ("a LessThan 5", 3, "'LessThan'", f"{AFTER_OPERAND} Did you mean 'LesserThan'?"),
        ('a Contains "x"', 3, "'Contains'", AFTER_OPERAND),
        ("a not = 1", 7, "'='", f"{DENIABLE}."),
        ("a not b", 7, "'b'", f"{DENIABLE}."),
        ("a not", 6, "the end", f"{DENIABLE}."),
        ('a = "x', 5, "a text that does not end", """a second '"'."""),
        ("a = 'x", 5, "a single quote", f"{SINGLE}."),
        ("a = ''", 5, "a single quote", f"{SINGLE}."),
        ("a & b", 3, "'&'", "a variable, a literal or an operator."),
        ("{a}", 1, "'{'", "a variable, a literal or an operator."),
        ("a\xa0= 1", 2, r"'\xa0'", "a variable, a literal or an operator."),
        ("a + 1 = 2", 3, "'+'", "a variable, a literal or an operator."),
    ],
)
def test_what_does_not_follow_the_grammar_is_refused(text, index, found, expected):
    """A refusal names the place, the character's number, what was found, what was expected, and the text."""
    assert refusal_of(text) == (
        f"The condition of flow 'GetRequests' cannot be read at character {index}: found {found}, "
        f"expected {expected} It is: {text!r}"
    )


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("not ", ""), ("!", "")])
def test_nesting_has_a_limit(opening, closing):
    """Fifty parentheses and nots stand in one another, and no more; chains are as long as they like."""
    assert holds(f"{opening * 50}five = 5{closing * 50}")
    assert holds(" and ".join(["five = 5"] * 5000))

    text = f"{opening * 51}a{closing * 51}"
    shown = text if len(text) <= 200 else text[4 * 51 - 100 :][:200]
    assert refusal_of(text) == (
        f"The condition of flow 'GetRequests' cannot be read at character {len(opening) * 51 + 1}: "
        "found more than 50 parentheses and nots in one another, expected fewer: write the condition flatter. "
        f"It {'is' if shown == text else 'holds'}: {shown!r}"
    )


def test_a_long_condition_is_shown_around_its_fault():
    """A refusal shows 200 characters of a long condition, those around the fault."""
    text = f"{'x' * 300} = = {'y' * 300}"

    assert refusal_of(text) == (
        "The condition of flow 'GetRequests' cannot be read at character 304: found '=', "
        f"expected a variable or a literal. It holds: '{'x' * 97} = = {'y' * 98}'"
    )
