"""A tall level in columns side by side, as a text: cut where one wire alone leads on, which runs to the next column."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, inf

from blockstudio.errors import StudioError
from blockstudio.layout.box import GRID, LANE, Size
from blockstudio.text import say

GAP = 56.0
"""Between two columns; the wire to the next one runs up in its middle."""
LONG = 90.0
"""A wire that goes down further than this may run in a lane beside the blocks."""
MOST_LANES = 6
"""Room is kept for so many lanes beside a column."""
ROUNDS = 30
"""Halvings in the search for a height."""
AROUND = 2 * 48.0
"""What the wires between columns need above and below."""

WORTH = 1.08
"""So many times as large a level must be shown in columns, or it is left in one."""

Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Cut:
    """A height at which only one wire goes on."""

    above: float
    """Where the blocks above end."""
    below: float
    """Where those below begin."""
    wire: tuple[str, str]
    """The blocks between which it runs."""


@dataclass
class Columns:
    """A level laid out from top to bottom: ``places`` are centres, ``sizes`` widths and heights by name, ``wires``
    the pairs of blocks that are wired."""

    places: Mapping[str, Place]
    sizes: Mapping[str, Size]
    wires: Sequence[tuple[str, str]]
    cuts: list[Cut] = field(init=False)
    """Where the level may be cut, from the top."""
    top: float = field(init=False, default=0.0)
    bottom: float = field(init=False, default=0.0)
    _long: list[tuple[str, str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rows = sorted(
            (y - self.sizes[name][1] / 2, y + self.sizes[name][1] / 2) for name, (_, y) in self.places.items()
        )
        gaps: list[tuple[float, float]] = []
        end = rows[0][1] if rows else 0.0
        for upper, lower in rows[1:]:
            if upper > end:
                gaps.append((end, upper))
            end = max(end, lower)
        self.top, self.bottom = (rows[0][0], end) if rows else (0.0, 0.0)
        ends, starts = [gap[0] for gap in gaps], [gap[1] for gap in gaps]
        # How many wires cross each gap, and the sum of their numbers: of one alone that is its number.
        count, number = [0] * (len(gaps) + 1), [0] * (len(gaps) + 1)
        for index, (source, target) in enumerate(self.wires):
            first = bisect_left(ends, self.places[source][1] + self.sizes[source][1] / 2 - 0.5)
            last = bisect_right(starts, self.places[target][1] - self.sizes[target][1] / 2 + 0.5)
            if first < last:
                count[first] += 1
                count[last] -= 1
                number[first] += index
                number[last] -= index
        # Those that run beside blocks in the same column.
        self._long = [
            (source, target)
            for source, target in self.wires
            if self.places[target][1] - self.places[source][1] > LONG + 48.0
            and abs(self.places[source][0] - self.places[target][0]) < LANE + GRID
        ]
        self.cuts = []
        crossing = which = 0
        for index, (above, below) in enumerate(gaps):
            crossing += count[index]
            which += number[index]
            if crossing == 1:
                self.cuts.append(Cut(above, below, self.wires[which]))

    # Where to cut

    def into(self, columns: int) -> list[Cut]:
        """The cuts that make the tallest of so many columns as low as it can be. Raises `StudioError`
        ``figure.columns`` where the level cannot be cut so often."""
        if len(self.cuts) < columns - 1:
            raise StudioError(
                "figure.columns",
                say("it can be cut at {count} places only, where one wire alone leads on.", count=len(self.cuts)),
                hint=say("Take {most} columns or fewer.", most=len(self.cuts) + 1),
            )
        chosen = self._lowest(columns)
        # Columns that are left over divide the tallest ones further.
        while len(chosen) < columns - 1:
            rest = [cut for cut in self.cuts if cut not in chosen]
            tries = [sorted([*chosen, cut], key=lambda each: each.above) for cut in rest]
            chosen = min(tries, key=self._tallest)
        return chosen

    def for_room(self, width: float, height: float) -> list[Cut]:
        """The cuts with which the level is shown largest in a window of this shape, at 100 % at most; of those that
        are equally large the fewest."""
        best: list[Cut] = []
        largest = self.scale([], width, height) * WORTH
        if largest >= 1.0:
            return []
        low, high = largest, 1.0
        wanted = 1.0
        for _ in range(ROUNDS):
            if high - low < 0.004:
                break
            chosen = self._greedy(height / wanted - AROUND)
            found = self.scale(chosen, width, height) if chosen is not None else 0.0
            if chosen is not None and found > largest + 1e-6:
                best, largest = chosen, found
            if found >= wanted - 1e-6:
                low = wanted
            else:
                high = wanted
            wanted = (low + high) / 2
        return self._lowest(len(best) + 1) if best else []

    def _lowest(self, columns: int) -> list[Cut]:
        low, high = 0.0, self.bottom - self.top
        best: list[Cut] = []
        for _ in range(ROUNDS):
            middle = (low + high) / 2
            tried = self._greedy(middle)
            if tried is not None and len(tried) < columns:
                best, high = tried, middle
            else:
                low = middle
            if high - low < 1.0:
                break
        return best

    def _greedy(self, limit: float) -> list[Cut] | None:
        """Columns no higher than ``limit``, each as full as can be; ``None`` if that cannot be."""
        chosen: list[Cut] = []
        start, last = self.top, None
        for cut in self.cuts:
            if cut.above - start > limit:
                if last is None:
                    return None
                chosen.append(last)
                start, last = last.below, None
                if cut.above - start > limit:
                    return None
            last = cut
        if self.bottom - start > limit:
            if last is None or self.bottom - last.below > limit:
                return None
            chosen.append(last)
        return chosen

    def _tallest(self, cuts: Sequence[Cut]) -> float:
        starts, ends = [self.top, *(cut.below for cut in cuts)], [*(cut.above for cut in cuts), self.bottom]
        return max(end - start for start, end in zip(starts, ends, strict=True))

    def scale(self, cuts: Sequence[Cut], width: float, height: float) -> float:
        """How large the level is shown with these cuts."""
        reaches = self._reaches(cuts)
        wide = sum(high - low for low, high in reaches) + GAP * (len(reaches) - 1)
        tall = self._tallest(cuts) + (AROUND if cuts else 0.0)
        return min(width / max(wide, 1.0), height / max(tall, 1.0), 1.0)

    # Folding

    def _column(self, cuts: Sequence[Cut]) -> dict[str, int]:
        """The column in which each block stands."""
        limits = [cut.below for cut in cuts]
        return {name: bisect_right(limits, y - self.sizes[name][1] / 2 + 0.5) for name, (_, y) in self.places.items()}

    def _reaches(self, cuts: Sequence[Cut]) -> list[tuple[float, float]]:
        """From where to where each column reaches, with the lanes beside it."""
        column = self._column(cuts)
        left, right = [inf] * (len(cuts) + 1), [-inf] * (len(cuts) + 1)
        for name, index in column.items():
            (x, _), half = self.places[name], self.sizes[name][0] / 2
            left[index], right[index] = min(left[index], x - half), max(right[index], x + half)
        changes: list[list[tuple[float, int]]] = [[] for _ in left]
        for source, target in self._long:
            if column[source] == column[target]:
                changes[column[source]] += [(self.places[source][1], 1), (self.places[target][1], -1)]
        found = []
        for low, high, ends in zip(left, right, changes, strict=True):
            most = count = 0
            for _, change in sorted(ends):
                count += change
                most = max(most, count)
            room = min(most, MOST_LANES) * LANE
            found.append((low - room, high + room) if low <= high else (0.0, 0.0))
        return found

    def folded(self, cuts: Sequence[Cut]) -> dict[str, Place]:
        """Centres in columns: the first stays, the others stand beside it, all begin at one height."""
        if not cuts:
            return dict(self.places)
        at = 0.0
        shifts: list[Place] = []
        for index, (left, right) in enumerate(self._reaches(cuts)):
            start = self.top if index == 0 else cuts[index - 1].below
            # On the grid: what stood on it still does.
            dx = ceil((at - left) / GRID) * GRID if index else 0.0
            shifts.append((dx, round((self.top - start) / GRID) * GRID))
            at = right + dx + GAP
        column = self._column(cuts)
        return {
            name: (x + shifts[column[name]][0], y + shifts[column[name]][1]) for name, (x, y) in self.places.items()
        }

    def cut_at(self, wires: Iterable[tuple[str, str]]) -> list[Cut]:
        """The cuts at these wires, as far as the level can be cut there."""
        wanted = set(wires)
        found: dict[tuple[str, str], Cut] = {}
        for cut in self.cuts:
            if cut.wire in wanted:
                found.setdefault(cut.wire, cut)
        return list(found.values())
