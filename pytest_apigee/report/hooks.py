"""Adds what Edge saw to the report of a failed test; registered when the first test uses a fake."""

import contextlib
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
_OURS = (_PACKAGE, Path(contextlib.__file__))  # contextlib: what runs `fake_edge`


class ReportHooks:
    """Hooks that look at each report."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """End the traceback of our own errors in the user's line, and add the section to a failure."""
        if call.excinfo is not None and isinstance(call.excinfo.value, ApigeeError):
            _leave_out_ours(call.excinfo.tb)
        report = yield
        edge = _edge_of(item)
        if report.failed and edge is not None:
            report.sections.append((TITLE, section_of(edge)))
        if call.when == "teardown" and EDGE in item.stash:
            del item.stash[EDGE]  # pytest keeps items to the end of the run, and an Edge can be large
        return report


def _leave_out_ours(entry: TracebackType | None) -> None:
    """Take the frames of this package out of a traceback, which starts in pytest's."""
    kept: list[TracebackType] = []
    while entry is not None:
        path = Path(entry.tb_frame.f_code.co_filename)
        if not any(ours == path or ours in path.parents for ours in _OURS):
            kept.append(entry)
        entry = entry.tb_next
    for one, following in zip(kept, [*kept[1:], None], strict=True):
        one.tb_next = following


def _edge_of(item: pytest.Item) -> FakeEdge | None:
    if SHARED in getattr(item, "fixturenames", ()):
        return item.config.stash.get(SHARED_EDGE, None)
    return item.stash.get(EDGE, None)
