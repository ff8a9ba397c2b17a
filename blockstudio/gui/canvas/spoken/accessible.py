"""The drawing for screen readers: a list whose items are the blocks and wires of the level, each with a name, a role, a
place and what is known of it.

Qt asks for the interface of an object; blocks are no objects, so the list makes the interfaces of its items itself, as
they are asked for. They stand in reading order, the wires behind the blocks.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol, cast
from weakref import WeakValueDictionary

from PySide6.QtCore import QObject, QPoint, QRect, QRectF
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface, QWindow
from PySide6.QtWidgets import QAccessibleWidget, QWidget
from shiboken6 import isValid

from blockstudio.graph.annotations import Annotation
from blockstudio.graph.diagram import Wire
from blockstudio.graph.operations.noting import is_there
from blockstudio.gui.canvas.scene.camera import Camera
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.canvas.scene.order import in_reading_order
from blockstudio.gui.canvas.scene.telling import describe, describe_annotation
from blockstudio.gui.kit.text import tr

Item = str | Wire | Annotation
"""A block's name, a wire, a note or a frame."""


class Surface(Protocol):
    """The widget with the drawing."""

    scene: Scene
    camera: Camera


class DrawingInterface(QAccessibleWidget):
    """The drawing itself: a list."""

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas, QAccessible.Role.List, tr("Drawing"))
        self.canvas = canvas
        self._version: tuple[int, int] = (-1, -1)
        self._items: list[Item] = []
        self._made: dict[Item, ItemInterface] = {}
        """Qt may hold any that it was given, so all are kept, those of blocks that are gone too."""

    @property
    def surface(self) -> Surface:
        """The same widget, for what is drawn on it."""
        return cast(Surface, self.canvas)

    def items(self) -> list[Item]:
        """What is drawn on the stage that the user works on."""
        drawing = self.surface.scene.drawing
        version = (drawing.serial, drawing.version)
        if version != self._version:
            self._version = version
            self._items = [*in_reading_order(drawing), *drawing.wires, *drawing.annotations()]
        return self._items

    def interface(self, item: Item) -> ItemInterface:
        """The interface of a block or wire."""
        if item not in self._made:
            self._made[item] = ItemInterface(self, item)
        return self._made[item]

    def childCount(self) -> int:
        return len(self.items())

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        items = self.items()
        return self.interface(items[index]) if 0 <= index < len(items) else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        if not isinstance(child, ItemInterface):
            return -1
        items = self.items()
        return items.index(child.item) if child.item in items else -1

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        for item in self.items():
            if self.interface(item).rect().contains(x, y):
                return self.interface(item)
        return None

    def focusChild(self) -> QAccessibleInterface | None:  # type: ignore[override]
        session = self.surface.scene.session
        chosen: tuple[Item, ...] = session.selection or session.noted
        if self.canvas.hasFocus() and chosen:
            return self.interface(chosen[-1])
        return None


class ItemInterface(QAccessibleInterface):
    """A block or a wire."""

    def __init__(self, owner: DrawingInterface, item: Item) -> None:
        super().__init__()
        self._owner, self.item = owner, item

    def isValid(self) -> bool:
        if not isValid(self._owner):
            return False
        drawing = self._owner.surface.scene.drawing
        if isinstance(self.item, Annotation):
            return is_there(drawing.definition, self.item)
        return self.item in (drawing.rows if isinstance(self.item, str) else drawing.wire_rows)

    def object(self) -> QObject | None:  # type: ignore[override]
        return None

    def window(self) -> QWindow | None:  # type: ignore[override]
        return self._owner.canvas.window().windowHandle()

    def parent(self) -> QAccessibleInterface:
        return self._owner

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def childCount(self) -> int:
        return 0

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return -1

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def role(self) -> QAccessible.Role:
        if isinstance(self.item, Annotation):
            return QAccessible.Role.Note if self.item.kind == "note" else QAccessible.Role.Grouping
        return QAccessible.Role.ListItem if isinstance(self.item, str) else QAccessible.Role.Link

    def text(self, which: QAccessible.Text) -> str:
        if not self.isValid():
            return ""
        facts = self._owner.surface.scene.stage.facts
        if isinstance(self.item, str):
            lines = describe(facts, self.item)
            if which == QAccessible.Text.Name:
                return ", ".join(lines[:2])
            return ", ".join(lines[2:]) if which == QAccessible.Text.Description else ""
        if isinstance(self.item, Annotation):
            lines = describe_annotation(facts.definition, self.item)
            if which == QAccessible.Text.Name:
                return ", ".join(lines)
            return ""
        if which == QAccessible.Text.Name:
            return tr("Wire from {0} to {1}", self.item.source, self.item.target)
        return facts.pill(self.item) if which == QAccessible.Text.Description else ""

    def setText(self, which: QAccessible.Text, text: str) -> None:
        """Names are changed by the command."""

    def rect(self) -> QRect:
        if not self.isValid():
            return QRect()
        scene, camera, canvas = self._owner.surface.scene, self._owner.surface.camera, self._owner.canvas
        if isinstance(self.item, str):
            drawn = scene.drawing.rect(self.item)
        elif isinstance(self.item, Annotation):
            drawn = scene.drawing.rect_of(self.item)
        else:
            drawn = scene.drawing.path(self.item).boundingRect()
        drawn = drawn.translated(scene.offset)
        seen = QRectF(camera.to_view(drawn.topLeft()), camera.to_view(drawn.bottomRight())).toAlignedRect()
        return seen.translated(canvas.mapToGlobal(QPoint()))

    def state(self) -> QAccessible.State:
        state = QAccessible.State()
        state.selectable = state.focusable = 1
        marks = self._owner.surface.scene.marks
        chosen = self.item in marks.selected or self.item in marks.wires or self.item in marks.noted
        state.selected = int(chosen)
        shown = self._owner.canvas.rect().translated(self._owner.canvas.mapToGlobal(QPoint()))
        state.offscreen = int(not shown.intersects(self.rect()))
        return state


_SPOKEN: WeakValueDictionary[int, QWidget] = WeakValueDictionary()
_MADE: list[DrawingInterface] = []
"""All that Qt was given: it deletes them with their drawing, and may hold their items longer."""


def speak(canvas: QWidget) -> None:
    """Let screen readers find the blocks and wires of a drawing."""
    _SPOKEN[id(canvas)] = canvas
    _install()


def speak_focus(canvas: QWidget) -> None:
    """Tell a screen reader that listens which block was selected last."""
    if not QAccessible.isActive():
        return
    spoken = QAccessible.queryAccessibleInterface(canvas)
    child = spoken.focusChild() if spoken is not None else None
    if child is not None:
        focus = QAccessibleEvent(canvas, QAccessible.Event.Focus)
        focus.setChild(spoken.indexOfChild(child))
        QAccessible.updateAccessibility(focus)


@cache
def _install() -> None:
    QAccessible.installFactory(_interface)


def _interface(key: str, asked: QObject) -> QAccessibleInterface | None:
    """Called by Qt for every object; ``None`` leaves it to Qt. Each call gives another interface: Qt asks again when
    the object's class is another, as PySide makes it with new connections, and would delete the same one twice."""
    canvas = _SPOKEN.get(id(asked))
    if canvas is None or canvas is not asked:
        return None
    _MADE.append(DrawingInterface(canvas))
    return _MADE[-1]
