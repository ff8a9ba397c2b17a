"""A figure that is an SVG, in the window's colours."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget

from blockstudio.gui.kit.pictures import pixels_of
from blockstudio.gui.kit.theme import FACE, notifier, theme
from blockstudio.report.chart import FACES, recoloured


class FigureView(QWidget):
    """Shows an SVG as wide as there is room, at most a fifth larger than it is."""

    def __init__(self) -> None:
        super().__init__()
        self.svg = ""
        self._renderer = QSvgRenderer(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        notifier.changed.connect(self._draw)

    def show_svg(self, svg: str) -> None:
        """Show another figure; an empty one shows nothing."""
        self.svg = svg
        self._draw()

    def _draw(self) -> None:
        colours = theme()
        names = (colour.name() for colour in (colours.text, colours.secondary, colours.hairline, colours.panel))
        self._renderer.load(QByteArray(recoloured(_faced(self.svg), *names).encode() if self.svg else b"<svg/>"))
        self.setVisible(bool(self.svg))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return self._renderer.defaultSize()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(self._fitted(width).height())

    def _fitted(self, width: int) -> QRectF:
        own = self._renderer.defaultSize()
        if own.width() <= 0:
            return QRectF()
        scale = min(width / own.width(), 1.2)
        return QRectF(0, 0, own.width() * scale, own.height() * scale)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._renderer.render(painter, self._fitted(self.width()))


def png_of(svg: str) -> bytes:
    """A figure on white paper as a PNG file, twice as large as it is drawn."""
    renderer = QSvgRenderer(QByteArray(_faced(svg).encode()))
    image = QImage(renderer.defaultSize() * 2, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter)
    painter.end()
    return pixels_of(image)


def _faced(svg: str) -> str:
    """In the window's own face: Qt's renderer takes a list of faces for the name of one."""
    return svg.replace(f'font-family="{FACES}"', f'font-family="{FACE}"')
