"""Notes and frames in the inspector, in the search, in pictures."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from blockstudio import load
from blockstudio.compiler import source as source_of
from blockstudio.graph.annotations import Annotation
from blockstudio.gui.figure.figure import Figure, write_figure
from blockstudio.gui.inspector.annotation_page import AnnotationPage
from tests.support.hands import press_key

CTRL = Qt.KeyboardModifier.ControlModifier


def test_a_note_has_a_page_is_found_and_is_on_every_picture(open_window, tmp_path: Path) -> None:
    window = open_window("resnet34")
    session = window.session
    d = session.diagram
    d.note("# Stem\n\nquarters the *map*")
    d.frame("The first layers", ["conv1", "bn1"], colour="blue", name="stem")
    d.note("two *weights* and a shortcut", scope="BasicBlock")
    before = (session.analysis.parameters, len(session.analysis.problems))

    session.select((), [Annotation("frame", "stem")])
    inspector = window.features.inspector
    page = inspector.page
    assert isinstance(page, AnnotationPage)
    field = page.fields["title"]
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "Stem")
    press_key(field, Qt.Key.Key_Return)
    assert d.main.frames["stem"].title == "Stem"
    page.colour.committed.emit("red")
    assert d.main.frames["stem"].colour == "red"
    d.undo()
    assert page.colour.currentText() == "blue"

    window.canvas.setFocus()
    press_key(window.canvas, Qt.Key.Key_F, CTRL)
    sheet = window.features.find
    QTest.keyClicks(sheet.line, "shortcut weights")
    assert [each.scope for each in sheet.noted] == ["BasicBlock"]
    press_key(sheet.line, Qt.Key.Key_Return)
    assert session.scope == "BasicBlock" and session.noted == (Annotation("note", "note"),)
    page = inspector.page
    assert isinstance(page, AnnotationPage) and page.text.toPlainText() == "two *weights* and a shortcut"
    page.width_field.committed.emit("300")
    assert d.modules["BasicBlock"].notes["note"].width == 300
    assert (session.analysis.parameters, len(session.analysis.problems)) == before
    window.grab()


def test_pictures_and_source_of_a_network_with_notes(tmp_path: Path) -> None:
    d = load("module_inception")
    source = source_of(d)
    d.frame("Branch", ["reduce3x3", "relu2", "conv3x3"], colour="green")
    d.note("# Why\n\n- `1×1` first\n\n> quoted")
    d.note("aside", at=(-400.0, 0.0))
    assert source_of(d) == source
    for name in ("a.svg", "a.png", "a.pdf"):
        write_figure(d, tmp_path / name)
    text = (tmp_path / "a.svg").read_text()
    assert all(f'aria-label="{words}"' in text for words in ("Branch", "Why", "1×1", "quoted", "aside"))
    # Of chosen blocks those frames that hold no others.
    write_figure(d, tmp_path / "b.svg", Figure(blocks=("reduce3x3", "relu2", "conv3x3", "relu3")))
    write_figure(d, tmp_path / "c.svg", Figure(blocks=("reduce3x3", "relu2")))
    assert 'aria-label="Branch"' in (tmp_path / "b.svg").read_text()
    assert 'aria-label="Branch"' not in (tmp_path / "c.svg").read_text()
