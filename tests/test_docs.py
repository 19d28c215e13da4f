"""Holds the pages of `docs/` true: every block of Python in one is a test file that passes."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"^```python\n(?P<text>(?:.*\n)*?)^```\n", re.MULTILINE)
PAGES = [path for path in sorted(DOCS.glob("*.md")) if BLOCK.search(path.read_text(encoding="utf-8"))]
NOT_LOADED = ("asyncio", "cacheprovider", "randomly")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_blocks_of_a_page_pass(pytester: pytest.Pytester, page: Path) -> None:
    """Each block is a test file that passes as it stands, as warnings are errors."""
    texts = [found["text"] for found in BLOCK.finditer(page.read_text(encoding="utf-8"))]
    for number, text in enumerate(texts, start=1):
        pytester.makepyfile(**{f"test_block_{number}": text})
    tests = sum(len(re.findall(r"^(?: {4})?(?:async )?def test_\w+", text, re.MULTILINE)) for text in texts)

    result = pytester.runpytest_subprocess("-W", "error", *(f"-pno:{name}" for name in NOT_LOADED))

    result.assert_outcomes(passed=tests)


def test_pages_have_blocks() -> None:
    """There is something to run."""
    assert "management.md" in {page.name for page in PAGES}
