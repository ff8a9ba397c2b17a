"""The keyboard on the drawing: going from block to block, nudging, opening, zooming, deleting."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from blockstudio.gui.canvas.hand import acts as do
from blockstudio.gui.canvas.hand.surface import Surface
from blockstudio.gui.canvas.scene.metrics import GRID
from blockstudio.gui.canvas.scene.order import in_reading_order, nearest_toward

Key, Mod = Qt.Key, Qt.KeyboardModifier
ARROWS = {Key.Key_Left: (-1, 0), Key.Key_Right: (1, 0), Key.Key_Up: (0, -1), Key.Key_Down: (0, 1)}
_TAKEN = {
    *ARROWS, Key.Key_Delete, Key.Key_Backspace, Key.Key_Escape, Key.Key_Return, Key.Key_Enter, Key.Key_F,
    Key.Key_Space, Key.Key_Home, Key.Key_End,
}  # fmt: skip
_HELD = {Key.Key_Shift, Key.Key_Control, Key.Key_Alt, Key.Key_AltGr, Key.Key_Meta, Key.Key_Escape, *ARROWS}
"""Keys that go on with what the arrow keys do, or take it back."""


class Hand(Protocol):
    """What the keys need of the hand."""

    @property
    def surface(self) -> Surface: ...

    def cancel(self) -> bool: ...

    def nudge(self, dx: float, dy: float) -> None: ...


def takes(event: QKeyEvent) -> bool:
    """Whether a key means something on the drawing, so that no shortcut of the window may have it first."""
    plain = event.modifiers() & ~(Mod.KeypadModifier | Mod.ShiftModifier)
    if event.key() in ARROWS:
        return plain in (Mod.NoModifier, Mod.AltModifier)
    return plain == Mod.NoModifier and event.key() in _TAKEN


def acts(event: QKeyEvent) -> bool:
    """Whether a key does something of its own, rather than go on with a nudge."""
    return event.key() not in _HELD


def press(hand: Hand, event: QKeyEvent) -> bool:
    """Do what a key means; False if it means nothing here."""
    surface, key = hand.surface, event.key()
    scene, camera = surface.scene, surface.camera
    session = scene.session
    modifiers = event.modifiers() & ~Mod.KeypadModifier
    if key in ARROWS:
        _arrow(hand, *ARROWS[Key(key)], modifiers)
        return True
    for standard, action in (
        (QKeySequence.StandardKey.Undo, session.undo),
        (QKeySequence.StandardKey.Redo, session.redo),
        (QKeySequence.StandardKey.Copy, session.copy),
        (QKeySequence.StandardKey.Cut, session.cut),
        (QKeySequence.StandardKey.Paste, session.paste),
        (QKeySequence.StandardKey.SelectAll, lambda: do.select_all(scene)),
        (QKeySequence.StandardKey.ZoomIn, camera.zoom_in),
        (QKeySequence.StandardKey.ZoomOut, camera.zoom_out),
    ):
        if event.matches(standard):
            action()
            return True
    control = modifiers == Mod.ControlModifier
    if control and key == Key.Key_D:
        session.duplicate()
    elif control and key == Key.Key_0:
        camera.fit()
    elif control and key == Key.Key_1:
        camera.zoom_to(1.0)
    elif modifiers & ~Mod.ShiftModifier:
        return False
    elif key == Key.Key_F:
        camera.fit()
    elif key == Key.Key_Escape:
        _escape(hand)
    elif key == Key.Key_Delete:
        do.delete(scene)
    elif key == Key.Key_Backspace:
        if session.selection or scene.marks.wires:
            do.delete(scene)
        else:
            session.leave()
    elif key in (Key.Key_Return, Key.Key_Enter):
        if len(session.selection) == 1:
            surface.open(session.selection[0])
    elif key in (Key.Key_Home, Key.Key_End):
        step(surface, 0 if key == Key.Key_Home else -1, absolute=True)
    else:
        return False
    return True


def _escape(hand: Hand) -> None:
    if hand.cancel():
        return
    scene = hand.surface.scene
    if scene.session.selection or scene.marks.wires:
        scene.select_wires(())
        scene.session.select(())
    else:
        scene.session.leave()


def _arrow(hand: Hand, dx: int, dy: int, modifiers: Qt.KeyboardModifier) -> None:
    if modifiers & Mod.AltModifier or not hand.surface.scene.session.selection:
        toward(hand.surface, dx, dy)
        return
    distance = GRID * (4 if modifiers & Mod.ShiftModifier else 1)
    hand.nudge(dx * distance, dy * distance)


def step(surface: Surface, by: int, absolute: bool = False) -> bool:
    """Select the next block in reading order, or the previous; False at the end, so that the focus may go on."""
    session = surface.scene.session
    names = in_reading_order(surface.scene.drawing)
    if not names:
        return False
    selection = session.selection
    if absolute:
        index = by
    elif selection:
        index = names.index(selection[-1]) + by
        if not 0 <= index < len(names):
            return False
    else:
        index = 0 if by > 0 else -1
    session.select([names[index]])
    surface.reveal(names[index])
    return True


def toward(surface: Surface, dx: int, dy: int) -> None:
    """Select the nearest block in a direction."""
    session = surface.scene.session
    if not session.selection:
        step(surface, 1)
        return
    name = nearest_toward(surface.scene.drawing, session.selection[-1], dx, dy)
    if name is not None:
        session.select([name])
        surface.reveal(name)
