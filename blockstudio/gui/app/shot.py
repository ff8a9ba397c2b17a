"""A picture of the studio without a display: for the command line where there is none, and for documentation."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer
from PySide6.QtGui import QCursor

from blockstudio.graph.diagram import Diagram
from blockstudio.graph.files import write_atomic
from blockstudio.gui.app.application import application
from blockstudio.gui.document.document import Document
from blockstudio.gui.kit.pictures import pixels_of
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.runs import Run

PATIENCE_MS = 20_000
"""How long to wait at most; a picture of what is there by then is better than none."""


def studio_picture(
    diagram: Diagram,
    run: Run | None,
    path: str | os.PathLike[str],
    size: tuple[int, int] = (1600, 1000),
    dark: bool = False,
    select: str | None = None,
) -> Path:
    """Write a PNG of the window with ``diagram``, the curves of ``run`` and, if given, the block at path ``select``
    selected; returns the file. Nothing that the user chose in a window is read or changed. Raises `OSError` if the
    file cannot be written."""
    application(dark=dark)
    window = StudioWindow(run.directory.parent if run is not None else None, remember=False)
    window.colours.chosen = "dark" if dark else "light"
    window.resize(*size)
    window.documents.add(Document(diagram))
    if select:
        window.desk.show_block(select)
    training = window.features.training
    trainer = training.trainer
    if run is not None:
        trainer.attach(run)
    QCursor.setPos(*size)  # over nothing that would light up
    window.show()
    if run is not None:
        panel = training.panel
        _wait(
            lambda: (
                trainer.data is not None and trainer.data.complete and bool(trainer.runs) and panel.curves is not None
            )
        )
    _wait(lambda: not window.features.canvas.busy)
    return _saved(window, path)


def browser_picture(
    path: str | os.PathLike[str], size: tuple[int, int] = (1440, 900), dark: bool = False, preset: str = ""
) -> Path:
    """Write a PNG of the start page, telling of ``preset``, with every figure in it; returns the file. Raises
    `OSError` if the file cannot be written."""
    application(dark=dark)
    window = StudioWindow(remember=False)
    window.colours.chosen = "dark" if dark else "light"
    window.resize(*size)
    QCursor.setPos(*size)
    window.desk.show_screen("start")
    window.show()
    page = window.features.browser.page
    assert page is not None
    if preset:
        page.show_preset(preset)
        page.tree.take_keyboard()
    _wait(lambda: not page.is_busy)
    return _saved(window, path)


def _saved(window: StudioWindow, path: str | os.PathLike[str]) -> Path:
    """Write what the window shows, and let it go."""
    for _ in range(5):
        QCoreApplication.processEvents()
    image = window.grab().toImage()
    window.stop()
    window.deleteLater()
    return write_atomic(path, pixels_of(image))


def _wait(ready: Callable[[], bool]) -> None:
    """Let the window work until ``ready`` or `PATIENCE_MS` is over."""
    loop, poll, end = QEventLoop(), QTimer(), QTimer()
    poll.timeout.connect(lambda: loop.quit() if ready() else None)
    end.timeout.connect(loop.quit)
    poll.start(10)
    end.setSingleShot(True)
    end.start(PATIENCE_MS)
    if not ready():
        loop.exec()
