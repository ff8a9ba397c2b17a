"""The panel under the drawing: the pages that features put there, behind quiet tabs."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QToolButton, QVBoxLayout, QWidget

from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.places import Page
from blockstudio.gui.kit.text import tr


class FrontStack(QStackedWidget):
    """Only the page in front asks for room: what nobody sees makes no window wider."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(lambda _: self.updateGeometry())

    def minimumSizeHint(self) -> QSize:
        front = self.currentWidget()
        return QSize(front.minimumSizeHint().width() if front else 0, super().minimumSizeHint().height())


class BottomPanel(QWidget):
    """Shows the desk's pages, and turns to the one that the desk has turned to."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("bottom")
        self._desk = desk
        self._names: list[str] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(0)
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(tr("Pages under the canvas"))
        fold = QToolButton()
        fold.setText("▾")
        fold.setToolTip(tr("Hide this panel"))
        fold.setAccessibleName(fold.toolTip())
        desk.commands.bind(fold, "view.bottom")
        line = QHBoxLayout()
        line.setContentsMargins(8, 0, 8, 0)
        line.addWidget(self.tabs)
        line.addStretch(1)
        self._tools = QHBoxLayout()
        line.addLayout(self._tools)
        line.addWidget(fold)
        column.addLayout(line)
        self.stack = FrontStack()
        column.addWidget(self.stack, 1)
        for page in desk.pages.values():
            self._add(page)
        desk.page_added.connect(self._add)
        desk.page_turned.connect(self._follow)
        self.tabs.currentChanged.connect(self._on_tab)

    def _add(self, page: Page) -> None:
        order = [self._desk.pages[name].order for name in self._names]
        place = sum(each <= page.order for each in order)
        self._names.insert(place, page.name)
        self.stack.insertWidget(place, page.widget)
        if page.tools is not None:
            self._tools.addWidget(page.tools)
        self.tabs.blockSignals(True)
        self.tabs.insertTab(place, page.title)
        self.tabs.blockSignals(False)
        self._follow(self._desk.page)

    def _follow(self, name: str) -> None:
        for index, each in enumerate(self._names):
            title = self._desk.pages[each].title
            if self.tabs.tabText(index) != title:
                self.tabs.setTabText(index, title)
        if name in self._names:
            self.tabs.setCurrentIndex(self._names.index(name))
        self.stack.setCurrentIndex(self.tabs.currentIndex())
        self._show_tools()

    def _show_tools(self) -> None:
        for name in self._names:
            tools = self._desk.pages[name].tools
            if tools is not None:
                tools.setVisible(name == self.page)

    def _on_tab(self, index: int) -> None:
        self.tabs.updateGeometry()  # the name in front is bolder, and wider
        self.stack.setCurrentIndex(index)
        self._show_tools()
        if 0 <= index < len(self._names) and self._names[index] != self._desk.page:
            self._desk.turn_page(self._names[index])

    @property
    def page(self) -> str:
        """The name of the page in front."""
        return self._names[self.tabs.currentIndex()]
