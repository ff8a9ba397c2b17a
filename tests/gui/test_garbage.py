"""When Python looks for garbage in the window."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from blockstudio.gui.work.garbage import Sweeper
from blockstudio.gui.work.quiet import QUIET_MS

WORKER = """
import gc, sys, threading
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget
from blockstudio.gui.app.application import application
from blockstudio.gui.work.garbage import Sweeper
from blockstudio.gui.work.worker import Work

app = application(dark=False)
sweeper, work, ends = Sweeper(app), Work(), []
sweeper.start()


class Page(QWidget):
    def __init__(self):
        super().__init__()
        self.me = self
        self.destroyed.connect(lambda: ends.append(threading.current_thread().name), Qt.ConnectionType.DirectConnection)


def much():
    return len([[{}] for _ in range(300_000)])


Page()
answers = []
work.run(much, answers.append)
while not answers:
    app.processEvents()
at_once = Page()
at_once.me = None
work.run(lambda page=at_once: page.isVisible() and None, answers.append)
del at_once
work.cancel()
while len(ends) < 2:
    app.processEvents()
    sweeper.sweep()
print(ends)
"""


class Knot:
    """Refers to itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def sweeper(qapp):
    found = Sweeper(qapp)
    found.start()
    yield found
    found._timer.stop()
    found.deleteLater()
    gc.unfreeze()


def test_what_is_new_is_swept_and_what_lasts_is_put_aside(sweeper) -> None:
    kept, lost = Knot(), weakref.ref(Knot())

    sweeper.sweep()

    assert lost() is None and kept.me is kept
    assert not any(each is kept for each in gc.get_objects()), "it is not looked at again"


def test_what_was_put_aside_is_looked_at_when_nobody_does_anything(sweeper, qtbot) -> None:
    document = Knot()
    sweeper.keep()
    lost = weakref.ref(document)
    del document
    sweeper.sweep()
    assert lost() is not None
    field = QWidget()
    qtbot.addWidget(field)

    sweeper.look_when_quiet()
    timer, again = sweeper._quiet._timer, []
    sweeper._quiet._timer = SimpleNamespace(
        isActive=timer.isActive, start=lambda wait: again.append(wait) or timer.start(50), stop=timer.stop
    )
    QTest.keyClick(field, Qt.Key.Key_A)
    assert again == [QUIET_MS], "a key puts it off"
    qtbot.waitUntil(lambda: lost() is None)


def test_half_as_much_again_is_enough_to_look(sweeper) -> None:
    sweeper._known = 10
    sweeper.sweep()
    assert sweeper._quiet.waiting
    sweeper.look_at_all()
    assert sweeper._known > 10


@pytest.mark.slow
def test_nothing_of_qt_s_ends_in_a_worker(tmp_path) -> None:
    """What a worker makes sets off no look for garbage there, and what a job refers to outlives it."""
    done = subprocess.run(
        [sys.executable, "-c", WORKER], capture_output=True, text=True, timeout=120,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "['MainThread', 'MainThread']"), done.stderr
