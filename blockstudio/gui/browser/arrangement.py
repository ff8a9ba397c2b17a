"""Where everything in the browser stands: the family tree, or rows of a list. Plain rectangles, no widgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from PySide6.QtCore import QPointF, QRect, QSize
from PySide6.QtGui import QPainterPath

from blockstudio.graph.lineage import Lineage
from blockstudio.gui.canvas.scene.metrics import text_width
from blockstudio.gui.kit.text import tr

LANES = {"NIN": 0, "Inception": 0, "AlexNet": 1, "Inception-ResNet": 1, "VGG": 2, "ResNet": 2}
"""Columns of the tree by family; the last lane grows to the right."""
LAST_LANE, COLUMNS = 2, 4
BEND = 8.0
YEARS, MARGIN = 56, 10
"""Room for the years on the left, and around everything."""
TIGHT = 210
"""Columns narrower than this leave less between them."""
CARD, CARD_MOST, CHIP, CHIP_GAP, GAP = 40, 236, 19, 4, 19
"""Heights of a card without chips and of a chip, the widest card, and the gap between two rows of the tree."""
PAD = 10
"""From a card's left edge, behind the stripe, to what is in it."""
CHIP_PX, NAME_PX = 11, 13
ROW, HEAD = 32, 26
"""Heights of a row of the list and of a heading."""
PART, PART_LEAST = 40, 176


@dataclass
class Spot:
    """Where a preset stands, and as what: ``card``, ``chip`` on another's card, or ``row``."""

    rect: QRect
    kind: str


@dataclass
class Edge:
    """The line from a network to one that builds on it."""

    parent: str
    child: str
    points: list[QPointF]
    path: QPainterPath
    """The same with round corners."""


@dataclass
class Arrangement:
    """A whole page of the browser."""

    size: QSize = field(default_factory=QSize)
    spots: dict[str, Spot] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    years: list[tuple[str, int, int]] = field(default_factory=list)
    """Label, top and bottom of each band."""
    headings: list[tuple[str, QRect]] = field(default_factory=list)
    legend: QRect = field(default_factory=QRect)
    """Room that the tree leaves free at its top."""


def tree_plan(family: Lineage, width: int) -> Arrangement:
    """The family tree: time runs down, lanes are families; below it the modules alone."""
    plan = Arrangement()
    cells = _cells(family)
    rows = sorted({row for row, _ in cells.values()})
    columns = max(COLUMNS, *(column + 1 for _, column in cells.values()))
    pitch = (width - YEARS - MARGIN) / columns
    card_width = min(CARD_MOST, round(pitch) - (GAP if pitch > TIGHT else 14))
    chips = {name: _chip_rows(family, name, card_width - PAD - 12) for name in cells}
    heights = {name: CARD + (len(lines) * (CHIP + CHIP_GAP) + 3 if lines else 0) for name, lines in chips.items()}
    tops: dict[tuple[int, int], int] = {}
    y = MARGIN
    for row in rows:
        tops[row] = y
        y += max(heights[name] for name, (own, _) in cells.items() if own == row) + GAP
    for name, (row, column) in cells.items():
        left = round(YEARS + column * pitch + (pitch - card_width) / 2)
        plan.spots[name] = Spot(QRect(left, tops[row], card_width, heights[name]), "card")
        top = tops[row] + CARD
        for line in chips[name]:
            x = left + PAD + 2
            for variant, chip_width in line:
                plan.spots[variant] = Spot(QRect(x, top, chip_width, CHIP), "chip")
                x += chip_width + CHIP_GAP
            top += CHIP + CHIP_GAP
    ends = [*(tops[row] for row in rows[1:]), y]
    for row, end in zip(rows, ends, strict=True):
        label = str(row[0])
        if plan.years and plan.years[-1][0] == label:
            plan.years[-1] = (label, plan.years[-1][1], end - GAP // 2)
        else:
            plan.years.append((label, tops[row] - GAP // 2, end - GAP // 2))
    _edges(plan, family, cells, rows, tops, pitch)
    taken = [column for row, column in cells.values() if row == rows[0]]
    first = round(YEARS + (max(taken) + 1) * pitch)
    plan.legend = QRect(first + GAP // 2, tops[rows[0]], width - first - GAP, CARD + CHIP)
    plan.size = QSize(width, _parts(plan, family, width, y))
    return plan


def _cells(family: Lineage) -> dict[str, tuple[tuple[int, int], int]]:
    """Row (year and generation within it) and column of each network of the tree."""
    cells: dict[str, tuple[tuple[int, int], int]] = {}
    for name in family.mains:
        year = family.kin[name].year
        before = [cells[parent][0][1] for parent in family.parents(name) if cells[parent][0][0] == year]
        row = (year, max(before) + 1 if before else 0)
        lane = _lane(family, name)
        taken = {column for own, column in cells.values() if own == row}
        # Below its parent if nothing hangs there yet, so that a chain reads as one line, else to the right of it.
        own = [cells[parent] for parent in family.parents(name) if _lane(family, parent) == lane]
        hung = [any(at == column and line > top for line, at in cells.values()) for top, column in own]
        wanted = [
            column + 1 if full and lane == LAST_LANE else column for (_, column), full in zip(own, hung, strict=True)
        ]
        free = [column for column in (*wanted, lane) if column not in taken]
        column = free[0] if free else max([lane, *taken]) + 1
        cells[name] = (row, column)
    return cells


def _lane(family: Lineage, name: str) -> int:
    return LANES.get(family.kin[name].family, LAST_LANE)


def _chip_rows(family: Lineage, name: str, room: int) -> list[list[tuple[str, int]]]:
    """The variants of a network in lines that are not wider than ``room``, with the chips' widths."""
    lines: list[list[tuple[str, int]]] = []
    x = room
    variants = family.variants(name)
    variants.sort(key=lambda each: not family.kin[each].label.isdecimal())
    for variant in variants:
        width = min(room, round(text_width(tr(family.kin[variant].label), CHIP_PX)) + 14)
        if x + CHIP_GAP + width > room:
            lines.append([])
            x = -CHIP_GAP
        lines[-1].append((variant, width))
        x += CHIP_GAP + width
    return lines


def _edges(
    plan: Arrangement,
    family: Lineage,
    cells: dict[str, tuple[tuple[int, int], int]],
    rows: Sequence[tuple[int, int]],
    tops: dict[tuple[int, int], int],
    pitch: float,
) -> None:
    """Lines that run in the gaps between rows and down columns, or between two, that are free."""
    place = {row: index for index, row in enumerate(rows)}
    taken = {(place[row], column) for row, column in cells.values()}
    for child in cells:
        row, column = place[cells[child][0]], cells[child][1]
        parents = sorted(family.parents(child), key=lambda name: cells[name][1])
        for index, parent in enumerate(parents):
            own, start = place[cells[parent][0]], cells[parent][1]
            above, below = plan.spots[parent].rect, plan.spots[child].rect
            x0 = above.center().x() + 0.5
            x1 = below.center().x() + 0.5 + (index - (len(parents) - 1) / 2) * 18
            between = range(own + 1, row)
            if not any((step, column) in taken for step in between):
                x = x1
            elif not any((step, start) in taken for step in between):
                x = x0
            else:
                side = column if start < column else column + 1
                x = YEARS + side * pitch + 3 * (start - column)
            first, last = tops[rows[own + 1]] - GAP / 2, tops[rows[row]] - GAP / 2
            points = [(x0, above.bottom() + 1), (x0, first), (x, first), (x, last), (x1, last), (x1, below.top())]
            line = _straightened(points)
            plan.edges.append(Edge(parent, child, line, _rounded(line)))


def _straightened(points: Iterable[tuple[float, float]]) -> list[QPointF]:
    """The corners of a line, without those at which it does not turn."""
    kept: list[tuple[float, float]] = []
    for point in points:
        if kept and kept[-1] == point:
            continue
        while len(kept) > 1 and (
            kept[-2][0] == kept[-1][0] == point[0] or kept[-2][1] == kept[-1][1] == point[1]
        ):  # on one line
            kept.pop()
        kept.append(point)
    return [QPointF(x, y) for x, y in kept]


def _rounded(points: Sequence[QPointF]) -> QPainterPath:
    """A line that turns in arcs."""
    path = QPainterPath(points[0])
    for (before, at), (_, after) in pairwise(pairwise(points)):
        first, second = at - before, after - at
        one = abs(first.x()) + abs(first.y())
        two = abs(second.x()) + abs(second.y())
        bend = min(BEND, one / 2, two / 2)
        path.lineTo(at - first * (bend / one))
        path.quadTo(at, at + second * (bend / two))
    path.lineTo(points[-1])
    return path


def _parts(plan: Arrangement, family: Lineage, width: int, y: int) -> int:
    """The modules alone, in as many columns as there is room for; returns where they end."""
    left, right = YEARS, width - MARGIN
    plan.headings.append((tr("Modules alone"), QRect(left, y, right - left, HEAD)))
    y += HEAD + 6
    names = sorted(family.modules, key=lambda name: (family.kin[name].year, family.kin[name].family))
    columns = max(1, (right - left + 12) // (PART_LEAST + 12))
    cell = (right - left + 12) / columns
    for index, name in enumerate(names):
        row, column = divmod(index, columns)
        rect = QRect(round(left + column * cell), y + row * (PART + 10), round(cell) - 12, PART)
        plan.spots[name] = Spot(rect, "card")
    return y + -(-len(names) // columns) * (PART + 10) + MARGIN


def list_plan(family: Lineage, names: Sequence[str], width: int) -> Arrangement:
    """Rows in the order of ``names``."""
    plan = Arrangement()
    y = HEAD + 4
    for name in names:
        plan.spots[name] = Spot(QRect(MARGIN, y, width - 2 * MARGIN, ROW), "row")
        y += ROW + 2
    plan.size = QSize(width, y + MARGIN)
    return plan
