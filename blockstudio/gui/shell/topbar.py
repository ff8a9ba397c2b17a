"""The bar over the window: product menu, document tabs, pages, where the user stands, and what features put there."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from blockstudio.gui.commands.registry import MENUS
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font
from blockstudio.gui.shell.breadcrumb import Breadcrumb
from blockstudio.gui.shell.navigation import Navigation
from blockstudio.gui.shell.tabs import Tabs, Title

ANY_WIDTH = 16_777_215
"""What Qt takes for no limit."""


class TopBar(QWidget):
    """See the module's text."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("topbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(44)
        self._commands, self._documents = desk.commands, desk.documents
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
        self.more = Chip(tr("Open diagrams that have no room"), self._list)
        self.more.setProperty("role", "")
        self.more.hide()
        self.navigation = Navigation(desk)
        self.crumb = Breadcrumb(desk)
        line.addWidget(self.product)
        line.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.more)
        line.addWidget(self.navigation)
        line.addStretch(3)
        line.addWidget(self.crumb)
        line.addStretch(4)
        for _, item in desk.items["top"]:
            line.addWidget(item)
        desk.item_added.connect(lambda bar, item: line.addWidget(item) if bar == "top" else None)
        self._line, self._looks = line, False
        self.installEventFilter(self)
        self.tabs.hid.connect(self._show_more)
        for signal in (
            desk.session.path_changed, desk.session.opened, desk.documents.changed, desk.screen_turned,
            desk.screen_added, desk.crumbs_changed,
        ):  # fmt: skip
            signal.connect(lambda *_: self._share())

    def show_documents(self) -> None:
        """Bring the tabs up to date."""
        documents = self._documents
        titles = [
            Title(documents.title(each), each.dirty, str(each.file) if each.file else tr("not saved in a file yet"))
            for each in documents.list
        ]
        self.tabs.show_titles(titles, documents.list.index(documents.current))
        self._share()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self and event.type() == QEvent.Type.LayoutRequest and not self._looks:
            self._looks = True
            QTimer.singleShot(0, self, self._look)
        return super().eventFilter(watched, event)

    def _look(self) -> None:
        """What stands beside it has another size now, as a chip with another text has."""
        self._looks = False
        if 0 < self.crumb.width() < self.crumb.sizeHint().width():
            self._share()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        """Give the tabs what the others leave. The way to the whole network gives way first, to other tabs too, then
        the pages fold into one button, then the way through the levels goes: the active tab's name stays."""
        margins, gap = self._line.contentsMargins(), self._line.spacing()
        room = self.width() - margins.left() - margins.right() - 2 * gap  # beside tabs and way, which have none below
        shared = (self.tabs, self.more, self.crumb, self.navigation)
        for index in range(self._line.count()):
            item = self._line.itemAt(index)
            widget = item.widget() if item is not None else None
            if widget is not None and widget not in shared and not widget.isHidden():
                room -= widget.sizeHint().width() + gap
        room -= self.tabs.tabSizeHint(max(0, self.tabs.currentIndex())).width()
        crumb, pages, folded = self.crumb.sizeHint().width() + 2 * gap, self.navigation.wanted, self.navigation.least
        ways = [(crumb, pages), (crumb, folded), (0, pages), (0, folded)]
        if not self.crumb.is_deep:
            ways[1], ways[2] = ways[2], ways[1]
        active = self.tabs.tabSizeHint(max(0, self.tabs.currentIndex())).width()
        for shown, width in (way for way in ways if sum(way) <= room or way == ways[-1]):
            self.navigation.fold(width < pages)
            # Without width, not hidden: the window's least width is the same with it and without.
            self.crumb.setMaximumWidth(ANY_WIDTH if shown else 0)
            left = room + active - shown - width
            self._fit_tabs(left)
            if not shown:
                return
            if (short := self._short()) > 0:  # what others want at least is more than they say
                self._fit_tabs(left - short)
            if self._short() <= 0 and (self.crumb.is_deep or not self.tabs.hidden()):
                return

    def _fit_tabs(self, room: int) -> None:
        self.tabs.fit(room)
        if self.tabs.hidden():
            self.tabs.fit(room - self.more.sizeHint().width() - self._line.spacing())

    def _short(self) -> int:
        """How much of the way through the levels is cut off."""
        self._line.activate()
        return self.crumb.sizeHint().width() - self.crumb.width()

    def _show_more(self, count: int) -> None:
        self.more.setVisible(count > 0)
        if count:
            self.more.set_text(tr("{count} more", count=count))

    def _list(self, menu: QMenu) -> None:
        """The documents that have no tab in view."""
        for index in self.tabs.hidden():
            document = self._documents.list[index]
            title = self._documents.title(document)
            self._commands.offer(menu, "tab.show", document, f"{title} ●" if document.dirty else title)

    def _fill(self, menu: QMenu) -> None:
        """File, Edit, View, Run and Help as submenus."""
        menu.clear()
        self._commands.refresh()
        for name in MENUS:
            sub = menu.addMenu(tr(name))
            sub.setToolTipsVisible(True)
            self._commands.fill(sub, name)
