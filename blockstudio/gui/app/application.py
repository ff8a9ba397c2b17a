"""The application: Qt set up, one window opened, every mistake turned into a note."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QSize, Qt, QThreadPool, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from blockstudio.blocks import RawValue, package_problems
from blockstudio.errors import StudioError, file_errors
from blockstudio.gui.app.incoming import Incoming, hand_over
from blockstudio.gui.kit.icons import application_icon
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import DARK, LIGHT, set_theme
from blockstudio.gui.shell import (
    language,
    style,  # noqa: F401 - its part of the style sheet
)
from blockstudio.gui.shell.features import later
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.gui.work.garbage import Sweeper, look_no_more
from blockstudio.gui.work.settings import APPLICATION, ORGANISATION, data_folder, settings
from blockstudio.gui.work.warming import Warmer
from blockstudio.version import __version__

log = logging.getLogger("blockstudio.gui")
LOG = "window.log"
FRAME = QSize(8, 40)
"""What the system may put around a window, before it has told."""


def application(*, dark: bool | None = None) -> QApplication:
    """The running application, made and styled if there is none. ``dark`` overrides what the user chose."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        app = existing
    else:
        policy = Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
        QGuiApplication.setHighDpiScaleFactorRoundingPolicy(policy)
        qInstallMessageHandler(_on_qt_message)
        app = QApplication([APPLICATION])
        app.setOrganizationName(ORGANISATION)
        app.setApplicationName(APPLICATION)
        app.setApplicationVersion(__version__)
        app.setDesktopFileName("blockstudio")
        atexit.register(_settle)
    look_no_more()
    app.setWindowIcon(application_icon())
    if dark is None:
        chosen = str(settings().value("view/colours", "system"))
        system = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        dark = chosen == "dark" or (chosen != "light" and system)
    set_theme(DARK if dark else LIGHT)
    language.begin(app)
    return app


def main(
    network: str | None = None,
    *,
    values: Mapping[str, RawValue] | None = None,
    train: str | None = None,
    dark: bool | None = None,
) -> int:
    """Open the window and run it until it is closed; returns the exit code.

    ``network`` is a preset or file (none: the start page), ``values`` its diagram parameters, ``train`` the data to
    start training on at once, ``dark`` overrides the colours chosen before. A file by itself is opened by the window
    that is there already, if there is one.
    """
    app = application(dark=dark)
    if network is not None and not values and train is None and os.path.isfile(network) and hand_over(Path(network)):
        return 0
    incoming = Incoming(app)
    _log_to_file()
    window = StudioWindow()
    if dark is not None:
        window.colours.chosen = "dark" if dark else "light"
    _attend(window)
    if network is None or not window.documents.open_now(network, dict(values or {})):
        window.desk.show_screen("start")
    fit_to_screen(window)
    window.show()
    tell_packages(window)
    # After the first frame: nothing of this is needed to draw it.
    QTimer.singleShot(0, window.desk.start)

    def take(file: Path) -> None:
        window = _attended[-1]
        window.open_file(file)
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
        window.raise_()
        window.activateWindow()

    warmer = Warmer(app, later)
    QTimer.singleShot(0, warmer, warmer.start)
    incoming.ready(take)
    QTimer.singleShot(0, incoming, incoming.listen)
    trainer = window.features.training.trainer
    if train is not None and trainer.set_fields({"data.source": train}):
        QTimer.singleShot(0, trainer.train)
    try:
        return app.exec()
    finally:
        incoming.close()


_attended: list[StudioWindow] = []
"""The window that is there."""


def _attend(window: StudioWindow) -> None:
    """Keep a window, and the one that takes its place."""
    for before in _attended:
        before.deleteLater()
    _attended[:] = [window]
    _catch(window)
    _sweep(window)
    window.replaced.connect(_attend)


def _sweep(window: StudioWindow) -> None:
    """Look for garbage when nobody waits, from the first frame on."""
    sweeper, documents = Sweeper(window), window.documents
    QTimer.singleShot(0, sweeper, sweeper.start)
    known = len(documents.list)

    def follow() -> None:
        nonlocal known
        before, known = known, len(documents.list)
        if known > before:
            sweeper.keep()
        elif known < before:
            sweeper.look_when_quiet()

    documents.changed.connect(follow)


def tell_packages(window: StudioWindow) -> None:
    """Say which packages' block types could not be loaded."""
    for problem in package_problems():
        window.toasts.show_toast(str(problem), "warning")


def fit_to_screen(window: QWidget) -> None:
    """Make a window that is to be shown no larger than the screen has room for, its frame included."""
    room = window.screen().availableGeometry().size() - FRAME
    window.resize(window.size().boundedTo(room))


def _settle() -> None:
    """No thread of Qt's may deliver an answer while the interpreter and the window's objects go."""
    pool = QThreadPool.globalInstance()
    pool.clear()
    pool.waitForDone()


def _on_qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    """What Qt has to say goes to the log, not to the terminal of somebody who works there."""
    if kind == QtMsgType.QtFatalMsg:
        # Qt ends the process after this, so it is the last that can be said.
        if "platform plugin" in text:
            text = tr(
                "the window cannot open: Qt finds no display it can use. On Linux it needs libxcb-cursor0, "
                "libxcb-icccm4, libxcb-keysyms1, libxkbcommon-x11-0 and libegl1; without a display use the commands "
                "of blockstudio --help."
            )
        print(f"blockstudio: {text}", file=sys.stderr, flush=True)
        return
    log.log(logging.ERROR if kind == QtMsgType.QtCriticalMsg else logging.INFO, "Qt: %s", text)


def _log_to_file() -> None:
    folder = data_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(folder / LOG, maxBytes=1 << 20, backupCount=1, encoding="utf-8", delay=True)
    except OSError as error:
        log.warning("no log file: %s", error)
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger("blockstudio").addHandler(handler)


def _catch(window: StudioWindow) -> None:
    """An exception that nobody caught goes to the log and, in one sentence, to a note. The window stays."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QTimer.singleShot(0, window, window.close)
            return
        if isinstance(error, StudioError):
            window.unforeseen.emit(str(error))
            return
        log.error("unexpected", exc_info=(kind, error, trace))
        if isinstance(error, OSError):  # it says itself what the system refused, and where
            try:
                with file_errors():
                    raise error
            except StudioError as told:
                window.unforeseen.emit(str(told))
            return
        text = tr("Something went wrong in the window ({name}). Your work is kept; details are in {file}.")
        # A signal, because the error may come from a worker.
        window.unforeseen.emit(text.format(name=kind.__name__, file=data_folder() / LOG))

    sys.excepthook = hook
    threading.excepthook = lambda found: hook(found.exc_type, found.exc_value or found.exc_type(), found.exc_traceback)
