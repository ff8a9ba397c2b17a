"""A small sign for every block type: Concat and Add, maximum and mean tell apart at a glance."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

SIZE = 16
"""Pixels of a glyph's side at 100 %."""
Curve = Callable[[float], float]


def _pen(painter: QPainter, colour: QColor, width: float = 1.4) -> None:
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _lines(painter: QPainter, *points: tuple[float, float, float, float]) -> None:
    painter.drawLines([QLineF(*each) for each in points])


def _fill(painter: QPainter, colour: QColor, *boxes: tuple[float, float, float, float]) -> None:
    for box in boxes:
        painter.fillRect(QRectF(*box), colour)


def _grid(painter: QPainter, colour: QColor, cells: int, filled: tuple[tuple[int, int], ...]) -> None:
    """A square of cells, some of them filled."""
    side = 12 / cells
    faint = QColor(colour)
    faint.setAlpha(90)
    for x, y in filled:
        _fill(painter, colour, (2 + x * side, 2 + y * side, side, side))
    _pen(painter, faint, 1)
    for step in range(1, cells):
        at = 2 + step * side
        _lines(painter, (at, 2, at, 14), (2, at, 14, at))
    _pen(painter, colour, 1.3)
    painter.drawRoundedRect(QRectF(2, 2, 12, 12), 2, 2)


def _curve(painter: QPainter, colour: QColor, value: Curve, dip: float = 1.0, knees: tuple[float, ...] = ()) -> None:
    """A function between −3 and 3 over its axes; a value of 1 is two pixels high. ``dip`` makes what is below zero
    more than it is, where it would not be seen; a dot stands where a function of straight pieces bends (``knees``)."""
    faint = QColor(colour)
    faint.setAlpha(90)
    _pen(painter, faint, 1)
    _lines(painter, (1.5, 10, 14.5, 10), (8, 2, 8, 14))
    _pen(painter, colour, 1.5)

    def at(x: float) -> QPointF:
        y = value(x)
        return QPointF(8 + x * 2.1, 10 - 2.2 * max(-1.8, min(3.4, y if y > 0 else dip * y)))

    path = QPainterPath(at(-3))
    for step in range(1, 27):
        path.lineTo(at(-3 + step * 6 / 26))
    painter.drawPath(path)
    painter.setBrush(colour)
    for knee in knees:
        painter.drawEllipse(at(knee), 1.1, 1.1)


def _ring(painter: QPainter, colour: QColor, *lines: tuple[float, float, float, float]) -> None:
    _pen(painter, colour)
    painter.drawEllipse(QPointF(8, 8), 6, 6)
    _lines(painter, *lines)


def _arrow(painter: QPainter, colour: QColor, *lines: tuple[float, float, float, float]) -> None:
    _pen(painter, colour, 1.5)
    _lines(painter, *lines)


def _bars(painter: QPainter, colour: QColor, *heights: float) -> None:
    width = 12 / len(heights)
    _fill(painter, colour, *((2 + row * width + 0.5, 13 - high, width - 1, high) for row, high in enumerate(heights)))
    _pen(painter, colour, 1)
    _lines(painter, (1.5, 14, 14.5, 14))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-1.6 * x))


def _elu(x: float) -> float:
    return x if x > 0 else math.exp(x) - 1


def _layers(painter: QPainter, colour: QColor, count: int) -> None:
    _pen(painter, colour, 1.2)
    for step in range(count):
        painter.drawRect(QRectF(2 + 2.5 * step, 7 - 2.5 * step, 7, 7))


def _dot(painter: QPainter, colour: QColor) -> None:
    _grid(painter, colour, 1, ())
    painter.setBrush(colour)
    painter.drawEllipse(QPointF(8, 8), 2, 2)


def _arc(painter: QPainter, colour: QColor) -> None:
    _pen(painter, colour, 1.5)
    path = QPainterPath(QPointF(3, 13))
    path.cubicTo(3, 0, 12, 0, 12, 11)
    painter.drawPath(path)
    _lines(painter, (9.5, 8.5, 12, 11), (14.5, 8.5, 12, 11))


def _slice(painter: QPainter, colour: QColor) -> None:
    _fill(painter, colour, (2, 3, 3, 10))
    _pen(painter, colour, 1.2)
    painter.drawRect(QRectF(6.5, 3, 3, 10))
    painter.drawRect(QRectF(11, 3, 3, 10))


def _module(painter: QPainter, colour: QColor) -> None:
    _pen(painter, colour, 1.3)
    painter.drawRoundedRect(QRectF(2, 2, 12, 12), 2, 2)
    _fill(painter, colour, (4.5, 4.5, 2.5, 7), (9, 4.5, 2.5, 3), (9, 8.5, 2.5, 3))


def _maximum(painter: QPainter, colour: QColor) -> None:
    """Channels of which the largest goes on."""
    _fill(painter, colour, (6.2, 2, 3.6, 12))
    _pen(painter, colour, 1)
    painter.drawRect(QRectF(2.5, 8, 3, 5.5))
    painter.drawRect(QRectF(10.5, 6, 3, 7.5))


def _bell(painter: QPainter, colour: QColor, left: float, top: float, wide: float, high: float) -> QPainterPath:
    path = QPainterPath(QPointF(left, top + high))
    for step in range(1, 25):
        x = -1 + step / 12
        path.lineTo(QPointF(left + wide * (x + 1) / 2, top + high * (1 - math.exp(-7 * x * x))))
    _pen(painter, colour, 1.3)
    return path


def _full_bell(painter: QPainter, colour: QColor) -> None:
    path = _bell(painter, colour, 1.5, 3, 13, 10)
    painter.setBrush(colour)
    painter.drawPath(path)


def _framed_bell(painter: QPainter, colour: QColor) -> None:
    """One map of one picture on its own."""
    painter.drawPath(_bell(painter, colour, 3.5, 5, 9, 6))
    painter.drawRoundedRect(QRectF(2, 2, 12, 12), 2, 2)


def _graph(painter: QPainter, colour: QColor, *lines: tuple[float, float, float, float]) -> None:
    """A function's line before (faint) and after, over its axes."""
    faint = QColor(colour)
    faint.setAlpha(90)
    _pen(painter, faint, 1)
    _lines(painter, (2, 2, 2, 14), (2, 14, 14, 14))
    _lines(painter, lines[0])
    _pen(painter, colour, 1.6)
    _lines(painter, *lines[1:])


def _shifted(painter: QPainter, colour: QColor) -> None:
    """Bars of one height, each raised by an amount of its own."""
    _fill(painter, colour, (2.3, 8.5, 2.6, 4.5), (6.7, 3, 2.6, 4.5), (11.1, 6, 2.6, 4.5))
    _pen(painter, colour, 1)
    _lines(painter, (1.5, 14, 14.5, 14))


def _between(painter: QPainter, colour: QColor) -> None:
    """Two samples, and one made between them."""
    _pen(painter, colour, 1.2)
    _lines(painter, (3, 12.5, 6.3, 9.5), (9.7, 6.5, 13, 3.5))
    painter.drawEllipse(QPointF(8, 8), 2.2, 2.2)
    painter.setBrush(colour)
    painter.drawEllipse(QPointF(3, 12.5), 1.6, 1.6)
    painter.drawEllipse(QPointF(13, 3.5), 1.6, 1.6)


def _grown(painter: QPainter, colour: QColor) -> None:
    """A small map that becomes a large one."""
    _pen(painter, colour, 1.3)
    painter.drawRoundedRect(QRectF(2, 2, 12, 12), 2, 2)
    _fill(painter, colour, (2, 8.5, 5.5, 5.5))
    _lines(painter, (8.5, 7.5, 12, 4), (9, 4, 12, 4), (12, 4, 12, 7))


def _edged(painter: QPainter, colour: QColor) -> None:
    """A map whose edge is filled from its inside."""
    faint = QColor(colour)
    faint.setAlpha(110)
    _fill(painter, faint, (2, 2, 12, 12))
    _fill(painter, colour, (5, 5, 6, 6))
    _pen(painter, colour, 1.3)
    painter.drawRoundedRect(QRectF(2, 2, 12, 12), 2, 2)


def _surrounded(painter: QPainter, colour: QColor) -> None:
    """A map with nothing around it."""
    _fill(painter, colour, (5, 5, 6, 6))
    _pen(painter, colour, 1.3)
    _lines(painter, *((x, y, x + 2, y) for y in (2, 14) for x in (2, 7, 12)))
    _lines(painter, *((x, y, x, y + 2) for x in (2, 14) for y in (2, 7, 12)))


def _upper(painter: QPainter, colour: QColor) -> None:
    """Of two lines the upper one, wherever they are."""
    faint = QColor(colour)
    faint.setAlpha(110)
    _pen(painter, faint, 1.2)
    _lines(painter, (8, 8.5, 2.5, 13), (8, 8.5, 13.5, 13))
    _pen(painter, colour, 1.7)
    painter.drawPolyline([QPointF(2.5, 3.5), QPointF(8, 8.5), QPointF(13.5, 3.5)])


def _crossed_out(painter: QPainter, colour: QColor) -> None:
    """A whole map that is left out."""
    _pen(painter, colour)
    painter.drawRect(QRectF(2, 4.5, 9.5, 9.5))
    _lines(painter, (4.5, 2, 14, 2), (14, 2, 14, 11.5), (2, 14, 11.5, 4.5))


def _jumped(painter: QPainter, colour: QColor) -> None:
    """A block that the signal may jump over."""
    _fill(painter, colour, (5.5, 8.5, 5, 5))
    _pen(painter, colour)
    path = QPainterPath(QPointF(1.8, 12))
    path.cubicTo(3, 2, 13, 2, 14.2, 12)
    painter.drawPath(path)


def _sum(painter: QPainter, colour: QColor) -> None:
    _pen(painter, colour, 1.6)
    points = ((12.5, 5), (12.5, 3), (3.5, 3), (8.5, 8), (3.5, 13), (12.5, 13), (12.5, 11))
    painter.drawPolyline([QPointF(*each) for each in points])


_MIDDLE = ((1, 1),)
_ALL = tuple((x, y) for x in range(3) for y in range(3))
_CORNERS = (
    (3, 3, 6, 3), (3, 3, 3, 6), (13, 3, 10, 3), (13, 3, 13, 6), (3, 13, 6, 13), (3, 13, 3, 10), (13, 13, 10, 13),
    (13, 13, 13, 10),
)  # fmt: skip
_DRAW: dict[str, Callable[[QPainter, QColor], None]] = {
    "Input": lambda p, c: _arrow(p, c, (2, 8, 10, 8), (7, 5, 10, 8), (7, 11, 10, 8), (13, 2.5, 13, 13.5)),
    "Output": lambda p, c: _arrow(p, c, (6, 8, 14, 8), (11, 5, 14, 8), (11, 11, 14, 8), (3, 2.5, 3, 13.5)),
    "AuxOutput": lambda p, c: _arrow(p, c, (3, 2, 3, 11), (3, 11, 12, 11), (9, 8, 12, 11), (9, 14, 12, 11)),
    "Conv2d": lambda p, c: _grid(p, c, 3, _ALL[1::2] + _MIDDLE),
    "1×1 Conv": lambda p, c: _grid(p, c, 3, _MIDDLE),
    "DepthwiseConv2d": lambda p, c: _layers(p, c, 3),
    "PixelLinear": lambda p, c: _grid(p, c, 2, ((0, 0),)),
    "ChannelConv1d": lambda p, c: _bars(p, c, 4, 9, 4),
    "ConvTranspose2d": lambda p, c: _grid(p, c, 3, ((0, 0), (2, 0), (0, 2), (2, 2))),
    "MaxPool2d": lambda p, c: _grid(p, c, 2, ((1, 0),)),
    "MaxPool2d, same size": lambda p, c: _grid(p, c, 3, ((2, 0),)),
    "AvgPool2d": lambda p, c: _grid(p, c, 2, ((0, 0), (1, 0), (0, 1), (1, 1))),
    "GlobalAvgPool": _dot,
    "AdaptiveAvgPool2d": lambda p, c: _grid(p, c, 3, ()),
    "Mean": lambda p, c: _ring(p, c, (4.5, 8, 11.5, 8)),
    "Statistic": lambda p, c: _arrow(p, c, (3, 4, 3, 12), (13, 4, 13, 12), (3, 8, 13, 8)),
    "GeM": lambda p, c: _curve(p, c, lambda x: 0.3 * x**4),
    "Upsample": _grown,
    "Interpolate": _between,
    "Rescale": lambda p, c: _arrow(p, c, (3, 13, 10, 6), (6, 6, 10, 6), (10, 10, 10, 6), (3, 9, 3, 13), (3, 13, 7, 13)),
    "PixelShuffle": lambda p, c: _grid(p, c, 4, ((0, 0), (1, 0), (0, 1), (1, 1))),
    "PixelUnshuffle": lambda p, c: _grid(p, c, 4, ((0, 0), (2, 0), (0, 2), (2, 2))),
    "ChannelMax": _maximum,
    "BatchNorm2d": lambda p, c: _curve(p, c, lambda x: 3.2 * math.exp(-x * x)),
    "BatchNorm1d": _full_bell,
    "LayerNorm": lambda p, c: _bars(p, c, 6, 6, 6),
    "GroupNorm": lambda p, c: _bars(p, c, 9, 9, 5, 5),
    "InstanceNorm2d": _framed_bell,
    "RMSNorm": lambda p, c: _arrow(p, c, (2, 9, 4.5, 9), (4.5, 9, 7, 13), (7, 13, 9.5, 3), (9.5, 3, 14, 3)),
    "UnitLength": lambda p, c: _arrow(p, c, (3, 13, 12, 4), (7, 4, 12, 4), (12, 9, 12, 4)),
    "LocalResponseNorm": lambda p, c: _bars(p, c, 3, 7, 11, 7, 3),
    "ReLU": lambda p, c: _curve(p, c, lambda x: max(0.0, x)),
    "ReLU6": lambda p, c: _curve(p, c, lambda x: max(0.0, min(2.0, 1.6 * x)), knees=(0.0, 1.25)),
    "LeakyReLU": lambda p, c: _curve(p, c, lambda x: x if x > 0 else 0.22 * x),
    "PReLU": lambda p, c: _curve(p, c, lambda x: x if x > 0 else 0.6 * x),
    "ELU": lambda p, c: _curve(p, c, _elu),
    "SiLU": lambda p, c: _curve(p, c, lambda x: x * _sigmoid(x), 6.0),
    "GELU": lambda p, c: _curve(p, c, lambda x: x / (1 + math.exp(-2.4 * x)), 7.0),
    "Mish": lambda p, c: _curve(p, c, lambda x: x * math.tanh(math.log1p(math.exp(x))), 2.2),
    "Sigmoid": lambda p, c: _curve(p, c, lambda x: 2.6 * _sigmoid(x)),
    "Tanh": lambda p, c: _curve(p, c, lambda x: 1.5 * math.tanh(1.5 * x)),
    "Hardswish": lambda p, c: _curve(p, c, lambda x: x * max(0.0, min(1.0, x / 3 + 0.5)), 3.0, (-1.5, 1.5)),
    "Hardsigmoid": lambda p, c: _curve(p, c, lambda x: 2.6 * max(0.0, min(1.0, x / 3 + 0.5)), 1.0, (-1.5, 1.5)),
    "Hardtanh": lambda p, c: _curve(p, c, lambda x: max(-1.2, min(1.2, 1.6 * x)), 1.0, (-0.75, 0.75)),
    "Clamp": lambda p, c: _curve(p, c, lambda x: max(-0.6, x), knees=(-0.6,)),
    "SELU": lambda p, c: _curve(p, c, lambda x: 1.05 * _elu(1.3 * x)),
    "CELU": lambda p, c: _curve(p, c, lambda x: 0.6 * _elu(1.6 * x)),
    "Softplus": lambda p, c: _curve(p, c, lambda x: math.log1p(math.exp(x))),
    "LogSoftmax": lambda p, c: _curve(p, c, lambda x: math.log(max(0.1, x + 1.8))),
    "Function": lambda p, c: _curve(p, c, lambda x: 1.6 * math.sin(2 * x) + 0.6),
    "Pow": lambda p, c: _curve(p, c, lambda x: 0.5 * x * x),
    "GLU": lambda p, c: _bars(p, c, 9, 9, 0, 5),
    "Softmax": lambda p, c: _bars(p, c, 3, 11, 5, 2),
    "GroupSoftmax": lambda p, c: _bars(p, c, 4, 11, 0, 9, 5),
    "Concat": lambda p, c: _fill(p, c, (2, 3, 3, 10), (6.5, 3, 3, 10), (11, 3, 3, 10)),
    "Add": lambda p, c: _ring(p, c, (4.5, 8, 11.5, 8), (8, 4.5, 8, 11.5)),
    "Multiply": lambda p, c: _ring(p, c, (5.5, 5.5, 10.5, 10.5), (5.5, 10.5, 10.5, 5.5)),
    "Maximum": _upper,
    "Minimum": lambda p, c: _graph(p, c, (2, 14, 7.5, 8), (7.5, 8, 13, 13)),
    "BroadcastAdd": lambda p, c: _arrow(p, c, (2, 8, 8, 8), (5, 5, 5, 11), (10, 4, 14, 4), (10, 12, 14, 12)),
    "Quotient": lambda p, c: _arrow(p, c, (11, 2, 5, 14), (2, 5, 5, 5), (11, 11, 14, 11)),
    "GroupSum": _sum,
    "ShortcutA": _arc,
    "LayerScale": lambda p, c: _bars(p, c, 4, 8, 11),
    "LearnedShift": _shifted,
    "Scale": lambda p, c: _graph(p, c, (2, 14, 13, 9), (2, 14, 11, 3)),
    "Offset": lambda p, c: _graph(p, c, (2, 14, 13, 9), (2, 7.5, 13, 2.5)),
    "Divide": lambda p, c: _fill(p, c, (3, 7.1, 10, 1.8), (6.8, 3, 2.4, 2.4), (6.8, 10.6, 2.4, 2.4)),
    "ChannelConstant": lambda p, c: _bars(p, c, 9, 9, 4),
    "SpatialConcat": lambda p, c: _fill(p, c, (3, 2, 10, 3), (3, 6.5, 10, 3), (3, 11, 10, 3)),
    "Linear": lambda p, c: _arrow(p, c, (3, 3, 13, 3), (3, 3, 13, 13), (3, 13, 13, 3), (3, 13, 13, 13)),
    "Flatten": lambda p, c: _fill(p, c, (2, 7, 2.4, 2.4), (5.2, 7, 2.4, 2.4), (8.4, 7, 2.4, 2.4), (11.6, 7, 2.4, 2.4)),
    "Unflatten": lambda p, c: _fill(p, c, (4, 4, 3, 3), (9, 4, 3, 3), (4, 9, 3, 3), (9, 9, 3, 3)),
    "Dropout": lambda p, c: _ring(p, c, (4, 12, 12, 4)),
    "ZeroPad2d": _surrounded,
    "ConstantPad2d": lambda p, c: _fill(p, c, (2, 2, 12, 3), (2, 11, 12, 3), (2, 5, 3, 6), (11, 5, 3, 6)),
    "BorderPad2d": _edged,
    "Dropout2d": _crossed_out,
    "AlphaDropout": lambda p, c: _arrow(p, c, (3, 13, 13, 3), (3, 3, 7, 3), (3, 3, 3, 7), (13, 9, 13, 13)),
    "Crop2d": lambda p, c: _arrow(p, c, (5, 2, 5, 11), (5, 11, 14, 11), (2, 5, 11, 5), (11, 5, 11, 14)),
    "Identity": lambda p, c: _arrow(p, c, (2, 8, 14, 8), (11, 5, 14, 8), (11, 11, 14, 8)),
    "ChannelShuffle": lambda p, c: _arrow(p, c, (3, 4, 13, 12), (3, 12, 13, 4), (10, 4, 13, 4), (10, 12, 13, 12)),
    "Chunk": lambda p, c: _arrow(p, c, (3, 8, 7, 8), (7, 8, 13, 3), (7, 8, 13, 13)),
    "ChannelSlice": _slice,
    "Permute": lambda p, c: _arrow(p, c, (3, 5, 13, 5), (10, 2.5, 13, 5), (3, 11, 13, 11), (6, 13.5, 3, 11)),
    "Foreign": lambda p, c: _arrow(p, c, *_CORNERS),
    "ForeignMerge": lambda p, c: _arrow(p, c, *_CORNERS, (5.5, 8, 10.5, 8), (8, 5.5, 8, 10.5)),
    "StochasticDepth": _jumped,
}  # fmt: skip
_FAMILY: dict[str, str] = {
    "convolution": "Conv2d", "pooling": "AvgPool2d", "normalisation": "BatchNorm2d", "activation": "ReLU",
    "merge": "Mean", "head": "Identity",
}  # fmt: skip


def draw_type_glyph(
    painter: QPainter, at: QPointF, type_name: str, family: str, colour: QColor, title: str = ""
) -> None:
    """Draw a type's sign, `SIZE` pixels square, with its upper left corner at ``at``. A palette's entry with a sign
    of its own (``title``) has that one; a type without one the sign of its family."""
    draw = _DRAW.get(title) or _DRAW.get(type_name) or _DRAW.get(_FAMILY.get(family, ""), _module)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(at)
    draw(painter, colour)
    painter.restore()


def has_glyph(type_name: str) -> bool:
    """Whether a type has a sign of its own."""
    return type_name in _DRAW
