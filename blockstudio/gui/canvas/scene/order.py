"""Which block comes next: in reading order, or in a direction."""

from __future__ import annotations

import numpy as np

from blockstudio.gui.canvas.scene.geometry import Geometry
from blockstudio.gui.canvas.scene.metrics import GRID


def in_reading_order(drawing: Geometry) -> list[str]:
    """Blocks from top to bottom, in a row from left to right."""
    boxes = drawing.boxes
    order = np.lexsort((boxes[:, 0], np.round(boxes[:, 1] / GRID)))
    return [name for name in (drawing.names[row] for row in order.tolist()) if not drawing.is_hidden(name)]


def nearest_toward(drawing: Geometry, name: str, dx: int, dy: int) -> str | None:
    """The block nearest to another in a direction, one of ``dx`` and ``dy`` being ±1; ``None`` if there is none."""
    boxes = drawing.boxes
    middles = np.column_stack(((boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2))
    aside = middles - middles[drawing.rows[name]]
    ahead = aside @ np.array([dx, dy])
    across = np.abs(aside @ np.array([dy, dx]))
    cost = np.where(ahead > 1, ahead + 2 * across, np.inf)
    return drawing.names[int(np.argmin(cost))] if np.isfinite(cost).any() else None
