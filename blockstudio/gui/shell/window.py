"""The window: canvas in the middle, panels divided by hairlines around it, one set of commands behind it all."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from blockstudio.graph.format import SUFFIX
from blockstudio.gui.browser.start_page import StartPage
from blockstudio.gui.canvas import Canvas
from blockstudio.gui.commands.command_line import CommandLine
from blockstudio.gui.commands.registry import Commands, settle
from blockstudio.gui.compare.page import Comparing
from blockstudio.gui.document.documents import Documents, Request
from blockstudio.gui.document.recovering import Recovering
from blockstudio.gui.document.session import Session
from blockstudio.gui.export.exporting import Exporting
from blockstudio.gui.figure.dialog import Figures
from blockstudio.gui.inspector.inspector import Inspector
from blockstudio.gui.kit.notes import Note, NoteBar
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import DARK, LIGHT, set_theme, theme
from blockstudio.gui.panels.palette import Entry, Palette
from blockstudio.gui.shell.actions import COMMANDS
from blockstudio.gui.shell.bottom import BottomPanel
from blockstudio.gui.shell.closing import ClosingDialog
from blockstudio.gui.shell.menus import fill_data_menu, fill_device_menu, fill_product_menu
from blockstudio.gui.shell.statusbar import StatusBar
from blockstudio.gui.shell.topbar import TopBar
from blockstudio.gui.tables.page import Tables
from blockstudio.gui.training.trainer import Trainer
from blockstudio.gui.weights.loading import WeightsLoader, is_weights
from blockstudio.gui.work.settings import settings
from blockstudio.version import __version__

SIZE = (1440, 900)


class StudioWindow(QMainWindow):
    """One window with its documents, panels and the run it watches."""

    def __init__(self, runs_folder: Path | None = None, *, remember: bool = True) -> None:
        """``runs_folder``: another than the user's. ``remember``: take sizes and panels from the last time, and
        keep them for the next."""
        super().__init__()
        self._remembers = remember
        self.setAcceptDrops(True)
        self.session = Session(parent=self)
        self.documents = Documents(self.session, self)
        self.recovering = Recovering(self.documents)
        self.trainer = Trainer(self.session, runs_folder)
        self.canvas = Canvas(self.session)
        self.palette_panel = Palette(self.session)
        self.inspector = Inspector(self.session)
        self.bottom = BottomPanel(self.session, self.trainer)
        self.status = StatusBar(self.session)
        self.notes = NoteBar()
        self.colours = str(settings().value("view/colours", "system"))
        self._leaving = False
        self._run_shown: object = None
        self._start: StartPage | None = None
        self.dialog: QDialog | None = None
        self.top = TopBar(
            self.session,
            lambda menu: fill_product_menu(self, menu),
            lambda menu: fill_data_menu(self, menu),
            lambda menu: fill_device_menu(self, menu),
        )
        self.exporting = Exporting(self)
        self.weights = WeightsLoader(self)
        self.comparing = Comparing(self)
        self.tables = Tables(self)
        self._lay_out()
        self.figures = Figures(self)
        self.commands = Commands(self, COMMANDS)
        self.command_line = CommandLine(self, self.commands)
        self._connect()
        self._restore()
        self._show_documents()
        self._show_recipe()
        self._show_run()

    unforeseen = Signal(str)
    """A defect, in one sentence; may be emitted by any thread."""

    # Building

    def _lay_out(self) -> None:
        self.side = QSplitter(Qt.Orientation.Horizontal)
        self.side.setObjectName("side")
        for widget, stretch in ((self.palette_panel, 0), (self.canvas, 1), (self.inspector, 0)):
            self.side.addWidget(widget)
            self.side.setStretchFactor(self.side.indexOf(widget), stretch)
        self.palette_panel.setMinimumWidth(150)
        self.inspector.setMinimumWidth(240)
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setObjectName("split")
        self.split.addWidget(self.side)
        self.split.addWidget(self.bottom)
        self.split.setStretchFactor(0, 1)
        self.split.setStretchFactor(1, 0)
        self.bottom.setMinimumHeight(130)
        for splitter in (self.side, self.split):
            splitter.setHandleWidth(1)
            splitter.setChildrenCollapsible(False)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        column.addWidget(self.notes)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.split)
        column.addWidget(self.pages, 1)
        column.addWidget(self.status)
        self.setCentralWidget(whole)
        self.resize(*SIZE)
        self.side.setSizes([210, 910, 320])
        self.split.setSizes([620, 240])

    def _connect(self) -> None:
        session, documents, trainer = self.session, self.documents, self.trainer
        self.palette_panel.chosen.connect(self.add_entry)
        self.palette_panel.left.connect(self.canvas.setFocus)
        self.inspector.reveal.connect(self.show_block)
        self.bottom.problems.reveal.connect(self.canvas.reveal)
        self.bottom.hide_wanted.connect(lambda: self.toggle("bottom"))
        self.status.problems_wanted.connect(lambda: self.show_page("problems"))
        self.status.fit_wanted.connect(self.canvas.fit)
        self.canvas.zoom_changed.connect(self.status.show_zoom)
        self.canvas.activated.connect(lambda _: self.focus_inspector())
        self.canvas.installEventFilter(self)
        self.top.tabs.currentChanged.connect(documents.turn_to)
        self.top.tabs.close_wanted.connect(lambda index: documents.close(documents.list[index]))
        self.top.train.clicked.connect(self._on_train)
        self.top.stop.clicked.connect(lambda: self.commands.run("run.stop"))
        documents.changed.connect(self._show_documents)
        documents.note.connect(self.say)
        for shown in (documents.opened, documents.found):
            shown.connect(lambda _: self.show_canvas())
        session.refused.connect(lambda text: self.notes.show_note(text, "warning"))
        session.opened.connect(self.canvas.setFocus)
        for signal in (session.edited, session.opened, session.selection_changed, session.path_changed):
            signal.connect(lambda *_: self.commands.refresh())
        trainer.recipe_changed.connect(self._show_recipe)
        trainer.progress.connect(self._show_run)
        trainer.run_changed.connect(self._show_run)
        trainer.run_changed.connect(self._show_watched)
        trainer.failed.connect(lambda text: self.notes.show_note(text, "problem"))
        trainer.noted.connect(lambda text: self.notes.tell(trainer.data.run.directory, text))
        self.notes.left.connect(self.focus_page)
        self.unforeseen.connect(self._on_unforeseen)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_colours)

    def _restore(self) -> None:
        self.bottom.show_page("recipe")
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
        for name in ("palette", "inspector", "bottom"):
            self._panel(name).setVisible(str(store.value(f"window/{name}", "true")) != "false")

    def _remember(self) -> None:
        if not self._remembers:
            return
        store = settings()
        store.setValue("window/geometry", self.saveGeometry())
        for splitter in (self.side, self.split):
            store.setValue(f"window/{splitter.objectName()}", splitter.saveState())
        for name in ("palette", "inspector", "bottom"):
            store.setValue(f"window/{name}", "true" if self.is_shown(name) else "false")
        store.sync()

    # What is in view

    def _show_documents(self) -> None:
        documents = self.documents
        titles = [
            (documents.title(d), d.dirty, str(d.file) if d.file else tr("not saved in a file yet"))
            for d in documents.list
        ]
        self.top.tabs.show_titles(titles, documents.list.index(documents.current))
        mark = "● " if documents.current.dirty else ""
        self.setWindowTitle(f"{mark}{documents.title(documents.current)} – Block Studio")

    def _show_recipe(self) -> None:
        recipe = self.trainer.recipe
        source = recipe.data.source
        self.top.data.set_text(Path(source).name if "/" in source or "\\" in source else source)
        self.top.device.set_text(f"{recipe.device} · {recipe.precision}")

    def _show_run(self) -> None:
        state = (self.trainer.state, self.trainer.data is not None)
        if state != self._run_shown:
            self._run_shown = state
            self.top.show_run(self.trainer.state)
            self.commands.refresh()

    def _show_watched(self) -> None:
        """The run that is watched comes into view; one found on start does not take the start page away."""
        data = self.trainer.data
        if data is None:
            return
        if self.start_page is None or self.trainer.state == "starting":
            self.show_page("run")
            return
        self.bottom.show_page("run")
        text = tr("{run} is being trained.").format(run=data.run.name)
        show, network = (
            (tr("Show it"), lambda: self.show_page("run")),
            (tr("Open its network"), self.open_diagram_of_run),
        )
        self.notes.show_note(text, "info", show, network)

    def _on_train(self) -> None:
        command = {"running": "run.pause", "paused": "run.resume"}.get(self.trainer.state, "run.train")
        self.commands.run(command)

    def add_entry(self, entry: Entry) -> None:
        """Add what a line of the palette stands for: behind the selected block, else in the middle."""
        self.show_canvas()
        self.canvas.insert_block(entry.type, entry.parameters)

    def show_block(self, path: str) -> None:
        """Go to a block by its full path, and bring it into view."""
        if self.session.go_to_block(path):
            self.canvas.reveal(self.session.selection[0])

    def say(self, request: Request) -> Note:
        """Show a note."""
        return self.notes.show_note(request.text, request.kind, *request.actions)

    def _on_unforeseen(self, text: str) -> None:
        self.notes.show_note(text, "problem")

    def show_start(self) -> None:
        """The page of presets and recent files."""
        if self._start is None:
            self._start = StartPage(self.documents.recent, self.documents.new, self.documents.ask_open)
            self._start.preset_chosen.connect(self.documents.open)
            self._start.file_chosen.connect(self.documents.open)
            self._start.left.connect(self.show_canvas)
            self.pages.addWidget(self._start)
        self.pages.setCurrentWidget(self._start)
        self.focus_page()

    @property
    def start_page(self) -> StartPage | None:
        return self._start if self._start is not None and self.pages.currentWidget() is self._start else None

    def show_canvas(self) -> None:
        self.pages.setCurrentWidget(self.split)
        self.canvas.setFocus()

    def focus_page(self) -> None:
        """The keyboard goes to the drawing, to the search of the start page, or to what else is in view."""
        page = self.pages.currentWidget()
        start = self.start_page
        (self.canvas if page is self.split else start.search if start is not None else page).setFocus()

    def show_page(self, name: str) -> None:
        """Show ``run``, ``recipe`` or ``problems`` under the canvas."""
        self.pages.setCurrentWidget(self.split)
        self.bottom.setVisible(True)
        self.bottom.show_page(name)
        self.commands.refresh()

    def _panel(self, name: str) -> QWidget:
        return {"palette": self.palette_panel, "inspector": self.inspector, "bottom": self.bottom}[name]

    def is_shown(self, name: str) -> bool:
        return not self._panel(name).isHidden()

    def toggle(self, name: str) -> None:
        """Hide or show ``palette``, ``inspector`` or ``bottom``."""
        self._panel(name).setVisible(not self.is_shown(name))
        self.commands.refresh()

    def focus_search(self) -> None:
        self.palette_panel.setVisible(True)
        self.palette_panel.focus_search()

    def focus_inspector(self) -> None:
        self.inspector.setVisible(True)
        self.inspector.focus_first()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Tab walks the selected blocks; with nothing selected it goes where a block can be looked for.
        if watched is self.canvas and event.type() == QEvent.Type.KeyPress and not self.session.selection:
            assert isinstance(event, QKeyEvent)
            if event.key() == Qt.Key.Key_Tab and not event.modifiers():
                self.focus_search()
                return True
        return super().eventFilter(watched, event)

    def after_start(self) -> None:
        """What can wait until the window is drawn: a run that is under way, work that a crash left behind."""
        self.recovering.look()
        self.trainer.attach_to_running()
        self.bottom.training.warmer.start()

    # Colours

    def choose_colours(self, colours: str) -> None:
        """``light``, ``dark`` or ``system``."""
        self.colours = colours
        settings().setValue("view/colours", colours)
        self._on_system_colours()
        self.commands.refresh()

    def _on_system_colours(self) -> None:
        dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        wanted = {"light": LIGHT, "dark": DARK}.get(self.colours, DARK if dark else LIGHT)
        if theme() is not wanted:
            set_theme(wanted)

    # Files and runs

    def ask_runs_folder(self) -> None:
        """Choose where runs are kept."""
        dialog = QFileDialog(self, tr("Folder of runs"), str(self.trainer.folder))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._set_runs_folder)
        self.open_dialog(dialog)

    def _set_runs_folder(self, name: str) -> None:
        settings().setValue("runs/folder", name)
        self.trainer.set_folder(Path(name))

    def ask_data_folder(self) -> None:
        """Choose a folder of images to train on."""
        dialog = QFileDialog(self, tr("Folder with images"), str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda name: self.trainer.set_fields({"data.source": name}))
        self.open_dialog(dialog)

    def open_dialog(self, dialog: QDialog) -> None:
        """Show a dialog over the window; there is one at a time."""
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = dialog
        dialog.open()

    def open_diagram_of_run(self) -> None:
        """Open the network as the run in view trains it."""
        if self.trainer.data is not None:
            self.documents.open_copy(self.trainer.data.run.directory / f"diagram{SUFFIX}")

    def about(self) -> None:
        text = tr("Block Studio {version}. Draw convolutional networks, see every shape and cost, train them.")
        self.notes.show_note(text.format(version=__version__))

    # Dropped files, closing

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            if url.isLocalFile():
                file = Path(url.toLocalFile())
                (self.weights.look if is_weights(file) else self.documents.open)(file)
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        settle(self)
        unsaved = [self.documents.title(document) for document in self.documents.unsaved]
        data = self.trainer.data
        running = data.run.name if data is not None and self.trainer.state != "idle" else ""
        if not self._leaving and (unsaved or running):
            event.ignore()
            dialog = ClosingDialog(self, unsaved, running)
            dialog.decided.connect(self._leave)
            self.open_dialog(dialog)
            return
        self._remember()
        self.stop()
        super().closeEvent(event)

    def _leave(self, save: bool, stop: bool) -> None:
        """The closing dialog was answered."""
        if stop:
            self.trainer.stop_run()
        if save and self.documents.unsaved:
            first = self.documents.unsaved[0]
            self.documents.save(first, lambda: self._leave(save, False))
            return
        self._leaving = True
        self.close()

    def stop(self) -> None:
        """Let go of everything that would outlive the window: watchers, timers, work under way."""
        self.documents.stop()
        self.recovering.stop()
        self.exporting.stop()
        self.weights.stop()
        self.comparing.stop()
        self.tables.stop()
        self.trainer.stop_watching()
        self.figures.stop()
        self.bottom.stop()
        if self._start is not None:
            self._start.stop()
        self.session.close()
