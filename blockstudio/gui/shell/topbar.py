"""The bar over the window: product menu, document tabs, where the user stands, and what a run is made of."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QTabBar, QToolButton, QWidget

from blockstudio.analysis.costs import COSTS
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.icons import glyph
from blockstudio.gui.kit.parts import link
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, notifier, theme


class Chip(QToolButton):
    """An outlined button that drops a menu; its items are made when it opens."""

    def __init__(self, name: str, fill: Callable[[QMenu], None]) -> None:
        super().__init__()
        self.setProperty("role", "chip")
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        menu = QMenu(self)
        menu.aboutToShow.connect(lambda: (menu.clear(), fill(menu)))
        self.setMenu(menu)

    def set_text(self, text: str) -> None:
        self.setText(f"{text} ▾")
        self.updateGeometry()


class Breadcrumb(QWidget):
    """``GoogLeNet › inception_3a``: each level above is a link, the one in view stands bold."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
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
        while self._line.count():
            widget = self._line.takeAt(0).widget()
            widget.hide()
            widget.deleteLater()
        self.links = []
        for crumb in crumbs if len(crumbs) > 1 else (*crumbs, None):
            if crumb is None or (crumb is crumbs[-1] and len(crumbs) > 1):
                last = QLabel(tr("whole network") if crumb is None else crumb.label)
                last.setFont(font(12, bold=True))
                self._line.addWidget(last)
                continue
            title = crumb.label if crumb.path else self._session.diagram.name
            button = link(title, lambda path=crumb.path: self._session.go(path))
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
    """See the module's text. Buttons act through the window's commands, which connect them."""

    def __init__(
        self,
        session: Session,
        fill_menu: Callable[[QMenu], None],
        fill_data: Callable[[QMenu], None],
        fill_device: Callable[[QMenu], None],
    ) -> None:
        super().__init__()
        self.setObjectName("topbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(44)
        self._session = session
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
        self.product.setMenu(menu)
        fill_menu(menu)
        self.tabs = Tabs()
        self.crumb = Breadcrumb(session)
        self.colour_by = Chip(tr("What the bars on the blocks show"), self._fill_metric)
        self.data = Chip(tr("Data to train on"), fill_data)
        self.device = Chip(tr("Device and precision"), fill_device)
        self.train = QPushButton()
        self.train.setProperty("role", "primary")
        self.train.setMinimumWidth(88)
        self.stop = QPushButton(tr("Stop"))
        self.stop.setProperty("role", "chip")
        for button in (self.train, self.stop):  # a click leaves the keyboard where it is: with the drawing
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        line.addWidget(self.product)
        line.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addStretch(3)
        line.addWidget(self.crumb)
        line.addStretch(4)
        for widget in (self.colour_by, self.data, self.device, self.train, self.stop):
            line.addWidget(widget)
        session.metric_changed.connect(self._show_metric)
        notifier.changed.connect(self._colour)
        self._train_icon = "play"
        self._show_metric()
        self.show_run("idle")

    def _fill_metric(self, menu: QMenu) -> None:
        for metric, cost in COSTS.items():
            action = menu.addAction(tr(cost.title))
            action.setCheckable(True)
            action.setChecked(metric == self._session.metric)
            action.triggered.connect(lambda _=False, metric=metric: setattr(self._session, "metric", metric))

    def _show_metric(self) -> None:
        self.colour_by.set_text(tr("Colour: {metric}").format(metric=tr(COSTS[self._session.metric].title)))

    def show_run(self, state: str) -> None:
        """The buttons for ``idle``, ``starting``, ``running`` or ``paused``."""
        text, icon = {
            "idle": (tr("Train"), "play"),
            "starting": (tr("Starting…"), "play"),
            "running": (tr("Pause"), "pause"),
            "paused": (tr("Resume"), "play"),
        }[state]
        self.train.setText(text)
        self.train.setAccessibleName(text)
        self._train_icon = icon
        if state == "idle" and self.stop.hasFocus():
            self.train.setFocus()
        self.stop.setVisible(state != "idle")
        self._colour()

    def _colour(self) -> None:
        colours = theme()
        self.train.setIcon(glyph(self._train_icon, colours.on_accent))
        self.stop.setIcon(glyph("stop", colours.text))
        for button in (self.train, self.stop):
            button.setIconSize(QSize(12, 12))
