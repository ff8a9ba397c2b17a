"""A text of the user's that looks like markup (a file's name, a title, a note, a class) is shown as it was written."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import Qt as Texts
from PySide6.QtWidgets import QApplication, QLabel, QTabBar

from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import save
from tests.support.made_runs import made_run

MARK = "<i>ODD</i>"
RAW = "<i>ODD"


def read_as_markup() -> list[str]:
    """Where something of the user's would be read as markup."""
    found = []
    for widget in QApplication.allWidgets():
        where = f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__}"
        tip = widget.toolTip()
        if RAW in tip and Texts.mightBeRichText(tip):
            found.append(f"tip of {where}: {tip[:80]}")
        if isinstance(widget, QLabel) and RAW in widget.text():
            form = widget.textFormat()
            rich = form == Qt.TextFormat.RichText or (
                form == Qt.TextFormat.AutoText and Texts.mightBeRichText(widget.text())
            )
            if rich:
                found.append(f"text of {where}: {widget.text()[:80]}")
        if isinstance(widget, QTabBar):
            tips = [widget.tabToolTip(index) for index in range(widget.count())]
            found += [f"tip of a tab: {tip[:80]}" for tip in tips if RAW in tip and Texts.mightBeRichText(tip)]
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    diagram = Diagram(f"Net {MARK}", f"Described {MARK}")
    diagram.module("Unit", {"width": 4})
    diagram.add("Input", "input", scope="Unit")
    diagram.add("Conv2d", "conv", scope="Unit", out_channels="width", note=f"inside {MARK}")
    diagram.add("Output", "output", scope="Unit")
    diagram.connect("input", "conv", scope="Unit")
    diagram.connect("conv", "output", scope="Unit")
    diagram.add("Input", "input", shape=[3, 16, 16])
    diagram.add("Unit", "unit", note=f"noted {MARK}")
    diagram.add("ReLU", "relu", note=f"noted {MARK}")
    diagram.add("Output", "output")
    for one, other in (("input", "unit"), ("unit", "relu"), ("relu", "output")):
        diagram.connect(one, other)
    diagram.note(f"A note {MARK}")
    diagram.frame(f"A frame {MARK}", ["relu"])
    diagram.about["source"] = f"From {MARK}"
    path = tmp_path / f"{MARK.replace('/', '')}.blocks.json"
    save(diagram, path)
    return path


def test_nothing_of_the_users_is_read_as_markup(open_window, qtbot, file: Path, tmp_path: Path) -> None:
    made_run(tmp_path / "runs" / MARK.replace("/", ""))
    window = open_window(file)
    found: set[str] = set()

    def look() -> None:
        QApplication.processEvents()
        found.update(read_as_markup())

    for names in ([], ["unit"], ["relu"], ["unit", "relu"]):
        window.session.select(names)
        qtbot.waitUntil(lambda: not window.canvas.busy)
        look()
    for page in [*window.desk.pages]:
        window.desk.show_page(page)
        look()
    for screen in [*window.desk.screens]:
        window.desk.show_screen(screen)
        look()
    window.session.message.emit(f"Message {MARK}")
    window.session.refused.emit(f"Refused {MARK}")
    look()
    assert not found, "\n".join(sorted(found))
