"""The drawing above, the pages below: these keep their share of the height, not their pixels."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter

BOTTOM = 0.27
"""The share of the height that the pages under the drawing have at first."""
LOWEST, HIGHEST = 0.1, 0.8


class ShareSplitter(QSplitter):
    """Two widgets one above the other. ``share`` is the lower one's part of the height; the user sets it by the line
    between them."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self.share = BOTTOM
        self.splitterMoved.connect(lambda *_: self.keep())

    def keep(self) -> None:
        """What the heights are now is the share from now on."""
        sizes = self.sizes()
        if len(sizes) > 1 and sizes[1] and sum(sizes):
            self.set_share(sizes[1] / sum(sizes))

    def set_share(self, share: float) -> None:
        """Another share, within reason."""
        self.share = min(HIGHEST, max(LOWEST, share))

    def settle(self) -> None:
        """Give the lower widget its share, if it is in view."""
        lower = self.widget(1)
        if lower is not None and not lower.isHidden():
            whole = self.height() - self.handleWidth()
            low = round(self.share * whole)
            self.setSizes([whole - low, low])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.settle()
