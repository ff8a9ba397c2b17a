"""Which block comes next: in reading order, or in a direction."""

from __future__ import annotations

import numpy as np

from blockstudio.gui.canvas.scene.geometry import Geometry
from blockstudio.gui.canvas.scene.metrics import GRID
from blockstudio.gui.canvas.scene.routed import exchanged


def in_reading_order(drawing: Geometry) -> list[str]:
    """Blocks from top to bottom, in a row from left to right; of a drawing in columns one column after the other. Where
    the signal goes to the right: from left to right, in a column from top to bottom, one row after the other."""
    boxes = exchanged(drawing.boxes, drawing.right)
    # A wire to the top of the next column runs up between the two.
    gutters = np.sort(np.array([turn.x for turn in drawing.turns.values()]))
    column = np.searchsorted(gutters, (boxes[:, 0] + boxes[:, 2]) / 2)
    order = np.lexsort((boxes[:, 0], np.round(boxes[:, 1] / GRID), column))
    return [name for name in (drawing.names[row] for row in order.tolist()) if not drawing.is_hidden(name)]


def nearest_toward(drawing: Geometry, name: str, dx: int, dy: int) -> str | None:
    """The block nearest to another in a direction, one of ``dx`` and ``dy`` being ±1; at the end of a column, or row,
    the one in the next; ``None`` if there is none."""
    onward = dx if drawing.right else dy
    for wire in drawing.turns if onward else ():
        if (wire.source if onward > 0 else wire.target) == name:
            return wire.target if onward > 0 else wire.source
    boxes = drawing.boxes
    middles = np.column_stack(((boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2))
    aside = middles - middles[drawing.rows[name]]
    ahead = aside @ np.array([dx, dy])
    across = np.abs(aside @ np.array([dy, dx]))
    cost = np.where(ahead > 1, ahead + 2 * across, np.inf)
    return drawing.names[int(np.argmin(cost))] if np.isfinite(cost).any() else None
