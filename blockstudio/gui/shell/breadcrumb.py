"""Where the user stands: the levels of the network, or the way through a page."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.file_names import shown_name
from blockstudio.gui.document.places import Step
from blockstudio.gui.kit.parts import clear
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font


class Breadcrumb(QWidget):
    """``GoogLeNet › inception_3a``, ``Runs › resnet-8 › results``: each step above is a link, the last stands bold."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        session = desk.session
        self._desk = desk
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(4)
        for signal in (
            session.path_changed, session.opened, session.edited, desk.screen_turned, desk.crumbs_changed
        ):  # fmt: skip
            signal.connect(self.refresh)
        self._shown: tuple[Step, ...] = ()
        self.links: list[QPushButton] = []
        self.refresh()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    @property
    def is_deep(self) -> bool:
        """Whether it says more than which network or page is in view."""
        return bool(self._desk.screen) or len(self._desk.session.crumbs) > 1

    def _way(self) -> tuple[Step, ...]:
        desk, session = self._desk, self._desk.session
        page = desk.screens.get(desk.tab)
        if page is not None and page.title:
            return Step(tr(page.title), f"page.{page.name}"), *desk.screens[desk.screen].crumbs
        levels = [
            Step(each.label if each.path else shown_name(session.diagram.name), "view.go", each.path)
            for each in session.crumbs
        ]
        return (*levels, Step(tr("whole network"))) if len(levels) == 1 else tuple(levels)

    def refresh(self, _: object = None) -> None:
        way = self._way()
        if way == self._shown:
            return
        self._shown = way
        clear(self._line)
        self.links = []
        for index, crumb in enumerate(way):
            if index == len(way) - 1:
                last = _Last(crumb.title)
                last.setContentsMargins(4, 0, 0, 0)  # as far from the mark as a link
                self._line.addWidget(last)
                continue
            if crumb.command:
                button = self._desk.commands.link(crumb.title, crumb.command, crumb.value)
                button.setProperty("role", "crumb")
                self._line.addWidget(button)
                self.links.append(button)
            else:
                self._line.addWidget(_quiet(crumb.title))
            self._line.addWidget(_quiet("›"))


class _Last(QLabel):
    """Where the user stands: dots at its end where the bar is full."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setFont(font(12, bold=True))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        room = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)


def _quiet(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "secondary")
    return label
