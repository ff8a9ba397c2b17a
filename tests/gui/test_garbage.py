"""When Python looks for garbage in the window."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from blockstudio.gui.work.garbage import Sweeper


class Knot:
    """Refers to itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def sweeper(qapp):
    before = gc.get_threshold()
    found = Sweeper(qapp)
    found.start()
    yield found
    found._timer.stop()
    found.deleteLater()
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_is_new_is_swept_and_what_lasts_is_put_aside(sweeper) -> None:
    kept, lost = Knot(), weakref.ref(Knot())

    sweeper.sweep()

    assert lost() is None and kept.me is kept
    assert not any(each is kept for each in gc.get_objects()), "it is not looked at again"


def test_what_was_put_aside_is_looked_at_when_nobody_does_anything(sweeper, qtbot) -> None:
    sweeper._quiet.setInterval(50)
    document = Knot()
    sweeper.keep()
    lost = weakref.ref(document)
    del document
    sweeper.sweep()
    assert lost() is not None
    field = QWidget()
    qtbot.addWidget(field)

    sweeper.look_when_quiet()
    timer, again = sweeper._quiet, []
    sweeper._quiet = SimpleNamespace(isActive=timer.isActive, start=lambda: again.append(timer.start()))
    QTest.keyClick(field, Qt.Key.Key_A)
    assert again, "a key puts it off"
    qtbot.waitUntil(lambda: lost() is None)


def test_half_as_much_again_is_enough_to_look(sweeper) -> None:
    sweeper._known = 10
    sweeper.sweep()
    assert sweeper._quiet.isActive()
    sweeper.look_at_all()
    assert sweeper._known > 10
