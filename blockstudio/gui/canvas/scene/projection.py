"""Which part of the drawing the window shows, and how large."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QTransform

from blockstudio.gui.canvas.scene.metrics import ZOOM_MAX, ZOOM_MIN


@dataclass
class Projection:
    """Scene to viewport: ``view = scale · scene + (x, y)``."""

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def to_view(self, p: QPointF) -> QPointF:
        return QPointF(self.scale * p.x() + self.x, self.scale * p.y() + self.y)

    def to_scene(self, p: QPointF) -> QPointF:
        return QPointF((p.x() - self.x) / self.scale, (p.y() - self.y) / self.scale)

    def rect_to_view(self, r: QRectF) -> QRectF:
        return QRectF(
            self.scale * r.x() + self.x, self.scale * r.y() + self.y, self.scale * r.width(), self.scale * r.height()
        )

    def rect_to_scene(self, r: QRectF) -> QRectF:
        return QRectF(
            (r.x() - self.x) / self.scale,
            (r.y() - self.y) / self.scale,
            r.width() / self.scale,
            r.height() / self.scale,
        )

    def transform(self) -> QTransform:
        return QTransform(self.scale, 0, 0, self.scale, self.x, self.y)

    def shift(self, dx: float, dy: float) -> None:
        self.x += dx
        self.y += dy

    def scale_about(self, scale: float, about: QPointF) -> None:
        """Another scale, the scene point under ``about`` (viewport) staying where it is."""
        scale = min(ZOOM_MAX, max(ZOOM_MIN, scale))
        ratio = scale / self.scale
        self.x = about.x() - (about.x() - self.x) * ratio
        self.y = about.y() - (about.y() - self.y) * ratio
        self.scale = scale

    def fit_rect(self, scene: QRectF, view: QRectF, margin: float = 32.0, largest: float = 1.0) -> None:
        """Show all of ``scene`` in the middle of ``view``, not larger than ``largest``."""
        width, height = max(1.0, view.width() - 2 * margin), max(1.0, view.height() - 2 * margin)
        scale = min(width / max(1.0, scene.width()), height / max(1.0, scene.height()), largest)
        self.scale = min(ZOOM_MAX, max(ZOOM_MIN, scale))
        self.centre(scene.center(), view)

    def centre(self, scene: QPointF, view: QRectF) -> None:
        """Bring a scene point to the middle of ``view``."""
        self.x = view.center().x() - self.scale * scene.x()
        self.y = view.center().y() - self.scale * scene.y()
