"""The window: the drawing in the middle, panels divided by hairlines around it, one desk behind it all."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QMainWindow, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from blockstudio.errors import StudioError
from blockstudio.gui.commands.command_line import CommandLine
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import Document
from blockstudio.gui.document.file_names import stranger
from blockstudio.gui.document.places import Panel, Question
from blockstudio.gui.kit.fields import settle
from blockstudio.gui.kit.theme import styled_at_the_end
from blockstudio.gui.shell.bottom import BottomPanel
from blockstudio.gui.shell.closing import ClosingDialog
from blockstudio.gui.shell.colours import Colours
from blockstudio.gui.shell.commands import commands
from blockstudio.gui.shell.features import install_all
from blockstudio.gui.shell.left import LeftSide
from blockstudio.gui.shell.share import BOTTOM, ShareSplitter
from blockstudio.gui.shell.side import USUAL, SideSplitter
from blockstudio.gui.shell.statusbar import StatusBar
from blockstudio.gui.shell.topbar import TopBar
from blockstudio.gui.work.settings import forget_listener, settings, tell_refused

SIZE = (1440, 900)
BUSY_MS = 50
LEAST_ROOM = 330
"""Pixels of height with which a page under the drawing that wants room is content."""


class StudioWindow(QMainWindow):
    """One window: what features have put on its desk, laid out. ``features`` has each under its folder's name."""

    unforeseen = Signal(str)
    """A defect, in one sentence; may be emitted by any thread."""
    replaced = Signal(object)
    """This window, which is about to close, has given all it held to another, which is in view."""

    def __init__(self, runs_folder: Path | None = None, *, remember: bool = True) -> None:
        """``runs_folder``: another than the user's. ``remember``: take sizes and panels from the last time, and
        keep them for the next."""
        super().__init__()
        self._remembers = remember
        self._leaving = False
        self.setAcceptDrops(True)
        with styled_at_the_end():
            self._build(runs_folder)
        self._restore()
        self._show_documents()
        self.commands.refresh()

    # Building

    def _build(self, runs_folder: Path | None) -> None:
        desk = self.desk = Desk(self, runs_folder)
        self.session, self.documents, self.toasts = desk.session, desk.documents, desk.toasts
        self.commands = desk.commands
        self.commands.attach(self)
        self.features = install_all(desk)
        assert desk.drawing is not None
        self.canvas = desk.drawing
        self.colours = Colours(self)
        self.top, self.bottom, self.status = TopBar(desk), BottomPanel(desk), StatusBar(desk)
        desk.add_panel(Panel("bottom", "bottom", self.bottom, 130))
        self.command_line = CommandLine(self, self.commands)
        desk.add_commands(*commands(self.colours, self.command_line, self.top.product))
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.side = SideSplitter()
        self.side.setObjectName("side")
        self.left, self.middle = LeftSide(), QWidget()
        middle = QVBoxLayout(self.middle)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        for _, line in self.desk.items["drawing"]:
            middle.addWidget(line)
        middle.addWidget(self.canvas, 1)
        for widget in (self.left, self.middle):
            self.side.addWidget(widget)
        self.side.setStretchFactor(1, 1)
        self.split = ShareSplitter()
        self.split.setObjectName("split")
        self.split.addWidget(self.side)
        self.split.setStretchFactor(0, 1)
        self.whole = QSplitter(Qt.Orientation.Horizontal)
        self.whole.addWidget(self.split)
        self.whole.setStretchFactor(0, 1)
        for splitter in (self.side, self.split, self.whole):
            splitter.setHandleWidth(1)
            splitter.setChildrenCollapsible(False)
        for panel in self.desk.panels.values():
            self._add_panel(panel)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.whole)
        column.addWidget(self.pages, 1)
        column.addWidget(self.status)
        self.setCentralWidget(whole)
        self.toasts.setParent(whole)
        self.toasts.stand_over(self.pages, self.canvas)
        self.resize(*SIZE)
        panels = self.desk.panels.values()
        beside = {self.side.indexOf(panel.widget): USUAL for panel in panels if panel.side == "right"}
        beside[self.side.indexOf(self.left)] = 210
        self.side.setSizes([beside.get(index, 910) for index in range(self.side.count())])
        self.split.settle()

    def _add_panel(self, panel: Panel) -> None:
        if panel.side == "left":
            self.left.add(panel)
            return
        splitter = {"bottom": self.split, "beside": self.whole}.get(panel.side, self.side)
        splitter.addWidget(panel.widget)
        splitter.setStretchFactor(splitter.count() - 1, 0)
        if panel.side == "bottom":
            panel.widget.setMinimumHeight(panel.least)
        else:
            panel.widget.setMinimumWidth(panel.least)
        if panel.side == "right":
            self.side.leave_room(self.middle, panel.widget, panel.least)

    def _connect(self) -> None:
        desk, documents = self.desk, self.documents
        desk.panel_added.connect(self._add_panel)
        desk.screen_turned.connect(self._turn_screen)
        desk.room_wanted.connect(self._make_room)
        self.top.tabs.currentChanged.connect(documents.turn_to)
        self.top.tabs.tabBarClicked.connect(lambda _: desk.show_drawing() if desk.screen else None)
        self.top.tabs.close_wanted.connect(lambda index: self.commands.run("file.close", documents.list[index]))
        documents.changed.connect(self._show_documents)
        self.unforeseen.connect(lambda text: desk.say(text, "problem"))
        tell_refused(self._not_kept)
        # Once the menu in which a language was chosen is gone.
        desk.retold.connect(self.build_anew, Qt.ConnectionType.QueuedConnection)

    def _restore(self) -> None:
        self.desk.turn_page("recipe")
        if not self._remembers:
            return
        store = settings()
        geometry = store.value("window/geometry")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        for splitter in (self.side, self.split):
            state = store.value(f"window/{splitter.objectName()}")
            if isinstance(state, QByteArray):
                splitter.restoreState(state)
                splitter.setHandleWidth(1)
        for name in self.desk.panels:
            usual = "true" if self.desk.is_shown(name) else "false"
            self.desk.set_shown(name, str(store.value(f"window/{name}", usual)) != "false")
        try:
            self.side.wanted = int(str(store.value("window/beside", USUAL)))
            self.split.set_share(float(str(store.value("window/share", BOTTOM))))
        except ValueError:
            self.split.set_share(BOTTOM)

    def _not_kept(self, error: StudioError) -> None:
        self.desk.say(str(error), "problem")

    def _remember(self) -> None:
        if not self._remembers:
            return
        store = settings()
        store.setValue("window/geometry", self.saveGeometry())
        for splitter in (self.side, self.split):
            store.setValue(f"window/{splitter.objectName()}", splitter.saveState())
        store.setValue("window/share", self.split.share)
        store.setValue("window/beside", self.side.wanted)
        for name in self.desk.panels:
            store.setValue(f"window/{name}", "true" if self.desk.is_shown(name) else "false")
        store.sync()

    # What is in view

    def _show_documents(self) -> None:
        documents = self.documents
        self.top.show_documents()
        mark = "● " if documents.current.dirty else ""
        self.setWindowTitle(f"{mark}{documents.title(documents.current)} – Block Studio")

    def _turn_screen(self, name: str) -> None:
        widget = self.desk.screen_widget(name) if name else self.whole
        if self.pages.indexOf(widget) < 0:
            self.pages.addWidget(widget)
        self.pages.setCurrentWidget(widget)

    def _make_room(self, share: float) -> None:
        """Give the page under the drawing a share of the height, if it has less."""
        sizes = self.split.sizes()
        wanted = round(max(share * sum(sizes), min(0.55 * sum(sizes), LEAST_ROOM)))
        if sizes[1] < wanted:
            self.split.setSizes([sum(sizes) - wanted, wanted])
            self.split.keep()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape, where nobody else takes it, leads back to the drawing from any field, list or button around it."""
        if event.key() == Qt.Key.Key_Escape and not self.desk.screen:
            self.desk.show_drawing()
        else:
            super().keyPressEvent(event)

    # Dropped files, closing

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.open_file(Path(url.toLocalFile()))
        event.acceptProposedAction()

    def open_file(self, file: Path) -> None:
        """Open whatever a file is: a diagram in a tab, weights for the one in view, and so on."""
        found = next((opener.open for opener in self.desk.openers if opener.accepts(file)), None)
        if found is None and (told := stranger(file)):
            self.desk.say(told, "problem")
        else:
            (found or self.documents.open)(file)

    def closeEvent(self, event: QCloseEvent) -> None:
        settle(self)
        unsaved = {document: self.documents.title(document) for document in self.documents.unsaved}
        asked = [question for question in (ask() for ask in self.desk.questions) if question is not None]
        if not self._leaving and (unsaved or asked):
            event.ignore()
            dialog = ClosingDialog(self, unsaved, asked)
            dialog.decided.connect(self._leave)
            self.desk.open_dialog(dialog)
            return
        self._remember()
        self.stop()
        super().closeEvent(event)

    def _leave(self, save: list[Document], ended: list[Question]) -> None:
        """The closing dialog was answered."""
        for question in ended:
            question.on_end()
        waiting = [document for document in save if document in self.documents.unsaved]
        if waiting:
            self.documents.save(waiting[0], lambda: self._leave(waiting, []))
            return
        self._leaving = True
        self.close()

    def build_anew(self) -> StudioWindow | None:
        """Give everything to a new window in this one's place: it speaks the language in use now. ``None`` while
        a file is being read or written; it is done after that."""
        if self.documents.busy:
            QTimer.singleShot(BUSY_MS, self, self.build_anew)
            return None
        settle(self)
        if self.desk.dialog is not None:
            self.desk.dialog.close()
        self._remember()
        other = StudioWindow(self.desk.runs, remember=self._remembers)
        other.colours.chosen = self.colours.chosen
        self.desk.hand_over(other.desk)
        other.setGeometry(self.geometry())
        other.setWindowState(self.windowState())
        other.show()
        other.activateWindow()
        other.canvas.setFocus()
        QTimer.singleShot(0, other.desk, other.desk.start)
        self._leaving = True
        self.replaced.emit(other)
        self.close()
        return other

    def stop(self) -> None:
        """Let go of everything that would outlive the window: watchers, timers, work under way."""
        forget_listener(self._not_kept)
        self.desk.close()
