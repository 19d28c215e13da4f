"""The index of access tokens: always what a look at every token would find (management.md 3.1)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pytest_apigee.edge.token_index import Search, SortedTexts, TokenIndex

APPS = st.sampled_from(["", "app-1", "app-2"])
USERS = st.sampled_from(["", "ada", "bob"])
OWNERS = st.builds(Search, app_id=APPS, end_user=USERS)
NUMBERS = st.integers(min_value=0, max_value=4_000)
TOKENS = st.one_of(NUMBERS.map("{:04}".format), st.sampled_from(["", "0", "x", "Ü", "😀", "0001\x00"]))
LIMITS = st.sampled_from([0, 1, 2, 10, 100, 1_500, 9_999])
SEARCHES = [Search(app_id=app, end_user=user) for app in ("", "app-1", "app-2", "?") for user in ("", "ada", "bob")][1:]


class Indexed(RuleBasedStateMachine):
    """Tokens come and go, one by one and in hundreds; the oracle looks at all of them each time."""

    def __init__(self) -> None:
        super().__init__()
        self.index = TokenIndex()
        self.owners: dict[str, Search] = {}

    @rule(token=TOKENS, owner=OWNERS)
    def add(self, token: str, owner: Search) -> None:
        """A token that is there already keeps its owner, as the store sees to it."""
        known = self.owners.setdefault(token, owner)
        self.index.add(token, known)

    @rule(first=NUMBERS, number=st.sampled_from([3, 600, 2_500]), step=st.sampled_from([1, 7, -1]), owner=OWNERS)
    def add_many(self, first: int, number: int, step: int, owner: Search) -> None:
        for place in range(number):
            self.add(f"{(first + place * step) % 4_001:04}", owner)

    @rule(token=TOKENS)
    def remove(self, token: str) -> None:
        owner = self.owners.pop(token, None)
        if owner is not None:
            self.index.remove(token, owner)

    @rule(first=NUMBERS, number=st.sampled_from([3, 600, 4_001]), step=st.sampled_from([1, 3]))
    def remove_many(self, first: int, number: int, step: int) -> None:
        for place in range(number):
            self.remove(f"{(first + place * step) % 4_001:04}")

    @rule(start=TOKENS, limit=LIMITS, search=st.sampled_from(SEARCHES))
    def turn_page(self, start: str, limit: int, search: Search) -> None:
        expected = [token for token in self.expected(search) if token >= start]
        page = self.index.page(search, start=start, limit=limit)

        assert list(page.tokens) == expected[:limit]
        assert page.following == (expected[limit] if len(expected) > limit else None)
        assert page.total == len(self.expected(search))

    @invariant()
    def finds_what_there_is(self) -> None:
        for search in SEARCHES:
            expected = self.expected(search)
            assert self.index.all(search) == expected
            assert self.index.count(search) == len(expected)

    def expected(self, search: Search) -> list[str]:
        return sorted(
            token
            for token, owner in self.owners.items()
            if search.app_id in ("", owner.app_id) and search.end_user in ("", owner.end_user)
        )


Indexed.TestCase.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
TestIndexed = Indexed.TestCase


@settings(max_examples=30, deadline=None)
@given(texts=st.lists(st.integers(min_value=0, max_value=99_999).map(str), max_size=3_000), first=st.text(max_size=5))
def test_texts_are_sorted(texts: list[str], first: str) -> None:
    """Texts come in their order, each once, from any text on."""
    assert list(SortedTexts(texts).since(first)) == [text for text in sorted(set(texts)) if text >= first]
    assert len(SortedTexts(texts)) == len(set(texts))


@pytest.mark.parametrize("order", [1, -1], ids=["ascending", "descending"])
def test_many_texts_come_and_go(order: int) -> None:
    """Texts that come in order and go in order leave nothing behind."""
    names = [f"{number:05}" for number in range(5_000)][::order]
    texts = SortedTexts(names)
    for gone, name in enumerate(names[:-1], 1):
        texts.remove(name)
        assert len(texts) == len(names) - gone

    assert list(texts.since("")) == names[-1:]
