"""Several charts as one SVG file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from blockstudio.report.chart import FACES, HEIGHT, PAPER, QUIET, WIDTH, Chart

GAP = 16


@dataclass(frozen=True)
class Panels:
    """Charts in rows, from the left; all of one size."""

    charts: Sequence[Chart]
    columns: int = 2

    def svg(self) -> str:
        """The file's text."""
        inner = [chart.svg() for chart in self.charts]
        heights = [int(found.group(1)) if (found := re.search(r'height="(\d+)"', text)) else HEIGHT for text in inner]
        columns = max(1, min(self.columns, len(inner)))
        rows = [heights[start : start + columns] for start in range(0, len(heights), columns)]
        width, height = columns * (WIDTH + GAP) - GAP, sum(max(row) + GAP for row in rows) - GAP
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'font-family="{FACES}" font-size="11" fill="{QUIET}">',
            f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
        ]
        for number, text in enumerate(inner):
            row, column = divmod(number, columns)
            top = sum(max(each) + GAP for each in rows[:row])
            body = text[text.index(">") + 1 : text.rindex("</svg>")]
            parts.append(f'<g transform="translate({column * (WIDTH + GAP)} {top})">{body}</g>')
        return "\n".join([*parts, "</svg>", ""])
