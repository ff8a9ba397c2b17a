"""A level as an image, as it stands in the window: nothing clipped. Figures for papers are made by `gui.figure`."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QImage, QPainter

from blockstudio.gui.canvas.paint.background import paint_background
from blockstudio.gui.canvas.paint.legend import draw_legend, has_legend, legend_below
from blockstudio.gui.canvas.paint.painting import StagePainter
from blockstudio.gui.canvas.paint.saving import saved
from blockstudio.gui.canvas.paint.style import style_of
from blockstudio.gui.canvas.scene.callouts import bounds_of
from blockstudio.gui.canvas.scene.projection import Projection
from blockstudio.gui.canvas.scene.stage import Stage
from blockstudio.gui.kit.theme import DARK, LIGHT, Theme, theme

MARGIN = 32.0
LARGEST = 12_000
"""Pixels of an image's longer side: beyond, files are of no use to anybody."""


def paint_whole(painter: QPainter, stage: Stage, target: QRectF, look: Theme, dots: bool = True) -> None:
    """Paint the whole level into ``target``, as large as it fits (at most twice its size on screen)."""
    style, camera = style_of(look), Projection()
    bounds = bounds_of(stage)
    if bounds.isEmpty():
        bounds = QRectF(-1, -1, 2, 2)
    legend = legend_below(bounds, stage.facts) if has_legend(stage.facts) else None
    camera.fit_rect(bounds.united(legend) if legend is not None else bounds, target, MARGIN, largest=2.0)
    if dots:
        paint_background(painter, target, camera, style)
    with saved(painter):
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setTransform(camera.transform(), True)
        # Whatever the scale, a picture shows cards: nobody can zoom into it.
        StagePainter(painter, max(camera.scale, 1.0), style).paint(stage, camera.rect_to_scene(target))
        if legend is not None:
            draw_legend(painter, legend.topLeft(), stage.facts, style)


def natural_size(stage: Stage) -> QSize:
    """Twice the level's size on screen at 100 %, as far as an image can be that large."""
    bounds = bounds_of(stage)
    bounds = bounds.united(legend_below(bounds, stage.facts)) if has_legend(stage.facts) else bounds
    width, height = 2 * bounds.width() + 2 * MARGIN, 2 * bounds.height() + 2 * MARGIN
    shrink = min(1.0, LARGEST / max(width, height))
    return QSize(max(1, round(width * shrink)), max(1, round(height * shrink)))


def picture(stage: Stage, size: QSize | None = None, dark: bool | None = None) -> QImage:
    """The whole level as an image of ``size`` pixels, by default its `natural_size`."""
    look = theme() if dark is None else DARK if dark else LIGHT
    size = size if size is not None else natural_size(stage)
    image = QImage(size, QImage.Format.Format_RGB32)
    image.fill(look.canvas)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing, True)
    paint_whole(painter, stage, QRectF(0, 0, size.width(), size.height()), look)
    painter.end()
    return image
