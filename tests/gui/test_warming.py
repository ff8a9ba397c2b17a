"""What screens need is imported while nobody does anything."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from blockstudio.gui.work import warming
from blockstudio.gui.work.quiet import QUIET_MS
from blockstudio.gui.work.warming import PIECE_MS, Warmer
from tests.support.apart import printed_by

ALL = """
import sys, pathlib
from blockstudio.gui.work import settings
settings.use_folder(pathlib.Path(sys.argv[1]))
from blockstudio.gui.app.application import application
from blockstudio.gui.shell.features import later
from blockstudio.gui.shell.window import StudioWindow
app = application(dark=False)
window = StudioWindow()
import importlib
for name in later():
    importlib.import_module(name)
before = set(sys.modules)
for name in window.desk.screens:
    window.desk.show_screen(name)
window.commands.run("lesson.open", "01_convolution")
print("loaded:", *sorted(name for name in set(sys.modules) - before if name.startswith("blockstudio.")))
print("heavy:", *sorted({"torch", "rich", "scipy", "matplotlib", "pyqtgraph"} & before))
"""


def test_with_it_no_screen_imports_anything_and_torch_stays_away(own_folder: Path) -> None:
    assert printed_by(ALL, own_folder).split("\n")[:2] == ["loaded:", "heavy:"]


def test_one_piece_at_a_time_and_none_while_somebody_types(qtbot, monkeypatch) -> None:
    imported: list[str] = []
    asked: list[str] = []
    monkeypatch.setattr(warming, "import_module", imported.append)
    parent, field = QObject(), QWidget()
    qtbot.addWidget(field)
    warmer = Warmer(parent, lambda: asked.append("names") or ["sys", "one_piece", "another_piece"])
    waits: list[int] = []
    timer = warmer._quiet._timer
    start = timer.start
    monkeypatch.setattr(timer, "start", lambda wait: waits.append(wait) or start(wait))

    warmer.start()
    assert waits == [QUIET_MS] and not imported and not asked, "not before the first frame"
    QTest.keyClick(field, Qt.Key.Key_A)
    assert waits == [QUIET_MS, QUIET_MS] and not imported
    timer.timeout.emit()
    assert imported == ["one_piece"] and waits[2:] == [PIECE_MS], "what is there already is passed over"
    QTest.keyClick(field, Qt.Key.Key_A)
    assert waits[3:] == [QUIET_MS] and imported == ["one_piece"]
    timer.timeout.emit()
    with qtbot.waitSignal(warmer.destroyed):
        timer.timeout.emit()
    assert imported == ["one_piece", "another_piece"] and asked == ["names"]
