"""Message templates by themselves: what is a variable, what is text, and which calls are refused.

Source: "Message templates" of Edge's documentation.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_apigee import ConfigurationError
from pytest_apigee.edge.gateway import templates

NAMES = {
    "dots": ("{request.header.accept}", ["request.header.accept"]),
    "hyphen": ("{ratelimit.Quota-1.expiry.time}", ["ratelimit.Quota-1.expiry.time"]),
    "underscores": ("{_a_1}", ["_a_1"]),
    "number of a value": ("{request.queryparam.a.2}", ["request.queryparam.a.2"]),
    "several": ("{a}{b} {a}", ["a", "b", "a"]),
    "inner braces": ("{{a}}", ["a"]),
    "after an open brace": ("{{a}", ["a"]),
    "in JSON": ('{"a": {"b": "{c}", "d": [{}]}}', ["c"]),
    "in JSON without blanks": ('{"a":{c}}', ["c"]),
    "in a function": ("function f(){return {a};}", ["a"]),
    "digit first": ("{1a}", []),
    "dot first": ("{.a}", []),
    "hyphen first": ("{-a}", []),
    "blank": ("{a b}", []),
    "blanks around": ("{ a }", []),
    "line break": ("{a\n}", []),
    "letter that is not ASCII": ("{naïve}", []),
    "digit that is not ASCII": ("{a²}", []),
    "default": ("{a:b}", []),
    "quotes": ('{"a"}', []),
    "index": ("{a[0]}", []),
    "slash": ("{a/b}", []),
    "open": ("{a", []),
    "closed": ("a}", []),
    "nothing": ("", []),
    "empty": ("{}", []),
}


@pytest.mark.parametrize(("template", "names"), NAMES.values(), ids=NAMES)
def test_finds_names(template: str, names: list[str]) -> None:
    """Between braces, letters, digits, dots, underscores and hyphens are a variable; all else is text."""
    asked: list[str] = []

    def value_of(name: str) -> str:
        asked.append(name)
        return f"{{{name}}}"

    assert templates.filled(template, value_of) == template
    assert asked == names
    assert templates.is_dynamic(template) is bool(names)


VALUES = {
    "of a variable": "{a}",
    "of itself": "{{a}}",
    "group": r"\1 \g<0> \\",
    "dollar": "$1 ${a}",
    "surrogate": "\ud800",
    "control": "\x00\r\n",
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_puts_values_in_as_they_are(value: str) -> None:
    """A value that was put in is not looked at again, and nothing in it is special."""
    assert templates.filled("<{a}{b}>", {"a": value, "b": ""}.__getitem__) == f"<{value}>"


DELIMITERS = ["@#", "%^", "[]", "()", "<>", "$*", "\\/", "|?", "+!", "\"'", "^$", "]["]


@pytest.mark.parametrize(("prefix", "suffix"), DELIMITERS)
def test_takes_other_delimiters(prefix: str, suffix: str) -> None:
    """Other delimiters make braces text, whatever they mean in regular expressions."""
    template = f"{{a}} {prefix}a{suffix} {prefix}1{suffix}"

    filled = templates.filled(template, {"a": "A"}.__getitem__, prefix=prefix, suffix=suffix)

    assert filled == f"{{a}} A {prefix}1{suffix}"


FUNCTIONS = [
    *("createUuid", "randomLong", "timeFormat", "timeFormatMs", "timeFormatUTC", "timeFormatUTCMs"),
    *("md5Hex", "md5Base64", "sha1Hex", "sha1Base64", "sha256Hex", "sha256Base64", "sha384Hex", "sha384Base64"),
    *("sha512Hex", "sha512Base64", "hmacMd5", "hmacSha1", "hmacSha224", "hmacSha256", "hmacSha384", "hmacSha512"),
    *("hmacSha256Hex", "hmacSha256Base64", "jsonPath", "xpath", "xeger", "firstnonnull", "substring"),
    *("replaceAll", "replaceFirst", "encodeBase64", "decodeBase64", "escapeJSON", "escapeXML", "escapeXML11"),
    *("encodeHTML", "escapeHTML", "toUpperCase", "toLowerCase"),
]


@pytest.mark.parametrize(("prefix", "suffix"), ["{}", "@#", "[]"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_refuses_functions(function: str, prefix: str, suffix: str) -> None:
    """A call of a template function is refused where it is declared, for it would be taken for text."""
    text = f'{{"a": "{prefix}{function}(b, c){suffix}"}}'

    with pytest.raises(ConfigurationError) as raised:
        templates.check("The text of a Payload", text, prefix=prefix, suffix=suffix)

    assert str(raised.value) == (
        f"The text of a Payload calls the template function {function!r}, which is not modelled by this version. "
        "Set a variable by a policy of your own, and name that variable instead."
    )


TEXTS = {
    "name": "{createUuid}",
    "other function": "{alert(1)}",
    "other letter case": "{touppercase(a)}",
    "longer": "{mytoUpperCase(a)}",
    "no delimiters": "toUpperCase(a)",
    "other delimiters": "@toUpperCase(a)#",
    "open": "{toUpperCase(a}",
    "followed": "{toUpperCase(a).b}",
    "script": "function f(){substring(1);}",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_takes_what_is_no_call(text: str) -> None:
    """Whatever is no call of such a function is a template like others."""
    templates.check("The text of a Payload", text)


@given(text=st.text() | st.text("{}a.1- \n"), prefix=st.sampled_from("{@["), suffix=st.sampled_from("}#]"))
def test_leaves_all_text_as_it_is(text: str, prefix: str, suffix: str) -> None:
    """A template whose variables hold their own marks comes out as it was: all text between them stays."""
    own = templates.filled(text, lambda name: f"{prefix}{name}{suffix}", prefix=prefix, suffix=suffix)

    assert own == text
