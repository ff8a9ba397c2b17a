"""What charts are drawn of: lines, marks on axes, and painting that stays quick however many points there are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from shiboken6 import VoidPtr

from blockstudio.gui.kit.parts import bytes_text
from blockstudio.gui.kit.theme import as_text, font, mix, theme

Floats = NDArray[np.float64]
Kind: TypeAlias = Literal["share", "bytes", "number"]

LONG = 150
"""Points of a piece of a line; a raw line of more has no smooth edges."""
FEW = 12
"""Points up to which each has a dot: one alone makes no line."""
LARGEST = 1e300
"""A value beyond it is drawn there."""
READABLE = 1e15
"""From here on numbers are written with a power of ten."""
NAME_PITCH = 17
"""Least pixels between two names."""


@dataclass(frozen=True, eq=False)
class Line:
    """One curve: ``x``, ``y`` ``(N,)`` as measured, ``smooth`` ``(M,)`` at ``smooth_x``, or at the same places."""

    name: str
    """At its end; empty: none."""
    colour: QColor
    x: Floats
    y: Floats
    smooth: Floats
    ring: float | None = None
    """The x at which a target is reached."""
    smooth_x: Floats | None = None
    dashed: bool = False

    @property
    def at(self) -> Floats:
        """The places of ``smooth``."""
        return self.x if self.smooth_x is None else self.smooth_x

    def value(self, x: float) -> float | None:
        """What it says at an x; nothing beyond its ends."""
        at = self.at
        if not at.size or not self.x[0] <= x <= self.x[-1]:
            return None
        return float(np.interp(x, at, self.smooth))


def value_text(value: float, kind: Kind) -> str:
    """A value in the head of a chart: ``88.6 %``, ``1.2 GB``, ``0.283``."""
    if kind == "share":
        return f"{100 * value:.1f} %"
    return bytes_text(value) if kind == "bytes" else _whole(value) if abs(value) >= 1000 else f"{value:.3g}"


def mark_text(value: float, kind: Kind) -> str:
    """A value beside the axis."""
    if kind == "share":
        return f"{100 * value:.0f} %"
    return bytes_text(value) if kind == "bytes" else _whole(value) if abs(value) >= 10_000 else f"{value:g}"


def number_text(value: float) -> str:
    """A value under the axis."""
    return _whole(value) if abs(value) >= 10 or float(value).is_integer() else f"{value:.2g}"


def _whole(value: float) -> str:
    return f"{value:,.0f}" if abs(value) < READABLE else f"{value:.3g}"


def drawable(line: Line) -> Line:
    """The same line without what is no number, and nothing larger than can be reckoned with."""
    within = [np.isfinite(line.x) & (np.abs(line.x) <= LARGEST), np.isfinite(line.y) & (np.abs(line.y) <= LARGEST)]
    good = np.isfinite(line.smooth) & (np.abs(line.smooth) <= LARGEST)
    if all(each.all() for each in (*within, good)):
        return line
    keep = np.isfinite(line.x) & np.isfinite(line.y)
    kept = np.isfinite(line.at) & np.isfinite(line.smooth)
    clipped = partial(np.clip, a_min=-LARGEST, a_max=LARGEST)
    return replace(
        line, x=clipped(line.x[keep]), y=clipped(line.y[keep]), smooth=clipped(line.smooth[kept]),
        smooth_x=clipped(line.at[kept]),
    )  # fmt: skip


def ticks(low: float, high: float, *, log: bool = False, most: int = 4) -> list[float]:
    """Round values from low to high."""
    if log:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        found: list[float] = []
        for digits in ((1, 2, 5), (1, 3), (1,)):
            found = [digit * 10.0**power for power in range(first, last + 1) for digit in digits]
            found = [value for value in found if low <= value <= high]
            if len(found) <= most + 2:
                return found
        return found[:: -(-len(found) // (most + 2))]
    raw = max(high - low, 1e-300) / most
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(each * size for each in (1, 2, 5, 10) if each * size >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [round(index * step, 12) for index in range(first, math.floor(high / step + 1e-9) + 1)]


def limits(lines: Sequence[Line], *, log: bool) -> tuple[float, float]:
    """The y axis: what nearly all values lie within, so that one early spike does not flatten the rest."""
    low, high = math.inf, -math.inf
    for line in lines:
        values = line.smooth[:: max(1, line.smooth.size // 5000)]
        values = values[np.isfinite(values)]
        if log:
            values = values[values > 0]
        if values.size:
            low, high = min(low, float(np.quantile(values, 0.001))), max(high, float(np.quantile(values, 0.999)))
    if not math.isfinite(low):
        return (0.1, 1.0) if log else (0.0, 1.0)
    if log:
        return low / 1.2, max(high * 1.2, low * 1.5)
    return min(0.0, low), high * 1.05 if high > 0 else high + 1


def polygon(x: Floats, y: Floats) -> QPolygonF:
    """Pixels ``(N,)`` as Qt's points, without an object of Python for each."""
    found = QPolygonF()
    found.resize(x.size)
    if x.size:
        # The stubs say otherwise of both; `data` is an address.
        held = VoidPtr(found.data(), 16 * x.size, True)  # type: ignore[call-arg, arg-type]
        memory = np.frombuffer(held, dtype=float).reshape(x.size, 2)  # type: ignore[call-overload]
        memory[:, 0], memory[:, 1] = x, y
    return found


def pieces(x: Floats, y: Floats) -> list[QPolygonF]:
    """A line in pieces of some points: Qt takes seconds for one that crosses itself thousands of times."""
    starts = range(0, max(1, x.size - 1), LONG)
    return [polygon(x[start : start + LONG + 1], y[start : start + LONG + 1]) for start in starts]


def dash(colour: QColor, width: float, *pattern: float) -> QPen:
    """A dashed pen."""
    pen = QPen(colour, width)
    pen.setDashPattern(list(pattern))
    return pen


def draw_names(painter: QPainter, plot: QRectF, width: float, ends: Sequence[tuple[Line, QPointF]]) -> None:
    """Names behind the ends of lines, none over another, each with a leader. ``width``: of the whole chart."""
    order = sorted(ends, key=lambda end: end[1].y())
    heights = [min(max(at.y(), plot.top()), plot.bottom()) for _, at in order]
    places: list[float] = []
    for y in heights:
        places.append(max(y, places[-1] + NAME_PITCH) if places else y)
    over = places[-1] - plot.bottom() if places else 0
    if over > 0:
        places = [place - over for place in places]
        for index in range(len(places) - 2, -1, -1):
            places[index] = min(places[index], places[index + 1] - NAME_PITCH)
    painter.setFont(font(11, bold=True))
    for place, y, (line, at) in zip(places, heights, order, strict=True):
        end = min(at.x(), plot.right())
        painter.setPen(QPen(mix(line.colour, theme().panel, 0.4), 1))
        painter.drawPolyline(
            QPolygonF([QPointF(end + 3, y), QPointF(plot.right() + 8, place), QPointF(plot.right() + 14, place)])
        )
        painter.setPen(as_text(line.colour))
        room = QRectF(plot.right() + 18, place - 9, width - plot.right() - 18, 18)
        name = painter.fontMetrics().elidedText(line.name, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)
