"""Adds what Edge saw to the report of a failed test; registered when the first test uses a fake."""

from collections.abc import Generator
from pathlib import Path
from types import TracebackType

import pytest

from pytest_apigee.errors import ApigeeError
from pytest_apigee.fake import FakeEdge
from pytest_apigee.report.section import TITLE, section_of

SHARED = "apigee_shared"
EDGE = pytest.StashKey[FakeEdge]()
SHARED_EDGE = pytest.StashKey[FakeEdge]()
_PACKAGE = Path(__file__).parent.parent


class ReportHooks:
    """Hooks that look at each report."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """End the traceback of our own errors in the user's line, and add the section to a failure."""
        if call.excinfo is not None and isinstance(call.excinfo.value, ApigeeError):
            _end_in_users_line(call.excinfo.tb)
        report = yield
        edge = _edge_of(item)
        if report.failed and edge is not None:
            report.sections.append((TITLE, section_of(edge)))
        return report


def _end_in_users_line(entry: TracebackType | None) -> None:
    """Cut off what follows the last frame outside of this package."""
    last = None
    while entry is not None:
        if _PACKAGE not in Path(entry.tb_frame.f_code.co_filename).parents:
            last = entry
        entry = entry.tb_next
    if last is not None:
        last.tb_next = None


def _edge_of(item: pytest.Item) -> FakeEdge | None:
    if SHARED in getattr(item, "fixturenames", ()):
        return item.config.stash.get(SHARED_EDGE, None)
    return item.stash.get(EDGE, None)
