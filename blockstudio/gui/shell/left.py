"""What stands at the left of the drawing: one panel at a time, with tabs where there are several."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QTabBar, QVBoxLayout, QWidget

from blockstudio.gui.document.places import Panel
from blockstudio.gui.kit.text import tr


class LeftSide(QWidget):
    """Panels one over another. Which is shown is the panel's own visibility: to show one hides the others."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.tabs = QTabBar()
        self.tabs.setAccessibleName(tr("Panels at the left"))
        self.tabs.setContentsMargins(8, 8, 8, 0)
        self.tabs.setExpanding(False)
        self.tabs.hide()
        row = QVBoxLayout()
        row.setContentsMargins(8, 8, 8, 0)
        row.addWidget(self.tabs)
        self._column.addLayout(row)
        self._panels: list[QWidget] = []
        self.tabs.currentChanged.connect(self._turn)

    def add(self, panel: Panel) -> None:
        """One more panel; all but the first begin hidden."""
        panel.widget.setHidden(bool(self._panels))
        self._panels.append(panel.widget)
        self._column.addWidget(panel.widget, 1)
        panel.widget.installEventFilter(self)
        self.tabs.blockSignals(True)
        self.tabs.addTab(panel.title)
        self.tabs.blockSignals(False)
        self.tabs.setVisible(len(self._panels) > 1)
        self.setMinimumWidth(max(self.minimumWidth(), panel.least))

    def _turn(self, index: int) -> None:
        if 0 <= index < len(self._panels):
            self._panels[index].show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShowToParent:
            for other in self._panels:
                if other is not watched:
                    other.hide()
            row = next((row for row, panel in enumerate(self._panels) if panel is watched), -1)
            self.tabs.blockSignals(True)
            self.tabs.setCurrentIndex(row)
            self.tabs.blockSignals(False)
            self.show()
        elif event.type() == QEvent.Type.HideToParent and all(panel.isHidden() for panel in self._panels):
            self.hide()
        return False
