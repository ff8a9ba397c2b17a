"""The drawing: blocks as cards, wires with their shapes, everything done with mouse and keys."""

from blockstudio.gui.canvas.canvas import Canvas
from blockstudio.gui.canvas.hand.dropping import MIME

__all__ = ["MIME", "Canvas"]
