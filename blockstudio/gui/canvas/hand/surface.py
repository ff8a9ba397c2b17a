"""What a hand needs of the widget that it works on."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QPointF, QRectF, Qt

from blockstudio.gui.canvas.hand.start import Start
from blockstudio.gui.canvas.scene.camera import Camera
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.commands.registry import Commands


class Surface(Protocol):
    """A scene seen through a camera, on something that can be pointed at."""

    @property
    def scene(self) -> Scene: ...

    @property
    def camera(self) -> Camera: ...

    @property
    def commands(self) -> Commands[Any] | None:
        """The commands of the desk that the drawing stands on."""
        ...

    def run(self, *ids: str) -> bool:
        """Do the first of these commands that can be done; False if none can."""
        ...

    def view_rect(self) -> QRectF:
        """The visible part, in view coordinates."""
        ...

    def show_cursor(self, shape: Qt.CursorShape) -> None:
        """Give the mouse another look."""
        ...

    def zoom_on(self, factor: float, about: QPointF) -> None:
        """Zoom as one step of many, as a wheel does, ``about`` (view) staying where it is."""
        ...

    def map_point(self, at: QPointF, anywhere: bool = False) -> QPointF | None:
        """The scene point under a point of the view that lies on the small map, else ``None``; ``anywhere``: also
        beside the map, while the mouse is held."""
        ...

    def open(self, name: str) -> None:
        """Enter a module instance; for another block tell that its fields are wanted."""
        ...

    def toggle_frame(self, name: str) -> None:
        """Open a module instance in place, or shut it."""
        ...

    def reveal(self, block: str) -> None:
        """Bring a block into view."""
        ...

    def search(self, start: Start | None = None) -> None:
        """Open the search there, by default for what is selected."""
        ...

    def hide_search(self) -> None:
        """Shut the search, if it is open, and have the keyboard back."""
        ...


def on_stage(surface: Surface, at: QPointF) -> QPointF:
    """A point of the view, in the coordinates of the stage the user works on."""
    return surface.camera.to_scene(at) - surface.scene.offset


def from_stage(surface: Surface, point: QPointF) -> QPointF:
    """A point of the stage, in view coordinates."""
    return surface.camera.to_view(point + surface.scene.offset)
