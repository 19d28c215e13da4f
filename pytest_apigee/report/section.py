"""The section that a failure report gets: what this test's Edge was set to, and what it saw."""

from pytest_apigee.fake import FakeEdge

TITLE = "Apigee Edge (fake)"
_SHOWN_EXCHANGES = 20


def section_of(edge: FakeEdge) -> str:
    """Return the text of the section. It names no secret: exchanges are shown without headers, bodies and queries."""
    exchanges = edge.calls[-_SHOWN_EXCHANGES:]
    left_out = len(edge.calls) - len(exchanges)
    lines = [
        f"organization {edge.org}, environment {edge.env}, era {edge.era}, seed {edge.seed!r}",
        *([f"clock: {edge.clock.history}"] if edge.clock.history else []),
        f"exchanges: {edge.calls.total}" + (f" (the last {len(exchanges)} shown)" if left_out else ""),
        *(f"  {exchange}" for exchange in exchanges),
    ]
    return "\n".join(lines)
