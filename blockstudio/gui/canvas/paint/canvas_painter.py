"""One frame of the canvas: ground, level, notes, what a gesture shows, map and hints, in this order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QRegion

from blockstudio.gui.canvas.paint.background import paint_background
from blockstudio.gui.canvas.paint.callouts import draw_callout
from blockstudio.gui.canvas.paint.far import CROWD, MANY, MARGIN, FarLayer
from blockstudio.gui.canvas.paint.legend import WIDTH as LEGEND_WIDTH
from blockstudio.gui.canvas.paint.legend import draw_legend, has_legend, legend_height
from blockstudio.gui.canvas.paint.lit import draw_lit, draw_thumbnail
from blockstudio.gui.canvas.paint.minimap import Minimap
from blockstudio.gui.canvas.paint.overlays import (
    draw_band,
    draw_coming,
    draw_guides,
    draw_letters,
    draw_loose_wire,
    draw_stroke,
    draw_words,
)
from blockstudio.gui.canvas.paint.painting import Painted, StagePainter, draw_repeating, is_far
from blockstudio.gui.canvas.paint.preview import draw_figures, draw_preview
from blockstudio.gui.canvas.paint.saving import saved
from blockstudio.gui.canvas.paint.sprites import MOST_NEW, Sprites
from blockstudio.gui.canvas.paint.style import Style, style_of
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.metrics import LINES, STRIPE
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.canvas.scene.overlay import Band, Carried, Coming, Letters, LooseWire, Overlay, Stroke
from blockstudio.gui.canvas.scene.preview import Preview
from blockstudio.gui.canvas.scene.projection import Projection
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import theme

TILE = 5
"""So many blocks, about, are in a tile of what is kept as pixels."""
LEGEND_EDGE = 12
"""Pixels from the legend to the window's corner."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is painted on: its size, the part of it that is wanted (both in pixels), and device pixels a pixel."""

    size: QSize
    area: QRectF
    ratio: float


class CanvasPainter:
    """Paints a scene through a camera, and keeps what can be laid down again."""

    def __init__(self) -> None:
        self.painted = Painted()
        """What the last frame cost."""
        self.minimap = Minimap()
        self.sprites = Sprites()
        self.far = FarLayer()
        self._shown = -1
        """The serial of the drawing that was shown last."""

    @property
    def waits(self) -> bool:
        """Whether something was left to the next frame, for this one to be quick."""
        return self.far.waits or self.sprites.put_off or self.minimap.waits

    def paint(self, painter: QPainter, sheet: Sheet, scene: Scene, camera: Projection, overlay: Overlay | None) -> None:
        """One frame."""
        self.painted = Painted()
        style, drawing = style_of(theme()), scene.root.drawing
        self.sprites.begin(first=drawing.serial != self._shown)
        self._shown = drawing.serial
        if scene.preview is not None:
            self._paint_preview(painter, sheet, scene.preview, camera, style)
            return
        if not self._lay_down(painter, sheet, scene, camera, style):
            self._paint_level(painter, scene, camera, sheet.area, style)
        with saved(painter):
            painter.setTransform(camera.transform(), True)
            if scene.session.lit:
                draw_lit(painter, scene.lit_rects(), style)
                if camera.scale >= LINES:  # the light's outline is not to run over it
                    painter.translate(scene.offset)
                    draw_repeating(painter, scene.stage, scene.marks, style)
                    painter.translate(-scene.offset)
            if (thumbnail := scene.thumbnail()) is not None:
                draw_thumbnail(painter, *thumbnail, style)
            if camera.scale >= LINES:
                for note in scene.notebook.notes:
                    draw_callout(painter, note, style, scene.notebook.link)
                self.painted.notes += len(scene.notebook.notes)
            if isinstance(overlay, Coming):
                draw_coming(painter, overlay, style)
            elif isinstance(overlay, Carried) and overlay.guides is not None:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
                draw_guides(painter, overlay.guides, camera.scale, style)
            elif isinstance(overlay, Stroke):
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
                draw_stroke(painter, overlay, style)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        if isinstance(overlay, Band):
            draw_band(painter, overlay, style)
        elif isinstance(overlay, Letters):
            draw_letters(painter, overlay, camera, style)
        elif isinstance(overlay, Carried):
            draw_words(painter, overlay.at, overlay.text, style.theme.accent, sheet.size, style)
        elif isinstance(overlay, LooseWire):
            draw_loose_wire(painter, overlay, camera, sheet.size, style)
        if self.minimap.shows(drawing, camera, sheet.size):
            self.minimap.paint(painter, drawing, camera, sheet.size, style, sheet.ratio)
        else:
            self.minimap.waits = False
        if has_legend(scene.root.facts):
            mapped = self.minimap.shows(drawing, camera, sheet.size)
            draw_legend(painter, legend_corner(scene, camera, sheet.size, mapped), scene.root.facts, style)
        _paint_hint(painter, sheet, scene, isinstance(overlay, Coming), style)

    def _paint_level(
        self, painter: QPainter, scene: Scene, camera: Projection, area: QRectF, style: Style,
        seen: QRectF | None = None,
    ) -> None:  # fmt: skip
        """The ground and the level, through a camera; ``area`` in pixels, what is ``seen`` in all in the scene."""
        paint_background(painter, area, camera, style)
        with saved(painter):
            painter.setTransform(camera.transform(), True)
            marks = {scene.stage.path: scene.marks}
            stages = StagePainter(
                painter, camera.scale, style, marks, self.painted, self.sprites, asides=scene.gliding.asides()
            )
            stages.paint(scene.root, camera.rect_to_scene(area), seen)

    def _paint_preview(
        self, painter: QPainter, sheet: Sheet, preview: Preview, camera: Projection, style: Style
    ) -> None:
        """The level as it would be, and what would change."""
        paint_background(painter, sheet.area, camera, style)
        with saved(painter):
            painter.setTransform(camera.transform(), True)
            stages = StagePainter(painter, max(camera.scale, LINES), style, {}, self.painted, self.sprites)
            stages.paint(preview.stage, camera.rect_to_scene(sheet.area))
            draw_preview(painter, preview, style)
        draw_figures(painter, preview, sheet.size, style)

    def _lay_down(self, painter: QPainter, sheet: Sheet, scene: Scene, camera: Projection, style: Style) -> bool:
        """Lay down what was painted before, if the level is crowded; False if it is to be painted."""
        drawing, size, ratio = scene.root.drawing, sheet.size, sheet.ratio
        seen = camera.rect_to_scene(QRectF(0, 0, size.width(), size.height()))
        crowd = sum(stage.drawing.count_in(seen.translated(-offset), 8) for stage, offset in scene.stages())
        far = is_far(camera.scale, drawing.count_in(seen, 8))
        if (crowd < CROWD and not (far and len(drawing) >= MANY)) or scene.gliding.asides():
            self.far.forget()
            return False
        stages = tuple((stage.drawing.serial, stage.drawing.version, stage.facts.serial) for stage, _ in scene.stages())
        marks = scene.marks
        key = stages, vars(marks).copy(), scene.stage.path, style.theme.name, size.width(), size.height(), ratio
        share = (1 + 2 * MARGIN / size.width()) * (1 + 2 * MARGIN / size.height())
        tiles = 1 if far and not drawing.frames else 2 + int(crowd * share / TILE)

        def draw(own: QPainter, through: Projection, area: QRectF, whole: bool) -> tuple[int, bool]:
            # At the very zoom of the pixels; where it is whole, how many tiles a frame has bounds it.
            made, moving = self.sprites.made, self.sprites.moving
            self.sprites.moving, self.sprites.first, self.sprites.hurried = False, whole, moving
            try:
                self._paint_level(own, scene, through, area, style, seen)
            finally:
                self.sprites.moving, self.sprites.first, self.sprites.hurried = moving, False, False
            return self.sprites.made - made, not self.sprites.put_off

        if self.far.paint(painter, key, camera, size, ratio, self.sprites.moving, tiles, MOST_NEW, draw):
            return True
        laid = self.far.lay_part(painter, camera, size, self.sprites.moving)
        if laid is None:
            return False
        edges = cast(Iterable[QRect], QRegion(QRect(QPoint(), size)) - QRegion(laid.toRect()))
        for edge in edges:
            with saved(painter):
                painter.setClipRect(edge)
                if self.sprites.moving:
                    _paint_edge(painter, QRectF(edge), drawing, camera, style)
                else:
                    self._paint_level(painter, scene, camera, QRectF(edge), style, seen)
        return True


def _paint_edge(painter: QPainter, edge: QRectF, drawing: Drawing, camera: Projection, style: Style) -> None:
    """Around what is laid down, while the zoom changes: until there are new pixels, empty cards do."""
    paint_background(painter, edge, camera, style)
    painter.setTransform(camera.transform(), True)
    area = camera.rect_to_scene(edge)
    painter.setPen(style.wire_far)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(drawing.path_of(drawing.wires_in(area)))
    painter.setPen(style.border_far)
    painter.setBrush(style.card)
    rows = drawing.rows_in(area, 8)
    painter.drawRects([drawing.rectangles[row] for row in rows])
    painter.setPen(Qt.PenStyle.NoPen)
    for brush, boxes in zip(style.families, drawing.rectangles_of(rows), strict=True):
        painter.setBrush(brush)
        painter.drawRects([QRectF(box.x(), box.y(), STRIPE, box.height()) for box in boxes])


def legend_corner(scene: Scene, camera: Projection, size: QSize, mapped: bool) -> QPointF:
    """The corner of the view with the fewest cards in it; not the lower right while the small map stands there."""
    height = legend_height(scene.root.facts)
    right, low = size.width() - LEGEND_WIDTH - LEGEND_EDGE, size.height() - height - LEGEND_EDGE
    corners = [QPointF(LEGEND_EDGE, low), QPointF(LEGEND_EDGE, LEGEND_EDGE), QPointF(right, LEGEND_EDGE)]
    corners += [] if mapped else [QPointF(right, low)]

    def covered(corner: QPointF) -> int:
        area = camera.rect_to_scene(QRectF(corner.x(), corner.y(), LEGEND_WIDTH, height))
        return scene.root.drawing.count_in(area, 24)

    return min(corners, key=covered)


def _paint_hint(painter: QPainter, sheet: Sheet, scene: Scene, coming: bool, style: Style) -> None:
    """What stands on the canvas when there is nothing on it, or nothing yet."""
    empty = not len(scene.drawing)
    if scene.staging.busy:
        text = tr("Arranging…")
    elif empty and not coming:
        text = tr("Drag blocks here from the palette")
    else:
        return
    painter.setFont(style.line_font)
    painter.setPen(style.secondary)
    place = Qt.AlignmentFlag.AlignHCenter | (Qt.AlignmentFlag.AlignVCenter if empty else Qt.AlignmentFlag.AlignTop)
    painter.drawText(QRectF(0, 0, sheet.size.width(), sheet.size.height()).adjusted(8, 8, -8, -8), int(place), text)


def paint_fault(painter: QPainter, sheet: Sheet, reason: str) -> None:
    """One sentence where the drawing would stand, if it cannot be painted."""
    style = style_of(theme())
    painter.fillRect(sheet.area, style.canvas)
    painter.setFont(style.line_font)
    painter.setPen(style.secondary)
    place = QRectF(0, 0, sheet.size.width(), sheet.size.height()).adjusted(24, 24, -24, -24)
    text = tr("This level cannot be painted: {0}. Undo the last change, or go to another level.", reason)
    painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap), text)
