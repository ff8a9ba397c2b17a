"""The drawing with what stands left and right of it: in a narrow window the drawing comes first."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

ROOM = 480
"""Pixels of width that the drawing has before a panel at its right has more than it needs."""
USUAL = 320
"""Pixels of such a panel."""


class SideSplitter(QSplitter):
    """A panel at the right is as wide as the user made it, or as narrow as it may be where the drawing lacks `ROOM`."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.wanted = USUAL
        """The width that the user gave the panel."""
        self._drawing: QWidget | None = None
        self._panel: QWidget | None = None
        self._least = 0
        self.splitterMoved.connect(lambda *_: self._keep())

    def leave_room(self, drawing: QWidget, panel: QWidget, least: int) -> None:
        """Have ``panel`` leave ``drawing`` its room; it is never narrower than ``least``."""
        self._drawing, self._panel, self._least = drawing, panel, least
        panel.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShowToParent:
            QTimer.singleShot(0, self, self._share)
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _keep(self) -> None:
        if self._panel is not None and (width := self.sizes()[self.indexOf(self._panel)]):
            self.wanted = width

    def _share(self) -> None:
        if self._panel is None or self._drawing is None:
            return
        sizes, drawing, panel = self.sizes(), self.indexOf(self._drawing), self.indexOf(self._panel)
        both = sizes[drawing] + sizes[panel]
        width = max(self._least, min(self.wanted, both - ROOM))
        if sizes[panel] and width != sizes[panel]:
            sizes[panel], sizes[drawing] = width, both - width
            self.setSizes(sizes)
