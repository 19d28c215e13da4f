"""Tests with real clients of Edge, unmodified; they run where the client is installed, as in `tox -e clients`."""

from importlib.util import find_spec

collect_ignore = ["test_apigeecli.py"] if find_spec("apigee") is None else []
