"""What a run and a test are set to: options, ini values and markers, read and checked.

A mistaken option or ini value is a `pytest.UsageError` at configure; a mistaken marker fails its test at setup,
without a traceback. Nearer settings win: marker, then option, then ini, then default.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pytest_apigee.doors import check_allowed
from pytest_apigee.edge.era import era_named
from pytest_apigee.edge.guesses import Guesses
from pytest_apigee.edge.landscape import check_name
from pytest_apigee.edge.message import host_of
from pytest_apigee.errors import ConfigurationError, listed, nearest
from pytest_apigee.fake import FakeEdge

MARKER = "apigee"
_FENCES = ("used", "run")
_LIVE_URLS = ("APIGEE_TOKEN_URL", "APIGEE_BASE_URL", "APIGEE_MANAGEMENT_URL", "APIGEE_BASE_URI", "SSO_LOGIN_URL")
_LOOPBACK = ("localhost", "127.", "[")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The settings of one fake Edge."""

    org: str | None = None
    env: str | None = None
    era: str | None = None
    seed: int | str | None = None
    guesses: Mapping[str, object] = field(default_factory=dict)
    release: tuple[str, ...] = ()
    allow: frozenset[str] = frozenset()


def settings_of(node: pytest.Item) -> Settings:
    """Return the settings of a test: its markers over options over ini values.

    Raises:
        ConfigurationError: A marker says something that cannot be.
    """
    merged: dict[str, object] = {}
    for mark in node.iter_markers(MARKER):
        if mark.args:
            msg = f"@pytest.mark.apigee takes keywords only, not {mark.args!r}. Allowed: {listed(_CHECKS)}."
            raise ConfigurationError(msg)
        for name, value in mark.kwargs.items():
            if name not in _CHECKS:
                msg = f"@pytest.mark.apigee does not take {name!r}.{nearest(name, _CHECKS)} Allowed: {listed(_CHECKS)}."
                raise ConfigurationError(msg)
            merged.setdefault(name, _CHECKS[name](value))
    for name in ("org", "env", "era"):
        merged.setdefault(name, _configured(node.config, name))
    merged.setdefault("seed", f"{_seed(node.config)} {node.nodeid}")
    return Settings(**merged)  # type: ignore[arg-type]  # each value was checked for its name


def settings_of_run(config: pytest.Config, *, seed: str) -> Settings:
    """Return the settings of a fake Edge that belongs to no test."""
    org, env, era = (_configured(config, name) for name in ("org", "env", "era"))
    return Settings(org=org, env=env, era=era, seed=f"{_seed(config)} {seed}")


def extra_hosts(config: pytest.Config) -> dict[str, str]:
    """Return the hosts of the ini list `apigee_hosts`, each with its environment or an empty text."""
    pairs = (line.partition("=") for line in config.getini("apigee_hosts"))
    return {host_of(host.strip()): environment.strip() for host, _, environment in pairs}


def fenced_hosts() -> frozenset[str]:
    """Return the hosts that the environment variables of live mode name, loopback excepted."""
    hosts = (urlsplit(os.environ.get(name, "")).netloc for name in _LIVE_URLS)
    return frozenset(host_of(host) for host in hosts if host and not host_of(host).startswith(_LOOPBACK))


def world_path(config: pytest.Config) -> Path | None:
    """Return the world file of the option or the ini value, or None."""
    option: str | None = config.getoption("apigee_world")
    if option is not None:
        return config.invocation_params.dir / option
    ini: str = config.getini("apigee_world")
    return (config.inipath.parent if config.inipath else config.rootpath) / ini if ini else None


def check_configuration(config: pytest.Config) -> None:
    """Check every option and ini value, and let them be described in the header.

    Raises:
        pytest.UsageError: One of them cannot be.
    """
    try:
        _check(config)
    except ConfigurationError as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(_Header(), "apigee-settings")
    if config.getini("apigee_fence") == "run":
        from pytest_apigee.edge.hosts import HostTest  # noqa: PLC0415 - only where the whole run is fenced
        from pytest_apigee.transports.fence import fence_hosts  # noqa: PLC0415 - likewise

        fence_hosts(HostTest(fenced_hosts() | frozenset(extra_hosts(config))))


class _Header:
    """Says in the header of a run which settings hold, and where they came from."""

    def pytest_report_header(self, config: pytest.Config) -> str:
        """Return the line."""
        return f"apigee: fake Edge, {', '.join(_described(config))}"


def _described(config: pytest.Config) -> Iterable[str]:
    for name, label in {"org": "organization", "env": "environment", "era": "era", "world": "world"}.items():
        option, ini = config.getoption(f"apigee_{name}"), config.getini(f"apigee_{name}")
        if option is not None:
            yield f"{label} {option} (from --apigee-{name})"
        elif ini:
            yield f"{label} {ini} (from ini)"
        elif name in _DEFAULTS and world_path(config) is None:
            yield f"{label} {_DEFAULTS[name]} (default)"
    if config.getoption("apigee_seed") is not None:
        yield f"seed {config.getoption('apigee_seed')} (from --apigee-seed)"
    if config.getini("apigee_fence"):
        yield f"fence {config.getini('apigee_fence')} (from ini)"


_DEFAULTS = {"org": "acme", "env": "test", "era": "current"}


def _check(config: pytest.Config) -> None:
    fence = config.getini("apigee_fence") or "used"
    if fence not in _FENCES:
        msg = f"apigee_fence cannot be {fence!r}. Allowed: {listed(_FENCES)}.{nearest(fence, _FENCES)}"
        raise ConfigurationError(msg)
    _seed(config)
    settings = settings_of_run(config, seed="")
    _named(config, "org", partial(check_name, "organization"), settings.org)
    _named(config, "env", partial(check_name, "environment"), settings.env)
    _named(config, "era", era_named, settings.era)
    hosts = extra_hosts(config)
    if not all(hosts):
        msg = f"apigee_hosts has an entry without a host: {config.getini('apigee_hosts')}. Write 'host=environment'."
        raise ConfigurationError(msg)
    # a world built once, and thrown away, finds what is wrong with the file and with what refers to it
    FakeEdge(world_path(config), org=settings.org, env=settings.env, era=settings.era, extra_hosts=hosts)


def _named(config: pytest.Config, name: str, check: Callable[[str], object], value: str | None) -> None:
    try:
        if value is not None:
            check(value)
    except ConfigurationError as error:
        source = f"--apigee-{name}" if config.getoption(f"apigee_{name}") is not None else f"apigee_{name}"
        msg = f"{source}: {error}"
        raise ConfigurationError(msg) from None


def _configured(config: pytest.Config, name: str) -> str | None:
    option: str | None = config.getoption(f"apigee_{name}")
    ini: str = config.getini(f"apigee_{name}")
    return option if option is not None else ini or None


def _seed(config: pytest.Config) -> int:
    text = config.getoption("apigee_seed") or "0"
    try:
        return int(text)
    except ValueError:
        msg = f"--apigee-seed takes an integer, not {text!r}."
        raise ConfigurationError(msg) from None


def _text(name: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str) or not value:
            msg = f"@pytest.mark.apigee({name}=...) takes a name, not {value!r}."
            raise ConfigurationError(msg)
        return value

    return check


def _checked_era(value: object) -> str:
    return era_named(_text("era")(value)).name


def _checked_seed(value: object) -> int | str:
    if not isinstance(value, int | str) or isinstance(value, bool):
        msg = f"@pytest.mark.apigee(seed=...) takes an integer or a text, not {value!r}."
        raise ConfigurationError(msg)
    return value


def _checked_guesses(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        msg = f"@pytest.mark.apigee(guesses=...) takes a dict of switches, not {value!r}."
        raise ConfigurationError(msg)
    Guesses.of(value)
    return value


def _list_of(name: str, example: str) -> Callable[[object], tuple[str, ...]]:
    def check(value: object) -> tuple[str, ...]:
        items = tuple(value) if isinstance(value, list | tuple | set | frozenset) else ()
        if not items or not all(isinstance(item, str) for item in items):
            msg = f"@pytest.mark.apigee({name}=...) takes a list, as {name}=[{example!r}], not {value!r}."
            raise ConfigurationError(msg)
        return items

    return check


def _checked_allow(value: object) -> frozenset[str]:
    return check_allowed(_list_of("allow", "unknown_host")(value))


_CHECKS: Mapping[str, Callable[[object], object]] = {
    "org": _text("org"),
    "env": _text("env"),
    "era": _checked_era,
    "seed": _checked_seed,
    "guesses": _checked_guesses,
    "release": _list_of("release", "login.apigee.com"),
    "allow": _checked_allow,
}
