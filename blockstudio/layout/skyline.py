"""What is seen of cards from below."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from math import inf


class Skyline:
    """The lowest card over each stretch of the x axis, of those added from top to bottom."""

    def __init__(self) -> None:
        # Segments [start, next start) and what covers each: its bottom now, and before it moved.
        self._starts: list[float] = [-inf]
        self._cards: list[tuple[float, float] | None] = [None]

    @property
    def covers(self) -> bool:
        """Whether any card stands."""
        return len(self._starts) > 1

    def add(self, rect: tuple[float, float, float, float], was: float) -> None:
        """A card now stands below what was seen so far; ``was``: its bottom before it moved."""
        left, _, right, bottom = rect
        first = self._cut(left)
        last = self._cut(right)
        starts, cards = self._starts, self._cards
        lower = [card is not None and card[0] > bottom for card in cards[first:last]]
        if True in lower:  # one that hangs down further stays in sight
            hang = zip(cards[first:last], lower, strict=True)
            cards[first:last] = [card if hangs else (bottom, was) for card, hangs in hang]
        else:
            starts[first:last] = [left]
            cards[first:last] = [(bottom, was)]

    def over(self, left: float, right: float) -> list[tuple[float, float]]:
        """Bottom now and before of each card seen over a stretch."""
        first = bisect_right(self._starts, left) - 1
        last = bisect_left(self._starts, right)
        return [card for card in self._cards[first:last] if card is not None]

    def _cut(self, x: float) -> int:
        """Begin a segment at ``x``; its index."""
        index = bisect_left(self._starts, x)
        if index == len(self._starts) or self._starts[index] != x:
            self._starts.insert(index, x)
            self._cards.insert(index, self._cards[index - 1])
        return index
