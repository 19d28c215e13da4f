"""Finds access tokens by app, by end user, or by both, a page at a time: it costs the same however many there are.

The tokens of a search are in the order of their own texts. GUESS: no source says so, but the samples of Edge's
documentation are (management.md 3.1, SPEC), and only so has a token that is gone still a place where a page can start.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

_LONGEST_BLOCK = 1_000
_last = itemgetter(-1)


class Search(NamedTuple):
    """What tokens are looked for by: the id of an app, an end user, or both; empty for any."""

    app_id: str = ""
    end_user: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenPage:
    """Some of the tokens of a search: `following` is the first one of the next page, `total` how many there are."""

    tokens: tuple[str, ...]
    following: str | None
    total: int


class SortedTexts:
    """Texts in their order, each once, in blocks that are short enough to be cheap to change.

    Args:
        texts: Those of the beginning.
    """

    __slots__ = ("_blocks", "_count")

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._blocks: list[list[str]] = []
        self._count = 0
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        """Add a text, unless it is there."""
        number = min(self._block_of(text), len(self._blocks) - 1)
        if number < 0:
            self._blocks.append([])
            number = 0
        block = self._blocks[number]
        place = bisect_left(block, text)
        if place < len(block) and block[place] == text:
            return
        block.insert(place, text)
        self._count += 1
        if len(block) > _LONGEST_BLOCK:
            half = len(block) // 2
            self._blocks[number : number + 1] = [block[:half], block[half:]]

    def remove(self, text: str) -> None:
        """Remove a text, which must be there."""
        number = self._block_of(text)
        block = self._blocks[number]
        del block[bisect_left(block, text)]
        self._count -= 1
        if not block:
            del self._blocks[number]

    def since(self, first: str) -> Iterator[str]:
        """Yield the texts from one on, which need not be there."""
        number = self._block_of(first)
        for block in self._blocks[number : number + 1]:
            yield from block[bisect_left(block, first) :]
        for later in range(number + 1, len(self._blocks)):
            yield from self._blocks[later]

    def __len__(self) -> int:
        return self._count

    def _block_of(self, text: str) -> int:
        return bisect_left(self._blocks, text, key=_last)


class TokenIndex:
    """The access tokens of one organization by each search that finds them."""

    def __init__(self) -> None:
        self._found: dict[Search, str | SortedTexts] = {}

    def add(self, token: str, of: Search) -> None:
        """Let a token be found, unless it is already.

        Args:
            token: Its value.
            of: Its app and its end user, if it has one.
        """
        for search in _searches(of):
            known = self._found.get(search)
            if known is None:
                self._found[search] = token  # alone it needs no list: users often have no other token
            elif isinstance(known, SortedTexts):
                known.add(token)
            elif known != token:
                self._found[search] = SortedTexts((known, token))

    def remove(self, token: str, of: Search) -> None:
        """Let a token that was added not be found any more."""
        for search in _searches(of):
            known = self._found[search]
            if isinstance(known, SortedTexts) and len(known) > 1:
                known.remove(token)
            else:
                del self._found[search]

    def page(self, search: Search, *, start: str, limit: int) -> TokenPage:
        """Return so many tokens from one on, which need not be there."""
        tokens = tuple(islice(self._since(search, start), limit + 1))
        following = tokens[limit] if len(tokens) > limit else None
        return TokenPage(tokens=tokens[:limit], following=following, total=self.count(search))

    def count(self, search: Search) -> int:
        """Return how many tokens there are."""
        known = self._found.get(search)
        if isinstance(known, SortedTexts):
            return len(known)
        return 0 if known is None else 1

    def all(self, search: Search) -> list[str]:
        """Return every token."""
        return list(self._since(search, ""))

    def _since(self, search: Search, start: str) -> Iterator[str]:
        known = self._found.get(search)
        if isinstance(known, SortedTexts):
            return known.since(start)
        return iter(() if known is None or known < start else (known,))


def _searches(of: Search) -> set[Search]:
    return {Search(app_id=of.app_id), Search(end_user=of.end_user), of} - {Search()}
