"""Room on a drawing that stands: what moves for a newcomer, what closes up behind a block that goes, and where a
place is free. Everything else stays where the user put it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from blockstudio.layout.alike import pushed_alike, risen_alike
from blockstudio.layout.box import GAP_Y, GRID, Size
from blockstudio.layout.skyline import Skyline

Place = tuple[float, float]
"""A card's centre."""
Rect = tuple[float, float, float, float]
"""Left, top, right, bottom."""

CLOSE = 28.0
"""The least height between two cards that leaves room for the shape on the wire."""
WIDE = 72.0
"""The widest gap in a chain that is kept: what is above that is room."""
SIDE = 24.0
"""Between a newcomer and what stands beside it."""
MARGIN = GRID
"""Cards nearer than this to a place are in its way."""
FAR_OFF = 1e12
"""Where newcomers have been before."""
CHUNK = 256
"""So many cards at a time are compared with all others."""
TRIES = 12
"""How often what was pushed may push again where the user had cards on one another before."""


@dataclass(frozen=True, slots=True)
class Room:
    """Centres of the newcomers and the new centres of what moves for them."""

    places: dict[str, Place] = field(default_factory=dict)
    moved: dict[str, Place] = field(default_factory=dict)


class Standing:
    """The cards of a level: ``places`` are their centres, ``sizes`` widths and heights, ``edges`` pairs of names, from
    which to which the signal goes, downwards; ``along``: so much more room than usual lies between two of a chain;
    ``pinned``: cards that never move."""

    def __init__(
        self,
        places: Mapping[str, Place],
        sizes: Mapping[str, Size],
        edges: Iterable[tuple[str, str]] = (),
        along: float = 0.0,
        pinned: Collection[str] = (),
    ) -> None:
        self._pinned = frozenset(pinned)
        self._close, self._usual, self._wide = CLOSE + along, GAP_Y + along, WIDE + along
        self.rects: dict[str, Rect] = {}
        for name, (x, y) in places.items():  # as `rect_at`: a level has thousands
            width, height = sizes[name]
            self.rects[name] = x - width / 2, y - height / 2, x + width / 2, y + height / 2
        self.after: defaultdict[str, list[str]] = defaultdict(list)
        self.before: defaultdict[str, list[str]] = defaultdict(list)
        there, after, before = self.rects, self.after, self.before
        for source, target in edges:
            if source in there and target in there and source != target:
                after[source].append(target)
                before[target].append(source)

    def is_crowded(self) -> bool:
        """Whether cards lie on one another."""
        boxes = self._boxes()
        return int(_touching(boxes, boxes).sum()) > len(boxes)

    # Free places

    def free_place(self, wanted: Place, size: Size, taken: Sequence[Rect] = ()) -> Place:
        """``wanted``, or the place nearest to it where a card covers no other, looking sideways first; to the right of
        everything if there is none near. ``taken``: further cards to come."""
        boxes = self._boxes(taken)
        if not _hit(boxes, rect_at(wanted, size), 0.0):
            return wanted
        x, y = _snap(wanted[0]), _snap(wanted[1])
        step_x, step_y = (size[0] + 2 * SIDE) / 2, (size[1] + 2 * self._close) / 2
        tries = [(column * step_x, row * step_y) for row in range(-4, 5) for column in range(-8, 9)]
        for dx, dy in sorted(tries, key=lambda step: abs(step[0]) + 2 * abs(step[1])):
            at = _snap(x + dx), _snap(y + dy)
            if not _hit(boxes, rect_at(at, size), MARGIN):
                return at
        return _snap(float(boxes[:, 2].max(initial=0.0)) + SIDE + size[0] / 2), y

    def below(self, name: str, size: Size) -> Place:
        """Where a block goes that reads ``name``: under it; beside its readers, on a lane of its own, if it has any."""
        left, _, right, bottom = self.rects[name]
        readers = [self.rects[each] for each in self.after.get(name, ()) if self.rects[each][1] >= bottom]
        gap = self._step(name)
        if not readers:
            return self.free_place(((left + right) / 2, bottom + gap + size[1] / 2), size)
        top = min(rect[1] for rect in readers)
        return self.beside(readers, top + size[1] / 2, size)

    def beside(self, rects: Sequence[Rect], middle: float, size: Size) -> Place:
        """The nearest free place right or left of cards, at the height ``middle``."""
        boxes = self._boxes()
        row = boxes[(boxes[:, 1] < middle + size[1] / 2 + MARGIN) & (boxes[:, 3] > middle - size[1] / 2 - MARGIN)]
        centre = (min(rect[0] for rect in rects) + max(rect[2] for rect in rects)) / 2
        tries = [edge + SIDE + size[0] / 2 for edge in (*row[:, 2].tolist(), max(rect[2] for rect in rects))]
        tries += [edge - SIDE - size[0] / 2 for edge in (*row[:, 0].tolist(), min(rect[0] for rect in rects))]
        for x in sorted(tries, key=lambda x: (round(abs(x - centre)), x < centre)):
            if not _hit(row, rect_at((x, middle), size), MARGIN):
                return x, middle
        return self.free_place((centre, middle), size)

    def free_shift(self, rects: Sequence[Rect]) -> Place:
        """How far cards that stand at ``rects`` are to be moved, all alike, so that they cover none of those that
        stand: beside what they cover now, the nearest way."""
        wide = max(rect[2] for rect in rects) - min(rect[0] for rect in rects)
        tall = max(rect[3] for rect in rects) - min(rect[1] for rect in rects)
        boxes = self._boxes()
        if not any(_hit(boxes, rect, 0.0) for rect in rects):
            return 0.0, 0.0
        steps = [
            (column * _up(wide + SIDE), row * _up(tall + self._close))
            for row in range(-3, 4)
            for column in range(-6, 7)
        ]
        for dx, dy in sorted(steps, key=lambda step: (abs(step[0]) + 2 * abs(step[1]), step[0] < 0, step[1] < 0)):
            moved = [(left + dx, top + dy, right + dx, bottom + dy) for left, top, right, bottom in rects]
            if not any(_hit(boxes, rect, MARGIN) for rect in moved):
                return dx, dy
        return _up(float(boxes[:, 2].max()) + SIDE - min(rect[0] for rect in rects)), 0.0

    # Coming and going

    def make_room(
        self, source: str, target: str, news: Sequence[tuple[str, Size]], at: Place | None = None, gap: float = 0.0,
        lead: float = 0.0,
    ) -> Room:  # fmt: skip
        """Room for a chain of newcomers (name, size) in the wire from ``source`` to ``target``, about ``at`` if that is
        on a long wire, ``gap`` apart or as what stands is, and ``lead`` below ``source``, else as far. What is
        downstream moves down as far as it must, and so does what it would come to lie on; gaps stay as they are up to
        the usual one. Where that would need a pinned card to move the newcomers stand aside."""
        gap = gap or self._gap(source, target, [height for _, (_, height) in news])
        rects = self._chain(source, target, [size for _, size in news], at, gap, lead or gap)
        new = {name: rect for (name, _), rect in zip(news, rects, strict=True)}
        floors = {target: rects[-1][3] + gap} if self.rects[target][1] >= self.rects[source][3] else {}
        moved = self._pushed(new, floors)
        if moved is None:  # no way to move things clears it: nothing moves, and the newcomers stand aside
            taken: list[Rect] = []
            for name, size in news:
                taken.append(rect_at(self.free_place(_centre(new[name]), size, taken), size))
                new[name] = taken[-1]
            moved = {}
        return Room({name: _centre(rect) for name, rect in new.items()}, moved)

    def close_gap(self, gone: Iterable[str], bridges: Iterable[tuple[str, str]]) -> dict[str, Place]:
        """New centres of what moves up when ``gone`` leave and ``bridges`` (from, to) lead past them: what is
        downstream, as far as the longest way to it lets it."""
        out = set(gone)
        shifts = self._closing(out, list(bridges))
        return {name: _down(self.rects[name], -shift) for name, shift in shifts.items()}

    # How

    def _chain(
        self, source: str, target: str, sizes: Sequence[Size], at: Place | None, gap: float, lead: float
    ) -> list[Rect]:
        """Where newcomers in a wire stand, if what is below them makes room."""
        first, last = self.rects[source], self.rects[target]
        tall = sum(height for _, height in sizes)
        needed = lead + tall + gap * len(sizes)
        room = last[1] - first[3]
        alone = len(self.after.get(source, ())) < 2
        ends = [_middle(first), _middle(last)] if alone else [_middle(last), _middle(first)]
        top = first[3] + lead
        if room > needed:  # a long wire: where the user pointed, else at the end that hangs on it alone
            low, high = top, last[1] - needed + lead
            top = min(max(at[1] - tall / 2, low), high) if at is not None else low if alone else high
            if at is not None and min(abs(at[0] - x) for x in ends) > max(width for width, _ in sizes) / 2:
                ends.insert(0, at[0])
        wide = max(width for width, _ in sizes)
        x = self._column(ends, wide, top, top + tall + gap * (len(sizes) - 1), "" if room > needed else target)
        found: list[Rect] = []
        for width, height in sizes:
            found.append((x - width / 2, top, x + width / 2, top + height))
            top += height + gap
        return found

    def _column(self, wanted: Sequence[float], width: float, top: float, bottom: float, floor: str) -> float:
        """The first of the middles ``wanted``, else the one nearest to them, at which nothing stands in the way of
        newcomers from ``top`` to ``bottom`` that could not move down as ``floor`` does; without it nothing may move."""
        boxes = self._boxes()
        level = (boxes[:, 3] > top - MARGIN) & (boxes[:, 1] < (top if floor else bottom + MARGIN))
        if floor:
            level[list(self.rects).index(floor)] = False
        row = boxes[level]
        edges = [edge + SIDE + width / 2 for edge in row[:, 2].tolist()]
        edges += [edge - SIDE - width / 2 for edge in row[:, 0].tolist()]
        nearest: list[float] = sorted(edges, key=lambda x: abs(x - wanted[0]))
        for x in (*wanted, *nearest):
            if not _hit(row, (x - width / 2, top, x + width / 2, bottom), MARGIN):
                return x
        return wanted[0]

    def within(self, gap: float) -> float:
        """A gap in a chain, within reason; 0 stays 0."""
        return min(max(gap, self._close), self._wide) if gap > 0 else 0.0

    def _gap(self, source: str, target: str, heights: Sequence[float]) -> float:
        """The gap that newcomers between two blocks get: the usual one on a long wire, else the one there is, within
        reason."""
        room = self.rects[target][1] - self.rects[source][3]
        if room >= sum(heights) + self._usual * (len(heights) + 1):
            return self._usual
        return min(max(room, self._close), self._wide) if room > 0 else self._step(source)

    def _step(self, name: str) -> float:
        """The gap in use above a block, within reason: what goes below it gets the same."""
        top = self.rects[name][1]
        gaps = [top - self.rects[each][3] for each in self.before.get(name, ())]
        return min((gap for gap in gaps if self._close <= gap <= self._wide), default=self._usual)

    def _pushed(self, new: Mapping[str, Rect], floors: Mapping[str, float]) -> dict[str, Place] | None:
        """New centres of what moves down for newcomers; ``floors``: tops that blocks must not stand above. ``None`` if
        cards would still lie on one another that did not before."""
        near = self._close, self._wide, MARGIN
        at_once = None if self._pinned else pushed_alike(self.rects, self.after, new.values(), floors, *near)
        if at_once is not None and not self._lying(at_once, new):
            return {name: _centre(rect) for name, rect in at_once.items() if rect[1] != self.rects[name][1]}
        rects, least = dict(self.rects), dict(floors)
        order = sorted((rect[1], 1, name) for name, rect in self.rects.items())
        order = sorted([*order, *((rect[1], 0, name) for name, rect in new.items())])
        for _ in range(TRIES):
            rects = self._sweep(order, new, least)
            if not (lying := self._lying(rects, new)):
                moved = {name: rect for name, rect in rects.items() if rect[1] != self.rects[name][1]}
                return {name: _centre(rect) for name, rect in moved.items()}
            if any(not self._pinned.isdisjoint(pair) for pair in lying):
                return None
            for upper, lower in lying:
                least[lower] = max(least.get(lower, -np.inf), {**rects, **new}[upper][3] + MARGIN)
        return None

    def _sweep(
        self, order: Sequence[tuple[float, int, str]], new: Mapping[str, Rect], floors: Mapping[str, float]
    ) -> dict[str, Rect]:
        """From top to bottom, each card as far down as what has moved above it wants."""
        found = dict(self.rects)
        line, least = Skyline(), dict(floors)
        first = min((rect[1] for rect in new.values()), default=-np.inf)
        for top, _, name in order:
            if top < first and not line.covers and name not in least:
                continue  # above all that comes or moves
            if name in new:
                line.add(new[name], new[name][3])
                continue
            rect = self.rects[name]
            if name in self._pinned:
                continue
            wanted = max(top, least.get(name, top))
            for bottom, was in line.over(rect[0] - MARGIN, rect[2] + MARGIN):
                if top >= was or was == bottom:  # it was below, or that is a newcomer
                    wanted = max(wanted, bottom + (self._close if was == bottom else min(top - was, self._close)))
            if wanted == top:
                continue
            down = wanted - top
            found[name] = (rect[0], wanted, rect[2], rect[3] + down)
            line.add(found[name], rect[3])
            for reader in self.after.get(name, ()):
                gap = self.rects[reader][1] - rect[3]
                if gap >= 0:
                    least[reader] = max(least.get(reader, -np.inf), found[name][3] + min(gap, self._wide))
        return found

    def _lying(self, rects: Mapping[str, Rect], new: Mapping[str, Rect]) -> list[tuple[str, str]]:
        """Pairs (upper, lower) that lie on one another and did not before; of a newcomer it is the upper one."""
        names = [*rects, *new]
        now = np.array([*rects.values(), *new.values()])
        before = self._boxes([(FAR_OFF, FAR_OFF, FAR_OFF, FAR_OFF)] * len(new))
        shifts = now[:, 1] - before[:, 1]
        changed = np.flatnonzero(shifts)
        found = []
        for start in range(0, len(changed), CHUNK):
            some = changed[start : start + CHUNK]
            # Cards that have moved alike lie as they lay.
            others = np.flatnonzero(shifts != shifts[some[0]]) if np.ptp(shifts[some]) == 0 else np.arange(len(now))
            reach = now[others]
            others = others[(reach[:, 1] < now[some, 3].max()) & (reach[:, 3] > now[some, 1].min())]
            on = _touching(now[some], now[others])
            if not on.any():
                continue
            on &= ~_touching(before[some], before[others])
            for index, place in np.argwhere(on).tolist():
                row, other = int(some[index]), int(others[place])
                pair = sorted((row, other), key=lambda index: (names[index] not in new, now[index, 1], index))
                if row != other and names[pair[1]] not in new:
                    found.append((names[pair[0]], names[pair[1]]))
        return found

    def _closing(self, gone: set[str], bridges: Sequence[tuple[str, str]]) -> dict[str, float]:
        rects = {name: rect for name, rect in self.rects.items() if name not in gone}
        wanted: dict[str, float] = {}
        for source, target in bridges:
            upper, lower = rects[source], rects[target]
            between = [self.rects[name] for name in gone if upper[3] <= self.rects[name][1] <= lower[1]]
            if between:
                gap = min(*(rect[1] - upper[3] for rect in between), *(lower[1] - rect[3] for rect in between))
                wanted[target] = max(0.0, lower[1] - upper[3] - min(max(gap, self._close), self._wide))
        near = self._close, self._wide, MARGIN
        at_once = None if self._pinned else risen_alike(rects, self.before, self.after, wanted, *near)
        if at_once is not None:
            return at_once
        shifts: dict[str, float] = {}
        line = Skyline()
        for name in sorted(rects, key=lambda name: (rects[name][1], name)):
            rect = rects[name]
            up = self._rise(name, gone, wanted, shifts)
            if up > 0:
                for bottom, was in line.over(rect[0] - MARGIN, rect[2] + MARGIN):
                    if rect[1] >= was:
                        up = min(up, rect[1] - bottom - min(rect[1] - was, self._close))
            if up > 0:
                shifts[name] = up
            line.add((rect[0], rect[1] - max(up, 0.0), rect[2], rect[3] - max(up, 0.0)), rect[3])
        return shifts

    def _rise(self, name: str, gone: set[str], wanted: Mapping[str, float], shifts: Mapping[str, float]) -> float:
        """How far a block may move up, as far as the ways to it are concerned."""
        if name in self._pinned:
            return 0.0
        feeds = [each for each in self.before.get(name, ()) if each not in gone]
        top, found = self.rects[name][1], [wanted[name]] if name in wanted else []
        for each in feeds:
            gap = top - self.rects[each][3]
            if gap >= 0:
                found.append(shifts[each] if each in shifts else gap - min(gap, self._wide))
        moves = name in wanted or any(each in shifts for each in feeds)
        return min(found) if moves and found else 0.0

    def _boxes(self, more: Sequence[Rect] = ()) -> NDArray[np.float64]:
        return np.vstack((self._array, more)) if more else self._array

    @cached_property
    def _array(self) -> NDArray[np.float64]:
        return np.array([*self.rects.values()], dtype=float).reshape(len(self.rects), 4)


def rect_at(centre: Place, size: Size) -> Rect:
    """The card of a size around its centre."""
    (x, y), (width, height) = centre, size
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _touching(some: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the boxes each of ``some`` lies on, (some, boxes)."""
    wide = (boxes[:, 0] < some[:, 2, None]) & (boxes[:, 2] > some[:, 0, None])
    found: NDArray[np.bool_] = wide & (boxes[:, 1] < some[:, 3, None]) & (boxes[:, 3] > some[:, 1, None])
    return found


def _hit(boxes: NDArray[np.float64], rect: Rect, margin: float) -> bool:
    left, top, right, bottom = rect
    wide = (boxes[:, 0] < right + margin) & (boxes[:, 2] > left - margin)
    return bool(np.any(wide & (boxes[:, 1] < bottom + margin) & (boxes[:, 3] > top - margin)))


def _centre(rect: Rect) -> Place:
    return round((rect[0] + rect[2]) / 2, 2), round((rect[1] + rect[3]) / 2, 2)


def _down(rect: Rect, by: float) -> Place:
    x, y = _centre(rect)
    return x, round(y + by, 2)


def _middle(rect: Rect) -> float:
    return (rect[0] + rect[2]) / 2


def _snap(value: float) -> float:
    return round(value / GRID) * GRID + 0.0


def _up(value: float) -> float:
    """The next multiple of the grid."""
    return float(np.ceil(value / GRID) * GRID)
