"""The pages of the window beside the drawing: tabs made of the screens that features gave a title."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QWidget

from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font

DRAWING = "view.drawing"


class Navigation(QWidget):
    """A hairline and a tab for the drawing and for each page; where there is no room, one button that drops them.
    Without pages there is nothing."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.setAccessibleName(tr("Pages"))
        self.buttons: dict[str, QPushButton] = {}
        """By the screen's name; the drawing's is empty."""
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(4, 0, 0, 0)
        self._line.setSpacing(4)
        rule = QFrame()
        rule.setObjectName("rule")
        rule.setFixedSize(1, 20)
        self._line.addWidget(rule)
        self._line.addSpacing(4)
        self.chip = Chip(tr("Pages"), self._fill)
        self._line.addWidget(self.chip)
        self._folded = False
        desk.screen_added.connect(lambda _: self._build())
        desk.screen_turned.connect(lambda _: self._show())
        self._build()

    def minimumSizeHint(self) -> QSize:
        """Room for the one button: the tabs make the window no wider."""
        return QSize(self.least, super().minimumSizeHint().height())

    @property
    def wanted(self) -> int:
        """The width in which every tab can be seen; 0 if there are no pages."""
        return sum(button.sizeHint().width() + 4 for button in self.buttons.values()) + 20 if self.buttons else 0

    @property
    def least(self) -> int:
        """The width of what stands for them where there is no room."""
        return self.chip.sizeHint().width() + 24 if self.buttons else 0

    def fold(self, folded: bool) -> None:
        """Show one button for all tabs, or the tabs."""
        self._folded = folded
        self.chip.setVisible(folded)
        for button in self.buttons.values():
            button.setVisible(not folded)
        self._line.activate()  # whoever shares out the bar right after asks how wide this is now

    def _build(self) -> None:
        tabs = self._desk.tabs
        for button in self.buttons.values():
            button.hide()
            button.deleteLater()
        wanted = [("", tr("Drawing"), DRAWING), *((each.name, tr(each.title), f"page.{each.name}") for each in tabs)]
        self.buttons = {name: self._button(title, command) for name, title, command in wanted if tabs}
        for button in self.buttons.values():
            self._line.addWidget(button)
        self.setVisible(bool(tabs))
        self.fold(self._folded)
        self._show()

    def _button(self, title: str, command: str) -> QPushButton:
        button = QPushButton(title)
        button.setProperty("role", "tab")
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setFont(font(12, bold=True))  # as wide as when it is lit: nothing moves when it is
        button.setFixedWidth(button.fontMetrics().horizontalAdvance(title) + 26)
        keys = self._desk.commands.shortcut_text(command)
        button.setToolTip(f"{title} ({keys})" if keys else title)
        self._desk.commands.bind(button, command)
        button.clicked.connect(self._show)
        return button

    def _show(self, _: object = None) -> None:
        for name, button in self.buttons.items():
            button.setChecked(name == self._desk.tab)
        lit = self.buttons.get(self._desk.tab)
        self.chip.set_text(lit.text() if lit is not None else tr("Pages"))

    def _fill(self, menu: QMenu) -> None:
        for name, button in self.buttons.items():
            action = self._desk.commands.offer(menu, f"page.{name}" if name else DRAWING, None, button.text())
            action.setCheckable(True)
            action.setChecked(name == self._desk.tab)
