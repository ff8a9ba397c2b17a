"""Curves are loaded slice by slice, one an event, and only when they are wanted or nobody would notice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import json, pathlib, sys
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from blockstudio.gui.work import settings, warming
settings.use_folder(pathlib.Path(sys.argv[1]))
from blockstudio.gui.app.application import application
from blockstudio.gui.shell.window import StudioWindow
app = application(dark=False)
window = StudioWindow()
window.show()
warmer = window.features.training.panel.warmer
assert not warmer.is_ready and "pyqtgraph" not in sys.modules
WATCHED = [name for name in (*warming.MODULES, "pyqtgraph", warming.CURVES) if name not in sys.modules]
log = []
"What happened, in order: the watched modules that a timer event of the warmer loaded, and other events between."

class Log(QObject):
    known = set()

    def take(self):
        new = [name for name in WATCHED if name in sys.modules and name not in self.known]
        self.known.update(new)
        return new

    def eventFilter(self, timer, event):
        if event.type() != QEvent.Type.Timer:
            return False
        # In place of Qt: the timer's event with what it sets off, then a look at what that loaded.
        timer.removeEventFilter(self)
        assert not self.take(), "loaded by no event of the warmer"
        QCoreApplication.sendEvent(timer, event)
        log.append(self.take())
        timer.installEventFilter(self)
        QCoreApplication.postEvent(self, QEvent(QEvent.Type.User))
        return True

    def event(self, event):
        if event.type() == QEvent.Type.User:
            log.append("another event")
            if warmer.is_ready:
                app.quit()
        return super().event(event)

watch = Log()
for timer in warmer.findChildren(QTimer):
    timer.installEventFilter(watch)
"""

ASKED = """
warmer.when_ready(lambda: log.append("told"))
app.exec()
"""

IDLE = """
quiet = warmer._quiet
quiet.setInterval(10**9)
warmer.start()
while not quiet.isActive():
    app.processEvents()
QCoreApplication.sendPostedEvents(watch)
assert not warmer.is_ready
from PySide6.QtTest import QTest
begun = []
quiet.start = lambda: begun.append("again")
QTest.keyPress(window, Qt.Key.Key_Shift)
QCoreApplication.sendEvent(window, QEvent(QEvent.Type.LanguageChange))
log.append(begun)
del quiet.start
quiet.setInterval(0)
app.exec()
"""

END = """
assert not any(timer.isActive() for timer in warmer.findChildren(QTimer))
print(json.dumps([WATCHED, log, "cuda" in sys.modules]))
window.stop()
"""


def run(folder: Path, how: str) -> tuple[list[str], list[str | list[str]]]:
    """The modules that are not there before (the last two are the curves), and what happened as they were loaded."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + how + END, str(folder)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    watched, log, cuda = json.loads(done.stdout)
    assert not cuda
    return watched, log


def check_slices(watched: list[str], slices: list[str | list[str]]) -> None:
    """Each event loads one module at most, and other events have their turn between any two."""
    assert "another event" not in slices[::2] and set(slices[1::2]) == {"another event"}, slices
    loaded = [names for names in slices[::2] if names]
    assert loaded == [[name] for name in watched[:-2]]
    assert len(slices[::2]) > len(loaded), "Qt's classes have slices of their own"


def test_what_somebody_waits_for_is_loaded_one_slice_an_event(own_folder: Path) -> None:
    watched, log = run(own_folder, ASKED)
    *slices, told, last, other = log
    check_slices(watched, slices)
    assert (told, last, other) == ("told", watched[-2:], "another event")


def test_an_idle_window_loads_it_by_itself(own_folder: Path) -> None:
    """Slices at once; the rest when there was no key for a while: a key begins the wait anew, nothing else does."""
    watched, log = run(own_folder, IDLE)
    *slices, again, last, other = log
    check_slices(watched, slices)
    assert (again, last, other) == (["again"], watched[-2:], "another event")
