"""A chart as an SVG file: curves with bands, dots and dashed lines, on linear or logarithmic axes. No library."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from blockstudio.report.markup import escape

SERIES = ("#3b7ddd", "#d1495b", "#2a9d8f", "#8a63d2", "#c0862b", "#5b6b7b")
"""The colours of curves, in order, in files and in the window."""
TEXT, QUIET, LINE, PAPER = "#1b2128", "#5c6671", "#dfe3e8", "#ffffff"
FACES = "Inter, Helvetica, Arial, PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif"
WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 46, 48
LINE_HEIGHT = 18
GUIDE_HEIGHT = 12
TICKS = 6


@dataclass(frozen=True)
class Curve:
    """Points of one series, in the order in which they are joined."""

    name: str
    points: Sequence[tuple[float, float]]
    deviation: Sequence[float | None] = ()
    """Half the height of the band at each point."""
    joined: bool = True
    dots: Sequence[tuple[float, float]] = ()
    """Single values behind the curve."""


@dataclass(frozen=True)
class GuideLine:
    """A value across the whole chart."""

    name: str
    value: float


@dataclass(frozen=True)
class Chart:
    """What is drawn.

    Values that are not finite, and those that a logarithmic axis has no place for, are left out.
    """

    title: str
    x: str
    y: str
    curves: Sequence[Curve]
    guides: Sequence[GuideLine] = ()
    labels: Sequence[str] = ()
    """Under the x values 0, 1, 2 …, where they are things rather than numbers."""
    log_y: bool = False
    percent: bool = False
    """y values are shares, shown from 0 to 100 %."""

    def svg(self) -> str:
        """The file's text."""
        across, up = self._ranges()
        xs, ys = _Axis(*across, LEFT, WIDTH - RIGHT), _Axis(*up, HEIGHT - BOTTOM, TOP, log=self.log_y)
        title = _lines(self.title, WIDTH - LEFT - RIGHT, 14)
        names = self._names()
        # What stands above the plot is as high as its lines; the plot keeps its size.
        lower = LINE_HEIGHT * (len(title) - 1 + max(len(names) - 1, 0))
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + lower}" width="{WIDTH}" '
            f'height="{HEIGHT + lower}" font-family="{FACES}" font-size="11" fill="{QUIET}">',
            f'<rect width="{WIDTH}" height="{HEIGHT + lower}" fill="{PAPER}"/>',
        ]
        for number, line in enumerate(title):
            base = 20 + LINE_HEIGHT * number
            parts.append(
                f'<text x="{LEFT}" y="{base}" font-size="14" font-weight="600" fill="{TEXT}">{escape(line)}</text>'
            )
        for number, row in enumerate(names):
            below = LINE_HEIGHT * (len(title) - 1 + number)
            parts += [f'<g transform="translate(0 {below})">' if below else "<g>", *row, "</g>"]
        parts += [f'<g transform="translate(0 {lower})">' if lower else "<g>", *self._grid(xs, ys)]
        name_at = -math.inf
        for guide in sorted(self.guides, key=lambda guide: guide.value, reverse=True):
            if ys.has(guide.value):
                y = ys.at(guide.value)
                name_at = max(y - 4, name_at + GUIDE_HEIGHT)  # names of lines that are close stand below each other
                parts.append(
                    f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{QUIET}" stroke-dasharray="3 3"/>'
                    f'<text x="{WIDTH - RIGHT}" y="{name_at:.1f}" text-anchor="end">{escape(guide.name)}</text>'
                )
        for number, curve in enumerate(self.curves):
            parts += self._curve(curve, SERIES[number % len(SERIES)], xs, ys)
        return "\n".join([*parts, "</g>", "</svg>", ""])

    def _ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        points = [point for curve in self.curves for point in (*curve.points, *curve.dots) if self._shown(point[1])]
        across = [x for x, _ in points] or [0.0, 1.0]
        if self.labels:
            across = [-0.5, len(self.labels) - 0.5]
        up = [y for _, y in points] + [guide.value for guide in self.guides if self._shown(guide.value)] or [0.0, 1.0]
        for curve in self.curves:
            for (_, y), spread in zip(curve.points, curve.deviation, strict=False):
                up += [] if spread is None or self.log_y else [y - spread, y + spread]
        low, high = min(up), max(up)
        if self.percent:
            return (min(across), max(across)), (0.0, 1.0)
        if not self.log_y:
            low = 0.0 if 0 <= low < 0.5 * high else low
        return (min(across), max(across)), (low, high)

    def _shown(self, value: float) -> bool:
        return math.isfinite(value) and (value > 0 or not self.log_y)

    def _grid(self, xs: _Axis, ys: _Axis) -> list[str]:
        parts: list[str] = []
        for value in ys.ticks():
            y = ys.at(value)
            text = f"{100 * value:.0f} %" if self.percent else _number(value)
            parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{LINE}"/>')
            parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
        if self.labels:
            step = math.ceil(len(self.labels) / 14)
            room = (xs.last - xs.first) / len(self.labels) * step
            turned = " rotate(20)" if any(_width(label, 11) > room - 8 for label in self.labels[::step]) else ""
            for index, label in enumerate(self.labels):
                if index % step == 0:
                    place = f"translate({xs.at(index):.1f} {HEIGHT - BOTTOM + 16}){turned}"
                    parts.append(f'<text transform="{place}" text-anchor="middle">{escape(label)}</text>')
        else:
            for value in xs.ticks():
                x = xs.at(value)
                parts.append(
                    f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{_number(value)}</text>'
                )
        middle = (TOP + HEIGHT - BOTTOM) / 2
        parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">{escape(self.x)}</text>')
        parts.append(
            f'<text transform="translate(14 {middle}) rotate(-90)" text-anchor="middle">{escape(self.y)}</text>'
        )
        return parts

    def _curve(self, curve: Curve, colour: str, xs: _Axis, ys: _Axis) -> list[str]:
        points = [(x, y) for x, y in curve.points if self._shown(y)]
        parts: list[str] = []
        band = [(x, y, spread) for (x, y), spread in zip(curve.points, curve.deviation, strict=False)
                if spread is not None and self._shown(y)]  # fmt: skip
        if len(band) > 1 and not self.log_y:
            upper = [f"{xs.at(x):.1f} {ys.at(y + spread):.1f}" for x, y, spread in band]
            lower = [f"{xs.at(x):.1f} {ys.at(y - spread):.1f}" for x, y, spread in reversed(band)]
            parts.append(f'<path d="M{"L".join([*upper, *lower])}Z" fill="{colour}" fill-opacity="0.13"/>')
        for x, y in curve.dots:
            if self._shown(y):
                parts.append(f'<circle cx="{xs.at(x):.1f}" cy="{ys.at(y):.1f}" r="2.5" fill="{colour}" '
                             'fill-opacity="0.45"/>')  # fmt: skip
        if curve.joined and len(points) > 1:
            line = "L".join(f"{xs.at(x):.1f} {ys.at(y):.1f}" for x, y in points)
            parts.append(f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>')
        else:
            parts += [f'<circle cx="{xs.at(x):.1f}" cy="{ys.at(y):.1f}" r="4" fill="{colour}"/>' for x, y in points]
        return parts

    def _names(self) -> list[list[str]]:
        """The curves' names, line by line."""
        if len(self.curves) < 2:
            return []
        rows: list[list[str]] = [[]]
        x = float(LEFT)
        for number, curve in enumerate(self.curves):
            colour, wide = SERIES[number % len(SERIES)], 15 + _width(curve.name, 11)
            if rows[-1] and x + wide > WIDTH - RIGHT:
                rows.append([])
                x = float(LEFT)
            rows[-1].append(f'<rect x="{x:.0f}" y="30" width="10" height="3" fill="{colour}"/>')
            rows[-1].append(f'<text x="{x + 15:.0f}" y="35" fill="{TEXT}">{escape(curve.name)}</text>')
            x += wide + 18
        return rows


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    first: float
    """Pixels at `low`."""
    last: float
    log: bool = False

    def has(self, value: float) -> bool:
        return math.isfinite(value) and self.low <= value <= self.high

    def at(self, value: float) -> float:
        low, high, value = (math.log10(each) for each in (self.low, self.high, value)) if self.log else (
            self.low, self.high, value)  # fmt: skip
        share = (value - low) / (high - low) if high > low else 0.5
        return self.first + min(max(share, 0.0), 1.0) * (self.last - self.first)

    def ticks(self) -> list[float]:
        if self.log:
            low, high = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            step = max(1, math.ceil((high - low) / TICKS))
            found = [10.0**power for power in range(low, high + 1, step)]
            return [value for value in found if self.low <= value <= self.high] or [self.low]
        if self.high <= self.low:
            return [self.low]
        rough = (self.high - self.low) / TICKS
        size = 10.0 ** math.floor(math.log10(rough))
        step_size = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
        first = math.ceil(self.low / step_size - 1e-9)
        last = math.floor(self.high / step_size + 1e-9)
        return [index * step_size for index in range(first, last + 1)]


def _number(value: float) -> str:
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:,.6g}"
    return f"{value:.3g}".replace("e-0", "e-").replace("e+0", "e")


def _width(text: str, size: float, sign: float = 0.56) -> float:
    """About how wide a text is, in pixels: a file has no fonts to ask, and a reader's may be others. ``sign`` is the
    usual width of one, as a share of the size."""
    return sum(1.0 if unicodedata.east_asian_width(each) in "WF" else sign for each in text) * size


def _lines(text: str, room: float, size: float) -> list[str]:
    """A text in lines no wider than ``room`` pixels, broken between words, or between Chinese signs."""
    lines = [""]
    for part in re.findall(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+", text):
        if lines[-1] and _width((lines[-1] + part).rstrip(), size, 0.6) > room:
            lines.append("")
        lines[-1] += part
    return [line.rstrip() for line in lines]


def recoloured(svg: str, text: str, quiet: str, line: str, paper: str) -> str:
    """A figure on other paper: its colours for titles, secondary text, hairlines and ground, as ``#rrggbb``."""
    other = {TEXT: text, QUIET: quiet, LINE: line}
    svg = re.sub("|".join(other), lambda found: other[found.group()], svg)
    return svg.replace(f'fill="{PAPER}"', f'fill="{paper}"')
