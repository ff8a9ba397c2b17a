"""When and where Python looks for garbage that refers to itself: on the window's thread, and not while somebody waits.

By itself Python looks in whichever thread has just made something. In a worker that would end what a closed page or
window has left, and Qt's objects may end on their own thread alone: anywhere else memory is spoilt, and the process
dies some time later. So Python does not look by itself here.

With thousands of blocks open one look at everything takes longer than a frame may. So only what has come lately is
looked at; what has lasted is put aside, and looked at when nobody is doing anything: once there is half as much again,
or after something was closed.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

from blockstudio.gui.work.quiet import Quiet

TURN_MS, TURNS = 500, 8
MANY = 100_000
"""So many new objects are looked at with the next turn, fewer with every eighth."""
GROWTH = 1.5


def look_no_more() -> None:
    """Python looks for garbage only where it is told to, in this process."""
    gc.disable()


class Sweeper(QObject):
    """Takes over from Python's own timing; one for a process."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, interval=TURN_MS)
        self._timer.timeout.connect(self._turn)
        self._turns = 0
        self._quiet = Quiet(self)
        self._quiet.came.connect(self.look_at_all)
        self._known = 0
        """So much was put aside when everything was looked at last."""

    def start(self) -> None:
        """What is there now, lasts."""
        look_no_more()
        gc.freeze()
        self._known = gc.get_freeze_count()
        self._timer.start()

    def keep(self) -> None:
        """Much has come that will last, such as a document: put it aside without looking."""
        gc.freeze()

    def _turn(self) -> None:
        self._turns += 1
        if self._turns >= TURNS or gc.get_count()[0] >= MANY:
            self.sweep()

    def sweep(self) -> None:
        """Look at what has come since the last time, and put aside what lasts."""
        self._turns = 0
        gc.collect()
        gc.freeze()
        if gc.get_freeze_count() > GROWTH * self._known:
            self.look_when_quiet()

    def look_when_quiet(self) -> None:
        """Look at everything once nobody is doing anything."""
        self._quiet.wait()

    def look_at_all(self) -> None:
        """Look at everything."""
        self._quiet.stop()
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._known = gc.get_freeze_count()
