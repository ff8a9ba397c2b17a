"""A level as a picture, for a file, a paper or a page: nothing clipped, nothing of the window in it."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSize, QSizeF
from PySide6.QtGui import QImage, QPageSize, QPainter, QPdfWriter

from blockstudio.errors import StudioError
from blockstudio.gui.canvas.background import paint_background
from blockstudio.gui.canvas.camera import Camera
from blockstudio.gui.canvas.notes import draw_note, make_notes, noted
from blockstudio.gui.canvas.painting import Stage, StagePainter
from blockstudio.gui.canvas.style import style_of
from blockstudio.gui.theme import DARK, LIGHT, Theme, theme

MARGIN = 32.0
LARGEST = 12_000
"""Pixels of an image's longer side: beyond, files are of no use to anybody."""


def bounds_of(stage: Stage) -> QRectF:
    """Everything that is drawn: blocks, wires and notes."""
    bounds = QRectF(stage.drawing.bounds)
    for note in make_notes(stage, noted(stage, ())):
        bounds = bounds.united(note.rect)
    return bounds


def paint_whole(painter: QPainter, stage: Stage, target: QRectF, look: Theme, dots: bool = True) -> None:
    """Paint the whole level into ``target``, as large as it fits (at most twice its size on screen)."""
    style, camera = style_of(look), Camera()
    bounds = bounds_of(stage)
    if bounds.isEmpty():
        bounds = QRectF(-1, -1, 2, 2)
    camera.fit(bounds, target, MARGIN, largest=2.0)
    if dots:
        paint_background(painter, target, camera, style)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setTransform(camera.transform(), True)
    # Whatever the scale, a picture shows cards: nobody can zoom into it.
    StagePainter(painter, max(camera.scale, 1.0), style).paint(stage, camera.rect_to_scene(target))
    for note in make_notes(stage, noted(stage, ())):
        draw_note(painter, note, style, None)
    painter.restore()


def natural_size(stage: Stage) -> QSize:
    """Twice the level's size on screen at 100 %, as far as an image can be that large."""
    bounds = bounds_of(stage)
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


KINDS = (".png", ".svg", ".pdf")
"""What a picture can be written as; the last two as lines and texts, for papers."""
POINTS = 0.75
"""Points of a page for a pixel of the drawing at 100 %."""


def write(stage: Stage, path: str | os.PathLike[str], dark: bool | None = None) -> Path:
    """Write the whole level to a file of one of `KINDS`. Raises `StudioError` ``picture.kind`` or ``file.write``."""
    target = Path(path)
    kind = target.suffix.lower()
    if kind not in KINDS:
        raise StudioError(
            "picture.kind", f"a picture cannot be written as '{kind}'.", where=str(target),
            hint="Use " + ", ".join(KINDS) + ".",
        )  # fmt: skip
    if kind == ".png":
        written = picture(stage, None, dark).save(str(target))
    else:
        written = _write_lines(stage, target, theme() if dark is None else DARK if dark else LIGHT)
    if not written:
        raise StudioError("file.write", "the picture cannot be written.", where=str(target))
    return target


def _write_lines(stage: Stage, target: Path, look: Theme) -> bool:
    from PySide6.QtSvg import QSvgGenerator  # not needed to open the window

    bounds = bounds_of(stage)
    width, height = bounds.width() + 2 * MARGIN, bounds.height() + 2 * MARGIN
    sheet = QRectF(0, 0, width, height)
    if target.suffix.lower() == ".pdf":
        device: QPdfWriter | QSvgGenerator = QPdfWriter(str(target))
        device.setPageSize(QPageSize(QSizeF(width, height) * POINTS, QPageSize.Unit.Point))
        device.setPageMargins(QMarginsF())
        device.setResolution(round(72 / POINTS))
    else:
        device = QSvgGenerator()
        device.setFileName(str(target))
        device.setSize(sheet.size().toSize())
        device.setViewBox(sheet)
        device.setResolution(96)
    painter = QPainter()
    if not painter.begin(device):
        return False
    if look.dark:
        painter.fillRect(sheet, look.canvas)
    paint_whole(painter, stage, sheet, look, dots=False)
    return painter.end()
