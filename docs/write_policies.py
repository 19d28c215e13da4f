"""Writes docs/policies.md from the docstrings of `pytest_apigee.policies`: run it after a change of a policy."""

import dataclasses
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from pytest_apigee import policies

PAGE = Path(__file__).with_name("policies.md")
INTRODUCTION = """\
# Policies

What `pytest_apigee.policies` holds: Edge's policies with the settings and defaults of their elements, in snake case;
what attaches them to flows; and the values that some settings take. A setting that "names a variable" takes a flow
variable, as `request.queryparam.apikey`. Every policy has a `name`, `enabled` (True) and `continue_on_error` (False).

## Flow variables

* of messages: `request`, `response`, `message` and `error`, with `.content`, `.verb`, `.uri`, `.path`, `.querystring`,
  `.header.{name}`, `.queryparam.{name}`, `.formparam.{name}`, `.status.code`, `.reason.phrase` and the rest of Edge's
  parts of messages;
* of the call: `proxy.basepath`, `proxy.pathsuffix`, `proxy.url`, `proxy.name`, `virtualhost.name`, `apiproxy.name`,
  `apiproxy.revision`, `organization.name`, `environment.name`, `client.scheme`, `client.ip`, `current.flow.name`,
  `system.timestamp`, `is.error`, `fault.name`, `error.state`, `error.message`;
* what policies set: those of OAuthV2, VerifyAPIKey, Quota and so on, `{prefix}.{policy}.failed`, and your own.

Any other variable of Edge, such as `messageid` or `target.url`, has no value here: a condition sees null, and a policy
of your own can set it.
"""
SECTIONS = {
    "OAuth": (
        "GenerateAccessToken",
        "RefreshAccessToken",
        "GenerateAuthorizationCode",
        "GenerateAccessTokenImplicitGrant",
        "VerifyAccessToken",
        "InvalidateToken",
        "ValidateToken",
        "GetOAuthV2Info",
        "SetOAuthV2Info",
        "DeleteOAuthV2Info",
    ),
    "API keys and traffic": ("VerifyAPIKey", "Quota", "SpikeArrest"),
    "Messages": ("AssignMessage", "RaiseFault", "BasicAuthentication"),
    "Flows": ("ProxyEndpoint", "TargetEndpoint", "Flow", "Step", "FaultRule"),
}
OF_EVERY_POLICY = ("name", "enabled", "continue_on_error")
_ARGUMENT = re.compile(r"(\w+): (.*)", re.DOTALL)


def page() -> str:
    """Return the text of the page."""
    listed = [name for names in SECTIONS.values() for name in names]
    values = [name for name in policies.__all__ if name not in listed and _is_dataclass(name) and name != "Policy"]
    sections = SECTIONS | {"Values": tuple(values)}
    return INTRODUCTION + "".join(f"\n## {title}\n{''.join(map(_entry, names))}" for title, names in sections.items())


def _entry(name: str) -> str:
    kind = getattr(policies, name)
    rows = "".join(f"| `{field}` | {takes} | {default} | {text} |\n" for field, takes, default, text in _settings(kind))
    table = f"\n| setting | takes | default | |\n|---|---|---|---|\n{rows}" if rows else ""
    return f"\n### {name}\n\n{_summary(kind)}\n{table}"


def _summary(kind: type) -> str:
    text = inspect.getdoc(kind) or ""
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    paragraphs = [re.sub(r"\s*Settings are those of .*", "", part) for part in paragraphs]
    return "\n\n".join(part for part in paragraphs if part and not part.startswith(("Args:", "Raises:", "Source:")))


def _settings(kind: type) -> Iterator[tuple[str, str, str, str]]:
    texts = dict(pair for base in reversed(kind.__mro__) for pair in _arguments(base))
    known = OF_EVERY_POLICY if issubclass(kind, policies.Policy) else ()
    for field in dataclasses.fields(kind):
        if field.init and field.name not in known:
            yield field.name, _takes(field), _default(field), texts.get(field.name, "")


def _takes(field: "dataclasses.Field[object]") -> str:
    kind = field.type if isinstance(field.type, str) else getattr(field.type, "__name__", str(field.type))
    if not isinstance(field.type, str | type):
        kind = str(field.type)
    return f"`{re.sub(r'[a-z0-9_.]+[.](?=[A-Za-z])', '', kind)}`".replace("|", "\\|")


def _default(field: "dataclasses.Field[object]") -> str:
    if field.default is not dataclasses.MISSING:
        return f"`{field.default!r}`"
    return "needed" if field.default_factory is dataclasses.MISSING else "none"


def _arguments(kind: type) -> Iterator[tuple[str, str]]:
    _, _, listed = inspect.cleandoc(kind.__dict__.get("__doc__") or "").partition("Args:\n")
    block = re.split(r"\n\n", listed, maxsplit=1)[0]
    for entry in re.split(r"\n(?= {4}\w)", f"\n{block}"):
        match = _ARGUMENT.fullmatch(entry.strip())
        if match:
            yield match[1], " ".join(match[2].split())


def _is_dataclass(name: str) -> bool:
    return dataclasses.is_dataclass(getattr(policies, name))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
