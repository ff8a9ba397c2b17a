"""The bar under the window: totals with their difference to the last saved state, and what features put there."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, QVariantAnimation, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.parts import Elided, bytes_text, count_text, strong
from blockstudio.gui.kit.text import plain, tr
from blockstudio.gui.kit.theme import notifier, theme

SHOWN_MS, FADE_MS = 6_000, 700
"""So long a sentence stands in the bar, and fades."""


class _Figure(QLabel):
    """A figure; one that can be switched takes clicks, Space and Enter."""

    clicked = Signal()

    def __init__(self, tip: str, *, switch: bool = False) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setToolTip(tip)
        self._switch = switch
        if switch:
            self.setProperty("role", "switch")
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._switch and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._switch and event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)


class StatusBar(QWidget):
    """Figures of the whole network on the left; what features put there on the right."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        session = desk.session
        self.setObjectName("statusbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(29)
        self._session = session
        self.flops = False
        line = QHBoxLayout(self)
        line.setContentsMargins(14, 0, 14, 0)
        line.setSpacing(18)
        self.parameters = _Figure(tr("Learnable scalars; the difference is to the last saved state"))
        self.macs = _Figure(
            tr(
                "Multiply-accumulates of convolution and linear layers for one image. "
                "Click: FLOPs, counted as two for each (a multiply and an add)."
            ),
            switch=True,
        )
        self.macs.clicked.connect(self._switch)
        self.depth_figure = _Figure(tr("Weighted layers on the longest path, projections not counted"))
        self.memory = _Figure(tr("Activations kept for the backward pass of one image"))
        self.field = _Figure(tr("Pixels of the input that one output sees, the union over all paths"))
        self.message = Elided()
        self._fading = QVariantAnimation(self)
        self._fading.setDuration(FADE_MS)
        self._fading.setStartValue(1.0)
        self._fading.setEndValue(0.0)
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(SHOWN_MS)
        self._resting.timeout.connect(self._fading.start)
        self._fading.valueChanged.connect(self.message.set_strength)
        self._fading.finished.connect(lambda: self._tell(""))
        desk.on_close(lambda: self._tell(""))
        self.message.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        for widget in (self.parameters, self.macs, self.depth_figure, self.memory, self.field):
            line.addWidget(widget)
        line.addWidget(self.message, 1)
        for _, item in desk.items["status"]:
            line.addWidget(item)
        desk.item_added.connect(lambda bar, item: line.addWidget(item) if bar == "status" else None)
        for signal in (session.edited, session.opened, session.saved):
            signal.connect(self.refresh)
        session.veiled_changed.connect(self.refresh)
        session.message.connect(self._tell)
        session.edited.connect(lambda _: self._tell(""))
        notifier.changed.connect(self.refresh)
        self.refresh()

    def _tell(self, text: str) -> None:
        self._fading.stop()
        self.message.set_strength(1.0)
        self.message.setText(text)
        self.message.setToolTip(plain(text))
        if text:
            self._resting.start()
        else:
            self._resting.stop()

    def _switch(self) -> None:
        self.flops = not self.flops
        self.refresh()

    def refresh(self, _: object = None) -> None:
        """Show the totals as they are now, or that they are to be found first."""
        veiled = self._session.veiled
        figures = {"macs": self.macs, "depth": self.depth_figure, "memory": self.memory, "field": self.field}
        for name, figure in figures.items():
            figure.setVisible(name not in veiled)
        found = self._session.analysis
        before = self._session.saved_totals
        # Where a mistake hides numbers the totals are of the rest.
        least = "" if found.complete else "≥ "
        difference = self._difference(found.parameters - before[0]) if found.complete else ""
        if veiled:
            self.parameters.setText(_soft(tr("What is asked shows after your answer")))
        if "parameters" not in veiled:
            self.parameters.setText(_bold(f"{least}{found.parameters:,}") + _soft(tr("parameters")) + difference)
        times, unit = (2, "FLOPs") if self.flops else (1, "MACs")
        self.macs.setText(_bold(least + count_text(found.macs * times)) + _soft(unit))
        self.macs.setAccessibleName(f"{count_text(found.macs * times)} {unit}")
        self.depth_figure.setText(_soft(tr("depth")) + _bold(str(found.depth)))
        memory = least + bytes_text(found.training_bytes)
        self.memory.setText(_soft(tr("memory")) + _bold(memory) + _soft(tr("/ image training")))
        field = found.receptive_field
        shown = "" if not field else f"{field[0]:,}" if field[0] == field[1] else f"{field[0]:,}×{field[1]:,}"
        self.field.setText(_soft(tr("receptive field")) + _bold(shown) if shown else "")

    def _difference(self, by: int) -> str:
        if not by:
            return ""
        colour = theme().good if by < 0 else theme().warning
        sign = "−" if by < 0 else "+"
        text = tr("{sign}{count} since saved").format(sign=sign, count=count_text(abs(by)))
        return f"&nbsp;<span style='color:{colour.name()}'>{text}</span>"


def _bold(text: str) -> str:
    return f"{strong(text)}&nbsp;"


def _soft(text: str) -> str:
    return f"<span style='color:{theme().secondary.name()}'>{text}</span>&nbsp;"
