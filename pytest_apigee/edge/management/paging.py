"""How lists are cut into pages: `count` names long, from `startKey` on, which is the first of its page.

Source: management.md sections 1, 2 and 4. GUESS: lists are in the order of their keys, so that a key that is gone
still has a place; a `count` that is no number, or none above zero, is refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_apigee.edge.management.call import Call

_LONGEST_NUMBER = 9


def whole_number(text: str) -> int | None:
    """Return the whole number above zero that a text is, as nine digits at most; None where it is none."""
    fits = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER
    return (int(text) or None) if fits else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Paging:
    """How one list is cut into pages.

    Args:
        most: The most names that a page may have.
        usual: How many it has where a call says nothing; 0 for the most.
        count: The query parameter for the length of a page.
        start: The query parameter for the key to start with.
        is_inclusive: Whether a page begins with that key, or after it.
    """

    most: int
    usual: int = 0
    count: str = "count"
    start: str = "startKey"
    is_inclusive: bool = True

    def page(self, call: Call, keys: Iterable[str]) -> list[str]:
        """Return the keys of the page that a call asks for, in their order.

        Raises:
            Refusal: The length is no whole number above zero.
        """
        first, ordered = call.query(self.start), sorted(keys)
        if first:
            ordered = [key for key in ordered if key > first or (self.is_inclusive and key == first)]
        return ordered[: self.length(call)]

    def length(self, call: Call) -> int:
        """Return how long a page may be.

        Raises:
            Refusal: What the call says is no whole number above zero.
        """
        wanted = call.query(self.count)
        if not wanted:
            return self.usual or self.most
        number = whole_number(wanted)
        if number is None:
            raise call.refusal("number_unfit", name=self.count)
        return min(number, self.most) if call.state.guesses.mgmt_page_cap else number
