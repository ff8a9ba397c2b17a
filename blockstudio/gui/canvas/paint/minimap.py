"""The whole level, small, in the corner, with the part in view outlined. Shows only while not all is in view."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPixmap

from blockstudio.gui.canvas.paint.style import Style
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.metrics import RADIUS
from blockstudio.gui.canvas.scene.projection import Projection

WIDTH, HEIGHT, EDGE, PAD = 104, 120, 12, 10
MANY = 150
"""So many blocks take so long to draw that it is left to a frame of its own."""


class Minimap:
    """A picture of the drawing from far, made anew only when the drawing has changed."""

    def __init__(self) -> None:
        self._picture: QPixmap | None = None
        self._key: tuple[object, ...] = ()
        self._camera = Projection()
        self.made = 0
        """How often the picture was drawn."""
        self.waits = False
        """The drawing has changed since: the next frame draws the picture, if nothing changes again."""
        self._coming: tuple[object, ...] = ()

    def rect(self, size: QSize) -> QRectF:
        """Where it stands in a viewport of ``size``."""
        return QRectF(size.width() - WIDTH - EDGE, size.height() - HEIGHT - EDGE, WIDTH, HEIGHT)

    def shows(self, drawing: Drawing, camera: Projection, size: QSize) -> bool:
        """Whether part of the drawing lies outside the viewport, and there is room for the map."""
        bounds = drawing.bounds
        if bounds.isEmpty() or size.width() < 4 * WIDTH or size.height() < 3 * HEIGHT:
            return False
        view = camera.rect_to_scene(QRectF(0, 0, size.width(), size.height()))
        return not view.contains(bounds)

    def paint(
        self, painter: QPainter, drawing: Drawing, camera: Projection, size: QSize, style: Style, ratio: float
    ) -> None:
        """Draw it. Viewport coordinates."""
        rect = self.rect(size)
        key = (drawing.serial, drawing.version, style.theme.name, ratio)
        # Of a large drawing the frame that shows a change itself is not held up.
        self.waits = key not in (self._key, self._coming) and len(drawing) >= MANY
        self._coming = key
        if key != self._key and not self.waits:
            self._key, self._picture = key, self._make(drawing, style, ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(style.pill_border)
        painter.setBrush(style.card)
        painter.drawRoundedRect(rect, RADIUS, RADIUS)
        if self._picture is not None:
            painter.drawPixmap(rect.topLeft(), self._picture)
        view = camera.rect_to_scene(QRectF(0, 0, size.width(), size.height()))
        seen = self._camera.rect_to_view(view).translated(rect.topLeft()).intersected(rect.adjusted(2, 2, -2, -2))
        painter.setPen(style.hovered)
        painter.setBrush(style.accent_veil)
        painter.drawRoundedRect(seen, 2, 2)

    def _make(self, drawing: Drawing, style: Style, ratio: float) -> QPixmap:
        self.made += 1
        picture = QPixmap(QSize(round(WIDTH * ratio), round(HEIGHT * ratio)))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        self._camera.fit_rect(drawing.bounds, QRectF(0, 0, WIDTH, HEIGHT), PAD)
        with QPainter(picture) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setTransform(self._camera.transform(), True)
            painter.setPen(Qt.PenStyle.NoPen)
            for each in drawing.areas():
                painter.setBrush(style.areas[each.colour][0])
                painter.drawRect(each.rect)
            for sheet in drawing.sheets():
                painter.setBrush(style.note_text[sheet.colour].brush())
                painter.drawRect(sheet.rect)
            painter.setPen(style.wire_far)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(drawing.far_path())
            painter.setPen(Qt.PenStyle.NoPen)
            # Cards of a long network would be thinner than a pixel: draw them at least that high.
            least = 2.2 / self._camera.scale
            for brush, rectangles in zip(style.families, drawing.far_rectangles(), strict=True):
                painter.setBrush(brush)
                if rectangles and rectangles[0].height() < least:
                    grow = (least - rectangles[0].height()) / 2
                    painter.drawRects([box.adjusted(0, -grow, 0, grow) for box in rectangles])
                elif rectangles:
                    painter.drawRects(rectangles)
            painter.setPen(style.frame_border)
            painter.setBrush(style.frame)
            painter.drawRects([drawing.rect(name) for name in drawing.frames])
        return picture

    def to_scene(self, at: QPointF, size: QSize) -> QPointF:
        """The scene point shown at a point of the map."""
        return self._camera.to_scene(at - self.rect(size).topLeft())
