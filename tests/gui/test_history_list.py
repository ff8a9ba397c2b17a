"""The undo history as a list, and the way back to what is saved."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt

from blockstudio.graph.format import SUFFIX, dumps
from tests.support.hands import click, press_key


def test_steps_are_a_list_to_go_to_any_of_them(open_window, tmp_path: Path) -> None:
    window = open_window("nin_cifar10")
    session, diagram = window.session, window.session.diagram
    texts = [dumps(diagram)]
    for name in ("one", "two", "three"):
        session.do(f"Add {name}", *edits(name))
        texts.append(dumps(diagram))
    window.commands.run("view.history")
    page = window.features.history
    assert [page.list.item(row).text() for row in range(page.list.count())] == [
        "As it was opened", "Add one", "Add two", "Add three",
    ]  # fmt: skip
    click(page.list.viewport(), page.list.visualItemRect(page.list.item(1)).center())
    assert dumps(diagram) == texts[1] and page.list.count() == 4 and "2 taken back" in page.summary.text()
    press_key(page.list, Qt.Key.Key_Down)
    assert dumps(diagram) == texts[2]
    press_key(page.list, Qt.Key.Key_End)
    assert dumps(diagram) == texts[3]
    window.session.undo()
    assert page.list.currentRow() == 2

    file = tmp_path / f"a{SUFFIX}"
    window.documents.write(session.document, file)
    assert page.list.item(2).text().endswith("saved") and not window.commands.is_possible("file.revert")
    session.do("Add four", *edits("four"))
    session.do("Add five", *edits("five"))
    window.commands.run("file.revert")
    assert dumps(diagram) == texts[2] and not session.dirty
    session.redo()
    assert "four" in diagram.main.graph, "what was reverted can be redone"
    press_key(page.list, Qt.Key.Key_Escape)
    assert window.canvas.hasFocus()


def test_reverting_where_the_saved_step_is_gone(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window()
    session = window.session
    session.do("Add one", *edits("one"))
    window.documents.write(session.document, tmp_path / f"a{SUFFIX}")
    session.undo()
    session.do("Add two", *edits("two"))  # the saved step can no longer be redone
    window.commands.run("file.revert")
    qtbot.waitUntil(lambda: "one" in window.session.definition.graph)
    assert "two" not in window.session.definition.graph and not window.session.dirty


def edits(name: str):
    from blockstudio.graph.definition import Block
    from blockstudio.graph.edits import AddBlock

    return (AddBlock(scope="", name=name, block=Block(type="ReLU")),)
