"""What a run and a test are set to: options, ini values and markers, read and checked.

A mistaken option or ini value is a `pytest.UsageError` at configure; a mistaken marker fails its test at setup,
without a traceback. Nearer settings win: marker, then option, then ini, then default.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from pytest_apigee.doors import check_allowed, live_hosts
from pytest_apigee.edge.checks import flag, name_in_host
from pytest_apigee.edge.era import era_named
from pytest_apigee.edge.guesses import Guesses
from pytest_apigee.edge.message import host_of
from pytest_apigee.errors import ConfigurationError, listed, nearest
from pytest_apigee.fake import FakeEdge
from pytest_apigee.hand_opened import RUN_DEFAULTS, RunDefaults

MARKER = "apigee"
_FENCES = ("used", "run")
_OF_SERVER = ("tls", "allow_hosts")
_SHAREABLE = ("allow", "release", *_OF_SERVER)
_HOST = re.compile(r"[\w-][\w.-]*(:\d+)?")


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
    tls: bool = False
    allow_hosts: tuple[str, ...] = ()


def settings_of(node: pytest.Item, *, world_seed: int | str | None = None) -> Settings:
    """Return the settings of a test: its markers over options over ini values.

    Args:
        node: The test.
        world_seed: The seed that the world comes with, if any.

    Raises:
        ConfigurationError: A marker says something that cannot be.
    """
    merged = _marked(node)
    for name in ("org", "env", "era"):
        merged.setdefault(name, _configured(node.config, name))
    seed = f"{merged['seed']} {node.nodeid}" if "seed" in merged else _seed_for(node.config, world_seed, node.nodeid)
    merged["seed"] = seed
    return Settings(**merged)  # type: ignore[arg-type]  # each value was checked for its name


def settings_in_shared(node: pytest.Item) -> Settings:
    """Return what a test may set for itself where the world is the whole run's.

    Raises:
        ConfigurationError: A marker says something that cannot be, or that is the run's to say.
    """
    marked = _marked(node)
    fixed = [name for name in marked if name not in _SHAREABLE]
    if fixed:
        msg = (
            f"apigee_shared is one Edge for the whole run, so @pytest.mark.apigee cannot set {listed(fixed)} in a test "
            f"that uses it. Allowed with apigee_shared: {listed(_SHAREABLE)}. Set the rest for the run, by an option "
            "or ini value, or use the fixture apigee."
        )
        raise ConfigurationError(msg)
    return Settings(**marked)  # type: ignore[arg-type]  # each value was checked for its name


def settings_of_server(node: pytest.Item) -> Settings:
    """Return how the markers of a test say that its Edge is served.

    Raises:
        ConfigurationError: A marker says something that cannot be.
    """
    marked = _marked(node)
    return Settings(**{name: marked[name] for name in _OF_SERVER if name in marked})  # type: ignore[arg-type]  # as above


def settings_of_run(config: pytest.Config, *, seed: str, world_seed: int | str | None = None) -> Settings:
    """Return the settings of a fake Edge that belongs to no test."""
    org, env, era = (_configured(config, name) for name in ("org", "env", "era"))
    return Settings(org=org, env=env, era=era, seed=_seed_for(config, world_seed, seed))


def _marked(node: pytest.Item) -> dict[str, object]:
    """Return what the markers of a test set, the nearest winning, keyword by keyword."""
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
    return merged


def extra_hosts(config: pytest.Config) -> dict[str, str]:
    """Return the hosts of the ini list `apigee_hosts`, each with its environment or an empty text."""
    pairs = (line.partition("=") for line in config.getini("apigee_hosts"))
    return {host_of(host.strip()): environment.strip() for host, _, environment in pairs}


def world_path(config: pytest.Config) -> Path | None:
    """Return the world file of the option or the ini value, or None."""
    option: str | None = config.getoption("apigee_world", None)
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
        edge = _check(config)
    except ConfigurationError as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(_Header(), "apigee-settings")
    config.add_cleanup(partial(RUN_DEFAULTS.reset, RUN_DEFAULTS.set(_defaults(config))))
    if config.getini("apigee_fence") == "run":
        from pytest_apigee.transports.fence import fence_hosts  # noqa: PLC0415 - only where the whole run is fenced

        config.add_cleanup(fence_hosts(edge.host_test).lift)


class _Header:
    """Says in the header of a run which settings hold, and where they came from."""

    def pytest_report_header(self, config: pytest.Config) -> str:
        """Return the line."""
        return f"apigee: fake Edge, {', '.join(_described(config))}"


def _described(config: pytest.Config) -> Iterable[str]:
    for name, label in {"org": "organization", "env": "environment", "era": "era", "world": "world"}.items():
        option, ini = config.getoption(f"apigee_{name}", None), config.getini(f"apigee_{name}")
        if option is not None:
            yield f"{label} {option} (from --apigee-{name})"
        elif ini:
            yield f"{label} {ini} (from ini)"
        elif name in _DEFAULTS and world_path(config) is None:
            yield f"{label} {_DEFAULTS[name]} (default)"
    if config.getoption("apigee_seed", None) is not None:
        yield f"seed {config.getoption('apigee_seed', None)} (from --apigee-seed)"
    if config.getini("apigee_hosts"):
        yield f"hosts {listed(extra_hosts(config))} (from ini)"
    if config.getini("apigee_fence"):
        yield f"fence {config.getini('apigee_fence')} (from ini)"


_DEFAULTS = {"org": "acme", "env": "test", "era": "current"}


def _check(config: pytest.Config) -> FakeEdge:
    fence = config.getini("apigee_fence") or "used"
    if fence not in _FENCES:
        msg = f"apigee_fence cannot be {fence!r}. Allowed: {listed(_FENCES)}.{nearest(fence, _FENCES)}"
        raise ConfigurationError(msg)
    settings = settings_of_run(config, seed="")
    _named(config, "org", partial(name_in_host, "organization"), settings.org)
    _named(config, "env", partial(name_in_host, "environment"), settings.env)
    _named(config, "era", era_named, settings.era)
    for line in config.getini("apigee_hosts"):
        if not _HOST.fullmatch(line.partition("=")[0].strip()):
            msg = f"apigee_hosts: {line!r} does not start with a host. Write 'host' or 'host=environment'."
            raise ConfigurationError(msg)
    hosts = extra_hosts(config)
    # a world built once, and thrown away, finds what is wrong with the file and with what refers to it
    return FakeEdge(
        world_path(config),
        org=settings.org,
        env=settings.env,
        era=settings.era,
        extra_hosts=hosts,
        claimed_hosts=live_hosts(),
    )


def _defaults(config: pytest.Config) -> RunDefaults:
    org, env, era = (_configured(config, name) for name in ("org", "env", "era"))
    return RunDefaults(
        org=org,
        env=env,
        era=era,
        world=world_path(config),
        seed=config.getoption("apigee_seed", None),
        extra_hosts=extra_hosts(config),
    )


def _named(config: pytest.Config, name: str, check: Callable[[str], object], value: str | None) -> None:
    try:
        if value is not None:
            check(value)
    except ConfigurationError as error:
        source = f"--apigee-{name}" if config.getoption(f"apigee_{name}", None) is not None else f"apigee_{name}"
        msg = f"{source}: {error}"
        raise ConfigurationError(msg) from None


def _configured(config: pytest.Config, name: str) -> str | None:
    option: str | None = config.getoption(f"apigee_{name}", None)
    ini: str = config.getini(f"apigee_{name}")
    return option if option is not None else ini or None


def _seed_for(config: pytest.Config, world_seed: int | str | None, owner: str) -> str:
    """Return the seed of one world: two owners never share values, and every run gives an owner the same."""
    text = config.getoption("apigee_seed", None)
    if text is None:
        return f"{0 if world_seed is None else world_seed} {owner}"
    try:
        return f"{int(text)} {owner}"
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
        if isinstance(value, list | tuple | set | frozenset) and all(isinstance(item, str) for item in value):
            return tuple(value)
        msg = f"@pytest.mark.apigee({name}=...) takes a list, as {name}=[{example!r}], not {value!r}."
        raise ConfigurationError(msg)

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
    "tls": partial(flag, "tls"),
    "allow_hosts": _list_of("allow_hosts", ".example.com"),
}
