"""The command-line options. They are registered only where one of them, or a list of all, is asked for."""

import pytest


def add_options(parser: pytest.Parser) -> None:
    """Register the options of the plugin."""
    group = parser.getgroup("apigee", "Apigee Edge")
    group.addoption("--apigee-org", metavar="NAME", help="default organization (ini: apigee_org)")
    group.addoption("--apigee-env", metavar="NAME", help="default environment (ini: apigee_env)")
    group.addoption("--apigee-era", metavar="NAME", help="'current' or '2016' (ini: apigee_era)")
    group.addoption(
        "--apigee-world",
        metavar="PATH",
        help="world file, .toml or .json, or the configuration of Apigee's Maven plugin (ini: apigee_world)",
    )
    group.addoption("--apigee-seed", metavar="N", help="integer that generated values come from, with each test's id")
