"""Loading pyqtgraph without anybody noticing. It takes some 200 ms, and Qt's bindings must not be loaded by another
thread, so what can be is loaded slice by slice, one an event, and the rest while the user is not doing anything."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer

QUIET_MS = 700
"""Without a key or the mouse for so long the user is taken to be idle."""
MODULES = (
    "cProfile", "multiprocessing.connection", "pydoc", "subprocess", "PySide6.QtSvg", "PySide6.QtOpenGL",
    "PySide6.QtOpenGLWidgets", "PySide6.QtTest",
)  # fmt: skip
"""What pyqtgraph itself loads, each a few ms."""
CLASSES = ("PySide6.QtCore", "PySide6.QtGui", "PySide6.QtWidgets")
"""pyqtgraph asks for every name of these; most of Qt's classes are made when first asked for."""
AT_A_TIME = 16
"""So many of Qt's classes are made in a few ms."""
CURVES = "blockstudio.gui.training.curves"
_INPUT = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.KeyPress, QEvent.Type.Wheel)


class Warmer(QObject):
    """Loads the curves' module once, when it is asked for or the user is idle."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._slices: Iterator[Callable[[], object]] | None = None
        self._waiting: list[Callable[[], object]] = []
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._load_slice)
        self._quiet = QTimer(self, interval=QUIET_MS, singleShot=True)
        self._quiet.timeout.connect(self._finish)

    @property
    def is_ready(self) -> bool:
        return CURVES in sys.modules

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
            self._go()

    def stop(self) -> None:
        """The window closes."""
        self._timer.stop()
        self._quiet.stop()
        self._waiting.clear()
        application = QCoreApplication.instance()
        if application is not None:
            application.removeEventFilter(self)

    def _go(self) -> None:
        self._slices = self._slices or slices()
        self._timer.start()

    def _load_slice(self) -> None:
        assert self._slices is not None
        load = next(self._slices, None)
        if load is not None:
            load()
            return
        # What is left comes in one piece: when somebody waits for it, or nobody would notice.
        self._timer.stop()
        application = QCoreApplication.instance()
        if self._waiting or application is None:
            self._finish()
        else:
            application.installEventFilter(self)
            self._quiet.start()

    def _finish(self) -> None:
        with _without("cuda"):
            importlib.import_module(CURVES)
        waiting = self._waiting
        self._waiting = []
        self.stop()
        for then in waiting:
            then()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _INPUT and self._quiet.isActive():
            self._quiet.start()
        return False


def slices() -> Iterator[Callable[[], object]]:
    """What can be loaded before the curves, in steps of a few ms: one module, or some of Qt's classes."""
    for name in MODULES:
        yield partial(importlib.import_module, name)
    for name in CLASSES:
        module = importlib.import_module(name)
        names = dir(module)
        for first in range(0, len(names), AT_A_TIME):
            yield partial(_make, module, names[first : first + AT_A_TIME])


def _make(module: ModuleType, names: Iterable[str]) -> None:
    for name in names:
        getattr(module, name)


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
