"""A large level seen from far, kept as pixels: thousands of blocks are painted once and then moved and scaled.

Panning lays the same pixels down elsewhere. While the zoom changes they are scaled, roughly; when it rests they are
painted anew at the very zoom.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QPixmap

from blockstudio.gui.canvas.scene.projection import Projection

MANY = 1000
"""Below so many blocks painting is quick enough."""
MARGIN = 240
"""Pixels kept beyond each side of the window, for panning and zooming out."""
SMALLEST, LARGEST = 0.8, 1.35
"""How far pixels are scaled before they are painted anew."""


class FarLayer:
    """The pixels of one level at one zoom."""

    def __init__(self) -> None:
        self._pixels: QPixmap | None = None
        self._camera = Projection()
        """How they were painted: from the scene to the pixels."""
        self._key: object = None
        self.made = 0
        """How often they were painted."""

    def paint(
        self,
        painter: QPainter,
        key: object,
        camera: Projection,
        size: QSize,
        ratio: float,
        moving: bool,
        draw: Callable[[QPainter, Projection, QRectF], None],
    ) -> bool:
        """Lay the level down; False if it is to be painted as usual. ``key`` stands for all that it shows, ``draw``
        paints it through a camera into a rectangle. What changes with every frame is not kept."""
        known, self._key = self._key == key, key
        if not known:
            self._pixels = None
            return False
        if self._pixels is None or not self._covers(camera, size, moving):
            self._make(camera, size, ratio, draw)
        assert self._pixels is not None
        scale = camera.scale / self._camera.scale
        left, top = camera.x - scale * self._camera.x, camera.y - scale * self._camera.y
        if scale == 1.0:
            painter.drawPixmap(QPointF(round(left * ratio) / ratio, round(top * ratio) / ratio), self._pixels)
        else:
            width, height = size.width() + 2 * MARGIN, size.height() + 2 * MARGIN
            source = QRectF(0, 0, width * ratio, height * ratio)
            painter.drawPixmap(QRectF(left, top, width * scale, height * scale), self._pixels, source)
        return True

    def _covers(self, camera: Projection, size: QSize, moving: bool) -> bool:
        """Whether the pixels do for a view: they reach to its edges and are not scaled too much."""
        scale = camera.scale / self._camera.scale
        if scale != 1.0 and not (moving and SMALLEST <= scale <= LARGEST):
            return False
        left, top = camera.x - scale * self._camera.x, camera.y - scale * self._camera.y
        right = left + scale * (size.width() + 2 * MARGIN)
        bottom = top + scale * (size.height() + 2 * MARGIN)
        return left <= 0 and top <= 0 and right >= size.width() and bottom >= size.height()

    def _make(
        self, camera: Projection, size: QSize, ratio: float, draw: Callable[[QPainter, Projection, QRectF], None]
    ) -> None:
        self.made += 1
        self._camera = Projection(camera.scale, camera.x + MARGIN, camera.y + MARGIN)
        area = QRectF(0, 0, size.width() + 2 * MARGIN, size.height() + 2 * MARGIN)
        pixels = QPixmap((area.size() * ratio).toSize())
        pixels.setDevicePixelRatio(ratio)
        with QPainter(pixels) as painter:
            draw(painter, self._camera, area)
        self._pixels = pixels
