"""Keys of the window while the mouse holds a block: the command is done, and nothing of the drag is left."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt

from blockstudio.graph.edits import MoveBlocks
from blockstudio.graph.format import dumps
from tests.support.canvas_driver import middle, move, press, release
from tests.support.hands import press_key

K, M = Qt.Key, Qt.KeyboardModifier


@pytest.mark.parametrize(
    ("name", "modifiers"),
    [(K.Key_Z, M.ControlModifier), (K.Key_Delete, M.NoModifier), (K.Key_X, M.ControlModifier)],
    ids=["undo", "delete", "cut"],
)
def test_a_command_by_key_while_a_block_is_dragged(open_window, name: Qt.Key, modifiers: Qt.KeyboardModifier) -> None:
    window = open_window("vgg19")
    canvas, session = window.canvas, window.session
    block = next(each for each, found in session.definition.blocks() if found.type == "Conv2d")
    canvas.reveal(block)
    session.do("Move", MoveBlocks(to={block: (-400.0, 40.0)}))
    canvas.reveal(block)
    at = middle(canvas, block)
    press(canvas, at)
    move(canvas, at + QPoint(40, 24))
    assert canvas.gesture is not None and session.selection == (block,)
    press_key(canvas, name, modifiers)
    assert canvas.gesture is None
    after = dumps(session.diagram)
    assert (block in session.definition) == (name == K.Key_Z)
    for step in (2, 3, 4):
        move(canvas, at + QPoint(40, 24) * step)
    release(canvas, at + QPoint(160, 96))
    assert dumps(session.diagram) == after and not window.toasts.texts
    drawing = canvas.scene.drawing
    shown = {each: drawing.rect(each) for each in drawing.names}
    canvas.scene.restage()
    assert shown == {each: canvas.scene.drawing.rect(each) for each in shown}
