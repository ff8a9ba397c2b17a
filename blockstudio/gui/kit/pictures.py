"""Pictures as the bytes of a file."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from blockstudio.formats import OUTLINES, PIXELS
from blockstudio.gui.kit.theme import theme

Paint = Callable[[QPainter], object]


def pixels_of(image: QImage, ending: str = PIXELS) -> bytes:
    """An image as a PNG file, or as what another ending means; empty where Qt does not write that."""
    data, buffer = QByteArray(), QBuffer()
    buffer.setBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, ending[1:].upper())  # type: ignore[call-overload]
    return bytes(data.data())


def picture_of(size: QSize, paint: Paint, ending: str) -> bytes:
    """What is painted as outlines, or as pixels, twice as many as it is large, on the panel's colour."""
    if ending == OUTLINES:
        data, buffer = QByteArray(), QBuffer()
        buffer.setBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(size)
        generator.setViewBox(QRect(0, 0, size.width(), size.height()))
        _painted(QPainter(generator), paint)
        return bytes(data.data())
    image = QImage(size * 2, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(2)
    image.fill(theme().panel)
    _painted(QPainter(image), paint)
    return pixels_of(image, ending)


def _painted(painter: QPainter, paint: Paint) -> None:
    paint(painter)
    painter.end()
