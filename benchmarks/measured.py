"""What the benchmarks time, in blocks: noise only ever adds time, so that the fastest block is the one that counts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

MICROSECONDS = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """Something that is timed: what it does once, and the microseconds that this took in each block so far."""

    name: str
    run: Callable[[], object]
    runs_in_a_block: int
    blocks: list[float] = field(default_factory=list)

    def time_a_block(self) -> None:
        """Run it often enough for the clock, and note what one run took on average."""
        start = perf_counter()
        for _ in range(self.runs_in_a_block):
            self.run()
        self.blocks.append((perf_counter() - start) / self.runs_in_a_block * MICROSECONDS)

    @property
    def fastest(self) -> float:
        """The microseconds of one run in the fastest block."""
        return min(self.blocks)
