"""When Python looks for garbage that refers to itself: not while somebody waits.

With thousands of blocks open one look at everything takes longer than a frame may. So Python by itself only looks at
what is young; what has lasted is put aside, and looked at when nobody is doing anything: once there is half as much
again, or after something was closed.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer

YOUNG = (5_000, 20, 1_000_000)
"""Python's thresholds: the last is never reached."""
EVERY_MS, QUIET_MS = 4_000, 1_500
GROWTH = 1.5
_INPUT = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.KeyPress, QEvent.Type.Wheel)


class Sweeper(QObject):
    """Takes over from Python's own timing; one for a process."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.sweep)
        self._quiet = QTimer(self, interval=QUIET_MS, singleShot=True)
        self._quiet.timeout.connect(self.look_at_all)
        self._known = 0
        """So much was put aside when everything was looked at last."""

    def start(self) -> None:
        """What is there now, lasts."""
        gc.freeze()
        self._known = gc.get_freeze_count()
        gc.set_threshold(*YOUNG)
        gc.enable()
        self._timer.start()

    def keep(self) -> None:
        """Much has come that will last, such as a document: put it aside without looking."""
        gc.freeze()

    def sweep(self) -> None:
        """Look at what has come since the last time, and put aside what lasts."""
        gc.collect()
        gc.freeze()
        if gc.get_freeze_count() > GROWTH * self._known:
            self.look_when_quiet()

    def look_when_quiet(self) -> None:
        """Look at everything once nobody is doing anything."""
        application = QCoreApplication.instance()
        if application is not None and not self._quiet.isActive():
            application.installEventFilter(self)
            self._quiet.start()

    def look_at_all(self) -> None:
        """Look at everything."""
        application = QCoreApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._known = gc.get_freeze_count()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _INPUT and self._quiet.isActive():
            self._quiet.start()
        return False
