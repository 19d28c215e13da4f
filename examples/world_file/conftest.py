from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def apigee_world() -> Path:
    """Every test in this directory starts with the organization of world.toml."""
    return Path(__file__).with_name("world.toml")
