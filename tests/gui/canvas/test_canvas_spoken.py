"""What screen readers find on the drawing."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QAccessible

from blockstudio.graph.diagram import Block, Diagram
from blockstudio.graph.edits import AddBlock
from tests.support.canvas_driver import middle

Name, Description = QAccessible.Text.Name, QAccessible.Text.Description


def test_blocks_and_wires_are_items_with_names_roles_and_places(show, simple) -> None:
    canvas = show(simple)
    spoken = QAccessible.queryAccessibleInterface(canvas)
    assert spoken.role() == QAccessible.Role.List
    assert spoken.text(Name) == "Drawing"
    items = [spoken.child(index) for index in range(spoken.childCount())]
    names = [item.text(Name) for item in items]
    assert [name.split(",")[0] for name in names[:4]] == ["input", "conv2d", "relu", "output"]
    assert names[4:] == ["Wire from input to conv2d", "Wire from conv2d to relu", "Wire from relu to output"]
    assert "64×6×6" in items[1].text(Description) or "64×" in items[1].text(Description)
    assert {item.role() for item in items[:4]} == {QAccessible.Role.ListItem}
    assert {item.role() for item in items[4:]} == {QAccessible.Role.Link}
    at = canvas.mapToGlobal(middle(canvas, "relu"))
    assert items[2].rect().contains(at)
    assert spoken.indexOfChild(spoken.childAt(at.x(), at.y())) == 2
    assert items[2].parent() is spoken or items[2].parent().role() == QAccessible.Role.List


def test_they_follow_the_selection_and_the_document(show, simple) -> None:
    canvas = show(simple)
    spoken = QAccessible.queryAccessibleInterface(canvas)
    relu = spoken.child(2)
    assert not relu.state().selected
    canvas.session.select(["relu"])
    assert relu.state().selected and relu.state().selectable
    assert spoken.focusChild().text(Name).startswith("relu")
    count = spoken.childCount()
    canvas.session.delete_selection()
    assert not relu.isValid()
    assert relu.text(Name) == "" and relu.rect().isEmpty()
    assert spoken.childCount() < count
    assert "relu" not in [spoken.child(index).text(Name).split(",")[0] for index in range(spoken.childCount())]
    canvas.session.undo()
    assert spoken.childCount() == count
    del relu
    gc.collect()
    assert spoken.child(0).text(Name).startswith("input")


@pytest.fixture
def listening() -> Iterator[None]:
    """A screen reader listens until after the drawings have gone."""
    QAccessible.setActive(True)
    yield
    QAccessible.setActive(False)


def test_drawings_come_and_go_while_a_screen_reader_listens(listening, show) -> None:
    for _ in range(3):
        canvas = show(Diagram("another"))
        canvas.session.do("Add", AddBlock(name="a", block=Block(type="ReLU")))
        canvas.session.select(["a"])
        spoken = QAccessible.queryAccessibleInterface(canvas)
        assert spoken.focusChild().text(Name).startswith("a")
        assert spoken.childCount() == 1
        del spoken
        gc.collect()
