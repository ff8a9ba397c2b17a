"""The keyboard on the drawing: which commands its keys stand for, and the ways from block to block."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from blockstudio.gui.canvas.hand.surface import Surface
from blockstudio.gui.canvas.scene.order import in_reading_order, nearest_toward

Key, Mod = Qt.Key, Qt.KeyboardModifier
ARROWS = {Key.Key_Left: "left", Key.Key_Right: "right", Key.Key_Up: "up", Key.Key_Down: "down"}
KEYS: dict[Qt.Key, tuple[str, ...]] = {
    Key.Key_Delete: ("edit.delete",),
    Key.Key_Backspace: ("edit.delete", "view.leave"),
    Key.Key_Escape: ("edit.cancel", "edit.select_none", "view.leave"),
    Key.Key_Return: ("view.open", "edit.write"),
    Key.Key_Enter: ("view.open", "edit.write"),
    Key.Key_F: ("view.fit",),
    Key.Key_W: ("edit.wire",),
    Key.Key_E: ("select.ends",),
    Key.Key_I: ("select.wire",),
    Key.Key_Home: ("go.first",),
    Key.Key_End: ("go.last",),
}
"""What keys mean on the drawing beside the shortcuts: the first of these commands that can be done."""
_HELD = {Key.Key_Shift, Key.Key_Control, Key.Key_Alt, Key.Key_AltGr, Key.Key_Meta, Key.Key_Escape, *ARROWS}
"""Keys that go on with what the arrow keys do, or take it back."""


def takes(event: QKeyEvent) -> bool:
    """Whether a key means something on the drawing, so that no shortcut of the window may have it first."""
    plain = event.modifiers() & ~(Mod.KeypadModifier | Mod.ShiftModifier)
    if event.key() in ARROWS:
        return plain in (Mod.NoModifier, Mod.AltModifier)
    return plain == Mod.NoModifier and (event.key() in KEYS or event.key() == Key.Key_Space)


def acts(event: QKeyEvent) -> bool:
    """Whether a key does something of its own, rather than go on with a nudge."""
    return event.key() not in _HELD


def commands_of(event: QKeyEvent) -> tuple[str, ...]:
    """The commands that a key stands for here."""
    key, modifiers = event.key(), event.modifiers()
    if key in ARROWS:
        way = ARROWS[Key(key)]
        if modifiers & Mod.AltModifier:
            return (f"go.{way}",)
        if modifiers & ~(Mod.KeypadModifier | Mod.ShiftModifier):
            return ()
        order = {"left": ("wire.earlier",), "right": ("wire.later",)}.get(way, ())
        return (*order, f"move.{way}_far" if modifiers & Mod.ShiftModifier else f"move.{way}", f"go.{way}")
    if modifiers & ~(Mod.KeypadModifier | Mod.ShiftModifier) or key not in KEYS:
        return ()
    if key == Key.Key_Delete and modifiers & Mod.ShiftModifier:
        return ("edit.delete_cut",)
    return KEYS[Key(key)]


def press(surface: Surface, event: QKeyEvent) -> bool:
    """Do what a key means; False if it means nothing here."""
    found = commands_of(event)
    surface.run(*found)
    return bool(found)


def tab(surface: Surface, forward: bool) -> bool:
    """Tab looks for a block to add, whatever is selected; Shift+Tab walks back through the blocks."""
    return surface.run("edit.search" if forward else "go.previous")


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
