"""A lesson's results as a file: HTML with everything inside, or PDF."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QDate, QIODevice, QLocale, QMarginsF, QSize, Qt
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter, QPdfWriter, QTextDocument

from blockstudio.analysis import analyze
from blockstudio.errors import StudioError
from blockstudio.formats import PRINTED
from blockstudio.graph.files import write_atomic
from blockstudio.gui.canvas.paint.thumbnail import thumbnail
from blockstudio.gui.kit.pictures import pixels_of
from blockstudio.gui.kit.theme import PAPER, font
from blockstudio.gui.lessons.progress import Progress
from blockstudio.lessons import Step, Walk
from blockstudio.lessons.results import Given, results
from blockstudio.text import language, say

WIDTH, HEIGHT, RATIO = 720, 620, 1.5
"""Of a drawing in pixels of the page, and pixels of the picture for each."""
WEB = ".html"


def drawing(walk: Walk) -> Callable[[Step], bytes | None]:
    """Makes the drawings of a lesson's steps, light on white."""

    def draw(step: Step) -> bytes | None:
        made = walk.made(step)
        if made is None or not len(made.diagram.main):
            return None
        steps = thumbnail(made.diagram, analyze(made.diagram), QSize(WIDTH, HEIGHT), RATIO, PAPER, figure=True)
        return pixels_of(_trimmed([*steps][-1]))

    return draw


def _trimmed(image: QImage) -> QImage:
    """On white, without what is empty above and below."""
    page = QImage(image.size(), QImage.Format.Format_RGB32)
    page.fill(Qt.GlobalColor.white)
    painter = QPainter(page)
    plain = QImage(image)
    plain.setDevicePixelRatio(1)
    painter.drawImage(0, 0, plain)
    painter.end()
    small = page.convertToFormat(QImage.Format.Format_Grayscale8)
    stride = small.bytesPerLine()
    data = bytes(small.constBits())
    rows = [row for row in range(small.height()) if min(data[row * stride : row * stride + small.width()]) < 250]
    if not rows:
        return page
    top, bottom = max(0, rows[0] - 12), min(page.height(), rows[-1] + 13)
    return page.copy(0, top, page.width(), bottom - top)


def page_of(walk: Walk, progress: Progress, when: str) -> str:
    """The results as HTML."""
    given = {
        id: Given(each.given, each.state, each.tries, each.first, each.shown) for id, each in progress.answers.items()
    }
    return results(walk, given, when, drawing(walk))


def today() -> str:
    """The date as the reader writes it."""
    return QLocale(language()).toString(QDate.currentDate(), QLocale.FormatType.LongFormat)


def write(walk: Walk, progress: Progress, file: Path, when: str) -> None:
    """Write the results; the ending says how. Raises `StudioError` ``file.*``, ``lesson.*``."""
    page = page_of(walk, progress, when)
    write_atomic(file, _pdf(page) if file.suffix.lower() == PRINTED else page.encode())


def _pdf(page: str) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(18, 16, 18, 16), QPageLayout.Unit.Millimeter)
    writer.setResolution(96)
    document = QTextDocument()
    document.setDefaultFont(font(12))
    document.setHtml(_for_paper(page, writer.width()))
    document.setPageSize(QSize(writer.width(), writer.height()).toSizeF())
    document.print_(writer)
    buffer.close()
    if not data.size():
        raise StudioError("file.write", say("the page could not be printed."))
    return bytes(data.data())


def _for_paper(page: str, width: int) -> str:
    """What Qt's texts know: pictures with a width, curves as pictures."""

    def picture(found: re.Match[str]) -> str:
        image = QImage.fromData(found[0].encode())
        shown = base64.b64encode(pixels_of(image)).decode()
        return f'<img src="data:image/png;base64,{shown}">'

    page = re.sub(r"<svg.*?</svg>", picture, page, flags=re.DOTALL)
    return page.replace("<img ", f'<img width="{min(width - 60, WIDTH)}" ')  # the body has margins
