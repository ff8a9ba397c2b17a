"""The bar over the window: product menu, document tabs, where the user stands, and what features put there."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QTabBar, QToolButton, QWidget

from blockstudio.gui.commands.registry import MENUS
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.parts import clear
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font


class Breadcrumb(QWidget):
    """``GoogLeNet › inception_3a``: each level above is a link, the one in view stands bold."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        session = desk.session
        self._commands, self._session = desk.commands, session
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(4)
        for signal in (session.path_changed, session.opened, session.edited):
            signal.connect(self.refresh)
        self._shown: object = None
        self.links: list[QPushButton] = []
        self.refresh()

    def refresh(self, _: object = None) -> None:
        crumbs = self._session.crumbs
        wanted = (crumbs, self._session.diagram.name)
        if wanted == self._shown:
            return
        self._shown = wanted
        clear(self._line)
        self.links = []
        for crumb in crumbs if len(crumbs) > 1 else (*crumbs, None):
            if crumb is None or (crumb is crumbs[-1] and len(crumbs) > 1):
                last = QLabel(tr("whole network") if crumb is None else crumb.label)
                last.setFont(font(12, bold=True))
                self._line.addWidget(last)
                continue
            title = crumb.label if crumb.path else self._session.diagram.name
            button = self._commands.link(title, "view.go", crumb.path)
            button.setProperty("role", "crumb")
            self._line.addWidget(button)
            self.links.append(button)
            mark = QLabel("›")
            mark.setProperty("role", "secondary")
            self._line.addWidget(mark)


class Tabs(QTabBar):
    """The open documents; a dot marks unsaved changes. A middle click closes one."""

    close_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setExpanding(False)
        self.setDrawBase(False)
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self.setUsesScrollButtons(False)
        self.setAccessibleName(tr("Open diagrams"))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

    def show_titles(self, titles: list[tuple[str, bool, str]], current: int) -> None:
        """Titles with whether they are unsaved, and tool tips."""
        self.blockSignals(True)
        while self.count() > len(titles):
            self.removeTab(self.count() - 1)
        for index, (title, dirty, tip) in enumerate(titles):
            text = (f"{title} ●" if dirty else title).replace("&", "&&")
            if index >= self.count():
                self.addTab(text)
            elif self.tabText(index) != text:
                self.setTabText(index, text)
            self.setTabToolTip(index, tip)
        self.setCurrentIndex(current)
        self.blockSignals(False)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, super().minimumSizeHint().height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.tabAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.MiddleButton and index >= 0:
            self.close_wanted.emit(index)
            return
        super().mouseReleaseEvent(event)


class TopBar(QWidget):
    """See the module's text."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("topbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(44)
        self._commands = desk.commands
        line = QHBoxLayout(self)
        line.setContentsMargins(8, 0, 12, 0)
        line.setSpacing(8)
        self.product = QToolButton()
        self.product.setObjectName("product")
        self.product.setText(tr("Block Studio"))
        self.product.setFont(font(13, bold=True))
        self.product.setToolTip(tr("Menu (F10)"))
        self.product.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.product.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        menu = QMenu(self.product)
        menu.aboutToShow.connect(lambda: self._fill(menu))
        self.product.setMenu(menu)
        self.tabs = Tabs()
        self.crumb = Breadcrumb(desk)
        line.addWidget(self.product)
        line.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addStretch(3)
        line.addWidget(self.crumb)
        line.addStretch(4)
        for _, item in desk.items["top"]:
            line.addWidget(item)
        desk.item_added.connect(lambda bar, item: line.addWidget(item) if bar == "top" else None)

    def _fill(self, menu: QMenu) -> None:
        """File, Edit, View, Run and Help as submenus."""
        menu.clear()
        self._commands.refresh()
        for name in MENUS:
            sub = menu.addMenu(tr(name))
            sub.setToolTipsVisible(True)
            self._commands.fill(sub, name)
