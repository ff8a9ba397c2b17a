"""Figures for papers: a diagram as SVG, PDF or PNG, without a window or a display.

Texts are outlines in SVG, and texts with embedded fonts in PDF. The same diagram gives the same bytes.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import cast

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSizeF, QUuid
from PySide6.QtGui import QGuiApplication, QImage, QPageSize, QPainter, QPdfWriter
from PySide6.QtWidgets import QApplication

from blockstudio.analysis.costs import COSTS
from blockstudio.errors import StudioError
from blockstudio.formats import endings, format_of
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.expand import flatten
from blockstudio.graph.files import check_target, write_atomic
from blockstudio.gui.canvas.paint.legend import draw_legend, has_legend, legend_below
from blockstudio.gui.canvas.paint.painting import StagePainter
from blockstudio.gui.canvas.paint.style import Style
from blockstudio.gui.canvas.paint.vector import SvgPainter, number
from blockstudio.gui.canvas.scene.callouts import bounds_of
from blockstudio.gui.canvas.scene.metrics import LINE_PX
from blockstudio.gui.canvas.scene.stage import Stage
from blockstudio.gui.document.session import Session
from blockstudio.gui.figure.stage import stage_of
from blockstudio.gui.kit.theme import DARK, PAPER, Theme
from blockstudio.report.markup import escape
from blockstudio.text import join, say, say_many

MARGIN = 12.0
"""Around a figure, in pixels of the drawing."""
DPI, MM = 96.0, 25.4
"""Pixels of the drawing on an inch of paper when no width is asked for."""
SCALE = 2.0
"""Pixels of an image for a pixel of the drawing when no scale is asked for."""
SIDE, PIXELS = 32_000, 60_000_000
"""The largest image: beyond, programs refuse to open it."""
SHEET = 14_400.0
"""Points: the longest page that PDF knows."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What a figure shows, and how."""

    inside: str = ""
    """Path of an instance, or a module's name: its inside is drawn."""
    blocks: tuple[str, ...] = ()
    """Only these blocks of the level, with the wires among them; all without."""
    expand: int | tuple[str, ...] = 0
    """Modules open in place: so many levels of them, or those with these paths or names."""
    flat: bool = False
    """The network without modules: every copy of every block."""
    columns: int = 1
    bars: str = ""
    """What the bars on the cards show: one of `COSTS`, or nothing."""
    heat: str = ""
    """By what the cards are painted, with a legend: one of `COSTS`, or nothing."""
    dark: bool = False
    width: float | None = None
    """In millimetres."""
    scale: float | None = None
    """Of a PNG: pixels for a pixel of the drawing."""


def write_figure(
    diagram: Diagram, path: str | os.PathLike[str], wanted: Figure | None = None, *, force: bool = False
) -> str:
    """Write a figure to a ``.svg``, ``.pdf`` or ``.png`` file and return a few words on it. The file is complete or
    not there at all. Raises `StudioError` ``figure.*``, ``export.*``, ``file.write``."""
    target, wanted = Path(path), wanted or Figure()
    form = format_of(target.name, "figure")
    if form is None:
        raise StudioError(
            "export.kind",
            say("'{name}' does not end in {endings}.", name=target.name, endings=", ".join(endings("figure"))),
        )
    check_target(target, force)
    _check(wanted)
    start_qt()
    session = Session(flatten(diagram) if wanted.flat else diagram)
    try:
        session.heat = wanted.heat
        stage = stage_of(session, wanted.inside, wanted.blocks, wanted.expand, wanted.bars, wanted.columns)
        data, words = form.writer()(stage, wanted)
    finally:
        session.close()
    write_atomic(target, data)
    return join([say_many("{count} block", "{count:,} blocks", len(stage.drawing)), words], ", ")


def _check(wanted: Figure) -> None:
    unknown = next((name for name in (wanted.bars, wanted.heat) if name and name not in COSTS), "")
    if unknown:
        raise StudioError(
            "figure.bars",
            say("bars and colours cannot show '{bars}'.", bars=unknown),
            hint=say("Known: {costs}.", costs=", ".join(COSTS)),
        )
    if wanted.flat and (wanted.inside or wanted.expand):
        raise StudioError(
            "figure.flat",
            say("a flat network has no modules to look into or to expand."),
            hint=say("Leave one of them out."),
        )
    for name, value, low, high in (
        ("columns", wanted.columns, 1, 100),
        ("width", wanted.width, 10, 5000),
        ("scale", wanted.scale, 0.1, 20),
    ):
        if value is not None and not low <= value <= high:
            unit = " mm" if name == "width" else ""
            raise StudioError(
                f"figure.{name}",
                say(
                    "{name} must be from {low} to {high}{unit}, not {value:g}{unit}.",
                    name=name,
                    low=low,
                    high=high,
                    unit=unit,
                    value=value,
                ),
            )


def start_qt() -> None:
    """Fonts need an application; where there is none, one that needs no display."""
    if QApplication.instance() is None:
        if not sys.platform.startswith(("win", "darwin")):
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
        global _application
        _application = QApplication(["blockstudio"])


_application: QGuiApplication | None = None


# What they have in common


def look_of(wanted: Figure) -> Theme:
    """Dark, or the light colours on white."""
    return DARK if wanted.dark else PAPER


def sheet_of(stage: Stage) -> QRectF:
    """The paper, in scene coordinates."""
    bounds = bounds_of(stage)
    bounds = bounds.united(legend_below(bounds, stage.facts)) if has_legend(stage.facts) else bounds
    return (QRectF(-1, -1, 2, 2) if bounds.isEmpty() else bounds).adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)


def paint_figure(painter: QPainter | SvgPainter, stage: Stage, look: Theme) -> None:
    """The whole stage in scene coordinates."""
    # The scale only decides how much of a card shows: all of it.
    # A style of its own: that of the window may be in use on another thread.
    # An `SvgPainter` takes every call that the drawing of stages makes.
    on, style = cast(QPainter, painter), Style(look)
    StagePainter(on, 1.0, style, signs=False).paint(stage, sheet_of(stage))
    if has_legend(stage.facts):
        draw_legend(on, legend_below(bounds_of(stage), stage.facts).topLeft(), stage.facts, style)


def _size(stage: Stage, wanted: Figure, most: float = float("inf")) -> tuple[float, float, float]:
    """Width and height on paper in millimetres, and how much larger that is than 96 pixels an inch."""
    sheet = sheet_of(stage)
    natural = sheet.width() * MM / DPI
    factor = (wanted.width or natural) / natural
    factor = min(factor, most / (max(sheet.width(), sheet.height()) * MM / DPI))
    return natural * factor, sheet.height() * MM / DPI * factor, factor


def _title(stage: Stage) -> str:
    """The network's name, without signs that would make a file unreadable."""
    return "".join(letter if letter.isprintable() else " " for letter in stage.drawing.diagram.name)


def _words(width: float, height: float, factor: float) -> str:
    return f"{width:.0f} × {height:.0f} mm, texts of {LINE_PX * 72 / DPI * factor:.1f} pt"


# The three kinds of file


def svg(stage: Stage, wanted: Figure) -> tuple[bytes, str]:
    """The figure as SVG, and its size."""
    look, painter = look_of(wanted), SvgPainter()
    paint_figure(painter, stage, look)
    width, height, factor = _size(stage, wanted)
    sheet, title = sheet_of(stage), _title(stage)
    text = painter.document(sheet, f"{number(width)}mm", f"{number(height)}mm", title, look.canvas)
    return text.encode(), _words(width, height, factor)


def pdf(stage: Stage, wanted: Figure) -> tuple[bytes, str]:
    """The figure as a PDF of one page of its size, and that size."""
    look, sheet = look_of(wanted), sheet_of(stage)
    width, height, factor = _size(stage, wanted, SHEET * MM / 72)
    data, buffer = QByteArray(), QBuffer()
    buffer.setBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    device = QPdfWriter(buffer)
    # Qt keeps whole points.
    size = QSizeF(ceil(width * 72 / MM), ceil(height * 72 / MM))
    device.setPageSize(QPageSize(size, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch))
    device.setPageMargins(QMarginsF())
    device.setResolution(round(DPI))
    title = _title(stage)
    device.setTitle(title)
    device.setCreator("Block Studio")
    device.setDocumentId(QUuid())
    device.setDocumentXmpMetadata(QByteArray(_XMP.format(title=escape(title)).encode()))
    painter = QPainter(device)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.fillRect(painter.viewport(), look.canvas)
    painter.scale(factor, factor)
    painter.translate(-sheet.topLeft())
    paint_figure(painter, stage, look)
    painter.end()
    buffer.close()
    return undated(bytes(data.data())), _words(width, height, factor)


_XMP = """<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>
<rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title></rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end='w'?>"""


def undated(data: bytes) -> bytes:
    """A PDF without the time of its making: blanks in its place, so that nothing else moves."""
    head = data[:4096]
    head = re.sub(rb"/(CreationDate|ModDate) \(D:[^)]*\)", lambda found: b" " * len(found.group()), head)
    return head + data[4096:]


def png(stage: Stage, wanted: Figure) -> tuple[bytes, str]:
    """The figure as PNG, and its size."""
    look, sheet = look_of(wanted), sheet_of(stage)
    largest = min(SIDE / max(sheet.width(), sheet.height()), (PIXELS / (sheet.width() * sheet.height())) ** 0.5)
    if wanted.scale is not None and wanted.scale > largest:
        raise StudioError(
            "figure.size",
            say(
                "{width:.0f} × {height:.0f} pixels are too many.",
                width=sheet.width() * wanted.scale,
                height=sheet.height() * wanted.scale,
            ),
            hint=say("Use a scale of {largest:g} or less, or write SVG or PDF.", largest=int(largest * 100) / 100),
        )
    scale = wanted.scale or min(SCALE, largest)
    image = QImage(round(sheet.width() * scale), round(sheet.height() * scale), QImage.Format.Format_RGB32)
    if image.isNull():
        raise StudioError(
            "figure.size", say("there is not enough memory for this image."), hint=say("Use a smaller scale.")
        )
    dots = image.width() / _size(stage, wanted)[0] * 1000
    image.setDotsPerMeterX(round(dots))
    image.setDotsPerMeterY(round(dots))
    image.fill(look.canvas)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing, True)
    painter.scale(scale, scale)
    painter.translate(-sheet.topLeft())
    paint_figure(painter, stage, look)
    painter.end()
    data, buffer = QByteArray(), QBuffer()
    buffer.setBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # The bindings' hints ask for bytes where they take text alone.
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]
        raise StudioError(
            "figure.size", say("there is not enough memory for this image."), hint=say("Use a smaller scale.")
        )
    return bytes(data.data()), f"{image.width()} × {image.height()} pixels"
