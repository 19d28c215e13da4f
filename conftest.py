"""Ours alone: `pytest examples` has its root in examples/ and does not see this file."""

pytest_plugins = ["pytester"]
