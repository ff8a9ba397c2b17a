"""Small parts that the panels share: headings, quiet boxes, links, numbers in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, theme


def heading(text: str) -> QLabel:
    """Small capitals over a group."""
    label = QLabel(text.upper())
    label.setProperty("role", "heading")
    label.setContentsMargins(0, 10, 0, 2)
    return label


def quiet(text: str = "", *, wrap: bool = True) -> QLabel:
    """Secondary text."""
    label = QLabel(text)
    label.setProperty("role", "secondary")
    label.setWordWrap(wrap)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def dialog_buttons(
    column: QVBoxLayout, cancel: str, decide: str, reject: Callable[[], object], accept: Callable[[], object]
) -> tuple[QPushButton, QPushButton]:
    """The row that ends a dialog, at its right: the way back, and the decision, which Enter takes."""
    row = QHBoxLayout()
    row.addStretch(1)
    buttons = QPushButton(cancel), QPushButton(decide)
    for button, role, run in zip(buttons, ("chip", "primary"), (reject, accept), strict=True):
        button.setProperty("role", role)
        button.clicked.connect(lambda _=False, run=run: run())
        row.addWidget(button)
    buttons[1].setDefault(True)
    column.addSpacing(6)
    column.addLayout(row)
    return buttons


LINK = 3
"""Pixels between the edge of a link and its letters."""


def link_button(text: str) -> QPushButton:
    """A button that reads as a link, and does nothing yet."""
    button = QPushButton(text)
    button.setProperty("role", "link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button


class Flush(QHBoxLayout):
    """A row whose links begin with their letters where other texts do, though a link is drawn around its letters."""

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect.adjusted(-LINK, 0, 0, 0))


def broken(text: str, metrics: QFontMetrics, width: int) -> str:
    """``text`` in lines of at most ``width`` pixels, broken between words and Chinese letters."""
    lines, line = [], ""
    for part in re.findall(r"\s*[!-~]+|\s*.", text):
        if line and metrics.horizontalAdvance(line + part) > width:
            lines.append(line)
            line = part.lstrip()
        else:
            line += part
    return "\n".join([*lines, line])


def link(text: str, run: Callable[[], object]) -> QPushButton:
    """A button that reads as a link, for what changes nothing but the page that it stands on."""
    button = link_button(text)
    button.clicked.connect(lambda _=False: run())
    return button


class Elided(QLabel):
    """One secondary line that ends in dots where there is no room; it makes nothing around it wider."""

    def __init__(self) -> None:
        super().__init__()
        self.setFont(font(11))
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._strength = 1.0

    def set_strength(self, strength: float) -> None:
        """Let it fade: 1 is as always, 0 cannot be seen."""
        if strength != self._strength:
            self._strength = strength
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(font(11))
        painter.setPen(theme().secondary)
        painter.setOpacity(self._strength)
        text = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), self.alignment() | Qt.AlignmentFlag.AlignVCenter, text)


def strong(text: str) -> str:
    """Rich text in the weight of the other bold texts; ``<b>`` would ask for one that the face does not have."""
    return f"<span style='font-weight:600'>{escape(text)}</span>"


def hairline() -> QFrame:
    line = QFrame()
    line.setProperty("role", "hairline")
    line.setFixedHeight(1)
    return line


class Box(QFrame):
    """A quiet filled frame with lines of rich text."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "box")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.RichText)
        self.label.setWordWrap(True)
        self.label.setFont(font(12))
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column.addWidget(self.label)

    def set_rows(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Rows of (label, computation, result); the result stands bold."""
        lines = []
        for label, computation, result in rows:
            middle = f"&nbsp; {escape(computation)} =" if computation else "&nbsp;"
            lines.append(f"{escape(label)}{middle} {strong(result)}")
        self.label.setText("<div style='line-height: 140%'>" + "<br>".join(lines) + "</div>")
        self.setVisible(bool(lines))


class NumberRow(QWidget):
    """Rows of a quiet label on the left and a figure on the right."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._rows: dict[str, tuple[QWidget, QLabel]] = {}
        self._titles: list[str] = []
        """In the order in which they were told first; those that never had a figure have no row."""

    def set(self, title: str, figure: str, tip: str = "", role: str = "") -> None:
        """Show a figure; an empty one hides its row."""
        if title not in self._titles:
            self._titles.append(title)
        if title not in self._rows:
            if not figure:
                return
            row = QWidget()
            line = QHBoxLayout(row)
            line.setContentsMargins(0, 0, 0, 0)
            name = QLabel(title)
            name.setProperty("role", "label")
            value = QLabel()
            value.setProperty("role", role)
            value.setFont(font(12, bold=True))
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            value.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            line.addWidget(name)
            line.addWidget(value, 1)
            before = self._titles[: self._titles.index(title)]
            self._column.insertWidget(sum(each in self._rows for each in before), row)
            self._rows[title] = (row, value)
        row, value = self._rows[title]
        value.setText(figure)
        if value.property("role") != role:
            value.setProperty("role", role)
            value.style().unpolish(value)
            value.style().polish(value)
        row.setToolTip(tip)
        row.setVisible(bool(figure))

    def figure(self, title: str) -> str:
        return self._rows[title][1].text() if title in self._rows else ""


def shown(widget: QWidget, on: bool) -> None:
    """Show a part, or hide it. One that has no place in a page yet is not shown as a window of its own."""
    if not on or widget.parentWidget() is not None:
        widget.setVisible(on)


def clear(layout: QLayout) -> None:
    """Take all widgets out of a layout and let them go."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


def count_text(number: float | None) -> str:
    """``1.583 G``, ``86.7 M``, ``110,592``; ``unknown`` where a mistake hides it."""
    if number is None:
        return tr("unknown")
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6)):
        if abs(number) >= size:
            digits = 3 if unit != "M" else 1
            return f"{number / size:.{digits}f} {unit}"
    return f"{number:,.0f}"


def change_text(change: float) -> str:
    """``−28 %``, ``+7 %``, ``±0`` of a ratio less one."""
    rounded = round(100 * change)
    if not rounded:
        return "±0"
    text = f"{100 * change:+.1f}" if rounded == -100 and change > -1 else f"{rounded:+,d}"
    return text.replace("-", "−") + " %"


def bytes_text(number: float | None) -> str:
    """``51 MB``; units of 1000."""
    if number is None:
        return tr("unknown")
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if abs(number) >= size:
            value = number / size
            return f"{value:.1f} {unit}" if value < 10 else f"{value:,.0f} {unit}"
    return f"{number:,.0f} B"


def whole_text(number: int | None) -> str:
    """``110,592``; ``unknown`` where a mistake hides it."""
    return tr("unknown") if number is None else f"{number:,}"


def duration_text(seconds: float) -> str:
    """``1 min 48 s``, ``2 h 5 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return tr("{s} s").format(s=whole)
    if whole < 3600:
        return tr("{m} min {s} s").format(m=whole // 60, s=whole % 60)
    return tr("{h} h {m} min").format(h=whole // 3600, m=whole % 3600 // 60)
