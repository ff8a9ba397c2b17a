"""Loading pyqtgraph without anybody noticing. It takes some 200 ms, and Qt's bindings must not be loaded by another
thread, so what can be is loaded in slices between events, and the rest while the user is not doing anything."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer

SLICE = 0.008
"""Seconds of a slice."""
QUIET = 0.7
"""Seconds without a key or the mouse after which the user is taken to be idle."""
MODULES = (
    "cProfile", "multiprocessing.connection", "pydoc", "subprocess", "PySide6.QtSvg", "PySide6.QtOpenGL",
    "PySide6.QtOpenGLWidgets", "PySide6.QtTest",
)  # fmt: skip
"""What pyqtgraph itself loads, each a few ms."""
_INPUT = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.KeyPress, QEvent.Type.Wheel)


class Warmer(QObject):
    """Loads the curves' module once, when it is asked for or the user is idle."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._steps: Iterator[Callable[[], object]] | None = None
        self._waiting: list[Callable[[], object]] = []
        self._last_input = time.monotonic()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)

    @property
    def is_ready(self) -> bool:
        return "blockstudio.gui.training.curves" in sys.modules

    def when_ready(self, then: Callable[[], object]) -> None:
        """Call ``then`` once curves can be made: at once if they can, else some hundred ms from now."""
        if self.is_ready:
            then()
            return
        self._waiting.append(then)
        self._go()

    def start(self) -> None:
        """Load in good time, before anybody asks."""
        if not self.is_ready:
            application = QCoreApplication.instance()
            if application is not None:
                application.installEventFilter(self)
            self._go()

    def stop(self) -> None:
        """The window closes."""
        self._timer.stop()
        self._waiting.clear()
        application = QCoreApplication.instance()
        if application is not None:
            application.removeEventFilter(self)

    def _go(self) -> None:
        self._steps = self._steps or _steps()
        self._timer.start(0)

    def _tick(self) -> None:
        end = time.monotonic() + SLICE
        assert self._steps is not None
        for step in self._steps:
            step()
            if time.monotonic() > end:
                return
        # What is left comes in one piece: when somebody waits for it, or nobody would notice.
        if not self._waiting and time.monotonic() - self._last_input < QUIET:
            self._timer.start(200)
            return
        with _without("cuda"):
            importlib.import_module("blockstudio.gui.training.curves")
        waiting = self._waiting
        self._waiting = []
        self.stop()
        for then in waiting:
            then()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _INPUT:
            self._last_input = time.monotonic()
        return False


def _steps() -> Iterator[Callable[[], object]]:
    for name in MODULES:
        yield lambda name=name: importlib.import_module(name)
    # pyqtgraph asks for every name of these; most of Qt's classes are made when first asked for.
    for name in ("PySide6.QtCore", "PySide6.QtGui", "PySide6.QtWidgets"):
        module = importlib.import_module(name)
        for attribute in dir(module):
            yield lambda module=module, attribute=attribute: getattr(module, attribute)


@contextmanager
def _without(name: str) -> Iterator[None]:
    """Let a package seem absent: pyqtgraph loads CUDA's, for a widget that is not used here, where it finds it."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
