"""The bar over the window: product menu, document tabs, where the user stands, and what features put there."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton, QWidget

from blockstudio.gui.commands.registry import MENUS
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.parts import clear
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font
from blockstudio.gui.shell.tabs import Tabs, Title

ANY_WIDTH = 16_777_215
"""What Qt takes for no limit."""


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

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

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
        self.crumb = Breadcrumb(desk)
        line.addWidget(self.product)
        line.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.more)
        line.addStretch(3)
        line.addWidget(self.crumb)
        line.addStretch(4)
        for _, item in desk.items["top"]:
            line.addWidget(item)
        desk.item_added.connect(lambda bar, item: line.addWidget(item) if bar == "top" else None)
        self._line = line
        self.tabs.hid.connect(self._show_more)
        for signal in (desk.session.path_changed, desk.session.opened, desk.documents.changed):
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

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        """Give the tabs what the others leave; the way through the levels gives way before the active tab's name."""
        margins = self._line.contentsMargins()
        room = self.width() - margins.left() - margins.right()
        for index in range(self._line.count()):
            item = self._line.itemAt(index)
            widget = item.widget() if item is not None else None
            if widget is not None and widget not in (self.tabs, self.more, self.crumb) and not widget.isHidden():
                room -= widget.sizeHint().width() + self._line.spacing()
        crumb = self.crumb.sizeHint().width() + 4 * self._line.spacing()
        current = self.tabs.tabSizeHint(max(0, self.tabs.currentIndex())).width()
        is_shown = room - crumb >= current
        # Without width, not hidden: the window's least width is the same with it and without.
        self.crumb.setMaximumWidth(ANY_WIDTH if is_shown else 0)
        room -= crumb if is_shown else 0
        self.tabs.fit(room)
        if self.tabs.hidden():
            self.tabs.fit(room - self.more.sizeHint().width() - self._line.spacing())

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
