"""The keyboard on the drawing: going from block to block, nudging, opening, zooming, deleting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from blockstudio.gui.canvas.hand.gestures import Nudge
from blockstudio.gui.canvas.scene.geometry import Geometry
from blockstudio.gui.canvas.scene.metrics import GRID

if TYPE_CHECKING:
    from blockstudio.gui.canvas.canvas import Canvas

Key, Mod = Qt.Key, Qt.KeyboardModifier
ARROWS = {Key.Key_Left: (-1, 0), Key.Key_Right: (1, 0), Key.Key_Up: (0, -1), Key.Key_Down: (0, 1)}
_TAKEN = {
    *ARROWS, Key.Key_Delete, Key.Key_Backspace, Key.Key_Escape, Key.Key_Return, Key.Key_Enter, Key.Key_F,
    Key.Key_Space, Key.Key_Home, Key.Key_End,
}  # fmt: skip


def takes(event: QKeyEvent) -> bool:
    """Whether a key means something on the drawing, so that no shortcut of the window may have it first."""
    plain = event.modifiers() & ~(Mod.KeypadModifier | Mod.ShiftModifier)
    if event.key() in ARROWS:
        return plain in (Mod.NoModifier, Mod.AltModifier)
    return plain == Mod.NoModifier and event.key() in _TAKEN


def press(canvas: Canvas, event: QKeyEvent) -> bool:
    """Do what a key means; False if it means nothing here."""
    session, key = canvas.session, event.key()
    modifiers = event.modifiers() & ~Mod.KeypadModifier
    if key in ARROWS:
        _arrow(canvas, *ARROWS[Key(key)], modifiers)
        return True
    for standard, action in (
        (QKeySequence.StandardKey.Undo, session.undo),
        (QKeySequence.StandardKey.Redo, session.redo),
        (QKeySequence.StandardKey.Copy, session.copy),
        (QKeySequence.StandardKey.Cut, session.cut),
        (QKeySequence.StandardKey.Paste, session.paste),
        (QKeySequence.StandardKey.SelectAll, canvas.select_all),
        (QKeySequence.StandardKey.ZoomIn, canvas.zoom_in),
        (QKeySequence.StandardKey.ZoomOut, canvas.zoom_out),
    ):
        if event.matches(standard):
            action()
            return True
    control = modifiers == Mod.ControlModifier
    if control and key == Key.Key_D:
        session.duplicate()
    elif control and key == Key.Key_0:
        canvas.fit()
    elif control and key == Key.Key_1:
        canvas.zoom_to(1.0)
    elif modifiers & ~Mod.ShiftModifier:
        return False
    elif key == Key.Key_F:
        canvas.fit()
    elif key == Key.Key_Escape:
        _escape(canvas)
    elif key == Key.Key_Delete:
        canvas.delete()
    elif key == Key.Key_Backspace:
        if session.selection or canvas.marks.wires:
            canvas.delete()
        else:
            session.leave()
    elif key in (Key.Key_Return, Key.Key_Enter):
        if len(session.selection) == 1:
            canvas.open(session.selection[0])
    elif key in (Key.Key_Home, Key.Key_End):
        step(canvas, 0 if key == Key.Key_Home else -1, absolute=True)
    else:
        return False
    return True


def _escape(canvas: Canvas) -> None:
    if canvas.cancel_gesture():
        return
    if canvas.session.selection or canvas.marks.wires:
        canvas.select_wires(())
        canvas.session.select(())
    else:
        canvas.session.leave()


def _arrow(canvas: Canvas, dx: int, dy: int, modifiers: Qt.KeyboardModifier) -> None:
    if modifiers & Mod.AltModifier or not canvas.session.selection:
        toward(canvas, dx, dy)
        return
    if canvas.nudge is None:
        canvas.nudge = Nudge(canvas)
    distance = GRID * (4 if modifiers & Mod.ShiftModifier else 1)
    canvas.nudge.press(dx * distance, dy * distance)


def in_reading_order(drawing: Geometry) -> list[str]:
    """Blocks from top to bottom, in a row from left to right."""
    boxes = drawing.boxes
    order = np.lexsort((boxes[:, 0], np.round(boxes[:, 1] / GRID)))
    return [name for name in (drawing.names[row] for row in order.tolist()) if not drawing.is_hidden(name)]


def step(canvas: Canvas, by: int, absolute: bool = False) -> bool:
    """Select the next block in reading order, or the previous; False at the end, so that the focus may go on."""
    names = in_reading_order(canvas.drawing)
    if not names:
        return False
    selection = canvas.session.selection
    if absolute:
        index = by
    elif selection:
        index = names.index(selection[-1]) + by
        if not 0 <= index < len(names):
            return False
    else:
        index = 0 if by > 0 else -1
    canvas.session.select([names[index]])
    canvas.reveal(names[index])
    return True


def toward(canvas: Canvas, dx: int, dy: int) -> None:
    """Select the nearest block in a direction."""
    drawing, selection = canvas.drawing, canvas.session.selection
    if not selection:
        step(canvas, 1)
        return
    boxes = drawing.boxes
    middles = np.column_stack(((boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2))
    aside = middles - middles[drawing.rows[selection[-1]]]
    ahead = aside @ np.array([dx, dy])
    across = np.abs(aside @ np.array([dy, dx]))
    cost = np.where(ahead > 1, ahead + 2 * across, np.inf)
    if np.isfinite(cost).any():
        name = drawing.names[int(np.argmin(cost))]
        canvas.session.select([name])
        canvas.reveal(name)
