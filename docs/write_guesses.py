"""Writes docs/guesses.md from the switches in `pytest_apigee/edge/guesses.py`: run it after a change there."""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from itertools import chain, pairwise
from pathlib import Path

from pytest_apigee.edge import guesses, management, management_guesses

PAGE = Path(__file__).with_name("guesses.md")
INTRODUCTION = """\
# Guesses

What Edge says, the fake says, wherever documentation, recordings or Apigee's own tools tell. The rest is here: one
switch for each guess, with the default that is most likely. Set them for a test, class or module by
`@pytest.mark.apigee(guesses={"expired_status": 500})`, or by `fake_edge(guesses={...})`. Where a guess
decides what is accepted, its default is the most likely too, and its other side is one switch away.

| switch | default | what is not known |
|---|---|---|
"""
WITHOUT_A_SWITCH = """
Some answers of login.apigee.com are guesses, too, and have no switch, since hardly a client looks at them:

* the layout of its pages, and that a browser session lasts until one logs out;
* a wrong method on any of its endpoints is 405 with the token endpoint's body, without `Allow`;
* in the JSON of `/login`: `entityID` is the host, `links.login` names the zone, `idpDefinitions` is empty, and somebody
  who is logged in gets it as well;
* `/check_token` without `token` is 400 `invalid_token`, as for a token that does not decode;
* a challenge is cut at 8,000 characters;
* a token of one zone is 401 at the management API for organizations of another, and so is Basic where SAML is on;
* a refresh asks for no account status but `inactive`, and a user who is active again has the old tokens back;
* every user may have every scope that the client may have;
* the limit of new tokens an hour counts each user's own.

So have some of the gateway's:

* a policy of OAuthV2 that answers (GenerateResponse) in a request flow ends that flow and skips the target, while the
  flows of the response still run;
* where a call failed at the target, the fault rules of the TargetEndpoint see it, and those of the ProxyEndpoint do
  not, but for its default one where no rule of the TargetEndpoint ran, or where it is always enforced;
* `error.message` of what a target answered, or RaiseFault said, is its body;
* a fault as XML has the type `application/xml`, and a client asks for it by naming that type first in `Accept`;
* the request line that is measured for 414 ends with ` HTTP/1.1`;
* an app without a callback URL may name any redirect URI, and one with several has them separated by commas;
* a lifetime that a variable holds counts as absent unless it is a whole number of milliseconds, 1 or more, or -1;
* of several API products that allow a call, the first on the key is the one that variables speak of;
* custom attributes never take the place of a field or variable that Edge itself sets;
* a call that a Quota or SpikeArrest refuses uses nothing up; an identifier without a value is `_default`; an unknown
  class, and a countRef that holds no whole number, are allowed what `allow` says;
* in conditions: two sides that both read as numbers are compared as numbers; `**` of MatchesPath is one path element
  or more; a variable that holds a broken pattern matches nothing; `true` alone is true in lower case only;
* `apigee.authorization_server` is no part of Edge: its page and its answer to a wrong password are our own.
"""

_SAID = re.compile(
    r'(?:(?:"""|\. )(?P<about>[^."]*)[.;] (?:\S+ )??)?GUESS(?: \(`\w+`\))?: (?P<after>[^"]+?)(?:\.(?= |"|$)|")'
    r'|(?P<before>[^."]+) \(GUESS\)[^."]*(?:\.|")'
)
MANAGEMENT = """
Of the management API these are guessed beside its switches, where each stands in the source:

| endpoints | guess |
|---|---|
"""


def page() -> str:
    """Return the text of the page."""
    rows, tables = [], []
    for name, value, text in switches():
        if isinstance(value, Mapping):
            rows.append(f"| `{name}` | [below](#{name}) | {text} |\n")
            entries = "".join(f"| `{row}` | `{said}` |\n" for row, said in value.items())
            tables.append(f"\n## {name}\n\n| row | default |\n|---|---|\n{entries}")
        else:
            rows.append(f"| `{name}` | `{value!r}` | {text} |\n")
    return "".join((INTRODUCTION, *rows, WITHOUT_A_SWITCH, MANAGEMENT, *said_in_management(), *tables))


def said_in_management() -> Iterator[str]:
    """Yield a row for each guess that stands in the source of the management API, with what it is about."""
    for file in sorted(Path(management.__path__[0]).glob("*.py")):
        text = re.sub(r"\n\s*(?:# ?)?", " ", file.read_text(encoding="utf-8"))
        for guess in _SAID.finditer(text):
            about = guess["about"] or ""
            said = (guess["after"] or guess["before"]).strip()
            row = said if not about or "Source" in about or "yaml" in about else f"{about}: {said}"
            yield f"| `{file.stem}` | {row[0].upper()}{row[1:]} |\n"


def switches() -> Iterator[tuple[str, object, str]]:
    """Yield each switch: its name, its default, and the text below it in the source."""
    defaults = guesses.Guesses()
    kinds = (guesses.Guesses, management_guesses.ManagementGuesses)
    bodies = (ast.parse(inspect.getsource(kind)).body[0].body for kind in kinds)  # type: ignore[attr-defined]  # classes
    for field, below in chain.from_iterable(map(pairwise, bodies)):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                said = " ".join(text.split()).removeprefix("GUESS").lstrip(": ")
                yield name, getattr(defaults, name), said[0].upper() + said[1:]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
